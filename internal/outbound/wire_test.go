package outbound_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"signoff/connectors"
	"signoff/internal/outbound"
)

// pipes is a service behind connections in memory, so that its silences take no time. Each connection can be cut off in
// silence: what is written to it is taken and never arrives.
type pipes struct {
	accept chan net.Conn
	closed chan struct{}
	dead   atomic.Bool
	made   atomic.Int64
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) connect(context.Context, string, string) (net.Conn, error) {
	p.made.Add(1)
	ours, theirs := net.Pipe()
	p.accept <- theirs
	return &silent{Conn: ours, dead: &p.dead, first: p.made.Load() == 1}, nil
}

// silent is a connection that dies without a word when it is the first one and told to.
type silent struct {
	net.Conn
	dead  *atomic.Bool
	first bool
}

func (s *silent) Write(b []byte) (int, error) {
	if s.first && s.dead.Load() {
		return len(b), nil
	}
	return s.Conn.Write(b)
}

// onPipes runs test in a bubble against a handler that is spoken to in HTTP/1.1 and in HTTP/2.
func onPipes(t *testing.T, h http.HandlerFunc, test func(t *testing.T, c *http.Client, p *pipes)) {
	t.Helper()
	for name, protocol := range map[string]string{"HTTP 1.1": "http/1.1", "HTTP 2": "h2"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newInternet(t, certified(), h)
			synctest.Test(t, func(t *testing.T) {
				p := &pipes{accept: make(chan net.Conn), closed: make(chan struct{})}
				config := n.server.TLS.Clone()
				config.NextProtos = []string{protocol}
				base, stop := context.WithCancel(t.Context())
				server := &http.Server{Handler: h, TLSConfig: config, BaseContext: func(net.Listener) context.Context { return base }, ErrorLog: log.New(io.Discard, "", 0)}
				served := make(chan struct{})
				go func() { _ = server.ServeTLS(p, "", ""); close(served) }()
				o := outbound.Through(outbound.Options{Hosts: listedHosts(), Roots: n.roots, Lookup: n.lookup}, p.connect)
				client := outbound.NewFiles(o)
				test(t, client, p)
				client.CloseIdleConnections()
				stop()
				_ = server.Close()
				<-served
			})
		})
	}
}

const fileURL = "https://files.slack.com/f"

// read fetches a file to its end.
func read(c *http.Client, url string) error {
	resp, err := c.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// TestFiles_OwnTimes: the real bounds, in both protocols: a standstill ends after 30 seconds, a trickle after ten minutes,
// an answer that does not come after a minute.
func TestFiles_OwnTimes(t *testing.T) {
	t.Parallel()
	handler := func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && r.URL.Query().Has("reads"):
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		case r.Method == http.MethodPost:
			<-r.Context().Done()
		case r.URL.Query().Has("trickle"):
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte("a")); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				select {
				case <-time.After(29 * time.Second):
				case <-r.Context().Done():
				}
			}
		default:
			_, _ = w.Write([]byte("%PDF-"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	}
	onPipes(t, handler, func(t *testing.T, c *http.Client, _ *pipes) {
		post := func(url string, body io.Reader) error {
			resp, err := c.Post(url, "application/pdf", body)
			if err == nil {
				_ = resp.Body.Close()
			}
			return err
		}
		for _, row := range []struct {
			name string
			call func() error
			want time.Duration
			idle bool
		}{
			{"standstill of an answer", func() error { return read(c, fileURL) }, 30 * time.Second, true},
			{"trickle", func() error { return read(c, fileURL+"?trickle") }, 10 * time.Minute, false},
			{"standstill of an upload", func() error { return post(fileURL, endless{}) }, 30 * time.Second, true},
			{"no answer to an upload", func() error { return post(fileURL+"?reads", io.LimitReader(endless{}, 1<<20)) }, time.Minute, false},
		} {
			began := time.Now()
			err := row.call()
			took := time.Since(began)
			_, idle := errors.AsType[*outbound.IdleError](err)
			if err == nil || idle != row.idle || took < row.want || took > row.want+time.Second || !outbound.Lost(err) {
				t.Errorf("%s: %v after %v, want the end after %v", row.name, err, took, row.want)
			}
		}
	})
}

// TestFiles_Idle: a body that stands still ends long before the deadline, in either direction, and says why.
func TestFiles_Idle(t *testing.T) {
	t.Parallel()
	handler := func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte("%PDF-"))
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}
	onPipes(t, handler, func(t *testing.T, c *http.Client, _ *pipes) {
		resp, err := c.Get(fileURL)
		if err != nil {
			t.Fatal(err)
		}
		body, down := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if string(body) != "%PDF-" {
			t.Errorf("got %q before the standstill, want %%PDF-", body)
		}
		_, up := c.Post(fileURL, "application/pdf", endless{})
		for name, err := range map[string]error{"download": down, "upload": up} {
			idle, ok := errors.AsType[*outbound.IdleError](err)
			if !ok || idle.After != 30*time.Second || !errors.Is(err, context.DeadlineExceeded) || !idle.Timeout() {
				t.Errorf("%s: got %v, want an IdleError", name, err)
			}
		}
		if got := outbound.Failure("read", down, true).Class; got != connectors.Transient {
			t.Errorf("a download that stood still is %s, want transient", got)
		}
		if got := outbound.Failure("send", up, false).Class; got != connectors.Unsure {
			t.Errorf("an upload that stood still is %s, want unsure", got)
		}
		if _, err := c.Post(fileURL, "application/pdf", strings.NewReader("small")); err == nil {
			t.Error("an answer that never comes: got nil, want a time-out")
		}
	})
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestFiles_SlowSourceIsNotTheServersFault: an upload waits for the file it passes on as long as that file's own bounds allow.
func TestFiles_SlowSourceIsNotTheServersFault(t *testing.T) {
	t.Parallel()
	handler := func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }
	onPipes(t, handler, func(t *testing.T, c *http.Client, _ *pipes) {
		resp, err := c.Post(fileURL, "text/plain", &patient{text: "a slow one", each: 20 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if string(got) != "a slow one" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// patient gives one byte after each wait: 200 s for ten bytes, many times the standstill allowed.
type patient struct {
	text string
	each time.Duration
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	if p.text == "" {
		return 0, io.EOF
	}
	<-time.After(p.each)
	n := copy(b[:1], p.text)
	p.text = p.text[n:]
	return n, nil
}

// TestFiles_SilentConnection (F34): a connection that died without a word fails the call it was used for, and is not used again.
func TestFiles_SilentConnection(t *testing.T) {
	t.Parallel()
	onPipes(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("%PDF-")) }, func(t *testing.T, c *http.Client, p *pipes) {
		if err := read(c, fileURL); err != nil {
			t.Fatal(err)
		}
		p.dead.Store(true)
		began := time.Now()
		if err := read(c, fileURL); err == nil || time.Since(began) > 61*time.Second {
			t.Errorf("over the dead connection: %v after %v, want an error within a minute", err, time.Since(began))
		}
		if err := read(c, fileURL); err != nil || p.made.Load() != 2 {
			t.Errorf("afterwards: %v over %d connections, want nil over two", err, p.made.Load())
		}
	})
}

// TestFiles_SourceFails: when the file that is passed on breaks off or is too long, the upload ends with just that error and
// the receiver never sees a whole body.
func TestFiles_SourceFails(t *testing.T) {
	t.Parallel()
	got := make(chan error, 8)
	handler := func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		got <- err
	}
	onPipes(t, handler, func(t *testing.T, c *http.Client, _ *pipes) {
		for name, source := range map[string]io.Reader{
			"too long": outbound.Limit(endless{}, 100_000), "cut": outbound.Exact(io.LimitReader(endless{}, 100_000), 200_000),
		} {
			resp, err := c.Post(fileURL, "application/pdf", source)
			if err == nil {
				_ = resp.Body.Close()
			}
			_, large := errors.AsType[*outbound.TooLargeError](err)
			_, size := errors.AsType[*outbound.SizeError](err)
			if !large && !size {
				t.Errorf("%s: got %v, want the error of the source", name, err)
			}
			if err := <-got; err == nil {
				t.Errorf("%s: the receiver saw a whole body", name)
			}
		}
	})
}
