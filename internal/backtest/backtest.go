package backtest

import (
	"fmt"
	"iter"
	"time"

	"signoff/internal/flow"
	"signoff/rules"
)

// Options is what a replay needs.
type Options struct {
	// Old are the rules that are in use: a request whose own ruleset is not kept is judged by them, and who there is, and
	// when they work, is what they say.
	Old *rules.Set
	New *rules.Set
	// Kept finds the ruleset of a digest that earlier requests were opened by; nil, or a nil answer: Old.
	Kept func(digest string) *rules.Set
	// Since is from when on requests count. What was opened before is replayed for what it makes people busy with.
	Since, Until time.Time
	// Most is how many changed requests the report lists; 0: 1,000.
	Most int
}

const (
	mostListed = 1_000
	// Warm is how long before Since a history should begin, so that it is known what people are busy with.
	Warm = 30 * 24 * time.Hour
)

// Run is one replay. It is fed with Add, in the order of the journal, and asked for its Report at the end.
type Run struct {
	o      Options
	was    *side
	is     *side
	known  map[string]*rules.Set // by digest
	pairs  map[pairKey]*sameness
	memos  map[[2]*rules.Set]*memo
	open   map[flow.RequestID]*request
	due    timetable
	habits *habits
	at     time.Time
	events uint64
	first  time.Time
	out    tally
}

// New begins a replay.
func New(o Options) *Run {
	if o.Most == 0 {
		o.Most = mostListed
	}
	r := &Run{
		o: o, was: newSide(0), is: newSide(1), known: map[string]*rules.Set{o.Old.Digest(): o.Old}, pairs: map[pairKey]*sameness{}, memos: map[[2]*rules.Set]*memo{},
		open: map[flow.RequestID]*request{}, habits: newHabits(),
	}
	return r
}

// Replay reads a history to its end and reports. seen, where not nil, is told how many records were read, now and then.
func Replay(o Options, history iter.Seq2[flow.Record, error], seen func(events uint64, at time.Time)) (Report, error) {
	r := New(o)
	for rec, err := range history {
		if err != nil {
			return Report{}, fmt.Errorf("read history: %w", err)
		}
		r.Add(rec)
		if seen != nil && r.events%1024 == 0 {
			seen(r.events, r.at)
		}
	}
	if seen != nil {
		seen(r.events, r.at)
	}
	return r.Report(), nil
}

// Add replays one record.
func (r *Run) Add(rec flow.Record) {
	r.events++
	if rec.Event.At.After(r.at) {
		r.at = rec.Event.At
	}
	if r.first.IsZero() {
		r.first = r.at
	}
	if idle(rec.Event) {
		return
	}
	r.advance(rec.Event.At)
	if rec.Version == 1 {
		r.opened(rec)
		return
	}
	q := r.open[rec.Request]
	if q == nil {
		return // it was opened before the history begins, or is over in both
	}
	r.happened(q, rec)
}

// idle reports whether an event decides nothing: what was shown and said, and what comes by itself.
func idle(ev flow.Event) bool {
	switch ev.Kind {
	case flow.EffectDone, flow.EffectParked, flow.TimerFired, flow.LinkShared, flow.TicketRenamed, flow.TicketGone, flow.TicketWanted, flow.BriefRead,
		flow.MailFailed, flow.CommentEdited, flow.CommentRemoved, flow.FilesAdded:
		return true
	case flow.CommentAdded:
		return len(ev.Assets) == 0
	}
	return ev.Echo
}

// set finds the rules that a record was decided by.
func (r *Run) set(digest string) *rules.Set {
	if set, ok := r.known[digest]; ok {
		return set
	}
	set := r.o.Old
	if r.o.Kept != nil {
		if kept := r.o.Kept(digest); kept != nil {
			set = kept
		}
	}
	r.known[digest] = set
	return set
}

// advance lets happen what is due before an instant: reminders, timeouts and answers that are estimated.
func (r *Run) advance(to time.Time) {
	for {
		q, at, ok := r.due.next()
		if !ok || at.After(to) {
			return
		}
		r.due.pop()
		if r.open[q.id] == q && q.next().Equal(at) {
			r.tick(q, at)
		}
	}
}
