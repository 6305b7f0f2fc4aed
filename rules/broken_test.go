package rules_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"signoff/internal/source"
	"signoff/rules"
)

var update = flag.Bool("update", false, "rewrite what testdata expects")

// archive is one case of testdata/broken: rule files, and what check prints of them.
type archive struct {
	path  string
	files []rules.Source
	want  string
	tar   *txtar.Archive
}

func archives(t *testing.T) []archive {
	t.Helper()
	paths, err := filepath.Glob("testdata/broken/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []archive
	for _, path := range paths {
		tar, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		a := archive{path: path, tar: tar}
		for _, f := range tar.Files {
			if f.Name == "want" {
				a.want = string(f.Data)
				continue
			}
			a.files = append(a.files, rules.Source{Name: f.Name, Data: f.Data})
		}
		out = append(out, a)
	}
	return out
}

// rendered prints problems as check does.
func rendered(t *testing.T, files []rules.Source, problems source.Problems) string {
	t.Helper()
	var out bytes.Buffer
	data := map[string][]byte{}
	for _, f := range files {
		data[f.Name] = f.Data
	}
	if err := source.Render(&out, problems, data, false); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// bare is an installation with Slack and the embedded tracker only; its calendar is the files' only one.
func bare() rules.Options {
	return rules.Options{Workspace: rules.Workspace{Zone: "Europe/London", KeyPrefix: "CR"}, Chat: true, Channels: []string{"slack"}}
}

func TestCompile_brokenFiles(t *testing.T) {
	t.Parallel()
	cases := archives(t)
	fives := 0
	for _, c := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(c.path), ".txt"), func(t *testing.T) {
			set, problems := rules.Compile(c.files, bare())
			got := rendered(t, c.files, problems)
			if len(problems) == 0 {
				t.Fatal("no problem was found")
			}
			if (set == nil) != (problems.Errors() > 0) {
				t.Errorf("got a set: %v, with %d errors", set != nil, problems.Errors())
			}
			if problems.Errors() >= 5 {
				fives++
			}
			if *update {
				c.rewrite(t, got)
				return
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("check prints something else (-want +got):\n%s", diff)
			}
		})
	}
	if len(cases) < 60 || fives < 10 {
		t.Errorf("got %d broken files, %d of them with five errors or more; want 60 and 10", len(cases), fives)
	}
}

func (a archive) rewrite(t *testing.T, got string) {
	t.Helper()
	a.tar.Files = slices.DeleteFunc(a.tar.Files, func(f txtar.File) bool { return f.Name == "want" })
	a.tar.Files = append(a.tar.Files, txtar.File{Name: "want", Data: []byte(got)})
	if err := os.WriteFile(a.path, txtar.Format(a.tar), 0o644); err != nil {
		t.Fatal(err)
	}
}

var codeRE = regexp.MustCompile(`"(SO\d{3})"`)

// TestCodes_areExplainedAndProvoked: every code that the package reports has an entry in the catalogue, and a file of
// testdata/broken in which check prints it; the catalogue lists nothing else.
func TestCodes_areExplainedAndProvoked(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, path := range goFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(path) == "codes.go" {
			continue
		}
		for _, m := range codeRE.FindAllSubmatch(data, -1) {
			used[string(m[1])] = true
		}
	}
	printed := ""
	for _, a := range archives(t) {
		printed += a.want
	}
	for code := range used {
		c, ok := rules.ExplainCode(strings.ToLower(code))
		if !ok || c.Title == "" || c.Text == "" || c.Example == "" {
			t.Errorf("%s is not explained in full: %+v", code, c)
		}
		if !strings.Contains(printed, code) {
			t.Errorf("%s is provoked by no file of testdata/broken", code)
		}
	}
	foreign := source.Explanations()
	for _, c := range rules.Codes() {
		known := slices.ContainsFunc(foreign, func(e source.Explanation) bool { return e.Code == c.Code })
		if !known && !used[c.Code] {
			t.Errorf("%s is explained but never reported", c.Code)
		}
	}
}

func goFiles(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("*.go")
	if err != nil || len(all) == 0 {
		t.Fatal("no files", err)
	}
	return slices.DeleteFunc(all, func(p string) bool { return strings.HasSuffix(p, "_test.go") })
}
