package slack

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// scopeOf names the scope for reading ("read") or history ("history") of a channel.
func scopeOf(c *channel, what string) string {
	prefix := map[string]string{"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}[c.kind()]
	return prefix + ":" + what
}

func (s *Server) channelByID(id string) *channel {
	i := slices.IndexFunc(s.channels, func(c *channel) bool { return c.id == id })
	if i < 0 {
		return nil
	}
	return s.channels[i]
}

func (s *Server) channelByName(name string) *channel {
	i := slices.IndexFunc(s.channels, func(c *channel) bool { return c.name == name && name != "" })
	if i < 0 {
		return nil
	}
	return s.channels[i]
}

// visible finds a channel the app can see: every public one, others only as a member.
func (s *Server) visible(id string) *channel {
	c := s.channelByID(id)
	if c == nil || c.kind() != "channel" && !c.has(s.opt.Bot.UserID) {
		return nil
	}
	return c
}

// direct returns the conversation between the app and the user, and opens it when needed. The caller holds mu.
func (s *Server) direct(user string) *channel {
	for _, c := range s.channels {
		if c.im && c.has(user) {
			return c
		}
	}
	c := &channel{id: s.newID("D0", 8), im: true, members: []string{user, s.opt.Bot.UserID}}
	s.channels = append(s.channels, c)
	s.touch()
	return c
}

func (s *Server) openConversation(a args) (object, *failure) {
	if id := a.str("channel"); id != "" {
		c := s.visible(id)
		if c == nil {
			return nil, fail("channel_not_found")
		}
		return object{"no_op": true, "already_open": true, "channel": object{"id": c.id}}, nil
	}
	ids := strings.FieldsFunc(a.str("users"), func(r rune) bool { return r == ',' || r == ' ' })
	if len(ids) == 0 {
		return nil, fail("users_list_not_supplied")
	}
	for _, id := range ids {
		switch u := s.users[id]; {
		case id == s.opt.Bot.UserID:
			return nil, fail("cannot_dm_bot")
		case u == nil:
			return nil, fail("user_not_found")
		case u.Deleted:
			return nil, fail("user_disabled")
		}
	}
	if len(ids) > 1 {
		return s.openGroup(ids)
	}
	c := s.direct(ids[0])
	out := object{"id": c.id}
	if a.flag("return_im") {
		out = s.wireChannel(c)
	}
	return object{"channel": out}, nil
}

// openGroup opens a conversation of the app with several people.
func (s *Server) openGroup(ids []string) (object, *failure) {
	if f := s.wantScope("mpim:write"); f != nil {
		return nil, f
	}
	if len(ids) > 8 {
		return nil, fail("too_many_users")
	}
	members := append(slices.Sorted(slices.Values(ids)), s.opt.Bot.UserID)
	for _, c := range s.channels {
		if c.mpim && slices.Equal(c.members, members) {
			return object{"already_open": true, "channel": object{"id": c.id}}, nil
		}
	}
	c := &channel{id: s.newID("G0", 8), name: "mpdm-" + strings.ToLower(strings.Join(ids, "--")), mpim: true, members: members}
	s.channels = append(s.channels, c)
	s.touch()
	return object{"channel": object{"id": c.id}}, nil
}

func (s *Server) conversationInfo(a args) (object, *failure) {
	c := s.visible(a.str("channel"))
	if c == nil {
		return nil, fail("channel_not_found")
	}
	if f := s.wantScope(scopeOf(c, "read")); f != nil {
		return nil, f
	}
	return object{"channel": s.wireChannel(c)}, nil
}

func (s *Server) wireChannel(c *channel) object {
	o := object{
		"id": c.id, "created": 1700000000, "is_archived": c.archived, "is_im": c.im, "is_mpim": c.mpim,
		"is_org_shared": false, "context_team_id": s.opt.Team.ID,
	}
	if c.im {
		o["user"], o["is_user_deleted"] = c.members[0], false
		return o
	}
	o["name"], o["name_normalized"] = c.name, c.name
	o["is_channel"], o["is_group"], o["is_private"] = c.kind() == "channel", c.kind() == "group", c.private || c.mpim
	o["is_general"], o["is_shared"], o["is_ext_shared"] = c.name == "general", s.external(c), s.external(c)
	o["is_member"], o["num_members"] = c.has(s.opt.Bot.UserID), len(c.members)
	o["topic"] = object{"value": c.topic, "creator": "", "last_set": 0}
	o["purpose"] = object{"value": "", "creator": "", "last_set": 0}
	return o
}

func (s *Server) listConversations(a args) (object, *failure) {
	types := strings.Split(firstOf(a.str("types"), "public_channel"), ",")
	var all []any
	for _, c := range s.channels {
		kind := map[string]string{"channel": "public_channel", "group": "private_channel", "im": "im", "mpim": "mpim"}[c.kind()]
		if s.visible(c.id) == nil || !slices.Contains(types, kind) || c.archived && a.flag("exclude_archived") {
			continue
		}
		all = append(all, s.wireChannel(c))
	}
	start, failed := readCursor(a)
	if failed != nil {
		return nil, failed
	}
	page, next := cut(all, start, min(max(a.number("limit", 100), 1), 1000))
	return object{"channels": page, "response_metadata": object{"next_cursor": next}}, nil
}

// readable finds a channel whose messages the app may read.
func (s *Server) readable(a args) (*channel, *failure) {
	c := s.visible(a.str("channel"))
	if c == nil {
		return nil, fail("channel_not_found")
	}
	if f := s.wantScope(scopeOf(c, "history")); f != nil {
		return nil, f
	}
	if !c.has(s.opt.Bot.UserID) {
		return nil, fail("not_in_channel")
	}
	return c, nil
}

func (s *Server) history(a args) (object, *failure) {
	c, failed := s.readable(a)
	if failed != nil {
		return nil, failed
	}
	var found []*message
	for _, m := range c.messages {
		inThread := m.threadTS != "" && m.threadTS != m.ts
		if m.ephemeralTo == "" && (!inThread || m.broadcast) && within(m.ts, a) {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, byTS)
	slices.Reverse(found)
	return s.page(a, found, nil)
}

func (s *Server) threadReplies(a args) (object, *failure) {
	c, failed := s.readable(a)
	if failed != nil {
		return nil, failed
	}
	root := c.find(a.str("ts"))
	if root == nil {
		return nil, fail("thread_not_found")
	}
	if root.threadTS != "" && root.threadTS != root.ts {
		root = c.find(root.threadTS) // asked for a reply: Slack answers with its thread
	}
	var found []*message
	for _, m := range c.replies(root.ts) {
		if within(m.ts, a) {
			found = append(found, m)
		}
	}
	return s.page(a, found, root)
}

// within applies oldest, latest and inclusive.
func within(ts string, a args) bool {
	oldest, latest := a.str("oldest"), a.str("latest")
	if a.flag("inclusive") && (ts == oldest || ts == latest) {
		return true
	}
	return (oldest == "" || later(ts, oldest)) && (latest == "" || later(latest, ts))
}

// later compares timestamps that people may have written by hand.
func later(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && x > y
}

// page answers with one page of messages; every page of a thread starts with its parent.
func (s *Server) page(a args, found []*message, root *message) (object, *failure) {
	start, failed := readCursor(a)
	if failed != nil {
		return nil, failed
	}
	limit := a.number("limit", min(100, s.opt.PageCap))
	if limit < 1 || limit > 1000 {
		return nil, fail("invalid_limit")
	}
	limit = min(limit, s.opt.PageCap)
	if root != nil && limit > 1 {
		limit-- // the parent counts
	}
	withMetadata := a.flag("include_all_metadata") && s.granted("metadata.message:read")
	var all []any
	for _, m := range found {
		all = append(all, s.wire(m, withMetadata))
	}
	page, next := cut(all, start, limit)
	if root != nil {
		page = append([]any{s.wire(root, withMetadata)}, page...)
	}
	return object{
		"messages": page, "has_more": next != "", "response_metadata": object{"next_cursor": next},
	}, nil
}

// cut returns limit items from start on and the cursor of what follows.
func cut(all []any, start, limit int) ([]any, string) {
	start = min(start, len(all))
	end := min(start+limit, len(all))
	page := append([]any{}, all[start:end]...)
	if end == len(all) {
		return page, ""
	}
	return page, base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(end)))
}

func readCursor(a args) (int, *failure) {
	cursor := a.str("cursor")
	if cursor == "" {
		return 0, nil
	}
	raw, err := base64.StdEncoding.DecodeString(cursor)
	if err != nil {
		return 0, fail("invalid_cursor")
	}
	n, err := strconv.Atoi(strings.TrimPrefix(string(raw), "next:"))
	if err != nil || n < 0 {
		return 0, fail("invalid_cursor")
	}
	return n, nil
}
