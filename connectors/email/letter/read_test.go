package letter

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// rawMail joins lines as they go over the wire.
func rawMail(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n") }

func TestRead_Ordinary(t *testing.T) {
	t.Parallel()
	l := Read(rawMail(
		"Return-Path: <ana@lumen.example>",
		"From: =?utf-8?q?Ana_M=C3=BCller?= <ana@Lumen.Example>",
		"To: requests@hub.example, \"Tom, design\" <tom@lumen.example>",
		"Subject: Re: AW: [SG-1042] Banner for the spring sale",
		"Date: Wed, 25 Nov 2026 09:02:03 +0100",
		"Message-ID: <a1@lumen.example>",
		"In-Reply-To: <sg-1042.ask@hub.example>",
		"References: <root@lumen.example>",
		" <sg-1042.ask@hub.example>",
		"Content-Type: multipart/mixed; boundary=x",
		"",
		"--x",
		"Content-Type: text/plain; charset=utf-8",
		"",
		"Please see https://figma.com/file/ABC.",
		"",
		"- a wider one",
		"- a red one",
		"",
		"On Tue, 24 Nov 2026 at 10:00, signoff <requests@hub.example> wrote:",
		"> What size?",
		"--x",
		"Content-Type: application/pdf; name=\"../brief.pdf\"",
		"Content-Disposition: attachment",
		"Content-Transfer-Encoding: base64",
		"",
		"JVBERi0xLjQK",
		"--x--",
	), Options{})
	got := map[string]any{
		"from": l.From, "to": l.To, "delivered": l.Delivered, "title": l.Title, "tags": l.Tags, "subject": l.Subject, "date": l.Date.UTC(),
		"id": l.MessageID, "reply": l.InReplyTo, "references": l.References, "class": l.Class,
		"new": l.Body.New.Markdown(), "quoted": l.Body.Quoted.String(), "files": l.Files,
	}
	want := map[string]any{
		"from": Address{"Ana Müller", "ana@lumen.example"}, "to": []Address{{"", "requests@hub.example"}, {"Tom, design", "tom@lumen.example"}},
		"delivered": []string{"requests@hub.example", "tom@lumen.example"},
		"title":     "Banner for the spring sale", "tags": []string{"SG-1042"}, "subject": "Re: AW: [SG-1042] Banner for the spring sale",
		"date": time.Date(2026, 11, 25, 8, 2, 3, 0, time.UTC), "id": "a1@lumen.example", "reply": []string{"sg-1042.ask@hub.example"},
		"references": []string{"root@lumen.example", "sg-1042.ask@hub.example"}, "class": Personal,
		"new":    "Please see <https://figma.com/file/ABC>.\n\n- a wider one\n- a red one",
		"quoted": "On Tue, 24 Nov 2026 at 10:00, signoff <requests@hub.example> wrote:\n\n> What size?",
		"files":  []File{{Part: "2", Name: "brief.pdf", Type: "application/pdf", Size: 9}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
