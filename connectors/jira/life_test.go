package jira_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/internal/flow"
	site "signoff/internal/sandbox/jira"
	"signoff/internal/text"
)

// TestLife_Renamed: a ticket that people move to another project keeps its id, and so its request.
func TestLife_Renamed(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		o.site.SetWebhook("http://127.0.0.1:1/hooks/jira", hookSecret)
		made := c.do(t, o.ticket())
		o.site.HoldWebhooks()
		key, err := o.site.ProjectAs("Jon Park", "DES-1", "MKT")
		if err != nil {
			t.Fatal(err)
		}
		var got []flow.Event
		for _, ev := range events(t, c, o) {
			if ev.Kind == flow.TicketRenamed {
				got = append(got, ev)
			}
		}
		if len(got) != 1 || got[0].Subject != made[0].Ref || got[0].Field("key") != key {
			t.Fatalf("the move is told as %+v, want it renamed to %s", got, key)
		}
		if l := got[0].Links[0]; l.Label != key || !strings.HasSuffix(l.URL, "/browse/"+key) {
			t.Errorf("its link is %+v, want the new key", l)
		}
		view, err := c.Read(t.Context(), made[0].Ref)
		if err != nil || view.Fields["key"][0] != key || view.Ticket.Project != "MKT" {
			t.Errorf("Read = %+v, %v, want the new key", view.Fields, err)
		}
		if links := c.do(t, known(o.ticket(), made, 2, flow.Intake)); links[0].Label != key {
			t.Errorf("the next change is of %s, want %s", links[0].Label, key)
		}
	})
}

func TestLife_Read(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		made := c.do(t, o.ticket())
		before, err := c.Read(t.Context(), made[0].Ref)
		if err != nil || before.Fields["key"][0] != "DES-1" || before.Ticket.Assignee.Ref.Key != o.ana {
			t.Fatalf("Read = %+v, %v, want DES-1 with its assignee", before, err)
		}
		c.clock.Advance(time.Minute)
		if err := o.site.CommentAs("Jon Park", "DES-1", "Hello"); err != nil {
			t.Fatal(err)
		}
		after, err := c.Read(t.Context(), made[0].Ref)
		if err != nil || after.Fields["updated"][0] <= before.Fields["updated"][0] {
			t.Errorf("updated is %v after a comment and was %v, want it later (%v)", after.Fields["updated"], before.Fields["updated"], err)
		}
	})
}

func TestLife_Gone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		do    func(*outside) error
		gone  string // of Read
		write string // of Do
	}{
		"hidden":           {func(o *outside) error { o.site.Deny("BROWSE_PROJECTS"); return nil }, "hidden", "hidden"},
		"deleted":          {func(o *outside) error { return o.site.DeleteAs("Jon Park", "DES-1") }, "hidden", "hidden"},
		"archived":         {func(o *outside) error { return o.site.ArchiveAs("Jon Park", "DES-1", true) }, "", "archived"},
		"project archived": {func(o *outside) error { return o.site.ArchiveProject("DES", true) }, "", "archived"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			editions(t, func(t *testing.T, c *rig, o *outside) {
				made := c.do(t, o.ticket())
				if err := tc.do(o); err != nil {
					t.Fatal(err)
				}
				_, err := c.Read(t.Context(), made[0].Ref)
				if got := goneOf(err); got != tc.gone {
					t.Errorf("Read = %v, gone %q, want %q: one look never says deleted", err, got, tc.gone)
				}
				_, err = c.Do(t.Context(), words(made[0].Ref, 2, text.Plain("Hello")))
				if got := goneOf(err); got != tc.write || connectors.ClassOf(err) != connectors.Rejected {
					t.Errorf("a comment = %v, gone %q, want %q", err, got, tc.write)
				}
			})
		})
	}
}

func goneOf(err error) string {
	if e, ok := err.(*connectors.Error); ok { //nolint:errorlint // exactly this type
		return e.Gone
	}
	return ""
}

// TestLife_NotGone: what says nothing of the ticket does not make it gone.
func TestLife_NotGone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answers map[string][]string
		class   connectors.Class
	}{
		"token ignored":   {map[string][]string{readCall: {"404 {}"}, selfCall: {"401 "}}, connectors.Denied},
		"a page":          {map[string][]string{readCall: {"404 <html>Site temporarily unavailable</html>"}}, connectors.Transient},
		"site in trouble": {map[string][]string{readCall: {"404 {}"}, selfCall: {"503 "}}, connectors.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := scripted(t, tc.answers)
			_, err := c.Read(t.Context(), flow.Ref{System: "jira", Type: "issue", Key: "10042"})
			if goneOf(err) != "" || connectors.ClassOf(err) != tc.class {
				t.Errorf("Read = %v, gone %q, want class %q and nothing gone", err, goneOf(err), tc.class)
			}
		})
	}
}

func TestLife_DeletedTold(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		o.site.SetWebhook("http://127.0.0.1:1/hooks/jira", hookSecret)
		made := c.do(t, o.ticket())
		o.site.HoldWebhooks()
		if err := o.site.DeleteAs("Jon Park", "DES-1"); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, ev := range events(t, c, o) {
			if ev.Kind == flow.TicketGone && ev.Subject == made[0].Ref {
				got = append(got, told(ev))
			}
		}
		if diff := cmp.Diff([]string{"ticket.gone by Jon Park:  why=deleted"}, got); diff != "" {
			t.Errorf("a deletion is told as (-want +got)\n%s", diff)
		}
	})
}

// TestLife_Again: when people ask for a new ticket its mark is another, so that the old one is not found.
func TestLife_Again(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		first := c.do(t, o.ticket())
		if err := o.site.DeleteAs("Jon Park", "DES-1"); err != nil {
			t.Fatal(err)
		}
		again := o.ticket()
		again.Show.Again = 1
		second := c.do(t, again)
		if second[0].Ref == first[0].Ref || len(o.site.Issues()) != 1 {
			t.Errorf("asked for a new ticket: %v after %v, want another", second[0].Ref, first[0].Ref)
		}
	})
}

// TestLife_DuplicateSweep: a create whose answer was lost, which search shows only after we gave up on it.
func TestLife_DuplicateSweep(t *testing.T) {
	t.Parallel()
	c, o := rigged(t, func(o *site.Options) { o.IndexLag = 5 * time.Minute })
	e := ticket(1, "Homepage hero")
	o.front.arm(lose(true))
	tried := c.clock.Now()
	if _, err := c.Do(t.Context(), e); connectors.ClassOf(err) != connectors.Unsure {
		t.Fatalf("Do = %v, want unsure", err)
	}
	c.clock.Advance(181 * time.Second)
	if _, found, err := c.Find(t.Context(), e, tried); found || err != nil {
		t.Fatalf("Find = %v, %v, want it given up", found, err)
	}
	links := c.do(t, e)
	if n := len(o.site.Issues()); n != 2 {
		t.Fatalf("there are %d tickets, want the two of a slow search", n)
	}
	c.clock.Advance(9 * time.Minute)
	read := func() {
		t.Helper()
		if _, err := c.Read(t.Context(), links[0].Ref); err != nil {
			t.Fatal(err)
		}
	}
	read()
	if strings.Contains(c.log.String(), "duplicate") {
		t.Errorf("it was looked for early:\n%s", c.log)
	}
	c.clock.Advance(2 * time.Minute)
	read()
	read()
	if n := strings.Count(c.log.String(), "two tickets carry the mark of one request"); n != 1 {
		t.Errorf("the alarm is raised %d times, want once:\n%s", n, c.log)
	}
	for _, i := range o.site.Issues() {
		want := i.Key != links[0].Label
		if got := strings.Contains(strings.Join(i.Labels, " "), "signoff-duplicate"); got != want {
			t.Errorf("%s has the labels %v; the ticket that is followed is %s", i.Key, i.Labels, links[0].Label)
		}
	}
}

// TestLife_CopiedLabel: a ticket that somebody copied, label and all, is never taken for ours.
func TestLife_CopiedLabel(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c2, _ := scripted(t, map[string][]string{selfCall: {`{"accountId":"` + botID + `"}`}})
	body := fmt.Sprintf(`{"timestamp":%d,"webhookEvent":"jira:issue_created","user":{"accountId":%q},"issue":{"id":"10050","key":"DES-9","fields":{"project":{"key":"DES"},"labels":["signoff","signoff-k-%s"]}}}`,
		begin().UnixMilli(), anaID, mark)
	if acc, err := c.Accept(hook([]byte(body))); err != nil || !acc.Enrich {
		t.Errorf("Accept before our account is known = %+v, %v, want it looked at", acc, err)
	}
	d := flow.Delivery{ID: "jira/x", Body: []byte(body), At: begin()}
	if _, err := c2.Enrich(t.Context(), d); err != nil || !strings.Contains(c2.log.String(), "it was copied and is not followed") {
		t.Errorf("Enrich = %v, want an alarm in the log:\n%s", err, c2.log)
	}
	if acc, err := c2.Accept(hook([]byte(body))); err != nil || acc.Ignored == "" || !strings.Contains(acc.Alarm, "DES-9 carries the label of another ticket") {
		t.Errorf("Accept = %+v, %v, want it ignored with an alarm", acc, err)
	}
}

// TestLife_FewWrites: fifty quick changes are what is different in the end, not fifty requests.
func TestLife_FewWrites(t *testing.T) {
	t.Parallel()
	c, o := rigged(t, nil)
	e := ticket(1, "Homepage hero")
	made := c.do(t, e)
	before := len(o.front.calls())
	for i := range 50 {
		next := known(e, made, int64(i+2), flow.Intake)
		next.Show.View.Ticket.Labels = []string{"web", "urgent"}
		next.Show.View.Ticket.Fields = map[string][]string{"brand": {"nova"}, "effort_hours": {"8"}}
		c.do(t, next)
	}
	var puts []string
	for _, call := range o.front.calls()[before:] {
		if !strings.HasPrefix(call, "GET ") {
			puts = append(puts, call)
		}
	}
	if len(puts) != 1 || !strings.HasPrefix(puts[0], "PUT /rest/api/2/issue/") {
		t.Errorf("fields and labels of fifty views are written by %v, want one PUT", puts)
	}
}

// TestLife_NearLimit: when Jira says that little is left we go slowly for a while.
func TestLife_NearLimit(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-RateLimit-NearLimit", "true")
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `[]`) // the caller may be gone
	}))
	t.Cleanup(srv.Close)
	c := connect(t, fmt.Sprintf(settings, srv.URL))
	slow := func() bool {
		for _, p := range c.Pace(ticket(1, "Hero")) {
			if p.Key == "near" && p.Budget {
				return true
			}
		}
		return false
	}
	if slow() {
		t.Error("it goes slowly from the start")
	}
	if _, err := c.Statuses(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slow() {
		t.Error("it goes on as fast as before")
	}
	if c.clock.Advance(2 * time.Minute); slow() {
		t.Error("it still goes slowly after two minutes")
	}
}

// TestLife_PingPong: a ticket that is changed again and again is an alarm, once.
func TestLife_PingPong(t *testing.T) {
	t.Parallel()
	c, _ := rigged(t, nil)
	e := ticket(1, "Homepage hero")
	made := c.do(t, e)
	alarms := func() int { return strings.Count(c.log.String(), "alarm=ping-pong") }
	for i := range 30 {
		next := known(e, made, int64(i+2), flow.Intake)
		next.Show.View.Title = fmt.Sprint("Title ", i)
		c.do(t, next)
		if i == 15 && alarms() != 0 {
			t.Errorf("sixteen changes are an alarm:\n%s", c.log)
		}
		c.clock.Advance(10 * time.Second)
	}
	if alarms() != 1 {
		t.Errorf("thirty changes in five minutes raise %d alarms, want one:\n%s", alarms(), c.log)
	}
}
