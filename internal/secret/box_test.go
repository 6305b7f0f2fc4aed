package secret

import (
	"strings"
	"testing"
)

func TestBox(t *testing.T) {
	t.Parallel()
	key := []byte("0123456789abcdef0123456789abcdef")
	box, err := NewBox(key, "slack tokens")
	if err != nil {
		t.Fatal(err)
	}
	sealed := box.Seal(New("xoxb-canary"), "T1")
	if strings.Contains(sealed, "canary") || sealed == box.Seal(New("xoxb-canary"), "T1") {
		t.Errorf("Seal gave %q, which shows the secret or repeats itself", sealed)
	}
	if got, err := box.Open(sealed, "T1"); err != nil || got.Reveal() != "xoxb-canary" {
		t.Errorf("Open = %q, %v", got.Reveal(), err)
	}
	other, err := NewBox(key, "something else")
	if err != nil {
		t.Fatal(err)
	}
	altered := []byte(sealed)
	altered[len(altered)/2] ^= 1
	for name, try := range map[string]func() (Secret, error){
		"another place":   func() (Secret, error) { return box.Open(sealed, "T2") },
		"another purpose": func() (Secret, error) { return other.Open(sealed, "T1") },
		"altered":         func() (Secret, error) { return box.Open(string(altered), "T1") },
		"cut":             func() (Secret, error) { return box.Open(sealed[:8], "T1") },
		"no base64":       func() (Secret, error) { return box.Open("***", "T1") },
	} {
		if got, err := try(); err == nil || !got.Empty() {
			t.Errorf("%s: Open gave %d bytes and %v, want an error", name, len(got.Reveal()), err)
		}
	}
	if _, err := NewBox(key[:16], "short"); err == nil {
		t.Error("a key of 16 bytes was taken")
	}
}
