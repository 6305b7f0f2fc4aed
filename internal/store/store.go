package store

import (
	"context"
	"errors"
	"time"

	"signoff/internal/flow"
)

// ErrConflict makes Update run its function again: somebody else changed what it read.
var ErrConflict = errors.New("the store has changed meanwhile")

// ErrFull says that the store takes no more: out of space or over its size limit. Reading goes on.
var ErrFull = errors.New("the store is full")

// ErrClosed says that the store was closed or has failed for good.
var ErrClosed = errors.New("the store is closed")

// Store keeps everything. Its methods may be called from many goroutines.
type Store interface {
	// View runs f on a consistent state; f must not keep the Tx. Long reads go in chunks.
	View(ctx context.Context, f func(Tx) error) error
	// Update runs f in one transaction and returns after it is synced. f may run more than once and must do nothing
	// but the transaction; when it returns an error or panics nothing of it is kept. Concurrent updates may share a
	// commit; each still stands or falls alone.
	Update(ctx context.Context, f func(Tx) error) error
	// Note puts a row (nil: deletes it) without waiting for it to be kept. It is seen by every View and Update that
	// begins afterwards, is kept with the first Update that begins afterwards and is kept, or a second later by itself.
	// The end of the process before that loses it, and so does a full store.
	Note(table, key string, value []byte)
	// Work hands due jobs to h until ctx ends: at least once each, in no promised order, several at a time. Attempts
	// are counted and stored before h is called.
	Work(ctx context.Context, h Handler) error
	// ID is the store's own identity, made when it was created.
	ID() string
	Close() error
}

type unhurried struct{}

// Unhurried lets an Update wait for others to share its commit with, about ten milliseconds at most: for what nobody
// waits for, and what others of its kind are about to follow.
func Unhurried(ctx context.Context) context.Context {
	return context.WithValue(ctx, unhurried{}, true)
}

// IsUnhurried reports whether ctx is of Unhurried.
func IsUnhurried(ctx context.Context) bool { return ctx.Value(unhurried{}) != nil }

// Tx is one transaction. It is the one large interface, because splitting it would split the transaction.
type Tx interface {
	Deliveries
	Records
	Requests
	Jobs
	Rows
	// Seen reports whether key was seen before and is still remembered, and remembers it until then. value is what
	// was given the first time.
	Seen(key, value string, until time.Time) (first string, seen bool, err error)
	// Seq counts name up and returns the new number, from 1.
	Seq(name string) (uint64, error)
	// Expire forgets up to n keys whose time has passed and returns how many.
	Expire(now time.Time, n int) (int, error)
}

// Deliveries keeps what came from outside.
type Deliveries interface {
	PutDelivery(d flow.Delivery) error                                         // new, or replaces the one of the same ID
	Delivery(id string) (flow.Delivery, bool, error)                           //
	SetDelivery(id string, state flow.DeliveryState, why string) error         //
	Deliveries(q DeliveryQuery) (list []flow.Delivery, next string, err error) // newest first
	DropDeliveries(before time.Time, n int) (int, error)                       // final ones only, oldest first
	CountDeliveries() (map[flow.DeliveryState]int, error)                      //
}

// DeliveryQuery selects deliveries; zero values select all.
type DeliveryQuery struct {
	State    flow.DeliveryState
	Instance string
	After    string // cursor from the previous page
	Limit    int    // 0: 50
}

// Records keeps the journal.
type Records interface {
	// Record appends r and returns its Seq. r.Version must be the request's version.
	Record(r flow.Record) (uint64, error)
	// Records lists a request's records by version.
	Records(id flow.RequestID) ([]flow.Record, error)
	// History lists up to n records after seq in decision order.
	History(after uint64, n int) ([]flow.Record, error)
}

// Requests keeps requests and their index.
type Requests interface {
	Request(id flow.RequestID) (flow.Request, bool, error)
	// PutRequest stores r under its terms, replacing earlier terms. ErrConflict when the stored version is not
	// r.Version-1 (0 for a new one).
	PutRequest(r flow.Request, terms []string) error
	// Requests lists requests that have every term, newest first (by opening order), and the cursor of the next page.
	Requests(q Query) (list []flow.Request, next string, err error)
	// CountRequests counts the requests under a term.
	CountRequests(term string) (int, error)
}

// Query selects requests.
type Query struct {
	Terms []string // all must hold; empty: every request
	After string
	Limit int // 0: 50
}

// Job is one piece of work.
type Job struct {
	ID       string         `json:"id"`
	Kind     string         `json:"kind"`    // enrich, decide, do, timer, …
	Lane     string         `json:"lane"`    // jobs of one lane never run at the same time; empty: no lane
	Request  flow.RequestID `json:"request"` //
	At       time.Time      `json:"at"`      // not before
	State    JobState       `json:"state"`
	Attempts int            `json:"attempts"`
	Tried    time.Time      `json:"tried,omitzero"` // when the last attempt began
	// Unsure: an earlier attempt may have had its effect; it began at Lost and its end was never recorded, or it said
	// so itself.
	Unsure  bool      `json:"unsure,omitempty"`
	Lost    time.Time `json:"lost,omitzero"`
	Why     string    `json:"why,omitempty"` // last error, or why it was parked
	Created time.Time `json:"created"`
	Payload []byte    `json:"payload,omitempty"`
	// Careful jobs count an attempt when it begins, in a commit of its own unless they begin right after the one that
	// enqueues them: after a crash only what had really begun is unsure. Others count the first attempt in the commit
	// that enqueues them however long they wait, which costs no second one.
	Careful bool `json:"careful,omitempty"`
}

// JobState says where a job stands; finished jobs are deleted.
type JobState string

// The states of a job.
const (
	JobReady   JobState = "ready"
	JobRunning JobState = "running"
	JobParked  JobState = "parked"
)

// Jobs keeps work.
type Jobs interface {
	// Enqueue adds a job, or replaces the ready or parked one of the same ID. A running one of the same ID runs again
	// after it has finished.
	Enqueue(j Job) error
	Job(id string) (Job, bool, error)
	Jobs(q JobQuery) (list []Job, next string, err error) // by due time
	// Requeue makes a parked or ready job due at t, attempts from 0.
	Requeue(id string, t time.Time) error
	// Cancel deletes a ready or parked job; a running one is not run again. A handler that cancels its own job in the
	// transaction that records its result finishes the job in that same commit.
	Cancel(id string) error
	// Park sets a ready job aside.
	Park(id, why string) error
	CountJobs() (map[JobState]int, error)
}

// JobQuery selects jobs; zero values select all.
type JobQuery struct {
	State   JobState
	Kind    string
	Request flow.RequestID
	After   string
	Limit   int // 0: 50
}

// Rows keeps generic rows, ordered by key, for people, receipts, bundles, rulesets, sessions and Keep.
type Rows interface {
	Row(table, key string) ([]byte, error) // nil when absent
	PutRow(table, key string, value []byte) error
	DeleteRow(table, key string) error
	// Rows calls each for up to n rows with from <= key < to in order ("" to: no end); n 0: all.
	Rows(table, from, to string, n int, each func(key string, value []byte) error) error
}

// Handler does one job. nil: done. Later and Park say otherwise; any other error: again later, by the store's own
// growing pause. A panic counts as an error.
type Handler func(ctx context.Context, j Job) error

// LaterError asks for the job again at a given time.
type LaterError struct {
	At     time.Time
	Unsure bool // the attempt may have had its effect
	Free   bool // does not count as an attempt (waited for a rate limit)
	Why    string
}

func (e *LaterError) Error() string { return "later: " + e.Why }

// ParkError sets the job aside until a person acts.
type ParkError struct{ Why string }

func (e *ParkError) Error() string { return "parked: " + e.Why }

// Later is what a handler returns to be called again at t.
func Later(t time.Time, why string) error { return &LaterError{At: t, Why: why} }

// Park is what a handler returns to have its job set aside.
func Park(why string) error { return &ParkError{Why: why} }
