package jira

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// oldSearch is the search of Data Center: pages by place and total. Cloud removed it in 2025 (CHANGE-2046).
func (s *Server) oldSearch(c call) *reply {
	if s.cloud() {
		return problem(http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "+
			"A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046")
	}
	req, rep := s.parseOldSearch(c)
	if rep != nil {
		return rep
	}
	hits := s.hits(req.query, nil)
	beans := []object{}
	for _, h := range window(hits, req.start, req.count) {
		beans = append(beans, s.hitBean(h, req))
	}
	return answer(http.StatusOK, object{"expand": "schema,names", "startAt": req.start, "maxResults": req.count, "total": len(hits), "issues": beans})
}

func (s *Server) parseOldSearch(c call) (search, *reply) {
	raw := oldQuery{JQL: c.q.Get("jql"), Fields: c.list("fields"), Expand: c.list("expand"), MaxResults: 50}
	rep := raw.fill(c)
	if rep != nil {
		return search{}, rep
	}
	if raw.StartAt < 0 || raw.MaxResults < 0 {
		return search{}, problem(http.StatusBadRequest, "startAt and maxResults cannot be negative.")
	}
	q, err := s.parseJQL(raw.JQL, c.by)
	if err != nil {
		return search{}, problem(http.StatusBadRequest, err.Error())
	}
	req := search{query: q, fields: raw.Fields, expand: raw.Expand, start: raw.StartAt, count: min(raw.MaxResults, s.opt.PageSize)}
	if len(req.fields) == 0 {
		req.fields = []string{"*navigable", "-comment", "-attachment"}
	}
	return req, nil
}

// oldQuery is the body of the old search, or its query.
type oldQuery struct {
	JQL        string   `json:"jql"`
	StartAt    int      `json:"startAt"`
	MaxResults int      `json:"maxResults"`
	Fields     []string `json:"fields"`
	Expand     []string `json:"expand"`
}

func (o *oldQuery) fill(c call) *reply {
	if !c.writes {
		var rep *reply
		o.StartAt, o.MaxResults, rep = c.page(o.MaxResults)
		if v := c.q.Get("maxResults"); v != "" && rep == nil {
			o.MaxResults, _ = strconv.Atoi(v) // page has read it as a number
		}
		return rep
	}
	if _, err := members(c.body, "jql", "startAt", "maxResults", "validateQuery", "fields", "expand"); err != nil {
		return problem(http.StatusBadRequest, err.Error())
	}
	if err := json.Unmarshal(c.body, o); err != nil {
		return problem(http.StatusBadRequest, "Invalid request payload: "+err.Error())
	}
	return nil
}

// pageBean is how Data Center pages its create metadata.
func pageBean(start, count, total int, values []object) *reply {
	return answer(http.StatusOK, object{"startAt": start, "maxResults": count, "total": total,
		"isLast": start+len(values) >= total, "values": values})
}

// getSecureAttachment is where Data Center keeps the bytes of a file.
func (s *Server) getSecureAttachment(c call) *reply {
	if s.quirks.LoginForFiles {
		return s.toLogin()
	}
	_, f, rep := s.fileOf(c)
	if rep != nil || f.name != c.path["file"] {
		return problem(http.StatusNotFound, "The attachment does not exist.")
	}
	return &reply{status: http.StatusOK, file: f}
}

// toLogin sends a visitor of the pages of Data Center to the login page.
func (s *Server) toLogin() *reply {
	return &reply{status: http.StatusFound, header: map[string]string{"Location": s.opt.BaseURL + "/login.jsp?permissionViolation=true"}}
}

// loginPage is what an unauthenticated visitor of the pages of Data Center gets, with 200.
func (s *Server) loginPage(call) *reply {
	return &reply{status: http.StatusOK, html: "<!doctype html><title>Log in - Jira</title><h1>Log in</h1>"}
}

// tenantInfo tells the cloud id of a site to everybody.
func (s *Server) tenantInfo(call) *reply {
	if s.opt.CloudID == "" {
		return problem(http.StatusNotFound, "Not found")
	}
	return answer(http.StatusOK, object{"cloudId": s.opt.CloudID})
}

// everybody are the operations that need no credentials.
func everybody(op string) bool { return strings.HasPrefix(op, "open:") }
