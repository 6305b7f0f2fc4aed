package jira_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/internal/flow"
	site "signoff/internal/sandbox/jira"
	"signoff/internal/text"
)

// dataCenter are the settings of a Data Center, %s being its address.
const dataCenter = `url: %[1]s
token: ATATT3xFfGF0-canary-token
webhook_token: 4f1d9c0b7a6e5d8c3b2a19087f6e5d4c
deployment: server
projects:
  DES:
    issue_type: Task
    fields:
      brand: Brand
    status:
      in_progress: In Progress
      in_review: In Review
`

// editions runs a test on both editions.
func editions(t *testing.T, test func(*testing.T, *rig, *outside)) {
	t.Helper()
	t.Run("Cloud", func(t *testing.T) {
		t.Parallel()
		r, o := rigged(t, nil)
		test(t, r, o)
	})
	t.Run("Data Center", func(t *testing.T) {
		t.Parallel()
		r, o := riggedAs(t, dataCenter, func(o *site.Options) { o.Edition = site.DataCenter })
		test(t, r, o)
	})
	t.Run("Server without properties", func(t *testing.T) {
		t.Parallel()
		r, o := riggedAs(t, dataCenter, func(o *site.Options) {
			o.Edition, o.Version, o.Quirks = site.SelfHosted, "8.5.0", site.Quirks{CreateIgnoresProperties: true}
		})
		test(t, r, o)
	})
}

// words is a comment of the thread shown in a ticket.
func words(ticket flow.Ref, version int64, body text.Doc) flow.Effect {
	return flow.Effect{
		ID: fmt.Sprintf("CR-142/%d/1", version), Request: "CR-142", Target: "jira",
		Show: &flow.Show{
			Purpose: "comment/1", At: ticket, Version: version, Digest: fmt.Sprint("digest-", version),
			View: flow.View{Kind: flow.CommentView, Request: "CR-142", Headline: "Ana wrote", Body: body},
		},
	}
}

func reworded(e flow.Effect, links []flow.Link, version int64, body text.Doc) flow.Effect {
	show := *e.Show
	show.Link, show.Version, show.View.Body = &links[0], version, body
	e.ID, e.Show = fmt.Sprintf("CR-142/%d/1", version), &show
	return e
}

func (o *outside) said(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, c := range o.site.Issues()[0].Comments {
		out = append(out, c.Body)
	}
	return out
}

func TestTalk_ShownEditedRemoved(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		made := c.do(t, o.ticket())
		e := words(made[0].Ref, 2, text.Doc{text.P(text.B("Ana"), text.T(" in Slack")), text.P(text.T("The hero is too dark."))})
		links := c.do(t, e)
		if again := c.do(t, e); again[0].Ref != links[0].Ref {
			t.Errorf("the second time made %v, want %v", again[0].Ref, links[0].Ref)
		}
		if ref := links[0].Ref; ref.Type != "comment" || !strings.HasPrefix(ref.Key, made[0].Ref.Key+"/") {
			t.Errorf("the comment is %v, want one of the ticket", ref)
		}
		if want := "/browse/DES-1?focusedCommentId="; !strings.Contains(links[0].URL, want) {
			t.Errorf("its address is %s, want %s… in it", links[0].URL, want)
		}
		c.do(t, reworded(e, links, 3, text.Plain("Ana (edited): too bright.")))
		c.do(t, reworded(e, links, 2, text.Plain("an older view")))
		got := o.said(t)
		if len(got) != 1 || !strings.HasPrefix(got[0], "Ana (edited): too bright.") {
			t.Errorf("the ticket says %q, want the newest words once", got)
		}
	})
}

func TestTalk_DeletedInJiraStaysDeleted(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		made := c.do(t, o.ticket())
		e := words(made[0].Ref, 2, text.Plain("One"))
		links := c.do(t, e)
		if err := o.site.DeleteCommentAs("signoff-bot", "DES-1", o.site.Issues()[0].Comments[0].ID); err != nil {
			t.Fatal(err)
		}
		c.do(t, reworded(e, links, 3, text.Plain("Two")))
		if got := o.said(t); len(got) != 0 {
			t.Errorf("the ticket says %q, want nothing: somebody deleted it", got)
		}
		if err := o.site.DeleteAs("signoff-bot", "DES-1"); err != nil {
			t.Fatal(err)
		}
		_, err := c.Do(t.Context(), reworded(e, links, 4, text.Plain("Three")))
		if ce, ok := err.(*connectors.Error); !ok || ce.Gone != "hidden" { //nolint:errorlint // exactly this type
			t.Errorf("Do on a ticket that is gone = %v, want it hidden", err)
		}
	})
}

// TestTalk_Long: what one comment cannot hold goes on in further ones, and shrinks with an edit. Nothing is cut.
func TestTalk_Long(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		made := c.do(t, o.ticket())
		var long text.Doc
		for i := range 600 {
			long = append(long, text.P(text.T(fmt.Sprintf("Line %04d: *stars* and {braces} all over the place, again and again and again.", i))))
		}
		long = append(long, text.Node{Kind: text.CodeBlock, Text: strings.Repeat("let x = 1 // a long line of code\n", 1500) + "the end"})
		e := words(made[0].Ref, 2, long)
		links := c.do(t, e)
		got := strings.Join(o.said(t), "\n")
		if n := len(o.said(t)); n < 4 {
			t.Fatalf("%d characters make %d comments, want several", len(long.String()), n)
		}
		for _, want := range []string{"Line 0000", "Line 0299", "Line 0599", "the end", "_(1 of ", "_(2 of "} {
			if strings.Count(got, want) != 1 {
				t.Errorf("%q is said %d times, want once", want, strings.Count(got, want))
			}
		}
		if n := strings.Count(got, "a long line of code"); n != 1500 {
			t.Errorf("%d lines of code arrive, want 1500", n)
		}
		c.do(t, reworded(e, links, 3, text.Plain("Short now.")))
		if got := o.said(t); len(got) != 1 || !strings.HasPrefix(got[0], "Short now.") {
			t.Errorf("after an edit the ticket says %d comments, want the short one alone", len(got))
		}
	})
}

func TestTalk_LostAnswer(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		made := c.do(t, o.ticket())
		e := words(made[0].Ref, 2, text.Plain("The hero is too dark."))
		o.front.arm(lose(true))
		tried := c.clock.Now()
		if _, err := c.Do(t.Context(), e); connectors.ClassOf(err) != connectors.Unsure {
			t.Fatalf("Do with a lost answer = %v, want unsure", err)
		}
		links, found, err := c.Find(t.Context(), e, tried)
		if err != nil || !found || len(links) != 1 || links[0].Ref.Type != "comment" {
			t.Fatalf("Find = %v, %v, %v, want the comment", links, found, err)
		}
		c.do(t, e)
		if got := o.said(t); len(got) != 1 {
			t.Errorf("the ticket says %q, want it once", got)
		}
		never := words(made[0].Ref, 3, text.Plain("Never said."))
		never.Show.Purpose = "comment/2"
		if _, found, err := c.Find(t.Context(), never, tried); connectors.ClassOf(err) != connectors.Unsure || found {
			t.Errorf("Find at once = %v, %v, want not known yet", found, err)
		}
		c.clock.Advance(6 * time.Second)
		if _, found, err := c.Find(t.Context(), never, tried); found || err != nil {
			t.Errorf("Find of what was never said = %v, %v, want surely nothing", found, err)
		}
	})
}

func events(t *testing.T, c *rig, o *outside) []flow.Event {
	t.Helper()
	var out []flow.Event
	for _, w := range o.site.Webhooks() {
		in := hook(w.Body)
		in.Rest, in.At = pathToken, c.clock.Now()
		acc, err := c.Accept(in)
		if err != nil {
			t.Fatalf("Accept(%s): %v", w.Event, err)
		}
		if acc.Ignored != "" || acc.Malformed != "" {
			continue
		}
		d := flow.Delivery{ID: "jira/" + acc.ID, Instance: "jira", At: in.At, Body: in.Body}
		if acc.Enrich {
			if d.Learned, err = c.Enrich(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		list, err := c.Parse(d)
		if err != nil {
			t.Fatalf("Parse(%s): %v", w.Body, err)
		}
		out = append(out, list...)
	}
	return out
}

func told(ev flow.Event) string {
	s := fmt.Sprintf("%s by %s: %s", ev.Kind, ev.Actor.Shown, ev.Body)
	if ev.Echo {
		s += " (echo)"
	}
	for _, name := range []string{"restricted", "receipt", "why", "key"} {
		if v := ev.Field(name); v != "" {
			s += " " + name + "=" + v
		}
	}
	for _, f := range ev.Files {
		s += fmt.Sprintf(" [%s %s %d]", f.Name, f.Type, f.Size)
	}
	return s
}

// TestTalk_Heard: what people say, change, restrict, take back and attach arrives from webhooks; our own is an echo.
func TestTalk_Heard(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		o.site.SetWebhook("http://127.0.0.1:1/hooks/jira", hookSecret)
		o.site.HoldWebhooks()
		made := c.do(t, o.ticket())
		e := words(made[0].Ref, 2, text.Plain("Ana: too dark"))
		links := c.do(t, e)
		c.do(t, reworded(e, links, 3, text.Plain("Ana: too bright")))
		id, err := o.site.WriteCommentAs("Jon Park", "DES-1", site.CommentDraft{Body: "Which shade?"})
		if err != nil {
			t.Fatal(err)
		}
		secret := site.CommentDraft{Body: "The budget is gone.", Visibility: &site.Visibility{Type: "role", Value: "Developers"}}
		for _, err := range []error{
			o.site.EditCommentAs("Jon Park", "DES-1", id, "Which shade exactly?"),
			second(o.site.WriteCommentAs("Jon Park", "DES-1", secret)),
			o.site.DeleteCommentAs("Jon Park", "DES-1", id),
			second(o.site.AttachAs("Jon Park", "DES-1", "brief.pdf", []byte("%PDF-1.7 brief"))),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		seen, got := map[string]bool{}, []string{}
		for _, ev := range events(t, c, o) {
			key := fmt.Sprint(ev.Kind, ev.Said, ev.Sent)
			if ev.Said.Zero() || seen[key] {
				continue // a Data Center says comments twice
			}
			seen[key] = true
			if ev.Subject != made[0].Ref {
				t.Errorf("%s is about %v, want %v", ev.Kind, ev.Subject, made[0].Ref)
			}
			if ev.Said.Type == "comment" && !strings.Contains(ev.Links[0].URL, "/browse/DES-1?focusedCommentId=") {
				t.Errorf("%s has the address %+v, want the comment's", ev.Kind, ev.Links)
			}
			if !ev.Echo {
				got = append(got, told(ev))
			} else if ev.Field("receipt") == "no" {
				t.Errorf("no receipt explains %s", told(ev))
			}
		}
		want := []string{
			"comment.added by Jon Park: Which shade?",
			"comment.edited by Jon Park: Which shade exactly?",
			"comment.added by Jon Park:  restricted=yes",
			"comment.removed by : ", // Jira does not say who did it
			"files.added by Jon Park:  [brief.pdf application/pdf 14]",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("heard (-want +got)\n%s", diff)
		}
	})
}

func second(_ string, err error) error { return err }

// TestSaid: reading a ticket again tells the same as its webhooks, so that lost ones only delay.
func TestSaid(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		o.site.SetWebhook("http://127.0.0.1:1/hooks/jira", hookSecret)
		o.site.HoldWebhooks()
		made := c.do(t, o.ticket())
		c.do(t, words(made[0].Ref, 2, text.Plain("Ana: too dark")))
		if err := o.site.CommentAs("Jon Park", "DES-1", "Long ago."); err != nil {
			t.Fatal(err)
		}
		c.clock.Advance(time.Hour)
		since := c.clock.Now()
		c.clock.Advance(time.Minute)
		for i := range 60 {
			c.clock.Advance(time.Second)
			if err := o.site.CommentAs("Jon Park", "DES-1", fmt.Sprintf("Word %02d", i)); err != nil {
				t.Fatal(err)
			}
		}
		c.clock.Advance(time.Second)
		if _, err := o.site.AttachAs("Jon Park", "DES-1", "logo.png", []byte("\x89PNG")); err != nil {
			t.Fatal(err)
		}
		list, err := c.Said(t.Context(), made[0].Ref, since)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 61 || list[0].Body.String() != "Word 00" || list[60].Kind != flow.FilesAdded {
			t.Fatalf("Said tells %d things, want 60 comments and a file, oldest first", len(list))
		}
		hooked := map[string]flow.Event{}
		for _, ev := range events(t, c, o) {
			hooked[fmt.Sprint(ev.Said)] = ev
		}
		for _, ev := range list {
			other := hooked[fmt.Sprint(ev.Said)]
			if other.Kind != ev.Kind || !other.Sent.Equal(ev.Sent) || other.Actor != ev.Actor || cmp.Diff(other.Body, ev.Body) != "" {
				t.Errorf("reading says %s at %v\nthe webhook %s at %v", told(ev), ev.Sent, told(other), other.Sent)
				break
			}
		}
	})
}

// TestTalk_Mentions: whom a comment mentions is called by name, and the same way each time.
func TestTalk_Mentions(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		o.site.SetWebhook("http://127.0.0.1:1/hooks/jira", hookSecret)
		o.site.HoldWebhooks()
		made := c.do(t, o.ticket())
		mention := "[~accountid:" + o.ana + "]"
		if o.ana != anaID {
			mention = "[~" + o.ana + "]"
		}
		if err := o.site.CommentAs("Jon Park", "DES-1", mention+" and [~accountid:nobody-1] please look"); err != nil {
			t.Fatal(err)
		}
		const want = "@Ana Reyes and @somebody please look"
		var hooked []string
		for _, ev := range events(t, c, o) {
			if ev.Kind == flow.CommentAdded {
				hooked = append(hooked, ev.Body.String())
			}
		}
		if len(hooked) == 0 || hooked[0] != want {
			t.Errorf("the webhook says %q, want %q", hooked, want)
		}
		list, err := c.Said(t.Context(), made[0].Ref, begin())
		if err != nil || len(list) != 1 || list[0].Body.String() != want {
			t.Errorf("reading says %+v, %v, want %q", list, err, want)
		}
	})
}

// TestSaid_Missed: a comment that was deleted while no webhook came is missed when the ticket is read again, however it
// was heard.
func TestSaid_Missed(t *testing.T) {
	t.Parallel()
	editions(t, func(t *testing.T, c *rig, o *outside) {
		o.site.SetWebhook("http://127.0.0.1:1/hooks/jira", hookSecret)
		o.site.HoldWebhooks()
		made := c.do(t, o.ticket())
		var ids []string
		for _, words := range []string{"By webhook", "By reading", "Stays"} {
			id, err := o.site.WriteCommentAs("Jon Park", "DES-1", site.CommentDraft{Body: words})
			if err != nil {
				t.Fatal(err)
			}
			if ids = append(ids, id); len(ids) == 1 {
				events(t, c, o)
			}
		}
		removed := func(since time.Time) []string {
			t.Helper()
			list, err := c.Said(t.Context(), made[0].Ref, since)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, ev := range list {
				if ev.Kind == flow.CommentRemoved {
					out = append(out, ev.Said.Key)
				}
			}
			return out
		}
		if got := removed(begin()); got != nil {
			t.Errorf("before anything was deleted %v are missed", got)
		}
		for _, id := range ids[:2] {
			if err := o.site.DeleteCommentAs("Jon Park", "DES-1", id); err != nil {
				t.Fatal(err)
			}
		}
		c.clock.Advance(time.Hour)
		want := []string{made[0].Ref.Key + "/" + ids[0], made[0].Ref.Key + "/" + ids[1]}
		for range 2 {
			if diff := cmp.Diff(want, removed(c.clock.Now().Add(-time.Minute))); diff != "" {
				t.Errorf("missed (-want +got)\n%s", diff)
			}
		}
		c.clock.Advance(3 * time.Hour)
		removed(c.clock.Now())
		if got := removed(c.clock.Now()); got != nil {
			t.Errorf("hours later %v are still told of", got)
		}
	})
}
