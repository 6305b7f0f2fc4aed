package slack

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"signoff/internal/outbound"
)

// respites remember which methods Slack wants left alone, and until when. Many parts of the hub call the same method; only
// here they all come by. A call before its time is answered as Slack would answer it, and never leaves.
type respites struct {
	now func() time.Time

	mu    sync.Mutex
	until map[string]time.Time // by method and token
}

func newRespites(now func() time.Time) *respites {
	return &respites{now: now, until: map[string]time.Time{}}
}

// respiteKey names what a refusal covers: a method in one workspace. Other addresses have no limits of their own.
func respiteKey(req *http.Request) string {
	_, method, ok := strings.Cut(req.URL.Path, "/api/")
	if !ok {
		return ""
	}
	return method + " " + req.Header.Get("Authorization")
}

// refusal is the answer to a call that comes too early, nil for one that may go out.
func (r *respites) refusal(key string) *statusError {
	if key == "" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	until, ok := r.until[key]
	if !ok {
		return nil
	}
	left := until.Sub(r.now())
	if left <= 0 {
		delete(r.until, key)
		return nil
	}
	seconds := strconv.Itoa(int(math.Ceil(left.Seconds())))
	return &statusError{code: http.StatusTooManyRequests, header: http.Header{"Retry-After": {seconds}}}
}

// heed notes what a refusal of Slack's asks for.
func (r *respites) heed(key string, header http.Header) {
	wait, asked := outbound.RetryAfter(header, r.now())
	if key == "" || !asked {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if until := r.now().Add(wait); until.After(r.until[key]) {
		r.until[key] = until
	}
}
