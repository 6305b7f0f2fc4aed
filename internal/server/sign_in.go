package server

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"time"
)

func (s *Server) demoRoutes() []route {
	if s.o.Demo == nil {
		return nil
	}
	return []route{
		{"GET", "/demo/roles", public, anyone, s.rolesPage},
		{"POST", "/demo/roles", public, anyone, s.rolesForm},
	}
}

// signInData is the body of the page that says how to get in.
type signInData struct {
	Next  string
	Roles []Role // who the role picker offers; empty: there is none here
	Gone  bool   // a link was used or is too old
}

// signIn shows how to get in, with the way back to what was asked for.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request, status int) {
	next := r.URL.RequestURI()
	if r.Method != http.MethodGet || r.URL.Path == "/sign-in" || r.URL.Path == "/demo/roles" {
		next = r.URL.Query().Get("next")
	}
	data := signInData{Next: safeNext(next)}
	form := ""
	if s.o.Demo != nil && local(r) {
		data.Roles, form = s.o.Demo.Roles, s.forms.issue(w, r)
	}
	s.pages.show(w, r, caller{}, view{status: status, name: "sign-in", title: "Sign in", form: form, body: data})
}

func (s *Server) signInPage(w http.ResponseWriter, r *http.Request, _ caller) {
	s.signIn(w, r, http.StatusOK)
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request, c caller) {
	if !s.form(w, r, c) {
		return
	}
	if err := s.sessions.end(r.Context()); err != nil {
		s.fault(w, r, "sign out", err)
		return
	}
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

// openData is the body of a single-use link's page.
type openData struct {
	Token string
	Shown string
	Next  string // where it leads
}

// openPage shows what a single-use link does. It changes nothing: whoever follows links by machine uses none up.
func (s *Server) openPage(w http.ResponseWriter, r *http.Request, _ caller) {
	token := r.PathValue("token")
	as, ok, err := s.links.look(r.Context(), token)
	if err != nil {
		s.fault(w, r, "read link", err)
		return
	}
	c, known := s.somebody(as)
	if !ok || !known {
		s.goneLink(w, r)
		return
	}
	s.pages.show(w, r, caller{}, view{
		status: http.StatusOK, name: "open", title: "Open signoff", form: s.forms.issue(w, r),
		body: openData{Token: token, Shown: s.items().called(c.who), Next: safeNext(r.URL.Query().Get("next"))},
	})
}

func (s *Server) goneLink(w http.ResponseWriter, r *http.Request) {
	s.pages.show(w, r, caller{}, view{status: http.StatusNotFound, name: "sign-in", title: "This link is no longer good", body: signInData{Next: "/", Gone: true}})
}

// openForm uses a single-use link up and signs its person in.
func (s *Server) openForm(w http.ResponseWriter, r *http.Request, _ caller) {
	if !s.form(w, r, caller{}) {
		return
	}
	as, ok, err := s.links.use(r.Context(), r.PathValue("token"))
	if err != nil {
		s.fault(w, r, "use link", err)
		return
	}
	if _, known := s.somebody(as); !ok || !known {
		s.goneLink(w, r)
		return
	}
	s.enterAs(w, r, as, r.PostForm.Get("next"))
}

func (s *Server) enterAs(w http.ResponseWriter, r *http.Request, as, next string) {
	if err := s.sessions.begin(r.Context(), as); err != nil {
		s.fault(w, r, "sign in", err)
		return
	}
	s.o.Log.Info("signed in", "person", as)
	http.Redirect(w, r, safeNext(next), http.StatusSeeOther)
}

// rolesPage is the demo's role picker. It exists for browsers on this machine only.
func (s *Server) rolesPage(w http.ResponseWriter, r *http.Request, _ caller) {
	if !local(r) {
		s.notFound(w, r)
		return
	}
	s.signIn(w, r, http.StatusOK)
}

func (s *Server) rolesForm(w http.ResponseWriter, r *http.Request, _ caller) {
	if !local(r) {
		s.notFound(w, r)
		return
	}
	if !s.form(w, r, caller{}) {
		return
	}
	as := r.PostForm.Get("as")
	for _, role := range s.o.Demo.Roles {
		if role.Name == as {
			s.enterAs(w, r, as, r.PostForm.Get("next"))
			return
		}
	}
	s.refuse(w, r, caller{}, refusal{http.StatusNotFound, "not_found", "There is no such role in the demo."})
}

// demoOnly lets browsers on this machine at what only a demo has; from elsewhere a session is needed.
func (s *Server) demoOnly(h http.Handler) http.Handler {
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Content-Security-Policy", "Cache-Control", "Cross-Origin-Opener-Policy"} {
			w.Header().Del(name) // these pages have their own
		}
		rc := http.NewResponseController(w) // they may stream, for as long as the browser looks or the server runs
		_, _ = rc.SetReadDeadline(time.Time{}), rc.SetWriteDeadline(time.Time{})
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(s.leaving, cancel)()
		h.ServeHTTP(w, r.WithContext(ctx))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if local(r) {
			bare.ServeHTTP(w, r)
			return
		}
		s.enter(public, route{access: person, serve: func(w http.ResponseWriter, r *http.Request, _ caller) { bare.ServeHTTP(w, r) }}, w, r)
	})
}

// local reports whether a browser on this machine asks for this machine: both ends of the connection, the name in the
// address, and nobody in between.
func local(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	own, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	if at, err := netip.ParseAddrPort(own.String()); err != nil || !at.Addr().Unmap().IsLoopback() {
		return false
	}
	host := (&url.URL{Host: r.Host}).Hostname()
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// safeNext returns a path of ours to go on to, "/" for anything else.
func safeNext(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || !strings.HasPrefix(next, "/") {
		return "/"
	}
	if strings.ContainsFunc(next, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f }) || strings.Contains(u.Path, "\\") {
		return "/"
	}
	if u.Path != "/" && path.Clean(u.Path) != strings.TrimSuffix(u.Path, "/") {
		return "/" // "//evil.example", encoded or not, and dots
	}
	for _, ours := range []string{"/requests/", "/deliveries", "/rules", "/demo/"} {
		if strings.HasPrefix(u.Path, ours) && u.Path != "/demo/roles" {
			return next
		}
	}
	if instance, ok := strings.CutPrefix(u.Path, "/oauth/"); u.Path == "/" || ok && !strings.Contains(instance, "/") {
		return next // of an authorisation only the page before it: what follows leaves us
	}
	return "/"
}
