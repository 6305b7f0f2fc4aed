package text

import (
	"strconv"
	"strings"
)

func plainBlocks(b *strings.Builder, nodes []Node, indent string) {
	for i, n := range nodes {
		if i > 0 {
			b.WriteString("\n")
		}
		plainBlock(b, n, indent)
	}
}

func plainBlock(b *strings.Builder, n Node, indent string) {
	switch n.Kind {
	case Bullets, Numbers:
		plainList(b, n, indent)
	case Item:
		plainBlocks(b, n.Kids, indent)
	case Quote:
		b.WriteString(prefixLines(Doc(n.Kids).String(), indent+"> "))
		b.WriteString("\n")
	case CodeBlock:
		b.WriteString(prefixLines(n.Text, indent))
		b.WriteString("\n")
	case Rule:
		b.WriteString(indent + "---\n")
	default:
		var line strings.Builder
		plainInline(&line, n)
		b.WriteString(prefixLines(line.String(), indent))
		b.WriteString("\n")
	}
}

func plainList(b *strings.Builder, n Node, indent string) {
	first := max(n.Level, 1)
	for i, item := range n.Kids {
		mark := "- "
		if n.Kind == Numbers {
			mark = strconv.Itoa(first+i) + ". "
		}
		body := strings.TrimRight(Doc(item.Kids).String(), "\n")
		lines := strings.Split(body, "\n")
		b.WriteString(indent + mark + lines[0] + "\n")
		for _, l := range lines[1:] {
			b.WriteString(indent + strings.Repeat(" ", len(mark)) + l + "\n")
		}
	}
}

func plainInline(b *strings.Builder, n Node) {
	switch n.Kind {
	case Break:
		b.WriteString("\n")
	case Link:
		label := inlineText(n.Kids)
		b.WriteString(label)
		if label == "" {
			b.WriteString(n.Href)
		} else if label != n.Href {
			b.WriteString(" (" + n.Href + ")")
		}
	default:
		b.WriteString(n.Shown())
		for _, k := range n.Kids {
			plainInline(b, k)
		}
	}
}

func inlineText(nodes []Node) string {
	var b strings.Builder
	for _, n := range nodes {
		plainInline(&b, n)
	}
	return b.String()
}

func prefixLines(s, prefix string) string {
	if prefix == "" {
		return s
	}
	return prefix + strings.ReplaceAll(s, "\n", "\n"+prefix)
}
