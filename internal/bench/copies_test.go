package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestApproveIn(t *testing.T) {
	t.Parallel()
	for blocks, want := range map[string]string{
		"":           "",
		"not blocks": "",
		`[{"type":"section"},{"type":"actions","elements":[{"action_id":"open"},{"action_id":"approve","value":"v1"}]}]`: "v1",
		`[{"type":"actions","elements":[{"action_id":"open","value":"x"}]}]`:                                             "",
	} {
		if got := approveIn(blocks); got != want {
			t.Errorf("approveIn(%s) = %q, want %q", blocks, got, want)
		}
	}
}

// TestCopies follows one request with two copies through its decision.
func TestCopies(t *testing.T) {
	t.Parallel()
	const open, shut = `[{"elements":[{"action_id":"approve","value":"v"}]}]`, `[]`
	start := time.Unix(1_760_000_000, 0)
	post := func(channel, ts, blocks string, at time.Duration) ask {
		body := url.Values{"channel": {channel}, "blocks": {blocks}}.Encode()
		return ask{At: start.Add(at), Path: "chat.postMessage", Form: true, Body: body, Answer: `{"ok":true,"channel":"` + channel + `","ts":"` + ts + `"}`}
	}
	update := func(channel, ts, blocks string, at time.Duration) ask {
		body := url.Values{"channel": {channel}, "ts": {ts}, "blocks": {blocks}}.Encode()
		return ask{At: start.Add(at), Path: "chat.update", Form: true, Body: body}
	}
	c := &copies{all: map[string]*cardCopy{}}
	c.heard(post("C1", "1.1", open, 0))
	c.heard(post("D1", "1.2", open, 1))
	c.heard(post("D1", "1.3", shut, 2)) // a message without buttons is no copy
	if known, left, _ := c.state(); known != 2 || left != 2 {
		t.Fatalf("after posting: %d copies, %d with buttons, want 2 and 2", known, left)
	}
	c.heard(update("C1", "1.1", open, 3)) // something else has changed
	c.heard(update("C1", "1.1", shut, 4))
	c.heard(update("D1", "1.2", shut, 5))
	c.heard(update("D1", "1.2", shut, 6)) // it was gone before
	if known, left, _ := c.state(); known != 2 || left != 0 || !c.shut.Equal(start.Add(5)) {
		t.Errorf("after the decision: %d copies, %d with buttons, last at %v, want 2, 0, %v", known, left, c.shut, start.Add(5))
	}
}

func TestPress_IsASignedForm(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_760_000_000, 0)
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(press(reviewer(3), cardCopy{channel: "D1", ts: "1.2", value: `a"b`}, at))))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := req.Header.Get("X-Slack-Signature"), sign(signingSecret, "1760000000", string(body)); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || !strings.Contains(form.Get("payload"), `"value":"a\"b"`) {
		t.Errorf("payload %q, %v", form.Get("payload"), err)
	}
}

func TestReadAnswer(t *testing.T) {
	t.Parallel()
	for answer, wrong := range map[string]string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}":                 "",
		"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nX: y\r\n\r\n":           "",
		"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n":  "503",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": "length",
		"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}":                "EOF",
	} {
		err := readAnswer(bufio.NewReader(strings.NewReader(answer)))
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("readAnswer(%q) = %v, want %q", answer, err, wrong)
		}
	}
}

// TestTrips follows two events to the stand-ins.
func TestTrips(t *testing.T) {
	t.Parallel()
	b := &bench{}
	s, trips := b.mentions(2, true)
	if s.len() != 2 || len(s.at(0)) != len(s.at(1)) || bytes.Equal(s.at(0), s.at(1)) {
		t.Fatalf("%d requests of %d and %d bytes, want two of one size that differ", s.len(), len(s.at(0)), len(s.at(1)))
	}
	base := time.Now()
	for i := range 2 {
		trips.left(i)
		trips.heard(ask{At: base.Add(time.Second), Path: "chat.postMessage", Body: "thread_ts=1&text=" + token(i+1)})
		trips.heard(ask{At: base.Add(time.Hour), Path: "chat.postMessage", Body: "thread_ts=1&text=" + token(i+1)}) // a second one
		trips.heard(ask{At: base.Add(time.Hour), Path: "chat.postMessage", Body: "channel=D1&text=" + token(i+1)})  // to the assignee
		trips.heard(ask{At: base.Add(2 * time.Second), Path: "/rest/api/2/issue", Body: token(i + 1)})
	}
	select {
	case <-trips.all:
	default:
		t.Fatal("everything has arrived and nobody is told")
	}
	from := func(trip) time.Time { return base }
	if got := trips.took(from, atCard); got[0] != time.Second || got[1] != time.Second {
		t.Errorf("to the card %v, want a second each", got)
	}
	if got := trips.took(from, atTicket); got[0] != 2*time.Second {
		t.Errorf("to the ticket %v, want two seconds", got)
	}
}
