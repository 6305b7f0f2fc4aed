package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"maps"
	"net"
	"strings"
	"sync"
	"time"

	"signoff/internal/background"
	"signoff/internal/sandbox"
)

const service = "mail"

// Options describe the mail server. Now is required; everything else has a default.
type Options struct {
	Now        func() time.Time
	BaseURL    string // where the pages are reached, Prefix included, without a slash at the end
	Prefix     string // path below which they are mounted, such as "/demo/mail"
	Back       string // where the pages lead back to; "" = /demo
	Domain     string // the server is mx.<Domain>; "" = lumen.example
	AuthservID string // in Authentication-Results; "" = mx.<Domain>
	People     []Person
	// Verdicts are what is found about mail that a domain's own server sent, by domain. A domain of these people that is not
	// listed passes, any other is unknown. nil = elsewhere.example vouches for nobody.
	Verdicts map[string]Verdict
	// TLS offers STARTTLS, and without it nobody may sign in. nil = signing in is allowed in the clear.
	TLS *tls.Config
	// Routes are the servers of other domains, as host:port: mail for them is sent there by SMTP, as to the host of an MX record.
	Routes map[string]string

	MaxSize       int  // most bytes of a mail; 0 = 35 MiB
	No8BitMIME    bool // the server does not take 8-bit text
	NoMove        bool // IMAP without MOVE
	NoUIDPlus     bool // IMAP without UIDPLUS
	NoIdle        bool // IMAP without IDLE
	RetryAfter    []time.Duration
	Sleep         func(context.Context, time.Duration) error // waits out such a pause; nil = real time
	VacationEvery time.Duration                              // the same sender hears of an absence once in that time; 0 = 7 days

	Ledger *sandbox.Ledger // nil = nothing is recorded
	Faults *sandbox.Faults // nil = none. Fault.Method is "SMTP MAIL", "IMAP FETCH", ... : see fault.go
}

// Server is one mail server. It is safe for concurrent use.
type Server struct {
	opt    Options
	ctx    context.Context
	stop   context.CancelFunc
	work   background.Group
	closed sync.Once

	mu        sync.Mutex
	accounts  []*account
	listeners []net.Listener
	sessions  map[*session]bool
	verdicts  map[string]Verdict   // by domain
	told      map[string]time.Time // absences: by whose and to whom
	changes   uint64               // counts changes of mails
	validity  uint32
	serial    int // makes ids
	letters   int // likewise, of mails in mailboxes
	moving    int // mails on their way
	changed   chan struct{}
}

// New returns a server that listens nowhere yet: see ServeSMTP and ServeIMAP.
func New(opt Options) *Server {
	opt.Domain = cmp.Or(opt.Domain, "lumen.example")
	opt.AuthservID = cmp.Or(opt.AuthservID, "mx."+opt.Domain)
	opt.MaxSize = cmp.Or(opt.MaxSize, 35<<20)
	opt.VacationEvery = cmp.Or(opt.VacationEvery, 7*24*time.Hour)
	opt.Prefix, opt.BaseURL = strings.TrimSuffix(opt.Prefix, "/"), strings.TrimSuffix(opt.BaseURL, "/")
	opt.Back = cmp.Or(opt.Back, "/demo")
	if opt.Verdicts == nil {
		opt.Verdicts = map[string]Verdict{"elsewhere.example": Unknown()}
	}
	if opt.People == nil {
		opt.People = DefaultPeople()
	}
	if opt.RetryAfter == nil {
		opt.RetryAfter = []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour}
	}
	if opt.Sleep == nil {
		opt.Sleep = sleep
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{opt: opt, ctx: ctx, stop: stop, sessions: map[*session]bool{}, told: map[string]time.Time{}, validity: 1000, changed: make(chan struct{})}
	s.verdicts = maps.Clone(opt.Verdicts)
	for _, p := range opt.People {
		s.put(p)
	}
	return s
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// host is the server's own name.
func (s *Server) host() string { return "mx." + s.opt.Domain }

// ServeSMTP takes mail on l until Close. A TLS listener makes it submission with implicit TLS.
func (s *Server) ServeSMTP(l net.Listener) { s.serve(l, s.smtp) }

func (s *Server) serve(l net.Listener, talk func(*session)) {
	s.mu.Lock()
	s.listeners = append(s.listeners, l)
	s.mu.Unlock()
	s.work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			if !s.begin(conn, talk) {
				_ = conn.Close()
			}
		}
	})
}

// begin talks with a client in a goroutine of its own; false when the server is closing.
func (s *Server) begin(conn net.Conn, talk func(*session)) bool {
	ss := newSession(s, conn)
	s.mu.Lock()
	if s.ctx.Err() != nil {
		s.mu.Unlock()
		return false
	}
	s.sessions[ss] = true
	s.mu.Unlock()
	ok := s.work.Go(func() {
		defer s.end(ss)
		talk(ss)
	})
	if !ok {
		s.end(ss)
	}
	return ok
}

func (s *Server) end(ss *session) {
	_ = ss.conn.Close()
	s.mu.Lock()
	delete(s.sessions, ss)
	s.mu.Unlock()
}

// Close ends every connection and waits for what is under way; mails that wait to be sent again are dropped.
func (s *Server) Close() {
	s.closed.Do(func() {
		s.stop()
		s.mu.Lock()
		for _, l := range s.listeners {
			_ = l.Close()
		}
		for ss := range s.sessions {
			_ = ss.conn.Close()
		}
		s.mu.Unlock()
	})
	s.work.Wait()
}

// Wait returns once ok holds, or with the error of ctx. It looks again after every change of a mailbox and after every mail
// that left. ok is called without a lock and may use every method of the server.
func (s *Server) Wait(ctx context.Context, ok func(*Server) bool) error {
	for {
		changed := s.news()
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

func (s *Server) news() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// wake tells everybody who waits that something changed. The caller holds the lock.
func (s *Server) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Quiet reports whether no mail is on its way to another server, to a mailbox or back.
func (s *Server) Quiet() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moving == 0
}
