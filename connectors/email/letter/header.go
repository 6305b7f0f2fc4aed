package letter

import (
	"bytes"
	"io"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"signoff/internal/pattern"

	"github.com/jhillyerd/enmime/v2"
	"golang.org/x/text/encoding/charmap"

	"signoff/internal/text"
)

// Bounds of what is read from one header.
const (
	addressesMost  = 200
	referencesMost = 50
	valueMost      = 16 << 10 // of one field that is decoded
	subjectMost    = 1000
)

// field is one line of a header, its continuation lines joined. The name is in small letters, the value as it was sent.
type field struct{ name, value string }

// header is the fields in the order they stand, the newest of a relayed mail first.
type header []field

func (h header) get(name string) string {
	for _, f := range h {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

func (h header) all(name string) []string {
	var values []string
	for _, f := range h {
		if f.name == name {
			values = append(values, f.value)
		}
	}
	return values
}

func (h header) has(name string) bool {
	return slices.ContainsFunc(h, func(f field) bool { return f.name == name })
}

// readHeader reads a header; ok is false when it has more fields than anybody writes. Lines that are no fields go on with the
// one before, as mailers that forget to indent mean them.
func readHeader(block []byte) (h header, ok bool) {
	var name string
	var value []byte
	flush := func() {
		if name != "" {
			h = append(h, field{name, string(bytes.TrimSpace(value))})
		}
		name, value = "", nil
	}
	for line := range bytes.Lines(block) {
		line = bytes.TrimRight(line, "\r\n")
		if startsField(line) {
			flush()
			if len(h) > fieldsMost {
				return h, false
			}
			before, after, _ := bytes.Cut(line, []byte(":"))
			name, value = strings.ToLower(string(bytes.TrimRight(before, " \t"))), slices.Clone(after)
			continue
		}
		value = append(append(value, ' '), bytes.TrimSpace(line)...)
	}
	flush()
	return h, true
}

// startsField reports whether a line begins with a name and a colon.
func startsField(line []byte) bool {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || colon > 200 || line[0] == ' ' || line[0] == '\t' {
		return false
	}
	name := bytes.TrimRight(line[:colon], " \t")
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(name) > 0
}

// words decodes a field that people read: encoded words, bare 8-bit text, in one line.
func words(value string) string {
	if len(value) > valueMost {
		value = value[:valueMost]
	}
	s := enmime.DecodeRFC2047(repair(value))
	if strings.Contains(s, "=?") {
		unknown := mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
			b, err := io.ReadAll(r)
			if s, ok := convert(b, charset); ok && err == nil {
				return strings.NewReader(s), nil
			}
			return strings.NewReader(strings.ToValidUTF8(string(b), "\uFFFD")), err
		}}
		if decoded, err := unknown.DecodeHeader(s); err == nil { // else the words as they are
			s = decoded
		}
	}
	return oneLine(repair(s))
}

// repair makes valid UTF-8 of text whose charset nobody names: what is not UTF-8 is read as Windows-1252, which says something
// for every byte of Western mail.
func repair(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	decoded, err := charmap.Windows1252.NewDecoder().String(s)
	if err != nil {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return decoded
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(text.Clean(s)), " ")
}

// addressLike finds addresses where the list of them is too broken to be parsed.
var addressLike = pattern.New(`[^\s<>,;:"'()\[\]\\]+@[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]`)

// addresses reads all fields of the name, at most addressesMost. Groups are left out, their members are not.
func (h header) addresses(name string) []Address {
	var list []Address
	for _, value := range h.all(name) {
		if len(list) >= addressesMost {
			break
		}
		list = append(list, readAddresses(value)...)
	}
	return list[:min(len(list), addressesMost)]
}

func readAddresses(value string) []Address {
	if len(value) > valueMost {
		value = value[:valueMost]
	}
	value = repair(value)
	parsed, err := enmime.ParseAddressList(value)
	if err != nil || len(parsed) > 1+strings.Count(value, ",")+strings.Count(value, ";") { // it makes two of "a@x <b@y>"
		return lookAddresses(value)
	}
	var list []Address
	for _, a := range parsed {
		if a := (Address{oneLine(repair(a.Name)), tidyAddress(a.Address)}); a.Address != "" {
			list = append(list, a)
		}
	}
	return list
}

var inBrackets = pattern.New(`<\s*([^<>\s]+@[^<>\s]+)\s*>`)

// lookAddresses finds addresses by their looks: those in brackets where there are some. A name is believed when there is one
// address and it stands before it.
func lookAddresses(value string) []Address {
	decoded := words(value)
	var list []Address
	before := ""
	for _, at := range inBrackets.FindAllStringSubmatchIndex(decoded, addressesMost) {
		list, before = append(list, Address{Address: tidyAddress(decoded[at[2]:at[3]])}), decoded[:at[0]]
	}
	if len(list) == 0 {
		for _, at := range addressLike.FindAllStringIndex(decoded, addressesMost) {
			list, before = append(list, Address{Address: tidyAddress(decoded[at[0]:at[1]])}), decoded[:at[0]]
		}
	}
	if len(list) == 1 {
		list[0].Name = strings.Trim(before, ` <"',;`)
	}
	return slices.DeleteFunc(list, func(a Address) bool { return a.Address == "" })
}

// tidyAddress writes the domain of an address in small letters; what is no address is empty.
func tidyAddress(s string) string {
	s = strings.Trim(oneLine(repair(s)), "<> ")
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || strings.ContainsAny(s, " \t\r\n<>,") || len(s) > 320 {
		return ""
	}
	return s[:at+1] + strings.ToLower(strings.TrimSuffix(s[at+1:], "."))
}

// domain returns the part of an address after its @.
func domain(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}

var (
	idInBrackets = pattern.New(`<\s*([^<>\s]+)\s*>`)
	idBare       = pattern.New(`[^\s<>,;"()]+@[^\s<>,;"()]+`)
)

// ids reads Message-IDs without their brackets, tolerant of comments, commas and missing brackets. Of more than
// referencesMost it keeps the first, where the conversation began, and the last.
func ids(value string) []string {
	var list []string
	for _, m := range idInBrackets.FindAllStringSubmatch(value, -1) {
		list = append(list, repair(m[1]))
	}
	if len(list) == 0 {
		for _, m := range idBare.FindAllString(value, -1) {
			list = append(list, repair(m))
		}
	}
	if len(list) > referencesMost {
		list = append(list[:1:1], list[len(list)-referencesMost+1:]...)
	}
	return list
}

// firstID is the one id of a field that should have one. A field with words but no id that looks like one is taken whole.
func firstID(value string) string {
	if list := ids(value); len(list) > 0 {
		return list[0]
	}
	return strings.Trim(oneLine(repair(value[:min(len(value), 250)])), "<> ")
}

// dateForms are forms of Date that net/mail does not read.
var dateForms = []string{
	"Mon, 2 Jan 2006 15:04:05", "2 Jan 2006 15:04:05", "Mon Jan 2 15:04:05 2006", "Mon, 2 Jan 2006 15:04:05 MST", "Mon Jan 2 15:04:05 MST 2006",
	"2006-01-02 15:04:05 -0700", time.RFC3339, "2006-01-02 15:04:05", "Mon, 2 Jan 06 15:04:05 -0700", "Monday, 2 January 2006 15:04:05 -0700",
	"Mon, 02-Jan-2006 15:04:05 -0700", "2 Jan 2006 15:04 -0700", "Mon, 2 Jan 2006 15.04.05 -0700",
}

// date reads a Date; it is zero when nobody can. A date without a zone is in UTC.
func date(value string) time.Time {
	value = oneLine(repair(value[:min(len(value), 200)]))
	if i := strings.IndexByte(value, '('); i > 0 {
		value = strings.TrimSpace(value[:i])
	}
	if t, err := mail.ParseDate(value); err == nil {
		return sane(t)
	}
	for _, form := range dateForms {
		if t, err := time.Parse(form, value); err == nil {
			return sane(t)
		}
	}
	return time.Time{}
}

// sane drops dates that JSON cannot hold.
func sane(t time.Time) time.Time {
	if t.Year() < 1970 || t.Year() > 9998 {
		return time.Time{}
	}
	return t
}
