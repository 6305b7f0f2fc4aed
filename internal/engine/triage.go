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
	"signoff/internal/text"
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

// askTriage tells those who answer for it that something is held back. A flood is told of once an hour.
func (d *decider) askTriage(tx store.Tx, delivery string, h holding) error {
	n, err := counted(tx, "hour/"+h.At.Format("2006-01-02T15")+"/"+noticesHour, h.At.Add(2*time.Hour))
	if err != nil || n > noticesMost+1 {
		return err
	}
	view := heldView(delivery, h)
	if n > noticesMost {
		view = manyHeldView()
	}
	return d.tellTriage(tx, "held/"+delivery, view, h.At)
}

func heldView(delivery string, h holding) flow.View {
	from := firstOf(h.From.Ref.Key, "an unknown sender")
	line := fmt.Sprintf("A mail from %s is held back: %s.", from, h.Why)
	v := flow.View{Kind: flow.NoticeView, Title: "A mail is held back", Headline: line, Page: "/deliveries?state=held"}
	var body []string
	if h.Title != "" {
		body = append(body, fmt.Sprintf("Its subject is “%s”.", h.Title))
	}
	take := flow.Button{Action: "held_accept", Label: "New request", Style: "primary", Value: delivery}
	v.Buttons = []flow.Button{take}
	if h.Claimed != "" {
		body = append(body, fmt.Sprintf("It says that it belongs to %s, in which this sender takes no part.", h.Claimed))
		v.Buttons[0].Label = "Accept as participant"
		v.Buttons = append(v.Buttons, flow.Button{Action: "held_new", Label: "New request", Value: delivery})
	}
	if len(body) > 0 {
		v.Body = text.Doc{text.P(text.T(strings.Join(body, " ")))}
	}
	v.Buttons = append(v.Buttons, flow.Button{Action: "held_spam", Label: "Spam", Style: "danger", Value: delivery},
		flow.Button{Action: "open", Label: "Open", URL: "/deliveries?state=held"})
	return v
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
	if strings.HasPrefix(d.o.Triage, "#") && d.o.Chat != "" {
		where := flow.Ref{System: d.o.Chat, Type: "channel", Key: d.o.Triage}
		return enqueueTell(tx, flow.Effect{ID: id, Target: d.o.Chat, Tell: &flow.Tell{Where: where, View: view}}, "triage", now)
	}
	who := d.triagers()
	if len(who) == 0 {
		d.o.Log.Error("nobody is told of what is held back: set triage to a channel or to a group that has somebody in it", "what", id)
		return nil
	}
	for _, a := range who {
		e := flow.Effect{ID: id + "/" + a.Name, Target: target, Tell: &flow.Tell{To: []flow.Actor{a}, View: view}}
		if err := enqueueTell(tx, e, a.Name, now); err != nil {
			return err
		}
	}
	return nil
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
