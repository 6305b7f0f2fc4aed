package confluence

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// authenticate takes the product's token in the way of the edition: with its account's address on Cloud, alone as a bearer
// on Data Center.
func (s *Server) authenticate(c *call) *reply {
	gateway := s.opt.CloudID != ""
	if through := strings.HasPrefix(strings.TrimPrefix(c.URL.Path, s.opt.Prefix), "/ex/"); !s.knows(c.Request) || through != gateway {
		if through {
			return answer(http.StatusUnauthorized, object{"code": http.StatusUnauthorized, "message": "Unauthorized"})
		}
		rep := c.problem(http.StatusUnauthorized, "Unauthorized")
		rep.header = map[string]string{"WWW-Authenticate": `Basic realm="confluence"`, "X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
		return rep
	}
	for _, need := range strings.Fields(c.route.scopes) {
		if s.opt.Scopes != nil && !slices.Contains(s.opt.Scopes, need) && !classic(s.opt.Scopes, c.route) {
			return answer(http.StatusUnauthorized, object{"code": http.StatusUnauthorized, "message": "Unauthorized; scope does not match"})
		}
	}
	if !s.anonymous {
		c.by = s.bot()
	}
	return nil
}

// classic reports whether an older scope stands for the finer ones of an operation.
func classic(scopes []string, r route) bool {
	return strings.Contains(r.scopes, ":label:") && slices.Contains(scopes, "write:confluence-content")
}

func (s *Server) knows(req *http.Request) bool {
	if s.opt.Token == "" {
		return false
	}
	if !s.cloud() {
		kind, token, _ := strings.Cut(req.Header.Get("Authorization"), " ")
		return strings.EqualFold(kind, "Bearer") && token == s.opt.Token
	}
	mail, token, ok := req.BasicAuth()
	return ok && strings.EqualFold(mail, s.opt.User) && token == s.opt.Token
}

// SetAnonymous makes the site ignore credentials in silence from now on: the product is nobody, who sees nothing.
func (s *Server) SetAnonymous(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.anonymous = on
}

// ExhaustLimit makes the site answer every call with 429 until then.
func (s *Server) ExhaustLimit(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exhausted = until
}

// limited counts the call and refuses it when it is one too many.
func (s *Server) limited(c *call) *reply {
	now := s.opt.Now()
	s.calls = slices.DeleteFunc(s.calls, func(at time.Time) bool { return now.Sub(at) >= time.Second })
	free := s.exhausted
	if s.opt.PerSecond > 0 && len(s.calls) >= s.opt.PerSecond && free.Before(s.calls[0].Add(time.Second)) {
		free = s.calls[0].Add(time.Second)
	}
	if !now.Before(free) {
		if s.opt.PerSecond > 0 {
			s.calls = append(s.calls, now)
		}
		return nil
	}
	wait := int((free.Sub(now) + time.Second - 1) / time.Second)
	rep := c.problem(http.StatusTooManyRequests, "Rate limit exceeded")
	rep.header = map[string]string{
		"Retry-After": strconv.Itoa(wait), "X-RateLimit-Limit": strconv.Itoa(max(1, s.opt.PerSecond)), "X-RateLimit-Remaining": "0",
	}
	if s.cloud() {
		rep.header["X-RateLimit-Reset"] = free.UTC().Format(time.RFC3339)
	} else {
		rep.header["X-RateLimit-FillRate"], rep.header["X-RateLimit-Interval-Seconds"] = strconv.Itoa(max(1, s.opt.PerSecond)), "1"
	}
	return rep
}
