package confluence_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/connectors/confluence"
	"signoff/internal/outbound"
)

// offline is a connector that is only asked what it knows by itself.
func offline(f *testing.F) *confluence.Connector {
	f.Helper()
	c, err := confluence.New(read("url: https://lumen.atlassian.net\nuser: bot@lumen.example\ntoken: t1\n"), connectors.Deps{
		Instance: "confluence", HTTP: func(string, ...string) *http.Client { return outbound.New(outbound.Options{}) },
	})
	if err != nil {
		f.Fatal(err)
	}
	return c.(*confluence.Connector)
}

// TestStorage_Hostile: no page makes more work than its size is worth.
func TestStorage_Hostile(t *testing.T) {
	c := connect(t, true, "") // not beside others: it measures
	const size = 120 << 10
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	for name, in := range map[string]string{
		"wide cells":    "<table><tbody><tr>" + fill(`<td colspan="50"></td>`) + "</tr></tbody></table>",
		"paragraphs":    fill(`<p>a<b>c</b></p>`),
		"rows":          "<table><tbody>" + fill(`<tr><td>a</td></tr>`) + "</tbody></table>",
		"nested lines":  fill(strings.Repeat("<b>", 90) + "x" + strings.Repeat("</b>", 90)),
		"nested lists":  fill(strings.Repeat("<ul><li>", 60) + "x" + strings.Repeat("</li></ul>", 60)),
		"nested quotes": fill(strings.Repeat("<blockquote>", 60) + "x" + strings.Repeat("</blockquote>", 60)),
		"blanks":        "<p>" + fill(" \n") + "</p>",
		"entities":      "<p>" + fill("&nbsp;") + "</p>",
		"breaks":        "<p>x" + strings.Repeat("<br/>", 24_000) + "</p>",
		"an attribute":  `<p class="` + fill("x") + `">x</p>`,
		"stars":         "<p>" + fill("*_[") + "</p>",
		"mentions":      "<p>" + fill(`<ac:link><ri:user ri:account-id="x" /></ac:link>`) + "</p>",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		c.site.with(func() { c.site.pages["98305"].Body = in })
		if _, err := c.ReadBrief(t.Context(), ref("page", "98305")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 5*time.Second || mib > 1000 {
			t.Errorf("%s: %d KiB took %s and %d MiB in all", name, len(in)>>10, took, mib)
		}
	}
}

func FuzzBrief(f *testing.F) {
	for _, seed := range []string{"/wiki/spaces/DES/pages/98305/x", "/wiki/x/AYAB", "/wiki/display/DES/a%2Fb", "/wiki/pages/viewpage.action?pageId=1"} {
		f.Add(seed)
	}
	c := offline(f)
	f.Fuzz(func(t *testing.T, path string) {
		at, ok := c.Brief("https://lumen.atlassian.net" + path)
		if ok && (at.Key == "" || at.Type == "") {
			t.Errorf("Brief(%q) = %v", path, at)
		}
	})
}

func FuzzStorage(f *testing.F) {
	for _, seed := range []string{`<p>a<b>c</b></p>`, `<ac:structured-macro ac:name="info"><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>`, `<table><tr><td>a</td></tr></table>`, `<ul><li/></ul>`, `<ac:link><ri:user/></ac:link>`} {
		f.Add(seed)
	}
	f.Fuzz(confluence.ReadsAnything)
}
