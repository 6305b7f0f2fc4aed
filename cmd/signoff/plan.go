package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signoff/internal/backtest"
	"signoff/internal/server"
	"signoff/rules"
)

const exitChanges = 4

const planLong = `Say what would change if these rule files were in use: rules, templates, workflows, people, in words, and which open
requests and people it concerns. Nothing is changed.

Without files those of the configuration are meant. They are compared with what the running server uses, or with the
files that --against names. Against a server the requests of the last 30 days are replayed too.`

type planOptions struct {
	against  string
	detailed bool
}

func (a *app) planCommand() *cobra.Command {
	var o planOptions
	c := &cobra.Command{
		Use: "plan [FILE…]", Short: "What would change if I applied this?", Long: planLong,
		Example:           "  signoff plan rules/ --against server\n  signoff plan rules/ --against main/rules/ -o markdown",
		RunE:              func(c *cobra.Command, args []string) error { return a.plan(c.Context(), args, o) },
		ValidArgsFunction: completeFiles,
	}
	f := c.Flags()
	f.StringVar(&o.against, "against", "server", "what to compare with: server, or a `file` or folder of rules")
	f.BoolVar(&o.detailed, "detailed-exitcode", false, "end with 4 where something would change")
	return c
}

// plan is what would change.
type plan struct {
	SchemaVersion int            `json:"schema_version"`
	Old           string         `json:"old"` // digests
	New           string         `json:"new"`
	Changes       []rules.Change `json:"changes"`
	Added         int            `json:"added"`
	Changed       int            `json:"changed"`
	Removed       int            `json:"removed"`
	Attention     []concern      `json:"attention"`
	Effect        *effect        `json:"effect,omitempty"` // absent where files are compared
}

// concern is a person who goes while they are still asked.
type concern struct {
	Person   string   `json:"person"`
	Requests []string `json:"requests"`
}

// effect is what it would mean for the work.
type effect struct {
	Open   int             `json:"open"`         // requests that keep the rules that opened them
	Report backtest.Report `json:"last_30_days"` //
}

func (a *app) plan(ctx context.Context, args []string, o planOptions) error {
	var old *rules.Set
	var from past
	if o.against == "server" {
		live, err := a.history("")
		if err != nil {
			return err
		}
		if old, err = live.current(ctx); err != nil {
			return err
		}
		from = live
	} else {
		f, err := a.given([]string{o.against})
		if err != nil {
			return err
		}
		if f.set == nil {
			return f.report(a, false)
		}
		old = f.set
	}
	now, err := a.proposed(args, old)
	if err != nil {
		return err
	}
	p := plan{SchemaVersion: 1, Old: old.Digest(), New: now.Digest(), Changes: rules.Compare(old, now), Attention: []concern{}}
	if p.Changes == nil {
		p.Changes = []rules.Change{}
	}
	p.Added, p.Changed, p.Removed = rules.CountChanges(p.Changes)
	if from != nil && len(p.Changes) > 0 {
		if err := a.effect(ctx, from, old, now, &p); err != nil {
			return err
		}
	}
	if err := a.printPlan(p); err != nil {
		return err
	}
	if o.detailed && len(p.Changes) > 0 {
		return said(exitChanges)
	}
	return nil
}

// effect asks the server what the change concerns.
func (a *app) effect(ctx context.Context, from past, old, now *rules.Set, p *plan) error {
	live, ok := from.(livePast)
	if !ok {
		return nil
	}
	for _, c := range p.Changes {
		if c.What != "person" || c.Kind != rules.Removed {
			continue
		}
		var list server.RequestList
		if err := live.call(ctx, "GET", "/api/v1/requests?waiting_on="+url.QueryEscape(c.Name), nil, &list); err != nil {
			return err
		}
		if len(list.Requests) > 0 {
			one := concern{Person: c.Name}
			for _, r := range list.Requests {
				one.Requests = append(one.Requests, string(r.ID))
			}
			p.Attention = append(p.Attention, one)
		}
	}
	p.Effect = &effect{}
	var sets server.RulesetList
	if err := live.call(ctx, "GET", "/api/v1/rules", nil, &sets); err != nil {
		return err
	}
	for _, one := range sets.Rulesets {
		if one.Digest != now.Digest() {
			p.Effect.Open += one.Open
		}
	}
	var err error
	p.Effect.Report, err = a.replay(ctx, replayed{from: from, old: old, now: now, since: 30 * 24 * time.Hour})
	return err
}

// replayed is a history with the two rulesets to replay it under.
type replayed struct {
	from     past
	old, now *rules.Set
	since    time.Duration
	most     int
}

func (a *app) replay(ctx context.Context, r replayed) (backtest.Report, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // much is made and little is kept
	until := a.now().UTC()
	since := until.Add(-r.since)
	begin := since.Add(-backtest.Warm)
	b := a.bar("Replaying", begin, until)
	report, err := backtest.Replay(backtest.Options{
		Old: r.old, New: r.now, Since: since, Until: until, Most: r.most,
		Kept: func(digest string) *rules.Set { return r.from.kept(ctx, digest) },
	}, r.from.since(ctx, begin), b.at)
	b.end()
	var exit *exitError
	if errors.As(err, &exit) {
		return report, exit
	}
	return report, err
}

func (a *app) printPlan(p plan) error {
	switch a.output {
	case "table":
		return p.print(a.out)
	case "markdown":
		return p.markdown(a.out)
	}
	l := listing{head: []string{"change", "what", "name", "key", "old", "new", "place"}, whole: p, none: "Nothing would change."}
	for _, c := range p.Changes {
		name := c.Name
		if c.What == "stage" {
			name = c.In + " / " + c.Name
		}
		l.rows = append(l.rows, []string{string(c.Kind), c.What, name, "", c.Was, c.Where, firstOf(c.New, c.Old)})
		for _, v := range c.Values {
			l.rows = append(l.rows, []string{string(c.Kind), c.What, name, v.Key, v.Old, v.New, firstOf(v.NewPlace, v.OldPlace)})
		}
	}
	return a.print(l)
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

func (p plan) print(w io.Writer) error {
	if len(p.Changes) == 0 {
		fmt.Fprintln(w, "Nothing would change: the rules mean the same.")
		return nil
	}
	if err := rules.PrintChanges(w, p.Changes); err != nil {
		return err
	}
	for _, c := range p.Attention {
		fmt.Fprintf(w, "! person %s is still asked in %s: %s\n", c.Person, plural(len(c.Requests), "open request"), strings.Join(c.Requests, ", "))
	}
	for i, line := range p.effects() {
		name := "Effect"
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(w, "%-8s %s\n", name, line)
	}
	_, err := fmt.Fprintf(w, "%s     Nothing was changed.\n", p.summary())
	return err
}

func (p plan) summary() string {
	s := fmt.Sprintf("Plan: %d to add, %d to change, %d to remove", p.Added, p.Changed, p.Removed)
	if n := len(p.Attention); n > 0 {
		s += fmt.Sprintf(", %d needs attention", n)
	}
	return s + "."
}

// effects says in sentences what it would mean for the work.
func (p plan) effects() (out []string) {
	if p.Effect == nil {
		return nil
	}
	if n := p.Effect.Open; n > 0 {
		keep := "keep the rules that opened them (move them afterwards"
		if n == 1 {
			keep = "keeps the rules that opened it (move it afterwards"
		}
		out = append(out, fmt.Sprintf("%s %s: signoff rules migrate --to current --plan)", plural(n, "open request"), keep))
	}
	r := p.Effect.Report
	if r.Requests == 0 {
		return append(out, "last 30 days: no requests")
	}
	line := fmt.Sprintf("last 30 days: %d of %s would match another rule, %d would change assignee, %d workflow", r.Counts.Rule, plural(r.Requests, "request"), r.Counts.Assignee, r.Counts.Workflow)
	out = append(out, line)
	if n := r.Counts.Ignored; n > 0 {
		out = append(out, fmt.Sprintf("%s would not be made", plural(n, "request")))
	}
	weeks := 30.0 / 7
	per := func(name string, was, is int) {
		d := float64(is-was) / weeks
		switch {
		case d >= 0.5:
			out = append(out, fmt.Sprintf("about %.0f more %s a week *", d, name))
		case d <= -0.5:
			out = append(out, fmt.Sprintf("about %.0f fewer %s a week *", -d, name))
		}
	}
	per("reminders", r.Was.Reminders, r.Is.Reminders)
	per("questions", r.Was.Asked, r.Is.Asked)
	for _, person := range r.People {
		if person.WasAsked != person.IsAsked {
			out = append(out, fmt.Sprintf("%s: asked %d times instead of %d *", person.ShownName, person.IsAsked, person.WasAsked))
		}
	}
	if r.Is.Estimated {
		out = append(out, "* estimate: "+r.Assumption)
	}
	return out
}

// markdown is a comment for a pull request.
func (p plan) markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** Nothing was changed.\n", p.summary())
	if len(p.Changes) > 0 {
		b.WriteString("\n```diff\n")
		if err := rules.PrintChanges(&b, p.Changes); err != nil {
			return err
		}
		b.WriteString("```\n")
	}
	for _, c := range p.Attention {
		fmt.Fprintf(&b, "\n- **%s** is still asked in %s: %s", c.Person, plural(len(c.Requests), "open request"), strings.Join(c.Requests, ", "))
	}
	for _, line := range p.effects() {
		b.WriteString("\n- " + strings.Replace(line, " *", " \\*", 1))
	}
	_, err := io.WriteString(w, strings.TrimRight(b.String(), "\n")+"\n")
	return err
}
