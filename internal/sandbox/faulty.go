package sandbox

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// FaultHeader tells Next which fault will hit the answer it is about to give.
const FaultHeader = "X-Sandbox-Fault"

// Faulty is one service's handler behind the fault switches.
type Faulty struct {
	Service string
	Faults  *Faults
	Method  func(*http.Request) string // what Fault.Method is compared with
	Next    http.Handler
	// Refuse answers for faults that carry a message of the service: RateLimit, RateLimitNoHeader, RateLimitZero (429),
	// Error500, Error503 (their status) and NamedError (name set, status 0). It writes the status itself.
	Refuse func(w http.ResponseWriter, status int, name string)
	// Note, when set, is told about every refused call, for the ledger. Calls that take effect reach Next
	// with FaultHeader set, which Next may add to its own entry.
	Note func(r *http.Request, f Fault, status int, body []byte)
}

// ServeHTTP answers as the service would, unless a fault is armed for the call.
func (h Faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Header.Del(FaultHeader)
	f, ok := h.Faults.Take(h.Service, h.Method(r))
	if !ok {
		h.Next.ServeHTTP(w, r)
		return
	}
	if h.does(w, r, f) {
		return
	}
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxBody)) // a broken body changes nothing here: the call is refused anyway
	status := h.refuse(w, f)
	if h.Note != nil {
		h.Note(r, f, status, body)
	}
	if f.Kind == TimeoutBefore {
		hold(r.Context(), f.wait())
		panic(http.ErrAbortHandler)
	}
}

// does plays the kinds that take effect; false means that the call must be refused.
func (h Faulty) does(w http.ResponseWriter, r *http.Request, f Fault) bool {
	switch f.Kind {
	case TimeoutAfter, LostAnswer, SlowBody, InvalidJSON:
	default:
		return false
	}
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	r.Header.Set(FaultHeader, string(f.Kind))
	h.Next.ServeHTTP(rec, r)
	switch f.Kind {
	case TimeoutAfter:
		hold(r.Context(), f.wait())
		panic(http.ErrAbortHandler)
	case LostAnswer:
		panic(http.ErrAbortHandler)
	case InvalidJSON:
		rec.header.Set("Content-Type", "application/json; charset=utf-8")
		rec.header.Del("Content-Length")
		maps.Copy(w.Header(), rec.header)
		_, _ = w.Write(rec.body.Bytes()[:rec.body.Len()/2])
	default:
		rec.writeSlowly(r.Context(), w, f.wait())
	}
	return true
}

// refuse answers for the kinds that do not take effect and returns the status, 0 for none.
func (h Faulty) refuse(w http.ResponseWriter, f Fault) int {
	switch f.Kind {
	case RateLimit, RateLimitNoHeader, RateLimitZero, RateLimitHTML:
		h.limit(w, f)
		return http.StatusTooManyRequests
	case Error500:
		h.Refuse(w, http.StatusInternalServerError, "")
		return http.StatusInternalServerError
	case Error503:
		h.Refuse(w, http.StatusServiceUnavailable, "")
		return http.StatusServiceUnavailable
	case NamedError:
		h.Refuse(w, 0, f.Name)
		return http.StatusOK
	case HTML200:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><title>Sign in</title><h1>Sign in to continue</h1>")
		return http.StatusOK
	}
	return 0
}

// limit answers 429 in the way of the kind.
func (h Faulty) limit(w http.ResponseWriter, f Fault) {
	seconds := strconv.Itoa(max(1, int(f.wait()/time.Second)))
	switch f.Kind {
	case RateLimitZero:
		w.Header().Set("Retry-After", "0")
	case RateLimit, RateLimitHTML:
		w.Header().Set("Retry-After", seconds)
	}
	if f.Name != "" {
		w.Header().Set("RateLimit-Reason", f.Name)
	}
	if f.Kind == RateLimitHTML {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, "<!doctype html><title>Too many requests</title><h1>Slow down</h1>")
		return
	}
	h.Refuse(w, http.StatusTooManyRequests, "")
}

// wait returns the fault's own time or the default of its kind.
func (f Fault) wait() time.Duration {
	switch {
	case f.Wait > 0:
		return f.Wait
	case f.Kind == RateLimit || f.Kind == RateLimitHTML:
		return 30 * time.Second
	case f.Kind == SlowBody:
		return 5 * time.Second
	}
	return 20 * time.Second
}

// hold waits for d in real time, or until the caller gives up.
func hold(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// recorder keeps an answer instead of sending it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// writeSlowly sends the recorded answer in ten pieces spread over d.
func (r *recorder) writeSlowly(ctx context.Context, w http.ResponseWriter, d time.Duration) {
	maps.Copy(w.Header(), r.header)
	w.WriteHeader(r.status)
	piece := r.body.Len()/10 + 1
	for r.body.Len() > 0 {
		if _, err := w.Write(r.body.Next(piece)); err != nil {
			return // the caller gave up
		}
		_ = http.NewResponseController(w).Flush() // a writer without Flush still gets everything at the end
		hold(ctx, d/10)
	}
}
