package server

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"signoff/connectors"
)

const (
	bodyMost  = 4 << 20          // bytes of a delivery
	bodySmall = 64 << 10         // what any delivery may use; more needs one of the large places
	bodyWaste = 32 << 20         // of a larger one that are let in and thrown away
	bodyTime  = 10 * time.Second // in which a body has to be here

	inFlight  = 512 // deliveries at once
	perSender = 256 // of them from one address
	large     = 16  // of them large

	perSecond = 2000 // deliveries a second from one address
	burst     = 4000
)

// hooks takes deliveries in. This path is the busiest: it goes around the router and writes no log.
type hooks struct {
	hub     Hub
	now     func() time.Time
	proxies []netip.Prefix
	buckets *buckets
	places  chan struct{}
	large   chan struct{}
}

func newHooks(o Options) *hooks {
	return &hooks{
		hub: o.Hub, now: o.Now, proxies: o.TrustedProxies, buckets: newBuckets(perSecond, burst),
		places: make(chan struct{}, inFlight), large: make(chan struct{}, large),
	}
}

// serve answers /hooks/{instance}/{rest}; path is what follows /hooks/.
func (k *hooks) serve(w http.ResponseWriter, r *http.Request, path string) {
	h := w.Header()
	h["X-Content-Type-Options"], h["Referrer-Policy"] = nosniff, noReferrer
	h["Content-Security-Policy"], h["Cache-Control"] = nothing, noStore
	from, status := k.cheap(w, r)
	if status != 0 {
		refuseHook(w, status)
		return
	}
	if !k.buckets.enter(from, perSender) {
		refuseHook(w, http.StatusTooManyRequests)
		return
	}
	defer k.buckets.leave(from)
	if !enter(k.places) {
		refuseHook(w, http.StatusServiceUnavailable)
		return
	}
	defer leave(k.places)
	body, status := k.body(w, r)
	if status != 0 {
		refuseHook(w, status)
		return
	}
	instance, rest, _ := strings.Cut(path, "/")
	in := connectors.Inbound{
		Method: r.Method, Rest: rest, Header: r.Header, Body: body, At: k.now(), Remote: client(r, k.proxies).String(),
	}
	if r.URL.RawQuery != "" {
		in.Query = r.URL.Query()
	}
	answer(w, k.hub.Hook(r.Context(), instance, in))
}

// Header values that every delivery's answer shares; they are never changed.
var (
	nosniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	nothing    = []string{"default-src 'none'; frame-ancestors 'none'"}
	noStore    = []string{"no-store"}
)

// cheap refuses what needs no reading: framing tricks, encoded bodies and storms. 0: go on.
func (k *hooks) cheap(w http.ResponseWriter, r *http.Request) (from *bucket, status int) {
	if len(r.TransferEncoding) > 0 {
		w.Header().Set("Connection", "close") // nothing can hide behind a chunked body
		if framedTwice(r) {
			return nil, http.StatusBadRequest
		}
	}
	if len(r.Header["Content-Encoding"]) > 0 {
		return nil, http.StatusUnsupportedMediaType
	}
	from, ok := k.buckets.take(client(r, k.proxies), k.now())
	if !ok {
		return nil, http.StatusTooManyRequests
	}
	return from, 0
}

func enter(places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
		return false
	}
}

func leave(places chan struct{}) { <-places }

// body reads a delivery exactly as it was sent, with bounds on size and time. A status other than 0 refuses it.
func (k *hooks) body(w http.ResponseWriter, r *http.Request) ([]byte, int) {
	if r.ContentLength == 0 {
		return nil, 0
	}
	defer deadline(w)()
	if r.ContentLength > bodyMost {
		if enter(k.large) {
			defer leave(k.large)
			discard(r.Body)
		}
		return nil, http.StatusRequestEntityTooLarge
	}
	if r.ContentLength > 0 && r.ContentLength <= bodySmall {
		b := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, b); err != nil {
			return nil, unread(err)
		}
		return b, 0
	}
	var b bytes.Buffer
	if n, err := io.Copy(&b, io.LimitReader(r.Body, bodySmall+1)); err != nil || n <= bodySmall {
		return b.Bytes(), unread(err)
	}
	if !enter(k.large) {
		return nil, http.StatusServiceUnavailable
	}
	defer leave(k.large)
	if _, err := io.Copy(&b, io.LimitReader(r.Body, bodyMost-bodySmall)); err != nil {
		return nil, unread(err)
	}
	if b.Len() > bodyMost {
		discard(r.Body)
		return nil, http.StatusRequestEntityTooLarge
	}
	return b.Bytes(), 0
}

// discard lets a body that is too large arrive, within reason: a sender that is cut off while it writes sees no answer
// and comes again.
func discard(body io.Reader) { _, _ = io.CopyN(io.Discard, body, bodyWaste) }

// deadline makes reading fail when the body takes too long; the returned function ends that.
func deadline(w http.ResponseWriter) (stop func()) {
	rc := http.NewResponseController(w)
	// A writer without deadlines is a test's; then there is nobody slow.
	t := time.AfterFunc(bodyTime, func() { _ = rc.SetReadDeadline(time.Unix(1, 0)) })
	return func() {
		if !t.Stop() {
			_ = rc.SetReadDeadline(time.Time{})
		}
	}
}

// unread is the status for a body that did not come; 0 without an error.
func unread(err error) int {
	var slow interface{ Timeout() bool }
	switch {
	case err == nil:
		return 0
	case errors.As(err, &slow) && slow.Timeout():
		return http.StatusRequestTimeout
	}
	return http.StatusBadRequest
}

// refuseHook gives the one short answer, the same for every reason.
func refuseHook(w http.ResponseWriter, status int) {
	h := w.Header()
	switch status {
	case http.StatusTooManyRequests:
		h.Set("Retry-After", "1")
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "5")
	case http.StatusRequestEntityTooLarge, http.StatusRequestTimeout, http.StatusBadRequest:
		h.Set("Connection", "close")
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"ok":false}`) // the sender may be gone
}

// answer writes what the engine says.
func answer(w http.ResponseWriter, reply connectors.Reply) {
	h := w.Header()
	for name, values := range reply.Header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	if reply.Status == 0 {
		reply.Status = http.StatusOK
	}
	w.WriteHeader(reply.Status)
	if len(reply.Body) > 0 {
		_, _ = w.Write(reply.Body) // the sender may be gone
	}
}
