package flow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"signoff/internal/text"
)

// Comments are copied to the other side: what was said in chat into the ticket, what was said at the ticket into the
// thread. A copy is made once and follows its words; once it shows them, the words themselves are dropped.

func commentPurpose(c Comment) string { return "comment/" + strconv.Itoa(c.Number) }

// commentNumbered finds the comment of a purpose, -1 when it is another one's.
func (s scene) commentNumbered(purpose string) int {
	return indexOf(purpose, "comment/", len(s.r.Comments))
}

// indexOf reads the number of a purpose like "comment/3" as an index below n.
func indexOf(purpose, prefix string, n int) int {
	rest, ok := strings.CutPrefix(purpose, prefix)
	i, err := strconv.Atoi(rest)
	if !ok || err != nil || i < 1 || i > n {
		return -1
	}
	return i - 1
}

// wantComments lists the copies that do not show yet what is known. A copy that is being made is asked for again once
// it exists.
func (s scene) wantComments() []want {
	var all []want
	for _, c := range s.r.Comments {
		if !c.Pending {
			continue
		}
		if w, ok := s.wantComment(c); ok {
			all = append(all, w)
		}
	}
	return all
}

func (s scene) wantComment(c Comment) (want, bool) {
	w := want{purpose: commentPurpose(c), target: s.copyTarget(c.Said)}
	shown, asked := s.r.Shows[w.purpose]
	_, exists := s.r.Link(w.purpose)
	gone := !c.Removed.IsZero() || c.Restricted
	switch {
	case w.target == "", !exists && asked && !shown.Settled:
		return want{}, false
	case gone && !exists && (!c.Earlier || c.Restricted):
		return want{}, false
	}
	var ok bool
	if w.at, w.to, ok = s.otherSide(c.Said); !ok {
		return want{}, false
	}
	w.view = s.commentView(c)
	return w, !w.view.Body.Empty()
}

// otherSide is where copies of what was said or put somewhere go. In chat that is the thread; a request that is only
// talked about with its requester has none, so they get it.
func (s scene) otherSide(from Ref) (at Ref, to Actor, ok bool) {
	if !s.fromTracker(from) {
		ticket, made := s.r.Link("ticket")
		return ticket.Ref, Actor{}, made && s.r.Ticket.Gone == ""
	}
	if thread, ok := s.mailThread(); ok {
		return thread, s.actor(s.r.Requester), true
	}
	if who, ok := s.writtenAlone(); ok {
		return Ref{}, who, true
	}
	if who := s.reachable([]Actor{s.r.Requester}); len(who) > 0 {
		to = who[0]
	}
	if thread, ok := s.thread(); ok {
		return thread, to, true
	}
	card, _ := s.placeCard()
	return Ref{}, to, card.at.Zero() && to.ID() != ""
}

// writtenAlone gives the requester where the request is talked about with them only, and by mail.
func (s scene) writtenAlone() (Actor, bool) {
	if card, _ := s.placeCard(); s.r.Places.Chat != "" && !card.at.Zero() {
		return Actor{}, false
	}
	return s.byMail(s.r.Requester)
}

// commentView is what the copy of a comment says. Its body is complete: whose words they are, where they were said,
// and the words. It depends on the comment alone.
func (s scene) commentView(c Comment) View {
	who, where := upper(s.who(c.By)), place(c.Said.System)
	head, words := s.commentHead(c), slices.Concat(c.Body, s.filesLine(c.Number, true))
	line := fmt.Sprintf("%s in %s: %s", who, where, s.inShort(c))
	switch {
	case !c.Removed.IsZero():
		gone := s.removedWords(c)
		line, words = fmt.Sprintf("%s in %s: %s.", who, where, gone), text.Doc{emph(gone)}
	case c.Restricted:
		line, words = fmt.Sprintf("%s in %s: no longer shared.", who, where), text.Doc{emph("no longer shared")}
	case c.Earlier:
		line = fmt.Sprintf("%s edited an earlier message in %s: %s", who, where, s.inShort(c))
	}
	if words.Empty() {
		return View{Kind: CommentView, Request: s.r.ID, Headline: line}
	}
	return View{Kind: CommentView, Request: s.r.ID, Headline: line, Body: append(text.Doc{text.P(head...)}, words...)}
}

// inShort is what a comment says on one line: its words, else the names of its files.
func (s scene) inShort(c Comment) string {
	if line := excerpt(c.Body); line != "" {
		return line
	}
	var names []string
	for _, f := range s.r.Files {
		if f.Comment == c.Number {
			names = append(names, f.Name)
		}
	}
	return enumerate(names, "and")
}

// commentHead says whose words a copy shows, and where they were said.
func (s scene) commentHead(c Comment) []text.Node {
	where := text.T(place(c.Said.System))
	standing := c.Removed.IsZero() && !c.Restricted
	if c.URL != "" && standing {
		where = text.A(place(c.Said.System), c.URL)
	}
	in := " in "
	if c.Earlier && standing {
		in = " edited an earlier message in "
	}
	head := []text.Node{text.B(upper(s.who(c.By))), text.T(in), where}
	if c.Automatic && c.Said.System == s.r.Places.Mail {
		head = []text.Node{text.T("Automatic answer of "), text.B(s.who(c.By)), text.T(in), where}
	}
	if !c.Edited.IsZero() && standing && !c.Earlier {
		head = append(head, text.T(" (edited)"))
	}
	return head
}

func (s scene) removedWords(c Comment) string {
	by := "author"
	if c.RemovedBy.ID() != "" && !same(c.RemovedBy, c.By) {
		by = s.who(c.RemovedBy)
	}
	what := "removed"
	if c.Earlier {
		what = "an earlier message was removed"
	}
	return fmt.Sprintf("%s in %s by %s", what, place(c.Said.System), by)
}

func emph(words string) text.Node {
	return text.P(text.Node{Kind: text.Emph, Kids: []text.Node{text.T(words)}})
}

// excerpt is the beginning of some words on one line, for notifications.
func excerpt(words text.Doc) string {
	const most = 150
	line := strings.Join(strings.Fields(words.String()), " ")
	short := []rune(line)
	if len(short) <= most {
		return line
	}
	return strings.TrimRight(string(short[:most-1]), " ") + "…"
}

// forget drops the words of a comment that are shown now.
func (s *step) forget(purpose string) {
	if i := s.commentNumbered(purpose); i >= 0 {
		s.r.Comments[i].Pending, s.r.Comments[i].Body = false, nil
		delete(s.r.Shows, purpose) // its link says what is shown
	}
}

// Moot reports whether a copy of words or of a file need not be made any more: they were removed, or are not for
// everybody now. It is asked before the first try only; after a try whose answer was lost the copy may exist, and is
// made to say so. What is moot is reported as done, without a link.
func Moot(r Request, e Effect) bool {
	if e.Copy != nil {
		s := scene{r: &r}
		i := s.fileNumbered(e.Copy.Purpose)
		return i >= 0 && r.Files[i].Fate == FileWaiting && s.withdrawnFile(r.Files[i])
	}
	if e.Show == nil {
		return false
	}
	i := scene{r: &r}.commentNumbered(e.Show.Purpose)
	if _, exists := r.Link(e.Show.Purpose); i < 0 || exists {
		return false
	}
	c := r.Comments[i]
	return c.Restricted || (!c.Removed.IsZero() && !c.Earlier)
}
