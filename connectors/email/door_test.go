package email_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/connectors"
)

// entry is a connector whose own mail server listens, and what was delivered.
type entry struct {
	t    *testing.T
	l    net.Listener
	mu   sync.Mutex
	got  []connectors.Inbound
	says int // status of the answer
}

func openDoor(t *testing.T, door string) *entry { return openDoorFor(t, door, 0) }

func openDoorFor(t *testing.T, door string, most int64) *entry {
	t.Helper()
	en := &entry{t: t, says: 200}
	var err error
	if en.l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	c := connect(t, deps(t), "receive:\n  smtp: {listen: \"127.0.0.1:0\", domain: requests.lumen.example"+door+"}\nfrom: requests@lumen.example\nreply_to: approvals@lumen.example\n")
	c.ListenOn(en.l)
	if most > 0 {
		c.TakeMost(most)
	}
	ctx, stop := context.WithCancel(context.Background())
	end := make(chan error, 1)
	go func() { end <- c.Listen(ctx, en.deliver) }()
	t.Cleanup(func() {
		stop()
		if err := <-end; err != nil {
			t.Errorf("Listen = %v, want nil at the end", err)
		}
	})
	return en
}

func (en *entry) deliver(_ context.Context, in connectors.Inbound) connectors.Reply {
	en.mu.Lock()
	defer en.mu.Unlock()
	if en.says < 500 {
		en.got = append(en.got, in)
	}
	return connectors.Reply{Status: en.says}
}

func (en *entry) answer(status int) {
	en.mu.Lock()
	defer en.mu.Unlock()
	en.says = status
}

func (en *entry) delivered() []connectors.Inbound {
	en.mu.Lock()
	defer en.mu.Unlock()
	return append([]connectors.Inbound(nil), en.got...)
}

// talk is a client that speaks bytes.
type talk struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func (en *entry) call(hello string) *talk {
	en.t.Helper()
	conn, err := net.Dial("tcp", en.l.Addr().String())
	if err != nil {
		en.t.Fatal(err)
	}
	en.t.Cleanup(func() { _ = conn.Close() })
	k := &talk{t: en.t, conn: conn, in: bufio.NewReader(conn)}
	k.reads("220")
	if hello != "" {
		k.says(hello, "250")
	}
	return k
}

// says sends a line and reads the answer, which must begin with want.
func (k *talk) says(line, want string) string {
	k.t.Helper()
	if _, err := fmt.Fprintf(k.conn, "%s\r\n", line); err != nil {
		k.t.Fatalf("%.60q: %v", line, err)
	}
	got := k.reads(want)
	return got
}

func (k *talk) reads(want string) (all string) {
	k.t.Helper()
	for {
		_ = k.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		line, err := k.in.ReadString('\n')
		if err != nil {
			k.t.Fatalf("want %s: %v after %q", want, err, all)
		}
		all += line
		if len(line) > 3 && line[3] == ' ' {
			break
		}
	}
	if !strings.HasPrefix(all, want) {
		k.t.Errorf("the server says %q, want %s", all, want)
	}
	return all
}

const posted = "From: Maya <maya@lumen.example>\r\nTo: requests@lumen.example\r\nSubject: A banner\r\nMessage-ID: <1@lumen.example>\r\n\r\nPlease.\r\n..a dot\r\nbare \n line\r\n"

func TestDoor_TakesMailForUs(t *testing.T) {
	t.Parallel()
	en := openDoor(t, "")
	k := en.call("EHLO mx.lumen.example")
	for range 2 { // two mails on one connection
		k.says("MAIL FROM:<maya@lumen.example>", "250")
		k.says("RCPT TO:<requests@lumen.example>", "250")
		k.says("RCPT TO:<Approvals+CR-1.x@requests.lumen.example>", "250")
		k.says("DATA", "354")
		k.says(posted+".", "250")
	}
	got := en.delivered()
	if len(got) != 2 {
		t.Fatalf("delivered %d mails, want 2", len(got))
	}
	if want := strings.ReplaceAll(posted, "..a dot", ".a dot"); string(got[0].Body) != want {
		t.Errorf("the mail is\n%q\nwant it byte by byte\n%q", got[0].Body, want)
	}
	if ct := got[0].Header.Get("Content-Type"); !got[0].Trusted || !strings.Contains(ct, "by=smtp") || !strings.Contains(ct, `from="maya@lumen.example"`) || !strings.Contains(ct, "Approvals+CR-1.x@requests.lumen.example") {
		t.Errorf("delivered as %q, want the envelope", ct)
	}
	k.says("QUIT", "221")
}

func TestDoor_RefusesWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	en := openDoor(t, `, addresses: ["design@lumen.example", "*@design.lumen.example"]`)
	k := en.call("EHLO mx.lumen.example")
	k.says("MAIL FROM:<>", "250") // the null sender of a bounce
	for to, want := range map[string]string{
		"nobody@requests.lumen.example": "550", "requests@elsewhere.example": "550", "maya@lumen.example": "550",
		"requests%elsewhere.example@lumen.example": "550", "@lumen.example,@x.example:requests@lumen.example": "", "postmaster@requests.lumen.example": "250",
		"design@lumen.example": "250", "any@design.lumen.example": "250", "requests+tag@lumen.example": "250",
	} {
		if want != "" {
			k.says("RCPT TO:<"+to+">", want)
		}
	}
	k.says("RSET", "250")
	k.says("MAIL FROM:<a@b.example>", "250")
	k.says("DATA", "5") // without a recipient
	if got := en.delivered(); len(got) != 0 {
		t.Errorf("delivered %d mails, want none", len(got))
	}
	if said := k.says("EHLO again", "250"); strings.Contains(said, "AUTH") || strings.Contains(said, "STARTTLS") || !strings.Contains(said, "SIZE 36700160") {
		t.Errorf("the server offers %q, want the size and neither AUTH nor STARTTLS", said)
	}
}

func TestDoor_OurFaultIsTemporary(t *testing.T) {
	t.Parallel()
	en := openDoor(t, "")
	en.answer(503)
	k := en.call("EHLO mx.lumen.example")
	send := func(want string) {
		k.says("MAIL FROM:<maya@lumen.example>", "250")
		k.says("RCPT TO:<requests@lumen.example>", "250")
		k.says("DATA", "354")
		k.says(posted+".", want)
	}
	send("451 4.3.0")
	en.answer(200)
	send("250")
	if got := en.delivered(); len(got) != 1 {
		t.Errorf("delivered %d mails, want the second alone", len(got))
	}
}

func TestDoor_Limits(t *testing.T) {
	t.Parallel()
	en := openDoorFor(t, "", 1<<20)
	k := en.call("EHLO mx.lumen.example")
	k.says("MAIL FROM:<maya@lumen.example> SIZE=99999999", "552")
	k.says("MAIL FROM:<maya@lumen.example>", "250")
	for range 50 {
		k.says("RCPT TO:<requests@lumen.example>", "250")
	}
	k.says("RCPT TO:<requests@lumen.example>", "452")
	k.says("DATA", "354")
	line := strings.Repeat("x", 990) + "\r\n"
	block := strings.Repeat(line, 1000)
	for range 2 {
		if _, err := k.conn.Write([]byte(block)); err != nil {
			t.Fatal(err)
		}
	}
	k.says(".", "552")
	if got := en.delivered(); len(got) != 0 {
		t.Errorf("delivered %d mails, want none", len(got))
	}
}

// TestDoor_LongLines: a page in one line is taken; a line without end is refused for good, so that it does not come for days.
func TestDoor_LongLines(t *testing.T) {
	t.Parallel()
	for length, want := range map[int]string{300_000: "250", 2 << 20: "554 5.6.0"} {
		en := openDoor(t, "")
		k := en.call("EHLO mx.lumen.example")
		k.says("MAIL FROM:<maya@lumen.example>", "250")
		k.says("RCPT TO:<requests@lumen.example>", "250")
		k.says("DATA", "354")
		k.says(posted+strings.Repeat("x", length)+"\r\n.", want)
		if got := len(en.delivered()); (got == 1) != (want == "250") {
			t.Errorf("a line of %d bytes: %d mails delivered", length, got)
		}
	}
}

func TestDoor_MailThatBreaksOff(t *testing.T) {
	t.Parallel()
	en := openDoor(t, "")
	k := en.call("EHLO mx.lumen.example")
	k.says("MAIL FROM:<maya@lumen.example>", "250")
	k.says("RCPT TO:<requests@lumen.example>", "250")
	k.says("DATA", "354")
	_, _ = fmt.Fprint(k.conn, "Subject: half a m")
	_ = k.conn.Close()
	other := en.call("EHLO mx.lumen.example")
	other.says("NOOP", "250")
	if got := en.delivered(); len(got) != 0 {
		t.Errorf("delivered %d mails, want none", len(got))
	}
}

func TestDoor_LMTP(t *testing.T) {
	t.Parallel()
	en := openDoor(t, ", lmtp: true")
	k := en.call("")
	k.says("EHLO mx", "500")
	k.says("LHLO mx.lumen.example", "250")
	k.says("MAIL FROM:<maya@lumen.example>", "250")
	k.says("RCPT TO:<requests@lumen.example>", "250")
	k.says("RCPT TO:<nobody@lumen.example>", "550")
	k.says("RCPT TO:<approvals@lumen.example>", "250")
	k.says("DATA", "354")
	k.says(posted+".", "250") // one answer for each recipient
	k.reads("250")
	if got := en.delivered(); len(got) != 1 || !strings.Contains(got[0].Header.Get("Content-Type"), "by=lmtp") {
		t.Errorf("delivered %d mails, want one for both recipients", len(got))
	}
}

func TestDoor_UnixSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lmtp")
	c := connect(t, deps(t), "receive:\n  smtp: {socket: "+path+", domain: requests.lumen.example}\nfrom: requests@lumen.example\n")
	for range 2 { // the second finds the socket of the first
		ctx, stop := context.WithCancel(context.Background())
		end := make(chan error, 1)
		go func() {
			end <- c.Listen(ctx, func(context.Context, connectors.Inbound) connectors.Reply { return connectors.Reply{Status: 200} })
		}()
		var conn net.Conn
		for conn == nil {
			conn, _ = net.Dial("unix", path)
		}
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.Contains(line, "LMTP") {
			t.Errorf("the socket says %q, %v, want LMTP", line, err)
		}
		_ = conn.Close()
		stop()
		if err := <-end; err != nil {
			t.Errorf("Listen = %v", err)
		}
	}
}

func TestDoor_STARTTLS(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	en := openDoor(t, fmt.Sprintf(", certificate: %s, key: %s", cert, key))
	k := en.call("")
	if said := k.says("EHLO mx", "250"); !strings.Contains(said, "STARTTLS") {
		t.Fatalf("the server offers %q, want STARTTLS", said)
	}
	k.says("STARTTLS", "220")
	secured := tls.Client(k.conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the certificate is the test's own
	k.conn, k.in = secured, bufio.NewReader(secured)
	k.says("EHLO mx", "250")
	k.says("MAIL FROM:<maya@lumen.example>", "250")
	k.says("RCPT TO:<requests@lumen.example>", "250")
	k.says("DATA", "354")
	k.says(posted+".", "250")
	if got := en.delivered(); len(got) != 1 {
		t.Errorf("delivered %d mails, want 1", len(got))
	}
}

func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "requests.lumen.example"}, NotBefore: begin.AddDate(-1, 0, 0), NotAfter: begin.AddDate(30, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
