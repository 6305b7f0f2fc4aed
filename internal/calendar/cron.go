package calendar

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// LabelLayout is how the label of a slot is written.
const LabelLayout = "2006-01-02T15:04"

// Schedule is a cron line of five fields. Make it with ParseCron; the zero
// Schedule never fires.
type Schedule struct {
	spec string
	cron cron.Schedule // works on labels: local wall-clock times dressed as UTC
}

// Slot is one time at which a schedule is due.
type Slot struct {
	Label string    // the local calendar label, "2026-03-29T02:30"
	At    time.Time // when it runs
}

// CronError tells why a cron line is refused.
type CronError struct {
	Spec   string
	Reason string // what is wrong and what to write instead
}

// Error says what is wrong and what to write instead.
func (e *CronError) Error() string { return fmt.Sprintf("cron line %q %s", e.Spec, e.Reason) }

// cronField is one of the five fields of a line.
type cronField struct {
	name   string
	option cron.ParseOption
	most   int // the largest sensible step
	hint   string
}

func cronFields() []cronField {
	return []cronField{
		{"minute", cron.Minute, 59, "0-59"},
		{"hour", cron.Hour, 23, "0-23"},
		{"day of the month", cron.Dom, 31, "1-31"},
		{"month", cron.Month, 12, "1-12 or jan-dec"},
		{"day of the week", cron.Dow, 6, "0-6 or sun-sat (Sunday is 0)"},
	}
}

// ParseCron reads a line of five fields: minute, hour, day of the month, month,
// day of the week. Each may be *, a value, a range (1-5), a list (1,15) or a
// step (*/15); months and days of the week may be names. When both kinds of
// day are restricted, either is enough, as everywhere in cron. Time zones,
// seconds and @words are refused, and so is a line that never fires. Errors
// are *CronError.
func ParseCron(spec string) (Schedule, error) {
	line := strings.TrimSpace(spec)
	refuse := func(format string, args ...any) (Schedule, error) {
		return Schedule{}, &CronError{Spec: spec, Reason: fmt.Sprintf(format, args...)}
	}
	fields := strings.Fields(line)
	switch {
	case len(fields) == 0:
		return refuse("is empty: write five fields, minute hour day month weekday, such as 30 9 * * 1-5")
	case strings.Contains(line, "="):
		return refuse("names a time zone: take it out and use time_zone instead")
	case fields[0][0] == '@':
		return refuse("%s", macroReason(strings.ToLower(fields[0])))
	case len(fields) != 5:
		return refuse("has %d fields: write five, minute hour day month weekday, such as 30 9 * * 1-5 (there are no seconds)", len(fields))
	}
	for i, field := range cronFields() {
		if reason := field.check(fields[i]); reason != "" {
			return refuse("%s", reason)
		}
	}
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	parsed, err := parser.Parse(strings.Join(fields, " "))
	if err != nil {
		return refuse("cannot be read: %v", err)
	}
	// Four years from any day hold every month, weekday and a leap day.
	if parsed.Next(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return refuse("never fires: no such day exists (%s in month %s)", fields[2], fields[3])
	}
	return Schedule{spec: strings.Join(fields, " "), cron: parsed}, nil
}

func macroReason(word string) string {
	same := map[string]string{
		"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
		"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
	}
	if line, ok := same[word]; ok {
		return fmt.Sprintf("is a short form: write it out, %s", line)
	}
	if word == "@every" {
		return "counts from the start of the program: write the times, such as */30 * * * *"
	}
	return "is not known: write five fields, minute hour day month weekday, such as 30 9 * * 1-5"
}

// check returns why a field is refused. It stands before the library, which
// accepts lists with nothing in them and ranges such as *-5.
func (f cronField) check(text string) string {
	bad := fmt.Sprintf("has a wrong %s %q: write *, %s, a range, a list or a step", f.name, text, f.hint)
	for element := range strings.SplitSeq(text, ",") {
		base, step, stepped := strings.Cut(element, "/")
		if element == "" || strings.Contains(base, "*-") || strings.Contains(base, "?-") {
			return bad
		}
		if stepped {
			var n int
			if _, err := fmt.Sscanf(step, "%d", &n); err != nil || n < 1 {
				return bad
			}
			if n > f.most {
				return fmt.Sprintf("steps by %s in the %s, which starts again after %d: such a line cannot say every %s", step, f.name, f.most, step)
			}
		}
	}
	if _, err := cron.NewParser(f.option).Parse(text); err != nil {
		return bad
	}
	return ""
}

// String returns the line as it was written, with single spaces.
func (s Schedule) String() string { return s.spec }

// Next returns the first slot strictly after an instant, for a clock in loc,
// and false when there is none within five years. A label that the clocks
// skip runs at the first valid minute after the gap, one that they repeat
// runs once, the first time. Labels that would run at the same moment, such
// as every quarter of a skipped hour, are one slot, named by the first.
func (s Schedule) Next(after time.Time, loc *time.Location) (Slot, bool) {
	if s.cron == nil || after.Unix() >= maxUnix {
		return Slot{}, false
	}
	after = time.Unix(0, nanos(after))
	label := wall(labelOf(loc, after.Unix()))
	for {
		label = s.cron.Next(label)
		if label.IsZero() {
			return Slot{}, false
		}
		if at := time.Unix(resolve(loc, label.Unix()), 0); at.After(after) {
			return slot(label, at.In(loc)), true
		}
	}
}

// wall dresses a label as a time in UTC, where no hour is skipped or repeated.
func wall(label int64) time.Time { return time.Unix(label, 0).UTC() }

func slot(label, at time.Time) Slot {
	return Slot{Label: label.Format(LabelLayout), At: at}
}

// InGap returns the slots after from and up to to whose label the clocks in
// loc skip. They run late, at the end of the gap; several labels of one gap
// are listed although they run as one. It looks at most ten years ahead.
func (s Schedule) InGap(loc *time.Location, from, to time.Time) []Slot {
	if s.cron == nil {
		return nil
	}
	if limit := from.AddDate(10, 0, 0); to.After(limit) {
		to = limit
	}
	var slots []Slot
	_, change := from.In(loc).ZoneBounds()
	for !change.IsZero() && !change.After(to) {
		slots = append(slots, s.skippedAt(loc, change)...)
		_, next := change.ZoneBounds()
		if !next.After(change) {
			break
		}
		change = next
	}
	return slots
}

// skippedAt returns the slots in the gap that opens at a zone change, none
// when the change is not a gap.
func (s Schedule) skippedAt(loc *time.Location, change time.Time) []Slot {
	unix := change.Unix()
	first, end := unix+offsetAt(loc, unix-1), wall(unix+offsetAt(loc, unix))
	var slots []Slot
	for label := s.cron.Next(wall(first - 1)); !label.IsZero() && label.Before(end); label = s.cron.Next(label) {
		slots = append(slots, slot(label, change))
	}
	return slots
}
