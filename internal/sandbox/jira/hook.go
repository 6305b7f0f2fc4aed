package jira

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Webhook bodies, in the shape of those that Cloud sends: accounts without an address, comments with a
// reduced issue, and no comments inside an issue's fields. Other editions: see edition.go.

// hookBody is the order in which Jira writes the members.
type hookBody struct {
	Timestamp  int64      `json:"timestamp"`
	Event      string     `json:"webhookEvent"`
	TypeName   string     `json:"issue_event_type_name,omitempty"`
	User       any        `json:"user,omitempty"`
	Comment    any        `json:"comment,omitempty"`
	Attachment any        `json:"attachment,omitempty"`
	Issue      object     `json:"issue,omitempty"`
	Changelog  *changelog `json:"changelog,omitempty"`
	Bulk       object     `json:"bulkOperationMetaData,omitempty"`
}

type changelog struct {
	ID    string       `json:"id"`
	Items []changeItem `json:"items"`
}

// outgoing is a webhook on its way to the queue.
type outgoing struct {
	iss  *issue
	body hookBody
}

func (o outgoing) bytes() []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(o.body); err != nil {
		panic("jira sandbox: webhook body: " + err.Error()) // only our own values are in it
	}
	return bytes.TrimRight(buf.Bytes(), "\n")
}

func (s *Server) hook(event, typeName string, iss *issue, by *User) outgoing {
	if !s.cloud() && s.major() < 7 {
		typeName = "" // not known yet
	}
	return outgoing{iss, hookBody{Timestamp: s.opt.Now().UnixMilli(), Event: event, TypeName: typeName,
		User: s.userBean(by, false), Issue: s.hookIssue(iss)}}
}

func (s *Server) hookIssue(iss *issue) object {
	fields := s.values(iss, iss.facts, false)
	if s.cloud() { // elsewhere they are all there
		delete(fields, "comment")
	}
	return object{"id": iss.idString(), "self": s.selfIssue(iss), "key": iss.key, "fields": fields}
}

// reduced is the issue in a comment's webhook: six fields only.
func (s *Server) reduced(iss *issue) object {
	all, fields := s.values(iss, iss.facts, false), object{}
	for _, id := range []string{"summary", "issuetype", "project", "assignee", "priority", "status"} {
		fields[id] = all[id]
	}
	return object{"id": iss.idString(), "self": s.selfIssue(iss), "key": iss.key, "fields": fields}
}

func (s *Server) createdHook(iss *issue, by *User) outgoing {
	o := s.hook("jira:issue_created", "issue_created", iss, by)
	if !s.cloud() {
		return o // no change log
	}
	items := s.changes(facts{typ: iss.typ, status: &Status{}}, iss.facts)
	items = slices.DeleteFunc(items, func(i changeItem) bool { return i.Field == "labels" }) // never listed for a new issue
	for i := range items {
		if items[i].Field == "status" {
			items[i].Field = "Status" // capital only here
		}
	}
	items = append(items, changeItem{Field: "reporter", FieldType: "jira", FieldID: "reporter", To: &by.AccountID, ToString: &by.Name})
	slices.SortStableFunc(items, func(a, b changeItem) int { return strings.Compare(a.FieldID, b.FieldID) })
	o.body.Changelog = &changelog{strconv.Itoa(s.sequence("changelog")), items}
	return o
}

func (s *Server) updatedHook(iss *issue, by *User, h history) outgoing {
	o := s.hook("jira:issue_updated", eventType(h.items), iss, by)
	o.body.Changelog = &changelog{strconv.Itoa(h.id), s.wireItems(h.items, true)}
	return o
}

// eventType names the kind of update as Jira does: any transition is generic.
func eventType(items []changeItem) string {
	for _, i := range items {
		switch i.Field {
		case "status":
			return "issue_generic"
		case "Key":
			return "issue_moved"
		}
	}
	if len(items) == 1 && items[0].Field == "assignee" {
		return "issue_assigned"
	}
	return "issue_updated"
}

func (s *Server) deletedHook(iss *issue, by *User) outgoing {
	return s.hook("jira:issue_deleted", "", iss, by)
}

// announceComment sends the webhook of a comment, and on sites that do so the same news as an update.
func (s *Server) announceComment(event, typeName string, iss *issue, c *comment, by *User) {
	bean := s.commentBean(iss, c, nil)
	bean["author"], bean["updateAuthor"] = s.userBean(s.user(c.author), false), s.userBean(s.user(c.editor), false)
	body := hookBody{Timestamp: s.opt.Now().UnixMilli(), Event: event, Comment: bean}
	if s.cloud() {
		body.Issue = s.reduced(iss) // elsewhere only comment.self tells
	}
	s.announce(outgoing{iss, body})
	if s.opt.CommentAsUpdate || !s.cloud() {
		o := s.hook("jira:issue_updated", typeName, iss, by)
		o.body.Comment = bean
		s.announce(o)
	}
}
