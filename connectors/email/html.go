package email

import (
	"html"
	"net/url"
	"strconv"
	"strings"

	"signoff/internal/text"
)

// The HTML of a mail is tables with inline styles, for that is what every program shows alike; nothing is loaded from
// elsewhere. What came from outside is escaped, and links go to the web or to a mailbox only.

const (
	fontStyle   = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Helvetica,Arial,sans-serif"
	paraStyle   = "margin:0 0 12px 0"
	quoteStyle  = "margin:0 0 12px 0;padding:0 0 0 12px;border-left:3px solid #d0d7de;color:#57606a"
	codeStyle   = "margin:0 0 12px 0;padding:10px;background:#f6f8fa;border-radius:6px;font-family:Consolas,Menlo,monospace;font-size:13px;white-space:pre-wrap;word-break:break-word"
	inlineStyle = "background:#f6f8fa;font-family:Consolas,Menlo,monospace;font-size:13px"
	linkStyle   = "color:#0b5fff"
	listStyle   = "margin:0 0 12px 0;padding:0 0 0 24px"
	deepest     = 40 // blocks within blocks
)

type htmlWriter struct{ strings.Builder }

func (w *htmlWriter) put(parts ...string) {
	for _, p := range parts {
		w.WriteString(p)
	}
}

// htmlDoc prints a document.
func htmlDoc(d text.Doc) string {
	var w htmlWriter
	w.blocks(d, 0)
	return w.String()
}

func (w *htmlWriter) blocks(nodes []text.Node, depth int) {
	if depth > deepest {
		w.put("<p style=\"", paraStyle, "\">", html.EscapeString(text.Doc(nodes).String()), "</p>")
		return
	}
	for _, n := range nodes {
		w.block(n, depth)
	}
}

func (w *htmlWriter) block(n text.Node, depth int) {
	switch n.Kind {
	case text.Heading:
		w.put("<p style=\"", paraStyle, ";font-weight:bold\">")
		w.inlines(n.Kids)
		w.put("</p>")
	case text.Bullets, text.Numbers:
		w.list(n, depth)
	case text.Quote:
		w.put("<div style=\"", quoteStyle, "\">")
		w.blocks(n.Kids, depth+1)
		w.put("</div>")
	case text.CodeBlock:
		w.put("<pre style=\"", codeStyle, "\">", html.EscapeString(n.Text), "</pre>")
	case text.Rule:
		w.put("<hr style=\"border:0;border-top:1px solid #d0d7de;margin:0 0 12px 0\">")
	case text.Paragraph:
		w.put("<p style=\"", paraStyle, "\">")
		w.inlines(n.Kids)
		w.put("</p>")
	default:
		w.put("<p style=\"", paraStyle, "\">")
		w.inline(n)
		w.put("</p>")
	}
}

func (w *htmlWriter) list(n text.Node, depth int) {
	open, end := "<ul style=\""+listStyle+"\">", "</ul>"
	if n.Kind == text.Numbers {
		open, end = "<ol style=\""+listStyle+"\" start=\""+strconv.Itoa(max(n.Level, 1))+"\">", "</ol>"
	}
	w.put(open)
	for _, item := range n.Kids {
		w.put("<li>")
		if len(item.Kids) == 1 && item.Kids[0].Kind == text.Paragraph {
			w.inlines(item.Kids[0].Kids)
		} else {
			w.blocks(item.Kids, depth+1)
		}
		w.put("</li>")
	}
	w.put(end)
}

func (w *htmlWriter) inlines(nodes []text.Node) {
	for _, n := range nodes {
		w.inline(n)
	}
}

func (w *htmlWriter) inline(n text.Node) {
	around := func(open, end string) {
		w.put(open)
		w.inlines(n.Kids)
		w.put(end)
	}
	switch n.Kind {
	case text.Break:
		w.put("<br>")
	case text.Strong:
		around("<b>", "</b>")
	case text.Emph:
		around("<i>", "</i>")
	case text.Strike:
		around("<s>", "</s>")
	case text.Code:
		w.put("<code style=\"", inlineStyle, "\">", html.EscapeString(n.Text), "</code>")
	case text.Link:
		w.link(n)
	case text.Text:
		w.put(html.EscapeString(n.Text))
	default:
		w.put(html.EscapeString(n.Shown()))
		w.inlines(n.Kids)
	}
}

func (w *htmlWriter) link(n text.Node) {
	if !harmless(n.Href) {
		w.inlines(n.Kids)
		if len(n.Kids) == 0 {
			w.put(html.EscapeString(n.Href))
		}
		return
	}
	w.put("<a href=\"", html.EscapeString(n.Href), "\" style=\"", linkStyle, "\">")
	if len(n.Kids) == 0 {
		w.put(html.EscapeString(n.Href))
	}
	w.inlines(n.Kids)
	w.put("</a>")
}

// harmless reports whether an address may be a link.
func harmless(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http" || u.Scheme == "mailto")
}
