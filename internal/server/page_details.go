package server

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

// A request whose brief is not complete waits for whoever asked for it. They complete it on its page, or on the page of the
// link that came with a mail: exactly the fields that are missing are asked for.

// detailsData is the form for what is missing.
type detailsData struct {
	Path     string // where it is sent
	Act      bool   // it is sent as an act on the request's page
	Fields   []inputData
	Mistaken string
	Token    string
}

// details is the form for the missing fields of a request, with what was written and what is wrong with it.
func (s *Server) details(d engine.Detail, c caller, given map[string][]string, wrong map[string]string) *detailsData {
	if len(d.Missing) == 0 {
		return nil
	}
	out := &detailsData{Token: freshToken()}
	for _, f := range d.Missing {
		in := inputOf(f, given[f.Name], s.clock(c).zone)
		in.Wrong = wrong[f.Name]
		out.Fields = append(out.Fields, in)
	}
	return out
}

// given reads the values of fields out of a posted form.
func (s *Server) given(r *http.Request, c caller, fields []flow.Field) map[string][]string {
	out := map[string][]string{}
	for _, field := range fields {
		given := r.PostForm[fieldPrefix+field.Name]
		if field.Type == "list" && len(given) == 1 {
			given = strings.FieldsFunc(given[0], func(r rune) bool { return r == ',' || r == '\n' })
		}
		var values []string
		for _, v := range given {
			if v = strings.TrimSpace(v); v != "" {
				if at, err := time.ParseInLocation(localTime, v, s.clock(c).zone); err == nil && field.Type == "date" {
					v = at.UTC().Format(time.RFC3339)
				}
				values = append(values, v)
			}
		}
		if len(values) > 0 {
			out[field.Name] = values
		}
	}
	return out
}

// judgeDetails says what is wrong with the values that were given; what is still empty is asked for again later.
func (s *Server) judgeDetails(req flow.Request, c caller, given map[string][]string) map[string]string {
	all := s.o.Hub.Query().Validate(flow.Form{Type: req.Template, Title: req.Title, Who: c.who, Fields: given})
	wrong := map[string]string{}
	for name := range given {
		if message := all[name]; message != "" {
			wrong[name] = message
		}
	}
	return wrong
}

// completed is the event of somebody who fills in what was missing.
func completed(req flow.Request, c caller, given map[string][]string, via string) flow.Event {
	fields := map[string][]string{"via": {via}}
	for name, values := range given {
		fields[name] = values
	}
	return flow.Event{Kind: flow.RequestEdited, Request: req.ID, Actor: c.who, Fields: fields}
}

// takeDetails takes the missing fields from the page of a request.
func (s *Server) takeDetails(w http.ResponseWriter, r *http.Request, c caller) {
	d, err := s.o.Hub.Request(r.Context(), r.PathValue("id"))
	if err != nil {
		s.refuse(w, r, c, s.requestGone(r, err))
		return
	}
	given := s.given(r, c, d.Missing)
	wrong := s.judgeDetails(d.Request, c, given)
	if len(given) == 0 || len(wrong) > 0 {
		form := s.details(d, c, given, wrong)
		v := view{status: http.StatusUnprocessableEntity, notice: &notice{Text: "Nothing was kept yet: " + againWords(len(given), len(wrong))}}
		s.showDetails(w, r, c, d, v, form)
		return
	}
	ev := completed(d.Request, c, given, "web")
	ev.ID = once(c, r, "add_detail")
	_, why, err := s.o.Hub.Act(r.Context(), ev)
	if err != nil {
		s.refuse(w, r, c, s.requestGone(r, err))
		return
	}
	o := outcome{id: string(d.Request.ID), done: "add_detail"}
	if len(why) > 0 {
		o.code, o.why = why[0].Code, why[0].Text
	}
	s.after(w, r, c, o)
}

func againWords(given, wrong int) string {
	switch {
	case given == 0:
		return "please fill in a field."
	case wrong == 1:
		return "one field needs another look."
	}
	return "some fields need another look."
}

// showDetails shows a request's page with a form that was not taken.
func (s *Server) showDetails(w http.ResponseWriter, r *http.Request, c caller, d engine.Detail, v view, form *detailsData) {
	data := s.requestBody(r, c, d)
	if form != nil && data.Do.Details != nil {
		form.Path, form.Act = data.Do.Details.Path, true
		data.Do.Details = form
	}
	v.name, v.title, v.body = "request", string(d.Request.ID)+" "+d.Request.Title, data
	s.pages.show(w, r, c, v)
}

// asksDetails reports whether a link asks for what is missing instead of a decision.
func (o opened) asksDetails() bool { return o.pass.Stage == "" }

// detailsStanding judges whether a link for what is missing still asks for anything.
func (s *Server) detailsStanding(o opened) judged {
	switch {
	case !s.o.Now().Before(o.pass.Until):
		return judged{why: "This link has expired. Please ask for a new one, or sign in to add what is missing."}
	case len(o.detail.Missing) == 0:
		return judged{why: "Nothing is missing any more. Thank you."}
	}
	return judged{open: true}
}

// showDetailsPass shows the page of a link for what is missing.
func (s *Server) showDetailsPass(w http.ResponseWriter, r *http.Request, o opened, form *detailsData) {
	req, now := o.detail.Request, s.detailsStanding(o)
	data := passData{Path: r.URL.Path, Shown: s.items().knowing(req).called(o.who.who), ID: string(req.ID), Title: req.Title}
	status := http.StatusOK
	switch {
	case !now.open:
		status, data.Heading, data.Gone = http.StatusGone, "This question is not open any more", now.why
	case form != nil:
		data.Details, status = form, http.StatusUnprocessableEntity
	default:
		data.Details = s.details(o.detail, o.who, nil, nil)
	}
	if data.Details != nil {
		data.Details.Path = r.URL.Path
	}
	s.pages.show(w, r, caller{}, view{status: status, name: "pass", title: "What is missing for " + req.Title, form: s.forms.issue(w, r), body: data})
}

// takeDetailsPass takes the missing fields from the page of a link.
func (s *Server) takeDetailsPass(w http.ResponseWriter, r *http.Request, o opened) {
	given := s.given(r, o.who, o.detail.Missing)
	wrong := s.judgeDetails(o.detail.Request, o.who, given)
	form := s.details(o.detail, o.who, given, wrong)
	if !s.detailsStanding(o).open || len(given) == 0 || len(wrong) > 0 {
		if form != nil {
			form.Mistaken = "Nothing was kept yet: " + againWords(len(given), len(wrong))
		}
		s.showDetailsPass(w, r, o, form)
		return
	}
	req, why, err := s.o.Hub.Act(r.Context(), completed(o.detail.Request, o.who, given, viaLink))
	if err != nil {
		s.refuse(w, r, caller{}, s.requestGone(r, err))
		return
	}
	if len(why) > 0 && statusOf(why[0].Code) != http.StatusOK {
		form.Mistaken = why[0].Text
		s.showDetailsPass(w, r, o, form)
		return
	}
	s.o.Log.Info("completed through a link", "request", o.pass.Request, "person", o.pass.Person, "remote", r.RemoteAddr)
	done := passData{ID: string(req.ID), Title: req.Title, Heading: "Thank you, that is kept", Gone: "The request moves on by itself. You can close this page."}
	if req.Status == flow.NeedsInfo {
		done.Gone = "Something is still missing; the same link asks for it."
	}
	s.pages.show(w, r, caller{}, view{status: http.StatusOK, name: "pass", title: done.Heading, body: done})
}

// checkData is a line of a stage's checklist, which must be ticked to approve the stage.
type checkData struct {
	Line string
	Done bool
}

func checks(lines, ticked []string) (out []checkData) {
	for _, l := range lines {
		out = append(out, checkData{Line: l, Done: slices.Contains(ticked, l)})
	}
	return out
}
