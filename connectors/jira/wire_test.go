package jira_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/internal/flow"
)

// script answers calls by "METHOD path?query" with fixed bytes and writes down what it was asked.
type script struct {
	t       *testing.T
	mu      sync.Mutex
	answers map[string][]string // in turn; the last one stays. "404 text" answers with a status
	asked   []string
	bodies  map[string][]string
	headers []http.Header
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := r.Method + " " + r.URL.RequestURI()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Errorf("%s: %v", call, err)
	}
	s.asked = append(s.asked, call)
	s.headers = append(s.headers, r.Header.Clone())
	s.bodies[call] = append(s.bodies[call], string(body))
	list := s.answers[call]
	if len(list) == 0 {
		s.t.Errorf("unexpected call: %s\n%s", call, body)
		w.WriteHeader(http.StatusNotImplemented)
		return
	}
	answer := list[0]
	if len(list) > 1 {
		s.answers[call] = list[1:]
	}
	w.Header().Set("Content-Type", "application/json")
	if status, rest, ok := strings.Cut(answer, " "); ok && len(status) == 3 && strings.Trim(status, "0123456789") == "" {
		var code int
		_, _ = fmt.Sscan(status, &code) // three digits
		w.WriteHeader(code)
		answer = rest
	}
	_, _ = io.WriteString(w, answer) // the caller may be gone
}

func (s *script) body(t *testing.T, call string, i int) any {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.bodies[call]) <= i {
		t.Fatalf("%s was called %d times, want more than %d; calls: %v", call, len(s.bodies[call]), i, s.asked)
	}
	return decoded(t, s.bodies[call][i])
}

func decoded(t *testing.T, raw string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	return v
}

const (
	infoCall   = "GET /rest/api/2/serverInfo"
	cloudInfo  = `{"deploymentType":"Cloud","version":"1001.0.0"}`
	typesCall  = "GET /rest/api/2/issue/createmeta/DES/issuetypes?maxResults=50&startAt=0"
	fieldsCall = "GET /rest/api/2/issue/createmeta/DES/issuetypes/10001?maxResults=50&startAt=0"
	createCall = "POST /rest/api/2/issue"
	readCall   = "GET /rest/api/2/issue/10042?fields=summary%2Cdescription%2Cstatus%2Cproject%2Cissuetype%2Clabels%2Cduedate%2Cassignee%2Cpriority%2Cupdated"
	waysCall   = "GET /rest/api/2/issue/10042/transitions?expand=transitions.fields"
	moveCall   = "POST /rest/api/2/issue/10042/transitions"
	editCall   = "PUT /rest/api/2/issue/10042"
	assignCall = "PUT /rest/api/2/issue/10042/assignee"
	sayCall    = "POST /rest/api/2/issue/10042/comment"
	linkCall   = "POST /rest/api/2/issue/10042/remotelink"
	searchCall = "POST /rest/api/2/search/jql"

	types  = `{"issueTypes":[{"id":"10001","name":"Task","subtask":false},{"id":"10003","name":"Sub-task","subtask":true}],"total":2}`
	fields = `{"fields":[
		{"fieldId":"summary","name":"Summary","required":true,"schema":{"type":"string","system":"summary"}},
		{"fieldId":"labels","name":"Labels","schema":{"type":"array","items":"string","system":"labels"}},
		{"fieldId":"description","name":"Description","schema":{"type":"string","system":"description"}},
		{"fieldId":"assignee","name":"Assignee","schema":{"type":"user","system":"assignee"}},
		{"fieldId":"duedate","name":"Due date","schema":{"type":"date","system":"duedate"}},
		{"fieldId":"priority","name":"Priority","schema":{"type":"priority","system":"priority"},"allowedValues":[{"id":"2","name":"High"},{"id":"3","name":"Medium"}]},
		{"fieldId":"timeoriginalestimate","name":"Original estimate","schema":{"type":"number"}},
		{"fieldId":"timetracking","name":"Time tracking","schema":{"type":"timetracking"}},
		{"fieldId":"customfield_10050","name":"Brand","schema":{"type":"option","custom":"select"},"allowedValues":[{"id":"10100","value":"Lumen"},{"id":"10101","value":"Nova"}]}
	],"total":9}`
	created = `201 {"id":"10042","key":"DES-7","self":"https://lumen.atlassian.net/rest/api/2/issue/10042"}`
	toDo    = `{"id":"10042","key":"DES-7","fields":{"summary":"Homepage hero","description":"","status":{"id":"10000","name":"To Do"},"project":{"key":"DES"},"issuetype":{"id":"10001"}}}`
	done    = `{"id":"10042","key":"DES-7","fields":{"summary":"Homepage hero","status":{"id":"10003","name":"Done"},"project":{"key":"DES"},"issuetype":{"id":"10001"}}}`
)

// scripted is a connector before a script.
func scripted(t *testing.T, answers map[string][]string) (*rig, *script) {
	t.Helper()
	return scriptedAs(t, settings, answers)
}

// scriptedAs is scripted with other settings.
func scriptedAs(t *testing.T, settings string, answers map[string][]string) (*rig, *script) {
	t.Helper()
	s := &script{t: t, bodies: map[string][]string{}, answers: map[string][]string{
		infoCall: {cloudInfo}, typesCall: {types}, fieldsCall: {fields}, createCall: {created}, readCall: {toDo}, assignCall: {"204 "}, editCall: {"204 "}, moveCall: {"204 "},
	}}
	for call, list := range answers {
		s.answers[call] = list
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	c := connect(t, fmt.Sprintf(settings, srv.URL))
	c.url = srv.URL
	return c, s
}

func TestCreate_Bytes(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, nil)
	links := c.do(t, ticket(1, "Homepage hero:\n new\tbrand colours"))
	base := strings.TrimSuffix(links[0].URL, "/browse/DES-7")
	want := flow.Link{Ref: flow.Ref{System: "jira", Type: "issue", Key: "10042"}, Purpose: "ticket", Label: "DES-7", URL: base + "/browse/DES-7", Shown: "digest-1", Version: 1}
	if diff := cmp.Diff(want, links[0]); diff != "" {
		t.Errorf("link (-want +got)\n%s", diff)
	}
	body := decoded(t, `{"fields":{
		"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"Homepage hero: new brand colours",
		"description":"Please update the hero.\n\n[CR-142 in signoff|https://signoff.lumen.example/requests/CR-142]",
		"labels":["signoff","signoff-k-6d16e1585c05b6a3","web"],"assignee":{"accountId":"5f1000000000000000000001"},
		"priority":{"id":"2"},"duedate":"2026-12-01","timetracking":{"originalEstimate":"6h 30m"},"customfield_10050":{"id":"10100"}},
		"properties":[{"key":"signoff.origin","value":{"v":1,"hubKey":"6d16e1585c05b6a3","source":"signoff","ref":"CR-142"}}]}`)
	if diff := cmp.Diff(body, s.body(t, createCall, 0)); diff != "" {
		t.Errorf("create request (-want +got)\n%s", diff)
	}
	for _, h := range s.headers {
		if h.Get("User-Agent") != "signoff/1.0" || h.Get("Authorization") != "Basic c2lnbm9mZi1ib3RAbHVtZW4uZXhhbXBsZTpBVEFUVDN4RmZHRjAtY2FuYXJ5LXRva2Vu" {
			t.Errorf("headers are %v, want our name and the token", h)
		}
	}
}

func TestCreate_KeepsOneMarkPerPurpose(t *testing.T) {
	t.Parallel()
	label := func(e flow.Effect) string {
		c, s := scripted(t, nil)
		c.do(t, e)
		m := s.body(t, createCall, 0).(map[string]any)["fields"].(map[string]any)["labels"].([]any)
		return m[1].(string)
	}
	first, later := ticket(1, "One"), ticket(9, "Nine")
	part := ticket(1, "One")
	part.Show.Purpose = "part/2"
	if a, b := label(first), label(later); a != b {
		t.Errorf("marks of two versions are %s and %s, want one", a, b)
	}
	if a, b := label(first), label(part); a == b {
		t.Errorf("two purposes have the mark %s, want two", a)
	}
}

func TestCreate_LeavesOutWhatJiraRefuses(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, map[string][]string{createCall: {
		`400 {"errorMessages":[],"errors":{"customfield_10050":"Field 'customfield_10050' cannot be set. It is not on the appropriate screen, or unknown.","assignee":"User cannot be assigned issues."}}`,
		created,
	}, sayCall: {`201 {"id":"1"}`}})
	c.do(t, ticket(1, "Homepage hero"))
	got := s.body(t, createCall, 1).(map[string]any)["fields"].(map[string]any)
	if got["customfield_10050"] != nil || got["assignee"] != nil || got["duedate"] != "2026-12-01" {
		t.Errorf("second try sends %v, want all but the refused fields", got)
	}
	if n := len(s.bodies[fieldsCall]); n != 1 {
		t.Errorf("fields were read %d times before the retry, want once", n)
	}
	said := s.body(t, sayCall, 0).(map[string]any)["body"]
	if want := "Ana Reyes should have this ticket, but could not be assigned: Jira knows no account of theirs that may be assigned here."; said != want {
		t.Errorf("comment is %q, want %q", said, want)
	}
	if log := c.log.String(); !strings.Contains(log, "Brand: Field 'customfield_10050' cannot be set") {
		t.Errorf("the log does not name the field that was left out:\n%s", log)
	}
}

func TestCreate_Refused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answers map[string][]string
		change  func(*flow.Effect)
		class   connectors.Class
		person  string
		posts   int
	}{
		"labels not on the screen": {map[string][]string{createCall: {`400 {"errors":{"labels":"Field 'labels' cannot be set."}}`}}, nil, connectors.Rejected,
			"Jira does not take labels for a Task in DES, and signoff needs one to find its tickets again. A Jira administrator has to put Labels on the create screen.", 1},
		"refused twice": {map[string][]string{createCall: {`400 {"errors":{"duedate":"Bad date"}}`, `400 {"errors":{"priority":"Bad priority"}}`}}, nil, connectors.Rejected,
			"Jira refused the ticket. Priority: Bad priority. Correct the request, or have an administrator look at tracker.jira.projects.DES.fields.", 2},
		"required field empty": {map[string][]string{fieldsCall: {`{"values":[{"fieldId":"customfield_1","name":"Cost centre","required":true,"schema":{"type":"string"}}],"isLast":true}`}}, nil, connectors.Rejected,
			"Jira needs Cost centre for a Task in DES, and the request does not say.", 0},
		"no such type": {map[string][]string{typesCall: {`{"values":[{"id":"1","name":"Bug"}],"isLast":true}`}}, nil, connectors.Rejected,
			`Jira's project DES has no issue type "Task". An administrator has to correct tracker.jira.projects.DES.issue_type; there are: Bug.`, 0},
		"no such project": {nil, func(e *flow.Effect) { e.Show.At.Key = "OPS" }, connectors.Rejected,
			`The Jira project "OPS" is not set up. An administrator has to add it to tracker.jira.projects.`, 0},
		"metadata not readable": {map[string][]string{fieldsCall: {"500 oops"}}, nil, connectors.Transient, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := scripted(t, tc.answers)
			e := ticket(1, "Homepage hero")
			if tc.change != nil {
				tc.change(&e)
			}
			_, err := c.Do(t.Context(), e)
			ce, _ := err.(*connectors.Error) //nolint:errorlint // exactly this type
			if ce == nil || ce.Class != tc.class || !strings.HasPrefix(ce.Person, tc.person) {
				t.Fatalf("Do = %+v\nwant class %q and people told\n%s", err, tc.class, tc.person)
			}
			if got := len(s.bodies[createCall]); got != tc.posts {
				t.Errorf("created %d times, want %d", got, tc.posts)
			}
		})
	}
}

func TestCreate_NoProjectNamed(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, nil)
	e := ticket(1, "Homepage hero")
	e.Show.At, e.Show.View.Ticket.Project = flow.Ref{System: "jira", Type: "project"}, ""
	c.do(t, e)
	if got := s.body(t, createCall, 0).(map[string]any)["fields"].(map[string]any)["project"]; !cmp.Equal(got, any(map[string]any{"key": "DES"})) {
		t.Errorf("project is %v, want the only one there is", got)
	}
}

func TestChange_SendsOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, nil)
	e := ticket(1, "Homepage hero")
	links := c.do(t, e)

	same := known(e, links, 2, flow.Intake)
	c.do(t, same)
	if n := len(s.bodies[editCall]) + len(s.bodies[assignCall]); n != 0 {
		t.Fatalf("a view that changed nothing made %d writes, want none", n)
	}

	next := known(e, links, 3, flow.Intake)
	next.Show.View.Ticket.Labels = []string{"print"}
	next.Show.View.Ticket.Due = next.Show.View.Ticket.Due.AddDate(0, 0, 7)
	next.Show.View.Ticket.Priority = "normal" // Jira's own once the ticket is made
	next.Show.View.Ticket.Fields = map[string][]string{"effort_hours": {"6.5"}}
	next.Show.View.Ticket.Assignee = flow.Actor{}
	c.do(t, next)
	want := decoded(t, `{"fields":{"duedate":"2026-12-08","customfield_10050":null},"update":{"labels":[{"add":"print"},{"remove":"web"}]}}`)
	if diff := cmp.Diff(want, s.body(t, editCall, 0)); diff != "" {
		t.Errorf("edit request (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(decoded(t, `{"accountId":null}`), s.body(t, assignCall, 0)); diff != "" {
		t.Errorf("assign request (-want +got)\n%s", diff)
	}

	again := known(e, links, 4, flow.Intake)
	again.Show.View.Ticket = next.Show.View.Ticket
	withAna := *next.Show.View.Ticket
	withAna.Assignee = flow.Actor{Name: "ana"}
	again.Show.View.Ticket = &withAna
	c.do(t, again)
	if diff := cmp.Diff(decoded(t, `{"accountId":"5f1000000000000000000001"}`), s.body(t, assignCall, 1)); diff != "" {
		t.Errorf("assign request (-want +got)\n%s", diff)
	}
}

func TestChange_LeavesWhatPeopleWrote(t *testing.T) {
	t.Parallel()
	theirs := strings.Replace(toDo, `"summary":"Homepage hero"`, `"summary":"Hero, by Jon"`, 1)
	c, s := scripted(t, map[string][]string{readCall: {toDo, theirs}})
	e := ticket(1, "Homepage hero")
	links := c.do(t, e)
	next := known(e, links, 2, flow.Intake)
	next.Show.View.Title = "Homepage hero, second thoughts"
	c.do(t, next)
	if n := len(s.bodies[editCall]); n != 0 {
		t.Errorf("the title that people changed was written: %v", s.bodies[editCall])
	}
	if log := c.log.String(); !strings.Contains(log, "summary was changed in Jira and stays") {
		t.Errorf("the log does not say so:\n%s", log)
	}
}

func TestChange_AssigneeRefused(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, map[string][]string{
		assignCall: {`400 {"errors":{"assignee":"User 'x' cannot be assigned issues."}}`}, sayCall: {`201 {"id":"1"}`},
	})
	e := ticket(1, "Homepage hero")
	e.Show.View.Ticket.Assignee = flow.Actor{}
	links := c.do(t, e)
	for version := int64(2); version < 4; version++ {
		next := known(e, links, version, flow.Intake)
		next.Show.View.Ticket.Assignee = flow.Actor{Name: "ana", Shown: "Ana Reyes"}
		c.do(t, next)
	}
	if a, b := len(s.bodies[assignCall]), len(s.bodies[sayCall]); a != 1 || b != 1 {
		t.Errorf("assigned %d times and said so %d times, want once each", a, b)
	}
}

func TestChange_TicketGone(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, map[string][]string{readCall: {toDo, `404 {"errorMessages":["Issue does not exist or you do not have permission to see it."]}`}})
	e := ticket(1, "Homepage hero")
	links := c.do(t, e)
	_, err := c.Do(t.Context(), known(e, links, 2, flow.InProgress))
	ce, _ := err.(*connectors.Error) //nolint:errorlint // exactly this type
	if ce == nil || ce.Class != connectors.Rejected || !strings.Contains(ce.Person, "Jira does not show ticket DES-7 to signoff") {
		t.Errorf("Do on a ticket that is gone = %+v, want rejected and people told", err)
	}
}

func TestComment_Bytes(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, map[string][]string{sayCall: {`201 {"id":"1"}`}})
	where := flow.Ref{System: "jira", Type: "issue", Key: "10042"}
	c.do(t, comment(where, "CR-142/7/2", "Approved by [~accountid:x] *Ana*."))
	want := decoded(t, `{"body":"Approved by \\[\\~accountid:x\\] \\*Ana*.","properties":[{"key":"signoff.origin","value":{"v":1,"hubEvent":"CR-142/7/2","hub":"cd9eb030"}}]}`)
	if diff := cmp.Diff(want, s.body(t, sayCall, 0)); diff != "" {
		t.Errorf("comment (-want +got)\n%s", diff)
	}
	for name, e := range map[string]flow.Effect{
		"to a person": {ID: "x", Request: "CR-142", Tell: &flow.Tell{To: []flow.Actor{{Name: "ana"}}}},
		"privately":   {ID: "x", Request: "CR-142", Tell: &flow.Tell{Where: where, Private: true}},
		"in a thread": {ID: "x", Request: "CR-142", Tell: &flow.Tell{Where: flow.Ref{System: "slack", Type: "thread", Key: "1"}}},
	} {
		_, err := c.Do(t.Context(), e)
		if connectors.ClassOf(err) != connectors.Rejected {
			t.Errorf("Do %s = %v, want rejected", name, err)
		}
	}
}

func TestLink_Bytes(t *testing.T) {
	t.Parallel()
	c, s := scripted(t, map[string][]string{linkCall: {`201 {"id":10000}`, `200 {"id":10000}`}})
	thread := flow.Link{Ref: flow.Ref{System: "slack", Type: "thread", Key: "T01/C02/1763800000.000100"}, URL: "https://lumen.slack.com/archives/C02/p1763800000000100", Label: "CR-142 in Slack"}
	e := flow.Effect{ID: "CR-142/3/1", Request: "CR-142", Show: &flow.Show{Purpose: "ticket/thread", At: flow.Ref{System: "jira", Type: "issue", Key: "10042"}, Version: 3,
		View: flow.View{Kind: flow.LinkView, Request: "CR-142", Title: "Homepage hero", Headline: "CR-142 in Slack", Link: &thread}}}
	first := c.do(t, e)
	e.Show.At, e.Show.Link = flow.Ref{}, &first[0]
	second := c.do(t, e)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the same link twice (-first +second)\n%s", diff)
	}
	want := decoded(t, `{"globalId":"signoff:slack:T01/C02/1763800000.000100","application":{"type":"com.slack","name":"Slack"},"relationship":"requested in",
		"object":{"url":"https://lumen.slack.com/archives/C02/p1763800000000100","title":"CR-142 in Slack","summary":"Homepage hero","status":{"resolved":false}}}`)
	for i := range 2 {
		if diff := cmp.Diff(want, s.body(t, linkCall, i)); diff != "" {
			t.Errorf("link %d (-want +got)\n%s", i, diff)
		}
	}
}

func TestDo_KeepsTheTokenAtHome(t *testing.T) {
	t.Parallel()
	elsewhere := &script{t: t, bodies: map[string][]string{}, answers: map[string][]string{"GET /stolen": {"{}"}}}
	other := httptest.NewServer(elsewhere)
	t.Cleanup(other.Close)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/stolen", http.StatusFound)
	}))
	t.Cleanup(srv.Close)
	c := connect(t, fmt.Sprintf(settings, srv.URL))
	if _, err := c.Statuses(t.Context()); err == nil {
		t.Error("a redirect to another host was followed")
	}
	for _, h := range elsewhere.headers {
		if h.Get("Authorization") != "" {
			t.Error("the token went to another host")
		}
	}
}

func TestRead_View(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, map[string][]string{readCall: {`{"id":"10042","key":"DES-7","fields":{"summary":"Hero","status":{"id":"10002","name":"In Review"},"project":{"key":"DES"},
		"labels":["signoff"],"duedate":"2026-12-01","priority":{"name":"High"},"assignee":{"accountId":"a1","displayName":"Ana Reyes"},"customfield_1":[1,{}]}}`}})
	got, err := c.Read(t.Context(), flow.Ref{System: "jira", Type: "issue", Key: "10042"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Title != "Hero" || got.Headline != "In Review" || got.Status != flow.InReview || got.Ticket.Priority != "High" ||
		got.Ticket.Assignee.Ref.Key != "a1" || got.Ticket.Due.Format("2006-01-02") != "2026-12-01" {
		t.Errorf("Read = %+v with %+v", got, got.Ticket)
	}
	if _, err := c.Read(t.Context(), flow.Ref{Key: "../secret"}); connectors.ClassOf(err) != connectors.Rejected {
		t.Errorf("Read of a path = %v, want it refused", err)
	}
}

func TestStatuses_EachOnce(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, map[string][]string{"GET /rest/api/2/status": {`[{"name":"To Do"},{"name":"Done"},{"name":"To Do"},{"name":""}]`}})
	got, err := c.Statuses(t.Context())
	if diff := cmp.Diff([]string{"To Do", "Done"}, got); err != nil || diff != "" {
		t.Errorf("Statuses (-want +got) %v\n%s", err, diff)
	}
}
