package mail

import (
	"context"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// Letter is a mail in a mailbox.
type Letter struct {
	ID    int    // names it for as long as it is in some mailbox: moving and renumbering keep it
	Box   string // "INBOX", "Sent", "signoff/Done", ...
	UID   uint32
	Raw   []byte
	At    time.Time // when it came
	Flags []string
	open  func() *content
}

func (l Letter) read() *content {
	if l.open == nil {
		return read(l.Raw)
	}
	return l.open()
}

// Header is the first field of that name, decoded; "" when there is none.
func (l Letter) Header(name string) string { return decoded(l.read().head.Get(name)) }

// MessageID is the letter's own id with its angle brackets; "" when it has none.
func (l Letter) MessageID() string { return strings.TrimSpace(l.read().head.Get("Message-Id")) }

// From is who wrote it, by its own word.
func (l Letter) From() mail.Address { return first(l.people("From")) }

// people are the addresses in fields; what cannot be read is left out.
func (l Letter) people(fields ...string) (all []*mail.Address) {
	for _, field := range fields {
		list, _ := addresses.ParseList(l.read().head.Get(field)) // a field that is not there has no address either
		all = append(all, list...)
	}
	return all
}

func first(list []*mail.Address) mail.Address {
	if len(list) == 0 {
		return mail.Address{}
	}
	return *list[0]
}

// Subject is its subject, decoded.
func (l Letter) Subject() string { return l.Header("Subject") }

// Text is what it says: its plain part, or the words of its HTML.
func (l Letter) Text() string {
	if c := l.read(); c.text != "" || c.html == "" {
		return c.text
	}
	return wordsOf(l.read().html)
}

// HTML is its HTML part as it came; "" when it has none. It is not safe to be shown as it is.
func (l Letter) HTML() string { return l.read().html }

// Files are its attachments, and the pictures within its HTML.
func (l Letter) Files() []File { return slices.Clone(l.read().files) }

// within reports whether a file is a picture that the letter's HTML shows.
func (l Letter) within(f File) bool { return f.ID != "" && strings.Contains(l.HTML(), "cid:"+f.ID) }

// attached reports whether it has attachments besides the pictures of its HTML.
func (l Letter) attached() bool {
	return slices.ContainsFunc(l.read().files, func(f File) bool { return !l.within(f) })
}

// Links are the web addresses in it: those of its HTML, then those of its text, each once.
func (l Letter) Links() []string {
	var all []string
	for _, a := range anchors(l.read().html) {
		all = append(all, a.href)
	}
	for _, address := range webAddress.FindAllString(l.read().text, -1) {
		all = append(all, strings.TrimRight(address, ".,;:!?)>]"))
	}
	var out []string
	for _, address := range all {
		if !slices.Contains(out, address) {
			out = append(out, address)
		}
	}
	return out
}

// Link is where the first link of its HTML with these words leads, such as "Approve"; "" when there is none.
func (l Letter) Link(words string) string {
	for _, a := range anchors(l.read().html) {
		if strings.EqualFold(a.words, words) {
			return a.href
		}
	}
	return ""
}

// Says reports whether each of the words stands in its subject or text, in whatever case.
func (l Letter) Says(words ...string) bool {
	all := strings.ToLower(l.Subject() + "\n" + l.Text())
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(all, strings.ToLower(w)) })
}

// Unread reports whether nobody has opened it.
func (l Letter) Unread() bool { return !slices.Contains(l.Flags, `\Seen`) }

// Letters lists the mails of a mailbox, the oldest first. Without such an account or mailbox there are none.
func (s *Server) Letters(who, mailbox string) []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.someone(who)
	if a == nil {
		return nil
	}
	b := a.box(mailbox)
	if b == nil {
		return nil
	}
	return b.letters()
}

// Inbox lists what a person received, the oldest first.
func (s *Server) Inbox(who string) []Letter { return s.Letters(who, inbox) }

// Find is the newest letter of a person's inbox that says each of the words.
func (s *Server) Find(who string, words ...string) (Letter, bool) {
	for _, l := range slices.Backward(s.Inbox(who)) {
		if l.Says(words...) {
			return l, true
		}
	}
	return Letter{}, false
}

// Receive waits until a person has a letter that says each of the words.
func (s *Server) Receive(ctx context.Context, who string, words ...string) (found Letter, err error) {
	err = s.Wait(ctx, func(s *Server) (ok bool) {
		found, ok = s.Find(who, words...)
		return ok
	})
	if err != nil {
		return Letter{}, fmt.Errorf("wait for a letter to %s that says %q: %w", who, words, err)
	}
	return found, nil
}

// all are the mails of every mailbox of an account. The caller holds the lock.
func (a *account) all() (out []Letter) {
	for _, b := range a.boxes {
		out = append(out, b.letters()...)
	}
	return out
}

func (b *box) letters() (out []Letter) {
	for _, m := range b.msgs {
		out = append(out, Letter{ID: m.id, Box: b.name, UID: m.uid, Raw: m.raw, At: m.at, Flags: slices.Sorted(maps.Keys(m.flags)), open: m.open})
	}
	return out
}

// mark sets a flag of somebody's letter, as their mail program does.
func (s *Server) mark(address string, id int, flag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(address)
	if a == nil {
		return
	}
	for _, b := range a.boxes {
		for _, m := range b.msgs {
			if m.id == id && !m.flags[flag] {
				s.changes++
				m.flags[flag], m.mod = true, s.changes
				s.wake()
			}
		}
	}
}
