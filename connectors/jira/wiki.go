package jira

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// wiki prints a document in Jira's wiki markup. Every text in it is data: it can neither format, nor load an image,
// nor mention anybody.
func wiki(d text.Doc) string {
	return wikiText(d.Normal())
}

func wikiText(d text.Doc) string {
	var b strings.Builder
	wikiBlocks(&b, d, "")
	return strings.TrimSpace(b.String())
}

// wikiBlocks prints blocks; list is the marker of the list they stand in ("", "*", "*#").
func wikiBlocks(b *strings.Builder, nodes []text.Node, list string) {
	for i, n := range nodes {
		if i > 0 && list == "" {
			b.WriteString("\n")
		}
		wikiBlock(b, n, list)
	}
}

func wikiBlock(b *strings.Builder, n text.Node, list string) {
	switch n.Kind {
	case text.Heading:
		fmt.Fprintf(b, "h%d. %s\n", min(max(n.Level, 1), 6), inline(n.Kids))
	case text.Bullets:
		wikiItems(b, n.Kids, list+"*")
	case text.Numbers:
		wikiItems(b, n.Kids, list+"#")
	case text.Quote:
		b.WriteString("{quote}\n" + wikiText(n.Kids) + "\n{quote}\n")
	case text.CodeBlock:
		b.WriteString(verbatim(n.Text, n.Ref))
	case text.Rule:
		b.WriteString("----\n")
	case text.Item:
		wikiBlocks(b, n.Kids, list)
	case text.Paragraph:
		b.WriteString(inline(n.Kids) + "\n")
	default: // an inline node where a block should be
		b.WriteString(inline([]text.Node{n}) + "\n")
	}
}

// wikiItems prints the items of a list. Jira knows one line per item: further paragraphs follow after a line break.
func wikiItems(b *strings.Builder, items []text.Node, list string) {
	for _, item := range items {
		var lines []string
		var nested []text.Node
		for _, kid := range item.Kids {
			if kid.Kind == text.Bullets || kid.Kind == text.Numbers {
				nested = append(nested, kid)
				continue
			}
			var one strings.Builder
			wikiBlock(&one, kid, list)
			lines = append(lines, strings.TrimSpace(one.String()))
		}
		b.WriteString(list + " " + strings.ReplaceAll(strings.Join(lines, `\\`+"\n"), "\n\n", "\n") + "\n")
		for _, kid := range nested {
			wikiBlock(b, kid, list)
		}
	}
}

// highlighted are the languages that Jira knows; it complains about others.
const highlighted = " actionscript ada applescript bash c c# c++ cpp css erlang go groovy haskell html java javascript js json lua objc perl php python r ruby scala sh sql swift xml yaml "

// verbatim prints code: nothing in it is read but the end, which the text itself must not hold.
func verbatim(s, language string) string {
	if language != "" && strings.Contains(highlighted, " "+language+" ") && !strings.Contains(strings.ToLower(s), "{code") {
		return "{code:" + language + "}\n" + s + "\n{code}\n"
	}
	for _, tag := range []string{"{noformat}", "{noformat:"} {
		s = breakUp(s, tag)
	}
	return "{noformat}\n" + s + "\n{noformat}\n"
}

// breakUp puts a space into every occurrence of a tag, in any case.
func breakUp(s, tag string) string {
	low := strings.ToLower(s)
	if len(low) != len(s) {
		low = s // letters that change their length hold no tag
	}
	for {
		i := strings.Index(low, tag)
		if i < 0 {
			return s
		}
		s, low = s[:i+1]+" "+s[i+1:], low[:i+1]+" "+low[i+1:]
	}
}

func inline(nodes []text.Node) string {
	var b strings.Builder
	for _, n := range joinTexts(nodes) {
		b.WriteString(inlineNode(n, b.Len() == 0 || strings.HasSuffix(b.String(), "\n")))
	}
	return b.String()
}

// joinTexts makes one of texts that stand side by side, so that no markup can hide in the seam.
func joinTexts(nodes []text.Node) []text.Node {
	var out []text.Node
	for _, n := range nodes {
		if last := len(out) - 1; last >= 0 && n.Kind == text.Text && out[last].Kind == text.Text {
			out[last].Text += n.Text
			continue
		}
		out = append(out, n)
	}
	return out
}

// inlineNode prints one inline node; first says that it begins a line.
func inlineNode(n text.Node, first bool) string {
	switch n.Kind {
	case text.Strong:
		return marked("*", n.Kids)
	case text.Emph:
		return marked("_", n.Kids)
	case text.Strike:
		return marked("-", n.Kids)
	case text.Code:
		return "{{" + escape(n.Text, false) + "}}"
	case text.Link:
		return link(n)
	case text.Mention:
		return escape(n.Text, first) // a name, never a notification
	case text.Date:
		return escape(shownTime(n), first)
	case text.Break:
		return "\n"
	case text.Emoji:
		return n.Text // a character, or a name between colons that is known to one workspace only
	case text.Text, text.Channel, text.Group:
		return escape(n.Text, first)
	}
	return inline(n.Kids)
}

func shownTime(n text.Node) string { return n.Shown() }

// marked puts marks around text. The braces make them work inside words too; spaces stand outside, because a mark
// beside one is none.
func marked(mark string, kids []text.Node) string {
	inner := inline(kids)
	body := strings.TrimFunc(inner, unicode.IsSpace)
	if body == "" || strings.Contains(body, "\n") {
		return inner // marks do not reach over lines
	}
	from := strings.Index(inner, body)
	return inner[:from] + "{" + mark + "}" + body + "{" + mark + "}" + inner[from+len(body):]
}

// link prints a link to the web or a mail address. Anything else is shown as text.
func link(n text.Node) string {
	label := inline(n.Kids)
	u, err := url.Parse(strings.TrimSpace(n.Href))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto") || (u.Host == "" && u.Scheme != "mailto") {
		if label == "" {
			return escape(n.Href, false)
		}
		return label
	}
	address := linkAddress(u.String())
	if label == "" {
		return "[" + address + "]"
	}
	label = strings.ReplaceAll(label, `\|`, "&#124;") // a bar would end the label
	return "[" + label + "|" + address + "]"
}

// linkAddress keeps an address from ending the link or beginning markup.
func linkAddress(s string) string {
	return strings.NewReplacer("|", "%7C", "[", "%5B", "]", "%5D", "{", "%7B", "}", "%7D", "!", "%21", "\\", "%5C", "^", "%5E", "~", "%7E", " ", "%20", "\n", "").Replace(s)
}

// escape takes the meaning from every character that could begin markup, and from line starts. first says that s
// begins a line.
func escape(s string, first bool) string {
	var b strings.Builder
	for i, line := range strings.Split(strings.ReplaceAll(s, "\r", ""), "\n") {
		if i > 0 {
			b.WriteString("\n")
		}
		escapeLine(&b, line, first || i > 0)
	}
	return b.String()
}

func escapeLine(b *strings.Builder, line string, first bool) {
	line = strings.Map(shown, strings.ToValidUTF8(line, "\uFFFD"))
	if first {
		line = lineStart(b, strings.TrimLeft(line, " "))
	}
	before := '\n'
	for i, r := range line {
		rest := line[i:]
		after := '\n'
		if next, n := utf8.DecodeRuneInString(rest[utf8.RuneLen(r):]); n > 0 {
			after = next
		}
		_, sign := emoticon(rest, before)
		switch {
		case r == '\\':
			b.WriteString("&#92;") // two backslashes would be a line break
		case r == '&' && entityLike(rest):
			b.WriteString("&amp;")
		case r == ':' && namesEmoji(before, rest[1:]):
			b.WriteString("&#58;")
		case sign > 0, begins(before, r, after):
			b.WriteString(`\` + string(r))
		default:
			b.WriteRune(r)
		}
		before = r
	}
}

// entityLike reports whether an ampersand would begin an entity.
func entityLike(s string) bool {
	end := strings.IndexByte(s[:min(len(s), 12)], ';')
	return end > 1 && strings.Trim(s[1:end], "#0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// namesEmoji reports whether a colon before rest would begin the name of an emoji.
func namesEmoji(before rune, rest string) bool {
	end := strings.IndexByte(rest[:min(len(rest), 100)], ':')
	return !wordy(before) && end > 0 && text.IsEmojiName(rest[:end])
}

// shown drops what no reader sees and some read as the end of a line.
func shown(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return -1
	}
	return r
}

// begins reports whether r can begin markup between its neighbours. Brackets, braces and bars can anywhere; formatting
// marks only at the start of a word, so that addresses and words with hyphens stay readable.
func begins(before, r, after rune) bool {
	switch r {
	case '{', '}', '[', ']', '|':
		return true
	case '*', '_', '-', '+', '^', '~':
		return !unicode.IsLetter(before) && !unicode.IsDigit(before) && !(before == ' ' && after == ' ')
	case '!':
		return !unicode.IsSpace(after)
	case '?':
		return before == '?' || after == '?'
	}
	return false
}

// lineStart defuses what has a meaning at the start of a line only: "h1. ", "bq. ", "# ".
func lineStart(b *strings.Builder, line string) string {
	low := strings.ToLower(line)
	switch {
	case strings.HasPrefix(line, "#"):
		b.WriteString(`\#`)
		return line[1:]
	case strings.HasPrefix(low, "bq."):
		b.WriteString(line[:2] + "&#46;")
		return line[3:]
	case len(low) > 2 && low[0] == 'h' && low[1] >= '0' && low[1] <= '9' && low[2] == '.':
		b.WriteString(line[:2] + "&#46;")
		return line[3:]
	}
	return line
}

// fitting cuts printed markup at a rune boundary to what Jira takes, which counts UTF-16 units.
func fitting(s string, limit int, note string) string {
	if len(utf16.Encode([]rune(s))) <= limit {
		return s
	}
	room := limit - len(utf16.Encode([]rune(note)))
	n := 0
	for i, r := range s {
		if n += utf16.RuneLen(r); n > room {
			return strings.TrimRight(s[:i], `\`) + note
		}
	}
	return s
}

// facts prints labelled values, one per line.
func factLines(list []flow.Fact) string {
	var b strings.Builder
	for _, f := range list {
		value := factValue(f)
		if value == "" {
			continue
		}
		fmt.Fprintf(&b, "*%s:* %s\n", escape(f.Label, false), value)
	}
	return b.String()
}

func factValue(f flow.Fact) string {
	var parts []string
	if !f.At.IsZero() && f.Text == "" {
		parts = append(parts, f.At.UTC().Format("2 Jan 2006 15:04 UTC"))
	}
	for _, p := range f.People {
		parts = append(parts, escape(shownName(p), false))
	}
	value := strings.Join(parts, ", ")
	if f.Text != "" {
		value = strings.TrimSpace(value + " " + escape(oneParagraph(f.Text), false))
	}
	if f.URL != "" {
		return link(text.Node{Kind: text.Link, Href: f.URL, Kids: []text.Node{text.T(oneParagraph(f.Text))}})
	}
	return value
}

func oneParagraph(s string) string { return strings.Join(strings.Fields(s), " ") }

func shownName(a flow.Actor) string {
	switch {
	case a.Shown != "":
		return a.Shown
	case a.Name != "":
		return a.Name
	}
	return a.ID()
}
