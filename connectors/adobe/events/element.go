package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"signoff/connectors/adobe/api"
)

// words is a text; what is none counts as empty, for members that other events use otherwise.
type words string

// UnmarshalJSON reads a text.
func (w *words) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*w = words(text)
	}
	return nil
}

// element is one event in one of Adobe's envelopes.
type element struct {
	Spec     words           `json:"specversion"`
	Type     words           `json:"type"`
	Source   words           `json:"source"`
	Own      words           `json:"id"`      // the producer's
	EventID  words           `json:"eventid"` // of I/O Events
	OldID    words           `json:"event_id"`
	Time     words           `json:"time"`
	Client   words           `json:"recipientclientid"`
	OldName  words           `json:"recipient_client_id"`
	To       json.RawMessage `json:"recipient"`
	Data     json.RawMessage `json:"data"`
	Event    json.RawMessage `json:"event"`
	Position words           `json:"position"` // of the journal
}

// id is I/O Events' own; without one the producer's.
func (e element) id() string {
	if id := api.First(string(e.EventID), string(e.OldID)); id != "" {
		return api.OneLine(id, 200)
	}
	if e.Own != "" {
		return api.Hash(string(e.Source), string(e.Own))
	}
	return ""
}

// isFor reports whether an event is a client's: by its name, its old name, or the recipient inside.
func (e element) isFor(client string) bool {
	var inside struct {
		Client words `json:"clientid"`
	}
	_ = json.Unmarshal(e.To, &inside) // a recipient of another shape names nobody
	named := false
	for _, given := range []words{e.Client, e.OldName, inside.Client} {
		switch string(given) {
		case "":
		case client:
			named = true
		default:
			return false
		}
	}
	return named
}

// stale reports whether an event is older than Adobe would try to deliver it.
func (e element) stale(received time.Time) bool {
	at, err := time.Parse(time.RFC3339, string(e.Time))
	return err == nil && received.Sub(at) > oldest
}

// elements reads a body: one event, a list, {"events": […]} with or without positions, and the older {"event_id", "event"}.
func elements(body []byte) ([]element, error) {
	if err := api.Decode(body, new(json.RawMessage), mostBody); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	body = bytes.TrimSpace(body)
	if body[0] == '[' {
		var raw []json.RawMessage
		if err := json.Unmarshal(body, &raw); err != nil {
			return nil, fmt.Errorf("body: %w", err)
		}
		return each(raw, element{})
	}
	var wrapped struct {
		Events *[]json.RawMessage `json:"events"`
		element
	}
	if body[0] != '{' || json.Unmarshal(body, &wrapped) != nil {
		return nil, errors.New("body: it is neither an event nor a list of events")
	}
	if wrapped.Events != nil {
		return each(*wrapped.Events, wrapped.element)
	}
	return each([]json.RawMessage{body}, element{})
}

const mostElements = 1000

// each reads the events of a list; what stands around them holds for all.
func each(raw []json.RawMessage, around element) ([]element, error) {
	if len(raw) > mostElements {
		return nil, errors.New("it holds more than 1000 events")
	}
	var out []element
	for i, one := range raw {
		var e element
		if one = bytes.TrimSpace(one); len(one) == 0 || one[0] != '{' || json.Unmarshal(one, &e) != nil {
			return nil, fmt.Errorf("event %d: it is no object", i+1)
		}
		e = e.unwrapped()
		if e.Client == "" && e.OldName == "" {
			e.Client, e.OldName = around.Client, around.OldName
		}
		out = append(out, e)
	}
	return out, nil
}

// unwrapped takes an event out of an envelope that holds one in today's words; an older one stays in it.
func (e element) unwrapped() element {
	var inner element
	if e.Type != "" || len(e.Event) == 0 || json.Unmarshal(e.Event, &inner) != nil || inner.Type == "" {
		return e
	}
	if inner.EventID == "" && inner.OldID == "" {
		inner.EventID, inner.OldID = e.EventID, e.OldID
	}
	if inner.Client == "" && inner.OldName == "" {
		inner.Client, inner.OldName = e.Client, e.OldName
	}
	if len(inner.To) == 0 {
		inner.To = e.To
	}
	return inner
}

// fact is what an event says in our words.
type fact struct {
	kind    string // a word of the closed list of what is acted on
	ignored string // why nothing comes of it
	id      string // urn:aaid:…
	place   string // HOST/content/dam/…
	name    string
	url     string
	version string
	by      string
	at      time.Time
	gone    string
}

const notUsed = "signoff does not use this event"

// read says what an event is about.
func (e element) read() fact {
	switch t := string(e.Type); {
	case t == "" && len(e.Event) > 0:
		return fact{ignored: "it is an event of the older Experience Manager add-on, which signoff does not use"}
	case strings.HasPrefix(t, "aem.assets.asset."):
		return e.readAEM(strings.TrimPrefix(t, "aem.assets.asset."))
	case strings.Contains(string(e.Data), `"xdmEntity"`):
		return e.readCloud()
	}
	return fact{ignored: notUsed}
}
