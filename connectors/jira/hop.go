package jira

import (
	"sync"
	"time"
)

const (
	hopWindow = 10 * time.Minute
	mostHop   = 20   // changes of one ticket within the window, as Pace allows them
	hopRows   = 1000 // tickets that are counted
)

// hops counts how often single tickets are changed, so that a game of ping-pong with somebody's automation is seen. It
// slows nothing down: Pace does.
type hops struct {
	mu   sync.Mutex
	seen map[string][]time.Time // by ticket, the changes within the window
	told map[string]time.Time
}

// add counts a change and reports whether it is time to raise the alarm: once per ticket and window.
func (h *hops) add(id string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seen == nil || len(h.seen) > hopRows {
		h.seen, h.told = map[string][]time.Time{}, map[string]time.Time{}
	}
	from := now.Add(-hopWindow)
	kept := h.seen[id][:0]
	for _, at := range h.seen[id] {
		if at.After(from) {
			kept = append(kept, at)
		}
	}
	h.seen[id] = append(kept, now)
	if len(h.seen[id]) < mostHop || h.told[id].After(from) {
		return false
	}
	h.told[id] = now
	return true
}

// changed counts a change of a ticket's fields or status.
func (c *Connector) changed(id, key string) {
	if c.hops.add(id, c.deps.Now()) {
		c.deps.Log.Error("a ticket is changed again and again; a rule of Jira Automation may undo what signoff writes. It goes on slowly",
			"ticket", key, "changes", mostHop, "within", hopWindow.String(), "alarm", "ping-pong")
	}
}
