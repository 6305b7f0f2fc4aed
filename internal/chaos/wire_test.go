package chaos

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"signoff/connectors"
)

// direct is a client's way to a handler without a network between.
type direct func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	body := r.Body
	resp, err := d(r)
	if body != nil {
		_ = body.Close()
	}
	return resp, err
}

var errCut = errors.New("the connection was cut")

// serve lets a handler answer; one that aborts cuts the connection.
func serve(h http.Handler, r *http.Request) (resp *http.Response, err error) {
	defer func() {
		if p := recover(); p == http.ErrAbortHandler { //nolint:errorlint // the very value that a server knows
			resp, err = nil, errCut
		} else if p != nil {
			panic(p)
		}
	}()
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI, in.RemoteAddr, in.Host = r.URL.RequestURI(), "203.0.113.9:1000", r.URL.Host
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, in)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	resp = answer.Result()
	resp.Request = r
	return resp, nil
}

// outward takes a call of the hub to its service.
func (w *world) outward(r *http.Request) (*http.Response, error) {
	h := w.services[r.URL.Host]
	if h == nil {
		return nil, fmt.Errorf("%s was called", r.URL.Host)
	}
	c := call{at: time.Now(), host: r.URL.Host, method: r.Method + " " + r.URL.Path}
	if _, name, ok := strings.Cut(r.URL.Path, "/api/"); ok && r.URL.Host == slackHost {
		c.method = name
	}
	w.mu.Lock()
	answer := w.answer
	w.mu.Unlock()
	var resp *http.Response
	var err error
	if answer != nil {
		resp, err = answer(c)
	}
	if resp == nil && err == nil {
		resp, err = serve(h, r)
	}
	if err == nil {
		c.status = resp.StatusCode
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, c)
	return resp, err
}

// take brings a delivery of a service to the hub, as its server does.
func (w *world) take(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	signer := w.signer
	w.mu.Unlock()
	if signer != "" && r.URL.Path == "/slack" {
		mac := hmac.New(sha256.New, []byte(signer))
		_, _ = fmt.Fprintf(mac, "v0:%s:%s", r.Header.Get("X-Slack-Request-Timestamp"), body) // a hash never fails
		r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	}
	reply := w.engine.Hook(r.Context(), strings.TrimPrefix(r.URL.Path, "/"), connectors.Inbound{
		Method: r.Method, Header: r.Header, Body: body, At: time.Now(), Query: map[string][]string(r.URL.Query()),
	})
	if reply.Header == nil {
		reply.Header = http.Header{}
	}
	return &http.Response{StatusCode: reply.Status, Header: reply.Header, Body: io.NopCloser(bytes.NewReader(reply.Body)), Request: r}, nil
}
