package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The references are what somebody would write who wants only the figure. Each runs as a process of its own: this
// program started again with -ref.
//
//	plain    reads the body and answers
//	hmac     … after verifying the signature and decoding the JSON
//	durable  … and syncing one record in a shared commit before the answer
//	bot      hmac, then three conditions and one call to Slack; it stores nothing and loses what is in flight
//	chain    bot with one synced commit before the answer and one before the call: the least that never losing costs
var references = []string{"plain", "hmac", "durable", "bot", "chain"}

// reference is one running reference.
type reference struct {
	name   string
	store  *group       // durable, chain
	api    string       // bot, chain: where the call goes
	client *http.Client // bot, chain
}

// serveReference runs a reference until its standard input ends.
func serveReference(ctx context.Context, name, dir, api string, out io.Writer) error {
	r := &reference{name: name, api: api}
	if name == "durable" || name == "chain" {
		var err error
		if r.store, err = openGroup(filepath.Join(dir, "reference.db")); err != nil {
			return err
		}
	}
	r.client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "{\"ready\":true,\"listen\":%q}\n", l.Addr())
	s := &http.Server{Handler: r}
	context.AfterFunc(ctx, func() { _ = s.Close() }) // Serve then returns ErrServerClosed
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// said is what the references decode.
type said struct {
	EventID string `json:"event_id"`
	TeamID  string `json:"team_id"`
	Event   struct {
		Type    string `json:"type"`
		User    string `json:"user"`
		BotID   string `json:"bot_id"`
		Text    string `json:"text"`
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	} `json:"event"`
}

// ServeHTTP implements http.Handler.
func (r *reference) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 1<<20))
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	var s said
	if r.name != "plain" {
		if !authentic(req.Header, body) || json.Unmarshal(body, &s) != nil {
			http.Error(w, "refused", http.StatusUnauthorized)
			return
		}
	}
	if r.store != nil {
		if err := r.store.put(entry{bucketNames[0], []byte(s.EventID), body}); err != nil {
			http.Error(w, "not stored", http.StatusServiceUnavailable)
			return
		}
	}
	if r.api != "" && applies(s) {
		go r.act(s)
	}
	w.Header().Set("Content-Type", typeJSON)
	_, _ = w.Write([]byte(`{"ok":true}`)) // the sender sees it missing
}

func authentic(h http.Header, body []byte) bool {
	timestamp := h.Get("X-Slack-Request-Timestamp")
	sent, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(sent, 0)).Abs() > 5*time.Minute {
		return false
	}
	return hmac.Equal([]byte(sign(signingSecret, timestamp, string(body))), []byte(h.Get("X-Slack-Signature")))
}

// applies are the three conditions.
func applies(s said) bool {
	return s.Event.Type == "app_mention" && s.Event.BotID == "" && strings.Contains(s.Event.Text, "banner")
}

// act makes the one outgoing call.
func (r *reference) act(s said) {
	payload, err := json.Marshal(map[string]string{"channel": s.Event.Channel, "thread_ts": s.Event.TS, "text": "Request: " + s.Event.Text})
	if err != nil {
		return // a map of strings always marshals
	}
	if r.store != nil {
		if err := r.store.put(entry{bucketNames[3], []byte(s.EventID), payload}); err != nil {
			return // the stand-in sees it missing
		}
	}
	req, err := http.NewRequest(http.MethodPost, r.api+"chat.postMessage", bytes.NewReader(payload))
	if err != nil {
		return
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Authorization", "Bearer xoxb-bench")
	resp, err := r.client.Do(req)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body) // only so that the connection is used again
	_ = resp.Body.Close()
}
