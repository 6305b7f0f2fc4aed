package slack

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// OAuth describes how the app is installed by people. Without ClientID it cannot be.
type OAuth struct {
	ClientID, ClientSecret string
	Redirects              []string // what the app's settings allow as redirect_uri
	Scopes                 []string // bot scopes of the manifest; every scope of the product's manifest when nil
	Rotation               bool     // tokens live for twelve hours and are refreshed
}

const (
	codeLife  = 10 * time.Minute
	tokenLife = 12 * time.Hour
)

// code is what a person's Allow gives the app, to be exchanged once.
type code struct {
	of       *Server
	redirect string // as the request named it; empty when it did not
	scopes   []string
	user     string
	at       time.Time
	used     bool
}

// asking is a checked request to install the app.
type asking struct {
	redirect, named, state string
	scopes                 []string
}

// readAsking checks the parameters of the authorize page. The error is for the person who sees it.
func (s *Server) readAsking(q url.Values) (asking, error) {
	o := s.opt.OAuth
	a := asking{named: q.Get("redirect_uri"), state: q.Get("state")}
	a.scopes = strings.FieldsFunc(q.Get("scope"), func(r rune) bool { return r == ',' || r == ' ' })
	if o.ClientID == "" || q.Get("client_id") != o.ClientID {
		return a, fmt.Errorf("invalid client_id parameter")
	}
	if len(a.scopes) == 0 {
		return a, fmt.Errorf("invalid_scope: no scopes were requested")
	}
	for _, scope := range a.scopes {
		if !slices.Contains(o.scopes(), scope) {
			return a, fmt.Errorf("invalid permissions requested: %s", scope)
		}
	}
	a.redirect = a.named
	if a.named == "" && len(o.Redirects) > 0 {
		a.redirect = o.Redirects[0]
	}
	if !o.allows(a.redirect) {
		return a, fmt.Errorf("redirect_uri did not match any configured URIs. Passed URI: %s", a.named)
	}
	return a, nil
}

func (o OAuth) scopes() []string {
	if o.Scopes == nil {
		return allScopes()
	}
	return o.Scopes
}

// allows reports whether an address is one of the configured ones, or below one of them.
func (o OAuth) allows(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Fragment != "" || strings.Contains(u.Path, "..") {
		return false
	}
	return slices.ContainsFunc(o.Redirects, func(have string) bool {
		h, err := url.Parse(have)
		return err == nil && h.Scheme == u.Scheme && h.Host == u.Host &&
			(u.Path == h.Path || strings.HasPrefix(u.Path, strings.TrimSuffix(h.Path, "/")+"/"))
	})
}

// answer is the address the browser goes to after a decision.
func (a asking) answer(key, value string) string {
	to := with(a.redirect, key, value)
	if a.state != "" {
		to = with(to, "state", a.state)
	}
	return to
}

// Allow is a person who follows an authorize link and allows the installation in a workspace. It returns the address that the browser is
// sent to, with the code.
func (s *Server) Allow(authorizeURL, teamID string) (string, error) {
	u, err := url.Parse(authorizeURL)
	if err != nil {
		return "", err
	}
	a, err := s.readAsking(u.Query())
	if err != nil {
		return "", err
	}
	of := s.app.team(teamID)
	if of == nil {
		return "", fmt.Errorf("no workspace %s", teamID)
	}
	return a.answer("code", s.app.newCode(of, a, s.opt.Now())), nil
}

func (a *app) newCode(of *Server, ask asking, now time.Time) string {
	c := &code{of: of, redirect: ask.named, scopes: ask.scopes, at: now}
	if people := of.everybody(); len(people) > 0 {
		c.user = people[0].ID
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	id := fmt.Sprintf("%d.%d.%s", 1e12+a.random.Int64N(1e12), 1e12+a.random.Int64N(1e12), a.secret(40))
	a.codes[id] = c
	return id
}

// secret returns n hexadecimal digits. The caller holds mu.
func (a *app) secret(n int) string {
	const digits = "0123456789abcdef"
	out := make([]byte, n)
	for i := range out {
		out[i] = digits[a.random.IntN(len(digits))]
	}
	return string(out)
}

// access is oauth.v2.access: a code, or a refresh token, for tokens.
func (s *Server) access(r *http.Request, a args) (object, *failure) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = a.str("client_id"), a.str("client_secret")
	}
	switch o := s.opt.OAuth; {
	case o.ClientID == "" || id != o.ClientID:
		return nil, fail("invalid_client_id")
	case secret != o.ClientSecret:
		return nil, fail("bad_client_secret")
	}
	switch a.str("grant_type") {
	case "", "authorization_code":
		return s.exchange(a)
	case "refresh_token":
		return s.rotate(a)
	}
	return nil, fail("invalid_grant_type")
}

func (s *Server) exchange(a args) (object, *failure) {
	c, failed := s.app.redeem(a.str("code"), a.str("redirect_uri"), s.opt.Now())
	if failed != nil {
		return nil, failed
	}
	s.opt.Ledger.Hide(a.str("code"))
	of := c.of
	token := of.BotToken()
	var refresh string
	if token == "" || s.opt.OAuth.Rotation {
		token, refresh = s.app.mint(of, s.opt.OAuth.Rotation, s.opt.Now())
		s.opt.Ledger.Hide(token, refresh)
	}
	of.install(c.scopes)
	out := of.tokenAnswer(token, refresh)
	out["authed_user"] = object{"id": c.user}
	return out, nil
}

// redeem uses a code.
func (a *app) redeem(id, redirect string, now time.Time) (*code, *failure) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.codes[id]
	switch {
	case c == nil || now.Sub(c.at) >= codeLife:
		return nil, fail("invalid_code")
	case c.used:
		return nil, fail("code_already_used")
	case redirect != c.redirect:
		return nil, fail("bad_redirect_uri")
	}
	c.used = true
	return c, nil
}

// mint makes a bot token for a workspace, and a refresh token where tokens rotate.
func (a *app) mint(of *Server, rotation bool, now time.Time) (token, refresh string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !rotation {
		token = fmt.Sprintf("xoxb-%d-%d-%s", 1e11+a.random.Int64N(9e11), 1e12+a.random.Int64N(9e12), a.secret(24))
		a.grants[token] = &grant{of: of}
		return token, ""
	}
	token, refresh = "xoxe.xoxb-1-"+a.secret(48), "xoxe-1-"+a.secret(48)
	a.grants[token], a.refresh[refresh] = &grant{of: of, expires: now.Add(tokenLife)}, of
	return token, refresh
}

// rotate gives a new pair for a refresh token, which is spent by it. The old bot token lives until its time is over.
func (s *Server) rotate(a args) (object, *failure) {
	of := s.app.spend(a.str("refresh_token"))
	if of == nil {
		return nil, fail("invalid_refresh_token")
	}
	token, refresh := s.app.mint(of, true, s.opt.Now())
	s.opt.Ledger.Hide(token, refresh)
	return of.tokenAnswer(token, refresh), nil
}

func (a *app) spend(refresh string) *Server {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := a.refresh[refresh]
	delete(a.refresh, refresh)
	return of
}

// install makes events flow and adds scopes to what was granted before.
func (s *Server) install(scopes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.installed {
		s.SetScopes(scopes...)
	}
	merged := slices.Clone(*s.scopes.Load())
	for _, scope := range scopes {
		if !slices.Contains(merged, scope) {
			merged = append(merged, scope)
		}
	}
	s.SetScopes(merged...)
	s.installed = true
	s.touch()
}

func (s *Server) tokenAnswer(token, refresh string) object {
	out := object{
		"app_id": s.opt.AppID, "scope": strings.Join(*s.scopes.Load(), ","), "token_type": "bot", "access_token": token,
		"bot_user_id": s.opt.Bot.UserID, "team": object{"id": s.opt.Team.ID, "name": s.opt.Team.Name}, "enterprise": nil,
		"is_enterprise_install": false,
	}
	if s.opt.Team.EnterpriseID != "" {
		out["enterprise"] = object{"id": s.opt.Team.EnterpriseID, "name": s.opt.Team.EnterpriseName}
	}
	if refresh != "" {
		out["expires_in"], out["refresh_token"] = int(tokenLife/time.Second), refresh
	}
	return out
}
