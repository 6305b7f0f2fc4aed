package floor

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "signoff"
	root   = "../.."
)

// A pkg is one folder of Go files without its tests.
type pkg struct {
	path  string // below the module
	files []*ast.File
	fset  *token.FileSet
}

// tree parses the packages of the module. Folders with a go.mod of their own are another module.
func tree(t *testing.T) []*pkg {
	t.Helper()
	found := map[string]*pkg{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != root && foreign(path, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		return add(found, path)
	})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]*pkg, 0, len(found))
	for _, p := range found {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b *pkg) int { return strings.Compare(a.path, b.path) })
	return out
}

func foreign(path, name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules" {
		return true
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil
}

func add(found map[string]*pkg, path string) error {
	rel, err := filepath.Rel(root, filepath.Dir(path))
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	p := found[rel]
	if p == nil {
		p = &pkg{path: rel, fset: token.NewFileSet()}
		found[rel] = p
	}
	return p.parse(path, nil)
}

func (p *pkg) parse(name string, src any) error {
	f, err := parser.ParseFile(p.fset, name, src, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return fmt.Errorf("parse %s: %w", name, err)
	}
	p.files = append(p.files, f)
	return nil
}

// at writes the place of a node.
func (p *pkg) at(n ast.Node) string {
	pos := p.fset.Position(n.Pos())
	return fmt.Sprintf("%s/%s:%d", p.path, filepath.Base(pos.Filename), pos.Line)
}

// imports yields every import with the path it names.
func (p *pkg) imports(yield func(*ast.ImportSpec, string) bool) {
	for _, f := range p.files {
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err == nil && !yield(spec, path) {
				return
			}
		}
	}
}

// localName returns the name under which a file uses an import, "" when it does not import it.
func localName(f *ast.File, path string) string {
	for _, spec := range f.Imports {
		if spec.Path.Value != strconv.Quote(path) {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path[strings.LastIndex(path, "/")+1:]
	}
	return ""
}

// uses lists the places where a package names one of the members of an import, called or not.
func (p *pkg) uses(path string, members ...string) []string {
	var out []string
	for _, f := range p.files {
		name := localName(f, path)
		if name == "" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || !slices.Contains(members, sel.Sel.Name) {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == name {
				out = append(out, fmt.Sprintf("%s: %s.%s", p.at(sel), path, sel.Sel.Name))
			}
			return true
		})
	}
	return out
}

func under(path string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return path == f || strings.HasPrefix(path, f+"/") })
}
