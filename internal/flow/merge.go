package flow

import (
	"fmt"
	"slices"
	"strings"
)

// Two requests that ask for the same are made one. The one that is merged is over; what is said where it came from
// belongs to the other from now on.

// Joint is what one half of a merge knows of the other.
type Joint struct {
	ID     RequestID `json:"id"`
	Title  string    `json:"title"`
	Status Status    `json:"status"`
	Ticket Link      `json:"ticket,omitzero"`
	// Requester is who asked for it.
	Requester Actor `json:"requester,omitzero"`
}

// JointOf is what another request is told of r.
func JointOf(r Request) *Joint {
	ticket, _ := r.Link("ticket")
	ticket.Shown, ticket.Version = "", 0
	return &Joint{ID: r.ID, Title: r.Title, Status: r.Status, Ticket: ticket, Requester: r.Requester}
}

func (j Joint) label() string { return scene{r: &Request{ID: j.ID, Title: j.Title}}.label() }

// merged ends a request that asks for what another one asks for already.
func (s *step) merged() {
	a := s.attempt("triage_merge")
	if a.Other == nil {
		a.Other = &Joint{}
	}
	if v := s.judgeMerge(a); !v.ok() {
		s.refused(v)
		return
	}
	other := *a.Other
	why := fmt.Sprintf("%s merged it into %s.", s.who(s.ev.Actor), other.label())
	s.because(CodeRecorded, why)
	s.answered(TriageMerged)
	s.r.Into = other.ID
	s.stopOthers(fmt.Sprintf("the request was merged into %s.", other.ID))
	s.setStatus(Merged)
	s.linkOther(other)
	line := fmt.Sprintf("%s merged %s into %s.", s.who(s.ev.Actor), s.r.ID, other.label())
	s.notice(line+fmt.Sprintf(" What is said here reaches %s.", other.ID), s.ev.Body)
	s.comment(s.through(line), s.ev.Body)
	s.tellSources(line, s.ev.Body, nil)
	s.reply(fmt.Sprintf("%s is merged into %s.", s.label(), other.label()))
}

// judgeMerge asks whether somebody may merge the request, and where the other one is known, whether into that.
func (s scene) judgeMerge(a Attempt) ruling {
	switch {
	case s.r.Status == Draft:
		return refuse(CodeNotOpen, s.draftSentence())
	case s.r.Status == Merged:
		return refuse(CodeAlready, fmt.Sprintf("%s was merged into %s %s.", s.r.ID, s.r.Into, s.clock(s.r.Closed)))
	case s.r.Status.Closed():
		return refuse(CodeClosed, s.closedSentence())
	case !a.Triager:
		return s.judgeTriager(a)
	case a.Other == nil:
		return ruling{}
	}
	return s.judgeOther(*a.Other)
}

// judgeOther asks whether a request can take this one in.
func (s scene) judgeOther(other Joint) ruling {
	switch {
	case other.Status == "" || other.Status == Draft:
		return refuse(CodeUnknown, "There is no such request. Please choose one that is open.")
	case other.ID == s.r.ID:
		return refuse(CodeCannotTake, "A request cannot be merged into itself. Please choose another one.")
	case other.Status.Closed():
		return refuse(CodeCannotTake, fmt.Sprintf("%s is %s already, so nothing can be merged into it. Please choose one that is open.", other.ID, other.Status.Words()))
	}
	return ruling{}
}

// linkOther keeps the other request's ticket, so that the trackers tell of each other.
func (s *step) linkOther(other Joint) {
	if other.Ticket.URL != "" {
		l := other.Ticket
		l.Purpose = joinedPurpose(other.ID, "ticket")
		s.keepLink(l)
	}
}

// keepLink adds a link that is not kept yet.
func (s *step) keepLink(l Link) {
	if !slices.ContainsFunc(s.r.Links, func(x Link) bool { return x.Purpose == l.Purpose }) {
		s.r.Links = append(s.r.Links, l)
	}
}

func joinedPurpose(id RequestID, what string) string { return "joined/" + string(id) + "/" + what }

// joined takes in another request: from now on its conversation belongs here.
func (s *step) joined() {
	other := s.facts.Other
	switch {
	case other == nil:
		s.because(CodeUnknown, "There is no such request.")
		return
	case s.r.Status.Closed() || s.r.Status == Draft:
		s.because(CodeClosed, s.closedSentence())
		return
	case slices.Contains(s.r.Joined, other.ID):
		s.because(CodeNoted, fmt.Sprintf("%s was merged into it before.", other.ID))
		return
	}
	s.r.Joined = append(s.r.Joined, other.ID)
	for _, l := range s.ev.Links {
		if !strings.HasPrefix(l.Purpose, "joined/") {
			l.Purpose = joinedPurpose(other.ID, l.Purpose)
		}
		l.Shown, l.Version = "", 0
		s.keepLink(l)
	}
	s.linkOther(*other)
	from := ""
	if other.Requester.ID() != "" && !same(other.Requester, s.r.Requester) {
		from = fmt.Sprintf(" (from %s)", s.who(other.Requester))
	}
	line := fmt.Sprintf("%s merged %s%s into %s.", s.who(s.ev.Actor), other.label(), from, s.r.ID)
	s.because(CodeRecorded, line)
	s.notice(line, s.ev.Body)
	s.comment(line, s.ev.Body)
}

// joinedThreads are where the requests that were merged into this one are talked about.
func (s scene) joinedThreads() []Link {
	var all []Link
	for _, id := range s.r.Joined {
		for _, what := range []string{"thread", "card"} {
			if l, ok := s.r.Link(joinedPurpose(id, what)); ok && s.r.Places.Chat != "" && l.Ref.System == s.r.Places.Chat {
				all = append(all, l)
				break
			}
		}
	}
	return all
}

// tellJoined says where the requests that were merged into this one came from how it ended.
func (s *step) tellJoined(line string) {
	for _, l := range s.joinedThreads() {
		view := s.view(NoticeView, line)
		view.Buttons = []Button{s.open()}
		s.tell(s.r.Places.Chat, Tell{Where: l.Ref, View: view})
	}
}

// wantJoined links the tickets of requests that were merged to each other.
func (s scene) wantJoined() []want {
	ticket, made := s.r.Link("ticket")
	tracker := s.r.Places.Tracker
	if !made || tracker == "" || s.r.Ticket.Gone != "" {
		return nil
	}
	others := slices.Clone(s.r.Joined)
	if s.r.Into != "" {
		others = append(others, s.r.Into)
	}
	var all []want
	for _, id := range others {
		l, known := s.r.Link(joinedPurpose(id, "ticket"))
		if !known || l.Ref.System != tracker {
			continue
		}
		words := fmt.Sprintf("%s, merged into this", id)
		if id == s.r.Into {
			words = fmt.Sprintf("%s, into which this was merged", id)
		}
		view := s.view(LinkView, words)
		view.Status, view.Round = "", 0
		view.Link = &Link{Ref: l.Ref, Purpose: "ticket", Label: l.Label + " · " + words, URL: l.URL}
		all = append(all, want{purpose: "ticket/joined/" + string(id), target: tracker, at: ticket.Ref, view: view})
	}
	return all
}
