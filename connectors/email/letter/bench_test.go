package letter

import (
	"fmt"
	"strings"
	"testing"
)

// ordinary is a mail as people send it: a reply in plain text and HTML with what it answers, and a picture of 60 kB.
func ordinary() []byte {
	quoted := strings.Repeat("> We would like to see the logo on the left side, and the price below it in smaller letters.\r\n", 30)
	answered := strings.Repeat("<div>We would like to see the logo on the left side, and the <b>price</b> below it in smaller letters.</div>", 30)
	return rawMail(
		"Return-Path: <ana@lumen.example>",
		"Received: from mail.lumen.example (mail.lumen.example [192.0.2.7]) by mx.hub.example; Wed, 25 Nov 2026 09:02:04 +0100",
		"Authentication-Results: mx.hub.example; dkim=pass header.d=lumen.example; spf=pass smtp.mailfrom=ana@lumen.example; dmarc=pass header.from=lumen.example",
		"From: =?utf-8?q?Ana_M=C3=BCller?= <ana@lumen.example>",
		"To: requests@hub.example",
		"Subject: Re: [SG-1042] Banner",
		"Date: Wed, 25 Nov 2026 09:02:03 +0100",
		"Message-ID: <a1@lumen.example>",
		"References: <root@lumen.example> <sg-1042.ask@hub.example>",
		"Content-Type: multipart/mixed; boundary=mixed",
		"",
		"--mixed",
		"Content-Type: multipart/alternative; boundary=alt",
		"",
		"--alt",
		"Content-Type: text/plain; charset=utf-8",
		"Content-Transfer-Encoding: quoted-printable",
		"",
		"The price is missing on the second page.=20",
		"",
		"On Tue, 24 Nov 2026 at 10:00, Tom <tom@lumen.example> wrote:",
		quoted,
		"--alt",
		"Content-Type: text/html; charset=utf-8",
		"",
		"<html><body><div dir=ltr>The <b>price</b> is missing on the second page.</div><br><div class=gmail_quote><div class=gmail_attr>On Tue, 24 Nov 2026 at 10:00, Tom &lt;<a href=\"mailto:tom@lumen.example\">tom@lumen.example</a>&gt; wrote:<br></div><blockquote class=gmail_quote>"+answered+"</blockquote></div></body></html>",
		"--alt--",
		"--mixed",
		"Content-Type: image/png; name=banner.png",
		"Content-Disposition: attachment; filename=banner.png",
		"Content-Transfer-Encoding: base64",
		"",
		strings.Repeat("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA\r\n", 1000),
		"--mixed--",
	)
}

func BenchmarkRead(b *testing.B) {
	raw := ordinary()
	if l := Read(raw, Options{}); l.Body.New.String() != "The price is missing on the second page." || len(l.Files) != 1 {
		b.Fatalf("read %+v", l)
	}
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		Read(raw, Options{})
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}

func BenchmarkHead(b *testing.B) {
	raw := ordinary()
	for b.Loop() {
		Head(raw, Options{})
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}

// BenchmarkRead_Quotes reads 767 kB of quotations, made to break those who look back.
func BenchmarkRead_Quotes(b *testing.B) {
	raw := quotes()
	for b.Loop() {
		Read(raw, Options{})
	}
}

// quotes is a mail whose quotations go on for 767 kB.
func quotes() []byte {
	var b strings.Builder
	b.WriteString("From: ana@lumen.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nLooks good.\r\n\r\nOn Tue, 24 Nov 2026 at 10:00, Tom <tom@lumen.example> wrote:\r\n")
	for i := 0; b.Len() < 767_000; i++ {
		fmt.Fprintf(&b, "%s On Tue, 24 Nov 2026 at 10:%02d, Tom <tom@lumen.example> wrote:\r\n", strings.Repeat(">", 1+i%40), i%60)
	}
	return []byte(b.String())
}
