package adobe_test

import (
	"context"
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
	reply.Tell.View.Status = flow.InReview
	if _, err := r.Do(t.Context(), reply); err != nil {
		t.Fatalf("Do: %v", err)
	}
	r.site.with(func() {
		if n := len(r.site.comments[fileA]); n != 2 || r.site.comments[fileA][1]["timestamp"] != 48.0 {
			t.Errorf("%d comments on the version, the last at %v, want the answer at 48", n, r.site.comments[fileA][n-1]["timestamp"])
		}
		if got := r.site.status[fileB]; got != "Needs Review" {
			t.Errorf("answered below the older version, the status of the newest is %q, want Needs Review", got)
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
