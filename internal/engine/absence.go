package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/rules"
)

// Absences are those of the people file, and those that people said: these are kept in one row, so that every decision
// reads them at the cost of a single look.

const (
	absencesTable = "absences"
	absencesKey   = "all"
)

// absentRow is what somebody said of their absences.
type absentRow struct {
	Spans []absentSpan `json:"spans,omitempty"`
	// Off are absences of the people file that are called off: somebody came back before.
	Off []string `json:"off,omitempty"`
}

// absentSpan is one absence as it was said.
type absentSpan struct {
	First string    `json:"first"`
	Last  string    `json:"last"`
	Cover string    `json:"cover,omitempty"`
	By    string    `json:"by,omitempty"` // who said it, where it was not the person
	At    time.Time `json:"at"`
}

// Codes of what became of an absence, besides those of flow.
const (
	CodeBadDays     = "bad_days"
	CodeCoverCircle = "cover_circle"
)

// absentRows reads what people said.
func absentRows(tx store.Tx) (map[string]absentRow, error) {
	rows := map[string]absentRow{}
	_, err := row(tx, absencesTable, absencesKey, &rows)
	return rows, err
}

// absencesIn are the absences that a directory and what people said amount to.
func absencesIn(set *rules.Set, rows map[string]absentRow) (all []rules.Absence) {
	for _, a := range set.Filed() {
		if !slices.Contains(rows[a.Person].Off, a.First+".."+a.Last) {
			all = append(all, a)
		}
	}
	for _, name := range sortedNames(rows) {
		for _, span := range rows[name].Spans {
			if a, err := set.Absence(name, span.First, span.Last, span.Cover); err == nil { // else they left the directory
				all = append(all, a)
			}
		}
	}
	return all
}

func sortedNames(rows map[string]absentRow) (names []string) {
	for name := range rows {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// absences are those that count now, with the directory they are of.
func (d *decider) absences(tx store.Tx) (*rules.Set, []rules.Absence, error) {
	set := d.book.current.Load()
	rows, err := absentRows(tx)
	if err != nil {
		return nil, nil, err
	}
	return set, absencesIn(set, rows), nil
}

// awayAt says who is away at an instant.
func (d *decider) awayAt(tx store.Tx, at time.Time) ([]flow.Absence, error) {
	set, list, err := d.absences(tx)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return set.Away(list, at), nil
}

// addAway adds who is away, and how much of the coming week those are there among whom the rules choose.
func (d *decider) addAway(tx store.Tx, a *flow.Answers, needs []rules.Need, at time.Time) error {
	set, list, err := d.absences(tx)
	if err != nil || len(list) == 0 {
		return err
	}
	for _, away := range set.Away(list, at) {
		a.Away = append(a.Away, away.Person)
		if away.Cover != "" {
			if a.Cover == nil {
				a.Cover = map[string]string{}
			}
			a.Cover[away.Person] = away.Cover
		}
	}
	for _, n := range needs {
		for _, name := range n.People {
			if share := set.Present(list, name, at); share < 1 {
				if a.Present == nil {
					a.Present = map[string]float64{}
				}
				a.Present[name] = share
			}
		}
	}
	return nil
}

// awaySet keeps an absence that somebody says, and answers with what it means.
func (d *decider) awaySet(tx store.Tx, ev flow.Event) ([]flow.Reason, error) {
	set := d.book.current.Load()
	rows, err := absentRows(tx)
	if err != nil {
		return nil, err
	}
	ev, shown, err := d.shownAway(tx, set, ev)
	if err != nil || shown != nil {
		return shown, err
	}
	a, no := d.judgeAway(set, rows, ev)
	if no != nil {
		return d.answered(tx, ev, *no)
	}
	mine := rows[a.Person]
	mine.Spans = append(apartFrom(mine.Spans, a.First, a.Last), absentSpan{
		First: a.First, Last: a.Last, Cover: a.Cover, By: otherwise(ev.Actor, a.Person), At: ev.At,
	})
	rows[a.Person] = mine
	if err := d.keepAbsences(tx, rows, ev.At); err != nil {
		return nil, err
	}
	said, err := d.awayWords(tx, set, a, absencesIn(set, rows), ev)
	if err != nil {
		return nil, err
	}
	return d.answered(tx, ev, flow.Reason{Code: flow.CodeRecorded, Text: said})
}

// shownAway answers somebody who says nothing but that they ask when they are away. Who names only a cover means their
// absence that lasts or comes next.
func (d *decider) shownAway(tx store.Tx, set *rules.Set, ev flow.Event) (flow.Event, []flow.Reason, error) {
	if ev.Field("when")+ev.Field("from")+ev.Field("until") != "" {
		return ev, nil, nil
	}
	person, no := d.absentPerson(set, ev)
	if no != nil {
		why, err := d.answered(tx, ev, *no)
		return ev, why, err
	}
	all, err := d.leaves(tx, ev.At)
	if err != nil {
		return ev, nil, err
	}
	mine := all[person]
	if ev.Field("cover") == "" && ev.To.ID() == "" {
		why, err := d.answered(tx, ev, flow.Reason{Code: flow.CodeNoted, Text: leaveWords(set, person, mine)})
		return ev, why, err
	}
	if len(mine) > 0 {
		ev.Fields = maps.Clone(ev.Fields)
		ev.Fields["from"], ev.Fields["until"] = []string{mine[0].First}, []string{mine[0].Last}
	}
	return ev, nil, nil
}

// otherwise names an actor where they are not the person.
func otherwise(who flow.Actor, person string) string {
	if who.Name == person {
		return ""
	}
	return who.ID()
}

// apartFrom leaves out the spans that share a day with a new one, which replaces them.
func apartFrom(spans []absentSpan, first, last string) []absentSpan {
	return slices.DeleteFunc(slices.Clone(spans), func(s absentSpan) bool { return s.First <= last && first <= s.Last })
}

func (d *decider) keepAbsences(tx store.Tx, rows map[string]absentRow, at time.Time) error {
	today := at.AddDate(0, 0, -2).Format(time.DateOnly) // over wherever the person is
	for name, mine := range rows {
		mine.Spans = slices.DeleteFunc(mine.Spans, func(s absentSpan) bool { return s.Last < today })
		mine.Off = slices.DeleteFunc(mine.Off, func(days string) bool { return days[max(0, len(days)-len(time.DateOnly)):] < today })
		if rows[name] = mine; len(mine.Spans)+len(mine.Off) == 0 {
			delete(rows, name)
		}
	}
	if err := putRow(tx, absencesTable, absencesKey, rows); err != nil {
		return err
	}
	return tx.Enqueue(atOnce(store.Job{ID: awayJob, Kind: awayJob, At: at, Created: at}))
}

// judgeAway reads an absence and says why it cannot be.
func (d *decider) judgeAway(set *rules.Set, rows map[string]absentRow, ev flow.Event) (rules.Absence, *flow.Reason) {
	no := func(code, words string, args ...any) (rules.Absence, *flow.Reason) {
		return rules.Absence{}, &flow.Reason{Code: code, Text: fmt.Sprintf(words, args...)}
	}
	person, why := d.absentPerson(set, ev)
	if why != nil {
		return rules.Absence{}, why
	}
	first, last := ev.Field("from"), ev.Field("until")
	if first == "" || last == "" {
		var ok bool
		if first, last, ok = set.Days(person, ev.Field("when"), ev.At); !ok {
			return no(CodeBadDays, "I could not read these days. Say the first and the last one, for example: 10-14 Mar, or until Friday. An absence needs an end.")
		}
	}
	cover, why := coverNamed(set, ev, person)
	if why != nil {
		return rules.Absence{}, why
	}
	a, err := set.Absence(person, first, last, cover)
	if err != nil {
		return no(CodeBadDays, "That cannot be: %v.", err)
	}
	if !a.Until.After(ev.At) {
		return no(CodeBadDays, "%s is over already.", daysOf(a))
	}
	others := absencesIn(set, withoutSpans(rows, a))
	if chain := set.Circle(others, a); chain != nil {
		return no(CodeCoverCircle, "%s", circleWords(set, chain))
	}
	return a, nil
}

// withoutSpans leaves out what a new absence replaces.
func withoutSpans(rows map[string]absentRow, a rules.Absence) map[string]absentRow {
	out := map[string]absentRow{}
	for name, mine := range rows {
		if name == a.Person {
			mine.Spans = apartFrom(mine.Spans, a.First, a.Last)
		}
		out[name] = mine
	}
	return out
}

// absentPerson is whose absence an event is about. People speak for themselves; on our own pages and through our own API
// those who look after things speak for others too, and programs for everybody.
func (d *decider) absentPerson(set *rules.Set, ev flow.Event) (string, *flow.Reason) {
	person := firstOf(ev.Field("person"), ev.Actor.Name)
	instance, _, _ := strings.Cut(ev.Delivery, "/")
	switch {
	case person == "":
		return "", &flow.Reason{Code: flow.CodeUnknownPerson, Text: "You are not in the directory, so nothing waits for you by name. Ask whoever keeps the rules to add you."}
	case ev.Actor.Name != person && !(own(instance) && (ev.Actor.Name == "" || looksAfter(set, d.o.Triage, ev.Actor.Name))):
		return "", &flow.Reason{Code: flow.CodeNotYours, Text: "Everybody says of themselves when they are away."}
	}
	if _, ok := set.Policy(set).Person(person); !ok {
		return "", &flow.Reason{Code: flow.CodeUnknownPerson, Text: fmt.Sprintf("%s is not in the directory.", person)}
	}
	return person, nil
}

// looksAfter reports whether somebody is of the group that looks after things.
func looksAfter(set *rules.Set, triage, name string) bool {
	if triage == "" || strings.HasPrefix(triage, "#") {
		triage = triageUsual
	}
	return slices.ContainsFunc(set.People(), func(p rules.Person) bool { return p.Name == name && slices.Contains(p.Groups, triage) })
}

// coverNamed reads who is to stand in: empty, whoever does so usually.
func coverNamed(set *rules.Set, ev flow.Event, person string) (string, *flow.Reason) {
	said := strings.TrimPrefix(strings.TrimSpace(ev.Field("cover")), "@")
	name := ev.To.Name
	switch {
	case name == "" && ev.To.ID() != "":
		return "", &flow.Reason{Code: flow.CodeUnknownPerson, Text: fmt.Sprintf("%s is not in the directory, so they cannot stand in. Choose somebody who is.", firstOf(ev.To.Shown, "This person"))}
	case name == "" && said == "":
		return "", nil
	case name == "" && slices.Contains([]string{rules.Nobody, "none", "no one", "-"}, strings.ToLower(said)):
		return rules.Nobody, nil
	case name == "":
		if name = called(set, said); name == "" {
			return "", &flow.Reason{Code: flow.CodeUnknownPerson, Text: fmt.Sprintf("There is no %q in the directory, so they cannot stand in. Choose somebody who is.", said)}
		}
	}
	if name == person {
		return "", &flow.Reason{Code: flow.CodeCannotTake, Text: "You cannot stand in for yourself. Choose somebody else."}
	}
	return name, nil
}

// called finds the one person of the directory who is called so: by key, in full, or by the first name.
func called(set *rules.Set, said string) (found string) {
	people := set.People()
	for _, is := range []func(rules.Person) bool{
		func(p rules.Person) bool { return strings.EqualFold(p.Name, said) },
		func(p rules.Person) bool { return strings.EqualFold(p.Shown, said) },
		func(p rules.Person) bool {
			first, _, _ := strings.Cut(p.Shown, " ")
			return strings.EqualFold(first, said)
		},
	} {
		for _, p := range people {
			if !is(p) {
				continue
			}
			if found != "" {
				return "" // several are called so
			}
			found = p.Name
		}
		if found != "" {
			return found
		}
	}
	return ""
}

// awayEnded ends the absence of somebody that lasts just now, or calls off what is planned.
func (d *decider) awayEnded(tx store.Tx, ev flow.Event) ([]flow.Reason, error) {
	set := d.book.current.Load()
	person, no := d.absentPerson(set, ev)
	if no != nil {
		return d.answered(tx, ev, *no)
	}
	rows, err := absentRows(tx)
	if err != nil {
		return nil, err
	}
	ended, planned := endNow(set, rows, person, ev.At)
	who := "You are"
	if ev.Actor.Name != person {
		who = shownIn(set, person) + " is"
	}
	if len(ended)+len(planned) == 0 {
		return d.answered(tx, ev, flow.Reason{Code: flow.CodeNoted, Text: who + " not away."})
	}
	n, err := howManyWait(tx, "covered:"+person)
	if err != nil {
		return nil, err
	}
	if err := d.keepAbsences(tx, rows, ev.At); err != nil {
		return nil, err
	}
	line := who + " back"
	switch {
	case len(ended) == 0:
		line = who + " not away now. Called off: " + daysOf(planned[0])
	case n > 0:
		line += ": " + moves(n, "waiting item", "comes", "come") + " back"
	}
	return d.answered(tx, ev, flow.Reason{Code: flow.CodeRecorded, Text: line + "."})
}

// endNow takes out of the rows what lasts at an instant; where nothing does, what was said for later.
func endNow(set *rules.Set, rows map[string]absentRow, person string, at time.Time) (ended, planned []rules.Absence) {
	mine := rows[person]
	for _, a := range absencesIn(set, map[string]absentRow{person: mine}) {
		switch {
		case a.Person != person || !a.Until.After(at):
		case !a.From.After(at):
			ended = append(ended, a)
		case !a.Filed:
			planned = append(planned, a)
		}
	}
	gone := ended
	if len(ended) == 0 {
		gone = planned
	}
	for _, a := range gone {
		if a.Filed {
			mine.Off = append(mine.Off, a.First+".."+a.Last)
			continue
		}
		mine.Spans = slices.DeleteFunc(slices.Clone(mine.Spans), func(s absentSpan) bool { return s.First == a.First && s.Last == a.Last })
	}
	rows[person] = mine
	return ended, planned
}

// answered says to whoever spoke of an absence what became of it.
func (d *decider) answered(tx store.Tx, ev flow.Event, why flow.Reason) ([]flow.Reason, error) {
	if err := d.whisper(tx, ev, why.Text); err != nil {
		return nil, err
	}
	person := firstOf(ev.Field("person"), ev.Actor.Name)
	return []flow.Reason{why}, d.home.touched(tx, ev.At, person)
}
