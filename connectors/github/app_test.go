package github_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"sync"
	"testing"

	"signoff/connectors"
	site "signoff/internal/sandbox/github"
)

var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// appSettings are those of a GitHub App that the site knows.
func appSettings(t *testing.T, opt *site.Options) string {
	t.Helper()
	opt.AppID, opt.AppKey, opt.Login = "Iv23liSignoff", &appKey().PublicKey, "signoff[bot]"
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(appKey())})
	indented := "    " + strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n    ")
	return strings.Replace(ticketSettings, "token: github_pat_canary-token\n", "app:\n  id: Iv23liSignoff\n  private_key: |\n"+indented+"\n", 1)
}

func TestApp_TokenIsRenewedWhenItIsNotTaken(t *testing.T) {
	t.Parallel()
	var opt site.Options
	r := rigged(t, true, appSettings(t, &opt), opt)
	links := r.do(ticket(1, "Hero"))
	r.site.Revoke()
	if _, err := r.c.Read(t.Context(), links[0].Ref); err != nil {
		t.Errorf("Read after the token was revoked: %v, want a new token and the ticket", err)
	}
	tokens := 0
	for _, call := range r.front.calls() {
		if strings.HasSuffix(call, "/access_tokens") {
			tokens++
		}
	}
	if tokens != 2 {
		t.Errorf("%d tokens were asked for, want 2", tokens)
	}
	if err := r.c.Probe(t.Context()); err != nil {
		t.Errorf("Probe: %v", err)
	}
	for _, f := range r.c.Check(t.Context()) {
		if f.Level == "problem" {
			t.Errorf("Check finds %+v, want no problem", f)
		}
	}
}

func TestApp_WrongKeyIsDenied(t *testing.T) {
	t.Parallel()
	var opt site.Options
	settings := appSettings(t, &opt)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	opt.AppKey = &other.PublicKey
	r := rigged(t, true, settings, opt)
	if err := r.c.Probe(t.Context()); connectors.ClassOf(err) != connectors.Denied {
		t.Errorf("Probe with a key that GitHub does not know = %v, want class %s", err, connectors.Denied)
	}
}

func TestApp_LooksAfterItsWebhook(t *testing.T) {
	t.Parallel()
	var opt site.Options
	r := rigged(t, true, appSettings(t, &opt), opt)
	for _, want := range []string{"brought in order", "in order"} {
		got, err := r.c.Register(t.Context())
		if err != nil || len(got) != 1 || got[0].Text != want {
			t.Errorf("Register = %+v, %v, want %s", got, err, want)
		}
	}
	if hooks := r.site.Hooks(home); len(hooks) != 1 || !strings.HasPrefix(hooks[0], "https://signoff.lumen.example/hooks/github json") {
		t.Errorf("webhooks = %q, want the app's with our address", hooks)
	}
	r.site.LoseWebhooks(true)
	r.site.ReleaseWebhooks()
	_, err := r.site.OpenIssueAs("Jon Park", home, "Banner", "")
	must(t, err, r.site.Wait(t.Context(), (*site.Server).Quiet))
	if _, err := r.c.Poll(t.Context(), nil); err != nil {
		t.Errorf("Poll: %v", err)
	}
	if all := r.site.Webhooks(); len(all) != 2 || !all[1].Redelivery || all[1].GUID != all[0].GUID {
		t.Errorf("deliveries = %+v, want the lost one asked for again", all)
	}
}
