package slack

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"signoff/internal/sandbox"
)

func pdf() Upload {
	return Upload{Name: "brief.pdf", Data: []byte("%PDF-1.7 brief")}
}

// fetch downloads like a client that follows what it is given.
func fetch(t *testing.T, address, token string) (contentType, body string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: got %d (%v), want 200", address, resp.StatusCode, err)
	}
	return resp.Header.Get("Content-Type"), string(raw)
}

func TestFiles_ShareAndDownload(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	say(t, w, Post{User: maya, Channel: launch, Text: "<@U0SIGNOFF1> see the brief", Files: []Upload{pdf(), {Name: "Deck", URL: "https://docs.google.com/d/1"}}})
	e := w.innerOf("message/file_share", 1)[0]
	first, second := obj(list(e["files"])[0]), obj(list(e["files"])[1])
	if first["name"] != "brief.pdf" || first["mimetype"] != "application/pdf" || first["size"] != 14.0 || first["mode"] != "hosted" || first["permalink"] == nil {
		t.Errorf("file: got %v, want the brief", first)
	}
	if second["mode"] != "external" || second["is_external"] != true || second["external_type"] != "gdrive" || second["url_private_download"] != nil {
		t.Errorf("external file: got %v, want its address and no download", second)
	}
	if shared := w.innerOf("file_shared", 2); !slices.ContainsFunc(shared, func(e object) bool {
		return e["file_id"] == first["id"] && e["channel_id"] == launch && e["user_id"] == maya
	}) {
		t.Errorf("file_shared: got %v, want one of the brief", shared)
	}
	if m := w.innerOf("app_mention", 1)[0]; len(list(m["files"])) != 2 {
		t.Errorf("app_mention: got %v, want the files", m)
	}
	kind, body := fetch(t, str(first, "url_private_download"), botToken)
	if kind != "application/pdf" || body != "%PDF-1.7 brief" {
		t.Errorf("download: got %s %q, want the bytes", kind, body)
	}
	for _, token := range []string{"", "xoxb-other"} {
		if kind, body := fetch(t, str(first, "url_private"), token); !strings.HasPrefix(kind, "text/html") || !strings.Contains(body, "Sign in") {
			t.Errorf("download with token %q: got %s %q, want the sign-in page", token, kind, body)
		}
	}
	info := obj(w.ok("files.info", "file", str(first, "id"))["file"])
	if channels := list(info["channels"]); len(channels) != 1 || channels[0] != launch || obj(info["shares"])["public"] == nil {
		t.Errorf("files.info: got %v, want where it was shared", info)
	}
}

func TestFiles_WhoMayNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Scopes = []string{"channels:history", "files:read"} })
	say(t, w, Post{User: ravi, Channel: legal, Files: []Upload{pdf()}})
	f := only(t, w.Messages(legal)[0].Files)
	if a := w.call("files.info", "file", f.ID); a["error"] != "file_not_found" {
		t.Errorf("files.info of a private channel: got %v, want file_not_found", a)
	}
	if kind, _ := fetch(t, f.URL, botToken); !strings.HasPrefix(kind, "text/html") {
		t.Errorf("download from a private channel: got %s, want the sign-in page", kind)
	}
	if a := w.call("files.getUploadURLExternal", "filename", "x.txt", "length", "1"); a["error"] != "missing_scope" || a["needed"] != "files:write" {
		t.Errorf("upload without scope: got %v, want missing_scope", a)
	}
	bare := newWorld(t, func(o *Options) { o.Scopes = []string{"channels:history"} })
	say(t, bare, Post{User: maya, Channel: launch, Files: []Upload{pdf()}})
	if kind, _ := fetch(t, only(t, bare.Messages(launch)[0].Files).URL, botToken); !strings.HasPrefix(kind, "text/html") {
		t.Errorf("download without files:read: got %s, want the sign-in page", kind)
	}
	bare.innerOf("message/file_share", 1)
	if n := len(bare.Events()); n != 1 {
		t.Errorf("events without files:read: got %d, want the message alone", n)
	}
}

func TestFiles_ModesWithoutBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) {
		o.Users = append(o.Users, User{ID: "U0OLGA0001", Name: "olga", RealName: "Olga Petrov", Team: "T0NOVA0001"})
		o.Channels[1].Members = append(o.Channels[1].Members, "U0OLGA0001")
	})
	say(t, w, Post{User: maya, Channel: launch, Text: "brief", Files: []Upload{pdf()}})
	f := only(t, w.Messages(launch)[0].Files)
	if err := w.DeleteFileAs(maya, f.ID); err != nil {
		t.Fatal(err)
	}
	changed := w.innerOf("message/message_changed", 1)[0]
	if got := obj(list(obj(changed["message"])["files"])[0]); len(got) != 2 || got["mode"] != "tombstone" {
		t.Errorf("deleted file: got %v, want id and mode tombstone", got)
	}
	if a := w.call("files.info", "file", f.ID); a["error"] != "file_deleted" {
		t.Errorf("files.info of a deleted file: got %v, want file_deleted", a)
	}
	say(t, w, Post{User: maya, Channel: launch, Files: []Upload{pdf()}})
	if err := w.HideFile(w.Messages(launch)[1].Files[0].ID); err != nil {
		t.Fatal(err)
	}
	if got := w.Messages(launch)[1].Files[0]; got.Mode != "hidden_by_limit" {
		t.Errorf("hidden file: got %+v", got)
	}
	say(t, w, Post{User: "U0OLGA0001", Channel: launch, Files: []Upload{pdf()}})
	shares := w.innerOf("message/file_share", 3)
	i := slices.IndexFunc(shares, func(e object) bool { return e["user"] == "U0OLGA0001" })
	foreign := obj(list(shares[max(i, 0)]["files"])[0])
	if len(foreign) != 3 || foreign["file_access"] != "check_file_info" || foreign["mode"] != "file_access" {
		t.Errorf("file of another workspace: got %v, want only its id", foreign)
	}
	info := obj(w.ok("files.info", "file", str(foreign, "id"))["file"])
	if info["file_access"] != "visible" || info["user_team"] != "T0NOVA0001" {
		t.Errorf("files.info: got %v, want the whole file", info)
	}
	if _, body := fetch(t, str(info, "url_private_download"), botToken); body != "%PDF-1.7 brief" {
		t.Errorf("download: got %q", body)
	}
}

func TestUpload_ThreeSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	root := say(t, w, Post{User: maya, Channel: launch, Text: "banner"})
	a := w.ok("files.getUploadURLExternal", "filename", "proof.png", "length", "4")
	send := func(body string) int {
		resp, err := http.Post(str(a, "upload_url"), "application/octet-stream", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	complete := func(fields ...string) object {
		return w.call("files.completeUploadExternal", append([]string{"files", `[{"id":"` + str(a, "file_id") + `","title":"Proof"}]`}, fields...)...)
	}
	if got := complete("channel_id", launch); got["error"] != "file_not_found" {
		t.Errorf("completed before it was sent: got %v, want file_not_found", got)
	}
	if got := send("too long"); got != http.StatusBadRequest {
		t.Errorf("wrong length: got %d, want 400", got)
	}
	if got := send("PNG!"); got != http.StatusOK {
		t.Errorf("bytes: got %d, want 200", got)
	}
	for to, want := range map[string]string{"#launch": "invalid_channel", maya: "invalid_channel", general: "not_in_channel", legal: "channel_not_found", "C0NOWHERE": "channel_not_found"} {
		if got := complete("channel_id", to); got["error"] != want {
			t.Errorf("shared in %s: got %v, want %s", to, got, want)
		}
	}
	got := complete("channel_id", launch, "thread_ts", root, "initial_comment", "from DES-7")
	if f := obj(list(got["files"])[0]); got["ok"] != true || f["title"] != "Proof" || got["ts"] != nil {
		t.Errorf("completed: got %v, want the file and no timestamp", got)
	}
	e := w.innerOf("message/file_share", 1)[0]
	if e["bot_id"] != "B0SIGNOFF1" || e["thread_ts"] != root || e["text"] != "from DES-7" || len(list(e["files"])) != 1 {
		t.Errorf("message: got %v, want the file in the thread", e)
	}
	if got := complete("channel_id", launch); got["error"] != "file_not_found" {
		t.Errorf("completed twice: got %v, want file_not_found", got)
	}
	if got := send("PNG!"); got != http.StatusNotFound {
		t.Errorf("sent again: got %d, want 404", got)
	}
}

func TestUpload_MultipartAndFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	if err := w.opt.Faults.Arm(sandbox.Fault{Service: service, Method: "files.download", Kind: sandbox.HTML200, Times: 1}); err != nil {
		t.Fatal(err)
	}
	a := w.ok("files.getUploadURLExternal", "filename", "note.txt", "length", "5")
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "note.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(part, "hello")
	form.Close()
	resp, err := http.Post(str(a, "upload_url"), form.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	out := w.ok("files.completeUploadExternal", "files", `[{"id":"`+str(a, "file_id")+`"}]`)
	f := obj(list(out["files"])[0])
	for i, want := range []string{"Sign in to continue", "hello"} {
		if _, got := fetch(t, str(f, "url_private_download"), botToken); !strings.Contains(got, want) {
			t.Errorf("download %d: got %q, want %q", i+1, got, want)
		}
	}
	if err := w.opt.Faults.Arm(sandbox.Fault{Service: service, Method: "files.complete", Kind: sandbox.RateLimit, Times: 1}); err != nil {
		t.Fatal(err)
	}
	if got := w.call("files.completeUploadExternal", "files", "[]"); got["error"] != "ratelimited" {
		t.Errorf("armed 429: got %v, want ratelimited", got)
	}
}

func only[T any](t *testing.T, all []T) T {
	t.Helper()
	if len(all) != 1 {
		t.Fatalf("got %d, want one of %+v", len(all), all)
	}
	return all[0]
}
