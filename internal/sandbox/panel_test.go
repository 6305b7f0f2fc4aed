package sandbox

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

type panelWorld struct {
	ledger  *Ledger
	faults  *Faults
	handler http.Handler
}

func newPanelWorld() panelWorld {
	w := panelWorld{ledger: NewLedger(fixed), faults: &Faults{}}
	w.handler = NewPanel(PanelOptions{
		Prefix: "/demo", Now: fixed, Ledger: w.ledger, Faults: w.faults, Services: []string{"slack", "jira"},
		Places:      []Place{{Name: "Slack workspace", URL: "/demo/slack/", Text: "Write something"}},
		ClockAction: "/demo/clock", Steps: []Step{{Name: "+1 day", Value: "1d"}},
	})
	return w
}

func (w panelWorld) do(r *http.Request) *httptest.ResponseRecorder {
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, r)
	return out
}

func (w panelWorld) get(path string) string {
	return w.do(httptest.NewRequest(http.MethodGet, path, nil)).Body.String()
}

func (w panelWorld) post(path string, fields url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(r)
}

func TestPanel_ShowsLedgerAndClock(t *testing.T) {
	t.Parallel()
	w := newPanelWorld()
	w.ledger.Add(Entry{Service: "slack", Direction: In, Path: "chat.postMessage", Status: 200, Note: "ok", Mark: "CR-142/card", Body: `{"text":"<b>"}`})
	w.ledger.Add(Entry{Service: "jira", Direction: Out, Path: "webhook", Status: 503, Note: "http_error"})
	w.ledger.Add(Entry{Service: "jira", Direction: In, Path: "/issue", Status: 201, Note: "createIssue"})
	w.ledger.Add(Entry{Service: "slack", Direction: In, Path: "views.open", Status: 200, Note: "expired_trigger_id", Failed: true})
	for _, tc := range []struct {
		path       string
		want, lack []string
	}{
		{"/demo/", []string{"Mon 2 Mar 2026, 09:00 UTC", `action="/demo/clock"`, `value="1d"`, "asked Slack", "Jira told", "CR-142/card", "&lt;b&gt;", `href="/demo/slack/"`}, []string{"<b>"}},
		{"/demo", []string{"chat.postMessage"}, nil},
		{"/demo/?show=slack", []string{"chat.postMessage"}, []string{"webhook"}},
		{"/demo/?show=trouble", []string{"webhook", "views.open"}, []string{"chat.postMessage<", "createIssue"}},
	} {
		page := w.get(tc.path)
		for _, part := range tc.want {
			if !strings.Contains(page, part) {
				t.Errorf("%s lacks %q:\n%s", tc.path, part, page)
			}
		}
		for _, part := range tc.lack {
			if strings.Contains(page, part) {
				t.Errorf("%s shows %q", tc.path, part)
			}
		}
	}
}

func TestPanel_ArmsAndClearsFaults(t *testing.T) {
	t.Parallel()
	w := newPanelWorld()
	got := w.post("/demo/faults", url.Values{
		"service": {"slack"}, "kind": {"rate-limit"}, "times": {"3"}, "method": {"chat.postMessage"}, "wait": {"7"},
	})
	want := Fault{Service: "slack", Kind: RateLimit, Times: 3, Method: "chat.postMessage", Wait: 7 * time.Second}
	if list := w.faults.List(); got.Code != http.StatusSeeOther || len(list) != 1 || list[0] != want {
		t.Errorf("arm: got %d and %+v, want %+v", got.Code, list, want)
	}
	if page := w.get("/demo/"); !strings.Contains(page, "Slack: rate-limit on chat.postMessage") || !strings.Contains(page, "next 3 calls") {
		t.Errorf("the armed fault is not shown:\n%s", page)
	}
	if got := w.post("/demo/faults", url.Values{"service": {"slack"}, "kind": {"named-error"}}); got.Code != http.StatusBadRequest ||
		!strings.Contains(got.Body.String(), "A named error needs its name.") {
		t.Errorf("arm without a name: got %d, want 400 with the reason", got.Code)
	}
	w.post("/demo/faults/clear", nil)
	if list := w.faults.List(); len(list) != 0 {
		t.Errorf("clear: got %+v, want none", list)
	}
}

func TestPanel_Safety(t *testing.T) {
	t.Parallel()
	w := newPanelWorld()
	r := httptest.NewRequest(http.MethodPost, "/demo/faults", strings.NewReader("service=slack&kind=error-500&times=1"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := w.do(r); got.Code != http.StatusForbidden || len(w.faults.List()) != 0 {
		t.Errorf("a foreign form: got %d and %+v, want 403 and nothing armed", got.Code, w.faults.List())
	}
	got := w.do(httptest.NewRequest(http.MethodGet, "/demo/", nil))
	if csp := got.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy: got %q", csp)
	}
	for path, want := range map[string]int{"/demo/assets/panel.css": 200, "/demo/assets/panel.html": 404, "/demo/assets/..%2fpanel.go": 404} {
		if got := w.do(httptest.NewRequest(http.MethodGet, path, nil)).Code; got != want {
			t.Errorf("%s: got %d, want %d", path, got, want)
		}
	}
}

func TestPanel_News(t *testing.T) {
	t.Parallel()
	w := newPanelWorld()
	w.ledger.Add(Entry{Service: "slack"})
	if got := w.get("/demo/news?since=0"); got != `{"news":true}` {
		t.Errorf("news: got %q", got)
	}
	if got := w.do(httptest.NewRequest(http.MethodGet, "/demo/news?since=x", nil)).Code; got != http.StatusBadRequest {
		t.Errorf("news since x: got %d, want 400", got)
	}
}
