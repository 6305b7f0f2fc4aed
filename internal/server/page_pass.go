package server

import (
	"net/http"
	"strconv"
	"strings"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// A decision link comes with a mail. It names one person, one question and one version, and opens one page. Looking at the
// page changes nothing, however often and by whomever: mail scanners follow links. Only the form on it decides, from the
// browser that was shown it.

// via is how a decision that was given through a link is recorded.
const viaLink = "link"

// passData is the page of a decision link.
type passData struct {
	Path, Shown    string
	ID, Title      string
	Stage          string
	Version        string
	Description    string
	Facts          []factRow
	Points         []pointData
	Assets         []assetData
	Checklist      []checkData
	Ticked         []string // lines that were ticked in a form that did not count
	Details        *detailsData
	Ask            bool // the question is open for this person
	Page           bool // it is decided on the request's own page, after signing in
	Confirm        bool // points are open, and approving all the same is asked for once more
	Heading, Gone  string
	Kept, Mistaken string // what was written, and what is wrong with it
}

// opened is a decision link with everything it is about.
type opened struct {
	pass   connectors.Pass
	who    caller
	detail engine.Detail
}

func (s *Server) passPage(w http.ResponseWriter, r *http.Request, _ caller) {
	if o, ok := s.openPass(w, r); ok {
		if o.asksDetails() {
			s.showDetailsPass(w, r, o, nil)
			return
		}
		s.showPass(w, r, o, passData{}, s.standing(r, o))
	}
}

// openPass reads a link. It answers itself where there is nothing to show.
func (s *Server) openPass(w http.ResponseWriter, r *http.Request) (o opened, ok bool) {
	if s.o.Passes == nil {
		s.notFound(w, r)
		return o, false
	}
	if o.pass, ok = s.o.Passes(r.PathValue("token")); !ok {
		s.refuse(w, r, caller{}, refusal{http.StatusNotFound, "not_found", "This link is not one of ours, or a part of it is missing. Please open it from the mail once more."})
		return o, false
	}
	var err error
	if o.detail, err = s.o.Hub.Request(r.Context(), string(o.pass.Request)); err != nil {
		s.refuse(w, r, caller{}, s.requestGone(r, err))
		return o, false
	}
	var known bool
	if o.who, known = s.invited(o); !known {
		s.refuse(w, r, caller{}, refusal{http.StatusGone, "gone", "Whoever this link was sent to is not listed here any more, so it decides nothing."})
		return o, false
	}
	return o, true
}

// invited is whom a link was sent to: somebody of the directory, or whoever asked for the work by mail.
func (s *Server) invited(o opened) (caller, bool) {
	if asker := o.detail.Request.Requester; asker.Name == "" && asker.ID() != "" && asker.ID() == o.pass.Person {
		return caller{who: asker, zone: s.zone()}, true
	}
	return s.somebody(o.pass.Person)
}

// judged is whether a link still decides, and if not, why.
type judged struct {
	open bool
	page bool
	why  string
}

// standing judges a link now.
func (s *Server) standing(r *http.Request, o opened) judged {
	if !s.o.Now().Before(o.pass.Until) {
		return judged{why: "This link has expired. Please ask for a new one, or sign in to decide."}
	}
	if pageOnly(stageDef(o.detail.Stages, o.pass.Stage)) {
		return judged{page: true}
	}
	ok, why, err := s.o.Hub.Query().May(r.Context(), connectors.Action{
		Who: o.who.who, Request: o.pass.Request, Do: string(flow.Approve), Stage: o.pass.Stage, Round: o.pass.Round, Version: o.pass.Version,
	})
	if err != nil {
		why = "It cannot be told just now whether this question is open. Please try again in a moment."
	}
	return judged{open: ok, why: why}
}

// showPass shows the page of a link; data holds what was written in a form that did not count.
func (s *Server) showPass(w http.ResponseWriter, r *http.Request, o opened, data passData, now judged) {
	req, clock := o.detail.Request, s.clock(o.who)
	it := s.items().knowing(req)
	data.Path, data.Shown, data.ID, data.Title = r.URL.Path, it.called(o.who.who), string(req.ID), req.Title
	data.Stage, data.Description = o.pass.Stage, req.Body.String()
	data.Assets = it.assets(req, r.URL.Path, clock)
	data.Facts, data.Points = it.passFacts(req, clock), it.points(req.Points, clock)
	data.Checklist = checks(stageDef(o.detail.Stages, o.pass.Stage).Checklist, data.Ticked)
	data.Ask, data.Page = now.open, now.page
	status, title := http.StatusOK, o.pass.Stage+" of "+req.Title
	if !now.open && !now.page {
		status, data.Gone, data.Heading = http.StatusGone, now.why, "This question is not open any more"
	}
	if data.Mistaken != "" {
		status = http.StatusUnprocessableEntity
	}
	s.pages.show(w, r, caller{}, view{status: status, name: "pass", title: title, form: s.forms.issue(w, r), body: data})
}

// passFacts are what a decision needs to know.
func (it items) passFacts(r flow.Request, clock clock) []factRow {
	rows := []factRow{{Label: "Asked for by", Text: it.called(r.Requester)}}
	if r.Assignee.ID() != "" {
		rows = append(rows, factRow{Label: "Made by", Text: it.called(r.Assignee)})
	}
	rows = append(rows, factRow{Label: "Revision", Text: strconv.Itoa(max(r.Round, 1))})
	if due := clock.at(r.Due); due != nil {
		rows = append(rows, factRow{Label: "Due", At: due, Text: clock.place(r.Due), Late: due.Past && !r.Status.Closed()})
	}
	return rows
}

// takePass takes a decision from the page of a link.
func (s *Server) takePass(w http.ResponseWriter, r *http.Request, _ caller) {
	o, ok := s.openPass(w, r)
	if !ok || !s.form(w, r, caller{}) {
		return
	}
	if o.asksDetails() {
		s.takeDetailsPass(w, r, o)
		return
	}
	now, verdict := s.standing(r, o), r.PostForm.Get("verdict")
	note := strings.TrimSpace(strings.ReplaceAll(r.PostForm.Get("note"), "\r\n", "\n"))
	switch {
	case !now.open:
		s.showPass(w, r, o, passData{}, now)
		return
	case oneOf("verdict", verdict, verdicts()) != nil || verdict == "":
		s.showPass(w, r, o, passData{Kept: note, Mistaken: "Please choose what you decide."}, now)
		return
	}
	res, err := s.o.Hub.Vote(r.Context(), engine.VoteInput{
		Delivery: o.pass.Person + "." + hashed(r.PathValue("token"))[:32] + "." + verdict + confirmedMark(r), Request: o.pass.Request, Stage: o.pass.Stage, Verdict: flow.Verdict(verdict),
		Note: text.Plain(note), Version: o.pass.Version, By: o.who.who, Via: viaLink, Confirmed: confirmed(r), Checked: r.PostForm["checked"],
	})
	if err != nil {
		s.refuse(w, r, caller{}, s.requestGone(r, err))
		return
	}
	s.o.Log.Info("decided through a link", "request", o.pass.Request, "person", o.pass.Person, "code", res.Code, "remote", r.RemoteAddr, "agent", r.UserAgent())
	s.passed(w, r, o, passData{Kept: note, Ticked: r.PostForm["checked"]}, res)
}

// passed shows what became of a decision.
func (s *Server) passed(w http.ResponseWriter, r *http.Request, o opened, data passData, res engine.VoteResult) {
	if statusOf(res.Code) == http.StatusOK {
		o.detail.Request = res.Request
		done := passData{ID: string(res.Request.ID), Title: res.Request.Title, Shown: s.items().called(o.who.who), Heading: doneNotice(r.PostForm.Get("verdict")).Text, Gone: "You can close this page."}
		s.pages.show(w, r, caller{}, view{status: http.StatusOK, name: "pass", title: done.Heading, body: done})
		return
	}
	data.Confirm = res.Code == flow.CodePointsOpen
	now := judged{open: data.Confirm || statusOf(res.Code) == http.StatusUnprocessableEntity, why: res.Why}
	if now.open {
		data.Mistaken = res.Why
	}
	s.showPass(w, r, o, data, now)
}
