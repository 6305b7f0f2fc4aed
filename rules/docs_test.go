package rules_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/rules"
)

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// TestDocs_oneWorkingStudio: the YAML of docs/rules.md, read as files of their own, compiles without a warning.
func TestDocs_oneWorkingStudio(t *testing.T) {
	t.Parallel()
	var files []rules.Source
	for i, m := range yamlBlock.FindAllStringSubmatch(readFile(t, "../docs/rules.md"), -1) {
		files = append(files, rules.Source{Name: fmt.Sprintf("docs/rules.md block %d", i+1), Data: []byte(m[1])})
	}
	if len(files) < 8 {
		t.Fatalf("got %d blocks of YAML", len(files))
	}
	set, problems := rules.Compile(files, lumen())
	if set == nil || len(problems) > 0 {
		t.Errorf("want no problems, got\n%s", rendered(t, files, problems))
	}
}

// schemaKeys lists the keys that a schema knows, at any depth.
func schemaKeys(v any) []string {
	var out []string
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			out = append(out, schemaKeys(value)...)
			if keys, ok := value.(map[string]any); ok && name == "properties" {
				out = slices.AppendSeq(out, maps.Keys(keys))
			}
		}
	case []any:
		for _, item := range v {
			out = append(out, schemaKeys(item)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestDocs_nameEveryKey: each key that some part of the language has stands in docs/rules.md as code, or in the page
// on working time, or in an example there.
func TestDocs_nameEveryKey(t *testing.T) {
	t.Parallel()
	docs := readFile(t, "../docs/rules.md") + readFile(t, "../docs/working-time.md")
	schema, err := rules.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(schema, &tree); err != nil {
		t.Fatal(err)
	}
	keys := schemaKeys(tree)
	for _, key := range keys {
		if !strings.Contains(docs, "`"+key+"`") && !strings.Contains(docs, "`"+key+":") {
			t.Errorf("docs/rules.md does not name the key %s", key)
		}
	}
	if len(keys) < 60 {
		t.Errorf("found the keys %s, want all of them", keys)
	}
	for _, key := range rules.MatchKeys() {
		if row := fmt.Sprintf("| `%s` | %s |", key.Name, key.Doc); !strings.Contains(docs, row) {
			t.Errorf("docs/rules.md lacks the row\n%s", row)
		}
	}
}

// TestDocs_ruleCodesAreCurrent: docs/rule-codes.md is written by this test with -update.
func TestDocs_ruleCodesAreCurrent(t *testing.T) {
	t.Parallel()
	const path = "../docs/rule-codes.md"
	want := ruleCodes()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, readFile(t, path)); diff != "" {
		t.Errorf("not current; write it anew with: go test ./rules -run ruleCodes -update\n%s", diff)
	}
}

func ruleCodes() string {
	var b strings.Builder
	b.WriteString("# Errors and warnings of rule files\n\n<!-- Written by: go test ./rules -run ruleCodes -update -->\n\n")
	b.WriteString("`signoff check` gives every problem a code; `signoff explain SO131` prints its entry. Codes from SO200 on are warnings: the files can be used. A comment `# signoff:ignore SO205`\nswitches a warning off for its file.\n")
	for _, c := range rules.Codes() {
		fmt.Fprintf(&b, "\n## %s\n\n**%s.** %s\n", c.Code, c.Title, c.Text)
		if c.Example != "" {
			fmt.Fprintf(&b, "\n```text\n%s\n```\n", c.Example)
		}
	}
	return b.String()
}
