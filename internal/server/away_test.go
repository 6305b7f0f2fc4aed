package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/server"
)

func awayPeople() []engine.PersonState {
	back := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	return []engine.PersonState{
		{Name: "ana", Shown: "Ana Reyes", Backup: "dana"},
		{Name: "dana", Shown: "Dana Wolf", Backup: "ana", Leaves: []engine.Leave{{First: "2026-04-01", Last: "2026-04-01"}}},
		{Name: "ravi", Shown: "Ravi", Leaves: []engine.Leave{{First: "2026-03-10", Last: "2026-03-14", Cover: "ana", StandsIn: "ana", Now: true, Until: back}}},
	}
}

func TestAPI_Away(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.people, s.hub.awayWhy = awayPeople(), flow.Reason{Code: flow.CodeRecorded, Text: "Ravi is away."}
	put := func(body string) *http.Response {
		return do(s.Public(), call{method: "PUT", path: "/api/v1/people/ravi/away", body: body}.token(scripts)).Result()
	}
	res := put(`{"from":"2026-03-10","until":"2026-03-14","cover":"ana"}`)
	var got server.AwayAnswer
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || res.StatusCode != 200 {
		t.Fatalf("%d: %v", res.StatusCode, err)
	}
	want := server.AwayAnswer{SchemaVersion: 1, Message: "Ravi is away.", Person: server.PersonItem{
		Name: "ravi", Shown: "Ravi", Accounts: []server.AccountItem{},
		Away: []server.LeaveItem{{From: "2026-03-10", Until: "2026-03-14", Cover: "ana", StandsIn: "ana", Now: true, Back: time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)}},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("answer (-want +got):\n%s", d)
	}
	said := engine.AwayInput{Person: "ravi", From: "2026-03-10", Until: "2026-03-14", Cover: "ana", Via: "api"}
	if d := cmp.Diff(said, s.hub.absences[0]); d != "" {
		t.Errorf("what was said (-want +got):\n%s", d)
	}
	for body, status := range map[string]int{
		`{"from":"2026-03-10"}`: 422, `{}`: 422, `{"when":"10-14 Mar"}`: 200, `{"until":1}`: 400, `{"from":"2026-03-10","until":"2026-03-14","to":"ana"}`: 422,
	} {
		if res := put(body); res.StatusCode != status {
			t.Errorf("%s: %d, want %d", body, res.StatusCode, status)
		}
	}
	for code, status := range map[string]int{
		engine.CodeBadDays: 422, engine.CodeCoverCircle: 409, flow.CodeNotYours: 403, flow.CodeUnknownPerson: 422, flow.CodeNoted: 200,
	} {
		s.hub.awayWhy = flow.Reason{Code: code, Text: "Because."}
		if w := do(s.Public(), call{method: "DELETE", path: "/api/v1/people/ravi/away"}.token(scripts)); w.Code != status {
			t.Errorf("%s: %d, want %d", code, w.Code, status)
		}
	}
	if w := do(s.Public(), call{method: "DELETE", path: "/api/v1/people/olga/away"}.token(scripts)); w.Code != 404 {
		t.Errorf("somebody unknown: %d, want 404", w.Code)
	}
	if w := do(s.Public(), call{method: "DELETE", path: "/api/v1/people/ravi/away"}); w.Code != 401 {
		t.Errorf("without a token: %d, want 401", w.Code)
	}
}

func TestPeoplePage(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.people = awayPeople()
	b := newBrowser(t, s.Public())
	b.signIn(s, "dana")
	_, page := b.get("/people")
	has(t, "people", page, "Away now", "Ravi", "Tue 10 Mar 2026 to Sat 14 Mar 2026", "Ana Reyes", "stands in", "Planned", "Wed 1 Apr 2026", "When I am away", "I am back", "away until Sat 14 Mar 2026")

	s.hub.awayWhy = flow.Reason{Code: flow.CodeRecorded, Text: "You are away, and 3 waiting items move to Ana."}
	form := func(do string) url.Values {
		return url.Values{"form": {token(t, page)}, "do": {do}, "from": {"2026-03-10"}, "until": {"2026-03-14"}, "cover": {"ana"}, "once": {"abcdefghijklmnopqrstuv"}}
	}
	if code, _ := b.post("/people/away", form("away")); code != 200 {
		t.Errorf("the form: %d, want 200", code)
	}
	said := s.hub.absences[len(s.hub.absences)-1]
	if said.Person != "dana" || said.By.Name != "dana" || said.From != "2026-03-10" || said.Until != "2026-03-14" || said.Cover != "ana" || said.Via != "web" {
		t.Errorf("said %+v", said)
	}
	s.hub.awayWhy = flow.Reason{Code: engine.CodeCoverCircle, Text: "It goes round in a circle."}
	if code, _ := b.post("/people/away", form("away")); code != 409 {
		t.Errorf("a circle: %d, want 409", code)
	}
	if code, _ := b.post("/people/away", url.Values{"form": {token(t, page)}, "do": {"away"}, "from": {"2026-03-10"}}); code != 422 {
		t.Errorf("without an end: %d, want 422", code)
	}
	before := len(s.hub.absences)
	s.hub.awayWhy = flow.Reason{Code: flow.CodeRecorded, Text: "You are back."}
	if code, _ := b.post("/people/away", form("back")); code != 200 || len(s.hub.absences) != before+1 {
		t.Errorf("back: %d", code)
	}
}

func TestRequestPage_SaysForWhomSomebodyStandsIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	run := flow.StageRun{
		Name: "Brand review", Round: 1, State: flow.StageOpen, Entered: time.Date(2026, 11, 18, 14, 0, 0, 0, time.UTC), Asked: []flow.Actor{named("dana"), named("ana")},
		Waiting: []flow.Wait{{On: []string{"ana"}, From: time.Date(2026, 11, 18, 14, 0, 0, 0, time.UTC)}}, Covers: []flow.Cover{{By: named("ana"), For: named("dana")}},
	}
	s.hub.requests["CR-150"] = engine.Detail{Request: flow.Request{
		ID: "CR-150", Version: 1, Status: flow.InReview, Round: 1, Title: "Banner", Workflow: "standard", Requester: named("maya"), Stages: []flow.StageRun{run},
	}}
	b := newBrowser(t, s.Public())
	b.signIn(s, "dana")
	_, page := b.get("/requests/CR-150")
	has(t, "the request", page, "Ana Reyes for Dana Wolf")
	var got server.RequestDetail
	w := do(s.Public(), call{method: "GET", path: "/api/v1/requests/CR-150"}.token(scripts))
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if c := got.StageRuns[0].Covers; len(c) != 1 || c[0].By.Name != "ana" || c[0].For.Name != "dana" {
		t.Errorf("covers %+v, want Ana for Dana", c)
	}
}
