package adobe

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/adobe/events"
	"signoff/internal/sandbox/adobe/frameio"
	"signoff/internal/sandbox/adobe/site"
	"signoff/internal/sandbox/adobe/workfront"
)

// Options describe the stand-ins. Now is required; everything else has a default.
type Options struct {
	Now     func() time.Time
	BaseURL string // where all is reached, Prefix included, without a slash at the end
	Prefix  string // path below which pages and interfaces are mounted, such as "/demo/adobe"

	Back string // where the link in the foot of every page leads, such as "/demo"; "" = there is none

	ClientID     string // of the product's server-to-server credential, good for all three services
	ClientSecret string
	TokenLife    time.Duration // of what IMS gives; 0 = a day

	People    []site.Person // nil = Lumen and its agency
	Frameio   frameio.Options
	Events    events.Options
	Workfront workfront.Options

	HTTP      *http.Client                               // sends deliveries; nil = one that follows no redirects
	Sleep     func(context.Context, time.Duration) error // waits before another try of a delivery; nil = real time
	Unlimited bool                                       // no rate limits, for clocks that stand still

	Ledger *sandbox.Ledger // nil = nothing is recorded
	Faults *sandbox.Faults // nil = none
}

// Server is all of Adobe. It is safe for concurrent use.
type Server struct {
	*site.Site
	Frameio   *frameio.Site
	Events    *events.Site
	Workfront *workfront.Site

	closeOnce sync.Once
}

// New returns all of Adobe with Lumen's things in it. Close stops its deliveries.
func New(opt Options) *Server {
	common := site.New(site.Options{
		Now: opt.Now, BaseURL: opt.BaseURL, Prefix: opt.Prefix, Back: opt.Back, ClientID: opt.ClientID, ClientSecret: opt.ClientSecret, TokenLife: opt.TokenLife, People: opt.People,
		HTTP: opt.HTTP, Sleep: opt.Sleep, Unlimited: opt.Unlimited, Ledger: opt.Ledger, Faults: opt.Faults,
	})
	return &Server{Site: common, Frameio: frameio.New(common, opt.Frameio), Events: events.New(common, opt.Events), Workfront: workfront.New(common, opt.Workfront)}
}

// door is a path below which an interface answers; everything else is a page.
type door struct {
	path    string
	handler http.Handler
}

func (s *Server) doors() []door {
	fio, io := s.Frameio.API(), s.Events.API()
	return []door{{"/ims/", s.IMS()}, {"/v4/", fio}, {"/media/", fio}, {"/events/", io}, {"/prod/keys/", io}, {"/csm/", io}, {"/attask/", s.Workfront.API()}}
}

// APIPaths lists the paths below which the interfaces answer, below the prefix.
func (s *Server) APIPaths() []string {
	var out []string
	for _, d := range s.doors() {
		out = append(out, d.path)
	}
	return out
}

// API serves the interfaces of all services, below Options.Prefix.
func (s *Server) API() http.Handler {
	doors := s.doors()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, d := range doors {
			if strings.HasPrefix(r.URL.Path, s.Prefix+d.path) {
				d.handler.ServeHTTP(w, r)
				return
			}
		}
		http.NotFound(w, r)
	})
}

// Wait returns once ok holds, or with the error of ctx. It looks again after every change.
func (s *Server) Wait(ctx context.Context, ok func(*Server) bool) error {
	return s.Until(ctx, func() bool { return ok(s) })
}

// Quiet reports whether no delivery of any service is queued, under way or waiting for another try.
func (s *Server) Quiet() bool { return s.Post.Quiet() }

// Deliveries lists what was sent by a service ("frameio", "adobeio", "workfront"), or by all for "", the oldest first.
func (s *Server) Deliveries(service string) []site.Delivery { return s.Post.Deliveries(service) }

// LoseWebhooks makes every delivery fail for good from now on, as in an outage longer than Adobe tries; false lets them through
// again. The journal of I/O Events keeps what was lost.
func (s *Server) LoseWebhooks(lose bool) { s.Post.Lose(lose) }

// HoldWebhooks keeps deliveries back until ReleaseWebhooks.
func (s *Server) HoldWebhooks() { s.Post.Hold() }

// ReleaseWebhooks sends what was held back.
func (s *Server) ReleaseWebhooks() { s.Post.Release() }

// Close drops the deliveries that are pending and waits for what is under way.
func (s *Server) Close() { s.closeOnce.Do(s.Post.Close) }
