package api

import (
	"context"
	"encoding/json"

	"signoff/connectors"
)

// Memory is a Keep for values as JSON.
type Memory struct{ Deps connectors.Deps }

// Load reads a value; one of another version counts as if it were not there.
func (m Memory) Load(ctx context.Context, key string, into any) (bool, error) {
	raw, err := m.Deps.Keep.Get(ctx, key)
	if err != nil {
		return false, &connectors.Error{Op: "read " + key, Class: connectors.Transient, Err: err}
	}
	return raw != nil && json.Unmarshal(raw, into) == nil, nil
}

// Note keeps a value without waiting for it: what can be asked again.
func (m Memory) Note(key string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		m.Deps.Log.Warn("what adobe said is not kept", "what", key, "err", err)
		return
	}
	m.Deps.Keep.Note(key, raw)
}

// Store keeps a value and returns when it is safe; whatever stood there before is replaced. A nil value deletes.
func (m Memory) Store(ctx context.Context, key string, value any) error {
	var raw []byte
	if value != nil {
		var err error
		if raw, err = json.Marshal(value); err != nil {
			return &connectors.Error{Op: "keep " + key, Class: connectors.Rejected, Err: err}
		}
	}
	old, err := m.Deps.Keep.Get(ctx, key)
	if err == nil && (old != nil || raw != nil) {
		err = m.Deps.Keep.Put(ctx, key, old, raw)
	}
	if err != nil {
		return &connectors.Error{Op: "keep " + key, Class: connectors.Transient, Err: err}
	}
	return nil
}
