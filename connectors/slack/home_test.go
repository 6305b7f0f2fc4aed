package slack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

func homeOf(items int) flow.Home {
	h := flow.Home{
		Who: flow.Actor{Name: "maya"}, Notes: []string{"Your Jira account is not known. Somebody has to pin it."},
		Settings: []flow.Setting{{Name: "drafts", Label: "Offer drafts", Help: "In watched channels.", Value: "on", Choices: []flow.Choice{{Value: "on", Label: "On"}, {Value: "off", Label: "Off"}}}},
	}
	for _, s := range []flow.HomeSection{
		{Name: "waiting", Title: "Waiting for you", Empty: "Nothing waits for you.", Page: 2, Pages: 3},
		{Name: "asked", Title: "You asked for", Empty: "Nothing.", Page: 1, Pages: 1},
		{Name: "due", Title: "Due this week", Empty: "Nothing is due.", Page: 1, Pages: 1},
	} {
		if s.Name == "waiting" {
			for i := range items {
				v := card()
				v.Request = flow.RequestID(fmt.Sprintf("CR-%d", i+1))
				s.Items = append(s.Items, v)
			}
		}
		h.Sections = append(h.Sections, s)
	}
	return h
}

func TestHome_OpenedOnceInAWhile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	now := testNow()
	r.Connector.now = func() time.Time { return now }
	opened := func(tab string) connectors.Inbound {
		return event(fmt.Sprintf(`{"type":"app_home_opened","user":"U0MAYA0001","channel":"D0MAYA0001","tab":%q,"event_ts":"1760000000.000100","view":{"id":"V1","hash":"h"}}`, tab))
	}
	if acc := r.accept(opened("messages")); acc.Ignored == "" {
		t.Errorf("the messages tab: %+v, want it ignored", acc)
	}
	events := r.take(opened("home"))
	if len(events) != 1 || events[0].Kind != flow.HomeOpened || events[0].Actor.Email != "u0maya0001@lumen.example" || events[0].Where != ref("user", "T0SIGNOFF1/U0MAYA0001") {
		t.Errorf("events %+v, want Maya's page opened", events)
	}
	if acc := r.accept(opened("home")); acc.Ignored != "" {
		t.Errorf("the same delivery again: %+v, want it used: the first may not have been stored", acc)
	}
	another := inbound(typeJSON, strings.Replace(string(opened("home").Body), "Ev0TEST0001", "Ev0TEST0002", 1))
	if acc := r.accept(another); acc.Ignored != ignoredSoon {
		t.Errorf("at once again: %+v, want it ignored", acc)
	}
	now = now.Add(lookPause)
	if acc := r.accept(another); acc.Ignored != "" {
		t.Errorf("a while later: %+v, want it used", acc)
	}
	if acc := newRig(t, "home: false").accept(opened("home")); acc.Ignored == "" {
		t.Errorf("switched off: %+v, want it ignored", acc)
	}
}

func TestHome_IsPublishedWithItsHash(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	answer := func(hash string) func(http.ResponseWriter, apiCall) {
		return say(`{"ok":true,"view":{"id":"V1","hash":"` + hash + `"}}`)
	}
	r.api.on("views.publish", answer("h1"), answer("h2"), refuse("hash_conflict"), answer("h4"))
	who := ref("user", "T0SIGNOFF1/U0MAYA0001")
	for range 3 {
		if err := r.Home(t.Context(), who, homeOf(2)); err != nil {
			t.Fatal(err)
		}
	}
	var hashes []string
	for _, c := range r.api.of("views.publish") {
		hashes = append(hashes, c.Args["hash"])
		if c.Args["user_id"] != "U0MAYA0001" {
			t.Errorf("published for %q", c.Args["user_id"])
		}
	}
	if want := `["" "h1" "h2" ""]`; fmt.Sprintf("%q", hashes) != want {
		t.Errorf("hashes %q, want %s: a conflict is tried once more without", hashes, want)
	}
	r.api.on("views.publish", refuse("hash_conflict"))
	if err := r.Home(t.Context(), who, homeOf(0)); asError(t, err).Class != connectors.Transient {
		t.Errorf("a conflict twice: %v, want it tried again later", err)
	}
	if err := r.Home(t.Context(), flow.Ref{System: "jira", Type: "user", Key: "x"}, homeOf(0)); err != nil {
		t.Errorf("somebody of another system: %v", err)
	}
}

// pressHome presses what has the action id on the page.
func (r *rig) pressHome(a string) connectors.Inbound {
	return interactive(fmt.Sprintf(`{"type":"block_actions","team":{"id":"T0SIGNOFF1"},"user":{"id":"U0MAYA0001","team_id":"T0SIGNOFF1"},"api_app_id":"A0SIGNOFF1","trigger_id":"1.2.abc",
		"container":{"type":"view","view_id":"V1"},"view":{"id":"V1","type":"home","callback_id":"signoff_home","hash":"h","private_metadata":"","state":{"values":{}},"app_installed_team_id":"T0SIGNOFF1"},"actions":[%s]}`, a))
}

// onPage lists the elements of a page's JSON by action id.
func onPage(t *testing.T, view string) map[string]map[string]any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(view), &v); err != nil {
		t.Fatal(err)
	}
	found := map[string]map[string]any{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			if id, ok := v["action_id"].(string); ok {
				found[id] = v
			}
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(v)
	return found
}

func TestHome_Presses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.api.on("views.publish", say(`{"ok":true,"view":{"id":"V1","hash":"h1"}}`))
	if err := r.Home(t.Context(), ref("user", "T0SIGNOFF1/U0MAYA0001"), homeOf(2)); err != nil {
		t.Fatal(err)
	}
	page := onPage(t, r.api.only("views.publish").Args["view"])
	button := func(id string) string {
		return fmt.Sprintf(`{"action_id":%q,"block_id":"b","type":"button","value":%q,"action_ts":"1760000030.000100"}`, id, page[id]["value"])
	}
	events := r.take(r.pressHome(button("approve/2")))
	if len(events) != 1 || events[0].Kind != flow.VoteCast || events[0].Request != "CR-2" || events[0].Where != ref("user", "T0SIGNOFF1/U0MAYA0001") {
		t.Errorf("approve on the page: %+v, want a vote answered to the person", events)
	}
	r.respond(r.pressHome(button("request_changes")), &fakeQuery{})
	if got := r.api.only("views.open").Args; got["trigger_id"] != "1.2.abc" || !strings.Contains(got["view"], "What should change?") {
		t.Errorf("request changes on the page opens %v", got)
	}
	r.respond(r.pressHome(button("new")), studioQuery())
	if got := r.api.of("views.open"); len(got) != 2 || !strings.Contains(got[1].Args["view"], formRequest) {
		t.Errorf("a new request from the page opens %+v", got)
	}
	r.respond(r.pressHome(button("request_changes")), &fakeQuery{refuse: "You asked for this yourself."})
	if got := r.api.only("chat.postMessage").Args; got["channel"] != "D0MAYA0001" || !strings.Contains(got["text"], "You asked for this yourself.") {
		t.Errorf("a refusal on the page is said %v, want it in a direct message", got)
	}
	events = r.take(r.pressHome(button("home/2")))
	if len(events) != 1 || events[0].Kind != flow.HomeOpened || events[0].Field("section") != "waiting" || events[0].Field("page") != "3" {
		t.Errorf("the next page: %+v", events)
	}
	option := page["set"]["options"].([]any)[1].(map[string]any)["value"]
	events = r.take(r.pressHome(fmt.Sprintf(`{"action_id":"set","block_id":"b","type":"static_select","selected_option":{"value":%q},"action_ts":"1760000030.000100"}`, option)))
	if len(events) != 1 || events[0].Kind != flow.SettingChanged || events[0].Field("name") != "drafts" || events[0].Field("value") != "off" {
		t.Errorf("a setting: %+v, want drafts off", events)
	}
	if acc := r.accept(r.pressHome(`{"action_id":"set","type":"static_select","selected_option":{"value":"drafts=off"},"action_ts":"1.1"}`)); acc.Alarm == "" {
		t.Errorf("a forged setting: %+v, want an alarm", acc)
	}
}

func shareLink(more string, urls ...string) connectors.Inbound {
	var links []string
	for _, u := range urls {
		links = append(links, fmt.Sprintf(`{"domain":"x","url":%q}`, u))
	}
	in := event(fmt.Sprintf(`{"type":"link_shared","user":"U0MAYA0001","channel":"C0LAUNCH01","message_ts":"1760000000.000100","event_ts":"1760000000.000200","links":[%s]%s}`, strings.Join(links, ","), more))
	return in
}

func TestUnfurl_LinksOfRequests(t *testing.T) {
	t.Parallel()
	r := newRig(t, "unfurl: [hub.lumen.example, lumen.atlassian.net]")
	events := r.take(shareLink("", "https://hub.lumen.example/requests/CR-142?x=1", "https://lumen.atlassian.net/browse/des-7", "https://hub.lumen.example/rules", "https://evil.example/requests/CR-1", "https://hub.lumen.example@evil.example/requests/CR-1"))
	var got []string
	ids := map[string]bool{}
	for _, ev := range events {
		got = append(got, string(ev.Kind)+" "+ev.Field("key")+" "+ev.Field("url")+" "+ev.Field("shared"))
		ids[ev.ID] = true
		if ev.Where != ref("message", "T0SIGNOFF1/C0LAUNCH01/1760000000.000100") {
			t.Errorf("where %v, want the message", ev.Where)
		}
	}
	if want := "[link.shared CR-142 https://hub.lumen.example/requests/CR-142?x=1  link.shared DES-7 https://lumen.atlassian.net/browse/des-7 ]"; fmt.Sprint(got) != want || len(ids) != 2 {
		t.Errorf("events %v, want %s", got, want)
	}
	shared := inbound(typeJSON, strings.Replace(string(shareLink("", "https://hub.lumen.example/requests/CR-142").Body), `"type":"event_callback"`, `"type":"event_callback","is_ext_shared_channel":true`, 1))
	if events := r.take(shared); len(events) != 1 || events[0].Field("shared") != "yes" {
		t.Errorf("in a channel shared with others: %+v", events)
	}
	for name, in := range map[string]connectors.Inbound{
		"being written": shareLink(`,"source":"composer"`, "https://hub.lumen.example/requests/CR-142"),
		"no request":    shareLink("", "https://hub.lumen.example/rules"),
		"look-alike":    shareLink("", "https://hub.lumen.example.evil.example/requests/CR-142"),
		"ours":          inbound(typeJSON, strings.Replace(string(shareLink("", "https://hub.lumen.example/requests/CR-142").Body), maya, testBot, 1)),
	} {
		if acc := r.accept(in); acc.Ignored == "" {
			t.Errorf("%s: Accept = %+v, want it ignored", name, acc)
		}
	}
	if acc := newRig(t, "unfurl: []").accept(shareLink("", "https://hub.lumen.example/requests/CR-142")); acc.Ignored == "" {
		t.Errorf("switched off: %+v", acc)
	}
	if acc := newRig(t).accept(shareLink("", "https://hub.lumen.example/requests/CR-142")); acc.Ignored != "" {
		t.Errorf("our own address by default: %+v, want it used", acc)
	}
}

func unfurlEffect() flow.Effect {
	return flow.Effect{ID: "CR-142/9/2", Request: "CR-142", Target: "slack", Known: map[string]flow.Ref{"ana": ref("user", "T0SIGNOFF1/U0ANA00001")}, Tell: &flow.Tell{
		Where: ref("message", "T0SIGNOFF1/C0LAUNCH01/1760000000.000100"), View: flow.View{
			Kind: flow.UnfurlView, Request: "CR-142", Title: "Nova banner", Headline: "CR-142 Nova banner is in review", Page: "/requests/CR-142",
			Facts:  []flow.Fact{{Name: "status", Text: "In review"}, {Name: "waiting_for", Label: "waiting for", People: []flow.Actor{{Name: "ana", Shown: "Ana Reyes", Ref: ref("user", "T0SIGNOFF1/U0ANA00001")}}}},
			Fields: map[string][]string{"url": {"https://hub.lumen.example/requests/CR-142?x=1"}},
		},
	}}
}

func TestUnfurl_IsShownOnceAndNeverParked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if links, err := r.Do(t.Context(), unfurlEffect()); err != nil || len(links) != 0 {
		t.Fatalf("Do = %v, %v", links, err)
	}
	args := r.api.only("chat.unfurl").Args
	if args["channel"] != "C0LAUNCH01" || args["ts"] != "1760000000.000100" || !strings.Contains(args["unfurls"], `"https://hub.lumen.example/requests/CR-142?x=1"`) || !strings.Contains(args["unfurls"], "Nova banner") {
		t.Errorf("unfolded with %v", args)
	}
	if strings.Contains(args["unfurls"], "@U0ANA") || !strings.Contains(args["unfurls"], "Ana Reyes") {
		t.Errorf("somebody is mentioned instead of named: %s", args["unfurls"])
	}
	if n := len(r.api.of("chat.postMessage")); n != 0 {
		t.Errorf("%d messages were posted", n)
	}
	for code, class := range map[string]connectors.Class{"cannot_unfurl_url": "", "cannot_find_message": "", "missing_scope": connectors.Rejected, "ratelimited": connectors.Limited, "internal_error": connectors.Transient} {
		r.api.on("chat.unfurl", refuse(code))
		if _, err := r.Do(t.Context(), unfurlEffect()); connectors.ClassOf(err) != class {
			t.Errorf("%s: Do = %v, want class %q", code, err, class)
		}
	}
	if _, found, err := r.Find(t.Context(), unfurlEffect(), testNow()); found || err != nil {
		t.Errorf("Find = %v, %v", found, err)
	}
}
