package email_test

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// postbox is an IMAP server that speaks bytes by a script of its own.
type postbox struct {
	t *testing.T

	mu       sync.Mutex
	caps     string
	validity int
	next     int
	mails    []*boxed
	folders  map[string][]string // what was moved or copied where: raw mails
	lines    []string            // commands without their tags
	plan     []boxStep
	idle     []chan struct{} // rung when mail comes
	conns    []net.Conn
	password string
}

type boxed struct {
	uid     int
	raw     string
	deleted bool
	size    int // told instead of the real one
	hidden  int // how often it is listed and not sent
}

// boxStep is what happens instead at the next command that begins with on.
type boxStep struct {
	on    string
	reply string // the tagged answer without its tag, "cut", "half", "silent", or "challenge"
}

func newPostbox(t *testing.T, caps string) *postbox {
	return &postbox{t: t, caps: caps, validity: 7, next: 1, folders: map[string][]string{}, password: password}
}

// dial opens a connection within the test.
func (p *postbox) dial() (net.Conn, error) {
	ours, theirs := net.Pipe()
	p.mu.Lock()
	p.conns = append(p.conns, theirs)
	p.mu.Unlock()
	go p.serve(theirs)
	return ours, nil
}

// hangUp cuts every connection.
func (p *postbox) hangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close()
	}
}

func (p *postbox) put(raw string) *boxed {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := &boxed{uid: p.next, raw: strings.ReplaceAll(raw, "\n", "\r\n")}
	p.next++
	p.mails = append(p.mails, m)
	for _, ring := range p.idle {
		select {
		case ring <- struct{}{}:
		default:
		}
	}
	return m
}

func (p *postbox) on(steps ...boxStep) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan = append(p.plan, steps...)
}

func (p *postbox) heard(prefix string) (list []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.lines {
		if strings.HasPrefix(l, prefix) {
			list = append(list, l)
		}
	}
	return list
}

// inbox lists the UIDs that are there and not deleted, folder what was put into one.
func (p *postbox) inbox() (uids []int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.mails {
		if !m.deleted {
			uids = append(uids, m.uid)
		}
	}
	return uids
}

func (p *postbox) folder(name string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.folders[name])
}

func (p *postbox) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(conn, format+"\r\n", args...) }
	say("* OK [CAPABILITY IMAP4rev1 %s] ready", p.caps)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		tag, command, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		p.mu.Lock()
		p.lines = append(p.lines, command)
		var planned *boxStep
		for i, s := range p.plan {
			if strings.HasPrefix(command, s.on) {
				planned = &s
				p.plan = slices.Delete(p.plan, i, i+1)
				break
			}
		}
		p.mu.Unlock()
		if planned != nil {
			switch planned.reply {
			case "cut":
				return
			case "half": // of a mail, then the line is cut
				_, _ = fmt.Fprintf(conn, "* 1 FETCH (UID 1 BODY[] {%d}\r\n%s", len(p.mails[0].raw), p.mails[0].raw[:len(p.mails[0].raw)/2])
				return
			case "silent":
				_, _ = in.ReadString('\n') // until they go
				return
			case "challenge": // why a token is not taken; the refusal follows the empty answer
				say("+ eyJzdGF0dXMiOiI0MDAifQ==")
				_, _ = in.ReadString('\n')
				planned.reply = "NO [AUTHENTICATIONFAILED] invalid token"
			}
			say("%s %s", tag, planned.reply)
			continue
		}
		if !p.command(conn, in, tag, command) {
			return
		}
	}
}

func (p *postbox) command(conn net.Conn, in *bufio.Reader, tag, command string) bool {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(conn, format+"\r\n", args...) }
	words := strings.Fields(command)
	switch {
	case words[0] == "LOGIN":
		if !strings.Contains(command, `"`+p.password+`"`) {
			say("%s NO [AUTHENTICATIONFAILED] invalid credentials", tag)
			return true
		}
		say("%s OK [CAPABILITY IMAP4rev1 %s] logged in", tag, p.caps)
	case words[0] == "CAPABILITY":
		say("* CAPABILITY IMAP4rev1 %s", p.caps)
		say("%s OK done", tag)
	case words[0] == "LIST":
		say(`* LIST (\Noselect) "." ""`)
		say("%s OK done", tag)
	case words[0] == "CREATE":
		say("%s NO [ALREADYEXISTS] there", tag)
	case words[0] == "STATUS":
		say("* STATUS %s (MESSAGES %d)", words[1], len(p.inbox()))
		say("%s OK done", tag)
	case words[0] == "SELECT":
		p.mu.Lock()
		say("* %d EXISTS", len(p.mails))
		say("* OK [UIDVALIDITY %d] ok", p.validity)
		say("* OK [UIDNEXT %d] ok", p.next)
		p.mu.Unlock()
		say("%s OK [READ-WRITE] selected", tag)
	case words[0] == "IDLE":
		return p.idles(conn, in, tag)
	case words[0] == "LOGOUT":
		say("* BYE")
		say("%s OK bye", tag)
		return false
	case words[0] == "NOOP":
		say("%s OK", tag)
	case words[0] == "UID":
		p.uid(conn, tag, words)
	default:
		say("%s BAD unknown", tag)
	}
	return true
}

func (p *postbox) idles(conn net.Conn, in *bufio.Reader, tag string) bool {
	ring := make(chan struct{}, 1)
	p.mu.Lock()
	p.idle = append(p.idle, ring)
	p.mu.Unlock()
	_, _ = fmt.Fprint(conn, "+ idling\r\n")
	done := make(chan bool, 1)
	go func() {
		line, err := in.ReadString('\n')
		done <- err == nil && line == "DONE\r\n"
	}()
	for {
		select {
		case <-ring:
			p.mu.Lock()
			n := len(p.mails)
			p.mu.Unlock()
			_, _ = fmt.Fprintf(conn, "* %d EXISTS\r\n", n)
		case ok := <-done:
			if ok {
				_, _ = fmt.Fprintf(conn, "%s OK idle done\r\n", tag)
			}
			return ok
		}
	}
}

func (p *postbox) uid(conn net.Conn, tag string, words []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(conn, format+"\r\n", args...) }
	switch words[1] {
	case "SEARCH":
		var found []string
		from, _, _ := strings.Cut(words[len(words)-1], ":")
		least, _ := strconv.Atoi(from)
		for i, m := range p.mails {
			if m.uid >= least || i == len(p.mails)-1 { // n:* always names the last
				found = append(found, strconv.Itoa(m.uid))
			}
		}
		say("* SEARCH %s", strings.Join(found, " "))
	case "FETCH":
		p.fetch(conn, words)
	case "MOVE", "COPY":
		folder := strings.Trim(words[3], `"`)
		for _, m := range p.named(words[2]) {
			p.folders[folder] = append(p.folders[folder], m.raw)
			if words[1] == "MOVE" {
				p.mails = slices.DeleteFunc(p.mails, func(o *boxed) bool { return o == m })
			}
		}
	case "STORE":
		for _, m := range p.named(words[2]) {
			m.deleted = true
		}
	case "EXPUNGE":
		named := p.named(words[2])
		p.mails = slices.DeleteFunc(p.mails, func(m *boxed) bool { return m.deleted && slices.Contains(named, m) })
	}
	say("%s OK done", tag)
}

func (p *postbox) named(set string) (list []*boxed) {
	for part := range strings.SplitSeq(set, ",") {
		a, b, ranged := strings.Cut(part, ":")
		from, _ := strconv.Atoi(a)
		to := from
		if ranged {
			to, _ = strconv.Atoi(b)
		}
		for _, m := range p.mails {
			if m.uid >= from && m.uid <= to {
				list = append(list, m)
			}
		}
	}
	return list
}

func (p *postbox) fetch(conn net.Conn, words []string) {
	asked := strings.Join(words[3:], " ")
	for i, m := range p.named(words[2]) {
		if !strings.Contains(asked, "BODY") {
			size := len(m.raw)
			if m.size > 0 {
				size = m.size
			}
			_, _ = fmt.Fprintf(conn, "* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE \"20-Nov-2026 09:00:00 +0000\")\r\n", i+1, m.uid, size)
			continue
		}
		if m.hidden > 0 {
			m.hidden--
			_, _ = fmt.Fprintf(conn, "* %d FETCH (UID %d BODY[] NIL)\r\n", i+1, m.uid)
			continue
		}
		raw, section := m.raw, "BODY[]"
		if strings.Contains(asked, "HEADER") {
			head, _, _ := strings.Cut(m.raw, "\r\n\r\n")
			raw, section = head+"\r\n\r\n", "BODY[HEADER]"
		}
		if !strings.Contains(asked, "PEEK") {
			p.t.Errorf("%s marks mail as seen, want BODY.PEEK", asked)
		}
		_, _ = fmt.Fprintf(conn, "* %d FETCH (UID %d %s {%d}\r\n%s)\r\n", i+1, m.uid, section, len(raw), raw)
	}
}
