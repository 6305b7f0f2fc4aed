package layout

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"signoff/internal/store"
)

// A job that is due when it is enqueued is written as taken, its first attempt counted: the commit that makes the
// work is the commit that counts the attempt, and no second one is needed before the work begins. After a crash it
// is found running and tried again.

func (t *Tx) readJob(id string) (store.Job, bool, error) {
	b := t.kv.Get(jobs, []byte(id))
	if b == nil {
		return store.Job{}, false, nil
	}
	j, err := openJob(b)
	if err != nil {
		return store.Job{}, false, fmt.Errorf("job %s: %w", id, err)
	}
	return j, true, nil
}

func dueKey(j store.Job) []byte {
	return join(word(string(j.State)), instant(j.At), []byte(j.ID))
}

// writeJob replaces old (zero: none) by j.
func (t *Tx) writeJob(old, j store.Job) error {
	v, err := sealJob(j)
	if err != nil {
		return fmt.Errorf("write job %s: %w", j.ID, err)
	}
	if err := t.kv.Put(jobs, []byte(j.ID), v); err != nil {
		return err
	}
	if old.ID != "" && (old.State != j.State || !old.At.Equal(j.At)) {
		if err := t.kv.Delete(jobDue, dueKey(old)); err != nil {
			return err
		}
	}
	if err := t.kv.Put(jobDue, dueKey(j), []byte(j.Kind)); err != nil {
		return err
	}
	t.ready = t.ready || (j.State == store.JobReady && !t.handed(j))
	return nil
}

func (t *Tx) dropJob(j store.Job) error {
	if err := t.kv.Delete(jobs, []byte(j.ID)); err != nil {
		return err
	}
	if err := t.kv.Delete(jobDue, dueKey(j)); err != nil {
		return err
	}
	if t.kv.Get(rows, again(j.ID)) == nil {
		return nil
	}
	return t.kv.Delete(rows, again(j.ID))
}

// again marks a running job that was enqueued once more; the value is the new job.
func again(id string) []byte { return join(word("job again"), []byte(id)) }

// Enqueue implements store.Tx.
func (t *Tx) Enqueue(j store.Job) error {
	now := t.now()
	if j.Created.IsZero() {
		j.Created = now
	}
	j.State, j.Attempts = store.JobReady, 0
	old, ok, err := t.readJob(j.ID)
	if err != nil {
		return err
	}
	if ok && old.State == store.JobRunning {
		v, err := sealJSON(j)
		if err != nil {
			return fmt.Errorf("write job %s: %w", j.ID, err)
		}
		return t.kv.Put(rows, again(j.ID), v)
	}
	return t.writeJob(old, t.takeIfDue(j, now))
}

func (t *Tx) takeIfDue(j store.Job, now time.Time) store.Job {
	if !t.take || j.At.After(now) {
		return j
	}
	if !j.Careful || t.beginsNow(j) {
		j = taken(j, now)
	}
	t.due = append(t.due, j)
	return j
}

// beginsNow reports whether a careful job begins right after this commit: then there is nothing to be gained by counting
// its attempt in another one.
func (t *Tx) beginsNow(j store.Job) bool {
	for _, other := range t.due {
		if j.Lane != "" && other.Lane == j.Lane {
			return false
		}
	}
	return t.queue.idle(j.Lane, len(t.due)+1)
}

// handed reports whether the job is given to the queue after this commit.
func (t *Tx) handed(j store.Job) bool { return j.Careful && t.take && !j.At.After(t.now()) }

func taken(j store.Job, now time.Time) store.Job {
	j.State = store.JobRunning
	j.Attempts++
	j.Tried = now
	return j
}

// Job implements store.Tx.
func (t *Tx) Job(id string) (store.Job, bool, error) { return t.readJob(id) }

// Jobs implements store.Tx.
func (t *Tx) Jobs(q store.JobQuery) ([]store.Job, string, error) {
	states := []store.JobState{store.JobRunning, store.JobReady, store.JobParked}
	if q.State != "" {
		states = []store.JobState{q.State}
	}
	var cursor []byte
	if q.After != "" {
		var err error
		if cursor, err = hex.DecodeString(q.After); err != nil {
			return nil, "", fmt.Errorf("page cursor %q: %w", q.After, err)
		}
	}
	var list []store.Job
	for _, s := range states {
		next, err := t.jobsIn(s, q, cursor, &list)
		if err != nil || next != "" {
			return list, next, err
		}
		if cursor != nil && len(list) > 0 {
			cursor = nil
		}
	}
	return list, "", nil
}

func (t *Tx) jobsIn(s store.JobState, q store.JobQuery, cursor []byte, list *[]store.Job) (next string, err error) {
	prefix := word(string(s))
	from := prefix
	if cursor != nil {
		if len(cursor) < len(prefix) || string(cursor[:len(prefix)]) != string(prefix) {
			return "", nil
		}
		from = join(cursor, []byte{0})
	}
	var last []byte
	t.kv.Ascend(jobDue, from, after(prefix), func(k, kind []byte) bool {
		if q.Kind != "" && string(kind) != q.Kind {
			return true
		}
		var j store.Job
		if j, _, err = t.readJob(string(k[len(prefix)+8:])); err != nil {
			return false
		}
		if q.Request != "" && j.Request != q.Request {
			return true
		}
		if len(*list) == limit(q.Limit) {
			next = hex.EncodeToString(last)
			return false
		}
		*list, last = append(*list, j), clone(k)
		return true
	})
	return next, err
}

// Requeue implements store.Tx.
func (t *Tx) Requeue(id string, at time.Time) error {
	old, ok, err := t.readJob(id)
	if err != nil || !ok || old.State == store.JobRunning {
		return err
	}
	j := old
	j.At, j.State, j.Attempts, j.Why = at, store.JobReady, 0, ""
	return t.writeJob(old, t.takeIfDue(j, t.now()))
}

// Cancel implements store.Tx. A handler that cancels its own job inside its transaction finishes it in that commit.
func (t *Tx) Cancel(id string) error {
	j, ok, err := t.readJob(id)
	if err != nil || !ok {
		return err
	}
	return t.finish(j)
}

// finish deletes a job, or starts it once more when it was enqueued while it ran.
func (t *Tx) finish(j store.Job) error {
	if j.State == store.JobRunning {
		t.ended = append(t.ended, j.ID)
	}
	b := t.kv.Get(rows, again(j.ID))
	if err := t.dropJob(j); err != nil || b == nil {
		return err
	}
	var next store.Job
	if err := openJSON(b, &next); err != nil {
		return fmt.Errorf("job %s: %w", j.ID, err)
	}
	return t.Enqueue(next)
}

// Park implements store.Tx.
func (t *Tx) Park(id, why string) error {
	old, ok, err := t.readJob(id)
	if err != nil || !ok {
		return err
	}
	j := old
	j.State, j.Why = store.JobParked, why
	return t.writeJob(old, j)
}

// CountJobs implements store.Tx. It counts keys: jobs that are done are gone.
func (t *Tx) CountJobs() (map[store.JobState]int, error) {
	out := map[store.JobState]int{}
	for _, s := range []store.JobState{store.JobReady, store.JobRunning, store.JobParked} {
		if n := t.tally(jobDue, word(string(s))); n > 0 {
			out[s] = n
		}
	}
	return out, nil
}

// What follows is for the queue, not for users of store.Tx.

// Take returns up to n ready jobs that are due, taken but for the careful ones, with the instant the next one is due
// (zero: none). held are ready jobs that the queue has already.
func (t *Tx) Take(now time.Time, n int, held map[string]bool) ([]store.Job, time.Time, error) {
	prefix := word(string(store.JobReady))
	var ids []string
	var next time.Time
	t.kv.Ascend(jobDue, prefix, after(prefix), func(k, _ []byte) bool {
		if held[string(k[len(prefix)+8:])] {
			return true
		}
		at := instantOf(k[len(prefix):])
		if at.After(now) || len(ids) == n {
			next = at
			return false
		}
		ids = append(ids, string(k[len(prefix)+8:]))
		return true
	})
	var list []store.Job
	for _, id := range ids {
		old, ok, err := t.readJob(id)
		if err != nil {
			return nil, next, err
		}
		if !ok {
			continue
		}
		j := old
		if !j.Careful {
			j = taken(old, now)
			if err := t.writeJob(old, j); err != nil {
				return nil, next, err
			}
		}
		list = append(list, j)
	}
	return list, next, nil
}

// NextDue returns when the first ready job is due that is not held; idle when there is none.
func (t *Tx) NextDue(held map[string]bool) (at time.Time, idle bool) {
	prefix := word(string(store.JobReady))
	idle = true
	t.kv.Ascend(jobDue, prefix, after(prefix), func(k, _ []byte) bool {
		if held[string(k[len(prefix)+8:])] {
			return true
		}
		at, idle = instantOf(k[len(prefix):]), false
		return false
	})
	return at, idle
}

// Recover makes the jobs that an earlier process left running ready again and unsure, and returns how many. What was
// under way before, too, waits a little, longer each time: a process that ends many times within seconds, for whatever
// reason, then does not charge each of its ends to the same jobs.
func (t *Tx) Recover() (int, error) {
	list, _, err := t.Jobs(store.JobQuery{State: store.JobRunning, Limit: 1 << 30})
	if err != nil {
		return 0, err
	}
	for _, old := range list {
		j := unsure(old, true)
		j.State = store.JobReady
		if rest := restOf(j.Attempts); rest > 0 {
			j.At = t.now().Add(rest)
		}
		if err := t.writeJob(old, j); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

// restOf is how long a job waits that was running when the process ended: nothing at first, then 1 s to 32 s.
func restOf(attempts int) time.Duration {
	if attempts < 3 {
		return 0
	}
	return time.Second << min(attempts-3, 5)
}

// Release gives back jobs that were taken and never begun.
func (t *Tx) Release(list []store.Job) error {
	for _, j := range list {
		old, ok, err := t.readJob(j.ID)
		if err != nil {
			return err
		}
		if !ok || !current(old, j) {
			continue
		}
		back := old
		back.State = store.JobReady
		back.Attempts--
		if err := t.writeJob(old, back); err != nil {
			return err
		}
	}
	return nil
}

// Begin takes a careful job that a commit has handed to the queue; false when it is not waiting as it was.
func (t *Tx) Begin(j store.Job) (store.Job, bool, error) {
	old, ok, err := t.readJob(j.ID)
	if err != nil || !ok || old.State != store.JobReady || !old.At.Equal(j.At) || !old.Created.Equal(j.Created) {
		return j, false, err
	}
	now := taken(old, t.now())
	return now, true, t.writeJob(old, now)
}

// Begun reports whether a job that was taken may still be begun: it has not been cancelled or parked meanwhile.
func (t *Tx) Begun(j store.Job) (bool, error) {
	old, ok, err := t.readJob(j.ID)
	return ok && current(old, j), err
}

// current reports whether stored is still the attempt that was taken.
func current(stored, taken store.Job) bool {
	return stored.State == store.JobRunning && stored.Attempts == taken.Attempts && stored.Tried.Equal(taken.Tried)
}

// Settle writes down how a running job ended: nil finishes it, a LaterError or ParkError does as it says, any other
// error means again after pause. A job that its handler has finished already is left alone.
func (t *Tx) Settle(ran store.Job, outcome error, pause time.Duration) error {
	old, ok, err := t.readJob(ran.ID)
	if err != nil || !ok || !current(old, ran) {
		return err
	}
	if outcome == nil {
		return t.finish(old)
	}
	return t.writeJob(old, settled(old, outcome, t.now().Add(pause)))
}

func settled(j store.Job, outcome error, retry time.Time) store.Job {
	j.State, j.Why = store.JobReady, outcome.Error()
	var park *store.ParkError
	var later *store.LaterError
	switch {
	case errors.As(outcome, &park):
		j.State, j.Why = store.JobParked, park.Why
	case errors.As(outcome, &later):
		j.At, j.Why = later.At, later.Why
		j = unsure(j, later.Unsure)
		if later.Free {
			j.Attempts--
		}
	default:
		j.At = retry
	}
	return j
}

// unsure marks or clears that an attempt may have had its effect; Lost keeps the first such attempt.
func unsure(j store.Job, is bool) store.Job {
	switch {
	case !is:
		j.Unsure, j.Lost = false, time.Time{}
	case !j.Unsure || j.Lost.IsZero():
		j.Unsure, j.Lost = true, j.Tried
	}
	return j
}
