package letter

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRead_Charsets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ kind, body, want string }{
		"UTF-8":                       {"text/plain; charset=utf-8", "Müller", "Müller"},
		"UTF-8 that says it is Latin": {"text/plain; charset=iso-8859-1", "Müller", "Müller"},
		"UTF-8 that says nothing":     {"text/plain", "Müller", "Müller"},
		"UTF-8, broken once":          {"text/plain; charset=utf-8", "Müller über Größe äöü äöü äöü äöü ÄÖÜ ÄÖÜ \xff", "Müller über Größe äöü äöü äöü äöü ÄÖÜ ÄÖÜ \uFFFD"},
		"Latin":                       {"text/plain; charset=iso-8859-1", "M\xfcller \x93x\x94", "Müller “x”"},
		"Latin that says it is UTF-8": {"text/plain; charset=utf-8", "M\xfcller", "Müller"},
		"Latin that says it is ASCII": {"text/plain; charset=us-ascii", "M\xfcller", "Müller"},
		"Latin that says nothing":     {"text/plain", "M\xfcller", "Müller"},
		"unknown-8bit":                {"text/plain; charset=unknown-8bit", "M\xfcller", "Müller"},
		"Windows":                     {"text/plain; charset=\"windows-1252\"", "5 \x80", "5 €"},
		"Cyrillic":                    {"text/plain; charset=koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
		"DOS":                         {"text/plain; charset=cp437", "M\x81ller \xe1", "Müller ß"},
		"DOS by IBM's name":           {"text/plain; charset=IBM437", "M\x81ller", "Müller"},
		"DOS with the euro":           {"text/plain; charset=cp858", "5 \xd5", "5 €"},
		"DOS of Central Europe":       {"text/plain; charset=\"cp852\"", "\x9f", "č"},
		"a mainframe":                 {"text/plain; charset=ibm037", "\xc1\x95\x81", "Ana"},
		"Japanese by its number":      {"text/plain; charset=cp932", "\x82\xb1\x82\xf1", "こん"},
		"Korean by its number":        {"text/plain; charset=x-windows-949", "\xc7\xd1", "한"},
		"Japanese":                    {"text/plain; charset=iso-2022-jp", "\x1b$B$3$s$K$A$O\x1b(B", "こんにちは"},
		"Japanese in pairs":           {"text/plain; charset=shift_jis", "\x82\xb1\x82\xf1", "こん"},
		"Chinese":                     {"text/plain; charset=gb2312", "\xc4\xe3\xba\xc3", "你好"},
		"UTF-7":                       {"text/plain; charset=utf-7", "M+APw-ller", "Müller"},
		"an older name of it":         {"text/plain; charset=unicode-1-1-utf-7", "M+APw-ller", "Müller"},
		"a charset that nobody knows": {"text/plain; charset=x-unknown-zz", "M\xfcller", "M\uFFFDller"},
		"a charset that is no name":   {"text/plain; charset=\"\\\"; x\"", "M\xfcller", "M\uFFFDller"},
		"no plausible type":           {"text", "words", "words"},
		"HTML":                        {"text/html; charset=iso-8859-1", "<p>M\xfcller</p>", "Müller"},
		"format=flowed":               {"text/plain; format=flowed", "one \r\ntwo\r\n\r\n three", "one two\n\nthree"},
		"format=flowed, del-sp":       {"text/plain; format=flowed; delsp=yes", "on \r\ne", "one"},
	} {
		l := Read(rawMail("From: a@x.example", "Content-Type: "+c.kind, "Content-Transfer-Encoding: 8bit", "", c.body), Options{})
		if got := l.Body.New.String(); got != c.want || !utf8.ValidString(got) {
			t.Errorf("%s: %q, want %q (faults %q)", name, got, c.want, l.Faults)
		}
	}
}

func TestRead_Encodings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ encoding, body, want string }{
		"quoted-printable":               {"quoted-printable", "M=C3=BCller=\r\n!", "Müller!"},
		"with a parameter":               {"Quoted-Printable; x=y", "M=C3=BCller", "Müller"},
		"broken quoted-printable":        {"quoted-printable", "50 = 50 =ZZ =", "50 = 50 =ZZ"},
		"base64":                         {"base64", "TcO8bGxlcg==", "Müller"},
		"base64 in lines":                {"BASE64", "TcO8\r\nbGxl\r\ncg==", "Müller"},
		"base64 cut off":                 {"base64", "TcO8bGxlc", "Mülle"},
		"base64 with a footer":           {"base64", "TcO8bGxlcg==\r\n", "Müller"},
		"words that say they are base64": {"base64", "just words, not encoded at all", "just words, not encoded at all"},
		"an encoding nobody knows":       {"x-rot13", "words", "words"},
		"none":                           {"", "words", "words"},
	} {
		l := Read(rawMail("From: a@x.example", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: "+c.encoding, "", c.body), Options{})
		if got := l.Body.New.String(); !strings.HasPrefix(got, strings.TrimSuffix(c.want, "=")) || !utf8.ValidString(got) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestRead_Subjects(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"=?utf-8?q?Gr=C3=B6=C3=9Fe?=":               "Größe",
		"=?UTF-8?B?R3LDtsOfZQ==?=":                  "Größe",
		"=?iso-8859-1?q?Gr=F6=DFe?= =?utf-8?q?_A?=": "Größe A",
		"=?iso-2022-jp?b?GyRCJDMkcxsoQg==?=":        "こん",
		"=?x-unknown?q?a=FF?=":                      "a\uFFFD",
		"Gr\xf6\xdfe":                               "Größe",
		"Größe":                                     "Größe",
		"a\r\n b\tc":                                "a b c",
		"a\u202eb\u0000c":                           "abc",
	} {
		if got := Read(rawMail("Subject: "+in, "From: a@x.example", "", ""), Options{}).Subject; got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
