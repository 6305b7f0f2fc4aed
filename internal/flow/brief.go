package flow

import (
	"fmt"
	"slices"

	"signoff/internal/text"
)

// BriefLimit is how much of a brief's words is kept, in bytes; the page itself is always linked.
const BriefLimit = 64 << 10

// briefBefore names what is said of a brief that leaves no record: it is read again and again while a request is open.
func (s *step) briefBefore() (code, why string) {
	if s.ev.Kind != BriefRead || s.r.Brief == nil {
		return "", ""
	}
	switch b := s.r.Brief; {
	case b.Ref != s.ev.Subject:
		return CodeNoted, "Another page briefs this request."
	case b.Seq == s.ev.Seq:
		return CodeDuplicate, "This state of the brief is known."
	case natural(s.ev.Seq, b.Seq) < 0:
		return CodeSuperseded, "A newer state of the brief is known."
	}
	return "", ""
}

// briefRead keeps what a page that briefs the request holds.
func (s *step) briefRead() {
	if s.ev.Subject.Zero() {
		s.because(CodeNoted, "A brief without a page means nothing here.")
		return
	}
	b := Brief{Ref: s.ev.Subject, Title: s.ev.Field("title"), Owner: s.ev.To, URL: first(s.ev.Links).URL, Seq: s.ev.Seq, At: s.sent()}
	if b.Title == "" {
		b.Title = "the brief"
	}
	b.Words = bounded(s.ev.Body, BriefLimit)
	line := fmt.Sprintf("The brief %q was read.", b.Title)
	if s.r.Brief != nil {
		line = fmt.Sprintf("The brief %q has changed.", b.Title)
	}
	s.r.Brief = &b
	link := Link{Ref: b.Ref, Purpose: "brief", Label: b.Title, URL: b.URL}
	if i := slices.IndexFunc(s.r.Links, func(l Link) bool { return l.Purpose == "brief" }); i >= 0 {
		s.r.Links[i] = link
	} else {
		s.r.Links = append(s.r.Links, link)
	}
	s.because(CodeRecorded, line)
}

// bounded keeps the blocks that fit into a number of bytes, and says where words were left out.
func bounded(words text.Doc, most int) text.Doc {
	size := 0
	for i, block := range words {
		size += len(text.Doc{block}.String())
		if size > most {
			return append(slices.Clone(words[:i]), emph("The page goes on."))
		}
	}
	return words
}

// briefFact names the brief and its owner.
func (s scene) briefFact() []Fact {
	b := s.r.Brief
	if b == nil {
		return nil
	}
	f := Fact{Name: "brief", Label: "brief:", Text: b.Title, URL: b.URL}
	if owner := s.ownerOfBrief(); owner != "" {
		f.After = "by " + owner
	}
	return []Fact{f}
}

func (s scene) ownerOfBrief() string {
	if o := s.r.Brief.Owner; o.ID() != "" || o.Shown != "" {
		return s.who(o)
	}
	return ""
}

// briefWords are the brief under its heading, for the ticket.
func (s scene) briefWords() text.Doc {
	b := s.r.Brief
	if b == nil {
		return nil
	}
	title := []text.Node{text.T("Brief: "), text.T(b.Title)}
	if b.URL != "" {
		title[1] = text.A(b.Title, b.URL)
	}
	if owner := s.ownerOfBrief(); owner != "" {
		title = append(title, text.T(" by "+owner))
	}
	return append(text.Doc{{Kind: text.Heading, Level: 3, Kids: title}}, b.Words...)
}
