package flow

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// moved records that somebody moved the ticket in the tracker. A move to in_review sends the work to review; without a
// workflow the ticket's word is ours too. It is moved back only past an open approval, and only where the tracker's
// settings want it.
func (s *step) moved() {
	key := s.ev.Subject.String()
	mark, ordered := s.mark()
	switch {
	case s.ev.Echo:
		s.because(CodeEcho, "This is our own change, come back from the tracker.")
		return
	case ordered && s.r.Seqs[key] != "" && !newer(mark, s.r.Seqs[key]):
		s.late(mark)
		return
	case ordered:
		s.noteMark(key, mark)
	}
	state := s.r.Ticket
	state.Status, state.Word, state.MovedBy, state.MovedAt = s.ev.Field("status"), Status(s.ev.Field("word")), s.ev.Actor, s.sent()
	state.Held = true
	s.follow(state)
}

// late deals with news of a move that was overtaken. Only one thing still counts: that the work of this revision was
// sent to review, which no later move takes back.
func (s *step) late(mark string) {
	sends := Status(s.ev.Field("word")) == InReview && s.reviewable(Attempt{}).ok()
	if !sends || (s.r.Ticket.Before != "" && !newer(mark, s.r.Ticket.Before)) {
		s.because(CodeSuperseded, "A newer move of the ticket is known, so this one changes nothing.")
		return
	}
	now := s.r.Ticket
	s.because(CodeRecorded, s.moveSentence(s.ev.Field("status"), s.ev.Actor)+" That was before its last move; the work goes to review all the same.")
	s.send(s.ev.Actor, nil)
	now.Before = s.r.Ticket.Before
	s.r.Ticket = now
	if s.bypassed() {
		s.passedBy()
	}
}

// follow does what a move means for the request.
func (s *step) follow(to TicketState) {
	line := s.moveSentence(to.Status, s.ev.Actor)
	switch {
	case s.r.Workflow == "":
		s.mirror(to.Word, line)
		s.r.Ticket = to
	case to.Word == InReview && s.reviewable(Attempt{}).ok():
		s.because(CodeRecorded, line+fmt.Sprintf(" So revision %d goes to review.", s.r.Round))
		s.send(s.ev.Actor, nil)
		s.r.Ticket = to
	default:
		s.because(CodeNoted, line)
		s.r.Ticket = to
		s.notify(to, line)
	}
}

// notify says in the thread that the ticket went where the request is not, and flags an approval that was passed by.
func (s *step) notify(to TicketState, line string) {
	switch {
	case s.bypassed():
		s.passedBy()
	case to.Word != "" && to.Word != s.r.Status:
		s.notice(line+fmt.Sprintf(" %s itself is still %s.", s.r.ID, s.r.Status.Words()), nil)
	}
}

// mirror takes over the ticket's word where no workflow decides. What only people here can do (withdraw, merge) is
// neither taken over nor undone.
func (s *step) mirror(word Status, line string) {
	switch word {
	case Intake, NeedsInfo, InProgress, InReview, Approved, Declined:
	default:
		s.because(CodeNoted, line)
		return
	}
	switch s.r.Status {
	case Withdrawn, Merged, Expired:
		s.because(CodeNoted, line)
		return
	}
	changed := s.r.Status != word
	s.setStatus(word)
	s.because(CodeRecorded, line)
	if changed && word.Closed() {
		s.notice(line, nil)
	}
}

func (s scene) moveSentence(status string, by Actor) string {
	return fmt.Sprintf("%s moved %s to %s in %s.", upper(s.who(by)), s.ticketLabel(), status, place(s.r.Places.Tracker))
}

// bypassed reports whether the ticket stands past an approval that is still open.
func (s scene) bypassed() bool {
	return s.r.Ticket.Held && s.r.Ticket.Word.Closed() && len(s.r.Open()) > 0
}

func (s scene) bypassSentence() string {
	t := s.r.Ticket
	return fmt.Sprintf("%s was moved to %s in %s by %s while %s is open.", upper(s.ticketLabel()), t.Status, place(s.r.Places.Tracker), s.who(t.MovedBy), runNames(s.r.Open(), "and"))
}

// mostBack is how often a ticket is moved back in one revision; then people, or an automation, keep their way.
const mostBack = 2

// passedBy deals with a ticket that was moved past an open approval: it is moved back where the tracker's settings want
// that, and flagged otherwise. The approval goes on in any case.
func (s *step) passedBy() {
	line, t := s.bypassSentence(), &s.r.Ticket
	switch {
	case s.facts.Bypass != "move back":
		s.because("flagged", line+" It is left there and flagged.")
		line += " The approval goes on."
	case t.Bypassed >= mostBack:
		s.because("flagged", line+fmt.Sprintf(" It was moved back %d times, so it is left there and flagged.", mostBack))
		line += fmt.Sprintf(" It was moved back %d times already, so it stays there now. The approval goes on.", mostBack)
	default:
		t.Bypassed, t.Pushed, t.Held = t.Bypassed+1, t.Pushed+1, false
		s.because("moved_back", line+" It is moved back.")
		line += fmt.Sprintf(" The approval goes on, so it is moved back to %s.", s.r.Status.Words())
	}
	s.notice(line, nil)
	s.comment(line, nil)
}

// mark orders reports about one subject: by the sender's time, then the sender's sequence, then the event's id.
func (s *step) mark() (mark string, ordered bool) {
	sent := "-"
	if !s.ev.Sent.IsZero() {
		sent = s.ev.Sent.UTC().Format("2006-01-02T15:04:05.000000000Z")
	}
	seq := strings.ReplaceAll(s.ev.Seq, " ", "_")
	return sent + " " + seq + " " + s.ev.ID, sent != "-" || seq != ""
}

// newer reports whether mark a comes after mark b.
func newer(a, b string) bool {
	x, y := strings.SplitN(a, " ", 3), strings.SplitN(b, " ", 3)
	if len(x) < 3 || len(y) < 3 {
		return a > b
	}
	if x[0] != y[0] && x[0] != "-" && y[0] != "-" {
		return x[0] > y[0]
	}
	if c := natural(x[1], y[1]); c != 0 {
		return c > 0
	}
	return x[2] > y[2]
}

// natural compares sequences: as numbers where both are, else as text.
func natural(a, b string) int {
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	if !digits(a) || !digits(b) {
		return strings.Compare(a, b)
	}
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// sent is when the sender says it happened, else when we heard of it.
func (s *step) sent() time.Time {
	if s.ev.Sent.IsZero() {
		return s.at
	}
	return utc(s.ev.Sent)
}

// ticketKey is the ticket as a subject of events; "" before there is one.
func (s scene) ticketKey() string {
	l, ok := s.r.Link("ticket")
	if !ok {
		return ""
	}
	return l.Ref.String()
}
