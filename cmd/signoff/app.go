package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signoff/internal/source"
)

// Exit codes, as the help of the root command promises.
const (
	exitOK          = 0
	exitProblems    = 1
	exitUsage       = 2
	exitUnreachable = 3
	exitInterrupted = 130
)

// exitError ends the program with a code; a nil err means that everything has been said already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func problems(format string, args ...any) error {
	return &exitError{exitProblems, fmt.Errorf(format, args...)}
}

func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// said ends with a code without another word.
func said(code int) error { return &exitError{code: code} }

// app is what every subcommand shares.
type app struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) (string, bool)
	now      func() time.Time
	tty      bool // standard output is a terminal
	errTTY   bool // standard error is one

	config  string
	output  string
	noColor bool
	quiet   bool
	verbose bool
	server  string
	dryRun  bool
	yes     bool
}

// run executes one command line and returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	code := exitUsage // cobra's own errors: unknown commands and flags, wrong arguments
	var exit *exitError
	if errors.As(err, &exit) {
		code = exit.code
	}
	if msg := err.Error(); msg != "" {
		fmt.Fprintln(a.err, "signoff: "+msg)
	}
	if ctx.Err() != nil && code != exitOK {
		return exitInterrupted
	}
	return code
}

const rootLong = `signoff turns requests for creative work into tickets, routes them through approval stages and asks the
right people with buttons in chat.

Exit codes: 0 ok · 1 problems found · 2 wrong usage · 3 service unreachable · 4 changes (plan --detailed-exitcode only) ·
130 interrupted`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "signoff",
		Short:         "Integration hub and approval bot for creative operations",
		Long:          rootLong,
		Example:       "  signoff demo                 # the whole job in the browser, no account needed\n  signoff check                # is config.yaml in order, and every rule file it names?",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if c.Name() == "backtest" && (a.output == "svg" || a.output == "png") {
				return nil
			}
			return a.checkOutput()
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = false
	f := root.PersistentFlags()
	f.StringVarP(&a.config, "config", "c", "config.yaml", "the configuration `file`")
	f.StringVarP(&a.output, "output", "o", "table", "`format` of listings: table, json, yaml, csv or markdown")
	f.BoolVar(&a.noColor, "no-color", false, "no colour (NO_COLOR works too)")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "say only what was asked for")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "say more")
	f.StringVar(&a.server, "server", "", "`address` of a running signoff (default: the socket beside the store); needs a token in SIGNOFF_TOKEN, or a file of it in SIGNOFF_TOKEN_FILE")
	f.BoolVar(&a.dryRun, "dry-run", false, "say what would be written or sent, and do nothing")
	f.BoolVar(&a.yes, "yes", false, "do not ask before something is written")
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	root.AddCommand(
		a.serveCommand(), a.demoCommand(), a.initCommand(), a.openCommand(), a.checkCommand(), a.testCommand(), a.forecastCommand(), a.explainCommand(), a.planCommand(), a.backtestCommand(), a.rulesCommand(),
		a.schemaCommand(), a.routesCommand(), a.renderCommand(), a.doctorCommand(), a.slackCommand(), a.requestCommand(), a.peopleCommand(), a.deliveriesCommand(), a.healthcheckCommand(), a.versionCommand(),
		a.pauseCommand(), a.resumeCommand(),
	)
	root.InitDefaultCompletionCmd()
	if c, _, err := root.Find([]string{"completion"}); err == nil {
		c.Args, c.RunE = noArgs, func(c *cobra.Command, _ []string) error { return c.Help() } // a shell that is not known is wrong usage
	}
	polish(root)
	return root
}

// color reports whether words on standard output may be coloured.
func (a *app) color() bool {
	if force, ok := a.getenv("CLICOLOR_FORCE"); ok && force != "" && force != "0" {
		return true
	}
	if no, ok := a.getenv("NO_COLOR"); (ok && no != "") || a.noColor {
		return false
	}
	return a.tty
}

// env is where ${NAME} and ${file:…} are read.
func (a *app) env() source.Env {
	return source.Env{Lookup: a.getenv, ReadFile: os.ReadFile}
}

// secretEnv reads NAME, or the file that NAME_FILE names.
func (a *app) secretEnv(name string) (string, error) {
	if v, ok := a.getenv(name); ok {
		return v, nil
	}
	path, ok := a.getenv(name + "_FILE")
	if !ok {
		return "", nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read %s_FILE: %w", name, err)
	}
	return strings.TrimSpace(string(b)), nil
}
