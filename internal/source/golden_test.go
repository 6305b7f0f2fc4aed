package source_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/source"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// stage stands for a file's language: enough of it to meet every kind of problem.
var stage = source.Shape{Of: "a stage", Keys: []source.Key{
	{Name: "name", Form: source.AnyText(), Required: true},
	{Name: "reviewers", Form: source.Texts()},
	{Name: "needs", Form: source.Whole(1), Instead: []string{"quorum"}, Examples: []string{"1", "2 of 3", "all"}},
	{Name: "time_limit", Form: source.AnyText(), Instead: []string{"deadline"}},
	{Name: "on_timeout", Form: source.OneOf("wait", "escalate", "expire", "approve", "decline")},
	{Name: "veto", Form: source.Texts()}, {Name: "weight", Form: source.AnyNumber()}, {Name: "four_eyes", Form: source.Truth()},
}}

var fileShape = source.Shape{Of: "the file", Keys: []source.Key{
	{Name: "version", Form: source.Whole(1)},
	{Name: "stages", Form: source.ListOf(source.Keyed(func() source.Shape { return stage })), Required: true},
}}

func readStages(f *source.File) source.Problems {
	var d source.Decoder
	root := f.Root()
	if !d.Map(root, fileShape) {
		return d.Problems
	}
	d.Int(root.Key("version"))
	items, _ := d.List(root.Key("stages"))
	for _, n := range items {
		if !d.Map(n, stage) {
			continue
		}
		d.Text(n.Key("name"))
		d.Strings(n.Key("reviewers"))
		d.Int(n.Key("needs"))
		d.String(n.Key("time_limit"))
		d.Enum(n.Key("on_timeout"), stage.Words("on_timeout")...)
		for _, person := range d.Texts(n.Key("veto")) {
			if person.Value() != "eli" {
				d.Choice(person, "a person", []string{"ana", "eli"})
			}
		}
		d.Number(n.Key("weight"))
		d.Bool(n.Key("four_eyes"))
	}
	return d.Problems
}

// TestBroken reads every testdata/broken/*.yaml and compares what is printed with the golden file beside it.
func TestBroken(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(files) < 30 {
		t.Fatalf("found %d broken files (%v), want at least 30", len(files), err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".golden", check(t, filepath.Base(path), data))
		})
	}
}

func check(t *testing.T, name string, data []byte) string {
	t.Helper()
	f, parsed := source.Parse(name, data)
	problems := source.Problems(parsed)
	if f.Root() != nil {
		problems.Add(readStages(f)...)
	}
	problems.Sort()
	problems = problems.Without(source.Ignored(data))
	var out bytes.Buffer
	if err := source.Render(&out, problems, map[string][]byte{name: data}, false); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&out, "\n%d errors, %d warnings\n", problems.Errors(), problems.Warnings())
	return out.String()
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil { //nolint:gosec // a file of the source tree
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: want -, got +\n%s", path, diff)
	}
}
