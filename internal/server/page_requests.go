package server

import (
	"net/http"
	"net/url"
	"slices"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

// requestsData is the body of the list of requests.
type requestsData struct {
	Tabs     []tab
	Filter   filterData
	Rows     []requestRow
	Total    int
	Next     string // address of the next page
	Later    bool   // not the first page
	Empty    emptyState
	Filtered bool
	Counted  string // what the total counts
}

type tab struct {
	Label, Path string
	Here        bool
}

// filterData is the form above the list.
type filterData struct {
	Q, Show          string
	Statuses, Stages []option
	People           []option
}

type option struct {
	Value, Label string
	Chosen       bool
}

// requestRow is one line of the list.
type requestRow struct {
	ID, Path, Title string
	Status          chip
	Revision        int
	Requester       string
	Stages          string
	Waiting         string
	Since           *moment
	Due             *moment
	Overdue         bool
	Ticket          string
	TicketURL       string
}

// emptyState says why a list is empty and what to do.
type emptyState struct{ Heading, Text string }

func (s *Server) requestsPage(w http.ResponseWriter, r *http.Request, c caller) {
	q := r.URL.Query()
	p, refused := pageOf(q.Get("page"))
	if refused == nil {
		refused = oneOf("status", q.Get("status"), statusWords())
	}
	if refused != nil {
		s.refuse(w, r, c, *refused)
		return
	}
	f := engine.Filter{Status: flow.Status(q.Get("status")), Stage: q.Get("stage"), WaitingOn: waiter(q.Get("waiting_on"), c), Text: q.Get("q")}
	f.Open = f.Status == "" && f.Text == "" && q.Get("show") != "all"
	page, next, err := walk(p, s.requestPages(r, f))
	if err != nil {
		s.refuse(w, r, c, s.judge(r, "list requests", err))
		return
	}
	data := requestsData{
		Tabs: s.requestTabs(c, q), Filter: s.requestFilter(r, c, q), Total: page.Total, Later: p != place{},
		Filtered: f.Status != "" || f.Stage != "" || f.WaitingOn != "" || f.Text != "", Empty: emptyRequests(q, c),
	}
	data.Counted = "in all"
	if data.Filtered {
		data.Counted = "found"
	} else if f.Open {
		data.Counted = "open"
	}
	if next != "" {
		q.Set("page", nextPage(next))
		data.Next = "/?" + q.Encode()
	}
	it, clock := s.items(), s.clock(c)
	for _, one := range page.Requests {
		data.Rows = append(data.Rows, it.row(one, clock))
	}
	s.pages.show(w, r, c, view{status: http.StatusOK, name: "requests", title: "Requests", body: data})
}

func (it items) row(r flow.Request, clock clock) requestRow {
	row := requestRow{
		ID: string(r.ID), Path: pathTo("requests", string(r.ID)), Title: r.Title, Status: statusChip(r.Status), Revision: r.Round,
		Requester: it.called(r.Requester), Due: clock.at(r.Due),
	}
	if row.Title == "" {
		row.Title = "Untitled"
	}
	row.Overdue = !r.Status.Closed() && row.Due != nil && row.Due.Past
	var stages, people []string
	for _, run := range r.Open() {
		stages = append(stages, run.Name)
		for _, name := range it.waitingNames(run) {
			if !slices.Contains(people, name) {
				people = append(people, name)
			}
		}
		if since := waitsSince(run); row.Since == nil && since != nil {
			row.Since = clock.at(since.From)
		}
	}
	if n := len(r.Info); r.Status == flow.NeedsInfo && n > 0 {
		people, row.Since = []string{it.called(r.Requester)}, clock.at(r.Info[n-1].From)
	}
	row.Stages, row.Waiting = joined(stages, "and"), joined(people, "or")
	if l, ok := r.Link("ticket"); ok {
		row.Ticket, row.TicketURL = l.Label, webOnly(l.URL)
	}
	return row
}

// waitingNames lists by name whom a stage run waits for.
func (it items) waitingNames(run flow.StageRun) (names []string) {
	for _, id := range waitsOn(run) {
		a := flow.Actor{Name: id}
		if i := slices.IndexFunc(run.Asked, func(a flow.Actor) bool { return a.ID() == id }); i >= 0 {
			a = run.Asked[i]
		}
		name := it.called(a)
		for _, c := range run.Covers {
			if c.By.ID() == id {
				name += " for " + it.called(c.For)
			}
		}
		names = append(names, name)
	}
	return names
}

// waitsSince is the wait that lasts.
func waitsSince(run flow.StageRun) *flow.Wait {
	for i := range run.Waiting {
		if run.Waiting[i].To.IsZero() {
			return &run.Waiting[i]
		}
	}
	return nil
}

func (s *Server) requestTabs(c caller, q url.Values) []tab {
	mine, all := q.Get("waiting_on") == "me", q.Get("show") == "all"
	tabs := []tab{
		{Label: "Open", Path: "/", Here: !mine && !all},
		{Label: "All", Path: "/?show=all", Here: !mine && all},
	}
	if c.session() {
		tabs = slices.Insert(tabs, 0, tab{Label: "Waiting for you", Path: "/?waiting_on=me", Here: mine})
	}
	return tabs
}

func (s *Server) requestFilter(r *http.Request, c caller, q url.Values) filterData {
	f := filterData{Q: q.Get("q"), Show: q.Get("show")}
	for _, word := range []flow.Status{flow.Intake, flow.NeedsInfo, flow.InProgress, flow.InReview, flow.Approved, flow.Declined, flow.Withdrawn, flow.Merged, flow.Snoozed, flow.Expired} {
		f.Statuses = append(f.Statuses, option{string(word), word.Words(), q.Get("status") == string(word)})
	}
	for _, name := range s.openStages(r, q.Get("stage")) {
		f.Stages = append(f.Stages, option{name, name, q.Get("stage") == name})
	}
	if c.session() {
		f.People = append(f.People, option{"me", "you", q.Get("waiting_on") == "me"})
	}
	for _, p := range s.o.Hub.Rules().People() {
		f.People = append(f.People, option{p.Name, p.Shown, q.Get("waiting_on") == p.Name})
	}
	return f
}

// openStages lists the stages that requests are in now, and the one that was asked for.
func (s *Server) openStages(r *http.Request, asked string) []string {
	const looked = 100
	var names []string
	if asked != "" {
		names = append(names, asked)
	}
	// Without them the filter offers less; the list itself says when requests cannot be read.
	page, _ := s.o.Hub.Requests(r.Context(), engine.Filter{Status: flow.InReview, Limit: looked})
	for _, one := range page.Requests {
		for _, run := range one.Open() {
			names = append(names, run.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func emptyRequests(q url.Values, c caller) emptyState {
	switch {
	case q.Get("waiting_on") == "me" && c.session():
		return emptyState{"Nothing waits for you", "When a request needs your decision it shows here, and signoff asks you in chat."}
	case q.Get("q") != "" || q.Get("status") != "" || q.Get("stage") != "" || q.Get("waiting_on") != "":
		return emptyState{"No request fits", "Try other words, or clear the filters."}
	}
	return emptyState{"No open requests", "A request starts in Slack: open the menu of a message and choose the signoff shortcut, mention the app in a thread, or type /request. Programs post to /api/v1/requests."}
}
