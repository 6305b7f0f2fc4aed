package jira_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"signoff/internal/sandbox/jira"
)

func TestProject_MoveKeepsTheIDAndTheOldKey(t *testing.T) {
	t.Parallel()
	s, rec := watched(t, nil)
	key := s.task("")
	sub := s.want(201, "POST", "issue", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10003"},"summary":"Copy","parent":{"key":"`+key+`"}}}`)
	moved, err := s.ProjectAs("Jon Park", key, "MKT")
	if err != nil || moved != "MKT-1" {
		t.Fatalf("move: got %q, %v", moved, err)
	}
	for _, path := range []string{"issue/DES-1", "issue/MKT-1", "issue/10000"} {
		got := s.want(200, "GET", path, "")
		if got.at("key") != "MKT-1" || got.at("id") != "10000" || got.at("fields", "project", "key") != "MKT" {
			t.Errorf("%s: got %s", path, got.raw)
		}
	}
	if got := s.want(200, "GET", "issue/"+sub.at("key").(string), ""); got.at("key") != "MKT-2" || got.at("fields", "parent", "key") != "MKT-1" {
		t.Errorf("sub-task: got %s", got.raw)
	}
	if got := s.want(200, "POST", "search/jql", `{"jql":"key = DES-1","fields":["summary"]}`); got.at("issues", 0, "key") != "MKT-1" {
		t.Errorf("search by the old key: got %s", got.raw)
	}
	s.settle()
	hook := result{raw: rec.deliveries()[2].body}
	if hook.at("issue_event_type_name") != "issue_moved" || hook.at("issue", "key") != "MKT-1" || hook.at("changelog", "items", 0, "field") != "project" ||
		hook.at("changelog", "items", 1, "field") != "Key" || hook.at("changelog", "items", 1, "fromString") != "DES-1" || hook.at("changelog", "items", 1, "toString") != "MKT-1" {
		t.Errorf("webhook: got %s", hook.raw)
	}
	if _, err := s.ProjectAs("Jon Park", "MKT-2", "DES"); err == nil {
		t.Error("a sub-task moved alone")
	}
	if _, err := s.ProjectAs("Jon Park", "MKT-1", "WEB"); !errors.Is(err, jira.ErrNoProject) {
		t.Errorf("an unknown project: got %v", err)
	}
	if got := s.task(""); got != "DES-3" {
		t.Errorf("the next issue: got %s, want DES-3: keys are not used again", got)
	}
}

func TestArchivedAndHiddenIssues(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	key := s.task("")
	const edit, find = `{"fields":{"summary":"x"}}`, `{"jql":"project = DES"}`
	found := func() int {
		list, _ := s.want(200, "POST", "search/jql", find).at("issues").([]any)
		return len(list)
	}
	changes := func(status int, says string) {
		t.Helper()
		for _, c := range [][3]string{
			{"PUT", "issue/" + key, edit}, {"POST", "issue/" + key + "/comment", `{"body":"x"}`},
			{"POST", "issue/" + key + "/transitions", `{"transition":{"id":"11"}}`}, {"PUT", "issue/" + key + "/properties/p", `1`},
		} {
			if r := s.do(c[0], c[1], c[2]); r.status != status || !strings.Contains(string(r.raw), says) {
				t.Errorf("%s %s: got %d %s, want %d with %q", c[0], c[1], r.status, r.raw, status, says)
			}
		}
	}
	if err := s.ArchiveAs("Jon Park", key, true); err != nil {
		t.Fatal(err)
	}
	s.want(200, "GET", "issue/"+key, "")
	changes(400, "archived")
	if n := found(); n != 0 {
		t.Errorf("search finds %d archived issues", n)
	}
	if err := s.CommentAs("Ana Reyes", key, "x"); !errors.Is(err, jira.ErrArchived) {
		t.Errorf("a person comments: got %v, want ErrArchived", err)
	}
	if err := s.ArchiveAs("Jon Park", key, false); err != nil {
		t.Fatal(err)
	}
	if err := s.ArchiveProject("DES", true); err != nil {
		t.Fatal(err)
	}
	changes(400, "archived")
	if got := s.want(200, "GET", "project/DES", ""); got.at("archived") != true {
		t.Errorf("project: got %s", got.raw)
	}
	s.want(400, "POST", "issue", `{"fields":{"project":{"key":"DES"},"issuetype":{"id":"10001"},"summary":"x"}}`)
	if err := s.ArchiveProject("DES", false); err != nil {
		t.Fatal(err)
	}
	if err := s.HideIssue(key, true); err != nil {
		t.Fatal(err)
	}
	s.want(404, "GET", "issue/"+key, "")
	changes(404, "Issue does not exist or you do not have permission to see it.")
	if n := found(); n != 0 {
		t.Errorf("search finds %d hidden issues", n)
	}
	if err := s.HideIssue(key, false); err != nil {
		t.Fatal(err)
	}
	if n := found(); n != 1 {
		t.Errorf("search finds %d issues, want 1", n)
	}
	if err := s.DeleteAs("Jon Park", key); err != nil {
		t.Fatal(err)
	}
	s.want(404, "GET", "issue/"+key, "")
}

func TestLabels_CopiedByAPerson(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	first := s.task(`,"labels":["signoff-k-9f2c6a1e7d40b3a5"]`)
	s.clock.add(time.Second)
	second := s.task("")
	if err := s.EditAs("Jon Park", second, "labels", []string{"signoff-k-9f2c6a1e7d40b3a5"}); err != nil {
		t.Fatal(err)
	}
	r := s.want(200, "POST", "search/jql", `{"jql":"labels = \"signoff-k-9f2c6a1e7d40b3a5\" ORDER BY created ASC","fields":["summary"]}`)
	if r.at("issues", 0, "key") != first || r.at("issues", 1, "key") != second {
		t.Errorf("search by label: got %s", r.raw)
	}
}

func TestBulkEdit_IsSecondary(t *testing.T) {
	t.Parallel()
	s, rec := watched(t, nil)
	keys := []string{s.task(""), s.task("")}
	if err := s.BulkEditAs("Jon Park", keys, "duedate", "2026-12-24"); err != nil {
		t.Fatal(err)
	}
	if err := s.EditAs("Jon Park", keys[0], "duedate", "2026-12-25"); err != nil {
		t.Fatal(err)
	}
	s.settle()
	var flows []string
	for _, d := range rec.deliveries()[2:] {
		bulk := result{raw: d.body}.at("bulkOperationMetaData", "sendMail")
		flows = append(flows, fmt.Sprint(d.header.Get("X-Atlassian-Webhook-Flow"), " ", bulk))
	}
	if want := []string{"Secondary false", "Secondary false", "Primary <nil>"}; !slices.Equal(flows, want) {
		t.Errorf("got %q, want %q", flows, want)
	}
}

func TestParents_ByHierarchy(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	create := func(typ, parent string) string {
		return `{"fields":{"project":{"key":"DES"},"issuetype":{"name":"` + typ + `"},"summary":"x"` + parent + `}}`
	}
	under := func(key string) string { return `,"parent":{"key":"` + key + `"}` }
	epic := s.want(201, "POST", "issue", create("Epic", "")).at("key").(string)
	task := s.want(201, "POST", "issue", create("Task", under(epic))).at("key").(string)
	sub := s.want(201, "POST", "issue", create("Sub-task", under(task))).at("key").(string)
	for _, body := range []string{create("Sub-task", ""), create("Sub-task", under(epic)), create("Task", under(task)), create("Epic", under(epic)), create("Sub-task", under(sub))} {
		s.want(400, "POST", "issue", body)
	}
	if got := s.want(200, "GET", "issue/"+task, ""); got.at("fields", "subtasks", 0, "key") != sub || got.at("fields", "parent", "key") != epic {
		t.Errorf("task: got %s", got.raw)
	}
	s.want(204, "PUT", "issue/"+task, `{"fields":{"parent":null}}`)
	if got, _ := s.Issue(task); got.Parent != "" {
		t.Errorf("parent: got %q, want none", got.Parent)
	}
	dc, _ := dataCenter(t, nil)
	dcEpic := dc.want(201, "POST", "issue", create("Epic", "")).at("key").(string)
	linked := dc.want(201, "POST", "issue", create("Task", `,"customfield_10014":"`+dcEpic+`"`)).at("key").(string)
	if got := dc.want(200, "GET", "issue/"+linked, ""); got.at("fields", "customfield_10014") != dcEpic || got.at("fields", "issuetype", "hierarchyLevel") != nil {
		t.Errorf("epic link: got %s", got.raw)
	}
	dc.want(400, "POST", "issue", create("Task", `,"customfield_10014":"`+linked+`"`))
	r := dc.want(400, "POST", "issue", create("Task", under("DES-1")))
	if msg, _ := r.at("errors", "parent").(string); !strings.Contains(msg, "not on the appropriate screen") {
		t.Errorf("a parent of a task in Data Center: got %s", r.raw)
	}
}

func TestTransitions_ConditionsAndScreens(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *jira.Options) {
		o.Transitions = append(jira.DefaultTransitions(),
			jira.Transition{ID: "71", Name: "Skip ahead", From: []string{"To Do"}, To: "Done", Only: []string{"jon@lumen.example"}},
			jira.Transition{ID: "81", Name: "Brief", From: []string{"To Do"}, To: "In Review", Screen: []jira.ScreenField{{ID: "customfield_10050", Required: true}}})
	})
	key := s.task("")
	ids := func(r result) (all []string) {
		list, _ := r.at("transitions").([]any)
		for i := range list {
			all = append(all, r.at("transitions", i, "id").(string))
		}
		return all
	}
	if got := ids(s.want(200, "GET", "issue/"+key+"/transitions", "")); slices.Contains(got, "71") {
		t.Errorf("a transition for others is listed: %v", got)
	}
	all := s.want(200, "GET", "issue/"+key+"/transitions?includeUnavailableTransitions=true", "")
	if i := slices.Index(ids(all), "71"); i < 0 || all.at("transitions", i, "isAvailable") != false || all.at("transitions", i, "isConditional") != true {
		t.Errorf("unavailable ones: got %s", all.raw)
	}
	s.want(400, "POST", "issue/"+key+"/transitions", `{"transition":{"id":"71"}}`)
	if r := s.want(400, "POST", "issue/"+key+"/transitions", `{"transition":{"id":"81"}}`); r.at("errors", "customfield_10050") != "Brand is required." {
		t.Errorf("without the field of the screen: got %s", r.raw)
	}
	if err := s.TransitionAs("Ana Reyes", key, "81", map[string]any{"customfield_10050": map[string]string{"value": "Nova"}}); err != nil {
		t.Error(err)
	}
	if got, _ := s.Issue(key); got.Status != "In Review" || got.Fields["Brand"] != "Nova" {
		t.Errorf("after the transition: %+v", got)
	}
	if err := s.TransitionAs("Ana Reyes", key, "71", nil); !errors.Is(err, jira.ErrNoTransition) {
		t.Errorf("a transition that does not start here: got %v", err)
	}
}

func TestWorkflow_ForAdministrators(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.want(403, "GET", "workflow/search?expand=transitions,statuses", "")
	s.Grant("ADMINISTER")
	r := s.want(200, "GET", "workflow/search?expand=transitions,statuses", "")
	if r.at("values", 0, "transitions", 1, "to") != "3" || r.at("values", 0, "transitions", 1, "from", 0) != "10000" || r.at("values", 0, "statuses", 0, "name") != "To Do" || r.at("isLast") != true {
		t.Errorf("workflow: got %s", r.raw)
	}
}
