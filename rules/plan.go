package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/internal/calendar"
	"signoff/internal/flow"
)

// Plan lists what time alone brings to an open stage run after an instant: reminders of the request's plans, the
// steps of its escalation chain, and the timeout.
//
// Shares of the limit are counted from when the stage was entered, for each waiting reviewer in their own calendar.
// The limit itself is the last of theirs. Later steps of a chain count in the studio's calendar.
func (p policy) Plan(r flow.Request, run flow.StageRun, waiting []flow.Actor, after time.Time) []flow.Moment {
	s := p.stage(r, run.Name)
	if s == nil || run.State != flow.StageOpen {
		return nil
	}
	m := &planner{p: p, r: r, run: run, stage: s, waiting: waiting, after: after}
	for _, name := range r.Reminders {
		for i, rem := range p.s.rules.reminders[name] {
			m.reminder(name, i, rem)
		}
	}
	switch action := p.onTimeout(r, s); action {
	case "escalate":
		m.escalate()
	case "expire", "approve", "decline":
		m.timeout()
	}
	slices.SortStableFunc(m.out, func(a, b flow.Moment) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Name, b.Name)) })
	return m.out
}

type planner struct {
	p       policy
	r       flow.Request
	run     flow.StageRun
	stage   *stage
	waiting []flow.Actor
	after   time.Time
	out     []flow.Moment
}

func (m *planner) add(moment flow.Moment) {
	if moment.At.After(m.after) {
		m.out = append(m.out, moment)
	}
}

// name is stable within the request: kind, round, stage, and what tells entries apart.
func (m *planner) name(kind flow.MomentKind, parts ...string) string {
	return strings.Join(append([]string{string(kind), fmt.Sprint(m.run.Round), m.run.Name}, parts...), "/")
}

func (m *planner) reminder(plan string, i int, rem *reminder) {
	if rem.hasCron {
		m.slots(plan, i, rem)
		return
	}
	if m.stage.limit == nil {
		return
	}
	for _, person := range m.waiting {
		at := m.p.dir.calendar(person.Name).Share(m.run.Entered, *m.stage.limit, float64(rem.percent), 0)
		m.quietly(flow.Moment{
			Name: m.name(flow.Remind, plan, fmt.Sprint(i+1), person.ID()), Kind: flow.Remind, At: at,
			To: m.told(rem.to, person), Where: where(rem.where, "dm"), Text: rem.text, Share: rem.percent,
		})
	}
}

// told expands the recipients of a reminder that is due because of one reviewer.
func (m *planner) told(list []who, person flow.Actor) []flow.Actor {
	return m.p.actors(m.r, list, []flow.Actor{person})
}

// slots plans the next slot of a cron reminder for each recipient, by the clock where they are.
func (m *planner) slots(plan string, i int, rem *reminder) {
	if len(m.waiting) == 0 {
		return
	}
	for _, person := range m.p.actors(m.r, rem.to, m.waiting) {
		zone := rem.zone
		if zone == nil {
			zone = m.p.zoneOf(person)
		}
		q, zoneThere := m.p.quietOf(person)
		slot, ok := rem.cron.Next(later(q.began(m.after, zoneThere), m.run.Entered), zone)
		if !ok {
			continue
		}
		name, was := m.name(flow.Remind, plan, fmt.Sprint(i+1), person.ID(), slot.Label), time.Time{}
		if open := m.opened(slot, person, zone); !open.At.Equal(slot.At) {
			slot, was = open, slot.At
		}
		moment := flow.Moment{
			Name: name, Kind: flow.Remind, At: slot.At, Was: was,
			To: []flow.Actor{person}, Where: where(rem.where, "dm"), Text: rem.text,
		}
		if rem.digest {
			moment.Bundle = slot.Label
			if end := q.over(slot.At, zoneThere); !end.Equal(slot.At) { // all that waited for the morning comes in one
				moment.Bundle = end.In(zoneThere).Format(calendar.LabelLayout)
			}
		}
		m.quietly(moment)
	}
}

// closedMost is how many days in a row without work are passed over.
const closedMost = 60

// opened moves a slot that falls on a day on which its recipient does not work to the same hour of their next working day.
// When strangers work is not known.
func (m *planner) opened(slot calendar.Slot, person flow.Actor, zone *time.Location) calendar.Slot {
	if m.p.dir.byName[person.Name] == nil {
		return slot
	}
	cal := m.p.dir.calendar(person.Name)
	t := slot.At.In(zone)
	for i := range closedMost {
		day := time.Date(t.Year(), t.Month(), t.Day()+i, t.Hour(), t.Minute(), 0, 0, zone)
		switch {
		case !cal.Workday(day):
		case i == 0:
			return slot
		default:
			return calendar.Slot{Label: day.Format(calendar.LabelLayout), At: day}
		}
	}
	return slot
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// zoneOf is where a person reads the clock: the directory's zone, their account's, the workspace's.
func (p policy) zoneOf(a flow.Actor) *time.Location {
	if person := p.dir.byName[a.Name]; person != nil && person.Zone != nil {
		return person.Zone
	}
	if loc := p.set.zones.load(a.Zone); loc != nil {
		return loc
	}
	return p.s.zone
}

// limit is when the last reviewer still asked runs out of time; without anybody it counts in the studio's calendar.
func (m *planner) limit() (time.Time, bool) {
	if m.stage.limit == nil {
		return time.Time{}, false
	}
	last := time.Time{}
	for _, person := range m.waiting {
		last = later(m.p.Due(m.r, m.run.Name, person, m.run.Entered), last)
	}
	if last.IsZero() {
		last = m.p.dir.studio.Add(m.run.Entered, *m.stage.limit)
	}
	return last, true
}

func (m *planner) timeout() {
	if at, ok := m.limit(); ok {
		m.add(flow.Moment{Name: m.name(flow.Timeout), Kind: flow.Timeout, At: at, To: m.waiting, Where: []string{"thread"}})
	}
}

// escalate plans the steps of the request's chain.
func (m *planner) escalate() {
	at := m.run.Entered
	for i, step := range m.p.s.rules.escalations[m.r.Escalation] {
		switch {
		case step.limit:
			limit, ok := m.limit()
			if !ok {
				return
			}
			at = limit
		case step.more:
			at = m.p.dir.studio.Add(at, step.after)
		default:
			at = m.p.dir.studio.Add(m.run.Entered, step.after)
		}
		to := m.p.there(m.r, m.p.actors(m.r, step.tell, m.waiting))
		fallback := "dm"
		if len(to) == 0 {
			fallback = ""
		}
		places := where(step.where, fallback)
		for _, c := range step.channels {
			if !slices.Contains(places, c) {
				places = append(places, c)
			}
		}
		m.quietly(flow.Moment{
			Name: m.name(flow.Escalate, m.r.Escalation, fmt.Sprint(i+1)), Kind: flow.Escalate, At: at, To: to, Where: places,
			Text: step.text, MayApprove: step.mayApprove, Step: i + 1,
		})
	}
}

func where(places []string, fallback string) []string {
	if len(places) == 0 && fallback != "" {
		return []string{fallback}
	}
	return slices.Clone(places)
}

// shareOf is when a share of a limit is used up, for explanations.
func shareOf(c *calendar.Calendar, limit calendar.Span, percent int) string {
	if limit.Unit != calendar.WorkingHours {
		return fmt.Sprintf("%d %% of %s", percent, limit)
	}
	return fmt.Sprintf("%.3g", limit.N*float64(percent)/100)
}
