package slack

import "github.com/slack-go/slack"

// Everything that is asked of Slack names the workspace it is asked for, "" where only one is meant. The functions of
// this file are the only ones that know which installation serves a workspace.

// web is the Web API as the bot of a workspace.
func (c *Connector) web(string) *slack.Client { return c.api }

// token is the bot token for a workspace.
func (c *Connector) token(string) string { return c.settings.BotToken.Reveal() }

// self is what is known of the installation in a workspace.
func (c *Connector) self(string) install { return *c.known.Load() }
