package slack

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// page is everything a template shows.
type page struct {
	Prefix, Back, Team string
	AppName            string
	Version            int
	Me                 person
	People             []person
	Channels           []entry
	App                entry
	HomePath           string
	Others             []team
	HomeOpen           bool
	Here               string // the path that forms return to
	Place              place
	Days               []day
	Thread             *thread
	Home               []shownBlock
	Modal              *modal
	Ask                *question
	Toast              string
	Global             []Shortcut
	Commands           []string
}

// team is another workspace in the list of people.
type team struct {
	Name   string
	People []person
}

// person is a member as lists show them.
type person struct {
	ID, Name, Handle, Title, Initials, Path, Zone string
	Hue                                           int
	App                                           bool
	From                                          string // "guest", or the workspace of a stranger
}

// entry is one line of the sidebar.
type entry struct {
	ID, Name, Path   string
	Private, Current bool
	Unread           int
}

// place is the open conversation.
type place struct {
	ID, Name, Topic  string
	Private, Direct  bool
	Archived, HasApp bool
	Members          int
	SharedWith       string // other workspaces whose people are here
	Path             string
}

type day struct {
	Label    string
	Messages []shown
}

type thread struct {
	TS       string
	Messages []shown
	Close    string
}

// shown is a message ready for the templates.
type shown struct {
	Message
	ID         string // of the element in the page
	By         person
	Clock, ISO string
	HTML       template.HTML
	Parts      []shownBlock
	ThreadPath string
	LastReply  string
	Own        bool
	InThread   bool
	Menu       []Shortcut
	Emoji      []shownReaction
	Here       string
	Editable   string // what the author typed
	UserPath   string
	AppName    string
	Offers     []shownReaction // emoji one may add
	Attached   []shownFile
	Below      [][]shownBlock // what the app shows below links
}

type shownReaction struct {
	Char, Name string
	Count      int
	Mine       bool
}

// modal is the view on top of the reader's stack.
type modal struct {
	ID, Hash             string
	Title, Submit, Close string
	Blocks               []shownBlock
	Below                bool // closing shows another modal
	Trouble              bool // some input carries an error
	Notice               string
}

// question is a confirmation that an element asks for.
type question struct {
	Title, Yes, No string
	HTML           template.HTML
	Danger         bool
	Channel, TS    string
	Name, Value    string
}

// look says what of the workspace somebody wants to see.
type look struct {
	user, channel, thread, ask string
	home                       bool
}

func (s *Server) userPath(user string) string { return s.opt.Prefix + "/u/" + user }

func (s *Server) channelPath(user, channel string) string { return s.userPath(user) + "/c/" + channel }

// path is the address of what is looked at.
func (s *Server) path(l look) string {
	if l.home {
		return s.userPath(l.user) + "/home"
	}
	p := s.channelPath(l.user, l.channel)
	if l.thread != "" {
		p += "?thread=" + url.QueryEscape(l.thread)
	}
	return p
}

// picker prepares the page on which people choose who they are.
func (s *Server) picker() page {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.frame(look{})
	for _, other := range s.app.all() {
		if other == s {
			continue
		}
		p.Others = append(p.Others, team{Name: other.opt.Team.Name, People: other.everybody()})
	}
	return p
}

// everybody lists the people of a workspace that is shown beside the first one.
func (s *Server) everybody() []person {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.frame(look{}).People
}

// see prepares the page of a look; false when there is no such user or channel. It marks the channel as read.
func (s *Server) see(l look) (page, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channelByID(l.channel)
	if s.users[l.user] == nil || !l.home && (c == nil || !c.has(l.user)) {
		return page{}, false
	}
	if c != nil {
		s.markRead(l.user, c)
	}
	p := s.frame(l)
	r := s.reader(l.user)
	p.Here = s.path(l)
	p.Toast = s.toasted(l.user)
	if v := s.top(l.user); v != nil {
		p.Modal = s.modal(r, v, p.Toast)
		if p.Modal.Notice != "" {
			p.Toast = ""
		}
	}
	if l.home {
		if v := s.homes[l.user]; v != nil {
			p.Home = r.blocks(list(v.body["blocks"]), placeIn{
				dom: "home", state: v.state, act: s.userPath(l.user), back: p.Here,
			})
			p.Ask = s.question(r, l, nil)
		}
		return p, true
	}
	p.Place = s.placeOf(l, c)
	p.Days = s.timeline(r, l, c)
	if root := c.find(l.thread); root != nil {
		p.Thread = s.thread(r, l, root)
	}
	p.Ask = s.question(r, l, c)
	return p, true
}

// frame prepares what every page shows around its content. The caller holds mu.
func (s *Server) frame(l look) page {
	p := page{
		Prefix: s.opt.Prefix, Back: s.opt.Back, Team: s.opt.Team.Name, AppName: s.opt.Bot.Name, Version: s.version,
		Commands: s.opt.Commands, HomePath: s.userPath(l.user) + "/home", HomeOpen: l.home,
	}
	for i, u := range s.opt.Users {
		if u.Deleted {
			continue
		}
		who := s.personOf(u.ID, i)
		who.Path = s.userPath(u.ID)
		p.People = append(p.People, who)
		if u.ID == l.user {
			p.Me = who
		}
	}
	for _, sc := range s.opt.Shortcuts {
		if !sc.Message {
			p.Global = append(p.Global, sc)
		}
	}
	if l.user == "" {
		return p
	}
	p.App = s.entry(l, s.direct(l.user))
	for _, c := range s.channels {
		if !c.im && c.has(l.user) && !c.archived {
			p.Channels = append(p.Channels, s.entry(l, c))
		}
	}
	slices.SortStableFunc(p.Channels, func(a, b entry) int { return cmp.Compare(a.Name, b.Name) })
	return p
}

func (s *Server) entry(l look, c *channel) entry {
	e := entry{
		ID: c.id, Name: firstOf(c.name, s.opt.Bot.Name), Path: s.channelPath(l.user, c.id),
		Private: c.private, Current: c.id == l.channel && !l.home,
	}
	seen := s.read[readMark{l.user, c.id}]
	for _, m := range c.messages {
		forMe := m.ephemeralTo == "" || m.ephemeralTo == l.user
		counts := c.im || m.threadTS == "" || m.threadTS == m.ts || m.broadcast || m.ephemeralTo != ""
		if m.user != l.user && forMe && counts && m.ts > seen && !m.tombstone {
			e.Unread++
		}
	}
	return e
}

func (s *Server) markRead(user string, c *channel) {
	if n := len(c.messages); n > 0 {
		s.read[readMark{user, c.id}] = c.messages[n-1].ts
	}
}

func (s *Server) personOf(id string, hue int) person {
	p := person{ID: id, Name: s.displayName(id), Hue: hue % 8, App: id == s.opt.Bot.UserID}
	if u := s.users[id]; u != nil {
		p.Handle, p.Title, p.Zone = u.Name, u.Title, u.TZ
		p.From = s.fromWhere(u)
	}
	p.Initials = initials(p.Name)
	return p
}

func (s *Server) who(id string) person {
	i := slices.IndexFunc(s.opt.Users, func(u User) bool { return u.ID == id })
	return s.personOf(id, max(i, 0))
}

func initials(name string) string {
	var out []rune
	for _, word := range strings.Fields(name) {
		r, _ := utf8.DecodeRuneInString(word)
		out = append(out, unicode.ToUpper(r))
	}
	if len(out) > 2 {
		out = []rune{out[0], out[len(out)-1]}
	}
	return string(out)
}

func (s *Server) placeOf(l look, c *channel) place {
	var with []string
	for _, id := range c.members {
		if u := s.users[id]; u != nil && u.stranger() && !slices.Contains(with, s.fromWhere(u)) {
			with = append(with, s.fromWhere(u))
		}
	}
	return place{
		SharedWith: strings.Join(with, ", "),
		ID:         c.id, Name: firstOf(c.name, s.opt.Bot.Name), Topic: c.topic, Private: c.private, Direct: c.im,
		Archived: c.archived, HasApp: c.has(s.opt.Bot.UserID), Members: len(c.members), Path: s.channelPath(l.user, c.id),
	}
}

// timeline prepares the messages of a channel outside threads, grouped by day.
func (s *Server) timeline(r reader, l look, c *channel) []day {
	var out []day
	for _, m := range c.messages {
		inThread := m.threadTS != "" && m.threadTS != m.ts && !m.broadcast
		if m.ephemeralTo != "" && m.ephemeralTo != l.user || inThread {
			continue
		}
		at := tsTime(m.ts).In(r.zone)
		label := r.pretty(at, at.Format("Monday, January 2"))
		label = strings.ToUpper(label[:1]) + label[1:]
		if len(out) == 0 || out[len(out)-1].Label != label {
			out = append(out, day{Label: label})
		}
		d := &out[len(out)-1]
		d.Messages = append(d.Messages, s.shown(r, l, m, false))
	}
	return out
}

func (s *Server) thread(r reader, l look, root *message) *thread {
	t := &thread{TS: root.ts, Close: s.channelPath(l.user, l.channel)}
	for _, m := range root.channel.messages {
		mine := m.ephemeralTo == "" || m.ephemeralTo == l.user
		if m == root || mine && m.threadTS == root.ts && m.ts != root.ts {
			t.Messages = append(t.Messages, s.shown(r, l, m, true))
		}
	}
	return t
}

// shown prepares one message.
func (s *Server) shown(r reader, l look, m *message, inThread bool) shown {
	at := tsTime(m.ts).In(r.zone)
	out := shown{
		Message: s.copyOf(m), ID: dom("m", m.ts), By: s.who(m.user), Clock: r.clock(at, ""), ISO: at.Format(time.RFC3339),
		Own: m.user == l.user && !m.tombstone, InThread: inThread, Here: s.path(l), Editable: s.typed(m.text),
		UserPath: s.userPath(l.user), AppName: s.opt.Bot.Name, Offers: offers(),
		ThreadPath: s.channelPath(l.user, m.channel.id) + "?thread=" + url.QueryEscape(firstOf(m.threadTS, m.ts)),
	}
	if m.other != nil {
		out.By = person{Name: m.other.Name, Initials: initials(m.other.Name), From: "app"}
	}
	if inThread {
		out.ID = dom("t", m.ts)
	}
	if replies := m.channel.replies(m.ts); len(replies) > 0 {
		out.LastReply = r.ago(tsTime(replies[len(replies)-1].ts).In(r.zone))
	}
	if len(m.blocks) > 0 && m.byBot {
		state := m.state
		if state == nil {
			state = initialState(m.blocks)
		}
		out.Parts = r.blocks(m.blocks, placeIn{
			dom: out.ID, state: state, act: s.userPath(l.user), channel: m.channel.id, ts: m.ts, back: out.Here, look: m.look(),
		})
	} else {
		out.HTML = r.mrkdwn(m.text)
	}
	s.showAttached(r, l, m, &out)
	for _, sc := range s.opt.Shortcuts {
		if sc.Message && m.ephemeralTo == "" && !m.tombstone {
			out.Menu = append(out.Menu, sc)
		}
	}
	for _, x := range m.reactions {
		out.Emoji = append(out.Emoji, shownReaction{
			Char: firstOf(emoji(x.name), ":"+x.name+":"), Name: x.name, Count: len(x.users),
			Mine: slices.Contains(x.users, l.user),
		})
	}
	return out
}

// typed turns wire text back into what a person would type.
func (s *Server) typed(wire string) string {
	return unescape(wireToken.ReplaceAllStringFunc(wire, func(token string) string {
		name, label, _ := strings.Cut(strings.Trim(token, "<>"), "|")
		switch {
		case strings.HasPrefix(name, "@"):
			return "@" + s.nameOf(name[1:])
		case strings.HasPrefix(name, "#"):
			if c := s.channelByID(name[1:]); c != nil {
				return "#" + c.name
			}
		}
		return firstOf(label, name)
	}))
}

func (s *Server) modal(r reader, v *view, toast string) *modal {
	m := &modal{
		ID: v.id, Hash: v.hash, Title: str(obj(v.body["title"]), "text"), Submit: str(obj(v.body["submit"]), "text"),
		Close: firstOf(str(obj(v.body["close"]), "text"), "Cancel"), Below: v.previous != "", Trouble: len(v.errors) > 0,
		Blocks: r.blocks(list(v.body["blocks"]), placeIn{dom: "v", state: v.state, errors: v.errors, modal: true}),
	}
	if toast == trouble {
		m.Notice = toast
	}
	return m
}

// question prepares the confirmation named in the address: "ts/block/action" or with a picked value behind.
func (s *Server) question(r reader, l look, c *channel) *question {
	parts := strings.SplitN(l.ask, "/", 4)
	if len(parts) < 3 {
		return nil
	}
	var q question
	var blocks []any
	if c == nil {
		blocks = list(s.homes[l.user].body["blocks"])
	} else {
		m, err := s.seen(Action{User: l.user, Channel: c.id, TS: parts[0]})
		if err != nil {
			return nil
		}
		q.Channel, q.TS, blocks = c.id, m.ts, m.blocks
	}
	blockID, actionID := elementIDs(parts[1] + "/" + parts[2])
	block, e := findElement(blocks, blockID, actionID)
	confirm := obj(e["confirm"])
	if confirm == nil {
		return nil
	}
	q.Title, q.HTML = str(obj(confirm["title"]), "text"), r.textObject(confirm["text"])
	q.Yes, q.No = str(obj(confirm["confirm"]), "text"), str(obj(confirm["deny"]), "text")
	q.Danger, q.Name = confirm["style"] == "danger", elementName(block, e)
	if len(parts) == 4 {
		q.Value = parts[3]
	}
	return &q
}

func tsTime(ts string) time.Time {
	seconds, micros, _ := strings.Cut(ts, ".")
	s, _ := strconv.ParseInt(seconds, 10, 64) // a timestamp of ours is always well formed
	us, _ := strconv.ParseInt(micros, 10, 64)
	return time.Unix(s, us*1000)
}

// offers are the emoji of the reaction menu.
func offers() []shownReaction {
	var out []shownReaction
	for _, name := range []string{"eyes", "white_check_mark", "+1", "raised_hands", "tada", "memo"} {
		out = append(out, shownReaction{Name: name, Char: emoji(name)})
	}
	return out
}
