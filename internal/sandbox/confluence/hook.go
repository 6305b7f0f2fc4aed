package confluence

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/serve"
)

// Delivery is one webhook, which is sent once.
type Delivery struct {
	Event  string
	Body   []byte
	At     time.Time
	Status int // 0 before an answer, or where none came
	Done   bool
	hook   hook
}

// hook is a webhook as an administrator made it.
type hook struct {
	ID      int64
	Name    string
	URL     string
	Secret  string
	Events  []string
	Active  bool
	Created time.Time
}

// hooks is the state of outgoing webhooks. All but the queue is guarded by the server's lock.
type hooks struct {
	queue *serve.Queue[*Delivery]
	list  []*hook
	all   []*Delivery
	lost  bool
}

func hookEvents() []string {
	return []string{
		"page_created", "page_updated", "page_trashed", "page_restored", "page_removed", "page_moved", "label_added", "label_removed",
		"comment_created", "comment_updated", "comment_removed",
	}
}

// Sign returns the X-Hub-Signature of a body.
func Sign(secret string, body []byte) string { return serve.Sign(secret, body) }

// announce queues a webhook for everybody who wants to hear of it, and wakes those who wait for a change. The caller holds
// the lock.
func (s *Server) announce(event string, by *User, about object) {
	s.wake()
	about["timestamp"], about["event"], about["userKey"] = s.opt.Now().UnixMilli(), event, by.UserKey
	body, err := json.Marshal(about)
	if err != nil {
		panic(fmt.Sprintf("webhook: %v", err)) // made of maps, texts and numbers
	}
	for _, h := range s.hooks.list {
		if h.Active && slices.Contains(h.Events, event) {
			s.enqueue(&Delivery{Event: event, Body: body, hook: *h})
		}
	}
}

func (s *Server) enqueue(d *Delivery) {
	d.At = s.opt.Now()
	s.hooks.all = append(s.hooks.all, d)
	s.hooks.queue.Push(d)
}

// TestConnection sends what the button of that name sends, without a signature.
func (s *Server) TestConnection() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hooks.list {
		unsigned := *h
		unsigned.Secret = ""
		s.enqueue(&Delivery{Event: "test", Body: []byte(`{"test":true}`), hook: unsigned})
	}
}

// LoseWebhooks makes webhooks fail from now on, as when the product cannot be reached; false lets the next ones through.
func (s *Server) LoseWebhooks(lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks.lost = lost
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

func (s *Server) deliver(d *Delivery) (finished bool) {
	s.mu.Lock()
	lost := s.hooks.lost
	s.mu.Unlock()
	status := http.StatusBadGateway
	if !lost {
		status = s.send(d)
	}
	s.mu.Lock()
	d.Status, d.Done = status, true
	s.mu.Unlock()
	s.records.Sent(d.hook.URL, sandbox.Entry{Status: status, Note: d.Event, Body: string(d.Body)})
	return true
}

func (s *Server) send(d *Delivery) int {
	header := map[string]string{
		"Content-Type": "application/json; charset=utf-8", "User-Agent": "Atlassian HttpClient unknown / Confluence-9.2.0 / Default",
	}
	if d.hook.Secret != "" {
		header["X-Hub-Signature"] = Sign(d.hook.Secret, d.Body)
	}
	status, _ := serve.Post(s.hooks.queue.Context(), s.opt.HTTP, serve.Message{URL: d.hook.URL, Header: header, Body: d.Body}) // why none came is for nobody
	return status
}

func (s *Server) notAdmin(c call) *reply {
	if s.opt.Admin && c.by != nil {
		return nil
	}
	return c.problem(http.StatusForbidden, "The calling user is not an administrator of Confluence")
}

func hookBean(h *hook) object {
	return object{"id": h.ID, "name": h.Name, "url": h.URL, "events": h.Events, "active": h.Active, "configuration": object{}, "createdDate": h.Created.UnixMilli(), "updatedDate": h.Created.UnixMilli()}
}

func (s *Server) listHooks(c call) *reply {
	if rep := s.notAdmin(c); rep != nil {
		return rep
	}
	values := []object{}
	for _, h := range s.hooks.list {
		values = append(values, hookBean(h))
	}
	return answer(http.StatusOK, object{"size": len(values), "limit": defaultLimit, "isLastPage": true, "values": values, "start": 0})
}

func (s *Server) createHook(c call) *reply {
	if rep := s.notAdmin(c); rep != nil {
		return rep
	}
	m, err := members(c.body, "name", "url", "events", "configuration", "active")
	if err != nil {
		return c.bad(err.Error())
	}
	h := &hook{ID: s.number(), Active: true, Created: s.opt.Now()}
	var ok, also bool
	h.Name, ok = text(m["name"])
	h.URL, also = text(m["url"])
	if u, err := url.Parse(h.URL); !ok || !also || h.Name == "" || err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return c.bad("A webhook needs a name and the url of a web address")
	}
	if json.Unmarshal(m["events"], &h.Events) != nil || len(h.Events) == 0 || slices.ContainsFunc(h.Events, func(e string) bool { return !slices.Contains(hookEvents(), e) }) {
		return c.bad("A webhook needs events that exist")
	}
	if raw := m["active"]; raw != nil && json.Unmarshal(raw, &h.Active) != nil {
		return c.bad("active is true or false")
	}
	if raw := m["configuration"]; raw != nil {
		in, err := members(raw, "secret")
		if h.Secret, ok = text(in["secret"]); err != nil || !ok && in["secret"] != nil || len(h.Secret) > 255 {
			return c.bad("configuration has a secret of at most 255 characters")
		}
	}
	if s.opt.Ledger != nil {
		s.opt.Ledger.Hide(h.Secret)
	}
	s.hooks.list = append(s.hooks.list, h)
	s.wake()
	return answer(http.StatusCreated, hookBean(h))
}

func (s *Server) deleteHook(c call) *reply {
	if rep := s.notAdmin(c); rep != nil {
		return rep
	}
	before := len(s.hooks.list)
	s.hooks.list = slices.DeleteFunc(s.hooks.list, func(h *hook) bool { return id(h.ID) == c.PathValue("hook") })
	if len(s.hooks.list) == before {
		return c.problem(http.StatusNotFound, "There is no webhook "+c.PathValue("hook"))
	}
	return answer(http.StatusNoContent, nil)
}
