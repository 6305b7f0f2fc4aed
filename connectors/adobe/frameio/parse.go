package frameio

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// Parse turns a webhook, with what was read about it, into events.
func (p *Part) Parse(d flow.Delivery) ([]flow.Event, error) {
	w, err := readPayload(d.Body)
	if err != nil {
		return nil, err
	}
	if bad := w.missing(); bad != "" {
		return nil, fmt.Errorf("webhook: %s", bad)
	}
	if len(d.Learned) == 0 {
		// It names things only; so it is listed, to be replayed when they can be read.
		return nil, errors.New("Frame.io could not be asked about it; replay it when it can")
	}
	var l learned
	if err := json.Unmarshal(d.Learned, &l); err != nil {
		return nil, fmt.Errorf("what was learned: %w", err)
	}
	events := p.read(w, l, d.At)
	for i := range events {
		events[i].At, events[i].Delivery = d.At, d.ID
		if events[i].ID = d.ID; i > 0 {
			events[i].ID += "/" + strconv.Itoa(i+1)
		}
	}
	return events, nil
}

func (p *Part) read(w *payload, l learned, now time.Time) []flow.Event {
	switch {
	case w.submitted():
		return []flow.Event{p.requested(merged(w, l.Press), l, now)}
	case w.action():
		return nil
	case w.about() == "comment":
		return p.readComment(w, l, now)
	case l.About.Zero():
		return nil
	case l.Gone != "":
		return []flow.Event{p.goneEvent(l.About, l.Gone)}
	case l.Status != "":
		return []flow.Event{p.statusEvent(l.About, l.Title, l.Status, p.actor(user{ID: w.User.ID}), w.Resource.ID, now)}
	case len(l.Versions) > 0:
		return []flow.Event{p.changed(l.About, l.Title, l.URL, l.Versions)}
	}
	return nil
}

// changed says which versions of an asset are new.
func (p *Part) changed(about flow.Ref, title, url string, list []flow.Version) flow.Event {
	newest := list[len(list)-1]
	return flow.Event{
		Kind: flow.AssetChanged, Subject: about, Actor: newest.By, Sent: newest.At, Seq: newest.Seq, Versions: list,
		Assets: []flow.Asset{{Ref: about, Label: title, URL: url}},
	}
}

func (p *Part) goneEvent(about flow.Ref, why string) flow.Event {
	return flow.Event{Kind: flow.AssetGone, Subject: about, Fields: map[string][]string{"why": {why}}}
}

// statusEvent shows that somebody set the status in Frame.io. It is said, and is nobody's vote.
func (p *Part) statusEvent(about flow.Ref, title, status string, by flow.Actor, file string, now time.Time) flow.Event {
	said := p.ref("status", p.set.Account+"/"+file+"/"+api.Hash(status, now.UTC().Format(time.RFC3339Nano))[:12])
	return flow.Event{
		Kind: flow.CommentAdded, Subject: about, Said: said, Actor: by, Sent: now, Seq: now.UTC().Format("20060102150405.000000"),
		Body:   text.Plain(fmt.Sprintf("Status in Frame.io: %s", api.OneLine(status, 100))),
		Fields: map[string][]string{"automatic": {"yes"}, "version": {file}}, Links: []flow.Link{{Ref: said, Label: title}},
	}
}

// readComment makes of a comment a request, where it asks for one about a file that none follows, else words about one.
func (p *Part) readComment(w *payload, l learned, now time.Time) []flow.Event {
	if l.Comment == nil {
		if l.About.Zero() || l.Before == nil {
			return nil
		}
		return []flow.Event{{
			Kind: flow.CommentRemoved, Subject: l.About, Said: p.commentRef(l.Before.File, w.Resource.ID), Sent: now, Seq: w.Resource.ID,
			Actor: p.actor(user{ID: w.User.ID}),
		}}
	}
	m := *l.Comment
	if l.About.Zero() {
		if l.Own {
			return nil
		}
		return []flow.Event{p.asked(m, l)}
	}
	ev := p.saidIn(l.About, l.Title, l.URL, m)
	if l.Own {
		ev.Echo = true
		delete(ev.Fields, "point")
		if !l.Receipt {
			ev.Fields["receipt"] = []string{"no"}
		}
		return []flow.Event{ev}
	}
	return p.compared(l.About, ev, m, l.Before, w.event())
}

// compared says what a comment is besides what was known of it: new, edited, completed, opened again. A webhook says what it
// tells of; what is read without one is told by the difference alone.
func (p *Part) compared(about flow.Ref, ev flow.Event, m comment, before *known, event string) []flow.Event {
	var out []flow.Event
	k := knownOf(m)
	switch {
	case before == nil || event == "comment.created":
		out = append(out, ev)
	case before.Words != k.Words || event == "comment.updated":
		ev.Kind, ev.Sent = flow.CommentEdited, m.changed()
		out = append(out, ev)
	}
	turned := before != nil && before.Resolved != k.Resolved || before == nil && k.Resolved
	if m.Parent == "" && (turned || event == "comment.completed" || event == "comment.uncompleted") {
		out = append(out, p.resolvedIn(about, m))
	}
	return out
}

// asked is a request that a comment asks for.
func (p *Part) asked(m comment, l learned) flow.Event {
	about := p.file(m.File)
	said := p.saidIn(about, l.Title, l.URL, m)
	root := p.commentRef(m.File, m.root())
	rest, _ := api.Mentions(p.set.Mention, m.Text)
	ev := p.opened(l, about, "comment", titleOf(rest, l.Title))
	ev.Actor, ev.Sent, ev.Seq, ev.Said, ev.Subject, ev.Body = said.Actor, said.Sent, said.Seq, said.Said, root, said.Body
	ev.Links = []flow.Link{{Ref: root, Purpose: "thread", Label: l.Title, URL: l.URL}}
	return ev
}

// opened is what every request from Frame.io says.
func (p *Part) opened(l learned, about flow.Ref, event, title string) flow.Event {
	fields := map[string][]string{"source": {"adobe"}, "event": {event}, "title": {title}}
	if l.Title != "" {
		fields["file"] = []string{l.Title}
	}
	return flow.Event{
		Kind: flow.RequestSubmitted, Fields: fields, Subject: about,
		Assets: []flow.Asset{{Ref: about, Label: l.Title, URL: l.URL, Versions: l.Versions}},
	}
}

// titleOf is the first line of some words; without any, the name of the file.
func titleOf(words, file string) string {
	for line := range strings.Lines(words) {
		if line = api.OneLine(line, longestTitle); !text.Blank(line) {
			return line
		}
	}
	return api.OneLine("Sign-off of "+api.First(file, "a file in Frame.io"), longestTitle)
}

// requested is a request that was made in the form of a custom action.
func (p *Part) requested(w *payload, l learned, now time.Time) flow.Event {
	about := p.file(w.Resource.ID)
	if !l.About.Zero() {
		about = l.About
	}
	if w.Resource.ID == "" {
		about = flow.Ref{}
	}
	form := p.form(w)
	ev := p.opened(l, about, "custom_action", titleOf(form.Title, l.Title))
	ev.Actor, ev.Sent, ev.Body = p.actor(user{ID: w.User.ID, Name: l.Name}), now, text.Plain(form.Text)
	if form.Type != "" {
		ev.Fields["type"] = []string{form.Type}
	}
	for _, name := range slices.Sorted(maps.Keys(form.Fields)) {
		ev.Fields[name] = form.Fields[name]
	}
	if about.Zero() {
		ev.Assets, ev.Subject = nil, p.ref("action", w.Interaction)
	}
	for _, id := range w.others() {
		ev.Assets = append(ev.Assets, flow.Asset{Ref: p.file(id)})
	}
	return ev
}
