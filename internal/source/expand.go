package source

import (
	"regexp"
	"strings"
)

// Env is where Expand finds values.
type Env struct {
	Lookup   func(name string) (string, bool) // an environment variable
	ReadFile func(path string) ([]byte, error)
}

// Expand fills ${NAME}, ${NAME:-default} and ${file:/path} into the scalars below n, and turns $$ into a dollar sign.
// It works on values after parsing, so that what is filled in cannot change the structure. A NAME that is not set
// is read from the file that NAME_FILE names. Files lose one line end.
//
// What is not found is a problem of the given level, which names the key but never a value; the node is then Unset.
func Expand(n *Node, env Env, missing Level) Problems {
	e := expander{env: env, level: missing}
	e.walk(n)
	return e.problems
}

type expander struct {
	env      Env
	level    Level
	problems Problems
	node     *Node
}

func (e *expander) walk(n *Node) {
	switch n.Kind() {
	case Scalar:
		e.scalar(n)
	case Map:
		for _, value := range n.Pairs() {
			e.walk(value)
		}
	case List:
		for item := range n.Items() {
			e.walk(item)
		}
	}
}

// reference finds $$, a closed ${…}, or a ${ that is not closed.
var reference = regexp.MustCompile(`\$\$|\$\{[^}]*\}|\$\{`)

var (
	variable = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)(?:(:-)(.*))?$`)
	inPath   = regexp.MustCompile(`\$[A-Za-z_][A-Za-z0-9_]*`)
)

func (e *expander) scalar(n *Node) {
	if !strings.Contains(n.value, "$") || n.expanded {
		return
	}
	e.node = n
	text := reference.ReplaceAllStringFunc(n.value, e.replace)
	if text != n.value || n.unset {
		n.written, n.value, n.expanded = n.value, text, true
	}
}

func (e *expander) replace(ref string) string {
	switch {
	case ref == "$$":
		return "$"
	case ref == "${":
		return e.malformed("${ is not closed", "add the closing }")
	}
	inner := ref[2 : len(ref)-1]
	if path, ok := strings.CutPrefix(inner, "file:"); ok {
		return e.file(path)
	}
	parts := variable.FindStringSubmatch(inner)
	if parts == nil {
		return e.malformed("${…} does not hold a name", "write ${NAME}, ${NAME:-default} or ${file:/path}; $$ is a dollar sign")
	}
	return e.variable(parts[1], parts[2] != "", parts[3])
}

func (e *expander) variable(name string, hasDefault bool, fallback string) string {
	value, set := e.env.Lookup(name)
	if set && (value != "" || !hasDefault) {
		return value
	}
	if path, ok := e.env.Lookup(name + "_FILE"); !set && ok && path != "" {
		return e.read(path, name+"_FILE names a file that cannot be read")
	}
	if hasDefault {
		return fallback
	}
	return e.missing("the environment variable " + name + " is not set")
}

func (e *expander) file(path string) string {
	failed := ""
	path = inPath.ReplaceAllStringFunc(path, func(ref string) string {
		value, ok := e.env.Lookup(ref[1:])
		if !ok {
			failed = ref[1:]
		}
		return value
	})
	switch {
	case failed != "":
		return e.missing("the environment variable " + failed + " is not set")
	case path == "":
		return e.malformed("${file:} does not name a file", "write ${file:/path}")
	}
	return e.read(path, "the file "+path+" cannot be read")
}

func (e *expander) read(path, failure string) string {
	data, err := e.env.ReadFile(path)
	if err != nil {
		return e.missing(failure)
	}
	text, cut := strings.CutSuffix(string(data), "\n")
	if cut {
		text = strings.TrimSuffix(text, "\r")
	}
	return text
}

func (e *expander) missing(what string) string {
	e.report(e.level, CodeUnset, what)
	return ""
}

func (e *expander) malformed(what, hint string) string {
	e.report(Error, CodeExpand, what)
	e.problems.Hint("%s", hint)
	return ""
}

func (e *expander) report(level Level, code, what string) {
	e.node.unset = true
	if e.node.name != "" {
		what = e.node.name + ": " + what
	}
	e.problems.Add(Problem{Pos: e.node.pos, Level: level, Code: code, Message: what})
}
