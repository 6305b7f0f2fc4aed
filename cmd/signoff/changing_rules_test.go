package main

import (
	"os"
	"strings"
	"testing"
)

// TestDocs_ChangingRules: every command of the walk-through is run by its script.
func TestDocs_ChangingRules(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/changing-rules.md")
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("testdata/changing_rules.txtar")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(page)) {
		if command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ "); ok {
			if n++; !strings.Contains(string(script), "exec "+command) {
				t.Errorf("testdata/changing_rules.txtar does not run %q", command)
			}
		}
	}
	if n < 5 {
		t.Errorf("the page shows %d commands", n)
	}
}
