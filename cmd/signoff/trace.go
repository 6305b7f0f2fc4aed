package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"signoff/internal/flow"
	"signoff/internal/server"
)

// traceWidth is how wide a trace gets before its lines are broken.
const traceWidth = 96

// printEvents prints what happened to a request, each with its reasons. Neighbours that only confirm what was done
// outside share a line.
func (a *app) printEvents(d server.RequestDetail) {
	purposes := map[string]string{}
	for _, e := range d.Effects {
		purposes[e.ID] = e.Purpose
	}
	var confirmed []string
	flush := func() {
		if len(confirmed) > 0 {
			broken(a.out, "  ", "confirmed outside: "+strings.Join(tallied(confirmed), ", "))
		}
		confirmed = nil
	}
	for _, e := range d.Events {
		if what, ok := confirmation(e, purposes); ok {
			confirmed = append(confirmed, what)
			continue
		}
		flush()
		fmt.Fprintf(a.out, "\n%s  %s  %s\n", e.At.Format("2006-01-02 15:04 MST"), e.Kind, actorOf(e))
		for _, r := range e.Why {
			a.printReason(r)
		}
	}
	flush()
}

// confirmation names what an event confirms; ok is false for one that says more.
func confirmation(e server.EventItem, purposes map[string]string) (what string, ok bool) {
	switch {
	case e.Kind == flow.EffectDone:
		id := strings.TrimPrefix(e.ID, "done/")
		return purposeWords(purposes[id], id), true
	case e.Echo && e.Kind == flow.TicketMoved:
		return "status of the ticket", true
	case e.Echo && e.Kind == flow.CommentAdded:
		return "comment in the ticket", true
	}
	return "", false
}

// purposeWords says what an effect is for; one that is not listed any more goes by its id.
func purposeWords(purpose, id string) string {
	head, rest, _ := strings.Cut(purpose, "/")
	switch {
	case purpose == "":
		return id
	case head == "ask":
		return "question to a reviewer"
	case head == "work":
		return "request for the work"
	case head == "tell":
		return "message"
	case head == "ticket" && rest == "thread":
		return "link on the ticket"
	}
	return head
}

// tallied joins equal words: "card (2)".
func tallied(words []string) []string {
	var out []string
	count := map[string]int{}
	for _, w := range words {
		if count[w]++; count[w] == 1 {
			out = append(out, w)
		}
	}
	for i, w := range out {
		if n := count[w]; n > 1 {
			out[i] = fmt.Sprintf("%s (%d)", w, n)
		}
	}
	return out
}

func (a *app) printReason(r flow.Reason) {
	mark := "  · "
	if r.Held {
		mark = "  ✓ "
	}
	line := r.Text
	if r.Place != "" {
		line += "  (" + r.Place + ")"
	}
	broken(a.out, mark, line)
}

// broken prints words after a lead, broken at traceWidth, the further lines set in below the first.
func broken(w io.Writer, lead, words string) {
	for _, line := range wrapped(words, traceWidth-utf8.RuneCountInString(lead)) {
		fmt.Fprintln(w, lead+visible(line))
		lead = strings.Repeat(" ", utf8.RuneCountInString(lead))
	}
}

// printStages prints the stages with their times, which the heading says are in UTC.
func (a *app) printStages(list []server.StageItem) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(a.out, "\nStages (times in UTC)")
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  STAGE\tREV\tSTATE\tENTERED\tFIRST RESPONSE\tDECIDED")
	for _, s := range list {
		fmt.Fprintf(t, "  %s\t%d\t%s\t%s\t%s\t%s\n", s.Name, s.Revision, strings.ReplaceAll(string(s.State), "_", " "),
			orDash(minute(s.Entered)), orDash(minute(s.FirstResponse)), orDash(minute(s.Decided)))
	}
	_ = t.Flush() // standard output is best effort
}

func (a *app) printVotes(list []server.VoteItem) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(a.out, "\nVotes")
	for _, v := range list {
		line := fmt.Sprintf("%s, %s: %s, %s, revision %d", shortTime(&v.At), v.By.Shown, strings.ReplaceAll(string(v.Verdict), "_", " "), v.Stage, v.Revision)
		if v.For != nil {
			line += ", for " + v.For.Shown
		}
		if v.Undone != nil {
			line += ", taken back"
		}
		broken(a.out, "  ", line)
		if v.Note != "" {
			broken(a.out, "      ", v.Note)
		}
	}
}

func (a *app) printLinks(list []server.LinkItem) {
	var rows []server.LinkItem
	for _, l := range list {
		if l.URL != "" {
			rows = append(rows, l)
		}
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintln(a.out, "\nLinks")
	for _, l := range rows {
		fmt.Fprintf(a.out, "  %-14s %s\n", l.Purpose, l.URL)
	}
}
