package letter

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/atom"
)

const openMost = 256 // elements of one kind that are remembered as open

// attributes are those that say something to us.
type attributes struct {
	class, id, style, href, src, alt, kind, start string
	hidden                                        bool
}

func (r *htmlReader) attributes() attributes {
	var a attributes
	for range 50 {
		key, value, more := r.z.TagAttr()
		switch string(key) {
		case "class":
			a.class = string(value)
		case "id":
			a.id = string(value)
		case "style":
			a.style = strings.ToLower(strings.Join(strings.Fields(string(value)), ""))
		case "href":
			a.href = string(value)
		case "src":
			a.src = string(value)
		case "alt":
			a.alt = string(value)
		case "type":
			a.kind = strings.ToLower(string(value))
		case "start":
			a.start = string(value)
		case "hidden":
			a.hidden = true
		}
		if !more {
			break
		}
	}
	return a
}

func (r *htmlReader) start(closed bool) {
	name, some := r.z.TagName()
	tag := atom.Lookup(name)
	if r.skip != 0 {
		if tag == r.skip && !closed && r.deep < 1<<20 {
			r.deep++
		}
		return
	}
	var a attributes
	if some {
		a = r.attributes()
	}
	switch tag {
	case atom.Script, atom.Style, atom.Title, atom.Textarea: // the tokenizer finds their end
		r.skip, r.deep = tag, 1
		return
	case atom.Template, atom.Svg, atom.Math, atom.Iframe, atom.Object, atom.Select, atom.Noscript, atom.Audio, atom.Video, atom.Canvas:
		a.hidden = true
	}
	if r.hide && !void(tag) && !closed && a.invisible() {
		r.skip, r.deep = tag, 1
		return
	}
	r.mark(tag, a)
	r.open(tag, a)
}

// void reports whether an element has no end.
func void(tag atom.Atom) bool {
	switch tag {
	case 0, atom.Br, atom.Hr, atom.Img, atom.Input, atom.Meta, atom.Link, atom.Base, atom.Area, atom.Col, atom.Wbr, atom.Embed, atom.Source, atom.Track, atom.Html, atom.Body:
		return true
	}
	return false
}

func (a attributes) invisible() bool {
	return a.hidden || strings.Contains(a.style, "display:none") || strings.Contains(a.style, "visibility:hidden")
}

// mark remembers elements by which mail programs mark signatures, attributions and the beginning of older mails.
func (r *htmlReader) mark(tag atom.Atom, a attributes) {
	for i := range r.marks {
		if r.marks[i].tag == tag {
			r.marks[i].deep++
		}
	}
	what := marked(a)
	switch {
	case what == markHistory:
		r.flush()
		r.lines = append(r.lines, line{history: true, quote: r.depth(), gap: true})
	case what != markNone && !void(tag) && len(r.marks) < depthMost:
		r.flush()
		r.marks = append(r.marks, mark{tag: tag, deep: 1, signature: what == markSignature})
	}
}

type marking uint8

const (
	markNone marking = iota
	markSignature
	markAttribution
	markHistory
)

// marked tells what a mail program says by the class or id of an element; those of a quoted mail are often prefixed by x_.
func marked(a attributes) marking {
	id := strings.TrimLeft(strings.ToLower(a.id), "x_")
	switch id {
	case "signature", "applemailsignature", "ms-outlook-mobile-signature", "ms-outlook-ios-signature", "ymail_android_signature", "linebreakatbeginningofsignature":
		return markSignature
	case "divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container", "olk_src_body_section", "replysplit", "stopspelling":
		return markHistory
	}
	for class := range strings.FieldsSeq(strings.ToLower(a.class)) {
		switch strings.TrimPrefix(class, "x_") {
		case "gmail_signature", "moz-signature", "protonmail_signature_block", "tutanota_signature", "elided_signature":
			return markSignature
		case "gmail_attr", "moz-cite-prefix":
			return markAttribution
		case "yahoo_quoted":
			return markHistory
		}
	}
	return markNone
}

// open does what an element means where it begins.
func (r *htmlReader) open(tag atom.Atom, a attributes) {
	if s, ok := styleOf(tag); ok {
		r.styles[s]++
		return
	}
	switch tag {
	case atom.Br:
		if len(r.cur.runs) == 0 || strings.TrimSpace(r.cur.words()) == "" {
			r.paragraph()
			return
		}
		r.flush()
	case atom.A:
		r.anchor(a.href)
	case atom.Img:
		r.picture(a)
	case atom.Hr:
		r.paragraph()
		r.rule()
	case atom.Blockquote:
		r.paragraph()
		if len(r.quotes) < openMost {
			r.quotes = append(r.quotes, !indents(a))
		}
	case atom.Ul, atom.Ol:
		r.openList(tag == atom.Ol, a.start)
	case atom.Li:
		r.flush()
		r.begin = true
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		r.paragraph()
		r.heading = int(tag.String()[1] - '0')
	case atom.Pre:
		r.paragraph()
		r.pre++
	case atom.Tr:
		r.flush()
		if len(r.rows) < openMost {
			r.rows = append(r.rows, row{})
		}
	case atom.Td, atom.Th:
		r.cell()
	default:
		r.edge(tag)
		if tag == atom.P {
			r.outlook = outlookLevel(a)
		}
	}
}

// indents reports whether a blockquote is only how some programs indent.
func indents(a attributes) bool {
	return a.kind != "cite" && !strings.Contains(strings.ToLower(a.class), "quote") && strings.Contains(a.style, "border:none") && strings.Contains(a.style, "padding:0")
}

var (
	msoLevel = regexp.MustCompile(`mso-list:\S*?level([1-9])`)
	msoMark  = regexp.MustCompile(`^\s*(?:[·•o§–*-]|\(?(\d{1,3}|[a-z]{1,3})[.)])\s+`)
)

// outlookLevel tells the level of an item that Outlook writes as a paragraph; 0 for other paragraphs.
func outlookLevel(a attributes) int {
	if !strings.Contains(a.class, "MsoListParagraph") && !strings.Contains(a.style, "mso-list:l") {
		return 0
	}
	if m := msoLevel.FindStringSubmatch(a.style); m != nil {
		return int(m[1][0] - '0')
	}
	return 1
}

// itemOfOutlook makes the line an item when it begins with the mark of one, which Outlook writes as words.
func (l *line) itemOfOutlook(level int) {
	m := msoMark.FindStringSubmatch(l.words())
	if m == nil || len(m[0]) == len(l.words()) {
		return
	}
	rest := len(m[0])
	for rest > 0 && len(l.runs) > 0 {
		n := min(rest, len(l.runs[0].words))
		if rest -= n; n < len(l.runs[0].words) {
			l.runs[0].words = l.runs[0].words[n:]
			break
		}
		l.runs = l.runs[1:]
	}
	l.item = true
	for len(l.lists) < min(level, depthMost) {
		l.lists = append(l.lists, list{numbered: m[1] != "" && len(l.lists) == level-1})
	}
}

// edge ends the line at the edges of blocks.
func (r *htmlReader) edge(tag atom.Atom) {
	switch tag {
	case atom.P, atom.Table, atom.Dl, atom.Section, atom.Article, atom.Fieldset, atom.Figure:
		r.paragraph()
	case atom.Div, atom.Header, atom.Footer, atom.Main, atom.Nav, atom.Aside, atom.Address, atom.Center, atom.Dt, atom.Dd, atom.Form, atom.Figcaption, atom.Tbody, atom.Thead, atom.Body, atom.Details, atom.Summary, atom.Caption:
		r.flush()
	}
}

func styleOf(tag atom.Atom) (int, bool) {
	switch tag {
	case atom.B, atom.Strong:
		return 0, true
	case atom.I, atom.Em:
		return 1, true
	case atom.S, atom.Strike, atom.Del:
		return 2, true
	case atom.Code, atom.Tt, atom.Kbd, atom.Samp:
		return 3, true
	}
	return 0, false
}

func (r *htmlReader) end(tag atom.Atom) {
	if r.skip != 0 {
		if tag == r.skip {
			if r.deep--; r.deep == 0 {
				r.skip = 0
			}
		}
		return
	}
	r.close(tag)
	for i := len(r.marks) - 1; i >= 0; i-- {
		if r.marks[i].tag != tag {
			continue
		}
		if r.marks[i].deep--; r.marks[i].deep == 0 {
			r.flush()
			r.marks = append(r.marks[:i], r.marks[i+1:]...)
		}
	}
}

// close does what an element means where it ends.
func (r *htmlReader) close(tag atom.Atom) {
	if s, ok := styleOf(tag); ok {
		r.styles[s] = max(0, r.styles[s]-1)
		return
	}
	switch tag {
	case atom.A:
		if n := len(r.hrefs); n > 0 {
			r.hrefs = r.hrefs[:n-1]
		}
	case atom.Blockquote:
		r.paragraph()
		if n := len(r.quotes); n > 0 {
			r.quotes = r.quotes[:n-1]
		}
	case atom.Ul, atom.Ol:
		r.flush()
		r.gap, r.begin = true, false
		if n := len(r.lists); n > 0 {
			r.lists = r.lists[:n-1]
		}
	case atom.Li:
		r.flush()
		r.begin = false
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		r.paragraph()
		r.heading = 0
	case atom.Pre:
		r.paragraph()
		r.pre = max(0, r.pre-1)
	case atom.Td, atom.Th:
		r.flush()
	case atom.Tr:
		r.endRow()
	default:
		r.edge(tag)
		if tag == atom.P {
			r.outlook = 0
		}
	}
}

func (r *htmlReader) rule() {
	if len(r.lines) < linesMost {
		r.lines = append(r.lines, line{form: rule, gap: true, quote: min(r.depth(), depthMost)})
	}
}

func (r *htmlReader) openList(numbered bool, start string) {
	r.flush()
	if len(r.lists) == 0 {
		r.gap = true
	}
	first := 0
	for _, c := range start {
		if c < '0' || c > '9' || first > 9999 {
			first = 0
			break
		}
		first = first*10 + int(c-'0')
	}
	if len(r.lists) < depthMost {
		r.lists = append(r.lists, list{numbered: numbered, first: first})
	}
}

// anchor begins a link. What leads elsewhere than to the web or to mail is only its words.
func (r *htmlReader) anchor(href string) {
	href = strings.TrimSpace(href)
	u, err := url.Parse(href)
	if err != nil || len(href) > 4096 {
		href = ""
	} else {
		switch strings.ToLower(u.Scheme) {
		case "http", "https", "mailto":
		default:
			href = ""
		}
	}
	if len(r.hrefs) < openMost {
		r.hrefs = append(r.hrefs, href)
	}
}

// picture notes which file is shown here. Of pictures elsewhere only an emoji's character stays.
func (r *htmlReader) picture(a attributes) {
	if cid, ok := strings.CutPrefix(a.src, "cid:"); ok && len(r.cids) < partsMost {
		if decoded, err := url.PathUnescape(cid); err == nil {
			cid = decoded
		}
		r.cids = append(r.cids, strings.Trim(cid, "<>"))
		return
	}
	if first, size := utf8.DecodeRuneInString(a.alt); size > 2 && len(a.alt) <= 32 && first >= 0x2190 && !strings.ContainsRune(a.alt, ' ') {
		r.text(a.alt)
	}
}

func (r *htmlReader) cell() {
	r.flush()
	if n := len(r.rows); n > 0 && len(r.rows[n-1].cells) < openMost {
		r.rows[n-1].cells = append(r.rows[n-1].cells, len(r.lines))
	}
}

// endRow makes one line of a row whose cells hold one line each; a row that holds more is there for the layout.
func (r *htmlReader) endRow() {
	r.flush()
	n := len(r.rows)
	if n == 0 {
		return
	}
	cells := r.rows[n-1].cells
	r.rows = r.rows[:n-1]
	if len(cells) < 2 || len(r.lines)-cells[0] < 2 {
		return
	}
	for i, from := range cells {
		to := len(r.lines)
		if i+1 < len(cells) {
			to = cells[i+1]
		}
		if to-from > 1 || to > from && (r.lines[from].form != prose || r.lines[from].history || r.lines[from].item) {
			return
		}
	}
	first := r.lines[cells[0]]
	for _, l := range r.lines[cells[0]+1:] {
		first.runs = append(append(first.runs, run{words: " | "}), l.runs...)
	}
	first.gap = first.gap && (cells[0] == 0 || !r.afterRow(cells[0]-1))
	r.lines = append(r.lines[:cells[0]], first)
}

// afterRow reports whether a line is a row of the same table, as far as its looks tell.
func (r *htmlReader) afterRow(i int) bool { return strings.Contains(r.lines[i].words(), " | ") }
