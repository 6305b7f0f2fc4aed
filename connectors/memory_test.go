package connectors_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/connectors/connectortest"
)

type kept struct{ Name string }

func TestMemory(t *testing.T) {
	t.Parallel()
	ctx, keep, log := t.Context(), &connectortest.Keep{}, &bytes.Buffer{}
	m := connectors.Deps{Keep: keep, Log: slog.New(slog.NewTextHandler(log, nil))}.Memory()
	load := func(key string) string {
		var v kept
		ok, err := m.Load(ctx, key, &v)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return "none"
		}
		return v.Name
	}
	m.Note("a", kept{"noted"})
	if err := m.Save(ctx, "b", kept{"saved"}); err != nil {
		t.Fatal(err)
	}
	if err := m.Save(ctx, "b", kept{"saved over it"}); err != nil {
		t.Fatal(err)
	}
	keep.Note("old", []byte(`["of another version"]`))
	for key, want := range map[string]string{"a": "noted", "b": "saved over it", "old": "none", "c": "none"} {
		if got := load(key); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	m.Forget("a")
	for range 2 {
		if err := m.Save(ctx, "b", nil); err != nil {
			t.Errorf("deleting: %v", err)
		}
	}
	if a, b := load("a"), load("b"); a != "none" || b != "none" {
		t.Errorf("after they were dropped: %q and %q", a, b)
	}
	m.Note("bad", func() {})
	if !strings.Contains(log.String(), "not kept") || load("bad") != "none" {
		t.Errorf("what is no JSON: log %q", log)
	}
}

// contested is a Keep in which somebody else always writes first.
type contested struct{ connectortest.Keep }

func (*contested) Put(context.Context, string, []byte, []byte) error { return connectors.ErrChanged }

func TestMemory_StoreIsNotAtHand(t *testing.T) {
	t.Parallel()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	m := connectors.Memory{Keep: &contested{}}
	_, unread := m.Load(gone, "a", new(kept))
	for what, err := range map[string]error{
		"read": unread, "written": m.Save(gone, "a", kept{}), "written by others": m.Save(t.Context(), "a", kept{}), "no JSON": m.Save(t.Context(), "a", func() {}),
	} {
		if connectors.ClassOf(err) != connectors.Transient {
			t.Errorf("%s: %v, want it tried again", what, err)
		}
	}
	if err := m.Save(t.Context(), "a", kept{}); !errors.Is(err, connectors.ErrChanged) {
		t.Errorf("what others write meanwhile: %v", err)
	}
}
