package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// Health says how the engine is: ready while it can take deliveries in; the reasons also name what is degraded.
func (e *Engine) Health(ctx context.Context) Health {
	h := Health{Ready: true, Rules: e.Rules().Digest(), RulesError: e.book.problems(), Stopped: e.gate.all()}
	if e.stopping.Load() {
		h.Ready = false
		h.Reasons = append(h.Reasons, "shutting down")
	}
	jobs, inbox, err := counts(ctx, e.o.Store)
	if err != nil {
		h.Ready = false
		h.Reasons = append(h.Reasons, "the store cannot be read: "+err.Error())
	}
	if err := e.canStore(ctx); err != nil {
		h.Ready = false
		h.Reasons = append(h.Reasons, "deliveries cannot be stored: "+err.Error())
	}
	h.Queue, h.Inbox = jobs, inbox
	if h.RulesError != "" {
		h.Reasons = append(h.Reasons, "the last change of the rules was refused, the ones before it are used")
	}
	for _, instance := range slices.Sorted(maps.Keys(h.Stopped)) {
		h.Reasons = append(h.Reasons, fmt.Sprintf("%s is stopped: %s", instance, h.Stopped[instance]))
	}
	h.Connections = e.listen.connections()
	h.Reasons = append(h.Reasons, down(h.Connections)...)
	if h.Triage, err = e.triageCount(ctx); err != nil {
		h.Triage = 0
	}
	if h.Paused, err = e.Pauses(ctx); err == nil {
		for _, p := range h.Paused {
			h.Reasons = append(h.Reasons, fmt.Sprintf("the rule %q is paused until %s: %s", p.Rule, p.Until.Format(time.RFC3339), p.Reason))
		}
	}
	for _, instance := range e.limits.open() {
		h.Reasons = append(h.Reasons, instance+" does not answer just now")
	}
	if n := jobs[store.JobParked]; n > 0 {
		h.Reasons = append(h.Reasons, fmt.Sprintf("%d effects wait for a person: see the parked list", n))
	}
	if n := inbox[flow.Held]; n > 0 {
		h.Reasons = append(h.Reasons, howMany(n, "mail")+" of strangers held back until somebody says what becomes of them")
	}
	if n := inbox[flow.Dead]; n > 0 {
		h.Reasons = append(h.Reasons, fmt.Sprintf("%d deliveries are dead and can be replayed", n))
	}
	return h
}

// probeSize is as much as most deliveries need: a full store may still have room for a few bytes.
const probeSize = 16 << 10

// canStore tries to write where the last delivery could not be stored: nothing else tells when that is over, once no
// more deliveries are sent here.
func (e *Engine) canStore(ctx context.Context) error {
	if !e.unstored.Load() {
		return nil
	}
	err := e.o.Store.Update(ctx, func(tx store.Tx) error {
		return tx.PutRow(stateTable, "written", make([]byte, probeSize))
	})
	if err == nil {
		e.unstored.Store(false)
	}
	return err
}

// PersonState is a person of the directory with the accounts they are known by.
type PersonState struct {
	Name  string
	Shown string
	Email string
	// Accounts by instance; Missing lists, by instance, why there is none.
	Accounts map[string]flow.Ref
	Missing  map[string]string
	// State says by instance how the account is known: pinned, matched, confirmed, asked, conflict or unresolved. Why
	// says what is wrong or waited for.
	State map[string]string
	Why   map[string]string
	// Backup stands in where nobody else was named. Leaves are their absences that last or are to come, the first first.
	Backup string
	Leaves []Leave
}

// People lists the directory with everybody's accounts on the instances where people have one.
func (e *Engine) People(ctx context.Context) (list []PersonState) {
	// A store that cannot be read shows in Health; here everybody beyond the pins is then unresolved.
	_ = e.o.Store.View(ctx, func(tx store.Tx) error {
		list = e.people.states(tx, e.Rules().People())
		leaves, err := e.decider.leaves(tx, e.o.Now())
		for i, p := range list {
			list[i].Leaves = leaves[p.Name]
		}
		return err
	})
	return list
}

// optional reports whether nobody misses an account on an instance: where mails, the work or its briefs are kept people act
// now and then, and what they do there without a name is done by nobody we know.
func (p *people) optional(instance string) bool {
	c := p.conns[instance]
	_, tracker := c.(connectors.Tracker)
	return !tracker && !chats(c)
}

// reaches lists the instances on which people have accounts.
func (p *people) reaches() (list []string) {
	for instance, c := range p.conns {
		_, finds := c.(connectors.Identifier)
		_, pins := c.(connectors.Pinner)
		if finds || pins {
			list = append(list, instance)
		}
	}
	slices.Sort(list)
	return list
}
