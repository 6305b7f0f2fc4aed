package jira

import (
	"context"
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

// newScreen is the screen of the ticket that a request needs: a sub-task, where the project has a type for those and the
// parent is a ticket of the usual kind; else one of the usual type, below an epic or alone.
func (c *Connector) newScreen(ctx context.Context, e flow.Effect, project string) (*screen, error) {
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
	r := get("read parent", "issue/"+url.PathEscape(key), url.Values{"fields": {"issuetype"}})
	r.scope = "ticket " + key
	var answer struct {
		Fields struct {
			Type struct {
				Name  string `json:"name"`
				Level *int   `json:"hierarchyLevel"`
			} `json:"issuetype"`
		} `json:"fields"`
	}
	if err := c.do(ctx, r, &answer); err != nil {
		return false, err
	}
	if l := answer.Fields.Type.Level; l != nil {
		return *l > 0, nil
	}
	return strings.EqualFold(answer.Fields.Type.Name, "Epic"), nil
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
