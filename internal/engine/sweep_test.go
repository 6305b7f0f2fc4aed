package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// desk is a tracker whose webhooks never come: everything has to be read.
type desk struct {
	tracker
	mu      sync.Mutex
	updated map[string]string // by ticket
	said    map[string][]flow.Event
	gone    map[string]string
	key     map[string]string
	asked   int // how often it was asked what was said
}

func newDesk(o *outside) *desk {
	return &desk{tracker: tracker{o}, updated: map[string]string{}, said: map[string][]flow.Event{}, gone: map[string]string{}, key: map[string]string{}}
}

// Read implements connectors.Tracker.
func (d *desk) Read(ctx context.Context, ref flow.Ref) (flow.View, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if why := d.gone[ref.Key]; why != "" {
		return flow.View{}, &connectors.Error{Op: "read issue", Class: connectors.Rejected, Gone: why}
	}
	v, err := d.tracker.Read(ctx, ref)
	if d.updated[ref.Key] == "" {
		d.updated[ref.Key] = "1"
	}
	v.Fields = map[string][]string{"updated": {d.updated[ref.Key]}, "key": {ref.Key}}
	if k := d.key[ref.Key]; k != "" {
		v.Fields["key"] = []string{k}
	}
	return v, err
}

// Said implements connectors.Conversant.
func (d *desk) Said(_ context.Context, ref flow.Ref, since time.Time) ([]flow.Event, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	return slices.DeleteFunc(slices.Clone(d.said[ref.Key]), func(e flow.Event) bool { return e.Sent.Before(since) }), nil
}

// says adds a comment, or an edit of one, without a webhook.
func (d *desk) says(ticket flow.Ref, kind flow.Kind, id, words string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now().UTC()
	d.updated[ticket.Key] = now.String()
	d.said[ticket.Key] = append(d.said[ticket.Key], flow.Event{
		Kind: kind, Subject: ticket, Said: flow.Ref{System: "jira", Type: "comment", Key: ticket.Key + "/" + id}, Sent: now,
		Actor: flow.Actor{Ref: flow.Ref{System: "jira", Type: "user", Key: "Jben"}, Shown: "Ben Osei"}, Body: text.Plain(words),
	})
}

// inDesk runs a test in a world whose tracker tells nothing by itself, with one request and its ticket.
func inDesk(t *testing.T, test func(w *world, d *desk, ticket flow.Ref)) {
	t.Helper()
	inWorld(t, func(w *world) {
		w.stop()
		d := newDesk(w.desk)
		w.conns["jira"] = d
		w.start()
		w.hook(ask("1", "Banner"))
		w.pass(time.Hour)
		link, ok := w.request("CR-1").Link("ticket")
		if !ok {
			t.Fatal("CR-1 has no ticket")
		}
		test(w, d, link.Ref)
	})
}

func (w *world) kinds(id string, kind flow.Kind) (list []flow.Event) {
	w.t.Helper()
	d, err := w.engine.Request(context.Background(), id)
	must(w.t, err)
	for _, rec := range d.Records {
		if rec.Event.Kind == kind {
			list = append(list, rec.Event)
		}
	}
	return list
}

// A comment and its edit whose webhooks were lost come into the thread within a quarter of an hour, once each, though the
// same is read again and again.
func TestSweep_LostCommentAndEdit(t *testing.T) {
	t.Parallel()
	inDesk(t, func(w *world, d *desk, ticket flow.Ref) {
		d.says(ticket, flow.CommentAdded, "7", "The logo is old.")
		w.pass(20 * time.Minute)
		copies := w.chat.of("CR-1/comment/1")
		if len(copies) != 1 || !strings.Contains(copies[0].view.Body.String(), "The logo is old.") {
			t.Fatalf("copies %+v, want the comment in the thread", copies)
		}
		if by := w.kinds("CR-1", flow.CommentAdded)[0].Actor.Name; by != "ben" {
			t.Errorf("said by %q, want ben by his account", by)
		}
		d.says(ticket, flow.CommentEdited, "7", "The logo is from 2019.")
		w.pass(20 * time.Minute)
		copies = w.chat.of("CR-1/comment/1")
		if len(copies) != 1 || !strings.Contains(copies[0].view.Body.String(), "from 2019") {
			t.Errorf("copies %+v, want the edited words in the same place", copies)
		}
		d.mu.Lock()
		asked := d.asked
		d.mu.Unlock()
		w.pass(5 * time.Hour)
		if got := d.asked; got != asked {
			t.Errorf("asked %d more times what was said while nothing changed", got-asked)
		}
		if n := len(w.kinds("CR-1", flow.CommentAdded)); n != 1 {
			t.Errorf("%d comments recorded, want 1", n)
		}
	})
}

// A ticket that cannot be seen twice is gone: it is said, nothing is written there, and nothing new is made.
func TestSweep_LostDeletion(t *testing.T) {
	t.Parallel()
	inDesk(t, func(w *world, d *desk, ticket flow.Ref) {
		d.mu.Lock()
		d.gone[ticket.Key] = "deleted"
		d.mu.Unlock()
		w.pass(10 * time.Minute)
		if n := len(w.kinds("CR-1", flow.TicketGone)); n != 0 {
			t.Fatalf("gone after one look")
		}
		w.pass(16 * time.Minute)
		if got := w.kinds("CR-1", flow.TicketGone); len(got) != 1 || got[0].Field("why") != "deleted" {
			t.Fatalf("events %+v, want one that it was deleted", got)
		}
		w.pass(3 * time.Hour)
		r := w.request("CR-1")
		if r.Ticket.Gone != "deleted" || len(w.kinds("CR-1", flow.TicketGone)) != 1 || len(w.desk.of("CR-1/ticket")) != 1 {
			t.Errorf("ticket %+v, want it gone once and no other made", r.Ticket)
		}
		_, why, err := w.engine.Act(context.Background(), flow.Event{Kind: flow.TicketWanted, Request: "CR-1", Actor: flow.Actor{Name: "ana"}})
		must(t, err)
		w.pass(time.Minute)
		if link, ok := w.request("CR-1").Link("ticket"); !ok || link.Ref == ticket {
			t.Errorf("after a person asked for a new one: %+v (%+v)", link, why)
		}
	})
}

// Tickets are read soon after a start, and as often as the settings say.
func TestSweep_WhenItIsRead(t *testing.T) {
	t.Parallel()
	inDesk(t, func(w *world, d *desk, ticket flow.Ref) {
		w.stop()
		d.says(ticket, flow.CommentAdded, "7", "Said while nobody listened")
		w.desk.mu.Lock()
		w.desk.ways.Look = 5 * time.Minute
		w.desk.mu.Unlock()
		w.start()
		for i, within := range []time.Duration{90 * time.Second, 5 * time.Minute, 5 * time.Minute} {
			w.pass(within)
			if n := len(w.kinds("CR-1", flow.CommentAdded)); n != i+1 {
				t.Fatalf("%d comments %s later, want %d", n, within, i+1)
			}
			d.says(ticket, flow.CommentAdded, fmt.Sprint(8+i), "Said while webhooks were lost")
		}
	})
}

// One look that fails is not a ticket that is gone.
func TestSweep_SeenAgain(t *testing.T) {
	t.Parallel()
	inDesk(t, func(w *world, d *desk, ticket flow.Ref) {
		for range 3 {
			d.mu.Lock()
			d.gone[ticket.Key] = "hidden"
			d.mu.Unlock()
			w.pass(15 * time.Minute)
			d.mu.Lock()
			delete(d.gone, ticket.Key)
			d.mu.Unlock()
			w.pass(15 * time.Minute)
		}
		if n := len(w.kinds("CR-1", flow.TicketGone)); n != 0 {
			t.Errorf("%d times gone, want never", n)
		}
	})
}

// A ticket that was hidden and can be seen again is written again.
func TestSweep_Back(t *testing.T) {
	t.Parallel()
	inDesk(t, func(w *world, d *desk, ticket flow.Ref) {
		d.mu.Lock()
		d.gone[ticket.Key] = "hidden"
		d.mu.Unlock()
		w.pass(40 * time.Minute)
		changes := press("v", "ana", "CR-1", flow.RequestChanges)
		changes.Event.Body = text.Plain("Larger logo")
		w.hook(changes)
		w.pass(20 * time.Minute)
		if got := w.desk.of("CR-1/ticket")[0].view.Status; got == flow.InProgress {
			t.Fatalf("written to a ticket that cannot be seen")
		}
		if r := w.request("CR-1"); r.Ticket.Gone != "hidden" {
			t.Fatalf("ticket %+v, want it hidden", r.Ticket)
		}
		d.mu.Lock()
		delete(d.gone, ticket.Key)
		d.mu.Unlock()
		w.pass(20 * time.Minute)
		w.outsideShows("CR-1", flow.InProgress)
	})
}

func TestSweep_LostRename(t *testing.T) {
	t.Parallel()
	inDesk(t, func(w *world, d *desk, ticket flow.Ref) {
		d.mu.Lock()
		d.key[ticket.Key] = "WEB-3"
		d.mu.Unlock()
		w.pass(20 * time.Minute)
		if link, _ := w.request("CR-1").Link("ticket"); link.Label != "WEB-3" {
			t.Errorf("the ticket is called %q, want WEB-3", link.Label)
		}
		w.pass(time.Hour)
		if n := len(w.kinds("CR-1", flow.TicketRenamed)); n != 1 {
			t.Errorf("renamed %d times, want once", n)
		}
	})
}

// talker is a chat that can be asked what was said in a thread.
type talker struct {
	*outside
	mu    sync.Mutex
	said  []flow.Event
	asked []time.Time
}

// Said implements connectors.Conversant.
func (c *talker) Said(_ context.Context, _ flow.Ref, since time.Time) ([]flow.Event, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, since)
	return slices.Clone(c.said), nil
}

// What was said before the request existed, when nothing belonged to its thread yet, is asked for once.
func TestThread_WhatCameMeanwhileIsCaughtUp(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.stop()
		chat := &talker{outside: w.chat}
		w.conns["slack"] = chat
		w.start()
		w.settle()
		sent := time.Now().UTC()
		in := ask("1", "Banner")
		in.Event.Sent = sent
		thread := in.Event.Links[0].Ref
		chat.said = []flow.Event{{Kind: flow.CommentAdded, Subject: thread, Said: flow.Ref{System: "slack", Type: "message", Key: "m1"}, Seq: "2", Sent: sent.Add(time.Second),
			Actor: flow.Actor{Ref: slackUser("Uben")}, Body: text.Plain("And in blue, please.")}}
		w.hook(in)
		w.pass(time.Minute)
		if len(chat.asked) != 1 || !chat.asked[0].Equal(sent) {
			t.Errorf("asked since %v, want once since %v", chat.asked, sent)
		}
		if got := w.kinds("CR-1", flow.CommentAdded); len(got) != 1 || got[0].Actor.Name != "ben" {
			t.Errorf("comments %+v, want ben's", got)
		}
		w.hook(body{ID: "limited", Ignored: "the sender holds things back", Missed: sent})
		w.pass(time.Minute)
		if len(chat.asked) != 2 || chat.asked[1].After(sent) {
			t.Errorf("asked since %v, want once more since %v", chat.asked, sent)
		}
		chat.asked = chat.asked[:1]
		w.pass(2 * time.Hour)
		w.stop()
		w.pass(time.Hour) // signoff is down
		w.start()
		w.pass(time.Minute)
		if len(chat.asked) != 2 || time.Since(chat.asked[1]) < time.Hour {
			t.Errorf("asked since %v, want once more for what was said while it was down", chat.asked)
		}
		w.stop()
		w.pass(time.Minute)
		w.start()
		w.pass(time.Minute)
		if len(chat.asked) != 2 {
			t.Errorf("asked %d times after a short restart, want no more", len(chat.asked))
		}
	})
}

// registrar is a tracker that owns webhooks.
type registrar struct {
	tracker
	mu    sync.Mutex
	calls []time.Time
	err   error
}

// Register implements connectors.Registrar.
func (r *registrar) Register(context.Context) ([]connectors.Finding, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, time.Now())
	return []connectors.Finding{{Level: "ok", What: "webhook"}}, r.err
}

// Webhooks are looked after at start and every hour; what goes wrong there stops nothing.
func TestRegister_EveryHour(t *testing.T) {
	t.Parallel()
	for what, err := range map[string]error{"well": nil, "denied": &connectors.Error{Op: "webhooks", Class: connectors.Denied, Err: errors.New("no right")}} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				w.stop()
				r := &registrar{tracker: tracker{w.desk}, err: err}
				w.conns["jira"] = r
				w.start()
				w.pass(3*time.Hour + time.Minute)
				if len(r.calls) != 4 {
					t.Errorf("looked after %d times in three hours, want 4", len(r.calls))
				}
				if h := w.engine.Health(context.Background()); len(h.Stopped) != 0 {
					t.Errorf("stopped %v, want nothing", h.Stopped)
				}
				status(t, "submit", w.hook(ask("1", fmt.Sprint("Banner ", what))), http.StatusOK)
				w.pass(time.Minute)
				w.outsideShows("CR-1", flow.InReview)
			})
		})
	}
}
