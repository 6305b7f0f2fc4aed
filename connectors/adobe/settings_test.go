package adobe_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/connectors/adobe"
	"signoff/connectors/adobe/events"
	"signoff/connectors/adobe/frameio"
	"signoff/connectors/adobe/workfront"
	"signoff/connectors/connectortest"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	const (
		fio = "frameio:\n  account: " + account + "\n  token: t\n"
		io  = "events:\n  client_id: c\n"
		wf  = "workfront:\n  url: https://lumen.my.workfront.com\n  auth_token: wf-auth-token\n"
	)
	make := func(yaml string) error {
		_, err := adobe.New(read(yaml), connectors.Deps{Instance: "adobe", HTTP: connectortest.HTTP(t), Files: connectortest.Files(t)})
		return err
	}
	for yaml, key := range map[string]string{
		"{}\n":                                     "frameio",
		"frameio: {account: x}\n":                  "frameio.client_id",
		"frameio:\n  token: t\n":                   "frameio.account",
		fio + "  client_id: c\n":                   "frameio.token",
		"frameio:\n  account: x\n  client_id: c\n": "frameio.client_secret",
		"frameio:\n  mode: legacy\n  client_id: c\n  client_secret: s\n": "frameio.token",
		fio + "  mode: v5\n":                                   "frameio.mode",
		fio + "  webhook: sometimes\n":                         "frameio.webhook",
		fio + "  api_url: http://frame.example\n":              "frameio.api_url",
		fio + "  ims_url: ftp://x\n":                           "frameio.ims_url",
		fio + "  files_url: https://x/?y\n":                    "frameio.files_url",
		fio + "  workspaces: ['a/b']\n":                        "frameio.workspaces",
		fio + "  projects: ['../x']\n":                         "frameio.projects",
		fio + "  signing_secrets: {made: short}\n":             "frameio.signing_secrets.made",
		fio + "  signing_secrets: {made: eight-ch}\n":          "frameio.signing_secrets.made",
		fio + "  signing_secrets: {made: ''}\n":                "frameio.signing_secrets.made",
		fio + "  signing_secrets: {made: changeme-changeme}\n": "frameio.signing_secrets.made",
		fio + "  signing_secrets: {made: [one-of-the-secrets, two-of-the-secrets, the-third-of-them]}\n": "frameio.signing_secrets.made",
		fio + "  signing_secrets: {'a/b': some-good-secret}\n":                                           "frameio.signing_secrets",
		fio + "  events: [file.ready, file.ready]\n":                                                     "frameio.events",
		fio + "  events: [share.viewed]\n":                                                               "frameio.events",
		fio + "  mention: '@'\n":                                                                         "frameio.mention",
		fio + "  status: {approved: Approved}\n":                                                         "frameio.status.field",
		fio + "  read_every: daily\n":                                                                    "frameio.read_every",
		"events: {client_secret: s}\n":                                                                   "events.client_id",
		io + "  journal_url: https://api.adobe.io/x\n":                                                   "events.client_secret",
		io + "  client_secret: s\n  registration: 1/2\n":                                                 "events.registration",
		io + "  keys_url: http://keys.example\n":                                                         "events.keys_url",
		"workfront:\n  auth_token: wf-auth-token\n":                                                      "workfront.url",
		"workfront:\n  url: https://lumen.my.workfront.com\n":                                            "workfront.auth_token",
		wf + "  session: a\n  token: b\n":                                                                "workfront.token",
		wf + "  client_id: a\n":                                                                          "workfront.client_secret",
		wf + "  allow_from: [everywhere]\n":                                                              "workfront.allow_from",
		wf + "  subscriptions: ['D O']\n":                                                                "workfront.subscriptions",
		wf + "  api_version: latest\n":                                                                   "workfront.api_version",
		strings.Replace(wf, "wf-auth-token", strings.Repeat("ab", 128), 1):                               "workfront.auth_token",
	} {
		s, ok := errors.AsType[*connectors.SettingError](make(yaml))
		if !ok || s.Key != key {
			t.Errorf("%q: New = %v, want a problem with %s", yaml, make(yaml), key)
		}
	}
	for _, yaml := range []string{
		fio, io, wf, fio + io + wf, "frameio: {mode: legacy, token: fio-u-1}\n", fio + "  signing_secrets: {made: [one-of-the-secrets, two-of-the-secrets]}\n  events: []\n",
		io + "  client_secret: s\n  journal_url: https://events-va6.adobe.io/x\n  registration: 1/2/3/4\n", wf + "  token: t\n  allow_from: [52.30.0.1, '2001:db8::/32']\n  webhook: manual\n",
	} {
		if err := make(yaml); err != nil {
			t.Errorf("%q: New = %v, want it taken", yaml, err)
		}
	}
}

func page(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../docs/adobe.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestDocs_EveryKeyOnce: each key of the settings has one row in the table of its part.
func TestDocs_EveryKeyOnce(t *testing.T) {
	t.Parallel()
	parts := strings.Split(page(t), "\n### ")
	if len(parts) != 4 {
		t.Fatalf("docs/adobe.md has %d tables of settings, want one for each part", len(parts)-1)
	}
	connectortest.DocumentsKeys(t, parts[1], frameio.Settings{}, "frameio.")
	connectortest.DocumentsKeys(t, parts[1], frameio.Status{}, "frameio.status.")
	connectortest.DocumentsKeys(t, parts[2], events.Settings{}, "events.")
	connectortest.DocumentsKeys(t, parts[3], workfront.Settings{}, "workfront.")
}

// TestDocs_SettingsAreTaken reads the settings of the user's page as a user would copy them.
func TestDocs_SettingsAreTaken(t *testing.T) {
	t.Parallel()
	blocks := strings.Split(page(t), "```yaml\n")[1:]
	if len(blocks) < 3 {
		t.Fatalf("docs/adobe.md shows settings %d times, want each part", len(blocks))
	}
	for _, block := range blocks {
		yaml, _, _ := strings.Cut(block, "```")
		yaml = os.Expand(yaml, func(name string) string { return "value-of-" + strings.ToLower(name) })
		if !strings.HasPrefix(yaml, "connectors:\n  adobe:\n") {
			t.Errorf("settings do not begin with connectors, adobe:\n%s", yaml)
			continue
		}
		var out []string
		for line := range strings.Lines(strings.TrimPrefix(yaml, "connectors:\n  adobe:\n")) {
			out = append(out, strings.TrimPrefix(line, "    "))
		}
		if _, err := adobe.New(read(strings.Join(out, "")), connectors.Deps{Instance: "adobe", HTTP: connectortest.HTTP(t), Files: connectortest.Files(t)}); err != nil {
			t.Errorf("these settings of docs/adobe.md: %v\n%s", fmt.Sprint(err), yaml)
		}
	}
}
