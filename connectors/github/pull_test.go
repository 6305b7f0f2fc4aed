package github_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/internal/flow"
	site "signoff/internal/sandbox/github"
)

// requests is what the engine knows: one open request about the pull request, decided by Ana.
type requests struct {
	connectors.Query
	r flow.Request
}

func (q *requests) Touching(_ context.Context, ref flow.Ref) (flow.Request, bool, error) {
	return q.r, slices.ContainsFunc(q.r.Assets, func(a flow.Asset) bool { return a.Ref == ref }), nil
}

func (q *requests) Request(context.Context, string) (flow.Request, bool, error) {
	return q.r, true, nil
}

func (q *requests) TakesPart(_ context.Context, _ flow.RequestID, who flow.Actor) (bool, error) {
	return who.Ref.Key == "ana-lumen", nil
}

func (q *requests) May(context.Context, connectors.Action) (bool, string, error) {
	return false, "You do not decide on this.", nil
}

func pullRef(n string) flow.Ref {
	return flow.Ref{System: "github", Type: "pull", Key: "lumen/site#" + n}
}

// watched is a connector that follows one pull request of Ben's, which a request is about.
func watched(t *testing.T) (*rig, *requests, site.Issue) {
	t.Helper()
	r := rigged(t, false, pullSettings, site.Options{})
	pull, err := r.site.OpenPullAs("Ben Osei", work, "Darker hero", "Please look.", "Darken the hero")
	must(t, err)
	q := &requests{r: flow.Request{ID: "CR-142", Status: flow.InReview, Assets: []flow.Asset{
		{Ref: flow.Ref{System: "figma", Type: "file", Key: "F"}, Versions: []flow.Version{{ID: "f1"}}},
		{Ref: pullRef("1"), Versions: []flow.Version{{ID: pull.Head}}},
	}}}
	r.c.Ask(q)
	r.hooks()
	return r, q, pull
}

func TestRecognize(t *testing.T) {
	t.Parallel()
	r := rigged(t, false, pullSettings, site.Options{})
	for address, want := range map[string]string{
		r.url + "/lumen/site/pull/7":                                   "lumen/site#7",
		r.url + "/Lumen/Site/pull/7/files?w=1#diff-1":                  "lumen/site#7",
		r.url + "/lumen/site/pull/7/commits/0a1b2c3":                   "lumen/site#7",
		r.url + "/lumen/site/issues/7":                                 "",
		r.url + "/lumen/other/pull/7":                                  "",
		r.url + "/lumen/site/pull/0":                                   "",
		r.url + "/lumen/site/pull/7x":                                  "",
		"https://github.com.evil.example/lumen/site/pull/7":            "",
		strings.Replace(r.url, "//", "//a@", 1) + "/lumen/site/pull/7": "",
		"lumen/site#7": "",
	} {
		a, ok := r.c.Recognize(address)
		if ok != (want != "") || a.Ref.Key != want {
			t.Errorf("Recognize(%q) = %v, %v, want %q", address, a.Ref, ok, want)
		}
	}
}

func TestPush_IsANewVersion(t *testing.T) {
	t.Parallel()
	r, _, _ := watched(t)
	sha, err := r.site.PushAs("Ben Osei", "lumen/site#1", "Lighter again\n\nAs asked.")
	must(t, err)
	got := r.events(r.hooks()...)
	if len(got) != 1 || got[0].Kind != flow.AssetChanged || got[0].Subject != pullRef("1") || got[0].Actor.Ref.Key != "ben-lumen" {
		t.Fatalf("events = %+v, want one new version of the pull request by Ben", got)
	}
	v := got[0].Versions[0]
	if v.ID != sha || v.Name != sha[:7]+" Lighter again" || v.At.IsZero() || !strings.HasSuffix(v.URL, "/pull/1/commits/"+sha) {
		t.Errorf("version = %+v, want %s with its first line, time and address", v, sha)
	}
}

func TestReviews(t *testing.T) {
	t.Parallel()
	r, _, pull := watched(t)
	for _, step := range []struct{ who, what, body, want string }{
		{"Ana Reyes", "approve", "", "vote.cast ana-lumen verdict=approve version=f1+" + pull.Head},
		{"Ana Reyes", "request changes", "Too dark.", "vote.cast ana-lumen verdict=request_changes version=f1+" + pull.Head},
		{"Ana Reyes", "comment", "Nice.", "comment.added ana-lumen"},
		{"Jon Park", "approve", "", "comment.added jon-lumen"},
		{"Jon Park", "request changes", "", "comment.added jon-lumen"},
		{"Jon Park", "comment", "", ""},
	} {
		_, err := r.site.ReviewAs(step.who, "lumen/site#1", step.what, step.body)
		must(t, err)
		got := briefs(r.events(r.hooks()...))
		if strings.Join(got, "\n") != step.want {
			t.Errorf("%s: %s %q = %q, want %q", step.who, step.what, step.body, got, step.want)
		}
	}
}

func TestReview_TellsOfACommitThatIsNotKnown(t *testing.T) {
	t.Parallel()
	r, _, _ := watched(t)
	sha, err := r.site.PushAs("Ben Osei", "lumen/site#1", "Lighter again")
	must(t, err)
	r.hooks() // the push is not told
	_, err = r.site.ReviewAs("Ana Reyes", "lumen/site#1", "approve", "")
	must(t, err)
	got := r.events(r.hooks()...)
	if want := []string{"asset.changed ben-lumen", "vote.cast ana-lumen verdict=approve version=f1+" + sha}; !slices.Equal(briefs(got), want) {
		t.Errorf("events = %q, want %q", briefs(got), want)
	}
}

func TestReview_Dismissed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, what, by, want string }{
		{"an approval, by somebody else", "approve", "Ben Osei", "vote.undone ana-lumen"},
		{"a refusal, by its reviewer", "request changes", "Ana Reyes", "vote.undone ana-lumen"},
		{"a refusal, by somebody else", "request changes", "Ben Osei", "comment.added ben-lumen"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, _, _ := watched(t)
			id, err := r.site.ReviewAs("Ana Reyes", "lumen/site#1", tt.what, "Hm.")
			must(t, err)
			r.events(r.hooks()...)
			must(t, r.site.DismissAs(tt.by, "lumen/site#1", id))
			if got := briefs(r.events(r.hooks()...)); strings.Join(got, "\n") != tt.want {
				t.Errorf("dismissed by %s = %q, want %q", tt.by, got, tt.want)
			}
		})
	}
}

func TestLines_ArePoints(t *testing.T) {
	t.Parallel()
	r, _, _ := watched(t)
	root, err := r.site.LineAs("Ana Reyes", "lumen/site#1", "This is too dark.", 0)
	must(t, err)
	_, err = r.site.LineAs("Ben Osei", "lumen/site#1", "Lighter now.", root)
	must(t, err, r.site.ResolveAs("Ben Osei", "lumen/site#1", root, true), r.site.ResolveAs("Ana Reyes", "lumen/site#1", root, false))
	got := r.events(r.hooks()...)
	said := got[0].Said
	want := []string{
		"comment.added ana-lumen point=yes",
		"comment.added ben-lumen point=yes below=" + said.String(),
		"point.resolved ben-lumen state=resolved",
		"point.resolved ana-lumen state=open",
	}
	if diff := cmp.Diff(want, briefs(got)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if got[2].Said != said || got[0].Links[0].URL == "" {
		t.Errorf("resolved is %v with the address %q, want %v", got[2].Said, got[0].Links[0].URL, said)
	}
}

func TestLabel_BeginsARequest(t *testing.T) {
	t.Parallel()
	r, _, _ := watched(t)
	_, err := r.site.OpenIssueAs("Jon Park", work, "Banner for the sale", "640x480, please.", "bug", "Signoff")
	must(t, err, r.site.LabelAs("Ana Reyes", "lumen/site#1", "signoff", true), r.site.LabelAs("Ana Reyes", "lumen/site#1", "bug", true))
	got := r.events(r.hooks()...)
	want := []string{"request.submitted jon-lumen", "asset.changed ben-lumen"}
	if diff := cmp.Diff(want, briefs(got)); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
	if got[0].Field("title") != "Banner for the sale" || got[0].Field("source") != "github" || got[0].Links[0].Purpose != "thread" {
		t.Errorf("request = %+v, want its title, source and thread", got[0])
	}
}

func TestLabel_OnAPullRequest(t *testing.T) {
	t.Parallel()
	r, q, _ := watched(t)
	q.r.Assets = nil // no request is about it
	must(t, r.site.LabelAs("Ana Reyes", "lumen/site#1", "signoff", true))
	got := r.events(r.hooks()...)
	if want := []string{"request.submitted ben-lumen", "asset.changed ben-lumen"}; !slices.Equal(briefs(got), want) {
		t.Errorf("events = %q, want %q", briefs(got), want)
	}
}

func TestLabel_NeverOnATicketOfOurs(t *testing.T) {
	t.Parallel()
	r, _, _ := watched(t)
	_, err := r.site.OpenIssueAs("Jon Park", work, "Copied", "<!-- signoff:CR-1 0123456789abcdef -->\nwords", "signoff")
	must(t, err)
	if got := briefs(r.events(r.hooks()...)); len(got) != 0 {
		t.Errorf("events = %q, want none: a ticket never becomes a request", got)
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	r, q, pull := watched(t)
	_, err := r.site.ReviewAs("Ana Reyes", "lumen/site#1", "approve", "")
	must(t, err)
	_, err = r.site.LineAs("Jon Park", "lumen/site#1", "Is this right?", 0)
	must(t, err)
	said, err := r.site.CommentAs("Jon Park", "lumen/site#1", "Hello.")
	must(t, err)
	r.do(saying(pullRef("1"), "CR-142/3/1", "Waiting for Ana."))
	look := func() []flow.Event {
		t.Helper()
		r.clock.Advance(time.Minute)
		got, err := r.c.Look(t.Context(), q.r.Assets[1], begin())
		must(t, err)
		return got
	}
	want := []string{"asset.changed", "vote.cast ana-lumen verdict=approve version=f1+" + pull.Head, "comment.added jon-lumen", "comment.added jon-lumen point=yes"}
	if diff := cmp.Diff(want, briefs(look())); diff != "" {
		t.Errorf("first look (-want +got):\n%s", diff)
	}
	if got := briefs(look()); len(got) != 1 {
		t.Errorf("second look = %q, want the version alone: a vote is not cast again", got)
	}
	must(t, r.site.DeleteCommentAs("Jon Park", "lumen/site#1", said))
	if got := briefs(look()); !slices.Equal(got, []string{"asset.changed", "comment.removed"}) {
		t.Errorf("third look = %q, want what was deleted", got)
	}
}

func TestLook_NothingTwiceAfterWebhooks(t *testing.T) {
	t.Parallel()
	r, q, _ := watched(t)
	_, err := r.site.ReviewAs("Ana Reyes", "lumen/site#1", "approve", "Good.")
	must(t, err)
	_, err = r.site.CommentAs("Jon Park", "lumen/site#1", "Hello.")
	must(t, err)
	r.events(r.hooks()...)
	got, err := r.c.Look(t.Context(), q.r.Assets[1], begin())
	must(t, err)
	if len(got) != 1 {
		t.Errorf("look after the webhooks = %q, want the version alone", briefs(got))
	}
}

func TestLook_Gone(t *testing.T) {
	t.Parallel()
	r, _, _ := watched(t)
	got, err := r.c.Look(t.Context(), flow.Asset{Ref: pullRef("99")}, begin())
	if err != nil || len(got) != 1 || got[0].Kind != flow.AssetGone || got[0].Field("why") != "hidden" {
		t.Errorf("look at what is not there = %q, %v, want it gone", briefs(got), err)
	}
}

func TestLook_AsksForWhatChangedOnly(t *testing.T) {
	t.Parallel()
	r, q, _ := watched(t)
	for range 2 {
		if _, err := r.c.Look(t.Context(), q.r.Assets[1], begin()); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.site.NotModified(); n < 3 {
		t.Errorf("%d answers of the second look came from what was kept, want all of them", n)
	}
}

func TestTell_OutcomeAndCommitStatus(t *testing.T) {
	t.Parallel()
	r, q, pull := watched(t)
	newer, err := r.site.PushAs("Ben Osei", "lumen/site#1", "Later")
	must(t, err)
	q.r.Status = flow.Approved
	q.r.Assets[1].Versions = append(q.r.Assets[1].Versions, flow.Version{ID: newer})
	q.r.Votes = []flow.Vote{{Version: "f1+" + pull.Head, Verdict: flow.Approve}}
	e := saying(pullRef("1"), "CR-142/9/1", "CR-142 was approved by Ana Reyes.")
	e.Tell.View.Status = flow.Approved
	r.do(e)
	r.do(e)
	if got := r.site.Statuses(work, pull.Head); len(got) == 0 || got[0].State != "success" || got[0].Context != "signoff" || !strings.HasSuffix(got[0].TargetURL, "/requests/CR-142") {
		t.Errorf("states of the approved commit = %+v, want success", got)
	}
	if got := r.site.Statuses(work, newer); len(got) != 0 {
		t.Errorf("states of the newer commit = %+v, want none", got)
	}
	one := r.site.Issues(work)[0]
	if len(one.Comments) != 1 || !strings.Contains(one.Comments[0].Body, "was approved by Ana Reyes") {
		t.Errorf("comments = %+v, want the outcome once", one.Comments)
	}
}

func TestTell_AnswersBelowTheLine(t *testing.T) {
	t.Parallel()
	r, _, _ := watched(t)
	root, err := r.site.LineAs("Ana Reyes", "lumen/site#1", "This is too dark.", 0)
	must(t, err)
	said := r.events(r.hooks()...)[0].Said
	e := saying(said, "CR-142/5/1", "Noted as point 1.")
	r.front.arm(lost())
	tried := r.clock.Now()
	if _, err := r.c.Do(t.Context(), e); connectors.ClassOf(err) != connectors.Unsure {
		t.Fatalf("Do with a lost answer = %v, want class %s", err, connectors.Unsure)
	}
	if _, found, err := r.c.Find(t.Context(), e, tried); !found || err != nil {
		t.Errorf("Find = %v, %v, want it found", found, err)
	}
	r.do(e)
	lines := r.site.Issues(work)[0].Lines
	if len(lines) != 2 || lines[1].Below != root {
		t.Errorf("lines = %+v, want one answer below Ana's", lines)
	}
}

func TestTell_PrivateAnswers(t *testing.T) {
	t.Parallel()
	r, _, _ := watched(t)
	ana := flow.Actor{Name: "ana", Ref: flow.Ref{System: "github", Type: "user", Key: "ana-lumen"}}
	for i, kind := range []flow.ViewKind{flow.NoticeView, flow.RefusalView} {
		e := saying(pullRef("1"), fmt.Sprintf("CR-142/8/%d", i), "Darker replaced lighter (saved Wed 25 Nov, 14:02 London). Please look again:")
		e.Tell.To, e.Tell.Private, e.Tell.View.Kind = []flow.Actor{ana}, true, kind
		e.Tell.View.Facts = []flow.Fact{{Name: "request", Text: "CR-142 “Hero”"}, {Name: "due", Label: "due", Text: "today, 17:00"}}
		r.do(e)
	}
	said := r.site.Issues(work)[0].Comments
	nowhere := saying(flow.Ref{}, "CR-142/8/9", "Too late.")
	nowhere.Tell.To, nowhere.Tell.Private, nowhere.Tell.View.Kind = []flow.Actor{ana}, true, flow.RefusalView
	r.do(nowhere)
	const want = "@ana-lumen Darker replaced lighter (saved Wed 25 Nov, 14:02 London). Please look again:\n\n- CR-142 “Hero”\n- **Due:** today, 17:00\n"
	if len(said) != 1 || !strings.HasPrefix(said[0].Body, want) {
		t.Errorf("comments = %+v, want the refusal alone, to Ana, and nothing in it but words", said)
	}
}

// TestWords_NeverDecide: what is written is words, whoever writes it; an edited review does not vote again.
func TestWords_NeverDecide(t *testing.T) {
	t.Parallel()
	r, _, pull := watched(t)
	for _, who := range []string{"Ana Reyes", "Jon Park"} {
		_, err := r.site.CommentAs(who, "lumen/site#1", "Approved. LGTM, approve, :+1:")
		must(t, err)
	}
	list := r.hooks()
	edited := fmt.Sprintf(`{"action":"edited","review":{"id":7,"state":"approved","body":"Approved!","commit_id":%[1]q,"user":{"login":"ana-lumen","id":1001},"submitted_at":"2026-11-20T09:00:00Z"},
		"pull_request":{"id":5,"number":1,"head":{"sha":%[1]q},"updated_at":"2026-11-20T09:00:00Z"},"repository":{"id":502,"full_name":"lumen/site"},"sender":{"login":"ana-lumen","id":1001}}`, pull.Head)
	list = append(list, hook("pull_request_review", []byte(edited)))
	want := []string{"comment.added ana-lumen", "comment.added jon-lumen", "comment.edited ana-lumen"}
	if diff := cmp.Diff(want, briefs(r.events(list...))); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestAccount_ALoginThatChangedHands: the login is the reviewer's, the account is not.
func TestAccount_ALoginThatChangedHands(t *testing.T) {
	t.Parallel()
	r, _, pull := watched(t)
	_, err := r.site.CommentAs("Ana Reyes", "lumen/site#1", "It is me.")
	must(t, err)
	r.events(r.hooks()...)
	body := fmt.Sprintf(`{"action":"submitted","review":{"id":8,"state":"approved","body":"","commit_id":%[1]q,"user":{"login":"ana-lumen","id":666},"submitted_at":"2026-11-20T09:00:00Z"},
		"pull_request":{"id":5,"number":1,"head":{"sha":%[1]q},"updated_at":"2026-11-20T09:00:00Z"},"repository":{"id":502,"full_name":"lumen/site"},"sender":{"login":"ana-lumen","id":666}}`, pull.Head)
	if got := briefs(r.events(hook("pull_request_review", []byte(body)))); !slices.Equal(got, []string{"comment.added id:666"}) {
		t.Errorf("events = %q, want words of an account that nobody knows", got)
	}
}

// TestDo_KeepsTheTokenAtHome: a redirect to another host is not followed, with or without the token.
func TestDo_KeepsTheTokenAtHome(t *testing.T) {
	t.Parallel()
	r, q, _ := watched(t)
	came := make(chan string, 10)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { came <- req.Header.Get("Authorization") }))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 307, 308} {
		r.front.arm(connectortest.Fault{Status: status, Header: http.Header{"Location": {elsewhere.URL + "/api/v3/x"}}})
		if _, err := r.c.Do(t.Context(), saying(pullRef("1"), fmt.Sprint("CR-142/7/", status), "Hello.")); connectors.ClassOf(err) != connectors.Denied {
			t.Errorf("a redirect elsewhere with %d = %v, want class %s", status, err, connectors.Denied)
		}
	}
	if _, err := r.c.Look(t.Context(), q.r.Assets[1], begin()); err != nil {
		t.Errorf("Look afterwards: %v", err)
	}
	select {
	case token := <-came:
		t.Errorf("another host was called, with the token: %v", token != "")
	default:
	}
}

func TestReview_BeforeTheRequestIsNoVote(t *testing.T) {
	t.Parallel()
	r, q, _ := watched(t)
	_, err := r.site.ReviewAs("Ana Reyes", "lumen/site#1", "approve", "")
	must(t, err)
	q.r.Opened = r.clock.Now().Add(time.Minute)
	got, err := r.c.Look(t.Context(), q.r.Assets[1], q.r.Opened)
	must(t, err)
	if len(got) != 2 || got[1].Kind != flow.CommentAdded || !strings.Contains(got[1].Body.String(), "before this request was opened") {
		t.Errorf("events = %q, want words and no vote", briefs(got))
	}
}

// TestRecognize_BehindAStandIn: the API is reached through another address, the pages are GitHub's own.
func TestRecognize_BehindAStandIn(t *testing.T) {
	t.Parallel()
	r := rigged(t, false, strings.Replace(pullSettings, "/api/v3", "", 1), site.Options{})
	for address, want := range map[string]bool{
		"https://github.com/lumen/site/pull/7":              true,
		"https://www.github.com/lumen/site/pull/7/files":    true,
		r.url + "/lumen/site/pull/7":                        true,
		"http://github.com/lumen/site/pull/7":               false,
		"https://github.com.evil.example/lumen/site/pull/7": false,
	} {
		if a, ok := r.c.Recognize(address); ok != want || ok && a.Ref != pullRef("7") {
			t.Errorf("Recognize(%q) = %v, %v, want %v", address, a.Ref, ok, want)
		}
	}
}

func TestClosed_IsNoted(t *testing.T) {
	t.Parallel()
	r, _, _ := watched(t)
	must(t, r.site.CloseAs("Ben Osei", "lumen/site#1", ""))
	got := r.events(r.hooks()...)
	if len(got) != 1 || got[0].Kind != flow.CommentAdded || got[0].Field("automatic") != "yes" || !strings.Contains(got[0].Body.String(), "closed on GitHub") {
		t.Errorf("events = %+v, want a note", got)
	}
}
