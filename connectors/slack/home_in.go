package slack

import (
	"sync"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// lookPause is how soon a person's page is built anew because they look at it; what changes meanwhile is shown anyway.
const lookPause = 5 * time.Second

const looksHeld = 10000

// looks remembers who opened their page just now.
type looks struct {
	mu sync.Mutex
	by map[string]look
}

type look struct {
	delivery string
	at       time.Time
}

func newLooks() *looks { return &looks{by: map[string]look{}} }

// again reports whether somebody looked a moment ago, and notes that they look now. A delivery that comes once more is the
// same look: the first may not have been stored.
func (l *looks) again(who, delivery string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	last, ok := l.by[who]
	if ok && last.delivery != delivery && now.Sub(last.at) < lookPause && !now.Before(last.at) {
		return true
	}
	if len(l.by) >= looksHeld {
		clear(l.by)
	}
	l.by[who] = look{delivery, now}
	return false
}

// acceptHome takes the opening of a person's own page.
func (c *Connector) acceptHome(acc connectors.Accepted, e envelope) connectors.Accepted {
	user := string(e.Event.User)
	switch {
	case !c.settings.home() || e.Event.Tab != "home" || user == "":
		acc.Ignored = ignoredUnused
	case c.looked.again(e.team()+"/"+user, acc.ID, c.now()):
		acc.Ignored = ignoredSoon
	default:
		acc.Enrich = true
	}
	return acc
}

// opened says who looks at their page.
func (s source) opened() []flow.Event {
	ev := s.event(flow.HomeOpened)
	team, user := s.env.team(), string(s.env.Event.User)
	ev.Actor = s.actor(team, "", user)
	ev.Where = ev.Actor.Ref
	ev.Sent = tsTime(string(s.env.Event.EventTS))
	return []flow.Event{ev}
}
