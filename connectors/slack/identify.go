package slack

import (
	"context"
	"net/url"
	"strings"

	"signoff/internal/flow"
)

// Identify finds the account with an e-mail address. Guests, bots, deactivated accounts, people of other workspaces
// and addresses that were never confirmed are surely nobody. Errors are *connectors.Error.
func (c *Connector) Identify(ctx context.Context, email string) (flow.Actor, bool, error) {
	in, err := c.installed(ctx, "")
	if err != nil {
		return flow.Actor{}, false, err
	}
	var out struct {
		User user `json:"user"`
	}
	_, err = c.read(ctx, in.Team, opLookup, url.Values{"email": {email}}, &out)
	switch {
	case codeOf(err) == "users_not_found":
		return flow.Actor{}, false, nil
	case err != nil:
		return flow.Actor{}, false, err
	}
	p := out.User.profile()
	if out.User.ID == "" || !p.trusted() || p.Team != "" && p.Team != in.Team || p.Email != "" && !strings.EqualFold(p.Email, email) {
		return flow.Actor{}, false, nil
	}
	c.note("user/"+out.User.ID, keptProfile{profile: p, At: c.now().UTC()})
	return flow.Actor{Ref: c.ref("user", in.Team, out.User.ID), Shown: p.Name, Zone: p.Zone, Email: firstOf(p.Email, email)}, true, nil
}
