package flow

import (
	"strconv"
	"strings"
	"time"
)

// utc gives an instant the form in which it is stored.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Round(0)
}

// attempt reads an event as what its actor is about to do.
func (s *step) attempt(do string) Attempt {
	round, _ := strconv.Atoi(s.ev.Field("round"))
	to := s.ev.To
	for _, field := range []string{"to", "assignee"} {
		if name := s.ev.Field(field); name != "" {
			to.Name = name
		}
	}
	return Attempt{
		Who: s.ev.Actor, Do: do, Stage: s.ev.Field("stage"), Round: round, Version: s.ev.Field("version"), To: to,
		Via: s.via(), Assurance: s.ev.Field("assurance"), At: s.at,
		Triager: s.facts.Triager, Other: s.facts.Other,
	}
}

// via is where the actor acted: the field of that name, else the instance whose delivery it was, else the system of
// their account.
func (s *step) via() string {
	if v := s.ev.Field("via"); v != "" {
		return v
	}
	if instance, _, ok := strings.Cut(s.ev.Delivery, "/"); ok {
		return instance
	}
	if s.ev.Where.System != "" {
		return s.ev.Where.System
	}
	return s.ev.Actor.Ref.System
}
