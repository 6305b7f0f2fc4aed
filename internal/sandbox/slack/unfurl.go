package slack

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// linked is a set of links the app was told about and may give something to show below them.
type linked struct {
	id, source string
	message    *message // nil while somebody is still typing
	urls       []string
}

// Sources of links.
const (
	fromHistory  = "conversations_history"
	fromComposer = "composer"
)

// sendLinks tells the app about the links of a message to the domains it unfurls. The caller holds mu.
func (s *Server) sendLinks(m *message) {
	l := &linked{source: fromHistory, message: m, urls: s.unfurled(m.text)}
	if m.byBot || len(l.urls) == 0 {
		return
	}
	more := object{"channel": m.channel.id, "message_ts": m.ts, "is_bot_user_member": m.channel.has(s.opt.Bot.UserID)}
	if m.threadTS != "" {
		more["thread_ts"] = m.threadTS
	}
	s.sendLinked(m.user, l, more)
}

// sendLinked tells the app about links and remembers them under an unfurl id. The caller holds mu.
func (s *Server) sendLinked(user string, l *linked, more object) {
	l.id = firstOf(l.id, s.newID("Uf0", 8))
	s.links[l.id] = l
	links := []any{}
	for _, u := range l.urls {
		links = append(links, object{"url": u, "domain": domainOf(u)})
	}
	inner := object{
		"type": "link_shared", "user": user, "links": links, "unfurl_id": l.id, "source": l.source, "event_ts": s.newTS(),
	}
	maps.Copy(inner, more)
	s.sendEvent(inner)
}

// TypeLink is a person who has typed a link and not sent it yet: Slack asks the app for a preview. It returns the unfurl id, or
// nothing when the text holds no link of the app's domains.
func (s *Server) TypeLink(user, text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &linked{source: fromComposer, urls: s.unfurled(text)}
	if len(l.urls) == 0 {
		return ""
	}
	s.sendLinked(user, l, object{
		"channel": "COMPOSER", "message_ts": s.newSecret(8) + "-" + s.newSecret(12), "is_bot_user_member": true,
	})
	return l.id
}

// unfurled lists the links of a wire text that lead to the app's unfurl domains, each once, as they stand there.
func (s *Server) unfurled(text string) []string {
	var out []string
	for _, token := range wireToken.FindAllStringSubmatch(text, -1) {
		address, _, _ := strings.Cut(token[1], "|")
		host := domainOf(address)
		ours := slices.ContainsFunc(s.opt.UnfurlDomains, func(d string) bool { return host == d || strings.HasSuffix(host, "."+d) })
		if ours && !slices.Contains(out, address) {
			out = append(out, address)
		}
	}
	return out
}

// domainOf is the host of a web address, without its port; empty for anything else.
func domainOf(address string) string {
	u, err := url.Parse(unescape(address))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// unfurl is chat.unfurl: what the app wants shown below links it was told about.
func (s *Server) unfurl(a args) (object, *failure) {
	v, given, ok := a.value("unfurls")
	wanted := obj(v)
	switch {
	case !given:
		return nil, fail("missing_unfurls")
	case !ok || wanted == nil:
		return nil, fail("invalid_unfurls_format")
	}
	l, failed := s.linksOf(a)
	if failed != nil {
		return nil, failed
	}
	for _, address := range slices.Sorted(maps.Keys(wanted)) {
		if !slices.Contains(l.urls, address) {
			return nil, fail("cannot_unfurl_url")
		}
		var wrong lint
		unfurlShape().check(&wrong, "/unfurls/"+address, wanted[address])
		if len(wrong.messages) > 0 {
			return nil, refused("invalid_unfurls_format", &wrong)
		}
	}
	if l.message != nil {
		s.attach(l.message, wanted)
	}
	return object{}, nil
}

func unfurlShape() shape {
	return shape{
		"blocks": must(func(l *lint, at string, v any) { lintBlocks(l, at, v, onMessage) }),
		"color":  may(words(0, 50)), "fallback": may(words(0, 1000)), "hide_color": may(boolean),
		"preview": may(shape{
			"title": may(plain(150)), "subtitle": may(plain(150)), "icon_url": may(link(maxURL)), "type_icon": may(words(0, 50)),
		}.check),
	}
}

// linksOf finds the links a call is about: by unfurl id and source, or by channel and timestamp.
func (s *Server) linksOf(a args) (*linked, *failure) {
	id, source, channel, ts := a.str("unfurl_id"), a.str("source"), a.str("channel"), a.str("ts")
	switch {
	case id != "" && source == "":
		return nil, fail("missing_source")
	case source != "" && id == "":
		return nil, fail("missing_unfurl_id")
	case id != "" && source != fromHistory && source != fromComposer:
		return nil, fail("invalid_source")
	case id != "":
		if l := s.links[id]; l != nil && l.source == source {
			return l, nil
		}
		return nil, fail("invalid_unfurl_id")
	case channel == "":
		return nil, fail("missing_channel")
	case ts == "":
		return nil, fail("missing_ts")
	}
	c := s.channelByID(channel)
	if c == nil || c.find(ts) == nil {
		return nil, fail("cannot_find_message")
	}
	for _, l := range s.links {
		if l.message == c.find(ts) {
			return l, nil
		}
	}
	return nil, fail("cannot_unfurl_message")
}

// attach puts what the app sent below the message, in the order of the links. The caller holds mu.
func (s *Server) attach(m *message, wanted object) {
	before := clone(s.wire(m, true))
	for _, address := range slices.Sorted(maps.Keys(wanted)) {
		m.unfurls = slices.DeleteFunc(m.unfurls, func(u any) bool { return str(obj(u), "from_url") == address })
		one := obj(wanted[address])
		m.unfurls = append(m.unfurls, object{
			"from_url": address, "original_url": address, "app_unfurl_url": address, "is_app_unfurl": true,
			"app_id": s.opt.AppID, "bot_id": s.opt.Bot.BotID, "bot_team_id": s.opt.Team.ID,
			"fallback": firstOf(str(one, "fallback"), "[no preview available]"), "blocks": s.settled(list(one["blocks"])),
		})
	}
	for i, u := range m.unfurls {
		obj(u)["id"] = float64(i + 1)
	}
	s.touch()
	s.sendChanged(m, before)
}
