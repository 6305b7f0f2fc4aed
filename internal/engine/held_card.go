package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/text"
)

// What becomes of a mail that is held back is asked on cards in chat. They are shown and not said: once somebody has answered,
// everybody who was asked sees who said what and when, and has nothing left to press.

// heldCard is one of them: in a channel, or with one person.
type heldCard struct {
	ID   string     `json:"id"`
	At   flow.Ref   `json:"at,omitzero"`
	To   flow.Actor `json:"to,omitzero"`
	Link *flow.Link `json:"link,omitempty"` // once it is there, with the version it shows
	// Mailed: the person is not in chat and was written to.
	Mailed bool `json:"mailed,omitempty"`
}

// lane keeps the work for one place in order.
func (c heldCard) lane() string {
	if c.To.ID() == "" {
		return "triage"
	}
	return c.To.ID()
}

// Versions of a card: it asks, and then tells what was answered.
const (
	heldAsks    = 1
	heldAnswers = 2
)

func (h holding) version() int64 {
	if h.Answer == "" {
		return heldAsks
	}
	return heldAnswers
}

// heldWork names the card that a job shows.
type heldWork struct {
	Delivery string `json:"delivery"`
	Card     int    `json:"card"`
}

// showCards plans that the cards about a delivery are shown as it stands now.
func showCards(tx store.Tx, delivery string, h holding, now time.Time) error {
	for i, card := range h.Cards {
		payload, err := json.Marshal(heldWork{delivery, i})
		if err != nil {
			return fmt.Errorf("ask about %s: %w", delivery, err)
		}
		j := store.Job{ID: card.ID, Kind: heldJob, Lane: "person/" + card.lane(), At: now, Created: now, Payload: payload}
		if err := tx.Enqueue(j); err != nil {
			return err
		}
	}
	return nil
}

// showHeld shows one card.
func (e *Engine) showHeld(ctx context.Context, j store.Job) error {
	var w heldWork
	if err := json.Unmarshal(j.Payload, &w); err != nil {
		return store.Park(fmt.Sprintf("job %s cannot be read: %v", j.ID, err))
	}
	h, err := e.holding(ctx, w.Delivery)
	if err != nil || w.Card >= len(h.Cards) {
		return err
	}
	card := h.Cards[w.Card]
	if card.Mailed || card.Link != nil && card.Link.Version >= h.version() {
		return nil
	}
	view := heldView(w.Delivery, h)
	links, err := e.reach(ctx, j, flow.Effect{ID: j.ID, Target: e.o.Chat, Show: &flow.Show{
		Purpose: card.ID, At: card.At, To: card.To, Link: card.Link, Version: h.version(), Digest: strconv.FormatInt(h.version(), 10), View: view,
	}})
	if err != nil {
		return err
	}
	return e.cardShown(ctx, w, h.version(), links)
}

func (e *Engine) holding(ctx context.Context, delivery string) (h holding, err error) {
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		_, err := row(tx, heldTable, delivery, &h)
		return err
	})
	return h, err
}

// cardShown remembers where a card is. Without links it went by mail, or nothing goes outside.
func (e *Engine) cardShown(ctx context.Context, w heldWork, version int64, links []flow.Link) error {
	return e.o.Store.Update(ctx, func(tx store.Tx) error {
		var h holding
		if _, err := row(tx, heldTable, w.Delivery, &h); err != nil || w.Card >= len(h.Cards) {
			return err
		}
		card := &h.Cards[w.Card]
		card.Mailed = len(links) == 0
		if !card.Mailed {
			card.Link = &links[0]
			card.Link.Version = version
		}
		return putRow(tx, heldTable, w.Delivery, h)
	})
}

// heldView asks what becomes of a mail, or tells what was answered.
func heldView(delivery string, h holding) flow.View {
	from := firstOf(h.From.Ref.Key, "an unknown sender")
	v := flow.View{
		Kind: flow.NoticeView, Title: "A mail is held back", Page: "/deliveries?state=held",
		Headline: fmt.Sprintf("A mail from %s is held back: %s.", from, h.Why),
	}
	var body []string
	if h.Title != "" {
		body = append(body, fmt.Sprintf("Its subject is “%s”.", h.Title))
	}
	if h.Claimed != "" {
		body = append(body, fmt.Sprintf("It says that it belongs to %s, in which this sender takes no part.", h.Claimed))
	}
	if len(body) > 0 {
		v.Body = text.Doc{text.P(text.T(strings.Join(body, " ")))}
	}
	if h.Answer == "" {
		v.Buttons = heldButtons(delivery, h)
		return v
	}
	v.Title, v.Page = "A mail was held back", "/deliveries/"+url.PathEscape(delivery)
	v.Headline = fmt.Sprintf("A mail from %s was held back: %s. %s.", from, h.Why, upperFirst(outcomeOf(h)))
	v.Facts = []flow.Fact{{Name: "answered", At: h.Answered, Beside: true}}
	v.Buttons = []flow.Button{{Action: "open", Label: "Open", URL: v.Page}}
	return v
}

func heldButtons(delivery string, h holding) []flow.Button {
	list := []flow.Button{{Action: "held_accept", Label: "New request", Style: "primary", Value: delivery}}
	if h.Claimed != "" {
		list[0].Label = "Accept as participant"
		list = append(list, flow.Button{Action: "held_new", Label: "New request", Value: delivery})
	}
	return append(list, flow.Button{Action: "held_spam", Label: "Spam", Style: "danger", Value: delivery},
		flow.Button{Action: "open", Label: "Open", URL: "/deliveries?state=held"})
}
