package calendar

import (
	"iter"
	"math"
	"slices"
	"time"
)

// horizon is how many days a search looks ahead or back: five years.
const horizon = 5*365 + 2

// Open reports whether the instant is working time. Windows include their
// start and exclude their end.
func (c *Calendar) Open(t time.Time) bool {
	now := nanos(t)
	p, ok := c.ahead(now)
	return ok && p.start <= now
}

// Next returns t when it is working time, otherwise the next opening. When
// there is none within five years it returns t plus five years.
func (c *Calendar) Next(t time.Time) time.Time {
	now := nanos(t)
	p, ok := c.ahead(now)
	if !ok {
		return c.beyond(t, 1)
	}
	return c.time(max(p.start, now))
}

// beyond is the answer of a search that found nothing.
func (c *Calendar) beyond(t time.Time, direction int) time.Time {
	return t.In(c.loc).AddDate(5*direction, 0, 0)
}

// period is one window on one day.
type period struct {
	day        int64
	start, end int64 // instants
}

// ahead returns the first period that ends after the instant.
func (c *Calendar) ahead(now int64) (period, bool) {
	for p := range c.forward(now) {
		return p, true
	}
	return period{}, false
}

// behind returns the last period that starts before the instant.
func (c *Calendar) behind(now int64) (period, bool) {
	for p := range c.backward(now) {
		return p, true
	}
	return period{}, false
}

// forward yields the periods that end after the instant, in order, as far as
// the horizon. It starts a day early because of night shifts and, going back,
// a day late because a repeated hour may cross midnight.
func (c *Calendar) forward(now int64) iter.Seq[period] {
	return func(yield func(period) bool) {
		at := cursor{loc: c.loc}
		today := c.dayAt(now)
		for day := today - 1; day <= today+horizon; day++ {
			for _, w := range c.windows(day) {
				start, end := at.bounds(day, w)
				if end > now && start < end && !yield(period{day, start, end}) {
					return
				}
			}
		}
	}
}

// backward yields the periods that start before the instant, latest first.
func (c *Calendar) backward(now int64) iter.Seq[period] {
	return func(yield func(period) bool) {
		at := cursor{loc: c.loc}
		today := c.dayAt(now)
		for day := today + 1; day >= today-horizon; day-- {
			for _, w := range slices.Backward(c.windows(day)) {
				start, end := at.bounds(day, w)
				if start < now && start < end && !yield(period{day, start, end}) {
					return
				}
			}
		}
	}
}

// Working returns the working time between two instants; it is negative when
// to lies before from.
func (c *Calendar) Working(from, to time.Time) time.Duration {
	a, b := nanos(from), nanos(to)
	if b < a {
		return -c.between(b, a)
	}
	return c.between(a, b)
}

func (c *Calendar) between(from, to int64) time.Duration {
	at := cursor{loc: c.loc}
	var sum int64
	last := c.dayAt(to) + 1
	for day := c.dayAt(from) - 1; day <= last; day++ {
		for _, w := range c.windows(day) {
			start, end := at.bounds(day, w)
			if start, end = max(start, from), min(end, to); start < end {
				sum += end - start
			}
		}
	}
	return time.Duration(sum)
}

// Add returns the instant that lies the span after t, or before t when the
// span is negative. A span of zero returns t.
//
//   - Working hours and minutes count open time only. What is used up exactly
//     at closing ends at closing, not at the next opening.
//   - n working days lead to the same local time n workdays later, but never
//     after that day's closing time nor before its opening. Outside of hours
//     counting starts at the next opening (going back: at the last closing).
//     A fraction of a day is that part of the hours of the day reached.
//   - Days and weeks keep the local time; hours and minutes are clock time.
//
// Add looks no further than five years: when working time runs out before
// the span is used up, the answer is t plus (or minus) five years. Longer
// spans of clock time are cut at 100 years.
func (c *Calendar) Add(t time.Time, s Span) time.Time {
	n := s.N
	if n == 0 || math.IsNaN(n) {
		return t.In(c.loc)
	}
	switch s.Unit {
	case WorkingHours:
		return c.addWorking(t, duration(n, time.Hour))
	case WorkingMinutes:
		return c.addWorking(t, duration(n, time.Minute))
	case WorkingDays:
		return c.addWorkdays(t, n)
	case Hours:
		return t.Add(duration(n, time.Hour)).In(c.loc)
	case Minutes:
		return t.Add(duration(n, time.Minute)).In(c.loc)
	case Weeks:
		return c.addDays(t, 7*n)
	default: // Days
		return c.addDays(t, n)
	}
}

// duration returns n units, cut at 100 years.
func duration(n float64, unit time.Duration) time.Duration {
	const century = 100 * 366 * 24 * float64(time.Hour)
	return time.Duration(max(-century, min(century, math.Round(n*float64(unit)))))
}

func (c *Calendar) addDays(t time.Time, n float64) time.Time {
	whole := math.Trunc(max(-36600, min(36600, n)))
	rest := duration(n-math.Trunc(n), 24*time.Hour)
	label := labelOf(c.loc, t.Unix()) + int64(whole)*daySeconds
	return time.Unix(resolve(c.loc, label), int64(t.Nanosecond())).Add(rest).In(c.loc)
}

func (c *Calendar) addWorking(t time.Time, d time.Duration) time.Time {
	if d < 0 {
		return c.subtractWorking(t, -d)
	}
	now, left := nanos(t), int64(d)
	for p := range c.forward(now) {
		start := max(p.start, now)
		if left <= p.end-start {
			return c.time(start + left)
		}
		left -= p.end - start
	}
	return c.beyond(t, 1)
}

func (c *Calendar) subtractWorking(t time.Time, d time.Duration) time.Time {
	now, left := nanos(t), int64(d)
	for p := range c.backward(now) {
		end := min(p.end, now)
		if left <= end-p.start {
			return c.time(end - left)
		}
		left -= end - p.start
	}
	return c.beyond(t, -1)
}

// addWorkdays finds the workday that t belongs to, walks whole workdays and
// then spends the fraction as part of the hours of the day reached.
func (c *Calendar) addWorkdays(t time.Time, n float64) time.Time {
	now, step, look := nanos(t), int64(1), c.ahead
	if n < 0 {
		step, look = -1, c.behind
	}
	p, ok := look(now)
	if !ok {
		return c.beyond(t, int(step))
	}
	now = max(p.start, min(p.end, now))
	whole, part := math.Modf(math.Abs(n))
	day, ok := c.walk(p.day, step, whole)
	if !ok {
		return c.beyond(t, int(step))
	}
	reached := now
	if whole > 0 {
		reached = c.sameTime(p.day, day, now)
	}
	if part == 0 {
		return c.time(reached)
	}
	hours := float64(c.dayLength(day)) * part
	return c.addWorking(c.time(reached), time.Duration(step)*time.Duration(math.Round(hours)))
}

// walk goes n workdays forward or back from a day.
func (c *Calendar) walk(day, step int64, n float64) (int64, bool) {
	for looked := 0; n > 0; looked++ {
		if looked > horizon {
			return 0, false
		}
		day += step
		if c.workday(day) {
			n--
		}
	}
	return day, true
}

// sameTime carries a moment of one workday to another: the same time on the
// clock, but not before opening and not after closing.
func (c *Calendar) sameTime(from, to, now int64) int64 {
	second := int64(time.Second)
	unix := floorDiv(now, second)
	clock := labelOf(c.loc, unix) - from*daySeconds
	fraction := now - unix*second
	windows := c.windows(to)
	opening, closing := windows[0].start, windows[len(windows)-1].end
	if clock < opening {
		clock, fraction = opening, 0
	}
	if clock >= closing {
		clock, fraction = closing, 0
	}
	return resolve(c.loc, to*daySeconds+clock)*second + fraction
}

// dayLength returns the working time of one day.
func (c *Calendar) dayLength(day int64) int64 {
	at := cursor{loc: c.loc}
	var sum int64
	for _, w := range c.windows(day) {
		start, end := at.bounds(day, w)
		sum += end - start
	}
	return sum
}

// Share returns the instant at which percent of a limit is used up when spent
// of it was already used before from. It is from itself when that much was
// used already. For limits in clock time spent is clock time, else working time.
//
// A limit in working days, days or weeks has no fixed length; it is measured
// as what it would be when started at from. So Share of 100 percent with
// nothing spent equals Add.
func (c *Calendar) Share(from time.Time, limit Span, percent float64, spent time.Duration) time.Time {
	if percent == 100 && spent <= 0 {
		return c.Add(from, limit)
	}
	left := part(c.length(from, limit), percent) - max(spent, 0)
	if left <= 0 {
		return from.In(c.loc)
	}
	if limit.Unit.Working() {
		return c.addWorking(from, left)
	}
	return from.Add(left).In(c.loc)
}

// length measures a limit that starts at from.
func (c *Calendar) length(from time.Time, limit Span) time.Duration {
	switch limit.Unit {
	case WorkingHours, Hours:
		return duration(limit.N, time.Hour)
	case WorkingMinutes, Minutes:
		return duration(limit.N, time.Minute)
	case WorkingDays:
		return c.Working(from, c.Add(from, limit))
	default:
		return c.Add(from, limit).Sub(from)
	}
}

func part(d time.Duration, percent float64) time.Duration {
	if math.IsNaN(percent) || percent <= 0 {
		return 0
	}
	return duration(float64(d)*(min(percent, 10_000)/100), 1)
}
