package figma

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"signoff/internal/pattern"
)

// A webhook that signoff registers leads to an address of its own, whose end is its registration: 128 random bits and a tag by
// which this installation knows it again. Its passcode is made from that and from a key of this installation, so that it is
// another one for each webhook, need not be kept, and cannot be lost.

const (
	registrationBytes = 16
	tagBytes          = 4
)

var registrationForm = pattern.New(`^[0-9a-f]{40}$`)

// newRegistration makes the end of a webhook's address.
func (c *Connector) newRegistration() string {
	id := make([]byte, registrationBytes)
	_, _ = rand.Read(id) // never fails
	return hex.EncodeToString(append(id, c.keyed("registration", hex.EncodeToString(id))[:tagBytes]...))
}

// registered reports whether the end of an address is one that this installation made.
func (c *Connector) registered(rest string) bool {
	if !registrationForm.MatchString(rest) {
		return false
	}
	raw, err := hex.DecodeString(rest)
	if err != nil {
		return false
	}
	tag := c.keyed("registration", hex.EncodeToString(raw[:registrationBytes]))[:tagBytes]
	return subtle.ConstantTimeCompare(tag, raw[registrationBytes:]) == 1
}

// passcode is what Figma has to show at a registration.
func (c *Connector) passcode(rest string) string {
	return base64.RawURLEncoding.EncodeToString(c.keyed("passcode", rest))
}

func (c *Connector) keyed(purpose, text string) []byte {
	mac := hmac.New(sha256.New, c.deps.Key)
	mac.Write([]byte("figma " + purpose + "\n" + text)) // never fails
	return mac.Sum(nil)
}

// candidates are the passcodes that a delivery may show, with what each is called.
func (c *Connector) candidates(rest string) (codes, names []string) {
	if rest = strings.Trim(rest, "/"); c.registered(rest) {
		codes, names = append(codes, c.passcode(rest)), append(names, "")
	}
	for i, one := range c.set.WebhookPasscode {
		codes, names = append(codes, one.Reveal()), append(names, []string{"current", "previous"}[min(i, 1)])
	}
	return codes, names
}

// admits compares a passcode with all that may be shown, in a time that does not tell which, nor how much of it is right.
func admits(given string, codes, names []string) (which string, ok bool) {
	got := sha256.Sum256([]byte(given))
	for i, code := range codes {
		want := sha256.Sum256([]byte(code))
		if same := subtle.ConstantTimeCompare(got[:], want[:]) == 1; same && !ok {
			which, ok = names[i], true
		}
	}
	return which, ok
}
