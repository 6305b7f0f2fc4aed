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
	at map[string]time.Time
}

func newLooks() *looks { return &looks{at: map[string]time.Time{}} }

// again reports whether somebody looked a moment ago, and notes that they look now.
func (l *looks) again(who string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, ok := l.at[who]; ok && now.Sub(last) < lookPause && !now.Before(last) {
		return true
	}
	if len(l.at) >= looksHeld {
		clear(l.at)
	}
	l.at[who] = now
	return false
}

// acceptHome takes the opening of a person's own page.
func (c *Connector) acceptHome(acc connectors.Accepted, e envelope) connectors.Accepted {
	user := string(e.Event.User)
	switch {
	case !c.settings.home() || e.Event.Tab != "home" || user == "":
		acc.Ignored = ignoredUnused
	case c.looked.again(e.team()+"/"+user, c.now()):
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
