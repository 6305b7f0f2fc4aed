package mail

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// anchor is a link in HTML.
type anchor struct{ words, href string }

// outside reports whether an address leads to the web.
func outside(address string) bool {
	address = strings.ToLower(address)
	return strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://")
}

// anchors are the links of HTML that lead to the web.
func anchors(source string) (out []anchor) {
	open := -1
	walk(source, func(t html.Token) {
		switch {
		case t.Type == html.TextToken && open >= 0:
			out[open].words += t.Data
		case t.Type == html.StartTagToken && t.DataAtom == atom.A:
			if open = -1; outside(attr(t, "href")) {
				out, open = append(out, anchor{href: attr(t, "href")}), len(out)
			}
		case t.Type == html.EndTagToken && t.DataAtom == atom.A:
			open = -1
		}
	})
	for i := range out {
		out[i].words = strings.Join(strings.Fields(out[i].words), " ")
	}
	return out
}

func attr(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}

// unshown are elements of which a mail program shows nothing.
func unshown(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Noscript, atom.Iframe, atom.Object, atom.Embed, atom.Template, atom.Title, atom.Textarea, atom.Xmp, atom.Noembed, atom.Noframes, atom.Plaintext, atom.Applet, atom.Svg, atom.Math:
		return true
	}
	return false
}

// walk tells of the tags and words of HTML, without those that are not shown. It takes time in line with its length, however
// it is nested.
func walk(source string, tell func(html.Token)) {
	z := html.NewTokenizer(strings.NewReader(source))
	var skip atom.Atom
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return
		}
		t := z.Token()
		switch {
		case skip != 0:
			if kind == html.EndTagToken && t.DataAtom == skip {
				skip = 0
			}
		case unshown(t.DataAtom):
			if kind == html.StartTagToken && t.DataAtom != atom.Embed {
				skip = t.DataAtom
			}
		case kind != html.CommentToken && kind != html.DoctypeToken:
			tell(t)
		}
	}
}

// wordsOf is the text of HTML.
func wordsOf(source string) string {
	var out strings.Builder
	style := false
	walk(source, func(t html.Token) {
		switch {
		case t.DataAtom == atom.Style && t.Type != html.TextToken:
			style = t.Type == html.StartTagToken
		case t.Type == html.TextToken && !style:
			out.WriteString(strings.ReplaceAll(t.Data, "\u00a0", " "))
		case t.Type == html.TextToken:
		default:
			switch t.DataAtom {
			case atom.Br, atom.P, atom.Div, atom.Tr, atom.Li, atom.H1, atom.H2, atom.H3, atom.H4, atom.Blockquote, atom.Table:
				out.WriteByte('\n')
			case atom.Td, atom.Th:
				out.WriteByte(' ')
			}
		}
	})
	var kept []string // with at most one blank line in a row
	for line := range strings.SplitSeq(out.String(), "\n") {
		line = strings.Join(strings.Fields(line), " ")
		if line != "" || len(kept) > 0 && kept[len(kept)-1] != "" {
			kept = append(kept, line)
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}
