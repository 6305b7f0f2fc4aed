package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"signoff/connectors"
	"signoff/internal/outbound"
	"signoff/internal/secret"
)

// Token is a credential that does not change.
type Token struct {
	Header string // default Authorization, behind "Bearer "
	Secret secret.Secret
}

// Put implements Auth.
func (t Token) Put(_ context.Context, h http.Header) error {
	if t.Header != "" {
		h.Set(t.Header, t.Secret.Reveal())
		return nil
	}
	h.Set("Authorization", "Bearer "+t.Secret.Reveal())
	return nil
}

// Drop implements Auth: there is no other.
func (Token) Drop() bool { return false }

const (
	tokenTime  = 10 * time.Second
	renewEarly = 5 * time.Minute
	shortToken = time.Minute // an answer that does not say how long is believed for this
)

// IMS fetches tokens from Adobe's identity service (OAuth server-to-server) and keeps each until it ends.
type IMS struct {
	URL     string // https://ims-na1.adobelogin.com
	ID      string
	Secret  secret.Secret
	Scopes  []string
	Setting string
	HTTP    *http.Client
	Now     func() time.Time
	Named   bool // calls also show the client's id (x-api-key)

	mu    sync.Mutex
	token secret.Secret
	until time.Time
}

// Put implements Auth.
func (i *IMS) Put(ctx context.Context, h http.Header) error {
	t, err := i.Token(ctx)
	if err != nil {
		return err
	}
	h.Set("Authorization", "Bearer "+t.Reveal())
	if i.Named {
		h.Set("x-api-key", i.ID)
	}
	return nil
}

// Drop implements Auth.
func (i *IMS) Drop() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.token = secret.Secret{}
	return true
}

// Token is a token that is good for some minutes more.
func (i *IMS) Token(ctx context.Context) (secret.Secret, error) {
	i.mu.Lock() // whoever comes meanwhile waits for the same token
	defer i.mu.Unlock()
	if !i.token.Empty() && i.Now().Before(i.until) {
		return i.token, nil
	}
	ctx, cancel := context.WithTimeout(ctx, tokenTime)
	defer cancel()
	t, life, err := i.fetch(ctx)
	if err != nil {
		return secret.Secret{}, err
	}
	i.token, i.until = t, i.Now().Add(max(life-renewEarly, life/2))
	return t, nil
}

const opToken = "fetch a token"

func (i *IMS) fetch(ctx context.Context) (secret.Secret, time.Duration, error) {
	none := secret.Secret{}
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {i.ID}, "client_secret": {i.Secret.Reveal()}, "scope": {strings.Join(i.Scopes, ",")},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, i.URL+"/ims/token/v3", strings.NewReader(form.Encode()))
	if err != nil {
		return none, 0, &connectors.Error{Op: opToken, Class: connectors.Rejected, Err: errors.New("the address cannot be used")}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := i.HTTP.Do(req)
	if err != nil {
		return none, 0, outbound.Failure(opToken, err, true)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode != http.StatusOK {
		return none, 0, i.refused(resp.StatusCode, resp.Header, body)
	}
	var got struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"`
	}
	if err != nil || json.Unmarshal(body, &got) != nil || got.Token == "" {
		return none, 0, &connectors.Error{Op: opToken, Class: connectors.Transient, Err: errors.New("the answer holds no token")}
	}
	life := time.Duration(got.Expires) * time.Second
	if life <= 0 {
		life = shortToken
	}
	return secret.New(got.Token), min(life, 24*time.Hour), nil
}

func (i *IMS) refused(status int, header http.Header, body []byte) error {
	class, wait := outbound.Classify(status, header, true)
	e := &connectors.Error{Op: opToken, Class: class, Wait: wait, Scope: connectors.ScopeInstance, Err: &outbound.Refusal{Status: status, Said: said(body)}}
	if class == connectors.Rejected || class == connectors.Denied {
		e.Class = connectors.Denied
		e.Person = fmt.Sprintf("Adobe gives signoff no token: its client id, secret or scopes are not taken. An administrator has to correct %s.", i.Setting)
	}
	return e
}
