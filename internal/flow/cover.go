package flow

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// While somebody is away, whoever stands in for them is asked in their place. The one who is away may still act; the two
// count as one.

// Cover is somebody who is asked in place of somebody who is away.
type Cover struct {
	By  Actor `json:"by"`
	For Actor `json:"for"` // whose place it is
}

// coverDepth is how many people are asked in turn for somebody who is away.
const coverDepth = 5

// away tells of the absence of somebody.
func (s scene) away(who Actor) (Absence, bool) {
	if who.Name == "" {
		return Absence{}, false
	}
	i := slices.IndexFunc(s.r.Away, func(a Absence) bool { return a.Person == who.Name })
	if i < 0 {
		return Absence{}, false
	}
	return s.r.Away[i], true
}

// standIns lists who may stand in for somebody who is away, in order: their cover, then that one's backup, and so on. Nobody
// of them is away.
func (s scene) standIns(who Actor) (list []Actor) {
	seen := []string{who.Name}
	next := who.Name
	if a, gone := s.away(who); gone {
		next = a.Cover
	}
	for range coverDepth {
		person, known := s.named(next)
		if !known || slices.Contains(seen, next) {
			return list
		}
		seen = append(seen, next)
		if a, gone := s.away(person); gone {
			next = a.Cover
			continue
		}
		list = append(list, person)
		about, _ := s.p.Person(next)
		next = about.Backup
	}
	return list
}

// able reports whether somebody can take part in a run: they have not voted and have no part in the work.
func (s scene) able(d StageDef, votes []Vote, who Actor) bool {
	return !s.touched(votes, who) && s.barred(d, who) == ""
}

// placed is a seat with whom it waits for now; zero: for nobody.
type placed struct {
	seat
	who Actor
}

// standsIn reports whether a place waits for somebody who has it only while another is away.
func (p placed) standsIn() bool {
	return p.who.ID() != "" && !same(p.owner.Actor, p.who) && !holds(p.chain, p.who)
}

// places says whom each seat of a run waits for. One person counts once: somebody who stands in and has a place of their
// own, or stands in twice, fills one of them, and where that is not enough the others go on along the chain.
func (s scene) places(run StageRun) []placed {
	d, _ := s.def(run.Name)
	votes := s.live(run)
	var all []placed
	for _, st := range s.seats(run) {
		all = append(all, placed{seat: st, who: s.asks(d, votes, st)})
	}
	if len(s.r.Away) == 0 {
		return all
	}
	missing := s.stillNeeded(d, votes, all)
	for i := range all {
		if missing <= 0 {
			break
		}
		if !all[i].standsIn() || !slices.ContainsFunc(all, func(o placed) bool { return !same(o.owner.Actor, all[i].owner.Actor) && same(o.who, all[i].who) }) {
			continue
		}
		all[i].who = s.another(d, votes, all, all[i])
		missing--
	}
	return all
}

// stillNeeded is how many more people must be asked than are, so that a run can be decided.
func (s scene) stillNeeded(d StageDef, votes []Vote, all []placed) int {
	need := max(d.Needs.N, 1)
	var asked []Actor
	seats := 0
	for _, p := range all {
		asked = with(asked, p.who)
		if p.who.ID() != "" {
			seats++
		}
	}
	for _, v := range votes {
		if v.Verdict == Approve {
			need--
		}
	}
	if d.Needs.All {
		need = seats
	}
	return need - len(asked)
}

// another is the next along the chain of covers who is not asked yet, else whoever is away.
func (s scene) another(d StageDef, votes []Vote, all []placed, p placed) Actor {
	asked := func(who Actor) bool { return slices.ContainsFunc(all, func(o placed) bool { return same(o.who, who) }) }
	for _, holder := range slices.Backward(append([]Actor{p.owner.Actor}, p.chain...)) {
		if !s.able(d, votes, holder) {
			continue
		}
		if _, gone := s.away(holder); !gone {
			return holder
		}
		for _, who := range s.standIns(holder) {
			if s.able(d, votes, who) && !asked(who) {
				return who
			}
		}
		return holder
	}
	return p.who
}

// addedNow lists whom an escalation let in, or whoever stands in for them.
func (s scene) addedNow(run StageRun) (list []Actor) {
	for _, name := range run.Added {
		who, ok := s.named(name)
		if !ok {
			continue
		}
		if _, gone := s.away(who); gone {
			if in := s.standIns(who); len(in) > 0 {
				who = in[0]
			}
		}
		list = with(list, who)
	}
	return list
}

// coversOf lists who is asked in a run in place of somebody who is away.
func (s scene) coversOf(run StageRun) (list []Cover) {
	if run.State != StageOpen {
		return nil
	}
	for _, p := range s.places(run) {
		if p.standsIn() {
			list = append(list, Cover{By: p.who, For: p.owner.Actor})
		}
	}
	return list
}

// coveredBy says who is asked in a run in place of somebody.
func (s scene) coveredBy(run StageRun, who Actor) (Actor, bool) {
	for _, c := range s.coversOf(run) {
		if same(c.For, who) {
			return c.By, true
		}
	}
	return Actor{}, false
}

// standsFor says in whose place somebody is asked in a run because of an absence; zero: in nobody's.
func (s scene) standsFor(run StageRun, who Actor) Actor {
	for _, c := range s.coversOf(run) {
		if same(c.By, who) && !s.owns(run, who) {
			return c.For
		}
	}
	return Actor{}
}

// owns reports whether a person is a reviewer of a run in their own right.
func (s scene) owns(run StageRun, who Actor) bool {
	return slices.ContainsFunc(s.seats(run), func(st seat) bool { return same(st.owner.Actor, who) })
}

// untilWords say until which day somebody is away: "until 14 Mar"; empty where they are not.
func (s scene) untilWords(who Actor) string {
	a, gone := s.away(who)
	if !gone || a.Until.IsZero() {
		return ""
	}
	zone := s.p.Zone()
	if person, ok := s.p.Person(who.Name); ok && person.Zone != nil {
		zone = person.Zone
	}
	return "until " + a.Until.Add(-time.Second).In(zone).Format("2 Jan")
}

// awayWords say that somebody is away: "away until 14 Mar"; empty where they are not.
func (s scene) awayWords(who Actor) string {
	if _, gone := s.away(who); !gone {
		return ""
	}
	return strings.TrimSpace("away " + s.untilWords(who))
}

// awaitedNames name those a run waits for, each with in whose place: "Ana Reyes for Ravi".
func (s scene) awaitedNames(run StageRun, list []Actor) (names []string) {
	for _, who := range list {
		name := s.who(who)
		if owner := s.standsFor(run, who); owner.ID() != "" {
			name += " for " + s.who(owner)
		}
		names = append(names, name)
	}
	return names
}

// coverFacts say who is away of those a run asks: "Ana Reyes for Ravi, away until 14 Mar".
func (s scene) coverFacts(run StageRun) (facts []Fact) {
	for _, c := range s.coversOf(run) {
		if s.owns(run, c.By) {
			continue // they are asked anyway
		}
		line := s.who(c.By) + " for " + s.who(c.For)
		if words := s.awayWords(c.For); words != "" {
			line += ", " + words
		}
		facts = append(facts, Fact{Name: "cover", Text: line})
	}
	return facts
}

// absentLine says that a run waits for people who are away and for whom nobody stands in.
func (s scene) absentLine(run StageRun) string {
	var gone []string
	there := 0
	for _, who := range s.waiting(run) {
		if words := s.awayWords(who); words != "" {
			gone = append(gone, fmt.Sprintf("%s (%s)", s.who(who), words))
		} else {
			there++
		}
	}
	if t := s.count(run); len(gone) == 0 || t.got+there >= t.need {
		return ""
	}
	return fmt.Sprintf("%s waits for %s, and nobody stands in.", run.Name, enumerate(gone, "and"))
}

// coverChanged lets a request look at who is away now. What moves because of it is found by comparing, as ever.
func (s *step) coverChanged() {
	code := CodeNoted
	for _, line := range s.absenceNews() {
		s.because(CodeRecorded, line)
		code = CodeRecorded
	}
	if code == CodeNoted {
		s.because(CodeNoted, "Who is away has changed, and nothing here waits for them.")
	}
}

// absenceNews say whose absence of those this request waits for began, changed or ended.
func (s *step) absenceNews() (lines []string) {
	for _, a := range s.r.Away {
		if slices.Contains(s.wereAway, a) || !s.matters(Actor{Name: a.Person}) {
			continue
		}
		person := Actor{Name: a.Person}
		line := fmt.Sprintf("%s is %s", s.who(person), s.awayWords(person))
		if in := s.inPlaceOf(person); len(in) > 0 {
			line += fmt.Sprintf(", and %s asked in their place", s.are(in))
		} else {
			line += ", and nobody stands in"
		}
		lines = append(lines, line+".")
	}
	for _, a := range s.wereAway {
		person := Actor{Name: a.Person}
		if _, still := s.away(person); !still && s.matters(person) {
			lines = append(lines, s.who(person)+" is back.")
		}
	}
	return lines
}

// inPlaceOf are those who are asked now because somebody is away.
func (s scene) inPlaceOf(who Actor) (list []Actor) {
	for _, run := range s.r.Open() {
		if by, covered := s.coveredBy(run, who); covered {
			list = with(list, by)
		}
	}
	if s.r.Status == InProgress && same(s.worker(), who) && !same(s.workNow(), who) {
		list = with(list, s.workNow())
	}
	return list
}

// are names people as a subject: "Ana Reyes is", "Ana Reyes and Dana Wolf are".
func (s scene) are(list []Actor) string {
	if len(list) == 1 {
		return s.who(list[0]) + " is"
	}
	return s.names(list, "and") + " are"
}

// matters reports whether an open stage or the revision that is made is somebody's.
func (s scene) matters(who Actor) bool {
	for _, run := range s.r.Open() {
		if s.seated(run, who) || slices.Contains(run.Added, who.Name) {
			return true
		}
	}
	return s.r.Status == InProgress && same(s.worker(), who)
}

// sameAway names a change of absences that this request knows already.
func (s *step) sameAway() (code, why string) {
	if s.ev.Kind == CoverChanged && slices.Equal(s.wereAway, s.facts.Away) {
		return CodeDuplicate, "It is known who is away."
	}
	return "", ""
}

// workNow is who is asked for the revision that is being made: whose work it is, or whoever stands in. Somebody who reviews
// the request is not asked to make it.
func (s scene) workNow() Actor {
	who := s.worker()
	if _, gone := s.away(who); !gone {
		return who
	}
	for _, in := range s.standIns(who) {
		if !s.reviews(in) && !s.isRequester(in) {
			return in
		}
	}
	return who
}

// askedForWork is who was asked last for the revision that is being made.
func (r Request) askedForWork() Actor {
	for _, w := range r.Work {
		if w.Round == r.Round && len(w.Asked) > 0 {
			return w.Asked[len(w.Asked)-1]
		}
	}
	return scene{r: &r}.worker()
}

// coverWork hands the revision that is being made to whoever stands in for somebody who is away, and back.
func (s *step) coverWork() {
	if s.r.Status != InProgress || s.r.Workflow == "" {
		return
	}
	if who := s.workNow(); !same(who, s.r.askedForWork()) {
		s.hand(s.work(), who)
	}
}

// makes reports whether a revision is somebody's to send to review.
func (s scene) makes(who Actor) bool { return same(who, s.worker()) || same(who, s.workNow()) }

// makerWords name who makes the revision: "Ana Reyes for Lin".
func (s scene) makerWords() string {
	who := s.workNow()
	if same(who, s.worker()) {
		return s.who(who)
	}
	return s.who(who) + " for " + s.who(s.worker())
}
