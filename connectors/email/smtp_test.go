package email_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
)

// sink is a server that takes mail, speaking bytes by a script of its own: the library of the other side has no part in it.
type sink struct {
	t    *testing.T
	addr string

	mu    sync.Mutex
	mails []sunk
	lines []string // commands as they came
	plan  []step
	auth  string // "user pass" that is taken; empty: no AUTH is offered
	conns int
}

// sunk is one mail that was taken.
type sunk struct{ from, to, data string }

// step is what happens instead at the next command that begins with on; "." is the end of a mail.
type step struct {
	on    string
	reply string // sent instead; empty: the connection is cut
	takes bool   // the mail is taken all the same
	hold  chan struct{}
}

func newSink(t *testing.T) *sink {
	t.Helper()
	return sinkAt(t, "127.0.0.1:0")
}

func sinkAt(t *testing.T, address string) *sink {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{t: t, addr: l.Addr().String()}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			done.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); done.Wait() })
	return s
}

func (s *sink) port() string {
	_, port, _ := net.SplitHostPort(s.addr)
	return port
}

// asks lets people in who say auth.
func (s *sink) asks(auth string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.auth = auth
}

// on plans what happens at the next such command.
func (s *sink) on(steps ...step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan = append(s.plan, steps...)
}

func (s *sink) next(command string) (step, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, p := range s.plan {
		if strings.HasPrefix(command, p.on) {
			s.plan = append(s.plan[:i:i], s.plan[i+1:]...)
			return p, true
		}
	}
	return step{}, false
}

func (s *sink) taken() []sunk {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sunk(nil), s.mails...)
}

func (s *sink) heard(prefix string) (list []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		if strings.HasPrefix(l, prefix) {
			list = append(list, l)
		}
	}
	return list
}

func (s *sink) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	s.mu.Lock()
	s.conns++
	offers := s.auth
	s.mu.Unlock()
	in := bufio.NewReader(conn)
	say := func(line string) { _, _ = fmt.Fprintf(conn, "%s\r\n", line) }
	say("220 mail.lumen.example ESMTP")
	var m sunk
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.lines = append(s.lines, line)
		s.mu.Unlock()
		if p, ok := s.next(line); ok {
			if p.reply == "" {
				return
			}
			say(p.reply)
			continue
		}
		verb, rest, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			say("250-mail.lumen.example")
			if offers != "" {
				say("250-AUTH PLAIN LOGIN")
			}
			say("250-SMTPUTF8")
			say("250 8BITMIME")
		case "AUTH":
			if !strings.HasSuffix(rest, offers) {
				say("535 5.7.8 Error: authentication failed")
				continue
			}
			say("235 2.7.0 welcome")
		case "MAIL":
			m = sunk{from: between(rest)}
			say("250 2.1.0 Ok")
		case "RCPT":
			m.to = between(rest)
			say("250 2.1.5 Ok")
		case "DATA":
			say("354 go on")
			data, ok := readData(in)
			if !ok {
				return
			}
			m.data = data
			p, planned := s.next(".")
			if planned && p.hold != nil {
				close(p.hold)
				_, _ = in.ReadString('\n') // until the other side goes
				return
			}
			if !planned || p.takes {
				s.mu.Lock()
				s.mails = append(s.mails, m)
				s.mu.Unlock()
			}
			switch {
			case !planned:
				say("250 2.0.0 Ok: queued as 4F1")
			case p.reply == "":
				return
			default:
				say(p.reply)
			}
		case "RSET", "NOOP":
			say("250 2.0.0 Ok")
		case "QUIT":
			say("221 2.0.0 Bye")
			return
		default:
			say("502 5.5.1 what?")
		}
	}
}

func between(s string) string {
	_, s, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, ">")
	return s
}

func readData(in *bufio.Reader) (string, bool) {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", false
		}
		if line == ".\r\n" {
			return b.String(), true
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}
