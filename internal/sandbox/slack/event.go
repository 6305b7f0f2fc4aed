package slack

import "maps"

// sendMessageEvent tells the app about a new message where it is a member. The caller holds mu.
func (s *Server) sendMessageEvent(m *message) {
	if !m.channel.has(s.opt.Bot.UserID) {
		return
	}
	inner := s.inner(m)
	if len(m.files) > 0 {
		inner["subtype"] = "file_share"
	}
	if m.broadcast {
		if root := m.channel.find(m.threadTS); root != nil {
			inner["root"] = s.wire(root, false)
		}
	}
	s.sendEvent(inner)
	for _, f := range m.files {
		s.sendFileShared(m, f)
	}
}

// sendFileShared tells the app about a file besides the message that carries it. The caller holds mu.
func (s *Server) sendFileShared(m *message, f *file) {
	s.sendEvent(object{
		"type": "file_shared", "file_id": f.id, "user_id": m.user, "file": object{"id": f.id}, "channel_id": m.channel.id,
		"event_ts": s.newTS(),
	})
}

// inner is a message as an event carries it.
func (s *Server) inner(m *message) object {
	inner := clone(s.wire(m, true))
	delete(inner, "reactions")
	inner["channel"], inner["event_ts"], inner["channel_type"] = m.channel.id, m.ts, m.channel.kind()
	return inner
}

// sendMention tells the app that somebody wrote its name. The caller holds mu.
func (s *Server) sendMention(m *message) {
	inner := s.inner(m)
	inner["type"] = "app_mention"
	delete(inner, "channel_type")
	s.sendEvent(inner)
}

// sendChanged tells the app that a message reads differently now. The caller holds mu.
func (s *Server) sendChanged(m *message, before object) {
	if !m.channel.has(s.opt.Bot.UserID) {
		return
	}
	after := clone(s.wire(m, true))
	after["source_team"], after["user_team"] = s.teamOf(m.user), s.teamOf(m.user)
	s.sendHidden(m, object{"subtype": "message_changed", "message": after, "previous_message": before})
}

// sendDeleted tells the app that a message is gone. The caller holds mu.
func (s *Server) sendDeleted(m *message, before object) {
	if !m.channel.has(s.opt.Bot.UserID) {
		return
	}
	s.sendHidden(m, object{"subtype": "message_deleted", "deleted_ts": m.ts, "previous_message": before})
}

func (s *Server) sendHidden(m *message, more object) {
	ts := s.newTS()
	inner := object{
		"type": "message", "channel": m.channel.id, "hidden": true, "ts": ts, "event_ts": ts,
		"channel_type": m.channel.kind(),
	}
	maps.Copy(inner, more)
	s.sendEvent(inner)
}

// sendReaction tells the app of a reaction. kind is "reaction_added" or "reaction_removed". The caller holds mu.
func (s *Server) sendReaction(kind string, m *message, name, user string) {
	if !m.channel.has(s.opt.Bot.UserID) {
		return
	}
	s.sendEvent(object{
		"type": kind, "user": user, "reaction": name, "item_user": m.user, "event_ts": s.newTS(),
		"item": object{"type": "message", "channel": m.channel.id, "ts": m.ts},
	})
}

func (s *Server) sendJoined(c *channel, user, inviter string) {
	kind := "C"
	if c.private {
		kind = "G"
	}
	inner := object{
		"type": "member_joined_channel", "user": user, "channel": c.id, "channel_type": kind,
		"team": s.opt.Team.ID, "event_ts": s.newTS(),
	}
	if inviter != "" {
		inner["inviter"] = inviter
	}
	s.sendEvent(inner)
}

// sendHomeOpened tells the app which of its tabs, "home" or "messages", a person opened. The caller holds mu.
func (s *Server) sendHomeOpened(user, tab string) {
	inner := object{
		"type": "app_home_opened", "user": user, "channel": s.direct(user).id, "tab": tab, "event_ts": s.newTS(),
	}
	if v := s.homes[user]; v != nil && tab == "home" {
		inner["view"] = s.wireView(v)
	}
	s.sendEvent(inner)
}

// subscribed reports whether the app's scopes let it hear of an event.
func (s *Server) subscribed(inner object) bool {
	switch kind := str(inner, "type"); kind {
	case "message":
		c := s.channelByID(str(inner, "channel"))
		return c == nil || s.granted(scopeOf(c, "history"))
	case "app_mention":
		return s.granted("app_mentions:read")
	case "reaction_added", "reaction_removed":
		return s.granted("reactions:read")
	case "file_shared", "file_deleted":
		return s.granted("files:read")
	case "link_shared":
		return s.granted("links:read")
	case "subteam_members_changed":
		return s.granted("usergroups:read")
	case "user_change":
		return s.granted("users:read")
	case "member_joined_channel", "member_left_channel":
		return s.granted("channels:read") || s.granted("groups:read")
	}
	return true
}
