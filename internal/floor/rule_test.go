package floor

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"unicode"
)

// A rule looks at one package and returns what breaks it, one line each.
type rule struct {
	name  string
	check func(*pkg) []string
}

var rules = []rule{
	{"imports point downward by the table", importsFollowTable},
	{"pure packages stay pure", pureStaysPure},
	{"the clock is read in cmd only", clockOnlyInCmd},
	{"no init functions", noInit},
	{"no blank imports", noBlankImports},
	{"no processes are started outside cmd", noProcesses},
	{"signatures are compared in constant time", constantTimeMACs},
}

func importsFollowTable(p *pkg) []string {
	r, unit, ok := find(p.path)
	if !ok {
		return []string{p.path + " has no row in the table of floors"}
	}
	var bad []string
	for spec, path := range p.imports {
		ours, isOurs := strings.CutPrefix(path, module+"/")
		if !isOurs {
			continue
		}
		target, _, known := find(ours)
		switch {
		case !known:
			bad = append(bad, fmt.Sprintf("%s imports %s, which has no row in the table of floors", p.at(spec), ours))
		case target.testOnly && !r.testOnly:
			bad = append(bad, fmt.Sprintf("%s imports %s, which is for tests only", p.at(spec), ours))
		case !r.allows(unit, ours):
			bad = append(bad, fmt.Sprintf("%s imports %s, which the table does not allow", p.at(spec), ours))
		}
	}
	return bad
}

// purity says what a package must not touch: imports (with everything below them) and members of package time.
type purity struct {
	packages []string
	imports  []string
	clock    []string
}

var (
	clock    = []string{"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTimer", "NewTicker"}
	purities = []purity{
		{[]string{"internal/flow", "internal/calendar", "internal/text"}, []string{"os", "net", "log", "math/rand", "crypto/rand", "sync", "syscall", "os/exec", "context"}, clock},
		{[]string{"rules", "internal/report"}, []string{"os", "net", "log", "math/rand", "crypto/rand", "syscall"}, clock},
		{[]string{"internal/source", "internal/strictjson", "internal/filetype"}, []string{"os", "net", "log", "math/rand", "crypto/rand", "syscall"}, clock},
	}
)

func pureStaysPure(p *pkg) []string {
	var bad []string
	for _, pure := range purities {
		if !slices.Contains(pure.packages, p.path) {
			continue
		}
		for spec, path := range p.imports {
			if under(path, pure.imports...) {
				bad = append(bad, fmt.Sprintf("%s imports %s, but %s is pure", p.at(spec), path, p.path))
			}
		}
		bad = append(bad, p.uses("time", pure.clock...)...)
	}
	return bad
}

func clockOnlyInCmd(p *pkg) []string {
	if under(p.path, "cmd", "internal/sandbox", "internal/bench", "internal/chaos") {
		return nil
	}
	return p.uses("time", "Now", "Since", "Until")
}

func noInit(p *pkg) []string {
	var bad []string
	for _, f := range p.files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				bad = append(bad, p.at(fn)+": func init")
			}
		}
	}
	return bad
}

func noBlankImports(p *pkg) []string {
	var bad []string
	for spec, path := range p.imports {
		if spec.Name == nil || spec.Name.Name != "_" && spec.Name.Name != "." {
			continue
		}
		if spec.Name.Name == "_" && (path == "embed" || path == "time/tzdata" && under(p.path, "cmd")) {
			continue
		}
		bad = append(bad, fmt.Sprintf("%s: import %s %q", p.at(spec), spec.Name.Name, path))
	}
	return bad
}

func noProcesses(p *pkg) []string {
	if r, _, ok := find(p.path); under(p.path, "cmd") || ok && r.testOnly {
		return nil
	}
	bad := p.uses("os", "StartProcess")
	bad = append(bad, p.uses("syscall", "Exec", "ForkExec", "StartProcess")...)
	for spec, path := range p.imports {
		if path == "os/exec" || path == "plugin" {
			bad = append(bad, fmt.Sprintf("%s imports %s", p.at(spec), path))
		}
	}
	return bad
}

// constantTimeMACs looks into packages that compute MACs for comparisons of something named like one with ==, !=, or a
// function that stops at the first difference. Comparing with a literal, nil or a length is fine.
func constantTimeMACs(p *pkg) []string {
	if !slices.ContainsFunc(p.files, func(f *ast.File) bool { return localName(f, "crypto/hmac") != "" }) {
		return nil
	}
	var bad []string
	report := func(n ast.Node, with string) {
		bad = append(bad, fmt.Sprintf("%s: a signature is compared with %s; use hmac.Equal", p.at(n), with))
	}
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if (n.Op == token.EQL || n.Op == token.NEQ) && !fixed(n.X) && !fixed(n.Y) && (likeMAC(n.X) || likeMAC(n.Y)) {
					report(n, n.Op.String())
				}
			case *ast.CallExpr:
				if name := callee(n); slices.Contains(leaky, name) && slices.ContainsFunc(n.Args, likeMAC) {
					report(n, name)
				}
			}
			return true
		})
	}
	return bad
}

// leaky are comparisons that take longer the more agrees.
var leaky = []string{"bytes.Equal", "bytes.Compare", "bytes.HasPrefix", "bytes.EqualFold", "slices.Equal", "reflect.DeepEqual", "strings.EqualFold", "strings.Compare", "strings.HasPrefix"}

func callee(c *ast.CallExpr) string {
	sel, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if x, ok := sel.X.(*ast.Ident); ok {
		return x.Name + "." + sel.Sel.Name
	}
	return ""
}

// fixed holds for what has no secret in it.
func fixed(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return e.Name == "nil"
	case *ast.ParenExpr:
		return fixed(e.X)
	case *ast.CallExpr:
		fn, ok := e.Fun.(*ast.Ident)
		return ok && fn.Name == "len"
	}
	return false
}

// likeMAC goes through conversions and slicing to a name with one of the words in it.
func likeMAC(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return saysMAC(e.Name)
	case *ast.SelectorExpr:
		return saysMAC(e.Sel.Name)
	case *ast.ParenExpr:
		return likeMAC(e.X)
	case *ast.StarExpr:
		return likeMAC(e.X)
	case *ast.IndexExpr:
		return likeMAC(e.X)
	case *ast.SliceExpr:
		return likeMAC(e.X)
	case *ast.BinaryExpr:
		return e.Op == token.ADD && (likeMAC(e.X) || likeMAC(e.Y))
	case *ast.CallExpr:
		if fixed(e) {
			return false
		}
		return likeMAC(e.Fun) || slices.ContainsFunc(e.Args, likeMAC)
	}
	return false
}

func saysMAC(name string) bool {
	return slices.ContainsFunc(words(name), func(w string) bool {
		return slices.Contains([]string{"mac", "hmac", "sum", "sum256", "sig", "signature", "hmacs", "macs", "sigs", "signatures"}, w)
	})
}

// words splits a Go name: wantSignature -> want, signature.
func words(name string) []string {
	var out []string
	start := 0
	runes := []rune(name)
	for i := 1; i < len(runes); i++ {
		boundary := unicode.IsUpper(runes[i]) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if boundary || runes[i] == '_' {
			out = append(out, strings.ToLower(strings.Trim(string(runes[start:i]), "_")))
			start = i
		}
	}
	return append(out, strings.ToLower(strings.Trim(string(runes[start:]), "_")))
}
