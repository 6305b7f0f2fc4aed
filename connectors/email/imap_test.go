package email_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/connectors/email"
)

const mailbox = `
receive:
  imap: {host: 127.0.0.1, port: 143, tls: none, user: requests, password: ${MAIL_PASSWORD}}
  require: none
from: requests@lumen.example
`

// reading is a connector that reads a scripted mailbox, within a synctest bubble.
type reading struct {
	*email.Connector
	t    *testing.T
	box  *postbox
	keep *connectortest.Keep
	stop context.CancelFunc
	end  chan error

	mu     sync.Mutex
	status int // of the answer
	got    []connectors.Inbound
}

func read(t *testing.T, box *postbox) *reading {
	t.Helper()
	r := &reading{t: t, box: box, keep: &connectortest.Keep{}, status: 200}
	r.start()
	return r
}

// start begins to listen, with what was kept before.
func (r *reading) start() {
	r.t.Helper()
	d := deps(r.t)
	d.Keep, d.Now = r.keep, time.Now
	r.Connector = connect(r.t, d, mailbox)
	r.DialBy(r.box.dial)
	ctx, stop := context.WithCancel(r.t.Context())
	r.stop, r.end = stop, make(chan error, 1)
	go func() { r.end <- r.Listen(ctx, r.deliver) }()
	synctest.Wait()
}

func (r *reading) deliver(_ context.Context, in connectors.Inbound) connectors.Reply {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.status < 500 {
		r.got = append(r.got, in)
	}
	return connectors.Reply{Status: r.status}
}

func (r *reading) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// subjects are those of the mails that were delivered, in order.
func (r *reading) subjects() (list []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, in := range r.got {
		_, s, _ := strings.Cut(string(in.Body), "Subject: ")
		s, _, _ = strings.Cut(s, "\r\n")
		list = append(list, s)
	}
	return list
}

func (r *reading) close() {
	r.stop()
	if err := <-r.end; err != nil {
		r.t.Errorf("Listen = %v, want nil at the end", err)
	}
	r.box.hangUp()
	synctest.Wait()
}

func after(d time.Duration) {
	time.Sleep(d) // within a bubble: the clock jumps
	synctest.Wait()
}

func letterOf(subject string, more ...string) string {
	return fmt.Sprintf("From: Maya <maya@lumen.example>\nTo: requests@lumen.example\nSubject: %s\nMessage-ID: <%s@lumen.example>\nDate: Fri, 20 Nov 2026 08:00:00 +0000\n%s\nPlease.\n",
		subject, strings.ReplaceAll(subject, " ", "-"), strings.Join(append(more, ""), "\n"))
}

func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

func TestMailbox_TakesMailAndMovesIt(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "IDLE MOVE UIDPLUS")
		box.put(letterOf("one"))
		box.put(letterOf("a vacation", "Auto-Submitted: auto-replied"))
		r := read(t, box)
		defer r.close()
		box.put(letterOf("three")) // told by IDLE
		synctest.Wait()
		if diff := cmp.Diff([]string{"one", "a vacation", "three"}, r.subjects()); diff != "" {
			t.Errorf("delivered (-want +got)\n%s", diff)
		}
		if got := box.inbox(); len(got) != 0 {
			t.Errorf("the mailbox still holds %v", got)
		}
		if done, auto := box.folder("signoff.Done"), box.folder("signoff.Auto"); len(done) != 2 || len(auto) != 1 { // "." parts folders there
			t.Errorf("Done holds %d, Auto %d, want 2 and 1", len(done), len(auto))
		}
		if ok, why := r.Connected(); !ok {
			t.Errorf("Connected = false, %q", why)
		}
		in := r.got[0]
		if !in.Trusted || !strings.HasPrefix(in.Header.Get("Content-Type"), "message/rfc822") || string(in.Body) != strings.ReplaceAll(letterOf("one"), "\n", "\r\n") {
			t.Errorf("delivered as %+v\n%q\nwant the mail byte by byte", in.Header, in.Body)
		}
		for _, l := range box.heard("") {
			if strings.Contains(l, "ENVELOPE") || strings.Contains(l, "BODYSTRUCTURE") {
				t.Errorf("%q asks the server to parse mail, which breaks on malformed answers", l)
			}
		}
	})
}

func TestMailbox_NothingIsMovedBeforeItIsKept(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "IDLE MOVE")
		box.put(letterOf("one"))
		box.put(letterOf("two"))
		r := &reading{t: t, box: box, keep: &connectortest.Keep{}, status: 503}
		r.start()
		defer r.close()
		after(time.Minute)
		if got := box.inbox(); len(got) != 2 || len(box.heard("UID MOVE")) != 0 {
			t.Fatalf("while nothing can be kept the mailbox holds %v, want both", got)
		}
		if ok, why := r.Connected(); !ok || why != "" {
			t.Errorf("Connected = %v, %q", ok, why)
		}
		r.answer(200)
		after(10 * time.Minute)
		if diff := cmp.Diff([]string{"one", "two"}, r.subjects()); diff != "" {
			t.Errorf("delivered (-want +got)\n%s", diff)
		}
		if got := box.inbox(); len(got) != 0 {
			t.Errorf("the mailbox still holds %v", got)
		}
	})
}

// TestMailbox_WithoutMove: the copy must be there before the original is deleted, and nobody else's mail is expunged.
func TestMailbox_WithoutMove(t *testing.T) {
	for name, c := range map[string]struct {
		caps, copyFails string
		inbox, done     int
		commands        []string
	}{
		"with UIDPLUS":            {"IDLE UIDPLUS", "", 0, 1, []string{"UID COPY 1", "UID STORE 1", "UID EXPUNGE 1"}},
		"without":                 {"IDLE", "", 0, 1, []string{"UID COPY 1", "UID STORE 1"}},
		"the copy is refused":     {"IDLE UIDPLUS", "NO [OVERQUOTA] full", 1, 0, []string{"UID COPY 1"}},
		"the folder is not there": {"IDLE UIDPLUS", "NO [TRYCREATE] no such folder", 1, 0, []string{"UID COPY 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				box := newPostbox(t, c.caps)
				if c.copyFails != "" {
					box.on(boxStep{on: "UID COPY", reply: c.copyFails})
				}
				box.put(letterOf("one"))
				r := read(t, box)
				defer r.close()
				if got := r.subjects(); len(got) != 1 {
					t.Fatalf("delivered %v, want it once", got)
				}
				var got []string
				for _, l := range box.heard("UID ") {
					if w := strings.Fields(l); w[1] != "SEARCH" && w[1] != "FETCH" {
						got = append(got, strings.Join(w[:3], " "))
					}
				}
				if diff := cmp.Diff(c.commands, got); diff != "" {
					t.Errorf("commands (-want +got)\n%s", diff)
				}
				if len(box.heard("EXPUNGE")) > 0 {
					t.Error("EXPUNGE removes mail of others")
				}
				if in, done := len(box.inbox()), len(box.folder("signoff.Done")); in != c.inbox || done != c.done {
					t.Errorf("the mailbox holds %d, Done %d, want %d and %d", in, done, c.inbox, c.done)
				}
				if c.copyFails == "" {
					return
				}
				after(6 * time.Minute) // it is tried again, and not taken twice
				if in, done, n := len(box.inbox()), len(box.folder("signoff.Done")), len(r.subjects()); in != 0 || done != 1 || n != 1 {
					t.Errorf("later the mailbox holds %d, Done %d, and it was delivered %d times, want 0, 1, 1", in, done, n)
				}
			})
		})
	}
}

// TestMailbox_CutBetweenKeepingAndMoving: the next connection moves what was kept.
func TestMailbox_CutBetweenKeepingAndMoving(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "IDLE MOVE")
		box.on(boxStep{on: "UID MOVE", reply: "cut"})
		box.put(letterOf("one"))
		r := read(t, box)
		defer r.close()
		after(time.Minute)
		if n, in, done := len(r.subjects()), len(box.inbox()), len(box.folder("signoff.Done")); n != 1 || in != 0 || done != 1 {
			t.Errorf("delivered %d times, the mailbox holds %d, Done %d, want 1, 0, 1", n, in, done)
		}
	})
}

// TestMailbox_StartedAnewAndRenumbered: a new process goes on where the last one stood; with another UIDVALIDITY all is read
// again, and whether it is known is found by what it is.
func TestMailbox_StartedAnewAndRenumbered(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "IDLE MOVE")
		box.on(boxStep{on: "UID MOVE", reply: "NO not now"}, boxStep{on: "UID MOVE", reply: "NO not now"})
		box.put(letterOf("one"))
		r := read(t, box)
		r.stop()
		<-r.end
		r.start()
		if got := r.subjects(); len(got) != 1 {
			t.Errorf("after a new start delivered %v, want it once", got)
		}
		r.stop()
		<-r.end
		box.mu.Lock()
		box.validity, box.next = 8, 1
		box.mails = nil
		box.mu.Unlock()
		box.put(letterOf("one"))
		r.start()
		defer r.close()
		if diff := cmp.Diff([]string{"one", "one"}, r.subjects()); diff != "" {
			t.Fatalf("after the UIDs changed (-want +got)\n%s", diff)
		}
		var keys []string
		for _, in := range r.got {
			acc, err := r.Accept(in)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, acc.Key)
		}
		if keys[0] != keys[1] {
			t.Errorf("the same mail has the keys %v, want one", keys)
		}
	})
}

func TestMailbox_TooLargeIsReadByItsHeader(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "IDLE MOVE")
		box.put(letterOf("one")).size = 100 << 20
		r := read(t, box)
		defer r.close()
		if got := box.heard("UID FETCH"); len(got) != 2 || !strings.Contains(got[1], "BODY.PEEK[HEADER]") {
			t.Fatalf("asked %q, want the size first and then the header alone", got)
		}
		_, list := events(t, r.Connector, r.got[0])
		if len(list) != 1 || !strings.Contains(list[0].Body.String(), "too large") || list[0].Field("title") != "one" {
			t.Errorf("events %+v, want a request that says so", list)
		}
	})
}

// TestMailbox_RefusedThreeTimesIsTheEnd: going on would lock the account.
func TestMailbox_RefusedThreeTimesIsTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "IDLE MOVE")
		box.password = "another"
		r := read(t, box)
		err := <-r.end
		var ce *connectors.Error
		if !errors.As(err, &ce) || ce.Class != connectors.Denied || ce.Person == "" || strings.Contains(err.Error(), password) {
			t.Errorf("Listen = %v, want denied with a sentence", err)
		}
		if got := len(box.heard("LOGIN")); got != 3 {
			t.Errorf("signed in %d times, want 3", got)
		}
		if ok, why := r.Connected(); ok || why == "" {
			t.Errorf("Connected = %v, %q, want why not", ok, why)
		}
		r.stop()
	})
}

// TestMailbox_WithoutLOGIN: some servers take a password by AUTHENTICATE alone.
func TestMailbox_WithoutLOGIN(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "IDLE MOVE LOGINDISABLED AUTH=PLAIN SASL-IR")
		box.on(boxStep{on: "AUTHENTICATE PLAIN AHJlcXVlc3RzAGEtcGFzc3dvcmQtbm9ib2R5LW1heS1zZWU=", reply: "OK signed in"})
		box.put(letterOf("one"))
		r := read(t, box)
		defer r.close()
		if got := r.subjects(); len(got) != 1 || len(box.heard("LOGIN")) != 0 {
			t.Errorf("delivered %v after %q, want it without LOGIN", got, box.heard("LOGIN"))
		}
	})
}

func TestMailbox_XOAUTH2(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		box := newPostbox(t, "IDLE MOVE SASL-IR AUTH=XOAUTH2")
		box.on(boxStep{on: "AUTHENTICATE XOAUTH2 dXNlcj1yZXF1ZXN0cwFhdXRoPUJlYXJlciBhbi1vbGQtdG9rZW4BAQ==", reply: "challenge"}, boxStep{on: "AUTHENTICATE XOAUTH2 dXNlcj1yZXF1ZXN0cwFhdXRoPUJlYXJlciBhLXBhc3N3b3JkLW5vYm9keS1tYXktc2VlAQE=", reply: "OK signed in"})
		box.put(letterOf("one"))
		d := deps(t)
		d.Now = time.Now
		r := &reading{t: t, box: box, status: 200, keep: &connectortest.Keep{}}
		file := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(file, []byte("an-old-token\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		r.Connector = connect(t, d, strings.Replace(mailbox, "password: ${MAIL_PASSWORD}", "token_file: "+file, 1))
		r.DialBy(func() (net.Conn, error) { return box.dial() })
		ctx, stop := context.WithCancel(t.Context())
		r.stop, r.end = stop, make(chan error, 1)
		go func() { r.end <- r.Listen(ctx, r.deliver) }()
		synctest.Wait()
		defer r.close()
		if ok, why := r.Connected(); ok || !strings.Contains(why, "refuses the account") {
			t.Errorf("after a token was not taken: %v, %q", ok, why)
		}
		if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		after(5 * time.Second) // what renews it has written another, which is taken
		if got := r.subjects(); len(got) != 1 {
			t.Errorf("delivered %v, want it", got)
		}
	})
}
