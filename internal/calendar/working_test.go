package calendar

import (
	"math"
	"testing"
	"time"
)

func TestAdd(t *testing.T) {
	t.Parallel()
	ldn, split, night := london(t), kolkata(t), lounge(t, "Europe/London")
	tests := []struct {
		name string
		c    *Calendar
		from string
		span Span
		want string
	}{
		{"over the Christmas closure", ldn, "2026-12-23 17:00", Span{8, WorkingHours}, "2027-01-04 16:30"},
		{"back over the closure", ldn, "2027-01-04 16:30", Span{-8, WorkingHours}, "2026-12-23 17:00"},
		{"ends at closing", ldn, "2026-11-19 17:00", Span{1, WorkingHours}, "2026-11-19 18:00"},
		{"goes on in the morning", ldn, "2026-11-19 17:00", Span{1.5, WorkingHours}, "2026-11-20 10:00"},
		{"from the evening", ldn, "2026-11-19 21:00", Span{1, WorkingHours}, "2026-11-20 10:30"},
		{"from closing", ldn, "2026-11-19 18:00", Span{1, WorkingHours}, "2026-11-20 10:30"},
		{"short Friday", ldn, "2026-11-20 15:30", Span{90, WorkingMinutes}, "2026-11-23 10:00"},
		{"back to opening", ldn, "2026-11-20 10:30", Span{-1, WorkingHours}, "2026-11-20 09:30"},
		{"back from the weekend", ldn, "2026-11-22 12:00", Span{-1, WorkingHours}, "2026-11-20 15:30"},
		{"lunch break", split, "2026-11-20 12:00", Span{1, WorkingHours}, "2026-11-20 14:30"},
		{"in the break", split, "2026-11-20 13:00", Span{30, WorkingMinutes}, "2026-11-20 14:30"},
		{"night shift", night, "2026-11-20 05:00", Span{2, WorkingHours}, "2026-11-20 23:00"},
		{"night of Friday", night, "2026-11-20 23:00", Span{7, WorkingHours}, "2026-11-21 06:00"},
		{"weekend after the night", night, "2026-11-21 05:00", Span{2, WorkingHours}, "2026-11-23 23:00"},
		{"night of the spring change is 7 hours", lounge(t, "Africa/Cairo"), "2027-04-29 22:00", Span{8, WorkingHours}, "2027-04-30 23:00"},
		{"night of the autumn change is 9 hours", lounge(t, "Africa/Cairo"), "2027-10-28 22:00", Span{9, WorkingHours}, "2027-10-29 06:00"},

		{"one working day", ldn, "2026-11-18 15:00", Span{1, WorkingDays}, "2026-11-19 15:00"},
		{"never after closing", ldn, "2026-11-19 17:30", Span{1, WorkingDays}, "2026-11-20 16:30"},
		{"over the weekend", ldn, "2026-11-20 15:00", Span{2, WorkingDays}, "2026-11-24 15:00"},
		{"from Sunday", ldn, "2026-11-22 15:00", Span{1, WorkingDays}, "2026-11-24 09:30"},
		{"over holidays", ldn, "2026-12-23 17:00", Span{2, WorkingDays}, "2027-01-05 17:00"},
		{"working days back", ldn, "2026-11-20 16:30", Span{-3, WorkingDays}, "2026-11-17 16:30"},
		{"back from Sunday", ldn, "2026-11-22 12:00", Span{-1, WorkingDays}, "2026-11-19 16:30"},
		{"back never before opening", must(t, Spec{Zone: "UTC", Hours: map[string][]string{"mon": {"10:00-16:00"}, "tue": {"08:00-16:00"}}}), "2026-11-17 08:30", Span{-1, WorkingDays}, "2026-11-16 10:00"},
		{"half a working day", ldn, "2026-11-19 09:30", Span{0.5, WorkingDays}, "2026-11-19 13:45"},
		{"one and a half", ldn, "2026-11-18 09:30", Span{1.5, WorkingDays}, "2026-11-19 13:45"},
		{"half a working day back", ldn, "2026-11-19 18:00", Span{-0.5, WorkingDays}, "2026-11-19 13:45"},
		{"in the night", night, "2026-11-19 02:00", Span{1, WorkingDays}, "2026-11-20 02:00"},
		{"in the night of Friday", night, "2026-11-21 02:00", Span{1, WorkingDays}, "2026-11-24 02:00"},
		{"working day onto the spring change", must(t, Spec{Zone: "Europe/London", Hours: map[string][]string{"mon-sun": {"00:00-24:00"}}}), "2027-03-27 01:30", Span{1, WorkingDays}, "2027-03-28 02:00"},

		{"leap day", ldn, "2028-02-28 12:00", Span{1, WorkingDays}, "2028-02-29 12:00"},
		{"leap day by the clock", ldn, "2028-02-28 12:00", Span{24, Hours}, "2028-02-29 12:00"},
		{"over the leap day", ldn, "2028-02-28 12:00", Span{2, Days}, "2028-03-01 12:00"},
		{"year end of week 53", split, "2026-12-31 17:00", Span{2, WorkingHours}, "2027-01-01 10:00"},
		{"week 53 by weeks", split, "2026-12-31 17:00", Span{1, Weeks}, "2027-01-07 17:00"},

		{"days keep the local time", ldn, "2027-03-27 12:00", Span{1, Days}, "2027-03-28 12:00"},
		{"clock hours do not", ldn, "2027-03-27 12:00", Span{24, Hours}, "2027-03-28 13:00"},
		{"days into the gap", ldn, "2027-03-27 01:30", Span{1, Days}, "2027-03-28 02:00"},
		{"days back", ldn, "2027-03-29 12:00", Span{-2, Days}, "2027-03-27 12:00"},
		{"day and a half", ldn, "2026-11-18 12:00", Span{1.5, Days}, "2026-11-20 00:00"},
		{"weeks", ldn, "2027-03-22 12:00", Span{2, Weeks}, "2027-04-05 12:00"},
		{"minutes", ldn, "2026-11-20 23:45", Span{30, Minutes}, "2026-11-21 00:15"},

		{"zero", ldn, "2026-11-22 12:00", Span{0, WorkingHours}, "2026-11-22 12:00"},
		{"not a number", ldn, "2026-11-22 12:00", Span{math.NaN(), WorkingDays}, "2026-11-22 12:00"},
		{"too many working hours", ldn, "2026-11-18 12:00", Span{1e12, WorkingHours}, "2031-11-18 12:00"},
		{"too many working days", ldn, "2026-11-18 12:00", Span{math.Inf(1), WorkingDays}, "2031-11-18 12:00"},
		{"too many working days back", ldn, "2026-11-18 12:00", Span{math.Inf(-1), WorkingDays}, "2021-11-18 12:00"},
		{"too many working minutes back", ldn, "2026-11-18 12:00", Span{-1e12, WorkingMinutes}, "2021-11-18 12:00"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := test.c.Add(local(t, test.c, test.from).UTC(), test.span)
			if got.Format(stamp) != test.want || got.Location() != test.c.Location() {
				t.Errorf("%s + %v = %s, want %s", test.from, test.span, got, test.want)
			}
		})
	}
}

func TestAdd_KeepsFractionsOfASecond(t *testing.T) {
	t.Parallel()
	c := london(t)
	from := local(t, c, "2026-11-18 15:00").Add(1234567 * time.Nanosecond)
	for _, s := range []Span{{1, WorkingDays}, {8.5, WorkingHours}, {1, Days}} {
		if got, want := c.Add(from, s), from.AddDate(0, 0, 1); !got.Equal(want) {
			t.Errorf("%v + %v = %v, want %v", from, s, got, want)
		}
	}
}

func TestAdd_AllClosedAheadEndsAtTheHorizon(t *testing.T) {
	t.Parallel()
	spec := Spec{Zone: "UTC", Hours: map[string][]string{"mon-fri": {"09:00-17:00"}}}
	for _, year := range []string{"2027", "2028", "2029", "2030", "2031", "2032"} {
		spec.Closed = append(spec.Closed, year+"-01-01.."+year+"-12-31")
	}
	c := must(t, spec)
	from := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	want := from.AddDate(5, 0, 0)
	if got := c.Next(from); !got.Equal(want) {
		t.Errorf("Next(%v) = %v, want %v", from, got, want)
	}
	for _, s := range []Span{{1, WorkingHours}, {1, WorkingDays}, {0.5, WorkingDays}} {
		if got := c.Add(from, s); !got.Equal(want) {
			t.Errorf("%v + %v = %v, want %v", from, s, got, want)
		}
	}
	if c.Open(from) || c.Working(from, want) != 0 {
		t.Errorf("closed years: Open %v, Working %v, want false and 0", c.Open(from), c.Working(from, want))
	}
}

func TestWorking(t *testing.T) {
	t.Parallel()
	ldn := london(t)
	tests := []struct {
		name     string
		c        *Calendar
		from, to string
		want     time.Duration
	}{
		{"one day", ldn, "2026-11-18 00:00", "2026-11-19 00:00", 8*time.Hour + 30*time.Minute},
		{"one week", ldn, "2026-11-16 00:00", "2026-11-23 00:00", 41 * time.Hour},
		{"backwards", ldn, "2026-11-23 00:00", "2026-11-16 00:00", -41 * time.Hour},
		{"part", ldn, "2026-11-20 16:00", "2026-11-23 10:00", time.Hour},
		{"closure", ldn, "2026-12-24 00:00", "2027-01-04 00:00", 0},
		{"nothing", ldn, "2026-11-18 12:00", "2026-11-18 12:00", 0},
		{"spring night", lounge(t, "Europe/London"), "2027-03-26 12:00", "2027-03-28 12:00", 8 * time.Hour}, // Friday's night is before the change
		{"autumn by the clock", must(t, Spec{Zone: "Europe/London", Hours: map[string][]string{"mon-sun": {"00:00-24:00"}}}), "2027-10-31 00:00", "2027-11-01 00:00", 25 * time.Hour},
		{"spring by the clock", must(t, Spec{Zone: "Australia/Lord_Howe", Hours: map[string][]string{"mon-sun": {"00:00-24:00"}}}), "2027-10-03 00:00", "2027-10-04 00:00", 23*time.Hour + 30*time.Minute},
		{"a day that never was", must(t, Spec{Zone: "Pacific/Apia", Hours: map[string][]string{"mon-sun": {"09:00-17:00"}}}), "2011-12-29 00:00", "2012-01-01 00:00", 16 * time.Hour},
		{"centuries", must(t, Spec{Zone: "UTC", Hours: map[string][]string{"mon-sun": {"00:00-24:00"}}}), "0001-01-01 00:00", "9999-01-01 00:00", (maxUnix - minUnix) * time.Second},
	}
	for _, test := range tests {
		if got := test.c.Working(local(t, test.c, test.from), local(t, test.c, test.to)); got != test.want {
			t.Errorf("%s: Working(%s, %s) = %v, want %v", test.name, test.from, test.to, got, test.want)
		}
	}
}

// In 2006 Newfoundland turned its clocks back at one minute past midnight, so
// Sunday had begun when the clock showed Saturday evening again.
func TestRepeatedHourAcrossMidnight(t *testing.T) {
	t.Parallel()
	c := must(t, Spec{Zone: "America/St_Johns", Hours: map[string][]string{"sun": {"00:00-02:00"}}})
	sunday := time.Date(2006, 10, 29, 2, 30, 0, 0, time.UTC)
	at := sunday.Add(20 * time.Minute)
	if got, want := at.In(c.Location()).Format(stamp), "2006-10-28 23:20"; got != want {
		t.Fatalf("the clock shows %s, want %s", got, want)
	}
	if !c.Open(at) {
		t.Errorf("Open(%v) = false, want true: Sunday opened at %v", at, sunday)
	}
	if got := c.Working(sunday.Add(-time.Hour), at); got != 20*time.Minute {
		t.Errorf("Working up to %v = %v, want 20m", at, got)
	}
	if got, want := c.Add(at, Span{-15, WorkingMinutes}), at.Add(-15*time.Minute); !got.Equal(want) {
		t.Errorf("%v - 15 working minutes = %v, want %v", at, got, want)
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	c := london(t)
	tests := []struct {
		name    string
		from    string
		limit   Span
		percent float64
		spent   time.Duration
		want    string
	}{
		{"half of 8 working hours", "2026-11-18 15:00", Span{8, WorkingHours}, 50, 0, "2026-11-19 10:30"},
		{"90 percent", "2026-11-18 15:00", Span{8, WorkingHours}, 90, 0, "2026-11-19 13:42"},
		{"all of it", "2026-12-23 17:00", Span{8, WorkingHours}, 100, 0, "2027-01-04 16:30"},
		{"some was spent", "2026-11-18 15:00", Span{8, WorkingHours}, 50, 3 * time.Hour, "2026-11-18 16:00"},
		{"half was spent", "2026-11-18 15:00", Span{8, WorkingHours}, 50, 5 * time.Hour, "2026-11-18 15:00"},
		{"more than all", "2026-11-18 09:30", Span{4, WorkingHours}, 150, 0, "2026-11-18 15:30"},
		{"a working day", "2026-11-19 17:30", Span{1, WorkingDays}, 100, 0, "2026-11-20 16:30"},
		{"half a working day", "2026-11-18 15:00", Span{1, WorkingDays}, 50, 0, "2026-11-19 10:45"},
		{"a working day, some spent", "2026-11-18 15:00", Span{1, WorkingDays}, 100, 2 * time.Hour, "2026-11-19 13:00"},
		{"working minutes", "2026-11-18 15:00", Span{90, WorkingMinutes}, 50, 0, "2026-11-18 15:45"},
		{"clock hours", "2026-11-18 20:00", Span{8, Hours}, 50, time.Hour, "2026-11-18 23:00"},
		{"days", "2026-11-18 20:00", Span{3, Days}, 50, 0, "2026-11-20 08:00"},
		{"nonsense", "2026-11-18 20:00", Span{3, Days}, math.NaN(), 0, "2026-11-18 20:00"},
	}
	for _, test := range tests {
		got := c.Share(local(t, c, test.from), test.limit, test.percent, test.spent)
		if got.Format(stamp) != test.want {
			t.Errorf("%s: Share(%s, %v, %v%%, %v spent) = %s, want %s", test.name, test.from, test.limit, test.percent, test.spent, got.Format(stamp), test.want)
		}
	}
}

func BenchmarkYear(b *testing.B) {
	c := london(b)
	from := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	b.Run("Working", func(b *testing.B) {
		for b.Loop() {
			c.Working(from, from.AddDate(1, 0, 0))
		}
	})
	b.Run("Add", func(b *testing.B) {
		for b.Loop() {
			c.Add(from, Span{2000, WorkingHours})
		}
	})
	b.Run("AddOneDay", func(b *testing.B) {
		for b.Loop() {
			c.Add(from, Span{1, WorkingDays})
		}
	})
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		london(b)
	}
}
