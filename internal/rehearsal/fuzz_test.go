package rehearsal_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"signoff/internal/rehearsal"
	"signoff/rules"
)

// FuzzRead: whatever stands in a test file, it is read or refused with a place, and never ends the program.
func FuzzRead(f *testing.F) {
	data, err := os.ReadFile(studio)
	if err != nil {
		f.Fatal(err)
	}
	set, problems := rules.Compile([]rules.Source{{Name: "studio.yaml", Data: data}}, installation())
	if set == nil {
		f.Fatal(problems)
	}
	for _, folder := range []string{"broken", "played"} {
		paths, _ := filepath.Glob(filepath.Join("testdata", folder, "*.txt"))
		for _, path := range paths {
			tar, err := txtar.ParseFile(path)
			if err != nil {
				f.Fatal(err)
			}
			for _, file := range tar.Files {
				f.Add(file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		suite, problems := rehearsal.Read("x_test.yaml", data).Load(set)
		if suite == nil && problems.Errors() == 0 {
			t.Error("neither a suite nor an error")
		}
		for _, p := range problems {
			if p.Code == "" || p.Message == "" || p.Pos.File == "" {
				t.Errorf("a problem without code, words or place: %+v", p)
			}
		}
	})
}
