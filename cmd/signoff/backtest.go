package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signoff/internal/backtest"
)

const backtestLong = `Replay the recorded history under other rules and say what would have been different: who would have been asked,
how long approvals would have taken, whom work would have gone to. Nothing is sent and nothing is changed.

The history is read from the running server, page by page, or from a copy of its store (--store). Up to the first
difference a request is exact; what follows is an estimate and marked so. -o svg and -o png draw before and after.`

type backtestOptions struct {
	since, store, show string
}

func (a *app) backtestCommand() *cobra.Command {
	var o backtestOptions
	c := &cobra.Command{
		Use: "backtest [FILE…]", Short: "Replay history through new rules", Long: backtestLong,
		Example:           "  signoff backtest rules/ --since 90d\n  signoff backtest rules/ --store backup.db --show changed\n  signoff backtest rules/ -o svg > before-and-after.svg",
		RunE:              func(c *cobra.Command, args []string) error { return a.backtest(c.Context(), args, o) },
		ValidArgsFunction: completeFiles,
	}
	f := c.Flags()
	f.StringVar(&o.since, "since", "90d", "how far back: requests opened in this `time` count")
	f.StringVar(&o.store, "store", "", "a copy of the store's `file`, instead of the running server")
	f.StringVar(&o.show, "show", "", "list requests: `changed`")
	_ = c.RegisterFlagCompletionFunc("show", cobra.FixedCompletions([]string{"changed"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (a *app) backtest(ctx context.Context, args []string, o backtestOptions) error {
	since, err := ago("since", o.since)
	if err != nil {
		return err
	}
	if o.show != "" && o.show != "changed" {
		return usage("--show takes changed, not %q", o.show)
	}
	from, err := a.history(o.store)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // only read
	old, err := from.current(ctx)
	if err != nil {
		return err
	}
	now, err := a.proposed(args, old)
	if err != nil {
		return err
	}
	began := a.now()
	report, err := a.replay(ctx, replayed{from: from, old: old, now: now, since: since})
	if err != nil {
		return err
	}
	if a.output == "table" && !a.quiet {
		fmt.Fprintf(a.err, "Replayed %s events in %s.\n", thousands(report.Events), a.now().Sub(began).Round(10*time.Millisecond))
	}
	return a.printReport(report, o.show == "changed")
}

func (a *app) printReport(r backtest.Report, all bool) error {
	switch a.output {
	case "table":
		return printBacktest(a.out, r, all)
	case "markdown":
		return markdownBacktest(a.out, r, all)
	case "svg":
		return drawBacktest(a.out, r)
	case "png":
		return paintBacktest(a.out, r)
	}
	l := listing{head: []string{"request", "title", "what", "was", "would be", "why was", "why would be", "estimate"}, whole: r, none: "Nothing would be different."}
	for _, c := range r.Changed {
		for _, d := range c.Differences {
			l.rows = append(l.rows, []string{string(c.Request), c.Title, d.What, d.Was, d.Is, d.WhyWas, d.WhyIs, map[bool]string{true: "yes"}[d.Estimate]})
		}
	}
	return a.print(l)
}

// measure is one line of the comparison.
type measure struct {
	name, was, is, note string
	estimate            bool
}

// measures are the lines of the comparison, in order.
func measures(r backtest.Report) []measure {
	percent := func(part, of int) string {
		if of == 0 {
			return "–"
		}
		return fmt.Sprintf("%.0f %%", float64(part)/float64(of)*100)
	}
	hours := func(f backtest.Figures) string {
		if f.Approved == 0 {
			return "–"
		}
		return fmt.Sprintf("%.1f h", f.Hours)
	}
	busiest := func(f backtest.Figures) string {
		for _, p := range r.People {
			if p.Name == f.Busiest {
				return fmt.Sprintf("%s %.0f h/wk", p.ShownName, f.PerWeek)
			}
		}
		return "–"
	}
	number := func(n int) string { return fmt.Sprint(n) }
	list := []measure{
		{name: "matched a rule", was: percent(r.Was.Matched, r.Requests), is: percent(r.Is.Matched, r.Requests), note: "beside the one that takes everything"},
		{name: "needs triage", was: number(r.Was.Triage), is: number(r.Is.Triage)},
		{name: "approved", was: number(r.Was.Approved), is: number(r.Is.Approved), estimate: true},
		{name: "median approval time", was: hours(r.Was), is: hours(r.Is), note: "working hours", estimate: true},
		{name: "on time", was: percent(r.Was.OnTime, r.Was.DueKnown), is: percent(r.Is.OnTime, r.Is.DueKnown), note: "approved by the due date", estimate: true},
		{name: "approvals given", was: number(r.Was.Approvals), is: number(r.Is.Approvals), estimate: true},
		{name: "questions to reviewers", was: number(r.Was.Asked), is: number(r.Is.Asked), estimate: true},
		{name: "reminders", was: number(r.Was.Reminders), is: number(r.Is.Reminders), estimate: true},
		{name: "escalations", was: number(r.Was.Escalated), is: number(r.Is.Escalated), estimate: true},
		{name: "busiest", was: busiest(r.Was), is: busiest(r.Is), note: "work assigned"},
	}
	for i := range list {
		list[i].estimate = list[i].estimate && r.Is.Estimated
	}
	return list
}

func printBacktest(w io.Writer, r backtest.Report, all bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-24s %-20s %s\n", "", "was", "would be")
	for _, m := range measures(r) {
		is := m.is
		if m.estimate {
			is += " *"
		}
		if m.note != "" {
			is = fmt.Sprintf("%-20s (%s)", is, m.note)
		}
		fmt.Fprintf(&b, "%-24s %-20s %s\n", m.name, m.was, is)
	}
	if r.Is.Estimated {
		fmt.Fprintf(&b, "* estimate: %s\n", r.Assumption)
	}
	b.WriteString(countsLine(r) + "\n")
	if !all {
		if r.Counts.Requests > 0 {
			b.WriteString("Details: --output json, or --show changed\n")
		}
		_, err := io.WriteString(w, b.String())
		return err
	}
	for _, c := range r.Changed {
		fmt.Fprintf(&b, "\n%s  %s\n", c.Request, visible(c.Title))
		for _, d := range c.Differences {
			mark := ""
			if d.Estimate {
				mark = " *"
			}
			fmt.Fprintf(&b, "    %-14s %s  →  %s%s\n", d.What, d.Was, d.Is, mark)
			if d.WhyWas != "" {
				fmt.Fprintf(&b, "        was       %s\n", visible(d.WhyWas))
			}
			if d.WhyIs != "" {
				fmt.Fprintf(&b, "        would be  %s\n", visible(d.WhyIs))
			}
		}
	}
	if r.LeftOut > 0 {
		fmt.Fprintf(&b, "\n%s more.\n", plural(r.LeftOut, "changed request"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// countsLine says how many requests differ in what.
func countsLine(r backtest.Report) string {
	c := r.Counts
	if c.Requests == 0 {
		return fmt.Sprintf("Of %s none would be different.", plural(r.Requests, "request"))
	}
	var parts []string
	for _, p := range []struct {
		n    int
		verb string
	}{
		{c.Rule, "another rule"}, {c.Ignored, "not made at all"}, {c.Workflow, "another workflow"}, {c.Assignee, "another assignee"},
		{c.Stages, "other stages"}, {c.Outcome, "another outcome"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.verb))
		}
	}
	line := fmt.Sprintf("%d of %s would be different", c.Requests, plural(r.Requests, "request"))
	if len(parts) > 0 {
		line += ": " + strings.Join(parts, ", ")
	}
	if c.Added+c.Dropped > 0 {
		line += fmt.Sprintf("; %s added, %d dropped", plural(c.Added, "approval"), c.Dropped)
	}
	return line + "."
}

// markdownBacktest is a comment for a pull request.
func markdownBacktest(w io.Writer, r backtest.Report, all bool) error {
	var b strings.Builder
	b.WriteString("| | was | would be |\n| --- | --- | --- |\n")
	for _, m := range measures(r) {
		is, name := m.is, m.name
		if m.estimate {
			is += " \\*"
		}
		if m.note != "" {
			name += " (" + m.note + ")"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, m.was, is)
	}
	b.WriteString("\n" + countsLine(r) + "\n")
	if r.Is.Estimated {
		fmt.Fprintf(&b, "\n\\* estimate: %s\n", r.Assumption)
	}
	if all && len(r.Changed) > 0 {
		b.WriteString("\n| request | what | was | would be |\n| --- | --- | --- | --- |\n")
		for _, c := range r.Changed {
			for _, d := range c.Differences {
				row := oneLine([]string{string(c.Request) + " " + c.Title, d.What, d.Was, d.Is})
				fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
