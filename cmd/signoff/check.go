package main

import (
	"github.com/spf13/cobra"

	"signoff/internal/source"
)

func (a *app) checkCommand() *cobra.Command {
	var strict bool
	c := &cobra.Command{
		Use:   "check [FILE…]",
		Short: "Validate configuration and rules",
		Long: `Check the configuration and every rule file it names, or the files given: every problem at once, with its place,
the line, and what to do. Nothing is sent and nothing outside is asked.

A variable or file that is not there is a warning here and an error for serve.`,
		Example: "  signoff check\n  signoff check rules/studio.yaml --strict",
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := a.check(args)
			if err != nil {
				return err
			}
			return f.report(a, strict)
		},
	}
	c.Flags().BoolVar(&strict, "strict", false, "warnings count as problems")
	return c
}

func (a *app) check(args []string) (*files, error) {
	if len(args) > 0 {
		return a.given(args)
	}
	return a.read(source.Warning)
}
