package jira

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
)

// create makes a ticket. Its mark rides in the same request, as a label and as a property.
func (c *Connector) create(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	project, err := c.projectFor(e.Show)
	if err != nil {
		return nil, err
	}
	s, above, err := c.newScreen(ctx, e, project)
	if err != nil {
		return nil, err
	}
	w := c.wanted(e, project, s)
	w.below(s, above)
	if err := w.complete(s, project); err != nil {
		return nil, err
	}
	m, err := c.postTicket(ctx, e, project, s, &w)
	if connectors.ClassOf(err) == connectors.Unsure {
		c.lost(c.hubKey(e))
	}
	if err != nil {
		return nil, err
	}
	c.watch(ctx, c.hubKey(e), project, m)
	st, err := c.remember(ctx, e, m, w)
	if err != nil {
		return nil, err
	}
	if err := c.proof(ctx, e, m.ID); err != nil {
		return nil, c.known(e, m.ID, m.Key, err)
	}
	c.sayDropped(e, m.Key, w.dropped)
	c.nameWanted(ctx, e, m.ID, w)
	// It is made and remembered: after an error the next try goes on from here.
	if err := c.finish(ctx, e, m.ID, st); err != nil {
		return nil, c.known(e, m.ID, m.Key, err)
	}
	return c.ticketLink(e, m.ID, m.Key), nil
}

// finish reads what was written back and moves the ticket to its status.
func (c *Connector) finish(ctx context.Context, e flow.Effect, id string, st state) error {
	now, err := c.read(ctx, id)
	if err != nil {
		return err
	}
	st.saw(now)
	c.memory.Note(stateKey(id), st)
	return c.settle(ctx, e, now)
}

// complete refuses a ticket for which Jira would ask more than the request holds.
func (w *wanted) complete(s *screen, project string) error {
	var missing []string
	for _, f := range s.fields {
		switch f.ID {
		case "project", "issuetype", "reporter", summaryField, labelsField:
			continue
		}
		have := w.fields[f.ID] != nil
		if f.ID == assigneeField {
			have = w.assignee != ""
		}
		if f.Required && !f.Default && !have {
			missing = append(missing, f.Name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	text := fmt.Sprintf("Jira needs %s for a %s in %s, and the request does not say.", strings.Join(missing, " and "), s.typeName, project)
	if len(w.dropped) > 0 {
		text += " (" + strings.Join(w.dropped, "; ") + ".)"
	}
	return cannot("create issue", text+fmt.Sprintf(" Add it to the request, or have an administrator map it in tracker.jira.projects.%s.fields.", project))
}

// postTicket sends the create request; fields that Jira refuses although the request can do without are left out once.
func (c *Connector) postTicket(ctx context.Context, e flow.Effect, project string, s *screen, w *wanted) (made, error) {
	r := call{op: "create issue", method: http.MethodPost, path: api2 + "issue", once: true, scope: "project " + project}
	for try := range 2 {
		var answer struct{ ID, Key string }
		r.body = c.createBody(e, project, s, *w)
		err := c.do(ctx, r, &answer)
		if err == nil {
			if !issueID.MatchString(answer.ID) || !issueKey.MatchString(answer.Key) {
				return made{}, &connectors.Error{Op: r.op, Class: connectors.Unsure, Wait: firstLook, Err: errors.New("the answer names no ticket")}
			}
			return made{ID: answer.ID, Key: answer.Key, At: c.deps.Now()}, nil
		}
		said := refusalOf(err)
		if said == nil || said.status != http.StatusBadRequest {
			return made{}, err
		}
		c.meta.forget(project)
		if try > 0 || !w.drop(said.said.fields, s) {
			return made{}, c.refusedFields(err, said, s, project)
		}
	}
	return made{}, errors.New("unreachable")
}

func (c *Connector) createBody(e flow.Effect, project string, s *screen, w wanted) map[string]any {
	fields := map[string]any{
		"project": map[string]string{"key": project}, "issuetype": map[string]string{"id": s.typeID},
		labelsField: labelsOf(c.hubKey(e), w.labels),
	}
	for id, v := range w.fields {
		if v != nil && v != "" {
			fields[id] = v
		}
	}
	if w.assignee != "" {
		fields[assigneeField] = person(s.on(), w.assignee)
	}
	return map[string]any{"fields": fields, "properties": []property{{originKey, c.ticketMark(e)}}}
}

func (c *Connector) ticketMark(e flow.Effect) origin {
	return origin{Form: 1, HubKey: c.hubKey(e), Source: "signoff", Ref: string(e.Request)}
}

// proof sees to it that a new ticket of a Data Center has its property: older ones drop what came in the create request
// without a word.
func (c *Connector) proof(ctx context.Context, e flow.Effect, id string) error {
	if on, err := c.edition(ctx); err != nil || on == cloud {
		return err
	}
	have, there, err := c.markOf(ctx, id)
	if err != nil || there && have == c.hubKey(e) {
		return err
	}
	return c.do(ctx, call{
		op: "mark issue", method: http.MethodPut, path: api2 + "issue/" + url.PathEscape(id) + "/properties/" + url.PathEscape(originKey),
		body: c.ticketMark(e), issue: id, scope: c.shownKey(ctx, id),
	}, nil)
}

// drop leaves out the fields that Jira named, if all of them can be done without.
func (w *wanted) drop(named map[string]string, s *screen) bool {
	if len(named) == 0 {
		return false
	}
	for id := range named {
		f, _ := s.byID(id)
		_, have := w.fields[id]
		switch {
		case id == summaryField, f.Required && !f.Default:
			return false
		case id == assigneeField && w.assignee != "":
		case !have || w.fields[id] == nil:
			return false
		}
	}
	for _, id := range slices.Sorted(maps.Keys(named)) {
		w.leave(id, s.label(id)+": "+named[id])
	}
	return true
}

// leave takes a value out and remembers it.
func (w *wanted) leave(id, why string) {
	if w.gone == nil {
		w.gone = map[string]any{}
	}
	w.dropped = append(w.dropped, why)
	if id == assigneeField {
		w.gone[id] = w.assignee
		w.unknown, w.assignee = w.assignee, ""
		return
	}
	w.gone[id] = w.fields[id]
	delete(w.fields, id)
}

// refusedFields says for people what Jira did not take.
func (c *Connector) refusedFields(err error, said *refusal, s *screen, project string) error {
	e, ok := errors.AsType[*connectors.Error](err)
	if !ok {
		return err
	}
	if _, named := said.said.fields[labelsField]; named {
		e.Person = fmt.Sprintf("Jira does not take labels for a %s in %s, and signoff needs one to find its tickets again. A Jira administrator has to put Labels on the create screen.", s.typeName, project)
		return e
	}
	if text := said.said.plain(s.label); text != "" {
		e.Person = "Jira refused the ticket. " + sentence(text) + fmt.Sprintf(" Correct the request, or have an administrator look at tracker.jira.projects.%s.fields.", project)
	}
	return e
}

// remember keeps what was made. If that fails, the ticket is there and we do not know it: so it must be looked for.
func (c *Connector) remember(ctx context.Context, e flow.Effect, m made, w wanted) (state, error) {
	st := state{Key: m.Key, Version: e.Show.Version, Labels: w.labels, Wrote: w.hashes()}
	c.memory.Note(stateKey(m.ID), st) // safe with the next line
	if err := c.memory.Save(ctx, madeKey(c.hubKey(e)), m); err != nil {
		return st, &connectors.Error{Op: "create issue", Class: connectors.Unsure, Wait: firstLook, Err: err}
	}
	return st, nil
}

// hashes are what is remembered as written.
func (w wanted) hashes() map[string]string {
	out := map[string]string{assigneeField: hash(w.assignee)}
	for _, set := range []map[string]any{w.fields, w.gone} {
		for id, v := range set {
			out[id] = hash(v)
		}
	}
	return out
}

func (c *Connector) sayDropped(e flow.Effect, key string, dropped []string) {
	if len(dropped) > 0 {
		c.deps.Log.Warn("ticket lacks fields that Jira did not take", "request", string(e.Request), "ticket", key, "fields", strings.Join(dropped, "; "))
	}
}
