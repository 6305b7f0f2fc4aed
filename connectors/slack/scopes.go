package slack

import "slices"

// scope is one permission of the bot token, with what it is for.
type scope struct {
	name, why string
	needed    bool // without it the main job does not work
}

// scopes are those this configuration uses, and no others.
func (s Settings) scopes() []scope {
	return []scope{
		{"app_mentions:read", "to hear when somebody mentions @signoff", true},
		{"channels:history", "to read the thread a request is made from, and to find a message whose answer was lost", false},
		{"channels:read", "to call public channels by their names in rules and on cards", false},
		{"chat:write", "to post cards and notices and keep them current", true},
		{"chat:write.public", "to post in public channels without being invited", false},
		{"commands", "for " + firstOf(s.Command, defaultCommand) + ", " + verbCommand + " and the entries in the message and shortcut menus", true},
		{"groups:history", "the same as channels:history in private channels it was invited to", false},
		{"groups:read", "the same as channels:read in private channels it was invited to", false},
		{"im:history", "to find a direct message of its own whose answer was lost", false},
		{"im:write", "to ask reviewers in direct messages", true},
		{"metadata.message:read", "to recognise its own messages by their mark, so that none is posted twice", false},
		{"users:read", "to show names and use people's time zones", true},
		{"users:read.email", "to match accounts with the people in the rules by e-mail", true},
	}
}

// eventsUsed are the event subscriptions this configuration uses.
func (s Settings) eventsUsed() []scope {
	return []scope{
		{"app_mention", "a mention of @signoff makes a request", true},
		{"app_uninstalled", "to tell the operator that the app was removed", false},
		{"tokens_revoked", "to tell the operator that the token no longer works", false},
	}
}

// lacking lists the scopes that were not granted.
func (s Settings) lacking(granted []string) []scope {
	var out []scope
	for _, sc := range s.scopes() {
		if !slices.Contains(granted, sc.name) {
			out = append(out, sc)
		}
	}
	return out
}
