package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"signoff/connectors"
)

const (
	opIMAP     = "read mailbox"
	dialTime   = 30 * time.Second
	aliveEvery = 30 * time.Second // TCP keepalive
	askTime    = 30 * time.Second // for the answer to one command
	fetchTime  = 5 * time.Minute  // for one mail
	searchGap  = 5 * time.Minute  // a full look, whatever the server told
	pollGap    = time.Minute      // without IDLE
)

// mailbox is one connection to the mailbox. One goroutine uses it; the library's own reads and calls told.
type mailbox struct {
	c       *Connector
	set     *Mailbox
	conn    net.Conn
	cl      *imapclient.Client
	caps    imap.CapSet
	news    chan struct{}
	deliver deliverer
	folders map[string]string // by the name in the settings: as the server writes it
	at      checkpoint
	key     string // of the checkpoint
	missed  map[imap.UID]int
	pause   time.Duration // while nothing can be kept
}

// openMailbox connects, reads what is new, and waits for more, until something ends the connection.
func (c *Connector) openMailbox(ctx context.Context, deliver deliverer) error {
	b := &mailbox{c: c, set: c.set.Receive.IMAP, deliver: deliver, news: make(chan struct{}, 1), missed: map[imap.UID]int{}}
	if err := b.connect(ctx); err != nil {
		return err
	}
	defer b.close()
	stop := context.AfterFunc(ctx, func() { _ = b.conn.Close() }) // its end is what is wanted
	defer stop()
	if err := b.enter(ctx); err != nil {
		return err
	}
	c.imap.set(true, "")
	c.d.Log.Info("mailbox open", "mailbox", b.set.Mailbox, "uidvalidity", b.at.Validity)
	for {
		if err := b.look(ctx); err != nil {
			return err
		}
		if err := b.wait(ctx); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// connect opens the connection and signs in.
func (b *mailbox) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	address := net.JoinHostPort(b.set.Host, strconv.Itoa(b.set.Port))
	conn, err := b.c.dial(ctx, address, b.set.TLS == tlsImplicit, b.c.imapTLS)
	if err != nil {
		return b.failed("connect", err)
	}
	b.conn = conn
	if err := b.greet(ctx); err != nil {
		_ = conn.Close() // it is of no use any more
		return err
	}
	return nil
}

func (b *mailbox) greet(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = b.conn.Close() }) // whoever waits for it is told by the error
	defer stop()
	options := &imapclient.Options{
		TLSConfig:             b.c.imapTLS,
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: func(*imapclient.UnilateralDataMailbox) { b.ring() }},
	}
	if b.set.TLS == tlsStart {
		cl, err := imapclient.NewStartTLS(b.conn, options)
		if err != nil {
			return b.failed("STARTTLS", err)
		}
		b.cl = cl
	} else {
		b.cl = imapclient.New(b.conn, options)
	}
	if err := b.cl.WaitGreeting(); err != nil {
		return b.failed("greeting", err)
	}
	return b.signIn()
}

// ring says that there is something to look at. It is called by the library's reader and must not wait.
func (b *mailbox) ring() {
	select {
	case b.news <- struct{}{}:
	default:
	}
}

func (b *mailbox) signIn() error {
	if b.cl.State() == imap.ConnStateAuthenticated { // the server knows us already (PREAUTH)
		b.caps = b.cl.Caps()
		return nil
	}
	token, err := bearer(b.set.Token, b.set.TokenFile)
	if err != nil {
		return b.failed("sign in", err)
	}
	refused := false
	switch before := b.cl.Caps(); {
	case token == "" && before.Has(imap.CapLoginDisabled) && before.Has("AUTH=PLAIN"):
		err = b.cl.Authenticate(sasl.NewPlainClient("", b.set.User, b.set.Password.Reveal()))
	case token == "":
		err = b.cl.Login(b.set.User, b.set.Password.Reveal()).Wait()
	default:
		x := &xoauth2{user: b.set.User, token: token}
		err = b.cl.Authenticate(x)
		refused = x.refused
	}
	if err == nil {
		b.caps = b.cl.Caps()
		return nil
	}
	var said *imap.Error
	if refused || errors.As(err, &said) && said.Type == imap.StatusResponseTypeNo && !passing(said.Code) {
		return &connectors.Error{
			Op: opIMAP, Class: connectors.Denied, Err: fmt.Errorf("%s refuses the account: %w", b.set.Host, plain(err)),
			Person: "The mail server refuses the account " + b.set.User + ": check receive.imap.user and password, or the token where OAuth is needed.",
		}
	}
	return b.failed("sign in", err)
}

// passing reports whether a refusal says nothing about the account.
func passing(code imap.ResponseCode) bool {
	return slices.Contains([]imap.ResponseCode{imap.ResponseCodeUnavailable, imap.ResponseCodeLimit, imap.ResponseCodeInUse, imap.ResponseCodeServerBug, "THROTTLED"}, code)
}

func (b *mailbox) failed(what string, err error) error {
	return &connectors.Error{Op: opIMAP, Class: connectors.Transient, Err: fmt.Errorf("%s: %w", what, plain(err))}
}

// plain is an error in one short line: servers may say anything.
func plain(err error) error {
	if err == nil {
		return nil
	}
	return &shortError{err}
}

type shortError struct{ err error }

func (e *shortError) Error() string {
	s := strings.Join(strings.Fields(printable(strings.ReplaceAll(e.err.Error(), "\n", " "))), " ")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

func (e *shortError) Unwrap() error { return e.err }

// ask runs commands within a time; a server that says nothing is left by closing the connection.
func (b *mailbox) ask(d time.Duration, commands func() error) error {
	watch := time.AfterFunc(d, func() { _ = b.conn.Close() }) // the commands then fail
	defer watch.Stop()
	return commands()
}

func (b *mailbox) close() {
	if b.cl == nil {
		return
	}
	_ = b.ask(time.Second, func() error { return b.cl.Logout().Wait() }) // politeness; the connection ends anyway
	_ = b.conn.Close()
	_ = b.cl.Close() // both may be closed already
}

// checkpoint is how far a mailbox was read.
type checkpoint struct {
	Validity uint32              `json:"validity"`
	Last     imap.UID            `json:"last"`
	Unmoved  map[imap.UID]string `json:"unmoved,omitempty"` // kept, but not yet moved: to which folder
}

// enter makes our folders and opens the mailbox where the last connection left it.
func (b *mailbox) enter(ctx context.Context) error {
	if err := b.ask(askTime, b.prepare); err != nil {
		return b.failed("folders", err)
	}
	var data *imap.SelectData
	err := b.ask(askTime, func() (err error) {
		data, err = b.cl.Select(b.set.Mailbox, nil).Wait()
		return err
	})
	if err != nil {
		return b.failed("open "+b.set.Mailbox, err)
	}
	account := strings.ToLower(b.set.User) + "@" + strings.ToLower(b.set.Host)
	b.key = fmt.Sprintf("imap/%s/%s/%d", account, b.set.Mailbox, data.UIDValidity)
	known, err := b.c.memory.Load(ctx, b.key, &b.at)
	if err != nil {
		return err
	}
	if !known {
		b.c.d.Log.Info("the mailbox is read from its beginning; what was taken before is known again", "mailbox", b.set.Mailbox, "uidvalidity", data.UIDValidity)
		b.at = checkpoint{}
	}
	b.at.Validity = data.UIDValidity
	return nil
}

// names finds how the server writes the names of our folders.
func (b *mailbox) names() {
	prefix, delim := "", '/'
	if list, err := b.cl.List("", "", nil).Collect(); err == nil && len(list) > 0 && list[0].Delim != 0 {
		delim = list[0].Delim
	}
	if b.caps.Has(imap.CapNamespace) {
		if ns, err := b.cl.Namespace().Wait(); err == nil && len(ns.Personal) > 0 {
			prefix = ns.Personal[0].Prefix
			if ns.Personal[0].Delim != 0 {
				delim = ns.Personal[0].Delim
			}
		}
	}
	b.folders = map[string]string{}
	for _, name := range []string{b.set.Done, b.set.Failed, b.set.Auto} {
		there := strings.ReplaceAll(name, "/", string(delim))
		if !strings.HasPrefix(there, prefix) {
			there = prefix + there
		}
		b.folders[name] = there
	}
}

// prepare makes our folders. A server that answers NO has them already, or moving will say why not.
func (b *mailbox) prepare() error {
	b.names()
	for _, name := range []string{b.set.Done, b.set.Failed, b.set.Auto} {
		var said *imap.Error
		if err := b.cl.Create(b.folders[name], nil).Wait(); err != nil && !errors.As(err, &said) {
			return err
		}
	}
	return nil
}

// wait returns when there may be something new, at the latest after a while.
func (b *mailbox) wait(ctx context.Context) error {
	if b.pause > 0 { // nothing can be kept just now: mail is safe where it is
		if !rest(ctx, b.pause) {
			return nil
		}
		return b.noop()
	}
	if !b.caps.Has(imap.CapIdle) {
		if !rest(ctx, pollGap) {
			return nil
		}
		return b.noop()
	}
	var idle *imapclient.IdleCommand
	err := b.ask(askTime, func() (err error) { idle, err = b.cl.Idle(); return err })
	if err != nil {
		return b.failed("IDLE", err)
	}
	t := time.NewTimer(searchGap)
	defer t.Stop()
	select {
	case <-b.news:
	case <-t.C:
	case <-ctx.Done():
	case <-b.cl.Closed():
	}
	// The library waits for ever on a connection that is half open, so its end is bounded here.
	err = b.ask(askTime, func() error {
		if err := idle.Close(); err != nil {
			return err
		}
		return idle.Wait()
	})
	if err != nil {
		return b.failed("IDLE", err)
	}
	return b.noop()
}

func (b *mailbox) noop() error {
	if err := b.ask(askTime, func() error { return b.cl.Noop().Wait() }); err != nil {
		return b.failed("NOOP", err)
	}
	return nil
}
