package main

import (
	"strings"

	"github.com/spf13/cobra"

	"signoff/internal/server"
)

func (a *app) peopleCommand() *cobra.Command {
	c := &cobra.Command{Use: "people", Short: "Read the directory", Long: "Read the directory of a running signoff.",
		Example: "  signoff people list\n  signoff people list -o csv", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(a.peopleList())
	return c
}

func (a *app) peopleList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List people", Long: "List everybody in the directory: their accounts, who is away and until when, and who stands in.",
		Example: "  signoff people list\n  signoff people list -o json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cl, err := a.client()
			if err != nil {
				return err
			}
			var list server.PeopleList
			if err := cl.call(c.Context(), "GET", "/api/v1/people", nil, &list); err != nil {
				return err
			}
			l := listing{head: []string{"person", "name", "away", "stands in", "backup", "accounts"}, whole: list, none: "Nobody is in the directory."}
			for _, p := range list.People {
				away, in := leaveWords(p.Away)
				l.rows = append(l.rows, []string{p.Name, p.Shown, away, in, p.Backup, accountWords(p.Accounts)})
			}
			return a.print(l)
		},
	}
}

// leaveWords say in a cell when somebody is away and who stands in: "2026-03-10 to 2026-03-14 (now)".
func leaveWords(list []server.LeaveItem) (away, standsIn string) {
	var days []string
	for _, l := range list {
		line := l.From
		if l.Until != l.From {
			line += " to " + l.Until
		}
		if l.Now {
			line, standsIn = line+" (now)", l.StandsIn
			if standsIn == "" {
				standsIn = "nobody"
			}
		}
		days = append(days, line)
	}
	return strings.Join(days, ", "), standsIn
}

func accountWords(list []server.AccountItem) string {
	var words []string
	for _, x := range list {
		words = append(words, x.Instance+" "+x.State)
	}
	return strings.Join(words, ", ")
}
