package flow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/text"
)

// The change requests of a request are a ledger: each is numbered, keeps where it was asked, and is open until it is
// answered or resolved. They come with votes, from comments at the work and from our pages.

// Open reports whether a change request waits for an answer.
func (p Point) Open() bool { return p.Answer.Empty() && p.Resolved.IsZero() }

// openPoints are the change requests that nobody has answered or resolved.
func (s scene) openPoints() []Point {
	return slices.DeleteFunc(s.points(), func(p Point) bool { return !p.Open() })
}

// pointsFact counts the open change requests, once there are any at all.
func (s scene) pointsFact() []Fact {
	if len(s.r.Points) == 0 {
		return nil
	}
	return s.countPoints()
}

// askedPoints is pointsFact for whoever decides on a version: that nothing is open there is worth knowing, too.
func (s scene) askedPoints() []Fact {
	if len(s.r.decidedOn()) == 0 {
		return s.pointsFact()
	}
	return s.countPoints()
}

func (s scene) countPoints() []Fact {
	return []Fact{{Name: "open_points", Label: "open points", Text: strconv.Itoa(len(s.openPoints()))}}
}

// pointOf finds the change request an event is about: by its number, or by the comment it was asked in; -1 for none.
func (s *step) pointOf() int {
	if n, err := strconv.Atoi(s.ev.Field("point")); err == nil {
		return slices.IndexFunc(s.r.Points, func(p Point) bool { return p.Number == n })
	}
	return s.pointSaid(s.ev.Said.String())
}

func (s scene) pointSaid(said string) int {
	return slices.IndexFunc(s.r.Points, func(p Point) bool { return !p.Said.Zero() && p.Said.String() == said })
}

// judgePoint asks whether somebody may change the ledger.
func (s *step) judgePoint() ruling {
	switch {
	case s.r.Status.Closed():
		return refuse(CodeClosed, s.closedSentence())
	case s.r.Offer != nil:
		return refuse(CodeNotOpen, s.draftSentence())
	case s.ev.Actor.Name == "" && !TakesPart(*s.r, s.ev.Actor) && s.ev.Said.Zero():
		return refuse(CodeNotYours, "Change requests are asked and answered by those who take part in the request.")
	}
	return ruling{}
}

// pointAsked adds a change request without a vote.
func (s *step) pointAsked() {
	v := s.judgePoint()
	if v.ok() && s.ev.Body.Empty() {
		v = refuse(CodeNoteNeeded, "Please say what should change. Nothing was recorded.")
	}
	if !v.ok() {
		s.refused(v)
		return
	}
	var asked []Point
	for _, note := range points(s.ev.Body) {
		asked = append(asked, s.addPoint(note))
	}
	s.takeAssets()
	line := fmt.Sprintf("%s asked for a change.", upper(s.who(s.ev.Actor)))
	s.because(CodeRecorded, line)
	if s.ev.Said.Zero() { // what was said somewhere is copied like other words
		s.notice(line, numbered(asked))
		s.comment(s.through(line), numbered(asked))
	}
}

func (s *step) addPoint(note text.Doc) Point {
	p := Point{
		Number: s.nextPoint(), Round: s.r.Round, By: s.ev.Actor, Note: note, At: s.sent(), Version: s.r.Revision(),
		Said: s.ev.Said, URL: first(s.ev.Links).URL,
	}
	if open := s.r.Open(); len(open) == 1 {
		p.Stage = open[0].Name
	}
	s.r.Points = append(s.r.Points, p)
	return p
}

// pointAnswered keeps what whoever makes the work says to a change request.
func (s *step) pointAnswered() {
	i, v := s.pointOf(), s.judgePoint()
	switch {
	case v.ok() && i < 0:
		v = refuse(CodeNotOpen, "There is no such change request.")
	case v.ok() && s.ev.Body.Empty():
		v = refuse(CodeNoteNeeded, "Please write an answer. Nothing was recorded.")
	}
	if !v.ok() {
		s.refused(v)
		return
	}
	s.answerPoint(i)
	s.because(CodeRecorded, fmt.Sprintf("%s answered point %d.", upper(s.who(s.ev.Actor)), s.r.Points[i].Number))
}

// answerPoint keeps an answer; a later one is added to it. Where the point was asked elsewhere, it is told there.
func (s *step) answerPoint(i int) {
	p := &s.r.Points[i]
	p.Answer = append(slices.Clone(p.Answer), s.ev.Body...)
	p.AnsweredBy, p.AnsweredAt = s.ev.Actor, s.sent()
	if s.ev.Said.System == p.Said.System {
		return
	}
	s.backToSource(p.Said, fmt.Sprintf("%s answers:", s.who(s.ev.Actor)), s.ev.Body, nil)
}

// pointResolved closes a change request, or opens it again.
func (s *step) pointResolved() {
	i, v := s.pointOf(), s.judgePoint()
	if v.ok() && i < 0 {
		v = refuse(CodeNotOpen, "There is no such change request.")
	}
	if !v.ok() {
		s.refused(v)
		return
	}
	p := &s.r.Points[i]
	if s.ev.Field("state") == "open" {
		p.Resolved, p.ResolvedBy = time.Time{}, Actor{}
		s.because(CodeRecorded, fmt.Sprintf("%s opened point %d again.", s.actorOr("Somebody"), p.Number))
		return
	}
	p.Resolved, p.ResolvedBy = s.sent(), s.ev.Actor
	s.because(CodeRecorded, fmt.Sprintf("%s resolved point %d.", s.actorOr("Somebody"), p.Number))
}

func (s *step) actorOr(nobody string) string {
	if s.ev.Actor.ID() == "" && s.ev.Actor.Shown == "" {
		return nobody
	}
	return upper(s.who(s.ev.Actor))
}

// pointsBefore names what is said of the ledger that leaves no record: sources tell the same again and again.
func (s *step) pointsBefore() (code, why string) {
	i := s.pointOf()
	switch {
	case s.ev.Kind == PointAsked && s.pointSaid(s.ev.Said.String()) >= 0:
		return CodeDuplicate, "A change request was made of this comment."
	case s.ev.Kind == PointAnswered && i >= 0 && s.answersAgain(s.r.Points[i]):
		return CodeDuplicate, "This answer is known."
	case s.ev.Kind != PointResolved || s.ev.Said.Zero():
		return "", ""
	case i < 0:
		return CodeNoted, "No change request was made of this comment."
	case (s.ev.Field("state") == "open") == s.r.Points[i].Resolved.IsZero():
		return CodeDuplicate, "It is known what became of this change request."
	}
	return "", ""
}

// answersAgain reports whether the event says of a change request what the same person said last.
func (s *step) answersAgain(p Point) bool {
	words := s.ev.Body.String()
	return words != "" && same(p.AnsweredBy, s.ev.Actor) && strings.HasSuffix("\n"+p.Answer.String(), "\n"+words)
}

// notedPoint takes a comment at the work into the ledger: one by whoever does not make the work asks for a change, an
// answer of the maker below it answers it. An edit corrects the words, a removal resolves.
func (s *step) notedPoint(fresh bool) {
	if s.ev.Field("point") != "yes" || s.automatic() || s.r.Offer != nil || s.r.Status.Closed() {
		return
	}
	maker := same(s.worker(), s.ev.Actor) || holds(s.r.Makers, s.ev.Actor)
	below := s.ev.Field("below")
	switch i := s.pointSaid(s.ev.Said.String()); {
	case s.ev.Kind == CommentRemoved && i >= 0 && s.r.Points[i].Resolved.IsZero():
		s.r.Points[i].Resolved, s.r.Points[i].ResolvedBy = s.sent(), s.ev.Actor
	case i >= 0 && s.ev.Kind != CommentRemoved && !s.ev.Body.Empty():
		s.r.Points[i].Note = s.ev.Body
	case !fresh || s.ev.Kind == CommentRemoved || s.ev.Body.Empty():
	case below == "" && !maker && !s.ev.Actor.Bot:
		p := s.addPoint(s.ev.Body)
		s.because("point", fmt.Sprintf("It is point %d.", p.Number))
	case below != "" && maker:
		if at := s.pointSaid(below); at >= 0 {
			s.answerPoint(at)
			s.because("point", fmt.Sprintf("It answers point %d.", s.r.Points[at].Number))
		}
	}
}

// pointsOpen asks once more whether somebody approves although change requests are open.
func (s *step) pointsOpen(verdict Verdict) ruling {
	open := s.openPoints()
	if verdict != Approve || len(open) == 0 || s.ev.Field("confirmed") == "yes" {
		return ruling{}
	}
	if len(open) == 1 {
		return refuse(CodePointsOpen, fmt.Sprintf("Point %d is still open. Nothing was recorded: approve once more if it need not be answered.", open[0].Number))
	}
	var numbers []string
	for _, p := range open {
		numbers = append(numbers, strconv.Itoa(p.Number))
	}
	return refuse(CodePointsOpen, fmt.Sprintf("Points %s are still open. Nothing was recorded: approve once more if they need not be answered.", enumerate(numbers, "and")))
}

// confirmPoints answers an approval while change requests are open: it lists them, with a way to approve all the same.
func (s *step) confirmPoints(v ruling) {
	s.because(v.code, v.why)
	run := s.r.Stages[v.run]
	view := s.view(RefusalView, v.why)
	view.Points = s.openPoints()
	view.Buttons = []Button{
		{Action: string(Approve), Label: "Approve anyway", Style: "danger", Stage: run.Name, Round: run.Round, Version: s.r.Revision(), Value: s.confirmedValue(run)},
		{Action: "open", Label: "See the points", URL: s.page() + "#points"},
	}
	s.private(view, answerFor)
}

// tellSources says at the work, and where the request was asked for there, what was decided.
func (s *step) tellSources(line string, note text.Doc, asked []Point) {
	if s.r.Offer != nil {
		return
	}
	told := map[string]bool{}
	if thread, ok := s.r.Link("thread"); ok && s.source(thread.Ref.System) {
		told[thread.Ref.System] = true
		s.backToSource(thread.Ref, line, note, asked)
	}
	for _, a := range s.r.Assets {
		if !told[a.Ref.System] && s.source(a.Ref.System) && a.Gone == "" {
			told[a.Ref.System] = true
			s.backToSource(a.Ref, line, note, asked)
		}
	}
}

// source reports whether a system is one where work is made or asked for, beside chat, mail and the tracker.
func (s scene) source(system string) bool {
	return system != "" && !slices.Contains([]string{uploads, s.r.Places.Chat, s.r.Places.Mail, s.r.Places.Tracker}, system)
}

// backToSource says something once at a place outside chat and tracker.
func (s *step) backToSource(where Ref, line string, note text.Doc, asked []Point) {
	if where.Zero() || where.System == s.r.Places.Chat || strings.TrimSpace(line) == "" {
		return
	}
	view := s.view(NoticeView, line)
	view.Body, view.Points = note, asked
	s.tell(where.System, Tell{Where: where, View: view})
}
