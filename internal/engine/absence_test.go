package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

const covered = `
version: 1
calendars:
  london: {time_zone: Europe/London, hours: {mon-fri: "09:00-17:30"}}
people:
  ana: {name: Ana Reyes, email: ana@lumen.example, calendar: london, backup: dana}
  ben: {name: Ben Osei, email: ben@lumen.example, calendar: london, backup: ana}
  dana: {name: Dana Wolf, email: dana@lumen.example, calendar: london, backup: ana}
groups: {ops: [dana], designers: [ana, ben, dana]}
workflows:
  standard: {stages: [{name: Brand review, reviewers: ben}]}
rules:
  - name: By turns
    match: {text: {contains: [turns]}}
    do: {assign: {to: group:designers, by: round robin}}
  - name: Everything else
    do: {project: DES, workflow: standard}
`

// inCovered is inWorld with people who stand in for each other.
func inCovered(t *testing.T, test func(*world)) {
	t.Helper()
	inWorld(t, func(w *world) {
		w.stop()
		w.rules = compile(t, covered)
		w.start()
		w.settle()
		test(w)
	})
}

// says is somebody who speaks of their absence in chat.
func says(id, who string, kind flow.Kind, fields ...string) body {
	b := body{ID: id, Event: &flow.Event{
		Kind: kind, Actor: flow.Actor{Ref: slackUser("U" + who)}, Where: flow.Ref{System: "slack", Type: "channel", Key: "C1"}, Fields: map[string][]string{},
	}}
	for i := 0; i+1 < len(fields); i += 2 {
		b.Event.Fields[fields[i]] = []string{fields[i+1]}
	}
	return b
}

// waitsFor lists by key whom a request waits for.
func (w *world) waitsFor(id string) []string {
	r := w.request(id)
	if open := r.Open(); len(open) == 1 {
		return open[0].Waiting[len(open[0].Waiting)-1].On
	}
	return nil
}

// answered is the last that was said to somebody in private.
func (w *world) answered(name string) string {
	w.chat.mu.Lock()
	defer w.chat.mu.Unlock()
	for _, e := range slices.Backward(w.chat.told) {
		if e.Tell.Private && len(e.Tell.To) == 1 && e.Tell.To[0].Name == name {
			return e.Tell.View.Headline
		}
	}
	return ""
}

func (w *world) want(what string, got, want any) {
	w.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// The world begins on Saturday 1 January 2000.
func TestAway_WhatWaitsMovesAtOnceAndComesBack(t *testing.T) {
	t.Parallel()
	inCovered(t, func(w *world) {
		w.hook(ask("r1", "Banner"))
		w.hook(ask("r2", "Poster"))
		w.pass(time.Minute)
		w.want("before", w.waitsFor("CR-1"), []string{"ben"})

		w.hook(says("a1", "ben", flow.AwaySet, "when", "today until 8 Jan", "cover", "@Dana"))
		w.pass(2 * time.Second)
		w.want("the answer", w.answered("ben"), "You are away from Sat 1 Jan to Sat 8 Jan. Dana Wolf stands in: 2 waiting items move to Dana.")
		w.want("CR-1 waits for", w.waitsFor("CR-1"), []string{"dana"})
		w.want("CR-2 waits for", w.waitsFor("CR-2"), []string{"dana"})
		if n := w.chat.saidTo("dana"); n != 1 {
			t.Errorf("Dana was told %d times that she stands in, want once", n)
		}

		w.hook(press("v1", "dana", "CR-1", flow.Approve))
		w.pass(time.Second)
		if r := w.request("CR-1"); r.Status != flow.Approved || r.Votes[0].By.Name != "dana" || r.Votes[0].For.Name != "ben" {
			t.Errorf("CR-1 is %s by %+v, want approved by Dana for Ben", r.Status, r.Votes)
		}

		w.hook(says("b1", "ben", flow.AwayEnded))
		w.pass(2 * time.Second)
		w.want("the answer", w.answered("ben"), "You are back: 1 waiting item comes back.")
		w.want("CR-2 waits for", w.waitsFor("CR-2"), []string{"ben"})
		w.hook(says("b2", "ben", flow.AwayEnded))
		w.pass(2 * time.Second)
		w.want("once more", w.answered("ben"), "You are not away.")
	})
}

// An absence begins at midnight where the person is and ends so, although the process ended in between.
func TestAway_BeginsAndEndsByItself(t *testing.T) {
	t.Parallel()
	inCovered(t, func(w *world) {
		w.hook(ask("r1", "Banner"))
		w.hook(says("a1", "ben", flow.AwaySet, "from", "2000-01-04", "until", "2000-01-05"))
		w.pass(2 * time.Second)
		w.want("the answer", w.answered("ben"), "You are away from Tue 4 Jan to Wed 5 Jan. Ana Reyes stands in, and is asked for you from then on.")
		w.want("before", w.waitsFor("CR-1"), []string{"ben"})
		w.pass(3*24*time.Hour - 10*time.Second)
		w.want("just before", w.waitsFor("CR-1"), []string{"ben"})
		w.pass(20 * time.Second)
		w.want("on the day", w.waitsFor("CR-1"), []string{"ana"})
		records := w.request("CR-1").Version

		w.stop()
		w.start()
		w.pass(time.Hour)
		if now := w.request("CR-1").Version; now > records+2 { // receipts of what was shown
			t.Errorf("a start wrote %d records", now-records)
		}
		w.want("after a start", w.waitsFor("CR-1"), []string{"ana"})
		w.stop()
		w.pass(3 * 24 * time.Hour) // it ends while nothing runs
		w.start()
		w.pass(time.Second)
		w.want("after it ended", w.waitsFor("CR-1"), []string{"ben"})
	})
}

// When the cover leaves too the chain goes on; whoever came before is asked again once they are back.
func TestAway_ChainsAreFollowed(t *testing.T) {
	t.Parallel()
	inCovered(t, func(w *world) {
		w.hook(ask("r1", "Banner"))
		w.hook(says("a1", "ben", flow.AwaySet, "from", "2000-01-01", "until", "2000-01-10"))
		w.pass(2 * time.Second)
		w.want("Ben's backup", w.waitsFor("CR-1"), []string{"ana"})
		w.hook(says("a2", "ana", flow.AwaySet, "from", "2000-01-01", "until", "2000-01-03"))
		w.pass(2 * time.Second)
		w.want("hers", w.waitsFor("CR-1"), []string{"dana"})
		w.pass(3 * 24 * time.Hour)
		w.want("Ana is back", w.waitsFor("CR-1"), []string{"ana"})
	})
}

func TestAway_IsRefused(t *testing.T) {
	t.Parallel()
	inCovered(t, func(w *world) {
		w.hook(ask("r1", "Banner"))
		w.hook(says("a0", "dana", flow.AwaySet, "from", "2000-01-03", "until", "2000-01-07", "cover", "ben"))
		w.pass(2 * time.Second)
		tests := []struct {
			who    string
			fields []string
			want   string
		}{
			{"ben", []string{"when", "5-6 Jan", "cover", "dana"}, "Those who would stand in are away too, and it goes round in a circle: Ben Osei → Dana Wolf → Ben Osei. Choose somebody else, or say: cover nobody. Nothing was changed."},
			{"ben", []string{"when", "8-9 Jan", "cover", "dana"}, "You are away from Sat 8 Jan to Sun 9 Jan. Dana Wolf stands in, and is asked for you from then on."},
			{"ben", []string{"when", "5-6 Jan", "cover", "nobody"}, "You are away from Wed 5 Jan to Thu 6 Jan. Nobody stands in, so what waits for you goes on waiting."},
			{"ben", []string{"when", "soon"}, "I could not read these days. Say the first and the last one, for example: 10-14 Mar, or until Friday. An absence needs an end."},
			{"ben", []string{"from", "2000-01-03"}, "I could not read these days. Say the first and the last one, for example: 10-14 Mar, or until Friday. An absence needs an end."},
			{"ben", []string{"from", "1999-12-03", "until", "1999-12-04"}, "That cannot be: 1999-12-03 to 1999-12-04 is longer than a year: check the years."},
			{"ben", []string{"from", "2000-01-05", "until", "2000-01-04"}, "That cannot be: 2000-01-04 is before 2000-01-05: the first day comes first."},
			{"ben", []string{"when", "today", "cover", "Olga"}, `There is no "Olga" in the directory, so they cannot stand in. Choose somebody who is.`},
			{"ben", []string{"when", "today", "cover", "Ben"}, "You cannot stand in for yourself. Choose somebody else."},
			{"ben", []string{"when", "today", "person", "ana"}, "Everybody says of themselves when they are away."},
		}
		for i, test := range tests {
			w.hook(says(name("t%d", i), test.who, flow.AwaySet, test.fields...))
			w.pass(2 * time.Second)
			w.want(strings.Join(test.fields, " "), w.answered(test.who), test.want)
		}
		w.want("nothing moved", w.waitsFor("CR-1"), []string{"ben"})
	})
}

// An absence of the people file counts like any other, and whoever comes back early says so.
func TestAway_OfThePeopleFile(t *testing.T) {
	t.Parallel()
	inCovered(t, func(w *world) {
		w.hook(ask("r1", "Banner"))
		w.pass(time.Minute)
		w.engine.Swap(compile(t, strings.Replace(covered, "london, backup: ana}\n  dana", `london, backup: ana, away: ["2000-01-01..2000-01-09"]}`+"\n  dana", 1)))
		w.pass(time.Minute)
		w.want("after the reload", w.waitsFor("CR-1"), []string{"ana"})
		w.hook(says("b1", "ben", flow.AwayEnded))
		w.pass(2 * time.Second)
		w.want("back early", w.waitsFor("CR-1"), []string{"ben"})
		for _, p := range w.engine.People(context.Background()) {
			if len(p.Leaves) > 0 {
				t.Errorf("%s is listed as away: %+v", p.Name, p.Leaves)
			}
		}
	})
}

func TestSetAway_ThroughOurOwnDoors(t *testing.T) {
	t.Parallel()
	inCovered(t, func(w *world) {
		ctx := context.Background()
		w.hook(ask("r1", "Banner"))
		w.pass(time.Minute)
		set := func(by, person string) flow.Reason {
			t.Helper()
			why, err := w.engine.SetAway(ctx, engine.AwayInput{By: flow.Actor{Name: by}, Person: person, From: "2000-01-01", Until: "2000-01-04", Via: "api"})
			must(t, err)
			return why
		}
		w.want("of another", set("ana", "ben").Code, flow.CodeNotYours)
		w.want("of nobody", set("", "olga").Code, flow.CodeUnknownPerson)
		w.want("by those who look after things", set("dana", "ben").Code, flow.CodeRecorded)
		w.want("by a program", set("", "ana").Code, flow.CodeRecorded)
		w.pass(time.Second)
		w.want("waits for", w.waitsFor("CR-1"), []string{"dana"})
		var got []string
		for _, p := range w.engine.People(ctx) {
			for _, l := range p.Leaves {
				got = append(got, name("%s %s %s stands in %s now %v", p.Name, l.First, l.Last, l.StandsIn, l.Now))
			}
		}
		w.want("listed", got, []string{"ana 2000-01-01 2000-01-04 stands in dana now true", "ben 2000-01-01 2000-01-04 stands in dana now true"})
		why, err := w.engine.EndAway(ctx, engine.AwayInput{By: flow.Actor{Name: "ben"}, Person: "ben", Via: "web"})
		must(t, err)
		w.want("back", why.Text, "You are back: 1 waiting item comes back.")
	})
}

// Turns go past whoever is away: nobody gets two in a row because of it, and nobody is skipped.
func TestAway_TurnsGoOn(t *testing.T) {
	t.Parallel()
	inCovered(t, func(w *world) {
		w.hook(says("a1", "ben", flow.AwaySet, "when", "today"))
		w.pass(time.Second)
		var got []string
		for i := range 6 {
			if i == 4 {
				w.hook(says("b1", "ben", flow.AwayEnded))
				w.pass(time.Second)
			}
			w.hook(ask(name("r%d", i), "by turns"))
			w.pass(time.Second)
			got = append(got, w.request(name("CR-%d", i+1)).Assignee.Name)
		}
		w.want("assigned", got, []string{"ana", "dana", "ana", "dana", "ana", "ben"})
	})
}

// Everything is in the record: who was away when it was decided.
func TestAway_StandsInTheRecord(t *testing.T) {
	t.Parallel()
	inCovered(t, func(w *world) {
		w.hook(says("a1", "ben", flow.AwaySet, "when", "today"))
		w.pass(time.Second)
		w.hook(ask("r1", "Banner"))
		w.pass(time.Second)
		d, err := w.engine.Request(context.Background(), "CR-1")
		must(t, err)
		want := []flow.Absence{{Person: "ben", Cover: "ana", Until: time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC)}}
		for _, rec := range d.Records {
			w.want(string(rec.Event.Kind), rec.Facts.Away, want)
		}
	})
}

// One's own page says when one is away, and for whom one stands in.
func TestAway_IsOnTheirOwnPages(t *testing.T) {
	t.Parallel()
	inCovered(t, func(w *world) {
		w.homely()
		w.hook(opens("h1", "ben", "", ""))
		w.hook(opens("h2", "ana", "", ""))
		w.pass(2 * time.Second)
		w.hook(says("a1", "ben", flow.AwaySet, "when", "today"))
		w.pass(3 * time.Second)
		notes := map[flow.Ref][]string{}
		for _, shown := range w.chat.shownHomes() {
			notes[shown.who] = shown.page.Notes
		}
		w.want("Ben's", notes[slackUser("Uben")], []string{"You are away: Sat 1 Jan, now; Ana Reyes stands in. /signoff back ends it."})
		w.want("Ana's", notes[slackUser("Uana")], []string{"You stand in for Ben Osei: Sat 1 Jan."})
		w.pass(25 * time.Hour)
		for _, shown := range w.chat.shownHomes() {
			notes[shown.who] = shown.page.Notes
		}
		w.want("Ben's, the day after", len(notes[slackUser("Uben")]), 0)
		w.want("Ana's, the day after", len(notes[slackUser("Uana")]), 0)
	})
}
