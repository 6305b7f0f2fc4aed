package jira

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

//go:embed web
var web embed.FS

const (
	actorCookie = "jira_sandbox_as"
	maxForm     = 128 << 10
	// pagePolicy lets a page load its own stylesheet and script and nothing else.
	pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// pages serves the board of a site.
type pages struct {
	*Server
	templates *template.Template
}

// Pages serves the board under Options.Prefix: the columns, a page per issue at /browse/KEY, and the webhooks.
// Every action is a plain form and counts as done by the user chosen at the top.
func (s *Server) Pages() http.Handler {
	p := &pages{Server: s}
	p.templates = template.Must(template.New("").Funcs(template.FuncMap{
		"path": p.path, "wiki": p.wiki, "initials": initials, "tint": tint, "fold": fold, "size": size, "readers": readers,
	}).ParseFS(web, "web/*.html"))
	mux := http.NewServeMux()
	at := func(method, path string, do http.HandlerFunc) { mux.HandleFunc(method+" "+s.opt.Prefix+path, do) }
	at("GET", "/{$}", p.board)
	at("GET", "/browse/{key}", p.issuePage)
	at("GET", "/webhooks", p.webhooks)
	at("GET", "/changes", p.changes)
	at("GET", "/assets/{file}", p.asset)
	at("POST", "/as", p.actAs)
	at("POST", "/create", p.create)
	at("POST", "/browse/{key}/move", p.postMove)
	at("POST", "/browse/{key}/comment", p.postComment)
	at("POST", "/browse/{key}/edit", p.postEdit)
	at("POST", "/browse/{key}/comment/{id}/edit", p.postCommentEdit)
	at("POST", "/browse/{key}/comment/{id}/delete", p.postCommentDelete)
	at("POST", "/browse/{key}/attach", p.postAttach)
	at("POST", "/browse/{key}/attachment/{id}/delete", p.postDetach)
	at("POST", "/browse/{key}/subtask", p.postSubtask)
	at("POST", "/browse/{key}/project", p.postProject)
	at("POST", "/browse/{key}/archive", p.postArchive)
	at("POST", "/browse/{key}/hide", p.postHide)
	at("POST", "/browse/{key}/delete", p.postDelete)
	at("POST", "/webhooks/hold", p.postHold)
	at("POST", "/webhooks/release", p.postRelease)
	at("POST", "/webhooks/hook/{id}/{what}", p.postHook)
	at("GET", "/attachment/{id}/{name}", p.download)
	at("GET", "/board/{project}", p.board)
	at("POST", "/webhooks/{id}/redeliver", p.redeliver)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p.fail(w, r, http.StatusNotFound, "There is no such page in this sandbox.")
	})
	return guarded(mux, int64(s.opt.UploadLimit)+partsRoom)
}

// guarded adds the headers of a page and refuses forms of other sites. Only a form with a file may be large.
func guarded(next http.Handler, upload int64) http.Handler {
	sameSite := http.NewCrossOriginProtection()
	return sameSite.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		limit := int64(maxForm)
		if strings.HasSuffix(r.URL.Path, "/attach") {
			limit = upload
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	}))
}

func (p *pages) path(parts ...string) string {
	path := p.opt.Prefix
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	if len(parts) == 0 {
		path += "/"
	}
	return path
}

// actor is the user that the visitor acts as: the chosen one, or the first of the site.
func (p *pages) actor(r *http.Request) *User {
	if c, err := r.Cookie(actorCookie); err == nil {
		if u := p.user(c.Value); u != nil && u.AccountID == c.Value {
			return u
		}
	}
	return p.users()[0]
}

// frame is what every page shows around its content.
type frame struct {
	Title   string
	Section string // "board", "webhooks" or ""
	Back    string // path that the switch of the user returns to
	Actor   *User
	People  []User // who can be chosen; not the product's account
	Error   string
	Project string
	Boards  []Project
}

func (p *pages) frame(r *http.Request, title, section string) frame {
	f := frame{Title: title, Section: section, Back: r.URL.Path, Actor: p.actor(r), Project: p.projects[0].Name, Boards: p.opt.Projects}
	for _, u := range p.users() {
		if !p.isBot(u) && !u.Inactive && !u.App {
			f.People = append(f.People, *u)
		}
	}
	return f
}

func (p *pages) render(w http.ResponseWriter, status int, name string, data any) {
	var buf bytes.Buffer
	if err := p.templates.ExecuteTemplate(&buf, name, data); err != nil {
		http.Error(w, "The page could not be drawn: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = buf.WriteTo(w) // the visitor may be gone
}

func (p *pages) fail(w http.ResponseWriter, r *http.Request, status int, message string) {
	f := p.frame(r, http.StatusText(status), "")
	f.Back, f.Error = p.path(), message
	p.render(w, status, "message.html", f)
}

func (p *pages) asset(w http.ResponseWriter, r *http.Request) {
	kinds := map[string]string{"board.css": "text/css; charset=utf-8", "board.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"}
	name := r.PathValue("file")
	raw, err := web.ReadFile("web/" + name)
	if kinds[name] == "" || err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kinds[name])
	_, _ = w.Write(raw)
}

// changes tells an open page about each change, as server-sent events.
func (p *pages) changes(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	for line := ": ready\n\n"; ; line = "data: changed\n\n" {
		changed := p.news.Next() // taken before writing, so that no change falls between
		if _, err := io.WriteString(w, line); err != nil || out.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-p.hooks.queue.Context().Done():
			return
		}
	}
}

func (p *pages) actAs(w http.ResponseWriter, r *http.Request) {
	u := p.user(r.PostFormValue("user"))
	if u == nil || strings.EqualFold(u.Email, p.opt.User) {
		p.fail(w, r, http.StatusUnprocessableEntity, "There is no such person to act as.")
		return
	}
	http.SetCookie(w, &http.Cookie{Name: actorCookie, Value: u.AccountID, Path: p.path(), HttpOnly: true, SameSite: http.SameSiteStrictMode})
	p.back(w, r)
}

// back returns to the page that a form came from, which must be one of ours.
func (p *pages) back(w http.ResponseWriter, r *http.Request) {
	to := r.PostFormValue("back")
	if !strings.HasPrefix(to, p.opt.Prefix+"/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\?#") {
		to = p.path()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (p *pages) postMove(w http.ResponseWriter, r *http.Request) {
	err := p.MoveAs(p.actor(r).AccountID, r.PathValue("key"), r.PostFormValue("status"))
	p.after(w, r, err)
}

func (p *pages) postEdit(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("key")
	if err := r.ParseForm(); err != nil {
		p.fail(w, r, http.StatusBadRequest, "The form could not be read.")
		return
	}
	fields := map[string]json.RawMessage{}
	for _, f := range p.formFields(key) {
		if r.PostForm.Has(f.ID) {
			fields[f.ID] = p.fromForm(f, r.PostForm.Get(f.ID))
		}
	}
	p.after(w, r, p.editAs(p.actor(r).AccountID, key, fields))
}

// after answers a form about an issue: back to where it came from, or the issue with what went wrong.
func (p *pages) after(w http.ResponseWriter, r *http.Request, err error) {
	if err == nil {
		p.back(w, r)
		return
	}
	p.showIssue(w, r, r.PathValue("key"), err)
}

func (p *pages) create(w http.ResponseWriter, r *http.Request) {
	project := p.project(r.PostFormValue("project"))
	if project == nil {
		project = p.projects[0]
	}
	body, err := json.Marshal(object{"fields": object{"project": object{"key": project.Key},
		"issuetype": object{"id": project.Types[0].ID}, "summary": r.PostFormValue("summary")}})
	if err == nil {
		_, err = p.CreateAs(p.actor(r).AccountID, body)
	}
	if err != nil {
		p.showBoard(w, r, http.StatusUnprocessableEntity, err.Error())
		return
	}
	http.Redirect(w, r, p.boardPath(project), http.StatusSeeOther)
}

func (p *pages) redeliver(w http.ResponseWriter, r *http.Request) {
	if err := p.Redeliver(r.PathValue("id")); err != nil {
		p.fail(w, r, http.StatusNotFound, "There is no such webhook.")
		return
	}
	http.Redirect(w, r, p.path("webhooks"), http.StatusSeeOther)
}

// boardPath is the board of a project; that of the first is the front page.
func (p *pages) boardPath(project *Project) string {
	if project == p.projects[0] {
		return p.path()
	}
	return p.path("board", project.Key)
}

// fromForm turns what a person typed into the JSON shape of the field.
func (s *Server) fromForm(f Field, typed string) json.RawMessage {
	typed = strings.ReplaceAll(strings.TrimSpace(typed), "\r\n", "\n")
	if f.ID == "labels" {
		labels := strings.Fields(typed)
		return raw(append([]string{}, labels...))
	}
	if typed == "" {
		return raw(nil)
	}
	switch f.Type {
	case "option":
		return raw(object{"id": typed})
	case "priority":
		return raw(object{"id": typed})
	case "user":
		return raw(object{s.idName(): typed})
	case "timetracking":
		return raw(object{"originalEstimate": typed})
	}
	return raw(typed)
}

// formFields are the fields that a person can edit on the page of an issue.
func (p *pages) formFields(key string) []Field {
	p.mu.Lock()
	defer p.mu.Unlock()
	iss := p.find(key)
	if iss == nil {
		return nil
	}
	hidden := []string{"issuetype", "project", "parent", "timeoriginalestimate"}
	return slices.DeleteFunc(slices.Clone(iss.typ.Fields), func(f Field) bool { return slices.Contains(hidden, f.ID) })
}

// shortTime writes a moment in the zone of the person who looks.
func shortTime(t time.Time, u *User) string {
	zone, err := time.LoadLocation(u.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	return t.In(zone).Format("Mon 2 Jan, 15:04")
}

// initials are what the badge of a person shows.
func initials(name string) string {
	out := ""
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '-' }) {
		for _, first := range word {
			out += strings.ToUpper(string(first))
			break
		}
	}
	return fmt.Sprintf("%.2s", out)
}

// tint picks one of the six badge colours for a name.
func tint(name string) int {
	sum := 0
	for _, r := range name {
		sum += int(r)
	}
	return sum % 6
}

// fold makes an id out of a status name.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
}

func sortedNames(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
