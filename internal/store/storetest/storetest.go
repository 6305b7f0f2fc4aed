// Package storetest holds every store to one behaviour.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/store/layout"
)

// Open opens a store: with the same name the same store, as a restart would find it. A store that keeps nothing over
// a restart returns nil when asked for a name again.
type Open func(t *testing.T, name string, c layout.Clock) store.Store

// Run runs the suite.
func Run(t *testing.T, open Open) {
	cases := map[string]func(*testing.T, Open){
		"update is all or nothing":             testAtomic,
		"a failing neighbour takes nothing":    testNeighbours,
		"seen remembers and forgets":           testSeen,
		"deliveries":                           testDeliveries,
		"requests and terms":                   testRequests,
		"conflicting versions":                 testConflict,
		"records":                              testRecords,
		"rows":                                 testRows,
		"jobs run when due, in their lanes":    testLanes,
		"jobs wait, park and come back":        testJobLife,
		"attempts are counted before the work": testAttempts,
		"a handler finishes its own job":       testOwnFinish,
		"enqueued again while running":         testAgain,
		"a panic is an error":                  testPanic,
		"a cancelled job does not begin":       testCancel,
		"crash between take and finish":        testCrash,
		"crash before a careful job begins":    testCareful,
		"ten thousand jobs":                    testMany,
		"counters":                             testCounts,
	}
	for name, f := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, open)
		})
	}
}

var start = time.Date(2026, 11, 18, 15, 0, 0, 0, time.UTC)

// clock is moved by hand; whoever waits on it is woken by the queue's Nudge.
type clock struct{ now atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.now.Store(start.UnixNano())
	return c
}

func (c *clock) layout() layout.Clock {
	return layout.Clock{
		Now:   func() time.Time { return time.Unix(0, c.now.Load()).UTC() },
		After: func(time.Duration) <-chan time.Time { return nil }, // only Nudge wakes
	}
}

func (c *clock) move(s store.Store, d time.Duration) {
	c.now.Add(int64(d))
	s.(interface{ Nudge() }).Nudge()
}

func update(t *testing.T, s store.Store, f func(store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), f); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func view(t *testing.T, s store.Store, f func(store.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), f); err != nil {
		t.Fatalf("View: %v", err)
	}
}

func row(t *testing.T, s store.Store, table, key string) string {
	t.Helper()
	var got []byte
	view(t, s, func(tx store.Tx) error {
		var err error
		got, err = tx.Row(table, key)
		return err
	})
	return string(got)
}

func testAtomic(t *testing.T, open Open) {
	s := open(t, "atomic", newClock().layout())
	boom := errors.New("boom")
	err := s.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.PutRow("t", "k", []byte("v")), tx.Enqueue(store.Job{ID: "j", At: start}), boom)
	})
	if !errors.Is(err, boom) {
		t.Errorf("Update returned %v, want the function's own error", err)
	}
	err = s.Update(t.Context(), func(tx store.Tx) error {
		_ = tx.PutRow("t", "k", []byte("v"))
		panic("planted")
	})
	if err == nil || !strings.Contains(err.Error(), "planted") {
		t.Errorf("Update after a panic returned %v, want an error that says so", err)
	}
	if got := row(t, s, "t", "k"); got != "" {
		t.Errorf("row after failed updates = %q, want none", got)
	}
	view(t, s, func(tx store.Tx) error {
		if _, ok, _ := tx.Job("j"); ok {
			t.Error("a job of a failed update exists")
		}
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Update(ctx, func(store.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Update with an ended context returned %v", err)
	}
}

func testNeighbours(t *testing.T, open Open) {
	s := open(t, "neighbours", newClock().layout())
	var wg sync.WaitGroup
	var good atomic.Int64
	for i := range 64 {
		wg.Go(func() {
			err := s.Update(t.Context(), func(tx store.Tx) error {
				if _, err := tx.Seq("n"); err != nil {
					return err
				}
				if i%3 == 0 {
					return errors.New("no")
				}
				return nil
			})
			if err == nil {
				good.Add(1)
			}
		})
	}
	wg.Wait()
	var n uint64
	update(t, s, func(tx store.Tx) error { var err error; n, err = tx.Seq("n"); return err })
	if want := uint64(good.Load()) + 1; n != want || good.Load() != 42 {
		t.Errorf("counter = %d after %d good updates, want %d after 42", n, good.Load(), want)
	}
}

func testSeen(t *testing.T, open Open) {
	s := open(t, "seen", newClock().layout())
	until := start.Add(30 * 24 * time.Hour)
	see := func(value string) (first string, seen bool) {
		update(t, s, func(tx store.Tx) error {
			var err error
			first, seen, err = tx.Seen("slack/Ev1", value, until)
			return err
		})
		return first, seen
	}
	if _, seen := see("a"); seen {
		t.Error("a new key was seen")
	}
	if first, seen := see("b"); !seen || first != "a" {
		t.Errorf("Seen again = %q, %v, want the first value and true", first, seen)
	}
	expire := func(now time.Time) (n int) {
		update(t, s, func(tx store.Tx) error { var err error; n, err = tx.Expire(now, 100); return err })
		return n
	}
	if n := expire(until.Add(-time.Second)); n != 0 {
		t.Errorf("%d keys expired before their time", n)
	}
	if n := expire(until.Add(time.Second)); n != 1 {
		t.Errorf("%d keys expired after their time, want 1", n)
	}
	if _, seen := see("c"); seen {
		t.Error("an expired key was seen")
	}
}

func delivery(i int, state flow.DeliveryState) flow.Delivery {
	return flow.Delivery{
		ID: fmt.Sprintf("slack/Ev%d", i), Instance: "slack", Kind: "event:app_mention", At: start.Add(time.Duration(i) * time.Second),
		Body: []byte{0, 1, 2, byte(i)}, Hash: "h", State: state,
	}
}

func testDeliveries(t *testing.T, open Open) {
	s := open(t, "deliveries", newClock().layout())
	update(t, s, func(tx store.Tx) error {
		for i := range 5 {
			if err := tx.PutDelivery(delivery(i, flow.Waiting)); err != nil {
				return err
			}
		}
		return errors.Join(tx.SetDelivery("slack/Ev1", flow.Done, ""), tx.SetDelivery("slack/Ev2", flow.Dead, "no such stage"))
	})
	d := delivery(3, flow.Waiting)
	d.Learned = []byte(`{"name":"Maya"}`)
	update(t, s, func(tx store.Tx) error { return tx.PutDelivery(d) })
	view(t, s, func(tx store.Tx) error {
		got, ok, err := tx.Delivery("slack/Ev3")
		if diff := cmp.Diff(d, got); diff != "" || !ok || err != nil {
			t.Errorf("Delivery: %v %v (-want +got)\n%s", ok, err, diff)
		}
		if dead, _, _ := tx.Delivery("slack/Ev2"); dead.Why != "no such stage" {
			t.Errorf("dead delivery's why = %q", dead.Why)
		}
		for state, want := range map[flow.DeliveryState]string{
			"": "43210", flow.Waiting: "430", flow.Done: "1", flow.Dead: "2", flow.Malformed: "",
		} {
			if got := ids(t, tx, store.DeliveryQuery{State: state, Limit: 2}); got != want {
				t.Errorf("deliveries %q = %s, want %s (newest first)", state, got, want)
			}
		}
		n, err := tx.CountDeliveries()
		if want := map[flow.DeliveryState]int{flow.Waiting: 3, flow.Done: 1, flow.Dead: 1}; !cmp.Equal(n, want) || err != nil {
			t.Errorf("CountDeliveries = %v, %v, want %v", n, err, want)
		}
		return nil
	})
	update(t, s, func(tx store.Tx) error {
		n, err := tx.DropDeliveries(start.Add(time.Minute), 100)
		if n != 2 {
			t.Errorf("dropped %d deliveries, want the 2 final ones", n)
		}
		return err
	})
}

// ids walks all pages and returns the deliveries' numbers.
func ids(t *testing.T, tx store.Tx, q store.DeliveryQuery) string {
	t.Helper()
	var out strings.Builder
	for {
		list, next, err := tx.Deliveries(q)
		if err != nil {
			t.Fatalf("Deliveries: %v", err)
		}
		for _, d := range list {
			out.WriteString(strings.TrimPrefix(d.ID, "slack/Ev"))
		}
		if next == "" {
			return out.String()
		}
		q.After = next
	}
}

func request(i int, version int64) flow.Request {
	return flow.Request{ID: flow.RequestID(fmt.Sprintf("CR-%d", i)), Version: version, Status: flow.InReview, Title: "Spring banner"}
}

func testRequests(t *testing.T, open Open) {
	s := open(t, "requests", newClock().layout())
	for i := 1; i <= 5; i++ {
		update(t, s, func(tx store.Tx) error {
			terms := []string{"status:in_review", fmt.Sprintf("odd:%v", i%2 == 1), fmt.Sprintf("ref:%d", i)}
			return tx.PutRequest(request(i, 1), terms)
		})
	}
	update(t, s, func(tx store.Tx) error { return tx.PutRequest(request(3, 2), []string{"status:approved", "odd:true"}) })
	view(t, s, func(tx store.Tx) error {
		for want, terms := range map[string][]string{
			"5 4 3 2 1": nil, "5 4 2 1": {"status:in_review"}, "5 1": {"status:in_review", "odd:true"},
			"3": {"status:approved"}, "": {"ref:3"}, "2": {"ref:2"},
		} {
			if got := requestIDs(t, tx, terms); got != want {
				t.Errorf("requests with %q = %q, want %q", terms, got, want)
			}
		}
		if n, err := tx.CountRequests("status:in_review"); n != 4 || err != nil {
			t.Errorf("CountRequests = %d, %v, want 4", n, err)
		}
		r, ok, err := tx.Request("CR-3")
		if diff := cmp.Diff(request(3, 2), r); diff != "" || !ok || err != nil {
			t.Errorf("Request: %v %v (-want +got)\n%s", ok, err, diff)
		}
		return nil
	})
}

func requestIDs(t *testing.T, tx store.Tx, terms []string) string {
	t.Helper()
	var out []string
	q := store.Query{Terms: terms, Limit: 2}
	for {
		list, next, err := tx.Requests(q)
		if err != nil {
			t.Fatalf("Requests: %v", err)
		}
		for _, r := range list {
			out = append(out, strings.TrimPrefix(string(r.ID), "CR-"))
		}
		if next == "" {
			return strings.Join(out, " ")
		}
		q.After = next
	}
}

func testConflict(t *testing.T, open Open) {
	s := open(t, "conflict", newClock().layout())
	update(t, s, func(tx store.Tx) error { return tx.PutRequest(request(1, 1), nil) })
	runs := 0
	err := s.Update(t.Context(), func(tx store.Tx) error { runs++; return tx.PutRequest(request(1, 1), nil) })
	if !errors.Is(err, store.ErrConflict) || runs < 2 {
		t.Errorf("a stale version: %v after %d runs, want ErrConflict after several", err, runs)
	}
}

func testRecords(t *testing.T, open Open) {
	s := open(t, "records", newClock().layout())
	var want []flow.Record
	update(t, s, func(tx store.Tx) error {
		for i := range 6 {
			r := flow.Record{Request: flow.RequestID(fmt.Sprintf("CR-%d", i%2)), Version: int64(i/2 + 1), Ruleset: "d"}
			seq, err := tx.Record(r)
			if err != nil {
				return err
			}
			r.Seq = seq
			want = append(want, r)
		}
		return nil
	})
	view(t, s, func(tx store.Tx) error {
		got, err := tx.History(0, 100)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("History: %v (-want +got)\n%s", err, diff)
		}
		if got, _ := tx.History(want[1].Seq, 2); !cmp.Equal(got, want[2:4]) {
			t.Errorf("History after the second, 2 = %v", got)
		}
		one, err := tx.Records("CR-1")
		if diff := cmp.Diff([]flow.Record{want[1], want[3], want[5]}, one); diff != "" || err != nil {
			t.Errorf("Records: %v (-want +got)\n%s", err, diff)
		}
		return nil
	})
}

func testRows(t *testing.T, open Open) {
	s := open(t, "rows", newClock().layout())
	update(t, s, func(tx store.Tx) error {
		for _, k := range []string{"b", "a", "ab", "c"} {
			if err := tx.PutRow("t", k, []byte("v"+k)); err != nil {
				return err
			}
		}
		return errors.Join(tx.PutRow("t2", "a", []byte("other")), tx.DeleteRow("t", "c"), tx.PutRow("t", "empty", nil))
	})
	scan := func(from, to string, n int) string {
		var got []string
		view(t, s, func(tx store.Tx) error {
			return tx.Rows("t", from, to, n, func(k string, v []byte) error { got = append(got, k); return nil })
		})
		return strings.Join(got, " ")
	}
	for want, args := range map[string][3]any{"a ab b empty": {"", "", 0}, "ab b": {"ab", "c", 0}, "a": {"", "", 1}} {
		if got := scan(args[0].(string), args[1].(string), args[2].(int)); got != want {
			t.Errorf("Rows%v = %q, want %q", args, got, want)
		}
	}
	view(t, s, func(tx store.Tx) error {
		if b, _ := tx.Row("t", "empty"); b == nil {
			t.Error("an empty value reads as absent")
		}
		return nil
	})
}

// worked runs h until stop says so.
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

// waitFor reads until the state is there; every read is a fresh look at what is committed.
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
