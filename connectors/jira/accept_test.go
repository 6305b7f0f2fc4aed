package jira_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

const movedBody = `{"timestamp":%d,"webhookEvent":"jira:issue_updated","issue_event_type_name":"issue_generic",
 "user":{"self":"https://lumen.atlassian.net/rest/api/2/user?accountId=x","accountId":"%s","displayName":"%s","active":true,"timeZone":"Europe/London","accountType":"atlassian"},
 "issue":{"id":"10042","self":"https://lumen.atlassian.net/rest/api/2/issue/10042","key":"DES-7",
  "fields":{"summary":"Homepage hero","issuetype":{"id":"10001","name":"Task"},"project":{"id":"10000","key":"DES"},
   "status":{"id":"10002","name":"In review","statusCategory":{"id":4,"key":"indeterminate"}},"assignee":null,"labels":["signoff"],"resolution":null}},
 "changelog":{"id":"10196","items":[{"field":"status","fieldtype":"jira","fieldId":"status","from":"3","fromString":"In Progress","to":"10002","toString":"In review"}]}}`

func sign(secret string, body []byte) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(body)
	return "sha256=" + hex.EncodeToString(m.Sum(nil))
}

// hook is a signed webhook as Jira sends it.
func hook(body []byte) connectors.Inbound {
	return connectors.Inbound{
		Method: http.MethodPost, Body: body, At: begin(),
		Header: http.Header{
			"Content-Type": {"application/json; charset=UTF-8"}, "X-Hub-Signature": {sign(hookSecret, body)},
			"X-Atlassian-Webhook-Identifier": {"6f8d1c62-0f0a-4d43-bb6a-1f4d5f0f2a11"}, "X-Atlassian-Webhook-Flow": {"Primary"},
		},
	}
}

func offline(t *testing.T) *rig {
	t.Helper()
	return connect(t, fmt.Sprintf(settings, "https://lumen.atlassian.net"))
}

func TestAccept_PublishedVectors(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ secret, body, header string }{
		{"It's a Secret to Everybody", "Hello World!", "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
		{hookSecret, `{"timestamp":1763800000000,"webhookEvent":"jira:issue_created","issue":{"id":"10042","key":"DES-7"}}`,
			"sha256=4d6ffad7b2be9580364785c319af4f6436a0e6a4ce89ff98a66fd504e0c7ea71"},
	} {
		c := connect(t, strings.Replace(fmt.Sprintf(settings, "https://lumen.atlassian.net"), "webhook_secret: "+hookSecret,
			"webhook_secret: [\""+v.secret+"\", another-secret-while-changing]", 1))
		in := hook([]byte(v.body))
		in.Header.Set("X-Hub-Signature", v.header)
		if _, err := c.Accept(in); err != nil {
			t.Errorf("Accept(%q signed %s) = %v, want it believed", v.body, v.header, err)
		}
		in.Header.Set("X-Hub-Signature", sign("another-secret-while-changing", in.Body))
		if _, err := c.Accept(in); err != nil {
			t.Errorf("Accept signed with the second secret = %v, want it believed", err)
		}
	}
}

func TestAccept_Refuses(t *testing.T) {
	t.Parallel()
	c := offline(t)
	body := []byte(fmt.Sprintf(movedBody, begin().UnixMilli(), anaID, "Ana"))
	right := sign(hookSecret, body)
	for name, tc := range map[string]struct {
		change func(*connectors.Inbound)
		status int
	}{
		"no signature":       {func(in *connectors.Inbound) { in.Header.Del("X-Hub-Signature") }, 401},
		"empty signature":    {func(in *connectors.Inbound) { in.Header.Set("X-Hub-Signature", "") }, 401},
		"two signatures":     {func(in *connectors.Inbound) { in.Header.Add("X-Hub-Signature", right) }, 401},
		"sha1":               {func(in *connectors.Inbound) { in.Header.Set("X-Hub-Signature", "sha1"+right[6:]) }, 401},
		"unknown method":     {func(in *connectors.Inbound) { in.Header.Set("X-Hub-Signature", "md5"+right[6:]) }, 401},
		"no method":          {func(in *connectors.Inbound) { in.Header.Set("X-Hub-Signature", right[7:]) }, 401},
		"half of it":         {func(in *connectors.Inbound) { in.Header.Set("X-Hub-Signature", right[:39]) }, 401},
		"upper case":         {func(in *connectors.Inbound) { in.Header.Set("X-Hub-Signature", "sha256="+strings.ToUpper(right[7:])) }, 401},
		"not hex":            {func(in *connectors.Inbound) { in.Header.Set("X-Hub-Signature", "sha256=zz"+right[9:]) }, 401},
		"other secret":       {func(in *connectors.Inbound) { in.Header.Set("X-Hub-Signature", sign("another secret", in.Body)) }, 401},
		"one byte more":      {func(in *connectors.Inbound) { in.Body = append(in.Body, '\n') }, 401},
		"GET":                {func(in *connectors.Inbound) { in.Method = http.MethodGet }, 405},
		"PUT":                {func(in *connectors.Inbound) { in.Method = http.MethodPut }, 405},
		"form":               {func(in *connectors.Inbound) { in.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415},
		"no type":            {func(in *connectors.Inbound) { in.Header.Del("Content-Type") }, 415},
		"compressed":         {func(in *connectors.Inbound) { in.Header.Set("Content-Encoding", "gzip") }, 415},
		"another Jira site":  {func(in *connectors.Inbound) { resign(in, "lumen.atlassian.net", "other.atlassian.net") }, 401},
		"site like our name": {func(in *connectors.Inbound) { resign(in, "lumen.atlassian.net", "lumen.x.atlassian.net") }, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := hook(append([]byte(nil), body...))
			tc.change(&in)
			_, err := c.Accept(in)
			refusal, ok := errors.AsType[*connectors.Refusal](err)
			if !ok || refusal.Status != tc.status {
				t.Fatalf("Accept = %v, want a refusal with %d", err, tc.status)
			}
			if strings.Contains(refusal.Reason, right[7:]) || strings.Contains(refusal.Reason, hookSecret) {
				t.Errorf("the reason %q gives something away", refusal.Reason)
			}
			if tc.status == 405 && refusal.Allow != "POST" {
				t.Errorf("Allow = %q, want POST", refusal.Allow)
			}
		})
	}
}

func resign(in *connectors.Inbound, from, to string) {
	in.Body = []byte(strings.ReplaceAll(string(in.Body), from, to))
	in.Header.Set("X-Hub-Signature", sign(hookSecret, in.Body))
}

func TestAccept_Names(t *testing.T) {
	t.Parallel()
	c := offline(t)
	body := []byte(fmt.Sprintf(movedBody, begin().UnixMilli(), anaID, "Ana"))
	hash := sha256.Sum256(body)
	for name, tc := range map[string]struct{ header, want string }{
		"Jira's identifier": {"6f8d1c62-0f0a-4d43-bb6a-1f4d5f0f2a11", "6f8d1c62-0f0a-4d43-bb6a-1f4d5f0f2a11"},
		"none":              {"", hex.EncodeToString(hash[:])},
		"with a slash":      {"a/b", hex.EncodeToString(hash[:])},
		"with a line break": {"a\nb", hex.EncodeToString(hash[:])},
		"endless":           {strings.Repeat("a", 300), hex.EncodeToString(hash[:])},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := hook(body)
			in.Header.Set("X-Atlassian-Webhook-Identifier", tc.header)
			in.Rest, in.Query = "some/token", map[string][]string{"user_id": {"x"}}
			acc, err := c.Accept(in)
			if err != nil || acc.ID != tc.want || acc.Kind != "event:jira:issue_updated" || acc.Key != "change/10042/10196" {
				t.Errorf("Accept = %+v, %v, want id %q", acc, err, tc.want)
			}
		})
	}
}

func TestAccept_Classifies(t *testing.T) {
	t.Parallel()
	c := offline(t)
	at := func(d time.Duration) []byte {
		return []byte(fmt.Sprintf(movedBody, begin().Add(d).UnixMilli(), anaID, "Ana"))
	}
	for name, tc := range map[string]struct {
		body      []byte
		ignored   string
		malformed string
	}{
		"fresh":           {at(0), "", ""},
		"an hour late":    {at(-time.Hour), "", ""},
		"a day late":      {at(-25 * time.Hour), "superseded: sent 25 hours before it came", ""},
		"clock ahead":     {at(5 * time.Minute), "", ""},
		"from the future": {at(time.Hour), "", "its timestamp lies in the future"},
		"created":         {[]byte(`{"webhookEvent":"jira:issue_created","issue":{"id":"10042","key":"DES-7"}}`), "a new ticket says nothing about a request", ""},
		"deleted":         {[]byte(`{"webhookEvent":"jira:issue_deleted","issue":{"id":"10042"}}`), "", ""},
		"other":           {[]byte(`{"webhookEvent":"sprint_started"}`), "events of this kind are not used", ""},
		"nothing":         {[]byte(`{}`), "it says nothing that happened", ""},
		"no status":       {[]byte(`{"webhookEvent":"jira:issue_updated","issue":{"id":"1"},"changelog":{"items":[{"field":"labels"}]}}`), "nothing that a request follows was changed", ""},
		"no items":        {[]byte(`{"webhookEvent":"jira:issue_updated","issue":{"id":"1"},"changelog":{"items":[]}}`), "nothing that a request follows was changed", ""},
		"no issue":        {[]byte(`{"webhookEvent":"jira:issue_updated","changelog":{"items":[{"field":"status","toString":"Done"}]}}`), "", "it does not say which ticket it is about"},
		"for a role":      {[]byte(`{"webhookEvent":"comment_created","issue":{"id":"1"},"comment":{"id":"2","body":"x","visibility":{"type":"role","value":"Developers"}}}`), "", ""},
		"internal note":   {[]byte(`{"webhookEvent":"comment_created","issue":{"id":"1"},"comment":{"id":"2","body":"x","jsdPublic":false}}`), "", ""},
		"comment gone":    {[]byte(`{"webhookEvent":"comment_deleted","issue":{"id":"1"},"comment":{"id":"2"}}`), "", ""},
		"attachment":      {[]byte(`{"webhookEvent":"attachment_created","attachment":{"id":"2"}}`), "it does not say at which ticket; the change of the ticket does", ""},
		"key twice":       {[]byte(`{"webhookEvent":"jira:issue_updated","webhookEvent":"x"}`), "", "malformed JSON at byte 37: key occurs twice: \"webhookEvent\""},
		"not JSON":        {[]byte(`hello`), "", "malformed JSON at byte 0: syntax error"},
		"a list":          {[]byte(`[1]`), "", "malformed JSON at byte 1: wrong type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acc, err := c.Accept(hook(tc.body))
			if err != nil || acc.Ignored != tc.ignored || acc.Malformed != tc.malformed {
				t.Errorf("Accept(%s)\n got ignored %q malformed %q (%v)\nwant ignored %q malformed %q", tc.body, acc.Ignored, acc.Malformed, err, tc.ignored, tc.malformed)
			}
		})
	}
}

func parse(t *testing.T, c *rig, body string) []flow.Event {
	t.Helper()
	events, err := c.Parse(flow.Delivery{ID: "jira/d1", Instance: "jira", At: begin(), Body: []byte(body)})
	if err != nil {
		t.Fatalf("Parse(%s): %v", body, err)
	}
	return events
}

func TestParse_Moved(t *testing.T) {
	t.Parallel()
	c := offline(t)
	sent := begin().Add(-time.Minute)
	got := parse(t, c, fmt.Sprintf(movedBody, sent.UnixMilli(), anaID, "Ana Reyes"))
	want := []flow.Event{{
		ID: "jira/d1", Kind: flow.TicketMoved, At: begin(), Sent: sent, Seq: "10196", Delivery: "jira/d1",
		Actor:   flow.Actor{Ref: flow.Ref{System: "jira", Type: "user", Key: anaID}, Shown: "Ana Reyes", Zone: "Europe/London"},
		Subject: flow.Ref{System: "jira", Type: "issue", Key: "10042"},
		Fields:  map[string][]string{"status": {"In review"}, "word": {"in_review"}, "from": {"In Progress"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse (-want +got)\n%s", diff)
	}
}

func TestParse_Tolerates(t *testing.T) {
	t.Parallel()
	c := offline(t)
	for name, tc := range map[string]struct {
		body   string
		fields map[string][]string
	}{
		"no webhookEvent": {`{"issue":{"id":"10042","key":"DES-7"},"changelog":{"id":"1","items":[{"field":"status","toString":"Done"}]}}`,
			map[string][]string{"status": {"Done"}, "word": {"approved"}}},
		"numbers for texts": {`{"webhookEvent":"jira:issue_updated","issue":{"id":10042,"key":"DES-7"},"changelog":{"id":1,"items":[{"field":"status","from":3,"to":10003,"toString":"Done"}]}}`,
			map[string][]string{"status": {"Done"}, "word": {"approved"}}},
		"no toString": {`{"webhookEvent":"jira:issue_updated","issue":{"id":"10042","key":"DES-7","fields":{"status":{"id":"5","name":"To Do"}}},"changelog":{"items":[{"field":"status"}]}}`,
			map[string][]string{"status": {"To Do"}, "word": {"intake"}}},
		"status nobody mapped": {`{"webhookEvent":"jira:issue_updated","issue":{"id":"10042","key":"DES-7"},"changelog":{"items":[{"field":"status","fromString":null,"toString":"Parked"}]}}`,
			map[string][]string{"status": {"Parked"}}},
		"other project": {`{"webhookEvent":"jira:issue_updated","issue":{"id":"10042","key":"OPS-7"},"changelog":{"items":[{"field":"status","toString":"Done"}]}}`,
			map[string][]string{"status": {"Done"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := parse(t, c, tc.body)
			if len(got) != 1 || got[0].Subject.Key != "10042" || got[0].Kind != flow.TicketMoved {
				t.Fatalf("Parse(%s) = %+v, want one move of 10042", tc.body, got)
			}
			if diff := cmp.Diff(tc.fields, got[0].Fields); diff != "" {
				t.Errorf("Parse(%s) fields (-want +got)\n%s", tc.body, diff)
			}
		})
	}
}

func TestParse_Comments(t *testing.T) {
	t.Parallel()
	c := offline(t)
	cloud := `{"timestamp":1,"webhookEvent":"comment_created","comment":{"id":"10082","self":"https://lumen.atlassian.net/rest/api/2/issue/10042/comment/10082",
		"author":{"accountId":"a1","displayName":"Ana"},"updateAuthor":{"accountId":"a2","displayName":"Ben"},"body":"Looks *good*","updated":"u1","jsdPublic":true},"issue":{"id":"10042","key":"DES-7"}}`
	noIssue := strings.Replace(cloud, `,"issue":{"id":"10042","key":"DES-7"}`, "", 1)
	inUpdate := strings.Replace(strings.Replace(cloud, "comment_created", "jira:issue_updated", 1), `"timestamp":1`, `"issue_event_type_name":"issue_commented"`, 1)
	for name, body := range map[string]string{"cloud": cloud, "without issue": noIssue, "within an update": inUpdate} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := parse(t, c, body)
			if len(got) != 1 || got[0].Kind != flow.CommentAdded || got[0].Subject.Key != "10042" || got[0].Actor.Shown != "Ana" || got[0].Body.String() != "Looks good" {
				t.Errorf("Parse(%s) = %+v, want Ana's words on 10042", body, got)
			}
			if diff := cmp.Diff(text.Doc{text.P(text.T("Looks "), text.B("good"))}, got[0].Body); diff != "" {
				t.Errorf("body (-want +got)\n%s", diff)
			}
			acc, err := c.Accept(hook([]byte(strings.Replace(body, `"timestamp":1,`, "", 1))))
			if err != nil || acc.Key != "comment/10082/u1" {
				t.Errorf("Accept = %+v, %v, want the comment's own key", acc, err)
			}
		})
	}
}

func TestParse_Broken(t *testing.T) {
	t.Parallel()
	c := offline(t)
	if _, err := c.Parse(flow.Delivery{Body: []byte(`{`)}); err == nil {
		t.Error("Parse of half a body succeeds, want it malformed")
	}
}
