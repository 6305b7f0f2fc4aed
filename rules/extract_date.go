package rules

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"signoff/internal/calendar"
)

// moment is a day, or a day and a time, read from words.
type moment struct {
	time  time.Time // in the requester's zone; at midnight when timed is false
	timed bool
	how   string // "closing time, calendar london"
	words string
	at    int // byte offset of words
	end   int
}

// value is the stored form: 2006-01-02, or RFC 3339 with a time.
func (m moment) value() string {
	if m.timed {
		return m.time.Format(time.RFC3339)
	}
	return m.time.Format(time.DateOnly)
}

// parseStamp reads the stored form of a date; a day without a time starts at midnight in loc.
func parseStamp(s string, loc *time.Location) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, true
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// A dateForm is one way to write a day. read returns the day at midnight, or a time when it says so.
type dateForm struct {
	re   *regexp.Regexp
	read func(x *extractor, g []string) (moment, bool)
}

const (
	dayWords   = `monday|tuesday|wednesday|thursday|friday|saturday|sunday`
	shortDays  = `mon|tues?|weds?|thurs?|thu|fri|sat|sun`
	monthWords = `jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?`
	countWords = `\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve`
	leadWords  = `by|due|before|until|till|on|for|deadline|needed|no later than|latest`
	endWords   = `eod|cob|close of business|end of (?:the )?day|end of business`
)

var (
	isoForm     = regexp.MustCompile(`\b(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{2}):(\d{2})(?::\d{2})?(Z|[+-]\d{2}:\d{2})?)?`)
	numericForm = regexp.MustCompile(`(?i)\b(?:(` + leadWords + `)[ :]+)?(\d{1,2})([/.])(\d{1,2})(?:[/.](\d{4}|\d{2}))?\b`)
	dayMonth    = regexp.MustCompile(`(?i)\b(\d{1,2})(?:st|nd|rd|th)?(?:\s+of)?\s+(` + monthWords + `)\b\.?(?:,?\s+(\d{4})\b)?`)
	monthDay    = regexp.MustCompile(`(?i)\b(` + monthWords + `)\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(\d{4})\b)?`)
	weekdayForm = regexp.MustCompile(`(?i)\b(?:(this|next|coming)\s+)?(` + dayWords + `)\b`)
	shortForm   = regexp.MustCompile(`(?i)\b(?:(this|next|coming|` + leadWords + `)\s+)(` + shortDays + `)\b\.?`)
	shortEnd    = regexp.MustCompile(`(?i)\b(` + shortDays + `)\b\.?\s+(?:` + endWords + `|\d{1,2}(?::\d{2}|\s?[ap]m))`)
	relative    = regexp.MustCompile(`(?i)\b(day after tomorrow|today|tonight|tomorrow)\b`)
	endOfWeek   = regexp.MustCompile(`(?i)\b(?:eow|end of (?:the |this )?week)\b`)
	endOfNext   = regexp.MustCompile(`(?i)\bend of next week\b`)
	endOfMonth  = regexp.MustCompile(`(?i)\b(?:eom|end of (?:the |this )?month)\b`)
	endOfDay    = regexp.MustCompile(`(?i)\b(?:` + endWords + `)\b`)
	inForm      = regexp.MustCompile(`(?i)\b(?:in|within)\s+(?:the\s+next\s+)?(` + countWords + `)\s+(?:(working|business|week)[ -]?)?(minute|hour|day|week|month)s?\b`)
	timeAlone   = regexp.MustCompile(`(?i)\b(?:by|before|until|at)\s+(` + clockWords + `)`)
	timeAfter   = regexp.MustCompile(`(?i)^(?:,?\s*(?:at|by|before|around|@)?\s*)(` + clockWords + `|(?:` + endWords + `)\b)`)
	timeBefore  = regexp.MustCompile(`(?i)(?:\b(` + clockWords + `)|\b(` + endWords + `))(?:\s*(?:on|,|this))?\s*$`)
	clockForm   = regexp.MustCompile(`(?i)^(?:(\d{1,2})(?::(\d{2}))?\s?([ap])\.?m\b\.?|(\d{1,2}):(\d{2})|(noon|midday|midnight))`)
	leadRE      = regexp.MustCompile(`(?i)\b(?:` + leadWords + `)(?:\s+(?:is|date|on|at))?\s*:?\s*$`)
)

const clockWords = `\d{1,2}(?::\d{2})?\s?[ap]\.?m\b\.?|\d{1,2}:\d{2}\b|noon\b|midday\b|midnight\b`

func dateForms() []dateForm {
	return []dateForm{
		{isoForm, (*extractor).iso},
		{dayMonth, func(x *extractor, g []string) (moment, bool) { return x.monthName(g[1], g[2], g[3]) }},
		{monthDay, func(x *extractor, g []string) (moment, bool) { return x.monthName(g[2], g[1], g[3]) }},
		{numericForm, (*extractor).numeric},
		{endOfNext, func(x *extractor, _ []string) (moment, bool) {
			return x.lastWorkday(x.week(1), "last working day of next week")
		}},
		{endOfWeek, (*extractor).thisWeek},
		{endOfMonth, (*extractor).thisMonth},
		{inForm, (*extractor).in},
		{weekdayForm, func(x *extractor, g []string) (moment, bool) { return x.weekday(g[1], g[2]) }},
		{shortForm, func(x *extractor, g []string) (moment, bool) { return x.weekday(g[1], g[2]) }},
		{shortEnd, func(x *extractor, g []string) (moment, bool) { return x.weekday("", g[1]) }},
		{relative, (*extractor).relative},
		{endOfDay, func(x *extractor, _ []string) (moment, bool) { return x.closing(x.today()) }},
		{timeAlone, (*extractor).timeToday},
	}
}

// date finds the date that a text asks for: the first one that follows a word such as "by" or "due", else the first.
// Days that have passed count only when no other is named.
func (x *extractor) date(text string) (moment, bool) {
	var best moment
	rank := 0
	for _, form := range dateForms() {
		for _, g := range form.re.FindAllStringSubmatchIndex(text, 20) {
			m, ok := x.readForm(form, text, g)
			if !ok {
				continue
			}
			r := x.rank(text, m)
			if r > rank || r == rank && (m.at < best.at || m.at == best.at && m.end > best.end) {
				best, rank = m, r
			}
		}
	}
	return best, rank > 0
}

// rank prefers dates to come over past ones, and those that a word such as "by" introduces over others.
func (x *extractor) rank(text string, m moment) int {
	rank := 1
	if !m.time.Before(x.today()) {
		rank += 2
	}
	if leadRE.MatchString(lastWords(text[:m.at])) {
		rank++
	}
	return rank
}

// readForm reads one match and the time of day that stands beside it.
func (x *extractor) readForm(form dateForm, text string, g []int) (moment, bool) {
	groups := make([]string, len(g)/2)
	for i := range groups {
		groups[i] = group(text, g, i)
	}
	m, ok := form.read(x, groups)
	if !ok {
		return m, false
	}
	m.at, m.end = g[0], g[1]
	m.at += leadLength(text[m.at:m.end])
	if form.re == shortEnd {
		m.end = g[3]
	}
	if !m.timed {
		m = x.beside(text, m)
	}
	m.words = strings.TrimSpace(text[m.at:m.end])
	return m, true
}

// leadLength is the length of an introducing word that a form matched with the date.
func leadLength(s string) int {
	word, _, ok := strings.Cut(s, " ")
	if !ok || !leadWord.MatchString(word) {
		return 0
	}
	return len(word) + 1
}

var leadWord = regexp.MustCompile(`(?i)^(?:` + leadWords + `|at):?$`)

// beside reads "EOD", "5pm" or "17:00" right after or before a day.
func (x *extractor) beside(text string, m moment) moment {
	if g := timeAfter.FindStringSubmatchIndex(text[m.end:]); g != nil {
		if t, ok := x.timeOn(m, text[m.end+g[2]:m.end+g[3]]); ok {
			t.at, t.end = m.at, m.end+g[3]
			return t
		}
	}
	before := lastWords(text[:m.at])
	if g := timeBefore.FindStringSubmatchIndex(before); g != nil {
		if t, ok := x.timeOn(m, strings.TrimSpace(group(before, g, 1)+group(before, g, 2))); ok {
			t.at, t.end = m.at-len(before)+g[0], m.end
			return t
		}
	}
	return m
}

// lastWords returns the last few words of a text, enough to hold what introduces a date.
func lastWords(s string) string {
	const enough = 60
	if len(s) <= enough {
		return s
	}
	s = s[len(s)-enough:]
	if i := strings.IndexAny(s, " \n"); i >= 0 {
		return s[i:]
	}
	return ""
}

// timeOn puts a time of day, or the closing time, on a day.
func (x *extractor) timeOn(m moment, words string) (moment, bool) {
	hour, minute, ok := readClock(words)
	if !ok {
		if endOfDay.MatchString(words) {
			return x.closing(m.time)
		}
		return m, false
	}
	y, mo, d := m.time.Date()
	m.time, m.timed = time.Date(y, mo, d, hour, minute, 0, 0, x.loc), true
	return m, true
}

// readClock reads "3pm", "3:30 pm", "15:00", "noon".
func readClock(s string) (hour, minute int, ok bool) {
	g := clockForm.FindStringSubmatch(s)
	switch {
	case g == nil:
		return 0, 0, false
	case strings.EqualFold(g[6], "midnight"):
		return 23, 59, true
	case g[6] != "":
		return 12, 0, true
	case g[4] != "":
		hour, minute = atoi(g[4]), atoi(g[5])
	default:
		hour, minute = atoi(g[1]), atoi(g[2])
		if hour < 1 || hour > 12 {
			return 0, 0, false
		}
		hour %= 12
		if strings.EqualFold(g[3], "p") {
			hour += 12
		}
	}
	return hour, minute, hour < 24 && minute < 60
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

func (x *extractor) today() time.Time { return midnight(x.now.In(x.loc)) }

func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// closing is the end of work on a day; a day without work ends at 23:59.
func (x *extractor) closing(day time.Time) (moment, bool) {
	y, m, d := day.Date()
	end, ok := x.cal.Closing(time.Date(y, m, d, 12, 0, 0, 0, x.cal.Location()))
	if !ok {
		return moment{time: time.Date(y, m, d, 23, 59, 0, 0, x.loc), timed: true, how: "no working hours on that day"}, true
	}
	if !end.After(x.now) && day.Equal(x.today()) {
		next := x.cal.Next(x.now)
		end, _ = x.cal.Closing(next)
	}
	return moment{time: end.In(x.loc), timed: true, how: "closing time, calendar " + x.calName}, true
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
		switch strings.ToLower(which) {
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
