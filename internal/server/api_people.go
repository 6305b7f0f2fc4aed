package server

import (
	"net/http"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

// AccountItem is how somebody is known on one instance.
type AccountItem struct {
	Instance string `json:"instance"`
	State    string `json:"state"` // pinned, matched, confirmed, asked, conflict, unresolved
	Account  string `json:"account,omitempty"`
	Why      string `json:"why,omitempty"`
}

// PersonItem is a person of the directory with their accounts.
type PersonItem struct {
	Name     string        `json:"name"`
	Shown    string        `json:"shown"`
	Email    string        `json:"email,omitempty"`
	Accounts []AccountItem `json:"accounts"`
	// Backup stands in usually. Away lists absences that last or are to come, the first first.
	Backup string      `json:"backup,omitempty"`
	Away   []LeaveItem `json:"away"`
}

// PeopleList answers GET /api/v1/people.
type PeopleList struct {
	SchemaVersion int          `json:"schema_version"`
	People        []PersonItem `json:"people"`
	Unsettled     int          `json:"unsettled"` // people with an account that is asked about, in conflict or unresolved
}

func (s *Server) listPeople(w http.ResponseWriter, r *http.Request, _ caller) {
	if why := only(r.URL.Query()); why != nil {
		s.problem(w, *why, nil)
		return
	}
	out := PeopleList{SchemaVersion: SchemaVersion, People: []PersonItem{}}
	for _, p := range s.o.Hub.People(r.Context()) {
		if !settled(p) {
			out.Unsettled++
		}
		out.People = append(out.People, personItem(p))
	}
	s.json(w, http.StatusOK, out)
}

func personItem(p engine.PersonState) PersonItem {
	item := PersonItem{Name: p.Name, Shown: p.Shown, Email: p.Email, Accounts: []AccountItem{}, Backup: p.Backup, Away: leaveItems(p.Leaves)}
	for _, instance := range sortedKeys(stateOf(p)) {
		item.Accounts = append(item.Accounts, AccountItem{Instance: instance, State: stateOf(p)[instance], Account: p.Accounts[instance].Key, Why: p.Why[instance]})
	}
	return item
}

// stateOf says by instance how somebody's account is known.
func stateOf(p engine.PersonState) map[string]string { return p.State }

// settled reports whether all accounts of somebody are surely known.
func settled(p engine.PersonState) bool {
	for _, state := range p.State {
		switch state {
		case engine.AccountAsked, engine.AccountConflict, engine.AccountUnresolved:
			return false
		}
	}
	return true
}

// wantTicket answers POST /api/v1/requests/{id}/ticket: a new ticket instead of one that is gone.
func (s *Server) wantTicket(w http.ResponseWriter, r *http.Request, c caller) {
	if !c.person() {
		s.problem(w, refusal{http.StatusForbidden, "no_person", "This token stands for nobody, so it cannot ask for a ticket. Give it a person in the configuration: api.tokens.NAME: {token: …, as: ana}."}, nil)
		return
	}
	delivery, refused := idempotencyKey(r)
	if refused != nil {
		s.problem(w, *refused, nil)
		return
	}
	req, why, err := s.o.Hub.Act(r.Context(), flow.Event{
		ID: delivery, Kind: flow.TicketWanted, Request: flow.RequestID(r.PathValue("id")), Actor: c.who, Fields: map[string][]string{"via": {"api"}},
	})
	if err != nil {
		s.fault(w, r, "ask for a ticket", err)
		return
	}
	if len(why) > 0 && why[0].Code != flow.CodeRecorded {
		s.problem(w, refusal{statusFor(why[0].Code, req), why[0].Code, why[0].Text}, nil)
		return
	}
	s.requestAs(w, r, string(req.ID), http.StatusOK)
}
