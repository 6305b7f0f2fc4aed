package letter

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlMost is how much HTML is read of one part.
const htmlMost = 1 << 20

// htmlRead is what a part in HTML says.
type htmlRead struct {
	lines []line
	whole bool
	cids  []string // the pictures it shows by Content-ID
}

// readHTML reads HTML as lines, in one pass over its tokens. Scripts, styles, comments, remote pictures, forms and what is
// hidden are dropped; links stay when they lead to the web or to mail; every other element leaves its words. Nothing else of the
// HTML comes through: a line has no place for it.
func readHTML(s string) htmlRead {
	whole := true
	if len(s) > htmlMost {
		s, whole = s[:htmlMost], false
	}
	r := newHTMLReader(s)
	r.hide = true
	r.read()
	if r.skip != 0 { // what is not shown never ended: rather show too much
		r = newHTMLReader(s)
		r.read()
	}
	for i := range r.lines {
		if r.lines[i].form != code {
			r.lines[i].runs = slices.Concat(each(r.lines[i].runs, linked)...)
		}
	}
	return htmlRead{lines: r.lines, whole: whole && !r.full, cids: r.cids}
}

func each[T, U any](list []T, f func(T) U) []U {
	out := make([]U, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

// htmlReader reads tokens. Elements may nest wrongly and without an end: everything open is a count or a bounded stack.
type htmlReader struct {
	z     *html.Tokenizer
	lines []line
	size  int
	full  bool
	cids  []string

	cur   line // the line being written
	space bool // a blank is owed before the next word
	gap   bool // a blank line is owed before the next line

	styles  [4]int // how many elements of each style are open
	hrefs   []string
	quotes  []bool // of each open blockquote, whether it quotes
	lists   []list
	begin   bool // the next line begins an item
	outlook int  // the level of a paragraph that Outlook writes for an item
	pre     int
	heading int
	rows    []row

	hide bool // drop what is not shown
	skip atom.Atom
	deep int // how many elements of the skipped kind are open

	marks []mark // open elements of a mail program
}

// mark is an open element by which mail programs mark a signature or an attribution, closed by its own kind.
type mark struct {
	tag       atom.Atom
	deep      int
	signature bool
}

// row is an open row of a table: where each of its cells begins.
type row struct{ cells []int }

func newHTMLReader(s string) *htmlReader {
	z := html.NewTokenizer(strings.NewReader(s))
	z.SetMaxBuf(htmlMost + 1)
	return &htmlReader{z: z}
}

func (r *htmlReader) read() {
	for !r.full {
		switch r.z.Next() {
		case html.ErrorToken:
			r.flush()
			return
		case html.TextToken:
			if r.skip == 0 {
				r.text(string(r.z.Text()))
			}
		case html.StartTagToken:
			r.start(false)
		case html.SelfClosingTagToken:
			r.start(true)
		case html.EndTagToken:
			name, _ := r.z.TagName()
			r.end(atom.Lookup(name))
		}
	}
	r.flush()
}

// text adds words, with blanks collapsed as HTML does.
func (r *htmlReader) text(s string) {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if r.size += len(s); r.size > wordsMost {
		s, r.full = strings.ToValidUTF8(s[:max(0, len(s)-(r.size-wordsMost))], ""), true
	}
	if r.pre > 0 {
		r.verbatim(s)
		return
	}
	var b strings.Builder
	for _, c := range s {
		switch {
		case unicode.IsSpace(c) || c == '\u200b' || c == '\ufeff' || c == '\u00ad' || c == '\u034f' || c == '\u200c' && b.Len() == 0:
			if unicode.IsSpace(c) {
				r.space = r.space || b.Len() > 0 || len(r.cur.runs) > 0
			}
		default:
			if r.space {
				r.blank(&b)
			}
			b.WriteRune(c)
		}
	}
	r.put(b.String())
}

// blank writes the blank that is owed before a word. Between runs it belongs to what both have in common.
func (r *htmlReader) blank(b *strings.Builder) {
	r.space = false
	if n := len(r.cur.runs); b.Len() == 0 && n > 0 {
		before, now := r.cur.runs[n-1], r.run(" ")
		now.style &= before.style
		if now.href != before.href {
			now.href = ""
		}
		r.cur.runs = append(r.cur.runs, now)
		return
	}
	b.WriteByte(' ')
}

func (r *htmlReader) verbatim(s string) {
	for i, part := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		if i > 0 {
			r.flush()
		}
		r.put(part)
	}
}

// put adds words in the style that is open.
func (r *htmlReader) put(s string) {
	if s != "" {
		r.cur.runs = append(r.cur.runs, r.run(s))
	}
}

func (r *htmlReader) run(s string) run {
	now := run{words: s}
	for i, n := range r.styles {
		if n > 0 {
			now.style |= 1 << i
		}
	}
	if n := len(r.hrefs); n > 0 {
		now.href = r.hrefs[n-1]
	}
	return now
}

// flush ends the line that is being written.
func (r *htmlReader) flush() {
	l := line{runs: merged(r.cur.runs)}
	r.cur, r.space = line{}, false
	if len(l.runs) == 0 || r.pre == 0 && strings.TrimSpace(l.words()) == "" {
		return
	}
	if len(r.lines) >= linesMost {
		r.full = true
		return
	}
	l.gap, r.gap = r.gap, false
	l.quote = min(r.depth(), depthMost)
	l.lists = slices.Clone(r.lists)
	l.item, r.begin = r.begin && len(r.lists) > 0, false
	switch {
	case r.pre > 0:
		l.form = code
	case r.heading > 0:
		l.form, l.level = heading, r.heading
	}
	if r.outlook > 0 {
		l.itemOfOutlook(r.outlook)
	}
	for _, m := range r.marks {
		l.signature = l.signature || m.signature
		l.attribution = l.attribution || !m.signature
	}
	r.lines = append(r.lines, l)
}

// merged makes one run of those side by side that look the same.
func merged(runs []run) []run {
	var out []run
	for len(runs) > 0 {
		n := 1
		for n < len(runs) && runs[n].style == runs[0].style && runs[n].href == runs[0].href {
			n++
		}
		out = append(out, run{words: line{runs: runs[:n]}.words(), style: runs[0].style, href: runs[0].href})
		runs = runs[n:]
	}
	return out
}

// paragraph ends the line and owes a gap.
func (r *htmlReader) paragraph() {
	r.flush()
	r.gap = true
}

func (r *htmlReader) depth() int {
	n := 0
	for _, q := range r.quotes {
		if q {
			n++
		}
	}
	return n
}
