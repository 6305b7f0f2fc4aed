package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
)

// Migration asks for open requests to be put under the rules in use.
type Migration struct {
	Requests []string // keys, or those of tickets; empty: every open request that finishes under other rules
	Apply    bool     // else it is only said what would change
	By       flow.Actor
}

// Move is what a migration means for one request.
type Move struct {
	Request flow.Request // as it is, or as it has become
	From    string       // digest
	To      string
	Changes []string // in sentences
	Waiting []string // who is asked afterwards
	Refused string   // why it stays under its own rules; empty: it moves
}

// migrateMost is how many requests one transaction moves.
const migrateMost = 500

// ErrTooMany says that more requests were to be moved at once than one transaction takes.
var ErrTooMany = fmt.Errorf("at most %d requests are moved at once; name those that are meant", migrateMost)

// errPreview ends a transaction whose outcome is only looked at.
var errPreview = errors.New("only looked at")

// Migrate moves open requests to the rules in use, all of them in one transaction or none, or says what that would
// change. An unknown key is ErrUnknown.
func (e *Engine) Migrate(ctx context.Context, m Migration) ([]Move, error) {
	ids, err := e.movable(ctx, m.Requests)
	if err != nil {
		return nil, err
	}
	if len(ids) > migrateMost {
		return nil, ErrTooMany
	}
	var moves []Move
	var decisions []decision
	err = e.o.Store.Update(ctx, func(tx store.Tx) error {
		moves, decisions = nil, nil // the transaction may run again
		now := e.o.Now().UTC()
		for _, id := range ids {
			move, dec, err := e.decider.move(tx, id, m.By, now)
			if err != nil {
				return fmt.Errorf("move %s: %w", id, err)
			}
			moves, decisions = append(moves, move), append(decisions, dec)
		}
		if !m.Apply {
			return errPreview
		}
		return nil
	})
	if errors.Is(err, errPreview) {
		return moves, nil
	}
	if err != nil {
		return nil, err
	}
	for _, dec := range decisions {
		e.decider.report(dec)
	}
	return moves, nil
}

// movable finds the requests that are meant, in order.
func (e *Engine) movable(ctx context.Context, keys []string) (ids []flow.RequestID, err error) {
	now := e.Rules().Digest()
	if len(keys) == 0 {
		err = e.eachOpen(ctx, func(r flow.Request) error {
			if r.Ruleset != now {
				ids = append(ids, r.ID)
			}
			return nil
		})
	}
	for _, key := range keys {
		r, err := e.named(ctx, key)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, r.ID) {
			ids = append(ids, r.ID)
		}
	}
	slices.SortFunc(ids, func(a, b flow.RequestID) int { return strings.Compare(pad(a), pad(b)) })
	return ids, err
}

// pad orders CR-9 before CR-10.
func pad(id flow.RequestID) string {
	i := strings.LastIndexByte(string(id), '-') + 1
	return fmt.Sprintf("%s%12s", id[:i], id[i:])
}

// move puts one request under the rules in use.
func (d *decider) move(tx store.Tx, id flow.RequestID, by flow.Actor, now time.Time) (Move, decision, error) {
	r, ok, err := tx.Request(id)
	if err != nil || !ok {
		return Move{}, decision{}, errors.Join(err, ErrUnknown)
	}
	set := d.book.current.Load()
	m := Move{Request: r, From: r.Ruleset, To: set.Digest()}
	before, err := d.book.policy(tx, r)
	if err != nil {
		return m, decision{}, err
	}
	if err := d.book.keep(tx, set); err != nil {
		return m, decision{}, err
	}
	ev := flow.Event{ID: fmt.Sprintf("rules/%s/%s/%d", id, set.Digest()[:12], now.UnixNano()), Kind: flow.RulesMoved, At: now, Actor: by, Request: id}
	dec, err := d.known(tx, r, ev)
	if err != nil {
		return m, dec, err
	}
	if code(dec.Why) != flow.CodeRecorded {
		m.Refused = dec.Why[0].Text
		return m, dec, nil
	}
	m.Request = dec.Request
	after := set.Policy(set)
	for _, why := range dec.Why[1:] {
		m.Changes = append(m.Changes, why.Text)
	}
	m.Changes = append(m.Changes, stageChanges(before, after, r, dec.Request)...)
	for _, a := range flow.WaitingFor(after, dec.Request) {
		m.Waiting = append(m.Waiting, a.ID())
	}
	return m, dec, nil
}

// rerouted lets the rules in use route what was submitted, with the details as they stand now.
func (d *decider) rerouted(tx store.Tx, r flow.Request) (*flow.Routing, flow.Answers, error) {
	records, err := tx.Records(r.ID)
	if err != nil || len(records) == 0 {
		return nil, flow.Answers{}, err
	}
	ev := submittedBy(records)
	for name, values := range r.Fields {
		ev.Fields[name] = values
	}
	set := d.book.current.Load()
	answers, _, err := d.answers(tx, set, ev)
	if err != nil {
		return nil, answers, err
	}
	routing := set.Route(ev, answers)
	return &routing, answers, nil
}

// submittedBy is the submission that opened a request: the first record, with what was changed when a draft was
// confirmed.
func submittedBy(records []flow.Record) flow.Event {
	ev := records[0].Event
	ev.Fields = maps.Clone(ev.Fields)
	if ev.Fields == nil {
		ev.Fields = map[string][]string{}
	}
	for _, rec := range records[1:] {
		if rec.Facts.Routing == nil || rec.Event.Kind == flow.RulesMoved {
			continue
		}
		maps.Copy(ev.Fields, rec.Event.Fields)
		if !rec.Event.Body.Empty() {
			ev.Body = rec.Event.Body
		}
	}
	delete(ev.Fields, "draft")
	return ev
}

// stageChanges says of the stages that are still to be decided what is asked otherwise than before.
func stageChanges(before, after flow.Policy, was, is flow.Request) (out []string) {
	decided := func(name string) bool {
		return slices.ContainsFunc(is.Stages, func(run flow.StageRun) bool {
			return run.Name == name && run.Round == is.Round && run.State == flow.StageApproved
		})
	}
	old := before.Stages(was)
	for _, d := range after.Stages(is) {
		if d.Skip != "" || decided(d.Name) {
			continue
		}
		i := slices.IndexFunc(old, func(o flow.StageDef) bool { return o.Name == d.Name })
		if i < 0 {
			out = append(out, fmt.Sprintf("%s is new.", d.Name))
			continue
		}
		a, b := stageWords(before, was, old[i]), stageWords(after, is, d)
		for j := range a {
			if a[j] != b[j] {
				out = append(out, fmt.Sprintf("%s %s instead of %s.", d.Name, b[j], strings.TrimPrefix(a[j], verb(a[j])+" ")))
			}
		}
	}
	for _, o := range old {
		gone := !slices.ContainsFunc(after.Stages(is), func(d flow.StageDef) bool { return d.Name == o.Name })
		if gone && o.Skip == "" && !decided(o.Name) && !slices.ContainsFunc(is.Stages, func(run flow.StageRun) bool { return run.Name == o.Name }) {
			out = append(out, fmt.Sprintf("%s is not asked any more.", o.Name))
		}
	}
	return out
}

func verb(words string) string {
	first, _, _ := strings.Cut(words, " ")
	return first
}

// stageWords says what a stage asks, part by part: how many, whom, until when, and what comes then.
func stageWords(p flow.Policy, r flow.Request, d flow.StageDef) []string {
	var who []string
	for _, rev := range p.Reviewers(r, d.Name) {
		who = append(who, firstOf(rev.Shown, rev.ID()))
	}
	needs := fmt.Sprintf("needs %d", d.Needs.N)
	if d.Needs.All {
		needs = "needs all"
	}
	return []string{
		needs, "asks " + firstOf(strings.Join(who, ", "), "nobody"), "allows " + firstOf(d.Limit, "any time"),
		"does " + map[string]string{"wait": "nothing", "escalate": "escalate", "expire": "expire", "approve": "count as approved", "decline": "count as declined"}[d.OnTimeout] + " when time is up",
	}
}
