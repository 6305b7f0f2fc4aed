package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// Finding is one line of what doctor found: about an instance, or about signoff itself (clock, store, people, rules).
type Finding struct {
	Group string `json:"group"`
	connectors.Finding
}

// Levels of a Finding.
const (
	levelOK      = "ok"
	levelWarning = "warning"
	levelProblem = "problem"
)

const (
	checkTime  = 20 * time.Second // for one instance
	mostSkew   = time.Minute      // how far the clock may be off before signed deliveries are at risk
	fullFrom   = 90               // percent of the store's limit that are a warning
	listedMost = 10               // people named one by one
)

// Check asks every service, and looks at signoff itself, whether all is in order. It changes nothing. Instances are
// asked at the same time; one that does not answer in time is a problem of its own. The findings are in groups: signoff's
// own first, then the instances by name.
func (e *Engine) Check(ctx context.Context) []Finding {
	all := slices.Concat(e.checkStore(ctx), e.checkRules())
	instances := slices.Sorted(maps.Keys(e.o.Connectors))
	found := make([][]Finding, len(instances))
	var ends sync.WaitGroup
	for i, instance := range instances {
		ends.Go(func() { found[i] = e.checkInstance(ctx, instance) })
	}
	ends.Wait()
	all = append(e.checkClock(), all...) // once the services have answered it can be told
	for _, list := range found {
		all = append(all, list...)
	}
	return append(all, e.checkPeople(ctx)...)
}

func finding(group, level, what, text, remedy string) Finding {
	return Finding{Group: group, Finding: connectors.Finding{Level: level, What: what, Text: text, Remedy: remedy}}
}

func (e *Engine) checkClock() []Finding {
	if e.o.Skew == nil {
		return nil
	}
	host, off, ok := e.o.Skew()
	switch {
	case !ok:
		return []Finding{finding("clock", levelOK, "clock", "no service has answered yet that it could be compared with", "")}
	case off.Abs() > mostSkew:
		return []Finding{finding("clock", levelProblem, "clock", fmt.Sprintf("%.1f s off from %s: signed deliveries will be refused", off.Seconds(), host), "Set the clock of this machine (NTP).")}
	}
	return []Finding{finding("clock", levelOK, "clock", fmt.Sprintf("%.1f s off", off.Abs().Seconds()), "")}
}

func (e *Engine) checkStore(ctx context.Context) []Finding {
	if _, _, err := counts(ctx, e.o.Store); err != nil {
		return []Finding{finding("store", levelProblem, "store", "it cannot be read: "+err.Error(), "Look at the disk it is on; restore a backup if it is damaged.")}
	}
	err := e.o.Store.Update(ctx, func(tx store.Tx) error {
		return tx.PutRow(stateTable, "written", make([]byte, probeSize))
	})
	if err != nil {
		return []Finding{finding("store", levelProblem, "store", "it cannot be written: "+err.Error(), "Make room on its disk, or raise store.max_size_mb.")}
	}
	list := []Finding{e.storeSize()}
	if id, err := e.unfolded(ctx); err != nil || id != "" {
		text := fmt.Sprintf("the journal of %s does not end where the request stands", id)
		if err != nil {
			text = "the journal cannot be read: " + err.Error()
		}
		list = append(list, finding("store", levelProblem, "journal", text, "Restore a backup, and keep this file for whoever looks into it."))
	}
	return list
}

func (e *Engine) storeSize() Finding {
	if e.o.Size == nil {
		return finding("store", levelOK, "store", "it is read and written", "")
	}
	used, limit := e.o.Size()
	text := megabytes(used)
	if limit > 0 {
		text += " of " + megabytes(limit)
	}
	if limit > 0 && used*100 >= limit*fullFrom {
		return finding("store", levelWarning, "store", text+" are used", "Raise store.max_size_mb before it is full, or shorten privacy.raw_events.")
	}
	return finding("store", levelOK, "store", text, "")
}

func megabytes(n int64) string {
	if n >= 1<<30 && n%(1<<30) == 0 {
		return fmt.Sprintf("%d GB", n>>30)
	}
	return fmt.Sprintf("%d MB", (n+1<<20-1)>>20)
}

const lookedAt = 50 // requests whose journal is compared

// unfolded names one of the newest requests whose journal does not end where the request stands.
func (e *Engine) unfolded(ctx context.Context) (wrong flow.RequestID, err error) {
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		list, _, err := tx.Requests(store.Query{Limit: lookedAt})
		if err != nil {
			return err
		}
		for _, r := range list {
			records, err := tx.Records(r.ID)
			if err != nil {
				return err
			}
			if n := len(records); n == 0 || records[n-1].Version != r.Version {
				wrong = r.ID
				return nil
			}
		}
		return nil
	})
	return wrong, err
}

func (e *Engine) checkRules() []Finding {
	if problems := e.book.problems(); problems != "" {
		first, _, _ := strings.Cut(strings.TrimSpace(problems), "\n")
		return []Finding{finding("rules", levelProblem, "rules", "the last change was refused, the ones before it are used: "+first, "Run signoff check, mend the files, and reload.")}
	}
	set := e.Rules()
	return []Finding{finding("rules", levelOK, "rules", fmt.Sprintf("%s, %s, ruleset %.12s", howMany(len(set.Types()), "request type"), howMany(len(set.People()), "person", "people"), set.Digest()), "")}
}

// howMany is a number with its word: "1 person", "3 people".
func howMany(n int, one string, more ...string) string {
	switch {
	case n == 1:
		return "1 " + one
	case len(more) > 0:
		return fmt.Sprintf("%d %s", n, more[0])
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// checkInstance asks one instance, with what is known of it here.
func (e *Engine) checkInstance(ctx context.Context, instance string) (list []Finding) {
	add := func(f connectors.Finding) { list = append(list, Finding{Group: instance, Finding: f}) }
	found, err := guard(ctx, checkTime, func(ctx context.Context) ([]connectors.Finding, error) {
		return e.o.Connectors[instance].Check(ctx), nil
	})
	if err != nil {
		add(connectors.Finding{Level: levelProblem, What: instance, Text: "the check did not end: " + err.Error(), Remedy: "See whether the service can be reached from this machine."})
	}
	for _, f := range found {
		add(f)
	}
	for _, f := range e.chores.registers.of(instance) {
		if !slices.ContainsFunc(found, func(seen connectors.Finding) bool { return seen.What == f.What }) { // the check is newer
			add(f)
		}
	}
	if why, stopped := e.gate.why(instance); stopped {
		add(connectors.Finding{Level: levelProblem, What: instance, Text: "it is stopped: " + why, Remedy: "Renew the token or the right; it goes on by itself within a minute."})
	}
	if c, ok := e.o.Connectors[instance].(connectors.Connectable); ok {
		up, why := c.Connected()
		said := why != "" && slices.ContainsFunc(found, func(f connectors.Finding) bool { return f.Level == levelProblem && strings.Contains(f.Text, why) })
		if !up && !said {
			add(connectors.Finding{Level: levelProblem, What: instance + " connection", Text: why, Remedy: "It is opened again by itself; see the log when it stays so."})
		}
	}
	for _, f := range e.checkNames(ctx, instance) {
		add(f)
	}
	for _, f := range e.poll.findings(instance) {
		add(f)
	}
	if n := e.inbox.signatures.failing()[instance]; n > 0 {
		add(connectors.Finding{Level: levelProblem, What: instance + " signatures", Text: fmt.Sprintf("%d deliveries in a row were signed with none of our secrets", n),
			Remedy: "Compare the signing secret here with the one the service shows; keep the old one as the second while you change it."})
	}
	return list
}

// checkPeople lists those whose accounts are not settled. A service that cannot be asked is one finding, not one for each.
func (e *Engine) checkPeople(ctx context.Context) []Finding {
	var list, whole []Finding
	silent := map[string]string{} // instances that cannot be asked, with the first reason
	for _, p := range e.People(ctx) {
		for _, instance := range slices.Sorted(maps.Keys(p.State)) {
			who, pin := p.Name+" on "+instance, fmt.Sprintf("Pin people.%s.%s in the rule files.", p.Name, e.people.kind(instance))
			switch p.State[instance] {
			case AccountConflict:
				list = append(list, finding("people", levelProblem, who, p.Why[instance], pin))
			case AccountAsked:
				list = append(list, finding("people", levelWarning, who, p.Why[instance], "They answer in chat, or you pin the account."))
			case AccountUnresolved:
				if silent[instance] != "" {
					continue
				}
				var why string
				if why, silent[instance] = e.unmatched(ctx, instance, p); why != "" {
					list = append(list, finding("people", levelWarning, who, why, pin))
				}
			}
		}
	}
	for _, instance := range slices.Sorted(maps.Keys(silent)) {
		if why := silent[instance]; why != "" {
			whole = append(whole, finding("people", levelWarning, "accounts on "+instance, "not all are known, and they cannot be looked for: "+why,
				"They are looked for by themselves once "+instance+" answers; then run signoff doctor again."))
		}
	}
	list = append(whole, list...)
	if more := len(list) - listedMost; more > 0 {
		slices.SortStableFunc(list, func(a, b Finding) int { return strings.Compare(a.Level, b.Level) }) // problems before warnings
		list = append(list[:listedMost], finding("people", levelWarning, "people", fmt.Sprintf("%d more accounts are not settled", more), "They are listed on the page of the rules."))
	}
	if len(list) == 0 {
		return []Finding{finding("people", levelOK, "people", fmt.Sprintf("%s, all with their accounts", howMany(len(e.Rules().People()), "person", "people")), "")}
	}
	return list
}

// unmatched asks an instance for the account of somebody who is not known there yet: why there is none, or why the
// instance cannot be asked; both empty when there is one to match.
func (e *Engine) unmatched(ctx context.Context, instance string, p PersonState) (none, silent string) {
	if at := e.limits.admit(identifying(instance), e.o.Now()); at.After(e.o.Now()) || ctx.Err() != nil {
		return "", instance + " must not be asked just now"
	}
	_, err := guard(ctx, checkTime, func(ctx context.Context) (flow.Ref, error) {
		return e.people.find(ctx, instance, flow.Person{Name: p.Name, Shown: p.Shown, Email: p.Email})
	})
	if err == nil {
		return "", ""
	}
	if ce, ok := errors.AsType[*connectors.Error](err); ok && ce.Class != connectors.Rejected {
		return "", err.Error()
	}
	return err.Error(), ""
}

// Authorize takes part in an OAuth flow of an instance; false where it has none.
func (e *Engine) Authorize(ctx context.Context, instance string, in connectors.Inbound) (connectors.Reply, bool) {
	c, ok := e.o.Connectors[instance].(connectors.Authorizer)
	if !ok || e.stopping.Load() {
		return connectors.Reply{}, false
	}
	in.Trusted = false
	reply, err := guard(ctx, callTime, func(ctx context.Context) (connectors.Reply, error) { return c.Authorize(ctx, in), nil })
	if err != nil {
		e.met.alarm("panic")
		e.o.Log.Error("authorisation went wrong", "instance", instance, "error", err)
		return e.inbox.fault(), true
	}
	return reply, true
}

// Authorizes reports whether an instance has an OAuth flow.
func (e *Engine) Authorizes(instance string) bool {
	_, ok := e.o.Connectors[instance].(connectors.Authorizer)
	return ok
}
