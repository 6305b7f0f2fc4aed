package slack

import (
	"context"
	"slices"

	yaml "signoff/internal/source"
)

// Names implements connectors.Namer.
func (c *Connector) Names() string { return "channel" }

// Unknown looks for channels among those that the bot can see.
func (c *Connector) Unknown(ctx context.Context, names []string) (map[string]string, error) {
	in, _, err := c.askInstall(ctx)
	if err != nil {
		return nil, err
	}
	seen, err := c.memberships(ctx, in.Team)
	if err != nil {
		return nil, err
	}
	var known []string
	for name := range seen {
		if name[0] == '#' {
			known = append(known, name)
		}
	}
	slices.Sort(known)
	unknown := map[string]string{}
	for _, name := range names {
		if _, ok := seen[name]; ok {
			continue
		}
		if _, ok := seen[name[1:]]; ok { // written as an id
			continue
		}
		unknown[name], _ = yaml.Nearest(name, known)
	}
	return unknown, nil
}
