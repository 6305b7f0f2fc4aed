package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"signoff/internal/server"
)

func (a *app) deliveriesCommand() *cobra.Command {
	c := &cobra.Command{Use: "deliveries", Short: "Read and replay what came from outside", Args: noArgs,
		Long:    "Read and replay deliveries: every message that reached signoff, and the effects that were given up.",
		Example: "  signoff deliveries list --failed\n  signoff deliveries replay slack/event/Ev0123",
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(a.deliveriesList(), a.deliveriesShow(), a.deliveriesReplay(), a.deliveriesAnswer())
	return c
}

func (a *app) deliveriesList() *cobra.Command {
	var state, instance, page string
	var failed bool
	c := &cobra.Command{
		Use: "list", Short: "List deliveries", Long: "List deliveries, newest first. --failed lists what is dead, with the effects that were given up.",
		Example: "  signoff deliveries list --state malformed\n  signoff deliveries list --failed -o json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if failed {
				state = "dead"
			}
			q := url.Values{}
			for k, v := range map[string]string{"state": state, "instance": instance, "page": page} {
				if v != "" {
					q.Set(k, v)
				}
			}
			cl, err := a.client()
			if err != nil {
				return err
			}
			var list server.DeliveryList
			if err := cl.call(c.Context(), "GET", "/api/v1/deliveries?"+q.Encode(), nil, &list); err != nil {
				return err
			}
			return a.printDeliveries(list)
		},
	}
	f := c.Flags()
	f.StringVar(&state, "state", "", "only deliveries in this `state`: waiting, done, ignored, malformed, superseded, dead or held")
	f.BoolVar(&failed, "failed", false, "what is dead, and effects that were given up")
	f.StringVar(&instance, "instance", "", "only deliveries of this `connection`")
	f.StringVar(&page, "page", "", "the `page`, as the previous one named it")
	states := []string{"waiting", "done", "ignored", "malformed", "superseded", "dead", "held"}
	_ = c.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(states, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (a *app) printDeliveries(list server.DeliveryList) error {
	l := listing{head: []string{"time", "kind", "state", "request", "id", "why"}, whole: list, none: "No deliveries."}
	for _, d := range list.Deliveries {
		l.rows = append(l.rows, []string{d.At.Format("2006-01-02 15:04:05 MST"), d.Kind, string(d.State), string(d.Request), d.ID, d.Why})
	}
	for _, e := range list.Effects {
		l.rows = append(l.rows, []string{e.At.Format("2006-01-02 15:04:05 MST"), e.Purpose + " → " + e.Target, e.State, strings.SplitN(e.ID, "/", 2)[0], e.Job, e.Why})
	}
	if err := a.print(l); err != nil {
		return err
	}
	if a.output == "table" && !a.quiet && list.Next != "" {
		fmt.Fprintf(a.err, "More: signoff deliveries list --page %s\n", list.Next)
	}
	return nil
}

func (a *app) deliveriesShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show one delivery as it came", Args: needs("the id of a delivery, as signoff deliveries list shows it", 1, 1),
		Long:    "Show one delivery: its bytes as they came (response addresses masked), its fate, and what it led to.",
		Example: "  signoff deliveries show slack/event/Ev0123\n  signoff deliveries show slack/event/Ev0123 -o json",
		RunE: func(c *cobra.Command, args []string) error {
			cl, err := a.client()
			if err != nil {
				return err
			}
			var answer struct {
				SchemaVersion int                 `json:"schema_version"`
				Delivery      server.DeliveryItem `json:"delivery"`
			}
			if err := cl.call(c.Context(), "GET", "/api/v1/deliveries/"+url.PathEscape(args[0]), nil, &answer); err != nil {
				return named(err, "delivery", args[0], "deliveries list")
			}
			d := answer.Delivery
			if a.output != "table" {
				return a.print(listing{head: []string{"id", "state", "why"}, rows: [][]string{{d.ID, string(d.State), d.Why}}, whole: answer})
			}
			fmt.Fprintln(a.out, d.ID)
			a.fact("time", d.At.Format("2006-01-02 15:04:05 MST"))
			a.fact("kind", d.Kind)
			a.fact("state", strings.TrimSpace(string(d.State)+"  "+d.Why))
			a.fact("request", string(d.Request))
			fmt.Fprintf(a.out, "\n%s\n", visible(d.Body))
			return nil
		},
	}
}

func (a *app) deliveriesReplay() *cobra.Command {
	return &cobra.Command{
		Use: "replay ID…", Short: "Decide deliveries again, or try effects again", Args: needs("the id of a delivery or an effect, as signoff deliveries list shows it", 1, 0),
		Long:    "Decide deliveries once more from their bytes as they came, or try effects again that were given up. What already had its effect is recognised and not done twice, so nobody is asked before.",
		Example: "  signoff deliveries replay slack/event/Ev0123\n  signoff deliveries replay CR-142/7/2",
		RunE: func(c *cobra.Command, args []string) error {
			cl, err := a.client()
			if err != nil {
				return err
			}
			for _, id := range args {
				if a.dryRun {
					fmt.Fprintf(a.out, "would try %s again\n", id)
					continue
				}
				if err := cl.call(c.Context(), "POST", "/api/v1/deliveries/"+url.PathEscape(id)+"/replay", nil, nil); err != nil {
					return named(err, "delivery or effect", id, "deliveries list --failed")
				}
				if !a.quiet {
					fmt.Fprintf(a.err, "%s is being tried again.\n", id)
				}
			}
			return nil
		},
	}
}

// answers are what may become of a delivery that is held back.
func answers() []string { return []string{"accept", "new", "spam"} }

func (a *app) deliveriesAnswer() *cobra.Command {
	c := &cobra.Command{
		Use: "answer ANSWER ID…", Short: "Say what becomes of mail that is held back", Args: needs("accept, new or spam, and the id of a delivery, as signoff deliveries list --state held shows it", 2, 0),
		Long: "Say what becomes of mail whose sender nobody knows. accept lets it belong to the request it names, or makes a request of it where it names none; new makes a request of its own; " +
			"spam throws it away, with what this sender sends in the next 30 days.",
		Example: "  signoff deliveries list --state held\n  signoff deliveries answer spam email/0a1b2c",
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(answers(), args[0]) {
				return usage("the answer is one of %s, not %q", strings.Join(answers(), ", "), args[0])
			}
			cl, err := a.client()
			if err != nil {
				return err
			}
			for _, id := range args[1:] {
				if err := a.answerHeld(c.Context(), cl, id, args[0]); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.ValidArgsFunction = cobra.FixedCompletions(answers(), cobra.ShellCompDirectiveNoFileComp)
	return c
}

func (a *app) answerHeld(ctx context.Context, cl *client, id, answer string) error {
	if a.dryRun {
		fmt.Fprintf(a.out, "would answer %s with %s\n", id, answer)
		return nil
	}
	var got server.HeldAnswer
	err := cl.call(ctx, "POST", "/api/v1/deliveries/"+url.PathEscape(id)+"/answer", map[string]string{"answer": answer}, &got)
	if err != nil {
		return named(err, "delivery", id, "deliveries list --state held")
	}
	if !a.quiet {
		fmt.Fprintf(a.err, "%s: %s.\n", id, answer)
	}
	return nil
}
