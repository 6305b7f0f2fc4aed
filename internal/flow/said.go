package flow

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// conversed keeps what was said in the thread or the ticket, or what became of it. The same words arrive several times
// and out of order (redeliveries, webhooks, the sweeper); only the newest ones that are known count, and what was
// removed stays removed.
func (s *step) conversed() {
	if s.ev.Echo {
		s.because(CodeEcho, s.echoWhy())
		return
	}
	s.heardFrom()
	if s.ev.Said.Zero() {
		s.because(CodeNoted, fmt.Sprintf("%s commented.", s.who(s.ev.Actor)))
		s.takeFiles(0)
		return
	}
	i, fresh := s.keepComment(s.ev.Said)
	c := &s.r.Comments[i]
	s.attribute(c, fresh)
	files := len(s.r.Files)
	if c.Removed.IsZero() && s.ev.Kind != CommentRemoved {
		s.takeFiles(c.Number)
	}
	if !fresh && s.ordered(*c) < 0 {
		s.because(CodeSuperseded, "Newer words are known, so these change nothing.")
		return
	}
	s.because(CodeNoted, s.saidWhy(fresh))
	if !fresh && len(s.r.Files) == files && s.readsTheSame(*c) {
		c.Mark = s.saidMark(fresh)
		return
	}
	s.take(c, fresh)
	s.notedPoint(fresh)
	if fresh && s.ev.Kind != CommentRemoved {
		s.takeAssets()
		s.offerVerdict(*c)
	}
}

func (s *step) echoWhy() string {
	if s.ev.Field("receipt") == "no" {
		return "This was said by our own account, but no receipt of ours explains it."
	}
	return "These are our own words, come back."
}

func (s *step) saidWhy(fresh bool) string {
	line := upper(s.who(s.ev.Actor)) + " commented"
	switch {
	case s.ev.Kind == CommentRemoved && s.ev.Actor.ID() == "":
		line = "A comment was removed"
	case s.ev.Kind == CommentRemoved:
		line = upper(s.who(s.ev.Actor)) + " removed a comment"
	case s.ev.Kind == CommentEdited || !fresh:
		line = upper(s.who(s.ev.Actor)) + " edited a comment"
	}
	if s.fromTracker(s.ev.Said) {
		line += " in " + place(s.ev.Said.System)
	}
	if s.ev.Field("restricted") == "yes" {
		line += ", not for everybody, so it stays there"
	}
	return line + "."
}

// heardFrom takes words of somebody who was asked as their first response.
func (s *step) heardFrom() {
	if s.ev.Kind != CommentAdded || s.automatic() {
		return
	}
	for i := range s.r.Stages {
		run := &s.r.Stages[i]
		if run.State == StageOpen && holds(run.Asked, s.ev.Actor) {
			s.responded(run)
		}
	}
}

// automatic reports whether a machine said it in somebody's name. That moves nothing.
func (s *step) automatic() bool { return s.ev.Field("automatic") == "yes" }

// keepComment finds the comment that something said is kept as, made when it is new.
func (s *step) keepComment(said Ref) (i int, fresh bool) {
	if i = s.commentOf(said); i >= 0 {
		return i, false
	}
	i = len(s.r.Comments)
	s.r.Comments = append(s.r.Comments, Comment{
		Number: i + 1, Said: said, By: s.ev.Actor, At: s.sent(), Earlier: s.earlier(), Automatic: s.automatic(),
	})
	return i, true
}

func (s scene) commentOf(said Ref) int {
	for i := range s.r.Comments {
		if s.r.Comments[i].Said == said {
			return i
		}
	}
	return -1
}

// attribute keeps who said it, when, and where people read it, whatever order it is heard in.
func (s *step) attribute(c *Comment, fresh bool) {
	if at := s.sent(); !fresh && at.Before(c.At) {
		c.At = at
	}
	if s.ev.Kind == CommentAdded && (c.By.ID() == "" || c.Pending) {
		c.By = s.ev.Actor
	}
	if l := first(s.ev.Links); l.URL != "" && c.URL == "" {
		c.URL = l.URL
	}
}

// readsTheSame reports whether a comment was only touched: its time is newer, its words are not.
func (s *step) readsTheSame(c Comment) bool {
	return s.ev.Kind != CommentRemoved && c.Removed.IsZero() && c.Words == s.words()
}

// take makes the event's words those of the comment.
func (s *step) take(c *Comment, fresh bool) {
	c.Mark = s.saidMark(fresh)
	switch {
	case s.ev.Kind == CommentRemoved:
		c.Removed, c.RemovedBy, c.Body, c.Words = s.sent(), s.ev.Actor, nil, ""
		s.dropFiles(*c)
	default:
		words := s.words()
		if (s.ev.Kind == CommentEdited || !fresh) && words != c.Words {
			c.Edited = s.sent()
		}
		c.Restricted, c.Words, c.Body = s.ev.Field("restricted") == "yes", words, s.ev.Body
		if c.Restricted {
			c.Body = nil
		}
	}
	c.Pending = s.shareable(*c)
	if !c.Pending {
		c.Body = nil
	}
	if _, exists := s.r.Link(commentPurpose(*c)); !exists && (c.Restricted || !c.Removed.IsZero()) {
		s.solved(commentPurpose(*c)) // what could not be copied is no longer to be
	}
}

// shareable reports whether the other side has something to learn of a comment: words, or that words which were put
// there are no longer for it.
func (s scene) shareable(c Comment) bool {
	target := s.copyTarget(c.Said)
	if target == "" {
		return false
	}
	if c.Removed.IsZero() && !c.Restricted {
		return true
	}
	_, asked := s.r.Shows[commentPurpose(c)]
	_, exists := s.r.Link(commentPurpose(c))
	return asked || exists || (c.Earlier && !c.Restricted)
}

// copyTarget is the instance that words and files of a place are copied to; "" without one.
func (s scene) copyTarget(from Ref) string {
	if s.fromTracker(from) {
		_, thread := s.mailThread()
		if _, alone := s.writtenAlone(); thread || alone {
			return s.r.Places.Mail
		}
		return s.r.Places.Chat
	}
	return s.r.Places.Tracker
}

// fromTracker reports whether something is where the ticket is.
func (s scene) fromTracker(ref Ref) bool {
	return s.r.Places.Tracker != "" && ref.System == s.r.Places.Tracker
}

// earlier reports whether the description was made from the message of the event already.
func (s *step) earlier() bool {
	thread, ok := s.r.Link("thread")
	placed := s.ev.Seq != "" && s.r.Heard != "" && ok && thread.Ref == s.ev.Subject
	return placed && natural(s.ev.Seq, s.r.Heard) <= 0
}

// began reports whether the request began with what the event says: whoever looks again hears the comment that asked for it.
func (s *step) began() bool {
	thread, ok := s.r.Link("thread")
	return ok && thread.Ref == s.ev.Said
}

// heardBefore names what was said of the conversation that leaves no record.
func (s *step) heardBefore() (code, why string) {
	switch s.ev.Kind {
	case CommentAdded, CommentEdited, CommentRemoved:
	default:
		return "", ""
	}
	if s.ev.Echo || s.ev.Said.Zero() {
		return "", ""
	}
	i := s.commentOf(s.ev.Said)
	switch {
	case i < 0 && s.ev.Kind == CommentAdded && s.earlier():
		return CodeNoted, "The description was made from this message."
	case i < 0 && s.ev.Kind == CommentAdded && s.began():
		return CodeDuplicate, "The request was made of this comment."
	case i >= 0 && s.repeats(s.r.Comments[i]):
		return CodeDuplicate, "These words are known."
	}
	return "", ""
}

// repeats reports whether the event says only what is known of a comment.
func (s *step) repeats(c Comment) bool {
	if s.ev.Kind == CommentRemoved {
		return !c.Removed.IsZero()
	}
	at, _, _ := strings.Cut(c.Mark, " ")
	return at == s.saidAt() && s.readsTheSame(c) && len(s.newFiles()) == 0
}

const markTime = "2006-01-02T15:04:05.000000000Z"

func (s *step) saidAt() string { return s.sent().UTC().Format(markTime) }

// saidMark orders what is said of one comment: by the sender's time, by whether it is an edit, and by the sender's
// sequence.
func (s *step) saidMark(fresh bool) string {
	rank := "1"
	switch {
	case s.ev.Kind == CommentRemoved:
		rank = "3"
	case s.ev.Kind == CommentEdited || !fresh:
		rank = "2"
	}
	return s.saidAt() + " " + rank + " " + s.ev.Seq
}

// ordered compares the event with what is known of a comment: below zero when it is older. Senders give the time of an
// edit in whole seconds, so within a second an edit comes after the words it edits.
func (s *step) ordered(c Comment) int {
	known := strings.SplitN(c.Mark, " ", 3)
	if len(known) < 3 {
		return 1
	}
	fresh := strings.SplitN(s.saidMark(true), " ", 3)
	second := len("2006-01-02T15:04:05")
	switch {
	case known[1] == "3":
		return -1
	case fresh[1] == "3":
		return 1
	case fresh[0] == known[0]:
		return cmp.Or(cmp.Compare(fresh[1], known[1]), natural(fresh[2], known[2]))
	}
	return cmp.Or(
		cmp.Compare(fresh[0][:second], known[0][:second]), cmp.Compare(fresh[1], known[1]), cmp.Compare(fresh[0], known[0]))
}

// words names the words of the event, to know them again when they are dropped.
func (s *step) words() string {
	body, err := json.Marshal(struct {
		Body       any
		Restricted bool
	}{s.ev.Body, s.ev.Field("restricted") == "yes"})
	if err != nil { // a Doc holds plain data only
		body = []byte(s.ev.Body.String())
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}
