package rules

import (
	"fmt"
	"strings"
	"time"

	"signoff/internal/calendar"
)

// closing is the end of work on a day; a day without work ends at 23:59.
func (x *extractor) closing(day time.Time) (moment, bool) {
	y, m, d := day.Date()
	end, ok := x.endOfWork(time.Date(y, m, d, 12, 0, 0, 0, x.cal.Location()))
	if !ok {
		return moment{time: time.Date(y, m, d, 23, 59, 0, 0, x.loc), timed: true, how: "no working hours on that day"}, true
	}
	if !end.After(x.now) && day.Equal(x.today()) {
		next := x.cal.Next(x.now)
		end, _ = x.endOfWork(next)
	}
	return moment{time: end.In(x.loc), timed: true, how: "closing time, calendar " + x.calName}, true
}

// endOfWork is closing time on the day of an instant, false where nobody works. A day that is worked until midnight ends
// at 23:59, so that what is due on it is not shown on the next.
func (x *extractor) endOfWork(at time.Time) (time.Time, bool) {
	end, ok := x.cal.Closing(at)
	if !ok {
		return end, false
	}
	y, m, d := end.Add(-1).In(x.cal.Location()).Date()
	if last := time.Date(y, m, d, 23, 59, 0, 0, x.cal.Location()); last.Before(end) {
		end = last
	}
	return end, true
}

func (x *extractor) iso(g []string) (moment, bool) {
	day, ok := x.day(atoi(g[1]), atoi(g[2]), atoi(g[3]))
	if !ok || g[4] == "" {
		return moment{time: day}, ok
	}
	if g[6] != "" {
		t, err := time.Parse("2006-01-02T15:04Z07:00", fmt.Sprintf("%s-%s-%sT%s:%s%s", g[1], pad(g[2]), pad(g[3]), g[4], g[5], g[6]))
		return moment{time: t, timed: true}, err == nil
	}
	if atoi(g[4]) > 23 || atoi(g[5]) > 59 {
		return moment{}, false
	}
	return moment{time: time.Date(day.Year(), day.Month(), day.Day(), atoi(g[4]), atoi(g[5]), 0, 0, x.loc), timed: true}, true
}

func pad(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// day checks that a date exists.
func (x *extractor) day(year, month, day int) (time.Time, bool) {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, x.loc)
	return t, year >= 2000 && year < 2100 && int(t.Month()) == month && t.Day() == day
}

// numeric reads 03/12 by the workspace's order. Without a year it needs a word such as "by" before it, because 1/2
// and 24/7 are no dates.
func (x *extractor) numeric(g []string) (moment, bool) {
	if g[5] == "" && (g[1] == "" || g[3] == ".") {
		return moment{}, false
	}
	day, month := atoi(g[2]), atoi(g[4])
	if !x.dayFirst {
		day, month = month, day
	}
	how := ""
	if month > 12 && day <= 12 {
		day, month, how = month, day, "the only way to read it"
	}
	year := atoi(g[5])
	if len(g[5]) == 2 {
		year += 2000
	}
	m, ok := x.dated(year, month, day)
	m.how = how
	return m, ok
}

// dated completes a date without a year to the next one that comes.
func (x *extractor) dated(year, month, day int) (moment, bool) {
	if year != 0 {
		t, ok := x.day(year, month, day)
		return moment{time: t}, ok
	}
	for y := x.today().Year(); y <= x.today().Year()+8; y++ { // a 29 February may be years away
		if t, ok := x.day(y, month, day); ok && !t.Before(x.today()) {
			return moment{time: t}, true
		}
	}
	return moment{}, false
}

func (x *extractor) monthName(day, month, year string) (moment, bool) {
	names := []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	for i, name := range names {
		if strings.HasPrefix(strings.ToLower(month), name) {
			return x.dated(atoi(year), i+1, atoi(day))
		}
	}
	return moment{}, false
}

// weekday reads "Friday" as the next one to come (never today), "this Friday" as the one of this week, "next Friday"
// as the one of next week.
func (x *extractor) weekday(which, name string) (moment, bool) {
	days := []string{"su", "mo", "tu", "we", "th", "fr", "sa"}
	for i, short := range days {
		if !strings.HasPrefix(strings.ToLower(name), short) {
			continue
		}
		which = strings.ToLower(which)
		if which != "" && strings.Contains("|"+namedDays+"|", "|"+which+"|") {
			return moment{}, false
		}
		switch which {
		case "next":
			return moment{time: x.inWeek(1, time.Weekday(i)), how: "the " + time.Weekday(i).String() + " of next week"}, true
		case "this":
			if t := x.inWeek(0, time.Weekday(i)); !t.Before(x.today()) {
				return moment{time: t}, true
			}
		}
		ahead := (i-int(x.today().Weekday())+6)%7 + 1
		return moment{time: x.today().AddDate(0, 0, ahead)}, true
	}
	return moment{}, false
}

// week returns the first day of the week n weeks ahead.
func (x *extractor) week(n int) time.Time {
	first := 1
	if x.sunday {
		first = 0
	}
	back := (int(x.today().Weekday()) - first + 7) % 7
	return x.today().AddDate(0, 0, 7*n-back)
}

func (x *extractor) inWeek(n int, day time.Weekday) time.Time {
	start := x.week(n)
	return start.AddDate(0, 0, (int(day-start.Weekday())+7)%7)
}

// lastWorkday finds the closing time of the last working day in the week that starts at first.
func (x *extractor) lastWorkday(first time.Time, how string) (moment, bool) {
	return x.lastOf(first, first.AddDate(0, 0, 6), how)
}

func (x *extractor) lastOf(first, last time.Time, how string) (moment, bool) {
	for d := last; !d.Before(first); d = d.AddDate(0, 0, -1) {
		if x.cal.Workday(d.Add(12 * time.Hour)) {
			m, _ := x.closing(d)
			m.how = how + ", calendar " + x.calName
			return m, true
		}
	}
	return moment{}, false
}

func (x *extractor) thisWeek(_ []string) (moment, bool) {
	m, ok := x.lastWorkday(x.week(0), "last working day of this week")
	if ok && m.time.After(x.now) {
		return m, true
	}
	return x.lastWorkday(x.week(1), "last working day of next week")
}

func (x *extractor) thisMonth(_ []string) (moment, bool) {
	for months := range 2 {
		first := x.today().AddDate(0, 0, 1-x.today().Day()).AddDate(0, months, 0)
		m, ok := x.lastOf(first, first.AddDate(0, 1, -1), "last working day of "+first.Month().String())
		if ok && m.time.After(x.now) {
			return m, true
		}
	}
	return moment{}, false
}

// in reads "in 3 working days"; days and weeks give a day, hours and minutes a time.
func (x *extractor) in(g []string) (moment, bool) {
	n := countOf(g[1])
	working := strings.EqualFold(g[2], "working") || strings.EqualFold(g[2], "business") || strings.EqualFold(g[2], "week")
	span := calendar.Span{N: float64(n)}
	switch unit := strings.ToLower(g[3]); {
	case n == 0 || strings.EqualFold(g[2], "week") && unit != "day":
		return moment{}, false
	case unit == "month":
		return moment{time: x.today().AddDate(0, n, 0)}, true
	case unit == "week":
		span.Unit = calendar.Weeks
	case unit == "day" && working:
		span.Unit = calendar.WorkingDays
	case unit == "day":
		span.Unit = calendar.Days
	case unit == "hour" && working:
		span.Unit = calendar.WorkingHours
	case unit == "hour":
		span.Unit = calendar.Hours
	case working:
		span.Unit = calendar.WorkingMinutes
	default:
		span.Unit = calendar.Minutes
	}
	t := x.cal.Add(x.now, span).In(x.loc)
	how := ""
	if working {
		how = "calendar " + x.calName
	}
	if strings.EqualFold(g[3], "hour") || strings.EqualFold(g[3], "minute") {
		return moment{time: t.Truncate(time.Minute), timed: true, how: how}, true
	}
	return moment{time: midnight(t), how: how}, true
}

func countOf(s string) int {
	words := []string{"", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
	for i, w := range words[1:] {
		if strings.EqualFold(s, w) {
			return i + 1
		}
	}
	if strings.EqualFold(s, "a") || strings.EqualFold(s, "an") {
		return 1
	}
	return atoi(s)
}

func (x *extractor) relative(g []string) (moment, bool) {
	switch strings.ToLower(g[1]) {
	case "tomorrow":
		return moment{time: x.today().AddDate(0, 0, 1)}, true
	case "day after tomorrow":
		return moment{time: x.today().AddDate(0, 0, 2)}, true
	}
	return moment{time: x.today()}, true
}

// timeToday reads "by 3pm" as today, or as tomorrow when that has passed.
func (x *extractor) timeToday(g []string) (moment, bool) {
	m, ok := x.timeOn(moment{time: x.today()}, g[1])
	if ok && !m.time.After(x.now) {
		m, ok = x.timeOn(moment{time: x.today().AddDate(0, 0, 1)}, g[1])
	}
	return m, ok
}
