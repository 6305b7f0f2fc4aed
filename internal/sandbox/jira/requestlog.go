package jira

import (
	"encoding/json"
	"net/http"
)

// Recorded is one line of Options.Requests: an API request as the site got it, below its mount point.
type Recorded struct {
	Operation   string `json:"operation,omitempty"` // "" = the site knows no such operation
	Method      string `json:"method"`
	Path        string `json:"path"`
	Query       string `json:"query,omitempty"` // as sent, without the question mark
	ContentType string `json:"contentType,omitempty"`
	Body        string `json:"body,omitempty"`  // of a request that brings files: empty
	Files       int    `json:"files,omitempty"` // how many it brings
	Status      int    `json:"status"`          // what the site answered
}

// log writes a request for a validator outside.
func (s *Server) log(req *http.Request, c call, status int) {
	if s.opt.Requests == nil {
		return
	}
	path, _, _ := s.local(req)
	line := Recorded{Operation: c.op, Method: req.Method, Path: path, Query: req.URL.RawQuery, ContentType: req.Header.Get("Content-Type"),
		Body: string(c.body), Files: len(c.files), Status: status}
	s.logging.Lock()
	defer s.logging.Unlock()
	_ = json.NewEncoder(s.opt.Requests).Encode(line) // a broken log does not stop the site
}
