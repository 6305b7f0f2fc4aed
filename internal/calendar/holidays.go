package calendar

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	firstYear, lastYear = 2000, 2099
	maxClosure          = 366 // days in one closed entry; more is a slip of the pen
)

// The days for which holidays and closures are known, counted from 1970-01-01.
const (
	firstDay int64 = 10957 // 2000-01-01
	endDay   int64 = 47482 // 2100-01-01
)

// daySet marks closed local days, one bit each from firstDay on.
type daySet []uint64

func newDaySet() daySet { return make(daySet, (endDay-firstDay+63)/64) }

func (s daySet) has(day int64) bool {
	if day < firstDay || day >= endDay {
		return false
	}
	i := day - firstDay
	return s[i/64]&(1<<(i%64)) != 0
}

func (s daySet) add(day int64) {
	if day >= firstDay && day < endDay {
		i := day - firstDay
		s[i/64] |= 1 << (i % 64)
	}
}

// addHolidays marks a country's holidays, the days themselves and those on
// which they are observed instead. It starts a year early and ends a year
// late because a substitute day may lie in the neighbouring year.
func (s daySet) addHolidays(code string) error {
	holidays, ok := countries()[code]
	if !ok {
		return unknownCountry(code)
	}
	for _, h := range holidays {
		for year := firstYear - 1; year <= lastYear+1; year++ {
			actual, observed := h.Calc(year)
			s.addHoliday(actual)
			s.addHoliday(observed)
		}
	}
	return nil
}

// addHoliday takes midnight in the machine's zone, as the holiday library
// returns it; noon is on the right day even where that midnight is skipped.
func (s daySet) addHoliday(midnight time.Time) {
	if midnight.IsZero() {
		return
	}
	s.add(dayOf(midnight.Add(12 * time.Hour)))
}

// dayOf returns the day number of the date that t shows in its own zone.
func dayOf(t time.Time) int64 {
	_, offset := t.Zone()
	return floorDiv(t.Unix()+int64(offset), daySeconds)
}

func (s daySet) addClosure(text string) error {
	from, to, ranged := strings.Cut(text, "..")
	if !ranged {
		to = from
	}
	first, err1 := time.Parse(time.DateOnly, from)
	last, err2 := time.Parse(time.DateOnly, to)
	switch {
	case err1 != nil || err2 != nil:
		return errors.New(`is not a day: write "2026-12-24", or "2026-12-24..2027-01-01" for several days`)
	case first.Year() < firstYear || last.Year() > lastYear:
		return fmt.Errorf("is out of range: the years %d to %d are known", firstYear, lastYear)
	case last.Before(first):
		return errors.New("ends before it starts: write the earlier day first")
	case dayOf(last)-dayOf(first) >= maxClosure:
		return errors.New("is longer than a year: check the years, or take the days out of hours")
	}
	for day := dayOf(first); day <= dayOf(last); day++ {
		s.add(day)
	}
	return nil
}

// Countries returns the holiday codes that New knows, sorted. A code is an
// ISO 3166 country ("gb") or one of its regions ("de-by").
func Countries() []string { return slices.Sorted(maps.Keys(countries())) }

func unknownCountry(code string) error {
	slips := map[string]string{"uk": "gb", "en": "gb", "eng": "gb", "usa": "us", "ger": "de", "jpn": "jp"}
	lower := strings.ToLower(strings.TrimSpace(code))
	known := Countries()
	if slices.Contains(known, lower) {
		return fmt.Errorf("is not a known holiday code: did you mean %q?", lower)
	}
	if near, ok := slips[lower]; ok {
		return fmt.Errorf("is not a known holiday code: did you mean %q?", near)
	}
	country, _, _ := strings.Cut(lower, "-")
	var near []string
	for _, k := range known {
		if k == country || strings.HasPrefix(k, country+"-") {
			near = append(near, k)
		}
	}
	if len(near) == 0 {
		near = slices.DeleteFunc(known, func(k string) bool { return strings.Contains(k, "-") && !strings.HasPrefix(k, "au-") })
	}
	return fmt.Errorf("is not a known holiday code: write one of %s", strings.Join(near, ", "))
}
