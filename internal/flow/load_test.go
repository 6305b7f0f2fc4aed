package flow

import (
	"testing"
	"time"
)

func TestHours(t *testing.T) {
	t.Parallel()
	ana, ben := Actor{Name: "ana"}, Actor{Name: "ben"}
	parts := func(done bool) []Part {
		list := []Part{{Number: 1, Effort: 1, Assignee: ana}, {Number: 2, Effort: 4, Assignee: ben}, {Number: 3, Effort: 1}}
		if done {
			list[0].Done, list[1].Done = time.Unix(1, 0), time.Unix(1, 0)
		}
		return list
	}
	for name, c := range map[string]struct {
		r        Request
		ana, ben float64
	}{
		"says nothing":                  {Request{Assignee: ana}, 1, 0},
		"without subtasks":              {Request{Assignee: ana, Effort: 6}, 6, 0},
		"a subtask of Ben's":            {Request{Assignee: ana, Effort: 6, Parts: parts(false)}, 2, 4},
		"two are done":                  {Request{Assignee: ana, Effort: 6, Parts: parts(true)}, 1, 0},
		"more than it was estimated at": {Request{Assignee: ana, Effort: 3, Parts: parts(false)}, 0, 4},
		"nobody's":                      {Request{Effort: 6}, 0, 0},
	} {
		if got := Hours(c.r, "ana"); got != c.ana {
			t.Errorf("%s: Ana has %v h, want %v", name, got, c.ana)
		}
		if got := Hours(c.r, "ben"); got != c.ben {
			t.Errorf("%s: Ben has %v h, want %v", name, got, c.ben)
		}
	}
}
