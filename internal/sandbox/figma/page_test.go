package figma

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// visitor is a browser without scripts.
type visitor struct {
	*desk
	client *http.Client
}

func (d *desk) visit() visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return visitor{d, &http.Client{Jar: jar}}
}

// see opens a page, or sends a form, and returns where that led to and what is shown there.
func (v visitor) see(path string, form url.Values) (int, string, string) {
	v.t.Helper()
	method, body := "GET", ""
	if form != nil {
		method, body = "POST", form.Encode()
	}
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.url+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return res.StatusCode, res.Request.URL.RequestURI(), string(raw)
}

const springPage = "/design/" + spring

func TestPages_PeopleWork(t *testing.T) {
	t.Parallel()
	v := open(t, Options{Back: "/demo"}).visit()
	id := func() string { return v.s.Comments(spring)[0].ID }
	for _, tt := range []struct {
		name, path string
		form       url.Values
		want       string
		holds      []string
	}{
		{"the list", "/", nil, "/", []string{"Spring banner", "Nova launch", "Campaigns", `href="/demo"`, "/assets/pictures/"}},
		{"the team's address", "/files/team/" + teamID + "/Lumen", nil, "/files/team/" + teamID + "/Lumen", []string{"Nova launch"}},
		{"a file", springPage + "/any-title", nil, springPage + "/any-title", []string{"v1 - first draft", "Colours and composition", "No comments yet", `value="` + v.url + springPage + `/Spring-banner"`}},
		{"a frame", springPage + "/x?node-id=1-3", nil, springPage + "/x?node-id=1-3", []string{`value="` + v.url + springPage + `/Spring-banner?node-id=1-3"`, "Link to Box 300x250"}},
		{"a frame, its id with a colon", springPage + "/x?node-id=1%3A3", nil, springPage + "/x?node-id=1%3A3", []string{"Link to Box 300x250"}},
		{"an older form of address", "/file/" + spring + "/x?node-id=1-2", nil, springPage + "/x?node-id=1-2", []string{"Link to Hero 600x200"}},
		{"keep drawing", springPage + "/draw", url.Values{}, springPage + "/Spring-banner", []string{"1 autosave", "Autosave by Lin"}},
		{"save", springPage + "/save", url.Values{"title": {"v2 - <legal>"}, "words": {"Small print"}, "node-id": {"1:2"}}, springPage + "/Spring-banner?node-id=1-2", []string{"v2 - &lt;legal&gt;", "Small print"}},
		{"comment", springPage + "/comment", url.Values{"words": {"More room\r\nsee https://lumen.example/logo."}, "frame": {"1:2"}}, springPage + "/Spring-banner",
			[]string{`<a href="https://lumen.example/logo" rel="noreferrer">`, "on <a", "<circle"}},
		{"reply", springPage + "/reply", url.Values{"words": {"Moved it"}, "id": {"first"}}, springPage + "/Spring-banner", []string{"Moved it"}},
		{"edit", springPage + "/edit", url.Values{"words": {"Much more room"}, "id": {"first"}}, springPage + "/Spring-banner", []string{"Much more room", ", edited"}},
		{"resolve", springPage + "/resolve", url.Values{"resolved": {"yes"}, "id": {"first"}}, springPage + "/Spring-banner", []string{"1 resolved", "resolved by Lin", "Everything is resolved"}},
		{"reopen", springPage + "/resolve", url.Values{"resolved": {"no"}, "id": {"first"}}, springPage + "/Spring-banner", []string{"Resolve<span"}},
		{"switch", "/as", url.Values{"who": {"1310000000000000007"}, "back": {springPage}}, springPage, []string{`value="1310000000000000007" selected`, "You can look at this file and comment"}},
		{"somewhere else", "/as", url.Values{"who": {"1310000000000000007"}, "back": {"//evil.example/"}}, "/", []string{"Nova launch"}},
	} {
		if tt.form.Get("id") == "first" {
			tt.form.Set("id", id())
		}
		status, at, body := v.see(tt.path, tt.form)
		if status != 200 || at != tt.want {
			t.Errorf("%s = %d at %s, want 200 at %s", tt.name, status, at, tt.want)
		}
		for _, part := range tt.holds {
			if !strings.Contains(body, part) {
				t.Errorf("%s: the page is without %q\n%s", tt.name, part, body)
			}
		}
	}
}

func TestPages_SayWhatCannotBe(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	root := must[Comment](t)(d.s.CommentAs("Ana Reyes", spring, "", "Anas words"))
	v := d.visit()
	v.see("/as", url.Values{"who": {"1310000000000000007"}, "back": {"/"}}) // Maya, who can comment
	for _, tt := range []struct {
		name, path string
		form       url.Values
		want       int
		holds      string
	}{
		{"no such file", "/design/xxxxxxxxxxxxxxxxxxxxxx/x", nil, 404, "no such file"},
		{"by its name", "/design/Nova%20launch/x", nil, 404, "no such file"},
		{"no such page", "/nothing", nil, 404, "nothing at this address"},
		{"no such picture", "/assets/pictures/0.png", nil, 404, ""},
		{"no such act", springPage + "/explode", url.Values{}, 404, "nothing at this address"},
		{"drawing", springPage + "/draw", url.Values{}, 400, "Switch to a designer"},
		{"a new file", "/files", url.Values{"project": {"210987654"}, "name": {"x"}}, 400, "Switch to a designer"},
		{"no words", springPage + "/comment", url.Values{"words": {" "}}, 400, "Please write something first."},
		{"another's comment", springPage + "/remove", url.Values{"id": {root.ID}}, 400, "Only who wrote a comment"},
		{"a comment that is gone", springPage + "/reply", url.Values{"id": {"7"}, "words": {"x"}}, 400, "There is nothing like that"},
	} {
		if status, _, body := v.see(tt.path, tt.form); status != tt.want || !strings.Contains(body, tt.holds) {
			t.Errorf("%s = %d, want %d with %q\n%s", tt.name, status, tt.want, tt.holds, body)
		}
	}
	if got := d.s.Comments(spring); len(got) != 1 || len(d.s.Versions(spring)) != 1 {
		t.Errorf("comments = %+v, want nothing changed", got)
	}
}

func TestPages_MakeRenameDelete(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	v := d.visit()
	_, at, body := v.see("/files", url.Values{"project": {"210987654"}, "name": {"Summer poster"}})
	key := d.s.Files()[2].Key
	if !strings.HasPrefix(at, "/design/"+key+"/Summer-poster") || len(key) != 22 || !strings.Contains(body, "Frame 1") {
		t.Errorf("a new file led to %s, want its page", at)
	}
	if _, at, _ := v.see("/design/"+key+"/rename", url.Values{"title": {"Winter poster"}}); at != "/design/"+key+"/Winter-poster" {
		t.Errorf("renaming led to %s", at)
	}
	if _, at, body := v.see("/design/"+key+"/delete", url.Values{}); at != "/" || strings.Contains(body, "Winter poster") || !d.s.Files()[2].Deleted {
		t.Errorf("deleting led to %s, want the list without it", at)
	}
}

func TestPages_OldVersionsAndPictures(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	first := d.s.Versions(spring)[0]
	must[Version](t)(d.s.SaveVersionAs("Lin", spring, "v2", ""))
	v := d.visit()
	picture := func(path string) string {
		t.Helper()
		_, _, body := v.see(path, nil)
		_, rest, _ := strings.Cut(body, `class="art"><img src="`)
		src, _, ok := strings.Cut(rest, `"`)
		status, _, raw := v.see(src, nil)
		if !ok || status != 200 || !strings.HasPrefix(raw, "\x89PNG") {
			t.Fatalf("the picture of %s = %d at %q, want a PNG", path, status, src)
		}
		return raw
	}
	now, then := picture(springPage+"/x"), picture(springPage+"/x?version-id="+first.ID)
	if now == then {
		t.Error("an older version looks like the current one")
	}
	if picture(springPage+"/x/version/"+first.ID) != then {
		t.Error("the other form of address shows another picture")
	}
	if _, _, body := v.see(springPage+"/x?version-id="+first.ID, nil); !strings.Contains(body, "You are looking at an older version") {
		t.Errorf("the page does not say that it shows an older version:\n%s", body)
	}
}

func TestPages_RefuseOtherSites(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	req, err := http.NewRequestWithContext(t.Context(), "POST", d.url+springPage+"/draw", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 403 || len(d.s.Versions(spring)) != 1 {
		t.Errorf("a form of another site = %d, want 403 and nothing drawn", res.StatusCode)
	}
	page, err := http.Get(d.url + springPage)
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	if got := page.Header.Get("Content-Security-Policy"); got != pagePolicy {
		t.Errorf("policy of a page = %q, want %q", got, pagePolicy)
	}
}

func TestLetters_AreAllThere(t *testing.T) {
	t.Parallel()
	for _, letter := range "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-+.,:!/'" {
		if all, width := lines(string(letter)); len(all) == 0 || width < 0 || width > 4 {
			t.Errorf("%q has %d lines and is %v wide, want some on 4", letter, len(all), width)
		}
	}
	if all, _ := lines("é"); len(all) != len(func() []line { l, _ := lines("E"); return l }()) {
		t.Errorf("é has %d lines, want those of E", len(all))
	}
}
