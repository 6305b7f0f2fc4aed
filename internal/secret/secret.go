// Package secret keeps tokens, passwords and signing keys out of everything that is printed.
//
// A Secret shows itself only to a caller that says Reveal; every other way of looking at it (fmt verbs, JSON, YAML, text,
// slog, reflection by fmt over unexported fields) gives three stars. A Redactor is the second line of defence: it masks
// registered values and token-shaped strings in log records, in case a secret reached a string on the way.
// A Box seals those that have to be stored. The package does not read secrets from anywhere.
package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// mask is what stands in place of a secret.
const mask = "***"

// Secret is a string that does not print. The zero value is an empty secret.
//
// The text sits behind a pointer so that fmt, which cannot call methods on unexported fields of a struct, shows an address
// instead of the text. Therefore compare with Equal, not with ==.
type Secret struct{ text *string }

// New wraps a value read from the configuration.
func New(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{&value}
}

// Reveal returns the text. Call it where the secret is used (a header, a MAC), never to build a message.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty reports whether there is no text at all.
func (s Secret) Empty() bool { return s.text == nil || *s.text == "" }

// IsZero is Empty under the name that encoders ask for (omitzero).
func (s Secret) IsZero() bool { return s.Empty() }

// Equal compares in constant time, also when the lengths differ.
func (s Secret) Equal(other Secret) bool {
	a, b := sha256.Sum256([]byte(s.Reveal())), sha256.Sum256([]byte(other.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Format prints three stars for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask) } // fmt has no way to report a failed write

// String returns three stars.
func (s Secret) String() string { return mask }

// GoString returns three stars.
func (s Secret) GoString() string { return mask }

// MarshalJSON writes three stars.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + mask + `"`), nil }

// MarshalText writes three stars.
func (s Secret) MarshalText() ([]byte, error) { return []byte(mask), nil }

// MarshalYAML writes three stars.
func (s Secret) MarshalYAML() (any, error) { return mask, nil }

// LogValue gives slog three stars.
func (s Secret) LogValue() slog.Value { return slog.StringValue(mask) }

// UnmarshalText takes the text over, so that a settings struct can hold a Secret.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = New(string(text))
	return nil
}
