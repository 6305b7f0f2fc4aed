package text

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// Split parts a document into documents of at most limit, as size measures them: the length of what the caller will print.
// It parts between blocks where it can, then between items, lines and words, and within a word only when that alone is too
// long. Links, code spans that fit, mentions and emoji stay whole; one that is longer than limit stands alone. Lists go on with
// their numbers, quotes and code go on as such. size must not shrink when something is added.
func Split(d Doc, limit int, size func(Doc) int) []Doc {
	if d.Empty() {
		return nil
	}
	s := splitter{limit: limit, size: size}
	for rest := d.Normal(); len(rest) > 0; {
		var part Doc
		part, rest = s.take(rest)
		s.parts = append(s.parts, part)
	}
	return s.parts
}

type splitter struct {
	limit int
	size  func(Doc) int
	parts []Doc
}

func (s splitter) fits(d Doc) bool { return s.size(d) <= s.limit }

// most returns the greatest n up to total for which fits is true. It looks near the beginning first, since a part is
// short against the whole.
func most(total int, fits func(n int) bool) int {
	step := 1
	for step < total && fits(step) {
		step *= 2
	}
	step = min(step, total)
	return sort.Search(step, func(n int) bool { return !fits(n + 1) })
}

// take cuts the first part off a document: always something.
func (s splitter) take(d Doc) (part, rest Doc) {
	n := most(len(d), func(n int) bool { return s.fits(d[:n]) })
	if n == len(d) {
		return d, nil
	}
	head, tail, ok := s.cut(d[:n:n], d[n])
	switch {
	case ok:
		return append(d[:n:n], head), append(tail, d[n+1:]...)
	case n > 0:
		return d[:n:n], d[n:]
	}
	return d[:1:1], d[1:] // it cannot be cut
}

// cut parts one block so that its head fits behind what stands before. Paragraphs and headings that would fit into a part of
// their own are left for the next one.
func (s splitter) cut(before Doc, n Node) (head Node, tail Doc, ok bool) {
	whole := len(before) > 0 && s.fits(Doc{n})
	switch n.Kind {
	case Bullets, Numbers:
		return s.cutList(before, n)
	case Quote:
		if whole {
			return head, nil, false
		}
		inside := splitter{limit: s.limit, size: func(d Doc) int { return s.size(append(before[:len(before):len(before)], Node{Kind: Quote, Kids: d})) }}
		first, rest := inside.take(n.Kids)
		if !inside.fits(first) && len(before) > 0 {
			return head, nil, false
		}
		if len(rest) > 0 {
			tail = Doc{{Kind: Quote, Kids: rest}}
		}
		return Node{Kind: Quote, Kids: first}, tail, true
	case CodeBlock:
		if whole {
			return head, nil, false
		}
		return s.cutCode(before, n)
	case Rule:
		return head, nil, false
	}
	if whole {
		return head, nil, false
	}
	return s.cutLine(before, n)
}

// cutList parts a list between its items, or within the first of them.
func (s splitter) cutList(before Doc, n Node) (head Node, tail Doc, ok bool) {
	list := func(items []Node) Node { return Node{Kind: n.Kind, Level: n.Level, Kids: items} }
	with := func(l Node) Doc { return append(before[:len(before):len(before)], l) }
	fit := most(len(n.Kids), func(i int) bool { return s.fits(with(list(n.Kids[:i]))) })
	rest := func(from int) Doc {
		if from == len(n.Kids) {
			return nil
		}
		l := list(n.Kids[from:])
		if l.Kind == Numbers {
			l.Level = max(n.Level, 1) + from
		}
		return Doc{l}
	}
	if fit > 0 {
		return list(n.Kids[:fit]), rest(fit), true
	}
	if len(before) > 0 {
		return head, nil, false
	}
	inside := splitter{limit: s.limit, size: func(d Doc) int { return s.size(Doc{list([]Node{{Kind: Item, Kids: d}})}) }}
	first, more := inside.take(n.Kids[0].Kids)
	return list([]Node{{Kind: Item, Kids: first}}), append(more, rest(1)...), true
}

// cutCode parts code between lines, or within the first of them.
func (s splitter) cutCode(before Doc, n Node) (head Node, tail Doc, ok bool) {
	piece := func(code string) Node { return Node{Kind: CodeBlock, Ref: n.Ref, Text: code} }
	fits := func(code string) bool { return s.fits(append(before[:len(before):len(before)], piece(code))) }
	lines := strings.SplitAfter(n.Text, "\n")
	fit := most(len(lines), func(i int) bool { return fits(strings.Join(lines[:i], "")) })
	at := len(strings.Join(lines[:fit], ""))
	if fit == 0 {
		if len(before) > 0 {
			return head, nil, false
		}
		ends := runeEnds(lines[0])
		at = ends[max(1, most(len(ends), func(i int) bool { return fits(n.Text[:ends[i-1]]) }))-1]
	}
	return piece(strings.Trim(n.Text[:at], "\n")), Doc{piece(n.Text[at:])}.Normal(), true
}

// cutLine parts a paragraph or heading between lines, else between words, else within a word.
func (s splitter) cutLine(before Doc, n Node) (head Node, tail Doc, ok bool) {
	tokens := words(flattenRuns(n.Kids, 0))
	piece := func(runs []run) Node { return Node{Kind: n.Kind, Level: n.Level, Kids: inlineNodes(runs)} }
	fits := func(runs []run) bool { return s.fits(append(before[:len(before):len(before)], piece(runs))) }
	fit := most(len(tokens), func(i int) bool { return fits(tokens[:i]) })
	if fit == 0 && len(before) > 0 {
		return head, nil, false
	}
	if fit == 0 {
		tokens = append(letters(tokens[0], fits), tokens[1:]...)
		fit = 1
	}
	for i := fit; i > fit/2; i-- { // the last line break in the second half
		if tokens[i-1].node.Kind == Break {
			fit = i
			break
		}
	}
	rest := piece(tokens[fit:])
	if len(rest.Kids) == 0 {
		return piece(tokens[:fit]), nil, true
	}
	return piece(tokens[:fit]), Doc{rest}, true
}

// words parts runs so that each text is one word with the blanks behind it.
func words(runs []run) []run {
	var out []run
	for _, r := range runs {
		if r.node.Kind != Text {
			out = append(out, r)
			continue
		}
		for _, word := range strings.SplitAfter(r.node.Text, " ") {
			out = appendText(out, r.marks, word)
		}
	}
	return out
}

// letters parts a word, or code, that is too long by itself. What cannot be parted stays whole.
func letters(r run, fits func([]run) bool) []run {
	if r.node.Kind != Text && r.node.Kind != Code {
		return []run{r}
	}
	piece := func(s string) run { return run{r.marks, Node{Kind: r.node.Kind, Text: s}} }
	ends := runeEnds(r.node.Text)
	n := max(1, most(len(ends), func(i int) bool { return fits([]run{piece(r.node.Text[:ends[i-1]])}) }))
	out := []run{piece(r.node.Text[:ends[n-1]])}
	if rest := r.node.Text[ends[n-1]:]; rest != "" {
		out = append(out, piece(rest))
	}
	return out
}

// runeEnds lists where the characters of s end; what joins the one before it, such as an accent, belongs to it.
func runeEnds(s string) []int {
	var ends []int
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if next, _ := utf8.DecodeRuneInString(s[i:]); i < len(s) && (next == '\u200D' || joinsEmoji(next) || isMark(next) || strings.HasSuffix(s[:i], "\u200D")) {
			continue
		}
		ends = append(ends, i)
	}
	return ends
}
