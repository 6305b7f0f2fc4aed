package backtest

import (
	"container/heap"
	"time"
)

// timetable orders open requests by the next thing that time alone brings to them. Entries that were overtaken are
// passed over by whoever takes them out.
type timetable struct{ list slots }

type slot struct {
	at time.Time
	q  *request
}

func (t *timetable) put(q *request) {
	if at := q.next(); !at.IsZero() && !at.Equal(q.listed) {
		q.listed = at
		heap.Push(&t.list, slot{at, q})
	}
}

func (t *timetable) next() (*request, time.Time, bool) {
	if len(t.list) == 0 {
		return nil, time.Time{}, false
	}
	return t.list[0].q, t.list[0].at, true
}

func (t *timetable) pop() {
	s := heap.Pop(&t.list).(slot)
	if s.q.listed.Equal(s.at) {
		s.q.listed = time.Time{}
	}
}

type slots []slot

// Len, Less, Swap, Push and Pop make slots a heap.
func (s slots) Len() int           { return len(s) }
func (s slots) Less(i, j int) bool { return s[i].at.Before(s[j].at) }
func (s slots) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *slots) Push(x any)        { *s = append(*s, x.(slot)) }
func (s *slots) Pop() any {
	old := *s
	last := old[len(old)-1]
	old[len(old)-1] = slot{}
	*s = old[:len(old)-1]
	return last
}
