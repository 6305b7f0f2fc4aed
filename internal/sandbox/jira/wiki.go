package jira

import (
	"html"
	"html/template"
	"regexp"
	"strings"
)

// wiki draws the common part of Jira's wiki markup. Everything that is not understood is shown as text;
// nothing of the text becomes HTML unescaped, and nothing is loaded from elsewhere.
func (p *pages) wiki(text string) template.HTML {
	w := wikiWriter{name: func(account string) string {
		if n := p.nameOf(account); n != "" {
			return n
		}
		return account
	}}
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		w.line(line)
	}
	w.close()
	return template.HTML(w.out.String()) //nolint:gosec // built from escaped pieces only; see the fuzz test
}

// wikiWriter turns lines into blocks.
type wikiWriter struct {
	out   strings.Builder
	name  func(account string) string
	block string // open block: "p", "ul", "ol", "pre", "blockquote" or ""
	fence string // what ends a literal block: "{noformat}" or "{code}"
}

var (
	wikiHeading = regexp.MustCompile(`^h([1-6])\.\s+(.*)$`)
	wikiItem    = regexp.MustCompile(`^(\*+|#+|-)\s+(.*)$`)
	wikiFence   = regexp.MustCompile(`^\{(noformat|code)(?::[^}]*)?\}$`)
)

func (w *wikiWriter) line(line string) {
	trimmed := strings.TrimSpace(line)
	if w.fence != "" {
		w.literal(line, trimmed)
		return
	}
	if m := wikiFence.FindStringSubmatch(trimmed); m != nil {
		w.open("pre")
		w.fence = "{" + m[1] + "}"
		return
	}
	trimmed = strings.NewReplacer("{*}", "*", "{_}", "_").Replace(trimmed) // the same marks, as programs write them
	switch m := wikiHeading.FindStringSubmatch(trimmed); {
	case trimmed == "":
		w.close()
	case m != nil: // the page has its own h1 and h2
		w.close()
		w.out.WriteString("<h3>" + w.inline(m[2]) + "</h3>")
	case trimmed == "----":
		w.close()
		w.out.WriteString("<hr>")
	case trimmed == "{quote}":
		w.close()
	case strings.HasPrefix(trimmed, "bq. "):
		w.open("blockquote")
		w.out.WriteString(w.inline(trimmed[4:]))
	default:
		w.flow(trimmed)
	}
}

// flow writes a line of a list or a paragraph.
func (w *wikiWriter) flow(line string) {
	if m := wikiItem.FindStringSubmatch(line); m != nil {
		list := "ul"
		if m[1][0] == '#' {
			list = "ol"
		}
		if w.block != list {
			w.open(list)
		}
		w.out.WriteString("<li>" + w.inline(m[2]) + "</li>")
		return
	}
	if w.block == "p" {
		w.out.WriteString("<br>")
	} else {
		w.open("p")
	}
	w.out.WriteString(w.inline(line))
}

func (w *wikiWriter) literal(line, trimmed string) {
	if trimmed == w.fence {
		w.fence = ""
		w.close()
		return
	}
	w.out.WriteString(html.EscapeString(line) + "\n")
}

func (w *wikiWriter) open(block string) {
	w.close()
	w.block = block
	w.out.WriteString("<" + block + ">")
}

func (w *wikiWriter) close() {
	if w.block != "" {
		w.out.WriteString("</" + w.block + ">")
	}
	w.block, w.fence = "", ""
}

// inlineMark finds the next piece of markup within a line: an escape, a mention, a link, an address, or
// words between marks.
var inlineMark = regexp.MustCompile(`\\[^\w\s]|\[~accountid:([^\]\s]+)\]|\[([^\]|\[]+)\|([^\]\s]+)\]|\[(https?://[^\]\s|]+)\]|https?://[^\s<>"\[\]{}|]+|\{\{([^}]+)\}\}|\*(\S(?:[^*]*\S)?)\*|_(\S(?:[^_]*\S)?)_|\[~([^\]\s:]+)\]`)

func (w *wikiWriter) inline(s string) string {
	var out strings.Builder
	for s != "" {
		m := inlineMark.FindStringSubmatchIndex(s)
		if m == nil {
			break
		}
		out.WriteString(html.EscapeString(s[:m[0]]))
		out.WriteString(w.piece(s, m))
		s = s[m[1]:]
	}
	out.WriteString(html.EscapeString(s))
	return out.String()
}

// piece draws the match m of inlineMark in s.
func (w *wikiWriter) piece(s string, m []int) string {
	group := func(n int) (string, bool) {
		if m[2*n] < 0 {
			return "", false
		}
		return s[m[2*n]:m[2*n+1]], true
	}
	whole := s[m[0]:m[1]]
	if whole[0] == '\\' {
		return html.EscapeString(whole[1:])
	}
	if account, ok := group(1); ok {
		return `<span class="mention">@` + html.EscapeString(w.name(account)) + "</span>"
	}
	if label, ok := group(2); ok {
		target, _ := group(3)
		return link(target, label, whole)
	}
	if target, ok := group(4); ok {
		return link(target, target, whole)
	}
	if code, ok := group(5); ok {
		return "<code>" + html.EscapeString(code) + "</code>"
	}
	// Marks count only at the edges of words.
	inWord := m[0] > 0 && wordByte(s[m[0]-1]) || m[1] < len(s) && wordByte(s[m[1]])
	if strong, ok := group(6); ok && !inWord {
		return "<strong>" + w.inline(strong) + "</strong>"
	}
	if em, ok := group(7); ok && !inWord {
		return "<em>" + w.inline(em) + "</em>"
	}
	if name, ok := group(8); ok {
		return `<span class="mention">@` + html.EscapeString(w.name(name)) + "</span>"
	}
	if strings.HasPrefix(whole, "http") {
		return link(whole, whole, whole)
	}
	return html.EscapeString(whole)
}

func wordByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

// link draws a link to a web page; any other target stays text.
func link(target, label, whole string) string {
	if !strings.HasPrefix(target, "https://") && !strings.HasPrefix(target, "http://") {
		return html.EscapeString(whole)
	}
	return `<a href="` + html.EscapeString(target) + `" rel="noreferrer noopener">` + html.EscapeString(label) + "</a>"
}
