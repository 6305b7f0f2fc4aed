package server_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/server"
)

func waitingInTriage(s *site) {
	d := banner()
	d.Request.Status, d.Request.Stages, d.Request.Triage, d.Request.Since = flow.Intake, nil, "No rule applies.", at(-3)
	s.hub.requests["CR-142"] = d
	snoozed := flow.Request{ID: "CR-140", Title: "A film", Round: 1, Status: flow.Snoozed, Triage: "No rule applies.", Until: noon.Add(48 * time.Hour)}
	s.hub.waiting = []flow.Request{snoozed, d.Request}
	s.hub.open = []flow.Request{{ID: "CR-7", Title: "Spring ad", Round: 1, Status: flow.InReview}, d.Request}
}

// TestTriagePage lists what waits, those that were put off last, and has the forms for whoever looks after it only.
func TestTriagePage(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"dana", "chloe"} {
		s, b := signedIn(t, who)
		waitingInTriage(s)
		s.hub.code = flow.CodeRecorded
		_, page := b.get("/triage")
		has(t, who, page, "CR-142", "No rule applies.", "snoozed until", "2 wait")
		if strings.Index(page, "CR-142") > strings.Index(page, "CR-140") {
			t.Errorf("%s: what was put off stands before what waits", who)
		}
		_, page = b.get("/requests/CR-142")
		forms := strings.Contains(page, `value="triage_accept"`)
		if forms != (who == "dana") {
			t.Errorf("%s has the forms of triage: %v", who, forms)
		}
		if !forms {
			continue
		}
		has(t, "forms", page, `value="triage_merge"`, `value="triage_snooze"`, `value="triage_decline"`, `<option value="CR-7">Spring ad</option>`, `min="2026-11-19"`)
		once := onceRE.FindStringSubmatch(page)[1]
		for do, field := range map[string][2]string{
			"triage_accept": {"assignee", "ana"}, "triage_merge": {"into", "CR-7"}, "triage_snooze": {"until", "2026-11-23"}, "triage_decline": {"note", "Not ours"},
		} {
			form := url.Values{"form": {token(t, page)}, "once": {once}, "do": {do}, field[0]: {field[1]}}
			if code, to := b.post("/requests/CR-142/acts", form); code != 303 || !strings.HasSuffix(to, "done="+do) {
				t.Errorf("%s: %d %s", do, code, to)
			}
			ev := s.hub.acts[len(s.hub.acts)-1]
			want := map[string]flow.Kind{"triage_accept": flow.RequestAccepted, "triage_merge": flow.RequestMerged, "triage_snooze": flow.RequestSnoozed, "triage_decline": flow.RequestDeclined}[do]
			if ev.Kind != want || ev.Actor.Name != "dana" || field[0] != "note" && ev.Field(field[0]) != field[1] || field[0] == "note" && ev.Body.String() != field[1] {
				t.Errorf("%s became %+v", do, ev)
			}
		}
	}
}

func TestAPI_Triage(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		token, body, code string
		status            int
		want              string
	}{
		"counts":            {asAna, `{"action":"accept","assignee":"ana"}`, flow.CodeRecorded, 200, `"counted":true`},
		"stands for nobody": {scripts, `{"action":"accept"}`, "", 403, "no_person"},
		"no such action":    {asAna, `{"action":"approve"}`, "", 422, `"action"`},
		"an unknown key":    {asAna, `{"action":"accept","for":"ana"}`, "", 422, `"for"`},
		"somebody else's":   {asAna, `{"action":"accept"}`, flow.CodeNotYours, 403, `"counted":false`},
		"decided before":    {asAna, `{"action":"accept"}`, flow.CodeAlready, 409, `"already"`},
		"without a reason":  {asAna, `{"action":"decline"}`, flow.CodeNoteNeeded, 422, `"note"`},
		"a past day":        {asAna, `{"action":"snooze","until":"2020-01-01"}`, flow.CodeUnreadable, 422, `"until"`},
		"into a closed one": {asAna, `{"action":"merge","into":"CR-7"}`, flow.CodeCannotTake, 422, `"into"`},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			waitingInTriage(s)
			s.hub.code, s.hub.why = tc.code, "Because."
			w := do(s.Public(), call{method: "POST", path: "/api/v1/requests/CR-142/triage", body: tc.body}.token(tc.token))
			if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.want) {
				t.Errorf("%d %s, want %d with %s", w.Code, w.Body, tc.status, tc.want)
			}
		})
	}
}

// TestPauses: a program pauses a rule and lets it go on; the pages say so to everybody, and whoever looks after triage has the
// buttons.
func TestPauses(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "dana")
	post := func(path, body string, status int) string {
		t.Helper()
		w := do(s.Public(), call{method: "POST", path: path, body: body}.token(scripts))
		if w.Code != status {
			t.Errorf("%s %s: %d %s, want %d", path, body, w.Code, w.Body, status)
		}
		return w.Body.String()
	}
	post("/api/v1/pauses", `{"rule":"Thanks","for":"for ever","reason":"x"}`, 422)
	s.hub.refuse = "There is no rule Thank."
	post("/api/v1/pauses", `{"rule":"Thank","for":"2h","reason":"x"}`, 422)
	s.hub.refuse = ""
	var got server.PauseAnswer
	if err := json.Unmarshal([]byte(post("/api/v1/pauses", `{"rule":"Thanks","for":"2 hours","reason":"It matches everything"}`, 200)), &got); err != nil {
		t.Fatal(err)
	}
	if got.Pause.Rule != "Thanks" || !got.Pause.Until.Equal(noon.Add(2*time.Hour)) || got.Pause.By != nil {
		t.Errorf("paused %+v", got)
	}
	s.hub.health = engine.Health{Ready: true, Paused: s.hub.pauses, Triage: 3}
	_, page := b.get("/rules")
	has(t, "rules", page, "It matches everything.", `name="do" value="resume"`, `name="do" value="drop"`, "Pause a rule", `says nothing until`, `<span class="count"`)
	form := url.Values{"form": {token(t, page)}, "rule": {"Thanks"}, "do": {"drop"}}
	if code, to := b.post("/rules/pauses", form); code != 303 || to != "/rules?done=rule_drop" {
		t.Errorf("drop: %d %s", code, to)
	}
	if len(s.hub.answers) != 1 || s.hub.answers[0] != "Thanks drop=true dana" {
		t.Errorf("answers %q", s.hub.answers)
	}
	_, other := signedIn(t, "chloe")
	if _, page := other.get("/rules"); strings.Contains(page, "Pause a rule") {
		t.Error("Chloé, who does not look after triage, may pause rules")
	}
}
