package jira

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// boardPage is the data of the board.
type boardPage struct {
	frame
	Key     string // of the project
	Columns []column
	Total   int
}

type column struct {
	Status   string
	Category string
	Cards    []card
}

type card struct {
	Issue
	Targets []string // statuses that one transition leads to
	Late    bool
	DueText string
}

func (p *pages) board(w http.ResponseWriter, r *http.Request) { p.showBoard(w, r, http.StatusOK, "") }

func (p *pages) showBoard(w http.ResponseWriter, r *http.Request, status int, message string) {
	project := p.projects[0]
	if key := r.PathValue("project"); key != "" || r.PostFormValue("project") != "" {
		if project = p.project(cmp.Or(key, r.PostFormValue("project"))); project == nil {
			p.fail(w, r, http.StatusNotFound, "There is no such project on this site.")
			return
		}
	}
	page := boardPage{frame: p.frame(r, project.Name+" board", "board"), Key: project.Key}
	page.Error, page.Back, page.Project = message, p.boardPath(project), project.Name
	for _, st := range p.opt.Statuses {
		page.Columns = append(page.Columns, column{Status: st.Name, Category: st.Category})
	}
	now := p.opt.Now()
	actor := p.actor(r)
	for _, iss := range p.Issues() {
		i := slices.IndexFunc(page.Columns, func(c column) bool { return c.Status == iss.Status })
		if iss.Project != project.Key || iss.Archived || i < 0 {
			continue
		}
		page.Columns[i].Cards = append(page.Columns[i].Cards, p.card(iss, page.Columns[i].Category, now, actor))
		page.Total++
	}
	p.render(w, status, "board.html", page)
}

func (p *pages) card(iss Issue, category string, now time.Time, actor *User) card {
	c := card{Issue: iss, Targets: p.targets(iss.Status, actor)}
	if due, err := time.Parse(time.DateOnly, iss.Due); err == nil {
		c.DueText = due.Format("Mon 2 Jan")
		c.Late = category != "done" && now.After(due.AddDate(0, 0, 1))
	}
	return c
}

// targets are the statuses that one transition leads a person to.
func (p *pages) targets(status string, actor *User) []string {
	var all []string
	for _, t := range p.open(p.status(status)) {
		if t.open(actor) && !slices.Contains(all, t.To) {
			all = append(all, t.To)
		}
	}
	return all
}

// issueView is the data of an issue's page.
type issueView struct {
	frame
	Issue     Issue
	Card      card
	Category  string
	Facts     []fact
	Form      []formField
	FormOpen  bool
	Typed     string // a comment that was refused
	Activity  []activity
	Talk      []remark
	Roles     []string
	Subtasks  []Issue
	Files     []attached
	Elsewhere []Project // where the issue can move to
	IsSub     bool
}

type attached struct {
	Attachment
	When, At string
}

type fact struct{ Name, Value, URL string }

// formField is one input of the edit form.
type formField struct {
	ID, Name, Kind, Value string // Kind: text, area, date, url, select
	Required              bool
	Options               []Choice
}

type remark struct {
	Comment
	When, At string
	Edited   bool
}

type activity struct {
	Change
	When, At string
}

func (p *pages) issuePage(w http.ResponseWriter, r *http.Request) {
	p.showIssue(w, r, r.PathValue("key"), nil)
}

// showIssue draws an issue, with the error of the last form above it and what was typed still in it.
func (p *pages) showIssue(w http.ResponseWriter, r *http.Request, key string, failed error) {
	iss, ok := p.Issue(key)
	if !ok {
		p.fail(w, r, http.StatusNotFound, "There is no issue "+key+" on this site.")
		return
	}
	if iss.Key != key && failed == nil { // the key of before a move, or an id
		http.Redirect(w, r, p.path("browse", iss.Key), http.StatusSeeOther)
		return
	}
	page := issueView{frame: p.frame(r, iss.Key+" "+iss.Summary, ""), Issue: iss, Category: p.status(iss.Status).Category}
	page.Back = p.path("browse", iss.Key)
	page.Card = p.card(iss, page.Category, p.opt.Now(), page.Actor)
	page.Facts = sideFacts(iss, page.Card)
	page.Form = p.form(iss)
	page.talk()
	page.Roles = roles()
	p.around(&page)
	status := http.StatusOK
	if failed != nil {
		status = http.StatusUnprocessableEntity
		page.Error = sentence(failed)
		page.keep(r)
	}
	p.render(w, status, "issue.html", page)
}

// around adds what belongs to an issue: sub-tasks, files and the projects that it can go to.
func (p *pages) around(v *issueView) {
	project := p.project(v.Issue.Project)
	v.Project, v.IsSub = project.Name, project.typ(func(t *IssueType) bool { return t.Subtask && t.Name == v.Issue.Type }) != nil
	for _, key := range v.Issue.Subtasks {
		if child, ok := p.Issue(key); ok {
			v.Subtasks = append(v.Subtasks, child)
		}
	}
	for _, f := range v.Issue.Attachments {
		v.Files = append(v.Files, attached{f, shortTime(f.Created, v.Actor), f.Created.UTC().Format(time.RFC3339)})
	}
	for _, other := range p.projects {
		if other != project {
			v.Elsewhere = append(v.Elsewhere, *other)
		}
	}
}

func sentence(err error) string {
	switch {
	case errors.Is(err, ErrNoTransition):
		return "The workflow has no step to that status from here. Somebody may have moved the issue in the meantime."
	case errors.Is(err, ErrArchived):
		return "This issue is archived and cannot be changed. Restore it first."
	case errors.Is(err, ErrNoComment):
		return "This comment is gone. Somebody has deleted it in the meantime."
	case errors.Is(err, ErrNoFile):
		return "This file is gone. Somebody has deleted it in the meantime."
	case errors.Is(err, ErrNoProject):
		return "There is no such project, or it has no issues of this type."
	case errors.Is(err, ErrNoIssue):
		return "This issue is gone."
	}
	return err.Error()
}

// keep puts what was typed back into the form that failed.
func (v *issueView) keep(r *http.Request) {
	v.Typed = r.PostFormValue("text")
	if !strings.HasSuffix(r.URL.Path, "/edit") {
		return
	}
	v.FormOpen = true
	for i, f := range v.Form {
		if r.PostForm.Has(f.ID) {
			v.Form[i].Value = r.PostForm.Get(f.ID)
		}
	}
}

func (v *issueView) talk() {
	for _, c := range v.Issue.Comments {
		if !v.Actor.in(c.Visibility) {
			continue
		}
		v.Talk = append(v.Talk, remark{c, shortTime(c.Created, v.Actor), c.Created.UTC().Format(time.RFC3339), c.Updated.After(c.Created)})
	}
	for _, c := range slices.Backward(v.Issue.History) {
		c.Field, c.From, c.To = spoken(c.Field), shownValue(c.Field, c.From), shownValue(c.Field, c.To)
		v.Activity = append(v.Activity, activity{c, shortTime(c.At, v.Actor), c.At.UTC().Format(time.RFC3339)})
	}
}

// spoken is what people call a field of the change log.
func spoken(field string) string {
	switch field {
	case "duedate":
		return "due date"
	case "timeoriginalestimate":
		return "original estimate"
	case "IssueParentAssociation":
		return "parent"
	case "Attachment":
		return "attachment"
	case "Key":
		return "key"
	}
	return field
}

// shownValue is how a value of the change log reads for people.
func shownValue(field, value string) string {
	if field == "duedate" {
		return strings.TrimSuffix(value, " 00:00:00.0")
	}
	if n, err := strconv.Atoi(value); field == "timeoriginalestimate" && err == nil {
		return prettyEstimate(n)
	}
	return value
}

// sideFacts lists what the side of an issue's page shows.
func sideFacts(iss Issue, c card) []fact {
	all := []fact{{Name: "Type", Value: iss.Type}, {Name: "Priority", Value: iss.Priority}, {Name: "Assignee", Value: iss.Assignee},
		{Name: "Reporter", Value: iss.Reporter}, {Name: "Due date", Value: c.DueText}}
	if iss.Estimate > 0 {
		all = append(all, fact{Name: "Original estimate", Value: prettyEstimate(int(iss.Estimate / time.Second))})
	}
	for _, name := range sortedNames(iss.Fields) {
		f := fact{Name: name, Value: iss.Fields[name]}
		if strings.HasPrefix(f.Value, "https://") || strings.HasPrefix(f.Value, "http://") {
			f.URL = f.Value
		}
		all = append(all, f)
	}
	return append(all, fact{Name: "Resolution", Value: iss.Resolution})
}

// form builds the edit form with the present values.
func (p *pages) form(iss Issue) []formField {
	var all []formField
	for _, f := range p.formFields(iss.Key) {
		in := formField{ID: f.ID, Name: f.Name, Kind: "text", Required: f.Required}
		switch f.ID {
		case "summary":
			in.Value = iss.Summary
		case "description":
			in.Kind, in.Value = "area", iss.Description
		case "labels":
			in.Name, in.Value = "Labels, separated by spaces", strings.Join(iss.Labels, " ")
		case "duedate":
			in.Kind, in.Value = "date", iss.Due
		case "priority":
			in.choose(priorities(), iss.Priority)
		case "assignee":
			in.choose(p.assignees(), iss.Assignee)
		case "timetracking":
			in.Name = "Original estimate"
			if iss.Estimate > 0 {
				in.Value = prettyEstimate(int(iss.Estimate / time.Second))
			}
		default:
			in.Value = iss.Fields[f.Name]
			if f.Type == "option" {
				in.choose(f.Choices, iss.Fields[f.Name])
			}
			if f.Custom == "url" {
				in.Kind = "url"
			}
		}
		all = append(all, in)
	}
	return all
}

// choose makes the input a select, with the option of this name chosen.
func (f *formField) choose(options []Choice, name string) {
	f.Kind, f.Options, f.Value = "select", options, ""
	if c, ok := choice(options, name); ok {
		f.Value = c.ID
	}
}

func (p *pages) assignees() []Choice {
	var all []Choice
	for _, u := range p.users() {
		if p.assignable(p.idOf(u)) != nil {
			all = append(all, Choice{p.idOf(u), u.Name})
		}
	}
	return all
}

// hookRow is one webhook on the page of webhooks.
type hookRow struct {
	ID, Event, Key, When, State string
	What                        string // what the change log names
	Good                        bool
	Body                        string
}

func (p *pages) webhooks(w http.ResponseWriter, r *http.Request) {
	page := struct {
		frame
		Rows  []hookRow
		Hooks []Hook
		Held  bool
	}{frame: p.frame(r, "Webhooks", "webhooks")}
	page.Hooks = p.Hooks()
	p.mu.Lock()
	page.Held = p.hooks.queue.Held()
	p.mu.Unlock()
	for _, h := range slices.Backward(p.Webhooks()) {
		row := hookRow{ID: h.ID, Event: h.Event, Key: h.Key, State: "waiting", Good: h.Delivered(), Body: string(h.Body), What: whatChanged(h.Body)}
		if n := len(h.Attempts); n > 0 {
			row.State, row.When = attemptsText(h.Attempts), shortTime(h.Attempts[n-1].At, page.Actor)
		}
		page.Rows = append(page.Rows, row)
		if len(page.Rows) == 100 {
			break
		}
	}
	p.render(w, http.StatusOK, "webhooks.html", page)
}

// whatChanged sums up the change log of a webhook: "status: In Review, resolution: Done".
func whatChanged(body []byte) string {
	var b struct {
		Event string `json:"webhookEvent"`
		Log   struct {
			Items []changeItem `json:"items"`
		} `json:"changelog"`
	}
	if json.Unmarshal(body, &b) != nil || b.Event != "jira:issue_updated" {
		return ""
	}
	var all []string
	for _, i := range b.Log.Items {
		value := []rune(shownValue(i.Field, deref(i.ToString)))
		if len(value) > 60 {
			value = append(value[:60], '…')
		}
		all = append(all, spoken(i.Field)+": "+string(value))
	}
	return strings.Join(all, ", ")
}

// attemptsText lists the answers of the receiver: "503, 200".
func attemptsText(all []Attempt) string {
	var out []string
	for _, a := range all {
		if a.Status == 0 {
			out = append(out, "no answer")
			continue
		}
		out = append(out, strconv.Itoa(a.Status))
	}
	return strings.Join(out, ", ")
}
