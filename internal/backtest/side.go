package backtest

import (
	"math"
	"slices"
	"time"

	"signoff/internal/flow"
	"signoff/rules"
)

// side is one of the two runs of the studio: what everybody is busy with, and whose turn it is.
type side struct {
	index int                // 0: as it was, 1: as it would be
	load  map[string]float64 // hours of open work by person
	turns map[string]int
}

func newSide(index int) *side {
	return &side{index: index, load: map[string]float64{}, turns: map[string]int{}}
}

// answers replies to what the new rules need to know: what was answered then, corrected by how far the two tallies have
// parted since; of whom nothing was answered, what the tally of the new rules says.
func (r *Run) answers(recorded flow.Answers) func([]rules.Need) flow.Answers {
	return func(needs []rules.Need) flow.Answers {
		a := flow.Answers{Load: map[string]float64{}, Turn: map[string]int{}, Away: recorded.Away}
		for _, n := range needs {
			for _, who := range n.People {
				a.Load[who] = r.is.load[who]
				if then, known := recorded.Load[who]; known {
					a.Load[who] = max(0, then+r.is.load[who]-r.was.load[who])
				}
			}
			a.Turn[n.Key] = r.is.turns[n.Key]
			if then, known := recorded.Turn[n.Key]; known {
				a.Turn[n.Key] = then + r.is.turns[n.Key] - r.was.turns[n.Key]
			}
		}
		return a
	}
}

// turned notes that somebody had their turn.
func (s *side) turned(a flow.Answers, needs []rules.Need, assignee string) {
	for _, n := range needs {
		if n.Kind == "turn" && slices.Contains(n.People, assignee) {
			s.turns[n.Key]++
		}
	}
	if needs == nil && assignee != "" {
		for key := range a.Turn {
			s.turns[key]++
		}
	}
}

// book keeps the tally in step with a story.
func (s *side) book(st *story) {
	var now booking
	if !st.over() && st.r.Status != flow.Draft {
		now = booking{who: st.r.Assignee.Name, hours: effort(st.r)}
	}
	before := st.busy[s.index]
	if now == before {
		return
	}
	if before.who != "" {
		if s.load[before.who] -= before.hours; math.Abs(s.load[before.who]) < 1e-9 {
			delete(s.load, before.who)
		}
	}
	if now.who != "" {
		s.load[now.who] += now.hours
	}
	st.busy[s.index] = now
}

// effort is the work a request is estimated at; one that says nothing counts as an hour, as it does in production.
func effort(r flow.Request) float64 {
	if r.Effort > 0 {
		return r.Effort
	}
	return 1
}

// spread counts lengths of time, so that their median is known without keeping them. Its steps are a tenth of an hour
// for forty hours and a fortieth of the length beyond: finer than anything that is shown.
type spread struct {
	n     int
	cells map[int32]int32
}

const (
	fine     = 6 * time.Minute
	fineMost = 400 // cells
)

func cell(d time.Duration) int32 {
	if d < fine*fineMost {
		return int32(max(0, (d+fine/2)/fine))
	}
	return fineMost + int32(math.Log(float64(d)/float64(fine*fineMost))/math.Log(1.025))
}

func ofCell(c int32) time.Duration {
	if c <= fineMost {
		return time.Duration(c) * fine
	}
	return time.Duration(float64(fine*fineMost) * math.Pow(1.025, float64(c-fineMost)))
}

func (s *spread) add(d time.Duration) {
	if s.cells == nil {
		s.cells = map[int32]int32{}
	}
	s.cells[cell(d)]++
	s.n++
}

// median is the middle of what was added; 0 of nothing.
func (s *spread) median() time.Duration {
	if s.n == 0 {
		return 0
	}
	const last = fineMost + 1_000
	seen := 0
	for c := range int32(last) {
		seen += int(s.cells[c])
		if 2*seen >= s.n {
			return ofCell(c)
		}
	}
	return ofCell(last)
}
