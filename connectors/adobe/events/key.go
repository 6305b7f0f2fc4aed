package events

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"signoff/internal/pattern"
)

const (
	keyLife   = 24 * time.Hour
	keyNot    = time.Minute // how long a key that is not there, or cannot be fetched, is not asked for again
	keyTime   = 5 * time.Second
	mostKey   = 16 << 10
	leastBits = 2048
	mostKeys  = 64
)

// keyPath is the only form of a path from which a key is fetched; the host stands in the settings.
var keyPath = pattern.New(`^/(prod|stage)/keys/pub-key-[0-9A-Za-z-]{1,64}\.pem$`)

// keys are Adobe's public keys, by the path that a delivery names.
type keys struct {
	base   string
	client *http.Client
	now    func() time.Time

	mu sync.Mutex
	by map[string]*keyEntry
}

type keyEntry struct {
	mu   sync.Mutex // whoever needs a key that is being fetched waits for it
	key  *rsa.PublicKey
	err  error
	at   time.Time
	once bool
}

func newKeys(base string, client *http.Client, now func() time.Time) *keys {
	return &keys{base: base, client: client, now: now, by: map[string]*keyEntry{}}
}

var (
	errPath     = errors.New("the path of the key is not one of Adobe's")
	errNoKey    = errors.New("there is no such key")
	errUnsure   = errors.New("the key cannot be fetched just now")
	errTooMany  = fmt.Errorf("too many keys are asked for: %w", errUnsure)
	errWeakKey  = errors.New("the key is no RSA key of 2048 bits or more")
	errRedirect = errors.New("the key's address leads elsewhere")
)

// of returns a key, from memory or fetched. An error that is errUnsure may be gone at the next try.
func (k *keys) of(path string) (*rsa.PublicKey, error) {
	if !keyPath.MatchString(path) {
		return nil, errPath
	}
	e, err := k.entry(path)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	life := keyLife
	if e.err != nil {
		life = keyNot
	}
	if e.once && k.now().Sub(e.at) < life {
		return e.key, e.err
	}
	e.key, e.err = k.fetch(path)
	e.at, e.once = k.now(), true
	return e.key, e.err
}

// entry is where a key is kept. Strangers can name paths, so there are not many: what is not a key goes first.
func (k *keys) entry(path string) (*keyEntry, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e, ok := k.by[path]; ok {
		return e, nil
	}
	if len(k.by) >= mostKeys {
		for other, e := range k.by {
			if e.mu.TryLock() {
				old := e.once && (e.err != nil && k.now().Sub(e.at) >= keyNot || k.now().Sub(e.at) >= keyLife)
				e.mu.Unlock()
				if old {
					delete(k.by, other)
				}
			}
		}
	}
	if len(k.by) >= mostKeys {
		return nil, errTooMany
	}
	e := &keyEntry{}
	k.by[path] = e
	return e, nil
}

func (k *keys) fetch(path string) (*rsa.PublicKey, error) {
	address, err := url.Parse(k.base + path)
	base, baseErr := url.Parse(k.base)
	if err != nil || baseErr != nil || address.Host != base.Host || address.User != nil {
		return nil, errPath
	}
	ctx, cancel := context.WithTimeout(context.Background(), keyTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, errPath
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnsure, err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return nil, errRedirect
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone || resp.StatusCode == http.StatusForbidden:
		return nil, errNoKey
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%w: HTTP %d", errUnsure, resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostKey+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnsure, err)
	}
	if len(body) > mostKey {
		return nil, errWeakKey
	}
	return readKey(body)
}

func readKey(body []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(body)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errWeakKey
	}
	any, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, errWeakKey
	}
	key, ok := any.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < leastBits {
		return nil, errWeakKey
	}
	return key, nil
}

// verifies reports whether a signature is the key's, over exactly these bytes.
func verifies(key *rsa.PublicKey, body []byte, signature string) bool {
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	sum := sha256.Sum256(body)
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw) == nil
}
