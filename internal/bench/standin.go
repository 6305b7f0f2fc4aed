package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The stand-ins answer at once and know no more than the connectors need: what is measured is signoff, not they. They
// write their answers as bytes; a whole imitation of the services, strict and slow, is internal/sandbox.

// ask is one request that came to a stand-in.
type ask struct {
	At     time.Time // when its last byte had been read
	Method string
	Path   string
	Query  string
	Form   bool
	Body   string
	Answer string
}

// standin is a minimal HTTP server.
type standin struct {
	listener net.Listener
	answer   func(ask) (status int, body string)
	mu       sync.Mutex
	conns    map[net.Conn]bool
	done     sync.WaitGroup
	hear     atomic.Pointer[func(ask)]
}

func listen(answer func(ask) (int, string)) (*standin, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &standin{listener: l, answer: answer, conns: map[net.Conn]bool{}}
	s.done.Go(s.accept)
	return s, nil
}

// base is the address without trailing slash.
func (s *standin) base() string { return "http://" + s.listener.Addr().String() }

// listenTo has f called with every request from now on, before its answer goes out.
func (s *standin) listenTo(f func(ask)) { s.hear.Store(&f) }

func (s *standin) close() {
	_ = s.listener.Close() // accept ends
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close() // its reader ends
	}
	s.conns = nil
	s.mu.Unlock()
	s.done.Wait()
}

func (s *standin) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.conns == nil {
			s.mu.Unlock()
			_ = conn.Close()
			return
		}
		s.conns[conn] = true
		s.mu.Unlock()
		s.done.Go(func() { s.serve(conn) })
	}
}

func (s *standin) serve(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	in := bufio.NewReader(conn)
	var out bytes.Buffer
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return // the caller is done
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		a := ask{At: time.Now(), Method: req.Method, Path: req.URL.Path, Query: req.URL.RawQuery, Body: string(body)}
		a.Form = strings.HasPrefix(req.Header.Get("Content-Type"), typeForm)
		var status int
		status, a.Answer = s.answer(a)
		if hear := s.hear.Load(); hear != nil {
			(*hear)(a)
		}
		out.Reset()
		fmt.Fprintf(&out, "HTTP/1.1 %d %s\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s", status, http.StatusText(status), len(a.Answer), a.Answer)
		if _, err := conn.Write(out.Bytes()); err != nil {
			return
		}
	}
}

// outside is both stand-ins.
type outside struct {
	slack, jira *standin
}

func newOutside() (*outside, error) {
	slack, err := listen((&slackStandin{}).answer)
	if err != nil {
		return nil, err
	}
	jira, err := listen((&jiraStandin{}).answer)
	if err != nil {
		slack.close()
		return nil, err
	}
	return &outside{slack, jira}, nil
}

func (o *outside) close() {
	o.slack.close()
	o.jira.close()
}

// listenTo has f called with every request to either of them; Slack's with their method as path.
func (o *outside) listenTo(f func(ask)) {
	o.slack.listenTo(func(a ask) {
		a.Path = strings.TrimPrefix(a.Path, "/api/")
		f(a)
	})
	o.jira.listenTo(f)
}

var errMissing = errors.New("not everything arrived at the stand-ins in time")

// jsonText reads a string of a JSON object, "" when there is none.
func jsonText(doc, key string) string {
	var v map[string]any
	if json.Unmarshal([]byte(doc), &v) != nil {
		return ""
	}
	s, _ := v[key].(string)
	return s
}
