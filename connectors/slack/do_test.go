package slack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

func TestDo_PostsTheCardOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	links, err := r.Do(t.Context(), show(card()))
	if err != nil {
		t.Fatal(err)
	}
	want := []flow.Link{{
		Ref: ref("message", "T0SIGNOFF1/C0LAUNCH01/1760000100.000001"), Purpose: "card", URL: "https://lumen.slack.com/archives/C0LAUNCH01/p1", Shown: "d7", Version: 7,
	}}
	if diff := cmp.Diff(want, links); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	args := r.api.only("chat.postMessage").Args
	for key, want := range map[string]string{
		"channel": "C0LAUNCH01", "thread_ts": "1760000000.000100", "unfurl_links": "false", "unfurl_media": "false", "link_names": "false",
		"text":     "Nova banner 300x250 needs your review by Fri 20 Nov, 16:30 London",
		"metadata": `{"event_type":"signoff_card","event_payload":{"mark":"CR-142/card","request":"CR-142","store":"store-1"}}`,
	} {
		if args[key] != want {
			t.Errorf("%s = %q, want %q", key, args[key], want)
		}
	}
	again, err := r.Do(t.Context(), show(card()))
	if err != nil || !cmp.Equal(again, links) {
		t.Errorf("Do again = %+v, %v; want the same link", again, err)
	}
	r.api.only("chat.postMessage")
}

func later(e flow.Effect, version int64, title string) flow.Effect {
	s := *e.Show
	s.Version, s.Digest, s.View.Title, s.View.Headline = version, fmt.Sprint("d", version), title, title
	e.Show = &s
	return e
}

func TestDo_OlderVersionNeverWins(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	e := show(card())
	for _, version := range []int64{7, 9, 8, 7, 9} {
		links, err := r.Do(t.Context(), later(e, version, fmt.Sprint("Title ", version)))
		if err != nil || links[0].Ref.Key != "T0SIGNOFF1/C0LAUNCH01/1760000100.000001" {
			t.Errorf("version %d: %+v, %v", version, links, err)
		}
	}
	call := r.api.only("chat.update").Args
	if call["text"] != "Title 9" || call["channel"] != "C0LAUNCH01" || call["ts"] != "1760000100.000001" {
		t.Errorf("chat.update with %v, want version 9 only", call)
	}
	r.api.only("chat.postMessage")
}

func TestDo_ByLinkAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	e := later(show(card()), 5, "Title 5")
	e.Show.Link = &flow.Link{Ref: ref("message", "T0SIGNOFF1/C0LAUNCH01/1760000050.000001"), Purpose: "card", Version: 4}
	if _, err := r.Do(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if got := r.api.only("chat.update").Args["ts"]; got != "1760000050.000001" {
		t.Errorf("updated %s, want what the link names", got)
	}
	older := later(e, 3, "Title 3")
	if _, err := r.Do(t.Context(), older); err != nil || len(r.api.of("chat.update")) != 1 {
		t.Errorf("version 3 was written over version 5 (%v)", err)
	}
}

func TestDo_GoneMessageIsPostedAnew(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"message_not_found", "cant_update_message", "edit_window_closed"} {
		r := newRig(t)
		if _, err := r.Do(t.Context(), show(card())); err != nil {
			t.Fatal(err)
		}
		r.api.on("chat.update", refuse(code))
		links, err := r.Do(t.Context(), later(show(card()), 8, "Title 8"))
		if err != nil || links[0].Ref.Key != "T0SIGNOFF1/C0LAUNCH01/1760000100.000002" || links[0].Version != 8 {
			t.Errorf("%s: %+v, %v; want a new message", code, links, err)
		}
	}
}

func TestDo_AsksAPersonDirectly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	e := show(card())
	e.Show.Purpose, e.Show.At, e.Show.To = "ask/2/Brand review/ana", flow.Ref{}, flow.Actor{Name: "ana", Shown: "Ana Reyes"}
	links, err := r.Do(t.Context(), e)
	if err != nil || links[0].Ref.Key != "T0SIGNOFF1/D0ANA00001/1760000100.000001" {
		t.Errorf("Do = %+v, %v", links, err)
	}
	e.Show.Purpose = "ask/3/Brand review/ana"
	if _, err := r.Do(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	r.api.only("conversations.open") // the second time it is known
	e.Show.To = flow.Actor{Name: "eli", Shown: "Eli Marsh"}
	e.Show.Purpose = "ask/2/Legal/eli"
	_, err = r.Do(t.Context(), e)
	if got := asError(t, err); got.Class != connectors.Rejected || !strings.Contains(got.Person, "Eli Marsh") {
		t.Errorf("Do for somebody without an account = %v (%+v)", err, got)
	}
}

// TestDo_AddressOfWhatIsAskedDirectly: whoever pressed an old card is led to the new one by it. Nothing else that one person
// alone can open has an address, for links to it would stand where others read.
func TestDo_AddressOfWhatIsAskedDirectly(t *testing.T) {
	t.Parallel()
	for kind, want := range map[flow.ViewKind]string{
		flow.AskView: "https://lumen.slack.com/archives/D0ANA00001/p1760000100000001", flow.WorkView: "https://lumen.slack.com/archives/D0ANA00001/p1760000100000001",
		flow.CardView: "", flow.NoticeView: "",
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.api.on("auth.test", say(fmt.Sprintf(`{"ok":true,"url":"https://lumen.slack.com/","team_id":%q,"user_id":%q,"bot_id":%q,"app_id":%q}`, testTeam, testBot, testBotID, testApp)))
			r.api.on("chat.getPermalink", refuse("fatal_error")) // nobody needs to ask
			if _, _, err := r.askInstall(t.Context()); err != nil {
				t.Fatal(err)
			}
			e := show(card())
			e.Show.Purpose, e.Show.At, e.Show.To, e.Show.View.Kind = "one", flow.Ref{}, flow.Actor{Name: "ana"}, kind
			links, err := r.Do(t.Context(), e)
			if err != nil || links[0].URL != want {
				t.Errorf("Do = %+v, %v; want the address %q", links, err, want)
			}
		})
	}
}

func tell(where flow.Ref, to ...string) flow.Effect {
	e := flow.Effect{
		ID: "CR-142/8/3", Request: "CR-142", Target: "slack", Known: map[string]flow.Ref{},
		Tell: &flow.Tell{Where: where, View: flow.View{Kind: flow.NoticeView, Request: "CR-142", Headline: "Ana approved the Spring banner.", Body: text.Plain("Next: Sign-off.")}},
	}
	for _, name := range to {
		e.Tell.To = append(e.Tell.To, flow.Actor{Name: name})
		e.Known[name] = ref("user", "T0SIGNOFF1/U0"+strings.ToUpper(name))
	}
	return e
}

func TestDo_TellsAThreadOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	e := tell(ref("thread", "T0SIGNOFF1/C0LAUNCH01/1760000000.000100"))
	for range 2 {
		if _, err := r.Do(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	args := r.api.only("chat.postMessage").Args
	if args["thread_ts"] != "1760000000.000100" || !strings.Contains(args["metadata"], `"mark":"CR-142/8/3"`) || args["text"] != "Ana approved the Spring banner." {
		t.Errorf("posted %v", args)
	}
}

func TestDo_TellsAChannelByName(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, err := r.Do(t.Context(), tell(ref("channel", "#creative-ops"))); err != nil {
		t.Fatal(err)
	}
	if got := r.api.only("chat.postMessage").Args["channel"]; got != "#creative-ops" {
		t.Errorf("posted to %q", got)
	}
}

// TestDo_TellsEachPersonOnce: a call that fails in between leaves out whoever was told already.
func TestDo_TellsEachPersonOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	e := tell(flow.Ref{}, "ana", "ben", "dana")
	usual := r.api.usual("chat.postMessage")
	r.api.on("chat.postMessage", usual, status(429, "Retry-After", "3"), usual)
	_, err := r.Do(t.Context(), e)
	if got := asError(t, err); got.Class != connectors.Limited || got.Scope != connectors.ScopeMethod || got.Wait != 3*time.Second {
		t.Errorf("Do = %v (%+v), want limited for Ben", err, got)
	}
	r.http.respites.now = func() time.Time { return testNow().Add(3 * time.Second) }
	if _, err := r.Do(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	var channels []string
	for _, c := range r.api.of("chat.postMessage") {
		channels = append(channels, c.Args["channel"])
	}
	if diff := cmp.Diff([]string{"D0ANA", "D0BEN", "D0BEN", "D0DANA"}, channels); diff != "" {
		t.Errorf("posted to (-want +got):\n%s", diff)
	}
}

func TestDo_OneWhoCannotBeToldDoesNotKeepItFromTheOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.api.on("conversations.open", refuse("user_disabled"), r.api.usual("conversations.open"))
	_, err := r.Do(t.Context(), tell(flow.Ref{}, "ana", "ben"))
	if got := asError(t, err); got.Class != connectors.Rejected || !strings.Contains(got.Person, "deactivated") {
		t.Errorf("Do = %v (%+v)", err, got)
	}
	if got := r.api.only("chat.postMessage").Args["channel"]; got != "D0BEN" {
		t.Errorf("posted to %s, want Ben", got)
	}
}

func private(delivery string) flow.Effect {
	e := tell(ref("thread", "T0SIGNOFF1/C0LAUNCH01/1760000000.000100"), "tom")
	e.Tell.Private, e.Tell.InReplyTo = true, delivery
	e.Tell.View = flow.View{Kind: flow.RefusalView, Headline: "Brand review is Ana's."}
	return e
}

func TestDo_RefusalGoesToTheResponseAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := interactive(strings.Replace(pressed("approve", r.seal.value(samplePress())), "RESPONSE", r.api.replyAddress(), 1))
	r.respond(in, &fakeQuery{})
	if _, err := r.Do(t.Context(), private("slack/"+r.accept(in).ID)); err != nil {
		t.Fatal(err)
	}
	var said struct {
		Type, Text string
		Thread     string `json:"thread_ts"`
		Replace    *bool  `json:"replace_original"`
	}
	err := json.Unmarshal([]byte(r.api.only("reply").Args["body"]), &said)
	if err != nil || said.Text != "Brand review is Ana's." || said.Thread != "1760000000.000100" || said.Replace == nil || *said.Replace {
		t.Errorf("said %+v, %v; want it in the thread where it was pressed", said, err)
	}
	if n := len(r.api.of("chat.postEphemeral")); n != 0 {
		t.Errorf("%d ephemeral messages besides", n)
	}
}

func TestDo_RefusalWithoutAnAddressIsEphemeralOrDirect(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, err := r.Do(t.Context(), private("slack/unknown")); err != nil {
		t.Fatal(err)
	}
	args := r.api.only("chat.postEphemeral").Args
	if args["channel"] != "C0LAUNCH01" || args["user"] != "U0TOM" || args["thread_ts"] != "1760000000.000100" || args["text"] != "Brand review is Ana's." {
		t.Errorf("chat.postEphemeral with %v", args)
	}
	r.api.on("chat.postEphemeral", refuse("user_not_in_channel"))
	if _, err := r.Do(t.Context(), private("slack/unknown")); err != nil {
		t.Fatal(err)
	}
	if got := r.api.only("chat.postMessage").Args["channel"]; got != "D0TOM" {
		t.Errorf("posted to %s, want a direct message", got)
	}
}

func TestDo_ResponseAddressThatIsUsedUp(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(http.ResponseWriter, apiCall){"404": status(404), "expired": refuse("expired_url"), "used": say("used_url")} {
		r := newRig(t)
		in := interactive(strings.Replace(pressed("approve", r.seal.value(samplePress())), "RESPONSE", r.api.replyAddress(), 1))
		r.respond(in, &fakeQuery{})
		r.api.on("reply", answer)
		if _, err := r.Do(t.Context(), private("slack/"+r.accept(in).ID)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r.api.only("chat.postEphemeral")
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	a := newAddresses()
	a.put("d", "https://hooks.slack.com/x", testNow())
	a.put("d", "https://hooks.slack.com/y", testNow())
	a.put("empty", "", testNow())
	for i := range 6 {
		want := "https://hooks.slack.com/x"
		if i == addressUses {
			want = ""
		}
		if got := a.take("d", testNow()); got != want {
			t.Errorf("use %d: %q, want %q", i, got, want)
		}
	}
	a.put("old", "https://hooks.slack.com/z", testNow())
	if got := a.take("old", testNow().Add(31*time.Minute)); got != "" {
		t.Errorf("after 31 minutes: %q, want none", got)
	}
	for i := range addressMost + 10 {
		a.put(fmt.Sprint(i), "u", testNow())
	}
	if len(a.by) != len(a.order) || len(a.by) > addressMost {
		t.Errorf("%d addresses held, %d in order; want at most %d", len(a.by), len(a.order), addressMost)
	}
}

// TestAnswerable: answers go to the addresses of the service alone.
func TestAnswerable(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	real := &Connector{settings: Settings{APIURL: defaultAPI}}
	for address, want := range map[string]bool{
		"https://hooks.slack.com/actions/T/1/x": true, "http://hooks.slack.com/x": false, "https://hooks.slack.com.evil.example/x": false,
		"https://evil.example/https://hooks.slack.com/": false, "https://hooks.slack.com@evil.example/": false, "https://u:p@hooks.slack.com/": false,
		"https://hooks.slack.com:8443/x": false, "https://slack.com/x": false, "//hooks.slack.com/x": false, "": false, "javascript:alert(1)": false,
		"http://169.254.169.254/": false, r.api.replyAddress(): false,
	} {
		if got := real.answerable(address); got != want {
			t.Errorf("answerable(%q) = %v, want %v", address, got, want)
		}
	}
	if !r.answerable(r.api.replyAddress()) {
		t.Error("the stand-in of api_url may not be answered")
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	linked := show(card())
	linked.Show.Link = &flow.Link{Ref: ref("message", "T/C/1")}
	for name, tc := range map[string]struct {
		effect flow.Effect
		keys   []string
	}{
		"card":    {show(card()), []string{"chat.postMessage", "chat.postMessage/C0LAUNCH01"}},
		"change":  {linked, []string{"chat.update"}},
		"people":  {tell(flow.Ref{}, "ana", "ben"), []string{"chat.postMessage", "chat.postMessage/U0ANA", "chat.postMessage/U0BEN"}},
		"private": {private(""), []string{"chat.postEphemeral"}},
		"wake":    {flow.Effect{Wake: &flow.Wake{}}, nil},
	} {
		var keys []string
		for _, p := range r.Pace(tc.effect) {
			keys = append(keys, p.Key)
			if p.PerMinute < 50 || p.Burst < 1 {
				t.Errorf("%s: %+v is no limit of Slack's", name, p)
			}
		}
		if diff := cmp.Diff(tc.keys, keys); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
