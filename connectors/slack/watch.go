package slack

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// channelNames remembers what channels are called, so that a message in one that is not watched costs nothing.
type channelNames struct {
	mu sync.Mutex
	by map[string]nameAt
}

type nameAt struct {
	name string
	at   time.Time
}

func newChannelNames() *channelNames { return &channelNames{by: map[string]nameAt{}} }

func (n *channelNames) put(id, name string, at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.by[id] = nameAt{name, at}
}

// of returns a channel's name as it was within the last hour.
func (n *channelNames) of(id string, now time.Time) (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	got, ok := n.by[id]
	return got.name, ok && now.Sub(got.at) < profileAge
}

// watches reports whether new messages of a channel are offered as drafts. name may be empty where it is not known.
func (c *Connector) watches(id, name string) bool {
	return slices.Contains(c.settings.Watch, id) || name != "" && slices.Contains(c.settings.Watch, name)
}

// mayWatch reports whether a new message is in a watched channel, or in one whose name is not known just now while
// channels are watched by name. Who puts a megaphone into a message does not want it offered.
func (c *Connector) mayWatch(m said) bool {
	if len(c.settings.Watch) == 0 || announces(m.Text) {
		return false
	}
	name, known := c.channels.of(m.Channel, c.now())
	if c.watches(m.Channel, name) {
		return true
	}
	return !known && slices.ContainsFunc(c.settings.Watch, func(w string) bool { return strings.HasPrefix(w, "#") })
}

// announces reports whether a message is marked as one for everybody, which asks for nothing.
func announces(mrkdwn string) bool {
	for _, mark := range []string{":megaphone:", ":mega:", ":loudspeaker:", "📣", "📢"} {
		if strings.Contains(mrkdwn, mark) {
			return true
		}
	}
	return false
}
