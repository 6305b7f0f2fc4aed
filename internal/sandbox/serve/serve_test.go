package serve_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/serve"
)

func TestBind(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]map[string]string{
		"/issue/DES-1/comment/7": {"key": "DES-1", "id": "7"}, "/issue/a%2Fb/comment/%20": {"key": "a/b", "id": " "},
		"/issue/DES-1/comment": nil, "/issue//comment/7": nil, "/issue/DES-1/comment/7/": nil, "/issue/%zz/comment/7": nil, "/Issue/DES-1/comment/7": nil,
	} {
		got, ok := serve.Bind("/issue/{key}/comment/{id}", path)
		if ok != (want != nil) || ok && !cmp.Equal(got, want) {
			t.Errorf("Bind(%q) = %v, %v, want %v", path, got, ok, want)
		}
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c serve.Changes
		n := 0
		done := make(chan error, 1)
		go func() { done <- c.Wait(t.Context(), func() bool { n++; return n == 3 }) }()
		for range 2 {
			synctest.Wait()
			c.Wake()
		}
		if err := <-done; err != nil || n != 3 {
			t.Errorf("Wait = %v after %d looks, want one look at first and one for each change", err, n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Wait(ctx, func() bool { return false }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait for what never comes = %v", err)
		}
	})
}

func TestQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c serve.Changes
		q := serve.NewQueue[string](&c)
		var mu sync.Mutex
		var list []string
		note := func(d string) { mu.Lock(); defer mu.Unlock(); list = append(list, d) }
		sent := func() []string { mu.Lock(); defer mu.Unlock(); return slices.Clone(list) }
		q.Run(func(d string) bool {
			note(d)
			if d != "later" {
				return true
			}
			q.Go(func() {
				defer q.Finished()
				if serve.Sleep(q.Context(), time.Minute) == nil {
					note("repeated")
				}
			})
			return false
		})
		q.Hold()
		q.Push("a", "b", "c")
		synctest.Wait()
		if len(sent()) != 0 || q.Quiet() || !q.Held() {
			t.Errorf("held back, %q was sent", sent())
		}
		q.Release(func(held []string) []string { slices.Reverse(held); return held[:2] })
		if err := c.Wait(t.Context(), q.Quiet); err != nil || !slices.Equal(sent(), []string{"c", "b"}) {
			t.Errorf("released, %q was sent, %v; want it as it was arranged", sent(), err)
		}
		q.Push("later", "d")
		synctest.Wait()
		if q.Quiet() {
			t.Error("quiet while one waits to be repeated")
		}
		if err := c.Wait(t.Context(), q.Quiet); err != nil || !slices.Equal(sent(), []string{"c", "b", "later", "d", "repeated"}) {
			t.Errorf("%q was sent, %v; want the repetition behind what did not wait for it", sent(), err)
		}
		q.Push("later")
		synctest.Wait()
		q.Hold()
		q.Push("never")
		q.Close()
		if got := sent(); slices.Contains(got[5:], "repeated") || slices.Contains(got, "never") {
			t.Errorf("%q was sent, want nothing repeated and nothing begun after Close", got)
		}
	})
}

func TestPost(t *testing.T) {
	t.Parallel()
	came := make(chan *http.Request, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { came <- r; w.WriteHeader(http.StatusTeapot) }))
	defer srv.Close()
	m := serve.Message{URL: srv.URL + "/hooks/x", Header: map[string]string{"X-Hub-Signature": serve.Sign("key", []byte("The quick brown fox jumps over the lazy dog"))}}
	status, err := serve.Post(t.Context(), srv.Client(), m)
	if got := <-came; err != nil || status != http.StatusTeapot || got.URL.Path != "/hooks/x" ||
		got.Header.Get("X-Hub-Signature") != "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8" {
		t.Errorf("Post = %d, %v", status, err)
	}
	srv.Close()
	if status, err := serve.Post(t.Context(), srv.Client(), m); err == nil || status != 0 {
		t.Errorf("Post to nobody = %d, %v, want 0 and an error", status, err)
	}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	ledger := sandbox.NewLedger(func() time.Time { return at })
	r := serve.Records{Ledger: ledger, Service: "jira", Now: func() time.Time { return at }, Mark: regexp.MustCompile(`ref [0-9]+`)}
	req := httptest.NewRequest(http.MethodPost, "/rest/x?y=1", nil)
	r.Came(req, serve.Call{Op: "addComment", Status: 201, Body: []byte("ref 12")})
	req.Header.Set(sandbox.FaultHeader, "lost-answer")
	r.Came(req, serve.Call{Status: 200, Why: "late"})
	r.Faulted(req, sandbox.Fault{Kind: sandbox.Error503}, 503, nil)
	r.Sent("https://signoff.example/hooks/jira?z=1", sandbox.Entry{Status: 200, Note: "updated"})
	serve.Records{Now: r.Now}.Came(req, serve.Call{}) // nobody keeps it
	var got []string
	for _, e := range ledger.Entries(0) {
		got = append(got, e.Method+" "+e.Path+" "+e.Note+" "+e.Mark)
		if e.Service != "jira" || !e.At.Equal(at) {
			t.Errorf("entry %+v", e)
		}
	}
	want := []string{"POST /rest/x?y=1 addComment ref 12", "POST /rest/x?y=1 unknown operation: late, then fault lost-answer ", "POST /rest/x?y=1 fault error-503 ", "POST /hooks/jira updated "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}
