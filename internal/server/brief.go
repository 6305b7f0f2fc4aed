package server

import "signoff/internal/flow"

// briefData is the page that says what is wanted, with its words as they were read last.
type briefData struct {
	Title, By, URL string
	Words          string
	At             *moment
}

func (it items) brief(b *flow.Brief, clock clock) *briefData {
	if b == nil {
		return nil
	}
	out := &briefData{Title: b.Title, URL: webOnly(b.URL), Words: b.Words.String(), At: clock.at(b.At)}
	if b.Owner.ID() != "" || b.Owner.Shown != "" {
		out.By = it.called(b.Owner)
	}
	return out
}
