package calendar

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// SpanPattern matches the written forms of a span, for JSON schemas.
const SpanPattern = `^ *[0-9]+(\.[0-9]+)? +((working +)?(minutes?|days?)|(working|clock) +hours?|weeks?) *$`

// Unit is what a span counts.
type Unit int

// The units of a span. Hours, Minutes, Days and Weeks go by the clock on the
// wall, the working ones count open time of a calendar.
const (
	WorkingHours Unit = iota
	WorkingDays
	Hours
	Days
	Weeks
	Minutes
	WorkingMinutes
)

// String returns the unit in words, in the plural: "working hours".
func (u Unit) String() string {
	switch u {
	case WorkingHours:
		return "working hours"
	case WorkingDays:
		return "working days"
	case Hours:
		return "clock hours"
	case Days:
		return "days"
	case Weeks:
		return "weeks"
	case Minutes:
		return "minutes"
	case WorkingMinutes:
		return "working minutes"
	default:
		return "unknown unit"
	}
}

// Working reports whether the unit counts working time.
func (u Unit) Working() bool {
	return u == WorkingHours || u == WorkingDays || u == WorkingMinutes
}

// most is the largest number of each unit that is read: about five years, as
// far as Add looks.
func (u Unit) most() float64 {
	switch u {
	case WorkingMinutes:
		return 600_000
	case WorkingHours:
		return 10_000
	case WorkingDays:
		return 1_300
	case Minutes:
		return 2_628_000
	case Hours:
		return 43_800
	case Weeks:
		return 260
	default:
		return 1_825
	}
}

// Span is a length of time in words: "8 working hours", "3 days".
type Span struct {
	N    float64
	Unit Unit
}

// String returns the words that ParseSpan reads: "1 working day", "1.5 weeks".
func (s Span) String() string {
	words := s.Unit.String()
	if s.N == 1 {
		words = strings.TrimSuffix(words, "s")
	}
	return strconv.FormatFloat(s.N, 'f', -1, 64) + " " + words
}

// AmbiguousSpanError tells that a span can be read as working time or as clock
// time. Both readings are valid spans.
type AmbiguousSpanError struct {
	Text    string // as written: "8h"
	Working string // "8 working hours"
	Clock   string // "8 clock hours"
}

// Error names both readings.
func (e *AmbiguousSpanError) Error() string {
	return fmt.Sprintf("%q can be read two ways: write %q or %q", e.Text, e.Working, e.Clock)
}

// SpanError tells why a text is not a span.
type SpanError struct {
	Text   string
	Reason string // what is wrong and what to write instead
}

// Error says what is wrong and what to write instead.
func (e *SpanError) Error() string { return fmt.Sprintf("%q %s", e.Text, e.Reason) }

// ParseSpan reads a span in words, such as "8 working hours", "1 working day",
// "3 days", "30 minutes", "90 working minutes", "2 weeks" or "8 clock hours".
// Hours without "working" or "clock" and short forms such as "3d" are refused
// with an *AmbiguousSpanError, everything else with a *SpanError.
func ParseSpan(s string) (Span, error) {
	const forms = `write a number and a unit, such as "8 working hours", "2 working days", "3 days", "30 minutes", "2 weeks" or "8 clock hours"`
	number, words := splitSpan(s)
	n, ok := parseNumber(number)
	if !ok || len(words) == 0 || len(words) > 2 {
		return Span{}, &SpanError{s, "is not a length of time: " + forms}
	}
	kind := ""
	if len(words) == 2 {
		kind = words[0]
	}
	name, short := unitName(words[len(words)-1])
	unit, known := unitOf(kind, name)
	switch {
	case kind == "" && (name == "hour" || short && (name == "day" || name == "minute")):
		return Span{}, ambiguous(s, n, name)
	case kind == "working" && name == "week":
		return Span{}, &SpanError{s, fmt.Sprintf("is not used: write %q", Span{n * 5, WorkingDays})}
	case !known:
		return Span{}, &SpanError{s, "is not a length of time: " + forms}
	case n > unit.most():
		return Span{}, &SpanError{s, fmt.Sprintf("is too long: at most %s", Span{unit.most(), unit})}
	case short || !spaced(s, number):
		return Span{}, &SpanError{s, fmt.Sprintf("is not written in full: write %q", Span{n, unit})}
	}
	return Span{n, unit}, nil
}

// splitSpan separates the leading number from the words, with or without a
// space between.
func splitSpan(s string) (number string, words []string) {
	s = strings.TrimSpace(s)
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if end < 0 {
		return s, nil
	}
	return s[:end], strings.Fields(s[end:])
}

func spaced(s, number string) bool {
	return strings.HasPrefix(strings.TrimPrefix(strings.TrimSpace(s), number), " ")
}

func parseNumber(s string) (float64, bool) {
	whole, fraction, dotted := strings.Cut(s, ".")
	if whole == "" || dotted && fraction == "" || len(s) > 12 {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// unitName returns the unit in the singular and whether it was a short form.
func unitName(word string) (name string, short bool) {
	switch word {
	case "minute", "minutes":
		return "minute", false
	case "hour", "hours":
		return "hour", false
	case "day", "days":
		return "day", false
	case "week", "weeks":
		return "week", false
	case "m", "min", "mins":
		return "minute", true
	case "h", "hr", "hrs":
		return "hour", true
	case "d":
		return "day", true
	case "w", "wk":
		return "week", true
	default:
		return word, false
	}
}

func unitOf(kind, name string) (Unit, bool) {
	for _, u := range []Unit{WorkingHours, WorkingDays, Hours, Days, Weeks, Minutes, WorkingMinutes} {
		words := name + "s"
		if kind != "" {
			words = kind + " " + words
		}
		if u.String() == words {
			return u, true
		}
	}
	return 0, false
}

func ambiguous(text string, n float64, name string) error {
	working, clock := WorkingHours, Hours
	switch name {
	case "day":
		working, clock = WorkingDays, Days
	case "minute":
		working, clock = WorkingMinutes, Minutes
	}
	most := math.Min(working.most(), clock.most())
	if n > most {
		return &SpanError{text, fmt.Sprintf("is too long: at most %s", Span{most, working})}
	}
	return &AmbiguousSpanError{Text: text, Working: Span{n, working}.String(), Clock: Span{n, clock}.String()}
}
