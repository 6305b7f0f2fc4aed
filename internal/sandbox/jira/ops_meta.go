package jira

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (s *Server) serverInfo(call) *reply {
	return answer(http.StatusOK, object{
		"baseUrl": s.opt.BaseURL, "version": s.opt.Version, "versionNumbers": []int{s.major(), 0, 0},
		"deploymentType": s.opt.Edition, "buildNumber": 100300, "buildDate": "2026-11-02T12:00:00.000+0000",
		"serverTime": at(s.opt.Now()), "scmInfo": "sandbox", "serverTitle": "Jira sandbox",
		"defaultLocale": object{"locale": "en_GB"}, "serverTimeZone": "Etc/UTC",
	})
}

func (s *Server) myself(c call) *reply {
	b, _ := s.userBean(c.by, true).(object)
	b["locale"] = "en_GB"
	b["groups"] = object{"size": 0, "items": []any{}}
	b["applicationRoles"] = object{"size": 0, "items": []any{}}
	b["expand"] = "groups,applicationRoles"
	return answer(http.StatusOK, b)
}

func (s *Server) myPermissions(c call) *reply {
	asked := c.list("permissions")
	if len(asked) == 0 && !s.cloud() {
		asked = slices.Sorted(maps.Keys(permissions()))
	}
	if len(asked) == 0 {
		return problem(http.StatusBadRequest, "The 'permissions' query parameter is required.")
	}
	if key := c.q.Get("projectKey"); key != "" && s.project(key) == nil {
		return problem(http.StatusNotFound, "No project could be found with key '"+key+"'.")
	}
	if key := c.q.Get("issueKey"); key != "" {
		if iss := s.find(key); iss == nil || iss.hidden {
			return problem(http.StatusNotFound, s.unseen())
		}
	}
	all, shown := permissions(), object{}
	ids := slices.Sorted(maps.Keys(all))
	for _, key := range asked {
		name, known := all[key]
		if !known {
			return problem(http.StatusBadRequest, "Unrecognized permission: "+key)
		}
		kind := "PROJECT"
		if global(key) {
			kind = "GLOBAL"
		}
		shown[key] = object{"id": strconv.Itoa(10 + slices.Index(ids, key)), "key": key, "name": name, "type": kind,
			"description": name + ".", "havePermission": !s.lacks(key)}
	}
	return answer(http.StatusOK, object{"permissions": shown})
}

// projectOf finds the project that a path names.
func (s *Server) projectOf(c call) (*Project, *reply) {
	name := c.path["project"]
	if p := s.project(name); p != nil && !s.lacks("BROWSE_PROJECTS") {
		return p, nil
	}
	return nil, problem(http.StatusNotFound, "No project could be found with key '"+name+"'.")
}

func (s *Server) getProject(c call) *reply {
	p, rep := s.projectOf(c)
	if rep != nil {
		return rep
	}
	b := s.projectBean(p)
	types := []object{}
	for i := range p.Types {
		types = append(types, s.typeBean(&p.Types[i]))
	}
	b["archived"] = s.archived[p.Key]
	b["issueTypes"], b["components"], b["versions"] = types, []any{}, []any{}
	b["assigneeType"], b["style"], b["description"] = "UNASSIGNED", "classic", ""
	b["lead"] = s.userBean(s.users()[0], false)
	return answer(http.StatusOK, b)
}

func (s *Server) projectStatuses(c call) *reply {
	p, rep := s.projectOf(c)
	if rep != nil {
		return rep
	}
	all := []object{}
	for i := range p.Types {
		t := &p.Types[i]
		all = append(all, object{"self": s.self("issuetype/" + t.ID), "id": t.ID, "name": t.Name, "subtask": t.Subtask, "statuses": s.statusBeans()})
	}
	return answer(http.StatusOK, all)
}

func (s *Server) statusBeans() []object {
	all := []object{}
	for i := range s.opt.Statuses {
		all = append(all, s.statusBean(&s.opt.Statuses[i]))
	}
	return all
}

func (s *Server) allStatuses(call) *reply { return answer(http.StatusOK, s.statusBeans()) }

func (s *Server) allPriorities(call) *reply {
	all := []any{}
	for _, p := range priorities() {
		all = append(all, s.choiceBean("priority", priorities(), p.ID))
	}
	return answer(http.StatusOK, all)
}

// systemFields exist on every site, whether or not a screen shows them.
func systemFields() []Field {
	return []Field{
		{ID: "summary", Name: "Summary", Type: "string"}, {ID: "description", Name: "Description", Type: "string"},
		{ID: "issuetype", Name: "Issue Type", Type: "issuetype"}, {ID: "project", Name: "Project", Type: "project"},
		{ID: "status", Name: "Status", Type: "status"}, {ID: "resolution", Name: "Resolution", Type: "resolution"},
		{ID: "priority", Name: "Priority", Type: "priority"}, {ID: "labels", Name: "Labels", Type: "array", Items: "string"},
		{ID: "assignee", Name: "Assignee", Type: "user"}, {ID: "reporter", Name: "Reporter", Type: "user"},
		{ID: "creator", Name: "Creator", Type: "user"}, {ID: "created", Name: "Created", Type: "datetime"},
		{ID: "updated", Name: "Updated", Type: "datetime"}, {ID: "duedate", Name: "Due date", Type: "date"},
		{ID: "parent", Name: "Parent", Type: "issuelink"}, {ID: "comment", Name: "Comment", Type: "comments-page"},
		{ID: "attachment", Name: "Attachment", Type: "array", Items: "attachment"},
		{ID: "timeoriginalestimate", Name: "Original estimate", Type: "number"},
		{ID: "timetracking", Name: "Time tracking", Type: "timetracking"},
		{ID: "components", Name: "Components", Type: "array", Items: "component"},
	}
}

func schema(f Field) object {
	b := object{"type": f.Type}
	if f.Items != "" {
		b["items"] = f.Items
	}
	if f.Custom == "" {
		b["system"] = f.ID
		return b
	}
	b["custom"] = "com.atlassian.jira.plugin.system.customfieldtypes:" + f.Custom
	if strings.Contains(f.Custom, ":") { // of another plugin
		b["custom"] = f.Custom
	}
	if id, err := strconv.Atoi(strings.TrimPrefix(f.ID, "customfield_")); err == nil {
		b["customId"] = id
	}
	return b
}

func (s *Server) allFields(call) *reply {
	byID := map[string]Field{}
	for _, f := range systemFields() {
		byID[f.ID] = f
	}
	for _, p := range s.projects {
		for _, t := range p.Types {
			for _, f := range t.Fields {
				byID[f.ID] = f
			}
		}
	}
	all := []object{}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		f := byID[id]
		clauses := []string{f.ID}
		if f.Custom != "" {
			clauses = []string{"cf[" + strings.TrimPrefix(f.ID, "customfield_") + "]", f.Name}
		}
		all = append(all, object{"id": f.ID, "key": f.ID, "name": f.Name, "custom": f.Custom != "", "orderable": true,
			"navigable": true, "searchable": true, "clauseNames": clauses, "schema": schema(f)})
	}
	return answer(http.StatusOK, all)
}

func (s *Server) createMetaTypes(c call) *reply {
	p, rep := s.createProject(c)
	if rep != nil {
		return rep
	}
	start, count, rep := c.page(50)
	if rep != nil {
		return rep
	}
	beans := []object{}
	for _, t := range window(p.Types, start, count) {
		beans = append(beans, s.typeBean(&t))
	}
	if !s.cloud() {
		return pageBean(start, count, len(p.Types), beans)
	}
	return answer(http.StatusOK, object{"startAt": start, "maxResults": count, "total": len(p.Types), "issueTypes": beans})
}

// createProject finds the project whose create screens are asked for; the answer for an unknown one is 400.
func (s *Server) createProject(c call) (*Project, *reply) {
	p := s.project(c.path["project"])
	if p == nil || s.lacks("CREATE_ISSUES") {
		return nil, problem(http.StatusBadRequest, "No project could be found with id or key '"+c.path["project"]+"', or you cannot create issues in it.")
	}
	return p, nil
}

func (s *Server) createMetaFields(c call) *reply {
	p, rep := s.createProject(c)
	if rep != nil {
		return rep
	}
	t := p.typ(func(t *IssueType) bool { return t.ID == c.path["type"] })
	if t == nil {
		return problem(http.StatusBadRequest, "The issue type '"+c.path["type"]+"' is not in the project.")
	}
	start, count, rep := c.page(50)
	if rep != nil {
		return rep
	}
	beans := []object{}
	for _, f := range window(t.Fields, start, count) {
		beans = append(beans, s.createMeta(f, p, t))
	}
	if !s.cloud() {
		return pageBean(start, count, len(t.Fields), beans)
	}
	return answer(http.StatusOK, object{"startAt": start, "maxResults": count, "total": len(t.Fields), "fields": beans})
}

// createMeta describes a field of the create screen of an issue type.
func (s *Server) createMeta(f Field, p *Project, t *IssueType) object {
	b := s.fieldMeta(f)
	b["fieldId"] = f.ID
	switch f.ID {
	case "project":
		b["allowedValues"] = []object{s.projectBean(p)}
	case "issuetype":
		b["allowedValues"] = []object{s.typeBean(t)}
	}
	return b
}

// fieldMeta describes a field of a screen, as create metadata and transitions do.
func (s *Server) fieldMeta(f Field) object {
	b := object{"required": f.Required, "schema": schema(f), "name": f.Name, "key": f.ID,
		"hasDefaultValue": f.ID == "priority", "operations": operations(f)}
	switch {
	case f.ID == "priority":
		b["allowedValues"] = s.choiceBeans("priority", priorities())
		b["defaultValue"] = s.choiceBean("priority", priorities(), mediumPriority)
	case f.ID == "resolution":
		b["allowedValues"] = s.choiceBeans("resolution", resolutions())
	case f.ID == "assignee":
		b["autoCompleteUrl"] = s.self("user/assignable/search?project=&query=")
	case f.Type == "option":
		options := []any{}
		for _, c := range f.Choices {
			options = append(options, s.customBean(f, c.ID))
		}
		b["allowedValues"] = options
	}
	return b
}

func (s *Server) choiceBeans(kind string, list []Choice) []any {
	all := []any{}
	for _, c := range list {
		all = append(all, s.choiceBean(kind, list, c.ID))
	}
	return all
}

// editMeta describes the fields that an edit of the issue may set.
func (s *Server) editMeta(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	all := object{}
	for _, f := range iss.typ.Fields {
		if f.ID != "project" && f.ID != "issuetype" {
			all[f.ID] = s.fieldMeta(f)
		}
	}
	return answer(http.StatusOK, object{"fields": all})
}
