package jira

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// search is the decoded body of a search.
type search struct {
	query
	fields, properties []string
	expand             []string
	start, count       int
	reconcile          []int
	key                string // what a page token is bound to
}

// hit is an issue in the state in which search sees it.
type hit struct {
	*issue
	seen version
}

func (s *Server) searchIssues(c call) *reply {
	req, rep := s.parseSearch(c)
	if rep != nil {
		return rep
	}
	hits := s.hits(req.query, req.reconcile)
	page := window(hits, req.start, req.count)
	beans := []object{}
	for _, h := range page {
		beans = append(beans, s.hitBean(h, req))
	}
	body := object{"issues": beans, "isLast": true}
	if next := req.start + len(page); next < len(hits) {
		body["isLast"], body["nextPageToken"] = false, pageToken(next, req.key)
	}
	return answer(http.StatusOK, body)
}

// hits lists what search finds, in the order asked for. The issues to reconcile are read as they are now.
func (s *Server) hits(q query, reconcile []int) []hit {
	now := s.opt.Now()
	var all []hit
	for _, iss := range s.issues {
		if iss.hidden || iss.archived || s.archived[iss.project.Key] || s.lacks("BROWSE_PROJECTS") {
			continue
		}
		v, ok := iss.seen(now)
		if slices.Contains(reconcile, iss.id) {
			v, ok = version{facts: iss.facts}, !iss.deleted
		}
		if ok && q.where(iss, v) {
			all = append(all, hit{iss, v})
		}
	}
	slices.SortStableFunc(all, func(a, b hit) int {
		for _, o := range q.by {
			if d := compareHits(o.field, a, b); d != 0 {
				if o.desc {
					return -d
				}
				return d
			}
		}
		return cmp.Compare(b.id, a.id) // newest first, as the site does without ORDER BY
	})
	return all
}

func compareHits(field string, a, b hit) int {
	switch field {
	case "created":
		return a.created.Compare(b.created)
	case "updated":
		return a.seen.updated.Compare(b.seen.updated)
	case "priority":
		return cmp.Compare(a.seen.priority, b.seen.priority)
	case "status":
		return cmp.Compare(a.seen.status.Name, b.seen.status.Name)
	case "summary":
		return cmp.Compare(a.seen.summary, b.seen.summary)
	case "duedate":
		return cmp.Compare(a.seen.due, b.seen.due)
	}
	return cmp.Compare(a.id, b.id)
}

func (s *Server) hitBean(h hit, req search) object {
	if len(req.fields) == 1 && req.fields[0] == "id" && len(req.properties) == 0 {
		return object{"id": h.idString()}
	}
	b := s.bean(h.issue, h.seen.facts, selector(req.fields))
	if len(req.properties) > 0 {
		b["properties"] = h.propertiesOf(req.properties)
	}
	s.expand(b, h.issue, req.expand)
	return b
}

func (s *Server) parseSearch(c call) (search, *reply) {
	bad := func(err error) (search, *reply) { return search{}, problem(http.StatusBadRequest, err.Error()) }
	if _, err := members(c.body, "jql", "fields", "maxResults", "nextPageToken", "properties", "reconcileIssues", "expand", "fieldsByKeys"); err != nil {
		return bad(err)
	}
	var raw struct {
		JQL             string   `json:"jql"`
		Fields          []string `json:"fields"`
		MaxResults      *int     `json:"maxResults"`
		NextPageToken   *string  `json:"nextPageToken"`
		Properties      []string `json:"properties"`
		ReconcileIssues []int    `json:"reconcileIssues"`
		Expand          string   `json:"expand"`
		FieldsByKeys    bool     `json:"fieldsByKeys"`
	}
	if err := json.Unmarshal(c.body, &raw); err != nil {
		return bad(refused("Invalid request payload: %v", err))
	}
	switch {
	case len(raw.Properties) > 5:
		return bad(refused("A maximum of 5 issue properties can be requested."))
	case len(raw.ReconcileIssues) > 50:
		return bad(refused("A maximum of 50 issues can be reconciled."))
	case raw.MaxResults != nil && (*raw.MaxResults < 1 || *raw.MaxResults > 5000):
		return bad(refused("The value of maxResults must be between 1 and 5000."))
	}
	q, err := s.parseJQL(raw.JQL, c.by)
	if err != nil {
		return bad(err)
	}
	req := search{query: q, fields: raw.Fields, properties: raw.Properties, count: 50, reconcile: raw.ReconcileIssues,
		key: fmt.Sprint(raw.JQL, raw.ReconcileIssues)}
	if raw.Expand != "" {
		req.expand = strings.Split(raw.Expand, ",")
	}
	if len(req.fields) == 0 {
		req.fields = []string{"id"}
	}
	if raw.MaxResults != nil {
		req.count = *raw.MaxResults
	}
	req.count = min(req.count, s.opt.PageSize)
	if raw.NextPageToken != nil && *raw.NextPageToken != "" {
		if req.start, err = startOf(*raw.NextPageToken, req.key); err != nil {
			return bad(err)
		}
	}
	return req, nil
}

// pageToken carries the place in the result and the query that it belongs to.
func pageToken(start int, key string) string {
	sum := sha256.Sum256([]byte(key))
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%x:%d", sum[:6], start))
}

func startOf(token, key string) (int, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	_, number, ok := strings.Cut(string(raw), ":")
	start, atoi := strconv.Atoi(number)
	if err != nil || !ok || atoi != nil || token != pageToken(start, key) {
		return 0, refused("The nextPageToken is invalid, has expired or belongs to another query.")
	}
	return start, nil
}

func (s *Server) countIssues(c call) *reply {
	m, err := members(c.body, "jql")
	if err != nil {
		return problem(http.StatusBadRequest, err.Error())
	}
	jql, _ := str(m["jql"])
	q, err := s.parseJQL(jql, c.by)
	if err != nil {
		return problem(http.StatusBadRequest, err.Error())
	}
	return answer(http.StatusOK, object{"count": len(s.hits(q, nil))})
}
