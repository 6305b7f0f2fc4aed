package github

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

//go:embed web
var web embed.FS

const (
	actorCookie = "github_sandbox_as"
	maxForm     = 128 << 10
	pagePolicy  = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

type pages struct {
	*Server
	templates *template.Template
}

// Pages serves the lists of issues and pull requests and a page for each, where people comment, push and review.
func (s *Server) Pages() http.Handler {
	p := &pages{Server: s, templates: template.Must(template.ParseFS(web, "web/*.html"))}
	mux := http.NewServeMux()
	at := func(pattern string, do http.HandlerFunc) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+s.opt.Prefix+path, do)
	}
	at("GET /{$}", p.home)
	at("GET /assets/site.css", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, web, "web/site.css") })
	at("POST /as", p.actAs)
	at("GET /{owner}/{repo}/issues", p.list)
	at("GET /{owner}/{repo}/pulls", p.list)
	at("GET /{owner}/{repo}/issues/{number}", p.one)
	at("GET /{owner}/{repo}/pull/{number}", p.one)
	at("POST /{owner}/{repo}/open", p.open)
	at("POST /{owner}/{repo}/pull/{number}/{act}", p.act)
	at("POST /{owner}/{repo}/issues/{number}/{act}", p.act)
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
	Title, Prefix, Repo, Section, Error string
	Actor                               User
	People                              []User
	Repos                               []string
	Items                               []row
	One                                 *row
	Back                                string
}

// row is an issue or pull request, ready for the template.
type row struct {
	Issue
	URL     string
	Commits []string
	Said    []line
	Reviews []line
	Checks  []CommitStatus
}

type line struct {
	ID                int64
	By, What, Body    string
	Root, Resolved    bool
	Line, Dismissable bool
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
	v := view{Title: title, Prefix: p.opt.Prefix, Actor: *p.actor(r), Back: r.URL.Path}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range p.users {
		if u != p.bot() {
			v.People = append(v.People, *u)
		}
	}
	for _, one := range p.repos {
		v.Repos = append(v.Repos, one.Name)
	}
	if r.PathValue("owner") != "" {
		v.Repo = r.PathValue("owner") + "/" + r.PathValue("repo")
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

func (p *pages) home(w http.ResponseWriter, r *http.Request) {
	p.render(w, http.StatusOK, p.view(r, "Repositories"))
}

func (p *pages) actAs(w http.ResponseWriter, r *http.Request) {
	if u := p.user(r.PostFormValue("login")); u != nil {
		http.SetCookie(w, &http.Cookie{Name: actorCookie, Value: u.Login, Path: p.opt.Prefix + "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	http.Redirect(w, r, p.back(r), http.StatusSeeOther)
}

// back is the page that a form was on; nothing else is believed.
func (p *pages) back(r *http.Request) string {
	to := r.PostFormValue("back")
	if !strings.HasPrefix(to, p.opt.Prefix+"/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`) {
		return p.opt.Prefix + "/"
	}
	return to
}

func (p *pages) list(w http.ResponseWriter, r *http.Request) {
	v := p.view(r, "Issues")
	v.Section = "issues"
	if strings.HasSuffix(r.URL.Path, "/pulls") {
		v.Title, v.Section = "Pull requests", "pulls"
	}
	for _, i := range slices.Backward(p.Issues(v.Repo)) {
		if i.Pull == (v.Section == "pulls") {
			v.Items = append(v.Items, row{Issue: i, URL: p.pathOf(i)})
		}
	}
	p.render(w, http.StatusOK, v)
}

func (p *pages) pathOf(i Issue) string {
	kind := "issues"
	if i.Pull {
		kind = "pull"
	}
	return fmt.Sprintf("%s/%s/%s/%d", p.opt.Prefix, i.Repository, kind, i.Number)
}

func (p *pages) one(w http.ResponseWriter, r *http.Request) { p.show(w, r, http.StatusOK, "") }

func (p *pages) show(w http.ResponseWriter, r *http.Request, status int, problem string) {
	v := p.view(r, "Not here")
	n, _ := strconv.Atoi(r.PathValue("number"))
	p.mu.Lock()
	found, _ := p.repo(v.Repo)
	var i *item
	if found != nil {
		i = found.item(n)
	}
	if i != nil && !i.deleted && i.movedTo == nil {
		v.One = p.row(i)
	}
	p.mu.Unlock()
	if v.One == nil {
		v.Error = "There is no such issue or pull request in this sandbox."
		p.render(w, http.StatusNotFound, v)
		return
	}
	v.Title, v.Error, v.Back = v.One.Title, problem, v.One.URL
	p.render(w, status, v)
}

// row prepares one for its page. The caller holds the lock.
func (p *pages) row(i *item) *row {
	out := &row{Issue: i.show(), Checks: i.repo.statuses[i.head]}
	out.URL = p.pathOf(out.Issue)
	if c := i.repo.commits[i.head]; c != nil {
		out.Commits = []string{c.sha[:7] + " " + c.message + ", by " + c.author.Name}
	}
	for _, c := range i.comments {
		out.Said = append(out.Said, line{ID: c.id, By: c.author.Name, Body: c.body})
	}
	for _, c := range i.lines {
		out.Said = append(out.Said, line{ID: c.id, By: c.author.Name, Body: c.body, Line: true, Root: c.below == 0, Resolved: c.resolved, What: c.path})
	}
	for _, r := range i.reviews {
		out.Reviews = append(out.Reviews, line{ID: r.id, By: r.author.Name, What: strings.ToLower(strings.ReplaceAll(r.state, "_", " ")), Body: r.body,
			Dismissable: r.state == "APPROVED" || r.state == "CHANGES_REQUESTED"})
	}
	return out
}

func (p *pages) open(w http.ResponseWriter, r *http.Request) {
	full := r.PathValue("owner") + "/" + r.PathValue("repo")
	title, body := r.PostFormValue("title"), r.PostFormValue("body")
	var made Issue
	var err error
	switch {
	case strings.TrimSpace(title) == "":
		err = fmt.Errorf("a title is needed")
	case r.PostFormValue("what") == "pull":
		made, err = p.OpenPullAs(p.actor(r).Login, full, title, body, title)
	default:
		made, err = p.OpenIssueAs(p.actor(r).Login, full, title, body)
	}
	if err != nil {
		v := p.view(r, "Not opened")
		v.Error = err.Error()
		p.render(w, http.StatusBadRequest, v)
		return
	}
	http.Redirect(w, r, p.pathOf(made), http.StatusSeeOther)
}

func (p *pages) act(w http.ResponseWriter, r *http.Request) {
	who := p.actor(r).Login
	place := r.PathValue("owner") + "/" + r.PathValue("repo") + "#" + r.PathValue("number")
	words := strings.ReplaceAll(r.PostFormValue("body"), "\r\n", "\n")
	id, _ := strconv.ParseInt(r.PostFormValue("id"), 10, 64)
	var err error
	switch r.PathValue("act") {
	case "comment":
		_, err = p.CommentAs(who, place, words)
	case "line":
		_, err = p.LineAs(who, place, words, id)
	case "resolve":
		err = p.ResolveAs(who, place, id, r.PostFormValue("resolved") == "yes")
	case "push":
		_, err = p.PushAs(who, place, words)
	case "review":
		_, err = p.ReviewAs(who, place, r.PostFormValue("what"), words)
	case "dismiss":
		err = p.DismissAs(who, place, id)
	case "close":
		err = p.CloseAs(who, place, r.PostFormValue("what"))
	case "reopen":
		err = p.ReopenAs(who, place)
	case "label":
		err = p.LabelAs(who, place, r.PostFormValue("label"), true)
	case "unlabel":
		err = p.LabelAs(who, place, r.PostFormValue("label"), false)
	default:
		err = ErrNothing
	}
	if err != nil {
		p.show(w, r, http.StatusBadRequest, err.Error())
		return
	}
	http.Redirect(w, r, strings.TrimSuffix(r.URL.Path, "/"+r.PathValue("act")), http.StatusSeeOther)
}
