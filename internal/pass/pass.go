// Package pass makes and reads the tokens of decision links: the right of one person to answer one question without signing
// in. A token is sealed by the store's key, says nothing to whoever finds it, and is the same for the same pass, so that a
// mail that is sent again is the same mail.
package pass

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

const (
	keySize = 32
	longest = 4096 // characters of a token; what is longer is none of ours
	edition = 1    // of what is sealed; a token of another one opens for nobody
)

// Sealer seals and opens passes. The zero Sealer is of no use.
type Sealer struct {
	aead  cipher.AEAD
	nonce []byte // key of the nonces
}

// New returns a Sealer under keys of its own, derived from the store's key.
func New(key []byte) (Sealer, error) {
	if len(key) < keySize {
		return Sealer{}, fmt.Errorf("a key of %d bytes is needed for decision links, not %d", keySize, len(key))
	}
	block, err := aes.NewCipher(derive(key, "pass/seal"))
	if err != nil {
		return Sealer{}, err
	}
	aead, err := cipher.NewGCM(block)
	return Sealer{aead: aead, nonce: derive(key, "pass/nonce")}, err
}

func derive(key []byte, purpose string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(purpose)) // a hash never fails
	return mac.Sum(nil)
}

// sealed is what a token holds, in as few letters as it takes: it stands in an address.
type sealed struct {
	Edition int            `json:"e"`
	Person  string         `json:"p"`
	Request flow.RequestID `json:"r"`
	Stage   string         `json:"s"`
	Round   int            `json:"n"`
	Version string         `json:"v"`
	Until   int64          `json:"u"`
}

// Seal returns the token of a pass. Until is kept to the second.
func (s Sealer) Seal(p connectors.Pass) string {
	plain, err := json.Marshal(sealed{edition, p.Person, p.Request, p.Stage, p.Round, p.Version, p.Until.Unix()})
	if err != nil {
		return "" // strings and numbers are always JSON
	}
	// The nonce is made of what is sealed: the same pass gives the same token, and another one another nonce.
	nonce := derive(s.nonce, string(plain))[:s.aead.NonceSize()]
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nonce, nonce, plain, nil))
}

// Open returns the pass of a token; ok is false where it is none of ours or was altered. It does not look at the time:
// whoever shows the page says that a link has expired.
func (s Sealer) Open(token string) (p connectors.Pass, ok bool) {
	if len(token) > longest {
		return p, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	// One token has one spelling: line breaks and unused bits are not let through.
	if err != nil || len(raw) < s.aead.NonceSize() || base64.RawURLEncoding.EncodeToString(raw) != token {
		return p, false
	}
	plain, err := s.aead.Open(nil, raw[:s.aead.NonceSize()], raw[s.aead.NonceSize():], nil)
	var in sealed
	if err != nil || json.Unmarshal(plain, &in) != nil || in.Edition != edition {
		return p, false
	}
	return connectors.Pass{
		Person: in.Person, Request: in.Request, Stage: in.Stage, Round: in.Round, Version: in.Version, Until: time.Unix(in.Until, 0).UTC(),
	}, true
}
