package flow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// done records that an effect is true outside: the link of its purpose, and what is shown there now.
func (s *step) done() {
	purpose := s.ev.Field("purpose")
	version, _ := strconv.ParseInt(s.ev.Field("version"), 10, 64)
	if i := s.fileNumbered(purpose); i >= 0 {
		s.carried(i, version)
		return
	}
	s.because(CodeRecorded, fmt.Sprintf("%s is done.", s.ev.Field("effect")))
	_, had := s.r.Link("ticket")
	shown, known := s.r.Shows[purpose]
	s.exists(purpose, version)
	s.reachedAgain(purpose)
	if known && version >= shown.Version {
		shown.Settled, shown.Parked = true, ""
		s.r.Shows[purpose] = shown
		s.solved(purpose)
	}
	if _, exists := s.r.Link(purpose); !exists && s.commentNumbered(purpose) >= 0 {
		delete(s.r.Shows, purpose) // it was moot and not made
	}
	if _, has := s.r.Link("ticket"); has && !had {
		s.catchUp("Decided before this ticket was made:", time.Time{})
	}
}

// exists keeps what an effect made. What was only said is not kept.
func (s *step) exists(purpose string, version int64) {
	_, known := s.r.Shows[purpose]
	for _, l := range s.ev.Links {
		if l.Purpose == "" {
			l.Purpose = purpose
		}
		if known || l.Purpose != purpose {
			s.link(l, l.Purpose == purpose, version)
		}
	}
}

// link keeps what now exists. Of the event's own purpose the newest answer counts; anything else is only added.
func (s *step) link(l Link, own bool, version int64) {
	if own {
		l.Shown, l.Version = s.ev.Field("digest"), version
	}
	i := slices.IndexFunc(s.r.Links, func(x Link) bool { return x.Purpose == l.Purpose })
	switch {
	case i < 0 && own && version < s.r.Shows[l.Purpose].Version: // of one that was replaced
	case i < 0 && !l.Ref.Zero():
		s.r.Links = append(s.r.Links, l)
	case i >= 0 && own && version >= s.r.Links[i].Version:
		if s.r.Seqs[renaming(s.r.Links[i].Ref)] != "" {
			l.Label, l.URL = "", "" // what was under way may still know the old key
		}
		s.r.Links[i] = refreshed(s.r.Links[i], l)
	}
}

func refreshed(old, l Link) Link {
	if l.Ref.Zero() {
		l.Ref = old.Ref
	}
	if l.Label == "" {
		l.Label = old.Label
	}
	if l.URL == "" {
		l.URL = old.URL
	}
	return l
}

// parked records that an effect was given up until a person acts. News about an older version changes nothing.
func (s *step) parked() {
	purpose, why := s.ev.Field("purpose"), s.ev.Field("why")
	version, _ := strconv.ParseInt(s.ev.Field("version"), 10, 64)
	if s.lostAtTicket(purpose, version) {
		return
	}
	if i := s.fileNumbered(purpose); i >= 0 {
		s.carried(i, version)
		return
	}
	if s.takeUnreached(purpose, version) {
		return
	}
	s.because(CodeNoted, fmt.Sprintf("%s was given up: %s", s.ev.Field("effect"), why))
	s.exists(purpose, version)
	shown, known := s.r.Shows[purpose]
	if !known || (version != 0 && version < shown.Version) {
		return
	}
	shown.Parked = why
	if shown.Parked == "" {
		shown.Parked = "unknown reason"
	}
	s.r.Shows[purpose] = shown
	s.trouble(purpose, s.parkedSentence(purpose, shown.Parked))
}

func (s scene) parkedSentence(purpose, why string) string {
	chat, tracker := place(s.r.Places.Chat), place(s.r.Places.Tracker)
	switch {
	case purpose == "ticket":
		return fmt.Sprintf("The ticket could not be written in %s: %s", tracker, why)
	case purpose == "ticket/thread":
		return fmt.Sprintf("The thread could not be linked in %s: %s", tracker, why)
	case strings.HasPrefix(purpose, partPrefix):
		return fmt.Sprintf("Subtask %s could not be written in %s: %s", strings.TrimPrefix(purpose, partPrefix), tracker, why)
	case strings.HasPrefix(purpose, "ask/"), purpose == infoPurpose, strings.HasPrefix(purpose, "work/"):
		return fmt.Sprintf("%s could not be reached in %s: %s", s.who(s.addressee(purpose)), chat, why)
	}
	if i := s.commentNumbered(purpose); i >= 0 {
		c := s.r.Comments[i]
		return fmt.Sprintf("What %s said in %s could not be copied to %s: %s", s.who(c.By), place(c.Said.System), place(s.copyTarget(c.Said)), why)
	}
	if purpose == triagePurpose || strings.HasPrefix(purpose, triagePurpose+"/") {
		return fmt.Sprintf("Triage could not be asked in %s: %s", chat, why)
	}
	return fmt.Sprintf("The card could not be shown in %s: %s", chat, why)
}

// addressee finds whom a purpose of an ask or of work speaks to.
func (s scene) addressee(purpose string) Actor {
	if purpose == infoPurpose {
		return s.r.Requester
	}
	for _, run := range s.r.Stages {
		for _, who := range run.Asked {
			if askPurpose(run, who) == purpose {
				return who
			}
		}
	}
	for _, w := range s.r.Work {
		for i, who := range w.Asked {
			if s.workPurpose(w, i) == purpose {
				return who
			}
		}
	}
	if name, ok := strings.CutPrefix(purpose, triagePurpose+"/"); ok {
		return Actor{Name: name}
	}
	return Actor{}
}

// trouble notes a problem, once per purpose.
func (s *step) trouble(purpose, line string) {
	for i := range s.r.Problems {
		if s.r.Problems[i].Purpose == purpose {
			s.r.Problems[i].Text = line
			return
		}
	}
	s.r.Problems = append(s.r.Problems, Problem{Purpose: purpose, Text: line, Since: s.at})
}

func (s *step) solved(purpose string) {
	s.r.Problems = slices.DeleteFunc(s.r.Problems, func(p Problem) bool { return p.Purpose == purpose })
}
