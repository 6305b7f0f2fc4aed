package slack

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// A comment of the tracker stands in the thread word for word. What one message cannot hold goes on in the next ones;
// they are changed and taken away together with the first.

// partSections is how many sections one message of a comment holds: together they stay below maxMessage.
const partSections = 4

const opDelete = "chat.delete"

// commentParts are the messages that show a comment.
func (c *Connector) commentParts(e flow.Effect) []spoken {
	v := e.Show.View
	p := printer{instance: c.instance, known: e.Known}
	size := func(d text.Doc) int { return runes(p.doc(d)) }
	headline := clipMarked(escape(firstOf(oneLine(v.Headline), oneLine(v.Body.String()), string(v.Request))), maxText)
	var parts []spoken
	for i, piece := range text.Split(v.Body, maxSection, size) {
		if i%partSections == 0 {
			parts = append(parts, spoken{text: headline})
		}
		last := &parts[len(parts)-1]
		last.blocks = append(last.blocks, section(p.doc(piece)))
	}
	if len(parts) == 0 {
		return []spoken{{text: headline, blocks: []slack.Block{section(headline)}}}
	}
	for i := range parts[1:] {
		parts[i+1].text = "(" + strconv.Itoa(i+2) + "/" + strconv.Itoa(len(parts)) + ") " + clipMarked(headline, maxText-20)
	}
	return parts
}

// partMark is the mark of the nth message of a comment; the first has that of the effect.
func partMark(mark string, n int) string {
	if n == 0 {
		return mark
	}
	return mark + "/part/" + strconv.Itoa(n+1)
}

// messages are those that show something, in order.
func (r receipt) messages() []string {
	if r.TS == "" {
		return nil
	}
	return append([]string{r.TS}, r.More...)
}

// showComment makes the messages of a comment look like the view. What was done is kept message by message, so that a
// lost answer never doubles one.
func (c *Connector) showComment(ctx context.Context, in install, e flow.Effect, r receipt) ([]flow.Link, error) {
	links, err := c.showCommentAt(ctx, in, e, r, c.placeOf)
	if outside(err) && e.Show.To.ID() != "" && !e.Show.At.Zero() {
		return c.showCommentAt(ctx, in, e, r, c.away)
	}
	return links, err
}

// placed finds the place of a comment.
type placed func(context.Context, flow.Effect) (outgoing, error)

func (c *Connector) showCommentAt(ctx context.Context, in install, e flow.Effect, r receipt, at placed) ([]flow.Link, error) {
	out, err := at(ctx, e)
	if err != nil {
		return nil, err
	}
	if r.TS != "" && r.Channel != out.channel { // it went to the person instead
		out.channel, out.thread = r.Channel, ""
	}
	parts := c.commentParts(e)
	for n, s := range parts {
		out.spoken, out.mark, out.part = s, e, n
		if r, err = c.showPart(ctx, e, out, r); err != nil {
			return nil, err
		}
		if len(parts) > 1 {
			c.put(ctx, keyShown(e), r)
		}
	}
	if err := c.deleteParts(ctx, out.team, r.Channel, r.More[len(parts)-1:]); err != nil {
		return nil, err
	}
	r.More, r.Version, r.Digest = r.More[:len(parts)-1], e.Show.Version, e.Show.Digest
	if r.URL == "" {
		r.URL = c.addressOf(ctx, e, r)
	}
	c.note(keyShown(e), r)
	return c.links(in, e, r), nil
}

// showPart makes one message look like its part of the comment: the one that is there, else a new one.
func (c *Connector) showPart(ctx context.Context, e flow.Effect, out outgoing, r receipt) (receipt, error) {
	have := r.messages()
	if out.part < len(have) {
		err := c.updateWith(ctx, e, r.Channel, have[out.part], out)
		if err == nil || !gone(err) {
			return r, err
		}
	}
	sent, err := c.post(ctx, out)
	if err != nil {
		return r, err
	}
	next := receipt{Channel: sent.channel, TS: sent.ts, URL: r.URL}
	if out.part > 0 {
		next.TS, next.More = r.TS, append(slices.Clone(r.More[:out.part-1]), sent.ts)
	}
	if out.part+1 < len(have) {
		next.More = append(next.More, have[out.part+1:]...)
	}
	return next, nil
}

// deleteParts takes away messages of a comment that has become shorter.
func (c *Connector) deleteParts(ctx context.Context, team, channel string, surplus []string) error {
	for _, ts := range surplus {
		c.changed(team, channel, ts)
		_, err := c.read(ctx, team, opDelete, url.Values{"channel": {channel}, "ts": {ts}}, &struct{}{})
		if err != nil && codeOf(err) != "message_not_found" {
			return err
		}
	}
	return nil
}

// findComment looks for every message of a comment. Where some are missing Do makes them and leaves out those that were
// found.
func (c *Connector) findComment(ctx context.Context, in install, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	links, ok, err := c.findCommentAt(ctx, in, e, tried, c.placeOf)
	if outside(err) && e.Show.To.ID() != "" && !e.Show.At.Zero() {
		return c.findCommentAt(ctx, in, e, tried, c.away)
	}
	return links, ok, err
}

func (c *Connector) findCommentAt(ctx context.Context, in install, e flow.Effect, tried time.Time, at placed) ([]flow.Link, bool, error) {
	out, err := at(ctx, e)
	if err != nil {
		return nil, false, err
	}
	var r receipt
	c.get(ctx, keyShown(e), &r)
	parts := c.commentParts(e)
	for n := len(r.messages()); n < len(parts); n++ {
		found, ok, err := c.look(ctx, out, partMark(e.Mark(), n), tried)
		if err != nil {
			return nil, false, err
		}
		if !ok {
			return nil, false, nil
		}
		r.Channel = found.channel
		if n == 0 {
			r.TS = found.ts
		} else {
			r.More = append(r.More, found.ts)
		}
		c.note(keyShown(e), r)
	}
	if r.URL == "" {
		r.URL = c.addressOf(ctx, e, r)
		c.note(keyShown(e), r)
	}
	return c.links(in, e, r), true, nil
}

// updateWith changes one message.
func (c *Connector) updateWith(ctx context.Context, e flow.Effect, channel, ts string, out outgoing) error {
	c.changed(c.teamOf(e), channel, ts)
	_, _, _, err := c.web(c.teamOf(e)).UpdateMessageContext(ctx, channel, ts,
		slack.MsgOptionText(out.spoken.text, false), slack.MsgOptionBlocks(out.spoken.blocks...), slack.MsgOptionLinkNames(false),
		c.metadata(e, partMark(e.Mark(), out.part)))
	if err != nil {
		return c.failed(call{op: opUpdate, team: c.teamOf(e), channel: channel, repeatable: true}, err)
	}
	return nil
}

var _ connectors.Doer = (*Connector)(nil)
