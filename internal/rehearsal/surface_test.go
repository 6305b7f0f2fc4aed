package rehearsal_test

import (
	"context"
	"os"
	"testing"

	"signoff/internal/rehearsal"
	"signoff/rules"
)

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// compile compiles rule files as they are without a configuration nearby.
func compile(t *testing.T, f *rehearsal.File, paths ...string) *rules.Set {
	t.Helper()
	var files []rules.Source
	for _, p := range paths {
		files = append(files, rules.Source{Name: p, Data: readFile(t, p)})
	}
	set, problems := f.Compile(files, installation())
	if set == nil {
		t.Fatalf("rules do not compile: %v", problems)
	}
	return set
}

// TestSurface plays the tests by which the format was designed, word for word.
func TestSurface(t *testing.T) {
	t.Parallel()
	const path = "testdata/surface/studio_test.yaml"
	f := rehearsal.Read(path, readFile(t, path))
	suite, problems := f.Load(compile(t, f, "testdata/surface/studio.yaml"))
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	rep := suite.Run(context.Background(), rehearsal.Options{})
	if len(rep.Results) != 4 {
		t.Fatalf("%d tests were run, want 4", len(rep.Results))
	}
	for _, r := range rep.Results {
		if !r.Passed {
			t.Errorf("%s: step %d (%s): %s\n%+v", r.Name, r.Step, r.Doing, r.Error, r.Failures)
		}
	}
}
