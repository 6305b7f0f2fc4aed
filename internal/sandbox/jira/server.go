package jira

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/serve"
)

// Options describe the site. Now, User and Token are required; everything else has a default.
type Options struct {
	Now     func() time.Time
	BaseURL string  // where the site is reached, without a slash at the end; part of every self link
	Edition Edition // "" = Cloud
	Version string  // of an edition that is not Cloud, such as "9.12.0"; "" = 10.3.2. Some ways depend on it
	// ContextPath, such as "/jira", is the only path below which the site answers. It is added to Prefix and BaseURL.
	ContextPath string
	// CloudID makes the token a scoped one, which works through the gateway /ex/jira/{cloudId} only.
	CloudID string
	Scopes  []string // of such a token, in classic names ("read:jira-work"); nil = all
	Prefix  string   // path below which the pages and the API are mounted, such as "/demo/jira"

	User  string // e-mail of the account that the token belongs to
	Token string // API token of Cloud, personal access token elsewhere

	Projects    []Project
	Statuses    []Status
	Transitions []Transition
	Users       []User   // see also Server.PutUser
	Denied      []string // permissions that the account lacks, such as "TRANSITION_ISSUES"; see also Server.Deny
	Granted     []string // permissions that it has beyond those of an ordinary account, such as "ADMINISTER"

	IndexLag    time.Duration // how long search does not see a change
	RateLimits  bool          // enforce the burst and per-issue limits of Cloud, or the Bucket elsewhere
	Bucket      Bucket        // of an edition that is not Cloud; zero = 50 calls, 10 more a second
	UploadLimit int           // most bytes of an attachment; 0 = 10 MiB
	MediaURL    string        // where Server.Media is reached; downloads are redirected there. "" = the site sends the bytes itself
	PageSize    int           // most issues on one page of search results; 0 = 100

	WebhookURL      string // a webhook for everything that is there from the start; more can be registered
	WebhookSecret   string
	RetryAfter      []time.Duration                            // pauses before the repeats of a refused webhook; nil = 5, 10, 15, 15, 15 minutes
	Sleep           func(context.Context, time.Duration) error // waits out such a pause; nil = real time
	Quirks          Quirks
	CommentAsUpdate bool         // announce a comment as jira:issue_updated too, as some sites do
	HTTP            *http.Client // sends the webhooks; nil = one with a timeout of 10 s

	Ledger *sandbox.Ledger // nil = nothing is recorded
	Faults *sandbox.Faults // nil = none

	// Requests, when set, is written every API request, one Recorded as JSON a line, so that a validator outside can play
	// them again. Of one that a fault swallowed the body is cut at 16 kB.
	Requests io.Writer
}

// Server is one Jira site. It is safe for concurrent use.
type Server struct {
	opt   Options
	table []route
	api   http.Handler

	accounts atomic.Pointer[[]*User]
	mu       sync.Mutex
	quirks   Quirks
	denied   map[string]bool // permissions that the product's account lacks
	archived map[string]bool // projects by key
	projects []*Project
	issues   []*issue          // by creation; deleted ones stay, marked
	index    map[string]*issue // by id and by every key they ever had
	nextID   map[string]int
	nextKey  map[string]int
	grants   map[string]grant // of the media host, by token
	meter    meter
	hooks    hooks
	bulk     bool // what happens now is part of a bulk change
	news     serve.Changes
	records  serve.Records
	logging  sync.Mutex // guards writing to Options.Requests
}

// New returns a site without issues. Close stops its webhooks.
func New(opt Options) *Server {
	s := &Server{
		opt:     withDefaults(opt),
		index:   map[string]*issue{},
		nextID:  map[string]int{},
		nextKey: map[string]int{},
		quirks:  opt.Quirks,
		denied:  map[string]bool{}, archived: map[string]bool{}, grants: map[string]grant{},
	}
	for i := range s.opt.Projects {
		s.projects = append(s.projects, &s.opt.Projects[i])
	}
	var accounts []*User
	for i, u := range s.opt.Users {
		accounts = append(accounts, named(u, i))
	}
	s.accounts.Store(&accounts)
	for _, p := range append(ungranted(), s.opt.Denied...) {
		s.denied[p] = !slices.Contains(s.opt.Granted, p)
	}
	s.hooks.queue, s.hooks.origin = serve.NewQueue[*Webhook](&s.news), rand.Text()[:12]
	s.records = serve.Records{Ledger: s.opt.Ledger, Service: service, Now: s.opt.Now, Mark: mark}
	s.SetWebhook(s.opt.WebhookURL, s.opt.WebhookSecret)
	if l := s.opt.Ledger; l != nil {
		l.Hide(s.opt.Token)
	}
	s.api = s.newAPI()
	s.hooks.queue.Run(s.deliver)
	return s
}

func withDefaults(opt Options) Options {
	opt.BaseURL = strings.TrimSuffix(cmp.Or(opt.BaseURL, "https://lumen.jira.example"), "/")
	opt.Prefix = strings.TrimSuffix(opt.Prefix, "/")
	opt.PageSize = cmp.Or(opt.PageSize, 100)
	opt.Bucket = cmp.Or(opt.Bucket, Bucket{Size: 50, Fill: 10, Every: time.Second})
	opt.UploadLimit = cmp.Or(opt.UploadLimit, defaultUpload)
	opt.MediaURL = strings.TrimSuffix(opt.MediaURL, "/")
	if opt.Projects == nil {
		opt.Projects = DefaultProjects()
	}
	if opt.Statuses == nil {
		opt.Statuses = DefaultStatuses()
	}
	if opt.Transitions == nil {
		opt.Transitions = DefaultTransitions()
	}
	if opt.Users == nil {
		opt.Users = DefaultUsers()
	}
	opt = withEdition(opt)
	if opt.RetryAfter == nil {
		opt.RetryAfter = []time.Duration{5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 15 * time.Minute, 15 * time.Minute}
	}
	if opt.Sleep == nil {
		opt.Sleep = serve.Sleep
	}
	if opt.HTTP == nil {
		opt.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	return opt
}

// API serves /rest/..., also below Options.Prefix, so that the site and its board can share an address.
func (s *Server) API() http.Handler { return s.api }

// Close stops sending webhooks, drops the pending ones and waits for what is under way.
func (s *Server) Close() { s.hooks.queue.Close() }

// Wait returns once ok holds, or with the error of ctx. It looks again after every change: of an issue,
// or of the state of a webhook. ok is called without a lock and may use every method of the server.
func (s *Server) Wait(ctx context.Context, ok func(*Server) bool) error {
	return s.news.Wait(ctx, func() bool { return ok(s) })
}

// wake tells everybody who waits that something changed.
func (s *Server) wake() { s.news.Wake() }

// sequence returns the next number of a kind, as Jira counts: from 10000.
func (s *Server) sequence(kind string) int {
	s.nextID[kind]++
	return 9999 + s.nextID[kind]
}

func (s *Server) project(idOrKey string) *Project {
	for _, p := range s.projects {
		if p.ID == idOrKey || p.Key == idOrKey {
			return p
		}
	}
	return nil
}

// bot is the account of the API token.
func (s *Server) bot() *User { return s.user(s.opt.User) }

func (s *Server) status(idOrName string) *Status {
	for i := range s.opt.Statuses {
		if st := &s.opt.Statuses[i]; st.ID == idOrName || strings.EqualFold(st.Name, idOrName) {
			return st
		}
	}
	return nil
}

// find returns the living issue with this id or key, which may be one from before a move; nil when there is none.
func (s *Server) find(idOrKey string) *issue {
	if iss := s.index[idOrKey]; iss != nil && !iss.deleted {
		return iss
	}
	return nil
}

func choice(list []Choice, idOrName string) (Choice, bool) {
	i := slices.IndexFunc(list, func(c Choice) bool { return c.ID == idOrName || c.Name == idOrName })
	if i < 0 {
		return Choice{}, false
	}
	return list[i], true
}
