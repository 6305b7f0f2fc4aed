package confluence

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// toStorage turns simple text into storage format, as the editor of Confluence does while somebody types.
func (s *Server) toStorage(text string) (string, error) {
	var out bytes.Buffer
	if err := markdown().Convert([]byte(text), &out); err != nil {
		return "", err
	}
	root, err := parse(out.String())
	if err != nil {
		return "", err
	}
	w := &writer{s: s}
	w.inside(root)
	var b strings.Builder
	root.print(&b)
	return strings.TrimSpace(b.String()), nil
}

// markdown knows everything but HTML, which stays the text that it is.
func markdown() goldmark.Markdown {
	known := parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100), util.Prioritized(parser.NewThematicBreakParser(), 200), util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400), util.Prioritized(parser.NewCodeBlockParser(), 500), util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700), util.Prioritized(parser.NewBlockquoteParser(), 800), util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewCodeSpanParser(), 100), util.Prioritized(parser.NewLinkParser(), 200), util.Prioritized(parser.NewAutoLinkParser(), 300), util.Prioritized(parser.NewEmphasisParser(), 500),
		),
	)
	return goldmark.New(goldmark.WithParser(known), goldmark.WithRendererOptions(html.WithXHTML(), html.WithHardWraps()),
		goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone)), extension.TaskList, extension.Linkify, extension.Strikethrough))
}

// writer turns what Markdown became into what Confluence has for it.
type writer struct {
	s     *Server
	tasks int
}

func (w *writer) inside(n *node) {
	var kids []*node
	for _, k := range n.kids {
		switch {
		case k.name == "" && n.name != "a" && n.name != "code":
			kids = append(kids, w.words(k.text)...)
			continue
		case k.name == "ul" && taskList(k):
			k = w.taskList(k)
		case k.name == "pre":
			k = code(k)
		case k.name == "table":
			k = &node{name: "table", kids: []*node{{name: "tbody", kids: rows(k)}}}
		case k.name == "td" || k.name == "th":
			k.kids = []*node{{name: "p", kids: k.kids}}
		}
		if k.name != "ac:structured-macro" {
			w.inside(k)
		}
		kids = append(kids, k)
	}
	n.kids = kids
}

// elements are the parts of a node without the line breaks between them.
func elements(n *node) []*node {
	return slices.DeleteFunc(slices.Clone(n.kids), func(k *node) bool { return k.name == "" && strings.TrimSpace(k.text) == "" })
}

func rows(table *node) []*node {
	var out []*node
	for _, part := range elements(table) {
		for _, row := range elements(part) {
			out = append(out, &node{name: "tr", kids: elements(row)})
		}
	}
	return out
}

// box is the check box that begins an item of a list, with the node that holds it.
func box(item *node) (holder, box *node) {
	holder = item
	if list := elements(item); len(list) > 0 && list[0].name == "p" {
		holder = list[0]
	}
	return holder, holder.child("input")
}

func taskList(ul *node) bool {
	return !slices.ContainsFunc(elements(ul), func(item *node) bool { _, b := box(item); return b == nil })
}

func (w *writer) taskList(ul *node) *node {
	out := &node{name: "ac:task-list"}
	for _, item := range elements(ul) {
		holder, b := box(item)
		holder.kids = slices.DeleteFunc(holder.kids, func(k *node) bool { return k == b })
		if len(holder.kids) > 0 {
			holder.kids[0].text = strings.TrimLeft(holder.kids[0].text, " ")
		}
		w.tasks++
		status := "incomplete"
		if _, done := b.attr["checked"]; done {
			status = "complete"
		}
		out.kids = append(out.kids, &node{name: "ac:task", kids: []*node{
			{name: "ac:task-id", kids: []*node{{text: strconv.Itoa(w.tasks)}}},
			{name: "ac:task-status", kids: []*node{{text: status}}},
			{name: "ac:task-body", kids: holder.kids},
		}})
	}
	return out
}

func code(pre *node) *node {
	macro := &node{name: "ac:structured-macro", attr: map[string]string{"ac:name": "code", "ac:schema-version": "1"}}
	if c := pre.child("code"); c != nil {
		if language, ok := strings.CutPrefix(c.attr["class"], "language-"); ok {
			macro.kids = append(macro.kids, &node{name: "ac:parameter", attr: map[string]string{"ac:name": "language"}, kids: []*node{{text: language}}})
		}
	}
	macro.kids = append(macro.kids, &node{name: "ac:plain-text-body", kids: []*node{{text: strings.TrimSuffix(pre.words(), "\n")}}})
	return macro
}

var dayOrName = regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}\b|@\p{Lu}\p{L}+(?: \p{Lu}\p{L}+)?`)

// words finds days and people in text.
func (w *writer) words(text string) []*node {
	var out []*node
	for {
		at := dayOrName.FindStringIndex(text)
		if at == nil {
			return append(out, &node{text: text})
		}
		n, end := w.dayOrName(text[at[0]:at[1]]), at[1]
		if n == nil {
			n = &node{text: text[at[0]:end]}
		}
		out = append(out, &node{text: text[:at[0]]}, n)
		text = text[end:]
	}
}

func (w *writer) dayOrName(found string) *node {
	name, person := strings.CutPrefix(found, "@")
	if !person {
		if _, err := time.Parse(time.DateOnly, found); err != nil {
			return nil
		}
		return &node{name: "time", attr: map[string]string{"datetime": found}}
	}
	u := w.s.user(name)
	if u == nil {
		return nil
	}
	attr := map[string]string{"ri:account-id": u.AccountID}
	if !w.s.cloud() {
		attr = map[string]string{"ri:userkey": u.UserKey}
	}
	return &node{name: "ac:link", kids: []*node{{name: "ri:user", attr: attr}}}
}
