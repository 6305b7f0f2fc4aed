package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/server"
)

// incomplete is a request whose brief lacks two things.
func incomplete() engine.Detail {
	d := banner()
	d.Request.Status, d.Request.Requester, d.Request.Stages = flow.NeedsInfo, named("ana"), nil
	d.Request.Info = []flow.Wait{{On: []string{"ana"}, From: at(-2)}}
	d.Missing = []flow.Field{
		{Name: "audience", Label: "Audience", Type: "choice", Choices: []string{"Families", "Trade"}, Required: true},
		{Name: "legal_claim", Label: "Legal claim", Type: "long_text", Required: true, Help: "with its source"},
	}
	d.Request.Parts = []flow.Part{
		{Number: 1, Title: "Copy", Assignee: named("chloe"), Due: at(-1)},
		{Number: 2, Title: "Artwork", Effort: 4, After: []int{1}, Done: at(-1), Status: "Done"},
		{Number: 3, Title: "Export", Gone: "deleted"},
	}
	d.Request.Links = append(d.Request.Links, flow.Link{Purpose: "part/2", Ref: flow.Ref{System: "jira", Type: "issue", Key: "7"}, Label: "DES-232", URL: "https://lumen.atlassian.net/browse/DES-232"})
	return d
}

func TestDetails_ThePageAsksForExactlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "ana")
	s.hub.requests["CR-142"], s.hub.code = incomplete(), flow.CodeRecorded
	_, page := b.get("/requests/CR-142")
	has(t, "page", page, "Brief needs 2 things: Audience and Legal claim", "Waiting on requester Ana Reyes", `name="field.audience"`, `name="field.legal_claim"`, "with its source",
		"Subtasks", "1 of 2 done", "DES-232", "after Copy", "overdue", "ticket deleted")
	if n := strings.Count(page, `name="field.`); n != 2 {
		t.Errorf("%d fields are asked for, want the two that are missing", n)
	}
	form := url.Values{"form": {token(t, page)}, "once": {onceRE.FindStringSubmatch(page)[1]}, "do": {"add_detail"}}
	if code, page := b.post("/requests/CR-142/acts", form); code != http.StatusUnprocessableEntity || !strings.Contains(page, "please fill in a field") {
		t.Errorf("an empty form: %d", code)
	}
	form.Set("field.audience", " Families ")
	form.Set("field.legal_claim", "Tested\r\nby dermatologists")
	form.Set("field.budget", "5") // was not asked for
	if code, to := b.post("/requests/CR-142/acts", form); code != http.StatusSeeOther || !strings.HasSuffix(to, "done=add_detail") {
		t.Fatalf("status %d, to %s", code, to)
	}
	if len(s.hub.acts) != 1 {
		t.Fatalf("acts %+v, want one", s.hub.acts)
	}
	ev := s.hub.acts[0]
	want := map[string][]string{"audience": {"Families"}, "legal_claim": {"Tested\r\nby dermatologists"}, "via": {"web"}}
	if d := cmp.Diff(want, ev.Fields); d != "" || ev.Kind != flow.RequestEdited || ev.Actor.Name != "ana" || ev.ID == "" {
		t.Errorf("act %+v; fields (-want +got):\n%s", ev, d)
	}
}

func TestDetails_ALinkAsksWhoeverAskedByMail(t *testing.T) {
	t.Parallel()
	kim := flow.Actor{Ref: flow.Ref{System: "email", Type: "address", Key: "kim@agency.example"}, Shown: "Kim", Email: "kim@agency.example"}
	s := newSite(t, func(o *server.Options) {
		o.Passes = func(token string) (connectors.Pass, bool) {
			p := connectors.Pass{Person: kim.ID(), Request: "CR-142", Until: noon.Add(time.Hour)}
			if token == "late" {
				p.Until = noon
			}
			return p, true
		}
	})
	d := incomplete()
	d.Request.Requester = kim
	s.hub.requests["CR-142"], s.hub.code = d, flow.CodeRecorded
	b := newBrowser(t, s.Public())
	if code, page := b.get("/a/late"); code != http.StatusGone || !strings.Contains(page, "has expired") || strings.Contains(page, "field.") {
		t.Errorf("a late link: %d", code)
	}
	code, page := b.get("/a/good")
	has(t, "page", page, "You answer as <b>Kim</b>", "What is still needed", `name="field.audience"`)
	if code != http.StatusOK || strings.Contains(page, "verdict") || len(s.hub.acts) != 0 {
		t.Errorf("looking: %d, acts %+v", code, s.hub.acts)
	}
	form := url.Values{"form": {token(t, page)}}
	if code, page := b.post("/a/good", form); code != http.StatusUnprocessableEntity || !strings.Contains(page, "please fill in a field") {
		t.Errorf("an empty form: %d", code)
	}
	form.Set("field.audience", "Trade")
	code, page = b.post("/a/good", form)
	has(t, "answer", page, "Thank you, that is kept")
	if code != http.StatusOK || len(s.hub.acts) != 1 || s.hub.acts[0].Actor.ID() != kim.ID() || s.hub.acts[0].Field("via") != "link" || s.hub.acts[0].Field("audience") != "Trade" {
		t.Errorf("status %d, acts %+v", code, s.hub.acts)
	}
	d.Missing, d.Request.Status = nil, flow.InProgress
	s.hub.requests["CR-142"] = d
	if code, page := b.get("/a/good"); code != http.StatusGone || !strings.Contains(page, "Nothing is missing any more") {
		t.Errorf("once it is complete: %d", code)
	}
}

func TestDetails_API(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.requests["CR-142"], s.hub.code = incomplete(), flow.CodeRecorded
	var got server.RequestDetail
	w := do(s.Public(), call{method: "GET", path: "/api/v1/requests/CR-142"}.token(asAna))
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Missing) != 2 || got.Missing[0].Label != "Audience" || len(got.Info) != 1 || got.Info[0].To != nil || cmp.Diff([]string{"ana"}, got.WaitingOn) != "" {
		t.Errorf("missing %+v, info %+v, waiting on %v", got.Missing, got.Info, got.WaitingOn)
	}
	if len(got.Parts) != 3 || got.Parts[1].Ticket == nil || got.Parts[1].Ticket.Key != "DES-232" || got.Parts[1].Done == nil || got.Parts[0].Assignee.Name != "chloe" {
		t.Errorf("parts %+v", got.Parts)
	}
	post := call{method: "POST", path: "/api/v1/requests/CR-142/details", body: `{"fields":{"audience":"Families"},"note":"see the brief"}`}
	status(t, post, do(s.Public(), post.token(scripts)), http.StatusForbidden)
	status(t, post, do(s.Public(), post.token(asAna)), http.StatusOK)
	if len(s.hub.acts) != 1 || s.hub.acts[0].Field("audience") != "Families" || s.hub.acts[0].Body.String() != "see the brief" {
		t.Errorf("acts %+v", s.hub.acts)
	}
	for body, want := range map[string]string{`{}`: "Give a field, or a note", `{"fields":{"audiense":"x"}}`: "audiense"} {
		post.body = body
		w := do(s.Public(), post.token(asAna))
		status(t, post, w, http.StatusUnprocessableEntity)
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %s, want %q", body, w.Body, want)
		}
	}
}

// TestChecklist_EveryDoorTicksLines: the page and a link by boxes, the API by a list; what is not ticked is kept in the form.
func TestChecklist_EveryDoorTicksLines(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "ana")
	_, page := b.get("/requests/CR-142")
	has(t, "page", page, `type="checkbox" name="checked" value="Logo is right"`)
	form := url.Values{"form": {token(t, page)}, "once": {onceRE.FindStringSubmatch(page)[1]}, "stage": {"Brand review"}, "version": {"2"}, "verdict": {"approve"}}
	s.hub.code, s.hub.why = flow.CodeUnchecked, `Tick "Logo is right" first.`
	if code, page := b.post("/requests/CR-142/votes", form); code != http.StatusUnprocessableEntity || !strings.Contains(page, "Logo is right&#34; first") {
		t.Errorf("without the box: %d", code)
	}
	form["checked"] = []string{"Logo is right"}
	s.hub.code = flow.CodeRecorded
	if code, _ := b.post("/requests/CR-142/votes", form); code != http.StatusSeeOther {
		t.Errorf("with the box: %d", code)
	}
	v := s.hub.votes
	if len(v) != 2 || len(v[0].Checked) != 0 || cmp.Diff([]string{"Logo is right"}, v[1].Checked) != "" || v[0].Delivery == v[1].Delivery {
		t.Errorf("votes %+v", v)
	}
	vote := call{method: "POST", path: "/api/v1/requests/CR-142/votes", body: `{"verdict":"approve","checked":["Logo is right"]}`}
	status(t, vote, do(s.Public(), vote.token(asAna)), http.StatusOK)
	s.hub.code = flow.CodeUnchecked
	w := do(s.Public(), vote.token(asAna))
	status(t, vote, w, http.StatusUnprocessableEntity)
	if !strings.Contains(w.Body.String(), `"checked"`) {
		t.Errorf("the answer does not name the field: %s", w.Body)
	}
}

func TestPass_TicksTheChecklist(t *testing.T) {
	t.Parallel()
	s, b := mailed(t)
	_, page := b.get("/a/good")
	has(t, "page", page, `type="checkbox" name="checked" value="Logo is right"`)
	form := url.Values{"form": {token(t, page)}, "verdict": {"approve"}, "checked": {"Logo is right"}}
	s.hub.code, s.hub.why = flow.CodePointsOpen, "Point 2 is still open."
	_, page = b.post("/a/good", form)
	has(t, "page", page, `value="Logo is right" checked`)
	if v := s.hub.votes; len(v) != 1 || cmp.Diff([]string{"Logo is right"}, v[0].Checked) != "" {
		t.Errorf("votes %+v", v)
	}
}
