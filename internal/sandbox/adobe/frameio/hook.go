package frameio

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/sandbox/adobe/site"
)

// answerTime is how long Frame.io waits for an answer.
const answerTime = 5 * time.Second

type hook struct {
	id, name, url, secret string
	events                []string
	active                bool
	created, updated      time.Time
}

// knownEvents are the events that a webhook can name.
func knownEvents() []string {
	return strings.Fields(`file.created file.deleted file.ready file.updated file.upload.completed file.versioned file.copied folder.created folder.deleted
		folder.updated folder.copied comment.completed comment.created comment.deleted comment.uncompleted comment.updated customfield.created customfield.updated
		customfield.deleted metadata.value.updated project.created project.deleted project.updated collection.created collection.updated collection.deleted
		share.created share.updated share.deleted share.viewed`)
}

func (s *Site) hook(id string) *hook {
	i := slices.IndexFunc(s.workspace.hooks, func(h *hook) bool { return h.id == strings.ToLower(id) })
	if i < 0 {
		return nil
	}
	return s.workspace.hooks[i]
}

func (s *Site) listHooks(c *site.Call) *site.Reply {
	want, bad := includes(c, "creator")
	if bad != nil {
		return bad
	}
	var all []object
	for _, h := range s.workspace.hooks {
		all = append(all, s.hookBean(h, want))
	}
	return s.paged(c, all)
}

func (s *Site) showHook(c *site.Call) *site.Reply {
	want, bad := includes(c, "creator")
	if bad != nil {
		return bad
	}
	h := s.hook(c.PathValue("hook"))
	if h == nil {
		return notFound()
	}
	return ok(s.hookBean(h, want))
}

// createHook answers with the secret that signs the webhook, which is not shown again.
func (s *Site) createHook(c *site.Call) *site.Reply {
	in, bad := data(c, "name", "url", "events")
	if bad != nil {
		return bad
	}
	for _, key := range []string{"name", "url"} {
		if _, err := in.Text(key); err != nil {
			return refuse("/data", err)
		}
	}
	if !in.Has("events") {
		return invalid("/data/events", "Missing field: events")
	}
	h := &hook{id: site.UUID(), secret: site.Secret(24), active: true, created: s.Now()}
	if bad := h.fill(in); bad != nil {
		return bad
	}
	h.updated = h.created
	s.Hide(h.secret)
	s.workspace.hooks = append(s.workspace.hooks, h)
	s.Wake()
	body := s.hookBean(h, nil)
	body["secret"] = h.secret
	return site.Answer(http.StatusCreated, object{"data": body})
}

// fill takes what a body says of a webhook.
func (h *hook) fill(in site.Object) *site.Reply {
	for key, into := range map[string]any{"name": &h.name, "url": &h.url, "events": &h.events, "active": &h.active} {
		if err := in.Into(key, into); err != nil {
			return refuse("/data", err)
		}
	}
	if u, err := url.Parse(h.url); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return invalid("/data/url", "url is invalid")
	}
	if len(h.events) == 0 {
		return invalid("/data/events", "events can't be blank")
	}
	for _, e := range h.events {
		if !slices.Contains(knownEvents(), e) {
			return invalid("/data/events", fmt.Sprintf("%q is not a valid event", e))
		}
	}
	return nil
}

func (s *Site) updateHook(c *site.Call) *site.Reply {
	in, bad := data(c, "name", "url", "events", "active")
	if bad != nil {
		return bad
	}
	h := s.hook(c.PathValue("hook"))
	if h == nil {
		return notFound()
	}
	changed := *h
	if bad := changed.fill(in); bad != nil {
		return bad
	}
	changed.updated = s.Now()
	*h = changed
	s.Wake()
	return ok(s.hookBean(h, nil))
}

func (s *Site) deleteHook(c *site.Call) *site.Reply {
	h := s.hook(c.PathValue("hook"))
	if h == nil {
		return notFound()
	}
	s.workspace.hooks = slices.DeleteFunc(s.workspace.hooks, func(one *hook) bool { return one == h })
	s.Wake()
	return site.Answer(http.StatusNoContent, nil)
}

// Sign returns the X-Frameio-Signature of a body that is sent at a time, in seconds.
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + timestamp + ":"))
	mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// signed are the headers of a delivery; each try bears its own time.
func (s *Site) signed(secret string, body []byte) func(int) http.Header {
	return func(int) http.Header {
		now := strconv.FormatInt(s.Now().Unix(), 10)
		return http.Header{
			"Content-Type": {"application/json"}, "User-Agent": {"Frame.io V4 API"}, "X-Frameio-Request-Timestamp": {now}, "X-Frameio-Signature": {Sign(secret, now, body)},
		}
	}
}

// announce tells every webhook that wants to hear of it, with ids only. The caller holds the lock.
func (s *Site) announce(p *project, event, kind, id string, by *site.Person) {
	raw, err := json.Marshal(object{
		"account": object{"id": s.account}, "project": object{"id": p.id}, "resource": object{"id": id, "type": kind}, "type": event,
		"user": object{"id": by.ID}, "workspace": object{"id": p.space.id},
	})
	if err != nil {
		panic(fmt.Sprintf("webhook: %v", err)) // made of texts
	}
	for _, h := range p.space.hooks {
		if h.active && slices.Contains(h.events, event) {
			s.Post.Send(site.Parcel{
				Service: Service, Event: event, Lane: h.id, URL: h.url, Body: raw, Header: s.signed(h.secret, raw), Timeout: answerTime, Waits: s.opt.Retry,
			})
		}
	}
	s.Wake()
}

// Webhook is a webhook as tests and pages see it; its secret is not shown.
type Webhook struct {
	ID, Name, URL string
	Events        []string
	Active        bool
}

// Webhooks lists the webhooks of the workspace.
func (s *Site) Webhooks() []Webhook {
	s.Lock()
	defer s.Unlock()
	var out []Webhook
	for _, h := range s.workspace.hooks {
		out = append(out, Webhook{h.id, h.name, h.url, slices.Clone(h.events), h.active})
	}
	return out
}
