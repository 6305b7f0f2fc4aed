package server

import (
	"net/http"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// detailsBody is DetailsInput as it comes.
type detailsBody struct {
	Fields map[string]values `json:"fields"`
	Note   string            `json:"note"`
}

// addDetails answers POST /api/v1/requests/{id}/details: it fills in or corrects fields.
func (s *Server) addDetails(w http.ResponseWriter, r *http.Request, c caller) {
	if !c.person() {
		s.problem(w, refusal{http.StatusForbidden, "no_person", "This token stands for nobody, so it cannot add details. Give it a person in the configuration: api.tokens.NAME: {token: …, as: ana}."}, nil)
		return
	}
	delivery, refused := idempotencyKey(r)
	if refused != nil {
		s.problem(w, *refused, nil)
		return
	}
	var in detailsBody
	if !s.read(w, r, &in) {
		return
	}
	d, err := s.o.Hub.Request(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fault(w, r, "read request", err)
		return
	}
	given := map[string][]string{}
	for name, v := range in.Fields {
		given[name] = v
	}
	if len(given) == 0 && in.Note == "" {
		s.invalid(w, map[string]string{"fields": "Give a field, or a note."})
		return
	}
	if wrong := s.wrongDetails(d, c, given); len(wrong) > 0 {
		s.invalid(w, wrong)
		return
	}
	ev := completed(d.Request, c, given, "api")
	ev.ID, ev.Body = delivery, text.Plain(in.Note)
	req, why, err := s.o.Hub.Act(r.Context(), ev)
	if err != nil {
		s.fault(w, r, "add details", err)
		return
	}
	if len(why) > 0 && why[0].Code != flow.CodeRecorded {
		s.problem(w, refusal{statusFor(why[0].Code, req), why[0].Code, why[0].Text}, nil)
		return
	}
	s.requestAs(w, r, string(req.ID), http.StatusOK)
}

// wrongDetails checks what was given. What the request waits for may be a field that today's rules do not have any more.
func (s *Server) wrongDetails(d engine.Detail, c caller, given map[string][]string) map[string]string {
	wrong := s.wrongFields(engine.Intake{Type: d.Request.Template, Title: d.Request.Title, Fields: given, Requester: c.who})
	judged := s.judgeDetails(d.Request, c, given)
	for _, f := range d.Missing {
		if judged[f.Name] == "" {
			delete(wrong, f.Name)
		}
	}
	return wrong
}
