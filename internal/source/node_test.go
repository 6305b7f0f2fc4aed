package source_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/source"
)

func parse(t *testing.T, text string) *source.Node {
	t.Helper()
	f, problems := source.Parse("f.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatalf("Parse(%q): %v", text, problems)
	}
	return f.Root()
}

const sample = `name: "Brand review"   # comment
needs: 2 of 3
who: [ana, 'ben''s', {x: 1}]
text: |
  first line
  sécond if: x
if: request.budget > 5000
empty:
`

func TestNode_ReadsTheTree(t *testing.T) {
	t.Parallel()
	root := parse(t, sample)
	var keys []string
	for key, value := range root.Pairs() {
		keys = append(keys, key.Value())
		if key.Value() != value.Name() {
			t.Errorf("value under %s has the name %s", key.Value(), value.Name())
		}
	}
	if want := []string{"name", "needs", "who", "text", "if", "empty"}; !slices.Equal(keys, want) {
		t.Errorf("keys %v, want %v", keys, want)
	}
	var items []string
	for item := range root.Key("who").Items() {
		items = append(items, item.Value())
	}
	if want := []string{"ana", "ben's", ""}; !slices.Equal(items, want) {
		t.Errorf("items %q, want %q", items, want)
	}
	if got := root.Key("who").Len() + root.Len(); got != 9 {
		t.Errorf("lengths add up to %d, want 3 items + 6 keys", got)
	}
	if !root.Key("empty").IsNull() || root.Key("name").IsNull() || !root.Key("name").Quoted() || root.Key("needs").Quoted() {
		t.Error("IsNull or Quoted is wrong")
	}
}

func TestNode_MissingIsHarmless(t *testing.T) {
	t.Parallel()
	n := parse(t, sample).Key("nothing").Key("at").Key("all")
	for range n.Items() {
		t.Error("a missing node has an item")
	}
	for range n.Pairs() {
		t.Error("a missing node has a key")
	}
	if n.Kind() != source.Missing || n.Value() != "" || n.Shown() != "" || n.Name() != "" || n.Len() != 0 || n.IsNull() || n.IsString() ||
		n.Quoted() || n.Unset() || n.KeyNode("x") != nil || n.Pos() != (source.Pos{}) || n.At(1, 2) != (source.Pos{}) {
		t.Error("a missing node answers with something")
	}
}

func TestNode_Places(t *testing.T) {
	t.Parallel()
	root := parse(t, sample)
	at := func(line, col, length int) source.Pos {
		return source.Pos{File: "f.yaml", Line: line, Col: col, Len: length}
	}
	for _, c := range []struct {
		name      string
		got, want source.Pos
	}{
		{"quoted", root.Key("name").Pos(), at(1, 7, 14)},
		{"key", root.KeyNode("needs").Pos(), at(2, 1, 5)},
		{"plain", root.Key("needs").Pos(), at(2, 8, 6)},
		{"list", root.Key("who").Pos(), at(3, 6, 1)},
		{"quote in quotes", root.Key("who").At(99, 1), at(3, 6, 1)},
		{"block", root.Key("text").Pos(), at(4, 7, 1)},
		{"absent value: its key", root.Key("empty").Pos(), at(8, 1, 5)},
		{"part of plain", root.Key("if").At(8, 6), at(7, 13, 6)},
		{"part of quoted", root.Key("name").At(6, 6), at(1, 14, 6)},
		{"part of a block", root.Key("text").At(18, 2), at(6, 10, 2)},
		{"first line of a block", root.Key("text").At(0, 5), at(5, 3, 5)},
		{"beyond the text", root.Key("if").At(500, 1), at(7, 5, 21)},
		{"without length", root.Key("if").At(8, 0), at(7, 13, 1)},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, c.got, c.want)
		}
	}
}

func TestParse_Limits(t *testing.T) {
	t.Parallel()
	_, problems := source.Parse("big.yaml", []byte("a: "+strings.Repeat("x", 1<<20)))
	if len(problems) != 1 || problems[0].Code != source.CodeTooLong {
		t.Errorf("1 MiB and more: got %v, want one %s", problems, source.CodeTooLong)
	}
	f, problems := source.Parse("empty.yaml", nil)
	if f.Root() != nil || len(problems) != 0 || f.Name() != "empty.yaml" || f.Start().Line != 1 {
		t.Errorf("empty file: got root %v, problems %v", f.Root(), problems)
	}
}

func TestDecoder_Values(t *testing.T) {
	t.Parallel()
	root := parse(t, `
s: plain text
n: 42
m: -7
f: 1.5
e: 1e3
date: 2026-12-24
time: "09:30"
norway: NO
yes1: yes
off1: Off
true1: true
one: ana
list: [ana, 2]
way: wait
`)
	var d source.Decoder
	got := map[string]any{}
	keep := func(key string, v any, ok bool) {
		if ok {
			got[key] = v
		}
	}
	for _, key := range []string{"s", "n", "date", "time", "norway"} {
		v, ok := d.String(root.Key(key))
		keep(key, v, ok)
	}
	for _, key := range []string{"m", "absent"} {
		v, ok := d.Int(root.Key(key))
		keep(key, v, ok)
	}
	for _, key := range []string{"f", "e", "absent"} {
		v, ok := d.Number(root.Key(key))
		keep(key, v, ok)
	}
	for _, key := range []string{"yes1", "off1", "true1", "absent"} {
		v, ok := d.Bool(root.Key(key))
		keep(key, v, ok)
	}
	for _, key := range []string{"one", "list", "absent"} {
		v, ok := d.Strings(root.Key(key))
		keep(key, v, ok)
	}
	way, ok := d.Enum(root.Key("way"), "wait", "expire")
	keep("way", way, ok)
	want := map[string]any{
		"s": "plain text", "n": "42", "date": "2026-12-24", "time": "09:30", "norway": "NO", "m": -7, "f": 1.5, "e": 1000.0,
		"yes1": true, "off1": false, "true1": true, "one": []string{"ana"}, "list": []string{"ana", "2"}, "way": "wait",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if len(d.Problems) > 0 {
		t.Errorf("problems %v, want none", d.Problems)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"needs", "reviewers", "time_limit", "on_timeout", "cc", "via", "escalation", "escalations", "template"}
	for word, want := range map[string]string{
		"need": "needs", "nedes": "needs", "neeeds": "needs", "Needs": "needs", "time-limit": "time_limit", "timelimit": "time_limit", "TimeLimit": "time_limit",
		"reviewer": "reviewers", "reveiwers": "reviewers", "temp": "template", "reviewers_list": "reviewers", "vai": "via", "vvv": "",
		"cd": "cc", "xy": "", "": "", "quorum": "", "escalatoin": "escalation", "escal": "", "on_timeuot": "on_timeout", "zzzzzzzzzz": "",
		strings.Repeat("a", 5000): "",
	} {
		got, ok := source.Nearest(word, known)
		if got != want || ok != (want != "") {
			t.Errorf("Nearest(%.20q) = %q, %v; want %q", word, got, ok, want)
		}
	}
}

func TestIgnored(t *testing.T) {
	t.Parallel()
	got := source.Ignored([]byte("# signoff:ignore SO210\na: 1 # signoff:ignore SO205, SO101 because\n#signoff:ignore SO210 SO300\n# signoff:ignore\nb: 'x'# signoff:ignore SO999\n# please signoff:ignore SO888\n"))
	if want := []string{"SO101", "SO205", "SO210", "SO300"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	var ps source.Problems
	ps.Warnf(source.Pos{}, "SO210", "w")
	ps.Warnf(source.Pos{}, "SO211", "w")
	ps.Errorf(source.Pos{}, "SO210", "an error cannot be switched off")
	left := ps.Without([]string{"SO210"})
	if left.Errors() != 1 || left.Warnings() != 1 || len(ps) != 3 {
		t.Errorf("Without: %v, want one warning and one error left", left)
	}
}

func TestProblems_SortByPlace(t *testing.T) {
	t.Parallel()
	var ps source.Problems
	for _, p := range []source.Pos{{File: "b", Line: 1}, {File: "a", Line: 10}, {File: "a", Line: 2, Col: 9}, {File: "a", Line: 2, Col: 3}, {File: "a", Line: 2, Col: 3}} {
		ps.Errorf(p, "SO100", "x")
	}
	ps.Sort()
	var got []string
	for _, p := range ps {
		got = append(got, p.Pos.String())
	}
	if want := []string{"a:2:3", "a:2:9", "a:10:0", "b:1:0"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := (source.Problem{Pos: source.Pos{File: "a"}, Level: source.Warning, Code: "SO1", Message: "m", Hint: "h"}).String(), "a  warning SO1  m (h)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExplanations_OnePerCode(t *testing.T) {
	t.Parallel()
	last := ""
	for _, e := range source.Explanations() {
		if e.Code <= last || e.Title == "" || len(e.Text) < 40 {
			t.Errorf("explanation %+v: want rising codes, a title and a text", e)
		}
		last = e.Code
	}
	if last != source.CodeExpand {
		t.Errorf("the last explained code is %s, want %s", last, source.CodeExpand)
	}
}
