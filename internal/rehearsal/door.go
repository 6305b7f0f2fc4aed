package rehearsal

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// The instances of a rehearsal.
const (
	chatDoor    = "slack"
	mailDoor    = "email"
	trackerDoor = "tracker"
)

// sourceDoors are where work is kept or asked for beside chat, mail and the tracker.
func sourceDoors() []string { return []string{"figma", "adobe", "github", "confluence", "webhook"} }

// message is something that was said, asked or made outside.
type message struct {
	place string // "slack dm", "slack thread", "#channel", "email", "ticket comment", "figma", …
	to    []string
	words string
	asked []string // fields that it asks for
	only  bool     // an answer that only the person sees who acted
}

// outside writes down everything that its doors are asked for.
type outside struct {
	mu     sync.Mutex
	made   int
	said   []message
	people map[string]string // e-mail address, in small letters -> name
	pins   map[string]string // pinned account -> name
	shown  map[string]flow.View
}

func newOutside(people, pins map[string]string) *outside {
	return &outside{people: people, pins: pins, shown: map[string]flow.View{}}
}

// taken returns what was said since it was last asked.
func (o *outside) taken() []message {
	o.mu.Lock()
	defer o.mu.Unlock()
	said := o.said
	o.said = nil
	return said
}

// door is one instance: it takes events in as they are and writes down what it is asked for.
type door struct {
	instance string
	out      *outside
}

// Check implements connectors.Connector.
func (d door) Check(context.Context) []connectors.Finding { return nil }

// Accept implements connectors.Receiver. A delivery is an event of ours; its path is its id.
func (d door) Accept(in connectors.Inbound) (connectors.Accepted, error) {
	return connectors.Accepted{ID: in.Rest, Kind: "rehearsal"}, nil
}

// Parse implements connectors.Receiver.
func (d door) Parse(del flow.Delivery) ([]flow.Event, error) {
	var ev flow.Event
	if err := json.Unmarshal(del.Body, &ev); err != nil {
		return nil, fmt.Errorf("read event: %w", err)
	}
	return []flow.Event{ev}, nil
}

// Do implements connectors.Doer.
func (d door) Do(_ context.Context, e flow.Effect) ([]flow.Link, error) {
	d.out.mu.Lock()
	defer d.out.mu.Unlock()
	switch {
	case e.Tell != nil:
		d.out.said = append(d.out.said, d.told(e.Tell)...)
		return nil, nil
	case e.Show == nil:
		return nil, nil
	}
	link := d.show(e)
	d.out.shown[link.Ref.String()] = e.Show.View
	return []flow.Link{link}, nil
}

// Find implements connectors.Doer. Nothing is ever lost here.
func (d door) Find(context.Context, flow.Effect, time.Time) ([]flow.Link, bool, error) {
	return nil, false, nil
}

// show makes or changes what an effect shows; only what is new is said to anybody.
func (d door) show(e flow.Effect) flow.Link {
	s := e.Show
	if s.Link != nil {
		return *s.Link
	}
	d.out.made++
	link := flow.Link{Purpose: s.Purpose, Ref: flow.Ref{System: d.instance, Type: "message", Key: fmt.Sprintf("m%d", d.out.made)}}
	if d.instance == trackerDoor {
		project := "WORK"
		if s.View.Ticket != nil && s.View.Ticket.Project != "" {
			project = s.View.Ticket.Project
		}
		link.Ref.Type, link.Label = "issue", fmt.Sprintf("%s-%d", project, d.out.made)
	}
	m := message{place: d.place(s.At), words: words(s.View), asked: asked(s.View)}
	if s.To.ID() != "" {
		m.to = []string{called(s.To)}
	}
	if d.instance == trackerDoor {
		m.place = "ticket"
	}
	d.out.said = append(d.out.said, m)
	return link
}

func (d door) told(t *flow.Tell) []message {
	m := message{place: d.place(t.Where), words: words(t.View), asked: asked(t.View), only: t.Private}
	for _, a := range t.To {
		m.to = append(m.to, called(a))
	}
	return []message{m}
}

// place names where something is said as rule files do.
func (d door) place(at flow.Ref) string {
	switch {
	case d.instance == mailDoor:
		return "email"
	case d.instance == trackerDoor:
		return "ticket comment"
	case d.instance != chatDoor:
		return d.instance
	case at.Zero():
		return "slack dm"
	case at.Type == "channel" && strings.HasPrefix(at.Key, "#"):
		return at.Key
	}
	return "slack thread"
}

// words are what somebody reads of a view.
func words(v flow.View) string {
	parts := []string{v.Headline}
	if body := strings.TrimSpace(v.Body.String()); body != "" && body != v.Headline {
		parts = append(parts, body)
	}
	return strings.Join(parts, "\n")
}

// asked are the fields that a view asks its reader to fill in.
func asked(v flow.View) []string {
	if v.Kind != flow.InfoView {
		return nil
	}
	for _, b := range v.Buttons {
		if b.Action == "add_detail" && b.Value != "" {
			return strings.Split(b.Value, ",")
		}
	}
	return nil
}

// called is the name by which a test knows somebody: the directory's, else that of the account.
func called(a flow.Actor) string {
	if a.Name != "" {
		return a.Name
	}
	return a.Ref.Key
}

// calledID is called of an Actor's ID.
func calledID(id string) string {
	for _, instance := range append([]string{chatDoor, mailDoor, trackerDoor}, sourceDoors()...) {
		if rest, ok := strings.CutPrefix(id, instance+":"); ok {
			if _, key, ok := strings.Cut(rest, ":"); ok {
				return key
			}
		}
	}
	return id
}

// identifying is a door that finds people by their address.
type identifying struct{ door }

// Identify implements connectors.Identifier.
func (d identifying) Identify(_ context.Context, email string) (flow.Actor, bool, error) {
	name, ok := d.out.people[strings.ToLower(email)]
	if !ok {
		return flow.Actor{}, false, nil
	}
	return flow.Actor{Ref: account(d.instance, name, email), Email: email}, true, nil
}

// Pin implements connectors.Pinner.
func (d identifying) Pin(id string) flow.Ref {
	if name := d.out.pins[id]; name != "" {
		return account(d.instance, name, "")
	}
	return flow.Ref{}
}

// account is the account of somebody on an instance.
func account(instance, name, email string) flow.Ref {
	if instance == mailDoor {
		return flow.Ref{System: instance, Type: "address", Key: strings.ToLower(email)}
	}
	return flow.Ref{System: instance, Type: "user", Key: name}
}

// mailbox is the door through which people are written to.
type mailbox struct{ identifying }

// Mails implements connectors.Mailer.
func (mailbox) Mails() bool { return true }

// tracker keeps tickets.
type tracker struct{ identifying }

// Read implements connectors.Tracker.
func (t tracker) Read(_ context.Context, ref flow.Ref) (flow.View, error) {
	t.out.mu.Lock()
	defer t.out.mu.Unlock()
	v, ok := t.out.shown[ref.String()]
	if !ok {
		return v, &connectors.Error{Op: "read", Class: connectors.Rejected}
	}
	v.Headline = v.Status.Words()
	return v, nil
}

// Statuses implements connectors.Tracker.
func (t tracker) Statuses(context.Context) ([]string, error) { return nil, nil }

// Ways implements connectors.Wayward: tickets are moved by steps alone, so there is nothing to look for.
func (t tracker) Ways() connectors.Ways {
	return connectors.Ways{Bypass: "flag", Look: 10 * 365 * 24 * time.Hour}
}
