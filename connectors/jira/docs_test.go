package jira_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/connectors/jira"
	"signoff/internal/source"
)

// TestDocs_SettingsAreTaken reads the settings of the user's page as a user would copy them.
func TestDocs_SettingsAreTaken(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/jira.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```yaml\n")[1:]
	if len(blocks) < 4 {
		t.Fatalf("docs/jira.md shows settings %d times, want the three ways in and all of them", len(blocks))
	}
	for _, block := range blocks {
		yaml, _, _ := strings.Cut(block, "```")
		yaml = os.Expand(yaml, func(name string) string { return (harness{}).Env()[name] })
		f, problems := source.Parse("docs/jira.md", []byte(yaml))
		if len(problems) > 0 {
			t.Fatalf("%+v", problems)
		}
		decode := func(into any) error {
			if p := source.Into(f.Root().Key("tracker").Key("jira"), "a Jira connection", into); len(p) > 0 {
				return fmt.Errorf("%+v", p)
			}
			return nil
		}
		if _, err := jira.New(decode, connectors.Deps{Instance: "jira", HTTP: connectortest.HTTP(t), Files: connectortest.Files(t)}); err != nil {
			t.Errorf("these settings of docs/jira.md: %v\n%s", err, yaml)
		}
	}
}

// TestDocs_EveryKeyOnce: each key of the settings has one row in the user's page.
func TestDocs_EveryKeyOnce(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/jira.md")
	if err != nil {
		t.Fatal(err)
	}
	connectortest.DocumentsKeys(t, string(page), jira.Settings{}, "")
	connectortest.DocumentsKeys(t, string(page), jira.Project{}, "projects.KEY.")
}
