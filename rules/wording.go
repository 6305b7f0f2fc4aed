package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	texttemplate "text/template"
	"text/template/parse"
	"time"

	"signoff/internal/pattern"

	"signoff/internal/source"
)

// The bounds of texts that rules write.
const (
	maxWordingBytes = 4 << 10  // of the template
	maxOutputBytes  = 16 << 10 // of what it prints
)

// wording is a compiled text with {{ … }} in it.
type wording struct {
	source string
	tmpl   *texttemplate.Template
	fields []string // top-level names that it reads, in order
}

// scope is what a wording may read: names with, for groups of values, the names below them.
type scope map[string]scope

// errTooLong stops a text that prints too much.
var errTooLong = errors.New("the text is longer than 16 KB")

// wordingFunctions lists the functions that texts may use.
func wordingFunctions() []string {
	return []string{"and", "date", "default", "eq", "ge", "gt", "join", "le", "len", "link", "lt", "mention", "ne", "not", "or", "working"}
}

// wording reads a text. It returns nil and reports when the text cannot be used.
func (l *loader) wording(n *source.Node, sc scope) *wording {
	text, ok := l.Text(n)
	if !ok {
		return nil
	}
	if len(text) > maxWordingBytes {
		l.Errorf(n.Pos(), "SO150", "the text is %d bytes long; at most %d are read", len(text), maxWordingBytes)
		return nil
	}
	tree, err := parseWording(text)
	if err != nil {
		l.wordingSyntax(n, err)
		return nil
	}
	c := &wordingCheck{l: l, n: n, text: text, scope: sc, w: &wording{source: text}}
	before := l.Errors()
	c.node(tree.Root)
	if l.Errors() > before {
		return nil
	}
	c.w.tmpl, err = texttemplate.New("text").Option("missingkey=error").Funcs(wordingFuncs()).AddParseTree("text", tree)
	if err != nil {
		l.wordingSyntax(n, err)
		return nil
	}
	return c.w
}

// parseWording parses with every function known, so that those we do not allow get a message of their own.
func parseWording(text string) (*parse.Tree, error) {
	trees := map[string]*parse.Tree{}
	t := parse.New("text")
	t.Mode = parse.SkipFuncCheck
	tree, err := t.Parse(text, "", "", trees)
	if err != nil {
		return nil, err
	}
	for name := range trees {
		if name != "text" {
			return nil, errors.New("define and block cannot be used")
		}
	}
	return tree, nil
}

var templatePrefix = pattern.New(`^template: text:(\d+)(:\d+)?: ?`)

func (l *loader) wordingSyntax(n *source.Node, err error) {
	message := templatePrefix.ReplaceAllString(err.Error(), "")
	l.Errorf(n.Pos(), "SO150", "the text cannot be read: %s", message)
	l.Hint("values stand in {{ .name }}; see docs/rules.md")
}

// wordingCheck walks a parsed text.
type wordingCheck struct {
	l     *loader
	n     *source.Node
	text  string
	scope scope
	w     *wording
}

func (c *wordingCheck) refuse(at parse.Pos, length int, message, hint string) {
	offset := len([]rune(c.text[:min(int(at), len(c.text))]))
	c.l.Errorf(c.n.At(offset, length), "SO151", "%s", message)
	if hint != "" {
		c.l.Hint("%s", hint)
	}
}

func (c *wordingCheck) node(n parse.Node) {
	switch n := n.(type) {
	case nil:
	case *parse.ListNode:
		if n != nil {
			for _, kid := range n.Nodes {
				c.node(kid)
			}
		}
	case *parse.TextNode, *parse.StringNode, *parse.NumberNode, *parse.BoolNode, *parse.CommentNode:
	case *parse.ActionNode:
		c.node(n.Pipe)
	case *parse.IfNode:
		c.node(n.Pipe)
		c.node(n.List)
		c.node(n.ElseList)
	case *parse.PipeNode:
		if len(n.Decl) > 0 {
			c.refuse(n.Decl[0].Pos, 1, "variables cannot be used in a text", "write the value where it is needed")
			return
		}
		for _, cmd := range n.Cmds {
			c.node(cmd)
		}
	case *parse.CommandNode:
		for _, arg := range n.Args {
			c.node(arg)
		}
	case *parse.IdentifierNode:
		c.function(n)
	case *parse.FieldNode:
		c.field(n)
	default:
		c.refuse(n.Position(), 1, fmt.Sprintf("%q cannot be used in a text", shorten(n.String())), "texts know {{ .name }}, {{ if }} … {{ else }} … {{ end }} and functions")
	}
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 30 {
		return string(r[:30]) + "…"
	}
	return s
}

func (c *wordingCheck) function(n *parse.IdentifierNode) {
	if slices.Contains(wordingFunctions(), n.Ident) {
		return
	}
	hint := "texts know " + strings.Join(wordingFunctions(), ", ")
	if near := nearest(n.Ident, wordingFunctions()); near != "" {
		hint = fmt.Sprintf("did you mean %s?", near)
	}
	c.refuse(n.Pos, len(n.Ident), fmt.Sprintf("the function %s cannot be used in a text", n.Ident), hint)
}

func (c *wordingCheck) field(n *parse.FieldNode) {
	sc, path := c.scope, ""
	for i, name := range n.Ident {
		below, known := sc[name]
		if !known {
			c.unknownField(n, sc, path, name)
			return
		}
		if i == 0 && !slices.Contains(c.w.fields, name) {
			c.w.fields = append(c.w.fields, name)
		}
		path += "." + name
		if below == nil && i < len(n.Ident)-1 {
			c.refuse(n.Pos, len(n.String()), fmt.Sprintf("%s has nothing below it", path), "")
			return
		}
		sc = below
		if sc != nil && sc.open() {
			return
		}
	}
	if sc != nil {
		c.refuse(n.Pos, len(n.String()), fmt.Sprintf("%s by itself is not a value", path), "it has "+strings.Join(sc.names(path), ", "))
	}
}

func (c *wordingCheck) unknownField(n *parse.FieldNode, sc scope, path, name string) {
	hint := "known: " + strings.Join(sc.names(path), ", ")
	var keys []string
	for k := range sc {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if near := nearest(name, keys); near != "" {
		hint = fmt.Sprintf("did you mean %s.%s?", path, near)
	}
	c.refuse(n.Pos, len(n.String()), fmt.Sprintf("there is no %s.%s", path, name), hint)
}

// open reports whether any name is allowed below.
func (s scope) open() bool { _, ok := s["*"]; return ok }

func (s scope) names(path string) []string {
	var names []string
	for k := range s {
		names = append(names, path+"."+k)
	}
	slices.Sort(names)
	return names
}

// render prints the text with values. Every name that the text reads must be in data.
func (w *wording) render(data map[string]any) (string, error) {
	out := &capped{}
	if err := w.tmpl.Execute(out, data); err != nil {
		return "", fmt.Errorf("render text: %w", err)
	}
	return out.b.String(), nil
}

// capped is a writer that stops at the largest output of a text.
type capped struct{ b strings.Builder }

// Write implements io.Writer.
func (c *capped) Write(p []byte) (int, error) {
	if c.b.Len()+len(p) > maxOutputBytes {
		return 0, errTooLong
	}
	return c.b.Write(p)
}

func wordingFuncs() texttemplate.FuncMap {
	return texttemplate.FuncMap{
		"default": func(fallback, v any) any {
			if isEmpty(v) {
				return fallback
			}
			return v
		},
		"join":    joinWords,
		"working": workingWords,
		"date":    dateToken,
		"link":    linkToken,
		"mention": func(name string) string { return token('m', name, "") },
	}
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case []string:
		return len(v) == 0
	case time.Time:
		return v.IsZero()
	case time.Duration:
		return v == 0
	}
	return false
}

func joinWords(sep string, v any) (string, error) {
	switch v := v.(type) {
	case []string:
		return strings.Join(v, sep), nil
	case string:
		return v, nil
	}
	return "", errors.New("join needs a list")
}

// workingWords says a working time in words: "6 working hours", "45 working minutes".
func workingWords(v any) (string, error) {
	d, ok := v.(time.Duration)
	if !ok {
		return "", errors.New("working needs a length of time, such as .waited")
	}
	return hoursWords(d), nil
}

func hoursWords(d time.Duration) string {
	minutes := int(d.Round(time.Minute).Minutes())
	if minutes < 60 {
		return fmt.Sprintf("%d working minute%s", minutes, plural(minutes))
	}
	tenths := int(d.Round(6*time.Minute).Minutes()) / 6
	if tenths%10 == 0 {
		return fmt.Sprintf("%d working hour%s", tenths/10, plural(tenths/10))
	}
	return fmt.Sprintf("%d.%d working hours", tenths/10, tenths%10)
}
