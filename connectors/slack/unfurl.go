package slack

import (
	"context"
	"encoding/json"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
)

const (
	opUnfurl    = "chat.unfurl"
	unfurlsMost = 5 // requests unfolded below one message
)

// unfurlHost is the host whose links are unfolded unless the settings say otherwise; "" where Slack could not know it.
func unfurlHost(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil || u.Scheme != "https" || !strings.Contains(u.Hostname(), ".") {
		return ""
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// sharedLinks are the addresses of an event, of the domains that are ours to unfold.
func (c *Connector) sharedLinks(e envelope) []string {
	var links []loose
	if !e.Event.Links.into(&links) {
		return nil
	}
	var out []string
	for _, one := range links {
		var l struct {
			URL word `json:"url"`
		}
		one.into(&l)
		address := string(l.URL)
		u, err := url.Parse(address)
		if err != nil || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
			continue
		}
		if slices.Contains(c.settings.Unfurl, strings.ToLower(u.Hostname())) && !slices.Contains(out, address) && keyInLink(u) != "" && len(out) < unfurlsMost {
			out = append(out, address)
		}
	}
	return out
}

var linkKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*-[0-9]+$`)

// keyInLink is the request or ticket that a page of ours or of a tracker is about: /requests/CR-142, /browse/DES-7.
func keyInLink(u *url.URL) string {
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	for i, part := range parts {
		if (part == "requests" || part == "browse") && i+1 < len(parts) && linkKey.MatchString(parts[i+1]) {
			return strings.ToUpper(parts[i+1])
		}
	}
	return ""
}

// acceptLink takes links that somebody showed in a message. What is still being written is not unfolded.
func (c *Connector) acceptLink(acc connectors.Accepted, e envelope) connectors.Accepted {
	ev := e.Event
	switch {
	case len(c.settings.Unfurl) == 0:
		acc.Ignored = ignoredUnused
	case ev.Source == "composer" || ev.Channel == "COMPOSER":
		acc.Ignored = "the message is still being written"
	case string(ev.User) != "" && (string(ev.User) == c.self(e.team()).User || string(ev.User) == e.botUser()):
		acc.Ignored = ignoredOwn
	case ev.Channel == "" || ev.MessageTS == "":
		acc.Malformed = "the link is in no message"
	case len(c.sharedLinks(e)) == 0:
		acc.Ignored = "there is no request behind its links"
	}
	return acc
}

// linked says which requests were shown. Each is an event of its own.
func (s source) linked() []flow.Event {
	var out []flow.Event
	team, i := s.env.team(), s.env.Event
	for _, address := range s.c.sharedLinks(s.env) {
		u, err := url.Parse(address)
		if err != nil {
			continue
		}
		ev := s.event(flow.LinkShared)
		if len(out) > 0 {
			ev.ID = "" // the engine numbers them
		}
		ev.Actor = s.actor(team, "", string(i.User))
		ev.Where = s.c.ref("message", team, string(i.Channel), string(i.MessageTS))
		ev.Sent = tsTime(string(i.EventTS))
		set(ev.Fields, "url", address)
		set(ev.Fields, "key", keyInLink(u))
		if s.env.Shared {
			set(ev.Fields, "shared", "yes")
		}
		out = append(out, ev)
	}
	return out
}

// unfurl puts the view below the links it is about. A message or link that is gone meanwhile needs nothing.
func (c *Connector) unfurl(ctx context.Context, e flow.Effect) error {
	key, ok := c.keyed(e.Tell.Where, "message")
	if !ok {
		return nil
	}
	k := &canvas{c: c, view: e.Tell.View, mark: e.Mark()} // people by name: nobody is mentioned because somebody showed a link
	k.head()
	k.body()
	k.buttons()
	unfurls := map[string]any{}
	for _, address := range e.Tell.View.Fields["url"] {
		unfurls[address] = map[string]any{"blocks": k.blocks}
	}
	if len(unfurls) == 0 {
		return nil
	}
	body, err := json.Marshal(unfurls)
	if err != nil {
		return &connectors.Error{Op: opUnfurl, Class: connectors.Rejected, Err: err}
	}
	args := url.Values{"channel": {key[1]}, "ts": {key[2]}, "unfurls": {string(body)}}
	if _, err = c.read(ctx, key[0], opUnfurl, args, &struct{}{}); isGoneLink(err) {
		c.log.Info("link not unfolded", "err", err)
		return nil
	}
	return err
}

// isGoneLink reports an answer after which nothing is left to unfold.
func isGoneLink(err error) bool {
	switch codeOf(err) {
	case "cannot_unfurl_url", "cannot_find_message", "cannot_unfurl_message", "message_not_found", "cannot_find_service", "cannot_prompt":
		return true
	}
	return false
}
