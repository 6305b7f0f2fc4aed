package jira

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// request is the decoded body of a create, an edit or a transition.
type request struct {
	fields, update map[string]json.RawMessage
	properties     []property
	transition     string // id; "" = none
}

func parseRequest(body []byte) (request, *reply) {
	bad := func(err error) (request, *reply) { return request{}, problem(http.StatusBadRequest, err.Error()) }
	m, err := members(body, "fields", "update", "properties", "transition", "historyMetadata")
	if err != nil {
		return bad(err)
	}
	var r request
	for name, into := range map[string]*map[string]json.RawMessage{"fields": &r.fields, "update": &r.update} {
		if m[name] == nil {
			continue
		}
		if *into, err = members(m[name]); err != nil {
			return bad(refused("'%s' must be an object", name))
		}
	}
	if r.properties, err = properties(m["properties"]); err != nil {
		return bad(err)
	}
	if m["transition"] != nil {
		t, err := members(m["transition"])
		id, ok := str(t["id"])
		if err != nil || !ok {
			return bad(refused("'transition' identifier must be specified."))
		}
		r.transition = id
	}
	return r, nil
}

func (s *Server) createIssue(c call) *reply {
	req, rep := parseRequest(c.body)
	if rep != nil {
		return rep
	}
	project, typ, errs := s.place(req.fields)
	if len(errs) > 0 {
		return invalid(errs)
	}
	if s.archived[project.Key] {
		return badField("project", "The project is archived. You can't create issues in it.")
	}
	e := &edit{s: s, project: project, screen: typ.field, errs: errs, facts: facts{
		typ: typ, status: s.status(s.opt.Statuses[0].ID), priority: mediumPriority,
	}}
	e.fields(req.fields)
	e.update(req.update, req.fields)
	for _, f := range typ.Fields {
		if f.Required && e.errs[f.ID] == "" && req.fields[f.ID] == nil {
			e.errs[f.ID] = required(f)
		}
	}
	if len(e.errs) > 0 {
		return invalid(e.errs)
	}
	if rep := s.firstStatus(e, req.transition, c.by); rep != nil {
		return rep
	}
	iss := s.insert(e, req.properties, c.by)
	return answer(http.StatusCreated, object{"id": iss.idString(), "key": iss.key, "self": s.selfIssue(iss)})
}

func required(f Field) string {
	switch f.ID {
	case "summary":
		return "You must specify a summary of the issue."
	case "parent":
		return "Issue type is a sub-task but parent issue key or id not specified."
	}
	return f.Name + " is required."
}

// place settles project and issue type, on which everything else depends.
func (s *Server) place(fields map[string]json.RawMessage) (*Project, *IssueType, map[string]string) {
	errs := map[string]string{}
	project := s.project(reference(fields["project"], "id", "key"))
	if project == nil {
		errs["project"] = "Specify a valid project ID or key"
		return nil, nil, errs
	}
	id, name := reference(fields["issuetype"], "id"), reference(fields["issuetype"], "name")
	typ := project.typ(func(t *IssueType) bool { return t.ID == id && id != "" || t.Name == name && name != "" })
	if typ == nil {
		errs["issuetype"] = "Specify a valid issue type"
	}
	return project, typ, errs
}

// reference reads the first of the keys of an object such as {"id": "10001"}; "" when it has another shape.
func reference(raw json.RawMessage, keys ...string) string {
	m, err := members(raw)
	if err != nil {
		return ""
	}
	for _, k := range keys {
		if s, ok := str(m[k]); ok {
			return s
		}
	}
	return ""
}

// firstStatus moves a new issue by the transition that its create request asks for.
func (s *Server) firstStatus(e *edit, id string, by *User) *reply {
	if id == "" {
		return nil
	}
	t := s.transition(id, e.facts.status, by)
	if t == nil {
		return problem(http.StatusBadRequest, "It is not possible to transition to the requested status during creation.")
	}
	s.pass(t, &e.facts)
	return nil
}

// insert makes the issue and announces it. The caller holds the lock.
func (s *Server) insert(e *edit, props []property, by *User) *issue {
	now := s.opt.Now()
	s.nextKey[e.project.Key]++
	iss := &issue{
		facts: e.facts, id: s.sequence("issue"), project: e.project,
		key:     e.project.Key + "-" + number(s.nextKey[e.project.Key]),
		creator: by.AccountID, created: now, props: map[string]json.RawMessage{},
	}
	iss.updated = now
	for _, p := range props {
		if !s.quirks.CreateIgnoresProperties && (s.cloud() || s.major() >= 8) {
			iss.props[p.key] = p.value
		}
	}
	s.issues = append(s.issues, iss)
	s.index[iss.key], s.index[iss.idString()] = iss, iss
	iss.remember(now, s.opt.IndexLag)
	s.announce(s.createdHook(iss, by))
	s.addComments(iss, e.comments, by)
	s.wake()
	return iss
}

func (s *Server) getIssue(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	show := c.list("fields")
	if len(show) == 0 {
		show = []string{"*all"}
	}
	body := s.bean(iss, iss.facts, selector(show))
	if keys := c.list("properties"); len(keys) > 0 {
		body["properties"] = iss.propertiesOf(keys)
	}
	s.expand(body, iss, c.list("expand"))
	return answer(http.StatusOK, body)
}

func (i *issue) propertiesOf(keys []string) object {
	found := object{}
	for k, v := range i.props {
		if slices.Contains(keys, k) || slices.Contains(keys, "*all") {
			found[k] = v
		}
	}
	return found
}

func (s *Server) expand(body object, iss *issue, names []string) {
	for _, name := range names {
		switch name {
		case "names":
			body["names"] = s.names(iss.typ)
		case "schema":
			body["schema"] = s.schemas(iss.typ)
		case "changelog":
			all := s.historyBeans(iss)
			slices.Reverse(all)
			body["changelog"] = object{"startAt": 0, "maxResults": len(all), "total": len(all), "histories": all}
		case "transitions":
			body["transitions"] = s.transitionBeans(iss, false, false)
		}
	}
}

func (s *Server) editIssue(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	if c.q.Get("notifyUsers") == "false" {
		return problem(http.StatusForbidden, "To discard the user notification either admin or project admin permissions are required.")
	}
	req, rep := parseRequest(c.body)
	switch {
	case rep != nil:
		return rep
	case req.transition != "":
		return problem(http.StatusBadRequest, "Use the transitions resource to move an issue.")
	case req.fields == nil && req.update == nil && req.properties == nil:
		return problem(http.StatusBadRequest, "one of 'fields' or 'update' required")
	}
	e := &edit{s: s, project: iss.project, facts: iss.facts.clone(), screen: iss.typ.field, errs: map[string]string{}}
	e.fixed(req.fields)
	e.fields(req.fields)
	e.update(req.update, req.fields)
	if len(e.errs) > 0 {
		return invalid(e.errs)
	}
	for _, p := range req.properties {
		iss.props[p.key] = p.value
	}
	s.commit(iss, e.facts, c.by)
	s.addComments(iss, e.comments, c.by)
	return done()
}

// fixed refuses to move an issue to another project or type, which an edit of the sandbox cannot do.
func (e *edit) fixed(fields map[string]json.RawMessage) {
	for _, id := range []string{"project", "issuetype"} {
		if fields[id] != nil {
			e.errs[id] = offScreen(id)
		}
	}
}

func (s *Server) assignIssue(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	m, err := members(c.body, s.idName())
	if err != nil {
		return problem(http.StatusBadRequest, err.Error())
	}
	raw, given := m[s.idName()]
	if !given {
		return problem(http.StatusBadRequest, "'"+s.idName()+"' must be specified.")
	}
	id, isText := str(raw)
	after := iss.facts.clone()
	switch {
	case null(raw), id == "-1": // the project has no default assignee
		after.assignee = ""
	case !isText:
		return problem(http.StatusBadRequest, "'"+s.idName()+"' must be a string.")
	case s.byID(id) == nil:
		return problem(http.StatusNotFound, "Specified user does not exist or you do not have required permissions")
	case s.assignable(id) == nil:
		return badField("assignee", "User '"+id+"' cannot be assigned issues.")
	default:
		after.assignee = s.byID(id).AccountID
	}
	s.commit(iss, after, c.by)
	return done()
}

func (s *Server) deleteIssue(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	if children := s.children(iss); len(children) > 0 && c.q.Get("deleteSubtasks") != "true" {
		return problem(http.StatusBadRequest, "The issue '"+iss.key+"' has subtasks. You must specify the 'deleteSubtasks' parameter to delete this issue and all its subtasks.")
	}
	s.remove(iss, c.by)
	return done()
}

func (s *Server) children(iss *issue) []*issue {
	var all []*issue
	for _, other := range s.issues {
		if !other.deleted && other.parent == iss.id {
			all = append(all, other)
		}
	}
	return all
}

// remove deletes an issue with its sub-tasks and announces each.
func (s *Server) remove(iss *issue, by *User) {
	for _, child := range s.children(iss) {
		s.remove(child, by)
	}
	s.announce(s.deletedHook(iss, by))
	iss.deleted = true
	iss.remember(s.opt.Now(), s.opt.IndexLag)
	s.wake()
}

func (s *Server) getChangelog(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	start, count, rep := c.page(100)
	if rep != nil {
		return rep
	}
	all := s.historyBeans(iss)
	values := window(all, start, count)
	return answer(http.StatusOK, object{"self": s.selfIssue(iss) + "/changelog", "startAt": start, "maxResults": count,
		"total": len(all), "isLast": start+len(values) >= len(all), "values": values})
}

// selector decides by a list such as "*all,-comment" which fields an answer shows.
func selector(list []string) func(id string) bool {
	var some, without []string
	all := false
	for _, name := range list {
		switch {
		case name == "*all" || name == "*navigable":
			all = true
		case strings.HasPrefix(name, "-"):
			without = append(without, name[1:])
		default:
			some = append(some, name)
		}
	}
	all = all || len(some) == 0 && len(without) > 0
	return func(id string) bool {
		return !slices.Contains(without, id) && (all || slices.Contains(some, id))
	}
}

func (s *Server) names(typ *IssueType) object {
	names := object{}
	for _, f := range s.allFieldsOf(typ) {
		names[f.ID] = f.Name
	}
	return names
}

func (s *Server) schemas(typ *IssueType) object {
	all := object{}
	for _, f := range s.allFieldsOf(typ) {
		all[f.ID] = schema(f)
	}
	return all
}

func (s *Server) allFieldsOf(typ *IssueType) []Field {
	byID := map[string]Field{}
	for _, f := range systemFields() {
		byID[f.ID] = f
	}
	for _, f := range typ.Fields {
		byID[f.ID] = f
	}
	var all []Field
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		all = append(all, byID[id])
	}
	return all
}
