package jira

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ErrNoProject is the error of moving an issue where it cannot go.
var ErrNoProject = errors.New("there is no such project, or it lacks the type of the issue")

// ProjectAs moves an issue with its sub-tasks to another project and returns its new key. The id stays, and the old
// key leads to the issue for ever.
func (s *Server) ProjectAs(user, key, project string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, iss, err := s.editor(user, key)
	if err != nil {
		return "", err
	}
	to := s.project(project)
	if iss.typ.Subtask {
		return "", refused("A sub-task moves with its parent only.")
	}
	all := append([]*issue{iss}, s.children(iss)...)
	if to == nil || to == iss.project || s.archived[to.Key] || slices.ContainsFunc(all, func(i *issue) bool { return to.like(i.typ) == nil }) {
		return "", fmt.Errorf("move %s to %q: %w", key, project, ErrNoProject)
	}
	for _, one := range all {
		s.relocate(one, to, u)
	}
	return iss.key, nil
}

// like finds the type of a project that is the same as one of another project.
func (p *Project) like(other *IssueType) *IssueType {
	return p.typ(func(t *IssueType) bool { return t.ID == other.ID || t.Name == other.Name })
}

func (s *Server) relocate(iss *issue, to *Project, by *User) {
	from, oldKey := iss.project, iss.key
	s.nextKey[to.Key]++
	iss.project, iss.key, iss.typ = to, to.Key+"-"+number(s.nextKey[to.Key]), to.like(iss.typ)
	newKey := iss.key
	s.index[newKey] = iss
	s.journal(iss, by,
		changeItem{Field: "project", FieldType: "jira", FieldID: "project", From: &from.ID, FromString: &from.Name, To: &to.ID, ToString: &to.Name},
		changeItem{Field: "Key", FieldType: "jira", FromString: &oldKey, ToString: &newKey})
}

// ArchiveAs archives an issue with its sub-tasks, or brings them back. An archived issue can be read by its key, is
// not found by search and cannot be changed.
func (s *Server) ArchiveAs(user, key string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, iss, err := s.actor(user, key)
	if err != nil {
		return err
	}
	for _, one := range append([]*issue{iss}, s.children(iss)...) {
		one.archived = on
	}
	s.wake()
	return nil
}

// ArchiveProject archives a project or brings it back: its issues behave as archived ones do.
func (s *Server) ArchiveProject(key string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.project(key) == nil {
		return fmt.Errorf("archive %q: %w", key, ErrNoProject)
	}
	s.archived[key] = on
	s.wake()
	return nil
}

// HideIssue takes an issue out of the sight of the product's account, as issue security does, or shows it again.
// Webhooks still tell about it.
func (s *Server) HideIssue(key string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	iss := s.find(key)
	if iss == nil {
		return fmt.Errorf("%w: %q", ErrNoIssue, key)
	}
	iss.hidden = on
	s.wake()
	return nil
}

// BulkEditAs sets one field of several issues to the same value, as EditAs does for one. Its webhooks say that they are
// part of a bulk change.
func (s *Server) BulkEditAs(user string, keys []string, field string, value any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bulk = true
	defer func() { s.bulk = false }()
	for _, key := range keys {
		if err := s.edit(user, key, field, value); err != nil {
			return err
		}
	}
	return nil
}

// TransitionAs carries out one transition with the fields of its screen, in the JSON shape of the REST API.
func (s *Server) TransitionAs(user, key, transition string, fields map[string]any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, iss, err := s.editor(user, key)
	if err != nil {
		return err
	}
	t := s.transition(transition, iss.status, u)
	if t == nil {
		return fmt.Errorf("transition %s of %s: %w", transition, key, ErrNoTransition)
	}
	req := request{fields: map[string]json.RawMessage{}}
	for id, v := range fields {
		req.fields[id] = raw(v)
	}
	return outcome(s.move(iss, t, req, u))
}
