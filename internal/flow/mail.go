package flow

import (
	"fmt"
	"slices"
	"strings"
)

// Mail is a way to people beside chat: to whoever asked by mail, and to those whom chat does not reach.

// mailThread is the mail thread that the request came from.
func (s scene) mailThread() (Ref, bool) {
	l, ok := s.r.Link("thread")
	came := ok && s.r.Places.Mail != "" && l.Ref.System == s.r.Places.Mail
	return l.Ref, came && s.r.Requester.Ref.System != s.r.Places.Chat && !s.bounced(s.r.Requester)
}

// acknowledge answers the mail that a request was made of, or the comment, page or pull request.
func (s *step) acknowledge() {
	line := s.beginning()
	if len(s.wantInfo()) > 0 && s.byThread() {
		return // the question for what is missing says it
	}
	if thread, ok := s.mailThread(); ok {
		view := s.view(NoticeView, line+" Answers to this mail reach the request.")
		view.Buttons = []Button{s.open()}
		s.tell(s.r.Places.Mail, Tell{Where: thread, To: s.actors([]Actor{s.r.Requester}), InReplyTo: s.ev.Delivery, View: view})
		return
	}
	if at := s.askedAt(); s.source(at.System) {
		s.backToSource(at, line, nil, nil)
	}
}

// askedAt is where the request was asked for: in a thread, or at the work itself, where somebody pressed a button there or named
// a version so. Zero: nowhere that can be told.
func (s *step) askedAt() Ref {
	if thread, ok := s.r.Link("thread"); ok {
		return thread.Ref
	}
	if slices.ContainsFunc(s.ev.Assets, func(a Asset) bool { return a.Ref == s.ev.Subject }) {
		return s.ev.Subject
	}
	return Ref{}
}

// beginning says what becomes of a request that was just made.
func (s scene) beginning() string {
	line := fmt.Sprintf("Your request is now %s. ", s.label())
	switch {
	case len(s.r.Open()) > 0:
		line += "It goes to review first: " + s.openWords() + "."
	case s.r.Status == InProgress && !same(s.worker(), s.r.Requester):
		line += fmt.Sprintf("%s takes it from here, and then it goes to review.", s.who(s.worker()))
	case s.r.Status == InProgress:
		line += "It waits for your work, and then it goes to review."
	case s.r.Status.Closed():
		line += fmt.Sprintf("It is %s.", s.r.Status.Words())
	case s.incompleteSentence() != "":
		line += s.incompleteSentence()
	default:
		line += "Somebody will look at it and say what happens next."
	}
	return line
}

// openWords name the open stages and whom they wait for.
func (s scene) openWords() string {
	var all []string
	for _, run := range s.r.Open() {
		words := run.Name
		if len(s.waiting(run)) > 0 {
			words += " by " + s.waitingWords(run)
		}
		all = append(all, words)
	}
	return enumerate(all, "and")
}

// unreached reports whether somebody has no account in chat.
func (s scene) unreached(who Actor) bool {
	return who.Name != "" && slices.Contains(s.r.Unreached, who.Name)
}

// writable gives somebody with the address that they can be written to at; false without one that takes mail.
func (s scene) writable(who Actor) (Actor, bool) {
	who = s.actor(s.resolve(who))
	return who, s.r.Places.Mail != "" && who.Email != "" && !slices.Contains(s.r.Bounced, strings.ToLower(who.Email))
}

// byMail gives the address of those who are written to instead of being told in chat.
func (s scene) byMail(who Actor) (Actor, bool) {
	writes := who.Name == "" && who.Ref.System == s.r.Places.Mail
	if s.r.Places.Mail == "" || s.r.Places.Chat != "" && !s.unreached(who) && !writes {
		return who, false
	}
	return s.writable(who)
}

// parted are those who are written to, and those who are told in chat.
func (s scene) parted(people []Actor) (mailed, rest []Actor) {
	for _, who := range people {
		if to, ok := s.byMail(who); ok {
			mailed = append(mailed, to)
		} else {
			rest = append(rest, who)
		}
	}
	return mailed, rest
}

// way says where somebody is asked: in chat, or by mail where chat does not reach them.
func (s scene) way(who Actor) (target string, to Actor, ok bool) {
	if to, ok := s.byMail(who); ok {
		return s.r.Places.Mail, to, true
	}
	return s.r.Places.Chat, who, s.r.Places.Chat != "" && !s.lost(who)
}

// lost reports whether neither chat nor mail reaches somebody; a problem says so.
func (s scene) lost(who Actor) bool {
	return s.unreached(who) && s.r.Places.Mail != "" && s.bounced(who)
}

func (s scene) bounced(who Actor) bool {
	who = s.resolve(who)
	return who.Email != "" && slices.Contains(s.r.Bounced, strings.ToLower(who.Email))
}

// takeUnreached notes that chat does not know somebody who can be written to, so that what they are asked and told goes
// there.
func (s *step) takeUnreached(purpose string, version int64) bool {
	name := s.ev.Field("unreached")
	who, ok := s.writable(Actor{Name: name})
	if name == "" || !ok {
		return false
	}
	if !slices.Contains(s.r.Unreached, name) {
		s.r.Unreached = append(s.r.Unreached, name)
	}
	if shown, known := s.r.Shows[purpose]; known && (version == 0 || version >= shown.Version) {
		delete(s.r.Shows, purpose) // it is asked for anew, by mail
		if s.staysInChat(purpose) {
			s.r.Shows[purpose] = shown
			return false
		}
		s.solved(purpose)
	}
	s.because(CodeRecorded, fmt.Sprintf("%s is not in %s, so they are written to.", s.who(who), place(s.r.Places.Chat)))
	if t := s.ev.Tell; t != nil && s.r.Offer == nil && !t.Private && (t.Expires.IsZero() || t.Expires.After(s.at)) {
		s.tell(s.r.Places.Mail, Tell{To: []Actor{who}, Bundle: t.Bundle, Expires: t.Expires, View: t.View})
	}
	return true
}

// staysInChat reports whether something is shown in chat whoever of those it is for is known there.
func (s scene) staysInChat(purpose string) bool {
	return slices.ContainsFunc(s.wanted(), func(w want) bool { return w.purpose == purpose && w.target == s.r.Places.Chat })
}

// reachedAgain takes somebody who was asked in chat from those whom it does not reach.
func (s *step) reachedAgain(purpose string) {
	if first(s.ev.Links).Ref.System != s.r.Places.Chat || len(s.r.Unreached) == 0 {
		return
	}
	if who := s.addressee(purpose); who.Name != "" {
		s.r.Unreached = slices.DeleteFunc(s.r.Unreached, func(name string) bool { return name == who.Name })
	}
}

// mailFailed notes a mail of ours that did not arrive, and tells whoever makes the work.
func (s *step) mailFailed() {
	address := strings.ToLower(strings.TrimSpace(s.ev.Field("address")))
	why := bare(s.ev.Field("why"))
	if why == "" {
		why = "no reason was given"
	}
	line := fmt.Sprintf("A mail to %s could not be delivered: %s.", address, why)
	s.because(CodeRecorded, line)
	if address == "" {
		return
	}
	s.trouble(bouncePurpose(address), line)
	if s.ev.Field("hard") == "yes" && !slices.Contains(s.r.Bounced, address) {
		s.r.Bounced = append(s.r.Bounced, address)
	}
	if who := s.worker(); !strings.EqualFold(s.resolve(who).Email, address) {
		view := s.view(NoticeView, line)
		view.Facts = append(view.Facts, Fact{Name: "request", Text: s.label()})
		view.Buttons = []Button{s.open()}
		s.direct([]Actor{who}, view)
	}
}

func bouncePurpose(address string) string { return "mail/" + address }

// settleBounces ends the problems about reviewers who did not get their mail, once others are asked in their place.
func (s *step) settleBounces() {
	for _, address := range s.r.Bounced {
		asked, waits := false, false
		for _, run := range s.r.Stages {
			asked = asked || s.atAddress(run.Asked, address)
			waits = waits || run.State == StageOpen && s.atAddress(s.waiting(run), address)
		}
		if asked && !waits {
			s.solved(bouncePurpose(address))
		}
	}
}

func (s scene) atAddress(people []Actor, address string) bool {
	return slices.ContainsFunc(people, func(who Actor) bool { return strings.EqualFold(s.resolve(who).Email, address) })
}
