package github_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"signoff/internal/flow"
	site "signoff/internal/sandbox/github"
)

// TestAccept_PublishedSignature is the example of GitHub's documentation.
func TestAccept_PublishedSignature(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, strings.Replace(ticketSettings, "signoff-github-webhook-secret", "\"It's a Secret to Everybody\"", 1), site.Options{})
	in := hook("issues", []byte("Hello, World!"))
	in.Header.Set("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	if acc, err := r.c.Accept(in); err != nil || acc.Malformed == "" || acc.Secret != "current" {
		t.Errorf("Accept = %+v, %v, want it believed and malformed", acc, err)
	}
}

func TestAccept_TwoSecretsAndForms(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, strings.Replace(ticketSettings, "webhook_secret: signoff-github-webhook-secret", "webhook_secret: [brand-new-secret-01, signoff-github-webhook-secret]", 1), site.Options{})
	r.do(ticket(1, "Hero"))
	r.hooks()
	_, err := r.site.CommentAs("Jon Park", home+"#1", "Which shade?")
	must(t, err)
	in := r.hooks()[0]
	if acc, err := r.c.Accept(in); err != nil || acc.Secret != "previous" {
		t.Errorf("Accept of the old secret = %+v, %v, want it believed as previous", acc, err)
	}
	form := in
	form.Body = []byte(url.Values{"payload": {string(in.Body)}}.Encode())
	form.Header = in.Header.Clone()
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	form.Header.Set("X-Hub-Signature-256", site.Sign("brand-new-secret-01", form.Body))
	if got := briefs(r.events(form)); !slices.Equal(got, []string{"comment.added jon-lumen"}) {
		t.Errorf("a form gives %q, want the comment", got)
	}
}

func TestAccept_NamesTheDelivery(t *testing.T) {
	t.Parallel()
	r := rigged(t, false, pullSettings, site.Options{})
	_, err := r.site.OpenPullAs("Ben Osei", work, "Hero", "", "Hero")
	must(t, err)
	in := r.hooks()[0]
	acc, err := r.c.Accept(in)
	want := flow.Ref{System: "github", Type: "pull", Key: "lumen/site#1"}
	if err != nil || acc.ID != in.Header.Get("X-Github-Delivery") || acc.Kind != "event:pull_request.opened" || acc.Key == "" || acc.About != want {
		t.Errorf("Accept = %+v, %v, want its GUID, kind, a content key, and %v", acc, err, want)
	}
	ping, err := r.c.Accept(hook("ping", []byte(`{"zen":"Keep it logically awesome.","hook_id":7}`)))
	if err != nil || ping.Answer == nil || ping.Answer.Status != http.StatusOK {
		t.Errorf("ping = %+v, %v, want 200 at once", ping, err)
	}
	other := hook("issues", []byte(`{"action":"closed","issue":{"id":1,"number":1},"repository":{"id":9,"full_name":"evil/site"}}`))
	if acc, err := r.c.Accept(other); err != nil || acc.Ignored == "" {
		t.Errorf("another repository = %+v, %v, want it ignored", acc, err)
	}
}

func TestAccept_SameFactFromTwoHooks(t *testing.T) {
	t.Parallel()
	r := rigged(t, false, pullSettings, site.Options{})
	pull, err := r.site.OpenPullAs("Ben Osei", work, "Hero", "", "Hero")
	must(t, err)
	_, err = r.site.CommentAs("Jon Park", "lumen/site#1", "One.")
	must(t, err)
	_, err = r.site.CommentAs("Jon Park", "lumen/site#1", "Two.")
	must(t, err)
	seen := map[string]bool{}
	for _, in := range r.hooks() {
		acc, err := r.c.Accept(in)
		must(t, err)
		again := in
		again.Header = in.Header.Clone()
		again.Header.Set("X-Github-Delivery", "another-guid-0001")
		twin, err := r.c.Accept(again)
		must(t, err)
		if twin.Key != acc.Key || twin.ID == acc.ID || seen[acc.Key] {
			t.Errorf("%s of %s: keys %q and %q, want the same, and one of its own", acc.Kind, pull.Title, acc.Key, twin.Key)
		}
		seen[acc.Key] = true
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	r := rigged(t, false, pullSettings, site.Options{})
	const want = "https://signoff.lumen.example/hooks/github json issue_comment,issues,pull_request,pull_request_review,pull_request_review_comment,pull_request_review_thread"
	ours := func() []string {
		return slices.DeleteFunc(r.site.Hooks(work), func(h string) bool { return !strings.Contains(h, "signoff.lumen.example") })
	}
	for _, step := range []string{"made", "in order", "brought in order"} {
		if step == "brought in order" {
			r.site.BreakHook(work)
		}
		got, err := r.c.Register(t.Context())
		if err != nil || len(got) != 1 || got[0].Level != "ok" || got[0].Text != step {
			t.Errorf("Register = %+v, %v, want %s", got, err, step)
		}
		if hooks := ours(); !slices.Equal(hooks, []string{want}) {
			t.Errorf("%s: webhooks = %q, want %q", step, hooks, want)
		}
	}
	if n := len(r.site.Hooks(work)); n != 2 {
		t.Errorf("%d webhooks are there, want ours and the one of somebody else", n)
	}
}

func TestRegister_WithoutTheRight(t *testing.T) {
	t.Parallel()
	r := rigged(t, false, pullSettings, site.Options{Repositories: []site.Repository{{ID: 502, Name: work, ReadOnly: true}}})
	got, err := r.c.Register(t.Context())
	if err != nil || len(got) != 1 || got[0].Level != "problem" || got[0].Remedy == "" {
		t.Errorf("Register = %+v, %v, want a problem with its remedy", got, err)
	}
}

// TestPoll_AsksForWhatDidNotArrive loses webhooks and counts what is asked for again.
func TestPoll_AsksForWhatDidNotArrive(t *testing.T) {
	t.Parallel()
	r := rigged(t, false, pullSettings, site.Options{PerPage: 2})
	_, err := r.c.Register(t.Context())
	must(t, err)
	r.site.LoseWebhooks(true)
	r.site.ReleaseWebhooks()
	_, err = r.site.OpenPullAs("Ben Osei", work, "Hero", "", "Hero")
	must(t, err)
	for n := range 4 {
		_, err := r.site.CommentAs("Jon Park", "lumen/site#1", fmt.Sprint("Word ", n))
		must(t, err)
	}
	must(t, r.site.Wait(t.Context(), (*site.Server).Quiet))
	all := func() (redelivered []site.Delivery) {
		must(t, r.site.Wait(t.Context(), (*site.Server).Quiet))
		for _, d := range r.site.Webhooks() {
			if d.Redelivery {
				redelivered = append(redelivered, d)
			}
		}
		return redelivered
	}
	here := r.site.Webhooks()[len(r.site.Webhooks())-1] // it came, only its answer was lost
	r.store[here.GUID] = here.Body
	poll := func(want int) {
		t.Helper()
		if next, err := r.c.Poll(t.Context(), nil); err != nil || next != 10*time.Minute {
			t.Errorf("Poll = %v, %v, want to go on in 10 minutes", next, err)
		}
		if got := all(); len(got) != want {
			t.Errorf("%d deliveries were sent again, want %d", len(got), want)
		}
	}
	poll(4)
	poll(4) // patience
	r.site.LoseWebhooks(false)
	r.clock.Advance(31 * time.Minute)
	poll(8)
	r.clock.Advance(31 * time.Minute)
	poll(12) // nothing listens at the address: the third time, and then no more
	r.clock.Advance(31 * time.Minute)
	poll(12)
	guids := map[string]int{}
	for _, d := range all() {
		guids[d.GUID]++
	}
	if len(guids) != 4 || guids[here.GUID] != 0 {
		t.Errorf("sent again: %v, want four deliveries three times each, none that is here", guids)
	}
}

func TestPoll_NothingThatArrived(t *testing.T) {
	t.Parallel()
	r := rigged(t, false, pullSettings, site.Options{})
	_, err := r.c.Register(t.Context())
	must(t, err)
	if _, err := r.c.Poll(t.Context(), nil); err != nil {
		t.Errorf("Poll of an empty list: %v", err)
	}
	calls := r.front.calls()
	if last := calls[len(calls)-1]; !strings.HasSuffix(last, "/deliveries") {
		t.Errorf("the last call is %q, want the list of deliveries", last)
	}
}

func TestAccept_AlarmsWhenTheAppIsTakenAway(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings, site.Options{})
	for _, tt := range []struct{ event, body, want string }{
		{"installation", `{"action":"deleted","installation":{"id":1,"account":{"login":"lumen"}}}`, "taken away from lumen"},
		{"installation", `{"action":"suspend","installation":{"id":1,"account":{"login":"lumen"}}}`, "taken away from lumen"},
		{"installation", `{"action":"created","installation":{"id":1,"account":{"login":"lumen"}}}`, ""},
		{"installation_repositories", `{"action":"removed","repositories_removed":[{"full_name":"lumen/requests"}]}`, "lumen/requests"},
		{"installation_repositories", `{"action":"removed","repositories_removed":[{"full_name":"lumen/other"}]}`, ""},
	} {
		acc, err := r.c.Accept(hook(tt.event, []byte(tt.body)))
		if err != nil || acc.Ignored == "" || (acc.Alarm != "") != (tt.want != "") || !strings.Contains(acc.Alarm, tt.want) {
			t.Errorf("%s: %+v, %v, want it kept as ignored with the alarm %q", tt.body, acc, err, tt.want)
		}
	}
}

// TestRenamed_IsKnownByItsOldName: the settings still have the old name, and everything is known by it.
func TestRenamed_IsKnownByItsOldName(t *testing.T) {
	t.Parallel()
	r, q, _ := watched(t)
	_, err := r.c.Register(t.Context())
	must(t, err, r.site.Rename(work, "lumen/pages"))
	_, err = r.site.CommentAs("Jon Park", "lumen/pages#1", "Moved?")
	must(t, err)
	list := r.hooks()
	got := r.events(list[len(list)-1]) // both webhooks tell it
	if len(got) != 1 || got[0].Subject != pullRef("1") {
		t.Fatalf("events = %q, want the comment at the pull request by its old name", briefs(got))
	}
	if a, ok := r.c.Recognize(r.url + "/lumen/pages/pull/1"); ok && a.Ref != pullRef("1") {
		t.Errorf("Recognize by the new name = %v, want the old one", a.Ref)
	}
	r.do(saying(pullRef("1"), "CR-142/6/1", "Still here."))
	if _, err := r.c.Look(t.Context(), q.r.Assets[1], begin()); err != nil {
		t.Errorf("Look: %v", err)
	}
}

// TestRenamed_BeforeAnybodyAsked: signoff starts after the repository was renamed.
func TestRenamed_BeforeAnybodyAsked(t *testing.T) {
	t.Parallel()
	r := rigged(t, false, pullSettings, site.Options{})
	_, err := r.site.OpenPullAs("Ben Osei", work, "Hero", "", "Hero")
	must(t, err, r.site.Rename(work, "lumen/pages"))
	if _, err := r.c.Poll(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	r.hooks()
	_, err = r.site.CommentAs("Jon Park", "lumen/pages#1", "Moved?")
	must(t, err)
	if got := r.events(r.hooks()...); len(got) != 1 || got[0].Subject != pullRef("1") {
		t.Errorf("events = %+v, want the comment by the name in the settings", got)
	}
	if a, ok := r.c.Recognize(r.url + "/lumen/pages/pull/1"); !ok || a.Ref != pullRef("1") {
		t.Errorf("Recognize by the new name = %v, %v, want %v", a.Ref, ok, pullRef("1"))
	}
}
