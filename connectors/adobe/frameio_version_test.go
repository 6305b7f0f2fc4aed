package adobe_test

import (
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

func TestFrameio_Versions(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	r.knows(file(fileA), flow.Version{ID: fileA})
	same(t, "ready", r.ring(t, "file.ready", fileA), "asset.changed file:d3075547…ddd2 [Hero.mp4]")
	r.site.save(fileB, folderA, "Hero final.mp4", begin())
	r.site.stack(stackA, fileA, fileB)
	events := r.ring(t, "file.versioned", fileB)
	same(t, "versioned", events, "asset.changed file:d3075547…ddd2 [v2 - Hero final.mp4]")
	if v := events[0].Versions[0]; v.ID != fileB || v.By.Ref != ref("user", evanID) || v.URL == "" || v.Thumb.Ref != ref("thumb", account+"/"+fileB) || v.Seq == "" {
		t.Errorf("version = %+v, want its file's id, its maker, address and picture", v)
	}
	same(t, "stack as resource", r.ring(t, "file.versioned", stackA), "asset.changed file:d3075547…ddd2 [v2 - Hero final.mp4]")
	r.site.with(func() { delete(r.site.files, fileA); r.site.stacks[stackA] = []string{fileB} })
	same(t, "the old version is deleted", r.ring(t, "file.deleted", fileA), "asset.changed file:d3075547…ddd2 [v1 - Hero final.mp4]")
	r.site.with(func() { delete(r.site.files, fileB); delete(r.site.stacks, stackA) })
	same(t, "all is deleted", r.ring(t, "file.deleted", fileA), "asset.gone file:d3075547…ddd2 why=deleted")
	r.site.save("b2075547-4e64-45f0-ad12-d075660eddd2", folderA, "Other.mp4", begin())
	same(t, "another file", r.ring(t, "file.ready", "b2075547-4e64-45f0-ad12-d075660eddd2"))
}

// TestFrameio_AfterApproval: the request that a file was approved in hears of a version in its stack, and of nothing else.
func TestFrameio_AfterApproval(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	r.approved(file(fileA), flow.Version{ID: fileA})
	r.site.save(fileB, folderA, "Hero final.mp4", begin())
	r.site.stack(stackA, fileA, fileB)
	same(t, "a version after the approval", r.ring(t, "file.versioned", fileB), "asset.changed file:d3075547…ddd2 [v2 - Hero final.mp4]")
	r.site.say(fileB, c1, "", evanID, "Too dark")
	same(t, "a comment after the approval", r.ring(t, "comment.created", c1))
}

// TestFrameio_OlderFileOnTop: what a stack shows is what is decided on, however old it is; what is still on its way is not.
func TestFrameio_OlderFileOnTop(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	r.knows(file(fileA), flow.Version{ID: fileA, Seq: "20261120080000.000000/" + fileA})
	r.site.save(fileB, folderA, "Hero old.mp4", begin().Add(-48*time.Hour))
	r.site.stack(stackA, fileA, fileB)
	events := r.ring(t, "file.versioned", fileB)
	same(t, "older on top", events, "asset.changed file:d3075547…ddd2 [v2 - Hero old.mp4]")
	if got := events[0].Versions[0].Seq; got <= "20261120080000.000000/"+fileA {
		t.Errorf("its place is %q, want it after the one below", got)
	}
	r.site.with(func() { r.site.files[fileB]["status"] = "created" })
	same(t, "still on its way", r.ring(t, "file.versioned", fileB), "asset.changed file:d3075547…ddd2 [v1 - Hero.mp4]")
}

// TestFrameio_NewerTakenAway: where the newest version is taken out of the stack, the one below is decided on again.
func TestFrameio_NewerTakenAway(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	r.site.save(fileB, folderA, "Hero final.mp4", begin())
	r.site.stack(stackA, fileA, fileB)
	second := r.look(t, flow.Asset{Ref: file(fileA)})
	r.site.with(func() { r.site.stacks[stackA] = []string{fileA}; delete(r.site.files, fileB) })
	first := r.look(t, flow.Asset{Ref: file(fileA), Versions: []flow.Version{second}})
	again := r.look(t, flow.Asset{Ref: file(fileA), Versions: []flow.Version{second, first}})
	if second.ID != fileB || first.ID != fileA || first.Seq <= second.Seq || again.ID != fileA || again.Seq != first.Seq {
		t.Errorf("versions %q at %q, then %q at %q and %q, want the first one after the second, and there to stay", second.ID, second.Seq, first.ID, first.Seq, again.ID)
	}
}

// look is the newest version as a look reads it.
func (r *rig) look(t *testing.T, a flow.Asset) flow.Version {
	t.Helper()
	events, err := r.Look(t.Context(), a, begin())
	if err != nil || len(events) == 0 || len(events[0].Versions) == 0 {
		t.Fatalf("Look = %v, %v, want a version", short(events), err)
	}
	return events[0].Versions[len(events[0].Versions)-1]
}

func TestFrameio_Look(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	r.knows(file(fileA), flow.Version{ID: fileA})
	asset := flow.Asset{Ref: file(fileA), Versions: []flow.Version{{ID: fileA}}}
	m := r.site.say(fileA, c1, "", evanID, "Larger logo")
	r.site.say(fileA, c2, c1, evanID, "Agreed")
	look := func(what string, since time.Time, want ...string) []flow.Event {
		t.Helper()
		events, err := r.Look(t.Context(), asset, since)
		if err != nil {
			t.Fatalf("%s: Look: %v", what, err)
		}
		same(t, what, events, want...)
		return events
	}
	const version = "asset.changed file:d3075547…ddd2 [Hero.mp4]"
	first := look("first", begin(), version, "comment.added file:d3075547…ddd2 said c0000000…1 “Larger logo” point=yes",
		"comment.added file:d3075547…ddd2 said c0000000…2 “Agreed” point=yes below=c0000000…1")
	if reply := first[len(first)-1]; reply.Actor.Ref != ref("user", evanID) {
		t.Errorf("the reply is by %v, want who wrote it", reply.Actor)
	}
	r.site.say(fileA, c4, "", evanID, "Smaller logo")
	r.site.say(fileA, c3, c4, evanID, "Done")
	look("an answer in the same instant", begin(), version, "comment.added file:d3075547…ddd2 said c0000000…1 “Larger logo” point=yes",
		"comment.added file:d3075547…ddd2 said c0000000…4 “Smaller logo” point=yes", "comment.added file:d3075547…ddd2 said c0000000…2 “Agreed” point=yes below=c0000000…1",
		"comment.added file:d3075547…ddd2 said c0000000…3 “Done” point=yes below=c0000000…4")
	r.site.with(func() { r.site.comments[fileA] = r.site.comments[fileA][:1] })
	later := begin().Add(time.Second)
	look("nothing new", later, version, "comment.removed file:d3075547…ddd2 said c0000000…3", "comment.removed file:d3075547…ddd2 said c0000000…4")
	r.site.with(func() {
		m["text"], m["updated_at"], m["completed_at"] = "Much larger logo", "2026-11-20T09:03:00Z", "2026-11-20T09:04:00Z"
	})
	look("edited and completed", later, version, "comment.edited file:d3075547…ddd2 said c0000000…1 “Much larger logo” point=yes",
		"point.resolved file:d3075547…ddd2 said c0000000…1 state=resolved")
	r.site.with(func() { r.site.comments[fileA] = nil })
	look("removed", later, version, "comment.removed file:d3075547…ddd2 said c0000000…1", "comment.removed file:d3075547…ddd2 said c0000000…2")
	r.site.with(func() { delete(r.site.files, fileA) })
	look("gone", later, "asset.gone file:d3075547…ddd2 why=deleted")
	r.site.with(func() { r.site.wrong, r.site.token = true, "another" })
	if _, err := r.Look(t.Context(), asset, later); connectors.ClassOf(err) != connectors.Denied {
		t.Errorf("Look with credentials that are not taken = %v, want them denied, and no file gone", err)
	}
}

func TestFrameio_Recognize(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	for address, want := range map[string]string{
		"https://next.frame.io/project/" + project + "/view/" + fileA:             fileA,
		"<https://next.frame.io/project/" + project + "/view/" + fileA + "|Hero>": fileA,
		"https://next.frame.io/share/" + project + "/view/" + fileA + "?a=1#t":    fileA,
		"https://app.frame.io/player/" + strings.ToUpper(fileA):                   fileA,
		"https://app.frame.io/reviews/" + project + "/" + fileA:                   fileA,
		"https://next.frame.io/project/" + project:                                "",
		"https://next.frame.io/project/" + project + "/" + folderA:                "",
		"https://f.io/AbC12": "",
		"https://next.frame.io.evil.example/project/" + project + "/view/" + fileA:  "",
		"https://evil@next.frame.io/project/" + project + "/view/" + fileA:          "",
		"https://next.frame.io:8443/project/" + project + "/view/" + fileA:          "",
		"ftp://next.frame.io/project/" + project + "/view/" + fileA:                 "",
		"https://assets.adobe.com/id/urn:aaid:sc:US:" + fileA:                       "",
		"https://next.frame.io/project/" + project + "/view/" + fileA + "/../../me": "",
	} {
		a, ok := r.Recognize(address)
		if ok != (want != "") || ok && a.Ref != file(want) {
			t.Errorf("Recognize(%q) = %v, %v, want %q", address, a.Ref, ok, want)
		}
	}
}

func TestFrameio_RecognizeSiteOfOurOwn(t *testing.T) {
	t.Parallel()
	const own = "http://127.0.0.1:3000/demo/frameio/project/"
	r := connect(t, strings.Replace(settings, "frameio:\n", "frameio:\n  site_url: http://127.0.0.1:3000/demo/frameio\n", 1))
	for address, want := range map[string]string{
		own + project + "/view/" + fileA + "?a=1":                         own + project + "/view/" + fileA,
		"https://next.frame.io/project/" + project + "/view/" + fileA:     "https://next.frame.io/project/" + project + "/view/" + fileA,
		"http://127.0.0.1:3000/project/" + project + "/view/" + fileA:     "",
		"http://127.0.0.1:3001/demo/frameio/project/x/view/" + fileA:      "",
		"http://127.0.0.1:3000/demo/frameio.evil/project/x/view/" + fileA: "",
	} {
		if a, ok := r.Recognize(address); a.URL != want || ok != (want != "") {
			t.Errorf("Recognize(%q) = %q, %v, want %q", address, a.URL, ok, want)
		}
	}
}

func TestFrameio_PictureWithoutToken(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	if _, _, err := r.Open(t.Context(), ref("thumb", account+"/"+fileA)); connectors.ClassOf(err) != connectors.Rejected {
		t.Errorf("Open without a picture = %v, want it rejected", err)
	}
	r.site.with(func() { r.site.pictures[fileA] = []byte("\x89PNG\r\n\x1a\n0000") })
	body, m, err := r.Open(t.Context(), ref("thumb", account+"/"+fileA))
	if err != nil || m.Type != "image/png" || m.Size != 12 {
		t.Fatalf("Open = %+v, %v, want the picture", m, err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
}
