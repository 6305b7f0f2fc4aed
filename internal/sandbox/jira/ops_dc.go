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
	bad := func(err error) (search, *reply) { return search{}, problem(http.StatusBadRequest, err.Error()) }
	raw := struct {
		JQL        string   `json:"jql"`
		StartAt    int      `json:"startAt"`
		MaxResults *int     `json:"maxResults"`
		Fields     []string `json:"fields"`
		Expand     []string `json:"expand"`
	}{JQL: c.q.Get("jql"), Fields: c.list("fields"), Expand: c.list("expand")}
	if c.writes {
		if _, err := members(c.body, "jql", "startAt", "maxResults", "validateQuery", "fields", "expand"); err != nil {
			return bad(err)
		}
		if err := json.Unmarshal(c.body, &raw); err != nil {
			return bad(refused("Invalid request payload: %v", err))
		}
	} else {
		for name, into := range map[string]func(int){"startAt": func(n int) { raw.StartAt = n }, "maxResults": func(n int) { raw.MaxResults = &n }} {
			v := c.q.Get(name)
			if v == "" {
				continue
			}
			n, err := strconv.Atoi(v)
			if err != nil {
				return bad(refused("The value '%s' of %s is not a number.", v, name))
			}
			into(n)
		}
	}
	if raw.StartAt < 0 || raw.MaxResults != nil && *raw.MaxResults < 0 {
		return bad(refused("startAt and maxResults cannot be negative."))
	}
	q, err := s.parseJQL(raw.JQL, c.by)
	if err != nil {
		return bad(err)
	}
	req := search{query: q, fields: raw.Fields, expand: raw.Expand, start: raw.StartAt, count: 50}
	if len(req.fields) == 0 {
		req.fields = []string{"*navigable", "-comment", "-attachment"}
	}
	if raw.MaxResults != nil {
		req.count = *raw.MaxResults
	}
	req.count = min(req.count, s.opt.PageSize)
	return req, nil
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
