package figma

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestWebhooks_ToldOfEachEvent(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Limits: Limits{-1, -1, -1}})
	const webhookOf = "team"
	for _, event := range events() {
		d.hook(event, webhookOf, teamID)
	}
	comment := Comment{}
	for _, tt := range []struct {
		event string
		do    func() error
		want  []string
	}{
		{"FILE_COMMENT", func() (err error) {
			comment, err = d.s.CommentAs("Ana Reyes", spring, "1:2", "@signoff please :heart: ask @Ben Osei")
			return err
		}, []string{`"comment":[{"mention":"1310000000000000099"},{"text":" please "},{"text":":heart:"},{"text":" ask "},{"mention":"1310000000000000003"}]`,
			`"parent_id":""`, `"order_id":"1"`, `"resolved_at":""`, `"triggered_by":{"handle":"Ana Reyes","id":"1310000000000000002"}`, `"handle":"Ben Osei"`}},
		{"FILE_COMMENT", func() error {
			_, err := d.s.ReplyAs("Lin", spring, comment.ID, "Sure")
			return err
		}, []string{`"comment":[{"text":"Sure"}]`, `"order_id":""`, `"mentions":[]`}},
		{"LIBRARY_PUBLISH", func() error { return d.s.PublishAs("Lin", spring, "Buttons", []string{"Button"}, nil) },
			[]string{`"created_variables":[]`, `"name":"Button"`, `"description":"Buttons"`}},
		{"DEV_MODE_STATUS_UPDATE", func() error { return d.s.MarkReadyAs("Lin", spring, "1:2", "READY_FOR_DEV", "Go") },
			[]string{`"node_id":"1:2"`, `"status":"READY_FOR_DEV"`, `"related_links":[]`}},
	} {
		if err := tt.do(); err != nil {
			t.Fatal(err)
		}
		got := d.next()
		if got.Event != tt.event || got.Passcode != passcode || got.Retries != 0 {
			t.Errorf("%s came as %s", tt.event, got.raw)
		}
		want := append(tt.want, `"timestamp":"2026-11-20T09:00:00Z"`, `"protocol_version":"2"`, `"retries":0`, `"file_key":"`+spring+`"`, `"file_name":"Spring banner"`, `"webhook_id":"`)
		for _, part := range want {
			if !strings.Contains(got.raw, part) {
				t.Errorf("%s = %s\nwant it with %s", tt.event, got.raw, part)
			}
		}
	}
	d.quiet()
}

func TestWebhooks_VersionsAndDrawing(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Limits: Limits{-1, -1, -1}})
	saved, updated := d.hook("FILE_VERSION_UPDATE", "file", spring), d.hook("FILE_UPDATE", "project", "210987654")
	v := must[Version](t)(d.s.SaveVersionAs("Lin", spring, "v2 - legal copy", "As Eli asked"))
	got := map[string]received{}
	for range 2 { // the named version, and that there was drawing
		one := d.next()
		got[one.Event] = one
	}
	if one := got["FILE_VERSION_UPDATE"]; one.ID != saved || !strings.Contains(one.raw, `"version_id":"`+v.ID+`"`) || !strings.Contains(one.raw, `"label":"v2 - legal copy"`) {
		t.Errorf("version = %s, want %s", one.raw, v.ID)
	}
	if one := got["FILE_UPDATE"]; one.ID != updated || strings.Contains(one.raw, "triggered_by") {
		t.Errorf("update = %s, want one that names nobody", one.raw)
	}
	if pause := <-d.slept; pause != 30*time.Minute {
		t.Errorf("FILE_UPDATE came after %v, want 30 min", pause)
	}
	must[Version](t)(d.s.AutosaveAs("Lin", spring))
	if one := d.next(); one.Event != "FILE_UPDATE" {
		t.Errorf("an autosave = %s, want FILE_UPDATE only", one.raw)
	}
	if err := d.s.DeleteFile("Lin", spring); err != nil {
		t.Fatal(err)
	}
	if one := d.next(); one.Event != "FILE_DELETE" || one.ID != updated {
		t.Errorf("deleting = %s, want FILE_DELETE for who subscribed to FILE_UPDATE", one.raw)
	}
	d.quiet()
}

func TestWebhooks_AreRepeated(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Limits: Limits{-1, -1, -1}})
	id := d.hook("FILE_COMMENT", "team", teamID)
	d.status.Store(204) // only 200 counts
	must[Comment](t)(d.s.CommentAs("Ana Reyes", spring, "", "x"))
	for try := range 4 {
		if one := d.next(); one.Retries != try {
			t.Errorf("try %d says retries %d", try, one.Retries)
		}
	}
	for _, want := range []time.Duration{5 * time.Minute, 30 * time.Minute, 3 * time.Hour} {
		if got := <-d.slept; got != want {
			t.Errorf("pause = %v, want %v", got, want)
		}
	}
	d.quiet()
	var log struct {
		Requests []struct {
			Request struct {
				Endpoint string
				Payload  struct {
					Event   string `json:"event_type"`
					Retries int
				}
				Sent string `json:"sent_at"`
			} `json:"request_info"`
			Response *struct{ Status string } `json:"response_info"`
			Error    *string                  `json:"error_msg"`
		}
	}
	d.read("/v2/webhooks/"+id+"/requests", &log)
	if len(log.Requests) != 5 {
		t.Fatalf("log = %+v, want the PING and four tries", log)
	}
	first, ping := log.Requests[0], log.Requests[4]
	if first.Request.Payload.Retries != 3 || first.Response == nil || first.Response.Status != "204" || first.Error == nil || first.Request.Endpoint != d.hooks {
		t.Errorf("newest = %+v, want the last try answered with 204", first)
	}
	if ping.Request.Payload.Event != "PING" || ping.Error != nil || ping.Response.Status != "200" {
		t.Errorf("oldest = %+v, want the PING that was taken", ping)
	}
	if h := d.s.Hooks()[0]; h.Paused {
		t.Errorf("webhook = %+v, want it active although nobody took its events", h)
	}
}

func TestWebhooks_LostAndStopped(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Limits: Limits{-1, -1, -1}, Retry: []time.Duration{}})
	id := d.hook("FILE_COMMENT", "file", spring)
	d.s.LoseWebhooks(true)
	must[Comment](t)(d.s.CommentAs("Ana Reyes", spring, "", "lost"))
	d.quiet()
	if status, _, body := d.ask("GET", "/v2/webhooks/"+id+"/requests", ""); status != 200 || !strings.Contains(body, `"response_info":null`) || !strings.Contains(body, `"text":"lost"`) {
		t.Errorf("log = %d %s, want what was lost, without an answer", status, body)
	}
	d.s.LoseWebhooks(false)
	d.status.Store(400)
	must[Comment](t)(d.s.CommentAs("Ana Reyes", spring, "", "stop"))
	d.next()
	if err := d.s.Wait(t.Context(), func(s *Server) bool { return s.Hooks()[0].Paused }); err != nil {
		t.Fatalf("a webhook that was answered with 400 goes on: %v", err)
	}
	must[Comment](t)(d.s.CommentAs("Ana Reyes", spring, "", "unheard"))
	d.quiet()
	all := d.s.Deliveries()
	if last := all[len(all)-1]; last.Status != 400 || last.Error == "" || !last.Done {
		t.Errorf("last delivery = %+v, want the one that stopped it", last)
	}
	for _, e := range d.ledger.Entries(0) {
		if strings.Contains(e.Body, passcode) {
			t.Errorf("the ledger shows the passcode: %+v", e)
		}
	}
}

func TestWebhooks_AreManaged(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Limits: Limits{-1, -1, -1}, Tokens: []Token{{Value: "figd_viewer", Owner: "Maya Lind"}, {Value: "figd_editor", Owner: "Lin"}}})
	body := func(context, id, more string) string {
		return `{"event_type":"FILE_COMMENT","context":"` + context + `","context_id":"` + id + `","endpoint":"` + d.hooks + `","passcode":"p","status":"PAUSED"` + more + `}`
	}
	for _, tt := range []struct {
		name, method, path, body string
		want                     int
		holds                    string
		head                     []string
	}{
		{"no context in the list", "GET", "/v2/webhooks", "", 400, `{"error":true,"message":"Missing required parameter context","status":400}`, nil},
		{"an unknown team", "GET", "/v2/webhooks?context=team&context_id=7", "", 403, `"err"`, nil},
		{"capitals", "POST", "/v2/webhooks", body("TEAM", teamID, ""), 400, "context", nil},
		{"by team_id", "POST", "/v2/webhooks", `{"event_type":"FILE_COMMENT","team_id":"` + teamID + `","endpoint":"https://x.example","passcode":"p"}`, 400, "team_id", nil},
		{"PING", "POST", "/v2/webhooks", strings.Replace(body("team", teamID, ""), "FILE_COMMENT", "PING", 1), 400, "event_type", nil},
		{"no https", "POST", "/v2/webhooks", strings.Replace(body("team", teamID, ""), d.hooks, "http://signoff.lumen.example/hooks", 1), 400, "endpoint", nil},
		{"no passcode", "POST", "/v2/webhooks", strings.Replace(body("team", teamID, ""), `"p"`, `""`, 1), 400, "passcode", nil},
		{"a long description", "POST", "/v2/webhooks", body("team", teamID, `,"description":"`+strings.Repeat("x", 141)+`"`), 400, "description", nil},
		{"a viewer", "POST", "/v2/webhooks", body("file", spring, ""), 403, "permission", []string{"X-Figma-Token", "figd_viewer"}},
		{"an editor at the team", "POST", "/v2/webhooks", body("team", teamID, ""), 403, "permission", []string{"X-Figma-Token", "figd_editor"}},
		{"an editor at the file", "POST", "/v2/webhooks", body("file", spring, ""), 200, `"context":"FILE"`, []string{"X-Figma-Token", "figd_editor"}},
		{"a second", "POST", "/v2/webhooks", body("file", spring, `,"description":"mine"`), 200, `"description":"mine"`, nil},
		{"a third", "POST", "/v2/webhooks", body("file", spring, ""), 200, `"client_id":null`, nil},
		{"one too many", "POST", "/v2/webhooks", body("file", spring, ""), 400, "maximum", nil},
		{"the list", "GET", "/v2/webhooks?context=file&context_id=" + spring, "", 200, `"passcode":""`, nil},
		{"the plan's list", "GET", "/v2/webhooks?plan_api_id=team-" + teamID, "", 200, `"pagination":{}`, nil},
		{"none like it", "GET", "/v2/webhooks/7", "", 404, `{"error":true,"message":"Not found","status":404}`, nil},
		{"none to change", "PUT", "/v2/webhooks/7", `{}`, 404, `"error":true`, nil},
		{"none to delete", "DELETE", "/v2/webhooks/7", "", 404, `"error":true`, nil},
	} {
		if status, _, got := d.ask(tt.method, tt.path, tt.body, tt.head...); status != tt.want || !strings.Contains(got, tt.holds) {
			t.Errorf("%s = %d %s, want %d with %s", tt.name, status, got, tt.want, tt.holds)
		}
	}
	id := d.s.Hooks()[0].ID
	status, _, got := d.ask("PUT", "/v2/webhooks/"+id, `{"event_type":"FILE_UPDATE","endpoint":"`+d.hooks+`","passcode":"q","status":"ACTIVE"}`)
	if h := d.s.Hooks()[0]; status != 200 || h.Paused || h.Event != "FILE_UPDATE" || !json.Valid([]byte(got)) {
		t.Errorf("change = %d %s, %+v; want it active", status, got, h)
	}
	if status, _, _ := d.ask("PUT", "/v2/webhooks/"+id, `{"status":"PAUSED"}`); status != 400 {
		t.Errorf("half a change = %d, want 400", status)
	}
	if status, _, _ := d.ask("DELETE", "/v2/webhooks/"+id, ""); status != 200 || len(d.s.Hooks()) != 2 {
		t.Errorf("delete = %d, left %+v; want two", status, d.s.Hooks())
	}
	if err := d.s.BreakHook(d.s.Hooks()[0].ID); err != nil {
		t.Fatal(err)
	}
	d.quiet() // paused ones are not told anything, not even a PING
}

func TestWebhooks_OfPlanByPages(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Limits: Limits{-1, -1, -1}, Plan: "org"})
	made := `{"event_type":"FILE_COMMENT","context":"team","context_id":"` + teamID + `","endpoint":"https://x.example/hooks","passcode":"p","status":"PAUSED"}`
	for range 20 {
		if status, _, body := d.ask("POST", "/v2/webhooks", made); status != 200 {
			t.Fatalf("register = %d %s", status, body)
		}
	}
	if status, _, _ := d.ask("POST", "/v2/webhooks", made); status != 400 {
		t.Errorf("the 21st = %d, want 400", status)
	}
	if status, _, _ := d.ask("POST", "/v2/webhooks", strings.NewReplacer("team", "project", teamID, "210987654").Replace(made)); status != 200 {
		t.Errorf("one of the project = %d, want 200", status)
	}
	type page struct {
		Webhooks []struct {
			Plan string `json:"plan_api_id"`
		}
		Pagination struct {
			Next string `json:"next_page"`
		}
	}
	var first, second page
	d.read("/v2/webhooks?plan_api_id=organization-"+teamID, &first)
	if len(first.Webhooks) != 20 || first.Webhooks[0].Plan != "organization-"+teamID || first.Pagination.Next == "" {
		t.Fatalf("first page = %+v, want 20 and a cursor", first)
	}
	d.read("/v2/webhooks?plan_api_id=organization-"+teamID+"&cursor="+first.Pagination.Next, &second)
	if len(second.Webhooks) != 1 || second.Pagination.Next != "" {
		t.Errorf("second page = %+v, want the last one", second)
	}
}
