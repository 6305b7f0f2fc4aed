package flow

import (
	"fmt"
	"slices"
)

// delegated hands a reviewer's place to somebody else.
func (s *step) delegated() {
	a := s.attempt("delegate")
	v := s.judgeDelegation(a)
	if v.ok() {
		if k := s.known(a.To); !k.ok() {
			v = k
		}
	}
	if !v.ok() {
		s.refused(v)
		return
	}
	to, _ := s.named(a.To.Name)
	run := &s.r.Stages[v.run]
	if k := slices.Index(run.Added, s.ev.Actor.Name); k >= 0 && !s.seated(*run, s.ev.Actor) {
		run.Added[k] = to.Name
	}
	d := Delegation{From: s.ev.Actor, To: to, At: s.at}
	if !s.seated(*run, s.ev.Actor) && v.behalf.ID() != "" {
		d.From, d.By = v.behalf, s.ev.Actor // the place is that of somebody who is away
	}
	run.Delegated = append(run.Delegated, d)
	s.because(CodeRecorded, fmt.Sprintf("%s handed %s to %s.", s.who(s.ev.Actor), run.Name, s.who(to)))
	s.reply(fmt.Sprintf("You handed %s of %s to %s, who is asked now.", run.Name, s.r.ID, s.who(to)))
}

// seated reports whether somebody has a place in a run other than by escalation.
func (s scene) seated(run StageRun, who Actor) bool {
	return slices.ContainsFunc(s.seats(run), func(st seat) bool {
		return same(st.owner.Actor, who) || holds(st.chain, who)
	})
}

// judgeDelegation asks whether somebody who is asked may hand over, and to whom. A zero To is not judged.
func (s scene) judgeDelegation(a Attempt) ruling {
	asked := a
	asked.Version, asked.Via, asked.Assurance = "", "web", "web+reauth" // handing over is no decision
	v := s.judgeVote(asked)
	if !v.ok() {
		return v
	}
	run := s.r.Stages[v.run]
	if _, covered := s.coveredBy(run, a.Who); !covered && !holds(s.waiting(run), a.Who) {
		return refuse(CodeAlready, fmt.Sprintf("You handed %s over already. Asked now: %s.", run.Name, s.names(s.waiting(run), "and")))
	}
	if a.To.ID() == "" {
		return v
	}
	if k := s.known(a.To); !k.ok() {
		return k
	}
	if k := s.canTake(run, a); !k.ok() {
		return k
	}
	return v
}

// canTake asks whether the person named can take a place in a run. Whoever has one already cannot, so there are no
// circles and nobody counts twice.
func (s scene) canTake(run StageRun, a Attempt) ruling {
	d, _ := s.def(run.Name)
	to, _ := s.named(a.To.Name)
	switch {
	case same(to, a.Who):
		return refuse(CodeCannotTake, "It is yours already. Choose somebody else.")
	case s.barred(d, to) != "":
		return refuse(CodeFourEyes, fmt.Sprintf("%s has a part in this work and can't approve it. Choose somebody else.", s.who(to)))
	case s.awayWords(to) != "":
		return refuse(CodeCannotTake, fmt.Sprintf("%s is %s. Choose somebody else.", s.who(to), s.awayWords(to)))
	case s.touched(s.live(run), to):
		return refuse(CodeCannotTake, fmt.Sprintf("%s has already voted on %s. Choose somebody else.", s.who(to), run.Name))
	case s.seated(run, to), slices.Contains(run.Added, to.Name):
		return refuse(CodeCannotTake, fmt.Sprintf("%s is asked about %s already. Choose somebody else.", s.who(to), run.Name))
	}
	return ruling{}
}
