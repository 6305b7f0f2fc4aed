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
)

// reader is the IMAP side of a session.
type reader struct {
	*session
	box     *box
	view    []uint32 // the uids that the client knows, by sequence number
	flagged uint64   // the change of flags that it knows
}

// ServeIMAP lets people read their mail on l until Close. A TLS listener makes it IMAPS.
func (s *Server) ServeIMAP(l net.Listener) { s.serve(l, s.imap) }

// imap talks IMAP4rev1 until the client leaves.
func (s *Server) imap(ss *session) {
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
			err = c.run(args[0].text, strings.ToUpper(args[1].text), args[2:])
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
	return strings.Join(words, " ") + " AUTH=PLAIN AUTH=XOAUTH2"
}

// run does a command and ends it with its tagged answer.
func (c *reader) run(tag, name string, args []node) error {
	done, uid := "OK "+name+" completed", name == "UID"
	if uid && len(args) > 0 {
		name, args = strings.ToUpper(args[0].text), args[1:]
	}
	answer, err := c.do(name, args, uid)
	if err != nil {
		return err
	}
	if answer != "" {
		done = answer
	}
	c.sync(uid || !slices.Contains([]string{"FETCH", "STORE", "SEARCH"}, name))
	if err := c.say(tag + " " + done + "\r\n"); err != nil {
		return err
	}
	if name == "LOGOUT" {
		return errQuit
	}
	return nil
}

// do does a command. The answer is "" for OK.
func (c *reader) do(name string, args []node, uid bool) (string, error) {
	switch name {
	case "CAPABILITY":
		return "", c.say("* CAPABILITY " + c.capability() + "\r\n")
	case "NOOP":
		return "", nil
	case "LOGOUT":
		return "", c.say("* BYE " + c.host() + " closes\r\n")
	case "LOGIN":
		if len(args) != 2 {
			return "BAD LOGIN user password", nil
		}
		return c.known(c.who == "" && c.signIn(args[0].text, args[1].text)), nil
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
	case "SELECT":
		return c.selects(a, args)
	case "CREATE":
		return c.create(a, args)
	case "LIST":
		return c.list(a, args)
	}
	if c.box == nil {
		return "BAD Unknown command, or no mailbox is selected", nil
	}
	switch {
	case name == "IDLE" && !c.opt.NoIdle:
		return c.idle()
	case name == "SEARCH":
		return c.search(args, uid)
	case name == "EXPUNGE":
		return c.expunge(args, uid)
	case len(args) < 2:
		return "BAD Unknown command, or too few arguments", nil
	}
	chosen, problem := c.chosen(args[0].text, uid)
	switch {
	case problem != "":
		return problem, nil
	case name == "FETCH":
		return c.fetch(chosen, args[1], uid)
	case name == "STORE":
		return c.store(chosen, args[1:], uid)
	case name == "COPY", name == "MOVE" && !c.opt.NoMove:
		return c.copy(a, chosen, args[1].text, name == "MOVE")
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
	if len(args) != 1 || c.who != "" {
		return "BAD AUTHENTICATE mechanism", nil
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

func (c *reader) selects(a *account, args []node) (string, error) {
	if len(args) != 1 {
		return "BAD SELECT mailbox", nil
	}
	c.mu.Lock()
	b := a.box(args[0].text)
	c.box, c.view = b, nil
	if b == nil {
		c.mu.Unlock()
		return "NO [NONEXISTENT] There is no such mailbox", nil
	}
	for _, m := range b.msgs {
		c.view = append(c.view, m.uid)
	}
	c.flagged = c.changes
	head := fmt.Sprintf("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Limited\r\n"+
		"* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY %d] UIDs valid\r\n* OK [UIDNEXT %d] Next\r\n", len(b.msgs), b.validity, b.next)
	c.mu.Unlock()
	return "OK [READ-WRITE] SELECT completed", c.say(head)
}

func (c *reader) create(a *account, args []node) (string, error) {
	if len(args) != 1 || args[0].text == "" {
		return "BAD CREATE mailbox", nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if a.box(args[0].text) != nil {
		return "NO [ALREADYEXISTS] Mailbox exists", nil
	}
	a.boxes = append(a.boxes, c.newBox(strings.TrimSuffix(args[0].text, "/")))
	return "", nil
}

func (c *reader) list(a *account, args []node) (string, error) {
	if len(args) != 2 {
		return "BAD LIST reference pattern", nil
	}
	out, pattern := "", args[0].text+args[1].text
	c.mu.Lock()
	for _, b := range a.boxes {
		prefix, wild := strings.CutSuffix(strings.Replace(pattern, "%", "*", 1), "*")
		if b.name == pattern || wild && strings.HasPrefix(b.name, prefix) {
			out += "* LIST () \"/\" \"" + b.name + "\"\r\n"
		}
	}
	c.mu.Unlock()
	return "", c.say(out)
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
