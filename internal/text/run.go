package text

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A run is a leaf of a paragraph with the emphasis it stands in. Paragraphs are brought into their normal form, split and
// shortened as runs, where no nesting is in the way.
type run struct {
	marks marks
	node  Node
}

type marks uint8

const (
	strong marks = 1 << iota
	emph
	strike
	oneLine // not a mark: line breaks become blanks
)

// A nesting is a mark with the kind of node that stands for it.
type nesting struct {
	mark marks
	kind Kind
}

// inOrder is the order in which emphasis nests, outermost first.
func inOrder() []nesting { return []nesting{{strong, Strong}, {emph, Emph}, {strike, Strike}} }

func (r run) blank() bool { return r.node.Kind == Text && strings.TrimSpace(r.node.Text) == "" }

// flattenRuns lists the leaves of inline nodes. Blocks among them count as their content.
func flattenRuns(nodes []Node, m marks) []run {
	var runs []run
	for _, n := range nodes {
		switch n.Kind {
		case Strong:
			runs = append(runs, flattenRuns(n.Kids, m|strong)...)
		case Emph:
			runs = append(runs, flattenRuns(n.Kids, m|emph)...)
		case Strike:
			runs = append(runs, flattenRuns(n.Kids, m|strike)...)
		case Link:
			runs = append(runs, linkRuns(n, m)...)
		case Text:
			runs = append(runs, textRuns(n.Text, m)...)
		case Code, Emoji, Mention, Channel, Group, Date:
			if leaf, ok := normalLeaf(n); ok {
				runs = append(runs, run{m &^ oneLine, leaf})
			}
		case Break:
			runs = append(runs, breakRun(m))
		case CodeBlock:
			runs = append(runs, textRuns(n.Text, m)...)
		default:
			runs = append(runs, flattenRuns(n.Kids, m)...)
		}
	}
	return runs
}

// breakRun is a line break, which bears no marks, or a blank where there is one line only.
func breakRun(m marks) run {
	if m&oneLine != 0 {
		return run{m &^ oneLine, T(" ")}
	}
	return run{0, Node{Kind: Break}}
}

func textRuns(s string, m marks) []run {
	var runs []run
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			runs = append(runs, breakRun(m))
		}
		for _, n := range partChars(cleanText(line)) {
			runs = append(runs, run{m &^ oneLine, n})
		}
	}
	return runs
}

// normalLeaf brings a leaf into its normal form; ok is false when it shows nothing.
func normalLeaf(n Node) (Node, bool) {
	words := strings.TrimSpace(strings.ReplaceAll(cleanText(n.Text), "\n", " "))
	switch n.Kind {
	case Code:
		return Node{Kind: Code, Text: words}, words != ""
	case Emoji:
		if n.Ref == "" {
			return T(words), words != ""
		}
		if known := E(n.Ref); words == "" || known.Text == words {
			return known, true
		}
		return Node{Kind: Emoji, Ref: n.Ref, Text: words}, true
	case Date:
		return Node{Kind: Date, At: n.At, Text: words}, words != "" || !n.At.IsZero()
	}
	return Node{Kind: n.Kind, Ref: n.Ref, Text: words}, words != "" || n.Ref != ""
}

// linkRuns is a link as one run: marks that all of its label bears stand around it.
func linkRuns(n Node, m marks) []run {
	href := strings.TrimSpace(cleanText(n.Href))
	label := flattenRuns(n.Kids, oneLine)
	if href == "" {
		return flattenRuns(n.Kids, m)
	}
	all := strong | emph | strike
	for i, r := range label {
		switch r.node.Kind {
		case Link:
			label[i].node = T(inlineText(r.node.Kids))
			if len(r.node.Kids) == 0 {
				label[i].node = T(r.node.Href)
			}
		case Mention, Channel, Group, Date:
			label[i].node = T(r.node.Text)
		}
		if !r.blank() {
			all &= r.marks
		}
	}
	for i := range label {
		label[i].marks &^= all
	}
	if len(label) == 0 {
		all = 0
	}
	out := Node{Kind: Link, Href: href, Kids: inlineNodes(label)}
	if words := inlineText(out.Kids); words == href {
		out.Kids = nil
	} else if mail, ok := strings.CutPrefix(href, "mailto:"); ok && words == "" {
		out.Kids = []Node{T(mail)}
	}
	return []run{{(m | all) &^ oneLine, out}}
}

// trimLines drops blanks at the beginning and end of every line, and line breaks at the beginning and end of all.
func trimLines(runs []run) []run {
	var out []run
	begin := true
	for _, r := range runs {
		if r.node.Kind == Break {
			if out = trimEnd(out); len(out) > 0 {
				out = append(out, r)
			}
			begin = true
			continue
		}
		if begin && r.node.Kind == Text {
			r.node.Text = strings.TrimLeftFunc(r.node.Text, unicode.IsSpace)
			if r.node.Text == "" {
				continue
			}
		}
		begin = false
		out = append(out, r)
	}
	out = trimEnd(out)
	for len(out) > 0 && out[len(out)-1].node.Kind == Break {
		out = trimEnd(out[:len(out)-1])
	}
	return out
}

// trimEnd drops blanks at the end.
func trimEnd(runs []run) []run {
	for len(runs) > 0 {
		last := &runs[len(runs)-1]
		if last.node.Kind != Text {
			return runs
		}
		if last.node.Text = strings.TrimRightFunc(last.node.Text, unicode.IsSpace); last.node.Text != "" {
			return runs
		}
		runs = runs[:len(runs)-1]
	}
	return runs
}

// mergeRuns makes one of texts and one of code spans side by side that bear the same marks.
func mergeRuns(runs []run) []run {
	out := make([]run, 0, len(runs))
	for i := 0; i < len(runs); i++ {
		r, next := runs[i], i+1
		switch r.node.Kind {
		case Emoji:
			if strings.HasPrefix(r.node.Text, ":") && withinWord(out, runs[i:]) {
				r.node = T(r.node.Text)
			}
		case Text, Code:
			for next < len(runs) && runs[next].marks == r.marks && runs[next].node.Kind == r.node.Kind {
				next++
			}
			r.node.Text = joined(runs[i:next])
			i = next - 1
		}
		out = append(out, r)
	}
	return out
}

func joined(runs []run) string {
	if len(runs) == 1 {
		return runs[0].node.Text
	}
	var b strings.Builder
	for _, r := range runs {
		b.WriteString(r.node.Text)
	}
	return b.String()
}

// withinWord reports whether the emoji at the beginning of after stands in a word, where its name is none.
func withinWord(before, after []run) bool {
	marks := after[0].marks
	if last := len(before) - 1; last >= 0 && before[last].marks == marks && before[last].node.Kind == Text {
		if r, _ := utf8.DecodeLastRuneInString(before[last].node.Text); besideName(r) || r == '\\' {
			return true
		}
	}
	if len(after) > 1 && after[1].marks == marks && after[1].node.Kind == Text {
		r, _ := utf8.DecodeRuneInString(after[1].node.Text)
		return wordy(r)
	}
	return false
}

// nest builds the tree of runs, the given marks outermost first.
func nest(runs []run, order []nesting) []Node {
	if len(order) == 0 || !slices.ContainsFunc(runs, func(r run) bool { return r.marks != 0 }) {
		return leaves(runs)
	}
	var nodes []Node
	mark := order[0].mark
	for _, group := range groups(loosen(runs, mark), mark) {
		kids := nest(group, order[1:])
		if group[0].marks&mark != 0 {
			kids = []Node{{Kind: order[0].kind, Kids: kids}}
		}
		nodes = append(nodes, kids...)
	}
	return nodes
}

// loosen takes a mark off the blanks at the edges of what bears it.
func loosen(runs []run, mark marks) []run {
	out := make([]run, 0, len(runs))
	inside := false
	for _, r := range runs {
		if r.marks&mark == 0 || r.node.Kind != Text || inside {
			inside = r.marks&mark != 0
			out = append(out, r)
			continue
		}
		body := strings.TrimLeftFunc(r.node.Text, unicode.IsSpace)
		out = appendText(out, r.marks&^mark, r.node.Text[:len(r.node.Text)-len(body)])
		out = appendText(out, r.marks, body)
		inside = body != ""
	}
	slices.Reverse(out)
	runs, out, inside = out, nil, false
	for _, r := range runs {
		if r.marks&mark == 0 || r.node.Kind != Text || inside {
			inside = r.marks&mark != 0
			out = append(out, r)
			continue
		}
		body := strings.TrimRightFunc(r.node.Text, unicode.IsSpace)
		out = appendText(out, r.marks&^mark, r.node.Text[len(body):])
		out = appendText(out, r.marks, body)
		inside = body != ""
	}
	slices.Reverse(out)
	return mergeRuns(out)
}

func appendText(runs []run, m marks, s string) []run {
	if s == "" {
		return runs
	}
	return append(runs, run{m, T(s)})
}

// groups parts runs where a mark begins or ends.
func groups(runs []run, mark marks) [][]run {
	var out [][]run
	from := 0
	for i := 1; i <= len(runs); i++ {
		if i == len(runs) || runs[i].marks&mark != runs[from].marks&mark {
			out = append(out, runs[from:i])
			from = i
		}
	}
	return out
}

// leaves are the nodes of runs; texts that are now side by side become one.
func leaves(runs []run) []Node {
	var nodes []Node
	for i := 0; i < len(runs); i++ {
		n, next := runs[i].node, i+1
		if n.Kind == Text {
			for next < len(runs) && runs[next].node.Kind == Text {
				next++
			}
			n.Text = joined(runs[i:next])
			i = next - 1
		}
		nodes = append(nodes, n)
	}
	return nodes
}
