package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A draft is a request that somebody may make of a message. Until they do, nothing of it is seen outside but the offer
// to them, and nobody is told anything.

const (
	offerFor   = 7 * 24 * time.Hour // how long a draft waits for its answer
	offerWorth = 24 * time.Hour     // how late it is still worth being offered
)

// drafted offers somebody to make a request of a message.
func (s *step) drafted() {
	fields := maps.Clone(s.ev.Fields)
	delete(fields, "draft")
	s.fresh(s.ev)
	s.r.Workflow, s.r.Assignee = "", Actor{} // who does it, and how it is decided, is routed when it is wanted
	s.r.Triage, s.r.Triagers = "", nil
	s.r.Offer = &Offer{
		To: s.ev.Actor, Where: s.ev.Where, Way: s.ev.Field("draft"), Until: s.at.Add(offerFor), Fields: fields,
	}
	s.takeFiles(0)
	s.takeAssets()
	s.setStatus(Draft)
	s.because(CodeRecorded, fmt.Sprintf("A draft of %s was offered to %s.", s.label(), s.who(s.ev.Actor)))
	s.why = append(s.why, s.facts.Routing.Why...)
	s.offer()
}

// offer puts the draft before whom it is meant for: alone in a thread or channel, as a message in their own chat.
func (s *step) offer() {
	o, where := s.r.Offer, s.ev.Where
	if where.Zero() {
		where = o.Where
	}
	t := Tell{
		To: []Actor{s.actor(o.To)}, Where: where, Private: o.Way != "direct", Expires: s.at.Add(offerWorth),
		InReplyTo: s.ev.Delivery, View: s.draftView(),
	}
	target := where.System
	if target == "" {
		target = s.r.Places.Chat
	}
	if target != "" {
		s.tell(target, t)
	}
}

// draftView is the offer: what would be made, with the values read from the words.
func (s scene) draftView() View {
	what := s.r.Title
	if what == "" {
		what = excerpt(s.r.Body)
	}
	line := strings.TrimSpace("Make a request of this? " + what)
	var facts []Fact
	if s.r.Template != "" {
		line += " (" + s.r.Template + ")"
		facts = append(facts, Fact{Name: "type", Label: "type:", Text: s.r.Template})
	}
	if !s.r.Due.IsZero() {
		line += ", due " + s.instant(s.r.Due)
	}
	v := View{Kind: DraftView, Request: s.r.ID, Title: s.r.Title, Headline: line, Status: Draft}
	v.Facts = oneLine(append(facts, s.when("due", "due", s.r.Due)...))
	v.Fields = s.details()
	v.Buttons = []Button{
		{Action: "confirm_draft", Label: "Create request", Style: "primary"}, {Action: "edit_draft", Label: "Edit…"},
		{Action: "dismiss_draft", Label: "Not a request"},
	}
	if s.r.Offer != nil && s.r.Offer.Way == "watch" {
		v.Buttons = append(v.Buttons, Button{Action: "mute_drafts", Label: "Stop offering drafts", Minor: true})
	}
	return v
}

// confirmed makes the draft a request, as if it had been submitted now.
func (s *step) confirmed() {
	v := s.judgeOffer(s.attempt("confirm_draft"))
	switch route := s.facts.Routing; {
	case v.ok() && route == nil:
		v = refuse(CodeUnknown, "The rules gave no answer for this draft. Please try again.")
	case v.ok() && route.Ignore:
		v = refuse(CodeNotOpen, "A rule says that this makes no request.")
	}
	if !v.ok() {
		s.refused(v)
		return
	}
	s.become(Submission(*s.r, s.ev))
	s.reply(s.label() + " is a request now.")
}

// become opens the request that a draft was for. Its number, its beginning and what was said meanwhile stay.
func (s *step) become(submitted Event) {
	draft := *s.r
	s.fresh(submitted)
	s.r.Version, s.r.Opened, s.r.Comments, s.r.Files, s.r.Seqs = draft.Version, draft.Opened, draft.Comments, draft.Files, draft.Seqs
	s.r.Assets = draft.Assets
	s.r.WakeAt = draft.WakeAt // so that it is taken back
	if s.r.Places == (Places{}) {
		s.r.Places = draft.Places
	}
	if s.r.Source == "" {
		s.r.Source = draft.Source
	}
	for _, l := range draft.Links {
		if _, has := s.r.Link(l.Purpose); !has {
			s.r.Links = append(s.r.Links, l)
		}
	}
	if natural(draft.Heard, s.r.Heard) > 0 {
		s.r.Heard = draft.Heard
	}
	s.takeFiles(0)
	s.takeAssets()
	s.because(CodeRecorded, s.openedWhy())
	s.why = append(s.why, s.facts.Routing.Why...)
	s.start(s.facts.Routing.StartNow)
}

// Submission is what a confirmed draft submits: the draft's words and fields with those of the confirmation in their
// place. The rules route it anew.
func Submission(draft Request, confirmed Event) Event {
	ev := confirmed
	ev.Kind, ev.Request, ev.Seq, ev.Links = RequestSubmitted, draft.ID, draft.Heard, slices.Clone(draft.Links)
	ev.Fields = map[string][]string{}
	if draft.Offer != nil {
		maps.Copy(ev.Fields, draft.Offer.Fields)
	}
	for name, values := range confirmed.Fields {
		if name != "via" && name != "assurance" {
			ev.Fields[name] = values
		}
	}
	if confirmed.Body.Empty() {
		ev.Body = draft.Body
	}
	ev.Files = nil
	for _, f := range draft.Files {
		ev.Files = append(ev.Files, f.File)
	}
	return ev
}

// dismissed ends the draft; it stays known, so that nobody is asked about the message again.
func (s *step) dismissed() {
	if v := s.judgeOffer(s.attempt("dismiss_draft")); !v.ok() {
		s.refused(v)
		return
	}
	s.because(CodeRecorded, fmt.Sprintf("%s does not want a request.", s.who(s.ev.Actor)))
	s.setStatus(Withdrawn)
	s.reply("No request was made.")
}

// judgeOffer asks whether somebody may answer the offer of a draft.
func (s scene) judgeOffer(a Attempt) ruling {
	o := s.r.Offer
	switch {
	case o == nil:
		return refuse(CodeAlready, fmt.Sprintf("%s is a request already.", s.r.ID))
	case !same(o.To, a.Who):
		return refuse(CodeNotYours, fmt.Sprintf("This draft was offered to %s, so only they can answer it.", s.who(o.To)))
	case s.r.Status == Expired:
		return refuse(CodeClosed, fmt.Sprintf("This draft expired %s. Write the message again, or use the form.", s.clock(s.r.Closed)))
	case s.r.Status != Draft:
		return refuse(CodeClosed, fmt.Sprintf("This draft was put aside %s. Write the message again, or use the form.", s.clock(s.r.Closed)))
	}
	return ruling{}
}

// again answers a submission about a message of which there is a draft or a request. Somebody who submits it in full
// takes the draft up; a second wish for a draft makes none.
func (s *step) again() {
	switch {
	case s.r.Offer == nil:
		line := fmt.Sprintf("%s was already made from this message.", s.label())
		s.because(CodeAlready, line)
		view := s.view(NoticeView, line)
		view.Buttons = []Button{s.open()}
		s.private(view, answerFor)
	case s.ev.Field("draft") == "":
		s.become(s.ev)
	case same(s.r.Offer.To, s.ev.Actor):
		s.because(CodeNoted, fmt.Sprintf("The draft was offered to %s again.", s.who(s.ev.Actor)))
		s.offer()
	default:
		line := fmt.Sprintf("%s was asked already whether this becomes a request.", s.who(s.r.Offer.To))
		s.because(CodeNoted, line)
		s.private(View{Kind: NoticeView, Request: s.r.ID, Headline: line}, answerFor)
	}
}

// stands reports whether a submission means a request or draft that exists, and is not merely the same one again.
func (s *step) stands() bool {
	if s.r.Version == 0 {
		return false
	}
	if s.r.Status == Draft && s.ev.Field("draft") == "" {
		return s.facts.Routing != nil && !s.facts.Routing.Ignore
	}
	way := s.ev.Field("draft")
	return (way == "emoji" || way == "direct") && (s.r.Offer == nil || s.r.Status == Draft)
}

// stray reports whether the event is only about words under a draft that came to nothing.
func (s *step) stray() bool {
	if s.r.Offer == nil || s.r.Status == Draft {
		return false
	}
	switch s.ev.Kind {
	case CommentAdded, CommentEdited, CommentRemoved, FilesAdded, LinkShared:
		return true
	}
	return false
}

// expireDraft ends a draft that nobody answered, without a word.
func (s *step) expireDraft() {
	if s.r.Status != Draft || s.at.Before(s.r.Offer.Until) {
		s.because(CodeNoted, "Nothing was due.")
		return
	}
	s.because("expired", "Nobody answered the offer of this draft.")
	s.setStatus(Expired)
}

// draftSentence says that something cannot be done with a draft.
func (s scene) draftSentence() string {
	return fmt.Sprintf("%s is a draft. First %s makes it a request.", s.r.ID, s.who(s.r.Requester))
}
