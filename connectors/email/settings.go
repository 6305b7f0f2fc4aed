package email

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"signoff/connectors"
	"signoff/internal/secret"
)

// Settings are what the configuration says of one mail account.
type Settings struct {
	Receive Receive `yaml:"receive" doc:"How mail comes in."`
	Send    Send    `yaml:"send" doc:"How mail goes out."`
	From    string  `yaml:"from" doc:"Who mails come from: a name and an address."`
	ReplyTo string  `yaml:"reply_to"` // where answers go, with a tag of ours behind a +; default: the address of from
	Bounces string  `yaml:"bounces" doc:"Where failures of delivery come back. Default: reply_to."`
}

// Receive says how mail comes in, and from whom it is taken.
type Receive struct {
	IMAP       *Mailbox `yaml:"imap"`
	SMTP       *Door    `yaml:"smtp"`
	AcceptFrom []string `yaml:"accept_from"` // addresses and *@domain; empty: everybody
	Require    string   `yaml:"require"`     // dmarc (default), none
	AuthservID []string `yaml:"authserv_id"` // whose Authentication-Results are believed
	Lists      []string `yaml:"lists" doc:"Mailing lists, by List-Id, whose mails open requests."`
	DNS        string   `yaml:"dns" doc:"The resolver as host:port. Default: the system's."`
}

// Mailbox is an account that is read by IMAP.
type Mailbox struct {
	Host     string        `yaml:"host" doc:"The server."`
	Port     int           `yaml:"port" doc:"Its port."`
	TLS      string        `yaml:"tls"` // implicit, starttls, none
	CA       string        `yaml:"ca" doc:"A file with the certificate that its certificate is checked by."`
	User     string        `yaml:"user" doc:"The account."`
	Password secret.Secret `yaml:"password" doc:"Its password."`
	Token    secret.Secret `yaml:"token" doc:"An OAuth access token in place of a password."`
	// TokenFile holds the token where something else renews it; it is read each time we sign in.
	TokenFile string `yaml:"token_file" doc:"A file that holds the current access token."`
	Mailbox   string `yaml:"mailbox" doc:"The folder that is read."`
	Done      string `yaml:"done"`
	Failed    string `yaml:"failed" doc:"Where mail goes that cannot be read."`
	Auto      string `yaml:"auto"`
}

// Door is a server of our own that takes mail by SMTP or LMTP.
type Door struct {
	Listen      string   `yaml:"listen" doc:"Address and port of the server."`
	Socket      string   `yaml:"socket"` // LMTP on a unix socket
	LMTP        bool     `yaml:"lmtp" doc:"LMTP in place of SMTP."`
	Domain      string   `yaml:"domain" doc:"The name by which the server greets."`
	Addresses   []string `yaml:"addresses" doc:"For whom mail is taken besides the addresses of from and reply_to."`
	Certificate string   `yaml:"certificate" doc:"A file with the certificate for TLS."`
	Key         string   `yaml:"key" doc:"A file with its key."`
}

// Send says how mail goes out.
type Send struct {
	SMTP *Relay `yaml:"smtp" doc:"Your mail server."`
	From string `yaml:"from" doc:"Who mails come from: a name and an address."`
	VERP *bool  `yaml:"verp" doc:"Whether the sender of the envelope names the mail, so that bounces are told apart."`
}

// Relay is the server that takes our mail.
type Relay struct {
	Host     string        `yaml:"host" doc:"The server."`
	Port     int           `yaml:"port" doc:"Its port."`
	TLS      string        `yaml:"tls"` // starttls, implicit, none
	CA       string        `yaml:"ca" doc:"A file with the certificate that its certificate is checked by."`
	User     string        `yaml:"user" doc:"The account."`
	Password secret.Secret `yaml:"password" doc:"Its password."`
	Token    secret.Secret `yaml:"token" doc:"An OAuth access token in place of a password."`
	// TokenFile is as in Mailbox.
	TokenFile string `yaml:"token_file" doc:"A file that holds the current access token."`
}

const (
	tlsImplicit = "implicit"
	tlsStart    = "starttls"
	tlsNone     = "none"

	requireDMARC = "dmarc"
	requireNone  = "none"
)

func problem(key, format string, args ...any) error {
	return &connectors.SettingError{Key: key, Text: fmt.Sprintf(format, args...)}
}

// complete fills in defaults and says what cannot be right; all problems at once.
func (s *Settings) complete() error {
	var all []error
	if s.Receive.IMAP == nil && s.Receive.SMTP == nil && s.Send.SMTP == nil {
		all = append(all, problem("receive", "say how mail comes in: receive.imap for a mailbox, receive.smtp for a server of our own; and send.smtp for answers"))
	}
	all = append(all, s.addresses()...)
	all = append(all, s.Receive.complete()...)
	if r := s.Send.SMTP; r != nil {
		all = append(all, r.complete()...)
	}
	return errors.Join(all...)
}

// addresses reads from, reply_to and bounces.
func (s *Settings) addresses() (all []error) {
	key := "from"
	switch {
	case s.From == "":
		s.From, key = s.Send.From, "send.from"
	case s.Send.From != "" && s.Send.From != s.From:
		return []error{problem("send.from", "from stands here and above with two addresses; leave one out")}
	}
	if s.From == "" {
		return []error{problem("from", `the address that signoff writes from is missing, for example "Requests <requests@lumen.example>"`)}
	}
	from, err := parseAddress(s.From)
	if err != nil {
		return []error{problem(key, `%q is no address; write "Requests <requests@lumen.example>"`, s.From)}
	}
	for _, one := range []struct {
		key   string
		value *string
		or    string
	}{{"reply_to", &s.ReplyTo, from.Address}, {"bounces", &s.Bounces, s.ReplyTo}} {
		if *one.value == "" {
			*one.value = one.or
			if one.key == "bounces" {
				*one.value = s.ReplyTo
			}
			continue
		}
		a, err := parseAddress(*one.value)
		switch {
		case err != nil:
			all = append(all, problem(one.key, "%q is no address", *one.value))
		case strings.Contains(localPart(a.Address), "+"):
			all = append(all, problem(one.key, "write the address without a +; signoff puts a tag of its own behind one"))
		default:
			*one.value = strings.ToLower(a.Address)
		}
	}
	return all
}

func (r *Receive) complete() (all []error) {
	if r.Require == "" {
		r.Require = requireDMARC
	}
	if r.Require != requireDMARC && r.Require != requireNone {
		all = append(all, problem("receive.require", `%q is not known; write "dmarc" or "none"`, r.Require))
	}
	for i, p := range r.AcceptFrom {
		r.AcceptFrom[i] = strings.ToLower(strings.TrimSpace(p))
		if !wellPattern(r.AcceptFrom[i]) {
			all = append(all, problem("receive.accept_from", `%q is neither an address nor a pattern such as "*@lumen.example"`, p))
		}
	}
	for i, id := range r.AuthservID {
		r.AuthservID[i] = strings.ToLower(strings.TrimSpace(id))
		if r.AuthservID[i] == "" || strings.ContainsAny(id, " \t;") {
			all = append(all, problem("receive.authserv_id", "%q is no name of a server; copy the first word of the Authentication-Results that your own server writes", id))
		}
	}
	for i, l := range r.Lists {
		r.Lists[i] = listID(l)
		if r.Lists[i] == "" || strings.ContainsAny(r.Lists[i], " \t<>") {
			all = append(all, problem("receive.lists", "%q is no List-Id; copy it from the header of a mail of that list, for example design.lumen.example", l))
		}
	}
	if r.DNS != "" {
		if host, port, err := net.SplitHostPort(r.DNS); err != nil || host == "" || port == "" {
			all = append(all, problem("receive.dns", "must be host:port, for example 127.0.0.1:53"))
		}
	}
	if r.IMAP != nil {
		all = append(all, r.IMAP.complete()...)
	}
	if r.SMTP != nil {
		all = append(all, r.SMTP.complete()...)
	}
	return all
}

func (m *Mailbox) complete() (all []error) {
	all = append(all, server("receive.imap", m.Host, &m.TLS, tlsImplicit)...)
	all = append(all, port("receive.imap.port", &m.Port, map[string]int{tlsImplicit: 993, tlsStart: 143, tlsNone: 143}[m.TLS])...)
	all = append(all, authority("receive.imap.ca", m.CA)...)
	all = append(all, account("receive.imap", m.User, ways{m.Password, m.Token, m.TokenFile}, true)...)
	for _, one := range []struct {
		key   string
		value *string
		or    string
	}{{"mailbox", &m.Mailbox, "INBOX"}, {"done", &m.Done, "signoff/Done"}, {"failed", &m.Failed, "signoff/Failed"}, {"auto", &m.Auto, "signoff/Auto"}} {
		if *one.value == "" {
			*one.value = one.or
		}
		if hasControl(*one.value) {
			all = append(all, problem("receive.imap."+one.key, "the name of a folder cannot hold control characters"))
		}
	}
	if slices.Contains([]string{m.Done, m.Failed, m.Auto}, m.Mailbox) {
		all = append(all, problem("receive.imap.mailbox", "mail that was read is moved out of this folder, so done, failed and auto must be others"))
	}
	return all
}

func (d *Door) complete() (all []error) {
	switch {
	case d.Listen == "" && d.Socket == "":
		all = append(all, problem("receive.smtp.listen", `say where to listen, for example ":2525", or name a socket for LMTP`))
	case d.Listen != "" && d.Socket != "":
		all = append(all, problem("receive.smtp.socket", "a port and a socket stand here; leave one out"))
	case d.Listen != "":
		if _, _, err := net.SplitHostPort(d.Listen); err != nil {
			all = append(all, problem("receive.smtp.listen", `%q is no address to listen on; write ":2525" or "127.0.0.1:2525"`, d.Listen))
		}
	default:
		d.LMTP = true
	}
	if d.Domain == "" || strings.ContainsAny(d.Domain, " @/\r\n") {
		all = append(all, problem("receive.smtp.domain", "the name of this mail server is missing, for example requests.lumen.example"))
	}
	d.Domain = strings.ToLower(d.Domain)
	for i, p := range d.Addresses {
		d.Addresses[i] = strings.ToLower(strings.TrimSpace(p))
		if !wellPattern(d.Addresses[i]) {
			all = append(all, problem("receive.smtp.addresses", `%q is neither an address nor a pattern such as "*@requests.lumen.example"`, p))
		}
	}
	if (d.Certificate == "") != (d.Key == "") {
		all = append(all, problem("receive.smtp.certificate", "certificate and key belong together: name both files or none"))
	}
	for key, file := range map[string]string{"certificate": d.Certificate, "key": d.Key} {
		if file == "" {
			continue
		}
		if _, err := os.Stat(file); err != nil {
			all = append(all, problem("receive.smtp."+key, "the file cannot be read: %s", errors.Unwrap(err)))
		}
	}
	return all
}

func (r *Relay) complete() (all []error) {
	all = append(all, server("send.smtp", r.Host, &r.TLS, tlsStart)...)
	all = append(all, port("send.smtp.port", &r.Port, map[string]int{tlsImplicit: 465, tlsStart: 587, tlsNone: 25}[r.TLS])...)
	all = append(all, authority("send.smtp.ca", r.CA)...)
	return append(all, account("send.smtp", r.User, ways{r.Password, r.Token, r.TokenFile}, false)...)
}

// server checks where a connection goes and how it is kept private.
func server(at, host string, mode *string, or string) (all []error) {
	if host == "" || strings.ContainsAny(host, " /:@") && net.ParseIP(host) == nil {
		all = append(all, problem(at+".host", "the name of the server is missing, for example mail.lumen.example"))
	}
	if *mode == "" {
		*mode = or
	}
	switch {
	case *mode != tlsImplicit && *mode != tlsStart && *mode != tlsNone:
		all = append(all, problem(at+".tls", `%q is not known; write "implicit", "starttls" or, for a server on this machine, "none"`, *mode))
	case *mode == tlsNone && !onThisMachine(host):
		all = append(all, problem(at+".tls", "mail to another machine must be encrypted; write %q", or))
	}
	return all
}

func port(key string, value *int, or int) []error {
	if *value == 0 {
		*value = or
	}
	if *value < 1 || *value > 65535 {
		return []error{problem(key, "%d is no port", *value)}
	}
	return nil
}

func authority(key, file string) []error {
	if file == "" {
		return nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return []error{problem(key, "the file cannot be read: %s", errors.Unwrap(err))}
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return []error{problem(key, "the file holds no certificate in PEM form")}
	}
	return nil
}

// ways are with what we can sign in.
type ways struct {
	password, token secret.Secret
	file            string
}

func (w ways) count() (n int) {
	for _, there := range []bool{!w.password.Empty(), !w.token.Empty(), w.file != ""} {
		if there {
			n++
		}
	}
	return n
}

// account checks with what we sign in; to a relay we may go without.
func account(at, user string, w ways, needed bool) []error {
	switch n := w.count(); {
	case user == "" && (needed || n > 0):
		return []error{problem(at+".user", "the name of the account is missing")}
	case hasControl(user):
		return []error{problem(at+".user", "the name of an account cannot hold control characters")}
	case user != "" && n == 0:
		return []error{problem(at+".password", "the password is missing; where the provider wants OAuth, give a token_file instead")}
	case n > 1 && !w.token.Empty():
		return []error{problem(at+".token", "one of password, token and token_file is enough; leave the others out")}
	case n > 1:
		return []error{problem(at+".token_file", "a password stands here too; leave one out")}
	}
	return nil
}

// bearer is the OAuth token to sign in with; "" where there is a password.
func bearer(token secret.Secret, file string) (string, error) {
	if file == "" {
		return token.Reveal(), nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	words := strings.TrimSpace(string(data))
	if words == "" || hasControl(words) {
		return "", errors.New("the token's file holds no token")
	}
	return words, nil
}

func onThisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}

// parseAddress reads one address; what the settings and people write is never copied into a header unparsed.
func parseAddress(s string) (*mail.Address, error) {
	if hasControl(s) {
		return nil, errors.New("control characters in an address: " + strconv.Quote(s))
	}
	a, err := mail.ParseAddress(s)
	if err != nil {
		return nil, err
	}
	local, domain, _ := strings.Cut(a.Address, "@")
	if local == "" || domain == "" || hasControl(a.Address) || len(a.Address) > 254 || strings.ContainsAny(a.Address, " \t\"(),:;<>[]\\") {
		return nil, errors.New("not an address: " + strconv.Quote(a.Address))
	}
	return a, nil
}

func localPart(address string) string {
	at := strings.LastIndexByte(address, '@')
	return address[:max(at, 0)]
}

func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}

// onTheWire is an address as mail servers take it: a domain in letters of its own language is written in ASCII.
func onTheWire(address string) string {
	domain := domainOf(address)
	if ascii(domain) {
		return address
	}
	plain, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return address // the server says what it thinks of it
	}
	return localPart(address) + "@" + plain
}

// wellPattern reports whether p is an address, *@domain or *@*.domain.
func wellPattern(p string) bool {
	local, domain, ok := strings.Cut(p, "@")
	if !ok || local == "" || strings.Contains(local, "*") && local != "*" {
		return false
	}
	domain = strings.TrimPrefix(domain, "*.")
	return domain != "" && !strings.ContainsAny(domain, "*@ \t\r\n")
}

// matches reports whether address fits one of the patterns.
func matches(patterns []string, address string) bool {
	address = strings.ToLower(address)
	return slices.ContainsFunc(patterns, func(p string) bool {
		local, domain, _ := strings.Cut(p, "@")
		if local != "*" && local != localPart(address) {
			return false
		}
		if below, ok := strings.CutPrefix(domain, "*."); ok {
			return strings.HasSuffix(domainOf(address), "."+below)
		}
		return domainOf(address) == domain
	})
}
