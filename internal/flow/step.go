package flow

import (
	"fmt"
	"time"
)

// Codes of the first reason of an Outcome: what became of the event. They are stable; callers match on them.
const (
	CodeRecorded      = "recorded"        // it counted
	CodeNoted         = "noted"           // kept in the journal, decided nothing
	CodeDuplicate     = "duplicate"       // the same event again: nothing is recorded
	CodeUnknown       = "unknown_request" // there is no such request: nothing is recorded
	CodeSuperseded    = "superseded"      // a newer event about the same thing is known
	CodeEcho          = "echo"            // our own doing, come back
	CodeAlready       = "already"         // somebody decided before
	CodeClosed        = "closed"          // the request takes no decision any more
	CodeNotReviewer   = "not_reviewer"    // somebody else decides this
	CodeFourEyes      = "four_eyes"       // nobody approves their own work
	CodeStale         = "stale"           // meant an older revision
	CodeNoteNeeded    = "note_needed"     // asking for changes needs words
	CodeNotOpen       = "not_open"        // the stage does not wait for anybody now
	CodeUnknownStage  = "unknown_stage"   // the workflow has no such stage
	CodePageOnly      = "page_only"       // this stage is decided on the page
	CodeNotYours      = "not_yours"       // only certain people may do this
	CodeUnknownPerson = "unknown_person"  // the person named is not in the directory
	CodeCannotTake    = "cannot_take"     // the person named cannot take the place
	CodeNothingToUndo = "nothing_to_undo"
	CodeUnchecked     = "unchecked"   // lines of the stage's checklist are not ticked
	CodePointsOpen    = "points_open" // change requests are open: approving asks for a confirmation
	CodeTooLate       = "too_late"    // an undo came after its time
	CodeBadVerdict    = "bad_verdict"
	CodeUnreadable    = "unreadable" // a day or a number that cannot be meant
)

// Step is the machine: it turns a request and an event into the next request and the effects it wishes for. It is
// total and pure: the same arguments give the same outcome, and r is never changed.
//
// The version grows by one for every event that belongs to the request, refused ones too, so that the journal holds
// every attempt; Outcome.Request.Version > r.Version means "write a record". Only two events leave no record: one
// that was counted before (a vote with the id of an earlier vote, a second submission) and one for a request that
// does not exist. The first reason of Outcome.Why says what became of the event, by one of the codes above.
func Step(p Policy, r Request, ev Event, f Facts) Outcome {
	s := begin(p, r, ev, f)
	if code, why := s.stays(); code != "" {
		return Outcome{Request: r, Terms: Terms(r), Why: []Reason{{Code: code, Text: why}}}
	}
	s.advance()
	return Outcome{Request: *s.r, Effects: s.effects(), Terms: Terms(*s.r), Why: s.why}
}

// advance lets the event change the request.
func (s *step) advance() {
	s.r.Version++
	s.r.Updated = s.at
	s.apply()
	s.settleGate()
	s.seenAgain()
	s.settleVersions()
	s.settleAll()
	s.reconcile()
}

// step is one run of the machine. Its request is a copy and may be changed.
type step struct {
	scene
	ev    Event
	facts Facts
	// wereAway is who was away before.
	wereAway []Absence
	shows    []Effect
	tells    []Effect
	wake     *Wake
	why      []Reason
}

func begin(p Policy, r Request, ev Event, f Facts) *step {
	next := clone(r)
	ev.At = ev.At.UTC().Round(0)
	s := &step{scene: scene{p: p, r: &next, at: ev.At}, ev: ev, facts: f, wereAway: r.Away}
	next.Away = f.Away
	if ev.Kind == FilesAdded && !ev.Said.Zero() && !s.fromTracker(ev.Said) {
		s.ev.Kind = CommentAdded // a message that is only files says something too: who put them there
	}
	return s
}

// stays names the events that leave no record.
func (s *step) stays() (code, why string) {
	submits := s.ev.Kind == RequestSubmitted
	switch {
	case s.stray():
		return CodeNoted, "No request was made of this message."
	case submits && s.stands():
		return "", ""
	case submits && s.r.Version > 0:
		return CodeDuplicate, fmt.Sprintf("%s has been opened before.", s.r.ID)
	case submits && (s.facts.Routing == nil || s.facts.New == ""):
		return CodeUnknown, "The rules gave no answer for this request."
	case submits && s.facts.Routing.Ignore:
		return CodeNoted, "A rule says that this makes no request."
	case submits && s.facts.Muted && s.ev.Field("draft") == "watch":
		return CodeNoted, fmt.Sprintf("%s wants no drafts.", s.who(s.ev.Actor))
	case !submits && s.r.Version == 0:
		return CodeUnknown, "There is no such request."
	case s.ev.Kind == VoteCast && s.votedBefore():
		return CodeDuplicate, "This vote has been counted before."
	}
	for _, known := range []func() (string, string){s.sameAway, s.filesBefore, s.partBefore, s.ticketBefore, s.heardBefore, s.assetsBefore, s.pointsBefore, s.briefBefore} {
		if code, why := known(); code != "" {
			return code, why
		}
	}
	return "", ""
}

func (s *step) votedBefore() bool {
	for _, v := range s.r.Votes {
		if v.Event == s.ev.ID {
			return true
		}
	}
	return false
}

func (s *step) apply() {
	if s.atPart() {
		return
	}
	switch s.ev.Kind {
	case RequestSubmitted:
		s.submitted()
	case RequestEdited:
		s.edited()
	case RequestWithdrawn:
		s.withdrawn()
	case RequestAssigned:
		s.assigned()
	case WorkSubmitted:
		s.worked()
	case VoteCast:
		s.voted()
	case VoteUndone:
		s.undone()
	case StageDelegated:
		s.delegated()
	case DraftConfirmed:
		s.confirmed()
	case DraftDismissed:
		s.dismissed()
	case CommentAdded, CommentEdited, CommentRemoved:
		s.conversed()
	case LinkShared:
		s.shared()
	case FilesAdded:
		s.filesAdded()
	case TicketMoved:
		s.moved()
	case TicketRenamed:
		s.renamed()
	case TicketGone:
		s.gone()
	case TicketWanted:
		s.ticketWanted()
	case AssetChanged:
		s.assetChanged()
	case AssetGone:
		s.assetGone()
	case PointAsked:
		s.pointAsked()
	case PointAnswered:
		s.pointAnswered()
	case PointResolved:
		s.pointResolved()
	case BriefRead:
		s.briefRead()
	case MailFailed:
		s.mailFailed()
	case RulesMoved:
		s.rulesMoved()
	case RequestAccepted:
		s.accepted()
	case RequestDeclined:
		s.turnedDown()
	case RequestMerged:
		s.merged()
	case RequestJoined:
		s.joined()
	case RequestSnoozed:
		s.snoozed()
	case CoverChanged:
		s.coverChanged()
	case TimerFired:
		s.timer()
	case EffectDone:
		s.done()
	case EffectParked:
		s.parked()
	default:
		s.because(CodeNoted, fmt.Sprintf("An event of kind %q means nothing here.", s.ev.Kind))
	}
}

// because adds a reason.
func (s *step) because(code, text string) {
	s.why = append(s.why, Reason{Code: code, Text: text})
}

// setStatus moves the request. A status of our own ends the hold that a move by hand put on the ticket.
func (s *step) setStatus(to Status) {
	if s.r.Status == to {
		return
	}
	s.r.Status = to
	s.r.Since = s.at
	s.r.Ticket.Held = false
	s.r.Closed, s.r.Signed = time.Time{}, ""
	s.leaveTriage(to)
	if to.Closed() {
		s.r.Closed = s.at
	}
	if to == Approved && len(s.r.decidedOn()) > 0 {
		s.r.Signed = s.r.Revision()
	}
}

// effects numbers what was wished for: shows first, then what is said once, then the timer.
func (s *step) effects() []Effect {
	all := append(s.shows, s.tells...)
	if s.wake != nil {
		all = append(all, Effect{Wake: s.wake})
	}
	for i := range all {
		all[i].ID = fmt.Sprintf("%s/%d/%d", s.r.ID, s.r.Version, i+1)
		all[i].Request = s.r.ID
	}
	return all
}
