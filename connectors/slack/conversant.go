package slack

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Said reads what people said in a thread since an instant, as the events would have told it. Deletions leave no trace
// in Slack and are not among it. Errors are *connectors.Error.
func (c *Connector) Said(ctx context.Context, ref flow.Ref, since time.Time) ([]flow.Event, error) {
	key, ok := c.keyed(ref, "thread")
	if !ok {
		return nil, &connectors.Error{Op: opReplies, Class: connectors.Rejected, Err: errors.New("it is no thread of this Slack workspace")}
	}
	if _, err := c.installed(ctx, key[0]); err != nil {
		return nil, err
	}
	var list []said
	err := c.eachReply(ctx, key, func(m said) {
		if !c.ours(m, envelope{TeamID: key[0]}) && !latest(m).Before(since) {
			list = append(list, m)
		}
	})
	if err != nil {
		return nil, err
	}
	return c.asEvents(ctx, key[0], list)
}

// latest is when a message was written or last edited.
func latest(m said) time.Time { return tsTime(firstOf(m.Edited, m.TS)) }

// eachReply visits the messages of a thread that people wrote, oldest first.
func (c *Connector) eachReply(ctx context.Context, key []string, visit func(said)) error {
	args := url.Values{"channel": {key[1]}, "ts": {key[2]}, "limit": {strconv.Itoa(c.threadPage())}}
	seen := map[string]bool{}
	for range lookPages {
		var page struct {
			Messages []inner `json:"messages"`
		}
		_, next, err := c.readPage(ctx, key[0], opReplies, args, &page)
		if err != nil {
			return err
		}
		for _, i := range page.Messages {
			m := i.said()
			m.Channel, m.ThreadTS = key[1], key[2]
			if _, kind := (envelope{Event: &i}).spokenIn(); kind == saidNew && !seen[m.TS] { // the first one comes with every page
				seen[m.TS] = true
				visit(m)
			}
		}
		if next == "" {
			return nil
		}
		args.Set("cursor", next)
	}
	return nil
}

// asEvents are messages as events. A message that was edited is told as it reads now, once.
func (c *Connector) asEvents(ctx context.Context, team string, list []said) ([]flow.Event, error) {
	var events []flow.Event
	for _, m := range list {
		l := learned{Users: map[string]profile{}}
		w := wants{
			team: team, users: append([]string{m.User}, mentionedIn(m.Text)...), files: m.Files,
			messageChannel: m.Channel, message: m.TS, below: m.ThreadTS,
		}
		if err := c.learn(ctx, w, &l); err != nil {
			return nil, err
		}
		kind, mark := saidNew, m.TS
		if m.Edited != "" {
			kind, mark = saidEdited, m.Edited
		}
		s := source{c: c, learned: l, env: envelope{TeamID: team, Event: &inner{}}, d: flow.Delivery{At: c.now()}}
		ev := s.comment(m, kind)
		ev.ID = c.instance + "/" + id("said", team, m.Channel, m.TS, mark)
		events = append(events, ev)
	}
	return events, nil
}

var _ connectors.Conversant = (*Connector)(nil)
