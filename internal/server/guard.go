package server

import (
	"fmt"
	"net/http"
	"strings"
)

// policy lets pages load from here only, run no inline script or style, be framed by nobody and send forms only here.
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; script-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// protect sets the headers that every answer carries. What may be cached says so itself.
func protect(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Cache-Control", "no-store")
}

// guard stands before everything but the hooks: headers, framing, storms, other sites' forms, and panics.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protect(w.Header())
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				s.o.Log.Error("panic while answering", "method", r.Method, "pattern", r.Pattern, "panic", fmt.Sprint(p))
				s.refuse(w, r, caller{}, broken)
			}
		}()
		if _, refused := s.hooks.cheap(w, r); refused != 0 {
			s.refuse(w, r, caller{}, refusal{refused, "refused", http.StatusText(refused) + "."})
			return
		}
		if err := s.origins.Check(r); err != nil {
			s.refuse(w, r, caller{}, refusal{http.StatusForbidden, "cross_origin", "This was sent from a page of another site, so nothing was done. Open signoff itself and do it there."})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refusal is why something is not done: a status, a stable code and one sentence.
type refusal struct {
	status  int
	code    string
	message string
}

var (
	broken   = refusal{http.StatusInternalServerError, "internal", "Something went wrong here, and it has been logged. Nothing was changed; please try again."}
	stopping = refusal{http.StatusServiceUnavailable, "unavailable", "signoff is not taking anything just now. Nothing was changed; please try again in a moment."}
)

// refuse answers with a refusal, as JSON or as a page.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, c caller, why refusal) {
	if why.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	if wantsJSON(r) {
		s.problem(w, why, nil)
		return
	}
	s.pages.refusal(w, r, c, why)
}

// wantsJSON reports whether programs rather than people read the answer.
func wantsJSON(r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == "/api" || strings.HasPrefix(r.URL.Path, "/records/") {
		return true
	}
	switch r.URL.Path {
	case "/healthz", "/readyz", "/metrics", "/open", "/reload", "/doctor", "/oauth-link":
		return true
	}
	return false
}
