package flow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/text"
)

// The subtasks of a request are made when it starts. Each has a ticket of its own below the request's, and is done when
// the tracker says so.

const partPrefix = "part/"

func partPurpose(number int) string { return partPrefix + strconv.Itoa(number) }

// makeParts plans the subtasks; once is enough.
func (s *step) makeParts() {
	if len(s.r.Parts) > 0 {
		return
	}
	s.r.Parts = slices.Clone(s.p.Parts(*s.r, s.answers()))
	for i := range s.r.Parts {
		s.r.Parts[i].Number, s.r.Parts[i].Due = i+1, utc(s.r.Parts[i].Due)
	}
	if n := len(s.r.Parts); n > 0 {
		s.because("subtasks", fmt.Sprintf("It has %s.", counted(n, "subtask")))
	}
}

// answers are what is known of people: the answers the rules asked for, and who is away.
func (s *step) answers() Answers {
	a := s.facts.Answers
	a.Away = slices.Clone(a.Away)
	for _, x := range s.facts.Away {
		a.Away = append(a.Away, x.Person)
	}
	return a
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// redate gives the subtasks that are not done the titles and due dates that follow from the request as it stands now.
func (s *step) redate() {
	if len(s.r.Parts) == 0 || s.r.Status.Closed() {
		return
	}
	now := s.p.Parts(*s.r, s.answers())
	if len(now) != len(s.r.Parts) { // the template is another one
		return
	}
	for i := range s.r.Parts {
		if p := &s.r.Parts[i]; p.Done.IsZero() {
			p.Title, p.Due = now[i].Title, utc(now[i].Due)
		}
	}
}

// handParts gives the subtasks that were the former assignee's to the one who has the request now.
func (s *step) handParts(before Actor) {
	for i := range s.r.Parts {
		p := &s.r.Parts[i]
		if p.Done.IsZero() && p.Gone == "" && (p.Assignee.ID() == "" || same(p.Assignee, before)) {
			p.Assignee = s.r.Assignee
		}
	}
	s.redate()
}

// partOf finds the subtask that a ticket is of; -1 for none.
func (s scene) partOf(ticket Ref) int {
	if ticket.Zero() {
		return -1
	}
	for i, p := range s.r.Parts {
		if l, ok := s.r.Link(partPurpose(p.Number)); ok && l.Ref == ticket {
			return i
		}
	}
	return -1
}

// atPart takes what the tracker says of a subtask's ticket: it moves nothing but the subtask.
func (s *step) atPart() bool {
	if s.ev.Kind == TicketMoved && s.ev.Field("part") != "" && s.ev.Subject.Zero() {
		s.partTicked()
		return true
	}
	i := s.partOf(s.ev.Subject)
	if i < 0 {
		return false
	}
	switch s.ev.Kind {
	case TicketMoved:
		s.partMoved(i)
	case TicketGone:
		s.partGone(i, s.ev.Field("why"))
	case TicketRenamed:
		s.partRenamed(i)
	case EffectParked:
		if s.ev.Field("gone") == "" {
			return false
		}
		s.partGone(i, s.ev.Field("gone"))
	default:
		return false
	}
	return true
}

// partMoved follows a subtask: it is done where its status means the end, by our words or the tracker's own.
func (s *step) partMoved(i int) {
	p, key := &s.r.Parts[i], s.ev.Subject.String()
	if s.ev.Subject.Zero() {
		key = partPurpose(p.Number)
	}
	mark, ordered := s.mark()
	switch {
	case s.ev.Echo:
		s.because(CodeEcho, "This is our own change, come back from the tracker.")
		return
	case ordered && s.r.Seqs[key] != "" && !newer(mark, s.r.Seqs[key]):
		s.because(CodeSuperseded, "A newer move of the subtask is known, so this one changes nothing.")
		return
	case ordered:
		s.noteMark(key, mark)
	}
	done := s.ev.Field("done") == "yes" || Status(s.ev.Field("word")).Closed()
	p.Status, p.Gone = s.ev.Field("status"), ""
	line := fmt.Sprintf("Subtask %d, %s, is %s now.", p.Number, p.Title, p.Status)
	switch {
	case done && p.Done.IsZero():
		p.Done = s.sent()
		line = fmt.Sprintf("Subtask %d, %s, is done (%s).", p.Number, p.Title, p.Status)
	case !done:
		p.Done = time.Time{}
	}
	s.because(CodeRecorded, line)
}

// partTicked takes what somebody says of a subtask on our pages, where no tracker of its own is asked.
func (s *step) partTicked() {
	n, _ := strconv.Atoi(s.ev.Field("part"))
	if v := s.judgePart(n, s.ev.Actor); !v.ok() {
		s.refused(v)
		return
	}
	s.partMoved(n - 1)
}

func (s scene) judgePart(number int, who Actor) ruling {
	switch {
	case number < 1 || number > len(s.r.Parts):
		return refuse(CodeNotOpen, "There is no such subtask.")
	case s.r.Status.Closed():
		return refuse(CodeClosed, s.closedSentence())
	case !TickedHere(*s.r, s.r.Parts[number-1]):
		l, _ := s.r.Link(partPurpose(number))
		return refuse(CodeNotOpen, fmt.Sprintf("%s is done in %s: move it there.", firstOf(l.Label, "The subtask"), place(s.r.Places.Tracker)))
	case who.Name == "" && !TakesPart(*s.r, who):
		return refuse(CodeNotYours, "Subtasks are done by those who take part in the request.")
	}
	return ruling{}
}

// TickedHere reports whether a subtask is done on our pages: no tracker but our own keeps it.
func TickedHere(r Request, p Part) bool {
	l, made := r.Link(partPurpose(p.Number))
	return r.Places.Tracker == "" || made && l.Ref.Type == "ticket"
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// partGone notes that a subtask's ticket cannot be written any more. A person took it away, so it is not made again.
func (s *step) partGone(i int, why string) {
	p := &s.r.Parts[i]
	if why == "" {
		why = "hidden"
	}
	p.Gone = why
	s.solved(partPurpose(p.Number))
	s.because(CodeRecorded, fmt.Sprintf("The ticket of subtask %d, %s, is gone (%s).", p.Number, p.Title, why))
}

func (s *step) partRenamed(i int) {
	purpose, key := partPurpose(s.r.Parts[i].Number), s.ev.Field("key")
	fresh := first(s.ev.Links)
	if key == "" {
		key = fresh.Label
	}
	for k := range s.r.Links {
		l := &s.r.Links[k]
		if l.Purpose != purpose || key == "" {
			continue
		}
		if fresh.URL == "" {
			fresh.URL = strings.Replace(l.URL, l.Label, key, 1)
		}
		l.Label, l.URL = key, fresh.URL
	}
	s.because(CodeRecorded, fmt.Sprintf("The ticket of subtask %d is called %s now.", s.r.Parts[i].Number, key))
}

// partBefore names what is said of a subtask's ticket that is known.
func (s *step) partBefore() (code, why string) {
	i := s.partOf(s.ev.Subject)
	if i < 0 {
		return "", ""
	}
	link, _ := s.r.Link(partPurpose(s.r.Parts[i].Number))
	switch {
	case s.ev.Kind == TicketGone && s.r.Parts[i].Gone == s.ev.Field("why"):
		return CodeDuplicate, "It is known that the ticket of the subtask is gone."
	case s.ev.Kind == TicketRenamed && link.Label == s.ev.Field("key"):
		return CodeDuplicate, "This key of the subtask is known."
	}
	return "", ""
}

// renewParts lets the subtasks that are not done be made once more, below a new ticket.
func (s *step) renewParts() {
	for i := range s.r.Parts {
		p := &s.r.Parts[i]
		if !p.Done.IsZero() {
			continue
		}
		purpose := partPurpose(p.Number)
		p.Gone, p.Status = "", ""
		delete(s.r.Shows, purpose)
		s.solved(purpose)
		s.r.Links = slices.DeleteFunc(s.r.Links, func(l Link) bool { return l.Purpose == purpose })
	}
}

// wantParts places the tickets of the subtasks below the request's, once that exists. A request that ended gets no new
// ones, and what is done is left as it is.
func (s scene) wantParts() []want {
	ticket, made := s.r.Link("ticket")
	if !made {
		return nil
	}
	var all []want
	for _, p := range s.r.Parts {
		_, exists := s.r.Link(partPurpose(p.Number))
		if p.Gone != "" || !p.Done.IsZero() || !exists && s.r.Status.Closed() {
			continue
		}
		all = append(all, want{
			purpose: partPurpose(p.Number), target: s.r.Places.Tracker, again: s.r.Ticket.Again,
			at: Ref{System: s.r.Places.Tracker, Type: "project", Key: s.r.Project}, view: s.partView(p, ticket),
		})
	}
	return all
}

// partView is the record of a subtask in the tracker. Its status is people's alone.
func (s scene) partView(p Part, ticket Link) View {
	v := s.view(PartView, fmt.Sprintf("%s: %s, subtask %d of %d.", s.r.ID, p.Title, p.Number, len(s.r.Parts)))
	v.Title, v.Status, v.Round = p.Title, "", 0
	v.Link = &Link{Ref: ticket.Ref, Purpose: "ticket", Label: ticket.Label, URL: ticket.URL}
	v.Body = text.Doc{text.P(text.T(fmt.Sprintf("Subtask %d of %d of %s.", p.Number, len(s.r.Parts), s.label())))}
	v.Facts = s.partFacts(p)
	v.Ticket = &TicketFields{Project: s.r.Project, Priority: s.r.Priority, Labels: s.r.Labels, KeepStatus: true}
	if !p.Due.IsZero() {
		v.Ticket.Due = p.Due.In(s.zone())
	}
	if p.Effort > 0 {
		v.Ticket.Fields = map[string][]string{"effort_hours": {hours(p.Effort)}}
	}
	if p.Assignee.ID() != "" {
		v.Ticket.Assignee = s.actor(p.Assignee)
	}
	return v
}

// partFacts say what comes before and after a subtask, and how much it is.
func (s scene) partFacts(p Part) []Fact {
	var facts []Fact
	if p.Effort > 0 {
		facts = append(facts, Fact{Name: "effort", Label: "Effort", Text: hours(p.Effort) + " h"})
	}
	var after, before []string
	for _, other := range s.r.Parts {
		if slices.Contains(p.After, other.Number) {
			after = append(after, other.Title)
		}
		if slices.Contains(other.After, p.Number) {
			before = append(before, other.Title)
		}
	}
	if len(after) > 0 {
		facts = append(facts, Fact{Name: "after", Label: "After", Text: enumerate(after, "and")})
	}
	if len(before) > 0 {
		facts = append(facts, Fact{Name: "blocks", Label: "Blocks", Text: enumerate(before, "and")})
	}
	return facts
}

func hours(h float64) string { return strconv.FormatFloat(h, 'f', -1, 64) }

// partsFact counts the subtasks that are done; those whose ticket is gone do not count.
func (s scene) partsFact() []Fact {
	done, all := 0, 0
	for _, p := range s.r.Parts {
		if p.Gone != "" {
			continue
		}
		all++
		if !p.Done.IsZero() {
			done++
		}
	}
	if all == 0 {
		return nil
	}
	return []Fact{{Name: "subtasks", Text: fmt.Sprintf("Subtasks %d of %d done", done, all)}}
}
