package connectortest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"signoff/connectors"
)

// Keep is a connectors.Keep in memory. The zero value is ready.
type Keep struct {
	mu    sync.Mutex
	rows  map[string][]byte
	calls int
}

var _ connectors.Keep = (*Keep)(nil)

// Get implements connectors.Keep.
func (k *Keep) Get(ctx context.Context, key string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls++
	return bytes.Clone(k.rows[key]), ctx.Err()
}

// Put implements connectors.Keep.
func (k *Keep) Put(ctx context.Context, key string, old, value []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls++
	if err := ctx.Err(); err != nil {
		return err
	}
	have, there := k.rows[key]
	if there != (old != nil) || !bytes.Equal(have, old) {
		return fmt.Errorf("%s: %w", key, connectors.ErrChanged)
	}
	if value == nil {
		delete(k.rows, key)
		return nil
	}
	if k.rows == nil {
		k.rows = map[string][]byte{}
	}
	k.rows[key] = bytes.Clone(value)
	return nil
}

// Note implements connectors.Keep.
func (k *Keep) Note(key string, value []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls++
	if value == nil {
		delete(k.rows, key)
		return
	}
	if k.rows == nil {
		k.rows = map[string][]byte{}
	}
	k.rows[key] = bytes.Clone(value)
}

// Scan implements connectors.Keep.
func (k *Keep) Scan(ctx context.Context, prefix string, each func(key string, value []byte) error) error {
	k.mu.Lock()
	k.calls++
	rows := maps.Clone(k.rows)
	k.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if err := each(key, bytes.Clone(rows[key])); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Keys lists the keys that are kept, in order.
func (k *Keep) Keys() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(maps.Keys(k.rows))
}

// Calls counts how often the Keep was used.
func (k *Keep) Calls() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.calls
}

// Clock is a clock that stands still until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows at.
func NewClock(at time.Time) *Clock { return &Clock{now: at} }

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Log is a writer that remembers everything, for slog handlers.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String returns what was written so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
