package server

import (
	"fmt"

	"signoff/internal/flow"
)

func fieldItems(fields []flow.Field) []FieldItem {
	out := []FieldItem{}
	for _, f := range fields {
		out = append(out, FieldItem{Name: f.Name, Label: f.Label, Type: f.Type, Choices: f.Choices, Help: f.Help})
	}
	return out
}

func (it items) partItems(r flow.Request) []PartItem {
	out := []PartItem{}
	for _, p := range r.Parts {
		item := PartItem{
			Number: p.Number, Title: p.Title, EffortHours: p.Effort, Due: when(p.Due), Assignee: it.maybe(p.Assignee), Skills: p.Skills,
			After: p.After, Done: when(p.Done),
		}
		if l, ok := r.Link(fmt.Sprint("part/", p.Number)); ok {
			item.Ticket = &TicketItem{Key: l.Label, URL: l.URL, Status: p.Status, Gone: p.Gone}
			if item.Ticket.Key == "" {
				item.Ticket.Key = l.Ref.Key
			}
		}
		out = append(out, item)
	}
	return out
}

// partData is a subtask on a request's page.
type partData struct {
	Number            int
	Can               bool // be ticked here
	Done              bool
	Title, Who, Hours string
	Due               *moment
	Late              bool
	State             chip
	Label, URL        string // of its ticket
	After             string
}

// parts lists the subtasks of a request, and how many of them are done.
func (it items) parts(r flow.Request, clock clock) (rows []partData, standing string) {
	done, all := 0, 0
	for _, p := range r.Parts {
		row := partData{Number: p.Number, Can: flow.TickedHere(r, p) && !r.Status.Closed(), Done: !p.Done.IsZero(), Title: p.Title, State: partChip(p), Due: clock.at(p.Due), Late: p.Done.IsZero() && clock.now.After(p.Due) && !r.Status.Closed()}
		if p.Assignee.ID() != "" {
			row.Who = it.called(p.Assignee)
		}
		if p.Effort > 0 {
			row.Hours = fmt.Sprintf("%g h", p.Effort)
		}
		if l, ok := r.Link(fmt.Sprint("part/", p.Number)); ok {
			row.Label, row.URL = l.Label, webOnly(l.URL)
		}
		var before []string
		for _, n := range p.After {
			if n > 0 && n <= len(r.Parts) {
				before = append(before, r.Parts[n-1].Title)
			}
		}
		row.After = joined(before, "and")
		rows = append(rows, row)
		if p.Gone == "" {
			all++
		}
		if p.Gone == "" && !p.Done.IsZero() {
			done++
		}
	}
	return rows, fmt.Sprintf("%d of %d done", done, all)
}

func partChip(p flow.Part) chip {
	words := p.Status
	switch {
	case p.Gone != "":
		return chip{Words: "ticket " + p.Gone, Tone: "quiet", Sign: "dash"}
	case !p.Done.IsZero():
		return chip{Words: "done", Tone: "good", Sign: "tick"}
	case words == "":
		words = "open"
	}
	return chip{Words: words, Tone: "quiet", Sign: "dot"}
}
