package flow

import (
	"fmt"
	"slices"
	"time"
)

// Views hold no words that depend on the clock: an instant is said once and for all, so that a view changes only when
// the request does.

// view begins a view of any kind.
func (s scene) view(kind ViewKind, headline string) View {
	return View{
		Kind: kind, Request: s.r.ID, Title: s.r.Title, Headline: headline, Status: s.r.Status, Round: s.r.Round,
		Page: s.page(),
	}
}

func (s scene) page() string { return "/requests/" + string(s.r.ID) }

// label is how a sentence calls the request: "CR-142 Spring banner".
func (s scene) label() string {
	if s.r.Title == "" {
		return string(s.r.ID)
	}
	return string(s.r.ID) + " " + s.r.Title
}

// details are the template's fields, without those that have a place of their own.
func (s scene) details() map[string][]string {
	out := map[string][]string{}
	for name, values := range s.r.Fields {
		if name != "channel" && name != "due" && len(values) > 0 {
			out[name] = slices.Clone(values)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// parties are for whom and by whom the request is, and when it is due.
func (s scene) parties() []Fact {
	facts := []Fact{{Name: "requester", Label: "for", People: s.people(s.r.Requester)}}
	if s.r.Requester.ID() == "" {
		facts[0] = Fact{Name: "requester", Label: "from", Text: place(s.r.Source)}
	}
	switch {
	case s.r.Assignee.ID() != "":
		facts = append(facts, Fact{Name: "owner", Label: "by", People: s.people(s.r.Assignee)})
	case s.r.Status == Intake:
		facts = append(facts, Fact{Name: "owner", Label: "owner:", Text: "triage"})
	}
	if s.r.Status.Closed() {
		return facts
	}
	return append(facts, s.when("due", "due", s.r.Due)...)
}

// when is an instant as a fact; none where it is zero.
func (s scene) when(name, label string, at time.Time) []Fact {
	if at.IsZero() {
		return nil
	}
	return []Fact{{Name: name, Label: label, At: at, Said: s.instant(at)}}
}

// oneLine puts facts side by side; the first begins the line with a capital.
func oneLine(facts []Fact) []Fact {
	for i := range facts {
		facts[i].Beside = i > 0
	}
	switch {
	case len(facts) == 0:
	case facts[0].Label != "":
		facts[0].Label = upper(facts[0].Label)
	default:
		facts[0].Text = upper(facts[0].Text)
	}
	return facts
}

func (s scene) people(list ...Actor) []Actor {
	var out []Actor
	for _, a := range with(nil, list...) {
		out = append(out, s.actor(a))
	}
	return out
}

// ticketFact says where the ticket is, beside the title.
func (s scene) ticketFact() []Fact {
	if s.r.Places.Tracker == "" {
		return nil
	}
	f := Fact{Name: "ticket", Text: "ticket pending", Beside: true}
	if l, ok := s.r.Link("ticket"); ok {
		f.Text, f.URL = s.ticketLabel(), l.URL
		if s.r.Ticket.Gone != "" {
			f.After = "(" + s.r.Ticket.Gone + ")"
		}
	}
	return []Fact{f}
}

// movedFact says where somebody put the ticket by hand.
func (s scene) movedFact() []Fact {
	t := s.r.Ticket
	if !t.Held || s.bypassed() { // a bypass is a problem and named as such
		return nil
	}
	return []Fact{{Name: "moved", Text: fmt.Sprintf("%s was moved to %s by %s", s.ticketLabel(), t.Status, s.who(t.MovedBy))}}
}

// problemFacts are what people should know is wrong; of the card itself the card cannot tell.
func (s scene) problemFacts() []Fact {
	var out []Fact
	copies := 0
	for _, p := range s.r.Problems {
		if copyOf(p.Purpose) {
			if copies++; copies > 1 {
				continue
			}
		}
		if p.Purpose != "card" {
			out = append(out, Fact{Name: "problem", Label: "Problem:", Text: p.Text})
		}
	}
	if copies > 1 {
		out = append(out, Fact{Name: "problem", Label: "Problem:", Text: fmt.Sprintf("%d more comments could not be copied", copies-1), URL: s.page()})
	}
	return out
}

// dueFor is when a stage is due for somebody; zero without a limit.
func (s scene) dueFor(run StageRun, who Actor) time.Time {
	return utc(s.p.Due(*s.r, run.Name, who, run.Entered))
}

// soonest is when a stage is due for the first of those it waits for.
func (s scene) soonest(run StageRun) time.Time {
	var first time.Time
	for _, who := range s.waiting(run) {
		if t := s.dueFor(run, who); !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

// standing says what an open stage waits for: "waiting for Ana or Dana (1 needed)", and once somebody approved
// "1 of 2: approved by Eli", "waiting for Ana or Dana".
func (s scene) standing(run StageRun) []Fact {
	var facts []Fact
	t := s.count(run)
	if t.got > 0 {
		facts = append(facts, Fact{Name: "approved_by", Label: fmt.Sprintf("%d of %d: approved by", t.got, t.need), People: s.people(s.approvers(run)...), After: s.behalves(run)})
	}
	f := Fact{Name: "waiting_for", Label: "waiting for", People: s.people(s.waiting(run)...)}
	switch {
	case len(f.People) == 0:
		f.Text = "nobody who can act"
	case t.need-t.got < len(f.People):
		f.Or = true
		if t.got == 0 {
			f.After = fmt.Sprintf("(%d needed)", t.need)
		}
	}
	return append(facts, f)
}

// behalves say for whom the approvals of an open run were given: "(Ana Reyes for Ravi)".
func (s scene) behalves(run StageRun) string {
	var out []string
	for _, v := range s.live(run) {
		if v.Verdict == Approve && v.For.ID() != "" {
			out = append(out, s.who(v.By)+" for "+s.who(v.For))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "(" + enumerate(out, "and") + ")"
}

// outcome says how a closed run ended: "Brand review was approved by Ana Reyes".
func (s scene) outcome(run StageRun) string {
	verb := map[StageState]string{
		StageApproved: "was approved", StageDeclined: "was declined", StageChanges: "was sent back",
	}[run.State]
	if verb == "" || len(run.DecidedBy) == 0 {
		return bare(run.Why)
	}
	line := fmt.Sprintf("%s %s by %s", run.Name, verb, s.deciders(run))
	if run.State == StageApproved && !s.ofSeveral(run) {
		line += s.forVersion(run)
	}
	return line
}

// ofSeveral reports whether a run was approved by votes for different versions, which a policy may let stand.
func (s scene) ofSeveral(run StageRun) bool {
	votes := s.live(run)
	return run.State == StageApproved && slices.ContainsFunc(votes, func(v Vote) bool {
		return s.versions(v.Version) != "" && s.versions(v.Version) != s.versions(votes[0].Version)
	})
}

// forVersion names the version that a run was approved for: " for v3 - legal copy".
func (s scene) forVersion(run StageRun) string {
	if name := s.versions(s.votedVersion(run)); name != "" {
		return " for " + name
	}
	return ""
}

// votedVersion is the version for which the newest vote that counts was given in a run.
func (s scene) votedVersion(run StageRun) string {
	votes := s.live(run)
	if len(votes) == 0 {
		return ""
	}
	return votes[len(votes)-1].Version
}

// deciders names who decided a run, and for whom: "Dana Wolf for Ana Reyes"; where they approved different versions also
// which: "Dana Wolf (v4 - final)".
func (s scene) deciders(run StageRun) string {
	var out []string
	votes, several := s.live(run), s.ofSeveral(run)
	for _, who := range run.DecidedBy {
		name := s.who(who)
		for _, v := range votes {
			if same(v.By, who) && v.For.ID() != "" {
				name += " for " + s.who(v.For)
			}
			if same(v.By, who) && several {
				name += fmt.Sprintf(" (%s)", s.versions(v.Version))
			}
		}
		out = append(out, name)
	}
	return enumerate(out, "and")
}

func (s scene) open() Button { return Button{Action: "open", Label: "Open", URL: s.page()} }

func (s scene) why() Button { return Button{Action: "why", Label: "Why here?", Minor: true} }
