package slack

import (
	"context"
	"net/url"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Draft ways, as flow names them.
const draftEmoji = "emoji"

// reactedAt is the message at which somebody put an emoji; false where it is none.
func (e envelope) reactedAt() (m said, ok bool) {
	var item struct {
		Type    word `json:"type"`
		Channel word `json:"channel"`
		TS      word `json:"ts"`
	}
	if !e.Event.Item.into(&item) || item.Type != "message" {
		return m, false
	}
	m = said{Channel: string(item.Channel), TS: string(item.TS)}
	return m, m.Channel != "" && m.TS != ""
}

// emojiName is an emoji's name without colons and without the tone of its skin.
func emojiName(s string) string {
	name, _, _ := strings.Cut(strings.Trim(s, ":"), "::")
	return name
}

// acceptReaction takes the one emoji that makes a draft of a message. Its delivery has no content key: whoever takes
// the emoji back and puts it there again wants to be asked again.
func (c *Connector) acceptReaction(acc connectors.Accepted, e envelope) connectors.Accepted {
	user := string(e.Event.User)
	_, ok := e.reactedAt()
	switch {
	case c.settings.Emoji == "" || emojiName(string(e.Event.Reaction)) != emojiName(c.settings.Emoji):
		acc.Ignored = "another emoji than the one that makes a request"
	case !ok || user == "":
		acc.Ignored = "it is at no message"
	case user == c.self(e.team()).User || user == e.botUser():
		acc.Ignored = ignoredOwn
	default:
		acc.Enrich = true
	}
	return acc
}

func (s source) wantedReaction(w wants) wants {
	m, ok := s.env.reactedAt()
	if !ok {
		return w
	}
	w.users, w.channel, w.reacted = []string{string(s.env.Event.User)}, m.Channel, m
	return w
}

// learnMessage reads the message that a reaction is at.
func (c *Connector) learnMessage(ctx context.Context, w *wants, l *learned) error {
	if w.reacted.TS == "" {
		return nil
	}
	found, err := c.message(ctx, w.team, w.reacted.Channel, w.reacted.TS)
	if err != nil || found == nil {
		return err
	}
	var m inner
	if !found.into(&m) {
		return nil
	}
	l.Message = found
	spoken := m.said()
	w.users = append(append(w.users, spoken.User), mentionedIn(spoken.Text)...)
	w.files = spoken.Files
	w.messageChannel, w.message = w.reacted.Channel, firstOf(spoken.ThreadTS, w.reacted.TS)
	return nil
}

// message reads one message: from the channel's history, and where it is a reply, from its thread. nil: it is not there.
func (c *Connector) message(ctx context.Context, team, channel, ts string) (loose, error) {
	for _, method := range []string{opHistory, opReplies} {
		args := url.Values{"channel": {channel}, "latest": {ts}, "inclusive": {"true"}, "limit": {"1"}}
		if method == opReplies {
			args.Set("ts", ts)
			args.Set("oldest", ts)
			args.Set("limit", "2") // the thread's first message may come along
		}
		var out struct {
			Messages []loose `json:"messages"`
		}
		if _, err := c.read(ctx, team, method, args, &out); err != nil {
			if codeOf(err) == "thread_not_found" {
				return nil, nil
			}
			return nil, err
		}
		for _, found := range out.Messages {
			var m inner
			if found.into(&m) && string(m.TS) == ts {
				return found, nil
			}
		}
	}
	return nil, nil
}

// reacted offers the message under an emoji as a draft to whoever put it there. A message that cannot be read is
// offered without words: the form asks for them.
func (s source) reacted() []flow.Event {
	at, ok := s.env.reactedAt()
	if !ok {
		return nil
	}
	var m said
	var i inner
	if s.learned.Message.into(&i) {
		m = i.said()
	}
	m.Channel, m.TS = at.Channel, at.TS
	ev := s.draft(m, draftEmoji)
	ev.Actor = s.actor(s.env.team(), "", string(s.env.Event.User))
	ev.Sent = tsTime(string(s.env.Event.EventTS))
	return []flow.Event{ev}
}

// draft is a message offered as a request. An answer that only one person sees is lost in a thread that nobody has
// opened, so it goes to the channel unless the message is in a thread.
func (s source) draft(m said, way string) flow.Event {
	ev := s.request(m)
	set(ev.Fields, "draft", way)
	if way != wayDirect && !m.reply() && m.Replies == 0 {
		ev.Where = s.c.ref("channel", s.env.team(), m.Channel)
	}
	return ev
}
