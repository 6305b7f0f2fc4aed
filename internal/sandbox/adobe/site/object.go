package site

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Object is a JSON object with the members that were asked for and no others.
type Object map[string]json.RawMessage

// Unexpected is the error of a member that is not known, or of the wrong type.
type Unexpected struct {
	Member string
	Why    string
}

// Error implements error.
func (u *Unexpected) Error() string { return u.Why }

// ParseObject reads a JSON object, which may hold only the allowed members, each once and spelled so.
func ParseObject(raw []byte, allowed ...string) (Object, error) {
	if !json.Valid(raw) {
		return nil, errors.New("Invalid JSON")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("Invalid object")
	}
	all := Object{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, errors.New("Invalid JSON")
		}
		key, _ := t.(string)
		if _, twice := all[key]; twice || !slices.Contains(allowed, key) {
			return nil, &Unexpected{key, "Unexpected field: " + key}
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, errors.New("Invalid JSON")
		}
		all[key] = v
	}
	return all, nil
}

// Has reports whether a member stands there and is not null.
func (o Object) Has(key string) bool { return o[key] != nil && string(o[key]) != "null" }

// Into decodes a member into a value of its type. A member that is not there leaves the value as it is.
func (o Object) Into(key string, into any) error {
	if !o.Has(key) {
		return nil
	}
	if err := json.Unmarshal(o[key], into); err != nil {
		return &Unexpected{key, fmt.Sprintf("Invalid type for %s", key)}
	}
	return nil
}

// Text is a text that must not be empty.
func (o Object) Text(key string) (string, error) {
	if o[key] == nil {
		return "", &Unexpected{key, "Missing field: " + key}
	}
	var text string
	if err := o.Into(key, &text); err != nil {
		return "", err
	}
	if text == "" {
		return "", &Unexpected{key, key + " can't be blank"}
	}
	return text, nil
}
