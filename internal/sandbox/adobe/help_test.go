package adobe_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/adobe"
	"signoff/internal/sandbox/adobe/frameio"
)

type object = map[string]any

const (
	clientID     = "lumen-client"
	clientSecret = "p8e-lumen-secret"
	inAccount    = "/v4/accounts/" + frameio.AccountID
)

// world is the sandbox, its clock, and a product that hears from it.
type world struct {
	*testing.T
	*adobe.Server
	url    string
	ledger *sandbox.Ledger
	faults *sandbox.Faults

	mu    sync.Mutex
	now   time.Time
	token string
	heard []*heard
	waits []time.Duration                              // before another try
	say   func(h *heard, n int, w http.ResponseWriter) // how the product answers its nth delivery
	hook  string
}

type heard struct {
	*http.Request
	body []byte
}

func newWorld(t *testing.T, change func(*adobe.Options)) *world {
	t.Helper()
	w := &world{T: t, now: time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC), faults: &sandbox.Faults{}}
	w.ledger = sandbox.NewLedger(w.clock)
	product := httptest.NewServer(http.HandlerFunc(w.listen))
	t.Cleanup(product.Close)
	w.hook = product.URL + "/hooks/adobe/frameio/reg-1"
	var handler http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	t.Cleanup(srv.Close)
	w.url = srv.URL + "/demo/adobe"
	opt := adobe.Options{
		Now: w.clock, BaseURL: w.url, Prefix: "/demo/adobe", ClientID: clientID, ClientSecret: clientSecret, Ledger: w.ledger, Faults: w.faults,
		Sleep: w.sleep,
		Frameio: frameio.Options{
			Actions: []frameio.Action{{Name: "Request sign-off", Event: "signoff.request", URL: product.URL + "/hooks/adobe/frameio/signoff", Secret: "fio-action-secret"}},
		},
	}
	if change != nil {
		change(&opt)
	}
	w.Server = adobe.New(opt)
	t.Cleanup(w.Close)
	handler = w.Handler()
	w.token = w.askToken("openid,AdobeID,frame.s2s.all")
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// sleep notes how long a service would wait before another try, and does not.
func (w *world) sleep(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waits = append(w.waits, d)
	return ctx.Err()
}

func (w *world) waited() (list []time.Duration, sum time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.waits {
		sum += d
	}
	return slices.Clone(w.waits), sum
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) listen(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // what is cut off fails its signature
	h := &heard{r, body}
	w.mu.Lock()
	w.heard = append(w.heard, h)
	n, say := len(w.heard), w.say
	w.mu.Unlock()
	if say != nil {
		say(h, n, rw)
	}
}

func (w *world) answerWith(say func(h *heard, n int, rw http.ResponseWriter)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.say = say
}

func (w *world) deliveries() []*heard {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.heard)
}

func (w *world) settle() {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 5*time.Second)
	defer cancel()
	if err := w.Wait(ctx, func(s *adobe.Server) bool { return s.Quiet() }); err != nil {
		w.Fatalf("deliveries did not end: %v", err)
	}
}

func (w *world) askToken(scopes string) string {
	w.Helper()
	res, err := http.PostForm(w.url+"/ims/token/v3", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {clientSecret}, "scope": {scopes},
	})
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	var got struct {
		Token string `json:"access_token"`
		Kind  string `json:"token_type"`
		Ends  int    `json:"expires_in"`
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || got.Kind != "bearer" || got.Ends != 86399 {
		w.Fatalf("token = %+v, %v; want a bearer token for a day", got, err)
	}
	return got.Token
}

type answer struct {
	status int
	header http.Header
	raw    []byte
	body   object
}

// call speaks to an interface with the token; body is JSON already, "" for none.
func (w *world) call(method, path, body string, header ...string) answer {
	w.Helper()
	if !strings.HasPrefix(path, "http") {
		path = w.url + path
	}
	req, err := http.NewRequestWithContext(w.Context(), method, path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		if req.Header.Set(header[i], header[i+1]); header[i+1] == "" {
			req.Header.Del(header[i])
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	if a.raw, err = io.ReadAll(res.Body); err != nil {
		w.Fatal(err)
	}
	_ = json.Unmarshal(a.raw, &a.body) // pictures and lists are looked at raw
	return a
}

func (w *world) want(a answer, status int) answer {
	w.Helper()
	if a.status != status {
		w.Fatalf("status = %d %s, want %d", a.status, a.raw, status)
	}
	return a
}

// at walks into JSON: "data.0.owner.name".
func (a answer) at(path string) any {
	var v any = a.body
	for part := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case object:
			v = in[part]
		case []any:
			n, err := strconv.Atoi(part)
			if err != nil || n >= len(in) {
				return nil
			}
			v = in[n]
		default:
			return nil
		}
	}
	return v
}
