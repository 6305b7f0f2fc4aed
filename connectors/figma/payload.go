package figma

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"signoff/internal/strictjson"
)

// largest is how much of a webhook is read: publications list every item of a library.
const largest = 5 << 20

// loose is an id that Figma writes as a text or as a number, which may be larger than any float holds exactly.
type loose string

// UnmarshalJSON reads a text or a number as it was written.
func (l *loose) UnmarshalJSON(raw []byte) error {
	raw = bytes.TrimSpace(raw)
	switch {
	case string(raw) == "null":
		*l = ""
		return nil
	case len(raw) > 0 && raw[0] == '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		*l = loose(strings.TrimSpace(text))
		return nil
	case len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9'):
		*l = loose(raw)
		return nil
	}
	return errors.New("an id must be a text or a number")
}

// user is somebody as Figma shows them.
type user struct {
	ID     loose  `json:"id"`
	Handle string `json:"handle"`
	Email  string `json:"email,omitempty"`
}

// fragment is a piece of a comment: words, or the account that is mentioned.
type fragment struct {
	Text    string `json:"text"`
	Mention loose  `json:"mention"`
}

// item is something that a library publishes.
type item struct {
	Key loose `json:"key"`
}

// payload is a webhook. Fields that only some events have are empty in the others.
type payload struct {
	Event     string `json:"event_type"`
	Timestamp string `json:"timestamp"`
	Webhook   loose  `json:"webhook_id"`
	FileKey   string `json:"file_key"`
	FileName  string `json:"file_name"`
	By        user   `json:"triggered_by"`
	Created   string `json:"created_at"`

	Comment  []fragment `json:"comment"`
	ID       loose      `json:"comment_id"`
	Parent   loose      `json:"parent_id"`
	Mentions []user     `json:"mentions"`
	Resolved string     `json:"resolved_at"`

	Version     loose  `json:"version_id"`
	Label       string `json:"label"`
	Description string `json:"description"`

	Node   loose  `json:"node_id"`
	Status string `json:"status"`

	CreatedComponents  []item `json:"created_components"`
	CreatedStyles      []item `json:"created_styles"`
	CreatedVariables   []item `json:"created_variables"`
	ModifiedComponents []item `json:"modified_components"`
	ModifiedStyles     []item `json:"modified_styles"`
	ModifiedVariables  []item `json:"modified_variables"`
	DeletedComponents  []item `json:"deleted_components"`
	DeletedStyles      []item `json:"deleted_styles"`
	DeletedVariables   []item `json:"deleted_variables"`
}

// The events that are acted on.
const (
	ping          = "PING"
	fileComment   = "FILE_COMMENT"
	fileVersion   = "FILE_VERSION_UPDATE"
	fileUpdate    = "FILE_UPDATE"
	fileDelete    = "FILE_DELETE"
	publish       = "LIBRARY_PUBLISH"
	devModeStatus = "DEV_MODE_STATUS_UPDATE"
)

func limits() strictjson.Limits { return strictjson.Limits{Bytes: largest} }

// readPayload reads a webhook that has been believed.
func readPayload(body []byte) (*payload, error) {
	var p payload
	if err := strictjson.Decode(body, &p, limits()); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	return &p, nil
}

// missing says what a webhook lacks that its event cannot be without.
func (p *payload) missing() string {
	switch {
	case p.Event == "":
		return "it names no event"
	case instant(p.Timestamp).IsZero():
		return "its timestamp cannot be read"
	case p.Event == ping || !p.known():
		return ""
	case !fileKey.MatchString(p.FileKey):
		return "it names no file"
	case p.Event == fileComment && !idForm.MatchString(string(p.ID)):
		return "it names no comment"
	case p.Event == fileComment && p.Parent != "" && !idForm.MatchString(string(p.Parent)):
		return "the comment it replies to cannot be read"
	case p.Event == fileVersion && !savedForm.MatchString(string(p.Version)):
		return "it names no version"
	}
	return ""
}

func (p *payload) known() bool {
	switch p.Event {
	case ping, fileComment, fileVersion, fileUpdate, fileDelete, publish, devModeStatus:
		return true
	}
	return false
}

// words are those of a comment, with the names of those who are mentioned.
func (p *payload) words() string {
	var b strings.Builder
	for _, f := range p.Comment {
		switch {
		case f.Mention != "":
			b.WriteString("@" + p.handle(f.Mention))
		default:
			b.WriteString(f.Text)
		}
	}
	return strings.TrimSpace(b.String())
}

func (p *payload) handle(id loose) string {
	for _, u := range p.Mentions {
		if u.ID == id && u.Handle != "" {
			return u.Handle
		}
	}
	return "somebody"
}

// said are all the words in which a request may be asked for.
func (p *payload) said() string {
	switch p.Event {
	case fileComment:
		return p.words()
	case fileVersion:
		return strings.TrimSpace(p.Label + "\n" + p.Description)
	}
	return ""
}

// items are the keys of all that was published.
func (p *payload) items() []string {
	var out []string
	for kind, list := range map[string][]item{
		"cc": p.CreatedComponents, "cs": p.CreatedStyles, "cv": p.CreatedVariables, "mc": p.ModifiedComponents, "ms": p.ModifiedStyles,
		"mv": p.ModifiedVariables, "dc": p.DeletedComponents, "ds": p.DeletedStyles, "dv": p.DeletedVariables,
	} {
		for _, it := range list {
			out = append(out, kind+" "+string(it.Key))
		}
	}
	return out
}

// instant reads a time as Figma writes it; "" and what cannot be read is no time.
func instant(s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
