package rehearsal_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"signoff/internal/rehearsal"
	"signoff/internal/text"
)

// TestRecord: what really happened becomes a test that passes, and nobody is named in it who is not in the directory.
func TestRecord(t *testing.T) {
	t.Parallel()
	for _, a := range archives(t, "recorded") {
		t.Run(a.name(), func(t *testing.T) {
			t.Parallel()
			suite, problems := a.load(t)
			if problems.Errors() > 0 {
				t.Fatal(problems)
			}
			r, records, err := suite.Journal(context.Background(), "real")
			if err != nil || len(records) == 0 {
				t.Fatalf("%d records, %v", len(records), err)
			}
			for i := range records { // as people write
				records[i].Event.Body = text.Plain(strings.ReplaceAll(records[i].Event.Body.String(), "NAME", "Ana Reyes"))
			}
			got, err := rehearsal.Record(context.Background(), suite.Set(), r, records, []string{"studio.yaml"})
			if err != nil {
				t.Fatal(err)
			}
			a.compare(t, string(got.YAML)+notes(got.Notes))
			for _, private := range []string{"felicity", "kerr", "ana reyes, ", "+44", "drive.example", "secret.example"} {
				if strings.Contains(strings.ToLower(string(got.YAML)), strings.ToLower(private)) {
					t.Errorf("%q stands in the test", private)
				}
			}
		})
	}
}

func notes(list []string) string {
	out := ""
	for _, n := range list {
		out += fmt.Sprintf("# %s\n", n)
	}
	return out
}

func TestRecord_NeedsABeginning(t *testing.T) {
	t.Parallel()
	suite, _ := archives(t, "recorded")[0].load(t)
	r, records, err := suite.Journal(context.Background(), "real")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rehearsal.Record(context.Background(), suite.Set(), r, records[1:], []string{"studio.yaml"}); err == nil {
		t.Error("a journal without its beginning was recorded")
	}
}
