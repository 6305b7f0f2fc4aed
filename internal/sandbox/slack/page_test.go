package slack

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// browse is a person with a browser and no script.
type browse struct {
	*world
	site *httptest.Server
	user string
}

func browser(t *testing.T, user string) *browse {
	t.Helper()
	w := newWorld(t, func(o *Options) { o.Prefix = "/demo/slack" })
	site := httptest.NewServer(w.Pages())
	t.Cleanup(site.Close)
	return &browse{world: w, site: site, user: user}
}

func (b *browse) get(path string) string {
	b.t.Helper()
	resp, err := http.Get(b.site.URL + path)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.body(resp)
}

func (b *browse) body(resp *http.Response) string {
	b.t.Helper()
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: got %d %.300s, want 200", resp.Request.URL, resp.StatusCode, raw)
	}
	return string(raw)
}

// send posts a form as the page would and follows it to the page that comes back.
func (b *browse) send(form string, fields ...string) string {
	b.t.Helper()
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	resp, err := http.PostForm(b.site.URL+"/demo/slack/u/"+b.user+"/"+form, values)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.body(resp)
}

func (b *browse) here() string { return "/demo/slack/u/" + b.user + "/c/" + launch }

func wantIn(t *testing.T, page string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q:\n%s", part, page)
		}
	}
}

func TestPages_ChooseAndTalk(t *testing.T) {
	t.Parallel()
	b := browser(t, maya)
	wantIn(t, b.get("/demo/slack/"), "Maya Lind", `href="/demo/slack/u/`+ravi+`"`)
	page := b.send("post", "channel", launch, "back", b.here(), "text", "Need a <b>banner</b> @ravi & #general")
	wantIn(t, page, "Need a &lt;b&gt;banner&lt;/b&gt; ", ">@Ravi Nair<", "New creative request", `aria-current="page"`)
	ts := b.Messages(launch)[0].TS
	if got := b.Messages(launch)[0].Text; got != "Need a &lt;b&gt;banner&lt;/b&gt; <@"+ravi+"> &amp; <#"+general+"|general>" {
		t.Errorf("wire text: got %q", got)
	}
	page = b.send("post", "channel", launch, "thread", ts, "back", b.here()+"?thread="+ts, "text", "by Friday")
	wantIn(t, page, `aria-label="Thread"`, "by Friday", "1 reply")
	b.send("react", "channel", launch, "ts", ts, "back", b.here(), "name", "eyes")
	b.send("edit", "channel", launch, "ts", ts, "back", b.here(), "text", "Need two banners")
	wantIn(t, b.get(b.here()), "Need two banners", "(edited)", "👀 1")
	b.user = ravi
	wantIn(t, b.get("/demo/slack/u/"+ravi+"/c/"+general), `class="unread"`, `1<span class="hidden"> unread</span>`)
}

func TestPages_ButtonsAndPrivateNotes(t *testing.T) {
	t.Parallel()
	b := browser(t, ravi)
	ts := str(b.ok("chat.postMessage", "channel", launch, "text", "card", "blocks", card), "ts")
	b.ok("chat.postEphemeral", "channel", launch, "user", ravi, "text", "Only Dana can act here")
	wantIn(t, b.get(b.here()), `value="a1/approve"`, ">Approve<", "Only visible to you", "Only Dana can act here")
	b.send("act", "channel", launch, "ts", ts, "back", b.here(), "do", "a1/approve")
	if p := b.lastPayload("block_actions"); obj(list(p["actions"])[0])["value"] != "CR-142" {
		t.Errorf("payload: got %v", p)
	}
	b.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	page := b.send("act", "channel", launch, "ts", ts, "back", b.here(), "do", "a1/changes")
	wantIn(t, page, `role="alert"`, "This app didn&#39;t respond")
	wantIn(t, b.get(b.here()), `role="alert"`) // a refresh in the background does not take it away
	b.answers(nil)
	if page := b.send("act", "channel", launch, "ts", ts, "back", b.here(), "do", "a1/changes"); strings.Contains(page, `role="alert"`) {
		t.Errorf("the notice outlives the next click:\n%s", page)
	}
}

func TestPages_IDsWithSlashes(t *testing.T) {
	t.Parallel()
	b := browser(t, ravi)
	ask := `"confirm":{"title":` + pt(4) + `,"text":` + pt(4) + `,"confirm":` + pt(4) + `,"deny":` + pt(4) + `}`
	blocks := `[{"type":"actions","block_id":"actions/1","elements":[
		{"type":"button","action_id":"approve","text":` + pt(4) + `,"value":"yes"},
		{"type":"button","action_id":"more/2","text":` + pt(4) + `,"value":"sure",` + ask + `}]}]`
	ts := str(b.ok("chat.postMessage", "channel", launch, "text", "card", "blocks", blocks), "ts")
	pressed := func() any { return obj(list(b.lastPayload("block_actions")["actions"])[0])["value"] }
	wantIn(t, b.get(b.here()), `value="actions%2F1/approve"`)
	b.send("act", "channel", launch, "ts", ts, "back", b.here(), "do", "actions%2F1/approve")
	if got := pressed(); got != "yes" {
		t.Errorf("actions/1 approve: got %v, want yes", got)
	}
	wantIn(t, b.send("act", "channel", launch, "ts", ts, "back", b.here(), "do", "actions%2F1/more%2F2"), `role="alertdialog"`, `value="actions%2F1/more%2F2"`)
	b.send("act", "channel", launch, "ts", ts, "back", b.here(), "do", "actions%2F1/more%2F2", "sure", "yes")
	if got := pressed(); got != "sure" {
		t.Errorf("actions/1 more/2: got %v, want sure", got)
	}
}

func TestPages_ConfirmFirst(t *testing.T) {
	t.Parallel()
	b := browser(t, ravi)
	blocks := btn(`,"action_id":"withdraw","style":"danger","confirm":{"title":` + pt(4) + `,"text":{"type":"mrkdwn","text":"Really *withdraw*?"},"confirm":{"type":"plain_text","text":"Withdraw it"},"deny":{"type":"plain_text","text":"Keep it"}}`)
	ts := str(b.ok("chat.postMessage", "channel", launch, "text", "card", "blocks", blocks), "ts")
	page := b.send("act", "channel", launch, "ts", ts, "back", b.here(), "do", "a/withdraw")
	wantIn(t, page, `role="alertdialog"`, "Really <strong>withdraw</strong>?", "Withdraw it", "Keep it")
	entries := func() (n int) {
		for _, e := range b.opt.Ledger.Entries(0) {
			if e.Path == "block_actions" {
				n++
			}
		}
		return n
	}
	if n := entries(); n != 0 {
		t.Errorf("before the confirmation: got %d interactions, want none", n)
	}
	b.send("act", "channel", launch, "ts", ts, "back", b.here(), "do", "a/withdraw", "sure", "yes")
	if n := entries(); n != 1 {
		t.Errorf("after the confirmation: got %d interactions, want 1", n)
	}
}

func TestPages_Modal(t *testing.T) {
	t.Parallel()
	b := browser(t, maya)
	b.answers(func(_ http.ResponseWriter, _ *http.Request) {
		b.ok("views.open", "trigger_id", str(b.lastPayload("shortcut"), "trigger_id"), "view", form)
	})
	page := b.send("global", "callback", "request_new", "back", b.here())
	wantIn(t, page, `role="dialog"`, "New request", `name="f:title/v"`, `<option value="video">Video</option>`, `type="date"`, "(optional)")
	v, _ := b.Modal(maya)

	b.answers(nil)
	page = b.send("modal", "view", v.ID, "back", b.here(), "do", "submit", "f:title/v", "")
	wantIn(t, page, "Please complete this required field.", `aria-invalid="true"`)
	page = b.send("modal", "view", v.ID, "back", b.here(), "do", "change:type/v", "f:title/v", "Kept", "f:type/v", "video")
	wantIn(t, page, `value="Kept"`, `<option value="video" selected>`)
	if p := b.lastPayload("block_actions"); obj(obj(list(p["actions"])[0])["selected_option"])["value"] != "video" {
		t.Errorf("change: got %v, want the choice", p)
	}
	b.answers(says(`{"response_action":"errors","errors":{"title":"Already asked for"}}`))
	page = b.send("modal", "view", v.ID, "back", b.here(), "do", "submit", "f:title/v", "Kept", "f:type/v", "video", "f:sizes/v", "300x250", "f:sizes/v", "728x90")
	wantIn(t, page, "Already asked for")
	b.answers(nil)
	page = b.send("modal", "view", v.ID, "back", b.here(), "do", "submit", "f:title/v", "Kept", "f:type/v", "video")
	if strings.Contains(page, `role="dialog"`) {
		t.Error("the modal is still open after an empty answer")
	}
	wantIn(t, b.send("modal", "view", v.ID, "back", b.here(), "do", "submit"), "That form was closed meanwhile.")
}

func TestPages_Commands(t *testing.T) {
	t.Parallel()
	b := browser(t, maya)
	b.answers(says(`{"text":"Try /signoff help"}`))
	wantIn(t, b.send("post", "channel", launch, "back", b.here(), "text", "/signoff why CR-142"), "Try /signoff help", "Only visible to you")
	wantIn(t, b.send("post", "channel", launch, "back", b.here(), "text", "/nothing"), "/nothing is not a valid command.")
	wantIn(t, b.send("post", "channel", launch, "thread", "1", "back", b.here(), "text", "/signoff x"), "not supported in threads")
}

func TestPages_HomeAndInvite(t *testing.T) {
	t.Parallel()
	b := browser(t, maya)
	wantIn(t, b.send("home"), "has not put anything on this page yet")
	b.waitFor("event app_home_opened", 1)
	b.ok("views.publish", "user_id", maya, "view", home)
	wantIn(t, b.get("/demo/slack/u/"+maya+"/home"), "Waiting for you", ">Open<")
	at := "/demo/slack/u/" + maya + "/c/" + general
	wantIn(t, b.get(at), "Add signoff to this channel")
	if page := b.send("invite", "channel", general, "back", at); strings.Contains(page, "Add signoff") {
		t.Error("the app was not added")
	}
}

func TestPages_Safety(t *testing.T) {
	t.Parallel()
	b := browser(t, maya)
	resp, err := http.Get(b.site.URL + b.here())
	if err != nil {
		t.Fatal(err)
	}
	page := b.body(resp)
	if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy: got %q", csp)
	}
	if strings.Contains(page, "<style") || strings.Contains(page, " style=") || strings.Contains(page, "<script>") || strings.Contains(page, " onclick") {
		t.Error("the page carries style or script of its own")
	}
	for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		req, err := http.NewRequest(http.MethodPost, b.site.URL+"/demo/slack/u/"+maya+"/post",
			strings.NewReader("channel="+launch+"&text=pwned"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set(header[0], header[1])
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s: got %d, want 403", header[0], header[1], resp.StatusCode)
		}
	}
	if got := b.Messages(launch); len(got) != 0 {
		t.Errorf("a foreign form wrote %+v", got)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err = client.PostForm(b.site.URL+"/demo/slack/u/"+maya+"/post", url.Values{"channel": {launch}, "back": {"https://evil.example/"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if to := resp.Header.Get("Location"); to != "/demo/slack/u/"+maya {
		t.Errorf("redirect: got %q, want a page of ours", to)
	}
}

func TestPages_News(t *testing.T) {
	t.Parallel()
	b := browser(t, maya)
	if _, err := b.PostAs(maya, launch, "hello", ""); err != nil {
		t.Fatal(err)
	}
	if got := b.get("/demo/slack/u/" + maya + "/news?since=0"); !strings.Contains(got, `"version"`) {
		t.Errorf("news: got %q, want the version", got)
	}
}

func TestPages_WaitForWhatFollowsAClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Prefix, o.Settle = "/demo/slack", time.Minute })
	site := httptest.NewServer(w.Pages())
	t.Cleanup(site.Close)
	b := &browse{world: w, site: site, user: maya}
	var late sync.WaitGroup
	b.answers(func(_ http.ResponseWriter, _ *http.Request) {
		trigger := str(b.lastPayload("shortcut"), "trigger_id")
		late.Go(func() { b.ok("views.open", "trigger_id", trigger, "view", form) }) // beside the answer, as apps do
	})
	wantIn(t, b.send("global", "callback", "request_new", "back", b.here()), `role="dialog"`)
	late.Wait()
}

// upload posts the composer's form with a file.
func (b *browse) upload(name, data string, fields ...string) string {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		if err := form.WriteField(fields[i], fields[i+1]); err != nil {
			b.t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		b.t.Fatal(err)
	}
	_, _ = io.WriteString(part, data)
	form.Close()
	resp, err := http.Post(b.site.URL+"/demo/slack/u/"+b.user+"/post", form.FormDataContentType(), &body)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.body(resp)
}

func TestPages_Files(t *testing.T) {
	t.Parallel()
	b := browser(t, maya)
	page := b.upload("brief.pdf", "%PDF-1.7 brief", "channel", launch, "back", b.here(), "text", "the brief", "link_url", "https://www.figma.com/f/1", "link_name", "Layout")
	f := b.Messages(launch)[0].Files[0]
	wantIn(t, page, "the brief", ">brief.pdf</a> <small>14 bytes</small>", `href="/demo/slack/u/`+maya+`/file/`+f.ID+`"`, ">Layout</a> <small>www.figma.com</small>", "Delete file brief.pdf")
	if got := b.get("/demo/slack/u/" + ravi + "/file/" + f.ID); got != "%PDF-1.7 brief" {
		t.Errorf("download by a member: got %q", got)
	}
	wantIn(t, b.get("/demo/slack/files/"+maya+"/"+f.ID+"/brief.pdf"), "the brief") // the permalink
	resp, err := http.Get(b.site.URL + "/demo/slack/u/U0GONE0001/file/" + f.ID)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("download by somebody outside: got %d, want 404", resp.StatusCode)
	}
	if _, body := fetch(t, b.site.URL+strings.TrimPrefix(f.URL, strings.TrimSuffix(b.api, "/api/")), botToken); body != "%PDF-1.7 brief" {
		t.Errorf("download by the app where the pages are: got %q", body)
	}
	wantIn(t, b.send("unfile", "channel", launch, "file", f.ID, "back", b.here()), "This file was deleted.")
}

func TestPages_ReactBroadcastAndUnfurl(t *testing.T) {
	t.Parallel()
	b := browser(t, ravi)
	b.opt.UnfurlDomains = []string{"lumen.example"}
	root := say(t, b.world, Post{User: maya, Channel: launch, Text: "look at <" + address + ">"})
	b.innerOf("link_shared", 1)
	b.ok("chat.unfurl", "channel", launch, "ts", root, "unfurls", unfurls(t, address))
	wantIn(t, b.get(b.here()), `class="unfurl"`, "<strong>CR-142</strong> waits for Ravi")
	wantIn(t, b.send("react", "channel", launch, "ts", root, "back", b.here(), "name", ":+1::skin-tone-3:"), "👍🏼 1", `formaction="/demo/slack/u/`+ravi+`/unreact"`)
	if page := b.send("unreact", "channel", launch, "ts", root, "back", b.here(), "name", "+1::skin-tone-3"); strings.Contains(page, "👍🏼 1") {
		t.Error("the reaction is still there")
	}
	wantIn(t, b.send("post", "channel", launch, "thread", root, "broadcast", "yes", "text", "seen", "back", b.here()), "replied to", "seen")
}

func TestPages_TabsOfTheApp(t *testing.T) {
	t.Parallel()
	b := browser(t, maya)
	page := b.send("messages")
	wantIn(t, page, `<button aria-current="page">Messages</button>`, "Messages from signoff to you appear here.")
	im := b.Direct(maya)
	page = b.send("post", "channel", im, "text", "a banner please", "back", "/demo/slack/u/"+maya+"/c/"+im)
	wantIn(t, page, "a banner please")
	b.innerOf("message", 1)
	ask := `"confirm":{"title":` + pt(4) + `,"text":` + pt(4) + `,"confirm":` + pt(4) + `,"deny":` + pt(4) + `}`
	b.ok("views.publish", "user_id", maya, "view", `{"type":"home","blocks":[{"type":"actions","block_id":"a","elements":[
		{"type":"button","action_id":"withdraw","text":`+pt(4)+`,`+ask+`},
		{"type":"static_select","action_id":"drafts","options":[{"text":`+pt(3)+`,"value":"on"},{"text":`+pt(4)+`,"value":"off"}]}]}]}`)
	wantIn(t, b.send("home"), `<button aria-current="page">Home</button>`)
	at := "/demo/slack/u/" + maya + "/home"
	wantIn(t, b.send("act", "do", "a/withdraw", "back", at), `role="alertdialog"`)
	b.send("act", "do", "a/drafts", "f:a/drafts", "off", "back", at)
	p := b.lastPayload("block_actions")
	if obj(obj(list(p["actions"])[0])["selected_option"])["value"] != "off" || obj(p["container"])["type"] != "view" {
		t.Errorf("choice on the home page: got %v", p)
	}
	wantIn(t, b.get(at), `<option value="off" selected>`)
}

func TestPages_OtherWorkspacesAndStrangers(t *testing.T) {
	t.Parallel()
	w, nova := twoWorkspaces(t, false)
	site := httptest.NewServer(w.Pages())
	t.Cleanup(site.Close)
	b := &browse{world: w, site: site, user: "U0OLGA0001"}
	wantIn(t, b.get("/"), "Nova", `href="/u/U0OLGA0001"`)
	if page := b.get("/u/U0OLGA0001"); !strings.Contains(page, "<h1><span aria-hidden=\"true\">#</span> nova</h1>") {
		t.Errorf("Olga's page: got %.300s, want Nova's channel", page)
	}
	resp, err := http.PostForm(site.URL+"/u/U0OLGA0001/post", url.Values{"channel": {"C0NOVA0001"}, "text": {"hello Nova"}})
	if err != nil {
		t.Fatal(err)
	}
	b.body(resp)
	if got := nova.Messages("C0NOVA0001"); len(got) != 1 {
		t.Errorf("Nova's channel: got %+v, want what Olga wrote", got)
	}
}
