package outbound_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"

	"signoff/internal/outbound"
)

func TestCall_Request(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		call             outbound.Call
		want, body, kind string
	}{
		{outbound.Call{Method: http.MethodGet, Address: "https://a.example/x%2Fy"}, "GET https://a.example/x%2Fy", "", ""},
		{outbound.Call{Method: http.MethodGet, Address: "https://a.example/x", Query: url.Values{"q": {"a b&c"}}}, "GET https://a.example/x?q=a+b%26c", "", ""},
		{outbound.Call{Method: http.MethodPut, Address: "https://a.example/x", Body: map[string]int{"n": 1}}, "PUT https://a.example/x", `{"n":1}`, "application/json"},
	} {
		req, err := c.call.Request(t.Context())
		if err != nil {
			t.Errorf("%+v: %v", c.call, err)
			continue
		}
		var body []byte
		if req.Body != nil {
			body, _ = io.ReadAll(req.Body) // from memory
		}
		if got := req.Method + " " + req.URL.String(); got != c.want || string(body) != c.body || req.Header.Get("Content-Type") != c.kind || req.Header.Get("Accept") != "application/json" {
			t.Errorf("%+v = %s %q %v, want %s %q", c.call, got, body, req.Header, c.want, c.body)
		}
	}
	for _, bad := range []outbound.Call{{Method: "GET", Address: "://"}, {Method: "POST", Address: "https://a.example", Body: func() {}}} {
		if _, err := bad.Request(t.Context()); err == nil {
			t.Errorf("%+v makes a request, want an error", bad)
		}
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("read page: %w", &outbound.Refusal{Status: http.StatusNotFound})
	if got, want := err.Error(), "read page: HTTP 404 Not Found"; got != want || outbound.StatusOf(err) != http.StatusNotFound {
		t.Errorf("%q with status %d, want %q with 404", got, outbound.StatusOf(err), want)
	}
	if got := outbound.StatusOf(io.EOF); got != 0 || outbound.RefusalOf(nil) != nil {
		t.Errorf("of no refusal = %d, want 0", got)
	}
}
