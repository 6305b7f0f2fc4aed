package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// Whoever looks after the mail of strangers is a channel or a group of people.

const triageUsual = "ops"

// triagers are the people who answer for what is held back; nobody where that is a channel.
func (d *decider) triagers() (who []flow.Actor) {
	if strings.HasPrefix(d.o.Triage, "#") {
		return nil
	}
	group := firstOf(d.o.Triage, triageUsual)
	for _, p := range d.book.current.Load().People() {
		if slices.Contains(p.Groups, group) {
			who = append(who, flow.Actor{Name: p.Name, Shown: p.Shown})
		}
	}
	return who
}

// triageWords names them for a sentence.
func (d *decider) triageWords() string {
	if strings.HasPrefix(d.o.Triage, "#") {
		return "people of the directory"
	}
	return "the group " + firstOf(d.o.Triage, triageUsual)
}

// answersFor reports whether somebody may say what becomes of what is held back. Our own doors ask for a sign-in.
func (d *decider) answersFor(ev flow.Event) bool {
	instance, _, _ := strings.Cut(ev.Delivery, "/")
	if own(instance) {
		return true
	}
	if strings.HasPrefix(d.o.Triage, "#") {
		return ev.Actor.Name != ""
	}
	return ev.Actor.Name != "" && slices.ContainsFunc(d.triagers(), func(a flow.Actor) bool { return a.Name == ev.Actor.Name })
}

const (
	noticesMost = 10 // held deliveries told of one by one in an hour
	noticesHour = "held"
)

// askTriage asks those who answer for it what becomes of something that is held back. A flood is told of once an hour.
func (d *decider) askTriage(tx store.Tx, delivery string, h holding) (asked []heldCard, err error) {
	n, err := counted(tx, "hour/"+h.At.Format("2006-01-02T15")+"/"+noticesHour, h.At.Add(2*time.Hour))
	switch {
	case err != nil || n > noticesMost+1:
		return nil, err
	case n > noticesMost:
		return nil, d.tellTriage(tx, "held/"+delivery, manyHeldView(), h.At)
	case d.o.Chat == "": // a mail stays as it is, and leads to the page
		return nil, d.tellTriage(tx, "held/"+delivery, heldView(delivery, h), h.At)
	}
	return d.askedWhere("held/" + delivery), nil
}

func manyHeldView() flow.View {
	line := fmt.Sprintf("More than %d mails were held back within an hour. The others are listed on the page.", noticesMost)
	return flow.View{
		Kind: flow.NoticeView, Title: "Many mails are held back", Headline: line, Page: "/deliveries?state=held",
		Buttons: []flow.Button{{Action: "open", Label: "Open", URL: "/deliveries?state=held"}},
	}
}

// tellTriage says something to those who look after strangers: in their channel, or to each of the group.
func (d *decider) tellTriage(tx store.Tx, id string, view flow.View, now time.Time) error {
	target := firstOf(d.o.Chat, d.o.Mail)
	if target == "" {
		return nil // the page lists it
	}
	for _, to := range d.askedWhere(id) {
		tell := &flow.Tell{Where: to.At, View: view}
		if to.To.ID() != "" {
			tell.To = []flow.Actor{to.To}
		}
		if err := enqueueTell(tx, flow.Effect{ID: to.ID, Target: target, Tell: tell}, to.lane(), now); err != nil {
			return err
		}
	}
	return nil
}

// askedWhere are the places in which those who look after strangers are asked: their channel, or each of the group.
func (d *decider) askedWhere(id string) (list []heldCard) {
	if strings.HasPrefix(d.o.Triage, "#") && d.o.Chat != "" {
		return []heldCard{{ID: id, At: flow.Ref{System: d.o.Chat, Type: "channel", Key: d.o.Triage}}}
	}
	for _, a := range d.triagers() {
		list = append(list, heldCard{ID: id + "/" + a.Name, To: a})
	}
	if len(list) == 0 {
		d.o.Log.Error("nobody is told of what is held back: set triage to a channel or to a group that has somebody in it", "what", id)
	}
	return list
}

// enqueueTell plans to say something that belongs to no request.
func enqueueTell(tx store.Tx, e flow.Effect, lane string, now time.Time) error {
	payload, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("enqueue %s: %w", e.ID, err)
	}
	return tx.Enqueue(store.Job{ID: e.ID, Kind: personJob, Lane: "person/" + lane, At: now, Created: now, Payload: payload})
}

const whisperFor = 10 * time.Minute

// whisper answers somebody in private where they acted; people on our own pages see the answer there.
func (d *decider) whisper(tx store.Tx, ev flow.Event, words string) error {
	instance, _, _ := strings.Cut(ev.Delivery, "/")
	if _, does := d.o.Connectors[instance].(connectors.Doer); !does || ev.Where.Zero() {
		return nil
	}
	view := flow.View{Kind: flow.NoticeView, Title: words, Headline: words}
	tell := &flow.Tell{To: []flow.Actor{ev.Actor}, Where: ev.Where, Private: true, InReplyTo: ev.Delivery, Expires: ev.At.Add(whisperFor), View: view}
	return enqueueTell(tx, flow.Effect{ID: "answer/" + ev.ID, Target: instance, Tell: tell}, ev.Actor.ID(), ev.At)
}
