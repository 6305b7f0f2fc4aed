package email

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"signoff/connectors"
)

const (
	opSend   = "send mail"
	sendTime = 25 * time.Second // for one call; the engine gives it half a minute
	quitTime = 2 * time.Second
)

// relay is one connection to the server that takes our mail.
type relay struct {
	c    *Connector
	conn net.Conn
	cl   *smtp.Client
	stop func() bool
}

// dialRelay connects and signs in. Nothing was sent when it fails.
func (c *Connector) dialRelay(ctx context.Context) (*relay, error) {
	set := c.set.Send.SMTP
	r := &relay{c: c}
	options := []mail.Option{
		mail.WithPort(set.Port), mail.WithTimeout(sendTime), mail.WithHELO(domainOf(c.from.Address)),
		mail.WithTLSPolicy(mail.NoTLS), mail.WithTLSConfig(c.sendTLS),
		mail.WithDialContextFunc(func(ctx context.Context, _, address string) (net.Conn, error) {
			conn, err := c.dial(ctx, address, set.TLS == tlsImplicit, c.sendTLS)
			r.conn = conn
			return conn, err
		}),
	}
	if set.TLS == tlsStart {
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	client, err := mail.NewClient(set.Host, options...)
	if err != nil {
		return nil, &connectors.Error{Op: opSend, Class: connectors.Rejected, Err: err}
	}
	client.SetSMTPAuth(mail.SMTPAuthNoAuth) // below, where we know whether the line is private
	if r.cl, err = client.DialToSMTPClientWithContext(ctx); err != nil {
		r.hangUp()
		return nil, c.sendFailed("connect", err)
	}
	r.stop = context.AfterFunc(ctx, r.hangUp)
	if err := r.signIn(); err != nil {
		r.hangUp()
		return nil, err
	}
	return r, nil
}

// hangUp ends the connection without a word.
func (r *relay) hangUp() {
	if r.conn != nil {
		_ = r.conn.Close() // whoever waits on it is told by the error
	}
}

// quit ends it politely, and does not wait for long: everything that counts was answered before.
func (r *relay) quit() {
	late := time.AfterFunc(quitTime, r.hangUp)
	defer late.Stop()
	_ = r.cl.Quit() // its answer changes nothing
	r.stop()
	r.hangUp()
}

func (r *relay) signIn() error {
	set := r.c.set.Send.SMTP
	if set.User == "" {
		return nil
	}
	auth, err := r.auth()
	if err != nil {
		return err
	}
	if err := r.cl.Auth(auth); err != nil {
		if said, code := replied(err); said && code/100 == 5 {
			return &connectors.Error{Op: opSend, Class: connectors.Denied, Err: fmt.Errorf("the account is refused: %w", r.c.masked(err)),
				Person: "The mail server " + set.Host + " refuses the account " + set.User + ": check send.smtp.user and password."}
		}
		return r.c.sendFailed("sign in", err)
	}
	return nil
}

// auth chooses a way to sign in that the server offers. The password itself goes over a private line only, or to a server
// on this machine.
func (r *relay) auth() (smtp.Auth, error) {
	set := r.c.set.Send.SMTP
	ok, offered := r.cl.Extension("AUTH")
	words := strings.Fields(strings.ToUpper(offered))
	open := set.TLS == tlsNone
	token, err := bearer(set.Token, set.TokenFile)
	switch {
	case err != nil:
		return nil, r.c.sendFailed("sign in", err)
	case !ok:
		return nil, &connectors.Error{Op: opSend, Class: connectors.Denied, Err: errors.New("the server offers no way to sign in"),
			Person: "The mail server " + set.Host + " offers no way to sign in on this port; check send.smtp.port and tls, or take user and password out."}
	case token != "":
		return smtp.XOAuth2Auth(set.User, token), nil
	case slices.Contains(words, "PLAIN"):
		return smtp.PlainAuth("", set.User, set.Password.Reveal(), set.Host, open), nil
	case slices.Contains(words, "LOGIN"):
		return smtp.LoginAuth(set.User, set.Password.Reveal(), set.Host, open), nil
	case slices.Contains(words, "SCRAM-SHA-256"):
		return smtp.ScramSHA256Auth(set.User, set.Password.Reveal()), nil
	case slices.Contains(words, "CRAM-MD5"):
		return smtp.CRAMMD5Auth(set.User, set.Password.Reveal()), nil
	}
	return nil, &connectors.Error{Op: opSend, Class: connectors.Denied, Err: fmt.Errorf("the server offers only %s", printable(offered)),
		Person: "signoff knows none of the ways in which the mail server " + set.Host + " lets people sign in."}
}

// errLost says that a mail left whole and nobody said whether it was taken.
var errLost = errors.New("the mail was sent, and no answer came")

// send gives one mail to the server. After an error that is not Unsure it surely was not taken.
func (r *relay) send(from, to string, raw []byte) error {
	r.cl.SkipSMTPUTF8(ascii(from + to)) // asked for needlessly it keeps mail from older servers
	if ok, _ := r.cl.Extension("SMTPUTF8"); !ok && !ascii(from+to) {
		return &connectors.Error{Op: opSend, Class: connectors.Rejected, Err: errors.New("the server takes no addresses in other letters (SMTPUTF8)"),
			Person: "The mail server " + r.c.set.Send.SMTP.Host + " takes no addresses like " + to + ": it knows plain letters only."}
	}
	if err := r.cl.Mail("<" + from + ">"); err != nil {
		return r.refused("sender", to, err)
	}
	if err := r.cl.Rcpt("<" + to + ">"); err != nil {
		return r.refused("recipient", to, err)
	}
	w, err := r.cl.Data()
	if err != nil {
		return r.refused("data", to, err)
	}
	if _, err := io.Copy(w, bytes.NewReader(raw)); err != nil {
		r.hangUp() // before the end of the mail: a QUIT would end it in the middle and have it taken
		return r.c.sendFailed("data", err)
	}
	err = w.Close()
	if said, _ := replied(err); err == nil || said {
		return r.refused("mail", to, err)
	}
	r.hangUp()
	return &connectors.Error{Op: opSend, Class: connectors.Unsure, Err: fmt.Errorf("%w: %w", errLost, plain(err))}
}

// replied reports whether err is an answer of the server, and its code.
func replied(err error) (ok bool, code int) {
	var said *textproto.Error
	if errors.As(err, &said) {
		return true, said.Code
	}
	return false, 0
}

// refused gives the answer of a server its class.
func (r *relay) refused(what, to string, err error) error {
	if err == nil {
		return nil
	}
	said, code := replied(err)
	if !said {
		r.hangUp()
		return r.c.sendFailed(what, err)
	}
	_ = r.cl.Reset() // so that the next mail on this line begins anew; when it fails so will that
	e := &connectors.Error{Op: opSend, Err: fmt.Errorf("%s: %w", what, r.c.masked(err))}
	switch {
	case code == 530 || code == 535 || code == 538:
		e.Class, e.Person = connectors.Denied, "The mail server "+r.c.set.Send.SMTP.Host+" wants signoff to sign in: check send.smtp.user and password."
	case code == 421 || code == 450 || code == 451 || code == 452 || code/100 == 4:
		e.Class, e.Wait = connectors.Transient, time.Minute
	case what == "sender":
		e.Class, e.Person = connectors.Rejected, "The mail server "+r.c.set.Send.SMTP.Host+" does not let signoff send under its return address: "+plain(r.c.masked(err)).Error()
		if r.c.verp() {
			e.Person += ". Where an account may send in its own name only, set send.verp: false."
		}
	default:
		why := plain(r.c.masked(err)).Error()
		e.Class, e.Person = connectors.Rejected, "The mail server does not take mail to "+to+": "+why
		e.Mail = &connectors.RefusedMail{Address: to, Why: clip(why, 200), Hard: what == "recipient" && !strings.Contains(why, " 5.7.")} // 5.7: somebody forbids this mail
	}
	return e
}

// sendFailed is an error before anything could have been taken.
func (c *Connector) sendFailed(what string, err error) error {
	e := &connectors.Error{Op: opSend, Class: connectors.Transient, Err: fmt.Errorf("%s: %w", what, plain(c.masked(err)))}
	if untrusted(err) {
		e.Class = connectors.Denied
		e.Person = "The mail server " + c.set.Send.SMTP.Host + " cannot show who it is: its certificate is not the one of that name."
	}
	return e
}

// masked takes our password out of what a server or a library says.
func (c *Connector) masked(err error) error {
	words := err.Error()
	var said *textproto.Error
	if errors.As(err, &said) {
		words = fmt.Sprintf("%d %s", said.Code, said.Msg)
		err = &answer{said: said, words: words}
	}
	for _, s := range []string{c.set.Send.SMTP.Password.Reveal(), c.set.Send.SMTP.Token.Reveal()} {
		if s != "" && strings.Contains(words, s) {
			return errors.New(strings.ReplaceAll(words, s, "***"))
		}
	}
	return err
}

// answer is what a server said, in its own words.
type answer struct {
	said  *textproto.Error
	words string
}

func (a *answer) Error() string { return a.words }
func (a *answer) Unwrap() error { return a.said }

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e })
}

// untrusted reports that the other side could not show who it is. There is no going on without TLS.
func untrusted(err error) bool {
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &cert) || errors.As(err, &record)
}
