package main

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signoff/internal/config"
	"signoff/internal/flow"
	"signoff/internal/rehearsal"
	"signoff/internal/server"
	"signoff/internal/source"
	"signoff/internal/text"
	"signoff/rules"
)

const explainLong = `Say why something would or did happen.

With words (--slack), the rules are tried on them offline: what was read from the words, every rule from top to bottom
with the first test that failed, and what would be done. Nothing is sent. --from is a name of the people: list, or
anybody else. --now sets the time from which "Friday" is counted.

With a code such as SO131, the code is explained. With a request or ticket key, the recorded trace of the live request is
shown. With the id of a delivery, what came of it is shown with every reason; of one that came to nothing, what the rules
in use make of it. Each rule is named with its file and line.`

type explainOptions struct {
	slack, channel, from, now string
}

func (a *app) explainCommand() *cobra.Command {
	var o explainOptions
	c := &cobra.Command{
		Use:     "explain [CODE | REQUEST | DELIVERY]",
		Short:   "Why would or did this happen?",
		Long:    explainLong,
		Example: "  signoff explain --slack \"Need a Nova banner 300x250 by Friday EOD\" --channel \"#design-requests\" --from maya\n  signoff explain SO131\n  signoff explain slack/event/Ev0123",
		Args:    needs("one code or request", 0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) == 1 && o.slack != "":
				return usage("give either words with --slack or a code or key, not both")
			case len(args) == 1 && isCode.MatchString(args[0]):
				return a.explainCode(strings.ToUpper(args[0]))
			case len(args) == 1 && strings.Contains(args[0], "/"):
				return a.explainDelivery(c, args[0])
			case len(args) == 1:
				return a.explainRequest(c, args[0])
			case o.slack == "":
				return usage("give words with --slack, a code such as SO131, or a request such as CR-142")
			}
			return a.explainWords(o)
		},
		ValidArgsFunction: a.completeRequests,
	}
	f := c.Flags()
	f.StringVar(&o.slack, "slack", "", "the `words` of a Slack message")
	f.StringVar(&o.channel, "channel", "", "the `channel` it is written in: \"#design-requests\"")
	f.StringVar(&o.from, "from", "somebody", "the `person` who writes it")
	f.StringVar(&o.now, "now", "", "the `time` it is written: \"2026-11-18 15:00\" in the workspace's zone (default: now)")
	return c
}

var isCode = regexp.MustCompile(`^(?i)SO[0-9]{3}$`)

// codes lists every code that check can report: of the rule files and of the configuration.
func codes() []rules.Code {
	all := append(rules.Codes(), rehearsal.Codes()...)
	for _, e := range config.Explanations() {
		all = append(all, rules.Code{Code: e.Code, Title: e.Title, Text: e.Text})
	}
	return all
}

func (a *app) explainCode(code string) error {
	for _, c := range codes() {
		if c.Code != code {
			continue
		}
		if a.output != "table" {
			whole := map[string]any{"schema_version": 1, "code": c.Code, "title": c.Title, "text": c.Text, "example": c.Example}
			return a.print(listing{head: []string{"code", "title", "text", "example"}, rows: [][]string{{c.Code, c.Title, c.Text, c.Example}}, whole: whole})
		}
		fmt.Fprintf(a.out, "%s  %s\n\n%s\n", c.Code, c.Title, c.Text)
		if c.Example != "" {
			fmt.Fprintf(a.out, "\n  %s\n", strings.ReplaceAll(c.Example, "\n", "\n  "))
		}
		return nil
	}
	return usage("there is no code %s; signoff check shows the code of each problem", code)
}

func (a *app) explainRequest(c *cobra.Command, id string) error {
	d, err := a.request(c, id)
	if err != nil {
		return err
	}
	if a.output != "table" {
		return a.print(detailListing(d))
	}
	fmt.Fprintf(a.out, "%s  %s\n", d.ID, visible(d.Title))
	fmt.Fprintf(a.out, "under ruleset %s\n", rulesetsOf(d.Events))
	a.printEvents(d)
	return nil
}

// rulesetsOf names the rulesets that events were decided by, in order.
func rulesetsOf(events []server.EventItem) string {
	var names []string
	for _, e := range events {
		if name := brief(e.Ruleset); len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", then ")
}

// explainDelivery says what became of a delivery and why, or what the rules in use make of it.
func (a *app) explainDelivery(c *cobra.Command, id string) error {
	cl, err := a.client()
	if err != nil {
		return err
	}
	var answer server.DeliveryAnswer
	if err := cl.call(c.Context(), "GET", "/api/v1/deliveries/"+url.PathEscape(id), nil, &answer); err != nil {
		return named(err, "delivery", id, "deliveries list")
	}
	d := answer.Delivery
	if a.output != "table" {
		l := listing{head: []string{"part", "name", "result", "why"}, whole: answer}
		for _, x := range d.Rules {
			l.rows = append(l.rows, explainListing(rules.Explanation{Read: x.Read, Rules: x.Rules, Do: x.Do}).rows...)
		}
		return a.print(l)
	}
	fmt.Fprintln(a.out, d.ID)
	a.fact("time", d.At.Format("2006-01-02 15:04:05 MST"))
	a.fact("state", strings.TrimSpace(string(d.State)+"  "+d.Why))
	a.fact("request", string(d.Request))
	if len(d.Events) > 0 {
		fmt.Fprintf(a.out, "under ruleset %s\n", rulesetsOf(d.Events))
		a.printEvents(server.RequestDetail{Events: d.Events})
	}
	for _, x := range d.Rules {
		fmt.Fprintf(a.out, "\nAs the rules are now, ruleset %s:\n", brief(x.Ruleset))
		if err := (rules.Explanation{Read: x.Read, Rules: x.Rules, Do: x.Do}).Print(a.out); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) explainWords(o explainOptions) error {
	f, err := a.read(source.Warning)
	if err != nil {
		return err
	}
	if f.set == nil {
		return f.report(a, false)
	}
	at, err := a.explainTime(o.now, f.config.Workspace.Zone)
	if err != nil {
		return err
	}
	e := f.set.Explain(wordsEvent(o, f.set, at), flow.Answers{})
	if a.output != "table" {
		l := explainListing(e)
		l.whole = struct {
			SchemaVersion int `json:"schema_version"`
			rules.Explanation
		}{1, e}
		return a.print(l)
	}
	return e.Print(a.out)
}

// explainListing is an explanation as rows: what was read, each rule, what would be done.
func explainListing(e rules.Explanation) listing {
	l := listing{head: []string{"part", "name", "result", "why"}}
	for _, r := range e.Read {
		l.rows = append(l.rows, []string{"read", r.Field, r.Value, r.From})
	}
	for _, r := range e.Rules {
		held := "no"
		if r.Held {
			held = "applies"
		}
		l.rows = append(l.rows, []string{"rule", r.Rule, held, r.Why})
	}
	for _, d := range e.Do {
		l.rows = append(l.rows, []string{"do", d.Verb, d.Text, ""})
	}
	return l
}

func (a *app) explainTime(words, zone string) (time.Time, error) {
	if words == "" {
		return a.now().UTC(), nil
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.Time{}, usage("%w", err)
	}
	for _, form := range []string{"2006-01-02 15:04", time.RFC3339, time.DateOnly} {
		if t, err := time.ParseInLocation(form, words, loc); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usage("--now takes a time like \"2026-11-18 15:00\", not %q", words)
}

// wordsEvent is the event that the message would become.
func wordsEvent(o explainOptions, set *rules.Set, at time.Time) flow.Event {
	ev := flow.Event{
		ID: "explain", Kind: flow.RequestSubmitted, At: at, Actor: flow.Actor{Shown: o.from, Ref: flow.Ref{System: "slack", Type: "user", Key: o.from}},
		Fields: map[string][]string{"source": {"slack"}}, Body: text.Plain(o.slack),
	}
	if o.channel != "" {
		ev.Fields["channel"] = []string{"#" + strings.TrimPrefix(o.channel, "#")}
	}
	for _, p := range set.People() {
		if p.Name == o.from {
			ev.Actor = flow.Actor{Name: p.Name, Shown: p.Shown, Email: p.Email, Zone: p.Zone.String()}
		}
	}
	return ev
}
