package jira

import (
	"net/http"
	"strconv"
	"time"
)

// meter counts calls for the rate limits of a Cloud site.
type meter struct {
	burst  map[string][]time.Time // by method and operation
	writes map[string][]time.Time // by issue
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

// limited counts the call and refuses it when it is one too many. The caller holds the lock.
func (s *Server) limited(method string, c call) *reply {
	if !s.opt.RateLimits {
		return nil
	}
	now := s.opt.Now()
	if s.meter.burst == nil {
		s.meter = meter{burst: map[string][]time.Time{}, writes: map[string][]time.Time{}}
	}
	kind := method + " " + c.op
	if rep := take(s.meter.burst, kind, now, burstLimit(method)); rep != nil {
		return rep
	}
	iss := s.find(c.path["key"])
	if iss == nil || method == http.MethodGet {
		return nil
	}
	return take(s.meter.writes, iss.idString(), now, issueLimits()...)
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

func tooMany(l allowance, frees, now time.Time) *reply {
	rep := problem(http.StatusTooManyRequests, "Rate limit exceeded.")
	wait := int((frees.Sub(now) + time.Second - 1) / time.Second)
	rep.header = map[string]string{
		"Retry-After": strconv.Itoa(wait), "RateLimit-Reason": l.reason,
		"X-RateLimit-Limit": strconv.Itoa(l.calls), "X-RateLimit-Remaining": "0",
		"X-RateLimit-Reset": now.Add(time.Duration(wait) * time.Second).UTC().Format(time.RFC3339), "X-RateLimit-NearLimit": "true",
	}
	return rep
}
