package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"signoff/connectors"
)

// metaLife is how long the fields of an issue type are believed.
const metaLife = 10 * time.Minute

// field is a field on the create screen of an issue type.
type field struct {
	ID       string            `json:"fieldId"`
	Key      string            `json:"key"`
	Name     string            `json:"name"`
	Required bool              `json:"required"`
	Default  bool              `json:"hasDefaultValue"`
	Schema   schema            `json:"schema"`
	Allowed  []json.RawMessage `json:"allowedValues"`
	on       edition           // decides how people are named
}

type schema struct {
	Type   string `json:"type"`
	Items  string `json:"items"`
	System string `json:"system"`
	Custom string `json:"custom"`
}

// screen is what may be set when a ticket of one type is made.
type screen struct {
	typeID, typeName string
	subtask          bool
	fields           []field
}

// byID returns the field with an id.
func (s *screen) byID(id string) (field, bool) {
	i := slices.IndexFunc(s.fields, func(f field) bool { return f.ID == id })
	if i < 0 {
		return field{}, false
	}
	return s.fields[i], true
}

// named returns the field that the settings mean: by id, else by name in any case. Two fields of one name are refused,
// because nothing says which is meant.
func (s *screen) named(name string) (field, error) {
	if f, ok := s.byID(name); ok {
		return f, nil
	}
	var hits []field
	for _, f := range s.fields {
		if strings.EqualFold(f.Name, strings.TrimSpace(name)) {
			hits = append(hits, f)
		}
	}
	switch len(hits) {
	case 1:
		return hits[0], nil
	case 0:
		return field{}, fmt.Errorf("there is no field %q on the screen", name)
	}
	return field{}, fmt.Errorf("%d fields are called %q; use one of the ids %s", len(hits), name, ids(hits))
}

func ids(list []field) string {
	out := make([]string, len(list))
	for i, f := range list {
		out[i] = f.ID
	}
	return strings.Join(out, ", ")
}

// label is the name of a field by id, as people know it.
func (s *screen) label(id string) string {
	if f, ok := s.byID(id); ok && f.Name != "" {
		return f.Name
	}
	return id
}

// metaCache remembers screens for a while.
type metaCache struct {
	mu      sync.Mutex
	screens map[string]cachedScreen // by project and type
}

type cachedScreen struct {
	screen *screen
	until  time.Time
}

func screenKey(project, typ string) string { return project + "/" + strings.ToLower(typ) }

func (m *metaCache) get(project, typ string, now time.Time) *screen {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.screens[screenKey(project, typ)]; e.screen != nil && now.Before(e.until) {
		return e.screen
	}
	return nil
}

func (m *metaCache) put(project, typ string, s *screen, until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.screens == nil {
		m.screens = map[string]cachedScreen{}
	}
	m.screens[screenKey(project, typ)] = cachedScreen{s, until}
}

// forget drops what is known of a project.
func (m *metaCache) forget(project string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.screens {
		if strings.HasPrefix(key, project+"/") {
			delete(m.screens, key)
		}
	}
}

// screen returns the create screen of a project's usual issue type.
func (c *Connector) screen(ctx context.Context, project string) (*screen, error) {
	return c.screenOf(ctx, project, c.set.Projects[project].IssueType)
}

// screenOf returns the create screen of an issue type, by its name or id.
func (c *Connector) screenOf(ctx context.Context, project, want string) (*screen, error) {
	now := c.deps.Now()
	if s := c.meta.get(project, want, now); s != nil {
		return s, nil
	}
	e, err := c.edition(ctx)
	if err != nil {
		return nil, err
	}
	types, err := c.issueTypes(ctx, project)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(types, func(t issueType) bool { return t.ID == want || strings.EqualFold(t.Name, want) })
	if i < 0 {
		return nil, &connectors.Error{Op: "create issue", Class: connectors.Rejected,
			Person: fmt.Sprintf("Jira's project %s has no issue type %q. An administrator has to correct tracker.jira.projects.%s.issue_type; there are: %s.",
				project, want, project, typeNames(types)),
			Err: fmt.Errorf("no issue type %q in %s", want, project)}
	}
	s := &screen{typeID: types[i].ID, typeName: types[i].Name, subtask: types[i].Subtask}
	path := "issue/createmeta/" + url.PathEscape(project) + "/issuetypes/" + url.PathEscape(types[i].ID)
	if s.fields, err = pages[field](ctx, c, "read fields", path, project); err != nil {
		return nil, err
	}
	for j := range s.fields {
		if s.fields[j].on = e; s.fields[j].ID == "" {
			s.fields[j].ID = s.fields[j].Key
		}
	}
	c.meta.put(project, want, s, now.Add(metaLife))
	return s, nil
}

type issueType struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Subtask bool   `json:"subtask"`
}

func typeNames(list []issueType) string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.Name
	}
	return strings.Join(out, ", ")
}

func (c *Connector) issueTypes(ctx context.Context, project string) ([]issueType, error) {
	return pages[issueType](ctx, c, "read issue types", "issue/createmeta/"+url.PathEscape(project)+"/issuetypes", project)
}

const (
	pageSize = 50
	mostPage = 200
)

// page is one page of metadata; the list comes under one of several names.
type page struct {
	Total  *int            `json:"total"`
	IsLast *bool           `json:"isLast"`
	Fields json.RawMessage `json:"fields"`
	Types  json.RawMessage `json:"issueTypes"`
	Old    json.RawMessage `json:"createMetaIssueType"`
	Result json.RawMessage `json:"results"`
	Values json.RawMessage `json:"values"`
}

func (p page) list() json.RawMessage {
	for _, raw := range []json.RawMessage{p.Fields, p.Types, p.Old, p.Result, p.Values} {
		if len(raw) > 0 && raw[0] == '[' {
			return raw
		}
	}
	return json.RawMessage("[]")
}

// pages reads a paged list to its end.
func pages[T any](ctx context.Context, c *Connector, op, path, project string) ([]T, error) {
	var all []T
	for range mostPage {
		q := url.Values{"startAt": {strconv.Itoa(len(all))}, "maxResults": {strconv.Itoa(pageSize)}}
		r := get(op, path, q)
		r.scope = "project " + project
		var p page
		if err := c.do(ctx, r, &p); err != nil {
			return nil, err
		}
		var list []T
		if err := json.Unmarshal(p.list(), &list); err != nil {
			return nil, &connectors.Error{Op: op, Class: connectors.Transient, Err: fmt.Errorf("the answer cannot be read: %w", err)}
		}
		all = append(all, list...)
		switch {
		case len(list) == 0, p.IsLast != nil && *p.IsLast, p.Total != nil && len(all) >= *p.Total:
			return all, nil
		case p.IsLast == nil && p.Total == nil && len(list) < pageSize:
			return all, nil
		}
	}
	return all, nil
}
