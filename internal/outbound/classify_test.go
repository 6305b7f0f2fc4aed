package outbound_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/outbound"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		want  time.Duration
		asked bool
	}{
		{"", 0, false}, {"soon", 0, false}, {"NaN", 0, false}, {"7", 7 * time.Second, true}, {" 7 ", 7 * time.Second, true},
		{"0", time.Second, true}, {"-1", time.Second, true}, {"1.5", 1500 * time.Millisecond, true}, {"1e9", 2 * time.Hour, true},
		{"99999999999999999999999", 2 * time.Hour, true}, {"1e999", 2 * time.Hour, true}, {"-Inf", time.Second, true}, {"3600", time.Hour, true},
		{"Tue, 24 Nov 2026 12:00:30 GMT", 30 * time.Second, true}, {"Tue, 24 Nov 2026 11:00:00 GMT", time.Second, true},
		{"Tuesday, 24-Nov-26 12:01:00 GMT", time.Minute, true}, {"Thu, 24 Nov 2030 12:00:00 GMT", 2 * time.Hour, true},
	} {
		got, asked := outbound.RetryAfter(http.Header{"Retry-After": {c.text}}, noon)
		if got != c.want || asked != c.asked {
			t.Errorf("RetryAfter(%q) = %v, %v; want %v, %v", c.text, got, asked, c.want, c.asked)
		}
	}
	if got, asked := outbound.RetryAfter(http.Header{"Retry-After": {"Tue, 24 Nov 2026 12:00:30 GMT"}}, time.Time{}); asked {
		t.Errorf("a date without a clock: got %v, want it ignored", got)
	}
	if _, asked := outbound.RetryAfter(nil, noon); asked {
		t.Error("no header: got a wait, want none")
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	const (
		tr, li, un = connectors.Transient, connectors.Limited, connectors.Unsure
		re, de     = connectors.Rejected, connectors.Denied
	)
	for _, c := range []struct {
		status     int
		header     string
		post, read connectors.Class
		wait       time.Duration // of the post
	}{
		{200, "", "", "", 0}, {201, "5", "", "", 0}, {204, "", "", "", 0},
		{301, "", de, de, 0}, {302, "", de, de, 0}, {307, "", de, de, 0},
		{400, "", re, re, 0}, {401, "", de, de, 0}, {403, "", de, de, 0}, {404, "", re, re, 0}, {405, "", re, re, 0}, {407, "", de, de, 0},
		{408, "", un, tr, 0}, {409, "", tr, tr, 0}, {410, "", re, re, 0}, {412, "", tr, tr, 0}, {413, "", re, re, 0}, {415, "", re, re, 0},
		{421, "", tr, tr, 0}, {422, "", re, re, 0}, {423, "", tr, tr, 0}, {425, "", tr, tr, 0}, {451, "", re, re, 0},
		{429, "7", li, li, 7 * time.Second}, {429, "", li, li, time.Minute}, {429, "-1", li, li, time.Second}, {429, "1e9", li, li, 2 * time.Hour},
		{429, "Tue, 24 Nov 2026 12:00:30 GMT", li, li, 30 * time.Second},
		{500, "", un, tr, 0}, {501, "", re, re, 0}, {502, "", un, tr, 0}, {503, "", un, tr, 0}, {503, "9", un, li, 9 * time.Second}, {504, "", un, tr, 0},
		{505, "", re, re, 0}, {520, "", un, tr, 0}, {599, "", un, tr, 0}, {999, "", un, tr, 0}, {0, "", un, tr, 0}, {100, "", un, tr, 0},
	} {
		header := http.Header{"Date": {noon.Format(http.TimeFormat)}}
		if c.header != "" {
			header.Set("Retry-After", c.header)
		}
		post, wait := outbound.Classify(c.status, header, false)
		read, _ := outbound.Classify(c.status, header, true)
		if post != c.post || read != c.read {
			t.Errorf("Classify(%d, Retry-After %q) = %q for a post, %q for a read; want %q, %q", c.status, c.header, post, read, c.post, c.read)
		}
		if post != "" && wait != c.wait {
			t.Errorf("Classify(%d, Retry-After %q): wait %v, want %v", c.status, c.header, wait, c.wait)
		}
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	if got := outbound.Answer("op", http.StatusCreated, nil, false, ""); got != nil {
		t.Errorf("201: got %v, want nil", got)
	}
	got := outbound.Answer("create issue", http.StatusTooManyRequests, http.Header{"Retry-After": {"3"}}, false, "slow down")
	if got.Class != connectors.Limited || got.Wait != 3*time.Second || got.Scope != connectors.ScopeInstance || got.Error() != "create issue: HTTP 429: slow down" {
		t.Errorf("429: got %+v (%v)", got, got)
	}
	if got, want := outbound.Answer("op", http.StatusBadGateway, nil, false, "").Error(), "op: HTTP 502 Bad Gateway"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlain_NamesTheHostOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{&url.Error{Op: "Post", URL: "https://hooks.slack.com/actions/canary?x=canary", Err: errors.New("connection reset")}, "Post hooks.slack.com: connection reset"},
		{&url.Error{Op: "Get", URL: "https://x.example/canary", Err: context.DeadlineExceeded}, "Get x.example: no answer in time: context deadline exceeded"},
		{&url.Error{Op: "Get", URL: "%zz canary", Err: errors.New("bad")}, "Get an address: bad"},
		{errors.New("other"), "other"},
	} {
		got := outbound.Plain(c.err)
		if got.Error() != c.want || strings.Contains(got.Error(), "canary") {
			t.Errorf("Plain(%v)\n got %v\nwant %s", c.err, got, c.want)
		}
		if cause := errors.Unwrap(c.err); cause != nil && !errors.Is(got, cause) {
			t.Errorf("Plain(%v) lost its cause", c.err)
		}
	}
	if got := outbound.Failure("op", nil, false); got.Class != connectors.Unsure || got.Err == nil {
		t.Errorf("Failure of nil: got %+v, want unsure, with an error", got)
	}
}
