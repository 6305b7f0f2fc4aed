package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// RateLimited tells the app that events of the workspace were dropped: more than 30,000 came within an hour. It returns the status of the
// answer, 0 when none came.
func (s *Server) RateLimited(ctx context.Context) (int, error) {
	body, err := json.Marshal(object{
		"token": "sandboxverificationtoken", "type": "app_rate_limited", "team_id": s.opt.Team.ID, "api_app_id": s.opt.AppID,
		"minute_rate_limited": s.opt.Now().Unix() / 60 * 60,
	})
	if err != nil {
		return 0, err
	}
	r := s.post(ctx, parcel{what: "app_rate_limited", contentType: jsonType, body: body})
	return r.status, nil
}

// SetGroup changes who is in a user group and tells the app.
func (s *Server) SetGroup(id string, users ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.groups, func(g Group) bool { return g.ID == id })
	if i < 0 {
		return fmt.Errorf("no user group %s", id)
	}
	before := s.groups[i].Users
	s.groups = slices.Clone(s.groups)
	s.groups[i].Users = users
	added, removed := without(users, before), without(before, users)
	s.touch()
	s.sendEvent(object{
		"type": "subteam_members_changed", "subteam_id": id, "team_id": s.opt.Team.ID, "date_previous_update": 1700000000,
		"date_update": s.opt.Now().Unix(), "added_users": added, "added_users_count": len(added),
		"removed_users": removed, "removed_users_count": len(removed),
	})
	return nil
}

// without lists what is in all and not in others.
func without(all, others []string) []string {
	out := []string{}
	for _, one := range all {
		if !slices.Contains(others, one) {
			out = append(out, one)
		}
	}
	return out
}

// Leave takes a user, or the app's bot user, out of a channel.
func (s *Server) Leave(user, channelID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channelByID(channelID)
	if c == nil || !c.has(user) {
		return fmt.Errorf("%s is not in %s", user, channelID)
	}
	c.members = slices.DeleteFunc(c.members, func(id string) bool { return id == user })
	s.touch()
	if c.has(s.opt.Bot.UserID) {
		s.sendEvent(object{
			"type": "member_left_channel", "user": user, "channel": c.id, "channel_type": strings.ToUpper(c.id[:1]),
			"team": s.opt.Team.ID, "event_ts": s.newTS(),
		})
	}
	return nil
}

// SetUser changes what the workspace knows about somebody: an e-mail address, a name, that the person left.
func (s *Server) SetUser(u User) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users[u.ID] == nil {
		return fmt.Errorf("no user %s", u.ID)
	}
	s.users[u.ID] = &u
	s.opt.Users = slices.Clone(s.opt.Users)
	i := slices.IndexFunc(s.opt.Users, func(x User) bool { return x.ID == u.ID })
	s.opt.Users[i] = u
	s.touch()
	s.sendEvent(object{"type": "user_change", "user": s.wireUser(&u), "cache_ts": s.opt.Now().Unix(), "event_ts": s.newTS()})
	return nil
}

// OtherBot is another app that writes into channels.
type OtherBot struct{ BotID, AppID, Name string }

// BotSays writes a message as another app, which the app hears as bot_message.
func (s *Server) BotSays(by OtherBot, channelID, text, threadTS string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channelByID(channelID)
	if c == nil || threadTS != "" && c.find(threadTS) == nil {
		return "", fmt.Errorf("no thread %q in %s", threadTS, channelID)
	}
	m := &message{channel: c, ts: s.newTS(), threadTS: threadTS, text: text, other: &by}
	s.add(m)
	s.sendMessageEvent(m)
	if c.has(s.opt.Bot.UserID) && s.namesApp(text) {
		s.sendMention(m)
	}
	return m.ts, nil
}
