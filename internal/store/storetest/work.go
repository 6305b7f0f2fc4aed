package storetest

import (
	"context"
	"errors"
	"fmt"
	"signoff/internal/store"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func worked(t *testing.T, s store.Store, h store.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Work(ctx, h) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Work: %v", err)
		}
	}
}

func enqueue(t *testing.T, s store.Store, jobs ...store.Job) {
	t.Helper()
	update(t, s, func(tx store.Tx) error {
		for _, j := range jobs {
			if err := tx.Enqueue(j); err != nil {
				return err
			}
		}
		return nil
	})
}

func testLanes(t *testing.T, open Open) {
	c := newClock()
	s := open(t, "lanes", c.layout())
	var busy, most atomic.Int64
	ran := make(chan string, 100)
	stop := worked(t, s, func(_ context.Context, j store.Job) error {
		if j.Lane != "" {
			most.Store(max(most.Load(), busy.Add(1)))
			defer busy.Add(-1)
		}
		ran <- j.ID
		return nil
	})
	for i := range 20 {
		enqueue(t, s, store.Job{ID: fmt.Sprint(i), Lane: "CR-1/card", At: start})
	}
	enqueue(t, s, store.Job{ID: "later", At: start.Add(time.Hour)})
	for range 20 {
		if id := <-ran; id == "later" {
			t.Error("a job ran before its time")
		}
	}
	c.move(s, 2*time.Hour)
	if id := <-ran; id != "later" {
		t.Errorf("after the clock moved %q ran", id)
	}
	stop()
	if most.Load() != 1 {
		t.Errorf("%d jobs of one lane ran at the same time", most.Load())
	}
}

func testJobLife(t *testing.T, open Open) {
	c := newClock()
	s := open(t, "life", c.layout())
	type attempt struct {
		ID       string
		Attempts int
		Unsure   bool
	}
	tries := make(chan attempt, 10)
	var mu sync.Mutex
	next := []error{store.Later(start.Add(time.Minute), "busy"), &store.LaterError{At: start.Add(2 * time.Minute), Unsure: true, Free: true, Why: "lost"}, store.Park("no such channel"), nil}
	stop := worked(t, s, func(_ context.Context, j store.Job) error {
		mu.Lock()
		defer mu.Unlock()
		err := next[0]
		next = next[1:]
		tries <- attempt{j.ID, j.Attempts, j.Unsure}
		return err
	})
	enqueue(t, s, store.Job{ID: "a", Kind: "do", Request: "CR-1", At: start, Payload: []byte("p")})
	want := []attempt{{"a", 1, false}, {"a", 2, false}, {"a", 2, true}}
	for i, w := range want {
		if got := <-tries; got != w {
			t.Errorf("attempt %d = %+v, want %+v", i+1, got, w)
		}
		waitFor(t, s, func(tx store.Tx) bool { j, _, _ := tx.Job("a"); return j.State != store.JobRunning })
		if i < 2 {
			c.move(s, time.Minute)
		}
	}
	view(t, s, func(tx store.Tx) error {
		list, _, err := tx.Jobs(store.JobQuery{State: store.JobParked, Kind: "do", Request: "CR-1"})
		if len(list) != 1 || list[0].Why != "no such channel" || string(list[0].Payload) != "p" || err != nil {
			t.Errorf("parked jobs = %+v, %v", list, err)
		}
		return nil
	})
	update(t, s, func(tx store.Tx) error { return tx.Requeue("a", start) })
	if got := <-tries; got.Attempts != 1 {
		t.Errorf("requeued attempt = %+v, want attempts from 1", got)
	}
	waitFor(t, s, func(tx store.Tx) bool { _, ok, _ := tx.Job("a"); return !ok })
	stop()
}

func waitFor(t *testing.T, s store.Store, is func(store.Tx) bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	for {
		var ok bool
		view(t, s, func(tx store.Tx) error { ok = is(tx); return nil })
		if ok {
			return
		}
		select {
		case <-deadline.C:
			t.Fatal("the store did not come to the state in 20 s")
		case <-time.After(time.Millisecond):
		}
	}
}

func testAttempts(t *testing.T, open Open) {
	s := open(t, "attempts", newClock().layout())
	stored := make(chan int, 1)
	stop := worked(t, s, func(ctx context.Context, j store.Job) error {
		return s.View(ctx, func(tx store.Tx) error {
			now, _, err := tx.Job(j.ID)
			stored <- now.Attempts
			return err
		})
	})
	enqueue(t, s, store.Job{ID: "a", At: start})
	if n := <-stored; n != 1 {
		t.Errorf("attempts stored while the handler runs = %d, want 1", n)
	}
	stop()
}

func testOwnFinish(t *testing.T, open Open) {
	s := open(t, "own", newClock().layout())
	done := make(chan error, 1)
	stop := worked(t, s, func(ctx context.Context, j store.Job) error {
		err := s.Update(ctx, func(tx store.Tx) error { return errors.Join(tx.PutRow("t", "k", []byte("v")), tx.Cancel(j.ID)) })
		done <- err
		return err
	})
	enqueue(t, s, store.Job{ID: "a", At: start})
	if err := <-done; err != nil {
		t.Errorf("finishing inside the handler's transaction: %v", err)
	}
	stop()
	view(t, s, func(tx store.Tx) error {
		if j, ok, _ := tx.Job("a"); ok {
			t.Errorf("the job is still there: %+v", j)
		}
		return nil
	})
}

func testAgain(t *testing.T, open Open) {
	s := open(t, "again", newClock().layout())
	began, goOn := make(chan string, 2), make(chan struct{})
	stop := worked(t, s, func(_ context.Context, j store.Job) error {
		began <- string(j.Payload)
		<-goOn
		return nil
	})
	enqueue(t, s, store.Job{ID: "a", At: start, Payload: []byte("1")})
	if p := <-began; p != "1" {
		t.Errorf("first run has payload %q", p)
	}
	enqueue(t, s, store.Job{ID: "a", At: start, Payload: []byte("2")})
	close(goOn)
	if p := <-began; p != "2" {
		t.Errorf("second run has payload %q", p)
	}
	stop()
}

func testPanic(t *testing.T, open Open) {
	c := newClock()
	s := open(t, "panic", c.layout())
	tries := make(chan int, 2)
	stop := worked(t, s, func(_ context.Context, j store.Job) error {
		tries <- j.Attempts
		if j.Attempts == 1 {
			panic("planted")
		}
		return nil
	})
	enqueue(t, s, store.Job{ID: "a", At: start})
	<-tries
	waitFor(t, s, func(tx store.Tx) bool {
		j, _, _ := tx.Job("a")
		return j.State == store.JobReady && strings.Contains(j.Why, "planted") && j.At.After(start)
	})
	c.move(s, 10*time.Minute)
	if n := <-tries; n != 2 {
		t.Errorf("after a panic the attempt is %d, want 2", n)
	}
	stop()
}

func testCancel(t *testing.T, open Open) {
	s := open(t, "cancel", newClock().layout())
	began, goOn := make(chan string, 3), make(chan struct{})
	stop := worked(t, s, func(_ context.Context, j store.Job) error {
		began <- j.ID
		<-goOn
		return nil
	})
	enqueue(t, s, store.Job{ID: "first", Lane: "l", At: start}, store.Job{ID: "second", Lane: "l", At: start}, store.Job{ID: "third", Lane: "l", At: start})
	if id := <-began; id != "first" {
		t.Errorf("%s began first", id)
	}
	update(t, s, func(tx store.Tx) error { return tx.Cancel("second") })
	close(goOn)
	if id := <-began; id != "third" {
		t.Errorf("%s began although it was cancelled", id)
	}
	stop()
}

func testCrash(t *testing.T, open Open) {
	c := newClock()
	s := open(t, "crash", c.layout())
	began := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- s.Work(ctx, func(ctx context.Context, j store.Job) error {
			began <- struct{}{}
			<-ctx.Done() // the process ends before the handler does
			return ctx.Err()
		})
	}()
	enqueue(t, s, store.Job{ID: "a", At: start})
	<-began
	cancel()
	if err := <-done; err != nil {
		t.Fatalf("Work: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	s = open(t, "crash", c.layout())
	if s == nil {
		t.Log("this store keeps nothing over a restart")
		return
	}
	again := make(chan store.Job, 1)
	stop := worked(t, s, func(_ context.Context, j store.Job) error { again <- j; return nil })
	if j := <-again; j.Attempts != 2 || !j.Unsure || !j.Lost.Equal(start) {
		t.Errorf("after the restart: %+v, want attempt 2, unsure, lost at the first", j)
	}
	stop()
}

func testCareful(t *testing.T, open Open) {
	c := newClock()
	s := open(t, "careful", c.layout())
	began := make(chan string, 2)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- s.Work(ctx, func(ctx context.Context, j store.Job) error {
			began <- j.ID
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	enqueue(t, s, store.Job{ID: "first", Lane: "l", At: start, Careful: true}, store.Job{ID: "second", Lane: "l", At: start, Careful: true})
	<-began
	view(t, s, func(tx store.Tx) error {
		first, _, _ := tx.Job("first")
		second, _, _ := tx.Job("second")
		if first.State != store.JobRunning || first.Attempts != 1 || second.State != store.JobReady || second.Attempts != 0 {
			t.Errorf("while the first runs: %+v, %+v, want only the first counted", first, second)
		}
		return nil
	})
	cancel()
	if err := <-done; err != nil {
		t.Fatalf("Work: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if s = open(t, "careful", c.layout()); s == nil {
		t.Log("this store keeps nothing over a restart")
		return
	}
	again := make(chan store.Job, 2)
	stop := worked(t, s, func(_ context.Context, j store.Job) error { again <- j; return nil })
	for range 2 {
		if j := <-again; j.Unsure != (j.ID == "first") {
			t.Errorf("after the restart %s is unsure %v, want only the one that had begun", j.ID, j.Unsure)
		}
	}
	stop()
}

func testMany(t *testing.T, open Open) {
	s := open(t, "many", newClock().layout())
	const n = 10_000
	for from := 0; from < n; from += 500 {
		var list []store.Job
		for i := from; i < from+500; i++ {
			list = append(list, store.Job{ID: fmt.Sprintf("job-%05d", i), At: start})
		}
		enqueue(t, s, list...)
	}
	var mu sync.Mutex
	ran := map[string]int{}
	all := make(chan struct{})
	stop := worked(t, s, func(_ context.Context, j store.Job) error {
		mu.Lock()
		defer mu.Unlock()
		ran[j.ID]++
		if len(ran) == n {
			select {
			case <-all:
			default:
				close(all)
			}
		}
		return nil
	})
	<-all
	stop()
	twice := slices.DeleteFunc(slices.Collect(keysOf(ran)), func(id string) bool { return ran[id] == 1 })
	if len(twice) > 0 {
		t.Errorf("%d jobs ran more than once, first %s", len(twice), twice[0])
	}
	view(t, s, func(tx store.Tx) error {
		if left, err := tx.CountJobs(); len(left) > 0 || err != nil {
			t.Errorf("CountJobs = %v, %v after all were done", left, err)
		}
		return nil
	})
}

func keysOf(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func testCounts(t *testing.T, open Open) {
	s := open(t, "counts", newClock().layout())
	enqueue(t, s, store.Job{ID: "a", At: start.Add(time.Hour)}, store.Job{ID: "b", At: start.Add(time.Hour)})
	update(t, s, func(tx store.Tx) error { return tx.Park("b", "by hand") })
	view(t, s, func(tx store.Tx) error {
		n, err := tx.CountJobs()
		if want := map[store.JobState]int{store.JobReady: 1, store.JobParked: 1}; !cmp.Equal(n, want) || err != nil {
			t.Errorf("CountJobs = %v, %v, want %v", n, err, want)
		}
		return nil
	})
	update(t, s, func(tx store.Tx) error { return errors.Join(tx.Cancel("a"), tx.Cancel("b"), tx.Cancel("none")) })
	view(t, s, func(tx store.Tx) error {
		if n, _ := tx.CountJobs(); len(n) != 0 {
			t.Errorf("CountJobs after cancelling = %v", n)
		}
		return nil
	})
}

func testSecondWork(t *testing.T, open Open) {
	c := newClock()
	s := open(t, "second", c.layout())
	began := make(chan string, 4)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- s.Work(ctx, func(ctx context.Context, j store.Job) error {
			began <- j.ID
			<-ctx.Done()
			return store.Later(start, "stopping")
		})
	}()
	enqueue(t, s, store.Job{ID: "a", Lane: "l", At: start}, store.Job{ID: "b", Lane: "l", At: start})
	<-began
	cancel()
	if err := <-done; err != nil {
		t.Fatalf("Work: %v", err)
	}
	stop := worked(t, s, func(_ context.Context, j store.Job) error { began <- j.ID; return nil })
	got := []string{<-began, <-began}
	slices.Sort(got)
	if !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("the second time %q ran, want both: a lane of the first time must not stay busy", got)
	}
	stop()
}
