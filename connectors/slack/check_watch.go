package slack

import (
	"context"
	"net/url"

	"signoff/connectors"
)

const (
	opChannels   = "conversations.list"
	channelPages = 10
	channelLimit = "1000"
)

// checkWatch looks whether the bot is in the channels it should watch: elsewhere it hears nothing.
func (c *Connector) checkWatch(ctx context.Context, team string) []connectors.Finding {
	if len(c.settings.Watch) == 0 {
		return nil
	}
	member, err := c.memberships(ctx, team)
	if err != nil {
		return []connectors.Finding{{
			Level: "warning", What: "watch", Text: "whether signoff is in the watched channels cannot be told: " + err.Error(),
			Remedy: "Give the app the scopes channels:read and groups:read (signoff slack manifest).",
		}}
	}
	var found []connectors.Finding
	for _, channel := range c.settings.Watch {
		f := connectors.Finding{Level: "ok", What: "channel " + channel, Text: "signoff is in it and watches it"}
		if in, listed := member[channel]; !listed || !in {
			f.Level, f.Text = "warning", "signoff is not in it and hears nothing there"
			f.Remedy = "Type /invite @signoff in that channel, or correct watch."
		}
		found = append(found, f)
	}
	return found
}

// memberships says of every channel that can be seen, by id and by name, whether the bot is in it.
func (c *Connector) memberships(ctx context.Context, team string) (map[string]bool, error) {
	member := map[string]bool{}
	args := url.Values{"types": {"public_channel,private_channel"}, "exclude_archived": {"true"}, "limit": {channelLimit}}
	for range channelPages {
		var page struct {
			Channels []struct {
				ID     string `json:"id"`
				Name   string `json:"name"`
				Member truth  `json:"is_member"`
			} `json:"channels"`
		}
		_, next, err := c.readPage(ctx, team, opChannels, args, &page)
		if err != nil {
			return nil, err
		}
		for _, ch := range page.Channels {
			member[ch.ID], member["#"+ch.Name] = bool(ch.Member), bool(ch.Member)
		}
		if next == "" {
			break
		}
		args.Set("cursor", next)
	}
	return member, nil
}
