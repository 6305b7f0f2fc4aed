package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"
)

// TestSign_Vector holds a published pair of body and signature.
func TestSign_Vector(t *testing.T) {
	t.Parallel()
	const body = `{"type":"event_callback","team_id":"T0SIGNOFF1","api_app_id":"A0SIGNOFF1","event_id":"Ev0SIGNOFF1","event_time":1760000000,"event":{"type":"app_mention","user":"U0REQUEST1","text":"<@U0BOT00001> banner please","ts":"1760000000.000100","channel":"C0CREATIVE","event_ts":"1760000000.000100"}}`
	const want = "v0=f8708b5366c034d905a7b57867e6bf89e4d18297cd3177cc497b2011703ba92c"
	if got := sign("signoff-dev-signing-secret", "1760000000", body); got != want {
		t.Errorf("sign = %s, want %s", got, want)
	}
}

func TestMessage_Body(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_760_000_000, 0)
	first := message{Number: 7, Kind: "app_mention", Text: `<@U0BENCHBOT> a "Nova" banner`, Channel: "C0BENCH001", At: at}.body()
	second := message{Number: 8, Kind: "app_mention", Text: `<@U0BENCHBOT> a "Nova" banner`, Channel: "C0BENCH001", At: at}.body()
	var a, b struct {
		EventID string `json:"event_id"`
		Event   struct{ Type, Text, TS string }
	}
	for body, into := range map[string]any{first: &a, second: &b} {
		if len(body) != eventSize {
			t.Errorf("the body has %d bytes, want %d", len(body), eventSize)
		}
		if err := json.Unmarshal([]byte(body), into); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
	}
	if a.EventID == b.EventID || a.Event.TS == b.Event.TS {
		t.Errorf("two messages share id or time: %+v, %+v", a, b)
	}
	if got := tokenIn(a.Event.Text); got != 7 {
		t.Errorf("token of %q = %d, want 7", a.Event.Text, got)
	}
}

func TestTokenIn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": -1, "event review": -1, "review ev0000042x now": 42, "ev12": -1, "ev0000042": -1, "evev0000003x": 3, "CR-1 " + token(1234567): 1234567} {
		if got := tokenIn(text); got != want {
			t.Errorf("tokenIn(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestWire_IsOneRequest(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_760_000_000, 0)
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire(typeJSON, "{}", at))))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil || string(body) != "{}" {
		t.Errorf("body %q, %v", body, err)
	}
	if got, want := req.Header.Get("X-Slack-Signature"), sign(signingSecret, "1760000000", "{}"); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}
