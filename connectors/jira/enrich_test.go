package jira_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	site "signoff/internal/sandbox/jira"
)

const selfCall = "GET /rest/api/2/myself"

// arrive takes a webhook the way the engine does: Accept, Enrich when asked for, Parse.
func (r *rig) arrive(t *testing.T, body string) (flow.Event, bool) {
	t.Helper()
	in := hook([]byte(body))
	in.At = r.clock.Now()
	acc, err := r.Accept(in)
	if err != nil || acc.Ignored != "" || acc.Malformed != "" {
		t.Fatalf("Accept(%s) = %+v, %v, want it taken", body, acc, err)
	}
	d := flow.Delivery{ID: "jira/" + acc.ID, Instance: "jira", Kind: acc.Kind, At: in.At, Body: in.Body}
	if acc.Enrich {
		if d.Learned, err = r.Enrich(t.Context(), d); err != nil {
			t.Fatalf("Enrich: %v", err)
		}
	}
	events, err := r.Parse(d)
	if err != nil || len(events) != 1 {
		t.Fatalf("Parse = %+v, %v, want one event", events, err)
	}
	return events[0], acc.Enrich
}

const unexplained = "no write of ours explains it"

func TestEcho(t *testing.T) {
	t.Parallel()
	self := map[string][]string{selfCall: {`{"accountId":"` + botID + `","displayName":"signoff-bot","active":true,"accountType":"atlassian"}`}}
	moved := func(who string) string { return fmt.Sprintf(movedBody, begin().UnixMilli(), who, "x") }
	for name, tc := range map[string]struct {
		who        string
		write      bool
		after      time.Duration
		echo, warn bool
	}{
		"a person":                    {anaID, false, 0, false, false},
		"a person, as we would":       {anaID, true, 0, false, false},
		"ours, written":               {botID, true, 0, true, false},
		"ours, written hours ago":     {botID, true, 23 * time.Hour, true, false},
		"ours, written long ago":      {botID, true, 25 * time.Hour, true, true},
		"ours, nothing explains it":   {botID, false, 0, true, true},
		"nobody is said to have done": {"", false, 0, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ways := `{"transitions":[{"id":"21","name":"Review","to":{"id":"10002","name":"In review"}}]}`
			reviewed := strings.Replace(toDo, `"id":"10000","name":"To Do"`, `"id":"10002","name":"In review"`, 1)
			c, _ := scripted(t, map[string][]string{selfCall: self[selfCall], waysCall: {ways}, readCall: {toDo, toDo, reviewed}})
			if tc.write {
				e := ticket(1, "Homepage hero")
				links := c.do(t, e)
				c.do(t, known(e, links, 2, flow.InReview))
			}
			c.clock.Advance(tc.after)
			body := strings.Replace(moved(tc.who), fmt.Sprint(begin().UnixMilli()), fmt.Sprint(c.clock.Now().UnixMilli()), 1)
			ev, _ := c.arrive(t, body)
			if ev.Echo != tc.echo {
				t.Errorf("Echo = %v, want %v", ev.Echo, tc.echo)
			}
			if warned := strings.Contains(c.log.String(), unexplained); warned != tc.warn {
				t.Errorf("warned = %v, want %v; log:\n%s", warned, tc.warn, c.log)
			}
		})
	}
}

func TestEnrich_OnlyWhenItMayBeUs(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, map[string][]string{selfCall: {`{"accountId":"` + botID + `"}`}})
	body := func(who string) string { return fmt.Sprintf(movedBody, begin().UnixMilli(), who, "x") }
	if _, enriched := c.arrive(t, body(anaID)); !enriched {
		t.Error("before our account is known nothing is asked")
	}
	if _, enriched := c.arrive(t, body(anaID)); enriched {
		t.Error("a person's move is enriched although our account is known")
	}
	if ev, enriched := c.arrive(t, body(botID)); !enriched || !ev.Echo {
		t.Errorf("our own move: enriched %v, echo %v, want both", enriched, ev.Echo)
	}
	if n := len(s.bodies[selfCall]); n != 1 {
		t.Errorf("Jira was asked who we are %d times, want once", n)
	}
	c.clock.Advance(25 * time.Hour)
	late := strings.Replace(body(botID), fmt.Sprint(begin().UnixMilli()), fmt.Sprint(c.clock.Now().UnixMilli()), 1)
	c.arrive(t, late)
	if n := len(s.bodies[selfCall]); n != 2 {
		t.Errorf("after a day Jira was asked %d times in all, want twice", n)
	}
}

func TestEnrich_JiraDown(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, map[string][]string{selfCall: {"503 "}})
	_, err := c.Enrich(t.Context(), flow.Delivery{Body: []byte(fmt.Sprintf(movedBody, 1, botID, "x"))})
	if got := connectors.ClassOf(err); got != connectors.Transient {
		t.Errorf("Enrich while Jira is down = class %q (%v), want transient", got, err)
	}
}

func TestReceipts_AreSwept(t *testing.T) {
	t.Parallel()
	c, o := rigged(t, nil)
	e := ticket(1, "Homepage hero")
	links := c.do(t, e)
	c.do(t, known(e, links, 2, flow.InProgress))
	before := c.receipts()
	c.clock.Advance(25 * time.Hour)
	c.do(t, known(e, links, 3, flow.InReview))
	for _, key := range before {
		for _, now := range c.receipts() {
			if key == now {
				t.Errorf("the receipt %s is still there after a day", key)
			}
		}
	}
	if got := o.status(t); got != "In Review" {
		t.Errorf("the ticket is %q, want In Review", got)
	}
}

// TestSighted: the webhook of a new ticket settles a lost answer long before search does.
func TestSighted(t *testing.T) {
	t.Parallel()
	created := func(who, id string) string {
		return fmt.Sprintf(`{"timestamp":%d,"webhookEvent":"jira:issue_created","user":{"accountId":%q},"issue":{"id":%q,"key":"DES-7","fields":{"project":{"key":"DES"},"labels":["signoff","signoff-k-%s"]}}}`,
			begin().UnixMilli(), who, id, mark)
	}
	const proof = `{"key":"signoff.origin","value":{"v":1,"hubKey":"` + mark + `"}}`
	for name, tc := range map[string]struct {
		body, proof string
		found       bool
	}{
		"ours":              {created(botID, "10042"), proof, true},
		"a copy of ours":    {created(botID, "10042"), "404 {}", false},
		"somebody's copy":   {created(anaID, "10042"), proof, false},
		"without an id":     {created(botID, ""), proof, false},
		"a mark of its own": {strings.Replace(created(botID, "10042"), mark, "0123456789abcdef", 1), proof, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := scripted(t, map[string][]string{
				selfCall: {`{"accountId":"` + botID + `"}`}, searchCall: {found()}, "GET /rest/api/2/issue/10042/properties/signoff.origin": {tc.proof},
			})
			in := hook([]byte(tc.body))
			acc, err := c.Accept(in)
			if err != nil || acc.Malformed != "" {
				t.Fatalf("Accept = %+v, %v", acc, err)
			}
			d := flow.Delivery{ID: "jira/x", Body: in.Body, At: in.At}
			if acc.Enrich {
				if d.Learned, err = c.Enrich(t.Context(), d); err != nil {
					t.Fatal(err)
				}
			}
			if events, err := c.Parse(d); err != nil || events != nil {
				t.Errorf("Parse = %+v, %v, want no event", events, err)
			}
			links, ok, _ := c.Find(t.Context(), ticket(1, "Homepage hero"), begin())
			if ok != tc.found || ok && links[0].Label != "DES-7" {
				t.Errorf("Find = %v, %v, want found %v; calls %v", links, ok, tc.found, s.asked)
			}
		})
	}
}

// TestWebhooks_OfTheSite takes what a strict site really sends.
func TestWebhooks_OfTheSite(t *testing.T) {
	t.Parallel()
	c, o := rigged(t, func(o *site.Options) { o.WebhookURL, o.WebhookSecret = "http://127.0.0.1:1/hooks/jira", hookSecret })
	o.site.HoldWebhooks()
	e := ticket(1, "Homepage hero")
	links := c.do(t, e)
	c.do(t, known(e, links, 2, flow.InProgress))
	if err := o.site.MoveAs("Jon Park", "DES-1", "In Review"); err != nil {
		t.Fatal(err)
	}
	if err := o.site.CommentAs("Jon Park", "DES-1", "Looks *fine*"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range o.site.Webhooks() {
		acc, err := c.Accept(hook(w.Body))
		if err != nil {
			t.Errorf("Accept(%s) = %v", w.Event, err)
		}
		if acc.Ignored != "" || acc.Malformed != "" || w.Event == "jira:issue_created" {
			got = append(got, w.Event+": "+acc.Ignored+acc.Malformed)
			continue
		}
		ev, _ := c.arrive(t, string(w.Body))
		got = append(got, fmt.Sprintf("%s: %s by %s echo=%v %s%s", w.Event, ev.Kind, ev.Actor.Shown, ev.Echo, ev.Field("status"), ev.Body))
	}
	want := []string{
		"jira:issue_created: ",
		"jira:issue_updated: ticket.moved by signoff-bot echo=true In Progress",
		"jira:issue_updated: ticket.moved by Jon Park echo=false In Review",
		"comment_created: comment.added by Jon Park echo=false Looks fine",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the site's webhooks say\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if strings.Contains(c.log.String(), unexplained) {
		t.Errorf("a write of ours is not explained:\n%s", c.log)
	}
}
