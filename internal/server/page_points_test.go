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
