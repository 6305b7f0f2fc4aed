package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite generated files")

// generated compares a checked-in file with what makes it, or rewrites it with -update.
func generated(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not current; make it with go test ./cmd/signoff -update (-want +got)\n%s", path, diff)
	}
}

func TestExampleConfig_IsCurrent(t *testing.T) {
	t.Parallel()
	generated(t, "../../config.example.yaml", exampleConfig(`"rules/examples/studio/*.yaml"`, "/data/signoff.db", "./docs/schema"))
}

// TestExampleConfig_PassesCheck checks the shipped file as an operator would, with no variable set.
func TestExampleConfig_PassesCheck(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &out, err: io.Discard, now: time.Now, getenv: func(string) (string, bool) { return "", false }}
	if code := a.run(t.Context(), []string{"check", "-c", filepath.Join("..", "..", "config.example.yaml")}); code != exitOK {
		t.Fatalf("signoff check: exit %d\n%s", code, out.String())
	}
	for _, name := range []string{"SLACK_SIGNING_SECRET", "JIRA_TOKEN"} {
		if !strings.Contains(out.String(), name) {
			t.Errorf("check does not warn that %s is not set:\n%s", name, out.String())
		}
	}
	if strings.Contains(out.String(), " error ") {
		t.Errorf("check reports errors:\n%s", out.String())
	}
}

// TestCommandReference_IsCurrent keeps docs/commands.md in step with the commands' own help.
func TestCommandReference_IsCurrent(t *testing.T) {
	t.Parallel()
	a := &app{in: strings.NewReader(""), out: io.Discard, err: io.Discard, now: time.Now, getenv: func(string) (string, bool) { return "", false }}
	generated(t, "../../docs/commands.md", commandReference(a.root()))
}

// TestCommands_HelpIsComplete wants a sentence, two worked examples and no surprise from every command.
func TestCommands_HelpIsComplete(t *testing.T) {
	t.Parallel()
	a := &app{in: strings.NewReader(""), out: io.Discard, err: io.Discard, now: time.Now, getenv: func(string) (string, bool) { return "", false }}
	for _, c := range everyCommand(a.root()) {
		if c.Short == "" || c.Long == "" || strings.Count(c.Example, "\n") < 1 || !strings.HasPrefix(c.Example, "  signoff") {
			t.Errorf("%s: wants a short and a long sentence and two examples", c.CommandPath())
		}
	}
}
