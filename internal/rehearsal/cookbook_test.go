package rehearsal_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"signoff/internal/rehearsal"
	"signoff/rules"
)

// section is a heading of a page with the YAML blocks below it.
type section struct {
	title  string
	blocks []string
}

func sections(t *testing.T, path string) (list []section) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	list = []section{{}}
	var block *strings.Builder
	for line := range strings.Lines(string(data)) {
		last := &list[len(list)-1]
		switch {
		case block != nil && strings.HasPrefix(line, "```"):
			last.blocks = append(last.blocks, block.String())
			block = nil
		case block != nil:
			block.WriteString(line)
		case strings.HasPrefix(line, "```yaml"):
			block = &strings.Builder{}
		case strings.HasPrefix(line, "## "):
			list = append(list, section{title: strings.TrimSpace(line[3:])})
		}
	}
	return list
}

// Every recipe of the cookbook compiles without a warning, and its tests pass.
func TestCookbook(t *testing.T) {
	t.Parallel()
	all := sections(t, "../../docs/cookbook.md")
	if len(all[0].blocks) != 2 || len(all) < 21 {
		t.Fatalf("%d recipes behind %d blocks, want at least 20 behind the studio and the time", len(all)-1, len(all[0].blocks))
	}
	for _, s := range all[1:] {
		t.Run(s.title, func(t *testing.T) {
			t.Parallel()
			if len(s.blocks) != 2 {
				t.Fatalf("%d blocks, want rules and tests", len(s.blocks))
			}
			f := rehearsal.Read("recipe_test.yaml", fmt.Appendf(nil, "rules: [recipe.yaml]\n%s%s", all[0].blocks[1], s.blocks[1]))
			set, problems := f.Compile([]rules.Source{{Name: "studio.yaml", Data: []byte(all[0].blocks[0])}, {Name: "recipe.yaml", Data: []byte(s.blocks[0])}},
				rules.Options{Workspace: rules.Workspace{KeyPrefix: "CR"}, Chat: true, Tracker: true, Channels: []string{"slack", "email"}})
			if len(problems) > 0 {
				t.Fatalf("rules: %v", problems)
			}
			suite, problems := f.Load(set)
			if len(problems) > 0 {
				t.Fatalf("tests: %v", problems)
			}
			for _, r := range suite.Run(context.Background(), rehearsal.Options{}).Results {
				if !r.Passed {
					t.Errorf("%s: step %d (%s): %s\n%+v", r.Name, r.Step, r.Doing, r.Error, r.Failures)
				}
			}
		})
	}
}
