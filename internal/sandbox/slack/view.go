package slack

import (
	"fmt"
	"maps"
	"slices"
)

const maxStack = 3

// view is a modal in somebody's stack, or a published App Home.
type view struct {
	id, hash, user string
	root, previous string
	body           object
	state          map[string]object // block id -> action id -> what is chosen
	errors         map[string]string // block id -> what the app said
}

// readView checks the view of a call.
func readView(a args, kind surface) (object, *failure) {
	v, given, ok := a.value("view")
	if !given || !ok || obj(v) == nil {
		var l lint
		l.add("/view", "must provide an object")
		return nil, refused("invalid_arguments", &l)
	}
	if l := lintView(v, kind); len(l.messages) > 0 {
		return nil, refused("invalid_arguments", l)
	}
	if viewTooLarge(obj(v)) {
		return nil, fail("view_too_large")
	}
	return obj(v), nil
}

func (s *Server) openView(a args) (object, *failure) {
	body, failed := readView(a, onModal)
	if failed != nil {
		return nil, failed
	}
	t, failed := s.valid(a.str("trigger_id"))
	if failed != nil {
		return nil, failed
	}
	if s.externalTaken(str(body, "external_id"), "") {
		return nil, fail("duplicate_external_id")
	}
	t.used = true
	s.closeAll(t.user)
	return object{"view": s.wireView(s.push(t.user, body))}, nil
}

func (s *Server) pushView(a args) (object, *failure) {
	body, failed := readView(a, onModal)
	if failed != nil {
		return nil, failed
	}
	t, failed := s.valid(a.str("trigger_id"))
	switch {
	case failed != nil:
		return nil, failed
	case t.view == "" || s.views[t.view] == nil:
		return nil, fail("not_found")
	case len(s.stacks[t.user]) >= maxStack:
		return nil, fail("push_limit_reached")
	case s.externalTaken(str(body, "external_id"), ""):
		return nil, fail("duplicate_external_id")
	}
	t.used = true
	return object{"view": s.wireView(s.push(t.user, body))}, nil
}

// push puts a new modal on top of a user's stack. The caller holds mu.
func (s *Server) push(user string, body object) *view {
	v := &view{id: s.newID("V0", 9), user: user}
	v.root = v.id
	if stack := s.stacks[user]; len(stack) > 0 {
		v.root, v.previous = stack[0].id, stack[len(stack)-1].id
	}
	s.fill(v, body)
	s.views[v.id] = v
	s.stacks[user] = append(s.stacks[user], v)
	return v
}

// fill gives a view new content. What people entered stays where block and action ids stay, even when
// the new content names another initial value: Slack's clients keep an input as long as its ids live.
func (s *Server) fill(v *view, body object) {
	v.body = clone(body)
	v.body["blocks"] = s.settled(list(body["blocks"]))
	v.hash = fmt.Sprintf("%d.%s", s.opt.Now().Unix(), s.newSecret(8))
	v.errors = nil
	kept := v.state
	v.state = initialState(list(v.body["blocks"]))
	for block, actions := range v.state {
		for action, now := range actions {
			if before := obj(kept[block][action]); before != nil && before["type"] == obj(now)["type"] {
				actions[action] = before
			}
		}
	}
	s.touch()
}

func (s *Server) updateView(a args) (object, *failure) {
	v := s.views[a.str("view_id")]
	if external := a.str("external_id"); v == nil && external != "" {
		v = s.viewByExternal(external)
	}
	if v == nil {
		return nil, fail("not_found")
	}
	body, failed := readView(a, onModal)
	switch {
	case failed != nil:
		return nil, failed
	case a.str("hash") != "" && a.str("hash") != v.hash:
		return nil, fail("hash_conflict")
	case s.externalTaken(str(body, "external_id"), v.id):
		return nil, fail("duplicate_external_id")
	}
	s.fill(v, body)
	return object{"view": s.wireView(v)}, nil
}

func (s *Server) publishView(a args) (object, *failure) {
	user := a.str("user_id")
	body, failed := readView(a, onHome)
	switch {
	case failed != nil:
		return nil, failed
	case s.users[user] == nil:
		return nil, fail("user_not_found")
	case s.opt.NoHomeTab:
		return nil, fail("not_enabled")
	}
	v := s.homes[user]
	if hash := a.str("hash"); hash != "" && (v == nil || hash != v.hash) {
		return nil, fail("hash_conflict")
	}
	if v == nil {
		v = &view{id: s.newID("V0", 9), user: user}
		v.root = v.id
		s.homes[user] = v
	}
	s.fill(v, body)
	return object{"view": s.wireView(v)}, nil
}

func (s *Server) viewByExternal(id string) *view {
	for _, v := range s.views {
		if str(v.body, "external_id") == id {
			return v
		}
	}
	return nil
}

func (s *Server) externalTaken(id, except string) bool {
	if id == "" {
		return false
	}
	v := s.viewByExternal(id)
	return v != nil && v.id != except
}

// top returns the modal a user sees, or nil.
func (s *Server) top(user string) *view {
	stack := s.stacks[user]
	if len(stack) == 0 {
		return nil
	}
	return stack[len(stack)-1]
}

// closeView takes one modal away; the one below shows again. The caller holds mu.
func (s *Server) closeView(v *view) {
	delete(s.views, v.id)
	s.stacks[v.user] = slices.DeleteFunc(s.stacks[v.user], func(x *view) bool { return x == v })
	s.touch()
}

// closeAll takes the whole stack away and returns it. The caller holds mu.
func (s *Server) closeAll(user string) []*view {
	stack := s.stacks[user]
	for _, v := range stack {
		delete(s.views, v.id)
	}
	delete(s.stacks, user)
	s.touch()
	return stack
}

// wireView returns a view as the Web API and interactions show it.
func (s *Server) wireView(v *view) object {
	o := object{
		"title": nil, "close": nil, "submit": nil, "private_metadata": "", "callback_id": "", "external_id": "",
		"clear_on_close": false, "notify_on_close": false,
	}
	maps.Copy(o, clone(v.body))
	fillTexts(o)
	o["id"], o["hash"], o["team_id"], o["app_id"] = v.id, v.hash, s.opt.Team.ID, s.opt.AppID
	o["app_installed_team_id"], o["bot_id"] = s.opt.Team.ID, s.opt.Bot.BotID
	o["root_view_id"], o["previous_view_id"] = v.root, nil
	if v.previous != "" {
		o["previous_view_id"] = v.previous
	}
	o["state"] = object{"values": clone(v.state)}
	return o
}
