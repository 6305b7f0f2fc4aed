package slack

import (
	"context"
	"errors"
	"maps"
	"slices"

	"signoff/connectors"
	"signoff/internal/flow"
)

// tell says something once: at a place, or to each person directly, or to one person where they acted. Without access
// to the place it goes to each person directly.
func (c *Connector) tell(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	in, err := c.installed(ctx, c.teamOf(e))
	if err != nil {
		return nil, err
	}
	switch t := e.Tell; {
	case t.View.Kind == flow.UnfurlView:
		return nil, c.unfurl(ctx, e)
	case t.Private:
		return nil, c.tellAlone(ctx, e)
	case t.Where.Zero() || t.Where.Type == "user":
		return c.tellEach(ctx, in, e)
	}
	out, err := c.place(e.Tell.Where)
	if err != nil {
		return nil, err
	}
	var done told
	key := keyTold(e)
	if c.get(ctx, key, &done) && done.Posts[where] != (postedAt{}) {
		return done.links(c, in), nil
	}
	out.spoken, out.mark = c.render(e), e
	sent, err := c.post(ctx, out)
	if outside(err) && len(e.Tell.To) > 0 {
		return c.tellEach(ctx, in, e)
	}
	if err != nil {
		return nil, err
	}
	done.add(where, sent)
	c.put(ctx, key, done)
	c.nameKnown(ctx, out.channel, sent.channel)
	return done.links(c, in), nil
}

// told remembers the messages of a Tell by recipient, so that a repeated Do leaves out who was told already.
type told struct {
	Posts map[string]postedAt `json:"posts"`
}

type postedAt struct {
	Channel string `json:"channel"`
	TS      string `json:"ts"`
}

// where is the recipient of a Tell that goes to a place.
const where = "where"

func keyTold(e flow.Effect) string { return "told/" + e.ID }

func (t *told) add(to string, p posted) {
	if t.Posts == nil {
		t.Posts = map[string]postedAt{}
	}
	t.Posts[to] = postedAt{Channel: p.channel, TS: p.ts}
}

// links are the messages that were written.
func (t told) links(c *Connector, in install) []flow.Link {
	var links []flow.Link
	for _, to := range slices.Sorted(maps.Keys(t.Posts)) {
		links = append(links, flow.Link{Ref: c.ref("message", in.Team, t.Posts[to].Channel, t.Posts[to].TS), Purpose: "tell"})
	}
	return links
}

// recipients are the people a Tell goes to; somebody without an account is a problem only once the others are told.
func (c *Connector) recipients(e flow.Effect) (users []member, missing error) {
	to := e.Tell.To
	if len(to) == 0 && e.Tell.Where.Type == "user" {
		to = []flow.Actor{{Ref: e.Tell.Where}}
	}
	seen := map[string]bool{}
	for _, a := range to {
		who, err := c.accountOf(e, a)
		if err != nil {
			missing = errors.Join(missing, err)
			continue
		}
		if !seen[who.id] {
			users, seen[who.id] = append(users, who), true
		}
	}
	if len(users) == 0 && missing == nil {
		missing = &connectors.Error{Op: opPost, Class: connectors.Rejected, Err: errors.New("it goes to nobody")}
	}
	return users, missing
}

func ids(users []member) (list []string) {
	for _, who := range users {
		list = append(list, who.id)
	}
	return list
}

// tellEach tells each person directly. A refusal about one of them does not keep it from the others.
func (c *Connector) tellEach(ctx context.Context, in install, e flow.Effect) ([]flow.Link, error) {
	users, refused := c.recipients(e)
	var done told
	key := keyTold(e)
	c.get(ctx, key, &done)
	s := c.render(e)
	for _, who := range users {
		if _, before := done.Posts[who.id]; before {
			continue
		}
		sent, err := c.tellOne(ctx, e, who, s)
		if connectors.ClassOf(err) == connectors.Rejected {
			refused = errors.Join(refused, err)
			continue
		}
		if err != nil {
			return nil, err
		}
		done.add(who.id, sent)
		c.put(ctx, key, done)
	}
	if refused != nil {
		return nil, onlyOne(refused)
	}
	return done.links(c, in), nil
}

func (c *Connector) tellOne(ctx context.Context, e flow.Effect, who member, s spoken) (posted, error) {
	channel, err := c.direct(ctx, who)
	if err != nil {
		return posted{}, err
	}
	return c.post(ctx, outgoing{team: who.team, channel: channel, user: who.id, spoken: s, mark: e})
}

// onlyOne makes one *connectors.Error of several.
func onlyOne(err error) error {
	var e *connectors.Error
	if errors.As(err, &e) {
		return &connectors.Error{Op: e.Op, Class: connectors.Rejected, Person: e.Person, Err: err}
	}
	return &connectors.Error{Op: opPost, Class: connectors.Rejected, Err: err}
}

// tellAlone tells the first recipient something nobody else sees, where they acted.
func (c *Connector) tellAlone(ctx context.Context, e flow.Effect) error {
	users, err := c.recipients(e)
	if len(users) == 0 {
		return onlyOne(err)
	}
	to := whisper{team: users[0].team, user: users[0].id}
	to.address, to.over = c.addresses.taken(e.Tell.InReplyTo, c.now())
	if out, err := c.place(e.Tell.Where); err == nil {
		to.team, to.channel, to.thread = out.team, out.channel, out.thread
	}
	return c.whisper(ctx, to, c.render(e))
}
