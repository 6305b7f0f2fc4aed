package frameio

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"signoff/internal/sandbox/adobe/site"
)

// Press is one press of a custom action, and what came of it.
type Press struct {
	ID          string // Frame.io calls it the interaction
	Action      string // its name
	File        string // id
	By          string
	Waiting     bool   // for an answer
	Problem     string // why there is none
	Title       string // of the message or form
	Description string
	Fields      []Field           // of a form; empty: it was a message
	Answers     map[string]string // what was sent back, nil before
}

// Field is one input of a form.
type Field struct {
	Type, Label, Name, Value string
	Options                  []Choice
}

// Choice is one option of a select.
type Choice struct{ Name, Value string }

type press struct {
	Press
	action Action
	file   *asset
	by     *site.Person
	tried  int
}

// Actions lists the custom actions of the workspace, without their secrets.
func (s *Site) Actions() []Action {
	s.Lock()
	defer s.Unlock()
	out := slices.Clone(s.workspace.actions)
	for i := range out {
		out[i].Secret = ""
	}
	return out
}

// PressActionAs presses a custom action on a file. It is answered some time later: wait for Press to be no longer waiting.
func (s *Site) PressActionAs(who, action, file string) (id string, err error) {
	err = s.with(who, file, func(by *site.Person, f *asset) error {
		i := slices.IndexFunc(s.workspace.actions, func(a Action) bool { return a.Name == action || a.ID == action })
		if i < 0 {
			return fmt.Errorf("action %q: %w", action, ErrNothing)
		}
		a := s.workspace.actions[i]
		p := &press{Press: Press{ID: site.UUID(), Action: a.Name, File: f.id, By: by.Name}, action: a, file: f, by: by}
		s.presses = append(s.presses, p)
		id = p.ID
		s.call(p, object{
			"account_id": s.account, "action_id": a.ID, "interaction_id": p.ID, "project": object{"id": f.project.id}, "resource": object{"id": f.id, "type": aFile}, "type": a.Event,
			"user": object{"id": by.ID}, "workspace": object{"id": s.workspace.id},
		})
		return nil
	})
	return id, err
}

// AnswerForm sends back the form that a press was answered with. Fields that are not named keep their value.
func (s *Site) AnswerForm(id string, values map[string]string) error {
	s.Lock()
	defer s.Unlock()
	p := s.press(id)
	if p == nil || p.Waiting || len(p.Fields) == 0 {
		return errors.New("there is no form to send")
	}
	answers := map[string]string{}
	for _, f := range p.Fields {
		if f.Type != "link" {
			answers[f.Name] = f.Value
		}
	}
	for name, value := range values {
		if _, known := answers[name]; !known {
			return fmt.Errorf("the form has no field %q", name)
		}
		answers[name] = value
	}
	p.Answers = answers
	s.call(p, object{"type": p.action.Event, "interaction_id": p.ID, "action_id": p.action.ID, "data": answers})
	return nil
}

// call sends an interaction to its action. The caller holds the lock.
func (s *Site) call(p *press, body object) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("custom action: %v", err)) // made of texts
	}
	p.Waiting, p.Problem, p.tried = true, "", 0
	s.Post.Send(site.Parcel{
		Service: Service, Event: p.action.Event, Lane: "action/" + p.ID, URL: p.action.URL, Body: raw, Header: s.signed(p.action.Secret, raw), Timeout: answerTime,
		Waits: s.opt.Retry, Answered: func(status int, answer []byte, last bool) { s.answered(p, status, answer, last) },
	})
}

// answered takes what the product said to a press.
func (s *Site) answered(p *press, status int, answer []byte, last bool) {
	s.Lock()
	defer s.Unlock()
	p.tried++
	switch {
	case status == 0:
		p.Problem = "no answer"
	case status < 200 || status > 299:
		p.Problem = fmt.Sprintf("HTTP %d", status)
	default:
		p.Waiting, p.Problem = false, ""
		if err := p.take(answer); err != nil {
			p.Problem = err.Error()
		}
		return
	}
	p.Waiting = !last
	p.Problem = fmt.Sprintf("%s is not answered: %s, try %d", p.action.Name, p.Problem, p.tried)
}

// take reads a message or a form, as strictly as Frame.io describes it; nothing means that all is done.
func (p *press) take(answer []byte) error {
	p.Title, p.Description, p.Fields = "Done", "", nil
	if len(answer) == 0 {
		return nil
	}
	in, err := site.ParseObject(answer, "title", "description", "fields")
	if err != nil {
		return fmt.Errorf("the answer is no message and no form: %w", err)
	}
	var fields []json.RawMessage
	for key, into := range map[string]any{"title": &p.Title, "description": &p.Description, "fields": &fields} {
		if err := in.Into(key, into); err != nil {
			return fmt.Errorf("the answer is no message and no form: %w", err)
		}
	}
	for _, raw := range fields {
		f, err := readField(raw)
		if err != nil {
			p.Fields = nil
			return fmt.Errorf("the form cannot be shown: %w", err)
		}
		p.Fields = append(p.Fields, f)
	}
	return nil
}

func readField(raw json.RawMessage) (f Field, err error) {
	in, err := site.ParseObject(raw, "type", "label", "name", "value", "options")
	if err != nil {
		return f, err
	}
	var options []json.RawMessage
	for key, into := range map[string]any{"type": &f.Type, "label": &f.Label, "name": &f.Name, "value": &f.Value, "options": &options} {
		if err := in.Into(key, into); err != nil {
			return f, err
		}
	}
	switch {
	case !slices.Contains([]string{"text", "textarea", "select", "boolean", "checkbox", "link"}, f.Type):
		return f, fmt.Errorf("fields of type %q are not known", f.Type)
	case f.Name == "" || f.Label == "":
		return f, errors.New("a field needs a name and a label")
	case f.Type == "select" && len(options) == 0:
		return f, fmt.Errorf("the select %s has no options", f.Name)
	}
	for _, one := range options {
		o, err := site.ParseObject(one, "name", "value")
		if err != nil {
			return f, err
		}
		var c Choice
		if err := cmp.Or(o.Into("name", &c.Name), o.Into("value", &c.Value)); err != nil {
			return f, err
		}
		f.Options = append(f.Options, c)
	}
	return f, nil
}

func (s *Site) press(id string) *press {
	i := slices.IndexFunc(s.presses, func(p *press) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return s.presses[i]
}

// Press returns what came of a press so far.
func (s *Site) Press(id string) (Press, bool) {
	s.Lock()
	defer s.Unlock()
	p := s.press(id)
	if p == nil {
		return Press{}, false
	}
	out := p.Press
	out.Fields, out.Answers = slices.Clone(p.Fields), maps.Clone(p.Answers)
	return out, true
}

// Settled returns what came of a press once it was tried, and tried again if ctx lasts so long.
func (s *Site) Settled(ctx context.Context, id string) (Press, error) {
	err := s.Until(ctx, func() bool {
		s.Lock()
		defer s.Unlock()
		p := s.press(id)
		return p == nil || !p.Waiting
	})
	p, ok := s.Press(id)
	if !ok {
		return p, ErrNothing
	}
	return p, err
}
