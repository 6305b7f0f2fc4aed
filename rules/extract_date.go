package rules

import (
	"strconv"
	"strings"
	"time"

	"signoff/internal/pattern"
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
	re   *pattern.Pattern
	read func(x *extractor, g []string) (moment, bool)
}

const (
	dayWords   = `monday|tuesday|wednesday|thursday|friday|saturday|sunday`
	shortDays  = `mon|tues?|weds?|thurs?|thu|fri|sat|sun`
	monthWords = `jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?`
	countWords = `\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve`
	leadWords  = `by|due|before|until|till|on|for|deadline|needed|no later than|latest`
	namedDays  = `black|cyber|giving|good|easter|palm|ash|maundy|shrove|super` // Black Friday is an occasion, and rarely the day something is due
	endWords   = `eod|cob|close of business|end of (?:the )?day|end of business`
)

var (
	isoForm     = pattern.New(`\b(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{2}):(\d{2})(?::\d{2})?(Z|[+-]\d{2}:\d{2})?)?`)
	numericForm = pattern.New(`(?i)\b(?:(` + leadWords + `)[ :]+)?(\d{1,2})([/.])(\d{1,2})(?:[/.](\d{4}|\d{2}))?\b`)
	dayMonth    = pattern.New(`(?i)\b(\d{1,2})(?:st|nd|rd|th)?(?:\s+of)?\s+(` + monthWords + `)\b\.?(?:,?\s+(\d{4})\b)?`)
	monthDay    = pattern.New(`(?i)\b(` + monthWords + `)\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(\d{4})\b)?`)
	weekdayForm = pattern.New(`(?i)\b(?:(this|next|coming|` + namedDays + `)\s+)?(` + dayWords + `)\b`)
	shortForm   = pattern.New(`(?i)\b(?:(this|next|coming|` + leadWords + `)\s+)(` + shortDays + `)\b\.?`)
	shortEnd    = pattern.New(`(?i)\b(` + shortDays + `)\b\.?\s+(?:` + endWords + `|\d{1,2}(?::\d{2}|\s?[ap]m))`)
	relative    = pattern.New(`(?i)\b(day after tomorrow|today|tonight|tomorrow)\b`)
	endOfWeek   = pattern.New(`(?i)\b(?:eow|end of (?:the |this )?week)\b`)
	endOfNext   = pattern.New(`(?i)\bend of next week\b`)
	endOfMonth  = pattern.New(`(?i)\b(?:eom|end of (?:the |this )?month)\b`)
	endOfDay    = pattern.New(`(?i)\b(?:` + endWords + `)\b`)
	inForm      = pattern.New(`(?i)\b(?:in|within)\s+(?:the\s+next\s+)?(` + countWords + `)\s+(?:(working|business|week)[ -]?)?(minute|hour|day|week|month)s?\b`)
	timeAlone   = pattern.New(`(?i)\b(?:by|before|until|at)\s+(` + clockWords + `)`)
	timeAfter   = pattern.New(`(?i)^(?:,?\s*(?:at|by|before|around|@)?\s*)(` + clockWords + `|(?:` + endWords + `)\b)`)
	timeBefore  = pattern.New(`(?i)(?:\b(` + clockWords + `)|\b(` + endWords + `))(?:\s*(?:on|,|this))?\s*$`)
	clockForm   = pattern.New(`(?i)^(?:(\d{1,2})(?::(\d{2}))?\s?([ap])\.?m\b\.?|(\d{1,2}):(\d{2})|(noon|midday|midnight))`)
	leadRE      = pattern.New(`(?i)\b(?:` + leadWords + `)(?:\s+(?:is|date|on|at))?\s*:?\s*$`)
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

var leadWord = pattern.New(`(?i)^(?:` + leadWords + `|at):?$`)

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
