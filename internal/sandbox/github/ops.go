package github

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

const (
	longestTitle = 256
	longestText  = 65_536
)

func length(s string) int { return len(utf16.Encode([]rune(s))) }

func (s *Server) fullUser(u *User) *reply {
	o := s.userBean(u).(object)
	o["name"], o["email"], o["suspended_at"] = nullable(u.Name), nullable(u.Email), nil
	if u.Suspended {
		o["suspended_at"] = stamp(s.opt.Now())
	}
	return answer(http.StatusOK, o)
}

func (s *Server) getSelf(call) *reply {
	if s.opt.AppID != "" {
		return problem(http.StatusForbidden, "Resource not accessible by integration")
	}
	return s.fullUser(s.bot())
}

func (s *Server) getUser(c call) *reply {
	u := s.user(c.PathValue("login"))
	if u == nil || !strings.EqualFold(u.Login, c.PathValue("login")) {
		return notFound()
	}
	return s.fullUser(u)
}

func (s *Server) getUserByID(c call) *reply {
	for _, u := range s.users {
		if strconv.FormatInt(u.ID, 10) == c.PathValue("id") {
			return s.fullUser(u)
		}
	}
	return notFound()
}

func (s *Server) searchUsers(c call) *reply {
	q := c.URL.Query().Get("q")
	if q == "" {
		return invalid("Search", "q", "missing")
	}
	wanted, rest, _ := strings.Cut(strings.TrimPrefix(q, `"`), `"`)
	items := []any{}
	for _, u := range s.users {
		in := u.Name
		switch {
		case strings.Contains(rest, "in:email"):
			in = u.Email
		case strings.Contains(rest, "in:login"):
			in = u.Login
		}
		if in != "" && !u.Bot && strings.Contains(strings.ToLower(in), strings.ToLower(wanted)) {
			items = append(items, s.userBean(u))
		}
	}
	return answer(http.StatusOK, object{"total_count": len(items), "incomplete_results": false, "items": items})
}

func (s *Server) getApp(call) *reply {
	slug, _, _ := strings.Cut(s.opt.Login, "[")
	return answer(http.StatusOK, object{"id": 7, "slug": slug, "name": slug, "events": []string{"issues", "issue_comment", "pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread"}})
}

func (s *Server) getInstallation(c call) *reply {
	return answer(http.StatusOK, object{"id": 9000 + int64(len(c.PathValue("owner"))), "app_id": 7})
}

func (s *Server) createToken(call) *reply {
	token := fmt.Sprintf("ghs_%d", s.number())
	until := s.opt.Now().Add(tokenLife)
	s.tokens[token] = until
	return answer(http.StatusCreated, object{"token": token, "expires_at": stamp(until), "permissions": object{"issues": "write"}})
}

// Revoke makes the tokens of all installations worthless.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

func (s *Server) getRepo(c call) *reply { return answer(http.StatusOK, s.repoBean(c.repo)) }

func (s *Server) checkAssignee(c call) *reply {
	if u := s.user(c.PathValue("login")); u == nil || u.Outsider || u.Bot {
		return notFound()
	}
	return &reply{status: http.StatusNoContent}
}

func (s *Server) since(c call) (time.Time, *reply) {
	text := c.URL.Query().Get("since")
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, problem(http.StatusUnprocessableEntity, "since is not a timestamp in ISO 8601 format")
	}
	return at, nil
}

func (s *Server) listIssues(c call) *reply {
	if c.repo.NoIssues {
		return problem(http.StatusGone, "Issues are disabled for this repo")
	}
	since, bad := s.since(c)
	if bad != nil {
		return bad
	}
	q := c.URL.Query()
	state := q.Get("state")
	if state == "" {
		state = "open"
	}
	var all []any
	for _, i := range c.repo.items {
		switch {
		case i.deleted, i.movedTo != nil, i.updated.Before(since), state != "all" && i.state != state:
		case s.opt.Now().Sub(i.created) < s.opt.ListLag:
		case q.Get("creator") != "" && !strings.EqualFold(q.Get("creator"), i.author.Login):
		default:
			all = append(all, s.issueBean(i))
		}
	}
	if q.Get("direction") != "asc" {
		slices.Reverse(all)
	}
	return s.page(c, all)
}

func checkText(resource string, t map[string]string) *reply {
	switch title, has := t["title"]; {
	case has && strings.TrimSpace(title) == "":
		return invalid(resource, "title", "missing_field")
	case length(title) > longestTitle:
		return invalid(resource, "title", "custom")
	case length(t["body"]) > longestText:
		return invalid(resource, "body", "custom")
	}
	return nil
}

func checkLabels(list []string) *reply {
	if len(list) > 100 {
		return invalid("Issue", "labels", "custom")
	}
	for _, l := range list {
		if l == "" || length(l) > 50 {
			return invalid("Label", "name", "invalid")
		}
	}
	return nil
}

func (s *Server) createIssue(c call) *reply {
	t, l, bad := fields(c, "Issue", []string{"title", "body"}, []string{"labels", "assignees"})
	if bad != nil {
		return bad
	}
	if _, has := t["title"]; !has {
		return invalid("Issue", "title", "missing_field")
	}
	switch bad := checkText("Issue", t); {
	case c.repo.NoIssues:
		return problem(http.StatusGone, "Issues are disabled for this repo")
	case bad != nil:
		return bad
	}
	if bad := checkLabels(l["labels"]); bad != nil {
		return bad
	}
	people, bad := s.people(l["assignees"])
	if bad != nil {
		return bad
	}
	i := s.newItem(c.repo, c.by, t["title"], t["body"])
	if !c.repo.ReadOnly { // else they are dropped without a word
		i.labels, i.assignees = slices.Clone(l["labels"]), people
	}
	s.announce(c.repo, "issues", "opened", c.by, object{"issue": s.issueBean(i)})
	for _, name := range i.labels {
		s.announce(c.repo, "issues", "labeled", c.by, object{"issue": s.issueBean(i), "label": object{"name": name, "color": "ededed"}})
	}
	return answer(http.StatusCreated, s.issueBean(i))
}

func (s *Server) people(logins []string) ([]*User, *reply) {
	var out []*User
	for _, login := range logins {
		u := s.user(login)
		if u == nil || u.Outsider {
			return nil, invalid("Issue", "assignees", "invalid")
		}
		out = append(out, u)
	}
	return out, nil
}

func (s *Server) getIssue(c call) *reply { return answer(http.StatusOK, s.issueBean(c.item)) }

func (s *Server) updateIssue(c call) *reply {
	t, l, bad := fields(c, "Issue", []string{"title", "body", "state", "state_reason"}, []string{"labels", "assignees"})
	if bad != nil {
		return bad
	}
	if bad := checkText("Issue", t); bad != nil {
		return bad
	}
	state, reason := t["state"], t["state_reason"]
	switch {
	case state != "" && state != "open" && state != "closed":
		return invalid("Issue", "state", "invalid")
	case reason != "" && !slices.Contains([]string{"completed", "not_planned", "duplicate", "reopened"}, reason):
		return invalid("Issue", "state_reason", "invalid")
	case l["labels"] != nil || l["assignees"] != nil:
		return invalid("Issue", "labels", "invalid") // this site wants single labels and assignees added and removed
	}
	i := c.item
	if title, has := t["title"]; has && title != i.title {
		i.title = title
		s.touch(i)
		s.announce(i.repo, "issues", "edited", c.by, object{"issue": s.issueBean(i), "changes": object{}})
	}
	if body, has := t["body"]; has && body != i.body {
		i.body = strings.ReplaceAll(body, "\n", "\r\n") // as the real one gives it back now and then
		s.touch(i)
		s.announce(i.repo, "issues", "edited", c.by, object{"issue": s.issueBean(i), "changes": object{}})
	}
	if state != "" {
		if reason == "" && state == "closed" {
			reason = "completed"
		}
		s.setState(i, c.by, state, reason)
	}
	return answer(http.StatusOK, s.issueBean(i))
}

func (s *Server) comments(c call, list []*comment) *reply {
	since, bad := s.since(c)
	if bad != nil {
		return bad
	}
	var all []any
	for _, one := range list {
		if !one.updated.Before(since) {
			all = append(all, s.commentBean(c.item, one))
		}
	}
	return s.page(c, all)
}

func (s *Server) listComments(c call) *reply { return s.comments(c, c.item.comments) }
func (s *Server) listLines(c call) *reply    { return s.comments(c, c.item.lines) }

func (s *Server) words(c call) (string, *reply) {
	t, _, bad := fields(c, "IssueComment", []string{"body"}, nil)
	switch {
	case bad != nil:
		return "", bad
	case strings.TrimSpace(t["body"]) == "":
		return "", invalid("IssueComment", "body", "missing_field")
	case length(t["body"]) > longestText:
		return "", invalid("IssueComment", "body", "custom")
	}
	return t["body"], nil
}

func (s *Server) createComment(c call) *reply {
	body, bad := s.words(c)
	if bad != nil {
		return bad
	}
	made := s.addComment(c.item, c.by, body)
	return answer(http.StatusCreated, s.commentBean(c.item, made))
}

func (s *Server) replyToLine(c call) *reply {
	body, bad := s.words(c)
	if bad != nil {
		return bad
	}
	id, err := strconv.ParseInt(c.PathValue("id"), 10, 64)
	root := c.item.comment(id)
	if err != nil || root == nil || root.path == "" || root.below != 0 {
		return notFound()
	}
	made := s.addLine(c.item, c.by, body, id)
	s.announce(c.repo, "pull_request_review_comment", "created", c.by, object{"comment": s.commentBean(c.item, made), "pull_request": s.pullBean(c.item)})
	return answer(http.StatusCreated, s.commentBean(c.item, made))
}

// commentOf finds a comment by its id alone, as its address does.
func (s *Server) commentOf(c call) (*item, *comment) {
	id, err := strconv.ParseInt(c.PathValue("id"), 10, 64)
	if err != nil {
		return nil, nil
	}
	for _, i := range c.repo.items {
		if found := i.comment(id); found != nil && found.path == "" && !i.deleted {
			return i, found
		}
	}
	return nil, nil
}

func (s *Server) getComment(c call) *reply {
	i, found := s.commentOf(c)
	if found == nil {
		return notFound()
	}
	return answer(http.StatusOK, s.commentBean(i, found))
}

func (s *Server) updateComment(c call) *reply {
	body, bad := s.words(c)
	i, found := s.commentOf(c)
	switch {
	case found == nil:
		return notFound()
	case bad != nil:
		return bad
	case found.author != c.by:
		return problem(http.StatusForbidden, "Must have admin rights to Repository.")
	}
	s.editComment(i, c.by, found, body)
	return answer(http.StatusOK, s.commentBean(i, found))
}

func (s *Server) removeComment(c call) *reply {
	i, found := s.commentOf(c)
	if found == nil {
		return notFound()
	}
	s.deleteComment(i, c.by, found)
	return &reply{status: http.StatusNoContent}
}

func (s *Server) addLabels(c call) *reply {
	_, l, bad := fields(c, "Label", nil, []string{"labels"})
	if bad != nil {
		return bad
	}
	if bad := checkLabels(l["labels"]); bad != nil || c.repo.ReadOnly {
		return firstReply(bad, problem(http.StatusForbidden, "Must have push access to repository."))
	}
	for _, name := range l["labels"] {
		s.setLabel(c.item, c.by, name, true)
	}
	return answer(http.StatusOK, s.labelBeans(c.item))
}

func firstReply(list ...*reply) *reply {
	for _, r := range list {
		if r != nil {
			return r
		}
	}
	return nil
}

func (s *Server) removeLabel(c call) *reply {
	if !c.item.has(c.PathValue("name")) {
		return problem(http.StatusNotFound, "Label does not exist")
	}
	s.setLabel(c.item, c.by, c.PathValue("name"), false)
	return answer(http.StatusOK, s.labelBeans(c.item))
}

func (s *Server) addAssignees(c call) *reply {
	_, l, bad := fields(c, "Issue", nil, []string{"assignees"})
	if bad != nil {
		return bad
	}
	for _, login := range l["assignees"] { // whom it does not know it leaves out without a word
		if u := s.user(login); u != nil && !u.Outsider && !slices.Contains(c.item.assignees, u) {
			c.item.assignees = append(c.item.assignees, u)
		}
	}
	s.touch(c.item)
	return answer(http.StatusCreated, s.issueBean(c.item))
}

func (s *Server) removeAssignees(c call) *reply {
	_, l, bad := fields(c, "Issue", nil, []string{"assignees"})
	if bad != nil {
		return bad
	}
	c.item.assignees = slices.DeleteFunc(c.item.assignees, func(u *User) bool {
		return slices.ContainsFunc(l["assignees"], func(login string) bool { return strings.EqualFold(login, u.Login) })
	})
	s.touch(c.item)
	return answer(http.StatusOK, s.issueBean(c.item))
}
