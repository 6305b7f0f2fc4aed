package jira

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"
)

func at(t time.Time) string { return t.UTC().Format(stamp) }

// orNull is how a missing text looks in an issue.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func compare(a, b any) int { return cmp.Compare(a.(string), b.(string)) }

func (s *Server) self(path string) string { return s.opt.BaseURL + "/rest/api/2/" + path }

func (s *Server) selfIssue(iss *issue) string { return s.self("issue/" + iss.idString()) }

func (s *Server) avatars(kind, id string) object {
	all := object{}
	for _, size := range []string{"16x16", "24x24", "32x32", "48x48"} {
		all[size] = s.opt.BaseURL + "/secure/" + kind + "avatar?size=" + size + "&id=" + url.QueryEscape(id)
	}
	return all
}

// userBean shows an account; the address only where the resource and the person's privacy setting allow it.
func (s *Server) userBean(u *User, withEmail bool) any {
	if u == nil {
		return nil
	}
	if !s.cloud() {
		return s.namedUserBean(u)
	}
	kind := "atlassian"
	switch {
	case u.App:
		kind = "app"
	case u.Customer:
		kind = "customer"
	}
	b := object{
		"self": s.self("user?accountId=" + u.AccountID), "accountId": u.AccountID, "accountType": kind,
		"avatarUrls": s.avatars("user", u.AccountID), "displayName": u.Name, "active": !u.Inactive, "timeZone": u.TimeZone,
	}
	if withEmail && !u.HideEmail {
		b["emailAddress"] = u.Email
	}
	return b
}

// namedUserBean shows an account of an edition that knows people by name. The address is in webhooks, too.
func (s *Server) namedUserBean(u *User) object {
	b := object{"self": s.self("user?username=" + url.QueryEscape(u.Username)), "name": u.Username, "key": u.UserKey,
		"avatarUrls": s.avatars("user", u.UserKey), "displayName": u.Name, "active": !u.Inactive, "timeZone": u.TimeZone}
	if !u.HideEmail {
		b["emailAddress"] = u.Email
	}
	return b
}

func categoryBean(s *Server, key string) object {
	byKey := map[string]struct {
		id          int
		color, name string
	}{"new": {2, "blue-gray", "To Do"}, "indeterminate": {4, "yellow", "In Progress"}, "done": {3, "green", "Done"}}
	c := byKey[key]
	return object{"self": s.self("statuscategory/" + strconv.Itoa(c.id)), "id": c.id, "key": key, "colorName": c.color, "name": c.name}
}

func (s *Server) statusBean(st *Status) object {
	return object{"self": s.self("status/" + st.ID), "description": "", "iconUrl": s.opt.BaseURL + "/",
		"name": st.Name, "id": st.ID, "statusCategory": categoryBean(s, st.Category)}
}

func (s *Server) typeBean(t *IssueType) object {
	b := object{"self": s.self("issuetype/" + t.ID), "id": t.ID, "name": t.Name, "description": "",
		"iconUrl": s.opt.BaseURL + "/secure/viewavatar?avatarType=issuetype", "subtask": t.Subtask}
	if s.cloud() {
		b["hierarchyLevel"] = t.level()
	}
	return b
}

func (s *Server) projectBean(p *Project) object {
	return object{"self": s.self("project/" + p.ID), "id": p.ID, "key": p.Key, "name": p.Name,
		"projectTypeKey": "business", "simplified": false, "avatarUrls": s.avatars("project", p.ID)}
}

func (s *Server) choiceBean(kind string, list []Choice, id string) any {
	c, ok := choice(list, id)
	if !ok {
		return nil
	}
	return object{"self": s.self(kind + "/" + c.ID), "id": c.ID, "name": c.Name, "iconUrl": s.opt.BaseURL + "/"}
}

// bean shows an issue with the chosen fields of the given state, which may be the present one or what
// search still sees.
func (s *Server) bean(iss *issue, f facts, show func(string) bool) object {
	fields := object{}
	for id, v := range s.values(iss, f, true) {
		if show(id) {
			fields[id] = v
		}
	}
	return object{"expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
		"id": iss.idString(), "self": s.selfIssue(iss), "key": iss.key, "fields": fields}
}

// values are the fields of an issue; withEmail as for userBean.
func (s *Server) values(iss *issue, f facts, withEmail bool) object {
	labels := f.labels
	if labels == nil {
		labels = []string{}
	}
	v := object{
		"summary": f.summary, "description": orNull(f.description), "labels": labels,
		"issuetype": s.typeBean(f.typ), "project": s.projectBean(iss.project), "status": s.statusBean(f.status),
		"priority":   s.choiceBean("priority", priorities(), f.priority),
		"resolution": s.choiceBean("resolution", resolutions(), f.resolution), "resolutiondate": nil,
		"assignee": s.userBean(s.user(f.assignee), withEmail),
		"reporter": s.userBean(s.user(iss.creator), withEmail), "creator": s.userBean(s.user(iss.creator), withEmail),
		"duedate": orNull(f.due), "created": at(iss.created), "updated": at(f.updated),
		"timeoriginalestimate": f.estimate, "timeestimate": f.estimate, "timespent": nil, "timetracking": tracking(f.estimate),
		"components": []any{}, "fixVersions": []any{}, "versions": []any{}, "issuelinks": []any{}, "attachment": s.fileBeans(iss, withEmail),
		"environment": nil, "security": nil, "workratio": -1, "lastViewed": nil,
		"subtasks": s.subtaskBeans(iss), "comment": s.commentPage(iss),
		"watches": object{"self": s.selfIssue(iss) + "/watchers", "watchCount": len(iss.watchers), "isWatching": slices.Contains(iss.watchers, s.bot().AccountID)},
		"votes":   object{"self": s.selfIssue(iss) + "/votes", "votes": 0, "hasVoted": false},
	}
	if f.resolution != "" {
		v["resolutiondate"] = at(f.resolved)
	}
	for _, field := range f.typ.Fields {
		if field.Custom != "" {
			v[field.ID] = s.customBean(field, f.custom[field.ID])
		}
	}
	if parent := s.find(number(f.parent)); parent != nil {
		v["parent"] = s.related(parent)
	}
	return v
}

func tracking(estimate *int) object {
	if estimate == nil {
		return object{}
	}
	pretty := prettyEstimate(*estimate)
	return object{"originalEstimate": pretty, "remainingEstimate": pretty,
		"originalEstimateSeconds": *estimate, "remainingEstimateSeconds": *estimate}
}

func (s *Server) customBean(f Field, v any) any {
	if id, ok := v.(string); ok && f.Type == "option" {
		if c, found := choice(f.Choices, id); found {
			return object{"self": s.self("customFieldOption/" + c.ID), "id": c.ID, "value": c.Name}
		}
	}
	return v
}

// related shows another issue within an issue: as parent or sub-task.
func (s *Server) related(iss *issue) object {
	return object{"id": iss.idString(), "key": iss.key, "self": s.selfIssue(iss), "fields": object{
		"summary": iss.summary, "status": s.statusBean(iss.status),
		"priority": s.choiceBean("priority", priorities(), iss.priority), "issuetype": s.typeBean(iss.typ)}}
}

func (s *Server) subtaskBeans(iss *issue) []object {
	beans := []object{}
	for _, child := range s.children(iss) {
		beans = append(beans, s.related(child))
	}
	return beans
}

func (s *Server) commentPage(iss *issue) object {
	beans := []object{}
	for _, c := range s.readable(iss, s.bot()) {
		beans = append(beans, s.commentBean(iss, c, nil))
	}
	return object{"self": s.selfIssue(iss) + "/comment", "comments": beans, "maxResults": len(beans), "total": len(beans), "startAt": 0}
}

// commentBean shows a comment; its properties only when asked for.
func (s *Server) commentBean(iss *issue, c *comment, expand []string) object {
	b := object{
		"self": s.selfIssue(iss) + "/comment/" + strconv.Itoa(c.id), "id": strconv.Itoa(c.id),
		"author": s.userBean(s.user(c.author), true), "updateAuthor": s.userBean(s.user(c.editor), true),
		"body": c.body, "created": at(c.created), "updated": at(c.updated),
	}
	if s.cloud() {
		b["jsdPublic"] = c.public()
	}
	if c.visibility != nil {
		b["visibility"] = object{"type": c.visibility.Type, "value": c.visibility.Value, "identifier": c.visibility.Value}
	}
	if slices.Contains(expand, "properties") {
		b["properties"] = propertyBeans(c.props)
	}
	return b
}

func propertyBeans(props map[string]json.RawMessage) []object {
	all := []object{}
	for k, v := range props {
		all = append(all, object{"key": k, "value": v})
	}
	slices.SortFunc(all, func(a, b object) int { return compare(a["key"], b["key"]) })
	return all
}

func (s *Server) historyBeans(iss *issue) []object {
	all := []object{}
	for _, h := range iss.history {
		items := s.wireItems(h.items, false)
		all = append(all, object{"id": strconv.Itoa(h.id), "author": s.userBean(s.user(h.author), true), "created": at(h.at), "items": items})
	}
	return all
}
