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
	visibility *Visibility
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
		var message string
		if c.visibility, message = parseVisibility(m["visibility"]); message != "" {
			return newComment{}, badField("commentLevel", message)
		}
	}
	return c, nil
}

// internalKey is the property by which a service project tells internal notes from answers to the customer.
const internalKey = "sd.public.comment"

// public tells whether customers of a service project see the comment.
func (c *comment) public() bool {
	var p struct {
		Internal bool `json:"internal"`
	}
	return c.props[internalKey] == nil || json.Unmarshal(c.props[internalKey], &p) != nil || !p.Internal
}

// parseVisibility reads a restriction; the message says what is wrong with it.
func parseVisibility(raw json.RawMessage) (*Visibility, string) {
	m, err := members(raw, "type", "value", "identifier")
	if err != nil {
		return nil, err.Error()
	}
	kind, _ := str(m["type"])
	value, _ := str(m["value"])
	id, _ := str(m["identifier"])
	if value == "" {
		value = id
	}
	switch {
	case kind != "role" && kind != "group":
		return nil, "Visibility type must be one of: group, role."
	case value == "":
		return nil, "Visibility needs a value or an identifier."
	case kind == "role" && !slices.Contains(roles(), value):
		return nil, "Role: " + value + " does not exist."
	}
	return &Visibility{Type: kind, Value: value}, ""
}

// readable lists the comments that an account may read.
func (s *Server) readable(iss *issue, u *User) []*comment {
	var all []*comment
	for _, c := range iss.comments {
		if u.in(c.visibility) {
			all = append(all, c)
		}
	}
	return all
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
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	n, rep := parseComment(c.body)
	if rep != nil {
		return rep
	}
	if rep := member(n, c.by); rep != nil {
		return rep
	}
	added := s.addComments(iss, []newComment{n}, c.by)
	return answer(http.StatusCreated, s.commentBean(iss, added[0], c.list("expand")))
}

func (s *Server) getComments(c call) *reply {
	iss, rep := s.issueOf(c)
	if rep != nil {
		return rep
	}
	all := s.readable(iss, c.by)
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
	iss, rep := s.issueOf(c)
	if rep != nil {
		return nil, nil, rep
	}
	found := iss.comment(c.path["id"])
	if found == nil || !c.by.in(found.visibility) {
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
	if permission := own("EDIT", found, c.by); s.lacks(permission) {
		return forbidden(c.op, permission)
	}
	n, rep := parseComment(c.body)
	if rep != nil {
		return rep
	}
	if rep := member(n, c.by); rep != nil {
		return rep
	}
	found.body, found.visibility = n.body, n.visibility
	for _, p := range n.props {
		found.props[p.key] = p.value
	}
	s.commentChanged(iss, found, c.by)
	return answer(http.StatusOK, s.commentBean(iss, found, c.list("expand")))
}

func (s *Server) deleteComment(c call) *reply {
	iss, found, rep := s.commentOf(c)
	if rep != nil {
		return rep
	}
	if permission := own("DELETE", found, c.by); s.lacks(permission) {
		return forbidden(c.op, permission)
	}
	s.dropComment(iss, found, c.by)
	return done()
}

// member refuses to restrict a comment to a role or group that its author is not in.
func member(n newComment, by *User) *reply {
	if by.in(n.visibility) {
		return nil
	}
	return badField("commentLevel", "You are currently not a member of the project "+n.visibility.Type+": "+n.visibility.Value+".")
}

// own names the permission for the comments of oneself or of others: verb is "EDIT" or "DELETE".
func own(verb string, c *comment, by *User) string {
	if c.author == by.AccountID {
		return verb + "_OWN_COMMENTS"
	}
	return verb + "_ALL_COMMENTS"
}

// commentChanged records and announces that a comment reads differently now. The caller holds the lock.
func (s *Server) commentChanged(iss *issue, c *comment, by *User) {
	c.editor, c.updated = by.AccountID, s.opt.Now()
	s.touch(iss)
	s.announceComment("comment_updated", "issue_comment_edited", iss, c, by)
}

func (s *Server) dropComment(iss *issue, c *comment, by *User) {
	iss.comments = slices.DeleteFunc(iss.comments, func(have *comment) bool { return have == c })
	s.touch(iss)
	s.announceComment("comment_deleted", "issue_comment_deleted", iss, c, by)
}
