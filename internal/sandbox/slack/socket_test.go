package slack

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const appToken = "xapp-1-sandbox"

func socketWorld(t *testing.T, change func(*Options)) *world {
	t.Helper()
	return newWorld(t, func(o *Options) {
		o.SocketMode, o.AppToken = true, appToken
		if change != nil {
			change(o)
		}
	})
}

// line is the app's end of a socket.
type line struct {
	t    *testing.T
	conn *websocket.Conn
}

// dial opens a connection as an app does and reads its hello.
func (w *world) dial() *line {
	w.t.Helper()
	a := w.call("apps.connections.open", "token", appToken)
	if a["ok"] != true {
		w.t.Fatalf("apps.connections.open: got %v, want ok", a)
	}
	conn, resp, err := websocket.DefaultDialer.Dial(str(a, "url"), nil)
	if err != nil {
		w.t.Fatalf("dial: %v", err)
	}
	resp.Body.Close()
	w.t.Cleanup(func() { conn.Close() })
	return &line{t: w.t, conn: conn}
}

// read returns the next frame.
func (l *line) read() object {
	l.t.Helper()
	var o object
	if err := l.conn.ReadJSON(&o); err != nil {
		l.t.Errorf("read: %v", err)
	}
	return o
}

func (l *line) want(kind string) object {
	l.t.Helper()
	o := l.read()
	if o["type"] != kind {
		l.t.Fatalf("frame: got %v, want %s", o, kind)
	}
	return o
}

func (l *line) ack(frame object, payload ...any) {
	l.t.Helper()
	o := object{"envelope_id": frame["envelope_id"]}
	if len(payload) > 0 {
		o["payload"] = payload[0]
	}
	if err := l.conn.WriteJSON(o); err != nil {
		l.t.Errorf("ack: %v", err)
	}
}

// answers acks the next envelope with a payload and hands it over.
func (l *line) answers(payload any) <-chan object {
	got := make(chan object, 1)
	go func() {
		frame := l.read()
		l.ack(frame, payload)
		got <- frame
	}()
	return got
}

func TestSocket_OpenNeedsTheAppToken(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, nil)
	for token, want := range map[string]string{botToken: "not_allowed_token_type", "xapp-other": "invalid_auth", "": "not_authed"} {
		if a := w.call("apps.connections.open", "token", token); a["error"] != want {
			t.Errorf("with token %q: got %v, want %s", token, a, want)
		}
	}
	bare := socketWorld(t, func(o *Options) { o.AppScopes = []string{"authorizations:read"} })
	if a := bare.call("apps.connections.open", "token", appToken); a["error"] != "missing_scope" || a["needed"] != "connections:write" {
		t.Errorf("without the scope: got %v, want missing_scope", a)
	}
	req, err := http.NewRequest(http.MethodPost, w.api+"apps.connections.open", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+appToken)
	req.Header.Set("Content-Type", "application/json") // as libraries send it: JSON without a body
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	address := str(decode(t, resp), "url")
	if !strings.HasPrefix(address, "ws://") {
		t.Fatalf("address: got %s", address)
	}
	conn, resp, err := websocket.DefaultDialer.Dial(address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	resp.Body.Close()
	if _, resp, err := websocket.DefaultDialer.Dial(address, nil); err == nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("the address again: got %v, want it used up", resp)
	}
}

func TestSocket_EventsOnceAndNotByHTTP(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, nil)
	a := w.dial()
	if hello := a.want("hello"); hello["num_connections"] != 1.0 {
		t.Errorf("hello: got %v, want one connection", hello)
	}
	b := w.dial()
	b.want("hello")
	if _, err := w.PostAs(maya, launch, "one", ""); err != nil {
		t.Fatal(err)
	}
	first := a.want("events_api")
	inner := obj(obj(first["payload"])["event"])
	if inner["text"] != "one" || first["accepts_response_payload"] != false || first["retry_attempt"] != 0.0 || first["retry_reason"] != "" {
		t.Errorf("envelope: got %v, want the message", first)
	}
	a.ack(first)
	w.waitFor("event message", 1)
	if _, err := w.PostAs(maya, launch, "two", ""); err != nil {
		t.Fatal(err)
	}
	second := b.want("events_api")
	b.ack(second)
	w.waitFor("event message", 2)
	if n := len(w.deliveries()); n != 0 {
		t.Errorf("HTTP: got %d deliveries, want none", n)
	}
}

func TestSocket_RedeliversWhatIsNotAcked(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, func(o *Options) { o.AckWithin = time.Second })
	a := w.dial()
	a.want("hello")
	b := w.dial()
	b.want("hello")
	if _, err := w.PostAs(maya, launch, "one", ""); err != nil {
		t.Fatal(err)
	}
	first := a.want("events_api")
	second := b.want("events_api")
	if second["retry_attempt"] != 1.0 || second["retry_reason"] != "timeout" || second["envelope_id"] == first["envelope_id"] ||
		obj(second["payload"])["event_id"] != obj(first["payload"])["event_id"] {
		t.Errorf("redelivery: got %v after %v, want the same event on the other connection", second, first)
	}
	b.ack(second)
	if got := w.waitFor("event message", 2)[1]; got.Note != "retry 1 (http_timeout): ok" {
		t.Errorf("ledger: got %q", got.Note)
	}
}

func TestSocket_EventsWaitForAConnection(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, nil)
	if _, err := w.PostAs(maya, launch, "while nobody listens", ""); err != nil {
		t.Fatal(err)
	}
	if a, err := w.SlashCommand(maya, launch, "/signoff", "help"); err != nil || a.Toast == "" {
		t.Errorf("a command without a connection: got %+v, %v, want the error a person sees", a, err)
	}
	a := w.dial()
	a.want("hello")
	a.ack(a.want("events_api"))
	w.waitFor("event message", 1)
	w.Cut()
	if n := w.Sockets(); n != 0 {
		t.Errorf("%d connections stand right after all were cut", n)
	}
	if _, err := w.PostAs(maya, launch, "after the cut", ""); err != nil {
		t.Fatal(err)
	}
	b := w.dial()
	b.want("hello")
	b.ack(b.want("events_api"))
}

func TestSocket_AnswersInAcks(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, nil)
	l := w.dial()
	l.want("hello")
	answer := l.answers
	got := answer(object{"response_type": "ephemeral", "text": "Try help"})
	if a, err := w.SlashCommand(maya, launch, "/signoff", "what"); err != nil || a.Toast != "" {
		t.Errorf("command: got %+v, %v", a, err)
	}
	if frame := <-got; frame["type"] != "slash_commands" || frame["accepts_response_payload"] != true || obj(frame["payload"])["text"] != "what" {
		t.Errorf("command: got %v", frame)
	}
	if e := only(t, w.Ephemerals(maya)); e.Text != "Try help" {
		t.Errorf("answer: got %+v, want the text of the ack", e)
	}
	got = answer(object{})
	if _, err := w.GlobalShortcut(maya, "request_new"); err != nil {
		t.Fatal(err)
	}
	w.ok("views.open", "trigger_id", str(obj((<-got)["payload"]), "trigger_id"), "view", form)
	got = answer(object{"response_action": "errors", "errors": object{"title": "Already asked for"}})
	a, err := w.SubmitModal(maya, map[string]string{"Title": "Banner", "Type": "video"})
	if err != nil || a.Errors["title"] != "Already asked for" {
		t.Errorf("submission: got %+v, %v, want the errors of the ack", a, err)
	}
	<-got
}

func TestSocket_DropsLargeAcks(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, func(o *Options) { o.AckWithin = 100 * time.Millisecond })
	l := w.dial()
	l.want("hello")
	got := l.answers(object{"text": strings.Repeat("x", 20<<10)})
	if a, err := w.SlashCommand(maya, launch, "/signoff", "list"); err != nil || a.Toast == "" {
		t.Errorf("an ack of 20 kB: got %+v, %v, want it dropped", a, err)
	}
	<-got
	if said := w.Ephemerals(maya); len(said) != 0 {
		t.Errorf("answer: got %+v, want none", said)
	}
}

func TestSocket_Disconnects(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, nil)
	a := w.dial()
	a.want("hello")
	w.Disconnect("warning")
	if f := a.want("disconnect"); f["reason"] != "warning" {
		t.Errorf("got %v, want a warning", f)
	}
	if _, err := w.PostAs(maya, launch, "still here", ""); err != nil {
		t.Fatal(err)
	}
	a.ack(a.want("events_api"))
	w.waitFor("event message", 1)
	w.Disconnect("refresh_requested")
	if f := a.want("disconnect"); f["reason"] != "refresh_requested" {
		t.Errorf("got %v, want refresh_requested", f)
	}
	if _, _, err := a.conn.ReadMessage(); err == nil {
		t.Error("the connection still stands")
	}
	b := w.dial()
	b.want("hello")
	w.SocketMode(false)
	if f := b.want("disconnect"); f["reason"] != "link_disabled" {
		t.Errorf("got %v, want link_disabled", f)
	}
	if f := w.dial().want("disconnect"); f["reason"] != "link_disabled" {
		t.Errorf("a new connection: got %v, want link_disabled at once", f)
	}
	if _, err := w.PostAs(maya, launch, "by HTTP again", ""); err != nil {
		t.Fatal(err)
	}
	w.waitFor("event message", 2)
	if n := len(w.deliveries()); n != 1 {
		t.Errorf("HTTP: got %d deliveries, want 1", n)
	}
}

func TestSocket_TenAtMostAndPinged(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, func(o *Options) { o.PingEvery = time.Millisecond })
	pinged := make(chan string, 1)
	for i := range maxSockets {
		l := w.dial()
		if i == 0 {
			l.conn.SetPingHandler(func(said string) error {
				select {
				case pinged <- said:
				default:
				}
				return nil
			})
		}
		l.want("hello")
		go func() {
			for { // a client that only listens
				if _, _, err := l.conn.ReadMessage(); err != nil {
					return
				}
			}
		}()
	}
	if got := <-pinged; !strings.HasPrefix(got, "Ping from") {
		t.Errorf("ping: got %q", got)
	}
	address := str(w.call("apps.connections.open", "token", appToken), "url")
	if _, resp, err := websocket.DefaultDialer.Dial(address, nil); err == nil || resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the eleventh connection: got %v, want it refused", resp)
	}
	if n := w.Sockets(); n != maxSockets {
		t.Errorf("sockets: got %d, want %d", n, maxSockets)
	}
}

func TestSocket_WhatNoLibraryDecodes(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, nil)
	l := w.dial()
	l.want("hello")
	id := w.SendEvent(object{"type": "message", "channel": launch, "user": maya, "text": "new", "ts": "1.000001", "blocks": []any{
		object{"type": "actions", "elements": []any{object{"type": "hologram"}}},
	}})
	frame := l.want("events_api")
	if id == "" || obj(frame["payload"])["event_id"] != id {
		t.Errorf("event: got %v, want %s", frame, id)
	}
	l.ack(frame)
	go func() { l.ack(l.read(), object{"seen": true}) }()
	raw, err := w.SendEnvelope(t.Context(), "telepathy", object{"thought": 1})
	var seen object
	if err != nil || json.Unmarshal(raw, &seen) != nil || seen["seen"] != true {
		t.Errorf("unknown envelope: got %s, %v, want its ack", raw, err)
	}
}
