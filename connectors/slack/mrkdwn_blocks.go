package slack

import (
	"strings"

	"signoff/internal/text"
)

// blocks parts a text into blocks at code fences, blank lines, quotes and lists.
func (r reader) blocks(s string) text.Doc {
	var doc text.Doc
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\x00", "")
	for s != "" {
		before, code, after, ok := fence(s)
		doc = append(doc, r.lines(before)...)
		if !ok {
			break
		}
		doc = append(doc, r.code(code))
		s = after
	}
	return doc
}

// fence finds the first code fence that is closed.
func fence(s string) (before, code, after string, ok bool) {
	before, rest, ok := strings.Cut(s, "```")
	if !ok {
		return s, "", "", false
	}
	code, after, ok = strings.Cut(rest, "```")
	if !ok || strings.TrimSpace(code) == "" {
		return s, "", "", false
	}
	return before, code, after, true
}

// code reads the inside of a fence. Slack knows no languages, but people who come from Markdown write them: a word for
// one, alone on the first line, is taken as such.
func (r reader) code(code string) text.Node {
	n := text.Node{Kind: text.CodeBlock, Text: r.plain(code)}
	if first, rest, ok := strings.Cut(n.Text, "\n"); ok && strings.TrimSpace(rest) != "" && isLanguage(first) {
		n.Ref, n.Text = text.Language(first), rest
	}
	return n
}

const languages = " bash c c# c++ clojure cpp cs csharp css csv diff dockerfile elixir erlang fsharp go golang graphql groovy haskell hcl html ini java javascript " +
	"js json jsx kotlin latex less lua make makefile markdown md nginx objective-c ocaml perl php powershell proto protobuf puppet py python r rb ruby rust scala scss " +
	"sh shell sql swift terraform tex toml ts tsx typescript vb xml yaml yml zig "

func isLanguage(s string) bool { return strings.Contains(languages, " "+s+" ") }

// lineKind says what a line begins.
type lineKind int

const (
	lineText lineKind = iota
	lineBlank
	lineQuote
	lineBullet
	lineNumber
	lineRule
)

// row is one line with what it begins taken off.
type row struct {
	kind   lineKind
	rest   string
	number int
	indent int
}

// lines groups lines of one kind into blocks.
func (r reader) lines(s string) text.Doc {
	var doc text.Doc
	var all []row
	for l := range strings.SplitSeq(s, "\n") {
		all = append(all, r.row(l))
	}
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && joins(all[from].kind, all[to]) {
			to++
		}
		doc = append(doc, r.group(all[from:to])...)
		from = to
	}
	return doc
}

// joins reports whether a line goes on with a block of a kind.
func joins(kind lineKind, l row) bool {
	switch kind {
	case lineBullet, lineNumber:
		return l.kind == lineBullet || l.kind == lineNumber || l.kind == lineText && l.indent > 1
	}
	return l.kind == kind
}

// row reads the mark at the beginning of a line.
func (r reader) row(s string) row {
	trimmed := strings.TrimLeft(s, " \t")
	indent := len(strings.ReplaceAll(s[:len(s)-len(trimmed)], "\t", "    "))
	switch {
	case trimmed == "":
		return row{kind: lineBlank}
	case r.unquoted(trimmed) != trimmed:
		return row{kind: lineQuote, rest: r.unquoted(trimmed)}
	case len(trimmed) >= len("———") && strings.Trim(trimmed, "—") == "":
		return row{kind: lineRule}
	}
	for _, mark := range []string{"• ", "- ", "* ", "◦ ", "– ", "▪︎ ", "▪ ", "‣ ", "⁃ "} {
		if rest, ok := strings.CutPrefix(trimmed, mark); ok {
			return row{lineBullet, rest, 0, indent}
		}
	}
	if number, rest, ok := ordinal(trimmed); ok {
		return row{lineNumber, rest, number, indent}
	}
	return row{lineText, s, 0, indent}
}

// ordinal reads "12. " or "12) ".
func ordinal(s string) (number int, rest string, ok bool) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits == 0 || digits > 3 || len(s) < digits+2 || s[digits] != '.' && s[digits] != ')' || s[digits+1] != ' ' {
		return 0, "", false
	}
	for _, d := range s[:digits] {
		number = number*10 + int(d-'0')
	}
	return number, s[digits+2:], true
}

// unquoted takes the quote marks off a line; Slack knows one level only.
func (r reader) unquoted(s string) string {
	for {
		rest, ok := strings.CutPrefix(s, ">")
		if !ok && r.entities {
			rest, ok = strings.CutPrefix(s, "&gt;")
		}
		if !ok {
			return s
		}
		s = strings.TrimPrefix(rest, " ")
	}
}

func (r reader) group(lines []row) text.Doc {
	switch lines[0].kind {
	case lineBlank:
		return nil
	case lineRule:
		return text.Doc{{Kind: text.Rule}}
	case lineQuote:
		var inner []string
		for _, l := range lines {
			inner = append(inner, l.rest)
		}
		return text.Doc{{Kind: text.Quote, Kids: r.lines(strings.Join(inner, "\n"))}}
	case lineBullet, lineNumber:
		return r.lists(lines)
	}
	return text.Doc{text.P(r.inlineLines(lines)...)}
}

// inlineLines reads lines of one paragraph.
func (r reader) inlineLines(lines []row) []text.Node {
	var kids []text.Node
	for i, l := range lines {
		if i > 0 {
			kids = append(kids, text.Node{Kind: text.Break})
		}
		kids = append(kids, r.inline(strings.TrimSpace(l.rest))...)
	}
	return kids
}

// lists reads lines of lists: what is indented further than the first belongs to the item before it.
func (r reader) lists(lines []row) text.Doc {
	var doc text.Doc
	base := lines[0].indent
	for from := 0; from < len(lines); {
		to := from + 1
		for to < len(lines) && (lines[to].kind == lineText || lines[to].indent > base+1) {
			to++
		}
		item := r.item(lines[from:to])
		kind, first := text.Bullets, 0
		if lines[from].kind == lineNumber {
			kind, first = text.Numbers, lines[from].number
		}
		if last := len(doc) - 1; last >= 0 && doc[last].Kind == kind {
			doc[last].Kids = append(doc[last].Kids, item)
		} else {
			doc = append(doc, text.Node{Kind: kind, Level: first, Kids: []text.Node{item}})
		}
		from = to
	}
	return doc
}

// item reads one item: its own lines, and the lists within it.
func (r reader) item(lines []row) text.Node {
	own := 1
	for own < len(lines) && lines[own].kind == lineText {
		own++
	}
	kids := text.Doc{text.P(r.inlineLines(lines[:own])...)}
	if own < len(lines) {
		kids = append(kids, r.lists(lines[own:])...)
	}
	return text.Node{Kind: text.Item, Kids: kids}
}
