package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// A mail whose sender nobody knows is kept and decides nothing until somebody says what becomes of it. Its connector marks it
// (Fields stranger); whether the sender takes part in the request that it claims to belong to is known here.

// Tables of what is held back.
const (
	heldTable    = "held"    // delivery -> holding
	sendersTable = "senders" // instance/address -> sender; instance/address/request -> sender
)

const (
	spamFor    = 30 * 24 * time.Hour // mails of a sender are ignored
	welcomeFor = 90 * 24 * time.Hour // a sender who was accepted for a request is known there
	heldLook   = 500                 // held deliveries looked at for others of the same sender
)

// The answers to what is held back.
const (
	answerAccept = "accept"
	answerNew    = "new"
	answerSpam   = "spam"
)

// holding is a delivery that was held back, and what was said about it.
type holding struct {
	From    flow.Actor     `json:"from"`
	Claimed flow.RequestID `json:"claimed,omitempty"` // the request it says it belongs to
	Title   string         `json:"title,omitempty"`
	Why     string         `json:"why"`
	At      time.Time      `json:"at"`
	Answer  string         `json:"answer,omitempty"`
	By      flow.Actor     `json:"by,omitzero"`
	// Answered is when, and Cards are where it was asked.
	Answered time.Time  `json:"answered,omitzero"`
	Cards    []heldCard `json:"cards,omitempty"`
}

// sender is what was said about an address. It counts until then.
type sender struct {
	Spam  bool       `json:"spam,omitempty"`
	By    flow.Actor `json:"by,omitzero"`
	Until time.Time  `json:"until"`
}

// screening is what is to be done with the events of a delivery before they are decided.
type screening struct {
	events []flow.Event
	state  flow.DeliveryState // set: nothing is decided
	why    string
}

// screen holds back what comes from people nobody knows, and lets through what was answered.
func (d *decider) screen(tx store.Tx, del flow.Delivery, events []flow.Event) (screening, error) {
	pass := screening{events: events}
	_, mail := d.o.Connectors[del.Instance].(connectors.Mailer)
	if !mail && !slices.ContainsFunc(events, func(ev flow.Event) bool { return ev.Field("stranger") == "yes" }) || own(del.Instance) {
		return pass, nil
	}
	var h holding
	answered, err := row(tx, heldTable, del.ID, &h)
	if err != nil {
		return pass, err
	}
	if answered && h.Answer != "" {
		return released(tx, h, events)
	}
	for _, ev := range events {
		why, spam, err := d.unwelcome(tx, del, ev)
		switch {
		case err != nil:
			return pass, err
		case spam:
			d.met.held.WithLabelValues(del.Instance, "ignored").Inc()
			return screening{state: flow.Ignored, why: why}, nil
		case why == "":
			continue
		}
		return screening{state: flow.Held, why: why}, d.hold(tx, del, ev, why, !answered)
	}
	return pass, nil
}

// unwelcome says why an event decides nothing yet; spam: nor will it.
func (d *decider) unwelcome(tx store.Tx, del flow.Delivery, ev flow.Event) (why string, spam bool, err error) {
	if ev.Field("stranger") != "yes" {
		why, err = d.flooded(tx, del.Instance, ev)
		return why, false, err
	}
	known, err := d.partaker(tx, del.Instance, ev)
	if err != nil || known {
		return "", false, err
	}
	var s sender
	if _, err := row(tx, sendersTable, senderKey(del.Instance, ev.Actor), &s); err != nil {
		return "", false, err
	}
	if s.Spam && s.Until.After(d.o.Now()) {
		return fmt.Sprintf("%s said that mail of this sender is spam", firstOf(s.By.Shown, s.By.Name, "somebody")), true, nil
	}
	return firstOf(ev.Field("stranger_why"), "nobody knows its sender"), false, nil
}

func senderKey(instance string, who flow.Actor) string {
	return instance + "/" + strings.ToLower(who.Ref.Key)
}

// claimed is the request that an event says it belongs to.
func claimed(ev flow.Event) flow.RequestID {
	if ev.Request != "" {
		return ev.Request
	}
	return flow.RequestID(ev.Field("claimed"))
}

// partaker reports whether somebody takes part in the request they write about, or was accepted for it.
func (d *decider) partaker(tx store.Tx, instance string, ev flow.Event) (bool, error) {
	id := claimed(ev)
	if id == "" {
		return false, nil
	}
	r, ok, err := tx.Request(id)
	if err != nil || !ok {
		return false, err
	}
	set := d.book.current.Load()
	if _, sure := d.vouched(instance, ev); sure { // a name that anybody can write into a mail is nobody's
		who, err := d.recognise(tx, instance, ev, set.Policy(set))
		if err != nil {
			return false, err
		}
		if part, err := takesPart(tx, r, who); part || err != nil {
			return part, err
		}
	}
	var s sender
	_, err = row(tx, sendersTable, senderKey(instance, ev.Actor)+"/"+string(id), &s)
	return s.Until.After(d.o.Now()), err
}

// hold keeps that a delivery is held back, and tells whoever answers for it.
func (d *decider) hold(tx store.Tx, del flow.Delivery, ev flow.Event, why string, tell bool) error {
	if !tell {
		return nil // replayed, and asked about already
	}
	h := holding{From: ev.Actor, Claimed: claimed(ev), Title: ev.Field("title"), Why: why, At: d.o.Now().UTC()}
	d.met.held.WithLabelValues(del.Instance, "held").Inc()
	var err error
	if h.Cards, err = d.askTriage(tx, del.ID, h); err != nil {
		return err
	}
	if err := putRow(tx, heldTable, del.ID, h); err != nil {
		return err
	}
	return showCards(tx, del.ID, h, h.At)
}

// released makes of a delivery what was said about it.
func released(tx store.Tx, h holding, events []flow.Event) (screening, error) {
	if h.Answer == answerSpam {
		return screening{state: flow.Ignored, why: "it is spam, " + said(h.By)}, nil
	}
	out := screening{events: slices.Clone(events)}
	for i, ev := range out.events {
		ev = cleaned(ev) // its fields are ours to change
		delete(ev.Fields, "stranger")
		delete(ev.Fields, "stranger_why")
		become := admitted
		if h.Answer == answerNew {
			become = asNew
		}
		var err error
		if out.events[i], err = become(tx, ev); err != nil {
			return out, err
		}
	}
	return out, nil
}

// admitted lets an event belong to the request it claims, where there is one.
func admitted(tx store.Tx, ev flow.Event) (flow.Event, error) {
	id := claimed(ev)
	if _, ok, err := tx.Request(id); err != nil || !ok {
		ev.Request = ""
		return ev, err
	}
	ev.Request = id
	if ev.Kind == flow.RequestSubmitted {
		ev.Kind = flow.CommentAdded
	}
	return ev, nil
}

// asNew makes a request of its own of an event, whatever it claims.
func asNew(tx store.Tx, ev flow.Event) (flow.Event, error) {
	ev.Kind, ev.Request = flow.RequestSubmitted, ""
	delete(ev.Fields, "claimed")
	delete(ev.Fields, "automatic")
	if ev.Field("source") == "" {
		ev.Fields["source"] = []string{"email"}
	}
	if ev.Field("title") == "" {
		ev.Fields["title"] = []string{firstLine(ev.Body.String())}
	}
	r, ok, err := touching(tx, ev.Subject)
	if err != nil || !ok || r.Status.Closed() {
		return ev, err
	}
	// The thread stays that of the other request: who takes part there goes on there.
	ev.Subject = flow.Ref{}
	ev.Links = slices.DeleteFunc(slices.Clone(ev.Links), func(l flow.Link) bool { return l.Purpose == "thread" })
	return ev, nil
}

const titleMost = 80

func firstLine(words string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(words), "\n")
	line = strings.Join(strings.Fields(line), " ")
	if r := []rune(line); len(r) > titleMost {
		line = string(r[:titleMost-1]) + "…"
	}
	return firstOf(line, "Mail without a subject")
}

func said(by flow.Actor) string { return firstOf(by.Shown, by.Name, "somebody") + " says" }

// heldAnswered keeps what somebody said about a delivery that is held back, and lets it be decided by that.
func (d *decider) heldAnswered(tx store.Tx, ev flow.Event) ([]flow.Reason, error) {
	noted := func(format string, args ...any) ([]flow.Reason, error) {
		words := fmt.Sprintf(format, args...)
		return []flow.Reason{{Code: flow.CodeNoted, Text: words}}, d.whisper(tx, ev, words)
	}
	id, answer := ev.Field("delivery"), ev.Field("answer")
	del, ok, err := tx.Delivery(id)
	if err != nil {
		return nil, err
	}
	var h holding
	if _, err := row(tx, heldTable, id, &h); err != nil {
		return nil, err
	}
	switch {
	case !d.answersFor(ev):
		return noted("Only %s can say what becomes of mail that is held back.", d.triageWords())
	case !ok:
		return noted("This mail is not kept any more.")
	case del.State != flow.Held && h.Answer != "":
		return noted("It was answered already: %s.", outcomeOf(h))
	case del.State != flow.Held:
		return noted("It is not held back.")
	case !slices.Contains([]string{answerAccept, answerNew, answerSpam}, answer):
		return noted("%q is no answer to what is held back.", answer)
	}
	if err := settle(tx, id, &h, answered{answer, ev.Actor, ev.At}); err != nil {
		return nil, err
	}
	d.met.held.WithLabelValues(del.Instance, answer).Inc()
	if err := d.let(tx, del, h, ev.At); err != nil {
		return nil, err
	}
	words := outcomeOf(h)
	return []flow.Reason{{Code: flow.CodeRecorded, Text: upperFirst(words) + "."}}, d.whisper(tx, ev, upperFirst(words)+".")
}

// answered is what somebody said about what is held back.
type answered struct {
	answer string
	by     flow.Actor
	at     time.Time
}

// settle keeps what was said about a delivery, and lets everybody who was asked see it.
func settle(tx store.Tx, delivery string, h *holding, a answered) error {
	h.Answer, h.By, h.Answered = a.answer, a.by, a.at
	if err := putRow(tx, heldTable, delivery, h); err != nil {
		return err
	}
	return showCards(tx, delivery, *h, a.at)
}

// outcomeOf says in a clause what was said about a delivery.
func outcomeOf(h holding) string {
	who := firstOf(h.By.Shown, h.By.Name, "somebody")
	switch {
	case h.Answer == answerSpam:
		return who + " said that it is spam"
	case h.Answer == answerAccept && h.Claimed != "":
		return fmt.Sprintf("%s added it to %s", who, h.Claimed)
	}
	return who + " made a request of it"
}

func upperFirst(s string) string {
	r := []rune(s)
	if len(r) > 0 {
		r[0] = []rune(strings.ToUpper(string(r[0])))[0]
	}
	return string(r)
}

// let puts a delivery that was answered to work, or aside.
func (d *decider) let(tx store.Tx, del flow.Delivery, h holding, now time.Time) error {
	switch {
	case h.Answer == answerSpam:
		return d.spam(tx, del, h, now)
	case h.Answer == answerAccept && h.Claimed != "":
		key := senderKey(del.Instance, h.From) + "/" + string(h.Claimed)
		if err := putRow(tx, sendersTable, key, sender{By: h.By, Until: now.Add(welcomeFor)}); err != nil {
			return err
		}
	}
	if err := tx.SetDelivery(del.ID, flow.Waiting, ""); err != nil {
		return err
	}
	j := inboxJob(del, false)
	j.At, j.Created = now, now
	return tx.Enqueue(j)
}

// spam ignores a delivery, the others of its sender that are held back, and for a while what that sender still sends.
func (d *decider) spam(tx store.Tx, del flow.Delivery, h holding, now time.Time) error {
	key := senderKey(del.Instance, h.From)
	if h.From.Ref.Key != "" {
		if err := putRow(tx, sendersTable, key, sender{Spam: true, By: h.By, Until: now.Add(spamFor)}); err != nil {
			return err
		}
	}
	list, _, err := tx.Deliveries(store.DeliveryQuery{State: flow.Held, Instance: del.Instance, Limit: heldLook})
	if err != nil {
		return err
	}
	for _, other := range list {
		var o holding
		if _, err := row(tx, heldTable, other.ID, &o); err != nil {
			return err
		}
		if other.ID != del.ID && (h.From.Ref.Key == "" || senderKey(other.Instance, o.From) != key) {
			continue
		}
		if other.ID != del.ID {
			if err := settle(tx, other.ID, &o, answered{answerSpam, h.By, now}); err != nil {
				return err
			}
		}
		if err := tx.SetDelivery(other.ID, flow.Ignored, "it is spam, "+said(h.By)); err != nil {
			return err
		}
	}
	return tx.SetDelivery(del.ID, flow.Ignored, "it is spam, "+said(h.By))
}

// forgetOld drops what was held back too long ago to be kept, and what counts no more about senders, rates and looks.
func forgetOld(tx store.Tx, now time.Time, kept time.Duration) error {
	var gone []string
	collect := func(table string, old func(value []byte) bool) error {
		gone = gone[:0]
		err := tx.Rows(table, "", "", 0, func(key string, value []byte) error {
			if old(value) {
				gone = append(gone, key)
			}
			return nil
		})
		for _, key := range gone {
			if err == nil {
				err = tx.DeleteRow(table, key)
			}
		}
		return err
	}
	err := collect(heldTable, func(b []byte) bool { return now.Sub(timeIn(b, "at")) > kept })
	if err != nil {
		return err
	}
	if err := collect(sendersTable, func(b []byte) bool { return now.After(timeIn(b, "until")) }); err != nil {
		return err
	}
	if err := collect(assetsTable, func(b []byte) bool { return now.Sub(timeIn(b, "at")) > forgetLooks }); err != nil {
		return err
	}
	return collect(ratesTable, func(b []byte) bool { return now.After(timeIn(b, "until")) })
}

// recognise is whose account an event comes from, without keeping anything.
func (d *decider) recognise(tx store.Tx, instance string, ev flow.Event, dir flow.Policy) (flow.Actor, error) {
	who, sure := d.vouched(instance, ev)
	if !sure {
		return who, nil
	}
	return d.people.recognise(tx, who, dir)
}

// vouched is who did something, as far as it is sure: the address a mail names is a person's only where it was verified.
func (d *decider) vouched(instance string, ev flow.Event) (who flow.Actor, sure bool) {
	who = ev.Actor
	if _, mail := d.o.Connectors[instance].(connectors.Mailer); !mail || who.Ref.Zero() {
		return who, true
	}
	who.Name = ""
	if !slices.Contains([]string{"dmarc", "dkim", "spf"}, ev.Field("verified")) || who.Ref.Type != "address" {
		return who, false
	}
	who.Email = who.Ref.Key
	return who, true
}
