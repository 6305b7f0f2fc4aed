package flow

import (
	"strings"

	"signoff/internal/text"
)

// points parts a note into what is asked for: each list item and each paragraph is one point. Lines of one paragraph
// that are typed like a list count as items.
func points(note text.Doc) []text.Doc {
	var all []text.Doc
	for _, block := range note {
		switch block.Kind {
		case text.Bullets, text.Numbers:
			for _, item := range block.Kids {
				all = append(all, text.Doc(item.Kids))
			}
		case text.Paragraph:
			all = append(all, lines(block)...)
		case text.Rule:
		default:
			all = append(all, text.Doc{block})
		}
	}
	var said []text.Doc
	for _, p := range all {
		if !p.Empty() {
			said = append(said, p)
		}
	}
	return said
}

// lines parts a paragraph at those line breaks after which an item begins, and drops the items' marks.
func lines(p text.Node) []text.Doc {
	var parts [][]text.Node
	var part []text.Node
	for i, kid := range p.Kids {
		if kid.Kind == text.Break && i+1 < len(p.Kids) && starts(p.Kids[i+1]) {
			parts, part = append(parts, part), nil
			continue
		}
		part = append(part, kid)
	}
	parts = append(parts, part)
	var all []text.Doc
	for _, kids := range parts {
		if len(kids) > 0 && starts(kids[0]) {
			words, _ := unmark(kids[0].Text)
			kids = append([]text.Node{text.T(words)}, kids[1:]...)
		}
		if len(kids) > 0 {
			all = append(all, text.Doc{text.P(kids...)})
		}
	}
	return all
}

func starts(n text.Node) bool {
	_, marked := unmark(n.Text)
	return n.Kind == text.Text && marked
}

// unmark takes off what people type before a list item where they cannot make a list: "- ", "• ", "2. ", "2) ".
func unmark(line string) (words string, marked bool) {
	mark, words, ok := strings.Cut(strings.TrimSpace(line), " ")
	words = strings.TrimSpace(words)
	if !ok || words == "" {
		return line, false
	}
	switch mark {
	case "-", "*", "•", "–":
		return words, true
	}
	number := strings.TrimRight(mark, ".)")
	if len(number) != len(mark)-1 || number == "" || len(number) > 3 || strings.Trim(number, "0123456789") != "" {
		return line, false
	}
	return words, true
}
