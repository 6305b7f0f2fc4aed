package connectors

import (
	"errors"
	"time"

	"signoff/internal/flow"
)

// Class says what a failed call means for the next try.
type Class string

// The classes. They are closed.
const (
	// Transient: nothing happened, or the call is harmless to repeat; try again later.
	Transient Class = "transient"
	// Limited: refused for now; not before Wait, for everything within Scope.
	Limited Class = "limited"
	// Unsure: it may have happened. Find before another Do.
	Unsure Class = "unsure"
	// Rejected: the service will never take this; park it and tell a person.
	Rejected Class = "rejected"
	// Denied: credentials or rights are gone; stop this instance, tell the operator, keep the work.
	Denied Class = "denied"
)

// Scopes of a Limited error: what has to wait.
const (
	ScopeInstance = "instance"
	ScopeMethod   = "method"  // the Op
	ScopeChannel  = "channel" // the Op within one channel
	ScopeIssue    = "issue"   // one ticket
)

// Error is the only error that crosses the connector boundary.
type Error struct {
	Op    string // what was being done: "chat.postMessage", "create issue"
	Class Class
	Scope string        // Limited: one of the Scope constants
	Key   string        // Limited: which channel or ticket
	Wait  time.Duration // Limited, Unsure: not before
	// Person is one plain sentence for people with the next step, empty when there is nothing they can do.
	Person string
	// Made is what exists all the same; Rejected: a ticket that was made, but cannot be moved to its status.
	Made []flow.Link
	// Gone: the thing itself is not there or cannot be seen: "deleted", "archived", "hidden". Class is Rejected.
	Gone string
	// Mail is a mail that the mail server does not take, now or later. Class is Rejected.
	Mail *RefusedMail
	Err  error
}

// RefusedMail says to whom a mail cannot go, and why, as a clause. Hard: no mail can go there.
type RefusedMail struct {
	Address, Why string
	Hard         bool
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Op + ": " + string(e.Class)
	}
	return e.Op + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// ClassOf returns the class of err: Transient for an error that is no *Error, "" for nil.
func ClassOf(err error) Class {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return Transient
}

// Nothing is what Parse returns of a delivery that could be read and of which nothing follows: why, as a clause. The delivery
// is kept as ignored.
type Nothing string

func (n Nothing) Error() string { return string(n) }

// ErrChanged says that a kept value was not the expected one.
var ErrChanged = errors.New("the kept value has changed")
