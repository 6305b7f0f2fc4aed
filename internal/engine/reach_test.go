package engine_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// TestCopy_SaysTheSumOfItsBytes: also where the answer to the call was lost.
func TestCopy_SaysTheSumOfItsBytes(t *testing.T) {
	t.Parallel()
	for what, attach := range map[string]func(int) error{
		"at once": nil,
		"answer lost": func(nth int) error {
			return &connectors.Error{Op: "attach", Class: connectors.Unsure, Wait: time.Second}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				body := pdf(9000)
				w.desk.set(func(o *outside) { o.attach = attach })
				s := gives("brief.pdf", "application/pdf", body)
				w.withFile(flow.File{Name: "brief.pdf", Type: "application/pdf", Size: int64(len(body))}, &s, 10*time.Minute)
				sum := sha256.Sum256(body)
				var got []string
				for _, r := range detail(w, "CR-1").Records {
					if r.Event.Kind == flow.EffectDone && r.Event.Field("purpose") == "file/1" {
						got = append(got, r.Event.Field("sha256"))
					}
				}
				if len(got) != 1 || got[0] != hex.EncodeToString(sum[:]) {
					t.Errorf("sums %q, want one of the bytes that were carried", got)
				}
			})
		})
	}
}

// TestUnreached_IsSaidAndNotParked: a reviewer who is not in chat is an ordinary case where mail reaches them.
func TestUnreached_IsSaidAndNotParked(t *testing.T) {
	t.Parallel()
	for what, mail := range map[string]bool{"with mail": true, "without": false} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				delete(w.chat.people, "dana@lumen.example")
				if mail {
					w.conns["email"] = mailbox{newOutside("email", time.Now)}
				}
				w.start()
				defer func() { w.stop() }()
				w.hook(ask("1", "Spring banner"))
				w.settle()
				var unreached []string
				for _, r := range detail(w, "CR-1").Records {
					if r.Event.Kind == flow.EffectParked {
						unreached = append(unreached, r.Event.Field("unreached"))
					}
				}
				if len(unreached) == 0 || unreached[0] != "dana" {
					t.Errorf("unreached %q, want dana", unreached)
				}
				parked, err := w.engine.Parked(context.Background())
				must(t, err)
				if (len(parked) == 0) != mail || (w.metric("signoff_alarms_total", "what=parked") == 0) != mail {
					t.Errorf("%d effects wait for a person, want that only where no mail reaches them", len(parked))
				}
			})
		})
	}
}

// TestUnreached_WhatIsSaidGoesByMail: also what is said once, which nobody would ask for again.
func TestUnreached_WhatIsSaidGoesByMail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rules = compile(t, strings.Replace(studio, "do: {project: DES, workflow: standard}", "do: {project: DES, assign: dana}", 1))
		delete(w.chat.people, "dana@lumen.example")
		mail := newOutside("email", time.Now)
		w.conns["email"] = mailbox{mail}
		w.start()
		defer func() { w.stop() }()
		w.hook(ask("1", "Spring banner"))
		w.pass(time.Hour)
		mail.mu.Lock()
		defer mail.mu.Unlock()
		if len(mail.told) != 1 {
			t.Fatalf("%d mails, want the one that chat could not bring: %+v", len(mail.told), mail.told)
		}
		got := mail.told[0]
		if to := got.Tell.To; len(to) != 1 || to[0].Name != "dana" || !strings.Contains(got.Tell.View.Headline, "is assigned to you") {
			t.Errorf("mail to %+v says %q, want that the request is Dana's", to, got.Tell.View.Headline)
		}
		parked, err := w.engine.Parked(context.Background())
		must(t, err)
		if len(parked) > 0 {
			t.Errorf("parked %+v", parked)
		}
	})
}

// deaf keeps work and can be told nothing.
type deaf struct{}

func (deaf) Check(context.Context) []connectors.Finding { return nil }

func (deaf) Pin(id string) flow.Ref { return flow.Ref{System: "figma", Type: "user", Key: id} }

func (deaf) Recognize(string) (flow.Asset, bool) { return flow.Asset{}, false }

func (deaf) Look(context.Context, flow.Asset, time.Time) ([]flow.Event, error) { return nil, nil }

func (deaf) LookEvery() time.Duration { return 0 }

// TestTell_WhereNothingCanBeSaid is dropped with a reason and waits for nobody.
func TestTell_WhereNothingCanBeSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.conns["figma"] = deaf{}
		w.rules = compile(t, studio)
		w.start()
		defer func() { w.stop() }()
		b := ask("1", "Spring banner")
		w.hook(b)
		w.hook(body{ID: "2", Event: &flow.Event{
			Kind: flow.LinkShared, Actor: b.Event.Actor, Where: flow.Ref{System: "figma", Type: "message", Key: "1"},
			Fields: map[string][]string{"url": {"https://signoff.lumen.example/requests/CR-1"}},
		}})
		w.settle()
		var dropped []string
		for _, e := range detail(w, "CR-1").Effects {
			if e.Target == "figma" {
				dropped = append(dropped, e.State+": "+e.Why)
			}
		}
		if len(dropped) != 1 || !strings.HasPrefix(dropped[0], "dropped: nothing can be said") {
			t.Errorf("effects for figma: %q, want one that was dropped with the reason", dropped)
		}
	})
}

// TestPeople_PinsWhereTheWorkIsKept: a pin counts there as everywhere, and nobody misses the others.
func TestPeople_PinsWhereTheWorkIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rules = compile(t, strings.Replace(studio, "dana: {", `dana: {figma: "77", `, 1))
		figma := newOutside("figma", time.Now)
		w.conns["figma"] = struct {
			deaf
			connectors.Receiver
		}{Receiver: figma}
		w.start()
		defer func() { w.stop() }()
		synctest.Wait()
		for i, key := range []string{"77", "78"} {
			b := ask(name("f%d", i), "Spring banner")
			b.Event.Actor.Ref = flow.Ref{System: "figma", Type: "user", Key: key}
			w.engine.Hook(context.Background(), "figma", wire(b))
		}
		w.settle()
		if a, b := w.request("CR-1").Requester.Name, w.request("CR-2").Requester.Name; a != "dana" || b != "" {
			t.Errorf("pinned %q, not pinned %q; want dana and nobody", a, b)
		}
		for _, p := range w.engine.People(context.Background()) {
			if state, told := p.State["figma"]; told != (p.Name == "dana") {
				t.Errorf("%s is %q on figma, want it told of Dana alone", p.Name, state)
			}
		}
	})
}

// TestCopy_OneFileOfMailsAtATime: to read one the whole mail is held in memory.
func TestCopy_OneFileOfMailsAtATime(t *testing.T) {
	t.Parallel()
	withMail(t, func(w *world, mail *outside) {
		var mu sync.Mutex
		now, most := 0, 0
		files := map[string]source{}
		var list []flow.File
		for i := range 6 {
			key, body := name("F%d", i), pdf(9000)
			files[key] = source{meta: connectors.FileMeta{Name: key + ".pdf", Type: "application/pdf", Size: int64(len(body))}, open: func() io.Reader {
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				now--
				mu.Unlock()
				return bytes.NewReader(body)
			}}
			list = append(list, flow.File{Ref: flow.Ref{System: "email", Type: "file", Key: key}, Name: key + ".pdf"})
		}
		mail.set(func(o *outside) { o.files = files })
		b := letter("m1", "ana@lumen.example", "Spring banner")
		b.Event.Files = list
		w.post(b)
		w.pass(10 * time.Minute)
		for _, f := range w.request("CR-1").Files {
			if f.Fate != flow.FileCopied {
				t.Errorf("%s is %s (%s), want copied", f.Name, f.Fate, f.Why)
			}
		}
		if most != 1 {
			t.Errorf("%d were open at a time, want one", most)
		}
	})
}
