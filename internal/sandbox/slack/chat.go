package slack

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

const (
	maxText     = 40000 // chat.postMessage
	maxEdit     = 4000  // chat.update: the lower of the two figures in circulation
	maxMetadata = 8000  // bytes; Slack publishes no figure
)

// content is what a message says.
type content struct {
	text      string
	blocks    []any
	hasBlocks bool
	metadata  object
	hasMeta   bool
}

// readContent checks text, blocks and metadata of a call. The caller holds mu.
func (s *Server) readContent(a args, most int) (content, *failure) {
	c := content{text: a.str("text")}
	v, given, ok := a.value("blocks")
	if given {
		blocks, isList := v.([]any)
		if !ok || !isList {
			return c, fail("invalid_blocks_format")
		}
		var l lint
		lintBlocks(&l, "/blocks", blocks, onMessage)
		s.lintPictures(&l, "/blocks", blocks)
		if len(l.messages) > 0 {
			return c, refused("invalid_blocks", &l)
		}
		if blockText(blocks) > maxBlockText {
			return c, fail("msg_blocks_too_long")
		}
		c.blocks, c.hasBlocks = blocks, true
	}
	switch {
	case utf8.RuneCountInString(c.text) > most:
		return c, fail("msg_too_long")
	case strings.TrimSpace(c.text) == "" && len(c.blocks) == 0:
		return c, fail("no_text")
	}
	return c, readMetadata(a, &c)
}

func readMetadata(a args, c *content) *failure {
	v, given, ok := a.value("metadata")
	if !given {
		return nil
	}
	o := obj(v)
	if !ok || o == nil {
		return fail("invalid_metadata_format")
	}
	c.hasMeta = true
	if len(o) == 0 {
		return nil // an empty object removes the metadata
	}
	var l lint
	shape{
		"event_type":    must(words(1, 255)),
		"event_payload": must(shapeless),
	}.check(&l, "/metadata", v)
	if len(l.messages) > 0 {
		return refused("invalid_metadata_schema", &l)
	}
	if raw, err := json.Marshal(o); err != nil || len(raw) > maxMetadata {
		return fail("metadata_too_large")
	}
	c.metadata = o
	return nil
}

// shapeless is any object.
func shapeless(l *lint, at string, v any) {
	if obj(v) == nil {
		l.add(at, "must provide an object")
	}
}

func (s *Server) postMessage(a args) (object, *failure) {
	c, failed := s.postTarget(a.str("channel"))
	if failed != nil {
		return nil, failed
	}
	said, failed := s.readContent(a, maxText)
	if failed != nil {
		return nil, failed
	}
	thread := a.str("thread_ts")
	if thread != "" {
		root := c.find(thread)
		if root == nil {
			return nil, fail("thread_not_found")
		}
		thread = firstOf(root.threadTS, root.ts)
	}
	m := &message{
		channel: c, ts: s.newTS(), threadTS: thread, user: s.opt.Bot.UserID, byBot: true,
		text: said.text, blocks: s.settled(said.blocks), metadata: said.metadata,
		broadcast: thread != "" && a.flag("reply_broadcast"),
	}
	s.add(m)
	s.sendMessageEvent(m)
	return object{"channel": c.id, "ts": m.ts, "message": s.wire(m, true)}, nil
}

// postTarget finds where the app wants to post: a channel id, a channel name or a user id.
func (s *Server) postTarget(to string) (*channel, *failure) {
	if u := s.users[to]; u != nil {
		if u.Deleted {
			return nil, fail("user_disabled")
		}
		if s.opt.NoMessagesTab {
			return nil, fail("messages_tab_disabled")
		}
		return s.direct(u.ID), nil
	}
	c := s.channelByID(to)
	if c == nil {
		c = s.channelByName(strings.TrimPrefix(to, "#"))
	}
	switch {
	case c == nil:
		return nil, fail("channel_not_found")
	case c.archived:
		return nil, fail("is_archived")
	case c.im && s.opt.NoMessagesTab:
		return nil, fail("messages_tab_disabled")
	case c.has(s.opt.Bot.UserID):
		return c, nil
	case c.kind() == "channel" && s.granted("chat:write.public"):
		return c, nil
	case c.kind() == "channel":
		return nil, fail("not_in_channel")
	}
	return nil, fail("channel_not_found") // what the app cannot see does not exist for it
}

func (s *Server) updateMessage(a args) (object, *failure) {
	m, failed := s.target(a.str("channel"), a.str("ts"))
	if failed != nil {
		return nil, failed
	}
	if !m.byBot || m.tombstone {
		return nil, fail("cant_update_message")
	}
	if _, given := a["text"]; !given && a["blocks"] == nil {
		return nil, fail("no_text")
	}
	said, failed := s.readContent(a, maxEdit)
	if failed != nil {
		return nil, failed
	}
	before := clone(s.wire(m, true))
	if _, given := a["text"]; given {
		m.text = said.text
	}
	if said.hasBlocks {
		m.show(s.settled(said.blocks))
	}
	if said.hasMeta {
		m.metadata = said.metadata
	}
	m.edited = object{"user": s.opt.Bot.BotID, "ts": s.newTS()}
	s.touch()
	s.sendChanged(m, before)
	return object{"channel": m.channel.id, "ts": m.ts, "text": m.text, "message": s.wire(m, true)}, nil
}

// target finds a message by channel and timestamp.
func (s *Server) target(channelID, ts string) (*message, *failure) {
	c := s.visible(channelID)
	if c == nil {
		return nil, fail("channel_not_found")
	}
	m := c.find(ts)
	if m == nil {
		return nil, fail("message_not_found")
	}
	return m, nil
}

func (s *Server) postEphemeral(a args) (object, *failure) {
	c, failed := s.postTarget(a.str("channel"))
	if failed != nil {
		return nil, failed
	}
	user := a.str("user")
	switch {
	case s.users[user] == nil:
		return nil, fail("user_not_found")
	case !c.has(user):
		return nil, fail("user_not_in_channel")
	}
	said, failed := s.readContent(a, maxText)
	if failed != nil {
		return nil, failed
	}
	m := s.addEphemeral(c, user, a.str("thread_ts"), said)
	return object{"message_ts": m.ts}, nil
}

// addEphemeral shows user a message that nobody else sees. The caller holds mu.
func (s *Server) addEphemeral(c *channel, user, thread string, said content) *message {
	m := &message{
		channel: c, ts: s.newTS(), threadTS: thread, user: s.opt.Bot.UserID, byBot: true,
		text: said.text, blocks: s.settled(said.blocks), ephemeralTo: user,
	}
	s.add(m)
	return m
}

func (s *Server) deleteMessage(a args) (object, *failure) {
	m, failed := s.target(a.str("channel"), a.str("ts"))
	if failed != nil {
		return nil, failed
	}
	if !m.byBot {
		return nil, fail("cant_delete_message")
	}
	s.drop(m)
	return object{"channel": m.channel.id, "ts": m.ts}, nil
}

// drop deletes a message as Slack does: a parent with replies leaves a tombstone. The caller holds mu.
func (s *Server) drop(m *message) {
	before := clone(s.wire(m, false))
	if len(m.channel.replies(m.ts)) > 0 {
		m.tombstone, m.blocks, m.text, m.unfurls = true, nil, "", nil
		s.sendChanged(m, before)
	} else {
		m.channel.remove(m)
		s.sendDeleted(m, before)
		if root := m.channel.find(m.threadTS); root != nil && root.tombstone && len(m.channel.replies(root.ts)) == 0 {
			m.channel.remove(root) // nothing hangs on the deleted parent any more
		}
	}
	s.touch()
}

func (s *Server) permalink(a args) (object, *failure) {
	m, failed := s.target(a.str("channel"), a.str("message_ts"))
	if failed != nil {
		return nil, failed
	}
	return object{"channel": m.channel.id, "permalink": s.permalinkOf(m)}, nil
}

func (s *Server) permalinkOf(m *message) string {
	link := s.teamURL() + "archives/" + m.channel.id + "/p" + strings.ReplaceAll(m.ts, ".", "")
	if m.threadTS != "" && m.threadTS != m.ts {
		link += "?thread_ts=" + m.threadTS + "&cid=" + m.channel.id
	}
	return link
}

// teamURL is the address of the workspace: that of the pages where they are served, Slack's otherwise.
func (s *Server) teamURL() string {
	if s.opt.Prefix != "" && s.opt.Origin != "" {
		return s.opt.Origin + "/"
	}
	return "https://" + s.opt.Team.Domain + ".slack.com/"
}

// add appends a message. The caller holds mu.
func (s *Server) add(m *message) {
	m.channel.messages = append(m.channel.messages, m)
	s.touch()
}
