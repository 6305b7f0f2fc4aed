package server

import (
	"time"

	"signoff/internal/flow"
	"signoff/rules"
)

// SchemaVersion is the version of every JSON answer of the API; it grows when a field changes its meaning or goes.
const SchemaVersion = 1

// Person is somebody in an answer of the API.
type Person struct {
	Name  string `json:"name,omitempty"` // in the directory; empty for people outside it
	Shown string `json:"shown"`
	ID    string `json:"id"` // the identity by which votes are counted
}

// RequestItem is one request in a list.
type RequestItem struct {
	ID        flow.RequestID `json:"id"`
	Key       flow.RequestID `json:"key"` // what people call it: CR-142; the API takes it, and the ticket's key, as id
	Title     string         `json:"title"`
	Status    flow.Status    `json:"status"`
	Stages    []string       `json:"stages"` // open now
	Revision  int            `json:"revision"`
	Type      string         `json:"type,omitempty"`
	Workflow  string         `json:"workflow,omitempty"`
	Rule      string         `json:"rule,omitempty"`
	Ruleset   string         `json:"ruleset"`
	Source    string         `json:"source"`
	Project   string         `json:"project,omitempty"`
	Priority  string         `json:"priority,omitempty"`
	Labels    []string       `json:"labels"`
	Requester Person         `json:"requester"`
	Assignee  *Person        `json:"assignee,omitempty"`
	WaitingOn []string       `json:"waiting_on"` // identities asked now
	// Triage says why it waits for triage, Until when it comes back where it is snoozed, Into which request it was merged into.
	Triage  string         `json:"triage,omitempty"`
	Until   *time.Time     `json:"until,omitempty"`
	Into    flow.RequestID `json:"into,omitempty"`
	Ticket  *TicketItem    `json:"ticket,omitempty"`
	Due     *time.Time     `json:"due,omitempty"`
	Opened  time.Time      `json:"opened"`
	Updated time.Time      `json:"updated"`
	Closed  *time.Time     `json:"closed,omitempty"`
	URL     string         `json:"url"`
}

// TicketItem is a request's ticket.
type TicketItem struct {
	Key    string `json:"key"`
	URL    string `json:"url,omitempty"`
	Status string `json:"status,omitempty"`
	// Gone says why it cannot be written any more: deleted, archived, hidden.
	Gone string `json:"gone,omitempty"`
	// Bypassed counts how often it was moved past an open approval in this revision and moved back.
	Bypassed int `json:"bypassed,omitempty"`
}

// RequestList answers GET /api/v1/requests.
type RequestList struct {
	SchemaVersion int           `json:"schema_version"`
	Requests      []RequestItem `json:"requests"`
	Total         int           `json:"total"`
	Next          string        `json:"next,omitempty"` // give it as page= for the next page
}

// StageItem is one stage of one revision with its timestamps.
type StageItem struct {
	Name          string          `json:"name"`
	Revision      int             `json:"revision"`
	State         flow.StageState `json:"state"`
	Why           string          `json:"why,omitempty"`
	Entered       *time.Time      `json:"entered,omitempty"`
	FirstResponse *time.Time      `json:"first_response,omitempty"`
	Decided       *time.Time      `json:"decided,omitempty"`
	DecidedBy     []Person        `json:"decided_by"`
	Asked         []Person        `json:"asked"`
	Waiting       []WaitItem      `json:"waiting"`
	// Covers are those who are asked now in place of people who are away.
	Covers []CoverItem `json:"covers,omitempty"`
}

// CoverItem is somebody who is asked in another's place.
type CoverItem struct {
	By  Person `json:"by"`
	For Person `json:"for"`
}

// WaitItem is a span in which a stage waited on the same people.
type WaitItem struct {
	On   []string   `json:"on"`
	From time.Time  `json:"from"`
	To   *time.Time `json:"to,omitempty"`
}

// VoteItem is one vote.
type VoteItem struct {
	Stage    string       `json:"stage"`
	Revision int          `json:"revision"`
	Version  string       `json:"version,omitempty"`
	By       Person       `json:"by"`
	For      *Person      `json:"for,omitempty"`
	Verdict  flow.Verdict `json:"verdict"`
	Note     string       `json:"note,omitempty"`
	Via      string       `json:"via,omitempty"`
	At       time.Time    `json:"at"`
	Undone   *time.Time   `json:"undone,omitempty"`
	Checked  []string     `json:"checked,omitempty"` // the lines of the checklist that were ticked
	Stale    bool         `json:"stale,omitempty"`   // given for a version that was replaced: it does not count any more
}

// FieldItem is a field of a request's type.
type FieldItem struct {
	Name    string   `json:"name"`
	Label   string   `json:"label"`
	Type    string   `json:"type"`
	Choices []string `json:"choices,omitempty"`
	Help    string   `json:"help,omitempty"`
}

// PartItem is a subtask of a request.
type PartItem struct {
	Number      int         `json:"number"`
	Title       string      `json:"title"`
	EffortHours float64     `json:"effort_hours,omitempty"`
	Due         *time.Time  `json:"due,omitempty"`
	Assignee    *Person     `json:"assignee,omitempty"`
	Skills      []string    `json:"skills,omitempty"`
	After       []int       `json:"after,omitempty"` // numbers of those that come before it
	Ticket      *TicketItem `json:"ticket,omitempty"`
	Done        *time.Time  `json:"done,omitempty"` // when the tracker said so
}

// BriefItem is the page that says what is wanted, with its words as they were read last.
type BriefItem struct {
	Title string  `json:"title"`
	By    *Person `json:"by,omitempty"`
	URL   string  `json:"url,omitempty"`
	Words string  `json:"words,omitempty"`
}

// PointItem is one numbered change request.
type PointItem struct {
	Number   int       `json:"number"`
	Revision int       `json:"revision"`
	Stage    string    `json:"stage"`
	By       Person    `json:"by"`
	Note     string    `json:"note"`
	Answer   string    `json:"answer,omitempty"`
	At       time.Time `json:"at"`
	// Open: nobody has answered or resolved it. URL is where it was asked.
	Open       bool       `json:"open"`
	URL        string     `json:"url,omitempty"`
	Version    string     `json:"version,omitempty"` // of the work it was asked of
	AnsweredBy *Person    `json:"answered_by,omitempty"`
	Resolved   *time.Time `json:"resolved,omitempty"`
	ResolvedBy *Person    `json:"resolved_by,omitempty"`
}

// AssetItem is a file or page of work that is decided on, with the versions of it that are known, the newest last.
type AssetItem struct {
	System   string             `json:"system"`
	Type     string             `json:"type"`
	Key      string             `json:"key"`
	Label    string             `json:"label,omitempty"`
	URL      string             `json:"url,omitempty"`
	Gone     string             `json:"gone,omitempty"`
	Versions []AssetVersionItem `json:"versions"`
}

// AssetVersionItem is one exact state of an asset.
type AssetVersionItem struct {
	ID   string     `json:"id"`
	Name string     `json:"name,omitempty"`
	By   *Person    `json:"by,omitempty"`
	At   *time.Time `json:"at,omitempty"`
	URL  string     `json:"url,omitempty"`
}

// LinkItem joins the request to something outside.
type LinkItem struct {
	Purpose string `json:"purpose"`
	System  string `json:"system"`
	Type    string `json:"type"`
	Key     string `json:"key"`
	Label   string `json:"label,omitempty"`
	URL     string `json:"url,omitempty"`
}

// EventItem is one event of a request with the reasons of its decision.
type EventItem struct {
	Seq     uint64    `json:"seq"`
	Version int64     `json:"version"`
	ID      string    `json:"id"`
	Kind    flow.Kind `json:"kind"`
	At      time.Time `json:"at"`
	Actor   *Person   `json:"actor,omitempty"`
	Text    string    `json:"text,omitempty"`
	Ruleset string    `json:"ruleset"`
	// Echo marks what we did ourselves, come back as news.
	Echo    bool          `json:"echo,omitempty"`
	Why     []flow.Reason `json:"why"`
	Effects []string      `json:"effects"`
}

// EffectItem is the fate of one effect.
type EffectItem struct {
	ID       string     `json:"id"`
	Purpose  string     `json:"purpose"`
	Target   string     `json:"target"`
	State    string     `json:"state"`
	Attempts int        `json:"attempts"`
	At       time.Time  `json:"at"`
	Next     *time.Time `json:"next,omitempty"`
	Why      string     `json:"why,omitempty"`
	Job      string     `json:"job,omitempty"`
}

// RequestDetail answers GET /api/v1/requests/{id}.
type RequestDetail struct {
	SchemaVersion int `json:"schema_version"`
	RequestItem
	Description string              `json:"description,omitempty"`
	Brief       *BriefItem          `json:"brief,omitempty"`
	Fields      map[string][]string `json:"fields"`
	Missing     []FieldItem         `json:"missing"` // what the request waits for before it starts
	Info        []WaitItem          `json:"info"`    // the spans in which it waited for its requester
	Parts       []PartItem          `json:"parts"`
	StageRuns   []StageItem         `json:"stage_runs"`
	Votes       []VoteItem          `json:"votes"`
	Points      []PointItem         `json:"points"`
	Assets      []AssetItem         `json:"assets"`
	DecidesOn   string              `json:"decides_on"` // what a vote's version names now: version ids joined by +, or the revision
	Links       []LinkItem          `json:"links"`
	Problems    []string            `json:"problems"`
	Comments    []CommentItem       `json:"comments"`
	Files       []FileItem          `json:"files"`
	Events      []EventItem         `json:"events"`
	Effects     []EffectItem        `json:"effects"`
}

// DeliveryItem is one delivery; Body only where a single one was asked for, with response addresses masked.
type DeliveryItem struct {
	ID       string             `json:"id"`
	Instance string             `json:"instance"`
	Kind     string             `json:"kind"`
	At       time.Time          `json:"at"`
	State    flow.DeliveryState `json:"state"`
	Why      string             `json:"why,omitempty"`
	Request  flow.RequestID     `json:"request,omitempty"`
	Size     int                `json:"size"`
	Body     string             `json:"body,omitempty"`
	Events   []EventItem        `json:"events,omitempty"`
	// Rules is what the rules in use make of it, where it led to no event.
	Rules []ExplainedItem `json:"rules,omitempty"`
}

// ExplainedItem is what the rules in use make of something: what was read from its words, each rule that was tried with
// the first test that failed, and what would be done.
type ExplainedItem struct {
	Kind    flow.Kind        `json:"kind"`
	Ruleset string           `json:"ruleset"`
	Read    []rules.ReadLine `json:"read,omitempty"`
	Rules   []rules.RuleLine `json:"rules"`
	Do      []rules.DoLine   `json:"do,omitempty"`
}

// DeliveryList answers GET /api/v1/deliveries.
type DeliveryList struct {
	SchemaVersion int            `json:"schema_version"`
	Deliveries    []DeliveryItem `json:"deliveries"`
	// Effects that were given up, on the first page of state=dead: they are replayed by their job.
	Effects []EffectItem `json:"effects,omitempty"`
	Next    string       `json:"next,omitempty"`
}

// IntakeInput is the body of POST /api/v1/requests.
type IntakeInput struct {
	Type      string              `json:"type,omitempty"`
	Title     string              `json:"title,omitempty"`
	Text      string              `json:"text"`
	Fields    map[string][]string `json:"fields,omitempty"` // a single string per field is taken too
	Requester string              `json:"requester,omitempty"`
}

// VoteInput is the body of POST /api/v1/requests/{id}/votes.
type VoteInput struct {
	Stage   string       `json:"stage,omitempty"`
	Verdict flow.Verdict `json:"verdict"`
	Note    string       `json:"note,omitempty"`
	Version string       `json:"version,omitempty"`
	Confirm bool         `json:"confirm,omitempty"`
	// Checked are the lines of the stage's checklist that were ticked, as they read.
	Checked []string `json:"checked,omitempty"`
}

// DetailsInput is the body of POST /api/v1/requests/{id}/details. Values may be one text or a list.
type DetailsInput struct {
	Fields map[string]any `json:"fields,omitempty"`
	Note   string         `json:"note,omitempty"`
}

// TriageInput is the body of POST /api/v1/requests/{id}/triage.
type TriageInput struct {
	Action   string `json:"action"`             // accept, decline, merge, snooze
	Assignee string `json:"assignee,omitempty"` // accept: who does it
	Into     string `json:"into,omitempty"`     // merge
	Until    string `json:"until,omitempty"`    // snooze
	Note     string `json:"note,omitempty"`     // decline: needed
}

// PauseItem is a rule that says nothing until an instant.
type PauseItem struct {
	Rule    string    `json:"rule"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
	Reason  string    `json:"reason"`
	By      *Person   `json:"by,omitempty"` // absent: signoff itself
	Waiting int       `json:"waiting"`
}

// PauseList answers GET /api/v1/pauses.
type PauseList struct {
	SchemaVersion int         `json:"schema_version"`
	Pauses        []PauseItem `json:"pauses"`
}

// PauseInput is the body of POST /api/v1/pauses.
type PauseInput struct {
	Rule   string `json:"rule"`
	For    string `json:"for"`
	Reason string `json:"reason"`
}

// PauseAnswer answers POST /api/v1/pauses.
type PauseAnswer struct {
	SchemaVersion int       `json:"schema_version"`
	Pause         PauseItem `json:"pause"`
}

// ResumeInput is the body of POST /api/v1/pauses/end.
type ResumeInput struct {
	Rule string `json:"rule"`
	Drop bool   `json:"drop,omitempty"`
}

// VoteAnswer answers a vote. Counted is false with a 403, 409 or 410.
type VoteAnswer struct {
	SchemaVersion int         `json:"schema_version"`
	Counted       bool        `json:"counted"`
	Code          string      `json:"code"`
	Why           string      `json:"why"`
	Request       RequestItem `json:"request"`
}

// Problem is the body of every refusal of the API.
type Problem struct {
	SchemaVersion int               `json:"schema_version"`
	Error         string            `json:"error"` // stable code: unauthorized, not_found, bad_request, …
	Message       string            `json:"message"`
	Fields        map[string]string `json:"fields,omitempty"` // messages by field
}

// DeliveryAnswer answers GET /api/v1/deliveries/{id}.
type DeliveryAnswer struct {
	SchemaVersion int          `json:"schema_version"`
	Delivery      DeliveryItem `json:"delivery"`
}

// ReplayAnswer answers POST /api/v1/deliveries/{id}/replay.
type ReplayAnswer struct {
	SchemaVersion int    `json:"schema_version"`
	ID            string `json:"id"`
	State         string `json:"state"` // waiting: it is being tried again
}

// HeldAnswer answers POST /api/v1/deliveries/{id}/answer: what the delivery is now, and its request where it has one.
type HeldAnswer struct {
	SchemaVersion int    `json:"schema_version"`
	ID            string `json:"id"`
	State         string `json:"state"`
	Request       string `json:"request,omitempty"`
}
