package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The workspace that the events come from and the stand-ins pretend to be.
const (
	signingSecret = "7c1e9d4a60b84f3fa2d5e8b1c9067f32"
	teamID        = "T0BENCH001"
	appID         = "A0BENCH001"
	botUser       = "U0BENCHBOT"
	requester     = "U0BENCHMAYA"
	eventSize     = 4096
)

// sign returns what Slack sends as X-Slack-Signature.
func sign(secret, timestamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + timestamp + ":" + body))
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// token marks one event, so that what arrives at a stand-in can be told to belong to it.
func token(n int) string { return fmt.Sprintf("ev%07dx", n) }

// tokenIn finds the first token in text, -1 without one.
func tokenIn(text string) int {
	for rest := text; ; {
		i := strings.Index(rest, "ev")
		if i < 0 || len(rest) < i+10 {
			return -1
		}
		rest = rest[i+2:]
		if n, err := strconv.ParseUint(rest[:7], 10, 32); err == nil && rest[7] == 'x' {
			return int(n)
		}
	}
}

// message is one thing somebody says in a channel.
type message struct {
	Number  int // makes event id, time and token its own
	Kind    string
	Text    string
	Channel string
	At      time.Time
}

// stamp is the message's id in its channel.
func (m message) stamp() string { return fmt.Sprintf("%d.%06d", m.At.Unix(), m.Number%1_000_000) }

// body returns the event as Slack sends it, padded to 4 KiB by its blocks, where Slack repeats what was said.
func (m message) body() string {
	ts := m.stamp()
	text := quote(m.Text + " " + token(m.Number))
	head := fmt.Sprintf(`{"token":"","team_id":%q,"context_team_id":%q,"context_enterprise_id":null,"api_app_id":%q,"event":{"type":%q,"user":%q,"client_msg_id":"%08d-0000-4000-8000-000000000000","text":%s,"ts":%q,"channel":%q,"channel_type":"channel","event_ts":%q,"team":%q,"blocks":[{"type":"rich_text","block_id":"b1","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"`,
		teamID, teamID, appID, m.Kind, requester, m.Number, text, ts, m.Channel, ts, teamID)
	tail := fmt.Sprintf(`"}]}]}]},"type":"event_callback","event_id":"Ev%010d","event_time":%d,"authorizations":[{"enterprise_id":null,"team_id":%q,"user_id":%q,"is_bot":true,"is_enterprise_install":false}],"is_ext_shared_channel":false,"event_context":"4-bench-%d"}`,
		m.Number, m.At.Unix(), teamID, botUser, m.Number)
	return head + filler(eventSize-len(head)-len(tail)) + tail
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return string(b)
}

const prose = "the spring launch needs one more size and the new claim in it "

func filler(n int) string {
	if n <= 0 {
		return ""
	}
	return strings.Repeat(prose, n/len(prose)+1)[:n]
}

// wire returns a signed request as it goes over the connection.
func wire(kind, body string, at time.Time) []byte {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	return []byte("POST /hooks/slack HTTP/1.1\r\nHost: bench\r\nUser-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\nAccept: */*\r\nContent-Type: " + kind +
		"\r\nX-Slack-Request-Timestamp: " + timestamp + "\r\nX-Slack-Signature: " + sign(signingSecret, timestamp, body) +
		"\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

const typeJSON, typeForm = "application/json", "application/x-www-form-urlencoded"
