package confluence

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

//go:embed web
var web embed.FS

const (
	actorCookie = "confluence_sandbox_as"
	maxForm     = 512 << 10
	pagePolicy  = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// site draws the pages that people see.
type site struct {
	*Server
	root      string // path of everything but the assets
	templates *template.Template
}

// Pages serves the spaces and their pages, where people read, write, label and comment. Addresses are those of the edition.
func (s *Server) Pages() http.Handler {
	p := &site{Server: s, root: s.opt.Prefix + s.wiki()}
	p.templates = template.Must(template.New("").Funcs(template.FuncMap{
		"at": func(t time.Time) string { return t.In(s.opt.Zone).Format("2 Jan 2006, 15:04") }, "initials": initials,
		"tint": func(name string) int { return len(name) % 6 }, "path": s.pathOf,
	}).ParseFS(web, "web/*.html"))
	mux := http.NewServeMux()
	at := func(pattern string, do http.HandlerFunc) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+p.root+path, do)
	}
	mux.HandleFunc("GET "+s.opt.Prefix+"/assets/{name}", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, web, "web/"+r.PathValue("name"))
	})
	if s.cloud() {
		mux.Handle("GET "+s.opt.Prefix+"/{$}", http.RedirectHandler(p.root+"/", http.StatusSeeOther))
	}
	at("GET /{$}", p.home)
	at("POST /as", p.actAs)
	at("GET /spaces/{space}", p.list)
	at("GET /spaces/{space}/overview", p.list)
	at("GET /spaces/{space}/new", p.blank)
	at("POST /spaces/{space}/new", p.make)
	at("GET /spaces/{space}/pages/{id}", p.read)
	at("GET /spaces/{space}/pages/{id}/{title...}", p.read)
	at("GET /spaces/{space}/blog/{year}/{month}/{day}/{id}/{title...}", p.read)
	at("GET /spaces/{space}/pages/edit-v2/{id}", p.write)
	at("POST /spaces/{space}/pages/edit-v2/{id}", p.publish)
	at("POST /spaces/{space}/pages/{id}/{act}", p.act)
	at("GET /x/{tiny}", p.find)
	at("GET /display/{space}/{title}", p.find)
	at("GET /pages/viewpage.action", p.find)
	sameSite := http.NewCrossOriginProtection()
	return sameSite.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		mux.ServeHTTP(w, r)
	}))
}

func initials(name string) string {
	var out string
	for _, part := range strings.Fields(name) {
		r, _ := utf8.DecodeRuneInString(part)
		out += string(r)
	}
	return strings.ToUpper(string([]rune(out)[:min(2, utf8.RuneCountInString(out))]))
}

// pathOf is where a page is read.
func (s *Server) pathOf(p Page) string {
	return s.opt.Prefix + strings.TrimPrefix(p.URL, s.opt.BaseURL)
}

// view is what every page shows.
type view struct {
	Title, Kind, Error       string
	Prefix, Root, Back, Here string
	Label                    string
	Actor                    User
	People                   []User
	Spaces                   []Space
	Space                    *Space
	List, Trash              []Page // of the space, or of all
	Page                     *Page
	Body                     template.HTML // from render, which leaves nothing unsafe
	Labelled                 bool
	Said                     []line
	History                  []line
	Form                     *form
}

type line struct {
	ID, By  string
	At      time.Time
	Body    template.HTML
	Version int
	Edited  bool
}

// form is what a page is written in: simple text, or storage format.
type form struct {
	Action, Title, Text, Cancel string
	Storage                     bool   // it is storage format
	Other                       string // where the other way to write is; "" = there is none
	Version                     int    // that was seen
}

func (p *site) actor(r *http.Request) *User {
	if c, err := r.Cookie(actorCookie); err == nil {
		if u := p.byAccount(c.Value); u != nil {
			return u
		}
	}
	return p.users[0]
}

func (p *site) view(r *http.Request, title string) view {
	me := p.actor(r)
	v := view{Title: title, Prefix: p.opt.Prefix, Root: p.root, Back: p.opt.Back, Here: r.URL.Path, Label: p.opt.Label, Actor: *me}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range p.users {
		if u != p.bot() {
			v.People = append(v.People, *u)
		}
	}
	for _, sp := range p.spaces {
		v.Spaces = append(v.Spaces, *sp)
	}
	v.Space = p.space(r.PathValue("space"))
	for _, one := range slices.Backward(p.pages) {
		if one.gone || !p.shows(one, me) || v.Space != nil && one.space != v.Space {
			continue
		}
		if one.trashed {
			v.Trash = append(v.Trash, p.show(one))
		} else {
			v.List = append(v.List, p.show(one))
		}
	}
	slices.SortStableFunc(v.List, func(a, b Page) int { return b.Changed.Compare(a.Changed) })
	return v
}

func (p *site) draw(w http.ResponseWriter, status int, v view) {
	var buf bytes.Buffer
	if err := p.templates.ExecuteTemplate(&buf, "frame.html", v); err != nil {
		http.Error(w, "The page could not be drawn: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = buf.WriteTo(w) // the visitor may be gone
}

func (p *site) missing(w http.ResponseWriter, r *http.Request) {
	v := p.view(r, "Not found")
	v.Kind = "missing"
	p.draw(w, http.StatusNotFound, v)
}

func (p *site) home(w http.ResponseWriter, r *http.Request) {
	v := p.view(r, "Spaces")
	v.Kind = "home"
	p.draw(w, http.StatusOK, v)
}

func (p *site) actAs(w http.ResponseWriter, r *http.Request) {
	if u := p.byAccount(r.PostFormValue("account")); u != nil {
		http.SetCookie(w, &http.Cookie{Name: actorCookie, Value: u.AccountID, Path: p.opt.Prefix + "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	to := r.PostFormValue("here") // the page that the form was on; nothing else is believed
	if !strings.HasPrefix(to, p.root+"/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`) {
		to = p.root + "/"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (p *site) list(w http.ResponseWriter, r *http.Request) {
	v := p.view(r, "")
	if v.Space == nil {
		p.missing(w, r)
		return
	}
	v.Title, v.Kind = v.Space.Name, "space"
	p.draw(w, http.StatusOK, v)
}

// find leads from the other forms of an address to the page.
func (p *site) find(w http.ResponseWriter, r *http.Request) {
	for _, one := range p.PagesOf("") {
		n, _ := strconv.ParseInt(one.ID, 10, 64) // ids are numbers
		title := strings.ReplaceAll(r.PathValue("title"), "+", " ")
		if one.ID == r.FormValue("pageId") || tiny(n) == r.PathValue("tiny") || title != "" && one.Title == title && strings.EqualFold(one.Space, r.PathValue("space")) {
			to := p.pathOf(one)
			if n, err := strconv.ParseInt(r.FormValue("focusedCommentId"), 10, 64); err == nil {
				to += "#comment-" + id(n)
			}
			http.Redirect(w, r, to, http.StatusSeeOther)
			return
		}
	}
	p.missing(w, r)
}

func (p *site) read(w http.ResponseWriter, r *http.Request) { p.shown(w, r, http.StatusOK, "") }

func (p *site) shown(w http.ResponseWriter, r *http.Request, status int, problem string) {
	p.mu.Lock()
	one := p.page(r.PathValue("id"))
	if one == nil || !p.shows(one, p.actor(r)) {
		p.mu.Unlock()
		p.missing(w, r)
		return
	}
	r.SetPathValue("space", one.space.Key) // an address from before it was moved leads here too
	p.mu.Unlock()
	v := p.view(r, "")
	p.mu.Lock()
	page := p.show(one)
	v.Page, v.Body, v.Labelled = &page, template.HTML(p.render(page.Body, 1)), slices.Contains(page.Labels, p.opt.Label) //nolint:gosec // rendered safely
	for _, c := range one.living() {
		now := c.now()
		v.Said = append(v.Said, line{ID: id(c.id), By: c.author.Name, At: c.created, Body: template.HTML(p.render(now.body, 2)), Edited: now.number > 1}) //nolint:gosec // rendered safely
	}
	for _, old := range slices.Backward(one.versions) {
		v.History = append(v.History, line{By: old.by.Name, At: old.at, Version: old.number})
	}
	p.mu.Unlock()
	v.Title, v.Kind, v.Error, v.Here = page.Title, "page", problem, p.pathOf(page)
	p.draw(w, status, v)
}

func (p *site) blank(w http.ResponseWriter, r *http.Request) { p.newForm(w, r, http.StatusOK, "") }

func (p *site) newForm(w http.ResponseWriter, r *http.Request, status int, problem string) {
	v := p.view(r, "New page")
	if v.Space == nil {
		p.missing(w, r)
		return
	}
	at := p.root + "/spaces/" + v.Space.Key
	v.Kind, v.Error = "form", problem
	v.Form = &form{Action: at + "/new", Cancel: at, Title: r.FormValue("title"), Text: r.FormValue("text")}
	p.draw(w, status, v)
}

func (p *site) make(w http.ResponseWriter, r *http.Request) {
	made, err := p.CreatePageAs(p.actor(r).Name, r.PathValue("space"), r.PostFormValue("title"), r.PostFormValue("text"))
	if err != nil {
		p.newForm(w, r, http.StatusBadRequest, err.Error())
		return
	}
	http.Redirect(w, r, p.pathOf(made), http.StatusSeeOther)
}

func (p *site) write(w http.ResponseWriter, r *http.Request) { p.editForm(w, r, http.StatusOK, "") }

// editForm shows the words as they were written; a page in storage format, or one asked for so, as that.
func (p *site) editForm(w http.ResponseWriter, r *http.Request, status int, problem string) {
	v := p.view(r, "")
	p.mu.Lock()
	one := p.page(r.PathValue("id"))
	if one == nil || one.trashed || !p.shows(one, p.actor(r)) {
		p.mu.Unlock()
		p.missing(w, r)
		return
	}
	now, page := one.now(), p.show(one)
	p.mu.Unlock()
	at := p.root + "/spaces/" + page.Space + "/pages/edit-v2/" + page.ID
	f := &form{Action: at, Cancel: p.pathOf(page), Title: now.title, Text: now.source, Version: now.number, Storage: now.source == "" || r.FormValue("as") == "storage"}
	if f.Storage {
		f.Text = now.body
	}
	if now.source != "" {
		f.Other = at
		if !f.Storage {
			f.Other += "?as=storage"
		}
	}
	if problem != "" {
		f.Title, f.Text = r.FormValue("title"), r.FormValue("text")
	}
	v.Title, v.Kind, v.Error, v.Form, v.Here = "Edit "+now.title, "form", problem, f, at
	p.draw(w, status, v)
}

func (p *site) publish(w http.ResponseWriter, r *http.Request) {
	seen, err := strconv.Atoi(r.PostFormValue("version"))
	if err == nil {
		err = p.edit(p.actor(r).Name, r.PathValue("id"), seen, r.PostFormValue("title"), r.PostFormValue("text"))
	}
	if err != nil {
		p.editForm(w, r, http.StatusBadRequest, err.Error())
		return
	}
	p.backTo(w, r)
}

// backTo leads to the page that a form was about, wherever it is now, or to its space once it is gone.
func (p *site) backTo(w http.ResponseWriter, r *http.Request) {
	to := p.root + "/spaces/" + r.PathValue("space")
	p.mu.Lock()
	if one := p.page(r.PathValue("id")); one != nil {
		to = p.pathOf(p.show(one))
	}
	p.mu.Unlock()
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (p *site) act(w http.ResponseWriter, r *http.Request) {
	who, id, value := p.actor(r).Name, r.PathValue("id"), r.PostFormValue("value")
	var err error
	switch r.PathValue("act") {
	case "label":
		err = p.LabelAs(who, id, value, true)
	case "unlabel":
		err = p.LabelAs(who, id, value, false)
	case "comment":
		_, err = p.CommentAs(who, id, value)
	case "move":
		err = p.MoveAs(who, id, value)
	case "restrict":
		err = p.RestrictAs(who, id, who)
	case "open":
		err = p.RestrictAs(who, id)
	case "delete":
		err = p.DeleteAs(who, id)
	case "restore":
		err = p.RestoreAs(who, id)
	default:
		err = ErrNothing
	}
	if err != nil {
		p.shown(w, r, http.StatusBadRequest, err.Error())
		return
	}
	p.backTo(w, r)
}
