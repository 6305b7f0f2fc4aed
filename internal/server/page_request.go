package server

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

// requestData is the body of a request's page.
type requestData struct {
	ID, Path, Title string
	Status          chip
	Revision        int
	Since           *moment
	Problems        []string
	Missing         *missingData
	Parts           []partData
	PartsDone       string
	Facts           []factRow
	Description     string
	Do              doData
	Rounds          []roundData // newest first
	NoStages        bool
	Assets          []assetData
	Brief           *briefData
	Draft           bool // it has been offered to somebody, and is no request yet
	Points          []pointData
	Links           []linkData
	Talk            []commentData
	Files           []fileData // that came with the request
	Events          []eventData
	Effects         []effectData // the last of each purpose, and what was given up
	Earlier         []effectData
	Token           string // names this showing of the forms, so that a form sent twice counts once
}

// factRow is one labelled value.
type factRow struct {
	Label string
	Text  string
	URL   string
	At    *moment
	Late  bool
}

// roundData is one revision with its stages.
type roundData struct {
	Number  int
	Current bool
	Steps   []stepData
}

// stepData is one step of a revision: a stage, or several that run side by side.
type stepData struct{ Stages []stageData }

// Together reports whether several stages of the step apply to the request.
func (s stepData) Together() bool {
	n := 0
	for _, stage := range s.Stages {
		if stage.State != stageChip(flow.StageSkipped) {
			n++
		}
	}
	return n > 1
}

// stageData is one stage on the timeline.
type stageData struct {
	Name                            string
	State                           chip
	Why                             string
	Entered, FirstResponse, Decided *moment
	DecidedBy                       string
	Waiting                         string
	WaitingSince                    *moment
	Needs                           string
	Limit                           string
	Votes                           []voteLine
}

// missingData says what a request waits for.
type missingData struct {
	Words string // Brief needs 2 things: Audience and Legal claim
	Who   string
	Since *moment
}

// missing says what a request waits for, from whom, and since when.
func (it items) missing(d engine.Detail, clock clock) *missingData {
	r := d.Request
	if r.Status != flow.NeedsInfo {
		return nil
	}
	out := &missingData{Words: "More is needed", Who: it.called(r.Requester)}
	if n := len(r.Info); n > 0 {
		out.Since = clock.at(r.Info[n-1].From)
	}
	var labels []string
	for _, f := range d.Missing {
		labels = append(labels, f.Label)
	}
	switch len(labels) {
	case 0:
	case 1:
		out.Words = "Brief needs 1 thing: " + labels[0]
	default:
		out.Words = fmt.Sprintf("Brief needs %d things: %s", len(labels), joined(labels, "and"))
	}
	return out
}

type voteLine struct {
	Chip    chip
	By, For string
	Note    string
	Via     string
	At      *moment
	Undone  *moment
	Checked []string
}

type pointData struct {
	Number   int
	Revision int
	Stage    string
	By       string
	Note     string
	Answer   string
	At       *moment
	URL      string // where it was asked
	Where    string
	// AnsweredBy and Resolved say what became of it; Open: neither.
	AnsweredBy, ResolvedBy string
	Resolved               *moment
	Open                   bool
}

type linkData struct{ Label, What, URL string }

func (s *Server) requestPage(w http.ResponseWriter, r *http.Request, c caller) {
	d, err := s.o.Hub.Request(r.Context(), r.PathValue("id"))
	if err != nil {
		s.refuse(w, r, c, s.requestGone(r, err))
		return
	}
	s.showRequestPage(w, r, c, d, view{status: http.StatusOK, notice: doneNotice(r.URL.Query().Get("done"))}, "")
}

func (s *Server) requestGone(r *http.Request, err error) refusal {
	why := s.judge(r, "read request", err)
	if errors.Is(err, engine.ErrUnknown) {
		why.message = "There is no request or ticket of this name. The list has all that there are."
	}
	return why
}

// doneNotice says what was just done; done is a word of ours in the address.
func doneNotice(done string) *notice {
	text := map[string]string{
		"approve": "Your approval is recorded.", "request_changes": "Your change requests are recorded and on their way.",
		"decline": "Your decision is recorded.", "withdraw": "The request is withdrawn.", "submit_work": "The work is in review.",
		"undo": "Your decision is taken back.", "new_ticket": "A new ticket is being made.",
		"confirm_draft": "It is a request now.", "dismiss_draft": "No request was made.", "replay": "It is being tried again.",
		"held_accept": "The sender takes part from now on.", "held_new": "It is a request of its own now.", "held_spam": "It is put aside, and so is what this sender writes in the next 30 days.",
		"answer_point": "Your answer is kept with the point.", "resolve_point": "The point is resolved.", "reopen_point": "The point is open again.", "ask_point": "Your change request is numbered and on its way.",
		"part_done": "The subtask is done.", "part_open": "The subtask is open again.",
		"add_detail":    "That is kept. Once nothing is missing the request moves on by itself.",
		"triage_accept": "The request is accepted and goes its way.", "triage_merge": "The request is merged; the conversation goes on in the other one.",
		"triage_snooze": "The request comes back to triage on that morning.", "triage_decline": "The request is declined, and whoever asked for it is told why.",
		"rule_pause": "The rule says nothing for a while.", "rule_resume": "The rule goes on, and what it had to say is said.", "rule_drop": "The rule goes on; what it had to say until now is dropped.",
		"submitted": "Your request is on its way. This page follows it.",
	}[done]
	if text == "" {
		return nil
	}
	return &notice{Good: true, Text: text}
}

// showRequestPage shows a request; kept is what somebody wrote in a form that was refused.
func (s *Server) showRequestPage(w http.ResponseWriter, r *http.Request, c caller, d engine.Detail, v view, kept string) {
	data := s.requestBody(r, c, d)
	data.Do.Kept = kept
	v.name, v.title, v.body = "request", string(d.Request.ID)+" "+d.Request.Title, data
	s.pages.show(w, r, c, v)
}

func (s *Server) requestBody(r *http.Request, c caller, d engine.Detail) requestData {
	req, clock := d.Request, s.clock(c)
	it := s.items().knowing(req)
	data := requestData{
		ID: string(req.ID), Path: pathTo("requests", string(req.ID)), Title: req.Title, Status: statusChip(req.Status), Revision: req.Round,
		Since: clock.at(req.Since), Description: req.Body.String(), Facts: it.facts(req, clock), Rounds: it.rounds(d, clock),
		Points: it.points(req.Points, clock), Links: it.links(req.Links), Events: it.foldedEvents(withoutTalk(d), clock),
		Assets: it.assets(req, pathTo("requests", string(req.ID)), clock), Talk: it.talk(d, clock), Files: it.files(d, 0),
		Brief: it.brief(req.Brief, clock), Token: freshToken(),
	}
	data.Missing = it.missing(d, clock)
	data.Parts, data.PartsDone = it.parts(req, clock)
	data.Effects, data.Earlier = latest(it.effectLines(d.Effects, clock))
	if data.Title == "" {
		data.Title = "Untitled"
	}
	data.NoStages = len(data.Rounds) == 0
	if data.Draft = req.Status == flow.Draft; data.Draft {
		data.Revision = 0
	}
	for _, p := range req.Problems {
		data.Problems = append(data.Problems, p.Text)
	}
	if c.session() && c.person() {
		data.Do = s.possible(r, c, d)
		data.Do.Open = openPoints(req)
		data.Do.Discuss = !req.Status.Closed() && !data.Draft && flow.TakesPart(req, c.who)
		data.Do.Points = it.points(unanswered(req), clock)
	}
	return data
}

func (it items) facts(r flow.Request, clock clock) []factRow {
	rows := []factRow{{Label: "Asked for by", Text: it.called(r.Requester)}}
	add := func(label, text string) {
		if text != "" {
			rows = append(rows, factRow{Label: label, Text: text})
		}
	}
	if r.Assignee.ID() != "" {
		add("Made by", it.called(r.Assignee))
	}
	if r.Into != "" {
		rows = append(rows, factRow{Label: "Merged into", Text: string(r.Into), URL: pathTo("requests", string(r.Into))})
	}
	for _, id := range r.Joined {
		rows = append(rows, factRow{Label: "Took in", Text: string(id), URL: pathTo("requests", string(id))})
	}
	if r.Triage != "" {
		add("Waits for triage", sentence(r.Triage))
	}
	if until := clock.at(r.Until); until != nil {
		rows = append(rows, factRow{Label: "Snoozed until", At: until})
	}
	if due := clock.at(r.Due); due != nil {
		rows = append(rows, factRow{Label: "Due", At: due, Text: clock.place(r.Due), Late: due.Past && !r.Status.Closed()})
	}
	if l, ok := r.Link("ticket"); ok {
		rows = append(rows, factRow{Label: "Ticket", Text: l.Label, URL: webOnly(l.URL)})
	} else if r.Places.Tracker != "" && !r.Status.Closed() {
		add("Ticket", "pending")
	}
	rows = append(rows, it.ticketRows(r)...)
	add("Priority", r.Priority)
	add("Project", r.Project)
	add("Type", r.Template)
	add("Labels", joined(r.Labels, "and"))
	for _, name := range sortedKeys(r.Fields) {
		if !slices.Contains([]string{"title", "type", "source", "channel", "due"}, name) {
			add(capital(spoken(name)), joined(r.Fields[name], "and"))
		}
	}
	rows = append(rows, factRow{Label: "Opened", At: clock.at(r.Opened)})
	if closed := clock.at(r.Closed); closed != nil {
		rows = append(rows, factRow{Label: "Closed", At: closed})
	}
	add("Came from", capital(r.Source))
	add("Rule", r.Rule)
	add("Workflow", r.Workflow)
	return rows
}

func (it items) points(list []flow.Point, clock clock) []pointData {
	var out []pointData
	for _, p := range list {
		one := pointData{
			Number: p.Number, Revision: p.Round, Stage: p.Stage, By: it.called(p.By), Note: p.Note.String(), Answer: p.Answer.String(),
			At: clock.at(p.At), URL: webOnly(p.URL), Resolved: clock.at(p.Resolved), Open: p.Answer.Empty() && p.Resolved.IsZero(),
		}
		if !p.Said.Zero() {
			one.Where = capital(p.Said.System)
		}
		if p.AnsweredBy.ID() != "" {
			one.AnsweredBy = it.called(p.AnsweredBy)
		}
		if p.ResolvedBy.ID() != "" {
			one.ResolvedBy = it.called(p.ResolvedBy)
		}
		out = append(out, one)
	}
	return out
}

func (it items) links(list []flow.Link) []linkData {
	var out []linkData
	for _, l := range list {
		if l.URL == "" && l.Label == "" {
			continue // nothing that a person could open or name
		}
		if l.Purpose == "info" || strings.HasPrefix(l.Purpose, "part/") || strings.HasPrefix(l.Purpose, "ask/") || strings.HasPrefix(l.Purpose, "work/") {
			continue // only whoever it asks can open it
		}
		label := l.Label
		if label == "" {
			label = capital(l.Ref.System) + " " + l.Ref.Type
		}
		out = append(out, linkData{Label: label, What: capital(it.purposeWords(l.Purpose)), URL: webOnly(l.URL)})
	}
	return out
}
