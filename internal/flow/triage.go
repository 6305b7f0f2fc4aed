package flow

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/internal/text"
)

// A request that the rules cannot place waits for triage: people say whether it is taken on, belongs to another one, is
// looked at later, or is not done. They are asked on a card of its own, which says what became of it once somebody has
// answered.

// Answers of triage.
const (
	TriageAccepted = "accepted"
	TriageDeclined = "declined"
	TriageMerged   = "merged"
	TriageSnoozed  = "snoozed"
)

const triagePurpose = "triage"

// statusWords are the status as people read it, with what belongs to it: "merged into CR-7".
func (s scene) statusWords() string {
	switch {
	case s.r.Status == Merged && s.r.Into != "":
		return "merged into " + string(s.r.Into)
	case s.r.Status == Snoozed && !s.r.Until.IsZero():
		return "snoozed until " + s.instant(s.r.Until)
	}
	return s.r.Status.Words()
}

// Triaged is what triage said last of a request.
type Triaged struct {
	Answer string    `json:"answer"` // one of the answers of triage
	By     Actor     `json:"by"`
	At     time.Time `json:"at"`
	To     Actor     `json:"to,omitzero"` // accepted: who has the work
	Note   text.Doc  `json:"note,omitempty"`
}

// untriaged leaves a new request to triage where the rules want that.
func (s *step) untriaged() bool {
	if s.r.Triage == "" {
		return false
	}
	s.setStatus(Intake)
	s.because("triage", fmt.Sprintf("It waits for triage. %s.", upper(bare(s.r.Triage))))
	return true
}

// accepted takes a request on.
func (s *step) accepted() {
	a := s.attempt("triage_accept")
	v := s.judgeAccept(a)
	if nobody := s.r.Assignee.ID() == "" && a.To.ID() == ""; v.ok() && nobody && s.r.Workflow != "" && !s.r.StartNow {
		v = refuse(CodeCannotTake, "Please choose who does it: the rules have named nobody.")
	}
	if !v.ok() {
		s.refused(v)
		return
	}
	if a.To.ID() != "" {
		s.r.Assignee, _ = s.named(a.To.Name)
	}
	s.takeOn()
	s.reply(fmt.Sprintf("%s is accepted%s.", s.label(), s.handed(s.r.Assignee)))
}

// takeOn lets a request out of triage and start.
func (s *step) takeOn() {
	line := fmt.Sprintf("%s accepted %s%s.", s.who(s.ev.Actor), s.r.ID, s.handed(s.r.Assignee))
	s.because(CodeRecorded, line)
	s.answered(TriageAccepted)
	s.notice(line, s.ev.Body)
	s.start(s.r.StartNow)
}

// handed says who has the work: " for Ben Osei".
func (s scene) handed(to Actor) string {
	if to.ID() == "" {
		return ""
	}
	return " for " + s.who(to)
}

// leaveTriage ends the wait for triage of a request that goes on, or is over, in another way.
func (s *step) leaveTriage(to Status) {
	if to != Snoozed {
		s.r.Until = time.Time{}
	}
	if to != Snoozed && to != Intake {
		s.r.Triage = ""
	}
}

// answered notes what triage said. The request does not wait there any more, unless it was put off.
func (s *step) answered(answer string) {
	s.r.Triaged = &Triaged{Answer: answer, By: s.ev.Actor, At: s.at, Note: s.ev.Body}
	if answer == TriageAccepted {
		s.r.Triaged.To = s.r.Assignee
	}
	if answer != TriageSnoozed {
		s.r.Triage = ""
	}
}

// judgeAccept asks whether somebody may take the request on, for whom they chose, if they have.
func (s scene) judgeAccept(a Attempt) ruling {
	if v := s.judgeTriage(a); !v.ok() {
		return v
	}
	if a.To.ID() != "" || a.To.Shown != "" {
		return s.known(a.To)
	}
	return ruling{}
}

// judgeTriage asks whether somebody may say what becomes of a request that waits for triage.
func (s scene) judgeTriage(a Attempt) ruling {
	switch {
	case s.r.Status == Draft:
		return refuse(CodeNotOpen, s.draftSentence())
	case s.r.Triage == "" && s.r.Triaged != nil:
		return refuse(CodeAlready, fmt.Sprintf("%s already %s this %s.", s.who(s.r.Triaged.By), s.r.Triaged.Answer, s.clock(s.r.Triaged.At)))
	case s.r.Status.Closed():
		return refuse(CodeClosed, s.closedSentence())
	case s.r.Triage == "":
		return refuse(CodeNotOpen, fmt.Sprintf("%s is %s and does not wait for triage.", s.r.ID, s.r.Status.Words()))
	}
	return s.judgeTriager(a)
}

// judgeTriager asks whether somebody answers for triage.
func (s scene) judgeTriager(a Attempt) ruling {
	if a.Triager {
		return ruling{}
	}
	return refuse(CodeNotYours, fmt.Sprintf("%s what becomes of it. You can comment in the thread.", s.triagersSay()))
}

func (s scene) triagersSay() string {
	var names []Actor
	for _, word := range s.r.Triagers {
		if strings.HasPrefix(word, "#") {
			return fmt.Sprintf("Triage in %s says", word)
		}
		names = append(names, Actor{Name: word})
	}
	switch len(names) {
	case 0:
		return "Whoever looks after triage says"
	case 1:
		return s.who(names[0]) + " says"
	}
	return s.names(names, "or") + " say"
}

// turnedDown declines a request in triage.
func (s *step) turnedDown() {
	v := s.judgeTriage(s.attempt("triage_decline"))
	if v.ok() && s.ev.Body.Empty() {
		v = refuse(CodeNoteNeeded, "Please say why, so that whoever asked for it knows what to do.")
	}
	if !v.ok() {
		s.refused(v)
		return
	}
	s.because(CodeRecorded, fmt.Sprintf("%s declined the request in triage.", s.who(s.ev.Actor)))
	s.answered(TriageDeclined)
	s.setStatus(Declined)
	line := fmt.Sprintf("%s declined %s.", s.who(s.ev.Actor), s.r.ID)
	s.notice(line, s.ev.Body)
	s.comment(s.through(line), s.ev.Body)
	s.tellSources(line, s.ev.Body, nil)
	s.reply(s.label() + " is declined.")
}

// wantTriage asks those who look after triage: in their channel, or each of them.
func (s scene) wantTriage() []want {
	if s.r.Triage == "" && !s.askedTriage() {
		return nil
	}
	var all []want
	for _, word := range s.r.Triagers {
		w := want{purpose: triagePurpose + "/" + word, view: s.triageView()}
		if strings.HasPrefix(word, "#") {
			w.purpose, w.target, w.at = triagePurpose, s.r.Places.Chat, Ref{System: s.r.Places.Chat, Type: "channel", Key: word}
			if w.target == "" {
				continue
			}
		} else if target, to, ok := s.way(Actor{Name: word}); ok {
			w.target, w.to = target, s.actor(to)
		} else {
			continue
		}
		all = append(all, w)
	}
	return all
}

// askedTriage reports whether triage was asked before.
func (s scene) askedTriage() bool {
	for purpose := range s.r.Shows {
		if purpose == triagePurpose || strings.HasPrefix(purpose, triagePurpose+"/") {
			return true
		}
	}
	return false
}

// triageView asks what becomes of the request, and says it once it is known.
func (s scene) triageView() View {
	if s.r.Triage == "" || s.r.Status == Snoozed {
		return s.triagedView()
	}
	v := s.view(TriageView, fmt.Sprintf("%s waits for triage. %s.", s.label(), upper(bare(s.r.Triage))))
	v.Facts = append(s.ticketFact(), oneLine([]Fact{{Name: "why", Label: "waits for triage:", Text: bare(s.r.Triage)}})...)
	parties := slices.DeleteFunc(s.parties(), func(f Fact) bool { return f.Name == "owner" && len(f.People) == 0 })
	v.Facts = append(v.Facts, oneLine(parties)...)
	v.Body = s.r.Body
	v.Fields = s.details()
	v.Buttons = append(s.triageButtons(), s.open(), s.why())
	return v
}

func (s scene) triageButtons() []Button {
	return []Button{
		{Action: "triage_accept", Label: "Accept", Style: "primary"}, {Action: "triage_merge", Label: "Merge"},
		{Action: "triage_snooze", Label: "Snooze"}, {Action: "triage_decline", Label: "Decline", Style: "danger"},
	}
}

// triagedView says what became of a request that waited for triage.
func (s scene) triagedView() View {
	end := s.triageEnding()
	v := s.view(TriageView, end.sentence(s))
	v.Status, v.Round = "", 0 // it does not follow the request any further
	v.Facts = append(s.ticketFact(), end.facts(s)...)
	if s.r.Triaged != nil {
		v.Body = s.r.Triaged.Note
	}
	v.Buttons = []Button{s.open()}
	return v
}

func (s scene) triageEnding() ending {
	t := s.r.Triaged
	if t == nil {
		return ending{what: "does not wait for triage any more"}
	}
	end := ending{what: fmt.Sprintf("%s by %s", t.Answer, s.who(t.By)), at: t.At}
	switch t.Answer {
	case TriageAccepted:
		end.what += s.handed(t.To)
	case TriageMerged:
		end.what = fmt.Sprintf("merged into %s by %s", s.r.Into, s.who(t.By))
	case TriageSnoozed:
		if s.r.Status != Snoozed {
			return ending{what: "does not wait for triage any more"}
		}
		end.next = "it comes back " + s.instant(s.r.Until)
	}
	return end
}
