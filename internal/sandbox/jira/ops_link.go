package jira

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// putRemoteLink creates a link, or replaces the one with the same globalId: members that are not sent
// become null.
func (s *Server) putRemoteLink(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	link, errs := parseLink(c.body)
	if len(errs) > 0 {
		return invalid(errs)
	}
	status := http.StatusOK
	if old := iss.link(link.globalID); old != nil {
		link.id = old.id
		*old = *link
	} else {
		link.id, status = s.sequence("remotelink"), http.StatusCreated
		iss.links = append(iss.links, link)
	}
	s.wake()
	return answer(status, object{"id": link.id, "self": s.selfLink(iss, link)})
}

func parseLink(body []byte) (*remoteLink, map[string]string) {
	m, err := members(body, "globalId", "application", "relationship", "object")
	if err != nil {
		return nil, map[string]string{"remotelink": err.Error()}
	}
	errs := map[string]string{}
	link := &remoteLink{application: m["application"], object: m["object"]}
	if raw := m["globalId"]; raw != nil {
		id, ok := str(raw)
		if !ok && !null(raw) || length(id) > 255 {
			errs["globalId"] = "The globalId must be a string of at most 255 characters."
		}
		link.globalID = id
	}
	if raw := m["relationship"]; raw != nil && !null(raw) {
		r, ok := str(raw)
		if !ok || length(r) > 255 {
			errs["relationship"] = "The relationship must be a string of at most 255 characters."
		}
		link.relationship = &r
	}
	if raw := m["application"]; raw != nil && !null(raw) {
		if _, err := members(raw, "type", "name"); err != nil {
			errs["application"] = err.Error()
		}
	}
	checkLinked(m["object"], errs)
	return link, errs
}

// checkLinked checks the linked thing itself.
func checkLinked(raw json.RawMessage, errs map[string]string) {
	m, err := members(raw, "url", "title", "summary", "icon", "status")
	if raw == nil || err != nil {
		errs["object"] = "object is required and holds url, title, summary, icon and status."
		return
	}
	title, _ := str(m["title"])
	address, _ := str(m["url"])
	if title == "" || length(title) > 255 {
		errs["title"] = "'title' is required, at most 255 characters."
	}
	if u, err := url.Parse(address); address == "" || err != nil || u.Host == "" {
		errs["url"] = "'url' is required and must be an address."
	}
	for name, allowed := range map[string][]string{"icon": {"url16x16", "title", "link"}, "status": {"resolved", "icon"}} {
		if m[name] == nil || null(m[name]) {
			continue
		}
		if _, err := members(m[name], allowed...); err != nil {
			errs[name] = err.Error()
		}
	}
}

func (i *issue) link(globalID string) *remoteLink {
	for _, l := range i.links {
		if globalID != "" && l.globalID == globalID {
			return l
		}
	}
	return nil
}

func (s *Server) selfLink(iss *issue, l *remoteLink) string {
	return s.selfIssue(iss) + "/remotelink/" + strconv.Itoa(l.id)
}

func (s *Server) linkBean(iss *issue, l *remoteLink) object {
	b := object{"id": l.id, "self": s.selfLink(iss, l), "object": l.object}
	if l.globalID != "" {
		b["globalId"] = l.globalID
	}
	if l.application != nil {
		b["application"] = l.application
	}
	if l.relationship != nil {
		b["relationship"] = *l.relationship
	}
	return b
}

// getRemoteLinks lists the links, or shows the one with the globalId asked for.
func (s *Server) getRemoteLinks(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	if id := c.q.Get("globalId"); id != "" {
		l := iss.link(id)
		if l == nil {
			return problem(http.StatusNotFound, "The remote link with the globalId '"+id+"' does not exist.")
		}
		return answer(http.StatusOK, s.linkBean(iss, l))
	}
	beans := []object{}
	for _, l := range iss.links {
		beans = append(beans, s.linkBean(iss, l))
	}
	return answer(http.StatusOK, beans)
}

func (s *Server) deleteRemoteLink(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	id := c.q.Get("globalId")
	if id == "" {
		return problem(http.StatusBadRequest, "The globalId query parameter is required.")
	}
	l := iss.link(id)
	if l == nil {
		return problem(http.StatusNotFound, "The remote link with the globalId '"+id+"' does not exist.")
	}
	iss.links = slices.DeleteFunc(iss.links, func(have *remoteLink) bool { return have == l })
	s.wake()
	return done()
}

func (s *Server) propertyKeys(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	keys := []object{}
	for k := range iss.props {
		keys = append(keys, object{"key": k, "self": s.selfIssue(iss) + "/properties/" + url.PathEscape(k)})
	}
	slices.SortFunc(keys, func(a, b object) int { return compare(a["key"], b["key"]) })
	return answer(http.StatusOK, object{"keys": keys})
}

func (s *Server) getProperty(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	v, ok := iss.props[c.path["property"]]
	if !ok {
		return problem(http.StatusNotFound, "The property with key '"+c.path["property"]+"' does not exist.")
	}
	return answer(http.StatusOK, object{"key": c.path["property"], "value": v})
}

func (s *Server) setProperty(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	key := c.path["property"]
	if err := checkProperty(key, c.body); err != nil {
		return problem(http.StatusBadRequest, err.Error())
	}
	status := http.StatusOK
	if _, had := iss.props[key]; !had {
		status = http.StatusCreated
	}
	iss.props[key] = slices.Clone(c.body)
	s.wake()
	return answer(status, nil)
}

func (s *Server) deleteProperty(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	if _, ok := iss.props[c.path["property"]]; !ok {
		return problem(http.StatusNotFound, "The property with key '"+c.path["property"]+"' does not exist.")
	}
	delete(iss.props, c.path["property"])
	s.wake()
	return done()
}
