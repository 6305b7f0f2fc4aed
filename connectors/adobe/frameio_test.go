package adobe_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/internal/flow"
)

func status(err error) int {
	if r, ok := err.(*connectors.Refusal); ok { //nolint:errorlint // exactly this type crosses the boundary
		return r.Status
	}
	return 0
}

// TestFrameio_PublishedSignature holds the example that Frame.io's rules of signing give.
func TestFrameio_PublishedSignature(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	in := connectors.Inbound{
		Method: http.MethodPost, Rest: "frameio/made", At: time.Unix(1763800000, 0),
		Body: []byte(`{"account":{"id":"6f70f1bd-7e89-4a7e-b4d3-7e576585a181"},"project":{"id":"7e46e495-4444-4555-8649-bee4d391a997"},"resource":{"id":"d3075547-4e64-45f0-ad12-d075660eddd2","type":"file"},"type":"file.ready","user":{"id":"56556a3f-859f-4b38-b6c6-e8625b5da8a5"},"workspace":{"id":"378fcbf7-6f88-4224-8139-6a743ed940b2"}}`),
		Header: http.Header{
			"Content-Type": {"application/json"}, "X-Frameio-Request-Timestamp": {"1763800000"},
			"X-Frameio-Signature": {"v0=20d479b00feea2bc2c5c344e72ae0dc73ff47af4187520a7d57266696f3fe4ef"},
		},
	}
	acc, err := r.Accept(in)
	if err != nil || acc.Kind != "frameio:file.ready" || acc.Secret != "current" {
		t.Fatalf("Accept = %+v, %v, want file.ready, signed with the current secret", acc, err)
	}
	for i := range in.Body {
		altered := in
		altered.Body = append([]byte(nil), in.Body...)
		altered.Body[i] ^= 1
		if _, err := r.Accept(altered); status(err) != 401 {
			t.Fatalf("with byte %d altered: Accept = %v, want 401", i, err)
		}
	}
}

// TestFrameio_ASecretCountsAtItsAddress: T11. One secret that leaked signs for nothing but what it was made for.
func TestFrameio_ASecretCountsAtItsAddress(t *testing.T) {
	t.Parallel()
	const first, second = "fio-secret-of-the-first", "fio-secret-of-the-second"
	r := connect(t, strings.Replace(settings, "{made: "+signing+"}", "{one: "+first+", two: "+second+"}", 1))
	for at, want := range map[string]map[string]int{
		"one": {first: 0, second: 401}, "two": {first: 401, second: 0}, "action/two": {first: 401, second: 0},
		"": {first: 404, second: 404}, "three": {first: 404, second: 404},
	} {
		for secret, status1 := range want {
			in := sign(at, secret, begin(), event("file.ready", fileA))
			if _, err := r.Accept(in); status(err) != status1 {
				t.Errorf("at %q signed with %s: Accept = %v, want status %d", at, secret, err, status1)
			}
		}
	}
}

func TestFrameio_Refuses(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	body := event("file.ready", fileA)
	for name, c := range map[string]struct {
		change func(*connectors.Inbound)
		want   int
	}{
		"300 s old":           {func(in *connectors.Inbound) { in.At = begin().Add(300 * time.Second) }, 0},
		"301 s old":           {func(in *connectors.Inbound) { in.At = begin().Add(301 * time.Second) }, 401},
		"301 s ahead":         {func(in *connectors.Inbound) { in.At = begin().Add(-301 * time.Second) }, 401},
		"negative time":       {func(in *connectors.Inbound) { in.Header.Set("X-Frameio-Request-Timestamp", "-1") }, 401},
		"time too long":       {func(in *connectors.Inbound) { in.Header.Set("X-Frameio-Request-Timestamp", "1763800000000") }, 401},
		"time in other marks": {func(in *connectors.Inbound) { in.Header.Set("X-Frameio-Request-Timestamp", "١٧٦٣٨٠٠٠٠٠") }, 401},
		"no time":             {func(in *connectors.Inbound) { in.Header.Del("X-Frameio-Request-Timestamp") }, 401},
		"two signatures": {func(in *connectors.Inbound) {
			in.Header["X-Frameio-Signature"] = append(in.Header["X-Frameio-Signature"], in.Header.Get("X-Frameio-Signature"))
		}, 401},
		"upper case": {func(in *connectors.Inbound) {
			in.Header.Set("X-Frameio-Signature", strings.ToUpper(in.Header.Get("X-Frameio-Signature")))
		}, 401},
		"v0 twice": {func(in *connectors.Inbound) {
			in.Header.Set("X-Frameio-Signature", "v0="+in.Header.Get("X-Frameio-Signature"))
		}, 401},
		"cut": {func(in *connectors.Inbound) {
			in.Header.Set("X-Frameio-Signature", in.Header.Get("X-Frameio-Signature")[:40])
		}, 401},
		"another name":       {func(in *connectors.Inbound) { in.Rest = "frameio/other-name" }, 404},
		"an action":          {func(in *connectors.Inbound) { in.Rest = "frameio/action/made" }, 0},
		"a path":             {func(in *connectors.Inbound) { in.Rest = "frameio/a/b" }, 404},
		"a strange address":  {func(in *connectors.Inbound) { in.Rest = "frameio/" + strings.Repeat("ab", 20) }, 404},
		"no door":            {func(in *connectors.Inbound) { in.Rest = "" }, 0},
		"no door, unsigned":  {func(in *connectors.Inbound) { in.Rest = ""; in.Header.Del("X-Frameio-Signature") }, 404},
		"a part left out":    {func(in *connectors.Inbound) { in.Rest = "io/x" }, 404},
		"wrong method":       {func(in *connectors.Inbound) { in.Method = http.MethodPut }, 405},
		"wrong content type": {func(in *connectors.Inbound) { in.Header.Set("Content-Type", "text/plain") }, 415},
		"too large":          {func(in *connectors.Inbound) { in.Body = make([]byte, 1<<20+1) }, 413},
		"another account": {func(in *connectors.Inbound) {
			*in = sign("made", signing, begin(), bytes.ReplaceAll(body, []byte(account), []byte("11111111-1111-4111-8111-111111111111")))
		}, 401},
	} {
		in := sign("made", signing, begin(), body)
		c.change(&in)
		if _, err := r.Accept(in); status(err) != c.want {
			t.Errorf("%s: Accept = %v, want status %d", name, err, c.want)
		}
	}
	for name, c := range map[string]struct{ body, ignored, malformed string }{
		"unknown event":   {`{"type":"share.viewed","resource":{"id":"x"}}`, "not use", ""},
		"upload begun":    {string(event("file.created", fileA)), "ready", ""},
		"legacy":          {`{"type":"asset.ready","resource":{"id":"x","type":"asset"},"team":{"id":"t"}}`, "legacy", ""},
		"without a file":  {`{"type":"file.ready"}`, "", "names no file"},
		"cut":             {`{"type":"file.ready"`, "", "malformed"},
		"a key twice":     {`{"type":"file.ready","type":"x"}`, "", "twice"},
		"a path as an id": {`{"type":"file.ready","resource":{"id":"../../me","type":"file"}}`, "", "names no file"},
	} {
		acc, err := r.Accept(sign("made", signing, begin(), []byte(c.body)))
		if err != nil || !strings.Contains(acc.Ignored, c.ignored) || !strings.Contains(acc.Malformed, c.malformed) || (acc.Ignored == "") == (acc.Malformed == "") {
			t.Errorf("%s: Accept = ignored %q, malformed %q, %v, want it kept as %q%q", name, acc.Ignored, acc.Malformed, err, c.ignored, c.malformed)
		}
	}
}

// TestFrameio_SameDelivery: what was signed once is one delivery, however often it comes.
func TestFrameio_SameDelivery(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	one, err := r.Accept(sign("made", signing, begin(), event("file.ready", fileA)))
	again, err2 := r.Accept(sign("made", signing, begin(), event("file.ready", fileA)))
	later, err3 := r.Accept(sign("made", signing, begin().Add(time.Second), event("file.ready", fileA)))
	if err != nil || err2 != nil || err3 != nil || one.ID != again.ID || one.ID == later.ID {
		t.Errorf("ids %q, %q, %q (%v, %v, %v), want the first two alike", one.ID, again.ID, later.ID, err, err2, err3)
	}
}

const (
	c1 = "c0000000-0000-4000-8000-000000000001"
	c2 = "c0000000-0000-4000-8000-000000000002"
	c3 = "c0000000-0000-4000-8000-000000000003"
	c4 = "c0000000-0000-4000-8000-000000000004"
)

// short is an event in a line.
func short(list []flow.Event) []string {
	var out []string
	for _, ev := range list {
		line := string(ev.Kind) + " " + ev.Subject.Type + ":" + tail(ev.Subject.Key)
		if !ev.Said.Zero() {
			line += " said " + tail(ev.Said.Key)
		}
		if s := strings.TrimSpace(ev.Body.String()); s != "" {
			line += " “" + s + "”"
		}
		for _, name := range []string{"title", "type", "point", "state", "automatic", "why", "receipt"} {
			if v := ev.Field(name); v != "" {
				line += " " + name + "=" + v
			}
		}
		if v := ev.Field("below"); v != "" {
			line += " below=" + tail(v)
		}
		for _, v := range ev.Versions {
			line += " [" + v.Name + "]"
		}
		if ev.Echo {
			line += " echo"
		}
		out = append(out, line)
	}
	return out
}

// tail is the end of a key by which the tests know a thing.
func tail(key string) string {
	key = key[strings.LastIndexByte(key, '/')+1:]
	if len(key) > 12 {
		return strings.TrimLeft(key[:8], "0") + "…" + strings.TrimLeft(key[len(key)-4:], "0")
	}
	return key
}

func same(t *testing.T, what string, got []flow.Event, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, short(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestFrameio_Comments(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	r.knows(file(fileA))
	m := r.site.say(fileA, c1, "", evanID, "The logo is too small")
	events := r.ring(t, "comment.created", c1)
	same(t, "comment", events, "comment.added file:d3075547…ddd2 said c0000000…1 “The logo is too small” point=yes")
	if ev := events[0]; ev.Actor.Ref != ref("user", evanID) || ev.Actor.Shown != "Evan Wallace" || !ev.Sent.Equal(begin()) || ev.Links[0].URL == "" {
		t.Errorf("comment = %+v, want who, when and where", ev)
	}
	r.site.say(fileA, c2, c1, evanID, "Agreed")
	same(t, "reply", r.ring(t, "comment.created", c2), "comment.added file:d3075547…ddd2 said c0000000…2 “Agreed” point=yes below=c0000000…1")
	r.site.with(func() { m["text"], m["updated_at"] = "The logo is far too small", "2026-11-20T09:01:00Z" })
	edited := r.ring(t, "comment.updated", c1)
	same(t, "edit", edited, "comment.edited file:d3075547…ddd2 said c0000000…1 “The logo is far too small” point=yes")
	if want := begin().Add(time.Minute); !edited[0].Sent.Equal(want) {
		t.Errorf("edit sent %v, want %v", edited[0].Sent, want)
	}
	r.site.with(func() { m["completed_at"] = "2026-11-20T09:02:00Z" })
	same(t, "completed", r.ring(t, "comment.completed", c1), "point.resolved file:d3075547…ddd2 said c0000000…1 state=resolved")
	r.site.with(func() { m["completed_at"] = nil })
	same(t, "opened again", r.ring(t, "comment.uncompleted", c1), "point.resolved file:d3075547…ddd2 said c0000000…1 state=open")
	r.site.with(func() { r.site.comments[fileA] = nil })
	same(t, "removed", r.ring(t, "comment.deleted", c1), "comment.removed file:d3075547…ddd2 said c0000000…1")
	same(t, "never known", r.ring(t, "comment.deleted", "c9999999-0000-4000-8000-000000000009"))
}

func TestFrameio_Mention(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	r.Ask(inquiry{})
	r.site.say(fileA, c1, "", evanID, "@signoff Final cut for legal\nplease until Friday")
	r.site.say(fileA, c2, "", evanID, "just words to nobody@signoff.example")
	events := r.ring(t, "comment.created", c1)
	same(t, "mention", events, "request.submitted comment:c0000000…1 said c0000000…1 “@signoff Final cut for legal\nplease until Friday” title=Final cut for legal")
	ev := events[0]
	if ev.Field("source") != "adobe" || ev.Field("file") != "Hero.mp4" || len(ev.Assets) != 1 || ev.Assets[0].Ref != file(fileA) || len(ev.Assets[0].Versions) != 1 ||
		ev.Links[0].Purpose != "thread" || ev.Links[0].Ref != commentAt(fileA, c1) {
		t.Errorf("request = %+v, want its file with its version, and the comment as its thread", ev)
	}
	same(t, "no mention", r.ring(t, "comment.created", c2))
}

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

// TestFrameio_NotReadIsListed: what names things that could not be read is no event, and not forgotten.
func TestFrameio_NotReadIsListed(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	acc, err := r.Accept(sign("made", signing, begin(), event("comment.created", c1)))
	if err != nil {
		t.Fatal(err)
	}
	d := flow.Delivery{ID: "adobe/" + acc.ID, Kind: acc.Kind, At: begin(), Body: event("comment.created", c1)}
	if _, err := r.Enrich(t.Context(), d); connectors.ClassOf(err) != connectors.Transient {
		t.Errorf("Enrich of a comment that is not there yet = %v, want to come again", err)
	}
	if events, err := r.Parse(d); err == nil {
		t.Errorf("Parse = %v, want a reason to replay it", short(events))
	}
	r.clock.Advance(time.Minute)
	learned, err := r.Enrich(t.Context(), d)
	if err != nil {
		t.Fatalf("Enrich later: %v", err)
	}
	d.Learned = learned
	if events, err := r.Parse(d); err != nil || len(events) != 0 {
		t.Errorf("Parse = %v, %v, want nothing", short(events), err)
	}
}

const withStatus = settings + `  status: {field: status, approved: Approved, in_review: Needs Review}
  workspaces: [` + workspace + `]
  projects: [` + project + `]
`

func TestFrameio_StatusIsShownAndNoVote(t *testing.T) {
	t.Parallel()
	r := connect(t, withStatus)
	r.knows(file(fileA))
	r.site.with(func() { r.site.status[fileA] = "Approved" })
	same(t, "status", r.ring(t, "metadata.value.updated", fileA), "comment.added file:d3075547…ddd2 said "+statusTail(r)+" “Status in Frame.io: Approved” automatic=yes")
	same(t, "nothing new", r.ring(t, "metadata.value.updated", fileA))
	r2 := r.again(t, settings)
	r2.knows(file(fileA))
	same(t, "no field named", r2.ring(t, "metadata.value.updated", fileA))
}

// statusTail is how the tests see the place of a status at the beginning of time.
func statusTail(r *rig) string {
	return tail(sum12("Approved\n" + r.clock.Now().UTC().Format(time.RFC3339Nano)))
}

func TestFrameio_WritesBack(t *testing.T) {
	t.Parallel()
	r := connect(t, withStatus)
	r.knows(file(fileA))
	r.site.save(fileB, folderA, "Hero final.mp4", begin())
	r.site.stack(stackA, fileA, fileB)
	r.site.say(fileA, c1, "", evanID, "@signoff please")
	e := tell("CR-142/9/1", file(fileA), "Approved by Ana.")
	e.Tell.View.Status = flow.Approved
	e.Tell.View.Points = []flow.Point{{Number: 1, Note: plain("Larger logo")}}
	links, err := r.Do(t.Context(), e)
	if err != nil || len(links) != 1 || links[0].Ref.Type != "comment" {
		t.Fatalf("Do = %+v, %v, want a comment", links, err)
	}
	var words string
	r.site.with(func() { words = r.site.comments[fileB][0]["text"].(string) })
	if want := "Approved by Ana.\n1. Larger logo\nhttps://signoff.lumen.example/requests/CR-142\nsignoff ref "; !strings.HasPrefix(words, want) {
		t.Errorf("the newest version has the comment %q, want %q…", words, want)
	}
	r.site.with(func() {
		if got := r.site.status[fileB]; got != "Approved" {
			t.Errorf("the status is %q, want Approved", got)
		}
	})
	same(t, "our own status", r.ring(t, "metadata.value.updated", fileB))
	same(t, "our own comment", r.ring(t, "comment.created", tailID(links[0].Ref.Key)),
		"comment.added file:d3075547…ddd2 said "+tail(links[0].Ref.Key)+" “"+strings.TrimSpace(words)+"” echo")
	reply := tell("CR-142/9/2", commentAt(fileA, c1), "It is being looked at.")
	if _, err := r.Do(t.Context(), reply); err != nil {
		t.Fatalf("Do: %v", err)
	}
	r.site.with(func() {
		if n := len(r.site.comments[fileA]); n != 2 || r.site.comments[fileA][1]["timestamp"] != 48.0 {
			t.Errorf("%d comments on the version, the last at %v, want the answer at 48", n, r.site.comments[fileA][n-1]["timestamp"])
		}
	})
	for name, e := range map[string]flow.Effect{
		"privately": {ID: "CR-142/9/3", Tell: &flow.Tell{Private: true, Where: file(fileA)}},
		"a card":    {ID: "CR-142/9/4", Show: &flow.Show{At: file(fileA), View: flow.View{Kind: flow.CardView}}},
		"elsewhere": {ID: "CR-142/9/5", Tell: &flow.Tell{Where: ref("file", "another/"+fileA)}},
	} {
		if _, err := r.Do(t.Context(), e); connectors.ClassOf(err) != connectors.Rejected {
			t.Errorf("%s: Do = %v, want it rejected", name, err)
		}
	}
}

func tailID(key string) string { return key[strings.LastIndexByte(key, '/')+1:] }

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

func TestFrameio_MissedMentions(t *testing.T) {
	t.Parallel()
	r := connect(t, withStatus)
	r.Ask(inquiry{})
	var got []connectors.Inbound
	answer := 200
	poll := func() {
		t.Helper()
		_, err := r.Poll(t.Context(), func(_ context.Context, in connectors.Inbound) connectors.Reply {
			got = append(got, in)
			return connectors.Reply{Status: answer}
		})
		if err != nil {
			t.Fatalf("Poll: %v", err)
		}
	}
	r.site.say(fileA, c1, "", evanID, "@signoff from before")
	r.clock.Advance(time.Hour)
	poll()
	r.clock.Advance(15 * time.Minute)
	r.site.say(fileA, c2, "", evanID, "@signoff that no webhook told of")
	answer = 503
	poll()
	answer = 200
	r.clock.Advance(15 * time.Minute)
	poll()
	if len(got) != 2 || string(got[0].Body) != string(got[1].Body) || !got[1].Trusted {
		t.Fatalf("delivered %d, want the second comment twice: it was not stored at first", len(got))
	}
	_, events := r.take(t, got[1])
	same(t, "read", events, "request.submitted comment:c0000000…2 said c0000000…2 “@signoff that no webhook told of” title=that no webhook told of")
	r.clock.Advance(15 * time.Minute)
	if poll(); len(got) != 2 {
		t.Errorf("delivered %d after it was stored, want no more", len(got))
	}
}
