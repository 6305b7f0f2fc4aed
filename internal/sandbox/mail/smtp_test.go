package mail_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"net"
	"strings"
	"testing"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/mail"
)

// now is a morning in the demo.
func now() time.Time { return time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC) }

func start(t *testing.T, change ...func(*mail.Options)) (*mail.Server, string) {
	t.Helper()
	opt := mail.Options{Now: now}
	for _, c := range change {
		c(&opt)
	}
	s := mail.New(opt)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.ServeSMTP(l)
	t.Cleanup(s.Close)
	return s, l.Addr().String()
}

// client speaks bytes.
type client struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := &client{t, conn, bufio.NewReader(conn)}
	c.want("220 ")
	return c
}

// answer reads one answer of any number of lines.
func (c *client) answer() string {
	var all strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		all.WriteString(line)
		if err != nil || len(line) < 4 || line[3] != '-' {
			return all.String()
		}
	}
}

func (c *client) want(prefix string) {
	c.t.Helper()
	if got := c.answer(); !strings.HasPrefix(got, prefix) {
		c.t.Fatalf("answered %q, want %q", got, prefix)
	}
}

// say sends lines in turn, each with the answer that is wanted: "EHLO a => 250".
func (c *client) say(steps ...string) {
	c.t.Helper()
	for _, step := range steps {
		line, want, _ := strings.Cut(step, " => ")
		if _, err := c.conn.Write([]byte(line + "\r\n")); err != nil {
			c.t.Fatalf("send %q: %v", line, err)
		}
		if got := c.answer(); !strings.HasPrefix(got, want) {
			c.t.Fatalf("%q answered %q, want %q", line, got, want)
		}
	}
}

func plain(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
}

const head = "From: Maya <maya@lumen.example>\r\nTo: requests@lumen.example\r\nDate: Wed, 25 Nov 2026 09:00:00 +0000\r\nSubject: Banner\r\nMessage-ID: <1@lumen.example>\r\n"

func TestSMTP_RefusesWhatTheStandardRefuses(t *testing.T) {
	t.Parallel()
	auth := "AUTH PLAIN " + plain("maya@lumen.example", "maya-password") + " => 235"
	from, to, data := "MAIL FROM:<a@agency.example> => 250", "RCPT TO:<requests@lumen.example> => 250", "DATA => 354"
	for name, steps := range map[string][]string{
		"no greeting":             {"MAIL FROM:<a@b.example> => 503 5.5.1"},
		"host name missing":       {"EHLO => 501"},
		"unknown command":         {"EHLO me => 250", "FROB => 500 5.5.2"},
		"line too long":           {"EHLO me => 250", "NOOP " + strings.Repeat("x", 600) + " => 500 5.5.2"},
		"bare CR":                 {"EHLO me => 250", "NOOP \rx => 550 5.5.2"},
		"blank after the colon":   {"EHLO me => 250", "MAIL FROM: <a@b.example> => 501 5.1.3"},
		"no angle brackets":       {"EHLO me => 250", "MAIL FROM:a@b.example => 501 5.1.3"},
		"nested":                  {"EHLO me => 250", from, "MAIL FROM:<a@b.example> => 503"},
		"announced too large":     {"EHLO me => 250", "MAIL FROM:<a@b.example> SIZE=99999999 => 552 5.3.4"},
		"unknown parameter":       {"EHLO me => 250", "MAIL FROM:<a@b.example> RET=HDRS => 555"},
		"not ASCII":               {"EHLO me => 250", "MAIL FROM:<é@b.example> => 553 5.6.7"},
		"recipient first":         {"EHLO me => 250", "RCPT TO:<requests@lumen.example> => 503"},
		"unknown recipient":       {"EHLO me => 250", from, "RCPT TO:<nobody@lumen.example> => 550 5.1.1", "DATA => 554 5.5.1"},
		"relay":                   {"EHLO me => 250", from, "RCPT TO:<a@far.example> => 554 5.7.1"},
		"8-bit unannounced":       {"EHLO me => 250", from, to, data, "Subject: é\r\n\r\n. => 554 5.6.1"},
		"long text line":          {"EHLO me => 250", from, to, data, strings.Repeat("x", 999) + "\r\n. => 554 5.6.0"},
		"NUL":                     {"EHLO me => 250", from, to, data, "a\x00b\r\n. => 554 5.6.0"},
		"wrong password":          {"EHLO me => 250", "AUTH PLAIN " + plain("maya@lumen.example", "no") + " => 535 5.7.8"},
		"no such mechanism":       {"EHLO me => 250", "AUTH CRAM-MD5 => 504"},
		"sends as somebody else":  {"EHLO me => 250", auth, "MAIL FROM:<olga@agency.example> => 553 5.7.1"},
		"submitted without Date":  {"EHLO me => 250", auth, "MAIL FROM:<maya@lumen.example> => 250", to, data, "From: maya@lumen.example\r\n\r\nx\r\n. => 550 5.6.0"},
		"TLS that is not offered": {"EHLO me => 250", "STARTTLS => 502"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, addr := start(t)
			dial(t, addr).say(steps...)
			if got := s.Letters("requests@lumen.example", "INBOX"); len(got) != 0 {
				t.Errorf("%d mails were taken, want none", len(got))
			}
		})
	}
}

func TestSMTP_BareLineFeedEndsTheConnection(t *testing.T) {
	t.Parallel()
	s, addr := start(t)
	c := dial(t, addr)
	c.say("EHLO me => 250", "MAIL FROM:<a@agency.example> => 250", "RCPT TO:<requests@lumen.example> => 250", "DATA => 354")
	if _, err := c.conn.Write([]byte("Subject: smuggled\r\n\r\nx\n.\r\nMAIL FROM:<b@b.example>\r\n")); err != nil {
		t.Fatal(err)
	}
	c.want("550 5.5.2")
	if got := c.answer(); got != "" {
		t.Errorf("after the refusal came %q, want the end", got)
	}
	if got := s.Letters("requests@lumen.example", "INBOX"); len(got) != 0 {
		t.Errorf("%d mails were taken, want none", len(got))
	}
}

func TestSMTP_DeliversWithItsOwnFindings(t *testing.T) {
	t.Parallel()
	s, addr := start(t)
	forged := "Authentication-Results: mx.lumen.example;\r\n\tdmarc=pass\r\nAuthentication-Results: other.example; dmarc=pass\r\n"
	dial(t, addr).say("EHLO me => 250", "MAIL FROM:<maya@lumen.example> BODY=8BITMIME => 250", "RCPT TO:<approvals+sg-1.mac@lumen.example> => 250",
		"DATA => 354", forged+head+"\r\n..dot é\r\n. => 250 2.0.0")
	got := s.Letters("requests@lumen.example", "INBOX")
	if len(got) != 1 {
		t.Fatalf("%d mails, want 1", len(got))
	}
	raw := string(got[0].Raw)
	for _, want := range []string{
		"Return-Path: <maya@lumen.example>\r\nDelivered-To: approvals+sg-1.mac@lumen.example\r\nAuthentication-Results: mx.lumen.example;\r\n\tspf=fail",
		"dmarc=fail header.from=lumen.example\r\nReceived: from me ([127.0.0.1])", "Authentication-Results: other.example", "\r\n\r\n.dot é\r\n",
	} {
		if !strings.Contains(raw, want) {
			t.Errorf("the mail lacks %q:\n%s", want, raw)
		}
	}
	if strings.Contains(raw, "\tdmarc=pass") || strings.Count(raw, "mx.lumen.example;") != 1 {
		t.Errorf("a forged field in the server's name was kept:\n%s", raw)
	}
}

func TestSMTP_UnknownAddressesComeBackToWhoSignedIn(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	if err := s.Submit("maya@lumen.example", "", []string{"nobody@lumen.example"}, []byte(head+"\r\nhello\r\n")); err != nil {
		t.Fatal(err)
	}
	got := s.Letters("maya@lumen.example", "INBOX")
	if len(got) != 1 {
		t.Fatalf("%d mails came back, want 1", len(got))
	}
	for _, want := range []string{"Return-Path: <>", "report-type=delivery-status", "Final-Recipient: rfc822; nobody@lumen.example", "Action: failed",
		"Status: 5.1.1", "Message-ID: <1@lumen.example>"} {
		if !strings.Contains(string(got[0].Raw), want) {
			t.Errorf("the report lacks %q:\n%s", want, got[0].Raw)
		}
	}
}

func TestSMTP_AnAbsentPersonAnswersOnceAndNoMachine(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	if err := s.SetAway("olga@agency.example", mail.Away{Text: "Back on Monday"}); err != nil {
		t.Fatal(err)
	}
	send := func(fields string) {
		t.Helper()
		if err := s.Submit("maya@lumen.example", "", []string{"olga@agency.example"}, []byte(fields+strings.Replace(head, "requests@lumen", "olga@agency", 1)+"\r\nhello\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	send("Auto-Submitted: auto-generated\r\n")
	if got := len(s.Letters("maya@lumen.example", "INBOX")); got != 0 {
		t.Errorf("an automatic mail was answered %d times, want never", got)
	}
	send("")
	send("")
	got := s.Letters("maya@lumen.example", "INBOX")
	if len(got) != 1 {
		t.Fatalf("%d answers, want 1", len(got))
	}
	for name, want := range map[string]string{"Auto-Submitted": "auto-replied", "In-Reply-To": "<1@lumen.example>", "Subject": "Automatic reply: Banner", "Return-Path": "<>"} {
		if have := got[0].Header(name); have != want {
			t.Errorf("%s is %q, want %q", name, have, want)
		}
	}
}

func TestSMTP_Faults(t *testing.T) {
	t.Parallel()
	to := []string{"MAIL FROM:<a@agency.example> => 250", "RCPT TO:<requests@lumen.example> => 250", "DATA => 354"}
	for _, tc := range []struct {
		kind  sandbox.FaultKind
		name  string
		want  string // the answer after the mail
		taken int
	}{
		{sandbox.LostAnswer, "", "", 1},
		{sandbox.Error503, "", "451 4.3.0", 0},
		{sandbox.Error500, "", "554 5.3.0", 0},
		{sandbox.RateLimit, "", "421 4.7.0", 0},
		{sandbox.NamedError, "552 5.2.2 Mailbox full", "552 5.2.2", 0},
	} {
		t.Run(string(tc.kind), func(t *testing.T) {
			t.Parallel()
			faults, ledger := &sandbox.Faults{}, sandbox.NewLedger(now)
			if err := faults.Arm(sandbox.Fault{Service: "mail", Method: "SMTP DATA", Kind: tc.kind, Times: 1, Name: tc.name}); err != nil {
				t.Fatal(err)
			}
			s, addr := start(t, func(o *mail.Options) { o.Faults, o.Ledger = faults, ledger })
			c := dial(t, addr)
			c.say(append([]string{"EHLO me => 250"}, to...)...)
			if _, err := c.conn.Write([]byte(head + "\r\nhello\r\n.\r\n")); err != nil {
				t.Fatal(err)
			}
			got := c.answer()
			if !strings.HasPrefix(got, tc.want) || tc.want == "" && got != "" {
				t.Errorf("answered %q, want %q", got, tc.want)
			}
			if n := len(s.Letters("requests@lumen.example", "INBOX")); n != tc.taken {
				t.Errorf("%d mails were taken, want %d", n, tc.taken)
			}
			if len(ledger.Entries(0)) == 0 {
				t.Error("the ledger knows nothing of it")
			}
		})
	}
}

func TestSMTP_GoesToTheServerOfAnotherDomain(t *testing.T) {
	t.Parallel()
	faults := &sandbox.Faults{}
	if err := faults.Arm(sandbox.Fault{Service: "mail", Method: "SMTP MAIL", Kind: sandbox.Error503, Times: 1}); err != nil {
		t.Fatal(err)
	}
	there, addr := start(t, func(o *mail.Options) {
		o.Faults = faults
		o.Domain, o.People = "hub.example", []mail.Person{{Name: "Hub", Address: "requests@hub.example"}}
	})
	waits := make(chan time.Duration, 10)
	here, _ := start(t, func(o *mail.Options) {
		o.Routes = map[string]string{"hub.example": addr}
		o.Sleep = func(_ context.Context, d time.Duration) error { waits <- d; return nil }
	})
	if err := here.Submit("maya@lumen.example", "", []string{"requests@hub.example", "nobody@hub.example"}, []byte(head+"\r\nhello\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := here.Wait(t.Context(), (*mail.Server).Quiet); err != nil {
		t.Fatal(err)
	}
	if got := len(waits); got != 1 {
		t.Errorf("it was tried again after %d pauses, want 1", got)
	}
	if got := len(there.Letters("requests@hub.example", "INBOX")); got != 1 {
		t.Errorf("%d mails arrived, want 1", got)
	}
	back := here.Letters("maya@lumen.example", "INBOX")
	if len(back) != 1 || !strings.Contains(string(back[0].Raw), "Final-Recipient: rfc822; nobody@hub.example") {
		t.Errorf("%d reports came back, want one of nobody@hub.example", len(back))
	}
}
