package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"
)

const copiesWanted = reviewers + 1 // a direct message to each, and the card in the thread

// A copy is one message that shows a request with the buttons to decide on it.
type cardCopy struct {
	channel, ts string
	value       string // of its Approve button; "" once that is gone
}

// copies follows the copies of one request at Slack's stand-in.
type copies struct {
	mu      sync.Mutex
	all     map[string]*cardCopy
	touched time.Time // the last call of any kind
	shut    time.Time // when the last copy lost its button
}

func (c *copies) heard(a ask) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.touched = a.At
	switch a.Path {
	case "chat.postMessage":
		if value := approveIn(a.arg("blocks")); value != "" {
			m := &cardCopy{channel: jsonText(a.Answer, "channel"), ts: jsonText(a.Answer, "ts"), value: value}
			c.all[m.channel+" "+m.ts] = m
		}
	case "chat.update":
		m := c.all[a.arg("channel")+" "+a.arg("ts")]
		if m == nil || m.value == "" {
			return
		}
		if m.value = approveIn(a.arg("blocks")); m.value == "" {
			c.shut = a.At
		}
	}
}

// open counts the copies that still have their button; quiet is how long nothing has come.
func (c *copies) state() (known, open int, quiet time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.all {
		if m.value != "" {
			open++
		}
	}
	return len(c.all), open, time.Since(c.touched)
}

// approveIn returns the value of the Approve button among blocks.
func approveIn(blocks string) string {
	var list []struct {
		Elements []struct {
			Action string `json:"action_id"`
			Value  string `json:"value"`
		} `json:"elements"`
	}
	if json.Unmarshal([]byte(blocks), &list) != nil {
		return ""
	}
	for _, b := range list {
		for _, e := range b.Elements {
			if e.Action == "approve" {
				return e.Value
			}
		}
	}
	return ""
}

// press is the signed request of somebody who presses Approve on their copy.
func press(user string, m cardCopy, at time.Time) []byte {
	payload := fmt.Sprintf(`{"type":"block_actions","team":{"id":%q},"user":{"id":%q,"team_id":%q},"api_app_id":%q,"trigger_id":"1.1.%s%s","container":{"type":"message","message_ts":%q,"channel_id":%q},"channel":{"id":%q},"message":{"type":"message","ts":%q,"text":""},"actions":[{"action_id":"approve","block_id":"actions/1","type":"button","value":%s,"action_ts":"%d.000001"}]}`,
		teamID, user, teamID, appID, user, m.ts, m.ts, m.channel, m.channel, m.ts, quote(m.value), at.Unix())
	return wire(typeForm, "payload="+url.QueryEscape(payload), at)
}

// refresh measures how long after a decision the last copy of a card has lost its buttons.
func (b *bench) refresh() ([]row, error) {
	n := pick(b, 15, 200)
	took, err := b.decisions(n)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("last of %d copies after a decision, of %d", copiesWanted, n)
	ms := func(d time.Duration) []float64 { return []float64{milliseconds(d)} }
	return []row{
		alone(row{Goal: "refresh", What: what + ", p99", Unit: "ms", Bound: atMost(2000)}, ms(percentile(took, 99))),
		alone(row{Goal: "refresh", What: "… p50", Unit: "ms"}, ms(percentile(took, 50))),
	}, nil
}

// decisions plays n requests through their decision, one after the other, and times each.
func (b *bench) decisions(n int) (took []time.Duration, err error) {
	o, err := newOutside()
	if err != nil {
		return nil, err
	}
	defer o.close()
	c, err := b.start(o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	g, err := dial(b.ctx, c.Addr)
	if err != nil {
		return nil, err
	}
	defer g.conn.Close()
	for i := range n {
		d, err := b.decision(o, g, i)
		if err != nil {
			return took, fmt.Errorf("decision %d: %w", i+1, err)
		}
		took = append(took, d)
	}
	return took, nil
}

const (
	settled = 100 * time.Millisecond // without a call: everybody sees the request as it is
	look    = 2 * time.Millisecond
)

// decision asks for something, waits until everybody has their copy, approves it and waits for the last copy.
func (b *bench) decision(o *outside, g *gun, nth int) (time.Duration, error) {
	c := &copies{all: map[string]*cardCopy{}}
	o.listenTo(c.heard)
	b.number++
	now := time.Now()
	m := message{Number: b.number, Kind: "app_mention", Text: "<@" + botUser + "> urgent: look at the claim", Channel: "C0BENCH001", At: now}
	if err := g.fire(wire(typeJSON, m.body(), now)); err != nil {
		return 0, err
	}
	err := b.until(c, func(known, open int, quiet time.Duration) bool {
		return known == copiesWanted && open == known && quiet > settled
	})
	if err != nil {
		return 0, fmt.Errorf("before: %w", err)
	}
	who := reviewer(nth % reviewers)
	sent := time.Now()
	if err := g.fire(press(who, c.of(who), sent)); err != nil {
		return 0, err
	}
	if err := b.until(c, func(_, open int, _ time.Duration) bool { return open == 0 }); err != nil {
		return 0, fmt.Errorf("after: %w", err)
	}
	err = b.until(c, func(_, _ int, quiet time.Duration) bool { return quiet > settled })
	return c.shut.Sub(sent), err
}

// of returns the copy in somebody's direct messages.
func (c *copies) of(user string) cardCopy {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.all {
		if m.channel == directWith(user) {
			return *m
		}
	}
	return cardCopy{}
}

// until looks at the copies until they are as wanted.
func (b *bench) until(c *copies, wanted func(known, open int, quiet time.Duration) bool) error {
	for end := time.Now().Add(arriveFor); ; {
		known, open, quiet := c.state()
		if wanted(known, open, quiet) {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w: %d of %d copies, %d with buttons", errMissing, known, copiesWanted, open)
		}
		if err := sleepUntil(b.ctx, time.Now().Add(look)); err != nil {
			return err
		}
	}
}

func directWith(user string) string { return "D" + strings.TrimPrefix(user, "U") }
