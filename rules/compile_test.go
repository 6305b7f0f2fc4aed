package rules_test

import (
	"os"
	"testing"

	"signoff/internal/source"
	"signoff/rules"
)

// lumen is the installation that the examples are written for.
func lumen() rules.Options {
	return rules.Options{
		Workspace: rules.Workspace{
			Name: "Lumen Studio", Zone: "Europe/London", Language: "en", WeekStarts: "monday", KeyPrefix: "CR",
			Calendar: "london", DateOrder: "day-first",
		},
		Chat: true, Tracker: true, Channels: []string{"slack", "email"},
	}
}

func TestCompile_surface(t *testing.T) {
	data, err := os.ReadFile("testdata/surface.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, problems := rules.Compile([]rules.Source{{Name: "rules/studio.yaml", Data: data}}, lumen())
	if len(problems) > 0 {
		source.Render(os.Stdout, problems, map[string][]byte{"rules/studio.yaml": data}, false)
	}
	if set == nil || len(problems) > 0 {
		t.Fatalf("got %d problems, want none", len(problems))
	}
}
