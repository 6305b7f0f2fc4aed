package email_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/connectors/email"
	"signoff/internal/flow"
)

// real are the servers that tools/mail/run has started: Postfix and Dovecot.
type real struct{ dir, imaps, imap, smtp, submission, door, elsewhere string }

func realServers(t *testing.T) real {
	t.Helper()
	words := strings.Fields(os.Getenv("SIGNOFF_MAIL_SERVERS"))
	if len(words) != 7 {
		t.Skip("this needs Postfix and Dovecot: run make mail-real")
	}
	return real{words[0], words[1], words[2], words[3], words[4], words[5], words[6]}
}

// realTime is how long real servers may take.
const realTime = 30 * time.Second

// desk is a connector at work with the real servers. What it takes in is read at once, as the engine does it.
type desk struct {
	*email.Connector
	t      *testing.T
	mu     sync.Mutex
	events []flow.Event
	more   chan struct{}
	refuse int // so many mails first
}

func (r real) open(t *testing.T, settings string) *desk {
	t.Helper()
	d := deps(t)
	d.Now, d.Keep = time.Now, &connectortest.Keep{}
	w := &desk{t: t, more: make(chan struct{}, 100), Connector: connect(t, d, settings)}
	return w
}

func (w *desk) listen() {
	w.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	end := make(chan error, 1)
	go func() { end <- w.Listen(ctx, w.deliver) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-end; err != nil {
			w.t.Errorf("Listen = %v", err)
		}
	})
}

func (w *desk) deliver(_ context.Context, in connectors.Inbound) connectors.Reply {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse > 0 {
		w.refuse--
		return connectors.Reply{Status: 503}
	}
	_, list := events(w.t, w.Connector, in)
	for _, ev := range list {
		w.events = append(w.events, ev)
		w.more <- struct{}{}
	}
	return connectors.Reply{Status: 200}
}

// next waits for the next event.
func (w *desk) next() flow.Event {
	w.t.Helper()
	select {
	case <-w.more:
	case <-time.After(realTime):
		w.t.Fatal("no mail came in time")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	ev := w.events[0]
	w.events = w.events[1:]
	return ev
}

// post gives a mail to Postfix.
func (r real) post(t *testing.T, from, to, raw string) {
	t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+r.smtp)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	k := &talk{t: t, conn: conn, in: bufio.NewReader(conn)}
	k.reads("220")
	k.says("EHLO client.lumen.example", "250")
	k.says("MAIL FROM:<"+from+">", "250")
	k.says("RCPT TO:<"+to+">", "250")
	k.says("DATA", "354")
	k.says(strings.ReplaceAll(strings.TrimLeft(raw, "\n"), "\n", "\r\n")+".", "250")
	k.says("QUIT", "221")
}

func (r real) settings(receive string) string {
	return fmt.Sprintf("receive:\n%s  require: none\nsend:\n  smtp: {host: 127.0.0.1, port: %s, tls: starttls, ca: %s/ca.pem, user: requests, password: %s}\nfrom: \"Lumen requests <requests@lumen.example>\"\nreply_to: approvals@lumen.example\n",
		receive, r.submission, r.dir, password)
}

func (r real) mailbox(mode string) string {
	port := map[string]string{"implicit": r.imaps, "starttls": r.imap}[mode]
	return fmt.Sprintf("  imap: {host: 127.0.0.1, port: %s, tls: %s, ca: %s/ca.pem, user: requests, password: %s}\n", port, mode, r.dir, password)
}

// TestReal_AConversation: a mail comes through Postfix into Dovecot's mailbox, is acknowledged through Postfix, and the answer
// to that finds its request.
func TestReal_AConversation(t *testing.T) {
	r := realServers(t)
	w := r.open(t, r.settings(r.mailbox("implicit")))
	w.listen()
	r.post(t, "maya@lumen.example", "requests@lumen.example", first)
	ev := w.next()
	if ev.Kind != flow.RequestSubmitted || ev.Field("title") != "Spring banner" {
		t.Fatalf("%s %q, want a request", ev.Kind, ev.Field("title"))
	}
	e := notice("CR-142/1/1", "We have it.", ev.Actor)
	e.Tell.Where, e.Tell.InReplyTo = ev.Subject, "email/x"
	if _, err := w.Do(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	ack := readMail(t, r.wait(t, "maya"))
	reply := ack.header.Get("Reply-To")
	if ack.header.Get("Subject") != "[CR-142] Spring banner" || !strings.Contains(reply, "+cr-142.") {
		t.Errorf("Maya got %v", ack.header)
	}
	address := between(reply)
	r.post(t, "maya@lumen.example", address, "From: maya@lumen.example\nTo: "+address+"\nSubject: Re: [CR-142] Spring banner\nMessage-ID: <answer@lumen.example>\n\nThanks.\n")
	if ev := w.next(); ev.Kind != flow.CommentAdded || ev.Request != "CR-142" || ev.Body.String() != "Thanks." {
		t.Errorf("the answer is %s of %q: %q", ev.Kind, ev.Request, ev.Body)
	}
	for _, f := range w.Check(t.Context()) {
		if f.Level == "problem" {
			t.Errorf("Check: %+v", f)
		}
	}
	r.held(t, "requests", ".signoff.Done", 2)
	r.held(t, "requests", "", 0)
}

// TestReal_ABounce: Postfix refuses an address later, and its report finds the mail that it is about.
func TestReal_ABounce(t *testing.T) {
	r := realServers(t)
	w := r.open(t, r.settings(r.mailbox("starttls")))
	w.listen()
	other := sinkAt(t, "127.0.0.1:"+r.elsewhere)
	other.on(step{on: "RCPT", reply: "550 5.1.1 no such user here"})
	who := flow.Actor{Ref: flow.Ref{System: "email", Type: "address", Key: "nobody@elsewhere.example"}}
	if _, err := w.Do(t.Context(), notice("CR-7/1/1", "News.", who)); err != nil {
		t.Fatal(err)
	}
	ev := w.next()
	if ev.Kind != flow.MailFailed || ev.Request != "CR-142" || ev.Field("address") != "nobody@elsewhere.example" || ev.Field("effect") != "CR-7/1/1" || ev.Field("hard") != "yes" {
		t.Errorf("%s of %q: %v, want the failure of that mail", ev.Kind, ev.Request, ev.Fields)
	}
	wrong := connect(t, deps(t), strings.ReplaceAll(r.settings(""), "user: requests, password: "+password, "user: requests, password: wrong"))
	if _, err := wrong.Do(t.Context(), notice("CR-7/2/1", "News.", who)); connectors.ClassOf(err) != connectors.Denied {
		t.Errorf("a wrong password: %v, want denied", err)
	}
	untrusted := connect(t, deps(t), strings.ReplaceAll(r.settings(""), "ca: "+r.dir+"/ca.pem, ", ""))
	if _, err := untrusted.Do(t.Context(), notice("CR-7/3/1", "News.", who)); connectors.ClassOf(err) != connectors.Denied {
		t.Errorf("a certificate of an authority nobody knows: %v, want denied", err)
	}
}

// TestReal_OwnDoor: Postfix hands mail over by SMTP and by LMTP, and tries again what we could not keep.
func TestReal_OwnDoor(t *testing.T) {
	r := realServers(t)
	for name, door := range map[string]struct{ settings, to string }{
		"SMTP":             {`listen: "127.0.0.1:` + r.door + `", domain: door.example`, "requests@door.example"},
		"LMTP on a socket": {"socket: " + r.dir + "/socket/lmtp, domain: lmtp.example", "approvals@lmtp.example"},
	} {
		t.Run(name, func(t *testing.T) {
			w := r.open(t, r.settings("  smtp: {"+door.settings+"}\n"))
			w.refuse = 1
			w.listen()
			if name != "SMTP" {
				eventually(t, "the socket", func() bool { return os.Chmod(r.dir+"/socket/lmtp", 0o666) == nil }) // Postfix is not in our group here
			}
			r.post(t, "maya@lumen.example", door.to, strings.ReplaceAll(first, "<one@", "<"+strings.ReplaceAll(name, " ", "-")+"@"))
			if ev := w.next(); ev.Kind != flow.RequestSubmitted || ev.Field("title") != "Spring banner" {
				t.Errorf("%s %q, want a request", ev.Kind, ev.Field("title"))
			}
		})
	}
}

// wait returns the mail that comes to somebody's mailbox, read through a connector of its own.
func (r real) wait(t *testing.T, user string) string {
	t.Helper()
	d := deps(t)
	d.Now, d.Keep = time.Now, &connectortest.Keep{}
	c := connect(t, d, "receive:\n"+strings.ReplaceAll(r.mailbox("implicit"), "user: requests", "user: "+user)+"from: nobody@lumen.example\n")
	ctx, stop := context.WithTimeout(t.Context(), realTime)
	defer stop()
	var raw string
	err := c.Listen(ctx, func(_ context.Context, in connectors.Inbound) connectors.Reply {
		raw = string(in.Body)
		stop()
		return connectors.Reply{Status: 200}
	})
	if err != nil || raw == "" {
		t.Fatalf("%s got no mail: %v", user, err)
	}
	return raw
}

// held counts the mails in a folder on disk until they are as many as want.
func (r real) held(t *testing.T, user, folder string, want int) {
	t.Helper()
	count := func() (n int) {
		for _, sub := range []string{"new", "cur"} {
			files, _ := os.ReadDir(filepath.Join(r.dir, "mail", user, "Maildir", folder, sub))
			n += len(files)
		}
		return n
	}
	eventually(t, fmt.Sprintf("%d mails in %q of %s", want, folder, user), func() bool { return count() == want })
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(realTime)
	for !is() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("not in time: %s", what)
		}
	}
}
