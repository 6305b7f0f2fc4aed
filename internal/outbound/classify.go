package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"signoff/connectors"
)

// Bounds of a wait that a service asks for. DefaultWait is for a refusal without a time.
const (
	DefaultWait = time.Minute
	leastWait   = time.Second
	mostWait    = 2 * time.Hour
)

// Classify says what a status means for the next try: "" for success. idempotent tells that the call may be repeated
// without harm. It knows HTTP only: a connector that can read more in the body overrides it.
func Classify(status int, header http.Header, idempotent bool) (connectors.Class, time.Duration) {
	wait, asked := RetryAfter(header, sentAt(header))
	repeat := connectors.Unsure
	if idempotent {
		repeat = connectors.Transient
	}
	switch status {
	case http.StatusTooManyRequests:
		if !asked {
			wait = DefaultWait
		}
		return connectors.Limited, wait
	case http.StatusServiceUnavailable:
		if asked && idempotent {
			return connectors.Limited, wait
		}
		return repeat, wait
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return connectors.Denied, 0
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusMisdirectedRequest, http.StatusLocked, http.StatusTooEarly:
		return connectors.Transient, 0 // nothing happened; the next comparison decides anew
	case http.StatusRequestTimeout:
		return repeat, 0
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return connectors.Rejected, 0
	}
	switch {
	case status >= 200 && status < 300:
		return "", 0
	case status >= 300 && status < 400:
		return connectors.Denied, 0 // the base address leads elsewhere: for the operator to correct
	case status >= 400 && status < 500:
		return connectors.Rejected, 0
	}
	return repeat, wait
}

// sentAt is the sender's own clock, against which it wrote a Retry-After date.
func sentAt(header http.Header) time.Time {
	at, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return at
}

// RetryAfter reads the Retry-After header, in seconds or as a date seen from now. What is asked is kept between one second
// and two hours; a header that says nothing readable counts as absent, as does a date when now is not known.
func RetryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(text, 64); !math.IsNaN(seconds) && (err == nil || errors.Is(err, strconv.ErrRange)) {
		return clamp(seconds), true
	}
	at, err := http.ParseTime(text)
	if err != nil || now.IsZero() {
		return 0, false
	}
	return clamp(at.Sub(now).Seconds()), true
}

func clamp(seconds float64) time.Duration {
	seconds = min(max(seconds, leastWait.Seconds()), mostWait.Seconds())
	return time.Duration(math.Ceil(seconds * float64(time.Second)))
}

// Lost reports whether the request may have been carried out although it ended with err: false only when it surely
// never left.
func Lost(err error) bool {
	if err == nil {
		return false
	}
	if _, ok := errors.AsType[*unsentError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*RefusedError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return false
	}
	op, ok := errors.AsType[*net.OpError](err)
	return !ok || op.Op != "dial"
}

// Failure turns the error of a call that got no usable answer into the one that crosses the connector boundary.
func Failure(op string, err error, idempotent bool) *connectors.Error {
	if err == nil {
		err = errNoAnswer
	}
	return &connectors.Error{Op: op, Class: failureClass(err, idempotent), Err: Plain(err)}
}

func failureClass(err error, idempotent bool) connectors.Class {
	if _, ok := errors.AsType[*RefusedError](err); ok {
		return connectors.Rejected
	}
	if untrusted(err) {
		return connectors.Denied
	}
	if idempotent && again(err) {
		return connectors.Rejected
	}
	if Lost(err) && !idempotent {
		return connectors.Unsure
	}
	return connectors.Transient
}

// again reports that the next answer would surely be refused for the same reason.
func again(err error) bool {
	if _, ok := errors.AsType[*TooLargeError](err); ok {
		return true
	}
	_, ok := errors.AsType[*PackedError](err)
	return ok
}

// untrusted reports that the other side could not show who it is. There is no going on without TLS.
func untrusted(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return true
	}
	_, ok := errors.AsType[x509.HostnameError](err)
	return ok
}

// Answer turns a status into an error, or nil for success. text is what the service said, already free of secrets.
func Answer(op string, status int, header http.Header, idempotent bool, text string) *connectors.Error {
	class, wait := Classify(status, header, idempotent)
	if class == "" {
		return nil
	}
	e := &connectors.Error{Op: op, Class: class, Wait: wait, Err: &Refusal{status, text}}
	if class == connectors.Limited {
		e.Scope = connectors.ScopeInstance
	}
	return e
}

// Plain rewrites an error of http.Client so that it names the host but not the path and query, which can be secrets.
// The cause stays reachable through errors.Is and errors.As.
func Plain(err error) error {
	u, ok := errors.AsType[*url.Error](err)
	if !ok {
		return err
	}
	host := "an address"
	if parsed, parseErr := url.Parse(u.URL); parseErr == nil && parsed.Host != "" {
		host = parsed.Host
	}
	if errors.Is(u.Err, context.DeadlineExceeded) {
		return fmt.Errorf("%s %s: no answer in time: %w", u.Op, host, u.Err)
	}
	return fmt.Errorf("%s %s: %w", u.Op, host, u.Err)
}
