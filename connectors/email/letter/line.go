package letter

import (
	"slices"
	"strings"
	"unicode"

	"signoff/internal/text"
)

const (
	wordsMost = 200 << 10 // bytes of words that are looked at and shown
	linesMost = 10_000
	depthMost = 8    // of quotes and lists in one another; what is deeper stands at this depth
	ruleMost  = 1000 // bytes of a line that the rules see
)

// line is one line of a body as a reader sees it, whether it came from plain text or HTML. Blank lines are only a gap before
// the next. The rules that part new text from old look at lines, and the document is built from them.
type line struct {
	runs  []run
	form  form
	level int  // of a heading
	quote int  // how many quotations it stands in
	gap   bool // a blank line or the end of a block stands before it
	item  bool // begins an item of a list
	lists []list

	attribution bool // the mail program marked it as the line that introduces a quotation
	signature   bool // or as part of the signature
	history     bool // or as the place from which the older mails stand
}

type form uint8

const (
	prose form = iota
	heading
	code
	rule
)

// list is one level of lists that a line stands in.
type list struct {
	numbered bool
	first    int
}

// run is a piece of a line in one style.
type run struct {
	words string
	style style
	href  string
}

type style uint8

const (
	strong style = 1 << iota
	emph
	strike
	mono
)

// words is what a reader sees of the line.
func (l line) words() string {
	if len(l.runs) == 1 {
		return l.runs[0].words
	}
	var b strings.Builder
	for _, r := range l.runs {
		b.WriteString(r.words)
	}
	return b.String()
}

// document builds the tree of some lines, each at least in the given number of quotations.
func document(lines []line) text.Doc {
	lines = slices.DeleteFunc(slices.Clone(lines), func(l line) bool { return l.history })
	thin(lines)
	return text.Doc(quoted(lines, 0)).Clean().Normal()
}

const symbolsMost = 5000 // each is a node of the tree of its own

// thin drops symbols such as emoji where there are more than anybody means.
func thin(lines []line) {
	left := symbolsMost
	drop := func(c rune) rune {
		if c > unicode.MaxLatin1 && unicode.Is(unicode.So, c) {
			if left--; left < 0 {
				return -1
			}
		}
		return c
	}
	for i, l := range lines {
		for j, r := range l.runs {
			if short := strings.Map(drop, r.words); len(short) != len(r.words) {
				lines[i].runs[j].words = short
			}
		}
	}
}

// quoted builds the blocks of lines that stand in depth quotations or more.
func quoted(lines []line, depth int) []text.Node {
	var nodes []text.Node
	for len(lines) > 0 {
		n := 0
		deeper := lines[0].quote > depth
		for n < len(lines) && lines[n].quote > depth == deeper {
			n++
		}
		if deeper {
			nodes = append(nodes, text.Node{Kind: text.Quote, Kids: quoted(lines[:n], depth+1)})
		} else {
			nodes = append(nodes, listed(lines[:n], 0)...)
		}
		lines = lines[n:]
	}
	return nodes
}

// listed builds the blocks of lines that stand in depth lists or more.
func listed(lines []line, depth int) []text.Node {
	var nodes []text.Node
	for len(lines) > 0 {
		n := 1
		if len(lines[0].lists) > depth {
			kind := lines[0].lists[depth]
			for n < len(lines) && len(lines[n].lists) > depth && lines[n].lists[depth] == kind {
				n++
			}
			nodes = append(nodes, items(lines[:n], depth))
		} else {
			for n < len(lines) && len(lines[n].lists) <= depth && joins(lines[n-1], lines[n]) {
				n++
			}
			nodes = append(nodes, block(lines[:n]))
		}
		lines = lines[n:]
	}
	return nodes
}

// items builds one list.
func items(lines []line, depth int) text.Node {
	kind := lines[0].lists[depth]
	node := text.Node{Kind: text.Bullets}
	if kind.numbered {
		node.Kind, node.Level = text.Numbers, kind.first
	}
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && !(lines[n].item && len(lines[n].lists) == depth+1) {
			n++
		}
		node.Kids = append(node.Kids, text.Node{Kind: text.Item, Kids: listed(lines[:n], depth+1)})
		lines = lines[n:]
	}
	return node
}

// joins reports whether two lines are of one block.
func joins(a, b line) bool {
	if a.form != b.form || b.item {
		return false
	}
	switch a.form {
	case prose:
		return !b.gap
	case code:
		return true
	}
	return false
}

// block builds one block of lines that join.
func block(lines []line) text.Node {
	switch lines[0].form {
	case rule:
		return text.Node{Kind: text.Rule}
	case code:
		var b strings.Builder
		for i, l := range lines {
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(l.words())
		}
		return text.Node{Kind: text.CodeBlock, Text: b.String()}
	case heading:
		return text.Node{Kind: text.Heading, Level: lines[0].level, Kids: inlines(lines[0].runs)}
	}
	var kids []text.Node
	for i, l := range lines {
		if i > 0 {
			kids = append(kids, text.Node{Kind: text.Break})
		}
		kids = append(kids, inlines(l.runs)...)
	}
	return text.P(kids...)
}

// inlines builds the nodes of runs; those side by side with one address are one link.
func inlines(runs []run) []text.Node {
	var nodes []text.Node
	for len(runs) > 0 {
		n := 1
		for n < len(runs) && runs[n].href == runs[0].href {
			n++
		}
		var kids []text.Node
		for _, r := range runs[:n] {
			kids = append(kids, styled(r))
		}
		if href := runs[0].href; href != "" {
			kids = []text.Node{{Kind: text.Link, Href: href, Kids: kids}}
		}
		nodes = append(nodes, kids...)
		runs = runs[n:]
	}
	return nodes
}

func styled(r run) text.Node {
	node := text.T(r.words)
	if r.style&mono != 0 {
		node = text.Node{Kind: text.Code, Text: r.words}
	}
	for _, s := range []struct {
		bit  style
		kind text.Kind
	}{{strike, text.Strike}, {emph, text.Emph}, {strong, text.Strong}} {
		if r.style&s.bit != 0 {
			node = text.Node{Kind: s.kind, Kids: []text.Node{node}}
		}
	}
	return node
}
