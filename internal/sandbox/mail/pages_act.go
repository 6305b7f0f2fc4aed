package mail

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxMemory is how much of a form is kept in memory; larger files wait on the disk.
const maxMemory = 8 << 20

var errLookOnly = errors.New("signoff writes and moves this mail by itself: be somebody else to write")

func (p *pages) postAs(w http.ResponseWriter, r *http.Request) {
	if someone, err := p.Person(r.PostFormValue("who")); err == nil {
		http.SetCookie(w, &http.Cookie{Name: actorCookie, Value: url.QueryEscape(someone.Address), Path: p.opt.Prefix + "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	http.Redirect(w, r, p.opt.Prefix+"/", http.StatusSeeOther) // the letter on the page may be none of theirs
}

// compose shows an empty letter, to the product unless said otherwise.
func (p *pages) compose(w http.ResponseWriter, r *http.Request) {
	v := p.view(r, "Write a letter", "new")
	if v.Me.Service {
		v.Error = errLookOnly.Error()
		p.render(w, http.StatusForbidden, "message", v)
		return
	}
	v.Form.To = r.URL.Query().Get("to")
	for _, someone := range p.People() {
		if someone.Service {
			v.Form.To = cmp.Or(v.Form.To, someone.Address)
		}
	}
	p.render(w, http.StatusOK, "new", v)
}

func (p *pages) postNew(w http.ResponseWriter, r *http.Request) {
	files, err := uploads(r)
	me := p.me(r)
	f := form{To: r.PostFormValue("to"), Cc: r.PostFormValue("cc"), Subject: strings.TrimSpace(r.PostFormValue("subject")), Text: r.PostFormValue("text"), From: strings.TrimSpace(r.PostFormValue("from"))}
	d := Draft{Subject: f.Subject, Text: f.Text, Files: files, ForgeFrom: f.From}
	if err == nil {
		d.To, err = split(f.To)
	}
	if err == nil {
		d.Cc, err = split(f.Cc)
	}
	switch {
	case err != nil:
	case me.Service:
		err = errLookOnly
	default:
		_, err = p.send(me, d)
	}
	if err != nil {
		v := p.view(r, "Write a letter", "new")
		v.Error, v.Form = sentence(err), f
		p.render(w, http.StatusBadRequest, "new", v)
		return
	}
	http.Redirect(w, r, p.opt.Prefix+"/boxes/"+sent, http.StatusSeeOther)
}

// split reads the addresses of a field.
func split(field string) (out []string, err error) {
	field = strings.Trim(strings.ReplaceAll(field, ";", ","), ", ")
	if field == "" {
		return nil, nil
	}
	list, err := addresses.ParseList(field)
	if err != nil {
		return nil, fmt.Errorf("%q is no list of mail addresses", field)
	}
	return named(list), nil
}

// uploads are the files of a form.
func uploads(r *http.Request) (out []File, err error) {
	err = r.ParseMultipartForm(maxMemory)
	if errors.Is(err, http.ErrNotMultipart) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the form cannot be read: %w", err)
	}
	defer r.MultipartForm.RemoveAll()
	for _, h := range r.MultipartForm.File["files"] {
		if h.Filename == "" {
			continue
		}
		in, err := h.Open()
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", h.Filename, err)
		}
		data, err := io.ReadAll(in)
		_ = in.Close() // it was read
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", h.Filename, err)
		}
		out = append(out, File{Name: h.Filename, Type: h.Header.Get("Content-Type"), Data: data})
	}
	return out, nil
}

func (p *pages) postReply(w http.ResponseWriter, r *http.Request) {
	files, err := uploads(r)
	me := p.me(r)
	l, _, ok := p.mine(r)
	if !ok {
		p.nothing(w, r)
		return
	}
	id, text, quoted := "", r.PostFormValue("text"), r.PostFormValue("quoted") == "yes"
	switch {
	case err != nil:
	case me.Service:
		err = errLookOnly
	default:
		id, err = p.reply(me, l, Draft{Text: text, Files: files, quoted: quoted}, r.PostFormValue("to") == "all")
	}
	if err != nil {
		p.show(w, r, http.StatusBadRequest, func(v *view) { v.Error, v.Form.Text, v.Letter.Between = sentence(err), text, quoted })
		return
	}
	to := p.pathOf(l)
	for _, own := range p.Letters(me.Address, sent) {
		if own.MessageID() == id {
			to = p.pathOf(own)
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (p *pages) away(w http.ResponseWriter, r *http.Request) {
	v := p.view(r, "Out of office", "away")
	if v.Away.Text == "" {
		v.Form.Text = "I am away until Monday and read no mail."
	}
	p.render(w, http.StatusOK, "away", v)
}

func (p *pages) postAway(w http.ResponseWriter, r *http.Request) {
	text := strings.TrimSpace(strings.ReplaceAll(r.PostFormValue("text"), "\r\n", "\n"))
	away := Away{Text: text, Rude: r.PostFormValue("rude") == "yes"}
	if r.PostFormValue("what") == "off" {
		away = Away{}
	}
	err := error(nil)
	switch me := p.me(r); {
	case me.Service:
		err = errLookOnly
	case away.Text == "" && r.PostFormValue("what") != "off":
		err = errors.New("write what people are to be told")
	default:
		err = p.SetAway(me.Address, away)
	}
	if err != nil {
		v := p.view(r, "Out of office", "away")
		v.Error = sentence(err)
		p.render(w, http.StatusBadRequest, "away", v)
		return
	}
	http.Redirect(w, r, p.opt.Prefix+"/away", http.StatusSeeOther)
}

// sentence is an error as people read it.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
