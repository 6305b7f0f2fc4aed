package engine

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// Tables of the outbox.
const (
	effectsTable = "effects" // effect id -> fate
	trailsTable  = "trails"  // effect id -> trail
)

// fate is what became of an effect, kept when its job is finished or parked.
type fate struct {
	Purpose  string    `json:"purpose"`
	Target   string    `json:"target"`
	State    string    `json:"state"` // done, superseded, expired, dropped, shadow, parked
	Attempts int       `json:"attempts"`
	At       time.Time `json:"at"`
	Why      string    `json:"why,omitempty"`
	// Unresolved: parked for people who have no account there; tried again when the people change.
	Unresolved bool `json:"unresolved,omitempty"`
}

// trail is what failed attempts at an effect leave behind for the next one.
type trail struct {
	Lost   time.Time `json:"lost,omitzero"`    // when a call was made that may have created the thing
	Calls  int       `json:"calls,omitempty"`  // such calls whose answer was lost
	Faults int       `json:"faults,omitempty"` // panics, and calls that did not come back
	Limits int       `json:"limits,omitempty"` // refusals for now, one after the other
	Since  time.Time `json:"since,omitzero"`   // the first failure
	Hidden time.Time `json:"hidden,omitzero"`  // since when its ticket cannot be seen
	Told   bool      `json:"told,omitempty"`   // the operator was told that it takes long
	Tries  int       `json:"tries,omitempty"`  // attempts whose end is known
	Rested int       `json:"rested,omitempty"` // deaths of the process after which it has waited already
}

// put turns an effect into work, within the deciding transaction.
func (o *outbox) put(tx store.Tx, e flow.Effect, now time.Time) error {
	if e.Wake != nil {
		return putTimer(tx, e, now)
	}
	for _, one := range apart(e) {
		next := o.enqueue
		if bundled(one) {
			next = gather
		}
		if err := next(tx, one, now); err != nil {
			return err
		}
	}
	return nil
}

// apart splits what is told to several people directly into one effect for each, so that one of them who cannot be
// reached, or one lost answer, never keeps it from the others or says it to them twice.
func apart(e flow.Effect) []flow.Effect {
	if e.Tell == nil || !e.Tell.Where.Zero() || len(e.Tell.To) < 2 {
		return []flow.Effect{e}
	}
	list := make([]flow.Effect, len(e.Tell.To))
	for i, to := range e.Tell.To {
		tell := *e.Tell
		tell.To = []flow.Actor{to}
		list[i] = e
		list[i].ID, list[i].Tell = e.ID+"."+strconv.Itoa(i+1), &tell
	}
	return list
}

func (o *outbox) enqueue(tx store.Tx, e flow.Effect, now time.Time) error {
	payload, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("enqueue effect %s: %w", e.ID, err)
	}
	j := store.Job{ID: e.ID, Kind: doJob, Request: e.Request, At: now, Created: now, Payload: payload}
	j.Lane = o.lane(e)
	// A tracker's search lags: to look for a ticket that was never asked for can take minutes. For all else a look is
	// quick, and a commit before the call would cost more.
	_, lags := o.o.Connectors[e.Target].(connectors.Tracker)
	j.Careful = lags && e.Show != nil && e.Show.Link == nil && e.Show.View.Kind == flow.TicketView
	return tx.Enqueue(j)
}

// lane keeps apart what must not go out at the same time: to one place that takes one call at a time, else the
// changes of one thing. A thing is changed only after its creation has been recorded, so it never stands in two lanes.
func (o *outbox) lane(e flow.Effect) string {
	if p, ok := o.o.Connectors[e.Target].(connectors.Pacer); ok {
		for _, pace := range p.Pace(e) {
			if pace.Alone {
				return e.Target + "/" + pace.Key
			}
		}
	}
	if e.Show != nil || e.Copy != nil {
		return e.Mark()
	}
	return ""
}

func timerID(r flow.RequestID, name string) string { return "timer/" + string(r) + "/" + name }

// putTimer sets, moves or cancels the timer of a request.
func putTimer(tx store.Tx, e flow.Effect, now time.Time) error {
	id := timerID(e.Request, e.Wake.Name)
	if e.Wake.At.IsZero() {
		return tx.Cancel(id)
	}
	return tx.Enqueue(store.Job{
		ID: id, Kind: timerJob, Lane: id, Request: e.Request, At: e.Wake.At, Created: now, Payload: []byte(e.Wake.Name),
	})
}
