package secret_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"signoff/internal/secret"
)

const canary = "canary-7f3k-do-not-print"

// hidden holds a secret in an unexported field, where fmt cannot call its methods.
type hidden struct {
	name  string
	token secret.Secret
}

// shown holds secrets in the ways a settings struct does.
type shown struct {
	Name   string
	Token  secret.Secret
	Tokens []secret.Secret
	Ptr    *secret.Secret
	Map    map[string]secret.Secret
}

func TestSecret_PrintsStarsEverywhere(t *testing.T) {
	t.Parallel()
	s := secret.New(canary)
	whole := shown{"slack", s, []secret.Secret{s}, &s, map[string]secret.Secret{"k": s}}
	outputs := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v", "%10s", "%-40v"} {
		outputs["secret "+verb] = strings.ReplaceAll(fmt.Sprintf(strings.Replace(verb, "%T ", "", 1), s), " ", "")
		outputs["struct "+verb] = fmt.Sprintf(strings.Replace(verb, "%T ", "", 1), whole)
		outputs["hidden "+verb] = fmt.Sprintf(strings.Replace(verb, "%T ", "", 1), hidden{"slack", s})
		outputs["pointer "+verb] = fmt.Sprintf(strings.Replace(verb, "%T ", "", 1), &s)
	}
	outputs["error"] = fmt.Errorf("call with %v: %w", s, fmt.Errorf("inner %+v", hidden{"x", s})).Error()
	outputs["concatenated"] = "token " + s.String() + s.GoString()
	outputs["json"] = encoded(t, func() ([]byte, error) { return json.Marshal(whole) })
	outputs["yaml"] = encoded(t, func() ([]byte, error) { return yaml.Marshal(whole) })
	outputs["xml"] = encoded(t, func() ([]byte, error) { return xml.Marshal(s) })
	outputs["text"] = encoded(t, s.MarshalText)
	var logs bytes.Buffer
	slog.New(slog.NewJSONHandler(&logs, nil)).Info("m", "token", s, "all", whole)
	slog.New(slog.NewTextHandler(&logs, nil)).Info("m", "token", s, "all", whole)
	outputs["slog"] = logs.String()

	for name, out := range outputs {
		if strings.Contains(out, "canary") || strings.Contains(out, fmt.Sprintf("%x", canary)[:16]) {
			t.Errorf("%s: got %q, want no canary", name, out)
		}
		if !strings.Contains(out, "***") && !strings.HasPrefix(name, "hidden") {
			t.Errorf("%s: got %q, want three stars in it", name, out)
		}
	}
}

func encoded(t *testing.T, encode func() ([]byte, error)) string {
	t.Helper()
	out, err := encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestSecret_RevealEmptyEqual(t *testing.T) {
	t.Parallel()
	var zero secret.Secret
	for _, c := range []struct {
		a, b         secret.Secret
		empty, equal bool
	}{
		{zero, secret.New(""), true, true},
		{secret.New("a"), secret.New("a"), false, true},
		{secret.New("a"), secret.New("b"), false, false},
		{secret.New("a"), secret.New("ab"), false, false},
		{secret.New("a"), zero, false, false},
	} {
		if got := c.a.Empty(); got != c.empty {
			t.Errorf("%q.Empty() = %v, want %v", c.a.Reveal(), got, c.empty)
		}
		if got := c.a.IsZero(); got != c.empty {
			t.Errorf("%q.IsZero() = %v, want %v", c.a.Reveal(), got, c.empty)
		}
		if got := c.a.Equal(c.b); got != c.equal {
			t.Errorf("%q.Equal(%q) = %v, want %v", c.a.Reveal(), c.b.Reveal(), got, c.equal)
		}
	}
	if got := secret.New(canary).Reveal(); got != canary {
		t.Errorf("Reveal() = %q, want %q", got, canary)
	}
}

func TestSecret_IsReadFromYAML(t *testing.T) {
	t.Parallel()
	var settings struct {
		Token secret.Secret `yaml:"token"`
	}
	if err := yaml.Unmarshal([]byte("token: "+canary), &settings); err != nil {
		t.Fatal(err)
	}
	if got := settings.Token.Reveal(); got != canary {
		t.Errorf("got %q, want %q", got, canary)
	}
}
