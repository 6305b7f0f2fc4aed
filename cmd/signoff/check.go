package main

import (
	"context"

	"github.com/spf13/cobra"

	"signoff/internal/source"
)

func (a *app) checkCommand() *cobra.Command {
	var strict, online bool
	c := &cobra.Command{
		Use:   "check [FILE…]",
		Short: "Validate configuration and rules",
		Long: `Check the configuration and every rule file it names, or the files given: every problem at once, with its place,
the line, and what to do. Nothing is sent.

A variable or file that is not there is a warning here and an error for serve. --online also asks the services whether the
channels, people, projects, fields and statuses that the files name exist, and whether ways lead to those statuses.
A comment "# signoff:ignore SO211" switches a warning off for its file.`,
		Example: "  signoff check\n  signoff check rules/studio.yaml --strict\n  signoff check --online",
		RunE: func(c *cobra.Command, args []string) error {
			f, err := a.checked(c.Context(), args, online)
			if err != nil {
				return err
			}
			return f.report(a, strict)
		},
	}
	c.Flags().BoolVar(&strict, "strict", false, "warnings count as problems")
	c.Flags().BoolVar(&online, "online", false, "ask the services whether what the files name exists")
	return c
}

func (a *app) checked(ctx context.Context, args []string, online bool) (*files, error) {
	if !online {
		return a.check(args)
	}
	if len(args) > 0 {
		return nil, usage("--online checks what the configuration names; leave the files out, or name a configuration with -c")
	}
	f, err := a.read(source.Error)
	if err != nil {
		return nil, err
	}
	return f, a.checkOnline(ctx, f)
}

func (a *app) check(args []string) (*files, error) {
	if len(args) > 0 {
		return a.given(args)
	}
	return a.read(source.Warning)
}
