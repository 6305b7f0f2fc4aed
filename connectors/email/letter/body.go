package letter

import (
	"slices"
	"strings"
)

// said is what one part or several say.
type said struct {
	lines []line
	html  bool
	long  bool
	cids  []string
}

// reader gathers what the parts of a mail hold.
type reader struct {
	letter *Letter
	size   int // bytes of the texts that were read
	lines  int // and their lines
}

func (r *reader) fault(s string) {
	if s != "" && len(r.letter.Faults) < 20 {
		r.letter.Faults = append(r.letter.Faults, s)
	}
}

// collect reads the words of a part and those below it.
func (r *reader) collect(n *node) said {
	switch {
	case n.multipart() && len(n.kids) == 0:
		return r.leaf(n, n.html())
	case n.media == "multipart/alternative":
		return r.choose(n.kids)
	case n.media == "multipart/related" || n.media == "multipart/signed" || n.media == "multipart/report":
		return r.first(n.kids)
	case n.media == "multipart/encrypted":
		return said{}
	case n.multipart():
		return r.sequence(n.kids)
	case n.shown():
		return r.leaf(n, n.html())
	}
	return said{}
}

// html reports whether a part is read as HTML.
func (n *node) html() bool { return n.media == "text/html" || n.media == "application/xhtml+xml" }

// shown reports whether a part is words to be read, not a file.
func (n *node) shown() bool {
	switch n.media {
	case "text/plain", "text/html", "application/xhtml+xml", "text/markdown", "text/enriched", "text", "text/x-amp-html":
	default:
		return false
	}
	where, name := n.disposition()
	return where != "attachment" && (name == "" || n.id == "1" && where == "")
}

// choose reads the richest form that says something: HTML, whose lists and links people meant, before plain text. HTML that lost
// most of the words is broken.
func (r *reader) choose(kids []*node) said {
	var plain, rich said
	for _, kid := range slices.Backward(kids) {
		if kid.media == "text/x-amp-html" {
			continue
		}
		switch s := r.collect(kid); {
		case len(s.lines) == 0:
		case s.html && len(rich.lines) == 0:
			rich = s
		case !s.html && len(plain.lines) == 0:
			plain = s
		}
	}
	if letters(rich.lines)*4 < letters(plain.lines) {
		plain.cids = rich.cids
		return plain
	}
	return rich
}

// letters counts what lines say besides addresses of the web.
func letters(lines []line) int {
	n := 0
	for _, l := range lines {
		for _, r := range l.runs {
			if r.href == "" {
				n += len(strings.TrimSpace(r.words))
			}
		}
	}
	return n
}

// first reads the first part that says something: the others are its pictures, or prove it.
func (r *reader) first(kids []*node) said {
	for _, kid := range kids {
		if s := r.collect(kid); len(s.lines) > 0 {
			return s
		}
	}
	return said{}
}

// sequence reads parts that follow one another.
func (r *reader) sequence(kids []*node) said {
	var all said
	for _, kid := range kids {
		s := r.collect(kid)
		if len(s.lines) > 0 {
			s.lines[0].gap = true
		}
		all.lines = append(all.lines, s.lines...)
		all.cids = append(all.cids, s.cids...)
		all.html, all.long = all.html || s.html, all.long || s.long
	}
	return all
}

// leaf reads the words of one part, within the bounds for the whole mail.
func (r *reader) leaf(n *node, asHTML bool) said {
	if r.size >= htmlMost || r.lines >= linesMost {
		return said{long: true}
	}
	s, whole, fault := n.words()
	r.fault(fault)
	r.size += len(s)
	if asHTML {
		read := readHTML(s)
		r.lines += len(read.lines)
		return said{lines: read.lines, html: true, long: !whole || !read.whole, cids: read.cids}
	}
	f := flow{flowed: strings.EqualFold(n.params["format"], "flowed"), delSp: strings.EqualFold(n.params["delsp"], "yes")}
	lines, all := plainLines(s, f)
	r.lines += len(lines)
	return said{lines: lines, long: !whole || !all}
}

// partBody parts what a mail says and builds its documents.
func partBody(s said, marker string, forwards bool) Body {
	cut := part(s.lines, marker, forwards)
	return Body{
		New: document(cut.fresh), Quoted: document(cut.quoted), Signature: document(cut.signature),
		Forwarded: cut.forwarded, HTML: s.html, Long: s.long,
	}
}
