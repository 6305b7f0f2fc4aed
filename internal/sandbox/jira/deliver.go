package jira

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/serve"
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

// hooks is the state of outgoing webhooks. All but the queue is guarded by the server's lock.
type hooks struct {
	queue   *serve.Queue[*Webhook]
	subs    []*subscription
	lastSub int
	origin  string // makes identifiers unique over restarts
	all     []*Webhook
}

// Sign returns the X-Hub-Signature of a body.
func Sign(secret string, body []byte) string { return serve.Sign(secret, body) }

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
		h.queue.Push(w)
	}
}

// HoldWebhooks keeps webhooks back until ReleaseWebhooks.
func (s *Server) HoldWebhooks() { s.hooks.queue.Hold() }

// ReleaseWebhooks sends what was held back, and no longer holds. arrange decides what goes out and in which
// order: it may reverse, repeat or drop. nil leaves all as it was.
func (s *Server) ReleaseWebhooks(arrange func([]Webhook) []Webhook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if arrange == nil {
		s.hooks.queue.Release(nil)
		return
	}
	s.hooks.queue.Release(func(held []*Webhook) (list []*Webhook) {
		var shown []Webhook
		for _, w := range held {
			shown = append(shown, w.copy())
		}
		for _, w := range arrange(shown) {
			if mine := s.hooks.find(w.ID); mine != nil {
				list = append(list, mine)
			}
		}
		return list
	})
}

// Redeliver sends a webhook once more, as a retry.
func (s *Server) Redeliver(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.hooks.find(id)
	if w == nil {
		return fmt.Errorf("redeliver: there is no webhook %s", id)
	}
	s.hooks.queue.Push(w)
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
func (s *Server) Quiet() bool { return s.hooks.queue.Quiet() }

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

// deliver sends a webhook; repeats go their own way.
func (s *Server) deliver(w *Webhook) (finished bool) {
	again := s.attempt(w)
	if again {
		s.hooks.queue.Go(func() { s.repeat(w) })
	}
	return !again
}

// repeat tries again after each pause until the receiver takes the webhook or refuses it for good.
func (s *Server) repeat(w *Webhook) {
	defer s.hooks.queue.Finished()
	for _, pause := range s.opt.RetryAfter {
		if s.opt.Sleep(s.hooks.queue.Context(), pause) != nil || !s.attempt(w) {
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
	header := map[string]string{"Content-Type": "application/json; charset=UTF-8", "User-Agent": "Atlassian Webhook HTTP Client"}
	if s.cloud() {
		header["X-Atlassian-Webhook-Identifier"], header["X-Atlassian-Webhook-Flow"] = w.ID, w.Flow
		if tries > 0 {
			header["X-Atlassian-Webhook-Retry"] = strconv.Itoa(tries)
		}
	}
	if secret != "" {
		header["X-Hub-Signature"] = Sign(secret, w.Body)
	}
	return serve.Post(s.hooks.queue.Context(), s.opt.HTTP, serve.Message{URL: target, Header: header, Body: w.Body})
}

func (s *Server) recordHook(w *Webhook, target string, tries, status int, err error) {
	note := w.Event + " " + w.Key
	if tries > 0 {
		note += fmt.Sprintf(", retry %d", tries)
	}
	if err != nil {
		note += ", no answer"
	}
	s.records.Sent(target, sandbox.Entry{Status: status, Note: note, Body: string(w.Body), Mark: s.records.MarkOf(w.Body)})
}
