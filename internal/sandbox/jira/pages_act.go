package jira

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Forms of an issue's page beyond moving, commenting and editing.

// typed returns a text of a form with the line ends of Jira.
func typed(r *http.Request, name string) string {
	return strings.ReplaceAll(r.PostFormValue(name), "\r\n", "\n")
}

// formVisibility reads "role:Developers"; "" is everybody.
func formVisibility(r *http.Request) *Visibility {
	kind, value, ok := strings.Cut(r.PostFormValue("visibility"), ":")
	if !ok {
		return nil
	}
	return &Visibility{Type: kind, Value: value}
}

func (p *pages) postComment(w http.ResponseWriter, r *http.Request) {
	_, err := p.WriteCommentAs(p.actor(r).AccountID, r.PathValue("key"), CommentDraft{Body: typed(r, "text"), Visibility: formVisibility(r)})
	p.after(w, r, err)
}

// postCommentEdit changes text and visibility of a comment at once.
func (p *pages) postCommentEdit(w http.ResponseWriter, r *http.Request) {
	d := CommentDraft{Body: typed(r, "edited"), Visibility: formVisibility(r)}
	p.after(w, r, p.ChangeCommentAs(p.actor(r).AccountID, r.PathValue("key"), r.PathValue("id"), d))
}

func (p *pages) postCommentDelete(w http.ResponseWriter, r *http.Request) {
	p.after(w, r, p.DeleteCommentAs(p.actor(r).AccountID, r.PathValue("key"), r.PathValue("id")))
}

func (p *pages) postAttach(w http.ResponseWriter, r *http.Request) {
	f, head, err := r.FormFile("file")
	if err != nil {
		p.after(w, r, refused("Choose a file of at most %s.", size(p.opt.UploadLimit)))
		return
	}
	defer f.Close()
	content, err := io.ReadAll(f)
	if err == nil {
		_, err = p.AttachAs(p.actor(r).AccountID, r.PathValue("key"), head.Filename, content)
	}
	p.after(w, r, err)
}

func (p *pages) postDetach(w http.ResponseWriter, r *http.Request) {
	p.after(w, r, p.DetachAs(p.actor(r).AccountID, r.PathValue("key"), r.PathValue("id")))
}

// download sends a file as one to keep, never as a page of this site.
func (p *pages) download(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	_, f := p.file(r.PathValue("id"))
	p.mu.Unlock()
	if f == nil || f.name != r.PathValue("name") {
		p.fail(w, r, http.StatusNotFound, "There is no such file.")
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	sendFile(w, r, f)
}

func (p *pages) postSubtask(w http.ResponseWriter, r *http.Request) {
	iss, ok := p.Issue(r.PathValue("key"))
	if !ok {
		p.after(w, r, ErrNoIssue)
		return
	}
	sub := p.project(iss.Project).typ(func(t *IssueType) bool { return t.Subtask })
	if sub == nil {
		p.after(w, r, refused("This project has no sub-tasks."))
		return
	}
	body, err := json.Marshal(object{"fields": object{"project": object{"key": iss.Project}, "issuetype": object{"id": sub.ID},
		"parent": object{"key": iss.Key}, "summary": r.PostFormValue("subtask")}})
	if err == nil {
		_, err = p.CreateAs(p.actor(r).AccountID, body)
	}
	p.after(w, r, err)
}

func (p *pages) postProject(w http.ResponseWriter, r *http.Request) {
	key, err := p.ProjectAs(p.actor(r).AccountID, r.PathValue("key"), r.PostFormValue("project"))
	if err != nil {
		p.after(w, r, err)
		return
	}
	http.Redirect(w, r, p.path("browse", key), http.StatusSeeOther)
}

func (p *pages) postArchive(w http.ResponseWriter, r *http.Request) {
	p.after(w, r, p.ArchiveAs(p.actor(r).AccountID, r.PathValue("key"), r.PostFormValue("on") == "true"))
}

// postHide takes the issue out of the product's sight, as a security level does.
func (p *pages) postHide(w http.ResponseWriter, r *http.Request) {
	p.after(w, r, p.HideIssue(r.PathValue("key"), r.PostFormValue("on") == "true"))
}

func (p *pages) postHold(w http.ResponseWriter, r *http.Request) {
	p.HoldWebhooks()
	http.Redirect(w, r, p.path("webhooks"), http.StatusSeeOther)
}

// postRelease lets the held webhooks go: as they are, the last first, each twice, or not at all.
func (p *pages) postRelease(w http.ResponseWriter, r *http.Request) {
	arrange := map[string]func([]Webhook) []Webhook{
		"":         nil,
		"reversed": func(all []Webhook) []Webhook { slices.Reverse(all); return all },
		"twice":    func(all []Webhook) []Webhook { return append(all, all...) },
		"lost":     func([]Webhook) []Webhook { return nil },
	}
	how, ok := arrange[r.PostFormValue("how")]
	if !ok {
		p.fail(w, r, http.StatusUnprocessableEntity, "Webhooks are released as they are, reversed, twice or not at all.")
		return
	}
	p.ReleaseWebhooks(how)
	http.Redirect(w, r, p.path("webhooks"), http.StatusSeeOther)
}

func (p *pages) postDelete(w http.ResponseWriter, r *http.Request) {
	if err := p.DeleteAs(p.actor(r).AccountID, r.PathValue("key")); err != nil {
		p.after(w, r, err)
		return
	}
	http.Redirect(w, r, p.path(), http.StatusSeeOther)
}

// postHook switches a webhook on or off or deletes it, as an administrator of the site would.
func (p *pages) postHook(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err == nil {
		switch r.PathValue("what") {
		case "enable", "disable":
			err = p.EnableHook(id, r.PathValue("what") == "enable")
		case "delete":
			err = p.DeleteHook(id)
		default:
			err = ErrNoHook
		}
	}
	if err != nil {
		p.fail(w, r, http.StatusNotFound, "There is no such webhook.")
		return
	}
	http.Redirect(w, r, p.path("webhooks"), http.StatusSeeOther)
}

// readersOf is the choice of who sees a comment.
type readersOf struct {
	ID    string // of the comment; "new" for one that is being written
	Roles []string
	Now   string // the role that sees it; "" = everybody
}

func readers(roles []string, written ...remark) readersOf {
	out := readersOf{ID: "new", Roles: roles}
	for _, c := range written {
		out.ID = c.ID
		if c.Visibility != nil {
			out.Now = c.Visibility.Value
		}
	}
	return out
}

// size writes a number of bytes for people.
func size(n int) string {
	switch {
	case n < 1<<10:
		return strconv.Itoa(n) + " bytes"
	case n < 1<<20:
		return strconv.Itoa((n+512)>>10) + " kB"
	}
	return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB"
}
