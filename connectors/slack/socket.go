package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"signoff/connectors"
	"signoff/internal/background"
	"signoff/internal/outbound"
)

const (
	socketAtOnce  = 16              // envelopes worked on at a time; Slack waits for the others
	socketMessage = 4 << 20         // bytes of one envelope, as much as a hook takes
	socketGoodbye = 5 * time.Second // how long answers may take once we stop
	socketFlush   = time.Second     // and how long the library, which says nothing of it, may take to write them
	opConnect     = "apps.connections.open"
)

// Listen keeps a Socket Mode connection open and takes in what comes through it as a hook would. The library reconnects
// when Slack asks for it or falls silent. An envelope is acknowledged once it is stored; one that could not be stored is
// not, so that Slack sends an event again.
func (c *Connector) Listen(ctx context.Context, deliver func(context.Context, connectors.Inbound) connectors.Reply) error {
	if c.settings.Mode != modeSocket {
		<-ctx.Done()
		return nil
	}
	c.socketState.Store(socketDown("connecting"))
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	s := &socket{c: c, deliver: deliver, slots: make(chan struct{}, socketAtOnce), client: c.socketClient()}
	ended := make(chan error, 1)
	go func() { ended <- s.client.RunContext(run) }()
	defer c.socketState.Store(socketDown("the connection is closed"))
	for {
		select {
		case ev := <-s.client.Events:
			if ctx.Err() != nil {
				continue // once we stop nothing new is taken; Slack keeps it for the next connection
			}
			if err := s.event(run, ev); err != nil {
				return c.socketFailed(ctx, err)
			}
		case err := <-ended:
			return c.socketFailed(ctx, err)
		case <-ctx.Done():
			s.goodbye()
			return nil
		}
	}
}

// socket is one run of Listen.
type socket struct {
	c       *Connector
	client  *socketmode.Client
	deliver func(context.Context, connectors.Inbound) connectors.Reply
	slots   chan struct{}
	busy    background.Group
	taken   atomic.Bool // there was an envelope to answer
}

// goodbye lets the envelopes that were taken be answered. One whose answer does not get out comes again from Slack.
func (s *socket) goodbye() {
	if !s.taken.Load() {
		return
	}
	done := make(chan struct{})
	go func() { s.busy.Wait(); close(done) }()
	late := time.NewTimer(socketGoodbye)
	defer late.Stop()
	select {
	case <-done:
		late.Reset(socketFlush)
		<-late.C
	case <-late.C:
	}
}

func (c *Connector) socketClient() *socketmode.Client {
	api := slack.New("", slack.OptionAppLevelToken(c.settings.AppToken.Reveal()), slack.OptionAPIURL(c.settings.APIURL), slack.OptionHTTPClient(c.http))
	return socketmode.New(api,
		socketmode.OptionDialer(c.socketDialer()),
		socketmode.OptionReadLimit(socketMessage),
		socketmode.OptionLog(log.New(io.Discard, "", 0)), // it may quote what people wrote
	)
}

// socketDialer reaches Slack's own hosts, and the host of a configured api_url: a stand-in on this machine may listen
// on another port. The address comes out of an answer, so it is checked like any other.
func (c *Connector) socketDialer() *websocket.Dialer {
	return &websocket.Dialer{
		NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return outbound.DialContext(c.socketHTTP(address))(ctx, network, address)
		},
		HandshakeTimeout: 20 * time.Second,
		WriteBufferSize:  32 << 10, // Slack drops answers that come in more than one frame
	}
}

// socketHTTP is the client whose rules the connection to address is made by.
func (c *Connector) socketHTTP(address string) *http.Client {
	base := c.settings.APIURL
	u, err := url.Parse(base)
	host, _, bad := net.SplitHostPort(address)
	if err == nil && bad == nil && host == u.Hostname() && thisMachine(host) {
		base = "http://" + address + "/"
	}
	return c.dialHTTP(base, ".slack.com", ".slack-gov.com")
}

func thisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// socketStatus says how the connection is.
type socketStatus struct {
	up  bool
	why string
}

func socketDown(why string) *socketStatus { return &socketStatus{why: why} }

// Connected reports whether the Socket Mode connection stands, and if not, why. In http mode there is none: true.
func (c *Connector) Connected() (bool, string) {
	if c.settings.Mode != modeSocket {
		return true, ""
	}
	s := c.socketState.Load()
	if s == nil {
		return false, "not connected yet"
	}
	return s.up, s.why
}

// event deals with one event of the library. An error means that connecting again is of no use.
func (s *socket) event(ctx context.Context, ev socketmode.Event) error {
	c := s.c
	switch ev.Type {
	case socketmode.EventTypeHello:
		c.socketState.Store(&socketStatus{up: true})
		c.log.Info("slack socket connected")
	case socketmode.EventTypeConnectionError:
		return s.unconnected(ev.Data)
	case socketmode.EventTypeEventsAPI, socketmode.EventTypeInteractive, socketmode.EventTypeSlashCommand:
		if ev.Request != nil {
			s.take(ctx, *ev.Request)
		}
	case socketmode.EventTypeErrorBadMessage: // what the library cannot decode it neither hands on nor acknowledges
		if bad, ok := ev.Data.(*socketmode.ErrorBadMessage); ok {
			var req socketmode.Request
			if json.Unmarshal(bad.Message, &req) == nil && req.EnvelopeID != "" {
				s.take(ctx, req)
			}
		}
	}
	return nil
}

// unconnected notes why no connection came about; the library tries again by itself, longer each time.
func (s *socket) unconnected(data any) error {
	e, ok := data.(*slack.ConnectionErrorEvent)
	if !ok {
		return nil
	}
	why := connectFailure(e.ErrorObj)
	s.c.socketState.Store(socketDown(why))
	s.c.log.Warn("slack socket not connected", "why", why)
	if deniedWord(e.ErrorObj) != "" {
		return e.ErrorObj
	}
	return nil
}

// connectFailure says in plain words why no connection came about; an address in an error is left out: it is a secret.
func connectFailure(err error) string {
	var said slack.SlackErrorResponse
	var status *statusError
	switch {
	case errors.As(err, &said):
		return opConnect + " answers " + said.Err
	case errors.As(err, &status):
		return opConnect + " answers " + status.Error()
	}
	return "Slack cannot be reached"
}

// take works on one envelope beside the others. While all places are taken the reader waits.
func (s *socket) take(ctx context.Context, req socketmode.Request) {
	s.slots <- struct{}{}
	s.taken.Store(true)
	begun := s.busy.Go(func() {
		defer func() { <-s.slots }()
		s.answer(ctx, req)
	})
	if !begun {
		<-s.slots // the connection is ending: without an answer the envelope comes again
	}
}

func (s *socket) answer(ctx context.Context, req socketmode.Request) {
	in, err := inboundOf(req, s.c.now())
	if err != nil {
		s.c.log.Error("an envelope of Slack could not be read", "type", req.Type, "err", err)
		s.ack(ctx, req, nil) // it will not read better another time
		return
	}
	reply := s.deliver(ctx, in)
	if reply.Status >= http.StatusInternalServerError {
		s.c.log.Warn("an envelope of Slack was not stored and is not acknowledged", "type", req.Type)
		return
	}
	s.ack(ctx, req, payloadOf(req, reply))
}

// ack acknowledges an envelope; an answer that Slack would drop in silence is left out.
func (s *socket) ack(ctx context.Context, req socketmode.Request, payload any) {
	err := s.client.AckCtx(ctx, req.EnvelopeID, payload)
	if err != nil && payload != nil && ctx.Err() == nil {
		s.c.log.Error("an answer was too long for the socket", "type", req.Type, "err", err)
		err = s.client.AckCtx(ctx, req.EnvelopeID, nil)
	}
	if err != nil {
		s.c.log.Warn("an envelope of Slack was not acknowledged", "type", req.Type, "err", err)
	}
}

// payloadOf is what goes back with the acknowledgement: the answer that a hook would have given, where Slack takes one.
func payloadOf(req socketmode.Request, r connectors.Reply) any {
	if !req.AcceptsResponsePayload || r.Status != http.StatusOK || len(bytes.TrimSpace(r.Body)) == 0 || !json.Valid(r.Body) {
		return nil
	}
	var ok struct {
		OK *bool `json:"ok"`
	}
	if json.Unmarshal(r.Body, &ok) == nil && ok.OK != nil {
		return nil // the plain receipt of a hook says nothing to Slack
	}
	return json.RawMessage(r.Body)
}

// inboundOf gives an envelope the form in which the same would have come to a hook.
func inboundOf(req socketmode.Request, at time.Time) (connectors.Inbound, error) {
	in := connectors.Inbound{Method: http.MethodPost, Header: http.Header{}, At: at, Trusted: true}
	switch req.Type {
	case socketmode.RequestTypeEventsAPI:
		in.Header.Set("Content-Type", typeJSON)
		in.Body = req.Payload
		if req.RetryAttempt > 0 {
			in.Header.Set("X-Slack-Retry-Num", strconv.Itoa(req.RetryAttempt))
			in.Header.Set("X-Slack-Retry-Reason", req.RetryReason)
		}
	case socketmode.RequestTypeInteractive:
		in.Header.Set("Content-Type", typeForm)
		in.Body = []byte(url.Values{"payload": {string(req.Payload)}}.Encode())
	case socketmode.RequestTypeSlashCommands:
		values, err := commandForm(req.Payload)
		if err != nil {
			return in, err
		}
		in.Header.Set("Content-Type", typeForm)
		in.Body = []byte(values.Encode())
	default:
		return in, fmt.Errorf("envelopes of type %s are not known", shown(req.Type))
	}
	return in, nil
}

// commandForm makes the form of a slash command from the object that the socket carries.
func commandForm(payload json.RawMessage) (url.Values, error) {
	var fields map[string]any
	if err := json.Unmarshal(payload, &fields); err != nil {
		return nil, err
	}
	values := url.Values{}
	for name, v := range fields {
		switch v := v.(type) {
		case string:
			values.Set(name, v)
		case bool:
			values.Set(name, strconv.FormatBool(v))
		}
	}
	return values, nil
}

// deniedWord is what Slack answered after which trying again is of no use, "" for anything else.
func deniedWord(err error) string {
	for _, word := range []string{"invalid_auth", "not_authed", "account_inactive", "token_revoked", "not_allowed_token_type", "missing_scope"} {
		if err != nil && strings.Contains(err.Error(), word) {
			return word
		}
	}
	return ""
}

// socketFailed says why the library gave up.
func (c *Connector) socketFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	if err == nil {
		err = errors.New("the connection ended")
	}
	e := &connectors.Error{Op: opConnect, Class: connectors.Transient, Err: errors.New(connectFailure(err))}
	if word := deniedWord(err); word != "" {
		e.Class, e.Err = connectors.Denied, errors.New("Slack answers "+word)
		e.Person = "Slack does not take the app-level token: make one with the scope connections:write and set it as app_token."
	}
	c.socketState.Store(socketDown(e.Error()))
	return e
}
