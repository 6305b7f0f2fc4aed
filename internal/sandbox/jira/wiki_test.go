package jira

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func drawer() *pages {
	return &pages{Server: New(Options{Now: func() time.Time { return time.Time{} }, User: "signoff-bot@lumen.example", Token: "t"})}
}

func TestWiki(t *testing.T) {
	t.Parallel()
	p := drawer()
	defer p.Close()
	for _, tc := range []struct{ text, want string }{
		{"plain & <b>", "<p>plain &amp; &lt;b&gt;</p>"},
		{"one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"},
		{"h3. Request", "<h3>Request</h3>"},
		{"{*}Maya{*} in {_}words{_}", "<p><strong>Maya</strong> in <em>words</em></p>"},
		{"* a\n* *b*\n# c", "<ul><li>a</li><li><strong>b</strong></li></ul><ol><li>c</li></ol>"},
		{"_soft_ and snake_case_name and 3*4*5", "<p><em>soft</em> and snake_case_name and 3*4*5</p>"},
		{"{{code}} and \\*not bold\\*", "<p><code>code</code> and *not bold*</p>"},
		{"{noformat}\n*as is* <i>\n{noformat}\nafter", "<pre>*as is* &lt;i&gt;\n</pre><p>after</p>"},
		{"{noformat}\nnever closed", "<pre>never closed\n</pre>"},
		{"bq. said", "<blockquote>said</blockquote>"},
		{"a\n----\nb", "<p>a</p><hr><p>b</p>"},
		{"ask [~accountid:5f1000000000000000000001]", `<p>ask <span class="mention">@Ana Reyes</span></p>`},
		{"ask [~ana] or [~nobody]", `<p>ask <span class="mention">@Ana Reyes</span> or <span class="mention">@nobody</span></p>`},
		{"[file|https://x.example/a?b=1&c=2]", `<p><a href="https://x.example/a?b=1&amp;c=2" rel="noreferrer noopener">file</a></p>`},
		{"https://x.example/a", `<p><a href="https://x.example/a" rel="noreferrer noopener">https://x.example/a</a></p>`},
		{"[click|javascript:alert(1)]", "<p>[click|javascript:alert(1)]</p>"},
		{`[x|https://a.example/"onclick="y]`, `<p><a href="https://a.example/&#34;onclick=&#34;y" rel="noreferrer noopener">x</a></p>`},
		{"!https://x.example/pixel.png!", `<p>!<a href="https://x.example/pixel.png!" rel="noreferrer noopener">https://x.example/pixel.png!</a></p>`},
	} {
		if got := string(p.wiki(tc.text)); got != tc.want {
			t.Errorf("wiki(%q)\n got %s\nwant %s", tc.text, got, tc.want)
		}
	}
}

func FuzzWiki(f *testing.F) {
	for _, seed := range []string{"*a*", "[a|http://b]", "{noformat}\n<", "h1. x", `\<`, "[~accountid:<b>]", "{{<}}", "_*<_*"} {
		f.Add(seed)
	}
	p := drawer()
	f.Cleanup(p.Close)
	tag := regexp.MustCompile(`</?(?:p|ul|ol|li|pre|blockquote|h3|strong|em|code)>|<br>|<hr>|</?span(?: class="mention")?>|</a>|<a href="https?://[^"<>]*" rel="noreferrer noopener">`)
	f.Fuzz(func(t *testing.T, text string) {
		rest := tag.ReplaceAllString(string(p.wiki(text)), "")
		if strings.ContainsAny(rest, `<>"`) {
			t.Errorf("wiki(%q) lets markup through: %q", text, rest)
		}
	})
}
