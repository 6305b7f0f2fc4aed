package engine

import (
	"errors"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/text"
)

// Errors that callers above the engine tell people about.
var (
	// ErrUnknown: no such request, delivery or job.
	ErrUnknown = errors.New("not found")
	// ErrStopping: the engine takes nothing new.
	ErrStopping = errors.New("shutting down")
)

// Intake is a request written by a program or on a page of ours.
type Intake struct {
	// Delivery is the sender's own id: the same Intake twice makes one request.
	Delivery  string
	Source    string // "api", "web"
	Type      string // request type, may be empty
	Title     string // may be empty: made from the template or the first line
	Text      string
	Fields    map[string][]string
	Requester flow.Actor
}

// VoteInput is a verdict given outside chat.
type VoteInput struct {
	Delivery string // the sender's own id; empty: a fresh one
	Request  flow.RequestID
	Stage    string // empty: the open stage in which the person may act
	Verdict  flow.Verdict
	Note     text.Doc
	Version  string
	By       flow.Actor
	Via      string // "api", "web", "link" (a decision link in a mail)
	// Checked are the lines of the stage's checklist that were ticked.
	Checked []string
	// Confirmed: they approve although change requests are open, of which they have been told.
	Confirmed bool
}

// VoteResult says what became of a vote.
type VoteResult struct {
	Counted bool
	// Code is stable: recorded, already, closed, not_reviewer, four_eyes, stale, note_needed, not_open, unknown_stage.
	Code    string
	Why     string // one sentence for the person
	Request flow.Request
}

// Filter selects requests for a list.
type Filter struct {
	Status    flow.Status
	Stage     string
	WaitingOn string // directory name
	Text      string // in key, title, ticket label
	Open      bool   // only requests that are not closed
	Page      string // cursor from the previous page
	Limit     int
}

// RequestPage is one page of requests.
type RequestPage struct {
	Requests []flow.Request
	Next     string
	Total    int
}

// Detail is everything about one request.
type Detail struct {
	Request flow.Request
	Records []flow.Record // by version
	Effects []EffectState // what was asked of the outside and what became of it
	Waiting []flow.Actor  // who is asked now
	Missing []flow.Field  // what the request waits for before it starts
	Stages  []flow.StageDef
}

// EffectState is the fate of one effect.
type EffectState struct {
	ID       string
	Purpose  string
	Target   string
	State    string // done, superseded, expired, waiting, retrying, parked
	Attempts int
	At       time.Time // last change
	Next     time.Time // when it is tried again
	Why      string
	Job      string // id to replay, when parked
}

// Health says how the engine is.
type Health struct {
	Ready   bool
	Reasons []string // why not, or what is degraded
	Rules   string   // digest in use
	// RulesError holds the problems of the last reload that was refused, "" when it went well.
	RulesError string
	Queue      map[store.JobState]int
	Inbox      map[flow.DeliveryState]int
	Stopped    map[string]string // instances that were stopped, with the reason
	Paused     []Pause           // rules that say nothing just now
	Triage     int               // requests that wait for triage
	// Connections are those of instances through which deliveries come without a hook.
	Connections map[string]Connection
}
