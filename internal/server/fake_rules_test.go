package server_test

import (
	"context"
	"fmt"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/rules"
)

func (f *fake) Rulesets(context.Context) ([]engine.Ruleset, error) {
	return []engine.Ruleset{{Digest: f.set.Digest(), Current: true, Open: 2, Since: noon}, {Digest: "0123456789abcdef0123456789abcdef", Open: 1}}, f.err
}

func (f *fake) Ruleset(_ context.Context, digest string) (*rules.Set, error) {
	if digest != "current" && digest != f.set.Digest() {
		return nil, fmt.Errorf("ruleset %s: %w", digest, engine.ErrUnknown)
	}
	return f.set, f.err
}

func (f *fake) Migrate(_ context.Context, m engine.Migration) ([]engine.Move, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.migrations = append(f.migrations, m)
	for _, id := range m.Requests {
		if _, ok := f.requests[id]; !ok {
			return nil, fmt.Errorf("request %s: %w", id, engine.ErrUnknown)
		}
	}
	return f.moves, f.err
}

func (f *fake) Journal(_ context.Context, after uint64, n int) (list []flow.Record, err error) {
	for _, r := range f.records {
		if r.Seq > after && len(list) < n {
			list = append(list, r)
		}
	}
	return list, f.err
}

func (f *fake) JournalSince(_ context.Context, at time.Time) (uint64, error) {
	for _, r := range f.records {
		if !r.Event.At.Before(at) {
			return r.Seq - 1, f.err
		}
	}
	return uint64(len(f.records)), f.err
}

func (f *fake) ExplainDelivery(context.Context, flow.Delivery) ([]engine.Explained, error) {
	return f.explained, f.err
}
