package mail

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"strings"
)

// Verdict is what the receiving server finds out about a mail, in the words of RFC 8601. The zero value passes.
type Verdict struct{ SPF, DKIM, DMARC string }

// String is the verdict in the words of RFC 8601.
func (v Verdict) String() string {
	return fmt.Sprintf("spf=%s dkim=%s dmarc=%s", cmp.Or(v.SPF, "pass"), cmp.Or(v.DKIM, "pass"), cmp.Or(v.DMARC, "pass"))
}

// Unknown is the verdict about a domain that vouches for nobody.
func Unknown() Verdict { return Verdict{SPF: "none", DKIM: "none", DMARC: "none"} }

// Forged is the verdict about mail that its domain disowns.
func Forged() Verdict { return Verdict{SPF: "fail", DKIM: "fail", DMARC: "fail"} }

// SetVerdict decides what is found from now on about mail that the domain's own server sent. An address stands for its domain.
// Mail in the name of somebody else is not touched by it: that fails in any case.
func (s *Server) SetVerdict(domain string, v Verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verdicts[domainOf(domain)] = v
}

// verdict is what is found about a mail, and the domain whose key signed it. A person vouches for mail in their own name; the
// server of a domain outside, for everybody there. The caller holds the lock.
func (s *Server) verdict(env *envelope) (v Verdict, signer string) {
	author := env.author()
	domain := domainOf(author)
	known, told := s.verdicts[domain]
	owner := s.account(author)
	switch {
	case env.who == "" && s.local(domain):
		return Verdict{SPF: "fail", DKIM: "none", DMARC: "fail"}, domain // its people would have signed in
	case env.who == "" && !told:
		return Unknown(), domain
	case env.who == "", owner != nil && owner.Address == env.who, domain != s.opt.Domain && domain == domainOf(env.who):
		return known, domain
	}
	signer = domainOf(env.who) // honest about where it comes from, and no word for whom it names
	v = s.verdicts[signer]
	v.DMARC = "fail"
	return v, signer
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
	v, signer := s.verdict(env)
	return fmt.Sprintf("Authentication-Results: %s;\r\n\tspf=%s smtp.mailfrom=%s;\r\n\tdkim=%s header.d=%s;\r\n\tdmarc=%s header.from=%s\r\n"+
		"Received: from %s ([%s])\r\n\tby %s with %s id %s;\r\n\t%s\r\n",
		s.opt.AuthservID, cmp.Or(v.SPF, "pass"), cmp.Or(env.from, "postmaster@"+env.helo), cmp.Or(v.DKIM, "pass"), signer,
		cmp.Or(v.DMARC, "pass"), domainOf(env.author()), env.helo, env.peer, s.host(), with, id, s.opt.Now().Format(dateLayout))
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
