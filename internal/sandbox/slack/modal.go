package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// trouble is what Slack's clients show when a modal's answer cannot be used.
const trouble = "We had some trouble connecting. Try again?"

// View is a copy of a modal or App Home as a user sees it.
type View struct {
	ID, Hash, CallbackID, PrivateMetadata string
	Title, Submit, Close                  string
	Blocks                                []map[string]any
	Values                                map[string]map[string]any // block id, action id, what it holds
	Errors                                map[string]string
	Depth                                 int // how many modals are open, this one included
}

// Shown is every text of the view, one per line.
func (v View) Shown() string {
	lines := []string{v.Title}
	for _, b := range v.Blocks {
		lines = append(lines, textsOf(b)...)
	}
	return strings.Join(lines, "\n")
}

// Modal returns the modal a user sees.
func (s *Server) Modal(user string) (View, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.top(user)
	if v == nil {
		return View{}, false
	}
	return v.copy(len(s.stacks[user])), true
}

// Home returns the App Home that was published for a user.
func (s *Server) Home(user string) (View, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.homes[user]
	if v == nil {
		return View{}, false
	}
	return v.copy(1), true
}

func (v *view) copy(depth int) View {
	body := clone(v.body)
	out := View{
		ID: v.id, Hash: v.hash, CallbackID: str(body, "callback_id"), PrivateMetadata: str(body, "private_metadata"),
		Title: str(obj(body["title"]), "text"), Submit: str(obj(body["submit"]), "text"),
		Close: str(obj(body["close"]), "text"), Values: clone(v.state), Errors: v.errors, Depth: depth,
	}
	for _, b := range list(body["blocks"]) {
		out.Blocks = append(out.Blocks, obj(b))
	}
	return out
}

// Enter puts values into the inputs of the user's modal without sending anything. Keys are labels, block
// ids or "block/action"; several picks of one input are separated by ", ".
func (s *Server) Enter(user string, values map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.top(user)
	if v == nil {
		return errors.New("no modal is open for " + user)
	}
	for key, value := range values {
		block, e := findInput(v, key)
		if e == nil {
			return fmt.Errorf("the modal has no input %q", key)
		}
		if err := v.set(block, e, splitValues(e, value)); err != nil {
			return err
		}
	}
	s.touch()
	return nil
}

func splitValues(e object, value string) []string {
	if sl, _ := slotOf(str(e, "type")); sl.many {
		return strings.Split(value, ", ")
	}
	return []string{value}
}

// set stores what a person chose. The caller holds mu.
func (v *view) set(block, e object, values []string) error {
	held, err := chosen(e, values)
	if err != nil {
		return err
	}
	v.hold(str(block, "block_id"), str(e, "action_id"), held)
	return nil
}

// findInput finds an element that holds a value by label, block id, action id or "block/action".
func findInput(v *view, key string) (block, element object) {
	for _, b := range list(v.body["blocks"]) {
		o := obj(b)
		for _, e := range elementsOf(o) {
			if _, keeps := slotOf(str(e, "type")); !keeps {
				continue
			}
			blockID, actionID := str(o, "block_id"), str(e, "action_id")
			if slices.Contains([]string{str(obj(o["label"]), "text"), blockID, actionID, blockID + "/" + actionID}, key) {
				return o, e
			}
		}
	}
	return nil, nil
}

// Choose changes one input of the user's modal and, where the input asks for it, tells the app at once.
func (s *Server) Choose(user, key, value string) (Answer, error) {
	if err := s.Enter(user, map[string]string{key: value}); err != nil {
		return Answer{}, err
	}
	return s.dispatch(user, key)
}

// dispatch tells the app what an input of the user's modal holds now, where the input asks for it.
func (s *Server) dispatch(user, key string) (Answer, error) {
	s.mu.Lock()
	v := s.top(user)
	if v == nil {
		s.mu.Unlock()
		return Answer{}, errors.New("that form was closed meanwhile")
	}
	block, e := findInput(v, key)
	if e == nil || block["type"] == "input" && block["dispatch_action"] != true {
		s.mu.Unlock()
		return Answer{}, nil
	}
	sl, _ := slotOf(str(e, "type"))
	held := obj(v.state[str(block, "block_id")][str(e, "action_id")])
	what, err := s.actionOf(block, e, chosenValues(held[sl.key]))
	if err != nil {
		s.mu.Unlock()
		return Answer{}, err
	}
	p := s.viewAction(v, what.wire)
	s.mu.Unlock()
	return s.interact(user, p, trouble), nil
}

// PressInView presses a button of the user's modal, or of the App Home when no modal is open.
func (s *Server) PressInView(user, blockID, action string) (Answer, error) {
	return s.ActInView(Action{User: user, BlockID: blockID, ActionID: action})
}

// ActInView uses an element of the user's modal, or of the App Home when no modal is open, and waits for the app's answer.
func (s *Server) ActInView(act Action) (Answer, error) {
	user, blockID, action := act.User, act.BlockID, act.ActionID
	s.mu.Lock()
	v := s.top(user)
	if v == nil {
		v = s.homes[user]
	}
	if v == nil {
		s.mu.Unlock()
		return Answer{}, errors.New("no view is open for " + user)
	}
	block, e := findElement(list(v.body["blocks"]), blockID, action)
	if e == nil {
		s.mu.Unlock()
		return Answer{}, fmt.Errorf("the view has no element %q", action)
	}
	what, err := s.actionOf(block, e, act.Values)
	if err != nil {
		s.mu.Unlock()
		return Answer{}, err
	}
	if what.held != nil {
		v.hold(str(block, "block_id"), str(e, "action_id"), what.held)
		s.touch()
	}
	p := s.viewAction(v, what.wire)
	s.mu.Unlock()
	return s.interact(user, p, trouble), nil
}

// hold keeps what an element of the view holds now.
func (v *view) hold(block, action string, held object) {
	if v.state[block] == nil {
		v.state[block] = object{}
	}
	v.state[block][action] = held
}

// viewAction is a block_actions payload from a view. The caller holds mu.
func (s *Server) viewAction(v *view, action object) object {
	p := s.payload("block_actions", v.user)
	p["api_app_id"], p["container"] = s.opt.AppID, object{"type": "view", "view_id": v.id}
	p["trigger_id"] = s.newTrigger(v.user, v.id)
	p["view"], p["actions"] = s.wireView(v), []any{action}
	return p
}

// SubmitModal enters values, presses the submit button of the user's modal and plays the app's answer.
// Inputs that Slack's own client refuses are reported in Errors without anything being sent.
func (s *Server) SubmitModal(user string, values map[string]string) (Answer, error) {
	if err := s.Enter(user, values); err != nil {
		return Answer{}, err
	}
	s.mu.Lock()
	v := s.top(user)
	if v == nil {
		s.mu.Unlock()
		return Answer{}, errors.New("no modal is open for " + user)
	}
	if v.body["submit"] == nil {
		s.mu.Unlock()
		return Answer{}, errors.New("the modal has no submit button")
	}
	if wrong := v.complaints(); len(wrong) > 0 {
		v.errors = wrong
		s.touch()
		s.mu.Unlock()
		return Answer{Errors: wrong}, nil
	}
	v.errors = nil
	p := s.payload("view_submission", user)
	p["api_app_id"], p["trigger_id"] = s.opt.AppID, s.newTrigger(user, v.id)
	p["view"], p["response_urls"] = s.wireView(v), []any{}
	s.mu.Unlock()
	return s.submission(v, s.send(p)), nil
}

// complaints lists what Slack's client refuses, by block id. The caller holds mu.
func (v *view) complaints() map[string]string {
	out := map[string]string{}
	for _, b := range list(v.body["blocks"]) {
		o := obj(b)
		if o["type"] != "input" {
			continue
		}
		id := str(o, "block_id")
		held := obj(v.state[id][str(obj(o["element"]), "action_id")])
		if c := complaint(o, held); c != "" {
			out[id] = c
		}
	}
	return out
}

// submission plays the app's answer to a view_submission.
func (s *Server) submission(v *view, r receipt) Answer {
	a := Answer{Status: r.status}
	var said object
	if r.reason != "" || r.status != 200 || len(r.body) > 0 && json.Unmarshal(r.body, &said) != nil {
		a.Toast = trouble
		s.toast(v.user, trouble)
		return a
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.playAction(v, said) {
		a.Toast = trouble
		s.show(v.user, trouble)
	}
	a.Errors = v.errors
	s.touch()
	return a
}

// playAction does what response_action says; false when it makes no sense. The caller holds mu.
func (s *Server) playAction(v *view, said object) bool {
	switch action := str(said, "response_action"); action {
	case "":
		if len(said) > 0 {
			return false
		}
		s.closeView(v)
		return true
	case "clear":
		s.closeAll(v.user)
		return true
	case "errors":
		return v.complain(obj(said["errors"]))
	case "update", "push":
		if len(lintView(said["view"], onModal).messages) > 0 {
			return false
		}
		if action == "update" {
			s.fill(v, obj(said["view"]))
			return true
		}
		if len(s.stacks[v.user]) >= maxStack {
			return false
		}
		s.push(v.user, obj(said["view"]))
		return true
	}
	return false
}

// complain shows the app's errors; they may name input blocks only.
func (v *view) complain(errs object) bool {
	out := map[string]string{}
	for id, text := range errs {
		words, ok := text.(string)
		i := slices.IndexFunc(list(v.body["blocks"]), func(b any) bool {
			return obj(b)["type"] == "input" && str(obj(b), "block_id") == id
		})
		if !ok || i < 0 {
			return false
		}
		out[id] = words
	}
	v.errors = out
	return len(out) > 0
}

// CloseModal closes the user's top modal, or all of them, and tells the app where a view asked for it.
func (s *Server) CloseModal(user string, all bool) error {
	s.mu.Lock()
	v := s.top(user)
	if v == nil {
		s.mu.Unlock()
		return errors.New("no modal is open for " + user)
	}
	closed := []*view{v}
	if all || v.body["clear_on_close"] == true {
		all = true
		closed = s.closeAll(user)
	} else {
		s.closeView(v)
	}
	var payloads []object
	for _, c := range closed {
		if c.body["notify_on_close"] == true {
			p := s.payload("view_closed", user)
			p["api_app_id"], p["view"], p["is_cleared"] = s.opt.AppID, s.wireView(c), all
			payloads = append(payloads, p)
		}
	}
	s.mu.Unlock()
	for _, p := range payloads {
		s.send(p)
	}
	return nil
}
