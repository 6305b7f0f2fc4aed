package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

func (s *Site) api() site.Interface {
	const all = "/events/{organization}/{project}/{workspace}/registrations"
	return site.Interface{Service: Service, Admit: s.admit, Refuse: problem, Routes: []site.Route{
		{Op: "journal.get", Pattern: "GET /events/organizations/{organization}/integrations/{integration}/{registration}", Do: s.readJournal, Query: []string{"since", "limit", "seek", "latest"}},
		{Op: "registrations.list", Pattern: "GET " + all, Do: s.listRegistrations},
		{Op: "registrations.create", Pattern: "POST " + all, Do: s.createRegistration},
		{Op: "registrations.get", Pattern: "GET " + all + "/{registration}", Do: s.showRegistration},
		{Op: "registrations.update", Pattern: "PUT " + all + "/{registration}", Do: s.updateRegistration},
		{Op: "registrations.delete", Pattern: "DELETE " + all + "/{registration}", Do: s.deleteRegistration},
	}}
}

// admit checks the token, the key of the client, and the ids of the project.
func (s *Site) admit(c *site.Call) *site.Reply {
	if status := s.Token(c.Header, scope); status != 0 {
		return problem(status, "Oauth token is not valid")
	}
	if c.Header.Get("X-Api-Key") != s.ClientID {
		return problem(http.StatusForbidden, "Api Key is invalid")
	}
	for name, ours := range map[string]string{"organization": Organization, "project": Project, "workspace": Workspace, "integration": Integration} {
		if id := c.PathValue(name); id != "" && id != ours {
			return problem(http.StatusNotFound, "")
		}
	}
	if id := c.PathValue("registration"); id != "" && s.registration(id) == nil {
		return problem(http.StatusNotFound, "")
	}
	return nil
}

func (s *Site) registrationBean(r *registration) object {
	self := fmt.Sprintf("%s/events/%s/%s/%s/registrations/%s", s.BaseURL, Organization, Project, Workspace, r.id)
	var interests []object
	for _, i := range r.interests {
		interests = append(interests, object{"provider_id": i.provider, "event_code": i.code, "event_delivery_format": "cloud_events"})
	}
	o := object{
		"id": r.number, "name": r.name, "description": r.about, "client_id": s.ClientID, "registration_id": r.id, "events_of_interest": interests, "created_date": stamp(r.created),
		"updated_date": stamp(r.updated), "consumer_id": Organization, "project_id": Project, "workspace_id": Workspace, "delivery_type": r.kind, "enabled": r.enabled,
		"_links": object{
			"self":       object{"href": self},
			"rel:events": object{"href": fmt.Sprintf("%s/events/organizations/%s/integrations/%s/%s", s.BaseURL, Organization, Integration, r.id)},
		},
	}
	if r.kind != "journal" {
		o["webhook_url"], o["webhook_status"] = r.url, r.state(s.Now())
	}
	return o
}

func (s *Site) listRegistrations(*site.Call) *site.Reply {
	all := []object{}
	for _, r := range s.registrations {
		all = append(all, s.registrationBean(r))
	}
	return site.Answer(http.StatusOK, object{"_embedded": object{"registrations": all}, "_links": object{"self": object{"href": s.BaseURL}}})
}

func (s *Site) showRegistration(c *site.Call) *site.Reply {
	return site.Answer(http.StatusOK, s.registrationBean(s.registration(c.PathValue("registration"))))
}

func (s *Site) createRegistration(c *site.Call) *site.Reply {
	r := &registration{number: 30001 + len(s.registrations), id: site.UUID(), enabled: true, created: s.Now(), updated: s.Now()}
	if bad := s.fill(r, c.Body, "client_id"); bad != nil {
		return bad
	}
	s.registrations = append(s.registrations, r)
	s.askSoon(r)
	return site.Answer(http.StatusCreated, s.registrationBean(r))
}

func (s *Site) updateRegistration(c *site.Call) *site.Reply {
	r := s.registration(c.PathValue("registration"))
	changed := *r
	changed.updated = s.Now()
	if bad := s.fill(&changed, c.Body); bad != nil {
		return bad
	}
	*r = changed
	s.askSoon(r)
	return site.Answer(http.StatusOK, s.registrationBean(r))
}

// askSoon challenges a webhook after the answer was given.
func (s *Site) askSoon(r *registration) {
	if r.url != "" {
		r.verified = false
		s.Post.Go(func(ctx context.Context) { s.ask(ctx, r) })
	}
	s.Wake()
}

func (s *Site) deleteRegistration(c *site.Call) *site.Reply {
	r := s.registration(c.PathValue("registration"))
	s.registrations = slices.DeleteFunc(s.registrations, func(one *registration) bool { return one == r })
	s.Wake()
	return site.Answer(http.StatusNoContent, nil)
}

// fill takes what a body says of a registration.
func (s *Site) fill(r *registration, body []byte, more ...string) *site.Reply {
	in, err := site.ParseObject(body, append(more, "name", "description", "webhook_url", "events_of_interest", "delivery_type", "enabled")...)
	if err != nil {
		return problem(http.StatusBadRequest, err.Error())
	}
	var client string
	var interests []json.RawMessage
	for key, into := range map[string]any{
		"client_id": &client, "name": &r.name, "description": &r.about, "webhook_url": &r.url, "delivery_type": &r.kind, "enabled": &r.enabled, "events_of_interest": &interests,
	} {
		if err := in.Into(key, into); err != nil {
			return problem(http.StatusBadRequest, err.Error())
		}
	}
	u, err := url.Parse(r.url)
	hook := strings.HasPrefix(r.kind, "webhook")
	switch {
	case slices.Contains(more, "client_id") && client != s.ClientID:
		return problem(http.StatusBadRequest, "client_id is missing or not of this project")
	case len(r.name) < 3 || len(r.name) > 255:
		return problem(http.StatusBadRequest, "name must have 3 to 255 characters")
	case !slices.Contains([]string{"webhook", "webhook_batch", "journal"}, r.kind):
		return problem(http.StatusBadRequest, "delivery_type is not supported")
	case hook && (err != nil || u.Host == ""):
		return problem(http.StatusBadRequest, "webhook_url is missing or invalid")
	case len(interests) == 0:
		return problem(http.StatusBadRequest, "events_of_interest is missing")
	}
	r.interests = nil
	for _, raw := range interests {
		one, err := site.ParseObject(raw, "provider", "provider_id", "event_code")
		if err != nil {
			return problem(http.StatusBadRequest, err.Error())
		}
		code, err := one.Text("event_code")
		if err != nil {
			return problem(http.StatusBadRequest, err.Error())
		}
		provider, _ := one.Text("provider_id") // it need not be there
		r.interests = append(r.interests, interest{provider, code})
	}
	return nil
}
