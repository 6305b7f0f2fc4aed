package mail

import (
	"mime"
	"net/mail"
	"slices"
	"strings"
)

// Away is an absence. The zero value ends it.
type Away struct {
	Text string
	Rude bool // answers automatic mail and lists too, and everybody each time, which no good responder does
}

// SetAway switches a person's vacation responder. A new absence is told to everybody again.
func (s *Server) SetAway(who string, away Away) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.someone(who)
	if a == nil {
		return ErrNobody
	}
	if a.away != away {
		for key := range s.told {
			if strings.HasPrefix(key, a.Address+" ") {
				delete(s.told, key)
			}
		}
	}
	a.away = away
	s.wake()
	return nil
}

// AwayOf is a person's absence; the zero value when there is none.
func (s *Server) AwayOf(who string) Away {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.someone(who); a != nil {
		return a.away
	}
	return Away{}
}

// automatic reports whether RFC 3834 section 2 forbids an answer: machines and lists get none.
func automatic(h mail.Header, from string) bool {
	local, _, _ := strings.Cut(strings.ToLower(from), "@")
	suppressed := strings.ToLower(h.Get("X-Auto-Response-Suppress"))
	switch auto := strings.TrimSpace(strings.ToLower(h.Get("Auto-Submitted"))); {
	case auto != "" && auto != "no", h.Get("List-Id") != "", h.Get("List-Unsubscribe") != "":
	case slices.Contains([]string{"bulk", "junk", "list"}, strings.ToLower(h.Get("Precedence"))):
	case strings.Contains(suppressed, "oof"), strings.Contains(suppressed, "all"), strings.Contains(suppressed, "autoreply"):
	case local == "mailer-daemon", local == "postmaster", strings.HasPrefix(local, "owner-"), strings.HasSuffix(local, "-request"), strings.HasPrefix(local, "noreply"), strings.HasPrefix(local, "no-reply"):
	default:
		return false
	}
	return true
}

// named reports whether a mail names the person among those it is to; a copy in secret is not answered.
func (a *account) named(h mail.Header) bool {
	for _, field := range []string{"To", "Cc"} {
		list, _ := mail.ParseAddressList(h.Get(field)) // what cannot be read names nobody
		for _, to := range list {
			if mine := untagged(to.Address); strings.EqualFold(mine, a.Address) || slices.ContainsFunc(a.Aliases, func(other string) bool { return strings.EqualFold(mine, other) }) {
				return true
			}
		}
	}
	return false
}

// answerAbsent sends the vacation reply of RFC 3834: to the envelope sender, once in a while, never to automatic mail.
func (s *Server) answerAbsent(a *account, env *envelope) {
	h := headerOf(env.raw)
	s.mu.Lock()
	person, away, key, now := a.Person, a.away, a.Address+" "+strings.ToLower(env.from), s.opt.Now()
	heard, before := s.told[key]
	polite := !automatic(h, env.from) && a.named(h) && !(before && now.Sub(heard) < s.opt.VacationEvery)
	skip := away.Text == "" || env.from == "" || strings.EqualFold(env.from, a.Address) || !polite && !away.Rude
	if !skip {
		s.told[key] = now
	}
	s.mu.Unlock()
	if skip {
		return
	}
	text := "From: " + (&mail.Address{Name: person.Name, Address: person.Address}).String() + "\r\nTo: <" + env.from + ">\r\nSubject: " +
		mime.QEncoding.Encode("utf-8", "Automatic reply: "+decoded(h.Get("Subject"))) +
		"\r\nDate: " + now.Format(dateLayout) + "\r\nMessage-ID: <away-" + s.newID() + "@" + domainOf(person.Address) + ">\r\nAuto-Submitted: auto-replied\r\n"
	if id := h.Get("Message-Id"); id != "" {
		text += "In-Reply-To: " + id + "\r\nReferences: " + folded(append(strings.Fields(h.Get("References")), id)) + "\r\n"
	}
	text += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + lines(away.Text) + "\r\n"
	s.take(&envelope{to: []string{env.from}, raw: []byte(text), who: person.Address, auto: true, helo: s.host(), peer: "127.0.0.1", eightBit: true})
}
