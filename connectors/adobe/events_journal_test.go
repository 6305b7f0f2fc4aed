package adobe_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"signoff/connectors"
)

func TestEvents_OlderSignature(t *testing.T) {
	t.Parallel()
	const body = `{"specversion":"1.0","id":"3","eventid":"ev-1","recipientclientid":"client-1"}`
	in := connectors.Inbound{Method: http.MethodPost, Rest: "io/r", At: begin(), Body: []byte(body), Header: http.Header{
		"Content-Type": {"application/json"}, "X-Adobe-Signature": {"OF6AvApk+VmPWHtNGTb6w7tLV9Tjy166m5n38qlGBoU="},
	}}
	mac := hmac.New(sha256.New, []byte("adobe-client-secret-example"))
	mac.Write([]byte(body))
	if got := base64.StdEncoding.EncodeToString(mac.Sum(nil)); got != in.Header.Get("X-Adobe-Signature") {
		t.Fatalf("the published signature is not %s", got)
	}
	r, _ := connectIO(t, "")
	if _, err := r.Accept(in); status(err) != 401 {
		t.Errorf("not asked for: Accept = %v, want 401", err)
	}
	r, _ = connectIO(t, "  legacy_signature: true\n")
	if _, err := r.Accept(in); err != nil {
		t.Errorf("asked for: Accept = %v, want it believed", err)
	}
	in.Body = []byte(body + " ")
	if _, err := r.Accept(in); status(err) != 401 {
		t.Errorf("altered: Accept = %v, want 401", err)
	}
}

func TestEvents_Journal(t *testing.T) {
	t.Parallel()
	r, h := connectIO(t, "")
	r.knows(ref("asset", aemID))
	var calls []string
	h.journal = func(w http.ResponseWriter, r *http.Request) {
		calls = append(calls, r.URL.RequestURI())
		if r.Header.Get("Authorization") != "Bearer canary-io-token" || r.Header.Get("x-api-key") != "client-1" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch r.URL.Query().Get("since") {
		case "":
			w.Header().Set("Link", `</events-fast/organizations/1?since=a>; rel="next", </events>; rel="count"`)
			_, _ = w.Write([]byte(`{"events":[{"position":"p1","event":` + aem("j1", "updated", "1.1") + `},{"position":"p2","event":` + aem("j2", "updated", "1.2") + `}],"_page":{"last":"p2","count":2}}`))
		default:
			w.Header().Set("Link", `</events-fast/organizations/1?since=a>; rel="next"`)
			w.Header().Set("Retry-After", "20")
			w.WriteHeader(http.StatusNoContent)
		}
	}
	answer := 503
	var got []connectors.Inbound
	poll := func() time.Duration {
		t.Helper()
		wait, err := r.Poll(t.Context(), func(_ context.Context, in connectors.Inbound) connectors.Reply {
			got = append(got, in)
			return connectors.Reply{Status: answer}
		})
		if err != nil {
			t.Fatalf("Poll: %v", err)
		}
		return wait
	}
	poll()
	answer = 200
	if wait := poll(); wait != 20*time.Second || len(got) != 3 {
		t.Errorf("%d delivered, next after %v; want the first again and the second, then 20 s as asked", len(got), wait)
	}
	if want := []string{"/events/organizations/1/integrations/2/3", "/events/organizations/1/integrations/2/3", "/events-fast/organizations/1?since=a"}; !slices.Equal(calls, want) {
		t.Errorf("calls %q, want %q", calls, want)
	}
	acc, events := r.take(t, got[1])
	same(t, "from the journal", events, "asset.changed asset:urn:aaid…81dc [hero.png (version 1.1)]")
	single, _ := r.take(t, h.post(t, aem("j1", "updated", "1.1")))
	if acc.Key != single.Key || acc.ID == single.ID {
		t.Errorf("journal %q %q, webhook %q %q: want one key", acc.ID, acc.Key, single.ID, single.Key)
	}
}

func TestEvents_RegistrationState(t *testing.T) {
	t.Parallel()
	r, h := connectIO(t, "")
	for state, level := range map[string]string{"verified": "ok", "unstable": "warning", "disabled": "warning"} {
		h.journal = func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/events/1/2/3/registrations/4" {
				http.NotFound(w, r)
				return
			}
			_, _ = fmt.Fprintf(w, `{"name":"signoff","webhook_status":%q}`, state)
		}
		f, err := r.Register(t.Context())
		if err != nil || len(f) != 1 || f[0].Level != level {
			t.Errorf("%s: Register = %+v, %v, want %s", state, f, err, level)
		}
	}
}
