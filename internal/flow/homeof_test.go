package flow

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// renumbered gives a request another number.
func renumbered(r Request, n int) Request {
	r.ID = RequestID(fmt.Sprintf("CR-%d", n))
	return r
}

func TestHomeOf(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.p.limits["Brand"] = 27 * time.Hour
	w.p.plan = []planned{{stage: "Brand", kind: Remind, after: 20 * time.Hour, every: 24 * time.Hour, to: "waiting", where: []string{"dm"}}}
	w.submit("maya", "")
	w.settle()
	w.now = w.now.Add(time.Hour)
	w.step(w.event(RequestEdited, "maya", "due", "2026-11-20"))
	making := newWorld(twoStages())
	making.submit("lin", "ana")
	draft := newWorld(twoStages())
	ev := draft.event(RequestSubmitted, "maya", "draft", "emoji", "title", "Poster")
	ev.Where = Ref{"slack", "thread", "C1/2"}
	draft.r = Step(draft.p, Request{}, ev, Facts{New: "CR-150", Places: Places{Chat: "slack"}, Routing: &Routing{}}).Request

	ana := HomeOf(w.p, HomeInput{Who: person("ana"), Waiting: []Request{renumbered(making.r, 144), w.r}, Settings: map[string]string{"drafts": "off"}, Notes: []string{"n"}})
	maya := HomeOf(w.p, HomeInput{Who: person("maya"), Asked: []Request{w.r, draft.r}, Due: []Request{w.r}})
	want := `Waiting for you (2) 1/1
CR-142 Spring banner waits for your review (Brand).
ask | Spring banner · DES-7
  Brand · decide by <Thu 17:00> · waits since <Wed 14:00> · next reminder <Thu 10:00>
  For @Maya · due <Fri 23:59>
  [Approve] approve
  [Request changes] request_changes
  [Decline] decline  in the menu
  [Delegate] delegate  in the menu
  [Open] open /requests/CR-142
  [Why here?] why  in the menu
CR-144 Spring banner is yours. Send it to review when it is ready.
work | Spring banner · ticket pending
  Your turn · for @Lin
  since <Wed 14:00>
  [Send to review] submit_work
  [Open] open /requests/CR-144
  [Why here?] why  in the menu
Your requests 1/1
You have no open requests.
Due this week 1/1
Nothing of yours is due this week.
---
Waiting for you 1/1
Nothing waits for you.
Your requests (2) 1/1
CR-142 Spring banner: in review, waiting for Ana Reyes or Dana Wolf (Brand), due Fri 20 Nov, 23:59 London.
card | Spring banner · DES-7
  In review · due <Fri 23:59>
  Brand · waiting for @Ana Reyes or @Dana Wolf (1 needed) · since <Wed 14:00> · next reminder <Thu 10:00>
  [Open] open /requests/CR-142
  [Why here?] why  in the menu
  [Add detail] add_detail  in the menu
  [Withdraw] withdraw  in the menu
Make a request of this? Poster
draft | Poster
  [Create request] confirm_draft
  [Edit…] edit_draft
  [Not a request] dismiss_draft
Due this week (1) 1/1
CR-142 Spring banner: in review, waiting for Ana Reyes or Dana Wolf (Brand), due Fri 20 Nov, 23:59 London.
card | Spring banner · DES-7
  In review · due <Fri 23:59>
  Brand · waiting for @Ana Reyes or @Dana Wolf (1 needed) · since <Wed 14:00> · next reminder <Thu 10:00>
  [Open] open /requests/CR-142
`
	if diff := cmp.Diff(want, printHome(ana)+"---\n"+printHome(maya)); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if ana.Settings[0].Value != "off" || maya.Settings[0].Value != "on" || ana.Who.Shown != "Ana Reyes" || ana.Notes[0] != "n" {
		t.Errorf("settings %+v and %+v, who %+v, notes %q", ana.Settings, maya.Settings, ana.Who, ana.Notes)
	}
	lines := Standing(w.p, w.r)
	if want := "Brand is open and waits for Ana Reyes or Dana Wolf, since Wed 18 Nov, 14:00 London. It is due Thu 19 Nov, 17:00 London. The next reminder comes Thu 19 Nov, 10:00 London."; len(lines) != 1 || lines[0] != want {
		t.Errorf("Standing = %q, want %q", lines, want)
	}
}

func printHome(h Home) string {
	var b strings.Builder
	for _, s := range h.Sections {
		fmt.Fprintf(&b, "%s %d/%d\n", s.Title, s.Page, s.Pages)
		for _, v := range s.Items {
			b.WriteString(printView(v))
		}
		if len(s.Items) == 0 {
			b.WriteString(s.Empty + "\n")
		}
	}
	return b.String()
}

func TestHomeOf_Pages(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "")
	var many []Request
	for i := range 15 {
		many = append(many, renumbered(w.r, 100+i))
	}
	for _, c := range []struct{ page, want, items int }{{0, 1, 7}, {1, 1, 7}, {3, 3, 1}, {9, 3, 1}, {-4, 1, 7}} {
		h := HomeOf(w.p, HomeInput{Who: person("maya"), Asked: many, Pages: map[string]int{"asked": c.page}})
		if s := h.Sections[1]; s.Page != c.want || s.Pages != 3 || len(s.Items) != c.items {
			t.Errorf("page %d: page %d of %d with %d items, want %d of 3 with %d", c.page, s.Page, s.Pages, len(s.Items), c.want, c.items)
		}
	}
}

func TestLinkShared(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "")
	w.settle()
	w.step(w.event(RequestEdited, "maya", "budget", "50000"))
	ev := w.event(LinkShared, "tom", "url", "https://signoff.lumen.example/requests/CR-142")
	ev.Where, ev.Delivery = Ref{"slack", "message", "C9/7"}, "slack/d9"
	o := w.step(ev)
	if len(o.Effects) != 1 || o.Effects[0].Tell == nil || o.Effects[0].Tell.InReplyTo != "slack/d9" || o.Effects[0].Tell.Where != ev.Where {
		t.Fatalf("effects %+v, want one answer to the delivery", o.Effects)
	}
	v := o.Effects[0].Tell.View
	want := map[string][]string{"url": {"https://signoff.lumen.example/requests/CR-142"}}
	if diff := cmp.Diff(want, v.Fields); diff != "" || v.Kind != UnfurlView || v.Body != nil || v.Points != nil {
		t.Errorf("view %+v, fields (-want +got):\n%s", v, diff)
	}
	if text := asJSON(t, v); strings.Contains(text, "50000") || !strings.Contains(text, "Ana Reyes") {
		t.Errorf("view %s, want whom it waits for and no field", text)
	}
	ev.Fields["shared"] = []string{"yes"}
	if o := w.step(ev); len(o.Effects) != 0 {
		t.Errorf("shown where others read: %+v", o.Effects)
	}
}

// TestHomeOf_ABriefToComplete: whoever asked for a request sees what it waits for, with the way to fill it in.
func TestHomeOf_ABriefToComplete(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.p.required = []Field{{Name: "audience", Label: "Audience"}, {Name: "claim", Label: "Legal claim"}}
	w.p.parts = []Part{{Title: "Copy"}}
	w.submit("maya", "lin")
	w.settle()
	h := HomeOf(w.p, HomeInput{Who: person("maya"), Waiting: []Request{w.r}, Asked: []Request{w.r}})
	for i, want := range []string{"CR-142 Spring banner needs 2 things from you: Audience and Legal claim.", "CR-142 Spring banner: brief needs 2 things: Audience and Legal claim, waiting on Maya."} {
		if len(h.Sections[i].Items) != 1 || h.Sections[i].Items[0].Headline != want {
			t.Fatalf("%s has %+v, want %q", h.Sections[i].Name, h.Sections[i].Items, want)
		}
		b := h.Sections[i].Items[0].Buttons[0]
		if b.Action != "add_detail" || b.Value != "audience,claim" {
			t.Errorf("%s begins with %+v, want the way to the two fields", h.Sections[i].Name, b)
		}
	}
	if got := Standing(w.p, w.r); len(got) != 1 || got[0] != "It waits on its requester, Maya, for 2 things (Audience and Legal claim), since Wed 18 Nov, 14:00 London." {
		t.Errorf("standing %q", got)
	}
	if other := HomeOf(w.p, HomeInput{Who: person("lin"), Waiting: []Request{w.r}}); len(other.Sections[0].Items) != 0 {
		t.Errorf("the assignee waits for %+v", other.Sections[0].Items)
	}
	w.step(w.event(RequestEdited, "maya", "audience", "Families", "claim", "none"))
	w.settle()
	if got := HomeOf(w.p, HomeInput{Who: person("maya"), Waiting: []Request{w.r}, Asked: []Request{w.r}}); len(got.Sections[0].Items) != 0 || len(got.Sections[1].Items[0].Facts) < 3 {
		t.Errorf("once it is complete: %+v", got.Sections)
	}
}
