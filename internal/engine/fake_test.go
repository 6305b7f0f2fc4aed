package engine_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// outside is a service as the engine sees it: what was made there, what was said, and a script of faults. It keeps
// its own book of everything, so that tests look at the outside and not at calls.
type outside struct {
	instance string
	now      func() time.Time

	mu      sync.Mutex
	next    int
	things  map[string]*thing // by key
	told    []flow.Effect
	calls   []made
	people  map[string]string // e-mail -> account
	fault   func(nth int, e flow.Effect) error
	lose    func(nth int, e flow.Effect) bool // does it, then the answer is lost
	lag     time.Duration                     // how long a made thing cannot be found
	enrich  func(d flow.Delivery) ([]byte, error)
	denied  error
	unasked error // what a look-up of an account answers instead
	pace    []connectors.Pace
	accepts int
	secret  string // with which deliveries are signed
	homes   []shownHome
	guesses map[string][]flow.Actor // by name shown
	ways    connectors.Ways
	files   map[string]source  // by key
	holds   map[string]content // attached, by name
	attach  func(nth int) error
	tries   int // of attaching
}

// source is a file as its service gives it out.
type source struct {
	meta connectors.FileMeta
	open func() io.Reader
	err  error
}

// content is what arrived of a file.
type content struct {
	meta connectors.FileMeta
	sum  [sha256.Size]byte
	size int64
}

// Open implements connectors.Opener.
func (o *outside) Open(_ context.Context, ref flow.Ref) (io.ReadCloser, connectors.FileMeta, error) {
	o.mu.Lock()
	f, ok := o.files[ref.Key]
	o.mu.Unlock()
	switch {
	case !ok:
		return nil, connectors.FileMeta{}, &connectors.Error{Op: "open", Class: connectors.Rejected, Gone: "deleted"}
	case f.err != nil:
		return nil, connectors.FileMeta{}, f.err
	}
	return io.NopCloser(f.open()), f.meta, nil
}

// Attach implements connectors.Attacher.
func (o *outside) Attach(_ context.Context, e flow.Effect, m connectors.FileMeta, body io.Reader) ([]flow.Link, error) {
	o.mu.Lock()
	o.tries++
	nth, script, denied := o.tries, o.attach, o.denied
	o.mu.Unlock()
	if denied != nil {
		return nil, &connectors.Error{Op: "attach", Class: connectors.Denied, Err: denied}
	}
	sum := sha256.New()
	n, err := io.Copy(sum, body)
	if err != nil {
		return nil, &connectors.Error{Op: "attach", Class: connectors.Unsure, Err: err}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.holds == nil {
		o.holds = map[string]content{}
	}
	var failed error
	if script != nil {
		failed = script(nth)
	}
	if failed != nil && connectors.ClassOf(failed) != connectors.Unsure {
		return nil, failed
	}
	o.next++
	key := fmt.Sprintf("F-%d", o.next)
	o.holds[m.Name] = content{meta: m, sum: [sha256.Size]byte(sum.Sum(nil)), size: n}
	o.things[key] = &thing{mark: e.Mark(), key: key, made: o.now(), purpose: e.Copy.Purpose}
	return []flow.Link{o.link(key)}, failed
}

// shownHome is a person's page as it was shown.
type shownHome struct {
	at   time.Time
	who  flow.Ref
	page flow.Home
}

// homely is an outside that has pages of people.
type homely struct{ *outside }

// Home implements connectors.Homer.
func (h homely) Home(_ context.Context, who flow.Ref, page flow.Home) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.denied != nil {
		return &connectors.Error{Op: "views.publish", Class: connectors.Denied, Err: h.denied}
	}
	h.homes = append(h.homes, shownHome{h.now(), who, page})
	return nil
}

func (o *outside) shownHomes() []shownHome {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.homes)
}

// Ways implements connectors.Wayward.
func (t tracker) Ways() connectors.Ways {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ways
}

// Guess implements connectors.Guesser.
func (t tracker) Guess(_ context.Context, _, shown string) ([]flow.Actor, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.guesses[shown]), nil
}

type thing struct {
	mark    string
	key     string
	made    time.Time
	purpose string
	view    flow.View
	version int64
	writes  int
}

type made struct {
	at     time.Time
	effect flow.Effect
}

func newOutside(instance string, now func() time.Time) *outside {
	return &outside{instance: instance, now: now, things: map[string]*thing{}, people: map[string]string{}}
}

// Check implements connectors.Connector.
func (o *outside) Check(context.Context) []connectors.Finding {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.denied != nil {
		return []connectors.Finding{{Level: "problem", What: "token", Text: "refused"}}
	}
	return []connectors.Finding{{Level: "ok", What: "token"}}
}

// Do implements connectors.Doer.
func (o *outside) Do(_ context.Context, e flow.Effect) ([]flow.Link, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls = append(o.calls, made{o.now(), e})
	nth := len(o.calls)
	if o.denied != nil {
		return nil, &connectors.Error{Op: "do", Class: connectors.Denied, Err: o.denied}
	}
	if o.fault != nil {
		if err := o.fault(nth, e); err != nil {
			return nil, err
		}
	}
	links := o.make(e)
	if o.lose != nil && o.lose(nth, e) {
		return nil, &connectors.Error{Op: "do", Class: connectors.Unsure, Err: errors.New("connection reset")}
	}
	return links, nil
}

func (o *outside) make(e flow.Effect) []flow.Link {
	if e.Tell != nil {
		o.told = append(o.told, e)
		return nil
	}
	if e.Show.Link == nil {
		o.next++
		key := fmt.Sprintf("%s-%d", strings.ToUpper(o.instance[:1]), o.next)
		o.things[key] = &thing{mark: e.Mark(), key: key, made: o.now(), purpose: e.Show.Purpose}
		o.write(key, e)
		return []flow.Link{o.link(key)}
	}
	o.write(e.Show.Link.Ref.Key, e)
	return []flow.Link{o.link(e.Show.Link.Ref.Key)}
}

func (o *outside) write(key string, e flow.Effect) {
	t := o.things[key]
	status := t.view.Status
	t.view, t.version = e.Show.View, e.Show.Version
	if ticket := t.view.Ticket; ticket != nil && ticket.KeepStatus {
		t.view.Status = status // it was set by hand
	}
	t.writes++
}

func (o *outside) link(key string) flow.Link {
	t := o.things[key]
	return flow.Link{Ref: flow.Ref{System: o.instance, Type: "thing", Key: key}, Purpose: t.purpose, Label: key}
}

// Find implements connectors.Doer.
func (o *outside) Find(_ context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if e.Tell != nil {
		ok := slices.ContainsFunc(o.told, func(t flow.Effect) bool { return t.ID == e.ID })
		return nil, ok, nil
	}
	for key, t := range o.things {
		if t.mark == e.Mark() && o.now().Sub(t.made) >= o.lag {
			return []flow.Link{o.link(key)}, true, nil
		}
	}
	if gone := o.now().Sub(tried); gone < 180*time.Second && o.lag > 0 {
		return nil, false, &connectors.Error{Op: "search", Class: connectors.Unsure, Wait: min(30*time.Second, 180*time.Second-gone)}
	}
	return nil, false, nil
}

// Identify implements connectors.Identifier.
func (o *outside) Identify(_ context.Context, email string) (flow.Actor, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.unasked != nil {
		return flow.Actor{}, false, o.unasked
	}
	id, ok := o.people[strings.ToLower(email)]
	return flow.Actor{Ref: o.user(id), Email: email}, ok, nil
}

// Pin implements connectors.Pinner.
func (o *outside) Pin(id string) flow.Ref { return o.user(id) }

func (o *outside) user(id string) flow.Ref {
	return flow.Ref{System: o.instance, Type: "user", Key: id}
}

// Enrich implements connectors.Enricher.
func (o *outside) Enrich(_ context.Context, d flow.Delivery) ([]byte, error) {
	o.mu.Lock()
	f := o.enrich
	o.mu.Unlock()
	if f == nil {
		return nil, nil
	}
	return f(d)
}

// body is the wire of the fake service.
type body struct {
	ID        string      `json:"id"`
	Key       string      `json:"key,omitempty"`
	Enrich    bool        `json:"enrich,omitempty"`
	Waits     bool        `json:"waits,omitempty"`
	Ignored   string      `json:"ignored,omitempty"`
	Malformed string      `json:"malformed,omitempty"`
	Bad       bool        `json:"bad,omitempty"` // cannot be parsed
	Nothing   string      `json:"nothing,omitempty"`
	Panic     bool        `json:"panic,omitempty"`
	About     flow.Ref    `json:"about,omitzero"`
	Event     *flow.Event `json:"event,omitempty"`
	Missed    time.Time   `json:"missed,omitzero"`
}

// Accept implements connectors.Receiver.
func (o *outside) Accept(in connectors.Inbound) (connectors.Accepted, error) {
	o.mu.Lock()
	o.accepts++
	o.mu.Unlock()
	switch {
	case in.Method != http.MethodPost:
		return connectors.Accepted{}, &connectors.Refusal{Status: http.StatusMethodNotAllowed, Reason: "method", Allow: "POST"}
	case in.Header.Get("X-Fault") != "":
		return connectors.Accepted{}, &connectors.Refusal{Status: http.StatusServiceUnavailable, Reason: "our own fault"}
	case in.Header.Get("X-Tenant") != "":
		return connectors.Accepted{}, &connectors.Refusal{Status: http.StatusUnauthorized, Reason: "tenant", Signed: true}
	case in.Header.Get("X-Signature") != "right" && !in.Trusted:
		return connectors.Accepted{}, &connectors.Refusal{Status: http.StatusUnauthorized, Reason: "signature"}
	}
	var b body
	if err := json.Unmarshal(in.Body, &b); err != nil {
		return connectors.Accepted{ID: "broken", Malformed: "no JSON"}, nil
	}
	return connectors.Accepted{ID: b.ID, Key: b.Key, Kind: "event", Enrich: b.Enrich, Waits: b.Waits, Ignored: b.Ignored, Malformed: b.Malformed, About: b.About, Missed: b.Missed, Secret: o.secret}, nil
}

// Parse implements connectors.Receiver.
func (o *outside) Parse(d flow.Delivery) ([]flow.Event, error) {
	var b body
	if err := json.Unmarshal(d.Body, &b); err != nil {
		return nil, err
	}
	switch {
	case b.Panic:
		panic("poison")
	case b.Bad:
		return nil, errors.New("this is no event")
	case b.Nothing != "":
		return nil, connectors.Nothing(b.Nothing)
	case b.Event == nil:
		return nil, nil
	}
	if len(d.Learned) > 0 {
		b.Event.Actor.Shown = string(d.Learned)
	}
	return []flow.Event{*b.Event}, nil
}

// of lists the things that carry a mark.
func (o *outside) of(mark string) (list []*thing) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, t := range o.things {
		if t.mark == mark {
			list = append(list, t)
		}
	}
	return list
}

func (o *outside) madeCalls() []made {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.calls)
}

func (o *outside) saidTo(name string) (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.told {
		for _, to := range e.Tell.To {
			if to.Name == name {
				n++
			}
		}
	}
	return n
}

// set changes the script.
func (o *outside) set(f func(*outside)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f(o)
}

// tracker is an outside that keeps tickets.
type tracker struct{ *outside }

// Read implements connectors.Tracker.
func (t tracker) Read(_ context.Context, ref flow.Ref) (flow.View, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	th := t.things[ref.Key]
	if th == nil {
		return flow.View{}, &connectors.Error{Op: "read", Class: connectors.Rejected}
	}
	v := th.view
	v.Headline = string(v.Status)
	return v, nil
}

// Statuses implements connectors.Tracker.
func (t tracker) Statuses(context.Context) ([]string, error) { return []string{"To Do"}, nil }

// paced is an outside that names its limits.
type paced struct{ *outside }

// Pace implements connectors.Pacer.
func (p paced) Pace(flow.Effect) []connectors.Pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.pace)
}
