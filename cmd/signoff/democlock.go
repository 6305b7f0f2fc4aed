package main

import (
	"fmt"
	"sync"
	"time"

	"signoff/internal/calendar"
	"signoff/internal/sandbox"
)

// demoClock is the time of the demo: it starts on a working morning in London, runs at its own speed, and can be moved
// forward.
type demoClock struct {
	real  func() time.Time
	speed float64
	zone  *time.Location
	work  *calendar.Calendar

	mu     sync.Mutex
	origin time.Time // real
	start  time.Time // demo time at origin
	moved  chan struct{}
}

func newDemoClock(real func() time.Time, speed float64) *demoClock {
	work, err := calendar.New(calendar.Spec{Zone: "Europe/London", Hours: map[string][]string{"mon-thu": {"09:30-18:00"}, "fri": {"09:30-16:30"}}})
	if err != nil {
		panic(fmt.Sprintf("demo calendar: %v", err)) // a fixed calendar
	}
	c := &demoClock{real: real, speed: speed, zone: work.Location(), work: work, origin: real(), moved: make(chan struct{})}
	c.start = lastWednesday(c.origin.In(c.zone))
	return c
}

// lastWednesday is ten o'clock on the Wednesday that was last: a morning with the rest of a working week before it.
func lastWednesday(now time.Time) time.Time {
	back := (int(now.Weekday()) - int(time.Wednesday) + 7) % 7
	morning := time.Date(now.Year(), now.Month(), now.Day()-back, 10, 0, 0, 0, now.Location())
	if morning.After(now) {
		morning = morning.AddDate(0, 0, -7)
	}
	return morning
}

// Now tells the demo's time.
func (c *demoClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *demoClock) now() time.Time {
	return c.start.Add(time.Duration(float64(c.real().Sub(c.origin)) * c.speed)).UTC()
}

// After sends once d of the demo's time has passed, also because somebody moved the clock.
func (c *demoClock) After(d time.Duration) <-chan time.Time {
	due := c.Now().Add(d)
	out := make(chan time.Time, 1)
	go func() {
		for {
			left, moved := c.until(due)
			if left <= 0 {
				out <- c.Now()
				return
			}
			t := time.NewTimer(left)
			select {
			case <-t.C:
			case <-moved:
				t.Stop()
			}
		}
	}()
	return out
}

// until is how long a moment is away in real time, and what ends when the clock is moved.
func (c *demoClock) until(due time.Time) (time.Duration, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Duration(float64(due.Sub(c.now())) / c.speed), c.moved
}

// steps are the ways to move the clock, as the sandbox page offers them.
func steps() []sandbox.Step {
	return []sandbox.Step{
		{Name: "+10 minutes", Value: "10 minutes"}, {Name: "+1 working hour", Value: "1 working hour"},
		{Name: "+4 working hours", Value: "4 working hours"}, {Name: "+1 working day", Value: "1 working day"},
		{Name: "+3 days", Value: "3 days"},
	}
}

// Step moves the clock forward by words such as "4 working hours".
func (c *demoClock) Step(words string) error {
	span, err := calendar.ParseSpan(words)
	if err != nil {
		return err
	}
	if span.N <= 0 {
		return fmt.Errorf("the clock only moves forward")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	c.start = c.work.Add(now, span)
	c.origin = c.real()
	close(c.moved)
	c.moved = make(chan struct{})
	return nil
}
