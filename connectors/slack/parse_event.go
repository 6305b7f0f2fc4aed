package slack

import (
	"signoff/internal/flow"
	"signoff/internal/text"
)

// told are the events of an Events API delivery.
func (s source) told() []flow.Event {
	if s.env.Type != "event_callback" {
		return nil
	}
	switch s.env.Event.said().Type {
	case "app_mention", "message":
		return s.spoke()
	case "reaction_added":
		return s.reacted()
	case "app_home_opened":
		return s.opened()
	case "link_shared":
		return s.linked()
	}
	return nil
}

// spoke is what a message states.
func (s source) spoke() []flow.Event {
	m, kind := s.env.spokenIn()
	own := s.c.ours(m, s.env)
	switch {
	case kind == saidNothing || own && s.learned.Own:
		return nil
	case own:
		return []flow.Event{echo(s.comment(m, kind))}
	case kind != saidNew:
		return []flow.Event{s.comment(m, kind)}
	}
	switch s.c.wayOf(m, s.env) {
	case wayMention:
		if s.learned.Belongs == "" {
			return []flow.Event{s.mention(m)}
		}
		return []flow.Event{s.comment(m, kind)}
	case wayReply:
		return []flow.Event{s.comment(m, kind)}
	case wayAbsence:
		return []flow.Event{s.absentIn(m)}
	case wayDirect:
		return []flow.Event{s.draft(m, wayDirect)}
	case wayTop:
		if s.c.watches(m.Channel, s.learned.Channel) {
			return []flow.Event{s.draft(m, wayWatch)}
		}
	}
	return nil
}

// comment is words in a thread, or what became of them.
func (s source) comment(m said, kind saidKind) flow.Event {
	team := s.env.team()
	ev := s.event(flow.CommentAdded)
	ev.Sent, ev.Seq = tsTime(m.TS), m.TS
	ev.Subject, ev.Said = s.c.ref("thread", team, m.Channel, m.thread()), s.c.ref("message", team, m.Channel, m.TS)
	ev.Where = ev.Subject
	ev.Actor = s.author(m)
	ev.Links = []flow.Link{{Ref: ev.Said, URL: s.learned.Permalink}}
	switch kind {
	case saidRemoved:
		ev.Kind = flow.CommentRemoved
		if ev.Sent = tsTime(string(s.env.Event.EventTS)); ev.Sent.IsZero() {
			ev.Sent = s.d.At
		}
		return ev
	case saidEdited:
		ev.Kind, ev.Sent = flow.CommentEdited, tsTime(m.Edited)
	}
	ev.Body, ev.Files = s.body(m), s.files(team, m.Files)
	if ev.Kind == flow.CommentAdded && ev.Body.Empty() && len(ev.Files) > 0 {
		ev.Kind = flow.FilesAdded
	}
	return ev
}

// mention is a request made of a message and its thread.
func (s source) mention(m said) flow.Event {
	ev := s.request(m)
	if m.reply() {
		ev.Body = append(ev.Body, s.threadWords(m.TS)...)
		ev.Files = append(ev.Files, s.threadFiles(s.env.team(), m.TS)...)
	}
	return ev
}

// request is a request made of a message.
func (s source) request(m said) flow.Event {
	team := s.env.team()
	ev := s.event(flow.RequestSubmitted)
	ev.Sent, ev.Seq = tsTime(m.TS), s.heard(m.TS)
	ev.Actor = s.author(m)
	ev.Subject, ev.Said = s.c.ref("thread", team, m.Channel, m.thread()), s.c.ref("message", team, m.Channel, m.TS)
	ev.Where = ev.Subject
	ev.Links = []flow.Link{{Ref: ev.Subject, Purpose: "thread", Label: s.learned.Channel, URL: s.learned.Permalink}}
	ev.Body, ev.Files = s.body(m), s.files(team, m.Files)
	set(ev.Fields, "source", "slack")
	set(ev.Fields, "channel", s.learned.Channel)
	if ev.Body.Empty() && len(ev.Files) > 0 && !m.reply() {
		set(ev.Fields, "title", oneLine(ev.Files[0].Name)) // what a file without words is called
	}
	return ev
}

// heard is the newest message that a description was made from.
func (s source) heard(ts string) string {
	for _, p := range s.learned.Thread {
		if tsTime(p.TS).After(tsTime(ts)) {
			ts = p.TS
		}
	}
	return ts
}

// threadFiles are the files of a thread but for those of one message.
func (s source) threadFiles(team, but string) []flow.File {
	var out []flow.File
	for _, p := range s.learned.Thread {
		if p.TS != but && len(out) < filesMost {
			out = append(out, s.files(team, p.Files)...)
		}
	}
	return out
}

// author is who wrote a message: a person, or an app that wrote without one.
func (s source) author(m said) flow.Actor {
	team := s.env.team()
	if m.User != "" {
		a := s.actor(team, firstOf(m.UserTeam, m.Team), m.User)
		a.Bot = a.Bot || m.BotID != ""
		a.Shown = firstOf(a.Shown, m.Username)
		return a
	}
	if m.BotID == "" {
		return flow.Actor{} // a deletion that does not say whose words they were
	}
	return flow.Actor{Ref: s.c.ref("bot", team, m.BotID), Shown: m.Username, Bot: true}
}

// body is the words of a message: by its rich text, which says more, where people wrote it.
func (s source) body(m said) text.Doc {
	doc, ok := s.rich(m)
	if !ok {
		doc = s.words(m.Text)
	}
	return append(doc, s.words(m.Forwarded)...)
}

// wanted says what there is to find out about an event.
func (s source) wanted() wants {
	w := wants{team: s.env.team()}
	switch ev := s.env.Event.said(); ev.Type {
	case "app_mention", "message":
		return s.wantedSaid(w)
	case "reaction_added":
		return s.wantedReaction(w)
	case "app_home_opened", "link_shared":
		w.users = []string{ev.User}
	}
	return w
}

func (s source) wantedSaid(w wants) wants {
	m, kind := s.env.spokenIn()
	w.users = append([]string{m.User}, mentionedIn(m.Text)...)
	w.messageChannel, w.message, w.below, w.files = m.Channel, m.TS, m.ThreadTS, m.Files
	own, way := s.c.ours(m, s.env), s.c.wayOf(m, s.env)
	if own {
		w.own = &m
	}
	switch {
	case own, kind != saidNew, way == wayReply:
		w.belongs, w.comment = s.c.ref("thread", w.team, m.Channel, m.thread()), true
		return w
	case way == wayTop:
		w.watch = true
	case way == wayMention:
		w.belongs, w.authors = s.c.ref("thread", w.team, m.Channel, m.thread()), 5
		if m.reply() {
			w.threadOf, w.threadTS = m.Channel, m.ThreadTS
		}
		w.root = m.thread()
	}
	w.channel = m.Channel
	return w
}
