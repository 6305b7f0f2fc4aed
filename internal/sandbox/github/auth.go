package github

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// authenticate takes the product's token, a token of an installation, or for the app's own calls a token that it signed.
func (s *Server) authenticate(c *call) *reply {
	kind, token, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	bad := problem(http.StatusUnauthorized, "Bad credentials")
	if !strings.EqualFold(kind, "Bearer") || token == "" {
		return problem(http.StatusUnauthorized, "Requires authentication")
	}
	if strings.HasPrefix(c.op, "apps/") {
		if why := s.signedByApp(token); why != "" {
			return problem(http.StatusUnauthorized, why)
		}
		return nil
	}
	if s.opt.AppID != "" {
		if until, ok := s.tokens[token]; !ok || !s.opt.Now().Before(until) {
			return bad
		}
	} else if token != s.opt.Token || s.opt.Token == "" {
		return bad
	}
	c.by = s.bot()
	return nil
}

// signedByApp says what is wrong with a token that the app should have signed.
func (s *Server) signedByApp(token string) string {
	const unreadable = "A JSON web token could not be decoded"
	parts := strings.Split(token, ".")
	if len(parts) != 3 || s.opt.AppKey == nil {
		return unreadable
	}
	mac, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(s.opt.AppKey, crypto.SHA256, sum[:], mac) != nil {
		return unreadable
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		IAT, EXP int64
		ISS      string
	}
	now := s.opt.Now().Unix()
	switch {
	case err != nil || json.Unmarshal(raw, &claims) != nil || claims.ISS != s.opt.AppID:
		return unreadable
	case claims.IAT > now:
		return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
	case claims.EXP <= now:
		return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
	case claims.EXP > now+600:
		return "'Expiration time' claim ('exp') is too far in the future"
	}
	return ""
}

// ExhaustLimit makes the site answer every call with 403 for its primary limit until then.
func (s *Server) ExhaustLimit(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limited = until
}

// RefuseWrites makes so many writes meet the secondary limit, which says nothing but words.
func (s *Server) RefuseWrites(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secondary = n
}

func (s *Server) limits(c *call) *reply {
	if now := s.opt.Now(); now.Before(s.limited) {
		rep := problem(http.StatusForbidden, "API rate limit exceeded for user ID 1900.")
		rep.header = map[string]string{"X-Ratelimit-Limit": "5000", "X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": strconv.FormatInt(s.limited.Unix(), 10)}
		return rep
	}
	if c.Method != http.MethodGet && s.secondary > 0 {
		s.secondary--
		return problem(http.StatusForbidden, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
	}
	return nil
}
