package jira

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/secret"
)

const (
	// oldest is how late a delivery may come: Jira repeats for about an hour.
	oldest = 24 * time.Hour
	// ahead is how far Jira's clock may be before ours.
	ahead = 10 * time.Minute
)

// Accept believes a webhook that is signed with one of the secrets. What follows the instance in the path and the
// query says nothing; older versions of Jira add to it.
func (c *Connector) Accept(in connectors.Inbound) (connectors.Accepted, error) {
	var none connectors.Accepted
	if in.Method != http.MethodPost {
		return none, &connectors.Refusal{Status: http.StatusMethodNotAllowed, Reason: "method", Allow: http.MethodPost}
	}
	if media, _, err := mime.ParseMediaType(in.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return none, &connectors.Refusal{Status: http.StatusUnsupportedMediaType, Reason: "content type"}
	}
	if in.Header.Get("Content-Encoding") != "" {
		return none, &connectors.Refusal{Status: http.StatusUnsupportedMediaType, Reason: "content encoding"}
	}
	if why := verify(in.Header.Values("X-Hub-Signature"), in.Body, c.set.WebhookSecret); why != "" {
		return none, &connectors.Refusal{Status: http.StatusUnauthorized, Reason: why}
	}
	acc := connectors.Accepted{ID: deliveryID(in), Kind: "event:unknown", Type: "application/json"}
	p, err := readPayload(in.Body)
	if err != nil {
		acc.Malformed = err.Error()
		return acc, nil
	}
	if !c.tenant(p) {
		return none, &connectors.Refusal{Status: http.StatusUnauthorized, Reason: "another Jira site"}
	}
	acc.Kind, acc.Key = p.kind(), p.factKey()
	acc.Ignored, acc.Malformed = c.classify(p, in.At)
	acc.Enrich = acc.Ignored == "" && acc.Malformed == "" && c.perhapsOurs(p)
	if p.mark() != "" && acc.Ignored == "" && !acc.Enrich {
		acc.Ignored = newTicket // somebody copied a ticket of ours, label and all
	}
	return acc, nil
}

// verify returns why a body is not believed, or "".
func verify(headers []string, body []byte, secrets []secret.Secret) string {
	switch {
	case len(headers) == 0 || headers[0] == "":
		return "signature missing"
	case len(headers) > 1:
		return "two signatures"
	}
	method, text, ok := strings.Cut(headers[0], "=")
	if !ok || method != "sha256" {
		return "signature method not known" // sha1 among them
	}
	given, err := hex.DecodeString(text)
	if err != nil || len(given) != sha256.Size || text != strings.ToLower(text) {
		return "signature malformed"
	}
	matched := false
	for _, s := range secrets { // all of them, so that the time does not tell which
		mac := hmac.New(sha256.New, []byte(s.Reveal()))
		mac.Write(body) // never fails
		if hmac.Equal(mac.Sum(nil), given) {
			matched = true
		}
	}
	if !matched {
		return "signature wrong"
	}
	return ""
}

const longestID = 200

// deliveryID is the identifier that Jira repeats on a redelivery; without a usable one, the hash of the body.
func deliveryID(in connectors.Inbound) string {
	id := in.Header.Get("X-Atlassian-Webhook-Identifier")
	bad := func(r rune) bool { return r <= ' ' || r > '~' || r == '/' }
	if id == "" || len(id) > longestID || strings.ContainsFunc(id, bad) {
		sum := sha256.Sum256(in.Body)
		return hex.EncodeToString(sum[:])
	}
	return id
}

// tenant compares the site that an event says it is from with ours, where both are sites of Atlassian's cloud. A proxy
// or a custom domain cannot be compared; there the signature alone decides.
func (c *Connector) tenant(p *payload) bool {
	ours, ok := cloudSite(c.set.URL)
	if direct := c.set.APIURL == c.set.URL || strings.HasPrefix(c.set.APIURL, gateway); !ok || !direct {
		return true
	}
	for _, self := range []string{p.Issue.Self, p.user().Self, p.Comment.Self} {
		if theirs, ok := cloudSite(self); ok && theirs != ours {
			return false
		}
	}
	return true
}

func cloudSite(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", false
	}
	host := strings.ToLower(u.Hostname())
	return host, strings.HasSuffix(host, ".atlassian.net")
}

// classify says why a delivery is of no use, or what is wrong with it.
func (c *Connector) classify(p *payload, received time.Time) (ignored, malformed string) {
	if at := p.sent(); !at.IsZero() {
		switch late := received.Sub(at); {
		case late > oldest:
			return fmt.Sprintf("superseded: sent %d hours before it came", int(late.Hours())), ""
		case late < -ahead:
			return "", "its timestamp lies in the future"
		}
	}
	return p.use()
}

// perhapsOurs reports whether our own account may be behind it: then Enrich compares with what was written.
func (c *Connector) perhapsOurs(p *payload) bool {
	who := p.user().AccountID
	self := c.self.Load()
	return who != "" && (self == nil || self.ID == who)
}
