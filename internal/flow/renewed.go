package flow

import (
	"fmt"
	"slices"
	"strings"
)

// renamed follows the ticket to its new key. The request's own project stays: a new ticket, should one be asked for, is
// made where the rules put it.
func (s *step) renamed() {
	l, ok := s.r.Link("ticket")
	mark, ordered := s.mark()
	seen := renaming(l.Ref)
	switch {
	case !ok || s.otherTicket():
		s.because(CodeSuperseded, "This is about another ticket.")
		return
	case ordered && s.r.Seqs[seen] != "" && !newer(mark, s.r.Seqs[seen]):
		s.because(CodeSuperseded, "A newer key of the ticket is known.")
		return
	}
	s.noteMark(seen, mark)
	old, key := s.ticketLabel(), s.ev.Field("key")
	fresh := first(s.ev.Links)
	if key == "" {
		key = fresh.Label
	}
	if fresh.URL == "" {
		fresh.URL = strings.Replace(l.URL, old, key, 1)
	}
	for i := range s.r.Links {
		if s.r.Links[i].Purpose == "ticket" {
			s.r.Links[i].Label, s.r.Links[i].URL = key, fresh.URL
		}
	}
	line := fmt.Sprintf("%s was moved in %s and is called %s now.", old, place(s.r.Places.Tracker), key)
	s.because(CodeRecorded, line)
	s.notice(line, nil)
}

// renaming is the subject of news about a ticket's key.
func renaming(ticket Ref) string { return ticket.String() + " key" }

// noteMark keeps the newest mark of a subject.
func (s *step) noteMark(subject, mark string) {
	if s.r.Seqs == nil {
		s.r.Seqs = map[string]string{}
	}
	s.r.Seqs[subject] = mark
}

// otherTicket reports whether the event is about a ticket that was replaced.
func (s *step) otherTicket() bool {
	l, _ := s.r.Link("ticket")
	return !s.ev.Subject.Zero() && s.ev.Subject != l.Ref
}

// gone notes that the ticket cannot be written any more. What is for it waits.
func (s *step) gone() {
	if _, ok := s.r.Link("ticket"); !ok || s.otherTicket() {
		s.because(CodeSuperseded, "This is about another ticket.")
		return
	}
	why := s.ev.Field("why")
	if why == "" {
		why = "hidden"
	}
	s.lose(why)
}

// lostAtTicket takes a write that was given up because the ticket itself cannot be written: that is said once, and what
// was not written waits for the ticket to be back, or for a new one.
func (s *step) lostAtTicket(purpose string, version int64) bool {
	why := s.ev.Field("gone")
	if _, ok := s.r.Link("ticket"); !ok || why == "" || s.otherTicket() {
		return false
	}
	if shown, asked := s.r.Shows[purpose]; asked && (version == 0 || version >= shown.Version) {
		delete(s.r.Shows, purpose)
	}
	if s.r.Ticket.Gone == "" {
		s.lose(why)
		return true
	}
	s.because(CodeNoted, fmt.Sprintf("%s waits: %s", s.ev.Field("effect"), s.goneSentence()))
	return true
}

// lose says that nothing can be written to the ticket.
func (s *step) lose(why string) {
	s.r.Ticket.Gone = why
	line := s.goneSentence()
	s.because(CodeRecorded, line)
	s.solved("ticket")
	s.solved("ticket/thread")
	s.trouble("ticket/gone", line)
	s.notice(line, nil)
}

func (s scene) goneSentence() string {
	label, tracker := upper(s.ticketLabel()), place(s.r.Places.Tracker)
	switch s.r.Ticket.Gone {
	case "deleted":
		return fmt.Sprintf("%s was deleted in %s, so nothing is written there any more. If a ticket is still needed, make a new one on the page.", label, tracker)
	case "archived":
		return fmt.Sprintf("%s was archived in %s, so nothing is written there now. Restore it, or make a new ticket on the page.", label, tracker)
	}
	return fmt.Sprintf("signoff cannot see %s in %s any more, so nothing is written there now. Give its account access again, or make a new ticket on the page.", s.ticketLabel(), tracker)
}

// seenAgain ends the trouble with a ticket that was archived or hidden once something new is heard of it.
func (s *step) seenAgain() {
	l, ok := s.r.Link("ticket")
	t := &s.r.Ticket
	if !ok || s.ev.Echo || s.ev.Kind == TicketGone || s.ev.Subject != l.Ref || t.Gone == "" || t.Gone == "deleted" {
		return
	}
	i := slices.IndexFunc(s.r.Problems, func(p Problem) bool { return p.Purpose == "ticket/gone" })
	if i < 0 || !s.sent().After(s.r.Problems[i].Since) {
		return // it happened before
	}
	since := s.r.Problems[i].Since
	t.Gone = ""
	s.solved("ticket/gone")
	s.because("ticket_back", upper(s.ticketLabel())+" can be written again.")
	s.catchUp("Decided while this ticket could not be written:", since)
}

// ticketWanted makes a new ticket after the old one is gone. Files are carried there again; comments that the old one
// had stay with it.
func (s *step) ticketWanted() {
	if v := s.judgeNewTicket(s.attempt("new_ticket")); !v.ok() {
		s.refused(v)
		return
	}
	line := fmt.Sprintf("%s asked for a new ticket instead of %s.", upper(s.who(s.ev.Actor)), s.ticketLabel())
	s.because(CodeRecorded, line)
	s.notice(line, nil)
	s.solved("ticket/gone")
	for _, purpose := range s.atTicket() {
		delete(s.r.Shows, purpose)
		s.solved(purpose)
		s.r.Links = slices.DeleteFunc(s.r.Links, func(l Link) bool { return l.Purpose == purpose })
	}
	for i := range s.r.Files {
		if f := &s.r.Files[i]; !s.fromTracker(f.Ref) && (f.Fate == FileCopied || f.Fate == FileRefused) {
			f.Fate, f.Why = FileWaiting, ""
		}
	}
	s.renewParts()
	s.r.Ticket = TicketState{Again: s.r.Ticket.Again + 1, Pushed: s.r.Ticket.Pushed}
}

// atTicket lists the purposes of everything that is shown at the ticket.
func (s scene) atTicket() []string {
	all := []string{"ticket", "ticket/thread"}
	for _, c := range s.r.Comments {
		if !s.fromTracker(c.Said) {
			all = append(all, commentPurpose(c))
		}
	}
	for _, f := range s.r.Files {
		if !s.fromTracker(f.Ref) {
			all = append(all, filePurpose(f))
		}
	}
	return all
}

func (s scene) judgeNewTicket(a Attempt) ruling {
	switch {
	case s.r.Status == Draft:
		return refuse(CodeNotOpen, s.draftSentence())
	case s.r.Places.Tracker == "":
		return refuse(CodeNotOpen, fmt.Sprintf("%s has no ticket: no tracker is configured.", s.r.ID))
	case s.r.Ticket.Gone == "":
		return refuse(CodeAlready, fmt.Sprintf("%s has its ticket: %s.", s.r.ID, s.ticketLabel()))
	case a.Who.Name != "", s.isRequester(a.Who), same(s.r.Assignee, a.Who), s.reviews(a.Who):
		return ruling{}
	}
	return refuse(CodeNotYours, fmt.Sprintf("A new ticket is made for %s, the assignee, a reviewer or somebody in the directory.", s.who(s.r.Requester)))
}

// ticketBefore names what is said of the ticket that leaves no record.
func (s *step) ticketBefore() (code, why string) {
	switch {
	case s.r.Offer != nil && slices.Contains([]Kind{TicketMoved, TicketRenamed, TicketGone}, s.ev.Kind):
		return CodeNoted, "A draft has no ticket."
	case s.ev.Kind == TicketGone && s.r.Ticket.Gone != "" && s.r.Ticket.Gone == s.ev.Field("why") && !s.otherTicket():
		return CodeDuplicate, "It is known that the ticket is gone."
	case s.ev.Kind == TicketRenamed && s.ticketLabel() == s.ev.Field("key") && !s.otherTicket():
		return CodeDuplicate, "This key of the ticket is known."
	}
	return "", ""
}
