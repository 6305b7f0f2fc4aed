package events

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"signoff/internal/sandbox/adobe/site"
)

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
		one, err := readInterest(raw)
		if err != nil {
			return problem(http.StatusBadRequest, err.Error())
		}
		r.interests = append(r.interests, one)
	}
	return nil
}

func readInterest(raw json.RawMessage) (interest, error) {
	in, err := site.ParseObject(raw, "provider", "provider_id", "event_code")
	if err != nil {
		return interest{}, err
	}
	code, err := in.Text("event_code")
	provider, _ := in.Text("provider_id") // it need not be there
	return interest{provider, code}, err
}
