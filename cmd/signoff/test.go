package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"signoff/internal/config"
	"signoff/internal/rehearsal"
	"signoff/internal/source"
	"signoff/rules"
)

const testLong = `Run the tests of rule files: files called *_test.yaml that say what comes in, what people do, and what should have
happened. Each test is played by the engine that the server runs, with a clock that moves only when a step says so. Nothing
is sent and no server is needed.

A folder stands for every test file in it and below; without one, for those beside the rule files that the configuration names.

With --record nothing is run: a test is written from a real request, as it came in and what was done then. It passes under today's rules; where
the real course was another, a note says so. People of the directory keep their short names, everybody else and every address is masked.`

type testOptions struct {
	run, junit, record, backup string
	cover                      bool
}

func (a *app) testCommand() *cobra.Command {
	var o testOptions
	c := &cobra.Command{
		Use:     "test [FILE | FOLDER…]",
		Short:   "Run the tests of rule files",
		Long:    testLong,
		Example: "  signoff test rules/\n  signoff test rules/studio_test.yaml --run banner --cover",
		RunE: func(c *cobra.Command, args []string) error {
			if o.record != "" {
				return a.recordTest(c, o, args)
			}
			return a.runTests(c.Context(), args, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.run, "run", "", "only tests whose name matches this `pattern`, in any case")
	f.BoolVar(&o.cover, "cover", false, "list every rule, stage and escalation step that no test exercises")
	f.StringVar(&o.junit, "junit", "", "write the results to this `file` too, as JUnit XML for a build server")
	f.StringVar(&o.record, "record", "", "write a test from this real `request` instead of running any, into FILE or to the screen")
	f.StringVar(&o.backup, "backup", "", "with --record: read the request from this backup `file` instead of a running signoff")
	_ = c.RegisterFlagCompletionFunc("record", a.completeRequests)
	return c
}

// trial is one run of signoff test.
type trial struct {
	options rules.Options
	only    *regexp.Regexp
	texts   map[string][]byte // by name, for the snippets
	found   source.Problems
	suites  []*rehearsal.Suite
	reports []rehearsal.Report
}

func (a *app) runTests(ctx context.Context, args []string, o testOptions) error {
	names, err := a.testFiles(args)
	if err != nil {
		return err
	}
	t := trial{options: a.testOptions(), texts: map[string][]byte{}}
	if o.run != "" {
		if t.only, err = regexp.Compile("(?i)" + o.run); err != nil {
			return usage("--run: %w", err)
		}
	}
	for _, name := range names {
		if err := t.load(name); err != nil {
			return err
		}
	}
	for _, s := range t.suites {
		rep := s.Run(ctx, rehearsal.Options{Only: t.only, Clock: a.now})
		if len(rep.Results) > 0 || t.only == nil {
			t.reports = append(t.reports, rep)
		}
	}
	t.found.Sort()
	if len(t.reports) == 0 && t.found.Errors() == 0 {
		return usage("no test has a name that matches %q", o.run)
	}
	if o.junit != "" {
		if err := a.writeJUnit(o.junit, t.reports); err != nil {
			return err
		}
	}
	if err := a.printTrial(t, o.cover); err != nil {
		return err
	}
	if t.found.Errors() > 0 || t.failed() > 0 {
		return said(exitProblems)
	}
	return nil
}

// testOptions are those of the configuration, where there is a sound one; without one the test file says what counts. All ways
// to reach people are there, because nothing is sent.
func (a *app) testOptions() rules.Options {
	o := rules.Options{Workspace: rules.Workspace{KeyPrefix: "CR"}}
	if data, err := os.ReadFile(a.config); err == nil {
		if c, found := config.Load(a.config, data, a.env(), source.Warning); found.Errors() == 0 {
			o = options(c)
		}
	}
	o.Chat, o.Tracker, o.Channels = true, true, []string{"slack", "email"}
	return o
}

// testFiles lists the test files that arguments name.
func (a *app) testFiles(args []string) ([]string, error) {
	if len(args) == 0 {
		return a.testsNearby()
	}
	var out []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, usage("there is no file or folder %s", arg)
		case err != nil:
			return nil, usage("%w", err)
		case !info.IsDir():
			out = append(out, arg)
			continue
		}
		found, err := testsBelow(arg)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, usage("there is no test file in %s; their names end in _test.yaml", arg)
		}
		out = append(out, found...)
	}
	return distinct(out), nil
}

func distinct(list []string) []string {
	var out []string
	for _, v := range list {
		if v = filepath.Clean(v); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// testsBelow lists the test files of a folder and of those below it, hidden ones left out.
func testsBelow(folder string) (out []string, err error) {
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != folder && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case !d.IsDir() && rehearsal.IsTest(d.Name()):
			out = append(out, path)
		}
		return nil
	})
	if err != nil {
		return nil, usage("%w", err)
	}
	return out, nil
}

// testsNearby lists the test files beside the rule files of the configuration.
func (a *app) testsNearby() ([]string, error) {
	data, err := os.ReadFile(a.config)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("there is no %s here; name test files or their folder: signoff test rules/", a.config)
	}
	if err != nil {
		return nil, usage("%w", err)
	}
	c, found := config.Load(a.config, data, a.env(), source.Warning)
	if found.Errors() > 0 {
		return nil, usage("%s has problems, so its rule files are not known; see: signoff check", a.config)
	}
	var out []string
	for _, glob := range c.Rules {
		if !filepath.IsAbs(glob) {
			glob = filepath.Join(filepath.Dir(a.config), glob)
		}
		names, err := filepath.Glob(filepath.Join(filepath.Dir(glob), "*_test.y*ml"))
		if err != nil {
			return nil, usage("%q is not a pattern of file names", glob)
		}
		out = append(out, names...)
	}
	if len(out) == 0 {
		return nil, usage("there are no test files beside the rule files of %s; their names end in _test.yaml", a.config)
	}
	return distinct(out), nil
}

// load reads one test file with the rule files that it names.
func (t *trial) load(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return usage("%w", err)
	}
	t.texts[name] = data
	f := rehearsal.Read(name, data)
	files, complete := t.rules(f)
	var set *rules.Set
	if complete && len(files) > 0 {
		var found source.Problems
		set, found = f.Compile(files, t.options)
		t.found.Add(slices.DeleteFunc(found, func(p source.Problem) bool { return p.Level == source.Warning })...) // those are check's
	}
	suite, found := f.Load(set)
	t.found.Add(found...)
	if suite != nil {
		t.suites = append(t.suites, suite)
	}
	return nil
}

// rules reads the rule files that a test file names; patterns leave tests out.
func (t *trial) rules(f *rehearsal.File) (out []rules.Source, complete bool) {
	folder := filepath.Dir(f.Name())
	var names []string
	complete = true
	for _, p := range f.Rules() {
		found, err := filepath.Glob(filepath.Join(folder, p.Glob))
		found = slices.DeleteFunc(found, func(name string) bool { return rehearsal.IsTest(name) })
		if err != nil || len(found) == 0 {
			t.found.Add(p.Missing(folder))
			complete = false
		}
		names = append(names, found...)
	}
	for _, name := range distinct(names) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.found.Errorf(source.Pos{File: name}, config.CodeRules, "cannot be read: %v", err)
			complete = false
			continue
		}
		t.texts[name] = data
		out = append(out, rules.Source{Name: name, Data: data})
	}
	return out, complete
}

func (t *trial) failed() (n int) {
	for _, r := range t.reports {
		n += r.Failed()
	}
	return n
}

func (t *trial) passed() (n int) {
	for _, r := range t.reports {
		n += r.Passed()
	}
	return n
}

func (a *app) writeJUnit(path string, reports []rehearsal.Report) error {
	f, err := os.Create(path)
	if err != nil {
		return usage("--junit: %w", err)
	}
	return errors.Join(rehearsal.WriteJUnit(f, reports), f.Close())
}

func (a *app) printTrial(t trial, cover bool) error {
	if a.output != "table" {
		return a.print(t.listing())
	}
	if err := source.Render(a.out, t.found, t.texts, a.color()); err != nil {
		return err
	}
	if len(t.found) > 0 {
		fmt.Fprintf(a.out, "\n%s. signoff explain %s tells more.\n", counted(t.found.Errors(), t.found.Warnings()), t.found[0].Code)
	}
	style := rehearsal.Style{Color: a.color()}
	for _, r := range t.reports {
		if err := r.Print(a.out, style); err != nil {
			return err
		}
	}
	return a.printSummary(t, cover)
}

// printSummary counts tests, and what of the rule files they exercised: for each set of files that was tested.
func (a *app) printSummary(t trial, cover bool) error {
	if len(t.reports) == 0 {
		return nil
	}
	line := fmt.Sprintf("%d passed", t.passed())
	if n := t.failed(); n > 0 {
		line += fmt.Sprintf(", %d failed", n)
	}
	groups := t.groups()
	if len(groups) == 1 && t.only == nil {
		line += " · " + rehearsal.Together(groups[0]).Line()
	}
	fmt.Fprintln(a.out, line)
	if t.only != nil && !cover {
		return nil
	}
	for _, g := range groups {
		all := rehearsal.Together(g)
		if len(groups) > 1 {
			fmt.Fprintf(a.out, "  %s: %s\n", strings.Join(g[0].Rules, ", "), all.Line())
		}
		if cover {
			if err := all.Print(a.out); err != nil {
				return err
			}
		}
	}
	return nil
}

// groups puts reports about the same rule files together.
func (t *trial) groups() (out [][]rehearsal.Report) {
	for _, r := range t.reports {
		i := slices.IndexFunc(out, func(g []rehearsal.Report) bool { return slices.Equal(g[0].Rules, r.Rules) })
		if i < 0 {
			out = append(out, nil)
			i = len(out) - 1
		}
		out[i] = append(out[i], r)
	}
	return out
}

// listing is the results for programs and spreadsheets.
func (t *trial) listing() listing {
	l := listing{head: []string{"file", "test", "result", "ms", "step", "doing", "expected", "got", "at", "rule"}}
	for _, r := range t.reports {
		for _, one := range r.Results {
			row := []string{r.File, one.Name, "passed", strconv.FormatFloat(one.Millis, 'f', -1, 64), "", "", "", "", "", ""}
			if one.Passed {
				l.rows = append(l.rows, row)
				continue
			}
			row[2], row[4], row[5] = "failed", strconv.Itoa(one.Step), one.Doing
			if one.Error != "" {
				row[7] = one.Error
			}
			for _, f := range one.Failures {
				row = slices.Clone(row)
				row[6], row[7], row[8], row[9] = f.Expected, f.Got, f.At, strings.TrimPrefix(f.Rule+", "+f.Place, ", ")
				l.rows = append(l.rows, row)
			}
			if len(one.Failures) == 0 {
				l.rows = append(l.rows, row)
			}
		}
	}
	l.whole = map[string]any{
		"schema_version": 1, "passed": t.passed(), "failed": t.failed(), "files": slices.Concat([]rehearsal.Report{}, t.reports),
		"problems": problemItems(t.found),
	}
	return l
}

func problemItems(found source.Problems) []problemItem {
	items := []problemItem{}
	for _, p := range found {
		items = append(items, problemItem{p.Pos.File, p.Pos.Line, p.Pos.Col, p.Level.String(), p.Code, p.Message, p.Hint})
	}
	return items
}
