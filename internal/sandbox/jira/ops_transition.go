package jira

import (
	"cmp"
	"net/http"
	"slices"
)

// transition returns the transition with this id if it leads out of a status and is open to an account.
func (s *Server) transition(id string, from *Status, by *User) *Transition {
	for i := range s.opt.Transitions {
		if t := &s.opt.Transitions[i]; t.ID == id && t.leaves(from.Name) && t.open(by) {
			return t
		}
	}
	return nil
}

// open lists the transitions out of a status, whoever may take them.
func (s *Server) open(from *Status) []*Transition {
	var all []*Transition
	for i := range s.opt.Transitions {
		if t := &s.opt.Transitions[i]; t.leaves(from.Name) {
			all = append(all, t)
		}
	}
	return all
}

// pass moves facts through a transition. Leaving the done statuses clears the resolution, as the workflows
// of a Cloud site do.
func (s *Server) pass(t *Transition, f *facts) {
	f.status = s.status(t.To)
	if f.status.Category != "done" {
		f.resolution = ""
	} else if c, ok := choice(resolutions(), t.Resolves); ok {
		f.resolution = c.ID
	}
}

func (s *Server) getTransitions(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	withFields := slices.Contains(c.list("expand"), "transitions.fields")
	beans := s.transitionBeans(iss, withFields, c.q.Get("includeUnavailableTransitions") == "true")
	if only := c.q.Get("transitionId"); only != "" {
		beans = slices.DeleteFunc(beans, func(b object) bool { return b["id"] != only })
	}
	return answer(http.StatusOK, object{"expand": "transitions", "transitions": beans})
}

// transitionBeans lists what the account may do now: nothing without the permission.
func (s *Server) transitionBeans(iss *issue, withFields, unavailable bool) []object {
	beans := []object{}
	if s.lacks("TRANSITION_ISSUES") {
		return beans
	}
	for _, t := range s.open(iss.status) {
		available := t.open(s.bot())
		if !available && !unavailable {
			continue
		}
		b := object{
			"id": t.ID, "name": t.Name, "to": s.statusBean(s.status(t.To)),
			"hasScreen": len(t.Screen) > 0, "isGlobal": len(t.From) == 0, "isInitial": false,
			"isAvailable": available, "isConditional": t.Only != nil, "isLooped": false,
		}
		if withFields {
			b["fields"] = s.screenBean(t, iss.typ)
		}
		beans = append(beans, b)
	}
	return beans
}

func (s *Server) screenBean(t *Transition, typ *IssueType) object {
	all := object{}
	for _, sf := range t.Screen {
		f, ok := screenField(sf.ID, typ)
		if !ok {
			continue
		}
		f.Required = sf.Required
		all[sf.ID] = s.fieldMeta(f)
	}
	return all
}

// screenField finds a field of a transition screen; the resolution exists nowhere else.
func screenField(id string, typ *IssueType) (Field, bool) {
	if id == "resolution" {
		return Field{ID: "resolution", Name: "Resolution", Type: "resolution", Choices: resolutions()}, true
	}
	return typ.field(id)
}

func (s *Server) doTransition(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	req, rep := parseRequest(c.body)
	if rep != nil {
		return rep
	}
	if req.transition == "" {
		return problem(http.StatusBadRequest, "Missing 'transition' identifier")
	}
	t := s.transition(req.transition, iss.status, c.by)
	if t == nil {
		return problem(http.StatusBadRequest, "It seems that you have tried to perform a workflow operation ("+req.transition+
			") that is not valid for the current state of this issue ("+iss.key+"). The likely cause is that somebody has changed the issue recently, please look at the issue history for details.")
	}
	return s.move(iss, t, req, c.by)
}

// move carries out a transition with the fields of its screen, all or nothing.
func (s *Server) move(iss *issue, t *Transition, req request, by *User) *reply {
	e := &edit{s: s, project: iss.project, facts: iss.facts.clone(), errs: map[string]string{}}
	e.screen = func(id string) (Field, bool) {
		if !t.shows(id) {
			return Field{}, false
		}
		return screenField(id, iss.typ)
	}
	e.fields(req.fields)
	e.update(req.update, req.fields)
	s.pass(t, &e.facts)
	for _, f := range t.Screen {
		if f.Required && e.errs[f.ID] == "" && req.fields[f.ID] == nil && req.update[f.ID] == nil {
			field, _ := screenField(f.ID, iss.typ)
			e.errs[f.ID] = cmp.Or(field.Name, f.ID) + " is required."
		}
	}
	if len(e.errs) > 0 {
		return invalid(e.errs)
	}
	for _, p := range req.properties {
		iss.props[p.key] = p.value
	}
	s.commit(iss, e.facts, by)
	s.addComments(iss, e.comments, by)
	return done()
}
