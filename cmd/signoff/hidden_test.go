package main

import (
	"bytes"
	"strings"
	"testing"

	"signoff/internal/config"
	"signoff/internal/source"
)

// TestSecrets_HoweverDeep: secrets of connections are masked in the log wherever in the settings they stand.
func TestSecrets_HoweverDeep(t *testing.T) {
	t.Parallel()
	const yaml = `version: 1
workspace: {name: Lumen}
rules: [r.yaml]
connectors:
  slack: {signing_secret: [canary-one-1, canary-two-2], bot_token: canary-three}
  adobe:
    frameio: {account: not-hidden-account, client_secret: canary-four4, signing_secrets: {made: [canary-five5, canary-six-6], other: canary-seven}}
    workfront: {url: "https://lumen.example", auth_token: canary-eight}
  email: {send: {smtp: {password: canary-nine9}}}
`
	c, found := config.Load("config.yaml", []byte(yaml), source.Env{}, source.Warning)
	if c == nil {
		t.Fatalf("Load: %+v", found)
	}
	var out bytes.Buffer
	a := &app{err: &out}
	a.logger(config.Log{Level: "info", Format: "json"}, secrets(c)...).Info(yaml)
	if strings.Contains(out.String(), "canary") || !strings.Contains(out.String(), "not-hidden-account") {
		t.Errorf("the log shows %s, want every secret masked and nothing else", out.String())
	}
}
