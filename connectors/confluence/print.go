package confluence

import (
	"fmt"
	"html"
	"strings"

	"signoff/internal/text"
)

// storage prints a document in Confluence's format. All words are escaped; what it has no form for is printed as its words.
func storage(d text.Doc) string {
	var b strings.Builder
	for _, n := range d.Normal() {
		printBlock(&b, n)
	}
	return b.String()
}

func printBlock(b *strings.Builder, n text.Node) {
	switch n.Kind {
	case text.Paragraph:
		wrapped(b, "p", func() { printLine(b, n.Kids) })
	case text.Heading:
		wrapped(b, fmt.Sprintf("h%d", min(max(n.Level, 1), 6)), func() { printLine(b, n.Kids) })
	case text.Bullets:
		wrapped(b, "ul", func() { printBlocks(b, n.Kids) })
	case text.Numbers:
		wrapped(b, "ol", func() { printBlocks(b, n.Kids) })
	case text.Item:
		wrapped(b, "li", func() { printBlocks(b, n.Kids) })
	case text.Quote:
		wrapped(b, "blockquote", func() { printBlocks(b, n.Kids) })
	case text.CodeBlock:
		wrapped(b, "pre", func() { b.WriteString(escape(n.Text)) })
	case text.Rule:
		b.WriteString("<hr />")
	default:
		wrapped(b, "p", func() { printLine(b, []text.Node{n}) })
	}
}

func printBlocks(b *strings.Builder, list []text.Node) {
	for _, n := range list {
		printBlock(b, n)
	}
}

func printLine(b *strings.Builder, list []text.Node) {
	for _, n := range list {
		switch n.Kind {
		case text.Strong:
			wrapped(b, "strong", func() { printLine(b, n.Kids) })
		case text.Emph:
			wrapped(b, "em", func() { printLine(b, n.Kids) })
		case text.Strike:
			wrapped(b, "s", func() { printLine(b, n.Kids) })
		case text.Code:
			wrapped(b, "code", func() { b.WriteString(escape(n.Text)) })
		case text.Break:
			b.WriteString("<br />")
		case text.Link:
			b.WriteString(`<a href="` + escape(n.Href) + `">`)
			if len(n.Kids) == 0 {
				b.WriteString(escape(n.Href))
			}
			printLine(b, n.Kids)
			b.WriteString("</a>")
		default:
			b.WriteString(escape(n.Shown()))
		}
	}
}

func wrapped(b *strings.Builder, tag string, inside func()) {
	b.WriteString("<" + tag + ">")
	inside()
	b.WriteString("</" + tag + ">")
}

// escape writes words so that they are nothing but words, without what XML cannot hold.
func escape(s string) string { return html.EscapeString(text.Clean(strings.ToValidUTF8(s, "\uFFFD"))) }
