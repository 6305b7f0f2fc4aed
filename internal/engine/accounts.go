package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/text"
)

// Where it is not sure whose an account is, nobody guesses: the person is asked once, in chat, and what they say is
// kept with who said it. What cannot be settled so is listed for whoever looks after signoff.

// States of a person's account on an instance.
const (
	AccountPinned     = "pinned"     // the directory names it
	AccountMatched    = "matched"    // by e-mail
	AccountConfirmed  = "confirmed"  // the person said that it is theirs
	AccountAsked      = "asked"      // the person was asked
	AccountConflict   = "conflict"   // two claims contradict each other
	AccountUnresolved = "unresolved" // none is known
)

const doubtsTable = "doubts" // instance/person -> doubt

// doubt is what is not sure about a person's account on an instance.
type doubt struct {
	Kind    string     `json:"kind,omitempty"` // asked, second; empty: only No counts
	Account flow.Ref   `json:"account,omitzero"`
	Shown   string     `json:"shown,omitempty"`
	At      time.Time  `json:"at,omitzero"`
	Why     string     `json:"why,omitempty"`
	No      []flow.Ref `json:"no,omitempty"` // accounts that the person said are not theirs
	NoAt    time.Time  `json:"no_at,omitzero"`
}

func (d doubt) denied(account flow.Ref) bool { return slices.Contains(d.No, account) }

const mostAsked = 3 // accounts that one person is asked about

func (p *people) doubt(tx store.Tx, instance, name string) (d doubt, err error) {
	_, err = row(tx, doubtsTable, instance+"/"+name, &d)
	return d, err
}

func (p *people) putDoubt(tx store.Tx, instance, name string, d doubt) error {
	return putRow(tx, doubtsTable, instance+"/"+name, d)
}

// suspend keeps that an account counts for nobody any more.
func (p *people) suspend(tx store.Tx, found judgement) error {
	p.alarm("identity", found.kept.Ref, found.kept.Name, found.suspend)
	kept := found.kept
	kept.Suspended = found.suspend
	if err := p.keep(tx, kept); err != nil {
		return err
	}
	return p.home.touched(tx, p.now().UTC(), kept.Name)
}

// second keeps that another account has a person's e-mail address; the first stays theirs.
func (p *people) second(tx store.Tx, a flow.Actor, name string) error {
	d, err := p.doubt(tx, a.Ref.System, name)
	if err != nil || d.Kind == "second" && d.Account == a.Ref {
		return err
	}
	d.Kind, d.Account, d.Shown, d.At = "second", a.Ref, a.Shown, p.now().UTC()
	d.Why = fmt.Sprintf("A second account, %s, has the e-mail address of %s; the first one counts. Pin people.%s.%s to the right one.", a.Ref.Key, name, name, p.kind(a.Ref.System))
	p.alarm("identity", a.Ref, name, d.Why)
	return p.putDoubt(tx, a.Ref.System, name, d)
}

func (p *people) alarm(what string, account flow.Ref, name, why string) {
	p.met.alarm(what)
	p.log.Error("identity needs a look", "instance", account.System, "person", name, "account", account.Key, "why", why)
}

// claim keeps an account that was found for a person, unless it is another's or the person said that it is not theirs.
func (p *people) claim(tx store.Tx, id identity) (bool, error) {
	kept, err := p.kept(tx, id.Ref)
	if err != nil {
		return false, err
	}
	have, ok, err := p.held(tx, id.Ref.System, id.Name)
	if err != nil {
		return false, err
	}
	d, err := p.doubt(tx, id.Ref.System, id.Name)
	pinned := p.pins.Load().name[id.Ref]
	if err != nil || d.denied(id.Ref) || pinned != "" && pinned != id.Name || kept.Name != "" && kept.Name != id.Name || ok && have.Ref != id.Ref || have.Suspended != "" {
		return false, err
	}
	return true, p.keep(tx, id)
}

// answered keeps what a person said about an account. Only whom it was put to may say it.
func (p *people) answered(tx store.Tx, ev flow.Event) ([]flow.Reason, error) {
	instance, d, err := p.asked(tx, ev.Actor.Name, ev.Field("account"))
	if err != nil {
		return nil, err
	}
	if instance == "" {
		return []flow.Reason{{Code: flow.CodeNoted, Text: "Nobody was asked about this account, or it was answered before."}}, nil
	}
	name := ev.Actor.Name
	d.Kind = ""
	said := fmt.Sprintf("%s says that the %s account %s is theirs.", name, title(p.kind(instance)), d.Account.Key)
	if ev.Field("answer") != "yes" {
		d.No, d.NoAt = append(d.No, d.Account), ev.At
		said = fmt.Sprintf("%s says that the %s account %s is not theirs.", name, title(p.kind(instance)), d.Account.Key)
	} else if ok, err := p.confirm(tx, ev, d); err != nil || !ok {
		return []flow.Reason{{Code: flow.CodeNoted, Text: "The account is somebody else's by now."}}, err
	}
	if err := p.putDoubt(tx, instance, name, d); err != nil {
		return nil, err
	}
	if err := p.home.touched(tx, ev.At, name); err != nil {
		return nil, err
	}
	// What waited for the account is tried again, and after a no the next one may be asked about.
	err = tx.Enqueue(store.Job{ID: peopleJob, Kind: peopleJob, At: ev.At, Created: ev.At})
	return []flow.Reason{{Code: flow.CodeRecorded, Text: said}}, err
}

func (p *people) confirm(tx store.Tx, ev flow.Event, d doubt) (bool, error) {
	kept, err := p.kept(tx, d.Account)
	if err != nil {
		return false, err
	}
	pinned := p.pins.Load().name[d.Account]
	if kept.Name != "" && kept.Name != ev.Actor.Name || pinned != "" && pinned != ev.Actor.Name {
		return false, nil
	}
	return true, p.keep(tx, identity{Ref: d.Account, Name: ev.Actor.Name, At: ev.At, Confirmed: true, By: ev.Actor.Ref})
}

// asked finds the question that was put to a person about an account.
func (p *people) asked(tx store.Tx, name, account string) (instance string, d doubt, err error) {
	if name == "" {
		return "", d, nil
	}
	for _, instance := range p.reaches() {
		d, err := p.doubt(tx, instance, name)
		if err != nil {
			return "", d, err
		}
		if d.Kind == "asked" && d.Account.String() == account {
			return instance, d, nil
		}
	}
	return "", d, nil
}

// state says how a person's account on an instance is known, and what is wrong about it.
func (p *people) state(tx store.Tx, instance string, who flow.Person) (state, why string, account flow.Ref, err error) {
	id, ok, err := p.held(tx, instance, who.Name)
	if err != nil {
		return "", "", account, err
	}
	if _, pinned := p.pins.Load().ref[instance+"/"+who.Name]; pinned {
		return AccountPinned, "", id.Ref, nil
	}
	d, err := p.doubt(tx, instance, who.Name)
	switch {
	case err != nil:
		return "", "", account, err
	case ok && id.Suspended != "":
		return AccountConflict, id.Suspended, account, nil
	case ok && d.Kind == "second":
		return AccountConflict, d.Why, id.Ref, nil
	case ok && id.Confirmed:
		return AccountConfirmed, "", id.Ref, nil
	case ok:
		return AccountMatched, "", id.Ref, nil
	case d.Kind == "asked":
		return AccountAsked, fmt.Sprintf("%s was asked whether the account %q is theirs.", who.Name, firstOf(d.Shown, d.Account.Key)), account, nil
	case len(d.No) > 0:
		return AccountUnresolved, fmt.Sprintf("%s said that %d accounts are not theirs; pin people.%s.%s.", who.Name, len(d.No), who.Name, p.kind(instance)), account, nil
	}
	return AccountUnresolved, (&unresolved{instance: instance, kind: p.kind(instance), person: who}).Error(), account, nil
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// notes are sentences for a person about their own accounts.
func (p *people) notes(tx store.Tx, who flow.Actor) (notes []string, err error) {
	if who.Name == "" {
		return []string{"You are not in signoff's directory: you can ask for work and sign off what you asked for. Whoever looks after signoff can add you as a reviewer."}, nil
	}
	for _, instance := range p.reaches() {
		state, _, _, err := p.state(tx, instance, flow.Person{Name: who.Name})
		if err != nil {
			return nil, err
		}
		where := title(p.kind(instance))
		switch {
		case state == AccountUnresolved && p.optional(instance):
		case state == AccountUnresolved:
			notes = append(notes, fmt.Sprintf("Your %s account is not known, so nothing there carries your name. Whoever looks after signoff can pin it.", where))
		case state == AccountConflict:
			notes = append(notes, fmt.Sprintf("It is not clear which %s account is yours. Whoever looks after signoff has been told.", where))
		case state == AccountAsked:
			notes = append(notes, fmt.Sprintf("Please answer the question about your %s account in your messages.", where))
		}
	}
	return notes, nil
}

// guess looks for an account that may be a person's and asks them about it, once.
func (c *chores) guess(ctx context.Context, instance string, who flow.Person) error {
	g, ok := c.e.o.Connectors[instance].(connectors.Guesser)
	chat := c.e.o.Chat
	if !ok || chat == "" || instance == chat {
		return nil
	}
	askable, err := c.askable(ctx, instance, who.Name)
	if err != nil || !askable {
		return err
	}
	list, err := guard(ctx, callTime, func(ctx context.Context) ([]flow.Actor, error) { return g.Guess(ctx, who.Email, who.Shown) })
	if err != nil {
		return err
	}
	return c.e.o.Store.Update(ctx, func(tx store.Tx) error { return c.ask(tx, instance, who, list) })
}

// askable reports whether a person can and may be asked about another account.
func (c *chores) askable(ctx context.Context, instance, name string) (ok bool, err error) {
	err = c.e.o.Store.View(ctx, func(tx store.Tx) error {
		d, err := c.e.people.doubt(tx, instance, name)
		if err != nil || d.Kind != "" || len(d.No) >= mostAsked {
			return err
		}
		_, ok, err = c.e.people.account(tx, c.e.o.Chat, name)
		return err
	})
	return ok, err
}

// ask puts the first account that may be a person's before them.
func (c *chores) ask(tx store.Tx, instance string, who flow.Person, list []flow.Actor) error {
	p := c.e.people
	d, err := p.doubt(tx, instance, who.Name)
	if err != nil {
		return err
	}
	for _, a := range list {
		kept, err := p.kept(tx, a.Ref)
		if err != nil {
			return err
		}
		if a.Bot || a.Ref.Zero() || kept.Name != "" || p.pins.Load().name[a.Ref] != "" || d.denied(a.Ref) {
			continue
		}
		d.Kind, d.Account, d.Shown, d.At = "asked", a.Ref, a.Shown, c.e.o.Now().UTC()
		if err := p.putDoubt(tx, instance, who.Name, d); err != nil {
			return err
		}
		return c.enqueueQuestion(tx, who, question(c.e.o.Chat, p.kind(instance), who, a))
	}
	return nil
}

// question asks a person whether an account is theirs.
func question(chat, kind string, who flow.Person, a flow.Actor) flow.Effect {
	name := firstOf(a.Shown, a.Ref.Key)
	line := fmt.Sprintf("Is the %s account “%s” yours?", title(kind), name)
	view := flow.View{
		Kind: flow.NoticeView, Title: line, Headline: line,
		Body: text.Plain("It bears your name, but its address cannot be seen. Until you say so, nothing there is done in your name."),
		Buttons: []flow.Button{
			{Action: "account_yes", Label: "Yes, it is mine", Style: "primary", Value: a.Ref.String()},
			{Action: "account_no", Label: "No", Value: a.Ref.String()},
		},
	}
	return flow.Effect{
		ID: fmt.Sprintf("account/%s/%s/%s", who.Name, a.Ref.System, a.Ref.Key), Target: chat,
		Tell: &flow.Tell{To: []flow.Actor{{Name: who.Name, Shown: who.Shown}}, View: view},
	}
}

func (c *chores) enqueueQuestion(tx store.Tx, who flow.Person, e flow.Effect) error {
	return enqueueTell(tx, e, who.Name, c.e.o.Now().UTC())
}
