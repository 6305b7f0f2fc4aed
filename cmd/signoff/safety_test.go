package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// promised are the rows that docs/safety.md must have.
const promised = "T07 T09 T45 T70 T71 T72 T73 T80 T81 T82 T121 T126 F30 F31 F32 F33 F34 F35 F36 F37 F38 F39 F40 F41 F45 F52 F53 " +
	"T39 T40 T41 T42 T74 T75 T76 T77 T46 T47 T78 T79 T90 T91 T92 T93 T94 T95 T140 T141 T142 T143 T144 F12 F50 F51 " +
	"T43 T55 T56 T57 T58 T59 T60 T61 T62 T63 T64 T65 T66 T67 T68 F54 F55"

// TestSafety_EveryPromiseNamesTestsThatExist: the table of docs/safety.md cannot rot.
func TestSafety_EveryPromiseNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(filepath.Join(repositoryRoot(), "docs", "safety.md"))
	if err != nil {
		t.Fatal(err)
	}
	have := testsOf(t, repositoryRoot())
	rows := map[string]bool{}
	named := regexp.MustCompile("`([a-z]+\\.)?((?:Test|Fuzz)[A-Za-z0-9_]+)(?:/([a-z_]+))?`")
	for line := range strings.Lines(string(doc)) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || !regexp.MustCompile(`^ [TF]\d`).MatchString(cells[1]) {
			continue
		}
		for id := range strings.SplitSeq(cells[1], ",") {
			rows[strings.TrimSpace(id)] = true
		}
		tests := named.FindAllStringSubmatch(cells[3], -1)
		if want := strings.Count(cells[3], "`") / 2; len(tests) == 0 || len(tests) != want {
			t.Errorf("%s: %d of %d names can be read as tests", cells[1], len(tests), want)
		}
		for _, n := range tests {
			name := n[1] + n[2]
			if n[3] != "" {
				name = n[2] + "/" + n[3]
			}
			if !have[name] {
				t.Errorf("%s: there is no test %s", strings.TrimSpace(cells[1]), name)
			}
		}
	}
	for id := range strings.FieldsSeq(promised) {
		if !rows[id] {
			t.Errorf("docs/safety.md has no row %s", id)
		}
	}
}

// testsOf lists the tests of the repository as folder.Test, and the scripts as TestScripts/name.
func testsOf(t *testing.T, root string) map[string]bool {
	t.Helper()
	have := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root:
			return filepath.SkipDir
		case strings.HasSuffix(path, ".txtar"):
			have["TestScripts/"+strings.TrimSuffix(d.Name(), ".txtar")] = true
		case strings.HasSuffix(path, "_test.go"):
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, decl := range file.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && (strings.HasPrefix(f.Name.Name, "Test") || strings.HasPrefix(f.Name.Name, "Fuzz")) {
					have[filepath.Base(filepath.Dir(path))+"."+f.Name.Name] = true
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return have
}
