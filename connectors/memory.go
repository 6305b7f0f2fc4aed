package connectors

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
)

// Memory keeps values as JSON. Errors are *Error of the class Transient: our own store is not at hand, and trying later is all
// there is to do.
type Memory struct {
	Keep Keep
	Log  *slog.Logger
}

// Memory returns the memory of an instance.
func (d Deps) Memory() Memory { return Memory{d.Keep, d.Log} }

// Load reads a value; false when there is none. One that another version of signoff wrote counts as if it were not there: what
// is kept is only ever a shortcut.
func (m Memory) Load(ctx context.Context, key string, into any) (bool, error) {
	raw, err := m.Keep.Get(ctx, key)
	if err != nil {
		return false, unkept("read "+key, err)
	}
	return raw != nil && json.Unmarshal(raw, into) == nil, nil
}

// Note keeps a value without waiting for it: what can be asked again.
func (m Memory) Note(key string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		m.Log.Warn("a value is not kept", "what", key, "error", err)
		return
	}
	m.Keep.Note(key, raw)
}

// Forget drops a value without waiting for it.
func (m Memory) Forget(key string) { m.Keep.Note(key, nil) }

const saveTries = 3

// Save keeps a value and returns when it is safe; whatever stood there before is replaced. A nil value deletes.
func (m Memory) Save(ctx context.Context, key string, value any) error {
	var raw []byte
	if value != nil {
		var err error
		if raw, err = json.Marshal(value); err != nil {
			return unkept("keep "+key, err)
		}
	}
	for range saveTries {
		old, err := m.Keep.Get(ctx, key)
		if err != nil {
			return unkept("keep "+key, err)
		}
		if old == nil && raw == nil {
			return nil
		}
		if err = m.Keep.Put(ctx, key, old, raw); !errors.Is(err, ErrChanged) {
			return unkept("keep "+key, err)
		}
	}
	return unkept("keep "+key, ErrChanged)
}

func unkept(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Class: Transient, Err: err}
}
