package flow

import (
	"time"

	"signoff/internal/text"
)

// Status is one of the fixed status words.
type Status string

// The status words.
const (
	Draft      Status = "draft"
	Intake     Status = "intake"
	NeedsInfo  Status = "needs_info"
	InProgress Status = "in_progress"
	InReview   Status = "in_review"
	Approved   Status = "approved"
	Declined   Status = "declined"
	Withdrawn  Status = "withdrawn"
	Merged     Status = "merged"
	Snoozed    Status = "snoozed"
	Expired    Status = "expired"
)

// Closed reports whether a request in this status takes no further decision.
func (s Status) Closed() bool {
	switch s {
	case Approved, Declined, Withdrawn, Merged, Expired:
		return true
	}
	return false
}

// Words returns the status as people read it: "in review".
func (s Status) Words() string {
	switch s {
	case NeedsInfo:
		return "needs info"
	case InProgress:
		return "in progress"
	case InReview:
		return "in review"
	}
	return string(s)
}

// Request is the thing to be signed off: the fold of its records.
type Request struct {
	ID        RequestID `json:"id"`
	Ruleset   string    `json:"ruleset"` // digest of the ruleset that opened it
	Workflow  string    `json:"workflow,omitempty"`
	Template  string    `json:"template,omitempty"`
	Rule      string    `json:"rule,omitempty"` // the rule that routed it
	Version   int64     `json:"version"`        // +1 per record
	Status    Status    `json:"status"`
	Round     int       `json:"round"` // the revision, from 1
	Opened    time.Time `json:"opened"`
	Updated   time.Time `json:"updated"`
	Since     time.Time `json:"since,omitzero"` // when the status became what it is
	Closed    time.Time `json:"closed,omitzero"`
	Title     string    `json:"title"`
	Body      text.Doc  `json:"body,omitempty"`
	Requester Actor     `json:"requester"`
	Assignee  Actor     `json:"assignee,omitzero"`
	// Makers are the people who submitted the work of a revision: who asked for or made it cannot approve it.
	Makers []Actor `json:"makers,omitempty"`
	// Editor is the last person who changed the request's details; they cannot approve it either.
	Editor     Actor               `json:"editor,omitzero"`
	Due        time.Time           `json:"due,omitzero"`
	Source     string              `json:"source"` // slack, api, …
	Project    string              `json:"project,omitempty"`
	Priority   string              `json:"priority,omitempty"`
	Labels     []string            `json:"labels,omitempty"`
	Reminders  []string            `json:"reminders,omitempty"`
	Escalation string              `json:"escalation,omitempty"`
	Effort     float64             `json:"effort,omitempty"` // hours it is estimated at
	Fields     map[string][]string `json:"fields,omitempty"`
	Stages     []StageRun          `json:"stages,omitempty"` // append only: one run per stage and round
	Work       []Work              `json:"work,omitempty"`   // one per revision whose work was asked for or sent
	Points     []Point             `json:"points,omitempty"`
	Votes      []Vote              `json:"votes,omitempty"` // append only
	Links      []Link              `json:"links,omitempty"`
	Shows      map[string]Shown    `json:"shows,omitempty"` // by purpose: what was last asked to be shown
	Ticket     TicketState         `json:"ticket,omitzero"`
	Places     Places              `json:"places,omitzero"`
	Fired      []string            `json:"fired,omitempty"`    // names of the moments that have come
	Looked     time.Time           `json:"looked,omitzero"`    // up to which instant reminders have been sent or let pass
	WakeAt     time.Time           `json:"wake_at,omitzero"`   // the instant last asked for
	Seqs       map[string]string   `json:"seqs,omitempty"`     // newest mark (sent, seq, event) by subject
	Problems   []Problem           `json:"problems,omitempty"` // what people should know is wrong just now
	// Offer is set while the request is a draft; nothing of it is shown outside but the offer. It stays set when the
	// draft is dismissed or expires.
	Offer *Offer `json:"offer,omitempty"`
	// Heard is the Seq of the newest message that the description was made from: what is older was said before.
	Heard    string      `json:"heard,omitempty"`
	Comments []Comment   `json:"comments,omitempty"` // append only; Comments[i].Number == i+1
	Files    []FileState `json:"files,omitempty"`    // append only; Files[i].Number == i+1
	Assets   []Asset     `json:"assets,omitempty"`   // append only
	// Signed is the version that was approved (as Vote.Version), while the request is approved.
	Signed string `json:"signed,omitempty"`
	Brief  *Brief `json:"brief,omitempty"`
	// Parts are its subtasks; append only, Parts[i].Number == i+1. Each has a ticket of its own below the request's: a Show
	// of the purpose "part/<Number>".
	Parts []Part `json:"parts,omitempty"`
	// StartNow: once it starts it goes to review without work being asked for first.
	StartNow bool `json:"start_now,omitempty"`
	// Info are the spans during which the request waited for its requester to complete it.
	Info []Wait `json:"info,omitempty"`
	// Triage says why the request waits for triage; empty: it does not. Until is when a snoozed request comes back.
	Triage string    `json:"triage,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	// Triagers are those who are asked there: a "#channel", or names of the directory. Triaged is what they said last.
	Triagers []string `json:"triagers,omitempty"`
	Triaged  *Triaged `json:"triaged,omitempty"`
	// Into is the request that this one was merged into; Joined are those that were merged into this one.
	Into   RequestID   `json:"into,omitempty"`
	Joined []RequestID `json:"joined,omitempty"`
	// Away is who was away when the newest event was decided, and who stood in.
	Away []Absence `json:"away,omitempty"`
	// Unreached are those who were to be asked in chat and have no account there; they are asked by mail.
	Unreached []string `json:"unreached,omitempty"`
	// Bounced are the addresses that took no mail and never will.
	Bounced []string `json:"bounced,omitempty"`
}

// Part is one subtask of a request.
type Part struct {
	Number   int       `json:"number"`
	Title    string    `json:"title"`
	Effort   float64   `json:"effort,omitempty"` // hours
	Due      time.Time `json:"due,omitzero"`     // counted back from the request's due date
	Assignee Actor     `json:"assignee,omitzero"`
	Skills   []string  `json:"skills,omitempty"`
	After    []int     `json:"after,omitempty"`  // numbers of those that come before it
	Done     time.Time `json:"done,omitzero"`    // when the tracker said so
	Status   string    `json:"status,omitempty"` // the tracker's own name
	Gone     string    `json:"gone,omitempty"`   // why its ticket cannot be written any more
}

// Offer is a draft put before one person, who may make it a request.
type Offer struct {
	To    Actor     `json:"to"`    // who may confirm it
	Where Ref       `json:"where"` // where it was offered
	Way   string    `json:"way"`   // emoji, watch, direct
	Until time.Time `json:"until"`
	// Fields are those of the submission; the rules read them again when the draft is confirmed.
	Fields map[string][]string `json:"fields,omitempty"`
}

// Comment is something said in the thread or the ticket, and its copy on the other side: a Show of the purpose
// "comment/<Number>". Body is kept only until the copy shows it.
type Comment struct {
	Number     int       `json:"number"`
	Said       Ref       `json:"said"`
	By         Actor     `json:"by"`
	At         time.Time `json:"at"`
	URL        string    `json:"url,omitempty"`
	Mark       string    `json:"mark,omitempty"` // of the newest change that is known
	Body       text.Doc  `json:"body,omitempty"`
	Edited     time.Time `json:"edited,omitzero"`
	Removed    time.Time `json:"removed,omitzero"`
	RemovedBy  Actor     `json:"removed_by,omitzero"` // zero: not said
	Restricted bool      `json:"restricted,omitempty"`
	Earlier    bool      `json:"earlier,omitempty"` // the description was made from it; the comment tells of a change
	Pending    bool      `json:"pending,omitempty"` // the copy does not show yet what is known
	// Automatic: a machine answered, as a vacation reply.
	Automatic bool   `json:"automatic,omitempty"`
	Words     string `json:"words,omitempty"` // digest of the newest words that are known
}

// FileFate says what became of a file.
type FileFate string

// The fates of a file.
const (
	FileWaiting  FileFate = "waiting" // on its way
	FileCopied   FileFate = "copied"  //
	FileTooLarge FileFate = "too_large"
	FileRefused  FileFate = "refused" // Why says it in a sentence with what to do
	FileLinked   FileFate = "linked"  // lives elsewhere
	FileGone     FileFate = "gone"    // the source has it no more
)

// FileState is a file that was added to the request, and its copy on the other side: a Copy of the purpose
// "file/<Number>".
type FileState struct {
	File
	Number  int       `json:"number"`
	By      Actor     `json:"by"`
	At      time.Time `json:"at"`
	Comment int       `json:"comment,omitempty"` // the comment it came with
	Fate    FileFate  `json:"fate"`
	Why     string    `json:"why,omitempty"`
}

// Places are the connector instances a request lives in, fixed when it is opened.
type Places struct {
	Chat    string `json:"chat,omitempty"`    // where people are asked; empty: nobody is asked in chat
	Tracker string `json:"tracker,omitempty"` // where the ticket is kept
	Mail    string `json:"mail,omitempty"`    // through which people are written to; empty: nobody gets mail
}

// TicketState mirrors what the tracker last said of the ticket when somebody moved it by hand.
type TicketState struct {
	Status  string    `json:"status,omitempty"` // the tracker's own name
	Word    Status    `json:"word,omitempty"`   // the status word mapped to it, empty without one
	MovedBy Actor     `json:"moved_by,omitzero"`
	MovedAt time.Time `json:"moved_at,omitzero"`
	// Held is true from a move by hand until our own status changes: so long the ticket's status is left alone.
	Held bool `json:"held,omitempty"`
	// Bypassed counts how often the ticket was moved past an open approval in this revision and moved back.
	Bypassed int `json:"bypassed,omitempty"`
	// Pushed counts how often that was done in all revisions.
	Pushed int `json:"pushed,omitempty"`
	// Gone says why the ticket cannot be written any more: deleted, archived, hidden. Again counts the new tickets that
	// people asked for since.
	Gone  string `json:"gone,omitempty"`
	Again int    `json:"again,omitempty"`
	// Before is the newest move that was known when the work on this revision began; a late report of an older one
	// says nothing about this revision.
	Before string `json:"before,omitempty"`
}

// Work is the making of one revision: who was asked for it and who sent it to review.
type Work struct {
	Round    int       `json:"round"`
	Asked    []Actor   `json:"asked,omitempty"` // the last one is asked now
	First    string    `json:"first,omitempty"` // Actor.ID of the first one asked, whose card has the short purpose
	By       Actor     `json:"by,omitzero"`
	At       time.Time `json:"at,omitzero"`
	Note     text.Doc  `json:"note,omitempty"`
	Reverted time.Time `json:"reverted,omitzero"` // the wish for this revision was taken back
	Before   string    `json:"before,omitempty"`  // the newest version when the work was asked for, as Vote.Version
}

// Sent reports whether the revision's work was sent to review.
func (w Work) Sent() bool { return !w.At.IsZero() }

// Problem is something wrong that a person should know, shown on the card and the page until it is over.
type Problem struct {
	Purpose string    `json:"purpose"` // the effect's purpose, or the stage
	Text    string    `json:"text"`
	Since   time.Time `json:"since"`
}

// StageState says where a stage run stands.
type StageState string

// The states of a stage run.
const (
	StageOpen     StageState = "open"
	StageApproved StageState = "approved"
	StageChanges  StageState = "changes_requested"
	StageDeclined StageState = "declined"
	StageSkipped  StageState = "skipped"   // its condition did not hold
	StageStopped  StageState = "stopped"   // another stage decided first, or the request was withdrawn
	StageReverted StageState = "withdrawn" // an undo took back the decision that had opened it
	StageExpired  StageState = "expired"
	// StageSuperseded: a new version of the work came, and what was said of the old one does not count for it.
	StageSuperseded StageState = "superseded"
)

// StageRun is one stage in one revision, with its timestamps.
type StageRun struct {
	Name          string       `json:"name"`
	Round         int          `json:"round"`
	Together      int          `json:"together"` // stages of one number run side by side
	State         StageState   `json:"state"`
	Why           string       `json:"why,omitempty"` // why it was skipped or stopped
	Entered       time.Time    `json:"entered"`
	FirstResponse time.Time    `json:"first_response,omitzero"`
	Decided       time.Time    `json:"decided,omitzero"`
	DecidedBy     []Actor      `json:"decided_by,omitempty"`
	Asked         []Actor      `json:"asked,omitempty"` // everybody who was asked in this run
	Waiting       []Wait       `json:"waiting,omitempty"`
	Delegated     []Delegation `json:"delegated,omitempty"`
	Added         []string     `json:"added,omitempty"` // people an escalation allowed to act
	// Covers are those who are asked now in place of people who are away.
	Covers []Cover `json:"covers,omitempty"`
	// Version is what the stage is about, as Vote.Version: the newest that its policy has been applied to. Replaces is
	// the one before, about which people were asked or voted.
	Version  string `json:"version,omitempty"`
	Replaces string `json:"replaces,omitempty"`
}

// Wait is a span during which the stage waited on the same people; To is zero while it lasts.
type Wait struct {
	On   []string  `json:"on"`
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
}

// Delegation hands From's place in a stage run to To.
type Delegation struct {
	From Actor     `json:"from"`
	To   Actor     `json:"to"`
	At   time.Time `json:"at"`
	// By handed it over in From's place, while From was away; zero: From did.
	By Actor `json:"by,omitzero"`
}

// Verdict is what a reviewer says.
type Verdict string

// The verdicts.
const (
	Approve        Verdict = "approve"
	RequestChanges Verdict = "request_changes"
	Decline        Verdict = "decline"
)

// Vote is one verdict as it was given. Undone votes stay, marked.
type Vote struct {
	Event   string    `json:"event"`
	Stage   string    `json:"stage"`
	Round   int       `json:"round"`
	Version string    `json:"version,omitempty"`
	By      Actor     `json:"by"`
	For     Actor     `json:"for,omitzero"` // on whose behalf
	Verdict Verdict   `json:"verdict"`
	Note    text.Doc  `json:"note,omitempty"`
	Via     string    `json:"via,omitempty"` // the connector instance or "api", "web"
	At      time.Time `json:"at"`
	Undone  time.Time `json:"undone,omitzero"`
	// Stale votes were given for a version that was replaced, and do not count any more.
	Stale bool `json:"stale,omitempty"`
	// Checked are the lines of the stage's checklist that were ticked.
	Checked []string `json:"checked,omitempty"`
}

// Point is one numbered change request.
type Point struct {
	Number int       `json:"number"`
	Round  int       `json:"round"` // the revision it was asked of
	Stage  string    `json:"stage"`
	By     Actor     `json:"by"`
	Note   text.Doc  `json:"note"`
	At     time.Time `json:"at"`
	Answer text.Doc  `json:"answer,omitempty"`
	// Said is the comment it was asked in and URL where people read it; zero for one that came with a vote or from a page.
	Said Ref    `json:"said,omitzero"`
	URL  string `json:"url,omitempty"`
	// Version is what it was asked of, as Vote.Version.
	Version    string    `json:"version,omitempty"`
	AnsweredBy Actor     `json:"answered_by,omitzero"`
	AnsweredAt time.Time `json:"answered_at,omitzero"`
	Resolved   time.Time `json:"resolved,omitzero"`
	ResolvedBy Actor     `json:"resolved_by,omitzero"`
}

// Link joins the request to something outside. Purposes: "thread" (where it came from), "card", "ticket",
// "ask/<round>/<stage>/<person>", "work/<round>" ("work/<round>/<person>" for whoever is asked after the first),
// "ticket/thread" (the thread as a link on the ticket), "channel" (where a request without a thread came from),
// "joined/<request>/<purpose>" (where a request that was merged with this one came from), "comment/<n>", "file/<n>", "asset/<n>" (so that what happens there finds the request), "brief", and "<purpose>/thread": the thread below a message of ours, where people answer it.
type Link struct {
	Ref     Ref    `json:"ref"`
	Purpose string `json:"purpose"`
	Label   string `json:"label,omitempty"` // what people call it: DES-7
	URL     string `json:"url,omitempty"`   // where a browser opens it
	Shown   string `json:"shown,omitempty"` // digest of the view last written there
	Version int64  `json:"version,omitempty"`
}

// Shown keeps, per purpose, the last view that was asked for and whether it is confirmed.
type Shown struct {
	Digest  string `json:"digest"`
	Version int64  `json:"version"`
	Settled bool   `json:"settled"`          // effect.done arrived for this version
	Parked  string `json:"parked,omitempty"` // why it was given up
}

// Link returns the link of a purpose.
func (r Request) Link(purpose string) (Link, bool) {
	for _, l := range r.Links {
		if l.Purpose == purpose {
			return l, true
		}
	}
	return Link{}, false
}

// Open returns the stage runs that wait for votes now.
func (r Request) Open() []StageRun {
	var open []StageRun
	for _, s := range r.Stages {
		if s.State == StageOpen {
			open = append(open, s)
		}
	}
	return open
}
