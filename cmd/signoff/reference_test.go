package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// everyCommand lists a command and all below it, without cobra's own.
func everyCommand(c *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		if sub.Name() == "help" || sub.Name() == "completion" {
			continue
		}
		list = append(list, everyCommand(sub)...)
	}
	return list
}

// commandReference is docs/commands.md: every command's own help as one page.
func commandReference(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# Commands\n\nMade from the commands' own help; change it there, then `go test ./cmd/signoff -update`.\n")
	for _, c := range everyCommand(root) {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n```console\n", c.CommandPath(), c.Long)
		for line := range strings.Lines(c.Example + "\n") {
			b.WriteString("$ " + strings.TrimPrefix(line, "  "))
		}
		b.WriteString("```\n")
		if flags := c.LocalNonPersistentFlags(); flags.HasAvailableFlags() {
			fmt.Fprintf(&b, "\n```text\n%s```\n", flags.FlagUsages())
		}
	}
	b.WriteString("\n## Everywhere\n\n```text\n" + root.PersistentFlags().FlagUsages() + "```\n\n`signoff completion bash|zsh|fish|powershell` prints a completion script for the shell.\n")
	return b.String()
}
