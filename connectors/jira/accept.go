package jira

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
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

// Accept believes a webhook that is signed with one of the secrets, or comes to the address that only Jira knows. The
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
	which, why := c.authentic(in)
	if why != "" {
		return none, &connectors.Refusal{Status: http.StatusUnauthorized, Reason: why}
	}
	acc := connectors.Accepted{ID: deliveryID(in), Kind: "event:unknown", Type: "application/json", Secret: which}
	p, err := readPayload(in.Body)
	if err != nil {
		acc.Malformed = err.Error()
		return acc, nil
	}
	if !c.tenant(p) {
		return none, &connectors.Refusal{Status: http.StatusUnauthorized, Reason: "another Jira site", Signed: true}
	}
	acc.Kind, acc.Key = p.kind(), p.factKey()
	acc.Kept = wordless(in.Body, p.Comment.restricted())
	acc.Ignored, acc.Malformed = c.classify(p, in.At)
	used := acc.Ignored == "" && acc.Malformed == ""
	acc.Enrich = used && (p.isComment() || c.perhapsOurs(p))
	if p.mark() != "" && used && !acc.Enrich {
		acc.Ignored = newTicket // somebody copied a ticket of ours, label and all
		acc.Alarm = p.key() + " carries the label of another ticket of signoff's: it was copied, and signoff does not follow it"
	}
	return acc, nil
}

// authentic believes a webhook by all that is set up: the token at the end of its address, and its signature. It returns
// which secret matched, or why the webhook is not believed.
func (c *Connector) authentic(in connectors.Inbound) (which, why string) {
	if token := c.set.WebhookToken.Reveal(); token != "" {
		given := sha256.Sum256([]byte(strings.Trim(in.Rest, "/")))
		want := sha256.Sum256([]byte(token))
		if subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
			return "", "token of the address wrong"
		}
	}
	if len(c.set.WebhookSecret) == 0 {
		return "", ""
	}
	return verify(in.Header.Values("X-Hub-Signature"), in.Body, c.set.WebhookSecret)
}

// verify returns which secret a body is signed with, or why it is not believed.
func verify(headers []string, body []byte, secrets []secret.Secret) (which, why string) {
	switch {
	case len(headers) == 0 || headers[0] == "":
		return "", "signature missing"
	case len(headers) > 1:
		return "", "two signatures"
	}
	method, text, ok := strings.Cut(headers[0], "=")
	if !ok || method != "sha256" {
		return "", "signature method not known" // sha1 among them
	}
	given, err := hex.DecodeString(text)
	if err != nil || len(given) != sha256.Size || text != strings.ToLower(text) {
		return "", "signature malformed"
	}
	names := []string{"current", "previous"}
	for i, s := range secrets { // all of them, so that the time does not tell which
		mac := hmac.New(sha256.New, []byte(s.Reveal()))
		mac.Write(body) // never fails
		if hmac.Equal(mac.Sum(nil), given) && which == "" {
			which = names[min(i, 1)]
		}
	}
	if which == "" {
		return "", "signature wrong"
	}
	return which, ""
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
	self := c.self.Load()
	for _, who := range []string{p.user().ID, p.Comment.Author.id()} {
		if who != "" && (self == nil || self.id() == who) {
			return true
		}
	}
	return false
}
