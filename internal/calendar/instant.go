package calendar

import "time"

// Inside the package an instant is a count of nanoseconds since 1970 UTC, a
// day a count of days since 1970-01-01, and a label the seconds that a local
// clock shows since local 1970-01-01 00:00, as if there were no zones.

// settled is how far from a zone change an instant must lie to be computed
// from the offset alone; no change moves a clock by more than a day.
const settled = 2 * daySeconds

// Instants outside of these bounds count as the nearer one.
const (
	minUnix = 315532800  // 1980-01-01
	maxUnix = 7258118400 // 2200-01-01
)

// resolve returns the Unix second at which a label falls: the first one when
// the label is repeated, the end of the gap when it is skipped.
func resolve(loc *time.Location, label int64) int64 {
	before := offsetAt(loc, label-15*60*60) // no zone is further east: this is before the label
	first := label - before
	after := offsetAt(loc, first)
	if after == before {
		return first
	}
	if second := label - after; offsetAt(loc, second) == after {
		return second
	}
	change, _ := time.Unix(first, 0).In(loc).ZoneBounds()
	return change.Unix()
}

func offsetAt(loc *time.Location, unix int64) int64 {
	_, offset := time.Unix(unix, 0).In(loc).Zone()
	return int64(offset)
}

// cursor resolves labels in roughly ascending or descending order. It keeps
// the offset of the season it is in, so that only labels near a zone change
// need look-ups.
type cursor struct {
	loc      *time.Location
	offset   int64
	from, to int64 // instants for which offset is certain; empty at first
}

// bounds returns when a window of a day starts and ends; start equals end when
// all of it falls into a gap.
func (c *cursor) bounds(day int64, w window) (start, end int64) {
	return c.at(day*daySeconds + w.start), c.at(day*daySeconds + w.end)
}

func (c *cursor) at(label int64) int64 {
	if unix := label - c.offset; unix >= c.from && unix < c.to {
		return unix * int64(time.Second)
	}
	unix := resolve(c.loc, label)
	c.season(unix)
	return unix * int64(time.Second)
}

func (c *cursor) season(unix int64) {
	t := time.Unix(unix, 0).In(c.loc)
	_, offset := t.Zone()
	c.offset, c.from, c.to = int64(offset), minUnix-settled, maxUnix+settled
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		c.from = start.Unix() + settled
	}
	if !end.IsZero() {
		c.to = end.Unix() - settled
	}
}

// labelOf returns what a clock in the zone shows at the Unix second.
func labelOf(loc *time.Location, unix int64) int64 { return unix + offsetAt(loc, unix) }

// nanos returns the instant, moved into the bounds of the package.
func nanos(t time.Time) int64 {
	switch unix := t.Unix(); {
	case unix < minUnix:
		return minUnix * int64(time.Second)
	case unix >= maxUnix:
		return maxUnix * int64(time.Second)
	}
	return t.UnixNano()
}

func (c *Calendar) time(nanos int64) time.Time { return time.Unix(0, nanos).In(c.loc) }

func (c *Calendar) localDay(t time.Time) int64 { return c.dayAt(nanos(t)) }

func (c *Calendar) dayAt(nanos int64) int64 {
	return floorDiv(labelOf(c.loc, floorDiv(nanos, int64(time.Second))), daySeconds)
}

// weekday returns the day of the week; 1970-01-01 was a Thursday.
func weekday(day int64) time.Weekday {
	return time.Weekday(((day+4)%7 + 7) % 7)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Wall returns the instant at which clocks in a zone show what the given time's own clock shows. An hour that is
// repeated is its first one; one that is skipped is the end of the gap.
func Wall(shown time.Time, loc *time.Location) time.Time {
	label := time.Date(shown.Year(), shown.Month(), shown.Day(), shown.Hour(), shown.Minute(), shown.Second(), 0, time.UTC)
	return time.Unix(resolve(loc, label.Unix()), 0).In(loc)
}
