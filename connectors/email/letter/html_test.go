package letter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"signoff/internal/text"
)

func asMarkdown(html string) string { return document(readHTML(html).lines).Markdown() }

func TestReadHTML(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"blocks":              {"<p>One</p><p>Two<br>three</p>", "One\n\nTwo\\\nthree"},
		"lines of Gmail":      {"<div>One</div><div><br></div><div>Two</div>", "One\n\nTwo"},
		"blanks":              {"<div>  a \n  b&nbsp; c</div>", "a b c"},
		"styles":              {"a <b>b <i>c</i></b> <s>d</s> <code>e</code>", "a **b _c_** ~~d~~ `e`"},
		"links":               {"<a href='https://lumen.example/a?b=1&amp;c=2'>the page</a>", "[the page](https://lumen.example/a?b=1&amp;c=2)"},
		"a bare address":      {"see https://lumen.example/a.", "see <https://lumen.example/a>."},
		"headings":            {"<h2>Brief</h2>text", "## Brief\n\ntext"},
		"lists":               {"<ul><li>a<li>b<ul><li>c</ul></ul><ol start=3><li>d</li></ol>", "- a\n\n- b\n\n  - c\n\n3. d"},
		"items of paragraphs": {"<ol><li><p>a</p><p>b</p></li><li><p>c</p></li></ol>", "1. a\n\n   b\n\n2. c"},
		"items of Outlook":    {"<p class=MsoNormal>Two:</p><p class=MsoListParagraph style='text-indent:-.25in;mso-list:l0 level1 lfo1'><![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>·<span style='font:7.0pt'>&nbsp;&nbsp; </span></span></span><![endif]>red <b>logo</b></p><p class=MsoListParagraph style='mso-list:l0 level2 lfo1'>o<span>&nbsp; </span>left</p><p class=MsoListParagraph style='mso-list:l0 level1 lfo1'>·<span>&nbsp; </span><b>price</b></p><p class=MsoNormal>Thanks</p>", "Two:\n\n- red **logo**\n\n  - left\n\n- **price**\n\nThanks"},
		"numbers of Outlook":  {"<p class=MsoListParagraph style='mso-list:l1 level1 lfo2'>1.<span>&nbsp; </span>red</p><p class=MsoListParagraph style='mso-list:l1 level1 lfo2'>2.<span>&nbsp; </span>blue</p>", "1. red\n2. blue"},
		"a table of facts":    {"<table><tr><th>Size</th><th>Price</th></tr><tr><td>1200</td><td>9</td></tr></table>", "Size | Price\\\n1200 | 9"},
		"a table for layout":  {"<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>", "a\n\nb\n\nc"},
		"code":                {"<pre>a\n  b\n</pre>", "```\na\n  b\n```"},
		"a rule":              {"a<hr>b", "a\n\n___\n\nb"},
		"a quotation":         {"a<blockquote type=cite>b<blockquote>c</blockquote></blockquote>d", "a\n\n> b\n>\n> > c\n\nd"},
		"an indentation":      {"a<blockquote style='margin:0 0 0 40px; border:none; padding:0px'>b</blockquote>", "a\n\nb"},
		"an emoji":            {"<img src='https://mail.example/1f44d.png' alt='👍'> ok", "👍 ok"},
		"hidden":              {"<div style='display: none'>preheader <div>more</div></div><span hidden>x</span>seen", "seen"},
		"hidden for ever":     {"<div style='display:none'>seen all the same", "seen all the same"},
		"scripts":             {"<style>p{}</style><script>alert(1)</script><title>t</title>a<!-- b -->c", "ac"},
		"conditional":         {"<!--[if mso]><p>Outlook</p><![endif]--><p>all</p>", "all"},
		"no tags":             {"plain &lt;words&gt; &amp; more", "plain &lt;words> & more"},
		"misnested":           {"<b><p>a</b>b</p></i></ul></td>c", "**a**b\n\nc"},
		"nothing":             {"<html><head><title>x</title></head><body> <br> </body></html>", ""},
	} {
		got := asMarkdown(c.in)
		if strings.ReplaceAll(got, `\<`, "&lt;") != c.want {
			t.Errorf("%s: %s\ngot  %q\nwant %q", name, c.in, got, c.want)
		}
	}
}

// TestReadHTML_Hostile holds that nothing that acts comes through (T64): of links only those to the web and to mail.
func TestReadHTML_Hostile(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"<a href='javascript:alert(1)'>a</a>", "<a href=' java\nscript:alert(1)'>a</a>", "<a href='&#106;avascript:alert(1)'>a</a>", "<a href='JaVaScRiPt:alert(1)'>a</a>",
		"<a href='data:text/html,x'>a</a>", "<a href='vbscript:x'>a</a>", "<a href='file:///etc/passwd'>a</a>", "<a href='//evil.example'>a</a>", "<a href='/relative'>a</a>",
		"<img src=x onerror=alert(1)>a", "<svg><script>alert(1)</script></svg>a", "<iframe src='javascript:alert(1)'></iframe>a", "<math><mtext><script>x</script></math>a",
		"<style>@import 'http://evil.example'</style>a", "<base href='http://evil.example'>a", "<meta http-equiv=refresh content='0;url=http://evil.example'>a", "<form action=http://evil.example><input value=b>a</form>",
		"<img src='http://evil.example/pixel.gif' alt='a picture'>a", "<object data=x></object>a", "<a href='http://[::1'>a</a>", "a<plaintext>", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>a",
	} {
		document(readHTML(in).lines).Walk(func(n text.Node) {
			if n.Href != "" && !strings.HasPrefix(n.Href, "http://") && !strings.HasPrefix(n.Href, "https://") && !strings.HasPrefix(n.Href, "mailto:") || strings.Contains(n.Href, "evil") {
				t.Errorf("%s: a link to %q", in, n.Href)
			}
			if strings.Contains(n.Text, "alert(1)</") || strings.Contains(n.Text, "@import") {
				t.Errorf("%s: shows %q", in, n.Text)
			}
		})
		if got := asMarkdown(in); !strings.Contains(got, "a") {
			t.Errorf("%s: the word is gone: %q", in, got)
		}
	}
}

// TestReadHTML_Programs reads answers as mail programs write them.
func TestReadHTML_Programs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"Gmail":              {`<div dir="ltr">Red.</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Tue, Nov 24, 2026 at 10:00 AM Tom &lt;<a href="mailto:tom@lumen.example">tom@lumen.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">Colour?</blockquote></div>`, "Red."},
		"Gmail, signed":      {`<div dir="ltr">Red.<div><br></div><span class="gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature"><b>Ana</b></div></div><br><div class="gmail_quote"><div class="gmail_attr">On Tue, Tom wrote:</div><blockquote class="gmail_quote">Colour?</blockquote></div>`, "Red."},
		"Gmail, between":     {`<div class="gmail_quote"><div class="gmail_attr">On Tue, Tom wrote:<br></div><blockquote class="gmail_quote">Colour?</blockquote><div>Red.</div><blockquote class="gmail_quote">Size?</blockquote><div>1200</div></div>`, "On Tue, Tom wrote:\n> Colour?\nRed.\n> Size?\n1200"},
		"Gmail, in German":   {`<div dir="auto">Rot.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">Tom &lt;<a href="mailto:tom@lumen.example">tom@lumen.example</a>&gt; schrieb am Di., 24. Nov. 2026, 10:00:<br></div><blockquote class="gmail_quote">Farbe?</blockquote></div>`, "Rot."},
		"Outlook":            {`<div class="WordSection1"><p class="MsoNormal">Red.<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p class="MsoNormal"><b>From:</b> Tom &lt;tom@lumen.example&gt; <br><b>Sent:</b> Tuesday, November 24, 2026 10:00 AM<br><b>To:</b> Ana<br><b>Subject:</b> Banner<o:p></o:p></p></div></div><p class="MsoNormal">Colour?</p></div>`, "Red."},
		"Outlook on the web": {`<div style="font-family:Aptos">Red.</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font><b>From:</b> Tom<br><b>Sent:</b> Tuesday<br><b>To:</b> Ana<br><b>Subject:</b> Banner</font></div><div>Colour?</div>`, "Red."},
		"Outlook, telephone": {`<div>Red.</div><div id="ms-outlook-mobile-signature"><div>Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a></div></div><div id="mail-editor-reference-message-container"><hr><div><strong>From:</strong> Tom</div><div>Colour?</div></div>`, "Red."},
		"Apple Mail":         {`<html><head></head><body dir="auto">Red.<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">Sent from my iPhone</div><div dir="ltr"><br><blockquote type="cite">On 24 Nov 2026, at 10:00, Tom &lt;tom@lumen.example&gt; wrote:<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">Colour?</div></blockquote></body></html>`, "Red."},
		"Apple, forwarded":   {`<div>Please do.<br><div><br><blockquote type="cite"><div>Begin forwarded message:</div><br><div><b>From: </b>Tom &lt;tom@lumen.example&gt;</div><div><b>Subject: </b>Banner</div><br><div>Colour?</div></blockquote></div></div>`, "Please do.\n> Begin forwarded message:\n> From: Tom <tom@lumen.example>\n> Subject: Banner\n> Colour?"},
		"Thunderbird":        {`<p>Red.</p><div class="moz-cite-prefix">On 11/24/26 10:00, Tom wrote:<br></div><blockquote type="cite" cite="mid:a@b"><p>Colour?</p></blockquote><div class="moz-signature">-- <br>Ana</div>`, "Red."},
		"Yahoo":              {`<div>Red.</div><div id="yahoo_quoted_1" class="yahoo_quoted"><div><div>On Tuesday, 24 November 2026, Tom wrote:</div><div>Colour?</div></div></div>`, "Red."},
		"Proton":             {`<div>Red.</div><div class="protonmail_signature_block">Sent with Proton Mail</div><div class="protonmail_quote">On Tuesday, November 24th, 2026 at 10:00, Tom &lt;tom@lumen.example&gt; wrote:<br><blockquote class="protonmail_quote" type="cite">Colour?</blockquote></div>`, "Red."},
		"Samsung":            {`<div>Red.</div><div id="composer_signature">Sent from my Galaxy</div><div>-------- Original message --------</div><div>From: Tom</div><div>Colour?</div>`, "Red."},
		"Zoho":               {`<div>Red.<br></div><div class="zmail_extra"><div id="Zm-_Id_-Sgn1">---- On Tue, 24 Nov 2026 10:00:00 +0100 <b>Tom &lt;tom@lumen.example&gt;</b> wrote ---<br></div><blockquote><div>Colour?</div></blockquote></div>`, "Red."},
		"QQ":                 {`<div>红色</div><div><br></div><div style="font-size: 12px;">------------------&nbsp;原始邮件&nbsp;------------------</div><div><b>发件人:</b>Tom</div><div>颜色?</div>`, "红色"},
	} {
		cut := part(readHTML(c.in).lines, "", false)
		if got := spell(cut.fresh); got != c.want {
			t.Errorf("%s:\nnew  %q\nwant %q\nquoted %q\nsignature %q", name, got, c.want, spell(cut.quoted), spell(cut.signature))
		}
	}
}

func lettersOf(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// TestReadHTML_Corpus compares what is new with what others found new in the same replies.
func TestReadHTML_Corpus(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/reply/*_stripped.html")
	if err != nil || len(names) < 6 {
		t.Fatalf("found %d replies: %v", len(names), err)
	}
	for _, name := range names {
		stripped, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		in, err := os.ReadFile(strings.Replace(name, "_stripped", "", 1))
		if err != nil {
			t.Fatal(err)
		}
		got, want := spell(part(readHTML(string(in)).lines, "", false).fresh), spell(readHTML(string(stripped)).lines)
		if lettersOf(got) != lettersOf(want) {
			t.Errorf("%s:\nnew  %q\nwant %q", name, got, want)
		}
	}
}
