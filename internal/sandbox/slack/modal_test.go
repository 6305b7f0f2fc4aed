package slack

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const form = `{"type":"modal","callback_id":"request","private_metadata":"pm","notify_on_close":true,
 "title":{"type":"plain_text","text":"New request"},"submit":{"type":"plain_text","text":"Send"},
 "blocks":[
  {"type":"input","block_id":"title","label":{"type":"plain_text","text":"Title"},
   "element":{"type":"plain_text_input","action_id":"v","max_length":20}},
  {"type":"input","block_id":"type","label":{"type":"plain_text","text":"Type"},"dispatch_action":true,
   "element":{"type":"static_select","action_id":"v","options":[
    {"text":{"type":"plain_text","text":"Banner"},"value":"banner"},{"text":{"type":"plain_text","text":"Video"},"value":"video"}]}},
  {"type":"input","block_id":"due","optional":true,"label":{"type":"plain_text","text":"Due"},
   "element":{"type":"datepicker","action_id":"v"}},
  {"type":"input","block_id":"sizes","optional":true,"label":{"type":"plain_text","text":"Sizes"},
   "element":{"type":"multi_static_select","action_id":"v","options":[
    {"text":{"type":"plain_text","text":"300x250"},"value":"300x250"},{"text":{"type":"plain_text","text":"728x90"},"value":"728x90"}]}}]}`

// opened is a world in which Maya looks at the form.
func opened(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, nil)
	w.ok("views.open", "trigger_id", w.trigger(maya), "view", form)
	return w
}

// trigger runs the global shortcut and returns its trigger id.
func (w *world) trigger(user string) string {
	w.t.Helper()
	if _, err := w.GlobalShortcut(user, "request_new"); err != nil {
		w.t.Fatal(err)
	}
	return str(w.lastPayload("shortcut"), "trigger_id")
}

func TestTriggers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	used := w.trigger(maya)
	w.ok("views.open", "trigger_id", used, "view", form)
	if got := w.call("views.open", "trigger_id", used, "view", form); got["error"] != "exchanged_trigger_id" {
		t.Errorf("second use: got %v, want exchanged_trigger_id", got)
	}
	late := w.trigger(maya)
	w.clock.move(triggerLife + time.Millisecond)
	if got := w.call("views.open", "trigger_id", late, "view", form); got["error"] != "expired_trigger_id" {
		t.Errorf("after 3 s: got %v, want expired_trigger_id", got)
	}
	bad := w.trigger(maya)
	if got := w.call("views.open", "trigger_id", bad, "view", "{}"); got["error"] != "invalid_arguments" {
		t.Errorf("empty view: got %v, want invalid_arguments", got)
	}
	w.ok("views.open", "trigger_id", bad, "view", form) // a refused view does not use the trigger
	if got := w.call("views.push", "trigger_id", w.trigger(maya), "view", form); got["error"] != "not_found" {
		t.Errorf("push outside a modal: got %v, want not_found", got)
	}
}

func TestModal_ClientChecksFirst(t *testing.T) {
	t.Parallel()
	w := opened(t)
	before := len(w.deliveries())
	a, err := w.SubmitModal(maya, map[string]string{"Title": "A title that is far too long"})
	if err != nil {
		t.Fatal(err)
	}
	if a.Errors["title"] == "" || a.Errors["type"] == "" || a.Errors["due"] != "" || len(w.deliveries()) != before {
		t.Errorf("got %+v and %d deliveries, want complaints about title and type and nothing sent", a, len(w.deliveries())-before)
	}
	if _, err := w.SubmitModal(maya, map[string]string{"Type": "Poster"}); err == nil {
		t.Error("an option that is not offered: got no error")
	}
}

func TestModal_Submission(t *testing.T) {
	t.Parallel()
	fill := map[string]string{"Title": "Spring banner", "type": "Banner", "due/v": "2026-03-20", "Sizes": "300x250, 728x90"}
	for _, tc := range []struct {
		name, answer string
		toast        bool
		depth        int // modals open afterwards
		title        string
		errors       int
	}{
		{name: "empty closes", answer: ""},
		{name: "clear closes", answer: `{"response_action":"clear"}`},
		{name: "errors stay", answer: `{"response_action":"errors","errors":{"title":"Already asked for"}}`, depth: 1, title: "New request", errors: 1},
		{name: "errors on nothing", answer: `{"response_action":"errors","errors":{"nowhere":"x"}}`, toast: true, depth: 1, title: "New request"},
		{name: "update", answer: `{"response_action":"update","view":{"type":"modal","title":{"type":"plain_text","text":"Working"},"blocks":[{"type":"divider"}]}}`, depth: 1, title: "Working"},
		{name: "push", answer: `{"response_action":"push","view":{"type":"modal","title":{"type":"plain_text","text":"More"},"blocks":[{"type":"divider"}]}}`, depth: 2, title: "More"},
		{name: "broken view", answer: `{"response_action":"update","view":{"type":"modal"}}`, toast: true, depth: 1, title: "New request"},
		{name: "no JSON", answer: `thanks`, toast: true, depth: 1, title: "New request"},
		{name: "foreign JSON", answer: `{"ok":true}`, toast: true, depth: 1, title: "New request"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := opened(t)
			w.answers(says(tc.answer))
			a, err := w.SubmitModal(maya, fill)
			if err != nil {
				t.Fatal(err)
			}
			v, _ := w.Modal(maya)
			if (a.Toast != "") != tc.toast || v.Depth != tc.depth || v.Title != tc.title || len(v.Errors) != tc.errors {
				t.Errorf("got %+v and modal %q (%d open, errors %v), want toast %v, %q, %d open, %d errors",
					a, v.Title, v.Depth, v.Errors, tc.toast, tc.title, tc.depth, tc.errors)
			}
			values := obj(obj(obj(w.lastPayload("view_submission")["view"])["state"])["values"])
			if got := obj(obj(values["title"])["v"])["value"]; got != "Spring banner" {
				t.Errorf("title: got %v", got)
			}
			if got := str(obj(obj(obj(values["type"])["v"])["selected_option"]), "value"); got != "banner" {
				t.Errorf("type: got %v", got)
			}
			if got := list(obj(obj(values["sizes"])["v"])["selected_options"]); len(got) != 2 {
				t.Errorf("sizes: got %v, want both", got)
			}
		})
	}
}

func TestModal_UpdateKeepsWhatWasEntered(t *testing.T) {
	t.Parallel()
	w := opened(t)
	v, _ := w.Modal(maya)
	if err := w.Enter(maya, map[string]string{"Title": "Mine"}); err != nil {
		t.Fatal(err)
	}
	prefilled := strings.Replace(form, `"max_length":20`, `"initial_value":"From the thread"`, 1)
	w.ok("views.update", "view_id", v.ID, "view", prefilled, "hash", v.Hash)
	if got, _ := w.Modal(maya); got.Values["title"]["v"].(object)["value"] != "Mine" {
		t.Errorf("same ids: got %v, want what Maya typed", got.Values["title"])
	}
	fresh := strings.Replace(prefilled, `"block_id":"title"`, `"block_id":"title.2"`, 1)
	w.ok("views.update", "view_id", v.ID, "view", fresh)
	if got, _ := w.Modal(maya); got.Values["title.2"]["v"].(object)["value"] != "From the thread" {
		t.Errorf("new block id: got %v, want the initial value", got.Values)
	}
	if got := w.call("views.update", "view_id", v.ID, "view", fresh, "hash", v.Hash); got["error"] != "hash_conflict" {
		t.Errorf("old hash: got %v, want hash_conflict", got)
	}
}

func TestModal_DispatchPushAndStack(t *testing.T) {
	t.Parallel()
	w := opened(t)
	if _, err := w.Choose(maya, "Title", "quiet"); err != nil {
		t.Fatal(err)
	}
	before := len(w.deliveries())
	if _, err := w.Choose(maya, "Type", "Video"); err != nil {
		t.Fatal(err)
	}
	if got := len(w.deliveries()) - before; got != 1 {
		t.Fatalf("a choice that dispatches: got %d deliveries, want 1", got)
	}
	p := w.lastPayload("block_actions")
	if obj(p["container"])["type"] != "view" || str(obj(obj(list(p["actions"])[0])["selected_option"]), "value") != "video" {
		t.Errorf("payload: got %v, want the choice from a view", p)
	}
	w.ok("views.push", "trigger_id", str(p, "trigger_id"), "view", form)
	for range 2 {
		if _, err := w.Choose(maya, "Type", "Banner"); err != nil {
			t.Fatal(err)
		}
		p = w.lastPayload("block_actions")
		w.call("views.push", "trigger_id", str(p, "trigger_id"), "view", form)
	}
	if v, _ := w.Modal(maya); v.Depth != 3 {
		t.Errorf("stack: got %d, want 3", v.Depth)
	}
	if got := w.call("views.push", "trigger_id", str(p, "trigger_id"), "view", form); got["error"] != "push_limit_reached" {
		t.Errorf("fourth view: got %v, want push_limit_reached", got)
	}
}

func TestModal_CloseTellsTheApp(t *testing.T) {
	t.Parallel()
	w := opened(t)
	if err := w.CloseModal(maya, false); err != nil {
		t.Fatal(err)
	}
	p := w.lastPayload("view_closed")
	if obj(p["view"])["private_metadata"] != "pm" || p["is_cleared"] != false {
		t.Errorf("view_closed: got %v", p)
	}
	if _, open := w.Modal(maya); open {
		t.Error("the modal is still open")
	}
	if err := w.CloseModal(maya, false); err == nil {
		t.Error("closing nothing: got no error")
	}
}

func TestModal_OpenedWhileTheAppAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.answers(func(_ http.ResponseWriter, _ *http.Request) {
		w.ok("views.open", "trigger_id", str(w.lastPayload("message_action"), "trigger_id"), "view", form)
	})
	ts, err := w.PostAs(maya, general, "Need a banner", "")
	if err != nil {
		t.Fatal(err)
	}
	if a, err := w.OpenShortcut(maya, general, ts, "request_from_message"); err != nil || a.Status != 200 {
		t.Fatalf("shortcut: got %+v, %v", a, err)
	}
	err = w.Wait(t.Context(), func(s *Server) bool { _, open := s.Modal(maya); return open })
	if v, _ := w.Modal(maya); err != nil || v.Title != "New request" {
		t.Errorf("got %q, %v, want the form open", v.Title, err)
	}
}
