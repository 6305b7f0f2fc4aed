package server

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// door is a listener, or several of them as a set.
type door int

const (
	public door = 1 << iota
	admin
	socket

	web   = public | admin          // where people come with browsers
	every = public | admin | socket //
)

// access says who may use a route.
type access int

const (
	anyone access = iota // no credentials needed
	reader               // a session or a token
	person               // a session of somebody
	owner                // the server's own user, through the socket
)

// route is one line of the table of everything the server answers beside hooks.
type route struct {
	method string // GET answers HEAD too
	path   string // a pattern of http.ServeMux, without method
	doors  door
	access access
	serve  func(w http.ResponseWriter, r *http.Request, c caller)
}

// table lists every route. What is not here does not exist; a test walks it with and without credentials.
func (s *Server) table() []route {
	return slices.Concat(s.plainRoutes(), s.apiRoutes(), s.pageRoutes(), s.oauthRoutes(), s.demoRoutes())
}

func (s *Server) plainRoutes() []route {
	list := []route{
		{"GET", "/healthz", every, anyone, s.healthz},
		{"GET", "/readyz", every, anyone, s.readyz},
		{"POST", "/open", socket, owner, s.open},
		{"POST", "/reload", socket, owner, s.reload},
		{"GET", "/doctor", socket, owner, s.doctor},
		{"GET", "/records/{id}", socket, owner, s.records},
	}
	if s.o.Metrics != nil {
		list = append(list, route{"GET", "/metrics", admin, anyone, func(w http.ResponseWriter, r *http.Request, _ caller) {
			s.o.Metrics.ServeHTTP(w, r)
		}})
	}
	return list
}

// door builds the handler of one listener.
func (s *Server) door(d door) http.Handler {
	mux := http.NewServeMux()
	paths := map[string]resource{}
	for _, r := range s.routes {
		if r.doors&d == 0 {
			continue
		}
		if paths[r.path] == nil {
			paths[r.path] = resource{}
			mux.Handle(r.path, s.resource(d, paths[r.path]))
		}
		paths[r.path][r.method] = r
	}
	if _, home := paths["/{$}"]; home || d == socket {
		mux.Handle("/", http.HandlerFunc(s.notFound))
	}
	if d == public && s.o.Demo != nil {
		for prefix, h := range s.o.Demo.Handlers {
			mux.Handle(prefix, s.demoOnly(h))
		}
	}
	h := s.guard(mux)
	if d != public {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rest, ok := strings.CutPrefix(r.URL.Path, "/hooks/"); ok {
			s.hooks.serve(w, r, rest)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// resource is a path with the methods it takes.
type resource map[string]route

func (m resource) allow() string {
	var list []string
	for method := range m {
		list = append(list, method)
		if method == http.MethodGet {
			list = append(list, http.MethodHead)
		}
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func (s *Server) resource(d door, m resource) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		route, ok := m[method]
		if !ok {
			w.Header().Set("Allow", m.allow())
			s.refuse(w, r, caller{}, refusal{http.StatusMethodNotAllowed, "method_not_allowed", fmt.Sprintf("%s is not possible here; %s is.", r.Method, m.allow())})
			return
		}
		s.enter(d, route, w, r)
	})
}

// enter lets a caller in, or says why not.
func (s *Server) enter(d door, to route, w http.ResponseWriter, r *http.Request) {
	if to.access == anyone && !to.identifies() {
		to.serve(w, r, caller{})
		return
	}
	s.sessions.manager.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, refused := s.caller(d, r)
		if refused == nil {
			refused = c.may(to.access)
		}
		if refused != nil {
			s.refuse(w, r, c, *refused)
			return
		}
		to.serve(w, r, c)
	})).ServeHTTP(w, r)
}

// identifies reports whether a route for anyone still wants to know who asks: pages that sign in or out.
func (r route) identifies() bool {
	return strings.HasPrefix(r.path, "/sign") || strings.HasPrefix(r.path, "/open/") || strings.HasPrefix(r.path, "/demo/")
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, caller{}, refusal{http.StatusNotFound, "not_found", "There is nothing at this address."})
}
