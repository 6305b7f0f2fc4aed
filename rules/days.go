package rules

import (
	"strings"
	"time"

	"signoff/internal/pattern"
)

var (
	dayRun     = pattern.New(`(?i)^(\d{1,2})(?:st|nd|rd|th)?\s*(?:-|–|—|\bto\b|\buntil\b|\btill\b)\s*(\d{1,2}(?:st|nd|rd|th)?(?:\s+of)?\s+(` + monthWords + `)\b\.?,?(?:\s+\d{4})?)$`)
	monthRun   = pattern.New(`(?i)^((` + monthWords + `)\.?)\s+(\d{1,2})(?:st|nd|rd|th)?\s*(?:-|–|—|\bto\b)\s*(\d{1,2})(?:st|nd|rd|th)?(,?\s+\d{4})?$`)
	runParts   = pattern.New(`(?i)\s*(?:\.\.|\s-\s|–|—|\s(?:to|until|till|through)\s)\s*`)
	untilOnly  = pattern.New(`(?i)^(?:until|till|to|through)\s+(.+)$`)
	fromWord   = pattern.New(`(?i)^(?:from|on|the)\s+`)
	shortDay   = pattern.New(`(?i)^(?:next |this )?(?:` + shortDays + `)$`)
	bareNumber = pattern.New(`^\d{1,2}[/.]\d{1,2}[/.]?$`)
	dayYear    = pattern.New(`\b\d{4}\b`)
)

// Days reads a run of days as somebody writes it who is in the zone of a person of the directory: "10-14 Mar", "Monday to
// Friday", "tomorrow", "until 14 Mar", "2026-03-10..2026-03-14". Each day is read as in a request.
func (s *Set) Days(person, words string, now time.Time) (first, last string, ok bool) {
	x := s.extractor(facts{submitted: now, author: author{name: person}})
	if p := s.dir.byName[person]; p != nil && p.Zone != nil {
		x.loc = p.Zone
	}
	words = strings.Join(strings.Fields(words), " ")
	if n, week := map[string]int{"this week": 0, "next week": 1}[strings.ToLower(words)]; week {
		monday := later(x.week(n), x.today())
		return monday.Format(time.DateOnly), x.week(n).AddDate(0, 0, 6).Format(time.DateOnly), true
	}
	if words == "" {
		return "", "", false
	}
	from, to := runOf(words)
	start, ok := x.today(), true
	if from != "" {
		start, ok = x.oneDay(from)
	}
	if !ok {
		return "", "", false
	}
	end := start
	if to != "" {
		if end, ok = x.oneDay(to); !ok {
			return "", "", false
		}
	}
	if end.Before(start) && !dayYear.MatchString(from) { // it began before today
		start = time.Date(start.Year()-1, start.Month(), start.Day(), 0, 0, 0, 0, x.loc)
	}
	if end.Before(start) || end.Before(x.today()) {
		return "", "", false
	}
	return start.Format(time.DateOnly), end.Format(time.DateOnly), true
}

// runOf parts a run of days into its first and its last; without a first it begins today, without a last it is one day.
func runOf(words string) (from, to string) {
	if g := dayRun.FindStringSubmatch(words); g != nil {
		month := g[2][strings.Index(strings.ToLower(g[2]), strings.ToLower(g[3])):]
		return g[1] + " " + month, g[2]
	}
	if g := monthRun.FindStringSubmatch(words); g != nil {
		return g[1] + " " + g[3] + g[5], g[1] + " " + g[4] + g[5]
	}
	if g := untilOnly.FindStringSubmatch(words); g != nil {
		return "", g[1]
	}
	words = words[len(fromWord.FindString(words)):]
	if g := runParts.FindStringIndex(words); g != nil {
		return words[:g[0]], words[g[1]:]
	}
	if from, to, ok := strings.Cut(words, "-"); ok && strings.Count(words, "-") == 1 {
		return strings.TrimSpace(from), strings.TrimSpace(to)
	}
	return words, ""
}

// oneDay reads words that name one day and nothing else.
func (x *extractor) oneDay(words string) (time.Time, bool) {
	words = strings.TrimSpace(words)
	words = words[len(fromWord.FindString(words)):]
	switch {
	case shortDay.MatchString(words):
		which, name, two := strings.Cut(words, " ")
		if !two {
			which, name = "", words
		}
		m, ok := x.weekday(which, name)
		return m.time, ok
	case bareNumber.MatchString(words):
		words = "on " + strings.ReplaceAll(strings.TrimRight(words, "./"), ".", "/")
	}
	x.text = words
	m, ok := x.date(words)
	if !ok || m.timed || strings.TrimSpace(words[:m.at]) != "" && strings.TrimSpace(words[:m.at]) != "on" || strings.TrimSpace(words[m.end:]) != "" {
		return time.Time{}, false
	}
	return midnight(m.time), true
}
