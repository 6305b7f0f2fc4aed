package jira_test

import (
	"strings"
	"testing"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/jira"
)

func TestRateLimits_ByTheirReason(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name                string
		fault               sandbox.Fault
		reason, retry, body string
	}{
		{"burst", sandbox.Fault{Kind: sandbox.RateLimit, Wait: 3 * time.Second}, "jira-burst-based", "3", "errorMessages"},
		{"one issue", sandbox.Fault{Kind: sandbox.RateLimit, Name: "jira-per-issue-on-write", Wait: 2 * time.Second}, "jira-per-issue-on-write", "2", "errorMessages"},
		{"quota without a time", sandbox.Fault{Kind: sandbox.RateLimitNoHeader, Name: "jira-quota-global-based"}, "jira-quota-global-based", "", "errorMessages"},
		{"zero", sandbox.Fault{Kind: sandbox.RateLimitZero}, "jira-burst-based", "0", "errorMessages"},
		{"a page of a proxy", sandbox.Fault{Kind: sandbox.RateLimitHTML, Wait: 4 * time.Second}, "", "4", "<!doctype html>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, nil)
			tc.fault.Service, tc.fault.Times, tc.fault.Method = "jira", 1, "getCurrentUser"
			if err := s.faults.Arm(tc.fault); err != nil {
				t.Fatal(err)
			}
			r := s.want(429, "GET", "myself", "")
			if r.header.Get("RateLimit-Reason") != tc.reason || r.header.Get("Retry-After") != tc.retry || !strings.Contains(string(r.raw), tc.body) {
				t.Errorf("got %v %s, want reason %q, Retry-After %q and %q", r.header, r.raw, tc.reason, tc.retry, tc.body)
			}
			s.want(200, "GET", "myself", "")
		})
	}
}

func TestQuota_PausesEverything(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.ExhaustQuota(s.clock.now().Add(30 * time.Minute))
	for _, path := range []string{"myself", "project/DES"} {
		r := s.want(429, "GET", path, "")
		if r.header.Get("RateLimit-Reason") != "jira-quota-global-based" || r.header.Get("Retry-After") != "1800" || r.header.Get("X-RateLimit-Reset") != "2026-11-24T10:30:00Z" {
			t.Errorf("%s: got %v", path, r.header)
		}
	}
	s.clock.add(30 * time.Minute)
	s.want(200, "GET", "myself", "")
}

func TestRateLimits_NearTheLimit(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *jira.Options) { o.RateLimits = true })
	for i := 1; i <= 100; i++ {
		r := s.want(200, "GET", "myself", "")
		if near := r.header.Get("X-RateLimit-NearLimit") == "true"; near != (i > 80) {
			t.Fatalf("call %d: near the limit %v, remaining %s", i, near, r.header.Get("X-RateLimit-Remaining"))
		}
	}
}

func TestRateLimits_BucketOfDataCenter(t *testing.T) {
	t.Parallel()
	s, _ := dataCenter(t, func(o *jira.Options) {
		o.RateLimits, o.Bucket = true, jira.Bucket{Size: 5, Fill: 2, Every: 10 * time.Second}
	})
	for range 5 {
		s.want(200, "GET", "myself", "")
	}
	r := s.want(429, "GET", "myself", "")
	for name, want := range map[string]string{"Retry-After": "10", "X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0",
		"X-RateLimit-FillRate": "2", "X-RateLimit-Interval-Seconds": "10", "RateLimit-Reason": ""} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	s.clock.add(10 * time.Second)
	s.want(200, "GET", "myself", "")
	s.want(200, "GET", "myself", "")
	s.want(429, "GET", "myself", "")
}
