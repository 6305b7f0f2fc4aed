package flow

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"signoff/internal/text"
)

// submitted opens a request as the rules routed it, or offers a draft.
func (s *step) submitted() {
	switch {
	case s.r.Version > 1:
		s.again()
	case s.ev.Field("draft") != "":
		s.drafted()
	default:
		s.fresh(s.ev)
		s.takeFiles(0)
		s.takeAssets()
		s.because(CodeRecorded, s.openedWhy())
		s.why = append(s.why, s.facts.Routing.Why...)
		s.start(s.facts.Routing.StartNow)
		s.acknowledge()
	}
}

// fresh makes the request what was submitted and what the rules made of it.
func (s *step) fresh(ev Event) {
	route := s.facts.Routing
	id := s.facts.New
	if s.r.ID != "" {
		id = s.r.ID
	}
	*s.r = Request{
		ID: id, Ruleset: s.p.Ruleset(), Version: 1, Round: 1,
		Workflow: route.Workflow, Template: route.Template, Rule: route.Rule,
		Opened: s.at, Updated: s.at, Looked: s.at,
		Title: route.Title, Body: slices.Clone(ev.Body), Requester: ev.Actor,
		Due: utc(route.Due), Source: ev.Field("source"), Project: route.Project, Priority: route.Priority,
		Labels: slices.Clone(route.Labels), Reminders: route.Reminders, Escalation: route.Escalation, Effort: route.Effort,
		Fields: known(ev.Fields, route.Fields), Links: slices.Clone(ev.Links), Places: s.facts.Places,
		Heard: ev.Seq, Away: s.facts.Away, Triage: route.Triage,
	}
	if s.r.Triage != "" {
		s.r.Triagers = slices.Clone(s.facts.Triage)
	}
	if s.r.Title == "" {
		s.r.Title = ev.Field("title")
	}
	if who, ok := s.named(route.Assignee); ok {
		s.r.Assignee = who
	} else if route.Assignee != "" {
		s.r.Assignee = Actor{Name: route.Assignee, Shown: route.Assignee}
	}
}

func (s *step) openedWhy() string {
	if s.facts.Routing.Rule == "" {
		return fmt.Sprintf("%s was opened; no rule applied.", s.r.ID)
	}
	return fmt.Sprintf("%s was opened by the rule %q.", s.r.ID, s.facts.Routing.Rule)
}

// start gives a new request its first status: its brief is completed first, then comes work for the assignee, review at once where there is nobody to
// do work or the rule says so, and intake without a workflow.
func (s *step) start(now bool) {
	s.r.StartNow = now
	if !s.untriaged() && !s.lacking() {
		s.goOn()
	}
}

// goOn lets a request begin whose brief is complete: its subtasks are made, and whoever is next has it.
func (s *step) goOn() {
	s.makeParts()
	switch {
	case s.r.Workflow == "":
		s.setStatus(Intake)
		s.tellAssignee()
	case s.r.StartNow || s.r.Assignee.ID() == "":
		s.send(s.r.Requester, nil)
	default:
		s.askForWork()
	}
}

// known are the fields that the rules know, with the channel and the due date the event named. What else came with
// the event only describes the submission.
func known(came, routed map[string][]string) map[string][]string {
	all := map[string][]string{}
	for _, name := range []string{"channel", "due"} {
		if values := came[name]; len(values) > 0 {
			all[name] = values
		}
	}
	maps.Copy(all, routed)
	if len(all) == 0 {
		return nil
	}
	return all
}

// askForWork puts a revision into the hands of whoever makes it.
func (s *step) askForWork() {
	s.setStatus(InProgress)
	s.r.Ticket.Before, s.r.Ticket.Bypassed = s.r.Seqs[s.ticketKey()], 0
	w := s.work()
	w.Reverted, w.By, w.At, w.Note, w.Before = time.Time{}, Actor{}, time.Time{}, nil, s.r.Revision()
	s.hand(w, s.workNow())
}

// hand asks somebody for the work of a revision; the last one asked is asked now.
func (s *step) hand(w *Work, who Actor) {
	if who.ID() == "" {
		return
	}
	w.Asked = slices.DeleteFunc(w.Asked, func(a Actor) bool { return same(a, who) })
	w.Asked = append(w.Asked, who)
	if w.First == "" {
		w.First = who.ID()
	}
}

// work is the entry of this revision, made when missing.
func (s *step) work() *Work {
	for i := range s.r.Work {
		if s.r.Work[i].Round == s.r.Round {
			return &s.r.Work[i]
		}
	}
	s.r.Work = append(s.r.Work, Work{Round: s.r.Round})
	return &s.r.Work[len(s.r.Work)-1]
}

// send puts this revision before its reviewers.
func (s *step) send(by Actor, note text.Doc) {
	w := s.work()
	w.By, w.At, w.Note = by, s.at, note
	s.r.Makers = with(s.r.Makers, by)
	s.openNext()
	if len(s.r.Open()) == 0 {
		s.because("no_stage", "No stage applies to this request, so it is approved as it is.")
		s.tellOutcome("No approval stage applies.")
	}
}
