package mail

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

// box is a mailbox. All of it is guarded by the server's lock.
type box struct {
	name     string
	validity uint32
	next     uint32
	msgs     []*message // by rising uid
}

type message struct {
	id    int // names the mail as long as it is in some mailbox
	uid   uint32
	raw   []byte
	open  func() *content
	at    time.Time
	flags map[string]bool // as written, system flags in their usual case
	mod   uint64          // when its flags changed last
}

// The mailboxes that everybody has.
const (
	inbox = "INBOX"
	sent  = "Sent"
)

var errNoBox = errors.New("there is no such mailbox")

// newBox returns an empty mailbox with a UIDVALIDITY of its own. The caller holds the lock or is New.
func (s *Server) newBox(name string) *box {
	s.validity++
	return &box{name: name, validity: s.validity, next: 1}
}

func (a *account) box(name string) *box {
	if strings.EqualFold(name, inbox) {
		name = inbox
	}
	for _, b := range a.boxes {
		if b.name == name {
			return b
		}
	}
	return nil
}

// add puts a mail into a mailbox. The caller holds the lock.
func (s *Server) add(b *box, raw []byte, at time.Time, flags ...string) *message {
	s.changes++
	s.letters++
	m := &message{id: s.letters, uid: b.next, raw: raw, open: sync.OnceValue(func() *content { return read(raw) }), at: at, flags: map[string]bool{}, mod: s.changes}
	for _, f := range flags {
		m.flags[canonical(f)] = true
	}
	b.next++
	b.msgs = append(b.msgs, m)
	s.wake()
	return m
}

func (b *box) find(uid uint32) *message {
	i, ok := slices.BinarySearchFunc(b.msgs, uid, func(m *message, uid uint32) int { return int(int64(m.uid) - int64(uid)) })
	if !ok {
		return nil
	}
	return b.msgs[i]
}

// canonical is the usual case of a system flag.
func canonical(flag string) string {
	for _, f := range []string{`\Seen`, `\Answered`, `\Flagged`, `\Deleted`, `\Draft`} {
		if strings.EqualFold(f, flag) {
			return f
		}
	}
	return flag
}

// Mailboxes lists the names of a person's mailboxes.
func (s *Server) Mailboxes(who string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	if a := s.someone(who); a != nil {
		for _, b := range a.boxes {
			all = append(all, b.name)
		}
	}
	return all
}

// Put lays a mail into a mailbox byte by byte, as a restore does: no header is added.
func (s *Server) Put(who, mailbox string, raw []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.someone(who)
	if a == nil {
		return ErrNobody
	}
	b := a.box(mailbox)
	if b == nil {
		return errNoBox
	}
	s.add(b, raw, s.opt.Now())
	return nil
}
