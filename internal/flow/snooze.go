package flow

import (
	"fmt"
	"time"
)

// A request that waits for triage may be put off until a day, on whose morning it comes back.

const (
	snoozeHour = 9 // of the day it comes back, where no hour is given
	snoozeMost = 366 * 24 * time.Hour
)

// snoozed puts a request off.
func (s *step) snoozed() {
	v := s.judgeTriage(s.attempt("triage_snooze"))
	until, ok := s.morning(s.ev.Field("until"))
	switch {
	case !v.ok():
	case !ok:
		v = refuse(CodeUnreadable, "Please choose a day on which it comes back.")
	case !until.After(s.at):
		v = refuse(CodeUnreadable, "Please choose a later day: "+s.instant(until)+" has passed.")
	case until.Sub(s.at) > snoozeMost:
		v = refuse(CodeUnreadable, "Please choose a day within a year.")
	}
	if !v.ok() {
		s.refused(v)
		return
	}
	s.because(CodeRecorded, fmt.Sprintf("%s put it off until %s.", s.who(s.ev.Actor), s.instant(until)))
	s.answered(TriageSnoozed)
	s.setStatus(Snoozed)
	s.r.Until = until
	s.reply(fmt.Sprintf("%s comes back %s.", s.label(), s.instant(until)))
}

// morning reads a day, as its morning in the workspace, or an instant.
func (s scene) morning(value string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, value); err == nil {
		return utc(t), true
	}
	t, err := time.ParseInLocation(time.DateOnly, value, s.zone())
	if err != nil {
		return time.Time{}, false
	}
	return utc(time.Date(t.Year(), t.Month(), t.Day(), snoozeHour, 0, 0, 0, s.zone())), true
}

// awake brings a request back that was put off, once its time has come.
func (s *step) awake() {
	if s.at.Before(s.r.Until) {
		s.because(CodeNoted, "Nothing was due.")
		return
	}
	s.because(CodeRecorded, fmt.Sprintf("%s is back: it was put off until now.", s.r.ID))
	s.setStatus(Intake)
	line := fmt.Sprintf("%s is back and waits for triage again", s.label())
	var by Actor
	if t := s.r.Triaged; t != nil {
		by = t.By
		line += fmt.Sprintf(": %s had put it off", s.who(by))
	}
	s.tellTriage(line + ".")
}

// tellTriage says a sentence to those who look after triage, with the way to their card.
func (s *step) tellTriage(line string) {
	for _, w := range s.wantTriage() {
		view := s.view(NoticeView, line)
		view.Buttons = []Button{s.open()}
		if l, ok := s.r.Link(w.purpose); ok && l.URL != "" {
			view.Buttons = []Button{{Action: "open", Label: "Open the card", Style: "primary", URL: l.URL}, s.open()}
		}
		t := Tell{Where: w.at, View: view}
		if w.at.Zero() {
			t.To = []Actor{w.to}
		}
		s.tell(w.target, t)
	}
}
