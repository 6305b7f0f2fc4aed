package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"signoff/connectors"
	"signoff/internal/secret"
	"signoff/internal/store"
)

// Options say what a server works with. Hub, Store, Now and PublicURL are required.
type Options struct {
	Hub   Hub
	Store store.Store // sessions and single-use links
	Now   func() time.Time
	Log   *slog.Logger

	Version string
	Studio  string // the workspace's name, as people call it
	// PublicURL is where people and services reach the public listener; every link is made from it.
	PublicURL string
	Tokens    []Token
	// TrustedProxies may say for whom they speak (X-Forwarded-For); nobody else is believed.
	TrustedProxies []netip.Prefix
	Metrics        http.Handler                    // GET /metrics of the admin listener
	Reload         func(ctx context.Context) error // reads the rule files again
	Demo           *Demo
	// Passes opens the token of a decision link (connectors.Deps.Pass); false: it is none of ours, or was altered. Whether it
	// is still good is judged here. Nil: there are no such links.
	Passes func(token string) (connectors.Pass, bool)
	// Client asks our own public address when everything is checked; nil: it is not asked.
	Client *http.Client
}

// Token is a bearer token of the API. As names the person for whom it may vote, empty for none.
type Token struct {
	Name   string
	Secret secret.Secret
	As     string
}

// Demo adds what only a demonstration has.
type Demo struct {
	// Handlers are mounted at their prefixes ("/demo/slack/"). From this machine they need no session.
	Handlers map[string]http.Handler
	Roles    []Role  // who the role picker offers
	Places   []Place // links in the header of the pages
}

// Role is somebody the role picker offers.
type Role struct {
	Name  string // in the directory, or a name of their own
	Shown string
	Words string // what they do here
}

// Initial is the letter that stands for the role where there is no picture.
func (r Role) Initial() string {
	for _, letter := range r.Shown {
		return string(letter)
	}
	return ""
}

// Place is a link in the header of the pages.
type Place struct{ Label, Path string }

// Server answers HTTP. Its handlers may be used at once; Serve runs them over listeners.
type Server struct {
	o        Options
	origin   string // PublicURL without a path
	secure   bool   // PublicURL is https
	nonce    string // of this process, so that it knows its own answers
	draining atomic.Bool
	leave    context.CancelFunc // ends leaving when the server stops
	leaving  context.Context    // of what streams to browsers for as long as they look

	hooks    *hooks
	sessions *sessions
	links    *links
	forms    *forms
	origins  *http.CrossOriginProtection
	pages    *pages
	routes   []route
}

// New returns a server over a hub.
func New(o Options) (*Server, error) {
	if o.Hub == nil || o.Store == nil || o.Now == nil {
		return nil, errors.New("server needs a hub, a store and a clock")
	}
	base, err := url.Parse(o.PublicURL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("public address %q is not like https://signoff.lumen.example", o.PublicURL)
	}
	for _, t := range o.Tokens {
		if t.Secret.Empty() {
			return nil, fmt.Errorf("API token %q is empty", t.Name)
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{o: o, origin: base.Scheme + "://" + base.Host, secure: base.Scheme == "https", nonce: rand.Text()}
	s.leaving, s.leave = context.WithCancel(context.Background())
	s.hooks = newHooks(o)
	s.sessions = newSessions(o, s.secure)
	s.links = &links{store: o.Store, now: o.Now, lasting: o.Demo != nil}
	s.forms = newForms(s.secure, rand.Text())
	s.origins = http.NewCrossOriginProtection()
	if err := s.origins.AddTrustedOrigin(s.origin); err != nil {
		return nil, fmt.Errorf("public address: %w", err)
	}
	if s.pages, err = newPages(s); err != nil {
		return nil, err
	}
	s.routes = s.table()
	return s, nil
}

// Public returns what the world may reach: hooks, health, API and pages.
func (s *Server) Public() http.Handler { return s.door(public) }

// Admin returns what operators reach: health, metrics, API and pages.
func (s *Server) Admin() http.Handler { return s.door(admin) }

// Socket returns what the server's own user reaches through a socket in the file system: the API without a token,
// POST /open and POST /reload.
func (s *Server) Socket() http.Handler { return s.door(socket) }

// link is an address of ours as the world sees it.
func (s *Server) link(path string) string { return s.origin + path }
