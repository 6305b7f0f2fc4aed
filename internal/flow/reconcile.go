package flow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// reconcile makes what is kept beside the decision agree with it: who is waited on, what is wrong, what is shown
// outside, and the next timer. It compares with what was last asked for and emits only the difference, so that no
// event needs to know which surfaces exist.
func (s *step) reconcile() {
	s.coverWork()
	for i := range s.r.Stages {
		s.wait(&s.r.Stages[i])
	}
	s.checkStages()
	s.settleInfo()
	s.settleBounces()
	s.settleGone()
	if !s.blind {
		s.showAll()
	}
	s.schedule()
}

// showAll asks for what ought to be seen outside and is not.
func (s *step) showAll() {
	for _, w := range s.wanted() {
		if s.show(w) {
			s.forget(w.purpose)
		}
	}
	s.carryFiles()
}

// wait notes who is asked, and keeps the spans during which a stage waited on the same people.
func (s *step) wait(run *StageRun) {
	waiting := s.waiting(*run)
	run.Asked = with(run.Asked, waiting...)
	run.Covers = s.coversOf(*run)
	on := ids(waiting)
	last := len(run.Waiting) - 1
	if last >= 0 && run.Waiting[last].To.IsZero() {
		if slices.Equal(run.Waiting[last].On, on) {
			return
		}
		run.Waiting[last].To = s.at
	}
	if len(on) > 0 {
		run.Waiting = append(run.Waiting, Wait{On: on, From: s.at})
	}
}

// checkStages notes open stages that cannot be decided, and tickets that passed an open approval by.
func (s *step) checkStages() {
	wrong := map[string]string{}
	for _, run := range s.r.Open() {
		line := s.shortage(run)
		if line == "" {
			line = s.absentLine(run)
		}
		if line != "" {
			wrong["stage/"+run.Name] = line
		}
	}
	if s.bypassed() {
		wrong["stage/bypass"] = s.bypassSentence()
	}
	s.r.Problems = slices.DeleteFunc(s.r.Problems, func(p Problem) bool {
		return strings.HasPrefix(p.Purpose, "stage/") && wrong[p.Purpose] == ""
	})
	for _, purpose := range sortedKeys(wrong) {
		s.trouble(purpose, wrong[purpose])
	}
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (s scene) shortage(run StageRun) string {
	t := s.count(run)
	people := len(s.waiting(run))
	switch {
	case people == 0:
		return fmt.Sprintf("Nobody can decide %s: every reviewer left, voted or has a part in the work.", run.Name)
	case t.reach < t.need && people == 1:
		return fmt.Sprintf("%s needs %d more, but only 1 person can act.", run.Name, t.need-t.got)
	case t.reach < t.need:
		return fmt.Sprintf("%s needs %d more, but only %d people can act.", run.Name, t.need-t.got, people)
	}
	return ""
}

// want is one thing that ought to be seen outside.
type want struct {
	purpose string
	target  string
	at      Ref   // where a new one goes
	to      Actor // to whom a new one goes directly
	again   int   // how often a new one was asked for
	view    View
}

// show asks for a view where it differs from the one last asked for. A thing that is being created is not asked for
// again: once it exists the comparison is made anew. One that could not be created waits for its replay. It reports
// whether the view is known to be shown.
func (s *step) show(w want) (settled bool) {
	digest := digest(w.target, w.view)
	shown, asked := s.r.Shows[w.purpose]
	link, exists := s.r.Link(w.purpose)
	if mail := s.r.Places.Mail; mail != "" && link.Ref.System != w.target && (w.target == mail || link.Ref.System == mail) {
		exists = false // what was shown in chat does not become a mail, nor the other way round
	}
	if asked && (shown.Digest == digest || (!exists && !shown.Settled)) {
		return shown.Settled
	}
	if s.r.Shows == nil {
		s.r.Shows = map[string]Shown{}
	}
	s.r.Shows[w.purpose] = Shown{Digest: digest, Version: s.r.Version}
	show := &Show{Purpose: w.purpose, At: w.at, To: w.to, Version: s.r.Version, Digest: digest, Again: w.again, View: w.view}
	if exists {
		show.Link = &link
	}
	s.shows = append(s.shows, Effect{Target: w.target, Show: show})
	return false
}

// digest names what is seen at a target, whenever it was asked for.
func digest(target string, v View) string {
	body, err := json.Marshal(struct {
		Target string
		View   View
	}{target, v})
	if err != nil { // a View holds plain data only, and years that fit
		body = []byte(fmt.Sprintf("%s %+v", target, v))
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
