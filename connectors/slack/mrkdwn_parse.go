package slack

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"signoff/internal/text"
)

// parseMrkdwn reads what Slack sends as the text of a message: entities in angle brackets, three escapes, and a few
// marks. Inside code nothing is read. name gives an account its name, "" where it is not known.
func parseMrkdwn(s string, name func(id string) string) text.Doc {
	return reader{entities: true, name: name}.blocks(s)
}

// typed reads what a person typed into an input: marks count, angle brackets are themselves.
func typed(s string) text.Doc { return reader{}.blocks(s) }

type reader struct {
	entities bool
	name     func(id string) string
	depth    int // marks around what is being read
}

// Bounds of marks: what lies beyond is plain text.
const (
	markDepth = 6
	markReach = 4000 // bytes between a mark and its end
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
		doc = append(doc, text.Node{Kind: text.CodeBlock, Text: r.plain(strings.Trim(code, "\n"))})
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

// lineKind says what a line begins.
type lineKind int

const (
	lineText lineKind = iota
	lineBlank
	lineQuote
	lineBullet
	lineNumber
)

// lines groups lines of one kind into blocks.
func (r reader) lines(s string) text.Doc {
	var doc text.Doc
	lines := strings.Split(s, "\n")
	for from := 0; from < len(lines); {
		kind, _, _ := r.kindOf(lines[from])
		to := from + 1
		for to < len(lines) {
			next, _, _ := r.kindOf(lines[to])
			if next != kind {
				break
			}
			to++
		}
		doc = append(doc, r.group(kind, lines[from:to])...)
		from = to
	}
	return doc
}

// kindOf reads the mark at the beginning of a line and returns what follows it.
func (r reader) kindOf(line string) (kind lineKind, rest string, number int) {
	trimmed := strings.TrimLeft(line, " \t")
	switch {
	case strings.TrimSpace(line) == "":
		return lineBlank, "", 0
	case r.unquoted(trimmed) != trimmed:
		return lineQuote, r.unquoted(trimmed), 0
	}
	for _, mark := range []string{"• ", "- ", "* ", "◦ ", "– "} {
		if rest, ok := strings.CutPrefix(trimmed, mark); ok {
			return lineBullet, rest, 0
		}
	}
	digits := len(trimmed) - len(strings.TrimLeft(trimmed, "0123456789"))
	if digits > 0 && digits < 4 && len(trimmed) > digits+1 && strings.ContainsRune(".)", rune(trimmed[digits])) && trimmed[digits+1] == ' ' {
		for _, d := range trimmed[:digits] {
			number = number*10 + int(d-'0')
		}
		return lineNumber, trimmed[digits+2:], number
	}
	return lineText, line, 0
}

// unquoted takes the quote marks off a line; Slack knows one level only.
func (r reader) unquoted(line string) string {
	for {
		rest, ok := strings.CutPrefix(line, ">")
		if !ok && r.entities {
			rest, ok = strings.CutPrefix(line, "&gt;")
		}
		if !ok {
			return line
		}
		line = strings.TrimLeft(rest, " ")
	}
}

func (r reader) group(kind lineKind, lines []string) text.Doc {
	switch kind {
	case lineBlank:
		return nil
	case lineQuote:
		var inner []string
		for _, line := range lines {
			_, rest, _ := r.kindOf(line)
			inner = append(inner, rest)
		}
		return text.Doc{{Kind: text.Quote, Kids: r.lines(strings.Join(inner, "\n"))}}
	case lineBullet, lineNumber:
		return text.Doc{r.list(kind, lines)}
	}
	var kids []text.Node
	for i, line := range lines {
		if i > 0 {
			kids = append(kids, text.Node{Kind: text.Break})
		}
		kids = append(kids, r.inline(strings.TrimRight(line, " \t"))...)
	}
	return text.Doc{text.P(kids...)}
}

func (r reader) list(kind lineKind, lines []string) text.Node {
	list := text.Node{Kind: text.Bullets}
	for i, line := range lines {
		_, rest, number := r.kindOf(line)
		if kind == lineNumber && i == 0 {
			list.Kind = text.Numbers
			if number != 1 {
				list.Level = number
			}
		}
		list.Kids = append(list.Kids, text.Node{Kind: text.Item, Kids: []text.Node{text.P(r.inline(rest)...)}})
	}
	return list
}

// inline reads marks and entities within a line.
func (r reader) inline(s string) []text.Node {
	var nodes []text.Node
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			nodes = append(nodes, text.T(r.plain(plain.String())))
			plain.Reset()
		}
	}
	before := ' '
	for s != "" {
		node, size := r.next(s, before)
		if size == 0 {
			c, n := utf8.DecodeRuneInString(s)
			plain.WriteString(s[:n])
			before, s = c, s[n:]
			continue
		}
		flush()
		nodes = append(nodes, node)
		before, _ = utf8.DecodeLastRuneInString(s[:size])
		s = s[size:]
	}
	flush()
	return nodes
}

// next reads one marked piece at the beginning of s; size is 0 when there is none.
func (r reader) next(s string, before rune) (text.Node, int) {
	switch s[0] {
	case '`':
		if end := strings.IndexByte(s[1:], '`'); end > 0 {
			return text.Node{Kind: text.Code, Text: r.plain(s[1 : end+1])}, end + 2
		}
	case '<':
		if end := strings.IndexByte(s, '>'); r.entities && end > 1 && isEntity(s[1:end]) {
			return r.entity(s[1:end]), end + 1
		}
	case '*', '_', '~':
		return r.marked(s, before)
	}
	return text.Node{}, 0
}

// marked reads bold, italic or struck text: the mark stands at a word's beginning, and closes at a word's end.
func (r reader) marked(s string, before rune) (text.Node, int) {
	mark := s[0]
	if r.depth == markDepth || unicode.IsLetter(before) || unicode.IsDigit(before) || len(s) < 3 || s[1] == mark || s[1] == ' ' {
		return text.Node{}, 0
	}
	for i := 2; i < min(len(s), markReach); i++ {
		switch {
		case s[i] == '`':
			return text.Node{}, 0 // code wins over everything around it
		case s[i] != mark || s[i-1] == ' ':
			continue
		}
		if after, _ := utf8.DecodeRuneInString(s[i+1:]); i+1 < len(s) && (unicode.IsLetter(after) || unicode.IsDigit(after)) {
			continue
		}
		inside := r
		inside.depth++
		kind := map[byte]text.Kind{'*': text.Strong, '_': text.Emph, '~': text.Strike}[mark]
		return text.Node{Kind: kind, Kids: inside.inline(s[1:i])}, i + 1
	}
	return text.Node{}, 0
}

// isEntity tells an entity from brackets that somebody forgot to escape.
func isEntity(s string) bool {
	return strings.ContainsRune("@#!", rune(s[0])) || strings.Contains(s, ":") && !strings.ContainsAny(s[:strings.IndexByte(s, ':')], " |\n")
}

// entity reads what stood between angle brackets.
func (r reader) entity(s string) text.Node {
	target, label, _ := strings.Cut(s, "|")
	label = r.plain(label)
	switch {
	case strings.HasPrefix(target, "@"):
		return text.Node{Kind: text.Mention, Text: "@" + firstOf(r.named(target[1:]), strings.TrimPrefix(label, "@"), "somebody")}
	case strings.HasPrefix(target, "#"):
		return text.T("#" + firstOf(strings.TrimPrefix(label, "#"), "a private channel"))
	case strings.HasPrefix(target, "!subteam^"):
		return text.T("@" + firstOf(strings.TrimPrefix(label, "@"), "a group"))
	case strings.HasPrefix(target, "!date^"):
		return text.T(firstOf(label, "a date"))
	case strings.HasPrefix(target, "!"):
		return text.T("@" + firstOf(strings.TrimPrefix(label, "@"), target[1:]))
	}
	href := r.plain(target)
	if mail, ok := strings.CutPrefix(href, "mailto:"); ok && label == "" {
		label = mail
	}
	return text.A(firstOf(label, href), href)
}

func (r reader) named(id string) string {
	if r.name == nil {
		return ""
	}
	return r.name(id)
}

// plain undoes Slack's three escapes.
func (r reader) plain(s string) string {
	if !r.entities {
		return s
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}
