package jira_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/internal/flow"
	site "signoff/internal/sandbox/jira"
	"signoff/internal/text"
)

func (o *outside) status(t *testing.T) string {
	t.Helper()
	list := o.site.Issues()
	if len(list) != 1 {
		t.Fatalf("there are %d tickets, want one", len(list))
	}
	return list[0].Status
}

// TestMove_OverTheWorkflow: the site's workflow has three hops from To Do to Done, and asks for a resolution on the way
// to Won't Do only.
func TestMove_OverTheWorkflow(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		words []flow.Status
		want  string
	}{
		{"one step", []flow.Status{flow.InProgress}, "In Progress"},
		{"over what the settings map", []flow.Status{flow.InReview}, "In Review"},
		{"to the end at once", []flow.Status{flow.Approved}, "Done"},
		{"step by step", []flow.Status{flow.InProgress, flow.InReview, flow.Approved}, "Done"},
		{"with a resolution", []flow.Status{flow.Declined}, "Won't Do"},
		{"back over what was learned", []flow.Status{flow.InProgress, flow.InReview, flow.Approved, flow.InProgress}, "In Progress"},
		{"not mapped", []flow.Status{flow.InProgress, flow.Withdrawn}, "In Progress"},
		{"there already", []flow.Status{flow.InProgress, flow.InProgress}, "In Progress"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, o := rigged(t, nil)
			e := ticket(1, "Homepage hero")
			links := c.do(t, e)
			for i, word := range tc.words {
				c.do(t, known(e, links, int64(i+2), word))
			}
			if got := o.status(t); got != tc.want {
				t.Errorf("after %v the ticket is %q, want %q; calls:\n%s", tc.words, got, tc.want, strings.Join(o.front.calls(), "\n"))
			}
		})
	}
}

func TestMove_AtCreation(t *testing.T) {
	t.Parallel()
	c, o := rigged(t, nil)
	e := ticket(1, "Homepage hero")
	e.Show.View.Status = flow.InReview
	c.do(t, e)
	if got := o.status(t); got != "In Review" {
		t.Errorf("a new ticket of a request in review is %q, want In Review", got)
	}
}

func TestMove_HandsOff(t *testing.T) {
	t.Parallel()
	c, o := rigged(t, nil)
	e := ticket(1, "Homepage hero")
	links := c.do(t, e)
	next := known(e, links, 2, flow.InReview)
	next.Show.View.Ticket.KeepStatus = true
	c.do(t, next)
	if got := o.status(t); got != "To Do" {
		t.Errorf("a ticket that people hold is %q, want it left at To Do", got)
	}
}

func TestMove_NoWay(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*site.Options)
		want   string
	}{
		"no transition": {func(o *site.Options) {
			o.Transitions = []site.Transition{{ID: "61", Name: "Reopen", From: []string{"Done"}, To: "To Do"}}
		}, `No transition in Jira leads DES-1 from "To Do" to "In Review". Jira lists none at all: signoff's account may lack the permission to transition issues. Move the ticket by hand, or have a Jira administrator add the transition.`},
		"not allowed": {func(o *site.Options) { o.Denied = []string{"TRANSITION_ISSUES"} }, `No transition in Jira leads DES-1 from "To Do" to "In Review". Jira lists none at all`},
		"a field is asked for": {func(o *site.Options) {
			o.Transitions = []site.Transition{{ID: "21", Name: "Review", To: "In Review", Screen: []site.ScreenField{{ID: "resolution", Required: true}}}}
		}, `Jira asks for Resolution to move DES-1 to "In Review". Move the ticket by hand, or have an administrator add the value to tracker.jira.projects.DES.status.`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, o := rigged(t, tc.change)
			e := ticket(1, "Homepage hero")
			e.Show.View.Status = flow.InReview
			_, err := c.Do(t.Context(), e)
			ce, _ := err.(*connectors.Error) //nolint:errorlint // exactly this type
			if ce == nil || ce.Class != connectors.Rejected || !strings.HasPrefix(ce.Person, tc.want) {
				t.Fatalf("Do = %+v\nwant people told\n%s", err, tc.want)
			}
			if len(ce.Made) != 1 || ce.Made[0].Label != "DES-1" {
				t.Fatalf("made %+v, want the new ticket named all the same", ce.Made)
			}
			_, err = c.Do(t.Context(), known(e, ce.Made, 2, flow.InReview))
			ce, _ = err.(*connectors.Error) //nolint:errorlint // exactly this type
			if ce == nil || ce.Class != connectors.Rejected || !strings.HasPrefix(ce.Person, tc.want) || len(ce.Made) > 0 {
				t.Errorf("second Do = %+v\nwant people told\n%s", err, tc.want)
			}
			if got := o.status(t); got != "To Do" {
				t.Errorf("the ticket is %q, want it left at To Do", got)
			}
		})
	}
}

func TestMove_NeverThroughAClosedStatus(t *testing.T) {
	t.Parallel()
	// From To Do only Won't Do can be reached, and from there everything: that is no way to review.
	c, o := rigged(t, func(o *site.Options) {
		o.Transitions = []site.Transition{
			{ID: "51", Name: "Decline", From: []string{"To Do"}, To: "Won't Do"},
			{ID: "61", Name: "Anywhere", From: []string{"Won't Do"}, To: "In Review"},
		}
	})
	e := ticket(1, "Homepage hero")
	e.Show.View.Status = flow.InReview
	if _, err := c.Do(t.Context(), e); connectors.ClassOf(err) != connectors.Rejected {
		t.Errorf("Do = %v, want people told that there is no way", err)
	}
	if got := o.status(t); got != "To Do" {
		t.Errorf("the ticket is %q, want it left at To Do", got)
	}
}

func TestMove_LostAnswer(t *testing.T) {
	t.Parallel()
	moved := strings.Replace(toDo, `"id":"10000","name":"To Do"`, `"id":"3","name":"In Progress"`, 1)
	ways := `{"transitions":[{"id":"7","name":"No target"},{"id":"11","name":"Start","to":{"id":"3","name":"In Progress"}},{"id":"12","name":"Closed way","isAvailable":false,"to":{"id":"3","name":"In Progress"}}]}`
	for name, tc := range map[string]struct {
		move, after string
		class       connectors.Class
	}{
		"done, then 500":    {"500 ", moved, ""},
		"done, then 409":    {"409 {}", moved, ""},
		"not done, 409":     {"409 {}", toDo, connectors.Transient},
		"not done, 400":     {`400 {"errorMessages":["No."]}`, toDo, connectors.Rejected},
		"not done, limited": {"429 ", toDo, connectors.Limited},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := scripted(t, map[string][]string{readCall: {toDo, toDo, tc.after}, waysCall: {ways}, moveCall: {tc.move}})
			e := ticket(1, "Homepage hero")
			links := c.do(t, e)
			_, err := c.Do(t.Context(), known(e, links, 2, flow.InProgress))
			if got := connectors.ClassOf(err); got != tc.class {
				t.Errorf("Do = class %q (%v), want %q", got, err, tc.class)
			}
			if diff := cmp.Diff(decoded(t, `{"transition":{"id":"11"}}`), s.body(t, moveCall, 0)); diff != "" {
				t.Errorf("transition (-want +got)\n%s", diff)
			}
		})
	}
}

func TestMove_SettingsGiveTheField(t *testing.T) {
	t.Parallel()
	ways := `{"transitions":[{"id":"51","name":"Decline","to":{"id":"10004","name":"Won't Do"},"fields":{
		"resolution":{"required":true,"name":"Resolution","schema":{"type":"resolution"},"allowedValues":[{"id":"1","name":"Done"},{"id":"2","name":"Dropped"}]},
		"comment":{"required":false,"name":"Comment","schema":{"type":"comments-page"}}}}]}`
	c, s := scripted(t, map[string][]string{waysCall: {ways}, readCall: {toDo, toDo, done}})
	yaml := strings.Replace(fmt.Sprintf(settings, c.url), "declined: Won't Do", `declined: {status: "Won't Do", fields: {Resolution: dropped}}`, 1)
	d := connect(t, yaml)
	e := ticket(1, "Homepage hero")
	links := d.do(t, e)
	_, _ = d.Do(t.Context(), known(e, links, 2, flow.Declined)) // the script's ticket ends elsewhere; the request counts
	want := decoded(t, `{"transition":{"id":"51"},"fields":{"resolution":{"id":"2"}}}`)
	if diff := cmp.Diff(want, s.body(t, moveCall, 0)); diff != "" {
		t.Errorf("transition (-want +got)\n%s", diff)
	}
}

// TestMove_ReceiptBeforeTheCall: the webhook of our own move may be faster than the answer.
func TestMove_ReceiptBeforeTheCall(t *testing.T) {
	t.Parallel()
	c, o := rigged(t, nil)
	e := ticket(1, "Homepage hero")
	links := c.do(t, e)
	before := len(c.receipts())
	o.front.arm(fault(500))
	_, _ = c.Do(t.Context(), known(e, links, 2, flow.InProgress)) // whatever comes of it
	if after := c.receipts(); len(after) <= before {
		t.Errorf("a move that failed left the receipts %v, want one for it", after)
	}
}

func (r *rig) receipts() []string {
	return slices.DeleteFunc(r.keep.Keys(), func(k string) bool { return !strings.HasPrefix(k, "receipt/") })
}

// TestMove_ByPath: a path in the settings leads where signoff could not find the way by itself.
func TestMove_ByPath(t *testing.T) {
	t.Parallel()
	workflow := func(o *site.Options) {
		o.Statuses = append(site.DefaultStatuses(), site.Status{ID: "10005", Name: "Legal", Category: "indeterminate"}, site.Status{ID: "10006", Name: "Print", Category: "indeterminate"})
		o.Transitions = []site.Transition{
			{ID: "1", Name: "Start", From: []string{"To Do"}, To: "In Progress"}, {ID: "2", Name: "Dead end", From: []string{"To Do"}, To: "Won't Do"},
			{ID: "3", Name: "To legal", From: []string{"In Progress"}, To: "Legal"}, {ID: "4", Name: "To print", From: []string{"Legal"}, To: "Print"},
			{ID: "5", Name: "Done", From: []string{"Print"}, To: "Done"},
		}
	}
	for name, tc := range map[string]struct{ yaml, want string }{
		"with a path":    {strings.Replace(settings, "approved: Done", "approved: {status: Done, path: [In Progress, Legal, Print]}", 1), "Done"},
		"without a path": {settings, "In Progress"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, o := riggedAs(t, tc.yaml, workflow)
			links := c.do(t, ticket(1, "Homepage hero"))
			_, err := c.Do(t.Context(), known(ticket(1, "Homepage hero"), links, 2, flow.Approved))
			if got := o.status(t); got != tc.want || (err == nil) != (tc.want == "Done") {
				t.Errorf("the ticket is %q (%v), want %q", got, err, tc.want)
			}
		})
	}
}

// TestMove_AsDescribed: an administrator's account reads the way in the workflow itself.
func TestMove_AsDescribed(t *testing.T) {
	t.Parallel()
	c, o := rigged(t, func(o *site.Options) {
		o.Granted = []string{"ADMINISTER"}
		o.Statuses = append(site.DefaultStatuses(), site.Status{ID: "10005", Name: "Legal", Category: "indeterminate"})
		o.Transitions = []site.Transition{
			{ID: "1", Name: "To legal", From: []string{"To Do"}, To: "Legal"}, {ID: "2", Name: "Dead end", From: []string{"To Do"}, To: "Won't Do"},
			{ID: "3", Name: "Accept", From: []string{"Legal"}, To: "Done"},
		}
	})
	links := c.do(t, ticket(1, "Homepage hero"))
	c.do(t, known(ticket(1, "Homepage hero"), links, 2, flow.Approved))
	if got := o.status(t); got != "Done" {
		t.Errorf("the ticket is %q, want Done over a status that nothing maps", got)
	}
}

// TestLimited_ByReason: who has to wait, and how long, is what Jira says.
func TestLimited_ByReason(t *testing.T) {
	t.Parallel()
	reset := begin().Add(40 * time.Second).Format(time.RFC3339)
	for name, tc := range map[string]struct {
		header     http.Header
		scope, key string
		wait       time.Duration
	}{
		"one ticket":    {http.Header{"Ratelimit-Reason": {"jira-per-issue-on-write"}, "Retry-After": {"3"}}, connectors.ScopeIssue, "10000", 3 * time.Second},
		"one call":      {http.Header{"Ratelimit-Reason": {"jira-burst-based"}, "Retry-After": {"0"}}, connectors.ScopeMethod, "", time.Second},
		"until a reset": {http.Header{"Ratelimit-Reason": {"jira-burst-based"}, "X-Ratelimit-Reset": {reset}}, connectors.ScopeMethod, "", 40 * time.Second},
		"everything":    {http.Header{"Ratelimit-Reason": {"jira-quota-global-based"}, "Retry-After": {"5"}}, connectors.ScopeInstance, "", 5 * time.Second},
		"Data Center":   {http.Header{"X-Ratelimit-Limit": {"5"}, "Retry-After": {"7"}}, connectors.ScopeInstance, "", 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, o := rigged(t, nil)
			made := c.do(t, o.ticket())
			o.front.arm(connectortest.Fault{Status: 429, Header: tc.header, Body: "<html>Too many requests</html>"})
			_, err := c.Do(t.Context(), words(made[0].Ref, 2, text.Plain("Hello")))
			ce, _ := err.(*connectors.Error) //nolint:errorlint // exactly this type
			key := tc.key
			if key != "" {
				key = made[0].Ref.Key
			}
			if ce == nil || ce.Class != connectors.Limited || ce.Scope != tc.scope || ce.Key != key || ce.Wait < tc.wait || ce.Wait > 2*tc.wait+time.Second {
				t.Errorf("Do = %+v, want limited for %s %s, %v", err, tc.scope, key, tc.wait)
			}
			c.do(t, words(made[0].Ref, 2, text.Plain("Hello")))
			if got := o.said(t); len(got) != 1 {
				t.Errorf("the ticket says %q, want it once", got)
			}
		})
	}
}
