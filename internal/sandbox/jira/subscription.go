package jira

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Hook is a webhook as an administrator of the site sees it.
type Hook struct {
	ID          int
	Name        string
	Description string
	URL         string
	Events      []string // nil = all
	Filter      string   // JQL; "" = all issues
	ExcludeBody bool
	Enabled     bool
	Signed      bool
}

// subscription is a hook with its secret.
type subscription struct {
	Hook
	secret   string
	byOption bool // made by Options or SetWebhook
	by       *User
	updated  time.Time
	filter   query // of Filter
}

// ErrNoHook is the error of changing a hook that is not there.
var ErrNoHook = errors.New("there is no such webhook")

// hookEvents are the events that the site can tell about.
func hookEvents() []string {
	return []string{"jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created", "comment_updated", "comment_deleted",
		"attachment_created", "attachment_deleted", "issuelink_created", "issuelink_deleted", "issue_property_set", "issue_property_deleted",
		"jira:worklog_updated", "worklog_created", "worklog_updated", "worklog_deleted", "jira:version_released", "jira:version_created",
		"project_created", "project_updated", "project_deleted", "user_created", "user_updated", "user_deleted"}
}

// Hooks lists the registered webhooks.
func (s *Server) Hooks() []Hook {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Hook
	for _, sub := range s.hooks.subs {
		h := sub.Hook
		h.Events = slices.Clone(h.Events)
		all = append(all, h)
	}
	return all
}

// EnableHook switches a webhook on or off, as an administrator would.
func (s *Server) EnableHook(id int, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := s.hooks.sub(id)
	if sub == nil {
		return fmt.Errorf("%w: %d", ErrNoHook, id)
	}
	sub.Enabled = on
	s.wake()
	return nil
}

// DeleteHook deletes a webhook, as an administrator would. What is still on its way is dropped.
func (s *Server) DeleteHook(id int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hooks.sub(id) == nil {
		return fmt.Errorf("%w: %d", ErrNoHook, id)
	}
	s.hooks.drop(id)
	s.wake()
	return nil
}

// SetWebhook points the webhook of the options at url, signed with secret: it hears of everything. An empty url
// deletes it.
func (s *Server) SetWebhook(url, secret string) {
	s.hide(secret)
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.hooks.subs, func(sub *subscription) bool { return sub.byOption })
	switch {
	case url == "" && i >= 0:
		s.hooks.drop(s.hooks.subs[i].ID)
	case url == "":
	case i >= 0:
		sub := s.hooks.subs[i]
		sub.URL, sub.secret, sub.Signed = url, secret, secret != ""
	default:
		s.hooks.add(&subscription{Hook: Hook{Name: "signoff", URL: url, Enabled: true, Signed: secret != ""}, secret: secret, byOption: true})
	}
}

// hide keeps a secret out of the ledger.
func (s *Server) hide(secret string) {
	if l := s.opt.Ledger; l != nil {
		l.Hide(secret)
	}
}

func (h *hooks) add(sub *subscription) {
	h.lastSub++
	sub.ID = h.lastSub
	h.subs = append(h.subs, sub)
}

func (h *hooks) sub(id int) *subscription {
	for _, sub := range h.subs {
		if sub.ID == id {
			return sub
		}
	}
	return nil
}

func (h *hooks) drop(id int) {
	h.subs = slices.DeleteFunc(h.subs, func(sub *subscription) bool { return sub.ID == id })
}

// wants tells whether a hook is to hear of an event about an issue.
func (sub *subscription) wants(event string, iss *issue) bool {
	return sub.Enabled && (sub.Events == nil || slices.Contains(sub.Events, event)) &&
		(sub.Filter == "" || sub.filter.where(iss, version{facts: iss.facts}))
}

// twin finds another hook with the same address, events and filter.
func (h *hooks) twin(sub *subscription) bool {
	return slices.ContainsFunc(h.subs, func(have *subscription) bool {
		return have.ID != sub.ID && have.URL == sub.URL && have.Filter == sub.Filter && slices.Equal(have.Events, sub.Events)
	})
}

// hookRoutes are the administration of webhooks, which moved with Data Center 10.
func (s *Server) hookRoutes() []route {
	base := "/rest/webhooks/1.0/webhook"
	if s.newHooks() {
		base = "/rest/jira-webhook/1.0/webhooks"
	}
	const admin = "ADMINISTER"
	return []route{
		{"getWebhooks", "GET " + base, admin, s.getWebhooks},
		{"createWebhook", "POST " + base, admin, s.createWebhook},
		{"getWebhook", "GET " + base + "/{id}", admin, s.getWebhook},
		{"updateWebhook", "PUT " + base + "/{id}", admin, s.updateWebhook},
		{"deleteWebhook", "DELETE " + base + "/{id}", admin, s.deleteWebhook},
	}
}

// newHooks tells the administration of Data Center 10 from the older one, which Cloud has kept.
func (s *Server) newHooks() bool { return !s.cloud() && s.major() >= 10 }

func (s *Server) getWebhooks(call) *reply {
	all := []object{}
	for _, sub := range s.hooks.subs {
		all = append(all, s.hookBean(sub))
	}
	return answer(http.StatusOK, all)
}

// subOf finds the hook that a path names.
func (s *Server) subOf(c call) (*subscription, *reply) {
	for _, sub := range s.hooks.subs {
		if number(sub.ID) == c.path["id"] {
			return sub, nil
		}
	}
	return nil, problem(http.StatusNotFound, "The webhook with id "+c.path["id"]+" does not exist.")
}

func (s *Server) getWebhook(c call) *reply {
	sub, rep := s.subOf(c)
	if rep != nil {
		return rep
	}
	return answer(http.StatusOK, s.hookBean(sub))
}

func (s *Server) createWebhook(c call) *reply {
	sub := &subscription{Hook: Hook{Enabled: true}}
	if rep := s.fillHook(sub, c); rep != nil {
		return rep
	}
	s.hooks.add(sub)
	s.wake()
	return answer(http.StatusCreated, s.hookBean(sub))
}

// updateWebhook changes the members that were sent and keeps the others, the secret above all.
func (s *Server) updateWebhook(c call) *reply {
	old, rep := s.subOf(c)
	if rep != nil {
		return rep
	}
	changed := *old
	if rep := s.fillHook(&changed, c); rep != nil {
		return rep
	}
	*old = changed
	s.wake()
	return answer(http.StatusOK, s.hookBean(old))
}

func (s *Server) deleteWebhook(c call) *reply {
	sub, rep := s.subOf(c)
	if rep != nil {
		return rep
	}
	s.hooks.drop(sub.ID)
	s.wake()
	return done()
}
