package flow

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// settleVersions applies each stage's policy when the work is not the same any more. It compares what the stages are
// about with what is newest, so that it holds whatever led here: a new version, or an undo that opens a stage again.
func (s *step) settleVersions() {
	if s.r.Status != InReview || s.r.Offer != nil {
		return
	}
	var changes []change
	for _, run := range s.standingRuns() {
		for _, c := range s.replacedSince(run) {
			if !slices.ContainsFunc(changes, func(x change) bool { return x.asset.Ref == c.asset.Ref }) {
				changes = append(changes, c)
			}
		}
	}
	if len(changes) == 0 {
		s.accept()
		return
	}
	if start, again := s.restartsAt(); again {
		s.startAgain(changes, start)
		return
	}
	s.askAgain(changes)
}

// standingRuns are the runs of this revision that a new version concerns.
func (s scene) standingRuns() []StageRun {
	var all []StageRun
	for _, run := range s.r.Stages {
		if run.Round == s.r.Round && (run.State == StageOpen || run.State == StageApproved) {
			all = append(all, run)
		}
	}
	return all
}

// replacedSince lists what was replaced since a run's policy was last applied. A version that only becomes known replaces
// nothing, unless it was saved after the asset was brought and after somebody had voted.
func (s scene) replacedSince(run StageRun) []change {
	all := s.since(run.Version)
	for _, a := range s.r.decidedOn() {
		now := a.Current()
		if _, known := a.of(run.Version); known || !now.At.After(a.At) {
			continue
		}
		early := func(v Vote) bool { return v.At.Before(now.At) }
		if slices.ContainsFunc(s.live(run), early) {
			all = append(all, change{asset: a, to: now})
		}
	}
	return all
}

// accept takes what became known for what the stages are about.
func (s *step) accept() {
	for i := range s.r.Stages {
		if run := &s.r.Stages[i]; run.Round == s.r.Round && (run.State == StageOpen || run.State == StageApproved) {
			run.Version = s.r.Revision()
		}
	}
}

// policyOf is what a new version does to a stage: one of the four words, and for the last where review starts again.
func (s scene) policyOf(stage string) (word, from string) {
	d, _ := s.def(stage)
	if from, ok := strings.CutPrefix(d.NewVersion, "restart from "); ok {
		return "restart", from
	}
	if d.NewVersion == "" {
		return "void", ""
	}
	return d.NewVersion, ""
}

// restartsAt finds the group at which review starts again; false where no stage wants that. A stage that is open is
// never left out.
func (s scene) restartsAt() (group int, again bool) {
	lower := func(to int) {
		if !again || to < group {
			group, again = to, true
		}
	}
	for _, run := range s.standingRuns() {
		switch word, from := s.policyOf(run.Name); word {
		case "void":
			lower(run.Together)
		case "restart":
			to := run.Together
			if d, ok := s.def(s.spelled(from)); ok {
				to = d.Together
			}
			lower(to)
		}
	}
	if !again {
		return 0, false
	}
	for _, run := range s.standingRuns() {
		word, _ := s.policyOf(run.Name)
		if run.State == StageOpen || word == "ask again" {
			lower(run.Together)
		}
	}
	return group, true
}

// startAgain ends what was asked and decided about the old version, and asks anew from a group on. Whoever saved the
// new version counts as having sent it.
func (s *step) startAgain(changes []change, start int) {
	why, touched, old := s.replaced(changes), s.touchedBy(start), ""
	for i := range s.r.Stages {
		run := &s.r.Stages[i]
		if run.Round != s.r.Round || run.Together < start || (run.State != StageOpen && run.State != StageApproved) {
			continue
		}
		if run.State == StageOpen {
			run.Decided = s.at
		}
		old = run.Version
		run.State, run.Why = StageSuperseded, why
		s.outdate(*run)
	}
	s.r.Round++
	w := s.work()
	maker := s.saver(changes)
	*w = Work{Round: s.r.Round, Asked: w.Asked, First: w.First, By: maker, At: s.at}
	s.r.Makers = with(s.r.Makers, maker)
	s.r.Ticket.Held, s.r.Ticket.Bypassed, s.r.Ticket.Before = false, 0, s.r.Seqs[s.ticketKey()]
	s.openAfter(start-1, true)
	for i := range s.r.Stages {
		if run := &s.r.Stages[i]; run.Round == s.r.Round {
			run.Replaces = old
		}
	}
	s.tellReplaced(why, touched)
	if len(s.r.Open()) == 0 {
		s.because("no_stage", "No stage applies to the new version, so it is approved as it is.")
		s.tellOutcome("No approval stage applies.")
	}
}

// saver is whoever saved the newest of the versions that replaced others.
func (s scene) saver(changes []change) Actor {
	var newest Version
	for _, c := range changes {
		if newest.ID == "" || c.to.At.After(newest.At) {
			newest = c.to
		}
	}
	if newest.By.Bot {
		return Actor{}
	}
	return newest.By
}

// outdate marks the votes of a run as given for a version that was replaced.
func (s *step) outdate(run StageRun) {
	for i := range s.r.Votes {
		if v := &s.r.Votes[i]; v.Stage == run.Name && v.Round == run.Round && v.Undone.IsZero() {
			v.Stale = true
		}
	}
}

// touch is somebody whom a new version concerns: what they had decided, or were asked.
type touch struct {
	who   Actor
	voted []string // stages
	asked []string
}

// touchedBy lists whom it concerns that the stages from a group on are asked anew.
func (s scene) touchedBy(start int) []touch {
	var all []touch
	at := func(who Actor) *touch {
		for i := range all {
			if same(all[i].who, who) {
				return &all[i]
			}
		}
		all = append(all, touch{who: who})
		return &all[len(all)-1]
	}
	for _, run := range s.standingRuns() {
		if run.Together < start {
			continue
		}
		for _, v := range s.live(run) {
			t := at(v.By)
			t.voted = append(t.voted, run.Name)
		}
		for _, who := range s.waiting(run) {
			t := at(who)
			t.asked = append(t.asked, run.Name)
		}
	}
	return all
}

// tellReplaced tells the thread, the ticket and everybody concerned that review starts again. Whoever is asked anew
// reads it in the question.
func (s *step) tellReplaced(why string, touched []touch) {
	if s.blind {
		return
	}
	asked := s.askedNow()
	line := s.startsAgain(begins(why))
	s.because("replaced", line)
	s.noticeBut(line, nil, asked)
	s.comment(line, nil)
	for _, t := range touched {
		if !holds(asked, t.who) && !s.noticed(t.who) {
			s.tellTouched(why, t, s.againWords())
		}
	}
}

// askedNow are those whom open stages wait for.
func (s scene) askedNow() []Actor {
	var all []Actor
	for _, run := range s.r.Open() {
		all = with(all, s.waiting(run)...)
	}
	return all
}

func (s *step) tellTouched(why string, t touch, end string) {
	line := fmt.Sprintf("%s: %s", s.label(), why)
	switch {
	case len(t.voted) > 0:
		line += fmt.Sprintf(", so your decision on %s no longer counts.", enumerate(t.voted, "and"))
	default:
		line += fmt.Sprintf(", so you are not asked about %s now.", enumerate(t.asked, "and"))
	}
	s.tellAlone(t.who, line+end)
}

// againWords say where review goes on.
func (s scene) againWords() string {
	if open := s.r.Open(); len(open) > 0 {
		return fmt.Sprintf(" Review starts again with %s.", runNames(open, "and"))
	}
	return ""
}

// startsAgain says what a new version did: what no longer counts, and what is asked.
func (s scene) startsAgain(why string) string {
	var lost []string
	for _, run := range s.r.Stages {
		if run.Round == s.r.Round-1 && run.State == StageSuperseded && len(run.DecidedBy) > 0 {
			lost = append(lost, run.Name)
		}
	}
	line := why + "."
	if len(lost) > 0 {
		line = fmt.Sprintf("%s, so the approval of %s no longer counts.", why, enumerate(lost, "and"))
	}
	return line + s.againWords()
}

// askAgain applies the policies that leave the review where it is.
func (s *step) askAgain(changes []change) {
	why := s.replaced(changes)
	var again, kept []touch
	for i := range s.r.Stages {
		run := &s.r.Stages[i]
		if run.Round != s.r.Round || (run.State != StageOpen && run.State != StageApproved) {
			continue
		}
		voted := s.live(*run)
		word, _ := s.policyOf(run.Name)
		old := run.Version
		run.Version = s.r.Revision()
		switch {
		case word == "ask again":
			run.Replaces = old
			s.outdate(*run)
			s.reopenFor(i)
			again = touchedVotes(again, voted, run.Name)
		default:
			kept = touchedVotes(kept, voted, run.Name)
		}
	}
	s.tellAskedAgain(why, again, kept)
}

func touchedVotes(all []touch, votes []Vote, stage string) []touch {
	for _, v := range votes {
		i := slices.IndexFunc(all, func(t touch) bool { return same(t.who, v.By) })
		if i < 0 {
			all = append(all, touch{who: v.By})
			i = len(all) - 1
		}
		if !slices.Contains(all[i].voted, stage) {
			all[i].voted = append(all[i].voted, stage)
		}
	}
	return all
}

// reopenFor opens a run again whose count is no longer complete. Its time begins anew, and so do its reminders.
func (s *step) reopenFor(i int) {
	run := &s.r.Stages[i]
	if run.State != StageApproved || s.count(*run).met() {
		return
	}
	run.State, run.DecidedBy, run.Why = StageOpen, nil, ""
	for _, m := range s.p.Plan(*s.r, *run, s.waiting(*run), run.Entered) {
		s.r.Fired = slices.DeleteFunc(s.r.Fired, func(name string) bool { return name == m.Name })
	}
	run.Entered, run.Decided = s.at, time.Time{}
}

// writtenAnew are those whose question goes into a new mail because of another version: they read it there.
func (s scene) writtenAnew() []Actor {
	var all []Actor
	for _, run := range s.r.Open() {
		decides := slices.ContainsFunc(s.voteButtons(run, false), func(b Button) bool { return b.Action == string(Approve) })
		for _, who := range s.waiting(run) {
			_, exists := s.r.Link(askPurpose(run, who))
			givenUp := !exists && s.r.Shows[askPurpose(run, who)].Parked != ""
			if _, mailed := s.byMail(who); mailed && decides && !givenUp {
				all = with(all, who)
			}
		}
	}
	return all
}

// tellAskedAgain says once to everybody concerned what a new version means for what they decided.
func (s *step) tellAskedAgain(why string, again, kept []touch) {
	line := begins(why) + "."
	if len(again) > 0 {
		line = fmt.Sprintf("%s, so %s asked again.", begins(why), s.areNames(again))
	}
	if len(kept) > 0 {
		line += fmt.Sprintf(" What %s decided stands.", s.touchNames(kept))
	}
	s.because("replaced", line)
	reads := s.writtenAnew()
	s.noticeBut(line, nil, reads)
	s.comment(line, nil)
	told := func(who Actor) bool { return holds(reads, who) || s.noticed(who) }
	for _, t := range again {
		if told(t.who) {
			continue
		}
		s.tellAlone(t.who, fmt.Sprintf("%s: %s, so your decision on %s no longer counts. Please look at it and decide again.", s.label(), why, enumerate(t.voted, "and")))
	}
	for _, t := range kept {
		asked := slices.ContainsFunc(again, func(x touch) bool { return same(x.who, t.who) })
		if asked || told(t.who) {
			continue
		}
		s.tellAlone(t.who, fmt.Sprintf("%s: %s after you decided on %s. Your decision stands.", s.label(), why, enumerate(t.voted, "and")))
	}
}

// tellAlone says a sentence to one person, with the way to the request.
func (s *step) tellAlone(who Actor, line string) {
	view := s.view(NoticeView, line)
	view.Buttons = []Button{s.open()}
	s.direct([]Actor{who}, view)
}

func (s scene) touchNames(list []touch) string {
	var people []Actor
	for _, t := range list {
		people = append(people, t.who)
	}
	return s.names(people, "and")
}

func (s scene) areNames(list []touch) string {
	if len(list) == 1 {
		return s.touchNames(list) + " is"
	}
	return s.touchNames(list) + " are"
}
