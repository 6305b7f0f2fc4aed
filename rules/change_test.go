package rules_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/rules"
)

// edits are changes of the studio of SURFACE, each with the name under which the golden file tells what Compare says.
func edits() [][]string {
	return [][]string{
		{"nothing but comments, spacing and short forms", "# ── who, and when they work", "# who works, and when", "needs: 1\n        time_limit: 8 working hours           # counted", "time_limit:  8 working hours # counted",
			"source: [slack, email]\n      channel", "source: [email, slack]\n      channel", "needs: 2 of 2", "needs: 2"},
		{"the quorum and the limit of a stage", "needs: 1\n        time_limit: 8 working hours           # counted", "needs: 2\n        time_limit: 4 working hours           # counted"},
		{"a rule before another", "  - name: Banners\n", "  - name: Nova ads\n    match: {text: {contains: [nova]}}\n    do: {workflow: standard, project: DES}\n\n  - name: Banners\n"},
		{"a rule renamed", "- name: Banners", "- name: Display banners"},
		{"a word more in a rule", "contains: [banner, ad, display]", "contains: [banner, ad, display, skyscraper]"},
		{"a workflow renamed with all that refers to it", "  standard:\n    stages:", "  ordinary:\n    stages:", "workflow: standard", "workflow: ordinary"},
		{"a stage renamed", "- name: Sign-off\n", "- name: Requester sign-off\n"},
		{"a stage more, beside another", "          - name: Legal\n", "          - {name: Accessibility, reviewers: [chloe], needs: 1}\n          - name: Legal\n"},
		{"a stage removed", "      - name: Final sign-off\n        reviewers: [dana, requester]\n        needs: all\n        four_eyes: false\n        time_limit: 1 working day\n", ""},
		{"a person leaves", "  eli:   {", "  elias:   {", "[eli, dana]", "[elias, dana]", "veto: [eli]", "veto: [elias]"},
		{"hours of a calendar", `fri: "09:30-16:30"`, `fri: "09:30-15:00"`},
		{"a field required, another type of field, a subtask", "{field: region, choices: [EMEA, AMER, APAC]}", "{field: region, required: true, choices: [EMEA, AMER, APAC]}", "{title: Artwork, effort_hours: 4, skills: [brand]}", "{title: Artwork, effort_hours: 5, skills: [brand]}", "{title: Storyboard, after: [Script]}, ", "", "after: [Storyboard]", "after: [Script]"},
		{"reminders and escalations", "- {at: 50% of time limit, to: reviewers, via: slack thread}\n", "", "{after: 4 working hours more, tell: dana", "{after: 2 working hours more, tell: dana"},
		{"a text in other words", "has waited {{ .waited | working }} for", "waits since {{ .waited | working }} for"},
		{"the condition and the template of a rule", "if: request.budget > 5000 and within(request.due, \"10 working days\")", "if: request.budget > 9000", "      priority: high\n", ""},
	}
}

func TestCompare_golden(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/surface.yaml")
	if err != nil {
		t.Fatal(err)
	}
	old := compiled(t, string(data))
	var b strings.Builder
	for _, e := range edits() {
		text := string(data)
		for pair := range slices.Chunk(e[1:], 2) {
			if !strings.Contains(text, pair[0]) {
				t.Fatalf("%s: the studio does not hold %q", e[0], pair[0])
			}
			text = strings.ReplaceAll(text, pair[0], pair[1])
		}
		changes := rules.Compare(old, compiled(t, text))
		fmt.Fprintf(&b, "== %s\n", e[0])
		if err := rules.PrintChanges(&b, changes); err != nil {
			t.Fatal(err)
		}
		added, changed, removed := rules.CountChanges(changes)
		fmt.Fprintf(&b, "%d to add, %d to change, %d to remove\n\n", added, changed, removed)
	}
	golden(t, "testdata/changes.txt", b.String())
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what comes out; write it anew with -update after reading (-want +got):\n%s", path, diff)
	}
}

func compiled(t *testing.T, text string) *rules.Set {
	t.Helper()
	set, problems := rules.Compile([]rules.Source{{Name: "studio.yaml", Data: []byte(text)}}, lumen())
	if set == nil {
		t.Fatalf("does not compile: %v", problems)
	}
	return set
}

// TestCompare_backAndForth: what is added one way is removed the other way, and nothing differs from itself.
func TestCompare_backAndForth(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/surface.yaml")
	if err != nil {
		t.Fatal(err)
	}
	old := compiled(t, string(data))
	if got := rules.Compare(old, old); len(got) > 0 {
		t.Errorf("a ruleset differs from itself: %v", got)
	}
	for _, e := range edits() {
		text := string(data)
		for pair := range slices.Chunk(e[1:], 2) {
			text = strings.ReplaceAll(text, pair[0], pair[1])
		}
		now := compiled(t, text)
		a1, c1, r1 := rules.CountChanges(rules.Compare(old, now))
		a2, c2, r2 := rules.CountChanges(rules.Compare(now, old))
		if a1 != r2 || r1 != a2 || c1 != c2 {
			t.Errorf("%s: %d added, %d changed, %d removed; back %d, %d, %d", e[0], a1, c1, r1, a2, c2, r2)
		}
		if same := a1+c1+r1 == 0; same && strings.HasPrefix(e[0], "nothing") != same {
			t.Errorf("%s: nothing is found to differ", e[0])
		}
	}
}

// TestCompare_workspace: the zone is part of what a ruleset means.
func TestCompare_workspace(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/surface.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o := lumen()
	o.Workspace.Zone = "Europe/Berlin"
	now, problems := rules.Compile([]rules.Source{{Name: "studio.yaml", Data: data}}, o)
	if now == nil {
		t.Fatal(problems)
	}
	got := rules.Compare(compiled(t, string(data)), now)
	want := []rules.Change{{Kind: rules.Changed, What: "workspace", Name: "workspace", Values: []rules.Value{{Key: "time zone", Old: "Europe/London", New: "Europe/Berlin"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
