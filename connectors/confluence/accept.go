package confluence

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"time"

	"signoff/connectors"
	"signoff/internal/secret"
	"signoff/internal/strictjson"
)

const (
	// oldest is how late a delivery may come.
	oldest = 24 * time.Hour
	// ahead is how far Confluence's clock may be before ours.
	ahead = 10 * time.Minute
)

// payload is a webhook of Data Center, or what a search of ours found. Both only say which page to look at.
type payload struct {
	Test      bool   `json:"test"`
	Timestamp loose  `json:"timestamp"` // milliseconds
	Event     string `json:"event"`
	Page      *struct {
		ID loose `json:"id"`
	} `json:"page"`
	Content *struct {
		ID   loose  `json:"id"`
		Type string `json:"type"`
	} `json:"content"`
	Version int `json:"version"` // of what a search found
}

// id is the page that it is about, "" where that is not said.
func (p *payload) id() string {
	switch {
	case p.Page != nil && idForm.MatchString(string(p.Page.ID)):
		return string(p.Page.ID)
	case p.Content != nil && idForm.MatchString(string(p.Content.ID)) && (p.Content.Type == "" || p.Content.Type == "page"):
		return string(p.Content.ID)
	}
	return ""
}

// labelledEvent is what our own searches tell.
const labelledEvent = "signoff:labelled"

func used(event string) bool {
	switch event {
	case "page_created", "page_updated", "page_restored", "page_moved", "label_added", labelledEvent:
		return true
	}
	return false
}

// Accept believes a webhook that is signed with one of the secrets, and what our own searches found.
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
	if string(in.Body) == `{"test":true}` { // "Test connection", which may come unsigned and means nothing
		return connectors.Accepted{Answer: &connectors.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"ok":true}`)}}, nil
	}
	which, why := "", ""
	if !in.Trusted {
		which, why = verify(in.Header.Values("X-Hub-Signature"), in.Body, c.set.WebhookSecret)
	}
	if why != "" {
		return none, &connectors.Refusal{Status: http.StatusUnauthorized, Reason: why}
	}
	return c.accepted(in, which), nil
}

func (c *Connector) accepted(in connectors.Inbound, which string) connectors.Accepted {
	sum := sha256.Sum256(in.Body)
	acc := connectors.Accepted{ID: hex.EncodeToString(sum[:]), Kind: "event:unknown", Type: "application/json", Secret: which}
	p, err := readPayload(in.Body)
	if err != nil {
		acc.Malformed = err.Error()
		return acc
	}
	acc.Kind = "event:" + oneLine(firstOf(p.Event, "unknown"), 60)
	switch at, ok := p.sent(); {
	case p.Event == "":
		acc.Malformed = "it names no event"
	case !used(p.Event), p.Event == labelledEvent && !in.Trusted:
		acc.Ignored = "signoff does not use this event"
	case p.id() == "":
		acc.Ignored = "it names no page; pages are found by their label" // label events have many forms
	case ok && in.At.Sub(at) > oldest:
		acc.Ignored = fmt.Sprintf("superseded: sent %d hours before it came", int(in.At.Sub(at).Hours()))
	case ok && at.Sub(in.At) > ahead:
		acc.Malformed = "its timestamp lies in the future"
	default:
		acc.Enrich = true
	}
	return acc
}

// verify returns which secret a body is signed with, or why it is not believed.
func verify(headers []string, body []byte, secrets []secret.Secret) (which, why string) {
	switch {
	case len(secrets) == 0:
		return "", "there is no secret for webhooks"
	case len(headers) == 0 || headers[0] == "":
		return "", "signature missing"
	case len(headers) > 1:
		return "", "two signatures"
	}
	const method = "sha256="
	text := headers[0]
	if len(text) != len(method)+2*sha256.Size || text[:len(method)] != method {
		return "", "signature method not known"
	}
	given, err := hex.DecodeString(text[len(method):])
	if err != nil {
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

func readPayload(body []byte) (*payload, error) {
	var p payload
	if err := strictjson.Decode(body, &p, strictjson.Limits{}); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	return &p, nil
}

// sent is when a webhook was sent; false where it does not say.
func (p *payload) sent() (time.Time, bool) {
	ms, err := parseMilli(string(p.Timestamp))
	return ms, err == nil
}
