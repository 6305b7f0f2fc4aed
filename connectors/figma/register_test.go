package figma_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/internal/flow"
)

const (
	team    = "1012345678901234567"
	ourHook = "https://signoff.lumen.example/hooks/figma"
	places  = "teams: ['" + team + "']\nprojects: ['https://www.figma.com/files/project/55512345/Launch']\nfiles: [" + fileA + "]\n"
)

// registered lists the webhooks: "TEAM 101… FILE_COMMENT ours".
func (r *rig) registered() []string {
	var out []string
	r.site.with(func() {
		for _, h := range r.site.hooks {
			whose := "other"
			if strings.HasPrefix(h["endpoint"].(string), ourHook) {
				whose = "ours"
			}
			out = append(out, fmt.Sprintf("%s %s %s %s", h["context"], h["context_id"], h["event_type"], whose))
		}
	})
	slices.Sort(out)
	return out
}

// register looks after the webhooks and returns what was found, one line each.
func register(t *testing.T, c *rig) string {
	t.Helper()
	list, err := c.Register(t.Context())
	if err != nil {
		t.Fatalf("Register: %v", err)
	}
	return findings(list)
}

func findings(list []connectors.Finding) string {
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintf(&b, "%s: %s: %s", f.Level, f.What, f.Text)
		if f.Level != "ok" {
			fmt.Fprintf(&b, " -> %s", f.Remedy)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func all() []string {
	return []string{
		"FILE " + fileA + " FILE_COMMENT ours", "FILE " + fileA + " FILE_VERSION_UPDATE ours",
		"PROJECT 55512345 FILE_COMMENT ours", "PROJECT 55512345 FILE_VERSION_UPDATE ours",
		"TEAM " + team + " FILE_COMMENT ours", "TEAM " + team + " FILE_VERSION_UPDATE ours",
	}
}

func TestRegister_MakesOnce(t *testing.T) {
	t.Parallel()
	c := connect(t, places)
	for range 3 {
		register(t, c)
		if diff := cmp.Diff(all(), c.registered()); diff != "" {
			t.Fatalf("other webhooks:\n%s", diff)
		}
	}
	register(t, (&rig{site: c.site, clock: c.clock, keep: &connectortest.Keep{}, log: c.log}).again(t, places))
	if diff := cmp.Diff(all(), c.registered()); diff != "" {
		t.Errorf("with a lost memory there are other webhooks:\n%s", diff)
	}
	codes := map[any]bool{}
	c.site.with(func() {
		for _, h := range c.site.hooks {
			codes[h["passcode"]] = true
		}
	})
	if len(codes) != len(all()) {
		t.Errorf("%d passcodes for %d webhooks, want one each", len(codes), len(all()))
	}
	raw, _ := json.Marshal(c.keep.Keys())
	for code := range codes {
		if s := code.(string); len(s) != 43 || strings.Contains(string(raw)+c.log.String(), s) {
			t.Errorf("a passcode has %d characters, or is to be seen", len(s))
		}
	}
}

// TestRegister_DeliversAtItsAddress: the passcode of one webhook is good at its own address alone.
func TestRegister_DeliversAtItsAddress(t *testing.T) {
	t.Parallel()
	c := connect(t, places)
	register(t, c)
	var one, two map[string]any
	c.site.with(func() { one, two = c.site.hooks[0], c.site.hooks[1] })
	at := func(h map[string]any, code any) connectors.Inbound {
		in := hookOf(body("PING", map[string]any{"passcode": code, "webhook_id": h["id"]}))
		in.Rest = strings.TrimPrefix(h["endpoint"].(string), ourHook+"/")
		return in
	}
	later := c.again(t, places) // nothing is in memory
	if acc, err := later.Accept(at(one, one["passcode"])); err != nil || acc.Secret != "" || strings.Contains(string(acc.Kept), one["passcode"].(string)) {
		t.Errorf("Accept = %+v, %v, want it believed", acc, err)
	}
	if got := refused(t, later, at(one, two["passcode"])); got.Status != http.StatusUnauthorized {
		t.Errorf("the passcode of another webhook: %d, want 401", got.Status)
	}
	elsewhere := at(one, one["passcode"])
	elsewhere.Rest = strings.Repeat("0", len(elsewhere.Rest))
	if got := refused(t, later, elsewhere); got.Status != http.StatusUnauthorized {
		t.Errorf("at an address that nobody made: %d, want 401", got.Status)
	}
	if len(at(one, nil).Rest) < 32 {
		t.Errorf("the address ends in %q, want 128 bits at least", at(one, nil).Rest)
	}
}

func TestRegister_Repairs(t *testing.T) {
	t.Parallel()
	const only = "files: [" + fileA + "]\nevents: [file_comment]\n"
	for name, tc := range map[string]struct {
		change func(s *site)
		said   string
	}{
		"deleted by somebody": {func(s *site) { s.hooks = nil }, "registered for file_comment"},
		"switched off":        {func(s *site) { s.hooks[0]["status"] = "PAUSED" }, "an old one for file_comment deleted"},
		"led elsewhere":       {func(s *site) { s.hooks[0]["endpoint"] = "https://old.lumen.example/hooks/figma/x" }, "an old one for file_comment deleted"},
		"of an earlier store": {func(s *site) { s.hooks[0]["endpoint"] = ourHook + "/" + strings.Repeat("ab", 20) }, "an old one for file_comment deleted"},
		"there twice": {func(s *site) {
			two := map[string]any{}
			for k, v := range s.hooks[0] {
				two[k] = v
			}
			two["id"] = "4711"
			s.hooks = append(s.hooks, two)
		}, "an old one for file_comment deleted"},
		"another event of ours": {func(s *site) {
			two := map[string]any{}
			for k, v := range s.hooks[0] {
				two[k] = v
			}
			two["id"], two["event_type"] = "4711", "LIBRARY_PUBLISH"
			s.hooks = append(s.hooks, two)
		}, "library_publish is no longer wanted"},
		"no room": {func(s *site) {
			s.hooks[0]["status"] = "PAUSED"
			for _, id := range []string{"1", "2"} {
				s.hooks = append(s.hooks, map[string]any{"id": id, "event_type": "FILE_UPDATE", "context": "FILE", "context_id": fileA, "status": "ACTIVE", "endpoint": "https://elsewhere.example/" + id})
			}
		}, "an old one for file_comment deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, only)
			register(t, c)
			c.site.with(func() { tc.change(c.site) })
			if said := register(t, c); !strings.Contains(said, tc.said) {
				t.Errorf("Register says %q, want %q in it", said, tc.said)
			}
			ours := slices.DeleteFunc(c.registered(), func(s string) bool { return !strings.HasSuffix(s, "ours") })
			if diff := cmp.Diff([]string{"FILE " + fileA + " FILE_COMMENT ours"}, ours); diff != "" {
				t.Errorf("other webhooks of ours:\n%s", diff)
			}
			if said := register(t, c); said != "ok: figma webhook: file "+fileA+" tells of file_comment\n" {
				t.Errorf("once more Register says %q, want nothing done", said)
			}
		})
	}
}

// TestRegister_Leaves: places and events that the settings no longer name lose their webhooks; those of others stay.
func TestRegister_Leaves(t *testing.T) {
	t.Parallel()
	c := connect(t, places)
	register(t, c)
	c.site.with(func() {
		c.site.hooks = append(c.site.hooks, map[string]any{"id": "1", "event_type": "FILE_COMMENT", "context": "FILE", "context_id": fileA, "status": "ACTIVE", "endpoint": "https://elsewhere.example/"})
	})
	register(t, c.again(t, "files: ["+fileA+"]\nevents: [file_comment]\n"))
	if diff := cmp.Diff([]string{"FILE " + fileA + " FILE_COMMENT other", "FILE " + fileA + " FILE_COMMENT ours"}, c.registered()); diff != "" {
		t.Errorf("other webhooks:\n%s", diff)
	}
}

// TestRegister_LostAnswer: a webhook that was made although the answer was lost is not made again.
func TestRegister_LostAnswer(t *testing.T) {
	t.Parallel()
	const only = "files: [" + fileA + "]\nevents: [file_comment]\n"
	for _, does := range []bool{true, false} {
		c := connect(t, only)
		c.site.arm(connectortest.Fault{Does: does})
		if _, err := c.Register(t.Context()); (err == nil) != does {
			t.Errorf("made %v: Register = %v", does, err)
		}
		register(t, c)
		if diff := cmp.Diff([]string{"FILE " + fileA + " FILE_COMMENT ours"}, c.registered()); diff != "" {
			t.Errorf("made %v: other webhooks:\n%s", does, diff)
		}
	}
}

func TestRegister_ByHand(t *testing.T) {
	t.Parallel()
	const only = "files: [" + fileA + "]\nevents: [file_comment]\n"
	c := connect(t, only)
	byHand := map[string]any{"id": "1", "event_type": "FILE_COMMENT", "context": "FILE", "context_id": fileA, "status": "ACTIVE", "endpoint": ourHook}
	c.site.with(func() { c.site.hooks = append(c.site.hooks, byHand) })
	register(t, c)
	if diff := cmp.Diff([]string{"FILE " + fileA + " FILE_COMMENT ours"}, c.registered()); diff != "" {
		t.Errorf("beside one that was made by hand:\n%s", diff)
	}
}

func TestRegister_SaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		settings string
		change   func(*site)
		want     string
	}{
		"no place":      {"", nil, "ok: figma webhook: made by hand"},
		"manual":        {"webhook: manual\n", nil, "ok: figma webhook: looked after by hand"},
		"no paid plan":  {places, func(s *site) { s.denied["POST v2/webhooks"] = "Webhooks are not available on this plan" }, "warning: figma webhook: team " + team + ": HTTP 403"},
		"no team admin": {places, func(s *site) { s.denied["GET v2/webhooks"] = "You must be an admin of the team" }, "an account that administers the team"},
		"no scope":      {places, func(s *site) { s.denied["POST v2/webhooks"] = "Invalid scope: [...]" }, "it lacks the scope webhooks:write"},
		"no room for one": {"files: [" + fileA + "]\nevents: [file_comment]\n", func(s *site) {
			for _, id := range []string{"1", "2", "3"} {
				s.hooks = append(s.hooks, map[string]any{"id": id, "event_type": "FILE_UPDATE", "context": "FILE", "context_id": fileA, "status": "ACTIVE", "endpoint": "https://elsewhere.example/" + id})
			}
		}, "Figma allows 3 at one."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, tc.settings)
			c.site.with(func() {
				if tc.change != nil {
					tc.change(c.site)
				}
			})
			if said := register(t, c); !strings.Contains(said, tc.want) {
				t.Errorf("Register says\n%swant %q in it", said, tc.want)
			}
		})
	}
}

// TestPoll fetches what could not be delivered while we were down, once.
func TestPoll(t *testing.T) {
	t.Parallel()
	c := connect(t, "files: ["+fileA+"]\nevents: [file_comment]\n")
	c.Ask(inquiry{})
	register(t, c)
	sent := func(id, status string, at time.Duration) map[string]any {
		payload := map[string]any{}
		if err := json.Unmarshal(commented(id, "", "@signoff "+id), &payload); err != nil {
			t.Fatal(err)
		}
		payload["passcode"], payload["timestamp"] = "", begin().Add(at).Format(time.RFC3339)
		m := map[string]any{"webhook_id": "1001", "error_msg": nil, "response_info": nil,
			"request_info": map[string]any{"id": "1001", "endpoint": ourHook, "payload": payload, "sent_at": begin().Add(at).Format(time.RFC3339)}}
		if status != "" {
			m["response_info"] = map[string]any{"status": status, "received_at": begin().Add(at).Format(time.RFC3339)}
		}
		return m
	}
	c.site.with(func() {
		c.site.sent["1001"] = []map[string]any{sent("5", "", -time.Hour), sent("4", "503", -2*time.Hour), sent("3", "200", -3*time.Hour), sent("2", "503", -30*time.Hour), sent("1", "503", -8*24*time.Hour)}
	})
	var got []string
	status := http.StatusOK
	deliver := func(_ context.Context, in connectors.Inbound) connectors.Reply {
		acc, err := c.Accept(in)
		if err != nil || !in.Trusted || acc.Malformed != "" {
			t.Errorf("Accept = %+v, %v", acc, err)
		}
		got = append(got, acc.Key[strings.LastIndex(acc.Key, "/")+1:])
		return connectors.Reply{Status: status}
	}
	status = http.StatusServiceUnavailable
	if _, err := c.Poll(t.Context(), deliver); err == nil {
		t.Error("Poll without a store says all is well")
	}
	status = http.StatusOK
	for range 2 {
		if next, err := c.Poll(t.Context(), deliver); err != nil || next <= 0 {
			t.Errorf("Poll = %v, %v", next, err)
		}
	}
	if diff := cmp.Diff([]string{"2", "2", "4", "5"}, got); diff != "" {
		t.Errorf("other deliveries:\n%s", diff)
	}
	c.site.with(func() { c.site.hooks = nil })
	if _, err := c.Poll(t.Context(), deliver); err != nil {
		t.Errorf("Poll of a webhook that is gone = %v", err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	c := connect(t, places+"token_expires: 2026-11-30\n")
	if said := findings(c.Check(t.Context())); !strings.Contains(said, "warning: figma file "+fileA+" webhook: there is no webhook for file_comment") {
		t.Errorf("before Register Check says\n%s", said)
	}
	register(t, c)
	want := "ok: figma: signed in as signoff bot (signoff-bot@lumen.example)\n" +
		"warning: figma: token expires in 10 days (2026-11-30) -> Make a new token with the same account and put it into connectors.figma.token.\n" +
		"ok: figma file " + fileA + ": Homepage hero can be read\n" +
		"ok: figma team " + team + " webhook: tells of file_comment, file_version_update\n" +
		"ok: figma project 55512345 webhook: tells of file_comment, file_version_update\n" +
		"ok: figma file " + fileA + " webhook: tells of file_comment, file_version_update\n"
	if diff := cmp.Diff(want, findings(c.Check(t.Context()))); diff != "" {
		t.Errorf("Check:\n%s", diff)
	}
	c.clock.Advance(11 * time.Minute)
	if said := findings(c.Check(t.Context())); !strings.Contains(said, "Figma has not reached signoff through the webhook for file_comment") {
		t.Errorf("without a hello Check says\n%s", said)
	}
	c.site.with(func() {
		for _, h := range c.site.hooks {
			raw, _ := json.Marshal(map[string]any{"event_type": "PING", "timestamp": c.clock.Now().Format(time.RFC3339), "webhook_id": h["id"]})
			c.Recall(t.Context(), flow.Delivery{Body: raw, At: c.clock.Now()})
		}
	})
	if said := findings(c.Check(t.Context())); strings.Contains(said, "has not reached") {
		t.Errorf("after a hello Check says\n%s", said)
	}
}

func TestCheck_Token(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		settings string
		change   func(*site)
		want     string
		probe    connectors.Class
	}{
		"not good":      {"", func(s *site) { s.auth = "X-Nobody" }, "problem: figma: read our account", connectors.Denied},
		"without scope": {"", func(s *site) { s.denied["GET v1/me"] = "Invalid scope" }, "warning: figma: Figma does not say whose token it is", ""},
		"of the plan":   {"token_type: plan\n", nil, "decisions cannot be written back", ""},
		"expired":       {"token_expires: 2026-11-19\n", nil, "problem: figma: the token expired on 2026-11-19", ""},
		"good":          {"token_expires: 2027-11-19\n", nil, "ok: figma: token valid until 2027-11-19", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, tc.settings)
			c.site.with(func() {
				if tc.change != nil {
					tc.change(c.site)
				}
			})
			if said := findings(c.Check(t.Context())); !strings.Contains(said, tc.want) {
				t.Errorf("Check says\n%swant %q in it", said, tc.want)
			}
			if err := c.Probe(t.Context()); connectors.ClassOf(err) != tc.probe {
				t.Errorf("Probe = %v, want class %q", err, tc.probe)
			}
		})
	}
}

// TestRegister_ManyPlaces: what the limit of calls leaves open is done a minute later, not an hour.
func TestRegister_ManyPlaces(t *testing.T) {
	t.Parallel()
	var keys []string
	for i := range 8 {
		keys = append(keys, fmt.Sprintf("DGPTIUzgnwZoTJmukb%04d", i))
	}
	c := connect(t, "files: ["+strings.Join(keys, ", ")+"]\nper_minute: {tier2: 10}\n")
	said := register(t, c)
	if !strings.Contains(said, "3 of 8 places are looked after so far") {
		t.Errorf("Register says\n%s", said)
	}
	rounds := 0
	for ; len(c.registered()) < 16 && rounds < 10; rounds++ {
		c.clock.Advance(time.Minute)
		if _, err := c.Poll(t.Context(), func(context.Context, connectors.Inbound) connectors.Reply {
			return connectors.Reply{Status: http.StatusOK}
		}); err != nil && connectors.ClassOf(err) != connectors.Limited {
			t.Fatalf("Poll: %v", err)
		}
	}
	if rounds > 4 {
		t.Errorf("it took %d minutes", rounds)
	}
	c.clock.Advance(time.Hour)
	register(t, c)
	if n := len(c.registered()); n != 16 {
		t.Errorf("there are %d webhooks, want two at each of 8 files", n)
	}
}
