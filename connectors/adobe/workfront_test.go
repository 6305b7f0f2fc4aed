package adobe_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// workfront is a stand-in of Workfront that refuses unknown members and parameters.
type wf struct {
	t   *testing.T
	url string

	mu     sync.Mutex
	subs   []map[string]string
	docs   map[string]map[string]any
	notes  []map[string]any
	strays []string
	busy   bool // subscriptions are there already, and not listed
	lose   bool // the next update is written and not answered
}

const (
	docID  = "59d7daab0000011b8faebf0f60d25d08"
	docvID = "59d7daab0000011b8faebf0f60d25d09"
	noteID = "59d7daab0000011b8faebf0f60d25d0a"
	wfAna  = "544820df0000142362741fc0c368de19"
	wfAuth = "wf-auth-token-0123456789"
)

func newWorkfront(t *testing.T) *wf {
	t.Helper()
	w := &wf{t: t, docs: map[string]map[string]any{docID: {"ID": docID, "name": "Brief.pdf", "currentVersion": map[string]any{
		"ID": docvID, "version": 3, "fileName": "Brief.pdf", "entryDate": "2026-11-20T02:59:03:562-0600", "enteredByID": wfAna,
		"enteredBy": map[string]string{"ID": wfAna, "name": "Ana Reyes", "objCode": "USER"},
	}}}}
	srv := httptest.NewServer(w)
	t.Cleanup(srv.Close)
	w.url = srv.URL
	t.Cleanup(func() {
		for _, s := range w.strays {
			t.Errorf("Workfront would refuse the form of a call: %s", s)
		}
	})
	return w
}

func (s *wf) answer(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the other side may have gone
}

func (s *wf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body) // the other side may have gone
	if r.Header.Get("sessionID") != "wf-session" {
		s.answer(w, 401, map[string]any{"error": map[string]string{"message": "You are not currently logged in"}})
		return
	}
	const api = "/attask/api/v19.0/"
	switch key := r.Method + " " + r.URL.Path; {
	case key == "GET /attask/eventsubscription/api/v1/subscriptions":
		if s.busy {
			s.answer(w, 200, []any{})
			return
		}
		s.answer(w, 200, map[string]any{"items": s.subs})
	case key == "POST /attask/eventsubscription/api/v1/subscriptions":
		s.subscribe(w, body)
	case strings.HasPrefix(key, "GET "+api+"docu/"):
		doc := s.docs[strings.TrimPrefix(r.URL.Path, api+"docu/")]
		if doc == nil {
			s.answer(w, 404, map[string]any{"error": map[string]string{"message": "The record could not be found"}})
			return
		}
		s.answer(w, 200, map[string]any{"data": doc})
	case key == "GET "+api+"note/search" && r.URL.Query().Get("objID") != "":
		s.answer(w, 200, map[string]any{"data": s.notes})
	case strings.HasPrefix(key, "GET "+api+"note/"):
		for _, n := range s.notes {
			if n["ID"] == strings.TrimPrefix(r.URL.Path, api+"note/") {
				s.answer(w, 200, map[string]any{"data": n})
				return
			}
		}
		s.answer(w, 404, map[string]any{})
	case strings.HasPrefix(key, "GET "+api+"user/"):
		if r.URL.Query().Get("fields") != "name" || !strings.HasSuffix(key, "/"+wfAna) {
			s.answer(w, 404, map[string]any{})
			return
		}
		s.answer(w, 200, map[string]any{"data": map[string]string{"ID": wfAna, "name": "Ana Reyes", "objCode": "USER"}})
	case key == "GET "+api+"docv/"+docvID:
		s.answer(w, 200, map[string]any{"data": map[string]string{"ID": docvID, "documentID": docID, "objCode": "DOCV"}})
	case key == "POST "+api+"note":
		s.write(w, body)
	default:
		s.strays = append(s.strays, key)
		s.answer(w, 422, map[string]any{"error": map[string]string{"message": "no such call"}})
	}
}

func (s *wf) subscribe(w http.ResponseWriter, body []byte) {
	var in map[string]string
	if json.Unmarshal(body, &in) != nil {
		s.strays = append(s.strays, "body "+string(body))
	}
	for k := range in {
		if !strings.Contains(" objCode eventType url authToken ", " "+k+" ") {
			s.strays = append(s.strays, "unknown member "+k)
		}
	}
	if s.busy {
		s.answer(w, 409, map[string]any{"error": "duplicate"})
		return
	}
	in["id"], in["authToken"] = fmt.Sprint("s", len(s.subs)), "***"
	s.subs = append(s.subs, in)
	s.answer(w, 201, map[string]string{"id": in["id"], "version": "v2"})
}

func (s *wf) write(w http.ResponseWriter, body []byte) {
	var in map[string]string
	if json.Unmarshal(body, &in) != nil || in["noteText"] == "" || in["noteObjCode"] != "DOCU" || in["objID"] == "" || len(in) != 3 {
		s.strays = append(s.strays, "body "+string(body))
	}
	n := map[string]any{"ID": fmt.Sprintf("59d7daab0000011b8faebf0f60d2%04d", len(s.notes)), "noteText": in["noteText"], "entryDate": "2026-11-20T03:00:00:000-0600", "ownerID": "544820df0000142362741fc0c368de19"}
	s.notes = append(s.notes, n)
	if s.lose {
		s.lose = false
		panic(http.ErrAbortHandler)
	}
	s.answer(w, 200, map[string]any{"data": n})
}

const wfSettings = `workfront:
  url: %[1]s
  auth_token: [` + wfAuth + `, wf-auth-token-of-before]
  session: wf-session
  allow_from: [203.0.113.0/24, 2001:db8::7]
`

func connectWF(t *testing.T) (*rig, *wf) {
	t.Helper()
	w := newWorkfront(t)
	return connect(t, fmt.Sprintf(wfSettings, w.url)), w
}

// change is an event of Workfront's.
func change(kind string, now, was map[string]any) []byte {
	raw, err := json.Marshal(map[string]any{
		"eventType": kind, "subscriptionId": "8a0d839d5ef32c9a015ef32e2cde0000", "customerId": "c", "eventTime": map[string]any{"nano": 414000000, "epochSecond": begin().Unix()},
		"newState": now, "oldState": was,
	})
	if err != nil {
		panic(err)
	}
	return raw
}

func wfPost(body []byte) connectors.Inbound {
	return connectors.Inbound{
		Method: http.MethodPost, Rest: "workfront/signoff", At: begin(), Remote: "203.0.113.9", Body: body,
		Header: http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + wfAuth}},
	}
}

func TestWorkfront_Authentic(t *testing.T) {
	t.Parallel()
	r, _ := connectWF(t)
	for name, c := range map[string]struct {
		change func(*connectors.Inbound)
		want   int
		secret string
	}{
		"with Bearer":    {func(*connectors.Inbound) {}, 0, "current"},
		"without Bearer": {func(in *connectors.Inbound) { in.Header.Set("Authorization", wfAuth) }, 0, "current"},
		"bearer":         {func(in *connectors.Inbound) { in.Header.Set("Authorization", "bearer "+wfAuth) }, 0, "current"},
		"the one before": {func(in *connectors.Inbound) { in.Header.Set("Authorization", "wf-auth-token-of-before") }, 0, "previous"},
		"wrong":          {func(in *connectors.Inbound) { in.Header.Set("Authorization", "Bearer x"+wfAuth) }, 401, ""},
		"none":           {func(in *connectors.Inbound) { in.Header.Del("Authorization") }, 401, ""},
		"empty":          {func(in *connectors.Inbound) { in.Header.Set("Authorization", "Bearer ") }, 401, ""},
		"two":            {func(in *connectors.Inbound) { in.Header.Add("Authorization", wfAuth) }, 401, ""},
		"elsewhere":      {func(in *connectors.Inbound) { in.Remote = "198.51.100.1" }, 401, ""},
		"by IPv6":        {func(in *connectors.Inbound) { in.Remote = "2001:db8::7" }, 0, "current"},
		"mapped":         {func(in *connectors.Inbound) { in.Remote = "::ffff:203.0.113.9" }, 0, "current"},
		"with a port":    {func(in *connectors.Inbound) { in.Remote = "203.0.113.9:4711" }, 0, "current"},
		"unknown source": {func(in *connectors.Inbound) { in.Remote = "" }, 401, ""},
	} {
		in := wfPost(fixture(t, "message-01.json"))
		c.change(&in)
		acc, err := r.Accept(in)
		if status(err) != c.want || acc.Secret != c.secret {
			t.Errorf("%s: Accept = %q, %v, want status %d with the secret %q", name, acc.Secret, err, c.want, c.secret)
		}
	}
	acc, err := r.Accept(wfPost(fixture(t, "message-01.json")))
	if err != nil || acc.Kind != "workfront:proj" || acc.Key != "workfront/PROJ/59d7daab0000011b8faebf0f60d25d08/CREATE/1507318444/414000000" {
		t.Errorf("the published message: %+v, %v, want it told by what and when", acc, err)
	}
	if acc, err := r.Accept(wfPost(fixture(t, "message-base64.json"))); err != nil || acc.Kind != "workfront:proj" || !strings.Contains(acc.Key, "/PROJ/") {
		t.Errorf("the published message with states in base64: %+v, %v, want it read", acc, err)
	}
	for body, want := range map[string]string{`{}`: "no event", `{"eventType":"CREATE","newState":{}}`: "no object", `{"eventType":`: "malformed"} {
		if acc, err := r.Accept(wfPost([]byte(body))); err != nil || !strings.Contains(acc.Malformed, want) {
			t.Errorf("%s: %+v, %v, want it malformed: %s", body, acc, err, want)
		}
	}
	if acc, err := r.Accept(wfPost(change("CREATE", map[string]any{"ID": docID, "objCode": "HOUR"}, nil))); err != nil || acc.Ignored == "" {
		t.Errorf("hours: %+v, %v, want them ignored with a reason", acc, err)
	}
	large := change("UPDATE", map[string]any{"ID": docID, "objCode": "DOCU", "description": strings.Repeat("x", 1<<20), "parameterValues": map[string]any{"DE:Regions": []string{"EMEA", "APAC"}}}, nil)
	if acc, err := r.Accept(wfPost(large)); err != nil || acc.Malformed != "" {
		t.Errorf("1 MB: %q, %v, want it taken", acc.Malformed, err)
	}
}

func TestWorkfront_DocumentsAndUpdates(t *testing.T) {
	t.Parallel()
	r, w := connectWF(t)
	doc := ref("workfront", "DOCU/"+docID)
	version := change("CREATE", map[string]any{"ID": docvID, "objCode": "DOCV", "documentID": docID, "version": "3"}, map[string]any{})
	r.Ask(inquiry{})
	_, events := r.take(t, wfPost(version))
	same(t, "nobody follows it", events)
	r.approved(doc)
	_, events = r.take(t, wfPost(version))
	same(t, "after the approval", events, "asset.changed workfront:59d7daab…5d08 [v3 - Brief.pdf]")
	r.knows(doc)
	_, events = r.take(t, wfPost(version))
	same(t, "version", events, "asset.changed workfront:59d7daab…5d08 [v3 - Brief.pdf]")
	if v := events[0].Versions[0]; v.ID != docvID || !v.At.Equal(time.Date(2026, 11, 20, 8, 59, 3, 562e6, time.UTC)) || v.By.Ref != ref("user", wfAna) || v.By.Shown != "Ana Reyes" {
		t.Errorf("version %+v, want its id, time and maker", v)
	}
	w.mu.Lock()
	w.notes = append(w.notes, map[string]any{
		"ID": noteID, "noteText": "Please mention the price", "entryDate": "2026-11-20T03:00:00:000-0600", "ownerID": wfAna, "owner": map[string]string{"ID": wfAna, "name": "Ana Reyes"},
	})
	w.mu.Unlock()
	note := map[string]any{"ID": noteID, "objCode": "NOTE", "noteObjCode": "DOCU", "objID": docID, "noteText": "altered on the way"}
	_, events = r.take(t, wfPost(change("CREATE", note, map[string]any{})))
	same(t, "update", events, "comment.added workfront:59d7daab…5d08 said 59d7daab…5d0a “Please mention the price” point=yes")
	if by := events[0].Actor; by.Shown != "Ana Reyes" {
		t.Errorf("the update is by %+v, want a name", by)
	}
	approval := change("UPDATE", map[string]any{"ID": noteID, "objCode": "PRFAPL", "documentID": docID, "status": "APPROVED"}, map[string]any{"status": "PENDING"})
	_, events = r.take(t, wfPost(approval))
	if len(events) != 1 || events[0].Kind != flow.CommentAdded || events[0].Field("automatic") != "yes" || events[0].Body.String() != "Proof approval in Workfront: APPROVED" {
		t.Errorf("approval: %v, want it shown, and no vote", short(events))
	}
	look, err := r.Look(t.Context(), flow.Asset{Ref: doc}, begin())
	if err != nil {
		t.Fatalf("Look: %v", err)
	}
	same(t, "look", look, "asset.changed workfront:59d7daab…5d08 [v3 - Brief.pdf]")
	delete(w.docs, docID)
	_, events = r.take(t, wfPost(change("DELETE", map[string]any{}, map[string]any{"ID": docID, "objCode": "DOCU"})))
	same(t, "deleted", events, "asset.gone workfront:59d7daab…5d08 why=deleted")
}

// TestWorkfront_ProofDecisions are shown with who decided, and are nobody's vote.
func TestWorkfront_ProofDecisions(t *testing.T) {
	t.Parallel()
	r, _ := connectWF(t)
	r.knows(ref("workfront", "DOCU/"+docID))
	proof := func(more map[string]any) map[string]any {
		s := map[string]any{"ID": noteID, "objCode": "PRFAPL", "approverID": wfAna, "documentVersionID": docvID}
		for k, v := range more {
			s[k] = v
		}
		return s
	}
	docv := map[string]any{"ID": docvID, "objCode": "DOCV", "documentID": docID, "version": "3", "proofDecision": "Approved with changes", "lastUpdatedByID": wfAna}
	for name, c := range map[string]struct {
		now, was map[string]any
		want     string
		by       string
	}{
		"of an approver":       {proof(map[string]any{"approverDecision": "Changes required"}), proof(map[string]any{"approverDecision": "Pending"}), "Proof approval in Workfront: Changes required", "Ana Reyes"},
		"that stays":           {proof(map[string]any{"approverDecision": "Pending"}), proof(map[string]any{"approverDecision": "Pending"}), "", ""},
		"of a whole proof":     {docv, map[string]any{"proofDecision": "Pending"}, "Proof in Workfront: Approved with changes", "Ana Reyes"},
		"of nobody we can see": {proof(map[string]any{"approverDecision": "Approved", "approverID": docID}), nil, "Proof approval in Workfront: Approved", ""},
	} {
		_, events := r.take(t, wfPost(change("UPDATE", c.now, c.was)))
		if c.want == "" {
			same(t, name, events)
			continue
		}
		if len(events) != 1 || events[0].Kind != flow.CommentAdded || events[0].Field("automatic") != "yes" || events[0].Body.String() != c.want || events[0].Actor.Shown != c.by || events[0].Actor.Ref.Zero() {
			t.Errorf("%s: %v by %+v, want %q by %q, and no vote", name, short(events), events, c.want, c.by)
		}
	}
}

func TestWorkfront_WithoutCredentials(t *testing.T) {
	t.Parallel()
	r, w := connectWF(t)
	r = r.again(t, strings.Replace(fmt.Sprintf(wfSettings, w.url), "  session: wf-session\n", "", 1))
	r.knows(ref("workfront", "DOCU/"+docID))
	_, events := r.take(t, wfPost(change("CREATE", map[string]any{"ID": docvID, "objCode": "DOCV", "documentID": docID, "version": "4", "fileName": "Brief.pdf", "entryDate": "2026-11-20T02:59:03.562-0600"}, nil)))
	same(t, "what the event says", events, "asset.changed workfront:59d7daab…5d08 [v4 - Brief.pdf]")
	if got := r.register(t); !strings.HasPrefix(got, "warning: without credentials") {
		t.Errorf("Register says %q, want a warning", got)
	}
	if _, err := r.Do(t.Context(), tell("CR-142/1/1", ref("workfront", "DOCU/"+docID), "Approved.")); connectors.ClassOf(err) != connectors.Rejected {
		t.Errorf("Do = %v, want it rejected", err)
	}
}

func TestWorkfront_Subscribes(t *testing.T) {
	t.Parallel()
	r, w := connectWF(t)
	if got := r.register(t); !strings.Contains(got, "5 new") {
		t.Errorf("Register says %q, want five new subscriptions", got)
	}
	if got := r.register(t); !strings.Contains(got, "0 new") || len(w.subs) != 5 {
		t.Errorf("Register again says %q with %d there, want nothing new", got, len(w.subs))
	}
	w.busy = true
	if got := r.register(t); !strings.HasPrefix(got, "ok") {
		t.Errorf("Register where all is there and not listed says %q, want ok", got)
	}
	if strings.Contains(fmt.Sprint(r.Check(t.Context())), wfAuth) || strings.Contains(r.log.String(), wfAuth) {
		t.Error("the token is shown")
	}
}

func TestWorkfront_WritesBackOnce(t *testing.T) {
	t.Parallel()
	r, w := connectWF(t)
	doc := ref("workfront", "DOCU/"+docID)
	e := tell("CR-142/1/1", doc, "Approved by Ana.")
	w.lose = true
	if _, err := r.Do(t.Context(), e); connectors.ClassOf(err) != connectors.Unsure {
		t.Fatalf("Do without an answer = %v, want it unsure", err)
	}
	tried := r.clock.Now()
	if _, _, err := r.Find(t.Context(), e, tried); connectors.ClassOf(err) != connectors.Unsure {
		t.Errorf("Find at once = %v, want it unsure", err)
	}
	r.clock.Advance(time.Minute)
	links, found, err := r.Find(t.Context(), e, tried)
	if err != nil || !found || links[0].Ref.Type != "update" {
		t.Fatalf("Find = %+v, %v, %v, want the update", links, found, err)
	}
	if again, err := r.Do(t.Context(), e); err != nil || again[0].Ref != links[0].Ref || len(w.notes) != 1 {
		t.Errorf("Do again = %+v, %v with %d updates, want the same one", again, err, len(w.notes))
	}
	r.knows(doc)
	id := links[0].Ref.Key[strings.LastIndexByte(links[0].Ref.Key, '/')+1:]
	_, events := r.take(t, wfPost(change("CREATE", map[string]any{"ID": id, "objCode": "NOTE", "noteObjCode": "DOCU", "objID": docID, "noteText": "x"}, nil)))
	if len(events) != 1 || !events[0].Echo || events[0].Field("receipt") != "" {
		t.Errorf("our own update: %+v, want an echo that is explained", events)
	}
}

func TestWorkfront_Recognize(t *testing.T) {
	t.Parallel()
	r := connect(t, strings.Replace(wfSettings, "%[1]s", "https://lumen.my.workfront.com", 1))
	for address, want := range map[string]string{
		"https://lumen.my.workfront.com/document/" + docID + "/details":                                            "DOCU/" + docID,
		"https://lumen.my.workfront.com/issue/" + docID:                                                            "OPTASK/" + docID,
		"https://experience.adobe.com/#/@lumen/so:lumen-Production/workfront/task/" + docID + "/overview":          "TASK/" + docID,
		"https://other.my.workfront.com/document/" + docID:                                                         "",
		"https://lumen.my.workfront.com/user/" + docID:                                                             "",
		"https://lumen.my.workfront.com/document/..":                                                               "",
		"https://lumen.my.workfront.com.evil.example/document/" + docID:                                            "",
		"http://lumen.my.workfront.com/document/" + docID:                                                          "",
		"https://experience.adobe.com.evil.example/#/@lumen/so:lumen-Production/workfront/task/" + docID + "/over": "",
	} {
		a, ok := r.Recognize(address)
		if ok != (want != "") || ok && a.Ref != ref("workfront", want) {
			t.Errorf("Recognize(%q) = %v, %v, want %q", address, a.Ref, ok, want)
		}
	}
	r = connect(t, strings.Replace(wfSettings, "%[1]s", "https://work.lumen.example/workfront/", 1))
	for address, want := range map[string]bool{
		"https://work.lumen.example/workfront/document/" + docID: true, "https://work.lumen.example/document/" + docID: false,
		"https://work.lumen.example/workfrontier/document/" + docID: false, "https://work.lumen.example/other/workfront/document/" + docID: false,
	} {
		a, ok := r.Recognize(address)
		if ok != want || ok && a.URL != address {
			t.Errorf("below a path Recognize(%q) = %+v, %v, want %v", address, a, ok, want)
		}
	}
}
