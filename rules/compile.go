package rules

import (
	"iter"
	"slices"
	"strings"
	"time"
	"unicode"

	"signoff/internal/source"
)

// loader reads files into a set and collects every problem.
type loader struct {
	source.Decoder
	options  Options
	sections map[string][]section
	set      *Set
	refs     []func() // checks that need everything to be read
	shapes   map[string]source.Shape
}

// section is one top-level key of one file.
type section struct{ key, value *source.Node }

// Compile reads rule files. It returns every problem, sorted by place; the set is nil when one of them is an error.
// Comments "# signoff:ignore SO205" switch warnings off for their file.
func Compile(files []Source, o Options) (*Set, source.Problems) {
	l := &loader{options: o, sections: map[string][]section{}, set: newSet(files, o)}
	for _, f := range files {
		l.file(f)
	}
	l.version(files)
	l.workspace()
	l.directory()
	l.ruleset()
	for _, check := range l.refs {
		check()
	}
	problems := l.ignore(files)
	problems.Sort()
	if problems.Errors() > 0 {
		return nil, problems
	}
	l.set.digest = digestOf(l.nodes(rulesetKeys()), o.Workspace.Zone, o.Workspace.Calendar, o.Workspace.DateOrder, o.Workspace.WeekStarts, o.Workspace.Language)
	l.set.dirDigest = digestOf(l.nodes(directoryKeys()), set(l.options.Workspace.QuietHours)...)
	return l.set, problems
}

func newSet(files []Source, o Options) *Set {
	return &Set{
		options: o, sources: slices.Clone(files), zone: time.UTC, zones: &zones{},
		dir: &directory{byName: map[string]*Person{}, byEmail: map[string]string{}, groups: map[string][]string{}},
		rules: &ruleset{
			vocabulary: &vocabulary{fields: map[string]string{}}, workflows: map[string]*workflow{},
			reminders: map[string][]*reminder{}, escalations: map[string][]*escalationStep{}, texts: map[string]*message{},
		},
	}
}

// file parses one file and files its sections.
func (l *loader) file(f Source) {
	file, problems := source.Parse(f.Name, f.Data)
	l.Add(problems...)
	root := file.Root()
	if root == nil || root.IsNull() {
		return
	}
	ok := l.Map(root, fileShape())
	if !ok {
		return
	}
	for key, value := range root.Pairs() {
		l.sections[key.Value()] = append(l.sections[key.Value()], section{key, value})
	}
}

func (l *loader) version(files []Source) {
	for _, s := range l.sections["version"] {
		if v, ok := l.Int(s.value); ok && v != 1 {
			l.Errorf(s.value.Pos(), "SO126", "version %d is not known", v)
			l.Hint("this program reads version: 1")
		}
	}
	if len(l.sections["version"]) == 0 && len(files) > 0 && l.Errors() == 0 {
		l.Errorf(source.Pos{File: files[0].Name, Line: 1, Col: 1, Len: 1}, source.CodeRequired, `a set of rule files needs the key "version"`)
		l.Hint("write version: 1 at the top")
	}
}

// ignore drops warnings that a file switches off for itself.
func (l *loader) ignore(files []Source) source.Problems {
	codes := map[string][]string{}
	for _, f := range files {
		codes[f.Name] = source.Ignored(f.Data)
	}
	return slices.DeleteFunc(slices.Clone(l.Problems), func(p source.Problem) bool {
		return p.Level == source.Warning && slices.Contains(codes[p.Pos.File], p.Code)
	})
}

func (l *loader) nodes(keys []string) []*source.Node {
	var nodes []*source.Node
	for _, k := range keys {
		for _, s := range l.sections[k] {
			nodes = append(nodes, s.key, s.value)
		}
	}
	return nodes
}

// entries yields the named entries of a section over all files; a name given twice is reported and yielded once.
func (l *loader) entries(key string) iter.Seq2[*source.Node, *source.Node] {
	return func(yield func(*source.Node, *source.Node) bool) {
		first := map[string]source.Pos{}
		for _, s := range l.sections[key] {
			if s.value.IsNull() {
				continue
			}
			if s.value.Kind() != source.Map {
				l.Wrong(s.value, "names, each with its value")
				continue
			}
			for name, value := range s.value.Pairs() {
				if earlier, twice := first[name.Value()]; twice {
					l.Errorf(name.Pos(), "SO120", "%q is given twice under %s: also at %s", name.Value(), key, at(earlier))
					l.Hint("keep one of them, or rename one")
					continue
				}
				first[name.Value()] = name.Pos()
				if !l.name(name, key) {
					continue
				}
				if !yield(name, value) {
					return
				}
			}
		}
	}
}

// reservedNames have a meaning of their own where people and groups are named.
func reservedNames() []string {
	return []string{"requester", "assignee", "reviewers", "waiting reviewers", "backup", "bot", "person", "stranger", "all", "group"}
}

// name checks the key of a named entry.
func (l *loader) name(n *source.Node, section string) bool {
	v := n.Value()
	bad := strings.IndexFunc(v, func(r rune) bool {
		return !(unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r))
	})
	switch {
	case v == "" || len(v) > 64 || bad >= 0:
		l.Errorf(n.Pos(), "SO124", "%q cannot be a name", v)
		l.Hint(`names have letters, digits, "-", "_" and ".", and at most 64 of them`)
		return false
	case (section == "people" || section == "groups") && slices.Contains(reservedNames(), v):
		l.Errorf(n.Pos(), "SO124", "%q cannot be a name: it has a meaning of its own", v)
		l.Hint("choose another name, such as %s-team", v)
		return false
	}
	return true
}

// shape returns a shape that a thousand rules have in common, made once.
func (l *loader) shape(name string, made func() source.Shape) source.Shape {
	s, ok := l.shapes[name]
	if !ok {
		s = made()
		if l.shapes == nil {
			l.shapes = map[string]source.Shape{}
		}
		l.shapes[name] = s
	}
	return s
}

// later queues a check that needs every section to be read.
func (l *loader) later(check func()) { l.refs = append(l.refs, check) }

// nearest returns the known word that was probably meant, "" when there is none.
func nearest(word string, known []string) string {
	near, _ := source.Nearest(word, known)
	return near
}

// set is a list of what is not empty.
func set(words ...string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// unknown reports a name that nothing bears.
func (l *loader) unknown(n *source.Node, code, what, name string, known []string) {
	l.Errorf(n.Pos(), code, "there is no %s %q", what, name)
	slices.Sort(known)
	switch near := nearest(name, known); {
	case near != "":
		l.Hint("did you mean %q?", near)
	case len(known) == 0:
		l.Hint("none is defined")
	case len(known) <= 12:
		l.Hint("known: %s", strings.Join(known, ", "))
	}
}
