package server

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

// newData is the form that makes a request: the same types, fields and checks as in chat.
type newData struct {
	Types  []option
	Title  inputData
	Words  inputData
	Fields []inputData
	Type   string // of the fields that are shown
	Wrong  int    // fields that need another look
	Read   bool   // the words were read just now
	Token  string
}

// inputData is one field of a form: what was written, what is wrong with it, and the words it was read from.
type inputData struct {
	Name, Label, Type string
	Value             string
	Options           []option // choice and choices
	Required          bool
	Help, Wrong, From string
}

const (
	fieldPrefix = "field."
	localTime   = "2006-01-02T15:04" // as browsers send a day with a time, in the zone of whoever looks
)

func (s *Server) newPage(w http.ResponseWriter, r *http.Request, c caller) {
	s.showNew(w, r, c, http.StatusOK, s.newForm(draft{form: flow.Form{Type: r.URL.Query().Get("type"), Who: c.who}}, s.clock(c).zone))
}

// draft is a request as it stands in the form.
type draft struct {
	form  flow.Form
	wrong map[string]string
	from  map[string]string
	read  bool
}

// takeNew does what was pressed: show the fields of another type, read the words, or make the request.
func (s *Server) takeNew(w http.ResponseWriter, r *http.Request, c caller) {
	if !s.form(w, r, c) {
		return
	}
	d := draft{form: s.written(r, c)}
	switch r.PostForm.Get("do") {
	case "type":
	case "read":
		s.readWords(r.Context(), &d)
	default:
		s.make(w, r, c, d)
		return
	}
	s.showNew(w, r, c, http.StatusOK, s.newForm(d, s.clock(c).zone))
}

// written is what stands in the posted form.
func (s *Server) written(r *http.Request, c caller) flow.Form {
	f := flow.Form{
		Type: r.PostForm.Get("type"), Title: strings.TrimSpace(r.PostForm.Get("title")), Who: c.who,
		Text: strings.TrimSpace(strings.ReplaceAll(r.PostForm.Get("text"), "\r\n", "\n")),
	}
	f.Fields = s.given(r, c, fieldsOf(s.o.Hub.Query().Types(), f.Type))
	return f
}

// readWords fills what is empty from the words, and keeps from which.
func (s *Server) readWords(ctx context.Context, d *draft) {
	read := s.o.Hub.Query().Suggest(ctx, d.form)
	d.read, d.from = true, map[string]string{}
	if d.form.Type == "" {
		d.form.Type = read.Type
	}
	if d.form.Title == "" {
		d.form.Title = read.Title
	}
	for name, values := range read.Fields {
		if len(d.form.Fields[name]) == 0 {
			d.form.Fields[name], d.from[name] = values, read.From[name]
		}
	}
}

// make opens the request, or shows what needs another look. The same showing of the form makes one request.
func (s *Server) make(w http.ResponseWriter, r *http.Request, c caller, d draft) {
	if d.wrong = s.o.Hub.Query().Validate(d.form); len(d.wrong) > 0 {
		s.showNew(w, r, c, http.StatusUnprocessableEntity, s.newForm(d, s.clock(c).zone))
		return
	}
	made, _, err := s.o.Hub.Submit(r.Context(), engine.Intake{
		Delivery: once(c, r, "new"), Source: "web", Type: d.form.Type, Title: d.form.Title, Text: d.form.Text, Fields: d.form.Fields, Requester: c.who,
	})
	if err != nil {
		s.refuse(w, r, c, s.judge(r, "submit request", err))
		return
	}
	http.Redirect(w, r, pathTo("requests", string(made.ID))+"?done=submitted", http.StatusSeeOther)
}

func (s *Server) showNew(w http.ResponseWriter, r *http.Request, c caller, status int, data newData) {
	s.pages.show(w, r, c, view{status: status, name: "new", title: "New request", body: data})
}

func (s *Server) newForm(d draft, zone *time.Location) newData {
	types := s.o.Hub.Query().Types()
	data := newData{
		Title: inputData{Name: "title", Label: "Title", Value: d.form.Title, Wrong: d.wrong["title"]},
		Words: inputData{Name: "text", Label: "What do you need?", Value: d.form.Text},
		Wrong: len(d.wrong), Read: d.read, Token: freshToken(),
	}
	for _, t := range types {
		chosen := t.Name == d.form.Type
		if chosen {
			data.Type = t.Name
		}
		data.Types = append(data.Types, option{Value: t.Name, Label: t.Label, Chosen: chosen})
	}
	for _, f := range fieldsOf(types, d.form.Type) {
		in := inputOf(f, d.form.Fields[f.Name], zone)
		in.Wrong, in.From = d.wrong[f.Name], d.from[f.Name]
		data.Fields = append(data.Fields, in)
	}
	return data
}

func inputOf(f flow.Field, values []string, zone *time.Location) inputData {
	in := inputData{Name: fieldPrefix + f.Name, Label: f.Label, Type: f.Type, Required: f.Required, Help: f.Help, Value: strings.Join(values, ", ")}
	if at, err := time.Parse(time.RFC3339, in.Value); err == nil && f.Type == "date" {
		in.Type, in.Value = "time", at.In(zone).Format(localTime)
	}
	for _, choice := range f.Choices {
		in.Options = append(in.Options, option{Value: choice, Label: choice, Chosen: slices.Contains(values, choice)})
	}
	return in
}

// fieldsOf are the fields of a type; none where it is not known.
func fieldsOf(types []flow.RequestType, name string) []flow.Field {
	if i := slices.IndexFunc(types, func(t flow.RequestType) bool { return t.Name == name }); i >= 0 {
		return types[i].Fields
	}
	return nil
}
