package figma

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/serve"
)

// Delivery is one try to send one webhook.
type Delivery struct {
	ID, Webhook, Event string
	Body               []byte
	At                 time.Time
	Status             int // 0 where no answer came
	Try                int // 0, then 1, 2, … for repetitions
	Done               bool
	Error              string
}

type delivery struct {
	id, hook, endpoint, passcode string
	event                        object // what happened, without what differs by webhook and try
	try, status                  int
	at, answered                 time.Time
	done                         bool
	failure                      string
}

// payload is what is sent.
func (d *delivery) payload() object {
	body := maps.Clone(d.event)
	body["passcode"], body["webhook_id"], body["retries"], body["protocol_version"] = d.passcode, d.hook, d.try, "2"
	return body
}

func (d *delivery) raw() []byte {
	raw, err := json.Marshal(d.payload())
	if err != nil {
		panic(fmt.Sprintf("webhook: %v", err)) // made of maps, strings and numbers
	}
	return raw
}

func (d *delivery) name() string { return fmt.Sprint(d.event["event_type"]) }

// covers reports whether a webhook tells of a file.
func (s *Server) covers(h *hook, f *design) bool {
	p, _ := s.project(f.project)
	switch h.context {
	case "FILE":
		return h.of == f.key
	case "PROJECT":
		return h.of == f.project
	}
	return h.of == p.Team && !p.InviteOnly
}

// announce queues an event for every webhook that covers the file. The caller holds the lock.
func (s *Server) announce(f *design, event string, body object) {
	body["event_type"], body["file_key"], body["file_name"], body["timestamp"] = event, f.key, f.name, stamp(s.opt.Now())
	for _, h := range s.hooks.made {
		// Who subscribes to FILE_UPDATE is told of FILE_DELETE as well.
		wanted := h.event == event || h.event == "FILE_UPDATE" && event == "FILE_DELETE"
		if wanted && !h.paused && s.covers(h, f) {
			s.enqueue(h, body)
		}
	}
	s.wake()
}

func (s *Server) enqueue(h *hook, event object) {
	if event["timestamp"] == nil {
		event["timestamp"] = stamp(s.opt.Now())
	}
	s.push(&delivery{hook: h.id, endpoint: h.endpoint, passcode: h.passcode, event: event})
}

func (s *Server) push(d *delivery) {
	d.id, d.at = number(s.number()), s.opt.Now()
	s.hooks.all = append(s.hooks.all, d)
	s.hooks.queue.Push(d)
}

// LoseWebhooks makes webhooks fail from now on, as when the product cannot be reached; false lets them through again.
func (s *Server) LoseWebhooks(lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks.lost = lost
}

// Deliveries lists every try so far, the oldest first.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Delivery
	for _, d := range s.hooks.all {
		all = append(all, Delivery{ID: d.id, Webhook: d.hook, Event: d.name(), Body: d.raw(), At: d.at, Status: d.status, Try: d.try, Done: d.done, Error: d.failure})
	}
	return all
}

// Quiet reports whether no webhook is queued or under way. Those that wait to be repeated do not count.
func (s *Server) Quiet() bool { return s.hooks.queue.Quiet() }

func (s *Server) deliver(d *delivery) (finished bool) {
	s.mu.Lock()
	lost, body := s.hooks.lost, d.raw()
	d.at = s.opt.Now()
	s.mu.Unlock()
	status, failure := 0, "The endpoint could not be reached"
	if !lost {
		status, failure = s.send(d.endpoint, body)
	}
	s.recordHook(d, body, status)
	s.mu.Lock()
	defer s.mu.Unlock()
	d.status, d.failure, d.answered, d.done = status, failure, s.opt.Now(), true
	s.judge(d)
	return true
}

// judge repeats what was not answered with 200, later, and stops a webhook that was answered with 400. The caller holds the lock.
func (s *Server) judge(d *delivery) {
	i := slices.IndexFunc(s.hooks.made, func(h *hook) bool { return h.id == d.hook })
	switch {
	case i < 0 || d.status == http.StatusOK:
	case d.status == http.StatusBadRequest:
		s.hooks.made[i].paused = true
	case d.try < len(s.opt.Retry):
		pause, again := s.opt.Retry[d.try], *d
		s.hooks.queue.Go(func() { s.repeat(&again, pause) })
	}
}

// repeat sends a webhook once more after a while, unless it is gone or paused by then.
func (s *Server) repeat(d *delivery, pause time.Duration) {
	if s.opt.Sleep(s.hooks.queue.Context(), pause) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.hooks.made, func(h *hook) bool { return h.id == d.hook && !h.paused }) {
		s.push(&delivery{hook: d.hook, endpoint: d.endpoint, passcode: d.passcode, event: d.event, try: d.try + 1})
		s.wake()
	}
}

func (s *Server) send(endpoint string, body []byte) (int, string) {
	status, err := serve.Post(s.hooks.queue.Context(), s.opt.HTTP, serve.Message{
		URL: endpoint, Header: map[string]string{"Content-Type": "application/json"}, Body: body,
	})
	switch {
	case err != nil:
		return 0, err.Error()
	case status != http.StatusOK:
		return status, strings.TrimSpace(fmt.Sprintf("Unexpected status %d %s", status, http.StatusText(status)))
	}
	return status, ""
}

func (s *Server) recordHook(d *delivery, body []byte, status int) {
	note := d.name()
	if d.try > 0 {
		note = fmt.Sprintf("%s, repeated (%d)", note, d.try)
	}
	s.records.Sent(d.endpoint, sandbox.Entry{Status: status, Note: note, Failed: status != http.StatusOK, Body: string(body)})
}
