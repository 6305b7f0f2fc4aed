package server_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
)

// client is a browser on this machine that follows redirects.
type client struct{ http.Client }

func newClient(t *testing.T) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{http.Client{Jar: jar}}
}

func (c *client) get(t *testing.T, address string, want int) string {
	t.Helper()
	resp, err := c.Get(address)
	return taken(t, resp, err, want)
}

func (c *client) post(t *testing.T, address string, form url.Values, want int) string {
	t.Helper()
	resp, err := c.PostForm(address, form)
	return taken(t, resp, err, want)
}

func taken(t *testing.T, resp *http.Response, err error, want int) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	code, body := read(t, resp)
	if code != want {
		t.Errorf("%s %s: %d, want %d", resp.Request.Method, resp.Request.URL, code, want)
	}
	return body
}
