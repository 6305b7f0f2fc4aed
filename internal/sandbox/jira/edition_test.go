package jira_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"signoff/internal/sandbox/jira"
)

// dataCenter is a site that people run themselves, at /jira, with a receiver of its webhooks.
func dataCenter(t *testing.T, change func(*jira.Options)) (*site, *receiver) {
	t.Helper()
	s, rec := watched(t, func(o *jira.Options) {
		o.Edition, o.ContextPath = jira.DataCenter, "/jira"
		if change != nil {
			change(o)
		}
	})
	s.url += "/jira"
	s.auth = func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	return s, rec
}

func TestDataCenter_Credentials(t *testing.T) {
	t.Parallel()
	s, _ := dataCenter(t, nil)
	if got := s.want(200, "GET", "myself", ""); got.at("name") != "signoff-bot" || got.at("key") != "JIRAUSER10106" || got.at("accountId") != nil || got.header.Get("X-Ausername") != "signoff-bot" {
		t.Errorf("myself: got %s", got.raw)
	}
	s.auth = func(r *http.Request) { r.SetBasicAuth(botMail, token) }
	if got := s.want(401, "GET", "myself", ""); got.header.Get("X-Seraph-Loginreason") != "AUTHENTICATED_FAILED" {
		t.Errorf("Basic: got %v", got.header)
	}
	s.SetQuirks(jira.Quirks{Captcha: true})
	if got := s.want(403, "GET", "myself", ""); !strings.HasPrefix(got.header.Get("X-Authentication-Denied-Reason"), "CAPTCHA_CHALLENGE") {
		t.Errorf("captcha: got %v", got.header)
	}
	s.SetQuirks(jira.Quirks{Anonymous: true})
	s.auth = func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	if got := s.want(404, "GET", "issue/DES-1", ""); got.header.Get("X-Ausername") != "anonymous" {
		t.Errorf("anonymous: got %v", got.header)
	}
	s.url = strings.TrimSuffix(s.url, "/jira")
	s.want(404, "GET", "serverInfo", "") // outside the context path
}

func TestDataCenter_Shapes(t *testing.T) {
	t.Parallel()
	s, _ := dataCenter(t, nil)
	key := s.task(`,"assignee":{"name":"ana"}`)
	for _, tc := range []struct {
		status             int
		method, path, body string
		at                 []any
		want               any
	}{
		{200, "GET", "serverInfo", "", []any{"deploymentType"}, "DataCenter"},
		{200, "GET", "serverInfo", "", []any{"baseUrl"}, "https://lumen.jira.example/jira"},
		{200, "GET", "issue/" + key, "", []any{"fields", "assignee", "name"}, "ana"},
		{200, "GET", "issue/" + key, "", []any{"self"}, "https://lumen.jira.example/jira/rest/api/2/issue/10000"},
		{400, "POST", "issue", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"x","assignee":{"accountId":"` + ana + `"}}}`, []any{"errors", "assignee"}, "expected Object containing a 'name' property"},
		{204, "PUT", "issue/" + key + "/assignee", `{"name":"ben"}`, nil, nil},
		{400, "PUT", "issue/" + key + "/assignee", `{"accountId":"` + ana + `"}`, nil, nil},
		{204, "PUT", "issue/" + key + "/assignee", `{"name":null}`, nil, nil},
		{204, "POST", "issue/" + key + "/watchers", `"jon"`, nil, nil},
		{404, "POST", "issue/" + key + "/watchers", `"` + ana + `"`, nil, nil},
		{200, "GET", "issue/" + key + "/watchers", "", []any{"watchers", 0, "name"}, "jon"},
		{204, "DELETE", "issue/" + key + "/watchers?username=jon", "", nil, nil},
		{200, "GET", "user/search?username=ana%40lumen.example", "", []any{0, "emailAddress"}, "ana@lumen.example"},
		{400, "GET", "user/search?query=ana", "", []any{"errorMessages", 0}, "The username query parameter was not provided"},
		{200, "GET", "user?key=JIRAUSER10100", "", []any{"name"}, "ana"},
		{200, "GET", "user/assignable/search?project=DES&username=ben", "", []any{0, "name"}, "ben"},
		{200, "GET", "issue/createmeta/DES/issuetypes", "", []any{"values", 0, "name"}, "Task"},
		{200, "GET", "issue/createmeta/DES/issuetypes/10001", "", []any{"values", 0, "fieldId"}, "summary"},
		{200, "GET", "issue/createmeta/DES/issuetypes/10001?maxResults=2", "", []any{"isLast"}, false},
		{404, "GET", "issue/createmeta?projectKeys=DES", "", []any{"errorMessages", 0}, "Issue Does Not Exist"},
		{200, "GET", "search?jql=project%3DDES&maxResults=1", "", []any{"total"}, 1.0},
		{200, "POST", "search", `{"jql":"project = DES","startAt":0,"maxResults":5,"fields":["summary"]}`, []any{"issues", 0, "fields", "summary"}, "Hero"},
		{400, "POST", "search", `{"jql":"project = DES","nextPageToken":"x"}`, nil, nil},
		{404, "POST", "search/jql", `{"jql":"project = DES"}`, nil, nil},
		{404, "GET", "issue/" + key + "/changelog", "", nil, nil},
		{200, "GET", "mypermissions?projectKey=DES", "", []any{"permissions", "EDIT_ISSUES", "havePermission"}, true},
	} {
		got := s.want(tc.status, tc.method, tc.path, tc.body)
		if have := got.at(tc.at...); tc.at != nil && have != tc.want {
			t.Errorf("%s %s %v: got %v, want %v\n%s", tc.method, tc.path, tc.at, have, tc.want, got.raw)
		}
	}
}

func TestDataCenter_Webhooks(t *testing.T) {
	t.Parallel()
	for version, signed := range map[string]bool{"9.12.0": false, "10.3.2": true} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s, rec := dataCenter(t, func(o *jira.Options) { o.Version = version })
			key := s.task("")
			if err := s.CommentAs("Ana Reyes", key, "hello"); err != nil {
				t.Fatal(err)
			}
			if err := s.AssignAs("Ana Reyes", key, "Ben Osei"); err != nil {
				t.Fatal(err)
			}
			s.settle()
			want := []string{"jira:issue_created issue_created", "comment_created", "jira:issue_updated issue_commented", "jira:issue_updated issue_assigned"}
			if got := rec.events(t); !slices.Equal(got, want) {
				t.Fatalf("webhooks\n got %q\nwant %q", got, want)
			}
			all := rec.deliveries()
			comment, last := result{raw: all[1].body}, rec.last()
			if comment.at("issue") != nil || comment.at("comment", "author", "name") != "ana" || comment.at("comment", "self") != "https://lumen.jira.example/jira/rest/api/2/issue/10000/comment/10000" {
				t.Errorf("comment: got %s", comment.raw)
			}
			if last.at("user", "emailAddress") != "ana@lumen.example" || last.at("changelog", "items", 0, "to") != "ben" || last.at("changelog", "items", 0, "fieldId") != nil {
				t.Errorf("update: got %s", last.raw)
			}
			if update := (result{raw: all[2].body}); update.at("issue", "fields", "comment", "total") != 1.0 || update.at("comment", "body") != "hello" {
				t.Errorf("the comment as an update: got %s", update.raw)
			}
			h := last.header
			if h.Get("X-Atlassian-Webhook-Identifier") != "" || (h.Get("X-Hub-Signature") != "") != signed {
				t.Errorf("headers of %s: got %v", version, h)
			}
		})
	}
}

func TestDataCenter_PropertiesOnCreate(t *testing.T) {
	t.Parallel()
	const create = `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"x"},"properties":[{"key":"signoff.origin","value":1}]}`
	for version, kept := range map[string]int{"7.13.0": 0, "9.12.0": 1} {
		s, _ := dataCenter(t, func(o *jira.Options) { o.Version = version })
		s.want(201, "POST", "issue", create)
		if got, _ := s.Issue("DES-1"); len(got.Properties) != kept {
			t.Errorf("%s: got %d properties, want %d", version, len(got.Properties), kept)
		}
	}
}

func TestDataCenter_Files(t *testing.T) {
	t.Parallel()
	s, _ := dataCenter(t, nil)
	key := s.task("")
	if r := s.upload(key, nil, part{"file", "a b.txt", "text/plain", "hello"}); r.at(0, "content") != "https://lumen.jira.example/jira/secure/attachment/10000/a%20b.txt" {
		t.Fatalf("upload: got %s", r.raw)
	}
	s.want(404, "GET", "attachment/content/10000", "")
	const path = "/secure/attachment/10000/a%20b.txt"
	if got := s.want(200, "GET", path, ""); string(got.raw) != "hello" {
		t.Errorf("content: got %q", got.raw)
	}
	s.SetQuirks(jira.Quirks{LoginForFiles: true})
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/secure/attachment/10000/a%20b.txt", nil)
	if err != nil {
		t.Fatal(err)
	}
	s.auth(req)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 302 || !strings.HasPrefix(res.Header.Get("Location"), "https://lumen.jira.example/jira/login.jsp") {
		t.Errorf("with a login page in between: got %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
}

func TestCloud_Gateway(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *jira.Options) { o.CloudID, o.Scopes = "c-1", []string{"read:jira-work", "read:jira-user"} })
	web := s.url
	if got := s.want(401, "GET", "myself", ""); got.header.Get("X-Seraph-Loginreason") == "" {
		t.Errorf("a scoped token at the site: got %v", got.header)
	}
	if got := s.want(200, "GET", "/_edge/tenant_info", ""); got.at("cloudId") != "c-1" {
		t.Errorf("tenant: got %s", got.raw)
	}
	s.url = web + "/ex/jira/c-1"
	s.want(200, "GET", "myself", "")
	if got := s.want(401, "POST", "issue", `{}`); got.at("message") != "Unauthorized; scope does not match" {
		t.Errorf("out of scope: got %s", got.raw)
	}
	s.url = web + "/ex/jira/c-2"
	s.want(401, "GET", "myself", "")
}
