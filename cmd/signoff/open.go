package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) openCommand() *cobra.Command {
	var as string
	c := &cobra.Command{
		Use:   "open",
		Short: "Make a single-use link to the pages",
		Long: `Ask the running server, through the socket beside its store, for a link that opens the pages once as the person
named. The link is good for ten minutes. Who may read the socket may do this; it belongs to the server's own user.`,
		Example: "  signoff open --as dana\n  signoff open --as dana -q",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if as == "" {
				return usage("say who you are in the people: of the rule files: signoff open --as dana")
			}
			cl, err := a.client()
			if err != nil {
				return err
			}
			if a.dryRun {
				fmt.Fprintf(a.out, "would make a link for %s at %s\n", as, cl.where)
				return nil
			}
			var answer struct {
				URL string `json:"url"`
			}
			if err := cl.call(c.Context(), "POST", "/open", map[string]string{"as": as}, &answer); err != nil {
				return err
			}
			if a.output != "table" {
				return a.print(listing{head: []string{"url"}, rows: [][]string{{answer.URL}}, whole: map[string]any{"schema_version": 1, "url": answer.URL}})
			}
			fmt.Fprintln(a.out, answer.URL)
			return nil
		},
	}
	c.Flags().StringVar(&as, "as", "", "the `person` who opens the pages")
	return c
}
