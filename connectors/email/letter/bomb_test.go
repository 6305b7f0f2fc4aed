package letter

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Bounds of what a mail of 1 MB may cost. The time is generous: tests share a machine; what goes wrong here takes minutes. Under
// the race detector, which takes ten times as long and lets regexps forget their memory, the bombs are small and only must end.
const (
	bombMemory  = 128 << 20
	bombSeconds = 8
)

// fill repeats a piece up to the size of a bomb.
func fill(piece string) string { return strings.Repeat(piece, bombSize/len(piece)) }

// numberedFill repeats a piece that differs each time.
func numberedFill(format string) string {
	var b strings.Builder
	for i := 0; b.Len() < bombSize; i++ {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

const plainHead = "From: a@x.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"

// nested opens multiparts in one another and never closes them.
func nested(levels int) string {
	var b strings.Builder
	b.WriteString("From: a@x.example\r\n")
	for i := range levels {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	return b.String() + "\r\nwords\r\n"
}

// forwarded puts mails into one another.
func forwarded(levels int) string {
	return "From: a@x.example\r\n" + strings.Repeat("Content-Type: message/rfc822\r\n\r\nSubject: x\r\n", levels) + "\r\nwords\r\n"
}

func htmlBomb(body string) string {
	return "From: a@x.example\r\nContent-Type: text/html\r\n\r\n" + body
}

func parts(piece string) string {
	return "From: a@x.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" + fill("--x\r\n"+piece) + "--x--\r\n"
}

// fewParts fills a mail with as many parts as are read.
func fewParts(head, piece string) string {
	body := strings.Repeat(piece, bombSize/(partsMost-10)/len(piece)+1)
	return "From: a@x.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" + strings.Repeat("--x\r\n"+head+"\r\n\r\n"+body+"\r\n", partsMost-10) + "--x--\r\n"
}

func bounceBomb(piece string) string {
	return "From: mailer-daemon@x.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\n\r\n" + strings.Repeat(piece, bombSize/2/len(piece)) +
		"\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n" + strings.Repeat(piece+"\r\n\r\n", bombSize/2/len(piece+"\r\n\r\n")) + "--x--\r\n"
}

// bombs are mails made to cost much.
func bombs() map[string]string {
	return map[string]string{
		"multiparts never closed, 20":      nested(20),
		"multiparts never closed, 26":      nested(26),
		"multiparts never closed, 10000":   nested(10_000),
		"unclosed, then line ends":         nested(20) + fill("\r\n"),
		"mails in one another":             forwarded(20_000),
		"a million parts":                  parts(""),
		"parts of 4 bytes":                 parts("\r\nab\r\n"),
		"boundaries that are none":         "Content-Type: multipart/mixed; boundary=x\r\n\r\n" + fill("--y\r\n"),
		"dashes":                           "Content-Type: multipart/mixed; boundary=" + strings.Repeat("-", 900) + "\r\n\r\n" + fill("-"),
		"lines of dashes":                  nested(19) + fill("--\r\n"),
		"a boundary of 100 kB":             "Content-Type: multipart/mixed; boundary=" + strings.Repeat("x", 100_000) + "\r\n\r\n" + fill("--"+strings.Repeat("x", 100_000)+"\r\n"),
		"one endless header line":          "Subject: " + fill("x"),
		"header lines":                     fill("X-A: b\r\n"),
		"a header without names":           "From: a@x.example\r\n" + fill("x\r\n"),
		"empty folded lines":               "Subject: a\r\n" + fill(" \r\n"),
		"encoded words":                    "Subject: " + strings.Repeat("=?utf-8?q?=C3=BC?= ", 12_000) + "\r\n\r\n" + fill("x"),
		"broken encoded words":             "Subject: " + strings.Repeat("=?utf-8?q?=?", 16_000) + "\r\n\r\n",
		"addresses":                        "To: " + strings.Repeat("a@x.example, ", 18_000) + "\r\n\r\n",
		"broken addresses":                 "To: " + strings.Repeat("<a@", 80_000) + "\r\nFrom: " + strings.Repeat("\"", 60_000) + "\r\n\r\n",
		"comments in addresses":            "To: " + strings.Repeat("(", 100_000) + strings.Repeat(")", 100_000) + "\r\n\r\n",
		"many address fields":              strings.Repeat("To: a b c <a@x.example> d\r\n", 1900) + "\r\n",
		"references":                       "References: " + strings.Repeat("<a@x> ", 40_000) + "\r\n\r\n",
		"parameters of a type":             "Content-Type: text/plain; " + strings.Repeat("a=b; ", 50_000) + "\r\n\r\nx",
		"parameters in every part":         fewParts("Content-Type: text/plain; "+strings.Repeat("a=b;", 1000), "x"),
		"names in every part":              fewParts("Content-Disposition: attachment; "+strings.Repeat("filename*0*=utf-8''a;", 200), "x"),
		"encoded names":                    fewParts("Content-Disposition: attachment; filename=\""+strings.Repeat("=?utf-8?q?a?= ", 300)+"\"", "x"),
		"authentication results":           strings.Repeat("Authentication-Results: mx.x.example; "+strings.Repeat("(;dmarc=pass", 20)+"\r\n", 900) + "\r\n",
		"tags of HTML":                     htmlBomb(fill("<b>")),
		"words and tags":                   htmlBomb(fill("a<p>")),
		"letters in unknown tags":          htmlBomb(fill("a<x>")),
		"formatting never closed":          htmlBomb(fill("<i><p>a")),
		"deep blocks":                      htmlBomb(fill("<div>a")),
		"deep quotations":                  htmlBomb(fill("<blockquote>a")),
		"deep lists":                       htmlBomb(fill("<ul><li>a")),
		"deep tables":                      htmlBomb(fill("<table><tr><td>a<td>b")),
		"tables closed late":               htmlBomb(strings.Repeat("<tr><td>a<td>", 50_000) + strings.Repeat("</tr>", 50_000)),
		"cells":                            htmlBomb("<tr>" + fill("<td>a</td>") + "</tr>"),
		"attributes":                       htmlBomb("<a " + fill("b=c ") + ">"),
		"links":                            htmlBomb(fill("<a href=http://x.example/>a")),
		"links never closed":               htmlBomb(fill("<a href=http://x>")),
		"hidden, never closed":             htmlBomb(fill("<div style='display:none'>a")),
		"scripts":                          htmlBomb(fill("<script>a")),
		"comments":                         htmlBomb(fill("<!--")),
		"entities":                         htmlBomb(fill("&amp;&#x1F600;")),
		"line breaks":                      htmlBomb(fill("a<br>")),
		"pictures":                         htmlBomb(fill("<img src=cid:a@b alt=😀>")),
		"preformatted":                     htmlBomb("<pre>" + fill("a\n")),
		"marks of mail programs":           htmlBomb(fill("<div id=appendonsend>a") + fill("<div class=gmail_signature>")),
		"classes":                          htmlBomb("<p class='" + fill("a ") + "'>"),
		"blanks":                           htmlBomb(fill(" \n")),
		"one tag":                          htmlBomb("<" + fill("a")),
		"addresses of the web":             plainHead + fill("http://x.example/)) "),
		"an endless address":               plainHead + "http://x/" + fill("("),
		"marks of quotation":               plainHead + fill(">"),
		"quoted lines":                     plainHead + fill("> On Mon, 1 Jan 2024 at 10:00, a <a@x.example> wrote:\r\n"),
		"deeper and deeper quotations":     plainHead + numberedFill("%[1]d\r\n> a\r\n>> b\r\n"),
		"introductions":                    plainHead + fill("On Mon, 1 Jan 2024 a <a@x.example>\r\n"),
		"introductions that go on":         plainHead + fill("On 1\r\n"),
		"signature lines":                  plainHead + fill("a\r\n-- \r\n"),
		"signature lines above a quote":    plainHead + strings.Repeat("-- \r\n", 20_000) + "> a\r\n",
		"printed headers":                  plainHead + fill("From: x\r\nTo: y\r\n"),
		"separators":                       plainHead + fill("_______\r\nFrom: a\r\n"),
		"items":                            plainHead + fill("- a\r\n"),
		"numbers":                          plainHead + fill("1. a\r\n  b\r\n"),
		"one letter a line":                plainHead + fill("a\r\n\r\n"),
		"one endless line":                 plainHead + "On " + fill("a b@c "),
		"format flowed":                    "Content-Type: text/plain; format=flowed\r\n\r\n" + fill("a \r\n"),
		"carriage returns":                 plainHead + fill("\r"),
		"zero bytes":                       plainHead + fill("\x00"),
		"not UTF-8":                        plainHead + fill("\xff\xfe"),
		"8-bit without a charset":          "From: a@x.example\r\n\r\n" + fill("\xe4\xf6 a"),
		"UTF-7":                            "Content-Type: text/plain; charset=utf-7\r\n\r\n" + fill("+AGE-+"),
		"ISO-2022":                         "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + fill("\x1b$B\x1b(B"),
		"HZ":                               "Content-Type: text/plain; charset=hz-gb-2312\r\n\r\n" + fill("~{~}"),
		"UTF-16":                           "Content-Type: text/plain; charset=utf-16\r\n\r\n" + fill("\xd8\x00"),
		"GB18030":                          "Content-Type: text/plain; charset=gb18030\r\n\r\n" + fill("\x81\x30\x81\x30"),
		"quoted-printable":                 "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + fill("=\r\n"),
		"broken quoted-printable":          "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + fill("=ZZ"),
		"base64":                           "Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n" + fill("PGI+"),
		"broken base64":                    "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + fill("=*a"),
		"many bodies":                      fewParts("Content-Type: text/plain", "a b c "),
		"many bodies of HTML":              fewParts("Content-Type: text/html", "<p>a"),
		"alternatives":                     strings.Replace(fewParts("Content-Type: text/html", "<p>"), "multipart/mixed", "multipart/alternative", 1),
		"alternatives in quoted-printable": strings.Replace(fewParts("Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable", "=\r\n"), "multipart/mixed", "multipart/alternative", 1),
		"pictures of a pixel":              fewParts("Content-Type: image/gif\r\nContent-ID: <a>", "GIF89a"),
		"forwarded mails":                  fewParts("Content-Type: message/rfc822", "Subject: =?utf-8?q?a?=\r\n"),
		"a bounce of addresses":            bounceBomb("<a@x.example>:\r\n"),
		"a bounce of ids":                  bounceBomb("<a@x.example> "),
		"a bounce of fields":               bounceBomb("Final-Recipient: rfc822; a@x.example\r\n"),
		"a bounce of letters":              bounceBomb("to to to user "),
		"767 kB of quotations":             string(quotes()),
		"nothing":                          "",
	}
}

// TestRead_Bombs holds what the worst mails of 1 MB cost (T60, T65). It runs alone: it counts what is allocated.
func TestRead_Bombs(t *testing.T) {
	for name, raw := range bombs() {
		if len(raw) > 2<<20+1<<17 {
			t.Fatalf("%s: %d bytes", name, len(raw))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		l := Read([]byte(raw), Options{})
		Verify(context.Background(), []byte(raw), Trust{Authserv: []string{"mx.x.example"}})
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		spent := after.TotalAlloc - before.TotalAlloc
		t.Logf("%-34s %8d bytes %8.1f ms %5d MiB %v", name, len(raw), float64(took.Microseconds())/1000, spent>>20, l.Refused)
		if !racing && spent > bombMemory || took > bombSeconds*time.Second {
			t.Errorf("%s: %v and %d MiB, want at most %d s and %d MiB", name, took, spent>>20, bombSeconds, bombMemory>>20)
		}
		if s := l.Body.New.String() + l.Body.Quoted.String() + l.Subject; !utf8.ValidString(s) {
			t.Errorf("%s: the words are not UTF-8", name)
		}
		if l.Body.New.Empty() && len(l.Files) == 0 && len(raw) > 0 && l.Refused != nil {
			t.Errorf("%s: refused and not kept as a file", name)
		}
	}
}

func TestRead_Quotes(t *testing.T) {
	t.Parallel()
	l := Read(quotes(), Options{})
	if got := l.Body.New.String(); got != "Looks good." || !l.Body.Long || l.Body.Quoted.Empty() {
		t.Errorf("new %q, long %v", got, l.Body.Long)
	}
}
