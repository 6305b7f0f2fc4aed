package slack

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"signoff/internal/background"
	"signoff/internal/sandbox"
)

// service is the name of this stand-in in the ledger and among the faults.
const service = "slack"

// object is a JSON object as it travels.
type object = map[string]any

// Options describe the workspace and the one app installed in it.
type Options struct {
	Now    sandbox.Clock // the time messages carry; may be moved
	Real   sandbox.Clock // time nobody moves, for trigger ids and rate limits; Now when nil
	Ledger *sandbox.Ledger
	Faults *sandbox.Faults
	HTTP   *http.Client // sends deliveries; http.DefaultClient when nil

	Origin        string // address of API() and, where Prefix is set, of Pages(): response addresses and permalinks start with it
	HookURL       string // where deliveries go; Connect sets it later
	SigningSecret string
	BotToken      string // of an app that is installed from the start; empty: it is not, see OAuth
	OAuth         OAuth
	AppToken      string        // "xapp-…", for apps.connections.open
	AppScopes     []string      // of the app token; connections:write and authorizations:read when nil
	SocketMode    bool          // deliveries go by the app's sockets and none by HTTP; SocketMode() switches it
	PingEvery     time.Duration // how often a socket is pinged; 5 s when zero

	Team     Team
	AppID    string
	Bot      Bot
	Scopes   []string // granted to the bot; every scope of the product's manifest when nil
	Users    []User
	Channels []Channel
	Groups   []Group

	Commands      []string        // slash commands of the app, "/signoff"
	UnfurlDomains []string        // domains whose links the app is told about
	Shortcuts     []Shortcut      // entries of the message menu and of the global menu
	NoHomeTab     bool            // the app has no home tab: views.publish is refused
	NoMessagesTab bool            // people cannot be written to: messages_tab_disabled
	Strict        bool            // enforce rate limits
	Distributed   bool            // the app is sold to others and not in the Marketplace: history and replies once a minute, 15 messages a page
	PageCap       int             // most messages per page of history and replies; 1000 when zero
	Retry         []time.Duration // waits before each redelivery of a failed event; Slack's own when nil
	AckWithin     time.Duration   // how long a delivery may take; Slack's 3 s when zero
	ShareAfter    time.Duration   // how long after files.completeUploadExternal the message appears; 50 ms when zero
	LookAfter     time.Duration   // how long after it Slack knows what a file is, so that blocks may show it; 100 ms when zero

	Prefix string        // mount path of Pages(), "/demo/slack"
	Settle time.Duration // how long a form waits for the app's first reaction; 800 ms when zero
	Back   string        // where the pages link back to, if anywhere
}

// Team is the workspace.
type Team struct {
	ID, Name, Domain             string
	EnterpriseID, EnterpriseName string // of an organization it belongs to, if any
}

// Bot is the app's bot user.
type Bot struct{ UserID, BotID, Name string }

// User is a member of the workspace, or of another one that shares a channel with it.
type User struct {
	ID, Name, RealName, Title, Email, TZ string
	Deleted, Guest, Stranger             bool
	Team                                 string // id of the other workspace the user belongs to; such a user is a stranger
}

// Channel is a public or private channel. Members are user ids; the bot is a member when its user id is listed.
type Channel struct {
	ID, Name, Topic   string
	Private, Archived bool
	Members           []string
}

// Group is a user group.
type Group struct {
	ID, Handle, Name string
	Users            []string
}

// Shortcut is one entry of the message menu (Message) or the global menu.
type Shortcut struct {
	CallbackID, Name string
	Message          bool
}

// Server is the workspace. It is safe for concurrent use.
type Server struct {
	opt     Options
	app     *app
	scopes  atomic.Pointer[[]string] // granted to the bot
	limits  *limits
	ctx     context.Context //nolint:containedctx // ends every delivery when the server closes
	stop    context.CancelFunc
	work    background.Group
	sending chan struct{} // bounds the events under way

	mu        sync.Mutex
	changed   chan struct{}
	version   int // grows with every change
	hookURL   string
	installed bool // the app hears of events
	random    *rand.Rand
	lastTS    int64
	users     map[string]*User
	channels  []*channel
	groups    []Group
	triggers  map[string]*trigger
	replies   map[string]*responseURL
	views     map[string]*view   // every view that is open, by id
	stacks    map[string][]*view // open modals per user, the last on top
	homes     map[string]*view   // published App Homes per user
	sent      []*event
	toasts    map[string]toast
	read      map[readMark]string // newest ts a user has seen
	files     map[string]*file
	uploads   map[string]*upload // files the app is sending, by path
	links     map[string]*linked // links the app was told about, by unfurl id
}

type readMark struct{ user, channel string }

// New returns a running workspace. Close it.
func New(o Options) *Server { return newServer(withDefaults(o), newApp(o)) }

func newServer(o Options, shared *app) *Server {
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{
		opt: o, app: shared, limits: newLimits(o), ctx: ctx, stop: stop, installed: o.BotToken != "",
		changed: make(chan struct{}), hookURL: o.HookURL,
		sending: make(chan struct{}, 16),
		random:  rand.New(rand.NewPCG(1, seed(o.Team.ID))),
		users:   map[string]*User{}, groups: o.Groups,
		triggers: map[string]*trigger{}, replies: map[string]*responseURL{},
		views: map[string]*view{}, stacks: map[string][]*view{}, homes: map[string]*view{},
		toasts: map[string]toast{}, read: map[readMark]string{},
		files: map[string]*file{}, uploads: map[string]*upload{}, links: map[string]*linked{},
	}
	for _, u := range o.Users {
		s.users[u.ID] = &u
	}
	for _, c := range o.Channels {
		s.channels = append(s.channels, newChannel(c))
	}
	s.SetScopes(o.Scopes...)
	shared.join(s)
	o.Ledger.Hide(o.BotToken, o.SigningSecret, o.OAuth.ClientSecret, o.AppToken)
	return s
}

func withDefaults(o Options) Options {
	if o.Real == nil {
		o.Real = o.Now
	}
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	if o.Ledger == nil {
		o.Ledger = sandbox.NewLedger(o.Now)
	}
	if o.Team.ID == "" {
		o.Team = Team{ID: "T0LUMEN001", Name: "Lumen", Domain: "lumen"}
	}
	if o.Bot.UserID == "" {
		o.Bot = Bot{UserID: "U0SIGNOFF1", BotID: "B0SIGNOFF1", Name: "signoff"}
	}
	if o.Scopes == nil {
		o.Scopes = allScopes()
	}
	if o.AppScopes == nil {
		o.AppScopes = []string{"connections:write", "authorizations:read"}
	}
	if o.Retry == nil {
		o.Retry = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	if o.Distributed {
		o.PageCap = 15
	}
	o.AppID, o.PageCap = cmp.Or(o.AppID, "A0SIGNOFF1"), cmp.Or(o.PageCap, 1000)
	o.AckWithin, o.PingEvery = cmp.Or(o.AckWithin, 3*time.Second), cmp.Or(o.PingEvery, 5*time.Second)
	o.LookAfter = cmp.Or(o.LookAfter, 100*time.Millisecond)
	o.ShareAfter, o.Settle = cmp.Or(o.ShareAfter, 50*time.Millisecond), cmp.Or(o.Settle, 800*time.Millisecond)
	o.Origin, o.Prefix = strings.TrimSuffix(o.Origin, "/"), strings.TrimSuffix(o.Prefix, "/")
	return o
}

// Close stops every delivery under way and waits for it, in every workspace.
func (s *Server) Close() {
	for _, one := range s.app.all() {
		one.stop()
	}
	s.app.hub.close()
	for _, one := range s.app.all() {
		one.work.Wait()
	}
}

// Connect sets where deliveries go from now on, in every workspace.
func (s *Server) Connect(hookURL string) {
	for _, one := range s.app.all() {
		one.mu.Lock()
		one.hookURL = hookURL
		one.mu.Unlock()
	}
}

// Wait returns once ok holds, or with the error of ctx. It is woken by changes of the workspace.
func (s *Server) Wait(ctx context.Context, ok func(*Server) bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if ok(s) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// touch wakes everybody who waits. The caller holds mu.
func (s *Server) touch() {
	s.version++
	close(s.changed)
	s.changed = make(chan struct{})
}

// newID returns prefix and n random capitals and digits. The caller holds mu.
func (s *Server) newID(prefix string, n int) string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
	var b strings.Builder
	b.WriteString(prefix)
	for range n {
		b.WriteByte(letters[s.random.IntN(len(letters))])
	}
	return b.String()
}

// newTS returns a message timestamp that is later than every one before. The caller holds mu.
func (s *Server) newTS() string {
	micros := max(s.opt.Now().UnixMicro(), s.lastTS+100)
	s.lastTS = micros
	return formatTS(micros)
}

func allScopes() []string {
	return []string{
		"app_mentions:read", "channels:history", "channels:read", "chat:write", "chat:write.public", "commands",
		"files:read", "files:write", "groups:history", "groups:read", "im:history", "im:read", "im:write",
		"links:read", "links:write", "metadata.message:read", "mpim:history", "mpim:read", "reactions:read",
		"reactions:write", "team:read", "usergroups:read", "users:read", "users:read.email",
	}
}
