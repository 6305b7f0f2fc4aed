package connectortest

import (
	"context"
	"encoding/json"
	"errors"
	"signoff/connectors"
	"signoff/internal/flow"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func faults(t *testing.T, h Harness) {
	cases := append(overHTTP(), start(t, h).Faults()...)
	names := map[string]bool{}
	for _, c := range cases {
		if names[c.Name] {
			t.Errorf("two faults are called %q", c.Name)
		}
		names[c.Name] = true
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			b := start(t, h)
			if !b.Arm(c.Fault) {
				t.Skip("this outside cannot fail so")
			}
			e := b.Create()
			_, err := b.do(t.Context(), e)
			ce, ok := errors.AsType[*connectors.Error](err)
			switch {
			case !ok:
				t.Fatalf("Do = %v, want class %q", err, c.Class)
			case ce.Class != c.Class || c.Scope != "" && ce.Scope != c.Scope || ce.Wait < c.Wait:
				t.Errorf("Do = class %q scope %q wait %s (%v), want %q %q at least %s", ce.Class, ce.Scope, ce.Wait, err, c.Class, c.Scope, c.Wait)
			case c.Person && ce.Person == "":
				t.Errorf("%v says nothing to people", err)
			case ce.Class == connectors.Limited && ce.Scope == "":
				t.Errorf("%v does not say who has to wait", err)
			}
			want := 0
			if c.Fault.Does {
				want = 1
			}
			b.things(want)
		})
	}
}

func cancelled(t *testing.T, h Harness) {
	t.Run("before", func(t *testing.T) {
		t.Parallel()
		b := start(t, h)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := b.do(ctx, b.Create())
		if got := connectors.ClassOf(err); got != connectors.Transient && got != connectors.Unsure {
			t.Errorf("Do in a cancelled context: class %q (%v), want transient or unsure", got, err)
		}
		b.things(0)
	})
	t.Run("on the way", func(t *testing.T) {
		t.Parallel()
		b := start(t, h)
		arrived := make(chan struct{})
		if !b.Arm(Fault{Hold: arrived}) {
			t.Skip("nothing can hang on the way to this outside")
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-arrived
			cancel()
		}()
		_, err := b.do(ctx, b.Create())
		if got := connectors.ClassOf(err); got != connectors.Unsure {
			t.Errorf("Do that was cancelled on the way: class %q (%v), want unsure", got, err)
		}
	})
}

func hooks(t *testing.T, h Harness) {
	b := start(t, h)
	believed, refused := b.Hooks()
	r, ok := b.Connector().(connectors.Receiver)
	if !ok {
		if len(believed)+len(refused) > 0 {
			t.Error("there are webhooks but the connector is no Receiver")
		}
		t.Skip("this connector takes no webhooks")
	}
	before := b.keep.Calls()
	for i, in := range refused {
		_, err := r.Accept(in)
		refusal, ok := errors.AsType[*connectors.Refusal](err)
		switch {
		case !ok:
			t.Errorf("refused[%d]: Accept = %v, want a *Refusal", i, err)
		case refusal.Status < 400 || refusal.Status > 499:
			t.Errorf("refused[%d]: status %d, want a 4xx", i, refusal.Status)
		}
		b.errs = append(b.errs, err)
	}
	for i, in := range believed {
		b.believes(r, i, in)
	}
	if got := b.keep.Calls() - before; got != 0 {
		t.Errorf("Accept and Parse used the Keep %d times, want none", got)
	}
}

// believes checks one authentic webhook: the same answer each time, from Accept and from Parse.
func (b *bench) believes(r connectors.Receiver, i int, in connectors.Inbound) {
	b.t.Helper()
	acc, err := r.Accept(in)
	if err != nil {
		b.t.Errorf("believed[%d]: %v", i, err)
		return
	}
	again, err := r.Accept(in)
	if diff := cmp.Diff(plain(acc), plain(again)); err != nil || diff != "" {
		b.t.Errorf("believed[%d]: the second Accept differs (%v):\n%s", i, err, diff)
	}
	if acc.Answer != nil || acc.Ignored != "" || acc.Malformed != "" {
		return
	}
	if acc.ID == "" || acc.Kind == "" {
		b.t.Errorf("believed[%d]: %+v has no id or no kind", i, acc)
	}
	d := flow.Delivery{ID: "x/" + acc.ID, Instance: "x", Kind: acc.Kind, At: in.At, Type: acc.Type, Body: in.Body, Key: acc.Key}
	first, err1 := r.Parse(d)
	second, err2 := r.Parse(d)
	if diff := cmp.Diff(first, second); diff != "" || (err1 == nil) != (err2 == nil) {
		b.t.Errorf("believed[%d]: the second Parse differs (%v, %v):\n%s", i, err1, err2, diff)
	}
}

// plain is an Accepted that can be compared.
func plain(acc connectors.Accepted) map[string]any {
	raw, err := json.Marshal(map[string]any{
		"id": acc.ID, "key": acc.Key, "kind": acc.Kind, "type": acc.Type, "ignored": acc.Ignored, "malformed": acc.Malformed,
		"waits": acc.Waits, "enrich": acc.Enrich, "alarm": acc.Alarm, "answers": acc.Answer != nil,
	})
	if err != nil {
		return map[string]any{"err": err.Error()}
	}
	return map[string]any{"accepted": string(raw)}
}

func check(t *testing.T, h Harness) {
	b := start(t, h)
	list := b.Connector().Check(t.Context())
	if len(list) == 0 {
		t.Error("Check finds nothing at all, want at least one line")
	}
	for _, f := range list {
		if !slices.Contains([]string{"ok", "warning", "problem"}, f.Level) || f.What == "" || f.Text == "" {
			t.Errorf("finding %+v lacks its level or its words", f)
		}
		if f.Level != "ok" && f.Remedy == "" {
			t.Errorf("finding %+v names no remedy", f)
		}
		b.errs = append(b.errs, errors.New(f.Text+" "+f.Remedy))
	}
	b.things(0)
}
