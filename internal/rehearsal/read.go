package rehearsal

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"signoff/internal/calendar"
	"signoff/internal/source"
	"signoff/rules"
)

// reader makes tests of a file and collects what is wrong with it.
type reader struct {
	source.Decoder
	set    *rules.Set
	inv    rules.Inventory
	people []string
	known  map[string]bool // people of the test, from outside the table too

	zone *time.Location // of the test that is being read
	now  time.Time
}

func (r *reader) learn(set *rules.Set) {
	r.inv = set.Inventory()
	for _, p := range set.People() {
		r.people = append(r.people, p.Name)
	}
}

func (r *reader) tests(root *source.Node) []*test {
	zone := r.zoneOf(root.Key("time_zone"), time.UTC)
	if root.Key("time_zone") == nil && r.set != nil {
		zone = r.set.Policy(r.set).Zone()
	}
	now, _ := r.time(root.Key("now"), zone)
	items, ok := r.List(root.Key("tests"))
	if ok && len(items) == 0 {
		r.Errorf(root.Key("tests").Pos(), codeNothing, "there are no tests")
		r.Hint("write one as - {name: …, given: …, expect: …}")
	}
	var out []*test
	names := map[string]source.Pos{}
	for _, n := range items {
		t := r.test(n, zone, now)
		if first, twice := names[t.name]; twice && t.name != "" {
			r.Errorf(n.Key("name").Pos(), codeTwice, "two tests are called %q: also in line %d", t.name, first.Line)
			r.Hint("give each a name of its own")
		}
		names[t.name] = n.Key("name").Pos()
		out = append(out, t)
	}
	return out
}

func (r *reader) test(n *source.Node, zone *time.Location, now time.Time) *test {
	t := &test{at: n.Pos(), zone: zone, now: now}
	if !r.Map(n, testShape()) {
		return t
	}
	t.name, _ = r.Text(n.Key("name"))
	if z := n.Key("time_zone"); z != nil {
		t.zone = r.zoneOf(z, zone)
	}
	if v := n.Key("now"); v != nil {
		t.now, _ = r.time(v, t.zone)
	} else if now.IsZero() {
		at := n.Pos()
		if key := n.KeyNode("name"); key != nil {
			at = key.Pos()
		}
		r.Errorf(at, codeNow, "the test does not say when it is")
		r.Hint(`write now: "2026-11-18 15:00" here, or at the top for all tests`)
	}
	r.zone, r.now, r.known = t.zone, t.now, map[string]bool{}
	t.given = r.given(n.Key("given"))
	t.expect = r.expectation(n.Key("expect"))
	items, _ := r.optional(n.Key("steps"))
	for _, item := range items {
		t.steps = append(t.steps, r.step(item))
	}
	r.expects(n, t)
	return t
}

// optional is a list that may be left empty.
func (r *reader) optional(n *source.Node) ([]*source.Node, bool) {
	if n.IsNull() {
		return nil, false
	}
	return r.List(n)
}

// expects warns of a test that cannot fail.
func (r *reader) expects(n *source.Node, t *test) {
	if t.expect != nil || slices.ContainsFunc(t.steps, func(s step) bool { return s.expect != nil }) || n.Key("name") == nil {
		return
	}
	r.Warnf(n.Key("name").Pos(), codeNothing, "this test expects nothing")
	r.Hint("add expect: with what should be the case")
}

func (r *reader) zoneOf(n *source.Node, without *time.Location) *time.Location {
	name, ok := r.Text(n)
	if !ok {
		return without
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		r.Errorf(n.Pos(), "SO128", "%q is not a known time zone", name)
		r.Hint(`write an IANA name such as "Europe/London"`)
		return without
	}
	return loc
}

// stampForms are how times are written.
func stampForms() []string {
	return []string{"2006-01-02 15:04", time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04"}
}

// time reads a day with a time.
func (r *reader) time(n *source.Node, zone *time.Location) (time.Time, bool) {
	s, ok := r.Text(n)
	if !ok {
		return time.Time{}, false
	}
	for _, form := range stampForms() {
		if t, err := time.ParseInLocation(form, s, zone); err == nil {
			return t.UTC(), true
		}
	}
	r.Errorf(n.Pos(), codeTime, "%q is not a day with a time", s)
	r.Hint(`write it as "2026-11-18 15:00"`)
	return time.Time{}, false
}

// day reads a day.
func (r *reader) day(n *source.Node) (string, bool) {
	s, ok := r.Text(n)
	if !ok {
		return "", false
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		r.Errorf(n.Pos(), codeTime, "%q is not a day", s)
		r.Hint(`write it as "2026-11-20"`)
		return "", false
	}
	return s, true
}

func (r *reader) span(n *source.Node) (calendar.Span, bool) {
	s, ok := r.Text(n)
	if !ok {
		return calendar.Span{}, false
	}
	span, err := calendar.ParseSpan(s)
	if err == nil {
		return span, true
	}
	var two *calendar.AmbiguousSpanError
	if errors.As(err, &two) {
		r.Errorf(n.Pos(), codeSpan, "%q can be read two ways", s)
		r.Hint("write %q or %q", two.Working, two.Clock)
		return span, false
	}
	r.Errorf(n.Pos(), codeSpan, "%q is not a length of time", s)
	r.Hint(`write "4 working hours", "2 working days", "30 minutes" or "3 days"`)
	return span, false
}

// person reads the name of somebody who is known: of the people table, or from outside as given: names them.
func (r *reader) person(n *source.Node) (string, bool) {
	s, ok := r.Text(n)
	if !ok {
		return "", false
	}
	r.knows(n, s)
	return s, true
}

func (r *reader) knows(n *source.Node, name string) {
	if r.set == nil || slices.Contains(r.people, name) || r.known[name] {
		return
	}
	r.unknown(n, "person", name, append(slices.Sorted(maps.Keys(r.known)), r.people...))
}

// persons reads a list of names; one alone counts as a list of one.
func (r *reader) persons(n *source.Node) []string {
	out := []string{}
	for _, item := range r.Texts(n) {
		r.knows(item, item.Value())
		out = append(out, item.Value())
	}
	return out
}

// named reads the name of something that the rule files define.
func (r *reader) named(n *source.Node, what string, known []string) (string, bool) {
	s, ok := r.Text(n)
	if !ok {
		return "", false
	}
	if r.set != nil && !slices.Contains(known, s) {
		r.unknown(n, what, s, known)
	}
	return s, true
}

func (r *reader) unknown(n *source.Node, what, name string, known []string) {
	r.Errorf(n.Pos(), codeName, "there is no %s called %q", what, name)
	if near, ok := source.Nearest(name, known); ok {
		r.Hint("did you mean %q?", near)
	} else if len(known) > 0 && len(known) <= 12 {
		r.Hint("known: %s", strings.Join(known, ", "))
	}
}

func names(list []rules.Entry) []string {
	var out []string
	for _, e := range list {
		out = append(out, e.Name)
	}
	return out
}

func (r *reader) workflows() (out []string) {
	for _, w := range r.inv.Workflows {
		out = append(out, w.Name)
	}
	return out
}

func (r *reader) stages() (out []string) {
	for _, w := range r.inv.Workflows {
		for _, s := range w.Stages {
			if !slices.Contains(out, s.Name) {
				out = append(out, s.Name)
			}
		}
	}
	return out
}

func (r *reader) chains() (out []string) {
	for _, c := range r.inv.Escalations {
		out = append(out, c.Name)
	}
	return out
}

// written shows a value as it stands in the file, on one line.
func written(n *source.Node) string {
	switch n.Kind() {
	case source.Map:
		var parts []string
		for k, v := range n.Pairs() {
			parts = append(parts, k.Value()+": "+written(v))
		}
		return strings.Join(parts, ", ")
	case source.List:
		return listed(slices.Collect(func(yield func(string) bool) {
			for item := range n.Items() {
				if !yield(written(item)) {
					return
				}
			}
		}))
	}
	return n.Shown()
}

// listed joins words; an empty list is "nothing".
func listed(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
