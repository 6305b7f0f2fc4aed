package jira

import (
	"encoding/json"
	"strings"

	"signoff/internal/flow"
)

// item returns the first changed field with this id or, where Jira gives no ids, with this name; nil without one.
func (p *payload) item(id, name string) *change {
	for i := range p.Changelog.Items {
		if it := &p.Changelog.Items[i]; string(it.FieldID) == id || it.FieldID == "" && strings.EqualFold(string(it.Field), name) {
			return it
		}
	}
	return nil
}

// moved returns the change of status, nil without one.
func (p *payload) moved() *change { return p.item("status", "status") }

// renamed returns the change of key, nil without one: the ticket was moved to another project.
func (p *payload) renamed() *change {
	for i := range p.Changelog.Items {
		if it := &p.Changelog.Items[i]; it.Field == "Key" && issueKey.MatchString(string(it.ToText)) {
			return it
		}
	}
	return nil
}

// added are the ids of the attachments that were put at the ticket.
func (p *payload) added() []*change {
	var out []*change
	for i := range p.Changelog.Items {
		it := &p.Changelog.Items[i]
		if strings.EqualFold(string(it.Field), "Attachment") && fileID.MatchString(string(it.To)) {
			out = append(out, it)
		}
	}
	return out
}

// changed reports whether a field was changed that a request follows.
func (p *payload) changed() bool {
	return p.moved() != nil || p.renamed() != nil || len(p.added()) > 0
}

const archivedEvent = "jira:issue_archived"

// gone says why the ticket cannot be written any more, "" when it can.
func (p *payload) gone() string {
	switch {
	case p.event() == "jira:issue_deleted":
		return "deleted"
	case p.event() == archivedEvent, p.TypeName == "issue_archived":
		return "archived"
	}
	return ""
}

// said is the kind of event that the words of a comment make, "" when the payload is about none. Jira says it in two
// ways, sometimes in both for one comment.
func (p *payload) said() flow.Kind {
	if p.Comment.ID == "" {
		return ""
	}
	switch p.event() {
	case "comment_created":
		return flow.CommentAdded
	case "comment_updated":
		return flow.CommentEdited
	case "comment_deleted":
		return flow.CommentRemoved
	case "jira:issue_updated":
		switch p.TypeName {
		case "issue_comment_edited":
			return flow.CommentEdited
		case "issue_comment_deleted":
			return flow.CommentRemoved
		case "issue_commented":
			return flow.CommentAdded
		}
		if p.Comment.Body != "" { // with a change of the ticket
			return flow.CommentAdded
		}
	}
	return ""
}

// isComment reports whether something was said, edited or taken back.
func (p *payload) isComment() bool { return p.said() != "" }

// internalKey is the property by which a service project tells internal notes from answers to the customer.
const internalKey = "sd.public.comment"

// restricted reports whether only some may read the comment.
func (h hookComment) restricted() bool {
	v := strings.TrimSpace(string(h.Visibility))
	if (v != "" && v != "null" && v != "{}") || (h.Public != nil && !*h.Public) {
		return true
	}
	var list []struct {
		Key   string `json:"key"`
		Value struct {
			Internal bool `json:"internal"`
		} `json:"value"`
	}
	if json.Unmarshal(h.Properties, &list) != nil {
		return false // not given, or not to be read
	}
	for _, one := range list {
		if one.Key == internalKey && one.Value.Internal {
			return true
		}
	}
	return false
}

// status is the name of the status the ticket came to.
func (p *payload) status() string {
	it := p.moved()
	if it == nil {
		return ""
	}
	if it.ToText != "" {
		return string(it.ToText)
	}
	if s := p.Issue.Fields.Status; it.To == "" || it.To == s.ID {
		return string(s.Name)
	}
	return ""
}
