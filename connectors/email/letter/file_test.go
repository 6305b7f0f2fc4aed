package letter

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// multi builds a mail of parts: each is header lines, a blank line and a body.
func multi(kind string, parts ...string) []byte {
	lines := []string{"From: ana@lumen.example", "Subject: Banner", "Content-Type: multipart/" + kind + "; boundary=\"=_x\"", "", "preamble"}
	for _, p := range parts {
		lines = append(lines, "--=_x", p)
	}
	return rawMail(append(lines, "--=_x--", "epilogue")...)
}

func part64(head string, body []byte) string {
	return head + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(body)
}

func picture(t *testing.T, side int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const plainPart = "Content-Type: text/plain\r\n\r\nwords"

func TestRead_Files(t *testing.T) {
	t.Parallel()
	dot, logo := picture(t, 1), picture(t, 40)
	passed := "From: Tom <tom@lumen.example>\r\nSubject: The brief\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n"
	for name, c := range map[string]struct {
		raw   []byte
		files string // part name type, one after another; inline in brackets
		words string
	}{
		"an attachment":            {multi("mixed", plainPart, part64("Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"brief.pdf\"", []byte("%PDF-"))), "2 brief.pdf application/pdf", "words"},
		"a name of many parts":     {multi("mixed", plainPart, part64("Content-Type: application/pdf\r\nContent-Disposition: attachment;\r\n filename*0*=utf-8''Br%C3%BC;\r\n filename*1=ff.pdf", []byte("x"))), "2 Brüff.pdf application/pdf", "words"},
		"a name in Latin letters":  {multi("mixed", plainPart, part64("Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=ISO-8859-1'de'Br%FCff.pdf", []byte("x"))), "2 Brüff.pdf application/pdf", "words"},
		"a name in Latin pieces":   {multi("mixed", plainPart, part64("Content-Type: application/pdf\r\nContent-Disposition: attachment;\r\n filename*0*=ISO-8859-1'de'Br%FC;\r\n filename*1*=%DF%20;\r\n filename*2=\"ff.pdf\"", []byte("x"))), "2 Brüß ff.pdf application/pdf", "words"},
		"a name in Japanese":       {multi("mixed", plainPart, part64("Content-Type: application/pdf; name*=shift_jis''%8Ft.pdf", []byte("x"))), "2 春.pdf application/pdf", "words"},
		"an encoded name":          {multi("mixed", plainPart, part64("Content-Type: application/pdf; name=\"=?utf-8?q?Br=C3=BCff.pdf?=\"", []byte("x"))), "2 Brüff.pdf application/pdf", "words"},
		"a name in bare bytes":     {multi("mixed", plainPart, part64("Content-Type: application/pdf; name=\"Br\xfc\xdf ff.pdf\"\r\nContent-Disposition: attachment; filename=\"Br\xfc\xdf ff.pdf\"", []byte("x"))), "2 Brüß ff.pdf application/pdf", "words"},
		"in bare UTF-8":            {multi("mixed", plainPart, part64("Content-Type: application/pdf; name=\"Brüß ff.pdf\"\r\nContent-Disposition: attachment; filename=\"Brüß ff.pdf\"; size=3", []byte("x"))), "2 Brüß ff.pdf application/pdf", "words"},
		"in the type alone":        {multi("mixed", plainPart, part64("Content-Type: application/pdf; x-unix-mode=0644; name=\"Br\xfcff.pdf\"\r\nContent-Disposition: attachment", []byte("x"))), "2 Brüff.pdf application/pdf", "words"},
		"bare and not quoted":      {multi("mixed", plainPart, part64("Content-Type: application/pdf; name=Br\xfcff.pdf\r\nContent-Disposition: attachment; filename=Br\xfcff.pdf", []byte("x"))), "2 Brüff.pdf application/pdf", "words"},
		"bare in Cyrillic":         {multi("mixed", plainPart, part64("Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"бриф.pdf\"", []byte("x"))), "2 бриф.pdf application/pdf", "words"},
		"a folded name":            {multi("mixed", plainPart, part64("Content-Type: application/pdf;\r\n name=\"=?iso-8859-1?Q?Br=FCff?=\r\n =?iso-8859-1?Q?.pdf?=\"\r\nContent-Disposition: attachment; filename=\r\n \"=?iso-8859-1?Q?Br=FCff?=\r\n =?iso-8859-1?Q?.pdf?=\"; size=631148;\r\n creation-date=\"Fri, 14 Mar 2014 08:48:19 GMT\"", []byte("x"))), "2 Brüff.pdf application/pdf", "words"},
		"a name with a path":       {multi("mixed", plainPart, part64("Content-Type: text/x-shellscript; name=\"../../etc/passwd\"", []byte("x"))), "2 passwd text/x-shellscript", "words"},
		"no name":                  {multi("mixed", plainPart, part64("Content-Type: application/pdf\r\nContent-Disposition: attachment", []byte("x"))), "2 document.pdf application/pdf", "words"},
		"a text as a file":         {multi("mixed", plainPart, "Content-Type: text/plain; name=notes.txt\r\nContent-Disposition: attachment; filename=notes.txt\r\n\r\nnotes"), "2 notes.txt text/plain", "words"},
		"a text beside the text":   {multi("mixed", plainPart, "Content-Type: text/plain\r\n\r\nmore"), "", "words\n\nmore"},
		"shown in the text":        {multi("related", "Content-Type: text/html\r\n\r\n<p>words<img src='cid:a@b'></p>", part64("Content-Type: image/png; name=logo.png\r\nContent-ID: <a@b>", logo)), "2 (logo.png) image/png", "words"},
		"not shown in the text":    {multi("related", "Content-Type: text/html\r\n\r\n<p>words</p>", part64("Content-Type: image/png; name=logo.png\r\nContent-ID: <a@b>", logo)), "2 logo.png image/png", "words"},
		"a pixel":                  {multi("related", "Content-Type: text/html\r\n\r\n<p>words<img src='cid:a@b'></p>", part64("Content-Type: image/png\r\nContent-ID: <a@b>", dot)), "", "words"},
		"a pixel that is attached": {multi("mixed", plainPart, part64("Content-Type: image/png; name=dot.png\r\nContent-Disposition: attachment", dot)), "2 dot.png image/png", "words"},
		"winmail.dat":              {multi("mixed", plainPart, part64("Content-Type: application/ms-tnef; name=winmail.dat", []byte("x\x9f"))), "2 winmail.dat application/ms-tnef", "words"},
		"an invitation":            {multi("alternative", plainPart, "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR"), "2 invite.ics text/calendar", "words"},
		"an invitation sent twice": {multi("mixed", "Content-Type: multipart/alternative; boundary=y\r\n\r\n--y\r\n\r\nwords\r\n--y\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n--y--", "Content-Type: application/ics; name=invite.ics\r\nContent-Disposition: attachment\r\n\r\nBEGIN:VCALENDAR"), "2 invite.ics application/ics", "words"},
		"Apple Mail between words": {multi("mixed", plainPart, part64("Content-Type: image/png; name=a.png\r\nContent-Disposition: inline; filename=a.png", logo), plainPart), "2 a.png image/png", "words\n\nwords"},
		"a signature of the mail":  {multi("signed; protocol=\"application/pgp-signature\"", plainPart, "Content-Type: application/pgp-signature; name=signature.asc\r\n\r\nx"), "", "words"},
		"a forwarded mail":         {multi("mixed", plainPart, "Content-Type: message/rfc822\r\n\r\n"+passed+"\r\nA banner."), "2 The brief.eml message/rfc822", "words"},
		"its own attachment":       {multi("mixed", plainPart, "Content-Type: message/rfc822\r\n\r\n"+passed+"Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\nA banner.\r\n--y\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=a.png\r\n\r\nx\r\n--y--"), "2 The brief.eml message/rfc822, 2.2 a.png image/png", "words"},
		"only a forwarded mail":    {multi("mixed", "Content-Type: message/rfc822\r\n\r\n"+passed+"\r\nA banner."), "1 The brief.eml message/rfc822", "A banner."},
		"nothing but a file":       {rawMail("From: ana@lumen.example", "Content-Type: application/pdf; name=brief.pdf", "", "%PDF-"), "1 brief.pdf application/pdf", ""},
		"no boundary named":        {[]byte(strings.Replace(string(multi("mixed", plainPart, part64("Content-Type: application/pdf", []byte("x")))), "boundary=\"=_x\"", "x=y", 1)), "2 document.pdf application/pdf", "words"},
		"another boundary named":   {[]byte(strings.Replace(string(multi("mixed", plainPart)), "boundary=\"=_x\"", "boundary=other", 1)), "", "preamble\n--=_x\nContent-Type: text/plain\n\nwords\n--=_x--\nepilogue"},
		"never closed":             {bytes.TrimSuffix(multi("mixed", plainPart, part64("Content-Type: application/pdf", []byte("x"))), []byte("--=_x--\r\nepilogue\r\n")), "2 document.pdf application/pdf", "words"},
		"plain and HTML":           {multi("alternative", plainPart, "Content-Type: text/html\r\n\r\n<b>rich</b> words"), "", "rich words"},
		"HTML that lost the words": {multi("alternative", plainPart+" and a lot more of them that the other lost", "Content-Type: text/html\r\n\r\n<b>x</b>"), "", "words and a lot more of them that the other lost"},
		"empty HTML":               {multi("alternative", plainPart, "Content-Type: text/html\r\n\r\n<html></html>"), "", "words"},
		"a type that is none":      {multi("mixed", plainPart, "Content-Type: pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\nx"), "2 a.pdf application/octet-stream", "words"},
	} {
		l := Read(c.raw, Options{})
		var got []string
		for _, f := range l.Files {
			name := f.Name
			if f.Inline {
				name = "(" + name + ")"
			}
			got = append(got, f.Part+" "+name+" "+f.Type)
			body, opened, err := Open(c.raw, f.Part)
			if err != nil || opened.Name != f.Name || opened.Type != f.Type || len(body) != opened.Size || f.Size != len(body) && f.Type != "message/rfc822" {
				t.Errorf("%s: opened part %s: %d bytes of %+v, read %+v: %v", name, f.Part, len(body), opened, f, err)
			}
		}
		if files := strings.Join(got, ", "); files != c.files || l.Body.New.String() != c.words {
			t.Errorf("%s:\nfiles %q, want %q\nwords %q, want %q", name, files, c.files, l.Body.New, c.words)
		}
	}
}

func TestRead_Notes(t *testing.T) {
	t.Parallel()
	for want, raw := range map[string][]byte{
		"winmail.dat": multi("mixed", plainPart, "Content-Type: application/ms-tnef\r\n\r\nx"),
		"encrypted":   multi("encrypted", "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1", "Content-Type: application/octet-stream\r\n\r\nx"),
		"S/MIME":      rawMail("From: a@x.example", "Content-Type: application/pkcs7-mime; name=smime.p7m", "", "x"),
	} {
		if l := Read(raw, Options{}); len(l.Notes) != 1 || !strings.Contains(l.Notes[0], want) {
			t.Errorf("notes %q, want one about %s", l.Notes, want)
		}
	}
}

func TestRead_ForwardedMail(t *testing.T) {
	t.Parallel()
	raw := multi("mixed", plainPart, "Content-Type: message/rfc822\r\n\r\nFrom: Tom <tom@lumen.example>\r\nSubject: =?utf-8?q?Br=C3=BCff?=\r\n\r\nA banner.\r\n")
	l := Read(raw, Options{})
	want := &Inner{From: Address{"Tom", "tom@lumen.example"}, Subject: "Brüff"}
	if len(l.Files) != 1 || !cmp.Equal(l.Files[0].Mail, want) || l.Files[0].Name != "Brüff.eml" {
		t.Errorf("files %+v, want one of %+v", l.Files, want)
	}
	body, _, err := Open(raw, "2")
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(body)), "A banner.") || !strings.HasPrefix(string(body), "From: Tom") {
		t.Errorf("opened %q: %v", body, err)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	want := []byte("%PDF-\x00\xff more")
	raw := multi("mixed", plainPart, part64("Content-Type: application/pdf; name=a.pdf", want))
	if got, f, err := Open(raw, "2"); err != nil || !bytes.Equal(got, want) || f.Name != "a.pdf" || f.Size != len(want) {
		t.Errorf("got %q of %+v: %v", got, f, err)
	}
	if got, f, err := Open(raw, "0"); err != nil || !bytes.Equal(got, raw) || f.Name != "Banner.eml" || f.Type != "message/rfc822" {
		t.Errorf("the mail: %d bytes of %+v: %v", len(got), f, err)
	}
	for _, part := range []string{"", "3", "2.1", "9", "x"} {
		if _, _, err := Open(raw, part); !errors.Is(err, ErrNoPart) {
			t.Errorf("part %q: %v", part, err)
		}
	}
	bomb := []byte(parts("\r\nab\r\n"))
	if got, _, err := Open(bomb, "0"); err != nil || !bytes.Equal(got, bomb) {
		t.Errorf("a refused mail: %d bytes: %v", len(got), err)
	}
	if _, _, err := Open(bomb, "1"); !errors.Is(err, ErrNoPart) {
		t.Errorf("a part of a refused mail: %v", err)
	}
}

func TestRead_Refused(t *testing.T) {
	t.Parallel()
	for limit, raw := range map[string]string{
		"parts": parts("\r\nab\r\n"), "nesting": nested(30), "header": "Subject: Banner\r\nX: " + strings.Repeat("x", headerMost) + "\r\n\r\nwords", "fields": "Subject: Banner\r\n" + strings.Repeat("A: b\r\n", fieldsMost+1) + "\r\nwords",
		"size": "Subject: Banner\r\n\r\n" + strings.Repeat("x", sizeMost),
	} {
		l := Read([]byte(raw), Options{})
		if l.Refused == nil || l.Refused.Limit != limit || l.Refused.Found <= l.Refused.Most {
			t.Errorf("%s: refused %+v", limit, l.Refused)
		}
		if len(l.Files) != 1 || l.Files[0].Part != "0" || l.Files[0].Size != len(raw) || l.Files[0].Type != "message/rfc822" {
			t.Errorf("%s: files %+v", limit, l.Files)
		}
		if strings.HasPrefix(raw, "Subject") && l.Title != "Banner" {
			t.Errorf("%s: title %q", limit, l.Title)
		}
	}
}

// TestRead_ArmouredWords: what PGP put among the words stays, with a word on it.
func TestRead_ArmouredWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines []string
		note  string
		keeps []string
	}{
		"encrypted": {
			[]string{"-----BEGIN PGP MESSAGE-----", "Version: GnuPG v2", "", "hQEMA1234abcdABCD+/xyz", "=Ab12", "-----END PGP MESSAGE-----"},
			"is encrypted (PGP)", []string{"BEGIN PGP MESSAGE", "hQEMA1234abcdABCD+/xyz", "END PGP MESSAGE"},
		},
		"signed": {
			[]string{"-----BEGIN PGP SIGNED MESSAGE-----", "Hash: SHA256", "", "We need a banner.", "", "- -- ", "Ana", "-----BEGIN PGP SIGNATURE-----", "", "iQEzBAEBCAAdFiEE", "=Ab12", "-----END PGP SIGNATURE-----"},
			"is signed with PGP", []string{"We need a banner."},
		},
		"below a greeting": {
			[]string{"Hello,", "", "-----BEGIN PGP MESSAGE-----", "", "hQEMA1234abcdABCD+/xyz", "=Ab12", "-----END PGP MESSAGE-----"},
			"is encrypted (PGP)", []string{"Hello,", "hQEMA1234abcdABCD+/xyz"},
		},
		"only spoken of": {[]string{"Your key begins with -----BEGIN PGP MESSAGE----- and I cannot read it."}, "", []string{"I cannot read it"}},
	} {
		l := Read(rawMail(append([]string{"From: a@x.example", "Subject: Banner", ""}, c.lines...)...), Options{})
		if got := strings.Join(l.Notes, " "); (c.note == "") != (got == "") || !strings.Contains(got, c.note) {
			t.Errorf("%s: the notes say %q, want %q", name, got, c.note)
		}
		for _, words := range c.keeps {
			if !strings.Contains(l.Body.New.String(), words) {
				t.Errorf("%s: the new words are\n%s\nwithout %q", name, l.Body.New.String(), words)
			}
		}
		if l.Class != Personal {
			t.Errorf("%s: class %s", name, l.Class)
		}
	}
}
