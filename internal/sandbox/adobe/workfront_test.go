package adobe_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"signoff/internal/sandbox/adobe"
	"signoff/internal/sandbox/adobe/workfront"
)

const (
	session       = "session-of-an-administrator"
	wfAPI         = "/attask/api/v19.0/"
	subscriptions = "/attask/eventsubscription/api/v1/subscriptions"
	wfToken       = "wf-auth-token-of-lumen"
)

func newWorkfront(t *testing.T) *world {
	t.Helper()
	return newWorld(t, func(o *adobe.Options) {
		o.Workfront = workfront.Options{Session: session, APIKey: "key-of-an-administrator"}
	})
}

func (w *world) wf(method, path, body string) answer {
	w.Helper()
	return w.call(method, path, body, "Authorization", "", "sessionID", session)
}

func (w *world) subscribeTo(code, event, more string) string {
	w.Helper()
	a := w.want(w.wf("POST", subscriptions, `{"objCode":"`+code+`","eventType":"`+event+`","url":"`+w.hook+`","authToken":"`+wfToken+`"`+more+`}`), 201)
	id, _ := a.at("id").(string)
	if !strings.HasSuffix(a.header.Get("Location"), subscriptions+"/"+id) || a.at("version") != "v2" {
		w.Fatalf("subscription = %s at %s, want its id and place", a.raw, a.header.Get("Location"))
	}
	return id
}

func TestWorkfront_Credentials(t *testing.T) {
	t.Parallel()
	w := newWorkfront(t)
	ims := w.askToken("openid,AdobeID,additional_info.projectedProductContext")
	path := wfAPI + "docu/" + workfront.DocumentID
	for name, header := range map[string][]string{
		"session": {"sessionID", session}, "bearer": {"Authorization", "Bearer " + ims}, "user token": {"X-User-Token", ims}, "key": {"apiKey", "key-of-an-administrator"},
	} {
		if a := w.call("GET", path, "", append([]string{"Authorization", ""}, header...)...); a.status != 200 {
			t.Errorf("%s = %d %s, want 200", name, a.status, a.raw)
		}
	}
	w.want(w.call("GET", path+"?apiKey=key-of-an-administrator", "", "Authorization", ""), 200)
	w.want(w.call("GET", path, "", "Authorization", "", "sessionID", "old"), 401)
	w.want(w.call("GET", path, "", "Authorization", ""), 401)
	w.want(w.call("GET", path, ""), 403)
}

func TestWorkfront_ReadsObjects(t *testing.T) {
	t.Parallel()
	w := newWorkfront(t)
	if _, err := w.Workfront.UploadVersionAs("Lin", "Spring brochure", "Spring brochure v2.pdf"); err != nil {
		t.Fatal(err)
	}
	a := w.want(w.wf("GET", wfAPI+"docu/"+workfront.DocumentID+"?fields=name,currentVersion:ID,currentVersion:version,currentVersion:fileName,currentVersion:entryDate,currentVersion:enteredByID", ""), 200)
	for path, want := range map[string]any{
		"data.name": "Spring brochure", "data.currentVersion.version": "2", "data.currentVersion.fileName": "Spring brochure v2.pdf", "data.currentVersion.entryDate": "2026-11-25T08:00:00:000-0600",
		"data.ownerID": nil,
	} {
		if got := a.at(path); got != want {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
	if a := w.want(w.wf("GET", wfAPI+"document/"+workfront.DocumentID+"?fields=owner:name", ""), 200); a.at("data.owner.name") != "Lin" {
		t.Errorf("owner = %s, want Lin", a.raw)
	}
	for path, status := range map[string]int{
		"docu/" + workfront.DocumentID + "?fields=lastVersionID": 422, "docu/" + workfront.DocumentID + "?colour=red": 422, "docu/" + workfront.ProjectID: 404, "docs/" + workfront.DocumentID: 400,
		"note/search?colour=red": 422, "note/search?$$LIMIT=none": 400,
	} {
		if a := w.wf("GET", wfAPI+path, ""); a.status != status || a.at("error.message") == nil {
			t.Errorf("%s = %d %s, want %d and an error", path, a.status, a.raw, status)
		}
	}
}

func TestWorkfront_WritesUpdates(t *testing.T) {
	t.Parallel()
	w := newWorkfront(t)
	_, _ = w.Workfront.NoteAs("Ana Reyes", "Spring brochure", "The phone number is old")
	w.pass(time.Minute)
	for _, body := range []string{
		`{"noteText":"","noteObjCode":"DOCU","objID":"` + workfront.DocumentID + `"}`, `{"noteText":"x","noteObjCode":"DOCU"}`, `{"noteText":"x","noteObjCode":"DOCU","objID":"` + workfront.DocumentID + `","colour":"red"}`,
	} {
		if a := w.wf("POST", wfAPI+"note", body); a.status != 422 {
			t.Errorf("%s = %d, want 422", body, a.status)
		}
	}
	w.want(w.wf("POST", wfAPI+"note", `{"noteText":"x","noteObjCode":"DOCU","objID":"`+workfront.TaskID+`"}`), 404)
	made := w.want(w.wf("POST", wfAPI+"note", `{"noteText":"Approved","noteObjCode":"DOCU","objID":"`+workfront.DocumentID+`"}`), 200)
	list := w.want(w.wf("GET", wfAPI+"note/search?objID="+workfront.DocumentID+"&noteObjCode=DOCU&fields=noteText&entryDate_Sort=desc&$$LIMIT=100", ""), 200)
	if list.at("data.0.ID") != made.at("data.ID") || list.at("data.0.noteText") != "Approved" || list.at("data.1.noteText") != "The phone number is old" {
		t.Errorf("updates = %s, want the newest first", list.raw)
	}
	id, _ := made.at("data.ID").(string)
	if a := w.want(w.wf("GET", wfAPI+"note/"+id+"?fields=noteText,entryDate,ownerID,parentNoteID", ""), 200); a.at("data.parentNoteID") != nil || a.at("data.noteText") != "Approved" {
		t.Errorf("update = %s, want it as it was written", a.raw)
	}
}

func TestWorkfront_Subscriptions(t *testing.T) {
	t.Parallel()
	w := newWorkfront(t)
	id := w.subscribeTo("DOCV", "CREATE", "")
	body := func(code, event, url, token, more string) string {
		return `{"objCode":"` + code + `","eventType":"` + event + `","url":"` + url + `","authToken":"` + token + `"` + more + `}`
	}
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"twice":          {body("DOCV", "CREATE", w.hook, wfToken, ""), 409},
		"unknown member": {body("DOCU", "UPDATE", w.hook, wfToken, `,"colour":"red"`), 400},
		"unknown kind":   {body("BOOK", "UPDATE", w.hook, wfToken, ""), 400},
		"unknown event":  {body("DOCU", "MOVE", w.hook, wfToken, ""), 400},
		"no url":         {body("DOCU", "UPDATE", "", wfToken, ""), 400},
		"long token":     {body("DOCU", "UPDATE", w.hook, strings.Repeat("x", 256), ""), 400},
	} {
		if a := w.wf("POST", subscriptions, test.body); a.status != test.status {
			t.Errorf("%s = %d %s, want %d", name, a.status, a.raw, test.status)
		}
	}
	list := w.want(w.wf("GET", subscriptions+"?page=1&limit=1000", ""), 200)
	if list.at("subscriptions.0.id") != id || list.at("subscriptions.0.authToken") == wfToken || list.at("meta.total_count") != 1.0 {
		t.Errorf("list = %s, want one with its token masked", list.raw)
	}
	w.want(w.wf("GET", subscriptions+"?limit=1001", ""), 400)
	w.want(w.wf("DELETE", subscriptions+"/"+id, ""), 200)
	w.want(w.wf("DELETE", subscriptions+"/"+id, ""), 404)
}

func TestWorkfront_TellsSubscribers(t *testing.T) {
	t.Parallel()
	w := newWorkfront(t)
	for _, s := range [][]string{{"DOCV", "CREATE"}, {"DOCU", "UPDATE"}, {"NOTE", "CREATE"}, {"PRFAPL", "UPDATE"}, {"DOCU", "DELETE"}} {
		w.subscribeTo(s[0], s[1], "")
	}
	_, _ = w.Workfront.UploadVersionAs("Lin", workfront.DocumentID, "Spring brochure v2.pdf")
	note, _ := w.Workfront.NoteAs("Ana Reyes", workfront.DocumentID, "Much better")
	_, _ = w.Workfront.ReplyAs("Lin", note, "Thank you")
	_ = w.Workfront.ApproveAs("Ravi", workfront.DocumentID, "Approved")
	_ = w.Workfront.DeleteAs("Lin", workfront.DocumentID)
	w.settle()
	seen := map[string]answer{}
	for _, h := range w.deliveries() {
		if h.Header.Get("Authorization") != "Bearer "+wfToken {
			t.Errorf("Authorization = %q, want the token of the subscription", h.Header.Get("Authorization"))
		}
		var body object
		if err := json.Unmarshal(h.body, &body); err != nil {
			t.Fatal(err)
		}
		a := answer{raw: h.body, body: body}
		code, _ := a.at("newState.objCode").(string)
		if code == "" {
			code, _ = a.at("oldState.objCode").(string)
		}
		kind, _ := a.at("eventType").(string)
		if text, _ := a.at("newState.noteText").(string); text != "" {
			code += " " + text
		}
		seen[code+" "+kind] = a
	}
	for key, want := range map[string][2]any{
		"DOCV CREATE newState.documentID":               {workfront.DocumentID},
		"DOCV CREATE newState.version":                  {"2"},
		"DOCV CREATE newState.entryDate":                {"2026-11-25T08:00:00.000-0600"},
		"DOCU UPDATE oldState.currentVersionID":         {"59d7daab0000011b8faebf0f60d25d04"},
		"NOTE Much better CREATE newState.documentID":   {workfront.DocumentID},
		"NOTE Thank you CREATE newState.parentNoteID":   {note},
		"PRFAPL UPDATE newState.approverDecision":       {"Approved"},
		"PRFAPL UPDATE oldState.approverDecision":       {"Pending"},
		"DOCU DELETE oldState.ID":                       {workfront.DocumentID},
		"NOTE Much better CREATE eventTime.epochSecond": {1795615200.0},
	} {
		i := strings.LastIndex(key, " ")
		a, ok := seen[key[:i]]
		if got := a.at(key[i+1:]); !ok || got != want[0] {
			t.Errorf("%s = %v (sent: %v), want %v", key, got, ok, want[0])
		}
	}
	if len(seen) != 6 {
		t.Errorf("events = %d, want 6", len(seen))
	}
}

func TestWorkfront_FiltersAndPacks(t *testing.T) {
	t.Parallel()
	w := newWorkfront(t)
	w.subscribeTo("DOCV", "UPDATE", `,"filters":[{"fieldName":"proofDecision","fieldValue":"approved","comparison":"eq"}],"base64Encoding":true`)
	_ = w.Workfront.ApproveAs("Ravi", workfront.DocumentID, "Changes required")
	_ = w.Workfront.ApproveAs("Ravi", workfront.DocumentID, "Approved")
	w.settle()
	got := w.deliveries()
	var body struct{ NewState string }
	if len(got) != 1 || json.Unmarshal(got[0].body, &body) != nil {
		t.Fatalf("deliveries = %d, want one whose state is a text", len(got))
	}
	raw, err := base64.StdEncoding.DecodeString(body.NewState)
	if err != nil || !strings.Contains(string(raw), `"proofDecision":"approved"`) {
		t.Errorf("state = %s, %v; want the approved version", raw, err)
	}
}

func TestWorkfront_TriesElevenTimes(t *testing.T) {
	t.Parallel()
	w := newWorkfront(t)
	w.subscribeTo("NOTE", "CREATE", "")
	w.answerWith(func(_ *heard, _ int, rw http.ResponseWriter) { rw.WriteHeader(http.StatusUnauthorized) })
	_, _ = w.Workfront.NoteAs("Lin", workfront.DocumentID, "hello")
	w.settle()
	if d := w.Deliveries(workfront.Service); len(d) != 1 || len(d[0].Tries) != 11 || d[0].Taken {
		t.Errorf("deliveries = %+v, want one with eleven tries", d)
	}
	if _, sum := w.waited(); sum < 47*time.Hour || sum > 49*time.Hour {
		t.Errorf("gave up after %v, want about two days", sum)
	}
}

func TestPages_Workfront(t *testing.T) {
	t.Parallel()
	w := newWorkfront(t)
	v := w.visitor()
	v.visit("/workfront")
	v.sees("Spring brochure", "Nobody has subscribed yet")
	here := "/document/" + workfront.DocumentID
	v.send(here+"/version", url.Values{"name": {"Spring brochure v2.pdf"}})
	v.send(here+"/note", url.Values{"text": {"The phone number is old"}})
	v.sees("Version 2", "The phone number is old", "/document/"+workfront.DocumentID)
	d, _ := w.Workfront.Document(workfront.DocumentID)
	v.send(here+"/reply", url.Values{"note": {d.Notes[0].ID}, "text": {"Mended"}})
	v.send(here+"/decide", url.Values{"decision": {"Approved"}})
	v.sees("Mended", "Proof: approved")
	v.send(here+"/note", url.Values{"text": {" "}})
	if v.sees("needs words"); v.status != 400 {
		t.Errorf("status = %d, want 400", v.status)
	}
	v.visit(here + "/details")
	v.sees("Spring brochure v2.pdf")
}
