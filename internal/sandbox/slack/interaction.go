package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Answer is what came of an act that the app had to answer.
type Answer struct {
	Status int               // HTTP status of the app; 0 when nothing was sent or no answer came
	Toast  string            // the error a person sees; empty when all went well
	Errors map[string]string // what is wrong with a submission, by block id
}

// Action is one use of an interactive element of a message.
type Action struct {
	User, Channel, TS string
	BlockID           string   // needed only when the action id stands in several blocks
	ActionID          string   // or, for a button, its text
	Values            []string // what was picked, for elements that are not buttons
	Look              int      // how the message looked to the user, who may not have seen a change yet; 0 = as it is
}

// PressButton presses the button with this action id or text in a message the user sees.
func (s *Server) PressButton(user, channelID, ts, action string) (Answer, error) {
	return s.Act(Action{User: user, Channel: channelID, TS: ts, ActionID: action})
}

// Act uses an interactive element of a message the user sees and waits for the app's answer.
func (s *Server) Act(act Action) (Answer, error) {
	s.mu.Lock()
	m, err := s.seen(act)
	if err != nil {
		s.mu.Unlock()
		return Answer{}, err
	}
	block, e := findElement(m.seenAs(act.Look), act.BlockID, act.ActionID)
	var below object // the unfurl in which the element stands
	for i := 0; e == nil && i < len(m.unfurls); i++ {
		below = obj(m.unfurls[i])
		block, e = findElement(list(below["blocks"]), act.BlockID, act.ActionID)
	}
	if e == nil {
		s.mu.Unlock()
		return Answer{}, fmt.Errorf("message %s has no element %q", act.TS, act.ActionID)
	}
	what, err := s.actionOf(block, e, act.Values)
	if err != nil {
		s.mu.Unlock()
		return Answer{}, err
	}
	if held, keeps := what.held, what.held != nil; keeps && below == nil {
		m.hold(str(block, "block_id"), str(e, "action_id"), held)
		s.touch()
	}
	payload := s.actPayload(m, act.User, what.wire)
	if below != nil {
		inUnfurl(payload, below)
	}
	s.mu.Unlock()
	return s.interact(act.User, payload, "This app didn't respond. Please try again."), nil
}

// inUnfurl makes a payload one of an element below a link: the app learns of its unfurl and not of the message.
func inUnfurl(p, below object) {
	delete(p, "message")
	delete(p, "state")
	container := obj(p["container"])
	container["type"], container["attachment_id"] = "message_attachment", below["id"]
	container["is_app_unfurl"], container["app_unfurl_url"] = true, below["app_unfurl_url"]
	p["app_unfurl"] = clone(below)
}

// seen finds a message that the user can see. The caller holds mu.
func (s *Server) seen(act Action) (*message, error) {
	c, err := s.place(act.User, act.Channel)
	if err != nil {
		return nil, err
	}
	for _, m := range c.messages {
		if m.ts == act.TS && (m.ephemeralTo == "" || m.ephemeralTo == act.User) {
			return m, nil
		}
	}
	return nil, fmt.Errorf("no message %s in %s", act.TS, act.Channel)
}

// findElement finds an interactive element by ids, or a button by its text.
func findElement(blocks []any, blockID, action string) (block, element object) {
	for _, b := range blocks {
		o := obj(b)
		if blockID != "" && str(o, "block_id") != blockID {
			continue
		}
		for _, e := range elementsOf(o) {
			if !interactive(e) {
				continue
			}
			if str(e, "action_id") == action || str(obj(e["text"]), "text") == action {
				return o, e
			}
		}
	}
	return nil, nil
}

// used is one use of an element: as the payload shows it, and what the element holds afterwards.
type used struct{ wire, held object }

func (s *Server) actionOf(block, e object, values []string) (used, error) {
	wire := object{
		"type": e["type"], "action_id": e["action_id"], "block_id": block["block_id"], "action_ts": s.newTS(),
	}
	switch kind := str(e, "type"); kind {
	case "button":
		wire["text"] = e["text"]
		for _, key := range []string{"value", "style", "url"} {
			if e[key] != nil {
				wire[key] = e[key]
			}
		}
		return used{wire: wire}, nil
	case "overflow":
		option, err := pick(e, slot{options: true}, firstOf(values...))
		wire["selected_option"] = option
		return used{wire: wire}, err
	}
	held, err := chosen(e, values)
	if err != nil {
		return used{}, err
	}
	for key, v := range held {
		wire[key] = v
	}
	if p := e["placeholder"]; p != nil {
		wire["placeholder"] = p
	}
	return used{wire: wire, held: held}, nil
}

func (m *message) hold(block, action string, held object) {
	if m.state == nil {
		m.state = initialState(m.blocks)
	}
	if m.state[block] == nil {
		m.state[block] = object{}
	}
	m.state[block][action] = held
}

// actPayload is a block_actions payload from a message. The caller holds mu.
func (s *Server) actPayload(m *message, user string, action object) object {
	state := m.state
	if state == nil {
		state = initialState(m.blocks)
	}
	container := object{
		"type": "message", "message_ts": m.ts, "channel_id": m.channel.id, "is_ephemeral": m.ephemeralTo != "",
	}
	if m.threadTS != "" {
		container["thread_ts"] = m.threadTS
	}
	p := s.payload("block_actions", user)
	p["api_app_id"], p["container"] = s.opt.AppID, container
	p["trigger_id"] = s.newTrigger(user, "")
	p["channel"] = object{"id": m.channel.id, "name": m.channel.payloadName()}
	p["response_url"] = s.newResponseURL("actions", responseURL{user: user, channel: m.channel, source: m})
	p["state"], p["actions"] = object{"values": clone(state)}, []any{action}
	if m.ephemeralTo == "" {
		p["message"] = clone(s.wire(m, true))
	}
	return p
}

// payload starts an interaction payload. The caller holds mu.
func (s *Server) payload(kind, user string) object {
	return object{
		"type": kind, "token": "sandboxverificationtoken", "enterprise": s.wireEnterprise(), "is_enterprise_install": false,
		"team": object{"id": s.opt.Team.ID, "domain": s.opt.Team.Domain},
		"user": object{
			"id": user, "username": s.nameOf(user), "name": s.nameOf(user), "team_id": s.teamOf(user),
		},
	}
}

func (s *Server) wireEnterprise() any {
	if s.opt.Team.EnterpriseID == "" {
		return nil
	}
	return object{"id": s.opt.Team.EnterpriseID, "name": s.opt.Team.EnterpriseName}
}

func (s *Server) nameOf(user string) string {
	if u := s.users[user]; u != nil {
		return u.Name
	}
	return s.opt.Bot.Name
}

// OpenShortcut picks a message shortcut from the menu of a message and waits for the app's answer.
func (s *Server) OpenShortcut(user, channelID, ts, callbackID string) (Answer, error) {
	s.mu.Lock()
	c, err := s.place(user, channelID)
	if err == nil && c.find(ts) == nil {
		err = fmt.Errorf("no message %s in %s", ts, channelID)
	}
	if err != nil {
		s.mu.Unlock()
		return Answer{}, err
	}
	m := c.find(ts)
	p := s.payload("message_action", user)
	p["user"] = object{"id": user, "name": s.nameOf(user)}
	p["callback_id"], p["action_ts"], p["message_ts"] = callbackID, s.newTS(), ts
	p["trigger_id"] = s.newTrigger(user, "")
	p["channel"] = object{"id": c.id, "name": c.payloadName()}
	p["message"] = clone(s.wire(m, true))
	p["response_url"] = s.newResponseURL("actions", responseURL{user: user, channel: c})
	s.mu.Unlock()
	return s.interact(user, p, "This shortcut didn't work. Please try again."), nil
}

// GlobalShortcut picks an entry of the global shortcut menu and waits for the app's answer.
func (s *Server) GlobalShortcut(user, callbackID string) (Answer, error) {
	s.mu.Lock()
	if s.users[user] == nil {
		s.mu.Unlock()
		return Answer{}, fmt.Errorf("no user %s", user)
	}
	p := s.payload("shortcut", user)
	p["user"] = object{"id": user, "username": s.nameOf(user), "team_id": s.teamOf(user)}
	p["callback_id"], p["action_ts"], p["trigger_id"] = callbackID, s.newTS(), s.newTrigger(user, "")
	s.mu.Unlock()
	return s.interact(user, p, "This shortcut didn't work. Please try again."), nil
}

// interact sends an interaction, which Slack never repeats, and remembers the error a person sees.
func (s *Server) interact(user string, payload object, trouble string) Answer {
	r := s.send(payload)
	a := Answer{Status: r.status}
	if r.reason != "" || r.status != 200 {
		a.Toast = trouble
		s.toast(user, trouble)
	}
	return a
}

func (s *Server) send(payload object) receipt {
	raw, err := json.Marshal(payload)
	if err != nil {
		panic("slack sandbox: payload cannot be written: " + err.Error()) // built from JSON values
	}
	form := url.Values{"payload": {string(raw)}}
	return s.post(s.ctx, parcel{what: str(payload, "type"), contentType: formType, body: []byte(form.Encode())})
}

// SlashCommand runs a slash command and waits for the app's answer, which may be a message.
func (s *Server) SlashCommand(user, channelID, command, text string) (Answer, error) {
	s.mu.Lock()
	c, err := s.place(user, channelID)
	if err != nil {
		s.mu.Unlock()
		return Answer{}, err
	}
	if !strings.HasPrefix(command, "/") {
		s.mu.Unlock()
		return Answer{}, errors.New("a command starts with a slash")
	}
	to := responseURL{user: user, channel: c}
	form := url.Values{
		"token": {"sandboxverificationtoken"}, "team_id": {s.opt.Team.ID}, "team_domain": {s.opt.Team.Domain},
		"channel_id": {c.id}, "channel_name": {c.payloadName()}, "user_id": {user}, "user_name": {s.nameOf(user)},
		"command": {command}, "text": {s.commandText(text)}, "api_app_id": {s.opt.AppID},
		"is_enterprise_install": {"false"}, "response_url": {s.newResponseURL("commands", to)},
		"trigger_id": {s.newTrigger(user, "")},
	}
	s.mu.Unlock()
	r := s.post(s.ctx, parcel{what: "command " + command, contentType: formType, body: []byte(form.Encode())})
	return s.commandAnswer(&to, command, r), nil
}

// commandText writes references the way should_escape does: with the name behind a bar.
func (s *Server) commandText(text string) string {
	return wireToken.ReplaceAllStringFunc(text, func(token string) string {
		id := strings.TrimPrefix(strings.Trim(token, "<>"), "@")
		if u := s.users[id]; u != nil {
			return "<@" + id + "|" + u.Name + ">"
		}
		return token
	})
}

func (s *Server) commandAnswer(to *responseURL, command string, r receipt) Answer {
	a := Answer{Status: r.status}
	switch {
	case r.reason == "http_timeout":
		a.Toast = fmt.Sprintf("%s failed with the error \"operation_timeout\"", command)
	case r.reason != "" || r.status != 200:
		a.Toast = fmt.Sprintf("%s failed with the error \"dispatch_failed\"", command)
	}
	body := strings.TrimSpace(string(r.body))
	if a.Toast != "" {
		s.toast(to.user, a.Toast)
		return a
	}
	if body == "" {
		return a
	}
	said := args{"text": body}
	if strings.HasPrefix(r.header.Get("Content-Type"), jsonType) {
		said = args{}
		if json.Unmarshal(r.body, &said) != nil {
			said = args{"text": body}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	answer, failed := s.readReply(said)
	if failed != nil {
		a.Toast = fmt.Sprintf("%s failed with the error \"%s\"", command, failed.code)
		s.show(to.user, a.Toast)
		return a
	}
	s.apply(to, answer)
	return a
}
