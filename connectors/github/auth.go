package github

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"signoff/connectors"
	"signoff/internal/outbound"
)

// readKey reads the private key of an app, in either of the forms that PEM files come in.
func readKey(text string) (*rsa.PrivateKey, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("the app's private key is missing; make one in the app's settings at GitHub and put the text of the file here")
	}
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, `\n`, "\n") // as it comes out of an environment variable
	}
	block, _ := pem.Decode([]byte(strings.TrimSpace(text)))
	if block == nil {
		return nil, errors.New("this is not the text of a PEM file; it begins with -----BEGIN RSA PRIVATE KEY-----")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := any.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, errors.New("the PEM file holds no private RSA key; make one in the app's settings at GitHub")
	}
	return key, nil
}

const (
	// jwtBack is how far the claim's beginning lies back: clocks differ.
	jwtBack = time.Minute
	jwtLife = 9 * time.Minute
	// renewBefore is how long before its end a token is taken for ended.
	renewBefore = 5 * time.Minute
)

// app is a GitHub App with the tokens that its installations gave.
type app struct {
	id  string
	key *rsa.PrivateKey

	mu     sync.Mutex
	tokens map[string]*grant // by owner of the repositories, in small letters
}

// grant is the token of one installation; its lock lets one caller at a time ask for a new one.
type grant struct {
	mu           sync.Mutex
	installation int64
	token        string
	until        time.Time
}

// jwt says that we are the app.
func (a *app) jwt(now time.Time) (string, error) {
	part := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(fmt.Sprintf("claims of a token: %v", err)) // strings and numbers always have JSON
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	text := part(map[string]string{"alg": "RS256", "typ": "JWT"}) + "." +
		part(map[string]any{"iat": now.Add(-jwtBack).Unix(), "exp": now.Add(jwtLife).Unix(), "iss": a.id})
	sum := sha256.Sum256([]byte(text))
	mac, err := rsa.SignPKCS1v15(rand.Reader, a.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign as the app: %w", err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(mac), nil
}

func (a *app) grant(owner string) *grant {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tokens == nil {
		a.tokens = map[string]*grant{}
	}
	key := strings.ToLower(owner)
	if a.tokens[key] == nil {
		a.tokens[key] = &grant{}
	}
	return a.tokens[key]
}

// forget drops a token that GitHub did not take; a newer one stays.
func (a *app) forget(owner, token string) {
	g := a.grant(owner)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.token == token {
		g.token = ""
	}
}

type bearerKey struct{}

// bearer is the token for a call about a repository.
func (c *Connector) bearer(ctx context.Context, r call) (string, error) {
	switch {
	case c.app == nil:
		return strings.TrimSpace(c.set.Token.Reveal()), nil
	case r.asApp:
		return c.app.jwt(c.deps.Now())
	}
	full := r.repo
	if full == "" {
		full = c.hooked()[0]
	}
	owner, _, _ := strings.Cut(full, "/")
	g := c.app.grant(owner)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.token != "" && c.deps.Now().Add(renewBefore).Before(g.until) {
		return g.token, nil
	}
	if g.installation == 0 {
		var found struct {
			ID int64 `json:"id"`
		}
		if err := c.do(ctx, call{op: "find installation", method: http.MethodGet, path: "repos/" + full + "/installation", asApp: true, scope: "repository " + full}, &found); err != nil {
			return "", err
		}
		g.installation = found.ID
	}
	var made struct {
		Token     string    `json:"token"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	err := c.do(ctx, call{op: "get token", method: http.MethodPost, path: fmt.Sprintf("app/installations/%d/access_tokens", g.installation), body: map[string]any{}, asApp: true, scope: "the app's installation"}, &made)
	if said := refusalOf(err); said != nil && said.status == http.StatusNotFound {
		g.installation = 0 // it was taken away, perhaps to be made anew
	}
	if err != nil {
		return "", err
	}
	if made.Token == "" {
		return "", &connectors.Error{Op: "get token", Class: connectors.Transient, Err: errors.New("the answer holds no token")}
	}
	g.token, g.until = made.Token, made.ExpiresAt
	return g.token, nil
}

// signing shows a call's token to the API and to nobody else.
type signing struct {
	c    *Connector
	next http.RoundTripper
}

// RoundTrip passes the request on, with its token where it belongs.
func (s *signing) RoundTrip(req *http.Request) (*http.Response, error) {
	token, _ := req.Context().Value(bearerKey{}).(string)
	return outbound.Credential(s.next, s.c.set.APIURL, func(h http.Header) {
		if token != "" {
			h.Set("Authorization", "Bearer "+token)
		}
	}).RoundTrip(req)
}

// CloseIdleConnections lets http.Client close the kept connections.
func (s *signing) CloseIdleConnections() {
	if c, ok := s.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// within reports whether an address is below the API's.
func (c *Connector) within(u *url.URL) bool {
	base := c.api.BaseURL
	return u.Scheme == base.Scheme && u.Host == base.Host && strings.HasPrefix(u.Path, base.Path)
}
