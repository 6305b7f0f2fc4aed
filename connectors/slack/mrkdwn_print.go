package slack

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// printer writes documents and facts as mrkdwn. Whatever came from people is escaped; the only entities are those
// made here.
type printer struct {
	instance string
	known    map[string]flow.Ref // accounts by Actor.ID
}

// doc prints a document. A paragraph stands apart from the one before it, other blocks below one another.
func (p printer) doc(d text.Doc) string {
	var b strings.Builder
	for i, n := range d {
		s := p.block(n)
		if s == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n")
			if n.Kind == text.Paragraph && d[i-1].Kind == text.Paragraph {
				b.WriteString("\n")
			}
		}
		b.WriteString(s)
	}
	return b.String()
}

// block prints one block.
func (p printer) block(n text.Node) string {
	switch n.Kind {
	case text.Heading:
		return p.inlines([]text.Node{{Kind: text.Strong, Kids: n.Kids}})
	case text.Bullets, text.Numbers:
		return p.list(n)
	case text.Item:
		return p.item(n)
	case text.Quote:
		return "> " + strings.ReplaceAll(p.doc(text.Doc(n.Kids)), "\n", "\n> ")
	case text.CodeBlock:
		return "```\n" + strings.ReplaceAll(escape(n.Text), "```", "'''") + "\n```"
	case text.Rule:
		return "———"
	case text.Paragraph:
		return p.inlines(n.Kids)
	}
	return p.inlines([]text.Node{n})
}

// item prints the blocks of an item below one another.
func (p printer) item(n text.Node) string {
	var parts []string
	for _, kid := range n.Kids {
		if s := p.block(kid); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "\n")
}

func (p printer) list(n text.Node) string {
	var lines []string
	for i, item := range n.Kids {
		mark := "• "
		if n.Kind == text.Numbers {
			mark = strconv.Itoa(max(n.Level, 1)+i) + ". "
		}
		lines = append(lines, mark+strings.ReplaceAll(p.block(item), "\n", "\n    "))
	}
	return strings.Join(lines, "\n")
}

// inlines prints the inline nodes of one block, in their normal form: marks neither nest twice nor reach over lines.
func (p printer) inlines(nodes []text.Node) string {
	var lines []string
	for _, block := range (text.Doc{text.P(nodes...)}).Normal() {
		w := marker{printer: p}
		w.pairs = w.marksIn(block.Kids)
		w.nodes(block.Kids)
		lines = append(lines, w.out.String())
	}
	return strings.Join(lines, "\n\n")
}

// marker prints inline nodes. Beside a mark that stands in the middle of a word, and beside a character that only looks like a
// mark, stands a guard.
type marker struct {
	printer
	out   strings.Builder
	pairs map[rune]int // how often a mark occurs: one alone marks nothing
	open  bool         // a mark has just ended: a letter right behind it would spoil it
}

// marksIn counts the characters that could mark something.
func (w *marker) marksIn(nodes []text.Node) map[rune]int {
	counts := map[rune]int{}
	text.Doc(nodes).Walk(func(n text.Node) {
		switch n.Kind {
		case text.Strong:
			counts['*'] += 2
		case text.Emph:
			counts['_'] += 2
		case text.Strike:
			counts['~'] += 2
		case text.Code:
			counts['`'] += 2
		default:
			for _, r := range n.Text {
				if strings.ContainsRune("*_~`", r) {
					counts[r]++
				}
			}
		}
	})
	return counts
}

func (w *marker) nodes(nodes []text.Node) {
	for _, n := range nodes {
		w.node(n)
	}
}

func (w *marker) node(n text.Node) {
	switch n.Kind {
	case text.Strong:
		w.marked("*", n.Kids)
	case text.Emph:
		w.marked("_", n.Kids)
	case text.Strike:
		w.marked("~", n.Kids)
	case text.Code:
		w.code(n.Text)
	case text.Link:
		w.raw(w.link(n))
	case text.Mention:
		if s := w.mention(n.Ref, n.Text); strings.HasPrefix(s, "<") {
			w.raw(s)
			return
		}
		w.text(oneLine(firstOf(n.Text, n.Ref, "somebody")))
	case text.Date:
		w.raw(date(n.At, n.Text))
	case text.Break:
		w.raw("\n")
	case text.Emoji:
		w.raw(escape(n.Text))
	default:
		w.text(n.Text)
	}
}

func (w *marker) raw(s string) {
	w.open = false
	w.out.WriteString(s)
}

// last is the character before what is written next.
func (w *marker) last() rune {
	if w.out.Len() == 0 {
		return ' '
	}
	r, _ := utf8.DecodeLastRuneInString(w.out.String())
	return r
}

// marked puts marks around nodes. Beside a character that looks like one and bears a guard they would be none.
func (w *marker) marked(mark string, kids []text.Node) {
	if w.edges(kids[0], kids[len(kids)-1]) {
		w.nodes(kids)
		return
	}
	if inWord(w.last()) {
		w.out.WriteRune(guard)
	}
	w.raw(mark)
	w.nodes(kids)
	w.raw(mark)
	w.open = true
}

// edges reports whether a text begins or ends with a character that looks like a mark.
func (w *marker) edges(first, last text.Node) bool {
	begin, _ := utf8.DecodeRuneInString(first.Text)
	end, _ := utf8.DecodeLastRuneInString(last.Text)
	return first.Kind == text.Text && w.pairs[begin] > 1 || last.Kind == text.Text && w.pairs[end] > 1
}

// code prints code. A backtick in it would end it, and becomes the letter that looks the same.
func (w *marker) code(s string) {
	if inWord(w.last()) || w.last() == '`' {
		w.out.WriteRune(guard)
	}
	w.raw("`" + strings.ReplaceAll(escape(oneLine(s)), "`", "ˋ") + "`")
	w.open = true
}

// text prints what somebody wrote: no character of it marks, names an emoji or quotes.
func (w *marker) text(s string) {
	if s == "" {
		return
	}
	if first, _ := utf8.DecodeRuneInString(s); w.open && inWord(first) {
		w.out.WriteRune(guard)
	}
	w.open = false
	s = clean(s)
	for i, r := range s {
		w.char(r, s[i+utf8.RuneLen(r):])
	}
}

// char prints one character of a text.
func (w *marker) char(r rune, after string) {
	last := w.last()
	next, size := utf8.DecodeRuneInString(after)
	switch {
	case strings.ContainsRune("*_~", r) && w.pairs[r] > 1:
		begins := !inWord(last) && !edge(next)
		ends := !edge(last) && (size == 0 || !inWord(next))
		if !begins && !ends {
			w.out.WriteRune(r)
			return
		}
		if !edge(last) && last != '\n' {
			w.out.WriteRune(guard)
		}
		w.out.WriteRune(r)
		w.out.WriteRune(guard)
	case r == '`' && w.pairs[r] > 1, r == ':' && namesEmoji(last, after):
		w.out.WriteRune(r)
		w.out.WriteRune(guard)
	case r == '>' && (w.out.Len() == 0 || last == '\n'):
		w.out.WriteString(string(guard) + "&gt;")
	case r == '&':
		w.out.WriteString("&amp;")
	case r == '<':
		w.out.WriteString("&lt;")
	case r == '>':
		w.out.WriteString("&gt;")
	default:
		w.out.WriteRune(r)
	}
}

// namesEmoji reports whether a colon before after would begin the name of an emoji.
func namesEmoji(before rune, after string) bool {
	end := strings.IndexByte(after[:min(len(after), 100)], ':')
	return !inWord(before) && end > 0 && text.IsEmojiName(after[:end])
}

func (p printer) link(n text.Node) string {
	label := oneLine(text.Doc{text.P(n.Kids...)}.String())
	if label == n.Href {
		label = ""
	}
	return anchor(n.Href, label)
}

// mention names a person: by their account where it is known, else by the words given.
func (p printer) mention(name, words string) string {
	if ref, ok := p.known[name]; ok && name != "" {
		if id, ok := p.account(ref); ok {
			return "<@" + id + ">"
		}
	}
	return escape(oneLine(firstOf(words, name, "somebody")))
}

// account is the member id in a Ref of this instance.
func (p printer) account(ref flow.Ref) (string, bool) {
	_, id, ok := strings.Cut(ref.Key, "/")
	if !ok || ref.System != p.instance || ref.Type != "user" || id == "" || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return "", false
	}
	return id, true
}

// person is mention for an Actor.
func (p printer) person(a flow.Actor) string {
	if _, ok := p.known[a.ID()]; !ok {
		if id, ok := p.account(a.Ref); ok {
			return "<@" + id + ">"
		}
	}
	return p.mention(a.ID(), firstOf(a.Shown, a.Name))
}

// wrap puts a mark around s unless the mark would end early.
func wrap(mark, s string) string {
	if strings.TrimSpace(s) == "" || strings.Contains(s, mark) || strings.ContainsRune(s, '\n') {
		return s
	}
	lead := len(s) - len(strings.TrimLeft(s, " "))
	trail := len(strings.TrimRight(s, " "))
	return s[:lead] + mark + s[lead:trail] + mark + s[trail:]
}

func bold(s string) string { return wrap("*", s) }

// anchor is a link. An address that is none of the web's or mail's is shown as words.
func anchor(href, label string) string {
	if !linkable(href) {
		return escape(firstOf(label, href))
	}
	target := strings.ReplaceAll(href, "&", "&amp;")
	if label == "" {
		return "<" + target + ">"
	}
	return "<" + target + "|" + strings.ReplaceAll(escape(oneLine(label)), "|", "¦") + ">"
}

func linkable(href string) bool {
	u, err := url.Parse(href)
	if err != nil || strings.ContainsAny(href, "|<> \n\t") || len(href) > maxURL || clean(href) != href {
		return false
	}
	return (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && strings.Contains(href, "://") || u.Scheme == "mailto" && u.Opaque != ""
}

// date shows an instant in each reader's own zone; words are for readers without one and name a zone.
func date(at time.Time, words string) string {
	if at.IsZero() {
		return escape(words)
	}
	if words = oneLine(words); words == "" {
		words = at.UTC().Format("Mon 2 Jan 2006, 15:04") + " UTC"
	}
	return fmt.Sprintf("<!date^%d^{date_short_pretty} at {time}|%s>", at.Unix(), strings.ReplaceAll(escape(words), "|", "¦"))
}

// count is a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
