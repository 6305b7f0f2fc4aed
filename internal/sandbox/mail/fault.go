package mail

import (
	"strconv"
	"strings"
	"time"

	"signoff/internal/sandbox"
)

// The faults of the ledger's vocabulary mean here, in SMTP and in IMAP:
//
//	rate-limit*      421 4.7.0, or * BYE, and the connection ends
//	error-503        451 4.3.0, or NO [UNAVAILABLE]
//	error-500        554 5.3.0, or NO [SERVERBUG]
//	named-error      the answer Name, such as "552 5.2.2 Mailbox full" or "NO [OVERQUOTA] Full"
//	timeout-before   no answer for Wait, then the connection is cut; the command is not done
//	timeout-after    the command is done, then as timeout-before
//	lost-answer      the command is done and the connection is cut: after SMTP DATA the mail is taken, its 250 never sent
//	slow-body        the command is done and answered after Wait
//	invalid-json     an answer that is none
//	html-200         a web page instead of an answer, and the connection is cut
//
// Fault.Method is the protocol and the command: "SMTP DATA" hits at the end of the mail, "IMAP FETCH" with or without UID. What
// people send by the acts and the pages is never hit.

const (
	overSMTP = "SMTP"
	overIMAP = "IMAP"
)

// effect is what a fault does to a command.
type effect struct {
	answer string        // instead of doing it
	cut    bool          // the connection ends afterwards
	does   bool          // the command is done
	wait   time.Duration // before the answer or the cut
}

// refusals are the answers of a server that is busy, out of order, or broken.
var refusals = map[string][3]string{
	overSMTP: {"421 4.7.0 Too many connections, try again later", "451 4.3.0 Temporary server error, try again later", "554 5.3.0 Transaction failed"},
	overIMAP: {"* BYE Too many connections, try again later", "NO [UNAVAILABLE] Temporary server error, try again later", "NO [SERVERBUG] Internal error"},
}

// fault takes the fault that hits a command, if any.
func (ss *session) fault(protocol, command string) (effect, bool) {
	if ss.inner {
		return effect{}, false
	}
	f, ok := ss.opt.Faults.Take(service, protocol+" "+command)
	if !ok {
		return effect{}, false
	}
	e, says := effect{}, refusals[protocol]
	switch f.Kind {
	case sandbox.RateLimit, sandbox.RateLimitHTML, sandbox.RateLimitNoHeader, sandbox.RateLimitZero:
		e = effect{answer: says[0], cut: true}
	case sandbox.Error503:
		e.answer = says[1]
	case sandbox.Error500:
		e.answer = says[2]
	case sandbox.NamedError:
		e.answer = f.Name
	case sandbox.TimeoutBefore:
		e = effect{cut: true, wait: holdFor(f, 20*time.Second)}
	case sandbox.TimeoutAfter:
		e = effect{cut: true, does: true, wait: holdFor(f, 20*time.Second)}
	case sandbox.LostAnswer:
		e = effect{cut: true, does: true}
	case sandbox.SlowBody:
		e = effect{does: true, wait: holdFor(f, 5*time.Second)}
	case sandbox.InvalidJSON:
		e.answer = "2x0 \x01"
	default:
		e = effect{answer: "<!doctype html><title>Sign in</title>", cut: true}
	}
	ss.record(sandbox.Entry{Direction: sandbox.In, Method: protocol, Path: command, Status: statusOf(e.answer), Note: string(f.Kind), Failed: true})
	return e, true
}

// suffer plays a fault around a command.
func (ss *session) suffer(e effect, answer func(string) error, do func() error) error {
	if e.does {
		if e.cut {
			ss.silent.Store(true)
		} else {
			_ = ss.opt.Sleep(ss.ctx, e.wait)
		}
		if err := do(); err != nil {
			return err
		}
	} else if e.answer != "" {
		if err := answer(e.answer); err != nil {
			return err
		}
	}
	if !e.cut {
		return nil
	}
	if e.wait > 0 {
		_ = ss.opt.Sleep(ss.ctx, e.wait)
	}
	return errQuit
}

func holdFor(f sandbox.Fault, otherwise time.Duration) time.Duration {
	if f.Wait > 0 {
		return f.Wait
	}
	return otherwise
}

// statusOf is the number of an answer for the ledger: SMTP has them; IMAP's OK counts as 200, its NO and BAD as 400.
func statusOf(answer string) int {
	word, _, _ := strings.Cut(answer, " ")
	switch word {
	case "OK":
		return 200
	case "NO", "BAD", "*":
		return 400
	}
	n, err := strconv.Atoi(word)
	if err != nil {
		return 0
	}
	return n
}

// Cut ends every connection of now without a word.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ss := range s.sessions {
		_ = ss.conn.Close()
	}
}

// HalfDead makes the IMAP connections of now silent for ever, as when a firewall forgets them: what is sent to them is read and
// never answered. New connections are not touched.
func (s *Server) HalfDead() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ss := range s.sessions {
		if ss.reads {
			ss.silent.Store(true)
		}
	}
	s.wake()
}

// Renumber gives the mails of a mailbox new numbers under a new UIDVALIDITY, as after a restore.
func (s *Server) Renumber(who, mailbox string) error {
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
	s.validity++
	b.validity, b.next = s.validity, 1
	for _, m := range b.msgs {
		m.uid = b.next
		b.next++
	}
	for ss := range s.sessions {
		if ss.who == a.Address { // a selected mailbox never changes its numbers: its connections end
			_ = ss.conn.Close()
		}
	}
	s.wake()
	return nil
}
