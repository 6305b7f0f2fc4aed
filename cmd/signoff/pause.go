package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"signoff/internal/server"
)

func (a *app) pauseCommand() *cobra.Command {
	var in server.PauseInput
	c := &cobra.Command{
		Use:   "pause",
		Short: "Let a rule say nothing for a while, or list the rules that are paused",
		Long: `Without --rule it lists the rules that are paused. With it, what the rule says by itself (questions to reviewers, notices,
reminders) waits until the time is over or the rule is resumed; nothing is lost. Cards and tickets are made all the same, and
what people do is answered. Everybody sees the pause on the pages. A rule that suddenly says far more than usual is paused by
itself (limits: in config.yaml).`,
		Example: "  signoff pause --rule Banners --for 2h --reason \"it matches every message\"\n  signoff pause",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cl, err := a.client()
			if err != nil {
				return err
			}
			if in.Rule == "" {
				return a.listPauses(c, cl)
			}
			if in.Reason == "" {
				return usage("say why with --reason: others read it")
			}
			if a.dryRun {
				fmt.Fprintf(a.out, "would pause %q for %s\n", in.Rule, in.For)
				return nil
			}
			var answer server.PauseAnswer
			if err := cl.call(c.Context(), "POST", "/api/v1/pauses", in, &answer); err != nil {
				return err
			}
			if a.output != "table" {
				return a.print(pausesOf(server.PauseList{SchemaVersion: answer.SchemaVersion, Pauses: []server.PauseItem{answer.Pause}}))
			}
			fmt.Fprintf(a.out, "The rule %q says nothing until %s. Let it go on before: signoff resume --rule %q\n",
				answer.Pause.Rule, answer.Pause.Until.Format("2006-01-02 15:04 MST"), answer.Pause.Rule)
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&in.Rule, "rule", "", "the `rule` to pause, by its name")
	f.StringVar(&in.For, "for", "2h", "how `long`: 90m, 2h, 3d; up to 30 days")
	f.StringVar(&in.Reason, "reason", "", "why, in a few `words`")
	return c
}

func (a *app) resumeCommand() *cobra.Command {
	var in server.ResumeInput
	c := &cobra.Command{
		Use:     "resume",
		Short:   "Let a paused rule go on",
		Long:    "Let a paused rule go on. What it had to say meanwhile is said now; with --drop it never is.",
		Example: "  signoff resume --rule Banners\n  signoff resume --rule Banners --drop",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if in.Rule == "" {
				return usage("name the rule with --rule; signoff pause lists those that are paused")
			}
			cl, err := a.client()
			if err != nil {
				return err
			}
			if a.dryRun {
				fmt.Fprintf(a.out, "would let %q go on\n", in.Rule)
				return nil
			}
			var list server.PauseList
			if err := cl.call(c.Context(), "POST", "/api/v1/pauses/end", in, &list); err != nil {
				return err
			}
			if a.output != "table" {
				return a.print(pausesOf(list))
			}
			end := "and what it had to say is said"
			if in.Drop {
				end = "and what it had to say until now is dropped"
			}
			fmt.Fprintf(a.out, "The rule %q goes on, %s.\n", in.Rule, end)
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&in.Rule, "rule", "", "the `rule` to let go on, by its name")
	f.BoolVar(&in.Drop, "drop", false, "what waits is never said")
	return c
}

func (a *app) listPauses(c *cobra.Command, cl *client) error {
	var list server.PauseList
	if err := cl.call(c.Context(), "GET", "/api/v1/pauses", nil, &list); err != nil {
		return err
	}
	return a.print(pausesOf(list))
}

func pausesOf(list server.PauseList) listing {
	l := listing{head: []string{"rule", "until", "waiting", "by", "reason"}, whole: list, none: "No rule is paused."}
	for _, p := range list.Pauses {
		by := "signoff"
		if p.By != nil {
			by = p.By.Shown
		}
		l.rows = append(l.rows, []string{p.Rule, p.Until.Format("2006-01-02 15:04 MST"), strconv.Itoa(p.Waiting), by, p.Reason})
	}
	return l
}
