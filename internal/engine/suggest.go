package engine

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"sync"

	"signoff/internal/flow"
)

// What a form is filled with is only ever suggested: the rules read the words, a model may read what they left open, and
// whoever sends the form has seen it all. How much of it they left as it was is counted.

// Suggester reads values from words that the rules did not understand. Every value stands in From with the words it came from.
type Suggester func(ctx context.Context, f flow.Form, types []flow.RequestType) (flow.Prefill, error)

// suggestions are those that were made lately, so that it can be told what became of them.
type suggestions struct {
	mu    sync.Mutex
	made  map[[16]byte]flow.Prefill
	order [][16]byte
}

const suggestionsMost = 128

func nameOfWords(words string) (name [16]byte) {
	sum := sha256.Sum256([]byte(strings.TrimSpace(words)))
	copy(name[:], sum[:])
	return name
}

func (s *suggestions) keep(words string, p flow.Prefill) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := nameOfWords(words)
	if s.made == nil {
		s.made = map[[16]byte]flow.Prefill{}
	}
	if _, known := s.made[name]; !known {
		s.order = append(s.order, name)
	}
	s.made[name] = p
	if len(s.order) > suggestionsMost {
		delete(s.made, s.order[0])
		s.order = slices.Delete(s.order, 0, 1)
	}
}

func (s *suggestions) of(words string) (flow.Prefill, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.made[nameOfWords(words)]
	return p, ok
}

// Suggest implements connectors.Query.
func (q query) Suggest(ctx context.Context, d flow.Form) flow.Prefill {
	read := q.Prefill(d)
	if q.e.o.Suggest == nil || strings.TrimSpace(d.Text) == "" {
		return read
	}
	ask := d
	ask.Type = read.Type
	more, err := q.e.o.Suggest(ctx, ask, q.Types())
	if err != nil {
		q.e.met.autofill.WithLabelValues("failed").Inc()
		q.e.o.Log.Warn("the model read nothing, the rules' own reading stands", "error", err)
		return read
	}
	q.e.met.autofill.WithLabelValues("answered").Inc()
	read = q.joined(d, read, more)
	q.e.suggestions.keep(d.Text, read)
	return read
}

// joined adds to what the rules read what only the model found and the rules take.
func (q query) joined(d flow.Form, read, more flow.Prefill) flow.Prefill {
	if read.Type == "" && more.Type != "" {
		d.Type = more.Type
		read = q.Prefill(d)
		read.From["type"] = more.From["type"]
	}
	for name, values := range more.Fields {
		if len(read.Fields[name]) > 0 || read.Type != more.Type {
			continue
		}
		one := flow.Form{Type: read.Type, Title: "x", Who: d.Who, Fields: map[string][]string{name: values}}
		if q.Validate(one)[name] == "" {
			read.Fields[name], read.From[name] = values, more.From[name]
		}
	}
	return read
}

// taken counts what became of the values that a form was filled with.
func (e *Engine) taken(dec decision) {
	ev := dec.Event
	if !dec.Opened || ev.Kind != flow.RequestSubmitted || ev.Field("type") == "" || ev.Field("source") == "api" {
		return
	}
	words := ev.Body.String()
	read, known := e.suggestions.of(words)
	if !known {
		read = e.Rules().Prefill(flow.Form{Type: ev.Field("type"), Text: words, Who: dec.Request.Requester}, ev.At)
	}
	for name, values := range read.Fields {
		outcome := "changed"
		if slices.Equal(values, dec.Request.Fields[name]) {
			outcome = "kept"
		}
		e.met.filled.WithLabelValues(outcome).Inc()
	}
}
