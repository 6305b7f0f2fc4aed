package server_test

import (
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/server"
)

func answer[T any](t *testing.T, w *httptest.ResponseRecorder, status int) (v T) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAPI_Rulesets(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	list := answer[server.RulesetList](t, do(s.Public(), call{method: "GET", path: "/api/v1/rules"}.token(scripts)), 200)
	if len(list.Rulesets) != 2 || !list.Rulesets[0].Current || list.Rulesets[0].Open != 2 || list.Rulesets[1].Since != nil {
		t.Errorf("rulesets %+v", list.Rulesets)
	}
	files := answer[server.RulesetFiles](t, do(s.Socket(), call{method: "GET", path: "/api/v1/rules/current"}), 200)
	if len(files.Files) != 1 || files.Files[0].Text != studio || files.Options.Workspace.Zone != "Europe/London" {
		t.Errorf("files %+v", files)
	}
	answer[server.Problem](t, do(s.Socket(), call{method: "GET", path: "/api/v1/rules/ffff"}), 404)
	answer[server.Problem](t, do(s.Public(), call{method: "GET", path: "/api/v1/rules/current"}.token(scripts)), 404)
}

func TestAPI_Migrate(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.requests["CR-142"] = banner()
	s.hub.moves = []engine.Move{{Request: flow.Request{ID: "CR-142", Status: flow.InReview}, From: "a", To: "b", Changes: []string{"Brand review needs 2 instead of 1."}, Waiting: []string{"ana"}}}
	look := call{method: "POST", path: "/api/v1/rules/migrate", body: `{"requests":["CR-142"]}`}
	got := answer[server.MigrateAnswer](t, do(s.Public(), look.token(scripts)), 200)
	if got.Applied || len(got.Moves) != 1 || got.Moves[0].Changes[0] != "Brand review needs 2 instead of 1." || s.hub.migrations[0].Apply {
		t.Errorf("answer %+v of %+v", got, s.hub.migrations)
	}
	apply := call{method: "POST", path: "/api/v1/rules/migrate", body: `{"requests":["CR-142"],"apply":true}`}
	answer[server.Problem](t, do(s.Public(), apply.token(scripts)), 403)
	if got := answer[server.MigrateAnswer](t, do(s.Socket(), apply), 200); !got.Applied || s.hub.migrations[1].By.Shown != "An operator" {
		t.Errorf("answer %+v of %+v", got, s.hub.migrations)
	}
	answer[server.Problem](t, do(s.Socket(), call{method: "POST", path: "/api/v1/rules/migrate", body: `{"requests":["CR-9"]}`}), 404)
	answer[server.Problem](t, do(s.Socket(), call{method: "POST", path: "/api/v1/rules/migrate", body: `{"request":"CR-9"}`}), 422)
}

func TestAPI_Journal(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for i := range uint64(501) {
		s.hub.records = append(s.hub.records, flow.Record{Seq: i + 1, Request: "CR-1", Event: flow.Event{At: noon.Add(time.Duration(i) * time.Minute)}})
	}
	page := answer[server.JournalPage](t, do(s.Socket(), call{method: "GET", path: "/api/v1/journal"}), 200)
	if len(page.Records) != 500 || page.After != 500 || !page.More {
		t.Errorf("%d records, after %d, more %v", len(page.Records), page.After, page.More)
	}
	page = answer[server.JournalPage](t, do(s.Socket(), call{method: "GET", path: "/api/v1/journal?after=500"}), 200)
	if len(page.Records) != 1 || page.After != 501 || page.More {
		t.Errorf("%d records, after %d, more %v", len(page.Records), page.After, page.More)
	}
	page = answer[server.JournalPage](t, do(s.Socket(), call{method: "GET", path: "/api/v1/journal?since=2026-11-18T15:00:00Z"}), 200)
	if page.Records[0].Seq != 181 {
		t.Errorf("begins with %d, want 181", page.Records[0].Seq)
	}
	for _, query := range []string{"after=x", "since=yesterday", "limit=5"} {
		answer[server.Problem](t, do(s.Socket(), call{method: "GET", path: "/api/v1/journal?" + query}), 400)
	}
	answer[server.Problem](t, do(s.Admin(), call{method: "GET", path: "/api/v1/journal"}), 401)
}
