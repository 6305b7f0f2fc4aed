package flow

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// wakeName is the one timer of a request.
const wakeName = "next"

// timer lets happen what time alone brings: reminders, escalation steps and timeouts.
func (s *step) timer() {
	if s.ev.Field("name") == wakeName {
		s.r.WakeAt = time.Time{} // it is used up; what is still to come is asked for anew
	}
	if s.ev.Field("name") == wakeName && s.r.Offer != nil {
		s.expireDraft()
		return
	}
	if s.ev.Field("name") == wakeName && s.r.Status == Snoozed {
		s.awake()
		return
	}
	if s.ev.Field("name") != wakeName || s.r.Status != InReview {
		s.because(CodeNoted, "Nothing was due.")
		return
	}
	due := s.due()
	if len(due) == 0 {
		s.because(CodeNoted, "Nothing was due.")
	}
	s.remind(due)
	for _, m := range due {
		s.happen(m)
	}
	if len(s.why) == 0 {
		s.because(CodeNoted, "Nobody whom it was due for is waited on any more.")
	}
	if s.at.After(s.r.Looked) {
		s.r.Looked = s.at
	}
}

// moment is a Moment with the stage run it belongs to.
type moment struct {
	Moment
	stage string
}

// moments lists what is still to come of the open runs: no name twice, nothing that has come already, and no reminder
// whose time was let pass.
func (s scene) moments() []moment {
	var all []moment
	seen := map[string]bool{}
	for _, run := range s.r.Open() {
		waiting := s.waiting(run)
		plan := s.p.Plan(*s.r, run, waiting, run.Entered)
		if s.r.Looked.After(run.Entered) {
			plan = append(slices.Clone(plan), s.p.Plan(*s.r, run, waiting, s.r.Looked)...)
		}
		for _, m := range plan {
			passed := m.Kind == Remind && !m.At.After(s.r.Looked)
			if seen[m.Name] || passed || slices.Contains(s.r.Fired, m.Name) {
				continue
			}
			seen[m.Name] = true
			all = append(all, moment{Moment: m, stage: run.Name})
		}
	}
	slices.SortStableFunc(all, func(a, b moment) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Name, b.Name)) })
	return all
}

func (s scene) due() []moment {
	all := s.moments()
	i := slices.IndexFunc(all, func(m moment) bool { return m.At.After(s.at) })
	if i < 0 {
		return all
	}
	return all[:i]
}

// happen lets one moment come, unless its stage has been decided meanwhile.
func (s *step) happen(m moment) {
	i := s.run(s.r.Round, m.stage)
	if i < 0 || s.r.Stages[i].State != StageOpen {
		return
	}
	s.r.Fired = append(s.r.Fired, m.Name)
	switch m.Kind {
	case Remind:
	case Escalate:
		s.escalate(i, m)
	case Timeout:
		s.timeout(i)
	}
}

func (s *step) escalate(i int, m moment) {
	run := &s.r.Stages[i]
	told := s.names(m.To, "and")
	if told == "" {
		told = enumerate(m.Where, "and")
	}
	s.because("escalated", fmt.Sprintf("%s was escalated, step %d, to %s.", run.Name, m.Step, told))
	if m.MayApprove {
		for _, who := range m.To {
			if who.Name != "" && !slices.Contains(run.Added, who.Name) {
				run.Added = append(run.Added, who.Name)
			}
		}
	}
	s.tellEscalation(*run, m)
}

// timeout does what the workflow says for a stage whose time is over. Waiting and escalating need nothing here.
func (s *step) timeout(i int) {
	run := s.r.Stages[i]
	d, _ := s.def(run.Name)
	over := "its time limit passed"
	if d.Limit != "" {
		over = fmt.Sprintf("its time limit of %s passed", d.Limit)
	}
	switch d.OnTimeout {
	case "approve":
		why := fmt.Sprintf("%s was approved without a vote: %s (on_timeout: approve).", run.Name, over)
		s.because("timeout_approved", why)
		s.approveRun(i, nil, why)
	case "decline":
		why := fmt.Sprintf("%s was declined without a vote: %s (on_timeout: decline).", run.Name, over)
		s.because("timeout_declined", why)
		s.declineRun(i, nil, why)
	case "expire":
		why := fmt.Sprintf("%s expired: %s.", run.Name, over)
		s.because("expired", why)
		s.closeRun(i, StageExpired, nil, why)
		s.stopOthers(why)
		s.setStatus(Expired)
		s.tellOutcome(why)
	default:
		s.because("timeout", fmt.Sprintf("%s: %s; it still waits.", run.Name, over))
	}
}

// schedule asks for the one next timer where it differs from the one asked for.
func (s *step) schedule() {
	var next time.Time
	if s.r.Status == Draft && s.r.Offer != nil {
		next = s.r.Offer.Until
	}
	if s.r.Status == Snoozed {
		next = s.r.Until
	}
	if s.r.Status == InReview {
		if all := s.moments(); len(all) > 0 {
			next = utc(all[0].At)
		}
	}
	if next.Equal(s.r.WakeAt) {
		return
	}
	s.r.WakeAt = next
	s.wake = &Wake{Name: wakeName, At: next}
}
