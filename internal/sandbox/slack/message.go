package slack

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// channel is a conversation of any kind with its messages, oldest first.
type channel struct {
	id, name, topic             string
	private, archived, im, mpim bool
	members                     []string
	messages                    []*message
}

func newChannel(c Channel) *channel {
	return &channel{
		id: c.ID, name: c.Name, topic: c.Topic, private: c.Private, archived: c.Archived,
		members: slices.Clone(c.Members),
	}
}

func (c *channel) has(user string) bool { return slices.Contains(c.members, user) }

// kind is the channel_type of events and the prefix of scopes.
func (c *channel) kind() string {
	switch {
	case c.im:
		return "im"
	case c.mpim:
		return "mpim"
	case c.private:
		return "group"
	}
	return "channel"
}

// payloadName is how interactions name the channel.
func (c *channel) payloadName() string {
	switch {
	case c.im:
		return "directmessage"
	case c.private, c.mpim:
		return "privategroup"
	}
	return c.name
}

func (c *channel) find(ts string) *message {
	i := slices.IndexFunc(c.messages, func(m *message) bool { return m.ts == ts && m.ephemeralTo == "" })
	if i < 0 {
		return nil
	}
	return c.messages[i]
}

// replies returns the replies of a thread, oldest first.
func (c *channel) replies(ts string) []*message {
	var out []*message
	for _, m := range c.messages {
		if m.threadTS == ts && m.ts != ts && m.ephemeralTo == "" {
			out = append(out, m)
		}
	}
	return out
}

func (c *channel) remove(m *message) {
	c.messages = slices.DeleteFunc(c.messages, func(x *message) bool { return x == m })
}

// message is one message, ephemeral or not.
type message struct {
	channel     *channel
	ts          string
	threadTS    string
	user        string
	byBot       bool
	text        string
	blocks      []any
	earlier     [][]any // its blocks before each change, which windows may still show
	metadata    object
	edited      object
	reactions   []reaction
	ephemeralTo string
	tombstone   bool
	broadcast   bool
	files       []*file
	unfurls     []any     // what the app shows below the links
	other       *OtherBot // the other app that wrote it
	clientID    string
	state       map[string]object // chosen values of the elements in the message: block, action
}

// show gives a message other blocks.
func (m *message) show(blocks []any) {
	m.earlier = append(m.earlier, m.blocks)
	m.blocks, m.state = blocks, nil
}

// look numbers how the message looks now, from 1.
func (m *message) look() int { return len(m.earlier) + 1 }

// seenAs is its blocks as somebody saw them who looked at that time; 0 = now.
func (m *message) seenAs(look int) []any {
	if look > 0 && look <= len(m.earlier) {
		return m.earlier[look-1]
	}
	return m.blocks
}

type reaction struct {
	name  string
	users []string
}

// wire returns the message as the Web API and events show it.
func (s *Server) wire(m *message, withMetadata bool) object {
	o := object{"type": "message", "user": m.user, "ts": m.ts, "text": m.text, "team": s.teamOf(m.user)}
	if m.tombstone {
		o["subtype"], o["hidden"], o["user"], o["text"] = "tombstone", true, "USLACKBOT", "This message was deleted."
	}
	if team := s.teamOf(m.user); team != s.opt.Team.ID {
		o["user_team"], o["source_team"] = team, team
	}
	if m.other != nil && !m.tombstone {
		delete(o, "user")
		o["subtype"], o["bot_id"], o["username"] = "bot_message", m.other.BotID, m.other.Name
		if m.other.AppID != "" {
			o["app_id"] = m.other.AppID
		}
	}
	if m.clientID != "" {
		o["client_msg_id"] = m.clientID
	}
	if m.byBot {
		o["bot_id"], o["app_id"] = s.opt.Bot.BotID, s.opt.AppID
		o["bot_profile"] = object{
			"id": s.opt.Bot.BotID, "app_id": s.opt.AppID, "name": s.opt.Bot.Name,
			"team_id": s.opt.Team.ID, "deleted": false, "updated": 1700000000,
		}
	}
	if len(m.blocks) > 0 && !m.tombstone {
		o["blocks"] = m.blocks
	}
	if m.edited != nil {
		o["edited"] = m.edited
	}
	if len(m.unfurls) > 0 && !m.tombstone {
		o["attachments"] = m.unfurls
	}
	s.wireFiles(m, o)
	if withMetadata && m.metadata != nil {
		o["metadata"] = m.metadata
	}
	s.wireThread(m, o)
	wireReactions(m, o)
	return o
}

// wireFiles adds the files of a message.
func (s *Server) wireFiles(m *message, o object) {
	if len(m.files) == 0 || m.tombstone {
		return
	}
	files := []any{}
	for _, f := range m.files {
		files = append(files, s.wireFile(f))
	}
	o["files"], o["upload"], o["display_as_bot"] = files, m.byBot, false
}

func (s *Server) wireThread(m *message, o object) {
	if m.broadcast && !m.tombstone {
		o["subtype"] = "thread_broadcast"
	}
	if m.threadTS != "" && m.threadTS != m.ts {
		o["thread_ts"] = m.threadTS
		if root := m.channel.find(m.threadTS); root != nil {
			o["parent_user_id"] = root.user
		}
		return
	}
	replies := m.channel.replies(m.ts)
	if len(replies) == 0 {
		return
	}
	var users []string
	for _, r := range replies {
		if r.user != "" && !slices.Contains(users, r.user) {
			users = append(users, r.user)
		}
	}
	o["thread_ts"], o["reply_count"], o["reply_users"] = m.ts, len(replies), users
	o["reply_users_count"], o["latest_reply"] = len(users), replies[len(replies)-1].ts
}

func wireReactions(m *message, o object) {
	if len(m.reactions) == 0 {
		return
	}
	var out []any
	for _, r := range m.reactions {
		out = append(out, object{"name": r.name, "users": r.users, "count": len(r.users)})
	}
	o["reactions"] = out
}

// Message is a copy of one message, for tests and pages.
type Message struct {
	Channel, TS, ThreadTS, User string
	FromApp, Edited, Deleted    bool
	Broadcast                   bool   // a reply shown in the channel too
	OtherBot                    string // name of the other app that wrote it
	Text                        string
	Blocks                      []map[string]any
	Metadata                    map[string]any
	Reactions                   map[string][]string
	EphemeralTo                 string
	Replies                     int
	Files                       []File
	Unfurls                     []map[string]any // attachments that the app gave links of the message
}

// Button is a button of a message.
type Button struct{ BlockID, ActionID, Text, Value, Style, URL string }

func (s *Server) copyOf(m *message) Message {
	out := Message{
		Channel: m.channel.id, TS: m.ts, ThreadTS: m.threadTS, User: m.user, FromApp: m.byBot,
		Edited: m.edited != nil, Deleted: m.tombstone, Text: m.text, Metadata: m.metadata,
		EphemeralTo: m.ephemeralTo, Replies: len(m.channel.replies(m.ts)), Broadcast: m.broadcast,
	}
	if m.other != nil {
		out.OtherBot = m.other.Name
	}
	for _, f := range m.files {
		out.Files = append(out.Files, s.copyFile(f))
	}
	for _, u := range m.unfurls {
		out.Unfurls = append(out.Unfurls, maps.Clone(obj(u)))
	}
	for _, b := range m.blocks {
		out.Blocks = append(out.Blocks, maps.Clone(obj(b)))
	}
	for _, r := range m.reactions {
		if out.Reactions == nil {
			out.Reactions = map[string][]string{}
		}
		out.Reactions[r.name] = slices.Clone(r.users)
	}
	return out
}

// Buttons lists the buttons of the message, top to bottom.
func (m Message) Buttons() []Button {
	var out []Button
	for _, b := range m.Blocks {
		for _, e := range elementsOf(b) {
			if e["type"] == "button" {
				out = append(out, Button{
					BlockID: str(b, "block_id"), ActionID: str(e, "action_id"), Text: str(obj(e["text"]), "text"),
					Value: str(e, "value"), Style: str(e, "style"), URL: str(e, "url"),
				})
			}
		}
	}
	return out
}

// Shown is what a reader sees: every text of the blocks, one per line, or Text when there are no blocks.
func (m Message) Shown() string {
	if len(m.Blocks) == 0 {
		return m.Text
	}
	var lines []string
	for _, b := range m.Blocks {
		lines = append(lines, textsOf(b)...)
	}
	return strings.Join(lines, "\n")
}

// textsOf collects the text of a block or element, in the order in which Slack shows it.
func textsOf(v any) []string {
	var out []string
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			out = append(out, textsOf(item)...)
		}
	case object:
		if t, ok := v["text"].(string); ok {
			return []string{t}
		}
		for _, key := range []string{"title", "label", "text", "fields", "hint", "element", "elements", "accessory"} {
			out = append(out, textsOf(v[key])...)
		}
	}
	return out
}

// elementsOf lists the interactive elements of a block.
func elementsOf(block object) []object {
	var out []object
	for _, e := range list(block["elements"]) {
		out = append(out, obj(e))
	}
	for _, key := range []string{"accessory", "element"} {
		if e := obj(block[key]); e != nil {
			out = append(out, e)
		}
	}
	return out
}

func obj(v any) object {
	o, _ := v.(object)
	return o
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func str(o object, key string) string {
	v, _ := o[key].(string)
	return v
}

func formatTS(micros int64) string { return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6) }

// byTS orders messages by time; timestamps of one workspace have equal width.
func byTS(a, b *message) int { return cmp.Compare(a.ts, b.ts) }
