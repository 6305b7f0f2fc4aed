package filetype

import (
	"bytes"
	"slices"
	"strings"
)

// natives are the first bytes of what an operating system or a machine runs: ELF, Mach-O in its four forms, Mach-O for several
// machines and Java classes, Android, WebAssembly, Windows shortcuts.
var natives = []string{
	"\x7fELF", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe", "dex\n", "\x00asm",
	"L\x00\x00\x00\x01\x14\x02\x00",
}

// native reports whether the bytes are a program. Windows programs begin with MZ, as does many a text; only programs have
// zeros close behind.
func native(head []byte) bool {
	if bytes.HasPrefix(head, []byte("MZ")) && bytes.IndexByte(head[:min(len(head), 128)], 0) > 0 {
		return true
	}
	return slices.ContainsFunc(natives, func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) })
}

// htmlTags are those with which a browser takes an unnamed text for a page, by the standard of MIME sniffing and a few more
// that login pages begin with.
const htmlTags = " !doctype !-- html head body title meta link base style script noscript iframe frameset form div table p a b br h1 h2 center font img input span main header "

func isPage(tag string) bool { return tag != "" && strings.Contains(htmlTags, " "+tag+" ") }

// firstTag returns the lower-case name of the first element of markup, without its namespace, or the element that a DOCTYPE
// names. "!--" is a comment without an end, "" no markup.
func firstTag(head []byte) string {
	b := ascii(head)
	for {
		b = bytes.TrimLeft(b, " \t\r\n\f")
		switch {
		case bytes.HasPrefix(b, []byte("<!--")):
			_, rest, ok := bytes.Cut(b, []byte("-->"))
			if !ok {
				return "!--"
			}
			b = rest
		case bytes.HasPrefix(b, []byte("<?")):
			_, rest, ok := bytes.Cut(b, []byte("?>"))
			if !ok {
				return ""
			}
			b = rest
		case len(b) > 9 && bytes.EqualFold(b[:9], []byte("<!doctype")):
			if root := word(bytes.TrimLeft(b[9:], " \t\r\n\f")); root != "" {
				return root
			}
			return "!doctype"
		case bytes.HasPrefix(b, []byte("<")):
			return word(b[1:])
		default:
			return ""
		}
	}
}

// word is the name at the beginning, in lower case and without its namespace.
func word(b []byte) string {
	end := bytes.IndexFunc(b, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != ':' && r != '-' && r != '_'
	})
	if end < 0 {
		end = len(b)
	}
	name := strings.ToLower(string(b[:end]))
	return name[strings.LastIndexByte(name, ':')+1:]
}

// ascii takes the byte order mark off, and the zeros out of UTF-16.
func ascii(b []byte) []byte {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	wide := bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff"))
	if wide {
		b = b[2:]
	}
	if wide || bytes.HasPrefix(b, []byte("<\x00")) || bytes.HasPrefix(b, []byte("\x00<")) {
		b = bytes.ReplaceAll(b, []byte{0}, nil)
	}
	return b
}
