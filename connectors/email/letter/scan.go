package letter

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"

	"signoff/internal/pattern"

	"github.com/jhillyerd/enmime/v2/mediatype"
)

// Bounds of structure. People's mail stays far below them.
const (
	sizeMost     = 35 << 20
	headerMost   = 256 << 10 // bytes of one header
	fieldsMost   = 2000      // in one header
	nestingMost  = 20        // multiparts in one another
	partsMost    = 200
	boundaryMost = 1000    // RFC 2046 allows 70
	typeMost     = 4 << 10 // of a Content-Type: the reader of media types takes the square of its length
	innerMost    = 3       // forwarded mails in one another that are looked into
)

// whole is the part that is the mail itself.
const whole = "0"

// node is one part of a mail: where its body stands, and what its header says. Content is decoded by content alone.
type node struct {
	id     string
	fields header
	media  string // "text/plain", in small letters
	params map[string]string
	body   []byte
	kids   []*node
	inner  int // how many forwarded mails it stands in

	boundary []byte // of a multipart
	guess    bool   // a multipart that does not name its boundary: the first line that looks like one is it
	from, to int    // of the body, in the mail
}

func (n *node) multipart() bool { return strings.HasPrefix(n.media, "multipart/") }

// forwarded reports whether the part is a mail whose own parts were found.
func (n *node) forwarded() bool { return n.media == "message/rfc822" && len(n.kids) == 1 }

// walk calls visit for the node and all below it in reading order.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, kid := range n.kids {
		kid.walk(visit)
	}
}

// trim drops what stands before the first header of a mail that was cut out of a mailbox or a text editor, and gives mail whose
// lines end in CR alone lines that end in LF.
func trim(raw []byte) []byte {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	raw = bytes.TrimLeft(raw, "\r\n\x00")
	if inner := bytes.TrimLeft(raw, " \t\r\n"); len(inner) < len(raw) && startsField(inner[:min(len(inner), 300)]) {
		raw = inner
	}
	if bytes.HasPrefix(raw, []byte("From ")) || bytes.HasPrefix(raw, []byte(">From ")) {
		_, rest, _ := bytes.Cut(raw, []byte("\n"))
		raw = bytes.TrimLeft(rest, "\r\n")
	}
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') >= 0 {
		return bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	return raw
}

// scanner finds the parts of a mail in one pass over its lines. open holds the parts whose end was not seen, outermost first.
type scanner struct {
	raw     []byte
	open    []*node
	head    *node // the part whose header is being read
	headAt  int
	parts   int
	refused *Refused
}

// scan returns the root of a mail. When a bound is broken it has only its header, and the reason is returned.
func scan(raw []byte) (*node, *Refused) {
	root := &node{}
	if len(raw) > sizeMost {
		n := min(len(raw), headerMost)
		root.begin(raw[:headEnd(raw[:n])])
		root.body = nil
		return root, &Refused{Limit: "size", Found: len(raw), Most: sizeMost}
	}
	s := &scanner{raw: raw, open: []*node{root}, head: root}
	for at := 0; at < len(raw) && s.refused == nil; {
		next := at + bytes.IndexByte(raw[at:], '\n') + 1
		if next == at {
			next = len(raw)
		}
		s.line(at, next)
		at = next
	}
	if s.head != nil && s.refused == nil {
		s.endHeader(len(raw), len(raw))
	}
	s.close(0, len(raw))
	if s.refused != nil {
		return &node{fields: root.fields, media: root.media, params: root.params}, s.refused
	}
	number(root, "")
	return root, nil
}

// headEnd returns where the header ends.
func headEnd(raw []byte) int {
	for _, blank := range []string{"\n\n", "\n\r\n"} {
		if i := bytes.Index(raw, []byte(blank)); i >= 0 {
			raw = raw[:i+1]
		}
	}
	return len(raw)
}

func (s *scanner) line(at, next int) {
	line := bytes.TrimSuffix(bytes.TrimSuffix(s.raw[at:next], []byte("\n")), []byte("\r")) // no more: a check of signatures must see the same end
	if bytes.HasPrefix(line, []byte("--")) && s.boundary(line[2:], at, next) {
		return
	}
	if s.head == nil {
		return
	}
	switch {
	case len(line) == 0:
		s.endHeader(at, next)
	case next-s.headAt > headerMost:
		s.head.begin(s.raw[s.headAt:at])
		s.refuse("header", next-s.headAt, headerMost)
	case at == s.headAt && !startsField(line):
		s.endHeader(at, at) // no header at all: everything is its body
	}
}

// boundary ends and begins parts when a line that began with two dashes is the boundary of an open multipart.
func (s *scanner) boundary(line []byte, at, next int) bool {
	line = bytes.TrimRight(line, " \t")
	for i := len(s.open) - 1; i >= 0; i-- {
		n := s.open[i]
		if n.guess && len(line) > 0 && s.head == nil {
			n.boundary, n.guess = bytes.TrimSuffix(line, []byte("--")), false
		}
		rest, ok := bytes.CutPrefix(line, n.boundary)
		if len(n.boundary) == 0 || !ok || len(rest) > 0 && !bytes.HasPrefix(rest, []byte("--")) {
			continue
		}
		if s.head != nil {
			s.endHeader(at, at)
		}
		if len(rest) > 0 {
			s.close(i, at)
			return true
		}
		s.close(i+1, at)
		s.add(n, next)
		return true
	}
	return false
}

// add begins a part below n whose header stands at the place.
func (s *scanner) add(n *node, at int) {
	if s.parts++; s.parts > partsMost {
		s.refuse("parts", s.parts, partsMost)
		return
	}
	kid := &node{inner: n.inner}
	if n.media == "message/rfc822" {
		kid.inner++
	}
	n.kids = append(n.kids, kid)
	s.open = append(s.open, kid)
	s.head, s.headAt = kid, at
}

// close ends the parts from the i-th open one on; what stands before the line break that belongs to the boundary is theirs.
func (s *scanner) close(i, at int) {
	if at < len(s.raw) && at > 0 {
		at--
		if at > 0 && s.raw[at-1] == '\r' {
			at--
		}
	}
	for _, n := range s.open[i:] {
		n.to = max(at, n.from)
		n.body = s.raw[n.from:n.to:n.to]
	}
	s.open = s.open[:i]
}

// endHeader reads the header that ends here and opens what it announces.
func (s *scanner) endHeader(end, body int) {
	n := s.head
	s.head = nil
	n.from = body
	if !n.begin(s.raw[s.headAt:end]) {
		s.refuse("fields", fieldsMost+1, fieldsMost)
		return
	}
	switch {
	case n.multipart():
		s.nest(n)
	case n.media == "message/rfc822" && n.inner < innerMost && n.identity():
		s.add(n, body)
	}
}

func (s *scanner) nest(n *node) {
	depth := 1
	for _, o := range s.open {
		if o != n && o.multipart() {
			depth++
		}
	}
	if depth > nestingMost {
		s.refuse("nesting", depth, nestingMost)
		return
	}
	n.boundary = []byte(strings.TrimRight(n.params["boundary"], " \t"))
	n.guess = len(n.boundary) == 0
	if len(n.boundary) > boundaryMost {
		n.boundary = nil
	}
}

func (s *scanner) refuse(limit string, found, most int) {
	if s.refused == nil {
		s.refused = &Refused{Limit: limit, Found: found, Most: most}
	}
	s.head = nil
}

// number gives the parts their names, as IMAP does: the body of a mail that is one part is 1, and a forwarded mail lends its
// own name to the parts of a multipart in it.
func number(n *node, prefix string) {
	if !n.multipart() || len(n.kids) == 0 {
		n.id = prefix + "1"
		descend(n)
		return
	}
	for i, kid := range n.kids {
		id := prefix + strconv.Itoa(i+1)
		if kid.multipart() && len(kid.kids) > 0 {
			number(kid, id+".")
			continue
		}
		kid.id = id
		descend(kid)
	}
}

func descend(n *node) {
	if n.forwarded() {
		number(n.kids[0], n.id+".")
	}
}

// begin reads the header of a part and reports whether it keeps to the bounds.
func (n *node) begin(block []byte) bool {
	fields, ok := readHeader(block)
	n.fields = fields
	n.media, n.params = mediaType(n.fields.get("content-type"))
	return ok
}

// mediaType reads a Content-Type. What cannot be read is what it begins with, or plain text when there is nothing.
func mediaType(value string) (media string, params map[string]string) {
	if strings.TrimSpace(value) == "" {
		return "text/plain", nil
	}
	value = tight(value)
	media, params, _, err := mediatype.ParseWithOptions(value, mediatype.ParseOptions{StripMediaTypeInvalidCharacters: true})
	if err == nil && strings.Contains(media, "/") {
		return strings.ToLower(media), params
	}
	head, tail, _ := strings.Cut(value, ";")
	media = strings.ToLower(strings.TrimSpace(head))
	switch {
	case media == "text" || media == "": // RFC 1049
		return "text/plain", nil
	case strings.HasPrefix(media, "multipart"):
		return "multipart/mixed", boundaryOf(tail)
	case !strings.Contains(media, "/") || strings.ContainsAny(media, " \t\""):
		return "application/octet-stream", params
	}
	return media, params
}

// tight cuts a value to the bound of the reader of media types, reads bare bytes as what they most likely are, and drops the blank
// that folding leaves before a quoted parameter.
func tight(value string) string {
	return inUTF8(strings.ReplaceAll(repair(value[:min(len(value), typeMost)]), "= \"", "=\""))
}

// extended is a parameter, or a piece of one, that declares its charset (RFC 2231): the first piece does so for all.
var extended = pattern.New(`(?i)(name\*(?:\d+\*)?=)(?:([A-Za-z0-9_.:-]*)('[^'"; ]*'))?([^;\s"]*)`)

const piecesMost = 50

// inUTF8 rewrites names in other charsets than UTF-8, which the library knows alone: it would leave out the piece.
func inUTF8(value string) string {
	if !strings.Contains(value, "*") || !strings.Contains(value, "'") {
		return value
	}
	var b strings.Builder
	charset, end := "", 0
	for _, m := range extended.FindAllStringSubmatchIndex(value, piecesMost) {
		part := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return value[m[2*i]:m[2*i+1]]
		}
		if part(3) != "" {
			charset = strings.ToLower(part(2))
		}
		raw, err := url.PathUnescape(part(4))
		if err != nil || charset == "" || charset == "utf-8" || charset == "us-ascii" {
			continue
		}
		said, _ := unicodeOf([]byte(raw), charset)
		b.WriteString(value[end:m[2]] + part(1))
		if part(3) != "" {
			b.WriteString("utf-8" + part(3))
		}
		b.WriteString(strings.ReplaceAll(url.QueryEscape(said), "+", "%20"))
		end = m[1]
	}
	return b.String() + value[end:]
}

var boundaryName = pattern.New(`(?i)boundary\s*=`)

// boundaryOf finds the boundary in parameters that are otherwise broken.
func boundaryOf(s string) map[string]string {
	at := boundaryName.FindStringIndex(s)
	if at == nil {
		return nil
	}
	value := strings.TrimSpace(s[at[1]:])
	if rest, ok := strings.CutPrefix(value, `"`); ok {
		value, _, _ = strings.Cut(rest, `"`)
	} else if end := strings.IndexAny(value, "; \t\r\n"); end >= 0 {
		value = value[:end]
	}
	return map[string]string{"boundary": value}
}
