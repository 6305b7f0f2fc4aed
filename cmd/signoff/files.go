package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"signoff/internal/config"
	"signoff/internal/source"
	"signoff/rules"
)

// files is what check, explain and serve read: a configuration, the rule files it names, and what is wrong with them.
type files struct {
	config  *config.Config
	set     *rules.Set
	texts   map[string][]byte // by name, for the snippets
	names   []string          // every file read
	found   source.Problems
	problem bool
	dir     string // of the rule files
}

// opened names a rule file as it can be opened from here.
func (f *files) opened(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.dir, name)
}

// read reads the configuration and its rule files and compiles them.
func (a *app) read(missing source.Level) (*files, error) {
	data, err := readFile(a.config)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("there is no %s here; name one with -c FILE, or begin with: signoff init", a.config)
	}
	if err != nil {
		return nil, usage("%w", err)
	}
	f := &files{texts: map[string][]byte{}}
	f.add(a.config, data)
	var found source.Problems
	env, open := a.watchedEnv()
	f.config, found = config.Load(a.config, data, env, missing)
	f.found.Add(found...)
	f.writable(a.config)
	f.readable(*open, source.Ignored(data))
	found = f.found
	if found.Errors() > 0 {
		f.finish()
		return f, nil
	}
	sources, missingRules := f.ruleFiles(filepath.Dir(a.config), f.config.Rules)
	f.found.Add(missingRules...)
	f.compile(filepath.Dir(a.config), sources, options(f.config))
	f.people()
	f.wiring(a, missing)
	f.finish()
	return f, nil
}

func (f *files) add(name string, data []byte) {
	f.texts[name] = data
	f.names = append(f.names, name)
}

// options tells the rules what the configuration offers them.
func options(c *config.Config) rules.Options {
	o := rules.Options{Workspace: c.Workspace}
	for _, i := range c.Instances {
		o.Tracker = o.Tracker || (i.Tracker && i.Kind != "embedded") // whether projects mean something
	}
	if c.Chat() != "" {
		o.Chat, o.Channels = true, []string{"slack"}
	}
	return o
}

// ruleFiles reads the files that globs name; tests of rules are left out.
func (f *files) ruleFiles(dir string, globs []string) (out []rules.Source, found source.Problems) {
	for _, glob := range globs {
		pattern := glob
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(dir, glob)
		}
		names, err := filepath.Glob(pattern)
		if err != nil {
			found.Errorf(source.Pos{File: f.config.Path}, config.CodeRules, "%q is not a pattern of file names", glob)
			continue
		}
		names = slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, "_test.yaml") })
		if len(names) == 0 {
			found.Errorf(source.Pos{File: f.config.Path}, config.CodeRules, "rules: %q finds no file in %s", glob, dir)
		}
		for _, name := range names {
			data, err := readFile(name)
			if err != nil {
				found.Errorf(source.Pos{File: name}, config.CodeRules, "cannot be read: %v", err)
				continue
			}
			f.add(name, data)
			f.writable(name)
			out = append(out, rules.Source{Name: within(dir, name), Data: data})
		}
	}
	return out, found
}

// within names a file by its path below the configuration's folder: that is how reasons name it, wherever the
// configuration lies.
func within(dir, name string) string {
	if rel, err := filepath.Rel(dir, name); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return name
}

// compile compiles rule files that lie in dir; problems name them as they can be opened from here.
func (f *files) compile(dir string, sources []rules.Source, o rules.Options) {
	if len(sources) == 0 {
		return
	}
	set, found := rules.Compile(sources, o)
	f.set = set
	for _, s := range sources {
		mine := slices.DeleteFunc(slices.Clone(found), func(p source.Problem) bool { return p.Pos.File != s.Name })
		f.dir = dir
		for i := range mine {
			mine[i].Pos.File = f.opened(s.Name)
		}
		f.found.Add(source.Problems(mine).Without(source.Ignored(s.Data))...)
	}
	for _, p := range found { // of the workspace, which the configuration describes
		if !slices.ContainsFunc(sources, func(s rules.Source) bool { return s.Name == p.Pos.File }) {
			p.Message += " (" + p.Pos.File + ")"
			p.Pos = source.Pos{File: f.config.Path}
			f.found.Add(p)
		}
	}
}

// people checks the names that the configuration takes from the directory.
func (f *files) people() {
	if f.set == nil {
		return
	}
	var known []string
	for _, p := range f.set.People() {
		known = append(known, p.Name)
	}
	for _, t := range f.config.Tokens {
		if t.As == "" || slices.Contains(known, t.As) {
			continue
		}
		f.found.Errorf(source.Pos{File: f.config.Path}, config.CodePerson, "the token %s stands for %q, who is not among the people of the rule files", t.Name, t.As)
		if near, ok := source.Nearest(t.As, known); ok {
			f.found.Hint("did you mean %q?", near)
		}
	}
	f.triage()
}

// triage checks that the group that is asked about what nobody is known for has somebody in it.
func (f *files) triage() {
	group := f.config.Triage
	if group == "" || strings.HasPrefix(group, "#") {
		return
	}
	var known []string
	for _, p := range f.set.People() {
		known = append(known, p.Groups...)
	}
	if slices.Contains(known, group) {
		return
	}
	f.found.Errorf(f.config.TriageAt, config.CodePerson, "triage names the group %q, which has nobody in the rule files", group)
	if near, ok := source.Nearest(group, known); ok {
		f.found.Hint("did you mean %q?", near)
	}
}

func (f *files) finish() {
	f.found.Sort()
	f.problem = f.found.Errors() > 0
}

// given reads rule files, folders and configurations named on the command line.
func (a *app) given(args []string) (*files, error) {
	f := &files{texts: map[string][]byte{}, config: &config.Config{Path: "command line"}}
	var sources []rules.Source
	for _, arg := range args {
		names, err := expand(arg)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			data, err := readFile(name)
			if err != nil {
				return nil, usage("%w", err)
			}
			if isConfig(data) {
				if len(args) == 1 {
					a.config = name
					return a.read(source.Warning)
				}
				return nil, usage("%s is a configuration; check it by itself: signoff check -c %s", name, name)
			}
			f.add(name, data)
			sources = append(sources, rules.Source{Name: name, Data: data})
		}
	}
	o := a.optionsNearby()
	if !hasCalendar(sources, o.Workspace.Calendar) {
		o.Workspace.Calendar = "" // the workspace's stands in a file that was not given
	}
	f.compile(".", sources, o)
	f.finish()
	return f, nil
}

// optionsNearby takes the workspace from config.yaml where there is a sound one, so that rule files named by
// themselves mean the same as when the server reads them.
func (a *app) optionsNearby() rules.Options {
	if data, err := readFile(a.config); err == nil {
		if c, found := config.Load(a.config, data, a.env(), source.Warning); found.Errors() == 0 {
			return options(c)
		}
	}
	return rules.Options{Workspace: rules.Workspace{Zone: "UTC", Language: "en", WeekStarts: "monday", KeyPrefix: "CR", DateOrder: "day-first"}, Chat: true, Tracker: true, Channels: []string{"slack"}}
}

// hasCalendar reports whether one of the files defines a calendar.
func hasCalendar(sources []rules.Source, name string) bool {
	return slices.ContainsFunc(sources, func(s rules.Source) bool {
		f, _ := source.Parse(s.Name, s.Data)
		return f.Root().Key("calendars").Key(name) != nil
	})
}

func expand(arg string) ([]string, error) {
	info, err := os.Stat(arg)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("there is no file or folder %s", arg)
	}
	if err != nil {
		return nil, usage("%w", err)
	}
	if !info.IsDir() {
		return []string{arg}, nil
	}
	names, err := filepath.Glob(filepath.Join(arg, "*.yaml"))
	if err != nil {
		return nil, usage("%w", err)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, "_test.yaml") })
	if len(names) == 0 {
		return nil, usage("there is no .yaml file in %s", arg)
	}
	return names, nil
}

// isConfig tells a configuration from a rule file by its top-level keys.
func isConfig(data []byte) bool {
	f, _ := source.Parse("", data)
	if f == nil {
		return false
	}
	for _, key := range []string{"workspace", "connectors", "tracker", "server", "store"} {
		if f.Root().Key(key) != nil {
			return true
		}
	}
	return false
}

// report shows every problem and a summary line.
func (f *files) report(a *app, strict bool) error {
	if a.output != "table" {
		return f.reportData(a, strict)
	}
	if err := source.Render(a.out, f.found, f.texts, a.color()); err != nil {
		return err
	}
	errs, warns := f.found.Errors(), f.found.Warnings()
	if len(f.found) > 0 {
		fmt.Fprintf(a.out, "\n%s in %s.", counted(errs, warns), plural(len(f.names), "file"))
		fmt.Fprintf(a.out, "   signoff explain %s tells more.\n", f.found[0].Code)
	} else if !a.quiet {
		fmt.Fprintf(a.out, "%s in order.\n", plural(len(f.names), "file"))
	}
	return f.verdict(strict)
}

func (f *files) verdict(strict bool) error {
	if f.problem || (strict && len(f.found) > 0) {
		return said(exitProblems)
	}
	return nil
}

func counted(errs, warns int) string {
	switch {
	case warns == 0:
		return plural(errs, "error")
	case errs == 0:
		return plural(warns, "warning")
	}
	return plural(errs, "error") + ", " + plural(warns, "warning")
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// problemItem is one problem for programs.
type problemItem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Col     int    `json:"col"`
	Level   string `json:"level"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func (f *files) reportData(a *app, strict bool) error {
	items, rows := []problemItem{}, [][]string{}
	for _, p := range f.found {
		items = append(items, problemItem{p.Pos.File, p.Pos.Line, p.Pos.Col, p.Level.String(), p.Code, p.Message, p.Hint})
		rows = append(rows, []string{p.Pos.File, strconv.Itoa(p.Pos.Line), strconv.Itoa(p.Pos.Col), p.Level.String(), p.Code, p.Message, p.Hint})
	}
	whole := map[string]any{"schema_version": 1, "files": f.names, "errors": f.found.Errors(), "warnings": f.found.Warnings(), "problems": items}
	head := []string{"file", "line", "col", "level", "code", "message", "hint"}
	if err := a.print(listing{head: head, rows: rows, whole: whole}); err != nil {
		return err
	}
	return f.verdict(strict)
}
