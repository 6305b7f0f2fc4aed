package jira_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"signoff/internal/sandbox/jira"
)

const hooksPath = "/rest/webhooks/1.0/webhook"

func admin(o *jira.Options) { o.Granted = []string{"ADMINISTER"} }

func hookBody(url, rest string) string {
	return `{"name":"signoff","url":"` + url + `","events":["jira:issue_created","comment_created"]` + rest + `}`
}

func TestHooks_Register(t *testing.T) {
	t.Parallel()
	s, rec := start(t, admin), newReceiver(t)
	made := s.want(201, "POST", hooksPath, hookBody(rec.url, `,"secret":"s3cret-of-the-hook","filters":{"issue-related-events-section":"project = DES"},"excludeBody":false`))
	if made.at("isSigned") != true || made.at("enabled") != true || made.at("secret") != nil || made.at("self") != "https://lumen.jira.example"+hooksPath+"/1" {
		t.Errorf("registered: got %s", made.raw)
	}
	if got := s.want(200, "GET", hooksPath, ""); got.at(0, "name") != "signoff" || strings.Contains(string(got.raw), "s3cret") {
		t.Errorf("list: got %s", got.raw)
	}
	key := s.task("")
	if err := s.CommentAs("Ana Reyes", key, "x"); err != nil {
		t.Fatal(err)
	}
	s.want(204, "PUT", "issue/"+key, `{"fields":{"summary":"Hero 2"}}`) // an event that was not asked for
	s.want(201, "POST", "issue", `{"fields":{"project":{"key":"MKT"},"issuetype":{"id":"10001"},"summary":"x"}}`)
	s.settle()
	if got, want := rec.events(t), []string{"jira:issue_created issue_created", "comment_created"}; !slices.Equal(got, want) {
		t.Errorf("webhooks\n got %q\nwant %q", got, want)
	}
	d := rec.deliveries()[0]
	if got, want := d.header.Get("X-Hub-Signature"), jira.Sign("s3cret-of-the-hook", d.body); got != want {
		t.Errorf("signature: got %s, want %s", got, want)
	}
	for _, e := range s.ledger.Entries(0) {
		if strings.Contains(e.Body, "s3cret") {
			t.Errorf("the ledger keeps the secret: %s", e.Body)
		}
	}
	s.want(200, "PUT", hooksPath+"/1", `{"events":["jira:issue_updated"],"enabled":true}`)
	s.want(204, "PUT", "issue/"+key, `{"fields":{"summary":"Hero 3"}}`)
	s.settle()
	if last := rec.last(); last.at("webhookEvent") != "jira:issue_updated" || last.header.Get("X-Hub-Signature") == "" {
		t.Errorf("after the edit: got %s, %v: want an update, signed with the old secret", last.raw, last.header)
	}
	s.want(204, "DELETE", hooksPath+"/1", "")
	s.want(404, "GET", hooksPath+"/1", "")
}

func TestHooks_Refusals(t *testing.T) {
	t.Parallel()
	s := start(t, admin)
	const url = "https://hub.lumen.example/hooks/jira"
	s.want(201, "POST", hooksPath, hookBody(url, ""))
	for body, status := range map[string]int{
		hookBody(url, ""):                                                                   409, // the same again
		hookBody("ftp://hub.lumen.example", ""):                                             400,
		hookBody(url, `,"jqlFilter":"project = DES"`):                                       400,
		hookBody(url, `,"filters":{"issues":"project = DES"}`):                              400,
		hookBody(url, `,"filters":{"`+"issue-related-events-section"+`":"project = NOPE"}`): 400,
		`{"name":"","url":"` + url + `","events":["comment_created"]}`:                      400,
		`{"name":"x","url":"` + url + `","events":[]}`:                                      400,
		`{"name":"x","url":"` + url + `","events":["jira:issue_melted"]}`:                   400,
		`{"name":"x","url":"` + url + `","events":"all"}`:                                   400,
	} {
		if r := s.do("POST", hooksPath, body); r.status != status {
			t.Errorf("%s\n got %d %s, want %d", body, r.status, r.raw, status)
		}
	}
	s.Deny("ADMINISTER")
	s.want(403, "GET", hooksPath, "")
	s.want(403, "POST", hooksPath, hookBody(url, ""))
}

func TestHooks_TakenAwayByAPerson(t *testing.T) {
	t.Parallel()
	s, rec := watched(t, admin)
	s.task("")
	s.settle()
	id := s.Hooks()[0].ID
	if err := s.EnableHook(id, false); err != nil {
		t.Fatal(err)
	}
	if got := s.want(200, "GET", hooksPath, ""); got.at(0, "enabled") != false {
		t.Errorf("disabled: got %s", got.raw)
	}
	s.task("")
	s.settle()
	if err := s.EnableHook(id, true); err != nil {
		t.Fatal(err)
	}
	s.HoldWebhooks()
	s.task("")
	if err := s.DeleteHook(id); err != nil {
		t.Fatal(err)
	}
	s.ReleaseWebhooks(nil)
	s.settle()
	if n := len(rec.deliveries()); n != 1 {
		t.Errorf("got %d webhooks, want only the one before", n)
	}
	if err := s.EnableHook(id, true); !errors.Is(err, jira.ErrNoHook) {
		t.Errorf("a deleted webhook: got %v, want ErrNoHook", err)
	}
}

func TestHooks_DataCenter(t *testing.T) {
	t.Parallel()
	const newer = "/rest/jira-webhook/1.0/webhooks"
	s, _ := dataCenter(t, admin)
	s.want(404, "GET", hooksPath, "")
	made := s.want(201, "POST", newer, hookBody("https://hub.lumen.example/x", `,"id":null,"scopeType":"global","configuration":{"SECRET":"s3cret","FILTERS":"{\"issue-related-events-section\":\"project = DES\"}"}`))
	if made.at("id") != 2.0 || made.at("active") != true || strings.Contains(string(made.raw), "s3cret") {
		t.Errorf("Data Center 10: got %s", made.raw)
	}
	if h := s.Hooks()[1]; !h.Signed || h.Filter != "project = DES" {
		t.Errorf("registered: got %+v, want it signed and filtered", h)
	}
	s.want(200, "PUT", newer+"/2", hookBody("https://hub.lumen.example/x", `,"secret":"s3cret","active":false,"configuration":{"secret":"s3cret"}`))
	if h := s.Hooks()[1]; h.Signed || h.Enabled {
		t.Errorf("a secret in the wrong places: got %+v, want it neither signed nor enabled", h)
	}
	old, _ := dataCenter(t, func(o *jira.Options) { admin(o); o.Version = "9.12.0" })
	old.want(404, "GET", newer, "")
	old.want(200, "GET", hooksPath, "")
}
