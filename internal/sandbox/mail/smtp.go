package mail

import (
	"bytes"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"time"

	"signoff/internal/sandbox"
)

const (
	commandLine   = 512  // RFC 5321 4.5.3.1.4
	textLine      = 1000 // RFC 5321 4.5.3.1.6
	maxRecipients = 100
	maxNonsense   = 10
)

// transfer is the SMTP side of a session.
type transfer struct {
	*session
	helo     string
	extended bool
	env      *envelope
	nonsense int
}

// envelope is one mail on its way.
type envelope struct {
	from     string // "" = the null sender
	to       []string
	eightBit bool
	raw      []byte
	who      string // the account that sent it; "" = it came from another server
	auto     bool   // a machine of the account's sent it
	inner    bool   // a person sent it by an act
	helo     string
	peer     string
	secure   bool
}

// errQuit ends a conversation.
var errQuit = errors.New("quit")

// smtp talks SMTP until the client leaves.
func (s *Server) smtp(ss *session) {
	t := &transfer{session: ss}
	if t.reply("220 "+s.host()+" ESMTP pretend mail server") != nil {
		return
	}
	for {
		_ = ss.conn.SetReadDeadline(time.Now().Add(patience)) // a connection without deadlines only lives longer
		line, err := ss.line(commandLine)
		switch {
		case errors.Is(err, errBareLF), errors.Is(err, errBareCR):
			_ = t.reply("550 5.5.2 Error: " + err.Error())
			return
		case errors.Is(err, errTooLong):
			err = t.reply("500 5.5.2 Error: line too long")
		case err == nil:
			err = t.command(line)
		}
		if err != nil {
			return
		}
	}
}

func (t *transfer) reply(lines ...string) error { return t.say(strings.Join(lines, "\r\n") + "\r\n") }

func (t *transfer) answer(text string) error { return t.reply(text) }

func (t *transfer) command(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	if verb != "DATA" { // its fault comes at the end of the mail
		if e, ok := t.fault(overSMTP, verb); ok {
			return t.suffer(e, t.answer, func() error { return t.do(verb, rest, line) })
		}
	}
	return t.do(verb, rest, line)
}

func (t *transfer) do(verb, rest, line string) error {
	switch verb {
	case "EHLO", "HELO":
		return t.hello(verb, rest)
	case "STARTTLS":
		return t.tls(rest)
	case "AUTH":
		return t.auth(rest)
	case "MAIL":
		return t.mail(rest)
	case "RCPT":
		return t.rcpt(rest)
	case "DATA":
		return t.data(rest)
	case "RSET":
		t.env = nil
		return t.reply("250 2.0.0 Ok")
	case "NOOP":
		return t.reply("250 2.0.0 Ok")
	case "VRFY":
		return t.reply("252 2.0.0 Cannot verify the user, but will take the mail")
	case "QUIT":
		_ = t.reply("221 2.0.0 Bye")
		return errQuit
	case "EXPN", "HELP", "BDAT":
		return t.reply("502 5.5.1 Command not implemented")
	}
	if t.nonsense++; t.nonsense > maxNonsense {
		_ = t.reply("421 4.7.0 Too many errors")
		return errQuit
	}
	return t.reply(fmt.Sprintf("500 5.5.2 Command %q not recognized", clip(line)))
}

func clip(s string) string { return s[:min(len(s), 40)] }

func (t *transfer) hello(verb, name string) error {
	if name == "" || strings.ContainsAny(name, " <>@") {
		return t.reply("501 5.5.4 " + verb + " needs the name of your host")
	}
	t.helo, t.env, t.extended = name, nil, verb == "EHLO"
	if !t.extended {
		return t.reply("250 " + t.host())
	}
	lines := []string{"250-" + t.host(), "250-PIPELINING", "250-SIZE " + strconv.Itoa(t.opt.MaxSize)}
	if !t.opt.No8BitMIME {
		lines = append(lines, "250-8BITMIME")
	}
	if t.opt.TLS != nil && !t.secure {
		lines = append(lines, "250-STARTTLS")
	}
	if t.mayKnow() {
		lines = append(lines, "250-AUTH PLAIN LOGIN XOAUTH2")
	}
	return t.reply(append(lines, "250 ENHANCEDSTATUSCODES")...)
}

func (t *transfer) tls(rest string) error {
	switch {
	case t.opt.TLS == nil:
		return t.reply("502 5.5.1 STARTTLS is not offered")
	case t.secure:
		return t.reply("503 5.5.1 TLS is in use already")
	case rest != "":
		return t.reply("501 5.5.4 STARTTLS has no parameters")
	}
	if err := t.reply("220 2.0.0 Ready to start TLS"); err != nil {
		return err
	}
	t.helo, t.env, t.extended = "", nil, false
	return t.startTLS()
}

var address = regexp.MustCompile(`^<([!-;=?A-~]{1,64}@[0-9A-Za-z](?:[0-9A-Za-z.-]{0,251}[0-9A-Za-z])?)?>$`)

// path splits "FROM:<a@b> SIZE=1" into the address and the parameters.
func path(rest, keyword string) (addr string, params []string, problem string) {
	if len(rest) < len(keyword) || !strings.EqualFold(rest[:len(keyword)], keyword) {
		return "", nil, "501 5.5.4 Syntax: " + keyword + "<address>"
	}
	words := strings.Split(rest[len(keyword):], " ")
	if strings.ContainsFunc(words[0], func(r rune) bool { return r > 126 }) {
		return "", nil, "553 5.6.7 Address is not ASCII and SMTPUTF8 is not offered"
	}
	m := address.FindStringSubmatch(words[0])
	if m == nil || strings.Contains(m[1], "..") {
		return "", nil, "501 5.1.3 Bad address syntax"
	}
	return m[1], words[1:], ""
}

func (t *transfer) mail(rest string) error {
	switch {
	case t.helo == "":
		return t.reply("503 5.5.1 EHLO first")
	case t.env != nil:
		return t.reply("503 5.5.1 Nested MAIL command")
	}
	from, params, problem := path(rest, "FROM:")
	if problem != "" {
		return t.reply(problem)
	}
	env := &envelope{from: from, who: t.who, helo: t.helo, peer: t.peer, secure: t.secure, inner: t.inner}
	for _, p := range params {
		if problem := t.param(env, p); problem != "" {
			return t.reply(problem)
		}
	}
	if from != "" && t.who != "" && !t.owns(from) {
		return t.reply("553 5.7.1 <" + from + ">: Sender address rejected: not owned by " + t.who)
	}
	t.env = env
	return t.reply("250 2.1.0 Ok")
}

func (t *transfer) owns(from string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.account(from)
	return a != nil && a.Address == t.who
}

func (t *transfer) param(env *envelope, p string) (problem string) {
	name, value, _ := strings.Cut(p, "=")
	switch strings.ToUpper(name) {
	case "SIZE":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || !t.extended {
			return "501 5.5.4 Bad SIZE"
		}
		if n > t.opt.MaxSize {
			return "552 5.3.4 Message size exceeds fixed limit"
		}
	case "BODY":
		switch kind := strings.ToUpper(value); {
		case t.opt.No8BitMIME || !t.extended:
			return "555 5.5.4 BODY is not offered"
		case kind == "8BITMIME":
			env.eightBit = true
		case kind != "7BIT":
			return "501 5.5.4 Bad BODY"
		}
	case "AUTH":
		if t.who == "" {
			return "555 5.5.4 AUTH without authentication"
		}
	default:
		return "555 5.5.4 Parameter " + clip(p) + " not recognized"
	}
	return ""
}

func (t *transfer) rcpt(rest string) error {
	if t.env == nil {
		return t.reply("503 5.5.1 MAIL first")
	}
	to, params, problem := path(rest, "TO:")
	switch {
	case problem != "":
		return t.reply(problem)
	case len(params) > 0:
		return t.reply("555 5.5.4 Parameter " + clip(params[0]) + " not recognized")
	case to == "":
		return t.reply("501 5.1.3 Bad recipient address syntax")
	case len(t.env.to) == maxRecipients:
		return t.reply("452 4.5.3 Too many recipients")
	}
	if problem := t.refuses(to); problem != "" {
		t.record(sandbox.Entry{Direction: sandbox.In, Method: overSMTP, Path: "RCPT " + to, Status: statusOf(problem), Note: problem})
		return t.reply(problem)
	}
	t.env.to = append(t.env.to, to)
	return t.reply("250 2.1.5 Ok")
}

// refuses says why a recipient is not taken. Who signed in may write to anybody: what cannot be delivered comes back.
func (t *transfer) refuses(to string) string {
	if t.who != "" {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch domain := domainOf(to); {
	case t.opt.Routes[domain] != "":
	case !t.local(domain):
		return "554 5.7.1 <" + to + ">: Relay access denied"
	case t.account(to) == nil:
		return "550 5.1.1 <" + to + ">: Recipient address rejected: User unknown"
	}
	return ""
}

func (t *transfer) data(rest string) error {
	switch {
	case t.env == nil:
		return t.reply("503 5.5.1 MAIL first")
	case len(t.env.to) == 0:
		return t.reply("554 5.5.1 No valid recipients")
	case rest != "":
		return t.reply("501 5.5.4 DATA has no parameters")
	}
	if err := t.reply("354 End data with <CR><LF>.<CR><LF>"); err != nil {
		return err
	}
	env := t.env
	t.env = nil
	problem, err := t.read(env)
	if err != nil {
		return err
	}
	if problem == "" {
		problem = wrong(env)
	}
	if problem != "" {
		t.noteMail(env, statusOf(problem), problem)
		return t.reply(problem)
	}
	take := func() error { return t.reply("250 2.0.0 Ok: queued as " + t.take(env)) }
	if e, ok := t.fault(overSMTP, "DATA"); ok {
		return t.suffer(e, t.answer, take)
	}
	return take()
}

// read takes the lines of the mail to the dot. A mail that is refused is read to its end.
func (t *transfer) read(env *envelope) (problem string, err error) {
	var buf bytes.Buffer
	for {
		line, err := t.line(textLine)
		switch {
		case errors.Is(err, errBareLF), errors.Is(err, errBareCR): // where the mail ends cannot be told any more
			_ = t.reply("550 5.5.2 Error: " + err.Error())
			return "", errQuit
		case errors.Is(err, errTooLong):
			problem = "554 5.6.0 Line longer than 998 octets"
			continue
		case err != nil:
			return "", err
		case line == ".":
			env.raw = buf.Bytes()
			return problem, nil
		}
		line = strings.TrimPrefix(line, ".") // RFC 5321 4.5.2
		if buf.Len()+len(line) > t.opt.MaxSize {
			problem = "552 5.3.4 Message size exceeds fixed limit"
		}
		if problem == "" {
			buf.WriteString(line + "\r\n")
		}
	}
}

// wrong says what is not right with the text of a mail.
func wrong(env *envelope) string {
	if bytes.IndexByte(env.raw, 0) >= 0 {
		return "554 5.6.0 NUL is not allowed"
	}
	if !env.eightBit && bytes.ContainsFunc(env.raw, func(r rune) bool { return r > 126 }) {
		return "554 5.6.1 8-bit text without BODY=8BITMIME"
	}
	if env.who == "" {
		return "" // from elsewhere comes what comes
	}
	h := headerOf(env.raw)
	if _, err := h.Date(); err != nil {
		return "550 5.6.0 Message has no valid Date field"
	}
	from, err := mail.ParseAddressList(h.Get("From"))
	if err != nil || len(h["From"]) != 1 {
		return "550 5.6.0 Message has no valid From field"
	}
	if len(from) > 1 && h.Get("Sender") == "" {
		return "550 5.6.0 Several authors and no Sender"
	}
	head, _, _ := bytes.Cut(env.raw, []byte("\r\n\r\n"))
	if bytes.ContainsFunc(head, func(r rune) bool { return r > 126 }) {
		return "554 5.6.7 8-bit text in a header field without SMTPUTF8"
	}
	return ""
}
