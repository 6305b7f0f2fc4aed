package jira

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"time"
)

// Comment is a comment of an issue.
type Comment struct {
	ID         string
	Author     string
	EditedBy   string // who changed it last
	Body       string
	Visibility *Visibility // nil = everybody who sees the issue
	Public     bool        // shown to the customers of a service project
	Created    time.Time
	Updated    time.Time
	Properties map[string]json.RawMessage
}

// Visibility restricts a comment to a role or a group.
type Visibility struct {
	Type  string // "role" or "group"
	Value string // its name
}

// CommentDraft is a comment that a person writes.
type CommentDraft struct {
	Body       string
	Visibility *Visibility
	Internal   bool // an internal note of a service project
}

func (s *Server) viewComment(c *comment) Comment {
	v := Comment{ID: strconv.Itoa(c.id), Author: s.nameOf(c.author), EditedBy: s.nameOf(c.editor), Body: c.body, Public: c.public(),
		Created: c.created, Updated: c.updated, Properties: maps.Clone(c.props)}
	if c.visibility != nil {
		restricted := *c.visibility
		v.Visibility = &restricted
	}
	return v
}

// CommentAs adds a comment that everybody sees.
func (s *Server) CommentAs(user, key, text string) error {
	_, err := s.WriteCommentAs(user, key, CommentDraft{Body: text})
	return err
}

// WriteCommentAs adds a comment and returns its id.
func (s *Server) WriteCommentAs(user, key string, d CommentDraft) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, iss, err := s.editor(user, key)
	if err != nil {
		return "", err
	}
	body := object{"body": d.Body}
	if d.Visibility != nil {
		body["visibility"] = object{"type": d.Visibility.Type, "value": d.Visibility.Value}
	}
	if d.Internal {
		body["properties"] = []object{{"key": internalKey, "value": object{"internal": true}}}
	}
	n, rep := parseComment(raw(body))
	if rep != nil {
		return "", outcome(rep)
	}
	return strconv.Itoa(s.addComments(iss, []newComment{n}, u)[0].id), nil
}

// EditCommentAs changes the text of a comment.
func (s *Server) EditCommentAs(user, key, id, text string) error {
	return s.changeComment(user, key, id, func(c *comment) error {
		n, rep := parseComment(raw(object{"body": text}))
		if rep != nil {
			return outcome(rep)
		}
		c.body = n.body
		return nil
	})
}

// RestrictCommentAs shows a comment to a role or group only, or to everybody when v is nil.
func (s *Server) RestrictCommentAs(user, key, id string, v *Visibility) error {
	return s.changeComment(user, key, id, func(c *comment) error {
		if v == nil {
			c.visibility = nil
			return nil
		}
		restricted, message := parseVisibility(raw(object{"type": v.Type, "value": v.Value}))
		if message != "" {
			return refusal(message)
		}
		c.visibility = restricted
		return nil
	})
}

// ChangeCommentAs gives a comment another text and another visibility at once.
func (s *Server) ChangeCommentAs(user, key, id string, d CommentDraft) error {
	return s.changeComment(user, key, id, func(c *comment) error {
		body := object{"body": d.Body}
		if d.Visibility != nil {
			body["visibility"] = object{"type": d.Visibility.Type, "value": d.Visibility.Value}
		}
		n, rep := parseComment(raw(body))
		if rep != nil {
			return outcome(rep)
		}
		c.body, c.visibility = n.body, n.visibility
		return nil
	})
}

func (s *Server) changeComment(user, key, id string, change func(*comment) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, iss, err := s.editor(user, key)
	if err != nil {
		return err
	}
	c := iss.comment(id)
	if c == nil {
		return fmt.Errorf("%w: %q", ErrNoComment, id)
	}
	if err := change(c); err != nil {
		return err
	}
	s.commentChanged(iss, c, u)
	return nil
}

// DeleteCommentAs deletes a comment.
func (s *Server) DeleteCommentAs(user, key, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, iss, err := s.editor(user, key)
	if err != nil {
		return err
	}
	c := iss.comment(id)
	if c == nil {
		return fmt.Errorf("%w: %q", ErrNoComment, id)
	}
	s.dropComment(iss, c, u)
	return nil
}
