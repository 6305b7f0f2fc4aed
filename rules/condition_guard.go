package rules

import (
	"reflect"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/types"

	"signoff/internal/calendar"
)

// The names below end in an underscore: a condition cannot reach them, because only request and author are names.
const (
	givenName  = "given_" // map[string]bool: which optional keys have a value
	clockName  = "clock_" // clock
	matchName  = "match_" // match_(text, number of the pattern)
	withinName = "within_"
)

// clock is the time and the calendar by which a condition is judged.
type clock struct {
	now time.Time
	cal *calendar.Calendar
}

// guard makes comparisons with absent values count as not true: a comparison under an even number of "not" becomes
// "given and comparison", under an odd number "not given or comparison". So a condition that hinges on something
// nobody said never holds, and "or" with something that does hold still does. It also replaces the operators and
// functions that need more than their arguments.
func (r *reader) guard(n ast.Node, positive bool) ast.Node {
	switch n := n.(type) {
	case *ast.BinaryNode:
		if n.Operator == "and" || n.Operator == "or" || n.Operator == "&&" || n.Operator == "||" {
			n.Left, n.Right = r.guard(n.Left, positive), r.guard(n.Right, positive)
			return n
		}
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			n.Node = r.guard(n.Node, !positive)
			return n
		}
	}
	at := n.Location()
	leaf := n
	ast.Walk(&leaf, &rewriter{r: r})
	for _, name := range readsOf(leaf) {
		if !r.v.optional(name) {
			continue
		}
		known := given(name)
		if positive {
			leaf = &ast.BinaryNode{Operator: "and", Left: known, Right: leaf}
		} else {
			leaf = &ast.BinaryNode{Operator: "or", Left: &ast.UnaryNode{Operator: "not", Node: known}, Right: leaf}
		}
		leaf.SetLocation(at)
	}
	return leaf
}

func given(name string) ast.Node {
	return &ast.MemberNode{Node: &ast.IdentifierNode{Value: givenName}, Property: &ast.StringNode{Value: name}}
}

// rewriter replaces matches, within and given by calls that carry what they need.
type rewriter struct {
	r *reader
}

// Visit implements ast.Visitor.
func (w *rewriter) Visit(n *ast.Node) {
	switch node := (*n).(type) {
	case *ast.BinaryNode:
		if node.Operator == "matches" {
			ast.Patch(n, &ast.CallNode{
				Callee:    &ast.IdentifierNode{Value: matchName},
				Arguments: []ast.Node{node.Left, &ast.StringNode{Value: node.Right.(*ast.StringNode).Value}},
			})
		}
	case *ast.CallNode:
		id := node.Callee.(*ast.IdentifierNode)
		switch id.Value {
		case "given":
			name, _ := requestKey(node.Arguments[0])
			if w.r.v.optional(name) {
				ast.Patch(n, given(name))
				return
			}
			ast.Patch(n, &ast.BoolNode{Value: true})
		case "within":
			ast.Patch(n, &ast.CallNode{
				Callee:    &ast.IdentifierNode{Value: withinName},
				Arguments: append(node.Arguments, &ast.IdentifierNode{Value: clockName}),
			})
		}
	}
}

// checkConfig is the closed environment in which clauses are checked and compiled.
func (r *reader) checkConfig() *conf.Config {
	c := &conf.Config{
		ShortCircuit: true, MaxNodes: 0, Functions: conf.FunctionsTable{}, Builtins: conf.FunctionsTable{}, Disabled: map[string]bool{},
	}
	for _, name := range builtins() {
		c.Builtins[name] = builtin.Builtins[builtin.Index[name]]
	}
	c.WithEnv(types.Map{
		"request": r.request, "author": r.author,
		givenName: types.TypeOf(map[string]bool(nil)), clockName: types.TypeOf(clock{}),
	})
	c.Expect = reflect.Bool
	add := func(name string, shape any, f func(args ...any) (any, error)) {
		c.Functions[name] = &builtin.Function{Name: name, Func: f, Types: []reflect.Type{reflect.TypeOf(shape)}}
	}
	patterns := map[string]func(string) bool{}
	for _, re := range r.patterns {
		patterns[re.String()] = re.MatchString
	}
	add(matchName, func(string, string) bool { return false }, func(args ...any) (any, error) {
		return patterns[args[1].(string)](cut(args[0].(string), maxMatchedBytes)), nil
	})
	add(withinName, func(time.Time, any, clock) bool { return false }, func(args ...any) (any, error) {
		return within(args[0].(time.Time), args[1], args[2].(clock)), nil
	})
	add("within", func(time.Time, any) bool { return false }, unreachableCall)
	add("given", func(any) bool { return false }, unreachableCall)
	add("days", func(float64) time.Duration { return 0 }, func(args ...any) (any, error) {
		return time.Duration(max(-maxDays, min(maxDays, number(args[0]))) * 24 * float64(time.Hour)), nil
	})
	add("working_hours", func(float64) calendar.Span { return calendar.Span{} }, func(args ...any) (any, error) {
		return calendar.Span{N: number(args[0]), Unit: calendar.WorkingHours}, nil
	})
	return c
}

// unreachableCall stands for functions that guard has replaced before anything runs.
func unreachableCall(...any) (any, error) { return false, nil }

// within reports whether t is no later than a span from now, in the studio's calendar. A date without a time counts
// from its start.
func within(t time.Time, span any, c clock) bool {
	switch span := span.(type) {
	case time.Duration:
		return !t.After(c.now.Add(span))
	case calendar.Span:
		return !t.After(c.cal.Add(c.now, span))
	case string:
		s, err := calendar.ParseSpan(span)
		return err == nil && !t.After(c.cal.Add(c.now, s))
	}
	return false
}

// maxDays bounds days(n): beyond it a duration would overflow.
const maxDays = 36_500

func number(v any) float64 {
	switch v := v.(type) {
	case int:
		return float64(v)
	case float64:
		return v
	}
	return 0
}
