package mail

import (
	"errors"
	"maps"
	"slices"
	"strings"
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
	uid   uint32
	raw   []byte
	at    time.Time
	flags map[string]bool // as written, system flags in their usual case
	mod   uint64          // when its flags changed last
}

var (
	errNoBox = errors.New("there is no such mailbox")
	errNoUID = errors.New("there is no such mail")
)

// newBox returns an empty mailbox with a UIDVALIDITY of its own. The caller holds the lock or is New.
func (s *Server) newBox(name string) *box {
	s.validity++
	return &box{name: name, validity: s.validity, next: 1}
}

func (a *account) box(name string) *box {
	if strings.EqualFold(name, "INBOX") {
		name = "INBOX"
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
	m := &message{uid: b.next, raw: raw, at: at, flags: map[string]bool{}, mod: s.changes}
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

// Letter is a mail in a mailbox.
type Letter struct {
	UID   uint32
	Raw   []byte
	At    time.Time
	Flags []string
}

// Header is the first field of that name, decoded; "" when there is none.
func (l Letter) Header(name string) string { return decoded(headerOf(l.Raw).Get(name)) }

// Letters lists the mails of a mailbox, the oldest first. Without such an account or mailbox there are none.
func (s *Server) Letters(address, mailbox string) []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(address)
	if a == nil {
		return nil
	}
	b := a.box(mailbox)
	if b == nil {
		return nil
	}
	var all []Letter
	for _, m := range b.msgs {
		all = append(all, m.letter())
	}
	return all
}

func (m *message) letter() Letter {
	return Letter{UID: m.uid, Raw: m.raw, At: m.at, Flags: slices.Sorted(maps.Keys(m.flags))}
}

// Mailboxes lists the names of a person's mailboxes.
func (s *Server) Mailboxes(address string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	if a := s.account(address); a != nil {
		for _, b := range a.boxes {
			all = append(all, b.name)
		}
	}
	return all
}

// Letter is one mail of a mailbox.
func (s *Server) Letter(address, mailbox string, uid uint32) (Letter, error) {
	for _, l := range s.Letters(address, mailbox) {
		if l.UID == uid {
			return l, nil
		}
	}
	return Letter{}, errNoUID
}

// Put lays a mail into a mailbox byte by byte, as a restore does: no header is added.
func (s *Server) Put(address, mailbox string, raw []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(address)
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
