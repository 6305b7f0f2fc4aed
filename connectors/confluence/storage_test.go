package confluence_test

import (
	"strings"
	"testing"
)

// brief reads the page 98305 with other words.
func (r *rig) brief(t *testing.T, storage string) string {
	t.Helper()
	r.site.with(func() { r.site.pages["98305"].Body = storage })
	ev, err := r.ReadBrief(t.Context(), ref("page", "98305"))
	if err != nil {
		t.Fatalf("ReadBrief: %v", err)
	}
	if diff := ev.Body.Normal(); len(diff) != len(ev.Body) {
		t.Errorf("the body is not in its normal form: %+v", ev.Body)
	}
	return ev.Body.Markdown()
}

func TestStorage(t *testing.T) {
	t.Parallel()
	c := connect(t, true, "")
	macro := func(name, inside string) string {
		return `<ac:structured-macro ac:name="` + name + `" ac:schema-version="1">` + inside + `</ac:structured-macro>`
	}
	rich := func(s string) string { return `<ac:rich-text-body>` + s + `</ac:rich-text-body>` }
	for name, tc := range map[string]struct{ in, want string }{
		"the contract's page": {`<h2>Goal</h2><p>New hero &mdash; ask <ac:link><ri:user ri:account-id="` + anaID + `" /></ac:link> by <time datetime="2026-12-01" />.</p>` +
			macro("info", rich(`<p>No snow&nbsp;photos.</p>`)) +
			`<table><tbody><tr><th><p>Size</p></th><th><p>Use</p></th></tr><tr><td><p>1200x628</p></td><td><p>Web</p></td></tr></tbody></table>` +
			`<ac:task-list><ac:task><ac:task-id>3</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>Ask legal</ac:task-body></ac:task></ac:task-list>`,
			"## Goal\n\nNew hero — ask \\@Ana Reyes by 2026-12-01.\n\n> Info: No snow photos.\n\n**Size** | **Use**\\\n1200x628 | Web\n\n- \\[ \\] Ask legal"},
		"nobody we know":         {`<p><ac:link><ri:user ri:account-id="x" /></ac:link></p>`, "\\@someone"},
		"page link":              {`<p>See <ac:link><ri:page ri:content-title="Tone of voice" /></ac:link>, <ac:link><ri:page ri:content-title="x" /><ac:plain-text-link-body><![CDATA[the guide]]></ac:plain-text-link-body></ac:link> and <ac:link><ri:attachment ri:filename="logo.svg" /></ac:link></p>`, "See Tone of voice, the guide and logo.svg"},
		"links":                  {`<p><a href="https://lumen.example/x?a=1&amp;b=2">site</a> <a href="javascript:alert(1)">trap</a></p>`, "[site](https://lumen.example/x?a=1&amp;b=2) trap"},
		"images":                 {`<p><ac:image ac:alt="the hero"><ri:attachment ri:filename="a.png" /></ac:image><ac:image><ri:attachment ri:filename="b.png" /></ac:image><ac:image><ri:url ri:value="http://169.254.169.254/" /></ac:image></p>`, "\\[image: the hero\\]\\[image: b.png\\]\\[image: no description\\]"},
		"code in pieces":         {macro("code", `<ac:parameter ac:name="language">go</ac:parameter><ac:plain-text-body><![CDATA[a[b[0]]]]><![CDATA[> c]]></ac:plain-text-body>`), "```go\na[b[0]]> c\n```"},
		"status and jira":        {`<p>` + macro("status", `<ac:parameter ac:name="colour">Green</ac:parameter><ac:parameter ac:name="title">READY</ac:parameter>`) + ` ` + macro("jira", `<ac:parameter ac:name="server">J</ac:parameter><ac:parameter ac:name="key">DES-7</ac:parameter>`) + `</p>`, "READY DES-7"},
		"nothing to say":         {`<p>x</p>` + macro("toc", `<ac:parameter ac:name="maxLevel">3</ac:parameter>`) + macro("children", ``), "x"},
		"elsewhere":              {macro("excerpt-include", `<ac:parameter ac:name="">Other</ac:parameter>`) + macro("roadmap", `<ac:parameter ac:name="x">secret</ac:parameter>`), "\\[macro excerpt-include, see page\\]\n\n\\[macro roadmap, see page\\]"},
		"transparent":            {macro("expand", `<ac:parameter ac:name="title">More</ac:parameter>`+rich(`<p>inside</p>`)) + macro("details", rich(`<table><tbody><tr><th>Brand</th><td>Nova</td></tr></tbody></table>`)), "**More**\n\ninside\n\nBrand | Nova"},
		"titled panel":           {macro("note", `<ac:parameter ac:name="title">Careful</ac:parameter>`+rich(`<ul><li>one</li></ul>`)), "> Careful:\n>\n> - one"},
		"tasks":                  {`<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body><span class="x">Done</span></ac:task-body></ac:task></ac:task-list>`, "- \\[x\\] Done"},
		"lists":                  {`<ul><li>a<ul><li>b</li></ul></li><li><p>c</p></li></ul><ol><li>one</li></ol>`, "- a\n\n  - b\n\n- c\n\n1. one"},
		"list in a cell":         {`<table><tbody><tr><td><ul><li>a</li><li>b</li></ul><p>c</p></td><td colspan="2">d</td></tr></tbody></table>`, "a; b; c | d |"},
		"table in a cell":        {`<table><tbody><tr><td><table><tbody><tr><td>x</td><td>y</td></tr></tbody></table></td></tr></tbody></table>`, "x | y"},
		"layout":                 {`<ac:layout><ac:layout-section ac:type="two_equal"><ac:layout-cell><p>left</p></ac:layout-cell><ac:layout-cell><p>right</p></ac:layout-cell></ac:layout-section></ac:layout>`, "left\n\nright"},
		"extension once":         {`<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-content><p>Once</p></ac:adf-content></ac:adf-node><ac:adf-fallback><div><p>Once</p></div></ac:adf-fallback></ac:adf-extension>`, "Once"},
		"extension, no fallback": {`<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-content><p>Once</p></ac:adf-content></ac:adf-node></ac:adf-extension>`, "Once"},
		"small things":           {`<p><ac:emoticon ac:name="smile" ac:emoji-fallback="🙂" /> <ac:inline-comment-marker ac:ref="x">marked</ac:inline-comment-marker> <ac:placeholder>type here</ac:placeholder><sub>2</sub><br/>next <em>em</em></p><hr/>`, "🙂 marked 2\\\nnext _em_\n\n___"},
		"markup is words":        {`<p>&lt;!channel&gt; *not bold* [x](y) | &lt;b&gt;</p>`, "\\<!channel> \\*not bold\\* \\[x\\](y) | \\<b>"},
		"empty":                  {``, ""},
	} {
		if got := strings.TrimSpace(c.brief(t, tc.in)); got != tc.want {
			t.Errorf("%s:\n%s\nreads as\n%q\nwant\n%q", name, tc.in, got, tc.want)
		}
	}
}

// TestStorage_Broken: title, link and owner are there all the same, with the reason.
func TestStorage_Broken(t *testing.T) {
	t.Parallel()
	c := connect(t, true, "")
	for name, in := range map[string]string{
		"not closed":        `<p>x`,
		"crossed":           `<p><b>x</p></b>`,
		"closes our frame":  `<p>x</p></page><page>`,
		"odd entity":        `<p>&nosuchentity;</p>`,
		"nested too deep":   strings.Repeat("<div>", 80_000) + strings.Repeat("</div>", 80_000),
		"raw nested deep":   `<ac:parameter ac:name="x">` + strings.Repeat("<i>", 1000) + strings.Repeat("</i>", 1000) + `</ac:parameter>`,
		"too many parts":    strings.Repeat("<br/>", 120_000),
		"a document's head": `<!DOCTYPE x [<!ENTITY a "b">]><p>&a;</p>`,
	} {
		got := c.brief(t, in)
		if !strings.Contains(got, "signoff cannot read the words of this page (page: ") || !strings.Contains(got, "Brief: winter hero](") {
			t.Errorf("%s: reads as %.200q, want the reason and the link", name, got)
		}
	}
	if !strings.Contains(c.log.String(), "it nests too deep") {
		t.Error("the reason is not in the log")
	}
}

func TestStorage_Long(t *testing.T) {
	t.Parallel()
	c := connect(t, true, "")
	got := c.brief(t, "<p>"+strings.Repeat("é", 150_000)+"</p><p>the end</p>")
	if len(got) < 200<<10 || len(got) > 270<<10 || strings.Contains(got, "the end") || !strings.Contains(got, "The page goes on: [Brief: winter hero](") {
		t.Errorf("a long page reads as %d bytes, ending %q", len(got), got[len(got)-200:])
	}
	c.site.with(func() { c.site.large = true })
	ev, err := c.ReadBrief(t.Context(), ref("page", "98305"))
	if err != nil || ev.Field("title") != "Brief: winter hero" || !strings.Contains(ev.Body.String(), "larger than 8 MiB") {
		t.Errorf("a page larger than what is read: %+v, %v, want its title and the reason", ev, err)
	}
}
