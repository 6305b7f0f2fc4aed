package flow

import (
	"fmt"
	"slices"
	"strings"

	"signoff/internal/text"
)

// remind says the due reminders. Several for one person collapse to the latest of them, so that a clock that jumps
// never bursts; only people who still wait are reminded of a stage that asked them.
func (s *step) remind(due []moment) {
	latest := map[string]moment{}
	var order []Actor
	for _, m := range due {
		if m.Kind != Remind {
			continue
		}
		for _, who := range m.To {
			if who.ID() == "" || !s.concerns(m, who) {
				continue
			}
			order = with(order, who)
			latest[who.ID()] = m
		}
	}
	if len(order) > 0 {
		s.because("reminded", fmt.Sprintf("%s reminded.", s.names(order, "and")))
	}
	for _, g := range s.gather(order, latest) {
		s.say(g.moment, g.place, g.to)
	}
}

// concerns reports whether a reminder still means somebody: a reviewer who was asked must still wait.
func (s scene) concerns(m moment, who Actor) bool {
	i := s.run(s.r.Round, m.stage)
	if i < 0 || s.r.Stages[i].State != StageOpen {
		return false
	}
	run := s.r.Stages[i]
	return holds(s.waiting(run), who) || !holds(run.Asked, who)
}

// gathered is one reminder at one place, for everybody who gets it there.
type gathered struct {
	moment
	place string
	to    []Actor
}

// gather joins those who get the same words at one public place; a direct message is each person's own.
func (s scene) gather(order []Actor, latest map[string]moment) []gathered {
	var all []gathered
	for _, who := range order {
		m := latest[who.ID()]
		for _, where := range s.wheres(m.Moment) {
			i := slices.IndexFunc(all, func(g gathered) bool {
				return where != "dm" && where != "email" && g.place == where && g.stage == m.stage && g.Text == m.Text && g.Bundle == m.Bundle
			})
			if i >= 0 {
				all[i].to = with(all[i].to, who)
				continue
			}
			all = append(all, gathered{moment: m, place: where, to: []Actor{who}})
		}
	}
	return all
}

// wheres lists a moment's places once each; a thread that does not exist becomes a direct message.
func (s scene) wheres(m Moment) []string {
	var out []string
	for _, where := range m.Where {
		if _, ok := s.thread(); where == "thread" && !ok {
			where = "dm"
		}
		mailed := where == "email" && s.r.Places.Mail != ""
		if where != "thread" && !strings.HasPrefix(where, "#") && !mailed {
			where = "dm"
		}
		if !slices.Contains(out, where) {
			out = append(out, where)
		}
	}
	if len(out) == 0 {
		out = []string{"dm"}
	}
	return out
}

// say tells people something that time brought.
func (s *step) say(m moment, where string, to []Actor) {
	if s.blind {
		return
	}
	if where == "dm" || where == "email" {
		s.sayDirectly(m, where, to)
		return
	}
	chat := s.r.Places.Chat
	if chat == "" {
		return
	}
	t := Tell{To: s.actors(to), Bundle: m.Bundle, View: s.timeView(m, to)}
	switch {
	case where == "thread":
		t.Where, _ = s.thread()
	case strings.HasPrefix(where, "#"):
		t.Where = Ref{System: chat, Type: "channel", Key: where}
	}
	if !t.Where.Zero() && m.Kind == Remind {
		t.View.Body = s.calling(m, t)
	}
	s.tell(chat, t)
}

// sayDirectly tells people one by one: by mail where it was asked for or chat does not reach them.
func (s *step) sayDirectly(m moment, where string, to []Actor) {
	if s.blind {
		return
	}
	var mailed, told []Actor
	for _, who := range to {
		written, ok := s.byMail(who)
		if where == "email" && !ok {
			written, ok = s.writable(who)
		}
		if ok {
			mailed = append(mailed, written)
		} else if !s.lost(who) {
			told = append(told, s.actor(who))
		}
	}
	view := s.timeView(m, to)
	if len(mailed) > 0 {
		s.tell(s.r.Places.Mail, Tell{To: mailed, Bundle: m.Bundle, View: view})
	}
	if len(told) > 0 && s.r.Places.Chat != "" {
		s.tell(s.r.Places.Chat, Tell{To: told, Bundle: m.Bundle, View: view})
	}
}

// calling puts those whom a reminder in public means before its words, so that they are notified.
func (s scene) calling(m moment, t Tell) text.Doc {
	body := t.View.Body
	if body.Empty() {
		body = text.Doc{text.P(text.T(s.remindSentence(m, t.To, "your review ("+m.stage+")")))}
	}
	var who []text.Node
	for _, a := range t.To {
		who = append(who, text.Who(a.ID(), a.Shown), text.T(" "))
	}
	if body[0].Kind != text.Paragraph {
		return append(text.Doc{text.P(who...)}, body...)
	}
	return append(text.Doc{text.P(append(who, body[0].Kids...)...)}, body[1:]...)
}

// timeView words what time brought: by the ruleset's own text, else ours.
func (s scene) timeView(m moment, to []Actor) View {
	run := s.r.Stages[s.run(s.r.Round, m.stage)]
	v := s.view(NoticeView, s.timeSentence(m, run, to))
	v.Buttons = []Button{s.open()}
	if body, ok := s.worded(m, run, to); ok {
		v.Body, v.Headline = body, strings.Join(strings.Fields(body.String()), " ")
	}
	return v
}

func (s scene) timeSentence(m moment, run StageRun, to []Actor) string {
	if m.Kind == Escalate {
		line := fmt.Sprintf("%s has waited for %s since %s", s.label(), run.Name, s.instant(run.Entered))
		if waiting := s.waiting(run); len(waiting) > 0 {
			line += ", for " + s.waitingWords(run)
		}
		return line + "."
	}
	return s.remindSentence(m, to, s.awaited(run, to))
}

func (s scene) remindSentence(m moment, to []Actor, what string) string {
	run := s.r.Stages[s.run(s.r.Round, m.stage)]
	line := fmt.Sprintf("%s still waits for %s", s.label(), what)
	if due := s.dueFor(run, first(to)); !due.IsZero() {
		line += ", due " + s.instant(due)
	}
	return line + "."
}

// awaited says what a reminder waits for: "your review (Brand review)", with every stage that waits for that person,
// or the people it names.
func (s scene) awaited(run StageRun, to []Actor) string {
	names := []string{run.Name}
	whose := s.waitingWords(run)
	if len(to) == 1 && holds(s.waiting(run), to[0]) {
		whose = "your review"
		for _, other := range s.r.Open() {
			if other.Name != run.Name && holds(s.waiting(other), to[0]) {
				names = append(names, other.Name)
			}
		}
	}
	return fmt.Sprintf("%s (%s)", whose, enumerate(names, "and"))
}

// worded renders the ruleset's own text for a moment, when it has one.
func (s scene) worded(m moment, run StageRun, to []Actor) (text.Doc, bool) {
	if m.Text == "" {
		return nil, false
	}
	who := first(to)
	person, known := s.p.Person(who.Name)
	if !known {
		person = Person{Name: who.Name, Shown: s.who(who), Email: who.Email}
	}
	d := TextData{
		Request: *s.r, Stage: run.Name, Person: person, Waited: s.p.Working("", run.Entered, s.at),
		Due: s.dueFor(run, who), Link: s.page(),
	}
	if len(to) == 1 {
		d.Language = person.Language
	}
	return s.p.Text(m.Text, d)
}

// tellEscalation tells those whom an escalation names. Whoever may act from now on gets the question itself instead of
// a direct message about it.
func (s *step) tellEscalation(run StageRun, m moment) {
	if s.blind {
		return
	}
	for _, where := range s.wheres(m.Moment) {
		to := m.To
		alone := where == "dm" || where == "email"
		if alone && m.MayApprove {
			to = slices.DeleteFunc(slices.Clone(to), func(a Actor) bool { return holds(s.waiting(run), a) })
		}
		if alone {
			for _, who := range to {
				s.say(m, where, []Actor{who})
			}
			continue
		}
		s.say(m, where, to)
	}
}
