package jira

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Issue is an issue as tests and pages read it: a copy, with names instead of ids.
type Issue struct {
	ID          int
	Key         string
	Project     string // key
	Type        string
	Summary     string
	Description string
	Status      string
	Resolution  string // "" = unresolved
	Priority    string
	Assignee    string // display name; "" = nobody
	Reporter    string
	Labels      []string
	Due         string            // YYYY-MM-DD
	Estimate    time.Duration     // original estimate
	Fields      map[string]string // custom fields by name
	Parent      string            // key
	Subtasks    []string          // keys
	Created     time.Time
	Updated     time.Time
	Comments    []Comment
	Attachments []Attachment
	Archived    bool
	Hidden      bool // from the product's account
	Links       []Link
	Properties  map[string]json.RawMessage
	History     []Change
}

// Link is a remote link of an issue.
type Link struct {
	GlobalID, Title, URL, Relationship string
}

// Change is one changed field in the history of an issue.
type Change struct {
	At                  time.Time
	By, Field, From, To string
}

// Issues lists the living issues, the oldest first.
func (s *Server) Issues() []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Issue
	for _, iss := range s.issues {
		if !iss.deleted {
			all = append(all, s.view(iss))
		}
	}
	return all
}

// Issue returns the issue with this key or id.
func (s *Server) Issue(key string) (Issue, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	iss := s.find(key)
	if iss == nil {
		return Issue{}, false
	}
	return s.view(iss), true
}

func (s *Server) view(iss *issue) Issue {
	priority, _ := choice(priorities(), iss.priority)
	resolution, _ := choice(resolutions(), iss.resolution)
	v := Issue{
		ID: iss.id, Key: iss.key, Project: iss.project.Key, Type: iss.typ.Name, Summary: iss.summary, Description: iss.description,
		Status: iss.status.Name, Resolution: resolution.Name, Priority: priority.Name, Assignee: s.nameOf(iss.assignee),
		Reporter: s.nameOf(iss.creator), Labels: slices.Clone(iss.labels), Due: iss.due, Fields: map[string]string{},
		Parent: s.keyOf(iss.parent), Archived: iss.archived || s.archived[iss.project.Key], Hidden: iss.hidden, Created: iss.created, Updated: iss.updated, Properties: maps.Clone(iss.props),
	}
	if iss.estimate != nil {
		v.Estimate = time.Duration(*iss.estimate) * time.Second
	}
	for _, f := range iss.typ.Fields {
		if _, shown := customText(f, iss.custom[f.ID]); f.Custom != "" && shown != "" {
			v.Fields[f.Name] = shown
		}
	}
	for _, c := range iss.comments {
		v.Comments = append(v.Comments, s.viewComment(c))
	}
	for _, child := range s.children(iss) {
		v.Subtasks = append(v.Subtasks, child.key)
	}
	for _, f := range iss.files {
		v.Attachments = append(v.Attachments, s.viewFile(f))
	}
	for _, l := range iss.links {
		v.Links = append(v.Links, l.view())
	}
	for _, h := range iss.history {
		for _, item := range h.items {
			v.History = append(v.History, Change{At: h.at, By: s.nameOf(h.author), Field: item.Field, From: deref(item.FromString), To: deref(item.ToString)})
		}
	}
	return v
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func (l *remoteLink) view() Link {
	m, _ := members(l.object) // checked when it came in
	title, _ := str(m["title"])
	address, _ := str(m["url"])
	return Link{GlobalID: l.globalID, Title: title, URL: address, Relationship: deref(l.relationship)}
}

// Errors of what people do on the board.
var (
	ErrNoUser       = errors.New("there is no such user")
	ErrNoIssue      = errors.New("there is no such issue")
	ErrNoTransition = errors.New("no transition leads there from the present status")
	ErrNoComment    = errors.New("there is no such comment")
	ErrNoFile       = errors.New("there is no such attachment")
	ErrArchived     = errors.New("the issue is archived and cannot be changed")
)

// actor finds who acts on what. The caller holds the lock.
func (s *Server) actor(user, key string) (*User, *issue, error) {
	u := s.user(user)
	if u == nil {
		return nil, nil, fmt.Errorf("%w: %q", ErrNoUser, user)
	}
	iss := s.find(key)
	if iss == nil {
		return nil, nil, fmt.Errorf("%w: %q", ErrNoIssue, key)
	}
	return u, iss, nil
}

// editor is actor for an issue that can be changed.
func (s *Server) editor(user, key string) (*User, *issue, error) {
	u, iss, err := s.actor(user, key)
	if err == nil && (iss.archived || s.archived[iss.project.Key]) {
		err = fmt.Errorf("%w: %s", ErrArchived, iss.key)
	}
	return u, iss, err
}

// MoveAs moves an issue to a status by one transition, as a person on the board would. A resolution that the
// transition requires is set to the first that names the status, else to Done.
func (s *Server) MoveAs(user, key, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, iss, err := s.editor(user, key)
	if err != nil {
		return err
	}
	for _, t := range s.open(iss.status) {
		if t.To != status || !t.open(u) {
			continue
		}
		var req request
		if t.shows("resolution") {
			name := "Done"
			if c, ok := choice(resolutions(), status); ok {
				name = c.Name
			}
			req.fields = map[string]json.RawMessage{"resolution": raw(object{"name": name})}
		}
		return outcome(s.move(iss, t, req, u))
	}
	return fmt.Errorf("move %s from %s to %s: %w", key, iss.status.Name, status, ErrNoTransition)
}

// EditAs sets a field, by name or id, to a value in the JSON shape of the REST API: a string for the summary,
// a list for the labels, {"value": "Nova"} for a select. nil clears it.
func (s *Server) EditAs(user, key, field string, value any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.edit(user, key, field, value)
}

func (s *Server) edit(user, key, field string, value any) error {
	u, iss, err := s.editor(user, key)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(iss.typ.Fields, func(f Field) bool { return f.ID == field || f.Name == field })
	if i < 0 {
		return fmt.Errorf("edit %s: there is no field %q", key, field)
	}
	return s.put(u, iss, map[string]json.RawMessage{iss.typ.Fields[i].ID: raw(value)})
}

// editAs sets several fields in one change.
func (s *Server) editAs(user, key string, fields map[string]json.RawMessage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, iss, err := s.editor(user, key)
	if err != nil {
		return err
	}
	return s.put(u, iss, fields)
}

func (s *Server) put(u *User, iss *issue, fields map[string]json.RawMessage) error {
	e := &edit{s: s, project: iss.project, facts: iss.facts.clone(), screen: iss.typ.field, errs: map[string]string{}}
	e.fields(fields)
	if len(e.errs) > 0 {
		return outcome(invalid(e.errs))
	}
	s.commit(iss, e.facts, u)
	return nil
}

// AssignAs assigns an issue to a user, or to nobody when assignee is empty.
func (s *Server) AssignAs(user, key, assignee string) error {
	if assignee == "" {
		return s.EditAs(user, key, "assignee", nil)
	}
	s.mu.Lock()
	to := s.user(assignee)
	s.mu.Unlock()
	if to == nil {
		return fmt.Errorf("%w: %q", ErrNoUser, assignee)
	}
	return s.EditAs(user, key, "assignee", object{s.idName(): s.idOf(to)})
}

// DeleteAs deletes an issue with its sub-tasks.
func (s *Server) DeleteAs(user, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, iss, err := s.editor(user, key)
	if err != nil {
		return err
	}
	s.remove(iss, u)
	return nil
}

// CreateAs makes an issue from the body of a create request, as the form of the site would, and returns its key.
func (s *Server) CreateAs(user string, body []byte) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(user)
	if u == nil {
		return "", fmt.Errorf("%w: %q", ErrNoUser, user)
	}
	rep := s.createIssue(call{body: body, by: u})
	if err := outcome(rep); err != nil {
		return "", err
	}
	key, _ := rep.body.(object)["key"].(string)
	return key, nil
}

func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null") // only values of JSON's own kinds come here
	}
	return b
}

// outcome turns a refusal into an error with its messages.
func outcome(rep *reply) error {
	if rep.status < 400 {
		return nil
	}
	b, _ := rep.body.(object)
	var all []string
	if list, ok := b["errorMessages"].([]string); ok {
		all = append(all, list...)
	}
	if errs, ok := b["errors"].(map[string]string); ok {
		for _, k := range slices.Sorted(maps.Keys(errs)) {
			all = append(all, errs[k])
		}
	}
	return refusal(strings.Join(all, " "))
}
