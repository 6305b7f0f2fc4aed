package server

import (
	"net/http"
	"strings"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/text"
)

func verdicts() []string {
	return []string{string(flow.Approve), string(flow.RequestChanges), string(flow.Decline)}
}

// voteBody is VoteInput as it comes.
type voteBody struct {
	Stage   string   `json:"stage"`
	Verdict string   `json:"verdict"`
	Note    string   `json:"note"`
	Version string   `json:"version"`
	Confirm bool     `json:"confirm"`
	Checked []string `json:"checked"`
}

// vote answers POST /api/v1/requests/{id}/votes. What is given here counts as in chat, also from a session: a stage
// that is decided on the page is decided there.
func (s *Server) vote(w http.ResponseWriter, r *http.Request, c caller) {
	if !c.person() {
		s.problem(w, refusal{http.StatusForbidden, "no_person", "This token stands for nobody, so it cannot vote. Give it a person in the configuration: api.tokens.NAME: {token: …, as: ana}."}, nil)
		return
	}
	delivery, refused := idempotencyKey(r)
	if refused != nil {
		s.problem(w, *refused, nil)
		return
	}
	var in voteBody
	if !s.read(w, r, &in) {
		return
	}
	if why := oneOf("verdict", in.Verdict, verdicts()); why != nil || in.Verdict == "" {
		s.invalid(w, map[string]string{"verdict": "The verdict is one of " + strings.Join(verdicts(), ", ") + "."})
		return
	}
	res, err := s.o.Hub.Vote(r.Context(), engine.VoteInput{
		Delivery: delivery, Request: flow.RequestID(r.PathValue("id")), Stage: in.Stage, Verdict: flow.Verdict(in.Verdict),
		Note: text.Plain(in.Note), Version: in.Version, By: c.who, Via: "api", Confirmed: in.Confirm, Checked: in.Checked,
	})
	if err != nil {
		s.fault(w, r, "vote", err)
		return
	}
	status := statusFor(res.Code, res.Request)
	if status == http.StatusUnprocessableEntity {
		field := fieldOf(res.Code)
		s.problem(w, refusal{status, res.Code, res.Why}, map[string]string{field: res.Why})
		return
	}
	s.json(w, status, VoteAnswer{SchemaVersion: SchemaVersion, Counted: res.Counted, Code: res.Code, Why: res.Why, Request: s.items().request(res.Request)})
}

// statusOf is the status of an answer to an act with this code.
func statusOf(code string) int {
	switch code {
	case flow.CodeRecorded, flow.CodeNoted, flow.CodeDuplicate:
		return http.StatusOK
	case flow.CodeNotReviewer, flow.CodeFourEyes, flow.CodePageOnly, flow.CodeNotYours:
		return http.StatusForbidden
	case flow.CodeClosed:
		return http.StatusGone
	case flow.CodeNoteNeeded, flow.CodeUnknownStage, flow.CodeBadVerdict, flow.CodeUnknownPerson, flow.CodeUnchecked, flow.CodeUnreadable:
		return http.StatusUnprocessableEntity
	case flow.CodeUnknown:
		return http.StatusNotFound
	}
	return http.StatusConflict
}

// statusFor is statusOf for an act on a request as it stands: where it is closed there is nothing to come back for, and
// the words say who decided before.
func statusFor(code string, r flow.Request) int {
	status := statusOf(code)
	if status == http.StatusConflict && r.Status.Closed() {
		return http.StatusGone
	}
	return status
}

// fieldOf is the field that a code is about.
func fieldOf(code string) string {
	switch code {
	case flow.CodeNoteNeeded:
		return "note"
	case flow.CodeUnknownStage:
		return "stage"
	case flow.CodeUnchecked:
		return "checked"
	}
	return "verdict"
}
