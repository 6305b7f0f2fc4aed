package flow

import (
	"fmt"
	"strings"
	"time"

	"signoff/internal/text"
)

// What is said once. Everything that must stay findable is shown instead; these are the few sentences that point at it.

// answerFor is how long a private answer is worth giving.
const answerFor = 10 * time.Minute

// refused records why an act does not count and tells the person, with a way on.
func (s *step) refused(v ruling) {
	s.because(v.code, v.why)
	if s.blind {
		return
	}
	view := s.view(RefusalView, v.why)
	if s.r.Offer == nil { // a draft has no page yet
		view.Buttons = []Button{s.open()}
	}
	if l, ok := s.newCard(); ok && v.code == CodeStale {
		view.Buttons = []Button{{Action: "open", Label: "Open the new card", Style: "primary", URL: l.URL}, s.open()}
	}
	s.private(view, answerFor)
}

// newCard finds where the actor, who acted on an older card, is asked now: their own copy of the question or of the work
// in the same place, else the public card there.
func (s *step) newCard() (Link, bool) {
	var purposes []string
	for _, run := range s.r.Open() {
		for _, who := range s.waiting(run) {
			if same(who, s.ev.Actor) {
				purposes = append(purposes, askPurpose(run, who))
			}
		}
	}
	for _, w := range s.r.Work {
		for i, who := range w.Asked {
			if s.asksForWork(w, i) && same(who, s.ev.Actor) {
				purposes = append(purposes, s.workPurpose(w, i))
			}
		}
	}
	for _, purpose := range append(purposes, "card") {
		if l, ok := s.r.Link(purpose); ok && l.URL != "" && l.Ref.System == s.ev.Where.System {
			return l, true
		}
	}
	return Link{}, false
}

// reply answers the actor alone.
func (s *step) reply(line string) {
	if s.blind {
		return
	}
	s.private(s.view(NoticeView, line), answerFor)
}

// confirm tells the voter that the vote counts, and lets them take it back for a minute.
func (s *step) confirm(verdict Verdict, run StageRun) {
	if s.blind {
		return
	}
	words := map[Verdict]string{
		Approve: "Your approval of %s is recorded.", Decline: "You declined %s. That is recorded.",
		RequestChanges: "The changes you asked for in %s are recorded.",
	}[verdict]
	view := s.view(NoticeView, fmt.Sprintf(words, run.Name)+" You can undo it for one minute.")
	view.Buttons = []Button{{Action: "undo", Label: "Undo", Stage: run.Name, Round: run.Round, Version: s.r.Revision()}}
	s.private(view, undoFor)
}

// private says something to the actor alone, where they acted. Whoever acted on a page or through the API has their
// answer already.
func (s *step) private(view View, worth time.Duration) {
	target := s.ev.Where.System
	if target == "" {
		target = s.ev.Actor.Ref.System
	}
	if via := s.via(); target == "" || via == "web" || via == "api" || via == "link" {
		return
	}
	if target == s.r.Places.Mail && s.bounced(s.ev.Actor) {
		return
	}
	if s.r.Offer == nil && !strings.Contains(view.Headline, string(s.r.ID)) {
		view.Facts = append(view.Facts, Fact{Name: "request", Text: s.label()}) // the answer may be read far from its card
	}
	s.tell(target, Tell{
		To: []Actor{s.ev.Actor}, Where: s.ev.Where, Private: true, Expires: s.at.Add(worth), InReplyTo: s.ev.Delivery, View: view,
	})
}

func (s *step) tell(target string, t Tell) {
	if s.blind {
		return
	}
	s.tells = append(s.tells, Effect{Target: target, Tell: &t})
}

// notice says a sentence in the request's thread; without one, or without access to it, it goes to the requester. Who
// asked by mail is answered there, whatever is said in chat.
func (s *step) notice(line string, body text.Doc) { s.noticeBut(line, body, nil) }

// noticeBut is notice, but for those who learn it otherwise: it does not go to them alone.
func (s *step) noticeBut(line string, body text.Doc, but []Actor) {
	if s.blind {
		return
	}
	if s.r.Offer != nil {
		return
	}
	view := s.view(NoticeView, line)
	view.Body = body
	mail, mailed := s.mailThread()
	knows := holds(but, s.r.Requester)
	if mailed && !knows {
		s.tell(s.r.Places.Mail, Tell{Where: mail, To: s.actors([]Actor{s.r.Requester}), View: view})
	}
	if thread, ok := s.thread(); ok && s.r.Places.Chat != "" {
		t := Tell{Where: thread, View: view}
		if !mailed {
			t.To = s.reachable([]Actor{s.r.Requester})
		}
		s.tell(s.r.Places.Chat, t)
		return
	}
	if !mailed && !knows {
		s.direct([]Actor{s.r.Requester}, view)
	}
}

// noticed reports whether notices go to somebody alone.
func (s scene) noticed(who Actor) bool {
	_, mailed := s.mailThread()
	_, thread := s.thread()
	return s.isRequester(who) && (mailed || !thread || s.r.Places.Chat == "")
}

// direct says something to people one by one: where the chat can know them, else by mail.
func (s *step) direct(to []Actor, view View) {
	if s.blind {
		return
	}
	if s.r.Offer != nil {
		return
	}
	mailed, rest := s.parted(to)
	if known := s.reachable(rest); len(known) > 0 {
		s.tell(s.r.Places.Chat, Tell{To: known, View: view})
	}
	if len(mailed) > 0 {
		s.tell(s.r.Places.Mail, Tell{To: mailed, View: view})
	}
}

// reachable are those among people whom the chat can know.
func (s scene) reachable(people []Actor) []Actor {
	var known []Actor
	for _, who := range people {
		chat := s.r.Places.Chat
		if chat != "" && (who.Name != "" || who.Ref.System == chat) && !s.lost(who) {
			known = append(known, s.actor(who))
		}
	}
	return known
}

// comment puts words into the ticket; before there is one, catchUp will.
func (s *step) comment(line string, body text.Doc) {
	if s.blind {
		return
	}
	ticket, ok := s.r.Link("ticket")
	if !ok || s.r.Places.Tracker == "" || s.r.Ticket.Gone != "" || s.r.Offer != nil {
		return
	}
	view := s.view(CommentView, line)
	view.Body = body
	s.tell(s.r.Places.Tracker, Tell{Where: ticket.Ref, View: view})
}

// catchUp tells a ticket that came late, or could not be written since an instant, what has been decided without it.
func (s *step) catchUp(line string, since time.Time) {
	var lines []text.Node
	for _, run := range s.r.Stages {
		if run.Decided.Before(since) {
			continue
		}
		if run.State == StageApproved || run.State == StageDeclined || run.State == StageChanges {
			lines = append(lines, text.Node{Kind: text.Item, Kids: []text.Node{text.P(text.T(s.outcome(run) + ", " + s.instant(run.Decided)))}})
		}
	}
	if len(lines) > 0 {
		s.comment(line, text.Doc{{Kind: text.Bullets, Kids: lines}})
	}
}

// tellStage says that a stage is through, and with the last one that the request is approved.
func (s *step) tellStage(i int) {
	if s.blind {
		return
	}
	run := s.r.Stages[i]
	line := s.outcome(run) + "."
	end := s.next(run)
	s.notice(line+end, s.lastNote(run))
	s.comment(s.through(line)+end, s.lastNote(run))
	if s.r.Status == Approved {
		s.tellJoined(line + end)
		s.tellSources(line+end, s.lastNote(run), nil)
	}
}

// next says what follows once a stage is through.
func (s scene) next(run StageRun) string {
	if s.r.Status == Approved {
		return fmt.Sprintf(" %s is approved.", s.r.ID)
	}
	var next []string
	for _, open := range s.r.Open() {
		if open.Together > run.Together {
			step := open.Name
			if len(s.waiting(open)) > 0 {
				step += " by " + s.waitingWords(open)
			}
			next = append(next, step)
		}
	}
	if len(next) == 0 {
		return ""
	}
	return " Next: " + enumerate(next, "and") + "."
}

// through says where a decision was given: "… (via Slack)".
func (s *step) through(line string) string {
	via := s.via()
	if s.ev.Kind != VoteCast || via == "" {
		return line
	}
	return strings.TrimSuffix(line, ".") + " (via " + place(via) + ")."
}

// lastNote is what the voter wrote beside the vote that is being counted.
func (s *step) lastNote(run StageRun) text.Doc {
	if s.ev.Kind != VoteCast || s.ev.Body.Empty() || s.ev.Field("stage") != "" && s.spelled(s.ev.Field("stage")) != run.Name {
		return nil
	}
	return s.ev.Body
}

// tellOutcome says how the request ended.
func (s *step) tellOutcome(why string) {
	if s.blind {
		return
	}
	line := fmt.Sprintf("%s, so %s is %s.", bare(why), s.r.ID, s.r.Status.Words())
	switch s.r.Status {
	case Expired:
		line = fmt.Sprintf("%s has expired. %s", s.r.ID, why)
	case Withdrawn:
		line = fmt.Sprintf("%s withdrew %s.", s.who(s.ev.Actor), s.r.ID)
	}
	alone := s.ev.Kind == RequestWithdrawn // who withdraws knows it
	var note text.Doc
	if s.ev.Kind == VoteCast || s.ev.Kind == RequestWithdrawn {
		note = s.ev.Body
	}
	if _, thread := s.thread(); thread || !alone {
		s.notice(line, note)
	}
	s.comment(s.through(line), note)
	s.tellJoined(line)
	s.tellSources(line, note, nil)
}

// tellChanges says in the thread and the ticket which changes were asked for, by their numbers.
func (s *step) tellChanges(run StageRun) {
	if s.blind {
		return
	}
	line := fmt.Sprintf("%s asked for changes in %s. Revision %d goes to %s.", s.who(s.ev.Actor), run.Name, s.r.Round, s.makerWords())
	var points []Point
	for _, p := range s.r.Points {
		if p.Round == run.Round && p.Stage == run.Name {
			points = append(points, p)
		}
	}
	s.notice(line, numbered(points))
	s.comment(s.through(line), numbered(points))
	s.tellSources(line, nil, points)
}

// numbered prints points under their own numbers.
func numbered(points []Point) text.Doc {
	if len(points) == 0 {
		return nil
	}
	list := text.Node{Kind: text.Numbers, Level: points[0].Number}
	for _, p := range points {
		list.Kids = append(list.Kids, text.Node{Kind: text.Item, Kids: p.Note})
	}
	return text.Doc{list}
}

func (s scene) takenBack(vote Vote) string {
	return fmt.Sprintf("%s took back %s of %s", s.who(vote.By), noun(vote.Verdict), vote.Stage)
}

func (s *step) tellUndone(vote Vote) {
	if s.blind {
		return
	}
	line := s.takenBack(vote) + ", so it is open again."
	s.notice(line, nil)
	s.comment(line, nil)
}
