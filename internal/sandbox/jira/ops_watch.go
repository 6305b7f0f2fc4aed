package jira

import (
	"net/http"
	"slices"
)

func (s *Server) getWatchers(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	beans := []any{}
	for _, id := range iss.watchers {
		beans = append(beans, s.userBean(s.user(id), true))
	}
	return answer(http.StatusOK, object{"self": s.selfIssue(iss) + "/watchers", "watchCount": len(beans),
		"isWatching": slices.Contains(iss.watchers, c.by.AccountID), "watchers": beans})
}

// addWatcher takes the account id as a JSON string; without a body the caller watches.
func (s *Server) addWatcher(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	id := c.by.AccountID
	if len(c.body) > 0 {
		var ok bool
		if id, ok = str(c.body); !ok {
			return problem(http.StatusBadRequest, "The body must be the account id as a JSON string.")
		}
	}
	if u := s.user(id); u == nil || u.AccountID != id {
		return problem(http.StatusNotFound, "The user \""+id+"\" does not exist.")
	}
	if !slices.Contains(iss.watchers, id) {
		iss.watchers = append(iss.watchers, id)
		s.wake()
	}
	return done()
}

func (s *Server) removeWatcher(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	id := c.q.Get("accountId")
	if id == "" {
		return problem(http.StatusBadRequest, "The accountId query parameter is required.")
	}
	if !slices.Contains(iss.watchers, id) {
		return problem(http.StatusNotFound, "The user does not watch this issue.")
	}
	iss.watchers = slices.DeleteFunc(iss.watchers, func(have string) bool { return have == id })
	s.wake()
	return done()
}
