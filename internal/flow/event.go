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
	// thread it came from (purpose "thread"), if any. Seq: the newest message the description was made from. Files: what
	// came with it. Fields: draft ("emoji", "watch", "direct": only offer it to the actor, who may confirm it). On an open
	// draft a submission without that field makes the draft the request. Facts.Routing must be present.
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
	// version, checked (each line of the stage's checklist that was ticked), verdict (approve, request_changes, decline), via ("web", "api"; else taken from the delivery),
	// assurance ("web+reauth", counts on our pages only). Body: the note, required for request_changes; each list item
	// or paragraph becomes one numbered point.
	VoteCast Kind = "vote.cast"
	// VoteUndone takes back the actor's own vote. Fields: stage, round.
	VoteUndone Kind = "vote.undone"
	// StageDelegated hands the actor's place in a stage to somebody else. Fields: stage, round, to (directory name,
	// or empty when To below could not be matched).
	StageDelegated Kind = "stage.delegated"
	// DraftConfirmed makes a draft a request; only whom it was offered to may do it. Fields: as RequestSubmitted, only
	// those that differ from the draft's. Body: the description instead of the draft's, where not empty. Facts.Routing
	// must be present.
	DraftConfirmed Kind = "draft.confirmed"
	// DraftDismissed ends a draft without a trace outside.
	DraftDismissed Kind = "draft.dismissed"
	// CommentAdded records words said about the request in its thread or ticket, or at its asset. Said: the message or comment. Actor:
	// whose words they are. Body: the words. Files: what came with them. Fields: restricted ("yes": not for everybody,
	// stays where it was said), automatic ("yes": a machine answered, as a vacation reply: it is kept and moves nothing),
	// point ("yes": it asks for a change, or answers one: below names the comment it stands below, Ref.String()). Seq: the message's place within Subject; Links[0].URL: where people read it.
	CommentAdded Kind = "comment.added"
	// CommentEdited and CommentRemoved say that words said before now read otherwise, or are gone. Said names them, and
	// Seq their place; Sent orders what is said of one thing. Actor: of an edit, whose words they are; of a removal, who
	// removed them, zero where that is not known. Otherwise as CommentAdded.
	CommentEdited  Kind = "comment.edited"
	CommentRemoved Kind = "comment.removed"
	// FilesAdded says that files were put at the ticket or into the thread without words. Files: which. Said: the message,
	// where it was one.
	FilesAdded Kind = "files.added"
	// LinkShared says that somebody showed a link to the request elsewhere in chat. Where: the message. Fields: url
	// (every address that was shown), shared ("yes": others than our own people read there).
	LinkShared Kind = "link.shared"
	// TicketRenamed says that the ticket has another key now (it was moved to another project). Fields: key.
	// Links[0]: its label and address.
	TicketRenamed Kind = "ticket.renamed"
	// TicketGone says that the ticket cannot be written any more. Fields: why ("deleted", "archived", "hidden": it
	// cannot be seen by signoff).
	TicketGone Kind = "ticket.gone"
	// TicketWanted asks for a new ticket after the old one is gone. Only people ask, on the page or by a button.
	TicketWanted Kind = "ticket.wanted"
	// TicketMoved says that somebody moved the ticket in the tracker. Fields: status (the tracker's own name), word
	// (the status word mapped to it, may be empty), from, done ("yes": the tracker's own settings call the status an end). Of
	// the ticket of a subtask it moves the subtask alone. On our pages: part (its number) instead of a Subject.
	TicketMoved Kind = "ticket.moved"
	// TimerFired is a Wake come back. Fields: name.
	TimerFired Kind = "timer.fired"
	// AssetChanged says which version of an asset is the newest now; it may be the one that is known. Subject: the asset.
	// Versions: those that are new, oldest first, at least one. Actor: who saved the newest. Assets[0], where given: its
	// label and address.
	AssetChanged Kind = "asset.changed"
	// AssetGone says that an asset cannot be read any more. Subject: the asset. Fields: why ("deleted", "hidden").
	AssetGone Kind = "asset.gone"
	// PointAnswered and PointResolved are about one numbered change request. Fields: point (its number), or Said: the
	// comment it was asked in. PointAnswered: Body. PointResolved: Fields state ("resolved", "open" for opened again).
	PointAnswered Kind = "point.answered"
	PointResolved Kind = "point.resolved"
	// PointAsked adds a change request without a vote. Body: the words. Said: the comment it was asked in, zero on a page.
	PointAsked Kind = "point.asked"
	// RequestAccepted, RequestDeclined, RequestMerged and RequestSnoozed are what triage says of a request that waits there.
	// RequestAccepted: Fields: assignee (directory name, may be empty: whom the rules choose). RequestDeclined: Body: the
	// reason, needed. RequestMerged: Fields: into (a key); both threads stay attached. RequestSnoozed: Fields: until (a day
	// or an instant, RFC 3339); Body: why, may be empty.
	RequestAccepted Kind = "request.accepted"
	RequestDeclined Kind = "request.declined"
	RequestMerged   Kind = "request.merged"
	RequestSnoozed  Kind = "request.snoozed"
	// RequestJoined is the other half of a RequestMerged: Fields: from (the key that was merged into this request). Links:
	// its thread and card, whose conversation belongs here from now on.
	RequestJoined Kind = "request.joined"
	// CoverChanged says that somebody's absence began, changed or ended; Facts.Away holds who is away now. The engine
	// brings it to every open request that waits for a person it concerns.
	CoverChanged Kind = "cover.changed"
	// AwaySet and AwayEnded are about a person; the engine answers them. AwaySet: Fields: person (empty: the actor), from,
	// until (days, both included, 2006-01-02), cover (directory name, may be empty: the backup). AwayEnded: Fields: person.
	AwaySet   Kind = "away.set"
	AwayEnded Kind = "away.ended"
	// RulesPushed says that rule files in a repository were changed there, or that somebody proposes to; the engine looks at
	// what it holds. Fields: repository.
	RulesPushed Kind = "rules.pushed"
	// RulesMoved puts an open request under another ruleset: what is decided stays decided, what is open is judged anew.
	// Facts.Routing, where present, replaces what the old rules had chosen and nobody has changed since.
	RulesMoved Kind = "rules.moved"
	// BriefRead says what a page that briefs the request holds. Subject: the page. Fields: title. To: its owner.
	// Links[0].URL: its address. Seq: its version. Body: its words.
	BriefRead Kind = "brief.read"
	// MailFailed says that a mail of ours did not arrive. Fields: address, why (one clause), effect (the id of the effect
	// it was sent for, may be empty), hard ("yes": it never will).
	MailFailed Kind = "mail.failed"
	// HeldAnswered says what becomes of a delivery that was held back because nobody knows its sender; the engine answers
	// it. Fields: delivery (its id), answer ("accept": its sender takes part from now on; "new": it is a request of its
	// own; "spam").
	HeldAnswered Kind = "held.answered"
	// RuleAnswered says what becomes of what a rule wanted to say before it was paused; the engine answers it. Fields: rule,
	// answer ("resume": it is said; "drop": it never is).
	RuleAnswered Kind = "rule.answered"
	// HomeOpened, SettingChanged and AccountAnswered are about a person, not about a request; the engine answers them.
	// HomeOpened: the actor looks at their own page in chat. Fields: section and page, where they turned one over.
	HomeOpened Kind = "home.opened"
	// SettingChanged: Fields: name (one of the Settings), value.
	SettingChanged Kind = "setting.changed"
	// AccountAnswered: the actor says whether an account elsewhere is theirs. Fields: account (Ref.String()), answer
	// ("yes", "no").
	AccountAnswered Kind = "account.answered"
	// EffectDone says that an effect of this request is now true outside. Fields: effect, purpose, digest, version.
	// Links: what now exists. Of a Copy: version; fate (a FileFate; empty: copied) and why, a clause. An effect that was
	// moot is done without links.
	EffectDone Kind = "effect.done"
	// EffectParked says that an effect was given up until a person acts. Fields: effect, purpose, why; gone (why the
	// ticket, then Subject, cannot be written at all), unreached (the directory name of whom chat does not know, so that it
	// ends there and goes to them by mail). Tell: what was to be said to them. Links: what exists all the same.
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
	// Said is the one message or comment outside that the event is about; Subject is the thread or ticket it is in.
	Said  Ref    `json:"said,omitzero"`
	Files []File `json:"files,omitempty"`
	// Assets are the work that the words of the event link to, as the connectors that keep it recognize their addresses;
	// the engine fills them in. Versions: of an AssetChanged.
	Assets   []Asset   `json:"assets,omitempty"`
	Versions []Version `json:"versions,omitempty"`
	// Tell is what was to be said, of an EffectParked whose person chat does not know.
	Tell *Tell `json:"tell,omitempty"`
	// To is the person a StageDelegated or RequestAssigned event names, as the source knows them.
	To Actor `json:"to,omitzero"`
	// Echo marks an event of our own account: recorded, decides nothing. Fields: receipt ("no") where no receipt of ours
	// explains it; such events are counted.
	Echo bool `json:"echo,omitempty"`
}

// Field returns the first value of a field, or "".
func (e Event) Field(name string) string {
	if v := e.Fields[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// File is a file at its source.
type File struct {
	// Ref is what a connector opens; zero for one that has no bytes for us.
	Ref  Ref    `json:"ref,omitzero"`
	Name string `json:"name"`
	Type string `json:"type,omitempty"` // media type as the source says
	Size int64  `json:"size,omitempty"` // bytes as the source says; 0: not known
	URL  string `json:"url,omitempty"`  // where people open it
	// External files live elsewhere and are only linked to. Gone says why the source has no bytes any more.
	External bool   `json:"external,omitempty"`
	Gone     string `json:"gone,omitempty"`
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
	// Held back because nobody knows its sender, until somebody says what becomes of it (HeldAnswered).
	Held DeliveryState = "held"
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
