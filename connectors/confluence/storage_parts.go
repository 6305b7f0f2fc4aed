package confluence

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"

	"signoff/internal/text"
)

func (r *reader) list(f *flowing, numbered bool, depth int) error {
	list := text.Node{Kind: text.Bullets}
	if numbered {
		list.Kind = text.Numbers
	}
	item := func(_ xml.StartElement, depth int) error {
		blocks, err := r.content(depth)
		list.Kids = append(list.Kids, text.Node{Kind: text.Item, Kids: blocks})
		return err
	}
	// Lists within lists stand in their items; what stands beside items is taken for one.
	err := r.children(depth, map[string]func(xml.StartElement, int) error{"li": item, "ul": r.nested(&list), "ol": r.nested(&list)})
	f.block(list)
	return err
}

// nested puts a list that stands between items into an item of its own.
func (r *reader) nested(into *text.Node) func(xml.StartElement, int) error {
	return func(e xml.StartElement, depth int) error {
		var f flowing
		err := r.list(&f, e.Name.Local == "ol", depth)
		into.Kids = append(into.Kids, text.Node{Kind: text.Item, Kids: f.blocks})
		return err
	}
}

// tasks are a list with boxes.
func (r *reader) tasks(f *flowing, depth int) error {
	list := text.Node{Kind: text.Bullets}
	task := func(_ xml.StartElement, depth int) error {
		box := "[ ] "
		var body []text.Node
		err := r.children(depth, map[string]func(xml.StartElement, int) error{
			"ac:task-status": func(_ xml.StartElement, depth int) error {
				status, err := r.raw(depth)
				if strings.TrimSpace(status) == "complete" {
					box = "[x] "
				}
				return err
			},
			"ac:task-body": func(_ xml.StartElement, depth int) (err error) {
				body, err = r.content(depth)
				return err
			},
		})
		list.Kids = append(list.Kids, text.Node{Kind: text.Item, Kids: led(text.T(box), body)})
		return err
	}
	err := r.children(depth, map[string]func(xml.StartElement, int) error{"ac:task": task})
	f.block(list)
	return err
}

// led puts words before the first paragraph of blocks.
func led(words text.Node, blocks []text.Node) []text.Node {
	if len(blocks) > 0 && blocks[0].Kind == text.Paragraph {
		head := text.P(append([]text.Node{words}, blocks[0].Kids...)...)
		return append([]text.Node{head}, blocks[1:]...)
	}
	return append([]text.Node{text.P(words)}, blocks...)
}

// table is one line for each row, its cells parted by bars, the head in strong type. Blocks in a cell are parted by
// semicolons; a cell that reaches over several columns or rows is not repeated.
func (r *reader) table(depth int) ([]text.Node, error) {
	var rows []text.Node
	row := func(_ xml.StartElement, depth int) error {
		var cells [][]text.Node
		head := true
		cell := func(e xml.StartElement, depth int) error {
			blocks, err := r.content(depth)
			head = head && e.Name.Local == "th"
			cells = append(cells, inCell(blocks))
			for range spanOf(e) - 1 {
				if r.take("          ") == "" {
					break // padding counts like words
				}
				cells = append(cells, nil)
			}
			return err
		}
		err := r.children(depth, map[string]func(xml.StartElement, int) error{"td": cell, "th": cell})
		rows = append(rows, text.P(joined(cells, head)...))
		return err
	}
	part := func(_ xml.StartElement, depth int) error {
		return r.children(depth, map[string]func(xml.StartElement, int) error{"tr": row})
	}
	err := r.children(depth, map[string]func(xml.StartElement, int) error{"tr": row, "tbody": part, "thead": part, "tfoot": part})
	if len(rows) == 0 {
		return nil, err
	}
	var all []text.Node
	for i, one := range rows {
		if i > 0 {
			all = append(all, text.Node{Kind: text.Break})
		}
		all = append(all, one.Kids...)
	}
	return []text.Node{text.P(all...)}, err
}

// spanOf is how many columns a cell reaches over.
func spanOf(e xml.StartElement) int {
	n, err := strconv.Atoi(attr(e, "colspan"))
	if err != nil || n < 1 || n > 50 {
		return 1
	}
	return n
}

// joined is a row as one line.
func joined(cells [][]text.Node, head bool) []text.Node {
	var out []text.Node
	for i, cell := range cells {
		if i > 0 {
			out = append(out, text.T(" | "))
		}
		if head && len(cells) > 1 {
			cell = []text.Node{{Kind: text.Strong, Kids: cell}}
		}
		out = append(out, cell...)
	}
	return out
}

// inCell is what a cell holds in one line.
func inCell(blocks []text.Node) []text.Node {
	var out []text.Node
	for _, b := range blocks {
		var part []text.Node
		switch b.Kind {
		case text.Paragraph, text.Heading:
			part = slices.DeleteFunc(slices.Clone(b.Kids), func(n text.Node) bool { return n.Kind == text.Break })
		case text.Bullets, text.Numbers, text.Quote:
			for i, item := range b.Kids {
				if i > 0 {
					part = append(part, text.T("; "))
				}
				part = append(part, inCell(kidsOf(item))...)
			}
		default:
			part = []text.Node{text.T(plainText([]text.Node{b}))}
		}
		if len(out) > 0 && len(part) > 0 {
			out = append(out, text.T("; "))
		}
		out = append(out, part...)
	}
	return out
}

// kidsOf are the blocks of an item; a block of a quote is its own.
func kidsOf(n text.Node) []text.Node {
	if n.Kind == text.Item {
		return n.Kids
	}
	return []text.Node{n}
}

// link is a link to something in Confluence: a person, a page, a file.
func (r *reader) link(f *flowing, depth int) error {
	var label []text.Node
	fallback := ""
	words := func(_ xml.StartElement, depth int) error {
		blocks, err := r.content(depth)
		label = lines(blocks)
		return err
	}
	from := func(which ...string) func(xml.StartElement, int) error {
		return func(e xml.StartElement, depth int) error {
			for _, name := range which {
				fallback = firstOf(fallback, attr(e, name))
			}
			return r.skip(depth)
		}
	}
	err := r.children(depth, map[string]func(xml.StartElement, int) error{
		"ac:link-body": words, "ac:plain-text-link-body": words,
		"ri:page": from("ri:content-title"), "ri:blog-post": from("ri:content-title"), "ri:attachment": from("ri:filename"), "ri:space": from("ri:space-key"),
		"ri:user": func(e xml.StartElement, depth int) error {
			account := firstOf(attr(e, "ri:account-id"), attr(e, "ri:userkey"), attr(e, "ri:username"))
			fallback = "@" + firstOf(r.names[account], "someone")
			return r.skip(depth)
		},
	})
	if text.Doc([]text.Node{text.P(label...)}).Empty() {
		label = []text.Node{text.T(r.take(fallback))}
	}
	f.inline(label...)
	return err
}

// image is named, never fetched.
func (r *reader) image(f *flowing, e xml.StartElement, depth int) error {
	file := ""
	err := r.children(depth, map[string]func(xml.StartElement, int) error{
		"ri:attachment": func(e xml.StartElement, depth int) error {
			file = attr(e, "ri:filename")
			return r.skip(depth)
		},
	})
	f.inline(text.T(r.take("[image: " + firstOf(attr(e, "ac:alt"), file, "no description") + "]")))
	return err
}

// extension holds the same twice: what Confluence shows, and what it falls back to. One of them is read.
func (r *reader) extension(f *flowing, depth int) error {
	var node, fallback []text.Node
	err := r.children(depth, map[string]func(xml.StartElement, int) error{
		"ac:adf-node":     func(_ xml.StartElement, depth int) (err error) { node, err = r.adfNode(depth); return err },
		"ac:adf-fallback": func(_ xml.StartElement, depth int) (err error) { fallback, err = r.content(depth); return err },
	})
	if text.Doc(fallback).Empty() {
		fallback = node
	}
	f.block(fallback...)
	return err
}

// adfNode is the content of a node without its attributes.
func (r *reader) adfNode(depth int) (out []text.Node, err error) {
	err = r.children(depth, map[string]func(xml.StartElement, int) error{
		"ac:adf-content": func(_ xml.StartElement, depth int) error {
			blocks, err := r.content(depth)
			out = append(out, blocks...)
			return err
		},
		"ac:adf-node": func(_ xml.StartElement, depth int) error {
			blocks, err := r.adfNode(depth)
			out = append(out, blocks...)
			return err
		},
	})
	return out, err
}

// macro is read by its name. What it would fetch from elsewhere is said to be missing.
func (r *reader) macro(f *flowing, e xml.StartElement, depth int) error {
	m := macro{name: attr(e, "ac:name"), params: map[string]string{}}
	err := r.children(depth, map[string]func(xml.StartElement, int) error{
		"ac:parameter": func(e xml.StartElement, depth int) error {
			words, err := r.raw(depth)
			m.params[attr(e, "ac:name")] = strings.TrimSpace(words)
			return err
		},
		"ac:rich-text-body": func(_ xml.StartElement, depth int) (err error) { m.body, err = r.content(depth); return err },
		"ac:plain-text-body": func(_ xml.StartElement, depth int) error {
			words, err := r.raw(depth)
			m.code += r.take(words)
			return err
		},
	})
	if err == nil {
		m.print(f)
	}
	return err
}

type macro struct {
	name   string
	params map[string]string
	body   []text.Node
	code   string
}

func (m macro) print(f *flowing) {
	title := spaced(m.params["title"])
	switch m.name {
	case "info", "note", "tip", "warning", "panel":
		label := firstOf(title, strings.ToUpper(m.name[:1])+m.name[1:])
		if m.name == "panel" && title == "" {
			f.block(text.Node{Kind: text.Quote, Kids: m.body})
			return
		}
		f.block(text.Node{Kind: text.Quote, Kids: led(text.T(label+": "), m.body)})
	case "code", "noformat":
		f.block(text.Node{Kind: text.CodeBlock, Text: strings.Trim(strings.ReplaceAll(m.code, "\r\n", "\n"), "\n"), Ref: text.Language(m.params["language"])})
	case "status":
		f.inline(text.T(title))
	case "jira":
		f.inline(text.T(firstOf(m.params["key"], "[issues in Jira, see page]")))
	case "toc", "children", "anchor", "pagetree", "recently-updated", "livesearch", "contributors", "labels-list", "attachments", "gallery":
	case "include", "excerpt-include":
		f.block(text.P(text.T("[macro " + m.name + ", see page]")))
	default:
		if title != "" {
			f.block(text.P(text.B(title)))
		}
		if len(m.body) > 0 || m.code != "" {
			f.block(append(m.body, codeOf(m.code)...)...)
			return
		}
		f.block(text.P(text.T("[macro " + firstOf(oneLine(m.name, 60), "without a name") + ", see page]")))
	}
}

func codeOf(words string) []text.Node {
	if words == "" {
		return nil
	}
	return []text.Node{{Kind: text.CodeBlock, Text: strings.Trim(words, "\n")}}
}
