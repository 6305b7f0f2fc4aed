package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"signoff/internal/sandbox"
)

// reader is the IMAP side of a session.
type reader struct {
	*session
	box     *box
	look    bool     // the mailbox was opened by EXAMINE
	view    []uint32 // the uids that the client knows, by sequence number
	flagged uint64   // the change of flags that it knows
}

// ServeIMAP lets people read their mail on l until Close. A TLS listener makes it IMAPS.
func (s *Server) ServeIMAP(l net.Listener) { s.serve(l, s.imap) }

// imap talks IMAP4rev1 until the client leaves.
func (s *Server) imap(ss *session) {
	s.mu.Lock()
	ss.reads = true
	s.mu.Unlock()
	c := &reader{session: ss}
	err := c.say("* OK [CAPABILITY " + c.capability() + "] " + s.host() + " ready\r\n")
	for err == nil {
		_ = ss.conn.SetReadDeadline(time.Now().Add(patience)) // a connection without deadlines only lives longer
		var args []node
		args, err = ss.readIMAP()
		switch {
		case errors.Is(err, errSyntax), errors.Is(err, errBareLF), errors.Is(err, errBareCR), errors.Is(err, errTooLong):
			err = c.say("* BAD " + err.Error() + "\r\n")
		case err == nil && (len(args) < 2 || args[0].kind != 'a' || args[1].kind != 'a'):
			err = c.say("* BAD a command has a tag and a name\r\n")
		case err == nil:
			err = c.command(args[0].text, args[1:])
		}
	}
}

func (c *reader) capability() string {
	out := "IMAP4rev1"
	for name, off := range map[string]bool{"IDLE": c.opt.NoIdle, "MOVE": c.opt.NoMove, "UIDPLUS": c.opt.NoUIDPlus} {
		if !off {
			out += " " + name
		}
	}
	words := strings.Fields(out)
	slices.Sort(words[1:])
	out = strings.Join(words, " ")
	if c.opt.TLS != nil && !c.secure {
		out += " STARTTLS"
	}
	if !c.mayKnow() {
		return out + " LOGINDISABLED"
	}
	return out + " AUTH=PLAIN AUTH=XOAUTH2"
}

// command does a command, unless a fault is armed for it.
func (c *reader) command(tag string, words []node) error {
	r := run{tag: tag, name: strings.ToUpper(words[0].text), args: words[1:]}
	if r.name == "UID" && len(r.args) > 0 {
		r.uid, r.name, r.args = true, strings.ToUpper(r.args[0].text), r.args[1:]
	}
	e, ok := c.fault(overIMAP, r.name)
	if !ok {
		return c.run(r)
	}
	answer := func(text string) error {
		if strings.HasPrefix(text, "NO ") || strings.HasPrefix(text, "BAD ") || strings.HasPrefix(text, "OK ") {
			text = tag + " " + text
		}
		return c.say(text + "\r\n")
	}
	return c.suffer(e, answer, func() error { return c.run(r) })
}

// run is one command.
type run struct {
	tag, name string
	args      []node
	uid       bool
	found     int // mails that it was about
}

// run does a command and ends it with its tagged answer.
func (c *reader) run(r run) error {
	answer, err := c.do(&r)
	if err != nil {
		return err
	}
	if answer == "" {
		answer = "OK " + r.said() + " completed"
	}
	c.note(r, answer)
	c.sync(r.uid || !slices.Contains([]string{"FETCH", "STORE", "SEARCH"}, r.name))
	if err := c.say(r.tag + " " + answer + "\r\n"); err != nil {
		return err
	}
	switch {
	case r.name == "LOGOUT":
		return errQuit
	case r.name == "STARTTLS" && strings.HasPrefix(answer, "OK"):
		return c.startTLS()
	}
	return nil
}

func (r run) said() string {
	if r.uid {
		return "UID " + r.name
	}
	return r.name
}

// note puts a command into the ledger, in short. What only asks whether there is news is left out while there is none.
func (c *reader) note(r run, answer string) {
	status := statusOf(answer)
	quiet := slices.Contains([]string{"NOOP", "IDLE", "CAPABILITY", "LOGOUT"}, r.name) || r.name == "SEARCH" && r.found == 0
	if quiet && status == 200 {
		return
	}
	args := r.args
	switch r.name {
	case "LOGIN":
		args = args[:min(1, len(args))]
	case "AUTHENTICATE":
		args = append(slices.Clone(args[:min(1, len(args))]), node{text: c.who})
	}
	path := overIMAP + " " + r.said()
	for _, a := range args {
		path += " " + a.String()
	}
	if len(path) > 200 {
		path = strings.ToValidUTF8(path[:200], "") + "…"
	}
	note, _, _ := strings.Cut(answer, " "+r.name+" completed")
	note = strings.TrimSuffix(note, " UID")
	c.record(sandbox.Entry{Direction: sandbox.In, Method: overIMAP, Path: path, Status: status, Note: note})
}

// do does a command. The answer is "" for OK.
func (c *reader) do(r *run) (string, error) {
	name, args := r.name, r.args
	switch name {
	case "CAPABILITY":
		return "", c.say("* CAPABILITY " + c.capability() + "\r\n")
	case "NOOP":
		return "", nil
	case "LOGOUT":
		return "", c.say("* BYE " + c.host() + " closes\r\n")
	case "STARTTLS":
		if c.opt.TLS == nil || c.secure || len(args) > 0 {
			return "BAD STARTTLS is not offered", nil
		}
		return "OK Begin TLS negotiation now", nil
	case "LOGIN":
		switch {
		case len(args) != 2 || c.who != "":
			return "BAD LOGIN user password, once", nil
		case !c.mayKnow():
			return "NO [PRIVACYREQUIRED] STARTTLS first", nil
		}
		return c.known(c.signIn(args[0].text, args[1].text)), nil
	case "AUTHENTICATE":
		return c.authenticate(args)
	}
	if c.who == "" {
		return "BAD Not authenticated", nil
	}
	c.mu.Lock()
	a := c.account(c.who)
	c.mu.Unlock()
	switch name {
	case "SELECT", "EXAMINE":
		return c.selects(a, args, name)
	case "STATUS":
		return c.status(a, args)
	case "CREATE":
		return c.create(a, args)
	case "LIST":
		return c.list(a, args)
	}
	if c.box == nil {
		return "BAD Unknown command, or no mailbox is selected", nil
	}
	return c.within(a, r)
}

// within does a command of a mailbox that was opened.
func (c *reader) within(a *account, r *run) (string, error) {
	switch {
	case r.name == "IDLE" && !c.opt.NoIdle && len(r.args) == 0:
		return c.idle()
	case r.name == "CHECK" && len(r.args) == 0:
		return "", nil
	case r.name == "CLOSE" && len(r.args) == 0:
		return c.close()
	case r.name == "SEARCH":
		return c.search(r)
	case c.look && slices.Contains([]string{"EXPUNGE", "STORE", "MOVE"}, r.name):
		return "NO [READ-ONLY] The mailbox was opened by EXAMINE", nil
	case r.name == "EXPUNGE":
		return c.expunge(r.args, r.uid)
	case len(r.args) < 2:
		return "BAD Unknown command, or too few arguments", nil
	}
	chosen, problem := c.chosen(r.args[0].text, r.uid)
	r.found = len(chosen)
	switch {
	case problem != "":
		return problem, nil
	case r.name == "FETCH":
		return c.fetch(chosen, r.args[1], r.uid)
	case r.name == "STORE":
		return c.store(chosen, r.args[1:], r.uid)
	case r.name == "COPY", r.name == "MOVE" && !c.opt.NoMove:
		return c.copy(a, chosen, r.args[1].text, r.name == "MOVE")
	}
	return "BAD Unknown command", nil
}

func (c *reader) known(ok bool) string {
	if !ok {
		return "NO [AUTHENTICATIONFAILED] Invalid credentials"
	}
	return ""
}

func (c *reader) authenticate(args []node) (string, error) {
	switch {
	case len(args) != 1 || c.who != "":
		return "BAD AUTHENTICATE mechanism", nil
	case !c.mayKnow():
		return "NO [PRIVACYREQUIRED] STARTTLS first", nil
	}
	ask := func(challenge string) ([]byte, error) {
		if err := c.say("+ " + base64.StdEncoding.EncodeToString([]byte(challenge)) + "\r\n"); err != nil {
			return nil, err
		}
		line, err := c.line(12288)
		if err != nil {
			return nil, err
		}
		said, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			return nil, nil // judged as a wrong answer
		}
		return said, nil
	}
	said, err := ask("")
	if err != nil {
		return "", err
	}
	switch strings.ToUpper(args[0].text) {
	case "PLAIN":
		parts := bytes.Split(said, []byte{0})
		return c.known(len(parts) == 3 && c.signIn(string(parts[1]), string(parts[2]))), nil
	case "XOAUTH2":
		ok := c.signInByToken(said)
		if !ok {
			_, err = ask(`{"status":"401","schemes":"bearer"}`)
		}
		return c.known(ok), err
	}
	return "NO Mechanism not offered", nil
}

// idle tells what changes until the client says DONE (RFC 2177).
func (c *reader) idle() (string, error) {
	if err := c.say("+ idling\r\n"); err != nil {
		return "", err
	}
	type line struct {
		text string
		err  error
	}
	said := make(chan line, 1)
	c.work.Go(func() { text, err := c.line(1000); said <- line{text, err} })
	for {
		news := c.news()
		c.sync(true)
		select {
		case <-news:
		case <-c.ctx.Done():
			return "", errQuit
		case l := <-said:
			if l.err == nil && !strings.EqualFold(l.text, "DONE") {
				return "BAD DONE ends IDLE", nil
			}
			return "", l.err
		}
	}
}

// sync tells the client what changed in its mailbox since it was last told. Expunges wait while numbers are in use.
func (c *reader) sync(expunge bool) {
	if c.box == nil {
		return
	}
	c.mu.Lock()
	out := ""
	for i := 0; expunge && i < len(c.view); {
		if c.box.find(c.view[i]) != nil {
			i++
			continue
		}
		out += fmt.Sprintf("* %d EXPUNGE\r\n", i+1)
		c.view = slices.Delete(c.view, i, i+1)
	}
	old := len(c.view)
	for _, m := range c.box.msgs {
		if old == 0 || m.uid > c.view[old-1] {
			c.view = append(c.view, m.uid)
		}
	}
	if len(c.view) > old {
		out += fmt.Sprintf("* %d EXISTS\r\n", len(c.view))
	}
	for i, uid := range c.view[:old] {
		if m := c.box.find(uid); m != nil && m.mod > c.flagged {
			out += fmt.Sprintf("* %d FETCH (UID %d FLAGS %s)\r\n", i+1, uid, m.shown())
		}
	}
	c.flagged = c.changes
	c.mu.Unlock()
	_ = c.say(out) // the next command finds a broken connection
}

func (m *message) shown() string {
	return "(" + strings.Join(slices.Sorted(maps.Keys(m.flags)), " ") + ")"
}
