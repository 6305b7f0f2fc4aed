package text

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Markdown prints the document so that Markdown reads it back in its normal form. Texts are escaped and cannot format. What
// Markdown has no form for is printed as the words that are shown: mentions, conversations, groups and dates.
func (d Doc) Markdown() string {
	return strings.TrimRight(markdownBlocks(d.Normal()), "\n")
}

// markdownBlocks prints blocks with an empty line between them.
func markdownBlocks(nodes []Node) string {
	parts := make([]string, 0, len(nodes))
	other := false // whether the last list bears the other of the two markers
	for i, n := range nodes {
		other = i > 0 && nodes[i-1].Kind == n.Kind && !other
		parts = append(parts, markdownBlock(n, other))
	}
	return strings.Join(parts, "\n\n")
}

// markdownBlock prints one block. Lists that follow one another take turns with two markers, or they would be one.
func markdownBlock(n Node, other bool) string {
	switch n.Kind {
	case Heading:
		return strings.Repeat("#", n.Level) + " " + headingLine(markdownInline(n.Kids))
	case Bullets, Numbers:
		return markdownList(n, other)
	case Quote:
		return indent(markdownBlocks(n.Kids), "> ", "> ")
	case CodeBlock:
		fence := strings.Repeat("`", max(3, longestRow(n.Text, '`')+1))
		return fence + n.Ref + "\n" + n.Text + "\n" + fence
	case Rule:
		return "___" // dashes and stars could be taken for items
	}
	return markdownInline(n.Kids)
}

// headingLine keeps the hashes at the end of a heading, which would be taken for decoration.
func headingLine(line string) string {
	kept := strings.TrimRight(line, "#")
	if kept == line || kept != "" && !strings.HasSuffix(kept, " ") {
		return line
	}
	return kept + `\` + line[len(kept):]
}

func markdownList(n Node, other bool) string {
	var items []string
	tight := true
	for i, item := range n.Kids {
		mark := "- "
		if other {
			mark = "* "
		}
		if n.Kind == Numbers {
			mark = strconv.Itoa(max(n.Level, 1)+i) + map[bool]string{false: ". ", true: ") "}[other]
		}
		items = append(items, indent(markdownBlocks(item.Kids), mark, strings.Repeat(" ", len(mark))))
		tight = tight && len(item.Kids) == 1
	}
	if tight {
		return strings.Join(items, "\n")
	}
	return strings.Join(items, "\n\n")
}

// indent puts first before the first line and rest before all others; empty lines stay without blanks at their end.
func indent(s, first, rest string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		switch {
		case i == 0:
			lines[i] = first + line
		case line == "":
			lines[i] = strings.TrimRight(rest, " ")
		default:
			lines[i] = rest + line
		}
	}
	return strings.Join(lines, "\n")
}

// longestRow is the length of the longest row of c in s.
func longestRow(s string, c byte) int {
	longest, row := 0, 0
	for i := range len(s) {
		if row++; s[i] != c {
			row = 0
		}
		longest = max(longest, row)
	}
	return longest
}

func markdownInline(nodes []Node) string {
	var w markdownWriter
	w.inlines(nodes)
	return string(w.out)
}

// markdownWriter prints the inline nodes of one block. A mark of emphasis counts or not by the characters beside it; where
// they would spoil it, the one outside is written as an entity, which looks like punctuation to every reader.
type markdownWriter struct {
	out   []byte
	guard bool // the next character stands behind a mark that it must not spoil
}

func (w *markdownWriter) inlines(nodes []Node) {
	for i, n := range nodes {
		last := i == len(nodes)-1
		w.inline(n, last, !last && nodes[i+1].Kind == Link)
	}
}

func (w *markdownWriter) inline(n Node, last, beforeLink bool) {
	switch n.Kind {
	case Strong:
		w.marked("**", n.Kids)
	case Emph:
		w.marked("_", n.Kids)
	case Strike:
		w.marked("~~", n.Kids)
	case Code:
		w.raw(codeSpan(n.Text))
	case Link:
		w.link(n)
	case Break:
		w.raw("\\\n")
	case Emoji:
		if strings.HasPrefix(n.Text, ":") {
			w.raw(n.Text)
			return
		}
		w.text(n.Text, beside{last: last})
	case Date:
		w.text(n.Shown(), beside{last: last, link: beforeLink})
	default:
		w.text(n.Text, beside{last: last, link: beforeLink})
	}
}

// beside is what follows a text.
type beside struct {
	last bool // nothing does
	link bool
}

// Shown returns the words of a leaf: those it bears, or for a date without words the instant itself.
func (n Node) Shown() string {
	if n.Kind == Date && n.Text == "" && !n.At.IsZero() {
		return n.At.UTC().Format("2 Jan 2006 15:04 UTC")
	}
	return n.Text
}

func (w *markdownWriter) raw(s string) {
	w.guard = false
	w.out = append(w.out, s...)
}

// marked prints emphasis.
func (w *markdownWriter) marked(mark string, kids []Node) {
	inside := markdownInline(kids)
	first, _ := utf8.DecodeRuneInString(inside)
	last, _ := utf8.DecodeLastRuneInString(inside)
	if before, size := utf8.DecodeLastRune(w.out); size > 0 && spoils(mark, before, first) {
		w.out = fmt.Appendf(w.out[:len(w.out)-size], "&#%d;", before)
	}
	w.guard = false
	w.out = append(append(append(w.out, mark...), inside...), mark...)
	w.guard = mark == "_" || !plainLetter(last)
}

// spoils reports whether the character outside of a mark keeps it from being one, given the one inside.
func spoils(mark string, outside, inside rune) bool {
	if unicode.IsSpace(outside) || outside < utf8.RuneSelf && strings.ContainsRune(punctuation, outside) {
		return false
	}
	return mark == "_" || !plainLetter(inside)
}

// plainLetter reports whether every reader agrees that r is no punctuation.
func plainLetter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func (w *markdownWriter) text(s string, next beside) {
	if s == "" {
		return
	}
	from := 0
	if first, size := utf8.DecodeRuneInString(s); w.guard && spoils("_", first, ' ') {
		w.out = fmt.Appendf(w.out, "&#%d;", first)
		from = size
	}
	w.guard = false
	for i := from; i < len(s); i++ {
		if i == len(s)-1 && (s[i] == '~' || s[i] == '\\') { // it would join what follows
			w.out = fmt.Appendf(w.out, "&#%d;", s[i])
			continue
		}
		ends := i == len(s)-1
		if needsBackslash(w.out, s, i) && !(ends && next.last && s[i] == ':') || ends && next.link && s[i] == '!' {
			w.out = append(w.out, '\\')
		}
		w.out = append(w.out, s[i])
	}
}

// needsBackslash reports whether the character at i of a text could begin or end markup behind what is written already.
func needsBackslash(out []byte, s string, i int) bool {
	switch c := s[i]; c {
	case '\\', '`', '*', '[', ']', '<', '~':
		return true
	case '_':
		return i == 0 || i == len(s)-1 || !isAlnum(s[i-1]) || !isAlnum(s[i+1])
	case '&':
		return i == len(s)-1 || s[i+1] == '#' || isAlnum(s[i+1])
	case ':': // names of emoji, and addresses
		return i == len(s)-1 || s[i+1] > ' ' && !betweenDigits(s, i)
	case '@':
		return true
	case '.':
		return i > 2 && strings.EqualFold(s[i-3:i], "www") || ordinal(out)
	case ')':
		return ordinal(out)
	case '#', '>', '+', '-', '=', '|':
		return atLineStart(out)
	}
	return false
}

// betweenDigits reports whether a colon stands in a time such as 17:00, and in no more than that: ":100:" is an emoji.
func betweenDigits(s string, i int) bool {
	if i == 0 || !isDigit(s[i-1]) || !isDigit(s[i+1]) {
		return false
	}
	for i++; i < len(s) && isDigit(s[i]); i++ {
	}
	return i == len(s) || s[i] != ':'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// atLineStart reports whether what follows begins a line.
func atLineStart(out []byte) bool { return len(out) == 0 || out[len(out)-1] == '\n' }

// ordinal reports whether the line has nothing but digits yet, so that a dot would make a list of it.
func ordinal(out []byte) bool {
	i := len(out)
	for i > 0 && out[i-1] >= '0' && out[i-1] <= '9' {
		i--
	}
	return i < len(out) && len(out)-i < 10 && atLineStart(out[:i])
}

// codeSpan prints code between more backticks than it has.
func codeSpan(s string) string {
	row := strings.Repeat("`", longestRow(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return row + s + row
}

// link prints an address by itself where it has no label and needs no help, else as [label](<address>).
func (w *markdownWriter) link(n Node) {
	if len(n.Kids) == 0 && autoLinks(n.Href) {
		w.raw("<" + n.Href + ">")
		return
	}
	label := n.Kids
	if len(label) == 0 {
		label = []Node{T(n.Href)}
	}
	w.raw("[" + markdownInline(label) + "](" + destination(n.Href) + ")")
}

// autoLinks reports whether an address between angle brackets is a link.
func autoLinks(href string) bool {
	scheme, rest, ok := strings.Cut(href, "://")
	return ok && (scheme == "https" || scheme == "http") && rest != "" &&
		!strings.ContainsFunc(href, func(r rune) bool { return r <= ' ' || r == '<' || r == '>' || r == 0x7F })
}

// destination prints an address; brackets around it make it bear blanks and parentheses.
func destination(href string) string {
	escaped := strings.NewReplacer(`\`, `\\`, "<", `\<`, ">", `\>`, "&", "&amp;", "\n", "").Replace(href)
	if href == "" || strings.ContainsAny(href, " ()<>") {
		return "<" + escaped + ">"
	}
	return escaped
}
