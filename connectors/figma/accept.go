package figma

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/strictjson"
)

const (
	// oldest is how late a delivery may come: Figma's last try is 3 h 35 min after the first.
	oldest = 4*time.Hour + 30*time.Minute
	// ahead is how far Figma's clock may be before ours.
	ahead = 5 * time.Minute
)

// Accept believes a webhook that shows the passcode of the address it came to. It never answers 400: that would make Figma
// stop the webhook for good.
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
	if len(in.Body) > largest {
		return none, &connectors.Refusal{Status: http.StatusRequestEntityTooLarge, Reason: "body too large"}
	}
	which, refused := c.authentic(in)
	if refused != nil {
		return none, refused
	}
	kept, err := silenced(in.Body)
	if err != nil {
		return none, &connectors.Refusal{Status: http.StatusUnauthorized, Reason: "body is no JSON object"}
	}
	sum := sha256.Sum256(kept)
	acc := connectors.Accepted{ID: hex.EncodeToString(sum[:]), Key: "other/" + hash(string(tryless(kept))), Kind: "event:unknown", Type: "application/json", Secret: which, Kept: kept}
	p, err := readPayload(kept)
	if err != nil {
		acc.Malformed = err.Error()
		return acc, nil
	}
	if !in.Trusted && stale(p, in.At) {
		return none, &connectors.Refusal{Status: http.StatusUnauthorized, Reason: "stale"}
	}
	return c.classified(acc, p), nil
}

// classified fills in what a believed webhook is about.
func (c *Connector) classified(acc connectors.Accepted, p *payload) connectors.Accepted {
	if acc.Malformed = p.missing(); acc.Malformed != "" {
		return acc
	}
	if !p.known() {
		acc.Ignored = "signoff does not use this event"
		return acc
	}
	acc.Kind, acc.Key, acc.Enrich = "event:"+p.Event, p.factKey(), true
	if _, asks := c.mentions(p.said()); !asks && p.Event != ping {
		acc.About = c.file(p.FileKey)
	}
	return acc
}

// authentic says which of our passcodes a delivery shows. One that we fetched from Figma's own list needs none.
func (c *Connector) authentic(in connectors.Inbound) (which string, refused error) {
	if in.Trusted {
		return "", nil
	}
	codes, names := c.candidates(in.Rest)
	if len(codes) == 0 {
		if len(c.set.WebhookPasscode) == 0 && strings.Trim(in.Rest, "/") == "" {
			// Somebody made a webhook by hand and did not tell us its passcode: our fault, not Figma's.
			return "", &connectors.Refusal{Status: http.StatusServiceUnavailable, Reason: "webhook_passcode is not set"}
		}
		codes, names = []string{c.passcode("nobody " + in.Rest)}, []string{""} // takes as long as a wrong one
	}
	given, ok := shown(in.Body)
	which, right := admits(given, codes, names)
	switch {
	case !ok:
		return "", &connectors.Refusal{Status: http.StatusUnauthorized, Reason: "no passcode"}
	case !right:
		return "", &connectors.Refusal{Status: http.StatusUnauthorized, Reason: "passcode wrong"}
	}
	return which, nil
}

// shown is the passcode that a body shows; false where it shows none that could be compared.
func shown(body []byte) (string, bool) {
	var p struct {
		Passcode string `json:"passcode"`
	}
	if err := readable(strictjson.Decode(body, &p, limits())); err != nil {
		return "", false
	}
	if p.Passcode == "" {
		var m map[string]json.RawMessage
		_ = json.Unmarshal(body, &m) // what cannot be read shows nothing
		_ = json.Unmarshal(m["passcode"], &p.Passcode)
	}
	return p.Passcode, p.Passcode != ""
}

// readable leaves out what is wrong only with single words of a body: half a character, say, which somebody typed into the name
// of a file. Such a body shows its passcode as any other, and is kept as malformed.
func readable(err error) error {
	wrong, _ := errors.AsType[*strictjson.Error](err)
	if wrong != nil && slices.Contains([]strictjson.Kind{strictjson.Surrogate, strictjson.Nul, strictjson.Encoding, strictjson.Number}, wrong.Kind) {
		return nil
	}
	return err
}

// silenced is a body without its passcode. All else stays as it was written.
func silenced(body []byte) ([]byte, error) {
	var m map[string]json.RawMessage
	if err := readable(strictjson.Decode(body, &m, limits())); err != nil {
		return nil, err
	}
	if m == nil {
		if err := json.Unmarshal(body, &m); err != nil {
			return nil, err
		}
	}
	delete(m, "passcode")
	return json.Marshal(m)
}

// tryless is a body without the number of the try, which is the same delivery however often it is tried.
func tryless(kept []byte) []byte {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(kept, &m); err != nil {
		return kept
	}
	delete(m, "retries")
	out, err := json.Marshal(m)
	if err != nil {
		return kept
	}
	return out
}

// stale reports whether a webhook was sent too long ago, or will only be sent. One that does not say when is malformed.
func stale(p *payload, received time.Time) bool {
	sent := instant(p.Timestamp)
	return !sent.IsZero() && (received.Sub(sent) > oldest || sent.Sub(received) > ahead)
}

// factKey is the same for the same fact, whichever webhook tells of it and however often it is tried.
func (p *payload) factKey() string {
	parts := []string{p.Event, p.FileKey, p.Timestamp}
	switch p.Event {
	case ping:
		parts = []string{p.Event, string(p.Webhook), p.Timestamp}
	case fileVersion:
		parts = []string{p.Event, p.FileKey, string(p.Version)}
	case fileComment:
		parts = []string{p.Event, p.FileKey, string(p.ID)}
		if p.Resolved != "" {
			parts = append(parts, "resolved")
		}
	case publish:
		items := p.items()
		slices.Sort(items)
		parts = append(parts, hash(strings.Join(items, "\n")))
	case devModeStatus:
		parts = append(parts, string(p.Node), p.Status)
	}
	return strings.Join(parts, "/")
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
