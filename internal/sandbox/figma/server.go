package figma

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/serve"
)

const service = "figma"

// object is a JSON object as it travels.
type object = map[string]any

// Options describe the team and the product's account in it. Now and Token are required; everything else has a default.
type Options struct {
	Now     func() time.Time
	Zone    *time.Location // in which pages show times; nil = UTC
	BaseURL string         // where the site is reached, Prefix included, without a slash at the end
	Prefix  string         // path below which pages and API are mounted, such as "/demo/figma"
	Back    string         // where the pages link back to; "" = nowhere

	Account User     // the product's; the zero value = "signoff", who administers the team
	Token   string   // its personal access token
	Scopes  []string // of that token; nil = every scope
	Tokens  []Token  // more tokens, of it or of others

	Users    []User
	Teams    []Team
	Projects []Project
	Files    []File

	Plan    string // of the team: starter, pro, org, enterprise; "" = pro
	LowSeat bool   // the product's account has a View or Collab seat
	Limits  Limits // zero = what plan and seat allow

	Retry []time.Duration                            // pauses before a webhook that failed is sent again; nil = 5 min, 30 min, 3 h
	Idle  time.Duration                              // without drawing, until FILE_UPDATE is sent; 0 = 30 min
	Sleep func(context.Context, time.Duration) error // waits for Retry and Idle; nil = real time
	HTTP  *http.Client                               // sends the webhooks; nil = one with a timeout of 10 s

	Ledger *sandbox.Ledger // nil = nothing is recorded
	Faults *sandbox.Faults // nil = none
}

// Limits are the calls a minute in each of Figma's tiers. 0 = what the plan allows, -1 = no limit.
type Limits struct{ Tier1, Tier2, Tier3 int }

// Token is what a caller shows: a personal or plan access token as X-Figma-Token, one of OAuth as a bearer.
type Token struct {
	Value  string
	Kind   string   // personal, plan, oauth; "" = personal
	Owner  string   // a user's handle or id; "" = Options.Account
	Scopes []string // nil = every scope
}

// User is an account.
type User struct {
	ID     string
	Handle string // the name that Figma shows
	Email  string // said by GET /v1/me only
	Viewer bool   // can look and comment, but not draw
	Admin  bool   // administers the team
}

// Server is one site. It is safe for concurrent use.
type Server struct {
	opt    Options
	api    http.Handler
	secret string // makes addresses of pictures unguessable

	mu       sync.Mutex
	users    []*User
	tokens   []Token
	files    []*design
	next     int64
	pictures map[string]issued
	drawn    map[picture][]byte
	buckets  map[string]bucket
	usedUp   [4]time.Time // by tier: until then its calls are refused
	blind    bool         // renders fail
	hooks    hooks
	changes  serve.Changes
	records  serve.Records
}

// New returns a site. Close stops its webhooks.
func New(opt Options) *Server {
	opt = opt.complete()
	s := &Server{opt: opt, secret: randomHex(), next: 38_800_000, pictures: map[string]issued{}, drawn: map[picture][]byte{}, buckets: map[string]bucket{}}
	for _, u := range append(slices.Clone(opt.Users), opt.Account) {
		s.users = append(s.users, &u)
	}
	s.tokens = opt.Tokens
	if opt.Token != "" {
		s.tokens = append([]Token{{Value: opt.Token, Scopes: opt.Scopes}}, opt.Tokens...)
	}
	for i := range s.tokens {
		s.tokens[i].Kind = cmp.Or(s.tokens[i].Kind, personal)
		s.hide(s.tokens[i].Value)
	}
	for _, f := range opt.Files {
		s.seed(f)
	}
	s.hooks.queue = serve.NewQueue[*delivery](&s.changes)
	s.records = serve.Records{Ledger: opt.Ledger, Service: service, Now: opt.Now, Mark: mark}
	s.api = s.newAPI()
	s.hooks.queue.Run(s.deliver)
	return s
}

func (opt Options) complete() Options {
	opt.BaseURL = strings.TrimSuffix(cmp.Or(opt.BaseURL, "https://figma.lumen.example"), "/")
	opt.Prefix = strings.TrimSuffix(opt.Prefix, "/")
	opt.Plan = cmp.Or(opt.Plan, "pro")
	opt.Idle = cmp.Or(opt.Idle, 30*time.Minute)
	if opt.Zone == nil {
		opt.Zone = time.UTC
	}
	if opt.Account == (User{}) {
		opt.Account = User{ID: "1310000000000000099", Handle: "signoff", Email: "signoff@lumen.example", Admin: true}
	}
	if opt.Users == nil {
		opt.Users = DefaultUsers()
	}
	if opt.Teams == nil {
		opt.Teams = DefaultTeams()
	}
	if opt.Projects == nil {
		opt.Projects = DefaultProjects()
	}
	if opt.Files == nil {
		opt.Files = DefaultFiles()
	}
	if opt.Retry == nil {
		opt.Retry = []time.Duration{5 * time.Minute, 30 * time.Minute, 3 * time.Hour}
	}
	if opt.Sleep == nil {
		opt.Sleep = serve.Sleep
	}
	if opt.HTTP == nil {
		opt.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	return opt
}

func randomHex() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// API serves /v1/…, /v2/… and /pictures/…, below Options.Prefix.
func (s *Server) API() http.Handler { return s.api }

// Handler serves API and pages together.
func (s *Server) Handler() http.Handler {
	pages := s.Pages()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, at := range []string{"/v1/", "/v2/", picturePath} {
			if strings.HasPrefix(r.URL.Path, s.opt.Prefix+at) {
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

func (s *Server) hide(secret string) {
	if s.opt.Ledger != nil {
		s.opt.Ledger.Hide(secret)
	}
}

// hooks is the state of outgoing webhooks. All but the queue is guarded by the server's lock.
type hooks struct {
	queue *serve.Queue[*delivery]
	made  []*hook
	all   []*delivery
	lost  bool
}
