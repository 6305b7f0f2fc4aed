package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// FaultKind names one way in which a service misbehaves.
type FaultKind string

// The faults every sandbox knows. "Does it" means that the call takes effect although the caller never learns so.
const (
	RateLimit         FaultKind = "rate-limit"           // 429 with Retry-After (Wait, at least 1 s); does not do it
	RateLimitNoHeader FaultKind = "rate-limit-no-header" // 429 without Retry-After; does not do it
	RateLimitZero     FaultKind = "rate-limit-zero"      // 429 with Retry-After: 0; does not do it
	RateLimitHTML     FaultKind = "rate-limit-html"      // 429 with Retry-After (Wait) and a web page, as from a proxy; does not do it
	Error500          FaultKind = "error-500"            // 500; does not do it
	Error503          FaultKind = "error-503"            // 503; does not do it
	TimeoutBefore     FaultKind = "timeout-before"       // never does it: holds for Wait, then drops the connection
	TimeoutAfter      FaultKind = "timeout-after"        // does it, holds for Wait, then drops the connection
	LostAnswer        FaultKind = "lost-answer"          // does it and closes the connection at once
	SlowBody          FaultKind = "slow-body"            // does it and answers over Wait, a few bytes at a time
	InvalidJSON       FaultKind = "invalid-json"         // does it and answers 200 with cut-off JSON
	HTML200           FaultKind = "html-200"             // does not do it: 200 with a web page, as a proxy would
	NamedError        FaultKind = "named-error"          // does not do it: the service's own error Name (Slack: ok:false)
)

// FaultKinds lists every kind in the order in which the panel offers them.
func FaultKinds() []FaultKind {
	return []FaultKind{
		RateLimit, RateLimitNoHeader, RateLimitZero, RateLimitHTML, Error500, Error503, TimeoutBefore, TimeoutAfter,
		LostAnswer, SlowBody, InvalidJSON, HTML200, NamedError,
	}
}

// UntilCleared as Fault.Times keeps a fault armed until Clear.
const UntilCleared = -1

// Fault is one armed misbehaviour.
type Fault struct {
	Service string        // "slack", "jira"
	Method  string        // API method or path prefix ("" = any)
	Kind    FaultKind     //
	Times   int           // how many calls it hits; UntilCleared = no end
	Wait    time.Duration // Retry-After, hold or answer time, by Kind; 0 = a default per kind
	Name    string        // the error name of NamedError; of a rate limit the reason that its answer names, if any
}

func (f Fault) matches(service, method string) bool {
	return f.Service == service && (f.Method == "" || strings.HasPrefix(method, f.Method))
}

// Faults holds the armed faults of all services. It is safe for concurrent use.
type Faults struct {
	mu    sync.Mutex
	armed []Fault
}

// Arm switches f on. Faults are tried in the order in which they were armed.
func (fs *Faults) Arm(f Fault) error {
	switch {
	case !slices.Contains(FaultKinds(), f.Kind):
		return fmt.Errorf("unknown fault kind %q", f.Kind)
	case f.Service == "":
		return errors.New("a fault needs a service")
	case f.Times == 0 || f.Times < UntilCleared:
		return fmt.Errorf("a fault hits at least one call, not %d", f.Times)
	case f.Kind == NamedError && f.Name == "":
		return errors.New("a named error needs its name")
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.armed = append(fs.armed, f)
	return nil
}

// Clear switches every fault off.
func (fs *Faults) Clear() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.armed = nil
}

// List returns what is armed, with the calls each fault has left.
func (fs *Faults) List() []Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return slices.Clone(fs.armed)
}

// Take returns the fault that hits this call, if any, and counts it. A nil receiver has no faults.
func (fs *Faults) Take(service, method string) (Fault, bool) {
	if fs == nil {
		return Fault{}, false
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i := range fs.armed {
		f := fs.armed[i]
		if !f.matches(service, method) {
			continue
		}
		if f.Times > 0 {
			fs.armed[i].Times--
		}
		if fs.armed[i].Times == 0 {
			fs.armed = slices.Delete(fs.armed, i, i+1)
		}
		return f, true
	}
	return Fault{}, false
}
