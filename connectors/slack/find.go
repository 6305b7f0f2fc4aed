package slack

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Bounds of looking for a message.
const (
	lookBack  = 5 * time.Minute // how far Slack's clock may be behind ours
	lookPages = 10
	// underWay is how long a post whose answer was lost may still arrive: a process that ended and is back at once looks
	// sooner than Slack has done its work.
	underWay = 5 * time.Second
)

// Find looks for the message that an earlier call left behind, by the mark in its metadata: in the thread it belongs
// to, else in the channel's history. Where that cannot be read nothing is posted again: the error is Rejected, and a
// person has to look.
func (c *Connector) Find(ctx context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	if e.Show == nil && e.Copy == nil && (e.Tell == nil || e.Tell.Private || e.Tell.View.Kind == flow.UnfurlView) {
		return nil, false, nil // what was said privately leaves nothing to find
	}
	links, found, err := c.find(ctx, e, tried)
	if gone := c.now().Sub(tried); !found && err == nil && gone < underWay {
		err = &connectors.Error{Op: "find message", Class: connectors.Unsure, Wait: underWay - gone, Err: errors.New("it may still be on its way")}
	}
	return links, found, err
}

func (c *Connector) find(ctx context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	in, err := c.installed(ctx, c.teamOf(e))
	if err != nil {
		return nil, false, err
	}
	switch {
	case e.Copy != nil:
		return c.findFile(ctx, in, e, tried)
	case e.Show != nil && e.Show.View.Kind == flow.CommentView:
		return c.findComment(ctx, in, e, tried)
	case e.Show != nil:
		return c.findShown(ctx, in, e, tried)
	}
	return c.findTold(ctx, in, e, tried)
}

func (c *Connector) findShown(ctx context.Context, in install, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	out, err := c.placeOf(ctx, e)
	if err != nil {
		return nil, false, err
	}
	found, ok, err := c.look(ctx, out, e.Mark(), tried)
	if outside(err) && e.Show.To.ID() != "" {
		if out, err = c.away(ctx, e); err == nil {
			found, ok, err = c.look(ctx, out, e.Mark(), tried)
		}
	}
	if err != nil || !ok {
		return nil, false, err
	}
	var r receipt
	if !c.get(ctx, keyShown(e), &r) || r.TS != found.ts {
		// Which version it shows is not told: with version 0 the next Do writes it again.
		r = receipt{Channel: found.channel, TS: found.ts}
		r.URL = c.addressOf(ctx, e, r)
		c.note(keyShown(e), r)
	}
	return c.links(in, e, r), true, nil
}

func (c *Connector) findTold(ctx context.Context, in install, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	links, ok, err := c.findAt(ctx, in, e, c.tellPlaces(e), tried)
	if outside(err) && len(e.Tell.To) > 0 && !e.Tell.Where.Zero() {
		users, _ := c.recipients(e)
		return c.findAt(ctx, in, e, ids(users), tried)
	}
	return links, ok, err
}

// findAt looks for the messages of a Tell at places as told keeps them.
func (c *Connector) findAt(ctx context.Context, in install, e flow.Effect, places []string, tried time.Time) ([]flow.Link, bool, error) {
	var done told
	key := keyTold(e)
	c.get(ctx, key, &done)
	complete := true
	for _, to := range places {
		if _, before := done.Posts[to]; before {
			continue
		}
		out, err := c.tellPlace(ctx, e, to)
		if err != nil {
			return nil, false, err
		}
		found, ok, err := c.look(ctx, out, e.Mark(), tried)
		if err != nil {
			return nil, false, err
		}
		if !ok {
			complete = false
			continue
		}
		done.add(to, found)
		c.put(ctx, key, done)
	}
	if !complete {
		return nil, false, nil // Do leaves out whoever was found
	}
	return done.links(c, in), true, nil
}

// tellPlaces are the recipients of a Tell as told keeps them.
func (c *Connector) tellPlaces(e flow.Effect) []string {
	if !e.Tell.Where.Zero() && e.Tell.Where.Type != "user" {
		return []string{where}
	}
	users, _ := c.recipients(e) // who has no account was not written to
	return ids(users)
}

func (c *Connector) tellPlace(ctx context.Context, e flow.Effect, to string) (outgoing, error) {
	if to == where {
		return c.place(e.Tell.Where)
	}
	who := member{c.teamOf(e), to}
	channel, err := c.direct(ctx, who)
	return outgoing{team: who.team, channel: channel}, err
}

// channelID is the id of a place's channel. A channel that is only known by name is known by id once a message went
// there or came from there: channels are never listed to find one.
func (c *Connector) channelID(ctx context.Context, channel string) (string, error) {
	if !strings.HasPrefix(channel, "#") {
		return channel, nil
	}
	var id string
	if c.get(ctx, keyNamed(channel), &id) && id != "" {
		return id, nil
	}
	return "", unreadableHistory(&connectors.Error{Op: opHistory, Class: connectors.Rejected, Err: errors.New("the channel's id is not known")})
}

func keyNamed(name string) string { return "named/" + name }

// nameKnown keeps which channel a name means.
func (c *Connector) nameKnown(ctx context.Context, name, id string) {
	var kept string
	if strings.HasPrefix(name, "#") && id != "" && !(c.get(ctx, keyNamed(name), &kept) && kept == id) {
		c.note(keyNamed(name), id)
	}
}

// candidate is a message as looking for a mark needs it.
type candidate struct {
	TS       string `json:"ts"`
	User     word   `json:"user"`
	BotID    string `json:"bot_id"`
	Files    loose  `json:"files"`
	Metadata struct {
		Type    string `json:"event_type"`
		Payload struct {
			Mark  string `json:"mark"`
			Store string `json:"store"`
		} `json:"event_payload"`
	} `json:"metadata"`
}

// look reads the messages since shortly before the lost call and compares marks.
func (c *Connector) look(ctx context.Context, out outgoing, mark string, tried time.Time) (posted, bool, error) {
	channel, err := c.channelID(ctx, out.channel)
	if err != nil {
		return posted{}, false, err
	}
	out.channel = channel
	var found posted
	err = c.eachSince(ctx, out, tried.Add(-lookBack), func(m candidate) bool {
		if m.Metadata.Type != eventType || m.Metadata.Payload.Mark != mark || m.Metadata.Payload.Store != c.storeID {
			return false
		}
		found = posted{channel: channel, ts: m.TS}
		return true
	})
	if found.ts != "" {
		c.wrote(ctx, out.team, channel, found.ts)
	}
	return found, err == nil && found.ts != "", err
}

// eachSince reads the messages of a thread or channel since an instant until done says that it is enough. What cannot be
// read to its end is an error for a person.
func (c *Connector) eachSince(ctx context.Context, out outgoing, since time.Time, done func(candidate) bool) error {
	method, args := opHistory, url.Values{
		"channel": {out.channel}, "include_all_metadata": {"true"}, "limit": {strconv.Itoa(c.threadPage())},
		"oldest": {stamp(since)}, "inclusive": {"true"},
	}
	if out.thread != "" {
		method = opReplies
		args.Set("ts", out.thread)
	}
	for range lookPages {
		var page struct {
			Messages []candidate `json:"messages"`
		}
		_, next, err := c.readPage(ctx, out.team, method, args, &page)
		if err != nil {
			return unreadableHistory(err)
		}
		if slices.ContainsFunc(page.Messages, done) || next == "" {
			return nil
		}
		args.Set("cursor", next)
	}
	return unreadableHistory(&connectors.Error{Op: method, Class: connectors.Rejected, Err: errNotJSON})
}

// unreadableHistory tells a person to look where we cannot.
func unreadableHistory(err error) error {
	if connectors.ClassOf(err) != connectors.Rejected {
		return err
	}
	return &connectors.Error{
		Op: "look for a lost message", Class: connectors.Rejected, Err: err,
		Person: "Slack did not say whether the message was posted, and signoff cannot read that channel's history to look. Check the channel, invite signoff there, then replay this.",
	}
}

// stamp writes an instant as a message id.
func stamp(t time.Time) string {
	return strconv.FormatInt(t.Unix(), 10) + ".000000"
}
