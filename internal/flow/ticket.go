package flow

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"signoff/internal/text"
)

// ticketView is the record in the tracker: what was asked for, by whom, where it stands, and the fields the tracker
// keeps itself.
func (s scene) ticketView() View {
	v := s.view(TicketView, fmt.Sprintf("%s: %s.", s.label(), s.statusWords()))
	v.Body = s.ticketBody()
	v.Facts = append([]Fact{{Name: "status", Label: "Status", Text: upper(s.statusWords())}, s.owner()}, s.common()...)
	v.Facts = append(v.Facts, s.ticketVersions()...)
	v.Facts = append(v.Facts, s.ticketMissing()...)
	v.Points = s.points()
	v.Ticket = &TicketFields{
		Project: s.r.Project, Priority: s.r.Priority, Labels: s.r.Labels, Due: s.dueHere(), Fields: s.details(),
		KeepStatus: s.r.Ticket.Held, Push: s.r.Ticket.Pushed,
	}
	if s.r.Assignee.ID() != "" {
		v.Ticket.Assignee = s.actor(s.r.Assignee)
	}
	return v
}

// common are the facts that every ticket has.
func (s scene) common() []Fact {
	facts := []Fact{{Name: "requester", Label: "Requester", People: s.people(s.r.Requester)}}
	if s.r.Requester.ID() == "" {
		facts[0] = Fact{Name: "requester", Label: "Requester", Text: place(s.r.Source)}
	}
	if !s.r.Due.IsZero() {
		facts = append(facts, Fact{Name: "due", Label: "Due", At: s.r.Due})
	}
	if s.r.Round > 1 {
		facts = append(facts, Fact{Name: "revision", Label: "Revision", Text: strconv.Itoa(s.r.Round)})
	}
	return facts
}

func (s scene) owner() Fact {
	if s.r.Assignee.ID() == "" {
		return Fact{Name: "owner", Label: "Owner", Text: "triage"}
	}
	return Fact{Name: "owner", Label: "Owner", People: s.people(s.r.Assignee)}
}

func (s scene) ticketBody() text.Doc {
	from := []text.Node{text.T("Requested by " + s.who(s.r.Requester))}
	if s.r.Requester.ID() == "" {
		from = []text.Node{text.T("Requested through " + place(s.r.Source))}
	}
	if l, ok := s.r.Link("thread"); ok && l.URL != "" {
		from = append(from, text.T(" in "), text.A(place(l.Ref.System), l.URL))
	}
	from = append(from, text.T(fmt.Sprintf(" · %s", s.r.ID)))
	return slices.Concat(text.Doc{text.P(from...)}, s.r.Body, s.filesLine(0, false), s.briefWords())
}

// linkView puts the thread on the ticket.
func (s scene) linkView(thread Link) View {
	label := thread.Label
	if label == "" {
		label = fmt.Sprintf("%s in %s", s.label(), place(thread.Ref.System))
	}
	v := s.view(LinkView, label)
	v.Status, v.Round = "", 0
	v.Link = &Link{Ref: thread.Ref, Purpose: "thread", Label: label, URL: thread.URL}
	return v
}

// dueHere is when the request is due, in the workspace's zone: a tracker that keeps a day takes the day it is there.
func (s scene) dueHere() time.Time {
	if s.r.Due.IsZero() {
		return time.Time{}
	}
	return s.r.Due.In(s.p.Zone())
}

// ticketVersions say in the tracker which version is decided on; each is a fact of its own there.
func (s scene) ticketVersions() []Fact {
	var facts []Fact
	all := s.r.decidedOn()
	for _, a := range all {
		v := a.Current()
		label := upper(versionOf(a, false))
		if len(all) > 1 && a.Label != "" {
			label = "Version of " + versionOf(a, true)
		}
		facts = append(facts, Fact{Name: "version", Label: label, Text: s.version(v) + s.savedWords(v), URL: v.URL})
	}
	if s.r.Status == Approved && len(s.since(s.r.Signed)) > 0 {
		facts = append(facts, Fact{Name: "approved_version", Label: "Approved version", Text: s.versions(s.r.Signed)})
	}
	return facts
}
