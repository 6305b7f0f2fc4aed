package rules

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"signoff/internal/pattern"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// The bounds of a condition. Together they keep the worst one that compiles far below 100 ms; see
// docs/decisions/0061-conditions-are-bounded.md.
const (
	maxConditionBytes = 4 << 10
	maxNodes          = 200
	maxTextCalls      = 16 // lower, upper, trim
	maxPatterns       = 8  // uses of matches in one condition
	maxPatternBytes   = 1 << 10
	maxPatternSteps   = 1500 // compiled size of all patterns of one condition
)

// condition is a compiled if: or only_if:. Its clauses were joined by "and"; the first that does not hold explains.
type condition struct {
	source  string
	clauses []clause
}

type clause struct {
	text  string   // as written
	reads []string // keys of request, in order
	prog  *vm.Program
}

// exprProblem is a fault inside a condition; at and n count runes from its start.
type exprProblem struct {
	at, n            int
	code, text, hint string
}

// compileCondition reads a condition. It returns nil and every problem it can find when the condition cannot be used.
func compileCondition(source string, v *vocabulary) (*condition, []exprProblem) {
	if len(source) > maxConditionBytes {
		return nil, []exprProblem{{code: "SO142", text: fmt.Sprintf("the condition is %d bytes long; at most %d are read", len(source), maxConditionBytes)}}
	}
	if strings.TrimSpace(source) == "" {
		return nil, []exprProblem{{code: "SO140", text: "the condition is empty", hint: `write something like request.budget > 5000, or take the key out`}}
	}
	tree, err := parser.ParseWithConfig(source, parseConfig())
	if err != nil {
		return nil, []exprProblem{syntaxProblem(source, err)}
	}
	r := &reader{v: v, request: v.request(), author: authorKeys()}
	r.visit(tree.Node, false)
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	c := &condition{source: source}
	var problems []exprProblem
	cfg := r.checkConfig()
	for _, node := range conjuncts(tree.Node) {
		cl, problem := compileClause(node, tree.Source, r, cfg)
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		c.clauses = append(c.clauses, cl)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return c, nil
}

// parseConfig allows the parser the bounded number of nodes and no if/else blocks.
func parseConfig() *conf.Config {
	return &conf.Config{MaxNodes: maxNodes, DisableIfOperator: true, Functions: conf.FunctionsTable{}, Disabled: map[string]bool{}}
}

// conjuncts splits a condition at its top-level "and".
func conjuncts(n ast.Node) []ast.Node {
	if b, ok := n.(*ast.BinaryNode); ok && (b.Operator == "and" || b.Operator == "&&") {
		return append(conjuncts(b.Left), conjuncts(b.Right)...)
	}
	return []ast.Node{n}
}

func compileClause(node ast.Node, src file.Source, r *reader, cfg *conf.Config) (clause, *exprProblem) {
	cl := clause{text: node.String(), reads: readsOf(node)}
	if _, err := checker.Check(&parser.Tree{Node: node, Source: src}, cfg); err != nil {
		return cl, typeProblem(err)
	}
	tree := &parser.Tree{Node: r.guard(node, true), Source: src}
	if _, err := checker.Check(tree, cfg); err != nil {
		return cl, typeProblem(err)
	}
	if p := joinsText(tree.Node); p != nil {
		return cl, p
	}
	prog, err := compiler.Compile(tree, cfg)
	if err != nil {
		return cl, typeProblem(err)
	}
	cl.prog = prog
	return cl, nil
}

// joinsText finds a + between texts: conditions compare, they do not build texts.
func joinsText(n ast.Node) *exprProblem {
	var found *exprProblem
	each(n, func(n ast.Node) {
		b, ok := n.(*ast.BinaryNode)
		if ok && b.Operator == "+" && b.Left.Type().Kind() == reflect.String && found == nil {
			found = &exprProblem{at: b.Location().From, n: 1, code: "SO143", text: "texts cannot be joined in a condition",
				hint: "compare each text by itself"}
		}
	})
	return found
}

// each visits a node and everything below it.
func each(n ast.Node, visit func(ast.Node)) {
	ast.Walk(&n, visitFunc(visit))
}

type visitFunc func(ast.Node)

// Visit implements ast.Visitor.
func (f visitFunc) Visit(n *ast.Node) { f(*n) }

// readsOf lists the keys of request that an expression reads, each once, in order.
func readsOf(n ast.Node) []string {
	var names []string
	seen := map[string]bool{}
	each(n, func(n ast.Node) {
		if name, ok := requestKey(n); ok && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	})
	return names
}

// requestKey returns the name in request.<name>.
func requestKey(n ast.Node) (string, bool) { return keyOf(n, "request") }

func keyOf(n ast.Node, base string) (string, bool) {
	m, ok := n.(*ast.MemberNode)
	if !ok {
		return "", false
	}
	id, isName := m.Node.(*ast.IdentifierNode)
	key, isKey := m.Property.(*ast.StringNode)
	if !isName || !isKey || id.Value != base {
		return "", false
	}
	return key.Value, true
}

var (
	mismatchRE = pattern.New(`^(\S+) \(mismatched types (.+) and (.+)\)$`)
	argumentRE = pattern.New(`^cannot use (.+) as argument \(type (.+)\) to call (\w+) ?$`)

	tokenRE = pattern.New(`^unexpected token (\w+)\("?(.*?)"?\)$`)
	typesRE = pattern.New(`time\.Time|time\.Duration|float64|\[\]string|\bint\b|\bstring\b|\bbool\b|\[\]interface \{\}|calendar\.Span`)
)

// syntaxProblem says in plain words why a condition cannot be read.
func syntaxProblem(source string, err error) exprProblem {
	p := exprProblem{n: 1, code: "SO140", text: "cannot be read: " + err.Error()}
	var fe *file.Error
	if !errors.As(err, &fe) {
		return p
	}
	p.at, p.text = fe.From, "cannot be read: "+fe.Message
	if strings.Contains(fe.Message, "maximum allowed nodes") {
		return exprProblem{at: 0, n: 1, code: "SO142", text: fmt.Sprintf("the condition has more than %d parts", maxNodes),
			hint: "split it over several rules, or use match:"}
	}
	if strings.Contains(fe.Message, "end of expression") || strings.Contains(fe.Message, "EOF") {
		p.text, p.at = "stops in the middle", max(0, len([]rune(source))-1)
		p.hint = "something is missing at the end"
		return p
	}
	if strings.Contains(fe.Message, "??") {
		return exprProblem{at: p.at, n: 1, code: "SO141", text: "?? cannot be used in a condition",
			hint: "a comparison with something that is not given is false; write given(request.budget) to ask"}
	}
	m := tokenRE.FindStringSubmatch(fe.Message)
	if m == nil {
		return p
	}
	p.text, p.n = fmt.Sprintf("%q is not expected here", m[2]), max(1, len([]rune(m[2])))
	if m[1] == "Operator" && m[2] == "=" {
		p.text, p.hint = `"=" does not compare`, `use == to compare`
	}
	return p
}

// typeProblem says in plain words which types do not fit.
func typeProblem(err error) *exprProblem {
	p := &exprProblem{n: 1, code: "SO144", text: err.Error()}
	var fe *file.Error
	if errors.As(err, &fe) {
		p.at, p.text = fe.From, fe.Message
		p.n = max(1, fe.To-fe.From)
	}
	if strings.HasPrefix(p.text, "expected bool") {
		p.text, p.hint = "a condition must come out true or false", "compare the value with something, such as request.budget > 5000"
		return p
	}
	p.text = plainTypes(strings.TrimPrefix(p.text, "invalid operation: "))
	if m := mismatchRE.FindStringSubmatch(p.text); m != nil {
		p.text = fmt.Sprintf("%s and %s do not go together with %s", m[2], m[3], m[1])
	} else if m := argumentRE.FindStringSubmatch(p.text); m != nil {
		p.text = fmt.Sprintf("%s takes %s, not %s", m[3], m[2], m[1])
	}
	return p
}

// plainTypes replaces the names of Go types by words.
func plainTypes(s string) string {
	return typesRE.ReplaceAllStringFunc(s, func(t string) string {
		switch t {
		case "time.Time":
			return "date"
		case "time.Duration", "calendar.Span":
			return "length of time"
		case "float64", "int":
			return "number"
		case "[]string", "[]interface {}":
			return "list"
		case "bool":
			return "true/false"
		}
		return "text"
	})
}
