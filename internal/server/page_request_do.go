package server

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
)

// doData is what the person may do here now.
type doData struct {
	Votes    []voteData
	Work     bool
	Points   []pointData // to be answered with the work
	Undo     []undoData
	Withdraw bool
	Ticket   bool         // a new one, instead of one that is gone
	Draft    bool         // to make it a request, or not
	Discuss  bool         // to ask for changes one by one, to answer and to resolve them
	Details  *detailsData // to fill in what is missing
	Why      string       // why the person has no say in what is open
	Triage   *triageData  // to say what becomes of it
	Kept     string       // the note of a form that was refused
	Open     []int        // the numbers of change requests that are open: approving past them is confirmed
}

func (d doData) Any() bool {
	return len(d.Votes) > 0 || d.Work || d.Details != nil || len(d.Undo) > 0 || d.Withdraw || d.Ticket || d.Draft || d.Triage != nil
}

type voteData struct {
	Stage, Version string
	On             string // what is decided on: v4 - final
	Checklist      []checkData
	ID             string // for labels
}

type undoData struct{ Stage, Round string }

func openPoints(r flow.Request) (open []int) {
	for _, p := range r.Points {
		if p.Open() {
			open = append(open, p.Number)
		}
	}
	return open
}

// unanswered are the points that the next work answers.
func unanswered(r flow.Request) []flow.Point {
	return slices.DeleteFunc(slices.Clone(r.Points), func(p flow.Point) bool {
		return p.Round > r.Round || !p.Answer.Empty() || !p.Resolved.IsZero()
	})
}

// decidedOn names what a vote is about: the versions of the work, or the revision where it has none.
func decidedOn(r flow.Request) string {
	ids, names := strings.Split(r.Revision(), "+"), []string(nil)
	for _, a := range r.Assets {
		if v := a.Current(); v.ID != "" && slices.Contains(ids, v.ID) {
			names = append(names, cmp.Or(v.Name, a.Label, "unnamed version"))
		}
	}
	if len(names) == 0 {
		return fmt.Sprintf("revision %d", r.Round)
	}
	return strings.Join(names, ", ")
}

// possible asks what the person may do now.
func (s *Server) possible(r *http.Request, c caller, d engine.Detail) doData {
	var can doData
	req := d.Request
	may := func(do, stage string) (bool, string) {
		// What cannot be judged is not offered; doing it would be judged again anyway.
		ok, why, _ := s.o.Hub.Query().May(r.Context(), connectors.Action{Who: c.who, Request: req.ID, Do: do, Stage: stage, Round: req.Round, Version: req.Revision()})
		return ok, why
	}
	if ok, _ := may("add_detail", ""); ok {
		if can.Details = s.details(d, c, nil, nil); can.Details != nil {
			can.Details.Path, can.Details.Act = pathTo("requests", string(req.ID))+"/acts", true
		}
	}
	for i, run := range req.Open() {
		ok, why := may(string(flow.Approve), run.Name)
		def := stageDef(d.Stages, run.Name)
		if ok || pageOnly(def) && slices.Contains(waitsOn(run), c.who.ID()) {
			can.Votes = append(can.Votes, voteData{Stage: run.Name, Version: req.Revision(), On: decidedOn(req), Checklist: checks(def.Checklist, r.PostForm["checked"]), ID: strconv.Itoa(i)})
			continue
		}
		can.Why = why
	}
	can.Work, _ = may("submit_work", "")
	can.Withdraw, _ = may("withdraw", "")
	if req.Status == flow.Draft {
		can.Draft, _ = may("confirm_draft", "")
	}
	can.Triage = s.triage(r, c, req)
	if req.Ticket.Gone != "" {
		can.Ticket, _ = may("new_ticket", "")
	}
	for _, v := range req.Votes {
		if v.Undone.IsZero() && v.By.ID() == c.who.ID() && v.Round == req.Round {
			if ok, _ := may("undo", v.Stage); ok {
				can.Undo = append(can.Undo, undoData{Stage: v.Stage, Round: strconv.Itoa(v.Round)})
			}
		}
	}
	return can
}

// pageOnly reports whether a stage is decided on our pages and nowhere else; asked from elsewhere it says no.
func pageOnly(d flow.StageDef) bool { return d.Assurance == "web" }

func stageDef(defs []flow.StageDef, name string) flow.StageDef {
	if i := slices.IndexFunc(defs, func(d flow.StageDef) bool { return d.Name == name }); i >= 0 {
		return defs[i]
	}
	return flow.StageDef{}
}
