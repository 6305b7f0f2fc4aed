package sandbox

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

func TestFaults_ArmRefusesNonsense(t *testing.T) {
	t.Parallel()
	for _, f := range []Fault{
		{Service: "slack", Kind: "melt", Times: 1},
		{Kind: Error500, Times: 1},
		{Service: "slack", Kind: Error500},
		{Service: "slack", Kind: Error500, Times: -2},
		{Service: "slack", Kind: NamedError, Times: 1},
	} {
		if err := new(Faults).Arm(f); err == nil {
			t.Errorf("arm %+v: got no error, want one", f)
		}
	}
}

func TestFaults_TakeCounts(t *testing.T) {
	t.Parallel()
	var fs Faults
	arm(t, &fs, Fault{Service: "slack", Method: "chat.", Kind: Error500, Times: 2})
	arm(t, &fs, Fault{Service: "slack", Kind: LostAnswer, Times: UntilCleared})
	var got []FaultKind
	for _, method := range []string{"chat.update", "views.open", "chat.update", "chat.update"} {
		f, _ := fs.Take("slack", method)
		got = append(got, f.Kind)
	}
	want := []FaultKind{Error500, LostAnswer, Error500, LostAnswer}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("call %d: got %q, want %q", i, got[i], want[i])
		}
	}
	if _, hit := fs.Take("jira", "/rest"); hit {
		t.Error("a fault of slack hit jira")
	}
	if left := len(fs.List()); left != 1 {
		t.Errorf("armed: got %d, want the one without end", left)
	}
	fs.Clear()
	if _, hit := fs.Take("slack", "chat.update"); hit {
		t.Error("a cleared fault still hits")
	}
}

func TestFaulty_EachKind(t *testing.T) {
	t.Parallel()
	const whole = `{"ok":true,"text":"done"}`
	for _, tc := range []struct {
		kind    FaultKind
		status  int // 0: no answer at all
		did     bool
		body    string
		retryIn string
	}{
		{kind: RateLimit, status: 429, body: `{"error":""}`, retryIn: "7"},
		{kind: RateLimitNoHeader, status: 429, body: `{"error":""}`},
		{kind: RateLimitZero, status: 429, body: `{"error":""}`, retryIn: "0"},
		{kind: RateLimitHTML, status: 429, body: "<!doctype html><title>Too many requests</title><h1>Slow down</h1>", retryIn: "7"},
		{kind: Error500, status: 500, body: `{"error":""}`},
		{kind: Error503, status: 503, body: `{"error":""}`},
		{kind: NamedError, status: 200, body: `{"error":"fatal_error"}`},
		{kind: HTML200, status: 200, body: "<!doctype html><title>Sign in</title><h1>Sign in to continue</h1>"},
		{kind: TimeoutBefore},
		{kind: TimeoutAfter, did: true},
		{kind: LostAnswer, did: true},
		{kind: SlowBody, status: 200, did: true, body: whole},
		{kind: InvalidJSON, status: 200, did: true, body: whole[:len(whole)/2]},
	} {
		t.Run(string(tc.kind), func(t *testing.T) {
			t.Parallel()
			wait := time.Millisecond
			if tc.retryIn == "7" {
				wait = 7 * time.Second
			}
			var fs Faults
			arm(t, &fs, Fault{Service: "s", Kind: tc.kind, Times: 1, Wait: wait, Name: "fatal_error"})
			var did atomic.Bool
			srv := httptest.NewServer(faulty(&fs, &did, whole))
			defer srv.Close()

			// POST: the client of the standard library never repeats it by itself.
			resp, err := http.Post(srv.URL, "text/plain", nil)
			if tc.status == 0 {
				if err == nil {
					resp.Body.Close()
					t.Fatalf("got status %d, want a dropped connection", resp.StatusCode)
				}
			} else {
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if err != nil || resp.StatusCode != tc.status || string(body) != tc.body {
					t.Errorf("got %d %q (%v), want %d %q", resp.StatusCode, body, err, tc.status, tc.body)
				}
				if got := resp.Header.Get("Retry-After"); got != tc.retryIn {
					t.Errorf("Retry-After: got %q, want %q", got, tc.retryIn)
				}
			}
			if did.Load() != tc.did {
				t.Errorf("call took effect: got %v, want %v", did.Load(), tc.did)
			}
		})
	}
}

func faulty(fs *Faults, did *atomic.Bool, answer string) http.Handler {
	return Faulty{
		Service: "s", Faults: fs,
		Method: func(r *http.Request) string { return r.URL.Path },
		Next: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			did.Store(true)
			_, _ = io.WriteString(w, answer)
		}),
		Refuse: func(w http.ResponseWriter, status int, name string) {
			if status != 0 {
				w.WriteHeader(status)
			}
			_, _ = io.WriteString(w, `{"error":"`+name+`"}`)
		},
	}
}

func arm(t *testing.T, fs *Faults, f Fault) {
	t.Helper()
	if err := fs.Arm(f); err != nil {
		t.Fatalf("arm %+v: %v", f, err)
	}
}
