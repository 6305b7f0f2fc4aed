package slack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"signoff/connectors"
)

// Check asks Slack who we are in every workspace, whether the tokens may do what is needed, and how the socket stands.
// It changes nothing.
func (c *Connector) Check(ctx context.Context) []connectors.Finding {
	var found []connectors.Finding
	if !c.settings.BotToken.Empty() {
		found = append(found, c.checkHome(ctx)...)
	}
	for _, w := range c.teams.all() {
		found = append(found, c.checkWorkspace(ctx, w)...)
	}
	if len(found) == 0 {
		found = append(found, connectors.Finding{
			Level: "warning", What: "workspace", Text: "signoff is not installed in any Slack workspace yet",
			Remedy: "Sign in and open " + c.publicURL + "/oauth/" + c.instance + "/" + pathInstall + ".",
		})
	}
	return append(found, c.checkSocket(ctx)...)
}

func (c *Connector) checkHome(ctx context.Context) []connectors.Finding {
	in, granted, err := c.askInstall(ctx)
	if err != nil {
		return []connectors.Finding{problemOf(err)}
	}
	found := []connectors.Finding{{Level: "ok", What: "workspace", Text: "connected to workspace " + in.Team + " as bot user " + in.User}}
	found = append(found, c.checkScopes("", granted)...)
	return append(found, c.checkWatch(ctx, in.Team)...)
}

// checkWorkspace looks at an installation that was made by OAuth.
func (c *Connector) checkWorkspace(ctx context.Context, w *workspace) []connectors.Finding {
	what := "workspace " + w.called()
	again := "Sign in and open " + c.publicURL + "/oauth/" + c.instance + "/" + pathInstall + " to install it again."
	if w.Gone != "" {
		return []connectors.Finding{{Level: "warning", What: what, Text: w.Gone, Remedy: again}}
	}
	if _, err := w.api.AuthTestContext(ctx); err != nil {
		e := c.failed(call{op: "auth.test", team: w.Team, repeatable: true}, err)
		return []connectors.Finding{{Level: "problem", What: what, Text: e.Error(), Remedy: again}}
	}
	found := []connectors.Finding{{Level: "ok", What: what, Text: "installed by OAuth as bot user " + w.User}}
	return append(found, c.checkScopes(w.called(), w.Scopes)...)
}

// checkScopes compares what was granted with what this configuration uses; where names a workspace besides our own.
func (c *Connector) checkScopes(where string, granted []string) []connectors.Finding {
	in := ""
	if where != "" {
		in = " in " + where
	}
	if len(granted) == 0 {
		return []connectors.Finding{{
			Level: "warning", What: "scopes" + in, Text: "Slack did not say which scopes the token has",
			Remedy: "Compare the scopes in the app's settings with signoff slack manifest --explain.",
		}}
	}
	var found []connectors.Finding
	for _, sc := range c.settings.lacking(granted) {
		f := connectors.Finding{
			Level: "warning", What: "scope " + sc.name + in, Text: "not granted: it is there " + sc.why,
			Remedy: "Save the manifest of signoff slack manifest in the app's settings and install the app again.",
		}
		if sc.needed {
			f.Level = "problem"
		}
		found = append(found, f)
	}
	if len(found) == 0 {
		found = append(found, connectors.Finding{Level: "ok", What: "scopes" + in, Text: fmt.Sprintf("%d scopes, none missing", len(granted))})
	}
	return found
}

// checkSocket says how the connection of this process stands; where there is none it asks for one without using it,
// which shows whether the app-level token is taken.
func (c *Connector) checkSocket(ctx context.Context) []connectors.Finding {
	if c.settings.Mode != modeSocket {
		return nil
	}
	up, why := c.Connected()
	text := "Socket Mode is connected"
	if c.socketState.Load() == nil {
		_, _, err := c.socketClient().OpenContext(ctx)
		up, text = err == nil, "Socket Mode is on and the app-level token is taken"
		if err != nil {
			why = connectFailure(err)
		}
	}
	if up {
		return []connectors.Finding{{Level: "ok", What: "socket", Text: text}}
	}
	return []connectors.Finding{{
		Level: "problem", What: "socket", Text: "Socket Mode is not connected: " + why,
		Remedy: "Check app_token (scope connections:write), that Socket Mode is on in the app's settings, and that wss-primary.slack.com can be reached.",
	}}
}

func problemOf(err error) connectors.Finding {
	f := connectors.Finding{Level: "problem", What: "workspace", Text: err.Error(), Remedy: "Try again; if it stays, compare api_url and the network with what Slack needs."}
	e, ok := errors.AsType[*connectors.Error](err)
	switch {
	case ok && e.Class == connectors.Denied && strings.Contains(err.Error(), "the settings say"):
		f.Remedy = "Use the token of that workspace and app, or correct team_id and app_id."
	case ok && e.Class == connectors.Denied:
		f.Remedy = "Copy the Bot User OAuth Token from OAuth & Permissions of the app into bot_token; install the app again if it was removed."
	}
	return f
}
