package rehearsal_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"signoff/internal/rehearsal"
	"signoff/rules/examples"
)

// The examples' own tests pass, and leave nothing of their rules untried.
func TestExamples(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../../rules/examples/*/*_test.yaml")
	if err != nil || len(paths) != len(examples.Names()) {
		t.Fatalf("tests %v of %v, %v; want a file of tests for each", paths, examples.Names(), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			t.Parallel()
			f := rehearsal.Read(path, readFile(t, path))
			var files []string
			for _, p := range f.Rules() {
				found, err := filepath.Glob(filepath.Join(filepath.Dir(path), p.Glob))
				if err != nil {
					t.Fatal(err)
				}
				for _, one := range found {
					if !strings.HasSuffix(one, "_test.yaml") {
						files = append(files, one)
					}
				}
			}
			suite, problems := f.Load(compile(t, f, files...))
			if len(problems) > 0 {
				t.Fatalf("problems: %v", problems)
			}
			rep := suite.Run(context.Background(), rehearsal.Options{})
			for _, r := range rep.Results {
				if !r.Passed {
					t.Errorf("%s: step %d (%s): %s\n%+v", r.Name, r.Step, r.Doing, r.Error, r.Failures)
				}
			}
			if !rep.Coverage.Full() {
				t.Errorf("never tried: %+v", rep.Coverage)
			}
		})
	}
}
