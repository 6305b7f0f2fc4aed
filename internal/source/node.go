package source

import (
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// Kind is the form of a node.
type Kind int

// A nil *Node is Missing: something that is not in the file.
const (
	Missing Kind = iota
	Scalar
	Map
	List
)

// Node is one value of a file, or a key of a map. All methods accept a nil receiver, so that a chain like
// root.Key("a").Key("b").Value() needs no checks.
type Node struct {
	file     *File
	kind     Kind
	value    string
	tag      string // of a scalar, as YAML resolves it: str, int, float, bool, null, timestamp
	style    style
	pos      Pos
	name     string  // the key under which it stands
	item     bool    // of a list
	children []*Node // of a map: key, value, key, value
	written  string  // the text before Expand, where that changed it
	expanded bool
	unset    bool
}

type style int

const (
	plain style = iota
	quoted
	literal // |
	folded  // >
	flow
)

// Kind returns the form of the node.
func (n *Node) Kind() Kind {
	if n == nil {
		return Missing
	}
	return n.kind
}

// Value returns the text of a scalar, without quotes.
func (n *Node) Value() string {
	if n == nil {
		return ""
	}
	return n.value
}

// Shown returns the text as it stands in the file. Use it in messages: unlike Value it never holds a secret that Expand filled in.
func (n *Node) Shown() string {
	if n == nil {
		return ""
	}
	if n.expanded {
		return n.written
	}
	return n.value
}

// Pos returns the place of the node.
func (n *Node) Pos() Pos {
	if n == nil {
		return Pos{}
	}
	return n.pos
}

// Name returns the key under which the node stands; an item of a list has the name of its list.
func (n *Node) Name() string {
	if n == nil {
		return ""
	}
	return n.name
}

// IsNull reports whether nothing was written after the key, or null.
func (n *Node) IsNull() bool { return n.Kind() == Scalar && n.tag == "null" && !n.expanded && !n.unset }

// IsString reports whether the scalar is text for YAML: in quotes, or not readable as anything else.
func (n *Node) IsString() bool { return n.Kind() == Scalar && n.tag == "str" }

// Quoted reports whether the scalar was written in quotes or as a block.
func (n *Node) Quoted() bool { return n.Kind() == Scalar && n.style != plain }

// Unset reports that the value cannot be used and that this has been reported: an alias, or a variable or file that
// Expand did not find.
func (n *Node) Unset() bool { return n != nil && n.unset }

// Len returns the number of items of a list or of keys of a map.
func (n *Node) Len() int {
	switch n.Kind() {
	case Map:
		return len(n.children) / 2
	case List:
		return len(n.children)
	default:
		return 0
	}
}

// Key returns the value under a key of a map, nil when there is none.
func (n *Node) Key(name string) *Node {
	for key, value := range n.Pairs() {
		if key.value == name {
			return value
		}
	}
	return nil
}

// KeyNode returns the key itself, to point at it; nil when there is none.
func (n *Node) KeyNode(name string) *Node {
	for key := range n.Pairs() {
		if key.value == name {
			return key
		}
	}
	return nil
}

// Pairs yields the keys and values of a map in the order of the file, and nothing for other nodes.
func (n *Node) Pairs() iter.Seq2[*Node, *Node] {
	return func(yield func(*Node, *Node) bool) {
		if n.Kind() != Map {
			return
		}
		for pair := range slices.Chunk(n.children, 2) {
			if !yield(pair[0], pair[1]) {
				return
			}
		}
	}
}

// Items yields the items of a list in order, and nothing for other nodes.
func (n *Node) Items() iter.Seq[*Node] {
	if n.Kind() != List {
		return func(func(*Node) bool) {}
	}
	return slices.Values(n.children)
}

// At returns the place of a part of a scalar's text: length characters from the offset-th. Where the text cannot be
// followed back into the file (escapes, folded blocks) it is the place of the whole.
func (n *Node) At(offset, length int) Pos {
	if n.Kind() != Scalar || n.expanded || offset < 0 || offset > utf8.RuneCountInString(n.value) {
		return n.Pos()
	}
	part := n.pos
	part.Len = max(length, 1)
	switch n.style {
	case literal:
		return n.inBlock(part, offset)
	case quoted:
		part.Col++
	}
	if !strings.HasPrefix(after(n.file.line(part.Line), part.Col-1), n.value) {
		return n.pos
	}
	part.Col += offset
	return part
}

// inBlock counts lines below a | sign; its lines stand as they are, after the block's indentation.
func (n *Node) inBlock(part Pos, offset int) Pos {
	before := string([]rune(n.value)[:offset])
	row := strings.Count(before, "\n")
	lines := strings.Split(n.value, "\n")
	part.Line = n.pos.Line + 1 + row
	at := strings.Index(n.file.line(part.Line), lines[row])
	if at < 0 || lines[row] == "" {
		return n.pos
	}
	indent := utf8.RuneCountInString(n.file.line(part.Line)[:at])
	part.Col = indent + 1 + utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:])
	return part
}

// after drops the first n characters.
func after(s string, n int) string {
	for ; n > 0 && s != ""; n-- {
		_, size := utf8.DecodeRuneInString(s)
		s = s[size:]
	}
	return s
}

// Without returns a map without some of its keys, for a reader that does not know them.
func (n *Node) Without(keys ...string) *Node {
	if n.Kind() != Map {
		return n
	}
	rest := *n
	rest.children = nil
	for key, value := range n.Pairs() {
		if !slices.Contains(keys, key.value) {
			rest.children = append(rest.children, key, value)
		}
	}
	return &rest
}
