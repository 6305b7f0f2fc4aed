package jira

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"signoff/internal/sandbox"
)

// Webhook is one delivery to the product, with everything tried so far.
type Webhook struct {
	ID       string // X-Atlassian-Webhook-Identifier, the same for every attempt
	Event    string // "jira:issue_updated"
	Key      string // of the issue
	Flow     string // "Primary", or "Secondary" for the fallout of a bulk change
	Hook     int    // where it goes: see Hooks
	Body     []byte
	Attempts []Attempt
}

// Attempt is one try to deliver. Status 0 means that there was no answer.
type Attempt struct {
	At     time.Time
	Status int
}

// Delivered reports whether the receiver took the webhook.
func (w Webhook) Delivered() bool {
	return slices.ContainsFunc(w.Attempts, func(a Attempt) bool { return a.Status >= 200 && a.Status < 300 })
}

// hooks is the state of outgoing webhooks. All but the context is guarded by the server's lock.
type hooks struct {
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	more    chan struct{} // has room for one: something is queued

	subs       []*subscription
	lastSub    int
	origin     string // makes identifiers unique over restarts
	queue, all []*Webhook
	held       bool
	open       int // deliveries that are not finished
}

func newHooks() hooks {
	ctx, stop := context.WithCancel(context.Background())
	return hooks{ctx: ctx, stop: stop, more: make(chan struct{}, 1), origin: rand.Text()[:12]}
}

// Sign returns the X-Hub-Signature of a body.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// announce queues a webhook for everybody who wants to hear of it. The caller holds the lock.
func (s *Server) announce(o outgoing) {
	h, flow := &s.hooks, "Primary"
	if s.bulk {
		flow, o.body.Bulk = "Secondary", object{"sendMail": false}
	}
	for _, sub := range h.subs {
		if !sub.wants(o.body.Event, o.iss) {
			continue
		}
		w := &Webhook{ID: fmt.Sprintf("%s-%d", h.origin, s.sequence("webhook")), Event: o.body.Event, Key: o.iss.key, Flow: flow, Hook: sub.ID}
		if !sub.ExcludeBody {
			w.Body = o.bytes()
		}
		h.all = append(h.all, w)
		h.queue = append(h.queue, w)
		h.signal()
	}
}

func (h *hooks) signal() {
	select {
	case h.more <- struct{}{}:
	default: // somebody will look anyway
	}
}

// HoldWebhooks keeps webhooks back until ReleaseWebhooks.
func (s *Server) HoldWebhooks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks.held = true
}

// ReleaseWebhooks sends what was held back, and no longer holds. arrange decides what goes out and in which
// order: it may reverse, repeat or drop. nil leaves all as it was.
func (s *Server) ReleaseWebhooks(arrange func([]Webhook) []Webhook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := &s.hooks
	h.held = false
	if arrange != nil {
		var shown []Webhook
		for _, w := range h.queue {
			shown = append(shown, w.copy())
		}
		h.queue = nil
		for _, w := range arrange(shown) {
			if mine := h.find(w.ID); mine != nil {
				h.queue = append(h.queue, mine)
			}
		}
	}
	h.signal()
}

// Redeliver sends a webhook once more, as a retry.
func (s *Server) Redeliver(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.hooks.find(id)
	if w == nil {
		return fmt.Errorf("redeliver: there is no webhook %s", id)
	}
	s.hooks.queue = append(s.hooks.queue, w)
	s.hooks.signal()
	return nil
}

// Webhooks lists every webhook so far, the oldest first.
func (s *Server) Webhooks() []Webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Webhook
	for _, w := range s.hooks.all {
		all = append(all, w.copy())
	}
	return all
}

// Quiet reports whether no webhook is queued, under way or waiting for a repeat.
func (s *Server) Quiet() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hooks.open == 0 && len(s.hooks.queue) == 0
}

func (h *hooks) find(id string) *Webhook {
	for _, w := range h.all {
		if w.ID == id {
			return w
		}
	}
	return nil
}

func (w *Webhook) copy() Webhook {
	c := *w
	c.Body, c.Attempts = slices.Clone(w.Body), slices.Clone(w.Attempts)
	return c
}

// dispatch sends queued webhooks one after another until Close; repeats go their own way.
func (s *Server) dispatch() {
	for {
		if w := s.nextHook(); w != nil {
			again := s.attempt(w)
			if again {
				s.hooks.running.Go(func() { s.repeat(w) })
			} else {
				s.finished()
			}
			continue
		}
		select {
		case <-s.hooks.more:
		case <-s.hooks.ctx.Done():
			return
		}
	}
}

// nextHook takes the next webhook from the queue.
func (s *Server) nextHook() *Webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := &s.hooks
	if h.held || len(h.queue) == 0 || h.ctx.Err() != nil {
		return nil
	}
	w := h.queue[0]
	h.queue = h.queue[1:]
	h.open++
	return w
}

func (s *Server) finished() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks.open--
	s.wake()
}

// repeat tries again after each pause until the receiver takes the webhook or refuses it for good.
func (s *Server) repeat(w *Webhook) {
	defer s.finished()
	for _, pause := range s.opt.RetryAfter {
		if s.opt.Sleep(s.hooks.ctx, pause) != nil || !s.attempt(w) {
			return
		}
	}
}

// attempt sends a webhook once and says whether it must be tried again.
func (s *Server) attempt(w *Webhook) (again bool) {
	s.mu.Lock()
	sub := s.hooks.sub(w.Hook)
	if sub == nil || !sub.Enabled {
		s.mu.Unlock()
		return false // taken away in the meantime
	}
	target, secret, tries := sub.URL, sub.secret, len(w.Attempts)
	if s.quirks.Unsigned || !s.cloud() && s.major() < 10 {
		secret = ""
	}
	s.mu.Unlock()

	status, err := s.send(w, target, secret, tries)

	s.mu.Lock()
	w.Attempts = append(w.Attempts, Attempt{At: s.opt.Now(), Status: status})
	s.wake()
	s.mu.Unlock()
	s.recordHook(w, target, tries, status, err)
	return retryable(status) && (s.cloud() || s.major() >= 10)
}

// retryable tells what Cloud sends again: no answer, a few statuses, and any trouble of the server.
func retryable(status int) bool {
	switch status {
	case 0, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

func (s *Server) send(w *Webhook, target, secret string, tries int) (int, error) {
	req, err := http.NewRequestWithContext(s.hooks.ctx, http.MethodPost, target, bytes.NewReader(w.Body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	req.Header.Set("User-Agent", "Atlassian Webhook HTTP Client")
	if s.cloud() {
		req.Header.Set("X-Atlassian-Webhook-Identifier", w.ID)
		req.Header.Set("X-Atlassian-Webhook-Flow", w.Flow)
		if tries > 0 {
			req.Header.Set("X-Atlassian-Webhook-Retry", strconv.Itoa(tries))
		}
	}
	if secret != "" {
		req.Header.Set("X-Hub-Signature", Sign(secret, w.Body))
	}
	res, err := s.opt.HTTP.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // read so that the connection is used again
	return res.StatusCode, nil
}

func (s *Server) recordHook(w *Webhook, target string, tries, status int, err error) {
	if s.opt.Ledger == nil {
		return
	}
	note := w.Event + " " + w.Key
	if tries > 0 {
		note += fmt.Sprintf(", retry %d", tries)
	}
	if err != nil {
		note += ", no answer"
	}
	path := target
	if u, err := url.Parse(target); err == nil {
		path = u.Path
	}
	s.opt.Ledger.Add(sandbox.Entry{At: s.opt.Now(), Service: service, Direction: sandbox.Out, Method: http.MethodPost,
		Path: path, Status: status, Note: note, Body: string(w.Body), Mark: string(mark.Find(w.Body))})
}
