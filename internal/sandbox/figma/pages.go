package figma

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

//go:embed web
var web embed.FS

const (
	actorCookie = "figma_sandbox_as"
	maxForm     = 128 << 10
	pagePolicy  = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

type pages struct {
	*Server
	templates *template.Template
}

// Pages serves the list of files and a page for each, where people draw, save versions and comment.
func (s *Server) Pages() http.Handler {
	p := &pages{Server: s, templates: template.Must(template.New("").Funcs(template.FuncMap{"linked": linked, "arg": newArg}).ParseFS(web, "web/*.html"))}
	mux := http.NewServeMux()
	at := func(pattern string, do http.HandlerFunc) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+s.opt.Prefix+path, do)
	}
	at("GET /{$}", p.home)
	at("GET /files/{rest...}", p.home)
	at("GET /assets/site.css", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, web, "web/site.css") })
	at("GET /assets/icon.svg", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, web, "web/icon.svg") })
	at("GET /assets/pictures/{name}", p.picture)
	at("POST /as", p.actAs)
	at("POST /files", p.newFile)
	at("GET /design/{key}", p.one)
	at("GET /design/{key}/{rest...}", p.one)
	at("GET /file/{key}/{rest...}", p.elsewhere)
	at("GET /proto/{key}/{rest...}", p.elsewhere)
	at("POST /design/{key}/{act}", p.act)
	at("GET /", p.lost)
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

// view is what every page shows.
type view struct {
	Title, Prefix, Back, Here, Error string
	Lost                             string // why there is nothing to show
	Account                          string // whose name asks for sign-off
	Actor                            User
	People                           []User
	Team                             string
	Projects                         []projectView // of the list of files
	File                             *fileView     // of the page of one
}

func (p *pages) actor(r *http.Request) *User {
	if c, err := r.Cookie(actorCookie); err == nil {
		if u := p.user(c.Value); u != nil {
			return u
		}
	}
	return p.users[0]
}

func (p *pages) view(r *http.Request, title string) view {
	here := r.URL.RequestURI()
	if r.Method != http.MethodGet {
		here = p.opt.Prefix + "/"
	}
	v := view{Title: title, Prefix: p.opt.Prefix, Back: p.opt.Back, Here: here, Account: p.opt.Account.Handle, Actor: *p.actor(r), People: p.opt.Users}
	if len(p.opt.Teams) > 0 {
		v.Team = p.opt.Teams[0].Name
	}
	return v
}

func (p *pages) render(w http.ResponseWriter, status int, v view) {
	var buf bytes.Buffer
	if err := p.templates.ExecuteTemplate(&buf, "page.html", v); err != nil {
		http.Error(w, "The page could not be drawn: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = buf.WriteTo(w) // the visitor may be gone
}

func (p *pages) home(w http.ResponseWriter, r *http.Request) { p.list(w, r, http.StatusOK, "") }

func (p *pages) list(w http.ResponseWriter, r *http.Request, status int, problem string) {
	v := p.view(r, "Files")
	v.Error = problem
	p.mu.Lock()
	v.Projects = p.projectViews()
	p.mu.Unlock()
	p.render(w, status, v)
}

func (p *pages) lost(w http.ResponseWriter, r *http.Request) {
	v := p.view(r, "Not here")
	v.Lost = "There is nothing at this address."
	p.render(w, http.StatusNotFound, v)
}

// elsewhere leads older forms of addresses to the one that is used now.
func (p *pages) elsewhere(w http.ResponseWriter, r *http.Request) {
	to := p.opt.Prefix + "/design/" + url.PathEscape(r.PathValue("key")) + "/" + url.PathEscape(r.PathValue("rest"))
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	http.Redirect(w, r, to, http.StatusFound)
}

func (p *pages) actAs(w http.ResponseWriter, r *http.Request) {
	if u := p.user(r.PostFormValue("who")); u != nil {
		http.SetCookie(w, &http.Cookie{Name: actorCookie, Value: u.ID, Path: p.opt.Prefix + "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	to := r.PostFormValue("back") // the page that the form was on; nothing else is believed
	if !strings.HasPrefix(to, p.opt.Prefix+"/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`) {
		to = p.opt.Prefix + "/"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (p *pages) newFile(w http.ResponseWriter, r *http.Request) {
	made, err := p.NewFileAs(p.actor(r).ID, r.PostFormValue("project"), r.PostFormValue("name"))
	if err != nil {
		p.list(w, r, http.StatusBadRequest, sentence(err))
		return
	}
	http.Redirect(w, r, p.opt.Prefix+strings.TrimPrefix(made.URL, p.opt.BaseURL), http.StatusSeeOther)
}

// picture shows pages what the API gives out addresses for.
func (p *pages) picture(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	found, ok := p.pictures[r.PathValue("name")]
	p.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "private, max-age=3600")
	p.sendPicture(w, found.picture)
}

func (p *pages) one(w http.ResponseWriter, r *http.Request) { p.showFile(w, r, http.StatusOK, "") }

func (p *pages) showFile(w http.ResponseWriter, r *http.Request, status int, problem string) {
	v := p.view(r, "Not here")
	p.mu.Lock()
	if f := p.file(r.PathValue("key")); f != nil && !f.deleted && f.key == r.PathValue("key") {
		v.File = p.fileView(f, p.user(v.Actor.ID), lookAt(r))
	}
	p.mu.Unlock()
	if v.File == nil {
		v.Lost = "There is no such file in this sandbox, or somebody has deleted it."
		p.render(w, http.StatusNotFound, v)
		return
	}
	v.Title, v.Error = v.File.Name, problem
	if r.Method != http.MethodGet {
		v.Here = v.File.Path
	}
	p.render(w, status, v)
}

// arg gives a part of a page what it shows and the page that it is on.
type arg struct {
	View view
	One  any
}

func newArg(v view, one any) arg { return arg{v, one} }

// look is which frame and version a visitor looks at.
type look struct{ node, version string }

func lookAt(r *http.Request) look {
	_ = r.ParseForm() // of a GET; forms were read before
	at := look{node: strings.ReplaceAll(r.Form.Get("node-id"), "-", ":"), version: r.Form.Get("version-id")}
	if _, id, ok := strings.Cut(r.PathValue("rest"), "/version/"); ok {
		at.version = id
	}
	return at
}

func (p *pages) act(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("key")
	do := map[string]func(*http.Request) (string, error){
		"save": p.save, "draw": p.draw, "rename": p.rename, "delete": p.discard,
		"comment": p.comment, "reply": p.reply, "edit": p.edit, "resolve": p.resolve, "remove": p.remove,
	}[r.PathValue("act")]
	if do == nil {
		p.lost(w, r)
		return
	}
	to, err := do(r)
	if err != nil {
		p.showFile(w, r, http.StatusBadRequest, sentence(err))
		return
	}
	if node := r.PostFormValue("node-id"); node != "" {
		to = "?node-id=" + url.QueryEscape(dashed(node)) + to
	}
	p.mu.Lock()
	back := p.opt.Prefix + "/"
	if f := p.file(key); f != nil && !f.deleted {
		back = p.opt.Prefix + f.path() + to
	}
	p.mu.Unlock()
	http.Redirect(w, r, back, http.StatusSeeOther)
}

// sentence tells people what went wrong.
func sentence(err error) string {
	switch {
	case errors.Is(err, ErrViewer):
		return "You can look at this file and comment, but not draw. Switch to a designer above."
	case errors.Is(err, ErrOthers):
		return "Only who wrote a comment can change or delete it."
	case errors.Is(err, ErrEmpty):
		return "Please write something first."
	}
	return cmp.Or(strings.ToUpper(err.Error()[:1])+err.Error()[1:], "It did not work") + "."
}
