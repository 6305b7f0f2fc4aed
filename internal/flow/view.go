package flow

import (
	"fmt"
	"slices"
	"strings"
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

// common are the facts that every view of the request shows alike.
func (s scene) common() []Fact {
	facts := []Fact{{Name: "requester", Label: "Requester", People: s.people(s.r.Requester)}}
	if s.r.Requester.ID() == "" {
		facts[0] = Fact{Name: "requester", Label: "Requester", Text: place(s.r.Source)}
	}
	if !s.r.Due.IsZero() {
		facts = append(facts, Fact{Name: "due", Label: "Due", At: s.r.Due})
	}
	if s.r.Round > 1 {
		facts = append(facts, Fact{Name: "revision", Label: "Revision", Text: s.r.Revision()})
	}
	return facts
}

func (s scene) owner() Fact {
	if s.r.Assignee.ID() == "" {
		return Fact{Name: "owner", Label: "Owner", Text: "triage"}
	}
	return Fact{Name: "owner", Label: "Owner", People: s.people(s.r.Assignee)}
}

func (s scene) people(list ...Actor) []Actor {
	var out []Actor
	for _, a := range with(nil, list...) {
		out = append(out, s.actor(a))
	}
	return out
}

// ticketFact says where the ticket is, and where somebody moved it by hand.
func (s scene) ticketFact() []Fact {
	if s.r.Places.Tracker == "" {
		return nil
	}
	f := Fact{Name: "ticket", Label: "Ticket", Text: "ticket pending"}
	if l, ok := s.r.Link("ticket"); ok {
		f.Text, f.URL = s.ticketLabel(), l.URL
		if t := s.r.Ticket; t.Held {
			f.Text += " · " + t.Status + ", moved by " + s.who(t.MovedBy)
		}
	}
	return []Fact{f}
}

// problemFacts are what people should know is wrong; of the card itself the card cannot tell.
func (s scene) problemFacts() []Fact {
	var out []Fact
	for _, p := range s.r.Problems {
		if p.Purpose != "card" {
			out = append(out, Fact{Name: "problem", Label: "Problem", Text: p.Text})
		}
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

// standing says where an open stage stands: "Legal · 1 of 2".
func (s scene) standing(run StageRun) []Fact {
	t := s.count(run)
	facts := []Fact{{Name: "stage", Label: "Stage", Text: fmt.Sprintf("%s · %d of %d", run.Name, t.got, t.need)}}
	if waiting := s.people(s.waiting(run)...); len(waiting) > 0 {
		facts = append(facts, Fact{Name: "waiting_for", Label: "Waiting for", People: waiting})
	} else {
		facts = append(facts, Fact{Name: "waiting_for", Label: "Waiting for", Text: "nobody who can act"})
	}
	if t.got > 0 {
		facts = append(facts, Fact{Name: "approved_by", Label: "Approved by", People: s.people(s.approvers(run)...)})
	}
	return facts
}

// outcome says how a closed run ended: "Brand review was approved by Ana Reyes, Wed 18 Nov, 14:20 London".
func (s scene) outcome(run StageRun) string {
	verb := map[StageState]string{
		StageApproved: "was approved", StageDeclined: "was declined", StageChanges: "was sent back",
	}[run.State]
	if verb == "" || len(run.DecidedBy) == 0 {
		return strings.TrimSuffix(run.Why, ".")
	}
	return fmt.Sprintf("%s %s by %s, %s", run.Name, verb, s.deciders(run), s.instant(run.Decided))
}

// deciders names who decided a run, and for whom: "Dana Wolf for Ana Reyes".
func (s scene) deciders(run StageRun) string {
	var out []string
	votes := s.live(run)
	for _, who := range run.DecidedBy {
		name := s.who(who)
		for _, v := range votes {
			if same(v.By, who) && v.For.ID() != "" {
				name += " for " + s.who(v.For)
			}
		}
		out = append(out, name)
	}
	return enumerate(out, "and")
}

func (s scene) open() Button {
	return Button{Action: "open", Label: "View", URL: s.page(), Minor: true}
}

func (s scene) openTicket() []Button {
	l, ok := s.r.Link("ticket")
	if !ok || l.URL == "" {
		return nil
	}
	return []Button{{Action: "open_ticket", Label: "Open " + s.ticketLabel(), URL: l.URL, Minor: true}}
}

func (s scene) why() Button { return Button{Action: "why", Label: "Why here?", Minor: true} }
