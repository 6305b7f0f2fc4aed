package jira_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/jira"
)

const (
	botMail = "signoff-bot@lumen.example"
	token   = "api-token"
	secret  = "webhook-secret"
	ana     = "5f1000000000000000000001"
	bot     = "5f1000000000000000000b07"
)

// clock is a time that tests move by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// site is a running sandbox with a client.
type site struct {
	*jira.Server
	t      *testing.T
	url    string
	clock  *clock
	ledger *sandbox.Ledger
	faults *sandbox.Faults
	auth   func(*http.Request) // nil = the API token of Cloud
}

func start(t *testing.T, change func(*jira.Options)) *site {
	t.Helper()
	s := &site{t: t, clock: newClock(), faults: &sandbox.Faults{}}
	s.ledger = sandbox.NewLedger(s.clock.now)
	opt := jira.Options{Now: s.clock.now, BaseURL: "https://lumen.jira.example", User: botMail, Token: token,
		WebhookSecret: secret, Ledger: s.ledger, Faults: s.faults}
	if change != nil {
		change(&opt)
	}
	s.Server = jira.New(opt)
	web := httptest.NewServer(s.API())
	s.url = web.URL
	t.Cleanup(func() { web.Close(); s.Close() })
	return s
}

// result is what a call brought back.
type result struct {
	status int
	header http.Header
	raw    []byte
}

// at walks through the JSON of the answer: names for objects, numbers for lists.
func (r result) at(path ...any) any {
	var v any
	if json.Unmarshal(r.raw, &v) != nil {
		return nil
	}
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func (s *site) do(method, path, body string) result {
	s.t.Helper()
	r, err := s.try(method, path, body, nil)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func (s *site) try(method, path, body string, change func(*http.Request)) (result, error) {
	s.t.Helper()
	where := s.url + "/rest/api/2/" + path
	if strings.HasPrefix(path, "/") {
		where = s.url + path
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, where, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if s.auth != nil {
		s.auth(req)
	} else {
		req.SetBasicAuth(botMail, token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if change != nil {
		change(req)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return result{}, err
	}
	defer res.Body.Close()
	var raw bytes.Buffer
	if _, err := io.Copy(&raw, res.Body); err != nil {
		return result{}, err
	}
	return result{res.StatusCode, res.Header, raw.Bytes()}, nil
}

// want makes a call and insists on its status.
func (s *site) want(status int, method, path, body string) result {
	s.t.Helper()
	r := s.do(method, path, body)
	if r.status != status {
		s.t.Fatalf("%s %s %s\n got %d %s\nwant %d", method, path, body, r.status, r.raw, status)
	}
	return r
}

// task makes a Task and returns its key.
func (s *site) task(fields string) string {
	s.t.Helper()
	r := s.want(201, "POST", "issue", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"Hero"`+fields+`}}`)
	key, _ := r.at("key").(string)
	return key
}

// receiver takes webhooks and answers as told.
type receiver struct {
	url string

	mu      sync.Mutex
	answers []int // for the next deliveries; 200 when used up
	got     []delivery
}

type delivery struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T) *receiver {
	rec := &receiver{}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the site was closed while it sent; a test that wants this webhook waits for it
		}
		rec.mu.Lock()
		defer rec.mu.Unlock()
		rec.got = append(rec.got, delivery{r.Header, body})
		if len(rec.answers) > 0 {
			w.WriteHeader(rec.answers[0])
			rec.answers = rec.answers[1:]
		}
	}))
	t.Cleanup(web.Close)
	rec.url = web.URL
	return rec
}

func (r *receiver) deliveries() []delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]delivery(nil), r.got...)
}

// settle waits until no webhook is under way.
func (s *site) settle() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	if err := s.Wait(ctx, func(j *jira.Server) bool { return j.Quiet() }); err != nil {
		s.t.Fatalf("webhooks did not settle: %v", err)
	}
}
