package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// slackStandin answers the methods of the Web API that signoff calls.
type slackStandin struct{ posts atomic.Int64 }

// arg reads one argument of a call.
func (a ask) arg(name string) string {
	if a.Form {
		v, err := url.ParseQuery(a.Body)
		if err != nil {
			return ""
		}
		return v.Get(name)
	}
	var v map[string]any
	if json.Unmarshal([]byte(a.Body), &v) != nil {
		return ""
	}
	s, _ := v[name].(string)
	return s
}

func (s *slackStandin) answer(a ask) (int, string) {
	switch method := strings.TrimPrefix(a.Path, "/api/"); method {
	case "chat.postMessage":
		return 200, fmt.Sprintf(`{"ok":true,"channel":%q,"ts":%q,"message":{}}`, a.arg("channel"), s.stamp())
	case "chat.update":
		return 200, fmt.Sprintf(`{"ok":true,"channel":%q,"ts":%q,"text":""}`, a.arg("channel"), a.arg("ts"))
	case "chat.getPermalink":
		return 200, fmt.Sprintf(`{"ok":true,"channel":%q,"permalink":"https://bench.slack.com/archives/%s/p%s"}`, a.arg("channel"), a.arg("channel"), strings.ReplaceAll(a.arg("message_ts"), ".", ""))
	case "auth.test":
		return 200, fmt.Sprintf(`{"ok":true,"url":"https://bench.slack.com/","team_id":%q,"user_id":%q,"bot_id":"B0BENCHBOT","app_id":%q}`, teamID, botUser, appID)
	case "users.info":
		return 200, slackUser(a.arg("user"))
	case "conversations.info":
		return 200, fmt.Sprintf(`{"ok":true,"channel":{"id":%q,"name":"design-requests","is_channel":true}}`, a.arg("channel"))
	case "conversations.open":
		return 200, fmt.Sprintf(`{"ok":true,"channel":{"id":%q}}`, directWith(a.arg("users")))
	case "conversations.replies", "conversations.history":
		return 200, `{"ok":true,"messages":[]}`
	case "users.lookupByEmail":
		return 200, `{"ok":false,"error":"users_not_found"}` // everybody is pinned
	}
	return 200, `{"ok":true}`
}

// stamp is a message id that never comes twice, and is never that of an event: it lies in the future.
func (s *slackStandin) stamp() string {
	return fmt.Sprintf("%d.%06d", time.Now().Add(24*time.Hour).Unix(), s.posts.Add(1)%1_000_000)
}

func slackUser(id string) string {
	return fmt.Sprintf(`{"ok":true,"user":{"id":%q,"team_id":%q,"name":"somebody","real_name":"Maya Lind","tz":"Europe/London","is_email_confirmed":true,"profile":{"real_name":"Maya Lind","email":"%s@lumen.example"}}}`,
		id, teamID, strings.ToLower(id))
}
