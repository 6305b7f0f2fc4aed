package slack

import (
	"slices"
	"strings"
)

// scope is one permission of the bot token, with what it is for.
type scope struct {
	name, why string
	needed    bool // without it the main job does not work
}

// scopes are those this configuration uses, and no others.
func (s Settings) scopes() []scope {
	all := []scope{
		{"app_mentions:read", "to hear when somebody mentions @signoff", true},
		{"channels:history", "to follow the threads of requests, to read the thread a request is made from, and to find a message whose answer was lost", false},
		{"channels:read", "to call public channels by their names in rules and on cards", false},
		{"chat:write", "to post cards and notices and keep them current", true},
		{"chat:write.public", "to post in public channels without being invited", false},
		{"commands", "for " + firstOf(s.Command, defaultCommand) + ", " + verbCommand + " and the entries in the message and shortcut menus", true},
		{"groups:history", "the same as channels:history in private channels it was invited to", false},
		{"groups:read", "the same as channels:read in private channels it was invited to", false},
		{"im:history", "to read what people write to it directly, and to find a direct message of its own whose answer was lost", false},
		{"im:write", "to ask reviewers in direct messages", true},
		{"metadata.message:read", "to recognise its own messages by their mark, so that none is posted twice", false},
		{"mpim:history", "the same as channels:history in group messages it was added to", false},
		{"users:read", "to show names and use people's time zones", true},
		{"users:read.email", "to match accounts with the people in the rules by e-mail", true},
	}
	if s.Emoji != "" {
		all = append(all, scope{"reactions:read", "to see who reacts with " + s.Emoji + " to make a request of a message", false})
	}
	if s.unfurls() {
		all = append(all,
			scope{"links:read", "to see when somebody shows a link to a request", false},
			scope{"links:write", "to unfold such a link into a small card", false})
	}
	all = append(all, s.fileScopes()...)
	slices.SortFunc(all, func(a, b scope) int { return strings.Compare(a.name, b.name) })
	return all
}

// fileScopes are those for files and pictures.
func (s Settings) fileScopes() []scope {
	reads, writes := "to see when Slack has looked at a picture, so that a card can show it", "to put pictures of the work on cards"
	switch {
	case s.files() && s.pictures():
		reads, writes = "to carry files from Slack into the ticket", "to carry files from the ticket into the thread, and "+writes
	case s.files():
		reads, writes = "to carry files from Slack into the ticket", "to carry files from the ticket into the thread"
	case !s.pictures():
		return nil
	}
	return []scope{{"files:read", reads, false}, {scopePictures, writes, false}}
}

// eventsUsed are the event subscriptions this configuration uses.
func (s Settings) eventsUsed() []scope {
	all := []scope{
		{"app_mention", "a mention of @signoff makes a request", true},
		{"app_uninstalled", "to tell the operator that the app was removed", false},
		{"message.channels", "replies in the thread of a request go into its ticket" + s.watching(), true},
		{"message.groups", "the same in private channels it was invited to", false},
		{"message.im", "what people write to @signoff directly is answered or offered as a request", false},
		{"message.mpim", "the same as message.channels in group messages it was added to", false},
		{"tokens_revoked", "to tell the operator that the token no longer works", false},
	}
	if s.home() {
		all = append(all, scope{"app_home_opened", "to show people what waits for them in the Home tab", false})
	}
	if s.Emoji != "" {
		all = append(all, scope{"reaction_added", s.Emoji + " at a message offers it as a request", false})
	}
	if s.unfurls() {
		all = append(all, scope{"link_shared", "a link to a request is unfolded", false})
	}
	slices.SortFunc(all, func(a, b scope) int { return strings.Compare(a.name, b.name) })
	return all
}

func (s Settings) watching() string {
	if len(s.Watch) == 0 {
		return ""
	}
	return "; new messages in " + strings.Join(s.Watch, ", ") + " are offered as requests"
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
