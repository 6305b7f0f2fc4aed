package server_test

import (
	"testing"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/server"
)

func TestForecast(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	at := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	s.hub.forecast = []engine.Forecast{{
		Request: "CR-142", Title: "Spring banner",
		Upcoming: flow.Upcoming{Stage: "Brand review", Moment: flow.Moment{Kind: flow.Remind, At: at, Was: at.Add(-24 * time.Hour), To: []flow.Actor{{Name: "chloe", Zone: "America/New_York"}}, Where: []string{"dm"}}},
	}}
	got := answer[server.ForecastList](t, do(s.Public(), call{method: "GET", path: "/api/v1/forecast?days=7"}.token(scripts)), 200)
	if len(got.Upcoming) != 1 {
		t.Fatalf("upcoming %+v, want one", got.Upcoming)
	}
	one := got.Upcoming[0]
	if one.Kind != "remind" || one.Was == nil || !one.Was.Equal(at.Add(-24*time.Hour)) || one.To[0].Shown != "Chloé Roy" || one.Zone != "America/New_York" || one.Stage != "Brand review" {
		t.Errorf("upcoming %+v", one)
	}
	if !s.hub.until.Equal(got.Until) {
		t.Errorf("asked until %s, answered %s", s.hub.until, got.Until)
	}
	for _, bad := range []string{"?days=0", "?days=61", "?days=x", "?until=now"} {
		answer[server.Problem](t, do(s.Public(), call{method: "GET", path: "/api/v1/forecast" + bad}.token(scripts)), 400)
	}
}
