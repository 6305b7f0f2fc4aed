package jira_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/jira"
)

// keys runs a query and lists what it finds over all pages.
func (s *site) keys(jql string) []string {
	s.t.Helper()
	var all []string
	token := ""
	for range 10 {
		body := fmt.Sprintf(`{"jql":%q,"fields":["summary"],"maxResults":2%s}`, jql, token)
		r := s.want(200, "POST", "search/jql", body)
		list, _ := r.at("issues").([]any)
		for i := range list {
			all = append(all, fmt.Sprint(r.at("issues", i, "key")))
		}
		next, _ := r.at("nextPageToken").(string)
		if next == "" {
			if r.at("isLast") != true {
				s.t.Errorf("last page of %s: isLast is %v", jql, r.at("isLast"))
			}
			return all
		}
		token = fmt.Sprintf(`,"nextPageToken":%q`, next)
	}
	s.t.Fatalf("%s: the pages never end", jql)
	return nil
}

func TestSearch_Queries(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *jira.Options) {
		o.Users = jira.DefaultUsers()
		o.Users[6].TimeZone = "Europe/Berlin" // the account: UTC+1
	})
	s.task(`,"labels":["signoff","signoff-k-aa11"]`) // DES-1, 10:00 UTC
	s.clock.add(20 * time.Minute)
	s.task(`,"labels":["signoff"]`) // DES-2, 10:20
	s.clock.add(20 * time.Minute)
	s.task("") // DES-3, 10:40
	if err := s.MoveAs("Ana Reyes", "DES-1", "In Progress"); err != nil {
		t.Fatal(err)
	}
	s.clock.add(time.Minute)
	for _, tc := range []struct {
		jql  string
		want []string
	}{
		{`project = "DES" AND labels = "signoff-k-aa11"`, []string{"DES-1"}},
		{`project = DES`, []string{"DES-3", "DES-2", "DES-1"}},
		{`project = DES ORDER BY key`, []string{"DES-1", "DES-2", "DES-3"}},
		{`key in (DES-3, "DES-1") order by created asc`, []string{"DES-1", "DES-3"}},
		{`issuekey = DES-2`, []string{"DES-2"}},
		{`status = "In Progress"`, []string{"DES-1"}},
		{`status != 3 ORDER BY key DESC`, []string{"DES-3", "DES-2"}},
		{`updated >= -30m order by key`, []string{"DES-1", "DES-2", "DES-3"}},
		{`updated >= "-5m" order by updated desc, key asc`, []string{"DES-1", "DES-3"}},
		{`updated >= "2026-11-24 11:40" order by key`, []string{"DES-1", "DES-3"}},
		{`updated >= "2026/11/24 11:20" and not key = DES-1 order by key`, []string{"DES-2", "DES-3"}},
		{`created < "2026-11-24 11:10"`, []string{"DES-1"}},
		{`labels is EMPTY`, []string{"DES-3"}},
		{`labels not in (signoff)`, nil},
		{`(key = DES-1 or key = DES-2) and labels = 'signoff' order by key`, []string{"DES-1", "DES-2"}},
		{`project = DES and labels = "it's \"quoted\""`, nil},
		{`summary ~ "hero" and assignee is empty and key = DES-3`, []string{"DES-3"}},
	} {
		if d := cmp.Diff(tc.want, s.keys(tc.jql)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tc.jql, d)
		}
	}
	if r := s.want(200, "POST", "search/approximate-count", `{"jql":"project = DES"}`); r.at("count") != 3.0 {
		t.Errorf("count: got %s, want 3", r.raw)
	}
}

func TestSearch_Refusals(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.task("")
	s.task("")
	first := s.want(200, "POST", "search/jql", `{"jql":"project = DES","maxResults":1}`)
	if got := string(first.raw); !strings.Contains(got, `"issues":[{"id":"10001"}]`) {
		t.Errorf("without fields: got %s, want ids only", got)
	}
	next, _ := first.at("nextPageToken").(string)
	for _, tc := range []struct{ body, message string }{
		{`{"jql":""}`, "Unbounded"},
		{`{"jql":"order by created"}`, "Unbounded"},
		{`{"jql":"project = DES","startAt":0}`, "Unrecognized field"},
		{`{"jql":"project = DES","fields":"summary"}`, "Invalid request payload"},
		{`{"jql":"project = DES","maxResults":0}`, "between 1 and 5000"},
		{`{"jql":"project = DES","maxResults":5001}`, "between 1 and 5000"},
		{`{"jql":"project = DES","properties":["a","b","c","d","e","f"]}`, "maximum of 5"},
		{`{"jql":"project = DES","nextPageToken":"abc"}`, "nextPageToken"},
		{`{"jql":"labels = a","nextPageToken":"` + next + `"}`, "belongs to another query"},
		{`{"jql":"project = WEB"}`, "does not exist for the field 'project'"},
		{`{"jql":"status = Sleeping"}`, "does not exist for the field 'status'"},
		{`{"jql":"key = DES-99"}`, "does not exist for field 'key'"},
		{`{"jql":"key = nonsense"}`, "is invalid"},
		{`{"jql":"colour = red"}`, "Field 'colour' does not exist"},
		{`{"jql":"project ~ DES"}`, "operator '~' is not supported"},
		{`{"jql":"labels > a"}`, "operator '>' is not supported"},
		{`{"jql":"updated >= yesterday"}`, "Date value 'yesterday'"},
		{`{"jql":"updated ~ -1d"}`, "not supported"},
		{`{"jql":"labels = \"open"}`, "has not been completed"},
		{`{"jql":"labels = a@b"}`, "reserved JQL character"},
		{`{"jql":"labels = a.b"}`, "reserved JQL character"},
		{`{"jql":"labels = \"a\\x\""}`, "illegal JQL escape"},
		{`{"jql":"labels ="}`, "Expecting a value"},
		{`{"jql":"labels in a"}`, "Expecting '('"},
		{`{"jql":"labels in (a b)"}`, "Expecting ','"},
		{`{"jql":"(labels = a"}`, "Expecting ')'"},
		{`{"jql":"labels = a labels = b"}`, "Expecting either"},
		{`{"jql":"labels = a order key"}`, "Expecting 'BY'"},
		{`{"jql":"labels = a order by colour"}`, "Not able to sort"},
		{`{"jql":"labels = a order by key,id,created,updated,priority,status,summary,duedate"}`, "maximum number of fields"},
	} {
		r := s.do("POST", "search/jql", tc.body)
		if got := fmt.Sprint(r.at("errorMessages", 0)); r.status != 400 || !strings.Contains(got, tc.message) {
			t.Errorf("%s\n got %d %s\nwant 400 with %q", tc.body, r.status, r.raw, tc.message)
		}
	}
}

func TestSearch_SeesChangesOnlyAfterTheLag(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *jira.Options) { o.IndexLag = 5 * time.Second })
	const mine = `project = DES AND labels = "signoff-k-aa11"`
	s.task(`,"labels":["signoff-k-aa11"]`)
	check := func(when string, want ...string) {
		t.Helper()
		if d := cmp.Diff(want, s.keys(mine)); d != "" {
			t.Errorf("%s (-want +got):\n%s", when, d)
		}
	}
	check("at once")
	s.clock.add(4999 * time.Millisecond)
	check("just before")
	r := s.want(200, "POST", "search/jql", `{"jql":"project = DES","fields":["labels"],"reconcileIssues":[10000]}`)
	if r.at("issues", 0, "fields", "labels", 0) != "signoff-k-aa11" {
		t.Errorf("reconciled: got %s", r.raw)
	}
	s.clock.add(time.Millisecond)
	check("after the lag", "DES-1")
	s.want(204, "PUT", "issue/DES-1", `{"update":{"labels":[{"remove":"signoff-k-aa11"}]}}`)
	check("edited a moment ago", "DES-1")
	s.clock.add(5 * time.Second)
	check("after the edit's lag")
	s.want(200, "GET", "issue/DES-1", "") // reading is never behind
}

func TestSearch_PropertiesComeAlong(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	key := s.task("")
	s.want(201, "PUT", "issue/"+key+"/properties/signoff.origin", `{"hubKey":"aa11"}`)
	r := s.want(200, "POST", "search/jql", `{"jql":"key = `+key+`","fields":["summary"],"properties":["signoff.origin"]}`)
	if got := r.at("issues", 0, "properties", "signoff.origin", "hubKey"); got != "aa11" {
		t.Errorf("property: got %v in %s", got, r.raw)
	}
}

func TestFault_LostAnswerThenSearchFindsTheIssue(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *jira.Options) { o.IndexLag = 2 * time.Second })
	if err := s.faults.Arm(sandbox.Fault{Service: "jira", Method: "createIssue", Kind: sandbox.LostAnswer, Times: 1}); err != nil {
		t.Fatal(err)
	}
	body := `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"Hero","labels":["signoff-k-aa11"]}}`
	if r, err := s.try("POST", "issue", body, nil); err == nil {
		t.Fatalf("the answer was not lost: %d %s", r.status, r.raw)
	}
	s.clock.add(2 * time.Second)
	if d := cmp.Diff([]string{"DES-1"}, s.keys(`project = "DES" AND labels = "signoff-k-aa11"`)); d != "" {
		t.Errorf("found (-want +got):\n%s", d)
	}
	if got := s.ledger.Entries(0)[0]; got.Mark != "signoff-k-aa11" || got.Note != "createIssue, then fault lost-answer" || !got.Failed || got.Status != 201 {
		t.Errorf("ledger: got %+v", got)
	}
}

func TestFault_RefusalsHaveNoEffect(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	key := s.task("")
	for _, tc := range []struct {
		fault  sandbox.Fault
		status int
	}{
		{sandbox.Fault{Method: "doTransition", Kind: sandbox.NamedError, Name: "409 The issue was changed by somebody else."}, 409},
		{sandbox.Fault{Method: "doTransition", Kind: sandbox.NamedError, Name: "413"}, 413},
		{sandbox.Fault{Method: "doTransition", Kind: sandbox.NamedError, Name: "something odd"}, 400},
		{sandbox.Fault{Method: "doTransition", Kind: sandbox.RateLimit, Wait: 7 * time.Second}, 429},
		{sandbox.Fault{Method: "doTransition", Kind: sandbox.Error503}, 503},
	} {
		tc.fault.Service, tc.fault.Times = "jira", 1
		if err := s.faults.Arm(tc.fault); err != nil {
			t.Fatal(err)
		}
		r := s.want(tc.status, "POST", "issue/"+key+"/transitions", `{"transition":{"id":"11"}}`)
		if tc.status == 429 && (r.header.Get("Retry-After") != "7" || r.header.Get("RateLimit-Reason") != "jira-burst-based") {
			t.Errorf("headers of the 429: %v", r.header)
		}
	}
	if got, _ := s.Issue(key); got.Status != "To Do" {
		t.Errorf("status: got %q, want To Do", got.Status)
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *jira.Options) { o.RateLimits = true })
	a, b := s.task(""), s.task("")
	comment := func(key string) result { return s.do("POST", "issue/"+key+"/comment", `{"body":"x"}`) }
	for i := range 20 {
		if r := comment(a); r.status != 201 {
			t.Fatalf("write %d: got %d", i, r.status)
		}
	}
	r := comment(a)
	want := map[string]string{"Retry-After": "2", "X-Ratelimit-Limit": "20", "X-Ratelimit-Remaining": "0",
		"X-Ratelimit-Reset": "2026-11-24T10:00:02Z", "Ratelimit-Reason": "jira-per-issue-on-write"}
	for name, v := range want {
		if got := r.header.Get(name); r.status != http.StatusTooManyRequests || got != v {
			t.Errorf("write 21: %d, %s: got %q, want %q", r.status, name, got, v)
		}
	}
	if r := comment(b); r.status != 201 {
		t.Errorf("another issue: got %d, want 201", r.status)
	}
	s.clock.add(2 * time.Second)
	if r := comment(a); r.status != 201 {
		t.Errorf("two seconds later: got %d, want 201", r.status)
	}
	for range 100 {
		s.want(200, "GET", "issue/"+a, "")
	}
	if r := s.do("GET", "issue/"+a, ""); r.status != 429 || r.header.Get("RateLimit-Reason") != "jira-burst-based" {
		t.Errorf("read 101 within a second: got %d %q", r.status, r.header.Get("RateLimit-Reason"))
	}
	s.want(200, "GET", "myself", "")
}
