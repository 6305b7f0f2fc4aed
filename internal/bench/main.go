package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// goals are measured in this order.
var goals = []struct {
	name    string
	measure func(*bench) ([]row, error)
}{
	{"P1", (*bench).acknowledgement},
	{"P2", (*bench).storage},
	{"P3", (*bench).steadyAck},
	{"P4", (*bench).endToEnd},
	{"P6", (*bench).sustained},
	{"refresh", (*bench).refresh},
	{"idle", (*bench).idle},
	{"P11", (*bench).matching},
	{"P15", (*bench).backtest},
	{"P18", (*bench).mail},
	{"P19", (*bench).reading},
}

type options struct {
	quick, json    bool
	only, dir      string
	profile        string
	reference, api string
}

func parse(args []string, errs io.Writer) (o options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(errs)
	f.BoolVar(&o.quick, "quick", false, "shorter rounds: under a minute, less steady")
	f.BoolVar(&o.json, "json", false, "print the table as JSON")
	f.StringVar(&o.only, "only", "", "measure these goals only, for example P1,P4")
	f.StringVar(&o.dir, "dir", "", "folder for the stores; it should lie on a disk like the one in production (default: the system's temporary folder)")
	f.StringVar(&o.profile, "cpuprofile", "", "write CPU profiles of signoff into this folder")
	f.StringVar(&o.reference, "ref", "", "be one of the references: "+strings.Join(references, ", ")+" (used by bench itself)")
	f.StringVar(&o.api, "api", "", "address of the stand-in, for -ref")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("%q is not understood", f.Arg(0))
	}
	if o.reference != "" && !slices.Contains(references, o.reference) {
		return o, fmt.Errorf("there is no reference %q", o.reference)
	}
	return o, nil
}

func run(ctx context.Context, args []string, out, errs io.Writer) error {
	o, err := parse(args, errs)
	if err != nil {
		return err
	}
	if o.reference != "" {
		ctx, cancel := context.WithCancel(ctx)
		go func() { defer cancel(); _, _ = io.Copy(io.Discard, os.Stdin) }() // ends with the bench, however that ends
		return serveReference(ctx, o.reference, o.dir, o.api, out)
	}
	if o.profile != "" {
		if o.profile, err = filepath.Abs(o.profile); err != nil {
			return err
		}
		if err := os.MkdirAll(o.profile, 0o700); err != nil {
			return err
		}
	}
	b := &bench{ctx: ctx, quick: o.quick, profile: o.profile, note: errs}
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.scratch, err = os.MkdirTemp(o.dir, "signoff-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.scratch)
	return b.run(o, out)
}

func (b *bench) run(o options, out io.Writer) error {
	chosen, err := choose(o.only)
	if err != nil {
		return err
	}
	m, err := b.machine()
	if err != nil {
		return err
	}
	var rows []row
	for _, g := range goals {
		if len(chosen) > 0 && !slices.Contains(chosen, strings.ToLower(g.name)) {
			continue
		}
		b.say("measuring %s", g.name)
		b.goal = g.name
		got, err := g.measure(b)
		if err != nil {
			return fmt.Errorf("measure %s: %w", g.name, err)
		}
		rows = append(rows, got...)
	}
	if o.json {
		return printJSON(out, m, rows)
	}
	fmt.Fprintf(out, "%s\n\n", m)
	return print(out, rows)
}

func choose(only string) ([]string, error) {
	if only == "" {
		return nil, nil
	}
	chosen := strings.Split(strings.ToLower(only), ",")
	for _, c := range chosen {
		known := false
		for _, g := range goals {
			known = known || strings.EqualFold(g.name, c)
		}
		if !known {
			return nil, fmt.Errorf("there is no goal %q", c)
		}
	}
	return chosen, nil
}
