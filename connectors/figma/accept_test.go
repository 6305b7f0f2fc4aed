package figma_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// refused returns how a webhook was refused.
func refused(t *testing.T, c *rig, in connectors.Inbound) *connectors.Refusal {
	t.Helper()
	acc, err := c.Accept(in)
	r, ok := errors.AsType[*connectors.Refusal](err)
	if !ok {
		t.Fatalf("Accept(%.80s) = %+v, %v, want a refusal", in.Body, acc, err)
	}
	return r
}

func TestAccept_Refusals(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	at := func(d time.Duration) any { return begin().Add(d).Format(time.RFC3339) }
	for name, tc := range map[string]struct {
		change func(*connectors.Inbound)
		want   int
	}{
		"GET":            {func(in *connectors.Inbound) { in.Method = http.MethodGet }, 405},
		"text":           {func(in *connectors.Inbound) { in.Header.Set("Content-Type", "text/plain") }, 415},
		"packed":         {func(in *connectors.Inbound) { in.Header.Set("Content-Encoding", "gzip") }, 415},
		"no JSON":        {func(in *connectors.Inbound) { in.Body = []byte("hello") }, 401},
		"empty":          {func(in *connectors.Inbound) { in.Body = nil }, 401},
		"list":           {func(in *connectors.Inbound) { in.Body = []byte(`["` + passcode + `"]`) }, 401},
		"cut":            {func(in *connectors.Inbound) { in.Body = in.Body[:len(in.Body)-1] }, 401},
		"twice":          {func(in *connectors.Inbound) { in.Body = []byte(`{"passcode":"x","passcode":"` + passcode + `"}`) }, 401},
		"wrong":          {func(in *connectors.Inbound) { in.Body = body("PING", map[string]any{"passcode": "another-passcode"}) }, 401},
		"missing":        {func(in *connectors.Inbound) { in.Body = body("PING", map[string]any{"passcode": nil}) }, 401},
		"empty passcode": {func(in *connectors.Inbound) { in.Body = body("PING", map[string]any{"passcode": ""}) }, 401},
		"number":         {func(in *connectors.Inbound) { in.Body = body("PING", map[string]any{"passcode": 12}) }, 401},
		"array":          {func(in *connectors.Inbound) { in.Body = body("PING", map[string]any{"passcode": []string{passcode}}) }, 401},
		"prefix":         {func(in *connectors.Inbound) { in.Body = body("PING", map[string]any{"passcode": passcode[:20]}) }, 401},
		"longer":         {func(in *connectors.Inbound) { in.Body = body("PING", map[string]any{"passcode": passcode + "x"}) }, 401},
		"too large":      {func(in *connectors.Inbound) { in.Body = make([]byte, 5<<20+1) }, 413},
		"of yesterday": {func(in *connectors.Inbound) {
			in.Body = body("PING", map[string]any{"timestamp": at(-4*time.Hour - 31*time.Minute)})
		}, 401},
		"of tomorrow": {func(in *connectors.Inbound) { in.Body = body("PING", map[string]any{"timestamp": at(6 * time.Minute)}) }, 401},
		"unknown registration": {func(in *connectors.Inbound) {
			in.Rest, in.Body = strings.Repeat("ab", 20), body("PING", map[string]any{"passcode": "x"})
		}, 401},
		"passcode as a parameter": {func(in *connectors.Inbound) {
			in.Query = map[string][]string{"passcode": {passcode}}
			in.Body = body("PING", map[string]any{"passcode": nil})
		}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := hookOf(body("PING", nil))
			tc.change(&in)
			if got := refused(t, c, in); got.Status != tc.want || strings.Contains(got.Reason, passcode) {
				t.Errorf("refused with %d (%s), want %d without the passcode", got.Status, got.Reason, tc.want)
			}
		})
	}
}

// TestAccept_OurFault: a webhook made by hand while its passcode is not in the settings is our mistake.
func TestAccept_OurFault(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	bare := c.bare(t)
	if got := refused(t, bare, hookOf(body("PING", nil))); got.Status != http.StatusServiceUnavailable {
		t.Errorf("without webhook_passcode: %d, want 503", got.Status)
	}
	in := hookOf(body("PING", nil))
	in.Rest = "0123456789abcdef"
	if got := refused(t, bare, in); got.Status != http.StatusUnauthorized {
		t.Errorf("at an address that nobody made: %d, want 401", got.Status)
	}
}

// TestAccept_TwoPasscodes: while one is changed both are believed, and it is said which.
func TestAccept_TwoPasscodes(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	two := c.settingsOf(t, strings.Replace(settings, "webhook_passcode: "+passcode, "webhook_passcode: [the-new-passcode-of-ours, "+passcode+"]", 1))
	for code, want := range map[string]string{"the-new-passcode-of-ours": "current", passcode: "previous"} {
		acc, err := two.Accept(hookOf(body("PING", map[string]any{"passcode": code})))
		if err != nil || acc.Secret != want {
			t.Errorf("Accept = %+v, %v, want the secret %q", acc, err, want)
		}
	}
}

// TestAccept_KeepsNoPasscode: what is kept has everything but the passcode, and numbers as they were written.
func TestAccept_KeepsNoPasscode(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	in := hookOf([]byte(`{"passcode":"` + passcode + `","event_type":"DEV_MODE_STATUS_UPDATE","timestamp":"2026-11-20T09:00:00Z","webhook_id":22,"retries":0,
		"file_key":"` + fileA + `","node_id":"43:2","status":"READY_FOR_DEV","related_links":[{"id":12345678901234567890123,"url":"https://lumen.atlassian.net/browse/DES-7"}],
		"triggered_by":{"id":"` + evanID + `","handle":"Evan","email":"evan@lumen.example"}}`))
	acc, err := c.Accept(in)
	if err != nil {
		t.Fatal(err)
	}
	kept := string(acc.Kept)
	if strings.Contains(kept, passcode) || strings.Contains(kept, "passcode") {
		t.Errorf("kept with its passcode: %s", kept)
	}
	if !json.Valid(acc.Kept) || !strings.Contains(kept, `"id":12345678901234567890123`) {
		t.Errorf("kept is %s, want the number as it was written", kept)
	}
	if acc.Key != "DEV_MODE_STATUS_UPDATE/"+fileA+"/2026-11-20T09:00:00Z/43:2/READY_FOR_DEV" || acc.About != file1(fileA) {
		t.Errorf("Accept = key %q about %v", acc.Key, acc.About)
	}
}

func TestAccept_FactKeys(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	item := func(keys ...string) []any {
		var out []any
		for _, k := range keys {
			out = append(out, map[string]any{"key": k, "name": k})
		}
		return out
	}
	version := func(more map[string]any) []byte {
		m := map[string]any{"version_id": "443", "label": "v3", "created_at": begin().Format(time.RFC3339)}
		for k, v := range more {
			m[k] = v
		}
		return body("FILE_VERSION_UPDATE", m)
	}
	for name, tc := range map[string]struct {
		one, two []byte
		same     bool
	}{
		"a retry":                        {commented("32", "", "hello"), []byte(strings.Replace(string(commented("32", "", "hello")), `"retries":0`, `"retries":2`, 1)), true},
		"team and file webhook":          {version(nil), version(map[string]any{"webhook_id": "77", "timestamp": begin().Add(time.Second).Format(time.RFC3339)}), true},
		"id as a number":                 {commented("32", "", "hello"), body("FILE_COMMENT", map[string]any{"comment": []any{}, "comment_id": 32}), true},
		"other comment":                  {commented("32", "", "hello"), commented("33", "", "hello"), false},
		"resolved":                       {commented("32", "", "hello"), body("FILE_COMMENT", map[string]any{"comment": []any{}, "comment_id": "32", "resolved_at": "2026-11-20T09:01:00Z"}), false},
		"other version":                  {version(nil), version(map[string]any{"version_id": "444"}), false},
		"publication split":              {body("LIBRARY_PUBLISH", map[string]any{"created_components": item("a", "b")}), body("LIBRARY_PUBLISH", map[string]any{"created_styles": item("a", "b")}), false},
		"publication in another order":   {body("LIBRARY_PUBLISH", map[string]any{"created_components": item("a", "b")}), body("LIBRARY_PUBLISH", map[string]any{"created_components": item("b", "a")}), true},
		"update a second later":          {body("FILE_UPDATE", nil), body("FILE_UPDATE", map[string]any{"timestamp": begin().Add(time.Second).Format(time.RFC3339)}), false},
		"pings of two webhooks":          {body("PING", nil), body("PING", map[string]any{"webhook_id": "23"}), false},
		"ping, webhook id as a number":   {body("PING", nil), body("PING", map[string]any{"webhook_id": 22}), true},
		"status of another node":         {body("DEV_MODE_STATUS_UPDATE", map[string]any{"node_id": "1:2", "status": "NONE"}), body("DEV_MODE_STATUS_UPDATE", map[string]any{"node_id": "1:3", "status": "NONE"}), false},
		"members that nobody told us of": {body("FILE_UPDATE", nil), body("FILE_UPDATE", map[string]any{"something_new": map[string]any{"a": []int{1}}}), true},
	} {
		one, err1 := c.Accept(hookOf(tc.one))
		two, err2 := c.Accept(hookOf(tc.two))
		if err1 != nil || err2 != nil || one.Malformed+two.Malformed != "" || one.Key == "" {
			t.Errorf("%s: Accept = %+v, %v; %+v, %v", name, one, err1, two, err2)
			continue
		}
		if (one.Key == two.Key) != tc.same {
			t.Errorf("%s: keys %q and %q, want the same: %v", name, one.Key, two.Key, tc.same)
		}
		if string(tc.one) != string(tc.two) && one.ID == two.ID {
			t.Errorf("%s: two bodies have one id %s: the later would look like an altered one", name, one.ID)
		}
	}
}

// TestAccept_Samples feeds the samples of Figma's documentation as they are, but for the day and the passcode.
func TestAccept_Samples(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.knows("zH44k2FUM629Fa4EMShiHL", nil)
	samples, err := filepath.Glob("testdata/*.json")
	if err != nil || len(samples) < 4 {
		t.Fatalf("testdata has %d samples (%v), want all four", len(samples), err)
	}
	for _, name := range samples {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		today := strings.NewReplacer("2020-02-23T20:27:16Z", begin().Format(time.RFC3339), "secretpasscode", passcode).Replace(string(raw))
		acc, err := c.Accept(hookOf([]byte(today)))
		if err != nil || acc.Malformed != "" || acc.Ignored != "" || acc.Key == "" || strings.Contains(string(acc.Kept), passcode) {
			t.Errorf("%s: Accept = %+v, %v", name, acc, err)
			continue
		}
		events, err := c.Parse(flow.Delivery{ID: "figma/x", Body: acc.Kept, At: begin()}) // without anything learned
		if err != nil {
			t.Errorf("%s: Parse: %v", name, err)
		}
		if want := map[string]int{"file_comment.json": 1, "file_version_update.json": 1}[filepath.Base(name)]; len(events) != want {
			t.Errorf("%s: %d events, want %d: %+v", name, len(events), want, events)
		}
	}
}

// TestAccept_OddWords: half a character in a name does not make a webhook somebody else's. It is kept as malformed, without its
// passcode; with a wrong one it is refused as any other.
func TestAccept_OddWords(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	for name, odd := range map[string]string{"half a character": `\ud83d`, "NUL": `\u0000`, "no UTF-8": "\xff"} {
		raw := strings.Replace(string(body("FILE_UPDATE", map[string]any{"file_name": "HERE"})), "HERE", odd, 1)
		acc, err := c.Accept(hookOf([]byte(raw)))
		if err != nil || acc.Malformed == "" || strings.Contains(string(acc.Kept), passcode) || !strings.Contains(string(acc.Kept), "FILE_UPDATE") {
			t.Errorf("%s: Accept = %+v, %v, want it kept as malformed", name, acc, err)
		}
		if got := refused(t, c, hookOf([]byte(strings.Replace(raw, passcode, "another-passcode", 1)))); got.Status != http.StatusUnauthorized {
			t.Errorf("%s with a wrong passcode: %d, want 401", name, got.Status)
		}
	}
}

func TestAccept_Malformed(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	for name, b := range map[string][]byte{
		"no event":       body("PING", map[string]any{"event_type": nil}),
		"no time":        body("FILE_UPDATE", map[string]any{"timestamp": nil}),
		"odd time":       body("FILE_UPDATE", map[string]any{"timestamp": "yesterday"}),
		"no file":        body("FILE_UPDATE", map[string]any{"file_key": nil}),
		"odd file":       body("FILE_UPDATE", map[string]any{"file_key": "../../v1/me"}),
		"no comment":     body("FILE_COMMENT", nil),
		"odd comment":    body("FILE_COMMENT", map[string]any{"comment_id": "../7"}),
		"odd parent":     body("FILE_COMMENT", map[string]any{"comment_id": "7", "parent_id": "a/b"}),
		"no version":     body("FILE_VERSION_UPDATE", nil),
		"odd version":    body("FILE_VERSION_UPDATE", map[string]any{"version_id": "1&x=2"}),
		"comment a text": body("FILE_COMMENT", map[string]any{"comment_id": "7", "comment": "hello"}),
	} {
		acc, err := c.Accept(hookOf(b))
		if err != nil || acc.Malformed == "" || acc.ID == "" {
			t.Errorf("%s: Accept = %+v, %v, want it kept as malformed", name, acc, err)
		}
	}
	acc, err := c.Accept(hookOf(body("TEAM_RENAMED", nil)))
	again, _ := c.Accept(hookOf([]byte(strings.Replace(string(body("TEAM_RENAMED", nil)), `"retries":0`, `"retries":2`, 1))))
	if acc.Key == "" || acc.Key != again.Key || acc.ID == again.ID {
		t.Errorf("keys %q and %q of two tries, want one", acc.Key, again.Key)
	}
	if err != nil || acc.Ignored == "" {
		t.Errorf("an event of tomorrow: Accept = %+v, %v, want it ignored", acc, err)
	}
}
