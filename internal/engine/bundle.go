package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/text"
)

// What many requests tell one person at one slot is gathered and said once. The slot's timers of all requests come
// at one instant, so a short wait is enough.

const (
	bundlesTable = "bundles" // bundle/effect -> effect
	gatherFor    = 5 * time.Second
	digestMost   = 20 // requests listed one by one in a digest
)

// bundled reports whether an effect is to be said together with others.
func bundled(e flow.Effect) bool {
	return e.Tell != nil && e.Tell.Bundle != "" && e.Tell.Where.Zero() && len(e.Tell.To) == 1
}

func bundleID(e flow.Effect) string {
	return strings.Join([]string{bundleJob, e.Target, e.Tell.To[0].ID(), e.Tell.Bundle}, "/")
}

// gather keeps a tell for its slot's digest.
func gather(tx store.Tx, e flow.Effect, now time.Time) error {
	id := bundleID(e)
	if err := putRow(tx, bundlesTable, id+"/"+e.ID, e); err != nil {
		return err
	}
	j, ok, err := tx.Job(id)
	if err != nil || ok && j.State == store.JobReady {
		return err
	}
	return tx.Enqueue(store.Job{ID: id, Kind: bundleJob, At: now.Add(gatherFor), Created: now})
}

// digest turns what was gathered for one person and slot into one effect, leaving out what is no longer due.
func (o *outbox) digest(ctx context.Context, j store.Job) error {
	return o.o.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.Cancel(j.ID); err != nil {
			return err
		}
		due, err := o.stillDue(tx, j.ID+"/")
		if err != nil || len(due) == 0 {
			return err
		}
		if len(due) == 1 {
			due[0].Tell.Bundle = ""
			return o.enqueue(tx, due[0], o.o.Now().UTC())
		}
		for _, e := range due {
			if err := o.fold(tx, e, "said together with others"); err != nil {
				return err
			}
		}
		return o.enqueue(tx, together(j.ID, due), o.o.Now().UTC())
	})
}

// stillDue takes the gathered effects and keeps those whose request still waits for the person.
func (o *outbox) stillDue(tx store.Tx, prefix string) (due []flow.Effect, err error) {
	var keys []string
	err = tx.Rows(bundlesTable, prefix, after(prefix), 0, func(key string, _ []byte) error {
		keys = append(keys, key)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		var e flow.Effect
		if _, err := row(tx, bundlesTable, key, &e); err != nil {
			return nil, err
		}
		if err := tx.DeleteRow(bundlesTable, key); err != nil {
			return nil, err
		}
		r, _, err := tx.Request(e.Request)
		if err != nil {
			return nil, err
		}
		if !waitsFor(r, e.Tell.To[0]) {
			if err := o.fold(tx, e, "no longer due"); err != nil {
				return nil, err
			}
			continue
		}
		due = append(due, e)
	}
	return due, nil
}

func waitsFor(r flow.Request, who flow.Actor) bool {
	for _, a := range waiting(r) {
		if a.ID() == who.ID() {
			return true
		}
	}
	return false
}

// fold ends an effect that is not done by itself.
func (o *outbox) fold(tx store.Tx, e flow.Effect, why string) error {
	return putRow(tx, effectsTable, e.ID, fate{Purpose: e.Purpose(), Target: e.Target, State: "superseded", At: o.o.Now().UTC(), Why: why})
}

// together writes one digest from several tells to one person.
func together(id string, due []flow.Effect) flow.Effect {
	first := due[0]
	list := text.Node{Kind: text.Bullets}
	view := flow.View{Kind: flow.NoticeView, Title: fmt.Sprintf("%d requests wait for you", len(due))}
	view.Headline = view.Title + "."
	for i, e := range due {
		if i == digestMost {
			list.Kids = append(list.Kids, item(fmt.Sprintf("and %d more", len(due)-i)))
			break
		}
		v := e.Tell.View
		list.Kids = append(list.Kids, item(v.Headline))
		if v.Page != "" {
			view.Buttons = append(view.Buttons, flow.Button{Action: "open", Label: "Open " + string(e.Request), URL: v.Page})
		}
	}
	view.Body = text.Doc{list}
	return flow.Effect{
		ID: "digest/" + strings.TrimPrefix(id, bundleJob+"/") + "/" + first.ID, Target: first.Target,
		Tell: &flow.Tell{To: first.Tell.To, View: view},
	}
}

func item(s string) text.Node {
	return text.Node{Kind: text.Item, Kids: []text.Node{text.P(text.T(s))}}
}
