package embedded_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/connectors/embedded"
	"signoff/internal/flow"
	"signoff/internal/text"
)

type harness struct{}

func (harness) Kind() connectors.Kind  { return embedded.Kind() }
func (harness) Env() map[string]string { return nil }

func (harness) Start(t *testing.T, d connectors.Deps) connectortest.Outside {
	t.Helper()
	c, err := embedded.New(func(any) error { return nil }, d)
	if err != nil {
		t.Fatal(err)
	}
	return &outside{t: t, c: c.(*embedded.Connector), keep: d.Keep}
}

// outside is the kept rows themselves.
type outside struct {
	t    *testing.T
	c    *embedded.Connector
	keep connectors.Keep
}

func (o *outside) Connector() connectors.Connector       { return o.c }
func (o *outside) Create() flow.Effect                   { return show("CR-1", 1, "Spring banner") }
func (o *outside) Arm(connectortest.Fault) bool          { return false }
func (o *outside) Faults() []connectortest.Case          { return nil }
func (o *outside) Hooks() (a, b []connectors.Inbound)    { return nil, nil }
func (o *outside) Secrets() []string                     { return nil }
func (o *outside) Say(l []flow.Link) (flow.Effect, bool) { return say(l[0].Ref, "CR-1/2/1"), true }

func (o *outside) Things() []string {
	var out []string
	err := o.keep.Scan(o.t.Context(), "ticket/", func(_ string, value []byte) error {
		out = append(out, string(value))
		return nil
	})
	if err != nil {
		o.t.Error(err)
	}
	return out
}

func (o *outside) Said() int {
	n := 0
	for _, raw := range o.Things() {
		var t struct{ Comments []json.RawMessage }
		if err := json.Unmarshal([]byte(raw), &t); err != nil {
			o.t.Error(err)
		}
		n += len(t.Comments)
	}
	return n
}

func (o *outside) Talk(made []flow.Link, body text.Doc) flow.Effect {
	return flow.Effect{ID: "CR-1/2/1", Request: "CR-1", Target: "embedded", Show: &flow.Show{
		Purpose: "comment/1", At: made[0].Ref, Version: 2, Digest: "d",
		View: flow.View{Kind: flow.CommentView, Request: "CR-1", Headline: "Ana wrote", Body: body},
	}}
}

func (o *outside) Spoken() []string {
	list, err := o.c.Comments(o.t.Context(), flow.Ref{System: "embedded", Type: "ticket", Key: "1"})
	if err != nil {
		o.t.Error(err)
	}
	var out []string
	for _, c := range list {
		out = append(out, c.Body.String())
	}
	return out
}

func show(id flow.RequestID, version int64, title string) flow.Effect {
	return flow.Effect{ID: string(id) + "/1/1", Request: id, Target: "embedded", Show: &flow.Show{
		Purpose: "ticket", At: flow.Ref{System: "embedded", Type: "project", Key: "DES"}, Version: version, Digest: "d",
		View: flow.View{Kind: flow.TicketView, Request: id, Title: title, Status: flow.Intake, Page: "/requests/" + string(id),
			Ticket: &flow.TicketFields{Priority: "high"}},
	}}
}

func say(where flow.Ref, id string) flow.Effect {
	return flow.Effect{ID: id, Request: "CR-1", Target: "embedded", Tell: &flow.Tell{
		Where: where, View: flow.View{Kind: flow.CommentView, Headline: "Approved by Ana.", Body: text.Plain("Well done.")},
	}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, harness{})
}

func tracker(t *testing.T, settings func(any) error) (*embedded.Connector, *connectortest.Keep) {
	t.Helper()
	keep := &connectortest.Keep{}
	clock := connectortest.NewClock(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))
	c, err := embedded.New(settings, connectors.Deps{Instance: "embedded", PublicURL: "https://signoff.lumen.example", Keep: keep, Now: clock.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return c.(*embedded.Connector), keep
}

func none(any) error { return nil }

func TestDo_NumbersTicketsInOrder(t *testing.T) {
	t.Parallel()
	c, _ := tracker(t, none)
	for i, id := range []flow.RequestID{"CR-1", "CR-2", "CR-1"} {
		links, err := c.Do(t.Context(), show(id, 1, "A title"))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"T-1", "T-2", "T-1"}[i]
		if links[0].Label != want || links[0].URL != "https://signoff.lumen.example/requests/"+string(id) {
			t.Errorf("Do(%s) = %+v, want %s at its page", id, links[0], want)
		}
	}
}

func TestDo_AtOnce(t *testing.T) {
	t.Parallel()
	c, keep := tracker(t, none)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := c.Do(t.Context(), show("CR-1", 1, "A title")); err != nil {
				t.Errorf("Do: %v", err)
			}
		})
	}
	wg.Wait()
	tickets := 0
	for _, key := range keep.Keys() {
		if strings.HasPrefix(key, "ticket/") {
			tickets++
		}
	}
	if tickets != 1 {
		t.Errorf("8 calls at once made %d tickets, want 1", tickets)
	}
}

func TestRead_ShowsWhatWasWritten(t *testing.T) {
	t.Parallel()
	c, _ := tracker(t, none)
	links, err := c.Do(t.Context(), show("CR-1", 1, "Spring banner"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Read(t.Context(), links[0].Ref)
	if err != nil {
		t.Fatal(err)
	}
	want := flow.View{Kind: flow.TicketView, Request: "CR-1", Title: "Spring banner", Headline: "intake", Status: flow.Intake, Ticket: &flow.TicketFields{Priority: "high"},
		Fields: map[string][]string{"key": {"T-1"}, "updated": {"2026-11-20T09:00:00Z"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Read (-want +got)\n%s", diff)
	}
}

func TestDo_LinksAndComments(t *testing.T) {
	t.Parallel()
	c, _ := tracker(t, none)
	links, err := c.Do(t.Context(), show("CR-1", 1, "Spring banner"))
	if err != nil {
		t.Fatal(err)
	}
	thread := flow.Link{Ref: flow.Ref{System: "slack", Type: "thread", Key: "T1/C1/1.2"}, URL: "https://lumen.slack.example/1"}
	e := flow.Effect{ID: "CR-1/2/2", Request: "CR-1", Show: &flow.Show{Purpose: "ticket/thread", At: links[0].Ref, Version: 2, View: flow.View{Kind: flow.LinkView, Link: &thread}}}
	var refs []flow.Ref
	for range 2 {
		got, err := c.Do(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, got[0].Ref)
	}
	if refs[0] != refs[1] {
		t.Errorf("the same link twice is %v and %v, want one", refs[0], refs[1])
	}
	if _, err := c.Do(t.Context(), say(links[0].Ref, "CR-1/2/3")); err != nil {
		t.Fatal(err)
	}
	comments, err := c.Comments(t.Context(), links[0].Ref)
	if err != nil || len(comments) != 1 || comments[0].Text != "Approved by Ana." {
		t.Errorf("Comments = %+v, %v, want the one that was said", comments, err)
	}
}

func TestDo_RefusesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	c, _ := tracker(t, none)
	for name, e := range map[string]flow.Effect{
		"comment nowhere":  say(flow.Ref{}, "CR-1/1/1"),
		"comment too soon": say(flow.Ref{System: "embedded", Type: "ticket", Key: "7"}, "CR-1/1/1"),
		"comment in Jira":  say(flow.Ref{System: "jira", Type: "issue", Key: "10042"}, "CR-1/1/1"),
		"change of a name": {ID: "x", Request: "CR-1", Show: &flow.Show{Purpose: "ticket", Link: &flow.Link{Ref: flow.Ref{Type: "ticket", Key: "DES-7"}}}},
		"a wake":           {ID: "x", Request: "CR-1", Wake: &flow.Wake{Name: "w"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.Do(t.Context(), e)
			ce, ok := errors.AsType[*connectors.Error](err)
			if !ok || ce.Class != connectors.Rejected || ce.Person == "" {
				t.Errorf("Do(%s) = %v, want rejected with words for people", name, err)
			}
		})
	}
}

func TestNew_Prefix(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"STUDIO": "STUDIO-1", "T": "T-1", "t": "", "A B": "", "": "", "TOOLONGPREFIX": ""} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			set := func(into any) error { into.(*embedded.Settings).Prefix = in; return nil }
			if want == "" {
				_, err := embedded.New(set, connectors.Deps{})
				if bad, ok := errors.AsType[*connectors.SettingError](err); !ok || bad.Key != "prefix" {
					t.Errorf("New with prefix %q = %v, want a problem of prefix", in, err)
				}
				return
			}
			c, _ := tracker(t, set)
			links, err := c.Do(t.Context(), show("CR-1", 1, "x"))
			if err != nil || links[0].Label != want {
				t.Errorf("first ticket with prefix %q = %+v, %v, want %s", in, links, err, want)
			}
		})
	}
}

// TestPart: a subtask has a ticket of its own below the request's, and keeps no status: it is ticked on our pages.
func TestPart(t *testing.T) {
	t.Parallel()
	o := harness{}.Start(t, connectors.Deps{Instance: "embedded", Log: slog.Default(), Now: time.Now, Keep: &connectortest.Keep{}}).(*outside)
	above, err := o.c.Do(t.Context(), show("CR-1", 1, "Spring banner"))
	if err != nil {
		t.Fatal(err)
	}
	e := show("CR-1", 2, "Artwork")
	e.Show.Purpose, e.Show.View.Kind, e.Show.View.Status, e.Show.View.Link = "part/1", flow.PartView, "", &above[0]
	e.Show.View.Ticket = &flow.TicketFields{KeepStatus: true}
	links, err := o.c.Do(t.Context(), e)
	if err != nil || links[0].Ref == above[0].Ref || links[0].Purpose != "part/1" {
		t.Fatalf("made %v below %v, %v", links, above, err)
	}
	v, err := o.c.Read(t.Context(), links[0].Ref)
	if err != nil || v.Title != "Artwork" || v.Headline != "" {
		t.Errorf("it reads %+v, %v; want no status", v, err)
	}
	if things := strings.Join(o.Things(), "\n"); !strings.Contains(things, `"purpose":"ticket"`) {
		t.Errorf("nothing says what it is part of:\n%s", things)
	}
}
