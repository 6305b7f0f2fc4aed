package adobe_test

import (
	"strings"
	"testing"

	"signoff/connectors"
)

// hooks are the ends of the addresses of the site's webhooks, with their secrets.
func (r *rig) hooks() (rests, secrets []string) {
	r.site.with(func() {
		for _, h := range r.site.hooks {
			rests = append(rests, strings.TrimPrefix(h["url"].(string), "https://signoff.lumen.example/hooks/adobe/frameio/"))
			secrets = append(secrets, h["secret"].(string))
		}
	})
	return rests, secrets
}

// register lets the connector look after its webhooks and returns what it says.
func (r *rig) register(t *testing.T) string {
	t.Helper()
	findings, err := r.Register(t.Context())
	if err != nil {
		t.Fatalf("Register: %v", err)
	}
	var out []string
	for _, f := range findings {
		out = append(out, f.Level+": "+f.Text)
	}
	return strings.Join(out, "\n")
}

func TestRegister_OneWebhookWithItsSecret(t *testing.T) {
	t.Parallel()
	r := connect(t, withStatus)
	if got := r.register(t); !strings.HasPrefix(got, "ok: workspace "+workspace) || !strings.Contains(got, "registered") {
		t.Fatalf("Register says %q", got)
	}
	if got := r.register(t); strings.Contains(got, "registered") {
		t.Errorf("Register again says %q, want nothing done", got)
	}
	rests, secrets := r.hooks()
	if len(rests) != 1 {
		t.Fatalf("%d webhooks, want one", len(rests))
	}
	in := sign(rests[0], secrets[0], begin(), event("file.ready", fileA))
	if _, err := r.Accept(in); err != nil {
		t.Errorf("Accept of the registered webhook: %v", err)
	}
	if _, err := r.Accept(sign(rests[0], signing, begin(), event("file.ready", fileA))); status(err) != 401 {
		t.Errorf("Accept with a secret of the settings at the registered address = %v, want 401", err)
	}
	for _, key := range r.keep.Keys() {
		if raw, _ := r.keep.Get(t.Context(), key); strings.Contains(string(raw), secrets[0]) {
			t.Errorf("%s keeps the secret as it is", key)
		}
	}
	// Another process of the same installation, also one that began before the webhook was made.
	if _, err := r.again(t, withStatus).Accept(in); err != nil {
		t.Errorf("Accept by another process: %v", err)
	}
	if _, err := connect(t, withStatus).Accept(in); status(err) != 503 {
		t.Errorf("Accept where the secret is lost = %v, want 503", err)
	}
	next := r.again(t, withStatus)
	next.Ask(inquiry{})
	if _, err := next.Accept(in); err != nil {
		t.Errorf("Accept after a restart: %v", err)
	}
}

func TestRegister_Repairs(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(*rig){
		"secret lost": func(r *rig) {
			for _, key := range r.keep.Keys() {
				if strings.HasPrefix(key, "frameio/hook/") {
					r.keep.Note(key, nil)
				}
			}
		},
		"switched off":          func(r *rig) { r.site.with(func() { r.site.hooks[0]["active"] = false }) },
		"off, by an older word": func(r *rig) { r.site.with(func() { r.site.hooks[0]["is_active"] = false }) },
		"other events":          func(r *rig) { r.site.with(func() { r.site.hooks[0]["events"] = []string{"file.ready"} }) },
		"deleted":               func(r *rig) { r.site.with(func() { r.site.hooks = nil }) },
		"there twice":           func(r *rig) { r.site.with(func() { r.site.hooks = append(r.site.hooks, twin(r.site.hooks[0])) }) },
		"somebody's too":        func(r *rig) { r.site.with(func() { r.site.hooks = append(r.site.hooks, foreign()) }) },
	} {
		r := connect(t, withStatus)
		r.register(t)
		harm(r)
		r.register(t)
		r.register(t)
		rests, secrets := r.hooks()
		ours := 0
		for i, rest := range rests {
			if strings.HasPrefix(rest, "https://") {
				continue
			}
			ours++
			if _, err := r.Accept(sign(rest, secrets[i], begin(), event("file.ready", fileA))); err != nil {
				t.Errorf("%s: Accept: %v", name, err)
			}
		}
		if want := map[bool]int{true: 2, false: 1}[name == "somebody's too"]; ours != 1 || len(rests) != want {
			t.Errorf("%s: webhooks %v, want one of ours of %d", name, rests, want)
		}
	}
}

func twin(h map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range h {
		out[k] = v
	}
	out["id"] = "40000000-0000-4000-8000-000000000999"
	return out
}

func foreign() map[string]any {
	return map[string]any{"id": "40000000-0000-4000-8000-000000000998", "name": "other", "url": "https://other.lumen.example/x", "events": []string{"file.ready"}, "is_active": true, "secret": "not-ours"}
}

func TestRegister_NoLongerWanted(t *testing.T) {
	t.Parallel()
	r := connect(t, withStatus)
	r.register(t)
	next := r.again(t, strings.Replace(withStatus, "["+workspace+"]", "[]", 1))
	if got := next.register(t); !strings.Contains(got, "by hand") {
		t.Errorf("Register says %q, want that webhooks are made by hand", got)
	}
	if rests, _ := r.hooks(); len(rests) != 0 || strings.Contains(strings.Join(r.keep.Keys(), " "), "frameio/hook/") {
		t.Errorf("webhooks %v are left, want none", rests)
	}
	if got := connect(t, strings.Replace(settings, "  signing_secrets: {made: "+signing+"}\n", "", 1)).register(t); !strings.HasPrefix(got, "warning: no workspace") {
		t.Errorf("Register says %q, want a warning", got)
	}
}

func TestIMS_TokenIsKeptAndRenewed(t *testing.T) {
	t.Parallel()
	r := connect(t, settings)
	probe := func(what string, tokens int) {
		t.Helper()
		if err := r.Probe(t.Context()); err != nil {
			t.Fatalf("%s: Probe: %v", what, err)
		}
		r.site.with(func() {
			if r.site.tokens != tokens {
				t.Errorf("%s: %d tokens were fetched, want %d", what, r.site.tokens, tokens)
			}
		})
	}
	probe("first", 1)
	probe("again", 1)
	r.clock.Advance(23 * 3600e9)
	probe("within its time", 1)
	r.clock.Advance(3600e9)
	probe("over", 2)
	r.site.with(func() { r.site.token = "revoked" })
	probe("revoked", 3)
	r.site.with(func() { r.site.token, r.site.wrong = "revoked", true })
	err := r.Probe(t.Context())
	if connectors.ClassOf(err) != connectors.Denied || strings.Contains(err.Error(), clientKey) {
		t.Errorf("Probe with credentials that are not taken = %v, want them denied", err)
	}
	found := r.Check(t.Context())
	if len(found) != 1 || found[0].Level != "problem" || !strings.Contains(found[0].Remedy, "connectors.adobe.frameio.client_secret") {
		t.Errorf("Check = %+v, want a problem that names the setting", found)
	}
}
