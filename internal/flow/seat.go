package flow

import "slices"

// seat is a reviewer's place in a stage run, with those it was handed to, in order. Handing a place over moves the
// question; everybody along the way may still answer it, once.
type seat struct {
	owner Reviewer
	chain []Actor
}

func (s scene) defs() []StageDef {
	if s.r.Workflow == "" {
		return nil
	}
	return s.p.Stages(*s.r)
}

// def finds a stage of the workflow; a stage that is gone needs one approval.
func (s scene) def(name string) (StageDef, bool) {
	for _, d := range s.defs() {
		if d.Name == name {
			return d, true
		}
	}
	return StageDef{Name: name, Needs: Quorum{N: 1}, FourEyes: true}, false
}

// run finds a stage's run in a revision, -1 without one.
func (s scene) run(round int, name string) int {
	return slices.IndexFunc(s.r.Stages, func(x StageRun) bool { return x.Round == round && x.Name == name })
}

func (s scene) seats(run StageRun) []seat {
	reviewers := s.p.Reviewers(*s.r, run.Name)
	all := make([]seat, 0, len(reviewers))
	for _, rev := range reviewers {
		taken := slices.ContainsFunc(all, func(x seat) bool { return same(x.owner.Actor, rev.Actor) })
		if rev.ID() == "" || taken {
			continue
		}
		all = append(all, seat{owner: rev, chain: chain(run, rev.Actor)})
	}
	return all
}

// chain lists those to whom an owner's place was handed, in order.
func chain(run StageRun, owner Actor) []Actor {
	var out []Actor
	for _, d := range run.Delegated {
		if same(d.From, owner) || holds(out, d.From) {
			out = append(out, d.To)
		}
	}
	return out
}

// live lists the votes of a stage run that count: not undone, and not given for a version that was replaced.
func (s scene) live(run StageRun) []Vote {
	var out []Vote
	for _, v := range s.r.Votes {
		if v.Stage == run.Name && v.Round == run.Round && v.Undone.IsZero() && !v.Stale {
			out = append(out, v)
		}
	}
	return out
}

// touching finds the vote that was given by or for a person: one person counts once, however they act.
func (s scene) touching(votes []Vote, who Actor) (Vote, bool) {
	for _, v := range votes {
		if s.one(v.By, who) || (v.For.ID() != "" && s.one(v.For, who)) {
			return v, true
		}
	}
	return Vote{}, false
}

func (s scene) touched(votes []Vote, who Actor) bool {
	_, found := s.touching(votes, who)
	return found
}

// barred says in what way somebody has a part in the work, so that four eyes keep them from deciding it: "" if none.
func (s scene) barred(d StageDef, who Actor) string {
	if !d.FourEyes {
		return ""
	}
	switch {
	case s.one(s.r.Requester, who):
		return "requester"
	case s.one(s.r.Assignee, who):
		return "assignee"
	case slices.ContainsFunc(s.r.Makers, func(m Actor) bool { return s.one(m, who) }):
		return "maker"
	case s.one(s.r.Editor, who):
		return "editor"
	case slices.ContainsFunc(s.r.decidedOn(), func(a Asset) bool { return s.saved(a.Current(), who) }):
		return "saver"
	}
	return ""
}

// saved reports whether somebody saved a version of the work; what a machine saves is nobody's.
func (s scene) saved(v Version, who Actor) bool { return !v.By.Bot && s.one(v.By, who) }

// asks says whom a seat waits for: the last of its chain who can act and is there, or somebody who stands in for them; where
// nobody is, the last who can act. Zero: nobody, it is done or out of play.
func (s scene) asks(d StageDef, votes []Vote, st seat) Actor {
	if !s.able(d, votes, st.owner.Actor) {
		return Actor{}
	}
	var absent Actor
	for _, holder := range slices.Backward(append([]Actor{st.owner.Actor}, st.chain...)) {
		if !s.able(d, votes, holder) {
			continue
		}
		if _, gone := s.away(holder); !gone {
			return holder
		}
		for _, who := range s.standIns(holder) {
			if s.able(d, votes, who) {
				return who
			}
		}
		if absent.ID() == "" {
			absent = holder
		}
	}
	return absent
}

// waiting lists whom an open run waits for, each person once, in the order of the stage's reviewers.
func (s scene) waiting(run StageRun) []Actor {
	if run.State != StageOpen {
		return nil
	}
	d, _ := s.def(run.Name)
	votes := s.live(run)
	var out []Actor
	for _, p := range s.places(run) {
		out = with(out, p.who)
	}
	for _, who := range s.addedNow(run) {
		if s.able(d, votes, who) {
			out = with(out, who)
		}
	}
	return out
}

// claim says by which right somebody may decide a run: for whom they act (zero: for themselves), and whether a
// decline of theirs is final.
func (s scene) claim(run StageRun, who Actor) (behalf Actor, veto, ok bool) {
	d, _ := s.def(run.Name)
	votes := s.live(run)
	seats := s.seats(run)
	for _, st := range seats {
		if same(st.owner.Actor, who) {
			return Actor{}, st.owner.Veto, true
		}
	}
	for _, st := range seats {
		if holds(st.chain, who) && s.barred(d, st.owner.Actor) == "" {
			return st.owner.Actor, st.owner.Veto, true
		}
	}
	for _, p := range s.places(run) {
		if p.standsIn() && same(p.who, who) {
			return p.owner.Actor, p.owner.Veto, true
		}
	}
	if who.Name != "" && (slices.Contains(run.Added, who.Name) || holds(s.addedNow(run), who)) {
		return s.covers(d, votes, seats, who), false, true
	}
	return Actor{}, false, false
}

// covers picks the seat for which somebody acts whom an escalation let in: the one whose backup they are, else the
// first that still waits.
func (s scene) covers(d StageDef, votes []Vote, seats []seat, who Actor) Actor {
	var first Actor
	for _, st := range seats {
		if s.asks(d, votes, st).ID() == "" {
			continue
		}
		person, _ := s.p.Person(st.owner.Name)
		if person.Backup == who.Name {
			return st.owner.Actor
		}
		if first.ID() == "" {
			first = st.owner.Actor
		}
	}
	return first
}

// tally is where a run's count stands.
type tally struct {
	got   int // approvals that count
	need  int
	reach int // what got can still become
}

func (t tally) met() bool { return t.got > 0 && t.got >= t.need }

func (s scene) count(run StageRun) tally {
	d, _ := s.def(run.Name)
	var yes []Vote
	for _, v := range s.live(run) {
		if v.Verdict == Approve {
			yes = append(yes, v)
		}
	}
	if d.Needs.All {
		return s.countAll(d, run, yes)
	}
	return tally{got: len(yes), need: max(d.Needs.N, 1), reach: len(yes) + len(s.waiting(run))}
}

// countAll counts seats: every reviewer who has no part in the work must have approved, or somebody for them.
func (s scene) countAll(d StageDef, run StageRun, yes []Vote) tally {
	var t tally
	votes := s.live(run)
	for _, st := range s.seats(run) {
		if s.barred(d, st.owner.Actor) != "" && !s.touched(yes, st.owner.Actor) {
			continue
		}
		t.need++
		last := append([]Actor{st.owner.Actor}, st.chain...)[len(st.chain)]
		switch {
		case s.touched(yes, st.owner.Actor) || s.touched(yes, last):
			t.got++
			t.reach++
		case s.asks(d, votes, st).ID() != "": // somebody is asked for it, or will be
			t.reach++
		}
	}
	return t
}
