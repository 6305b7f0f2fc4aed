package server

import (
	"net/http"
	"net/url"
	"strings"

	"signoff/connectors"
	"signoff/internal/engine"
)

// Somebody who looks after signoff lets a service trust it in their browser: from a page of ours to the service and back.
// What the service sends back is judged by the connector, for which the way began.

func (s *Server) oauthRoutes() []route {
	return []route{
		{"GET", "/oauth/{instance}", web, person, s.oauthPage},
		{"GET", "/oauth/{instance}/install", web, person, s.oauthInstall},
		{"GET", "/oauth/{instance}/callback", public, anyone, s.oauthCallback},
		{"POST", "/oauth-link", socket, owner, s.oauthLink},
	}
}

// oauthData is the body of the pages around an authorisation.
type oauthData struct {
	Heading, Text string
	Next          string // where it goes on; empty: nowhere
	Button        string
}

func oauthPath(instance string) string { return pathTo("oauth", instance) }

// oauthPage says what will happen, with the way on.
func (s *Server) oauthPage(w http.ResponseWriter, r *http.Request, c caller) {
	instance := r.PathValue("instance")
	if !s.o.Hub.Authorizes(instance) {
		s.notFound(w, r)
		return
	}
	s.pages.show(w, r, c, view{status: http.StatusOK, name: "oauth", title: "Connect " + capital(instance), body: oauthData{
		Heading: "Connect " + capital(instance),
		Text:    capital(instance) + " will ask you what signoff may do there, and send you back here. What it gives signoff is kept sealed.",
		Next:    oauthPath(instance) + "/install", Button: "Continue to " + capital(instance),
	}})
}

// oauthInstall sends the browser to the service.
func (s *Server) oauthInstall(w http.ResponseWriter, r *http.Request, c caller) {
	s.authorize(w, r, c, "install")
}

// oauthCallback is where the service sends the browser back. The connector believes only what it began itself.
func (s *Server) oauthCallback(w http.ResponseWriter, r *http.Request, c caller) {
	s.authorize(w, r, c, "callback")
}

func (s *Server) authorize(w http.ResponseWriter, r *http.Request, c caller, rest string) {
	in := connectors.Inbound{
		Method: r.Method, Rest: rest, Query: r.URL.Query(), Header: withoutSecrets(r.Header), At: s.o.Now(), Remote: client(r, s.o.TrustedProxies).String(),
	}
	reply, ok := s.o.Hub.Authorize(r.Context(), r.PathValue("instance"), in)
	if !ok {
		s.notFound(w, r)
		return
	}
	if to := http.Header(reply.Header).Get("Location"); reply.Status >= 300 && reply.Status < 400 && webOnly(to) != "" {
		http.Redirect(w, r, to, reply.Status)
		return
	}
	heading := "That did not work"
	if reply.Status < 300 {
		heading = "Connected"
	}
	s.pages.show(w, r, c, view{status: max(reply.Status, http.StatusOK), name: "oauth", title: heading, body: oauthData{Heading: heading, Text: strings.TrimSpace(string(reply.Body))}})
}

// withoutSecrets leaves out what belongs between the browser and us.
func withoutSecrets(h http.Header) http.Header {
	h = h.Clone()
	h.Del("Cookie")
	h.Del("Authorization")
	return h
}

// oauthLink answers POST /oauth-link of the socket: an address that signs the operator in once and leads to the page
// that connects an instance.
func (s *Server) oauthLink(w http.ResponseWriter, r *http.Request, _ caller) {
	var in struct {
		Instance string `json:"instance"`
	}
	if !s.read(w, r, &in) {
		return
	}
	if !s.o.Hub.Authorizes(in.Instance) {
		s.problem(w, refusal{http.StatusNotFound, "not_found", "No connection of this name is set up to be installed by a browser."}, nil)
		return
	}
	token, err := s.links.make(r.Context(), operator)
	if err != nil {
		s.fault(w, r, "make link", err)
		return
	}
	s.json(w, http.StatusOK, struct {
		SchemaVersion int    `json:"schema_version"`
		URL           string `json:"url"`
	}{SchemaVersion, s.link("/open/" + token + "?next=" + url.QueryEscape(oauthPath(in.Instance)))})
}

// DoctorAnswer answers GET /doctor of the socket.
type DoctorAnswer struct {
	SchemaVersion int              `json:"schema_version"`
	OK            bool             `json:"ok"` // no problem was found; there may be warnings
	Findings      []engine.Finding `json:"findings"`
}
