package slack

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/strictjson"
)

// Accept authenticates one delivery by its raw bytes, names it and says what it is. It does no I/O.
func (c *Connector) Accept(in connectors.Inbound) (connectors.Accepted, error) {
	kind, secret, refusal := c.admit(in)
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
	acc.Type, acc.Secret = kind, secret
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
	home := !c.settings.BotToken.Empty()
	unknown := in.Team == "" && c.settings.ClientID == "" // with one workspace only, the signature says enough
	named := false
	for _, team := range teams {
		if team != "" && (home && (team == in.Team || unknown) || c.teams.serves(enterprise, team)) {
			return tenantOurs
		}
		named = named || team != ""
	}
	switch {
	case named:
		return tenantForeign
	case enterprise == "":
		return tenantUnnamed
	case home && (enterprise == in.Enterprise || in.Enterprise == "" && unknown), c.teams.serves(enterprise, ""):
		return tenantOurs
	}
	return tenantForeign
}

func foreign() *connectors.Refusal {
	return &connectors.Refusal{Status: http.StatusUnauthorized, Reason: reasonTenant, Signed: true}
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
		if acc.Missed = time.Unix(int64(e.LimitedSince), 0); e.LimitedSince <= 0 {
			acc.Missed = c.now()
		}
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
