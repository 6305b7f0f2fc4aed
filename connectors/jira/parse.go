package jira

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"signoff/internal/flow"
)

// Parse turns a stored webhook into events: the ticket was moved, renamed or lost, files were put at it, something was
// said. One webhook can tell of several.
func (c *Connector) Parse(d flow.Delivery) ([]flow.Event, error) {
	p, err := readPayload(d.Body)
	if err != nil {
		return nil, err
	}
	ignored, malformed := p.use()
	switch {
	case malformed != "":
		return nil, fmt.Errorf("webhook: %s", malformed)
	case ignored != "", p.mark() != "":
		return nil, nil
	}
	known, err := readLearned(d.Learned)
	if err != nil {
		return nil, err
	}
	r := reading{c: c, p: p, known: known, base: flow.Event{
		At: d.At, Sent: p.sent(), Delivery: d.ID, Actor: c.actor(p), Subject: c.issue(p.issueID()), Echo: c.ours(p, known),
	}}
	if r.base.Echo && known != nil && !known.Receipt {
		r.base.Fields = map[string][]string{"receipt": {"no"}}
	}
	r.read()
	for i := range r.events {
		if r.events[i].ID = d.ID; i > 0 {
			r.events[i].ID += "/" + strconv.Itoa(i+1)
		}
	}
	return r.events, nil
}

// reading is one webhook while it becomes events.
type reading struct {
	c      *Connector
	p      *payload
	known  *learned
	base   flow.Event
	events []flow.Event
}

// add appends an event that is filled in from what all of them share.
func (r *reading) add(kind flow.Kind, fill func(*flow.Event)) {
	ev := r.base
	ev.Kind, ev.Fields = kind, map[string][]string{}
	for k, v := range r.base.Fields {
		ev.Fields[k] = v
	}
	fill(&ev)
	if len(ev.Fields) == 0 {
		ev.Fields = nil
	}
	r.events = append(r.events, ev)
}

func (r *reading) read() {
	if why := r.p.gone(); why != "" {
		r.add(flow.TicketGone, func(ev *flow.Event) { ev.Fields["why"] = []string{why} })
		return
	}
	if r.p.renamed() != nil {
		r.add(flow.TicketRenamed, r.renamed)
	}
	if r.p.moved() != nil {
		r.add(flow.TicketMoved, r.moved)
	}
	files := r.files()
	if r.p.isComment() {
		r.add(r.p.said(), func(ev *flow.Event) {
			ev.Actor = r.speaker(ev.Kind)
			r.c.said(&r.p.Comment, r.key(), ev)
			r.c.readInto(ev, &r.p.Comment, r.names())
			ev.Files = files
		})
		return
	}
	for _, f := range files {
		r.add(flow.FilesAdded, func(ev *flow.Event) {
			ev.Said, ev.Seq, ev.Files = f.Ref, string(r.p.Changelog.ID), []flow.File{f}
		})
	}
}

// speaker is whose words they are, whoever edited them. Who took words back is known only where Jira says it apart from
// the comment.
func (r *reading) speaker(kind flow.Kind) flow.Actor {
	who := r.p.Comment.Author
	if kind == flow.CommentRemoved {
		who = r.p.User
	}
	if who.id() == "" {
		return flow.Actor{}
	}
	return r.c.actorOf(*who)
}

func (r *reading) moved(ev *flow.Event) {
	it := r.p.moved()
	project := r.c.set.Projects[r.p.project()]
	ev.Seq = string(r.p.Changelog.ID)
	ev.Fields["status"] = []string{r.p.status()}
	if w := project.word(r.p.status(), string(it.To)); w != "" {
		ev.Fields["word"] = []string{string(w)}
	}
	if s := r.p.Issue.Fields.Status; s.Category.done() && (it.To == "" || it.To == s.ID) {
		ev.Fields["done"] = []string{"yes"}
	}
	if it.FromText != "" {
		ev.Fields["from"] = []string{string(it.FromText)}
	}
}

func (r *reading) renamed(ev *flow.Event) {
	key := string(r.p.renamed().ToText)
	ev.Seq = string(r.p.Changelog.ID)
	ev.Fields["key"] = []string{key}
	ev.Links = []flow.Link{{Ref: ev.Subject, Label: key, URL: r.c.browse(key)}}
}

// key is what people call the ticket, from the payload or from what Enrich knew.
func (r *reading) key() string {
	if k := r.p.key(); k != "" || r.known == nil {
		return k
	}
	return r.known.Key
}

func (r *reading) names() map[string]string {
	if r.known == nil {
		return nil
	}
	return r.known.Names
}

// files are the attachments that came, as far as the payload describes them.
func (r *reading) files() []flow.File {
	var beans []attachment
	_ = json.Unmarshal(r.p.Issue.Fields.Files, &beans) // of another form, or not there: the names do
	var out []flow.File
	for _, it := range r.p.added() {
		f := flow.File{Ref: r.c.file(string(it.To)), Name: string(it.ToText)}
		for _, b := range beans {
			if string(b.ID) == string(it.To) {
				f = r.c.fileOf(b)
			}
		}
		out = append(out, f)
	}
	return out
}

// said fills in which comment it is, when it was said and where people read it.
func (c *Connector) said(h *hookComment, key string, ev *flow.Event) {
	ev.Said = c.commentRef(ev.Subject.Key, string(h.ID))
	if ev.Kind != flow.CommentRemoved {
		if at, ok := stamp(string(h.Updated)); ok {
			ev.Sent = at
		}
	}
	ev.Seq = string(h.ID)
	if key != "" {
		ev.Links = []flow.Link{{Ref: ev.Said, Label: key, URL: c.browse(key) + "?focusedCommentId=" + string(h.ID)}}
	}
	if h.restricted() {
		ev.Fields["restricted"] = []string{"yes"}
	}
}

// readInto reads the words of a comment. Those that are not for everybody are left where they are.
func (c *Connector) readInto(ev *flow.Event, h *hookComment, names map[string]string) {
	if ev.Kind != flow.CommentRemoved && !h.restricted() {
		ev.Body = readWords(string(h.Body), names)
	}
}

// stamp reads an instant as Jira writes it.
func stamp(s string) (time.Time, bool) {
	for _, layout := range []string{jiraTime, "2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05-0700"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

func (c *Connector) actor(p *payload) flow.Actor {
	who := p.user().account
	if who.id() == "" {
		return flow.Actor{}
	}
	return c.actorOf(*who)
}

// learned is what Enrich found out.
type learned struct {
	Own     bool   `json:"own"`           // our own account did it, or it is about words of ours
	Receipt bool   `json:"receipt"`       // and a write of ours explains it
	Key     string `json:"key,omitempty"` // of the ticket, where the webhook names none
	// Names are what the people are called whom the words mention, by account.
	Names map[string]string `json:"names,omitempty"`
}

func readLearned(raw []byte) (*learned, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var l learned
	if err := json.Unmarshal(raw, &l); err != nil {
		return nil, fmt.Errorf("what was learned: %w", err)
	}
	return &l, nil
}

// ours reports whether our own account is behind a delivery. Whatever it did is recorded and decides nothing, with a
// receipt or without; what people do to a comment of ours says nothing new either.
func (c *Connector) ours(p *payload, known *learned) bool {
	if known != nil {
		return known.Own
	}
	return c.isSelf(p.user().ID) || p.isComment() && c.isSelf(p.Comment.Author.id())
}
