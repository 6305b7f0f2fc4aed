package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"signoff/internal/flow"
	"signoff/internal/text"
	"signoff/rules"
)

// manyRules is how many rules P11 and P19 speak of.
const manyRules = 1000

// studioRules is a rule file with the rules from first to last: each has words of its own, a distinct one its channel and a
// condition too.
func studioRules(first, last int, distinct bool) []byte {
	var b strings.Builder
	b.WriteString("version: 1\ntemplates:\n  banner: {ask_for: [{field: brand, choices: [Lumen, Nova]}, {field: due, type: date}, {field: budget, type: money}]}\nrules:\n")
	for i := first; i < last; i++ {
		match, cond := fmt.Sprintf("source: slack, text: {contains: [word%d, other%d]}", i, i), ""
		if distinct {
			match, cond = match+fmt.Sprintf(", channel: \"#c%d\"", i), fmt.Sprintf("if: request.budget > %d, ", i)
		}
		fmt.Fprintf(&b, "  - {name: Rule %d, match: {%s}, %sdo: {template: banner, labels: [l%d]}}\n", i, match, cond, i)
	}
	if last == manyRules || distinct {
		b.WriteString("  - {name: All, do: {template: banner}}\n")
	}
	return []byte(b.String())
}

func compiled(data []byte) (*rules.Set, error) {
	set, problems := rules.Compile([]rules.Source{{Name: "rules.yaml", Data: data}}, rules.Options{Workspace: rules.Workspace{Zone: "Europe/London"}, Chat: true, Channels: []string{"slack"}})
	if set == nil {
		return nil, fmt.Errorf("compile rules: %v", problems)
	}
	return set, nil
}

// briefEvent asks for what rule i is about, in a channel of its own, with too little money for its condition.
func briefEvent(i int) flow.Event {
	return flow.Event{
		ID: fmt.Sprint("bench", i), Kind: flow.RequestSubmitted, At: time.Date(2026, 11, 18, 15, 0, 0, 0, time.UTC),
		Actor: flow.Actor{Shown: "Maya", Ref: flow.Ref{System: "slack", Type: "user", Key: "U1"}}, Body: text.Plain(fmt.Sprintf("Need a Nova banner about word%d by Friday EOD", i)),
		Fields: map[string][]string{"source": {"slack"}, "channel": {fmt.Sprintf("#c%d", i)}},
	}
}

// matching measures P11: what routing costs by one rule and by a thousand, and by a thousand that are tried one by one.
func (b *bench) matching() ([]row, error) {
	one, err1 := compiled(studioRules(0, 1, true))
	thousand, err2 := compiled(studioRules(0, manyRules, true))
	shared, err3 := compiled(studioRules(0, manyRules, false))
	short, err4 := shortSets()
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	var ones, many, found, scanned []float64
	for range b.rounds() {
		ones = append(ones, b.each(func(i int) { one.Route(briefEvent(i%manyRules), flow.Answers{}) }))
		many = append(many, b.each(func(i int) { thousand.Route(briefEvent(i%manyRules), flow.Answers{}) }))
		found = append(found, b.each(func(i int) { shared.Applies(briefEvent(i % manyRules)) }))
		scanned = append(scanned, b.each(func(i int) { scan(short, briefEvent(i%manyRules)) }))
	}
	return []row{
		compare(row{Goal: "P11", What: "1,000 rules with words and channels of their own, against one", Unit: "µs", Reference: "one rule", Bound: atMost(5)}, ones, many),
		compare(row{Goal: "P11", What: "1,000 rules of one source with words of their own, against trying each", Unit: "µs", Reference: "scan", Bound: atMost(0.05)}, scanned, found),
	}, nil
}

// shortSets are the same rules in sets so short that each of their rules is tried.
func shortSets() ([]*rules.Set, error) {
	const short = 50
	var sets []*rules.Set
	for first := 0; first < manyRules; first += short {
		last := first + short
		if last == manyRules {
			last-- // and the rule that catches the rest
		}
		set, err := compiled(studioRules(first, last, false))
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	return sets, nil
}

// scan tries rule after rule until one applies.
func scan(sets []*rules.Set, ev flow.Event) {
	for _, s := range sets {
		if len(s.Applies(ev)) > 0 {
			return
		}
	}
}

// each is how many microseconds one call takes, on average over a while.
func (b *bench) each(f func(i int)) float64 {
	took := pick(b, 200*time.Millisecond, time.Second)
	start, n := time.Now(), 0
	for time.Since(start) < took {
		f(n)
		n++
	}
	return float64(time.Since(start).Microseconds()) / float64(n)
}

// reading measures P19: how long 1,000 rules take to check, and the longest pause of deciding while they are read again.
func (b *bench) reading() ([]row, error) {
	data := studioRules(0, manyRules, true)
	var check, pause, added []float64
	for range b.rounds() {
		start := time.Now()
		set, err := compiled(data)
		if err != nil {
			return nil, err
		}
		check = append(check, milliseconds(time.Since(start)))
		for range pick(b, 2, 5) {
			still, err := longestPause(set, func() error { time.Sleep(150 * time.Millisecond); return nil })
			if err != nil {
				return nil, err
			}
			while, err := longestPause(set, func() error { _, err := compiled(data); return err })
			if err != nil {
				return nil, err
			}
			pause, added = append(pause, while), append(added, max(while-still, 0))
		}
	}
	return []row{
		alone(row{Goal: "P19", What: "1,000 rules checked", Unit: "ms", Bound: atMost(200)}, check),
		alone(row{Goal: "P19", What: "longest event while 1,000 rules are read again, beyond the longest without", Unit: "ms", Bound: atMost(5)}, added),
		alone(row{Goal: "P19", What: "… in all", Unit: "ms"}, pause),
	}, nil
}

// longestPause routes one event after the other by whatever set is current until work has ended, and returns the longest that one
// took, in milliseconds.
func longestPause(set *rules.Set, work func() error) (float64, error) {
	var current atomic.Pointer[rules.Set]
	current.Store(set)
	runtime.GC()
	done := make(chan error, 1)
	go func() { done <- work() }()
	longest := time.Duration(0)
	for i := 0; ; i++ {
		start := time.Now()
		current.Load().Route(briefEvent(i%manyRules), flow.Answers{})
		longest = max(longest, time.Since(start))
		select {
		case err := <-done:
			if i == 0 {
				err = errors.Join(err, errors.New("nothing was decided meanwhile"))
			}
			return milliseconds(longest), err
		default:
		}
	}
}
