package site

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

type token struct {
	until  time.Time
	scopes []string
}

// knownScopes are those that the credential of the product was given.
func knownScopes() []string {
	return []string{
		"openid", "AdobeID", "email", "profile", "offline_access", "frame.s2s.all", "read_organizations", "adobeio_api", "additional_info.roles",
		"additional_info.projectedProductContext",
	}
}

// IMS serves Adobe's identity service: POST /ims/token/v3.
func (s *Site) IMS() http.Handler {
	return s.Serve(Interface{
		Service: "ims", Refuse: imsProblem,
		Routes: []Route{{Op: "ims.token", Pattern: "POST /ims/token/v3", Do: s.giveToken, Any: true}},
	})
}

func imsProblem(status int, word string) *Reply {
	return Answer(status, map[string]any{"error": strings.ReplaceAll(strings.ToLower(word), " ", "_")})
}

func imsError(word, why string) *Reply {
	return Answer(http.StatusBadRequest, map[string]any{"error": word, "error_description": why})
}

func (s *Site) giveToken(c *Call) *Reply {
	kind, _, _ := strings.Cut(c.Header.Get("Content-Type"), ";")
	form, err := url.ParseQuery(string(c.Body))
	if err != nil || kind != "application/x-www-form-urlencoded" || c.URL.RawQuery != "" {
		return imsError("invalid_request", "the parameters must stand in a form")
	}
	for key, values := range form {
		if len(values) != 1 || !slices.Contains([]string{"grant_type", "client_id", "client_secret", "scope"}, key) {
			return imsError("invalid_request", "invalid parameter "+key)
		}
	}
	scopes := strings.FieldsFunc(form.Get("scope"), func(r rune) bool { return r == ',' || r == ' ' })
	switch {
	case form.Get("grant_type") != "client_credentials":
		return imsError("unsupported_grant_type", "grant_type must be client_credentials")
	case form.Get("client_id") == "":
		return imsError("invalid_client", "missing client_id parameter")
	case form.Get("client_id") != s.ClientID:
		return imsError("invalid_client", "invalid client_id parameter")
	case s.ClientSecret == "" || form.Get("client_secret") != s.ClientSecret:
		return imsError("invalid_client", "invalid client_secret parameter")
	case len(scopes) == 0:
		return imsError("invalid_scope", "missing scope parameter")
	}
	for _, one := range scopes {
		if !slices.Contains(knownScopes(), one) {
			return imsError("invalid_scope", "invalid scope "+one)
		}
	}
	access := "eyJ" + Secret(40)
	s.Hide(access)
	s.tokens[access] = token{until: s.Now().Add(s.TokenLife), scopes: scopes}
	return Answer(http.StatusOK, map[string]any{"access_token": access, "token_type": "bearer", "expires_in": int(s.TokenLife / time.Second)})
}

// Token says what is wrong with the bearer token of a call that needs the scope: 401 for a token that is not, or no longer, one
// of ours, 403 for one that may not. 0 means that it is good. The caller holds the lock.
func (s *Site) Token(h http.Header, scope string) (status int) {
	kind, access, _ := strings.Cut(h.Get("Authorization"), " ")
	t, ok := s.tokens[access]
	switch {
	case !strings.EqualFold(kind, "Bearer"), !ok, !s.Now().Before(t.until):
		return http.StatusUnauthorized
	case !slices.Contains(t.scopes, scope):
		return http.StatusForbidden
	}
	return 0
}

// RevokeTokens makes every token that IMS gave so far worthless.
func (s *Site) RevokeTokens() {
	s.Lock()
	defer s.Unlock()
	clear(s.tokens)
}
