package engine

import (
	"encoding/json"
	"fmt"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// Mail costs its sender nothing, so what becomes requests of it has a bound, for one sender and for all together. What is
// beyond it is held back and not lost.

const (
	ratesTable = "rates" // window/what -> tally

	newPerDay  = 20  // requests by mail of one sender
	newPerHour = 200 // of all together
)

// tally counts something within a window of time.
type tally struct {
	N     int       `json:"n"`
	Until time.Time `json:"until"` // then it may be forgotten
}

// counted counts something and says how often that was.
func counted(tx store.Tx, key string, until time.Time) (int, error) {
	var t tally
	if _, err := row(tx, ratesTable, key, &t); err != nil {
		return 0, err
	}
	t.N, t.Until = t.N+1, until
	return t.N, putRow(tx, ratesTable, key, t)
}

// flooded says why a new request by mail is one too many; empty where it is not.
func (d *decider) flooded(tx store.Tx, instance string, ev flow.Event) (why string, err error) {
	if _, mail := d.o.Connectors[instance].(connectors.Mailer); !mail || ev.Kind != flow.RequestSubmitted {
		return "", nil
	}
	now := d.o.Now().UTC()
	from := "day/" + now.Format(time.DateOnly) + "/" + senderKey(instance, ev.Actor)
	all := "hour/" + now.Format("2006-01-02T15") + "/" + instance
	for _, bound := range []struct {
		key  string
		most int
		why  string
	}{
		{from, newPerDay, fmt.Sprintf("its sender has made more than %d requests today", newPerDay)},
		{all, newPerHour, fmt.Sprintf("more than %d requests came by mail within an hour", newPerHour)},
	} {
		n, err := counted(tx, bound.key, now.Add(48*time.Hour))
		if err != nil {
			return "", err
		}
		if n == bound.most+1 {
			d.met.alarm("mail_flood")
			d.o.Log.Error("mail is held back", "instance", instance, "sender", ev.Actor.Ref.Key, "why", bound.why)
		}
		if n > bound.most {
			return bound.why, nil
		}
	}
	return "", nil
}

// timeIn reads one instant of a row.
func timeIn(b []byte, name string) time.Time {
	var fields map[string]json.RawMessage
	var at time.Time
	if json.Unmarshal(b, &fields) != nil || json.Unmarshal(fields[name], &at) != nil {
		return time.Time{}
	}
	return at
}
