package confluence

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"signoff/internal/pattern"

	"signoff/internal/text"
)

// The storage format is a fragment of XHTML with elements of Confluence's own. It is read token by token into our tree, which
// knows no markup, so that nothing of a page can act anywhere.

const (
	deepest    = 200
	mostTokens = 200_000
	mostText   = 256 << 10
)

var (
	errDeep = errors.New("it nests too deep")
	errLong = errors.New("it has too many parts")
)

// reader turns a page into a document.
type reader struct {
	in     *xml.Decoder
	names  map[string]string // of people, by account
	tokens int
	left   int  // bytes of text that may still be taken
	cut    bool // there was more
}

// readStorage reads the body of a page. An error means that it is broken; cut that there was more than is taken.
func readStorage(body string, names map[string]string) (doc text.Doc, cut bool, err error) {
	r := &reader{in: xml.NewDecoder(io.MultiReader(strings.NewReader("<page>"), strings.NewReader(body), strings.NewReader("</page>"))), names: names, left: mostText}
	r.in.Entity = xml.HTMLEntity
	r.in.CharsetReader = nil
	if _, err := r.in.Token(); err != nil {
		return nil, false, fmt.Errorf("page: %w", err)
	}
	blocks, err := r.content(1)
	if err != nil {
		return nil, false, fmt.Errorf("page: %w", err)
	}
	if _, err := r.in.Token(); !errors.Is(err, io.EOF) {
		return nil, false, errors.New("page: it ends before its end")
	}
	return text.Doc(blocks).Clean().Normal(), r.cut, nil
}

// next reads one token and counts it.
func (r *reader) next() (xml.Token, error) {
	if r.tokens++; r.tokens > mostTokens {
		return nil, errLong
	}
	t, err := r.in.Token()
	if errors.Is(err, io.EOF) {
		err = errors.New("it ends before its end")
	}
	return t, err
}

// name is an element's name with its prefix: "ac:link", "p".
func name(e xml.Name) string {
	if e.Space == "" {
		return e.Local
	}
	return e.Space + ":" + e.Local
}

// attr is the value of an attribute, with its prefix.
func attr(e xml.StartElement, want string) string {
	for _, a := range e.Attr {
		if name(a.Name) == want {
			return a.Value
		}
	}
	return ""
}

// flowing collects what stands in lines until a block begins.
type flowing struct {
	blocks, line []text.Node
}

func (f *flowing) flush() {
	if !text.Doc([]text.Node{text.P(f.line...)}).Empty() {
		f.blocks = append(f.blocks, text.P(f.line...))
	}
	f.line = nil
}

func (f *flowing) block(list ...text.Node) {
	f.flush()
	f.blocks = append(f.blocks, list...)
}

func (f *flowing) inline(list ...text.Node) { f.line = append(f.line, list...) }

// content reads what stands in an element that has begun, up to its end.
func (r *reader) content(depth int) ([]text.Node, error) {
	if depth > deepest {
		return nil, errDeep
	}
	var f flowing
	for {
		t, err := r.next()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.CharData:
			f.inline(text.T(spaced(r.take(string(t)))))
		case xml.StartElement:
			if err := r.element(&f, t, depth+1); err != nil {
				return nil, err
			}
		case xml.EndElement:
			f.flush()
			return f.blocks, nil
		}
	}
}

var blanks = pattern.New(`[ \t\r\n\f\v\x{A0}]+`)

// spaced treats white space as pages do: any of it is one blank.
func spaced(s string) string { return blanks.ReplaceAllString(s, " ") }

// take counts words, and cuts what is too much.
func (r *reader) take(s string) string {
	if len(s) > r.left {
		s, r.cut = s[:r.left], true
		for len(s) > 0 && !utf8.ValidString(s[max(len(s)-utf8.UTFMax, 0):]) {
			s = s[:len(s)-1]
		}
	}
	r.left -= len(s)
	return s
}

// element reads one element into where it stands.
func (r *reader) element(f *flowing, e xml.StartElement, depth int) error {
	switch n := name(e.Name); n {
	case "ac:structured-macro", "ac:macro":
		return r.macro(f, e, depth)
	case "table":
		rows, err := r.table(depth)
		f.block(rows...)
		return err
	case "ul", "ol":
		return r.list(f, n == "ol", depth)
	case "ac:task-list":
		return r.tasks(f, depth)
	case "ac:link":
		return r.link(f, depth)
	case "ac:image":
		return r.image(f, e, depth)
	case "ac:adf-extension":
		return r.extension(f, depth)
	case "pre":
		words, err := r.raw(depth)
		f.block(text.Node{Kind: text.CodeBlock, Text: strings.Trim(words, "\n")})
		return err
	case "time":
		f.inline(text.T(r.take(attr(e, "datetime"))))
		return r.skip(depth)
	case "ac:emoticon":
		f.inline(text.T(r.take(firstOf(attr(e, "ac:emoji-fallback"), attr(e, "ac:name")))))
		return r.skip(depth)
	case "img":
		f.inline(text.T(r.take("[image: " + firstOf(attr(e, "alt"), "no description") + "]")))
		return r.skip(depth)
	case "br":
		f.inline(text.Node{Kind: text.Break})
		return r.skip(depth)
	case "hr":
		f.block(text.Node{Kind: text.Rule})
		return r.skip(depth)
	case "ac:parameter", "ac:task-id", "ac:task-uuid", "ac:task-status", "ac:placeholder", "ri:user", "ri:page", "ri:attachment", "ri:space", "ri:url", "colgroup", "script", "style":
		return r.skip(depth)
	default:
		return r.plain(f, e, n, depth)
	}
}

// plain reads the elements that have content and nothing else of their own.
func (r *reader) plain(f *flowing, e xml.StartElement, n string, depth int) error {
	blocks, err := r.content(depth)
	if err != nil {
		return err
	}
	switch n {
	case "strong", "b":
		f.inline(text.Node{Kind: text.Strong, Kids: lines(blocks)})
	case "em", "i", "cite":
		f.inline(text.Node{Kind: text.Emph, Kids: lines(blocks)})
	case "s", "del", "strike":
		f.inline(text.Node{Kind: text.Strike, Kids: lines(blocks)})
	case "code", "tt", "kbd":
		f.inline(text.Node{Kind: text.Code, Text: plainText(blocks)})
	case "a":
		f.inline(anchor(attr(e, "href"), lines(blocks))...)
	case "u", "sub", "sup", "span", "small", "big", "ins", "font", "q", "abbr", "ac:inline-comment-marker", "ac:link-body":
		f.inline(lines(blocks)...)
	case "h1", "h2", "h3", "h4", "h5", "h6":
		f.block(text.Node{Kind: text.Heading, Level: int(n[1] - '0'), Kids: lines(blocks)})
	case "blockquote":
		f.block(text.Node{Kind: text.Quote, Kids: blocks})
	default: // p, div, layouts, and what we have never heard of
		f.block(blocks...)
	}
	return nil
}

// anchor is a link, if it leads somewhere that people can open.
func anchor(href string, label []text.Node) []text.Node {
	low := strings.ToLower(href)
	if strings.HasPrefix(low, "https://") || strings.HasPrefix(low, "http://") || strings.HasPrefix(low, "mailto:") {
		return []text.Node{{Kind: text.Link, Href: href, Kids: label}}
	}
	return label
}

// lines makes what stands in lines of blocks: for places where nothing else fits.
func lines(blocks []text.Node) []text.Node {
	var out []text.Node
	for i, b := range blocks {
		if i > 0 {
			out = append(out, text.T(" "))
		}
		switch b.Kind {
		case text.Paragraph, text.Heading:
			out = append(out, b.Kids...)
		default:
			out = append(out, text.T(plainText([]text.Node{b})))
		}
	}
	return out
}

func plainText(blocks []text.Node) string {
	return strings.TrimSpace(spaced(text.Doc(blocks).Normal().String()))
}

// skip reads over an element.
func (r *reader) skip(depth int) error {
	_, err := r.raw(depth)
	return err
}

// raw is the text in an element as it stands, whatever elements are in it.
func (r *reader) raw(depth int) (string, error) {
	var b strings.Builder
	for open := 1; ; {
		t, err := r.next()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			if b.Len() < r.left {
				b.Write(t)
			}
		case xml.StartElement:
			if open++; depth+open > deepest {
				return "", errDeep
			}
		case xml.EndElement:
			if open--; open == 0 {
				return b.String(), nil
			}
		}
	}
}

// children reads the elements in an element, each by the function for its name; the others are read over.
func (r *reader) children(depth int, each map[string]func(e xml.StartElement, depth int) error) error {
	if depth > deepest {
		return errDeep
	}
	for {
		t, err := r.next()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			read, ok := each[name(t.Name)]
			if !ok {
				read = func(_ xml.StartElement, depth int) error { return r.skip(depth) }
			}
			if err := read(t, depth+1); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}
