package rehearsal_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/rehearsal"
	"signoff/rules"
)

const page = "../../docs/rules-testing.md"

var blockRE = regexp.MustCompile("(?s)(<!-- fails -->\n)?```yaml\n(.*?)```\n(?:\n```text\n(.*?)```)?")

// TestDocs_EveryBlockRuns: the tests on the page pass against the example studio; the one that is meant to fail prints what
// the page says.
func TestDocs_EveryBlockRuns(t *testing.T) {
	t.Parallel()
	ran := 0
	for _, m := range blockRE.FindAllStringSubmatch(string(readFile(t, page)), -1) {
		fails, block, want := m[1] != "", m[2], m[3]
		switch {
		case strings.Contains(block, "  run: "):
			continue // a step of a build
		case strings.HasPrefix(block, "- "):
			block = "rules: [studio.yaml]\nnow: \"2026-11-18 15:00\"\ntime_zone: Europe/London\ncalendar: london\ntests:\n" + indented(block)
		}
		rep := played(t, block)
		ran += len(rep.Results)
		var out bytes.Buffer
		if err := rep.Print(&out, rehearsal.Style{}); err != nil {
			t.Fatal(err)
		}
		switch _, lines, _ := strings.Cut(out.String(), "\n"); {
		case !fails && rep.Failed() > 0:
			t.Errorf("%s\nfails:\n%s", block, lines)
		case fails:
			if diff := cmp.Diff(anyLine(indented(want)), anyLine(lines)); diff != "" {
				t.Errorf("the page shows something else (-page +got)\n%s", diff)
			}
		}
	}
	if ran < 9 {
		t.Errorf("%d tests were run, want all of the page", ran)
	}
}

var lineRE = regexp.MustCompile(`, studio\.yaml:\d+`)

// anyLine leaves out where the example stands in its file.
func anyLine(s string) string { return lineRE.ReplaceAllString(s, ", studio.yaml:0") }

func indented(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if strings.TrimSpace(line) != "" {
			line = "  " + line
		}
		b.WriteString(line)
	}
	return b.String()
}

func played(t *testing.T, block string) rehearsal.Report {
	t.Helper()
	f := rehearsal.Read("studio_test.yaml", []byte(block))
	set, problems := f.Compile([]rules.Source{{Name: "studio.yaml", Data: readFile(t, "../../rules/examples/studio/studio.yaml")}}, installation())
	if set == nil {
		t.Fatal(problems)
	}
	suite, problems := f.Load(set)
	if len(problems) > 0 {
		t.Fatalf("%s\n%v", block, problems)
	}
	return suite.Run(context.Background(), rehearsal.Options{})
}

var keyRE = regexp.MustCompile(`(?:Name: |act\(|place\()"([^"]+)"`)

// TestDocs_NameEveryKey: each key that a test file can have stands on the page as code.
func TestDocs_NameEveryKey(t *testing.T) {
	t.Parallel()
	text := string(readFile(t, page))
	seen := 0
	for _, path := range []string{"shape.go", "read_step.go", "read_expect.go", "read_want.go"} {
		for _, m := range keyRE.FindAllStringSubmatch(string(readFile(t, path)), -1) {
			seen++
			if !regexp.MustCompile("`[^`\n]*" + regexp.QuoteMeta(m[1]) + "[^`\n]*`").MatchString(text) {
				t.Errorf("docs/rules-testing.md does not name the key %s (%s)", m[1], path)
			}
		}
	}
	if seen < 80 {
		t.Errorf("%d keys were looked for, want all of them", seen)
	}
}

// TestDocs_CodesAreCurrent: the end of the page is written by this test with -update.
func TestDocs_CodesAreCurrent(t *testing.T) {
	t.Parallel()
	const begin, end = "-update -->\n", "<!-- end of codes -->"
	text := string(readFile(t, page))
	i, j := strings.Index(text, begin)+len(begin), strings.Index(text, end)
	var b strings.Builder
	for _, c := range rehearsal.Codes() {
		fmt.Fprintf(&b, "\n### %s\n\n**%s.** %s\n\n```text\n%s\n```\n", c.Code, c.Title, c.Text, c.Example)
	}
	b.WriteString("\n")
	if *update {
		if err := os.WriteFile(page, []byte(text[:i]+b.String()+text[j:]), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(b.String(), text[i:j]); diff != "" {
		t.Errorf("not current; write it anew with: go test ./internal/rehearsal -run Docs -update\n%s", diff)
	}
}
