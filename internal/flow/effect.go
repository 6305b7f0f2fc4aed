package flow

import (
	"fmt"
	"time"

	"signoff/internal/text"
)

// Effect is a wish about the outside. Doing one twice is harmless, and an older Show never wins over a newer.
// Exactly one of Show, Tell, Copy and Wake is set.
type Effect struct {
	ID      string    `json:"id"` // request/version/ordinal: CR-142/7/2
	Request RequestID `json:"request"`
	Target  string    `json:"target,omitempty"` // connector instance; empty for Wake
	Show    *Show     `json:"show,omitempty"`
	Tell    *Tell     `json:"tell,omitempty"`
	Copy    *Copy     `json:"copy,omitempty"`
	Wake    *Wake     `json:"wake,omitempty"`
	// Rule is the rule that says it by itself; empty where a person's act brought it about. The core leaves it empty.
	Rule string `json:"rule,omitempty"`
	// Known gives, by Actor.ID, the accounts on the target of everybody the effect names. The core leaves it empty;
	// the engine fills it just before Do.
	Known map[string]Ref `json:"known,omitempty"`
}

// Purpose returns the purpose of a Show or a Copy, "tell" or "wake".
func (e Effect) Purpose() string {
	switch {
	case e.Show != nil:
		return e.Show.Purpose
	case e.Copy != nil:
		return e.Copy.Purpose
	case e.Tell != nil:
		return "tell"
	}
	return "wake"
}

// Mark is what the creating call leaves outside so that an earlier try can be found: request/purpose for a Show or a
// Copy (stable over versions), the effect id for a Tell.
func (e Effect) Mark() string {
	switch {
	case e.Show != nil && e.Show.Again > 0:
		return fmt.Sprintf("%s/%s/again/%d", e.Request, e.Show.Purpose, e.Show.Again)
	case e.Show != nil:
		return string(e.Request) + "/" + e.Show.Purpose
	case e.Copy != nil:
		return string(e.Request) + "/" + e.Copy.Purpose
	}
	return e.ID
}

// Show makes the outside look like View: it creates the thing at At when Link is nil, else changes what Link names.
type Show struct {
	Purpose string `json:"purpose"`
	// At is the place for a new one: {chat, thread, …}, {chat, channel, …}, {tracker, project, DES}. Without At the
	// thing goes to To directly; with both it goes to To only where the connector has no access to At.
	At      Ref    `json:"at,omitzero"`
	To      Actor  `json:"to,omitzero"`
	Link    *Link  `json:"link,omitempty"`
	Version int64  `json:"version"`
	Digest  string `json:"digest"`
	// Again counts how often a person asked for a new one because the old one is gone; the mark changes with it.
	Again int  `json:"again,omitempty"`
	View  View `json:"view"`
}

// Copy carries a file from where it was added to the ticket or the thread. It is streamed; a file larger than Limit
// bytes, or one whose bytes are not what its name says, is refused.
type Copy struct {
	Purpose string `json:"purpose"` // "file/3"
	File    File   `json:"file"`
	To      Ref    `json:"to"`
	Limit   int64  `json:"limit"`
	Version int64  `json:"version"`
	// Note says in plain words who added the file and where, for readers who do not see it otherwise.
	Note string `json:"note,omitempty"`
}

// Tell says something once. Where is a thread, a channel, a message of ours (below it) or a ticket; with To and no
// Where, or a Where that the connector has no access to, it goes to each person directly. Private is for the first of
// To alone, at Where. After Expires it is dropped.
type Tell struct {
	To        []Actor   `json:"to,omitempty"`
	Where     Ref       `json:"where,omitzero"`
	Private   bool      `json:"private,omitempty"`
	Bundle    string    `json:"bundle,omitempty"` // digest slot label
	Expires   time.Time `json:"expires,omitzero"`
	InReplyTo string    `json:"in_reply_to,omitempty"` // a delivery whose response address may be used
	View      View      `json:"view"`
}

// Wake asks for a timer.fired event of that name at At; a later Wake of the same request and name replaces it, a
// zero At cancels it.
type Wake struct {
	Name string    `json:"name"`
	At   time.Time `json:"at,omitzero"`
}

// ViewKind says what a view is for; connectors choose a layout by it.
type ViewKind string

// The kinds of view.
const (
	CardView    ViewKind = "card"    // the one public card of a request
	AskView     ViewKind = "ask"     // asks one reviewer
	WorkView    ViewKind = "work"    // asks the assignee for the next revision
	TicketView  ViewKind = "ticket"  // the record in the tracker
	NoticeView  ViewKind = "notice"  // a sentence or two, in a thread or to a person
	RefusalView ViewKind = "refusal" // why something did not count
	CommentView ViewKind = "comment" // words in the ticket or, from there, in the thread; a Show of one prints Body alone
	DraftView   ViewKind = "draft"   // offers a draft to one person
	UnfurlView  ViewKind = "unfurl"  // a compact card below a link somebody shared; Fields: url
	LinkView    ViewKind = "link"    // a remote link at the ticket
	PartView    ViewKind = "part"    // the record of a subtask in the tracker
	InfoView    ViewKind = "info"    // asks the requester for what is missing
	TriageView  ViewKind = "triage"  // asks triage what becomes of a request
)

// View is what people see of a request, without any vendor's markup. Connectors print it; they add nothing to it.
type View struct {
	Kind    ViewKind  `json:"kind"`
	Request RequestID `json:"request"`
	// Title is the request's title; Headline one plain sentence that stands alone as notification and for screen
	// readers. Both plain text. Cards, asks and work say the same once more in Facts, so they show no Headline.
	Title    string              `json:"title"`
	Headline string              `json:"headline"`
	Status   Status              `json:"status,omitempty"`
	Round    int                 `json:"round,omitempty"`
	Page     string              `json:"page,omitempty"` // path of the page, "/requests/CR-142"
	Facts    []Fact              `json:"facts,omitempty"`
	Body     text.Doc            `json:"body,omitempty"`
	Points   []Point             `json:"points,omitempty"`
	Buttons  []Button            `json:"buttons,omitempty"`
	Ticket   *TicketFields       `json:"ticket,omitempty"` // TicketView only
	Link     *Link               `json:"link,omitempty"`   // LinkView only: what to link to
	Picture  *Picture            `json:"picture,omitempty"`
	Fields   map[string][]string `json:"fields,omitempty"`
}

// TicketFields is the part of a request that a tracker keeps in fields of its own.
type TicketFields struct {
	Project  string              `json:"project,omitempty"`
	Priority string              `json:"priority,omitempty"`
	Labels   []string            `json:"labels,omitempty"`
	Assignee Actor               `json:"assignee,omitzero"`
	Due      time.Time           `json:"due,omitzero"`
	Fields   map[string][]string `json:"fields,omitempty"` // template fields by name
	// KeepStatus says that the ticket's status was set by hand and must be left alone.
	KeepStatus bool `json:"keep_status,omitempty"`
	// Push counts how often a status set by hand was taken back; it makes a view with the same status a new one.
	Push int `json:"push,omitempty"`
}

// Fact is one thing to know. It reads as Label, Text, People, After and At in this order, of which any may be missing.
type Fact struct {
	Name   string    `json:"name"`            // stable English: status, owner, due, waiting_for, ticket, …
	Label  string    `json:"label,omitempty"` // as people read it before the value: "waiting for"
	Text   string    `json:"text,omitempty"`
	People []Actor   `json:"people,omitempty"`
	Or     bool      `json:"or,omitempty"` // one of People is enough: "Ana or Dana"
	After  string    `json:"after,omitempty"`
	At     time.Time `json:"at,omitzero"`
	Said   string    `json:"said,omitempty"` // At in words with its zone, where the reader's own zone is not known
	URL    string    `json:"url,omitempty"`
	// Beside puts the fact on the line of what stands before it; the first one then stands beside the title.
	Beside bool `json:"beside,omitempty"`
}

// Button is something the reader may do.
type Button struct {
	// Action is one of: approve, request_changes, decline, delegate, undo, submit_work, answer_points (submit_work that
	// asks for answers first), add_detail, withdraw, open, why, confirm_draft, edit_draft, dismiss_draft, mute_drafts
	// (a setting), dismiss (only takes the message away), account_yes, account_no, home (turns a page over), held_accept,
	// held_new, held_spam (what becomes of a mail whose sender nobody knows), triage_accept, triage_merge, triage_snooze,
	// triage_decline (each asks for what it needs), rule_resume, rule_drop (what becomes of a rule that was paused).
	Action  string `json:"action"`
	Label   string `json:"label"`
	Style   string `json:"style,omitempty"` // primary, danger or empty
	Minor   bool   `json:"minor,omitempty"` // may go into a menu
	Stage   string `json:"stage,omitempty"`
	Round   int    `json:"round,omitempty"`
	Version string `json:"version,omitempty"`
	URL     string `json:"url,omitempty"` // open: an address or a path of ours
	// Value is what the button carries besides: account_yes and account_no: the account; home: "section/page".
	// approve: "confirmed" where the reader has been told of open points, "checklist" where lines must be ticked first,
	// both with a space between. add_detail: the names of the fields to ask for, with commas; empty: whatever is empty.
	// held_accept, held_new, held_spam: the delivery. rule_resume, rule_drop: the rule.
	Value string `json:"value,omitempty"`
}
