package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
)

// What a rule says can be paused, by people or because it is far too much: it waits, and nothing is lost. Cards and tickets are
// made all the same, and what people do is answered.

const pausesTable = "pauses" // rule -> Pause

// Pause is a rule that says nothing until an instant.
type Pause struct {
	Rule   string     `json:"rule"`
	Since  time.Time  `json:"since"`
	Until  time.Time  `json:"until"`
	Reason string     `json:"reason"`
	By     flow.Actor `json:"by,omitzero"`    // zero: signoff itself
	Over   bool       `json:"over,omitempty"` // it was ended before its time
	// Drop: what the rule had to say up to then is not said any more. Lets: until then it may say as much as it wants, because
	// somebody said so.
	Drop time.Time `json:"drop,omitzero"`
	Lets time.Time `json:"lets,omitzero"`
	// Waiting is how many messages wait; counted when it is asked for.
	Waiting int `json:"-"`
}

func (p Pause) active(now time.Time) bool { return !p.Over && p.Until.After(now) }

func (p Pause) lets(now time.Time) bool { return p.Lets.After(now) }

// dropped reports whether a message that was wished for then is not said any more.
func (p Pause) dropped(wished time.Time) bool { return !p.Drop.IsZero() && !wished.After(p.Drop) }

const (
	letsFor   = time.Hour // after somebody let a rule go on
	pauseMost = 30 * 24 * time.Hour
)

// PauseError says in one sentence why a rule cannot be paused or let go on.
type PauseError struct{ Why string }

func (e *PauseError) Error() string { return e.Why }

// PauseInput pauses a rule.
type PauseInput struct {
	Rule   string
	For    time.Duration
	Reason string
	By     flow.Actor
}

// Pause lets a rule say nothing for a while.
func (e *Engine) Pause(ctx context.Context, in PauseInput) (p Pause, err error) {
	rule, ok := e.ruleNamed(in.Rule)
	switch {
	case !ok:
		return p, &PauseError{Why: fmt.Sprintf("There is no rule %q. The rules are: %s.", in.Rule, strings.Join(e.ruleNames(), ", "))}
	case in.For <= 0 || in.For > pauseMost:
		return p, &PauseError{Why: "A rule can be paused for up to 30 days, for example 2h or 3 days."}
	case strings.TrimSpace(in.Reason) == "":
		return p, &PauseError{Why: "Please say why the rule is paused: others read it."}
	}
	now := e.o.Now().UTC()
	p = Pause{Rule: rule, Since: now, Until: now.Add(in.For), Reason: strings.TrimSpace(in.Reason), By: in.By}
	err = e.o.Store.Update(ctx, func(tx store.Tx) error { return putRow(tx, pausesTable, rule, p) })
	if err == nil {
		e.o.Log.Info("rule paused", "rule", rule, "until", p.Until, "by", in.By.ID(), "reason", p.Reason)
	}
	return p, err
}

// Unpause lets a rule go on: what it had to say meanwhile is said, or dropped.
func (e *Engine) Unpause(ctx context.Context, rule string, drop bool, by flow.Actor) (err error) {
	if name, ok := e.ruleNamed(rule); ok {
		rule = name // else it is gone from the rules, and may still be paused
	}
	answer := "resume"
	if drop {
		answer = "drop"
	}
	var why []flow.Reason
	err = e.o.Store.Update(ctx, func(tx store.Tx) error {
		why, err = e.decider.unpause(tx, rule, answer, flow.Event{Actor: by, At: e.o.Now().UTC()})
		return err
	})
	if err == nil && code(why) != flow.CodeRecorded {
		return &PauseError{Why: why[0].Text}
	}
	return err
}

// Pauses lists the rules that are paused now, with how much waits.
func (e *Engine) Pauses(ctx context.Context) (list []Pause, err error) {
	now := e.o.Now().UTC()
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		list = list[:0]
		if list, err = paused(tx, now); err != nil || len(list) == 0 {
			return err
		}
		waiting, err := heldBack(tx)
		for i := range list {
			list[i].Waiting = waiting[list[i].Rule]
		}
		return err
	})
	return list, err
}

func paused(tx store.Tx, now time.Time) (list []Pause, err error) {
	err = tx.Rows(pausesTable, "", "", 0, func(_ string, value []byte) error {
		var p Pause
		if err := json.Unmarshal(value, &p); err != nil {
			return fmt.Errorf("read pauses: %w", err)
		}
		if p.active(now) {
			list = append(list, p)
		}
		return nil
	})
	return list, err
}

// heldBackMost bounds the count of what waits.
const heldBackMost = 10_000

// heldBack counts, by rule, the messages that wait.
func heldBack(tx store.Tx) (map[string]int, error) {
	n, q := map[string]int{}, store.JobQuery{State: store.JobReady, Kind: doJob, Limit: 500}
	for seen := 0; seen < heldBackMost; seen += q.Limit {
		jobs, next, err := tx.Jobs(q)
		if err != nil {
			return nil, err
		}
		for _, j := range jobs {
			if e, err := effectOf(j); err == nil && e.Rule != "" {
				n[e.Rule]++
			}
		}
		if q.After = next; next == "" {
			break
		}
	}
	return n, nil
}

func (e *Engine) ruleNames() (names []string) {
	for _, r := range e.Rules().Inventory().Rules {
		names = append(names, r.Name)
	}
	return names
}

// ruleNamed finds a rule by its name in any case.
func (e *Engine) ruleNamed(name string) (string, bool) {
	names := e.ruleNames()
	i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, strings.TrimSpace(name)) })
	if i < 0 {
		return "", false
	}
	return names[i], true
}

// tooMuch pauses a rule that says far more than usual, and asks what becomes of it; once, however many messages find out.
func (d *decider) tooMuch(ctx context.Context, rule string, u usage, now time.Time) (p Pause, err error) {
	fresh := false
	err = d.o.Store.Update(ctx, func(tx store.Tx) error {
		p, fresh = Pause{}, false
		if _, err := row(tx, pausesTable, rule, &p); err != nil || p.active(now) {
			return err
		}
		fresh = true
		p = Pause{
			Rule: rule, Drop: p.Drop, Since: now, Until: now.Add(d.outbox.budget.limits.Pause),
			Reason: fmt.Sprintf("it said %d messages within the hour; %s", u.N, usually(u.Usual)),
		}
		if err := putRow(tx, pausesTable, rule, p); err != nil {
			return err
		}
		return d.tellTriage(tx, fmt.Sprintf("pause/%s/%d", rule, now.UnixNano()), pauseView(p), now)
	})
	if fresh && err == nil {
		d.met.alarm("rule_paused")
		d.o.Log.Error("a rule says far more than usual and is paused", "rule", rule, "messages", u.N, "usual", int(u.Usual), "until", p.Until)
	}
	return p, err
}

func usually(n float64) string {
	if n < 1 {
		return "usually there are next to none"
	}
	return fmt.Sprintf("its busiest hours usually have %d", int(n+0.5))
}

// pauseView asks what becomes of a rule that was paused.
func pauseView(p Pause) flow.View {
	line := fmt.Sprintf("The rule %q is paused until %s: %s. What it has to say waits. Let it go on, or drop what waits?", p.Rule, p.Until.Format("2 Jan 15:04 UTC"), p.Reason)
	return flow.View{
		Kind: flow.NoticeView, Title: "A rule is paused", Headline: line, Page: "/rules",
		Buttons: []flow.Button{
			{Action: "rule_resume", Label: "Resume", Style: "primary", Value: p.Rule},
			{Action: "rule_drop", Label: "Drop what waits", Style: "danger", Value: p.Rule},
			{Action: "open", Label: "Open", URL: "/rules"},
		},
	}
}

// ruleAnswered takes what somebody said about a rule that was paused.
func (d *decider) ruleAnswered(tx store.Tx, ev flow.Event) ([]flow.Reason, error) {
	if !d.triages(ev) {
		words := fmt.Sprintf("Only %s can say what becomes of a rule.", d.triageWords())
		return []flow.Reason{{Code: flow.CodeNoted, Text: words}}, d.whisper(tx, ev, words)
	}
	why, err := d.unpause(tx, ev.Field("rule"), ev.Field("answer"), ev)
	if err != nil {
		return nil, err
	}
	return why, d.whisper(tx, ev, why[0].Text)
}

// unpause ends a pause: "resume" says what waits, "drop" drops it.
func (d *decider) unpause(tx store.Tx, rule, answer string, ev flow.Event) ([]flow.Reason, error) {
	noted := func(words string) ([]flow.Reason, error) {
		return []flow.Reason{{Code: flow.CodeNoted, Text: words}}, nil
	}
	var p Pause
	known, err := row(tx, pausesTable, rule, &p)
	switch {
	case err != nil:
		return nil, err
	case !known || !p.active(ev.At):
		return noted(fmt.Sprintf("The rule %q is not paused.", rule))
	case answer != "resume" && answer != "drop":
		return noted(fmt.Sprintf("%q is no answer to a rule that is paused.", answer))
	}
	words := fmt.Sprintf("The rule %q goes on, and what it had to say is said.", rule)
	p.Over, p.Lets = true, ev.At.Add(letsFor)
	if answer == "drop" {
		words = fmt.Sprintf("The rule %q goes on; what it had to say until now is dropped.", rule)
		p.Drop, p.Lets = ev.At, time.Time{}
	}
	if err := putRow(tx, pausesTable, rule, p); err != nil {
		return nil, err
	}
	// The jobs are woken in steps of their own: there may be many.
	j := store.Job{ID: wakeJob + "/" + rule, Kind: wakeJob, At: ev.At, Created: ev.At, Payload: []byte(rule)}
	return []flow.Reason{{Code: flow.CodeRecorded, Text: words}}, tx.Enqueue(j)
}

// wakeRule lets everything be tried again that a rule had to say.
func (e *Engine) wakeRule(ctx context.Context, j store.Job) error {
	rule := string(j.Payload)
	e.o.Log.Info("rule goes on", "rule", rule)
	return e.requeue(ctx, store.JobReady, func(_ store.Tx, eff flow.Effect) (bool, error) { return eff.Rule == rule, nil })
}
