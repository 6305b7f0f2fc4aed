package letter

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"signoff/internal/text"
)

// FuzzRead holds that any bytes are read: without a panic, into valid UTF-8, and that every file that is listed opens.
func FuzzRead(f *testing.F) {
	names, err := filepath.Glob("testdata/bounce/*.eml")
	if err != nil || len(names) == 0 {
		f.Fatalf("no mails under testdata: %v", err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add(ordinary())
	f.Add([]byte(nested(5)))
	f.Add([]byte(forwarded(5)))
	f.Add(multi("mixed", plainPart, part64("Content-Type: image/gif", []byte("GIF89a"))))
	f.Add(rawMail("Content-Type: text/plain; charset=utf-7; format=flowed", "", "a+AGE- ", "-- ", "b"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 1<<16 {
			t.Skip("longer input only slows the search")
		}
		l := Read(raw, Options{Marker: "reply above"})
		valid(t, l.Subject, l.Title, l.From.Name, l.From.Address, l.MessageID, l.Because)
		for _, doc := range []text.Doc{l.Body.New, l.Body.Quoted, l.Body.Signature} {
			doc.Walk(func(n text.Node) { valid(t, n.Text, n.Href) })
		}
		for _, file := range l.Files {
			valid(t, file.Name, file.Type, file.Part)
			if _, _, err := Open(raw, file.Part); err != nil {
				t.Errorf("file %+v: %v", file, err)
			}
		}
		if h := Head(raw, Options{}); h.Class != l.Class || h.Subject != l.Subject {
			t.Errorf("the head says %q %q, the whole %q %q", h.Class, h.Subject, l.Class, l.Subject)
		}
		Verify(context.Background(), raw, Trust{Authserv: []string{"x"}, Resolver: zone{}})
	})
}

func valid(t *testing.T, list ...string) {
	t.Helper()
	for _, s := range list {
		if !utf8.ValidString(s) {
			t.Errorf("not UTF-8: %q", s)
		}
	}
}

// FuzzPart holds that the three parts of any words are all of them, and that something is new where there are words.
func FuzzPart(f *testing.F) {
	f.Add("Red.\n\nOn Tue, 24 Nov 2026 at 10:00, Tom <tom@lumen.example> wrote:\n> Colour?\n\n-- \nAna")
	f.Add("> a\nb\n> c\n--\nd")
	f.Add("Fine.\n\nFrom: Tom <tom@lumen.example>\nSent: 10:00\nTo: Ana\nSubject: x\n\nb")
	f.Fuzz(func(t *testing.T, s string) {
		lines, _ := plainLines(s, flow{})
		c := part(lines, "reply above", false)
		if len(c.fresh)+len(c.quoted)+len(c.signature) != len(lines) {
			t.Errorf("%q: %d, %d and %d lines of %d", s, len(c.fresh), len(c.quoted), len(c.signature), len(lines))
		}
		if spoken(lines) && !spoken(c.fresh) {
			t.Errorf("%q: nothing is new", s)
		}
	})
}
