package adobe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image/png"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/adobe/frameio"
)

func TestIMS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	good := url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {clientSecret}, "scope": {"openid"}}
	for name, test := range map[string]struct {
		key, value string
		want       string
	}{
		"wrong secret":   {"client_secret", "wrong", `{"error":"invalid_client","error_description":"invalid client_secret parameter"}`},
		"wrong client":   {"client_id", "wrong", `{"error":"invalid_client","error_description":"invalid client_id parameter"}`},
		"other grant":    {"grant_type", "password", `{"error":"unsupported_grant_type","error_description":"grant_type must be client_credentials"}`},
		"no scope":       {"scope", "", `{"error":"invalid_scope","error_description":"missing scope parameter"}`},
		"unknown scope":  {"scope", "openid,everything", `{"error":"invalid_scope","error_description":"invalid scope everything"}`},
		"unknown member": {"more", "x", `{"error":"invalid_request","error_description":"invalid parameter more"}`},
	} {
		form := url.Values{}
		for k, v := range good {
			form[k] = v
		}
		form.Set(test.key, test.value)
		res, err := http.PostForm(w.url+"/ims/token/v3", form)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != 400 || string(raw) != test.want {
			t.Errorf("%s: %d %s, want 400 %s", name, res.StatusCode, raw, test.want)
		}
	}
	w.want(w.call("GET", "/v4/me", ""), 200)
	w.want(w.call("GET", "/v4/me", "", "Authorization", "Bearer "+w.askToken("openid")), 403)
	w.pass(24 * time.Hour)
	if a := w.want(w.call("GET", "/v4/me", ""), 401); a.at("errors.0.detail") != "Unauthorized" {
		t.Errorf("an ended token = %s, want Unauthorized", a.raw)
	}
	for _, e := range w.ledger.Entries(0) {
		if strings.Contains(e.Body, clientSecret) {
			t.Errorf("the ledger shows the client secret: %s", e.Body)
		}
	}
}

func TestFrameio_ReadsFilesAndStacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	accounts := w.want(w.call("GET", "/v4/accounts", ""), 200)
	if accounts.at("data.0.id") != frameio.AccountID {
		t.Errorf("accounts = %s, want %s", accounts.raw, frameio.AccountID)
	}
	spaces := w.want(w.call("GET", inAccount+"/workspaces?page_size=50", ""), 200)
	if spaces.at("data.0.name") != "Lumen" {
		t.Errorf("workspaces = %s, want Lumen", spaces.raw)
	}
	project := w.want(w.call("GET", inAccount+"/projects/"+frameio.ProjectID, ""), 200)
	root, _ := project.at("data.root_folder_id").(string)
	children := w.want(w.call("GET", inAccount+"/folders/"+root+"/children", ""), 200)
	if children.at("data.0.type") != "version_stack" || children.at("data.0.head_version.id") != frameio.TeaserFile || children.at("data.1.id") != frameio.VisualFile {
		t.Errorf("children = %s, want the stack of the teaser, then the key visual", children.raw)
	}
	file := w.want(w.call("GET", inAccount+"/files/"+frameio.TeaserFile+"?include=creator,project,metadata,media_links.thumbnail,media_links.thumbnail_high_quality", ""), 200)
	for path, want := range map[string]any{
		"data.creator.name": "Lin", "data.parent_id": frameio.TeaserStack, "data.status": "transcoded", "data.project.name": "Spring launch",
		"data.metadata.0.field_definition_name": "Status", "data.metadata.0.value.0.display_name": "Needs Review", "data.media_links.original": nil,
		"data.view_url": w.url + "/project/" + frameio.ProjectID + "/view/" + frameio.TeaserFile,
	} {
		if got := file.at(path); got != want {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
	first := w.picture(file.at("data.media_links.thumbnail.url"), 320)
	v2, err := w.Frameio.UploadVersionAs("Lin", "Spring teaser", "Spring teaser v2.mp4")
	if err != nil || v2.Version != 2 || v2.Stack != frameio.TeaserStack {
		t.Fatalf("UploadVersionAs = %+v, %v; want version 2 of the stack", v2, err)
	}
	stack := w.want(w.call("GET", inAccount+"/version_stacks/"+frameio.TeaserStack, ""), 200)
	versions := w.want(w.call("GET", inAccount+"/version_stacks/"+frameio.TeaserStack+"/children?include=creator,media_links.thumbnail", ""), 200)
	if stack.at("data.head_version.id") != v2.ID || versions.at("data.0.id") != v2.ID || versions.at("data.1.id") != frameio.TeaserFile {
		t.Errorf("head = %v, versions = %s; want %s on top", stack.at("data.head_version.id"), versions.raw, v2.ID)
	}
	if bytes.Equal(first, w.picture(versions.at("data.0.media_links.thumbnail.url"), 320)) {
		t.Error("the second version looks like the first")
	}
}

// picture fetches one without a token, and sees that it is really one.
func (w *world) picture(address any, width int) []byte {
	w.Helper()
	link, _ := address.(string)
	a := w.want(w.call("GET", link, "", "Authorization", ""), 200)
	img, err := png.Decode(bytes.NewReader(a.raw))
	if err != nil || img.Bounds().Dx() != width {
		w.Fatalf("picture of %v: %v, want a PNG %d wide", link, err, width)
	}
	w.want(w.call("GET", link, ""), 400)
	w.want(w.call("GET", strings.Replace(link, "signature=", "signature=0", 1), "", "Authorization", ""), 403)
	return a.raw
}

func TestFrameio_Refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	file := inAccount + "/files/" + frameio.TeaserFile
	space := inAccount + "/workspaces/" + frameio.WorkspaceID
	for _, test := range []struct {
		call, body string
		status     int
		say        string
	}{
		{"GET " + file + "?includes=creator", "", 422, "Unexpected field: includes"},
		{"GET " + file + "?include=creator,everything", "", 422, "Invalid value for enum"},
		{"GET " + inAccount + "/files/nova", "", 422, "Invalid format. Expected :uuid"},
		{"GET " + inAccount + "/files/" + frameio.TeaserStack, "", 404, "Not Found"},
		{"GET " + inAccount + "/boards", "", 404, "Not Found"},
		{"GET /v4/accounts/" + frameio.ProjectID + "/files/" + frameio.TeaserFile, "", 403, "Forbidden"},
		{"POST " + file + "/comments", `{"text":"bare"}`, 422, "Unexpected field: text"},
		{"POST " + file + "/comments", `{"data":{"text":"x","colour":"red"}}`, 422, "Unexpected field: colour"},
		{"POST " + file + "/comments", `{"data":{"timestamp":3}}`, 422, "Missing field: text"},
		{"POST " + file + "/comments", `{"data":{"text":7}}`, 422, "Invalid type for text"},
		{"POST " + file + "/comments", `{"data":{"text":"x","timestamp":"soon"}}`, 422, "Failed to cast value to one of: [integer, string]"},
		{"POST " + file + "/comments", `{"data":{"text":"x","page":2}}`, 422, "page is only allowed when file type is a pdf document"},
		{"POST " + inAccount + "/files/" + frameio.VisualFile + "/comments", `{"data":{"text":"x","timestamp":2}}`, 422, "timestamp is only allowed when file type is audio or video"},
		{"POST " + file + "/comments", `{"data":{"text":"x"}`, 400, "Invalid JSON"},
		{"PATCH " + inAccount + "/projects/" + frameio.ProjectID + "/metadata/values", `{"data":{"file_ids":[],"values":[{"field_definition_id":"51e55547-4e64-45f0-ad12-d075660eddd2","value":3}]}}`, 422, "System field values cannot be updated"},
		{"PATCH " + inAccount + "/projects/" + frameio.ProjectID + "/metadata/values", `{"data":{"file_ids":["` + frameio.TeaserFile + `"],"values":[{"field_definition_id":"` + frameio.StatusField + `","value":["Approved"]}]}}`, 422, "Invalid option"},
		{"POST " + space + "/webhooks", `{"data":{"name":"n","url":"https://x.example/","events":["file.exploded"]}}`, 422, `"file.exploded" is not a valid event`},
		{"POST " + space + "/webhooks", `{"data":{"name":"n","url":"nowhere","events":["file.ready"]}}`, 422, "url is invalid"},
	} {
		method, path, _ := strings.Cut(test.call, " ")
		a := w.call(method, path, test.body)
		if a.status != test.status || a.at("errors.0.detail") != test.say {
			t.Errorf("%s %s = %d %s, want %d %q", test.call, test.body, a.status, a.raw, test.status, test.say)
		}
	}
	if a := w.call("POST", file+"/comments", `{"data":{"text":"x"}}`, "Content-Type", "text/plain"); a.status != 415 {
		t.Errorf("text/plain = %d, want 415", a.status)
	}
}

func TestFrameio_Comments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	comments := inAccount + "/files/" + frameio.TeaserFile + "/comments"
	root, err := w.Frameio.CommentAs("Ana Reyes", "Spring teaser", "The logo comes too late", 12*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Frameio.ReplyAs("Lin", root, "Moved to 00:10"); err != nil {
		t.Fatal(err)
	}
	made := w.want(w.call("POST", comments, `{"data":{"text":"Approved\nsignoff ref 0123456789ab","timestamp":10}}`), 201)
	id, _ := made.at("data.id").(string)
	list := w.want(w.call("GET", comments+"?include=owner,replies&page_size=1", ""), 200)
	for path, want := range map[string]any{
		"data.0.owner.name": "Ana Reyes", "data.0.timestamp": 12.0*24 + 1, "data.0.replies.0.text": "Moved to 00:10", "data.0.replies.0.owner.name": "Lin", "data.0.completed_at": nil,
		"data.1": nil,
	} {
		if got := list.at(path); got != want {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
	next, _ := list.at("links.next").(string)
	if !strings.HasPrefix(next, "/demo/adobe"+inAccount) {
		t.Fatalf("links.next = %q, want the path of this list with a cursor", next)
	}
	second := w.want(w.call("GET", strings.TrimSuffix(w.url, "/demo/adobe")+next, ""), 200)
	if second.at("data.0.id") != id || second.at("links.next") != nil {
		t.Errorf("second page = %s, want %s and no more", second.raw, id)
	}
	if err := w.Frameio.CompleteAs("Ana Reyes", root, true); err != nil {
		t.Fatal(err)
	}
	if a := w.want(w.call("GET", inAccount+"/comments/"+root+"?timestamp_as_timecode=true", ""), 200); a.at("data.completed_at") == nil || a.at("data.timestamp") != "00:00:12:00" {
		t.Errorf("comment = %s, want completed, at 00:00:12:00", a.raw)
	}
	if a := w.want(w.call("PATCH", inAccount+"/comments/"+id, `{"data":{"text":"Approved by Ravi"}}`), 200); a.at("data.text_edited_at") == nil {
		t.Errorf("edited = %s, want text_edited_at", a.raw)
	}
	w.want(w.call("PATCH", inAccount+"/comments/"+root, `{"data":{"text":"Not mine"}}`), 403)
	w.want(w.call("DELETE", inAccount+"/comments/"+id, ""), 204)
	w.want(w.call("GET", inAccount+"/comments/"+id, ""), 404)
}

func (w *world) subscribe(events ...string) (secret string) {
	w.Helper()
	body, _ := json.Marshal(object{"data": object{"name": "signoff", "url": w.hook, "events": events}})
	a := w.want(w.call("POST", inAccount+"/workspaces/"+frameio.WorkspaceID+"/webhooks", string(body)), 201)
	secret, _ = a.at("data.secret").(string)
	id, _ := a.at("data.id").(string)
	if shown := w.want(w.call("GET", inAccount+"/webhooks/"+id, ""), 200); secret == "" || shown.at("data.secret") != nil {
		w.Fatalf("webhook = %s, then %s; want the secret once", a.raw, shown.raw)
	}
	return secret
}

func TestFrameio_Webhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	secret := w.subscribe("file.created", "file.upload.completed", "file.ready", "file.versioned", "comment.created", "comment.completed", "metadata.value.updated")
	v2, err := w.Frameio.UploadVersionAs("Lin", frameio.TeaserStack, "Spring teaser v2.mp4")
	if err != nil {
		t.Fatal(err)
	}
	root, _ := w.Frameio.CommentAs("Ana Reyes", v2.ID, "Nice", frameio.Untimed)
	_ = w.Frameio.CompleteAs("Lin", root, true)
	if err := w.Frameio.SetStatusAs("Ana Reyes", v2.ID, "Approved"); err != nil {
		t.Fatal(err)
	}
	w.settle()
	var events []string
	for _, h := range w.deliveries() {
		var body struct {
			Type                              string
			Account, Project, Workspace, User struct{ ID string }
			Resource                          struct{ ID, Type string }
		}
		if err := json.Unmarshal(h.body, &body); err != nil || body.Account.ID != frameio.AccountID || body.Workspace.ID != frameio.WorkspaceID || body.Project.ID != frameio.ProjectID || body.User.ID == "" {
			t.Errorf("body = %s, %v; want the ids of account, workspace, project and user", h.body, err)
		}
		stamp := h.Header.Get("X-Frameio-Request-Timestamp")
		if got, want := h.Header.Get("X-Frameio-Signature"), frameio.Sign(secret, stamp, h.body); got != want || h.UserAgent() != "Frame.io V4 API" {
			t.Errorf("signature = %s by %s, want %s by Frame.io V4 API", got, h.UserAgent(), want)
		}
		events = append(events, body.Type+" "+body.Resource.Type)
	}
	want := []string{"file.created file", "file.upload.completed file", "file.ready file", "file.versioned file", "comment.created comment", "comment.completed comment", "metadata.value.updated file"}
	if !slices.Equal(events, want) {
		t.Errorf("events = %q, want %q", events, want)
	}
}

// TestFrameio_SignsAsInTheContract is the worked example of the contract.
func TestFrameio_SignsAsInTheContract(t *testing.T) {
	t.Parallel()
	body := `{"account":{"id":"6f70f1bd-7e89-4a7e-b4d3-7e576585a181"},"project":{"id":"7e46e495-4444-4555-8649-bee4d391a997"},` +
		`"resource":{"id":"d3075547-4e64-45f0-ad12-d075660eddd2","type":"file"},"type":"file.ready",` +
		`"user":{"id":"56556a3f-859f-4b38-b6c6-e8625b5da8a5"},"workspace":{"id":"378fcbf7-6f88-4224-8139-6a743ed940b2"}}`
	const want = "v0=20d479b00feea2bc2c5c344e72ae0dc73ff47af4187520a7d57266696f3fe4ef"
	if got := frameio.Sign("fio-signing-secret-example", "1763800000", []byte(body)); got != want {
		t.Errorf("signature = %s, want %s", got, want)
	}
}

func TestFrameio_TriesFiveTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.subscribe("comment.created")
	w.answerWith(func(_ *heard, n int, rw http.ResponseWriter) {
		if n < 3 {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	_, _ = w.Frameio.CommentAs("Lin", frameio.VisualFile, "one", frameio.Untimed)
	w.settle()
	if d := w.Deliveries(frameio.Service); len(d) != 1 || len(d[0].Tries) != 3 || !d[0].Taken {
		t.Fatalf("deliveries = %+v, want one, taken at the third try", d)
	}
	w.answerWith(func(_ *heard, _ int, rw http.ResponseWriter) { rw.WriteHeader(http.StatusUnauthorized) })
	_, _ = w.Frameio.CommentAs("Lin", frameio.VisualFile, "two", frameio.Untimed)
	w.settle()
	if d := w.Deliveries(frameio.Service); len(d[1].Tries) != 5 || d[1].Taken || !d[1].Done {
		t.Fatalf("delivery = %+v, want lost after five tries", d[1])
	}
	if waits, _ := w.waited(); !slices.Equal(waits[2:], []time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute}) {
		t.Errorf("waits = %v, want 15 s, doubled each time", waits[2:])
	}
	heard := len(w.deliveries())
	w.LoseWebhooks(true)
	_, _ = w.Frameio.CommentAs("Lin", frameio.VisualFile, "three", frameio.Untimed)
	w.settle()
	if got := len(w.deliveries()); got != heard {
		t.Errorf("heard %d more, want none while deliveries are lost", got-heard)
	}
}

func TestFrameio_SetsStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	meta := w.want(w.call("GET", inAccount+"/files/"+frameio.VisualFile+"/metadata", ""), 200)
	var approved string
	for i := range 4 {
		at := "data.metadata.0.field_options." + strconv.Itoa(i)
		if meta.at(at+".display_name") == "Approved" {
			approved, _ = meta.at(at + ".id").(string)
		}
	}
	for _, value := range []string{`["` + approved + `"]`, `[]`, `[{"id":"` + approved + `","display_name":"Approved"}]`} {
		w.want(w.call("PATCH", inAccount+"/projects/"+frameio.ProjectID+"/metadata/values",
			`{"data":{"file_ids":["`+frameio.VisualFile+`"],"values":[{"field_definition_id":"`+frameio.StatusField+`","value":`+value+`}]}}`), 204)
		want := "Approved"
		if value == "[]" {
			want = ""
		}
		if f, _ := w.Frameio.File(frameio.VisualFile); f.Status != want {
			t.Errorf("after %s the status is %q, want %q", value, f.Status, want)
		}
	}
}

func TestFrameio_LimitsRates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	path := inAccount + "/projects/" + frameio.ProjectID + "/metadata/values"
	for range 10 {
		w.want(w.call("PATCH", path, `{"data":{"file_ids":[],"values":[]}}`), 204)
	}
	a := w.want(w.call("PATCH", path, `{"data":{"file_ids":[],"values":[]}}`), 429)
	if a.header.Get("X-Ratelimit-Limit") != "10" || a.header.Get("X-Ratelimit-Remaining") != "0" || a.header.Get("Retry-After") != "" {
		t.Errorf("headers = %v, want a limit of 10, none left, and nothing of when", a.header)
	}
	w.pass(6 * time.Second)
	w.want(w.call("PATCH", path, `{"data":{"file_ids":[],"values":[]}}`), 204)
}

func TestFrameio_Faults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	if err := w.faults.Arm(sandbox.Fault{Service: frameio.Service, Method: "comments.create", Kind: sandbox.LostAnswer, Times: 1}); err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequest("POST", w.url+inAccount+"/files/"+frameio.VisualFile+"/comments", strings.NewReader(`{"data":{"text":"lost"}}`))
	req.Header = http.Header{"Authorization": {"Bearer " + w.token}, "Content-Type": {"application/json"}}
	if res, err := http.DefaultClient.Do(req); err == nil {
		t.Fatalf("answer = %v, want none", res.Status)
	}
	if c := w.Frameio.Comments(frameio.VisualFile); len(c) != 1 || c[0].Text != "lost" {
		t.Errorf("comments = %+v, want the one whose answer was lost", c)
	}
}

func TestFrameio_CustomAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.answerWith(func(h *heard, _ int, rw http.ResponseWriter) {
		stamp := h.Header.Get("X-Frameio-Request-Timestamp")
		if h.Header.Get("X-Frameio-Signature") != frameio.Sign("fio-action-secret", stamp, h.body) {
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		if bytes.Contains(h.body, []byte(`"data"`)) {
			_, _ = io.WriteString(rw, `{"title":"Sent","description":"DES-7 created"}`)
			return
		}
		_, _ = io.WriteString(rw, `{"title":"Request sign-off","description":"Creates a ticket","fields":[{"type":"text","label":"Title","name":"title","value":"Hero v3"},`+
			`{"type":"select","label":"Route","name":"route","value":"brand","options":[{"name":"Brand","value":"brand"},{"name":"Legal","value":"legal"}]},`+
			`{"type":"link","label":"Ticket","name":"ticket","value":"https://jira.lumen.example/browse/DES-7"}]}`)
	})
	id, err := w.Frameio.PressActionAs("Ana Reyes", "Request sign-off", "Spring teaser")
	if err != nil {
		t.Fatal(err)
	}
	press := w.settled(id)
	if len(press.Fields) != 3 || press.Fields[1].Options[1].Name != "Legal" {
		t.Fatalf("press = %+v, want a form of three fields", press)
	}
	if err := w.Frameio.AnswerForm(id, map[string]string{"colour": "red"}); err == nil {
		t.Error("a field that is not in the form was taken")
	}
	if err := w.Frameio.AnswerForm(id, map[string]string{"route": "legal"}); err != nil {
		t.Fatal(err)
	}
	if press = w.settled(id); press.Title != "Sent" || len(press.Fields) != 0 {
		t.Errorf("press = %+v, want the message Sent", press)
	}
	got := w.deliveries()
	var first, second struct {
		Interaction string `json:"interaction_id"`
		Resource    struct{ ID, Type string }
		Data        map[string]string
	}
	if json.Unmarshal(got[0].body, &first) != nil || json.Unmarshal(got[1].body, &second) != nil || first.Interaction != id || second.Interaction != id {
		t.Fatalf("calls = %s, %s; want both of interaction %s", got[0].body, got[1].body, id)
	}
	if first.Resource.ID != frameio.TeaserFile || second.Resource.ID != "" || second.Data["route"] != "legal" || second.Data["title"] != "Hero v3" {
		t.Errorf("calls = %s, %s; want the head file, then the answers", got[0].body, got[1].body)
	}
}

func (w *world) settled(id string) frameio.Press {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 5*time.Second)
	defer cancel()
	p, err := w.Frameio.Settled(ctx, id)
	if err != nil || p.Problem != "" {
		w.Fatalf("press = %+v, %v; want an answer", p, err)
	}
	return p
}

func TestFrameio_DeletesVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	v2, err := w.Frameio.UploadVersionAs("Lin", "Nova key visual.png", "Nova key visual v2.png")
	if err != nil || v2.Stack == "" {
		t.Fatalf("UploadVersionAs = %+v, %v; want a new stack", v2, err)
	}
	if err := w.Frameio.DeleteFileAs("Lin", v2.ID); err != nil {
		t.Fatal(err)
	}
	w.want(w.call("GET", inAccount+"/files/"+v2.ID, ""), 404)
	w.want(w.call("GET", inAccount+"/version_stacks/"+v2.Stack, ""), 404)
	if v := w.Frameio.Versions(frameio.VisualFile); len(v) != 1 || v[0].Stack != "" {
		t.Errorf("versions = %+v, want the first file alone, outside of a stack", v)
	}
}

func TestFrameio_UploadsInSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.subscribe("file.created", "file.ready", "file.versioned", "file.updated", "file.deleted", "comment.updated", "comment.deleted", "comment.uncompleted")
	f, err := w.Frameio.BeginVersionAs("Lin", "Spring teaser", "Spring teaser v2.mp4")
	if err != nil {
		t.Fatal(err)
	}
	a := w.want(w.call("GET", inAccount+"/files/"+f.ID+"?include=media_links.thumbnail", ""), 200)
	if a.at("data.status") != "created" || a.at("data.media_links.thumbnail") != nil {
		t.Errorf("while it is uploaded: %s, want created and no picture", a.raw)
	}
	w.HoldWebhooks()
	if err := w.Frameio.FinishUpload(f.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.Frameio.FinishUpload(f.ID); err == nil {
		t.Error("an upload ended twice")
	}
	_ = w.Frameio.RenameAs("Lin", f.ID, "Spring teaser, final.mp4")
	c, _ := w.Frameio.CommentAs("Lin", f.ID, "Look", frameio.Untimed)
	_ = w.Frameio.EditCommentAs("Lin", c, "Look at this")
	_ = w.Frameio.CompleteAs("Lin", c, true)
	_ = w.Frameio.CompleteAs("Lin", c, false)
	if err := w.Frameio.DeleteCommentAs("Ana Reyes", c); err == nil {
		t.Error("Ana deleted a comment of Lin's")
	}
	_ = w.Frameio.DeleteCommentAs("Lin", c)
	_ = w.Frameio.DeleteFileAs("Lin", f.ID)
	w.ReleaseWebhooks()
	w.settle()
	var events []string
	for _, d := range w.Deliveries(frameio.Service) {
		events = append(events, d.Event)
	}
	want := []string{"file.created", "file.ready", "file.versioned", "file.updated", "comment.updated", "comment.uncompleted", "comment.deleted", "file.deleted"}
	if !slices.Equal(events, want) {
		t.Errorf("events = %q, want %q", events, want)
	}
}

func TestFrameio_LooksAfterWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.subscribe("comment.created")
	id := w.Frameio.Webhooks()[0].ID
	w.want(w.call("PATCH", inAccount+"/webhooks/"+id, `{"data":{"active":false}}`), 200)
	_, _ = w.Frameio.CommentAs("Lin", frameio.VisualFile, "unheard", frameio.Untimed)
	w.settle()
	if got := w.deliveries(); len(got) != 0 {
		t.Errorf("a webhook that is switched off heard %d events", len(got))
	}
	w.want(w.call("DELETE", inAccount+"/webhooks/"+id, ""), 204)
	w.want(w.call("DELETE", inAccount+"/webhooks/"+id, ""), 404)
}
