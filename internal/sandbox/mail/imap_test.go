package mail_test

import (
	"bufio"
	"net"
	"strings"
	"testing"

	"signoff/internal/sandbox/mail"
)

// letters starts a server with three mails for the product and a client that signed in.
func letters(t *testing.T, change ...func(*mail.Options)) (*mail.Server, *client) {
	t.Helper()
	s, _ := start(t, change...)
	for _, text := range []string{"one", "two", "three"} {
		if err := s.Put("requests@lumen.example", "INBOX", []byte("Subject: "+text+"\r\n\r\nbody\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.ServeIMAP(l)
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := &client{t, conn, bufio.NewReader(conn)}
	c.until("* OK ")
	return s, c
}

// until reads to the line that begins so.
func (c *client) until(prefix string) string {
	c.t.Helper()
	var all strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		all.WriteString(line)
		if err != nil {
			c.t.Fatalf("got %q and %v, want a line %q", all.String(), err, prefix)
		}
		if strings.HasPrefix(line, prefix) {
			return all.String()
		}
	}
}

// ask sends a command and wants each piece in its answer.
func (c *client) ask(command string, wants ...string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte("a " + command + "\r\n")); err != nil {
		c.t.Fatal(err)
	}
	got := c.until("a ")
	for _, want := range wants {
		if !strings.Contains(got, want) {
			c.t.Errorf("%s answered %q, want %q in it", command, got, want)
		}
	}
}

func TestIMAP_ReadsAndMoves(t *testing.T) {
	t.Parallel()
	s, c := letters(t)
	c.ask("SELECT INBOX", "a BAD")
	c.ask("LOGIN requests@lumen.example wrong", "a NO [AUTHENTICATIONFAILED]")
	c.ask(`LOGIN "requests@lumen.example" requests-password`, "a OK")
	c.ask("SELECT INBOX", "* 3 EXISTS", "[UIDNEXT 4]", "[UIDVALIDITY ", "a OK [READ-WRITE]")
	c.ask("UID SEARCH UID 9:*", "* SEARCH 3\r\n")
	c.ask("UID FETCH 2 (RFC822.SIZE BODY.PEEK[])", "* 2 FETCH (UID 2 RFC822.SIZE 22 BODY[] {22}\r\nSubject: two\r\n\r\nbody\r\n)")
	c.ask("CREATE Archive/Done", "a OK")
	c.ask("CREATE Archive/Done", "a NO [ALREADYEXISTS]")
	c.ask("UID MOVE 1 nowhere", "a NO [TRYCREATE]")
	c.ask("UID MOVE 1 Archive/Done", "COPYUID", "* 1 EXPUNGE\r\na OK")
	c.ask("FETCH 1 (UID)", "* 1 FETCH (UID 2)")
	c.ask(`UID STORE 3 +FLAGS.SILENT (\deleted)`, "a OK")
	c.ask("UID EXPUNGE 3", "* 2 EXPUNGE\r\na OK")
	c.ask("FROB", "a BAD")
	if got := len(s.Letters("requests@lumen.example", "Archive/Done")); got != 1 {
		t.Errorf("%d mails in Archive/Done, want 1", got)
	}
	if got := len(s.Letters("requests@lumen.example", "INBOX")); got != 1 {
		t.Errorf("%d mails in INBOX, want 1", got)
	}
}

func TestIMAP_IdleTellsOfNewMail(t *testing.T) {
	t.Parallel()
	s, c := letters(t)
	c.ask("LOGIN requests@lumen.example requests-password", "a OK")
	c.ask("SELECT INBOX", "a OK")
	if _, err := c.conn.Write([]byte("i IDLE\r\n")); err != nil {
		t.Fatal(err)
	}
	c.until("+ ")
	if err := s.Put("requests@lumen.example", "INBOX", []byte("Subject: four\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	c.until("* 4 EXISTS")
	if _, err := c.conn.Write([]byte("DONE\r\n")); err != nil {
		t.Fatal(err)
	}
	c.until("i OK")
}

func TestIMAP_WithoutExtensions(t *testing.T) {
	t.Parallel()
	_, c := letters(t, func(o *mail.Options) { o.NoMove, o.NoUIDPlus, o.NoIdle = true, true, true })
	c.ask("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2\r\n")
	c.ask("LOGIN requests@lumen.example requests-password", "a OK")
	c.ask("SELECT INBOX", "a OK")
	c.ask("UID MOVE 1 Sent", "a BAD")
	c.ask("UID EXPUNGE 1", "a BAD")
	c.ask("IDLE", "a BAD")
	c.ask("UID COPY 1 Sent", "a OK UID COPY completed")
}
