package figma

import (
	"crypto/subtle"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kinds of tokens.
const (
	personal = "personal"
	plan     = "plan"
	oauth    = "oauth"
)

// authenticate finds whose token a call shows, and whether it may do what it asks for.
func (s *Server) authenticate(c *call) *reply {
	shown, bearer := c.Header.Get("X-Figma-Token"), c.Header.Get("Authorization")
	if shown != "" && bearer != "" {
		return badRequest("Only one of X-Figma-Token and Authorization is allowed")
	}
	kind, value, _ := strings.Cut(bearer, " ")
	if shown == "" && (!strings.EqualFold(kind, "Bearer") || value == "") {
		return problem(http.StatusForbidden, "Invalid token")
	}
	i := slices.IndexFunc(s.tokens, func(t Token) bool {
		return (t.Kind == oauth) == (shown == "") && subtle.ConstantTimeCompare([]byte(t.Value), []byte(shown+value)) == 1
	})
	if i < 0 {
		return problem(http.StatusForbidden, "Invalid token")
	}
	c.token = s.tokens[i]
	if c.by = s.user(c.token.Owner); c.by == nil {
		c.by = s.account()
	}
	if c.personal && c.token.Kind == plan {
		return problem(http.StatusForbidden, "Plan access tokens cannot be used with this endpoint")
	}
	if c.token.Scopes != nil && !slices.ContainsFunc(c.scopes, func(one string) bool { return slices.Contains(c.token.Scopes, one) }) {
		return problem(http.StatusForbidden, fmt.Sprintf("Invalid scope: [%s]. This endpoint requires the %s scope", strings.Join(c.token.Scopes, ", "), strings.Join(c.scopes, " or ")))
	}
	return nil
}

// RevokeTokens makes every call from now on meet an invalid token, as when the tokens have expired.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = nil
}

// UseUp makes calls of a tier (1 to 3) meet the limit for that long. Figma has been seen to ask for days.
func (s *Server) UseUp(tier int, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usedUp[tier] = s.opt.Now().Add(wait)
}

// bucket leaks: level is how full it was at that time.
type bucket struct {
	level float64
	at    time.Time
}

// budget is how many calls of a tier are allowed within how long; 0 = no limit.
func (s *Server) budget(tier int) (int, time.Duration) {
	if n := [...]int{0, s.opt.Limits.Tier1, s.opt.Limits.Tier2, s.opt.Limits.Tier3}[tier]; n != 0 {
		return max(n, 0), time.Minute
	}
	if s.opt.LowSeat {
		if tier == 1 {
			return 6, 30 * 24 * time.Hour
		}
		return [...]int{0, 0, 5, 10}[tier], time.Minute
	}
	switch s.opt.Plan {
	case "org":
		return [...]int{0, 15, 50, 100}[tier], time.Minute
	case "enterprise":
		return [...]int{0, 20, 100, 150}[tier], time.Minute
	}
	return [...]int{0, 10, 25, 50}[tier], time.Minute
}

// spend takes one call from the budget of its tier: one budget per person, or per token where no person stands behind it.
func (s *Server) spend(c *call) *reply {
	now := s.opt.Now()
	if now.Before(s.usedUp[c.tier]) {
		return s.tooMany(s.usedUp[c.tier].Sub(now))
	}
	n, per := s.budget(c.tier)
	if n == 0 {
		return nil
	}
	whose := c.by.ID
	if c.token.Kind != personal {
		whose = c.token.Value
	}
	key := whose + " " + strconv.Itoa(c.tier)
	b, each := s.buckets[key], per/time.Duration(n)
	if since := now.Sub(b.at); since > 0 {
		b.level, b.at = max(0, b.level-float64(since)/float64(each)), now
	}
	if over := b.level + 1 - float64(n); over > 0 {
		return s.tooMany(time.Duration(over * float64(each)))
	}
	b.level++
	s.buckets[key] = b
	return nil
}

func (s *Server) tooMany(wait time.Duration) *reply {
	seat := "high"
	if s.opt.LowSeat {
		seat = "low"
	}
	rep := problem(http.StatusTooManyRequests, "Rate limit exceeded")
	rep.header = map[string]string{
		"Retry-After": strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))), "X-Figma-Plan-Tier": s.opt.Plan,
		"X-Figma-Rate-Limit-Type": seat, "X-Figma-Upgrade-Link": "https://www.figma.com/settings/plans",
	}
	return rep
}

// Uninvite takes a file out of the reach of every token; Invite gives it back.
func (s *Server) Uninvite(file string) error { return s.lock(file, true) }

// Invite gives a file back that Uninvite took away.
func (s *Server) Invite(file string) error { return s.lock(file, false) }

func (s *Server) lock(name string, locked bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.file(name)
	if f == nil {
		return ErrNothing
	}
	f.locked = locked
	return nil
}
