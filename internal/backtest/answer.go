package backtest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"signoff/internal/calendar"
	"signoff/internal/flow"
)

// answer is something that somebody would have done.
type answer struct {
	at   time.Time
	ev   flow.Event
	what string // stage, revision and person, or the work of a revision
}

// usual is what is taken where nothing is known yet.
const (
	usualAnswer = 4 * time.Hour // working time until somebody answers
	usualWork   = 8 * time.Hour // working time until a revision is made
)

// habits are how long people take, in their own working time.
type habits struct {
	answers map[string]*spread // by person
	all     *spread
	work    *spread
}

func newHabits() *habits {
	return &habits{answers: map[string]*spread{}, all: &spread{}, work: &spread{}}
}

// answer is how long a person usually takes to answer, everybody's time where little is known of theirs.
func (h *habits) answer(who string) time.Duration {
	const enough = 3
	if s := h.answers[who]; s != nil && s.n >= enough {
		return s.median()
	}
	if h.all.n > 0 {
		return h.all.median()
	}
	return usualAnswer
}

func (h *habits) making() time.Duration {
	if h.work.n > 0 {
		return h.work.median()
	}
	return usualWork
}

// said is what somebody did then, and how long after it was asked of them, in their working time.
type said struct {
	stage string // empty: the work of a revision
	who   string
	took  time.Duration
	ev    flow.Event
}

// learn notes how long a recorded vote or revision took; the zero said where nobody was asked.
func (r *Run) learn(q *request, ev flow.Event) (heard said) {
	h, who := r.habits, ev.Actor.ID()
	switch ev.Kind {
	case flow.VoteCast:
		run, ok := asked(q.was.r, ev.Field("stage"), who)
		if !ok {
			return said{}
		}
		heard = said{stage: run.Name, who: who, took: q.was.p.Working(ev.Actor.Name, since(run, who), ev.At), ev: ev}
		if h.answers[who] == nil {
			h.answers[who] = &spread{}
		}
		h.answers[who].add(heard.took)
		h.all.add(heard.took)
	case flow.WorkSubmitted:
		if q.was.r.Status != flow.InProgress {
			return said{}
		}
		heard = said{who: who, took: q.was.p.Working(ev.Actor.Name, q.was.r.Since, ev.At), ev: ev}
		h.work.add(heard.took)
	}
	return heard
}

// asked finds the open run in which a person is asked; an empty stage means the only one.
func asked(r flow.Request, stage, who string) (flow.StageRun, bool) {
	i := slices.IndexFunc(r.Stages, func(run flow.StageRun) bool {
		return run.State == flow.StageOpen && (stage == "" || stage == run.Name) && slices.Contains(waitsFor(run), who)
	})
	if i < 0 {
		return flow.StageRun{}, false
	}
	return r.Stages[i], true
}

// since is from when on a run has waited for a person.
func since(run flow.StageRun, who string) time.Time {
	from := run.Entered
	for _, w := range slices.Backward(run.Waiting) {
		if !slices.Contains(w.On, who) {
			break
		}
		from = w.From
	}
	return from
}

// follow plays a recorded event in the story as it would have been. After the two have parted, an answer counts where
// the same is asked of the same person, as long after they were asked as it came then.
func (r *Run) follow(q *request, rec flow.Record, heard said) {
	ev, s := rec.Event, q.is
	f := rec.Facts
	f.Routing = nil
	if rec.Facts.Routing != nil { // a draft became a request
		routing := r.route(r.same(q.was.set), submission(rec), q.was.routing, rec.Facts.Answers)
		s.routing, s.ignored = routing, routing.Ignore
		f.Routing, f.Answers = &routing, flow.Answers{}
		s.fold(ev, f)
		return
	}
	if q.diverged.IsZero() {
		s.fold(ev, f)
		return
	}
	switch ev.Kind {
	case flow.VoteCast:
		r.transfer(q, heard)
	case flow.WorkSubmitted:
		if s.r.Status != flow.InProgress {
			if heard.who != "" {
				s.said = append(s.said, heard)
			}
			return
		}
		s.drop(fmt.Sprintf("work/%d", s.r.Round))
		s.fold(ev, f)
	case flow.RequestAssigned:
		if s.r.Assignee.ID() == "" {
			s.fold(ev, f)
		}
	case flow.RulesMoved:
	default:
		s.fold(ev, f)
	}
}

// transfer takes a recorded vote over: as long after the question as it came then, and once the question is asked.
func (r *Run) transfer(q *request, heard said) {
	if heard.who == "" {
		return
	}
	s := q.is
	run, ok := asked(s.r, heard.stage, heard.who)
	if !ok {
		s.said = append(s.said, heard)
		return
	}
	s.drop(key(run, heard.who))
	s.plan(answer{at: later(s.worked(heard.ev.Actor.Name, since(run, heard.who), heard.took), heard.ev.At), ev: pinned(heard.ev, run), what: key(run, heard.who)})
	r.fire(s, heard.ev.At)
}

// pinned says of which stage and revision a vote is, whatever else is open.
func pinned(ev flow.Event, run flow.StageRun) flow.Event {
	fields := maps.Clone(ev.Fields)
	if fields == nil {
		fields = map[string][]string{}
	}
	delete(fields, "round")
	delete(fields, "version")
	fields["stage"], fields["confirmed"] = []string{run.Name}, []string{"yes"}
	ev.Fields = fields
	ev.ID += fmt.Sprintf("/%d", run.Round)
	return ev
}

// remembered takes out what somebody said then about a stage, or made (empty), the earliest first.
func (s *story) remembered(stage, who string) (said, bool) {
	for i, x := range s.said {
		if x.stage == stage && (x.who == who || stage == "") {
			s.said = slices.Delete(s.said, i, i+1)
			return x, true
		}
	}
	return said{}, false
}

func key(run flow.StageRun, who string) string {
	return fmt.Sprintf("%s/%d/%s", run.Name, run.Round, who)
}

func (s *story) drop(what string) {
	s.answers = slices.DeleteFunc(s.answers, func(a answer) bool { return a.what == what })
}

func (s *story) planned(what string) bool {
	return slices.ContainsFunc(s.answers, func(a answer) bool { return a.what == what })
}

// expect estimates the answers of those who would be asked and of whom no recorded answer can come any more.
func (r *Run) expect(q *request, now time.Time) {
	s := q.is
	if s.over() {
		s.answers = nil
		return
	}
	s.answers = slices.DeleteFunc(s.answers, func(a answer) bool { return !s.wants(a.what) })
	for _, run := range s.r.Open() {
		for _, who := range waitsFor(run) {
			if s.planned(key(run, who)) {
				continue
			}
			if x, ok := s.remembered(run.Name, who); ok {
				s.plan(answer{at: later(s.worked(x.ev.Actor.Name, since(run, who), x.took), now), what: key(run, who), ev: pinned(x.ev, run)})
				continue
			}
			if stillAsked(q.was, run, who) {
				continue
			}
			at := s.worked(who, since(run, who), r.habits.answer(who))
			s.plan(answer{at: later(at, now), what: key(run, who), ev: s.approval(run, who)})
		}
	}
	r.expectWork(q, now)
}

// wants reports whether an estimated answer still has its question.
func (s *story) wants(what string) bool {
	if what == fmt.Sprintf("work/%d", s.r.Round) {
		return s.r.Status == flow.InProgress
	}
	if what == "details" {
		return s.r.Status == flow.NeedsInfo
	}
	for _, run := range s.r.Open() {
		for _, who := range waitsFor(run) {
			if key(run, who) == what {
				return true
			}
		}
	}
	return false
}

// stillAsked reports whether the same is asked of the same person in the story as it was: their recorded answer may come.
func stillAsked(was *story, run flow.StageRun, who string) bool {
	if was.over() {
		return false
	}
	x, ok := asked(was.r, run.Name, who)
	return ok && x.Round == run.Round
}

// worked is the instant at which a person has worked for so long since from.
func (s *story) worked(who string, from time.Time, took time.Duration) time.Time {
	if took <= 0 {
		return from
	}
	return s.set.After(who, from, calendar.Span{N: took.Hours(), Unit: calendar.WorkingHours})
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// approval is the vote of somebody who never was asked in the story as it was.
func (s *story) approval(run flow.StageRun, who string) flow.Event {
	actor := flow.Actor{Name: who}
	if i := slices.IndexFunc(run.Asked, func(a flow.Actor) bool { return a.ID() == who }); i >= 0 {
		actor = run.Asked[i]
	}
	fields := map[string][]string{"stage": {run.Name}, "verdict": {string(flow.Approve)}, "via": {"web"}, "assurance": {"web+reauth"}, "confirmed": {"yes"}}
	for _, d := range s.p.Stages(s.r) {
		if d.Name == run.Name && len(d.Checklist) > 0 {
			fields["checked"] = d.Checklist
		}
	}
	return flow.Event{ID: "estimate/" + key(run, who), Kind: flow.VoteCast, Actor: actor, Fields: fields}
}

// expectWork estimates when a revision is made, or a brief completed, that nobody made or completed then.
func (r *Run) expectWork(q *request, now time.Time) {
	s := q.is
	sameRound := !q.was.over() && q.was.r.Status == s.r.Status && q.was.r.Round == s.r.Round
	switch what := fmt.Sprintf("work/%d", s.r.Round); {
	case s.r.Status == flow.InProgress && !s.planned(what) && !sameRound:
		by := s.r.Assignee
		if by.ID() == "" {
			by = s.r.Requester
		}
		took := r.habits.making()
		if x, ok := s.remembered("", ""); ok {
			took = x.took
		}
		at := s.worked(by.Name, s.r.Since, took)
		s.plan(answer{at: later(at, now), what: what, ev: flow.Event{ID: "estimate/" + what, Kind: flow.WorkSubmitted, Actor: by}})
	case s.r.Status == flow.NeedsInfo && !s.planned("details") && !sameRound:
		given := map[string][]string{}
		for _, f := range s.p.Missing(s.r) {
			given[f.Name] = append(slices.Clone(f.Choices), "given")[:1]
		}
		at := s.worked(s.r.Requester.Name, s.r.Since, r.habits.answer(s.r.Requester.ID()))
		s.plan(answer{at: later(at, now), what: "details", ev: flow.Event{ID: "estimate/details", Kind: flow.RequestEdited, Actor: s.r.Requester, Fields: given}})
	}
}
