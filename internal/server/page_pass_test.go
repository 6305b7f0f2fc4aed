package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/server"
)

// mailed is a site to which links were sent by mail: the token names who decides.
func mailed(t *testing.T) (*site, *browser) {
	t.Helper()
	good := connectors.Pass{Person: "ana", Request: "CR-142", Stage: "Brand review", Round: 2, Version: "2", Until: noon.Add(time.Hour)}
	passes := map[string]connectors.Pass{"good": good}
	late, chloe, older, lost := good, good, good, good
	late.Until, chloe.Person, older.Version, older.Round, lost.Person = noon, "chloe", "1", 1, "gone"
	passes["late"], passes["chloe"], passes["older"], passes["lost"] = late, chloe, older, lost
	s := newSite(t, func(o *server.Options) {
		o.Passes = func(token string) (connectors.Pass, bool) { p, ok := passes[token]; return p, ok }
	})
	s.hub.requests["CR-142"] = banner()
	return s, newBrowser(t, s.Public())
}

func TestPass_LookingChangesNothing(t *testing.T) {
	t.Parallel()
	s, b := mailed(t)
	for _, method := range []string{"GET", "HEAD", "GET"} {
		w := do(s.Public(), call{method: method, path: "/a/good", header: map[string]string{"Purpose": "prefetch"}})
		if w.Code != http.StatusOK {
			t.Fatalf("%s: status %d", method, w.Code)
		}
		for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"} {
			if got := w.Header().Get(name); !strings.Contains(got, want) {
				t.Errorf("%s: %s is %q, want %s", method, name, got, want)
			}
		}
	}
	_, page := b.get("/a/good")
	has(t, "page", page, "You decide as <b>Ana Reyes</b>", "Brand review", "Nova: banner 300x250", "Wrong blue", "no answer yet", `value="approve"`, `value="decline"`)
	if strings.Contains(page, "<script") {
		t.Error("the page runs a script")
	}
	if w := do(s.Public(), call{method: "OPTIONS", path: "/a/good"}); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("OPTIONS: %d", w.Code)
	}
	if len(s.hub.votes) != 0 {
		t.Errorf("looking voted: %+v", s.hub.votes)
	}
}

func TestPass_DecidesOnceByItsForm(t *testing.T) {
	t.Parallel()
	s, b := mailed(t)
	s.hub.code = flow.CodeRecorded
	form := url.Values{"verdict": {"approve"}, "note": {"fine\r\nby me"}}
	if code, _ := b.post("/a/good", form); code != http.StatusForbidden || len(s.hub.votes) != 0 {
		t.Fatalf("without the form: status %d, votes %+v", code, s.hub.votes)
	}
	_, page := b.get("/a/good")
	form.Set("form", token(t, page))
	other := newBrowser(t, s.Public())
	if code, _ := other.post("/a/good", form); code != http.StatusForbidden || len(s.hub.votes) != 0 {
		t.Fatalf("from another browser: status %d, votes %+v", code, s.hub.votes)
	}
	code, page := b.post("/a/good", form)
	if code != http.StatusOK || len(s.hub.votes) != 1 {
		t.Fatalf("status %d, votes %+v", code, s.hub.votes)
	}
	has(t, "answer", page, "Your approval is recorded.")
	v := s.hub.votes[0]
	if v.By.Name != "ana" || v.Stage != "Brand review" || v.Version != "2" || v.Via != "link" || v.Verdict != flow.Approve || v.Note.String() != "fine\nby me" || v.Delivery == "" {
		t.Errorf("vote %+v", v)
	}
	if log := s.log.String(); !strings.Contains(log, "decided through a link") || strings.Contains(log, "good") {
		t.Errorf("the log says %q, want that a link decided, and not which", log)
	}
}

// TestPass_WhoeverAskedByMail: a link may be for whoever asked for the work and is in no directory; what it decides is judged
// as theirs. Of anybody else who is not in the directory it decides nothing.
func TestPass_WhoeverAskedByMail(t *testing.T) {
	t.Parallel()
	kim := flow.Actor{Ref: flow.Ref{System: "email", Type: "address", Key: "kim@agency.example"}, Shown: "Kim", Email: "kim@agency.example"}
	s := newSite(t, func(o *server.Options) {
		o.Passes = func(token string) (connectors.Pass, bool) {
			return connectors.Pass{Person: token, Request: "CR-142", Stage: "Brand review", Round: 2, Version: "2", Until: noon.Add(time.Hour)}, true
		}
	})
	d := banner()
	d.Request.Requester = kim
	d.Request.Stages[1].Asked = append(d.Request.Stages[1].Asked, kim)
	s.hub.requests["CR-142"] = d
	b := newBrowser(t, s.Public())
	_, page := b.get("/a/" + url.PathEscape(kim.ID()))
	has(t, "Kim's page", page, "You can&#39;t approve your own work") // this stage wants four eyes
	_, page = b.get("/a/" + url.PathEscape("email:address:eve@agency.example"))
	has(t, "Eve's page", page, "is not listed here any more")
}

func TestPass_SaysWhatIsWrongAndKeepsTheWords(t *testing.T) {
	t.Parallel()
	s, b := mailed(t)
	_, page := b.get("/a/good")
	form := url.Values{"form": {token(t, page)}, "note": {"kept words"}}
	code, page := b.post("/a/good", form)
	if code != http.StatusUnprocessableEntity {
		t.Errorf("without a verdict: status %d", code)
	}
	has(t, "page", page, "Please choose what you decide.", "kept words")
	s.hub.code, s.hub.why = flow.CodeNoteNeeded, "Please say what should change."
	form.Set("verdict", "request_changes")
	code, page = b.post("/a/good", form)
	if code != http.StatusUnprocessableEntity {
		t.Errorf("without a note: status %d", code)
	}
	has(t, "page", page, "Please say what should change.", "kept words", `value="request_changes"`)
}

func TestPass_NoLongerGood(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		token string
		code  int
		words string
	}{
		"not ours":           {"forged", 404, "not one of ours"},
		"expired":            {"late", 410, "expired"},
		"an older version":   {"older", 410, "not open any more"},
		"not asked any more": {"chloe", 410, "not open any more"},
		"not listed":         {"lost", 410, "not listed here any more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, b := mailed(t)
			code, page := b.get("/a/" + tc.token)
			if code != tc.code || strings.Contains(page, `value="approve"`) {
				t.Errorf("status %d, want %d; asks: %v", code, tc.code, strings.Contains(page, `value="approve"`))
			}
			has(t, "page", page, tc.words)
			_, good := b.get("/a/good")
			code, _ = b.post("/a/"+tc.token, url.Values{"form": {token(t, good)}, "verdict": {"approve"}})
			if code != tc.code || len(s.hub.votes) != 0 {
				t.Errorf("posted: status %d, want %d; votes %+v", code, tc.code, s.hub.votes)
			}
		})
	}
}

func TestPass_StageOfThePage(t *testing.T) {
	t.Parallel()
	s, b := mailed(t)
	d := banner()
	d.Stages[0].Assurance = "web"
	s.hub.requests["CR-142"] = d
	code, page := b.get("/a/good")
	if code != http.StatusOK || strings.Contains(page, `value="approve"`) {
		t.Errorf("status %d; asks: %v", code, strings.Contains(page, `value="approve"`))
	}
	has(t, "page", page, "Sign in and decide", `href="/requests/CR-142"`)
}
