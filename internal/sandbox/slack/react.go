package slack

import (
	"regexp"
	"slices"
)

var emojiName = regexp.MustCompile(`^[a-z0-9_+'-]+(::skin-tone-[2-6])?$`)

func (s *Server) addReaction(a args) (object, *failure) {
	name := a.str("name")
	switch {
	case a.str("timestamp") == "" || a.str("channel") == "":
		return nil, fail("no_item_specified")
	case !emojiName.MatchString(name):
		return nil, fail("invalid_name")
	}
	m, failed := s.target(a.str("channel"), a.str("timestamp"))
	if failed != nil {
		return nil, failed
	}
	if !m.react(name, s.opt.Bot.UserID) {
		return nil, fail("already_reacted")
	}
	s.touch()
	s.sendReaction("reaction_added", m, name, s.opt.Bot.UserID)
	return object{}, nil
}

func (s *Server) removeReaction(a args) (object, *failure) {
	if a.str("timestamp") == "" || a.str("channel") == "" {
		return nil, fail("no_item_specified")
	}
	m, failed := s.target(a.str("channel"), a.str("timestamp"))
	if failed != nil {
		return nil, failed
	}
	name := a.str("name")
	if !m.unreact(name, s.opt.Bot.UserID) {
		return nil, fail("no_reaction")
	}
	s.touch()
	s.sendReaction("reaction_removed", m, name, s.opt.Bot.UserID)
	return object{}, nil
}

func (s *Server) getReactions(a args) (object, *failure) {
	m, failed := s.target(a.str("channel"), a.str("timestamp"))
	if failed != nil {
		return nil, failed
	}
	return object{"type": "message", "channel": m.channel.id, "message": s.wire(m, false)}, nil
}

// react adds user's reaction; false when it was there already.
func (m *message) react(name, user string) bool {
	i := slices.IndexFunc(m.reactions, func(r reaction) bool { return r.name == name })
	if i < 0 {
		m.reactions = append(m.reactions, reaction{name: name, users: []string{user}})
		return true
	}
	if slices.Contains(m.reactions[i].users, user) {
		return false
	}
	m.reactions[i].users = append(m.reactions[i].users, user)
	return true
}

// unreact takes user's reaction away; false when there was none.
func (m *message) unreact(name, user string) bool {
	i := slices.IndexFunc(m.reactions, func(r reaction) bool { return r.name == name && slices.Contains(r.users, user) })
	if i < 0 {
		return false
	}
	r := &m.reactions[i]
	r.users = slices.DeleteFunc(r.users, func(u string) bool { return u == user })
	if len(r.users) == 0 {
		m.reactions = slices.Delete(m.reactions, i, i+1)
	}
	return true
}
