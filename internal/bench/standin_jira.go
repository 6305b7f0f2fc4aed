package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// jiraStandin answers what signoff asks of Jira; it keeps nothing of a ticket but its status.
type jiraStandin struct {
	mu     sync.Mutex
	status []int // by ticket, as an index into jiraStatuses
}

var jiraStatuses = []string{"To Do", "In Progress", "In Review", "Done"}

const jiraFields = `{"startAt":0,"maxResults":50,"total":6,"fields":[
{"fieldId":"project","name":"Project","required":true,"hasDefaultValue":false,"schema":{"type":"project","system":"project"}},
{"fieldId":"issuetype","name":"Issue Type","required":true,"hasDefaultValue":false,"schema":{"type":"issuetype","system":"issuetype"}},
{"fieldId":"summary","name":"Summary","required":true,"hasDefaultValue":false,"schema":{"type":"string","system":"summary"}},
{"fieldId":"description","name":"Description","required":false,"schema":{"type":"string","system":"description"}},
{"fieldId":"labels","name":"Labels","required":false,"schema":{"type":"array","items":"string","system":"labels"}},
{"fieldId":"duedate","name":"Due date","required":false,"schema":{"type":"date","system":"duedate"}},
{"fieldId":"assignee","name":"Assignee","required":false,"schema":{"type":"user","system":"assignee"}}]}`

func (s *jiraStandin) answer(a ask) (int, string) {
	path := strings.TrimPrefix(a.Path, "/rest/api/2/")
	parts := strings.Split(path, "/")
	switch {
	case path == "myself":
		return 200, `{"accountId":"712020:bench","displayName":"signoff","accountType":"atlassian","active":true,"timeZone":"Europe/London"}`
	case path == "serverInfo":
		return 200, `{"deploymentType":"Cloud","serverTitle":"Jira"}`
	case strings.HasPrefix(path, "user/search"):
		return 200, "[]"
	case path == "issue/createmeta/DES/issuetypes":
		return 200, `{"startAt":0,"maxResults":50,"total":1,"issueTypes":[{"id":"10002","name":"Task","subtask":false}]}`
	case strings.HasPrefix(path, "issue/createmeta/"):
		return 200, jiraFields
	case path == "issue" && a.Method == "POST":
		return s.create()
	case parts[0] == "issue" && len(parts) > 1:
		return s.issue(a, parts[1], strings.Join(parts[2:], "/"))
	}
	return 200, "{}"
}

func (s *jiraStandin) create() (int, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = append(s.status, 0)
	n := len(s.status)
	return 201, fmt.Sprintf(`{"id":"%d","key":"DES-%d","self":"http://bench/rest/api/2/issue/%d"}`, 10_000+n, n, 10_000+n)
}

// issue answers what is asked about one ticket.
func (s *jiraStandin) issue(a ask, id, rest string) (int, string) {
	n, _ := strconv.Atoi(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n -= 10_001; n < 0 || n >= len(s.status) {
		return 404, `{"errorMessages":["Issue does not exist or you do not have permission to see it."],"errors":{}}`
	}
	switch {
	case rest == "" && a.Method == "GET":
		return 200, fmt.Sprintf(`{"id":"%s","key":"DES-%d","fields":{"summary":"","status":%s,"project":{"key":"DES"},"issuetype":{"id":"10002"},"labels":[]}}`,
			id, n+1, jiraStatus(s.status[n]))
	case rest == "transitions" && a.Method == "GET":
		return 200, jiraTransitions()
	case rest == "transitions":
		var body struct{ Transition struct{ ID string } }
		if json.Unmarshal([]byte(a.Body), &body) == nil {
			if to, err := strconv.Atoi(body.Transition.ID); err == nil && to >= 1 && to <= len(jiraStatuses) {
				s.status[n] = to - 1
			}
		}
		return 204, ""
	case a.Method == "PUT":
		return 204, ""
	case rest == "comment" && a.Method == "GET":
		return 200, `{"startAt":0,"maxResults":50,"total":0,"comments":[]}`
	}
	return 201, `{"id":"1"}`
}

func jiraStatus(i int) string { return fmt.Sprintf(`{"id":"%d","name":%q}`, i+1, jiraStatuses[i]) }

func jiraTransitions() string {
	var list []string
	for i := range jiraStatuses {
		list = append(list, fmt.Sprintf(`{"id":"%d","name":%q,"isAvailable":true,"to":%s,"fields":{}}`, i+1, jiraStatuses[i], jiraStatus(i)))
	}
	return `{"transitions":[` + strings.Join(list, ",") + `]}`
}
