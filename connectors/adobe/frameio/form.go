package frameio

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
)

// option and input are the parts of a form of Frame.io's.
type option struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type input struct {
	Type    string   `json:"type"`
	Label   string   `json:"label"`
	Name    string   `json:"name"`
	Value   string   `json:"value"`
	Options []option `json:"options,omitempty"`
}

// message is an answer that is shown where the action was pressed; with fields it is a form.
type message struct {
	Title       string  `json:"title"`
	Description string  `json:"description"`
	Fields      []input `json:"fields,omitempty"`
}

const (
	fieldPrefix = "field_" // of the fields of a request type
	longestForm = 12       // fields of one form
)

// Respond answers whoever pressed a custom action: with the form, with what is missing in it, or with the request that is open
// about the file already.
func (p *Part) Respond(ctx context.Context, in connectors.Inbound, _ connectors.Accepted, q connectors.Query) connectors.Reply {
	w, err := readPayload(in.Body)
	if err != nil {
		return reply(message{Title: "Not understood", Description: "signoff cannot read what Frame.io sent."}, true)
	}
	if w.Resource.ID != "" {
		for _, id := range p.akin(ctx, w.Resource.ID) {
			if r, ok, err := q.Touching(ctx, p.file(id)); err == nil && ok {
				return reply(p.open(r), true)
			}
		}
	}
	if w.submitted() {
		return p.respondForm(w, q)
	}
	form := flow.Form{Title: api.OneLine(p.calledNow(ctx, w.Resource.ID), longestTitle)}
	if form.Title == "" {
		form.Title = titleOf("", "")
	}
	return reply(p.ask(q, form, nil), true)
}

const nameTime = 2 * time.Second // of the five in which Frame.io wants the form

// calledNow is what a file is called; one that is not known yet is asked for while somebody waits, and "" when that takes long.
func (p *Part) calledNow(ctx context.Context, id string) string {
	if name := p.knownName(id); name != "" || id == "" {
		return name
	}
	ctx, cancel := context.WithTimeout(ctx, nameTime)
	defer cancel()
	a, err := p.show(ctx, id)
	if err != nil {
		p.deps.Log.Info("a form is shown without the name of its file", "file", id, "error", err)
	}
	return a.Name
}

// reply is an answer; store says that the delivery is kept before it is given.
func reply(m message, store bool) connectors.Reply {
	body, err := json.Marshal(m)
	if err != nil {
		body = []byte(`{}`)
	}
	return connectors.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Store: store}
}

// open shows the request that a file belongs to.
func (p *Part) open(r flow.Request) message {
	m := message{
		Title:       fmt.Sprintf("%s is open already", r.ID),
		Description: fmt.Sprintf("“%s” is being signed off (%s).", api.OneLine(r.Title, longestTitle), strings.ReplaceAll(string(r.Status), "_", " ")),
	}
	if l, ok := r.Link("ticket"); ok && l.Label != "" {
		m.Description += " Ticket " + api.OneLine(l.Label, 60) + "."
	}
	if p.deps.PublicURL != "" {
		m.Fields = []input{{Type: "link", Label: "Open " + string(r.ID), Name: "request", Value: p.deps.PublicURL + "/requests/" + string(r.ID)}}
	}
	return m
}

func (p *Part) respondForm(w *payload, q connectors.Query) connectors.Reply {
	form := p.form(w)
	if form.Title == "" {
		form.Title = titleOf(form.Text, p.knownName(w.Resource.ID))
	}
	if wrong := q.Validate(form); len(wrong) > 0 {
		// Nothing is kept: the same interaction comes again with what is put right.
		return reply(p.ask(q, form, wrong), false)
	}
	return reply(message{Title: "Sent", Description: fmt.Sprintf("signoff is making the request “%s”. It answers with a comment on the file.", api.OneLine(form.Title, longestTitle))}, true)
}

// form reads what somebody wrote.
func (p *Part) form(w *payload) flow.Form {
	one := func(name string) string { return strings.Join(w.value(name), "\n") }
	f := flow.Form{Type: one("type"), Title: api.OneLine(one("title"), longestTitle), Text: one("notes"), Fields: map[string][]string{}}
	f.Who = p.actor(user{ID: w.User.ID})
	for name := range w.Data {
		if field, ok := strings.CutPrefix(name, fieldPrefix); ok {
			if v := w.value(name); len(v) > 0 {
				f.Fields[field] = v
			}
		}
	}
	if due := one("due"); due != "" && f.Fields["due"] == nil {
		f.Fields["due"] = []string{due}
	}
	return f
}

// ask is the form: title, type and notes, and the fields of the type, where it is known.
func (p *Part) ask(q connectors.Query, form flow.Form, wrong map[string]string) message {
	m := message{Title: "Request sign-off", Description: "Makes a request in signoff. What is decided is written to this file as a comment."}
	if len(wrong) > 0 {
		m.Title, m.Description = "Something is missing", complaints(wrong)
	}
	types := q.Types()
	m.Fields = append(m.Fields, input{Type: "text", Label: "Title", Name: "title", Value: form.Title})
	if len(types) == 1 && form.Type == "" {
		form.Type = types[0].Name
	}
	if len(types) > 0 {
		choice := input{Type: "select", Label: "Type", Name: "type", Value: form.Type, Options: []option{{"As the rules decide", ""}}}
		for _, t := range types {
			choice.Options = append(choice.Options, option{api.First(t.Label, t.Name), t.Name})
		}
		m.Fields = append(m.Fields, choice)
	}
	m.Fields = append(m.Fields, input{Type: "textarea", Label: "Notes", Name: "notes", Value: form.Text})
	i := slices.IndexFunc(types, func(t flow.RequestType) bool { return t.Name == form.Type })
	if i < 0 {
		return m
	}
	for _, f := range types[i].Fields {
		if len(m.Fields) < longestForm || f.Required || wrong[f.Name] != "" {
			m.Fields = append(m.Fields, inputOf(f, form.Fields[f.Name]))
		}
	}
	return m
}

// inputOf is a field of a request type as Frame.io can show it.
func inputOf(f flow.Field, value []string) input {
	in := input{Type: "text", Label: api.First(f.Label, f.Name), Name: fieldPrefix + f.Name, Value: strings.Join(value, ", ")}
	switch f.Type {
	case "long_text":
		in.Type = "textarea"
	case "choice":
		in.Type = "select"
		if !f.Required {
			in.Options = append(in.Options, option{"–", ""})
		}
		for _, c := range f.Choices {
			in.Options = append(in.Options, option{c, c})
		}
	case "date":
		in.Label += " (such as 2026-12-03)"
	case "choices":
		in.Label += " (of: " + strings.Join(f.Choices, ", ") + ")"
	}
	if f.Required {
		in.Label += " *"
	}
	return in
}

func complaints(wrong map[string]string) string {
	var out []string
	for _, text := range wrong {
		out = append(out, strings.TrimRight(api.OneLine(text, 200), ".")+".")
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}
