package adobe_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/internal/sandbox/adobe"
	"signoff/internal/sandbox/adobe/events"
)

// signingKeys are made once: that takes a moment.
var signingKeys = sync.OnceValue(func() (keys [2]*rsa.PrivateKey) {
	for i := range keys {
		keys[i], _ = rsa.GenerateKey(rand.Reader, 2048) // never fails with such a size
	}
	return keys
})

func newEvents(t *testing.T, change func(*adobe.Options)) *world {
	t.Helper()
	var w *world
	w = newWorld(t, func(o *adobe.Options) {
		o.Events = events.Options{Keys: signingKeys(), WebhookURL: strings.TrimSuffix(o.Frameio.Actions[0].URL, "/frameio/signoff") + "/io/signoff"}
		if change != nil {
			change(o)
		}
	})
	w.token = w.askToken("openid,AdobeID,read_organizations,adobeio_api")
	return w
}

// genuine checks both signatures of a delivery as its receiver would.
func (w *world) genuine(h *heard) {
	w.Helper()
	for _, n := range []string{"1", "2"} {
		path := h.Header.Get("X-Adobe-Public-Key" + n + "-Path")
		a := w.want(w.call("GET", path, "", "Authorization", ""), 200)
		block, _ := pem.Decode(a.raw)
		if block == nil || block.Type != "PUBLIC KEY" || !strings.HasPrefix(path, "/prod/keys/pub-key-") {
			w.Fatalf("key %s = %s, want a public key", path, a.raw)
		}
		public, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			w.Fatal(err)
		}
		mac, err := base64.StdEncoding.DecodeString(h.Header.Get("X-Adobe-Digital-Signature-" + n))
		sum := sha256.Sum256(h.body)
		if err != nil || rsa.VerifyPKCS1v15(public.(*rsa.PublicKey), crypto.SHA256, sum[:], mac) != nil {
			w.Errorf("signature %s does not fit the body", n)
		}
	}
	if got, want := h.Header.Get("X-Adobe-Signature"), events.Seal(clientSecret, h.body); got != want || h.UserAgent() != "Adobe/1.0" {
		w.Errorf("older signature = %s by %s, want %s by Adobe/1.0", got, h.UserAgent(), want)
	}
}

// TestEvents_SealsAsInTheContract is the worked example of the contract.
func TestEvents_SealsAsInTheContract(t *testing.T) {
	t.Parallel()
	const want = "OF6AvApk+VmPWHtNGTb6w7tLV9Tjy166m5n38qlGBoU="
	got := events.Seal("adobe-client-secret-example", []byte(`{"specversion":"1.0","id":"3","eventid":"ev-1","recipientclientid":"client-1"}`))
	if got != want {
		t.Errorf("signature = %s, want %s", got, want)
	}
}

func TestEvents_SingleOfExperienceManager(t *testing.T) {
	t.Parallel()
	w := newEvents(t, nil)
	sent, err := w.Events.SaveAs("Lin", "spring-hero.png")
	if err != nil {
		t.Fatal(err)
	}
	w.settle()
	got := w.deliveries()
	if len(got) != 1 {
		t.Fatalf("deliveries = %d, want 1", len(got))
	}
	w.genuine(got[0])
	var body object
	if err := json.Unmarshal(got[0].body, &body); err != nil {
		t.Fatal(err)
	}
	a := answer{body: body}
	for path, want := range map[string]any{
		"type": "aem.assets.asset.processing_completed", "eventid": sent[0].ID, "event_id": sent[0].ID, "recipientclientid": clientID, "recipient_client_id": clientID, "data.assetId": events.HeroID,
		"data.repositoryMetadata.repo:name": "spring-hero.png", "data.repositoryMetadata.repo:size": "673140", "data.repositoryMetadata.repo:path": "/content/dam/lumen/spring-hero.png",
	} {
		if got := a.at(path); got != want {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
	if h := got[0].Header; h.Get("X-Adobe-Event-Id") != sent[0].ID || h.Get("X-Adobe-Event-Code") != "aem.assets.asset.processing_completed" || h.Get("X-Adobe-Retry-Count") != "" {
		t.Errorf("headers = %v, want the event's id and code, and no count of tries", h)
	}
}

func TestEvents_BatchOfBoth(t *testing.T) {
	t.Parallel()
	w := newEvents(t, func(o *adobe.Options) { o.Events.Batch, o.Events.NewNames = true, true })
	if _, err := w.Events.SaveAs("Ana Reyes", events.HeroID, events.PosterID); err != nil {
		t.Fatal(err)
	}
	w.settle()
	got := w.deliveries()
	var list []struct {
		Type   string
		Client string `json:"recipientclientid"`
		Old    string `json:"recipient_client_id"`
		Data   struct {
			Entity struct {
				Resources map[string]struct {
					Action   string         `json:"event:action"`
					Embedded map[string]any `json:"event:embedded"`
				} `json:"event:resources"`
			} `json:"xdmEntity"`
		}
	}
	if len(got) != 1 || json.Unmarshal(got[0].body, &list) != nil || len(list) != 2 {
		t.Fatalf("deliveries = %d, want one list of two events", len(got))
	}
	w.genuine(got[0])
	repo := list[1].Data.Entity.Resources["http://ns.adobe.com/adobecloud/rel/metadata/repository"]
	if list[1].Type != "com.adobe.platform.events.file_updated" || repo.Action != "updated" || repo.Embedded["repo:assetId"] != events.PosterID || repo.Embedded["repo:version"] != "1" {
		t.Errorf("event = %+v, want version 1 of the poster", list[1])
	}
	if list[0].Client != clientID || list[0].Old != "" {
		t.Errorf("recipient = %q, %q; want the new name only", list[0].Client, list[0].Old)
	}
}

func TestEvents_Shapes(t *testing.T) {
	t.Parallel()
	w := newEvents(t, nil)
	e, err := w.Events.EventAbout(events.HeroID, "updated")
	if err != nil {
		t.Fatal(err)
	}
	many := slices.Repeat([]events.Event{e}, 21)
	for shape, want := range map[events.Shape][]string{events.Legacy: {`{"event":{`}, events.Wrapped: {`{"events":[`}, events.Batch: {`[{`, `[{`}} {
		before := len(w.deliveries())
		if w.Events.SendEvents(shape, e); shape == events.Batch {
			w.settle()
			before++
			w.Events.SendEvents(shape, many...)
		}
		w.settle()
		got := w.deliveries()[before:]
		if len(got) != len(want) {
			t.Fatalf("%s made %d deliveries, want %d", shape, len(got), len(want))
		}
		for i, h := range got {
			if w.genuine(h); !strings.HasPrefix(string(h.body), want[i]) {
				t.Errorf("%s = %.60s, want %s…", shape, h.body, want[i])
			}
		}
	}
}

func TestEvents_Tries(t *testing.T) {
	t.Parallel()
	w := newEvents(t, nil)
	w.answerWith(func(_ *heard, n int, rw http.ResponseWriter) {
		rw.WriteHeader(map[int]int{1: 503, 2: 429, 3: 200}[n] + 401*max(0, min(1, n-3)))
	})
	_, _ = w.Events.SaveAs("Lin", events.HeroID)
	w.settle()
	if got := w.deliveries(); len(got) != 3 || got[2].Header.Get("X-Adobe-Retry-Count") != "2" || got[2].Header.Get("X-Adobe-Delivery-Id") != got[0].Header.Get("X-Adobe-Delivery-Id") {
		t.Fatalf("deliveries = %d, want three tries of one delivery, the last with a count of 2", len(got))
	}
	_, _ = w.Events.SaveAs("Lin", events.HeroID)
	w.settle()
	if got := w.deliveries(); len(got) != 4 {
		t.Errorf("deliveries = %d, want no second try after 401", len(got))
	}
	w.answerWith(func(_ *heard, _ int, rw http.ResponseWriter) { rw.WriteHeader(http.StatusServiceUnavailable) })
	_, _ = w.Events.SaveAs("Lin", events.HeroID)
	w.settle()
	if _, sum := w.waited(); sum < 24*time.Hour || sum > 25*time.Hour {
		t.Errorf("gave up after %v, want about a day", sum)
	}
}

func TestEvents_Journal(t *testing.T) {
	t.Parallel()
	w := newEvents(t, nil)
	w.LoseWebhooks(true)
	for range 3 {
		_, _ = w.Events.SaveAs("Lin", events.HeroID)
	}
	key := []string{"X-Api-Key", clientID}
	w.want(w.call("GET", w.Events.JournalURL(), ""), 403)
	w.want(w.call("GET", w.Events.JournalURL()+"?until=x", "", key...), 422)
	a := w.want(w.call("GET", w.Events.JournalURL()+"?limit=2", "", key...), 200)
	if a.at("_page.count") != 2.0 || a.at("events.1.position") != a.at("_page.last") || a.at("events.0.event.data.assetId") != events.HeroID {
		t.Errorf("journal = %s, want two events with their positions", a.raw)
	}
	a = w.want(w.call("GET", w.follow(a), "", key...), 200)
	if a.at("_page.count") != 1.0 {
		t.Errorf("journal = %s, want the third event", a.raw)
	}
	at := w.follow(a)
	a = w.want(w.call("GET", at, "", key...), 204)
	if a.header.Get("Retry-After") == "" || w.follow(a) != at {
		t.Errorf("at its end: %v, want when to come again and the same place", a.header)
	}
	w.pass(3 * time.Hour)
	w.want(w.call("GET", w.Events.JournalURL()+"?seek=-PT2H", "", key...), 204)
	w.want(w.call("GET", w.Events.JournalURL()+"?seek=-PT4H", "", key...), 200)
	w.pass(8 * 24 * time.Hour)
	w.token = w.askToken("adobeio_api")
	w.want(w.call("GET", w.Events.JournalURL(), "", key...), 204)
	w.want(w.call("GET", strings.Replace(at, "-3", "-1", 1), "", key...), 410)
}

func (w *world) follow(a answer) string {
	w.Helper()
	link, rel, ok := strings.Cut(strings.TrimPrefix(a.header.Get("Link"), "<"), ">")
	if !ok || !strings.Contains(rel, `rel="next"`) {
		w.Fatalf("Link = %q, want the next part", a.header.Get("Link"))
	}
	return strings.TrimSuffix(w.url, "/demo/adobe") + link
}

func TestEvents_Challenge(t *testing.T) {
	t.Parallel()
	w := newEvents(t, nil)
	w.answerWith(func(h *heard, _ int, rw http.ResponseWriter) {
		if c := h.URL.Query().Get("challenge"); h.Method == http.MethodGet && !strings.Contains(c, "<") {
			rw.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(rw, `{"challenge":%q}`, c)
		}
	})
	ok, err := w.Events.SaveRegistration(t.Context(), events.RegistrationID)
	if err != nil || !ok {
		t.Fatalf("SaveRegistration = %v, %v; want the challenge answered", ok, err)
	}
	w.Events.SetChallenge("<script>")
	if ok, err = w.Events.SaveRegistration(t.Context(), events.RegistrationID); err != nil || ok {
		t.Fatalf("SaveRegistration = %v, %v; want a hostile challenge not answered", ok, err)
	}
	w.settle()
	got := w.deliveries()
	var asked struct {
		URL string `json:"validationUrl"`
	}
	last := got[len(got)-1]
	if json.Unmarshal(last.body, &asked) != nil || !strings.HasPrefix(asked.URL, "https://csm.adobe.io/csm/registrations/validate?id="+events.RegistrationID+"&challenge=") {
		t.Fatalf("body = %s, want an address at csm.adobe.io to open", last.body)
	}
	if r := w.Events.Registrations()[0]; r.State != "unverified" || r.Confirm != asked.URL {
		t.Errorf("registration = %+v, want it to wait for the address to be opened", r)
	}
	u, err := url.Parse(asked.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.want(w.call("GET", u.RequestURI(), "", "Authorization", ""), 200)
	if r := w.Events.Registrations()[0]; r.State != "verified" {
		t.Errorf("registration = %+v, want it verified", r)
	}
}

func TestEvents_RegistrationState(t *testing.T) {
	t.Parallel()
	w := newEvents(t, func(o *adobe.Options) { o.Events.Retry = []time.Duration{} })
	at := "/events/" + strings.Replace(events.RegistrationPath(), events.Workspace+"/", events.Workspace+"/registrations/", 1)
	state := func() any {
		return w.want(w.call("GET", at, "", "X-Api-Key", clientID), 200).at("webhook_status")
	}
	if got := state(); got != "verified" {
		t.Errorf("state = %v, want verified", got)
	}
	w.answerWith(func(_ *heard, _ int, rw http.ResponseWriter) { rw.WriteHeader(500) })
	for range 10 {
		_, _ = w.Events.SaveAs("Lin", events.HeroID)
	}
	w.settle()
	if got := state(); got != "unstable" {
		t.Errorf("after ten failures the state = %v, want unstable", got)
	}
	w.pass(23*time.Hour + 59*time.Minute)
	w.pass(time.Minute)
	w.token = w.askToken("adobeio_api")
	if got := state(); got != "disabled" {
		t.Errorf("a day later the state = %v, want disabled", got)
	}
	heard := len(w.deliveries())
	_, _ = w.Events.SaveAs("Lin", events.HeroID)
	w.settle()
	if got := len(w.deliveries()); got != heard {
		t.Errorf("a disabled webhook was sent %d events", got-heard)
	}
}

func TestEvents_CreatesRegistrations(t *testing.T) {
	t.Parallel()
	w := newEvents(t, nil)
	w.answerWith(func(h *heard, _ int, rw http.ResponseWriter) {
		_, _ = io.WriteString(rw, h.URL.Query().Get("challenge"))
	})
	all := "/events/" + events.Organization + "/" + events.Project + "/" + events.Workspace + "/registrations"
	body := func(more string) string {
		return `{"client_id":"` + clientID + `","name":"second","delivery_type":"webhook_batch","webhook_url":"` + w.hook + `","events_of_interest":[{"provider_id":"aem","event_code":"aem.assets.asset.updated"}]` + more + `}`
	}
	key := []string{"X-Api-Key", clientID}
	if a := w.want(w.call("POST", all, body(`,"colour":"red"`), key...), 400); a.at("message") != "Unexpected field: colour" {
		t.Errorf("refusal = %s, want the field named", a.raw)
	}
	made := w.want(w.call("POST", all, body(""), key...), 201)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := w.Wait(ctx, func(s *adobe.Server) bool { return s.Events.Registrations()[1].State == "verified" }); err != nil {
		t.Fatalf("the challenge in plain text was not taken: %v", err)
	}
	id, _ := made.at("registration_id").(string)
	w.want(w.call("DELETE", all+"/"+id, "", key...), 204)
	w.want(w.call("GET", all+"/"+id, "", key...), 404)
}

func TestPages_IOEvents(t *testing.T) {
	t.Parallel()
	w := newEvents(t, nil)
	v := w.visitor()
	v.visit("/io")
	v.sees("spring-hero.png", "Spring poster.psd", "Nothing yet", "verified")
	v.send("/io/save", url.Values{})
	if v.sees("Choose an asset"); v.status != 400 {
		t.Errorf("status = %d, want 400", v.status)
	}
	v.send("/io/save", url.Values{"asset": {events.HeroID, events.PosterID}, "how": {"batch"}})
	w.settle()
	v.visit("/io")
	v.sees("2 events, aem.assets.asset.processing_completed", "answered 200", "recipientclientid", "version 2")
}

func TestEvents_RotatesKeys(t *testing.T) {
	t.Parallel()
	w := newEvents(t, nil)
	_, _ = w.Events.SaveAs("Lin", events.HeroID)
	w.settle()
	old := w.deliveries()[0].Header.Get("X-Adobe-Public-Key1-Path")
	w.Events.RotateKey()
	w.want(w.call("GET", old, "", "Authorization", ""), 404)
	_, _ = w.Events.SaveAs("Lin", events.HeroID)
	w.settle()
	last := w.deliveries()[1]
	if w.genuine(last); last.Header.Get("X-Adobe-Public-Key1-Path") == old {
		t.Error("the first key is still the old one")
	}
}
