package server

import (
	"net/http"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/secret"
)

// caller is who asks. The zero caller is nobody.
type caller struct {
	who   flow.Actor // zero: no person
	zone  *time.Location
	token string // name of the API token, empty for people
	owner bool   // the server's own user, through the socket
	form  string // what forms of this session carry; empty without a session
}

func (c caller) known() bool   { return c.form != "" || c.token != "" || c.owner }
func (c caller) session() bool { return c.form != "" }
func (c caller) person() bool  { return c.who.ID() != "" }

// may says why a caller may not use a route; nil: they may.
func (c caller) may(need access) *refusal {
	switch {
	case need == anyone, need == reader && c.known(), need == person && c.session(), need == owner && c.owner:
		return nil
	case !c.known():
		return &refusal{http.StatusUnauthorized, "unauthorized", "Please sign in, or send a bearer token of the API."}
	}
	return &refusal{http.StatusForbidden, "forbidden", "This is done by a person on the pages, not with a token."}
}

// caller finds out who asks at a door: a bearer token first, then a session, and through the socket nobody else.
func (s *Server) caller(d door, r *http.Request) (caller, *refusal) {
	if values := r.Header["Authorization"]; len(values) > 0 {
		return s.bearer(values)
	}
	if d == socket {
		return caller{owner: true, zone: s.zone()}, nil
	}
	as, form := s.sessions.of(r.Context())
	if as == "" {
		return caller{}, nil
	}
	c, ok := s.somebody(as)
	if !ok {
		return caller{}, nil // no longer in the directory
	}
	c.form = form
	return c, nil
}

func (s *Server) bearer(values []string) (caller, *refusal) {
	wrong := &refusal{http.StatusUnauthorized, "unauthorized", "This bearer token is not known here."}
	if len(values) != 1 {
		return caller{}, wrong
	}
	scheme, given, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return caller{}, wrong
	}
	presented, found := secret.New(strings.TrimSpace(given)), -1
	for i, t := range s.o.Tokens { // all of them, so that time tells nothing
		if t.Secret.Equal(presented) {
			found = i
		}
	}
	if found < 0 {
		return caller{}, wrong
	}
	t := s.o.Tokens[found]
	c := caller{zone: s.zone()}
	if t.As != "" {
		if as, ok := s.somebody(t.As); ok {
			c = as
		}
	}
	c.token = t.Name
	return c, nil
}

// operator signs in the server's own user where no person is named: to look and to replay. Nobody of the directory
// is meant, so the core refuses every decision.
const operator = "operator"

// somebody finds a person who may sign in: in the directory, a role of the demo, or the operator.
func (s *Server) somebody(name string) (caller, bool) {
	for _, p := range s.o.Hub.Rules().People() {
		if p.Name != name {
			continue
		}
		c := caller{who: flow.Actor{Name: p.Name, Shown: p.Shown, Email: p.Email}, zone: p.Zone}
		if c.zone == nil {
			c.zone = s.zone()
		}
		return c, true
	}
	if name == operator {
		ref := flow.Ref{System: "web", Type: "operator", Key: operator}
		return caller{who: flow.Actor{Ref: ref, Shown: "Operator"}, zone: s.zone()}, true
	}
	if s.o.Demo == nil {
		return caller{}, false
	}
	for _, role := range s.o.Demo.Roles {
		if role.Name == name {
			ref := flow.Ref{System: "web", Type: "role", Key: role.Name}
			return caller{who: flow.Actor{Ref: ref, Shown: role.Shown}, zone: s.zone()}, true
		}
	}
	return caller{}, false
}

// zone is the workspace's time zone.
func (s *Server) zone() *time.Location {
	if loc, err := time.LoadLocation(s.o.Hub.Rules().Options().Workspace.Zone); err == nil {
		return loc
	}
	return time.UTC
}
