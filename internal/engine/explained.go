package engine

import (
	"context"
	"fmt"
	"strings"

	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/rules"
)

// Explained is what the rules in use make of one event of a delivery that led to no record.
type Explained struct {
	Kind    flow.Kind
	Ruleset string
	rules.Explanation
}

// ExplainDelivery tries the rules in use on what a delivery says. Nothing is decided. It is for those that led to no
// record: what was decided carries its reasons with it.
func (e *Engine) ExplainDelivery(ctx context.Context, d flow.Delivery) (out []Explained, err error) {
	events, err := e.inbox.parse(d)
	if err != nil {
		return nil, nil // its fate says already that it cannot be read
	}
	set := e.Rules()
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		for _, ev := range events {
			if ev.Kind != flow.RequestSubmitted {
				continue
			}
			ev = cleaned(ev)
			ev.At = d.At
			if ev.Actor, err = e.people.recognise(tx, ev.Actor, e.current()); err != nil {
				return err
			}
			answers, _, err := e.decider.answers(tx, set, ev)
			if err != nil {
				return err
			}
			out = append(out, Explained{Kind: ev.Kind, Ruleset: set.Digest(), Explanation: set.Explain(ev, answers)})
		}
		return nil
	})
	return out, err
}

// mostTried is how many rules that did not apply are listed; the last ones, next to the one that did.
const mostTried = 12

// routedBy are the lines that say by which rules a request goes its way: the ruleset, what was read from its words, and
// every rule that was tried with the first test that failed, with file and line.
func routedBy(r flow.Request, records []flow.Record, now string) (lines []string) {
	routing := routingOf(records)
	if routing == nil {
		return nil
	}
	which := "the one in use"
	if r.Ruleset != now {
		which = "not the one in use: it keeps the rules that opened it"
	}
	if r.Rule != "" {
		lines = append(lines, fmt.Sprintf("The rule %q routed it, under ruleset %s (%s).", r.Rule, brief(r.Ruleset), which))
	} else {
		lines = append(lines, fmt.Sprintf("No rule applies, under ruleset %s (%s).", brief(r.Ruleset), which))
	}
	var tried []string
	for _, w := range routing.Why {
		switch {
		case w.Code == "rule":
			tried = append(tried, triedLine(w))
		case w.Held:
			lines = append(lines, w.Text)
		}
	}
	if n := len(tried) - mostTried; n > 0 {
		tried = append([]string{fmt.Sprintf("– %d rules above did not apply", n)}, tried[n:]...)
	}
	return append(lines, tried...)
}

// routingOf is what the rules said last: when it was opened, when a draft was confirmed, or when it was moved to others.
func routingOf(records []flow.Record) (routing *flow.Routing) {
	for _, rec := range records {
		if rec.Facts.Routing != nil && (rec.Event.Kind != flow.RulesMoved || code(rec.Why) == flow.CodeRecorded) {
			routing = rec.Facts.Routing
		}
	}
	return routing
}

func triedLine(w flow.Reason) string {
	mark := "–"
	if w.Held {
		mark = "✓"
	}
	line := mark + " " + strings.TrimSuffix(w.Text, ".")
	if w.Place != "" {
		line += " (" + w.Place + ")"
	}
	return line
}

// brief is how a digest is shown to people.
func brief(digest string) string { return digest[:min(len(digest), 12)] }
