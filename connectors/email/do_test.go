package email_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/connectors/email"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// post is a connector that sends to a scripted server, with a clock.
type post struct {
	*email.Connector
	t     *testing.T
	sink  *sink
	clock *connectortest.Clock
	keep  *connectortest.Keep
}

func newPost(t *testing.T, more string) *post {
	t.Helper()
	p := &post{t: t, sink: newSink(t), clock: connectortest.NewClock(begin), keep: &connectortest.Keep{}}
	d := deps(t)
	d.Now, d.Keep = p.clock.Now, p.keep
	p.Connector = connect(t, d, sending(p.sink)+more)
	return p
}

func (p *post) do(e flow.Effect) []flow.Link {
	p.t.Helper()
	links, err := p.Do(p.t.Context(), e)
	if err != nil {
		p.t.Fatalf("Do(%s): %v", e.ID, err)
	}
	return links
}

func (p *post) last() sunk {
	p.t.Helper()
	all := p.sink.taken()
	if len(all) == 0 {
		p.t.Fatal("no mail was taken")
	}
	return all[len(all)-1]
}

func notice(id, words string, to ...flow.Actor) flow.Effect {
	return flow.Effect{ID: id, Request: "CR-142", Target: "email", Tell: &flow.Tell{To: to, View: flow.View{
		Kind: flow.NoticeView, Request: "CR-142", Title: "Spring banner", Headline: words, Page: "/requests/CR-142",
	}}}
}

func TestDo_HeadersOfAMail(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	p.do(askEffect("Spring banner"))
	m := p.last()
	o := readMail(t, m.data)
	for name, want := range map[string]string{
		"Subject": "[CR-142] Spring banner", "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All",
		"From": `"Lumen requests" <requests@lumen.example>`, "To": `"Maya Lind" <maya@lumen.example>`,
		"Date": "Fri, 20 Nov 2026 09:00:00 +0000",
	} {
		if got := o.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	reply := o.header.Get("Reply-To")
	if !strings.Contains(reply, "<approvals+cr-142.") || !strings.HasSuffix(reply, "@lumen.example>") {
		t.Errorf("Reply-To: %q, want the address with the token of CR-142", reply)
	}
	if !strings.HasPrefix(m.from, "approvals+b.") || m.to != "maya@lumen.example" {
		t.Errorf("envelope from %q to %q, want a return address that names the mail, and Maya", m.from, m.to)
	}
	if id := o.header.Get("Message-Id"); !strings.HasPrefix(id, "<cr-142.") || !strings.HasSuffix(id, "@lumen.example>") {
		t.Errorf("Message-ID: %q, want one of the request on our domain", id)
	}
	if o.header.Get("X-Signoff-Instance") == "" || o.header.Get("User-Agent") != "" || o.header.Get("X-Mailer") != "" {
		t.Errorf("headers %v, want the mark of the installation and no program", o.header)
	}
	if ref := o.header.Get("References"); ref == "" || ref != o.header.Get("In-Reply-To") || strings.Contains(ref, ",") {
		t.Errorf("References: %q, want the one id that all mails of the request refer to", ref)
	}
	const pass = "https://signoff.lumen.example/a/maya.CR-142.brand.1.v3"
	for what, part := range map[string]string{"text": o.text, "html": o.html} {
		for _, want := range []string{"CR-142 Spring banner", "Brand review", "Lin Zhou", "Please look at the banner.", pass, "https://signoff.lumen.example/requests/CR-142", "-- reply above this line --"} {
			if !strings.Contains(part, want) {
				t.Errorf("the %s lacks %q:\n%s", what, want, part)
			}
		}
		if strings.Contains(part, "Why here?") {
			t.Errorf("the %s has a button that means nothing in a mail", what)
		}
	}
	if strings.Contains(o.html, "src=\"http") || strings.Contains(o.html, "<script") || strings.Contains(o.html, "<link") || strings.Contains(o.html, "url(") {
		t.Errorf("the html loads something from elsewhere:\n%s", o.html)
	}
}

// TestDo_DecisionLinksForWhoeverAskedByMail: an agency signs off what it asked for, and no directory knows it. Its link bears
// its address.
func TestDo_DecisionLinksForWhoeverAskedByMail(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	e := askEffect("Spring banner")
	e.Show.To.Name = ""
	p.do(e)
	if o := readMail(t, p.last().data); !strings.Contains(o.text, "/a/email:address:maya@lumen.example.CR-142.brand.1.v3") {
		t.Errorf("whoever asked by mail gets\n%s\nwant a decision link", o.text)
	}
}

// TestDo_LostAnswerIsSentOnceMore: nobody said whether the mail was taken. It goes once more with the same Message-ID, and
// then counts as sent.
func TestDo_LostAnswerIsSentOnceMore(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	e := askEffect("Spring banner")
	for try := range 2 {
		p.sink.on(step{on: ".", takes: true})
		if _, err := p.Do(t.Context(), e); connectors.ClassOf(err) != connectors.Unsure {
			t.Fatalf("try %d: class %q (%v), want unsure", try, connectors.ClassOf(err), err)
		}
		links, found, err := p.Find(t.Context(), e, begin)
		if err != nil || found != (try == 1) || found != (len(links) > 0) {
			t.Fatalf("try %d: Find = %v, %v, %v, want it to be sent again once and then to count as sent", try, links, found, err)
		}
	}
	p.do(e) // and whoever asks again gets no third
	all := p.sink.taken()
	if len(all) != 2 {
		t.Fatalf("%d mails went, want 2", len(all))
	}
	if a, b := readMail(t, all[0].data).header.Get("Message-Id"), readMail(t, all[1].data).header.Get("Message-Id"); a != b {
		t.Errorf("the second has the Message-ID %s, the first %s, want the same", b, a)
	}
}

// TestDo_BrokenOffIsNotSent: a mail that broke off before its end must not be ended by our goodbye.
func TestDo_BrokenOffIsNotSent(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	p.sink.on(step{on: "DATA"})
	e := askEffect("Spring banner")
	if _, err := p.Do(t.Context(), e); connectors.ClassOf(err) != connectors.Transient {
		t.Fatalf("class %q (%v), want transient: nothing was taken", connectors.ClassOf(err), err)
	}
	if _, found, err := p.Find(t.Context(), e, begin); found || err != nil {
		t.Errorf("Find = %v, %v, want surely nothing", found, err)
	}
	if p.do(e); len(p.sink.taken()) != 1 {
		t.Errorf("%d mails went, want 1", len(p.sink.taken()))
	}
}

func TestDo_OneBadAddressHarmsNobodyElse(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	ana, ben := person("ana"), person("ben")
	p.sink.on(step{on: "RCPT TO:<ana@", reply: "550 5.1.1 no such user"})
	links, err := p.Do(t.Context(), notice("CR-142/3/1", "Version 4 is there.", ana, ben))
	var ce *connectors.Error
	if !errors.As(err, &ce) || ce.Class != connectors.Rejected || !strings.Contains(ce.Person, "ana@lumen.example") || ce.Mail == nil || ce.Mail.Address != "ana@lumen.example" || !ce.Mail.Hard {
		t.Fatalf("Do = %v, %v, want Ana's address rejected by name", links, err)
	}
	if m := p.last(); m.to != "ben@lumen.example" || len(p.sink.taken()) != 1 {
		t.Errorf("the mails went to %v, want one to Ben", p.sink.taken())
	}
}

func TestDo_SomebodyWithoutAnAddressKeepsNobodyElse(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	stranger := flow.Actor{Name: "jon", Shown: "Jon", Ref: flow.Ref{System: "slack", Type: "user", Key: "T1/U1"}}
	_, err := p.Do(t.Context(), notice("CR-142/3/1", "Version 4 is there.", stranger, person("ben")))
	var ce *connectors.Error
	if !errors.As(err, &ce) || ce.Class != connectors.Rejected || !strings.Contains(ce.Person, "Jon") || len(ce.Made) != 1 {
		t.Errorf("Do = %v, want Jon named and what was made", err)
	}
	if got := p.sink.taken(); len(got) != 1 || got[0].to != "ben@lumen.example" {
		t.Errorf("the mails went to %v, want one to Ben", got)
	}
}

func person(name string) flow.Actor {
	return flow.Actor{Name: name, Shown: strings.ToUpper(name[:1]) + name[1:], Ref: flow.Ref{System: "email", Type: "address", Key: name + "@lumen.example"}}
}

func TestDo_FiveMailsAnHour(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	for i := range 5 {
		p.do(notice(fmt.Sprintf("CR-142/%d/1", i), "News.", maya()))
		p.clock.Advance(time.Minute)
	}
	_, err := p.Do(t.Context(), notice("CR-142/9/1", "News.", maya()))
	var ce *connectors.Error
	if !errors.As(err, &ce) || ce.Class != connectors.Limited || ce.Wait != 55*time.Minute {
		t.Fatalf("the sixth mail within the hour: %v, want limited for 55 minutes", err)
	}
	p.do(notice("CR-142/10/1", "News.", person("ana"))) // somebody else is not held up
	p.clock.Advance(55 * time.Minute)
	p.do(notice("CR-142/9/1", "News.", maya()))
	if got := len(p.sink.taken()); got != 7 {
		t.Errorf("%d mails went, want 7", got)
	}
}

func TestDo_NobodyReadsThere(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	for _, address := range []string{"noreply@shop.example", "MAILER-DAEMON@lumen.example", "requests@lumen.example", "approvals+cr-1.x@lumen.example", "a\r\nBcc: b@lumen.example", "ana@lumen.example\n"} {
		who := flow.Actor{Ref: flow.Ref{System: "email", Type: "address", Key: strings.ToLower(address)}}
		if _, err := p.Do(t.Context(), notice("CR-142/1/1", "News.", who)); connectors.ClassOf(err) != connectors.Rejected {
			t.Errorf("a mail to %q: %v, want it rejected", address, err)
		}
	}
	if got := p.sink.taken(); len(got) != 0 {
		t.Errorf("mails went: %v, want none", got)
	}
}

// TestDo_NothingIsInjected: control characters in what people wrote never make a header of their own.
func TestDo_NothingIsInjected(t *testing.T) {
	t.Parallel()
	const evil = "Banner\r\nBcc: eve@evil.example\r\n\r\nhello\x00\u202e"
	p := newPost(t, "")
	e := askEffect(evil)
	e.Show.To.Shown = evil
	e.Show.View.Headline = evil
	p.do(e)
	m := p.last()
	o := readMail(t, m.data)
	if o.header.Get("Bcc") != "" || m.to != "maya@lumen.example" || len(p.sink.heard("RCPT")) != 1 {
		t.Errorf("a header was injected:\n%s", m.data)
	}
	if got, want := o.header.Get("Subject"), "[CR-142] Banner Bcc: eve@evil.example hello"; got != want {
		t.Errorf("Subject: %q, want %q", got, want)
	}
}

func TestDo_LinksOfADocumentAreHarmless(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	e := askEffect("<b>Spring</b> banner")
	e.Show.View.Body = text.Doc{text.P(text.A("click <here>", "javascript:alert(1)"), text.T(" & "), text.A("page", `https://lumen.example/?a="b"`))}
	p.do(e)
	o := readMail(t, p.last().data)
	if strings.Contains(o.html, "javascript:") || strings.Contains(o.html, "<b>Spring") || !strings.Contains(o.html, "click &lt;here&gt; &amp; ") || !strings.Contains(o.html, `href="https://lumen.example/?a=&#34;b&#34;"`) {
		t.Errorf("the html is\n%s", o.html)
	}
}

// TestDo_AnotherVersionIsAskedAnew: links of an old version hold no more, so the question goes out once more, in the same
// conversation; anything else that changes sends nothing.
func TestDo_AnotherVersionIsAskedAnew(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	e := askEffect("Spring banner")
	links := p.do(e)
	again := func(change func(*flow.Show)) {
		next := askEffect("Spring banner")
		next.Show.Link = &links[0]
		change(next.Show)
		for range 2 {
			p.do(next)
		}
	}
	again(func(s *flow.Show) { s.View.Headline = "Only another word" })
	again(func(s *flow.Show) { s.View.Buttons = nil })
	if got := len(p.sink.taken()); got != 1 {
		t.Fatalf("%d mails went, want the first alone", got)
	}
	again(func(s *flow.Show) { s.View.Buttons[0].Version, s.View.Buttons[1].Version = "v4", "v4" })
	all := p.sink.taken()
	if len(all) != 2 {
		t.Fatalf("%d mails went, want one more for version 4", len(all))
	}
	first, second := readMail(t, all[0].data), readMail(t, all[1].data)
	if !strings.Contains(second.text, ".v4") || first.header.Get("References") != second.header.Get("References") || first.header.Get("Message-Id") == second.header.Get("Message-Id") {
		t.Errorf("the second mail is %v\n%s\nwant links for version 4, the same conversation and an id of its own", second.header, second.text)
	}
}

func TestDo_SignsIn(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	p.sink.asks("PLAIN AHJlcXVlc3RzAHNlY3JldA==") // requests, secret
	settings := strings.Replace(sending(p.sink), "tls: none", "tls: none, user: requests, password: secret", 1)
	good := connect(t, deps(t), settings)
	if _, err := good.Do(t.Context(), notice("CR-142/1/1", "News.", maya())); err != nil {
		t.Errorf("the right password: %v", err)
	}
	bad := connect(t, deps(t), strings.Replace(settings, "password: secret", "password: wrong", 1))
	_, err := bad.Do(t.Context(), notice("CR-142/1/1", "News.", maya()))
	if connectors.ClassOf(err) != connectors.Denied || strings.Contains(err.Error(), "wrong") {
		t.Errorf("a wrong password: %v, want denied", err)
	}
	if err := bad.Probe(t.Context()); connectors.ClassOf(err) != connectors.Denied {
		t.Errorf("Probe with a wrong password: %v, want denied", err)
	}
	if err := bad.Probe(t.Context()); connectors.ClassOf(err) != connectors.Denied || len(p.sink.heard("AUTH")) != 3 {
		t.Errorf("Probe at once again: %v after %d attempts, want it left alone", err, len(p.sink.heard("AUTH")))
	}
	if err := good.Probe(t.Context()); err != nil {
		t.Errorf("Probe: %v", err)
	}
}

func TestDo_WhatIsHeldBackHasOneLink(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	p.do(flow.Effect{ID: "triage/1", Target: "email", Tell: &flow.Tell{To: []flow.Actor{maya()}, View: flow.View{
		Kind: flow.NoticeView, Headline: "A mail from eve@agency.example is held back.",
		Buttons: []flow.Button{
			{Action: "held_accept", Label: "Accept", Value: "email/1"}, {Action: "held_new", Label: "New request", Value: "email/1"},
			{Action: "held_spam", Label: "Spam", Value: "email/1"}, {Action: "open", Label: "Open", URL: "/deliveries?state=held"},
		},
	}}})
	o := readMail(t, p.last().data)
	if got := strings.Count(o.text, "/deliveries?state=held"); got != 1 || o.header.Get("Subject") != "A mail from eve@agency.example is held back" {
		t.Errorf("%q with %d links:\n%s\nwant one", o.header.Get("Subject"), got, o.text)
	}
}

// TestDo_LinksOfManyVersionsAreShort: an address of several thousand characters is one that programs cut.
func TestDo_LinksOfManyVersionsAreShort(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	e := askEffect("Spring banner")
	long := strings.Repeat("sha256:0123456789abcdef+", 200)
	for i := range e.Show.View.Buttons {
		e.Show.View.Buttons[i].Version = long
	}
	p.do(e)
	o := readMail(t, p.last().data)
	if !strings.Contains(o.text, "/a/maya.CR-142.brand.1."+flow.Abridged(long)) || strings.Contains(o.text, "sha256:") {
		t.Errorf("the mail says:\n%s\nwant links that name the versions in short", o.text)
	}
}

func TestDo_ADomainOfAnotherLanguage(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	p.do(notice("CR-142/1/1", "News.", flow.Actor{Ref: flow.Ref{System: "email", Type: "address", Key: "maya@bücher.example"}}))
	if m := p.last(); m.to != "maya@xn--bcher-kva.example" || !strings.Contains(readMail(t, m.data).header.Get("To"), "maya@xn--bcher-kva.example") {
		t.Errorf("the mail went to %q, %q", m.to, readMail(t, m.data).header.Get("To"))
	}
}

func TestDo_TheSubjectStays(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	p.do(askEffect("Spring banner"))
	renamed := notice("CR-142/2/1", "It is called otherwise.", maya())
	renamed.Tell.View.Title = "Summer banner"
	p.do(renamed)
	untitled := notice("CR-142/3/1", "Ben: which size?", maya())
	untitled.Tell.View.Title = ""
	p.do(untitled)
	for i, m := range p.sink.taken() {
		if got, want := readMail(t, m.data).header.Get("Subject"), "[CR-142] Spring banner"; got != want {
			t.Errorf("mail %d: subject %q, want %q", i, got, want)
		}
	}
}

// TestDo_NothingWithoutTLS: a server that cannot do STARTTLS gets neither a password nor a mail.
func TestDo_NothingWithoutTLS(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	c := connect(t, deps(t), strings.Replace(sending(p.sink), "tls: none", "tls: starttls, user: requests, password: secret", 1))
	if _, err := c.Do(t.Context(), notice("CR-142/1/1", "News.", maya())); err == nil {
		t.Error("a mail went over an open line")
	}
	if got := append(p.sink.heard("AUTH"), p.sink.heard("MAIL")...); len(got) != 0 {
		t.Errorf("the server heard %q, want nothing that counts", got)
	}
}

func TestReplyToken_AsTheContractSays(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	p.do(flow.Effect{ID: "SG-1042/1/1", Request: "SG-1042", Target: "email", Tell: &flow.Tell{To: []flow.Actor{maya()}, View: flow.View{Kind: flow.NoticeView, Request: "SG-1042", Headline: "News."}}})
	if got, want := readMail(t, p.last().data).header.Get("Reply-To"), `"Lumen requests" <approvals+sg-1042.bt7rpt7wdmrvfyra@lumen.example>`; got != want {
		t.Errorf("Reply-To: %s, want %s", got, want)
	}
}

// TestPicture_IsInTheMail: nothing is loaded from elsewhere, so a picture comes with the mail, and a mail goes without one.
func TestPicture_IsInTheMail(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]error{"there": nil, "gone": errors.New("no such picture")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, d := newSink(t), deps(t)
			d.Picture = func(context.Context, flow.Ref) ([]byte, string, error) { return []byte("\x89PNG"), "image/png", fails }
			c := connect(t, d, sending(s))
			e := askEffect("Spring banner")
			e.Show.View.Picture = &flow.Picture{Ref: flow.Ref{System: "figma", Type: "image", Key: "1"}, Alt: "the banner"}
			if _, err := c.Do(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			html := readMail(t, s.taken()[0].data).html
			if got, want := strings.Contains(html, `<img src="cid:`), fails == nil; got != want {
				t.Errorf("the mail shows a picture: %v, want %v\n%s", got, want, html)
			}
		})
	}
}

func TestLinks_NameTheMailAndItsConversation(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	links := p.do(askEffect("Spring banner"))
	var got []string
	for _, l := range links {
		got = append(got, l.Purpose+" "+l.Ref.Type)
	}
	if diff := cmp.Diff([]string{"ask/1/brand/maya message", "ask/1/brand/maya/thread thread"}, got); diff != "" {
		t.Errorf("links (-want +got)\n%s", diff)
	}
}
