package jira

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"signoff/internal/text"
)

// parseWiki reads Jira's wiki markup. Macros, panels and colours are reduced to what they hold, tables to lines, images to
// links; what cannot be read stays as it was written. name tells who an account is: the person in the directory, "" for nobody,
// and how they are shown. The document is in its normal form.
func parseWiki(s string, name func(account string) (person, shown string)) text.Doc {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	if len(s) > longestMarkup {
		return text.Plain(s).Normal()
	}
	return wikiReader{name: name}.blocks(s).Normal()
}

// Bounds of markup: what lies beyond is plain text.
const (
	longestMarkup = 128 << 10 // four times what Jira takes
	markupReach   = 4000
	markupDepth   = 6
)

type wikiReader struct {
	name  func(account string) (person, shown string)
	depth int
}

// blocks parts a text at the macros that hold blocks.
func (r wikiReader) blocks(s string) text.Doc {
	var doc text.Doc
	from := 0 // where the text begins that is not read yet
	unclosed := map[string]bool{}
	for at := 0; at < len(s); {
		m, ok := macroAt(s, at)
		if !ok {
			at++
			continue
		}
		if unclosed[m.name] {
			at += m.size
			continue
		}
		block, size := r.macro(m, s[at:])
		if size == 0 {
			unclosed[m.name] = true
			at += m.size
			continue
		}
		doc = append(doc, r.lines(s[from:at])...)
		doc = append(doc, block...)
		at += size
		from = at
	}
	return append(doc, r.lines(s[from:])...)
}

// macro is what stands between braces: {name:parameters}.
type macro struct {
	name, params string
	size         int
}

// macroAt reads the macro that begins at a place.
func macroAt(s string, at int) (macro, bool) {
	if s[at] != '{' || at > 0 && (s[at-1] == '\\' || s[at-1] == '{') {
		return macro{}, false
	}
	end := strings.IndexAny(s[at+1:min(len(s), at+markupReach)], "{}\n")
	if end < 1 || s[at+1+end] != '}' {
		return macro{}, false
	}
	name, params, _ := strings.Cut(s[at+1:at+1+end], ":")
	if name == "" || strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || !unicode.IsLetter(rune(name[0])) {
		return macro{}, false
	}
	return macro{strings.ToLower(name), params, end + 2}, true
}

// macro reads a macro with what it holds; size is 0 for one that is no block.
func (r wikiReader) macro(m macro, s string) (doc text.Doc, size int) {
	switch m.name {
	case "code", "noformat", "quote":
	case "panel", "expand":
		if title := parameter(m.params, "title"); title != "" {
			doc = text.Doc{text.P(text.B(title))}
		}
		return doc, m.size
	default:
		return nil, 0
	}
	closing := "{" + m.name + "}"
	end := strings.Index(s[m.size:], closing)
	if end < 0 {
		return nil, 0
	}
	inside := s[m.size : m.size+end]
	if m.name != "quote" {
		return text.Doc{{Kind: text.CodeBlock, Ref: codeLanguage(m), Text: inside}}, m.size + end + len(closing)
	}
	return text.Doc{{Kind: text.Quote, Kids: r.blocks(inside)}}, m.size + end + len(closing)
}

// parameter finds name=value among the parameters of a macro.
func parameter(params, name string) string {
	for p := range strings.SplitSeq(params, "|") {
		if key, value, ok := strings.Cut(p, "="); ok && strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// codeLanguage is the language of {code:java|title=x} or {code:title=x|language=java}.
func codeLanguage(m macro) string {
	if language := parameter(m.params, "language"); language != "" {
		return language
	}
	first, _, _ := strings.Cut(m.params, "|")
	if m.name == "noformat" || strings.Contains(first, "=") {
		return ""
	}
	return first
}

// lines reads text without block macros, line by line.
func (r wikiReader) lines(s string) text.Doc {
	var doc text.Doc
	var open []string // lines of the paragraph that is being read
	flush := func() {
		if len(open) > 0 {
			doc = append(doc, text.P(r.inline(strings.Join(open, "\n"))...))
			open = nil
		}
	}
	all := strings.Split(s, "\n")
	for i := 0; i < len(all); i++ {
		line := strings.TrimSpace(all[i])
		if marks, _, ok := listItem(line); ok {
			flush()
			to := i + 1
			for to < len(all) && listGoesOn(all[to]) {
				to++
			}
			doc = append(doc, r.list(all[i:to], len(marks))...)
			i = to - 1
			continue
		}
		if block, ok := r.line(line); ok {
			flush()
			doc = append(doc, block...)
			continue
		}
		open = append(open, line)
	}
	flush()
	return doc
}

// line reads a line that is a block of its own.
func (r wikiReader) line(s string) (text.Doc, bool) {
	low := strings.ToLower(s)
	switch {
	case s == "":
		return nil, true
	case len(s) > 3 && low[0] == 'h' && s[1] >= '1' && s[1] <= '6' && s[2] == '.' && s[3] == ' ':
		return text.Doc{{Kind: text.Heading, Level: int(s[1] - '0'), Kids: r.inline(s[4:])}}, true
	case strings.HasPrefix(low, "bq. "):
		return text.Doc{{Kind: text.Quote, Kids: []text.Node{text.P(r.inline(s[4:])...)}}}, true
	case len(s) >= 4 && strings.Trim(s, "-") == "":
		return text.Doc{{Kind: text.Rule}}, true
	}
	return nil, false
}

// listItem reads the marks at the beginning of an item: "*", "#", "-", or a row of them for a nested one.
func listItem(s string) (marks, rest string, ok bool) {
	n := len(s) - len(strings.TrimLeft(s, "*#-"))
	if n == 0 || n > 20 || n == len(s) || s[n] != ' ' || strings.Contains(s[:n], "--") {
		return "", "", false
	}
	return s[:n], strings.TrimSpace(s[n:]), true
}

// listGoesOn reports whether a line belongs to a list that was begun: an item, or more of one.
func listGoesOn(s string) bool {
	s = strings.TrimSpace(s)
	if _, _, ok := listItem(s); ok {
		return true
	}
	_, ends := wikiReader{}.line(s)
	return !ends && !strings.HasPrefix(s, "|")
}

// list reads lines of a list whose first item has as many marks as level.
func (r wikiReader) list(lines []string, level int) text.Doc {
	var doc text.Doc
	for from := 0; from < len(lines); {
		marks, first, _ := listItem(strings.TrimSpace(lines[from]))
		own := []string{first}
		to := from + 1
		for ; to < len(lines); to++ {
			line := strings.TrimSpace(lines[to])
			if _, _, ok := listItem(line); ok {
				break
			}
			own = append(own, line)
		}
		nested := to
		for to < len(lines) {
			if m, _, ok := listItem(strings.TrimSpace(lines[to])); ok && len(m) <= level {
				break
			}
			to++
		}
		kids := text.Doc{text.P(r.inline(strings.Join(own, "\n"))...)}
		if nested < to {
			m, _, _ := listItem(strings.TrimSpace(lines[nested]))
			kids = append(kids, r.list(lines[nested:to], len(m))...)
		}
		doc = appendItem(doc, listKind(marks), text.Node{Kind: text.Item, Kids: kids})
		from = to
	}
	return doc
}

func listKind(marks string) text.Kind {
	if marks[len(marks)-1] == '#' {
		return text.Numbers
	}
	return text.Bullets
}

func appendItem(doc text.Doc, kind text.Kind, item text.Node) text.Doc {
	if last := len(doc) - 1; last >= 0 && doc[last].Kind == kind {
		doc[last].Kids = append(doc[last].Kids, item)
		return doc
	}
	return append(doc, text.Node{Kind: kind, Kids: []text.Node{item}})
}

// inline reads the marks within a paragraph. The rows of a table are lines.
func (r wikiReader) inline(s string) []text.Node {
	w := wikiInline{wikiReader: r, s: s, before: ' '}
	for w.at < len(s) {
		w.step()
	}
	w.flush()
	return w.nodes
}

// wikiInline is a paragraph that is being read.
type wikiInline struct {
	wikiReader
	s      string
	at     int
	before rune // the character before at
	nodes  []text.Node
	plain  strings.Builder
	none   map[string]int // how far there is no end of a mark
}

// flush ends the text that was begun, in which emoji may be named.
func (w *wikiInline) flush() {
	w.nodes = append(w.nodes, text.EmojiNames(w.plain.String())...)
	w.plain.Reset()
}

// add puts in what was read of size bytes.
func (w *wikiInline) add(size int, nodes ...text.Node) {
	w.flush()
	w.nodes = append(w.nodes, nodes...)
	w.at += size
	w.before, _ = utf8.DecodeLastRuneInString(w.s[:w.at])
}

// literal puts in a text that is no markup and names nothing.
func (w *wikiInline) literal(size int, s string) { w.add(size, text.T(s)) }

// step reads one piece.
func (w *wikiInline) step() {
	rest := w.s[w.at:]
	if name, size := emoticon(rest, w.before); size > 0 {
		w.add(size, text.E(name))
		return
	}
	done := false
	switch rest[0] {
	case '\n':
		w.add(1, text.Node{Kind: text.Break})
		done = true
	case '\\':
		done = w.backslash(rest)
	case '&':
		done = w.entity(rest)
	case '{':
		done = w.brace(rest)
	case '[':
		done = w.bracket(rest)
	case '!':
		done = w.image(rest)
	case '|':
		done = w.cell(rest)
	case '*', '_', '-', '+', '^', '~', '?':
		done = w.mark(rest)
	case 'h':
		done = w.address(rest)
	}
	if done {
		return
	}
	c, n := utf8.DecodeRuneInString(rest)
	w.plain.WriteString(rest[:n])
	w.before = c
	w.at += n
}

const escapable = "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"

// backslash reads a line break or an escaped character.
func (w *wikiInline) backslash(rest string) bool {
	switch {
	case strings.HasPrefix(rest, "\\\\\n"):
		w.add(3, text.Node{Kind: text.Break})
	case strings.HasPrefix(rest, `\\`):
		w.add(2, text.Node{Kind: text.Break})
	case len(rest) > 1 && strings.IndexByte(escapable, rest[1]) >= 0:
		w.literal(2, rest[1:2])
	default:
		return false
	}
	return true
}

func (w *wikiInline) entity(rest string) bool {
	if !entityLike(rest) {
		return false
	}
	end := strings.IndexByte(rest, ';')
	char := html.UnescapeString(rest[:end+1])
	if char == rest[:end+1] || char == "\n" {
		return false
	}
	w.literal(end+1, char)
	return true
}

// brace reads {{code}}, {*}marks that hold within words{*}, and takes out macros.
func (w *wikiInline) brace(rest string) bool {
	if strings.HasPrefix(rest, "{{") {
		return w.code(rest)
	}
	if len(rest) > 2 && rest[2] == '}' && markKinds[rest[1:2]] != "" {
		return w.marked(rest, rest[:3], rest[1:2], w.ends(rest, rest[:3], 3))
	}
	m, ok := macroAt(rest, 0)
	if ok {
		w.add(m.size)
	}
	return ok
}

func (w *wikiInline) code(rest string) bool {
	limit := min(len(rest), markupReach)
	for i := 2; i+1 < limit && rest[i] != '\n'; i++ {
		if rest[i] == '\\' {
			i++
			continue
		}
		if rest[i] == '}' && rest[i+1] == '}' && i > 2 {
			w.add(i+2, text.Node{Kind: text.Code, Text: text.Doc{text.P(wikiReader{}.unescaped(rest[2:i])...)}.String()})
			return true
		}
	}
	return false
}

// unescaped undoes escapes and reads nothing else.
func (r wikiReader) unescaped(s string) []text.Node {
	w := wikiInline{wikiReader: r, s: s}
	for w.at < len(s) {
		if s[w.at] == '\\' && w.backslash(s[w.at:]) || s[w.at] == '&' && w.entity(s[w.at:]) {
			continue
		}
		w.plain.WriteByte(s[w.at])
		w.at++
		if next := w.at; next == len(s) || s[next] == '\\' || s[next] == '&' {
			w.nodes = append(w.nodes, text.T(w.plain.String()))
			w.plain.Reset()
		}
	}
	return w.nodes
}

// cell reads the border of a table's cell: a blank within a line, nothing at its ends.
func (w *wikiInline) cell(rest string) bool {
	n := len(rest) - len(strings.TrimLeft(rest, "|"))
	if w.before == '\n' || w.at == 0 || n == len(rest) || rest[n] == '\n' {
		w.add(n)
		return true
	}
	w.add(n, text.T(" | "))
	return true
}
