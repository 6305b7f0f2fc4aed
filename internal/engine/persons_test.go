package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
)

// homely starts the world with a chat that has pages of people.
func (w *world) homely() *world {
	w.stop()
	w.conns["slack"] = homely{w.chat}
	w.start()
	w.settle()
	return w
}

func opens(id, who, section, page string) body {
	b := body{ID: id, Event: &flow.Event{Kind: flow.HomeOpened, Actor: flow.Actor{Ref: slackUser("U" + who)}, Fields: map[string][]string{}}}
	if section != "" {
		b.Event.Fields["section"], b.Event.Fields["page"] = []string{section}, []string{page}
	}
	return b
}

func listed(h flow.Home, section string) (ids []string) {
	for _, s := range h.Sections {
		if s.Name == section {
			for _, v := range s.Items {
				ids = append(ids, string(v.Request))
			}
		}
	}
	return ids
}

// A burst of changes is few calls, within two seconds, and the last of them is what is shown.
func TestHome_ABurstIsFewCallsAndTheLastStateIsShown(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.homely()
		w.hook(opens("h1", "ana", "waiting", "2"))
		w.pass(time.Minute)
		if got := w.chat.shownHomes(); len(got) != 1 || got[0].who != slackUser("Uana") {
			t.Fatalf("shown %+v, want ana's page once", got)
		}
		began := time.Now()
		for i := range 11 {
			w.hook(ask(name("r%d", i), "Banner"))
		}
		w.pass(2 * time.Second)
		shown := w.chat.shownHomes()[1:]
		if len(shown) == 0 || len(shown) > 3 {
			t.Fatalf("%d calls for 11 changes, want 1 to 3", len(shown))
		}
		last := shown[len(shown)-1]
		if n := waitingCount(last.page); n != 11 {
			t.Errorf("%d requests wait on the page, want 11", n)
		}
		if first := shown[0].at.Sub(began); first > 2*time.Second {
			t.Errorf("first shown after %s, want 2 s at most", first)
		}
		quiet := len(w.chat.shownHomes())
		w.pass(time.Hour)
		if n := len(w.chat.shownHomes()) - quiet; n > 1 { // cards and tickets settle
			t.Errorf("%d more calls while nothing changed for her", n)
		}
		before := len(w.chat.shownHomes())
		w.hook(press("v", "ana", "CR-1", flow.Approve))
		w.pass(2 * time.Second)
		after := w.chat.shownHomes()
		if len(after) != before+1 || waitingCount(after[len(after)-1].page) != 10 {
			t.Errorf("%d calls after a vote, want one with 10 waiting", len(after)-before)
		}
	})
}

// waitingCount is how many requests wait on a page, as far as its pages tell: 7 on each full one.
func waitingCount(h flow.Home) (n int) {
	for _, s := range h.Sections {
		if s.Name == "waiting" {
			n = homePage*(s.Pages-1) + len(s.Items)
		}
	}
	return n
}

const homePage = 7

// Nobody who has not opened their page is written to.
func TestHome_OnlyForThoseWhoOpenedIt(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.homely()
		w.hook(ask("1", "Banner"))
		w.pass(time.Hour)
		if got := w.chat.shownHomes(); len(got) != 0 {
			t.Errorf("shown %+v, want nothing", got)
		}
		w.hook(opens("h1", "dana", "", ""))
		w.hook(opens("h2", "dana", "waiting", "2"))
		w.pass(time.Minute)
		got := w.chat.shownHomes()
		if len(got) == 0 || strings.Join(listed(got[0].page, "waiting"), " ") != "CR-1" && len(got) == 1 {
			t.Errorf("shown %+v, want dana's page with what waits for her", got)
		}
	})
}

// A refusal stops the instance; the page comes once it works again.
func TestHome_ComesAfterTroubleIsOver(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.homely()
		w.chat.set(func(o *outside) { o.denied = context.Canceled })
		w.hook(opens("h1", "ana", "", ""))
		w.pass(10 * time.Minute)
		if got := w.chat.shownHomes(); len(got) != 0 {
			t.Fatalf("shown %+v while refused", got)
		}
		w.chat.set(func(o *outside) { o.denied = nil })
		w.pass(5 * time.Minute)
		if got := w.chat.shownHomes(); len(got) != 1 {
			t.Errorf("%d calls after the trouble, want one", len(got))
		}
	})
}

func chooses(id, who, name, value string) body {
	return body{ID: id, Event: &flow.Event{Kind: flow.SettingChanged, Actor: flow.Actor{Ref: slackUser("U" + who)}, Fields: map[string][]string{"name": {name}, "value": {value}}}}
}

func drafts(id, words, way string) body {
	b := ask(id, words)
	b.Event.Fields["draft"] = []string{way}
	b.Event.Where = flow.Ref{System: "slack", Type: "thread", Key: "C1/" + id}
	return b
}

// Whoever wants no drafts of what they write gets none, until they want them again; an emoji is a wish of its own.
func TestSettings_NoDrafts(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.hook(chooses("s1", "maya", "drafts", "off"))
		w.hook(drafts("d1", "Banner please", "watch"))
		w.hook(chooses("s2", "maya", "drafts", "perhaps")) // no such value
		w.hook(chooses("s3", "maya", "colour", "green"))
		w.hook(drafts("d2", "Banner please", "watch"))
		w.settle()
		page, err := w.engine.Requests(context.Background(), engine.Filter{Status: flow.Draft})
		must(t, err)
		if len(page.Requests) != 0 {
			t.Fatalf("%d drafts though she wants none", len(page.Requests))
		}
		w.hook(drafts("d3", "Banner please", "emoji"))
		w.hook(chooses("s4", "maya", "drafts", "on"))
		w.hook(drafts("d4", "Banner please", "watch"))
		w.settle()
		for _, id := range []string{"CR-1", "CR-2"} {
			if r := w.request(id); r.Status != flow.Draft {
				t.Errorf("%s is %s, want a draft", id, r.Status)
			}
		}
		for f, want := range map[engine.Filter]int{{}: 0, {Open: true}: 0, {Text: "banner"}: 0, {Status: flow.Draft}: 2} {
			page, err := w.engine.Requests(context.Background(), f)
			must(t, err)
			if len(page.Requests) != want || page.Total != want {
				t.Errorf("%+v lists %d of %d, want %d: drafts are listed only where they are asked for", f, len(page.Requests), page.Total, want)
			}
		}
	})
}

// A draft that is confirmed is routed by the rules of now, with what was edited.
func TestDraft_ConfirmedIsRoutedAnew(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.hook(drafts("d1", "Banner please", "emoji"))
		w.settle()
		if r := w.request("CR-1"); r.Status != flow.Draft || r.Workflow != "" {
			t.Fatalf("draft is %s with workflow %q", r.Status, r.Workflow)
		}
		w.engine.Swap(compile(t, strings.Replace(studio, "project: DES", "project: WEB", 1)))
		who := flow.Actor{Ref: slackUser("Umaya")}
		w.hook(body{ID: "c0", Event: &flow.Event{Kind: flow.DraftConfirmed, Request: "CR-1", Actor: flow.Actor{Ref: slackUser("Uben")}}})
		w.settle()
		if r := w.request("CR-1"); r.Status != flow.Draft {
			t.Fatalf("confirmed by somebody it was not offered to: %s", r.Status)
		}
		w.hook(body{ID: "c1", Event: &flow.Event{Kind: flow.DraftConfirmed, Request: "CR-1", Actor: who, Fields: map[string][]string{"title": {"Big banner"}}}})
		w.settle()
		r := w.request("CR-1")
		if r.Status != flow.InReview || r.Project != "WEB" || r.Title != "Big banner" || r.Ruleset != w.engine.Rules().Digest() {
			t.Errorf("CR-1 is %s in %s, %q; want in review in WEB as Big banner, by the rules of now", r.Status, r.Project, r.Title)
		}
	})
}

// A watched channel offers nothing in a thread that has its request; a link shown elsewhere finds its request.
func TestShared_LinksFindTheirRequests(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.hook(ask("1", "Spring banner"))
		w.hook(ask("2", "Summer banner"))
		w.pass(time.Minute)
		ticket, _ := w.request("CR-2").Link("ticket")
		w.hook(body{ID: "l1", Event: &flow.Event{
			Kind: flow.LinkShared, Actor: flow.Actor{Ref: slackUser("Uana")}, Where: flow.Ref{System: "slack", Type: "message", Key: "C9/1"},
			Fields: map[string][]string{"url": {
				"https://signoff.lumen.example/requests/cr-1?x=1#votes", "https://jira.example/browse/" + ticket.Label,
				"https://signoff.lumen.example/requests/CR-99", "https://signoff.lumen.example/", "https://signoff.lumen.example/requests/CR-1",
			}},
		}})
		w.settle()
		for id, want := range map[string]int{"CR-1": 2, "CR-2": 1} {
			d, err := w.engine.Request(context.Background(), id)
			must(t, err)
			var shared []string
			for _, rec := range d.Records {
				if rec.Event.Kind == flow.LinkShared {
					shared = append(shared, rec.Event.Fields["url"]...)
				}
			}
			if len(shared) != want {
				t.Errorf("%s: shown by %v, want %d addresses", id, shared, want)
			}
		}
	})
}

// What the tracker's settings want stands in the record of a move.
func TestFacts_Ways(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.desk.set(func(o *outside) { o.ways = connectors.Ways{Bypass: "move back", Attach: true} })
		w.hook(ask("1", "Banner"))
		w.pass(time.Minute)
		ticket, _ := w.request("CR-1").Link("ticket")
		w.hook(body{ID: "m", Event: &flow.Event{Kind: flow.TicketMoved, Subject: ticket.Ref, Fields: map[string][]string{"status": {"Done"}, "word": {"approved"}}}})
		w.hook(body{ID: "f", Event: &flow.Event{Kind: flow.FilesAdded, Subject: ticket.Ref, Files: []flow.File{{Name: "a.pdf", Ref: flow.Ref{System: "jira", Type: "file", Key: "1"}}}}})
		w.settle()
		d, err := w.engine.Request(context.Background(), "CR-1")
		must(t, err)
		var bypass string
		var attach bool
		for _, rec := range d.Records {
			switch rec.Event.Kind {
			case flow.TicketMoved:
				bypass = rec.Facts.Bypass
			case flow.FilesAdded:
				attach = rec.Facts.Attach
			}
		}
		if bypass != "move back" || !attach {
			t.Errorf("facts: bypass %q, attach %v; want what the settings say", bypass, attach)
		}
	})
}
