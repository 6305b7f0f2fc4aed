package flow

import (
	"slices"
	"time"

	"signoff/internal/text"
)

// What the model knows of triage: a request may wait there before anything else, be put off, and be merged into another
// one at any time, whatever was voted.

// answersTriage names who answers for triage in the random histories.
var answersTriage = []string{"ana", "dana"}

// over reports whether the request ended otherwise than by a vote.
func (m *model) over() bool { return m.withdrawn || m.merged || m.turnedDown }

func (m *model) ended() Status {
	switch {
	case m.withdrawn:
		return Withdrawn
	case m.merged:
		return Merged
	}
	return Declined
}

func (m *model) answers(who string) bool {
	return m.triage && !m.over() && slices.Contains(answersTriage, who)
}

// takeOn is accepting, or assigning, which is the same in triage.
func (m *model) takeOn(who, to string) bool {
	if !m.answers(who) || to == "" && m.assignee == "" {
		return false
	}
	if to != "" {
		m.assignee = to
	}
	m.triage, m.until, m.making = false, time.Time{}, true
	return true
}

func (m *model) turnDown(who string, reason bool) bool {
	ok := m.answers(who) && reason
	m.turnedDown = m.turnedDown || ok
	return ok
}

func (m *model) snooze(who string, until time.Time) bool {
	if !m.answers(who) || !until.After(m.now) {
		return false
	}
	m.until = until
	return true
}

func (m *model) wake() bool {
	if !m.triage || m.over() || m.until.IsZero() || m.now.Before(m.until) {
		return false
	}
	m.until = time.Time{}
	return true
}

func (m *model) merge(who string, other Status) bool {
	if m.status().Closed() || !slices.Contains(answersTriage, who) || other.Closed() || other == Draft {
		return false
	}
	m.merged = true
	return true
}

// pickTriage is something that triage says, or that brings back what it has put off.
func (h *history) pickTriage(who, to string) (ev Event, ok bool) {
	if h.rnd.IntN(3) > 0 {
		who = answersTriage[h.rnd.IntN(len(answersTriage))]
	}
	h.facts = Facts{Away: h.facts.Away, Triager: slices.Contains(answersTriage, who)}
	switch h.rnd.IntN(6) {
	case 0:
		return h.pickTakeOn(who, to)
	case 1:
		ev, reason := h.event(RequestDeclined, who), h.rnd.IntN(2) == 0
		if reason {
			ev.Body = text.Plain("We do not do posters.")
		}
		return ev, h.m.turnDown(who, reason)
	case 2:
		until := h.now.Add(time.Duration(h.rnd.IntN(90)-5) * time.Second).UTC()
		return h.event(RequestSnoozed, who, "until", until.Format(time.RFC3339Nano)), h.m.snooze(who, until)
	case 3:
		h.facts.Other = &Joint{ID: "CR-7", Status: []Status{InReview, Intake, Snoozed, Approved, Draft}[h.rnd.IntN(5)]}
		return h.event(RequestMerged, who, "into", "CR-7"), h.m.merge(who, h.facts.Other.Status)
	}
	return h.event(TimerFired, "", "name", wakeName), h.m.wake()
}

func (h *history) pickTakeOn(who, to string) (ev Event, ok bool) {
	if h.rnd.IntN(3) == 0 {
		to = ""
	}
	kind, same := RequestAccepted, false
	if h.m.triage && to != "" && h.rnd.IntN(2) == 0 {
		kind, same = RequestAssigned, to == h.m.assignee // to whoever has it nothing changes
	}
	return h.event(kind, who, "assignee", to), !same && h.m.takeOn(who, to)
}
