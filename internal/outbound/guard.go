package outbound

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strings"
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
	idle      time.Duration // 0: the timeout alone bounds a silence
	maxBody   int64
	asIs      bool // files: an answer that is packed is not the file
	skew      *Skew
}

// RoundTrip sends a request if its address is on the list.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.reach.check(req.URL); err != nil {
		closeBody(req)
		return nil, &unsentError{err}
	}
	var connected atomic.Bool
	ctx, stop := context.WithCancelCause(req.Context())
	ctx, end := context.WithTimeout(ctx, g.timeout)
	cancel := func() { end(); stop(nil) }
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	resp, err := g.send(g.outgoing(ctx, req, stop))
	if err != nil {
		err = stood(ctx, err)
		cancel()
		if !connected.Load() {
			return nil, &unsentError{err}
		}
		return nil, err
	}
	resp.Body = &answerBody{body: resp.Body, capped: g.cap(resp), idle: newIdle(g.idle, stop), ctx: ctx, cancel: cancel}
	return resp, nil
}

// outgoing is the request as it leaves: within ctx, signed with our name, its body watched for a standstill.
func (g *guard) outgoing(ctx context.Context, req *http.Request, stop context.CancelCauseFunc) *http.Request {
	out := req.Clone(ctx)
	if out.Header.Get("User-Agent") == "" {
		out.Header.Set("User-Agent", g.userAgent)
	}
	if g.asIs && out.Header.Get("Accept-Encoding") == "" {
		out.Header.Set("Accept-Encoding", "identity")
	}
	if g.idle > 0 && out.Body != nil && out.Body != http.NoBody {
		out.Body = &sentBody{out.Body, newIdle(g.idle, stop)}
	}
	return out
}

// send makes the call and lets the answer's Date be compared with our clock.
func (g *guard) send(req *http.Request) (*http.Response, error) {
	sent := g.skew.begin()
	resp, err := g.next.RoundTrip(req)
	if err == nil {
		g.skew.end(req.URL.Host, sent, resp.Header)
	}
	return resp, err
}

// cap says how much of an answer is read, and what is refused without reading any of it.
func (g *guard) cap(resp *http.Response) capped {
	c := capped{left: g.maxBody, limit: g.maxBody}
	switch encoding := resp.Header.Get("Content-Encoding"); {
	case resp.Request != nil && resp.Request.Method == http.MethodHead:
	case g.asIs && encoding != "" && !strings.EqualFold(encoding, "identity"):
		c.refused = &PackedError{encoding}
	case resp.ContentLength > g.maxBody:
		c.refused = &TooLargeError{g.maxBody}
	}
	return c
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

// unsentError marks an error that came before any byte of the request could leave.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }

func (e *unsentError) Unwrap() error { return e.err }

var errNoAnswer = errors.New("there was no answer")
