package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/rules"
)

// What is said about an absence.

// circleWords say that a chain of covers leads nowhere, and what can be done.
func circleWords(set *rules.Set, chain []string) string {
	var names []string
	for _, name := range chain {
		names = append(names, shownIn(set, name))
	}
	line := "Those who would stand in are away too, and it goes round in a circle: "
	if !slices.Contains(chain[:len(chain)-1], chain[len(chain)-1]) {
		line = "Those who would stand in are away too, over more than five people: "
	}
	return line + strings.Join(names, " → ") + ". Choose somebody else, or say: cover nobody. Nothing was changed."
}

func shownIn(set *rules.Set, name string) string {
	if p, ok := set.Policy(set).Person(name); ok {
		return p.Shown
	}
	return name
}

// daysOf names the days of an absence: "Tue 10 Mar to Sat 14 Mar".
func daysOf(a rules.Absence) string {
	last := a.Until.Add(-time.Second)
	if a.First == a.Last {
		return a.From.Format("Mon 2 Jan")
	}
	return a.From.Format("Mon 2 Jan") + " to " + last.Format("Mon 2 Jan")
}

// awayWords say what an absence means, to whoever said it; whoever stands in is told too.
func (d *decider) awayWords(tx store.Tx, set *rules.Set, a rules.Absence, list []rules.Absence, ev flow.Event) (string, error) {
	who, self := shownIn(set, a.Person)+" is", ev.Actor.Name == a.Person
	if self {
		who = "You are"
	}
	begins := a.From
	if begins.Before(ev.At) {
		begins = ev.At
	}
	cover := ""
	for _, x := range set.Away(list, begins) {
		if x.Person == a.Person {
			cover = x.Cover
		}
	}
	line := fmt.Sprintf("%s away from %s. ", who, daysOf(a))
	if a.First == a.Last {
		line = fmt.Sprintf("%s away on %s. ", who, daysOf(a))
	}
	if cover == "" {
		return line + "Nobody stands in, so what waits for " + them(self) + " goes on waiting.", nil
	}
	n, err := howManyWait(tx, "waiting:"+a.Person)
	if err != nil {
		return "", err
	}
	name := shownIn(set, cover)
	switch started := !a.From.After(ev.At); {
	case started && n == 0:
		line += name + " stands in; nothing waits just now."
	case started:
		line += fmt.Sprintf("%s stands in: %s to %s.", name, moves(n, "waiting item", "moves", "move"), givenName(name))
	default:
		line += fmt.Sprintf("%s stands in, and is asked for %s from then on.", name, them(self))
	}
	if cover == ev.Actor.Name {
		return line, nil
	}
	return line, d.tellCover(tx, cover, fmt.Sprintf("%s is away: %s. You stand in, so what waits for them comes to you.", shownIn(set, a.Person), daysOf(a)), ev)
}

func them(self bool) string {
	if self {
		return "you"
	}
	return "them"
}

func moves(n int, one, moves, move string) string {
	if n == 1 {
		return "1 " + one + " " + moves
	}
	return fmt.Sprintf("%d %ss %s", n, one, move)
}

// givenName is the first name of somebody.
func givenName(shown string) string {
	first, _, _ := strings.Cut(shown, " ")
	return first
}

func howManyWait(tx store.Tx, term string) (n int, err error) {
	err = eachRequest(tx, []string{"open:yes", term}, func(flow.Request) error { n++; return nil })
	return n, err
}

// tellCover says to somebody that they stand in.
func (d *decider) tellCover(tx store.Tx, cover, words string, ev flow.Event) error {
	target := firstOf(d.o.Chat, d.o.Mail)
	if target == "" {
		return nil
	}
	view := flow.View{Kind: flow.NoticeView, Title: words, Headline: words, Page: "/people", Buttons: []flow.Button{{Action: "open", Label: "Open", URL: "/people"}}}
	tell := &flow.Tell{To: []flow.Actor{{Name: cover}}, View: view}
	return enqueueTell(tx, flow.Effect{ID: "cover/" + ev.ID, Target: target, Tell: tell}, cover, ev.At)
}

// leaveWords list the absences of somebody.
func leaveWords(set *rules.Set, person string, mine []Leave) string {
	if len(mine) == 0 {
		return "No absence of yours is known. For example: /signoff away 10-14 Mar cover @ana"
	}
	var lines []string
	for _, l := range mine {
		a, err := set.Absence(person, l.First, l.Last, l.Cover)
		if err != nil {
			continue
		}
		line := daysOf(a)
		switch {
		case l.Now && l.StandsIn != "":
			line += fmt.Sprintf(", now; %s stands in", shownIn(set, l.StandsIn))
		case l.Now, l.Cover == rules.Nobody:
			line += "; nobody stands in"
		case l.Cover != "":
			line += fmt.Sprintf("; %s will stand in", shownIn(set, l.Cover))
		}
		lines = append(lines, line)
	}
	return "You are away: " + strings.Join(lines, ". ") + "."
}
