package rehearsal

import (
	"context"

	"signoff/internal/flow"
	"signoff/rules"
)

// Journal plays one test of a suite and returns its request with the journal, as a running signoff would hold them.
func (s *Suite) Journal(ctx context.Context, name string) (r flow.Request, records []flow.Record, err error) {
	for _, t := range s.tests {
		if t.name != name {
			continue
		}
		w, err := open(ctx, s.set, t)
		if err != nil {
			return r, nil, err
		}
		if err := w.begin(t.given); err != nil {
			return r, nil, err
		}
		for _, st := range t.steps {
			if err := st.play(w); err != nil {
				return r, nil, err
			}
		}
		r, _ = w.request()
		records = w.records()
		return r, records, w.stop()
	}
	return r, nil, nil
}

// Set is what the suite is tested against.
func (s *Suite) Set() *rules.Set { return s.set }
