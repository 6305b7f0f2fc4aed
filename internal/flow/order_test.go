package flow

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// permutations calls each with every order of n numbers.
func permutations(n int, each func([]int)) {
	var walk func(order, rest []int)
	walk = func(order, rest []int) {
		if len(rest) == 0 {
			each(order)
			return
		}
		for i, x := range rest {
			left := append(append([]int{}, rest[:i]...), rest[i+1:]...)
			walk(append(append([]int{}, order...), x), left)
		}
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	walk(nil, all)
}

// orders is permutations; where everything takes much longer, only some of them, the first included.
func orders(n int, each func([]int)) {
	nth := 0
	permutations(n, func(order []int) {
		if nth%slower == 0 {
			each(order)
		}
		nth++
	})
}

// TestTicketMoved_AllOrders delivers five moves of one ticket in all 120 orders.
func TestTicketMoved_AllOrders(t *testing.T) {
	t.Parallel()
	moves := map[string][][2]string{
		"without a review": {{"To Do", "intake"}, {"In Progress", "in_progress"}, {"Blocked", ""}, {"To Do", "intake"}, {"In Progress", "in_progress"}},
		"through review":   {{"To Do", "intake"}, {"In Review", "in_review"}, {"In Progress", "in_progress"}, {"In Review", "in_review"}, {"Done", "approved"}},
		"back to progress": {{"In Progress", "in_progress"}, {"In Review", "in_review"}, {"Done", "approved"}, {"Blocked", ""}, {"To Do", "intake"}},
	}
	for name, list := range moves {
		for _, workflow := range []bool{true, false} {
			for _, by := range []string{"sent", "seq", "both", "both, moved back"} {
				if by == "both, moved back" && name != "through review" {
					continue // what is moved back depends on what was known when it stood there
				}
				t.Run(fmt.Sprint(name, workflow, by), func(t *testing.T) {
					t.Parallel()
					var want *ticketEnd
					orders(len(list), func(order []int) {
						got := moveTicket(list, order, workflow, by)
						if want == nil {
							want = &got
						}
						if diff := cmp.Diff(*want, got); diff != "" {
							t.Errorf("order %v ends elsewhere than the sent order (-want +got):\n%s", order, diff)
						}
					})
				})
			}
		}
	}
}

// ticketEnd is what must not depend on the order of delivery.
type ticketEnd struct {
	Status   Status
	Ticket   TicketState
	Stages   []string
	Problems []string
	Version  int64
}

func moveTicket(list [][2]string, order []int, workflow bool, by string) ticketEnd {
	w := newWorld(studio().stage(StageDef{Name: "Brand", Together: 1, FourEyes: true}, "ana"))
	w.submit("maya", "lin")
	if !workflow {
		w.r.Workflow, w.r.Status = "", Intake
	}
	w.settle()
	start := w.now
	if by == "both, moved back" {
		w.facts.Bypass = "move back"
	}
	for _, i := range order {
		w.now = w.now.Add(time.Second)
		ev := w.event(TicketMoved, "", "status", list[i][0], "word", list[i][1])
		ev.ID = "jira/" + strconv.Itoa(i)
		ev.Actor = Actor{Ref: Ref{"jira", "user", "jon"}, Shown: "Jon"}
		ev.Subject = Ref{"jira", "issue", "10007"}
		if by != "seq" {
			ev.Sent = start.Add(-time.Hour + time.Duration(i)*time.Millisecond)
		}
		if by != "sent" {
			ev.Seq = strconv.Itoa(98 + i) // "98", "99", "100": by number, not by letter
		}
		w.step(ev)
	}
	end := ticketEnd{Status: w.r.Status, Ticket: w.r.Ticket, Version: w.r.Version}
	if by == "seq" {
		end.Ticket.MovedAt = time.Time{} // the sender gave no time
	}
	for _, run := range w.r.Stages {
		end.Stages = append(end.Stages, run.Name+" "+string(run.State))
	}
	for _, p := range w.r.Problems {
		end.Problems = append(end.Problems, p.Text)
	}
	return end
}

// TestAllOrders_OneCardOneTicket plays votes, the creation of card and ticket, and lost answers in every order: in the
// end there is one card and one ticket, and both show the last state. With -histories 100000 three answers are lost.
func TestAllOrders_OneCardOneTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "")
	e := &explorer{t: t}
	e.explore(spot{world: *w, votes: []Event{
		w.vote("ana", "Brand", Approve), w.vote("eli", "Sign-off", RequestChanges),
	}, losses: (1 + *histories/50_000) / slower})
	if e.ends < 500/slower {
		t.Errorf("only %d orders were played", e.ends)
	}
}

// explorer walks every schedule.
type explorer struct {
	t    *testing.T
	ends int
}

// spot is a point in a schedule: the world, what people still do, and how many answers may still be lost.
type spot struct {
	world
	votes  []Event
	losses int
}

func (e *explorer) explore(at spot) {
	if e.t.Failed() {
		return
	}
	at.quiet()
	if len(at.votes) == 0 && len(at.pending) == 0 {
		e.ends++
		e.verify(at)
		return
	}
	if len(at.votes) > 0 {
		next := at.fork()
		next.votes = at.votes[1:]
		next.step(at.votes[0])
		e.explore(next)
	}
	for i := range at.pending {
		next := at.fork()
		job := next.pending[i]
		receipt := next.do(job)
		if at.losses > 0 {
			lost := next.fork() // it happened, nobody heard of it, and the job runs again
			lost.losses--
			e.explore(lost)
		}
		next.pending = slices.Delete(next.pending, i, i+1)
		next.step(receipt)
		e.explore(next)
	}
}

// quiet drops what is only said, does the asks at once, and skips shows that a newer one has overtaken, as the engine
// does; left are card and ticket.
func (s *spot) quiet() {
	for i := 0; i < len(s.pending); {
		job := s.pending[i]
		card := job.Show != nil && (job.Show.Purpose == "card" || job.Show.Purpose == "ticket")
		if card && job.Show.Version >= s.r.Shows[job.Show.Purpose].Version {
			i++
			continue
		}
		s.pending = slices.Delete(s.pending, i, i+1)
		if job.Show != nil && !card {
			s.step(s.do(job))
			i = 0
		}
	}
}

func (s spot) fork() spot {
	s.pending = slices.Clone(s.pending)
	s.things = maps.Clone(s.things)
	return s
}

func (e *explorer) verify(at spot) {
	sc := scene{p: at.p, r: &at.r, at: at.now}
	for _, want := range sc.wanted() {
		mark := want.target + " CR-142/" + want.purpose
		got := at.things[mark]
		if got.made != 1 {
			e.t.Errorf("%s was made %d times", want.purpose, got.made)
		}
		if diff := cmp.Diff(want.view, got.view); diff != "" {
			e.t.Errorf("%s does not show the last state (-want +got):\n%s", want.purpose, diff)
		}
	}
}
