package outbound

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// MostSkew is how far our clock may be off before signed deliveries are at risk: services sign the time, and what is
// older than a few minutes is not believed.
const MostSkew = time.Minute

const (
	skewSamples = 3                // per host: two answers settle a change, one odd answer does not
	skewHosts   = 32               // watched at once, so that a suffix on the list cannot grow the table
	skewTrip    = 10 * time.Second // an answer that took longer tells too little
)

// Skew keeps, by host, how far our clock is from the Date of the host's answers. It only records: nobody's window of
// acceptance depends on it. A nil Skew watches nothing. It is safe for concurrent use.
type Skew struct {
	now     func() time.Time
	changed func(host string, off time.Duration, bad bool)

	mu    sync.Mutex
	hosts map[string]*samples
}

// samples are the latest offsets of one host, the oldest first.
type samples struct {
	last []time.Duration
	bad  bool
}

// NewSkew returns a Skew by the clock now. changed, which may be nil, is called once whenever a host's offset passes
// MostSkew, in either direction.
func NewSkew(now func() time.Time, changed func(host string, off time.Duration, bad bool)) *Skew {
	if changed == nil {
		changed = func(string, time.Duration, bool) {}
	}
	return &Skew{now: now, changed: changed, hosts: map[string]*samples{}}
}

// Worst names the host from which our clock is the farthest off; positive is ahead. ok is false when no host is known or
// every offset is within MostSkew.
func (s *Skew) Worst() (host string, off time.Duration, ok bool) {
	all := s.All()
	for _, h := range slices.Sorted(maps.Keys(all)) {
		if d := all[h]; d.Abs() > off.Abs() {
			host, off = h, d
		}
	}
	return host, off, off.Abs() > MostSkew
}

// All returns the offset for each host that has answered; positive is ahead.
func (s *Skew) All() map[string]time.Duration {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]time.Duration, len(s.hosts))
	for host, one := range s.hosts {
		out[host] = one.middle()
	}
	return out
}

// begin reads the clock before a request.
func (s *Skew) begin() time.Time {
	if s == nil {
		return time.Time{}
	}
	return s.now()
}

// end compares the Date of an answer with the middle of its trip. An answer out of a cache has the Date of its making
// and does not count.
func (s *Skew) end(host string, sent time.Time, h http.Header) {
	if s == nil {
		return
	}
	date, age := sentAt(h), h.Get("Age")
	if date.IsZero() || age != "" && age != "0" {
		return
	}
	trip := s.now().Sub(sent)
	if trip < 0 || trip > skewTrip {
		return
	}
	const cut = 500 * time.Millisecond // a Date has whole seconds, rounded down
	s.add(host, sent.Add(trip/2).Sub(date.Add(cut)))
}

func (s *Skew) add(host string, off time.Duration) {
	s.mu.Lock()
	one := s.hosts[host]
	if one == nil {
		if len(s.hosts) >= skewHosts {
			s.mu.Unlock()
			return
		}
		one = &samples{}
		s.hosts[host] = one
	}
	if len(one.last) == skewSamples {
		one.last = slices.Delete(one.last, 0, 1)
	}
	one.last = append(one.last, off)
	off = one.middle()
	bad := off.Abs() > MostSkew
	turned := bad != one.bad
	one.bad = bad
	s.mu.Unlock()
	if turned {
		s.changed(host, off, bad)
	}
}

// middle is the median; of two, the one nearer to zero.
func (s *samples) middle() time.Duration {
	sorted := slices.Sorted(slices.Values(s.last))
	if len(sorted) == 2 && sorted[0].Abs() > sorted[1].Abs() {
		return sorted[1]
	}
	return sorted[(len(sorted)-1)/2]
}
