package slack

import (
	"context"
	"errors"
	"slices"

	"signoff/connectors"
)

// Probe asks Slack whether it takes our token, and whether we may write. Workspaces made by OAuth stop and go on by
// themselves, each for its own.
func (c *Connector) Probe(ctx context.Context) error {
	if c.settings.BotToken.Empty() {
		return nil
	}
	_, granted, err := c.askInstall(ctx)
	if err == nil && len(granted) > 0 && !slices.Contains(granted, "chat:write") {
		err = &connectors.Error{Op: "auth.test", Class: connectors.Denied, Err: errors.New("the token lacks the scope chat:write"), Person: scopeSentence("chat:write")}
	}
	return err
}
