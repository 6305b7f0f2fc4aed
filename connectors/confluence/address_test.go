package confluence_test

import (
	"testing"

	"signoff/internal/flow"
)

func TestBrief(t *testing.T) {
	t.Parallel()
	page := func(id string) flow.Ref { return ref("page", id) }
	for name, tc := range map[string]struct {
		cloud bool
		path  string
		want  flow.Ref
	}{
		"page":            {true, "/wiki/spaces/DES/pages/98305/Brief+winter", page("98305")},
		"without a title": {true, "/wiki/spaces/DES/pages/98305", page("98305")},
		"personal space":  {true, "/wiki/spaces/~5b10a2844c2016/pages/98305/x?focusedCommentId=7#c", page("98305")},
		"edited, new":     {true, "/wiki/spaces/DES/pages/edit-v2/98305?draftShareId=1", page("98305")},
		"edited":          {true, "/wiki/spaces/DES/pages/edit/98305", page("98305")},
		"draft":           {true, "/wiki/pages/resumedraft.action?draftId=98305", page("98305")},
		"by number":       {true, "/wiki/pages/viewpage.action?src=x&amp;pageId=98305", page("98305")},
		"tiny":            {true, "/wiki/x/AYAB", page("98305")},
		"blog":            {true, "/wiki/spaces/DES/blog/2026/11/22/98366/News", ref("blog", "98366")},
		"whiteboard":      {true, "/wiki/spaces/DES/whiteboard/98305", ref("other", "whiteboard")},
		"share link":      {true, "/wiki/l/cp/AbCd", ref("other", "share link")},
		"old link":        {true, "/wiki/display/DES/Brief+winter", ref("title", "DES/Brief%20winter")},

		"server, by number":   {false, "/confluence/pages/viewpage.action?pageId=98305", page("98305")},
		"server, information": {false, "/confluence/pages/viewinfo.action?pageId=98305", page("98305")},
		"server, page":        {false, "/confluence/spaces/DES/pages/98305/x", page("98305")},
		"server, by title":    {false, "/confluence/pages/viewpage.action?spaceKey=DES&title=Brief%3A+winter", ref("title", "DES/Brief:%20winter")},
		"server, display":     {false, "/confluence/display/DES/Brief%3A+either%2For+50%25", ref("title", "DES/Brief:%20either%2For%2050%25")},
		"server, blog":        {false, "/confluence/display/DES/2026/11/22/News", ref("title", "blogpost%20DES/News")},
		"server, tiny":        {false, "/confluence/x/PoAB/", page("98366")},
		"server, personal":    {false, "/confluence/display/~jdoe/Home", ref("title", "~jdoe/Home")},
	} {
		c := connect(t, tc.cloud, "")
		got, ok := c.Brief(c.site.url + tc.path)
		if !ok || got != tc.want {
			t.Errorf("%s: Brief(%s) = %v, %v, want %v", name, tc.path, got, ok, tc.want)
		}
		if calls := c.site.seen(); len(calls) != 0 {
			t.Errorf("%s: it cost the calls %v", name, calls)
		}
	}
}

func TestBrief_Tiny(t *testing.T) {
	t.Parallel()
	c := connect(t, true, "")
	for tiny, id := range map[string]string{
		"AYAB": "98305", "PoAB": "98366", "LIQHD": "201819180", "_w": "251", "vv8": "65470", "--8P": "1048575", "AAAACg": "167772160", "APIFKgE": "5000000000",
		"": "", "AAAAAAAAAAAA": "", "A": "", "a b": "", "//8": "",
	} {
		got, ok := c.Brief(c.site.url + "/wiki/x/" + tiny)
		if ok != (id != "") || ok && id != "" && got != ref("page", id) {
			t.Errorf("x/%s = %v, %v, want %q", tiny, got, ok, id)
		}
	}
}

func TestBrief_Refuses(t *testing.T) {
	t.Parallel()
	c := connect(t, true, "")
	for _, address := range []string{
		"", "https://evil.example/wiki/spaces/DES/pages/98305", "https://lumen.atlassian.net.evil.example/wiki/spaces/DES/pages/98305", c.site.url + "/spaces/DES/pages/98305",
		c.site.url + "/wikis/spaces/DES/pages/98305", c.site.url + "/wiki", c.site.url + "/wiki/", c.site.url + "/wiki/spaces/DES", c.site.url + "/wiki/spaces/DES/overview",
		c.site.url + "/wiki/spaces/DES/pages", c.site.url + "/wiki/spaces/DES/pages/0", c.site.url + "/wiki/spaces/DES/pages/99999999999999999999", c.site.url + "/wiki/spaces/DES/pages/abc",
		c.site.url + "/wiki/pages/viewpage.action?pageId=1e9", c.site.url + "/wiki/pages/viewpage.action?spaceKey=DES", c.site.url + "/wiki/pages/doexportpage.action?pageId=98305",
		c.site.url + "/browse/DES-7", "http://user:pass@" + c.site.url[len("http://"):] + "/wiki/spaces/DES/pages/98305", "https" + c.site.url[len("http"):] + "/wiki/spaces/DES/pages/98305",
	} {
		if got, ok := c.Brief(address); ok {
			t.Errorf("Brief(%q) = %v, want an ordinary link", address, got)
		}
	}
}
