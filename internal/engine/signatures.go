package engine

import (
	"net/http"
	"sync"

	"signoff/connectors"
)

// signatures count with which of our secrets deliveries are signed, and notice when none fits any more: a secret that
// was changed at one end only looks like an attack, but comes from the service itself.
type signatures struct {
	e *Engine

	mu    sync.Mutex
	wrong map[string]int // instance -> refusals in a row
}

const manyWrong = 10 // bad signatures in a row that an operator is told of

func newSignatures(e *Engine) *signatures { return &signatures{e: e, wrong: map[string]int{}} }

// held notes a signature that was right.
func (s *signatures) held(instance, secret string) {
	switch secret {
	case "current", "previous":
	default:
		return
	}
	s.e.met.secrets.WithLabelValues(instance, secret).Inc()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.wrong, instance)
}

// refused notes a delivery that was not believed.
func (s *signatures) refused(instance string, r *connectors.Refusal) {
	if r.Status != http.StatusUnauthorized || r.Signed {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong[instance]++
	if s.wrong[instance] == manyWrong {
		s.e.met.alarm("signatures")
		s.e.o.Log.Error("deliveries are refused one after the other: was the signing secret changed at one end only?",
			"instance", instance, "in_a_row", manyWrong)
	}
}

// failing lists the instances whose deliveries are refused one after the other.
func (s *signatures) failing() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]int{}
	for instance, n := range s.wrong {
		if n >= manyWrong {
			all[instance] = n
		}
	}
	return all
}
