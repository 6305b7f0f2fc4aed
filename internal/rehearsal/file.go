package rehearsal

import (
	"maps"
	"slices"
	"strings"
	"time"

	"signoff/internal/source"
	"signoff/rules"
)

// File is a test file that was read; Load makes tests of it once its rules are compiled.
type File struct {
	name  string
	root  *source.Node
	start source.Pos
	found source.Problems
}

// Pattern names rule files, relative to the folder of the test file.
type Pattern struct {
	Glob string
	At   source.Pos
}

// Read parses a test file. Its problems are among those that Load returns.
func Read(name string, data []byte) *File {
	f, problems := source.Parse(name, data)
	file := &File{name: name, root: f.Root(), start: f.Start()}
	file.found.Add(problems...)
	if f.Root() == nil && problems == nil {
		file.found.Errorf(f.Start(), source.CodeRequired, "the file is empty")
		file.found.Hint("begin with rules: and tests:")
	}
	return file
}

// IsTest reports whether a file's name says that it holds tests of rules.
func IsTest(name string) bool {
	return strings.HasSuffix(name, "_test.yaml") || strings.HasSuffix(name, "_test.yml")
}

// Name returns the name given to Read.
func (f *File) Name() string { return f.name }

// Rules lists the rule files that the tests are about.
func (f *File) Rules() []Pattern {
	var d source.Decoder
	var out []Pattern
	for _, n := range d.Texts(f.root.Key("rules")) {
		out = append(out, Pattern{n.Value(), n.Pos()})
	}
	return out
}

// Compile compiles the rule files that the tests are about. What the options leave open, the file says: the zone, and the
// calendar where a rule needs the studio's working time; unless it names one, that is the only calendar of its zone.
func (f *File) Compile(files []rules.Source, o rules.Options) (*rules.Set, source.Problems) {
	zone := f.root.Key("time_zone").Value()
	if _, err := time.LoadLocation(zone); err == nil && zone != "Local" && o.Workspace.Zone == "" {
		o.Workspace.Zone = zone
	}
	if name := f.root.Key("calendar").Value(); name != "" {
		o.Workspace.Calendar = name
	}
	set, problems := rules.Compile(files, o)
	if slices.ContainsFunc(problems, func(p source.Problem) bool { return p.Pos.File == "workspace.calendar" }) {
		o.Workspace.Calendar = "" // the configuration speaks of other rule files
		set, problems = rules.Compile(files, o)
	}
	if set == nil || o.Workspace.Calendar != "" {
		return set, problems
	}
	var here []string
	for name, where := range set.Inventory().Calendars {
		if where == zone {
			here = append(here, name)
		}
	}
	if len(here) != 1 {
		return set, problems
	}
	o.Workspace.Calendar = here[0]
	return rules.Compile(files, o)
}

// Missing is the problem of a pattern that finds no rule file.
func (p Pattern) Missing(folder string) source.Problem {
	return source.Problem{Pos: p.At, Code: codeNoFile, Message: "no rule file in " + folder + " is called " + p.Glob, Hint: "paths begin at the folder of the test file"}
}

// Suite is the tests of one file, ready to run.
type Suite struct {
	name  string
	set   *rules.Set
	tests []*test
}

// test is one test.
type test struct {
	name   string
	at     source.Pos
	zone   *time.Location
	now    time.Time
	given  given
	expect *expectation
	steps  []step
}

// step is one thing that happens, and what is expected after it.
type step struct {
	at     source.Pos
	verb   string
	doing  string // "approves by ana"
	play   func(*world) error
	expect *expectation
}

// Load checks the file against a ruleset and makes tests of it. Problems are all there are, sorted; the suite is nil when
// one of them is an error. Without a set, which had problems of its own, names are not checked and there is no suite.
func (f *File) Load(set *rules.Set) (*Suite, source.Problems) {
	r := &reader{set: set, known: map[string]bool{}}
	r.Problems = slices.Clone(f.found)
	if set != nil {
		r.learn(set)
	}
	s := &Suite{name: f.name, set: set}
	if f.root != nil && r.Map(f.root, Shape()) {
		if n := f.root.Key("calendar"); n != nil {
			r.named(n, "calendar", slices.Sorted(maps.Keys(r.inv.Calendars)))
		}
		r.Texts(f.root.Key("rules"))
		s.tests = r.tests(f.root)
	}
	r.Sort()
	if r.Errors() > 0 || set == nil {
		return nil, r.Problems
	}
	return s, r.Problems
}

// Len returns how many tests there are.
func (s *Suite) Len() int { return len(s.tests) }
