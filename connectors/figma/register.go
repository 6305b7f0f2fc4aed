package figma

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"signoff/connectors"
	"signoff/internal/outbound"
)

// scoped is one team, project or file whose webhooks we keep.
type scoped struct {
	Kind string `json:"context"` // team, project, file
	ID   string `json:"context_id"`
}

func (s scoped) String() string { return s.Kind + " " + s.ID }

// most is how many webhooks Figma allows at one place.
func (s scoped) most() int {
	switch s.Kind {
	case "team":
		return 20
	case "project":
		return 5
	}
	return 3
}

// contexts are those of the settings.
func (c *Connector) contexts() []scoped {
	var out []scoped
	for kind, list := range map[string][]string{"team": c.set.Teams, "project": c.set.Projects, "file": c.set.Files} {
		for _, id := range list {
			out = append(out, scoped{kind, id})
		}
	}
	slices.SortFunc(out, func(a, b scoped) int { return strings.Compare(b.String(), a.String()) }) // teams first
	return slices.Compact(out)
}

// hook is a webhook as Figma shows it. Its passcode is never shown.
type hook struct {
	ID       loose  `json:"id"`
	Event    string `json:"event_type"`
	Context  string `json:"context"`
	At       loose  `json:"context_id"`
	Team     loose  `json:"team_id"`
	Status   string `json:"status"`
	Endpoint string `json:"endpoint"`
}

// event is the word of the settings for what a webhook tells.
func (h hook) event() string { return strings.ToLower(h.Event) }

// keptHook is a webhook of ours, remembered to be asked for what did not arrive, and to be taken away where the settings no
// longer name its place.
type keptHook struct {
	ID    string    `json:"id"`
	At    scoped    `json:"at"`
	Event string    `json:"event"`
	Rest  string    `json:"rest"`
	Since time.Time `json:"since"`
}

const hooksKey = "hooks"

func (c *Connector) keptHooks(ctx context.Context) ([]keptHook, error) {
	var list []keptHook
	_, err := c.memory.Load(ctx, hooksKey, &list)
	return list, err
}

func (c *Connector) hookURL() string { return c.deps.PublicURL + "/hooks/" + c.deps.Instance }

// restOf is the end of a webhook's address, where it leads to us.
func (c *Connector) restOf(h hook) (rest string, ours bool) {
	if h.Endpoint == c.hookURL() {
		return "", true
	}
	rest, ours = strings.CutPrefix(h.Endpoint, c.hookURL()+"/")
	return rest, ours
}

// hooks lists the webhooks at one place.
func (c *Connector) hooks(ctx context.Context, at scoped) ([]hook, error) {
	var answer struct {
		Webhooks []hook `json:"webhooks"`
	}
	err := c.do(ctx, call{
		op: "read webhooks", tier: tier2, method: http.MethodGet, path: "v2/webhooks", about: at.String(), scope: "webhooks:read",
		query: url.Values{"context": {at.Kind}, "context_id": {at.ID}},
	}, &answer)
	return slices.DeleteFunc(answer.Webhooks, func(h hook) bool { return h.At != "" && string(h.At) != at.ID }), err
}

// Register finds our webhooks at each place of the settings, makes those that are missing, replaces what somebody switched
// off, and deletes what is there twice or no longer wanted. A new one is made before the old one is deleted. Where Figma's
// limit of calls ends it, Poll goes on with it.
func (c *Connector) Register(ctx context.Context) ([]connectors.Finding, error) {
	c.places.mu.Lock()
	defer c.places.mu.Unlock()
	c.sweep(ctx)
	if f, stop := c.unregistered(); stop {
		return f, nil
	}
	before, err := c.keptHooks(ctx)
	if err != nil {
		return nil, err
	}
	var out []connectors.Finding
	all := c.contexts()
	for ; c.places.next < len(all); c.places.next++ {
		at := all[c.places.next]
		a := arrangement{c: c, at: at, before: before}
		f, err := a.arrange(ctx)
		before = replaced(before, at, a.kept, err == nil)
		c.memory.Note(hooksKey, before)
		if connectors.ClassOf(err) == connectors.Limited {
			return append(out, c.warn("webhook", fmt.Sprintf("%d of %d places are looked after so far: Figma allows no more calls just now", c.places.next, len(all)), "Nothing has to be done; signoff goes on by itself.")), nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, f)
	}
	c.places.next = 0
	c.memory.Note(hooksKey, c.leave(ctx, before))
	return out, nil
}

// places are how far Register has come; zero when it is through.
type places struct {
	mu   sync.Mutex
	next int
}

// unfinished reports that Register has not come to its end.
func (c *Connector) unfinished() bool {
	c.places.mu.Lock()
	defer c.places.mu.Unlock()
	return c.places.next > 0
}

// replaced is what is remembered once a place was looked after; of one that was not to its end, nothing is forgotten.
func replaced(before []keptHook, at scoped, now []keptHook, whole bool) []keptHook {
	out := slices.Clone(now)
	for _, k := range before {
		known := slices.ContainsFunc(now, func(n keptHook) bool { return n.At == k.At && n.Event == k.Event })
		if k.At != at || !whole && !known {
			out = append(out, k)
		}
	}
	return out
}

// unregistered says why there is nothing to register.
func (c *Connector) unregistered() ([]connectors.Finding, bool) {
	switch {
	case c.set.Webhook == "manual":
		return []connectors.Finding{c.ok("webhook", "looked after by hand (webhook: manual)")}, true
	case c.deps.PublicURL == "":
		return []connectors.Finding{c.warn("webhook", "signoff has no public address, so Figma cannot tell it anything; files of open requests are read every quarter of an hour",
			"Set server.public_url to the address under which Figma reaches signoff.")}, true
	case len(c.contexts()) == 0 && len(c.set.WebhookPasscode) > 0:
		return []connectors.Finding{c.ok("webhook", "made by hand, with connectors.figma.webhook_passcode; it leads to %s", c.hookURL())}, true
	case len(c.contexts()) == 0:
		return []connectors.Finding{c.warn("webhook", "no team, project or file is named, so no webhook is registered; files of open requests are read every quarter of an hour",
			"Name them in connectors.figma.teams, projects or files, or make webhooks by hand with connectors.figma.webhook_passcode.")}, true
	}
	return nil, false
}

// leave deletes our webhooks at places that the settings no longer name, and returns what is still there.
func (c *Connector) leave(ctx context.Context, kept []keptHook) []keptHook {
	all := c.contexts()
	return slices.DeleteFunc(kept, func(k keptHook) bool {
		if slices.Contains(all, k.At) {
			return false
		}
		err := c.deleteHook(ctx, k.ID)
		if err != nil && !lost(err) {
			c.deps.Log.Warn("a webhook that is no longer wanted could not be deleted", "at", k.At.String(), "error", err)
			return false
		}
		return true
	})
}

// lost reports that something is not there, or is not ours to see any more.
func lost(err error) bool {
	status := outbound.StatusOf(err)
	return status == http.StatusNotFound || status == http.StatusForbidden
}

func (c *Connector) deleteHook(ctx context.Context, id string) error {
	return c.do(ctx, call{
		op: "delete a webhook", tier: tier2, method: http.MethodDelete, path: "v2/webhooks/" + url.PathEscape(id), about: "the webhook", scope: "webhooks:write",
	}, nil)
}

func (c *Connector) putHook(ctx context.Context, at scoped, event, rest string) (hook, error) {
	var made hook
	err := c.do(ctx, call{
		op: "register a webhook", tier: tier2, method: http.MethodPost, path: "v2/webhooks", about: at.String(), scope: "webhooks:write", once: true,
		body: map[string]string{
			"event_type": strings.ToUpper(event), "context": at.Kind, "context_id": at.ID, "endpoint": c.hookURL() + "/" + rest,
			"passcode": c.passcode(rest), "description": "signoff " + c.deps.Instance + ", made and kept by it",
		},
	}, &made)
	if err == nil && made.ID == "" {
		err = &connectors.Error{Op: "register a webhook", Class: connectors.Unsure, Wait: firstLook, Err: errors.New("the answer names no webhook")}
	}
	return made, err
}

const receiptLife = 30 * 24 * time.Hour

// sweep throws away receipts that nobody asks for any more.
func (c *Connector) sweep(ctx context.Context) {
	now := c.deps.Now()
	err := c.deps.Keep.Scan(ctx, receiptKeep, func(key string, value []byte) error {
		var r receipt
		if !decode(value, &r) || now.Sub(r.At) > receiptLife {
			c.memory.Forget(key)
		}
		return nil
	})
	if err != nil {
		c.deps.Log.Warn("receipts not swept", "error", err)
	}
}
