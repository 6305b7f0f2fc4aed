package letter

import (
	"strings"

	"signoff/internal/pattern"
)

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

var (
	msoLevel = pattern.New(`mso-list:\S*?level([1-9])`)
	msoMark  = pattern.New(`^\s*(?:[·•o§–*-]|\(?(\d{1,3}|[a-z]{1,3})[.)])\s+`)
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
