package jira

import (
	"net/http"
	"slices"
	"strings"
)

func (s *Server) getUser(c call) *reply {
	id := c.q.Get(s.idParam())
	if id == "" && (s.cloud() || c.q.Get("key") == "") {
		return problem(http.StatusBadRequest, "The "+s.idParam()+" query parameter is required.")
	}
	u := s.byID(id)
	if u == nil && !s.cloud() {
		u = s.byKey(c.q.Get("key"))
	}
	if u == nil {
		return problem(http.StatusNotFound, "Specified user does not exist or you do not have required permissions")
	}
	return answer(http.StatusOK, s.userBean(u, true))
}

func (s *Server) findUsers(c call) *reply {
	if !s.cloud() {
		return s.findNamed(c)
	}
	if c.q.Has("username") {
		return problem(http.StatusBadRequest, "The query parameter 'username' is not supported in GDPR strict mode.")
	}
	if !c.q.Has("query") && !c.q.Has("accountId") && !c.q.Has("property") {
		return problem(http.StatusBadRequest, "Either the 'query', 'accountId' or 'property' query parameter must be provided.")
	}
	return s.people(c, func(u *User) bool {
		if c.q.Has("accountId") {
			return u.AccountID == c.q.Get("accountId")
		}
		return !u.Inactive && c.q.Get("query") != "" && u.answersTo(c.q.Get("query"))
	})
}

func (s *Server) findAssignable(c call) *reply {
	project, key := c.q.Get("project"), c.q.Get("issueKey")
	switch {
	case project == "" && key == "" && c.q.Get("issueId") == "":
		return problem(http.StatusBadRequest, "Either the 'project', 'issueKey' or 'issueId' query parameter must be provided.")
	case project != "" && s.project(project) == nil:
		return problem(http.StatusNotFound, "No project could be found with key '"+project+"'.")
	case key != "" && s.find(key) == nil:
		return problem(http.StatusNotFound, s.unseen())
	}
	query := c.q.Get("query")
	if !s.cloud() {
		query = c.q.Get("username")
	}
	return s.people(c, func(u *User) bool {
		return s.assignable(s.idOf(u)) != nil && (query == "" || u.answersTo(query)) &&
			(!s.cloud() || c.q.Get("accountId") == "" || c.q.Get("accountId") == u.AccountID)
	})
}

// findNamed is the user search of editions that know people by name: it needs "username" and finds active people
// unless told otherwise.
func (s *Server) findNamed(c call) *reply {
	name := c.q.Get("username")
	if name == "" {
		return problem(http.StatusBadRequest, "The username query parameter was not provided")
	}
	return s.people(c, func(u *User) bool {
		shown := !u.Inactive && c.q.Get("includeActive") != "false" || u.Inactive && c.q.Get("includeInactive") == "true"
		return shown && (name == "." || u.answersTo(name) || strings.HasPrefix(strings.ToLower(u.Username), strings.ToLower(name)))
	})
}

// answersTo matches a prefix of a word of the name or of the address; a hidden address only in full.
func (u *User) answersTo(query string) bool {
	query = strings.ToLower(strings.TrimSpace(query))
	name, mail := strings.ToLower(u.Name), strings.ToLower(u.Email)
	if u.HideEmail && mail == query || !u.HideEmail && strings.HasPrefix(mail, query) || strings.HasPrefix(name, query) {
		return true
	}
	return slices.ContainsFunc(strings.Fields(name), func(word string) bool { return strings.HasPrefix(word, query) })
}

// people answers a user search: nothing, with 200, for an account that may not browse users.
func (s *Server) people(c call, match func(*User) bool) *reply {
	start, count, rep := c.page(1000)
	if rep != nil {
		return rep
	}
	if !c.q.Has("maxResults") {
		count = 50
	}
	beans := []any{}
	for _, u := range s.users() {
		if !s.lacks("USER_PICKER") && match(u) {
			beans = append(beans, s.userBean(u, true))
		}
	}
	return answer(http.StatusOK, window(beans, start, count))
}
