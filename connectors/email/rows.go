package email

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"signoff/internal/flow"
)

// What is kept, by key: "m/<id>" a mail that came or went, "t/<thread>" a conversation, "s/<request>" the subject of its mails, "q/<mark>" the
// question that a mail put, "c/…" when something was done in
// the last hours, "b/<address>" what came back from an address, "imap/…" how far a mailbox was read.

// mailRow is a mail that came or went, by its Message-ID.
type mailRow struct {
	ID      string         `json:"id"` // the Message-ID
	Thread  string         `json:"thread"`
	Request flow.RequestID `json:"request,omitempty"`
	At      time.Time      `json:"at"`
	Content string         `json:"content,omitempty"` // of one that came: its content key
	Sent    *sentRow       `json:"sent,omitempty"`    // of one that went
}

// sentRow is what became of a mail of ours.
type sentRow struct {
	To     string `json:"to"`
	Effect string `json:"effect"`
	State  string `json:"state"`
	Lost   int    `json:"lost,omitempty"` // how often nobody said whether it was taken
}

// States of a mail of ours.
const (
	stateTrying = "trying" // not known to have arrived
	stateNot    = "not"    // surely not taken; may be tried again
	stateSent   = "sent"
	stateLost   = "lost" // all of it left, and no answer came
)

// threadRow is a conversation by mail.
type threadRow struct {
	Subject    string         `json:"subject"`
	Starter    string         `json:"starter"` // who began it
	Shown      string         `json:"shown,omitempty"`
	Answer     string         `json:"answer,omitempty"` // where they want answers, when it is elsewhere
	Last       string         `json:"last"`             // the newest Message-ID in it
	References []string       `json:"references,omitempty"`
	Request    flow.RequestID `json:"request,omitempty"`
	Quiet      string         `json:"quiet,omitempty"` // why no mail goes there: a list or a machine began it
	Hush       bool           `json:"hush,omitempty"`  // it may have been a machine: no automatic answer
	First      string         `json:"first,omitempty"` // the delivery that began it
	Opens      bool           `json:"opens,omitempty"` // that one opened a request
	At         time.Time      `json:"at"`
}

func keyMail(id string) string       { return "m/" + idKey(id) }
func keyThread(thread string) string { return "t/" + thread }

func (c *Connector) mail(ctx context.Context, id string) (row mailRow, ok bool, err error) {
	if id == "" {
		return row, false, nil
	}
	ok, err = c.memory.Load(ctx, keyMail(id), &row)
	return row, ok && row.ID == id, err
}

func (c *Connector) thread(ctx context.Context, key string) (row threadRow, ok bool, err error) {
	ok, err = c.memory.Load(ctx, keyThread(key), &row)
	return row, ok, err
}

const mostReferences = 20 // kept of a long line of answers: the first half and the last

// shorten keeps the beginning and the end of a long line of answers.
func shorten(ids []string) []string {
	if len(ids) <= mostReferences {
		return ids
	}
	return slices.Concat(ids[:mostReferences/2], ids[len(ids)-mostReferences/2:])
}

// joined adds a mail to its conversation.
func (t *threadRow) joined(id string, at time.Time) {
	if id == "" || id == t.Last {
		return
	}
	if t.Last != "" && !slices.Contains(t.References, t.Last) {
		t.References = shorten(append(t.References, t.Last))
	}
	t.Last, t.At = id, at
}

// within counts what was done in the last while and, where fewer than most are known, adds now. next is when one more may
// be done.
func (c *Connector) within(ctx context.Context, key string, span time.Duration, most int) (ok bool, next time.Time, err error) {
	c.rows.Lock()
	defer c.rows.Unlock()
	now := c.d.Now().UTC()
	var times []time.Time
	if _, err := c.memory.Load(ctx, key, &times); err != nil {
		return false, next, err
	}
	times = slices.DeleteFunc(times, func(at time.Time) bool { return !at.After(now.Add(-span)) })
	if len(times) >= most {
		return false, times[len(times)-most].Add(span), nil
	}
	c.memory.Note(key, append(times, now))
	return true, next, nil
}

// undo takes back the newest of what within counted: it was not done after all.
func (c *Connector) undo(ctx context.Context, key string) {
	c.rows.Lock()
	defer c.rows.Unlock()
	var times []time.Time
	if ok, err := c.memory.Load(ctx, key, &times); err != nil || !ok || len(times) == 0 {
		return
	}
	c.memory.Note(key, times[:len(times)-1])
}

const (
	sweepEvery = 24 * time.Hour
	keepMails  = 400 * 24 * time.Hour
	keepCounts = 48 * time.Hour
)

// sweep forgets what is of no use any more, once a day.
func (c *Connector) sweep(ctx context.Context) {
	now := c.d.Now()
	last := c.swept.Load()
	if now.Unix()-last < int64(sweepEvery.Seconds()) || !c.swept.CompareAndSwap(last, now.Unix()) {
		return
	}
	var old []string
	for _, prefix := range []string{"m/", "t/", "s/", "q/", "c/"} {
		err := c.d.Keep.Scan(ctx, prefix, func(key string, value []byte) error {
			if stale(prefix, value, now) {
				old = append(old, key)
			}
			return nil
		})
		if err != nil {
			c.d.Log.Warn("old mail is not forgotten", "error", err)
			return
		}
	}
	for _, key := range old {
		c.memory.Forget(key)
	}
}

func stale(prefix string, value []byte, now time.Time) bool {
	if prefix == "c/" {
		var times []time.Time
		return json.Unmarshal(value, &times) != nil || len(times) == 0 || now.Sub(times[len(times)-1]) > keepCounts
	}
	var row struct {
		At time.Time `json:"at"`
	}
	return json.Unmarshal(value, &row) == nil && now.Sub(row.At) > keepMails
}

// never says why no mail may go to an address, "" when it may: machines do not read, and some answer.
func never(address string) string {
	local := strings.ToLower(localPart(address))
	for _, word := range []string{"mailer-daemon", "postmaster", "noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "bounce", "bounces", "listserv", "majordomo"} {
		if local == word {
			return "nobody reads mail at " + address
		}
	}
	if strings.HasPrefix(local, "bounce+") || strings.HasPrefix(local, "bounces+") || strings.HasSuffix(local, "-bounces") || strings.HasSuffix(local, "-request") && strings.Contains(domainOf(address), "list") {
		return "nobody reads mail at " + address
	}
	return ""
}
