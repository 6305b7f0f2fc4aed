package flow

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// Briefs, subtasks and checklists in the lives of requests.

// furnish gives a policy fields that are required, subtasks, and checklists.
func (l *life) furnish(p *static) {
	for i := range rapid.IntRange(0, 2).Draw(l.t, "required") {
		p.required = append(p.required, Field{Name: fmt.Sprint("field", i+1), Label: fmt.Sprint("Field ", i+1), Required: true})
	}
	for i := range rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(l.t, "subtasks") {
		part := Part{Title: fmt.Sprint("Part ", i+1)}
		if i > 0 {
			part.After = []int{i}
		}
		p.parts = append(p.parts, part)
	}
	for i := range p.stages {
		p.stages[i].Checklist = rapid.SampledFrom([][]string{nil, nil, {"Claims are sourced", "Licences attached"}}).Draw(l.t, "checklist")
	}
}

// ticks ticks lines of a checklist: mostly all of them.
func (l *life) ticks(ev Event) Event {
	ev.Fields["checked"] = rapid.SampledFrom([][]string{
		{"Claims are sourced", "Licences attached"}, {"licences  attached", "claims are sourced", "x"}, {"Licences attached"}, nil,
	}).Draw(l.t, "checked")
	return ev
}

// completes gives a field of the brief, or takes it back.
func (l *life) completes() Event {
	ev := l.event(RequestEdited, "maya", fmt.Sprint("field", rapid.IntRange(1, 2).Draw(l.t, "field")), rapid.SampledFrom([]string{"Families", "Families", ""}).Draw(l.t, "value"))
	if rapid.Bool().Draw(l.t, "with a date") {
		ev.Fields["due"] = []string{fmt.Sprintf("2026-12-%02d", rapid.IntRange(1, 28).Draw(l.t, "day"))}
	}
	ev.Actor = rapid.SampledFrom([]Actor{l.r.Requester, l.r.Requester, person("lin"), person("ben")}).Draw(l.t, "by")
	return ev
}

// parts is what the tracker says of a subtask's ticket.
func (l *life) parts() Event {
	n := rapid.IntRange(1, 3).Draw(l.t, "part")
	ev := l.event(rapid.SampledFrom([]Kind{TicketMoved, TicketMoved, TicketMoved, TicketGone, TicketRenamed}).Draw(l.t, "news"), "lin", "status", "Done",
		"word", rapid.SampledFrom([]string{"approved", "declined", "in_review", "in_progress", ""}).Draw(l.t, "word"), "why", "deleted", "key", "NEW-1")
	ev.Request = l.r.ID
	if link, ok := l.r.Link(partPurpose(n)); ok {
		ev.Subject = link.Ref
		ev.Seq = fmt.Sprint(rapid.IntRange(1, 9).Draw(l.t, "seq"))
		return ev
	}
	return l.event(EffectDone, "") // of nothing
}

// holdsGate: nothing starts before the brief is complete, and the time it waits for that is told apart from all other.
func holdsGate(t reporter, p *static, before Request, ev Event, r Request) {
	t.Helper()
	started := func(r Request) bool { return len(r.Stages)+len(r.Work)+len(r.Parts) > 0 }
	missing := p.Missing(r)
	if started(r) && !started(before) && len(missing) > 0 {
		t.Errorf("%s: it started without %v", ev.Kind, missing)
	}
	if r.Status == NeedsInfo && (len(missing) == 0 || started(r)) {
		t.Errorf("%s: waits for its brief with %v missing, started %v", ev.Kind, missing, started(r))
	}
	for i, w := range r.Info {
		lasts := w.To.IsZero()
		if lasts != (r.Status == NeedsInfo && i == len(r.Info)-1) || !lasts && w.To.Before(w.From) {
			t.Errorf("%s: %s with the spans %+v", ev.Kind, r.Status, r.Info)
		}
	}
	if r.Status == NeedsInfo && len(r.Info) == 0 {
		t.Errorf("%s: nothing says since when it waits", ev.Kind)
	}
}

// holdsParts: subtasks stay what they are, and only the tracker says that one is done.
func holdsParts(t reporter, before Request, ev Event, r Request) {
	t.Helper()
	if len(before.Parts) > 0 && len(r.Parts) != len(before.Parts) {
		t.Errorf("%s: %d subtasks after %d", ev.Kind, len(r.Parts), len(before.Parts))
	}
	for i, p := range r.Parts {
		if p.Number != i+1 {
			t.Errorf("%s: subtask %d has the number %d", ev.Kind, i+1, p.Number)
		}
		if i < len(before.Parts) && !p.Done.Equal(before.Parts[i].Done) && ev.Kind != TicketMoved {
			t.Errorf("%s: subtask %d is done %v after %v", ev.Kind, p.Number, p.Done, before.Parts[i].Done)
		}
	}
	if partNews := (scene{r: &before}).partOf(ev.Subject) >= 0 && slices.Contains([]Kind{TicketMoved, TicketGone, TicketRenamed}, ev.Kind); partNews && decided(r) != decided(before) {
		t.Errorf("%s of a subtask decided something:\n%s\n%s", ev.Kind, decided(before), decided(r))
	}
}

// holdsChecked: an approval has every line of its checklist, and nothing else has any.
func holdsChecked(t reporter, p *static, before, r Request) {
	t.Helper()
	for _, v := range r.Votes[min(len(before.Votes), len(r.Votes)):] {
		var want []string
		if v.Verdict == Approve {
			want = Checklist(p, before, v.Stage)
		}
		if !slices.Equal(v.Checked, want) {
			t.Errorf("%s of %s with %q ticked, want %q", v.Verdict, v.Stage, v.Checked, want)
		}
	}
}
