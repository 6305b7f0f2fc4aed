package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"signoff/internal/server"
)

func (a *app) rulesCommand() *cobra.Command {
	c := &cobra.Command{Use: "rules", Short: "Which rules open requests follow", Args: noArgs,
		Long:    "A request finishes under the rules that opened it. List which rules open requests follow, and move requests to the rules in use.",
		Example: "  signoff rules list\n  signoff rules migrate --to current --plan",
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(a.rulesList(), a.rulesMigrate())
	return c
}

func (a *app) rulesList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the rulesets that open requests follow", Args: noArgs,
		Long:    "List the rulesets that open requests follow, each by its digest, with the number of those requests and when the oldest was opened. The first is the one in use: new requests are opened by it.",
		Example: "  signoff rules list\n  signoff rules list -o json",
		RunE: func(c *cobra.Command, _ []string) error {
			cl, err := a.client()
			if err != nil {
				return err
			}
			var list server.RulesetList
			if err := cl.call(c.Context(), "GET", "/api/v1/rules", nil, &list); err != nil {
				return err
			}
			l := listing{head: []string{"ruleset", "in use", "open requests", "oldest of them"}, whole: list}
			for _, one := range list.Rulesets {
				inUse := ""
				if one.Current {
					inUse = "yes"
				}
				l.rows = append(l.rows, []string{brief(one.Digest), inUse, strconv.Itoa(one.Open), shortTime(one.Since)})
			}
			return a.print(l)
		},
	}
}

// brief is how a digest is shown to people.
func brief(digest string) string { return digest[:min(len(digest), 12)] }

const migrateLong = `Move open requests to the rules in use.

--plan says for each request what would change, and changes nothing. --apply moves them, all that are named or none.
What is decided in a request's revision stays decided and no vote is lost; stages that are open, were skipped or are new
are judged by the rules in use. Without keys every open request is meant that follows other rules.`

type migrateOptions struct {
	to          string
	plan, apply bool
}

func (a *app) rulesMigrate() *cobra.Command {
	var o migrateOptions
	c := &cobra.Command{
		Use: "migrate [REQUEST…]", Short: "Move open requests to the rules in use", Long: migrateLong,
		Example: "  signoff rules migrate --to current --plan\n  signoff rules migrate --to current --apply CR-142 CR-143",
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case o.to != "current":
				return usage("--to takes current: requests move to the rules in use")
			case o.plan == o.apply:
				return usage("say either --plan, to see what would change, or --apply")
			}
			return a.migrate(c.Context(), args, o.apply && !a.dryRun)
		},
		ValidArgsFunction: a.completeRequests,
	}
	f := c.Flags()
	f.StringVar(&o.to, "to", "current", "the `ruleset` to move to: current")
	f.BoolVar(&o.plan, "plan", false, "say what would change, and change nothing")
	f.BoolVar(&o.apply, "apply", false, "move them")
	return c
}

func (a *app) migrate(ctx context.Context, keys []string, apply bool) error {
	cl, err := a.client()
	if err != nil {
		return err
	}
	ask := func(apply bool, keys []string) (out server.MigrateAnswer, err error) {
		err = cl.call(ctx, "POST", "/api/v1/rules/migrate", server.MigrateInput{Requests: keys, Apply: apply}, &out)
		return out, err
	}
	seen, err := ask(false, keys)
	if err != nil {
		return err
	}
	if !apply {
		return a.printMoves(seen)
	}
	if len(seen.Moves) > 0 && !a.yes {
		quiet := *a
		quiet.out = a.err
		if err := quiet.printMoves(seen); err != nil {
			return err
		}
		if !a.confirm(fmt.Sprintf("Move %s?", plural(moving(seen), "request"))) {
			return problems("nothing was moved; say --yes where nobody can be asked")
		}
	}
	keys = nil // what was looked at, and nothing else
	for _, m := range seen.Moves {
		if m.Refused == "" {
			keys = append(keys, string(m.Request))
		}
	}
	if len(keys) == 0 {
		return a.printMoves(seen)
	}
	done, err := ask(true, keys)
	if err != nil {
		return err
	}
	return a.printMoves(done)
}

func moving(in server.MigrateAnswer) (n int) {
	for _, m := range in.Moves {
		if m.Refused == "" {
			n++
		}
	}
	return n
}

func (a *app) printMoves(in server.MigrateAnswer) error {
	if a.output != "table" {
		l := listing{head: []string{"request", "title", "from", "to", "changes", "waiting on", "stays"}, whole: in}
		for _, m := range in.Moves {
			l.rows = append(l.rows, []string{string(m.Request), m.Title, brief(m.From), brief(m.To), strings.Join(m.Changes, " "), strings.Join(m.WaitingOn, ", "), m.Refused})
		}
		return a.print(l)
	}
	if len(in.Moves) == 0 {
		fmt.Fprintln(a.out, "Every open request follows the rules in use.")
		return nil
	}
	for _, m := range in.Moves {
		fmt.Fprintf(a.out, "%s  %s\n", m.Request, visible(m.Title))
		lines := slices.Clone(m.Changes)
		switch {
		case m.Refused != "":
			lines = []string{"stays: " + m.Refused}
		case len(lines) == 0:
			lines = []string{"nothing that is still to be decided changes"}
		}
		if len(m.WaitingOn) > 0 && m.Refused == "" {
			lines = append(lines, "then waiting on "+strings.Join(m.WaitingOn, ", "))
		}
		for _, line := range lines {
			fmt.Fprintf(a.out, "    %s\n", visible(line))
		}
	}
	verb, rest := "would move", "     Nothing was changed."
	if in.Applied {
		verb, rest = "moved", ""
	}
	fmt.Fprintf(a.out, "%s %s to %s.%s\n", plural(moving(in), "request"), verb, brief(in.Moves[0].To), rest)
	return nil
}
