package jira_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/sandbox/jira"
)

func TestCreate_KeepsEverythingItWasGiven(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	r := s.want(201, "POST", "issue", `{"fields":{"project":{"key":"DES"},"issuetype":{"name":"Task"},"summary":"Hero","description":"h3. Why",
		"labels":["signoff","signoff-k-9f2c"],"priority":{"id":"2"},"duedate":"2026-12-01","assignee":{"accountId":"`+ana+`"},
		"customfield_10050":{"value":"Nova"},"customfield_10051":{"id":"10110"},"customfield_10052":"https://files.lumen.example/hero",
		"timetracking":{"originalEstimate":"1d 2h"}},"properties":[{"key":"signoff.origin","value":{"hubKey":"9f2c"}}]}`)
	if got := r.at("self"); got != "https://lumen.jira.example/rest/api/2/issue/10000" {
		t.Errorf("self: got %v", got)
	}
	got := s.want(200, "GET", "issue/DES-1?properties=signoff.origin", "")
	for want, path := range map[string][]any{
		"10000": {"id"}, "DES-1": {"key"}, "Hero": {"fields", "summary"}, "h3. Why": {"fields", "description"},
		"signoff-k-9f2c": {"fields", "labels", 1}, "High": {"fields", "priority", "name"}, "2026-12-01": {"fields", "duedate"},
		"Ana Reyes": {"fields", "assignee", "displayName"}, "Nova": {"fields", "customfield_10050", "value"},
		"EMEA": {"fields", "customfield_10051", "value"}, "https://files.lumen.example/hero": {"fields", "customfield_10052"},
		"1d 2h": {"fields", "timetracking", "originalEstimate"}, "To Do": {"fields", "status", "name"},
		"2026-11-24T10:00:00.000+0000": {"fields", "created"}, "9f2c": {"properties", "signoff.origin", "hubKey"},
	} {
		if have := got.at(path...); have != want {
			t.Errorf("%v: got %v, want %v", path, have, want)
		}
	}
	if have := got.at("fields", "timeoriginalestimate"); have != 36000.0 {
		t.Errorf("original estimate: got %v seconds, want 36000", have)
	}
}

func TestCreate_Refusals(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	task := func(fields string) string {
		return `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"Hero"` + fields + `}}`
	}
	parent := s.task("")
	sub := s.want(201, "POST", "issue", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10003"},"summary":"Copy","parent":{"key":"`+parent+`"}}}`)
	if got := sub.at("key"); got != "DES-2" {
		t.Fatalf("sub-task: got key %v", got)
	}
	for _, tc := range []struct{ name, body, field, message string }{
		{"no project", `{"fields":{"issuetype":{"id":"10001"},"summary":"x"}}`, "project", "Specify a valid project"},
		{"unknown project", `{"fields":{"project":{"key":"WEB"},"issuetype":{"id":"10001"},"summary":"x"}}`, "project", "Specify a valid project"},
		{"unknown type", `{"fields":{"project":{"key":"DES"},"issuetype":{"name":"Bug"},"summary":"x"}}`, "issuetype", "valid issue type"},
		{"no summary", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"}}}`, "summary", "must specify a summary"},
		{"summary of two lines", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"a\nb"}}`, "summary", "newline"},
		{"summary too long", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"` + strings.Repeat("é", 256) + `"}}`, "summary", "255"},
		{"summary of 128 emoji is 256 units", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"` + strings.Repeat("🎨", 128) + `"}}`, "summary", "255"},
		{"summary is a number", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":7}}`, "summary", "must be a string"},
		{"description too long", task(`,"description":"` + strings.Repeat("x", 32768) + `"`), "description", "32,767"},
		{"description as a document", task(`,"description":{"type":"doc"}`), "description", "must be a string"},
		{"field not on the screen", task(`,"reporter":{"accountId":"` + ana + `"}`), "reporter", "not on the appropriate screen"},
		{"unknown custom field", task(`,"customfield_99999":"x"`), "customfield_99999", "not on the appropriate screen"},
		{"label with a space", task(`,"labels":["two words"]`), "labels", "contains spaces"},
		{"label too long", task(`,"labels":["` + strings.Repeat("l", 256) + `"]`), "labels", "255"},
		{"labels not a list", task(`,"labels":"one"`), "labels", "array of strings"},
		{"unknown priority", task(`,"priority":{"name":"Blocker"}`), "priority", "invalid"},
		{"priority as text", task(`,"priority":"High"`), "priority", "not an object"},
		{"priority id as number", task(`,"priority":{"id":3}`), "priority", "string format"},
		{"unknown assignee", task(`,"assignee":{"accountId":"nobody"}`), "assignee", "cannot be assigned"},
		{"assignee by name", task(`,"assignee":{"name":"ana"}`), "assignee", "GDPR"},
		{"due date with time", task(`,"duedate":"2026-12-01T10:00:00Z"`), "duedate", "Error parsing date"},
		{"unknown option", task(`,"customfield_10050":{"value":"Acme"}`), "customfield_10050", "not valid"},
		{"option as text", task(`,"customfield_10050":"Nova"`), "customfield_10050", "valid 'id' or 'name'"},
		{"link without scheme", task(`,"customfield_10052":"files.lumen.example"`), "customfield_10052", "URL"},
		{"estimate in words", task(`,"timetracking":{"originalEstimate":"six hours"}`), "timetracking", "invalid time"},
		{"estimate as text", task(`,"timeoriginalestimate":"6h"`), "timeoriginalestimate", "number of seconds"},
		{"parent of a task", task(`,"parent":{"key":"` + parent + `"}`), "parent", "appropriate hierarchy"},
		{"sub-task without parent", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10003"},"summary":"x"}}`, "parent", "parent issue key"},
		{"parent is a sub-task", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10003"},"summary":"x","parent":{"key":"DES-2"}}}`, "parent", "hierarchy"},
		{"in fields and update", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"x","labels":["a"]},"update":{"labels":[{"add":"b"}]}}`, "labels", "both"},
		{"unknown top-level key", `{"fields":{},"notify":false}`, "", "Unrecognized field"},
		{"same key twice", `{"fields":{},"fields":{}}`, "", "Duplicate"},
		{"not an object", `[]`, "", "Invalid request payload"},
		{"cut off", `{"fields":{`, "", "Unexpected"},
		{"property without value", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"x"},"properties":[{"key":"a"}]}`, "", "value cannot be empty"},
		{"property with more keys", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"x"},"properties":[{"key":"a","value":1,"x":2}]}`, "", "Unrecognized"},
		{"property key too long", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"x"},"properties":[{"key":"` + strings.Repeat("k", 256) + `","value":1}]}`, "", "255"},
		{"transition that is not open", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"x"},"transition":{"id":"41"}}`, "", "not possible to transition"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := s.do("POST", "issue", tc.body)
			got := fmt.Sprint(r.at("errorMessages", 0))
			if tc.field != "" {
				got = fmt.Sprint(r.at("errors", tc.field))
			}
			if r.status != 400 || !strings.Contains(got, tc.message) {
				t.Errorf("body %.200s\n got %d %s\nwant 400 with %q at %q", tc.body, r.status, r.raw, tc.message, tc.field)
			}
		})
	}
	if got := len(s.Issues()); got != 2 {
		t.Errorf("refused requests left issues behind: %d, want 2", got)
	}
}

func TestDoor_Refusals(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.task("")
	plain := func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }
	for _, tc := range []struct {
		name, method, path, body string
		change                   func(*http.Request)
		want                     int
	}{
		{"no credentials", "GET", "myself", "", func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		{"wrong token", "GET", "myself", "", func(r *http.Request) { r.SetBasicAuth(botMail, "wrong") }, 401},
		{"bearer token", "GET", "myself", "", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }, 401},
		{"form instead of JSON", "POST", "issue", "a=b", plain, 415},
		{"unknown path", "GET", "sprints", "", nil, 404},
		{"unknown method", "DELETE", "myself", "", nil, 405},
		{"issue of another project", "GET", "issue/WEB-1", "", nil, 404},
		{"unknown issue", "GET", "issue/DES-99", "", nil, 404},
		{"old search", "POST", "search", `{"jql":"project = DES"}`, nil, 410},
		{"old search by GET", "GET", "search?jql=project=DES", "", nil, 410},
		{"too large", "POST", "issue", strings.Repeat(" ", 1<<20+1), nil, 413},
		{"silent edit", "PUT", "issue/DES-1?notifyUsers=false", `{"fields":{"summary":"x"}}`, nil, 403},
		{"edit of nothing", "PUT", "issue/DES-1", `{}`, nil, 400},
		{"edit of the type", "PUT", "issue/DES-1", `{"fields":{"issuetype":{"id":"10003"}}}`, nil, 400},
		{"verb of another field", "PUT", "issue/DES-1", `{"update":{"summary":[{"add":"x"}]}}`, nil, 400},
		{"verbs not a list", "PUT", "issue/DES-1", `{"update":{"labels":{"add":"x"}}}`, nil, 400},
		{"unknown verb", "PUT", "issue/DES-1", `{"update":{"labels":[{"append":"x"}]}}`, nil, 400},
		{"assignee with more keys", "PUT", "issue/DES-1/assignee", `{"accountId":"` + ana + `","avatarUrls":{}}`, nil, 400},
		{"assignee without account", "PUT", "issue/DES-1/assignee", `{}`, nil, 400},
		{"assignee unknown", "PUT", "issue/DES-1/assignee", `{"accountId":"nobody"}`, nil, 404},
		{"comment without text", "POST", "issue/DES-1/comment", `{"body":"  "}`, nil, 400},
		{"comment as a document", "POST", "issue/DES-1/comment", `{"body":{"type":"doc"}}`, nil, 400},
		{"comment with unknown key", "POST", "issue/DES-1/comment", `{"body":"x","text":"y"}`, nil, 400},
		{"comment for an unknown role", "POST", "issue/DES-1/comment", `{"body":"x","visibility":{"type":"role","value":"Kings"}}`, nil, 400},
		{"comment with empty visibility", "POST", "issue/DES-1/comment", `{"body":"x","visibility":{}}`, nil, 400},
		{"comment that is not there", "PUT", "issue/DES-1/comment/99999", `{"body":"x"}`, nil, 404},
		{"comments in another order", "GET", "issue/DES-1/comment?orderBy=author", "", nil, 400},
		{"page that is no number", "GET", "issue/DES-1/comment?startAt=x", "", nil, 400},
		{"link without object", "POST", "issue/DES-1/remotelink", `{"globalId":"a"}`, nil, 400},
		{"link without title", "POST", "issue/DES-1/remotelink", `{"object":{"url":"https://a.example/"}}`, nil, 400},
		{"link with a long globalId", "POST", "issue/DES-1/remotelink", `{"globalId":"` + strings.Repeat("g", 256) + `","object":{"url":"https://a.example/","title":"A"}}`, nil, 400},
		{"link with unknown key", "POST", "issue/DES-1/remotelink", `{"url":"https://a.example/","object":{"url":"https://a.example/","title":"A"}}`, nil, 400},
		{"link not there", "DELETE", "issue/DES-1/remotelink?globalId=a", "", nil, 404},
		{"link without globalId", "DELETE", "issue/DES-1/remotelink", "", nil, 400},
		{"property not there", "GET", "issue/DES-1/properties/a", "", nil, 404},
		{"property that is no JSON", "PUT", "issue/DES-1/properties/a", `{a}`, nil, 400},
		{"property too long", "PUT", "issue/DES-1/properties/a", `"` + strings.Repeat("v", 32768) + `"`, nil, 400},
		{"permissions of everything", "GET", "mypermissions", "", nil, 400},
		{"permission unknown", "GET", "mypermissions?permissions=FLY", "", nil, 400},
		{"permissions elsewhere", "GET", "mypermissions?projectKey=WEB&permissions=CREATE_ISSUES", "", nil, 404},
		{"project not there", "GET", "project/WEB", "", nil, 404},
		{"create screen elsewhere", "GET", "issue/createmeta/WEB/issuetypes", "", nil, 400},
		{"create screen of another type", "GET", "issue/createmeta/DES/issuetypes/1", "", nil, 400},
		{"removed create screen", "GET", "issue/createmeta?projectKeys=DES", "", nil, 404},
		{"people without a question", "GET", "user/search", "", nil, 400},
		{"people by user name", "GET", "user/search?username=ana", "", nil, 400},
		{"assignable nowhere", "GET", "user/assignable/search?query=ana", "", nil, 400},
		{"assignable elsewhere", "GET", "user/assignable/search?project=WEB", "", nil, 404},
		{"transition that is not open", "POST", "issue/DES-1/transitions", `{"transition":{"id":"41"}}`, nil, 400},
		{"transition without id", "POST", "issue/DES-1/transitions", `{"transition":{"id":41}}`, nil, 400},
		{"no transition", "POST", "issue/DES-1/transitions", `{"fields":{}}`, nil, 400},
		{"resolution missing", "POST", "issue/DES-1/transitions", `{"transition":{"id":"51"}}`, nil, 400},
		{"resolution unknown", "POST", "issue/DES-1/transitions", `{"transition":{"id":"51"},"fields":{"resolution":{"name":"Maybe"}}}`, nil, 400},
		{"field off the transition's screen", "POST", "issue/DES-1/transitions", `{"transition":{"id":"11"},"fields":{"resolution":{"name":"Done"}}}`, nil, 400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := s.try(tc.method, tc.path, tc.body, tc.change)
			if err != nil {
				t.Fatal(err)
			}
			if _, hasList := r.at("errorMessages").([]any); r.status != tc.want || !hasList || r.at("errors") == nil {
				t.Errorf("%s %s %.100s\n got %d %s\nwant %d with errorMessages and errors", tc.method, tc.path, tc.body, r.status, r.raw, tc.want)
			}
		})
	}
	if got, _ := s.Issue("DES-1"); len(got.History) > 0 || len(got.Comments) > 0 || len(got.Links) > 0 {
		t.Errorf("refused requests changed the issue: %+v", got)
	}
}

func TestEdit_VerbsAndChangelog(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	key := s.task(`,"labels":["signoff","waiting"]`)
	s.want(204, "PUT", "issue/"+key, `{"fields":{"summary":"Hero 2","customfield_10050":{"value":"Lumen"}},"update":{"labels":[{"add":"approved"},{"remove":"waiting"}]}}`)
	s.want(204, "PUT", "issue/"+key, `{"fields":{"summary":"Hero 2"}}`) // changes nothing
	s.want(204, "PUT", "issue/"+key+"/assignee", `{"accountId":"`+ana+`"}`)
	s.want(204, "PUT", "issue/"+key+"/assignee", `{"accountId":null}`)
	got, _ := s.Issue(key)
	var lines []string
	for _, c := range got.History {
		lines = append(lines, fmt.Sprintf("%s %s: %q -> %q", c.By, c.Field, c.From, c.To))
	}
	want := []string{
		`signoff-bot Brand: "" -> "Lumen"`,
		`signoff-bot labels: "signoff waiting" -> "approved signoff"`,
		`signoff-bot summary: "Hero" -> "Hero 2"`,
		`signoff-bot assignee: "" -> "Ana Reyes"`,
		`signoff-bot assignee: "Ana Reyes" -> ""`,
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Errorf("history (-want +got):\n%s", d)
	}
	log := s.want(200, "GET", "issue/"+key+"?expand=changelog&fields=summary", "")
	if got := log.at("changelog", "total"); got != 3.0 {
		t.Errorf("changelog holds %v entries, want 3", got)
	}
	if got := log.at("fields", "labels"); got != nil {
		t.Errorf("fields not asked for were shown: %v", got)
	}
}

func TestTransitions_FollowTheWorkflow(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	key := s.task("")
	r := s.want(200, "GET", "issue/"+key+"/transitions?expand=transitions.fields", "")
	for want, path := range map[string][]any{
		"11": {"transitions", 0, "id"}, "In Progress": {"transitions", 0, "to", "name"}, "indeterminate": {"transitions", 0, "to", "statusCategory", "key"},
		"51": {"transitions", 1, "id"}, "resolution": {"transitions", 1, "fields", "resolution", "schema", "type"},
	} {
		if got := r.at(path...); got != want {
			t.Errorf("%v: got %v, want %v", path, got, want)
		}
	}
	if got := r.at("transitions", 1, "fields", "resolution", "required"); got != true {
		t.Errorf("the resolution is not required: %v", got)
	}
	for _, id := range []string{"11", "21", "41"} {
		s.want(204, "POST", "issue/"+key+"/transitions", `{"transition":{"id":"`+id+`"}}`)
	}
	if got, _ := s.Issue(key); got.Status != "Done" || got.Resolution != "Done" {
		t.Errorf("after three hops: status %q, resolution %q, want Done and Done", got.Status, got.Resolution)
	}
	s.want(204, "POST", "issue/"+key+"/transitions", `{"transition":{"id":"61"}}`)
	if got, _ := s.Issue(key); got.Status != "To Do" || got.Resolution != "" {
		t.Errorf("reopened: status %q, resolution %q, want To Do and none", got.Status, got.Resolution)
	}
	s.want(204, "POST", "issue/"+key+"/transitions", `{"transition":{"id":"51"},"fields":{"resolution":{"name":"Won't Do"}},"update":{"comment":[{"add":{"body":"Not now"}}]}}`)
	if got, _ := s.Issue(key); got.Status != "Won't Do" || got.Resolution != "Won't Do" || len(got.Comments) != 1 {
		t.Errorf("declined: %+v, want Won't Do with a comment", got)
	}
}

func TestTransitions_WithoutPermissionTheListIsEmpty(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *jira.Options) { o.Denied = []string{"TRANSITION_ISSUES"} })
	key := s.task("")
	r := s.want(200, "GET", "issue/"+key+"/transitions", "")
	if list, ok := r.at("transitions").([]any); !ok || len(list) != 0 {
		t.Errorf("got %s, want an empty list", r.raw)
	}
	s.want(400, "POST", "issue/"+key+"/transitions", `{"transition":{"id":"11"}}`)
	p := s.want(200, "GET", "mypermissions?projectKey=DES&permissions=TRANSITION_ISSUES,CREATE_ISSUES", "")
	if p.at("permissions", "TRANSITION_ISSUES", "havePermission") != false || p.at("permissions", "CREATE_ISSUES", "havePermission") != true {
		t.Errorf("permissions: got %s", p.raw)
	}
}

func TestComments_PropertiesAndOrder(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	key := s.task("")
	first := s.want(201, "POST", "issue/"+key+"/comment", `{"body":"one","properties":[{"key":"signoff.origin","value":{"hubEvent":"e1"}}]}`)
	s.want(201, "POST", "issue/"+key+"/comment", `{"body":"two","visibility":{"type":"role","value":"Developers"}}`)
	if first.at("properties") != nil {
		t.Errorf("properties were shown without expand: %s", first.raw)
	}
	r := s.want(200, "GET", "issue/"+key+"/comment?orderBy=-created&maxResults=20&expand=properties", "")
	if r.at("total") != 2.0 || r.at("comments", 0, "body") != "two" || r.at("comments", 1, "properties", 0, "value", "hubEvent") != "e1" {
		t.Errorf("comments: got %s", r.raw)
	}
	id, _ := first.at("id").(string)
	s.want(200, "PUT", "issue/"+key+"/comment/"+id, `{"body":"one, mended"}`)
	if got := s.want(200, "GET", "issue/"+key+"/comment/"+id, ""); got.at("body") != "one, mended" {
		t.Errorf("after the edit: %s", got.raw)
	}
	s.want(204, "DELETE", "issue/"+key+"/comment/"+id, "")
	s.want(404, "GET", "issue/"+key+"/comment/"+id, "")
}

func TestRemoteLink_SameGlobalIDIsOneLink(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	key := s.task("")
	link := func(title string) string {
		return `{"globalId":"signoff:slack:t01/c02/1.2","relationship":"asked in","object":{"url":"https://slack.example/p1","title":"` + title + `"}}`
	}
	a := s.want(201, "POST", "issue/"+key+"/remotelink", link("Thread"))
	b := s.want(200, "POST", "issue/"+key+"/remotelink", link("Thread, renamed"))
	if a.at("id") != b.at("id") {
		t.Errorf("ids differ: %v and %v", a.at("id"), b.at("id"))
	}
	r := s.want(200, "GET", "issue/"+key+"/remotelink?globalId=signoff:slack:t01%2Fc02%2F1.2", "")
	if r.at("object", "title") != "Thread, renamed" {
		t.Errorf("link: got %s", r.raw)
	}
	s.want(204, "DELETE", "issue/"+key+"/remotelink?globalId=signoff:slack:t01%2Fc02%2F1.2", "")
	if got := s.want(200, "GET", "issue/"+key+"/remotelink", ""); string(got.raw) != "[]" {
		t.Errorf("after the delete: got %s, want []", got.raw)
	}
}

func TestProperties(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	key := s.task("")
	s.want(201, "PUT", "issue/"+key+"/properties/signoff.origin", `{"v":1}`)
	s.want(200, "PUT", "issue/"+key+"/properties/signoff.origin", `{"v":2}`)
	if r := s.want(200, "GET", "issue/"+key+"/properties/signoff.origin", ""); r.at("value", "v") != 2.0 {
		t.Errorf("property: got %s", r.raw)
	}
	s.want(204, "DELETE", "issue/"+key+"/properties/signoff.origin", "")
	s.want(404, "DELETE", "issue/"+key+"/properties/signoff.origin", "")
}

func TestWatchers(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	key := s.task("")
	s.want(204, "POST", "issue/"+key+"/watchers", `"`+ana+`"`)
	s.want(400, "POST", "issue/"+key+"/watchers", `{"accountId":"`+ana+`"}`)
	s.want(404, "POST", "issue/"+key+"/watchers", `"nobody"`)
	if r := s.want(200, "GET", "issue/"+key+"/watchers", ""); r.at("watchers", 0, "displayName") != "Ana Reyes" || r.at("isWatching") != false {
		t.Errorf("watchers: got %s", r.raw)
	}
	s.want(400, "DELETE", "issue/"+key+"/watchers", "")
	s.want(204, "DELETE", "issue/"+key+"/watchers?accountId="+ana, "")
	s.want(404, "DELETE", "issue/"+key+"/watchers?accountId="+ana, "")
}

func TestEditMeta_LeavesOutWhatAnEditCannotSet(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	r := s.want(200, "GET", "issue/"+s.task("")+"/editmeta", "")
	if r.at("fields", "summary", "required") != true || r.at("fields", "issuetype") != nil || r.at("fields", "customfield_10050", "allowedValues", 1, "value") != "Nova" {
		t.Errorf("edit screen: got %s", r.raw)
	}
}

func TestCreateMeta_IsPagedAndNamesTheFields(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	types := s.want(200, "GET", "issue/createmeta/DES/issuetypes", "")
	if types.at("issueTypes", 0, "name") != "Task" || types.at("issueTypes", 1, "subtask") != true || types.at("total") != 3.0 {
		t.Errorf("types: got %s", types.raw)
	}
	seen, total := map[any]string{}, 1.0
	for start := 0; float64(start) < total; start += 5 {
		r := s.want(200, "GET", fmt.Sprintf("issue/createmeta/DES/issuetypes/10001?startAt=%d&maxResults=5", start), "")
		total, _ = r.at("total").(float64)
		page, _ := r.at("fields").([]any)
		for i := range page {
			seen[r.at("fields", i, "name")] = fmt.Sprint(r.at("fields", i, "schema", "type"))
		}
	}
	want := map[any]string{"Summary": "string", "Issue Type": "issuetype", "Project": "project", "Description": "string", "Labels": "array",
		"Due date": "date", "Priority": "priority", "Assignee": "user", "Brand": "option", "Region": "option",
		"Parent": "issuelink", "Original estimate": "number", "Time tracking": "timetracking", "Asset link": "string"}
	if d := cmp.Diff(want, seen); d != "" {
		t.Errorf("fields (-want +got):\n%s", d)
	}
}

func TestUsers_PrefixAndHiddenAddress(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *jira.Options) {
		o.Users = jira.DefaultUsers()
		o.Users[1].HideEmail = true     // Ben
		o.Users[3].NotAssignable = true // Dana
	})
	for _, tc := range []struct {
		path string
		want []string
	}{
		{"user/search?query=ana", []string{"Ana Reyes"}},
		{"user/search?query=ana@lumen.example", []string{"Ana Reyes"}},
		{"user/search?query=osei", []string{"Ben Osei"}},
		{"user/search?query=ben@lumen", nil},
		{"user/search?query=ben@lumen.example", []string{"Ben Osei"}},
		{"user/search?query=lumen.example", nil},
		{"user/assignable/search?project=DES&query=d", nil},
		{"user/assignable/search?project=DES&query=chlo%C3%A9", []string{"Chloé Roy"}},
	} {
		r := s.want(200, "GET", tc.path, "")
		var got []string
		list, _ := r.at().([]any)
		for i := range list {
			got = append(got, fmt.Sprint(r.at(i, "displayName")))
		}
		if d := cmp.Diff(tc.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tc.path, d)
		}
	}
	if r := s.want(200, "GET", "user/search?query=ben@lumen.example", ""); r.at(0, "emailAddress") != nil {
		t.Errorf("the hidden address was shown: %s", r.raw)
	}
}

func TestSite_TellsWhatItIs(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for _, tc := range []struct {
		path string
		at   []any
		want any
	}{
		{"serverInfo", []any{"deploymentType"}, "Cloud"},
		{"myself", []any{"accountId"}, bot},
		{"user?accountId=" + ana, []any{"emailAddress"}, "ana@lumen.example"},
		{"project/DES", []any{"issueTypes", 1, "name"}, "Sub-task"},
		{"project/DES/statuses", []any{0, "statuses", 2, "name"}, "In Review"},
		{"status", []any{3, "statusCategory", "key"}, "done"},
		{"priority", []any{0, "name"}, "Highest"},
		{"field", []any{0, "id"}, "assignee"},
		{"attachment/meta", []any{"uploadLimit"}, 10485760.0},
	} {
		if got := s.want(200, "GET", tc.path, "").at(tc.at...); got != tc.want {
			t.Errorf("%s %v: got %v, want %v", tc.path, tc.at, got, tc.want)
		}
	}
}
