package sandbox

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Direction says which way an entry travelled, seen from the sandbox.
type Direction string

const (
	// In is a call the sandbox received (the product called the service).
	In Direction = "in"
	// Out is a delivery the sandbox sent (the service called the product).
	Out Direction = "out"
)

// maxBody caps the body kept per entry, in bytes.
const maxBody = 16 << 10

// hidden replaces a secret in what the ledger keeps.
const hidden = "•••"

// Entry is one call received or one delivery sent.
type Entry struct {
	Seq       int       // 1, 2, 3, ...: set by Add
	At        time.Time // set by Add when zero
	Service   string    // "slack", "jira"
	Direction Direction
	Method    string // HTTP method
	Path      string // request path or API method
	Status    int    // HTTP status answered; 0 when there was no answer
	Note      string // one phrase for people: "ok", "channel_not_found", "retry 1 (http_timeout)"
	Failed    bool   // went wrong although the status is good: an error in a 200, a fault
	Body      string // request body, capped, secrets hidden
	Mark      string // the product's mark carried by the call, if any
}

// Ledger is the append-only list of everything a sandbox was asked and everything it sent.
// It is safe for concurrent use.
type Ledger struct {
	now Clock

	mu      sync.Mutex
	entries []Entry
	secrets []string
	changed chan struct{}
}

// NewLedger returns an empty ledger that stamps entries with now.
func NewLedger(now Clock) *Ledger {
	return &Ledger{now: now, changed: make(chan struct{})}
}

// Hide makes the ledger replace each of the secrets in whatever it keeps from now on.
func (l *Ledger) Hide(secrets ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range secrets {
		if s != "" && !slices.Contains(l.secrets, s) {
			l.secrets = append(l.secrets, s)
		}
	}
}

// Add appends e, gives it the next Seq and wakes everybody who waits.
func (l *Ledger) Add(e Entry) {
	if e.At.IsZero() {
		e.At = l.now()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Seq = len(l.entries) + 1
	e.Path, e.Note, e.Body = l.mask(e.Path), l.mask(e.Note), capped(l.mask(e.Body))
	l.entries = append(l.entries, e)
	close(l.changed)
	l.changed = make(chan struct{})
}

// Entries returns a copy of the entries whose Seq is greater than after.
func (l *Ledger) Entries(after int) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.since(after)
}

// Changed returns a channel that is closed by the next Add.
// Take it before looking at Entries, so that nothing falls between.
func (l *Ledger) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// Wait returns once ok holds for all entries so far, or with the error of ctx.
func (l *Ledger) Wait(ctx context.Context, ok func([]Entry) bool) error {
	for {
		changed := l.Changed()
		if ok(l.Entries(0)) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Longer returns once there are more than n entries, or with the error of ctx.
func (l *Ledger) Longer(ctx context.Context, n int) error {
	for {
		l.mu.Lock()
		have, changed := len(l.entries), l.changed
		l.mu.Unlock()
		if have > n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *Ledger) since(after int) []Entry {
	if after < 0 {
		after = 0
	}
	if after >= len(l.entries) {
		return nil
	}
	return slices.Clone(l.entries[after:])
}

func (l *Ledger) mask(s string) string {
	for _, secret := range l.secrets {
		s = strings.ReplaceAll(s, secret, hidden)
	}
	return s
}

// capped cuts s to maxBody bytes at a rune boundary.
func capped(s string) string {
	if len(s) <= maxBody {
		return s
	}
	cut := maxBody
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
