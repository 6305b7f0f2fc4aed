package github

import (
	"cmp"
	"context"
	"crypto/rsa"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/serve"
)

const service = "github"

// Options describe the site. Now and Token are required; everything else has a default.
type Options struct {
	Now     func() time.Time
	BaseURL string // where the site is reached, Prefix included, without a slash at the end
	Prefix  string // path below which pages and API are mounted, such as "/demo/github"

	Login string // the product's account; "" = "signoff-bot"
	Token string // its token
	// AppID makes the product an app: it shows tokens signed with the key that AppKey belongs to, and is given tokens for an
	// hour.
	AppID  string
	AppKey *rsa.PublicKey

	Users        []User
	Repositories []Repository

	WebhookURL    string // a webhook that is there from the start, in every repository; "" = none
	WebhookSecret string
	HTTP          *http.Client // sends the webhooks; nil = one with a timeout of 10 s

	ListLag time.Duration // how long lists do not show a new issue
	PerPage int           // most entries of a page; 0 = 100

	Ledger *sandbox.Ledger // nil = nothing is recorded
	Faults *sandbox.Faults // nil = none
}

// User is an account.
type User struct {
	ID        int64
	Login     string
	Name      string
	Email     string // public; "" = hidden
	Bot       bool
	Outsider  bool // issues cannot be given to them
	Suspended bool
}

// Repository is one repository of an owner.
type Repository struct {
	ID       int64
	Name     string // owner/name
	NoIssues bool
	ReadOnly bool // the product may not set labels and assignees, nor look after webhooks
}

// Server is one site. It is safe for concurrent use.
type Server struct {
	opt Options
	api http.Handler

	mu        sync.Mutex
	users     []*User
	repos     []*repo
	moved     map[string]string // old "owner/name" -> new, in small letters
	next      int64
	hooks     hooks
	limited   time.Time // until then the primary limit is used up
	secondary int       // so many writes are refused for the secondary limit
	tokens    map[string]time.Time
	changes   serve.Changes
	records   serve.Records
	unchanged atomic.Int64
}

// DefaultUsers returns the people of the Lumen studio.
func DefaultUsers() []User {
	return []User{
		{ID: 1001, Login: "ana-lumen", Name: "Ana Reyes", Email: "ana@lumen.example"},
		{ID: 1002, Login: "ben-lumen", Name: "Ben Osei", Email: "ben@lumen.example"},
		{ID: 1003, Login: "chloe-lumen", Name: "Chloé Roy"},
		{ID: 1004, Login: "dana-lumen", Name: "Dana Wolf"},
		{ID: 1005, Login: "eli-lumen", Name: "Eli Marsh"},
		{ID: 1006, Login: "jon-lumen", Name: "Jon Park", Email: "jon@lumen.example"},
		{ID: 1007, Login: "passer-by", Name: "Olga", Outsider: true},
	}
}

// New returns a site. Close stops its webhooks.
func New(opt Options) *Server {
	opt.BaseURL = strings.TrimSuffix(cmp.Or(opt.BaseURL, "https://github.lumen.example"), "/")
	opt.Prefix = strings.TrimSuffix(opt.Prefix, "/")
	opt.Login = cmp.Or(opt.Login, "signoff-bot")
	opt.PerPage = cmp.Or(opt.PerPage, 100)
	if opt.Users == nil {
		opt.Users = DefaultUsers()
	}
	if opt.Repositories == nil {
		opt.Repositories = []Repository{{ID: 501, Name: "lumen/requests"}, {ID: 502, Name: "lumen/site"}, {ID: 503, Name: "lumen/studio-rules"}}
	}
	if opt.HTTP == nil {
		opt.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	s := &Server{opt: opt, moved: map[string]string{}, next: 70_000, tokens: map[string]time.Time{}}
	for _, u := range opt.Users {
		s.users = append(s.users, &u)
	}
	s.users = append(s.users, &User{ID: 1900, Login: opt.Login, Name: opt.Login, Bot: opt.AppID != ""})
	for _, r := range opt.Repositories {
		s.repos = append(s.repos, &repo{Repository: r, commits: map[string]*commit{}, statuses: map[string][]CommitStatus{}})
	}
	s.hooks.queue = serve.NewQueue[*Delivery](&s.changes)
	s.records = serve.Records{Ledger: opt.Ledger, Service: service, Now: opt.Now, Mark: mark}
	for _, r := range s.repos {
		if opt.WebhookURL != "" {
			s.addHook(r, &hook{config: hookConfig{URL: opt.WebhookURL, ContentType: "json", Secret: opt.WebhookSecret, InsecureSSL: "0"}, active: true, events: []string{"*"}})
		}
	}
	if opt.Ledger != nil {
		opt.Ledger.Hide(opt.Token)
	}
	s.api = s.newAPI()
	s.hooks.queue.Run(s.deliver)
	return s
}

// API serves /api/v3/…, below Options.Prefix.
func (s *Server) API() http.Handler { return s.api }

// Handler serves API and pages together.
func (s *Server) Handler() http.Handler {
	pages := s.Pages()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, s.opt.Prefix+apiPath) {
			s.api.ServeHTTP(w, r)
			return
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

func (s *Server) user(loginOrName string) *User {
	i := slices.IndexFunc(s.users, func(u *User) bool {
		return strings.EqualFold(u.Login, loginOrName) || u.Name == loginOrName
	})
	if i < 0 {
		return nil
	}
	return s.users[i]
}

// bot is the product's account.
func (s *Server) bot() *User { return s.user(s.opt.Login) }

// repo finds a repository by its name; moved says that it is called otherwise now.
func (s *Server) repo(full string) (found *repo, moved bool) {
	full = strings.ToLower(full)
	if to := s.moved[full]; to != "" {
		full, moved = to, true
	}
	i := slices.IndexFunc(s.repos, func(r *repo) bool { return strings.EqualFold(r.Name, full) })
	if i < 0 {
		return nil, false
	}
	return s.repos[i], moved
}
