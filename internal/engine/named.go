package engine

import (
	"slices"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// namedIn lists everybody an effect names, and those among them whose account is worth asking for: who receives it,
// and whose the ticket is.
func namedIn(e flow.Effect) (all, needed []flow.Actor) {
	var v *flow.View
	switch {
	case e.Show != nil:
		v, needed = &e.Show.View, add(needed, e.Show.To)
	case e.Tell != nil:
		v, needed = &e.Tell.View, add(needed, e.Tell.To...)
	default:
		return nil, nil
	}
	if v.Ticket != nil {
		needed = add(needed, v.Ticket.Assignee)
	}
	return add(slices.Clone(needed), inView(v)...), needed
}

func inView(v *flow.View) (all []flow.Actor) {
	for _, f := range v.Facts {
		all = append(all, f.People...)
	}
	docs := []text.Doc{v.Body}
	for _, p := range v.Points {
		all = append(all, p.By)
		docs = append(docs, p.Note, p.Answer)
	}
	for _, d := range docs {
		d.Walk(func(n text.Node) {
			if n.Kind == text.Mention && n.Ref != "" {
				all = append(all, flow.Actor{Name: n.Ref})
			}
		})
	}
	return all
}

// add appends those not listed yet; nobody is left out.
func add(list []flow.Actor, more ...flow.Actor) []flow.Actor {
	for _, a := range more {
		if a.ID() != "" && !slices.ContainsFunc(list, func(b flow.Actor) bool { return a.ID() == b.ID() }) {
			list = append(list, a)
		}
	}
	return list
}

// recipient reports whether the effect goes to who, so that it cannot be done without an account.
func recipient(e flow.Effect, who flow.Actor) bool {
	switch {
	case e.Show != nil:
		return e.Show.At.Zero() && e.Show.To.ID() == who.ID()
	case e.Tell != nil:
		return slices.ContainsFunc(e.Tell.To, func(to flow.Actor) bool { return to.ID() == who.ID() }) &&
			(e.Tell.Private || e.Tell.Where.Zero())
	}
	return false
}
