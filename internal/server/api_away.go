package server

import (
	"context"
	"net/http"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

// LeaveItem is an absence of somebody that lasts or is to come.
type LeaveItem struct {
	From     string `json:"from"`  // the first day, where the person is
	Until    string `json:"until"` // the last day, included
	Cover    string `json:"cover,omitempty"`
	StandsIn string `json:"stands_in,omitempty"` // who is asked in their place just now
	Now      bool   `json:"now"`
	Filed    bool   `json:"filed,omitempty"` // it stands in the people file
	// Back is the instant at which it ends.
	Back time.Time `json:"back"`
}

// AwayAnswer answers PUT and DELETE /api/v1/people/{name}/away.
type AwayAnswer struct {
	SchemaVersion int        `json:"schema_version"`
	Message       string     `json:"message"` // what it means, in a sentence
	Person        PersonItem `json:"person"`
}

// awayBody is what an absence is said by: two days, or words for them.
type awayBody struct {
	From  string `json:"from"`
	Until string `json:"until"`
	When  string `json:"when"`
	Cover string `json:"cover"`
}

// awaySaid is one of the two things that can be said of an absence.
type awaySaid func(context.Context, engine.AwayInput) (flow.Reason, error)

func leaveItems(list []engine.Leave) []LeaveItem {
	out := []LeaveItem{}
	for _, l := range list {
		out = append(out, LeaveItem{From: l.First, Until: l.Last, Cover: l.Cover, StandsIn: l.StandsIn, Now: l.Now, Filed: l.Filed, Back: l.Until.UTC()})
	}
	return out
}

// setAway answers PUT /api/v1/people/{name}/away.
func (s *Server) setAway(w http.ResponseWriter, r *http.Request, c caller) {
	var in awayBody
	if !s.read(w, r, &in) {
		return
	}
	if in.When == "" && (in.From == "" || in.Until == "") {
		s.invalid(w, map[string]string{"until": "Give the first and the last day as from and until, or both in words as when: an absence needs an end."})
		return
	}
	s.away(w, r, c, engine.AwayInput{From: in.From, Until: in.Until, When: in.When, Cover: in.Cover}, s.o.Hub.SetAway)
}

// endAway answers DELETE /api/v1/people/{name}/away.
func (s *Server) endAway(w http.ResponseWriter, r *http.Request, c caller) {
	s.away(w, r, c, engine.AwayInput{}, s.o.Hub.EndAway)
}

func (s *Server) away(w http.ResponseWriter, r *http.Request, c caller, in engine.AwayInput, say awaySaid) {
	delivery, refused := idempotencyKey(r)
	if refused != nil {
		s.problem(w, *refused, nil)
		return
	}
	in.By, in.Person, in.Via, in.Delivery = c.who, r.PathValue("name"), "api", delivery
	person, known := s.personItem(r, in.Person)
	if !known {
		s.problem(w, refusal{http.StatusNotFound, "not_found", "Nobody of this name is in the directory."}, nil)
		return
	}
	why, err := say(r.Context(), in)
	switch {
	case err != nil:
		s.fault(w, r, "say when somebody is away", err)
		return
	case awayStatus(why.Code) != http.StatusOK:
		s.problem(w, refusal{awayStatus(why.Code), why.Code, why.Text}, nil)
		return
	}
	person, _ = s.personItem(r, in.Person)
	s.json(w, http.StatusOK, AwayAnswer{SchemaVersion: SchemaVersion, Message: why.Text, Person: person})
}

func awayStatus(code string) int {
	switch code {
	case engine.CodeBadDays, flow.CodeUnknownPerson, flow.CodeCannotTake:
		return http.StatusUnprocessableEntity
	case engine.CodeCoverCircle:
		return http.StatusConflict
	}
	return statusOf(code)
}

// personItem finds somebody of the directory by name.
func (s *Server) personItem(r *http.Request, name string) (PersonItem, bool) {
	for _, p := range s.o.Hub.People(r.Context()) {
		if p.Name == name {
			return personItem(p), true
		}
	}
	return PersonItem{}, false
}
