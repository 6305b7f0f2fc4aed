package events

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"signoff/internal/sandbox/adobe/site"
)

// scope is what a token needs for these interfaces.
const scope = "adobeio_api"

// confirmTime is how long somebody has to open the address of a challenge that was not answered.
const confirmTime = 5 * time.Minute

type interest struct{ provider, code string }

// registration is a webhook, or a journal alone.
type registration struct {
	number           int
	id, name, about  string
	kind             string // webhook, webhook_batch, journal
	url              string
	interests        []interest
	enabled          bool
	verified         bool
	created, updated time.Time
	attempts         []attempt
	unstable         time.Time // since then
	confirm          string    // the address to open, while it waits
	confirmUntil     time.Time
}

func (r *registration) wants(e Event) bool {
	return slices.ContainsFunc(r.interests, func(i interest) bool { return i.code == e.Type })
}

// state is what the interface calls webhook_status.
func (r *registration) state(now time.Time) string {
	switch {
	case r.kind == "journal":
		return ""
	case !r.enabled, !r.unstable.IsZero() && now.Sub(r.unstable) >= 24*time.Hour:
		return "disabled"
	case !r.unstable.IsZero():
		return "unstable"
	case !r.verified:
		return "unverified"
	}
	return "verified"
}

// live reports whether events are sent.
func (r *registration) live(now time.Time) bool {
	state := r.state(now)
	return state == "verified" || state == "unstable"
}

// Registration is a registration as tests and pages see it.
type Registration struct {
	ID, Name, URL string
	Batch         bool
	State         string // verified, unstable, disabled, unverified; "" for a journal
	Confirm       string // the address that Adobe asks to be opened
}

// Registrations lists the registrations of the project.
func (s *Site) Registrations() []Registration {
	s.Lock()
	defer s.Unlock()
	var out []Registration
	for _, r := range s.registrations {
		out = append(out, Registration{r.id, r.name, r.url, r.kind == "webhook_batch", r.state(s.Now()), r.confirm})
	}
	return out
}

// SetBatch chooses whether the first registration takes several events in one delivery.
func (s *Site) SetBatch(batch bool) {
	s.Lock()
	defer s.Unlock()
	if r := s.registrations[0]; r.kind != "journal" {
		r.kind = "webhook"
		if batch {
			r.kind = "webhook_batch"
		}
	}
}

// SetChallenge chooses what the next challenge asks with, once.
func (s *Site) SetChallenge(value string) {
	s.Lock()
	defer s.Unlock()
	s.challenge = value
}

// SaveRegistration is what somebody does in the console to switch a registration on again: it repeats the challenge. It reports
// whether the challenge was answered; if not, Adobe has asked for an address to be opened within five minutes.
func (s *Site) SaveRegistration(ctx context.Context, id string) (answered bool, err error) {
	s.Lock()
	r := s.registration(id)
	s.Unlock()
	if r == nil || r.url == "" {
		return false, ErrNothing
	}
	return s.ask(ctx, r), nil
}

// ask challenges a webhook: first by GET, and if that is not answered as it should be, by POST.
func (s *Site) ask(ctx context.Context, r *registration) bool {
	s.Lock()
	value, address := s.challenge, r.url
	if s.challenge = ""; value == "" {
		value = site.UUID()
	}
	s.Unlock()
	ok := s.challenged(ctx, address, value)
	s.Lock()
	r.enabled, r.updated, r.unstable, r.attempts = true, s.Now(), time.Time{}, nil
	r.verified, r.confirm = ok, ""
	if !ok {
		r.confirm = "https://csm.adobe.io/csm/registrations/validate?id=" + r.id + "&challenge=" + url.QueryEscape(value)
		r.confirmUntil = s.Now().Add(confirmTime)
		body, _ := json.Marshal(object{"validationUrl": r.confirm}) // a text
		s.Post.Send(site.Parcel{
			Service: Service, Event: "validation", Lane: "io/" + site.UUID(), URL: address, Body: body, Timeout: answerTime,
			Header: func(int) http.Header {
				return http.Header{"Content-Type": {"application/json"}, "User-Agent": {"Adobe/1.0"}}
			},
		})
	}
	s.Wake()
	s.Unlock()
	return ok
}

// challenged asks a webhook by GET whether it knows what is asked: the value alone, or in JSON.
func (s *Site) challenged(ctx context.Context, address, value string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	q := u.Query()
	q.Set("challenge", value)
	u.RawQuery = q.Encode()
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return false
	}
	req.Header.Set("User-Agent", "Adobe/1.0")
	status, kind, body := s.fetch(req)
	if status != http.StatusOK {
		return false
	}
	if strings.HasPrefix(kind, "text/plain") {
		return string(body) == value
	}
	var answer struct {
		Challenge string `json:"challenge"`
	}
	return strings.HasPrefix(kind, "application/json") && json.Unmarshal(body, &answer) == nil && answer.Challenge == value
}

func (s *Site) fetch(req *http.Request) (status int, kind string, body []byte) {
	res, err := s.HTTP.Do(req)
	if err != nil {
		return 0, "", nil
	}
	defer res.Body.Close()
	if body, err = io.ReadAll(io.LimitReader(res.Body, 64<<10)); err != nil {
		return 0, "", nil
	}
	return res.StatusCode, res.Header.Get("Content-Type"), body
}

func (s *Site) registration(id string) *registration {
	i := slices.IndexFunc(s.registrations, func(r *registration) bool { return r.id == id })
	if i < 0 {
		return nil
	}
	return s.registrations[i]
}

// validateAPI is where a challenge can be confirmed by opening an address. At Adobe it lies at csm.adobe.io.
func (s *Site) validateAPI() site.Interface {
	return site.Interface{Service: Service, Refuse: problem, Routes: []site.Route{
		{Op: "registrations.validate", Pattern: "GET /csm/registrations/validate", Do: s.validate, Query: []string{"id", "challenge"}},
	}}
}

func (s *Site) validate(c *site.Call) *site.Reply {
	if err := s.confirmed(c.URL.Query().Get("id"), c.URL.Query().Get("challenge")); err != nil {
		return problem(http.StatusBadRequest, err.Error())
	}
	return site.Answer(http.StatusOK, object{"status": "verified"})
}

// confirmed takes the confirmation of a challenge. The caller holds the lock.
func (s *Site) confirmed(id, value string) error {
	r := s.registration(id)
	switch {
	case r == nil || r.confirm == "" || !strings.HasSuffix(r.confirm, "&challenge="+url.QueryEscape(value)):
		return errors.New("There is nothing to validate")
	case s.Now().After(r.confirmUntil):
		return errors.New("The validation has expired")
	}
	r.verified, r.confirm = true, ""
	s.Wake()
	return nil
}

// Confirm opens the address that Adobe asked to be opened.
func (s *Site) Confirm(id string) error {
	s.Lock()
	defer s.Unlock()
	r := s.registration(id)
	if r == nil {
		return ErrNothing
	}
	_, value, _ := strings.Cut(r.confirm, "&challenge=")
	value, _ = url.QueryUnescape(value) // it was escaped here
	return s.confirmed(id, value)
}
