package calendar

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// naive is working time counted with a clock in the hand: for every minute of
// a stretch of time it notes whether it is worked. It shares no code with the
// package; the holidays and closures are a list of dates.
type naive struct {
	c    *Calendar
	spec Spec
	from time.Time
	open []bool // per minute
	sum  []int  // worked minutes before each minute
}

const watchedDays = 35

// day is the hours of one day in minutes after midnight.
type stretch struct{ from, to int }

func newNaive(t *testing.T, spec Spec, week [7][]stretch, from time.Time) *naive {
	n := &naive{c: must(t, spec), spec: spec, from: from}
	closed := map[string]bool{}
	for _, day := range spec.Closed {
		closed[day] = true
	}
	n.sum = []int{0}
	var latest time.Time // the furthest the hands have been: a repeated hour counts like the minute before it
	for i := range watchedDays * 24 * 60 {
		shown := dress(from.Add(time.Duration(i) * time.Minute).In(n.c.Location()))
		if shown.After(latest) {
			latest = shown
		}
		worked := works(latest, week, closed)
		n.open = append(n.open, worked)
		n.sum = append(n.sum, n.sum[i])
		if worked {
			n.sum[i+1]++
		}
	}
	return n
}

// works asks today's hours and, for what crosses midnight, yesterday's.
func works(shown time.Time, week [7][]stretch, closed map[string]bool) bool {
	minute := shown.Hour()*60 + shown.Minute()
	for back := range 2 {
		day := shown.AddDate(0, 0, -back)
		if closed[day.Format(time.DateOnly)] {
			continue
		}
		for _, s := range week[day.Weekday()] {
			if m := minute + back*24*60; m >= s.from && m < s.to {
				return true
			}
		}
	}
	return false
}

func (n *naive) at(minute int) time.Time { return n.from.Add(time.Duration(minute) * time.Minute) }

// add finds the first minute by which so many were worked; before the search
// starts anew at the last.
func (n *naive) add(minute, worked int) (int, bool) {
	if worked > 0 {
		for m := minute; m < len(n.sum); m++ {
			if n.sum[m]-n.sum[minute] == worked {
				return m, true
			}
		}
		return 0, false
	}
	for m := minute; m >= 0; m-- {
		if n.sum[minute]-n.sum[m] == -worked {
			return m, true
		}
	}
	return 0, false
}

// TestAgainstTheMinuteCounter compares 10,000 random cases over random
// calendars (split days, short Fridays, nights, closures) around clock changes.
func TestAgainstTheMinuteCounter(t *testing.T) {
	t.Parallel()
	const calendars, cases = 48, 210
	zones := append(dstZones(), "Asia/Kolkata", "Asia/Kathmandu", "UTC")
	for i := range calendars {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(20, uint64(i)))
			loc := zone(t, zones[i%len(zones)])
			start := time.Date(2024+r.IntN(8), time.Month(1+r.IntN(12)), 1, 0, 0, 0, 0, time.UTC)
			if changes := changesOf(loc, start.Year()); len(changes) > 0 {
				start = changes[r.IntN(len(changes))].AddDate(0, 0, -watchedDays/2)
			}
			spec, week := randomSpec(r, loc, start)
			n := newNaive(t, spec, week, start)
			for range cases {
				n.compare(t, r)
			}
		})
	}
}

func (n *naive) compare(t *testing.T, r *rand.Rand) {
	t.Helper()
	a, b := r.IntN(len(n.open)), r.IntN(len(n.open))
	from, to := n.at(a), n.at(b)
	if got, want := n.c.Working(from, to), time.Duration(n.sum[b]-n.sum[a])*time.Minute; got != want {
		t.Fatalf("%+v\nWorking(%v, %v) = %v, want %v", n.spec, from, to, got, want)
	}
	if got := n.c.Open(from); got != n.open[a] {
		t.Fatalf("%+v\nOpen(%v) = %v, want %v", n.spec, from, got, n.open[a])
	}
	worked := r.IntN(6000) - 3000
	if m, ok := n.add(a, worked); ok && worked != 0 {
		span := Span{float64(worked), WorkingMinutes}
		if got := n.c.Add(from, span); !got.Equal(n.at(m)) {
			t.Fatalf("%+v\n%v + %v = %v, want %v", n.spec, from, span, got, n.at(m))
		}
	}
	for m := a; m < len(n.open); m++ {
		if n.open[m] {
			if got := n.c.Next(from); !got.Equal(n.at(m)) {
				t.Fatalf("%+v\nNext(%v) = %v, want %v", n.spec, from, got, n.at(m))
			}
			return
		}
	}
}

// randomSpec draws a week and some closed days near start.
func randomSpec(r *rand.Rand, loc *time.Location, start time.Time) (Spec, [7][]stretch) {
	spec := Spec{Zone: loc.String(), Hours: map[string][]string{}}
	var week [7][]stretch
	nights := r.IntN(4) == 0
	for day, name := range dayNames() {
		if r.IntN(5) == 0 && day != 1 {
			continue
		}
		week[day] = randomDay(r, nights)
		for _, s := range week[day] {
			spec.Hours[name] = append(spec.Hours[name], fmt.Sprintf("%02d:%02d-%s", s.from/60, s.from%60, endText(s.to)))
		}
	}
	for range r.IntN(6) {
		spec.Closed = append(spec.Closed, start.AddDate(0, 0, r.IntN(watchedDays)).Format(time.DateOnly))
	}
	return spec, week
}

func endText(minute int) string {
	if minute > 24*60 {
		minute -= 24 * 60
	}
	return fmt.Sprintf("%02d:%02d", minute/60, minute%60)
}

// randomDay draws one to three windows; a night leaves the morning free.
func randomDay(r *rand.Rand, night bool) []stretch {
	if night {
		from := 17*60 + r.IntN(7*60)
		return []stretch{{from, 24*60 + 1 + r.IntN(9*60)}}
	}
	cuts := []int{r.IntN(8 * 60), 8*60 + r.IntN(4*60), 12*60 + r.IntN(2*60), 14*60 + r.IntN(4*60), 18*60 + r.IntN(3*60), 21*60 + 1 + r.IntN(3*60)}
	var day []stretch
	for i := 0; i+1 < len(cuts); i += 2 {
		if cuts[i] < cuts[i+1] && (i == 2 || r.IntN(2) == 0) {
			day = append(day, stretch{cuts[i], cuts[i+1]})
		}
	}
	return day
}
