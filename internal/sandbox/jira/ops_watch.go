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
	u := c.by
	if len(c.body) > 0 {
		id, ok := str(c.body)
		if !ok {
			return problem(http.StatusBadRequest, "The body must be the "+s.idName()+" as a JSON string.")
		}
		if u = s.byID(id); u == nil {
			return problem(http.StatusNotFound, "The user \""+id+"\" does not exist.")
		}
	}
	if u.AccountID != c.by.AccountID && s.lacks("MANAGE_WATCHERS") {
		return forbidden(c.op, "MANAGE_WATCHERS")
	}
	if !slices.Contains(iss.watchers, u.AccountID) {
		iss.watchers = append(iss.watchers, u.AccountID)
		s.wake()
	}
	return done()
}

func (s *Server) removeWatcher(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	id := c.q.Get(s.idParam())
	if id == "" {
		return problem(http.StatusBadRequest, "The "+s.idParam()+" query parameter is required.")
	}
	u := s.byID(id)
	if u == nil || !slices.Contains(iss.watchers, u.AccountID) {
		return problem(http.StatusNotFound, "The user does not watch this issue.")
	}
	iss.watchers = slices.DeleteFunc(iss.watchers, func(have string) bool { return have == u.AccountID })
	s.wake()
	return done()
}
