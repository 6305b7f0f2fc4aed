package rules

import (
	"maps"
	"slices"
)

// absences warns of stages that cannot be approved while one of their reviewers is away: too few of the others are left, and
// whoever covers is one of them already. Where everybody who may be assigned is a reviewer, four eyes takes one more away.
func (l *loader) absences() {
	if l.Errors() > 0 {
		return // names that are wrong would be counted wrongly
	}
	for _, name := range slices.Sorted(maps.Keys(l.set.rules.workflows)) {
		w := l.set.rules.workflows[name]
		for _, s := range w.stages {
			l.absence(w, s)
		}
	}
}

func (l *loader) absence(w *workflow, s *stage) {
	reviewers, fixed := l.fixedReviewers(s)
	if !fixed || len(reviewers) < 2 {
		return // a single reviewer is waited for: everybody can see it in the file
	}
	need := s.needs.N
	if s.needs.All {
		need = len(reviewers)
	}
	var makers []string
	if s.fourEyes {
		makers = l.makersAmong(w, reviewers)
	}
	for _, person := range reviewers {
		cover := l.set.dir.byName[person].Backup
		left, maker := len(reviewers)-1, 0
		if slices.ContainsFunc(makers, func(m string) bool { return m != person }) {
			left, maker = left-1, 1
		}
		if cover != "" && !slices.Contains(reviewers, cover) {
			left++
		}
		if left >= need {
			continue
		}
		l.stuck(s, person, cover, need, left, maker > 0)
		return // the first says what is wrong
	}
}

func (l *loader) stuck(s *stage, person, cover string, need, left int, maker bool) {
	shown := l.set.dir.byName[person].Shown
	why := "nobody covers for them"
	if cover != "" {
		why = l.set.dir.byName[cover].Shown + ", who covers, is a reviewer already"
	}
	if maker {
		why += ", and who made the work cannot approve it"
	}
	if left <= 0 {
		l.Warnf(s.pos, "SO212", "while %s is away, nobody can approve %s: %s", shown, s.name, why)
	} else {
		l.Warnf(s.pos, "SO212", "while %s is away, %s can get only %d of %d approvals: %s", shown, s.name, left, need, why)
	}
	l.Hint("give %s a backup who is not among the reviewers, add a reviewer, or lower needs", person)
}

// fixedReviewers lists the people of a stage where the file alone says who they are.
func (l *loader) fixedReviewers(s *stage) ([]string, bool) {
	for _, w := range s.reviewers {
		if w.kind != "person" && w.kind != "group" {
			return nil, false
		}
	}
	return l.set.dir.expand(s.reviewers), len(s.reviewers) > 0
}

// makersAmong lists those to whom a rule with the workflow assigns the work, where all of them are reviewers.
func (l *loader) makersAmong(w *workflow, reviewers []string) []string {
	for _, r := range l.set.rules.rules {
		if r.do.workflow != w.name || r.do.assign == nil {
			continue
		}
		people := l.set.dir.expand(r.do.assign.to)
		if len(people) > 0 && !slices.ContainsFunc(people, func(p string) bool { return !slices.Contains(reviewers, p) }) {
			return people
		}
	}
	return nil
}
