package text

import (
	"slices"
	"strings"
	"unicode"
)

// Normal returns the one form of a document to which all that look the same come: texts side by side are one text, empty
// nodes are gone, no line begins or ends with blanks, emphasis nests in one order and never reaches over a line break,
// emoji are nodes, and lists and quotes that follow one another are one. Two documents mean the same when their normal
// forms are equal; what a printer writes, its parser reads back as the normal form.
func (d Doc) Normal() Doc { return normalBlocks(d, 0) }

// deepest bounds how far blocks nest: what lies deeper comes up.
const deepest = 32

func normalBlocks(nodes []Node, depth int) Doc {
	var doc Doc
	var loose []Node // inline nodes where a block should be
	flush := func() {
		doc = appendBlocks(doc, normalParagraphs(loose)...)
		loose = nil
	}
	for _, n := range nodes {
		if !isBlock(n.Kind) {
			loose = append(loose, n)
			continue
		}
		flush()
		doc = appendBlocks(doc, normalBlock(n, depth)...)
	}
	flush()
	return doc
}

func isBlock(k Kind) bool {
	switch k {
	case Paragraph, Heading, Bullets, Numbers, Item, Quote, CodeBlock, Rule:
		return true
	}
	return false
}

func normalBlock(n Node, depth int) Doc {
	if depth == deepest && n.Kind != CodeBlock && n.Kind != Rule {
		return normalParagraphs(n.Kids)
	}
	switch n.Kind {
	case Heading:
		line := inlineNodes(flattenRuns(n.Kids, oneLine))
		if len(line) == 0 {
			return nil
		}
		return Doc{{Kind: Heading, Level: min(max(n.Level, 1), 6), Kids: line}}
	case Bullets, Numbers:
		return normalList(n, depth)
	case Item:
		return normalBlocks(n.Kids, depth+1)
	case Quote:
		kids := normalBlocks(n.Kids, depth+1)
		if len(kids) == 0 {
			return nil
		}
		return Doc{{Kind: Quote, Kids: kids}}
	case CodeBlock:
		return normalCode(n)
	case Rule:
		return Doc{{Kind: Rule}}
	}
	return normalParagraphs(n.Kids)
}

func normalCode(n Node) Doc {
	code := strings.Trim(Clean(strings.ToValidUTF8(strings.ReplaceAll(n.Text, "\r\n", "\n"), "\uFFFD")), "\n")
	if strings.TrimSpace(code) == "" {
		return nil
	}
	return Doc{{Kind: CodeBlock, Text: code, Ref: Language(n.Ref)}}
}

// Language returns the name of a code block's language in the form that every markup takes, "" for none.
func Language(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) > 30 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789+#.-_") != "" {
		return ""
	}
	return s
}

func normalList(n Node, depth int) Doc {
	list := Node{Kind: n.Kind}
	if n.Kind == Numbers && n.Level > 1 {
		list.Level = n.Level
	}
	for _, item := range n.Kids {
		if item.Kind != Item {
			item = Node{Kind: Item, Kids: []Node{item}}
		}
		if kids := normalBlocks(item.Kids, depth+1); len(kids) > 0 {
			list.Kids = append(list.Kids, Node{Kind: Item, Kids: kids})
		}
	}
	if len(list.Kids) == 0 {
		return nil
	}
	return Doc{list}
}

// appendBlocks joins lists and quotes that follow one another.
func appendBlocks(doc Doc, more ...Node) Doc {
	for _, n := range more {
		last := len(doc) - 1
		if last < 0 || !continues(doc[last], n) {
			doc = append(doc, n)
			continue
		}
		kids := slices.Clone(doc[last].Kids)
		if n.Kind == Quote {
			doc[last].Kids = appendBlocks(kids, n.Kids...)
		} else {
			doc[last].Kids = append(kids, n.Kids...)
		}
	}
	return doc
}

// continues reports whether b goes on with what a began.
func continues(a, b Node) bool {
	switch {
	case a.Kind != b.Kind:
		return false
	case b.Kind == Numbers:
		return b.Level == max(a.Level, 1)+len(a.Kids)
	}
	return b.Kind == Bullets || b.Kind == Quote
}

// normalParagraphs makes paragraphs of inline nodes; two line breaks part them.
func normalParagraphs(nodes []Node) Doc {
	var doc Doc
	for _, runs := range splitRuns(flattenRuns(nodes, 0)) {
		if kids := inlineNodes(runs); len(kids) > 0 {
			doc = append(doc, P(kids...))
		}
	}
	return doc
}

// splitRuns parts runs at double line breaks.
func splitRuns(runs []run) [][]run {
	var parts [][]run
	from, breaks := 0, 0
	for i, r := range runs {
		switch {
		case r.node.Kind == Break:
			breaks++
			continue
		case r.blank():
			continue
		case breaks > 1:
			parts = append(parts, runs[from:i])
			from = i
		}
		breaks = 0
	}
	return append(parts, runs[from:])
}

// inlineNodes builds the tree of one paragraph.
func inlineNodes(runs []run) []Node { return nest(mergeRuns(trimLines(runs)), inOrder()) }

// cleanText is text as the tree keeps it: valid, visible, without tabs.
func cleanText(s string) string {
	s = Clean(strings.ToValidUTF8(s, "\uFFFD"))
	if !strings.ContainsAny(s, "\t\u2028\u2029") {
		return s
	}
	return strings.NewReplacer("\t", " ", "\u2028", " ", "\u2029", " ").Replace(s)
}

// wordy reports whether r is part of a word: letters with what stands above and below them, but not what shapes emoji.
func wordy(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) && !joinsEmoji(r)
}

func isMark(r rune) bool { return unicode.IsMark(r) }

func lower(r rune) rune { return unicode.ToLower(r) }
