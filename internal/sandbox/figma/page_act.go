package figma

import (
	"net/http"
	"strings"
)

// What the forms of a file's page do. Each returns the place on the page to go to.

// form is who sends a form about which file, and the words in it.
func (p *pages) form(r *http.Request) (who, key, words string) {
	return p.actor(r).ID, r.PathValue("key"), strings.ReplaceAll(r.PostFormValue("words"), "\r\n", "\n")
}

func (p *pages) save(r *http.Request) (string, error) {
	who, key, words := p.form(r)
	_, err := p.SaveVersionAs(who, key, r.PostFormValue("title"), words)
	return "#history", err
}

func (p *pages) draw(r *http.Request) (string, error) {
	who, key, _ := p.form(r)
	_, err := p.AutosaveAs(who, key)
	return "#history", err
}

func (p *pages) rename(r *http.Request) (string, error) {
	who, key, _ := p.form(r)
	return "", p.RenameFile(who, key, r.PostFormValue("title"))
}

func (p *pages) discard(r *http.Request) (string, error) {
	who, key, _ := p.form(r)
	return "", p.DeleteFile(who, key)
}

func (p *pages) comment(r *http.Request) (string, error) {
	who, key, words := p.form(r)
	made, err := p.CommentAs(who, key, r.PostFormValue("frame"), words)
	return "#" + made.ID, err
}

func (p *pages) reply(r *http.Request) (string, error) {
	who, key, words := p.form(r)
	made, err := p.ReplyAs(who, key, r.PostFormValue("id"), words)
	return "#" + made.ID, err
}

func (p *pages) edit(r *http.Request) (string, error) {
	who, key, words := p.form(r)
	id := r.PostFormValue("id")
	return "#" + id, p.EditCommentAs(who, key, id, words)
}

func (p *pages) resolve(r *http.Request) (string, error) {
	who, key, _ := p.form(r)
	return "#comments", p.ResolveAs(who, key, r.PostFormValue("id"), r.PostFormValue("resolved") == "yes")
}

func (p *pages) remove(r *http.Request) (string, error) {
	who, key, _ := p.form(r)
	return "#comments", p.DeleteCommentAs(who, key, r.PostFormValue("id"))
}
