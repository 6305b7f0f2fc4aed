package flow

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"signoff/internal/text"
)

var histories = flag.Int("histories", 2_000, "random histories to compare with the model")

var crowd = []string{"ana", "ben", "chloe", "dana", "eli", "maya", "lin"}

// TestStep_AgreesWithModel plays random histories with parallel stages, quorums, vetoes, delegation and undo against
// a naive model. Run with -histories 100000 for longer.
func TestStep_AgreesWithModel(t *testing.T) {
	t.Parallel()
	const shards = 4
	for shard := range shards {
		t.Run(fmt.Sprint(shard), func(t *testing.T) {
			t.Parallel()
			for i := range *histories / slower / shards {
				seed := uint64(i*shards + shard)
				h := newHistory(seed)
				for range 11 {
					if !h.move(t) {
						t.Fatalf("seed %d; history:\n%s", seed, h.story())
					}
				}
			}
		})
	}
}

// history is one random run of the machine beside the model.
type history struct {
	*world
	rnd *rand.Rand
	m   *model
	log []func() string

	given Event // the event of the last step
}

func newHistory(seed uint64) *history {
	rnd := rand.New(rand.NewPCG(seed, 7))
	p := &static{reviewers: map[string][]string{}, people: directory, zone: time.UTC}
	for group := 1; group <= 1+rnd.IntN(3); group++ {
		for side := 0; side <= rnd.IntN(2); side++ {
			d := StageDef{Name: fmt.Sprintf("S%d%d", group, side), Together: group, FourEyes: rnd.IntN(4) > 0}
			d.NewVersion = newVersion(rnd)
			d.Needs = Quorum{N: 1 + rnd.IntN(3), All: rnd.IntN(4) == 0}
			if rnd.IntN(6) == 0 {
				d.Skip = "does not apply"
			}
			p.stage(d, panel(rnd)...)
		}
	}
	h := &history{world: newWorld(p), rnd: rnd}
	h.chat = false
	assignee := []string{"lin", "", "ana"}[rnd.IntN(3)]
	h.m = &model{
		stages: p.stages, reviewers: p.reviewers, requester: "maya", assignee: assignee,
		round: 1, making: assignee != "", handed: map[string][]handover{}, now: h.now,
		away: map[string]string{}, backups: map[string]string{}, first: map[int]int{}, reached: map[int]int{}, about: map[string]int{}, through: map[string]bool{},
	}
	if h.m.triage = rnd.IntN(4) == 0; h.m.triage {
		h.triage, h.m.making = "no rule applies", false
	} else if assignee == "" {
		h.m.makers = []string{"maya"}
	}
	for name, about := range directory {
		h.m.backups[name] = about.Backup
	}
	h.submit("maya", assignee)
	h.r.Assets = []Asset{{Ref: Ref{"figma", "file", "K"}, Label: "Spring", At: h.now}}
	h.m.advance()
	h.log = append(h.log, func() string {
		return fmt.Sprintf("stages %+v reviewers %v assignee %q", p.stages, p.reviewers, assignee)
	})
	return h
}

func newVersion(rnd *rand.Rand) string {
	policies := []string{"", "void", "ask again", "ask again", "keep with notice", "keep with notice", "restart from S10", "restart from S20"}
	return policies[rnd.IntN(len(policies))]
}

var directory = studio().people

func panel(rnd *rand.Rand) []string {
	var out []string
	for _, i := range rnd.Perm(len(crowd))[:1+rnd.IntN(4)] {
		name := crowd[i]
		if rnd.IntN(6) == 0 {
			name += "!"
		}
		out = append(out, name)
	}
	return out
}

// move makes one random move in both and reports whether they agree.
func (h *history) move(t *testing.T) bool {
	h.now = h.now.Add(time.Duration(1+h.rnd.IntN(40)) * time.Second)
	h.m.now = h.now
	who, to := crowd[h.rnd.IntN(len(crowd))], crowd[h.rnd.IntN(len(crowd))]
	if asked := ids(WaitingFor(h.p, h.r)); len(asked) > 0 && h.rnd.IntN(3) > 0 {
		who = asked[h.rnd.IntN(len(asked))]
	}
	stage := h.p.stages[h.rnd.IntN(len(h.p.stages))].Name
	if open := h.r.Open(); len(open) > 0 && h.rnd.IntN(3) > 0 {
		stage = open[h.rnd.IntN(len(open))].Name
	}
	ev, ok := h.pick(who, to, stage)
	h.m.settle()
	before := h.r
	h.given = ev
	o := h.step(ev)
	h.log = append(h.log, func() string {
		return fmt.Sprintf("%s %s %s by %s: %v -> %s", ev.At.Format("15:04:05"), ev.Kind, ev.Fields, ev.Actor.Name, o.Why, o.Request.Status)
	})
	check(t, before, ev, o)
	return !t.Failed() && h.agrees(t, o, ok)
}

func (h *history) pick(who, to, stage string) (ev Event, ok bool) {
	h.facts = Facts{Away: h.facts.Away}
	if h.rnd.IntN(20) == 0 || h.m.triage && h.rnd.IntN(3) > 0 {
		return h.pickTriage(who, to)
	}
	switch n := h.rnd.IntN(31); {
	case n < 10:
		return h.pickVote(who, stage)
	case n < 14:
		if len(h.m.ballots) > 0 {
			last := h.m.ballots[len(h.m.ballots)-1]
			who, stage = last.by, last.stage
		}
		return h.event(VoteUndone, who, "stage", stage), h.m.undo(who, stage)
	case n < 16:
		return h.event(StageDelegated, who, "stage", stage, "to", to), h.m.delegate(who, to, stage)
	case n < 19:
		answers := h.rnd.IntN(4)
		return h.event(WorkSubmitted, who, fmt.Sprint("answer.", answers), "It is larger now."), h.m.work(who, answers)
	case n < 22:
		h.m.saves(who)
		ev := h.saves(h.m.version)
		ev.Actor = person(who)
		ev.Versions[0].By = ev.Actor
		return ev, true
	case n < 25:
		return h.pickPoint(who)
	case n < 27:
		return h.pickWords(who), false
	case n < 30:
		return h.pickAway(), true
	}
	if h.rnd.IntN(4) > 0 {
		who = "lin"
	}
	return h.event(RequestWithdrawn, who), h.m.withdraw(who)
}

// pickVote is a verdict, at times on an older version, or past open points without a confirmation.
func (h *history) pickVote(who, stage string) (ev Event, ok bool) {
	verdict := []Verdict{Approve, Approve, Approve, Decline, RequestChanges}[h.rnd.IntN(5)]
	if h.rnd.IntN(5) == 0 {
		stage = ""
	}
	ev, confirmed, version := h.vote(who, stage, verdict), h.rnd.IntN(4) > 0, 0
	if !confirmed {
		delete(ev.Fields, "confirmed")
	}
	if h.m.version > 0 && h.rnd.IntN(2) == 0 {
		version = max(1, h.m.version-h.rnd.IntN(4)/3)
		ev.Fields["version"] = []string{fmt.Sprint("id", version)}
	}
	return ev, h.m.vote(who, stage, verdict, version, confirmed)
}

// pickAway lets somebody be away from now on, or be back.
func (h *history) pickAway() Event {
	who := crowd[h.rnd.IntN(len(crowd))]
	if _, gone := h.m.away[who]; gone || h.rnd.IntN(5) == 0 {
		delete(h.m.away, who)
	} else {
		h.m.away[who] = append(crowd, "")[h.rnd.IntN(len(crowd)+1)]
	}
	h.facts.Away = nil
	for _, name := range slices.Sorted(maps.Keys(h.m.away)) {
		if h.m.away[name] == name {
			h.m.away[name] = ""
		}
		h.facts.Away = append(h.facts.Away, Absence{Person: name, Cover: h.m.away[name]})
	}
	return h.event(CoverChanged, "")
}

// pickPoint asks for a change without a vote, or says what became of one.
func (h *history) pickPoint(who string) (ev Event, ok bool) {
	number := 1 + h.rnd.IntN(4)
	switch h.rnd.IntN(3) {
	case 0:
		ev, ok = h.event(PointAsked, who), !h.m.status().Closed()
		if ok {
			h.m.addPoint(nil)
		}
	case 1:
		ev = h.event(PointAnswered, who, "point", fmt.Sprint(number))
		ok = h.m.mark(number, func(p *point) { p.answered = true })
	default:
		state := []string{"resolved", "open"}[h.rnd.IntN(2)]
		ev = h.event(PointResolved, who, "point", fmt.Sprint(number), "state", state)
		ok = h.m.mark(number, func(p *point) { p.resolved = state == "resolved" })
	}
	ev.Body = text.Plain(fmt.Sprintf("The claim of %s is not final.", h.now.Format(time.TimeOnly))) // never the same words twice
	return ev, ok
}

// pickWords is something that decides nothing, whatever it says.
func (h *history) pickWords(who string) Event {
	switch h.rnd.IntN(4) {
	case 0:
		return h.event(BriefRead, who) // of no page
	case 1:
		return h.event(AssetGone, who) // of work that is not followed
	case 2:
		ev := h.says(who, "email", "approved", "automatic", "yes", "verdict", "approve")
		return ev
	}
	ev := h.message([]Kind{CommentAdded, CommentEdited, CommentRemoved}[h.rnd.IntN(3)], 1+h.rnd.IntN(3), h.rnd.IntN(50), "approved")
	ev.Actor = person(who)
	return ev
}

func (h *history) agrees(t *testing.T, o Outcome, counted bool) bool {
	t.Helper()
	var open []string
	var waiting []string
	for _, d := range h.m.open() {
		open = append(open, d.Name)
		waiting = append(waiting, h.m.asked(d)...)
	}
	if h.m.status() == InProgress {
		waiting = []string{h.m.workNow()}
	}
	var gotOpen []string
	for _, run := range h.r.Open() {
		gotOpen = append(gotOpen, run.Name)
	}
	got := standing{o.Why[0].Code == CodeRecorded, h.r.Status, h.r.Round, sorted(gotOpen), sorted(ids(WaitingFor(h.p, h.r)))}
	if h.given.Kind == CoverChanged { // it is noted where it does not matter
		counted = got.counted
	}
	want := standing{counted, h.m.status(), h.m.round, sorted(open), sorted(waiting)}
	same := got.counted == want.counted && got.status == want.status && got.round == want.round &&
		slices.Equal(got.open, want.open) && slices.Equal(got.waiting, want.waiting)
	if !same {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	return same
}

// standing is what machine and model must agree on after every move.
type standing struct {
	counted bool
	status  Status
	round   int
	open    []string
	waiting []string
}

func (h *history) story() string {
	var b strings.Builder
	for _, line := range h.log {
		b.WriteString(line() + "\n")
	}
	return b.String()
}

func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
