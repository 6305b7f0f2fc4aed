package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// Words in a thread are taken in only where a request belongs to it. What was said between the message that became a
// request and the moment it did is asked for once, afterwards.

const catchUpAfter = 5 * time.Second

// catching is what a thread is asked for.
type catching struct {
	Thread flow.Ref  `json:"thread"`
	Since  time.Time `json:"since"`
	Nth    int       `json:"nth,omitempty"` // of the threads of the request, from 0
}

// catchUp plans to ask for what was said in the thread of a request that has just begun.
func (d *decider) catchUp(tx store.Tx, before, after flow.Request, ev flow.Event) error {
	began := before.Version == 0 || before.Status == flow.Draft && after.Status != flow.Draft && !after.Status.Closed()
	thread, ok := after.Link("thread")
	if _, talks := d.o.Connectors[thread.Ref.System].(connectors.Conversant); !began || !ok || !talks || after.Status == flow.Draft {
		return nil
	}
	since := ev.Sent
	if since.IsZero() {
		since = after.Opened.Add(-time.Minute)
	}
	return enqueueHearing(tx, after.ID, catching{Thread: thread.Ref, Since: since}, ev.At.Add(catchUpAfter))
}

func enqueueHearing(tx store.Tx, id flow.RequestID, what catching, at time.Time) error {
	payload, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("plan to listen to %s: %w", what.Thread, err)
	}
	job := store.Job{ID: hearingID(id, what.Nth), Kind: hearJob, Request: id, At: at, Created: at, Payload: payload}
	return tx.Enqueue(job)
}

func hearingID(id flow.RequestID, nth int) string {
	if nth == 0 {
		return hearJob + "/" + string(id)
	}
	return fmt.Sprintf("%s/%s/%d", hearJob, id, nth)
}

// hearThread asks for what was said in a thread.
func (e *Engine) hearThread(ctx context.Context, j store.Job) error {
	var what catching
	if err := json.Unmarshal(j.Payload, &what); err != nil {
		return store.Park(err.Error())
	}
	conv, ok := e.o.Connectors[what.Thread.System].(connectors.Conversant)
	if !ok {
		return nil
	}
	if err := e.whileStopped(j, what.Thread.System); err != nil {
		return err
	}
	err := e.chores.hear(ctx, conv, j.Request, what.Thread, what.Since)
	switch connectors.ClassOf(err) {
	case "":
		return nil
	case connectors.Rejected:
		e.o.Log.Warn("what was said before the request began cannot be read", "request", j.Request, "error", err)
		return nil
	}
	return &store.LaterError{At: e.o.Now().Add(e.limits.backoff(j.Attempts)), Free: connectors.ClassOf(err) == connectors.Limited, Why: err.Error()}
}

const aliveTable = "alive"

// alive notes that signoff runs; after a pause in which chat could not tell what was said, every open thread is asked.
func (c *chores) alive(ctx context.Context) error {
	now := c.e.o.Now().UTC()
	return c.e.o.Store.Update(ctx, func(tx store.Tx) error {
		var last time.Time
		known, err := row(tx, stateTable, aliveTable, &last)
		if err != nil {
			return err
		}
		if known && now.Sub(last) > downAfter {
			if err := c.hearAll(tx, last.Add(-overlap), now); err != nil {
				return err
			}
		}
		return putRow(tx, stateTable, aliveTable, now)
	})
}

// missed plans to ask the threads of all open requests for what a sender kept back since an instant.
func (c *chores) missed(ctx context.Context, since time.Time) error {
	now := c.e.o.Now().UTC()
	return c.e.o.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error {
		return c.hearAll(tx, since.Add(-overlap), now.Add(catchUpAfter))
	})
}

const (
	// downAfter is how long senders come back at least: Slack tries again at once, after one minute and after five more.
	downAfter  = 6 * time.Minute
	aliveEvery = 5 * time.Minute
)

// hearAll plans to ask the threads of all open requests, a few a second.
func (c *chores) hearAll(tx store.Tx, since, now time.Time) error {
	at := now
	return eachRequest(tx, []string{"open:yes"}, func(r flow.Request) error {
		for i, thread := range threads(r) {
			if _, talks := c.e.o.Connectors[thread.System].(connectors.Conversant); !talks || r.Status == flow.Draft {
				continue
			}
			at = at.Add(1500 * time.Millisecond)
			if err := enqueueHearing(tx, r.ID, catching{Thread: thread, Since: since, Nth: i}, at); err != nil {
				return err
			}
		}
		return nil
	})
}
