package slack

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

const smallPNG = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR small"

// sent puts a file of the app into the workspace and shares it nowhere.
func (w *world) sent(name, data string) string {
	w.t.Helper()
	a := w.ok("files.getUploadURLExternal", "filename", name, "length", fmt.Sprint(len(data)))
	resp, err := http.Post(str(a, "upload_url"), "application/octet-stream", strings.NewReader(data))
	if err != nil {
		w.t.Fatal(err)
	}
	resp.Body.Close()
	done := w.ok("files.completeUploadExternal", "files", `[{"id":"`+str(a, "file_id")+`","title":"Picture"}]`)
	if f := obj(list(done["files"])[0]); f["mimetype"] != "" {
		w.t.Errorf("completed: got %v, want nothing said yet of what it is", f)
	}
	return str(a, "file_id")
}

// known is sent, once Slack has looked at the file.
func (w *world) known(name, data string) string {
	w.t.Helper()
	id := w.sent(name, data)
	err := w.Wait(w.t.Context(), func(*Server) bool { return str(obj(w.ok("files.info", "file", id)["file"]), "mimetype") != "" })
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func imageBlocks(file string) string {
	return `[{"type":"image","slack_file":{` + file + `},"alt_text":"Picture of <v3>"}]`
}

func TestPictures_WhatABlockMayShow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.LookAfter = time.Millisecond })
	png, text := w.known("v3.png", smallPNG), w.known("notes.txt", "hello")
	ravis := say(t, w, Post{User: ravi, Channel: legal, Files: []Upload{{Name: "secret.png", Data: []byte(smallPNG)}}})
	secret := only(t, w.Messages(legal)[0].Files).ID
	address := str(obj(w.ok("files.info", "file", png)["file"]), "url_private")
	for name, tc := range map[string]struct{ file, want string }{
		"by its id":             {`"id":"` + png + `"`, ""},
		"by its address":        {`"url":"` + address + `"`, ""},
		"no picture":            {`"id":"` + text + `"`, "invalid slack file [json-pointer:/blocks/0/slack_file]"},
		"not the app's to see":  {`"id":"` + secret + `"`, "invalid slack file"},
		"no such file":          {`"id":"F0NOWHERE1"`, "invalid slack file"},
		"no id":                 {`"id":"x"`, "input must match regex pattern: ^[F][A-Z0-9]{8,}$ [json-pointer:/blocks/0/slack_file/id]"},
		"both":                  {`"id":"` + png + `","url":"` + address + `"`, "must define either `id` or `url`"},
		"nothing":               {``, "must define either `id` or `url`"},
		"an address of another": {`"url":"https://evil.example/a.png"`, "invalid slack file"},
	} {
		got := w.call("chat.postMessage", "channel", launch, "text", "card", "blocks", imageBlocks(tc.file))
		if ok := tc.want == ""; got["ok"] != ok || !ok && (got["error"] != "invalid_blocks" || !strings.Contains(fmt.Sprint(got["response_metadata"]), tc.want)) {
			t.Errorf("%s (%s): got %v, want %q", name, ravis, got, tc.want)
		}
	}
	inside := strings.ReplaceAll(`[{"type":"section","text":{"type":"mrkdwn","text":"x"},"accessory":{"type":"image","slack_file":{"id":"F"},"alt_text":"x"}},{"type":"context","elements":[{"type":"image","slack_file":{"id":"F"},"alt_text":"x"}]}]`, `"F"`, `"`+png+`"`)
	w.ok("chat.postMessage", "channel", launch, "text", "card", "blocks", inside)
	if got := w.call("chat.postMessage", "channel", launch, "text", "card", "blocks", strings.ReplaceAll(inside, png, text)); got["error"] != "invalid_blocks" {
		t.Errorf("an element that shows no picture: got %v", got)
	}
}

// TestPictures_ShownOnlyOnceSlackKnowsThem: a file that was just sent cannot be named yet.
func TestPictures_ShownOnlyOnceSlackKnowsThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.LookAfter = time.Hour })
	id := w.sent("v3.png", smallPNG)
	if got := w.call("chat.postMessage", "channel", launch, "text", "card", "blocks", imageBlocks(`"id":"`+id+`"`)); got["error"] != "invalid_blocks" {
		t.Errorf("named too early: got %v, want invalid_blocks", got)
	}
	if f := obj(w.ok("files.info", "file", id)["file"]); f["mimetype"] != "" || f["filetype"] != "" {
		t.Errorf("files.info: got %v, want nothing said of what it is", f)
	}
}

func TestPages_Pictures(t *testing.T) {
	t.Parallel()
	b := browser(t, maya)
	id := b.known("v3.png", smallPNG)
	path := "/demo/slack/u/" + maya + "/file/" + id
	if resp, err := http.Get(b.site.URL + path); err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("a picture that stands nowhere: %v %v, want 404", resp, err)
	}
	b.ok("chat.postMessage", "channel", launch, "text", "card", "blocks", imageBlocks(`"id":"`+id+`"`))
	wantIn(t, b.get(b.here()), `<img class="shot" src="`+path+`" alt="Picture of &lt;v3&gt;">`)
	if got := b.get(path); got != smallPNG {
		t.Errorf("the picture is %q, want its bytes", got)
	}
	b.ok("chat.postMessage", "channel", launch, "text", "card", "blocks", `[{"type":"image","image_url":"https://lumen.example/a.png","alt_text":"From elsewhere"}]`)
	page := b.get(b.here())
	wantIn(t, page, "From elsewhere")
	if strings.Contains(page, "lumen.example/a.png") {
		t.Error("the page loads a picture from elsewhere")
	}
	if err := b.DeleteFileAs("U0SIGNOFF1", id); err != nil {
		t.Fatal(err)
	}
	wantIn(t, b.get(b.here()), "This picture was deleted. Picture of &lt;v3&gt;")
}
