package letter

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTitle(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]string{
		"Banner":                          "Banner",
		"Re: Banner":                      "Banner",
		"RE : Banner":                     "Banner",
		"Re: Fwd: AW: Banner":             "Banner",
		"Re[2]: Banner":                   "Banner",
		"Antw: SV: Vs: Banner":            "Banner",
		"回复：Banner":                       "Banner",
		"[SG-1042] Banner":                "Banner SG-1042",
		"Re: [SG-1042] Re: Banner [CR-7]": "Banner SG-1042 CR-7",
		"[EXTERNAL] Re: [EXT] Banner":     "Banner",
		"[Urgent] Banner":                 "[Urgent] Banner",
		"Regarding the banner":            "Regarding the banner",
		"I: Banner":                       "Banner",
		"Item: Banner":                    "Item: Banner",
		"Re:":                             "",
		"":                                "",
	} {
		got, tags := title(subject, "")
		if s := strings.TrimSpace(got + " " + strings.Join(tags, " ")); s != want {
			t.Errorf("title(%q) = %q with %q, want %q", subject, got, tags, want)
		}
	}
	if got, tags := title("Re: [Q4-2026] Banner [CR-7]", "CR"); got != "[Q4-2026] Banner" || len(tags) != 1 || tags[0] != "CR-7" {
		t.Errorf("with the key CR: %q with %q", got, tags)
	}
	for subject, want := range map[string]bool{"Fwd: x": true, "WG: x": true, "[EXT] FW: x": true, "Re: Fwd: x": false, "Forward planning": false, "I think: x": false} {
		if got := (Letter{Subject: subject}).forwards(); got != want {
			t.Errorf("%q forwards: %v", subject, got)
		}
	}
}

// TestWords_OfAnyCharset: the words of a header are read in the charsets that bodies are.
func TestWords_OfAnyCharset(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"=?iso-8859-1?q?M=FCller?=": "Müller", "=?cp437?q?M=81ller?=": "Müller", "=?IBM852?B?nw==?=": "č", "=?x-none?q?M=FCller?=": "M\uFFFDller",
		"=?cp932?B?grGC8Q==?= =?utf-8?q?!?=": "こん!", "M\xfcller": "Müller",
	} {
		if got := words(in); got != want {
			t.Errorf("words(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"<a@b> <c@d>":              "a@b c@d",
		"<a@b>\t(comment) ,<c@d>":  "a@b c@d",
		"< a@b >":                  "a@b",
		"a@b c@d":                  "a@b c@d",
		"<no-at>":                  "no-at",
		"Ana's message of Tuesday": "",
		"":                         "",
		"<A@B>":                    "A@B",
	} {
		if got := strings.Join(ids(in), " "); got != want {
			t.Errorf("ids(%q) = %q, want %q", in, got, want)
		}
	}
	var many strings.Builder
	for i := range 80 {
		fmt.Fprintf(&many, "<%d@x> ", i)
	}
	got := ids(many.String())
	if len(got) != referencesMost || got[0] != "0@x" || got[1] != "31@x" || got[len(got)-1] != "79@x" {
		t.Errorf("%d ids: %q … %q", len(got), got[:2], got[len(got)-1])
	}
}

func TestReadAddresses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]Address{
		"ana@lumen.example":                             {{"", "ana@lumen.example"}},
		"Ana <ana@LUMEN.example>":                       {{"Ana", "ana@lumen.example"}},
		"\"Müller, Ana\" <ana@lumen.example>":           {{"Müller, Ana", "ana@lumen.example"}},
		"=?iso-8859-1?q?M=FCller?= <ana@lumen.example>": {{"Müller", "ana@lumen.example"}},
		"ana@lumen.example (Ana)":                       {{"Ana", "ana@lumen.example"}},
		"a@x.example, b@y.example":                      {{"", "a@x.example"}, {"", "b@y.example"}},
		"a@x.example; b@y.example":                      {{"", "a@x.example"}, {"", "b@y.example"}},
		"Team: a@x.example, b@y.example;":               {{"", "a@x.example"}, {"", "b@y.example"}},
		"undisclosed-recipients:;":                      nil,
		"Ana Müller ana@lumen.example":                  {{"Ana Müller", "ana@lumen.example"}},
		"\"broken <ana@lumen.example>":                  {{"broken", "ana@lumen.example"}},
		"Ana\u202e\u0007 <ana@lumen.example>":           {{"Ana", "ana@lumen.example"}},
		"M\xfcller <ana@lumen.example>":                 {{"Müller", "ana@lumen.example"}},
		"ceo@lumen.example <x@evil.example>":            {{"ceo@lumen.example", "x@evil.example"}},
		"no address":                                    nil,
	} {
		if diff := cmp.Diff(want, readAddresses(in)); diff != "" {
			t.Errorf("%q: -want +got:\n%s", in, diff)
		}
	}
}

func TestDate(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 11, 25, 8, 2, 3, 0, time.UTC)
	for _, in := range []string{
		"Wed, 25 Nov 2026 09:02:03 +0100", "25 Nov 2026 09:02:03 +0100", "Wed, 25 Nov 2026 09:02:03 +0100 (CET)", "Wed, 25 Nov 2026 08:02:03 GMT", "Wed, 25 Nov 2026 08:02:03",
		"2026-11-25T09:02:03+01:00", "Wed Nov 25 08:02:03 2026", "2026-11-25 09:02:03 +0100", "Wed, 25 Nov 26 09:02:03 +0100", "Wed,  25  Nov 2026 09:02:03\t+0100",
	} {
		if got := date(in); !got.Equal(want) {
			t.Errorf("date(%q) = %v, want %v", in, got, want)
		}
	}
	for _, in := range []string{"", "yesterday", "Wed, 99 Nov 2026 09:02:03 +0100", "Wed, 25 Nov 99999 09:02:03 +0100"} {
		if got := date(in); !got.IsZero() {
			t.Errorf("date(%q) = %v, want none", in, got)
		}
	}
}

func TestRead_Author(t *testing.T) {
	t.Parallel()
	known := Envelope{Known: true, From: "env@x.example", To: []string{"req+sg-1.abc@hub.example"}}
	for name, c := range map[string]struct {
		lines []string
		e     Envelope
		want  string
		null  bool
	}{
		"From":                      {[]string{"From: a@x.example", "Sender: b@x.example"}, known, "a@x.example", false},
		"several authors, a sender": {[]string{"From: a@x.example, c@x.example", "Sender: b@x.example"}, known, "b@x.example", false},
		"several authors":           {[]string{"From: a@x.example, c@x.example"}, known, "", false},
		"none":                      {[]string{"Subject: x"}, known, "env@x.example", false},
		"an empty From":             {[]string{"From: "}, Envelope{}, "", false},
		"Return-Path":               {[]string{"Return-Path: <r@x.example>"}, Envelope{}, "r@x.example", false},
		"the null sender":           {[]string{"Return-Path: <>"}, Envelope{}, "", true},
		"the envelope is null":      {[]string{"Return-Path: <r@x.example>", "From: a@x.example"}, Envelope{Known: true}, "a@x.example", true},
	} {
		l := Read(rawMail(append(c.lines, "", "words")...), Options{Envelope: c.e})
		if l.From.Address != c.want || l.NullSender != c.null {
			t.Errorf("%s: %q, null %v; want %q, %v", name, l.From.Address, l.NullSender, c.want, c.null)
		}
	}
}

func TestRead_Delivered(t *testing.T) {
	t.Parallel()
	l := Read(rawMail("Delivered-To: catch@hub.example", "X-Original-To: Req+sg-1@hub.example", "To: req+sg-1@hub.example, ana@lumen.example", "Cc: \"x\" <cc@lumen.example>", "", "x"),
		Options{Envelope: Envelope{Known: true, To: []string{"<rcpt@hub.example>"}}})
	want := []string{"rcpt@hub.example", "catch@hub.example", "Req+sg-1@hub.example", "ana@lumen.example", "cc@lumen.example"}
	if diff := cmp.Diff(want, l.Delivered); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestRead_Beginnings reads one mail behind everything that stands before mails in the wild.
func TestRead_Beginnings(t *testing.T) {
	t.Parallel()
	mail := string(rawMail("Subject: Banner", "From: a@x.example", "", "words"))
	for name, in := range map[string]string{
		"as it is": mail, "an mbox": "From a@x.example Wed Nov 25 2026\r\n" + mail, "a quoted mbox": ">From a@x.example Wed Nov 25 2026\n" + mail, "a byte order mark": "\xef\xbb\xbf" + mail, "blank lines": "\r\n\n\r\n" + mail, "blanks": "   \r\n  " + mail,
		"LF": strings.ReplaceAll(mail, "\r\n", "\n"), "CR": strings.ReplaceAll(mail, "\r\n", "\r"), "both": "\xef\xbb\xbf\r\nFrom x\r\n\r\n" + mail,
		"a blank before the colon": strings.Replace(mail, "Subject:", "Subject :", 1), "a broken line": strings.Replace(mail, "From:", "no field\r\n:nor this\r\nFrom:", 1),
		"no end of the header": "Subject: Banner\r\nFrom: a@x.example\r\n\r\nwords",
	} {
		l := Read([]byte(in), Options{})
		if !strings.HasPrefix(l.Title, "Banner") || l.From.Address != "a@x.example" || l.Body.New.String() != "words" {
			t.Errorf("%s: %q by %q says %q", name, l.Title, l.From.Address, l.Body.New)
		}
	}
	for _, in := range []string{"", "\r\n", "Subject: only a header", "From "} {
		if l := Read([]byte(in), Options{}); !l.Body.New.Empty() || l.Refused != nil {
			t.Errorf("%q says %q, refused %v", in, l.Body.New, l.Refused)
		}
	}
	if l := Read([]byte("just words\r\nand more"), Options{}); l.Body.New.String() != "just words\nand more" {
		t.Errorf("words without a header: %q", l.Body.New)
	}
}
