package email_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
)

// TestHostile_EachMailTakesLessThanASecond from its acceptance to its events.
func TestHostile_EachMailTakesLessThanASecond(t *testing.T) {
	t.Parallel()
	const million = 1 << 20
	nested := func(closed bool) string {
		var b strings.Builder
		for i := range 2000 {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
		if closed {
			for i := range 2000 {
				fmt.Fprintf(&b, "\n--b%d--\n", 1999-i)
			}
		}
		return b.String()
	}
	for name, raw := range map[string]string{
		"a From in a million lines":       "From: a@b.example" + strings.Repeat("\n x", million/3) + "\n\nWords.\n",
		"a Message-ID in a million lines": "Message-ID: <" + strings.Repeat("\n x", million/3) + ">\nFrom: a@b.example\n\nWords.\n",
		"a million fields":                strings.Repeat("A: b\n", million/5) + "\nWords.\n",
		"a million references":            "From: a@b.example\nReferences: " + strings.Repeat("<a@b>\n ", million/7) + "\n\nWords.\n",
		"a million empty lines":           strings.Repeat("\n", million),
		"a million list ids":              "From: a@b.example\n" + strings.Repeat("List-Id: <x>\n", million/13) + "\nWords.\n",
		"a million results":               "From: a@b.example\nAuthentication-Results: x" + strings.Repeat(";\n dmarc=pass", million/13) + "\n\nWords.\n",
		"a million recipients":            "From: a@b.example\nTo: " + strings.Repeat("approvals+cr-1.aaaaaaaaaaaaaaaa@lumen.example,\n ", million/50) + "z@b.example\n\nWords.\n",
		"nested and never closed":         "From: a@b.example\n" + nested(false),
		"nested and closed":               "From: a@b.example\n" + nested(true),
		"one line without an end":         "From: a@b.example\n\n" + strings.Repeat("x", million),
		"nothing":                         "",
		"only a zero":                     "\x00",
		"a subject of control characters": "From: a@b.example\nSubject: " + strings.Repeat("\x01\x02\u202e", 1000) + "\n\nWords.\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newInbox(t, trusting)
			began := time.Now()
			acc, list := b.get(raw)
			if took := time.Since(began); took > slow*time.Second {
				t.Errorf("%d bytes took %s", len(raw), took)
			}
			if len(list) > 1 || acc.ID == "" && acc.Ignored == "" {
				t.Errorf("%+v states %d things", acc, len(list))
			}
			for _, ev := range list {
				if strings.ContainsAny(ev.Field("title"), "\x01\x02\u202e\n") || ev.Body.Empty() {
					t.Errorf("title %q, body %q", ev.Field("title"), ev.Body)
				}
			}
		})
	}
}

// FuzzMail: whatever comes is an event, a reason, or nothing, and says the same when it is read again.
func FuzzMail(f *testing.F) {
	for _, seed := range []string{first, withFile, "From: x", "\r\n\r\n", "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR"} {
		f.Add([]byte(seed), "message/rfc822; by=smtp; from=\"a@b.example\"; to=\"requests@lumen.example\"")
	}
	f.Fuzz(func(t *testing.T, raw []byte, media string) {
		c := connect(t, deps(t), "receive:\n  imap: {host: h, user: u, password: p}\n"+trusting+"from: requests@lumen.example\n")
		in := connectors.Inbound{Header: http.Header{"Content-Type": {media}}, Body: raw, At: begin, Trusted: true}
		acc, err := c.Accept(in)
		if err != nil {
			t.Fatalf("Accept: %v", err)
		}
		again, err := c.Accept(in)
		if err != nil || again.ID != acc.ID || again.Key != acc.Key || again.Kind != acc.Kind {
			t.Fatalf("the second Accept gives %+v, %v, the first %+v", again, err, acc)
		}
		if acc.Ignored == "" {
			events(t, c, in)
		}
	})
}
