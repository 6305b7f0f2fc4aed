package letter

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/jhillyerd/enmime/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

const (
	textMost  = 1 << 20  // bytes of one text part that are decoded
	guessMost = 32 << 10 // bytes of a text by which its charset is guessed
)

func (n *node) encoding() string {
	word, _, _ := strings.Cut(strings.ToLower(n.fields.get("content-transfer-encoding")), ";")
	return strings.TrimSpace(word)
}

// identity reports whether the body stands as it is, not encoded for the transfer, whatever is declared.
func (n *node) identity() bool {
	switch n.encoding() {
	case "base64":
		return prose64(n.body)
	case "quoted-printable":
		return false
	}
	return true
}

// prose64 reports whether what is declared to be base64 is words: base64 has no blanks within its lines.
func prose64(body []byte) bool {
	blanks, seen := 0, 0
	for line := range bytes.Lines(body[:min(len(body), 4<<10)]) {
		line = bytes.TrimSpace(line)
		blanks += bytes.Count(line, []byte(" "))
		seen += len(line)
	}
	return blanks*20 > seen
}

// content undoes the encoding of the transfer. What cannot be decoded to its end is as far as it goes.
func (n *node) content() []byte {
	if n.identity() {
		return n.body
	}
	return decode(n.encoding(), n.body)
}

// start decodes the beginning of a body.
func (n *node) start(most int) []byte {
	body := n.body[:min(len(n.body), 4*most)] // quoted-printable takes three bytes for one
	if !n.identity() {
		body = decode(n.encoding(), body)
	}
	return body[:min(len(body), most)]
}

// decode has enmime decode one body. It is given no type but bytes, so that it does nothing else.
func decode(encoding string, body []byte) []byte {
	part := append([]byte("Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: "+encoding+"\r\n\r\n"), body...)
	root, err := parser().ReadParts(bytes.NewReader(part))
	if err != nil {
		return nil
	}
	return root.Content
}

// parser is made anew for each part: it holds no state of ours. Charsets are detected only where none is declared.
func parser() *enmime.Parser {
	keep := func(*enmime.Part, error) bool { return true }
	return enmime.NewParser(enmime.MaxStoredPartErrors(5), enmime.DisableTextConversion(true), enmime.DisableCharacterDetection(true),
		enmime.MinCharsetDetectRunes(40), enmime.SetReadPartErrorPolicy(keep))
}

// size is how long content is, without decoding it where that can be told by counting.
func (n *node) size() int {
	switch {
	case n.identity():
		return len(n.body)
	case n.encoding() == "base64":
		count := 0
		for _, c := range n.body {
			if c > ' ' && c != '=' && c < 0x7f {
				count++
			}
		}
		return count * 3 / 4
	}
	return len(n.content())
}

// words returns the text of a part as valid UTF-8, and whether it is all of it. fault says what was wrong with its charset.
func (n *node) words() (s string, whole bool, fault string) {
	body, whole := n.body, true
	if most := textMost * 4 / 3; len(body) > most {
		body, whole = body[:most], false
	}
	if !n.identity() {
		body = decode(n.encoding(), body)
	}
	if len(body) > textMost {
		body, whole = body[:textMost], false
	}
	s, fault = unicodeOf(body, strings.TrimSpace(n.params["charset"]))
	return s, whole, fault
}

// unicodeOf decodes text of a declared charset. Bytes that are UTF-8 beyond doubt are that, whatever was declared.
func unicodeOf(body []byte, charset string) (s, fault string) {
	name := strings.ToLower(charset)
	switch {
	case isASCII(body) && !shifts(name):
		return string(body), ""
	case utf8.Valid(body) && !shifts(name) && !isASCII(body):
		return string(body), ""
	case name == "" || name == "us-ascii" || name == "ascii" || name == "unknown-8bit" || name == "default" || name == "utf-8" || name == "utf8":
		return guess(body, charset)
	}
	decoded, ok := convert(body, charset)
	if !ok {
		return strings.ToValidUTF8(string(body), "\uFFFD"), "unknown charset " + oneLine(repair(charset))
	}
	return strings.ToValidUTF8(decoded, "\uFFFD"), ""
}

// shifts reports whether a charset writes other letters in bytes of ASCII, or in pairs of bytes.
func shifts(name string) bool {
	return strings.Contains(name, "2022") || strings.Contains(name, "utf-7") || strings.Contains(name, "utf7") || strings.Contains(name, "utf-16") || strings.Contains(name, "hz") || strings.Contains(name, "ucs-2") || strings.Contains(name, "utf-32")
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// convert reads a text by its charset; ok is false when nobody knows the charset.
func convert(body []byte, charset string) (s string, ok bool) {
	if len(charset) > 60 || strings.ContainsAny(charset, "\"\\\r\n;") {
		return "", false
	}
	if s, ok = convertAsMail(body, charset); ok {
		return s, true
	}
	e := rarely(charset)
	if e == nil {
		return "", false
	}
	decoded, err := e.NewDecoder().Bytes(body)
	return string(decoded), err == nil
}

// rarely finds charsets that browsers do not know and mail has all the same: those of DOS and of mainframes, and the numbers
// that Windows gives those of East Asia. Nil where IANA does not know it either.
func rarely(charset string) encoding.Encoding {
	switch strings.ToLower(charset) {
	case "cp858", "ibm858", "ibm00858":
		return charmap.CodePage858
	case "cp932", "ms932", "windows-932":
		return japanese.ShiftJIS
	case "cp936", "ms936", "windows-936":
		return simplifiedchinese.GBK
	case "cp949", "ms949", "windows-949", "x-windows-949":
		return korean.EUCKR
	case "cp950", "ms950", "windows-950":
		return traditionalchinese.Big5
	}
	if e, err := ianaindex.MIME.Encoding(charset); err == nil && e != nil {
		return e
	}
	e, err := ianaindex.IANA.Encoding(charset)
	if err != nil {
		return nil
	}
	return e
}

// convertAsMail has enmime convert a text: it knows what browsers know, and UTF-7.
func convertAsMail(body []byte, charset string) (s string, ok bool) {
	switch strings.ToLower(charset) {
	case "iso-8859-1", "iso8859-1", "latin1", "latin-1", "iso_8859-1":
		charset = "windows-1252" // as every browser reads it: mailers that write curly quotes declare the former
	case "unicode-1-1-utf-7", "utf7", "x-utf-7":
		charset = "utf-7"
	}
	part := append([]byte("Content-Type: text/plain; charset=\""+charset+"\"\r\n\r\n"), body...)
	root, err := parser().ReadParts(bytes.NewReader(part))
	if err != nil || root.Charset == "" {
		return "", false
	}
	for _, e := range root.Errors {
		if e.Name == enmime.ErrorCharsetConversion {
			return "", false
		}
	}
	return string(root.Content), true
}

// guess reads 8-bit text whose charset is not declared, or is declared to be one that it is not. Text that is UTF-8 but for a
// few bytes is UTF-8; else what enmime detects in its beginning, else Windows-1252.
func guess(body []byte, charset string) (s, fault string) {
	fault = "text is not in the charset it declares"
	if charset == "" {
		fault = "8-bit text without a charset"
	}
	marked := strings.ToValidUTF8(string(body), "\uFFFD")
	if broken := strings.Count(marked, "\uFFFD"); broken*20 < high(marked) {
		return marked, fault
	}
	head := body[:min(len(body), guessMost)]
	root, err := parser().ReadParts(bytes.NewReader(append([]byte("Content-Type: text/plain\r\n\r\n"), head...)))
	if err == nil && root.Charset != "" && !strings.EqualFold(root.Charset, "utf-8") {
		if decoded, ok := convert(body, root.Charset); ok {
			return strings.ToValidUTF8(decoded, "\uFFFD"), fault
		}
	}
	decoded, err := charmap.Windows1252.NewDecoder().Bytes(body)
	if err != nil {
		return marked, fault
	}
	return string(decoded), fault
}

// high counts the letters that are not ASCII.
func high(s string) int {
	count := 0
	for _, r := range s {
		if r >= utf8.RuneSelf {
			count++
		}
	}
	return count
}
