package server_test

import (
	"net/url"
	"strings"
	"testing"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// TestPoints_AreAskedAnsweredAndResolved: change requests are a ledger on the request's page.
func TestPoints_AreAskedAnsweredAndResolved(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "chloe")
	d := banner()
	d.Request.Points = append(d.Request.Points, flow.Point{
		Number: 3, Round: 2, By: flow.Actor{Shown: "Olga"}, Note: text.Plain("Legal line"), At: at(-1), Said: flow.Ref{System: "figma", Type: "comment", Key: "K/1"},
		URL: "https://www.figma.com/design/K#1", Resolved: at(-1), ResolvedBy: named("chloe"),
	})
	s.hub.requests["CR-142"] = d
	s.hub.code = flow.CodeRecorded
	_, page := b.get("/requests/CR-142")
	has(t, "page", page, "Wrong blue", "open: no answer yet", "Answer or resolve", `href="https://www.figma.com/design/K#1"`, "asked in Figma", "resolved by Chloé Roy", "Open it again", "Add change request")
	once := onceRE.FindStringSubmatch(page)[1]
	post := func(do, point, note string) {
		t.Helper()
		form := url.Values{"form": {token(t, page)}, "once": {once}, "do": {do}, "point": {point}, "note": {note}}
		if code, to := b.post("/requests/CR-142/acts", form); code != 303 || !strings.HasSuffix(to, "done="+do) {
			t.Errorf("%s: %d %s", do, code, to)
		}
	}
	post("answer_point", "2", "It is the blue of the guide")
	post("answer_point", "1", "Done")
	post("resolve_point", "2", "")
	post("reopen_point", "3", "")
	post("ask_point", "", "Bigger logo")
	var got []string
	ids := map[string]bool{}
	for _, ev := range s.hub.acts {
		got = append(got, strings.Join([]string{string(ev.Kind), ev.Field("point"), ev.Field("state"), ev.Body.String(), ev.Actor.Name}, "|"))
		ids[ev.ID] = true
	}
	want := []string{
		"point.answered|2|resolved|It is the blue of the guide|chloe", "point.answered|1|resolved|Done|chloe", "point.resolved|2|resolved||chloe",
		"point.resolved|3|open||chloe", "point.asked||resolved|Bigger logo|chloe",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") || len(ids) != len(want) {
		t.Errorf("acts with %d names:\n%s\nwant\n%s", len(ids), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestPoints_ApprovingPastThemIsConfirmed: on the page by a box, through a link by a second button, in the API by a flag.
func TestPoints_ApprovingPastThemIsConfirmed(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "ana")
	_, page := b.get("/requests/CR-142")
	has(t, "page", page, `name="confirmed" value="yes"`, `href="#point-2"`, "is open")
	form := url.Values{"form": {token(t, page)}, "once": {onceRE.FindStringSubmatch(page)[1]}, "stage": {"Brand review"}, "version": {"2"}, "verdict": {"approve"}}
	s.hub.code, s.hub.why = flow.CodePointsOpen, "Point 2 is still open."
	if code, page := b.post("/requests/CR-142/votes", form); code != 409 || !strings.Contains(page, "Point 2 is still open.") {
		t.Errorf("without the box: %d", code)
	}
	form.Set("confirmed", "yes")
	s.hub.code = flow.CodeRecorded
	if code, _ := b.post("/requests/CR-142/votes", form); code != 303 {
		t.Errorf("with the box: %d", code)
	}
	if v := s.hub.votes; len(v) != 2 || v[0].Confirmed || !v[1].Confirmed || v[0].Delivery == v[1].Delivery {
		t.Errorf("votes %+v", v)
	}
	w := do(s.Public(), call{method: "POST", path: "/api/v1/requests/CR-142/votes", body: `{"verdict":"approve","confirm":true}`, header: map[string]string{"Content-Type": "application/json"}}.token(asAna))
	if w.Code != 200 || !s.hub.votes[2].Confirmed {
		t.Errorf("API: %d, vote %+v", w.Code, s.hub.votes[2])
	}
}

func TestPass_ApprovingPastPointsIsConfirmed(t *testing.T) {
	t.Parallel()
	s, b := mailed(t)
	_, page := b.get("/a/good")
	form := url.Values{"form": {token(t, page)}, "verdict": {"approve"}}
	s.hub.code, s.hub.why = flow.CodePointsOpen, "Point 2 is still open."
	code, page := b.post("/a/good", form)
	if code != 422 {
		t.Errorf("status %d, want to be asked once more", code)
	}
	has(t, "page", page, "Point 2 is still open.", "Approve all the same", `name="confirmed" value="yes"`)
	s.hub.code = flow.CodeRecorded
	form.Set("confirmed", "yes")
	if code, _ := b.post("/a/good", form); code != 200 || !s.hub.votes[1].Confirmed || s.hub.votes[0].Delivery == s.hub.votes[1].Delivery {
		t.Errorf("confirmed: %d, votes %+v", code, s.hub.votes)
	}
}
