package flow

import (
	"time"

	"signoff/internal/text"
)

// Policy is what a request is judged by: the ruleset that opened it, joined with the directory as it is now. It is
// implemented by package rules; all methods are pure and total, so that the same record gives the same answer.
type Policy interface {
	// Ruleset and Directory return digests, for the record.
	Ruleset() string
	Directory() string
	// Stages lists the stages of the request's workflow in order, with conditions judged for r. Empty: no approval.
	Stages(r Request) []StageDef
	// Reviewers expands a stage's reviewers with today's directory, in order, each person once.
	Reviewers(r Request, stage string) []Reviewer
	// Missing lists the fields that the request's template requires and that are empty, in the order of its form.
	Missing(r Request) []Field
	// Parts lists the subtasks of the request's template as its fields and due date stand now.
	// Those it has keep their assignees; those that are still to be made get them by the answers.
	Parts(r Request, a Answers) []Part
	// Due says when a stage entered at from is due for one reviewer, in their own calendar; zero: no limit.
	Due(r Request, stage string, person Actor, from time.Time) time.Time
	// Plan lists what time alone brings to an open stage run after the instant after: reminders, escalation steps and
	// the timeout, ordered by instant. waiting are the reviewers still asked. A cron reminder lists its next slot only.
	// Step asks twice, from the instant the stage was entered and from the last look, and lets each name come once.
	Plan(r Request, run StageRun, waiting []Actor, after time.Time) []Moment
	// Person tells what the directory knows of a name.
	Person(name string) (Person, bool)
	// Match finds the directory's person by e-mail, any case; Actor.Name stays empty when there is none.
	Match(email string) string
	// Working returns the working time between two instants in a person's calendar ("" = the workspace's).
	Working(person string, from, to time.Time) time.Duration
	// Text returns the ruleset's own wording for a message key, rendered; false where it has none.
	Text(key string, d TextData) (text.Doc, bool)
	// Zone is the workspace's time zone, in which sentences state times for everybody.
	Zone() *time.Location
}

// Quorum says how many distinct approvals a stage needs. All means every reviewer.
type Quorum struct {
	N   int
	All bool
}

// StageDef is one stage as the workflow defines it.
type StageDef struct {
	Name      string
	Together  int // stages of one number run side by side; numbers ascend
	Needs     Quorum
	FourEyes  bool
	Assurance string // chat, web, web+reauth
	Checklist []string
	Skip      string // why the stage does not apply to this request; empty: it applies
	// Limit in words ("8 working hours"), empty without one. OnTimeout: wait, escalate, expire, approve, decline.
	Limit     string
	OnTimeout string
	// OnChanges is where a request goes whose changes were asked for: "back to designer" (default).
	OnChanges string
	// NewVersion is what a new version of the work does to a stage that is open or approved: "void" (default: review
	// starts again), "ask again" (those who decided on the old one), "keep with notice", "restart from <stage>".
	NewVersion string
}

// Reviewer is somebody who may decide a stage.
type Reviewer struct {
	Actor
	Veto bool // their decline is final at once
}

// Person is what the directory says of somebody.
type Person struct {
	Name   string
	Shown  string // Ana Reyes
	Email  string
	Zone   *time.Location
	Backup string
	// Language is the one they are written to in, such as "de"; empty: the workspace's.
	Language string
}

// MomentKind says what a Moment brings.
type MomentKind string

// The kinds of moment.
const (
	Remind   MomentKind = "remind"
	Escalate MomentKind = "escalate"
	Timeout  MomentKind = "timeout"
)

// Moment is something that time alone brings to an open stage.
type Moment struct {
	Name string // stable within the request: says kind, stage, round, which entry, which person, which slot
	Kind MomentKind
	At   time.Time
	To   []Actor // who is told
	// Where: "thread", "dm", or "#channel"; a via that is not configured has already fallen back to "dm".
	Where      []string
	Text       string // key of the message text, empty: the built-in one
	MayApprove bool   // Escalate: those told may act from now on
	Bundle     string // digest slot label, empty: said alone
	Step       int    // Escalate: which step, from 1
	Share      int    // Remind: percent of the time limit used, 0 for cron reminders
	// Was is when it would have come, had the recipient worked on that day; zero: then.
	Was time.Time
}

// TextData is what a message template may use.
type TextData struct {
	Request Request
	Stage   string
	Person  Person
	Waited  time.Duration // working time since the stage was entered
	Due     time.Time
	Link    string
	Extra   map[string]string
	// Language is that of whoever reads it alone; empty: the workspace's.
	Language string
}

// Routing is what the rules decided about a new request, with every reason.
type Routing struct {
	Ignore     bool                `json:"ignore,omitempty"` // make no request
	Rule       string              `json:"rule"`
	Title      string              `json:"title"`
	Template   string              `json:"template,omitempty"`
	Workflow   string              `json:"workflow,omitempty"`
	Project    string              `json:"project,omitempty"`
	Priority   string              `json:"priority,omitempty"`
	Labels     []string            `json:"labels,omitempty"`
	Assignee   string              `json:"assignee,omitempty"`
	Reminders  []string            `json:"reminders,omitempty"`
	Escalation string              `json:"escalation,omitempty"`
	Effort     float64             `json:"effort,omitempty"`    // hours
	StartNow   bool                `json:"start_now,omitempty"` // start: review
	Due        time.Time           `json:"due,omitzero"`
	Fields     map[string][]string `json:"fields,omitempty"`
	Parts      []Part              `json:"parts,omitempty"`
	// Triage says why a person must look first; the request stays in intake. Empty: nobody must.
	Triage string   `json:"triage,omitempty"`
	Why    []Reason `json:"why,omitempty"`
}

// Facts are the answers the deciding transaction gave; they are kept with the record.
type Facts struct {
	New     RequestID `json:"new,omitempty"` // the id for a request that is being opened
	Routing *Routing  `json:"routing,omitempty"`
	Places  Places    `json:"places,omitzero"`
	Answers Answers   `json:"answers,omitzero"`
	// Bypass is what the tracker's settings want when somebody moves a ticket past an open approval: "flag" or "move
	// back"; empty means flag. Present for TicketMoved.
	Bypass string `json:"bypass,omitempty"`
	// Muted: the actor wants no drafts made of what they write. Present for submissions that are drafts.
	Muted bool `json:"muted,omitempty"`
	// Triager: the actor answers for triage. Triage: who does, as Request.Triagers; present where a request is opened. Other:
	// the other half of a merge.
	Triager bool     `json:"triager,omitempty"`
	Triage  []string `json:"triage,omitempty"`
	Other   *Joint   `json:"other,omitempty"`
	// Away lists who is away at the instant of the event and who stands in; present for every event, nil: nobody.
	Away []Absence `json:"away,omitempty"`
	// Attach: files added to the ticket are carried into the thread too. Present for events with Files.
	Attach bool `json:"attach,omitempty"`
}

// Absence says that somebody is away until an instant and who stands in for them: Cover is the end of the chain of
// covers, at most five long, and empty where nobody of it is there.
type Absence struct {
	Person string    `json:"person"`
	Cover  string    `json:"cover,omitempty"`
	Until  time.Time `json:"until,omitzero"`
}

// Answers are replies to the rules' needs.
type Answers struct {
	Load map[string]float64 `json:"load,omitempty"` // hours of open work by person
	Turn map[string]int     `json:"turn,omitempty"` // round-robin counter by group
	Away []string           `json:"away,omitempty"` // who is away, and gets no new work
	// Cover names who stands in for them; absent: nobody. Present is the share of the coming week's working time in which
	// somebody is there, where it is not all of it.
	Cover   map[string]string  `json:"cover,omitempty"`
	Present map[string]float64 `json:"present,omitempty"`
}

// Reason is one line of "why": Code is stable English, Text a plain sentence, Place where in the rule files.
type Reason struct {
	Code  string `json:"code"`
	Text  string `json:"text"`
	Place string `json:"place,omitempty"` // file:line
	Held  bool   `json:"held,omitempty"`  // a tried condition held
}

// Record is the journal's entry: written by the deciding transaction, in decision order.
type Record struct {
	Seq       uint64    `json:"seq"`
	Request   RequestID `json:"request"`
	Version   int64     `json:"version"`
	Event     Event     `json:"event"`
	Facts     Facts     `json:"facts,omitzero"`
	Ruleset   string    `json:"ruleset"`
	Directory string    `json:"directory"`
	Why       []Reason  `json:"why,omitempty"`
	Effects   []string  `json:"effects,omitempty"`
}

// Outcome is what Step returns. When Request.Version has not grown the event left no record: Request is as it was and
// there are no effects. Why is never empty; its first reason says by a stable code what became of the event.
type Outcome struct {
	Request Request
	Effects []Effect
	Terms   []string // what Terms returns for Request
	Why     []Reason
}
