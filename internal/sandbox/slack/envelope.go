package slack

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"signoff/internal/sandbox"
)

// wrap is a delivery as an envelope.
type wrap struct {
	kind    string // "events_api", "interactive", "slash_commands"
	payload json.RawMessage
	answers bool // the ack may carry a payload
}

// wrapped reads a delivery as an envelope.
func (p parcel) wrapped() wrap {
	if p.contentType == jsonType {
		return wrap{kind: "events_api", payload: p.body}
	}
	form := p.form()
	if raw := form.Get("payload"); raw != "" {
		return wrap{kind: "interactive", payload: json.RawMessage(raw), answers: true}
	}
	fields := object{}
	for key := range form {
		fields[key] = form.Get(key)
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		panic("slack sandbox: command cannot be written: " + err.Error()) // built from strings
	}
	return wrap{kind: "slash_commands", payload: raw, answers: true}
}

// overSocket sends a delivery by one socket and waits for its ack.
func (s *Server) overSocket(ctx context.Context, p parcel) receipt {
	c := s.app.hub.take(p.not)
	if c == nil {
		return receipt{reason: "connection_failed"}
	}
	w := p.wrapped()
	s.mu.Lock()
	envelope := s.newID("", 8) + "-" + s.newSecret(12)
	s.mu.Unlock()
	frame := object{
		"type": w.kind, "envelope_id": envelope, "accepts_response_payload": w.answers, "payload": w.payload,
	}
	if w.kind == "events_api" {
		frame["retry_attempt"], frame["retry_reason"] = p.retry, p.socketReason()
	}
	r := s.await(ctx, c, envelope, frame)
	if !w.answers {
		r.body = nil // Slack does not look at it
	}
	return r
}

// socketReason is why an envelope comes again, in the words of Socket Mode.
func (p parcel) socketReason() string {
	if p.reason == "http_timeout" {
		return "timeout"
	}
	return p.reason
}

// await sends a frame and waits for the ack, for the connection to end, or for time to run out.
func (s *Server) await(ctx context.Context, c *socket, envelope string, frame object) receipt {
	h := s.app.hub
	waiting := make(chan ack, 1)
	h.mu.Lock()
	h.pending[envelope] = waiting
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		delete(h.pending, envelope)
		h.mu.Unlock()
	}()
	ctx, cancel := context.WithTimeout(ctx, s.opt.AckWithin)
	defer cancel()
	if c.send(frame) != nil {
		return receipt{reason: "connection_failed", by: c}
	}
	select {
	case a := <-waiting:
		return receipt{status: http.StatusOK, header: http.Header{"Content-Type": {jsonType}}, body: a.payload, by: c}
	case <-c.gone:
		return receipt{reason: "connection_failed", by: c}
	case <-ctx.Done():
		return receipt{reason: "http_timeout", by: c}
	}
}

// connected waits until the app has a socket, where deliveries go by socket; false when the server closes.
func (s *Server) connected() bool {
	for {
		ok, changed := s.app.hub.ready()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-s.ctx.Done():
			return false
		}
	}
}

// Sockets is how many connections of the app take envelopes: one that was cut or told to go does not count, even before
// its end is noticed.
func (s *Server) Sockets() int {
	n, _ := s.app.hub.standing()
	return n
}

// standing counts the connections that take envelopes, and tells of the next change.
func (h *hub) standing() (int, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, c := range h.sockets {
		if !c.leaving {
			n++
		}
	}
	return n, h.changed
}

// WaitSockets returns once n connections stand, or with the error of ctx.
func (s *Server) WaitSockets(ctx context.Context, n int) error {
	h := s.app.hub
	for {
		have, changed := h.standing()
		if have == n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// SocketMode switches Socket Mode on or off. While it is on, nothing goes out by HTTP.
func (s *Server) SocketMode(on bool) {
	h := s.app.hub
	h.mu.Lock()
	h.on = on
	h.touch()
	h.mu.Unlock()
	if !on {
		s.Disconnect("link_disabled")
	}
}

// Disconnect tells every connection to go: "warning" some seconds before, "refresh_requested" and "link_disabled" at once. A connection
// that was told gets no new envelope; after the last two it is closed.
func (s *Server) Disconnect(reason string) {
	for _, c := range s.app.hub.leave(reason != "warning") {
		s.opt.Ledger.Add(sandbox.Entry{
			Service: service, Direction: sandbox.Out, Method: "WS", Path: "disconnect", Status: http.StatusOK, Note: reason,
		})
		_ = c.send(s.farewell(reason)) // it may be gone already
		if reason != "warning" {
			c.conn.Close()
		}
	}
}

// leave marks the connections as leaving and lists them.
func (h *hub) leave(now bool) []*socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*socket
	for _, c := range h.sockets {
		c.leaving = c.leaving || now
		out = append(out, c)
	}
	h.touch()
	return out
}

func (s *Server) farewell(reason string) object {
	return object{"type": "disconnect", "reason": reason, "debug_info": object{"host": "applink-sandbox"}}
}

// Cut breaks every connection without a word, as a network does.
func (s *Server) Cut() {
	for _, c := range s.app.hub.leave(true) {
		c.conn.Close()
	}
}

// SendEnvelope sends one envelope of any type and payload by a socket and waits for its ack, whose payload it returns. It is for what a
// client library cannot decode: an unknown type, an event with a new block.
func (s *Server) SendEnvelope(ctx context.Context, kind string, payload any) (json.RawMessage, error) {
	c := s.app.hub.take(nil)
	if c == nil {
		return nil, &ackError{reason: "no connection"}
	}
	s.mu.Lock()
	envelope := s.newID("", 8) + "-" + s.newSecret(12)
	s.mu.Unlock()
	r := s.await(ctx, c, envelope, object{
		"type": kind, "envelope_id": envelope, "accepts_response_payload": false, "payload": payload,
	})
	note := "ok"
	if r.reason != "" {
		note = r.reason
	}
	s.opt.Ledger.Add(sandbox.Entry{
		Service: service, Direction: sandbox.Out, Method: "WS", Path: kind, Status: r.status, Note: note, Failed: r.reason != "",
		Body: "envelope " + strconv.Quote(envelope),
	})
	if r.reason != "" {
		return nil, &ackError{reason: r.reason}
	}
	return r.body, nil
}

// ackError says that an envelope was not acked.
type ackError struct{ reason string }

func (e *ackError) Error() string { return "not acked: " + e.reason }
