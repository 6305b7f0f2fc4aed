package source_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"signoff/internal/source"
)

// FuzzParse: whatever the bytes, there is no panic, every problem has a place that exists, and can be shown.
func FuzzParse(f *testing.F) {
	seeds, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range seeds {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 4096 {
			f.Add(data)
		}
	}
	f.Add([]byte(sample))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, parsed := source.Parse("f.yaml", data)
		problems := source.Problems(parsed)
		if file.Root() != nil {
			problems.Add(source.Expand(file.Root(), env(vars, files), source.Error)...)
			problems.Add(readStages(file)...)
			walk(t, file.Root())
		}
		lines := bytes.Count(data, []byte("\n")) + 1
		for _, p := range problems {
			if p.Pos.Line < 1 || p.Pos.Line > lines || p.Pos.Col < 1 || p.Pos.Len < 1 || p.Code == "" || p.Message == "" {
				t.Fatalf("%q: problem %+v has no place within %d lines", data, p, lines)
			}
		}
		var out bytes.Buffer
		if err := source.Render(&out, problems, map[string][]byte{"f.yaml": data}, false); err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(out.Bytes()) || bytes.ContainsAny(out.Bytes(), "\x1b\x00\r") {
			t.Fatalf("%q: rendered with control characters: %q", data, out.Bytes())
		}
		source.Ignored(data)
	})
}

func walk(t *testing.T, n *source.Node) {
	if n.Kind() == source.Scalar && n.Pos().Line < 1 {
		t.Fatalf("scalar %q has no place", n.Value())
	}
	for offset := range 3 {
		if p := n.At(offset, 2); p.Line < 1 || p.Col < 1 || p.Len < 1 {
			t.Fatalf("At(%d, 2) of %q is %+v", offset, n.Value(), p)
		}
	}
	for _, value := range n.Pairs() {
		walk(t, value)
	}
	for item := range n.Items() {
		walk(t, item)
	}
}
