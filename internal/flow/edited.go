package flow

import (
	"fmt"
	"slices"
	"time"

	"signoff/internal/text"
)

// edited adds or corrects details. Whoever changes what is asked for has a part in it and cannot approve it; an added
// note alone makes nobody an editor.
func (s *step) edited() {
	if v := s.judgeEdit(s.attempt("add_detail")); !v.ok() {
		s.refused(v)
		return
	}
	s.because(CodeRecorded, fmt.Sprintf("%s added details.", s.who(s.ev.Actor)))
	s.takeAssets()
	if s.correct() {
		s.r.Editor = s.ev.Actor
		s.redate()
	}
	if !s.ev.Body.Empty() {
		s.r.Body = append(s.r.Body, text.P(text.B(s.who(s.ev.Actor)+" added:")))
		s.r.Body = append(s.r.Body, s.ev.Body...)
	}
}

// correct merges the event's fields and reports whether anything became different.
func (s *step) correct() bool {
	changed := false
	for name, values := range s.ev.Fields {
		switch name {
		case "type", "source", "event", "text", "stage", "round", "version", "via", "assurance":
			continue // about the event, no details
		case "title":
			if title := s.ev.Field("title"); title != "" && title != s.r.Title {
				s.r.Title, changed = title, true
			}
			continue
		}
		if slices.Equal(s.r.Fields[name], values) {
			continue
		}
		if s.r.Fields == nil {
			s.r.Fields = map[string][]string{}
		}
		s.r.Fields[name], changed = slices.Clone(values), true
		if name == "due" {
			s.r.Due = s.day(s.ev.Field("due"), s.r.Due)
		}
	}
	return changed
}

// day reads a date field: an instant, or a day of the workspace that ends with its last minute.
func (s scene) day(value string, known time.Time) time.Time {
	if value == "" {
		return time.Time{}
	}
	if t, err := time.Parse(time.RFC3339, value); err == nil {
		return utc(t)
	}
	if t, err := time.ParseInLocation(time.DateOnly, value, s.zone()); err == nil {
		return utc(time.Date(t.Year(), t.Month(), t.Day(), 23, 59, 0, 0, s.zone()))
	}
	return known
}

func (s scene) judgeEdit(a Attempt) ruling {
	switch {
	case s.r.Status == Draft:
		return refuse(CodeNotOpen, s.draftSentence())
	case s.r.Status.Closed():
		return refuse(CodeClosed, s.closedSentence())
	case s.isRequester(a.Who), same(s.r.Assignee, a.Who), s.reviews(a.Who):
		return ruling{}
	}
	return refuse(CodeNotYours, fmt.Sprintf("Details are added by %s, the assignee or a reviewer. You can comment in the thread.", s.who(s.r.Requester)))
}

// reviews reports whether somebody may decide any stage of the workflow.
func (s scene) reviews(who Actor) bool {
	for _, d := range s.defs() {
		for _, rev := range s.p.Reviewers(*s.r, d.Name) {
			if same(rev.Actor, who) {
				return true
			}
		}
	}
	for _, run := range s.r.Open() {
		if _, _, ok := s.claim(run, who); ok {
			return true
		}
	}
	return false
}
