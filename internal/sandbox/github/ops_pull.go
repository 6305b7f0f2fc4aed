package github

import (
	"net/http"
	"slices"
)

func (s *Server) getPull(c call) *reply {
	if !c.item.pull {
		return notFound()
	}
	return answer(http.StatusOK, s.pullBean(c.item))
}

func (s *Server) listReviews(c call) *reply {
	var all []any
	for _, r := range c.item.reviews {
		all = append(all, s.reviewBean(c.item, r, false))
	}
	return s.page(c, all)
}

func (s *Server) getCommit(c call) *reply {
	found := c.repo.commits[c.PathValue("sha")]
	if found == nil {
		return problem(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.PathValue("sha"))
	}
	return answer(http.StatusOK, s.commitBean(c.repo, found))
}

func (s *Server) createStatus(c call) *reply {
	t, _, bad := fields(c, "Status", []string{"state", "context", "description", "target_url"}, nil)
	switch {
	case bad != nil:
		return bad
	case c.repo.commits[c.PathValue("sha")] == nil:
		return problem(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.PathValue("sha"))
	case !slices.Contains([]string{"error", "failure", "pending", "success"}, t["state"]):
		return invalid("Status", "state", "invalid")
	case length(t["description"]) > 140:
		return invalid("Status", "description", "custom")
	}
	st := CommitStatus{t["state"], t["context"], t["description"], t["target_url"]}
	c.repo.statuses[c.PathValue("sha")] = append(c.repo.statuses[c.PathValue("sha")], st)
	s.wake()
	return answer(http.StatusCreated, object{"id": s.number(), "state": st.State, "context": st.Context})
}
