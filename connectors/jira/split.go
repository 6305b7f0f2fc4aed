package jira

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"signoff/internal/text"
)

// room is what a part of a long comment may hold: the rest is for its number and its mark.
const room = longestText - 200

// bodies prints words as comments that Jira takes: one, or as many as are needed.
func (c *Connector) bodies(d text.Doc) []string {
	parts := split(d, room)
	out := make([]string, 0, len(parts))
	for i, part := range parts {
		body := c.wiki(part)
		if len(parts) > 1 {
			body += fmt.Sprintf("\n\n_(%d of %d)_", i+1, len(parts))
		}
		out = append(out, body)
	}
	return out
}

// split parts a document so that each part, printed, holds at most limit units. Nothing is left out.
func split(d text.Doc, limit int) []text.Doc {
	if units(wiki(d)) <= limit {
		return []text.Doc{d}
	}
	var parts []text.Doc
	var part text.Doc
	held := 0
	for _, block := range d {
		for _, piece := range cutBlock(block, limit) {
			size := units(wiki(text.Doc{piece})) + len("\n\n")
			if len(part) > 0 && held+size > limit {
				parts, part, held = append(parts, part), nil, 0
			}
			part, held = append(part, piece), held+size
		}
	}
	if len(part) > 0 || len(parts) == 0 {
		parts = append(parts, part)
	}
	return parts
}

func units(s string) int { return len(utf16.Encode([]rune(s))) }

// cutBlock parts one block that is too long by itself.
func cutBlock(n text.Node, limit int) []text.Node {
	if units(wiki(text.Doc{n})) <= limit {
		return []text.Node{n}
	}
	switch n.Kind {
	case text.CodeBlock:
		return cutText(n, limit/2, "\n")
	case text.Bullets, text.Numbers, text.Item, text.Quote:
		var out []text.Node
		for _, kids := range split(n.Kids, limit*3/4) {
			one := n
			one.Kids = kids
			out = append(out, one)
		}
		return out
	}
	var out []text.Node
	var kids []text.Node
	held := 0
	flush := func() {
		if len(kids) > 0 {
			out, kids, held = append(out, text.Node{Kind: text.Paragraph, Kids: kids}), nil, 0
		}
	}
	for _, kid := range n.Kids {
		for _, piece := range cutInline(kid, limit/4) {
			size := units(inline([]text.Node{piece})) + len(" ")
			if held+size > limit {
				flush()
			}
			kids, held = append(kids, piece), held+size
		}
	}
	flush()
	return out
}

// cutInline parts one inline node. Escaping can double what is printed, so pieces are small.
func cutInline(n text.Node, limit int) []text.Node {
	switch {
	case units(inline([]text.Node{n})) <= limit:
		return []text.Node{n}
	case n.Text != "":
		return cutText(n, limit/2, " ")
	case len(n.Kids) == 0:
		return []text.Node{n}
	}
	var out []text.Node
	for _, kid := range n.Kids {
		for _, piece := range cutInline(kid, limit) {
			one := n
			one.Kids = []text.Node{piece}
			out = append(out, one)
		}
	}
	return out
}

// cutText parts the text of a node, after the last separator where there is one.
func cutText(n text.Node, limit int, separator string) []text.Node {
	var out []text.Node
	rest := []rune(n.Text)
	for len(rest) > 0 {
		at := min(limit, len(rest))
		if i := strings.LastIndex(string(rest[:at]), separator); at < len(rest) && i > 0 {
			at = len([]rune(string(rest[:at])[:i])) + 1
		}
		one := n
		one.Text = string(rest[:at])
		out = append(out, one)
		rest = rest[at:]
	}
	return out
}
