package slack

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"signoff/internal/text"
)

// parseMrkdwn reads what Slack sends as the text of a message: entities in angle brackets, three escapes, and a few
// marks. Inside code nothing is read. name gives an account its name, "" where it is not known. The document is in its
// normal form.
func parseMrkdwn(s string, name func(id string) string) text.Doc {
	r := reader{entities: true, name: name}
	if len(s) > longestMrkdwn {
		return text.Plain(r.plain(s)).Normal()
	}
	return r.blocks(s).Normal()
}

// longestMrkdwn is what is read as markup; Slack's messages hold a third of it.
const longestMrkdwn = 128 << 10

// typed reads what a person typed into an input: marks count, angle brackets are themselves.
func typed(s string) text.Doc { return reader{}.blocks(s).Normal() }

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

// guard stands beside a mark that is none, and around one in the middle of a word. Nobody sees it.
const guard = '\u200B'

// inline reads marks and entities within a line.
func (r reader) inline(s string) []text.Node {
	var nodes []text.Node
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			nodes = append(nodes, r.words(plain.String())...)
			plain.Reset()
		}
	}
	var none closers
	before := ' '
	for at := 0; at < len(s); {
		node, size := r.next(s, at, before, &none)
		if size == 0 {
			c, n := utf8.DecodeRuneInString(s[at:])
			switch {
			case c != guard || !guards(before, s[at+n:]):
				plain.WriteString(s[at : at+n])
			case before == ':':
				flush() // what follows is no name
			}
			before, at = c, at+n
			continue
		}
		flush()
		nodes = append(nodes, node)
		at += size
		before, _ = utf8.DecodeLastRuneInString(s[:at])
	}
	flush()
	return nodes
}

// guards reports whether a guard stands beside something it can guard, so that it is ours and no character of a text.
func guards(before rune, after string) bool {
	const guarded = "*_~`:"
	return strings.ContainsRune(guarded, before) || after != "" && strings.IndexByte(guarded+">&", after[0]) >= 0
}

// words reads the names of emoji and undoes escapes.
func (r reader) words(s string) []text.Node {
	nodes := text.EmojiNames(s)
	for i := range nodes {
		if nodes[i].Kind == text.Text {
			nodes[i].Text = r.plain(nodes[i].Text)
		}
	}
	return nodes
}

// next reads one marked piece of s at a place; size is 0 when there is none.
func (r reader) next(s string, at int, before rune, none *closers) (text.Node, int) {
	switch s[at] {
	case '`':
		if size := codeSpan(s[at:]); size > 0 {
			return text.Node{Kind: text.Code, Text: r.plain(s[at+1 : at+size-1])}, size
		}
	case '<':
		if size := r.entitySize(s[at:]); size > 0 {
			return r.entity(s[at+1 : at+size-1]), size
		}
	case '*', '_', '~':
		return r.marked(s, at, before, none)
	case 'h', 'H':
		if size := r.addressSize(s[at:], before); size > 0 {
			return text.T(r.address(s[at : at+size])), size
		}
	}
	return text.Node{}, 0
}

// addressSize is the length of the bare address that s begins with: no mark in it is one. What ends the sentence around it is
// not part of it.
func (r reader) addressSize(s string, before rune) int {
	if _, ok := webScheme(s); !ok || inWord(before) {
		return 0
	}
	end := strings.IndexFunc(s, func(c rune) bool { return unicode.IsSpace(c) || strings.ContainsRune("<>\"|`", c) })
	if end < 0 {
		end = len(s)
	}
	s = s[:end]
	if r.entities {
		s, _, _ = strings.Cut(s, "&lt;")
		s, _, _ = strings.Cut(s, "&gt;")
	}
	const ends = ".,;:!?'*_~"
	s = strings.TrimRight(s, ends)
	for strings.HasSuffix(s, ")") && strings.Count(s, "(") < strings.Count(s, ")") {
		s = strings.TrimRight(strings.TrimSuffix(s, ")"), ends)
	}
	if rest, ok := webScheme(s); !ok || rest == "" {
		return 0
	}
	return len(s)
}

// webScheme takes the scheme off an address of the web.
func webScheme(s string) (rest string, ok bool) {
	for _, scheme := range []string{"https://", "http://"} {
		if len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return s[len(scheme):], true
		}
	}
	return "", false
}

// address is an address without the guards and escapes that stand in it on its way.
func (r reader) address(s string) string { return unescaped(strings.ReplaceAll(s, string(guard), "")) }

// unescaped is an address whose ampersands somebody has escaped: no address means that.
func unescaped(address string) string { return strings.ReplaceAll(address, "&amp;", "&") }

// codeSpan is the length of the code that s begins with.
func codeSpan(s string) int {
	end := strings.IndexByte(s[1:min(len(s), markReach)], '`')
	if end < 1 || strings.HasPrefix(s[1:], string(guard)) || strings.TrimSpace(s[1:end+1]) == "" {
		return 0
	}
	return end + 2
}

// entitySize is the length of the entity that s begins with.
func (r reader) entitySize(s string) int {
	end := strings.IndexByte(s[:min(len(s), markReach)], '>')
	if !r.entities || end < 2 || !isEntity(s[1:end]) {
		return 0
	}
	return end + 1
}

// closers remembers for each mark how far there is no end of it, so that a text of beginnings is not searched from each.
type closers map[byte]int

// marked reads bold, italic or struck text: the mark stands at a word's beginning, and closes at a word's end.
func (r reader) marked(s string, at int, before rune, none *closers) (text.Node, int) {
	mark := s[at]
	if after, _ := utf8.DecodeRuneInString(s[at+1:]); r.depth == markDepth || inWord(before) || at+2 >= len(s) || edge(after) || s[at+1] == mark {
		return text.Node{}, 0
	}
	end := r.closer(s, at, none)
	if end < 0 {
		return text.Node{}, 0
	}
	inside := r
	inside.depth++
	kind := map[byte]text.Kind{'*': text.Strong, '_': text.Emph, '~': text.Strike}[mark]
	return text.Node{Kind: kind, Kids: inside.inline(s[at+1 : end])}, end + 1 - at
}

// closer finds the end of the mark at a place, -1 for none. What stands in code and entities ends nothing.
func (r reader) closer(s string, at int, none *closers) int {
	mark := s[at]
	if *none == nil {
		*none = closers{}
	}
	limit := min(len(s), at+markReach)
	if (*none)[mark] >= limit {
		return -1
	}
	for i := at + 1; i < limit; i++ {
		switch {
		case s[i] == '`':
			i += max(codeSpan(s[i:])-1, 0)
		case s[i] == '<':
			i += max(r.entitySize(s[i:])-1, 0)
		case s[i] == 'h' || s[i] == 'H':
			last, _ := utf8.DecodeLastRuneInString(s[:i])
			i += max(r.addressSize(s[i:limit], last)-1, 0)
		case s[i] == mark && i > at+1:
			last, _ := utf8.DecodeLastRuneInString(s[:i])
			after, _ := utf8.DecodeRuneInString(s[i+1:])
			if !edge(last) && (i+1 == len(s) || !inWord(after)) {
				return i
			}
		}
	}
	(*none)[mark] = limit
	return -1
}

// inWord reports whether a mark beside r stands within a word.
func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// edge reports whether a mark beside r, inside of what it marks, is none.
func edge(r rune) bool { return r == ' ' || r == guard }

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
		return person(target[1:], label, r.name)
	case strings.HasPrefix(target, "#"):
		return channel(target[1:], label)
	case strings.HasPrefix(target, "!subteam^"):
		return group(strings.TrimPrefix(target, "!subteam^"), label)
	case strings.HasPrefix(target, "!date^"):
		return readDate(target, label)
	case strings.HasPrefix(target, "!"):
		return text.T("@" + firstOf(strings.TrimPrefix(label, "@"), target[1:]))
	}
	return anchored(r.plain(target), label)
}

// person, channel and group are what an entity or an element names, shown as far as it is known.
func person(id, label string, name func(string) string) text.Node {
	known := ""
	if name != nil {
		known = name(id)
	}
	return text.Node{Kind: text.Mention, Text: "@" + firstOf(known, strings.TrimPrefix(label, "@"), "somebody")}
}

func channel(id, label string) text.Node {
	return text.Node{Kind: text.Channel, Ref: id, Text: "#" + firstOf(strings.TrimPrefix(label, "#"), "a private channel")}
}

func group(id, label string) text.Node {
	return text.Node{Kind: text.Group, Ref: id, Text: "@" + firstOf(strings.TrimPrefix(label, "@"), "a group")}
}

// anchored is a link; a bare one is labelled with its address.
func anchored(href, label string) text.Node {
	if mail, ok := strings.CutPrefix(href, "mailto:"); ok && label == "" {
		label = mail
	}
	return text.A(firstOf(label, href), href)
}

// readDate reads "!date^1392734382^{date} at {time}^link".
func readDate(target, label string) text.Node {
	parts := strings.Split(target, "^")
	seconds, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || seconds <= 0 || seconds > maxInstant {
		return text.T(firstOf(label, "a date"))
	}
	return text.When(time.Unix(seconds, 0).UTC(), label)
}

const maxInstant = 253402300799 // the end of the year 9999

// plain undoes Slack's three escapes.
func (r reader) plain(s string) string {
	if !r.entities || !strings.Contains(s, "&") {
		return s
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}
