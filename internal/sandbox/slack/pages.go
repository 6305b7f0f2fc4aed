package slack

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// policy lets the pages load their own files and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// watchFor is how long a page may wait for news in one request.
const watchFor = 25 * time.Second

// pages serves the workspace to people.
type pages struct {
	s    *Server
	tmpl *template.Template
}

// Pages serves the workspace as people see it, under Options.Prefix. It works by plain forms; the script
// only refreshes what changed. Forms from other origins are refused.
func (s *Server) Pages() http.Handler {
	p := pages{s: s, tmpl: template.Must(template.ParseFS(templateFiles, "templates/*.html"))}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.pick)
	mux.HandleFunc("GET /u/{user}", p.enter)
	mux.HandleFunc("GET /u/{user}/c/{channel}", p.channel)
	mux.HandleFunc("GET /u/{user}/home", p.home)
	mux.HandleFunc("GET /u/{user}/news", p.news)
	mux.HandleFunc("GET /archives/{channel}/{message}", p.archive)
	p.forms(mux)
	assets, err := fs.Sub(assetFiles, "assets")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(assets)))
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return s.unprefixed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
		guarded.ServeHTTP(w, r)
	}))
}

func (p pages) render(w http.ResponseWriter, name string, data page) {
	var out bytes.Buffer
	if err := p.tmpl.ExecuteTemplate(&out, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = out.WriteTo(w) // the reader may be gone
}

func (p pages) pick(w http.ResponseWriter, _ *http.Request) {
	p.render(w, "picker", p.s.picker())
}

// enter shows the first channel of a user.
func (p pages) enter(w http.ResponseWriter, r *http.Request) {
	user := r.PathValue("user")
	data, ok := p.s.see(look{user: user, home: true})
	if !ok {
		http.NotFound(w, r)
		return
	}
	to := data.App.Path
	if len(data.Channels) > 0 {
		to = data.Channels[0].Path
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (p pages) channel(w http.ResponseWriter, r *http.Request) {
	data, ok := p.s.see(look{
		user: r.PathValue("user"), channel: r.PathValue("channel"),
		thread: r.URL.Query().Get("thread"), ask: r.URL.Query().Get("ask"),
	})
	if !ok {
		http.NotFound(w, r)
		return
	}
	p.render(w, "workspace", data)
}

func (p pages) home(w http.ResponseWriter, r *http.Request) {
	data, ok := p.s.see(look{user: r.PathValue("user"), home: true, ask: r.URL.Query().Get("ask")})
	if !ok {
		http.NotFound(w, r)
		return
	}
	p.render(w, "workspace", data)
}

// archive opens a permalink: whose eyes to use is the first question.
func (p pages) archive(w http.ResponseWriter, r *http.Request) {
	channel, thread := r.PathValue("channel"), r.URL.Query().Get("thread_ts")
	p.s.mu.Lock()
	to := ""
	if c := p.s.channelByID(channel); c != nil {
		for _, u := range p.s.opt.Users {
			if c.has(u.ID) && to == "" {
				to = p.s.path(look{user: u.ID, channel: channel, thread: thread})
			}
		}
	}
	p.s.mu.Unlock()
	if to == "" {
		http.NotFound(w, r)
		return
	}
	if digits := strings.TrimPrefix(r.PathValue("message"), "p"); len(digits) > 6 {
		to += "#" + dom("m", digits[:len(digits)-6]+"."+digits[len(digits)-6:])
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// news answers once the workspace differs from what the page shows, or after a while.
func (p pages) news(w http.ResponseWriter, r *http.Request) {
	since, err := strconv.Atoi(r.URL.Query().Get("since"))
	if err != nil {
		http.Error(w, "since is a number", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), watchFor)
	defer cancel()
	stop := context.AfterFunc(p.s.ctx, cancel)
	defer stop()
	version := since
	err = p.s.Wait(ctx, func(s *Server) bool {
		version = s.Version()
		return version != since
	})
	if err != nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	writeJSON(w, http.StatusOK, object{"version": version})
}

// Version grows with every change of the workspace.
func (s *Server) Version() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// back is where a form returns to: a page of the workspace, never another place.
func (p pages) back(r *http.Request) string {
	user := r.PathValue("user")
	to := r.PostFormValue("back")
	if own := p.s.userPath(user) + "/"; strings.HasPrefix(to, own) && !strings.ContainsAny(to, "\r\n\\") {
		return to
	}
	return p.s.userPath(user)
}

// with adds a query parameter to an address of ours.
func with(address, key, value string) string {
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + key + "=" + url.QueryEscape(value)
}
