package calendar

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Spec is a calendar as people write it. New reads it.
type Spec struct {
	// Zone is an IANA time zone name: "Europe/London".
	Zone string
	// Hours gives the working windows per day ("fri") or run of days
	// ("mon-thu", "sat-mon"): "09:30-18:00". Several windows a day are possible;
	// one that ends earlier than it starts ends on the next day ("22:00-06:00")
	// and belongs to the day it starts on.
	Hours map[string][]string
	// Holidays are the codes that Countries lists: "gb", "us", "de-by".
	Holidays []string
	// Closed are local days without work: "2026-12-24" or
	// "2026-12-24..2027-01-01", both ends included.
	Closed []string
}

// Calendar is the working time of one team. It is immutable; make it with New.
type Calendar struct {
	loc    *time.Location
	week   [7][]window // indexed by time.Weekday, each sorted and free of overlaps
	closed daySet
}

// New reads a spec. On error it reports every problem at once, as Errors in
// the order of the fields; each names the value and what is allowed. A
// calendar without any working time is refused.
func New(s Spec) (*Calendar, error) {
	c := &Calendar{closed: newDaySet()}
	var problems Errors
	if loc, err := loadZone(s.Zone); err != nil {
		problems = append(problems, &Error{Field: "zone", Value: s.Zone, Err: err})
	} else {
		c.loc = loc
	}
	problems = append(problems, c.readHours(s.Hours)...)
	for i, code := range s.Holidays {
		if err := c.closed.addHolidays(code); err != nil {
			problems = append(problems, &Error{Field: "holidays", Index: i, Value: code, Err: err})
		}
	}
	for i, text := range s.Closed {
		if err := c.closed.addClosure(text); err != nil {
			problems = append(problems, &Error{Field: "closed", Index: i, Value: text, Err: err})
		}
	}
	if len(problems) == 0 && !c.everOpen() {
		problems = append(problems, &Error{Field: "closed", Err: errors.New("no working day is left between 2000 and 2099")})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return c, nil
}

func loadZone(name string) (*time.Location, error) {
	const want = `write an IANA name such as "Europe/London" or "UTC"`
	if name == "" {
		return nil, errors.New("is missing: " + want)
	}
	if name == "Local" || name == "localtime" {
		return nil, errors.New("depends on the machine: " + want)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, errors.New("is not a known time zone: " + want)
	}
	return loc, nil
}

// everOpen reports whether any day has working time.
func (c *Calendar) everOpen() bool {
	for day := firstDay; day < endDay; day++ {
		if c.workday(day) {
			return true
		}
	}
	return false
}

// Location returns the zone that the calendar's local times are in.
func (c *Calendar) Location() *time.Location { return c.loc }

// PerWeek returns the plain weekly hours, without holidays and closures.
func (c *Calendar) PerWeek() time.Duration {
	var sum int64
	for _, day := range c.week {
		for _, w := range day {
			sum += w.end - w.start
		}
	}
	return time.Duration(sum) * time.Second
}

// Workday reports whether the local day that holds the instant has working
// hours and is neither a holiday nor closed.
func (c *Calendar) Workday(day time.Time) bool {
	return c.workday(c.localDay(day))
}

// Closing returns when work ends on the local day that holds the instant, and
// false when that day has no working time. The end of a night shift lies on
// the next day.
func (c *Calendar) Closing(day time.Time) (time.Time, bool) {
	at := cursor{loc: c.loc}
	d := c.localDay(day)
	for _, w := range slices.Backward(c.windows(d)) {
		if start, end := at.bounds(d, w); start < end {
			return c.time(end), true
		}
	}
	return time.Time{}, false
}

// windows returns the working windows of a local day, none when it is closed.
func (c *Calendar) windows(day int64) []window {
	if c.closed.has(day) {
		return nil
	}
	return c.week[weekday(day)]
}

func (c *Calendar) workday(day int64) bool { return len(c.windows(day)) > 0 }

// Error is one value of a Spec that cannot be used.
type Error struct {
	Field string // zone, hours, holidays or closed
	Key   string // the key under hours, such as "mon-thu"
	Index int    // position in the list, from 0
	Value string // what was written; empty when the field as a whole is meant
	Err   error  // what is wrong and what is allowed
}

// Error says which value is wrong and what is allowed.
func (e *Error) Error() string {
	place := e.Field
	if e.Key != "" {
		place += "." + e.Key
	}
	if e.Value == "" {
		return fmt.Sprintf("%s: %v", place, e.Err)
	}
	return fmt.Sprintf("%s: %q %v", place, e.Value, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errors are all problems of a Spec, in the order of its fields; errors.As
// with a *Error finds the first.
type Errors []*Error

// Error joins the problems, one a line.
func (e Errors) Error() string {
	text := ""
	for i, problem := range e {
		if i > 0 {
			text += "\n"
		}
		text += problem.Error()
	}
	return text
}

// Unwrap returns the problems for errors.Is and errors.As.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, problem := range e {
		out[i] = problem
	}
	return out
}
