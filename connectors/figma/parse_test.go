package figma_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// TestComment_AsksForARequest: a comment with the mention in a file that no request is about.
func TestComment_AsksForARequest(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.Ask(inquiry{})
	c.site.say(fileA, "38805422", "", evanID, "@SignOff, the hero https://www.figma.com/design/x is ready for brand review\nSee the notes.", nil)
	_, events := c.take(t, hookOf(commented("38805422", "", "@signoff (the webhook's own words do not count)")))
	if len(events) != 1 {
		t.Fatalf("%d events, want the request: %+v", len(events), events)
	}
	ev := events[0]
	want := map[string][]string{"source": {"figma"}, "event": {"file_comment"}, "title": {"the hero is ready for brand review"}, "file": {"Homepage hero"}}
	if diff := cmp.Diff(want, ev.Fields); ev.Kind != flow.RequestSubmitted || diff != "" {
		t.Errorf("%s with other fields:\n%s", ev.Kind, diff)
	}
	root := commentAt(fileA, "38805422")
	thread := flow.Link{Ref: root, Purpose: "thread", Label: "Homepage hero", URL: "https://www.figma.com/design/" + fileA + "/?node-id=12-34#38805422"}
	if diff := cmp.Diff([]flow.Link{thread}, ev.Links); ev.Subject != root || ev.Said != root || diff != "" {
		t.Errorf("subject %v said %v, want the comment as thread:\n%s", ev.Subject, ev.Said, diff)
	}
	asset := flow.Asset{Ref: file1(fileA), Label: "Homepage hero", URL: "https://www.figma.com/design/" + fileA + "/?node-id=12-34", Nodes: []string{"12:34"}}
	if diff := cmp.Diff([]flow.Asset{asset}, ev.Assets); diff != "" {
		t.Errorf("other assets:\n%s", diff)
	}
	if ev.Actor.Ref != c.Pin(evanID) || ev.Actor.Shown != "Evan Wallace" || !ev.Sent.Equal(begin()) || !strings.Contains(ev.Body.String(), "See the notes.") {
		t.Errorf("actor %+v, sent %v, body %q", ev.Actor, ev.Sent, ev.Body)
	}
}

// TestComment_ReplyAsks: the request's thread is that of the comment above.
func TestComment_ReplyAsks(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.Ask(inquiry{})
	c.site.say(fileA, "1", "", evanID, "Hero", nil)
	c.site.say(fileA, "2", "1", evanID, "#signoff", nil)
	_, events := c.take(t, hookOf(commented("2", "1", "#signoff")))
	if len(events) != 1 || events[0].Subject != commentAt(fileA, "1") || events[0].Said != commentAt(fileA, "2") || events[0].Field("title") != "Sign-off of Homepage hero" {
		t.Errorf("events are %+v, want a request whose thread is the comment above", events)
	}
}

func TestComment_Touching(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.knows(fileA, []string{"12:34"})
	c.site.say(fileA, "1", "", evanID, "Too dark", nil)
	c.site.say(fileA, "2", "1", "777", "Brighter now, @signoff", map[string]any{"client_meta": nil, "order_id": ""})
	c.site.say(fileA, "3", "", evanID, "Done with this", map[string]any{"resolved_at": begin().Add(time.Minute).Format(time.RFC3339)})
	for _, tc := range []struct {
		in   []byte
		want []flow.Kind
		more map[string]string
	}{
		{commented("1", "", "Too dark"), []flow.Kind{flow.CommentAdded}, map[string]string{"point": "yes", "below": "", "node": "12:34"}},
		{commented("2", "1", "Brighter now"), []flow.Kind{flow.CommentAdded}, map[string]string{"point": "yes", "below": "figma:comment:" + fileA + "/1", "node": ""}},
		{commented("3", "", "Done"), []flow.Kind{flow.CommentAdded, flow.PointResolved}, map[string]string{"point": "yes"}},
		{commented("4", "", "taken back before we could read it"), nil, nil},
	} {
		c.clock.Advance(10 * time.Second) // the last one comes when it has long not been listed
		acc, events := c.take(t, hookOf(tc.in))
		var kinds []flow.Kind
		for _, ev := range events {
			kinds = append(kinds, ev.Kind)
			if ev.Subject != file1(fileA) || ev.Said.Zero() || ev.Sent.IsZero() {
				t.Errorf("%s lacks its subject, comment or time: %+v", ev.Kind, ev)
			}
		}
		if diff := cmp.Diff(tc.want, kinds); diff != "" {
			t.Errorf("%s: other events:\n%s", acc.Key, diff)
			continue
		}
		for name, want := range tc.more {
			if got := events[0].Field(name); got != want {
				t.Errorf("%s: %s is %q, want %q", acc.Key, name, got, want)
			}
		}
	}
}

// TestComment_NotListedYet is tried again, since nothing else would tell of it.
func TestComment_NotListedYet(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.Ask(inquiry{})
	acc, err := c.Accept(hookOf(commented("7", "", "@signoff the hero")))
	if err != nil {
		t.Fatal(err)
	}
	d := flow.Delivery{ID: "figma/x", Body: acc.Kept, At: begin()}
	if _, err := c.Enrich(t.Context(), d); connectors.ClassOf(err) != connectors.Transient {
		t.Errorf("Enrich at once = %v, want it tried again", err)
	}
	c.clock.Advance(time.Minute)
	learned, err := c.Enrich(t.Context(), d)
	d.Learned = learned
	if events, parseErr := c.Parse(d); err != nil || parseErr != nil || len(events) != 0 {
		t.Errorf("a minute later: %+v, %v, %v, want it taken for taken back", events, err, parseErr)
	}
}

// TestUnread: what is asked for in a file that we may not see is asked for all the same; the look at the file says the rest.
func TestUnread(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.Ask(inquiry{})
	c.site.with(func() { c.site.denied["GET v1/files"] = "You don't have permission" })
	if _, events := c.take(t, hookOf(commented("7", "", "@signoff the hero"))); len(events) != 1 || events[0].Field("title") != "the hero" || events[0].Assets[0].Ref != file1(fileA) {
		t.Errorf("a comment: %+v, want the request", events)
	}
	in := hookOf(body("FILE_VERSION_UPDATE", map[string]any{"version_id": "443", "label": "v3 @signoff", "created_at": begin().Format(time.RFC3339)}))
	if _, events := c.take(t, in); len(events) != 2 || events[1].Versions[0].ID != "443" {
		t.Errorf("a version: %+v, want the request and the version", events)
	}
}

// TestComment_OfNoRequest is neither kept by the engine, nor does it cost a call.
func TestComment_OfNoRequest(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.Ask(inquiry{})
	for _, words := range []string{"Can we make this pop more?", "mail to bot@signoff.example", "@signoffs", "@sign", "sign@signoff", "signoff", ""} {
		acc, events := c.take(t, hookOf(commented("7", "", words)))
		if acc.About != file1(fileA) || len(events) != 0 {
			t.Errorf("%q: about %v with %d events, want it left aside", words, acc.About, len(events))
		}
	}
	for _, words := range []string{"@signoff", "@SIGNOFF please", "pop more? #signoff approve", "(@signoff)", "Ready.\n@signoff: brand review"} {
		if acc, err := c.Accept(hookOf(commented("7", "", words))); err != nil || !acc.About.Zero() {
			t.Errorf("%q: about %v, %v, want it asked for", words, acc.About, err)
		}
	}
	if calls := c.site.seen(); len(calls) != 0 {
		t.Errorf("it cost the calls %v", calls)
	}
}

// TestComment_Own: what signoff wrote comes back as an echo; what its account's owner wrote is theirs.
func TestComment_Own(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.knows(fileA, nil)
	c.site.say(fileA, "1", "", evanID, "Please", nil)
	links, err := c.Do(t.Context(), tell("CR-142/3/1", commentAt(fileA, "1"), "Approved by Ana."))
	if err != nil {
		t.Fatal(err)
	}
	_, id, _ := strings.Cut(links[0].Ref.Key, "/")
	_, events := c.take(t, hookOf(commented(id, "1", "Approved")))
	if len(events) != 1 || !events[0].Echo || events[0].Field("receipt") != "" || events[0].Field("point") != "" {
		t.Errorf("our own words are %+v, want an echo that a receipt explains", events)
	}
	c.site.say(fileA, "8", "1", botID, "Approved\nsignoff ref 0123456789ab", nil)
	if _, events = c.take(t, hookOf(commented("8", "1", "x"))); len(events) != 1 || !events[0].Echo || events[0].Field("receipt") != "no" {
		t.Errorf("an echo without a receipt is %+v", events)
	}
	c.site.say(fileA, "9", "", botID, "A word of the person behind the account", nil)
	if _, events = c.take(t, hookOf(commented("9", "", "x"))); len(events) != 1 || events[0].Echo {
		t.Errorf("a person's words are %+v, want no echo", events)
	}
	c.site.say(fileA, "10", "", evanID, "I copy this: signoff ref 0123456789ab", nil)
	if _, events = c.take(t, hookOf(commented("10", "", "x"))); len(events) != 1 || events[0].Echo {
		t.Errorf("a copied mark is %+v, want somebody's words", events)
	}
}

// TestComment_OwnWhileSilent: our own words are known as ours also while Figma does not answer, and cost no call.
func TestComment_OwnWhileSilent(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.knows(fileA, nil)
	if err := c.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.site.say(fileA, "1", "", evanID, "Please", nil)
	links, err := c.Do(t.Context(), tell("CR-142/3/1", commentAt(fileA, "1"), "Approved by Ana."))
	if err != nil {
		t.Fatal(err)
	}
	_, id, _ := strings.Cut(links[0].Ref.Key, "/")
	var words string
	c.site.with(func() {
		words = c.site.files[fileA].Comments[len(c.site.files[fileA].Comments)-1]["message"].(string)
		c.site.limit = http.Header{"Retry-After": {"396749"}}
	})
	ours := func(by string) []flow.Event {
		in := hookOf(body("FILE_COMMENT", map[string]any{"comment": []any{map[string]any{"text": words}}, "comment_id": id, "parent_id": "1",
			"triggered_by": map[string]any{"id": by, "handle": "x"}}))
		acc, err := c.Accept(in)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := c.Recall(t.Context(), flow.Delivery{ID: "figma/x", Body: acc.Kept, At: in.At})
		events, err := c.Parse(flow.Delivery{ID: "figma/x", Body: acc.Kept, At: in.At, Learned: raw})
		if err != nil {
			t.Fatal(err)
		}
		return events
	}
	if events := ours(botID); len(events) != 1 || !events[0].Echo || events[0].Field("point") != "" || events[0].Field("receipt") != "" {
		t.Errorf("our own words are %+v, want an echo that a receipt explains", events)
	}
	if events := ours(evanID); len(events) != 1 || events[0].Echo {
		t.Errorf("a copy of them is %+v, want somebody's words", events)
	}
}

// TestComment_OwnWithoutAName: without the scope for it the token does not say whose it is; our receipts do.
func TestComment_OwnWithoutAName(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.knows(fileA, nil)
	c.site.with(func() { c.site.denied["GET v1/me"] = "Invalid scope" })
	c.site.say(fileA, "1", "", evanID, "Please", nil)
	links, err := c.Do(t.Context(), tell("CR-142/3/1", commentAt(fileA, "1"), "Approved by Ana."))
	if err != nil {
		t.Fatal(err)
	}
	_, id, _ := strings.Cut(links[0].Ref.Key, "/")
	if _, events := c.take(t, hookOf(commented(id, "1", "Approved"))); len(events) != 1 || !events[0].Echo {
		t.Errorf("our own words are %+v, want an echo", events)
	}
	c.site.save(fileA, "443", "v3", begin())
	for _, ev := range look(t, c, begin().Add(-time.Hour)) {
		if ev.Said == commentAt(fileA, id) {
			t.Errorf("our own words are looked at: %+v", ev)
		}
	}
}

// TestVersion_Named: the doorbell rings, the facts come from the API.
func TestVersion_Named(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.knows(fileA, []string{"12:34"}, flow.Version{ID: "400"})
	for i, v := range []struct{ id, label string }{{"400", "v2"}, {"410", ""}, {"443", "v3 - legal copy"}, {"450", ""}} {
		c.site.save(fileA, v.id, v.label, begin().Add(time.Duration(i)*time.Minute))
	}
	acc, events := c.take(t, hookOf(body("FILE_VERSION_UPDATE", map[string]any{"version_id": "443", "label": "what the webhook says", "created_at": begin().Add(2 * time.Minute).Format(time.RFC3339)})))
	if acc.About != file1(fileA) || len(events) != 1 || events[0].Kind != flow.AssetChanged || len(events[0].Versions) != 1 {
		t.Fatalf("about %v: %+v, want one changed file", acc.About, events)
	}
	want := flow.Version{
		ID: "443", Name: "v3 - legal copy", Note: "Copy is final", By: flow.Actor{Ref: c.Pin(evanID), Shown: "Evan Wallace"}, At: begin().Add(2 * time.Minute),
		URL:   "https://www.figma.com/design/" + fileA + "/?node-id=12-34&version-id=443",
		Thumb: flow.File{Ref: flow.Ref{System: "figma", Type: "thumb", Key: fileA + "/443/12:34"}, Name: "Homepage hero.png", Type: "image/png"},
		Seq:   "20261120090200.000000000/0000000000000000000000443",
	}
	if diff := cmp.Diff(want, events[0].Versions[0]); diff != "" {
		t.Errorf("another version:\n%s", diff)
	}
	if ev := events[0]; ev.Subject != file1(fileA) || ev.Actor.Ref != c.Pin(evanID) || len(ev.Assets) != 1 || ev.Assets[0].Label != "Homepage hero" {
		t.Errorf("the event is %+v", ev)
	}
}

// TestVersion_AfterApproval: the request that a file was approved in hears of a named version, and of nothing else.
func TestVersion_AfterApproval(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.Ask(inquiry{requests: []flow.Request{{ID: "CR-142", Status: flow.Approved, Assets: []flow.Asset{{Ref: file1(fileA), Versions: []flow.Version{{ID: "400"}}}}}}})
	c.site.save(fileA, "400", "v3", begin().Add(-time.Hour))
	c.site.save(fileA, "443", "v4", begin())
	if _, events := c.take(t, hookOf(body("FILE_UPDATE", nil))); len(events) != 0 || len(c.site.seen()) != 0 {
		t.Errorf("an edit after the approval: %+v with the calls %v, want nothing", events, c.site.seen())
	}
	if _, events := c.take(t, hookOf(commented("32", "", "hello"))); len(events) != 0 {
		t.Errorf("a comment after the approval: %+v, want nothing", events)
	}
	_, events := c.take(t, hookOf(body("FILE_VERSION_UPDATE", map[string]any{"version_id": "443", "label": "v4", "created_at": begin().Format(time.RFC3339)})))
	if len(events) != 1 || events[0].Kind != flow.AssetChanged || len(events[0].Versions) != 1 || events[0].Versions[0].ID != "443" {
		t.Errorf("a version after the approval: %+v, want it told", events)
	}
}

// TestVersion_NotListedYet is tried again; in the end the webhook's own words do.
func TestVersion_NotListedYet(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.knows(fileA, nil)
	c.site.save(fileA, "400", "v2", begin().Add(-time.Hour))
	in := hookOf(body("FILE_VERSION_UPDATE", map[string]any{"version_id": "443", "label": "v3", "description": "final", "created_at": begin().Format(time.RFC3339)}))
	acc, err := c.Accept(in)
	if err != nil {
		t.Fatal(err)
	}
	d := flow.Delivery{ID: "figma/x", Body: acc.Kept, At: in.At}
	if _, err := c.Enrich(t.Context(), d); connectors.ClassOf(err) != connectors.Transient {
		t.Errorf("Enrich = %v, want it tried again", err)
	}
	events, err := c.Parse(d)
	if err != nil || len(events) != 1 || events[0].Versions[0].ID != "443" || events[0].Versions[0].Name != "v3" || events[0].Versions[0].Note != "final" {
		t.Errorf("Parse = %+v, %v, want the version as the webhook tells it", events, err)
	}
}

// TestVersion_Asks: a version whose description has the mention opens a request bound to it.
func TestVersion_Asks(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.Ask(inquiry{})
	c.site.save(fileA, "443", "v3 ready @signoff", begin())
	in := hookOf(body("FILE_VERSION_UPDATE", map[string]any{"version_id": "443", "label": "v3 ready @signoff", "created_at": begin().Format(time.RFC3339)}))
	_, events := c.take(t, in)
	if len(events) != 2 || events[0].Kind != flow.RequestSubmitted || events[1].Kind != flow.AssetChanged || events[0].ID == events[1].ID {
		t.Fatalf("events are %+v, want the request and its version", events)
	}
	if ev := events[0]; ev.Field("event") != "file_version_update" || ev.Field("title") != "v3 ready" || ev.Assets[0].Current().ID != "443" {
		t.Errorf("the request is %+v", ev)
	}
}

func TestDoorbells(t *testing.T) {
	t.Parallel()
	for _, event := range []string{"FILE_UPDATE", "LIBRARY_PUBLISH", "DEV_MODE_STATUS_UPDATE"} {
		c := connect(t, "")
		c.site.save(fileA, "443", "v3", begin())
		in := hookOf(body(event, map[string]any{"node_id": "43:2", "status": "READY_FOR_DEV", "file_name": nil, "created_components": []any{map[string]any{"key": "k", "name": "n"}}}))
		c.Ask(inquiry{})
		if _, events := c.take(t, in); len(events) != 0 || len(c.site.seen()) != 0 {
			t.Errorf("%s of no request: %+v with the calls %v, want nothing", event, events, c.site.seen())
		}
		c.knows(fileA, nil)
		if _, events := c.take(t, in); len(events) != 1 || events[0].Kind != flow.AssetChanged || events[0].Versions[0].ID != "443" {
			t.Errorf("%s: %+v, want the newest version", event, events)
		}
	}
}

func TestDeleted(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.knows(fileA, nil)
	if _, events := c.take(t, hookOf(body("FILE_DELETE", nil))); len(events) != 0 {
		t.Errorf("a file that is still there: %+v, want nothing", events)
	}
	c.site.with(func() { delete(c.site.files, fileA) })
	c.clock.Advance(time.Second)
	_, events := c.take(t, hookOf(body("FILE_DELETE", map[string]any{"timestamp": begin().Add(time.Second).Format(time.RFC3339)})))
	if len(events) != 1 || events[0].Kind != flow.AssetGone || events[0].Field("why") != "deleted" || events[0].Subject != file1(fileA) {
		t.Errorf("a deleted file: %+v, want it gone", events)
	}
}

// TestPing: a webhook says hello; nobody is asked, and Check knows.
func TestPing(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	acc, err := c.Accept(hookOf(body("PING", map[string]any{"webhook_id": 22})))
	if err != nil {
		t.Fatal(err)
	}
	d := flow.Delivery{ID: "figma/x", Body: acc.Kept, At: begin()}
	if _, ok := c.Recall(t.Context(), d); !ok {
		t.Error("Recall has to ask outside about a hello")
	}
	if events, err := c.Parse(d); err != nil || len(events) != 0 {
		t.Errorf("Parse = %+v, %v", events, err)
	}
	if raw, err := c.keep.Get(t.Context(), "ping/22"); err != nil || raw == nil {
		t.Errorf("the hello is not kept (%v)", err)
	}
}

// TestRecall: of many webhooks of one file the later ones cost no call, except for what is new.
func TestRecall(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.knows(fileA, nil)
	c.site.say(fileA, "1", "", evanID, "One", nil)
	c.site.say(fileA, "2", "", evanID, "Two", nil)
	c.take(t, hookOf(commented("1", "", "One")))
	before := len(c.site.seen())
	acc, err := c.Accept(hookOf(commented("2", "", "Two")))
	if err != nil {
		t.Fatal(err)
	}
	d := flow.Delivery{ID: "figma/x", Body: acc.Kept, At: begin()}
	learned, ok := c.Recall(t.Context(), d)
	d.Learned = learned
	events, err := c.Parse(d)
	if !ok || err != nil || len(events) != 1 || !cmp.Equal(events[0].Body, text.Plain("Two")) || len(c.site.seen()) != before {
		t.Errorf("Recall = %v: %+v, %v after %d calls, want what was read a moment ago", ok, events, err, len(c.site.seen())-before)
	}
	c.clock.Advance(2 * time.Minute)
	if _, ok := c.Recall(t.Context(), d); ok {
		t.Error("what was read two minutes ago is still recalled")
	}
}

// TestEnrich_Limited: while Figma refuses for days, webhooks are read by their own words, and no call goes out.
func TestEnrich_Limited(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.Ask(inquiry{})
	c.site.with(func() {
		c.site.limit = http.Header{"Retry-After": {"396749"}, "X-Figma-Rate-Limit-Type": {"low"}, "X-Figma-Plan-Tier": {"pro"}}
	})
	acc, err := c.Accept(hookOf(commented("7", "", "@signoff the hero")))
	if err != nil {
		t.Fatal(err)
	}
	d := flow.Delivery{ID: "figma/x", Body: acc.Kept, At: begin()}
	for range 3 {
		if _, err := c.Enrich(t.Context(), d); connectors.ClassOf(err) != connectors.Limited {
			t.Fatalf("Enrich = %v, want class limited", err)
		}
	}
	asked := 0
	for _, call := range c.site.seen() {
		if strings.Contains(call, "/comments") {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("Figma was asked %d times, want once: it said not before four days", asked)
	}
	later := c.again(t, "") // a new process
	if _, err := later.Enrich(t.Context(), d); connectors.ClassOf(err) != connectors.Limited || len(c.site.seen()) > asked+1 {
		t.Errorf("after a restart Enrich = %v with the calls %v, want it still held", err, c.site.seen())
	}
	if n := strings.Count(c.log.String(), "needs a Dev or Full seat"); n != 1 {
		t.Errorf("the seat is named %d times in the log, want once", n)
	}
	if events, err := c.Parse(d); err != nil || len(events) != 1 || events[0].Kind != flow.RequestSubmitted || events[0].Field("title") != "the hero" {
		t.Errorf("Parse = %+v, %v, want the request all the same", events, err)
	}
	said := ""
	for _, f := range c.Check(t.Context()) {
		said += f.Text + " " + f.Remedy + "\n"
	}
	if !strings.Contains(said, "Figma refuses comments, versions and webhooks until 24 Nov 23:12 UTC") || !strings.Contains(said, "Dev or Full seat") {
		t.Errorf("Check says\n%swant the limit and what to do", said)
	}
	c.clock.Advance(396750 * time.Second)
	c.site.with(func() { c.site.limit = nil })
	c.site.say(fileA, "7", "", evanID, "@signoff the hero", nil)
	if _, err := c.Enrich(t.Context(), d); err != nil {
		t.Errorf("when the time is over Enrich = %v", err)
	}
}
