package email

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"signoff/connectors"
)

const (
	doorRecipients = 50
	doorIdle       = time.Minute      // without a byte
	doorMail       = 10 * time.Minute // for one whole mail
	doorLine       = 1 << 20          // programs write whole pages as one line, and the library has one limit for commands and mails
	doorAtOnce     = 100              // connections
	doorGoodbye    = 5 * time.Second
	opDoor         = "listen for mail"
)

// serveDoor takes mail in by SMTP or LMTP. A mail is acknowledged once it is kept; what we cannot keep is asked for again
// with 451.
func (c *Connector) serveDoor(ctx context.Context, deliver deliverer) error {
	set := c.set.Receive.SMTP
	defer c.door.set(false, "closed")
	l, err := c.listen(set)
	if err != nil {
		c.door.set(false, err.Error())
		return &connectors.Error{Op: opDoor, Class: connectors.Transient, Err: err, Person: "signoff cannot listen for mail at " + set.Listen + set.Socket + "."}
	}
	server := c.doorServer(set, deliver)
	c.door.set(true, "")
	c.d.Log.Info("listening for mail", "at", l.Addr().String(), "lmtp", set.LMTP)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(&doorListener{Listener: l, room: make(chan struct{}, doorAtOnce)}) }()
	select {
	case err := <-ended:
		return &connectors.Error{Op: opDoor, Class: connectors.Transient, Err: err}
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), doorGoodbye)
	defer cancel()
	if err := server.Shutdown(late); err != nil { // somebody is in the middle of a mail: it comes again
		_ = server.Close() // tells only that it was closed
	}
	<-ended
	return nil
}

func listenDoor(set *Door) (net.Listener, error) {
	if set.Socket == "" {
		return net.Listen("tcp", set.Listen)
	}
	if info, err := os.Lstat(set.Socket); err == nil && info.Mode()&os.ModeSocket != 0 {
		if err := os.Remove(set.Socket); err != nil { // of a process that ended without cleaning up
			return nil, err
		}
	}
	l, err := net.Listen("unix", set.Socket)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(set.Socket, 0o660); err != nil { // the MTA's group writes to it
		_ = l.Close() // nobody uses it
		return nil, err
	}
	return l, nil
}

func (c *Connector) doorServer(set *Door, deliver deliverer) *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		return &doorSession{c: c, deliver: deliver, conn: conn}, nil
	}))
	s.Domain, s.LMTP = set.Domain, set.LMTP
	s.MaxMessageBytes, s.MaxRecipients, s.MaxLineLength = c.most, doorRecipients, doorLine
	s.ReadTimeout, s.WriteTimeout = doorIdle, doorIdle
	s.TLSConfig, s.AllowInsecureAuth = c.doorTLS, false
	s.ErrorLog = doorLog{c.d.Log}
	if set.Socket != "" {
		s.Network = "unix"
	}
	return s
}

// doorLog gives what the library finds wrong to our log.
type doorLog struct{ log *slog.Logger }

func (l doorLog) Printf(format string, _ ...any) {
	l.log.Debug("mail server", "says", strings.TrimSuffix(format, "\n")) // the values may quote what people wrote
}

func (l doorLog) Println(...any) { l.log.Debug("mail server") }

// doorListener bounds how many connections there are at once and how long each may be silent.
type doorListener struct {
	net.Listener
	room chan struct{}
}

// Accept implements net.Listener.
func (l *doorListener) Accept() (net.Conn, error) {
	l.room <- struct{}{}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.room
		return nil, err
	}
	d := &doorConn{Conn: conn, leave: sync.OnceFunc(func() { <-l.room })}
	d.idle = time.AfterFunc(doorIdle, func() { _ = d.Close() }) // whoever reads sees the end
	d.whole = time.AfterFunc(doorMail, func() { _ = d.Close() })
	return d, nil
}

// doorConn lets go of its place when it is closed. The library sets one deadline per command, which a long mail would
// break: here each byte moves the silence on, and a command as a whole has its own time.
type doorConn struct {
	net.Conn
	leave       func()
	idle, whole *time.Timer
}

// SetReadDeadline implements net.Conn: a new command begins.
func (d *doorConn) SetReadDeadline(time.Time) error {
	d.idle.Reset(doorIdle)
	d.whole.Reset(doorMail)
	return nil
}

// Read implements net.Conn.
func (d *doorConn) Read(p []byte) (int, error) {
	n, err := d.Conn.Read(p)
	if err == nil {
		d.idle.Reset(doorIdle)
	}
	return n, err
}

// Close implements net.Conn.
func (d *doorConn) Close() error {
	d.idle.Stop()
	d.whole.Stop()
	d.leave()
	return d.Conn.Close()
}

// doorSession is one connection; one mail at a time.
type doorSession struct {
	c       *Connector
	deliver deliverer
	conn    *smtp.Conn
	from    string
	to      []string
}

var _ smtp.LMTPSession = (*doorSession)(nil)

func refuse(code int, enhanced smtp.EnhancedCode, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

// Mail implements smtp.Session.
func (s *doorSession) Mail(from string, _ *smtp.MailOptions) error {
	if hasControl(from) {
		return refuse(501, smtp.EnhancedCode{5, 1, 7}, "Bad sender address")
	}
	s.from, s.to = from, nil
	return nil
}

// Rcpt implements smtp.Session. Mail for others is never passed on.
func (s *doorSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if hasControl(to) || !strings.Contains(to, "@") {
		return refuse(501, smtp.EnhancedCode{5, 1, 3}, "Bad recipient address")
	}
	if !s.c.takes(to) {
		return refuse(550, smtp.EnhancedCode{5, 1, 1}, "No such recipient here")
	}
	s.to = append(s.to, to)
	return nil
}

// takes reports whether mail to an address is for us.
func (c *Connector) takes(to string) bool {
	a, set := untagged(to), c.set.Receive.SMTP
	if c.ours(to) || matches(set.Addresses, a) || matches(set.Addresses, to) {
		return true
	}
	if domainOf(a) != set.Domain {
		return false
	}
	for _, own := range []string{c.from.Address, c.set.ReplyTo, c.set.Bounces} {
		if localPart(untagged(own)) == localPart(a) {
			return true
		}
	}
	return localPart(a) == "postmaster" // whom every mail server must take
}

// Data implements smtp.Session.
func (s *doorSession) Data(r io.Reader) error {
	raw, err := readAll(r)
	if err != nil {
		return err
	}
	return s.keep(raw)
}

// LMTPData implements smtp.LMTPSession: what is kept is kept for all recipients at once.
func (s *doorSession) LMTPData(r io.Reader, _ smtp.StatusCollector) error { return s.Data(r) }

func readAll(r io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(r)
	var said *smtp.SMTPError
	switch {
	case errors.As(err, &said):
		return nil, said
	case errors.Is(err, smtp.ErrTooLongLine): // it would be so again
		return nil, refuse(554, smtp.EnhancedCode{5, 6, 0}, "A line of the mail is longer than 1 MiB")
	case err != nil:
		return nil, refuse(451, smtp.EnhancedCode{4, 4, 2}, "The mail broke off, please send it again")
	}
	return raw, nil
}

func (s *doorSession) keep(raw []byte) error {
	e := envelope{By: "smtp", Known: true, From: s.from, To: s.to, Helo: s.conn.Hostname()}
	if s.c.set.Receive.SMTP.LMTP {
		e.By = "lmtp"
	}
	if host, _, err := net.SplitHostPort(s.conn.Conn().RemoteAddr().String()); err == nil {
		e.IP = host
	}
	ctx := context.Background() // a sender that hangs up does not stop what it has sent from being kept
	if !s.c.hand(ctx, s.deliver, raw, e, s.c.d.Now()) {
		return refuse(451, smtp.EnhancedCode{4, 3, 0}, "Cannot keep the mail just now, please send it again")
	}
	return nil
}

// Reset implements smtp.Session.
func (s *doorSession) Reset() { s.from, s.to = "", nil }

// Logout implements smtp.Session.
func (s *doorSession) Logout() error { return nil }
