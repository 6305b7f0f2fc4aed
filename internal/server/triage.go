package server

import (
	"net/http"
	"slices"
	"strings"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// What waits for triage: a list, the forms on a request's page, and the same through the API.

// triageActs are what may be said of a request that waits for triage, with the events that say it.
func triageActs() map[string]flow.Kind {
	return map[string]flow.Kind{
		"accept": flow.RequestAccepted, "merge": flow.RequestMerged, "decline": flow.RequestDeclined, "snooze": flow.RequestSnoozed,
	}
}

const triagePrefix = "triage_"

// triageInput is what a form or a body says.
type triageInput struct{ action, assignee, into, until, note string }

// event is what somebody says of a request; false where it is nothing that can be said.
func (in triageInput) event(id string, c caller, via string) (flow.Event, bool) {
	kind, ok := triageActs()[in.action]
	ev := flow.Event{
		Kind: kind, Request: flow.RequestID(id), Actor: c.who, Fields: map[string][]string{"via": {via}},
		Body: text.Plain(strings.ReplaceAll(in.note, "\r\n", "\n")),
	}
	for name, v := range map[string]string{"assignee": in.assignee, "into": in.into, "until": in.until} {
		if v = strings.TrimSpace(v); v != "" {
			ev.Fields[name] = []string{v}
		}
	}
	return ev, ok
}

// triageForm reads a form of triage on a request's page.
func triageForm(r *http.Request, c caller) (flow.Event, bool) {
	f := r.PostForm
	in := triageInput{
		action: strings.TrimPrefix(f.Get("do"), triagePrefix), assignee: f.Get("assignee"), into: f.Get("into"), until: f.Get("until"), note: f.Get("note"),
	}
	return in.event(r.PathValue("id"), c, "web")
}

// triageData are the forms of a request that somebody may decide on in triage.
type triageData struct {
	Why      string
	Waits    bool // else it may only be merged
	Assignee string
	People   []option
	Open     []option
	Earliest string // the first day until which it may be put off
}

// triage are the forms for somebody; nil where they have no say.
func (s *Server) triage(r *http.Request, c caller, req flow.Request) *triageData {
	if req.Status == flow.Draft || req.Status.Closed() || !s.o.Hub.MayTriage(c.who) {
		return nil
	}
	t := &triageData{Why: sentence(req.Triage), Waits: req.Triage != "", Earliest: s.clock(c).now.In(s.zone()).AddDate(0, 0, 1).Format("2006-01-02")}
	if !t.Waits {
		t.Why = ""
	}
	if req.Assignee.ID() != "" {
		t.Assignee = s.items().called(req.Assignee)
	}
	for _, p := range s.o.Hub.Rules().People() {
		t.People = append(t.People, option{Value: p.Name, Label: p.Shown})
	}
	// Without the list the number is typed.
	_, open, _ := s.o.Hub.Triage(r.Context())
	for _, other := range open {
		if other.ID != req.ID {
			t.Open = append(t.Open, option{Value: string(other.ID), Label: other.Title})
		}
	}
	return t
}

// queueData is the body of the page that lists what waits for triage.
type queueData struct {
	Rows  []queueRow
	May   bool
	Empty emptyState
}

type queueRow struct {
	ID, Path, Title, Requester, Why string
	Since, Until, Due               *moment
}

func (s *Server) triagePage(w http.ResponseWriter, r *http.Request, c caller) {
	waiting, _, err := s.o.Hub.Triage(r.Context())
	if err != nil {
		s.refuse(w, r, c, s.judge(r, "list what waits for triage", err))
		return
	}
	data := queueData{
		May:   s.o.Hub.MayTriage(c.who),
		Empty: emptyState{"Nothing waits for triage", "A request that no rule places, or that nobody has room for, waits here until somebody says what becomes of it."},
	}
	it, clock := s.items(), s.clock(c)
	for _, req := range waiting {
		row := queueRow{
			ID: string(req.ID), Path: pathTo("requests", string(req.ID)), Title: req.Title, Requester: it.called(req.Requester),
			Why: sentence(req.Triage), Since: clock.at(req.Since), Until: clock.at(req.Until), Due: clock.at(req.Due),
		}
		if row.Title == "" {
			row.Title = "Untitled"
		}
		data.Rows = append(data.Rows, row)
	}
	slices.SortStableFunc(data.Rows, func(a, b queueRow) int { // those that were put off come last
		switch {
		case (a.Until == nil) == (b.Until == nil):
			return 0
		case a.Until == nil:
			return -1
		}
		return 1
	})
	s.pages.show(w, r, c, view{status: http.StatusOK, name: "triage", title: "Triage", body: data})
}

// triageBody is TriageInput as it comes.
type triageBody struct {
	Action   string `json:"action"`
	Assignee string `json:"assignee"`
	Into     string `json:"into"`
	Until    string `json:"until"`
	Note     string `json:"note"`
}

// triageRequest answers POST /api/v1/requests/{id}/triage.
func (s *Server) triageRequest(w http.ResponseWriter, r *http.Request, c caller) {
	if !c.person() {
		s.problem(w, refusal{http.StatusForbidden, "no_person", "This token stands for nobody, so it has no say in triage. Give it a person in the configuration: api.tokens.NAME: {token: …, as: ana}."}, nil)
		return
	}
	delivery, refused := idempotencyKey(r)
	if refused != nil {
		s.problem(w, *refused, nil)
		return
	}
	var in triageBody
	if !s.read(w, r, &in) {
		return
	}
	ev, ok := triageInput{action: in.Action, assignee: in.Assignee, into: in.Into, until: in.Until, note: in.Note}.event(r.PathValue("id"), c, "api")
	if !ok {
		s.invalid(w, map[string]string{"action": "The action is one of accept, decline, merge, snooze."})
		return
	}
	ev.ID = delivery
	req, why, err := s.o.Hub.Act(r.Context(), ev)
	if err != nil {
		s.fault(w, r, "decide in triage", err)
		return
	}
	out := VoteAnswer{SchemaVersion: SchemaVersion, Request: s.items().request(req)}
	if len(why) > 0 {
		out.Code, out.Why = why[0].Code, why[0].Text
	}
	out.Counted = out.Code == flow.CodeRecorded
	status := statusFor(out.Code, req)
	if field := triageField(out.Code, in.Action); field != "" {
		s.problem(w, refusal{http.StatusUnprocessableEntity, out.Code, out.Why}, map[string]string{field: out.Why})
		return
	}
	s.json(w, status, out)
}

// triageField is the field of a body that a refusal is about; "" where it is about the request.
func triageField(code, action string) string {
	switch code {
	case flow.CodeNoteNeeded:
		return "note"
	case flow.CodeUnreadable:
		return "until"
	case flow.CodeUnknownPerson:
		return "assignee"
	case flow.CodeCannotTake, flow.CodeUnknown:
		if action == "merge" {
			return "into"
		}
		return "assignee"
	}
	return ""
}
