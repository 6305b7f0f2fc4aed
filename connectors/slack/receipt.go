package slack

import (
	"context"
	"signoff/connectors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"signoff/internal/flow"
)

// Slack sends our own messages back as events. That one is ours is known by a receipt of having written it, never by
// its author alone: somebody else with our token would look the same.

// Bounds of receipts.
const (
	receiptsHeld  = 8192               // in memory; the oldest goes first
	receiptsAge   = 7 * 24 * time.Hour // how long one is kept; Slack repeats events for a day at most
	receiptsClear = 500                // after so many new ones the old are cleared away
	// answerTime is how long an event may be ahead of the answer to the call that made it.
	answerTime = 20 * time.Second
	answerWait = 3 * time.Second
)

// memory is a bounded set of keys; the oldest goes first.
type memory struct {
	mu    sync.Mutex
	known map[string]bool
	order []string
}

func newMemory() *memory { return &memory{known: map[string]bool{}} }

// add reports whether the key is new.
func (w *memory) add(key string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known[key] {
		return false
	}
	if len(w.order) >= receiptsHeld {
		delete(w.known, w.order[0])
		w.order = w.order[1:]
	}
	w.known[key] = true
	w.order = append(w.order, key)
	return true
}

func (w *memory) has(key string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.known[key]
}

const receiptPrefix = "posted/"

// receiptKey names a message; a file is named as one without a channel.
func receiptKey(team, channel, ts string) string {
	return receiptPrefix + strings.Join([]string{team, channel, ts}, "/")
}

// wrote keeps the receipt of a message that was just posted.
func (c *Connector) wrote(ctx context.Context, team, channel, ts string) {
	key := receiptKey(firstOf(team, c.self(team).Team), channel, ts)
	if c.written.add(key) && c.receipts.Add(1)%receiptsClear == 0 {
		c.clearReceipts(ctx)
	}
	c.note(key, c.now().Unix())
}

// changed remembers, in memory only, that a message of ours was changed by us.
func (c *Connector) changed(team, channel, ts string) {
	c.written.add(receiptKey(firstOf(team, c.self(team).Team), channel, ts))
}

// receipted reports whether a receipt of ours explains a message.
func (c *Connector) receipted(ctx context.Context, team string, m said) bool {
	keys := []string{receiptKey(team, m.Channel, m.TS)}
	for _, f := range m.Files {
		keys = append(keys, receiptKey(team, "file", string(f.ID)))
	}
	for _, key := range keys {
		var at int64
		if c.written.has(key) || c.get(ctx, key, &at) {
			return true
		}
	}
	return false
}

// remembered is receipted by what is in memory.
func (c *Connector) remembered(team string, m said) bool {
	if c.written.has(receiptKey(team, m.Channel, m.TS)) {
		return true
	}
	for _, f := range m.Files {
		if c.written.has(receiptKey(team, "file", string(f.ID))) {
			return true
		}
	}
	return false
}

// clearReceipts drops what no event will ask for any more.
func (c *Connector) clearReceipts(ctx context.Context) {
	before := c.now().Add(-receiptsAge).Unix()
	err := c.keep.Scan(ctx, receiptPrefix, func(key string, value []byte) error {
		if at, err := strconv.ParseInt(string(value), 10, 64); err == nil && at < before {
			c.keep.Note(key, nil)
		}
		return nil
	})
	if err != nil {
		c.log.Info("old receipts not cleared away", "err", err)
	}
}

// echo is words of our own account that no receipt of ours explains: they are recorded and counted, and decide nothing.
func echo(ev flow.Event) flow.Event {
	ev.Echo = true
	set(ev.Fields, "receipt", "no")
	return ev
}

// memories are what a connector holds in memory only.
type memories struct {
	written  *memory // messages of ours
	answered *memory // deliveries whose question was answered
	looked   *looks  // who opened their page just now
	channels *channelNames
	receipts atomic.Int64                     // how many were kept
	query    atomic.Pointer[connectors.Query] // what may be asked while enriching
}

func newMemories() *memories {
	return &memories{written: newMemory(), answered: newMemory(), looked: newLooks(), channels: newChannelNames()}
}

// Ask keeps what may be asked of requests while enriching.
func (c *Connector) Ask(q connectors.Query) { c.query.Store(&q) }
