package server

import (
	"net/http"
	"net/url"
	"strings"

	"signoff/internal/pattern"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/text"
)

var tokenRE = pattern.New(`^[A-Z2-7]{26}$`)

// once names a delivery by the person and the showing of the form it was sent from, so that a form sent twice counts
// once. A form without a name of ours counts by itself.
func once(c caller, r *http.Request, do string) string {
	token := r.PostForm.Get("once")
	if !tokenRE.MatchString(token) {
		return ""
	}
	return url.PathEscape(c.who.ID()) + "." + token + "." + do
}

// voteForm takes a verdict given on a request's page.
func (s *Server) voteForm(w http.ResponseWriter, r *http.Request, c caller) {
	if !s.form(w, r, c) {
		return
	}
	id, verdict := r.PathValue("id"), r.PostForm.Get("verdict")
	if oneOf("verdict", verdict, verdicts()) != nil || verdict == "" {
		s.refuse(w, r, c, refusal{http.StatusBadRequest, "bad_request", "Please choose what you decide."})
		return
	}
	res, err := s.o.Hub.Vote(r.Context(), engine.VoteInput{
		Delivery: once(c, r, verdict+confirmedMark(r)), Request: flow.RequestID(id), Stage: r.PostForm.Get("stage"), Verdict: flow.Verdict(verdict),
		Note: text.Plain(strings.ReplaceAll(r.PostForm.Get("note"), "\r\n", "\n")), Version: r.PostForm.Get("version"), By: c.who, Via: "web", Confirmed: confirmed(r), Checked: r.PostForm["checked"],
	})
	if err != nil {
		s.refuse(w, r, c, s.requestGone(r, err))
		return
	}
	s.after(w, r, c, outcome{id: id, done: verdict, code: res.Code, why: res.Why})
}

// confirmed reports whether somebody approves although change requests are open.
func confirmed(r *http.Request) bool { return r.PostForm.Get("confirmed") == "yes" }

// confirmedMark tells a confirmed vote from the one before it, which did not count, by its name.
func confirmedMark(r *http.Request) string {
	if confirmed(r) {
		return ".confirmed" + checkedMark(r)
	}
	return checkedMark(r)
}

// checkedMark tells a vote with lines of a checklist ticked from one before it, which did not count, by its name.
func checkedMark(r *http.Request) string {
	if lines := r.PostForm["checked"]; len(lines) > 0 {
		return "." + hashed(strings.Join(lines, "\n"))[:12]
	}
	return ""
}

// actForm takes what else a person does on a request's page.
func (s *Server) actForm(w http.ResponseWriter, r *http.Request, c caller) {
	if !s.form(w, r, c) {
		return
	}
	id, do := r.PathValue("id"), r.PostForm.Get("do")
	ev := flow.Event{ID: once(c, r, do), Request: flow.RequestID(id), Actor: c.who, Fields: map[string][]string{"via": {"web"}}}
	note := text.Plain(strings.ReplaceAll(r.PostForm.Get("note"), "\r\n", "\n"))
	if strings.HasPrefix(do, triagePrefix) {
		said, ok := triageForm(r, c)
		if !ok {
			s.refuse(w, r, c, refusal{http.StatusBadRequest, "bad_request", "This cannot be done here."})
			return
		}
		said.ID = ev.ID
		s.acts(w, r, c, said)
		return
	}
	switch do {
	case "add_detail":
		s.takeDetails(w, r, c)
		return
	case "withdraw":
		ev.Kind, ev.Body = flow.RequestWithdrawn, note
	case "submit_work":
		ev.Kind, ev.Body = flow.WorkSubmitted, note
		for name, v := range r.PostForm {
			if strings.HasPrefix(name, "answer.") && v[0] != "" {
				ev.Fields[name] = v[:1]
			}
		}
	case "answer_point", "resolve_point", "reopen_point", "ask_point":
		if point := r.PostForm.Get("point"); ev.ID != "" && point != "" { // one showing of the page has many points
			ev.ID += "." + url.PathEscape(point)
		}
		ev.Kind, ev.Body = pointKind(do), note
		ev.Fields["point"], ev.Fields["state"] = []string{r.PostForm.Get("point")}, []string{pointState(do)}
	case "part_done", "part_open":
		ev.Kind = flow.TicketMoved
		ev.Fields["part"], ev.Fields["status"] = []string{r.PostForm.Get("part")}, []string{"open"}
		if do == "part_done" {
			ev.Fields["status"], ev.Fields["done"] = []string{"done"}, []string{"yes"}
		}
		if ev.ID != "" { // one showing of the page has many subtasks
			ev.ID += "." + url.PathEscape(r.PostForm.Get("part"))
		}
	case "confirm_draft":
		ev.Kind = flow.DraftConfirmed
	case "dismiss_draft":
		ev.Kind = flow.DraftDismissed
	case "new_ticket":
		ev.Kind = flow.TicketWanted
	case "undo":
		ev.Kind = flow.VoteUndone
		ev.Fields["stage"], ev.Fields["round"] = []string{r.PostForm.Get("stage")}, []string{r.PostForm.Get("round")}
	default:
		s.refuse(w, r, c, refusal{http.StatusBadRequest, "bad_request", "This cannot be done here."})
		return
	}
	s.acts(w, r, c, ev)
}

// acts lets something that was done on a request's page count, and shows the page again.
func (s *Server) acts(w http.ResponseWriter, r *http.Request, c caller, ev flow.Event) {
	_, why, err := s.o.Hub.Act(r.Context(), ev)
	if err != nil {
		s.refuse(w, r, c, s.requestGone(r, err))
		return
	}
	o := outcome{id: r.PathValue("id"), done: r.PostForm.Get("do")}
	if len(why) > 0 {
		o.code, o.why = why[0].Code, why[0].Text
	}
	s.after(w, r, c, o)
}

// pointKind is the event of something done with a change request.
func pointKind(do string) flow.Kind {
	switch do {
	case "ask_point":
		return flow.PointAsked
	case "answer_point":
		return flow.PointAnswered
	}
	return flow.PointResolved
}

func pointState(do string) string {
	if do == "reopen_point" {
		return "open"
	}
	return "resolved"
}

// outcome is what became of an act on a request's page.
type outcome struct {
	id, done  string
	code, why string
}

// after shows the request again: what was done, or why not.
func (s *Server) after(w http.ResponseWriter, r *http.Request, c caller, o outcome) {
	status := statusOf(o.code)
	if status == http.StatusOK {
		http.Redirect(w, r, pathTo("requests", o.id)+"?done="+url.QueryEscape(o.done), http.StatusSeeOther)
		return
	}
	d, err := s.o.Hub.Request(r.Context(), o.id)
	if err != nil {
		s.refuse(w, r, c, s.requestGone(r, err))
		return
	}
	s.showRequestPage(w, r, c, d, view{status: statusFor(o.code, d.Request), notice: &notice{Text: o.why}}, r.PostForm.Get("note"))
}
