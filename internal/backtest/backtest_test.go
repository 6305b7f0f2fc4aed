package backtest_test

import (
	"iter"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/backtest"
	"signoff/internal/bench/history"
	"signoff/internal/flow"
	"signoff/rules"
)

var monday = time.Date(2026, 9, 7, 8, 0, 0, 0, time.UTC)

// studio compiles the studio of the examples with some words replaced: old, new, old, new, …
func studio(t testing.TB, edits ...string) *rules.Set {
	t.Helper()
	data, err := os.ReadFile("../../rules/examples/studio/studio.yaml")
	if err != nil {
		t.Fatal(err)
	}
	words := string(data)
	for pair := range slices.Chunk(edits, 2) {
		if !strings.Contains(words, pair[0]) {
			t.Fatalf("the studio does not hold %q", pair[0])
		}
		words = strings.ReplaceAll(words, pair[0], pair[1])
	}
	set, found := rules.Compile([]rules.Source{{Name: "studio.yaml", Data: []byte(words)}}, rules.Options{
		Workspace: rules.Workspace{Zone: "Europe/London", Language: "en", WeekStarts: "monday", KeyPrefix: "CR", Calendar: "london", DateOrder: "day-first"},
		Chat:      true, Tracker: true, Channels: []string{"slack", "email"},
	})
	if set == nil {
		t.Fatal(found)
	}
	return set
}

func records(list []flow.Record) iter.Seq2[flow.Record, error] {
	return func(yield func(flow.Record, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func replay(t testing.TB, old, now *rules.Set, list []flow.Record) backtest.Report {
	t.Helper()
	r, err := backtest.Replay(backtest.Options{Old: old, New: now, Since: monday, Until: list[len(list)-1].Event.At.Add(time.Hour)}, records(list), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// fortnight is what eighty requests leave in the journal, made once.
func fortnight(t testing.TB, set *rules.Set) []flow.Record {
	t.Helper()
	made.Do(func() {
		made.list = history.Make(set, history.Options{Seed: 1, Requests: 80, From: monday, Every: 4 * time.Hour})
	})
	return made.list
}

var made struct {
	sync.Once
	list []flow.Record
}

func hoursOf(words string) float64 {
	n, _ := strconv.ParseFloat(strings.TrimSuffix(words, " h"), 64)
	return n
}

// TestReplay_wasIsWhatHappened: the figures of the past are those of the journal itself.
func TestReplay_wasIsWhatHappened(t *testing.T) {
	t.Parallel()
	set := studio(t)
	list := fortnight(t, set)
	ends, reminded := map[flow.RequestID]flow.Request{}, 0
	for _, rec := range list {
		out := flow.Step(set.Policy(set), ends[rec.Request], rec.Event, rec.Facts)
		ends[rec.Request] = out.Request
		for _, w := range out.Why {
			if w.Code == "reminded" {
				reminded++
			}
		}
	}
	want := backtest.Figures{Reminders: reminded}
	for _, r := range ends {
		if r.Status == flow.Approved {
			want.Approved++
		}
		for _, v := range r.Votes {
			if v.Verdict == flow.Approve {
				want.Approvals++
			}
		}
		for _, run := range r.Stages {
			want.Asked += len(run.Asked)
		}
	}
	r := replay(t, set, studio(t, "needs: 1", "needs: 2"), list)
	got := backtest.Figures{Approved: r.Was.Approved, Approvals: r.Was.Approvals, Asked: r.Was.Asked, Reminders: r.Was.Reminders}
	if diff := cmp.Diff(want, got); diff != "" || r.Requests != len(ends) {
		t.Errorf("%d requests, want %d (-journal +report):\n%s", r.Requests, len(ends), diff)
	}
	if want.Reminders == 0 || want.Approved < 40 {
		t.Errorf("the history is too thin to tell: %+v", want)
	}
}

// TestReplay_theSameRules: comments and spacing change nothing, so nothing differs and nothing is estimated.
func TestReplay_theSameRules(t *testing.T) {
	t.Parallel()
	set := studio(t)
	r := replay(t, set, studio(t, "# ── who", "# who"), fortnight(t, set))
	if diff := cmp.Diff(r.Was, r.Is); diff != "" || len(r.Changed) > 0 || r.Is.Estimated {
		t.Errorf("%d changed (-was +is):\n%s", len(r.Changed), diff)
	}
}

// TestReplay_anotherQuorum: until the first approval both are one; what a second person would have said is estimated.
func TestReplay_anotherQuorum(t *testing.T) {
	t.Parallel()
	set := studio(t)
	r := replay(t, set, studio(t, "needs: 1\n        time_limit", "needs: 2\n        time_limit"), fortnight(t, set))
	if r.Counts.Added == 0 || r.Is.Approvals <= r.Was.Approvals || r.Counts.Rule+r.Counts.Workflow+r.Counts.Assignee > 0 {
		t.Fatalf("%+v; want approvals added and nobody routed differently", r.Counts)
	}
	for _, c := range r.Changed {
		if c.Parted.IsZero() {
			t.Errorf("%s differs without a first difference: %+v", c.Request, c.Differences)
		}
		for _, d := range c.Differences {
			if was, is := hoursOf(d.Was), hoursOf(d.Is); d.What == "approval time" && is < was {
				t.Errorf("%s: two approvals take %v h, one took %v h", c.Request, is, was)
			}
			if !d.Estimate || !strings.Contains(d.WhyIs, "workflow standard / Brand review: needs 1 → 2 (studio.yaml:") {
				t.Errorf("%s: %+v; want an estimate with the change that led to it", c.Request, d)
			}
		}
	}
}

// TestReplay_anotherRule: who is routed differently is exact and has both reasons.
func TestReplay_anotherRule(t *testing.T) {
	t.Parallel()
	set := studio(t)
	now := studio(t, "  - name: Banners\n", "  - name: Nova ads\n    match: {text: {contains: [nova]}}\n    do: {template: campaign-banner, workflow: regulated, assign: {to: dana}}\n\n  - name: Banners\n")
	r := replay(t, set, now, fortnight(t, set))
	if r.Counts.Rule == 0 || r.Counts.Workflow == 0 || r.Counts.Requests > 2*r.Counts.Rule {
		t.Fatalf("%+v; want requests of another rule and workflow", r.Counts)
	}
	d := r.Changed[0].Differences[0]
	want := backtest.Difference{What: "rule", Was: `"Banners"`, Is: `"Nova ads"`}
	whys := strings.HasPrefix(d.WhyWas, "Banners: ") && strings.HasPrefix(d.WhyIs, `Nova ads: text has "Nova" (studio.yaml:`)
	if d.WhyWas, d.WhyIs = "", ""; d != want || !whys {
		t.Errorf("%+v", r.Changed[0].Differences)
	}
	dana := slices.IndexFunc(r.People, func(p backtest.Person) bool { return p.Name == "dana" })
	if dana < 0 || r.People[dana].IsHours <= r.People[dana].WasHours {
		t.Errorf("load: %+v; want more for dana", r.People)
	}
}

// TestReplay_earlierRules: what was decided under rules that are not in use any more is judged by them where they are
// kept.
func TestReplay_earlierRules(t *testing.T) {
	t.Parallel()
	earlier, now := studio(t), studio(t, "needs: 1\n        time_limit", "needs: 2\n        time_limit")
	list := fortnight(t, earlier)
	kept := func(digest string) *rules.Set {
		if digest == earlier.Digest() {
			return earlier
		}
		return nil
	}
	r, err := backtest.Replay(backtest.Options{Old: now, New: now, Kept: kept, Since: monday, Until: list[len(list)-1].Event.At}, records(list), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := replay(t, earlier, now, list); r.Was.Approvals != want.Was.Approvals || r.Is.Approvals != want.Is.Approvals || r.Counts.Added == 0 {
		t.Errorf("was %d, would be %d approvals; want %d and %d", r.Was.Approvals, r.Is.Approvals, want.Was.Approvals, want.Is.Approvals)
	}
}

// TestReplay_sameAgain: the same history gives the same report.
func TestReplay_sameAgain(t *testing.T) {
	t.Parallel()
	set, now := studio(t), studio(t, "needs: 1", "needs: 2", "contains: [banner, ad, display]", "contains: [banner]")
	list := fortnight(t, set)
	if diff := cmp.Diff(replay(t, set, now, list), replay(t, set, now, list)); diff != "" {
		t.Error(diff)
	}
}

// TestReplay_memory: what is kept does not grow with the history.
func TestReplay_memory(t *testing.T) { //nolint:paralleltest // it measures the heap
	set := studio(t)
	list := fortnight(t, set)
	held := func(n int) uint64 {
		r := backtest.New(backtest.Options{Old: set, New: studio(t, "needs: 1", "needs: 2"), Since: monday, Most: 10})
		for rec, err := range history.Repeat(list, n) {
			if err != nil {
				t.Fatal(err)
			}
			r.Add(rec)
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if got := r.Report(); got.Requests < 70*n {
			t.Fatalf("%d requests of %d times 100", got.Requests, n)
		}
		return m.HeapAlloc
	}
	held(1)
	few, many := held(2), held(12)
	if growth := uint64(2 << 20); many > few+growth {
		t.Errorf("%d KiB are held after 12 times the history, %d KiB after twice", many>>10, few>>10)
	}
}
