package confluence

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestDataCenter_Content(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Edition: DataCenter, Zone: time.FixedZone("", 3600)})
	p := d.make("Brief: winter hero", "By 2026-12-01, ask @Ana Reyes")
	d.must(d.s.LabelAs("Maya Lind", p.ID, "signoff", true))
	type person struct{ Username, UserKey, DisplayName string }
	var got struct {
		ID, Type, Title string
		Version         struct {
			Number int
			When   string
			By     person
		}
		Space    struct{ Key string }
		History  struct{ CreatedBy person }
		Metadata struct {
			Labels struct{ Results []struct{ Name string } }
		}
		Body  struct{ Storage struct{ Value string } }
		Links struct{ Webui, Base string } `json:"_links"`
	}
	d.read("GET", "/rest/api/content/"+p.ID+"?expand=body.storage,version,space,history,metadata.labels", "", &got)
	if got.Type != "page" || got.Version.When != "2026-11-20T10:00:00.000+01:00" || got.Version.By.Username != "maya" || got.History.CreatedBy.DisplayName != "Maya Lind" || got.Space.Key != "LUMEN" {
		t.Errorf("page = %+v", got)
	}
	want := `<p>By <time datetime="2026-12-01" />, ask <ac:link><ri:user ri:userkey="` + d.s.user("Ana Reyes").UserKey + `" /></ac:link></p>`
	if got.Body.Storage.Value != want || len(got.Metadata.Labels.Results) != 1 || got.Links.Base+got.Links.Webui != p.URL {
		t.Errorf("body %s, want %s; labels %+v, links %+v", got.Body.Storage.Value, want, got.Metadata, got.Links)
	}
	if _, _, body := d.ask("GET", "/rest/api/content/"+p.ID, ""); strings.Contains(body, `"when"`) || strings.Contains(body, "winter hero\",\"version") {
		t.Errorf("without expand = %s, want neither version nor body", body)
	}
	var me person
	d.read("GET", "/rest/api/user?key="+got.Version.By.UserKey, "", &me)
	if me.DisplayName != "Maya Lind" {
		t.Errorf("by key = %+v, want Maya", me)
	}
	d.must(d.s.EditPageAs("Ana Reyes", p.ID, "Brief: winter hero", "New"))
	d.read("GET", "/rest/api/content/"+p.ID+"?status=historical&version=1&expand=body.storage", "", &got)
	if got.Body.Storage.Value != want {
		t.Errorf("the older version = %s", got.Body.Storage.Value)
	}
	for path, want := range map[string]int{
		"/wiki/api/v2/pages/" + p.ID: 404, "/rest/api/content/4711": 404, "/rest/api/content/x": 400, "/rest/api/content/" + p.ID + "?expand=colour": 400,
		"/rest/api/user": 400, "/rest/api/user?username=nobody": 404, "/rest/api/webhooks": 403, "/rest/api/content/" + p.ID + "?version=1": 400,
	} {
		if status, _, body := d.ask("GET", path, ""); status != want {
			t.Errorf("%s = %d %s, want %d", path, status, body, want)
		}
	}
	if status, _, _ := d.ask("GET", "/rest/api/user/current", "", "Authorization", "Bearer other"); status != 401 {
		t.Errorf("another token = %d, want 401", status)
	}
}

func TestDataCenter_Comments(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Edition: DataCenter})
	p := d.make("A page", "x")
	body := `{"type":"comment","container":{"id":"` + p.ID + `","type":"page"},"body":{"storage":{"value":"<p>Approved</p>","representation":"storage"}}}`
	var made struct{ ID, Type string }
	if d.read("POST", "/rest/api/content", body, &made); made.Type != "comment" {
		t.Errorf("made %+v", made)
	}
	for name, bad := range map[string]string{
		"a page": strings.Replace(body, `"comment"`, `"page"`, 1), "broken": strings.Replace(body, "</p>", "", 1), "a key too many": strings.Replace(body, `{"type"`, `{"id":"1","type"`, 1),
	} {
		if status, _, said := d.ask("POST", "/rest/api/content", bad); status != 400 {
			t.Errorf("%s = %d %s, want 400", name, status, said)
		}
	}
	change := `{"id":"` + made.ID + `","type":"comment","version":{"number":2},"body":{"storage":{"value":"<p>Replaced</p>","representation":"storage"}}}`
	for _, want := range []int{200, 409} {
		if status, _, said := d.ask("PUT", "/rest/api/content/"+made.ID, change); status != want {
			t.Errorf("changing = %d %s, want %d", status, said, want)
		}
	}
	var list struct {
		Results []struct {
			ID      string
			Version struct {
				Number int
				By     struct{ Username string }
			}
			Body struct{ Storage struct{ Value string } }
		}
	}
	d.read("GET", "/rest/api/content/"+p.ID+"/child/comment?expand=body.storage,version&depth=all&limit=200", "", &list)
	if len(list.Results) != 1 || list.Results[0].Body.Storage.Value != "<p>Replaced</p>" || list.Results[0].Version.By.Username != "signoff-bot" || list.Results[0].Version.Number != 2 {
		t.Errorf("comments = %+v", list.Results)
	}
}

func TestSign_Vector(t *testing.T) {
	t.Parallel()
	body := `{"timestamp":1763800000000,"event":"page_updated","userKey":"ff80","page":{"id":98305}}`
	if got, want := Sign("signoff-confluence-secret", []byte(body)), "sha256=5a8a7360c1b26b5b5cfc7148fe5f4d803c61c8729831adf3e34612ba5d6cfb11"; got != want {
		t.Errorf("signature = %s, want %s", got, want)
	}
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Edition: DataCenter, Admin: true, Empty: true})
	p := d.make("A page", "x")
	d.must(d.s.EditPageAs("Ana Reyes", p.ID, "A page", "y"))
	d.must(d.s.LabelAs("Ana Reyes", p.ID, "signoff", true))
	d.must(d.s.MoveAs("Ana Reyes", p.ID, "OPS"))
	d.must(d.s.DeleteAs("Ana Reyes", p.ID))
	d.must(d.s.RestoreAs("Ana Reyes", p.ID))
	d.must(d.s.LabelAs("Ana Reyes", p.ID, "signoff", false))
	d.s.TestConnection()
	for i, want := range []string{"page_created", "page_updated", "label_added", "page_moved", "page_trashed", "page_restored", "label_removed", ""} {
		got := <-d.got
		var body struct {
			Timestamp     int64
			Event         string
			UserKey       string
			Page, Content struct{ ID json.Number }
		}
		if err := json.Unmarshal([]byte(got.body), &body); err != nil || body.Event != want {
			t.Fatalf("webhook %d = %s (%v), want %s", i, got.body, err, want)
		}
		if want == "" {
			if got.head.Get("X-Hub-Signature") != "" || got.body != `{"test":true}` {
				t.Errorf("test = %s, signed %q", got.body, got.head.Get("X-Hub-Signature"))
			}
			continue
		}
		if got.head.Get("X-Hub-Signature") != Sign(hookSecret, []byte(got.body)) || body.Timestamp != d.now().UnixMilli() || body.UserKey == "" || body.Page.ID.String()+body.Content.ID.String() != p.ID {
			t.Errorf("webhook %s = %s, signed %q", want, got.body, got.head.Get("X-Hub-Signature"))
		}
	}
	d.must(d.s.Wait(t.Context(), (*Server).Quiet))
	d.s.LoseWebhooks(true)
	d.must(d.s.EditPageAs("Ana Reyes", p.ID, "A page", "z"))
	d.must(d.s.Wait(t.Context(), (*Server).Quiet))
	all := d.s.Webhooks()
	if last := all[len(all)-1]; last.Status != 502 || !last.Done || len(d.got) != 0 {
		t.Errorf("lost = %+v with %d that came, want none", last, len(d.got))
	}
}

func TestWebhooks_AreLookedAfter(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Edition: DataCenter, Admin: true})
	const body = `{"name":"signoff","url":"https://hub.example/hooks/confluence","events":["page_updated","label_added"],"configuration":{"secret":"another secret"},"active":true}`
	var made struct{ ID json.Number }
	d.read("POST", "/rest/api/webhooks", body, &made)
	for name, bad := range map[string]string{
		"an event that is none": strings.Replace(body, "label_added", "page_liked", 1), "no address": strings.Replace(body, "https://", "", 1),
		"a long secret": strings.Replace(body, "another secret", strings.Repeat("x", 256), 1), "active as a text": strings.Replace(body, "true", `"yes"`, 1),
	} {
		if status, _, said := d.ask("POST", "/rest/api/webhooks", bad); status != 400 {
			t.Errorf("%s = %d %s, want 400", name, status, said)
		}
	}
	for _, e := range d.ledger.Entries(0) {
		if strings.Contains(e.Body, "another secret") {
			t.Errorf("the ledger holds the secret: %s", e.Body)
		}
	}
	for _, want := range []int{204, 404} {
		if status, _, _ := d.ask("DELETE", "/rest/api/webhooks/"+made.ID.String(), ""); status != want {
			t.Errorf("deleting = %d, want %d", status, want)
		}
	}
}
