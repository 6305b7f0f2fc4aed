package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// walked is what the route walker may see of a server.
type walked struct {
	Method, Path string
	Door         string // public, admin, socket
	Access       string
}

// Routes gives tests of the package from outside the table of routes, each on each of its doors, with every parameter
// filled in.
func (s *Server) Routes() (list []walked) {
	fill := strings.NewReplacer("{$}", "", "{id...}", "slack/Ev0/1", "{id}", "CR-142", "{instance}", "slack", "{token}", "AAAAAAAAAAAAAAAAAAAAAAAAAA", "{tag}", s.pages.assets["site.css"].tag, "{name}", "site.css")
	doors := map[door]string{public: "public", admin: "admin", socket: "socket"}
	names := map[access]string{anyone: "anyone", reader: "reader", person: "person", owner: "owner"}
	for _, r := range s.routes {
		for _, d := range []door{public, admin, socket} {
			if r.doors&d != 0 {
				list = append(list, walked{r.method, fill.Replace(r.path), doors[d], names[r.access]})
			}
		}
	}
	return list
}

// Patterns lists method and pattern of every route of the API.
func (s *Server) Patterns() (list []string) {
	for _, r := range s.apiRoutes() {
		list = append(list, r.method+" "+r.path)
	}
	return list
}

func TestSafeNext(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"/":                        "/",
		"/?waiting_on=me":          "/?waiting_on=me",
		"/requests/CR-142":         "/requests/CR-142",
		"/deliveries?state=dead":   "/deliveries?state=dead",
		"/demo/slack/":             "/demo/slack/",
		"":                         "/",
		"//evil.example":           "/",
		"///evil.example":          "/",
		`/\evil.example`:           "/",
		"/%2f%2fevil.example":      "/",
		"/%5cevil.example":         "/",
		"/requests//evil.example":  "/",
		"/requests/../../evil":     "/",
		"https://evil.example/":    "/",
		"javascript:alert(1)":      "/",
		"/\t/evil.example":         "/",
		"/sign-out":                "/",
		"/open/AAAA":               "/",
		"/oauth/slack":             "/oauth/slack",
		"/oauth/slack/install":     "/",
		"/demo/roles":              "/",
		"requests/CR-142":          "/",
		"/requests/CR-142\r\nX: y": "/",
	}
	for next, want := range cases {
		if got := safeNext(next); got != want {
			t.Errorf("safeNext(%q) = %q, want %q", next, got, want)
		}
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	const url = `https://hooks.slack.com/actions/T1/2/abc`
	cases := []string{
		`{"a":1,"response_url":"` + url + `"}`,
		`{"response_url" : "https:\/\/hooks.slack.com\/actions\/T1\/2\/abc","b":"kept"}`,
		`{"response_url":"https://chat.lumen.example/answer/abc"}`,
		`{"inner":"{\"response_url\":\"https:\\/\\/chat.lumen.example\\/abc\"}"}`,
		`response_url=https%3A%2F%2Fchat.lumen.example%2Fabc&text=kept`,
		`text=kept&response_url=https%3A%2F%2Fchat.lumen.example%2Fabc`,
		`payload=%7B%22response_url%22%3A%22https%3A%5C%2F%5C%2Fchat.lumen.example%5C%2Fabc%22%2C%22text%22%3A%22kept%22%7D`,
		`{"text":"see ` + url + ` there, kept"}`,
		`{"token":"abc"}`,
	}
	for _, body := range cases {
		got := masked([]byte(body))
		if strings.Contains(got, "abc") || strings.Contains(body, "kept") != strings.Contains(got, "kept") {
			t.Errorf("masked(%s) = %s", body, got)
		}
	}
	const plain = `{"text":"https://lumen.example/a","tokens":["x"]}`
	if got := masked([]byte(plain)); got != plain {
		t.Errorf("masked(%s) = %s, want it as it is", plain, got)
	}
}

// TestPages_ZeroValues executes every page with nothing in it: a page must never fail on what is absent.
func TestPages_ZeroValues(t *testing.T) {
	t.Parallel()
	bodies := map[string]any{
		"requests": requestsData{}, "request": requestData{}, "deliveries": deliveriesData{}, "delivery": deliveryData{}, "rules": rulesData{},
		"sign-in": signInData{}, "open": openData{}, "problem": refusalPage{}, "oauth": oauthData{}, "new": newData{}, "people": peopleData{}, "pass": passData{}, "triage": queueData{},
	}
	full := map[string]any{
		"requests": requestsData{Tabs: make([]tab, 1), Rows: make([]requestRow, 1), Next: "/", Filter: filterData{Statuses: make([]option, 1), Stages: make([]option, 1), People: make([]option, 1)}},
		"request": requestData{
			Problems: make([]string, 1), Missing: &missingData{Since: &moment{}}, Parts: []partData{{Label: "x"}, {URL: "x", Label: "x", Late: true}}, Facts: make([]factRow, 1), Points: make([]pointData, 1), Links: make([]linkData, 1), Events: make([]eventData, 1), Effects: make([]effectData, 1),
			Talk: []commentData{{Files: []fileData{{Job: "x"}}}, {Mark: "x"}}, Files: []fileData{{Job: "x"}},
			Assets: []assetData{{Picture: "x", Versions: []versionData{{Current: true}, {URL: "x"}}}, {Gone: "x"}},
			Do:     doData{Discuss: true, Details: &detailsData{Fields: make([]inputData, 1), Mistaken: "x"}, Votes: []voteData{{Checklist: make([]checkData, 1)}}, Work: true, Withdraw: true, Ticket: true, Draft: true, Triage: &triageData{Waits: true, People: make([]option, 1), Open: make([]option, 1)}, Undo: make([]undoData, 1), Points: make([]pointData, 1), Why: "x"},
			Rounds: []roundData{{Current: true, Steps: []stepData{{Stages: []stageData{{Votes: make([]voteLine, 1)}, {}}}}}, {Steps: make([]stepData, 1)}},
		},
		"deliveries": deliveriesData{Tabs: make([]countTab, 1), Rows: make([]deliveryRow, 1), Parked: make([]effectData, 1)},
		"people":     peopleData{Away: make([]leaveRow, 1), Soon: make([]leaveRow, 1), Mine: make([]leaveRow, 2), Known: true, Names: make([]option, 1), Wrong: "x", All: make([]personLine, 1)},
		"delivery":   deliveryData{Events: make([]eventData, 1)},
		"rules":      rulesData{Files: make([]string, 1), Problems: "x", Instances: make([]string, 1), People: []personRow{{Accounts: make([]accountCell, 1)}}},
		"sign-in":    signInData{Roles: make([]Role, 1)},
		"pass":       passData{Assets: make([]assetData, 1), Ask: true, Page: true, Confirm: true, Facts: make([]factRow, 1), Points: make([]pointData, 1), Checklist: make([]checkData, 1), Details: &detailsData{Fields: make([]inputData, 1)}, Mistaken: "x"},
		"new":        newData{Types: make([]option, 1), Fields: []inputData{{Type: "choice", Options: make([]option, 1)}, {Type: "choices", Options: make([]option, 1)}, {Type: "date", Wrong: "x"}, {Type: "list", From: "x"}}, Wrong: 2},
	}
	p, err := newPages(&Server{})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.sets) != len(bodies) {
		t.Errorf("%d pages, but %d are tested", len(p.sets), len(bodies))
	}
	for name, set := range p.sets {
		for kind, body := range map[string]any{"empty": bodies[name], "of zeros": full[name]} {
			if body == nil {
				continue
			}
			for _, in := range []frame{{}, {Title: "T", SignedIn: true, Nav: make([]navItem, 1), Places: make([]Place, 1), Banners: make([]banner, 1), Notice: &notice{}, Switch: true}} {
				in.Body = body
				w := httptest.NewRecorder()
				if err := set.Execute(w, in); err != nil {
					t.Errorf("page %s, %s: %v", name, kind, err)
				}
				if n := strings.Count(w.Body.String(), "<h1"); n != 1 {
					t.Errorf("page %s, %s: %d first headings, want 1", name, kind, n)
				}
			}
		}
	}
}

func TestClient(t *testing.T) {
	t.Parallel()
	r := func(peer string, forwarded ...string) *http.Request {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = peer
		r.Header["X-Forwarded-For"] = forwarded
		return r
	}
	proxies := prefixes("10.0.0.0/8", "fd00::/8")
	cases := []struct {
		r    *http.Request
		want string
	}{
		{r("203.0.113.9:1", "1.1.1.1"), "203.0.113.9"},
		{r("10.0.0.1:1"), "10.0.0.1"},
		{r("10.0.0.1:1", "203.0.113.9"), "203.0.113.9"},
		{r("10.0.0.1:1", "1.1.1.1, 203.0.113.9", "10.0.0.2"), "203.0.113.9"},
		{r("10.0.0.1:1", "203.0.113.9, rubbish"), "10.0.0.1"},
		{r("[fd00::1]:1", "2001:db8::1"), "2001:db8::1"},
		{r("[::ffff:10.0.0.1]:1", "203.0.113.9"), "203.0.113.9"},
	}
	for _, c := range cases {
		if got := client(c.r, proxies); got.String() != c.want {
			t.Errorf("client of %s with %q: %s, want %s", c.r.RemoteAddr, c.r.Header["X-Forwarded-For"], got, c.want)
		}
	}
}

func TestBuckets_AreBounded(t *testing.T) {
	t.Parallel()
	b := newBuckets(1, 1)
	for i := range 5 * generation {
		b.take(address(fmt.Sprintf("203.%d.%d.%d", i>>16&255, i>>8&255, i&255)), epoch())
	}
	if n := len(b.now) + len(b.old); n > 2*generation {
		t.Errorf("%d addresses are remembered, want at most %d", n, 2*generation)
	}
	_, first := b.take(address("2001:db8:1:2::1"), epoch())
	_, second := b.take(address("2001:db8:1:2:ffff::1"), epoch())
	if !first || second {
		t.Errorf("two addresses of one /64: %v, %v; they must share a bucket", first, second)
	}
}
func prefixes(list ...string) (out []netip.Prefix) {
	for _, p := range list {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

func address(s string) netip.Addr { return netip.MustParseAddr(s) }

func epoch() time.Time { return time.Unix(0, 0) }
