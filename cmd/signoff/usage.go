package main

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// helpWidth is how wide help is printed.
const helpWidth = 100

// polish makes the help of a command and all below it fit a terminal, and its complaints say what to do next.
func polish(root *cobra.Command) {
	root.SetUsageTemplate(strings.NewReplacer(".FlagUsages", ".FlagUsagesWrapped 100").Replace(root.UsageTemplate()))
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usage("%w; see: %s --help", err, c.CommandPath()) })
	var each func(c *cobra.Command)
	each = func(c *cobra.Command) {
		c.Long = reflowed(c.Long)
		c.SuggestionsMinimumDistance = 2
		for _, sub := range c.Commands() {
			each(sub)
		}
	}
	each(root)
}

// reflowed breaks each paragraph at helpWidth.
func reflowed(text string) string {
	paragraphs := strings.Split(text, "\n\n")
	for i, p := range paragraphs {
		paragraphs[i] = strings.Join(wrapped(p, helpWidth), "\n")
	}
	return strings.Join(paragraphs, "\n\n")
}

// wrapped breaks words into lines of at most so many characters; a longer word gets a line of its own.
func wrapped(words string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(words) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			lines, line = append(lines, line), word
		default:
			line += " " + word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// noArgs refuses arguments: below a command that has commands they are misspelt ones.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !c.HasSubCommands() {
		return usage("%s takes no arguments, and %q is one; see: %s --help", c.Name(), args[0], c.CommandPath())
	}
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		return usage("unknown command %q; did you mean: %s %s", args[0], c.CommandPath(), near[0])
	}
	return usage("unknown command %q; see: %s --help", args[0], c.CommandPath())
}

// needs refuses fewer arguments than least or more than most (0: any number); what names one, with an example.
func needs(what string, least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usage("%s needs %s", c.Name(), what)
		case most > 0 && len(args) > most:
			return usage("%s takes %s; %q is one too many", c.Name(), what, args[most])
		}
		return nil
	}
}

// cause is what went wrong with a call, without the address that url.Error repeats.
func cause(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
