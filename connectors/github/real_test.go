package github_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signoff/connectors"

	"signoff/connectors/github"
	"signoff/internal/flow"
	site "signoff/internal/sandbox/github"
)

// TestRealPayloads reads deliveries as GitHub sent them (octokit/webhooks, MIT; made anonymous there).
func TestRealPayloads(t *testing.T) {
	t.Parallel()
	want := map[string]struct{ tracker, work string }{
		"issues.labeled":                      {"", "request.submitted codertocat"},
		"issues.opened":                       {"", ""},
		"issue_comment.created":               {"comment.added codertocat", "comment.added codertocat"},
		"issue_comment.edited":                {"comment.edited codertocat", "comment.edited codertocat"},
		"pull_request.opened":                 {"", "asset.changed"},
		"pull_request.synchronize":            {"", "asset.changed codertocat"},
		"pull_request_review.submitted":       {"", ""}, // it only carries comments on lines
		"pull_request_review_comment.created": {"", "comment.added codertocat point=yes"},
	}
	files, err := filepath.Glob("testdata/*.json")
	must(t, err)
	if len(files) != len(want) {
		t.Errorf("%d payloads are there, want %d", len(files), len(want))
	}
	settings := [2]string{strings.Replace(ticketSettings, home, "Codertocat/Hello-World", 1), strings.Replace(pullSettings, work, "Codertocat/Hello-World", 1) + "label: bug\n"}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		body, err := os.ReadFile(file)
		must(t, err)
		event, _, _ := strings.Cut(name, ".")
		for i, want := range []string{want[name].tracker, want[name].work} {
			r := rigged(t, i == 0, settings[i], site.Options{})
			if got := briefs(r.events(hook(event, body))); strings.Join(got, "\n") != want {
				t.Errorf("%s, tracker %v: events = %q, want %q", name, i == 0, got, want)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, file := range []string{"issues.labeled", "issue_comment.edited", "pull_request_review.submitted", "pull_request.synchronize"} {
		body, err := os.ReadFile("testdata/" + file + ".json")
		if err != nil {
			f.Fatal(err)
		}
		event, _, _ := strings.Cut(file, ".")
		f.Add(event, body)
	}
	for _, event := range []string{"issues", "issue_comment", "pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread"} {
		for _, action := range []string{"opened", "labeled", "created", "submitted", "dismissed", "resolved", "transferred", "synchronize"} {
			f.Add(event, []byte(`{"action":"`+action+`","repository":{"id":1,"full_name":"Codertocat/Hello-World"},"pull_request":{"number":1,"head":{"sha":"a"}},"issue":null,"review":{"id":1},"comment":{"id":1},"label":{"name":"bug"},"thread":{"comments":[{"id":1}]}}`))
		}
	}
	var all []*github.Connector
	for i, settings := range []string{ticketSettings + "", pullSettings + "label: bug\n"} {
		c, err := github.New(read(strings.NewReplacer("%s", "http://127.0.0.1:1", home, "Codertocat/Hello-World", work, "Codertocat/Hello-World").Replace(settings)),
			connectors.Deps{Instance: "github", Tracker: i == 0, HTTP: func(string, ...string) *http.Client { return &http.Client{} }})
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, c.(*github.Connector))
	}
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		for _, c := range all {
			acc, err := c.Accept(hook(event, body))
			if err != nil || acc.Malformed != "" || acc.Answer != nil {
				continue
			}
			events, err := c.Parse(flow.Delivery{ID: "github/x", Kind: acc.Kind, Body: body})
			if err != nil && acc.Ignored == "" {
				t.Errorf("Accept takes what Parse refuses: %v", err)
			}
			if acc.Ignored != "" && len(events) > 0 {
				t.Errorf("%q is ignored and gives %q", acc.Ignored, briefs(events))
			}
			if slices.ContainsFunc(events, func(ev flow.Event) bool { return ev.Kind == "" || ev.ID == "" || ev.Subject.Zero() }) {
				t.Errorf("an event lacks its kind, id or subject: %+v", events)
			}
		}
	})
}
