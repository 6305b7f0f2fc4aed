package figma_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
)

func TestRecognize_SiteOfOurOwn(t *testing.T) {
	t.Parallel()
	c := connect(t, "\nsite_url: http://127.0.0.1:3000/demo/figma\n")
	const key = "DGPTIUzgnwZoTJmukb9999"
	own := "http://127.0.0.1:3000/demo/figma/design/" + key + "/"
	for address, want := range map[string]string{
		own + "Hero?node-id=1-2":                          own + "?node-id=1-2",
		"https://www.figma.com/design/" + key + "/Hero":   own,
		"<" + own + "Hero|the hero>":                      own,
		"http://127.0.0.1:3001/demo/figma/design/" + key:  "",
		"http://127.0.0.1:3000/design/" + key:             "",
		"http://127.0.0.1:3000/demo/figmadesign/" + key:   "",
		"https://127.0.0.1:3000/demo/figma/design/" + key: "",
	} {
		got, ok := c.Recognize(address)
		if got.URL != want || ok != (want != "") {
			t.Errorf("Recognize(%q) = %q, %v; want %q", address, got.URL, ok, want)
		}
	}
}

func TestRecognize(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	const key, branch = "DGPTIUzgnwZoTJmukb9999", "CL06nJNn5eZLQKDoARMND5"
	plain := "https://www.figma.com/design/" + key + "/"
	asset := func(label, url string, nodes ...string) flow.Asset {
		return flow.Asset{Ref: file1(key), Label: label, URL: url, Nodes: nodes}
	}
	pinned := func(version, url string) flow.Asset {
		a := asset("Hero", url)
		a.Versions = []flow.Version{{ID: version, URL: url}}
		return a
	}
	onBranch := asset("Hero", plain+"branch/"+branch+"/?node-id=1-2", "1:2")
	onBranch.Ref = file1(branch)
	for address, want := range map[string]flow.Asset{
		"https://www.figma.com/design/" + key + "/Homepage-hero":                                                                             asset("Homepage hero", plain),
		"https://www.figma.com/design/" + key:                                                                                                asset("", plain),
		"http://figma.com/file/" + key + "/Hero?node-id=12%3A34":                                                                             asset("Hero", plain+"?node-id=12-34", "12:34"),
		"https://www.figma.com/design/" + key + "/Hero?node-id=12-34&m=dev&t=abcDEF-1":                                                       asset("Hero", plain+"?node-id=12-34", "12:34"),
		"https://www.figma.com/design/" + key + "/Hero?t=abcDEF-1&m=dev&node-id=12-34":                                                       asset("Hero", plain+"?node-id=12-34", "12:34"),
		"https://www.figma.com/design/" + key + "/Hero?node-id=I12-34;56-78&t=1":                                                             asset("Hero", plain+"?node-id=I12-34%3B56-78", "I12:34;56:78"),
		"https://www.figma.com/design/" + key + "/Hero?node-id=I12%3A34%3B56%3A78":                                                           asset("Hero", plain+"?node-id=I12-34%3B56-78", "I12:34;56:78"),
		"https://www.figma.com/design/" + key + "/Hero?node-id=-1-2":                                                                         asset("Hero", plain),
		"https://www.figma.com/design/" + key + "/Hero?node-id=-1%3A2":                                                                       asset("Hero", plain+"?node-id=-1-2", "-1:2"),
		"https://www.figma.com/design/" + key + "/Hero?node-id=nonsense":                                                                     asset("Hero", plain),
		"https://www.figma.com/proto/" + key + "/Hero?page-id=0%3A1&node-id=3-4&starting-point-node-id=5-6":                                  asset("Hero", plain+"?node-id=3-4", "3:4"),
		"https://www.figma.com/proto/" + key + "/Hero?starting-point-node-id=5-6":                                                            asset("Hero", plain+"?node-id=5-6", "5:6"),
		"https://www.figma.com/board/" + key + "/Workshop":                                                                                   asset("Workshop", plain),
		"https://www.figma.com/jamboard/" + key + "/Workshop":                                                                                asset("Workshop", plain),
		"https://www.figma.com/slides/" + key + "/Pitch":                                                                                     asset("Pitch", plain),
		"https://www.figma.com/deck/" + key + "/Pitch":                                                                                       asset("Pitch", plain),
		"https://www.figma.com/make/" + key + "/App":                                                                                         asset("App", plain),
		"https://www.figma.com/design/" + key + "/branch/" + branch + "/Hero?node-id=1-2":                                                    onBranch,
		"https://www.figma.com/file/" + key + "/branch/" + branch + "/Hero?node-id=1-2":                                                      onBranch,
		"https://www.figma.com/design/" + key + "/Hero/version/2260012345678901234":                                                          pinned("2260012345678901234", plain+"?version-id=2260012345678901234"),
		"https://www.figma.com/design/" + key + "/Hero?version-id=443":                                                                       pinned("443", plain+"?version-id=443"),
		"https://embed.figma.com/design/" + key + "/Hero?node-id=1-2&embed-host=share":                                                       asset("Hero", plain+"?node-id=1-2", "1:2"),
		"https://www.figma.com/embed?embed_host=share&url=https%3A%2F%2Fwww.figma.com%2Fdesign%2F" + key + "%2FHero%3Fnode-id%3D1-2%26t%3Dx": asset("Hero", plain+"?node-id=1-2", "1:2"),
		"<https://www.figma.com/design/" + key + "/Hero?t=1&amp;node-id=1-2|the hero>":                                                       asset("Hero", plain+"?node-id=1-2", "1:2"),
		"https://www.figma.com/design/" + key + "/H%C3%A9ro-%26-co":                                                                          asset("Héro & co", plain),
	} {
		got, ok := c.Recognize(address)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("Recognize(%q) = %v, %v; want a file:\n%s", address, got, ok, diff)
		}
	}
}

func TestRecognize_Refuses(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	const path = "/design/DGPTIUzgnwZoTJmukb9999/Hero"
	for _, address := range []string{
		"", "figma", "figma://design/DGPTIUzgnwZoTJmukb9999", "ftp://www.figma.com" + path, "//www.figma.com" + path, "www.figma.com" + path,
		"https://figma.com.evil.io" + path, "https://evil.io/figma.com" + path, "https://evil.io/?u=https://www.figma.com" + path, "https://www.figma.com@evil.io" + path,
		"https://evil@www.figma.com" + path, "https://user:pass@figma.com" + path, "https://www.figma.com:8443" + path, "https://xfigma.com" + path, "https://www.figma.com." + path,
		"https://fıgma.com" + path, "https://www.figma.com%00.evil.io" + path, "https://api.figma.com" + path, "https://cdn.embed.figma.com" + path,
		"https://www.figma.com/community/file/1034969338659738588", "https://www.figma.com/@lumen", "https://www.figma.com/login", "https://www.figma.com/",
		"https://www.figma.com/files/team/1012345678901234567/Lumen", "https://www.figma.com/files/project/55512345", "https://www.figma.com/design/", "https://www.figma.com/design/short/Hero",
		"https://www.figma.com/design/DGPTIUzgnwZoTJmukb999-/Hero", "https://www.figma.com/design/" + strings.Repeat("a", 129) + "/Hero",
		"https://www.figma.com/design/DGPTIUzgnwZoTJmukb9999/branch/short/Hero", "https://www.figma.com/embed?url=https%3A%2F%2Fevil.io" + path,
		"https://www.figma.com/embed?url=https%3A%2F%2Fwww.figma.com%2Fembed%3Furl%3Dhttps%253A%252F%252Fwww.figma.com%252Fdesign%252FDGPTIUzgnwZoTJmukb9999",
	} {
		if got, ok := c.Recognize(address); ok {
			t.Errorf("Recognize(%q) = %+v, want it refused", address, got)
		}
	}
	if calls := c.site.seen(); len(calls) != 0 {
		t.Errorf("recognizing made the calls %v, want none", calls)
	}
}
