package confluence

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"signoff/internal/sandbox"
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

// hooks is the state of outgoing webhooks, guarded by the server's lock but for the context.
type hooks struct {
	ctx        context.Context
	stop       context.CancelFunc
	running    sync.WaitGroup
	more       chan struct{}
	list       []*hook
	queue, all []*Delivery
	lost       bool
	open       int
}

func newHooks() hooks {
	ctx, stop := context.WithCancel(context.Background())
	return hooks{ctx: ctx, stop: stop, more: make(chan struct{}, 1)}
}

func hookEvents() []string {
	return []string{
		"page_created", "page_updated", "page_trashed", "page_restored", "page_removed", "page_moved", "label_added", "label_removed",
		"comment_created", "comment_updated", "comment_removed",
	}
}

// Sign returns the X-Hub-Signature of a body.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

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
	h := &s.hooks
	d.At = s.opt.Now()
	h.all, h.queue = append(h.all, d), append(h.queue, d)
	select {
	case h.more <- struct{}{}:
	default: // somebody will look anyway
	}
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
func (s *Server) Quiet() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hooks.open == 0 && len(s.hooks.queue) == 0
}

// dispatch sends queued webhooks one after another until Close.
func (s *Server) dispatch() {
	for {
		if d, lost := s.nextDelivery(); d != nil {
			s.deliver(d, lost)
			continue
		}
		select {
		case <-s.hooks.more:
		case <-s.hooks.ctx.Done():
			return
		}
	}
}

func (s *Server) nextDelivery() (d *Delivery, lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := &s.hooks
	if len(h.queue) == 0 || h.ctx.Err() != nil {
		return nil, false
	}
	d, h.queue = h.queue[0], h.queue[1:]
	h.open++
	return d, h.lost
}

func (s *Server) deliver(d *Delivery, lost bool) {
	status := http.StatusBadGateway
	if !lost {
		status = s.send(d)
	}
	s.mu.Lock()
	d.Status, d.Done = status, true
	s.hooks.open--
	s.wake()
	s.mu.Unlock()
	if s.opt.Ledger == nil {
		return
	}
	path := d.hook.URL
	if u, err := url.Parse(path); err == nil {
		path = u.Path
	}
	s.opt.Ledger.Add(sandbox.Entry{At: s.opt.Now(), Service: service, Direction: sandbox.Out, Method: http.MethodPost, Path: path, Status: status, Note: d.Event, Body: string(d.Body)})
}

func (s *Server) send(d *Delivery) int {
	req, err := http.NewRequestWithContext(s.hooks.ctx, http.MethodPost, d.hook.URL, bytes.NewReader(d.Body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Atlassian HttpClient unknown / Confluence-9.2.0 / Default")
	if d.hook.Secret != "" {
		req.Header.Set("X-Hub-Signature", Sign(d.hook.Secret, d.Body))
	}
	res, err := s.opt.HTTP.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // read so that the connection is used again
	return res.StatusCode
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
