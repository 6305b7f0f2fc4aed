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
		Long: `Ask the running server, through the socket beside its store, for a link that opens the pages once, within ten minutes:
as the person named, who decides what they may decide in chat, or without --as as the operator, who looks and replays
and decides nothing. Who may read the socket may do this; it belongs to the server's own user.`,
		Example: "  signoff open\n  signoff open --as dana",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cl, err := a.client()
			if err != nil {
				return err
			}
			if a.dryRun {
				fmt.Fprintf(a.out, "would ask %s for a link\n", cl.where)
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
	c.Flags().StringVar(&as, "as", "", "the `person` who opens the pages (default: the operator)")
	return c
}
