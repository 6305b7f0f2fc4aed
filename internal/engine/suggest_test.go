package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

const forms = studio + `
templates:
  banner:
    label: Banner
    title: "{{ .subject }}"
    ask_for:
      - {field: brand, choices: [Lumen, Nova]}
      - {field: budget, type: money}
      - {field: audience}
`

// inForms runs a test in a world whose forms are filled with the help of a model.
func inForms(t *testing.T, model engine.Suggester, test func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rules = compile(t, forms)
		w.opts = func(o *engine.Options) { o.Suggest = model }
		w.start()
		defer func() { w.stop() }()
		synctest.Wait()
		test(w)
	})
}

var wish = flow.Form{Type: "banner", Title: "Spring", Text: "For Nova, young parents, budget of 5k"}

func TestSuggest_WhatTheRulesReadStands(t *testing.T) {
	t.Parallel()
	model := func(_ context.Context, f flow.Form, types []flow.RequestType) (flow.Prefill, error) {
		if f.Type != "banner" || len(types) != 1 {
			t.Errorf("the model is asked for type %q of %v", f.Type, types)
		}
		return flow.Prefill{
			Type:   "banner",
			Fields: map[string][]string{"brand": {"Lumen"}, "audience": {"young parents"}, "budget": {"a lot"}},
			From:   map[string]string{"brand": "Nova", "audience": "young parents", "budget": "5k"},
		}, nil
	}
	inForms(t, model, func(w *world) {
		got := w.engine.Query().Suggest(t.Context(), wish)
		if diff := cmp.Diff(map[string][]string{"brand": {"Nova"}, "audience": {"young parents"}, "budget": {"5000"}}, got.Fields); diff != "" {
			t.Errorf("fields (-want +got):\n%s", diff)
		}
		if got.From["audience"] != "young parents" || got.From["brand"] != "Nova" {
			t.Errorf("read from %v", got.From)
		}
	})
}

func TestSuggest_WithoutAnAnswerTheRulesReadAlone(t *testing.T) {
	t.Parallel()
	for name, model := range map[string]engine.Suggester{
		"no model": nil,
		"late": func(context.Context, flow.Form, []flow.RequestType) (flow.Prefill, error) {
			return flow.Prefill{}, errors.New("late")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inForms(t, model, func(w *world) {
				got, want := w.engine.Query().Suggest(t.Context(), wish), w.engine.Query().Prefill(wish)
				if diff := cmp.Diff(want, got); diff != "" || len(got.Fields) == 0 {
					t.Errorf("suggestion (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestSuggest_CountsWhatPeopleLeft(t *testing.T) {
	t.Parallel()
	model := func(context.Context, flow.Form, []flow.RequestType) (flow.Prefill, error) {
		return flow.Prefill{Type: "banner", Fields: map[string][]string{"audience": {"young parents"}}, From: map[string]string{"audience": "young parents"}}, nil
	}
	inForms(t, model, func(w *world) {
		w.engine.Query().Suggest(t.Context(), wish)
		_, _, err := w.engine.Submit(t.Context(), engine.Intake{
			Source: "web", Type: "banner", Title: "Spring", Text: wish.Text, Requester: flow.Actor{Name: "ben"},
			Fields: map[string][]string{"brand": {"Nova"}, "audience": {"students"}, "budget": {"5000"}},
		})
		must(t, err)
		for outcome, want := range map[string]float64{"kept": 2, "changed": 1} {
			if got := w.metric("signoff_autofill_fields_total", "outcome="+outcome); got != want {
				t.Errorf("%s: %v values, want %v", outcome, got, want)
			}
		}
	})
}
