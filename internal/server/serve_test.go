package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signoff/internal/server"
)

// up serves a site on a loopback listener and returns its address; the site stops with the test.
func up(t *testing.T, s *site) (address string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l, nil, nil) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-done
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return l.Addr().String(), stop
}

// raw sends bytes over one connection and returns the answers' status codes until the server closes or n have come.
func raw(t *testing.T, address, bytes string, n int) (codes []int, closed bool) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, bytes); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	for range n {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return codes, true
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		codes = append(codes, resp.StatusCode)
		if resp.Close {
			return codes, true
		}
	}
	return codes, false
}

func TestServe_Framing(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	address, _ := up(t, s)
	const head = "POST /hooks/slack HTTP/1.1\r\nHost: x\r\n"
	plain := head + "Content-Length: 2\r\n\r\n{}"
	cases := []struct {
		name, bytes string
		n           int
		codes       string
		closed      bool
	}{
		{"a length", plain, 1, "[200]", false},
		{"twice on one connection", plain + plain, 2, "[200 200]", false},
		{"chunks", head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 1, "[200]", true},
		{"chunks and a length", head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 1, "[400]", true},
		{"a length and chunks, on a page", "POST /sign-out HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 1, "[400]", true},
		{"hidden behind another", plain + head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 2, "[200 400]", true},
		{"two lengths", head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 1, "[400]", true},
		{"no Host", "POST /hooks/slack HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 1, "[400]", true},
		{"a long head", head + "X: " + strings.Repeat("a", 17<<10) + "\r\nContent-Length: 2\r\n\r\n{}", 1, "[431]", true},
		{"a head that is just short enough", head + "X: " + strings.Repeat("a", 15<<10) + "\r\nContent-Length: 2\r\n\r\n{}", 1, "[200]", false},
		{"h2c", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 1, "[400]", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			codes, closed := raw(t, address, c.bytes, c.n)
			if fmt.Sprint(codes) != c.codes || closed != c.closed {
				t.Errorf("%.120q: %v, closed %v; want %s, %v", c.bytes, codes, closed, c.codes, c.closed)
			}
		})
	}
}

func TestServe_FinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.hold, s.hub.entered = make(chan struct{}), make(chan struct{}, 1)
	address, stop := up(t, s)
	answer := make(chan int, 1)
	go func() {
		resp, err := http.Post("http://"+address+"/hooks/slack", "application/json", strings.NewReader("{}"))
		if err != nil {
			answer <- 0
			return
		}
		resp.Body.Close()
		answer <- resp.StatusCode
	}()
	<-s.hub.entered
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for { // the door closes before what is inside has finished
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			break
		}
		c.Close()
	}
	if w := do(s.Admin(), call{method: "GET", path: "/readyz"}); w.Code != 503 || !strings.Contains(w.Body.String(), "shutting down") {
		t.Errorf("readyz while stopping: %d %s", w.Code, w.Body)
	}
	close(s.hub.hold)
	if got := <-answer; got != 200 {
		t.Errorf("the delivery in flight got %d, want 200", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// pipe is a listener whose connections are in memory.
type pipe struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipe) Close() error   { close(p.closed); return nil }
func (p *pipe) Addr() net.Addr { return &net.TCPAddr{} }

// TestServe_EndsWithoutThoseWhoSayNothing: a connection that was opened in reserve does not hold up the end.
func TestServe_EndsWithoutThoseWhoSayNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	synctest.Test(t, func(t *testing.T) {
		l := &pipe{conns: make(chan net.Conn), closed: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Serve(ctx, l, nil, nil) }()
		reserve, theirs := net.Pipe()
		defer reserve.Close()
		l.conns <- theirs
		synctest.Wait()
		began := time.Now()
		cancel()
		if err := <-done; err != nil || time.Since(began) > time.Second {
			t.Errorf("Serve ended with %v after %v, want nil within a second", err, time.Since(began))
		}
	})
}

func TestServe_SaysWhatItCannotServe(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	good, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	if err := s.Serve(t.Context(), good, closed, nil); err == nil || !strings.Contains(err.Error(), "serve:") {
		t.Errorf("Serve over a closed listener: %v", err)
	}
	if c, err := net.Dial("tcp", good.Addr().String()); err == nil {
		c.Close()
		t.Error("the other listener still serves")
	}
}

func TestNew_Refuses(t *testing.T) {
	t.Parallel()
	full := func() server.Options {
		f := newFake(t)
		return server.Options{Hub: f, Store: newSite(t, nil).store, Now: time.Now, PublicURL: "https://signoff.lumen.example"}
	}
	cases := map[string]func(*server.Options){
		"no hub":         func(o *server.Options) { o.Hub = nil },
		"no store":       func(o *server.Options) { o.Store = nil },
		"no clock":       func(o *server.Options) { o.Now = nil },
		"no address":     func(o *server.Options) { o.PublicURL = "" },
		"a bare host":    func(o *server.Options) { o.PublicURL = "signoff.lumen.example" },
		"an empty token": func(o *server.Options) { o.Tokens = []server.Token{{Name: "scripts"}} },
	}
	for name, spoil := range cases {
		o := full()
		spoil(&o)
		if _, err := server.New(o); err == nil {
			t.Errorf("%s: New gives no error", name)
		}
	}
	if _, err := server.New(full()); err != nil {
		t.Errorf("sound options: %v", err)
	}
}
