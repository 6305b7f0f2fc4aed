package flow

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// tale is what happened to one message or comment: its states in order, each with the event that told of it.
type tale struct {
	n      int // negative: at the ticket
	states []state
	file   bool // a file came with it
}

type state struct {
	kind       Kind
	at         time.Duration // after the first
	words      string
	restricted bool
}

func (t tale) last() state { return t.states[len(t.states)-1] }

// shown is what a copy says of a state.
func (s state) shown() string {
	switch {
	case s.kind == CommentRemoved:
		return "removed in"
	case s.restricted:
		return "no longer shared"
	}
	return s.words
}

// event tells of the state i.
func (t tale) event(w *world, i int) Event {
	st := t.states[i]
	ev := w.message(st.kind, t.n, 0, st.words)
	ev.Sent = ev.Sent.Add(st.at)
	if t.file && st.kind != CommentRemoved {
		ev.Files = []File{{Ref: Ref{"slack", "file", strconv.Itoa(t.n)}, Name: "brief.pdf", Size: 1000}}
	}
	if st.restricted {
		ev.Fields["restricted"] = []string{"yes"}
	}
	return ev
}

// newTale makes up what happens to something said.
func newTale(rnd *rand.Rand, n int) tale {
	t := tale{n: n, states: []state{{kind: CommentAdded, at: time.Duration(rnd.IntN(900)) * time.Millisecond, words: fmt.Sprintf("words %d.0", n)}}}
	t.states[0].restricted, t.file = n < 0 && rnd.IntN(4) == 0, n > 0 && rnd.IntN(2) == 0
	for i := range rnd.IntN(4) {
		st := state{kind: CommentEdited, at: time.Duration(i) * time.Second, words: fmt.Sprintf("words %d.%d", n, i+1)}
		st.restricted = n < 0 && rnd.IntN(4) == 0
		if rnd.IntN(5) == 0 {
			st = state{kind: CommentRemoved, at: st.at}
		}
		t.states = append(t.states, st)
		if st.kind == CommentRemoved {
			break
		}
	}
	return t
}

// hub stands in for the engine and what is outside: jobs in any order, answers that are lost, tries that fail.
type hub struct {
	*world
	jobs  []hubJob
	shown map[string][]string // by purpose: everything that was ever seen
}

type hubJob struct {
	Effect
	tried bool
}

// hear takes an event in, as often as it is told.
func (h *hub) hear(t *testing.T, ev Event) {
	before := h.r
	o := h.step(ev)
	check(t, before, ev, o)
	for _, e := range o.Effects {
		if e.Show != nil || e.Copy != nil {
			h.jobs = append(h.jobs, hubJob{Effect: e})
		}
	}
	h.pending = nil
}

// work tries one job. luck says how it ends: done, done without anybody hearing of it, or failed.
func (h *hub) work(t *testing.T, i, luck int) {
	j := h.jobs[i]
	if j.Copy != nil {
		h.carry(t, i, luck)
		return
	}
	link, exists := h.r.Link(j.Show.Purpose)
	j.Show.Link = nil
	if exists {
		j.Show.Link = &link
	}
	switch {
	case h.r.Shows[j.Show.Purpose].Version > j.Show.Version, exists && link.Version > j.Show.Version: // overtaken
		h.jobs = slices.Delete(h.jobs, i, i+1)
		return
	case !j.tried && Moot(h.r, j.Effect):
		h.jobs = slices.Delete(h.jobs, i, i+1)
		h.hear(t, receiptOf(j.Effect, h.now, nil))
		return
	case luck == 2:
		h.jobs[i].tried = true
		return
	}
	l := h.show(j)
	if luck == 1 {
		h.jobs[i].tried = true
		return
	}
	h.jobs = slices.Delete(h.jobs, i, i+1)
	h.hear(t, receiptOf(j.Effect, h.now, []Link{l}))
}

// carry tries to carry a file.
func (h *hub) carry(t *testing.T, i, luck int) {
	j := h.jobs[i]
	mark := j.Target + " " + j.Mark()
	th := h.things[mark]
	switch {
	case !j.tried && Moot(h.r, j.Effect):
	case luck == 2:
		h.jobs[i].tried = true
		return
	case !j.tried || th.made == 0:
		th.made++
		th.link = Link{Ref: Ref{j.Target, "attachment", mark}, Purpose: j.Copy.Purpose}
		h.things[mark] = th
	}
	if luck == 1 {
		h.jobs[i].tried = true
		return
	}
	h.jobs = slices.Delete(h.jobs, i, i+1)
	ev := h.event(EffectDone, "", "effect", j.ID, "purpose", j.Copy.Purpose, "version", strconv.FormatInt(j.Copy.Version, 10))
	if th.made > 0 {
		ev.Links = []Link{th.link}
	}
	h.hear(t, ev)
}

// verifyFile holds that a file was carried once, or not at all because its message was removed before.
func (h *hub) verifyFile(t *testing.T, tale tale) {
	t.Helper()
	for _, f := range h.r.Files {
		if f.Ref.Key != strconv.Itoa(tale.n) {
			continue
		}
		made := h.things["jira CR-142/"+filePurpose(f)].made
		gone := f.Fate == FileGone && made == 0 && tale.last().kind == CommentRemoved
		if !gone && (made != 1 || f.Fate != FileCopied) {
			t.Errorf("the file of %d was carried %d times and is %s", tale.n, made, f.Fate)
		}
	}
}

// show makes a thing outside or changes it. Only what was tried before is looked for.
func (h *hub) show(j hubJob) Link {
	mark := j.Target + " " + j.Mark()
	th, exists := h.things[mark]
	if j.Show.Link == nil && !(exists && j.tried) {
		th.made++
		th.link = Link{Ref: Ref{j.Target, "thing", mark + strconv.Itoa(th.made)}, Purpose: j.Show.Purpose}
		if j.Show.Purpose == "ticket" {
			th.link.Ref, th.link.Label = Ref{"jira", "issue", "10007"}, "DES-7"
		}
	}
	if j.Show.Version >= th.version {
		th.version, th.view = j.Show.Version, j.Show.View
	}
	h.things[mark] = th
	h.shown[j.Show.Purpose] = append(h.shown[j.Show.Purpose], th.view.Body.String())
	return th.link
}

func receiptOf(e Effect, at time.Time, links []Link) Event {
	ev := receipt(e, at)
	ev.Links = links
	return ev
}

// TestConversation_OneCopyWithTheLastWords plays random conversations: what is told comes in any order and several
// times, the ticket is made late, answers are lost. In the end each comment has one copy that shows its last words;
// what was not for everybody, or was removed before it was copied, was never seen.
func TestConversation_OneCopyWithTheLastWords(t *testing.T) {
	t.Parallel()
	for seed := range uint64(max(1, *histories/15/slower)) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		h := &hub{world: newWorld(twoStages()), shown: map[string][]string{}}
		h.submit("maya", "")
		for _, e := range h.pending {
			if e.Show != nil {
				h.jobs = append(h.jobs, hubJob{Effect: e})
			}
		}
		var tales []tale
		var told []Event
		for i := range 1 + rnd.IntN(3) {
			n := 200 + i
			if rnd.IntN(2) == 0 {
				n = -1 - i
			}
			tale := newTale(rnd, n)
			tales = append(tales, tale)
			for k := range tale.states {
				for range 1 + rnd.IntN(2) {
					told = append(told, tale.event(h.world, k))
				}
			}
		}
		rnd.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
		h.play(t, rnd, told)
		for _, tale := range tales {
			h.verify(t, tale)
			h.verifyFile(t, tale)
		}
		if t.Failed() {
			t.Fatalf("seed %d: %+v", seed, tales)
		}
	}
}

func (h *hub) play(t *testing.T, rnd *rand.Rand, told []Event) {
	losses := 6
	for len(told) > 0 || len(h.jobs) > 0 {
		h.now = h.now.Add(time.Second)
		if len(told) > 0 && (len(h.jobs) == 0 || rnd.IntN(2) == 0) {
			ev := told[0]
			told = told[1:]
			ev.At = h.now
			h.hear(t, ev)
			continue
		}
		luck := rnd.IntN(5)
		if luck == 1 || luck == 2 {
			if losses--; losses < 0 {
				luck = 0
			}
		}
		h.work(t, rnd.IntN(len(h.jobs)), luck)
	}
}

// verify compares what is outside of a tale with its last state.
func (h *hub) verify(t *testing.T, tale tale) {
	t.Helper()
	i := h.commentOf(tale)
	if i < 0 {
		t.Errorf("%d is not kept", tale.n)
		return
	}
	c := h.r.Comments[i]
	target := "jira"
	if tale.n < 0 {
		target = "slack"
	}
	got := h.things[target+" CR-142/"+commentPurpose(c)]
	last, body := tale.last(), got.view.Body.String()
	switch {
	case last.kind == CommentRemoved && got.made == 0, last.restricted && got.made == 0:
	case got.made != 1:
		t.Errorf("%d was made %d times", tale.n, got.made)
	case !strings.Contains(body, last.shown()):
		t.Errorf("%d reads %q, want %q", tale.n, body, last.shown())
	}
	if c.Body != nil {
		t.Errorf("%d is shown and keeps its words", tale.n)
	}
	for _, st := range tale.states {
		if seen := strings.Join(h.shown[commentPurpose(c)], "\n"); st.restricted && strings.Contains(seen, st.words) {
			t.Errorf("%d: the restricted %q was seen", tale.n, st.words)
		}
	}
}

func (h *hub) commentOf(tale tale) int {
	return scene{r: &h.r}.commentOf(tale.event(h.world, 0).Said)
}

// TestConversation_AllOrders tells of one message and one comment in every order, before and after the ticket is made.
func TestConversation_AllOrders(t *testing.T) {
	t.Parallel()
	tales := []tale{
		{n: 200, states: []state{{kind: CommentAdded, at: 400 * time.Millisecond, words: "one"}, {kind: CommentEdited, words: "two"}}},
		{n: -1, states: []state{{kind: CommentAdded, words: "four"}, {kind: CommentEdited, at: time.Second, words: "five", restricted: true}, {kind: CommentRemoved, at: 2 * time.Second}}},
	}
	start := newWorld(twoStages())
	start.submit("maya", "")
	ends := map[string]int{}
	orders(6, func(order []int) { // 5 is the making of the ticket
		h := &hub{world: &world{p: start.p, r: start.r, now: start.now, things: maps.Clone(start.things)}, shown: map[string][]string{}}
		for _, x := range order {
			if x < 5 {
				h.hear(t, tales[min(x/2, 1)].event(h.world, x-2*min(x/2, 1)))
				continue
			}
			for _, e := range start.pending {
				if e.Show != nil {
					h.jobs = append(h.jobs, hubJob{Effect: e})
				}
			}
			for len(h.jobs) > 0 {
				h.work(t, 0, 0)
			}
		}
		for len(h.jobs) > 0 {
			h.work(t, 0, 0)
		}
		for _, tale := range tales {
			h.verify(t, tale)
		}
		if t.Failed() {
			t.Fatalf("order %v", order)
		}
		ends[h.things["slack CR-142/comment/1"].view.Body.String()+h.things["slack CR-142/comment/2"].view.Body.String()]++
	})
	if len(ends) < 2 {
		t.Errorf("the comment that is removed ends as %v, want both never copied and removed", ends)
	}
}
