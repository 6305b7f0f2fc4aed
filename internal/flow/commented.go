package flow

import "fmt"

// commented keeps words in the journal; a reviewer's words are a first response.
func (s *step) commented() {
	s.because(CodeNoted, fmt.Sprintf("%s commented.", s.who(s.ev.Actor)))
	for i := range s.r.Stages {
		run := &s.r.Stages[i]
		if run.State == StageOpen && !s.ev.Echo && holds(run.Asked, s.ev.Actor) {
			s.responded(run)
		}
	}
}
