package jira

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// newComment is a comment as a request brings it.
type newComment struct {
	body       string
	visibility json.RawMessage
	props      []property
}

// parseComment reads a comment. What the site itself fills in (author, id, …) may be sent and is ignored,
// as the official schema says; any other key is refused.
func parseComment(raw []byte) (newComment, *reply) {
	m, err := members(raw, "body", "visibility", "properties",
		"self", "id", "author", "updateAuthor", "renderedBody", "created", "updated", "jsdPublic", "jsdAuthorCanSeeRequest")
	if err != nil {
		return newComment{}, problem(http.StatusBadRequest, err.Error())
	}
	body, ok := str(m["body"])
	switch {
	case m["body"] != nil && !ok:
		return newComment{}, badField("comment", "Comment body is not valid!")
	case strings.TrimSpace(body) == "":
		return newComment{}, badField("comment", "Comment body can not be empty!")
	case length(body) > maxText:
		return newComment{}, badField("comment", "The entered text is too long. It exceeds the allowed limit of 32,767 characters.")
	}
	c := newComment{body: body}
	if c.props, err = properties(m["properties"]); err != nil {
		return newComment{}, problem(http.StatusBadRequest, err.Error())
	}
	if m["visibility"] != nil && !null(m["visibility"]) {
		if message := checkVisibility(m["visibility"]); message != "" {
			return newComment{}, badField("commentLevel", message)
		}
		c.visibility = m["visibility"]
	}
	return c, nil
}

func checkVisibility(raw json.RawMessage) string {
	m, err := members(raw, "type", "value", "identifier")
	if err != nil {
		return err.Error()
	}
	kind, _ := str(m["type"])
	value, _ := str(m["value"])
	id, _ := str(m["identifier"])
	roles := []string{"Administrators", "Developers", "Viewers"}
	switch {
	case kind != "role" && kind != "group":
		return "Visibility type must be one of: group, role."
	case value == "" && id == "":
		return "Visibility needs a value or an identifier."
	case kind == "role" && value != "" && !slices.Contains(roles, value):
		return "Role: " + value + " does not exist."
	}
	return ""
}

// addComments adds comments that came with another change. The caller holds the lock.
func (s *Server) addComments(iss *issue, all []newComment, by *User) []*comment {
	var added []*comment
	for _, n := range all {
		now := s.opt.Now()
		c := &comment{
			id: s.sequence("comment"), author: by.AccountID, editor: by.AccountID, body: n.body,
			created: now, updated: now, visibility: n.visibility, props: map[string]json.RawMessage{},
		}
		for _, p := range n.props {
			c.props[p.key] = p.value
		}
		iss.comments = append(iss.comments, c)
		s.touch(iss)
		s.announceComment("comment_created", "issue_commented", iss, c, by)
		added = append(added, c)
	}
	return added
}

func (s *Server) addComment(c call) *reply {
	iss := s.find(c.path["key"])
	if iss == nil {
		return problem(http.StatusNotFound, unseen)
	}
	n, rep := parseComment(c.body)
	if rep != nil {
		return rep
	}
	added := s.addComments(iss, []newComment{n}, c.by)
	return answer(http.StatusCreated, s.commentBean(iss, added[0], c.list("expand")))
}

func (s *Server) getComments(c call) *reply {
	iss := s.find(c.path["key"])
	if iss == nil {
		return problem(http.StatusNotFound, unseen)
	}
	all := slices.Clone(iss.comments)
	switch order := c.q.Get("orderBy"); order {
	case "", "created", "+created", " created": // a plus sign in a query means a space
	case "-created":
		slices.Reverse(all)
	default:
		return problem(http.StatusBadRequest, "The orderBy value '"+order+"' is not supported: use created, +created or -created.")
	}
	start, count, rep := c.page(100)
	if rep != nil {
		return rep
	}
	beans := []object{}
	for _, one := range window(all, start, count) {
		beans = append(beans, s.commentBean(iss, one, c.list("expand")))
	}
	return answer(http.StatusOK, object{"startAt": start, "maxResults": count, "total": len(all), "comments": beans})
}

// commentOf finds the comment that a path names.
func (s *Server) commentOf(c call) (*issue, *comment, *reply) {
	iss := s.find(c.path["key"])
	if iss == nil {
		return nil, nil, problem(http.StatusNotFound, unseen)
	}
	found := iss.comment(c.path["id"])
	if found == nil {
		return nil, nil, problem(http.StatusNotFound, "Can not find a comment for the id: "+c.path["id"]+".")
	}
	return iss, found, nil
}

func (s *Server) getComment(c call) *reply {
	iss, found, rep := s.commentOf(c)
	if rep != nil {
		return rep
	}
	return answer(http.StatusOK, s.commentBean(iss, found, c.list("expand")))
}

func (s *Server) updateComment(c call) *reply {
	iss, found, rep := s.commentOf(c)
	if rep != nil {
		return rep
	}
	n, rep := parseComment(c.body)
	if rep != nil {
		return rep
	}
	found.body, found.visibility, found.editor, found.updated = n.body, n.visibility, c.by.AccountID, s.opt.Now()
	for _, p := range n.props {
		found.props[p.key] = p.value
	}
	s.touch(iss)
	s.announceComment("comment_updated", "issue_comment_edited", iss, found, c.by)
	return answer(http.StatusOK, s.commentBean(iss, found, c.list("expand")))
}

func (s *Server) deleteComment(c call) *reply {
	iss, found, rep := s.commentOf(c)
	if rep != nil {
		return rep
	}
	iss.comments = slices.DeleteFunc(iss.comments, func(have *comment) bool { return have == found })
	s.touch(iss)
	s.announceComment("comment_deleted", "issue_comment_deleted", iss, found, c.by)
	return done()
}
