package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
)

const (
	addressTime = 5 * time.Second
	nonceHeader = "Signoff-Instance" // says which process answers
	hostHeader  = "Signoff-Host"     // whether the name it was asked for came through: kept, changed
)

// doctor answers GET /doctor of the socket: everything is asked whether it is in order.
func (s *Server) doctor(w http.ResponseWriter, r *http.Request, _ caller) {
	address := make(chan []engine.Finding, 1)
	go func() { address <- s.checkAddress(r.Context()) }()
	out := DoctorAnswer{SchemaVersion: SchemaVersion, OK: true, Findings: list(s.o.Hub.Check(r.Context()))}
	out.Findings = append(out.Findings, <-address...)
	for _, f := range out.Findings {
		out.OK = out.OK && f.Level != "problem"
	}
	s.json(w, http.StatusOK, out)
}

// signs puts into an answer who gives it, so that the check of the address can tell whether it reaches us.
func (s *Server) signs(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(nonceHeader, s.nonce)
	host := "changed"
	if "https://"+r.Host == s.origin || "http://"+r.Host == s.origin {
		host = "kept"
	}
	w.Header().Set(hostHeader, host)
}

// checkAddress asks our public address whether it leads here.
func (s *Server) checkAddress(ctx context.Context) []engine.Finding {
	if s.o.Client == nil {
		return nil
	}
	say := func(level, text, remedy string) []engine.Finding {
		return []engine.Finding{{Group: "public address", Finding: connectors.Finding{Level: level, What: "public address", Text: text, Remedy: remedy}}}
	}
	ctx, cancel := context.WithTimeout(ctx, addressTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.link("/healthz"), nil)
	if err != nil {
		return say("problem", fmt.Sprintf("%s is no address", s.origin), "Correct server.public_url.")
	}
	resp, err := s.o.Client.Do(req)
	if err != nil {
		return say("problem", fmt.Sprintf("%s does not answer: %v", s.origin, err), "See that the name leads to this machine or its proxy, and that the port is open. In Slack's Socket Mode only links need it.")
	}
	_ = resp.Body.Close() // its head says it all
	switch {
	case resp.StatusCode != http.StatusOK:
		return say("problem", fmt.Sprintf("%s answers with %d", s.origin, resp.StatusCode), "See that the proxy passes everything on to signoff.")
	case resp.Header.Get(nonceHeader) != s.nonce:
		return say("problem", s.origin+" answers, but it is not this signoff", "Another installation, or something before it that answers by itself, has the name.")
	case resp.Header.Get(hostHeader) != "kept":
		return say("warning", s.origin+" answers, but the proxy changes the Host", "Let it pass the Host header on as it came: links and forms are checked by it.")
	}
	return say("ok", s.origin+" answers, Host is kept", "")
}
