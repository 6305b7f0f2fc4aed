package jira

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"signoff/internal/text"
)

var update = flag.Bool("update", false, "write the golden files anew")

const corpus = "../../internal/text/testdata/corpus"

// TestCorpus: each document of the corpus is printed as its golden markup, and read back as its tree, or as what comes back
// where the markup cannot say all of it.
func TestCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(corpus, "*.txt"))
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files of the corpus, %v; want 60 at least", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			have := map[string]string{}
			for _, f := range archive.Files {
				have[f.Name] = strings.TrimSuffix(string(f.Data), "\n")
			}
			if *update {
				rewriteCase(t, file, archive, have)
				return
			}
			checkCase(t, have)
		})
	}
}

func checkCase(t *testing.T, have map[string]string) {
	tree := decodeTree(t, have["tree.json"])
	if in, ok := have["in.wiki"]; ok {
		if diff := cmp.Diff(tree, parseWiki(in, nil)); diff != "" {
			t.Errorf("in.wiki %q is read as (-want +got)\n%s", in, diff)
		}
	}
	if diff := cmp.Diff(have["wiki"], wiki(tree)); diff != "" {
		t.Errorf("printed (-want +got)\n%s", diff)
	}
	want := tree
	if back, ok := have["wiki.back.json"]; ok {
		want = decodeTree(t, back)
	}
	if diff := cmp.Diff(want, parseWiki(have["wiki"], nil)); diff != "" {
		t.Errorf("%q is read back as (-want +got)\n%s", have["wiki"], diff)
	}
}

func decodeTree(t *testing.T, s string) text.Doc {
	t.Helper()
	var d text.Doc
	if err := json.Unmarshal([]byte(s), &d); err != nil {
		t.Fatalf("tree: %v", err)
	}
	return d
}

// encodeTree prints a tree with one block on each line.
func encodeTree(t *testing.T, d text.Doc) string {
	t.Helper()
	var lines []string
	for _, n := range d {
		raw, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(raw))
	}
	return "[\n" + strings.Join(lines, ",\n") + "\n]"
}

// rewriteCase writes the sections of this package anew and leaves the others.
func rewriteCase(t *testing.T, file string, archive *txtar.Archive, have map[string]string) {
	t.Helper()
	if in, ok := have["in.wiki"]; ok {
		have["tree.json"] = encodeTree(t, parseWiki(in, nil))
	}
	if have["tree.json"] == "" {
		return // another package reads it first
	}
	tree := decodeTree(t, have["tree.json"])
	have["wiki"] = wiki(tree)
	delete(have, "wiki.back.json")
	if back := parseWiki(have["wiki"], nil); !cmp.Equal(tree, back) {
		have["wiki.back.json"] = encodeTree(t, back)
	}
	var files []txtar.File
	for _, f := range archive.Files {
		if !strings.HasPrefix(f.Name, "wiki") && f.Name != "tree.json" {
			files = append(files, f)
		}
	}
	for _, name := range []string{"tree.json", "wiki", "wiki.back.json"} {
		if s, ok := have[name]; ok {
			files = append(files, txtar.File{Name: name, Data: []byte(s + "\n")})
		}
	}
	archive.Files = files
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
