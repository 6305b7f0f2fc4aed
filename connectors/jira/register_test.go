package jira_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"signoff/connectors"
	site "signoff/internal/sandbox/jira"
)

const hooksURL = "https://signoff.lumen.example/hooks/jira"

// registered calls Register and returns its findings and the webhooks of the site.
func registered(t *testing.T, c *rig, o *outside) (string, []site.Hook) {
	t.Helper()
	list, err := c.Register(t.Context())
	if err != nil {
		t.Fatalf("Register: %v", err)
	}
	return lines(list), o.site.Hooks()
}

// asAdmin runs a test with an account that looks after webhooks, on every edition.
func asAdmin(t *testing.T, test func(*testing.T, *rig, *outside, string)) {
	t.Helper()
	admin := func(o *site.Options) { o.Granted = []string{"ADMINISTER"} }
	signed := strings.Replace(dataCenter, "webhook_token: 4f1d9c0b7a6e5d8c3b2a19087f6e5d4c", "webhook_secret: "+hookSecret, 1)
	for name, tc := range map[string]struct {
		settings, url string
		change        func(*site.Options)
	}{
		"Cloud":          {settings, hooksURL, admin},
		"Data Center 10": {signed, hooksURL, func(o *site.Options) { admin(o); o.Edition = site.DataCenter }},
		"Data Center 9":  {dataCenter, hooksURL + "/4f1d9c0b7a6e5d8c3b2a19087f6e5d4c", func(o *site.Options) { admin(o); o.Edition, o.Version = site.DataCenter, "9.12.0" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, o := riggedAs(t, tc.settings, tc.change)
			test(t, c, o, tc.url)
		})
	}
}

func TestRegister_MakesOne(t *testing.T) {
	t.Parallel()
	asAdmin(t, func(t *testing.T, c *rig, o *outside, want string) {
		says, hooks := registered(t, c, o)
		if len(hooks) != 1 || hooks[0].URL != want || hooks[0].Name != "signoff jira" || !hooks[0].Enabled || hooks[0].Filter != `project in ("DES")` || len(hooks[0].Events) != 6 {
			t.Fatalf("the site has the webhooks %+v, want one for %s", hooks, want)
		}
		if hooks[0].Signed != !strings.Contains(want, "4f1d") {
			t.Errorf("signed = %v", hooks[0].Signed)
		}
		if strings.Contains(says, "4f1d") || !strings.Contains(says, "ok jira webhook: registered") {
			t.Errorf("Register says %s, want it registered and no token shown", says)
		}
		for range 2 {
			if says, again := registered(t, c, o); len(again) != 1 || again[0].ID != hooks[0].ID || says != "ok jira webhook: registered\n" {
				t.Errorf("the next time it says %s with %+v, want nothing changed", says, again)
			}
		}
		if got := lines(c.Check(t.Context())); !strings.Contains(got, "ok jira webhook: registered for") {
			t.Errorf("Check says\n%s", got)
		}
	})
}

func TestRegister_Repairs(t *testing.T) {
	t.Parallel()
	asAdmin(t, func(t *testing.T, c *rig, o *outside, want string) {
		_, first := registered(t, c, o)
		if err := o.site.EnableHook(first[0].ID, false); err != nil {
			t.Fatal(err)
		}
		if got := lines(c.Check(t.Context())); !strings.Contains(got, "warning jira webhook: the webhook is not as it has to be: it was switched off") {
			t.Errorf("Check says\n%s", got)
		}
		says, hooks := registered(t, c, o)
		if len(hooks) != 1 || !hooks[0].Enabled || hooks[0].ID != first[0].ID || !strings.Contains(says, "repaired: it was switched off") {
			t.Errorf("switched off: %s %+v, want it on again", says, hooks)
		}
		if err := o.site.DeleteHook(first[0].ID); err != nil {
			t.Fatal(err)
		}
		if _, hooks = registered(t, c, o); len(hooks) != 1 || hooks[0].URL != want {
			t.Errorf("deleted: %+v, want a new one", hooks)
		}
	})
}

// TestRegister_FollowsTheSettings: another address, other projects, another secret.
func TestRegister_FollowsTheSettings(t *testing.T) {
	t.Parallel()
	c, o := rigged(t, func(o *site.Options) { o.Granted = []string{"ADMINISTER"} })
	_, first := registered(t, c, o)
	for name, tc := range map[string]struct {
		yaml string
		url  string
		says string
	}{
		"secret":   {strings.Replace(settings, hookSecret, "another-secret-for-webhooks", 1), "", "repaired: the secret was changed"},
		"projects": {strings.Replace(settings, "  DES:", "  MKT: {}\n  DES:", 1), "", "repaired: it had another filter"},
		"address":  {settings, "https://signoff2.lumen.example", "repaired: it led to another address"},
	} {
		later := reconnect(t, c, fmt.Sprintf(tc.yaml, o.url), tc.url)
		says, hooks := registered(t, later, o)
		if len(hooks) != 1 || hooks[0].ID != first[0].ID || !strings.Contains(says, tc.says) {
			t.Errorf("%s: %s %+v, want the one webhook %s", name, says, hooks, tc.says)
		}
		registered(t, c, o) // back again
	}
}

func TestRegister_TakesOverAndTidies(t *testing.T) {
	t.Parallel()
	c, o := rigged(t, func(o *site.Options) { o.Granted = []string{"ADMINISTER"} })
	o.site.SetWebhook(hooksURL+"?user_id=x", hookSecret) // made by hand
	says, hooks := registered(t, c, o)
	if len(hooks) != 1 || hooks[0].URL != hooksURL || !strings.Contains(says, "repaired") {
		t.Errorf("beside one made by hand: %s %+v, want that one taken over", says, hooks)
	}
	other := reconnect(t, &rig{clock: c.clock, keep: nil, log: c.log}, fmt.Sprintf(settings, o.url), "https://another.lumen.example")
	if says, hooks = registered(t, other, o); len(hooks) != 2 || !strings.Contains(says, "leads to another address (signoff.lumen.example)") {
		t.Errorf("another installation: %s %+v, want one of its own and a word about the other", says, hooks)
	}
	o.site.SetWebhook(hooksURL, hookSecret) // a second one
	n := slices.IndexFunc(o.site.Hooks(), func(h site.Hook) bool { return h.URL == hooksURL })
	if n < 0 {
		t.Fatal("there is no webhook of ours")
	}
	if _, hooks = registered(t, c, o); len(hooks) != 2 {
		t.Errorf("after tidying there are %+v, want ours and the other installation's", hooks)
	}
}

func TestRegister_NotAllowed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		yaml, public, want string
	}{
		"no administrator": {settings, "", "warning jira webhook: signoff's account may not look after webhooks (it is no Jira administrator) -> Settings, System, WebHooks: make one for " + hooksURL},
		"by hand":          {settings + "webhook: manual\n", "", "ok jira webhook: looked after by hand"},
		"no address":       {settings, "-", "warning jira webhook: signoff has no public address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, o := rigged(t, nil)
			c = reconnect(t, c, fmt.Sprintf(tc.yaml, o.url), tc.public)
			if says, hooks := registered(t, c, o); !strings.HasPrefix(says, tc.want) || len(hooks) != 0 {
				t.Errorf("Register says %s with %+v, want %s", says, hooks, tc.want)
			}
		})
	}
	c, _ := scripted(t, map[string][]string{"GET /rest/webhooks/1.0/webhook": {"503 "}})
	if _, err := c.Register(t.Context()); connectors.ClassOf(err) != connectors.Transient {
		t.Errorf("Register while Jira is down = %v, want it tried again", err)
	}
}

func TestRegister_OldServerNeedsAToken(t *testing.T) {
	t.Parallel()
	yaml := strings.Replace(dataCenter, "webhook_token: 4f1d9c0b7a6e5d8c3b2a19087f6e5d4c", "webhook_secret: "+hookSecret, 1)
	c, o := riggedAs(t, yaml, func(o *site.Options) { o.Edition, o.Version = site.DataCenter, "9.12.0" })
	if says, _ := registered(t, c, o); !strings.Contains(says, "problem jira webhook: this version of Jira cannot sign webhooks -> Set tracker.jira.webhook_token") {
		t.Errorf("Register says %s, want the token asked for", says)
	}
}
