package engine_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

var errEnded = errors.New("the process ended")

// tale is a story during which the process ends.
type tale struct {
	begin func(w *world)
	tell  func(w *world, send func(instance string, b body))
}

// crashAt plays a story with a process that ends at its nth commit, started again until the story is over, and reports
// whether it came to that commit at all. It ends just before the commit, or just after it.
func crashAt(t *testing.T, nth int, after bool, story tale) (crashed bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		whole := w.store
		dying := &counting{Store: whole, failAt: nth, err: errEnded, commits: after}
		ended := make(chan struct{})
		dying.dead = func() {
			select {
			case <-ended:
			default:
				close(ended)
			}
		}
		w.store = dying
		story.begin(w)
		w.start()
		up := func() bool {
			select {
			case <-ended:
				return false
			default:
				return true
			}
		}
		restart := func() {
			w.stop()
			w.store = whole
			w.start()
			synctest.Wait()
		}
		// A sender gives a delivery again until it is acknowledged.
		send := func(instance string, b body) {
			for w.engine.Hook(context.Background(), instance, wire(b)).Status != http.StatusOK {
				if !up() && !crashed {
					crashed = true
					restart()
				}
				w.pass(time.Second)
			}
			for _, after := range []time.Duration{10 * time.Second, 10 * time.Minute} {
				w.pass(after)
				if !up() && !crashed {
					crashed = true
					restart()
					w.pass(10 * time.Minute)
				}
			}
		}
		first := w.stop
		go func() { // the end of the process ends its work at once
			select {
			case <-ended:
				first()
			case <-t.Context().Done():
			}
		}()
		story.tell(w, send)
		w.stop()
	})
	return crashed
}

// approval is one request from submission to approval.
func approval(t *testing.T) tale {
	begin := func(w *world) {
		w.conns["slack"] = homely{w.chat}
		w.chat.files = map[string]source{"F1": gives("brief.pdf", "application/pdf", pdf(9000))}
	}
	return tale{begin, func(w *world, send func(string, body)) {
		asked := ask("1", "Spring banner")
		asked.Event.Files = []flow.File{{Ref: flow.Ref{System: "slack", Type: "file", Key: "F1"}, Name: "brief.pdf"}}
		send("slack", opens("h", "ana", "", ""))
		send("slack", asked)
		send("slack", press("2", "ana", "CR-1", flow.Approve))
		w.outsideShows("CR-1", flow.Approved)
		if n := len(w.chat.of("CR-1/ask/1/Brand review/ana")); n != 1 {
			t.Errorf("%d questions to ana, want 1", n)
		}
		if n := len(w.desk.of("CR-1/file/1")); n != 1 || w.request("CR-1").Files[0].Fate != flow.FileCopied {
			t.Errorf("%d copies of the file, which is %s; want one", n, w.request("CR-1").Files[0].Fate)
		}
		if pages := w.chat.shownHomes(); len(pages) == 0 || waitingCount(pages[len(pages)-1].page) != 0 {
			t.Errorf("ana's page, shown %d times, does not show that nothing waits for her any more", len(pages))
		}
	}}
}

// heldMail is a mail from somebody nobody knows that links to work: held back, accepted, and the work is looked at.
func heldMail(t *testing.T) tale {
	var figma *studioOf
	begin := func(w *world) {
		w.rules = compile(t, strings.Replace(studio, "groups:\n", "groups:\n  ops: [dana]\n", 1))
		figma = &studioOf{outside: newOutside("figma", time.Now), newest: version("v3")}
		w.conns["email"], w.conns["figma"] = mailbox{newOutside("email", time.Now)}, figma
	}
	return tale{begin, func(w *world, send func(string, body)) {
		send("email", stranger("m1", "Please look at https://designs.example/KEY"))
		send("slack", heldPress("p1", "dana", "email/m1", "accept"))
		list := w.requests()
		if len(list) != 1 || len(list[0].Assets) != 1 || list[0].Assets[0].Current().ID != "v3" {
			t.Errorf("requests %+v, want one whose work is at v3", list)
		}
		if d := w.delivery("email/m1"); d.State != flow.Done {
			t.Errorf("the mail is %s because %q, want done", d.State, d.Why)
		}
		if got := pressable(w.heldCard(t, "email/m1", "dana").view); len(got) != 0 || w.heldCards() != 1 {
			t.Errorf("%d cards, dana's with the buttons %v; want one, without", w.heldCards(), got)
		}
	}}
}

// mergedRules are rules taken over from a repository, twice: what is kept for the next start is always one commit, whole (F12).
func mergedRules(t *testing.T) tale {
	var l *library
	begin := func(w *world) {
		l = &library{outside: newOutside("github", time.Now), commit: "c1"}
		w.conns["github"] = l
		w.opts = func(o *engine.Options) { o.Librarian = l }
	}
	return tale{begin, func(w *world, send func(string, body)) {
		for _, commit := range []string{"c1", "c2"} {
			l.set(commit)
			send("slack", body{ID: "ring-" + commit, Event: &flow.Event{Kind: flow.RulesPushed, Actor: flow.Actor{Ref: flow.Ref{System: "slack", Type: "user", Key: "1"}}}})
			kept, files, err := engine.KeptRules(context.Background(), w.store, "github")
			if err != nil || kept != commit || len(files) != 1 || string(files[0].Data) != commit {
				t.Errorf("kept %q %s %v, want %s", kept, files, err, commit)
			}
			if st, _, err := w.engine.Shelving(context.Background()); err != nil || st.Commit != commit || st.Refused {
				t.Errorf("shelving %+v %v, want %s", st, err, commit)
			}
		}
		if taken, _ := l.done(); len(taken) < 2 || taken[len(taken)-1] != "c2=c2" {
			t.Errorf("taken over %v, want c2 at last", taken)
		}
	}}
}

func TestCrash_AtEveryCommit(t *testing.T) {
	t.Parallel()
	for what, story := range map[string]func(*testing.T) tale{"approval": approval, "mail held back": heldMail, "rules merged": mergedRules} {
		for when, after := range map[string]bool{"before": false, "after": true} {
			t.Run(what+", "+when, func(t *testing.T) {
				t.Parallel()
				nth, crashed := 0, true
				for crashed && !t.Failed() && nth < 200 {
					nth++
					t.Run(name("commit %d", nth), func(t *testing.T) { crashed = crashAt(t, nth, after, story(t)) })
				}
				if nth < 10 || nth == 200 {
					t.Errorf("the story has %d commits, want some dozens", nth-1)
				}
			})
		}
	}
}

func TestDo_KillsTheProcessEveryTime(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		whole, calls := w.store, 0
		w.stop()
		for range 12 {
			dying := &counting{Store: whole, err: errEnded}
			w.store = dying
			w.desk.set(func(o *outside) {
				o.fault = func(int, flow.Effect) error {
					calls++
					dying.set(1)
					return errEnded
				}
			})
			w.start()
			dying.dead = func() { go w.stop() }
			w.hook(ask("1", "Banner")) // the same one, sent again
			w.pass(10 * time.Minute)
			w.stop()
		}
		w.store = whole
		w.start()
		w.settle()
		parked, err := w.engine.Parked(context.Background())
		must(t, err)
		// Whatever ran beside it each time is under the same suspicion.
		why := ""
		for _, p := range parked {
			if p.Purpose == "ticket" {
				why = p.Why
			}
		}
		if !strings.Contains(why, "ended 8 times") || calls != 8 {
			t.Errorf("ticket parked %q after %d calls, want it parked after 8", why, calls)
		}
	})
}

// TestDo_SurvivesAStormOfDeaths: an effect that was only under way when the process ended, many times within seconds, is
// not set aside for that.
func TestDo_SurvivesAStormOfDeaths(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		whole := w.store
		w.stop()
		for range 100 {
			dying := &counting{Store: whole, err: errEnded}
			w.store = dying
			w.desk.set(func(o *outside) {
				o.fault = func(int, flow.Effect) error {
					dying.set(1)
					return errEnded
				}
			})
			w.start()
			dying.dead = func() { go w.stop() }
			w.hook(ask("1", "Banner"))
			w.pass(300 * time.Millisecond)
			w.stop()
		}
		w.desk.set(func(o *outside) { o.fault = nil })
		w.store = whole
		w.start()
		w.pass(10 * time.Minute)
		parked, err := w.engine.Parked(context.Background())
		must(t, err)
		if len(parked) > 0 {
			t.Errorf("parked: %+v, want nothing", parked)
		}
		w.outsideShows("CR-1", flow.InReview)
	})
}

func TestStoreDownAndBack(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.stop()
		whole := w.store
		c := &counting{Store: whole, err: errors.New("disk full")}
		w.store = c
		w.start()
		status(t, "before", w.hook(ask("1", "Banner")), http.StatusOK)
		w.settle()
		c.set(1)
		status(t, "while it is down", w.hook(ask("2", "Banner")), http.StatusServiceUnavailable)
		w.pass(10 * time.Minute)
		if h := w.engine.Health(context.Background()); h.Ready || len(h.Reasons) == 0 {
			t.Errorf("health while nothing can be stored: %+v, want not ready with the reason", h)
		}
		c.set(0)
		if h := w.engine.Health(context.Background()); !h.Ready {
			t.Errorf("health after it: %+v, want ready", h)
		}
		status(t, "after", w.hook(ask("2", "Banner")), http.StatusOK)
		w.pass(time.Hour)
		w.outsideShows("CR-1", flow.InReview)
		w.outsideShows("CR-2", flow.InReview)
	})
}

func (c *counting) set(failAt int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failAt = failAt
}

func TestStop_FinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.desk.set(func(o *outside) {
			o.fault = func(int, flow.Effect) error {
				time.Sleep(5 * time.Second) // the service is slow
				return nil
			}
		})
		w.hook(ask("1", "Banner"))
		w.settle()
		began := time.Now()
		w.stop()
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("stopping took %v, want at most 15 s", took)
		}
		status(t, "after the stop", w.hook(ask("2", "Banner")), http.StatusServiceUnavailable)
		if h := w.engine.Health(context.Background()); h.Ready {
			t.Error("ready while shutting down")
		}
		w.desk.set(func(o *outside) { o.fault = nil })
		w.start()
		w.pass(time.Minute)
		w.outsideShows("CR-1", flow.InReview)
	})
}
