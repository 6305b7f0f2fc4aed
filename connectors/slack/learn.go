package slack

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// learned is what Enrich found out; it is kept with the delivery.
type learned struct {
	Users     map[string]profile `json:"users,omitempty"`
	Channel   string             `json:"channel,omitempty"` // "#launch"
	Permalink string             `json:"permalink,omitempty"`
	Thread    []post             `json:"thread,omitempty"`
	Missing   []string           `json:"missing,omitempty"` // what could not be read, and why

	Files   map[string]attached `json:"files,omitempty"`   // what Slack only tells when asked
	Message loose               `json:"message,omitzero"`  // the message that a reaction is at
	Belongs string              `json:"belongs,omitempty"` // the open request whose thread it is in
	Own     bool                `json:"own,omitempty"`     // a receipt of ours explains it
}

// post is one message of a thread.
type post struct {
	User  string `json:"user,omitempty"`
	BotID string `json:"bot_id,omitempty"`
	Text  string `json:"text,omitempty"`
	TS    string `json:"ts"`

	Files []attached `json:"files,omitempty"`
}

// profile is what Slack says of an account.
type profile struct {
	Team        string `json:"team,omitempty"`
	Name        string `json:"name,omitempty"`
	Zone        string `json:"zone,omitempty"`
	Email       string `json:"email,omitempty"`
	Bot         bool   `json:"bot,omitempty"`
	Deleted     bool   `json:"deleted,omitempty"`
	Guest       bool   `json:"guest,omitempty"`
	Stranger    bool   `json:"stranger,omitempty"`
	Unconfirmed bool   `json:"unconfirmed,omitempty"` // Slack says the address was never confirmed
}

// trusted reports whether the account's e-mail may tell who it is.
func (p profile) trusted() bool {
	return !p.Bot && !p.Deleted && !p.Guest && !p.Stranger && !p.Unconfirmed
}

// user is an account as users.info and users.lookupByEmail give it.
type user struct {
	ID        string `json:"id"`
	TeamID    string `json:"team_id"`
	Name      string `json:"name"`
	RealName  string `json:"real_name"`
	Zone      string `json:"tz"`
	Deleted   bool   `json:"deleted"`
	Bot       bool   `json:"is_bot"`
	Guest     bool   `json:"is_restricted"`
	Single    bool   `json:"is_ultra_restricted"`
	Stranger  bool   `json:"is_stranger"`
	Invited   bool   `json:"is_invited_user"`
	Confirmed *bool  `json:"is_email_confirmed"`
	Profile   struct {
		Email    string `json:"email"`
		RealName string `json:"real_name"`
		Display  string `json:"display_name"`
	} `json:"profile"`
}

func (u user) profile() profile {
	return profile{
		Team: u.TeamID, Name: firstOf(u.Profile.RealName, u.RealName, u.Profile.Display, u.Name), Zone: u.Zone,
		Email: u.Profile.Email, Bot: u.Bot || u.ID == "USLACKBOT", Deleted: u.Deleted, Guest: u.Guest || u.Single,
		Stranger: u.Stranger, Unconfirmed: u.Confirmed != nil && !*u.Confirmed || u.Invited,
	}
}

// How long a kept profile is used without asking again. A person's rights are judged by the directory, not by this.
const profileAge = time.Hour

type keptProfile struct {
	profile
	At time.Time `json:"at"`
}

// profileOf returns what Slack says of an account. A kept answer serves for an hour, and longer where Slack does not
// answer; an account that cannot be read is an empty profile with a reason.
func (c *Connector) profileOf(ctx context.Context, team, id string) (profile, error) {
	key := "user/" + id
	var kept keptProfile
	have := c.get(ctx, key, &kept)
	if have && c.now().Sub(kept.At) < profileAge {
		return kept.profile, nil
	}
	var out struct {
		User user `json:"user"`
	}
	_, err := c.read(ctx, team, opUser, url.Values{"user": {id}}, &out)
	if err != nil {
		if have {
			return kept.profile, nil // yesterday's name is better than a vote that waits for Slack
		}
		return profile{}, err
	}
	kept = keptProfile{profile: out.User.profile(), At: c.now().UTC()}
	c.note(key, kept)
	return kept.profile, nil
}

// channelName returns "#name" of a channel, "" for direct conversations.
func (c *Connector) channelName(ctx context.Context, team, id string) (string, error) {
	if id == "" || id[0] == 'D' {
		return "", nil
	}
	var kept struct {
		Name string    `json:"name"`
		At   time.Time `json:"at"`
	}
	key := "channel/" + id
	if c.get(ctx, key, &kept) && c.now().Sub(kept.At) < profileAge {
		c.channels.put(id, kept.Name, kept.At)
		return kept.Name, nil
	}
	var out struct {
		Channel struct {
			Name string `json:"name"`
			IM   bool   `json:"is_im"`
			MPIM bool   `json:"is_mpim"`
		} `json:"channel"`
	}
	if _, err := c.read(ctx, team, opChannel, url.Values{"channel": {id}}, &out); err != nil {
		return "", err
	}
	kept.Name, kept.At = "", c.now().UTC()
	if ch := out.Channel; ch.Name != "" && !ch.IM && !ch.MPIM {
		kept.Name = "#" + ch.Name
	}
	c.note(key, kept)
	c.nameKnown(ctx, kept.Name, id)
	c.channels.put(id, kept.Name, kept.At)
	return kept.Name, nil
}

// threadPage is how many messages of a thread are read, once.
func (c *Connector) threadPage() int {
	if c.settings.AppType == distributedApp {
		return 15
	}
	return 100
}

// thread reads a thread once, its first messages in order.
func (c *Connector) thread(ctx context.Context, team, channel, ts string) ([]post, error) {
	var out struct {
		Messages []inner `json:"messages"`
	}
	args := url.Values{"channel": {channel}, "ts": {ts}, "limit": {strconv.Itoa(c.threadPage())}}
	_, err := c.read(ctx, team, opReplies, args, &out)
	posts := make([]post, 0, len(out.Messages))
	for _, m := range out.Messages {
		posts = append(posts, post{User: string(m.User), BotID: string(m.BotID), Text: joined(m.words(), m.forwarded()), TS: string(m.TS), Files: attachedIn(m.Files)})
	}
	return posts, err
}

// permalink returns the address of a message, "" when it cannot be told. It is composed as Slack composes it (the
// workspace's address, the channel, the time without its dot, and for a reply its thread), which saves a call for every
// message; where the workspace's address is not known Slack is asked.
func (c *Connector) permalink(ctx context.Context, team, channel, ts, thread string) string {
	if address := composed(c.self(team).URL, channel, ts, thread); address != "" {
		return address
	}
	var out struct {
		Permalink string `json:"permalink"`
	}
	if _, err := c.read(ctx, team, "chat.getPermalink", url.Values{"channel": {channel}, "message_ts": {ts}}, &out); err != nil {
		return "" // a link without an address still works for us
	}
	return out.Permalink
}

// composed is the address of a message in the workspace at base; "" where that is not known.
func composed(base, channel, ts, thread string) string {
	if base == "" {
		return ""
	}
	address := base + "archives/" + url.PathEscape(channel) + "/p" + strings.ReplaceAll(ts, ".", "")
	if thread != "" && thread != ts {
		address += "?thread_ts=" + url.QueryEscape(thread) + "&cid=" + url.QueryEscape(channel)
	}
	return address
}

// workspaceURL takes the workspace's address as Slack says it, ending in a slash; "" when it is none.
func workspaceURL(said string) string {
	u, err := url.Parse(said)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return ""
	}
	return strings.TrimRight(u.String(), "/") + "/"
}

// Enrich finds out who acted, what their channel is called and what the thread says. Rights that are missing cost the
// part they guard, not the delivery; errors are *connectors.Error and mean that it should be tried again.
func (c *Connector) Enrich(ctx context.Context, d flow.Delivery) ([]byte, error) {
	if c.uninstalled(d) {
		return nil, nil
	}
	want, err := c.wanted(d)
	if err != nil {
		return nil, &connectors.Error{Op: "enrich", Class: connectors.Rejected, Err: err}
	}
	if _, err := c.installed(ctx, want.team); err != nil {
		return nil, err
	}
	l := learned{Users: map[string]profile{}}
	if err := c.learn(ctx, want, &l); err != nil {
		return nil, err
	}
	return json.Marshal(l)
}

// Recall is Enrich without a call: most people and channels were asked about within the hour.
func (c *Connector) Recall(ctx context.Context, d flow.Delivery) ([]byte, bool) {
	if d.Kind == "event:app_uninstalled" || d.Kind == "event:tokens_revoked" {
		return nil, false // ends an installation
	}
	var asked bool
	l, err := c.Enrich(context.WithValue(ctx, recalling{}, &asked), d)
	return l, err == nil && !asked
}

// recalling in a context keeps calls from being made; its value is whether one was wanted.
type recalling struct{}

var errRecalling = errors.New("only what is known already counts here")

// wants is what there is to find out about a delivery.
type wants struct {
	team               string
	users              []string
	channel            string // its name
	threadOf, threadTS string // a thread's channel and first message
	authors            int    // how many of the thread's authors
	messageChannel     string
	message, below     string // whose address: a message, and the thread it is in
	root               string // whose address instead, where no request belongs to the thread
	files              []attached
	belongs            flow.Ref // a thread: which open request it belongs to
	watch              bool     // of use only where the channel is watched
	comment            bool     // of use only where a request belongs to it
	reacted            said     // the message to read: its channel and time
	own                *said    // a message of our own account
}

func (c *Connector) learn(ctx context.Context, w wants, l *learned) error {
	for _, step := range []func(context.Context, *wants, *learned) error{
		c.learnOwn, c.learnBelongs, c.learnChannel, c.learnMessage, c.learnThread, c.learnPeople, c.learnFiles,
	} {
		if err := l.tolerate(step(ctx, &w, l)); err != nil {
			return err
		}
	}
	return nil
}

// learnOwn looks for our receipt of a message of our own account. Slack may tell of a message before it answers the
// call that made it.
func (c *Connector) learnOwn(ctx context.Context, w *wants, l *learned) error {
	if w.own == nil {
		return nil
	}
	if l.Own = c.receipted(ctx, w.team, *w.own); l.Own {
		*w = wants{}
		return nil
	}
	if age := c.now().Sub(tsTime(w.own.TS)); age < answerTime {
		return &connectors.Error{Op: "look for a receipt", Class: connectors.Transient, Wait: answerWait, Err: errors.New("the call may not be answered yet")}
	}
	return nil
}

// learnBelongs asks whether a request belongs to the thread. Words that belong to none are not looked into further.
func (c *Connector) learnBelongs(ctx context.Context, w *wants, l *learned) error {
	ask := c.query.Load()
	if w.belongs.Zero() || ask == nil {
		return nil
	}
	r, ok, err := (*ask).Touching(ctx, w.belongs)
	switch {
	case err != nil:
		return &connectors.Error{Op: "look for the request", Class: connectors.Transient, Err: err}
	case ok && r.Status == flow.Draft && !w.comment: // who mentions us there makes the draft a request
	case ok:
		l.Belongs = string(r.ID)
		w.threadTS = ""
	case w.comment:
		maps.Copy(l.Users, c.kept(ctx, w.users))
		w.users, w.files, w.message = nil, nil, ""
	}
	return nil
}

func (c *Connector) learnChannel(ctx context.Context, w *wants, l *learned) (err error) {
	l.Channel, err = c.channelName(ctx, w.team, w.channel)
	if w.watch && !c.watches(w.channel, l.Channel) {
		*w = wants{} // only its name could tell that the channel is not watched
	}
	return err
}

func (c *Connector) learnThread(ctx context.Context, w *wants, l *learned) (err error) {
	if w.threadTS != "" {
		l.Thread, err = c.thread(ctx, w.team, w.threadOf, w.threadTS)
	}
	if w.root != "" && l.Belongs == "" {
		w.message, w.below = w.root, ""
	}
	if w.message != "" {
		l.Permalink = c.permalink(ctx, w.team, w.messageChannel, w.message, w.below)
	}
	return err
}

func (c *Connector) learnPeople(ctx context.Context, w *wants, l *learned) error {
	for _, id := range append(w.users, authors(l.Thread, w.authors)...) {
		if _, done := l.Users[id]; done || id == "" {
			continue
		}
		p, err := c.profileOf(ctx, w.team, id)
		if err := l.tolerate(err); err != nil {
			return err
		}
		l.Users[id] = p
	}
	return nil
}

// learnFiles asks about files that an event only names.
func (c *Connector) learnFiles(ctx context.Context, w *wants, l *learned) error {
	list := w.files
	for _, p := range l.Thread {
		list = append(list, p.Files...)
	}
	for _, f := range list {
		if !f.unknown() || len(l.Files) == filesMost {
			continue
		}
		info, err := c.fileInfo(ctx, w.team, string(f.ID))
		if err := l.tolerate(err); err != nil {
			return err
		}
		if info.ID != "" {
			if l.Files == nil {
				l.Files = map[string]attached{}
			}
			l.Files[string(f.ID)] = info
		}
	}
	return nil
}

// tolerate notes what will not get better by trying again and passes on what may.
func (l *learned) tolerate(err error) error {
	var e *connectors.Error
	if errors.As(err, &e) && e.Class == connectors.Rejected {
		l.Missing = append(l.Missing, e.Error())
		return nil
	}
	return err
}

// authors lists the people of a thread in order of appearance.
func authors(thread []post, most int) []string {
	var ids []string
	seen := map[string]bool{}
	for _, p := range thread {
		if p.User != "" && !seen[p.User] && len(ids) < most {
			seen[p.User] = true
			ids = append(ids, p.User)
		}
	}
	return ids
}
