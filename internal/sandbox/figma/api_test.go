package figma

import (
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"signoff/internal/sandbox"
)

func TestAPI_IsStrict(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Limits: Limits{-1, -1, -1}})
	const comments, meta = "/v1/files/" + spring + "/comments", "/v1/files/" + spring + "/meta"
	images := func(query string) string { return "/v1/images/" + spring + query }
	for _, tt := range []struct {
		name, method, path, body string
		want                     int
		err                      string
		head                     []string
	}{
		{"no token", "GET", "/v1/me", "", 403, `"err":"Invalid token"`, []string{"X-Figma-Token", ""}},
		{"another token", "GET", "/v1/me", "", 403, `"err":"Invalid token"`, []string{"X-Figma-Token", "figd_other"}},
		{"a personal token as bearer", "GET", "/v1/me", "", 403, "Invalid token", []string{"X-Figma-Token", "", "Authorization", "Bearer " + botToken}},
		{"both headers", "GET", "/v1/me", "", 400, "Only one of", []string{"Authorization", "Bearer x"}},
		{"no such path", "GET", "/v1/nothing", "", 404, `"err":"Not found"`, nil},
		{"no such method", "PATCH", comments, `{}`, 404, "Not found", nil},
		{"no such file", "GET", "/v1/files/xxxxxxxxxxxxxxxxxxxxxx/meta", "", 404, `{"err":"Not found","status":404}`, nil},
		{"an unknown query key", "GET", meta + "?fields=name", "", 400, "fields", nil},
		{"a query key twice", "GET", comments + "?as_md=true&as_md=false", "", 400, "more than once", nil},
		{"a flag that is none", "GET", comments + "?as_md=yes", "", 400, "as_md", nil},
		{"a page too large", "GET", "/v1/files/" + spring + "/versions?page_size=51", "", 400, "page_size", nil},
		{"a version that is none", "GET", "/v1/files/" + spring + "/versions?before=7", "", 400, "before", nil},
		{"a comment without words", "POST", comments, `{"message":" "}`, 400, `"error":true`, nil},
		{"a key that is none", "POST", comments, `{"message":"x","text":"y"}`, 400, `unexpected property \"text\"`, nil},
		{"a key in other letters", "POST", comments, `{"Message":"x"}`, 400, "unexpected property", nil},
		{"a key twice", "POST", comments, `{"message":"x","message":"y"}`, 400, "unexpected property", nil},
		{"null", "POST", comments, `{"message":"x","comment_id":null}`, 400, "null", nil},
		{"a wrong type", "POST", comments, `{"message":7}`, 400, "message", nil},
		{"no JSON", "POST", comments, `message=x`, 400, "not valid JSON", nil},
		{"JSON by another name", "POST", comments, `{"message":"x"}`, 400, "not valid JSON", []string{"Content-Type", "text/plain"}},
		{"a body of a GET", "GET", meta, `{}`, 400, "body", nil},
		{"below nothing", "POST", comments, `{"message":"x","comment_id":"1"}`, 404, "Not found", nil},
		{"a node in the form of addresses", "POST", comments, `{"message":"x","client_meta":{"node_id":"1-2","node_offset":{"x":0,"y":0}}}`, 400, "node_id", nil},
		{"a node without a place", "POST", comments, `{"message":"x","client_meta":{"node_id":"1:2"}}`, 400, "node_offset", nil},
		{"half a point", "POST", comments, `{"message":"x","client_meta":{"x":1}}`, 400, "required", nil},
		{"half a region", "POST", comments, `{"message":"x","client_meta":{"x":1,"y":2,"region_width":4}}`, 400, "region", nil},
		{"an odd corner", "POST", comments, `{"message":"x","client_meta":{"x":1,"y":2,"region_width":4,"region_height":4,"comment_pin_corner":"middle"}}`, 400, "region", nil},
		{"no nodes to draw", "GET", images(""), "", 400, "ids", nil},
		{"a node with a dash", "GET", images("?ids=1-2"), "", 400, "node id", nil},
		{"too large a scale", "GET", images("?ids=1:2&scale=9"), "", 400, "scale", nil},
		{"an unknown format", "GET", images("?ids=1:2&format=gif"), "", 400, "format", nil},
		{"an unknown version", "GET", images("?ids=1:2&version=1"), "", 404, "Not found", nil},
		{"no depth", "GET", "/v1/files/" + spring + "/nodes?ids=1:2&depth=0", "", 400, "depth", nil},
		{"no address to embed", "GET", "/v1/oembed", "", 400, `"error":true`, nil},
		{"another site to embed", "GET", "/v1/oembed?url=https://www.figma.com/design/" + spring, "", 400, "url", nil},
		{"no such team", "GET", "/v1/teams/7/projects", "", 403, "Forbidden", nil},
		{"an emoji that is none", "DELETE", comments + "/1/reactions?emoji=x", "", 404, "Not found", nil},
	} {
		status, head, body := d.ask(tt.method, tt.path, tt.body, tt.head...)
		if status != tt.want || !strings.Contains(body, tt.err) || !json.Valid([]byte(body)) || !strings.HasPrefix(head.Get("Content-Type"), "application/json") {
			t.Errorf("%s: %d %s, want %d with %q", tt.name, status, body, tt.want, tt.err)
		}
		all := d.ledger.Entries(0)
		if last := all[len(all)-1]; !last.Failed || last.Status != tt.want {
			t.Errorf("%s: the ledger has %+v, want it failed", tt.name, last)
		}
	}
}

func TestAPI_TokensAndScopes(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Scopes: []string{"file_comments:read"}, Tokens: []Token{{Value: "figp_plan", Kind: "plan"}, {Value: "oauth-of-ana", Kind: "oauth", Owner: "Ana Reyes"}}})
	if status, _, body := d.ask("GET", "/v1/files/"+spring+"/meta", ""); status != 403 || !strings.Contains(body, "Invalid scope: [file_comments:read]") {
		t.Errorf("without the scope = %d %s, want 403 that names the scopes", status, body)
	}
	if status, _, body := d.ask("GET", "/v1/files/"+spring+"/comments", ""); status != 200 {
		t.Errorf("with the scope = %d %s, want 200", status, body)
	}
	if status, _, body := d.ask("POST", "/v1/files/"+spring+"/comments", `{"message":"x"}`, "X-Figma-Token", "figp_plan"); status != 403 || !strings.Contains(body, "Plan access") {
		t.Errorf("a comment by a plan's token = %d %s, want 403", status, body)
	}
	if status, _, body := d.ask("GET", "/v1/me", "", "X-Figma-Token", "", "Authorization", "Bearer oauth-of-ana"); status != 200 || !strings.Contains(body, `"email":"ana@lumen.example"`) || !strings.Contains(body, `"handle":"Ana Reyes"`) {
		t.Errorf("me = %d %s, want Ana", status, body)
	}
	d.s.RevokeTokens()
	if status, _, _ := d.ask("GET", "/v1/files/"+spring+"/comments", ""); status != 403 {
		t.Errorf("after the tokens are gone = %d, want 403", status)
	}
}

func TestAPI_Limits(t *testing.T) {
	t.Parallel()
	d := open(t, Options{LowSeat: true})
	for i := range 5 {
		if status, head, body := d.ask("GET", "/v1/files/"+spring+"/comments", ""); status != 200 || head.Get("Retry-After") != "" {
			t.Fatalf("call %d = %d %v %s, want 200 without a word about limits", i, status, head, body)
		}
	}
	status, head, body := d.ask("GET", "/v1/files/"+spring+"/comments", "")
	if status != 429 || head.Get("Retry-After") != "12" || head.Get("X-Figma-Rate-Limit-Type") != "low" || head.Get("X-Figma-Plan-Tier") != "pro" || head.Get("X-Figma-Upgrade-Link") == "" {
		t.Errorf("sixth call = %d %v %s, want 429 for 12 s of a low seat", status, head, body)
	}
	if status, _, _ := d.ask("GET", "/v1/me", ""); status != 200 {
		t.Errorf("another tier = %d, want 200", status)
	}
	d.clock.Store(int64(12 * time.Second))
	if status, _, _ := d.ask("GET", "/v1/files/"+spring+"/comments", ""); status != 200 {
		t.Errorf("after the wait = %d, want 200", status)
	}
	d.s.UseUp(3, 396_749*time.Second)
	if status, head, _ := d.ask("GET", "/v1/me", ""); status != 429 || head.Get("Retry-After") != "396749" {
		t.Errorf("used up = %d for %s s, want 429 for days", status, head.Get("Retry-After"))
	}
}

func TestFile_MetaAndVersions(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Limits: Limits{-1, -1, -1}})
	for i := range 4 {
		must[Version](t)(d.s.SaveVersionAs("Lin", "Spring banner", fmt.Sprintf("v%d", i+2), ""))
	}
	auto := must[Version](t)(d.s.AutosaveAs("Ana Reyes", spring))
	var meta struct {
		File struct {
			Name, URL, Version, Role string
			Folder                   string                  `json:"folder_name"`
			Thumb                    string                  `json:"thumbnail_url"`
			By                       struct{ Handle string } `json:"last_touched_by"`
		}
	}
	d.read("/v1/files/"+spring+"/meta", &meta)
	f := meta.File
	if f.Name != "Spring banner" || f.URL != d.url+"/design/"+spring+"/Spring-banner" || f.Version != auto.ID || f.Folder != "Campaigns" || f.Role != "owner" || f.By.Handle != "Ana Reyes" {
		t.Errorf("meta = %+v, want the file as the autosave left it", f)
	}
	if status, kind, _ := d.fetch(f.Thumb); status != 200 || kind != "image/png" {
		t.Errorf("thumbnail = %d %s, want a PNG", status, kind)
	}

	type page struct {
		Versions []struct {
			ID    string
			Label *string
			User  struct {
				Handle string
				Img    string `json:"img_url"`
			}
		}
		Pagination struct {
			Next string `json:"next_page"`
			Prev string `json:"prev_page"`
		}
	}
	var seen []string
	var last page
	for next := "/v1/files/" + spring + "/versions?page_size=4"; next != ""; next = last.Pagination.Next {
		last = page{}
		d.read(next, &last)
		for _, v := range last.Versions {
			label := "(auto)"
			if v.Label != nil {
				label = *v.Label
			}
			seen = append(seen, label)
		}
	}
	if got, want := strings.Join(seen, " | "), "(auto) | v5 | v4 | v3 | v2 | v1 - first draft"; got != want {
		t.Errorf("versions = %s, want %s", got, want)
	}
	var back page
	d.read(last.Pagination.Prev, &back)
	if len(back.Versions) != 4 || back.Versions[0].ID != auto.ID || back.Pagination.Prev != "" {
		t.Errorf("the page before = %+v, want the first", back)
	}
	if status, kind, _ := d.fetch(back.Versions[0].User.Img); status != 200 || kind != "image/png" {
		t.Errorf("portrait = %d %s, want a PNG", status, kind)
	}
}

func TestFile_Pictures(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Limits: Limits{-1, -1, -1}})
	first := d.s.Versions(spring)[0]
	must[Version](t)(d.s.SaveVersionAs("Lin", spring, "v2", ""))
	draw := func(query string) map[string]*string {
		t.Helper()
		var got struct {
			Err    *string
			Images map[string]*string
		}
		d.read("/v1/images/"+spring+"?"+query, &got)
		if got.Err != nil {
			t.Fatalf("err = %q, want null", *got.Err)
		}
		return got.Images
	}
	both := draw("ids=1:2,9:9&scale=0.5")
	if both["9:9"] != nil || both["1:2"] == nil {
		t.Fatalf("images = %v, want one that failed and one that did not", both)
	}
	_, kind, now := d.fetch(*both["1:2"])
	img, err := png.Decode(strings.NewReader(now))
	if err != nil || kind != "image/png" || img.Bounds().Dx() != 300 || img.Bounds().Dy() != 100 {
		t.Fatalf("picture = %s %v, want a PNG of 300x100", kind, err)
	}
	_, _, then := d.fetch(*draw("ids=1:2&scale=0.5&version=" + first.ID)["1:2"])
	if then == now {
		t.Error("two versions look the same")
	}
	if _, kind, body := d.fetch(*draw("ids=1:3&format=jpg")["1:3"]); kind != "image/jpeg" || !strings.HasPrefix(body, "\xff\xd8") {
		t.Errorf("jpg = %s, want one", kind)
	}
	if status, _, _ := d.ask("GET", *both["1:2"], ""); status != 400 {
		t.Errorf("with a token = %d, want 400", status)
	}
	if status, _, _ := d.fetch(d.url + "/pictures/00.png"); status != 403 {
		t.Errorf("a guessed address = %d, want 403", status)
	}
	d.s.FailRenders(true)
	if got := draw("ids=1:2"); got["1:2"] != nil {
		t.Errorf("a render that fails = %q, want null", *got["1:2"])
	}
	d.clock.Store(int64(31 * 24 * time.Hour))
	if status, _, _ := d.fetch(*both["1:2"]); status != 403 {
		t.Errorf("after 31 days = %d, want 403", status)
	}
}

func TestFile_Tree(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Limits: Limits{-1, -1, -1}})
	type node struct {
		ID, Name, Type string
		Children       []node
	}
	var file struct {
		Name, Version string
		Document      node
	}
	d.read("/v1/files/"+spring+"?depth=2&ids=1:3", &file)
	if got := file.Document.Children[0].Children; file.Document.Type != "DOCUMENT" || len(got) != 1 || got[0].ID != "1:3" || got[0].Type != "FRAME" {
		t.Errorf("tree = %+v, want the one frame", file)
	}
	var nodes struct {
		Nodes map[string]*struct{ Document node }
	}
	d.read("/v1/files/"+spring+"/nodes?ids=1:2,7:7&depth=1", &nodes)
	if nodes.Nodes["1:2"] == nil || nodes.Nodes["1:2"].Document.Name != "Hero 600x200" || nodes.Nodes["7:7"] != nil {
		t.Errorf("nodes = %+v, want one by its name and null", nodes)
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Limits: Limits{-1, -1, -1}})
	for path, want := range map[string]string{
		"/v1/teams/" + teamID + "/projects":                                           `"projects":[{"id":"210987654","name":"Campaigns"}]`,
		"/v2/teams/" + teamID + "/folders":                                            `"parent_folder_id":null`,
		"/v1/oembed?url=" + url.QueryEscape(d.url+"/design/"+spring+"/x?node-id=1-2"): `"title":"Spring banner"`,
		"/v1/projects/210987654/files":                                                `"key":"` + spring + `"`,
		"/v2/folders/210987654/files":                                                 `"name":"Nova launch"`,
		"/v2/folders/210987654/folders":                                               `"folders":[]`,
		"/v1/projects/210987654/meta":                                                 `"file_count":2`,
		"/v2/folders/210987654/meta":                                                  `"name":"Campaigns"`,
		"/v1/files/" + spring + "/images":                                             `"images":{}`,
		"/v1/files/" + spring + "/nodes?ids=1:2":                                      `"Hero 600x200"`,
	} {
		if status, _, body := d.ask("GET", path, ""); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s = %d %s, want %s", path, status, body, want)
		}
	}
}

func TestComments(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Limits: Limits{-1, -1, -1}})
	const path = "/v1/files/" + spring + "/comments"
	root := must[Comment](t)(d.s.CommentAs("Ana Reyes", "Spring banner", "1:2", "The logo needs more room"))
	type comment struct {
		ID, Message string
		Parent      string  `json:"parent_id"`
		Order       *string `json:"order_id"`
		Resolved    *string `json:"resolved_at"`
		User        struct{ ID, Handle string }
		Meta        *struct {
			Node   string                 `json:"node_id"`
			Offset struct{ X, Y float64 } `json:"node_offset"`
		} `json:"client_meta"`
	}
	post := func(body string) (int, comment, string) {
		status, _, raw := d.ask("POST", path, body)
		var c comment
		_ = json.Unmarshal([]byte(raw), &c) // an error has another shape
		return status, c, raw
	}
	status, reply, raw := post(`{"message":"Will do\n\nsignoff ref 9f2c6a1e","comment_id":"` + root.ID + `"}`)
	if status != 200 || reply.Parent != root.ID || reply.Order != nil || reply.User.Handle != "signoff" {
		t.Errorf("reply = %d %s, want it below the root by signoff", status, raw)
	}
	if status, _, raw := post(`{"message":"x","comment_id":"` + reply.ID + `"}`); status != 400 || !strings.Contains(raw, `"error":true`) {
		t.Errorf("below a reply = %d %s, want 400", status, raw)
	}
	status, pinned, raw := post(`{"message":"Outcome","client_meta":{"node_id":"1:3","node_offset":{"x":4,"y":5}}}`)
	if status != 200 || pinned.Meta.Node != "1:3" || pinned.Meta.Offset.Y != 5 || pinned.Order == nil || *pinned.Order != "2" {
		t.Errorf("pinned = %d %s, want thread 2 at 1:3", status, raw)
	}
	if status, _, _ := post(`{"message":"x","client_meta":{"x":-3.5,"y":5,"region_width":10,"region_height":20}}`); status != 200 {
		t.Errorf("a region = %d, want 200", status)
	}
	if err := d.s.ResolveAs("Ben Osei", spring, root.ID, true); err != nil {
		t.Fatal(err)
	}
	if err := d.s.EditCommentAs("Ana Reyes", spring, root.ID, "The logo needs room"); err != nil {
		t.Fatal(err)
	}
	var all struct{ Comments []comment }
	d.read(path+"?as_md=false", &all)
	oldest := all.Comments[len(all.Comments)-1]
	if len(all.Comments) != 4 || oldest.ID != root.ID || oldest.Resolved == nil || oldest.Message != "The logo needs room" || oldest.Meta.Node != "1:2" || *oldest.Order != "1" {
		t.Errorf("comments = %+v, want four, the first resolved and edited", all.Comments)
	}
	if status, _, _ := d.ask("DELETE", path+"/"+root.ID, ""); status != 403 {
		t.Errorf("deleting another's = %d, want 403", status)
	}
	if status, _, body := d.ask("DELETE", path+"/"+reply.ID, ""); status != 200 || body != `{"error":false,"status":200}` {
		t.Errorf("deleting its own = %d %s, want 200", status, body)
	}
	if err := d.s.DeleteCommentAs("Ben Osei", spring, root.ID); err == nil {
		t.Error("Ben deleted Ana's comment")
	}
	if got := d.s.Comments("Spring banner"); len(got) != 3 || got[0].ResolvedBy != "Ben Osei" || got[0].Edited.IsZero() {
		t.Errorf("getter = %+v, want three, the first resolved by Ben", got)
	}
}

func TestReactionsAndDevResources(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Limits: Limits{-1, -1, -1}})
	root := must[Comment](t)(d.s.CommentAs("Ana Reyes", spring, "", "x"))
	at := "/v1/files/" + spring + "/comments/" + root.ID + "/reactions"
	steps := []struct {
		method, path, body string
		want               int
		holds              string
	}{
		{"POST", at, `{"emoji":":heart:"}`, 200, ""},
		{"POST", at, `{"emoji":"heart"}`, 400, "emoji"},
		{"GET", at, "", 200, `"emoji":":heart:"`},
		{"DELETE", at + "?emoji=:heart:", "", 200, ""},
		{"DELETE", at + "?emoji=:heart:", "", 404, ""},
		{"POST", "/v1/dev_resources", `{"dev_resources":[{"name":"CR-1","url":"https://jira.lumen.example/CR-1","file_key":"` + spring + `","node_id":"1:2"}]}`, 200, `"errors":[]`},
		{"POST", "/v1/dev_resources", `{"dev_resources":[{"name":"CR-1","url":"https://jira.lumen.example/CR-1","file_key":"` + spring + `","node_id":"1:2"}]}`, 200, `"links_created":[]`},
		{"GET", "/v1/files/" + spring + "/dev_resources?node_ids=1:2", "", 200, `"name":"CR-1"`},
		{"DELETE", "/v1/files/" + spring + "/dev_resources/7", "", 404, `"error":true`},
	}
	for _, tt := range steps {
		if status, _, body := d.ask(tt.method, tt.path, tt.body); status != tt.want || !strings.Contains(body, tt.holds) {
			t.Errorf("%s %s %s = %d %s, want %d with %q", tt.method, tt.path, tt.body, status, body, tt.want, tt.holds)
		}
	}
}

func TestFile_GoneAndLocked(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Limits: Limits{-1, -1, -1}})
	const path = "/v1/files/" + spring + "/meta"
	if err := d.s.Uninvite("Spring banner"); err != nil {
		t.Fatal(err)
	}
	if status, _, body := d.ask("GET", path, ""); status != 403 || !strings.Contains(body, `"err"`) {
		t.Errorf("not invited = %d %s, want 403", status, body)
	}
	if err := d.s.Invite("Spring banner"); err != nil {
		t.Fatal(err)
	}
	if err := d.s.RenameFile("Lin", spring, "Spring hero"); err != nil {
		t.Fatal(err)
	}
	if status, _, body := d.ask("GET", path, ""); status != 200 || !strings.Contains(body, "Spring-hero") {
		t.Errorf("renamed = %d %s, want the new name", status, body)
	}
	if err := d.s.DeleteFile("Maya Lind", spring); err == nil {
		t.Error("a viewer deleted the file")
	}
	if err := d.s.DeleteFile("Lin", spring); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := d.ask("GET", path, ""); status != 404 {
		t.Errorf("deleted = %d, want 404", status)
	}
	if _, err := d.s.CommentAs("Lin", spring, "", "x"); err == nil {
		t.Error("a deleted file took a comment")
	}
}

func TestFaults_AndLedger(t *testing.T) {
	t.Parallel()
	faults := &sandbox.Faults{}
	d := open(t, Options{Faults: faults})
	if err := faults.Arm(sandbox.Fault{Service: "figma", Method: "postComment", Kind: sandbox.LostAnswer, Times: 1}); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", d.url+"/v1/files/"+spring+"/comments", strings.NewReader(`{"message":"Approved.\n\nsignoff ref 9f2c6a1e"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Figma-Token", botToken)
	req.Header.Set("Content-Type", "application/json")
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
		t.Errorf("a lost answer = %d, want none", res.StatusCode)
	}
	if got := d.s.Comments(spring); len(got) != 1 {
		t.Errorf("comments = %+v, want the one that was written although nobody heard of it", got)
	}
	all := d.ledger.Entries(0)
	if last := all[len(all)-1]; last.Mark != "signoff ref 9f2c6a1e" || !last.Failed || last.Note != "postComment, then fault lost-answer" || strings.Contains(fmt.Sprint(all), botToken) {
		t.Errorf("ledger = %+v, want the call with its mark and without the token", all)
	}
	if err := faults.Arm(sandbox.Fault{Service: "figma", Kind: sandbox.NamedError, Name: "404 Not found", Times: 1}); err != nil {
		t.Fatal(err)
	}
	if status, _, body := d.ask("GET", "/v1/me", ""); status != 404 || body != `{"err":"Not found","status":404}` {
		t.Errorf("named error = %d %s, want 404", status, body)
	}
}

func TestPrefix(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Prefix: "/demo/figma"})
	status, _, body := d.ask("GET", "/v1/files/"+spring+"/meta", "")
	if status != 200 || !strings.Contains(body, d.url+"/design/"+spring) || !strings.Contains(body, d.url+"/pictures/") {
		t.Errorf("below a prefix = %d %s, want addresses below it", status, body)
	}
}
