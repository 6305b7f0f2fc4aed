package mail_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/mail"
)

func TestIMAP_LooksWithoutTouching(t *testing.T) {
	t.Parallel()
	s, c := letters(t)
	c.ask("LOGIN requests@lumen.example requests-password", "a OK")
	c.ask("STATUS INBOX (MESSAGES UIDNEXT UNSEEN UIDVALIDITY)", `* STATUS "INBOX" (MESSAGES 3 UIDNEXT 4 UNSEEN 3 UIDVALIDITY `, "a OK")
	c.ask("STATUS nowhere (MESSAGES)", "a NO [NONEXISTENT]")
	c.ask("STATUS INBOX (SIZE)", "a BAD")
	c.ask("EXAMINE INBOX", "* 3 EXISTS", "[PERMANENTFLAGS ()]", "a OK [READ-ONLY]")
	c.ask("FETCH 1 (BODY[HEADER])", "Subject: one", "a OK")
	c.ask("UID STORE 1 +FLAGS (\\Deleted)", "a NO")
	c.ask("UID MOVE 1 Sent", "a NO")
	c.ask("CLOSE", "a OK")
	c.ask("FETCH 1 (UID)", "a BAD")
	if l := s.Inbox("requests@lumen.example")[0]; !l.Unread() || len(l.Flags) > 0 {
		t.Errorf("the letter is marked %q, want nothing", l.Flags)
	}
	c.ask("SELECT INBOX", "a OK")
	c.ask("STORE 2 +FLAGS.SILENT (\\Deleted)", "a OK")
	c.ask("CLOSE", "a OK CLOSE completed")
	if got := len(s.Inbox("requests@lumen.example")); got != 2 {
		t.Errorf("CLOSE left %d letters, want 2", got)
	}
}

func TestIMAP_ListsFolders(t *testing.T) {
	t.Parallel()
	_, c := letters(t, func(o *mail.Options) {
		o.People = []mail.Person{{Name: "Hub", Address: "requests@lumen.example", Password: "requests-password", Folders: []string{"Archive/Done"}}}
	})
	c.ask("LOGIN requests@lumen.example requests-password", "a OK")
	c.ask("CREATE bad%name", "a NO")
	for pattern, want := range map[string]string{
		`"" ""`:        `* LIST (\Noselect) "/" ""` + "\r\n",
		`"" *`:         "* LIST () \"/\" \"INBOX\"\r\n* LIST () \"/\" \"Sent\"\r\n* LIST (\\Noselect) \"/\" \"Archive\"\r\n* LIST () \"/\" \"Archive/Done\"\r\n",
		`"" %`:         "* LIST () \"/\" \"INBOX\"\r\n* LIST () \"/\" \"Sent\"\r\n* LIST (\\Noselect) \"/\" \"Archive\"\r\n",
		`Archive/ %`:   "* LIST () \"/\" \"Archive/Done\"\r\n",
		`"" "A*e/D*e"`: "* LIST () \"/\" \"Archive/Done\"\r\n",
		`"" inbox`:     "* LIST () \"/\" \"INBOX\"\r\n",
		`"" nothing*`:  "",
	} {
		if _, err := c.conn.Write([]byte("a LIST " + pattern + "\r\n")); err != nil {
			t.Fatal(err)
		}
		if got := c.until("a "); got != want+"a OK LIST completed\r\n" {
			t.Errorf("LIST %s answered %q, want %q", pattern, got, want)
		}
	}
}

func TestIMAP_ALetterIsMovedOnce(t *testing.T) {
	t.Parallel()
	s, c := letters(t)
	var all sync.WaitGroup
	c.ask("LOGIN requests@lumen.example requests-password", "a OK")
	c.ask("CREATE Done", "a OK")
	var others []*client
	for range 4 {
		o := c.another()
		o.ask("LOGIN requests@lumen.example requests-password", "a OK")
		o.ask("SELECT INBOX", "a OK")
		others = append(others, o)
	}
	for _, o := range others {
		all.Go(func() { o.ask("UID MOVE 1:3 Done") })
	}
	all.Wait()
	if got := len(s.Letters("requests@lumen.example", "Done")); got != 3 {
		t.Errorf("Done holds %d letters after four moved the same three, want 3", got)
	}
}

func TestIMAP_MovingKeepsTheLettersName(t *testing.T) {
	t.Parallel()
	s, c := letters(t)
	before := s.Inbox("requests@lumen.example")[1].ID
	c.ask("LOGIN requests@lumen.example requests-password", "a OK")
	c.ask("SELECT INBOX", "a OK")
	c.ask("UID MOVE 2 Sent", "a OK")
	if l := s.Letters("requests@lumen.example", "Sent")[0]; l.ID != before || l.Box != "Sent" || l.UID != 1 {
		t.Errorf("letter %d is in %s as %d, want %d in Sent as 1", l.ID, l.Box, l.UID, before)
	}
}

func TestIMAP_Faults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		kind sandbox.FaultKind
		name string
		want string // the whole answer to UID MOVE 1 Sent
		left int
	}{
		{sandbox.LostAnswer, "", "", 2},
		{sandbox.Error503, "", "a NO [UNAVAILABLE] Temporary server error, try again later\r\n", 3},
		{sandbox.Error500, "", "a NO [SERVERBUG] Internal error\r\n", 3},
		{sandbox.RateLimit, "", "* BYE Too many connections, try again later\r\n", 3},
		{sandbox.NamedError, "NO [OVERQUOTA] Full", "a NO [OVERQUOTA] Full\r\n", 3},
		{sandbox.SlowBody, "", "* OK [COPYUID ", 2},
	} {
		t.Run(string(tc.kind), func(t *testing.T) {
			t.Parallel()
			faults, ledger := &sandbox.Faults{}, sandbox.NewLedger(now)
			if err := faults.Arm(sandbox.Fault{Service: "mail", Method: "IMAP MOVE", Kind: tc.kind, Times: 1, Name: tc.name, Wait: time.Nanosecond}); err != nil {
				t.Fatal(err)
			}
			s, c := letters(t, func(o *mail.Options) { o.Faults, o.Ledger = faults, ledger })
			c.ask("LOGIN requests@lumen.example requests-password", "a OK")
			c.ask("SELECT INBOX", "a OK")
			if _, err := c.conn.Write([]byte("a UID MOVE 1 Sent\r\n")); err != nil {
				t.Fatal(err)
			}
			if got, _ := c.r.ReadString('\n'); !strings.HasPrefix(got, tc.want) || tc.want == "" && got != "" {
				t.Errorf("answered %q, want %q", got, tc.want)
			}
			if got := len(s.Inbox("requests@lumen.example")); got != tc.left {
				t.Errorf("%d letters are left, want %d", got, tc.left)
			}
			i := 0
			for _, e := range ledger.Entries(0) {
				if e.Note == string(tc.kind) && e.Failed {
					i++
				}
			}
			if i != 1 {
				t.Errorf("the ledger tells of the fault %d times, want once", i)
			}
		})
	}
}

func TestIMAP_Ledger(t *testing.T) {
	t.Parallel()
	ledger := sandbox.NewLedger(now)
	_, c := letters(t, func(o *mail.Options) { o.Ledger = ledger })
	c.ask("CAPABILITY", "a OK")
	c.ask("LOGIN requests@lumen.example wrong", "a NO")
	c.ask("LOGIN requests@lumen.example requests-password", "a OK")
	c.ask("SELECT INBOX", "a OK")
	c.ask("NOOP", "a OK")
	c.ask("UID SEARCH UID 9:9", "* SEARCH\r\n")
	c.ask("UID SEARCH UID 1:*", "* SEARCH 1 2 3")
	c.ask("UID FETCH 1 (UID BODY.PEEK[])", "a OK")
	c.ask("UID MOVE 1 Sent", "a OK")
	var got []string
	for _, e := range ledger.Entries(0) {
		got = append(got, e.Path)
		if strings.Contains(e.Note, "completed") {
			t.Errorf("the note of %s is %q, want it short", e.Path, e.Note)
		}
		if bad := e.Status >= 400; bad != (e.Path == "IMAP LOGIN requests@lumen.example" && len(got) == 1) {
			t.Errorf("%s has status %d", e.Path, e.Status)
		}
	}
	want := "IMAP LOGIN requests@lumen.example|IMAP LOGIN requests@lumen.example|IMAP SELECT INBOX|IMAP UID SEARCH UID 1:*|IMAP UID FETCH 1 (UID BODY.PEEK[])|IMAP UID MOVE 1 Sent"
	if strings.Join(got, "|") != want {
		t.Errorf("the ledger holds\n%s, want\n%s", strings.Join(got, "|"), want)
	}
}

func TestHalfDead_LeavesSMTPAlone(t *testing.T) {
	t.Parallel()
	s, addr := start(t)
	c := dial(t, addr)
	s.HalfDead()
	c.say("EHLO me => 250")
}

// certificate is one of this test's own.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"mx.lumen.example"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// A client of others reads, moves and waits as a poller does, after STARTTLS.
func TestIMAP_ServesARealClient(t *testing.T) {
	t.Parallel()
	conf, pool := certificate(t)
	s, raw := letters(t, func(o *mail.Options) { o.TLS = conf })
	raw.ask("LOGIN requests@lumen.example requests-password", "a NO [PRIVACYREQUIRED]")
	conn, err := net.Dial("tcp", raw.conn.RemoteAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	news := make(chan struct{}, 10)
	c, err := imapclient.NewStartTLS(conn, &imapclient.Options{
		TLSConfig:             &tls.Config{RootCAs: pool, ServerName: "mx.lumen.example"},
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: func(*imapclient.UnilateralDataMailbox) { news <- struct{}{} }},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("requests@lumen.example", "requests-password").Wait(); err != nil {
		t.Fatal(err)
	}
	if list, err := c.List("", "", nil).Collect(); err != nil || len(list) != 1 || list[0].Delim != '/' {
		t.Errorf("LIST \"\" \"\" = %+v and %v, want a slash", list, err)
	}
	if err := c.Create("Archive/Done", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	data, err := c.Select("INBOX", nil).Wait()
	if err != nil || data.NumMessages != 3 {
		t.Fatalf("SELECT = %+v and %v, want 3 letters", data, err)
	}
	got, err := c.Fetch(imap.UIDSetNum(2), &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
	if err != nil || len(got) != 1 || string(got[0].BodySection[0].Bytes) != "Subject: two\r\n\r\nbody\r\n" || !got[0].InternalDate.Equal(now()) {
		t.Fatalf("FETCH = %+v and %v, want the second letter", got, err)
	}
	if _, err := c.Move(imap.UIDSetNum(2), "Archive/Done").Wait(); err != nil {
		t.Fatal(err)
	}
	status, err := c.Status("Archive/Done", &imap.StatusOptions{NumMessages: true, UIDNext: true, NumUnseen: true}).Wait()
	if err != nil || *status.NumMessages != 1 || status.UIDNext != 2 {
		t.Errorf("STATUS = %+v and %v, want one letter", status, err)
	}
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put("requests@lumen.example", "INBOX", []byte("Subject: four\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	<-news
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Logout().Wait(); err != nil {
		t.Fatal(err)
	}
}

// another is a client more of the same server.
func (c *client) another() *client {
	c.t.Helper()
	conn, err := net.Dial("tcp", c.conn.RemoteAddr().String())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = conn.Close() })
	o := &client{c.t, conn, bufio.NewReader(conn)}
	o.until("* OK ")
	return o
}
