package server

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
)

// A request that states both a length and chunks is how one request is smuggled inside another. Go reads it by the
// chunks and drops the stated length before anybody sees it, so the connection remembers the head as it came.

// headMost is how much of a request's head is looked at; longer heads are refused anyway.
const headMost = 16 << 10

// watched is a connection that remembers the head of the request that is being answered.
type watched struct {
	net.Conn
	mu    sync.Mutex // net/http reads ahead while an answer is written
	head  []byte
	whole bool // the head has ended
}

// Read remembers what arrives until the head has ended.
func (c *watched) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.whole || n == 0 {
		return n, err
	}
	from := max(0, len(c.head)-3)
	c.head = append(c.head, p[:min(n, headMost-len(c.head))]...)
	c.whole = bytes.Contains(c.head[from:], []byte("\r\n\r\n")) || len(c.head) == headMost
	return n, err
}

// Write begins an answer: what is read next is another head.
func (c *watched) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.head, c.whole = c.head[:0], false
	c.mu.Unlock()
	return c.Conn.Write(p)
}

type connKey struct{}

// watching gives requests their connection.
func watching(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// watchedListener accepts watched connections.
type watchedListener struct{ net.Listener }

func (l watchedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &watched{Conn: c}, nil
}

// framedTwice reports whether a chunked request stated a length too, or came so that nobody can tell.
func framedTwice(r *http.Request) bool {
	c, ok := r.Context().Value(connKey{}).(*watched)
	if !ok {
		return false
	}
	c.mu.Lock()
	head, _, _ := strings.Cut(string(c.head), "\r\n\r\n")
	c.mu.Unlock()
	own := strings.HasPrefix(head, r.Method+" "+r.RequestURI+" ")
	return !own || strings.Contains(strings.ToLower(head), "\ncontent-length")
}
