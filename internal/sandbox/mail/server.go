package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
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
	Domain     string // the server is mx.<Domain>; "" = lumen.example
	AuthservID string // in Authentication-Results; "" = mx.<Domain>
	People     []Person
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
	Faults *sandbox.Faults // nil = none. Fault.Method is "SMTP MAIL", "SMTP DATA", ... : see fault.go
}

// Person is an account with a mailbox.
type Person struct {
	Name     string
	Address  string   // also the user name
	Aliases  []string // other addresses of the account, which it may send as; name+anything@ belongs to every address
	Password string
	Token    string  // for XOAUTH2
	Verdict  Verdict // what the server finds about mail from this address
	Service  bool    // the product's account
}

// Verdict is what the receiving server found out about a sender, in the words of RFC 8601. The zero value passes.
type Verdict struct{ SPF, DKIM, DMARC string }

// Unknown is the verdict about a sender whom nothing vouches for.
func Unknown() Verdict { return Verdict{SPF: "none", DKIM: "none", DMARC: "none"} }

// Forged is the verdict about a sender who is somebody else.
func Forged() Verdict { return Verdict{SPF: "fail", DKIM: "fail", DMARC: "fail"} }

// DefaultPeople are the people of the demo and the product's account.
func DefaultPeople() []Person {
	return []Person{
		{Name: "Maya", Address: "maya@lumen.example", Password: "maya"},
		{Name: "The agency", Address: "studio@agency.example", Password: "agency"},
		{Name: "A stranger", Address: "someone@elsewhere.example", Password: "stranger", Verdict: Unknown()},
		{Name: "Lumen requests", Address: "requests@lumen.example", Password: "requests", Token: "requests-token", Service: true,
			Aliases: []string{"approvals@lumen.example", "bounce@lumen.example"}},
	}
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
	told      map[string]time.Time // absences: by whose and to whom
	changes   uint64               // counts changes of mails
	validity  uint32
	serial    int // makes ids
	moving    int // mails on their way
	changed   chan struct{}
}

type account struct {
	Person
	boxes []*box
	away  Away
}

// New returns a server that listens nowhere yet: see ServeSMTP and ServeIMAP.
func New(opt Options) *Server {
	opt.Domain = cmp.Or(opt.Domain, "lumen.example")
	opt.AuthservID = cmp.Or(opt.AuthservID, "mx."+opt.Domain)
	opt.MaxSize = cmp.Or(opt.MaxSize, 35<<20)
	opt.VacationEvery = cmp.Or(opt.VacationEvery, 7*24*time.Hour)
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

// PutPerson adds an account or replaces the one with the same address, which keeps its mails.
func (s *Server) PutPerson(p Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(p)
	s.wake()
}

func (s *Server) put(p Person) {
	if l := s.opt.Ledger; l != nil {
		l.Hide(p.Password, p.Token)
	}
	for _, a := range s.accounts {
		if strings.EqualFold(a.Address, p.Address) {
			a.Person = p
			return
		}
	}
	s.accounts = append(s.accounts, &account{Person: p, boxes: []*box{s.newBox("INBOX"), s.newBox("Sent")}})
}

// People lists the accounts.
func (s *Server) People() []Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Person
	for _, a := range s.accounts {
		all = append(all, a.Person)
	}
	return all
}

// SetVerdict decides what the server finds about mails from an account's address from now on.
func (s *Server) SetVerdict(address string, v Verdict) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(address)
	if a == nil {
		return ErrNobody
	}
	a.Verdict = v
	return nil
}

// ErrNobody says that no account has the address.
var ErrNobody = errors.New("nobody here has that address")

// account finds who receives at an address; a tag behind a plus does not matter. The caller holds the lock.
func (s *Server) account(address string) *account {
	address = strings.ToLower(untagged(address))
	for _, a := range s.accounts {
		if strings.EqualFold(a.Address, address) || slices.ContainsFunc(a.Aliases, func(alias string) bool { return strings.EqualFold(alias, address) }) {
			return a
		}
	}
	return nil
}

// untagged takes a tag such as "+sg-1042.mac" out of an address.
func untagged(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}

// local reports whether mailboxes of the domain are here. The caller holds the lock.
func (s *Server) local(domain string) bool {
	return domain == s.opt.Domain || slices.ContainsFunc(s.accounts, func(a *account) bool { return domainOf(a.Address) == domain })
}

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
