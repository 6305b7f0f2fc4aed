package mail

import (
	"bytes"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"signoff/internal/sandbox"
)

const dateLayout = "Mon, 02 Jan 2006 15:04:05 -0700"

// headerOf reads the header of a mail; what cannot be read is left out.
func headerOf(raw []byte) mail.Header {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	m, err := mail.ReadMessage(bytes.NewReader(append(bytes.Clone(head), "\r\n\r\n"...)))
	if err != nil {
		return mail.Header{}
	}
	return m.Header
}

func decoded(value string) string {
	out, err := words.DecodeHeader(value)
	if err != nil {
		return value
	}
	return out
}

// author is the address in From, or that of the envelope.
func (env *envelope) author() string {
	if list, err := mail.ParseAddressList(headerOf(env.raw).Get("From")); err == nil {
		return list[0].Address
	}
	return env.from
}

// take delivers an accepted mail: into mailboxes here, onward by a route, or back to its sender. It returns the mail's id.
func (s *Server) take(env *envelope) string {
	s.mu.Lock()
	s.serial++
	id := fmt.Sprintf("%08X", s.serial)
	raw := append([]byte(s.trace(env, id)), s.cleaned(env.raw)...)
	lost := map[string]string{}
	var away []*account
	if a := s.account(env.who); a != nil && !env.auto {
		s.add(a.box(sent), env.raw, s.opt.Now(), `\Seen`) // as Gmail keeps what it is given to send
	}
	for _, to := range env.to {
		a, domain := s.account(to), domainOf(to)
		switch {
		case a != nil:
			s.add(a.boxes[0], append([]byte("Return-Path: <"+env.from+">\r\nDelivered-To: "+to+"\r\n"), raw...), s.opt.Now())
			away = append(away, a)
		case s.opt.Routes[domain] != "":
			s.moving++
			s.work.Go(func() { s.relay(env, raw, to, s.opt.Routes[domain]) })
		case s.local(domain):
			lost[to] = "550 5.1.1 User unknown"
		default:
			lost[to] = "550 5.1.2 Host or domain name not found"
		}
	}
	s.mu.Unlock()
	s.noteMail(env, 250, "queued as "+id)
	for to, why := range lost {
		s.bounce(env, to, why)
	}
	for _, a := range away {
		s.answerAbsent(a, env)
	}
	return id
}

// noteMail puts a mail into the ledger: one that the product sent, or one that is laid before it. What people write to one
// another is theirs.
func (s *Server) noteMail(env *envelope, status int, note string) {
	e := sandbox.Entry{Direction: sandbox.In, Method: overSMTP, Path: "MAIL <" + env.from + "> to " + strings.Join(env.to, ", "), Status: status, Note: note, Body: string(env.raw)}
	if m := keyed.FindStringSubmatch(decoded(headerOf(env.raw).Get("Subject"))); m != nil {
		e.Mark = m[1]
	}
	if env.inner || env.auto {
		s.mu.Lock()
		served := slices.ContainsFunc(env.to, func(to string) bool { a := s.account(to); return a != nil && a.Service })
		s.mu.Unlock()
		if !served {
			return
		}
		e.Direction = sandbox.Out
	}
	s.record(e)
}

// keyed finds the request that a subject names.
var keyed = regexp.MustCompile(`\[([A-Z][A-Z0-9]*-\d+)\]`)

// bounce tells the sender that a mail could not be delivered (RFC 3464). The null sender is told nothing.
func (s *Server) bounce(env *envelope, to, why string) {
	if env.from == "" {
		return
	}
	status := "5.0.0"
	if words := strings.Fields(why); len(words) > 1 && strings.Count(words[1], ".") == 2 {
		status = words[1]
	}
	head, _, _ := bytes.Cut(env.raw, []byte("\r\n\r\n"))
	now, mark := s.opt.Now(), "report-"+s.newID()
	text := "From: Mail Delivery System <MAILER-DAEMON@" + s.host() + ">\r\nTo: <" + env.from + ">\r\nSubject: Undelivered Mail Returned to Sender\r\n" +
		"Date: " + now.Format(dateLayout) + "\r\nMessage-ID: <" + mark + "@" + s.host() + ">\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=\"" + mark + "\"\r\n\r\n--" + mark +
		"\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nYour message could not be delivered to <" + to + ">:\r\n" + why + "\r\n\r\n--" + mark +
		"\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; " + s.host() + "\r\nArrival-Date: " + now.Format(dateLayout) +
		"\r\n\r\nFinal-Recipient: rfc822; " + to + "\r\nAction: failed\r\nStatus: " + status + "\r\nDiagnostic-Code: smtp; " + why + "\r\n\r\n--" + mark +
		"\r\nContent-Type: text/rfc822-headers\r\n\r\n" + string(head) + "\r\n\r\n--" + mark + "--\r\n"
	s.take(&envelope{to: []string{env.from}, raw: []byte(text), helo: s.host(), peer: "127.0.0.1", eightBit: true, auto: true})
}

func (s *Server) newID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	return fmt.Sprintf("%d.%d", s.opt.Now().Unix(), s.serial)
}

// retryPause is the pause before a repeat; ok is false when there is none.
func (s *Server) retryPause(try int) (time.Duration, bool) {
	if try >= len(s.opt.RetryAfter) {
		return 0, false
	}
	return s.opt.RetryAfter[try], true
}
