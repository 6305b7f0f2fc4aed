package rules

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/types"

	"signoff/internal/calendar"
)

// reader checks the parts of one condition against what conditions may do.
type reader struct {
	v               *vocabulary
	request, author types.Map
	problems        []exprProblem
	patterns        []*regexp.Regexp
	steps           int
	textCalls       int
}

// builtins are the functions of the expression library that conditions may use.
func builtins() []string {
	return []string{"abs", "all", "any", "ceil", "count", "floor", "len", "lower", "max", "min", "none", "one", "round", "trim", "upper"}
}

// ownFunctions are the functions that signoff adds, with their number of arguments.
func ownFunctions() map[string]int {
	return map[string]int{"days": 1, "working_hours": 1, "within": 2, "given": 1}
}

func operators() []string {
	return []string{
		"==", "!=", "<", ">", "<=", ">=", "and", "or", "&&", "||", "not", "!", "in", "contains", "startsWith", "endsWith",
		"matches", "+", "-", "*", "/", "%",
	}
}

func (r *reader) refuse(n ast.Node, code, text, hint string) {
	width := 1
	switch n := n.(type) {
	case *ast.IdentifierNode:
		width = len([]rune(n.Value))
	case *ast.StringNode:
		width = len([]rune(n.Value))
	case *ast.BuiltinNode:
		width = len(n.Name)
	case *ast.BinaryNode:
		width = len(n.Operator)
	}
	r.problems = append(r.problems, exprProblem{at: n.Location().From, n: max(1, width), code: code, text: text, hint: hint})
}

// visit checks a node and everything below it; loop says that the node runs once per list entry.
func (r *reader) visit(n ast.Node, loop bool) {
	switch n := n.(type) {
	case nil:
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode:
	case *ast.NilNode:
		r.refuse(n, "SO141", "nil cannot be used in a condition", "write given(request.budget) to ask whether something was said")
	case *ast.IdentifierNode:
		r.identifier(n)
	case *ast.MemberNode:
		r.member(n, loop)
	case *ast.ChainNode:
		r.refuse(n, "SO141", "?. is not needed in a condition", "write request.budget; a comparison with something that is not given is false")
	case *ast.UnaryNode:
		r.operator(n, n.Operator)
		r.visit(n.Node, loop)
	case *ast.BinaryNode:
		r.binary(n, loop)
	case *ast.ConditionalNode:
		r.visit(n.Cond, loop)
		r.visit(n.Exp1, loop)
		r.visit(n.Exp2, loop)
	case *ast.ArrayNode:
		for _, item := range n.Nodes {
			r.visit(item, loop)
		}
	case *ast.BuiltinNode:
		r.builtin(n, loop)
	case *ast.CallNode:
		r.call(n, loop)
	case *ast.PredicateNode:
		r.visit(n.Node, true)
	case *ast.PointerNode:
		if !loop || n.Name != "" {
			r.refuse(n, "SO141", "# stands for one entry of a list", `use it as in any(request.sizes, # == "300x250")`)
		}
	default:
		r.refuse(n, "SO141", "this cannot be used in a condition", "conditions compare values; see docs/rules.md")
	}
}

func (r *reader) identifier(n *ast.IdentifierNode) {
	switch {
	case n.Value == "request":
		r.refuse(n, "SO140", "request by itself is not a value", "write request.<name>, such as request.budget")
	case n.Value == "author":
		r.refuse(n, "SO140", "author by itself is not a value", "write author.name, author.groups, author.bot …")
	case r.request[n.Value] != nil:
		r.refuse(n, "SO140", fmt.Sprintf("there is no %s", n.Value), fmt.Sprintf("did you mean request.%s?", n.Value))
	default:
		hint := "conditions read request.<name> and author.<name>"
		if near := nearest(n.Value, r.v.names()); near != "" {
			hint = fmt.Sprintf("did you mean request.%s?", near)
		}
		r.refuse(n, "SO140", fmt.Sprintf("there is no %s", n.Value), hint)
	}
}

func (r *reader) member(n *ast.MemberNode, loop bool) {
	if name, ok := requestKey(n); ok {
		r.key("request", name, n.Property, r.request)
		if loop && r.v.long(name) {
			r.refuse(n.Property, "SO142", fmt.Sprintf("request.%s cannot be read for every entry of a list", name), "compare it outside of the list")
		} else if t := r.request[name]; loop && t != nil && strings.HasPrefix(t.String(), "[]") {
			r.refuse(n.Property, "SO142", fmt.Sprintf("the list request.%s cannot be read for every entry of a list", name), "compare it outside of the list")
		}
		return
	}
	if name, ok := keyOf(n, "author"); ok {
		r.key("author", name, n.Property, r.author)
		if loop && name == "groups" {
			r.refuse(n.Property, "SO142", "the list author.groups cannot be read for every entry of a list", "compare it outside of the list")
		}
		return
	}
	r.refuse(n, "SO141", "only request.<name> and author.<name> can be read", "conditions see plain values and nothing behind them")
}

func (r *reader) key(base, name string, at ast.Node, keys types.Map) {
	if keys[name] != nil {
		return
	}
	hint := fmt.Sprintf("%s has %s", base, strings.Join(slices.Sorted(maps.Keys(keys)), ", "))
	if near := nearest(name, slices.Sorted(maps.Keys(keys))); near != "" {
		hint = fmt.Sprintf("did you mean %s.%s?", base, near)
	}
	r.refuse(at, "SO140", fmt.Sprintf("there is no %s.%s", base, name), hint)
}

func (r *reader) operator(n ast.Node, op string) {
	if slices.Contains(operators(), op) {
		return
	}
	r.refuse(n, "SO141", fmt.Sprintf("%q cannot be used in a condition", op), "conditions know "+strings.Join(operators(), " "))
}

func (r *reader) binary(n *ast.BinaryNode, loop bool) {
	r.operator(n, n.Operator)
	r.visit(n.Left, loop)
	if n.Operator == "??" {
		return
	}
	if n.Operator == "matches" {
		r.matches(n, loop)
		return
	}
	r.visit(n.Right, loop)
}

// matches checks a pattern: constant, short, few, and small when compiled.
func (r *reader) matches(n *ast.BinaryNode, loop bool) {
	pattern, ok := n.Right.(*ast.StringNode)
	switch {
	case !ok:
		r.refuse(n.Right, "SO142", "the pattern of matches must be written out", `write it in quotes: request.text matches "^(thanks|ta)"`)
		return
	case loop:
		r.refuse(n, "SO142", "matches cannot be used for every entry of a list", "use contains, startsWith or endsWith there")
		return
	case len(r.patterns) == maxPatterns:
		r.refuse(n, "SO142", fmt.Sprintf("matches is used more than %d times", maxPatterns), "join the patterns with |")
		return
	}
	re, steps, err := compilePattern(pattern.Value)
	if err != nil {
		r.refuse(pattern, "SO145", err.Error(), "")
		return
	}
	r.patterns = append(r.patterns, re)
	if r.steps += steps; r.steps > maxPatternSteps {
		r.refuse(pattern, "SO142", "the patterns of this condition are too costly", "use smaller repetitions than {100}")
	}
}

// compilePattern compiles a regular expression within bounds; steps is its compiled size.
func compilePattern(pattern string) (re *regexp.Regexp, steps int, err error) {
	if len(pattern) > maxPatternBytes {
		return nil, 0, fmt.Errorf("the pattern is %d bytes long; at most %d are read", len(pattern), maxPatternBytes)
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, 0, patternError(err)
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, 0, patternError(err)
	}
	if re, err = regexp.Compile(pattern); err != nil {
		return nil, 0, patternError(err)
	}
	return re, len(prog.Inst), nil
}

func patternError(err error) error {
	var se *syntax.Error
	if !errors.As(err, &se) {
		return fmt.Errorf("the pattern cannot be read: %w", err)
	}
	return fmt.Errorf("the pattern cannot be read: %s: %s", se.Code, se.Expr)
}

func (r *reader) builtin(n *ast.BuiltinNode, loop bool) {
	if !slices.Contains(builtins(), n.Name) {
		r.unknownFunction(n, n.Name)
		return
	}
	if slices.Contains([]string{"lower", "upper", "trim"}, n.Name) {
		if r.textCalls++; r.textCalls == maxTextCalls+1 {
			r.refuse(n, "SO142", fmt.Sprintf("lower, upper and trim are used more than %d times", maxTextCalls), "compare fewer texts")
		}
	}
	for _, arg := range n.Arguments {
		if _, ok := arg.(*ast.PredicateNode); ok && loop {
			r.refuse(n, "SO142", fmt.Sprintf("%s cannot stand inside another test of a list", n.Name), "test one list after the other, joined with and")
			return
		}
		r.visit(arg, loop)
	}
}

func (r *reader) unknownFunction(n ast.Node, name string) {
	known := append(builtins(), slices.Sorted(maps.Keys(ownFunctions()))...)
	hint := "conditions know " + strings.Join(known, ", ")
	_, library := builtin.Index[name]
	if name == "now" {
		hint = `use within(request.due, "3 working days"), or compare with request.submitted`
	} else if near := nearest(name, known); near != "" && !library {
		hint = fmt.Sprintf("did you mean %s?", near)
	}
	r.refuse(n, "SO141", fmt.Sprintf("the function %s cannot be used in a condition", name), hint)
}

func (r *reader) call(n *ast.CallNode, loop bool) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		r.refuse(n, "SO141", "only functions by name can be called", "conditions see plain values and nothing behind them")
		return
	}
	count, known := ownFunctions()[callee.Value]
	if !known {
		r.unknownFunction(callee, callee.Value)
		return
	}
	if len(n.Arguments) != count {
		r.refuse(callee, "SO144", fmt.Sprintf("%s takes %d argument%s, not %d", callee.Value, count, plural(count), len(n.Arguments)), exampleOf(callee.Value))
		return
	}
	switch callee.Value {
	case "given":
		r.given(n)
		return
	case "within":
		r.span(n.Arguments[1])
		if loop {
			r.refuse(callee, "SO142", "within cannot be used for every entry of a list", "ask it outside of the list")
		}
		r.visit(n.Arguments[0], loop)
		return
	}
	r.visit(n.Arguments[0], loop)
}

func exampleOf(function string) string {
	return map[string]string{
		"days":          "write days(3)",
		"working_hours": "write working_hours(8)",
		"within":        `write within(request.due, "10 working days")`,
		"given":         "write given(request.budget)",
	}[function]
}

func (r *reader) given(n *ast.CallNode) {
	name, ok := requestKey(n.Arguments[0])
	if !ok {
		r.refuse(n.Arguments[0], "SO144", "given asks about a field of the request", exampleOf("given"))
		return
	}
	r.key("request", name, n.Arguments[0].(*ast.MemberNode).Property, r.request)
}

// span checks the second argument of within: words in quotes, days(n) or working_hours(n).
func (r *reader) span(n ast.Node) {
	switch n := n.(type) {
	case *ast.StringNode:
		if _, err := calendar.ParseSpan(n.Value); err != nil {
			code, text, hint := spanProblem(n.Value, err)
			r.refuse(n, code, text, hint)
		}
		return
	case *ast.CallNode:
		if id, ok := n.Callee.(*ast.IdentifierNode); ok && (id.Value == "days" || id.Value == "working_hours") {
			r.call(n, false)
			return
		}
	}
	r.refuse(n, "SO144", "within needs a length of time in words", exampleOf("within"))
}

// spanProblem puts what calendar says of a span into code, sentence and hint.
func spanProblem(s string, err error) (code, text, hint string) {
	var ambiguous *calendar.AmbiguousSpanError
	if errors.As(err, &ambiguous) {
		return "SO131", fmt.Sprintf("%q can be read two ways", s), fmt.Sprintf("write %q or %q", ambiguous.Working, ambiguous.Clock)
	}
	var bad *calendar.SpanError
	if errors.As(err, &bad) {
		if what, todo, ok := strings.Cut(bad.Reason, ": "); ok {
			return "SO130", fmt.Sprintf("%q %s", s, what), todo
		}
		return "SO130", fmt.Sprintf("%q %s", s, bad.Reason), ""
	}
	return "SO130", fmt.Sprintf("%q cannot be read as a length of time", s), ""
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
