package slack

import (
	"context"
	"regexp"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Two verbs change something: /signoff away 10-14 Mar cover @ana, and /signoff back. What was said is an event like any
// other; the engine reads the days and answers in private. /signoff away alone is answered with what is known.

const (
	verbAway = "away"
	verbBack = "back"
)

// daysFirst begins the days of an absence, so that other words to the bot are not taken for one.
var daysFirst = regexp.MustCompile(`(?i)^(?:from |until |till |to |on |today\b|tomorrow\b|next |this |day after|\d|(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|cover )`)

// absent reports whether somebody speaks of their absence.
func (a phrase) absent() bool {
	switch a.verb {
	case verbAway:
		return a.rest == "" || daysFirst.MatchString(a.rest)
	case verbBack:
		return a.rest == ""
	}
	return false
}

// absents reports whether a command is about the person's absence, whatever it says of it.
func (c command) absents() bool {
	verb, _ := c.verb()
	return c.Command == verbCommand && (verb == verbAway || verb == verbBack)
}

// absence is what somebody says of their absence.
func (s source) absence(a phrase, team string) flow.Event {
	ev := s.event(flow.AwaySet)
	if a.verb == verbBack {
		ev.Kind = flow.AwayEnded
		return ev
	}
	days, cover := a.rest, ""
	if at := coverWord.FindStringIndex(a.rest); at != nil {
		days, cover = a.rest[:at[0]], strings.TrimSpace(a.rest[at[1]:])
	}
	set(ev.Fields, "when", strings.Trim(days, " ,;"))
	if ids := mentionedIn(cover); len(ids) > 0 {
		ev.To = s.actor(team, "", ids[0])
	} else {
		set(ev.Fields, "cover", strings.TrimPrefix(cover, "@"))
	}
	return ev
}

var coverWord = regexp.MustCompile(`(?i)(?:^|[\s,;]+)(?:with )?cover(?:ed)?(?: by)?\s*:?\s+`)

// commanded is a command as the event it stands for.
func (s source) commanded() []flow.Event {
	if s.cmd == nil || !s.cmd.absents() {
		return nil
	}
	verb, rest := s.cmd.verb()
	ev := s.absence(phrase{verb, rest}, s.cmd.TeamID)
	ev.Actor = s.actor(s.cmd.TeamID, "", s.cmd.UserID)
	ev.Where = s.c.ref("channel", s.cmd.TeamID, s.cmd.Channel)
	return []flow.Event{ev}
}

// absentIn is what somebody wrote to the bot of their absence.
func (s source) absentIn(m said) flow.Event {
	ev := s.absence(s.c.verbIn(m, s.env), s.env.team())
	ev.Actor = s.actor(s.env.team(), firstOf(m.UserTeam, m.Team), m.User)
	ev.Where = s.c.ref("channel", s.env.team(), m.Channel)
	return ev
}

// respondAbsence acknowledges a command; what it came to is said as soon as it is decided.
func (c *Connector) respondAbsence(_ context.Context) connectors.Reply {
	reply := acknowledged()
	failed := commandReply(saying(sentenceNotSaved))
	reply.Failed = &failed
	return reply
}
