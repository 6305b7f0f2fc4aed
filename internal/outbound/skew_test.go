package outbound_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/internal/outbound"
)

// clockAt is a clock that stands still, or takes a step at each look.
type clockAt struct {
	mu   sync.Mutex
	at   time.Time
	step time.Duration
}

func (c *clockAt) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.at
	c.at = c.at.Add(c.step)
	return at
}

// dated answers with the Date that the query names, and other headers from it.
func dated(w http.ResponseWriter, r *http.Request) {
	w.Header()["Date"] = nil
	if date := r.URL.Query().Get("date"); date != "" {
		w.Header().Set("Date", date)
	}
	if age := r.URL.Query().Get("age"); age != "" {
		w.Header().Set("Age", age)
	}
}

// TestSkew_LearnsFromAnswers: both sides of the line, the trip taken out, and what does not count.
func TestSkew_LearnsFromAnswers(t *testing.T) {
	t.Parallel()
	s := serve(t, dated)
	host := s.Listener.Addr().String()
	date := func(off time.Duration) string { return noon.Add(-off).Format(http.TimeFormat) }
	for _, c := range []struct {
		name  string
		trip  time.Duration
		dates []string // what is asked for, in turn
		known bool
		off   time.Duration
		bad   bool
	}{
		{"right", 0, []string{date(0)}, true, -500 * time.Millisecond, false},
		{"ten minutes ahead", 0, []string{date(10 * time.Minute)}, true, 10*time.Minute - 500*time.Millisecond, true},
		{"ten minutes behind", 0, []string{date(-10 * time.Minute)}, true, -10*time.Minute - 500*time.Millisecond, true},
		{"a minute is borne", 0, []string{date(time.Minute)}, true, 59500 * time.Millisecond, false},
		{"a minute behind and the rounding", 0, []string{date(-time.Minute)}, true, -60500 * time.Millisecond, true},
		{"half of the trip is taken out", 8 * time.Second, []string{date(0)}, true, 3500 * time.Millisecond, false},
		{"a trip that tells too little", 11 * time.Second, []string{date(time.Hour)}, false, 0, false},
		{"our clock was set back meanwhile", -time.Second, []string{date(time.Hour)}, false, 0, false},
		{"no date", 0, []string{""}, false, 0, false},
		{"a date that cannot be read", 0, []string{"yesterday"}, false, 0, false},
		{"out of a cache", 0, []string{date(time.Hour) + "&age=3600"}, false, 0, false},
		{"fresh, and says so", 0, []string{date(time.Hour) + "&age=0"}, true, time.Hour - 500*time.Millisecond, true},
		{"of two, the better", 0, []string{date(time.Hour), date(0)}, true, -500 * time.Millisecond, false},
		{"one odd answer among three", 0, []string{date(0), date(time.Hour), date(0)}, true, -500 * time.Millisecond, false},
		{"two out of three", 0, []string{date(0), date(time.Hour), date(time.Hour)}, true, time.Hour - 500*time.Millisecond, true},
		{"only the last three count", 0, []string{date(time.Hour), date(time.Hour), date(time.Hour), date(0), date(0)}, true, -500 * time.Millisecond, false},
	} {
		skew := outbound.NewSkew((&clockAt{at: noon, step: c.trip}).now, nil)
		client := outbound.New(outbound.Options{Allow: []string{s.URL}, Skew: skew})
		for _, d := range c.dates {
			if err := get(t, client, s.URL+"/?date="+strings.ReplaceAll(d, " ", "%20")); err != nil {
				t.Fatal(err)
			}
		}
		got, known := skew.All()[host]
		if known != c.known || got != c.off {
			t.Errorf("%s: got %v (known %v), want %v (%v)", c.name, got, known, c.off, c.known)
		}
		worst, off, bad := skew.Worst()
		if bad != c.bad || c.known && (worst != host || off != c.off) {
			t.Errorf("%s: Worst() = %q, %v, %v; want %v, %v", c.name, worst, off, bad, c.off, c.bad)
		}
	}
}

// TestSkew_TellsOnceInEachDirection: a clock that is set right again is told as well.
func TestSkew_TellsOnceInEachDirection(t *testing.T) {
	t.Parallel()
	s := serve(t, dated)
	host := s.Listener.Addr().String()
	clock := &clockAt{at: noon}
	var told []string
	skew := outbound.NewSkew(clock.now, func(host string, off time.Duration, bad bool) {
		told = append(told, fmt.Sprint(host, " ", off.Round(time.Minute), " ", bad))
	})
	client := outbound.NewFiles(outbound.Options{Allow: []string{s.URL}, Skew: skew})
	t.Cleanup(client.CloseIdleConnections)
	ask := func() {
		t.Helper()
		if err := get(t, client, s.URL+"/?date="+strings.ReplaceAll(noon.Format(http.TimeFormat), " ", "%20")); err != nil {
			t.Fatal(err)
		}
	}
	for _, off := range []time.Duration{0, 0, 10 * time.Minute, 10 * time.Minute, 10 * time.Minute, 0, 0, 0, -2 * time.Hour, -2 * time.Hour, -2 * time.Hour} {
		clock.at = noon.Add(off)
		ask()
	}
	want := []string{host + " 10m0s true", host + " 0s false", host + " -2h0m0s true"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// TestSkew_Worst: the farthest counts; nobody is nobody; the table of hosts does not grow for ever.
func TestSkew_Worst(t *testing.T) {
	t.Parallel()
	var none *outbound.Skew
	if host, off, bad := none.Worst(); host != "" || off != 0 || bad || len(none.All()) != 0 {
		t.Errorf("no Skew: %q, %v, %v", host, off, bad)
	}
	n := newInternet(t, []string{"*.slack.com"}, func(w http.ResponseWriter, r *http.Request) {
		off := time.Minute
		if r.Host == "h7.slack.com" {
			off = -time.Hour
		}
		w.Header().Set("Date", noon.Add(off).Format(http.TimeFormat))
	})
	o := n.options(nil, []string{".slack.com"})
	o.Skew = outbound.NewSkew((&clockAt{at: noon}).now, nil)
	client := outbound.New(o)
	t.Cleanup(client.CloseIdleConnections)
	var done sync.WaitGroup
	for i := range 40 {
		done.Go(func() {
			if err := get(t, client, fmt.Sprintf("https://h%d.slack.com/", i%16)); err != nil {
				t.Error(err)
			}
			o.Skew.Worst()
		})
	}
	done.Wait()
	if host, off, bad := o.Skew.Worst(); host != "h7.slack.com" || off != time.Hour-500*time.Millisecond || !bad {
		t.Errorf("Worst() = %q, %v, %v; want h7, an hour ahead", host, off, bad)
	}
	for i := range 40 {
		if err := get(t, client, fmt.Sprintf("https://many%d.slack.com/", i)); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(o.Skew.All()); got != 32 {
		t.Errorf("%d hosts are kept, want 32", got)
	}
}
