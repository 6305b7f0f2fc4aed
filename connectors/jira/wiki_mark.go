package jira

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"signoff/internal/text"
)

// markKinds are the marks and what they make; what is only raised, lowered or underlined stays as it is.
var markKinds = map[string]text.Kind{"*": text.Strong, "_": text.Emph, "-": text.Strike, "??": text.Emph, "+": text.Paragraph, "^": text.Paragraph, "~": text.Paragraph}

// mark reads a mark that begins at the beginning of a word.
func (w *wikiInline) mark(rest string) bool {
	mark := rest[:1]
	if mark == "?" {
		mark = "??"
	}
	after, _ := utf8.DecodeRuneInString(strings.TrimPrefix(rest, mark))
	if !strings.HasPrefix(rest, mark) || len(rest) == len(mark) || wordy(w.before) || unicode.IsSpace(after) || string(after) == mark {
		return false
	}
	return w.marked(rest, mark, mark, w.ends(rest, mark, len(mark)))
}

// marked puts in what stands between two marks.
func (w *wikiInline) marked(rest, tag, mark string, end int) bool {
	if end < 0 || w.depth == markupDepth {
		return false
	}
	inside := w.wikiReader
	inside.depth++
	kids := inside.inline(rest[len(tag):end])
	if kind := markKinds[mark]; kind != text.Paragraph {
		kids = []text.Node{{Kind: kind, Kids: kids}}
	}
	w.add(end+len(tag), kids...)
	return true
}

// ends finds the end of what a tag begins, on its line, -1 for none.
func (w *wikiInline) ends(rest, tag string, from int) int {
	limit := min(len(rest), markupReach)
	i := max(from, w.none[tag]-w.at)
	for ; i < limit && rest[i] != '\n'; i++ {
		switch {
		case rest[i] == '\\':
			i++
		case strings.HasPrefix(rest[i:], "{{") && tag[0] != '{':
			i += max(strings.Index(rest[i:limit], "}}"), 0)
		case rest[i] == '[' && strings.IndexByte(rest[i:limit], ']') > 0:
			i += strings.IndexByte(rest[i:limit], ']')
		case strings.HasPrefix(rest[i:], tag) && i > from && closes(rest, i, tag):
			return i
		}
	}
	if w.none == nil {
		w.none = map[string]int{}
	}
	w.none[tag] = w.at + min(i, limit)
	return -1
}

// closes reports whether a mark at a place can end something: at the end of a word, and not in braces of its own.
func closes(s string, at int, tag string) bool {
	if tag[0] == '{' {
		return true
	}
	before, _ := utf8.DecodeLastRuneInString(s[:at])
	after, size := utf8.DecodeRuneInString(s[at+len(tag):])
	return !unicode.IsSpace(before) && before != '{' && (size == 0 || !wordy(after) && after != '}')
}

func wordy(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// bracket reads a mention or a link.
func (w *wikiInline) bracket(rest string) bool {
	end := closing(rest)
	if end < 2 {
		return false
	}
	inside := rest[1:end]
	switch {
	case strings.HasPrefix(inside, "~"):
		w.add(end+1, w.mention(strings.TrimPrefix(inside[1:], "accountid:")))
		return true
	case strings.HasPrefix(inside, "^"):
		w.literal(end+1, inside[1:])
		return true
	}
	label, target := "", inside
	if before, after, ok := cutBar(inside); ok {
		label, target = before, after
	}
	target, _, _ = strings.Cut(target, "|") // what follows says how Jira draws it
	switch target = strings.TrimSpace(target); {
	case linked(target):
		inside := w.wikiReader
		inside.depth++
		var kids []text.Node
		if label != "" && inside.depth < markupDepth {
			kids = inside.inline(label)
		}
		w.add(end+1, text.Node{Kind: text.Link, Href: target, Kids: kids})
	case label != "": // a place within Jira
		w.add(end+1, text.T(label))
	default:
		return false
	}
	return true
}

// closing finds the bracket that ends what s begins, on its line.
func closing(s string) int {
	for i := 1; i < min(len(s), markupReach) && s[i] != '\n'; i++ {
		switch s[i] {
		case '\\':
			i++
		case ']':
			return i
		case '[':
			return -1
		}
	}
	return -1
}

// cutBar parts a link at its first bar that is none of the label's.
func cutBar(s string) (label, target string, ok bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '|':
			return s[:i], s[i+1:], true
		}
	}
	return "", s, false
}

func linked(target string) bool {
	u, err := url.Parse(target)
	if err != nil || strings.ContainsAny(target, " \t") {
		return false
	}
	switch u.Scheme {
	case "http", "https", "ftp":
		return u.Host != ""
	}
	return u.Scheme == "mailto" && u.Opaque != ""
}

// mention names an account: the person it belongs to, else how it is shown, else the words that Jira would show.
func (w *wikiInline) mention(account string) text.Node {
	person, shown := "", ""
	if w.name != nil {
		person, shown = w.name(account)
	}
	if person == "" && shown == "" && strings.ContainsAny(account, ":0123456789") {
		account = "somebody" // an id says nothing to people
	}
	return text.Who(person, "@"+strings.TrimPrefix(firstOf(shown, person, account, "somebody"), "@"))
}

// image reads !address! or !file.png|width=300!, which become a link and the name of the file.
func (w *wikiInline) image(rest string) bool {
	end := strings.IndexAny(rest[1:min(len(rest), markupReach)], "!\n") + 1
	if end < 2 || rest[end] != '!' || wordy(w.before) {
		return false
	}
	target, _, _ := strings.Cut(rest[1:end], "|")
	switch {
	case linked(target):
		w.add(end+1, text.Node{Kind: text.Link, Href: target})
	case strings.TrimSpace(target) == target && strings.Contains(strings.Trim(target, "."), "."):
		w.literal(end+1, target)
	default:
		return false
	}
	return true
}

// address reads a bare address of the web.
func (w *wikiInline) address(rest string) bool {
	if wordy(w.before) || !strings.HasPrefix(rest, "http://") && !strings.HasPrefix(rest, "https://") {
		return false
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`|[]{}<>"\`, r) })
	if end < 0 {
		end = len(rest)
	}
	href := strings.TrimRight(rest[:end], ".,;:!?)*_'")
	if strings.Count(href, "(") > strings.Count(href, ")") && strings.HasPrefix(rest[len(href):], ")") {
		href += ")"
	}
	if !linked(href) {
		return false
	}
	w.add(len(href), text.Node{Kind: text.Link, Href: href})
	return true
}

// emoticons are those of Jira, the longer before the shorter, with the names of what they show.
var emoticons = []struct{ sign, name string }{
	{":)", "slightly_smiling_face"}, {":-)", "slightly_smiling_face"}, {":(", "disappointed"}, {":-(", "disappointed"}, {":P", "stuck_out_tongue"}, {":-P", "stuck_out_tongue"},
	{":p", "stuck_out_tongue"}, {":D", "smile"}, {":-D", "smile"}, {";)", "wink"}, {";-)", "wink"}, {"(y)", "+1"}, {"(n)", "-1"}, {"(i)", "information_source"},
	{"(/)", "white_check_mark"}, {"(x)", "x"}, {"(!)", "warning"}, {"(+)", "heavy_plus_sign"}, {"(-)", "heavy_minus_sign"}, {"(?)", "question"}, {"(on)", "bulb"},
	{"(*r)", "star"}, {"(*g)", "star"}, {"(*b)", "star"}, {"(*y)", "star"}, {"(*)", "star"}, {"(flag)", "triangular_flag_on_post"}, {"<3", "heart"},
}

// emoticon reads the emoticon that s begins with; it stands apart from words.
func emoticon(s string, before rune) (name string, size int) {
	if strings.IndexByte(":;(<", s[0]) < 0 || wordy(before) {
		return "", 0
	}
	for _, e := range emoticons {
		if rest, ok := strings.CutPrefix(s, e.sign); ok {
			if after, n := utf8.DecodeRuneInString(rest); n == 0 || !wordy(after) {
				return e.name, len(e.sign)
			}
		}
	}
	return "", 0
}
