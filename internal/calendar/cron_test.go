package calendar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func mustCron(t testing.TB, line string) Schedule {
	t.Helper()
	s, err := ParseCron(line)
	if err != nil {
		t.Fatalf("ParseCron(%q): %v", line, err)
	}
	return s
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestParseCron_Refuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ line, want string }{
		{"", "is empty"},
		{"  \t ", "is empty"},
		{"TZ=Europe/London 30 9 * * *", "use time_zone instead"},
		{"CRON_TZ=UTC", "use time_zone instead"},
		{"TZ=", "use time_zone instead"},
		{"* TZ=UTC * * *", "use time_zone instead"},
		{"@every 1h", "write the times"},
		{"@daily", "write it out, 0 0 * * *"},
		{"@reboot", "is not known"},
		{"30 9 * *", "has 4 fields"},
		{"0 30 9 * * 1-5", "has 6 fields"},
		{"60 9 * * *", `wrong minute "60": write *, 0-59`},
		{"0 24 * * *", `wrong hour "24"`},
		{"0 9 0 * *", `wrong day of the month "0"`},
		{"0 9 * 13 *", `wrong month "13"`},
		{"0 9 * * 7", "Sunday is 0"},
		{"0 9 * * fri-mon", `wrong day of the week "fri-mon"`},
		{"0 9 * * monday", `wrong day of the week "monday"`},
		{", 9 * * *", "wrong minute"},
		{"1, 9 * * *", "wrong minute"},
		{"*-5 9 * * *", "wrong minute"},
		{"1-2-3 9 * * *", "wrong minute"},
		{"*/0 9 * * *", "wrong minute"},
		{"*/-5 9 * * *", "wrong minute"},
		{"5/ 9 * * *", "wrong minute"},
		{"1/2/3 9 * * *", "wrong minute"},
		{"-1 9 * * *", "wrong minute"},
		{"99999999999999999999 9 * * *", "wrong minute"},
		{"*/90 * * * *", "cannot say every 90"},
		{"0 */36 * * *", "cannot say every 36"},
		{"30 9 30 2 *", "never fires: no such day exists (30 in month 2)"},
		{"30 9 31 2,4,6,9,11 *", "never fires"},
		{"30 9 31 feb-feb *", "never fires"},
	}
	for _, test := range tests {
		s, err := ParseCron(test.line)
		var refused *CronError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("ParseCron(%q) = %v, %v, want …%s…", test.line, s, err, test.want)
		}
	}
}

func TestSchedule_Next(t *testing.T) {
	t.Parallel()
	tests := []struct {
		line, zone, after string // after in UTC
		label, at         string // at in UTC; empty: none
	}{
		{"30 9 * * 1-5", "Europe/London", "2026-11-20 09:29", "2026-11-20T09:30", "2026-11-20 09:30"},
		{"30 9 * * 1-5", "Europe/London", "2026-11-20 09:30", "2026-11-23T09:30", "2026-11-23 09:30"},
		{"30  9 * *  MON-fri", "Europe/London", "2027-06-04 12:00", "2027-06-07T09:30", "2027-06-07 08:30"},
		// Spring: 14 March 2027 in New York, 28 March in Europe.
		{"30 2 * * *", "America/New_York", "2027-03-13 20:00", "2027-03-14T02:30", "2027-03-14 07:00"},
		{"30 2 * * *", "America/New_York", "2027-03-14 07:00", "2027-03-15T02:30", "2027-03-15 06:30"},
		{"30 1 * * *", "Europe/London", "2027-03-28 00:30", "2027-03-28T01:30", "2027-03-28 01:00"},
		{"*/15 * * * *", "Europe/London", "2027-03-28 00:45", "2027-03-28T01:00", "2027-03-28 01:00"},
		{"*/15 * * * *", "Europe/London", "2027-03-28 01:00", "2027-03-28T02:15", "2027-03-28 01:15"},
		{"15 2 * * *", "Australia/Lord_Howe", "2027-10-02 00:00", "2027-10-03T02:15", "2027-10-02 15:30"}, // half an hour
		{"0 0 * * *", "Africa/Cairo", "2027-04-29 00:00", "2027-04-30T00:00", "2027-04-29 22:00"},         // no midnight
		{"5 0 * * *", "America/Havana", "2027-03-13 12:00", "2027-03-14T00:05", "2027-03-14 05:00"},
		{"0 12 30 12 *", "Pacific/Apia", "2011-12-01 00:00", "2011-12-30T12:00", "2011-12-30 10:00"}, // no such day
		// Autumn: 7 November 2027 in New York.
		{"30 1 * * *", "America/New_York", "2027-11-06 20:00", "2027-11-07T01:30", "2027-11-07 05:30"},
		{"30 1 * * *", "America/New_York", "2027-11-07 05:30", "2027-11-08T01:30", "2027-11-08 06:30"},
		{"30 1 * * *", "America/New_York", "2027-11-07 06:10", "2027-11-08T01:30", "2027-11-08 06:30"},
		{"0 * * * *", "America/New_York", "2027-11-07 05:00", "2027-11-07T02:00", "2027-11-07 07:00"},
		{"45 1 * * *", "Australia/Lord_Howe", "2027-04-03 00:00", "2027-04-04T01:45", "2027-04-03 14:45"},
		{"30 23 * * *", "Africa/Cairo", "2027-10-28 00:00", "2027-10-28T23:30", "2027-10-28 20:30"},
		{"0 0 * * *", "Africa/Cairo", "2027-10-28 20:40", "2027-10-29T00:00", "2027-10-28 22:00"},
		// The year.
		{"0 9 29 2 *", "Asia/Kathmandu", "2026-01-01 00:00", "2028-02-29T09:00", "2028-02-29 03:15"},
		{"0 0 1 1 *", "Pacific/Chatham", "2026-12-31 00:00", "2027-01-01T00:00", "2026-12-31 10:15"},
		{"0 9 31 * *", "Asia/Kolkata", "2027-01-31 12:00", "2027-03-31T09:00", "2027-03-31 03:30"},
		{"0 9 13 * 5", "UTC", "2026-11-14 00:00", "2026-11-20T09:00", "2026-11-20 09:00"}, // the 13th, or any Friday
		{"0 9 29 2 *", "UTC", "2096-03-01 00:00", "", ""},
		{"0 9 * * *", "UTC", "3000-01-01 00:00", "", ""},
	}
	for _, test := range tests {
		after, err := time.Parse(stamp, test.after)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := mustCron(t, test.line).Next(after, zone(t, test.zone))
		at := ""
		if ok {
			at = got.At.UTC().Format(stamp)
		}
		if got.Label != test.label || at != test.at {
			t.Errorf("%q in %s after %s: got %q at %q, want %q at %q", test.line, test.zone, test.after, got.Label, at, test.label, test.at)
		}
	}
}

func TestSchedule_ZeroNeverFires(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	var s Schedule
	if got, ok := s.Next(now, time.UTC); ok {
		t.Errorf("zero Schedule fires at %v", got)
	}
	if got := s.InGap(time.UTC, now, now.AddDate(1, 0, 0)); got != nil {
		t.Errorf("zero Schedule has slots in gaps: %v", got)
	}
}

func TestSchedule_InGap(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		line, zone string
		want       []string
	}{
		{"30 2 * * *", "Europe/Berlin", []string{"2027-03-28T02:30 at 03:00", "2028-03-26T02:30 at 03:00"}},
		{"30 2 * * 1-5", "Europe/Berlin", nil}, // the clocks change on Sundays
		{"*/20 2 * 3 *", "America/New_York", []string{"2027-03-14T02:00 at 03:00", "2027-03-14T02:20 at 03:00", "2027-03-14T02:40 at 03:00",
			"2028-03-12T02:00 at 03:00", "2028-03-12T02:20 at 03:00", "2028-03-12T02:40 at 03:00"}},
		{"0 0 * * *", "Africa/Cairo", []string{"2027-04-30T00:00 at 01:00", "2028-04-28T00:00 at 01:00"}},
		{"30 2 * * *", "Australia/Lord_Howe", nil}, // there the gap ends at 02:30
		{"29 2 * * *", "Australia/Lord_Howe", []string{"2026-10-04T02:29 at 02:30", "2027-10-03T02:29 at 02:30"}},
		{"30 2 * * *", "Asia/Kolkata", nil},
		{"30 2 * * *", "UTC", nil},
		{"30 9 * * *", "Europe/London", nil},
	}
	for _, test := range tests {
		var got []string
		for _, slot := range mustCron(t, test.line).InGap(zone(t, test.zone), from, from.AddDate(2, 0, 0)) {
			got = append(got, slot.Label+slot.At.Format(" at 15:04"))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q in %s: InGap = %q, want %q", test.line, test.zone, got, test.want)
		}
	}
}

// TestSchedule_AgainstAClockThatIsWatched walks every minute around both clock
// changes of a year in each zone and notes when a label is first shown, or, for
// a label that never is, when the clock first shows a later one. The slots of
// each schedule must be those.
func TestSchedule_AgainstAClockThatIsWatched(t *testing.T) {
	t.Parallel()
	lines := map[string]func(label time.Time) bool{
		"30 9 * * 1-5": func(l time.Time) bool {
			return l.Hour() == 9 && l.Minute() == 30 && l.Weekday() != time.Sunday && l.Weekday() != time.Saturday
		},
		"30 2 * * *":   func(l time.Time) bool { return l.Hour() == 2 && l.Minute() == 30 },
		"30 1 * * *":   func(l time.Time) bool { return l.Hour() == 1 && l.Minute() == 30 },
		"0 0 * * *":    func(l time.Time) bool { return l.Hour() == 0 && l.Minute() == 0 },
		"0 * * * *":    func(l time.Time) bool { return l.Minute() == 0 },
		"*/15 * * * *": func(l time.Time) bool { return l.Minute()%15 == 0 },
		"45 23 * * *":  func(l time.Time) bool { return l.Hour() == 23 && l.Minute() == 45 },
	}
	for _, name := range dstZones() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loc := zone(t, name)
			changes := changesOf(loc, 2027)
			if len(changes) < 2 {
				t.Fatalf("%s changes its clocks %d times in 2027, want 2 at least", name, len(changes))
			}
			for _, change := range changes {
				watched := watch(loc, change.Add(-36*time.Hour), change.Add(36*time.Hour))
				for line, matches := range lines {
					checkSlots(t, mustCron(t, line), watched, matches)
				}
			}
		})
	}
}

// dstZones are zones that change their clocks twice a year: by half an hour,
// at midnight, in winter, south of the equator.
func dstZones() []string {
	return []string{
		"Europe/London", "Europe/Dublin", "Europe/Berlin", "Africa/Casablanca", "Africa/Cairo", "Asia/Beirut",
		"America/New_York", "America/St_Johns", "America/Havana", "America/Santiago",
		"Australia/Lord_Howe", "Australia/Sydney", "Pacific/Chatham",
	}
}

// changesOf finds the minutes of a year at which the offset changes.
func changesOf(loc *time.Location, year int) []time.Time {
	var changes []time.Time
	t := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	_, before := t.In(loc).Zone()
	for ; t.Year() == year; t = t.Add(30 * time.Minute) {
		if _, offset := t.In(loc).Zone(); offset != before {
			changes, before = append(changes, t), offset
		}
	}
	return changes
}

// watchedClock holds, for each label of a stretch of time, when it runs.
type watchedClock struct {
	loc    *time.Location
	from   time.Time
	labels []time.Time // local time dressed as UTC, every minute
	at     []time.Time
}

func watch(loc *time.Location, from, to time.Time) watchedClock {
	w := watchedClock{loc: loc, from: from}
	next := dress(from.In(loc))
	for t := from; t.Before(to); t = t.Add(time.Minute) {
		for shown := dress(t.In(loc)); !next.After(shown); next = next.Add(time.Minute) {
			w.labels, w.at = append(w.labels, next), append(w.at, t)
		}
	}
	return w
}

func dress(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC)
}

func checkSlots(t *testing.T, s Schedule, w watchedClock, matches func(time.Time) bool) {
	t.Helper()
	after := w.from.Add(-time.Second)
	for i, label := range w.labels {
		if !matches(label) || !w.at[i].After(after) {
			continue
		}
		got, ok := s.Next(after, w.loc)
		want := Slot{label.Format(LabelLayout), w.at[i]}
		if !ok || got.Label != want.Label || !got.At.Equal(want.At) {
			t.Fatalf("%q in %s after %v: got %v, want %v", s, w.loc, after, got, want)
		}
		after = got.At
	}
}

func FuzzParseCron(f *testing.F) {
	for _, seed := range []string{"30 9 * * 1-5", "*/15 * * * *", "0 0 29 2 *", "0 0 30 2 *", "TZ= * * * *", "@every 1s", ",,,, * * * *", "*-1 ? */2 jan sun", "1-5/99999999999 * * * *"} {
		f.Add(seed)
	}
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line string) {
		s, err := ParseCron(line)
		if err != nil {
			var refused *CronError
			if !errors.As(err, &refused) {
				t.Errorf("ParseCron(%q): %T is not a *CronError", line, err)
			}
			return
		}
		now := time.Date(2027, 3, 27, 12, 0, 0, 0, time.UTC)
		slot, ok := s.Next(now, london)
		if !ok || !slot.At.After(now) {
			t.Errorf("ParseCron(%q) is accepted, but Next = %v, %v", line, slot, ok)
		}
		if again, err := ParseCron(s.String()); err != nil || fmt.Sprint(again) != fmt.Sprint(s) {
			t.Errorf("ParseCron(%q) = %v, but its words give %v, %v", line, s, again, err)
		}
	})
}
