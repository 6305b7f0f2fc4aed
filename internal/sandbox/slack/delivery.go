package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/sandbox"
)

// maxAnswer is the most of an answer the stand-in reads, in bytes.
const maxAnswer = 1 << 20

// parcel is one signed POST to the hook.
type parcel struct {
	what        string // for the ledger: "event message", "block_actions"
	contentType string
	body        []byte
	retry       int
	reason      string
	not         *socket // the connection that failed to take it before
}

// receipt is what came back. reason is empty for a 2xx answer in time.
type receipt struct {
	status int
	header http.Header
	body   []byte
	reason string
	by     *socket // the connection it went by, if any
}

// post signs and sends p once and records it. It never runs under the lock.
func (s *Server) post(ctx context.Context, p parcel) receipt {
	method := http.MethodPost
	var r receipt
	if s.app.hub.using() {
		method, r = "WS", s.overSocket(ctx, p)
	} else {
		r = s.attempt(ctx, p)
	}
	note := "ok"
	if r.reason != "" {
		note = r.reason
	}
	if p.retry > 0 {
		note = "retry " + strconv.Itoa(p.retry) + " (" + p.reason + "): " + note
	}
	s.opt.Ledger.Add(sandbox.Entry{
		Service: service, Direction: sandbox.Out, Method: method, Path: p.what,
		Status: r.status, Note: note, Failed: r.reason != "", Body: masked(p.readable()),
	})
	return r
}

func (s *Server) attempt(ctx context.Context, p parcel) receipt {
	s.mu.Lock()
	hook := s.hookURL
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, s.opt.AckWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook, bytes.NewReader(p.body))
	if err != nil || hook == "" {
		return receipt{reason: "connection_failed"}
	}
	timestamp := strconv.FormatInt(s.opt.Now().Unix(), 10)
	req.Header.Set("Content-Type", p.contentType)
	req.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	req.Header.Set("X-Slack-Request-Timestamp", timestamp)
	req.Header.Set("X-Slack-Signature", sign(s.opt.SigningSecret, timestamp, p.body))
	if p.retry > 0 {
		req.Header.Set("X-Slack-Retry-Num", strconv.Itoa(p.retry))
		req.Header.Set("X-Slack-Retry-Reason", p.reason)
	}
	resp, err := s.opt.HTTP.Do(req)
	if err != nil {
		return receipt{reason: reasonOf(err)}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	out := receipt{status: resp.StatusCode, header: resp.Header, body: body}
	switch {
	case err != nil:
		out.reason = reasonOf(err)
	case resp.StatusCode/100 != 2:
		out.reason = "http_error"
	}
	return out
}

func reasonOf(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "http_timeout"
	}
	return "connection_failed"
}

// readable is the body for the ledger: JSON as it is, forms decoded.
func (p parcel) readable() string {
	if p.contentType != formType {
		return string(p.body)
	}
	form := p.form()
	if payload := form.Get("payload"); payload != "" {
		return payload
	}
	return formLines(form)
}

// form is the body of a delivery that is a form.
func (p parcel) form() url.Values {
	form, err := url.ParseQuery(string(p.body))
	if err != nil {
		panic("slack sandbox: a form of our own cannot be read: " + err.Error()) // encoded by us
	}
	return form
}

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// event is one event as it was sent, kept so that it can be sent again.
type event struct {
	id, kind string
	body     []byte
}

// Event names one event that was sent.
type Event struct{ ID, Type, Team string }

// Events lists the events sent so far, oldest first.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Event, 0, len(s.sent))
	for _, e := range s.sent {
		out = append(out, Event{ID: e.id, Type: e.kind, Team: s.opt.Team.ID})
	}
	return out
}

// sendEvent wraps an inner event and delivers it in the background. The caller holds mu.
func (s *Server) sendEvent(inner object) {
	if s.hookURL == "" && !s.app.hub.using() || !s.installed || s.ctx.Err() != nil || !s.subscribed(inner) {
		return
	}
	e := &event{id: s.newID("Ev0", 8), kind: str(inner, "type")}
	if sub := str(inner, "subtype"); sub != "" {
		e.kind += "/" + sub
	}
	body, err := json.Marshal(object{
		"token": "sandboxverificationtoken", "team_id": s.opt.Team.ID, "context_team_id": s.opt.Team.ID,
		"context_enterprise_id": s.enterprise(), "api_app_id": s.opt.AppID, "event": inner, "type": "event_callback",
		"event_id": e.id, "event_time": s.opt.Now().Unix(),
		"authorizations":        []any{s.authorization()},
		"is_ext_shared_channel": s.externalEvent(inner), "event_context": "4-" + e.id,
	})
	if err != nil {
		panic("slack sandbox: event cannot be written: " + err.Error()) // built above from plain values
	}
	e.body = body
	s.sent = append(s.sent, e)
	s.work.Go(func() { s.deliver(e) })
}

// authorization is the installation that may see an event.
func (s *Server) authorization() object {
	return object{
		"enterprise_id": s.enterprise(), "team_id": s.opt.Team.ID, "user_id": s.opt.Bot.UserID, "is_bot": true,
		"is_enterprise_install": false,
	}
}

// listAuthorizations is apps.event.authorizations.list: every installation that may see an event.
func (s *Server) listAuthorizations(a args) (object, *failure) {
	for _, of := range s.app.all() {
		if _, err := of.findEvent(strings.TrimPrefix(a.str("event_context"), "4-")); err == nil {
			return object{"authorizations": []any{of.authorization()}, "response_metadata": object{"next_cursor": ""}}, nil
		}
	}
	return nil, fail("invalid_event_context")
}

// enterprise is the id of the organization, or null.
func (s *Server) enterprise() any {
	if s.opt.Team.EnterpriseID == "" {
		return nil
	}
	return s.opt.Team.EnterpriseID
}

// externalEvent reports whether an event is of a channel that is shared with another workspace.
func (s *Server) externalEvent(inner object) bool {
	c := s.channelByID(firstOf(str(inner, "channel"), str(inner, "channel_id"), str(obj(inner["item"]), "channel")))
	return c != nil && s.external(c)
}

// external reports whether people of another workspace are in a channel.
func (s *Server) external(c *channel) bool {
	return slices.ContainsFunc(c.members, func(id string) bool { return s.teamOf(id) != s.opt.Team.ID })
}

// deliver sends an event until it is accepted or Slack's patience ends.
func (s *Server) deliver(e *event) {
	p := parcel{what: "event " + e.kind, contentType: jsonType, body: e.body}
	for {
		if !s.connected() {
			return
		}
		s.sending <- struct{}{}
		r := s.post(s.ctx, p)
		<-s.sending
		p.not = r.by
		if r.reason == "" || r.header.Get("X-Slack-No-Retry") == "1" || p.retry >= len(s.opt.Retry) {
			return
		}
		if !s.sleep(s.opt.Retry[p.retry]) {
			return
		}
		p.retry, p.reason = p.retry+1, r.reason
	}
}

// sleep waits in real time; false when the server closes.
func (s *Server) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// Redeliver sends an event again, as Slack does after an answer it did not see, and returns the status.
func (s *Server) Redeliver(ctx context.Context, eventID string) (int, error) {
	found, err := s.findEvent(eventID)
	if err != nil {
		return 0, err
	}
	r := s.post(ctx, parcel{
		what: "event " + found.kind, contentType: jsonType, body: found.body, retry: 1, reason: "http_timeout",
	})
	return r.status, nil
}

// Duplicate sends what an event told once more under an event id of its own, as Slack has been seen to do.
func (s *Server) Duplicate(ctx context.Context, eventID string) (int, error) {
	found, err := s.findEvent(eventID)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	twin := s.newID("Ev0", 8)
	s.mu.Unlock()
	body := bytes.ReplaceAll(found.body, []byte(found.id), []byte(twin))
	r := s.post(ctx, parcel{what: "event " + found.kind, contentType: jsonType, body: body})
	return r.status, nil
}

func (s *Server) findEvent(id string) (*event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.sent, func(e *event) bool { return e.id == id })
	if i < 0 {
		return nil, errors.New("no event " + id)
	}
	return s.sent[i], nil
}

// VerifyURL does what saving the app's manifest does: it sends a signed challenge and wants it back.
func (s *Server) VerifyURL(ctx context.Context) error {
	s.mu.Lock()
	challenge := s.newID("", 40)
	s.mu.Unlock()
	body, err := json.Marshal(object{"token": "sandboxverificationtoken", "challenge": challenge, "type": "url_verification"})
	if err != nil {
		return err
	}
	r := s.post(ctx, parcel{what: "url_verification", contentType: jsonType, body: body})
	if r.reason != "" {
		return errors.New("your URL didn't respond with the value of the challenge parameter: " + r.reason)
	}
	answer := string(bytes.TrimSpace(r.body))
	var wrapped struct{ Challenge string }
	if answer != challenge && (json.Unmarshal(r.body, &wrapped) != nil || wrapped.Challenge != challenge) {
		return errors.New("your URL didn't respond with the value of the challenge parameter")
	}
	return nil
}
