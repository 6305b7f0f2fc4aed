package jira

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// stamp is how Jira writes a moment.
const stamp = "2006-01-02T15:04:05.000-0700"

// facts are the values of an issue that an edit changes and search sees. A value is never changed in
// place: an edit works on clone and hands the result to commit.
type facts struct {
	typ         *IssueType
	status      *Status
	resolution  string // id; "" = unresolved
	resolved    time.Time
	summary     string
	description string
	labels      []string
	priority    string // id
	assignee    string // account id; "" = nobody
	due         string // YYYY-MM-DD or ""
	estimate    *int   // seconds
	parent      int    // id; 0 = none
	custom      map[string]any
	updated     time.Time
}

func (f facts) clone() facts {
	f.labels = slices.Clone(f.labels)
	f.custom = maps.Clone(f.custom)
	return f
}

// version is what search may see of an issue from a moment on.
type version struct {
	facts
	from    time.Time
	deleted bool
}

type issue struct {
	facts
	id       int
	key      string
	project  *Project
	creator  string // account id
	created  time.Time
	deleted  bool
	hidden   bool // from the product's account
	archived bool
	comments []*comment
	files    []*file
	links    []*remoteLink
	props    map[string]json.RawMessage
	watchers []string // account ids
	history  []history
	versions []version
}

type comment struct {
	id               int
	author, editor   string // account ids
	body             string
	created, updated time.Time
	visibility       *Visibility
	props            map[string]json.RawMessage
}

type remoteLink struct {
	id           int
	globalID     string
	application  json.RawMessage
	relationship *string
	object       json.RawMessage
}

// history is one entry of the change log.
type history struct {
	id     int
	author string
	at     time.Time
	items  []changeItem
}

// changeItem is one changed field as webhooks and the change log show it.
type changeItem struct {
	Field      string  `json:"field"`
	FieldType  string  `json:"fieldtype"`
	FieldID    string  `json:"fieldId,omitempty"`
	From       *string `json:"from"`
	FromString *string `json:"fromString"`
	To         *string `json:"to"`
	ToString   *string `json:"toString"`
	// Only for the assignee, beside from and to.
	FromAccount *nullable `json:"tmpFromAccountId,omitempty"`
	ToAccount   *nullable `json:"tmpToAccountId,omitempty"`
}

// nullable is a string that is written as null when empty.
type nullable string

func (n nullable) MarshalJSON() ([]byte, error) {
	if n == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(n))
}

func (i *issue) idString() string { return strconv.Itoa(i.id) }

func (i *issue) comment(id string) *comment {
	for _, c := range i.comments {
		if strconv.Itoa(c.id) == id {
			return c
		}
	}
	return nil
}

// remember makes the current facts visible to search once the lag has passed, and forgets versions that
// nobody can see any more.
func (i *issue) remember(now time.Time, lag time.Duration) {
	i.versions = append(i.versions, version{facts: i.facts, from: now.Add(lag), deleted: i.deleted})
	for len(i.versions) > 1 && !i.versions[1].from.After(now) {
		i.versions = i.versions[1:]
	}
}

// seen returns what search sees of the issue at now.
func (i *issue) seen(now time.Time) (version, bool) {
	for _, v := range slices.Backward(i.versions) {
		if !v.from.After(now) {
			return v, !v.deleted
		}
	}
	return version{}, false
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// changes lists what differs between two states of an issue, by the ids of the fields.
func (s *Server) changes(before, after facts) []changeItem {
	var items []changeItem
	add := func(field, id, from, fromText, to, toText string) {
		if from == to && fromText == toText {
			return
		}
		items = append(items, changeItem{Field: field, FieldType: "jira", FieldID: id,
			From: text(from), FromString: text(fromText), To: text(to), ToString: text(toText)})
	}
	name := func(list []Choice, id string) string { c, _ := choice(list, id); return c.Name }
	add("assignee", "assignee", s.wireID(before.assignee), s.nameOf(before.assignee), s.wireID(after.assignee), s.nameOf(after.assignee))
	if len(items) > 0 {
		from, to := nullable(before.assignee), nullable(after.assignee)
		items[0].FromAccount, items[0].ToAccount = &from, &to
	}
	add("description", "description", "", before.description, "", after.description)
	add("duedate", "duedate", before.due, dueText(before.due), after.due, dueText(after.due))
	add("labels", "labels", "", strings.Join(before.labels, " "), "", strings.Join(after.labels, " "))
	add("IssueParentAssociation", "parent", number(before.parent), s.keyOf(before.parent), number(after.parent), s.keyOf(after.parent))
	add("priority", "priority", before.priority, name(priorities(), before.priority), after.priority, name(priorities(), after.priority))
	add("resolution", "resolution", before.resolution, name(resolutions(), before.resolution), after.resolution, name(resolutions(), after.resolution))
	add("status", "status", before.status.ID, before.status.Name, after.status.ID, after.status.Name)
	add("summary", "summary", "", before.summary, "", after.summary)
	add("timeoriginalestimate", "timeoriginalestimate", seconds(before.estimate), seconds(before.estimate), seconds(after.estimate), seconds(after.estimate))
	items = append(items, customChanges(before, after)...)
	slices.SortStableFunc(items, func(a, b changeItem) int { return strings.Compare(a.FieldID, b.FieldID) })
	return items
}

func customChanges(before, after facts) []changeItem {
	var items []changeItem
	for _, f := range after.typ.Fields {
		if f.Custom == "" {
			continue
		}
		from, fromText := customText(f, before.custom[f.ID])
		to, toText := customText(f, after.custom[f.ID])
		if from != to || fromText != toText {
			items = append(items, changeItem{Field: f.Name, FieldType: "custom", FieldID: f.ID,
				From: text(from), FromString: text(fromText), To: text(to), ToString: text(toText)})
		}
	}
	return items
}

// customText returns id and text of a custom field's value for the change log.
func customText(f Field, v any) (id, shown string) {
	switch v := v.(type) {
	case string:
		if c, ok := choice(f.Choices, v); ok {
			return c.ID, c.Name
		}
		return "", v
	case float64:
		return "", strconv.FormatFloat(v, 'f', -1, 64)
	}
	return "", ""
}

func dueText(due string) string {
	if due == "" {
		return ""
	}
	return due + " 00:00:00.0"
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func seconds(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

func (s *Server) nameOf(account string) string {
	if u := s.user(account); u != nil {
		return u.Name
	}
	return ""
}

func (s *Server) keyOf(id int) string {
	if id == 0 {
		return ""
	}
	if iss := s.find(strconv.Itoa(id)); iss != nil {
		return iss.key
	}
	return ""
}

// commit makes after the state of the issue, writes the change log and announces it. Nothing happens
// when nothing changed, as in Jira. The caller holds the lock.
func (s *Server) commit(iss *issue, after facts, by *User) {
	items := s.changes(iss.facts, after)
	if len(items) == 0 {
		return
	}
	now := s.opt.Now()
	after.updated = now
	if iss.resolution == "" && after.resolution != "" {
		after.resolved = now
	}
	iss.facts = after
	entry := history{id: s.sequence("changelog"), author: by.AccountID, at: now, items: items}
	iss.history = append(iss.history, entry)
	iss.remember(now, s.opt.IndexLag)
	s.announce(s.updatedHook(iss, by, entry))
	s.wake()
}

// journal writes items into the change log that no field of facts holds, and announces them. The caller holds the lock.
func (s *Server) journal(iss *issue, by *User, items ...changeItem) {
	iss.updated = s.opt.Now()
	entry := history{id: s.sequence("changelog"), author: by.AccountID, at: iss.updated, items: items}
	iss.history = append(iss.history, entry)
	iss.remember(iss.updated, s.opt.IndexLag)
	s.announce(s.updatedHook(iss, by, entry))
	s.wake()
}

// touch records a change that the change log does not show, such as a comment.
func (s *Server) touch(iss *issue) {
	iss.updated = s.opt.Now()
	iss.remember(iss.updated, s.opt.IndexLag)
	s.wake()
}
