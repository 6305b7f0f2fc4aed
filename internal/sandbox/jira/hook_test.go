package jira_test

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/sandbox/jira"
)

func TestSign_PublishedVectors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ secret, body, want string }{
		{"It's a Secret to Everybody", "Hello World!", "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
		{"signoff-jira-webhook-secret", `{"timestamp":1763800000000,"webhookEvent":"jira:issue_created","issue":{"id":"10042","key":"DES-7"}}`,
			"sha256=4d6ffad7b2be9580364785c319af4f6436a0e6a4ce89ff98a66fd504e0c7ea71"},
	} {
		if got := jira.Sign(tc.secret, []byte(tc.body)); got != tc.want {
			t.Errorf("Sign(%q, %q)\n got %s\nwant %s", tc.secret, tc.body, got, tc.want)
		}
	}
}

// recorded is what testdata keeps of a recorded webhook.
type recorded struct {
	Members  []string         `json:"members"`
	Event    string           `json:"webhookEvent"`
	TypeName string           `json:"issue_event_type_name"`
	Items    []map[string]any `json:"items"`
	Issue    []string         `json:"issue"`
	Comment  []string         `json:"comment"`
	Fields   []string         `json:"fields"`
}

func recordings(t *testing.T) map[string]recorded {
	t.Helper()
	raw, err := os.ReadFile("testdata/cloud-webhooks.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]recorded
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// members lists the keys of a JSON object in their order.
func members(t *testing.T, body []byte) []string {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(string(body)))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key.(string))
	}
	return keys
}

// recordedSite is like the site of the recordings, as far as their change logs show it.
func recordedSite(o *jira.Options) {
	o.Users = []jira.User{{AccountID: "admin", Name: "Test User", Email: botMail, TimeZone: "America/Los_Angeles"}}
	o.Statuses = []jira.Status{{ID: "10001", Name: "To Do", Category: "new"}, {ID: "3", Name: "In Progress", Category: "indeterminate"},
		{ID: "10002", Name: "Done", Category: "done"}}
	o.Transitions = []jira.Transition{{ID: "21", Name: "Start", From: []string{"To Do"}, To: "In Progress"},
		{ID: "31", Name: "Finish", From: []string{"In Progress"}, To: "Done", Resolves: "Done"}}
}

func TestWebhooks_LookLikeTheRecordedOnes(t *testing.T) {
	t.Parallel()
	rec := newReceiver(t)
	s := start(t, func(o *jira.Options) { recordedSite(o); o.WebhookURL = rec.url })
	const create = `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"Unit test summary","description":"Unit test description, not that long","priority":{"id":"2"},"labels":["test-label"]}}`
	steps := []struct{ name, method, path, body string }{
		{"created", "POST", "issue", create},
		{"edited", "PUT", "issue/DES-1", `{"fields":{"description":"Unit test description, not that long, a little longer now"}}`},
		{"renamed", "PUT", "issue/DES-1", `{"fields":{"summary":"Unit test summary 1"}}`},
		{"", "PUT", "issue/DES-1", `{"fields":{"priority":{"name":"Low"}}}`},
		{"priority", "PUT", "issue/DES-1", `{"fields":{"priority":{"name":"High"}}}`},
		{"", "PUT", "issue/DES-1", `{"fields":{"labels":["test-label","bad"]}}`},
		{"labels", "PUT", "issue/DES-1", `{"update":{"labels":[{"remove":"bad"},{"add":"sad"}]}}`},
		{"assigned", "PUT", "issue/DES-1/assignee", `{"accountId":"admin"}`},
		{"started", "POST", "issue/DES-1/transitions", `{"transition":{"id":"21"}}`},
		{"resolved", "POST", "issue/DES-1/transitions", `{"transition":{"id":"31"}}`},
		{"comment created", "POST", "issue/DES-1/comment", `{"body":"Added a comment"}`},
		{"deleted", "DELETE", "issue/DES-1", ""},
	}
	for _, step := range steps {
		if r := s.do(step.method, step.path, step.body); r.status >= 300 {
			t.Fatalf("%s %s: got %d %s", step.method, step.path, r.status, r.raw)
		}
	}
	s.settle()
	got, all := rec.deliveries(), recordings(t)
	if len(got) != len(steps) {
		t.Fatalf("got %d webhooks, want %d", len(got), len(steps))
	}
	for i, step := range steps {
		if want, ok := all[step.name]; ok {
			t.Run(step.name, func(t *testing.T) { compareHook(t, got[i].body, want) })
		}
	}
}

func compareHook(t *testing.T, body []byte, want recorded) {
	var got struct {
		Event    string `json:"webhookEvent"`
		TypeName string `json:"issue_event_type_name"`
		Log      struct {
			Items []map[string]any `json:"items"`
		} `json:"changelog"`
		Issue   json.RawMessage `json:"issue"`
		Comment map[string]any  `json:"comment"`
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	for _, item := range got.Log.Items { // younger than the recordings
		delete(item, "tmpFromAccountId")
		delete(item, "tmpToAccountId")
	}
	if d := cmp.Diff(want.Members, members(t, body)); d != "" {
		t.Errorf("members (-recorded +ours):\n%s", d)
	}
	if got.Event != want.Event || got.TypeName != want.TypeName {
		t.Errorf("event: got %q %q, recorded %q %q", got.Event, got.TypeName, want.Event, want.TypeName)
	}
	if d := cmp.Diff(want.Items, got.Log.Items); d != "" {
		t.Errorf("change log (-recorded +ours):\n%s", d)
	}
	ours := members(t, got.Issue)
	slices.Sort(ours)
	slices.Sort(want.Issue)
	if d := cmp.Diff(want.Issue, ours); d != "" {
		t.Errorf("issue (-recorded +ours):\n%s", d)
	}
	if want.Comment == nil {
		return
	}
	var issue struct {
		Fields map[string]any `json:"fields"`
	}
	if err := json.Unmarshal(got.Issue, &issue); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want.Comment, slices.Sorted(maps.Keys(got.Comment))); d != "" {
		t.Errorf("comment (-recorded +ours):\n%s", d)
	}
	if d := cmp.Diff(want.Fields, slices.Sorted(maps.Keys(issue.Fields))); d != "" {
		t.Errorf("fields of the reduced issue (-recorded +ours):\n%s", d)
	}
}

func TestWebhook_SignedAndIdentified(t *testing.T) {
	t.Parallel()
	rec := newReceiver(t)
	s := start(t, func(o *jira.Options) { o.WebhookURL = rec.url })
	key := s.task("")
	if err := s.MoveAs("Ana Reyes", key, "In Progress"); err != nil {
		t.Fatal(err)
	}
	s.settle()
	got := rec.deliveries()
	if len(got) != 2 {
		t.Fatalf("got %d webhooks, want 2", len(got))
	}
	seen := map[string]bool{}
	for _, d := range got {
		if sig := d.header.Get("X-Hub-Signature"); sig != jira.Sign(secret, d.body) {
			t.Errorf("signature: got %q, want %q", sig, jira.Sign(secret, d.body))
		}
		if flow, again := d.header.Get("X-Atlassian-Webhook-Flow"), d.header.Get("X-Atlassian-Webhook-Retry"); flow != "Primary" || again != "" {
			t.Errorf("flow %q, retry %q, want Primary and none", flow, again)
		}
		seen[d.header.Get("X-Atlassian-Webhook-Identifier")] = true
	}
	if len(seen) != 2 || seen[""] {
		t.Errorf("identifiers: got %v, want two different ones", seen)
	}
	var actors []string
	for _, d := range got {
		r := result{raw: d.body}
		actors = append(actors, r.at("user", "displayName").(string))
		if r.at("user", "emailAddress") != nil || r.at("issue", "fields", "creator", "emailAddress") != nil {
			t.Errorf("a webhook shows an address: %s", d.body)
		}
	}
	if d := cmp.Diff([]string{"signoff-bot", "Ana Reyes"}, actors); d != "" {
		t.Errorf("actors (-want +got):\n%s", d)
	}
}

func TestWebhook_RepeatedUntilTaken(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		answers []int
		want    []int
	}{
		{"taken", []int{200}, []int{200}},
		{"refused for good", []int{401}, []int{401}},
		{"gone", []int{404}, []int{404}},
		{"busy, then taken", []int{503, 429, 200}, []int{503, 429, 200}},
		{"timeouts and conflicts", []int{408, 409, 425, 500, 200}, []int{408, 409, 425, 500, 200}},
		{"given up after five repeats", []int{500, 500, 500, 500, 500, 500, 200}, []int{500, 500, 500, 500, 500, 500}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			rec := newReceiver(t)
			rec.answers = tc.answers
			var pauses []time.Duration
			s := start(t, func(o *jira.Options) {
				o.WebhookURL = rec.url
				o.Sleep = func(_ context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }
			})
			s.task("")
			s.settle()
			var got []int
			for _, a := range s.Webhooks()[0].Attempts {
				got = append(got, a.Status)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("attempts (-want +got):\n%s", d)
			}
			ids := map[string]bool{}
			for i, d := range rec.deliveries() {
				ids[d.header.Get("X-Atlassian-Webhook-Identifier")] = true
				want := ""
				if i > 0 {
					want = string(rune('0' + i))
				}
				if again := d.header.Get("X-Atlassian-Webhook-Retry"); again != want {
					t.Errorf("attempt %d: retry %q, want %q", i, again, want)
				}
			}
			if len(ids) != 1 || len(pauses) != len(tc.want)-1 {
				t.Errorf("%d identifiers and pauses %v, want 1 and %d pauses", len(ids), pauses, len(tc.want)-1)
			}
		})
	}
}

func TestWebhook_OutOfOrderAndTwice(t *testing.T) {
	t.Parallel()
	rec := newReceiver(t)
	s := start(t, func(o *jira.Options) { o.WebhookURL = rec.url })
	s.HoldWebhooks()
	key := s.task("")
	if err := s.CommentAs("Ben Osei", key, "Looks good"); err != nil {
		t.Fatal(err)
	}
	s.ReleaseWebhooks(func(all []jira.Webhook) []jira.Webhook {
		slices.Reverse(all)
		return append(all, all[0])
	})
	s.settle()
	var got []any
	for _, d := range rec.deliveries() {
		got = append(got, result{raw: d.body}.at("webhookEvent"))
	}
	if d := cmp.Diff([]any{"comment_created", "jira:issue_created", "comment_created"}, got); d != "" {
		t.Errorf("deliveries (-want +got):\n%s", d)
	}
	if err := s.Redeliver("unknown"); err == nil {
		t.Error("Redeliver of an unknown webhook: got nil, want an error")
	}
	if err := s.Redeliver(s.Webhooks()[0].ID); err != nil {
		t.Fatal(err)
	}
	s.settle()
	last := rec.deliveries()[3]
	if got := last.header.Get("X-Atlassian-Webhook-Retry"); got != "1" {
		t.Errorf("redelivered with retry %q, want 1", got)
	}
}

func TestComment_AnnouncedTwiceWhereTheSiteDoes(t *testing.T) {
	t.Parallel()
	rec := newReceiver(t)
	s := start(t, func(o *jira.Options) { o.WebhookURL = rec.url; o.CommentAsUpdate = true })
	if err := s.CommentAs("Ben Osei", s.task(""), "Looks good"); err != nil {
		t.Fatal(err)
	}
	s.settle()
	got := rec.deliveries()
	if len(got) != 3 {
		t.Fatalf("got %d webhooks, want 3", len(got))
	}
	update := result{raw: got[2].body}
	if update.at("issue_event_type_name") != "issue_commented" || update.at("comment", "body") != "Looks good" || update.at("changelog") != nil {
		t.Errorf("the update: got %s", got[2].body)
	}
}
