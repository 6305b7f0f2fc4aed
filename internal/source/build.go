package source

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// A builder turns the library's nodes into ours and reports what our files leave out.
type builder struct {
	file     *File
	problems *Problems
	refused  int
}

// mostRefused is how many anchors, aliases and tags are reported: a file full of them is one mistake, not hundreds.
const mostRefused = 3

func (b *builder) node(y *yaml.Node, name string, depth int) *Node {
	n := &Node{file: b.file, name: name, pos: b.file.clamp(y.Line, y.Column), style: styleOf(y)}
	if depth > maxDepth {
		b.problems.Errorf(n.pos, CodeDepth, "this is nested too deep")
		n.kind, n.tag, n.unset = Scalar, "null", true
		return n
	}
	b.refuse(y, n)
	switch y.Kind {
	case yaml.MappingNode:
		n.kind = Map
		n.children = b.pairs(y, depth)
		if n.style != flow && len(n.children) > 0 {
			n.pos.Len = n.children[0].pos.Len
		}
	case yaml.SequenceNode:
		n.kind = List
		for _, y := range y.Content {
			item := b.node(y, name, depth+1)
			item.item = true
			n.children = append(n.children, item)
		}
	case yaml.ScalarNode:
		n.kind, n.value, n.tag = Scalar, y.Value, strings.TrimPrefix(y.ShortTag(), "!!")
		n.pos.Len = b.width(n)
	default: // an alias, already reported
		n.kind, n.tag, n.unset = Scalar, "null", true
	}
	return n
}

func styleOf(y *yaml.Node) style {
	switch {
	case y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		return quoted
	case y.Style&yaml.LiteralStyle != 0:
		return literal
	case y.Style&yaml.FoldedStyle != 0:
		return folded
	case y.Style&yaml.FlowStyle != 0:
		return flow
	}
	return plain
}

// refuse reports anchors, aliases, merges and tags: the language does without, and they are the usual way to write a
// small file that becomes huge.
func (b *builder) refuse(y *yaml.Node, n *Node) {
	code, what := CodeAlias, ""
	switch {
	case y.Kind == yaml.AliasNode:
		what = "a value cannot start with *: aliases are not used in these files"
	case y.Anchor != "":
		what = "a value cannot start with &: anchors are not used in these files"
	case y.Style&yaml.TaggedStyle != 0:
		code, what = CodeTag, "a value cannot start with !: tags are not used in these files"
	}
	if what == "" || b.refused == mostRefused {
		return
	}
	b.refused++
	b.problems.Errorf(n.pos, code, "%s", what)
	b.problems.Hint("write the value out, or put it in quotes if the sign is meant")
}

func (b *builder) pairs(y *yaml.Node, depth int) []*Node {
	var out []*Node
	first := map[string]Pos{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := b.node(y.Content[i], "", depth+1)
		value := b.node(y.Content[i+1], key.value, depth+1)
		b.fitValue(key, value)
		switch earlier, twice := first[key.value]; {
		case key.kind != Scalar:
			b.problems.Errorf(key.pos, CodeType, "a key must be a word, not %s", describe(key))
			continue
		case key.value == "<<" && key.style == plain:
			b.problems.Errorf(key.pos, CodeAlias, "<< is not used in these files")
			b.problems.Hint("write the keys out")
			continue
		case twice:
			b.problems.Errorf(key.pos, CodeDuplicate, "%s is written twice (first in line %d)", strconv.Quote(key.value), earlier.Line)
			b.problems.Hint("keep one of them")
			continue
		}
		first[key.value] = key.pos
		out = append(out, key, value)
	}
	return out
}

// fitValue lets an absent value be shown at its key: a caret after the colon would point at nothing.
func (b *builder) fitValue(key, value *Node) {
	if value.IsNull() && value.value == "" {
		value.pos = key.pos
	}
}

// width returns how many characters a scalar takes on its first line.
func (b *builder) width(n *Node) int {
	rest := strings.TrimRight(after(b.file.line(n.pos.Line), n.pos.Col-1), " \t")
	switch {
	case n.value == "" && n.style == plain:
		return 1
	case n.style == plain && strings.HasPrefix(rest, n.value):
		return utf8.RuneCountInString(n.value)
	case n.style == quoted:
		return quotedWidth(rest)
	case n.style == literal || n.style == folded:
		return 1
	}
	return max(utf8.RuneCountInString(rest), 1)
}

func quotedWidth(rest string) int {
	runes := []rune(rest)
	for i := 1; i < len(runes); i++ {
		switch {
		case runes[0] == '"' && runes[i] == '\\':
			i++
		case runes[i] != runes[0]:
		case runes[0] == '\'' && i+1 < len(runes) && runes[i+1] == '\'':
			i++
		default:
			return i + 1
		}
	}
	return max(len(runes), 1)
}
