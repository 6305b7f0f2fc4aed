package jira

import (
	"net/http"
	"slices"
)

// searchWorkflows describes the site's workflow to administrators.
func (s *Server) searchWorkflows(c call) *reply {
	start, count, rep := c.page(50)
	if rep != nil {
		return rep
	}
	const name = "Design workflow"
	all := []object{}
	if want := c.list("workflowName"); len(want) == 0 || slices.Contains(want, name) {
		all = append(all, s.workflowBean(name, c.list("expand")))
	}
	values := window(all, start, count)
	return answer(http.StatusOK, object{"self": s.self("workflow/search"), "maxResults": count, "startAt": start,
		"total": len(all), "isLast": start+len(values) >= len(all), "values": values})
}

func (s *Server) workflowBean(name string, expand []string) object {
	b := object{"id": object{"name": name, "entityId": "0f1d2c3b-0000-4000-8000-000000000001"}, "description": "", "isDefault": true,
		"created": "2026-01-05T09:00:00.000+0000", "updated": "2026-01-05T09:00:00.000+0000"}
	if slices.Contains(expand, "statuses") {
		all := []object{}
		for _, st := range s.opt.Statuses {
			all = append(all, object{"id": st.ID, "name": st.Name, "properties": object{"issueEditable": true}})
		}
		b["statuses"] = all
	}
	if slices.Contains(expand, "transitions") {
		all := []object{{"id": "1", "name": "Create", "description": "", "from": []string{}, "to": s.opt.Statuses[0].ID, "type": "initial"}}
		for _, t := range s.opt.Transitions {
			all = append(all, s.edgeBean(t))
		}
		b["transitions"] = all
	}
	return b
}

func (s *Server) edgeBean(t Transition) object {
	from, kind := []string{}, "directed"
	for _, name := range t.From {
		from = append(from, s.status(name).ID)
	}
	if len(from) == 0 {
		kind = "global"
	}
	return object{"id": t.ID, "name": t.Name, "description": "", "from": from, "to": s.status(t.To).ID, "type": kind}
}
