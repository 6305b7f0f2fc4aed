package text

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The corpus holds one document in every markup: the tree, and what each printer makes of it. Where a markup cannot say
// something, NAME.back.json is what comes back. The connectors' tests read the same files for their markup.
// Sections called in.NAME are what people and services write; the tree is read from them.
const corpus = "testdata/corpus"

// sections is the order in a file.
var sections = []string{"in.markdown", "in.mrkdwn", "in.rich_text", "in.wiki", "tree.json", "markdown", "markdown.back.json"}

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
				rewrite(t, file, archive, have)
				return
			}
			checkCase(t, have)
		})
	}
}

func checkCase(t *testing.T, have map[string]string) {
	tree := decodeTree(t, have["tree.json"])
	if diff := cmp.Diff(tree, tree.Normal()); diff != "" {
		t.Errorf("the tree is not normal (-tree +normal)\n%s", diff)
	}
	if in, ok := have["in.markdown"]; ok {
		if diff := cmp.Diff(tree, Markdown(in)); diff != "" {
			t.Errorf("Markdown(%q) (-want +got)\n%s", in, diff)
		}
	}
	if diff := cmp.Diff(have["markdown"], tree.Markdown()); diff != "" {
		t.Errorf("printed (-want +got)\n%s", diff)
	}
	want := tree
	if back, ok := have["markdown.back.json"]; ok {
		want = decodeTree(t, back)
	}
	if diff := cmp.Diff(want, Markdown(have["markdown"])); diff != "" {
		t.Errorf("read back from %q (-want +got)\n%s", have["markdown"], diff)
	}
}

func decodeTree(t *testing.T, s string) Doc {
	t.Helper()
	var d Doc
	if err := json.Unmarshal([]byte(s), &d); err != nil {
		t.Fatalf("tree.json: %v", err)
	}
	return d
}

// encodeTree prints a tree with one block on each line.
func encodeTree(t *testing.T, d Doc) string {
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

// rewrite writes the sections of this package anew and leaves those of the connectors.
func rewrite(t *testing.T, file string, archive *txtar.Archive, have map[string]string) {
	t.Helper()
	if in, ok := have["in.markdown"]; ok {
		have["tree.json"] = encodeTree(t, Markdown(in))
	}
	tree := decodeTree(t, have["tree.json"])
	have["markdown"] = tree.Markdown()
	delete(have, "markdown.back.json")
	if back := Markdown(have["markdown"]); !cmp.Equal(tree, back) {
		have["markdown.back.json"] = encodeTree(t, back)
	}
	var files []txtar.File
	for _, name := range sections {
		if s, ok := have[name]; ok {
			files = append(files, txtar.File{Name: name, Data: []byte(s + "\n")})
		}
	}
	for _, f := range archive.Files {
		if !strings.HasPrefix(f.Name, "in.") && f.Name != "tree.json" && !strings.HasPrefix(f.Name, "markdown") {
			files = append(files, f)
		}
	}
	archive.Files = files
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
