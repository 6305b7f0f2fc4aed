package flow

import (
	"time"

	"signoff/internal/text"
)

// Ref names one thing outside: the connector instance that knows it, that instance's kind of thing, and its key
// there. Keys are opaque here; their shapes are documented by each connector. Two Refs are the same thing exactly
// when they are equal.
type Ref struct {
	System string `json:"system"`
	Type   string `json:"type"`
	Key    string `json:"key"`
}

// Zero reports whether the Ref names nothing.
func (r Ref) Zero() bool { return r == Ref{} }

// String prints the Ref as system:type:key; the form is stable and used in index terms.
func (r Ref) String() string { return r.System + ":" + r.Type + ":" + r.Key }

// Actor is somebody who does or receives something. Name is the person's name in the directory, empty for people
// outside it; Ref is the account they acted from, or an account to reach them by. Shown, Zone and Email are what the
// account's own profile says; they are hints for display and never grant a right.
type Actor struct {
	Name  string `json:"name,omitempty"`
	Ref   Ref    `json:"ref,omitzero"`
	Shown string `json:"shown,omitempty"`
	Zone  string `json:"zone,omitempty"`
	Email string `json:"email,omitempty"`
	Bot   bool   `json:"bot,omitempty"`
}

// ID returns the identity by which a person is counted once over all channels: the directory name, else the account.
func (a Actor) ID() string {
	if a.Name != "" {
		return a.Name
	}
	if a.Ref.Zero() {
		return ""
	}
	return a.Ref.String()
}

// Kind names what an event states. Each kind's Fields are listed beside it; a missing field counts as empty.
type Kind string

// The kinds of event.
const (
	// RequestSubmitted opens a request. Fields: title, type (template chosen, may be empty), channel (name with #),
	// source (slack, api, …), and one entry per template field under its own name. Body: the description. Links: the
	// thread it came from (purpose "thread"), if any. Facts.Routing must be present.
	RequestSubmitted Kind = "request.submitted"
	// RequestEdited adds or corrects details: Fields as above, only those that change. Body: an added note.
	RequestEdited Kind = "request.edited"
	// RequestWithdrawn ends the request at its requester's wish. Body: the reason, may be empty.
	RequestWithdrawn Kind = "request.withdrawn"
	// RequestAssigned gives the request an assignee. Fields: assignee (directory name).
	RequestAssigned Kind = "request.assigned"
	// WorkSubmitted sends the current revision to review. Fields: answer.N answers point N. Body: a note.
	WorkSubmitted Kind = "work.submitted"
	// VoteCast is a reviewer's verdict. Fields: stage (empty: the open stage in which the actor may act), round,
	// version, verdict (approve, request_changes, decline), via ("web", "api"; else taken from the delivery),
	// assurance ("web+reauth", counts on our pages only). Body: the note, required for request_changes; each list item
	// or paragraph becomes one numbered point.
	VoteCast Kind = "vote.cast"
	// VoteUndone takes back the actor's own vote. Fields: stage, round.
	VoteUndone Kind = "vote.undone"
	// StageDelegated hands the actor's place in a stage to somebody else. Fields: stage, round, to (directory name,
	// or empty when To below could not be matched).
	StageDelegated Kind = "stage.delegated"
	// CommentAdded records words said about the request in its thread or ticket. Body: the words.
	CommentAdded Kind = "comment.added"
	// TicketMoved says that somebody moved the ticket in the tracker. Fields: status (the tracker's own name), word
	// (the status word mapped to it, may be empty), from.
	TicketMoved Kind = "ticket.moved"
	// TimerFired is a Wake come back. Fields: name.
	TimerFired Kind = "timer.fired"
	// EffectDone says that an effect of this request is now true outside. Fields: effect, purpose, digest, version.
	// Links: what now exists.
	EffectDone Kind = "effect.done"
	// EffectParked says that an effect was given up until a person acts. Fields: effect, purpose, why. Links: what exists
	// all the same.
	EffectParked Kind = "effect.parked"
)

// RequestID is a request's key, <key_prefix>-<number>, for example CR-142. It never changes.
type RequestID string

// Event is one accepted fact in our words.
type Event struct {
	// ID is the source and the sender's own id: the same on redelivery.
	ID   string    `json:"id"`
	Kind Kind      `json:"kind"`
	At   time.Time `json:"at"` // accepted, by our clock, UTC
	// Sent and Seq are the sender's own time and order; zero where the sender gives none. Seq orders events about
	// one Subject: an older one never overrules a newer.
	Sent  time.Time `json:"sent,omitzero"`
	Seq   string    `json:"seq,omitempty"`
	Actor Actor     `json:"actor,omitzero"`
	// Subject is the thing outside that the event is about (a thread, a message, a ticket). The engine finds the
	// request by it when Request is empty.
	Subject Ref       `json:"subject,omitzero"`
	Request RequestID `json:"request,omitempty"`
	// Where is the place from which the actor acted and where a private answer reaches them.
	Where Ref `json:"where,omitzero"`
	// Delivery is the delivery this event was read from; a private answer may use its response address.
	Delivery string              `json:"delivery,omitempty"`
	Fields   map[string][]string `json:"fields,omitempty"`
	Body     text.Doc            `json:"body,omitempty"`
	Links    []Link              `json:"links,omitempty"`
	// To is the person a StageDelegated or RequestAssigned event names, as the source knows them.
	To Actor `json:"to,omitzero"`
	// Echo marks an event that a receipt of ours explains: recorded, decides nothing.
	Echo bool `json:"echo,omitempty"`
}

// Field returns the first value of a field, or "".
func (e Event) Field(name string) string {
	if v := e.Fields[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// DeliveryState says what became of a delivery.
type DeliveryState string

// The states of a delivery. All but Waiting are final; Dead and Malformed can be replayed.
const (
	Waiting    DeliveryState = "waiting"
	Done       DeliveryState = "done"
	Ignored    DeliveryState = "ignored"
	Malformed  DeliveryState = "malformed"
	Superseded DeliveryState = "superseded"
	Dead       DeliveryState = "dead"
)

// Delivery is one raw message from outside, kept as it came.
type Delivery struct {
	ID       string        `json:"id"`       // instance + "/" + the sender's own id
	Instance string        `json:"instance"` // connector instance
	Kind     string        `json:"kind"`     // the connector's own word for it
	At       time.Time     `json:"at"`       // received, UTC
	Type     string        `json:"type,omitempty"`
	Body     []byte        `json:"body"`
	Hash     string        `json:"hash"`              // hex SHA-256 of Body
	Key      string        `json:"key,omitempty"`     // content key: the same fact under another delivery id
	Learned  []byte        `json:"learned,omitempty"` // JSON kept by the enrich step
	State    DeliveryState `json:"state"`
	Why      string        `json:"why,omitempty"`
	Request  RequestID     `json:"request,omitempty"` // the request it touched, once known
	Attempts int           `json:"attempts,omitempty"`
}
