package adobe_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// keyHost is a stand-in of Adobe's key host, and of its journal.
type keyHost struct {
	url  string
	mine *rsa.PrivateKey

	mu      sync.Mutex
	asked   []string
	pem     map[string]string
	status  int
	journal func(w http.ResponseWriter, r *http.Request)
}

const (
	path1 = "/prod/keys/pub-key-one.pem"
	path2 = "/stage/keys/pub-key-two.pem"
)

func newKeyHost(t *testing.T) *keyHost {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	h := &keyHost{mine: key, status: 200, pem: map[string]string{path1: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if r.URL.Path == "/ims/token/v3" {
			_, _ = w.Write([]byte(`{"access_token":"canary-io-token","expires_in":86399}`))
			return
		}
		if strings.HasPrefix(r.URL.Path, "/events") {
			if h.journal == nil {
				http.NotFound(w, r)
				return
			}
			h.journal(w, r)
			return
		}
		h.asked = append(h.asked, r.URL.Path)
		body, ok := h.pem[r.URL.Path]
		switch {
		case h.status != 200:
			w.WriteHeader(h.status)
		case strings.HasPrefix(body, "http"):
			http.Redirect(w, r, body, http.StatusFound)
		case !ok:
			http.NotFound(w, r)
		default:
			_, _ = w.Write([]byte(body))
		}
	}))
	t.Cleanup(srv.Close)
	h.url = srv.URL
	return h
}

func (h *keyHost) with(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

// post is a webhook of I/O Events with both signatures of the host's key.
func (h *keyHost) post(t *testing.T, body string) connectors.Inbound {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	sig, err := rsa.SignPKCS1v15(rand.Reader, h.mine, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	s := base64.StdEncoding.EncodeToString(sig)
	return connectors.Inbound{
		Method: http.MethodPost, Rest: "io/registration", At: begin(), Body: []byte(body),
		Header: http.Header{
			"Content-Type": {"application/json; charset=utf-8"}, "User-Agent": {"Adobe/1.0"}, "X-Adobe-Event-Id": {"x"},
			"X-Adobe-Digital-Signature-1": {s}, "X-Adobe-Public-Key1-Path": {path1}, "X-Adobe-Digital-Signature-2": {s}, "X-Adobe-Public-Key2-Path": {path1},
		},
	}
}

const ioSettings = `events:
  client_id: client-1
  client_secret: adobe-client-secret-example
  keys_url: %[1]s
  ims_url: %[1]s
  api_url: %[1]s
  journal_url: %[1]s/events/organizations/1/integrations/2/3
  registration: 1/2/3/4
`

func connectIO(t *testing.T, more string) (*rig, *keyHost) {
	t.Helper()
	h := newKeyHost(t)
	return connect(t, fmt.Sprintf(ioSettings, h.url)+more), h
}

const aemID = "urn:aaid:aem:20fec14a-b5b8-4c7d-85f4-e619d66281dc"

// aem is an event of Experience Manager.
func aem(id, kind, version string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"0f5a2c1e-%[1]s","source":"acct:aem-p142461-e1463137@adobe.com","type":"aem.assets.asset.%[2]s","datacontenttype":"application/json",
"time":"2026-11-20T08:57:54.141Z","eventid":"%[1]s","recipientclientid":"client-1","data":{"assetId":"`+aemID+`","repositoryMetadata":{"repo:name":"hero.png",
"repo:path":"/content/dam/brand/hero.png","repo:repositoryId":"author-p142461-e1463137.adobeaemcloud.com","repo:version":"%[3]s","repo:size":"669044","dc:format":"image/png",
"repo:modifiedBy":"ana@lumen.example","repo:modifyDate":"2026-11-20T08:57:54.141Z","aem:assetState":"processed"}}}`, id, kind, version)
}

func TestEvents_PublishedSignature(t *testing.T) {
	t.Parallel()
	var v struct {
		Body    string `json:"raw_body"`
		Client  string `json:"recipient_client_id"`
		One     string `json:"digital_signature_1"`
		Two     string `json:"digital_signature_2"`
		Invalid string `json:"invalid_signature"`
		PEM     string `json:"public_key_pem"`
	}
	if err := json.Unmarshal(fixture(t, "signature-vector.json"), &v); err != nil {
		t.Fatal(err)
	}
	r, h := connectIO(t, "")
	r = r.again(t, strings.Replace(fmt.Sprintf(ioSettings, h.url), "client-1", v.Client, 1))
	h.with(func() { h.pem[path1], h.pem[path2] = v.PEM, v.PEM })
	in := h.post(t, v.Body)
	set := func(one, two string) connectors.Inbound {
		c := in
		c.Header = in.Header.Clone()
		c.Header["X-Adobe-Digital-Signature-1"], c.Header["X-Adobe-Digital-Signature-2"] = []string{one}, []string{two}
		c.Header["X-Adobe-Public-Key2-Path"] = []string{path2}
		return c
	}
	for name, c := range map[string]struct {
		in   connectors.Inbound
		want int
	}{
		"both": {set(v.One, v.Two), 0}, "first only": {set(v.One, v.Invalid), 0}, "second only": {set(v.Invalid, v.Two), 0}, "neither": {set(v.Invalid, v.Invalid), 401},
	} {
		acc, err := r.Accept(c.in)
		if status(err) != c.want {
			t.Errorf("%s: Accept = %v, want status %d", name, err, c.want)
		}
		if c.want == 0 && !strings.Contains(acc.Ignored, "older Experience Manager") {
			t.Errorf("%s: Accept = %+v, want the old envelope known and of no use", name, acc)
		}
	}
	for i := range v.Body {
		altered := set(v.One, v.Two)
		altered.Body = []byte(v.Body)
		altered.Body[i] ^= 1
		if _, err := r.Accept(altered); status(err) != 401 {
			t.Fatalf("with byte %d altered: Accept = %v, want 401", i, err)
		}
	}
	longer := set(v.One, v.Two)
	longer.Body = []byte(v.Body + "\n")
	if _, err := r.Accept(longer); status(err) != 401 {
		t.Errorf("with a new line at its end: Accept = %v, want 401", err)
	}
}

// TestEvents_KeyHostIsFixed: whatever a header names, only Adobe's path at the host of the settings is asked for.
func TestEvents_KeyHostIsFixed(t *testing.T) {
	t.Parallel()
	r, h := connectIO(t, "")
	h.with(func() {
		h.pem["/prod/keys/pub-key-away.pem"] = "http://127.0.0.1:1/elsewhere.pem"
		h.pem["/prod/keys/pub-key-short.pem"] = weak(t)
		h.pem["/prod/keys/pub-key-page.pem"] = "<html>"
		h.pem["/prod/keys/pub-key-long.pem"] = strings.Repeat("x", 17<<10)
	})
	for _, path := range []string{
		"", "@evil.example/prod/keys/pub-key-one.pem", ".evil.example/prod/keys/pub-key-one.pem", "//evil.example/prod/keys/pub-key-one.pem", "/prod/keys/../pub-key-one.pem",
		"https://evil.example/prod/keys/pub-key-one.pem", "/prod/keys/pub-key-one.pem?x=1", "/prod/keys/pub-key-one.pem#x", "/prod/keys/pub-key-one.pem/", "/dev/keys/pub-key-one.pem", "/prod/keys/pub-key-.pem",
		"/prod/keys/pub-key-%2e%2e.pem", "/prod/keys/pub-key-one.pem\n", "/PROD/keys/pub-key-one.pem", ":80/prod/keys/pub-key-one.pem", "\\evil.example\\prod", "/prod/keys/pub-key-" + strings.Repeat("a", 65) + ".pem",
		"/prod/keys/pub-key-away.pem", "/prod/keys/pub-key-short.pem", "/prod/keys/pub-key-page.pem", "/prod/keys/pub-key-long.pem", "/prod/keys/pub-key-unknown.pem",
	} {
		in := h.post(t, aem("e1", "updated", "1"))
		in.Header["X-Adobe-Public-Key1-Path"], in.Header["X-Adobe-Public-Key2-Path"] = []string{path}, []string{path}
		if _, err := r.Accept(in); status(err) != 401 {
			t.Errorf("with the key path %q: Accept = %v, want 401", path, err)
		}
	}
	h.with(func() {
		for _, asked := range h.asked {
			if !strings.HasPrefix(asked, "/prod/keys/pub-key-") {
				t.Errorf("the key host was asked for %q", asked)
			}
		}
	})
}

func weak(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func TestEvents_KeysAreKept(t *testing.T) {
	t.Parallel()
	r, h := connectIO(t, "")
	in := h.post(t, aem("e1", "updated", "1"))
	asked := func() (n int) { h.with(func() { n = len(h.asked) }); return n }
	h.with(func() { h.status = 503 })
	if _, err := r.Accept(in); status(err) != 503 {
		t.Errorf("while the key host is down: Accept = %v, want 503", err)
	}
	h.with(func() { h.status = 200 })
	if _, err := r.Accept(in); status(err) != 503 || asked() != 1 {
		t.Errorf("at once again: Accept = %v after %d questions, want 503 without another", err, asked())
	}
	r.clock.Advance(time.Minute)
	for range 3 {
		if _, err := r.Accept(in); err != nil || asked() != 2 {
			t.Fatalf("Accept = %v after %d questions, want the key fetched once more", err, asked())
		}
	}
	r.clock.Advance(24 * time.Hour)
	in.At = r.clock.Now()
	if _, err := r.Accept(in); err != nil || asked() != 3 {
		t.Errorf("a day later: Accept = %v after %d questions, want the key fetched anew", err, asked())
	}
}

func TestEvents_Recipients(t *testing.T) {
	t.Parallel()
	r, h := connectIO(t, "")
	for body, want := range map[string]int{
		`{"type":"x","eventid":"1","recipientclientid":"client-1"}`:                                  0,
		`{"type":"x","eventid":"1","recipient_client_id":"client-1"}`:                                0,
		`{"type":"x","eventid":"1","recipient":{"userid":"u","clientid":"client-1"}}`:                0,
		`{"type":"x","eventid":"1","recipientclientid":"client-1","recipient":{"userid":"u"}}`:       0,
		`{"type":"x","eventid":"1","recipientclientid":"client-2"}`:                                  401,
		`{"type":"x","eventid":"1","recipientclientid":"client-1","recipient_client_id":"client-2"}`: 401,
		`{"type":"x","eventid":"1"}`: 401,
		`[{"type":"x","eventid":"1","recipientclientid":"client-1"},{"type":"x","eventid":"2","recipientclientid":"c"}]`: 401,
		`{"recipient_client_id":"client-1","events":[{"type":"x","eventid":"1"}]}`:                                       0,
		`{"event_id":"1","event":{"@id":"a","xdmEventEnvelope:objectType":"x"},"recipient_client_id":"client-1"}`:        0,
		`{"event_id":"1","event":{"specversion":"1.0","type":"x","data":{}},"recipient_client_id":"client-1"}`:           0,
		`[]`:            0,
		`{"events":[]}`: 0,
	} {
		acc, err := r.Accept(h.post(t, body))
		if status(err) != want {
			t.Errorf("%s: Accept = %v, want status %d", body, err, want)
		}
		if want == 0 && acc.Ignored == "" {
			t.Errorf("%s: Accept = %+v, want a reason to ignore it", body, acc)
		}
	}
	for _, body := range []string{`{"type":`, `7`, `[1]`, `"x"`, `{"eventid":"1","eventid":"2"}`} {
		if acc, err := r.Accept(h.post(t, body)); err != nil || acc.Malformed == "" {
			t.Errorf("%s: Accept = %+v, %v, want it kept as malformed", body, acc, err)
		}
	}
}

func TestEvents_Challenge(t *testing.T) {
	t.Parallel()
	r, _ := connectIO(t, "")
	get := func(values ...string) (connectors.Accepted, error) {
		q := map[string][]string{}
		if len(values) > 0 {
			q["challenge"] = values
		}
		return r.Accept(connectors.Inbound{Method: http.MethodGet, Rest: "io/r", Query: q})
	}
	acc, err := get("8ec8d794-e0ab-42df-9017-e3dada8e84f7")
	if err != nil || acc.Answer == nil || string(acc.Answer.Body) != `{"challenge":"8ec8d794-e0ab-42df-9017-e3dada8e84f7"}` || acc.Answer.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("challenge: %+v, %v, want it given back as JSON", acc.Answer, err)
	}
	for _, bad := range [][]string{nil, {""}, {"<script>"}, {"a b"}, {strings.Repeat("a", 129)}, {"a", "b"}} {
		if _, err := get(bad...); status(err) != 400 {
			t.Errorf("challenge %q: %v, want 400", bad, err)
		}
	}
	for _, address := range []string{"https://csm.adobe.io/csm/registrations/validate?id=1&challenge=2", "http://169.254.169.254/latest/meta-data"} {
		body, _ := json.Marshal(map[string]string{"validationUrl": address}) // a map of texts always can be
		acc, err := r.Accept(connectors.Inbound{Method: http.MethodPost, Rest: "io/r", Header: http.Header{"Content-Type": {"application/json"}}, Body: body})
		if err != nil || acc.Answer == nil || acc.Answer.Status != 200 {
			t.Errorf("%s: %+v, %v, want it answered and not opened", address, acc, err)
		}
	}
	if !strings.Contains(fmt.Sprint(r.Check(t.Context())), "csm.adobe.io/csm/registrations/validate?id=1") || strings.Contains(r.log.String(), "169.254") {
		t.Errorf("Check = %v, want the address to open shown, and no other", r.Check(t.Context()))
	}
}

func TestEvents_ExperienceManager(t *testing.T) {
	t.Parallel()
	r, h := connectIO(t, "")
	take := func(kind, version string) []flow.Event {
		t.Helper()
		_, events := r.take(t, h.post(t, aem("e-"+kind+version, kind, version)))
		return events
	}
	r.Ask(inquiry{})
	same(t, "nobody follows it", take("updated", "1.0"))
	r.knows(ref("asset", aemID))
	same(t, "updated", take("updated", "1.1"), "asset.changed asset:urn:aaid…81dc [hero.png (version 1.1)]")
	same(t, "processed", take("processing_completed", "oak:1.0::ci:ef60ede2"), "asset.changed asset:urn:aaid…81dc [hero.png of 20 Nov 2026, 08:57 UTC]")
	r.approved(ref("asset", aemID))
	same(t, "after the approval", take("updated", "1.2"), "asset.changed asset:urn:aaid…81dc [hero.png (version 1.2)]")
	r.knows(ref("asset", aemID))
	same(t, "deleted", take("deleted", "1.1"), "asset.gone asset:urn:aaid…81dc why=deleted")
	r.knows(ref("aem", "author-p142461-e1463137.adobeaemcloud.com/content/dam/brand/hero.png"))
	same(t, "by its path", take("metadata_updated", "1.1"), "asset.changed aem:hero.png [hero.png (version 1.1)]")
	look, err := r.Look(t.Context(), flow.Asset{Ref: ref("asset", aemID)}, begin())
	if err != nil {
		t.Fatalf("Look: %v", err)
	}
	same(t, "what was last said of it", look, "asset.gone asset:urn:aaid…81dc why=deleted")
	acc, _ := r.take(t, h.post(t, aem("e9", "thumbnail_drawn", "1")))
	if acc.Ignored == "" {
		t.Errorf("an unheard-of event: %+v, want it ignored with a reason", acc)
	}
	old := h.post(t, aem("e10", "updated", "7"))
	old.At = begin().Add(26 * time.Hour)
	if acc, err := r.Accept(old); err != nil || !strings.Contains(acc.Ignored, "25 hours") {
		t.Errorf("one of yesterday: %+v, %v, want it ignored", acc, err)
	}
}

func TestEvents_CreativeCloud(t *testing.T) {
	t.Parallel()
	r, h := connectIO(t, "")
	r = r.again(t, strings.Replace(fmt.Sprintf(ioSettings, h.url), "client-1", "1c3b2213fc3b47688524d553c32cf239", 1))
	const id = "urn:aaid:sc:AP:4d28b2af-6903-45d8-b76c-4258521a06ad"
	r.knows(ref("asset", id))
	body := string(fixture(t, "asset-event-file-created-cloudevent-01.json"))
	send := func(what, body string) []flow.Event {
		t.Helper()
		in := h.post(t, body)
		in.At = time.Date(2025, 6, 30, 12, 54, 0, 0, time.UTC)
		_, events := r.take(t, in)
		return events
	}
	events := send("created", body)
	same(t, "created", events, "asset.changed asset:urn:aaid…6ad [download.jpeg (version 0)]")
	if v := events[0].Versions[0]; v.ID != "0" || v.By.Ref != ref("user", "8246321A50EFA4270A490D45@AdobeID") || v.URL == "" || v.At.IsZero() {
		t.Errorf("version %+v, want its number, maker, address and time", v)
	}
	change := func(from, to string) string { return strings.Replace(body, from, to, 1) }
	same(t, "deleted", send("deleted", strings.ReplaceAll(body, `"event:action": "created"`, `"event:action": "deleted"`)), "asset.gone asset:urn:aaid…6ad why=deleted")
	same(t, "discarded", send("discarded", change(`"event:action": "created"`, `"event:updated": {"repo:state": "DISCARDED"}, "event:action": "updated"`)), "asset.gone asset:urn:aaid…6ad why=deleted")
	a, ok := r.Recognize("https://assets.adobe.com/id/" + id + "?view=1")
	if !ok || a.Ref != ref("asset", id) {
		t.Errorf("Recognize = %+v, %v, want the asset", a, ok)
	}
	for _, address := range []string{"https://assets.adobe.com.evil.example/id/" + id, "https://helpx.adobe.com/photoshop", "http://assets.adobe.com/id/" + id, "https://author-p1-e2.adobeaemcloud.com/content/dam/brand"} {
		if a, ok := r.Recognize(address); ok {
			t.Errorf("Recognize(%q) = %v, want nothing", address, a.Ref)
		}
	}
	if a, ok := r.Recognize("https://author-p142461-e1463137.adobeaemcloud.com/ui#/aem/assetdetails.html/content/dam/brand/hero.png"); !ok || a.Ref.Key != "author-p142461-e1463137.adobeaemcloud.com/content/dam/brand/hero.png" {
		t.Errorf("Recognize = %+v, %v, want the asset by its path", a, ok)
	}
}

func TestEvents_Batch(t *testing.T) {
	t.Parallel()
	r, h := connectIO(t, "")
	r.knows(ref("asset", aemID))
	var list []string
	for i := range 20 {
		list = append(list, aem(fmt.Sprintf("e%d", min(i, 18)), "updated", fmt.Sprintf("1.%d", min(i, 18)))) // the last comes twice
	}
	acc, events := r.take(t, h.post(t, "["+strings.Join(list, ",")+"]"))
	if acc.Kind != "io:batch" || len(events) != 19 {
		t.Errorf("%s with %d events, want a batch of 19", acc.Kind, len(events))
	}
	_, wrapped := r.take(t, h.post(t, `{"events":[{"position":"p1","event":`+list[0]+`},`+list[1]+`]}`))
	if len(wrapped) != 2 || wrapped[0].ID != events[0].ID {
		t.Errorf("wrapped: %v, want two of the same events", short(wrapped))
	}
	one, _ := r.take(t, h.post(t, list[3]))
	if one.Key != "event/e3" {
		t.Errorf("key of a single event %q, want event/e3", one.Key)
	}
	in := h.post(t, string(fixture(t, "indesign-01.json")))
	if _, err := r.Accept(in); status(err) != 401 {
		t.Errorf("a batch for another client: Accept = %v, want 401", err)
	}
}
