package server

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"signoff/internal/engine"
)

// Rules that say nothing for a while: they are listed, paused and let go on by the page, the API and the command line.

// spanOf reads a length of time as commands and forms write it: 2h, 90m, 3d, 2 hours.
func spanOf(s string) (time.Duration, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, unit := range []struct {
		words []string
		each  time.Duration
	}{{[]string{"days", "day", "d"}, 24 * time.Hour}, {[]string{"hours", "hour", "h"}, time.Hour}, {[]string{"minutes", "minute", "m"}, time.Minute}} {
		for _, word := range unit.words {
			number, ok := strings.CutSuffix(s, word)
			if !ok {
				continue
			}
			n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			return time.Duration(n * float64(unit.each)), err == nil && n > 0 && n < 100_000
		}
	}
	return 0, false
}

// mayPause reports whether a caller may pause rules and let them go on: whoever looks after triage, a program, and the
// server's own user.
func (s *Server) mayPause(c caller) bool { return c.owner || !c.person() || s.o.Hub.MayTriage(c.who) }

var notYours = refusal{http.StatusForbidden, "not_yours", "Rules are paused by those who look after triage."}

// pauseInput reads what is to be paused.
func pauseInput(rule, span, reason string, c caller) (engine.PauseInput, *refusal) {
	length, ok := spanOf(span)
	if !ok {
		return engine.PauseInput{}, &refusal{http.StatusUnprocessableEntity, "invalid", "Say for how long, for example 2h or 3 days."}
	}
	return engine.PauseInput{Rule: rule, For: length, Reason: reason, By: c.who}, nil
}

// judgePause turns an error of pausing into a refusal.
func (s *Server) judgePause(r *http.Request, err error) refusal {
	var why *engine.PauseError
	if errors.As(err, &why) {
		return refusal{http.StatusUnprocessableEntity, "invalid", why.Why}
	}
	return s.judge(r, "pause a rule", err)
}

// listPauses answers GET /api/v1/pauses.
func (s *Server) listPauses(w http.ResponseWriter, r *http.Request, _ caller) {
	list, err := s.o.Hub.Pauses(r.Context())
	if err != nil {
		s.fault(w, r, "list paused rules", err)
		return
	}
	out := PauseList{SchemaVersion: SchemaVersion, Pauses: []PauseItem{}}
	for _, p := range list {
		out.Pauses = append(out.Pauses, s.pauseItem(p))
	}
	s.json(w, http.StatusOK, out)
}

func (s *Server) pauseItem(p engine.Pause) PauseItem {
	item := PauseItem{Rule: p.Rule, Since: p.Since, Until: p.Until, Reason: p.Reason, Waiting: p.Waiting}
	if p.By.ID() != "" {
		item.By = s.items().maybe(p.By)
	}
	return item
}

// pauseRule answers POST /api/v1/pauses.
func (s *Server) pauseRule(w http.ResponseWriter, r *http.Request, c caller) {
	var in PauseInput
	if !s.mayPause(c) {
		s.problem(w, notYours, nil)
		return
	}
	if !s.read(w, r, &in) {
		return
	}
	what, refused := pauseInput(in.Rule, in.For, in.Reason, c)
	if refused != nil {
		s.problem(w, *refused, map[string]string{"for": refused.message})
		return
	}
	p, err := s.o.Hub.Pause(r.Context(), what)
	if err != nil {
		s.problem(w, s.judgePause(r, err), nil)
		return
	}
	s.json(w, http.StatusOK, PauseAnswer{SchemaVersion: SchemaVersion, Pause: s.pauseItem(p)})
}

// resumeRule answers POST /api/v1/pauses/end.
func (s *Server) resumeRule(w http.ResponseWriter, r *http.Request, c caller) {
	var in ResumeInput
	if !s.mayPause(c) {
		s.problem(w, notYours, nil)
		return
	}
	if !s.read(w, r, &in) {
		return
	}
	if err := s.o.Hub.Unpause(r.Context(), in.Rule, in.Drop, c.who); err != nil {
		s.problem(w, s.judgePause(r, err), nil)
		return
	}
	s.listPauses(w, r, c)
}

// pauseForm takes what the page about the rules says: pause, resume, drop.
func (s *Server) pauseForm(w http.ResponseWriter, r *http.Request, c caller) {
	if !s.form(w, r, c) {
		return
	}
	if !s.mayPause(c) {
		s.refuse(w, r, c, notYours)
		return
	}
	rule, do := r.PostForm.Get("rule"), r.PostForm.Get("do")
	var err error
	switch do {
	case "pause":
		what, refused := pauseInput(rule, r.PostForm.Get("for"), r.PostForm.Get("reason"), c)
		if refused != nil {
			s.refuse(w, r, c, *refused)
			return
		}
		_, err = s.o.Hub.Pause(r.Context(), what)
	case "resume", "drop":
		err = s.o.Hub.Unpause(r.Context(), rule, do == "drop", c.who)
	default:
		s.refuse(w, r, c, refusal{http.StatusBadRequest, "bad_request", "This cannot be done here."})
		return
	}
	if err != nil {
		s.refuse(w, r, c, s.judgePause(r, err))
		return
	}
	http.Redirect(w, r, "/rules?done=rule_"+do, http.StatusSeeOther)
}

// pauseRow is a rule that is paused, on the page about the rules.
type pauseRow struct {
	Rule, Reason, By string
	Until            *moment
	Waiting          int
}

// pausing is the part about pauses of the page about the rules.
type pausing struct {
	Rows  []pauseRow
	Rules []string
	May   bool
}

func (s *Server) pausing(r *http.Request, c caller) (p pausing, err error) {
	list, err := s.o.Hub.Pauses(r.Context())
	if err != nil {
		return p, err
	}
	clock := s.clock(c)
	for _, one := range list {
		row := pauseRow{Rule: one.Rule, Reason: sentence(one.Reason), Until: clock.at(one.Until), Waiting: one.Waiting, By: "signoff"}
		if one.By.ID() != "" {
			row.By = s.items().called(one.By)
		}
		p.Rows = append(p.Rows, row)
	}
	for _, rule := range s.o.Hub.Rules().Inventory().Rules {
		p.Rules = append(p.Rules, rule.Name)
	}
	p.May = c.session() && c.person() && s.mayPause(c)
	return p, nil
}
