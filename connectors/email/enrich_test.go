package email_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/connectors/email"
	"signoff/internal/flow"
)

// inboxed is a connector that takes mail from nobody in particular and sends to a scripted server.
type inboxed struct {
	*post
	n int
}

func newInbox(t *testing.T, receive string) *inboxed {
	t.Helper()
	p := &post{t: t, sink: newSink(t), clock: connectortest.NewClock(begin), keep: &connectortest.Keep{}}
	d := deps(t)
	d.Now, d.Keep = p.clock.Now, p.keep
	p.Connector = connect(t, d, "receive:\n  imap: {host: 127.0.0.1, tls: none, user: u, password: p}\n"+receive+sending(p.sink))
	p.Ask(asked{
		requests: map[string]flow.Request{"CR-142": {ID: "CR-142"}, "CR-7": {ID: "CR-7"}},
		part:     map[string][]string{"CR-142": {"maya@lumen.example"}},
	})
	return &inboxed{post: p}
}

const trusting = "  require: none\n"

// mail is a mail with its headers; the body follows an empty line.
func mailIn(raw string) connectors.Inbound {
	return connectors.Inbound{Header: http.Header{"Content-Type": {"message/rfc822; by=imap"}}, Body: []byte(strings.ReplaceAll(strings.TrimLeft(raw, "\n"), "\n", "\r\n")), At: begin, Trusted: true}
}

// get takes a mail and returns what it states in short: "kind request thread-known fields…".
func (b *inboxed) get(raw string) (connectors.Accepted, []flow.Event) {
	b.t.Helper()
	in := mailIn(raw)
	in.At = b.clock.Now()
	return events(b.t, b.Connector, in)
}

func (b *inboxed) one(raw string) flow.Event {
	b.t.Helper()
	_, list := b.get(raw)
	if len(list) != 1 {
		b.t.Fatalf("the mail states %d things, want 1: %+v\n%s", len(list), list, raw)
	}
	return list[0]
}

const first = `
From: Maya Lind <maya@lumen.example>
To: Requests <requests@lumen.example>, Ben <ben@lumen.example>
Subject: Fwd: Spring banner
Message-ID: <one@lumen.example>
Date: Fri, 20 Nov 2026 08:30:00 +0000

A banner for spring, please.
`

func TestEvent_NewMailIsARequest(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting)
	ev := b.one(first)
	if ev.Kind != flow.RequestSubmitted || ev.Field("title") != "Spring banner" || ev.Field("source") != "email" {
		t.Errorf("%s, title %q, source %q, want a request by mail", ev.Kind, ev.Field("title"), ev.Field("source"))
	}
	want := flow.Actor{Ref: flow.Ref{System: "email", Type: "address", Key: "maya@lumen.example"}, Shown: "Maya Lind (maya@lumen.example)", Email: "maya@lumen.example"}
	if ev.Actor != want {
		t.Errorf("actor %+v, want %+v", ev.Actor, want)
	}
	if diff := cmp.Diff([]string{"requests@lumen.example", "ben@lumen.example"}, ev.Fields["to"]); diff != "" {
		t.Errorf("to (-want +got)\n%s", diff)
	}
	if len(ev.Links) != 1 || ev.Links[0].Purpose != "thread" || ev.Links[0].Ref != ev.Subject || ev.Subject.Type != "thread" || !strings.Contains(ev.Links[0].URL, "/deliveries/email/") {
		t.Errorf("links %+v of %v, want the thread with the address of the original", ev.Links, ev.Subject)
	}
	if ev.Said.Type != "message" || ev.Field("from_domain") != "lumen.example" || ev.Field("stranger") != "" || ev.Body.String() != "A banner for spring, please." || !ev.Sent.Equal(begin.Add(-30*time.Minute)) {
		t.Errorf("event %+v", ev)
	}
}

func TestEvent_AnswersJoinTheirRequest(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting)
	sent := func() string { // a question of ours about CR-142, which Maya answers
		b.do(askEffect("Spring banner"))
		return readMail(t, b.last().data).header.Get("Message-Id")
	}()
	reply := readMail(t, b.last().data).header.Get("Reply-To")
	root := b.one(first)
	for name, c := range map[string]struct {
		headers string
		kind    flow.Kind
		request flow.RequestID
		thread  bool // the one of the first mail
		claimed string
	}{
		"by the reply address":              {"To: " + reply, flow.CommentAdded, "CR-142", false, "CR-142"},
		"by the reply address in capitals":  {"To: " + strings.ToUpper(reply), flow.CommentAdded, "CR-142", false, "CR-142"},
		"forwarded to another domain":       {"To: " + strings.Replace(reply, "@lumen.example", "@requests.lumen.example", 1), flow.CommentAdded, "CR-142", false, "CR-142"},
		"a wrong token is a new mail":       {"To: approvals+cr-142.aaaaaaaaaaaaaaaa@lumen.example", flow.RequestSubmitted, "", false, ""},
		"a token of another request":        {"To: " + strings.Replace(reply, "cr-142", "cr-7", 1), flow.RequestSubmitted, "", false, ""},
		"by In-Reply-To":                    {"In-Reply-To: <one@lumen.example>", flow.CommentAdded, "", true, ""},
		"by References":                     {"References: <zero@elsewhere.example> <one@lumen.example> <none@x.example>", flow.CommentAdded, "", true, ""},
		"by our own Message-ID":             {"In-Reply-To: " + sent, flow.CommentAdded, "CR-142", false, "CR-142"},
		"a reply to what we never saw":      {"In-Reply-To: <never@elsewhere.example>", flow.RequestSubmitted, "", false, ""},
		"by the subject, of somebody in it": {"Subject: Re: [CR-142] Spring banner", flow.CommentAdded, "CR-142", false, "CR-142"},
		"by the subject, of somebody else":  {"Subject: Re: [CR-7] Winter banner", flow.RequestSubmitted, "", false, "CR-7"},
		"by the subject, of no request":     {"Subject: Re: [CR-9] Winter banner", flow.RequestSubmitted, "", false, ""},
	} {
		ev := b.one("From: maya@lumen.example\n" + c.headers + "\nMessage-ID: <" + strings.ReplaceAll(name, " ", "-") + "@x.example>\n\nThe words.\n")
		if ev.Kind != c.kind || ev.Request != c.request || (ev.Subject == root.Subject) != c.thread || ev.Field("claimed") != c.claimed {
			t.Errorf("%s: %s of %q, same thread %v, claims %q, want %s of %q, %v, %q", name, ev.Kind, ev.Request, ev.Subject == root.Subject, ev.Field("claimed"), c.kind, c.request, c.thread, c.claimed)
		}
	}
}

// TestEvent_ReadAgainItSaysTheSame: a mail whose conversation began elsewhere is a request, also when it is looked at twice.
func TestEvent_ReadAgainItSaysTheSame(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting)
	const raw = "From: maya@lumen.example\nSubject: Re: what we said\nMessage-ID: <2@x.example>\nReferences: <0@x.example> <1@x.example>\n\nPlease do it.\n"
	one, two := b.one(raw), b.one(raw)
	if diff := cmp.Diff(one, two); diff != "" || one.Kind != flow.RequestSubmitted {
		t.Errorf("%s; the second reading differs (-first +second)\n%s", one.Kind, diff)
	}
	answer := b.one("From: ben@lumen.example\nMessage-ID: <3@x.example>\nReferences: <0@x.example> <1@x.example> <2@x.example>\n\nYes.\n")
	earlier := b.one("From: ben@lumen.example\nMessage-ID: <1@x.example>\nReferences: <0@x.example>\n\nCould somebody?\n")
	for _, ev := range []flow.Event{answer, earlier} {
		if ev.Kind != flow.CommentAdded || ev.Subject != one.Subject {
			t.Errorf("%s in %v, want a comment in %v", ev.Kind, ev.Subject, one.Subject)
		}
	}
}

func TestEvent_MachinesOpenNothing(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string]string{
		"an absence note":       "Auto-Submitted: auto-replied",
		"a notification":        "Auto-Submitted: auto-generated",
		"bulk":                  "Precedence: bulk",
		"a mailing list":        "List-Id: Design <design.lumen.example>",
		"another signoff":       "X-Signoff-Instance: 0011223344556677\nAuto-Submitted: auto-generated",
		"asks for no answer":    "X-Auto-Response-Suppress: OOF, AutoReply",
		"a receipt":             "Content-Type: multipart/report; report-type=disposition-notification; boundary=x",
		"an invitation":         "Content-Type: text/calendar; method=REQUEST",
		"answers an invitation": "Content-Type: text/calendar; method=REPLY",
		"backscatter":           "Return-Path: <>\nContent-Type: multipart/report; report-type=delivery-status; boundary=x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newInbox(t, trusting)
			if _, list := b.get("From: bot@lumen.example\nSubject: News\nMessage-ID: <n@x.example>\n" + headers + "\n\nWords.\n"); len(list) != 0 {
				t.Errorf("it states %+v, want nothing", list)
			}
			if name == "an invitation" || name == "backscatter" || name == "another signoff" {
				return
			}
			b.do(askEffect("Spring banner")) // an answer to a mail of ours is kept, and moves nothing
			id := readMail(t, b.last().data).header.Get("Message-Id")
			ev := b.one("From: bot@lumen.example\nSubject: News\nMessage-ID: <m@x.example>\nIn-Reply-To: " + id + "\n" + headers + "\n\nWords.\n")
			if ev.Kind != flow.CommentAdded || ev.Field("automatic") != "yes" || ev.Request != "CR-142" {
				t.Errorf("an answer to us states %s %v, want an automatic comment", ev.Kind, ev.Fields)
			}
		})
	}
}

// TestTitle_WithoutASubject: the first words name the request; a line drawn above them does not.
func TestTitle_WithoutASubject(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"A banner, please.\nThanks":                     "A banner, please.",
		"----------\n\nReal words here\n":               "Real words here",
		"---------- Forwarded message ---------\nHello": "Hello",
		"***\n42\n": "Mail without a subject",
	} {
		b := newInbox(t, trusting)
		ev := b.one("From: maya@lumen.example\nMessage-ID: <t@lumen.example>\n\n" + body)
		if got := ev.Field("title"); got != want {
			t.Errorf("%q is called %q, want %q", body, got, want)
		}
	}
}

// TestNothing_SaysWhy: whoever looks for a mail that nothing came of finds the reason.
func TestNothing_SaysWhy(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"Auto-Submitted: auto-generated\n":                                           "a machine wrote it: Auto-Submitted: auto-generated",
		"List-Id: <news.shop.example>\n":                                             "it came by a mailing list that the settings do not name",
		"Return-Path: <>\nSubject: Undelivered Mail Returned to Sender\n":            "it reports no mail of ours that failed",
		"Content-Type: text/calendar; method=REQUEST\nMIME-Version: 1.0\n":           "it is an invitation and asks for nothing else",
		"Content-Type: text/calendar; method=REPLY\nMIME-Version: 1.0\nSubject: x\n": "a machine wrote it: a calendar's METHOD:REPLY",
	} {
		b := newInbox(t, trusting)
		acc, list := b.get("From: maya@lumen.example\nMessage-ID: <n@lumen.example>\n" + raw + "\nBEGIN:VCALENDAR\nEND:VCALENDAR\n")
		if acc.Ignored != want || len(list) != 0 {
			t.Errorf("%q: %q and %d events, want %q", raw, acc.Ignored, len(list), want)
		}
	}
}

func TestAccept_OwnMailIsIgnored(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting)
	b.do(askEffect("Spring banner"))
	for _, raw := range []string{b.last().data, "From: Requests <Requests@lumen.example>\nSubject: x\n\nx\n", "From: approvals+cr-1.x@lumen.example\nSubject: x\n\nx\n"} {
		acc, err := b.Accept(mailIn(raw))
		if err != nil || acc.Ignored == "" {
			t.Errorf("Accept = %+v, %v, want it ignored:\n%s", acc, err, raw)
		}
	}
}

func TestEvent_NamedListOpensRequests(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting+"  lists: [design.lumen.example]\n")
	ev := b.one("From: maya@lumen.example\nSubject: A banner\nMessage-ID: <n@x.example>\nList-Id: Design <design.lumen.example>\n\nWords.\n")
	if ev.Kind != flow.RequestSubmitted || ev.Field("list") != "design.lumen.example" {
		t.Errorf("%s %v, want a request that names its list", ev.Kind, ev.Fields)
	}
	for _, answers := range []string{"email/x", ""} {
		e := notice("CR-142/1/1", "We have it.", ev.Actor)
		e.Tell.Where, e.Tell.InReplyTo = ev.Subject, answers
		if links := b.do(e); len(links) != 0 || len(b.sink.taken()) != 0 {
			t.Errorf("a mail went out: %v, want none to a list", b.sink.taken())
		}
	}
}

// TestEvent_OnlyTheSubjectSoundsLikeAMachine: a person may have written it, so it opens a request; it may be a machine, so it
// gets no acknowledgement.
func TestEvent_OnlyTheSubjectSoundsLikeAMachine(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting)
	ev := b.one("From: maya@lumen.example\nSubject: Out of office: signs for the door\nMessage-ID: <n@x.example>\n\nWords.\n")
	if ev.Kind != flow.RequestSubmitted || ev.Field("automatic") != "" {
		t.Fatalf("%s %v, want a request", ev.Kind, ev.Fields)
	}
	for answers, want := range map[string]int{"email/x": 0, "": 1} {
		e := notice("CR-142/1/1"+answers, "We have it.", ev.Actor)
		e.Tell.Where, e.Tell.InReplyTo = ev.Subject, answers
		if links := b.do(e); len(links) != want {
			t.Errorf("answering %q: %v, want %d mails", answers, links, want)
		}
	}
}

func TestEvent_Strangers(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting+"  accept_from: [\"*@lumen.example\", eve@agency.example]\n")
	for from, stranger := range map[string]bool{
		"maya@lumen.example": false, "Maya@LUMEN.example": false, "eve@agency.example": false, "bob@agency.example": true,
		"maya@lumen.example.evil.example": true, "maya@sub.lumen.example": true,
	} {
		ev := b.one("From: " + from + "\nSubject: A banner " + from + "\n\nWords.\n")
		if got := ev.Field("stranger") == "yes"; got != stranger || ev.Kind != flow.RequestSubmitted {
			t.Errorf("%s: stranger %v, want %v", from, got, stranger)
		}
	}
}

// TestEvent_OneThatCannotBeRead opens a request; more of the kind within the hour are kept and listed.
func TestEvent_OneThatCannotBeRead(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting)
	bomb := func(n int) string {
		return fmt.Sprintf("From: maya@lumen.example\nSubject: Bomb %d\nMessage-ID: <%d@x.example>\n", n, n) + strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", 60)
	}
	ev := b.one(bomb(1))
	if ev.Kind != flow.RequestSubmitted || len(ev.Files) != 1 || !strings.Contains(ev.Body.String(), "does not read") {
		t.Fatalf("%s with %d files: %q, want a request with the whole mail", ev.Kind, len(ev.Files), ev.Body)
	}
	in := mailIn(bomb(2))
	acc, err := b.Accept(in)
	if err != nil || acc.Alarm == "" {
		t.Fatalf("Accept = %+v, %v, want an alarm", acc, err)
	}
	d := flow.Delivery{ID: "email/" + acc.ID, Instance: "email", At: in.At, Type: acc.Type, Body: in.Body}
	if d.Learned, err = b.Enrich(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if list, err := b.Parse(d); err == nil || len(list) != 0 {
		t.Errorf("the second within the hour: %+v, %v, want it malformed with its reason", list, err)
	}
}

// TestEvent_AStrangerInAnOpenConversation names the request that the conversation belongs to, so that whoever takes part in
// it can be told from somebody who only guessed an id.
func TestEvent_AStrangerInAnOpenConversation(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting+"  accept_from: [\"*@lumen.example\"]\n")
	root := b.one(first)
	b.Ask(asked{requests: map[string]flow.Request{"CR-9": {ID: "CR-9", Links: []flow.Link{{Purpose: "thread", Ref: root.Subject}}}}})
	ev := b.one("From: eve@agency.example\nMessage-ID: <2@x.example>\nIn-Reply-To: <one@lumen.example>\n\nWords.\n")
	if ev.Kind != flow.CommentAdded || ev.Subject != root.Subject || ev.Request != "" || ev.Field("claimed") != "CR-9" || ev.Field("stranger") != "yes" {
		t.Errorf("%s of %q in %v, %v, want a stranger's comment that claims CR-9", ev.Kind, ev.Request, ev.Subject, ev.Fields)
	}
}

// TestEvent_AnIdUsedAgainBeginsAnew: scanners and forms send each mail under the same id, or under none.
func TestEvent_AnIdUsedAgainBeginsAnew(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"Message-ID: <device@lumen.example>\n", ""} {
		b := newInbox(t, trusting)
		threads := map[flow.Ref]bool{}
		for i := range 3 {
			ev := b.one(fmt.Sprintf("From: maya@lumen.example\nSubject: Scan\n%s\nScan %d.\n", id, i))
			if ev.Kind != flow.RequestSubmitted {
				t.Errorf("mail %d under %q is %s, want a request", i, id, ev.Kind)
			}
			threads[ev.Subject] = true
		}
		if len(threads) != 3 {
			t.Errorf("under %q there are %d conversations, want 3", id, len(threads))
		}
	}
}

// TestAcknowledgement_OnePerSenderAndHour, in the conversation of the mail that it answers.
func TestAcknowledgement_OnePerSenderAndHour(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting)
	ack := func(n int, ev flow.Event) []flow.Link {
		e := notice(fmt.Sprintf("CR-142/%d/1", n), "We have it.", ev.Actor)
		e.Tell.Where, e.Tell.InReplyTo = ev.Subject, "email/x"
		return b.do(e)
	}
	one := b.one(first)
	if links := ack(1, one); len(links) != 1 {
		t.Fatalf("links %v, want one mail", links)
	}
	o := readMail(t, b.last().data)
	for name, want := range map[string]string{"In-Reply-To": "<one@lumen.example>", "References": "<one@lumen.example>", "Auto-Submitted": "auto-replied", "Subject": "[CR-142] Spring banner"} {
		if got := o.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	two := b.one("From: maya@lumen.example\nSubject: Another\nMessage-ID: <two@lumen.example>\n\nWords.\n")
	if links := ack(2, two); len(links) != 0 {
		t.Errorf("a second within the hour: %v, want none", links)
	}
	b.clock.Advance(time.Hour + time.Minute)
	if links := ack(3, two); len(links) != 1 {
		t.Errorf("an hour later: %v, want one", links)
	}
	after := b.one("From: maya@lumen.example\nSubject: Re: [CR-142] Spring banner\nMessage-ID: <three@lumen.example>\nIn-Reply-To: " + o.header.Get("Message-Id") + "\n\nThanks.\n")
	if after.Kind != flow.CommentAdded || after.Subject != one.Subject || after.Request != "CR-142" {
		t.Errorf("the answer to it: %s of %q in %v, want a comment in the same conversation", after.Kind, after.Request, after.Subject)
	}
	e := notice("CR-142/9/1", "Which size?", one.Actor)
	e.Tell.Where = one.Subject
	b.do(e)
	o = readMail(t, b.last().data)
	if got, want := o.header.Get("In-Reply-To"), "<three@lumen.example>"; got != want || !strings.HasPrefix(o.header.Get("References"), "<one@lumen.example> <") || o.header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("the question answers %s with the references %q, want %s", got, o.header.Get("References"), want)
	}
}

func TestIdentity_SixVariants(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting)
	base := "From: a@x.example\nMessage-ID: <1@x.example>\nDate: Fri, 20 Nov 2026 08:00:00 +0000\nSubject: s\n\nWords.\n"
	key := func(in connectors.Inbound) (id, key string) {
		acc, err := b.Accept(in)
		if err != nil {
			t.Fatal(err)
		}
		return acc.ID, acc.Key
	}
	id, want := key(mailIn(base))
	for name, c := range map[string]struct {
		raw  string
		same bool
	}{
		"delivered twice":               {base, true},
		"by another way":                {"Received: from mx\n" + base, true},
		"other line ends":               {base + "\n\n", true},
		"the id used again":             {strings.Replace(base, "Words", "Other words", 1), false},
		"the id used again another day": {strings.Replace(base, "20 Nov", "21 Nov", 1), false},
		"no id":                         {strings.Replace(base, "Message-ID: <1@x.example>\n", "", 1), false},
		"of somebody else":              {strings.Replace(base, "a@x", "b@x", 1), false},
	} {
		gotID, got := key(mailIn(c.raw))
		if (got == want) != c.same || (gotID == id) != (c.raw == base) {
			t.Errorf("%s: key the same %v, id the same %v, want %v and %v", name, got == want, gotID == id, c.same, c.raw == base)
		}
	}
	if _, lf := key(connectors.Inbound{Header: mailIn("").Header, Body: []byte(base), Trusted: true}); lf != want {
		t.Error("with other line ends the mail has another key")
	}
	// Scripts say all they have to say in the subject, and name neither the mail nor the day.
	_, one := key(mailIn("From: cron@x.example\nSubject: Banner one\n\n"))
	if _, two := key(mailIn("From: cron@x.example\nSubject: Banner two\n\n")); one == two {
		t.Error("two mails without an id and with other subjects have the same key")
	}
}

func TestBounces(t *testing.T) {
	t.Parallel()
	report := func(to, id, status, action string) string {
		return fmt.Sprintf(`
From: MAILER-DAEMON@mx.lumen.example
To: <%s>
Subject: Undelivered Mail Returned to Sender
Return-Path: <>
Message-ID: <bounce-%s@mx.lumen.example>
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="x"
MIME-Version: 1.0

--x
Content-Type: text/plain

I'm sorry.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.lumen.example

Final-Recipient: rfc822; maya@lumen.example
Action: %s
Status: %s
Diagnostic-Code: smtp; 550 no such user here

--x
Content-Type: text/rfc822-headers

Message-ID: %s
Subject: [CR-142] Spring banner

--x--
`, to, strings.NewReplacer(".", "-", "<", "", ">", "").Replace(status+id), action, status, id)
	}
	b := newInbox(t, trusting)
	e := askEffect("Spring banner")
	b.do(e)
	from, id := b.last().from, readMail(t, b.last().data).header.Get("Message-Id")
	want := map[string][]string{"address": {"maya@lumen.example"}, "why": {"550 no such user here"}, "effect": {e.ID}, "hard": {"yes"}}
	for name, raw := range map[string]string{
		"by its return address": report(from, "<lost@x.example>", "5.1.1", "failed"),
		"by its Message-ID":     report("approvals@lumen.example", id, "5.1.1", "failed"),
	} {
		ev := b.one(raw)
		if diff := cmp.Diff(want, ev.Fields); ev.Kind != flow.MailFailed || ev.Request != "CR-142" || diff != "" {
			t.Errorf("%s: %s of %q (-want +got)\n%s", name, ev.Kind, ev.Request, diff)
		}
	}
	for name, raw := range map[string]string{
		"late but not failed": report(from, id, "4.4.1", "delayed"),
		"backscatter":         report("approvals@lumen.example", "<not-ours@lumen.example>", "5.1.1", "failed"),
		"a forged address":    report(strings.Replace(from, "+b.", "+b.a", 1), "<x@y.example>", "5.1.1", "failed"),
	} {
		if _, list := b.get(raw); len(list) != 0 {
			t.Errorf("%s states %+v, want nothing", name, list)
		}
	}
	if ev := b.one(report(from, id, "4.4.7", "failed")); ev.Field("hard") != "" {
		t.Errorf("given up after a while: %v, want it not hard", ev.Fields)
	}
}

// TestBounces_ThreeSuspendTheAddress, and a mail from there ends it.
func TestBounces_ThreeSuspendTheAddress(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting)
	bounce := func(n int) {
		e := notice(fmt.Sprintf("CR-142/%d/1", n), "News.", maya())
		b.do(e)
		b.clock.Advance(24 * time.Hour)
		b.one(fmt.Sprintf("From: mailer-daemon@x.example\nTo: <%s>\nReturn-Path: <>\nMessage-ID: <b%d@x.example>\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; maya@lumen.example\nAction: failed\nStatus: 5.1.1\n\n--x--\n", b.last().from, n))
	}
	for n := range 3 {
		bounce(n)
	}
	_, err := b.Do(t.Context(), notice("CR-142/9/1", "News.", maya()))
	if connectors.ClassOf(err) != connectors.Rejected || !strings.Contains(err.(*connectors.Error).Person, "suspended") {
		t.Fatalf("after three bounces: %v, want mail suspended", err)
	}
	b.one("From: maya@lumen.example\nSubject: I am back\nMessage-ID: <back@lumen.example>\n\nHello.\n")
	if b.do(notice("CR-142/10/1", "News.", maya())); len(b.sink.taken()) != 4 {
		t.Errorf("%d mails went, want 4", len(b.sink.taken()))
	}
}

var _ connectors.Mailer = (*email.Connector)(nil)
