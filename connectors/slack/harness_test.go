package slack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/internal/flow"
	"signoff/internal/text"
)

func TestConnector_KeepsEveryPromise(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, harness{})
}

type harness struct{}

func (harness) Kind() connectors.Kind { return Kind() }

func (harness) Env() map[string]string {
	return map[string]string{"SLACK_SIGNING_SECRET": testSecret, "SLACK_BOT_TOKEN": testToken}
}

func (harness) Start(t *testing.T, d connectors.Deps) connectortest.Outside {
	w := &world{t: t, api: newFakeSlack(t), now: d.Now, messages: map[string]map[string]string{}, uploads: map[string][]byte{}, names: map[string]string{}}
	w.api.on("chat.postMessage", w.post)
	w.api.on("chat.update", w.change)
	w.api.on("chat.delete", w.drop)
	w.api.on("files.getUploadURLExternal", w.begin)
	w.api.on("upload", w.receive)
	w.api.on("files.completeUploadExternal", w.complete)
	w.api.on("conversations.replies", w.list)
	w.api.on("conversations.history", w.list)
	d.HTTP = connectortest.HTTP(t)
	conn, err := New(decodeYAML(settingsYAML(w.api.base())), d)
	if err != nil {
		t.Fatal(err)
	}
	w.conn = conn
	return w
}

// world is a workspace that remembers its messages.
type world struct {
	t    *testing.T
	api  *fakeSlack
	conn connectors.Connector
	now  func() time.Time

	mu       sync.Mutex
	fault    *connectortest.Fault
	order    []string
	messages map[string]map[string]string // by ts: the arguments it was written with
	uploads  map[string][]byte            // by file id
	names    map[string]string
}

func (w *world) post(rw http.ResponseWriter, c apiCall) {
	w.faulty(rw, func() string {
		ts := fmt.Sprintf("%d.%06d", w.now().Unix(), len(w.order)+1)
		w.order = append(w.order, ts)
		w.messages[ts] = c.Args
		return fmt.Sprintf(`{"ok":true,"channel":%q,"ts":%q,"message":{"text":"x"}}`, c.Args["channel"], ts)
	})
}

func (w *world) change(rw http.ResponseWriter, c apiCall) {
	w.faulty(rw, func() string {
		m := w.messages[c.Args["ts"]]
		if m == nil {
			return `{"ok":false,"error":"message_not_found"}`
		}
		for key, v := range c.Args {
			m[key] = v
		}
		return fmt.Sprintf(`{"ok":true,"channel":%q,"ts":%q,"text":"x"}`, c.Args["channel"], c.Args["ts"])
	})
}

// faulty does what is asked, or what the armed fault says.
func (w *world) faulty(rw http.ResponseWriter, does func() string) {
	w.mu.Lock()
	f := w.fault
	w.fault = nil
	body := ""
	if f == nil || f.Does {
		body = does()
	}
	w.mu.Unlock()
	switch {
	case f == nil:
		say(body)(rw, apiCall{})
	case f.Hold != nil:
		close(f.Hold)
		if rc := http.NewResponseController(rw); rc.EnableFullDuplex() == nil {
			hangUp(rw, apiCall{})
		}
	case f.Status == 0:
		hangUp(rw, apiCall{})
	default:
		for key, v := range f.Header {
			rw.Header()[key] = v
		}
		rw.WriteHeader(f.Status)
		_, _ = io.WriteString(rw, f.Body)
	}
}

func (w *world) drop(rw http.ResponseWriter, c apiCall) {
	w.faulty(rw, func() string {
		if w.messages[c.Args["ts"]] == nil {
			return `{"ok":false,"error":"message_not_found"}`
		}
		delete(w.messages, c.Args["ts"])
		w.order = slices.DeleteFunc(w.order, func(ts string) bool { return ts == c.Args["ts"] })
		return `{"ok":true}`
	})
}

// begin, receive and complete are the three steps of a file.
func (w *world) begin(rw http.ResponseWriter, c apiCall) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := fmt.Sprintf("F%08d", len(w.names)+1)
	w.names[id] = c.Args["filename"]
	say(fmt.Sprintf(`{"ok":true,"upload_url":"%s/upload/%s","file_id":%q}`, w.api.server.URL, id, id))(rw, c)
}

func (w *world) receive(rw http.ResponseWriter, c apiCall) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.uploads[strings.TrimPrefix(c.Args["path"], "/upload/")] = []byte(c.Args["body"])
	_, _ = io.WriteString(rw, "OK")
}

func (w *world) complete(rw http.ResponseWriter, c apiCall) {
	w.faulty(rw, func() string {
		var files []struct{ ID, Title string }
		if err := json.Unmarshal([]byte(c.Args["files"]), &files); err != nil || len(files) != 1 {
			w.t.Errorf("completed with %v", c.Args)
			return `{"ok":false,"error":"invalid_arguments"}`
		}
		shown := fmt.Sprintf(`[{"id":%q,"title":%q,"name":%q,"size":%d,"mimetype":"image/png"}]`, files[0].ID, files[0].Title, w.names[files[0].ID], len(w.uploads[files[0].ID]))
		if c.Args["channel_id"] != "" {
			ts := fmt.Sprintf("%d.%06d", w.now().Unix(), len(w.order)+1)
			w.order = append(w.order, ts)
			w.messages[ts] = map[string]string{"channel": c.Args["channel_id"], "thread_ts": c.Args["thread_ts"], "files": shown}
		}
		return `{"ok":true,"files":` + shown + `}`
	})
}

func (w *world) Pictures() map[string][]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string][]byte{}
	for _, ts := range w.order {
		if !strings.Contains(w.messages[ts]["metadata"], `"mark":"CR-142/card"`) {
			continue
		}
		for _, b := range imagesOf(w.t, apiCall{Args: w.messages[ts]}) {
			file, _ := b["slack_file"].(map[string]any)
			out[fmt.Sprint(b["alt_text"])] = w.uploads[fmt.Sprint(file["id"])]
		}
	}
	return out
}

func (w *world) Talk(_ []flow.Link, body text.Doc) flow.Effect { return commentEffect(3, body) }

func (w *world) Spoken() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, ts := range w.order {
		if m := w.messages[ts]; strings.Contains(m["metadata"], `"mark":"CR-142/comment/2`) {
			out = append(out, shownText(w.t, []apiCall{{Args: m}}))
		}
	}
	return out
}

func (w *world) Hear([]flow.Link) (added, edited, removed []connectors.Inbound) {
	sign := func(id, inner string) []connectors.Inbound {
		in := event(inner)
		return []connectors.Inbound{w.sign(inbound(typeJSON, strings.Replace(string(in.Body), "Ev0TEST0001", id, 1)))}
	}
	const message = `{"type":"message","user":"U0MAYA0001","text":%q,"ts":"1760000005.000200","thread_ts":"1760000000.000100"%s}`
	first, next := fmt.Sprintf(message, "Larger", ""), fmt.Sprintf(message, "Smaller", `,"edited":{"ts":"1760000009.000000"}`)
	added = sign("EvADD", inThread("1760000005.000200", `,"user":"U0MAYA0001","text":"Larger"`))
	edited = sign("EvEDIT", `{"type":"message","subtype":"message_changed","channel":"C0LAUNCH01","event_ts":"1760000009.000300","message":`+next+`,"previous_message":`+first+`}`)
	removed = sign("EvDEL", `{"type":"message","subtype":"message_deleted","channel":"C0LAUNCH01","event_ts":"1760000010.000300","deleted_ts":"1760000005.000200","previous_message":`+next+`}`)
	return added, edited, removed
}

func (w *world) Carry(_ []flow.Link, name string, size int64) flow.Effect {
	e := copyEffect()
	e.Copy.File.Name, e.Copy.File.Size = name, size
	return e
}

func (w *world) Carried() map[string][]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string][]byte{}
	for _, ts := range w.order {
		var files []struct{ ID, Name string }
		if m := w.messages[ts]; m["files"] != "" && json.Unmarshal([]byte(m["files"]), &files) == nil {
			out[files[0].Name] = w.uploads[files[0].ID]
		}
	}
	return out
}

func (w *world) MostBytes() int64 { return 0 }

// list is a page of two messages of a thread or channel, with their metadata.
func (w *world) list(rw http.ResponseWriter, c apiCall) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.Args["include_all_metadata"] == "" {
		w.t.Errorf("%s without metadata", c.Method)
	}
	from, _ := strconv.Atoi(c.Args["cursor"])
	var found []map[string]any
	for _, ts := range w.order {
		m := w.messages[ts]
		if m["channel"] == c.Args["channel"] && m["thread_ts"] == c.Args["ts"] && ts >= c.Args["oldest"] {
			one := map[string]any{"ts": ts, "text": m["text"]}
			for _, key := range []string{"metadata", "files"} {
				if m[key] != "" {
					one[key], one["user"], one["bot_id"] = json.RawMessage(m[key]), testBot, testBotID
				}
			}
			found = append(found, one)
		}
	}
	next := ""
	if len(found) > from+2 {
		next = strconv.Itoa(from + 2)
	}
	page := found[min(from, len(found)):min(from+2, len(found))]
	data, err := json.Marshal(map[string]any{"ok": true, "messages": page, "response_metadata": map[string]any{"next_cursor": next}})
	if err != nil {
		w.t.Error(err)
	}
	say(string(data))(rw, c)
}

func (w *world) Connector() connectors.Connector { return w.conn }

func (w *world) Create() flow.Effect {
	e := show(card())
	e.ID, e.Show.Version, e.Show.Digest = "CR-142/1/1", 1, "digest-1"
	return e
}

func (w *world) Say([]flow.Link) (flow.Effect, bool) {
	return flow.Effect{ID: "CR-142/1/2", Request: "CR-142", Target: "slack", Tell: &flow.Tell{
		Where: ref("thread", "T0SIGNOFF1/C0LAUNCH01/1760000000.000100"), View: flow.View{Kind: flow.NoticeView, Headline: "Said once.", Body: text.Plain("x")},
	}}, true
}

func (w *world) Things() []string { return w.marked("CR-142/card") }

func (w *world) Said() int { return len(w.marked("CR-142/1/2")) }

func (w *world) marked(mark string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, ts := range w.order {
		if m := w.messages[ts]; strings.Contains(m["metadata"], `"mark":"`+mark+`"`) {
			out = append(out, m["text"]+"\n"+m["blocks"])
		}
	}
	return out
}

func (w *world) Arm(f connectortest.Fault) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = &f
	return true
}

// Faults are the answers with ok:false, as Slack documents them.
func (w *world) Faults() []connectortest.Case {
	var all []connectortest.Case
	for _, group := range []struct {
		class  connectors.Class
		codes  string
		person bool
	}{
		{connectors.Limited, "ratelimited rate_limited message_limit_exceeded", false},
		{connectors.Transient, "request_timeout service_unavailable team_added_to_org", false},
		{connectors.Unsure, "internal_error fatal_error", false},
		{connectors.Denied, "invalid_auth not_authed account_inactive token_revoked token_expired no_permission org_login_required ekm_access_denied missing_scope not_allowed_token_type", true},
		{connectors.Rejected, "channel_not_found not_in_channel is_archived restricted_action restricted_action_read_only_channel msg_too_long msg_blocks_too_long invalid_blocks invalid_blocks_format no_text invalid_arguments user_disabled cannot_dm_bot messages_tab_disabled thread_not_found metadata_too_large", true},
		{connectors.Rejected, "unknown_method method_deprecated something_new", false},
	} {
		for code := range strings.FieldsSeq(group.codes) {
			all = append(all, connectortest.Case{
				Name: code, Class: group.class, Person: group.person,
				Fault: connectortest.Fault{Status: 200, Body: fmt.Sprintf(`{"ok":false,"error":%q,"response_metadata":{"messages":["[ERROR] %s"]}}`, code, testSecretless)},
			})
		}
	}
	html := http.Header{"Content-Type": {"text/html"}}
	return append(all,
		connectortest.Case{Name: "sign-in page", Class: connectors.Unsure, Fault: connectortest.Fault{Status: 200, Header: html, Body: "<html>Sign in</html>"}},
		connectortest.Case{Name: "empty answer", Class: connectors.Unsure, Fault: connectortest.Fault{Status: 200}},
		connectortest.Case{Name: "another call's answer", Class: connectors.Unsure, Fault: connectortest.Fault{Status: 200, Body: `{"ok":true}`}},
		connectortest.Case{Name: "no error code", Class: connectors.Unsure, Fault: connectortest.Fault{Status: 200, Body: `{"ok":false}`}},
		connectortest.Case{Name: "429 with a date", Class: connectors.Limited, Wait: time.Second, Fault: connectortest.Fault{
			Status: 429, Header: http.Header{"Retry-After": {"Fri, 20 Nov 2026 09:00:30 GMT"}},
		}},
	)
}

const testSecretless = "must be more than 0 characters [json-pointer:/blocks/0/text]"

// sign signs a delivery by the clock of the suite.
func (w *world) sign(in connectors.Inbound) connectors.Inbound {
	at := w.now()
	stamp := strconv.FormatInt(at.Unix(), 10)
	in.At = at
	in.Header[headerTime] = []string{stamp}
	in.Header[headerSignature] = []string{string(signature([]byte(testSecret), stamp, in.Body))}
	return in
}

func (w *world) Hooks() (believed, refused []connectors.Inbound) {
	at, sign := w.now(), w.sign
	believed = []connectors.Inbound{
		sign(inbound(typeJSON, ourBody)), sign(slash("/signoff", "help")), sign(interactive(pressed("approve", "x"))),
		sign(event(`{"type":"app_mention","user":"U1","text":"<@U0BOT00001> x","channel":"C1","ts":"1.1"}`)),
		sign(inbound(typeForm, "payload="+url.QueryEscape(`{"type":"x"`))),
	}
	stale, unsigned := inbound(typeJSON, ourBody), sign(inbound(typeJSON, ourBody))
	stale.At = at
	unsigned.Header.Del(headerSignature)
	return believed, []connectors.Inbound{stale, unsigned, {Method: http.MethodGet, At: at, Header: http.Header{}}}
}

func (w *world) Secrets() []string { return []string{testToken, testSecret} }
