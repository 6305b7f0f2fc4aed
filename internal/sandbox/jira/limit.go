package jira

import (
	"net/http"
	"strconv"
	"time"
)

// meter counts calls for the rate limits.
type meter struct {
	burst  map[string][]time.Time // by method and operation
	writes map[string][]time.Time // by issue
	empty  time.Time              // until then the hourly quota is used up
	spent  int                    // tokens taken from the bucket
	filled time.Time              // when the bucket was filled last
}

// Bucket is the limit that the administrator of a Data Center site sets for each account.
type Bucket struct {
	Size, Fill int
	Every      time.Duration
}

// allowance is a limit: so many calls within a period.
type allowance struct {
	calls  int
	period time.Duration
	reason string
}

func burstLimit(method string) allowance {
	calls := 50 // PUT, DELETE
	if method == http.MethodGet || method == http.MethodPost {
		calls = 100
	}
	return allowance{calls, time.Second, "jira-burst-based"}
}

func issueLimits() []allowance {
	return []allowance{
		{20, 2 * time.Second, "jira-per-issue-on-write"},
		{100, 30 * time.Second, "jira-per-issue-on-write"},
	}
}

// ExhaustQuota makes the site answer every call with 429 for its hourly quota until the given moment.
func (s *Server) ExhaustQuota(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meter.empty = until
}

// limited counts the call and refuses it when it is one too many. The caller holds the lock.
func (s *Server) limited(method string, c *call) *reply {
	now := s.opt.Now()
	if now.Before(s.meter.empty) {
		return tooMany(allowance{65000, time.Hour, "jira-quota-global-based"}, s.meter.empty, now)
	}
	if !s.opt.RateLimits {
		return nil
	}
	if !s.cloud() {
		return s.pour(c, now)
	}
	if s.meter.burst == nil {
		s.meter.burst, s.meter.writes = map[string][]time.Time{}, map[string][]time.Time{}
	}
	kind, limit := method+" "+c.op, burstLimit(method)
	if rep := take(s.meter.burst, kind, now, limit); rep != nil {
		return rep
	}
	left := limit.calls - len(s.meter.burst[kind])
	c.left = map[string]string{"X-RateLimit-Limit": strconv.Itoa(limit.calls), "X-RateLimit-Remaining": strconv.Itoa(left)}
	if left*5 < limit.calls {
		c.left["X-RateLimit-NearLimit"] = "true"
	}
	iss := s.find(c.path["key"])
	if iss == nil || method == http.MethodGet {
		return nil
	}
	return take(s.meter.writes, iss.idString(), now, issueLimits()...)
}

// pour takes a token from the bucket of Data Center.
func (s *Server) pour(c *call, now time.Time) *reply {
	b, m := s.opt.Bucket, &s.meter
	if m.filled.IsZero() {
		m.filled = now
	}
	if rounds := int(now.Sub(m.filled) / b.Every); rounds > 0 {
		m.spent = max(0, m.spent-rounds*b.Fill)
		m.filled = m.filled.Add(time.Duration(rounds) * b.Every)
	}
	head := map[string]string{"X-RateLimit-Limit": strconv.Itoa(b.Size), "X-RateLimit-FillRate": strconv.Itoa(b.Fill),
		"X-RateLimit-Interval-Seconds": strconv.Itoa(int(b.Every / time.Second)), "Retry-After": "0"}
	c.left = head
	if m.spent >= b.Size {
		head["X-RateLimit-Remaining"] = "0"
		head["Retry-After"] = wait(m.filled.Add(b.Every), now)
		return problem(http.StatusTooManyRequests, "Rate limit exceeded.")
	}
	m.spent++
	head["X-RateLimit-Remaining"] = strconv.Itoa(b.Size - m.spent)
	return nil
}

// take adds a call at now under name unless one of the limits is reached.
func take(calls map[string][]time.Time, name string, now time.Time, limits ...allowance) *reply {
	longest := limits[len(limits)-1].period
	kept := calls[name]
	for len(kept) > 0 && now.Sub(kept[0]) >= longest {
		kept = kept[1:]
	}
	calls[name] = kept
	for _, l := range limits {
		if len(kept) < l.calls {
			continue
		}
		if frees := kept[len(kept)-l.calls].Add(l.period); now.Before(frees) {
			return tooMany(l, frees, now)
		}
	}
	calls[name] = append(kept, now)
	return nil
}

// wait is how many seconds it is until then, rounded up.
func wait(then, now time.Time) string {
	return strconv.Itoa(int((then.Sub(now) + time.Second - 1) / time.Second))
}

func tooMany(l allowance, frees, now time.Time) *reply {
	rep := problem(http.StatusTooManyRequests, "Rate limit exceeded.")
	seconds := wait(frees, now)
	rep.header = map[string]string{
		"Retry-After": seconds, "RateLimit-Reason": l.reason,
		"X-RateLimit-Limit": strconv.Itoa(l.calls), "X-RateLimit-Remaining": "0",
		"X-RateLimit-Reset": resets(seconds, now), "X-RateLimit-NearLimit": "true",
	}
	return rep
}

func resets(seconds string, now time.Time) string {
	n, err := strconv.Atoi(seconds)
	if err != nil {
		return ""
	}
	return now.Add(time.Duration(n) * time.Second).UTC().Format(time.RFC3339)
}
