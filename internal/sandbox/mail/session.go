package mail

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"signoff/internal/sandbox"
)

// session is one connection of either protocol.
type session struct {
	*Server
	conn   net.Conn
	r      *bufio.Reader
	peer   string
	secure bool
	inner  bool   // a person's, by an act: no fault hits it
	reads  bool   // speaks IMAP; guarded by the server's lock, as are conn and who
	who    string // the account that signed in
	silent atomic.Bool
}

// patience is how long a client may be silent, in real time.
const patience = 30 * time.Minute

func newSession(s *Server, conn net.Conn) *session {
	ss := &session{Server: s, conn: conn, peer: "127.0.0.1"}
	if host, _, err := net.SplitHostPort(conn.RemoteAddr().String()); err == nil {
		ss.peer = host
	}
	_, ss.secure = conn.(*tls.Conn)
	ss.r = bufio.NewReaderSize(conn, 64<<10)
	return ss
}

// startTLS goes on encrypted. What the client sent before its time is dropped, as RFC 3207 asks.
func (ss *session) startTLS() error {
	conn := tls.Server(ss.conn, ss.opt.TLS)
	if err := conn.HandshakeContext(ss.ctx); err != nil {
		return err
	}
	ss.mu.Lock()
	ss.conn, ss.secure, ss.who = conn, true, ""
	ss.mu.Unlock()
	ss.r = bufio.NewReaderSize(conn, 64<<10)
	return nil
}

// say writes bytes to the client, unless the connection is half dead.
func (ss *session) say(text string) error {
	if ss.silent.Load() {
		return nil
	}
	_, err := io.WriteString(ss.conn, text)
	return err
}

var (
	errBareLF  = errors.New("bare LF received")
	errBareCR  = errors.New("bare CR received")
	errTooLong = errors.New("line too long")
)

// line reads a line of at most limit bytes with its CRLF, and returns it without. A line that is too long is read to its end.
func (ss *session) line(limit int) (string, error) {
	var all []byte
	long := false
	for {
		piece, err := ss.r.ReadSlice('\n')
		if !long {
			all = append(all, piece...)
		}
		long = long || len(all) > limit
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
	}
	if long {
		return "", errTooLong
	}
	text, ok := bytes.CutSuffix(all, []byte("\r\n"))
	if !ok {
		return "", errBareLF
	}
	if bytes.IndexByte(text, '\r') >= 0 {
		return "", errBareCR
	}
	return string(text), nil
}

// mayKnow reports whether the client may send a password now.
func (ss *session) mayKnow() bool { return ss.secure || ss.opt.TLS == nil }

// signIn checks a password.
func (ss *session) signIn(user, password string) bool {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	a := ss.account(user)
	if a == nil || a.Password == "" || a.Password != password {
		return false
	}
	ss.who = a.Address
	return true
}

// signInByToken checks what XOAUTH2 brings: user=…^Aauth=Bearer …^A^A.
func (ss *session) signInByToken(said []byte) bool {
	rest, ok := bytes.CutPrefix(said, []byte("user="))
	user, rest, ok2 := bytes.Cut(rest, []byte("\x01auth=Bearer "))
	token, ok3 := bytes.CutSuffix(rest, []byte("\x01\x01"))
	if !ok || !ok2 || !ok3 {
		return false
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	a := ss.account(string(user))
	if a == nil || a.Token == "" || a.Token != string(token) {
		return false
	}
	ss.who = a.Address
	return true
}

// record adds a step to the ledger.
func (s *Server) record(e sandbox.Entry) {
	if s.opt.Ledger != nil {
		e.At, e.Service = s.opt.Now(), service
		s.opt.Ledger.Add(e)
	}
}
