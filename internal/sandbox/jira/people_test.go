package jira_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/jira"
)

func TestUserSearch_OfEveryKind(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *jira.Options) {
		o.Users = append(jira.DefaultUsers(),
			jira.User{AccountID: "hidden", Name: "Tom Berg", Email: "tom@lumen.example", HideEmail: true},
			jira.User{AccountID: "gone", Name: "Ana Former", Email: "ana.former@lumen.example", Inactive: true},
			jira.User{AccountID: "app", Name: "Ana Lytics", Email: "ana.lytics@apps.example", App: true})
	})
	names := func(query string) []any {
		r := s.want(200, "GET", "user/search?query="+query, "")
		var all []any
		list, _ := r.at().([]any)
		for i := range list {
			all = append(all, r.at(i, "displayName"))
		}
		return all
	}
	for query, want := range map[string][]any{
		"ana%40lumen.example": {"Ana Reyes"},
		"ana":                 {"Ana Reyes", "Ana Lytics"}, // nobody who has left
		"tom%40lumen.example": {"Tom Berg"},                // a hidden address in full finds
		"tom%40lumen":         nil,                         // a part of it does not
		"nobody%40example":    nil,
	} {
		if d := cmp.Diff(want, names(query)); d != "" {
			t.Errorf("%s (-want +got):\n%s", query, d)
		}
	}
	r := s.want(200, "GET", "user/search?query=tom%40lumen.example", "")
	if r.at(0, "emailAddress") != nil || r.at(0, "accountType") != "atlassian" {
		t.Errorf("hidden address: got %s", r.raw)
	}
	if r := s.want(200, "GET", "user/search?query=Ana%20Lytics", ""); r.at(0, "accountType") != "app" {
		t.Errorf("app: got %s", r.raw)
	}
	s.Deny("USER_PICKER")
	if r := s.want(200, "GET", "user/search?query=ana", ""); strings.TrimSpace(string(r.raw)) != "[]" {
		t.Errorf("without Browse users: got %s, want an empty list", r.raw)
	}
}

func TestPutUser_PeopleComeAndGo(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	key := s.task(`,"assignee":{"accountId":"` + ana + `"}`)
	left := s.Users()[0]
	left.Inactive = true
	s.PutUser(left)
	if r := s.want(200, "GET", "user/search?query=ana%40lumen.example", ""); r.at(0) != nil {
		t.Errorf("somebody who left is found: %s", r.raw)
	}
	s.want(400, "PUT", "issue/"+key+"/assignee", `{"accountId":"`+ana+`"}`)
	if r := s.want(200, "GET", "issue/"+key, ""); r.at("fields", "assignee", "active") != false {
		t.Errorf("assignee: got %s, want her still there and inactive", r.raw)
	}
	s.PutUser(jira.User{AccountID: "second", Name: "Ana Reyes", Email: "ana@lumen.example"})
	if r := s.want(200, "GET", "user/search?query=ana%40lumen.example", ""); r.at(0, "accountId") != "second" {
		t.Errorf("who came instead: got %s", r.raw)
	}
	if b := open(t, s); true {
		if _, page := b.get("/"); strings.Contains(page, `value="`+ana+`"`) {
			t.Error("somebody who left can be chosen on the board")
		}
	}
}

func TestPermissions_TakenAtRunTime(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	key := s.task("")
	const asked = "BROWSE_PROJECTS,CREATE_ISSUES,EDIT_ISSUES,ASSIGN_ISSUES,ASSIGNABLE_USER,TRANSITION_ISSUES,SCHEDULE_ISSUES,ADD_COMMENTS,EDIT_OWN_COMMENTS,CREATE_ATTACHMENTS,LINK_ISSUES,MANAGE_WATCHERS,ADMINISTER,USER_PICKER"
	have := func(name string) any {
		return s.want(200, "GET", "mypermissions?projectKey=DES&permissions="+asked, "").at("permissions", name, "havePermission")
	}
	if have("ADMINISTER") != false || have("MANAGE_WATCHERS") != true {
		t.Error("an ordinary account: want no administrator who manages watchers")
	}
	s.want(404, "GET", "mypermissions?issueKey=DES-99&permissions=EDIT_ISSUES", "")
	for _, tc := range []struct {
		permission         string
		status             int
		method, path, body string
	}{
		{"CREATE_ISSUES", 400, "POST", "issue", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"x"}}`},
		{"EDIT_ISSUES", 400, "PUT", "issue/" + key, `{"fields":{"summary":"x"}}`},
		{"ASSIGN_ISSUES", 403, "PUT", "issue/" + key + "/assignee", `{"accountId":null}`},
		{"TRANSITION_ISSUES", 400, "POST", "issue/" + key + "/transitions", `{"transition":{"id":"11"}}`},
		{"ADD_COMMENTS", 400, "POST", "issue/" + key + "/comment", `{"body":"x"}`},
		{"LINK_ISSUES", 403, "POST", "issue/" + key + "/remotelink", `{}`},
		{"MANAGE_WATCHERS", 403, "POST", "issue/" + key + "/watchers", `"` + ana + `"`},
		{"BROWSE_PROJECTS", 404, "GET", "issue/" + key, ""},
		{"BROWSE_PROJECTS", 404, "GET", "project/DES", ""},
	} {
		s.Deny(tc.permission)
		if r := s.do(tc.method, tc.path, tc.body); r.status != tc.status {
			t.Errorf("without %s: %s %s: got %d %s, want %d", tc.permission, tc.method, tc.path, r.status, r.raw, tc.status)
		}
		if tc.permission != "BROWSE_PROJECTS" && have(tc.permission) != false {
			t.Errorf("mypermissions still grants %s", tc.permission)
		}
		s.Grant(tc.permission)
	}
	s.want(204, "PUT", "issue/"+key, `{"fields":{"summary":"x"}}`)
}

func TestRequests_AreWrittenForAValidator(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := start(t, func(o *jira.Options) { o.Requests, o.Prefix = &out, "/demo/jira" })
	s.url += "/demo/jira"
	key := s.task("")
	s.want(200, "GET", "issue/"+key+"?fields=summary", "")
	s.upload(key, nil, part{"file", "a.txt", "text/plain", "hello"})
	if err := s.faults.Arm(sandbox.Fault{Service: "jira", Kind: sandbox.Error503, Times: 1}); err != nil {
		t.Fatal(err)
	}
	s.want(503, "PUT", "issue/"+key, `{"fields":{"summary":"x"}}`)
	var got []jira.Recorded
	for line := range strings.Lines(out.String()) {
		var r jira.Recorded
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		r.ContentType, _, _ = strings.Cut(r.ContentType, ";")
		got = append(got, r)
	}
	want := []jira.Recorded{
		{Operation: "createIssue", Method: "POST", Path: "/rest/api/2/issue", ContentType: "application/json", Status: 201,
			Body: `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"Hero"}}`},
		{Operation: "getIssue", Method: "GET", Path: "/rest/api/2/issue/DES-1", Query: "fields=summary", Status: 200},
		{Operation: "addAttachment", Method: "POST", Path: "/rest/api/2/issue/DES-1/attachments", ContentType: "multipart/form-data", Files: 1, Status: 200},
		{Operation: "editIssue", Method: "PUT", Path: "/rest/api/2/issue/DES-1", ContentType: "application/json", Body: `{"fields":{"summary":"x"}}`, Status: 503},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("requests (-want +got):\n%s", d)
	}
}
