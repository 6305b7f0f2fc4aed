package slack

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signoff/connectors"
)

func TestAccept_Tenant(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, tc := range map[string]struct {
		in       connectors.Inbound
		believed bool
	}{
		"our event":          {inbound("application/json", ourBody), true},
		"other workspace":    {inbound("application/json", strings.ReplaceAll(ourBody, testTeam, "T0OTHER001")), false},
		"other app":          {inbound("application/json", strings.ReplaceAll(ourBody, testApp, "A0OTHER001")), false},
		"shared channel":     {inbound("application/json", `{"type":"event_callback","team_id":"T0OTHER001","context_team_id":"T0SIGNOFF1","event_id":"E1","event":{"type":"channel_rename","channel":{"id":"C1"}}}`), true},
		"our button":         {interactive(`{"type":"block_actions","team":{"id":"T0SIGNOFF1"},"user":{"id":"U1"},"actions":[{"action_id":"x"}]}`), true},
		"foreign button":     {interactive(`{"type":"block_actions","team":{"id":"T0OTHER001"},"user":{"id":"U1"},"actions":[{"action_id":"x"}]}`), false},
		"guest of elsewhere": {interactive(`{"type":"block_actions","team":{"id":"T0SIGNOFF1"},"user":{"id":"U1","team_id":"T0OTHER001"},"actions":[{"action_id":"x"}]}`), true},
		"foreign command":    {inbound("application/x-www-form-urlencoded", "command=%2Fsignoff&team_id=T0OTHER001&user_id=U1"), false},
		"our command":        {slash("/signoff", "help"), true},
		"other enterprise":   {interactive(`{"type":"shortcut","team":null,"enterprise":{"id":"E0OTHER"},"user":{"id":"U1"}}`), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := r.Accept(tc.in)
			if tc.believed && err != nil {
				t.Errorf("Accept(%s) = %v, want it believed", tc.in.Body, err)
			}
			if !tc.believed {
				wantRefusal(t, err, http.StatusUnauthorized)
			}
		})
	}
}

func TestAccept_UnreadableIsMalformedAndKept(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	deep := strings.Repeat(`{"a":`, 80) + "1" + strings.Repeat("}", 80)
	bodies := map[string]string{
		"duplicate key":  `{"team_id":"T0SIGNOFF1","type":"event_callback","type":"x"}`,
		"case variant":   `{"type":"event_callback","team_id":"T0SIGNOFF1","TYPE":"x"}`,
		"deep":           `{"type":"event_callback","team_id":"T0SIGNOFF1","event":` + deep + `}`,
		"huge number":    `{"type":"event_callback","team_id":"T0SIGNOFF1","event_time":1e999}`,
		"no workspace":   strings.ReplaceAll(ourBody, testTeam, ""),
		"not a number":   `{"type":"event_callback","team_id":"T0SIGNOFF1","event_time":NaN}`,
		"lone surrogate": `{"type":"event_callback","team_id":"T0SIGNOFF1","x":"\ud800"}`,
		"nul":            `{"type":"event_callback","team_id":"T0SIGNOFF1","x":"a\u0000b"}`,
		"trailing data":  ourBody + `{}`,
		"empty":          ``,
		"array":          `[]`,
		"wrong type":     `{"type":7,"team_id":"T0SIGNOFF1"}`,
	}
	for name, body := range bodies {
		for kind, in := range map[string]connectors.Inbound{"event": inbound("application/json", body), "payload": interactive(body)} {
			acc, err := r.Accept(in)
			if err != nil || acc.Malformed == "" || acc.ID == "" {
				t.Errorf("%s as %s: Accept = %+v, %v; want malformed with an id", name, kind, acc, err)
			}
		}
	}
	for _, body := range []string{"payload=%zz", "payload={}&payload={}", "command=%2Fsignoff&user_id=U1", "payload=" + url.QueryEscape(`{"type":"shortcut","user":{"id":"U1"}}`), "foo=bar", "command=%2Fsignoff&command=%2Fx", "payload=%00"} {
		acc, err := r.Accept(inbound("application/x-www-form-urlencoded", body))
		if err != nil || acc.Malformed == "" {
			t.Errorf("form %q: Accept = %+v, %v; want malformed", body, acc, err)
		}
	}
}

func TestAccept_Events(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.wrote(t.Context(), testTeam, "C1", "1760000000.000777")
	message := func(more string) string {
		return fmt.Sprintf(`{"type":"message","channel":"C1","ts":"1760000000.000100","channel_type":"channel"%s}`, more)
	}
	for name, tc := range map[string]struct {
		inner         string
		kind, ignored string // ignored: part of the reason, "" for an event of ours
		malformed     bool
		alarm         bool
	}{
		"mention":            {inner: `{"type":"app_mention","user":"U1","text":"<@U0BOT00001> hi","channel":"C1","ts":"1.1"}`, kind: "event:app_mention"},
		"mention as message": {inner: message(`,"user":"U1","text":"hi <@U0BOT00001>"`), kind: "event:message"},
		"plain message":      {inner: message(`,"user":"U1","text":"hi"`), kind: "event:message", ignored: "does not mention"},
		"direct message":     {inner: `{"type":"message","channel":"D1","ts":"1.1","channel_type":"im","user":"U1","text":"a banner"}`, kind: "event:message"},
		"our own card":       {inner: message(`,"bot_id":"B0BOT00001","user":"U0BOT00001","text":"<@U0BOT00001>"`), kind: "event:message"},
		"our own by app":     {inner: message(`,"bot_id":"B9","app_id":"A0SIGNOFF1","subtype":"bot_message","text":"<@U0BOT00001>"`), kind: "event:message"},
		"our own, receipted": {inner: strings.ReplaceAll(message(`,"bot_id":"B0BOT00001","user":"U0BOT00001","text":"x"`), "1760000000.000100", "1760000000.000777"), kind: "event:message", ignored: "signoff itself"},
		"another bot":        {inner: message(`,"bot_id":"B9","subtype":"bot_message","text":"<@U0BOT00001> deploy"`), kind: "event:message"},
		"edit":               {inner: `{"type":"message","subtype":"message_changed","channel":"C1","ts":"1.1","message":{"user":"U1"}}`, kind: "event:message", ignored: "neither words nor files"},
		"strange block":      {inner: message(`,"user":"U1","text":"<@U0BOT00001>","blocks":[{"type":"actions","elements":[{"type":"workflow_button","x":1}]}],"attachments":[{"id":"","ts":""}]`), kind: "event:message"},
		"no channel":         {inner: `{"type":"app_mention","user":"U1","text":"x"}`, kind: "event:app_mention", malformed: true},
		"not an object":      {inner: `"x"`, kind: "event:unreadable", malformed: true},
		"reaction":           {inner: `{"type":"reaction_added","user":"U1","reaction":"art","item":{"type":"message","channel":"C1","ts":"1.1"}}`, kind: "event:reaction_added", ignored: "another emoji"},
		"user object":        {inner: `{"type":"user_change","user":{"id":"U1"}}`, kind: "event:other", ignored: "user_change"},
		"uninstalled":        {inner: `{"type":"app_uninstalled"}`, kind: "event:app_uninstalled", ignored: "does not use", alarm: true},
		"revoked":            {inner: `{"type":"tokens_revoked","tokens":{"bot":["U1"]}}`, kind: "event:tokens_revoked", ignored: "does not use", alarm: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acc := r.accept(event(tc.inner))
			if acc.Kind != tc.kind || (acc.Malformed != "") != tc.malformed || (acc.Alarm != "") != tc.alarm || !tc.malformed && acc.ID != "event/Ev0TEST0001" {
				t.Errorf("Accept(%s) = %+v, want kind %q, malformed %v, alarm %v", tc.inner, acc, tc.kind, tc.malformed, tc.alarm)
			}
			if !strings.Contains(acc.Ignored, tc.ignored) || tc.ignored == "" && acc.Ignored != "" {
				t.Errorf("Accept(%s) ignored %q, want %q in it", tc.inner, acc.Ignored, tc.ignored)
			}
			if used := acc.Ignored == "" && acc.Malformed == ""; used != acc.Enrich || used != (acc.Key != "") {
				t.Errorf("Accept(%s) = %+v: only what is used has a content key and is enriched", tc.inner, acc)
			}
		})
	}
}

func TestAccept_OneMentionUnderTwoIDs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	inner := `{"type":%q,"user":"U1","text":"<@U0BOT00001> hi","channel":"C1","ts":"1760000000.000100"}`
	a := r.accept(event(fmt.Sprintf(inner, "app_mention")))
	b := r.accept(event(fmt.Sprintf(inner, "message")))
	if a.Key == "" || a.Key != b.Key {
		t.Errorf("content keys %q and %q, want the same one", a.Key, b.Key)
	}
	other := r.accept(event(strings.Replace(fmt.Sprintf(inner, "app_mention"), "000100", "000200", 1)))
	if other.Key == a.Key {
		t.Errorf("another message has the same content key %q", a.Key)
	}
}

func TestAccept_RateLimitedAlarms(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	acc := r.accept(inbound("application/json", `{"type":"app_rate_limited","team_id":"T0SIGNOFF1","minute_rate_limited":1518467820,"api_app_id":"A0SIGNOFF1"}`))
	if acc.Alarm == "" || acc.Ignored == "" || acc.Missed.Unix() != 1518467820 {
		t.Errorf("Accept = %+v, want it kept as ignored with an alarm, and the minute from which on words are missing", acc)
	}
}

func TestAccept_IDsOfWhatPeopleDo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	value := r.seal.value(press{Action: "approve", Request: "CR-142", Stage: "Brand review", Round: 1})
	press := func(ts string) connectors.Inbound {
		return interactive(fmt.Sprintf(`{"type":"block_actions","team":{"id":"T0SIGNOFF1"},"user":{"id":"U1"},"container":{"type":"message","channel_id":"C1","message_ts":"1.1"},"actions":[{"action_id":"approve","value":%q,"action_ts":%q}]}`, value, ts))
	}
	a, b, c := r.accept(press("5.1")), r.accept(press("5.1")), r.accept(press("5.2"))
	if a.ID != "action/T0SIGNOFF1/U1/C1:1.1/approve/5.1" || a.ID != b.ID || a.ID == c.ID {
		t.Errorf("ids %q, %q, %q: want one id per press", a.ID, b.ID, c.ID)
	}
	x, y := r.accept(slash("/signoff", "help")), r.accept(slash("/request", "banner"))
	if x.ID != y.ID || !strings.HasPrefix(x.ID, "trigger/") || strings.Contains(x.ID, "13345224609") {
		t.Errorf("ids %q and %q: want the hash of the trigger", x.ID, y.ID)
	}
}

// TestAccept_EveryFixture takes payloads of other people's collections: nothing crashes, all are kept or refused.
func TestAccept_EveryFixture(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/payload/*.json")
	if err != nil || len(files) < 5 {
		t.Fatalf("payloads %v (%v), want at least 5", files, err)
	}
	r := newRig(t)
	r.known.Store(&install{})
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range []connectors.Inbound{inbound("application/json", string(body)), interactive(string(body))} {
			acc, err := r.Accept(in)
			if err != nil {
				wantRefusal(t, err, http.StatusUnauthorized)
				continue
			}
			if acc.ID == "" || acc.Kind == "" {
				t.Errorf("%s: Accept = %+v, want an id and a kind", file, acc)
			}
			if acc.Ignored == "" && acc.Malformed == "" {
				if _, err := r.Parse(delivery(in, acc)); err != nil {
					t.Errorf("%s: Parse: %v", file, err)
				}
			}
			_ = r.Respond(t.Context(), in, acc, &fakeQuery{})
		}
	}
}
