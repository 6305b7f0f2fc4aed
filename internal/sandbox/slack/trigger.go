package slack

import (
	"fmt"
	"time"
)

// triggerLife is how long a trigger id may be exchanged for a view.
const triggerLife = 3 * time.Second

// trigger allows one view to be opened for a user.
type trigger struct {
	user string
	at   time.Time
	used bool
	view string // the view it was created in, if any
}

// newTrigger returns a fresh trigger id. The caller holds mu.
func (s *Server) newTrigger(user, view string) string {
	id := fmt.Sprintf("%d.%d.%s", 1e12+s.random.Int64N(1e12), 1e10+s.random.Int64N(1e10), s.newSecret(32))
	s.triggers[id] = &trigger{user: user, at: s.opt.Real(), view: view}
	return id
}

// newSecret returns n hexadecimal digits. The caller holds mu.
func (s *Server) newSecret(n int) string {
	const digits = "0123456789abcdef"
	out := make([]byte, n)
	for i := range out {
		out[i] = digits[s.random.IntN(len(digits))]
	}
	return string(out)
}

// valid looks a trigger up without using it.
func (s *Server) valid(id string) (*trigger, *failure) {
	t := s.triggers[id]
	switch {
	case id == "":
		var l lint
		l.add("", "missing required field: trigger_id")
		return nil, refused("invalid_arguments", &l)
	case t == nil:
		return nil, fail("invalid_trigger_id")
	case t.used:
		return nil, fail("exchanged_trigger_id")
	case s.opt.Real().Sub(t.at) > triggerLife:
		return nil, fail("expired_trigger_id")
	}
	return t, nil
}
