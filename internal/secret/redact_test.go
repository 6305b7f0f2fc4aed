package secret_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"unicode"

	"signoff/internal/secret"
)

var hex64 = strings.Repeat("0a1B", 16)

func TestRedact_Shapes(t *testing.T) {
	t.Parallel()
	r := secret.NewRedactor()
	for _, c := range []struct{ in, want string }{
		{"token xoxb-12-34-abcDEF refused", "token xoxb-*** refused"},
		{"xoxp-1234567890", "xoxp-***"},
		{"xoxe.xoxp-1-Mi0yLTEyMzQ", "xoxe-***"},
		{"app=xapp-1-A01-22-abcdef01;", "app=xapp-***;"},
		{"Authorization: Bearer abc.def-ghi_123=", "Authorization: Bearer ***"},
		{"authorization: bearer abcdefgh", "authorization: bearer ***"},
		{"Basic c2lnbm9mZjpjYW5hcnk=", "Basic ***"},
		{"Basic training", "Basic training"},
		{"a bearer of news", "a bearer of news"},
		{"POST https://hooks.slack.com/actions/T1/22/abc failed", "POST https://hooks.slack.com/*** failed"},
		{`{"response_url":"https://hooks.slack.com/commands/T1/2/x"}`, `{"response_url":"https://hooks.slack.com/***"}`},
		{"HOOKS.slack.com is up", "HOOKS.slack.com is up"},
		{"sig v0=" + hex64, "sig v0=***"},
		{"sha256=" + hex64 + ".", "sha256=***."},
		{"v0=" + hex64[:40], "v0=" + hex64[:40]},
		{"postgres://signoff:hunter22@db/x", "postgres://signoff:***@db/x"},
		{"https://lumen.example/a:b@c", "https://lumen.example/a:b@c"},
		{"ATATT3xFfGF0abcdefghij=12", "ATATT***"},
		{"ghp_abcdefghijklmnop1234", "ghp_***"},
		{"figd_abcdefghijklmnop1234", "figd_***"},
		{"eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "***"},
		{"thought about the weight of it", "thought about the weight of it"},
		{"Chloé moved CR-142 to Sign-off", "Chloé moved CR-142 to Sign-off"},
	} {
		if got := r.Redact(c.in); got != c.want {
			t.Errorf("Redact(%q)\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

func TestRedact_RegisteredValues(t *testing.T) {
	t.Parallel()
	odd := "pässwörd & \"more\" c4nary"
	r := secret.NewRedactor(secret.New("c4nary"), secret.New("c4nary-and-longer"), secret.New(odd), secret.New("ab"), secret.New(""))
	for _, in := range []string{
		"x c4nary y", "c4nary-and-longer", odd, url.QueryEscape(odd), url.PathEscape(odd), fmt.Sprintf("%q", odd),
	} {
		got := r.Redact(in)
		if strings.Contains(got, "c4nary") || strings.Contains(got, "longer") || !strings.Contains(got, "***") {
			t.Errorf("Redact(%q) = %q, want the secret masked", in, got)
		}
	}
	if got, want := r.Redact("about"), "about"; got != want {
		t.Errorf("a secret of two letters hides words: got %q, want %q", got, want)
	}
	r.Add(secret.New("added-later"))
	if got, want := r.Redact("c4nary added-later"), "*** ***"; got != want {
		t.Errorf("after Add: got %q, want %q", got, want)
	}
}

func TestRedact_EscapesControlCharacters(t *testing.T) {
	t.Parallel()
	r := secret.NewRedactor()
	for _, c := range []struct{ in, want string }{
		{"a\nlevel=ERROR msg=fake", `a\nlevel=ERROR msg=fake`},
		{"a\r\nb\tc", `a\r\nb\tc`},
		{"\x1b[31mred\x07", `\x1b[31mred\x07`},
		{"nul\x00del\x7f", `nul\x00del\x7f`},
		{"c1\u009bx", `c1\u009bx`},
		{"line\u2028sep\u2029", `line\u2028sep\u2029`},
		{"bidi\u202egnp", `bidi\u202egnp`},
		{"broken\xff\xc3", `broken\xff\xc3`},
		{"Chloé 日本 👍", "Chloé 日本 👍"},
	} {
		if got := r.Redact(c.in); got != c.want {
			t.Errorf("Redact(%q)\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

type leaky struct{ Token string }

func (l leaky) LogValue() slog.Value {
	return slog.GroupValue(slog.String("t", l.Token), slog.Int("n", 7))
}

type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

func TestHandler_LeavesNoSecretAndNoControlCharacter(t *testing.T) {
	t.Parallel()
	var none *nilError
	for name, make := range map[string]func(*bytes.Buffer) slog.Handler{
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
	} {
		var out bytes.Buffer
		r := secret.NewRedactor(secret.New(canary))
		log := slog.New(r.Handler(make(&out))).With("base", "k "+canary).WithGroup("g\n" + canary)
		log.Info("message "+canary+"\n\x1b[0m",
			"string", "xoxb-1-2-canary-token", "error", fmt.Errorf("outer: %w", errors.New("post "+canary)),
			"struct", struct{ A, B string }{canary, "ok"}, "strings", []string{"a", canary}, "bytes", []byte(canary),
			"map", map[string]string{"k": canary}, "valuer", leaky{canary}, "secret", secret.New(canary),
			slog.Group("inner", "deep", "Bearer "+canary), canary, 1, "nil", nil, "nilerr", none, "count", 42)
		got := out.String()
		if strings.Contains(got, "canary") {
			t.Errorf("%s: the canary is in %s", name, got)
		}
		if i := strings.IndexFunc(strings.TrimSuffix(got, "\n"), unicode.IsControl); i >= 0 {
			t.Errorf("%s: control character at %d in %q", name, i, got)
		}
		for _, want := range []string{"count", "42", "message", "ok", "outer: post ***"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: got %s, want %q in it", name, got, want)
			}
		}
	}
}

func TestHandler_KeepsLevelsAndGroups(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	drop := func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 {
			return slog.Attr{}
		}
		return a
	}
	next := slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: drop})
	log := slog.New(secret.NewRedactor().Handler(next))
	log.Info("not wanted")
	log.With("connector", "slack").WithGroup("call").Warn("answer late", "attempt", 3)
	want := `{"level":"WARN","msg":"answer late","connector":"slack","call":{"attempt":3}}` + "\n"
	if got := out.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRedactor_AddWhileLogging(t *testing.T) {
	t.Parallel()
	r := secret.NewRedactor(secret.New("first-secret"))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() { r.Add(secret.New(fmt.Sprintf("secret-%d", i))) })
		wg.Go(func() {
			if got := r.Redact("first-secret"); got != "***" {
				t.Errorf("got %q, want ***", got)
			}
		})
	}
	wg.Wait()
	if got := r.Redact("secret-0 secret-7"); got != "*** ***" {
		t.Errorf("got %q, want *** ***", got)
	}
}

func BenchmarkRedact_OrdinaryLine(b *testing.B) {
	r := secret.NewRedactor(secret.New(canary), secret.New("another-one-here"))
	for b.Loop() {
		r.Redact("request CR-142 decided: Brand review approved by ana, next stage Sign-off")
	}
}
