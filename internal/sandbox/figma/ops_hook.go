package figma

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// hook is a registered webhook.
type hook struct {
	id, event, context, of string // context is TEAM, PROJECT or FILE
	endpoint, passcode     string
	paused                 bool
	description            *string
	client                 bool // made with a token of OAuth
}

// Hook is a registered webhook as tests see it, without its passcode.
type Hook struct {
	ID, Event, Context, ContextID, Endpoint, Description string
	Paused                                               bool
}

// Hooks lists the registered webhooks, the oldest first.
func (s *Server) Hooks() []Hook {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Hook
	for _, h := range s.hooks.made {
		one := Hook{ID: h.id, Event: h.event, Context: h.context, ContextID: h.of, Endpoint: h.endpoint, Paused: h.paused}
		if h.description != nil {
			one.Description = *h.description
		}
		all = append(all, one)
	}
	return all
}

// planID is how the API names the plan of the team.
func (s *Server) planID() string {
	id := "team-"
	if s.opt.Plan == "org" || s.opt.Plan == "enterprise" {
		id = "organization-"
	}
	if len(s.opt.Teams) > 0 {
		id += s.opt.Teams[0].ID
	}
	return id
}

// hookBean shows a webhook, its passcode only to who made it just now.
func (s *Server) hookBean(h *hook, passcode string) object {
	o := object{"id": h.id, "event_type": h.event, "team_id": "", "context": h.context, "context_id": h.of, "plan_api_id": s.planID(), "status": "ACTIVE",
		"client_id": nil, "passcode": passcode, "endpoint": h.endpoint, "description": h.description}
	if h.paused {
		o["status"] = "PAUSED"
	}
	if h.context == "TEAM" {
		o["team_id"] = h.of
	}
	if h.client {
		o["client_id"] = "sandbox-app"
	}
	return o
}

// events are what webhooks can be made for; PING comes by itself.
func events() []string {
	return []string{"FILE_UPDATE", "FILE_VERSION_UPDATE", "FILE_DELETE", "LIBRARY_PUBLISH", "FILE_COMMENT", "DEV_MODE_STATUS_UPDATE"}
}

// hookRequest is a webhook as it is made or changed.
type hookRequest struct {
	Event       *string `json:"event_type"`
	Context     string  `json:"context"`
	ContextID   string  `json:"context_id"`
	Endpoint    *string `json:"endpoint"`
	Passcode    *string `json:"passcode"`
	Status      *string `json:"status"`
	Description *string `json:"description"`
}

func (c *call) readHook(more ...string) (hookRequest, *reply) {
	var in hookRequest
	if err := decode(c.body, &in, append(more, "event_type", "endpoint", "passcode", "status", "description")...); err != nil {
		return in, badRequest("Invalid request body: %v", err)
	}
	for name, v := range map[string]*string{"event_type": in.Event, "endpoint": in.Endpoint, "passcode": in.Passcode} {
		if v == nil || *v == "" {
			return in, badRequest("Missing required parameter %s", name)
		}
	}
	switch {
	case !slices.Contains(events(), *in.Event):
		return in, badRequest("Invalid value for event_type")
	case !reachable(*in.Endpoint):
		return in, badRequest("Invalid value for endpoint: expected an https address of at most 2048 characters")
	case utf8.RuneCountInString(*in.Passcode) > 100:
		return in, badRequest("Invalid value for passcode: at most 100 characters")
	case in.Status != nil && *in.Status != "ACTIVE" && *in.Status != "PAUSED":
		return in, badRequest("Invalid value for status: expected ACTIVE or PAUSED")
	case in.Description != nil && utf8.RuneCountInString(*in.Description) > 140:
		return in, badRequest("Invalid value for description: at most 140 characters")
	}
	return in, nil
}

// reachable reports whether webhooks can go to an address: by https, or without it on this machine, where a demo runs.
func reachable(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || len(endpoint) > 2048 {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && here
}

// place reads a context as calls name it and holds that it is there and the caller may look after its webhooks.
func (s *Server) place(c call, context, id string) (string, *reply) {
	switch context {
	case "":
		return "", badRequest("Missing required parameter context")
	case "team", "project", "file":
	default:
		return "", badRequest(`Invalid value for context: expected "team", "project" or "file"`)
	}
	if id == "" {
		return "", badRequest("Missing required parameter context_id")
	}
	known, may := false, !c.by.Viewer
	switch context {
	case "team":
		_, known = s.team(id)
		may = c.by.Admin
	case "project":
		_, known = s.project(id)
	case "file":
		f := s.file(id)
		known = f != nil && f.key == id && !f.deleted && !f.locked
	}
	if !known || !may {
		return "", problem(http.StatusForbidden, "You don't have permission to access webhooks of this "+context)
	}
	return strings.ToUpper(context), nil
}

func (s *Server) postHook(c call) *reply {
	in, bad := c.readHook("context", "context_id")
	if bad != nil {
		return bad
	}
	context, bad := s.place(c, in.Context, in.ContextID)
	switch {
	case bad != nil:
		return bad
	case s.opt.Plan == "starter":
		return problem(http.StatusForbidden, "Webhooks are not available on the Starter plan")
	case s.full(context, in.ContextID):
		return badRequest("The maximum number of webhooks for this %s has been reached", in.Context)
	}
	h := &hook{id: number(s.number()), event: *in.Event, context: context, of: in.ContextID, endpoint: *in.Endpoint, passcode: *in.Passcode,
		paused: in.Status != nil && *in.Status == "PAUSED", description: in.Description, client: c.token.Kind == oauth}
	s.hide(h.passcode)
	s.hooks.made = append(s.hooks.made, h)
	if !h.paused {
		s.enqueue(h, object{"event_type": "PING"})
	}
	s.wake()
	return answer(s.hookBean(h, h.passcode))
}

// full reports whether a context holds as many webhooks as it can.
func (s *Server) full(context, id string) bool {
	var here, files int
	for _, h := range s.hooks.made {
		if h.context == context && h.of == id {
			here++
		}
		if h.context == "FILE" {
			files++
		}
	}
	inAll := map[string]int{"org": 300, "enterprise": 600}[s.opt.Plan]
	if inAll == 0 {
		inAll = 150
	}
	return here >= map[string]int{"TEAM": 20, "PROJECT": 5, "FILE": 3}[context] || context == "FILE" && files >= inAll
}

func (s *Server) itsHook(c call) (*hook, *reply) {
	i := slices.IndexFunc(s.hooks.made, func(h *hook) bool { return h.id == c.PathValue("webhook_id") })
	if i < 0 {
		return nil, notFound()
	}
	if c.by.Viewer {
		return nil, forbidden()
	}
	return s.hooks.made[i], nil
}

func (s *Server) getHook(c call) *reply {
	h, bad := s.itsHook(c)
	if bad != nil {
		return bad
	}
	return answer(s.hookBean(h, ""))
}

func (s *Server) putHook(c call) *reply {
	h, bad := s.itsHook(c)
	if bad != nil {
		return bad
	}
	in, bad := c.readHook()
	if bad != nil {
		return bad
	}
	h.event, h.endpoint, h.passcode = *in.Event, *in.Endpoint, *in.Passcode
	if in.Status != nil {
		h.paused = *in.Status == "PAUSED"
	}
	if in.Description != nil {
		h.description = in.Description
	}
	s.hide(h.passcode)
	s.wake()
	return answer(s.hookBean(h, h.passcode))
}

func (s *Server) deleteHook(c call) *reply {
	h, bad := s.itsHook(c)
	if bad != nil {
		return bad
	}
	s.hooks.made = slices.DeleteFunc(s.hooks.made, func(one *hook) bool { return one == h })
	s.wake()
	return answer(s.hookBean(h, ""))
}

// hooksPage is how many webhooks of a plan are shown at once.
const hooksPage = 20

// getHooks lists those of one context, or page by page those of the plan.
func (s *Server) getHooks(c call) *reply {
	q := c.query
	if q.Has("plan_api_id") {
		if q.Has("context") || q.Has("context_id") {
			return badRequest("plan_api_id cannot be used with context or context_id")
		}
		return s.planHooks(q)
	}
	context, bad := s.place(c, q.Get("context"), q.Get("context_id"))
	if bad != nil {
		return bad
	}
	all := []object{}
	for _, h := range s.hooks.made {
		if h.context == context && h.of == q.Get("context_id") {
			all = append(all, s.hookBean(h, ""))
		}
	}
	return answer(object{"webhooks": all})
}

func (s *Server) planHooks(q url.Values) *reply {
	if q.Get("plan_api_id") != s.planID() {
		return forbidden()
	}
	from := 0
	if cursor := q.Get("cursor"); cursor != "" {
		if from = slices.IndexFunc(s.hooks.made, func(h *hook) bool { return h.id == cursor }); from < 0 {
			return badRequest("Invalid value for cursor")
		}
	}
	all, pages := []object{}, object{}
	to := min(from+hooksPage, len(s.hooks.made))
	for _, h := range s.hooks.made[from:to] {
		all = append(all, s.hookBean(h, ""))
	}
	if to < len(s.hooks.made) {
		pages["next_page"] = s.hooks.made[to].id
	}
	if from > 0 {
		pages["prev_page"] = s.hooks.made[max(0, from-hooksPage)].id
	}
	return answer(object{"webhooks": all, "pagination": pages})
}

// getTeamHooks is the older list of a team's webhooks.
func (s *Server) getTeamHooks(c call) *reply {
	id := c.PathValue("team_id")
	if _, ok := s.team(id); !ok {
		return notFound()
	}
	all := []object{}
	for _, h := range s.hooks.made {
		if h.context == "TEAM" && h.of == id {
			all = append(all, s.hookBean(h, ""))
		}
	}
	return answer(object{"webhooks": all})
}

// kept is how long what was sent can be looked at.
const kept = 7 * 24 * time.Hour

// getRequests lists what was sent to a webhook within a week, the newest first.
func (s *Server) getRequests(c call) *reply {
	h, bad := s.itsHook(c)
	if bad != nil {
		return bad
	}
	all := []object{}
	for _, d := range slices.Backward(s.hooks.all) {
		if d.hook != h.id || !d.done || s.opt.Now().Sub(d.at) > kept {
			continue
		}
		one := object{"webhook_id": h.id, "response_info": nil, "error_msg": nil,
			"request_info": object{"id": d.id, "endpoint": d.endpoint, "payload": d.payload(), "sent_at": stamp(d.at)}}
		if d.status != 0 {
			one["response_info"] = object{"status": number(int64(d.status)), "received_at": stamp(d.answered)}
		}
		if d.failure != "" {
			one["error_msg"] = d.failure
		}
		all = append(all, one)
	}
	return answer(object{"requests": all})
}

// BreakHook pauses a webhook behind the product's back.
func (s *Server) BreakHook(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.hooks.made, func(h *hook) bool { return h.id == id })
	if i < 0 {
		return ErrNothing
	}
	s.hooks.made[i].paused = true
	s.wake()
	return nil
}
