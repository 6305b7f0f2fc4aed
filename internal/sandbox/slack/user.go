package slack

import (
	"slices"
	"strings"
	"time"
)

func (s *Server) authTest(args) (object, *failure) {
	return object{
		"url": s.teamURL(), "team": s.opt.Team.Name, "user": s.opt.Bot.Name, "team_id": s.opt.Team.ID,
		"user_id": s.opt.Bot.UserID, "bot_id": s.opt.Bot.BotID, "is_enterprise_install": false,
	}, nil
}

func (s *Server) teamInfo(a args) (object, *failure) {
	if id := a.str("team"); id != "" && id != s.opt.Team.ID {
		return nil, fail("team_not_found")
	}
	return object{"team": object{
		"id": s.opt.Team.ID, "name": s.opt.Team.Name, "domain": s.opt.Team.Domain, "email_domain": "",
		"icon": object{"image_default": true},
	}}, nil
}

func (s *Server) userInfo(a args) (object, *failure) {
	id := a.str("user")
	if id == s.opt.Bot.UserID {
		return object{"user": s.wireBot()}, nil
	}
	u := s.users[id]
	if u == nil {
		return nil, fail("user_not_found")
	}
	return object{"user": s.wireUser(u)}, nil
}

func (s *Server) userByEmail(a args) (object, *failure) {
	email := strings.TrimSpace(a.str("email"))
	if email == "" {
		return nil, fail("users_not_found")
	}
	for _, u := range s.opt.Users {
		if strings.EqualFold(u.Email, email) && !u.Deleted && !u.stranger() {
			return object{"user": s.wireUser(&u)}, nil
		}
	}
	return nil, fail("users_not_found")
}

// teamOf is the workspace a user belongs to.
func (s *Server) teamOf(user string) string {
	if u := s.users[user]; u != nil && u.Team != "" {
		return u.Team
	}
	return s.opt.Team.ID
}

func (s *Server) wireUser(u *User) object {
	label, offset := zone(u.TZ, s.opt.Now())
	profile := object{
		"title": u.Title, "phone": "", "real_name": u.RealName, "real_name_normalized": u.RealName,
		"display_name": u.Name, "display_name_normalized": u.Name, "status_text": "", "status_emoji": "",
		"team": s.teamOf(u.ID),
	}
	if u.Email != "" && !u.stranger() && s.granted("users:read.email") {
		profile["email"] = u.Email
	}
	o := object{
		"id": u.ID, "team_id": s.teamOf(u.ID), "name": u.Name, "deleted": u.Deleted, "profile": profile,
		"is_bot": false, "is_app_user": false, "updated": 1700000000,
	}
	if u.stranger() {
		o["is_stranger"] = true
	}
	if u.Deleted {
		return o // Slack leaves out zone and roles of people who left
	}
	o["real_name"], o["tz"], o["tz_label"], o["tz_offset"] = u.RealName, u.TZ, label, offset
	o["is_admin"], o["is_owner"], o["is_primary_owner"] = false, false, false
	o["is_restricted"], o["is_ultra_restricted"], o["is_email_confirmed"] = u.Guest, false, true
	return o
}

func (s *Server) wireBot() object {
	return object{
		"id": s.opt.Bot.UserID, "team_id": s.opt.Team.ID, "name": s.opt.Bot.Name, "deleted": false,
		"real_name": s.opt.Bot.Name, "tz": "America/Los_Angeles", "tz_label": "Pacific Standard Time", "tz_offset": -28800,
		"is_bot": true, "is_app_user": false, "updated": 1700000000,
		"profile": object{
			"real_name": s.opt.Bot.Name, "display_name": "", "api_app_id": s.opt.AppID, "bot_id": s.opt.Bot.BotID,
			"always_active": true, "team": s.opt.Team.ID,
		},
	}
}

// zone names a time zone the way profiles do.
func zone(name string, at time.Time) (label string, offset int) {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return name, 0
	}
	return at.In(loc).Zone()
}

// stranger reports that a user is of another workspace.
func (u *User) stranger() bool { return u.Stranger || u.Team != "" }

func (s *Server) listGroups(a args) (object, *failure) {
	out := []any{}
	for _, g := range s.groups {
		o := object{
			"id": g.ID, "team_id": s.opt.Team.ID, "is_usergroup": true, "is_subteam": true, "name": g.Name,
			"description": "", "handle": g.Handle, "is_external": false, "date_create": 1700000000,
			"date_update": 1700000000, "date_delete": 0, "auto_type": nil, "user_count": len(g.Users),
			"prefs": object{"channels": []string{}, "groups": []string{}},
		}
		if a.flag("include_users") {
			o["users"] = g.Users
		}
		out = append(out, o)
	}
	return object{"usergroups": out}, nil
}

func (s *Server) groupUsers(a args) (object, *failure) {
	i := slices.IndexFunc(s.groups, func(g Group) bool { return g.ID == a.str("usergroup") })
	if i < 0 {
		return nil, fail("no_such_subteam")
	}
	return object{"users": s.groups[i].Users}, nil
}
