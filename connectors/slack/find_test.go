package slack

import (
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

func TestFind_ReadsTheThreadByItsMark(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.api.on("conversations.replies",
		say(`{"ok":true,"messages":[{"ts":"1760000000.000100","text":"x","blocks":[{"type":"never_seen"}]},{"ts":"1760000100.000001","metadata":{"event_type":"signoff_card","event_payload":{"mark":"CR-142/card","store":"another-store"}}}],"response_metadata":{"next_cursor":"c2"}}`),
		say(`{"ok":true,"messages":[{"ts":"1760000100.000002","metadata":{"event_type":"signoff_card","event_payload":{"mark":"CR-142/card","store":"store-1"}}}]}`))
	links, found, err := r.Find(t.Context(), show(card()), testNow())
	if err != nil || !found || links[0].Ref.Key != "T0SIGNOFF1/C0LAUNCH01/1760000100.000002" || links[0].Purpose != "card" {
		t.Fatalf("Find = %+v, %v, %v", links, found, err)
	}
	calls := r.api.of("conversations.replies")
	first := calls[0].Args
	if len(calls) != 2 || first["ts"] != "1760000000.000100" || first["oldest"] != "1759999700.000000" || calls[1].Args["cursor"] != "c2" {
		t.Errorf("read %v", calls)
	}
	if _, err := r.Do(t.Context(), show(card())); err != nil {
		t.Fatal(err)
	}
	r.api.only("chat.update") // adopted, and written once so that it shows this version
	if n := len(r.api.of("chat.postMessage")); n != 0 {
		t.Errorf("%d messages posted besides the one that was found", n)
	}
}

func TestFind_TopLevelCardIsLookedForInTheChannel(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	e := show(card())
	e.Show.At = ref("channel", "T0SIGNOFF1/C0LAUNCH01")
	r.api.on("conversations.history", say(`{"ok":true,"messages":[]}`))
	links, found, err := r.Find(t.Context(), e, testNow().Add(-time.Minute))
	if err != nil || found || links != nil {
		t.Errorf("Find = %+v, %v, %v; want surely nothing", links, found, err)
	}
	if got := r.api.only("conversations.history").Args; got["channel"] != "C0LAUNCH01" || got["ts"] != "" {
		t.Errorf("read %v", got)
	}
}

// TestFind_UnreadableHistoryIsForAPerson: nothing is posted again by default.
func TestFind_UnreadableHistoryIsForAPerson(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"missing_scope", "not_in_channel", "channel_not_found", "not_allowed_token_type"} {
		r := newRig(t)
		r.api.on("conversations.replies", refuse(code))
		_, found, err := r.Find(t.Context(), show(card()), testNow())
		if e := asError(t, err); e.Class != connectors.Rejected || found || !strings.Contains(e.Person, "replay") {
			t.Errorf("%s: Find = %v, %v (%+v); want it parked", code, found, err, e)
		}
	}
	r := newRig(t)
	r.api.on("conversations.replies", status(503))
	if _, _, err := r.Find(t.Context(), show(card()), testNow()); asError(t, err).Class != connectors.Transient {
		t.Errorf("Find while Slack is down = %v, want transient", err)
	}
}

// TestFind_NotYetThereIsNotNever: a post that was sent a moment ago may still arrive.
func TestFind_NotYetThereIsNotNever(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, found, err := r.Find(t.Context(), show(card()), testNow().Add(-time.Second))
	if e := asError(t, err); found || e.Class != connectors.Unsure || e.Wait != 4*time.Second {
		t.Errorf("Find after a second = %v, %+v; want unsure for 4 s more", found, e)
	}
	if _, found, err := r.Find(t.Context(), show(card()), testNow().Add(-5*time.Second)); found || err != nil {
		t.Errorf("Find after 5 s = %v, %v; want surely nothing", found, err)
	}
}

func TestFind_ChannelByNameOnceItIsKnown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	e := show(card())
	e.Show.At = ref("channel", "#launch")
	if _, _, err := r.Find(t.Context(), e, testNow()); asError(t, err).Class != connectors.Rejected {
		t.Errorf("Find in a channel nobody has seen = %v, want it parked", err)
	}
	if _, err := r.channelName(t.Context(), testTeam, "C0LAUNCH01"); err != nil {
		t.Fatal(err)
	}
	if _, found, err := r.Find(t.Context(), e, testNow().Add(-time.Minute)); found || err != nil {
		t.Errorf("Find = %v, %v; want surely nothing", found, err)
	}
	if got := r.api.only("conversations.history").Args["channel"]; got != "C0LAUNCH01" {
		t.Errorf("read %s", got)
	}
}

// TestFind_OneOfSeveral: whoever is found counts as told, the others are told by the next Do.
func TestFind_OneOfSeveral(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	e := tell(flow.Ref{}, "ana", "ben")
	r.api.on("chat.postMessage", hangUp, r.api.usual("chat.postMessage"))
	_, err := r.Do(t.Context(), e)
	if asError(t, err).Class != connectors.Unsure {
		t.Fatalf("Do = %v, want unsure", err)
	}
	r.api.on("conversations.history",
		say(`{"ok":true,"messages":[{"ts":"1760000100.000009","metadata":{"event_type":"signoff_card","event_payload":{"mark":"CR-142/8/3","store":"store-1"}}}]}`),
		say(`{"ok":true,"messages":[]}`))
	if _, found, err := r.Find(t.Context(), e, testNow().Add(-time.Minute)); found || err != nil {
		t.Fatalf("Find = %v, %v; want not everybody", found, err)
	}
	links, err := r.Do(t.Context(), e)
	if err != nil || len(links) != 2 {
		t.Fatalf("Do = %+v, %v", links, err)
	}
	calls := r.api.of("chat.postMessage")
	if len(calls) != 2 || calls[1].Args["channel"] != "D0BEN" {
		t.Errorf("posted %+v, want Ana once and Ben once", calls)
	}
}

func TestFind_NothingToFindInPrivate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, found, err := r.Find(t.Context(), private(""), testNow()); found || err != nil || len(r.api.calls) != 0 {
		t.Errorf("Find = %v, %v with calls %v", found, err, r.api.calls)
	}
}

func TestDo_RetryAfterOutOfRange(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{"-1": time.Second, "1000000000": 2 * time.Hour, "7.5": 7500 * time.Millisecond, "soon": time.Minute, "": time.Minute} {
		r := newRig(t)
		r.api.on("chat.postMessage", status(429, "Retry-After", header))
		_, err := r.Do(t.Context(), show(card()))
		if e := asError(t, err); e.Class != connectors.Limited || e.Wait != want || e.Scope != connectors.ScopeMethod {
			t.Errorf("Retry-After %q: %+v, want limited for %s in this channel", header, e, want)
		}
	}
}

func TestDo_LostUpdateIsSimplyRepeated(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, err := r.Do(t.Context(), show(card())); err != nil {
		t.Fatal(err)
	}
	for _, answer := range []struct {
		name string
		code int
	}{{"hang up", 0}, {"bad gateway", 502}} {
		if answer.code == 0 {
			r.api.on("chat.update", hangUp)
		} else {
			r.api.on("chat.update", status(answer.code))
		}
		_, err := r.Do(t.Context(), later(show(card()), 8, "x"))
		if asError(t, err).Class != connectors.Transient {
			t.Errorf("%s: %v, want transient", answer.name, err)
		}
	}
}
