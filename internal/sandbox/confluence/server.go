package confluence

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/serve"
)

const service = "confluence"

// Edition is which Confluence it is.
type Edition string

// The editions.
const (
	Cloud      Edition = "Cloud"
	DataCenter Edition = "DataCenter"
)

// Options describe the site. Now and Token are required; everything else has a default.
type Options struct {
	Now     func() time.Time
	Edition Edition // "" = Cloud
	BaseURL string  // where the site is reached, Prefix included, without /wiki and without a slash at the end
	Prefix  string  // path below which pages and API are mounted, such as "/demo/confluence"
	Back    string  // where a link at the top of the pages leads; "" = none
	Zone    *time.Location

	User  string // Cloud: the address of the product's account; "" = "signoff-bot@lumen.example"
	Token string // its API token, or its personal access token on Data Center
	Admin bool   // Data Center: the account may look after webhooks
	// CloudID makes the API answer at the gateway of scoped tokens only, below /ex/confluence/{CloudID}.
	CloudID string
	Scopes  []string // what a scoped token may do; nil = everything

	Users  []User // the product's account is added when it is not among them
	Spaces []Space
	Empty  bool   // without the two pages that are there otherwise
	Label  string // what the button below a page puts on; "" = "signoff"

	IndexLag  time.Duration // how long the search does not see a change
	PerPage   int           // most entries of a page of results; 0 = 250
	PerSecond int           // most calls in a second; 0 = any number

	WebhookURL    string // Data Center: a webhook that is there from the start; "" = none
	WebhookSecret string
	HTTP          *http.Client // sends the webhooks; nil = one with a timeout of 10 s

	Ledger *sandbox.Ledger // nil = nothing is recorded
	Faults *sandbox.Faults // nil = none
}

// User is an account.
type User struct {
	AccountID string // Cloud
	Username  string // Data Center; "" = the part of Email before the @
	UserKey   string // Data Center; "" = made from AccountID
	Name      string
	Email     string
	Hidden    bool // their address is not shown to others
}

// Space holds pages.
type Space struct {
	ID         int64
	Key, Name  string
	Hidden     bool // the product's account does not see it
	NoComments bool // it may not comment there
	NoLabels   bool // it may not edit pages there, which labels need
}

// Server is one site. It is safe for concurrent use.
type Server struct {
	opt Options
	api http.Handler

	mu        sync.Mutex
	users     []*User
	spaces    []*Space
	pages     []*page
	next      int64
	hooks     hooks
	exhausted time.Time   // until then every call is one too many
	calls     []time.Time // within the last second
	anonymous bool
	changes   serve.Changes
	records   serve.Records
}

// DefaultUsers returns the people of the Lumen studio, with the accounts they have in Jira, and some from outside.
func DefaultUsers() []User {
	person := func(n, name, mail string) User {
		return User{AccountID: "5f100000000000000000" + n, Name: name, Email: mail}
	}
	lin := person("0009", "Lin", "lin@agency.example")
	lin.Hidden = true
	return []User{
		person("0008", "Maya Lind", "maya@lumen.example"), person("0001", "Ana Reyes", "ana@lumen.example"), person("0002", "Ben Osei", "ben@lumen.example"),
		person("0003", "Chloé Roy", "chloe@lumen.example"), person("0004", "Dana Wolf", "dana@lumen.example"), person("0005", "Eli Marsh", "eli@lumen.example"),
		person("0006", "Jon Park", "jon@lumen.example"), person("000a", "Tom Berg", "tom@lumen.example"), lin,
	}
}

// New returns a site. Close stops its webhooks.
func New(opt Options) *Server {
	opt.Edition = cmp.Or(opt.Edition, Cloud)
	opt.BaseURL = strings.TrimSuffix(cmp.Or(opt.BaseURL, "https://lumen.atlassian.net"), "/")
	opt.Prefix = strings.TrimSuffix(opt.Prefix, "/")
	opt.User = cmp.Or(opt.User, "signoff-bot@lumen.example")
	opt.Label, opt.PerPage, opt.Zone = cmp.Or(opt.Label, "signoff"), cmp.Or(opt.PerPage, 250), cmp.Or(opt.Zone, time.UTC)
	if opt.Users == nil {
		opt.Users = DefaultUsers()
	}
	if opt.Spaces == nil {
		opt.Spaces = []Space{{ID: 65537, Key: "LUMEN", Name: "Lumen"}, {ID: 65538, Key: "OPS", Name: "Creative operations"}}
	}
	if opt.HTTP == nil {
		opt.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	s := &Server{opt: opt, next: 98_304}
	s.hooks.queue = serve.NewQueue[*Delivery](&s.changes)
	s.records = serve.Records{Ledger: opt.Ledger, Service: service, Now: opt.Now, Mark: mark}
	for _, u := range opt.Users {
		s.addUser(u)
	}
	if s.user(opt.User) == nil {
		s.addUser(User{AccountID: "5f1000000000000000000b07", Name: "signoff-bot", Email: opt.User})
	}
	for _, sp := range opt.Spaces {
		s.spaces = append(s.spaces, &sp)
	}
	if opt.Ledger != nil {
		opt.Ledger.Hide(opt.Token, opt.WebhookSecret, base64.StdEncoding.EncodeToString([]byte(opt.User+":"+opt.Token)))
	}
	if !opt.Empty {
		s.seed()
	}
	if opt.WebhookURL != "" && opt.Edition == DataCenter {
		s.hooks.list = []*hook{{ID: s.number(), Name: "signoff", URL: opt.WebhookURL, Secret: opt.WebhookSecret, Active: true, Events: hookEvents()}}
	}
	s.api = s.newAPI()
	s.hooks.queue.Run(s.deliver)
	return s
}

func (s *Server) addUser(u User) {
	mail, _, _ := strings.Cut(u.Email, "@")
	u.Username = cmp.Or(u.Username, mail, u.AccountID)
	u.UserKey = cmp.Or(u.UserKey, "ff80"+strings.ToLower(u.AccountID))
	s.users = append(s.users, &u)
}

func (s *Server) cloud() bool { return s.opt.Edition == Cloud }

// wiki is the path below which an edition keeps everything.
func (s *Server) wiki() string {
	if s.cloud() {
		return "/wiki"
	}
	return ""
}

// API serves /wiki/api/…, /wiki/rest/… and /ex/confluence/… on Cloud, /rest/… on Data Center, below Options.Prefix.
func (s *Server) API() http.Handler { return s.api }

// Handler serves API and pages together.
func (s *Server) Handler() http.Handler {
	pages := s.Pages()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		below := strings.TrimPrefix(r.URL.Path, s.opt.Prefix)
		for _, start := range []string{"/wiki/api/", "/wiki/rest/", "/api/", "/rest/", "/ex/"} {
			if strings.HasPrefix(below, start) {
				s.api.ServeHTTP(w, r)
				return
			}
		}
		pages.ServeHTTP(w, r)
	})
}

// Close stops sending webhooks, drops the pending ones and waits for what is under way.
func (s *Server) Close() { s.hooks.queue.Close() }

// Wait returns once ok holds, or with the error of ctx. It looks again after every change.
func (s *Server) Wait(ctx context.Context, ok func(*Server) bool) error {
	return s.changes.Wait(ctx, func() bool { return ok(s) })
}

// wake tells everybody who waits that something changed.
func (s *Server) wake() { s.changes.Wake() }

// number returns the next id. The caller holds the lock.
func (s *Server) number() int64 {
	s.next++
	return s.next
}

// user finds somebody by account id, name, address, username or key.
func (s *Server) user(who string) *User {
	i := slices.IndexFunc(s.users, func(u *User) bool {
		return who != "" && (u.AccountID == who || u.Name == who || strings.EqualFold(u.Email, who) || u.Username == who || u.UserKey == who)
	})
	if i < 0 {
		return nil
	}
	return s.users[i]
}

// bot is the product's account.
func (s *Server) bot() *User { return s.user(s.opt.User) }

func (s *Server) space(key string) *Space {
	i := slices.IndexFunc(s.spaces, func(sp *Space) bool { return strings.EqualFold(sp.Key, key) })
	if i < 0 {
		return nil
	}
	return s.spaces[i]
}
