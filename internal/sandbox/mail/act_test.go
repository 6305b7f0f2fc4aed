package mail_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/mail"
)

const hub = "requests@lumen.example"

// write sends a mail and fails where it is refused.
func write(t *testing.T, s *mail.Server, who string, d mail.Draft) string {
	t.Helper()
	id, err := s.WriteAs(who, d)
	if err != nil {
		t.Fatalf("write as %s: %v", who, err)
	}
	return id
}

func TestWriteAs_ArrivesAsItWasWritten(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	id := write(t, s, "Chloé Roy", mail.Draft{
		To: []string{"Lumen requests <" + hub + ">"}, Cc: []string{"ana@lumen.example"}, Subject: "Bannière für Nova: " + strings.Repeat("ein langer Titel ", 8),
		Text: "Bonjour,\n.\nà vendredi = 5 €\n", HTML: `<p>Bonjour, <a href="https://lumen.example/x?a=1&amp;b=2">this</a></p>`,
		Files: []mail.File{{Name: "plan é.txt", Data: []byte("one\ntwo")}, {Name: "pic.png", Type: "image/png", Data: []byte{0, 1, 255}, ID: "pic"}},
	})
	for _, who := range []string{hub, "ana@lumen.example"} {
		l, ok := s.Find(who, "bannière", "vendredi")
		if !ok {
			t.Fatalf("%s has %d letters, none with these words", who, len(s.Inbox(who)))
		}
		from := l.From()
		got := []string{l.MessageID(), from.Name, from.Address, l.Header("Cc"), strings.TrimSpace(l.Text()), l.Files()[0].Name, string(l.Files()[0].Data), l.Files()[1].ID, string(l.Files()[1].Data)}
		want := []string{id, "Chloé Roy", "chloe@lumen.example", "<ana@lumen.example>", "Bonjour,\n.\nà vendredi = 5 €", "plan é.txt", "one\ntwo", "pic", "\x00\x01\xff"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s got another letter (-want +got):\n%s", who, diff)
		}
		if got, want := l.Link("This"), "https://lumen.example/x?a=1&b=2"; got != want || l.Links()[0] != want {
			t.Errorf("links %q and %q, want %q", got, l.Links(), want)
		}
		if !l.Unread() {
			t.Error("a letter counts as read that nobody opened")
		}
	}
	if got := s.Letters("Chloé Roy", "Sent"); len(got) != 1 || got[0].Unread() || got[0].MessageID() != id {
		t.Errorf("Sent holds %d letters, want that one, read", len(got))
	}
}

func TestWriteAs_Refuses(t *testing.T) {
	t.Parallel()
	s, _ := start(t, func(o *mail.Options) { o.MaxSize = 2000 })
	for name, d := range map[string]mail.Draft{
		"nobody":          {Subject: "x"},
		"no address":      {To: []string{"Ana"}},
		"two lines":       {To: []string{hub}, Subject: "x\r\nBcc: ana@lumen.example"},
		"too large":       {To: []string{hub}, Text: strings.Repeat("x ", 3000)},
		"no address in a": {To: []string{hub}, ForgeFrom: "the boss"},
	} {
		if id, err := s.WriteAs("maya@lumen.example", d); err == nil {
			t.Errorf("%s was sent as %s", name, id)
		}
	}
	if _, err := s.WriteAs("nobody@lumen.example", mail.Draft{To: []string{hub}}); err == nil {
		t.Error("somebody without an account could write")
	}
	if got := len(s.Inbox(hub)); got != 0 {
		t.Errorf("%d letters arrived, want none", got)
	}
}

func TestReplyAs_QuotesAsTheProgramDoes(t *testing.T) {
	t.Parallel()
	original := "From: Lumen requests <requests@lumen.example>\r\nReply-To: <approvals+cr-1.mac@lumen.example>\r\nTo: x@lumen.example, Dana Wolf <dana@lumen.example>\r\n" +
		"Subject: [CR-1] Banner\r\nDate: Wed, 25 Nov 2026 08:30:00 +0000\r\nMessage-ID: <cr-1.a@lumen.example>\r\nReferences: <root@lumen.example>\r\n\r\nWho is it for?\r\n"
	for who, want := range map[string]struct {
		text string
		html []string
	}{
		"maya@lumen.example": {
			"For EMEA\n\nOn Wed, Nov 25, 2026 at 8:30\u202fAM Lumen requests <requests@lumen.example>\nwrote:\n\n> Who is it for?",
			[]string{`<div dir="ltr"><div>For EMEA</div></div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Wed`, `<blockquote class="gmail_quote"`},
		},
		"olga@agency.example": {
			"For EMEA\n\n________________________________\nFrom: Lumen requests <requests@lumen.example>\nSent: Wednesday, November 25, 2026 8:30 AM\n" +
				"To: x@lumen.example; Dana Wolf <dana@lumen.example>\nSubject: [CR-1] Banner\n\nWho is it for?",
			[]string{`<div id="appendonsend"></div>`, `<div id="divRplyFwdMsg" dir="ltr">`, `<b>Sent:</b> Wednesday`},
		},
	} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			s, _ := start(t)
			if err := s.Put(who, "INBOX", []byte(original)); err != nil {
				t.Fatal(err)
			}
			id, err := s.ReplyAs(who, s.Inbox(who)[0], "For EMEA\n", mail.File{Name: "a.txt", Data: []byte("x")})
			if err != nil {
				t.Fatal(err)
			}
			l, ok := s.Find(hub, "EMEA")
			if !ok {
				t.Fatal("the answer did not arrive")
			}
			got := []string{l.MessageID(), l.Subject(), l.Header("To"), l.Header("In-Reply-To"), l.Header("References"), l.Header("Delivered-To"), strings.TrimRight(l.Text(), "\n")}
			wants := []string{id, "Re: [CR-1] Banner", "<approvals+cr-1.mac@lumen.example>", "<cr-1.a@lumen.example>", "<root@lumen.example> <cr-1.a@lumen.example>", "approvals+cr-1.mac@lumen.example", want.text}
			if diff := cmp.Diff(wants, got); diff != "" {
				t.Errorf("another answer (-want +got):\n%s", diff)
			}
			for _, piece := range want.html {
				if !strings.Contains(l.HTML(), piece) {
					t.Errorf("its HTML lacks %q:\n%s", piece, l.HTML())
				}
			}
			if old := s.Inbox(who)[0]; !cmp.Equal(old.Flags, []string{`\Answered`, `\Seen`}) {
				t.Errorf("the original is marked %q, want answered and read", old.Flags)
			}
		})
	}
}

func TestReplyBetweenAs_AnswersLineByLine(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	write(t, s, "Dana Wolf", mail.Draft{To: []string{"olga@agency.example"}, Subject: "Nova", Text: "Who is it for?\nAnd when?\n"})
	l, _ := s.Find("olga@agency.example", "Nova")
	if _, err := s.ReplyBetweenAs("olga@agency.example", l, "what for?", "Nothing"); err == nil {
		t.Error("words that the letter does not hold were answered")
	}
	if _, err := s.ReplyBetweenAs("olga@agency.example", l, "Who", "For EMEA"); err != nil {
		t.Fatal(err)
	}
	got, _ := s.Find("Dana Wolf", "EMEA")
	if want := " <dana@lumen.example> wrote:\n\n> Who is it for?\n\nFor EMEA\n\n> And when?"; !strings.HasSuffix(strings.TrimSpace(got.Text()), want) || got.HTML() != "" {
		t.Errorf("it says %q and %q in HTML, want it to end with %q and no HTML", got.Text(), got.HTML(), want)
	}
}

func TestReplyAllAs_LeavesOutTheWriter(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	write(t, s, "Dana Wolf", mail.Draft{To: []string{"Maya Lind <maya@lumen.example>", hub}, Cc: []string{"ana@lumen.example"}, Subject: "Nova", Text: "Who?"})
	l, _ := s.Find("Maya Lind", "Nova")
	if _, err := s.ReplyAllAs("Maya Lind", l, "Me"); err != nil {
		t.Fatal(err)
	}
	got := s.Letters("Maya Lind", "Sent")[0]
	if got.Header("To") != `"Dana Wolf" <dana@lumen.example>` || got.Header("Cc") != "<requests@lumen.example>, <ana@lumen.example>" {
		t.Errorf("to %q and cc %q, want Dana, and the two others", got.Header("To"), got.Header("Cc"))
	}
	if _, ok := s.Find("ana@lumen.example", "Me", "Who?"); !ok {
		t.Error("Ana did not get it")
	}
}

func TestReceive_WaitsForTheLetter(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	got := make(chan mail.Letter, 1)
	go func() {
		l, _ := s.Receive(t.Context(), "Ana Reyes", "approve", "cr-7")
		got <- l
	}()
	write(t, s, hub, mail.Draft{To: []string{"ana@lumen.example"}, Subject: "[CR-7] Banner", Text: "Approve it"})
	if l := <-got; l.Subject() != "[CR-7] Banner" {
		t.Errorf("received %q, want [CR-7] Banner", l.Subject())
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := s.Receive(ctx, "Ana Reyes", "never"); err == nil {
		t.Error("a letter was received that nobody wrote")
	}
}

func TestAway_KeepsToRFC3834(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fields, to string
		rude       bool
		want       int
	}{
		"a person":            {"", "olga@agency.example", false, 1},
		"Auto-Submitted: no":  {"Auto-Submitted: no\r\n", "olga@agency.example", false, 1},
		"a machine":           {"Auto-Submitted: auto-generated\r\n", "olga@agency.example", false, 0},
		"asked not to":        {"X-Auto-Response-Suppress: DR, OOF\r\n", "olga@agency.example", false, 0},
		"a list":              {"Precedence: bulk\r\n", "olga@agency.example", false, 0},
		"not named":           {"", "ana@lumen.example", false, 0},
		"a machine, but rude": {"Auto-Submitted: auto-generated\r\n", "olga@agency.example", true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := start(t)
			if err := s.SetAway("olga@agency.example", mail.Away{Text: "Back on Monday", Rude: tc.rude}); err != nil {
				t.Fatal(err)
			}
			raw := "From: maya@lumen.example\r\nTo: " + tc.to + "\r\nDate: Wed, 25 Nov 2026 09:00:00 +0000\r\n" + tc.fields + "\r\nhello\r\n"
			if err := s.Submit("maya@lumen.example", "", []string{"olga@agency.example"}, []byte(raw)); err != nil {
				t.Fatal(err)
			}
			got := s.Inbox("maya@lumen.example")
			if len(got) != tc.want {
				t.Fatalf("%d answers, want %d", len(got), tc.want)
			}
			if tc.want == 1 && (got[0].Header("Auto-Submitted") != "auto-replied" || !strings.Contains(found(got[0]), "dmarc=pass")) {
				t.Errorf("the answer is no auto-reply of the agency's:\n%s", got[0].Raw)
			}
			if n := len(s.Letters("olga@agency.example", "Sent")); n != 0 {
				t.Errorf("Olga's Sent holds %d letters that she did not write", n)
			}
		})
	}
}

func TestAway_ANewAbsenceIsToldAgain(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	for i, text := range []string{"Until Monday", "Until Monday", "Until Friday", ""} {
		if err := s.SetAway("Ana Reyes", mail.Away{Text: text}); err != nil {
			t.Fatal(err)
		}
		write(t, s, "Maya Lind", mail.Draft{To: []string{"ana@lumen.example"}, Subject: "Nova"})
		if got, want := len(s.Inbox("Maya Lind")), []int{1, 1, 2, 2}[i]; got != want {
			t.Errorf("after %q: %d answers, want %d", text, got, want)
		}
	}
}

func TestLetter_ReadsWhatIsBroken(t *testing.T) {
	t.Parallel()
	all, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(all) == 0 {
		t.Fatalf("no letters to read: %v", err)
	}
	want := map[string]string{
		"latin1.eml": "Grüße aus Köln", "html-only.eml": "First line\n\nSecond cell", "unclosed.eml": "still here", "no-header.eml": "",
	}
	for _, file := range all {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := start(t)
		if err := s.Put(hub, "INBOX", []byte(strings.ReplaceAll(string(raw), "\n", "\r\n"))); err != nil {
			t.Fatal(err)
		}
		l := s.Inbox(hub)[0]
		if got, want := strings.TrimSpace(l.Text()), want[filepath.Base(file)]; got != want {
			t.Errorf("%s says %q, want %q", file, got, want)
		}
	}
}

func TestLedger_KnowsWhatConcernsTheProduct(t *testing.T) {
	t.Parallel()
	ledger, faults := sandbox.NewLedger(now), &sandbox.Faults{}
	if err := faults.Arm(sandbox.Fault{Service: "mail", Kind: sandbox.Error503, Times: sandbox.UntilCleared}); err != nil {
		t.Fatal(err)
	}
	s, _ := start(t, func(o *mail.Options) { o.Ledger, o.Faults = ledger, faults })
	write(t, s, "Maya Lind", mail.Draft{To: []string{"ana@lumen.example"}, Subject: "Lunch?"}) // no fault hits what people do by hand
	write(t, s, "Maya Lind", mail.Draft{To: []string{hub}, Subject: "Re: [CR-12] Banner", Text: "my password is requests-password"})
	all := ledger.Entries(0)
	if len(all) != 1 || all[0].Direction != sandbox.Out || all[0].Mark != "CR-12" || all[0].Path != "MAIL <maya@lumen.example> to requests@lumen.example" {
		t.Fatalf("the ledger holds %+v, want the letter to the product alone", all)
	}
	if strings.Contains(all[0].Body, "requests-password") {
		t.Error("the ledger shows a password")
	}
}
