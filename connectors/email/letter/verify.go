package letter

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"

	"blitiri.com.ar/go/spf"
	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-msgauth/dmarc"
	"golang.org/x/net/publicsuffix"
)

// Method is how it is known that a mail comes from the domain in its From.
type Method string

// Methods, the strongest first.
const (
	DMARC Method = "dmarc"
	DKIM  Method = "dkim" // a signature of the domain; it publishes no policy
	SPF   Method = "spf"  // the envelope's sender is of the domain and came from its server; it publishes no policy
	None  Method = "none"
)

// Verdict is whether the author of a mail is who they say, as far as their domain vouches for them.
type Verdict struct {
	How      Method
	Domain   string // of From, which was verified or not
	Authserv string // the server whose word was taken; empty when we looked ourselves
	// Temporary says that a name could not be looked up: the same question may have another answer in a few minutes.
	Temporary bool
	Why       string // a clause for logs and pages: "dkim of example.org failed: body hash did not verify"
}

// Resolver looks up names. A *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
	LookupAddr(ctx context.Context, addr string) (names []string, err error)
}

// Trust says whose word counts.
type Trust struct {
	Authserv []string // the servers whose Authentication-Results are believed; they strip those of others
	Resolver Resolver // for our own check where no such field stands in the mail; nil: there is none
	Envelope Envelope // for SPF, where the client's address is the sender's own server
}

const (
	signaturesMost = 5
	signatureLong  = 3 << 10
	lookupsMost    = 30 // names that one mail may have us look up
)

// Verify tells whether the domain in From vouches for a mail. raw is the mail as it came, byte by byte. A mail with several
// authors, or with two From fields, is verified by nobody: what one program checks another would not show.
func Verify(ctx context.Context, raw []byte, t Trust) Verdict {
	raw = trim(raw)
	root, refused := scan(raw)
	from := root.fields.addresses("from")
	if len(from) != 1 || len(root.fields.all("from")) != 1 {
		return Verdict{How: None, Why: "it does not name one author"}
	}
	v := Verdict{How: None, Domain: domain(from[0].Address)}
	if name := twice(root.fields); name != "" {
		v.Why = name + " stands in it twice"
		return v
	}
	if said, server, ok := trusted(root.fields, t.Authserv); ok {
		v.Authserv = server
		v.How, v.Why = said.judge(v.Domain)
		return v
	}
	if t.Resolver == nil {
		v.Why = "no server that is believed looked at it"
		return v
	}
	if refused != nil {
		v.Why = "it was not read"
		return v
	}
	c := &check{ctx: ctx, resolver: t.Resolver, domain: v.Domain}
	return c.verify(raw, root.fields, t.Envelope, v)
}

// twice finds a field that may stand once and does not. Signatures cover the last, mail is read by the first: another subject
// or reply token could be put before what somebody signed.
func twice(h header) string {
	seen := map[string]bool{}
	for _, f := range h {
		switch f.name {
		case "subject", "content-type", "content-transfer-encoding", "date", "message-id", "in-reply-to", "references":
			if seen[f.name] {
				return f.name
			}
			seen[f.name] = true
		}
	}
	return ""
}

// check is our own look at one mail.
type check struct {
	ctx      context.Context
	resolver Resolver
	domain   string
	lookups  atomic.Int32 // signatures are looked at side by side
	temp     bool
}

// verify looks for a signature or a server of the domain, and for the policy that says how closely they must fit.
func (c *check) verify(raw []byte, h header, e Envelope, v Verdict) Verdict {
	signers, why := c.signers(raw, h)
	sender := c.sender(h, e)
	if len(signers) == 0 && sender == "" {
		v.Temporary, v.Why = c.temp, why
		return v
	}
	record, err := c.policy()
	if err != nil {
		v.Temporary, v.Why = true, "its DMARC policy could not be looked up: "+err.Error()
		return v
	}
	strictDKIM := record != nil && record.DKIMAlignment == dmarc.AlignmentStrict
	strictSPF := record != nil && record.SPFAlignment == dmarc.AlignmentStrict
	switch {
	case slices.ContainsFunc(signers, func(d string) bool { return aligned(d, c.domain, strictDKIM) }):
		v.How = DKIM
	case sender != "" && aligned(sender, c.domain, strictSPF):
		v.How = SPF
	default:
		v.Temporary, v.Why = c.temp, "it was signed or sent by another domain"
		return v
	}
	if record != nil {
		v.How = DMARC
	}
	return v
}

// signers are the domains whose signatures hold and that may fit the domain of From.
func (c *check) signers(raw []byte, h header) (domains []string, why string) {
	signatures := h.all("dkim-signature")
	if len(signatures) == 0 {
		return nil, "it bears no signature"
	}
	if slices.ContainsFunc(signatures, func(s string) bool { return len(s) > signatureLong }) {
		return nil, "its signature is too long to be one"
	}
	found, err := dkim.VerifyWithOptions(bytes.NewReader(crlf(raw)), &dkim.VerifyOptions{LookupTXT: c.lookupTXT, MaxVerifications: signaturesMost})
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) {
		return nil, "its signature cannot be read"
	}
	for _, s := range found {
		switch {
		case s.Err == nil && aligned(s.Domain, c.domain, false):
			domains = append(domains, strings.ToLower(s.Domain))
		case s.Err == nil:
			why = "it was signed by another domain"
		case dkim.IsTempFail(s.Err) && aligned(s.Domain, c.domain, false):
			c.temp, why = true, "the key of its signature could not be looked up"
		default:
			why = "the signature of " + oneLine(repair(s.Domain)) + " does not hold: " + oneLine(repair(s.Err.Error()))
		}
	}
	return domains, why
}

// crlf gives a mail whose lines end in LF alone, as mailboxes on disk keep them, the line ends it was signed with.
func crlf(raw []byte) []byte {
	i := bytes.IndexByte(raw, '\n')
	if i < 0 || i > 0 && raw[i-1] == '\r' {
		return raw
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
}

// sender is the domain of the envelope's sender when SPF passes for it.
func (c *check) sender(h header, e Envelope) string {
	if !e.Known || !e.IP.IsValid() || e.From == "" {
		return ""
	}
	result, _ := spf.CheckHostWithSender(net.IP(e.IP.AsSlice()), e.Helo, e.From, spf.WithContext(c.ctx), spf.WithResolver(counted{c})) // the result says it all
	switch result {
	case spf.Pass:
		return domain(e.From)
	case spf.TempError:
		c.temp = true
	}
	return ""
}

// policy finds the DMARC record of the domain or of the organisation above it; nil when there is none. The error is temporary.
func (c *check) policy() (*dmarc.Record, error) {
	for _, name := range []string{c.domain, organisation(c.domain)} {
		record, err := dmarc.LookupWithOptions(name, &dmarc.LookupOptions{LookupTXT: c.lookupTXT})
		switch {
		case err == nil:
			return record, nil
		case dmarc.IsTempFail(err):
			return nil, err
		}
	}
	return nil, nil
}

// lookupTXT looks up a record. Whatever goes wrong besides that there is none is temporary.
func (c *check) lookupTXT(name string) ([]string, error) {
	if c.lookups.Add(1) > lookupsMost {
		return nil, &net.DNSError{Err: "too many names", Name: name, IsNotFound: true}
	}
	found, err := c.resolver.LookupTXT(c.ctx, name)
	return found, temporary(name, err)
}

func temporary(name string, err error) error {
	var dns *net.DNSError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &dns) && (dns.IsNotFound || dns.IsTemporary):
		return dns
	}
	return &net.DNSError{Err: err.Error(), Name: name, IsTemporary: true}
}

// counted is the resolver with the bound of one mail.
type counted struct{ c *check }

func (r counted) LookupTXT(_ context.Context, name string) ([]string, error) {
	return r.c.lookupTXT(name)
}
func (r counted) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	return r.c.resolver.LookupMX(ctx, name)
}
func (r counted) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	return r.c.resolver.LookupIPAddr(ctx, host)
}
func (r counted) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	return r.c.resolver.LookupAddr(ctx, addr)
}

// aligned reports whether a domain may vouch for another: it is the same, or unless strict one of the same organisation.
func aligned(domain, from string, strict bool) bool {
	domain, from = strings.ToLower(strings.TrimSuffix(domain, ".")), strings.ToLower(from)
	if domain == "" || from == "" {
		return false
	}
	if strict || domain == from {
		_, listed := publicsuffix.PublicSuffix(domain)
		return domain == from && (strings.Contains(domain, ".") || !listed)
	}
	org := organisation(from)
	return org != "" && org == organisation(domain)
}

// organisation is the domain under which an organisation registered its names; the name itself where the list has none.
func organisation(name string) string {
	org, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return name
	}
	return org
}
