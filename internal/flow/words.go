package flow

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// who is the name people read for an actor.
func (s scene) who(a Actor) string {
	if a.Name != "" {
		if person, ok := s.p.Person(a.Name); ok && person.Shown != "" {
			return person.Shown
		}
	}
	switch {
	case a.Shown != "":
		return a.Shown
	case a.Name != "":
		return a.Name
	case a.Email != "":
		return a.Email
	}
	return "somebody"
}

// actor gives an actor the name people read, for views.
func (s scene) actor(a Actor) Actor {
	a.Shown = s.who(a)
	return a
}

func (s scene) actors(list []Actor) []Actor {
	var out []Actor
	for _, a := range list {
		out = append(out, s.actor(a))
	}
	return out
}

// names joins people with a last word: "Ana Reyes, Ben Osei or Dana Wolf".
func (s scene) names(list []Actor, last string) string {
	var out []string
	for _, a := range list {
		out = append(out, s.who(a))
	}
	return enumerate(out, last)
}

func enumerate(list []string, last string) string {
	const most = 5
	if len(list) > most {
		rest := strconv.Itoa(len(list)-most+1) + " others"
		list = append(append([]string{}, list[:most-1]...), rest)
	}
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " " + last + " " + list[len(list)-1]
}

// instant says an instant so that it never needs to be said again: day, time and the zone's name.
func (s scene) instant(t time.Time) string {
	return t.In(s.zone()).Format("Mon 2 Jan, 15:04") + " " + s.zoneName(t)
}

// clock says an instant as seen from now: "at 14:02" on the same day, else with the day.
func (s scene) clock(t time.Time) string {
	local, now := t.In(s.zone()), s.at.In(s.zone())
	if local.YearDay() == now.YearDay() && local.Year() == now.Year() {
		return local.Format("at 15:04")
	}
	return local.Format("on Mon 2 Jan at 15:04")
}

func (s scene) zone() *time.Location {
	if z := s.p.Zone(); z != nil {
		return z
	}
	return time.UTC
}

// zoneName is the city of an IANA zone, or the abbreviation where the zone names none.
func (s scene) zoneName(t time.Time) string {
	name := s.zone().String()
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return strings.ReplaceAll(name[i+1:], "_", " ")
	}
	abbr, _ := t.In(s.zone()).Zone()
	return abbr
}

// place is how people call a connector instance: "Slack".
func place(instance string) string {
	switch instance {
	case "":
		return "chat"
	case "api":
		return "the API"
	case "web":
		return "the page"
	case "link":
		return "a link in a mail"
	case "email":
		return "e-mail"
	case "github":
		return "GitHub"
	case "adobe":
		return "Frame.io"
	}
	return upper(instance)
}

// did is what a verdict did, in the past tense.
func did(v Verdict) string {
	switch v {
	case Approve:
		return "approved"
	case Decline:
		return "declined"
	case RequestChanges:
		return "asked for changes to"
	}
	return "decided"
}

// noun is a verdict as a thing.
func noun(v Verdict) string {
	switch v {
	case Approve:
		return "the approval"
	case Decline:
		return "the refusal"
	}
	return "the change request"
}

// ticketLabel is what people call the ticket.
func (s scene) ticketLabel() string {
	if l, ok := s.r.Link("ticket"); ok && l.Label != "" {
		return l.Label
	}
	return "the ticket"
}

// bare is a sentence without its full stop, to go on from.
func bare(sentence string) string { return strings.TrimSuffix(sentence, ".") }

// upper gives a sentence its capital; an address stays as it is written.
func upper(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if word, _, _ := strings.Cut(s, " "); size == 0 || strings.Contains(word, "@") {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}
