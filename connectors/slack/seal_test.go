package slack

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"signoff/connectors"
)

func samplePress() press {
	return press{Action: "approve", Request: "CR-142", Stage: "Brand review", Round: 2, Version: "v3~4%", Nonce: "abcdef"}
}

func TestSeal_ValueComesBack(t *testing.T) {
	t.Parallel()
	s := sealer{key: []byte("k")}
	for _, p := range []press{samplePress(), {}, {Action: "why", Request: "CR-1"}, {Action: "a~b", Request: "%7E", Stage: "Prüfung ✓"}} {
		got, ok := s.pressed(s.value(p))
		if !ok || got != p {
			t.Errorf("pressed(value(%+v)) = %+v, %v", p, got, ok)
		}
	}
	if v := s.value(press{Action: "delegate", Request: "CR-142", Stage: "Brand review", Round: 1, Nonce: "abcdef"}); utf8.RuneCountInString(v) > maxOption {
		t.Errorf("the value %q has %d characters, want it to fit a menu's %d", v, utf8.RuneCountInString(v), maxOption)
	}
}

// TestSeal_EveryAlteredFieldIsForged: a value that somebody changed on its way is refused, whichever field it is.
func TestSeal_EveryAlteredFieldIsForged(t *testing.T) {
	t.Parallel()
	s := sealer{key: []byte("k")}
	value := s.value(samplePress())
	for i := range value {
		for _, c := range []byte{'A', 'z', '7', '~'} {
			altered := value[:i] + string(c) + value[i+1:]
			if got, ok := s.pressed(altered); ok && altered != value {
				t.Errorf("pressed(%q) = %+v, want it forged", altered, got)
			}
		}
	}
	parts := strings.Split(value, "~")
	parts[3], parts[4] = parts[4], parts[3]
	for _, forged := range []string{
		"", "approve", strings.Join(parts, "~"), value + "~", strings.TrimSuffix(value, value[len(value)-1:]),
		sealer{key: []byte("other")}.value(samplePress()), strings.Repeat("~", 6), strings.Repeat("a", 3000),
	} {
		if got, ok := s.pressed(forged); ok {
			t.Errorf("pressed(%q) = %+v, want it forged", forged, got)
		}
	}
}

func TestSeal_Origin(t *testing.T) {
	t.Parallel()
	s := sealer{key: []byte("k")}
	p := samplePress()
	o := origin{Form: formChanges, User: "U1", Team: "T1", Channel: "C1", Thread: "1.1", Press: &p}
	sealed := s.seal(o)
	if got, ok := s.open(sealed); !ok || *got.Press != p || got.User != o.User || got.Thread != o.Thread {
		t.Errorf("open(seal(%+v)) = %+v, %v", o, got, ok)
	}
	for i := range sealed {
		altered := []byte(sealed)
		altered[i] ^= 1
		if _, ok := s.open(string(altered)); ok {
			t.Errorf("open takes metadata with byte %d altered", i)
		}
	}
	if len(sealed) > 3000 {
		t.Errorf("metadata has %d characters, want at most 3000", len(sealed))
	}
}

func pressed(actionID, value string) string {
	return fmt.Sprintf(`{"type":"block_actions","team":{"id":"T0SIGNOFF1"},"user":{"id":%q,"team_id":"T0SIGNOFF1"},"trigger_id":"1.2.abc","response_url":"RESPONSE","container":{"type":"message","channel_id":"C0LAUNCH01","message_ts":"1760000100.000001"},"channel":{"id":"C0LAUNCH01","name":"launch"},"message":{"ts":"1760000100.000001","thread_ts":"1760000000.000100","bot_id":"B0BOT00001"},"actions":[{"type":"button","action_id":%q,"block_id":"actions/1","value":%q,"action_ts":"1760000000.500000"}]}`,
		ravi, actionID, value)
}

func TestAccept_ForgedButtonIsKeptIgnoredWithAlarm(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	value := r.seal.value(samplePress())
	for name, payload := range map[string]string{
		"altered request": pressed("approve", strings.Replace(value, "CR-142", "CR-143", 1)),
		"altered stage":   pressed("approve", strings.Replace(value, "Brand", "Legal", 1)),
		"altered round":   pressed("approve", strings.Replace(value, "~2~", "~1~", 1)),
		"other action id": pressed("decline", value),
		"menu action":     pressed("more/x", strings.Replace(value, "approve", "decline", 1)),
		"no value":        pressed("approve", ""),
	} {
		acc := r.accept(interactive(payload))
		if acc.Ignored != ignoredForged || acc.Alarm == "" || acc.Enrich {
			t.Errorf("%s: Accept = %+v, want it ignored with an alarm", name, acc)
		}
	}
	if acc := r.accept(interactive(pressed("approve/2", value))); acc.Ignored != "" || !acc.Enrich {
		t.Errorf("the unaltered button: Accept = %+v, want it used", acc)
	}
}

func TestRespond_ForgedButtonIsAnsweredPrivately(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := interactive(strings.Replace(pressed("approve", "forged"), "RESPONSE", r.api.replyAddress(), 1))
	reply := r.respond(in, &fakeQuery{})
	if reply.Status != 200 || len(reply.Body) != 0 || !reply.Store {
		t.Errorf("Respond = %+v, want an empty 200 that is stored", reply)
	}
	if got := r.api.only("reply").Args["body"]; !strings.Contains(got, "not valid any more") || !strings.Contains(got, `"response_type":"ephemeral"`) {
		t.Errorf("said %s, want privately that the button is not valid any more", got)
	}
}

func TestAccept_ForgedForm(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := samplePress()
	good := origin{Form: formChanges, User: ravi, Team: testTeam, Press: &p}
	for name, tc := range map[string]struct {
		metadata, callback, user string
	}{
		"altered":      {strings.Replace(r.seal.seal(good), "CR-142", "CR-143", 1), formChanges, ravi},
		"other person": {r.seal.seal(good), formChanges, maya},
		"other form":   {r.seal.seal(good), formDetail, ravi},
		"empty":        {"", formChanges, ravi},
	} {
		in := interactive(submission(tc.callback, tc.metadata, tc.user, `{}`))
		if acc := r.accept(in); acc.Ignored != ignoredForged || acc.Alarm == "" {
			t.Errorf("%s: Accept = %+v, want it ignored with an alarm", name, acc)
		}
		reply := r.Respond(t.Context(), in, connectors.Accepted{ID: "x", Ignored: ignoredForged, Waits: true}, &fakeQuery{})
		if !strings.Contains(string(reply.Body), `"response_action":"update"`) {
			t.Errorf("%s: Respond = %s, want the form replaced", name, reply.Body)
		}
		if events, err := r.Parse(delivery(in, r.accept(in))); err != nil || len(events) != 0 {
			t.Errorf("%s: Parse = %+v, %v; want nothing", name, events, err)
		}
	}
}

// submission is a modal as it comes back; state is JSON of state.values.
func submission(callback, metadata, user, state string) string {
	return fmt.Sprintf(`{"type":"view_submission","team":{"id":"T0SIGNOFF1"},"user":{"id":%q,"team_id":"T0SIGNOFF1"},"api_app_id":"A0SIGNOFF1","trigger_id":"9.9.x","view":{"id":"V0VIEW0001","type":"modal","callback_id":%q,"private_metadata":%q,"hash":"156.abc","state":{"values":%s}}}`,
		user, callback, metadata, state)
}
