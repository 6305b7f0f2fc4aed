package slack

import (
	"context"
	"errors"
	"strings"

	"signoff/connectors"
)

// Check asks Slack who we are and whether the token may do what is needed. It changes nothing.
func (c *Connector) Check(ctx context.Context) []connectors.Finding {
	in, granted, err := c.askInstall(ctx)
	if err != nil {
		return []connectors.Finding{problemOf(err)}
	}
	found := []connectors.Finding{{Level: "ok", What: "workspace", Text: "connected to workspace " + in.Team + " as bot user " + in.User}}
	if len(granted) == 0 {
		return append(found, connectors.Finding{
			Level: "warning", What: "scopes", Text: "Slack did not say which scopes the token has",
			Remedy: "Compare the scopes in the app's settings with signoff slack manifest --explain.",
		})
	}
	lacking := c.settings.lacking(granted)
	for _, sc := range lacking {
		f := connectors.Finding{
			Level: "warning", What: "scope " + sc.name, Text: "not granted: it is there " + sc.why,
			Remedy: "Save the manifest of signoff slack manifest in the app's settings and install the app again.",
		}
		if sc.needed {
			f.Level = "problem"
		}
		found = append(found, f)
	}
	if len(lacking) == 0 {
		found = append(found, connectors.Finding{Level: "ok", What: "scopes", Text: "all scopes that are used are granted"})
	}
	return found
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
