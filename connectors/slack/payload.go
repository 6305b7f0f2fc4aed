package slack

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"signoff/internal/strictjson"
)

// The structs of this file hold what we use of Slack's payloads and nothing else: a new block type or field never
// makes a delivery unreadable.

// envelope is the outer layer of an event.
type envelope struct {
	Type           string          `json:"type"`
	Challenge      string          `json:"challenge"`
	TeamID         string          `json:"team_id"`
	EnterpriseID   string          `json:"enterprise_id"`
	AppID          string          `json:"api_app_id"`
	ContextTeam    string          `json:"context_team_id"`
	Shared         bool            `json:"is_ext_shared_channel"` // people of other companies read there
	EventID        string          `json:"event_id"`
	LimitedSince   whole           `json:"minute_rate_limited"` // the minute in which Slack began to drop events
	Authorizations []authorization `json:"authorizations"`
	Event          *inner          `json:"event"`
}

type authorization struct {
	TeamID string `json:"team_id"`
	UserID string `json:"user_id"`
	IsBot  bool   `json:"is_bot"`
}

// botUser is the bot user the event was sent for.
func (e envelope) botUser() string {
	for _, a := range e.Authorizations {
		if a.IsBot && a.UserID != "" {
			return a.UserID
		}
	}
	return ""
}

// team is the workspace whose installation the event is for. A shared channel's event may name another one first.
func (e envelope) team() string {
	for _, a := range e.Authorizations {
		if a.TeamID != "" {
			return a.TeamID
		}
	}
	return firstOf(e.ContextTeam, e.TeamID)
}

// word is a string, or nothing where a payload has something else in its place: the user of one event is an id, that
// of another an object.
type word string

// UnmarshalJSON takes strings and lets everything else pass.
func (w *word) UnmarshalJSON(data []byte) error {
	var s string
	if len(data) > 0 && data[0] == '"' {
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
	}
	*w = word(s)
	return nil
}

// inner is any event or message, as far as we look into it.
type inner struct {
	Type        word  `json:"type"`
	Subtype     word  `json:"subtype"`
	User        word  `json:"user"`
	BotID       word  `json:"bot_id"`
	AppID       word  `json:"app_id"`
	Username    word  `json:"username"`
	Text        word  `json:"text"`
	TS          word  `json:"ts"`
	ThreadTS    word  `json:"thread_ts"`
	Channel     word  `json:"channel"`
	ChannelType word  `json:"channel_type"`
	Team        word  `json:"team"`
	UserTeam    word  `json:"user_team"`
	Blocks      loose `json:"blocks"`
	Attachments loose `json:"attachments"`
	Files       loose `json:"files"`
	Edited      loose `json:"edited"`
	Message     loose `json:"message"`          // message_changed: how it reads now
	Previous    loose `json:"previous_message"` // message_changed, message_deleted: how it read before
	DeletedTS   word  `json:"deleted_ts"`
	EventTS     word  `json:"event_ts"`
	Reaction    word  `json:"reaction"`
	Item        loose `json:"item"` // reaction_added: what at
	Tab         word  `json:"tab"`
	Links       loose `json:"links"`
	MessageTS   word  `json:"message_ts"`
	Source      word  `json:"source"`
	Replies     whole `json:"reply_count"`
}

// said is a message or mention.
type said struct {
	Type, Subtype                string
	User, BotID, AppID, Username string
	Text, TS, ThreadTS           string
	Channel, ChannelType         string
	Team, UserTeam               string
	Edited                       string // when it was last edited, as a time of Slack's
	Files                        []attached
	Blocks                       loose
	Replies                      int
	Forwarded                    string // the words of messages that it passes on
}

// all are its own words and those it passes on.
func (m said) all() string { return joined(m.Text, m.Forwarded) }

// thread is the first message of the thread a message is in; of itself where it is in none.
func (m said) thread() string { return firstOf(m.ThreadTS, m.TS) }

// direct reports whether it was written to the bot alone.
func (m said) direct() bool { return m.ChannelType == "im" || strings.HasPrefix(m.Channel, "D") }

// reply reports whether the message stands below another.
func (m said) reply() bool { return m.ThreadTS != "" && m.ThreadTS != m.TS }

func (i *inner) said() said {
	if i == nil {
		return said{}
	}
	return said{
		Type: string(i.Type), Subtype: string(i.Subtype), User: string(i.User), BotID: string(i.BotID), AppID: string(i.AppID),
		Username: string(i.Username), Text: i.words(), TS: string(i.TS), ThreadTS: string(i.ThreadTS),
		Channel: string(i.Channel), ChannelType: string(i.ChannelType), Team: string(i.Team), UserTeam: string(i.UserTeam),
		Edited: i.edited(), Files: attachedIn(i.Files), Blocks: i.Blocks, Replies: int(i.Replies), Forwarded: i.forwarded(),
	}
}

// edited is when a message was last edited, "" where it never was.
func (i *inner) edited() string {
	var e struct {
		TS word `json:"ts"`
	}
	i.Edited.into(&e)
	return string(e.TS)
}

// within is a message that an event holds, in the event's channel.
func (i *inner) within(l loose) said {
	var m inner
	if i == nil || !l.into(&m) {
		return said{}
	}
	out := m.said()
	out.Channel, out.ChannelType = firstOf(out.Channel, string(i.Channel)), firstOf(out.ChannelType, string(i.ChannelType))
	return out
}

// interaction is the payload of a shortcut, a button or a modal.
type interaction struct {
	Type        string     `json:"type"`
	CallbackID  string     `json:"callback_id"`
	TriggerID   string     `json:"trigger_id"`
	ResponseURL string     `json:"response_url"`
	AppID       string     `json:"api_app_id"`
	MessageTS   string     `json:"message_ts"`
	Team        *place     `json:"team"`
	Enterprise  *place     `json:"enterprise"`
	User        account    `json:"user"`
	Channel     *place     `json:"channel"`
	Message     *inner     `json:"message"`
	Container   container  `json:"container"`
	Actions     []action   `json:"actions"`
	View        *submitted `json:"view"`
}

type place struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (p *place) id() string {
	if p == nil {
		return ""
	}
	return p.ID
}

type account struct {
	ID     string `json:"id"`
	TeamID string `json:"team_id"`
}

type container struct {
	Type      string `json:"type"`
	MessageTS string `json:"message_ts"`
	ThreadTS  string `json:"thread_ts"`
	ChannelID string `json:"channel_id"`
	ViewID    string `json:"view_id"`
	Ephemeral bool   `json:"is_ephemeral"`
}

type action struct {
	ActionID string  `json:"action_id"`
	BlockID  string  `json:"block_id"`
	Type     string  `json:"type"`
	Value    string  `json:"value"`
	ActionTS string  `json:"action_ts"`
	Selected *option `json:"selected_option"`
}

// value is what the pressed element carries.
func (a action) value() string {
	if a.Selected != nil {
		return a.Selected.Value
	}
	return a.Value
}

type option struct {
	Value string `json:"value"`
}

// submitted is a modal as it comes back.
type submitted struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Callback string `json:"callback_id"`
	Metadata string `json:"private_metadata"`
	Hash     string `json:"hash"`
	TeamID   string `json:"app_installed_team_id"`
	State    struct {
		Values map[string]map[string]input `json:"values"`
	} `json:"state"`
}

// input is the state of one input element; which field counts depends on its type.
type input struct {
	Type         string   `json:"type"`
	Value        string   `json:"value"`
	Option       *option  `json:"selected_option"`
	Options      []option `json:"selected_options"`
	Date         string   `json:"selected_date"`
	User         string   `json:"selected_user"`
	Conversation string   `json:"selected_conversation"`
}

// values returns what was entered, empty for nothing.
func (i input) values() []string {
	var got []string
	for _, o := range i.Options {
		got = append(got, o.Value)
	}
	one := firstOf(i.Value, i.Date, i.User, i.Conversation)
	if i.Option != nil {
		one = i.Option.Value
	}
	if strings.TrimSpace(one) != "" {
		got = append(got, one)
	}
	return got
}

// message is the message an interaction happened at.
func (i interaction) message() said { return i.Message.said() }

// command is the form of a slash command.
type command struct {
	Command, Text, TriggerID, ResponseURL        string
	TeamID, EnterpriseID, AppID, UserID, Channel string
	ChannelName                                  string
}

// form reads an urlencoded body in which no key occurs twice.
func form(body []byte) (url.Values, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fmt.Errorf("the form cannot be read")
	}
	for key, all := range values {
		if len(all) != 1 {
			return nil, fmt.Errorf("a form field occurs twice")
		}
		if !utf8.ValidString(key) || !utf8.ValidString(all[0]) || strings.ContainsRune(all[0], 0) {
			return nil, fmt.Errorf("a form field is no valid text")
		}
	}
	return values, nil
}

func readCommand(v url.Values) command {
	return command{
		Command: v.Get("command"), Text: strings.TrimSpace(v.Get("text")), TriggerID: v.Get("trigger_id"),
		ResponseURL: v.Get("response_url"), TeamID: v.Get("team_id"), EnterpriseID: v.Get("enterprise_id"),
		AppID: v.Get("api_app_id"), UserID: v.Get("user_id"), Channel: v.Get("channel_id"), ChannelName: v.Get("channel_name"),
	}
}

// readInteraction reads the JSON in a form's payload field.
func readInteraction(payload string) (interaction, error) {
	var i interaction
	err := strictjson.Decode([]byte(payload), &i, strictjson.Limits{})
	return i, err
}
