package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
)

// library is a repository of rules and whoever takes them over.
type library struct {
	*outside

	mu       sync.Mutex
	commit   string
	open     []connectors.Proposal
	down     error
	broken   []string // commits that are refused
	taken    []string
	reviews  []string // number, commit, state
	assessed int
	during   func() // while it is read, once
}

func (l *library) Shelved() connectors.Shelved {
	return connectors.Shelved{Repository: "lumen/studio-rules", Branch: "main"}
}

func (l *library) Head(context.Context) (string, []connectors.Proposal, error) {
	l.mu.Lock()
	commit, open, down, during := l.commit, slices.Clone(l.open), l.down, l.during
	l.during = nil
	l.mu.Unlock()
	if during != nil {
		during()
	}
	return commit, open, down
}

func (l *library) RuleFiles(_ context.Context, commit string) ([]connectors.RuleFile, error) {
	return []connectors.RuleFile{{Name: "studio.yaml", Data: []byte(commit)}}, nil
}

func (l *library) Review(_ context.Context, p connectors.Proposal, r connectors.Review) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reviews = append(l.reviews, p.Commit+" "+r.State)
	return nil
}

func (l *library) Take(_ context.Context, commit string, files []connectors.RuleFile) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken = append(l.taken, commit+"="+string(files[0].Data))
	if slices.Contains(l.broken, commit) {
		return errors.New("1 error")
	}
	return nil
}

func (l *library) Assess(context.Context, []connectors.RuleFile) connectors.Review {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.assessed++
	return connectors.Review{State: "success", Summary: "in order", Body: "In order."}
}

func (l *library) set(commit string, open ...connectors.Proposal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.commit, l.open = commit, open
}

func (l *library) done() (taken, reviews []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken, reviews, l.taken, l.reviews = l.taken, l.reviews, nil, nil
	return taken, reviews
}

func inLibrary(t *testing.T, test func(*world, *library)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		l := &library{outside: newOutside("github", time.Now), commit: "c1"}
		w.conns["github"] = l
		w.opts = func(o *engine.Options) { o.Librarian = l }
		w.start()
		defer func() { w.stop() }()
		synctest.Wait()
		test(w, l)
	})
}

func (l *library) want(t *testing.T, when string, taken, reviews []string) {
	t.Helper()
	gotTaken, gotReviews := l.done()
	if !slices.Equal(gotTaken, taken) || !slices.Equal(gotReviews, reviews) {
		t.Errorf("%s: taken %v, reviewed %v; want %v and %v", when, gotTaken, gotReviews, taken, reviews)
	}
}

func TestShelf_TakesWhatIsMergedAndReviewsWhatIsProposed(t *testing.T) {
	t.Parallel()
	inLibrary(t, func(w *world, l *library) {
		l.want(t, "at the start", []string{"c1=c1"}, nil)
		l.set("c1", connectors.Proposal{Number: 7, Commit: "p1"})
		w.pass(5*time.Minute + time.Second)
		l.want(t, "a proposal that no webhook told of", nil, []string{"p1 pending", "p1 success"})
		w.pass(5 * time.Minute)
		l.want(t, "nothing new", nil, nil)
		l.set("c1", connectors.Proposal{Number: 7, Commit: "p2"})
		w.pass(5 * time.Minute)
		l.want(t, "a new commit of the proposal", nil, []string{"p2 pending", "p2 success"})
		l.set("p2")
		w.pass(5 * time.Minute)
		l.want(t, "merged", []string{"p2=p2"}, nil)
		st, ok, err := w.engine.Shelving(t.Context())
		if err != nil || !ok || st.Commit != "p2" || st.Repository != "lumen/studio-rules" || len(st.Reviewed) != 0 || st.Refused {
			t.Errorf("shelving %+v %v %v", st, ok, err)
		}
		commit, files, err := engine.KeptRules(t.Context(), w.store, "github")
		if err != nil || commit != "p2" || len(files) != 1 || string(files[0].Data) != "p2" {
			t.Errorf("kept %s %+v %v, want those that were merged", commit, files, err)
		}
	})
}

func TestShelf_RefusedOnceAndTheLastGoodOnesKept(t *testing.T) {
	t.Parallel()
	inLibrary(t, func(w *world, l *library) {
		l.done()
		l.broken = []string{"bad"}
		l.set("bad")
		w.pass(16 * time.Minute)
		l.want(t, "a broken commit", []string{"bad=bad"}, nil)
		if st, _, _ := w.engine.Shelving(t.Context()); !st.Refused || st.Commit != "bad" {
			t.Errorf("shelving %+v, want that it was refused", st)
		}
		if commit, _, err := engine.KeptRules(t.Context(), w.store, "github"); err != nil || commit != "c1" {
			t.Errorf("kept %s %v, want the last good ones", commit, err)
		}
		if err := w.engine.LookAtRules(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Second)
		l.want(t, "asked for by hand", []string{"bad=bad"}, nil)
	})
}

func TestShelf_OutageOnlyDelays(t *testing.T) {
	t.Parallel()
	inLibrary(t, func(w *world, l *library) {
		l.done()
		l.mu.Lock()
		l.commit, l.down = "c2", &connectors.Error{Op: "read branch", Class: connectors.Transient, Err: errors.New("down")}
		l.mu.Unlock()
		w.pass(10 * time.Minute)
		l.want(t, "while it is down", nil, nil)
		l.mu.Lock()
		l.down = nil
		l.mu.Unlock()
		w.pass(10 * time.Minute)
		l.want(t, "after it", []string{"c2=c2"}, nil)
	})
}

// A proposal that was looked at is looked at again when other rules have come into use.
func TestShelf_NewRulesNewReview(t *testing.T) {
	t.Parallel()
	inLibrary(t, func(w *world, l *library) {
		l.set("c1", connectors.Proposal{Number: 7, Commit: "p1"})
		w.pass(5*time.Minute + time.Second)
		l.done()
		w.engine.Swap(compile(t, strings.Replace(studio, "name: Brand review", "name: Other review", 1)))
		w.pass(5 * time.Minute)
		l.want(t, "other rules in use", nil, []string{"p1 pending", "p1 success"})
	})
}

// What rings while the repository is being read is not lost: it is read once more.
func TestShelf_RungWhileItIsRead(t *testing.T) {
	t.Parallel()
	inLibrary(t, func(w *world, l *library) {
		l.done()
		ring := func(id string) {
			w.hook(body{ID: id, Event: &flow.Event{Kind: flow.RulesPushed, Actor: flow.Actor{Ref: flow.Ref{System: "slack", Type: "user", Key: "1"}}}})
		}
		l.set("c2")
		l.mu.Lock()
		l.during = func() { l.set("c3"); ring("second") }
		l.mu.Unlock()
		ring("first")
		w.pass(time.Second)
		l.want(t, "rung twice", []string{"c2=c2", "c3=c3"}, nil)
	})
}
