package config_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/config"
	"signoff/internal/source"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// env knows two variables and one file.
func env() source.Env {
	return source.Env{
		Lookup: func(name string) (string, bool) {
			v, ok := map[string]string{"TOKEN": "canary-token-0123456789", "SECRET": "canary-signing-secret"}[name]
			return v, ok
		},
		ReadFile: func(path string) ([]byte, error) {
			if path == "/run/key" {
				return []byte("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"), nil
			}
			return nil, errors.New("no such file")
		},
	}
}

const whole = `version: 1
workspace: {name: Lumen Studio, time_zone: Europe/London, key_prefix: CR, calendar: london}
mode: shadow
rules: [rules/*.yaml]
server: {listen: "127.0.0.1:0", admin_listen: "127.0.0.1:0", public_url: "https://signoff.lumen.example/", trusted_proxies: [10.0.0.7, 10.1.0.0/16]}
api:
  tokens:
    scripts: ${TOKEN}
    ana: {token: "${TOKEN}", as: ana}
store: {path: /data/signoff.db, key: "${file:/run/key}", max_size_mb: 64}
connectors:
  slack: {signing_secret: "${SECRET}", bot_token: xoxb-1}
  slack-emea: {kind: slack, signing_secret: other-signing-secret, bot_token: xoxb-2}
  email: {enabled: false, receive: {imap: {password: "${UNSET_AND_UNUSED}"}}}
tracker:
  use: jira
  jira: {url: "https://lumen.atlassian.net"}
privacy: {raw_events: 7 days}
log: {level: debug, format: json}
triage: group:ops
limits: {messages_a_minute: 0, messages_an_hour: 500, pause: 8 hours}
`

func TestLoad_ReadsEverything(t *testing.T) {
	t.Parallel()
	c, found := config.Load("config.yaml", []byte(whole), env(), source.Error)
	if len(found) > 0 {
		t.Fatalf("problems: %v", found)
	}
	if c.Mode != "shadow" || c.Workspace.Zone != "Europe/London" || c.Workspace.KeyPrefix != "CR" || c.RawEvents != 7*24*time.Hour {
		t.Errorf("read %+v", c)
	}
	if c.Server.PublicURL != "https://signoff.lumen.example" || len(c.Server.Proxies) != 2 || c.Server.Proxies[0].Bits() != 32 {
		t.Errorf("server = %+v", c.Server)
	}
	if len(c.Tokens) != 2 || c.Tokens[1].As != "ana" || c.Tokens[0].Secret.Reveal() != "canary-token-0123456789" {
		t.Errorf("tokens = %+v", c.Tokens)
	}
	if c.Store.MaxSize != 64<<20 || !strings.HasPrefix(c.Store.Key.Reveal(), "0011") {
		t.Errorf("store = %+v", c.Store)
	}
	if want := (config.Limits{Hour: 500, Times: 5, Pause: 8 * time.Hour}); c.Limits != want {
		t.Errorf("limits %+v, want %+v", c.Limits, want)
	}
	var got []string
	for _, i := range c.Instances {
		got = append(got, i.Name+" "+i.Kind)
	}
	if diff := cmp.Diff([]string{"slack slack", "slack-emea slack", "jira jira"}, got); diff != "" {
		t.Errorf("instances (-want +got)\n%s", diff)
	}
	if c.Chat() != "slack" || c.Tracker != "jira" || c.Triage != "ops" {
		t.Errorf("chat %q, tracker %q, triage %q", c.Chat(), c.Tracker, c.Triage)
	}
}

func TestLoad_HasDefaults(t *testing.T) {
	t.Parallel()
	c, found := config.Load("config.yaml", []byte("version: 1\nrules: [r.yaml]\n"), env(), source.Error)
	if len(found) > 0 {
		t.Fatalf("problems: %v", found)
	}
	if w := c.Workspace; w.Name != "signoff" || w.Zone != "UTC" || w.KeyPrefix != "CR" {
		t.Errorf("workspace by default: %+v", w)
	}
	if c.Server.Listen != ":8080" || c.Server.Admin != "127.0.0.1:9090" || c.Store.Path != "signoff.db" || c.Mode != "live" {
		t.Errorf("defaults: %+v %+v %q", c.Server, c.Store, c.Mode)
	}
	if len(c.Instances) != 1 || c.Instances[0].Kind != "embedded" || c.Tracker != "embedded" || c.Chat() != "" {
		t.Errorf("without a tracker: %+v, want the embedded one", c.Instances)
	}
}

// TestLoad_ShowsEveryProblem reads testdata/*.yaml and compares what an operator would see.
func TestLoad_ShowsEveryProblem(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c, found := config.Load(filepath.Base(file), data, env(), source.Warning)
			found.Add(c.SharedSecrets()...)
			found.Sort()
			var got bytes.Buffer
			if err := source.Render(&got, found, map[string][]byte{filepath.Base(file): data}, false); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(got.String(), "canary") {
				t.Errorf("a secret is shown:\n%s", got.String())
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("problems (-want +got)\n%s", diff)
			}
		})
	}
}

func TestExplanations_AreOfKnownForm(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, e := range config.Explanations() {
		if !strings.HasPrefix(e.Code, "SO3") || e.Title == "" || !strings.HasSuffix(e.Text, ".") || seen[e.Code] {
			t.Errorf("explanation %+v: wants a code of its own from SO300, a title and sentences", e)
		}
		seen[e.Code] = true
	}
}
