package slack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fakeSlack answers the Web API by bytes: it shares no struct with the connector and refuses arguments that the
// methods' pages do not list.
type fakeSlack struct {
	t      testing.TB
	server *httptest.Server
	mu     sync.Mutex
	calls  []apiCall
	answer map[string][]func(http.ResponseWriter, apiCall) // by method, used in order, the last one stays
	next   int
}

// apiCall is one call as it came over the wire.
type apiCall struct {
	Method string
	Args   map[string]string // form fields, or JSON members as JSON
}

func newFakeSlack(t testing.TB) *fakeSlack {
	f := &fakeSlack{t: t, answer: map[string][]func(http.ResponseWriter, apiCall){}}
	f.server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.server.Close)
	return f
}

func (f *fakeSlack) base() string { return f.server.URL + "/api/" }

// allowed are the arguments of each method, from Slack's reference.
func allowed(method string) string {
	return map[string]string{
		"auth.test":                    "",
		"chat.delete":                  "channel ts",
		"chat.unfurl":                  "channel ts unfurls",
		"files.info":                   "file",
		"files.getUploadURLExternal":   "filename length",
		"files.completeUploadExternal": "files channel_id thread_ts initial_comment",
		"views.publish":                "user_id view hash",
		"chat.postMessage":             "channel text blocks thread_ts metadata unfurl_links unfurl_media link_names",
		"chat.update":                  "channel ts text blocks metadata link_names",
		"chat.postEphemeral":           "channel user text blocks thread_ts link_names",
		"chat.getPermalink":            "channel message_ts",
		"conversations.open":           "users return_im",
		"conversations.replies":        "channel ts cursor include_all_metadata inclusive latest limit oldest",
		"conversations.history":        "channel cursor include_all_metadata inclusive latest limit oldest",
		"conversations.list":           "types exclude_archived limit cursor",
		"conversations.info":           "channel",
		"users.info":                   "user",
		"users.lookupByEmail":          "email",
		"views.open":                   "trigger_id view",
		"views.update":                 "view_id hash view",
	}[method]
}

func (f *fakeSlack) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil && !strings.HasPrefix(r.URL.Path, "/upload/") {
		f.t.Errorf("read %s: %v", r.URL.Path, err)
	}
	c := apiCall{Method: strings.TrimPrefix(r.URL.Path, "/api/"), Args: map[string]string{}}
	switch first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); {
	case err != nil:
		return // the sender broke off
	case first == "reply", first == "upload":
		c.Method = first
		c.Args["body"], c.Args["path"] = string(body), r.URL.Path
	default:
		f.read(r, body, &c)
	}
	f.mu.Lock()
	f.calls = append(f.calls, c)
	answer := ok
	if all := f.answer[c.Method]; len(all) > 0 {
		answer = all[0]
		if len(all) > 1 {
			f.answer[c.Method] = all[1:]
		}
	} else {
		answer = f.usual(c.Method)
	}
	f.mu.Unlock()
	answer(w, c)
}

// read checks method, token and arguments.
func (f *fakeSlack) read(r *http.Request, body []byte, c *apiCall) {
	if r.Method != http.MethodPost {
		f.t.Errorf("%s came by %s, want POST", c.Method, r.Method)
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var m map[string]json.RawMessage
		if err := json.Unmarshal(body, &m); err != nil {
			f.t.Errorf("%s: %v", c.Method, err)
		}
		for k, v := range m {
			c.Args[k] = strings.Trim(string(v), `"`)
		}
	} else {
		values, err := url.ParseQuery(string(body))
		if err != nil {
			f.t.Errorf("%s: %v", c.Method, err)
		}
		for k, v := range values {
			if k == "token" {
				token = v[0]
				continue
			}
			c.Args[k] = v[0]
		}
	}
	if token != testToken {
		f.t.Errorf("%s came without the token", c.Method)
	}
	for k := range c.Args {
		if !slices.Contains(strings.Fields(allowed(c.Method)), k) {
			f.t.Errorf("%s has no argument %q", c.Method, k)
		}
	}
}

func ok(w http.ResponseWriter, _ apiCall) { say(`{"ok":true}`)(w, apiCall{}) }

// say answers with JSON.
func say(body string) func(http.ResponseWriter, apiCall) {
	return func(w http.ResponseWriter, _ apiCall) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}
}

// refuse answers ok:false.
func refuse(code string) func(http.ResponseWriter, apiCall) {
	return say(fmt.Sprintf(`{"ok":false,"error":%q}`, code))
}

// status answers with an HTTP status and a header.
func status(code int, header ...string) func(http.ResponseWriter, apiCall) {
	return func(w http.ResponseWriter, _ apiCall) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "<html>"+http.StatusText(code)+"</html>")
	}
}

// hangUp takes the call and drops the connection without an answer.
func hangUp(w http.ResponseWriter, _ apiCall) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// usual is what a healthy Slack answers.
func (f *fakeSlack) usual(method string) func(http.ResponseWriter, apiCall) {
	switch method {
	case "auth.test":
		return func(w http.ResponseWriter, c apiCall) {
			w.Header().Set("X-OAuth-Scopes", "app_mentions:read,chat:write,commands,im:write,users:read,users:read.email")
			say(fmt.Sprintf(`{"ok":true,"team_id":%q,"user_id":%q,"bot_id":%q,"app_id":%q}`, testTeam, testBot, testBotID, testApp))(w, c)
		}
	case "chat.postMessage":
		f.next++
		ts := fmt.Sprintf("1760000100.%06d", f.next)
		return func(w http.ResponseWriter, c apiCall) {
			say(fmt.Sprintf(`{"ok":true,"channel":%q,"ts":%q,"message":{"text":"x"}}`, strings.TrimPrefix(c.Args["channel"], "#"), ts))(w, c)
		}
	case "chat.getPermalink":
		return say(`{"ok":true,"permalink":"https://lumen.slack.com/archives/C0LAUNCH01/p1"}`)
	case "conversations.open":
		return func(w http.ResponseWriter, c apiCall) {
			say(fmt.Sprintf(`{"ok":true,"channel":{"id":"D%s"}}`, c.Args["users"][1:]))(w, c)
		}
	case "conversations.info":
		return say(`{"ok":true,"channel":{"id":"C0LAUNCH01","name":"launch"}}`)
	case "users.info":
		return func(w http.ResponseWriter, c apiCall) {
			say(fmt.Sprintf(`{"ok":true,"user":{"id":%q,"team_id":%q,"tz":"Europe/London","is_bot":false,"profile":{"real_name":"Name %s","email":"%s@lumen.example"}}}`,
				c.Args["user"], testTeam, c.Args["user"], strings.ToLower(c.Args["user"])))(w, c)
		}
	case "views.open", "views.update":
		return say(`{"ok":true,"view":{"id":"V0VIEW0001","hash":"1760000000.aaaa"}}`)
	case "reply":
		return func(w http.ResponseWriter, _ apiCall) { _, _ = io.WriteString(w, "ok") }
	}
	return ok
}

// on sets what a method answers, in order; the last answer stays.
func (f *fakeSlack) on(method string, answers ...func(http.ResponseWriter, apiCall)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer[method] = answers
}

// of lists the calls of a method so far.
func (f *fakeSlack) of(method string) []apiCall {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []apiCall
	for _, c := range f.calls {
		if c.Method == method {
			out = append(out, c)
		}
	}
	return out
}

// only returns the one call of a method.
func (f *fakeSlack) only(method string) apiCall {
	f.t.Helper()
	calls := f.of(method)
	if len(calls) != 1 {
		f.t.Fatalf("%s was called %d times, want once; calls: %+v", method, len(calls), f.calls)
	}
	return calls[0]
}

// replyAddress is a response address at the fake, which stands in for Slack by api_url.
func (f *fakeSlack) replyAddress() string { return f.server.URL + "/reply/secret-canary-address" }
