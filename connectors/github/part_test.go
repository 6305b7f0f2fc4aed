package github_test

import (
	"strings"
	"testing"
	"time"

	"signoff/internal/flow"
	site "signoff/internal/sandbox/github"
	"signoff/internal/text"
)

// TestPart: a subtask is an issue of its own that names its parent, and is done when people close it.
func TestPart(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	above := r.do(ticket(1, "Homepage hero"))
	e := ticket(3, "Artwork")
	e.Show.Purpose = "part/2"
	e.Show.View = flow.View{
		Kind: flow.PartView, Request: "CR-142", Title: "Artwork", Page: "/requests/CR-142", Body: text.Plain("Subtask 2 of 3 of CR-142 Spring banner."), Link: &above[0],
		Facts:  []flow.Fact{{Name: "effort", Label: "Effort", Text: "4 h"}, {Name: "after", Label: "After", Text: "Copy"}},
		Ticket: &flow.TicketFields{Labels: []string{"web"}, Assignee: flow.Actor{Name: "ana"}, KeepStatus: true, Due: time.Date(2026, 11, 27, 17, 0, 0, 0, time.UTC), Fields: map[string][]string{"effort_hours": {"4"}}},
	}
	links := r.do(e)
	again := r.do(e)
	all := r.site.Issues(home)
	i, ok := all[len(all)-1], len(all) == 2
	if !ok || links[0].Ref != again[0].Ref || links[0].Label != home+"#2" {
		t.Fatalf("made %v, again %v: %v", links, again, ok)
	}
	for _, want := range []string{"Part of " + above[0].URL, "**Effort:** 4 h", "**After:** Copy", "**Due:** Fri 27 Nov 2026, 17:00 UTC"} {
		if strings.Count(i.Body, want) != 1 {
			t.Errorf("the text has %q %d times:\n%s", want, strings.Count(i.Body, want), i.Body)
		}
	}
	if strings.Contains(i.Body, "Effort hours") || len(i.Labels) != 1 || i.State != "open" {
		t.Errorf("the issue is %s with %v:\n%s", i.State, i.Labels, i.Body)
	}
	v, err := r.c.Read(t.Context(), links[0].Ref)
	if err != nil || len(v.Fields["done"]) != 0 {
		t.Errorf("open it reads %+v, %v", v.Fields, err)
	}
	must(t, r.site.CloseAs("Ana Reyes", home+"#2", "completed"))
	v, err = r.c.Read(t.Context(), links[0].Ref)
	if err != nil || len(v.Fields["done"]) != 1 {
		t.Errorf("closed it reads %+v, %v", v.Fields, err)
	}
	var moved []flow.Event
	for _, ev := range r.events(r.hooks()...) {
		if ev.Kind == flow.TicketMoved && ev.Subject == links[0].Ref {
			moved = append(moved, ev)
		}
	}
	if len(moved) != 1 || moved[0].Field("done") != "yes" || moved[0].Echo {
		t.Errorf("closing it told %+v", moved)
	}
}
