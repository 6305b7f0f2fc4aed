package frameio

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"signoff/connectors/adobe/api"
)

// named is a thing that a webhook names.
type named struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// payload is a webhook, or a press of a custom action, of either interface.
type payload struct {
	Type      string `json:"type"`
	Account   named  `json:"account"`
	Workspace named  `json:"workspace"`
	Project   named  `json:"project"`
	Team      named  `json:"team"` // of the legacy interface
	Resource  named  `json:"resource"`
	User      named  `json:"user"`

	// Of custom actions.
	AccountID   string                     `json:"account_id"`
	ActionID    string                     `json:"action_id"`
	Interaction string                     `json:"interaction_id"`
	Resources   []named                    `json:"resources"`
	Data        map[string]json.RawMessage `json:"data"`
}

func readPayload(body []byte) (*payload, error) {
	var p struct {
		payload
		Resource json.RawMessage `json:"resource"`
	}
	if err := api.Decode(body, &p, mostBody); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	out := p.payload
	// With several files selected the one becomes a list.
	if len(p.Resource) > 0 && p.Resource[0] == '[' {
		if err := json.Unmarshal(p.Resource, &out.Resources); err != nil {
			return nil, fmt.Errorf("resource: %w", err)
		}
	} else if len(p.Resource) > 0 {
		if err := json.Unmarshal(p.Resource, &out.Resource); err != nil {
			return nil, fmt.Errorf("resource: %w", err)
		}
	}
	if out.Resource.ID == "" && len(out.Resources) > 0 {
		out.Resource = out.Resources[0]
	}
	return &out, nil
}

// action reports whether somebody pressed a custom action; submitted whether they sent its form.
func (p *payload) action() bool    { return p.Interaction != "" }
func (p *payload) submitted() bool { return p.action() && p.Data != nil }

func (p *payload) account() string { return api.First(p.Account.ID, p.AccountID) }

// event is the word of the current interface for what a webhook tells.
func (p *payload) event() string {
	old := map[string]string{
		"asset.ready": "file.ready", "asset.versioned": "file.versioned", "asset.deleted": "file.deleted", "asset.created": "file.created",
		"asset.label.updated": "metadata.value.updated", "asset.updated": "file.updated",
	}
	if word, ok := old[p.Type]; ok {
		return word
	}
	return p.Type
}

// about is the kind of thing that an event tells of: file, comment, or "" for what is not acted on.
func (p *payload) about() string {
	e := p.event()
	switch {
	case !slices.Contains(knownEvents(), e):
		return ""
	case strings.HasPrefix(e, "comment."):
		return "comment"
	}
	return "file"
}

// missing says what a payload lacks that it cannot be without.
func (p *payload) missing() string {
	switch {
	case p.Type == "" && !p.submitted():
		return "it names no event"
	case p.action() && !idForm.MatchString(p.Interaction):
		return "its interaction cannot be read"
	case p.action() && p.Resource.ID != "" && !idForm.MatchString(p.Resource.ID):
		return "it names no file"
	case p.action() && !p.submitted() && p.Resource.ID == "":
		return "it names no file"
	case !p.action() && p.about() != "" && !idForm.MatchString(p.Resource.ID):
		return "it names no " + p.about()
	}
	return ""
}

// value reads a value of a form: texts, numbers, yes and no, lists of these.
func (p *payload) value(name string) []string {
	raw, ok := p.Data[name]
	if !ok {
		return nil
	}
	return values(raw)
}

func values(raw json.RawMessage) []string {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && list != nil {
		var out []string
		for _, one := range list {
			out = append(out, values(one)...)
		}
		return out
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if text = strings.TrimSpace(text); text == "" {
			return nil
		}
		return []string{text}
	}
	var yes bool
	if json.Unmarshal(raw, &yes) == nil && string(raw) != "null" {
		return []string{strconv.FormatBool(yes)}
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil && number != "" {
		return []string{number.String()}
	}
	var one named // an asset that was chosen
	if json.Unmarshal(raw, &one) == nil && one.ID != "" {
		return []string{one.ID}
	}
	return nil
}
