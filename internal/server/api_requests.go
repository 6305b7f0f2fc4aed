package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"signoff/internal/pattern"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

// statusWords are the status words in the order in which a request may have them.
func statusWords() []string {
	var list []string
	for _, s := range []flow.Status{
		flow.Draft, flow.Intake, flow.NeedsInfo, flow.InProgress, flow.InReview, flow.Approved, flow.Declined, flow.Withdrawn,
		flow.Merged, flow.Snoozed, flow.Expired,
	} {
		list = append(list, string(s))
	}
	return list
}

func (s *Server) listRequests(w http.ResponseWriter, r *http.Request, c caller) {
	q := r.URL.Query()
	p, refused := pageOf(q.Get("page"))
	limit, wrong := limitOf(q.Get("limit"))
	for _, why := range []*refusal{only(q, "status", "stage", "waiting_on", "q", "page", "limit"), oneOf("status", q.Get("status"), statusWords()), refused, wrong} {
		if why != nil {
			s.problem(w, *why, nil)
			return
		}
	}
	f := engine.Filter{Status: flow.Status(q.Get("status")), Stage: q.Get("stage"), WaitingOn: waiter(q.Get("waiting_on"), c), Text: q.Get("q"), Limit: limit}
	page, next, err := walk(p, s.requestPages(r, f))
	if err != nil {
		s.fault(w, r, "list requests", err)
		return
	}
	it, out := s.items(), RequestList{SchemaVersion: SchemaVersion, Requests: []RequestItem{}, Total: page.Total, Next: nextPage(next)}
	for _, one := range page.Requests {
		out.Requests = append(out.Requests, it.request(one))
	}
	s.json(w, http.StatusOK, out)
}

// requestPages lists requests page by page. A page beyond the last keeps the total.
func (s *Server) requestPages(r *http.Request, f engine.Filter) func(string) (engine.RequestPage, string, error) {
	return func(after string) (engine.RequestPage, string, error) {
		f.Page = after
		page, err := s.o.Hub.Requests(r.Context(), f)
		return page, page.Next, err
	}
}

// waiter reads whom to wait for: "me" is whoever asks.
func waiter(name string, c caller) string {
	if name == "me" && c.person() {
		return c.who.ID()
	}
	return name
}

func limitOf(s string) (int, *refusal) {
	if s == "" {
		return 0, nil
	}
	if n, err := strconv.Atoi(s); err == nil && n >= 1 && n <= 200 {
		return n, nil
	}
	return 0, &refusal{http.StatusBadRequest, "bad_request", "limit is a number from 1 to 200."}
}

func (s *Server) showRequest(w http.ResponseWriter, r *http.Request, _ caller) {
	s.requestAs(w, r, r.PathValue("id"), http.StatusOK)
}

func (s *Server) requestAs(w http.ResponseWriter, r *http.Request, id string, status int) {
	d, err := s.o.Hub.Request(r.Context(), id)
	if err != nil {
		s.fault(w, r, "read request", err)
		return
	}
	s.json(w, status, s.items().detail(d))
}

// intakeBody is IntakeInput as it may be written: a field's value may be one string.
type intakeBody struct {
	Type      string            `json:"type"`
	Title     string            `json:"title"`
	Text      string            `json:"text"`
	Fields    map[string]values `json:"fields"`
	Requester string            `json:"requester"`
}

// values are the values of a field: a list of strings, or one.
type values []string

// UnmarshalJSON implements json.Unmarshaler.
func (v *values) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*v = values{one}
		return nil
	}
	var several []string
	if err := json.Unmarshal(b, &several); err != nil {
		return errors.New("the value of a field is a string or a list of strings")
	}
	*v = several
	return nil
}

// submit answers POST /api/v1/requests: 201 with the new request, 200 with the one that the same delivery made before.
func (s *Server) submit(w http.ResponseWriter, r *http.Request, c caller) {
	delivery, refused := idempotencyKey(r)
	if refused != nil {
		s.problem(w, *refused, nil)
		return
	}
	var in intakeBody
	if !s.read(w, r, &in) {
		return
	}
	intake := engine.Intake{Delivery: delivery, Source: "api", Type: in.Type, Title: in.Title, Text: in.Text, Fields: map[string][]string{}}
	for name, v := range in.Fields {
		intake.Fields[name] = v
	}
	var wrong map[string]string
	if intake.Requester, wrong = s.requester(in.Requester, c); wrong == nil {
		wrong = s.wrongFields(intake)
	}
	if len(wrong) > 0 {
		s.invalid(w, wrong)
		return
	}
	made, isNew, err := s.o.Hub.Submit(r.Context(), intake)
	if err != nil {
		s.fault(w, r, "submit request", err)
		return
	}
	status := http.StatusOK
	if isNew {
		status = http.StatusCreated
	}
	w.Header().Set("Location", "/api/v1/requests/"+string(made.ID))
	s.requestAs(w, r, string(made.ID), status)
}

var keyRE = pattern.New(`^[!-~]{1,200}$`)

// idempotencyKey reads the name of a delivery, empty when the sender gives none.
func idempotencyKey(r *http.Request) (string, *refusal) {
	given := r.Header.Values("Idempotency-Key")
	if len(given) == 0 {
		return "", nil
	}
	if len(given) > 1 || !keyRE.MatchString(given[0]) {
		return "", &refusal{http.StatusBadRequest, "bad_request", "Idempotency-Key is one word of at most 200 characters."}
	}
	return given[0], nil
}

// requester finds who a request is from: the person named, else the one the token stands for, else the token itself.
// Somebody outside the directory may ask, but is nobody who decides.
func (s *Server) requester(named string, c caller) (flow.Actor, map[string]string) {
	named = strings.TrimSpace(named)
	switch {
	case named == "" && c.person():
		return c.who, nil
	case named == "":
		name := c.token
		if name == "" {
			name = "signoff"
		}
		return flow.Actor{Ref: flow.Ref{System: "api", Type: "token", Key: name}, Shown: name}, nil
	case len(named) > 200:
		return flow.Actor{}, map[string]string{"requester": "This name is too long."}
	}
	var called []flow.Actor
	for _, p := range s.o.Hub.Rules().People() {
		who := flow.Actor{Name: p.Name, Shown: p.Shown}
		if strings.EqualFold(p.Name, named) || p.Email != "" && strings.EqualFold(p.Email, named) {
			return who, nil
		}
		if strings.EqualFold(p.Shown, named) {
			called = append(called, who)
		}
	}
	if len(called) == 1 {
		return called[0], nil
	}
	return flow.Actor{Ref: flow.Ref{System: "api", Type: "requester", Key: strings.ToLower(named)}, Shown: named}, nil
}

// reserved are names that stand beside fields, and what to do instead.
func reserved() map[string]string {
	return map[string]string{"title": "Give the title beside fields.", "type": "Give the type beside fields.", "source": "The source is always api."}
}

// wrongFields checks what was given. What is missing is asked for later, where people are.
func (s *Server) wrongFields(in engine.Intake) map[string]string {
	query := s.o.Hub.Query()
	draft := flow.Form{Type: in.Type, Title: in.Title, Text: in.Text, Who: in.Requester, Fields: in.Fields}
	if draft.Type == "" {
		draft.Type = query.Prefill(draft).Type
	}
	found, wrong := query.Validate(draft), map[string]string{}
	if words, ok := found["title"]; ok && in.Title == "" {
		wrong["text"] = words
	} else if ok {
		wrong["title"] = words
	}
	if in.Type != "" && found["type"] != "" {
		wrong["type"] = unknownType(in.Type, query.Types())
	}
	known := fieldNames(query.Types(), in.Type)
	for name, v := range in.Fields {
		switch words := reserved()[name]; {
		case words != "":
			wrong[name] = words
		case name == "channel": // where a script says the request belongs; rules match on it
		case wrong["type"] == "" && !slices.Contains(known, name):
			wrong[name] = unknownField(name, known)
		case found[name] != "" && len(v) > 0:
			wrong[name] = found[name]
		}
	}
	return wrong
}

func unknownType(given string, types []flow.RequestType) string {
	var known []string
	for _, t := range types {
		known = append(known, t.Name)
	}
	return strings.Replace(fmt.Sprintf("%q: ", given)+unknownField(given, known), "field", "type", 1)
}

// fieldNames lists the fields of a type, or of all where none is chosen.
func fieldNames(types []flow.RequestType, chosen string) []string {
	set := map[string]bool{}
	for _, t := range types {
		for _, f := range t.Fields {
			if chosen == "" || t.Name == chosen {
				set[f.Name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}
