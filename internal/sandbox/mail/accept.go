package mail

import (
	"bytes"
	"cmp"
	"fmt"
	"mime"
	"net/mail"
	"regexp"
	"strings"
	"time"
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
	out, err := new(mime.WordDecoder).DecodeHeader(value)
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

// trace is what a receiving server writes above a mail. The caller holds the lock.
func (s *Server) trace(env *envelope, id string) string {
	with := "ESMTP"
	if env.secure {
		with += "S"
	}
	if env.who != "" {
		with += "A"
	}
	v := Unknown()
	if a := s.account(env.author()); a != nil {
		v = a.Verdict
	}
	spf, dkim, dmarc := cmp.Or(v.SPF, "pass"), cmp.Or(v.DKIM, "pass"), cmp.Or(v.DMARC, "pass")
	domain := domainOf(env.author())
	return fmt.Sprintf("Authentication-Results: %s;\r\n\tspf=%s smtp.mailfrom=%s;\r\n\tdkim=%s header.d=%s;\r\n\tdmarc=%s header.from=%s\r\n"+
		"Received: from %s ([%s])\r\n\tby %s with %s id %s;\r\n\t%s\r\n",
		s.opt.AuthservID, spf, cmp.Or(env.from, "postmaster@"+env.helo), dkim, domain, dmarc, domain,
		env.helo, env.peer, s.host(), with, id, s.opt.Now().Format(dateLayout))
}

// results matches the start of an Authentication-Results field.
var results = regexp.MustCompile(`(?im)^Authentication-Results:[ \t\r\n]*([^;\s]+)`)

// cleaned takes out what the sender wrote in this server's name, as RFC 8601 section 5 asks.
func (s *Server) cleaned(raw []byte) []byte {
	head, body, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	var out []byte
	skip := false
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if len(line) == 0 || line[0] != ' ' && line[0] != '\t' {
			m := results.FindSubmatch(line)
			skip = m != nil && strings.EqualFold(string(m[1]), s.opt.AuthservID)
		}
		if !skip {
			out = append(append(out, line...), "\r\n"...)
		}
	}
	if found {
		out = append(append(out, "\r\n"...), body...)
	}
	return out
}

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
	s.take(&envelope{to: []string{env.from}, raw: []byte(text), helo: s.host(), peer: "127.0.0.1", eightBit: true})
}

func (s *Server) newID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	return fmt.Sprintf("%d.%d", s.opt.Now().Unix(), s.serial)
}

// Away is an absence. The zero value ends it.
type Away struct {
	Text string
	Rude bool // answers automatic mail and lists too, which no good responder does
}

// SetAway switches a person's vacation responder.
func (s *Server) SetAway(address string, away Away) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(address)
	if a == nil {
		return ErrNobody
	}
	a.away = away
	return nil
}

// answerAbsent sends the vacation reply of RFC 3834: to the envelope sender, once in a while, never to automatic mail.
func (s *Server) answerAbsent(a *account, env *envelope) {
	h := headerOf(env.raw)
	auto := h.Get("Auto-Submitted")
	automatic := auto != "" && !strings.EqualFold(auto, "no") || h.Get("List-Id") != "" || h.Get("Precedence") != "" || h.Get("X-Auto-Response-Suppress") != ""
	s.mu.Lock()
	person, away, key, now := a.Person, a.away, a.Address+" "+strings.ToLower(env.from), s.opt.Now()
	heard, before := s.told[key]
	skip := away.Text == "" || env.from == "" || automatic && !away.Rude || before && !away.Rude && now.Sub(heard) < s.opt.VacationEvery
	if !skip {
		s.told[key] = now
	}
	s.mu.Unlock()
	if skip {
		return
	}
	id := h.Get("Message-Id")
	text := "From: \"" + person.Name + "\" <" + person.Address + ">\r\nTo: <" + env.from + ">\r\nSubject: " + mime.QEncoding.Encode("utf-8", "Automatic reply: "+decoded(h.Get("Subject"))) +
		"\r\nDate: " + now.Format(dateLayout) + "\r\nMessage-ID: <away-" + s.newID() + "@" + s.host() + ">\r\nAuto-Submitted: auto-replied\r\n"
	if id != "" {
		text += "In-Reply-To: " + id + "\r\nReferences: " + id + "\r\n"
	}
	text += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + strings.ReplaceAll(away.Text, "\n", "\r\n") + "\r\n"
	s.take(&envelope{to: []string{env.from}, raw: []byte(text), helo: s.host(), peer: "127.0.0.1", eightBit: true})
}

// retryPause is the pause before a repeat; ok is false when there is none.
func (s *Server) retryPause(try int) (time.Duration, bool) {
	if try >= len(s.opt.RetryAfter) {
		return 0, false
	}
	return s.opt.RetryAfter[try], true
}
