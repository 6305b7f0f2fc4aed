package github

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// redeliverable is how long a delivery can be sent again.
const redeliverable = 72 * time.Hour

func (s *Server) hookBean(r *repo, h *hook) object {
	config := object{"url": h.config.URL, "content_type": h.config.ContentType, "insecure_ssl": h.config.InsecureSSL}
	if h.config.Secret != "" {
		config["secret"] = "********"
	}
	return object{"id": h.id, "type": "Repository", "name": "web", "active": h.active, "events": h.events, "config": config,
		"created_at": stamp(h.created), "updated_at": stamp(h.created), "url": s.apiURL("/repos/%s/hooks/%d", r.Name, h.id)}
}

func (s *Server) listHooks(c call) *reply {
	if c.repo.ReadOnly {
		return notFound()
	}
	var all []any
	for _, h := range c.repo.hooks {
		all = append(all, s.hookBean(c.repo, h))
	}
	return s.page(c, all)
}

// hookRequest is a webhook as it is made or changed.
type hookRequest struct {
	Name   string      `json:"name"`
	Active *bool       `json:"active"`
	Events []string    `json:"events"`
	Config *hookConfig `json:"config"`
}

func (s *Server) readHook(c call, allowed ...string) (hookRequest, *reply) {
	var h hookRequest
	m, err := members(c.body, allowed...)
	if err == nil && m["config"] != nil {
		_, err = members(m["config"], "url", "content_type", "insecure_ssl", "secret")
	}
	if err == nil {
		err = json.Unmarshal(c.body, &h)
	}
	switch {
	case err != nil:
		return h, problem(http.StatusUnprocessableEntity, "Invalid request.\n\n"+err.Error())
	case c.repo.ReadOnly:
		return h, notFound()
	}
	known := []string{"*", "issues", "issue_comment", "pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread", "push", "label"}
	for _, e := range h.Events {
		if !slices.Contains(known, e) {
			return h, invalid("Hook", "events", "invalid")
		}
	}
	if h.Config != nil {
		if u, err := url.Parse(h.Config.URL); err != nil || u.Host == "" {
			return h, invalid("Hook", "url", "invalid")
		}
	}
	return h, nil
}

func (s *Server) createHook(c call) *reply {
	in, bad := s.readHook(c, "name", "active", "events", "config")
	switch {
	case bad != nil:
		return bad
	case in.Config == nil, in.Name != "web":
		return invalid("Hook", "config", "missing_field")
	}
	for _, h := range c.repo.hooks {
		if h.config.URL == in.Config.URL {
			return answer(http.StatusUnprocessableEntity, object{"message": "Validation Failed", "errors": []object{{"resource": "Hook", "code": "custom", "message": "Hook already exists on this repository"}}})
		}
	}
	h := s.addHook(c.repo, &hook{config: *in.Config, active: in.Active == nil || *in.Active, events: in.Events})
	if len(h.events) == 0 {
		h.events = []string{"push"}
	}
	raw, _ := json.Marshal(object{"zen": "Keep it logically awesome.", "hook_id": h.id, "hook": s.hookBean(c.repo, h), "repository": s.repoBean(c.repo), "sender": s.userBean(c.by)})
	s.enqueue(&Delivery{GUID: guid(), Hook: h.id, Repository: c.repo.Name, RepositoryID: c.repo.ID, Event: "ping", Body: raw})
	return answer(http.StatusCreated, s.hookBean(c.repo, h))
}

func (s *Server) hookOf(c call) *hook {
	i := slices.IndexFunc(c.repo.hooks, func(h *hook) bool { return strconv.FormatInt(h.id, 10) == c.PathValue("id") })
	if i < 0 || c.repo.ReadOnly {
		return nil
	}
	return c.repo.hooks[i]
}

func (s *Server) updateHook(c call) *reply {
	h := s.hookOf(c)
	if h == nil {
		return notFound()
	}
	in, bad := s.readHook(c, "active", "events", "config")
	if bad != nil {
		return bad
	}
	if in.Active != nil {
		h.active = *in.Active
	}
	if in.Events != nil {
		h.events = in.Events
	}
	if in.Config != nil {
		h.config = *in.Config
	}
	return answer(http.StatusOK, s.hookBean(c.repo, h))
}

func (s *Server) deleteHook(c call) *reply {
	h := s.hookOf(c)
	if h == nil {
		return notFound()
	}
	c.repo.hooks = slices.DeleteFunc(c.repo.hooks, func(one *hook) bool { return one == h })
	return &reply{status: http.StatusNoContent}
}

// BreakHook changes a webhook behind the product's back.
func (s *Server) BreakHook(full string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, _ := s.repo(full); r != nil {
		for _, h := range r.hooks {
			h.active, h.config.ContentType = false, "form"
		}
	}
}

// Hooks lists the addresses of a repository's webhooks.
func (s *Server) Hooks(full string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	if r, _ := s.repo(full); r != nil {
		for _, h := range r.hooks {
			line := h.config.URL + " " + h.config.ContentType + " " + strings.Join(h.events, ",")
			if !h.active {
				line += " inactive"
			}
			out = append(out, line)
		}
	}
	return out
}

// appHook is the one webhook of an app: the first one there is.
func (s *Server) appHook() (*repo, *hook) {
	for _, r := range s.repos {
		for _, h := range r.hooks {
			return r, h
		}
	}
	return nil, nil
}

func (s *Server) getAppHook(call) *reply {
	_, h := s.appHook()
	if h == nil {
		return notFound()
	}
	return answer(http.StatusOK, object{"url": h.config.URL, "content_type": h.config.ContentType, "insecure_ssl": h.config.InsecureSSL, "secret": "********"})
}

func (s *Server) updateAppHook(c call) *reply {
	_, h := s.appHook()
	if h == nil {
		return notFound()
	}
	if _, err := members(c.body, "url", "content_type", "insecure_ssl", "secret"); err != nil {
		return problem(http.StatusUnprocessableEntity, "Invalid request.\n\n"+err.Error())
	}
	if err := json.Unmarshal(c.body, &h.config); err != nil {
		return problem(http.StatusUnprocessableEntity, "Invalid request.\n\n"+err.Error())
	}
	return s.getAppHook(c)
}

func (s *Server) listAppDeliveries(c call) *reply {
	_, h := s.appHook()
	if h == nil {
		return notFound()
	}
	return s.deliveries(c, h, "/app/hook/deliveries")
}

func (s *Server) redeliverApp(c call) *reply {
	_, h := s.appHook()
	if h == nil {
		return notFound()
	}
	return s.attemptAgain(c, h)
}

func (s *Server) listDeliveries(c call) *reply {
	h := s.hookOf(c)
	if h == nil {
		return notFound()
	}
	return s.deliveries(c, h, "/repos/"+c.repo.Name+"/hooks/"+strconv.FormatInt(h.id, 10)+"/deliveries")
}

// deliveries pages by a cursor, the newest first.
func (s *Server) deliveries(c call, h *hook, path string) *reply {
	per := 30
	if n, err := strconv.Atoi(c.URL.Query().Get("per_page")); err == nil && n > 0 {
		per = min(n, s.opt.PerPage)
	}
	from := int64(1) << 62
	if cursor := cursorOf(c.URL); cursor != "" {
		n, err := strconv.ParseInt(strings.TrimPrefix(cursor, "v1_"), 10, 64)
		if err != nil {
			return problem(http.StatusBadRequest, "Invalid cursor.")
		}
		from = n
	}
	list := []any{}
	rep := answer(http.StatusOK, nil)
	for _, d := range slices.Backward(s.hooks.all) {
		if d.Hook != h.id || !d.Done || d.ID >= from {
			continue
		}
		if len(list) == per {
			last := list[per-1].(object)["id"].(int64)
			q := url.Values{"per_page": {strconv.Itoa(per)}, "cursor": {"v1_" + strconv.FormatInt(last, 10)}}
			rep.header = map[string]string{"Link": "<" + s.apiURL("%s", path) + "?" + q.Encode() + `>; rel="next"`}
			break
		}
		status := "OK"
		if d.Status < 200 || d.Status > 299 {
			status = "Invalid HTTP Response: " + strconv.Itoa(d.Status)
		}
		list = append(list, object{"id": d.ID, "guid": d.GUID, "delivered_at": d.At.UTC().Format("2006-01-02T15:04:05.000Z"), "redelivery": d.Redelivery, "duration": 0.1,
			"status": status, "status_code": d.Status, "event": d.Event, "action": nullable(d.Action), "installation_id": nil, "repository_id": d.RepositoryID})
	}
	rep.body = list
	return rep
}

func (s *Server) redeliverHook(c call) *reply {
	h := s.hookOf(c)
	if h == nil {
		return notFound()
	}
	return s.attemptAgain(c, h)
}

func (s *Server) attemptAgain(c call, h *hook) *reply {
	for _, d := range s.hooks.all {
		if strconv.FormatInt(d.ID, 10) != c.PathValue("delivery") || d.Hook != h.id {
			continue
		}
		if s.opt.Now().Sub(d.At) > redeliverable {
			return problem(http.StatusUnprocessableEntity, "The delivery is too old to be redelivered.")
		}
		_ = s.redeliver(d.ID) // it is there
		return answer(http.StatusAccepted, object{})
	}
	return notFound()
}
