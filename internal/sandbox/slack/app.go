package slack

import (
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// app is what the workspaces of one server have in common: the app that is installed in them, and its tokens. Its lock is taken last:
// nothing of a workspace is locked under it.
type app struct {
	mu         sync.Mutex
	workspaces []*Server
	grants     map[string]*grant // bot tokens
	refresh    map[string]*Server
	codes      map[string]*code
	hub        *hub
	random     *rand.Rand
}

// grant is one bot token.
type grant struct {
	of      *Server
	dead    string    // the error it gets; empty while it is good
	expires time.Time // zero: never
}

func newApp(o Options) *app {
	return &app{
		hub:    newHub(o.SocketMode),
		grants: map[string]*grant{}, refresh: map[string]*Server{}, codes: map[string]*code{}, random: rand.New(rand.NewPCG(3, 4)),
	}
}

// seed gives each workspace ids of its own.
func seed(team string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(team)) // a hash never fails
	return h.Sum64()
}

// AddWorkspace adds another workspace in which the app is, or can be, installed. Team, Bot, BotToken, Scopes, Users, Channels and Groups
// are those of o; everything else is as in the first workspace. Its API is served by the first workspace, which tells them apart by token;
// its people are played through the returned server and through the same pages.
func (s *Server) AddWorkspace(o Options) *Server {
	whole := s.opt
	whole.Team, whole.Bot, whole.BotToken, whole.Scopes = o.Team, o.Bot, o.BotToken, o.Scopes
	whole.Users, whole.Channels, whole.Groups = o.Users, o.Channels, o.Groups
	s.mu.Lock()
	whole.HookURL = s.hookURL
	s.mu.Unlock()
	return newServer(withDefaults(whole), s.app)
}

// join makes a workspace known to the app.
func (a *app) join(s *Server) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.workspaces = append(a.workspaces, s)
	if s.opt.BotToken != "" {
		a.grants[s.opt.BotToken] = &grant{of: s}
	}
}

// all lists the workspaces, the first one first.
func (a *app) all() []*Server {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.workspaces)
}

// team finds a workspace by its id.
func (a *app) team(id string) *Server {
	for _, s := range a.all() {
		if s.opt.Team.ID == id {
			return s
		}
	}
	return nil
}

// holder returns the workspace a bot token is good for.
func (a *app) holder(token string, now time.Time) (*Server, *failure) {
	a.mu.Lock()
	defer a.mu.Unlock()
	g := a.grants[token]
	switch {
	case g == nil:
		return nil, fail("invalid_auth")
	case g.dead != "":
		return g.of, fail(g.dead)
	case !g.expires.IsZero() && !now.Before(g.expires):
		return g.of, fail("token_expired")
	}
	return g.of, nil
}

// current is a bot token of a workspace that is good, the newest first.
func (a *app) current(s *Server, now time.Time) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	best, until := "", time.Time{}
	for token, g := range a.grants {
		if g.of != s || g.dead != "" || !g.expires.IsZero() && !now.Before(g.expires) {
			continue
		}
		if best == "" || g.expires.After(until) {
			best, until = token, g.expires
		}
	}
	return best
}

// kill makes every token of a workspace answer with an error.
func (a *app) kill(s *Server, code string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, g := range a.grants {
		if g.of == s {
			g.dead = code
		}
	}
	for token, of := range a.refresh {
		if of == s && code != "" {
			delete(a.refresh, token)
		}
	}
}

// at lets a handler run in the workspace that its path names.
func (s *Server) at(do func(*Server, http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		of := s.app.team(r.PathValue("team"))
		if of == nil {
			of = s
		}
		do(of, w, r)
	}
}

// BotToken is the bot token that is good now; empty when the app is not installed.
func (s *Server) BotToken() string { return s.app.current(s, s.opt.Now()) }

// Revoke makes every bot token of the workspace answer with an error from now on: "token_revoked", "invalid_auth", "account_inactive".
// Events keep coming.
func (s *Server) Revoke(code string) { s.app.kill(s, code) }

// Renew makes bot tokens that were revoked good again, as after a mistake of the administrator.
func (s *Server) Renew() { s.app.kill(s, "") }

// SetScopes changes what the app may do in the workspace: calls get missing_scope and events stay away.
func (s *Server) SetScopes(scopes ...string) { s.scopes.Store(&scopes) }

// Uninstall takes the app out of the workspace: its tokens die, and app_uninstalled and tokens_revoked are the last it hears.
func (s *Server) Uninstall() {
	s.app.kill(s, "account_inactive")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sendEvent(object{"type": "app_uninstalled"})
	s.sendTokensRevoked()
	s.installed = false
	s.touch()
}

// TokensRevoked revokes the bot tokens and tells the app so.
func (s *Server) TokensRevoked() {
	s.app.kill(s, "token_revoked")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sendTokensRevoked()
}

func (s *Server) sendTokensRevoked() {
	s.sendEvent(object{"type": "tokens_revoked", "tokens": object{"oauth": []string{}, "bot": []string{s.opt.Bot.UserID}}})
}

// SendEvent sends an inner event of any content, for what the stand-in does not play itself. It returns the event id.
func (s *Server) SendEvent(inner map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.sent)
	s.sendEvent(inner)
	if len(s.sent) == before {
		return "" // nowhere to send it, or nothing the scopes allow
	}
	return s.sent[len(s.sent)-1].id
}

// revokeAuth is auth.revoke.
func (s *Server) revokeAuth(a args) (object, *failure) {
	if a.flag("test") {
		return object{"revoked": false}, nil
	}
	s.app.kill(s, "token_revoked")
	s.sendTokensRevoked()
	return object{"revoked": true}, nil
}
