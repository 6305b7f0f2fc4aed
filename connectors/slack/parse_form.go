package slack

import (
	"strings"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// entered is what a modal of ours holds: values by field name, and the block in which each stood.
type entered struct {
	values map[string][]string
	blocks map[string]string
}

// enteredIn reads the state of a modal. Blocks that are not ours are left out.
func enteredIn(v *submitted) entered {
	e := entered{values: map[string][]string{}, blocks: map[string]string{}}
	for block, elements := range v.State.Values {
		name, ok := fieldOf(block)
		if !ok {
			continue
		}
		e.blocks[name] = block
		for _, in := range elements {
			e.values[name] = append(e.values[name], in.values()...)
		}
	}
	return e
}

func (e entered) one(name string) string {
	if v := e.values[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// link is the address that was entered.
func (e entered) link() string { return unescaped(strings.TrimSpace(e.one(inputLink))) }

// extra are the values of a template's own fields and the due date; a list is written with commas or one to a line.
func (e entered) extra() map[string][]string {
	fields := map[string][]string{}
	for name, values := range e.values {
		field, kind, ok := templateField(name)
		if !ok {
			continue
		}
		if kind == "list" {
			values = strings.FieldsFunc(strings.Join(values, ","), func(r rune) bool { return r == ',' || r == ';' || r == '\n' })
		}
		for i, v := range values {
			values[i] = strings.TrimSpace(v)
		}
		set(fields, field, values...)
	}
	if _, taken := fields[inputDue]; !taken {
		set(fields, inputDue, e.values[inputDue]...)
	}
	return fields
}

// submission reads a modal that was sent.
func (s source) submission() ([]flow.Event, error) {
	o, ok := s.c.originOf(*s.act)
	if !ok {
		return nil, nil
	}
	e := enteredIn(s.act.View)
	if o.Form == formRequest {
		return []flow.Event{s.requested(o, e)}, nil
	}
	ev, ok := s.acted(*o.Press)
	if !ok {
		return nil, nil
	}
	ev.Where = s.where(o.Channel, o.Thread)
	switch o.Form {
	case formChanges:
		ev.Body = withLink(typed(e.one(inputNote)), e.link())
	case formApprove:
		ev.Body = typed(e.one(inputNote))
		set(ev.Fields, "checked", e.ticked()...)
	case formDecline, formWithdraw:
		ev.Body = typed(e.one(inputNote))
	case formAnswer:
		ev.Body = typed(e.one(inputNote))
		for name, said := range e.values {
			if strings.HasPrefix(name, answerPrefix) {
				set(ev.Fields, name, said...)
			}
		}
	case formTake, formMerge, formSnooze, formTurnDown:
		ev = s.triaged(ev, o, e)
	case formDelegate:
		ev.To = s.actor(s.act.Team.id(), s.learned.Users[e.one(inputTo)].Team, e.one(inputTo))
		ev.Body = typed(e.one(inputNote))
	case formDraft:
		ev.Fields = e.extra()
		set(ev.Fields, "title", e.one(inputTitle))
		set(ev.Fields, "type", e.one(inputType))
		ev.Body = typed(e.one(inputText))
	case formDetail:
		ev.Fields = e.extra()
		ev.Body = withLink(typed(e.one(inputNote)), e.link())
	}
	return []flow.Event{ev}, nil
}

// requested is a request written in the form.
func (s source) requested(o origin, e entered) flow.Event {
	team := s.act.Team.id()
	ev := s.event(flow.RequestSubmitted)
	ev.Actor = s.actor(team, s.act.User.TeamID, s.act.User.ID)
	ev.Fields = e.extra()
	set(ev.Fields, "source", "slack")
	set(ev.Fields, "title", e.one(inputTitle))
	set(ev.Fields, "type", e.one(inputType))
	set(ev.Fields, "channel", firstOf(s.learned.Channel, channelNamed(o.Name)))
	ev.Body = typed(e.one(inputText))
	if link := e.link(); link != "" {
		ev.Body = append(ev.Body, text.P(text.T("Link: "), text.A(link, link)))
	}
	channel := firstOf(e.one(inputChannel), o.Channel)
	ev.Where = s.where(firstOf(o.Channel, channel), o.Thread)
	switch {
	case o.TS != "":
		thread := s.c.ref("thread", team, o.Channel, firstOf(o.Thread, o.TS))
		ev.Links = append(ev.Links, flow.Link{Ref: thread, Purpose: "thread", Label: s.learned.Channel, URL: s.learned.Permalink})
		ev.Where, ev.Said = thread, s.c.ref("message", team, o.Channel, o.TS)
		ev.Seq, ev.Files = o.Heard, s.threadFiles(team, "")
		if ev.Seq == "" { // a form from before an update
			ev.Seq = s.heard(o.TS)
		}
		ev.Sent = tsTime(ev.Seq)
	case channel != "" && channel[0] != 'D':
		ev.Links = append(ev.Links, flow.Link{Ref: s.c.ref("channel", team, channel), Purpose: "channel", Label: s.learned.Channel})
	}
	return ev
}

// channelNamed is "#name" of a channel name as payloads give it: without the sign, and with a word in its place for
// direct conversations.
func channelNamed(name string) string {
	if name == "" || name == "directmessage" || name == "privategroup" || strings.HasPrefix(name, "mpdm-") {
		return ""
	}
	return "#" + strings.TrimPrefix(name, "#")
}

// withLink adds an address to the last words of a note, so that it does not count as a point of its own.
func withLink(note text.Doc, link string) text.Doc {
	if link == "" {
		return note
	}
	label := text.A(link, link)
	if len(note) == 0 {
		return text.Doc{text.P(label)}
	}
	last := &note[len(note)-1]
	for (last.Kind == text.Bullets || last.Kind == text.Numbers || last.Kind == text.Item || last.Kind == text.Quote) && len(last.Kids) > 0 {
		last = &last.Kids[len(last.Kids)-1]
	}
	if last.Kind != text.Paragraph && last.Kind != text.Heading {
		return append(note, text.P(label))
	}
	last.Kids = append(last.Kids, text.T(" "), label)
	return note
}

// wanted says what there is to find out about a delivery.
func (c *Connector) wanted(d flow.Delivery) (wants, error) {
	s, err := c.source(d)
	if err != nil {
		return wants{}, err
	}
	if d.Type == typeJSON {
		return s.wanted(), nil
	}
	if s.cmd != nil && s.cmd.absents() {
		return wants{team: s.cmd.TeamID, users: append([]string{s.cmd.UserID}, mentionedIn(s.cmd.Text)...)}, nil
	}
	if s.act == nil {
		return wants{}, nil
	}
	w := wants{team: s.act.Team.id(), users: []string{s.act.User.ID}}
	if s.act.Type != "view_submission" || s.act.View == nil {
		return w, nil
	}
	o, ok := c.originOf(*s.act)
	if !ok {
		return w, nil
	}
	e := enteredIn(s.act.View)
	switch o.Form {
	case formRequest:
		w.channel = firstOf(e.one(inputChannel), o.Channel)
		w.messageChannel, w.message = o.Channel, firstOf(o.Thread, o.TS)
		if o.TS != "" {
			w.threadOf, w.threadTS = o.Channel, firstOf(o.Thread, o.TS)
		}
	case formDelegate, formTake:
		w.users = append(w.users, e.one(inputTo))
	}
	return w, nil
}
