package letter

import (
	"os"
	"strings"
	"testing"
)

// TestClassify_ReportsAboutMail: what receivers report of a domain's mail is no request, however it is sent.
func TestClassify_ReportsAboutMail(t *testing.T) {
	t.Parallel()
	const rfc = "Report Domain: lumen.example Submitter: mx.example Report-ID: <2026.11.25.1>"
	packed := func(media, name string) []string {
		return []string{"Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: text/plain", "", "words", "--x",
			"Content-Type: " + media, "Content-Disposition: attachment; filename=\"" + name + "\"", "Content-Transfer-Encoding: base64", "", "UEs=", "--x--"}
	}
	const file = "mx.example!lumen.example!1763942400!1764028799"
	for name, c := range map[string]struct {
		want  Class
		lines []string
	}{
		"by the subject":             {Auto, []string{"From: noreply-dmarc-support@google.com", "Subject: " + rfc}},
		"a preview":                  {Auto, []string{"Subject: [Preview] " + rfc}},
		"in lines":                   {Auto, []string{"Subject: Report Domain: lumen.example", " Submitter: mx.example", " Report-ID: <1>"}},
		"only the file":              {Auto, append([]string{"From: postmaster@mx.example", "Subject: Daily"}, packed("application/zip", file+".zip")...)},
		"the file with a unique id":  {Auto, append([]string{"Subject: Daily"}, packed("application/octet-stream", file+"!ab12.xml.gz")...)},
		"the mail is the file":       {Auto, []string{"Subject: x", "Content-Type: application/gzip; name=\"" + file + ".xml.gz\"", "Content-Transfer-Encoding: base64", "", "H4s="}},
		"from the null sender":       {Auto, []string{"Return-Path: <>", "Subject: " + rfc}},
		"a sender that says no more": {Auto, append([]string{"From: dmarcreport@microsoft.com", "Subject: Daily"}, packed("application/gzip", "r.gz")...)},
		"of TLS":                     {Auto, []string{"From: noreply-smtp-tls-reporting@google.com", "Subject: Report Domain: lumen.example Submitter: google.com Report-ID: <2026.11.25T00.00.00Z+lumen.example@google.com>"}},
		"somebody who asks about it": {Personal, []string{"Subject: Re: Report Domain in our banner", "", "What is a Report-ID?"}},
		"somebody who sends one on":  {Personal, append([]string{"Subject: what is this?"}, packed("application/zip", "reports.zip")...)},
		"a person called so":         {Personal, []string{"From: dmarc@lumen.example", "Subject: Banner"}},
	} {
		if !strings.HasPrefix(c.lines[0], "From:") {
			c.lines = append([]string{"From: Ana <ana@lumen.example>"}, c.lines...)
		}
		l := Read(rawMail(c.lines...), Options{})
		if h := Head(rawMail(c.lines...), Options{}); l.Class != c.want || h.Class != c.want {
			t.Errorf("%s: by the head %q, whole %q (%s), want %q", name, h.Class, l.Class, l.Because, c.want)
		}
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	o := Options{Self: []string{"requests@hub.example"}, Instance: "hub-1"}
	report := func(kind string) []string {
		return []string{"Content-Type: multipart/report; report-type=" + kind + "; boundary=x", "", "--x", "", "words", "--x--"}
	}
	for name, c := range map[string]struct {
		want  Class
		lines []string
	}{
		"a person":                          {Personal, []string{"Subject: Banner"}},
		"a person with a null Precedence":   {Personal, []string{"Precedence: normal", "Auto-Submitted: no"}},
		"our mark":                          {Own, []string{"X-Signoff-Instance: hub-1"}},
		"our address":                       {Own, []string{"From: Hub <Requests@hub.example>"}},
		"another signoff":                   {Auto, []string{"X-Signoff-Instance: other"}},
		"a report":                          {Bounce, report("delivery-status")},
		"a complaint":                       {Bounce, report("feedback-report")},
		"a receipt":                         {Receipt, report("disposition-notification")},
		"the null sender":                   {Bounce, []string{"Return-Path: <>"}},
		"mailer-daemon":                     {Bounce, []string{"From: Mail Delivery <MAILER-DAEMON@mx.example>"}},
		"failed recipients":                 {Bounce, []string{"X-Failed-Recipients: a@b.example"}},
		"a vacation from the null sender":   {Auto, []string{"Return-Path: <>", "Auto-Submitted: auto-replied"}},
		"an absence from the null sender":   {Auto, []string{"Return-Path: <>", "Subject: Abwesenheitsnotiz: Banner"}},
		"an answer from the null sender":    {Auto, []string{"Return-Path: <>", "Subject: Banner", "Auto-Submitted: auto-generated (vacation)", "In-Reply-To: <a@lumen.example>"}},
		"in Polish":                         {Weak, []string{"Subject: =?utf-8?q?Odpowied=C5=BA?= automatyczna: Banner"}},
		"a report by a robot, auto-replied": {Bounce, append([]string{"Auto-Submitted: auto-replied"}, report("delivery-status")...)},
		"generated":                         {Auto, []string{"Auto-Submitted: auto-generated; type=x"}},
		"notified":                          {Auto, []string{"Auto-Submitted: Auto-Notified"}},
		"X-Autoreply":                       {Auto, []string{"X-Autoreply: yes"}},
		"suppressed":                        {Auto, []string{"X-Auto-Response-Suppress: DR, OOF, AutoReply"}},
		"suppressed receipts only":          {Personal, []string{"X-Auto-Response-Suppress: DR, RN"}},
		"bulk":                              {Auto, []string{"Precedence: bulk"}},
		"a list":                            {List, []string{"List-Id: Design <design.lists.example>", "Precedence: list"}},
		"a list in bulk":                    {List, []string{"List-Id: <design.lists.example>", "Precedence: bulk"}},
		"a newsletter":                      {List, []string{"List-Unsubscribe: <mailto:x@y.example>"}},
		"an answer to an invitation":        {Reply, []string{"Content-Type: text/calendar; method=REPLY"}},
		"an invitation":                     {Personal, []string{"Content-Type: text/calendar; method=REQUEST"}},
		"out of office":                     {Weak, []string{"Subject: Out of office: Banner"}},
		"in French":                         {Weak, []string{"Subject: =?utf-8?q?R=C3=A9ponse_automatique_:?= Banner"}},
		"about the office":                  {Personal, []string{"Subject: Poster for the office"}},
		"about a delivery":                  {Personal, []string{"Subject: Delivery failed: what we tell customers"}},
	} {
		head := c.lines
		if !strings.Contains(strings.Join(head, "\n"), "From:") {
			head = append([]string{"From: ana@lumen.example"}, head...)
		}
		l := Read(rawMail(append(head, "", "words")...), o)
		if l.Class != c.want {
			t.Errorf("%s: %q is %q (%s), want %q", name, c.lines, l.Class, l.Because, c.want)
		}
		if h := Head(rawMail(append(head, "", "words")...), o); h.Class != l.Class {
			t.Errorf("%s: by the head %q, whole %q", name, h.Class, l.Class)
		}
		if (l.Class != Personal) != l.Class.Automatic() {
			t.Errorf("%s: automatic %v", name, l.Class.Automatic())
		}
	}
}

// TestReport reads bounces that others collected.
func TestReport(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind       ReportKind
		recipients string // address status action, one after another
		original   string
	}{
		"lhost-exim-02":         {Failed, "kijitora@example.jp 5.1.1 failed, sabatora@example.jp 5.1.1 failed", "E1X58pB-0004bW-2s@marutamachi.example.org"},
		"lhost-gmail-01":        {Failed, "userunknown@example.jp 5.1.1 failed", "D992C2C3-F175-4C4D-97E2-53A90E4E5BF5@gmail.com"},
		"lhost-gmail-06":        {Delayed, "kijitora@example.jp 4.2.2 delayed", "A4D6026C-0699-460F-9F86-C2A5CB4BE6CE@gmail.com"},
		"lhost-office365-02":    {Failed, "kijitora@example.onmicrosoft.com 5.1.1 failed", "c302b7e8-9b97-40ef-90eb-313cc6c25133@NYAAAAN.example.org"},
		"lhost-outlook-04":      {Failed, "sabineko@example.co.jp 5.1.1 failed, mikeneko@example.co.jp 5.2.2 failed", "BLU436-SMTP695D62048105F50EF3A1B8BA770@phx.gbl"},
		"lhost-postfix-02":      {Failed, "filtered@example.co.jp 5.2.1 failed, userunknown@example.co.jp 5.1.1 failed", ""},
		"lhost-postfix-08":      {Failed, "kijitora@example.com 4.4.1 failed", "143E20AB-3911-4809-8B49-BB1A17513571@mail.ru"},
		"lhost-exchange2007-01": {Failed, "mikeneko@example.co.jp 5.1.1 failed", ""},
		"rfc3464-06":            {Failed, "kijitora@example.net 5.5.0 failed", "0000000000.0000000@mail.example.com"},
		"rfc3464-28":            {Delivered, "kijitora@neko.example.jp 2.1.5 delivered", "20151025071802.22CC00222233@neko-222-2222.vs.example.ne.jp"},
		"rfc3464-38":            {Failed, "kijitora-nyaan@example.jp  failed", ""},
		"rhost-google-02":       {Failed, "neko-nyaan@example.org 5.1.1 failed", "2018042233445.A95F8E533589@mail.example.co.jp"},
		"arf-02":                {Complaint, "this-local-part-does-not-exist-on-yahoo@yahoo.com  complaint", "000000000000000000000000.smtp@example.com"},
		"is-not-bounce-01":      {},
		"rfc3834-02":            {},
		"rfc3834-03":            {},
	} {
		raw, err := os.ReadFile("testdata/bounce/" + name + ".eml")
		if err != nil {
			t.Fatal(err)
		}
		l := Read(raw, Options{})
		if c.kind == "" {
			if l.Report != nil || l.Class == Bounce {
				t.Errorf("%s is a bounce (%s): %+v", name, l.Because, l.Report)
			}
			continue
		}
		if l.Report == nil {
			t.Errorf("%s is no bounce but %q", name, l.Class)
			continue
		}
		var said []string
		for _, r := range l.Report.Recipients {
			said = append(said, r.Address+" "+r.Status+" "+string(r.Action))
		}
		if got := strings.Join(said, ", "); got != c.recipients || l.Report.Kind != c.kind || l.Report.Original != c.original {
			t.Errorf("%s:\ngot  %s %q of %q\nwant %s %q of %q", name, l.Report.Kind, got, l.Report.Original, c.kind, c.recipients, c.original)
		}
	}
}

func TestReport_Ours(t *testing.T) {
	t.Parallel()
	l := Read(rawMail(
		"From: Mail System <mailer-daemon@mx.example>", "To: bounce+17.abcd@hub.example", "Subject: Undelivered", "Content-Type: text/plain", "",
		"Your mail could not be delivered.", "", "  ana@lumen.example", "    SMTP error: 550 5.1.1 no such user", "", "------ This is a copy of the message ------", "",
		"Message-ID: <sg-1042.legal.1.x@hub.example>", "To: ana@lumen.example", "References: <root@lumen.example>", "", "words",
	), Options{})
	if l.Report == nil || l.Report.Original != "sg-1042.legal.1.x@hub.example" || len(l.Report.Mentioned) == 0 || l.Report.Mentioned[0] != "root@lumen.example" {
		t.Fatalf("report %+v", l.Report)
	}
	if r := l.Report.Recipients; len(r) != 1 || r[0].Address != "ana@lumen.example" || !r[0].Hard() || !strings.Contains(r[0].Diagnostic, "no such user") {
		t.Errorf("recipients %+v", r)
	}
	if l.Delivered[0] != "bounce+17.abcd@hub.example" {
		t.Errorf("delivered to %q", l.Delivered)
	}
}

// TestReport_SaysNothing: a note from nobody, in words that no rule knows, is no failure of a delivery.
func TestReport_SaysNothing(t *testing.T) {
	t.Parallel()
	l := Read(rawMail("Return-Path: <>", "From: Ana <ana@lumen.example>", "Subject: Urlaub", "In-Reply-To: <sg-1042.x@hub.example>", "", "Ich bin am Montag wieder da. Fragen an tom@lumen.example"), Options{})
	if l.Class != Bounce || l.Report == nil || l.Report.Kind != "" {
		t.Fatalf("%s, report %+v", l.Class, l.Report)
	}
	for _, r := range l.Report.Recipients {
		if r.Hard() {
			t.Errorf("hard: %+v", r)
		}
	}
}

func TestRecipient_Hard(t *testing.T) {
	t.Parallel()
	for want, list := range map[bool][]Recipient{
		true:  {{Action: Failed}, {Action: Failed, Status: "5.1.1"}},
		false: {{Action: Failed, Status: "4.4.7"}, {Action: Delayed}, {Action: Delivered, Status: "2.0.0"}, {}},
	} {
		for _, r := range list {
			if r.Hard() != want {
				t.Errorf("%+v: hard %v", r, !want)
			}
		}
	}
}
