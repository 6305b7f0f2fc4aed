package calendar

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tables must not depend on the machine's zone files
)

const stamp = "2006-01-02 15:04"

// london is the calendar of the documentation.
func london(t testing.TB) *Calendar {
	return must(t, Spec{
		Zone:     "Europe/London",
		Hours:    map[string][]string{"mon-thu": {"09:30-18:00"}, "fri": {"09:30-16:30"}},
		Holidays: []string{"gb"},
		Closed:   []string{"2026-12-24..2027-01-01"},
	})
}

// kolkata splits its days; lounge works nights across midnight.
func kolkata(t testing.TB) *Calendar {
	return must(t, Spec{Zone: "Asia/Kolkata", Hours: map[string][]string{"mon-fri": {"09:00-12:30", "14:00-18:00"}, "sat": {"10:00-13:00"}}})
}

func lounge(t testing.TB, zone string) *Calendar {
	return must(t, Spec{Zone: zone, Hours: map[string][]string{"mon-fri": {"22:00-06:00"}}})
}

func must(t testing.TB, s Spec) *Calendar {
	t.Helper()
	c, err := New(s)
	if err != nil {
		t.Fatalf("New(%+v): %v", s, err)
	}
	return c
}

// local reads a time on the calendar's own clock.
func local(t testing.TB, c *Calendar, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation(stamp, text, c.Location())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestNew_Refuses(t *testing.T) {
	t.Parallel()
	week := map[string][]string{"mon-fri": {"09:00-17:00"}}
	hours := func(key string, spans ...string) Spec {
		return Spec{Zone: "UTC", Hours: map[string][]string{key: spans}}
	}
	tests := []struct {
		name  string
		spec  Spec
		field string
		key   string
		index int
		want  string
	}{
		{"no zone", Spec{Hours: week}, "zone", "", 0, "is missing"},
		{"unknown zone", Spec{Zone: "Europe/Londn", Hours: week}, "zone", "", 0, `"Europe/Londn" is not a known time zone`},
		{"machine zone", Spec{Zone: "Local", Hours: week}, "zone", "", 0, "depends on the machine"},
		{"zone path", Spec{Zone: "../etc/passwd", Hours: week}, "zone", "", 0, "is not a known time zone"},
		{"no hours", Spec{Zone: "UTC"}, "hours", "", 0, "has no working time"},
		{"empty days", hours("mon-fri"), "hours", "", 0, "has no working time"},
		{"unknown day", hours("monday", "09:00-17:00"), "hours", "monday", 0, "is not a day"},
		{"half a run", hours("mon-", "09:00-17:00"), "hours", "mon-", 0, "is not a day"},
		{"no span", hours("mon", "09:00"), "hours", "mon", 0, `"09:00" is not a stretch of hours`},
		{"second span", hours("mon", "09:00-12:00", "13.00-17:00"), "hours", "mon", 1, `"13.00-17:00" is not a stretch`},
		{"bad minute", hours("mon", "09:60-17:00"), "hours", "mon", 0, "is not a stretch"},
		{"starts at 24:00", hours("mon", "24:00-06:00"), "hours", "mon", 0, "is not a stretch"},
		{"empty span", hours("mon", "09:00-09:00"), "hours", "mon", 0, `write "00:00-24:00"`},
		{"overlap", hours("mon", "09:00-12:00", "11:00-17:00"), "hours", "mon", 1, "overlaps"},
		{"overlap over midnight", hours("mon", "22:00-06:00", "23:00-24:00"), "hours", "mon", 1, "overlaps"},
		{"night runs into morning", hours("mon-sun", "22:00-06:00", "05:00-07:00"), "hours", "mon-sun", 0, "runs into the hours"},
		{"day twice", Spec{Zone: "UTC", Hours: map[string][]string{"fri": {"09:00-16:00"}, "mon-fri": {"09:00-17:00"}}}, "hours", "mon-fri", 0, `fri already has its hours from "fri"`},
		{"uk", Spec{Zone: "UTC", Hours: week, Holidays: []string{"us", "uk"}}, "holidays", "", 1, `did you mean "gb"?`},
		{"capitals", Spec{Zone: "UTC", Hours: week, Holidays: []string{"DE-BY"}}, "holidays", "", 0, `did you mean "de-by"?`},
		{"unknown region", Spec{Zone: "UTC", Hours: week, Holidays: []string{"de-xx"}}, "holidays", "", 0, "de, de-bb, de-be"},
		{"region needed", Spec{Zone: "UTC", Hours: week, Holidays: []string{"au"}}, "holidays", "", 0, "write one of au-act, au-nsw"},
		{"unknown country", Spec{Zone: "UTC", Hours: week, Holidays: []string{"zz"}}, "holidays", "", 0, "fr, gb, gr"},
		{"no day", Spec{Zone: "UTC", Hours: week, Closed: []string{"2026-02-30"}}, "closed", "", 0, `"2026-02-30" is not a day`},
		{"backwards", Spec{Zone: "UTC", Hours: week, Closed: []string{"2026-12-24", "2027-01-01..2026-12-24"}}, "closed", "", 1, "ends before it starts"},
		{"long", Spec{Zone: "UTC", Hours: week, Closed: []string{"2026-12-24..2028-01-01"}}, "closed", "", 0, "longer than a year"},
		{"far", Spec{Zone: "UTC", Hours: week, Closed: []string{"2126-12-24"}}, "closed", "", 0, "2000 to 2099"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, err := New(test.spec)
			var problem *Error
			if c != nil || !errors.As(err, &problem) {
				t.Fatalf("New(%+v) = %v, %v, want an *Error", test.spec, c, err)
			}
			if problem.Field != test.field || problem.Key != test.key || problem.Index != test.index || !strings.Contains(err.Error(), test.want) {
				t.Errorf("New(%+v)\n got %s %q %d: %v\nwant %s %q %d: …%s…", test.spec,
					problem.Field, problem.Key, problem.Index, err, test.field, test.key, test.index, test.want)
			}
		})
	}
}

func TestNew_RefusesACenturyWithoutWork(t *testing.T) {
	t.Parallel()
	spec := Spec{Zone: "UTC", Hours: map[string][]string{"mon": {"09:00-10:00"}}}
	for year := firstYear; year <= lastYear; year++ {
		first := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		spec.Closed = append(spec.Closed, first.Format(time.DateOnly)+".."+first.AddDate(1, 0, -1).Format(time.DateOnly))
	}
	if _, err := New(spec); err == nil || !strings.Contains(err.Error(), "no working day is left") {
		t.Errorf("New(closed for a century) = %v, want a refusal", err)
	}
}

func TestNew_ReportsEveryProblemInOrder(t *testing.T) {
	t.Parallel()
	_, err := New(Spec{
		Zone:     "Nowhere",
		Hours:    map[string][]string{"tue": {"9-5", "25:00-26:00"}, "funday": nil},
		Holidays: []string{"gb", "xx"},
		Closed:   []string{"soon"},
	})
	var problems Errors
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want Errors", err)
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.Field+"/"+p.Key+"/"+p.Value)
	}
	want := []string{"zone//Nowhere", "hours/funday/", "hours/tue/9-5", "hours/tue/25:00-26:00", "holidays//xx", "closed//soon"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestHolidays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code, day string
		work      bool
	}{
		{"gb", "2026-12-25", false}, {"gb", "2026-12-28", false}, // Boxing Day on a Saturday, observed on Monday
		{"gb", "2026-12-29", true}, {"gb", "2027-12-27", false}, {"gb", "2027-12-28", false},
		{"gb", "2028-01-03", false}, {"gb", "2023-05-08", false}, {"gb", "2024-05-08", true},
		{"gb", "2027-03-26", false}, {"gb", "2027-03-29", false}, {"gb", "2026-08-31", false},
		{"us", "2027-12-31", false}, // New Year 2028 is a Saturday, observed in the old year
		{"us", "2026-07-03", false}, {"us", "2026-11-26", false}, {"us", "2026-11-27", true}, {"us", "2020-06-19", true},
		{"de", "2026-10-31", true}, {"de", "2026-12-25", false}, {"de", "2026-01-06", true}, {"de-by", "2026-01-06", false},
		{"fr", "2026-07-14", false}, {"jp", "2026-09-22", false}, {"au-nsw", "2027-01-26", false},
		{"gb", "2028-02-29", true},
	}
	for _, test := range tests {
		c := must(t, Spec{Zone: "Pacific/Chatham", Hours: map[string][]string{"mon-sun": {"09:00-17:00"}}, Holidays: []string{test.code}})
		if got := c.Workday(local(t, c, test.day+" 00:00")); got != test.work {
			t.Errorf("holidays %s: Workday(%s) = %v, want %v", test.code, test.day, got, test.work)
		}
	}
}

// The holiday library reads its argument's zone; an instant in UTC must still
// be judged on the calendar's own date.
func TestWorkday_UsesTheCalendarsZone(t *testing.T) {
	t.Parallel()
	c := must(t, Spec{Zone: "America/New_York", Hours: map[string][]string{"mon-fri": {"09:00-17:30"}}, Holidays: []string{"us"}})
	thanksgivingEvening := time.Date(2026, 11, 27, 1, 0, 0, 0, time.UTC) // still Thursday in New York
	if c.Workday(thanksgivingEvening) {
		t.Errorf("Workday(%v) = true, want false: it is Thanksgiving in New York", thanksgivingEvening)
	}
	if next, want := c.Next(thanksgivingEvening), local(t, c, "2026-11-27 09:00"); !next.Equal(want) {
		t.Errorf("Next(%v) = %v, want %v", thanksgivingEvening, next, want)
	}
}

func TestCountries(t *testing.T) {
	t.Parallel()
	codes := Countries()
	if !slices.IsSorted(codes) || len(codes) < 90 {
		t.Errorf("Countries() = %d codes, sorted %v", len(codes), slices.IsSorted(codes))
	}
	for _, code := range codes {
		s := newDaySet()
		if err := s.addHolidays(code); err != nil {
			t.Errorf("holidays %s: %v", code, err)
		}
		days := 0
		for day := dayOf(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)); day < dayOf(time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)); day++ {
			if s.has(day) {
				days++
			}
		}
		if days < 5 || days > 35 {
			t.Errorf("holidays %s: %d days in 2027, want between 5 and 35", code, days)
		}
	}
}

func TestClosing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		c    *Calendar
		day  string
		want string // empty: closed
	}{
		{"Thursday", london(t), "2026-11-19 00:00", "2026-11-19 18:00"},
		{"Friday, late", london(t), "2026-11-20 23:59", "2026-11-20 16:30"},
		{"Saturday", london(t), "2026-11-21 12:00", ""},
		{"closure", london(t), "2026-12-30 12:00", ""},
		{"bank holiday", london(t), "2027-03-26 12:00", ""},
		{"last of two", kolkata(t), "2026-11-20 08:00", "2026-11-20 18:00"},
		{"night", lounge(t, "UTC"), "2026-11-20 03:00", "2026-11-21 06:00"},
		{"whole day", must(t, Spec{Zone: "UTC", Hours: map[string][]string{"mon-sun": {"00:00-24:00"}}}), "2026-12-31 03:00", "2027-01-01 00:00"},
		{"a day that never was", must(t, Spec{Zone: "Pacific/Apia", Hours: map[string][]string{"mon-sun": {"09:00-17:00"}}}), "2011-12-29 12:00", "2011-12-29 17:00"},
	}
	for _, test := range tests {
		got, ok := test.c.Closing(local(t, test.c, test.day))
		if ok != (test.want != "") || ok && got.Format(stamp) != test.want {
			t.Errorf("%s: Closing(%s) = %s, %v, want %q", test.name, test.day, got.Format(stamp), ok, test.want)
		}
	}
}

func TestPerWeek(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		c    *Calendar
		want time.Duration
	}{{london(t), 41 * time.Hour}, {kolkata(t), 40*time.Hour + 30*time.Minute}, {lounge(t, "UTC"), 40 * time.Hour}} {
		if got := test.c.PerWeek(); got != test.want {
			t.Errorf("PerWeek(%s) = %v, want %v", test.c.Location(), got, test.want)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"00:00": 0, "09:30": 9*time.Hour + 30*time.Minute, "23:59": 23*time.Hour + 59*time.Minute, "24:00": 24 * time.Hour,
	} {
		if got, err := Clock(text); err != nil || got != want {
			t.Errorf("Clock(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "9:30", "09:60", "24:01", "25:00", "09.30", "09:30:00", "-1:30", "9 am", "09:3é"} {
		if got, err := Clock(text); err == nil {
			t.Errorf("Clock(%q) = %v, want an error", text, got)
		}
	}
}

// The patterns go into JSON schemas; they must agree with the readers.
func TestPatterns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern string
		read    func(string) error
		texts   []string
	}{
		{HoursKeyPattern, func(s string) error { _, err := parseDays(s); return err },
			[]string{"mon", "mon-fri", "sat-mon", "Mon", "monday", "mon-", "-mon", "mon-fri-sun", "mon,tue", "", "mon - fri"}},
		{HoursPattern, func(s string) error { _, err := parseWindow(s); return err },
			[]string{"09:30-18:00", "22:00-06:00", "00:00-24:00", "24:00-06:00", "9:30-18:00", "09:30", "09:30-25:00", "09:30-24:01", "09:30-18:60", "09:30 - 18:00", "09:30-18:00-19:00", ""}},
		{ClosedPattern, func(s string) error { return newDaySet().addClosure(s) },
			[]string{"2026-12-24", "2026-12-24..2027-01-01", "2026-12-24...2027-01-01", "2026-12-24..", "24.12.2026", "2126-12-24", "1999-12-24", "2026-1-2", ""}},
	}
	for _, test := range tests {
		pattern := regexp.MustCompile(test.pattern)
		for _, text := range test.texts {
			if err := test.read(text); (err == nil) != pattern.MatchString(text) {
				t.Errorf("%q: pattern %s matches %v, reader says %v", text, test.pattern, pattern.MatchString(text), err)
			}
		}
	}
}
