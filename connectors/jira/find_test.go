package jira_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/connectors/jira"
	"signoff/internal/flow"
	site "signoff/internal/sandbox/jira"
)

func fault(status int) connectortest.Fault { return connectortest.Fault{Status: status} }

const mark = "6d16e1585c05b6a3"

func found(list ...string) string {
	return `{"issues":[` + strings.Join(list, ",") + `],"isLast":true}`
}

func hit(id, key, property string) string {
	if property == "" {
		return fmt.Sprintf(`{"id":%q,"key":%q,"fields":{}}`, id, key)
	}
	return fmt.Sprintf(`{"id":%q,"key":%q,"fields":{},"properties":{"signoff.origin":{"v":1,"hubKey":%q}}}`, id, key, property)
}

func TestFind_Asks(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, map[string][]string{searchCall: {found()}})
	_, _, _ = c.Find(t.Context(), ticket(1, "Hero"), c.clock.Now()) // what it answers is another test's
	want := decoded(t, `{"jql":"project = \"DES\" AND labels = \"signoff-k-`+mark+`\"","fields":["summary","labels"],"properties":["signoff.origin"],"maxResults":5}`)
	if diff := cmp.Diff(want, s.body(t, searchCall, 0)); diff != "" {
		t.Errorf("search (-want +got)\n%s", diff)
	}
}

func TestFind_Schedule(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, map[string][]string{searchCall: {found()}})
	tried := c.clock.Now()
	var waits []string
	for range 10 {
		links, ok, err := c.Find(t.Context(), ticket(1, "Hero"), tried)
		if err == nil {
			if ok || links != nil {
				t.Fatalf("Find = %v, %v, want surely nothing", links, ok)
			}
			break
		}
		ce, is := errors.AsType[*connectors.Error](err)
		if !is || ce.Class != connectors.Unsure {
			t.Fatalf("Find = %v, want unsure", err)
		}
		c.clock.Advance(ce.Wait)
		waits = append(waits, c.clock.Now().Sub(tried).String())
	}
	if diff := cmp.Diff([]string{"2s", "5s", "15s", "30s", "1m0s", "2m0s", "3m0s"}, waits); diff != "" {
		t.Errorf("looked after (-want +got)\n%s", diff)
	}
}

func TestFind_Adopts(t *testing.T) {
	t.Parallel()
	const property = "GET /rest/api/2/issue/%s/properties/signoff.origin"
	for name, tc := range map[string]struct {
		answers map[string][]string
		id      string // "" = nothing found
		log     string
	}{
		"proven":                 {map[string][]string{searchCall: {found(hit("10042", "DES-7", mark))}}, "10042", ""},
		"proven by asking":       {map[string][]string{searchCall: {found(hit("10042", "DES-7", ""))}, fmt.Sprintf(property, "10042"): {`{"key":"signoff.origin","value":{"v":1,"hubKey":"` + mark + `"}}`}}, "10042", ""},
		"a copy with the label":  {map[string][]string{searchCall: {found(hit("10050", "DES-9", ""))}, fmt.Sprintf(property, "10050"): {`404 {}`}}, "", ""},
		"another one's property": {map[string][]string{searchCall: {found(hit("10050", "DES-9", "0123456789abcdef"))}}, "", ""},
		"several: the oldest": {map[string][]string{searchCall: {found(hit("10050", "DES-9", mark), hit("10042", "DES-7", mark), hit("9", "DES-1", "no"))},
			"PUT /rest/api/2/issue/10050": {"204 "}, "POST /rest/api/2/issueLink": {"201 "}}, "10042", "several tickets carry the mark"},
		"on the second page":       {map[string][]string{searchCall: {`{"issues":[],"nextPageToken":"t1","isLast":false}`, found(hit("10042", "DES-7", mark))}}, "10042", ""},
		"a token that comes again": {map[string][]string{searchCall: {`{"issues":[],"nextPageToken":"t1"}`}}, "", ""},
		"an id that is none":       {map[string][]string{searchCall: {found(hit("../x", "DES-7", mark))}}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := scripted(t, tc.answers)
			tried := c.clock.Now()
			c.clock.Advance(4 * time.Minute)
			links, ok, err := c.Find(t.Context(), ticket(1, "Homepage hero"), tried)
			if err != nil || ok != (tc.id != "") {
				t.Fatalf("Find = %v, %v, %v, want found %v; calls %v", links, ok, err, tc.id != "", s.asked)
			}
			if ok && links[0].Ref.Key != tc.id {
				t.Errorf("Find adopts %s, want %s", links[0].Ref.Key, tc.id)
			}
			if !strings.Contains(c.log.String(), tc.log) {
				t.Errorf("the log lacks %q:\n%s", tc.log, c.log)
			}
		})
	}
}

func TestFind_BringsTheTicketToTheView(t *testing.T) {
	t.Parallel()
	c, o := rigged(t, func(o *site.Options) { o.IndexLag = 20 * time.Second })
	e := ticket(1, "Homepage hero")
	e.Show.View.Status = flow.InReview
	o.front.arm(connectortest.Fault{Does: true})
	tried := c.clock.Now()
	if _, err := c.Do(t.Context(), e); connectors.ClassOf(err) != connectors.Unsure {
		t.Fatalf("Do = %v, want unsure", err)
	}
	if _, ok, err := c.Find(t.Context(), e, tried); ok || connectors.ClassOf(err) != connectors.Unsure {
		t.Fatalf("Find before search knows = %v, %v, want unsure", ok, err)
	}
	c.clock.Advance(30 * time.Second)
	links, ok, err := c.Find(t.Context(), e, tried)
	if err != nil || !ok || links[0].Label != "DES-1" {
		t.Fatalf("Find = %v, %v, %v, want DES-1", links, ok, err)
	}
	if got := o.status(t); got != "In Review" {
		t.Errorf("the ticket that was found is %q, want In Review", got)
	}
	c.do(t, e)
	if n := len(o.site.Issues()); n != 1 {
		t.Errorf("there are %d tickets, want one", n)
	}
}

func TestFind_Harmless(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, nil)
	e := ticket(1, "Hero")
	e.Show.Link = &flow.Link{Ref: flow.Ref{System: "jira", Type: "issue", Key: "10042"}}
	link := flow.Effect{ID: "x", Show: &flow.Show{Purpose: "ticket/thread", View: flow.View{Kind: flow.LinkView}}}
	for _, one := range []flow.Effect{e, link} {
		links, ok, err := c.Find(t.Context(), one, c.clock.Now())
		if links != nil || ok || err != nil || len(s.asked) > 0 {
			t.Errorf("Find(%s) = %v, %v, %v after %v, want nothing and no call: doing it again is harmless", one.Purpose(), links, ok, err, s.asked)
		}
	}
}

// broken is a Keep that keeps nothing safe.
type broken struct{ connectortest.Keep }

func (b *broken) Put(context.Context, string, []byte, []byte) error { return errors.New("disk full") }

// TestCreate_StoreFails: a ticket that was made and could not be remembered must be looked for, not made again.
func TestCreate_StoreFails(t *testing.T) {
	t.Parallel()
	base, s := scripted(t, nil)
	c, err := jira.New(read(fmt.Sprintf(settings, base.url)), connectors.Deps{
		Instance: "jira", HTTP: connectortest.HTTP(t), Files: connectortest.Files(t), Log: slog.New(slog.DiscardHandler), Now: base.clock.Now, Keep: &broken{},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.(*jira.Connector).Do(t.Context(), ticket(1, "Hero"))
	if got := connectors.ClassOf(err); got != connectors.Unsure {
		t.Errorf("Do with a store that keeps nothing = class %q (%v), want unsure", got, err)
	}
	if n := len(s.bodies[createCall]); n != 1 {
		t.Errorf("created %d times, want once", n)
	}
}
