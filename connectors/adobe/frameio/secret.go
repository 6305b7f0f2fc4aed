package frameio

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"signoff/internal/pattern"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/secret"
)

// A webhook that signoff registers leads to an address of its own, whose end is its registration: 128 random bits and a tag by
// which this installation knows it again. Frame.io makes its secret and says it once; it is kept sealed.

const (
	registrationBytes = 16
	tagBytes          = 4
	hookKeep          = "frameio/hook/"
	window            = 300 * time.Second // how far the sender's clock may be from ours
)

var (
	registrationForm = pattern.New(`^[0-9a-f]{40}$`)
	timestampForm    = pattern.New(`^[0-9]{1,12}$`)
)

// keptHook is a webhook that we registered.
type keptHook struct {
	ID        string    `json:"id"`
	Workspace string    `json:"workspace"`
	Sealed    string    `json:"sealed"`
	Since     time.Time `json:"since"`
}

// secrets are those of our registrations, by the end of their address.
type secrets struct {
	mu sync.Mutex
	by map[string]secret.Secret
	at time.Time // when they were looked for because one was not there
}

func (s *secrets) of(rest string) secret.Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.by[rest]
}

// missed reports whether it is time to look again for one that is not there.
func (s *secrets) missed(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.at) < lookAgain {
		return false
	}
	s.at = now
	return true
}

const lookAgain = 5 * time.Second

// secretOf is the secret of a registration. One that another process of this installation has made since is read from what is
// kept: the address bears our tag, so nobody else can make us look, and not often.
func (p *Part) secretOf(rest string) secret.Secret {
	one := p.secrets.of(rest)
	if !one.Empty() || !p.secrets.missed(p.deps.Now()) {
		return one
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := p.loadSecrets(ctx); err != nil {
		p.deps.Log.Warn("secrets of frame.io's webhooks cannot be read", "error", err)
	}
	return p.secrets.of(rest)
}

func (s *secrets) replace(by map[string]secret.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.by = by
}

func (s *secrets) put(rest string, one secret.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	by := maps.Clone(s.by)
	if by == nil {
		by = map[string]secret.Secret{}
	}
	by[rest] = one
	s.by = by
}

func (p *Part) newRegistration() string {
	id := make([]byte, registrationBytes)
	_, _ = rand.Read(id) // never fails
	return hex.EncodeToString(append(id, p.tag(hex.EncodeToString(id))...))
}

func (p *Part) tag(id string) []byte {
	mac := hmac.New(sha256.New, p.deps.Key)
	mac.Write([]byte("adobe frameio registration\n" + id)) // never fails
	return mac.Sum(nil)[:tagBytes]
}

// registered reports whether the end of an address is one that this installation made.
func (p *Part) registered(rest string) bool {
	if !registrationForm.MatchString(rest) {
		return false
	}
	raw, err := hex.DecodeString(rest)
	if err != nil {
		return false
	}
	return subtle.ConstantTimeCompare(p.tag(hex.EncodeToString(raw[:registrationBytes])), raw[registrationBytes:]) == 1
}

// keptHooks reads what is known of our webhooks, by the end of their address.
func (p *Part) keptHooks(ctx context.Context) (map[string]keptHook, error) {
	out := map[string]keptHook{}
	err := p.deps.Keep.Scan(ctx, hookKeep, func(key string, _ []byte) error {
		var k keptHook
		if ok, err := p.Load(ctx, key, &k); err != nil || !ok {
			return err
		}
		out[strings.TrimPrefix(key, hookKeep)] = k
		return nil
	})
	if err != nil {
		return nil, &connectors.Error{Op: "read webhooks", Class: connectors.Transient, Err: err}
	}
	return out, nil
}

// loadSecrets reads the secrets of our webhooks. One that was sealed with another key is as good as lost.
func (p *Part) loadSecrets(ctx context.Context) error {
	kept, err := p.keptHooks(ctx)
	if err != nil {
		return err
	}
	by := map[string]secret.Secret{}
	for rest, k := range kept {
		if one, err := p.box.Open(k.Sealed, rest); err == nil {
			by[rest] = one
		}
	}
	p.secrets.replace(by)
	return nil
}

// candidates are the secrets with which a delivery to an address may be signed, with what each is called: those of that address
// and no others. known is false for an address that nobody gave out.
func (p *Part) candidates(rest string) (list []secret.Secret, names []string, known bool) {
	rest = strings.TrimPrefix(rest, "action/")
	if p.registered(rest) {
		one := p.secretOf(rest)
		if one.Empty() {
			return nil, nil, true
		}
		return []secret.Secret{one}, []string{""}, true
	}
	some, known := p.set.SigningSecrets[rest]
	if rest == "" && len(p.set.SigningSecrets) == 1 { // the bare address can only mean the one that has a name
		for _, some = range p.set.SigningSecrets {
			known = true
		}
	}
	for i, one := range some {
		list, names = append(list, one), append(names, []string{"current", "previous"}[min(i, 1)])
	}
	return list, names, known
}

// authentic says which secret signed a delivery.
func (p *Part) authentic(in connectors.Inbound, rest string) (which string, err error) {
	list, names, known := p.candidates(rest)
	stamp, given := in.Header.Values("X-Frameio-Request-Timestamp"), in.Header.Values("X-Frameio-Signature")
	right := false
	if len(stamp) == 1 && len(given) == 1 {
		which, right = signedBy(list, names, stamp[0], given[0], in.Body)
	}
	switch {
	case !known:
		return "", &connectors.Refusal{Status: 404, Reason: "no such webhook"}
	case len(list) == 0:
		// It is ours, but its secret is not at hand: Frame.io tries again while it is looked for.
		return "", &connectors.Refusal{Status: 503, Reason: "the secret of this webhook is not known"}
	case len(stamp) != 1 || len(given) != 1:
		return "", api.Unbelieved("signature or timestamp missing, or there twice")
	case !fresh(stamp[0], in.At):
		return "", api.Unbelieved("stale")
	case !right:
		return "", api.Unbelieved("signature wrong")
	}
	return which, nil
}

// fresh reports whether a timestamp, in whole seconds, is near enough to when it was received.
func fresh(stamp string, received time.Time) bool {
	if !timestampForm.MatchString(stamp) {
		return false
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return false
	}
	off := received.Sub(time.Unix(seconds, 0))
	return off <= window && off >= -window
}

// signedBy compares with every secret, in a time that does not tell which was right.
func signedBy(list []secret.Secret, names []string, stamp, given string, body []byte) (which string, right bool) {
	for i, one := range list {
		mac := hmac.New(sha256.New, []byte(one.Reveal()))
		mac.Write([]byte("v0:" + stamp + ":")) // never fails
		mac.Write(body)
		want := "v0=" + hex.EncodeToString(mac.Sum(nil))
		if hmac.Equal([]byte(given), []byte(want)) && !right {
			which, right = names[i], true
		}
	}
	return which, right
}
