package letter

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/atom"
)

const openMost = 256 // elements of one kind that are remembered as open

// attributes are those that say something to us.
type attributes struct {
	class, id, style, href, src, alt, kind, start string
	hidden                                        bool
}

func (r *htmlReader) attributes() attributes {
	var a attributes
	for range 50 {
		key, value, more := r.z.TagAttr()
		switch string(key) {
		case "class":
			a.class = string(value)
		case "id":
			a.id = string(value)
		case "style":
			a.style = strings.ToLower(strings.Join(strings.Fields(string(value)), ""))
		case "href":
			a.href = string(value)
		case "src":
			a.src = string(value)
		case "alt":
			a.alt = string(value)
		case "type":
			a.kind = strings.ToLower(string(value))
		case "start":
			a.start = string(value)
		case "hidden":
			a.hidden = true
		}
		if !more {
			break
		}
	}
	return a
}

func (r *htmlReader) start(closed bool) {
	name, some := r.z.TagName()
	tag := atom.Lookup(name)
	if r.skip != 0 {
		if tag == r.skip && !closed && r.deep < 1<<20 {
			r.deep++
		}
		return
	}
	var a attributes
	if some {
		a = r.attributes()
	}
	switch tag {
	case atom.Script, atom.Style, atom.Title, atom.Textarea: // the tokenizer finds their end
		r.skip, r.deep = tag, 1
		return
	case atom.Template, atom.Svg, atom.Math, atom.Iframe, atom.Object, atom.Select, atom.Noscript, atom.Audio, atom.Video, atom.Canvas:
		a.hidden = true
	}
	if r.hide && !void(tag) && !closed && a.invisible() {
		r.skip, r.deep = tag, 1
		return
	}
	r.mark(tag, a)
	r.open(tag, a)
}

// void reports whether an element has no end.
func void(tag atom.Atom) bool {
	switch tag {
	case 0, atom.Br, atom.Hr, atom.Img, atom.Input, atom.Meta, atom.Link, atom.Base, atom.Area, atom.Col, atom.Wbr, atom.Embed, atom.Source, atom.Track, atom.Html, atom.Body:
		return true
	}
	return false
}

func (a attributes) invisible() bool {
	return a.hidden || strings.Contains(a.style, "display:none") || strings.Contains(a.style, "visibility:hidden")
}

// mark remembers elements by which mail programs mark signatures, attributions and the beginning of older mails.
func (r *htmlReader) mark(tag atom.Atom, a attributes) {
	for i := range r.marks {
		if r.marks[i].tag == tag {
			r.marks[i].deep++
		}
	}
	what := marked(a)
	switch {
	case what == markHistory:
		r.flush()
		r.lines = append(r.lines, line{history: true, quote: r.depth(), gap: true})
	case what != markNone && !void(tag) && len(r.marks) < depthMost:
		r.flush()
		r.marks = append(r.marks, mark{tag: tag, deep: 1, signature: what == markSignature})
	}
}

type marking uint8

const (
	markNone marking = iota
	markSignature
	markAttribution
	markHistory
)

// marked tells what a mail program says by the class or id of an element; those of a quoted mail are often prefixed by x_.
func marked(a attributes) marking {
	id := strings.TrimLeft(strings.ToLower(a.id), "x_")
	switch id {
	case "signature", "applemailsignature", "ms-outlook-mobile-signature", "ms-outlook-ios-signature", "ymail_android_signature", "linebreakatbeginningofsignature":
		return markSignature
	case "divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container", "olk_src_body_section", "replysplit", "stopspelling":
		return markHistory
	}
	for class := range strings.FieldsSeq(strings.ToLower(a.class)) {
		switch strings.TrimPrefix(class, "x_") {
		case "gmail_signature", "moz-signature", "protonmail_signature_block", "tutanota_signature", "elided_signature":
			return markSignature
		case "gmail_attr", "moz-cite-prefix":
			return markAttribution
		case "yahoo_quoted":
			return markHistory
		}
	}
	return markNone
}

// open does what an element means where it begins.
func (r *htmlReader) open(tag atom.Atom, a attributes) {
	if s, ok := styleOf(tag); ok {
		r.styles[s]++
		return
	}
	switch tag {
	case atom.Br:
		if len(r.cur.runs) == 0 || strings.TrimSpace(r.cur.words()) == "" {
			r.paragraph()
			return
		}
		r.flush()
	case atom.A:
		r.anchor(a.href)
	case atom.Img:
		r.picture(a)
	case atom.Hr:
		r.paragraph()
		r.rule()
	case atom.Blockquote:
		r.paragraph()
		if len(r.quotes) < openMost {
			r.quotes = append(r.quotes, !indents(a))
		}
	case atom.Ul, atom.Ol:
		r.openList(tag == atom.Ol, a.start)
	case atom.Li:
		r.flush()
		r.begin = true
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		r.paragraph()
		r.heading = int(tag.String()[1] - '0')
	case atom.Pre:
		r.paragraph()
		r.pre++
	case atom.Tr:
		r.flush()
		if len(r.rows) < openMost {
			r.rows = append(r.rows, row{})
		}
	case atom.Td, atom.Th:
		r.cell()
	default:
		r.edge(tag)
		if tag == atom.P {
			r.outlook = outlookLevel(a)
		}
	}
}

// indents reports whether a blockquote is only how some programs indent.
func indents(a attributes) bool {
	return a.kind != "cite" && !strings.Contains(strings.ToLower(a.class), "quote") && strings.Contains(a.style, "border:none") && strings.Contains(a.style, "padding:0")
}

// edge ends the line at the edges of blocks.
func (r *htmlReader) edge(tag atom.Atom) {
	switch tag {
	case atom.P, atom.Table, atom.Dl, atom.Section, atom.Article, atom.Fieldset, atom.Figure:
		r.paragraph()
	case atom.Div, atom.Header, atom.Footer, atom.Main, atom.Nav, atom.Aside, atom.Address, atom.Center, atom.Dt, atom.Dd, atom.Form, atom.Figcaption, atom.Tbody, atom.Thead, atom.Body, atom.Details, atom.Summary, atom.Caption:
		r.flush()
	}
}

func styleOf(tag atom.Atom) (int, bool) {
	switch tag {
	case atom.B, atom.Strong:
		return 0, true
	case atom.I, atom.Em:
		return 1, true
	case atom.S, atom.Strike, atom.Del:
		return 2, true
	case atom.Code, atom.Tt, atom.Kbd, atom.Samp:
		return 3, true
	}
	return 0, false
}

func (r *htmlReader) end(tag atom.Atom) {
	if r.skip != 0 {
		if tag == r.skip {
			if r.deep--; r.deep == 0 {
				r.skip = 0
			}
		}
		return
	}
	r.close(tag)
	for i := len(r.marks) - 1; i >= 0; i-- {
		if r.marks[i].tag != tag {
			continue
		}
		if r.marks[i].deep--; r.marks[i].deep == 0 {
			r.flush()
			r.marks = append(r.marks[:i], r.marks[i+1:]...)
		}
	}
}

// close does what an element means where it ends.
func (r *htmlReader) close(tag atom.Atom) {
	if s, ok := styleOf(tag); ok {
		r.styles[s] = max(0, r.styles[s]-1)
		return
	}
	switch tag {
	case atom.A:
		if n := len(r.hrefs); n > 0 {
			r.hrefs = r.hrefs[:n-1]
		}
	case atom.Blockquote:
		r.paragraph()
		if n := len(r.quotes); n > 0 {
			r.quotes = r.quotes[:n-1]
		}
	case atom.Ul, atom.Ol:
		r.flush()
		r.gap, r.begin = true, false
		if n := len(r.lists); n > 0 {
			r.lists = r.lists[:n-1]
		}
	case atom.Li:
		r.flush()
		r.begin = false
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		r.paragraph()
		r.heading = 0
	case atom.Pre:
		r.paragraph()
		r.pre = max(0, r.pre-1)
	case atom.Td, atom.Th:
		r.flush()
	case atom.Tr:
		r.endRow()
	default:
		r.edge(tag)
		if tag == atom.P {
			r.outlook = 0
		}
	}
}

// anchor begins a link. What leads elsewhere than to the web or to mail is only its words.
func (r *htmlReader) anchor(s string) {
	if len(r.hrefs) < openMost {
		r.hrefs = append(r.hrefs, href(s))
	}
}

// picture notes which file is shown here. Of pictures elsewhere only an emoji's character stays.
func (r *htmlReader) picture(a attributes) {
	if cid, ok := strings.CutPrefix(a.src, "cid:"); ok && len(r.cids) < partsMost {
		if decoded, err := url.PathUnescape(cid); err == nil {
			cid = decoded
		}
		r.cids = append(r.cids, strings.Trim(cid, "<>"))
		return
	}
	if first, size := utf8.DecodeRuneInString(a.alt); size > 2 && len(a.alt) <= 32 && first >= 0x2190 && !strings.ContainsRune(a.alt, ' ') {
		r.text(a.alt)
	}
}
