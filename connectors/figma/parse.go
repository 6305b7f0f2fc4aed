package figma

import (
	"encoding/json"
	"fmt"
	"strconv"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// Parse turns a webhook, with what was read about it, into events. Where Figma could not be asked, the webhook's own words
// do: its passcode was right, and nothing that is asked for is lost.
func (c *Connector) Parse(d flow.Delivery) ([]flow.Event, error) {
	p, err := readPayload(d.Body)
	if err != nil {
		return nil, err
	}
	if bad := p.missing(); bad != "" {
		return nil, fmt.Errorf("webhook: %s", bad)
	}
	var l *learned
	if len(d.Learned) > 0 {
		l = &learned{}
		if err := json.Unmarshal(d.Learned, l); err != nil {
			return nil, fmt.Errorf("what was learned: %w", err)
		}
	}
	events := c.read(p, l)
	for i := range events {
		events[i].At, events[i].Delivery = d.At, d.ID
		if events[i].ID = d.ID; i > 0 {
			events[i].ID += "/" + strconv.Itoa(i+1)
		}
	}
	return events, nil
}

func (c *Connector) read(p *payload, l *learned) []flow.Event {
	switch p.Event {
	case fileComment:
		return c.readComment(p, l)
	case fileVersion:
		return c.readVersion(p, l)
	case fileDelete:
		if l != nil && l.Touches && l.Gone {
			return []flow.Event{c.goneEvent(p.FileKey, "deleted")}
		}
	case fileUpdate, publish, devModeStatus:
		if l != nil && len(l.Versions) > 0 {
			return []flow.Event{c.changed(p.FileKey, p.fileName(), l.Node, l.Versions)}
		}
	}
	return nil
}

func (p *payload) fileName() string { return oneLine(p.FileName, longestName) }

// told is a comment as the webhook tells it, for where Figma could not be asked.
func (p *payload) told() comment {
	at := p.Created
	if at == "" {
		at = p.Timestamp
	}
	return comment{ID: p.ID, Parent: p.Parent, By: p.By, Created: at, Resolved: p.Resolved, Message: p.words()}
}

// readComment makes of a comment a request, where it asks for one in a file that no request is about, else words about one.
func (c *Connector) readComment(p *payload, l *learned) []flow.Event {
	m := p.told()
	switch {
	case l == nil, l.Unread:
	case l.Gone || l.Comment == nil:
		return nil
	default:
		m = *l.Comment
	}
	rest, asks := c.mentions(m.Message)
	touches := l != nil && l.Touches
	own := l != nil && l.Own
	switch {
	case asks && !touches && !own:
		return []flow.Event{c.submitted(p, m, rest)}
	case l != nil && !touches:
		return nil
	}
	ev := c.saidIn(p.FileKey, p.fileName(), m)
	if own {
		ev.Echo = true
		delete(ev.Fields, "point")
		if !l.Receipt {
			ev.Fields["receipt"] = []string{"no"}
		}
		return []flow.Event{ev}
	}
	out := []flow.Event{ev}
	if m.Parent == "" && !instant(m.Resolved).IsZero() {
		out = append(out, c.resolvedIn(p.FileKey, m, ev.Sent))
	}
	return out
}

// submitted is a request that a comment asks for. Where it is a reply, the thread is that of the comment it stands below.
func (c *Connector) submitted(p *payload, m comment, rest string) flow.Event {
	said := c.saidIn(p.FileKey, p.fileName(), m)
	root := c.commentRef(p.FileKey, string(m.root()))
	node := m.node()
	thread := flow.Link{Ref: root, Purpose: "thread", Label: p.fileName(), URL: c.site.comment(p.FileKey, node, string(m.root()))}
	ev := c.opened(p, "file_comment", c.asked(rest, "Sign-off of "+firstOf(p.fileName(), "a file in Figma")), node)
	ev.Actor, ev.Sent, ev.Seq, ev.Said, ev.Subject = said.Actor, said.Sent, said.Seq, said.Said, root
	ev.Body, ev.Links = said.Body, []flow.Link{thread}
	return ev
}

// opened is what every request from Figma says.
func (c *Connector) opened(p *payload, event, title, node string) flow.Event {
	fields := map[string][]string{"source": {"figma"}, "event": {event}, "title": {title}}
	if name := p.fileName(); name != "" {
		fields["file"] = []string{name}
	}
	return flow.Event{
		Kind: flow.RequestSubmitted, Fields: fields,
		Assets: []flow.Asset{{Ref: c.file(p.FileKey), Label: p.fileName(), URL: c.site.address(place{key: p.FileKey, node: node}), Nodes: nodes(node)}},
	}
}

// readVersion tells of a new version; one whose name or description asks for sign-off is a request too.
func (c *Connector) readVersion(p *payload, l *learned) []flow.Event {
	list := []version{{ID: p.Version, Created: firstOf(p.Created, p.Timestamp), Label: p.Label, Description: p.Description, By: p.By}}
	node := ""
	if l != nil && !l.Unread {
		if list, node = l.Versions, l.Node; len(list) == 0 {
			return nil
		}
	}
	changed := c.changed(p.FileKey, p.fileName(), node, list)
	newest := list[len(list)-1]
	words := newest.Label + "\n" + newest.Description
	rest, asks := c.mentions(words)
	if !asks || l != nil && l.Touches {
		return []flow.Event{changed}
	}
	ev := c.opened(p, "file_version_update", c.asked(rest, "Sign-off of "+firstOf(p.fileName(), "a file in Figma")), node)
	ev.Subject, ev.Actor, ev.Sent, ev.Seq = c.file(p.FileKey), changed.Actor, changed.Sent, changed.Seq
	ev.Body = text.Plain(words)
	ev.Assets[0].Versions = changed.Versions
	return []flow.Event{ev, changed}
}
