package github_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/connectors/github"
	"signoff/internal/flow"
	site "signoff/internal/sandbox/github"
)

func TestSettings_AreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/github.md")
	must(t, err)
	connectortest.DocumentsKeys(t, string(page), github.Settings{}, "")
}

func TestSettings_Refused(t *testing.T) {
	t.Parallel()
	const good = "token: t\nwebhook_secret: a-secret-that-is-long\nrepository: lumen/requests\nrepositories: [lumen/site]\n"
	for _, tt := range []struct{ name, yaml, key string }{
		{"no token", "webhook_secret: a-secret-that-is-long\nrepository: a/b", "token"},
		{"token and app", good + "app: {id: x, private_key: y}", "app"},
		{"app without id", "app: {private_key: y}\nwebhook_secret: a-secret-that-is-long\nrepository: a/b", "app.id"},
		{"a key that is none", "app: {id: x, private_key: y}\nwebhook_secret: a-secret-that-is-long\nrepository: a/b", "app.private_key"},
		{"no secret", "token: t\nrepository: a/b", "webhook_secret"},
		{"an empty secret", "token: t\nrepository: a/b\nwebhook_secret: ''", "webhook_secret"},
		{"a short secret", "token: t\nrepository: a/b\nwebhook_secret: short", "webhook_secret"},
		{"a placeholder", "token: t\nrepository: a/b\nwebhook_secret: changeme-changeme", "webhook_secret"},
		{"no repository", "token: t\nwebhook_secret: a-secret-that-is-long", "repository"},
		{"not a repository", "token: t\nwebhook_secret: a-secret-that-is-long\nrepository: https://github.com/a/b", "repository"},
		{"http elsewhere", good + "api_url: http://github.example/api/v3", "url"},
		{"an unknown word", good + "status: {done: closed}", "status.done"},
		{"an unknown state", good + "status: {approved: merged}", "status.approved"},
		{"an unknown reason", good + "status: {approved: closed as wontfix}", "status.approved"},
		{"a reason of an open one", good + "status: {approved: open as completed}", "status.approved"},
		{"read_every", good + "read_every: daily", "read_every"},
		{"bypass", good + "bypass: ignore", "bypass"},
		{"a day", good + "token_expires: soon", "token_expires"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := github.New(read(tt.yaml), connectors.Deps{Tracker: true, HTTP: connectortest.HTTP(t)})
			if err == nil || !strings.Contains(err.Error(), tt.key+": ") {
				t.Errorf("New = %v, want a problem with %s", err, tt.key)
			}
		})
	}
}

func TestSettings_PullRequestsNeedRepositories(t *testing.T) {
	t.Parallel()
	_, err := github.New(read("token: t\nwebhook_secret: a-secret-that-is-long\nrepository: lumen/requests"), connectors.Deps{HTTP: connectortest.HTTP(t)})
	if err == nil || !strings.Contains(err.Error(), "repositories: ") {
		t.Errorf("New = %v, want the repositories asked for", err)
	}
}

func TestStatus_OfOnesOwn(t *testing.T) {
	t.Parallel()
	r := rigged(t, true, ticketSettings+"status:\n  approved: open\n  declined: {state: closed, reason: completed, label: rejected}\n  intake: {state: open, label: ''}\n", site.Options{})
	e := ticket(1, "Hero")
	links := r.do(e)
	if got := r.issue().Labels; fmt.Sprint(got) != "[web]" {
		t.Errorf("labels at intake = %v, want web alone", got)
	}
	for v, step := range []struct{ word, want string }{{"approved", "open [web signoff:approved]"}, {"declined", "closed [web rejected]"}} {
		r.do(known(e, links, int64(v+2), flow.Status(step.word)))
		i := r.issue()
		if got := i.State + " " + fmt.Sprint(i.Labels); got != step.want {
			t.Errorf("%s: the issue is %s, want %s", step.word, got, step.want)
		}
		view, err := r.c.Read(t.Context(), links[0].Ref)
		if err != nil || string(view.Status) != step.word {
			t.Errorf("%s: Read = %q, %v, want the word back", step.word, view.Status, err)
		}
	}
}
