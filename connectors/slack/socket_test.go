package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"signoff/connectors"
	"signoff/internal/outbound"
	"signoff/internal/secret"
)

const testAppToken = "xapp-1-A0SIGNOFF1-test"

// fakeSocket plays Slack's side of Socket Mode, one connection at a time.
type fakeSocket struct {
	*httptest.Server
	t      *testing.T
	conns  chan *websocket.Conn
	mu     sync.Mutex
	refuse string // what apps.connections.open answers
	opened int
}

func newFakeSocket(t *testing.T) *fakeSocket {
	t.Helper()
	f := &fakeSocket{t: t, conns: make(chan *websocket.Conn, 4)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/apps.connections.open", f.open)
	mux.HandleFunc("GET /link", func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Errorf("upgrade: %v", err)
			return
		}
		f.conns <- conn
	})
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeSocket) open(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opened++
	w.Header().Set("Content-Type", "application/json")
	if got := r.Header.Get("Authorization"); got != "Bearer "+testAppToken {
		f.t.Errorf("apps.connections.open was called with %q", got)
	}
	if f.refuse != "" {
		_, _ = fmt.Fprintf(w, `{"ok":false,"error":%q}`, f.refuse)
		return
	}
	_, _ = fmt.Fprintf(w, `{"ok":true,"url":"ws%s/link?ticket=1"}`, strings.TrimPrefix(f.URL, "http"))
}

// accept waits for the next connection and greets it.
func (f *fakeSocket) accept() *websocket.Conn {
	f.t.Helper()
	select {
	case conn := <-f.conns:
		f.send(conn, `{"type":"hello","num_connections":1}`)
		return conn
	case <-time.After(patience):
		f.t.Fatal("nobody connected")
		return nil
	}
}

func (f *fakeSocket) send(conn *websocket.Conn, frame string) {
	f.t.Helper()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		f.t.Fatalf("send: %v", err)
	}
}

type socketAck struct {
	Envelope string          `json:"envelope_id"`
	Payload  json.RawMessage `json:"payload"`
}

func (f *fakeSocket) ack(conn *websocket.Conn) socketAck {
	f.t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	var a socketAck
	if err := conn.ReadJSON(&a); err != nil {
		f.t.Fatalf("read an acknowledgement: %v", err)
	}
	return a
}

// listening runs Listen against a fake. What it takes in goes through Accept, as in the engine.
type listening struct {
	*Connector
	fake  *fakeSocket
	taken chan connectors.Inbound
	reply func(connectors.Inbound) connectors.Reply
	ended chan error
	stop  context.CancelFunc
}

func listen(t *testing.T, reply func(connectors.Inbound) connectors.Reply) *listening {
	t.Helper()
	f := newFakeSocket(t)
	deps := testDeps(newKeep(), &logBuffer{})
	deps.HTTP = func(base string, vendor ...string) *http.Client {
		return outbound.New(outbound.Options{Allow: []string{base}, Hosts: vendor})
	}
	settings := fmt.Sprintf("mode: socket\napp_token: %s\nbot_token: xoxb-0000-test\napi_url: %s/api/\n", testAppToken, f.URL)
	conn, err := New(decodeYAML(settings), deps)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	l := &listening{Connector: conn.(*Connector), fake: f, taken: make(chan connectors.Inbound, 8), reply: reply, ended: make(chan error, 1)}
	l.known.Store(&install{Team: testTeam, App: testApp, User: testBot, Bot: testBotID})
	ctx, stop := context.WithCancel(t.Context())
	l.stop = stop
	go func() {
		l.ended <- l.Listen(ctx, func(_ context.Context, in connectors.Inbound) connectors.Reply {
			l.taken <- in
			return l.reply(in)
		})
	}()
	t.Cleanup(stop)
	return l
}

func stored(connectors.Inbound) connectors.Reply {
	return connectors.Reply{Status: http.StatusOK, Body: []byte(`{"ok":true}`)}
}

func (l *listening) next(t *testing.T) connectors.Inbound {
	t.Helper()
	select {
	case in := <-l.taken:
		return in
	case <-time.After(patience):
		t.Fatal("nothing was taken in")
		return connectors.Inbound{}
	}
}

func mentionJSON(id string) string {
	return fmt.Sprintf(`{"type":"event_callback","team_id":%q,"api_app_id":%q,"event_id":%q,"event":{"type":"app_mention","user":"U0REQUEST1","text":"<@%s> banner","ts":"1760000000.000100","channel":"C0CREATIVE"}}`, testTeam, testApp, id, testBot)
}

func TestListen_TakesEnvelopesAsAHookWould(t *testing.T) {
	t.Parallel()
	l := listen(t, func(in connectors.Inbound) connectors.Reply {
		if strings.Contains(string(in.Body), "view_submission") {
			return connectors.Reply{Status: http.StatusOK, Body: []byte(`{"response_action":"clear"}`)}
		}
		return stored(in)
	})
	conn := l.fake.accept()
	submission := `{"type":"view_submission","team":{"id":"` + testTeam + `"},"api_app_id":"` + testApp + `","user":{"id":"U1"},"view":{"id":"V1","callback_id":"other"}}`
	command := `{"command":"/signoff","text":"help & more","team_id":"` + testTeam + `","user_id":"U1","channel_id":"C1","trigger_id":"1.2","response_url":"https://hooks.slack.com/x","is_enterprise_install":"false","api_app_id":"` + testApp + `"}`
	for name, tc := range map[string]struct {
		frame, kind, accepted, payload string
	}{
		"event":      {`{"type":"events_api","envelope_id":"e1","accepts_response_payload":false,"payload":` + mentionJSON("Ev1") + `,"retry_attempt":2,"retry_reason":"timeout"}`, typeJSON, "event:app_mention", ""},
		"submission": {`{"type":"interactive","envelope_id":"e2","accepts_response_payload":true,"payload":` + submission + `}`, typeForm, "view_submission", `{"response_action":"clear"}`},
		"command":    {`{"type":"slash_commands","envelope_id":"e3","accepts_response_payload":true,"payload":` + command + `}`, typeForm, "command", ""},
		// a block that the library cannot decode makes it give up on the whole event
		"undecodable": {`{"type":"events_api","envelope_id":"e4","payload":{"type":"event_callback","team_id":"` + testTeam + `","event_id":"Ev4","event":{"type":"from_the_future","blocks":[{"type":"actions","elements":[{"type":"hologram"}]}]}}}`, typeJSON, "event:other", ""},
	} {
		l.fake.send(conn, tc.frame)
		in := l.next(t)
		acc, err := l.Accept(in)
		if err != nil {
			t.Fatalf("%s: Accept: %v", name, err)
		}
		if got := in.Header.Get("Content-Type"); got != tc.kind || acc.Kind != tc.accepted {
			t.Errorf("%s came as %s, kind %s; want %s, kind %s", name, got, acc.Kind, tc.kind, tc.accepted)
		}
		if ack := l.fake.ack(conn); string(ack.Payload) != tc.payload || ack.Envelope == "" {
			t.Errorf("%s was acknowledged with %q %s, want the payload %q", name, ack.Envelope, ack.Payload, tc.payload)
		}
		if name == "event" && in.Header.Get("X-Slack-Retry-Num") != "2" {
			t.Errorf("the second retry says %q", in.Header.Get("X-Slack-Retry-Num"))
		}
		if name == "command" {
			if v, err := url.ParseQuery(string(in.Body)); err != nil || v.Get("text") != "help & more" {
				t.Errorf("the command's text is %q, %v", v.Get("text"), err)
			}
		}
	}
	if up, why := l.Connected(); !up {
		t.Errorf("Connected() = false, %q while the socket stands", why)
	}
}

func TestListen_DoesNotAcknowledgeWhatWasNotStored(t *testing.T) {
	t.Parallel()
	first := true
	l := listen(t, func(in connectors.Inbound) connectors.Reply {
		if first {
			first = false
			return connectors.Reply{Status: http.StatusServiceUnavailable}
		}
		return stored(in)
	})
	conn := l.fake.accept()
	l.fake.send(conn, `{"type":"events_api","envelope_id":"lost","payload":`+mentionJSON("Ev1")+`}`)
	l.next(t)
	l.fake.send(conn, `{"type":"events_api","envelope_id":"again","payload":`+mentionJSON("Ev1")+`,"retry_attempt":1,"retry_reason":"timeout"}`)
	l.next(t)
	if ack := l.fake.ack(conn); ack.Envelope != "again" {
		t.Errorf("the first acknowledgement is for %q, want \"again\" alone", ack.Envelope)
	}
}

func TestListen_ConnectsAgainWhenAsked(t *testing.T) {
	t.Parallel()
	l := listen(t, stored)
	conn := l.fake.accept()
	l.fake.send(conn, `{"type":"disconnect","reason":"refresh_requested","debug_info":{"host":"applink"}}`)
	conn = l.fake.accept()
	l.fake.send(conn, `{"type":"events_api","envelope_id":"e9","payload":`+mentionJSON("Ev9")+`}`)
	l.next(t)
	if ack := l.fake.ack(conn); ack.Envelope != "e9" {
		t.Errorf("acknowledged %q on the new connection, want e9", ack.Envelope)
	}
}

func TestListen_StopsForAGoodReason(t *testing.T) {
	t.Parallel()
	f := newFakeSocket(t)
	f.refuse = "not_allowed_token_type"
	deps := testDeps(newKeep(), &logBuffer{})
	settings := fmt.Sprintf("mode: socket\napp_token: %s\nbot_token: xoxb-0000-test\napi_url: %s/api/\n", testAppToken, f.URL)
	conn, err := New(decodeYAML(settings), deps)
	if err != nil {
		t.Fatal(err)
	}
	err = conn.(*Connector).Listen(t.Context(), func(context.Context, connectors.Inbound) connectors.Reply { return connectors.Reply{} })
	var e *connectors.Error
	if !errors.As(err, &e) || e.Class != connectors.Denied || strings.Contains(err.Error(), testAppToken) {
		t.Errorf("Listen = %v, want a Denied error without the token", err)
	}
	if up, why := conn.(*Connector).Connected(); up || why == "" {
		t.Errorf("Connected() = %v, %q, want false with a reason", up, why)
	}
}

func TestListen_EndsWithItsContextAfterWhatItTook(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	l := listen(t, func(in connectors.Inbound) connectors.Reply { <-release; return stored(in) })
	conn := l.fake.accept()
	l.fake.send(conn, `{"type":"events_api","envelope_id":"last","payload":`+mentionJSON("Ev1")+`}`)
	l.next(t)
	l.stop()
	close(release)
	if ack := l.fake.ack(conn); ack.Envelope != "last" {
		t.Errorf("acknowledged %q, want \"last\"", ack.Envelope)
	}
	if err := <-l.ended; err != nil {
		t.Errorf("Listen = %v, want nil after its context ended", err)
	}
}

func TestSocketHTTP_KeepsToSlackAndTheConfiguredMachine(t *testing.T) {
	t.Parallel()
	deps := testDeps(newKeep(), &logBuffer{})
	deps.HTTP = func(base string, vendor ...string) *http.Client {
		return outbound.New(outbound.Options{Allow: []string{base}, Hosts: vendor})
	}
	conn, err := New(decodeYAML("mode: socket\napp_token: "+testAppToken+"\nbot_token: xoxb-0000-test\n"), deps)
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"127.0.0.1:80", "169.254.169.254:80", "evil.example:443", "slack.com.evil.example:443", "wss-primary.slack.com:80"} {
		if c, err := conn.(*Connector).socketDialer().NetDialContext(t.Context(), "tcp", address); err == nil {
			_ = c.Close()
			t.Errorf("a connection to %s was made", address)
		}
	}
}

func TestCheck_TriesTheAppTokenWhereNothingListens(t *testing.T) {
	t.Parallel()
	f := newFakeSocket(t)
	settings := fmt.Sprintf("mode: socket\napp_token: %s\nbot_token: xoxb-0000-test\napi_url: %s/api/\n", testAppToken, f.URL)
	conn, err := New(decodeYAML(settings), testDeps(newKeep(), &logBuffer{}))
	if err != nil {
		t.Fatal(err)
	}
	c := conn.(*Connector)
	if got := c.checkSocket(t.Context()); len(got) != 1 || got[0].Level != "ok" {
		t.Errorf("a token that is taken: %+v", got)
	}
	f.mu.Lock()
	f.refuse = "invalid_auth"
	f.mu.Unlock()
	if got := c.checkSocket(t.Context()); len(got) != 1 || got[0].Level != "problem" || !strings.Contains(got[0].Text, "invalid_auth") {
		t.Errorf("a token that is refused: %+v", got)
	}
}

func TestManifest_WithoutAddressesForTheSocketAndWithOneForOAuth(t *testing.T) {
	t.Parallel()
	socket, err := Manifest(Settings{Mode: modeSocket}, "https://hub.lumen.example", "slack")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(socket, "socket_mode_enabled: true") || strings.Contains(socket, "url:") {
		t.Errorf("the manifest of Socket Mode is not right:\n%s", socket)
	}
	several, err := Manifest(Settings{ClientID: "11.22"}, "https://hub.lumen.example/", "")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(several, "https://hub.lumen.example/oauth/slack/callback") || !strings.Contains(several, "token_rotation_enabled: true") {
		t.Errorf("the manifest for several workspaces is not right:\n%s", several)
	}
	beside, err := Manifest(Settings{ClientID: "11.22", BotToken: secret.New("xoxb-1-abc")}, "https://hub.lumen.example/", "")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(beside, "token_rotation_enabled: false") {
		t.Errorf("with a bot token in the settings tokens must not expire:\n%s", beside)
	}
}
