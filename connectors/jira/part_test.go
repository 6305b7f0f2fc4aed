package jira_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	site "signoff/internal/sandbox/jira"
	"signoff/internal/text"
)

// part is the effect that makes the ticket of a subtask below another one.
func part(above []flow.Link, number string, version int64) flow.Effect {
	e := ticket(version, "Artwork")
	e.Show.Purpose = "part/" + number
	e.Show.View = flow.View{
		Kind: flow.PartView, Request: "CR-142", Title: "Artwork", Headline: "CR-142: Artwork, subtask 2 of 3.", Page: "/requests/CR-142",
		Body: text.Plain("Subtask 2 of 3 of CR-142 Spring banner."), Link: &above[0],
		Facts: []flow.Fact{{Name: "effort", Label: "Effort", Text: "4 h"}, {Name: "after", Label: "After", Text: "Copy"}, {Name: "blocks", Label: "Blocks", Text: "Export"}},
		Ticket: &flow.TicketFields{
			Project: "DES", Labels: []string{"web"}, Assignee: flow.Actor{Name: "ana", Shown: "Ana Reyes"}, KeepStatus: true,
			Due: time.Date(2026, 11, 27, 17, 0, 0, 0, time.UTC), Fields: map[string][]string{"effort_hours": {"4"}},
		},
	}
	return e
}

// TestPart: a subtask of a request is a sub-task of its ticket; where that cannot be, what comes closest.
func TestPart(t *testing.T) {
	t.Parallel()
	without := strings.Replace(settings, "    subtask_type: Sub-task\n", "", 1)
	for name, tc := range map[string]struct {
		yaml    string
		edition site.Edition
		above   string // type of the ticket above
		typ     string
	}{
		"on Cloud":                      {settings, site.Cloud, "", "Sub-task"},
		"on Data Center":                {dataCenter, site.DataCenter, "", "Sub-task"},
		"with no type in the settings":  {without, site.Cloud, "", "Sub-task"},
		"below an epic":                 {settings, site.Cloud, "Epic", "Task"},
		"below an epic, on Data Center": {dataCenter, site.DataCenter, "Epic", "Task"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, o := riggedAs(t, tc.yaml, func(o *site.Options) { o.Edition = tc.edition })
			above := c.do(t, o.ticket())
			if tc.above != "" {
				key := o.makeAs(t, tc.above, "Spring campaign", false)
				epic, _ := o.site.Issue(key)
				above = []flow.Link{{Ref: flow.Ref{System: "jira", Type: "issue", Key: strconv.Itoa(epic.ID)}, Label: key}}
			}
			links := c.do(t, part(above, "2", 3))
			got, _ := o.site.Issue(links[0].Label)
			parent := got.Parent
			if link := got.Fields["Epic Link"]; link != "" {
				parent = link
			}
			if got.Type != tc.typ || parent != above[0].Label || got.Summary != "Artwork" || got.Status != "To Do" || links[0].Purpose != "part/2" {
				t.Errorf("made %s %q (%s) below %q in %s, want a %s below %s", got.Type, got.Summary, links[0].Purpose, parent, got.Status, tc.typ, above[0].Label)
			}
			for _, want := range []string{"Subtask 2 of 3 of CR-142", "After", "Copy", "Blocks", "Export"} {
				if !strings.Contains(got.Description, want) {
					t.Errorf("the description lacks %q:\n%s", want, got.Description)
				}
			}
			if due := got.Due; tc.edition == site.Cloud && due != "2026-11-27" { // the settings of the other one map no date
				t.Errorf("due %q", due)
			}

			// It moves with the request's date, and people's status stays.
			if err := o.site.MoveAs("Ana Reyes", links[0].Label, "In Progress"); err != nil {
				t.Fatal(err)
			}
			next := part(above, "2", 4)
			next.Show.Link, next.Show.View.Ticket.Due = &links[0], time.Date(2026, 12, 4, 17, 0, 0, 0, time.UTC)
			c.do(t, next)
			if got, _ := o.site.Issue(links[0].Label); tc.edition == site.Cloud && got.Due != "2026-12-04" || got.Status != "In Progress" {
				t.Errorf("after the change it is due %q and %s", got.Due, got.Status)
			}
		})
	}
}

// TestPart_OfARequestThatIsASubtaskItself: both stand side by side below the same ticket.
func TestPart_OfARequestThatIsASubtaskItself(t *testing.T) {
	t.Parallel()
	c, o := riggedAs(t, strings.Replace(settings, "    fields:\n", "    fields:\n      campaign: Parent\n", 1), nil)
	top := o.makeAs(t, "Task", "Homepage", false)
	e := o.ticket()
	e.Show.View.Ticket.Fields["campaign"] = []string{top}
	above := c.do(t, e)
	links := c.do(t, part(above, "1", 3))
	if got, _ := o.site.Issue(links[0].Label); got.Parent != top || got.Type != "Sub-task" {
		t.Errorf("a %s below %q, want a Sub-task below %s", got.Type, got.Parent, top)
	}
}

// TestPart_ALostAnswerMakesOne: each subtask has a mark of its own.
func TestPart_ALostAnswerMakesOne(t *testing.T) {
	t.Parallel()
	c, o := rigged(t, nil)
	above := c.do(t, o.ticket())
	first, second := part(above, "1", 3), part(above, "2", 3)
	a := c.do(t, first)
	again := c.do(t, first)
	b := c.do(t, second)
	if a[0].Ref != again[0].Ref || a[0].Ref == b[0].Ref {
		t.Errorf("made %v, again %v, and the other %v", a[0].Ref, again[0].Ref, b[0].Ref)
	}
	found, ok, err := c.Find(t.Context(), second, begin())
	if err != nil || !ok || found[0].Ref != b[0].Ref {
		t.Errorf("found %v, %v, %v", found, ok, err)
	}
}

func TestPart_TheTicketAboveIsGone(t *testing.T) {
	t.Parallel()
	c, o := rigged(t, nil)
	above := c.do(t, o.ticket())
	if err := o.site.DeleteAs("Jon Park", above[0].Label); err != nil {
		t.Fatal(err)
	}
	_, err := c.Do(t.Context(), part(above, "1", 3))
	if ce, ok := err.(*connectors.Error); !ok || ce.Class != connectors.Rejected || !strings.Contains(ce.Person, "cannot be made below it") { //nolint:errorlint // exactly this type
		t.Errorf("Do = %v, want it said that the ticket above is not there", err)
	}
}

// TestPart_IsDoneByTheCategoryOfItsStatus: whatever it is called, and whether a webhook tells or the ticket is read.
func TestPart_IsDoneByTheCategoryOfItsStatus(t *testing.T) {
	t.Parallel()
	c, o := rigged(t, nil)
	links := c.do(t, part(c.do(t, o.ticket()), "1", 3))
	read := func() (string, []string) {
		t.Helper()
		v, err := c.Read(t.Context(), links[0].Ref)
		if err != nil {
			t.Fatal(err)
		}
		return v.Headline, v.Fields["done"]
	}
	if status, done := read(); status != "To Do" || done != nil {
		t.Errorf("a new one is %s, done %v", status, done)
	}
	for _, to := range []string{"In Progress", "In Review", "Done"} {
		if err := o.site.MoveAs("Ana Reyes", links[0].Label, to); err != nil {
			t.Fatal(err)
		}
	}
	if status, done := read(); status != "Done" || len(done) != 1 {
		t.Errorf("a done one is %s, done %v", status, done)
	}
}
