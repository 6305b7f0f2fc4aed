package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Patterns of the written forms, for JSON schemas; the readers of this package
// accept nothing else (a few of the accepted values are refused for other
// reasons, such as 30 February).
const (
	HoursKeyPattern = `^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$`
	HoursPattern    = `^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`
	ClosedPattern   = `^20[0-9]{2}-[0-9]{2}-[0-9]{2}(\.\.20[0-9]{2}-[0-9]{2}-[0-9]{2})?$`
)

const daySeconds = 24 * 60 * 60

// window is one stretch of work in seconds after local midnight of the day it
// belongs to; end is beyond 24 hours when it crosses midnight.
type window struct{ start, end int64 }

// Clock reads a time of day, "09:30", as the time since midnight. The end of
// the day may be written "24:00".
func Clock(s string) (time.Duration, error) {
	h, m, ok := clockDigits(s)
	if !ok || m > 59 || h*60+m > 24*60 {
		return 0, fmt.Errorf("%q is not a time of day: write hours and minutes such as 09:30, from 00:00 to 24:00", s)
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, nil
}

func clockDigits(s string) (h, m int, ok bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, 0, false
	}
	for _, i := range []int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return 0, 0, false
		}
	}
	return int(s[0]-'0')*10 + int(s[1]-'0'), int(s[3]-'0')*10 + int(s[4]-'0'), true
}

func parseWindow(s string) (window, error) {
	from, to, ok := strings.Cut(s, "-")
	start, err1 := Clock(from)
	end, err2 := Clock(to)
	switch {
	case !ok || err1 != nil || err2 != nil || start == 24*time.Hour:
		return window{}, errors.New(`is not a stretch of hours: write "09:30-18:00"`)
	case start == end:
		return window{}, errors.New(`starts and ends at the same time: write "00:00-24:00" for the whole day`)
	case end < start:
		end += 24 * time.Hour
	}
	return window{int64(start / time.Second), int64(end / time.Second)}, nil
}

// readHours fills the week and reports what it cannot read, by sorted key.
func (c *Calendar) readHours(hours map[string][]string) Errors {
	var problems Errors
	origin := [7]string{}
	for _, key := range slices.Sorted(maps.Keys(hours)) {
		days, err := parseDays(key)
		if err != nil {
			problems = append(problems, &Error{Field: "hours", Key: key, Err: err})
			continue
		}
		windows, errs := parseWindows(key, hours[key])
		problems = append(problems, errs...)
		for _, day := range days {
			if origin[day] != "" {
				problems = append(problems, &Error{Field: "hours", Key: key,
					Err: fmt.Errorf("%s already has its hours from %q: give each day once", dayNames()[day], origin[day])})
				break
			}
			origin[day] = key
			c.week[day] = windows
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return c.checkWeek(origin)
}

// dayNames are the days as keys, indexed by time.Weekday.
func dayNames() [7]string { return [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

func parseDays(key string) ([]int, error) {
	names := dayNames()
	from, to, run := strings.Cut(key, "-")
	if !run {
		to = from
	}
	first, last := slices.Index(names[:], from), slices.Index(names[:], to)
	if first < 0 || last < 0 {
		return nil, errors.New(`is not a day: write "mon", or a run of days such as "mon-fri"`)
	}
	days := []int{first}
	for day := first; day != last; {
		day = (day + 1) % 7
		days = append(days, day)
	}
	return days, nil
}

func parseWindows(key string, texts []string) ([]window, Errors) {
	var problems Errors
	windows := make([]window, 0, len(texts))
	for i, text := range texts {
		w, err := parseWindow(text)
		if err != nil {
			problems = append(problems, &Error{Field: "hours", Key: key, Index: i, Value: text, Err: err})
			continue
		}
		for _, before := range windows {
			if w.start < before.end && before.start < w.end {
				problems = append(problems, &Error{Field: "hours", Key: key, Index: i, Value: text,
					Err: errors.New("overlaps with another stretch of the same day")})
				break
			}
		}
		windows = append(windows, w)
	}
	slices.SortFunc(windows, func(a, b window) int { return cmp.Compare(a.start, b.start) })
	return windows, problems
}

// checkWeek refuses an empty week and night shifts that run into the hours of
// the day after.
func (c *Calendar) checkWeek(origin [7]string) Errors {
	if c.PerWeek() == 0 {
		return Errors{{Field: "hours", Err: errors.New(`has no working time: write at least one day, such as mon-fri: "09:00-17:30"`)}}
	}
	var problems Errors
	for day, windows := range c.week {
		next := c.week[(day+1)%7]
		if len(windows) == 0 || len(next) == 0 {
			continue
		}
		if windows[len(windows)-1].end-daySeconds > next[0].start {
			problems = append(problems, &Error{Field: "hours", Key: origin[day],
				Err: fmt.Errorf("the night of %s runs into the hours of the next day", dayNames()[day])})
		}
	}
	return problems
}
