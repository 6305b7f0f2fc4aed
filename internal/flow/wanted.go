package flow

import "strconv"

// wanted lists everything that ought to be seen outside now.
func (s scene) wanted() []want {
	if s.r.Offer != nil {
		return nil // nothing of a draft is seen but its offer
	}
	var all []want
	if w, ok := s.wantCard(); ok {
		all = append(all, w)
	}
	all = append(all, s.wantTicket()...)
	all = append(all, s.wantParts()...)
	all = append(all, s.wantInfo()...)
	all = append(all, s.wantJoined()...)
	all = append(all, s.wantTriage()...)
	all = append(all, s.wantComments()...)
	for _, run := range s.r.Stages {
		for _, who := range run.Asked {
			if target, to, ok := s.way(who); ok {
				all = append(all, want{purpose: askPurpose(run, who), target: target, to: to, view: s.askView(run, who)})
			}
		}
	}
	for _, w := range s.r.Work {
		for i, who := range w.Asked {
			if target, to, ok := s.way(who); ok {
				all = append(all, want{purpose: s.workPurpose(w, i), target: target, to: to, view: s.workView(w, i)})
			}
		}
	}
	return all
}

func askPurpose(run StageRun, who Actor) string {
	return "ask/" + strconv.Itoa(run.Round) + "/" + run.Name + "/" + who.ID()
}

// workPurpose is short for the first person asked for a revision, and names the person for the others.
func (s scene) workPurpose(w Work, i int) string {
	purpose := "work/" + strconv.Itoa(w.Round)
	if w.First == w.Asked[i].ID() {
		return purpose
	}
	return purpose + "/" + w.Asked[i].ID()
}

// wantCard is the one public card: in the thread the request came from, else in its channel, else with whoever asked
// for it, who also gets it where the chat does not let us into the thread or channel.
func (s scene) wantCard() (want, bool) {
	chat := s.r.Places.Chat
	if chat == "" {
		return want{}, false
	}
	w, ok := s.placeCard()
	w.purpose, w.target = "card", chat
	if ok = ok && !(w.at.Zero() && s.unreached(s.r.Requester)); ok {
		w.view = s.cardView()
	}
	return w, ok
}

// placeCard says where a new card goes.
func (s scene) placeCard() (w want, ok bool) {
	chat := s.r.Places.Chat
	thread, inThread := s.chatLink("thread")
	channel, inChannel := s.chatLink("channel")
	name := first(s.r.Fields["channel"])
	if s.r.Requester.Name != "" || s.r.Requester.Ref.System == chat {
		w.to = s.actor(s.r.Requester)
	}
	switch {
	case inThread:
		w.at = thread.Ref
	case inChannel:
		w.at = channel.Ref
	case name != "":
		w.at = Ref{System: chat, Type: "channel", Key: name}
	}
	return w, !w.at.Zero() || w.to.ID() != ""
}

// thread is where the request is talked about: the thread it came from, else below its own card in a channel.
func (s scene) thread() (Ref, bool) {
	if l, ok := s.chatLink("thread"); ok {
		return l.Ref, true
	}
	w, _ := s.placeCard()
	card, ok := s.chatLink("card")
	return card.Ref, ok && !w.at.Zero()
}

// chatLink returns a link that leads into the chat where people are asked.
func (s scene) chatLink(purpose string) (Link, bool) {
	l, ok := s.r.Link(purpose)
	return l, ok && l.Ref.System == s.r.Places.Chat
}

// first is the first of a list, or nothing.
func first[T any](values []T) T {
	var none T
	if len(values) == 0 {
		return none
	}
	return values[0]
}

// wantTicket places the ticket in its project, and the thread as a link on it once both exist.
func (s scene) wantTicket() []want {
	tracker := s.r.Places.Tracker
	if tracker == "" || s.r.Ticket.Gone != "" {
		return nil
	}
	all := []want{{
		purpose: "ticket", target: tracker, again: s.r.Ticket.Again,
		at: Ref{System: tracker, Type: "project", Key: s.r.Project}, view: s.ticketView(),
	}}
	ticket, made := s.r.Link("ticket")
	thread, known := s.r.Link("thread")
	if !known {
		thread, known = s.r.Link("card")
	}
	if made && known && thread.URL != "" {
		all = append(all, want{purpose: "ticket/thread", target: tracker, at: ticket.Ref, view: s.linkView(thread)})
	}
	return all
}
