package server

import (
	"testing"

	"signoff/internal/flow"
)

func TestItems_WhatPeopleAreCalled(t *testing.T) {
	t.Parallel()
	it := items{shown: map[string]string{"ana": "Ana Reyes"}}
	for want, a := range map[string]flow.Actor{
		"Ana Reyes":           {Name: "ana"},
		"Maya":                {Shown: "Maya", Ref: flow.Ref{System: "slack", Type: "user", Key: "T1/U1"}},
		"slack account U0EXT": {Ref: flow.Ref{System: "slack", Type: "user", Key: "T1/U0EXT"}},
		"api:token:scripts":   {Ref: flow.Ref{System: "api", Type: "token", Key: "scripts"}},
	} {
		if got := it.called(a); got != want {
			t.Errorf("%+v is called %q, want %q", a, got, want)
		}
	}
}
