package confluence

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// visitor is somebody at the pages, with a cookie jar.
type visitor struct {
	*desk
	client *http.Client
}

func (d *desk) visitor() visitor {
	jar, err := cookiejar.New(nil)
	d.must(err)
	return visitor{d, &http.Client{Jar: jar}}
}

func (v visitor) answer(res *http.Response, err error) (int, string, string) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Request.URL.Path
}

func (v visitor) get(path string) (int, string, string) {
	v.t.Helper()
	res, err := v.client.Get(v.url + path) //nolint:bodyclose // answer closes it
	return v.answer(res, err)
}

func (v visitor) post(path string, form ...string) (int, string, string) {
	v.t.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	res, err := v.client.PostForm(v.url+path, values) //nolint:bodyclose // answer closes it
	return v.answer(res, err)
}

func TestPages(t *testing.T) {
	t.Parallel()
	for _, edition := range []Edition{Cloud, DataCenter} {
		t.Run(string(edition), func(t *testing.T) {
			t.Parallel()
			d := open(t, Options{Edition: edition, Prefix: "/demo/confluence", Back: "/demo"})
			v, root := d.visitor(), d.s.wiki()
			status, body, _ := v.post(root+"/spaces/LUMEN/new", "title", "What <b>?", "text", "Due 2026-12-01\n\n<script>alert(1)</script>")
			if status != 200 || !strings.Contains(body, "<h1>What &lt;b&gt;?</h1>") || strings.Contains(body, "<script>") || !strings.Contains(body, "1 Dec 2026") {
				t.Fatalf("making a page = %d %.600s", status, body)
			}
			id := d.s.PagesOf("LUMEN")[2].ID
			at := root + "/spaces/LUMEN/pages/" + id
			for _, step := range []struct {
				path string
				form []string
				want string
			}{
				{at + "/label", []string{"value", "signoff"}, `aria-label="Take the label signoff off"`},
				{at + "/comment", []string{"value", "Hello **there**"}, "Hello <strong>there</strong>"},
				{root + "/as", []string{"account", "5f1000000000000000000001", "here", "/demo/confluence" + at}, "Comment as Ana Reyes"},
				{root + "/spaces/LUMEN/pages/edit-v2/" + id, []string{"version", "1", "title", "Better", "text", "<p>New</p>"}, "version 2, changed by Ana Reyes"},
				{at + "/unlabel", []string{"value", "signoff"}, "Label it signoff"},
				{at + "/restrict", nil, "Restricted to Ana Reyes"},
				{at + "/open", nil, "Show it to Ana Reyes only"},
				{at + "/move", []string{"value", "OPS"}, "/spaces/OPS/pages/" + id + "/label"},
				{at + "/delete", nil, "This page is in the trash"},
				{at + "/restore", nil, "Better"},
			} {
				if status, body, _ := v.post(step.path, step.form...); status != 200 || !strings.Contains(body, step.want) {
					t.Errorf("%s = %d, want a page with %q\n%.3000s", step.path, status, step.want, body)
				}
			}
			for path, want := range map[string]string{
				"/":                          "Spring launch brief",
				root + "/spaces/OPS":         "Better",
				at:                           "Better",
				at + "/An+older+title":       "Better",
				root + "/x/" + tiny(98305):   "Light that moves with you.",
				root + "/display/OPS/Better": "Better",
				root + "/pages/viewpage.action?pageId=" + id: "Better",
				"/assets/site.css":                           "--accent",
			} {
				if status, body, _ := v.get(path); status != 200 || !strings.Contains(body, want) {
					t.Errorf("GET %s = %d, want a page with %q", path, status, want)
				}
			}
			for _, path := range []string{root + "/spaces/NONE", root + "/spaces/LUMEN/pages/4711", root + "/x/AAAA", root + "/display/OPS/None", root + "/spaces/LUMEN/pages/edit-v2/1"} {
				if status, _, _ := v.get(path); status != 404 {
					t.Errorf("GET %s = %d, want 404", path, status)
				}
			}
		})
	}
}

func TestPages_Refuse(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	v := d.visitor()
	id := d.s.PagesOf("")[0].ID
	at := "/wiki/spaces/LUMEN/pages/"
	d.must(d.s.EditPageAs("Ben Osei", id, "Nova launch brief", "Other words"))
	for name, tt := range map[string]struct {
		path string
		form []string
		want string
	}{
		"no title":              {"/wiki/spaces/LUMEN/new", []string{"title", " ", "text", "kept"}, "a title is needed"},
		"a title that is there": {"/wiki/spaces/LUMEN/new", []string{"title", "nova launch brief", "text", "kept"}, "is in this space already"},
		"broken storage":        {"/wiki/spaces/LUMEN/new", []string{"title", "New", "text", "<p>kept"}, "Error parsing xhtml"},
		"an older version":      {at + "edit-v2/" + id, []string{"version", "1", "title", "Nova", "text", "kept"}, "Ben Osei has published version 2 meanwhile"},
		"a label with spaces":   {at + id + "/label", []string{"value", "sign off"}, "a label has letters"},
		"an empty comment":      {at + id + "/comment", []string{"value", " "}, "a comment needs words"},
		"an act that is none":   {at + id + "/explode", nil, "there is no such thing"},
	} {
		status, body, _ := v.post(tt.path, tt.form...)
		if status != 400 || !strings.Contains(body, tt.want) || len(tt.form) > 3 && !strings.Contains(body, "kept") {
			t.Errorf("%s = %d, want 400 with %q and the words kept\n%.2000s", name, status, tt.want, body)
		}
	}
	d.must(d.s.RestrictAs("Ana Reyes", id, "Ana Reyes"))
	if status, _, _ := v.get(at + id); status != 404 {
		t.Errorf("somebody else's page = %d, want 404", status)
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", d.url+at+id+"/delete", nil)
	d.must(err)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if status, _, _ := v.answer(v.client.Do(req)); status != 403 { //nolint:bodyclose // answer closes it
		t.Errorf("from another site = %d, want 403", status)
	}
	if _, _, path := v.post("/wiki/as", "account", "none", "here", "//evil.example/"); path != "/wiki/" {
		t.Errorf("switching leads to %q, want home", path)
	}
}

func TestEditForm_KeepsHowItWasWritten(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Empty: true})
	v := d.visitor()
	simple, storage := d.make("Simple", "Some **words**"), d.make("Storage", "<p>Some <strong>words</strong></p>")
	for _, tt := range []struct{ path, want, not string }{
		{simple.ID, "Some **words**</textarea>", "&lt;p&gt;"},
		{simple.ID + "?as=storage", "&lt;strong&gt;words&lt;/strong&gt;", "**"},
		{storage.ID, "&lt;strong&gt;words&lt;/strong&gt;", "**words"},
	} {
		if _, body, _ := v.get("/wiki/spaces/LUMEN/pages/edit-v2/" + tt.path); !strings.Contains(body, tt.want) || strings.Contains(body, tt.not) {
			t.Errorf("edit %s: want %q and no %q\n%.3000s", tt.path, tt.want, tt.not, body)
		}
	}
}

func TestToStorage(t *testing.T) {
	t.Parallel()
	s := New(Options{Now: func() time.Time { return time.Time{} }, Empty: true})
	t.Cleanup(s.Close)
	for _, tt := range []struct{ text, want string }{
		{"R&D < 5 <b>", "<p>R&amp;D &lt; 5 &lt;b&gt;</p>"},
		{"# One\n\ntwo\nlines", "<h1>One</h1>\n<p>two<br />\nlines</p>"},
		{"by 2026-12-01, not 2026-13-01", `<p>by <time datetime="2026-12-01" />, not 2026-13-01</p>`},
		{"ask @Maya Lind or @Nobody Known", `<p>ask <ac:link><ri:user ri:account-id="5f1000000000000000000008" /></ac:link> or @Nobody Known</p>`},
		{"`2026-12-01`", "<p><code>2026-12-01</code></p>"},
		{"https://lumen.example/x", `<p><a href="https://lumen.example/x">https://lumen.example/x</a></p>`},
		{"- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"},
		{"| Size | Use |\n|---|---|\n| 1x1 | **Web** |", "<table><tbody><tr><th><p>Size</p></th><th><p>Use</p></th></tr><tr><td><p>1x1</p></td><td><p><strong>Web</strong></p></td></tr></tbody></table>"},
		{"- [ ] Ask legal\n- [x] Photos", "<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>Ask legal</ac:task-body></ac:task>" +
			"<ac:task><ac:task-id>2</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>Photos</ac:task-body></ac:task></ac:task-list>"},
		{"```go\na ]]> <b>\n```", `<ac:structured-macro ac:name="code" ac:schema-version="1"><ac:parameter ac:name="language">go</ac:parameter><ac:plain-text-body><![CDATA[a ]]]]><![CDATA[> <b>]]></ac:plain-text-body></ac:structured-macro>`},
	} {
		got, err := s.toStorage(tt.text)
		if err != nil || got != tt.want {
			t.Errorf("%q\n got %s (%v)\nwant %s", tt.text, got, err, tt.want)
		}
		if _, err := parse(got); err != nil {
			t.Errorf("%q became what is no storage format: %v", tt.text, err)
		}
	}
}

func TestRender_LeavesNothingUnsafe(t *testing.T) {
	t.Parallel()
	s := New(Options{Now: func() time.Time { return time.Time{} }, Empty: true})
	t.Cleanup(s.Close)
	for _, tt := range []struct{ body, want string }{
		{`<p onclick="x()">a<script>b</script><iframe src="x" /></p>`, "<p>a</p>"},
		{`<a href="javascript:x()">a</a><a href="https://x.example/?a=%22&amp;b">b</a>`, `a<a rel="nofollow noopener" href="https://x.example/?a=%22&amp;b">b</a>`},
		{`<h3>a</h3><h2>b</h2><h4>c</h4>`, "<h2>a</h2><h2>b</h2><h3>c</h3>"},
		{`<ac:structured-macro ac:name="&lt;b&gt;" /><ac:structured-macro ac:name="code"><ac:parameter ac:name="language">go</ac:parameter><ac:plain-text-body><![CDATA[<i>]]></ac:plain-text-body></ac:structured-macro>`, "[macro &lt;b&gt;]<pre><code>&lt;i&gt;</code></pre>"},
		{`<ac:link><ri:user ri:account-id="none" /></ac:link> <ac:link><ri:page ri:content-title="Other" /></ac:link>`, `<span class="mention">@someone</span> Other`},
		{`<ac:adf-extension><ac:adf-node>a</ac:adf-node><ac:adf-fallback><p>b</p></ac:adf-fallback></ac:adf-extension>`, "<p>b</p>"},
		{`<time datetime="soon" /><time datetime="2026-12-01" />`, `soon<time datetime="2026-12-01">1 Dec 2026</time>`},
		{`<ac:image ac:alt="&quot;lamp"><ri:url ri:value="https://x.example" /></ac:image><p>R&amp;D&nbsp;x</p>`, "[image: &#34;lamp]<p>R&amp;D\u00a0x</p>"},
	} {
		if got := s.render(tt.body, 1); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.body, got, tt.want)
		}
	}
	if _, err := parse(strings.Repeat("<div>", 300) + strings.Repeat("</div>", 300)); err == nil {
		t.Error("300 elements inside one another are taken, want a refusal")
	}
}

func TestTiny_Vectors(t *testing.T) {
	t.Parallel()
	for id, want := range map[int64]string{98305: "AYAB", 98366: "PoAB", 201819180: "LIQHD", 251: "_w", 65470: "vv8", 1048575: "--8P", 167772160: "AAAACg", 5000000000: "APIFKgE"} {
		if got := tiny(id); got != want {
			t.Errorf("tiny(%d) = %q, want %q", id, got, want)
		}
	}
}
