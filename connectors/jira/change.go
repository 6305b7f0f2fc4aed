package jira

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"signoff/connectors"
	"signoff/internal/flow"
)

// issue is a ticket as read, the parts that decide.
type issue struct {
	ID     string `json:"id"`
	Key    string `json:"key"`
	Fields struct {
		Summary     string `json:"summary"`
		Description string `json:"description"`
		Status      status `json:"status"`
		Project     struct {
			Key string `json:"key"`
		} `json:"project"`
		Type struct {
			ID string `json:"id"`
		} `json:"issuetype"`
		Updated  string   `json:"updated"`
		Labels   []string `json:"labels"`
		Due      string   `json:"duedate"`
		Assignee *account `json:"assignee"`
		Priority *struct {
			Name string `json:"name"`
		} `json:"priority"`
	} `json:"fields"`
}

// category is the group that Jira puts a status in: new, indeterminate, done.
type category struct {
	Key string `json:"key"`
}

// done reports whether a status in it is an end.
func (c category) done() bool { return c.Key == "done" }

const readFields = "summary,description,status,project,issuetype,labels,duedate,assignee,priority,updated"

// read asks Jira for a ticket as it is now; unlike search this is never behind.
func (c *Connector) read(ctx context.Context, id string) (*issue, error) {
	r := get("read issue", "issue/"+url.PathEscape(id), url.Values{"fields": {readFields}})
	r.scope, r.about = c.shownKey(ctx, id), id
	var i issue
	if err := c.do(ctx, r, &i); err != nil {
		return nil, err
	}
	return &i, nil
}

// shownKey is what people call a ticket, for sentences.
func (c *Connector) shownKey(ctx context.Context, id string) string {
	var st state
	if ok, err := c.memory.Load(ctx, stateKey(id), &st); err == nil && ok && st.Key != "" {
		return "ticket " + st.Key
	}
	return "the ticket"
}

// change writes what the request changed since signoff last wrote the ticket, and moves it.
func (c *Connector) change(ctx context.Context, e flow.Effect, id string) ([]flow.Link, error) {
	var st state
	if _, err := c.memory.Load(ctx, stateKey(id), &st); err != nil {
		return nil, err
	}
	if st.Version > e.Show.Version {
		return c.ticketLink(e, id, st.Key), nil // a newer one is there already
	}
	now, err := c.read(ctx, id)
	if err != nil {
		return nil, err
	}
	w, s, err := c.wantedOf(ctx, e, now)
	if err != nil {
		return nil, err
	}
	st.Key = now.Key
	w.yield(st, now)
	wrote, err := c.edit(ctx, id, &st, &w, s)
	if err != nil {
		return nil, err
	}
	st.Version = e.Show.Version
	if err := c.memory.Save(ctx, stateKey(id), st); err != nil {
		return nil, err
	}
	c.sayDropped(e, now.Key, w.dropped)
	c.nameWanted(ctx, e, id, w)
	if wrote {
		err = c.finish(ctx, e, id, st)
	} else {
		err = c.settle(ctx, e, now)
	}
	if err != nil {
		return nil, c.known(e, id, now.Key, err)
	}
	return c.ticketLink(e, id, now.Key), nil
}

// saw remembers title and text as Jira gives them.
func (st *state) saw(now *issue) {
	st.Key = now.Key
	st.Read = map[string]string{summaryField: hash(now.Fields.Summary), descriptionField: hash(now.Fields.Description)}
}

// yield leaves title and text alone where somebody changed them in Jira since they were written.
func (w *wanted) yield(st state, now *issue) {
	for id, there := range map[string]string{summaryField: now.Fields.Summary, descriptionField: now.Fields.Description} {
		before, written := st.Wrote[id]
		if !written || before == hash(w.fields[id]) || hash(there) == before || hash(there) == st.Read[id] {
			continue
		}
		w.leave(id, id+" was changed in Jira and stays")
	}
}

// known lets a refusal tell of the ticket, so that a workflow that does not lead where it should never hides a ticket
// which its request does not know yet.
func (c *Connector) known(e flow.Effect, id, key string, err error) error {
	if refused, ok := errors.AsType[*connectors.Error](err); ok && refused.Class == connectors.Rejected && e.Show.Link == nil {
		refused.Made = c.ticketLink(e, id, key)
	}
	return err
}

// wantedOf is wanted for a ticket that exists, of whatever type it is by now; one that was moved to a project we know
// nothing of keeps its fields.
func (c *Connector) wantedOf(ctx context.Context, e flow.Effect, now *issue) (wanted, *screen, error) {
	project := now.Fields.Project.Key
	if _, ok := c.set.Projects[project]; !ok {
		s := &screen{}
		return c.wanted(e, project, s), s, nil
	}
	s, err := c.screen(ctx, project)
	if err != nil {
		return wanted{}, nil, err
	}
	if typ := now.Fields.Type.ID; typ != "" && typ != s.typeID {
		other, err := c.screenOf(ctx, project, typ)
		switch {
		case err == nil:
			s = other
		case connectors.ClassOf(err) != connectors.Rejected: // else a type that nobody can make: the usual one has to do
			return wanted{}, nil, err
		}
	}
	return c.wanted(e, project, s), s, nil
}

// edit sends the fields that changed, in one request, and the assignee in another. wrote says that title or text may
// read otherwise now.
func (c *Connector) edit(ctx context.Context, id string, st *state, w *wanted, s *screen) (wrote bool, err error) {
	if wrote, err = c.put(ctx, id, st, w, s); err != nil {
		return false, err
	}
	before, written := st.Wrote[assigneeField]
	if (written && before != hash(w.assignee)) || (!written && w.assignee != "") {
		if err := c.assign(ctx, id, st.Key, w); err != nil {
			return false, err
		}
	}
	if st.Wrote == nil {
		st.Wrote = map[string]string{}
	}
	maps.Copy(st.Wrote, w.hashes())
	st.Labels = w.labels
	return wrote, nil
}

// changes is the body of an edit: what differs from what was last written, never what people changed meanwhile.
func (st state) changes(w wanted) map[string]any {
	fields := map[string]any{}
	for id, v := range w.fields {
		before, written := st.Wrote[id]
		switch {
		case written && before == hash(v):
		case w.ours[id] && written: // Jira's own once the ticket is made
		case !written && v == nil:
		default:
			fields[id] = v
		}
	}
	body := map[string]any{}
	if len(fields) > 0 {
		body["fields"] = fields
	}
	if verbs := labelVerbs(st.Labels, w.labels); len(verbs) > 0 {
		body["update"] = map[string]any{labelsField: verbs}
	}
	return body
}

// labelVerbs adds and removes single labels, so that those people put there stay.
func labelVerbs(before, after []string) []map[string]string {
	var verbs []map[string]string
	for _, l := range after {
		if !slices.Contains(before, l) {
			verbs = append(verbs, map[string]string{"add": l})
		}
	}
	for _, l := range before {
		if !slices.Contains(after, l) {
			verbs = append(verbs, map[string]string{"remove": l})
		}
	}
	return verbs
}

// put sends an edit; fields that Jira does not take are left out once.
func (c *Connector) put(ctx context.Context, id string, st *state, w *wanted, s *screen) (wrote bool, err error) {
	r := call{op: "edit issue", method: http.MethodPut, path: api2 + "issue/" + url.PathEscape(id), issue: id, scope: "ticket " + st.Key}
	for try := 0; ; try++ {
		body := st.changes(*w)
		if len(body) == 0 {
			return false, nil
		}
		r.body = body
		err := c.do(ctx, r, nil)
		if err == nil {
			c.changed(id, st.Key)
		}
		said := refusalOf(err)
		if err == nil || said == nil || said.status != http.StatusBadRequest {
			return err == nil, err
		}
		c.meta.forget(projectOf(st.Key))
		if try > 0 || !w.dropEdit(said.said.fields, s) {
			return false, c.refusedFields(err, said, s, projectOf(st.Key))
		}
	}
}

// dropEdit leaves out every field that Jira does not take in an edit; the ticket is there, so none is worth losing
// the others for.
func (w *wanted) dropEdit(named map[string]string, s *screen) bool {
	dropped := false
	for _, id := range slices.Sorted(maps.Keys(named)) {
		if _, have := w.fields[id]; have && id != summaryField {
			w.leave(id, s.label(id)+": "+named[id])
			dropped = true
		}
	}
	return dropped
}

// assign gives the ticket to an account or to nobody. Jira takes nothing but the id in this body.
func (c *Connector) assign(ctx context.Context, id, key string, w *wanted) error {
	e, err := c.edition(ctx)
	if err != nil {
		return err
	}
	r := call{
		op: "assign issue", method: http.MethodPut, path: api2 + "issue/" + url.PathEscape(id) + "/assignee",
		body: person(e, w.assignee), issue: id, scope: "ticket " + key,
	}
	err = c.do(ctx, r, nil)
	if said := refusalOf(err); said != nil && (said.status == http.StatusBadRequest || said.status == http.StatusNotFound) && w.assignee != "" {
		w.leave(assigneeField, "Assignee: "+said.said.plain(nil))
		return nil
	}
	return err
}

func projectOf(key string) string {
	if !issueKey.MatchString(key) {
		return ""
	}
	for i := len(key) - 1; i > 0; i-- {
		if key[i] == '-' {
			return key[:i]
		}
	}
	return ""
}

// nameWanted says in a comment who should have the ticket when it could not be given to them; once per person. It is
// a courtesy: a failure is only logged.
func (c *Connector) nameWanted(ctx context.Context, e flow.Effect, id string, w wanted) {
	if w.unknown == "" {
		return
	}
	var st state
	if _, err := c.memory.Load(ctx, stateKey(id), &st); err != nil || st.Named == w.unknown {
		return
	}
	name := escape(w.unknown, false)
	if t := e.Show.View.Ticket; t != nil {
		name = escape(shownName(t.Assignee), false)
	}
	body := fmt.Sprintf("%s should have this ticket, but could not be assigned: Jira knows no account of theirs that may be assigned here.", name)
	if err := c.sayOnce(ctx, remark{issue: id, body: body, mark: e.Mark() + "/assignee/" + w.unknown}); err != nil {
		c.deps.Log.Warn("wanted assignee not named", "request", string(e.Request), "class", string(connectors.ClassOf(err)), "err", err)
		return
	}
	st.Named = w.unknown
	if err := c.memory.Save(ctx, stateKey(id), st); err != nil {
		c.deps.Log.Warn("wanted assignee not remembered", "request", string(e.Request), "err", err)
	}
}

// Statuses lists the names of the site's statuses, each once.
func (c *Connector) Statuses(ctx context.Context) ([]string, error) {
	var list []struct {
		Name string `json:"name"`
	}
	if err := c.do(ctx, get("read statuses", "status", nil), &list); err != nil {
		return nil, err
	}
	var names []string
	for _, s := range list {
		if s.Name != "" && !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names, nil
}
