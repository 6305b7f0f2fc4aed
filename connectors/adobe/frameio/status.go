package frameio

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
	"signoff/internal/outbound"
)

// field is a metadata field of a file, with its value.
type field struct {
	ID      string          `json:"field_definition_id"`
	Name    string          `json:"field_definition_name"`
	Kind    string          `json:"field_type"`
	Options []choice        `json:"field_options"`
	Value   json.RawMessage `json:"value"`
}

// choice is one option of a field.
type choice struct {
	ID   string `json:"id"`
	Name string `json:"display_name"`
}

// said is the value of a field in words.
func (f field) said() string {
	var text string
	if json.Unmarshal(f.Value, &text) == nil {
		return text
	}
	var list []choice
	if json.Unmarshal(f.Value, &list) != nil {
		return ""
	}
	var out []string
	for _, c := range list {
		out = append(out, c.Name)
	}
	return strings.Join(out, ", ")
}

// statusField reads the field that the settings name.
func (p *Part) statusField(ctx context.Context, file string) (f field, found bool, err error) {
	if p.set.Mode == legacy {
		a, err := p.show(ctx, file)
		raw, _ := json.Marshal(strings.ReplaceAll(a.Label, "_", " ")) // a text always can be
		return field{Name: p.set.Status.Field, Value: raw}, err == nil, err
	}
	var meta struct {
		Metadata []field `json:"metadata"`
	}
	meta, err = read[struct {
		Metadata []field `json:"metadata"`
	}](ctx, p, get("read metadata", p.path("files", file, "metadata"), "the file"))
	if err != nil && outbound.StatusOf(err) != http.StatusNotFound {
		return f, false, err
	}
	if err != nil || len(meta.Metadata) == 0 { // not every edition has them at an address of their own
		a, err := p.show(ctx, file, "metadata")
		if err != nil {
			return f, false, err
		}
		meta.Metadata = a.Metadata
	}
	for _, f := range meta.Metadata {
		if f.ID == p.set.Status.Field || strings.EqualFold(f.Name, p.set.Status.Field) {
			return f, true, nil
		}
	}
	return f, false, nil
}

// status is where a file stands by the field that the settings name.
func (p *Part) status(ctx context.Context, file string) (word string, found bool, err error) {
	if p.set.Status.Field == "" {
		return "", false, nil
	}
	f, found, err := p.statusField(ctx, file)
	return f.said(), found, err
}

// setStatus shows the status of a request in the field of its file. What is said in the comment counts; the field is a courtesy,
// so what goes wrong with it is logged.
func (p *Part) setStatus(ctx context.Context, e flow.Effect, file string) {
	if e.Tell == nil || p.set.Mode == legacy {
		return
	}
	option := p.set.Status.option(string(e.Tell.View.Status))
	if option == "" {
		return
	}
	if err := p.putStatus(ctx, file, option); err != nil {
		p.deps.Log.Warn("the status of a file in frame.io could not be set", "file", file, "error", err)
	}
}

func (p *Part) putStatus(ctx context.Context, file, option string) error {
	f, found, err := p.statusField(ctx, file)
	if err != nil {
		return err
	}
	if !found || strings.EqualFold(f.said(), option) {
		return nil
	}
	a, err := p.show(ctx, file, "project")
	if err != nil {
		return err
	}
	var value any = option
	for _, c := range f.Options {
		if strings.EqualFold(c.Name, option) {
			value = []choice{c}
		}
	}
	body := map[string]any{"data": map[string]any{
		"file_ids": []string{file}, "values": []any{map[string]any{"field_definition_id": f.ID, "value": value}},
	}}
	p.Note(statusKey(file), option) // so that it does not come back as somebody's
	return p.client.Do(ctx, api.Call{
		Op: "set the status", Method: http.MethodPatch, Path: p.path("projects", a.Project, "metadata", "values"), Body: body, Thing: "the project",
	}, nil)
}
