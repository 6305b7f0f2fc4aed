package letter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// quotedTail is what older mails look like where they are marked.
const quotedTail = "\n> What size?\n>\n> Tom\n"

// TestPart_Introductions holds the lines by which programs introduce what they quote, in many languages, before a marked
// quotation and before one that is not marked.
func TestPart_Introductions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		words   string
		certain bool // cut even where the quotation is not marked
	}{
		{"On Tue, 24 Nov 2026 at 10:00, Tom <tom@lumen.example> wrote:", true},
		{"On Tue, 24 Nov 2026 at 10:00, Tom <\ntom@lumen.example> wrote:", true},
		{"On Nov 24, 2026, at 10:00, Tom\n<tom@lumen.example>\nwrote:", true},
		{"On Nov 24, 2026,\nat 10:00,\nTom <tom@lumen.example> wrote:", true},
		{"On 11/24/26 10:00 AM, Tom wrote:", false},
		{"On Nov 24, 2026, 10:00 +0100, Tom <tom@lumen.example>, wrote:", true},
		{"Tom <tom@lumen.example> writes:", true},
		{"---- On Tue, 24 Nov 2026 10:00:00 +0100 Tom <tom@lumen.example> wrote ----", true},
		{"At 2026-11-24 10:00:00, \"Tom\" <tom@lumen.example> wrote:", true},
		{"2026-11-24 10:00 GMT+01:00 Tom <tom@lumen.example>:", true},
		{"-----Tom/Lumen wrote: -----", true},
		{"Le\u00a0mar. 24 nov. 2026 à 10:00, Tom <tom@lumen.example> a écrit\u00a0:", true},
		{"Am 24.11.2026 um 10:00 schrieb Tom von Müller:", false},
		{"Am 24.11.2026 um 10:00 schrieb Lumen requests:", false},
		{"2026/11/24 10:00、Tom <tom@lumen.example>のメール:", true},
		{"Am 24.11.2026 um 10:00 schrieb Tom <tom@lumen.example>:", true},
		{"Am Di., 24. Nov. 2026 um 10:00 Uhr schrieb Tom <\ntom@lumen.example>:", true},
		{"Tom <tom@lumen.example> schrieb am Di., 24. Nov. 2026, 10:00:", true},
		{"Le mar. 24 nov. 2026 à 10:00, Tom <tom@lumen.example> a écrit :", true},
		{"Le 24/11/2026 à 10:00, Tom a écrit :", true},
		{"El mar, 24 nov 2026 a las 10:00, Tom (<tom@lumen.example>) escribió:", true},
		{"Il giorno mar 24 nov 2026 alle ore 10:00 Tom <tom@lumen.example> ha scritto:", true},
		{"Op di 24 nov. 2026 om 10:00 schreef Tom <tom@lumen.example>:", true},
		{"Op 24 november 2026 10:00 schreef Tom <tom@lumen.example> het volgende:", true},
		{"Em ter., 24 de nov. de 2026 às 10:00, Tom <tom@lumen.example> escreveu:", true},
		{"W dniu 24.11.2026 o 10:00, Tom pisze:", true},
		{"wt., 24 lis 2026 o 10:00 Tom <tom@lumen.example> napisał(a):", true},
		{"Den tis 24 nov. 2026 kl 10:00 skrev Tom <tom@lumen.example>:", true},
		{"tir. 24. nov. 2026 kl. 10:00 skrev Tom <tom@lumen.example>:", true},
		{"ti 24. marrask. 2026 klo 10.00 Tom (tom@lumen.example) kirjoitti:", true},
		{"вт, 24 нояб. 2026 г. в 10:00, Tom <tom@lumen.example>:", true},
		{"24 ноября 2026 г., 10:00 пользователь Tom <tom@lumen.example> написал:", true},
		{"вт, 24 лист. 2026 р. о 10:00 Tom <tom@lumen.example> пише:", true},
		{"út 24. 11. 2026 v 10:00 odesílatel Tom <tom@lumen.example> napsal:", true},
		{"2026. 11. 24. 10:00 keltezéssel, Tom <tom@lumen.example> írta:", true},
		{"Tom <tom@lumen.example>, 24 Kas 2026 Sal, 10:00 tarihinde şunu yazdı:", true},
		{"Tom <tom@lumen.example> 于2026年11月24日周二 10:00写道：", true},
		{"在 2026-11-24 10:00:00，\"Tom\" <tom@lumen.example> 写道：", true},
		{"2026年11月24日(火) 10:00 Tom <tom@lumen.example>:", true},
		{"2026년 11월 24일 (화) 오전 10:00, Tom <tom@lumen.example>님이 작성:", true},
		{"On Nov 24, 2026 you wrote:", false},
	} {
		for _, follow := range []string{quotedTail, "\n\nWhat size?\n\nTom\n"} {
			got := splitPlain("The price is missing.\n\n" + c.words + follow)
			if !c.certain && !strings.Contains(follow, ">") {
				if !strings.Contains(got.fresh, "What size") {
					t.Errorf("%s%s cut, though it may be somebody's own words: new %q", c.words, follow, got.fresh)
				}
				continue
			}
			if got.fresh != "The price is missing." {
				t.Errorf("%s%snew  %q\nwant %q", c.words, follow, got.fresh, "The price is missing.")
			}
		}
	}
}

type splitWords struct{ fresh, quoted, signature string }

func splitPlain(s string) splitWords { return splitMarked(s, "") }

func splitMarked(s, marker string) splitWords {
	lines, _ := plainLines(s, flow{})
	c := part(lines, marker, false)
	return splitWords{spell(c.fresh), spell(c.quoted), spell(c.signature)}
}

// spell writes lines as they stood.
func spell(lines []line) string {
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(strings.Repeat("> ", l.quote) + l.words())
	}
	return strings.TrimSpace(b.String())
}

func TestPart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, fresh, signature string }{
		"nothing old":              {"Please make it red.\n\nAna", "Please make it red.\nAna", ""},
		"a printed header":         {"Fine.\n\nFrom: Tom <tom@lumen.example>\nSent: Tuesday, 24 November 2026 10:00\nTo: Ana\nSubject: Banner\n\nWhat size?", "Fine.", ""},
		"a German one":             {"Gut.\n\nVon: Tom [mailto:tom@lumen.example]\nGesendet: Dienstag, 24. November 2026 10:00\nAn: Ana\nBetreff: Banner\n\nGröße?", "Gut.", ""},
		"below a line":             {"Fine.\n\n________________________________\nFrom: Tom <tom@lumen.example>\nSent: Tuesday 10:00\nTo: Ana\nSubject: Banner\n\nSize?", "Fine.", ""},
		"in stars":                 {"Fine.\n\n*From:* Tom <tom@lumen.example>\n*Sent:* Tuesday\n*To:* Ana\n*Subject:* Banner\n\nSize?", "Fine.", ""},
		"an original message":      {"Fine.\n\n-----Original Message-----\nWhat size?", "Fine.", ""},
		"a French one":             {"Bien.\n\n-------- Message d'origine --------\nDe : Tom\n\nTaille ?", "Bien.", ""},
		"a Chinese one":            {"好。\n\n------------------ 原始邮件 ------------------\n大小?", "好。", ""},
		"somebody's own list":      {"We need it:\nFrom: 12 May\nTo: 20 May\nSubject: spring\nThanks", "We need it:\nFrom: 12 May\nTo: 20 May\nSubject: spring\nThanks", ""},
		"somebody's own words":     {"On Monday at 10:00 Tom wrote in the brief that it is:\n\nred", "On Monday at 10:00 Tom wrote in the brief that it is:\nred", ""},
		"exact words of a person":  {"On 12.05.2026 at 10:00 Tom wrote:\n\na banner", "On 12.05.2026 at 10:00 Tom wrote:\na banner", ""},
		"words with a date":        {"On 12.05.2026 at 10:00 Tom wrote that we need:\n\na banner", "On 12.05.2026 at 10:00 Tom wrote that we need:\na banner", ""},
		"words with an address":    {"On 12.05.2026 at 10:00 tom@lumen.example wrote in the brief that we need:\n\na banner", "On 12.05.2026 at 10:00 tom@lumen.example wrote in the brief that we need:\na banner", ""},
		"German words with a date": {"Am 12.05.2026 um 10:00 schrieb Tom im Auftrag, wir brauchen:\n\nein Banner", "Am 12.05.2026 um 10:00 schrieb Tom im Auftrag, wir brauchen:\nein Banner", ""},
		"on in a sentence":         {"On the other hand, we said:\nno", "On the other hand, we said:\nno", ""},
		"underscores":              {"Name:\n______________\nDate:\n______________", "Name:\n______________\nDate:\n______________", ""},
		"dashes of a table":        {"a b\n-----\n1 2", "a b\n-----\n1 2", ""},
		"answers between":          {"Tom wrote at 10:00:\n> What size?\n\n1200\n\n> What colour?\n\nred\n", "Tom wrote at 10:00:\n> What size?\n1200\n> What colour?\nred", ""},
		"answers, then the rest":   {"> What size?\n1200\n> Thanks\n> Tom", "> What size?\n1200", ""},
		"an answer below":          {"On Tue, 24 Nov 2026 at 10:00, Tom wrote:\n> What size?\n\n1200", "1200", ""},
		"a quotation of their own": {"> make it pop\n\nWhat does that mean?", "> make it pop\nWhat does that mean?", ""},
		"only a quotation":         {"> What size?", "> What size?", ""},
		"only an older mail":       {"On Tue, 24 Nov 2026 at 10:00, Tom <tom@lumen.example> wrote:\n> What size?", "On Tue, 24 Nov 2026 at 10:00, Tom <tom@lumen.example> wrote:\n> What size?", ""},
		"a signature":              {"Red.\n\n-- \nAna Müller\nLumen", "Red.", "-- \nAna Müller\nLumen"},
		"one without a blank":      {"Red.\n--\nAna", "Red.", "--\nAna"},
		"two dashes in a text":     {"One.\n--\n" + strings.Repeat("more\n", 30), "One.\n--\n" + strings.TrimSpace(strings.Repeat("more\n", 30)), ""},
		"only a signature":         {"-- \nAna", "-- \nAna", ""},
		"a telephone":              {"Red.\n\nSent from my iPhone", "Red.", "Sent from my iPhone"},
		"a German telephone":       {"Rot.\n\nVon meinem iPhone gesendet", "Rot.", "Von meinem iPhone gesendet"},
		"a telephone above":        {"Red.\n\nSent from my iPhone\n\n> On 24 Nov 2026, at 10:00, Tom wrote:\n>\n> Size?", "Red.", "Sent from my iPhone"},
		"a desk":                   {"Red.\n\nSent from my desk, which is much easier than from my mobile telephone", "Red.\nSent from my desk, which is much easier than from my mobile telephone", ""},
		"a forwarded mail":         {"Please do this.\n\n---------- Forwarded message ---------\nFrom: Tom <tom@lumen.example>\nDate: Tue, 24 Nov 2026\nSubject: Banner\nTo: Ana\n\nA banner.\n\nOn Mon, 23 Nov 2026 at 10:00, Ben <ben@lumen.example> wrote:\n> older", "Please do this.\n---------- Forwarded message ---------\nFrom: Tom <tom@lumen.example>\nDate: Tue, 24 Nov 2026\nSubject: Banner\nTo: Ana\nA banner.\nOn Mon, 23 Nov 2026 at 10:00, Ben <ben@lumen.example> wrote:\n> older", ""},
		"an answer to a forwarded": {"Fine.\n\nOn Tue, 24 Nov 2026 at 10:00, Tom wrote:\n> ---------- Forwarded message ---------\n> From: Ben <ben@lumen.example>\n> A banner.", "Fine.", ""},
		"a footer of a list":       {"Red.\n\n_______________________________________________\ndesign mailing list\nhttps://lists.lumen.example/design", "Red.", "_______________________________________________\ndesign mailing list\nhttps://lists.lumen.example/design"},
		"a footer below quotes":    {"Red.\n\nOn Tue, 24 Nov 2026 at 10:00, Tom wrote:\n> Size?\n\n__\ndesign mailing list\n", "Red.", ""},
		"a warning of the server":  {"CAUTION: This email originated from outside of this company. Do not click links or\nopen attachments unless you recognize the sender.\n\nA banner, please.", "A banner, please.", ""},
		"a warning of somebody's":  {"Attention: the link to the external page is wrong.\nPlease mend it.", "Attention: the link to the external page is wrong.\nPlease mend it.", ""},
		"only a warning":           {"CAUTION: External sender. Do not open attachments.", "CAUTION: External sender. Do not open attachments.", ""},
		"headers, bottom up":       {"Yes.\n\nFrom: tom@lumen.example\nSubject: Re:\nTo: Ana\nDate: Mon, 25 Nov 2013 16:33:36 -0800\n\nColour?", "Yes.", ""},
		"torn brackets":            {"One.\n\nOn Thu, 24 Nov 2026 at 10:00 Tom\n<\nmailto:tom@lumen.example\n> wrote:\n\n> Size?", "One.", ""},
	} {
		got := splitPlain(c.in)
		if got.fresh != c.fresh || got.signature != c.signature {
			t.Errorf("%s:\n%s\nnew  %q\nwant %q\nsignature %q, want %q", name, c.in, got.fresh, c.fresh, got.signature, c.signature)
		}
	}
}

func TestPart_Marker(t *testing.T) {
	t.Parallel()
	const marker = "-- reply above this line --"
	for in, want := range map[string]string{
		"Red.\n\n" + marker + "\nWhat colour?":                                                              "Red.",
		"Red.\n\nOn Tue, 24 Nov 2026, signoff <a@hub.example> wrote:\n" + marker + "\nWhat colour?":         "Red.",
		"Below.\n\nOn Tue, 24 Nov 2026, signoff wrote:\n> " + marker + "\n> What colour?\n\nred\n\n> Size?": "Below.\nOn Tue, 24 Nov 2026, signoff wrote:\n> " + marker + "\n> What colour?\nred",
	} {
		if got := splitMarked(in, marker); got.fresh != want {
			t.Errorf("%s\nnew  %q\nwant %q", in, got.fresh, want)
		}
	}
}

// TestPart_KeepsEverything: the three parts together are all lines, each once.
func TestPart_KeepsEverything(t *testing.T) {
	t.Parallel()
	for _, name := range replies(t) {
		s, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines, _ := plainLines(string(s), flow{})
		c := part(lines, "", false)
		if got := len(c.fresh) + len(c.quoted) + len(c.signature); got != len(lines) {
			t.Errorf("%s: %d lines in three parts, want %d", name, got, len(lines))
		}
	}
}

func replies(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/reply/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no replies under testdata: %v", err)
	}
	return names
}

// TestPart_Corpus reads replies that others collected; beside each stands what is new in it.
func TestPart_Corpus(t *testing.T) {
	t.Parallel()
	for _, name := range replies(t) {
		in, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(name, ".txt") + ".new")
		if err != nil {
			t.Fatal(err)
		}
		if got := splitPlain(string(in)).fresh; got != strings.TrimSpace(string(want)) {
			t.Errorf("%s:\nnew  %q\nwant %q", name, got, strings.TrimSpace(string(want)))
		}
	}
}
