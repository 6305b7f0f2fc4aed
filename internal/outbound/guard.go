package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// mostRedirects is how many hops a read may take.
const mostRedirects = 3

// A guard checks each request before it leaves and bounds its answer. http.Client calls it for each redirect too.
type guard struct {
	reach     *reach
	next      http.RoundTripper
	dial      *dialer
	userAgent string
	timeout   time.Duration
	maxBody   int64
}

// RoundTrip sends a request if its address is on the list.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.reach.check(req.URL); err != nil {
		closeBody(req)
		return nil, &unsentError{err}
	}
	var connected atomic.Bool
	ctx, cancel := context.WithTimeout(req.Context(), g.timeout)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	out := req.Clone(ctx)
	if out.Header.Get("User-Agent") == "" {
		out.Header.Set("User-Agent", g.userAgent)
	}
	resp, err := g.next.RoundTrip(out)
	if err != nil {
		cancel()
		if !connected.Load() {
			return nil, &unsentError{err}
		}
		return nil, err
	}
	resp.Body = &cappedBody{body: resp.Body, left: g.maxBody, limit: g.maxBody, cancel: cancel}
	return resp, nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close() // nothing was read from it
	}
}

// CloseIdleConnections lets http.Client close the kept connections.
func (g *guard) CloseIdleConnections() {
	if c, ok := g.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// redirect follows reads only, and only along the list. Everything that was meant for the first origin alone stays there.
func (g *guard) redirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method != http.MethodGet && first.Method != http.MethodHead {
		return http.ErrUseLastResponse // a body with credentials is not sent again; the caller sees the 3xx
	}
	if len(via) > mostRedirects {
		return &RefusedError{req.URL.Hostname(), fmt.Sprintf("more than %d redirects", mostRedirects)}
	}
	if err := g.reach.check(req.URL); err != nil {
		return err
	}
	req.Header.Del("Referer")
	if !sameOrigin(first, req) {
		keepHarmless(req.Header)
	}
	return nil
}

func sameOrigin(a, b *http.Request) bool {
	x, errX := originOf(a.URL)
	y, errY := originOf(b.URL)
	return errX == nil && errY == nil && x == y
}

// keepHarmless drops every header that could carry a credential, under whatever name.
func keepHarmless(h http.Header) {
	for name := range h {
		switch name {
		case "Accept", "Accept-Language", "Range", "User-Agent":
		default:
			delete(h, name)
		}
	}
}

// TooLargeError says that an answer was longer than the client reads.
type TooLargeError struct{ Limit int64 }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the answer is longer than %d bytes", e.Limit)
}

// cappedBody ends with a TooLargeError instead of going on for ever, and ends the request's context with itself.
type cappedBody struct {
	body        io.ReadCloser
	left, limit int64
	cancel      context.CancelFunc
}

// Read returns at most what is left, then checks by one more byte whether that was all.
func (b *cappedBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		var more [1]byte
		n, err := b.body.Read(more[:])
		if n > 0 {
			return 0, &TooLargeError{b.limit}
		}
		return 0, err
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	return n, err
}

// Close ends the request.
func (b *cappedBody) Close() error {
	err := b.body.Close()
	b.cancel()
	return err
}

// unsentError marks an error that came before any byte of the request could leave.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }

func (e *unsentError) Unwrap() error { return e.err }

// Credential adds a header to requests that go to exactly the origin of base, and to no others: a redirect or an
// address out of an answer never sees the token. set is called with the header of a copy of the request.
func Credential(next http.RoundTripper, base string, set func(http.Header)) http.RoundTripper {
	o, err := baseOrigin(base)
	return &credential{next: next, home: o, known: err == nil, set: set}
}

type credential struct {
	next  http.RoundTripper
	home  origin
	known bool
	set   func(http.Header)
}

// RoundTrip passes the request on, with the credential where it belongs.
func (c *credential) RoundTrip(req *http.Request) (*http.Response, error) {
	if o, err := originOf(req.URL); err == nil && c.known && o == c.home {
		req = req.Clone(req.Context())
		c.set(req.Header)
	}
	return c.next.RoundTrip(req)
}

var errNoAnswer = errors.New("there was no answer")
