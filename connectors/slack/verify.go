package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"strings"
	"time"

	"signoff/connectors"
)

const (
	headerTime      = "X-Slack-Request-Timestamp"
	headerSignature = "X-Slack-Signature"
	window          = 300 // seconds a timestamp may be away, in either direction
	signatureLength = len("v0=") + 2*sha256.Size
)

// Media types of what Slack sends.
const (
	typeJSON = "application/json"
	typeForm = "application/x-www-form-urlencoded"
)

// Reasons of a refusal. They are a closed set, for the log and the counter.
const (
	reasonMethod    = "method"
	reasonPath      = "path"
	reasonType      = "content type"
	reasonEncoding  = "content encoding"
	reasonHeaders   = "signature headers"
	reasonTime      = "timestamp"
	reasonSignature = "signature"
	reasonTenant    = "other workspace or app"
)

// admit refuses what is no signed delivery of Slack's for this hook; else it returns the media type and which of our
// secrets it was signed with.
func (c *Connector) admit(in connectors.Inbound) (kind, secret string, refusal *connectors.Refusal) {
	if in.Method != http.MethodPost {
		return "", "", &connectors.Refusal{Status: http.StatusMethodNotAllowed, Reason: reasonMethod, Allow: http.MethodPost}
	}
	if in.Rest != "" {
		return "", "", &connectors.Refusal{Status: http.StatusNotFound, Reason: reasonPath}
	}
	if enc := in.Header.Values("Content-Encoding"); len(enc) > 0 {
		return "", "", &connectors.Refusal{Status: http.StatusUnsupportedMediaType, Reason: reasonEncoding}
	}
	kind, _, err := mime.ParseMediaType(in.Header.Get("Content-Type"))
	if err != nil || kind != typeJSON && kind != typeForm {
		return "", "", &connectors.Refusal{Status: http.StatusUnsupportedMediaType, Reason: reasonType}
	}
	if in.Trusted {
		return kind, "", nil
	}
	secret, reason := c.verify.check(in.Header, in.Body, in.At)
	if reason != "" {
		return "", "", &connectors.Refusal{Status: http.StatusUnauthorized, Reason: reason}
	}
	return kind, secret, nil
}

// verifier checks Slack's v0 signatures against every live secret.
type verifier struct{ secrets [][]byte }

func newVerifier(secrets Secrets) verifier {
	var v verifier
	for _, s := range secrets {
		v.secrets = append(v.secrets, []byte(s.Reveal()))
	}
	return v
}

// check says which secret signed the bytes ("current", "previous"), or why they are not believed. The reason never holds
// a computed signature.
func (v verifier) check(header http.Header, body []byte, at time.Time) (secret, reason string) {
	times, signatures := header.Values(headerTime), header.Values(headerSignature)
	if len(times) != 1 || len(signatures) != 1 {
		return "", reasonHeaders
	}
	sent, ok := unixSeconds(times[0])
	if !ok {
		return "", reasonTime
	}
	if away := at.Unix() - sent; away > window || away < -window {
		return "", reasonTime
	}
	given := []byte(signatures[0])
	if len(given) != signatureLength {
		return "", reasonSignature
	}
	for n, key := range v.secrets { // all of them, so that the time does not tell which one matched
		if hmac.Equal(given, signature(key, times[0], body)) && secret == "" {
			secret = [...]string{"current", "previous"}[min(n, 1)]
		}
	}
	if secret == "" {
		return "", reasonSignature
	}
	return secret, ""
}

// signature is what Slack would send for body at the given timestamp.
func signature(key []byte, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("v0:" + timestamp + ":"))
	mac.Write(body)
	return append([]byte("v0="), hex.EncodeToString(mac.Sum(nil))...)
}

// unixSeconds reads plain ASCII digits only: no sign, no exponent, no other script's digits.
func unixSeconds(s string) (int64, bool) {
	if s == "" || len(s) > 12 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	var n int64
	for _, d := range []byte(s) {
		n = n*10 + int64(d-'0')
	}
	return n, true
}
