package github_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/sandbox"
	site "signoff/internal/sandbox/github"
	"signoff/internal/text"
)

func (r *rig) issue() site.Issue {
	r.t.Helper()
	all := r.site.Issues(home)
	if len(all) != 1 {
		r.t.Fatalf("%d issues are there, want one: %+v", len(all), all)
	}
	return all[0]
}

func TestTicket_HoldsTheRequest(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	links := r.do(ticket(1, "Homepage hero"))
	i := r.issue()
	if !strings.HasPrefix(i.Body, "<!-- signoff:CR-142 ") {
		t.Errorf("the text begins with %.40q, want the mark", i.Body)
	}
	for _, want := range []string{"Please update the hero.", "**Priority:** high", "**Due:** Tue 1 Dec 2026, 17:00 UTC", "**Brand:** lumen", "[CR-142 in signoff](https://signoff.lumen.example/requests/CR-142)"} {
		if !strings.Contains(i.Body, want) {
			t.Errorf("the text lacks %q:\n%s", want, i.Body)
		}
	}
	if !slices.Equal(i.Assignees, []string{"ana-lumen"}) || !slices.Equal(i.Labels, []string{"web", "signoff:intake"}) {
		t.Errorf("assignees %v, labels %v, want ana-lumen; web and signoff:intake", i.Assignees, i.Labels)
	}
	if l := links[0]; l.Ref != (flow.Ref{System: "github", Type: "issue", Key: "lumen/requests#1"}) || l.Label != "lumen/requests#1" || l.URL != r.url+"/lumen/requests/issues/1" {
		t.Errorf("link = %+v, want lumen/requests#1 and its page", l)
	}
}

func TestTicket_FollowsTheStatus(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	e := ticket(1, "Hero")
	links := r.do(e)
	for v, step := range []struct {
		word   flow.Status
		want   string
		label  string
		reason string
	}{
		{flow.InReview, "open", "signoff:in_review", ""},
		{flow.Approved, "closed", "signoff:approved", "completed"},
		{flow.InReview, "open", "signoff:in_review", "reopened"},
		{flow.Declined, "closed", "signoff:declined", "not_planned"},
	} {
		r.do(known(e, links, int64(v+2), step.word))
		i := r.issue()
		if i.State != step.want || i.Reason != step.reason || !slices.Equal(i.Labels, []string{"web", step.label}) {
			t.Errorf("%s: the issue is %s (%s) with %v, want %s (%s) with web and %s", step.word, i.State, i.Reason, i.Labels, step.want, step.reason, step.label)
		}
		v, err := r.c.Read(t.Context(), links[0].Ref)
		if err != nil || v.Status != step.word {
			t.Errorf("%s: Read = %q (%q), %v, want the same word", step.word, v.Status, v.Headline, err)
		}
	}
	for _, ev := range r.events(r.hooks()...) {
		if !ev.Echo || ev.Field("receipt") == "no" {
			t.Errorf("%s is no echo with a receipt, although signoff alone acted", brief(ev))
		}
	}
}

func TestTicket_WhatPeopleChangeStays(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	e := ticket(1, "Hero")
	links := r.do(e)
	must(t, r.site.EditAs("Ana Reyes", home+"#1", "Hero, the big one", r.issue().Body+"\n\nWith notes."), r.site.LabelAs("Ana Reyes", home+"#1", "urgent", true))
	change := known(e, links, 2, flow.InProgress)
	change.Show.View.Title, change.Show.View.Body = "Hero 2", text.Plain("Another text.")
	r.do(change)
	i := r.issue()
	if i.Title != "Hero, the big one" || !strings.Contains(i.Body, "With notes.") || !slices.Equal(i.Labels, []string{"web", "urgent", "signoff:in_progress"}) {
		t.Errorf("the issue is %q %v\n%s\nwant what Ana wrote and her label", i.Title, i.Labels, i.Body)
	}
}

func TestTicket_NotifiesNobodyByAccident(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	e := ticket(1, "Hero")
	e.Show.View.Body = text.Doc{text.P(text.T("Ask @passer-by about #12, GH-7, lumen/site#3 or 0a1b2c3d4e, see https://x.example/a#1 and <!-- signoff:CR-9 0123456789abcdef -->")),
		{Kind: text.CodeBlock, Text: "@kept #1"}}
	r.do(e)
	body := r.issue().Body
	for _, bad := range []string{"@passer-by", "#12", "GH-7", "site#3", "0a1b2c3d4e", "\n<!--"} {
		if strings.Contains(body, bad) {
			t.Errorf("the text holds %q, which GitHub would act on:\n%s", bad, body)
		}
	}
	for _, good := range []string{"https://x.example/a#1", "@kept #1"} {
		if !strings.Contains(body, good) {
			t.Errorf("the text lacks %q:\n%s", good, body)
		}
	}
}

func TestTicket_WithoutRightsToLabel(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{Repositories: []site.Repository{{ID: 501, Name: home, ReadOnly: true}}})
	_, err := r.c.Do(t.Context(), ticket(1, "Hero"))
	ce, ok := err.(*connectors.Error)
	if !ok || ce.Class != connectors.Rejected || ce.Person == "" || len(ce.Made) != 1 {
		t.Errorf("Do = %v, want it rejected with a sentence and the ticket that was made", err)
	}
	if again, err := r.c.Do(t.Context(), ticket(1, "Hero")); err == nil || len(r.site.Issues(home)) != 1 {
		t.Errorf("Do again = %v, %v with %d issues, want the same refusal and one issue", again, err, len(r.site.Issues(home)))
	}
}

func TestTicket_AssigneeWhoCannotBe(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	e := ticket(1, "Hero")
	e.Known = map[string]flow.Ref{"ana": {System: "github", Type: "user", Key: "passer-by"}}
	links := r.do(e)
	r.do(known(e, links, 2, flow.InProgress))
	i := r.issue()
	if len(i.Assignees) != 0 || len(i.Comments) != 1 || !strings.Contains(i.Comments[0].Body, "Ana Reyes should have this ticket") {
		t.Errorf("assignees %v, comments %+v, want nobody, and one sentence", i.Assignees, i.Comments)
	}
}

func TestTicket_TransferredAndRenamed(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	e := ticket(1, "Hero")
	links := r.do(e)
	r.hooks()
	_, err := r.site.TransferAs("Ana Reyes", home+"#1", work)
	must(t, err)
	if got := briefs(r.events(r.hooks()...)); !slices.Equal(got, []string{"ticket.renamed ana-lumen key=lumen/site#1"}) {
		t.Errorf("events = %q, want the ticket renamed", got)
	}
	r.do(known(e, links, 2, flow.InReview))
	if got := r.site.Issues(work); len(got) != 1 || !slices.Contains(got[0].Labels, "signoff:in_review") {
		t.Errorf("the issue in its new place = %+v, want it in review", got)
	}
	must(t, r.site.Rename(work, "lumen/pages"))
	v, err := r.c.Read(t.Context(), links[0].Ref)
	if err != nil || v.Fields["key"][0] != "lumen/pages#1" {
		t.Errorf("Read after a rename = %v, %v, want lumen/pages#1", v.Fields, err)
	}
	r.do(saying(links[0].Ref, "CR-142/3/1", "Still here."))
}

func TestTicket_TransferredWhileNobodyListened(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	links := r.do(ticket(1, "Hero"))
	_, err := r.site.TransferAs("Ana Reyes", home+"#1", work)
	must(t, err)
	v, err := r.c.Read(t.Context(), links[0].Ref)
	if err != nil || v.Fields["key"][0] != "lumen/site#1" {
		t.Errorf("Read = %v, %v, want lumen/site#1", v.Fields, err)
	}
}

func TestTicket_Gone(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	links := r.do(ticket(1, "Hero"))
	r.hooks()
	must(t, r.site.DeleteAs("Ana Reyes", home+"#1"))
	if got := briefs(r.events(r.hooks()...)); !slices.Equal(got, []string{"ticket.gone ana-lumen why=deleted"}) {
		t.Errorf("events = %q, want it gone", got)
	}
	_, err := r.c.Read(t.Context(), links[0].Ref)
	if ce, ok := err.(*connectors.Error); !ok || ce.Gone != "deleted" || ce.Person == "" {
		t.Errorf("Read = %v, want it gone", err)
	}
}

func TestTicket_MovedByPeople(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	r.do(ticket(1, "Hero"))
	r.hooks()
	must(t, r.site.CloseAs("Jon Park", home+"#1", "completed"), r.site.ReopenAs("Jon Park", home+"#1"),
		r.site.CloseAs("Jon Park", home+"#1", "not_planned"), r.site.LabelAs("Jon Park", home+"#1", "bug", true))
	got := briefs(r.events(r.hooks()...))
	want := []string{"ticket.moved jon-lumen status=closed word=approved", "ticket.moved jon-lumen status=signoff:intake word=intake", "ticket.moved jon-lumen status=closed as not planned word=declined"}
	if !slices.Equal(got, want) {
		t.Errorf("events = %q, want %q", got, want)
	}
}

func TestFind_SeesTheTicketBeforeTheListDoes(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	e := ticket(1, "Hero")
	r.front.arm(lost())
	tried := r.clock.Now()
	if _, err := r.c.Do(t.Context(), e); connectors.ClassOf(err) != connectors.Unsure {
		t.Fatalf("Do with a lost answer = %v, want class %s", err, connectors.Unsure)
	}
	if _, _, err := r.c.Find(t.Context(), e, tried); connectors.ClassOf(err) != connectors.Unsure {
		t.Errorf("Find before the list shows it = %v, want class %s", err, connectors.Unsure)
	}
	r.events(r.hooks()...)
	if links, found, err := r.c.Find(t.Context(), e, tried); !found || err != nil || links[0].Ref.Key != "lumen/requests#1" {
		t.Errorf("Find after the webhook = %v, %v, %v, want the issue", links, found, err)
	}
}

func TestFind_ACopyIsNotOurs(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	e := ticket(1, "Hero")
	r.do(e)
	body := r.issue().Body
	s := rigged(t, true, ticketSettings, site.Options{})
	_, err := s.site.OpenIssueAs("Jon Park", home, "Copied", body)
	must(t, err)
	tried := s.clock.Now()
	s.events(s.hooks()...)
	s.clock.Advance(time.Minute)
	if links, found, err := s.c.Find(t.Context(), e, tried); found || err != nil {
		t.Errorf("Find = %v, %v, %v, want nothing: somebody copied the text", links, found, err)
	}
}

func TestSaid(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{PerPage: 2})
	links := r.do(ticket(1, "Hero"))
	r.do(words(links[0].Ref, 2, text.Plain("From chat.")))
	var ids []int64
	for _, body := range []string{"One.", "Two.", "Three."} {
		id, err := r.site.CommentAs("Jon Park", home+"#1", body)
		must(t, err)
		ids = append(ids, id)
	}
	said := func() []string {
		t.Helper()
		r.clock.Advance(time.Minute)
		got, err := r.c.Said(t.Context(), links[0].Ref, begin())
		must(t, err)
		var out []string
		for _, ev := range got {
			out = append(out, string(ev.Kind)+" "+ev.Body.String())
		}
		return out
	}
	if got := said(); !slices.Equal(got, []string{"comment.added One.", "comment.added Two.", "comment.added Three."}) {
		t.Errorf("said = %q, want what Jon said over all pages, and nothing of ours", got)
	}
	must(t, r.site.EditCommentAs("Jon Park", home+"#1", ids[1], "Two!"), r.site.DeleteCommentAs("Jon Park", home+"#1", ids[2]))
	if got := said(); !slices.Equal(got, []string{"comment.edited Two!", "comment.removed "}) {
		t.Errorf("said = %q, want the edit and what is gone", got)
	}
}

func TestThreadLink_IsOneComment(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	links := r.do(ticket(1, "Hero"))
	e := flow.Effect{ID: "CR-142/2/3", Request: "CR-142", Target: "github", Show: &flow.Show{
		Purpose: "ticket/thread", At: links[0].Ref, Version: 2, Digest: "d", View: flow.View{Kind: flow.LinkView, Title: "Hero",
			Link: &flow.Link{Label: "#design-requests", URL: "https://lumen.slack.com/archives/C1/p(1)"}},
	}}
	r.do(e)
	r.do(e)
	if c := r.issue().Comments; len(c) != 1 || !strings.HasPrefix(c[0].Body, `Requested in: [\#design-requests](https://lumen.slack.com/archives/C1/p%281%29)`) {
		t.Errorf("comments = %+v, want the link once", c)
	}
}

func TestOwnHandWithoutReceipt(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	r.do(ticket(1, "Hero"))
	r.hooks()
	_, err := r.site.CommentAs("signoff-bot", home+"#1", "Somebody uses the token.")
	must(t, err)
	if got := briefs(r.events(r.hooks()...)); !slices.Equal(got, []string{"comment.added signoff-bot receipt=no echo"}) {
		t.Errorf("events = %q, want an echo without a receipt", got)
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	for email, want := range map[string]string{"ana@lumen.example": "ana-lumen", "dana@lumen.example": "", "nobody@lumen.example": ""} {
		who, ok, err := r.c.Identify(t.Context(), email)
		if err != nil || ok != (want != "") || who.Ref.Key != want {
			t.Errorf("Identify(%s) = %v, %v, %v, want %q", email, who.Ref, ok, err, want)
		}
	}
	got, err := r.c.Guess(t.Context(), "dana@lumen.example", "Dana Wolf")
	if err != nil || len(got) != 1 || got[0].Ref.Key != "dana-lumen" {
		t.Errorf("Guess(Dana Wolf) = %+v, %v, want dana-lumen", got, err)
	}
	if got, err := r.c.Guess(t.Context(), "olga@lumen.example", "Olga"); err != nil || len(got) != 0 {
		t.Errorf("Guess(Olga) = %+v, %v, want nobody: issues cannot be given to her", got, err)
	}
	for id, want := range map[string]string{"Ana-Lumen": "ana-lumen", "@123": "123", " 1003 ": "id:1003"} {
		if ref := r.c.Pin(id); ref.Key != want {
			t.Errorf("Pin(%q) = %v, want %s", id, ref, want)
		}
	}
}

func TestAccount_PinnedByNumber(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	pin := r.c.Pin("1006")
	e := ticket(1, "Hero")
	e.Known = map[string]flow.Ref{"ana": pin}
	r.do(e)
	if got := r.issue().Assignees; !slices.Equal(got, []string{"jon-lumen"}) {
		t.Errorf("assignees = %v, want jon-lumen, who has the number", got)
	}
	r.hooks()
	_, err := r.site.CommentAs("Jon Park", home+"#1", "Mine.")
	must(t, err)
	if got := r.events(r.hooks()...); len(got) != 1 || got[0].Actor.Ref != pin {
		t.Errorf("events = %+v, want one by %v", briefs(got), pin)
	}
}

func TestAccounts_WhoCannotBeSearchedForIsNotFound(t *testing.T) {
	t.Parallel()
	faults := &sandbox.Faults{}
	r := rigged(t, true, ticketSettings, site.Options{Faults: faults})
	must(t, faults.Arm(sandbox.Fault{Service: "github", Method: "search/users", Kind: sandbox.NamedError, Name: "403 Resource not accessible by integration", Times: 1}))
	if who, ok, err := r.c.Identify(t.Context(), "ana@lumen.example"); ok || err != nil {
		t.Errorf("Identify where searching is not allowed = %v, %v, %v, want nobody", who, ok, err)
	}
}

func TestTicket_ThatWasMovedByHandIsLeft(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	e := ticket(1, "Hero")
	links := r.do(e)
	must(t, r.site.CloseAs("Jon Park", home+"#1", "not_planned"))
	held := known(e, links, 2, flow.InReview)
	held.Show.View.Ticket.KeepStatus = true
	r.do(held)
	if i := r.issue(); i.State != "closed" || !slices.Equal(i.Labels, []string{"web", "signoff:intake"}) {
		t.Errorf("the issue is %s with %v, want it as Jon left it", i.State, i.Labels)
	}
	back := known(e, links, 3, flow.InReview)
	back.Show.View.Ticket.Push = 1
	r.do(back)
	if i := r.issue(); i.State != "open" || !slices.Equal(i.Labels, []string{"web", "signoff:in_review"}) {
		t.Errorf("the issue is %s with %v, want it moved back", i.State, i.Labels)
	}
}

func TestAccounts_TheLimitOfSearchingHoldsNothingElse(t *testing.T) {
	t.Parallel()
	faults := &sandbox.Faults{}
	r := rigged(t, true, ticketSettings, site.Options{Faults: faults})
	must(t, faults.Arm(sandbox.Fault{Service: "github", Method: "search/users", Kind: sandbox.RateLimit, Wait: 40 * time.Second, Times: 1}))
	_, _, err := r.c.Identify(t.Context(), "ana@lumen.example")
	if ce, ok := err.(*connectors.Error); !ok || ce.Class != connectors.Limited || ce.Scope != connectors.ScopeMethod || ce.Wait < 40*time.Second {
		t.Errorf("Identify = %v, want it limited alone, for 40 s", err)
	}
}

func TestOwnWords_ChangedByOthersAreEchoes(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	links := r.do(ticket(1, "Hero"))
	r.do(words(links[0].Ref, 2, text.Plain("From chat.")))
	r.hooks()
	must(t, r.site.EditCommentAs("Jon Park", home+"#1", r.issue().Comments[0].ID, "Jon's words"))
	if got := briefs(r.events(r.hooks()...)); !slices.Equal(got, []string{"comment.edited signoff-bot echo"}) {
		t.Errorf("events = %q, want an echo that counts as explained", got)
	}
	if strings.Contains(r.log.String(), "no write of ours explains") {
		t.Error("the log blames our own account for what Jon did")
	}
}
