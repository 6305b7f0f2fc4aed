package email_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/internal/flow"
)

const withFile = `
From: Maya Lind <maya@lumen.example>
To: requests@lumen.example
Subject: A banner
Message-ID: <file@lumen.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="x"

--x
Content-Type: text/plain

See the brief.
--x
Content-Type: application/pdf; name="../../etc/brief.pdf"
Content-Disposition: attachment; filename="../../etc/brief.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjcKaGVsbG8=
--x--
`

func TestOpen_AFileOfAMail(t *testing.T) {
	t.Parallel()
	in := mailIn(withFile)
	kept := map[string][]byte{}
	d := deps(t)
	d.Delivery = func(_ context.Context, id string) ([]byte, error) {
		if id == "broken" {
			return nil, errors.New("the store is away")
		}
		return kept[id], nil
	}
	c := connect(t, d, "receive:\n  imap: {host: 127.0.0.1, tls: none, user: u, password: p}\n  require: none\nfrom: requests@lumen.example\n")
	acc, list := events(t, c, in)
	kept[acc.ID] = in.Body
	if len(list) != 1 || len(list[0].Files) != 1 {
		t.Fatalf("events %+v, want one with one file", list)
	}
	f := list[0].Files[0]
	if f.Name != "brief.pdf" || f.Type != "application/pdf" || f.Size != 14 {
		t.Errorf("file %+v, want brief.pdf of 14 bytes", f)
	}
	body, meta, err := c.Open(t.Context(), f.Ref)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(body)
	if diff := cmp.Diff("%PDF-1.7\nhello", string(data)); err != nil || diff != "" || meta != (connectors.FileMeta{Name: "brief.pdf", Type: "application/pdf", Size: 14, AsSent: true}) {
		t.Errorf("%+v, %v (-want +got)\n%s", meta, err, diff)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	for name, c2 := range map[string]struct {
		ref   flow.Ref
		class connectors.Class
		gone  string
	}{
		"kept no longer":      {flow.Ref{System: "email", Type: "file", Key: "0011/2"}, connectors.Rejected, "deleted"},
		"no such part":        {flow.Ref{System: "email", Type: "file", Key: acc.ID + "/9"}, connectors.Rejected, ""},
		"no part named":       {flow.Ref{System: "email", Type: "file", Key: acc.ID}, connectors.Rejected, ""},
		"of another instance": {flow.Ref{System: "slack", Type: "file", Key: acc.ID + "/2"}, connectors.Rejected, ""},
		"the store is away":   {flow.Ref{System: "email", Type: "file", Key: "broken/2"}, connectors.Transient, ""},
	} {
		_, _, err := c.Open(t.Context(), c2.ref)
		var ce *connectors.Error
		if !errors.As(err, &ce) || ce.Class != c2.class || ce.Gone != c2.gone {
			t.Errorf("%s: %v, want class %s, gone %q", name, err, c2.class, c2.gone)
		}
	}
}

func TestPeople_AreTheirAddress(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting)
	want := flow.Ref{System: "email", Type: "address", Key: "maya@lumen.example"}
	who, ok, err := b.Identify(t.Context(), " Maya@Lumen.example ")
	if err != nil || !ok || who.Ref != want {
		t.Errorf("Identify = %+v, %v, %v, want %v", who, ok, err, want)
	}
	if got := b.Pin("maya@lumen.example"); got != want {
		t.Errorf("Pin = %v, want %v", got, want)
	}
	for _, no := range []string{"", "maya", "requests@lumen.example", "approvals+cr-1.x@lumen.example", "a@b\r\nBcc: c@d"} {
		if who, ok, err := b.Identify(t.Context(), no); ok || err != nil {
			t.Errorf("Identify(%q) = %+v, %v, %v, want nobody", no, who, ok, err)
		}
	}
}

func TestCheck_WhoMayReachTheDoor(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	for door, want := range map[string]string{
		`listen: "127.0.0.1:2525"`:                                "ok",
		`listen: ":2525"`:                                         "warning",
		`listen: ":2525", lmtp: true`:                             "warning",
		`listen: "127.0.0.1:2525", lmtp: true`:                    "ok",
		`socket: /run/x`:                                          "ok",
		`listen: ":2525", certificate: ` + cert + `, key: ` + key: "ok",
	} {
		c := connect(t, deps(t), "receive:\n  smtp: {"+door+", domain: d.example}\nfrom: requests@lumen.example\n")
		for _, f := range c.Check(t.Context()) {
			if f.What == "receive.smtp" && f.Level != want {
				t.Errorf("%s: %+v, want %s", door, f, want)
			}
		}
	}
}

func TestCheck_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	box := newPostbox(t, "IDLE MOVE")
	b := newInbox(t, believing)
	b.ResolveBy(names{})
	c := b.Connector
	c.DialBy(box.dial) // the mailbox; the server that takes mail does not answer there
	t.Cleanup(box.hangUp)
	box.password = "p"
	b.one("Authentication-Results: mx.other.example; dmarc=pass\nFrom: maya@lumen.example\nMessage-ID: <1@x.example>\n\nWords.\n")
	got := map[string]string{}
	for _, f := range c.Check(t.Context()) {
		got[f.What] = f.Level + ": " + f.Text
	}
	for what, want := range map[string]string{
		"receive.imap": "ok: signed in as u", "receive.imap.mailbox": "ok: INBOX holds 0 mails", "receive.imap signoff/Done": "ok",
		"DMARC of lumen.example": "warning: there is no record", "receive.authserv_id": "warning: the last mail bears the word of mx.other.example",
	} {
		if !strings.HasPrefix(got[what], want) {
			t.Errorf("%s: %q, want %q", what, got[what], want)
		}
	}
}

func TestCheck_LooksUpNoNamesOfExamples(t *testing.T) {
	t.Parallel()
	box := newPostbox(t, "IDLE MOVE")
	b := newInbox(t, believing)
	b.DialBy(box.dial)
	t.Cleanup(box.hangUp)
	box.password = "p"
	for _, f := range b.Check(t.Context()) {
		if f.What == "DMARC of lumen.example" {
			if f.Level != "ok" || !strings.Contains(f.Text, "not looked up") {
				t.Errorf("Check = %+v, want it said that the name is not looked up", f)
			}
			return
		}
	}
	t.Error("Check says nothing about DMARC")
}
