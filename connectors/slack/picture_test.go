package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

const (
	onePNG  = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR of a small picture"
	oneFile = "F0PICTURE1"
)

// gallery is a rig whose pictures can be read, with a Slack that takes files and looks at them at once.
type gallery struct {
	*rig
	sent atomic.Pointer[string] // the bytes of the last file
}

func newGallery(t *testing.T, open func(context.Context, flow.Ref) ([]byte, string, error), more ...string) *gallery {
	t.Helper()
	g := &gallery{rig: newRig(t, more...)}
	g.pictures.open, g.pictures.first = open, time.Millisecond
	g.api.on("files.getUploadURLExternal", say(fmt.Sprintf(`{"ok":true,"upload_url":"%s/upload/secret","file_id":%q}`, g.api.server.URL, oneFile)))
	g.api.on("upload", func(w http.ResponseWriter, c apiCall) {
		body := c.Args["body"]
		g.sent.Store(&body)
		ok(w, c)
	})
	g.api.on("files.completeUploadExternal", say(fmt.Sprintf(`{"ok":true,"files":[{"id":%q,"title":"x"}]}`, oneFile)))
	g.api.on("files.info", aboutFile("image/png"))
	return g
}

// aboutFile is what Slack says of a file; it says its type once it has looked at it.
func aboutFile(media string) func(http.ResponseWriter, apiCall) {
	return say(fmt.Sprintf(`{"ok":true,"file":{"id":%q,"mode":"hosted","mimetype":%q,"filetype":"png"}}`, oneFile, media))
}

func png(context.Context, flow.Ref) ([]byte, string, error) { return []byte(onePNG), "image/png", nil }

// withPicture is the card of the tests, with a picture, at a version.
func withPicture(version int64) flow.Effect {
	e := later(show(card()), version, fmt.Sprint("Title ", version))
	e.Show.View.Picture = &flow.Picture{Ref: flow.Ref{System: "figma", Type: "thumb", Key: "KEY/1"}, Alt: "Picture of v3 - <legal>"}
	return e
}

// imagesOf are the image blocks of a call, as they came over the wire.
func imagesOf(t *testing.T, c apiCall) []map[string]any {
	t.Helper()
	var blocks, out []map[string]any
	if err := json.Unmarshal([]byte(c.Args["blocks"]), &blocks); err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		if b["type"] == "image" {
			out = append(out, b)
		}
	}
	return out
}

func (g *gallery) shown(e flow.Effect) {
	g.t.Helper()
	if _, err := g.Do(g.t.Context(), e); err != nil {
		g.t.Fatalf("Do(%d): %v", e.Show.Version, err)
	}
}

// last is the newest call that shows something.
func (g *gallery) last() apiCall {
	g.t.Helper()
	g.api.mu.Lock()
	defer g.api.mu.Unlock()
	for _, c := range slices.Backward(g.api.calls) {
		if c.Method == opPost || c.Method == opUpdate {
			return c
		}
	}
	g.t.Fatal("nothing was shown")
	return apiCall{}
}

func (g *gallery) wants(t *testing.T, pictures int) {
	t.Helper()
	images := imagesOf(t, g.last())
	if len(images) != pictures {
		t.Fatalf("the card shows %d pictures, want %d: %s", len(images), pictures, g.last().Args["blocks"])
	}
	for _, b := range images {
		file, _ := b["slack_file"].(map[string]any)
		if file["id"] != oneFile || b["alt_text"] != "Picture of v3 - <legal>" || b["image_url"] != nil {
			t.Errorf("the picture is %v, want the file by its id and the words for it", b)
		}
	}
}

func TestPicture_PutThereOnceAndShownOnEveryCard(t *testing.T) {
	t.Parallel()
	g := newGallery(t, png)
	g.shown(withPicture(1))
	g.wants(t, 1)
	g.shown(withPicture(2))
	g.wants(t, 1)
	ask := withPicture(2)
	ask.Show.Purpose, ask.Show.At, ask.Show.To = "ask/2/Brand review/ana", flow.Ref{}, flow.Actor{Name: "ana"}
	g.shown(ask)
	g.wants(t, 1)
	if args := g.api.only("files.getUploadURLExternal").Args; args["filename"] != "picture.png" || args["length"] != fmt.Sprint(len(onePNG)) || *g.sent.Load() != onePNG {
		t.Errorf("announced as %v, sent %q", args, *g.sent.Load())
	}
	if args := g.api.only("files.completeUploadExternal").Args; len(args) != 1 || args["files"] != `[{"id":"F0PICTURE1","title":"Picture of v3 - \u003clegal\u003e"}]` {
		t.Errorf("completed with %v, want the file alone: it is shared nowhere", args)
	}
	g.api.only("files.info")
	if acc := g.accept(event(inThread("1760000050.000200", `,"subtype":"file_share","user":"U0BOT00001","bot_id":"B0BOT00001","text":"","files":[{"id":"F0PICTURE1","mode":"hosted"}]`))); acc.Ignored != ignoredOwn {
		t.Errorf("the event about it: %+v, want it known as our own", acc)
	}

	next := withPicture(3)
	next.Show.View.Picture.Ref.Key = "KEY/2"
	g.shown(next)
	if n := len(g.api.of("files.getUploadURLExternal")); n != 2 {
		t.Errorf("%d pictures were put there for two versions", n)
	}
}

// TestPicture_SurvivesARestart: what is shown already asks for nothing, and after a restart the file is known.
func TestPicture_SurvivesARestart(t *testing.T) {
	t.Parallel()
	g := newGallery(t, png)
	g.shown(withPicture(1))
	d := testDeps(g.keep, g.log)
	d.Picture = func(context.Context, flow.Ref) ([]byte, string, error) {
		t.Error("the picture is read again")
		return nil, "", errors.New("read again")
	}
	conn, err := New(decodeYAML(settingsYAML(g.api.base())), d)
	if err != nil {
		t.Fatal(err)
	}
	again := conn.(*Connector)
	again.known.Store(g.known.Load())
	for _, version := range []int64{1, 2} {
		if _, err := again.Do(t.Context(), withPicture(version)); err != nil {
			t.Fatal(err)
		}
	}
	g.wants(t, 1)
	g.api.only("files.getUploadURLExternal")
	g.api.only("chat.update")
}

// TestPicture_SlackLooksAtItFirst: no message names a file before Slack says what it is.
func TestPicture_SlackLooksAtItFirst(t *testing.T) {
	t.Parallel()
	g := newGallery(t, png)
	g.api.on("files.info", refuse("file_not_found"), aboutFile(""), aboutFile("image/png"))
	g.shown(withPicture(1))
	g.wants(t, 1)
	if n := len(g.api.of("files.info")); n != 3 {
		t.Errorf("Slack was asked %d times, want until it had looked", n)
	}
}

func TestPicture_NotInTimeIsShownLater(t *testing.T) {
	t.Parallel()
	g := newGallery(t, png)
	g.pictures.first = time.Hour
	g.shown(withPicture(1))
	g.wants(t, 0)
	g.pictures.first = time.Millisecond
	g.shown(withPicture(2))
	g.wants(t, 1)
	g.api.only("files.getUploadURLExternal")
}

// TestPicture_NeverHoldsUpACard: a source that hangs costs a card its time and no more.
func TestPicture_NeverHoldsUpACard(t *testing.T) {
	t.Parallel()
	free := make(chan struct{})
	t.Cleanup(func() { close(free) })
	g := newGallery(t, func(context.Context, flow.Ref) ([]byte, string, error) {
		<-free // whatever becomes of the caller
		return nil, "", errors.New("too late")
	})
	g.pictures.time = 20 * time.Millisecond
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			e := withPicture(1)
			e.Show.Purpose = fmt.Sprint("ask/2/Brand review/", i)
			if _, err := g.Do(t.Context(), e); err != nil {
				t.Errorf("Do: %v", err)
			}
		})
	}
	all.Wait()
	if n := len(g.api.of("chat.postMessage")); n != 4 {
		t.Errorf("%d cards were posted, want 4", n)
	}
	g.wants(t, 0)
}

func TestPicture_ManyCardsAtOncePutItThereOnce(t *testing.T) {
	t.Parallel()
	g := newGallery(t, png)
	g.pictures.time = patience
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			e := withPicture(1)
			e.Show.Purpose = fmt.Sprint("ask/2/Brand review/", i)
			if _, err := g.Do(t.Context(), e); err != nil {
				t.Errorf("Do: %v", err)
			}
		})
	}
	all.Wait()
	g.api.only("files.getUploadURLExternal")
	for _, c := range g.api.of("chat.postMessage") {
		if n := len(imagesOf(t, c)); n != 1 {
			t.Errorf("a card shows %d pictures, want 1", n)
		}
	}
}

// TestPicture_RefusedByAMessage: Slack does not take the picture, so the card is shown without; it is looked after before
// the next one.
func TestPicture_RefusedByAMessage(t *testing.T) {
	t.Parallel()
	refused := func(w http.ResponseWriter, c apiCall) {
		if strings.Contains(c.Args["blocks"], "slack_file") {
			say(`{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] invalid slack file [json-pointer:/blocks/1/slack_file]"]}}`)(w, c)
			return
		}
		say(`{"ok":true,"channel":"C0LAUNCH01","ts":"1760000100.000001"}`)(w, c)
	}
	g := newGallery(t, png)
	g.api.on("chat.postMessage", refused)
	g.api.on("chat.update", refused)
	g.shown(withPicture(1))
	g.wants(t, 0)
	g.shown(withPicture(2))
	g.wants(t, 0)
	g.api.only("files.getUploadURLExternal")

	g.api.on("chat.update", say(`{"ok":true,"channel":"C0LAUNCH01","ts":"1760000100.000001"}`))
	for i, gone := range []func(http.ResponseWriter, apiCall){refuse("file_deleted"), refuse("file_not_found"), say(`{"ok":true,"file":{"id":"F0PICTURE1","mode":"tombstone"}}`)} {
		g.keep.Note(g.hookOf(withPicture(3)).key, []byte(`{"id":"F0PICTURE1"}`))
		g.api.on("files.info", gone, aboutFile("image/png"))
		g.shown(withPicture(int64(i + 3)))
		g.wants(t, 1)
		if n := len(g.api.of("files.getUploadURLExternal")); n != i+2 {
			t.Errorf("after it was deleted it was put there %d times, want %d", n, i+2)
		}
	}
	g.api.on("chat.update", refuse("invalid_blocks"))
	if _, err := g.Do(t.Context(), withPicture(9)); codeOf(err) != "invalid_blocks" {
		t.Errorf("blocks that are refused without the picture too: %v, want the refusal", err)
	}
}

func TestPicture_WhatFailsIsLeftOut(t *testing.T) {
	t.Parallel()
	give := func(body string) func(context.Context, flow.Ref) ([]byte, string, error) {
		return func(context.Context, flow.Ref) ([]byte, string, error) { return []byte(body), "image/png", nil }
	}
	for name, tc := range map[string]struct {
		open   func(context.Context, flow.Ref) ([]byte, string, error)
		method string
		answer func(http.ResponseWriter, apiCall)
		calls  int // of files.getUploadURLExternal
	}{
		"the source":            {open: func(context.Context, flow.Ref) ([]byte, string, error) { return nil, "", errors.New("gone") }},
		"too large":             {open: give(onePNG + strings.Repeat("x", pictureMost))},
		"webp":                  {open: give("RIFF\x24\x00\x00\x00WEBPVP8 ")},
		"svg":                   {open: give(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`)},
		"empty":                 {open: give("")},
		"a page":                {open: give("<!DOCTYPE html><title>Sign in</title>")},
		"no address":            {open: png, method: "files.getUploadURLExternal", answer: refuse("internal_error"), calls: 1},
		"another host":          {open: png, method: "files.getUploadURLExternal", answer: say(`{"ok":true,"upload_url":"https://evil.example/u","file_id":"F1"}`), calls: 1},
		"limited":               {open: png, method: "files.getUploadURLExternal", answer: status(429, "Retry-After", "30"), calls: 1},
		"the bytes":             {open: png, method: "upload", answer: status(500), calls: 1},
		"not completed":         {open: png, method: "files.completeUploadExternal", answer: refuse("file_not_found"), calls: 1},
		"the answer is lost":    {open: png, method: "files.completeUploadExternal", answer: hangUp, calls: 1},
		"Slack cannot be asked": {open: png, method: "files.info", answer: status(502), calls: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGallery(t, tc.open)
			if tc.method != "" {
				g.api.on(tc.method, tc.answer)
			}
			g.shown(withPicture(1))
			g.wants(t, 0)
			if n := len(g.api.of("files.getUploadURLExternal")); n != tc.calls {
				t.Errorf("%d tries, want %d: one for a card", n, tc.calls)
			}
			if log := g.log.String(); !strings.Contains(log, "card shown without its picture") || strings.Contains(log, "/upload/secret") || strings.Contains(log, testToken) {
				t.Errorf("the log says %q, want why, and no secret", log)
			}
		})
	}
}

// TestPicture_WithoutTheScope: it is said once, and Slack is left alone for a while.
func TestPicture_WithoutTheScope(t *testing.T) {
	t.Parallel()
	g := newGallery(t, png)
	g.api.on("files.getUploadURLExternal", say(`{"ok":false,"error":"missing_scope","needed":"files:write","provided":"chat:write"}`))
	at := testNow()
	g.now = func() time.Time { return at }
	for version := range int64(3) {
		g.shown(withPicture(version + 1))
		g.wants(t, 0)
	}
	g.api.only("files.getUploadURLExternal")
	at = at.Add(2 * time.Hour)
	g.shown(withPicture(5))
	if n := len(g.api.of("files.getUploadURLExternal")); n != 2 {
		t.Errorf("%d tries after two hours, want 2: the app may have the scope by now", n)
	}
	if n := strings.Count(g.log.String(), "cards go without pictures"); n != 1 || !strings.Contains(g.log.String(), "files:write") {
		t.Errorf("it is said %d times, want once with the scope:\n%s", n, g.log)
	}
	i := slices.IndexFunc(g.Check(t.Context()), func(f connectors.Finding) bool {
		return f.What == "scope files:write" && f.Level == "warning" && strings.Contains(f.Text, "pictures of the work on cards") && f.Remedy != ""
	})
	if i < 0 {
		t.Errorf("Check says %+v, want the scope with what it is for", g.Check(t.Context()))
	}
}

// TestPicture_WithoutTheRightToAsk: a message is tried where files:read is lacking.
func TestPicture_WithoutTheRightToAsk(t *testing.T) {
	t.Parallel()
	g := newGallery(t, png)
	g.api.on("files.info", say(`{"ok":false,"error":"missing_scope","needed":"files:read"}`))
	g.shown(withPicture(1))
	g.wants(t, 1)
}

func TestPicture_SwitchedOff(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{"pictures: false", "files: false"} {
		g := newGallery(t, png, setting)
		g.shown(withPicture(1))
		g.wants(t, 0)
		if n := len(g.api.of("files.getUploadURLExternal")); n != 0 {
			t.Errorf("%s: %d pictures were put there", setting, n)
		}
	}
	g := newGallery(t, png, "files: false\npictures: true")
	g.shown(withPicture(1))
	g.wants(t, 1)
	g = newGallery(t, nil)
	g.shown(withPicture(1))
	g.wants(t, 0)
}

// TestPicture_InNothingElse: what is told, and links that are unfolded, show none.
func TestPicture_InNothingElse(t *testing.T) {
	t.Parallel()
	g := newGallery(t, png)
	v := withPicture(1).Show.View
	for _, e := range []flow.Effect{
		{ID: "CR-142/7/3", Request: "CR-142", Target: "slack", Tell: &flow.Tell{Where: ref("thread", threadKey), View: v}},
		{ID: "CR-142/7/4", Request: "CR-142", Target: "slack", Tell: &flow.Tell{To: []flow.Actor{{Ref: ref("user", testTeam+"/"+maya)}}, View: v}},
	} {
		if _, err := g.Do(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		g.wants(t, 0)
	}
}

func TestPicture_IsLaidOutWhereItFits(t *testing.T) {
	t.Parallel()
	g := newGallery(t, png)
	e := withPicture(1)
	e.Show.View.Picture.Alt = strings.Repeat("ä\n", 5000)
	s := g.renderWith(e, oneFile)
	lintMessage(t, "a long description", s)
	if i := slices.IndexFunc(asJSON(t, s.blocks).([]any), func(b any) bool { return b.(map[string]any)["type"] == "image" }); i != 1 {
		t.Errorf("the picture is block %d, want it behind title and facts", i)
	}
	for range 400 {
		e.Show.View.Facts = append(e.Show.View.Facts, flow.Fact{Label: "fact", Text: strings.Repeat("long ", 100)})
	}
	lintMessage(t, "a card that is full", g.renderWith(e, oneFile))
	e = withPicture(1)
	e.Show.View.Picture.Alt = " \u202e\n"
	lintMessage(t, "no description", g.renderWith(e, oneFile))
}

func TestManifest_ScopesOfFilesAndPictures(t *testing.T) {
	t.Parallel()
	on, off := true, false
	for _, tc := range []struct {
		files, pictures *bool
		want            []string
	}{
		{nil, nil, []string{"into the thread", "on cards"}}, {&on, &off, []string{"into the thread"}},
		{&off, &on, []string{"on cards"}}, {&off, nil, nil}, {&off, &off, nil},
	} {
		s := Settings{Files: tc.files, Pictures: tc.pictures}
		why := ""
		for _, sc := range s.scopes() {
			if sc.name == scopePictures {
				why = sc.why
			}
		}
		if len(tc.want) == 0 && why != "" {
			t.Errorf("files %v, pictures %v: asked for %s", tc.files, tc.pictures, why)
		}
		for _, want := range tc.want {
			if !strings.Contains(why, want) || strings.Count(why, "into the thread")+strings.Count(why, "on cards") != len(tc.want) {
				t.Errorf("files %v, pictures %v: %q, want %q", tc.files, tc.pictures, why, tc.want)
			}
		}
	}
}
