package slack

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"signoff/connectors"
	"signoff/internal/strictjson"
)

// Accept authenticates one delivery by its raw bytes, names it and says what it is. It does no I/O.
func (c *Connector) Accept(in connectors.Inbound) (connectors.Accepted, error) {
	kind, refusal := c.admit(in)
	if refusal != nil {
		return connectors.Accepted{}, refusal
	}
	accept := c.acceptForm
	if kind == typeJSON {
		accept = c.acceptEvent
	}
	acc, refusal := accept(in.Body)
	if refusal != nil {
		c.log.Warn("a signed delivery of another workspace or app", "reason", refusal.Reason)
		return connectors.Accepted{}, refusal
	}
	acc.Type = kind
	return acc, nil
}

func malformed(body []byte, kind, why string) connectors.Accepted {
	return connectors.Accepted{ID: "body/" + hash(string(body)), Kind: kind, Malformed: why}
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// id makes a delivery id of its parts: readable when short, hashed when long or not printable.
func id(kind string, parts ...string) string {
	joined := strings.Join(parts, "/")
	if len(joined) > 200 || strings.ContainsFunc(joined, func(r rune) bool { return r <= ' ' || r > '~' }) {
		joined = hash(joined)
	}
	return kind + "/" + joined
}

// tenant says whose a payload is.
type tenant int

const (
	tenantOurs    tenant = iota
	tenantForeign        // another workspace's or app's
	tenantUnnamed        // it names no workspace at all
)

const whyUnnamed = "it names no workspace"

// belongs compares a payload with the workspace and app we are installed in. What is not known yet, or not said by the
// payload, is not compared.
func (c *Connector) belongs(app, enterprise string, teams ...string) tenant {
	in := c.known.Load()
	if in.App != "" && app != "" && app != in.App {
		return tenantForeign
	}
	named := false
	for _, team := range teams {
		if team != "" && (team == in.Team || in.Team == "") {
			return tenantOurs
		}
		named = named || team != ""
	}
	switch {
	case named:
		return tenantForeign
	case enterprise == "":
		return tenantUnnamed
	case enterprise == in.Enterprise, in.Enterprise == "" && in.Team == "":
		return tenantOurs
	}
	return tenantForeign
}

func foreign() *connectors.Refusal {
	return &connectors.Refusal{Status: http.StatusUnauthorized, Reason: reasonTenant}
}

func (c *Connector) acceptEvent(body []byte) (connectors.Accepted, *connectors.Refusal) {
	var e envelope
	if err := strictjson.Decode(body, &e, strictjson.Limits{}); err != nil {
		return malformed(body, "event:unreadable", err.Error()), nil
	}
	if e.Type == "url_verification" {
		return challenge(body, e), nil
	}
	teams := []string{e.TeamID, e.ContextTeam}
	for _, a := range e.Authorizations {
		teams = append(teams, a.TeamID) // a shared channel's event may name the other workspace first
	}
	switch c.belongs(e.AppID, e.EnterpriseID, teams...) {
	case tenantForeign:
		return connectors.Accepted{}, foreign()
	case tenantUnnamed:
		return malformed(body, "event:unreadable", whyUnnamed), nil
	}
	acc := connectors.Accepted{ID: "body/" + hash(string(body))}
	if e.EventID != "" {
		acc.ID = id("event", e.EventID)
	}
	switch e.Type {
	case "event_callback":
		return c.acceptInner(acc, e), nil
	case "app_rate_limited":
		acc.Kind, acc.Ignored = "event:app_rate_limited", "Slack holds events back"
		acc.Alarm = "Slack drops events of this workspace: more than 30,000 came within an hour"
	default:
		acc.Kind, acc.Ignored = "event:other", "signoff does not use deliveries of type "+shown(e.Type)
	}
	return acc, nil
}

func challenge(body []byte, e envelope) connectors.Accepted {
	if e.Challenge == "" {
		return malformed(body, "event:url_verification", "there is no challenge in it")
	}
	header := http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"}}
	return connectors.Accepted{
		ID: "challenge/" + hash(e.Challenge), Kind: "event:url_verification",
		Answer: &connectors.Reply{Status: http.StatusOK, Header: header, Body: []byte(e.Challenge)},
	}
}

// acceptInner classifies by the inner event.
func (c *Connector) acceptInner(acc connectors.Accepted, e envelope) connectors.Accepted {
	m := e.Event.said()
	switch m.Type {
	case "":
		acc.Kind, acc.Malformed = "event:unreadable", "there is no readable event in it"
		return acc
	case "app_mention", "message":
		return c.acceptSaid(acc, e, m)
	case "app_uninstalled":
		acc.Alarm = "signoff was removed from the Slack workspace: install the app again"
	case "tokens_revoked":
		acc.Alarm = "Slack has revoked tokens of the app: install the app again and set the new bot_token"
	case "reaction_added", "app_home_opened", "file_shared", "member_joined_channel", "link_shared", "subteam_members_changed":
	default:
		acc.Kind, acc.Ignored = "event:other", "signoff does not use events of type "+shown(m.Type)
		return acc
	}
	acc.Kind, acc.Ignored = "event:"+m.Type, "signoff does not use this event"
	return acc
}

// acceptSaid takes mentions of the bot, under whichever of the two event types they come.
func (c *Connector) acceptSaid(acc connectors.Accepted, e envelope, m said) connectors.Accepted {
	acc.Kind = "event:" + m.Type
	if why := unusedMessage(m); why != "" {
		acc.Ignored = why
		return acc
	}
	if m.Channel == "" || m.TS == "" {
		acc.Malformed = "the message names no channel or no time"
		return acc
	}
	switch {
	case c.ours(m, e):
		acc.Ignored = "written by signoff itself"
	case m.Type == "message" && (m.ChannelType == "im" || !c.mentioned(m, e)):
		acc.Ignored = "a message that does not mention signoff"
	default:
		// One message comes as app_mention and as message, with different event ids: the same fact.
		acc.Key = strings.Join([]string{"mention", e.TeamID, m.Channel, m.TS}, "/")
		acc.Enrich = true
	}
	return acc
}

func unusedMessage(m said) string {
	switch m.Subtype {
	case "", "file_share", "thread_broadcast", "bot_message":
		return ""
	}
	return "signoff does not use messages of subtype " + shown(m.Subtype)
}

// ours reports whether this installation wrote the message.
func (c *Connector) ours(m said, e envelope) bool {
	in := c.self(e.TeamID)
	same := func(a, b string) bool { return a != "" && a == b }
	return same(m.BotID, in.Bot) || same(m.AppID, in.App) || same(m.AppID, e.AppID) ||
		same(m.User, in.User) || same(m.User, e.botUser())
}

func (c *Connector) mentioned(m said, e envelope) bool {
	for _, bot := range []string{e.botUser(), c.self(e.TeamID).User} {
		if bot != "" && (strings.Contains(m.Text, "<@"+bot+">") || strings.Contains(m.Text, "<@"+bot+"|")) {
			return true
		}
	}
	return false
}

// shown quotes a word of a payload for a reason: short, and only plain characters.
func shown(word string) string {
	word = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, word)
	if len(word) > 40 {
		word = word[:40] + "…"
	}
	return `"` + word + `"`
}
