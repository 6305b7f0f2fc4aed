package slack

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
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
	p := newPages(s)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.pick)
	mux.HandleFunc("GET /app", p.settings)
	mux.HandleFunc("POST /app", p.administer)
	mux.HandleFunc("GET /u/{user}", p.of(pages.enter))
	mux.HandleFunc("GET /u/{user}/c/{channel}", p.of(pages.channel))
	mux.HandleFunc("GET /u/{user}/home", p.of(pages.home))
	mux.HandleFunc("GET /u/{user}/news", p.of(pages.news))
	mux.HandleFunc("GET /u/{user}/file/{file}", p.of(pages.file))
	mux.HandleFunc("GET /archives/{channel}/{message}", p.archive)
	mux.HandleFunc("GET /files/{user}/{file}/{name}", p.filePage)
	mux.HandleFunc("GET /oauth/v2/authorize", p.authorize)
	mux.HandleFunc("POST /oauth/v2/authorize", p.decide)
	p.forms(mux)
	assets, err := fs.Sub(assetFiles, "assets")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(assets)))
	wire := s.API()
	for _, path := range []string{"/files-pri/", "/upload/v1/", "/link/"} {
		mux.Handle(path, wire) // addresses that the app is given; they are where the pages are
	}
	return s.unprefixed(guarded(mux))
}

func newPages(s *Server) pages {
	return pages{s: s, tmpl: template.Must(template.ParseFS(templateFiles, "templates/*.html"))}
}

// guarded sets what protects every page and refuses forms from other origins.
func guarded(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxUpload+maxRequest)
		next.ServeHTTP(w, r)
	})
}

// of lets a page be that of the workspace to which its user belongs.
func (p pages) of(show func(pages, http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { show(p.at(r), w, r) }
}

// at is the pages of the workspace to which the user in the path belongs: as a member before as a guest from outside.
func (p pages) at(r *http.Request) pages {
	user := r.PathValue("user")
	for _, foreign := range []bool{false, true} {
		for _, s := range p.s.app.all() {
			s.mu.Lock()
			u := s.users[user]
			found := u != nil && u.stranger() == foreign
			s.mu.Unlock()
			if found {
				p.s = s
				return p
			}
		}
	}
	return p
}

func (p pages) render(w http.ResponseWriter, name string, data page) {
	p.renderAs(w, http.StatusOK, name, data)
}

func (p pages) renderAs(w http.ResponseWriter, status int, name string, data any) {
	var out bytes.Buffer
	if err := p.tmpl.ExecuteTemplate(&out, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
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
	to := ""
	for _, s := range p.s.app.all() {
		if u := s.firstOf(channel); u != "" && to == "" {
			to = s.path(look{user: u, channel: channel, thread: thread})
		}
	}
	if to == "" {
		http.NotFound(w, r)
		return
	}
	if digits := strings.TrimPrefix(r.PathValue("message"), "p"); len(digits) > 6 {
		to += "#" + dom("m", digits[:len(digits)-6]+"."+digits[len(digits)-6:])
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// firstOf is the first member of a channel among the people of the workspace; empty when there is none.
func (s *Server) firstOf(channel string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channelByID(channel)
	if c == nil {
		return ""
	}
	i := slices.IndexFunc(s.opt.Users, func(u User) bool { return c.has(u.ID) })
	if i < 0 {
		return ""
	}
	return s.opt.Users[i].ID
}

// file lets a person download a file from a conversation they are in.
func (p pages) file(w http.ResponseWriter, r *http.Request) {
	f, ok := p.s.fileOf(r.PathValue("user"), r.PathValue("file"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	writeFile(w, f)
}

// fileOf finds a file with bytes that a user may see.
func (s *Server) fileOf(user, id string) (File, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil || f.gone() || f.mode == modeExternal || s.users[user] == nil {
		return File{}, false
	}
	seen := slices.ContainsFunc(s.sharesOf(f), func(m *message) bool { return m.channel.has(user) })
	for _, c := range s.channels {
		seen = seen || c.has(user) && slices.ContainsFunc(c.messages, func(m *message) bool { return s.showed(m, f) })
	}
	return s.copyFile(f), seen || f.user == user
}

// filePage opens the permalink of a file: the first message that carries it, through the eyes of a member.
func (p pages) filePage(w http.ResponseWriter, r *http.Request) {
	for _, s := range p.s.app.all() {
		s.mu.Lock()
		var shares []*message
		if f := s.files[r.PathValue("file")]; f != nil {
			shares = s.sharesOf(f)
		}
		s.mu.Unlock()
		if len(shares) == 0 {
			continue
		}
		m := shares[0]
		if user := s.firstOf(m.channel.id); user != "" {
			l := look{user: user, channel: m.channel.id}
			if m.threadTS != "" {
				l.thread = m.threadTS
			}
			http.Redirect(w, r, s.path(l)+"#"+dom("m", m.ts), http.StatusSeeOther)
			return
		}
	}
	http.NotFound(w, r)
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
