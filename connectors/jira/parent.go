package jira

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
)

const (
	parentField = "parent"
	// epicLink is the kind of custom field that holds the epic of a ticket on a Data Center.
	epicLink = "com.pyxis.greenhopper.jira:gh-epic-link"
)

var keyAtEnd = regexp.MustCompile(`(?:^|/browse/|/)([A-Z][A-Z0-9_]+-[1-9][0-9]*)/?(?:[?#].*)?$`)

// keyIn reads the key of a ticket out of what people write: the key itself, in any case, or the address of the ticket.
func keyIn(v string) (string, bool) {
	v = strings.TrimSpace(v)
	if up := strings.ToUpper(v); issueKey.MatchString(up) {
		return up, true
	}
	if m := keyAtEnd.FindStringSubmatch(v); m != nil {
		return m[1], true
	}
	return "", false
}

// isParent reports whether the settings mean the parent of a ticket. The field has this name on Cloud only; on a Data
// Center it stands for the epic, or for the ticket above a sub-task.
func (r FieldRule) isParent() bool {
	return strings.EqualFold(strings.TrimSpace(r.Field), parentField)
}

// parentOf is the ticket that a request names as its parent, "" without one.
func (c *Connector) parentOf(e flow.Effect, project string) string {
	v := e.Show.View
	t := v.Ticket
	if t == nil {
		t = &flow.TicketFields{}
	}
	for name, rule := range c.set.Projects[project].Fields {
		if values := fieldValues(v, t, name); rule.isParent() && len(values) > 0 {
			if key, ok := keyIn(values[0]); ok {
				return key
			}
		}
	}
	return ""
}

// newScreen is the screen of the ticket that is to be made, with the key of the ticket above it where that is no matter of
// the settings. What a request needs is a sub-task, where the project has a type for those and the
// parent is a ticket of the usual kind; else one of the usual type, below an epic or alone.
func (c *Connector) newScreen(ctx context.Context, e flow.Effect, project string) (s *screen, above string, err error) {
	if e.Show.View.Kind == flow.PartView {
		return c.partScreen(ctx, e, project)
	}
	s, err = c.requestScreen(ctx, e, project)
	return s, "", err
}

func (c *Connector) requestScreen(ctx context.Context, e flow.Effect, project string) (*screen, error) {
	parent, below := c.parentOf(e, project), c.set.Projects[project].SubtaskType
	if parent == "" || below == "" {
		return c.screen(ctx, project)
	}
	epic, err := c.isEpic(ctx, parent)
	switch {
	case refusalOf(err) != nil && connectors.ClassOf(err) == connectors.Rejected:
		return nil, cannot("create issue", "Jira does not show "+parent+", which the request names as its parent. Correct it in the request, or let signoff's account see that ticket.")
	case err != nil:
		return nil, err
	case epic:
		return c.screen(ctx, project)
	}
	return c.screenOf(ctx, project, below)
}

// isEpic asks whether a ticket stands above those of the usual kind.
func (c *Connector) isEpic(ctx context.Context, key string) (bool, error) {
	a, err := c.ancestry(ctx, key)
	return a.epic(), err
}

// ancestry is where a ticket stands among others.
type ancestry struct {
	Key    string `json:"key"`
	Fields struct {
		Type struct {
			Name    string `json:"name"`
			Subtask bool   `json:"subtask"`
			Level   *int   `json:"hierarchyLevel"`
		} `json:"issuetype"`
		Parent *struct {
			Key string `json:"key"`
		} `json:"parent"`
	} `json:"fields"`
}

func (c *Connector) ancestry(ctx context.Context, key string) (a ancestry, err error) {
	r := get("read parent", "issue/"+url.PathEscape(key), url.Values{"fields": {"issuetype,parent"}})
	r.scope = "ticket " + key
	err = c.do(ctx, r, &a)
	return a, err
}

func (a ancestry) epic() bool {
	if l := a.Fields.Type.Level; l != nil {
		return *l > 0
	}
	return strings.EqualFold(a.Fields.Type.Name, "Epic")
}

// partScreen is the screen of a subtask's ticket, and the key of the ticket above it: the request's, or where that is a
// sub-task itself the one above both.
func (c *Connector) partScreen(ctx context.Context, e flow.Effect, project string) (s *screen, above string, err error) {
	ticket := e.Show.View.Link
	if ticket == nil || !issueID.MatchString(ticket.Ref.Key) {
		return nil, "", cannot("create sub-task", "It is not known below which Jira ticket the subtask belongs.")
	}
	a, err := c.ancestry(ctx, ticket.Ref.Key)
	switch {
	case refusalOf(err) != nil && connectors.ClassOf(err) == connectors.Rejected:
		return nil, "", cannot("create sub-task", "Jira does not show the ticket of the request, so the subtask cannot be made below it.")
	case err != nil:
		return nil, "", err
	case a.epic():
		s, err = c.screen(ctx, project)
		return s, a.Key, err
	case a.Fields.Type.Subtask && a.Fields.Parent != nil:
		a.Key = a.Fields.Parent.Key
	}
	kind, err := c.subtaskType(ctx, project)
	if err != nil {
		return nil, "", err
	}
	s, err = c.screenOf(ctx, project, kind)
	return s, a.Key, err
}

// subtaskType is the project's type of sub-tasks: the one in the settings, else the first that Jira lists.
func (c *Connector) subtaskType(ctx context.Context, project string) (string, error) {
	if kind := c.set.Projects[project].SubtaskType; kind != "" {
		return kind, nil
	}
	if s := c.meta.get(project, subtasks, c.deps.Now()); s != nil {
		return s.typeID, nil
	}
	types, err := c.issueTypes(ctx, project)
	if err != nil {
		return "", err
	}
	for _, t := range types {
		if t.Subtask {
			c.meta.put(project, subtasks, &screen{typeID: t.ID, typeName: t.Name, subtask: true}, c.deps.Now().Add(metaLife))
			return t.ID, nil
		}
	}
	return "", cannot("create sub-task", fmt.Sprintf("Jira's project %s has no type of sub-tasks that signoff may make, so the subtasks have no tickets. "+
		"An administrator has to add one to the project, or name one in tracker.jira.projects.%s.subtask_type.", project, project))
}

// subtasks stands in the cache for the project's type of sub-tasks, where the settings name none.
const subtasks = "\x00sub-tasks"

// below puts a new ticket below another one. It stays there: Jira moves sub-tasks in a dialog only.
func (w *wanted) below(s *screen, above string) {
	f, ok := s.parent()
	if above == "" || !ok {
		return
	}
	value, err := f.shape([]string{above}, nil)
	if err != nil {
		w.dropped = append(w.dropped, fmt.Sprintf("%s: %s", f.Name, err))
		return
	}
	w.fields[f.ID], w.ours[f.ID] = value, true
}

// on is the edition that a screen was read from.
func (s *screen) on() edition {
	if len(s.fields) == 0 {
		return cloud
	}
	return s.fields[0].on
}

// parent finds the field that holds the parent. A sub-task always has one, listed or not; for other tickets it is the
// epic link, where the edition has that.
func (s *screen) parent() (field, bool) {
	if s.subtask {
		return field{ID: parentField, Name: "Parent", Schema: schema{Type: "issuelink"}, on: s.on()}, true
	}
	for _, f := range s.fields {
		if f.Schema.Custom == epicLink && f.on == server {
			return f, true
		}
	}
	return s.byID(parentField)
}
