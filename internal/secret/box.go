package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// Box seals secrets that have to be stored, with AES-256-GCM (NIST SP 800-38D) under a key of its own for one purpose.
type Box struct{ aead cipher.AEAD }

// NewBox derives the key of a box from a key that lies outside the store.
func NewBox(key []byte, purpose string) (Box, error) {
	if len(key) < 32 {
		return Box{}, fmt.Errorf("a key of 32 bytes is needed to seal with, not %d", len(key))
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("seal/" + purpose))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return Box{}, err
	}
	aead, err := cipher.NewGCM(block)
	return Box{aead}, err
}

// Seal returns text that only Open with the same about gives back. about names what the secret belongs to, so that a
// sealed value moved to another place is worth nothing there.
func (b Box) Seal(s Secret, about string) string {
	nonce := make([]byte, b.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails: it ends the process instead
	return base64.RawURLEncoding.EncodeToString(b.aead.Seal(nonce, nonce, []byte(s.Reveal()), []byte(about)))
}

var errSealed = errors.New("the sealed value was altered, or sealed with another key")

// Open returns what was sealed.
func (b Box) Open(sealed, about string) (Secret, error) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(raw) < b.aead.NonceSize() {
		return Secret{}, errSealed
	}
	plain, err := b.aead.Open(nil, raw[:b.aead.NonceSize()], raw[b.aead.NonceSize():], []byte(about))
	if err != nil {
		return Secret{}, errSealed
	}
	return New(string(plain)), nil
}
