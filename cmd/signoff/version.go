package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    "Print the version of signoff and of the Go that built it.",
		Example: "  signoff version\n  signoff version -o json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.output == "table" {
				fmt.Fprintf(a.out, "signoff %s (%s %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
				return nil
			}
			whole := map[string]any{"schema_version": 1, "version": version, "go": runtime.Version()}
			return a.print(listing{head: []string{"version", "go"}, rows: [][]string{{version, runtime.Version()}}, whole: whole})
		},
	}
}
