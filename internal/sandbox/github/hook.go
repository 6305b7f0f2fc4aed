package github

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/serve"
)

// Delivery is one webhook, with one try: a redelivery is another of the same GUID.
type Delivery struct {
	ID           int64
	GUID         string
	Hook         int64
	Repository   string
	Event        string
	Action       string
	Body         []byte
	At           time.Time
	Status       int // 0 before an answer, or where none came
	Done         bool
	Redelivery   bool
	RepositoryID int64
}

type hookConfig struct {
	URL         string `json:"url"`
	ContentType string `json:"content_type"`
	InsecureSSL string `json:"insecure_ssl"`
	Secret      string `json:"secret"`
}

type hook struct {
	id      int64
	config  hookConfig
	active  bool
	events  []string
	created time.Time
}

// hooks is the state of outgoing webhooks. All but the queue is guarded by the server's lock.
type hooks struct {
	queue *serve.Queue[*Delivery]
	all   []*Delivery
	down  bool
}

// Sign returns the X-Hub-Signature-256 of a body.
func Sign(secret string, body []byte) string { return serve.Sign(secret, body) }

func guid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (s *Server) addHook(r *repo, h *hook) *hook {
	h.id, h.created = s.number(), s.opt.Now()
	r.hooks = append(r.hooks, h)
	return h
}

// announce queues a webhook for everybody who wants to hear of it. The caller holds the lock.
func (s *Server) announce(r *repo, event, action string, by *User, body object) {
	body["repository"], body["sender"] = s.repoBean(r), s.userBean(by)
	if action != "" {
		body["action"] = action
	}
	raw, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("webhook: %v", err)) // made of maps, strings and numbers
	}
	for _, h := range r.hooks {
		if h.active && (slices.Contains(h.events, event) || slices.Contains(h.events, "*")) {
			s.enqueue(&Delivery{GUID: guid(), Hook: h.id, Repository: r.Name, RepositoryID: r.ID, Event: event, Action: action, Body: raw})
		}
	}
	s.wake()
}

func (s *Server) enqueue(d *Delivery) {
	d.ID, d.At = s.number(), s.opt.Now()
	s.hooks.all = append(s.hooks.all, d)
	s.hooks.queue.Push(d)
}

// HoldWebhooks keeps webhooks back until ReleaseWebhooks.
func (s *Server) HoldWebhooks() { s.hooks.queue.Hold() }

// ReleaseWebhooks sends what was held back.
func (s *Server) ReleaseWebhooks() { s.hooks.queue.Release(nil) }

// LoseWebhooks makes webhooks fail from now on, as when the product cannot be reached; false lets them through again.
func (s *Server) LoseWebhooks(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks.down = down
}

// Webhooks lists every delivery so far, the oldest first.
func (s *Server) Webhooks() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Delivery
	for _, d := range s.hooks.all {
		all = append(all, *d)
	}
	return all
}

// Quiet reports whether no webhook is queued or under way.
func (s *Server) Quiet() bool { return s.hooks.queue.Quiet() }

// Redeliver sends a delivery once more.
func (s *Server) Redeliver(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.redeliver(id)
}

func (s *Server) redeliver(id int64) error {
	for _, d := range s.hooks.all {
		if d.ID == id {
			again := *d
			again.Status, again.Done, again.Redelivery = 0, false, true
			s.enqueue(&again)
			s.wake()
			return nil
		}
	}
	return fmt.Errorf("there is no delivery %d", id)
}

func (s *Server) hook(id int64) *hook {
	for _, r := range s.repos {
		for _, h := range r.hooks {
			if h.id == id {
				return h
			}
		}
	}
	return nil
}

func (s *Server) deliver(d *Delivery) (finished bool) {
	s.mu.Lock()
	h, down := s.hook(d.Hook), s.hooks.down
	var to hookConfig
	if h != nil {
		to = h.config
	}
	s.mu.Unlock()
	status := 0
	switch {
	case down:
		status = http.StatusBadGateway
	case to.URL != "":
		status = s.send(d, to)
	}
	s.mu.Lock()
	d.Status, d.Done = status, true
	s.mu.Unlock()
	s.recordHook(d, to.URL)
	return true
}

func (s *Server) send(d *Delivery, to hookConfig) int {
	body, kind := d.Body, "application/json"
	if to.ContentType == "form" {
		body, kind = []byte(url.Values{"payload": {string(d.Body)}}.Encode()), "application/x-www-form-urlencoded"
	}
	header := map[string]string{
		"Content-Type": kind, "User-Agent": "GitHub-Hookshot/5d1c4a2", "Accept": "*/*", "X-GitHub-Event": d.Event, "X-GitHub-Delivery": d.GUID,
		"X-GitHub-Hook-ID": strconv.FormatInt(d.Hook, 10), "X-GitHub-Hook-Installation-Target-Type": "repository",
		"X-GitHub-Hook-Installation-Target-ID": strconv.FormatInt(d.RepositoryID, 10),
	}
	if to.Secret != "" {
		header["X-Hub-Signature-256"] = Sign(to.Secret, body)
	}
	status, _ := serve.Post(s.hooks.queue.Context(), s.opt.HTTP, serve.Message{URL: to.URL, Header: header, Body: body}) // why none came is for nobody
	return status
}

func (s *Server) recordHook(d *Delivery, target string) {
	note := d.Event + " " + d.Action
	if d.Redelivery {
		note += ", redelivered"
	}
	s.records.Sent(target, sandbox.Entry{Status: d.Status, Note: note, Body: string(d.Body)})
}
