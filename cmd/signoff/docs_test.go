package main

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

// pages are all Markdown files of the repository by their path, vendored ones left out.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	root := repositoryRoot()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		data, err := os.ReadFile(path)
		found[filepath.Clean(path)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 20 {
		t.Fatalf("found %d pages, want all of them", len(found))
	}
	return found
}

var (
	linkRE    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingRE = regexp.MustCompile(`(?m)^#+ (.+)$`)
	fenceRE   = regexp.MustCompile("(?ms)^ *```(\\w*)\n(.*?)^ *```")
	spanRE    = regexp.MustCompile("`(signoff [a-z][^`\n]*)`")
)

// TestDocs_LinksResolve: every link between pages leads to a file, and to a heading where it names one.
func TestDocs_LinksResolve(t *testing.T) {
	t.Parallel()
	all := pages(t)
	for path, page := range all {
		for _, m := range linkRE.FindAllStringSubmatch(fenceRE.ReplaceAllString(page, ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := path
			if file != "" {
				target = filepath.Join(filepath.Dir(path), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: the link %s leads nowhere: %v", path, m[1], err)
				continue
			}
			if anchor != "" && !hasHeading(all[target], anchor) {
				t.Errorf("%s: %s has no heading for %s", path, target, m[1])
			}
		}
	}
}

func hasHeading(page, anchor string) bool {
	for _, m := range headingRE.FindAllStringSubmatch(page, -1) {
		slug := strings.Map(func(r rune) rune {
			switch {
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			case r == ' ':
				return '-'
			}
			return -1
		}, m[1])
		if slug == anchor {
			return true
		}
	}
	return false
}

// TestDocs_YAMLPassesCheck: every block about connections passes check beside the shipped rules, and every calendar
// passes as a rule file. The blocks of docs/rules.md are read together by a test of that package, those of the
// cookbook by one of internal/rehearsal.
func TestDocs_YAMLPassesCheck(t *testing.T) {
	t.Parallel()
	checked := 0
	for path, page := range pages(t) {
		if name := filepath.Base(path); name == "rules-testing.md" || name == "cookbook.md" {
			continue // tests of internal/rehearsal compile their rules and run their tests
		}
		for _, block := range blocks(page, "yaml") {
			args := []string{"check"}
			switch key, _, _ := strings.Cut(block, ":"); key {
			case "server", "connectors", "tracker", "store", "api":
				block = "workspace: {name: Lumen Studio, calendar: london}\nrules: [rules/*.yaml]\n" + block
				args = append(args, "-c", "page.yaml")
			case "calendars":
				args = append(args, "page.yaml")
			case "version":
				continue
			default:
				if filepath.Base(path) != "rules.md" && !strings.HasPrefix(block, "- ") {
					t.Errorf("%s: this test knows no way to check the block\n%s", path, block)
				}
				continue
			}
			if filepath.Base(path) == "rules.md" {
				continue
			}
			checked++
			dir := initialised(t)
			if err := os.WriteFile(filepath.Join(dir, "page.yaml"), []byte("version: 1\n"+block), 0o600); err != nil {
				t.Fatal(err)
			}
			for i := range args {
				if args[i] == "page.yaml" {
					args[i] = filepath.Join(dir, args[i])
				}
			}
			if code, said := runIn(dir, args...); code != exitOK {
				t.Errorf("%s: exit %d for\n%s\n%s", path, code, block, said)
			}
		}
	}
	if checked < 4 {
		t.Errorf("checked %d blocks, want those of the pages on Slack, Jira, the embedded tracker and the configuration", checked)
	}
}

// blocks are the fenced blocks of a language, without the indentation of the list they stand in.
func blocks(page, language string) []string {
	var out []string
	for _, m := range fenceRE.FindAllStringSubmatch(page, -1) {
		if m[1] != language {
			continue
		}
		indent := m[2][:len(m[2])-len(strings.TrimLeft(m[2], " "))]
		body := "\n" + m[2]
		out = append(out, strings.ReplaceAll(body, "\n"+indent, "\n")[1:])
	}
	return out
}

// initialised is a folder as signoff init leaves it.
func initialised(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if code, said := runIn(dir, "init", "-q", dir); code != exitOK {
		t.Fatalf("init: exit %d\n%s", code, said)
	}
	return dir
}

// runIn runs a command line against the configuration of a folder, as somebody without any variable set would.
func runIn(dir string, args ...string) (code int, said string) {
	var b strings.Builder
	a := &app{
		in: strings.NewReader(""), out: &b, err: &b, getenv: func(string) (string, bool) { return "", false },
		now: func() time.Time { return time.Date(2026, 11, 18, 15, 0, 0, 0, time.UTC) },
	}
	if dir != "" && !strings.Contains(strings.Join(args, " "), "-c ") {
		args = append(args, "-c", filepath.Join(dir, "config.yaml"))
	}
	code = a.run(context.Background(), args)
	return code, b.String()
}

// offline are the commands that need no running server and write nothing, so that their examples can be run.
var offline = map[string]bool{"signoff check": true, "signoff explain": true, "signoff slack manifest": true, "signoff version": true, "signoff routes": true, "signoff render": true, "signoff schema": true}

// TestDocs_Commands: every command line in the pages names commands and flags that exist, and those that need
// nothing but files run.
func TestDocs_Commands(t *testing.T) {
	t.Parallel()
	dir := initialised(t)
	seen, run := 0, 0
	for path, page := range pages(t) {
		for _, line := range commandLines(page) {
			seen++
			args := words(line)[1:]
			c, err := parses(args)
			if err != nil {
				t.Errorf("%s: %s: %v", path, line, err)
				continue
			}
			if !offline[c.CommandPath()] || slices.Contains(args, "--online") || c.Name() == "explain" && !explains(args) {
				continue
			}
			run++
			for i := range args {
				if strings.HasPrefix(args[i], "rules/") {
					args[i] = filepath.Join(dir, args[i])
				}
			}
			if code, said := runIn(dir, args...); code != exitOK {
				t.Errorf("%s: %s: exit %d\n%s", path, line, code, said)
			}
		}
	}
	if seen < 40 || run < 10 {
		t.Errorf("saw %d command lines and ran %d, want all of them", seen, run)
	}
}

// explains reports whether the arguments of explain are words or a code; a request would need a running server.
func explains(args []string) bool {
	return slices.Contains(args, "--slack") || len(args) == 2 && isCode.MatchString(args[1])
}

var otherRE = regexp.MustCompile(`(?m)^ *\$ (make|go run|bash) (\S+)`)

// TestDocs_OtherCommands: what the pages say to make or to run exists.
func TestDocs_OtherCommands(t *testing.T) {
	t.Parallel()
	root := repositoryRoot()
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for path, page := range pages(t) {
		for _, block := range blocks(page, "console") {
			for _, m := range otherRE.FindAllStringSubmatch(block, -1) {
				seen++
				ok := strings.Contains(string(makefile), "\n"+m[2]+":")
				if m[1] != "make" {
					_, err := os.Stat(filepath.Join(root, m[2]))
					ok = err == nil
				}
				if !ok {
					t.Errorf("%s: %s %s: there is no such thing", path, m[1], m[2])
				}
			}
		}
	}
	if seen < 8 {
		t.Errorf("saw %d commands, want all of them", seen)
	}
}

// commandLines are the lines of console blocks and the code spans that call signoff.
func commandLines(page string) []string {
	var out []string
	for _, block := range blocks(page, "console") {
		for line := range strings.Lines(block) {
			if rest, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimSpace(line), "$ "), "./"); ok || strings.HasPrefix(rest, "signoff ") {
				out = append(out, rest)
			}
		}
	}
	for _, m := range spanRE.FindAllStringSubmatch(fenceRE.ReplaceAllString(page, ""), -1) {
		out = append(out, m[1])
	}
	return out
}

// parses finds the command of a line and reads its flags and arguments without running it.
func parses(args []string) (*cobra.Command, error) {
	a := &app{in: strings.NewReader(""), out: io.Discard, err: io.Discard, getenv: os.LookupEnv, now: time.Now}
	root := a.root()
	root.InitDefaultCompletionCmd()
	c, rest, err := root.Find(args)
	if err != nil {
		return nil, err
	}
	if err := c.ParseFlags(rest); err != nil {
		return nil, err
	}
	if !c.HasParent() || c.HasSubCommands() {
		return c, nil // a name alone, as in running text
	}
	if c.Flags().NArg() == 0 {
		return c, nil
	}
	return c, c.ValidateArgs(c.Flags().Args())
}

// words splits a command line as a shell would: quotes hold together, what follows # or > is left out.
func words(line string) []string {
	var out []string
	var b strings.Builder
	quoted, some := false, false
	flush := func() {
		if some {
			out = append(out, b.String())
		}
		b.Reset()
		some = false
	}
	for _, r := range line {
		switch {
		case r == '"':
			quoted, some = !quoted, true
		case quoted:
			b.WriteRune(r)
		case r == ' ':
			flush()
		case (r == '#' || r == '>') && !some:
			return out
		default:
			b.WriteRune(r)
			some = true
		}
	}
	flush()
	return out
}

// TestDocs_DecisionsHaveTheirParts: each record says what it was about, what was chosen and what it costs, and no two
// share a number.
func TestDocs_DecisionsHaveTheirParts(t *testing.T) {
	t.Parallel()
	numbers := map[string]string{}
	for path, page := range pages(t) {
		name := filepath.Base(path)
		if filepath.Base(filepath.Dir(path)) != "decisions" || name == "README.md" {
			continue
		}
		for _, part := range []string{"# " + name[:4] + " ", "**Context.**", "**Choice.**", "**Price.**"} {
			if !strings.Contains(page, part) {
				t.Errorf("%s lacks %q", path, part)
			}
		}
		if other := numbers[name[:4]]; other != "" {
			t.Errorf("%s and %s have one number", path, other)
		}
		numbers[name[:4]] = path
	}
	if len(numbers) < 40 {
		t.Errorf("found %d records, want all of them", len(numbers))
	}
}

// TestDocs_DecisionsAreListed: the list of records names each of them.
func TestDocs_DecisionsAreListed(t *testing.T) {
	t.Parallel()
	const folder = "../../docs/decisions/"
	list, err := os.ReadFile(folder + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	records, err := filepath.Glob(folder + "[0-9]*.md")
	if err != nil || len(records) == 0 {
		t.Fatalf("no records in %s: %v", folder, err)
	}
	for _, path := range records {
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(page), "\n")
		number, title, _ := strings.Cut(strings.TrimPrefix(first, "# "), " ")
		if line := "- [" + number + "](" + filepath.Base(path) + ") " + title + "\n"; !strings.Contains(string(list), line) {
			t.Errorf("docs/decisions/README.md lacks the line\n%s", line)
		}
	}
}

var (
	alarmRE  = regexp.MustCompile(`\balarm\("([a-z_]+)"`)
	metricRE = regexp.MustCompile(`"(signoff_[a-z_]+)"`)
	vecRE    = regexp.MustCompile(`\bvec\("([a-z_]+)"`)
)

// TestDocs_MetricsAndAlarms: what can be counted and what can be alarming stands in docs/operating.md.
func TestDocs_MetricsAndAlarms(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../internal/engine/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, path := range append(files, "watch.go") {
		code, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		for _, m := range alarmRE.FindAllSubmatch(code, -1) {
			found["`"+string(m[1])+"`"] = true
		}
		for _, m := range metricRE.FindAllSubmatch(code, -1) {
			found["`"+string(m[1])] = true
		}
		for _, m := range vecRE.FindAllSubmatch(code, -1) {
			found["`signoff_"+string(m[1])] = true
		}
	}
	if len(found) < 20 {
		t.Errorf("found %d metrics and alarms, want all of them", len(found))
	}
	for name := range found {
		if !strings.Contains(string(page), name) {
			t.Errorf("docs/operating.md says nothing of %s", strings.Trim(name, "`"))
		}
	}
}
