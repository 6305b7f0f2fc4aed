package slack

import (
	"signoff/connectors"
	"signoff/internal/flow"
)

// Slack's tiers, in calls per minute, with the bursts it tolerates.
const (
	perChannel   = 60  // about one message a second
	perWorkspace = 300 // several hundred messages a minute
	tier3        = 50
	tier4        = 100
)

// Pace names the limits an effect's call falls under.
func (c *Connector) Pace(e flow.Effect) []connectors.Pace {
	switch {
	case e.Show != nil && e.Show.Link != nil:
		return []connectors.Pace{{Key: opUpdate, PerMinute: tier3, Burst: 20}}
	case e.Show != nil:
		return c.posts(e.Show.At, e, []flow.Actor{e.Show.To})
	case e.Copy != nil:
		return c.posts(e.Copy.To, e, nil)
	case e.Tell != nil && e.Tell.View.Kind == flow.UnfurlView:
		return []connectors.Pace{{Key: opUnfurl, PerMinute: tier3, Burst: 20}}
	case e.Tell != nil && e.Tell.Private:
		return []connectors.Pace{{Key: opEphemeral, PerMinute: tier4, Burst: 20}}
	case e.Tell != nil:
		return c.posts(e.Tell.Where, e, e.Tell.To)
	}
	return nil
}

// posts are the limits of writing at a place, or to each of several people.
func (c *Connector) posts(at flow.Ref, e flow.Effect, to []flow.Actor) []connectors.Pace {
	paces := []connectors.Pace{{Key: opPost, PerMinute: perWorkspace, Burst: 30}}
	one := func(channel string) {
		paces = append(paces, connectors.Pace{Key: opPost + "/" + channel, PerMinute: perChannel, Burst: 3, Alone: true})
	}
	if out, err := c.place(at); err == nil {
		one(out.channel)
		return paces
	}
	for _, a := range to {
		if who, err := c.accountOf(e, a); err == nil {
			one(who.id)
		}
	}
	return paces
}
