package outbound_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"signoff/internal/outbound"
)

// certified are names that the whole internet of these tests can show a certificate for, look-alikes too: only the list
// keeps a client away from them.
func certified() []string {
	return []string{
		"slack.com", "files.slack.com", "hooks.slack.com", "files.vendor.example", "jira.lumen.example",
		"slack.com.evil.example", "evilslack.com", "evil.example", "notslack.com", "x.jira.lumen.example", "vendor.example",
	}
}

// TestFiles_NoTokenLeaves sends every address off the list to a client with a token, first as an address of a message, then
// as a redirect of the vendor's own host. The ledger of all calls has to show no foreign host at all, and no token but at home.
func TestFiles_NoTokenLeaves(t *testing.T) {
	t.Parallel()
	n := newInternet(t, certified(), func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		}
	})
	o := n.options(listedBases(), listedHosts())
	client := outbound.NewFiles(o)
	t.Cleanup(client.CloseIdleConnections)
	client.Transport = outbound.Credential(client.Transport, "https://jira.lumen.example/base/",
		func(h http.Header) { h.Set("Authorization", "Bearer canary") }, "files.slack.com")
	off := offList()
	if len(off) < 120 {
		t.Fatalf("%d addresses in the table, want 120", len(off))
	}
	for _, url := range off {
		for _, way := range []string{url, "https://files.slack.com/f?to=" + escape(url)} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, way, nil)
			if err != nil {
				continue // not even an address
			}
			req.Header.Set("X-Figma-Token", "canary")
			resp, err := client.Do(req)
			if err == nil {
				_ = resp.Body.Close()
				if ours := resp.Request.URL.Host; ours != "files.slack.com" && ours != "slack.com" { // slack.com/x is a path, //slack.com/x on the list
					t.Errorf("%s: answered by %s, want a refusal", way, ours)
				}
			}
		}
	}
	ledger := n.calls()
	if len(ledger) < 80 {
		t.Errorf("%d calls in the ledger, want those of the redirects", len(ledger))
	}
	for _, r := range ledger {
		if token := strings.Contains(fmt.Sprint(r.Header), "canary"); r.Host != "files.slack.com" && (token || r.Host != "slack.com") {
			t.Errorf("%s %s%s was called, with a token %v", r.Method, r.Host, r.URL, token)
		}
	}
}

func escape(s string) string {
	return strings.NewReplacer("%", "%25", "&", "%26", "#", "%23", "+", "%2B", " ", "%20").Replace(s)
}

// TestFiles_RedirectAlongTheList: hosts of the list may pass a reader on; what was meant for the first stays there.
func TestFiles_RedirectAlongTheList(t *testing.T) {
	t.Parallel()
	n := newInternet(t, certified(), func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
		}
	})
	client := outbound.NewFiles(n.options(listedBases(), listedHosts()))
	t.Cleanup(client.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://files.slack.com/f?to=https://files.vendor.example/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer canary")
	req.Header.Set("Cookie", "d=canary")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	ledger := n.calls()
	if len(ledger) != 2 || ledger[0].Header.Get("Authorization") == "" || ledger[1].Host != "files.vendor.example" {
		t.Fatalf("ledger %v, want two calls, the first with the token", ledger)
	}
	if s := fmt.Sprint(ledger[1].Header); strings.Contains(s, "canary") || strings.Contains(s, "Referer") {
		t.Errorf("the second host was sent %s", s)
	}
	if got := ledger[1].Header.Get("Accept-Encoding"); got != "identity" {
		t.Errorf("Accept-Encoding %q after the redirect, want identity", got)
	}
}

// TestFiles_Rebinding: a name that leads to a public address first and inside afterwards is caught at the second connection,
// also when the redirect is what opens it.
func TestFiles_Rebinding(t *testing.T) {
	t.Parallel()
	for _, inside := range []string{"127.0.0.1", "169.254.169.254", "10.0.0.7", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fd00:ec2::254"} {
		n := newInternet(t, certified(), func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/again" {
				w.Header().Set("Connection", "close")
				http.Redirect(w, r, "/end", http.StatusFound)
			}
		})
		n.names["files.slack.com"] = []string{"93.184.216.34", inside}
		client := outbound.NewFiles(n.options(nil, listedHosts()))
		err := get(t, client, "https://files.slack.com/again")
		if _, refused := errors.AsType[*outbound.RefusedError](err); !refused {
			t.Errorf("then %s: got %v, want a refusal", inside, err)
		}
		if calls := n.calls(); len(calls) != 1 || len(n.dialed) != 1 || n.dialed[0] != "93.184.216.34:443" {
			t.Errorf("then %s: %d calls, dialled %v; want one", inside, len(calls), n.dialed)
		}
		client.CloseIdleConnections()
	}
}

// TestFiles_Bodies: what answers do wrong, and what the reader of a file sees.
func TestFiles_Bodies(t *testing.T) {
	t.Parallel()
	const most = 100_000
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/exact":
			_, _ = w.Write(bytes.Repeat([]byte("a"), most))
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		case "/announced":
			w.Header().Set("Content-Length", strconv.Itoa(10<<30))
			_, _ = w.Write([]byte("%PDF-"))
		case "/short":
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("%PDF-"))
		case "/cut":
			w.(http.Flusher).Flush()
			_, _ = w.Write([]byte("%PDF-"))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(make([]byte, 1<<20))
			_ = z.Close()
		}
	})
	c := outbound.NewFiles(outbound.Options{Allow: []string{s.URL}, MaxBody: most})
	t.Cleanup(c.CloseIdleConnections)
	for path, want := range map[string]struct {
		bytes int
		err   error
	}{
		"/exact":     {most, nil},
		"/empty":     {0, nil},
		"/endless":   {most, &outbound.TooLargeError{Limit: most}},
		"/announced": {0, &outbound.TooLargeError{Limit: most}},
		"/bomb":      {0, &outbound.PackedError{Encoding: "gzip"}},
		"/short":     {5, io.ErrUnexpectedEOF},
		"/cut":       {5, io.ErrUnexpectedEOF},
	} {
		resp, err := c.Get(s.URL + path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if len(body) != want.bytes || fmt.Sprint(err) != fmt.Sprint(want.err) {
			t.Errorf("%s: got %d bytes and %v, want %d and %v", path, len(body), err, want.bytes, want.err)
		}
	}
}

func TestFiles_Limit(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2000)) })
	client := func(most int64) *http.Client {
		c := outbound.NewFiles(outbound.Options{Allow: []string{s.URL}, MaxBody: most})
		t.Cleanup(c.CloseIdleConnections)
		return c
	}
	for most, want := range map[int64]bool{500: false, 1999: false, 2000: true, 5000: true} {
		resp, err := client(most).Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if (err == nil) != want || want && n != 2000 {
			t.Errorf("limit %d: got %d bytes and %v, want ok=%v", most, n, err, want)
		}
	}
	head, err := client(1000).Head(s.URL) // announces more than the limit, and has no body
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(head.Body); err != nil || head.ContentLength != 2000 {
		t.Errorf("HEAD: %d announced, %v; want 2000 and nil", head.ContentLength, err)
	}
	_ = head.Body.Close()
}

// TestFiles_StreamThrough: what is read from one service goes to another without being held: the sender does not start the
// second half before the receiver has the first.
func TestFiles_StreamThrough(t *testing.T) {
	t.Parallel()
	const half = 4 << 20
	arrived := make(chan struct{})
	from := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(2*half))
		_, _ = w.Write(bytes.Repeat([]byte("a"), half))
		w.(http.Flusher).Flush()
		<-arrived
		_, _ = w.Write(bytes.Repeat([]byte("b"), half))
	})
	sums := make(chan [sha256.Size]byte, 1)
	to := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		part := filePart(t, r)
		first := make([]byte, half)
		_, _ = io.ReadFull(part, first)
		close(arrived)
		rest, err := io.ReadAll(part)
		if err != nil {
			t.Error(err)
		}
		sums <- sha256.Sum256(append(first, rest...))
	})
	c := outbound.NewFiles(outbound.Options{Allow: []string{from.URL, to.URL}})
	t.Cleanup(c.CloseIdleConnections)
	resp, err := c.Get(from.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	form := outbound.NewForm("file", "hero \"v3\".pdf", resp.Body, resp.ContentLength)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to.URL, form)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = form.Length
	req.Header.Set("Content-Type", form.Type)
	answer, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	want := sha256.Sum256(append(bytes.Repeat([]byte("a"), half), bytes.Repeat([]byte("b"), half)...))
	if got := <-sums; got != want {
		t.Errorf("got sum %x, want %x", got, want)
	}
}

func filePart(t *testing.T, r *http.Request) *multipart.Part {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		t.Error(err)
	}
	if r.ContentLength <= 0 {
		t.Errorf("Content-Length %d, want it known", r.ContentLength)
	}
	part, err := multipart.NewReader(r.Body, params["boundary"]).NextPart()
	if err != nil {
		t.Error(err)
		return nil
	}
	if part.FormName() != "file" || part.FileName() != "hero %22v3%22.pdf" {
		t.Errorf("part %q, file %q", part.FormName(), part.FileName())
	}
	return part
}

// TestForm_Length: the length announced is the length sent, and a file of another size breaks the request off.
func TestForm_Length(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file string
		size       int64
		ok         bool
	}{
		{"a.pdf", "12345", 5, true}, {"a.pdf", "", 0, true}, {"a.pdf", "12345", -1, true}, {"ü \"x\"\r\nX-Evil: 1.pdf", "1", 1, true},
		{"a.pdf", "1234", 5, false}, {"a.pdf", "123456", 5, false}, {"a.pdf", "1", 0, false},
	} {
		form := outbound.NewForm("file", c.name, strings.NewReader(c.file), c.size)
		all, err := io.ReadAll(form)
		if (err == nil) != c.ok {
			t.Errorf("%q announced as %d: %v, want ok=%v", c.file, c.size, err, c.ok)
		}
		if c.size >= 0 && c.ok && int64(len(all)) != form.Length || c.size < 0 && form.Length != -1 {
			t.Errorf("%q announced as %d: %d bytes, Length %d", c.file, c.size, len(all), form.Length)
		}
		if strings.Contains(string(all), "\r\nX-Evil") {
			t.Errorf("%q: the name made a header of its own:\n%s", c.name, all)
		}
	}
}

func TestLimitAndExact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		size  int64
		limit bool // Limit ends well
		exact bool
	}{{"", 0, true, true}, {"abc", 3, true, true}, {"abc", 2, false, false}, {"abc", 4, true, false}, {"abc", 0, false, false}} {
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "one byte": iotest.OneByteReader, "data with EOF": iotest.DataErrReader,
		} {
			got, err := io.ReadAll(outbound.Limit(wrap(strings.NewReader(c.text)), c.size))
			large, isLarge := errors.AsType[*outbound.TooLargeError](err)
			if (err == nil) != c.limit || err != nil && (!isLarge || large.Limit != c.size) || !strings.HasPrefix(c.text, string(got)) || int64(len(got)) > c.size {
				t.Errorf("Limit(%q by %s, %d) = %q, %v", c.text, name, c.size, got, err)
			}
			r := outbound.Exact(wrap(strings.NewReader(c.text)), c.size)
			got, err = io.ReadAll(r)
			_, isSize := errors.AsType[*outbound.SizeError](err)
			if (err == nil) != c.exact || err != nil && !isSize || int64(len(got)) > c.size {
				t.Errorf("Exact(%q by %s, %d) = %q, %v", c.text, name, c.size, got, err)
			}
			if n, again := r.Read(make([]byte, 4)); n != 0 || again == nil {
				t.Errorf("Exact(%q by %s, %d) after its end: %d, %v", c.text, name, c.size, n, again)
			}
		}
	}
}

// TestCredential_VendorHosts: a token that also opens the vendor's files goes to the hosts named, by https on 443.
func TestCredential_VendorHosts(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"https://slack.com/api/x": true, "https://files.slack.com/f": true, "https://a.files.slack.com/f": false, "https://x.slack-edge.com/f": true,
		"https://slack-edge.com/f": false, "http://files.slack.com/f": false, "https://files.slack.com:8443/f": false, "https://files.slack.com.evil.example/f": false,
		"https://hooks.slack.com/f": false, "https://xslack-edge.com/": false, "https://u@files.slack.com/f": false,
	} {
		next := &capture{}
		rt := outbound.Credential(next, "https://slack.com/api/", func(h http.Header) { h.Set("Authorization", "Bearer canary") }, "files.slack.com", ".slack-edge.com")
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := next.got.Get("Authorization") != ""; got != want {
			t.Errorf("%s: token sent %v, want %v", url, got, want)
		}
	}
}

// TestFiles_HalfOpen: a peer that takes the connection and never answers costs the deadline and no more.
func TestFiles_HalfOpen(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	c := outbound.NewFiles(outbound.Options{Allow: []string{"http://" + l.Addr().String()}, Timeout: 50 * time.Millisecond})
	if err := get(t, c, "http://"+l.Addr().String()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
}
