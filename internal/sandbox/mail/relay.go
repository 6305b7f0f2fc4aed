package mail

import (
	"errors"
	"net"
	"net/smtp"
	"net/textproto"
	"time"

	"signoff/internal/sandbox"
)

// relay sends a mail to the server of another domain: again after each pause while that is away or says 4xx, back to the
// sender when it says 5xx or the pauses are over.
func (s *Server) relay(env *envelope, raw []byte, to, server string) {
	defer func() {
		s.mu.Lock()
		s.moving--
		s.wake()
		s.mu.Unlock()
	}()
	for try := 0; ; try++ {
		err := s.offer(env, raw, to, server)
		status, note := 250, "delivered"
		var said *textproto.Error
		if errors.As(err, &said) {
			status, note = said.Code, said.Error()
		} else if err != nil {
			status, note = 0, err.Error()
		}
		s.record(sandbox.Entry{Direction: sandbox.Out, Method: "SMTP", Path: "MAIL <" + env.from + "> to " + to, Status: status, Note: note, Body: string(raw)})
		if err == nil {
			return
		}
		pause, more := s.retryPause(try)
		if status >= 500 || !more {
			s.bounce(env, to, note)
			return
		}
		if s.opt.Sleep(s.ctx, pause) != nil {
			return
		}
	}
}

// offer sends a mail once.
func (s *Server) offer(env *envelope, raw []byte, to, server string) error {
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(s.ctx, "tcp", server)
	if err != nil {
		return err
	}
	defer conn.Close()
	c, err := smtp.NewClient(conn, s.host())
	if err != nil {
		return err
	}
	if err := c.Hello(s.host()); err != nil {
		return err
	}
	return transmit(c, env.from, []string{to}, raw)
}

func transmit(c *smtp.Client, from string, to []string, raw []byte) error {
	if err := c.Mail(from); err != nil {
		return err
	}
	for _, one := range to {
		if err := c.Rcpt(one); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	return w.Close()
}

// Submit signs in as a person (an address or a name) and sends a mail byte by byte, through the same SMTP session as everybody. envelopeFrom is "" for
// the person's own address. The error is the server's answer.
func (s *Server) Submit(person, envelopeFrom string, to []string, raw []byte) error {
	me, err := s.Person(person)
	if err != nil {
		return err
	}
	if envelopeFrom == "" {
		envelopeFrom = me.Address
	}
	mine, theirs := net.Pipe()
	defer mine.Close()
	if !s.begin(theirs, func(ss *session) { ss.secure, ss.inner = true, true; s.smtp(ss) }) {
		return errors.New("the mail server is closed")
	}
	c, err := smtp.NewClient(mine, "localhost")
	if err != nil {
		return err
	}
	if err := c.Auth(smtp.PlainAuth("", me.Address, me.Password, "localhost")); err != nil {
		return err
	}
	return transmit(c, envelopeFrom, to, raw)
}
