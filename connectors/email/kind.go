package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/mail"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"signoff/connectors"
	"signoff/connectors/email/letter"
	"signoff/internal/flow"
)

const example = `receive:
  imap:                              # a mailbox of its own that signoff reads
    host: imap.lumen.example
    port: 993
    tls: implicit                    # implicit | starttls | none (a server on this machine)
    user: requests@lumen.example
    password: ${MAIL_PASSWORD}       # or token_file: /run/secrets/mail-token, an OAuth access token
    mailbox: INBOX
    done: signoff/Done               # where mail goes once it is kept
    failed: signoff/Failed
    auto: signoff/Auto               # vacation replies, bounces, mailing lists
  # smtp:                            # beside it or instead: a mail server of our own, behind your MTA
  #   listen: "127.0.0.1:2525"
  #   domain: requests.lumen.example
  #   lmtp: false
  #   socket: /run/signoff/lmtp      # instead of listen: LMTP on a unix socket
  accept_from: ["*@lumen.example"]   # mail of others is held back; leave it out for everybody
  require: dmarc                     # dmarc | none
  authserv_id: mx.lumen.example      # whose Authentication-Results are believed; without it signoff checks DKIM itself
  # dns: 127.0.0.1:53
send:
  smtp:
    host: smtp.lumen.example
    port: 587
    tls: starttls                    # starttls | implicit | none (a server on this machine)
    user: requests@lumen.example
    password: ${MAIL_PASSWORD}
from: "Lumen requests <requests@lumen.example>"
reply_to: approvals@lumen.example    # must take plus addresses: approvals+cr-142.…@lumen.example
`

// Kind returns what cmd lists.
func Kind() connectors.Kind { return connectors.Kind{Name: "email", Example: example, New: New} }

// Connector is one mail account. It is safe for concurrent use.
type Connector struct {
	set      Settings
	d        connectors.Deps
	memory   connectors.Memory
	from     *mail.Address
	resolver letter.Resolver
	imapTLS  *tls.Config
	sendTLS  *tls.Config
	doorTLS  *tls.Config
	dial     func(ctx context.Context, address string, implicit bool, conf *tls.Config) (net.Conn, error)
	listen   func(*Door) (net.Listener, error)
	most     int64 // bytes of a mail that our own server takes
	query    atomic.Pointer[asked]
	imap     standing
	door     standing
	refused  refusal
	swept    atomic.Int64
	brought  atomic.Bool // the connection to the mailbox brought mail
	rows     sync.Mutex  // what is read from Keep and written back is one step
}

type asked struct{ q connectors.Query }

var (
	_ connectors.Listener    = (*Connector)(nil)
	_ connectors.Connectable = (*Connector)(nil)
	_ connectors.Receiver    = (*Connector)(nil)
	_ connectors.Enricher    = (*Connector)(nil)
	_ connectors.Asker       = (*Connector)(nil)
	_ connectors.Opener      = (*Connector)(nil)
	_ connectors.Doer        = (*Connector)(nil)
	_ connectors.Pacer       = (*Connector)(nil)
	_ connectors.Prober      = (*Connector)(nil)
	_ connectors.Identifier  = (*Connector)(nil)
	_ connectors.Pinner      = (*Connector)(nil)
	_ connectors.Mailer      = (*Connector)(nil)
)

// New reads the settings of one account and returns its connector, which has not spoken to a server yet.
func New(decode func(into any) error, d connectors.Deps) (connectors.Connector, error) {
	var s Settings
	if err := decode(&s); err != nil {
		return nil, err
	}
	if err := s.complete(); err != nil {
		return nil, err
	}
	from, err := parseAddress(s.From)
	if err != nil {
		return nil, problem("from", "%s", err)
	}
	from.Address = strings.ToLower(from.Address)
	c := &Connector{set: s, d: d, memory: d.Memory(), from: from, resolver: net.DefaultResolver, dial: dial, listen: listenDoor, most: mostMail}
	if m := s.Receive.IMAP; m != nil {
		c.imapTLS = clientTLS(m.Host, m.CA)
	}
	if r := s.Send.SMTP; r != nil {
		c.sendTLS = clientTLS(r.Host, r.CA)
	}
	if server := s.Receive.DNS; server != "" {
		c.resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: dnsTime}).DialContext(ctx, network, server)
		}}
	}
	if door := s.Receive.SMTP; door != nil && door.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(door.Certificate, door.Key)
		if err != nil {
			return nil, problem("receive.smtp.certificate", "certificate and key do not fit: %s", err)
		}
		c.doorTLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	return c, nil
}

const dnsTime = 5 * time.Second

// clientTLS verifies the name of the server, by the system's authorities and one that the settings name.
func clientTLS(host, ca string) *tls.Config {
	conf := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if ca == "" {
		return conf
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if pem, err := os.ReadFile(ca); err == nil { // Settings have read it before
		pool.AppendCertsFromPEM(pem)
	}
	conf.RootCAs = pool
	return conf
}

// Ask implements connectors.Asker.
func (c *Connector) Ask(q connectors.Query) { c.query.Store(&asked{q}) }

// Mails implements connectors.Mailer: people can be written to when there is a server that takes our mail.
func (c *Connector) Mails() bool { return c.set.Send.SMTP != nil }

// Pin implements connectors.Pinner: people.ana.email names the address that mail to Ana goes to.
func (c *Connector) Pin(id string) flow.Ref {
	a, err := parseAddress(id)
	if err != nil {
		return flow.Ref{}
	}
	return c.address(a.Address)
}

// Identify implements connectors.Identifier: an address is its own account.
func (c *Connector) Identify(_ context.Context, email string) (flow.Actor, bool, error) {
	a, err := parseAddress(email)
	if err != nil || c.ours(a.Address) {
		return flow.Actor{}, false, nil
	}
	return flow.Actor{Ref: c.address(a.Address), Email: strings.ToLower(a.Address)}, true, nil
}

func (c *Connector) ref(kind, key string) flow.Ref {
	return flow.Ref{System: c.d.Instance, Type: kind, Key: key}
}

// address names a person by where mail reaches them.
func (c *Connector) address(a string) flow.Ref { return c.ref("address", strings.ToLower(a)) }

// ours reports whether an address is one of our own, whatever tag it carries.
func (c *Connector) ours(address string) bool {
	a := untagged(address)
	return a == untagged(c.from.Address) || a == c.set.ReplyTo || a == c.set.Bounces
}

// untagged is an address in lower case without what stands behind a +.
func untagged(address string) string {
	address = strings.ToLower(address)
	local, _, _ := strings.Cut(localPart(address), "+")
	return local + "@" + domainOf(address)
}

// standing is how a connection of ours is.
type standing struct {
	mu  sync.Mutex
	up  bool
	why string
}

func (s *standing) set(up bool, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up, s.why = up, why
}

func (s *standing) get() (up bool, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up, s.why
}

// Connected implements connectors.Connectable.
func (c *Connector) Connected() (ok bool, why string) {
	for _, one := range []struct {
		wanted bool
		what   string
		s      *standing
	}{{c.set.Receive.IMAP != nil, "IMAP", &c.imap}, {c.set.Receive.SMTP != nil, "the mail server of our own", &c.door}} {
		if !one.wanted {
			continue
		}
		up, why := one.s.get()
		switch {
		case up:
		case why == "":
			return false, one.what + ": not connected yet"
		default:
			return false, one.what + ": " + why
		}
	}
	return true, ""
}
