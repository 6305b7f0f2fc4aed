package events

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"signoff/internal/sandbox/adobe/site"
)

const (
	mostInBatch = 20
	answerTime  = 10 * time.Second
	// window is how far back deliveries count for the state of a registration.
	window = time.Hour
)

// ErrNothing says that something does not exist.
var ErrNothing = errors.New("there is no such thing in this Adobe I/O")

type delivery struct {
	body   []byte
	events []Event
}

// SaveAs saves assets anew and tells of it: one event for each, in one delivery where the registration takes batches.
func (s *Site) SaveAs(who string, assets ...string) ([]Event, error) {
	s.Lock()
	defer s.Unlock()
	by := s.Person(who)
	var events []Event
	for _, name := range assets {
		a := s.asset(name)
		if by == nil || a == nil || a.Deleted {
			return nil, fmt.Errorf("%s at %q: %w", who, name, ErrNothing)
		}
		a.Version++
		a.Size += 4096
		a.by, a.By, a.Saved = by, by.Name, s.Now()
		what := "updated"
		if !a.Cloud {
			what = "processing_completed"
		}
		events = append(events, s.about(a, what))
	}
	s.publish(events)
	return events, nil
}

// DeleteAs deletes an asset.
func (s *Site) DeleteAs(who, name string) (Event, error) {
	s.Lock()
	defer s.Unlock()
	by, a := s.Person(who), s.asset(name)
	if by == nil || a == nil || a.Deleted {
		return Event{}, fmt.Errorf("%s at %q: %w", who, name, ErrNothing)
	}
	a.Deleted, a.by, a.By = true, by, by.Name
	e := s.about(a, "deleted")
	s.publish([]Event{e})
	return e, nil
}

// EventAbout makes an event about an asset as it is, which nobody has heard of yet; what is "created", "updated",
// "metadata_updated" and so on.
func (s *Site) EventAbout(name, what string) (Event, error) {
	s.Lock()
	defer s.Unlock()
	a := s.asset(name)
	if a == nil {
		return Event{}, fmt.Errorf("%q: %w", name, ErrNothing)
	}
	return s.about(a, what), nil
}

// SendEvents delivers events in a shape to every webhook, whatever its registration says, and keeps them in the journal.
// Events that were sent before are sent once more: Adobe promises at least once.
func (s *Site) SendEvents(shape Shape, events ...Event) {
	s.Lock()
	defer s.Unlock()
	s.keep(events)
	for _, r := range s.registrations {
		if r.url != "" {
			s.deliver(r, shape, events)
		}
	}
	s.Wake()
}

// publish puts events into the journal and sends them to whom they interest. The caller holds the lock.
func (s *Site) publish(events []Event) {
	s.keep(events)
	for _, r := range s.registrations {
		wanted := slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return !r.wants(e) })
		if r.url == "" || !r.live(s.Now()) || len(wanted) == 0 {
			continue
		}
		shape := Single
		if r.kind == "webhook_batch" {
			shape = Batch
		}
		s.deliver(r, shape, wanted)
	}
	s.Wake()
}

func (s *Site) deliver(r *registration, shape Shape, events []Event) {
	for _, d := range s.bodies(shape, events) {
		what := d.events[0].Type
		if len(d.events) > 1 {
			what = fmt.Sprintf("%d events, %s", len(d.events), what)
		}
		s.Post.Send(site.Parcel{
			Service: Service, Event: what, Lane: "io/" + site.UUID(), URL: r.url, Body: d.body, Header: s.signed(d), Timeout: answerTime, Waits: s.opt.Retry, Final: final,
			Answered: func(status int, _ []byte, _ bool) { s.count(r, status) },
		})
	}
}

// final reports whether a status ends the tries: all do but 429 and the 5xx, of which 505 does.
func final(status int) bool {
	return status != http.StatusTooManyRequests && (status < 500 || status == http.StatusHTTPVersionNotSupported)
}

// signed are the headers of a delivery.
func (s *Site) signed(d delivery) func(int) http.Header {
	keys, id := slices.Clone(s.pair()), site.UUID()
	first, second := keys[0].sign(d.body), keys[1].sign(d.body)
	return func(try int) http.Header {
		h := http.Header{
			"Content-Type": {"application/json; charset=utf-8"}, "User-Agent": {"Adobe/1.0"}, "X-Adobe-Delivery-Id": {id}, "X-Adobe-Provider": {d.events[0].provider()},
			"X-Adobe-Event-Code": {d.events[0].Type}, "X-Adobe-Digital-Signature-1": {first}, "X-Adobe-Digital-Signature-2": {second}, "X-Adobe-Public-Key1-Path": {keys[0].path},
			"X-Adobe-Public-Key2-Path": {keys[1].path},
		}
		if len(d.events) == 1 {
			h.Set("X-Adobe-Event-Id", d.events[0].ID)
		}
		if s.ClientSecret != "" {
			h.Set("X-Adobe-Signature", Seal(s.ClientSecret, d.body))
		}
		if try > 1 {
			h.Set("X-Adobe-Retry-Count", strconv.Itoa(try-1))
		}
		return h
	}
}

// attempt is one try that counts for the state of a registration.
type attempt struct {
	at time.Time
	ok bool
}

// count notes how a delivery was answered: a registration that mostly fails is unstable, and a day later switched off.
func (s *Site) count(r *registration, status int) {
	s.Lock()
	defer s.Unlock()
	now := s.Now()
	r.attempts = append(r.attempts, attempt{now, status >= 200 && status <= 299})
	r.attempts = slices.DeleteFunc(r.attempts, func(a attempt) bool { return now.Sub(a.at) > window })
	failed := 0
	for _, a := range r.attempts {
		if !a.ok {
			failed++
		}
	}
	bad := len(r.attempts) >= 10 && failed*100 >= len(r.attempts)*80
	switch {
	case bad && r.unstable.IsZero():
		r.unstable = now
	case !bad:
		r.unstable = time.Time{}
	}
}
