package email_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/mail"
	"os"
	"strings"
	"testing"
	"time"

	"mime"
	"mime/multipart"
	"mime/quotedprintable"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/connectors/email"
	"signoff/internal/flow"
	"signoff/internal/source"
	"signoff/internal/text"
)

const password = "a-password-nobody-may-see"

// harness joins the connector to the scripted server for the suite of all connectors.
type harness struct{}

func (harness) Kind() connectors.Kind { return email.Kind() }
func (harness) Env() map[string]string {
	return map[string]string{"MAIL_PASSWORD": password}
}

func (h harness) Start(t *testing.T, d connectors.Deps) connectortest.Outside {
	s := newSink(t)
	return &outside{t: t, sink: s, c: connect(t, d, sending(s))}
}

type outside struct {
	t    *testing.T
	sink *sink
	c    connectors.Connector
}

// connect makes a connector with the settings.
func connect(t *testing.T, d connectors.Deps, settings string) *email.Connector {
	t.Helper()
	c, err := email.New(decoder(settings), d)
	if err != nil {
		t.Fatalf("New: %v\n%s", err, settings)
	}
	return c.(*email.Connector)
}

func decoder(settings string) func(any) error {
	return func(into any) error {
		f, problems := source.Parse("test.yaml", []byte(os.Expand(settings, func(string) string { return password })))
		if len(problems) == 0 {
			problems = source.Into(f.Root(), "a mail account", into)
		}
		if len(problems) > 0 {
			return fmt.Errorf("%+v", problems)
		}
		return nil
	}
}

func sending(s *sink) string {
	return `
send:
  smtp: {host: 127.0.0.1, port: ` + s.port() + `, tls: none}
from: "Lumen requests <requests@lumen.example>"
reply_to: approvals@lumen.example
`
}

func deps(t *testing.T) connectors.Deps {
	t.Helper()
	return connectors.Deps{
		Instance: "email", Version: "test", PublicURL: "https://signoff.lumen.example", Key: []byte("signoff-dev-mail-key"), StoreID: "store",
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: connectortest.NewClock(begin).Now, Keep: &connectortest.Keep{},
		Pass: func(p connectors.Pass) string {
			return fmt.Sprintf("https://signoff.lumen.example/a/%s.%s.%s.%d.%s", p.Person, p.Request, p.Stage, p.Round, p.Version)
		},
	}
}

var begin = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func (o *outside) Connector() connectors.Connector { return o.c }

func maya() flow.Actor {
	return flow.Actor{Name: "maya", Shown: "Maya Lind", Ref: flow.Ref{System: "email", Type: "address", Key: "maya@lumen.example"}}
}

func (o *outside) Create() flow.Effect { return askEffect("The first title") }

func askEffect(title string) flow.Effect {
	return flow.Effect{ID: "CR-142/1/1", Request: "CR-142", Target: "email", Show: &flow.Show{
		Purpose: "ask/1/brand/maya", To: maya(), Version: 1, Digest: "digest-1",
		View: flow.View{
			Kind: flow.AskView, Request: "CR-142", Title: title, Headline: title, Status: flow.InReview, Round: 1, Page: "/requests/CR-142",
			Facts: []flow.Fact{{Name: "stage", Text: "Brand review"}, {Name: "owner", Label: "by", People: []flow.Actor{{Name: "lin", Shown: "Lin Zhou"}}, Beside: true}},
			Body:  text.Plain("Please look at the banner."),
			Buttons: []flow.Button{
				{Action: "approve", Label: "Approve", Style: "primary", Stage: "brand", Round: 1, Version: "v3"},
				{Action: "request_changes", Label: "Request changes", Stage: "brand", Round: 1, Version: "v3"},
				{Action: "open", Label: "Open", URL: "/requests/CR-142"},
				{Action: "why", Label: "Why here?", Minor: true},
			},
		},
	}}
}

func (o *outside) Say([]flow.Link) (flow.Effect, bool) {
	return flow.Effect{ID: "CR-142/2/1", Request: "CR-142", Target: "email", Tell: &flow.Tell{
		To: []flow.Actor{maya()}, View: flow.View{Kind: flow.NoticeView, Request: "CR-142", Title: "The first title", Headline: "CR-142 waits for you.", Page: "/requests/CR-142"},
	}}, true
}

func (o *outside) Things() []string {
	var list []string
	for _, m := range o.sink.taken() {
		if plain := readMail(o.t, m.data).text; strings.Contains(plain, "Please look at the banner.") {
			list = append(list, plain)
		}
	}
	return list
}

func (o *outside) Said() int {
	n := 0
	for _, m := range o.sink.taken() {
		if strings.Contains(readMail(o.t, m.data).text, "CR-142 waits for you.") {
			n++
		}
	}
	return n
}

// Arm knows connections that are cut before an answer, and answers of SMTP. What a lost answer means for a mail has tests of
// its own: nobody can look for a mail.
func (o *outside) Arm(f connectortest.Fault) bool {
	on := f.Header.Get("On")
	switch {
	case f.Hold != nil:
		o.sink.on(step{on: ".", hold: f.Hold})
	case f.Status == 0 && !f.Does:
		o.sink.on(step{on: "."})
	case on != "":
		o.sink.on(step{on: on, reply: f.Body})
	default:
		return false
	}
	return true
}

func (o *outside) Faults() []connectortest.Case {
	said := func(on, reply string) connectortest.Fault {
		return connectortest.Fault{Status: 1, Header: http.Header{"On": {on}}, Body: reply}
	}
	return []connectortest.Case{
		{Name: "greylisted", Fault: said("RCPT", "450 4.2.0 come back later"), Class: connectors.Transient},
		{Name: "421 at MAIL", Fault: said("MAIL", "421 4.3.2 closing"), Class: connectors.Transient},
		{Name: "452 after the mail", Fault: said(".", "452 4.3.1 no room"), Class: connectors.Transient},
		{Name: "550 no such person", Fault: said("RCPT", "550 5.1.1 no such user"), Class: connectors.Rejected, Person: true},
		{Name: "554 after the mail", Fault: said(".", "554 5.7.1 spam"), Class: connectors.Rejected, Person: true},
		{Name: "530 sign in first", Fault: said("MAIL", "530 5.7.0 authentication required"), Class: connectors.Denied, Person: true},
	}
}

func (o *outside) Hooks() (believed, refused []connectors.Inbound) {
	raw := []byte("From: Maya <maya@lumen.example>\r\nTo: requests@lumen.example\r\nSubject: A banner\r\nMessage-ID: <1@lumen.example>\r\nDate: Fri, 20 Nov 2026 08:00:00 +0000\r\n\r\nPlease.\r\n")
	return []connectors.Inbound{{Header: http.Header{"Content-Type": {"message/rfc822; by=imap"}}, Body: raw, At: begin, Trusted: true}},
		[]connectors.Inbound{{Method: http.MethodPost, Header: http.Header{"Content-Type": {"message/rfc822"}}, Body: raw, At: begin}}
}

func (o *outside) Secrets() []string { return []string{password} }

func (o *outside) Versionless() string {
	return "a mail that was sent cannot be changed; the engine holds back an older view"
}

func (o *outside) Lasting() string { return "a mail that was sent cannot be changed" }

// opened is a mail as a reader sees it.
type opened struct {
	header     mail.Header
	text, html string
}

// readMail reads a mail with the standard library alone.
func readMail(t *testing.T, raw string) (o opened) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("the mail cannot be read: %v\n%s", err, raw)
	}
	o.header = m.Header
	o.parts(t, m.Header.Get("Content-Type"), m.Body, m.Header.Get("Content-Transfer-Encoding"))
	return o
}

func (o *opened) parts(t *testing.T, media string, body io.Reader, encoding string) {
	t.Helper()
	kind, p, err := mime.ParseMediaType(media)
	if err != nil {
		t.Fatalf("Content-Type %q: %v", media, err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		r := multipart.NewReader(body, p["boundary"])
		for {
			part, err := r.NextRawPart()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			o.parts(t, part.Header.Get("Content-Type"), part, part.Header.Get("Content-Transfer-Encoding"))
		}
	}
	if encoding == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	switch kind {
	case "text/plain":
		o.text = strings.ReplaceAll(string(data), "\r\n", "\n")
	case "text/html":
		o.html = string(data)
	}
}

func TestSuite(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, harness{})
}

// enrich takes a mail the way the engine does and returns its events.
func events(t *testing.T, c *email.Connector, in connectors.Inbound) (connectors.Accepted, []flow.Event) {
	t.Helper()
	acc, err := c.Accept(in)
	if err != nil {
		t.Fatalf("Accept: %v", err)
	}
	if acc.Ignored != "" || acc.Malformed != "" {
		return acc, nil
	}
	d := flow.Delivery{ID: "email/" + acc.ID, Instance: "email", Kind: acc.Kind, At: in.At, Type: acc.Type, Body: in.Body, Key: acc.Key}
	learned, err := c.Enrich(context.Background(), d)
	if err != nil {
		t.Fatalf("Enrich: %v", err)
	}
	if !json.Valid(learned) {
		t.Fatalf("Enrich learned %q, want JSON", learned)
	}
	d.Learned = learned
	list, err := c.Parse(d)
	if why := connectors.Nothing(""); errors.As(err, &why) {
		acc.Ignored = string(why)
		return acc, nil
	}
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return acc, list
}
