package jira

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf16"
)

// refusal is a message that goes to the caller word for word, in the style of the real site.
type refusal string

func (r refusal) Error() string { return string(r) }

func refused(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// members decodes a JSON object that may hold only the allowed keys, each once. No allowed keys means any.
func members(raw []byte, allowed ...string) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, refused("Invalid request payload. Refer to the REST API documentation and try again.")
	}
	all := map[string]json.RawMessage{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, refused("Unexpected character: %v", err)
		}
		key, _ := t.(string)
		if _, twice := all[key]; twice {
			return nil, refused("Duplicate field '%s'", key)
		}
		if len(allowed) > 0 && !slices.Contains(allowed, key) {
			return nil, refused("Unrecognized field \"%s\", not marked as ignorable", key)
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, refused("Unexpected character: %v", err)
		}
		all[key] = v
	}
	if _, err := dec.Token(); err != nil {
		return nil, refused("Unexpected end of input: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, refused("Unexpected characters after the JSON object")
	}
	return all, nil
}

// str decodes a JSON string; ok is false for anything else, null included.
func str(raw json.RawMessage) (s string, ok bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	return s, json.Unmarshal(raw, &s) == nil
}

func null(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

// length counts as Jira does: in UTF-16 units.
func length(s string) int { return len(utf16.Encode([]rune(s))) }

// property is one entity property in a request.
type property struct {
	key   string
	value json.RawMessage
}

// properties decodes the list of properties that may come with an issue or a comment.
func properties(raw json.RawMessage) ([]property, error) {
	if raw == nil {
		return nil, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, refused("properties must be a list")
	}
	var all []property
	for _, one := range list {
		m, err := members(one, "key", "value")
		if err != nil {
			return nil, err
		}
		key, ok := str(m["key"])
		if !ok {
			return nil, refused("A property needs a key")
		}
		if err := checkProperty(key, m["value"]); err != nil {
			return nil, err
		}
		all = append(all, property{key, m["value"]})
	}
	return all, nil
}

func checkProperty(key string, value json.RawMessage) error {
	switch value = bytes.TrimSpace(value); {
	case key == "" || length(key) > 255:
		return refused("The property key cannot be empty or longer than 255 characters.")
	case len(value) == 0:
		return refused("The property value cannot be empty.")
	case !json.Valid(value):
		return refused("The property value has to be valid JSON.")
	case length(string(value)) > 32768:
		return refused("The property value cannot be longer than 32768 characters.")
	}
	return nil
}
