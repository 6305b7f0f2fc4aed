package workfront

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"signoff/internal/pattern"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
)

const mostBody = 4 << 20 // Workfront promises 1 MB

// state is an object as it is, or was. Its members depend on its kind.
type state map[string]json.RawMessage

// UnmarshalJSON reads an object, also one that a subscription with base64Encoding wraps into a text. What is wrapped and cannot be
// read counts as nothing: the other state may say enough.
func (s *state) UnmarshalJSON(raw []byte) error {
	var packed string
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &packed) == nil {
		if raw, err := base64.StdEncoding.DecodeString(packed); err == nil && json.Unmarshal(raw, &m) == nil {
			*s = m
		}
		return nil
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return err
	}
	*s = m
	return nil
}

func (s state) text(key string) string {
	var text string
	if json.Unmarshal(s[key], &text) == nil {
		return text
	}
	var number json.Number
	if json.Unmarshal(s[key], &number) == nil {
		return number.String()
	}
	return ""
}

// message is an event.
type message struct {
	Event        string `json:"eventType"`
	Subscription string `json:"subscriptionId"`
	Time         struct {
		Seconds json.Number `json:"epochSecond"`
		Nano    json.Number `json:"nano"`
	} `json:"eventTime"`
	New state `json:"newState"`
	Old state `json:"oldState"`
}

// now is the object; of one that was deleted, what it was.
func (m message) now() state {
	if len(m.New) > 0 && m.New.text("ID") != "" {
		return m.New
	}
	return m.Old
}

func (m message) code() string { return strings.ToUpper(m.now().text("objCode")) }

func (m message) at() time.Time {
	s, err := m.Time.Seconds.Int64()
	n, _ := m.Time.Nano.Int64() // may be missing
	if err != nil {
		return time.Time{}
	}
	return time.Unix(s, n).UTC()
}

var colonMillis = pattern.New(`^(.{19}):([0-9]{3})`)

// instant reads a date of Workfront's: 2017-10-06T13:34:03.562-0600, or with a colon before the milliseconds as its API writes it.
func instant(text string) time.Time {
	text = colonMillis.ReplaceAllString(text, "$1.$2")
	for _, layout := range []string{"2006-01-02T15:04:05Z0700", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

func readMessage(body []byte) (message, error) {
	var m message
	if err := api.Decode(body, &m, mostBody); err != nil {
		return m, fmt.Errorf("body: %w", err)
	}
	switch {
	case m.Event == "":
		return m, fmt.Errorf("it names no event")
	case m.now().text("ID") == "" || m.code() == "":
		return m, fmt.Errorf("it names no object")
	}
	return m, nil
}

// Accept believes what shows our token and, where the settings name them, comes from Workfront's addresses.
func (p *Part) Accept(in connectors.Inbound, _ string) (connectors.Accepted, error) {
	var none connectors.Accepted
	if err := api.Post(in, mostBody); err != nil {
		return none, err
	}
	acc := connectors.Accepted{Kind: Door + ":unknown", Type: "application/json"}
	if !in.Trusted {
		if !p.set.allowed(in.Remote) {
			return none, api.Unbelieved("address not allowed")
		}
		which, ok := p.admits(in.Header.Values("Authorization"))
		if !ok {
			return none, api.Unbelieved("token wrong or missing")
		}
		acc.Secret = which
	}
	acc.ID = Door + "/" + api.Hash(string(in.Body))
	m, err := readMessage(in.Body)
	if err != nil {
		acc.Malformed = err.Error()
		return acc, nil
	}
	// Workfront gives deliveries no id; while it changes its versions the same event comes for two subscriptions.
	acc.Key = strings.Join([]string{Door, m.code(), m.now().text("ID"), m.Event, m.Time.Seconds.String(), m.Time.Nano.String()}, "/")
	acc.ID = Door + "/" + api.Hash(m.Subscription, acc.Key)
	if acc.Ignored = m.unused(); acc.Ignored == "" {
		acc.Kind, acc.Enrich = Door+":"+strings.ToLower(m.code()), true
	}
	return acc, nil
}

// unused says why nothing comes of an event.
func (m message) unused() string {
	switch m.code() {
	case "DOCU", "DOCV", "NOTE", "PRFAPL", "APPROVAL", "APPROVAL_STAGE", "APPROVAL_STAGE_PARTICIPANT", "TASK", "OPTASK", "PROJ":
		return ""
	}
	return "signoff does not use events of this kind of object"
}

// admits compares what is shown, with or without "Bearer", with our tokens, in a time that does not tell how much is right.
func (p *Part) admits(given []string) (which string, ok bool) {
	shown := ""
	if len(given) == 1 {
		shown = strings.TrimSpace(given[0])
		if scheme, rest, found := strings.Cut(shown, " "); found && strings.EqualFold(scheme, "Bearer") {
			shown = strings.TrimSpace(rest)
		}
	}
	got := sha256.Sum256([]byte(shown))
	for i, one := range p.set.AuthToken {
		want := sha256.Sum256([]byte(one.Reveal()))
		if subtle.ConstantTimeCompare(got[:], want[:]) == 1 && shown != "" && !ok {
			which, ok = []string{"current", "previous"}[min(i, 1)], true
		}
	}
	return which, ok
}
