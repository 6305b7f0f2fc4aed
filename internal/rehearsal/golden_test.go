package rehearsal_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"signoff/internal/rehearsal"
	"signoff/internal/source"
	"signoff/rules"
)

var update = flag.Bool("update", false, "rewrite what testdata expects")

// archive is one file of testdata: rule files (those of the studio where it has none), a file of tests, and what is printed.
type archive struct {
	path  string
	tar   *txtar.Archive
	files map[string][]byte
}

const studio = "testdata/surface/studio.yaml"

func archives(t *testing.T, folder string) (all []archive) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		tar, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		a := archive{path: path, tar: tar, files: map[string][]byte{}}
		for _, f := range tar.Files {
			a.files[f.Name] = f.Data
		}
		all = append(all, a)
	}
	return all
}

func (a archive) name() string { return strings.TrimSuffix(filepath.Base(a.path), ".txt") }

// load reads the tests of an archive against its rules.
func (a archive) load(t *testing.T) (*rehearsal.Suite, source.Problems) {
	t.Helper()
	f := rehearsal.Read("studio_test.yaml", a.files["studio_test.yaml"])
	data := a.files["studio.yaml"]
	if data == nil {
		data = readFile(t, studio)
	}
	set, problems := f.Compile([]rules.Source{{Name: "studio.yaml", Data: data}}, installation())
	if set == nil {
		t.Fatalf("%s: rules do not compile: %v", a.path, problems)
	}
	return f.Load(set)
}

// compare holds what is printed against the archive, or rewrites it with -update.
func (a archive) compare(t *testing.T, got string) {
	t.Helper()
	i := slices.IndexFunc(a.tar.Files, func(f txtar.File) bool { return f.Name == "want" })
	if *update {
		if i < 0 {
			a.tar.Files, i = append(a.tar.Files, txtar.File{Name: "want"}), len(a.tar.Files)
		}
		a.tar.Files[i].Data = []byte(got)
		if err := os.WriteFile(a.path, txtar.Format(a.tar), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(a.files["want"]), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", a.path, diff)
	}
}

// TestRead_BrokenFiles: every problem of a file at once, each at its place with what to do.
func TestRead_BrokenFiles(t *testing.T) {
	t.Parallel()
	all := archives(t, "broken")
	if len(all) < 20 {
		t.Fatalf("%d broken files, want at least 20", len(all))
	}
	seen := map[string]bool{}
	for _, a := range all {
		suite, problems := a.load(t)
		if len(problems) == 0 {
			t.Errorf("%s: no problem was found", a.path)
		}
		if suite != nil && problems.Errors() > 0 {
			t.Errorf("%s: a suite was made of a file with errors", a.path)
		}
		for _, p := range problems {
			seen[p.Code] = true
		}
		var out bytes.Buffer
		if err := source.Render(&out, problems, a.files, false); err != nil {
			t.Fatal(err)
		}
		a.compare(t, out.String())
	}
	seen["SO320"] = true // of files that are not there: cmd says it
	for _, c := range rehearsal.Codes() {
		if !seen[c.Code] {
			t.Errorf("no broken file shows %s", c.Code)
		}
	}
}

// TestSuite_Run: what is printed of tests that pass and of tests that fail. A test fails exactly where its name begins
// with "fails:".
func TestSuite_Run(t *testing.T) {
	t.Parallel()
	for _, a := range archives(t, "played") {
		t.Run(a.name(), func(t *testing.T) {
			t.Parallel()
			suite, problems := a.load(t)
			if len(problems) > 0 {
				t.Fatalf("problems: %v", problems)
			}
			rep := suite.Run(context.Background(), rehearsal.Options{})
			for _, r := range rep.Results {
				if fails := strings.HasPrefix(r.Name, "fails:"); fails == r.Passed || r.Error != "" {
					t.Errorf("%q: passed %t, error %q, failures %+v", r.Name, r.Passed, r.Error, r.Failures)
				}
			}
			var out bytes.Buffer
			if err := rep.Print(&out, rehearsal.Style{}); err != nil {
				t.Fatal(err)
			}
			out.WriteString(rep.Coverage.Line() + "\n")
			a.compare(t, out.String())
		})
	}
}

func installation() rules.Options {
	return rules.Options{Workspace: rules.Workspace{KeyPrefix: "CR"}, Chat: true, Tracker: true, Channels: []string{"slack", "email"}}
}
