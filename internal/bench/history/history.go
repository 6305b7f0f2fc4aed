// Package history makes journals as a studio would have written them, by the machine that decides in production, for
// tests and measurements of what reads a journal.
package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"signoff/internal/flow"
	"signoff/internal/text"
	"signoff/rules"
)

// Options says what happens in the studio.
type Options struct {
	Seed     uint64
	Requests int
	From     time.Time
	Every    time.Duration // between two requests
	Prefix   string        // of the keys; empty: CR
}

// Make lets requests run their course and returns their records in the order in which they were decided.
func Make(set *rules.Set, o Options) []flow.Record {
	if o.Prefix == "" {
		o.Prefix = "CR"
	}
	var all []flow.Record
	for i := range o.Requests {
		rnd := rand.New(rand.NewPCG(o.Seed, uint64(i)))
		l := &life{set: set, p: set.Policy(set), rnd: rnd, id: flow.RequestID(fmt.Sprintf("%s-%d", o.Prefix, i+1)), now: o.From.Add(time.Duration(i) * o.Every).UTC()}
		l.live()
		all = append(all, l.records...)
	}
	slices.SortStableFunc(all, func(a, b flow.Record) int { return a.Event.At.Compare(b.Event.At) })
	for i := range all {
		all[i].Seq = uint64(i + 1)
	}
	return all
}

// life is one request on its way.
type life struct {
	set     *rules.Set
	p       flow.Policy
	rnd     *rand.Rand
	id      flow.RequestID
	r       flow.Request
	now     time.Time
	n       int
	pending []flow.Effect
	records []flow.Record
}

// wishes are what people write, each with the channel they write it in.
var wishes = [][2]string{
	{"#design-requests", "Need a Nova banner 300x250 by Friday EOD"}, {"#nova-marketing", "Nova display ads 728x90 and 160x600 for the launch, due 27 November, EMEA"},
	{"#launch", "A Lumen reel for the spring launch by 24 November, up to €9,500"}, {"#launch", "Short copy for the newsletter, due tomorrow"},
	{"#design-requests", "Lumen banner, claims: 30 % more light, region EMEA, by Wednesday"}, {"#random", "Could somebody look at this before Tuesday?"},
}

func (l *life) live() {
	wish := wishes[l.rnd.IntN(len(wishes))]
	ev := l.event(flow.RequestSubmitted, flow.Actor{Ref: flow.Ref{System: "slack", Type: "user", Key: "U0MAYA"}, Shown: "Maya", Zone: "Europe/London"})
	ev.Fields = map[string][]string{"source": {"slack"}, "channel": {wish[0]}}
	ev.Body = text.Plain(wish[1])
	ev.Links = []flow.Link{{Ref: flow.Ref{System: "slack", Type: "thread", Key: "C1/" + string(l.id)}, Purpose: "thread"}}
	a := flow.Answers{Load: map[string]float64{}}
	for _, person := range l.set.People() {
		a.Load[person.Name] = float64(l.rnd.IntN(20))
	}
	routing := l.set.Route(ev, a)
	if routing.Ignore {
		return
	}
	l.step(ev, flow.Facts{New: l.id, Routing: &routing, Answers: a, Places: flow.Places{Chat: "slack", Tracker: "jira"}})
	for range 60 {
		l.settle()
		if l.r.Status.Closed() || !l.next() {
			return
		}
	}
}

func (l *life) event(kind flow.Kind, by flow.Actor) flow.Event {
	l.n++
	return flow.Event{ID: fmt.Sprintf("slack/%s/%d", l.id, l.n), Kind: kind, At: l.now, Actor: by, Request: l.r.ID, Where: flow.Ref{System: "slack", Type: "thread", Key: "C1/" + string(l.id)}}
}

func (l *life) step(ev flow.Event, f flow.Facts) {
	out := flow.Step(l.p, l.r, ev, f)
	if out.Request.Version == l.r.Version {
		return
	}
	l.r = out.Request
	rec := flow.Record{Request: l.r.ID, Version: l.r.Version, Event: ev, Facts: f, Ruleset: l.p.Ruleset(), Directory: l.p.Directory(), Why: out.Why}
	for _, e := range out.Effects {
		rec.Effects = append(rec.Effects, e.ID)
	}
	l.records = append(l.records, rec)
	l.pending = append(l.pending, out.Effects...)
}

// settle shows everything that is wished for.
func (l *life) settle() {
	for len(l.pending) > 0 {
		e := l.pending[0]
		l.pending = l.pending[1:]
		if e.Show == nil {
			continue
		}
		l.now = l.now.Add(time.Duration(300+l.rnd.IntN(900)) * time.Millisecond)
		ev := l.event(flow.EffectDone, flow.Actor{})
		ev.ID, ev.Where = "done/"+e.ID, flow.Ref{}
		ev.Links = []flow.Link{{Ref: flow.Ref{System: e.Target, Type: "message", Key: string(l.id) + "/" + e.Show.Purpose}, Purpose: e.Show.Purpose, Label: "DES-" + strconv.Itoa(l.n), URL: "https://" + e.Target + ".example/" + string(l.id)}}
		ev.Fields = map[string][]string{"effect": {e.ID}, "purpose": {e.Show.Purpose}, "digest": {e.Show.Digest}, "version": {strconv.FormatInt(e.Show.Version, 10)}}
		l.step(ev, flow.Facts{})
	}
}

// next lets somebody act, or time pass; false when nothing will ever happen any more.
func (l *life) next() bool {
	after := l.now.Add(time.Duration(l.rnd.ExpFloat64() * float64(5*time.Hour)))
	if wake := l.r.WakeAt; !wake.IsZero() && wake.Before(after) {
		l.now = later(l.now, wake)
		ev := l.event(flow.TimerFired, flow.Actor{})
		ev.ID, ev.Where, ev.Fields = "timer/"+ev.ID, flow.Ref{}, map[string][]string{"name": {"next"}}
		l.step(ev, flow.Facts{})
		return true
	}
	l.now = after
	waiting := flow.WaitingFor(l.p, l.r)
	switch {
	case l.rnd.IntN(5) == 0:
		l.comment()
	case l.r.Status == flow.NeedsInfo:
		l.complete()
	case l.r.Workflow == "":
		l.close()
	case len(waiting) == 0:
		return false
	case l.r.Status == flow.InProgress:
		l.step(l.event(flow.WorkSubmitted, waiting[0]), flow.Facts{})
	case l.r.Status == flow.InReview:
		l.vote(waiting[l.rnd.IntN(len(waiting))])
	}
	return true
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func (l *life) comment() {
	ev := l.event(flow.CommentAdded, l.r.Requester)
	ev.Said = flow.Ref{System: "slack", Type: "message", Key: fmt.Sprintf("C1/%s/%d", l.id, l.n)}
	ev.Subject = flow.Ref{System: "slack", Type: "thread", Key: "C1/" + string(l.id)}
	ev.Body, ev.Seq = text.Plain("The logo goes to the left, please, and the claim below it."), strconv.Itoa(l.n)
	l.step(ev, flow.Facts{})
}

// close moves the ticket of a request without stages to its end.
func (l *life) close() {
	ev := l.event(flow.TicketMoved, flow.Actor{Name: "dana", Shown: "Dana Wolf"})
	ev.Where, ev.Sent, ev.Fields = flow.Ref{}, l.now, map[string][]string{"status": {"Done"}, "word": {string(flow.Approved)}}
	l.step(ev, flow.Facts{})
}

// complete fills in what the brief lacks.
func (l *life) complete() {
	ev := l.event(flow.RequestEdited, l.r.Requester)
	ev.Fields = map[string][]string{}
	for _, f := range l.p.Missing(l.r) {
		ev.Fields[f.Name] = append(slices.Clone(f.Choices), "2026-12-18")[:1]
	}
	l.step(ev, flow.Facts{})
}

func (l *life) vote(who flow.Actor) {
	ev := l.event(flow.VoteCast, who)
	ev.Fields = map[string][]string{"verdict": {string(flow.Approve)}, "confirmed": {"yes"}, "via": {"web"}, "assurance": {"web+reauth"}}
	for _, d := range l.p.Stages(l.r) {
		ev.Fields["checked"] = append(ev.Fields["checked"], d.Checklist...)
	}
	if l.rnd.IntN(8) == 0 {
		ev.Fields["verdict"] = []string{string(flow.RequestChanges)}
		ev.Body = text.Plain("Logo too small")
	}
	l.step(ev, flow.Facts{})
}

// Repeat yields a history n times, each time three weeks later and with other keys: as long a journal as is wanted.
// The gap keeps working days where they were.
func Repeat(list []flow.Record, n int) func(yield func(flow.Record, error) bool) {
	return func(yield func(flow.Record, error) bool) {
		const gap = 21 * 24 * time.Hour
		seq := uint64(0)
		for i := range n {
			shift := time.Duration(i) * gap
			for _, rec := range list {
				seq++
				rec.Seq = seq
				rec.Request = flow.RequestID(fmt.Sprintf("R%d-%s", i, rec.Request))
				rec.Event.At = rec.Event.At.Add(shift)
				rec.Event.Request = rec.Request
				if rec.Facts.New != "" {
					rec.Facts.New = rec.Request
				}
				if !yield(rec, nil) {
					return
				}
			}
		}
	}
}
