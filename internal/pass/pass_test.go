package pass_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/internal/pass"
)

var key = bytes.Repeat([]byte{7}, 32)

func sealer(t *testing.T, key []byte) pass.Sealer {
	t.Helper()
	s, err := pass.New(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func good() connectors.Pass {
	return connectors.Pass{
		Person: "ana", Request: "CR-142", Stage: "Brand review", Round: 2, Version: "KEY@123+sha256:ab",
		Until: time.Date(2026, 12, 2, 14, 2, 0, 0, time.UTC),
	}
}

func TestSeal_ComesBackAndIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	s := sealer(t, key)
	token := s.Seal(good())
	got, ok := s.Open(token)
	if !ok {
		t.Fatalf("Open(%q) = false, want the pass", token)
	}
	if diff := cmp.Diff(good(), got); diff != "" {
		t.Errorf("opened (-want +got)\n%s", diff)
	}
	if again := sealer(t, key).Seal(good()); again != token {
		t.Errorf("sealed again it reads %q, want %q", again, token)
	}
	if strings.ContainsAny(token, "+/=. ") {
		t.Errorf("the token %q has characters that addresses do not carry", token)
	}
	if raw, _ := base64.RawURLEncoding.DecodeString(token); bytes.Contains(raw, []byte("ana")) {
		t.Error("the token shows whose it is")
	}
}

// TestOpen_EveryByteCounts: T41.
func TestOpen_EveryByteCounts(t *testing.T) {
	t.Parallel()
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	s := sealer(t, key)
	token := s.Seal(good())
	for i := range token {
		for _, c := range letters + "\n\r.=" {
			altered := token[:i] + string(c) + token[i+1:]
			if _, ok := s.Open(altered); ok && altered != token {
				t.Fatalf("opens with %q in place of %q at %d", c, token[i], i)
			}
		}
	}
	for n := range len(token) {
		if _, ok := s.Open(token[:n]); ok {
			t.Errorf("opens when cut to %d characters", n)
		}
	}
}

func TestOpen_OnlyItsOwn(t *testing.T) {
	t.Parallel()
	s, token := sealer(t, key), sealer(t, key).Seal(good())
	other := good()
	other.Request = "CR-143"
	foreign := s.Seal(other)
	mixed := token[:len(token)/2] + foreign[len(foreign)/2:]
	for what, in := range map[string]string{
		"nothing":                "",
		"no token":               "good",
		"another key's":          sealer(t, bytes.Repeat([]byte{8}, 32)).Seal(good()),
		"half of another's":      mixed,
		"with a line break":      token[:10] + "\n" + token[10:],
		"with padding":           token + "==",
		"with something behind":  token + "AAAA",
		"far too long":           strings.Repeat("A", 1<<20),
		"the sealed text in hex": base64.RawURLEncoding.EncodeToString([]byte(`{"e":1,"p":"ana","r":"CR-142"}`)),
	} {
		if p, ok := s.Open(in); ok {
			t.Errorf("%s: opened %+v, want nothing", what, p)
		}
	}
	if p, ok := s.Open(foreign); !ok || p.Request != "CR-143" {
		t.Errorf("the other request's token gives %+v, %v; want its own request", p, ok)
	}
}

// TestOpen_SaysUntilWhen: the time is in the token, and whoever shows the page looks at it.
func TestOpen_SaysUntilWhen(t *testing.T) {
	t.Parallel()
	s, late := sealer(t, key), good()
	late.Until = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	got, ok := s.Open(s.Seal(late))
	if !ok || !got.Until.Equal(late.Until) {
		t.Errorf("until %v, %v; want %v", got.Until, ok, late.Until)
	}
	if s.Seal(late) == s.Seal(good()) {
		t.Error("two passes of different length have one token")
	}
}

func TestNew_WantsAWholeKey(t *testing.T) {
	t.Parallel()
	if _, err := pass.New(key[:31]); err == nil {
		t.Error("31 bytes are taken as a key")
	}
}
