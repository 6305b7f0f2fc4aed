package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// buckets lets so many requests a second through per address. The number of addresses it remembers is bounded: when
// one generation is full it becomes the old one, and what is in neither starts anew.
type buckets struct {
	rate  float64
	burst float64

	mu       sync.Mutex
	now, old map[netip.Addr]*bucket
}

type bucket struct {
	left float64
	at   time.Time
	in   int // requests that are inside
}

const generation = 8192

func newBuckets(rate, burst float64) *buckets {
	return &buckets{rate: rate, burst: burst, now: map[netip.Addr]*bucket{}}
}

// take says whether one more request from addr is let through, and gives its bucket. A request from this machine always
// is, and has none: behind a proxy that is not declared everybody would share its bucket, and one sender could shut the
// others out.
func (b *buckets) take(addr netip.Addr, now time.Time) (*bucket, bool) {
	if addr.IsLoopback() || !addr.IsValid() {
		return nil, true
	}
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			addr = p.Addr()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.of(addr, now)
	if passed := now.Sub(k.at); passed > 0 {
		k.left = min(b.burst, k.left+passed.Seconds()*b.rate)
	}
	k.at = now
	if k.left < 1 {
		return k, false
	}
	k.left--
	return k, true
}

// enter lets a request of an address in unless most are inside already, so that slow senders do not fill every place.
func (b *buckets) enter(k *bucket, most int) bool {
	if k == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if k.in >= most {
		return false
	}
	k.in++
	return true
}

func (b *buckets) leave(k *bucket) {
	if k == nil {
		return
	}
	b.mu.Lock()
	k.in--
	b.mu.Unlock()
}

func (b *buckets) of(addr netip.Addr, now time.Time) *bucket {
	if k := b.now[addr]; k != nil {
		return k
	}
	k := b.old[addr]
	if k == nil {
		k = &bucket{left: b.burst, at: now}
	}
	if len(b.now) >= generation {
		b.now, b.old = map[netip.Addr]*bucket{}, b.now
	}
	b.now[addr] = k
	return k
}

// client is the address a request came from. A proxy that is trusted may say for whom it speaks; of several, the last
// that is not itself trusted counts.
func client(r *http.Request, proxies []netip.Prefix) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := at.Addr().Unmap()
	if len(proxies) == 0 || !trusted(addr, proxies) {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return addr
		}
		addr = next.Unmap()
		if !trusted(addr, proxies) {
			return addr
		}
	}
	return addr
}

func trusted(addr netip.Addr, proxies []netip.Prefix) bool {
	return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}
