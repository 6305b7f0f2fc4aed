package slack

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"signoff/internal/sandbox"
)

const (
	maxSockets    = 10       // connections of one app
	maxAckPayload = 20 << 10 // an ack of this size or more is dropped without a word
	ticketLife    = 30 * time.Second
	maxFrame      = 1 << 20
)

// hub is the Socket Mode side of the app. Its lock is taken last, like the app's.
type hub struct {
	mu      sync.Mutex
	on      bool // deliveries go by socket; no HTTP events go out
	closed  bool
	tickets map[string]time.Time // addresses that were given out and not used yet
	sockets []*socket
	next    int // whose turn it is
	pending map[string]chan ack
	changed chan struct{} // closed when a socket comes or goes
}

// socket is one connection of the app.
type socket struct {
	conn    *websocket.Conn
	write   sync.Mutex
	leaving bool // it was told to disconnect and gets nothing new
	gone    chan struct{}
}

// ack is what the app answered to an envelope.
type ack struct{ payload json.RawMessage }

// send writes one frame. The connection takes one writer at a time.
func (c *socket) send(v any) error {
	c.write.Lock()
	defer c.write.Unlock()
	return c.conn.WriteJSON(v)
}

func newHub(on bool) *hub {
	return &hub{on: on, tickets: map[string]time.Time{}, pending: map[string]chan ack{}, changed: make(chan struct{})}
}

// touch wakes everybody who waits for a socket. The caller holds mu.
func (h *hub) touch() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// using reports whether deliveries go by socket.
func (h *hub) using() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.on
}

// openConnection is apps.connections.open: an address that is good for one connection.
func (s *Server) openConnection() (object, *failure) {
	ticket := s.app.ticket()
	h := s.app.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tickets[ticket] = s.opt.Real().Add(ticketLife)
	s.opt.Ledger.Hide(ticket)
	base := "ws" + strings.TrimPrefix(s.opt.origin("https://wss-primary.slack.com"), "http")
	return object{"url": base + "/link/?ticket=" + ticket + "&app_id=" + url.QueryEscape(s.opt.AppID)}, nil
}

func (a *app) ticket() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.secret(8) + "-" + a.secret(24)
}

// serveSocket takes a connection and serves it until it ends.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	entry := sandbox.Entry{Service: service, Direction: sandbox.In, Method: r.Method, Path: "socket", Status: http.StatusSwitchingProtocols, Note: "connected"}
	status, why := s.app.hub.admit(r.URL.Query().Get("ticket"), s.opt.Real())
	if why != "" {
		entry.Status, entry.Note, entry.Failed = status, why, true
		s.opt.Ledger.Add(entry)
		http.Error(w, why, status)
		return
	}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }} // the ticket is the authentication
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	s.opt.Ledger.Add(entry)
	c := &socket{conn: conn, gone: make(chan struct{})}
	s.work.Go(func() { s.ping(c) })
	s.greet(c)
	s.listen(c)
}

// admit takes a ticket.
func (h *hub) admit(ticket string, now time.Time) (status int, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	until, known := h.tickets[ticket]
	delete(h.tickets, ticket)
	switch {
	case !known || now.After(until):
		return http.StatusForbidden, "this address was used before, or is too old"
	case len(h.sockets) >= maxSockets:
		return http.StatusTooManyRequests, "too many connections"
	case h.closed:
		return http.StatusServiceUnavailable, "closing"
	}
	return 0, ""
}

// greet says hello, or that Socket Mode is off.
func (s *Server) greet(c *socket) {
	c.write.Lock() // nothing is sent before the hello
	defer c.write.Unlock()
	n, ok := s.app.hub.add(c)
	if !ok {
		_ = c.conn.WriteJSON(s.farewell("link_disabled")) // the app reads it or has gone
		c.conn.Close()
		return
	}
	_ = c.conn.WriteJSON(object{ // a broken connection ends the reader
		"type": "hello", "num_connections": n, "connection_info": object{"app_id": s.opt.AppID},
		"debug_info": object{"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060},
	})
}

// add counts a connection in; false when Socket Mode is off.
func (h *hub) add(c *socket) (n int, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.on || h.closed {
		return 0, false
	}
	h.sockets = append(h.sockets, c)
	h.touch()
	return len(h.sockets), true
}

// listen reads acks until the connection ends.
func (s *Server) listen(c *socket) {
	h := s.app.hub
	c.conn.SetReadLimit(maxFrame)
	for {
		_, raw, err := c.conn.ReadMessage()
		if err != nil {
			break
		}
		var frame struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		switch err := json.Unmarshal(raw, &frame); {
		case err != nil:
			s.noteAck("an ack that is not JSON", string(raw))
		case len(raw) >= maxAckPayload:
			s.noteAck("dropped: an ack of "+bytesOf(int64(len(raw))), frame.EnvelopeID)
		case !h.answer(frame.EnvelopeID, ack{payload: frame.Payload}):
			s.noteAck("an ack nobody waits for", frame.EnvelopeID)
		}
	}
	close(c.gone)
	c.conn.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sockets = slices.DeleteFunc(h.sockets, func(x *socket) bool { return x == c })
	h.touch()
}

func (s *Server) noteAck(note, body string) {
	s.opt.Ledger.Add(sandbox.Entry{
		Service: service, Direction: sandbox.In, Method: "WS", Path: "ack", Status: http.StatusOK, Note: note, Failed: true, Body: body,
	})
}

// answer gives an ack to whoever waits for it; false when nobody does.
func (h *hub) answer(envelope string, a ack) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	waiting := h.pending[envelope]
	if waiting == nil {
		return false
	}
	delete(h.pending, envelope)
	waiting <- a // it has room for the one ack
	return true
}

// ping keeps a connection alive, as Slack does.
func (s *Server) ping(c *socket) {
	ticker := time.NewTicker(s.opt.PingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if c.conn.WriteControl(websocket.PingMessage, []byte("Ping from applink-sandbox"), time.Time{}) != nil {
				c.conn.Close()
				return
			}
		case <-c.gone:
			return
		case <-s.ctx.Done():
			c.conn.Close()
			return
		}
	}
}

// take chooses the socket of the next envelope: each in turn, another one than not where there is one; nil without any.
func (h *hub) take(not *socket) *socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, again := range []bool{false, true} {
		for i := range h.sockets {
			c := h.sockets[(h.next+i)%len(h.sockets)]
			if !c.leaving && (again || c != not) {
				h.next = (h.next + i + 1) % len(h.sockets)
				return c
			}
		}
	}
	return nil
}

// ready reports whether an envelope can go now, and tells of the next change.
func (h *hub) ready() (bool, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.on || slices.ContainsFunc(h.sockets, func(c *socket) bool { return !c.leaving }), h.changed
}

// close ends every connection; no new one is taken.
func (h *hub) close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	for _, c := range h.leave(true) {
		c.conn.Close()
	}
}
