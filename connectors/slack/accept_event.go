package slack

import (
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Why an event is kept without an event of its own.
const (
	ignoredOwn    = "written by signoff itself"
	ignoredSaid   = "a message that does not mention signoff"
	ignoredEdit   = "neither words nor files were changed"
	ignoredUnused = "signoff does not use this event"
	ignoredSoon   = "looked a moment ago"
)

// acceptInner classifies by the inner event.
func (c *Connector) acceptInner(acc connectors.Accepted, e envelope) connectors.Accepted {
	m := e.Event.said()
	acc.Kind = "event:" + m.Type
	switch m.Type {
	case "":
		acc.Kind, acc.Malformed = "event:unreadable", "there is no readable event in it"
	case "app_mention", "message":
		return c.acceptSaid(acc, e, m)
	case "reaction_added":
		return c.acceptReaction(acc, e)
	case "app_home_opened":
		return c.acceptHome(acc, e)
	case "link_shared":
		return c.acceptLink(acc, e)
	case "app_uninstalled", "tokens_revoked":
		return c.acceptEnd(acc, e, m.Type)
	case "file_shared":
		acc.Ignored = "the message that shares the file brings it"
	case "member_joined_channel", "subteam_members_changed":
		acc.Ignored = ignoredUnused
	default:
		acc.Kind, acc.Ignored = "event:other", "signoff does not use events of type "+shown(m.Type)
	}
	return acc
}

// saidKind says what a message event states.
type saidKind int

const (
	saidNothing saidKind = iota
	saidNew
	saidEdited
	saidRemoved
)

// spokenIn is the message that an event of type message or app_mention is about, and what happened to it.
func (e envelope) spokenIn() (said, saidKind) {
	m := e.Event.said()
	switch m.Subtype {
	case "", "file_share", "thread_broadcast", "bot_message", "me_message":
		return m, saidNew
	case "message_changed":
		now, before := e.Event.within(e.Event.Message), e.Event.within(e.Event.Previous)
		switch {
		case now.Subtype == "tombstone": // a first message is only hidden as long as there are replies
			before.TS = firstOf(before.TS, now.TS)
			before.ThreadTS = firstOf(before.ThreadTS, now.ThreadTS)
			return before, saidRemoved
		case now.Edited != "" && (now.Text != before.Text || !sameFiles(now.Files, before.Files)):
			return now, saidEdited
		}
		return now, saidNothing
	case "message_deleted":
		before := e.Event.within(e.Event.Previous)
		before.TS = firstOf(string(e.Event.DeletedTS), before.TS)
		return before, saidRemoved
	}
	return m, saidNothing
}

// acceptSaid takes what people say: mentions of the bot, under whichever of the two event types they come, words in
// threads, in watched channels and in direct messages, and what becomes of such words.
func (c *Connector) acceptSaid(acc connectors.Accepted, e envelope, outer said) connectors.Accepted {
	m, kind := e.spokenIn()
	switch {
	case kind == saidNothing && outer.Subtype == "message_changed":
		acc.Ignored = ignoredEdit
		return acc
	case kind == saidNothing:
		acc.Ignored = "signoff does not use messages of subtype " + shown(outer.Subtype)
		return acc
	case m.Channel == "" || m.TS == "":
		acc.Malformed = "the message names no channel or no time"
		return acc
	}
	team := e.team()
	key := func(kind string, more ...string) string {
		return strings.Join(append([]string{kind, team, m.Channel, m.TS}, more...), "/")
	}
	acc.About = c.ref("thread", team, m.Channel, m.thread())
	own := c.ours(m, e)
	switch {
	case own && c.remembered(team, m):
		acc.Ignored = ignoredOwn
	case kind == saidEdited:
		acc.Key, acc.Enrich = key("edited", m.Edited), true
	case kind == saidRemoved:
		acc.Key, acc.Enrich = key("removed"), true
	case own:
		acc.Key, acc.Enrich = key("said"), true
	default:
		return c.acceptNew(acc, e, m, key)
	}
	return acc
}

// acceptNew takes a new message of somebody else's.
func (c *Connector) acceptNew(acc connectors.Accepted, e envelope, m said, key func(string, ...string) string) connectors.Accepted {
	way := c.wayOf(m, e)
	switch {
	case way == "", way == wayTop && !c.mayWatch(m):
		acc.Ignored = ignoredSaid
		return acc
	case way != wayReply:
		acc.About = flow.Ref{}
	}
	acc.Enrich = true
	switch way {
	case wayVerb:
		acc.Enrich, acc.Waits, acc.Ignored = false, true, ignoredAnswered
	case wayMention: // one message comes as app_mention and as message, with different event ids: the same fact
		acc.Key = key("mention")
	default:
		acc.Key = key("said")
	}
	return acc
}

// The ways in which a message concerns us.
const (
	wayMention = "mention"
	wayVerb    = "verb"    // a question to us: help, status CR-142
	wayAbsence = "absence" // somebody tells the bot when they are away
	wayReply   = "reply"   // it may belong to the request of its thread
	wayDirect  = "direct"  // a message to the bot
	wayTop     = "top"     // a new message of a person in a channel
	wayWatch   = "watch"   // the same in a watched channel
)

// wayOf says how a new message concerns us, "" when it does not.
func (c *Connector) wayOf(m said, e envelope) string {
	bot := m.BotID != "" || m.User == "" || m.User == "USLACKBOT"
	direct := m.direct()
	mentioned := !direct && (m.Type == "app_mention" || c.mentioned(m, e))
	asked := c.verbIn(m, e)
	switch {
	case direct && !m.reply() && !bot && asked.absent():
		return wayAbsence
	case (mentioned || direct && !m.reply()) && !bot && asked.known() && !asked.absent(), direct && !m.reply() && !bot && asked.mistyped():
		return wayVerb
	case mentioned:
		return wayMention
	case m.reply():
		return wayReply
	case bot:
		return ""
	case direct:
		return wayDirect
	}
	return wayTop
}

// ours reports whether this installation's account wrote the message.
func (c *Connector) ours(m said, e envelope) bool {
	in := c.self(e.team())
	same := func(a, b string) bool { return a != "" && a == b }
	return same(m.BotID, in.Bot) || same(m.AppID, in.App) || same(m.AppID, e.AppID) ||
		same(m.User, in.User) || same(m.User, e.botUser())
}

func (c *Connector) mentioned(m said, e envelope) bool {
	for _, bot := range []string{e.botUser(), c.self(e.team()).User} {
		if bot != "" && (strings.Contains(m.Text, "<@"+bot+">") || strings.Contains(m.Text, "<@"+bot+"|")) {
			return true
		}
	}
	return false
}
