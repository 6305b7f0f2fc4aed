package slack

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Post is what a person writes. Text is Slack's wire text: "<@U1> hello". It may be empty beside Files.
type Post struct {
	User, Channel, Text string
	Thread              string // timestamp of the message that is replied to
	Broadcast           bool   // a reply that is also sent to the channel
	Blocks              []any  // instead of the rich text that Slack's clients make of Text
	Files               []Upload
}

// PostAs writes a message as a user and returns its timestamp. text is Slack's wire text: "<@U1> hello".
// A message that names the app also reaches it as app_mention.
func (s *Server) PostAs(user, channelID, text, threadTS string) (string, error) {
	return s.Say(Post{User: user, Channel: channelID, Text: text, Thread: threadTS})
}

// Say writes a message of any kind as a person and returns its timestamp.
func (s *Server) Say(p Post) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.place(p.User, p.Channel)
	if err != nil {
		return "", err
	}
	root := c.find(p.Thread)
	switch {
	case p.Thread != "" && root == nil:
		return "", fmt.Errorf("no thread %s in %s", p.Thread, p.Channel)
	case strings.TrimSpace(p.Text) == "" && len(p.Files) == 0:
		return "", fmt.Errorf("an empty message cannot be sent")
	case c.archived:
		return "", fmt.Errorf("%s is archived", p.Channel)
	}
	m := &message{
		channel: c, ts: s.newTS(), user: p.User, text: p.Text, blocks: s.richText(p.Text),
		clientID: fmt.Sprintf("%s-%s", s.newSecret(8), s.newSecret(12)), broadcast: root != nil && p.Broadcast,
	}
	if root != nil {
		m.threadTS = firstOf(root.threadTS, root.ts)
	}
	if p.Blocks != nil {
		m.blocks = s.settled(p.Blocks)
	}
	for _, u := range p.Files {
		f, err := s.newFile(p.User, s.foreign(p.User, u))
		if err != nil {
			return "", err
		}
		m.files = append(m.files, f)
	}
	s.add(m)
	s.read[readMark{p.User, c.id}] = m.ts
	s.sendMessageEvent(m)
	if !c.im && c.has(s.opt.Bot.UserID) && s.namesApp(p.Text) {
		s.sendMention(m)
	}
	s.sendLinks(m)
	return m.ts, nil
}

// foreign makes the file of somebody of another workspace one that only files.info tells about.
func (s *Server) foreign(user string, u Upload) Upload {
	if u.Mode == "" && u.URL == "" && s.teamOf(user) != s.opt.Team.ID {
		u.Mode = modeAccess
	}
	return u
}

// Mention writes a message that names the app.
func (s *Server) Mention(user, channelID, text string) (string, error) {
	return s.PostAs(user, channelID, "<@"+s.opt.Bot.UserID+"> "+text, "")
}

func (s *Server) namesApp(text string) bool {
	return strings.Contains(text, "<@"+s.opt.Bot.UserID+">") || strings.Contains(text, "<@"+s.opt.Bot.UserID+"|")
}

// EditAs changes a user's own message.
func (s *Server) EditAs(user, channelID, ts, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.own(user, channelID, ts)
	if err != nil {
		return err
	}
	if text == m.text {
		return nil // Slack's clients send nothing
	}
	before := clone(s.wire(m, false))
	named := s.namesApp(m.text)
	m.text, m.blocks = text, s.richText(text)
	m.edited = object{"user": user, "ts": s.newTS()}
	s.touch()
	s.sendChanged(m, before)
	if !named && !m.channel.im && m.channel.has(s.opt.Bot.UserID) && s.namesApp(text) {
		s.sendMention(m)
	}
	return nil
}

// DeleteAs deletes a user's own message.
func (s *Server) DeleteAs(user, channelID, ts string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.own(user, channelID, ts)
	if err != nil {
		return err
	}
	s.drop(m)
	return nil
}

// ReactAs adds a user's reaction, without colons: "eyes", "+1::skin-tone-3".
func (s *Server) ReactAs(user, channelID, ts, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.place(user, channelID)
	if err != nil {
		return err
	}
	m := c.find(ts)
	if m == nil {
		return fmt.Errorf("no message %s in %s", ts, channelID)
	}
	if !emojiName.MatchString(name) {
		return fmt.Errorf("%q is no emoji", name)
	}
	if m.react(name, user) {
		s.touch()
		s.sendReaction("reaction_added", m, name, user)
	}
	return nil
}

// UnreactAs takes a user's reaction away.
func (s *Server) UnreactAs(user, channelID, ts, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.place(user, channelID)
	if err != nil {
		return err
	}
	m := c.find(ts)
	if m == nil || !m.unreact(name, user) {
		return fmt.Errorf("no reaction %s of %s", name, user)
	}
	s.touch()
	s.sendReaction("reaction_removed", m, name, user)
	return nil
}

// Join makes a user, or the app's bot user, a member of a channel.
func (s *Server) Join(user, channelID, inviter string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channelByID(channelID)
	if c == nil {
		return fmt.Errorf("no channel %s", channelID)
	}
	if c.has(user) {
		return nil
	}
	c.members = append(c.members, user)
	s.touch()
	if c.has(s.opt.Bot.UserID) {
		s.sendJoined(c, user, inviter)
	}
	return nil
}

// OpenHome opens the app's home tab for a user.
func (s *Server) OpenHome(user string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users[user] == nil {
		return fmt.Errorf("no user %s", user)
	}
	s.sendHomeOpened(user, "home")
	return nil
}

// OpenMessages opens the app's messages tab, the conversation between a user and the app, and returns its id.
func (s *Server) OpenMessages(user string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users[user] == nil {
		return "", fmt.Errorf("no user %s", user)
	}
	s.sendHomeOpened(user, "messages")
	return s.direct(user).id, nil
}

// Direct returns the id of the conversation between a user and the app.
func (s *Server) Direct(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.direct(user).id
}

// place finds a channel the user is a member of. The caller holds mu.
func (s *Server) place(user, channelID string) (*channel, error) {
	c := s.channelByID(channelID)
	switch {
	case s.users[user] == nil:
		return nil, fmt.Errorf("no user %s", user)
	case c == nil:
		return nil, fmt.Errorf("no channel %s", channelID)
	case !c.has(user):
		return nil, fmt.Errorf("%s is not a member of %s", user, channelID)
	}
	return c, nil
}

func (s *Server) own(user, channelID, ts string) (*message, error) {
	c, err := s.place(user, channelID)
	if err != nil {
		return nil, err
	}
	m := c.find(ts)
	if m == nil || m.user != user || m.tombstone {
		return nil, fmt.Errorf("no message %s of %s in %s", ts, user, channelID)
	}
	return m, nil
}

var (
	wireToken = regexp.MustCompile(`<([^<>]+)>`)
	handle    = regexp.MustCompile(`@([\p{L}\p{N}._-]*[\p{L}\p{N}])|#([a-z0-9_-]+)|https?://[^\s<>|]+`)
)

// Compose turns what a person types into wire text: escapes it, resolves @names, #channels and links.
func (s *Server) Compose(typed string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.compose(typed)
}

func (s *Server) compose(typed string) string {
	return handle.ReplaceAllStringFunc(escape(typed), func(word string) string {
		switch {
		case strings.HasPrefix(word, "http"):
			return "<" + word + ">"
		case strings.HasPrefix(word, "#"):
			if c := s.channelByName(word[1:]); c != nil {
				return "<#" + c.id + "|" + c.name + ">"
			}
		case strings.EqualFold(word[1:], s.opt.Bot.Name):
			return "<@" + s.opt.Bot.UserID + ">"
		default:
			for _, u := range s.opt.Users {
				if strings.EqualFold(word[1:], u.Name) {
					return "<@" + u.ID + ">"
				}
			}
		}
		return word
	})
}

func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

func unescape(text string) string {
	return strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">").Replace(text)
}

// Messages returns the messages of a channel outside threads, oldest first, without ephemeral ones.
func (s *Server) Messages(channelID string) []Message {
	return s.messages(channelID, func(m *message) bool {
		return m.ephemeralTo == "" && (m.threadTS == "" || m.threadTS == m.ts || m.broadcast)
	})
}

// Thread returns a message and its replies, oldest first.
func (s *Server) Thread(channelID, ts string) []Message {
	return s.messages(channelID, func(m *message) bool {
		return m.ephemeralTo == "" && (m.ts == ts || m.threadTS == ts)
	})
}

// DMs returns the conversation between a user and the app, replies included.
func (s *Server) DMs(user string) []Message {
	s.mu.Lock()
	i := slices.IndexFunc(s.channels, func(c *channel) bool { return c.im && c.has(user) })
	if i < 0 {
		s.mu.Unlock()
		return nil
	}
	id := s.channels[i].id
	s.mu.Unlock()
	return s.messages(id, func(m *message) bool { return m.ephemeralTo == "" })
}

// Ephemerals returns what only user can see, in every channel, oldest first.
func (s *Server) Ephemerals(user string) []Message {
	s.mu.Lock()
	var ids []string
	for _, c := range s.channels {
		ids = append(ids, c.id)
	}
	s.mu.Unlock()
	var out []Message
	for _, id := range ids {
		out = append(out, s.messages(id, func(m *message) bool { return m.ephemeralTo == user })...)
	}
	slices.SortFunc(out, func(a, b Message) int { return strings.Compare(a.TS, b.TS) })
	return out
}

func (s *Server) messages(channelID string, keep func(*message) bool) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channelByID(channelID)
	if c == nil {
		return nil
	}
	var out []Message
	for _, m := range c.messages {
		if keep(m) {
			out = append(out, s.copyOf(m))
		}
	}
	return out
}
